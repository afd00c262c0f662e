"""One-line forms of what the scorer computes."""

import numpy as np
from sklearn import get_config
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_array, check_consistent_length

from skgeom._core.parallel import single_openmp_thread
from skgeom._core.spanning_tree import within_range
from skgeom.separability._inputs import class_codes
from skgeom.separability._scorer import SeparabilityScorer
from skgeom.separability._statistics import root_variance
from skgeom.separability._supervised import friedman_rafsky_test
from skgeom.separability._tree import TreeSettings, build_barcode


def separability_score(X, *, statistic="relative_mean", **parameters):
    """Score how far a cloud falls apart into groups.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    statistic : str or callable, default="relative_mean"
    **parameters : dict
        Further parameters of `SeparabilityScorer`.

    Returns
    -------
    score : float

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.separability import separability_score
    >>> X = np.r_[np.linspace(0, 1, 15), np.linspace(9, 10, 15)][:, np.newaxis]
    >>> separability_score(X, statistic="n_major", normalize=None)
    2.0
    """
    return SeparabilityScorer(statistic, **parameters).fit(X).score_


def make_separability_scorer(statistic="relative_mean", **parameters):
    """Make an object for ``scoring=`` of scikit-learn's model selection.

    The same as ``SeparabilityScorer(statistic, **parameters)``, which is itself such an object.

    Parameters
    ----------
    statistic : str or callable, default="relative_mean"
    **parameters : dict
        Further parameters of `SeparabilityScorer`.

    Returns
    -------
    scorer : SeparabilityScorer
    """
    return SeparabilityScorer(statistic, **parameters)


def h0_persistence(
    X, metric="euclidean", min_samples=None, return_mst=False, algorithm="auto", **metric_params
):
    """Lifetimes of the H0 classes of the Vietoris-Rips filtration of a cloud.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Points, or distances of shape (n_samples, n_samples) for "precomputed".
    metric : str or callable, default="euclidean"
        As for `SeparabilityScorer`.
    min_samples : int, default=None
        When given, the mutual reachability distance takes the place of the metric.
    return_mst : bool, default=False
        Whether to return the edges of the minimum spanning tree as well.
    algorithm : str, default="auto"
        As for `SeparabilityScorer`.
    **metric_params : dict
        Further arguments of the metric.

    Returns
    -------
    lifetimes : ndarray of float64, shape (n_samples - n_components,)
        Ascending. All classes are born at 0.
    edges : ndarray of intp, shape (n_samples - n_components, 2)
        Only with `return_mst`.

    Examples
    --------
    >>> from skgeom.separability import h0_persistence
    >>> h0_persistence([[0.0], [1.0], [3.0], [7.0]])
    array([1., 2., 4.])
    """
    checker = SeparabilityScorer(
        metric=metric,
        metric_params=metric_params,
        min_samples=min_samples,
        normalize=None,
        algorithm=algorithm,
    )
    checker._validate_params()
    X = checker._check_cloud(X, reset=True)
    settings = TreeSettings(
        metric=metric,
        metric_params=metric_params,
        min_samples=min_samples,
        algorithm=algorithm,
        memory=get_config()["working_memory"],
    )
    barcode = build_barcode(X, settings)
    if return_mst:
        return barcode.lifetimes, barcode.edges.astype(np.intp)
    return barcode.lifetimes


def friedman_rafsky(X, y, metric="euclidean", min_samples=None, **metric_params):
    """Test whether labelled groups of points have one distribution (Friedman and Rafsky).

    Counts the edges of the minimum spanning tree that join different labels.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
        Labels; rows labelled -1, None or NaN are left out.
    metric, min_samples, **metric_params
        As for `h0_persistence`.

    Returns
    -------
    result : Bunch
        `cross_edges` (int), `adjusted` (1 without cross edges, 0 at chance), `z` and `pvalue`
        (one-sided, from the exact mean and variance under permutations of the labels).

    References
    ----------
    .. [1] J. Friedman, L. Rafsky, "Multivariate generalizations of the Wald-Wolfowitz and Smirnov
       two-sample tests", Annals of Statistics 7(4), 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.separability import friedman_rafsky
    >>> X = np.r_[np.arange(10.0), np.arange(100.0, 110.0)][:, np.newaxis]
    >>> result = friedman_rafsky(X, np.repeat([0, 1], 10))
    >>> result.cross_edges, bool(result.pvalue < 0.001)
    (1, True)
    """
    check_consistent_length(X, y)
    classes, codes = class_codes(y, len(np.asarray(y)))
    if len(classes) < 2:
        raise ValueError(f"y must hold at least 2 classes, got {len(classes)}.")
    known = np.flatnonzero(codes >= 0)
    X = check_array(X, accept_sparse="csr", dtype=[np.float64, np.float32], input_name="X")
    part = X[known]
    if isinstance(metric, str) and metric == "precomputed":
        part = part[:, known]
    _, edges = h0_persistence(part, metric, min_samples, return_mst=True, **metric_params)
    return friedman_rafsky_test(edges, codes[known])


def nearest_neighbor_entropy(X, *, reference=None):
    """Negative logarithm of the mean squared nearest-neighbour distance over the total variance.

    A leave-one-out, scale-free form of the embedding-entropy objective of Liu et al.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
    reference : array-like of shape (n_reference, n_features), default=None
        Where the neighbours are looked for (a replay buffer); None is the other rows of `X`.

    Returns
    -------
    entropy : float
        Larger is more contracted; ``inf`` when every point coincides with its neighbour.

    Examples
    --------
    >>> from skgeom.separability import nearest_neighbor_entropy
    >>> round(nearest_neighbor_entropy([[0.0], [1.0], [10.0], [11.0]]), 3)
    3.517
    """
    X = check_array(X, dtype=[np.float64, np.float32], ensure_min_samples=2, input_name="X")
    if reference is None:
        X = within_range(X)[0]
        search, rows, others = NearestNeighbors(n_neighbors=1).fit(X), None, X
    else:
        reference = check_array(reference, dtype=[np.float64, np.float32], input_name="reference")
        if reference.shape[1] != X.shape[1]:
            raise ValueError(
                f"reference must have the {X.shape[1]} features of X, got {reference.shape[1]}."
            )
        both = within_range(np.concatenate([X, reference]))[0]
        X, reference = both[: len(X)], both[len(X) :]
        search, rows, others = NearestNeighbors(n_neighbors=1).fit(reference), X, reference
    with single_openmp_thread():
        nearest = search.kneighbors(rows, return_distance=False)[:, 0]
    others = others[nearest]
    mean_square = float(np.mean(np.sum((X.astype(np.float64) - others) ** 2, axis=1)))
    if mean_square == 0:
        return np.inf
    variance = root_variance(X) ** 2
    return -float(np.log(mean_square / variance)) if variance > 0 else -np.inf
