"""Fréchet-mean prediction over a metric space of labels."""

from numbers import Integral, Real

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils import (
    _safe_indexing,
    assert_all_finite,
    check_consistent_length,
    column_or_1d,
    get_tags,
)
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_method_params, check_is_fitted, validate_data

from skgeom._core.estimator import DocLinkMixin
from skgeom.labels._frechet import choose_rule, keep_largest, nearest_labels, over_blocks
from skgeom.labels._locus import locus_of
from skgeom.labels._space import DistanceSpace, label_indices, label_space, warn_triangle

TEMPERATURES = np.geomspace(0.1, 10.0, 13)
HOLD_OUT = 0.25


class LokiClassifier(DocLinkMixin, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    r"""Make any classifier predict classes that it never saw, by a Fréchet mean of labels.

    A classifier that knows K classes gives probabilities :math:`P_i(x)`. Where the classes are
    points of a metric space with N labels (the leaves of a taxonomy, ordered bins, places, names
    with embeddings), the prediction is the label in the middle of them [1]_:

    .. math:: \hat y(x) = \arg\min_{y} \sum_{i=1}^{K} P_i(x) \, d^2(y, l_i)

    Nothing is trained beyond the classifier.

    Read more in the :ref:`User Guide <labels>`.

    Parameters
    ----------
    estimator : classifier, "precomputed" or None, default=None
        Gives the probabilities; None is ``LogisticRegression()``. With "precomputed", `X` holds
        the probabilities themselves: a column for each label, in the order of `labels`, or else
        a column for each class in `y`, sorted.
    label_metric : array-like, sparse matrix, graph, callable, "ordinal" or None, default=None
        The metric of the labels:

        - (N, N) array: distances;
        - (N, q) array with ``metric="euclidean"``: coordinates, such as embeddings of names;
        - sparse (N, N) adjacency or networkx graph: lengths of shortest paths, directions
          ignored; of several edges of a multigraph the shortest counts;
        - callable: distance of two labels;
        - "ordinal": difference of positions in `labels`;
        - None: all labels are at distance 1, which is the classifier's own prediction.
    labels : array-like of shape (N,) or None, default=None
        Names of the labels in the order of `label_metric`. None takes the nodes of a networkx
        graph; else the classes in `y`, sorted, when there are N of them or `label_metric` doesn't
        say N; else 0..N-1.
    metric : {"euclidean"} or None, default=None
        What an array `label_metric` holds: None distances, "euclidean" coordinates.
    power : float, default=2.0
        Power of the distances. 2 is the Fréchet mean, 1 the median.
    temperature : float or "auto", default=1.0
        Probabilities are raised to 1 / temperature and normalised: below 1 they become sharper.
        "auto" takes the one of 13 values from 0.1 to 10 that has the least mean squared distance
        on a quarter of the training samples, then fits on all of them.
    beta : float or "calibrated", default=1.0
        `predict_proba` is the softmax of beta times the scores, which have the unit of the
        squared distances. "calibrated" chooses it by log-loss on the quarter that is held out.
    method : {"predict_proba", "decision_function"}, default="predict_proba"
        Where the probabilities come from. "decision_function" takes the softmax of the decision
        values.
    prefit : bool, default=False
        Whether `estimator` is fitted already; it is then taken as it is, and "auto" and
        "calibrated" use all samples of `fit`.
    tie : {"first", "observed"}, default="first"
        Which label wins a tie: the first in the order of labels, or the most probable observed
        class if it takes part.
    top_k : int or None, default=None
        Use the k largest probabilities alone.
    check_triangle : bool, default=False
        Warn when a matrix of distances violates the triangle inequality (N^3 steps).
    block_size : int or None, default=None
        Samples whose scores over all labels are in memory at once, for each thread; None is what
        fits into cache.
    random_state : int, RandomState instance or None, default=None
        Which samples are held out.
    n_jobs : int or None, default=None
        Number of threads of the predictions. The result has the same bits for any number.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier; absent with "precomputed".
    classes_ : ndarray of shape (N,)
        All labels.
    observed_classes_ : ndarray of shape (K,)
        The classes that the classifier knows.
    observed_indices_ : ndarray of int, shape (K,)
        Their positions in `classes_`.
    label_sq_distances_ : ndarray of shape (K, N)
        Distances of observed classes to all labels, to the power `power`.
    temperature_ : float
    beta_ : float
    locus_ : ndarray
        Labels that can be predicted at all; found when it is first asked for.
    n_features_in_ : int
        Where the classifier has it.

    See Also
    --------
    label_locus : Which labels a set of classes can reach.
    next_class : Which classes to observe next.

    References
    ----------
    .. [1] N. Roberts, X. Li, D. Adila, S. Cromp, T.-H. Huang, J. Zhao, F. Sala, "Geometry-aware
       adaptation for pretrained models", NeurIPS 2023, arXiv:2307.12226.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.labels import LokiClassifier
    >>> X = np.linspace(0, 9, 200)[:, None]
    >>> y = X.ravel().round().astype(int)
    >>> known = np.isin(y, [0, 4, 9])  # the other seven are never seen
    >>> loki = LokiClassifier(label_metric="ordinal", labels=range(10)).fit(X[known], y[known])
    >>> loki.predict([[0.0], [2.0], [6.5]])
    array([0, 2, 6])
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit"]), StrOptions({"precomputed"}), None],
        "label_metric": [
            "array-like",
            "sparse matrix",
            HasMethods(["adjacency", "edges"]),
            callable,
            StrOptions({"ordinal"}),
            None,
        ],
        "labels": ["array-like", range, None],
        "metric": [StrOptions({"euclidean"}), None],
        "power": [Interval(Real, 0, None, closed="neither")],
        "temperature": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "beta": [Interval(Real, 0, None, closed="neither"), StrOptions({"calibrated"})],
        "method": [StrOptions({"predict_proba", "decision_function"})],
        "prefit": ["boolean"],
        "tie": [StrOptions({"first", "observed"})],
        "top_k": [Interval(Integral, 1, None, closed="left"), None],
        "check_triangle": ["boolean"],
        "block_size": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator=None,
        *,
        label_metric=None,
        labels=None,
        metric=None,
        power=2.0,
        temperature=1.0,
        beta=1.0,
        method="predict_proba",
        prefit=False,
        tie="first",
        top_k=None,
        check_triangle=False,
        block_size=None,
        random_state=None,
        n_jobs=None,
    ):
        self.estimator = estimator
        self.label_metric = label_metric
        self.labels = labels
        self.metric = metric
        self.power = power
        self.temperature = temperature
        self.beta = beta
        self.method = method
        self.prefit = prefit
        self.tie = tie
        self.top_k = top_k
        self.check_triangle = check_triangle
        self.block_size = block_size
        self.random_state = random_state
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, **fit_params):
        """Fit the classifier and find where its classes are among the labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or what the classifier takes
        y : array-like of shape (n_samples,)
            Labels of the samples, not all of which need occur. May be None for a prefit
            classifier, and for precomputed probabilities of all labels.
        **fit_params : dict
            Passed on to the classifier's `fit`.

        Returns
        -------
        self : LokiClassifier
        """
        routed = self._route(fit_params)
        y = self._check_y(y)
        if self._is_precomputed():
            X = validate_data(self, X)
        if y is not None:
            check_consistent_length(X, y)
        self._set_labels(X, y)
        self._rule = choose_rule(self._space, self.observed_indices_, self.power)
        self._least_precise = self._space.precision(self.observed_indices_[0], self.power)
        self._locus = None
        if not self._is_precomputed():
            self.estimator_ = self._fitted(X, y, routed)
            self._copy_input_info()
        self._tune(X, y, routed)
        return self

    def predict(self, X):
        """Labels at the Fréchet means.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or what the classifier takes

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Any of `classes_`.
        """
        check_is_fitted(self)
        return self.classes_[self._nearest(self._probabilities(X, self.temperature_))]

    def decision_function(self, X):
        """Negative Fréchet variances: minus the sums that `predict` minimises.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or what the classifier takes

        Returns
        -------
        scores : ndarray of shape (n_samples, N)
            For two labels, the difference of the second to the first, shape (n_samples,).
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict_proba(self, X):
        """Softmax of beta times the negative Fréchet variances.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or what the classifier takes

        Returns
        -------
        probabilities : ndarray of shape (n_samples, N)
        """
        scores = self._scores(X)
        with np.errstate(over="ignore"):  # minus infinity is probability 0
            return softmax(self.beta_ * (scores - scores.max(axis=1, keepdims=True)), axis=1)

    @property
    def label_sq_distances_(self):
        """Distances of observed classes to all labels, to the power `power`."""
        check_is_fitted(self, "_space")
        return self._space.powers(self.observed_indices_, self.power)

    @property
    def locus_(self):
        """Labels that can be predicted at all."""
        check_is_fitted(self, "_space")
        if self._locus is None:
            indices = locus_of(self._space, self.observed_indices_, "auto", self.power, self.n_jobs)
            self._locus = self.classes_[indices]
        return self._locus

    def get_metadata_routing(self):
        """Routing of metadata: what `fit` gets goes to the classifier's `fit`.

        Returns
        -------
        routing : MetadataRouter
        """
        router = MetadataRouter(owner=self)
        if not self._is_precomputed():
            mapping = MethodMapping().add(caller="fit", callee="fit")
            router.add(estimator=self._base(), method_mapping=mapping)
        return router

    # Checks

    def _is_precomputed(self):
        return isinstance(self.estimator, str)

    def _base(self):
        return LogisticRegression() if self.estimator is None else self.estimator

    def _route(self, fit_params):
        if not fit_params:
            return {}
        if self._is_precomputed() or self.prefit:
            raise TypeError(f"fit got {sorted(fit_params)}, but there is no classifier to fit.")
        if not get_config()["enable_metadata_routing"]:
            return fit_params
        return process_routing(self, "fit", **fit_params).estimator.fit

    def _check_y(self, y):
        if y is None:
            if self.prefit or self._is_precomputed():
                return None
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        if len(y) == 0:
            raise ValueError("y is empty: 0 sample(s), at least one is required.")
        return y

    def _set_labels(self, X, y):
        """Set the label space, all labels and the observed ones."""
        known = self._known_classes(y)
        labels = self.labels
        if labels is None and known is not None and self._takes_labels_of(known):
            labels = known
        self._space = label_space(self.label_metric, labels, self.metric)
        if self.check_triangle and isinstance(self._space, DistanceSpace):
            warn_triangle(self._space.D)
        self.classes_ = self._space.labels
        if self._is_precomputed():
            known = self._classes_of_columns(X, known)
        self.observed_classes_ = known
        if y is not None:
            label_indices(self.classes_, y, "y")
        self.observed_indices_ = label_indices(self.classes_, known, "the classifier's classes")
        if self.label_metric is None and len(known) < len(self.classes_):
            unseen = np.setdiff1d(np.arange(len(self.classes_)), self.observed_indices_)[0]
            raise ValueError(
                f"labels holds {self.classes_.tolist()[unseen]!r}, which y doesn't: without "
                "label_metric nothing says how far it is from the classes that are observed."
            )

    def _known_classes(self, y):
        if self.prefit and not self._is_precomputed():
            try:
                check_is_fitted(self._base())
                return np.asarray(self._base().classes_)
            except (NotFittedError, AttributeError) as error:
                raise type(error)(f"estimator, with prefit=True: {error}") from error
        return None if y is None else np.unique(y)

    def _takes_labels_of(self, known):
        """Whether the classes of `y` stand for labels that have no names."""
        metric = self.label_metric
        if metric is None or isinstance(metric, str) or callable(metric):
            return True
        if hasattr(metric, "nodes"):
            return False
        return len(known) == (metric.shape[0] if hasattr(metric, "shape") else len(metric))

    def _classes_of_columns(self, X, known):
        n_columns = X.shape[1]
        if n_columns == len(self.classes_):
            return self.classes_
        if known is None or len(known) != n_columns:
            seen = "" if known is None else f" or {len(known)}, one for each class in y"
            raise ValueError(
                f"X has {n_columns} columns; probabilities have {len(self.classes_)}, one for "
                f"each label{seen}."
            )
        return known

    # Steps

    def _fitted(self, X, y, routed):
        """The classifier, fitted; a single class needs none."""
        if self.prefit:
            return self._base()
        if len(np.unique(y)) == 1:
            return DummyClassifier(strategy="prior").fit(X, y)
        return clone(self._base()).fit(X, y, **routed)

    def _copy_input_info(self):
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))

    def _tune(self, X, y, routed):
        """Choose temperature and beta where they are to be chosen."""
        self.temperature_ = 1.0 if self.temperature == "auto" else float(self.temperature)
        self.beta_ = 1.0 if self.beta == "calibrated" else float(self.beta)
        if self.temperature != "auto" and self.beta != "calibrated":
            return
        if y is None:
            raise ValueError('temperature="auto" and beta="calibrated" need y.')
        model, X, y = self._held_out(X, y, routed)
        truth = label_indices(self.classes_, y, "y")
        if self.temperature == "auto":
            losses = [self._loss(X, truth, model, t) for t in TEMPERATURES]
            # of equal ones that which changes least
            order = np.lexsort((np.abs(np.log(TEMPERATURES)), losses))
            self.temperature_ = float(TEMPERATURES[order[0]])
        if self.beta == "calibrated":
            self.beta_ = self._calibrated(self._scores(X, model), truth)

    def _held_out(self, X, y, routed):
        """A classifier that hasn't seen some samples, and these samples."""
        if self._is_precomputed() or self.prefit:
            return getattr(self, "estimator_", None), X, y
        if len(y) < 2:
            raise ValueError(
                'temperature="auto" and beta="calibrated" hold out a quarter of the samples: at '
                f"least 2 are needed, y has {len(y)}."
            )
        counts = np.unique(y, return_counts=True)[1]
        n_test = int(np.ceil(HOLD_OUT * len(y)))
        even = counts.min() > 1 and min(n_test, len(y) - n_test) >= len(counts)
        kind = StratifiedShuffleSplit if even else ShuffleSplit
        split = kind(1, test_size=HOLD_OUT, random_state=self.random_state)
        train, test = next(split.split(np.empty((len(y), 1)), y))
        own = _check_method_params(X, routed, indices=train)
        model = self._fitted(_safe_indexing(X, train), y[train], own)
        return model, _safe_indexing(X, test), y[test]

    def _loss(self, X, truth, model, temperature):
        nearest = self._nearest(self._probabilities(X, temperature, model))
        kinds, row = np.unique(truth, return_inverse=True)
        return np.mean(self._space.powers(kinds, 2.0)[row, nearest])

    def _calibrated(self, scores, truth):
        """The beta of least log-loss, within e^10 of one over the spread of the scores."""
        unit = np.log(np.ptp(scores) or 1.0)
        rows = np.arange(len(truth))

        def loss(log_beta):
            return -log_softmax(np.exp(log_beta) * scores, axis=1)[rows, truth].mean()

        found = minimize_scalar(loss, bounds=(-unit - 10, -unit + 10), method="bounded")
        return float(np.exp(found.x))

    def _probabilities(self, X, temperature, model=None):
        """Probabilities of the observed classes, tempered, shape (n_samples, K)."""
        if self._is_precomputed():
            P = _tempered(_normalised(validate_data(self, X, reset=False)), temperature)
        else:
            model = self.estimator_ if model is None else model
            P = self._of_classifier(model, X, temperature)
            if not np.array_equal(model.classes_, self.observed_classes_):
                P = self._aligned(P, model.classes_)
        return keep_largest(
            P.astype(np.result_type(P, self._least_precise), copy=False), self.top_k
        )

    def _of_classifier(self, model, X, temperature):
        """Tempered probabilities of the classes of a classifier."""
        method = "predict_proba" if isinstance(model, DummyClassifier) else self.method
        if not hasattr(model, method):
            raise AttributeError(
                f"{type(model).__name__} has no {method}; set method to the one of predict_proba "
                "and decision_function that it has."
            )
        values = np.asarray(getattr(model, method)(X))
        if method == "predict_proba":
            return _tempered(_normalised(values), temperature)
        values = np.column_stack([np.zeros(len(values)), values]) if values.ndim == 1 else values
        return _normalised(softmax(values / temperature, axis=1))

    def _aligned(self, P, classes):
        """Columns for all observed classes, where a part of the samples had only some."""
        own = label_indices(self.observed_classes_, classes, "y")
        wide = np.zeros((len(P), len(self.observed_classes_)), dtype=P.dtype)
        wide[:, own] = P
        return wide

    def _nearest(self, P):
        return nearest_labels(
            self._rule,
            P,
            len(self.classes_),
            self.observed_indices_ if self.tie == "observed" else None,
            self.block_size,
            self.n_jobs,
        )

    def _scores(self, X, model=None):
        check_is_fitted(self)
        P = self._probabilities(X, self.temperature_, model)
        scores = np.empty((P.shape[0], len(self.classes_)), dtype=P.dtype)

        def part(start, stop):
            np.negative(self._rule.scores(P[start:stop]), out=scores[start:stop])

        over_blocks(part, P.shape[0], len(self.classes_), self.block_size, self.n_jobs)
        return scores

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if self._is_precomputed():
            tags.target_tags.required = False
            return tags
        inner = get_tags(self._base()).input_tags
        tags.input_tags.sparse = inner.sparse
        tags.input_tags.allow_nan = inner.allow_nan
        return tags


def _normalised(P):
    """Rows of probabilities that sum to 1; zeros alone become equal ones."""
    if P.dtype.kind != "f":
        P = P.astype(np.float64)
    bad = ~np.isfinite(P).all(axis=1) | (P < 0).any(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            f"Row {row} of the probabilities is {P[row, :5]}...: NaN, infinity and negative values "
            "are none."
        )
    total = P.sum(axis=1, keepdims=True)
    empty = total.ravel() == 0
    if empty.any():
        P, total = np.where(empty[:, None], 1.0, P).astype(P.dtype), total.copy()
        total[empty] = P.shape[1]
    return P / total


def _tempered(P, temperature):
    """Raise probabilities to 1 / temperature and normalise."""
    if temperature == 1:
        return P
    P = (P / P.max(axis=1, keepdims=True)) ** (1.0 / temperature)
    return P / P.sum(axis=1, keepdims=True)
