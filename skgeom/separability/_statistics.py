"""The registry of statistics: one number from an H0 barcode, larger is more separable.

Every statistic is a function of a `Cloud`. The elementary ones are also plain functions of the
lifetimes (and of the sizes of the smaller sides of the merges).
"""

from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral, Real

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.metrics import pairwise_distances
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions, validate_parameter_constraints

from skgeom._core.spanning_tree import within_range
from skgeom.separability._entropies import (
    log_power_mean,
    negentropy,
    ph_dim,
    renyi_entropy,
    tree_exponents,
)
from skgeom.separability._tree import MAPPED_METRICS, Barcode, TreeSettings, prepare_rows

N_PAIRS = 100_000
GAP_WINDOW = 50
CUT_QUANTILE = 0.9
CUT_RATIO = 1.1


@dataclass
class Cloud:
    """What a statistic may look at: the barcode and the points it came from.

    Attributes
    ----------
    X : ndarray or csr_matrix
        The (normalised) points, or a distance matrix.
    barcode : Barcode
    settings : TreeSettings
    major_fraction : float
        Share of the points from which a side of a merge is major.
    seed : int
        For what is drawn: pairs of points, subsamples.
    options : dict
        Name of a statistic -> its options.
    """

    X: object
    barcode: Barcode
    settings: TreeSettings
    major_fraction: float = 0.02
    seed: int = 0
    options: dict = field(default_factory=dict)

    @property
    def lifetimes(self):
        return self.barcode.lifetimes

    @cached_property
    def minor_sizes(self):
        return self.barcode.minor_sizes

    @property
    def n_samples(self):
        return self.barcode.n_samples

    @property
    def n_features(self):
        return self.X.shape[1]

    @cached_property
    def spread(self):
        """The typical distance D of two points of the cloud."""
        return typical_distance(self.X, self.settings, self.seed)

    @cached_property
    def cut(self):
        return major_cut(self.lifetimes, self.minor_sizes, self.n_samples, self.major_fraction)


def typical_distance(X, settings, seed=0):
    """Typical distance of two points: the unit of `relative_mean`.

    Euclidean: the root mean square over all pairs, ``sqrt(2 tr Cov(X))`` with divisor n - 1.
    Otherwise the mean over all pairs (cosine, correlation, distance matrices) or over 10⁵ sampled
    ones.
    """
    metric = settings.metric
    if metric in ("euclidean", "l2"):
        return float(np.sqrt(2)) * root_variance(X)
    n = X.shape[0]
    if metric in ("cosine", "correlation"):
        # Half the mean squared distance of unit rows, which does not cancel for small angles.
        return root_variance(prepare_rows(X, metric)) ** 2
    if metric == "precomputed":
        stored = X.nnz - np.count_nonzero(X.diagonal() != 0) if hasattr(X, "nnz") else n * (n - 1)
        return float(X.sum(dtype=np.float64) / max(stored, 1))
    return _sampled_distance(X, settings, seed)


def _sampled_distance(X, settings, seed):
    """Mean distance over rows of pairs: all of them, or some rows against some columns."""
    n = X.shape[0]
    rng = np.random.default_rng(seed)
    side = n if n * n <= N_PAIRS else int(np.sqrt(N_PAIRS))
    rows = np.arange(n) if side == n else rng.choice(n, side, replace=False)
    others = rows if side == n else rng.choice(n, side, replace=False)
    if settings.metric == "angular":
        unit = prepare_rows(X, "angular")
        # Chords are exact for small angles, where the arc cosine of products is not.
        distances = MAPPED_METRICS["angular"](cdist(unit[rows], unit[others]))
    else:
        distances = pairwise_distances(
            X[rows], X[others], metric=settings.metric, **settings.metric_params
        )
    different = rows[:, np.newaxis] != others
    return float(distances[different].mean())


def root_variance(X):
    """Square root of the trace of the covariance matrix, divisor n - 1."""
    if hasattr(X, "nnz"):
        exponent = int(np.frexp(abs(X).max())[1])
        X = X.astype(np.float64) * 2.0 ** -min(exponent, 1000)
        mean = np.asarray(X.mean(axis=0), dtype=np.float64).ravel()
        total = max(float(X.power(2).sum()) - X.shape[0] * float(mean @ mean), 0.0)
        return float(np.ldexp(np.sqrt(total / (X.shape[0] - 1)), min(exponent, 1000)))
    X, exponent = within_range(X)
    mean, total = X.mean(axis=0, dtype=np.float64), 0.0
    step = max(1, 2**17 // X.shape[1])  # a few rows at a time: no copy of X in double precision
    for start in range(0, X.shape[0], step):
        centred = X[start : start + step] - mean
        total += float(np.einsum("ij,ij->", centred, centred))
    return float(np.ldexp(np.sqrt(total / (X.shape[0] - 1)), exponent))


def _ratio(numerator, denominator):
    """Quotient with 0/0 = 0: a cloud of one place has nothing to separate."""
    return float(numerator / denominator) if denominator > 0 else 0.0


def lifetime_unit(lifetimes):
    """Median lifetime, or the smallest positive one where the median is 0."""
    median = float(np.median(lifetimes)) if len(lifetimes) else 0.0
    if median > 0:
        return median
    positive = lifetimes[lifetimes > 0]
    return float(positive.min()) if len(positive) else 0.0


def persistence(lifetimes):
    """1 - mean(p / max p)."""
    if not lifetimes.any():
        return 0.0
    return max(0.0, 1 - float(np.mean(lifetimes / lifetimes[-1])))


def persistence_median(lifetimes):
    """1 - median(p / max p)."""
    if not lifetimes.any():
        return 0.0
    return 1 - float(np.median(lifetimes)) / float(lifetimes[-1])


def max_mean(lifetimes):
    """max p / mean p."""
    return _ratio(lifetimes[-1], np.mean(lifetimes)) if len(lifetimes) else 0.0


def tail_fraction(lifetimes, tau=0.5):
    """Share of the lifetimes below `tau` times the largest."""
    if not lifetimes.any():
        return 0.0
    return float(np.mean(lifetimes < tau * lifetimes[-1]))


def cv(lifetimes):
    """Standard deviation over mean."""
    if not lifetimes.any():
        return 0.0
    shares = lifetimes / lifetimes[-1]
    return float(np.std(shares) / np.mean(shares))


def gini(lifetimes):
    """Gini index of the lifetimes."""
    m = len(lifetimes)
    weights = 2 * np.arange(1, m + 1) - m - 1
    return max(0.0, _ratio(weights @ lifetimes, m * lifetimes.sum()))


def entropy(lifetimes):
    """1 - H(p / sum p) / log m: how far the persistent entropy is from its largest value."""
    m, total = len(lifetimes), lifetimes.sum()
    if m < 2 or total == 0:
        return 0.0
    shares = lifetimes[lifetimes > 0] / total
    return max(0.0, 1 + float(shares @ np.log(shares)) / np.log(m))


def quantile_ratio(lifetimes):
    """log(p_0.99 / median p)."""
    ratio = _ratio(np.quantile(lifetimes, 0.99), lifetime_unit(lifetimes)) if len(lifetimes) else 0
    return float(np.log(ratio)) if ratio > 0 else 0.0


def gap_ratio(lifetimes):
    """Largest ratio of successive lifetimes among the 50 largest; 1 where there is no gap."""
    if not lifetimes.any():
        return 0.0
    top = lifetimes[-GAP_WINDOW:]
    top = top[top > 0]
    with np.errstate(over="ignore"):
        return float(np.max(top[1:] / top[:-1], initial=1.0))


def balanced_max(lifetimes, minor_sizes, n_samples):
    """max over merges of (2 m / n) p / median p, m the size of the smaller side."""
    if len(lifetimes) == 0:
        return 0.0
    return _ratio(np.max(2 * minor_sizes / n_samples * lifetimes), lifetime_unit(lifetimes))


def balanced_sum(lifetimes, minor_sizes, n_samples):
    """n times the mean of 2 m / n over the merges, weighted by their lifetimes."""
    return _ratio(2 * (minor_sizes @ lifetimes), lifetimes.sum())


def major_gap(lifetimes, minor_sizes, n_samples, fraction=0.02):
    """Largest lifetime of a merge of two major components over the median lifetime."""
    major = lifetimes[minor_sizes >= fraction * n_samples]
    return _ratio(major.max(), lifetime_unit(lifetimes)) if len(major) else 0.0


def major_cut(lifetimes, minor_sizes, n_samples, fraction=0.02):
    """Cut the tree at the largest gap between the heights of its major merges.

    A merge is major when both sides hold at least ``max(3, fraction * n_samples)`` points. Among
    the heights of major merges above the 0.9 quantile of all lifetimes (which counts as a height
    itself), the largest ratio of successive ones is the cut, if it is above 1.1.

    Returns
    -------
    height : float
        Geometric mean of the heights around the gap; infinite without a cut.
    n_clusters : int
        1 + number of major merges above the cut.
    """
    major = minor_sizes >= max(3.0, fraction * n_samples)
    if not major.any():
        return np.inf, 1
    base = float(np.quantile(lifetimes, CUT_QUANTILE))
    above = lifetimes[major & (lifetimes > base)]
    if len(above) == 0:
        return np.inf, 1
    heights = np.concatenate([[max(base, np.finfo(float).tiny)], above])
    with np.errstate(over="ignore"):
        ratios = heights[1:] / heights[:-1]
    gap = int(np.argmax(ratios))
    if not ratios[gap] > CUT_RATIO:
        return np.inf, 1
    return float(np.sqrt(heights[gap]) * np.sqrt(heights[gap + 1])), len(above) - gap + 1


def total(lifetimes, alpha=1.0, larger_is="richer"):
    """Sum of the lifetimes to the power `alpha`, its negative where larger is "separable"."""
    with np.errstate(over="ignore"):
        value = float(np.sum(lifetimes**alpha))
    return value if larger_is == "richer" else -value


def relative_mean(cloud):
    """1 - mean p / D, D the typical distance of two points."""
    if len(cloud.lifetimes) == 0 or cloud.spread == 0:
        return 0.0
    return 1 - float(np.mean(cloud.lifetimes)) / cloud.spread


def nn_entropy(cloud):
    """-log(mean squared nearest-neighbour distance / total variance)."""
    nearest = cloud.barcode.nearest()[0]
    nearest = nearest[np.isfinite(nearest)]
    if len(nearest) == 0:  # a graph without edges
        return 0.0
    if not nearest.any():
        return np.inf
    return -float(np.log(2 * np.mean((nearest / cloud.spread) ** 2)))


def effective_rank(X, *, center=False):
    """Effective rank of a matrix: the exponential of the entropy of its singular values.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
    center : bool, default=False
        Whether to subtract the column means first. RankMe does not.

    Returns
    -------
    rank : float
        Between 1 and ``min(n_samples, n_features)``; 0.0 for a zero matrix.

    References
    ----------
    .. [1] O. Roy, M. Vetterli, "The effective rank: a measure of effective dimensionality",
       EUSIPCO 2007.
    .. [2] Q. Garrido et al., "RankMe: assessing the downstream performance of pretrained
       self-supervised representations by their rank", ICML 2023, arXiv:2210.02885, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.separability import effective_rank
    >>> round(effective_rank(np.eye(4)), 6)
    4.0
    """
    X = check_array(X, accept_sparse="csr", dtype=np.float64, input_name="X")
    X = X.toarray() if hasattr(X, "toarray") else X
    if center:
        X = X - X.mean(axis=0)
    X = np.ldexp(X, -np.frexp(np.max(np.abs(X), initial=0.0))[1])  # squares stay in range
    # Singular values from the smaller Gram matrix: a quarter of the cost of an SVD.
    gram = X.T @ X if X.shape[1] <= X.shape[0] else X @ X.T
    eigenvalues = np.linalg.eigvalsh(gram)
    floor = eigenvalues[-1] * len(eigenvalues) * np.finfo(np.float64).eps
    values = np.sqrt(eigenvalues[eigenvalues > floor])
    if len(values) == 0:
        return 0.0
    shares = values / values.sum()
    return float(np.exp(-shares @ np.log(shares)))


def _of_lifetimes(function):
    return lambda cloud, **options: function(cloud.lifetimes, **options)


def _of_merges(function):
    return lambda cloud: function(cloud.lifetimes, cloud.minor_sizes, cloud.n_samples)


STATISTICS = {
    "persistence": _of_lifetimes(persistence),
    "persistence_median": _of_lifetimes(persistence_median),
    "max_mean": _of_lifetimes(max_mean),
    "tail_fraction": _of_lifetimes(tail_fraction),
    "cv": _of_lifetimes(cv),
    "gini": _of_lifetimes(gini),
    "entropy": _of_lifetimes(entropy),
    "quantile_ratio": _of_lifetimes(quantile_ratio),
    "gap_ratio": _of_lifetimes(gap_ratio),
    "relative_mean": relative_mean,
    "negentropy": negentropy,
    "total": _of_lifetimes(total),
    "nn_entropy": nn_entropy,
    "renyi_entropy": renyi_entropy,
    "ph_dim": ph_dim,
    "balanced_max": _of_merges(balanced_max),
    "balanced_sum": _of_merges(balanced_sum),
    "major_gap": lambda cloud: major_gap(
        cloud.lifetimes, cloud.minor_sizes, cloud.n_samples, cloud.major_fraction
    ),
    "n_major": lambda cloud: float(cloud.cut[1]),
    "effective_rank": lambda cloud, **options: effective_rank(cloud.X, **options),
}
_NO_OPTIONS = {"gamma": None, "dimension": None}
_POSITIVE = [Interval(Real, 0, None, closed="neither")]
_ENTROPY_OPTIONS = {
    "gamma": [*_POSITIVE, None],
    "dimension": [Interval(Integral, 1, None, closed="left"), None],
}
OPTIONS = {
    "tail_fraction": {"tau": [Interval(Real, 0, 1, closed="neither")]},
    "total": {"alpha": _POSITIVE, "larger_is": [StrOptions({"richer", "separable"})]},
    "negentropy": _ENTROPY_OPTIONS,
    "renyi_entropy": _ENTROPY_OPTIONS,
    "ph_dim": {"gamma": _POSITIVE},
    "effective_rank": {"center": ["boolean"]},
}


def check_options(options, statistics):
    """Check a dict of statistic name -> options against the statistics that are asked for."""
    for name, chosen in (options or {}).items():
        if name not in OPTIONS:
            raise ValueError(
                f"statistic_params: {name!r} has no options; those with some are {sorted(OPTIONS)}."
            )
        if name not in statistics:
            raise ValueError(f"statistic_params: {name!r} is not among the statistics asked for.")
        known = sorted(OPTIONS[name])
        if not isinstance(chosen, dict) or set(chosen) - set(known):
            raise ValueError(
                f"statistic_params: {name!r} takes a dict of the options {known}, got {chosen!r}."
            )
        validate_parameter_constraints(OPTIONS[name], chosen, caller_name=f'statistic "{name}"')


def evaluate(statistic, cloud):
    """Evaluate a statistic, by name or callable ``f(lifetimes, sizes, n, d)``, on a cloud."""
    if callable(statistic):
        sizes = cloud.barcode.merge_sizes
        value = statistic(cloud.lifetimes, sizes, cloud.n_samples, cloud.n_features)
        if np.ndim(value) != 0:
            raise TypeError(
                f"The statistic {statistic!r} must return a number, got an array of shape "
                f"{np.shape(value)}."
            )
        return float(value)
    return float(STATISTICS[statistic](cloud, **cloud.options.get(statistic, {})))


def referenced_value(statistic, cloud):
    """The value that is compared with null clouds.

    The statistic itself, but for "relative_mean" and "negentropy" the negative logarithm of the
    mean lifetime (times d): the difference is then ``log(mean p of the reference / mean p)``.
    """
    if statistic not in ("relative_mean", "negentropy"):
        return evaluate(statistic, cloud)
    d, gamma = 1, 1.0
    if statistic == "negentropy":
        d, gamma = tree_exponents(cloud, **{**_NO_OPTIONS, **cloud.options.get(statistic, {})})
    mean = log_power_mean(cloud.lifetimes, gamma)
    return -d * mean / gamma if np.isfinite(mean) else 0.0


def statistic_names(statistics):
    """Column names of statistics; callables of one name are numbered from the second on."""
    names = []
    for statistic in statistics:
        base = name = statistic
        if callable(statistic):
            base = name = getattr(statistic, "__name__", type(statistic).__name__)
        count = 1
        while callable(statistic) and name in names:
            count += 1
            name = f"{base}_{count}"
        names.append(name)
    return names
