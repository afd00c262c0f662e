"""Watch the separability of an embedding over the checkpoints of a training."""

from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from skgeom._core.estimator import DocLinkMixin
from skgeom.separability._scorer import SeparabilityScorer
from skgeom.separability._stopping import (
    relative_range,
    rising_pvalue,
    smooth,
    without_improvement,
)


class SeparabilityMonitor(DocLinkMixin, BaseEstimator):
    """Score each checkpoint of a training and say when the score has stopped rising.

    The principle is that of [1]_: stop when the separability of the embedding of an unlabelled
    set no longer improves.

    Parameters
    ----------
    scorer : SeparabilityScorer, default=None
        Scores a checkpoint; None is ``SeparabilityScorer()``. The same rows are drawn at every
        checkpoint of one size, also when its `random_state` is None.

    criterion : {"patience", "plateau", "trend"}, default="patience"
        - "patience": stop after `patience` updates in a row that do not exceed the best smoothed
          score by the margin `min_delta`;
        - "plateau": stop when the relative range of the last `window` smoothed scores is below
          `rel_tol`;
        - "trend": stop when a one-sided Mann-Kendall test over the last `window` scores finds no
          upward trend (p-value above `alpha`). It looks at the scores themselves: smoothing would
          tie them to each other.

    patience : int, default=3
        Updates without improvement.

    min_delta : float or "se", default=0.01
        Margin of an improvement, as a share of the range of the scores so far; "se" is one
        standard error of the difference to the best checkpoint, from paired subsamples of rows.

    window : int, default=5
        Number of last scores for "plateau" and "trend".

    rel_tol : float, default=0.01
        Threshold of "plateau".

    alpha : float, default=0.1
        Level of "trend".

    smoothing : float, default=0.5
        Weight of the past in the exponential moving average; 0 is no smoothing.

    warmup : int, default=2
        Number of first updates that the rules do not count.

    restore : {"stop", "best"}, default="stop"
        Which checkpoint ``selected_step_`` names: where the rule fired, or the one with the
        largest smoothed score. Separability may peak long before accuracy does.

    Attributes
    ----------
    history_ : dict of ndarray
        `step`, `score`, `smoothed`, `se` (standard error of the score; nan unless it is computed)
        and `n` per update; every statistic of the scorer; `fdr`, `thornton_adjusted` and
        `friedman_rafsky` when labels were given; further metrics as passed (nan where missing).
    should_stop_ : bool
        Whether the rule has fired.
    stopped_step_ : object
        The step at which it fired first; None before.
    reason_ : str
        Why, in words; empty before.
    best_step_ : object
        The step with the largest smoothed score after the warm-up.
    best_score_ : float
        That score.
    selected_step_ : object
        The step that `restore` asks for; the last one as long as no rule has fired.

    See Also
    --------
    SeparabilityScorer : The score.

    References
    ----------
    .. [1] N. Ghalyan, K. Gourgoulias, Y. Satsangi, S. Moran, M. Labonne, J. Sabelja,
       "Estimating Class Separability of Datasets Using Persistent Homology with Application to
       LLM Fine-Tuning", 2023, arXiv:2305.15016v3.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.separability import SeparabilityMonitor
    >>> rng = np.random.default_rng(0)
    >>> noise, group = rng.normal(size=(100, 4)), rng.integers(0, 2, size=(100, 1))
    >>> monitor = SeparabilityMonitor()
    >>> for epoch in range(30):
    ...     embedding = noise + min(epoch, 10) * group  # groups drift apart until epoch 10
    ...     if monitor.update(embedding, step=epoch).should_stop_:
    ...         break
    >>> 10 <= monitor.stopped_step_ <= 16
    True
    """

    _parameter_constraints: dict = {
        "scorer": [SeparabilityScorer, None],
        "criterion": [StrOptions({"patience", "plateau", "trend"})],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "min_delta": [Interval(Real, 0, None, closed="left"), StrOptions({"se"})],
        "window": [Interval(Integral, 3, None, closed="left")],
        "rel_tol": [Interval(Real, 0, None, closed="left")],
        "alpha": [Interval(Real, 0, 1, closed="neither")],
        "smoothing": [Interval(Real, 0, 1, closed="left")],
        "warmup": [Interval(Integral, 0, None, closed="left")],
        "restore": [StrOptions({"stop", "best"})],
    }

    def __init__(
        self,
        scorer=None,
        *,
        criterion="patience",
        patience=3,
        min_delta=0.01,
        window=5,
        rel_tol=0.01,
        alpha=0.1,
        smoothing=0.5,
        warmup=2,
        restore="stop",
    ):
        self.scorer = scorer
        self.criterion = criterion
        self.patience = patience
        self.min_delta = min_delta
        self.window = window
        self.rel_tol = rel_tol
        self.alpha = alpha
        self.smoothing = smoothing
        self.warmup = warmup
        self.restore = restore

    def update(self, Z, y=None, *, step=None, **metrics):
        """Score a checkpoint and apply the stopping rule.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_features)
            Embedding of the watched rows; anything that numpy can read, such as a torch tensor
            on the CPU.
        y : array-like of shape (n_samples,), default=None
            Labels, -1, None or NaN where unknown: adds supervised yardsticks to the history. The
            rule does not look at them.
        step : object, default=None
            Name of the checkpoint; None counts from 0.
        **metrics : float
            Further columns of the history, such as a validation loss.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For a checkpoint that the scorer refuses, and a metric named as a column of the history.
        TypeError
            For a metric that is not a number.
        """
        self._validate_params()
        if not hasattr(self, "records_"):
            self._start()
        metrics = _checked_metrics(metrics)
        record = {"step": len(self.records_) if step is None else step}
        record.update(self._measure(_as_array(Z), y))
        taken = record.keys() & metrics.keys()
        if taken:
            raise ValueError(f"{sorted(taken)} are columns of the history; rename the metrics.")
        record.update(metrics)
        previous = self.records_[-1]["smoothed"] if self.records_ else None
        record["smoothed"] = smooth(record["score"], previous, self.smoothing)
        self.records_.append(record)
        self._apply_rule()
        return self

    def partial_fit(self, Z, y=None, *, step=None, **metrics):
        """The same as `update`.

        Parameters
        ----------
        Z, y, step, **metrics
            See `update`.

        Returns
        -------
        self : object
        """
        return self.update(Z, y, step=step, **metrics)

    def reset(self):
        """Forget all checkpoints.

        Returns
        -------
        self : object
        """
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)
        return self

    def plot(self, ax=None):
        """Draw the history.

        Parameters
        ----------
        ax : matplotlib Axes, default=None

        Returns
        -------
        display : SeparabilityHistoryDisplay
        """
        from skgeom.separability._display import SeparabilityHistoryDisplay

        return SeparabilityHistoryDisplay.from_monitor(self, ax=ax)

    @property
    def history_(self):
        """Columns over the updates."""
        self._check_updated()
        names = dict.fromkeys(name for record in self.records_ for name in record)
        return {
            name: np.array([record.get(name, np.nan) for record in self.records_]) for name in names
        }

    @property
    def best_step_(self):
        """Step with the largest smoothed score after the warm-up."""
        return self._best()["step"]

    @property
    def best_score_(self):
        """Largest smoothed score after the warm-up."""
        return self._best()["smoothed"]

    @property
    def selected_step_(self):
        """Step that `restore` asks for."""
        self._check_updated()
        if self.restore == "best":
            return self.best_step_
        return self.stopped_step_ if self.should_stop_ else self.records_[-1]["step"]

    def _start(self):
        self.scorer_ = SeparabilityScorer() if self.scorer is None else clone(self.scorer)
        # One seed for all checkpoints: the same rows are drawn each time.
        seed = check_random_state(self.scorer_.random_state).randint(np.iinfo(np.int32).max)
        self.scorer_.set_params(random_state=int(seed))
        self.records_ = []
        self.margins_ = []
        self.best_resamples_ = None
        self.should_stop_, self.stopped_step_, self.reason_ = False, None, ""

    def _measure(self, Z, y):
        """Score, its standard error and all statistics of a checkpoint."""
        needs_error = self.scorer_.confidence_level is not None or self.min_delta == "se"
        found = self.scorer_.assess(Z, y, resample=needs_error)
        n_samples = Z.shape[0]
        self._last_resamples = found.resample_scores
        error = np.nan
        if needs_error:
            error = self.scorer_._error_of(found.resample_scores, n_samples)
        record = {"score": found.score, "smoothed": np.nan, "se": error, "n": n_samples}
        if len(found.statistics) > 1:
            record.update(found.statistics)
        if y is not None:
            names = ("fdr", "thornton_adjusted", "friedman_rafsky")
            record.update({name: found.supervised[name] for name in names})
        return record

    def _counted(self):
        """The updates that the rules look at."""
        return self.records_[self.warmup :]

    def _check_updated(self):
        if not getattr(self, "records_", None):
            raise AttributeError("A SeparabilityMonitor has a history after its first update.")

    def _best(self):
        self._check_updated()
        records = self._counted() or self.records_
        return max(records, key=lambda record: record["smoothed"])

    def _margin(self):
        """What the newest smoothed score must exceed the best one by."""
        if self.min_delta != "se":
            scores = np.array([record["score"] for record in self.records_])
            scores = scores[np.isfinite(scores)]
            return self.min_delta * float(np.ptp(scores)) if len(scores) else 0.0
        newest, best = self._last_resamples, self.best_resamples_
        if best is None:
            return 0.0
        if len(best) != len(newest) or self.records_[-1]["n"] != self._best_n:
            # Different rows: the errors of both scores add up.
            return float(np.hypot(self.records_[-1]["se"], self._best_se))
        return self.scorer_._error_of(newest - best, self.records_[-1]["n"])

    def _apply_rule(self):
        if len(self.records_) <= self.warmup:
            return
        self.margins_.append(self._margin())
        newest = self.records_[-1]
        if self._best() is newest:
            self.best_resamples_ = self._last_resamples
            self._best_n, self._best_se = newest["n"], newest["se"]
        if self.should_stop_:
            return
        reason = getattr(self, f"_{self.criterion}_reason")()
        if reason:
            self.should_stop_, self.reason_ = True, reason
            self.stopped_step_ = newest["step"]

    def _smoothed(self):
        return [record["smoothed"] for record in self._counted()]

    def _patience_reason(self):
        count = without_improvement(self._smoothed(), self.margins_)
        if count < self.patience:
            return ""
        return f"no improvement of the smoothed score in {count} updates"

    def _plateau_reason(self):
        values = self._smoothed()[-self.window :]
        if len(values) < self.window or relative_range(values) >= self.rel_tol:
            return ""
        return (
            f"the last {self.window} smoothed scores span {relative_range(values):.2g} of their "
            "magnitude"
        )

    def _trend_reason(self):
        # The test takes its values as independent, and averages over the window by itself.
        values = [record["score"] for record in self._counted()][-self.window :]
        if len(values) < self.window or rising_pvalue(values) <= self.alpha:
            return ""
        return (
            f"no upward trend in the last {self.window} scores (Mann-Kendall p = "
            f"{rising_pvalue(values):.2g})"
        )


def _checked_metrics(metrics):
    """Further columns of the history as floats."""
    if "sample_weight" in metrics:
        raise TypeError(
            "SeparabilityMonitor.update takes no sample_weight: a minimum spanning tree has no "
            "weights of samples."
        )
    for name, value in metrics.items():
        if np.ndim(value) != 0 or isinstance(value, str):
            raise TypeError(f"The metric {name!r} must be a number, got {value!r:.80}.")
    return {name: float(value) for name, value in metrics.items()}


def _as_array(Z):
    """Read array-likes of other libraries through ``__array__``."""
    if sp.issparse(Z) or isinstance(Z, np.ndarray) or hasattr(Z, "columns"):
        return Z
    return np.asarray(Z)
