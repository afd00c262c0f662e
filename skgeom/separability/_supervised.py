"""Yardsticks from labels: from the same tree, or from the tree of two classes."""

import numpy as np
import scipy.sparse as sp
from scipy.spatial.distance import cdist
from scipy.stats import norm
from sklearn.metrics import silhouette_score
from sklearn.utils import Bunch, check_array, check_consistent_length

from skgeom._core.parallel import parallel_map, single_blas_thread, single_openmp_thread
from skgeom._core.spanning_tree import within_range
from skgeom.separability._kernels import meeting_height
from skgeom.separability._tree import MAPPED_METRICS, build_barcode, prepare_rows, take

SILHOUETTE_ROWS = 2000  # it asks for all distances between them


def fisher_ratio(X, y, *, form="trace"):
    """Fisher's discriminant ratio of labelled points.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    form : {"trace", "lda", "max"}, default="trace"
        ``tr S_b / tr S_w``; ``tr(S_w⁺ S_b)``; or the largest ratio of a single feature.

    Returns
    -------
    ratio : float
        Infinite when the classes have no spread but differ; 0.0 when nothing differs.

    Raises
    ------
    ValueError
        For another `form`, NaN or infinity, and labels of another number.

    Examples
    --------
    >>> from skgeom.separability import fisher_ratio
    >>> fisher_ratio([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    25.0
    """
    if form not in ("trace", "lda", "max"):
        raise ValueError(f'form must be "trace", "lda" or "max", got {form!r}.')
    X = within_range(check_array(X, dtype=np.float64, input_name="X"))[0]
    check_consistent_length(X, y)
    classes, codes = np.unique(y, return_inverse=True)
    shares = np.bincount(codes) / len(X)
    means = np.stack([X[codes == c].mean(axis=0) for c in range(len(classes))])
    between = means - shares @ means
    within = X - means[codes]
    if form == "lda":
        scatter_b = (between.T * shares) @ between
        scatter_w = within.T @ within / len(X)
        return float(np.trace(np.linalg.pinv(scatter_w, hermitian=True) @ scatter_b))
    b, w = shares @ between**2, np.mean(within**2, axis=0)
    if form == "trace":
        b, w = b.sum(keepdims=True), w.sum(keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.max(np.where(b > 0, b / w, 0.0)))


def chance_agreement(codes):
    """Probability sum of squared shares that two labels drawn at random agree."""
    shares = np.bincount(codes) / len(codes)
    return float(shares @ shares)


def adjusted(agreement, chance):
    """Rescale an agreement to 0 at chance and 1 when perfect; nan with one class."""
    return float((agreement - chance) / (1 - chance)) if chance < 1 else np.nan


def cross_edge_moments(edges, class_sizes):
    """Mean and variance of the number of edges between classes when labels are permuted.

    Parameters
    ----------
    edges : ndarray of int, shape (n_edges, 2)
        Of a tree (or any graph without double edges).
    class_sizes : ndarray of int, shape (n_classes,)

    Returns
    -------
    mean, variance : float
    """
    sizes = np.asarray(class_sizes, dtype=np.float64)
    n, m = sizes.sum(), len(edges)
    degrees = np.bincount(edges.ravel()).astype(np.float64)
    adjacent = np.sum(degrees * (degrees - 1)) / 2  # pairs of edges that share a point
    disjoint = m * (m - 1) / 2 - adjacent
    pairs = sizes * (sizes - 1)
    same = pairs.sum() / (n * (n - 1))
    # Probability that both edges of a pair join equal labels: sharing a point, or disjoint.
    triple = np.sum(pairs * (sizes - 2)) / max(n * (n - 1) * (n - 2), 1)
    four = np.sum(pairs * (sizes - 2) * (sizes - 3)) + pairs.sum() ** 2 - np.sum(pairs**2)
    four /= max(n * (n - 1) * (n - 2) * (n - 3), 1)
    second = m * same + 2 * adjacent * triple + 2 * disjoint * four
    return float(m * (1 - same)), float(max(second - (m * same) ** 2, 0.0))


def friedman_rafsky_test(edges, codes):
    """Friedman-Rafsky statistic of a tree over labelled points.

    Returns
    -------
    result : Bunch
        `cross_edges`, `adjusted`, `z`, `pvalue` (one-sided: fewer cross edges than by chance).
    """
    cross = int(np.count_nonzero(codes[edges[:, 0]] != codes[edges[:, 1]]))
    chance = chance_agreement(codes)
    mean, variance = cross_edge_moments(edges, np.bincount(codes))
    z = (cross - mean) / np.sqrt(variance) if variance > 0 else 0.0
    return Bunch(
        cross_edges=cross,
        adjusted=adjusted(1 - cross / max(len(edges), 1), chance),
        z=float(z),
        pvalue=float(norm.cdf(z)),
    )


def henze_penrose(cross_edges, n_a, n_b):
    """Henze-Penrose divergence of two classes from the cross edges of their tree."""
    return max(0.0, 1 - cross_edges * (n_a + n_b) / (2 * n_a * n_b))


def bayes_error_interval(divergence, n_a, n_b):
    """Bounds of the Bayes error of two classes from their Henze-Penrose divergence."""
    share = n_a / (n_a + n_b)
    u = min(1.0, 4 * share * (1 - share) * divergence + (2 * share - 1) ** 2)
    return 0.5 - 0.5 * np.sqrt(u), 0.5 - 0.5 * u


def pair_yardsticks(barcode, codes):
    """Compare two classes (codes 0 and 1) on their common tree.

    Returns
    -------
    adjusted_fr, divergence, low, high, gap : float
    """
    test = friedman_rafsky_test(barcode.edges, codes)
    n_b = int(codes.sum())
    divergence = henze_penrose(test.cross_edges, len(codes) - n_b, n_b)
    low, high = bayes_error_interval(divergence, len(codes) - n_b, n_b)
    within = codes[barcode.edges[:, 0]] == codes[barcode.edges[:, 1]]
    unit = float(np.median(barcode.lifetimes[within])) if within.any() else 0.0
    meeting = float(meeting_height(barcode.edges, barcode.lifetimes, codes))
    if meeting == 0:
        gap = 0.0
    else:
        gap = meeting / unit if unit > 0 else np.inf
    return test.adjusted, divergence, low, high, gap


def supervised_yardsticks(X, barcode, codes, n_classes, settings, n_jobs=None):
    """All yardsticks of a labelled cloud.

    Parameters
    ----------
    X : ndarray or csr_matrix
        The cloud of `barcode`.
    barcode : Barcode
    codes : ndarray of int, shape (n_samples,)
        Class numbers; -1 is unlabelled.
    n_classes : int
    settings : TreeSettings
    n_jobs : int, default=None

    Returns
    -------
    yardsticks : Bunch
        See `SeparabilityScorer.supervised_`.
    """
    result = label_yardsticks(X, barcode, codes, settings.metric)
    result.silhouette = label_silhouette(X, codes, settings)
    result.update(_pair_matrices(X, barcode, codes, n_classes, settings, n_jobs))
    return result


def label_yardsticks(X, barcode, codes, metric):
    """The yardsticks that are single numbers; they cost little once the tree is there.

    Returns
    -------
    yardsticks : Bunch
        `fdr`, `thornton`, `thornton_adjusted`, `friedman_rafsky`.
    """
    labelled = codes >= 0
    known = codes[labelled]
    if len(known) == 0:  # no label in the subsample
        names = ("fdr", "thornton", "thornton_adjusted", "friedman_rafsky")
        return Bunch(**dict.fromkeys(names, np.nan))
    chance = chance_agreement(known)
    neighbour = barcode.nearest()[1]
    counted = labelled & (neighbour >= 0) & (codes[neighbour] >= 0)
    thornton = np.nan
    if counted.any():
        thornton = float(np.mean(codes[counted] == codes[neighbour[counted]]))
    edges = barcode.edges[labelled[barcode.edges].all(axis=1)]
    cross = np.count_nonzero(codes[edges[:, 0]] != codes[edges[:, 1]])
    agreement = 1 - cross / len(edges) if len(edges) else np.nan
    return Bunch(
        fdr=_fisher_of_cloud(X, labelled, known, metric),
        thornton=thornton,
        thornton_adjusted=adjusted(thornton, chance),
        friedman_rafsky=adjusted(agreement, chance),
    )


def _fisher_of_cloud(X, labelled, known, metric):
    if isinstance(metric, str) and metric == "precomputed":
        return np.nan
    points = X[labelled]
    return fisher_ratio(points.toarray() if hasattr(points, "toarray") else points, known)


def label_silhouette(X, codes, settings):
    """Mean silhouette of the labelled rows, of at most 2000 of them; nan where undefined."""
    metric, params = settings.metric, settings.metric_params
    labelled = np.flatnonzero(codes >= 0)
    if len(labelled) > SILHOUETTE_ROWS:
        drawn = np.random.default_rng(0).choice(labelled, SILHOUETTE_ROWS, replace=False)
        labelled = np.sort(drawn)
    known = codes[labelled]
    precomputed = isinstance(metric, str) and metric == "precomputed"
    if not 1 < len(np.unique(known)) < len(known) or (precomputed and sp.issparse(X)):
        return np.nan
    points = take(X, labelled, metric)
    if isinstance(metric, str) and metric in MAPPED_METRICS and not sp.issparse(points):
        points = within_range(points)[0]
    if metric == "angular":
        unit = prepare_rows(points, metric)
        points, metric = MAPPED_METRICS[metric](cdist(unit, unit)), "precomputed"
    with single_openmp_thread():
        return float(silhouette_score(points, known, metric=metric, **params))


def _pair_matrices(X, barcode, codes, n_classes, settings, n_jobs):
    """K x K matrices over class pairs, each from the tree of the two classes alone."""
    shape = (n_classes, n_classes)
    adjusted_fr, divergence = np.full(shape, np.nan), np.full(shape, np.nan)
    bounds, gap = np.full((*shape, 2), np.nan), np.full(shape, np.nan)
    np.fill_diagonal(divergence, 0.0)
    present = np.unique(codes[codes >= 0])  # a subsample may miss a class
    pairs = [(a, b) for a in present for b in present if b < a]

    def compare(pair):
        rows = np.flatnonzero((codes == pair[0]) | (codes == pair[1]))
        tree = barcode
        if len(rows) < len(codes):
            part = settings.for_size(len(rows))
            tree = build_barcode(take(X, rows, settings.metric), part)
        return pair_yardsticks(tree, (codes[rows] == pair[1]).astype(np.int64))

    with single_blas_thread():
        results = parallel_map(compare, pairs, n_jobs=n_jobs)
    for (a, b), (fr, hp, low, high, g) in zip(pairs, results):
        for i, j in ((a, b), (b, a)):
            adjusted_fr[i, j], divergence[i, j] = fr, hp
            bounds[i, j], gap[i, j] = (low, high), g
    return {
        "friedman_rafsky_pairs": adjusted_fr,
        "henze_penrose": divergence,
        "bayes_error_bounds": bounds,
        "pair_gap": gap,
    }
