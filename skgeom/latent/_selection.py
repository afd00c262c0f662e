"""Which training points become anchors."""

import warnings
from numbers import Integral

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import KMeans
from sklearn.utils import check_array

from skgeom._core.parallel import single_blas_thread, single_openmp_thread
from skgeom.latent._blocks import dense, inverse_norms, unit_rows

DEFAULT = 300  # anchors, as in the paper
SELECTIONS = ("random", "fps", "kmeans", "stratified", "gaussian")


def number_of_anchors(wanted, n_samples, drawn=False):
    """Return how many anchors a number or a fraction of the rows means.

    Parameters
    ----------
    wanted : int, float or "auto"
    n_samples : int
    drawn : bool, default=False
        Whether anchors are drawn rather than rows, so that there may be more of them.

    Returns
    -------
    n_anchors : int
    """
    if wanted == "auto":
        return DEFAULT if drawn else min(DEFAULT, n_samples)
    if not isinstance(wanted, Integral):
        return max(1, round(wanted * n_samples))
    if wanted <= n_samples or drawn:
        return wanted
    warnings.warn(
        f"n_anchors={wanted} is more than the {n_samples} rows of X; all of them become anchors.",
        UserWarning,
    )
    return n_samples


def given_anchors(anchors, X):
    """Return vectors from outside in the dtype of `X`, or else numbers of its rows; one is None."""
    try:
        given = np.asarray(anchors)
        if given.ndim == 1:
            return None, _given_rows(given, X.shape[0])
        given = check_array(given, dtype=X.dtype, input_name="anchors")
    except ValueError as error:
        raise ValueError(f"anchors: {error}") from error
    if given.shape[1] != X.shape[1]:
        raise ValueError(f"anchors must have the {X.shape[1]} features of X, got {given.shape[1]}.")
    return given, None


def _given_rows(given, n_samples):
    """Return numbers of rows as int64, or raise ValueError."""
    if given.dtype.kind not in "iu" or len(given) == 0:
        raise ValueError(
            "expected numbers of rows (integers) or vectors of shape (n_anchors, n_features), "
            f"got an array of shape {given.shape} and dtype {given.dtype}."
        )
    outside = (given < 0) | (given >= n_samples)
    if outside.any():
        raise ValueError(
            f"X has {n_samples} rows (sample(s)), numbered from 0, and no row {given[outside][0]}."
        )
    return given.astype(np.int64)


def select(X, y, n_anchors, selection, rng):
    """Return the numbers of the training rows that become anchors.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n, d)
    y : ndarray of shape (n,) or None
        Classes, for "stratified".
    n_anchors : int
        At most n.
    selection : {"random", "fps", "kmeans", "stratified"}
    rng : RandomState

    Returns
    -------
    indices : ndarray of int64, shape (n_anchors,)
    """
    if selection == "random":
        return rng.choice(X.shape[0], n_anchors, replace=False).astype(np.int64)
    if selection == "stratified":
        return _stratified(y, n_anchors, rng)
    unit = unit_vectors(X)
    if selection == "fps":
        return farthest_points(unit, n_anchors, int(rng.randint(X.shape[0])))
    return _near_centroids(unit, n_anchors, rng)


def unit_vectors(X):
    """Return rows divided by their norms, dense or sparse as they come."""
    if not sp.issparse(X):
        return unit_rows(X)
    inverse, lost = inverse_norms(X)
    unit = sp.csr_array(sp.diags_array(inverse) @ X)
    if len(lost):
        unit = unit.tolil()
        unit[lost] = unit_rows(X[lost].toarray())
    return sp.csr_array(unit)


def farthest_points(unit, n_points, start):
    """Choose points greedily, each as far as possible from those chosen before.

    Parameters
    ----------
    unit : ndarray or csr_array of shape (n, d)
        Unit vectors, whose Euclidean distance falls with their inner product.
    n_points : int
    start : int
        The first point.

    Returns
    -------
    indices : ndarray of int64, shape (n_points,)
    """
    indices = np.empty(n_points, np.int64)
    # squared distance |x|^2 + |a|^2 - 2 <x, a>, with norms of 0 or 1 exactly, so that rounding
    # doesn't choose among points at right angles
    largest = abs(unit).max(axis=1)
    squares = (dense(largest).ravel() > 0).astype(np.float64)
    distance = np.full(unit.shape[0], np.inf)
    chosen = start
    with single_blas_thread():
        for i in range(n_points):
            indices[i] = chosen
            point = unit[[chosen]]
            point = point.toarray()[0] if sp.issparse(point) else point[0]
            np.minimum(distance, squares + squares[chosen] - 2 * (unit @ point), out=distance)
            distance[indices[: i + 1]] = -np.inf
            chosen = int(np.argmax(distance))
    return indices


def _near_centroids(unit, n_anchors, rng):
    """The member of each k-means cluster that is nearest to the centroid in direction."""
    with single_openmp_thread(), single_blas_thread():
        kmeans = KMeans(n_anchors, n_init=1, random_state=rng).fit(unit)
    closeness = np.empty(unit.shape[0])
    for k, centroid in enumerate(kmeans.cluster_centers_):
        members = np.flatnonzero(kmeans.labels_ == k)
        closeness[members] = unit[members] @ centroid
    # the last of each cluster in order of closeness; ties go to the first row
    order = np.lexsort((-np.arange(len(closeness)), closeness, kmeans.labels_))
    last = np.flatnonzero(np.diff(kmeans.labels_[order], append=-1))
    chosen = order[last]
    # fewer distinct points than clusters: the rest is drawn
    others = rng.permutation(np.setdiff1d(np.arange(unit.shape[0]), chosen))
    return np.concatenate([chosen, others[: n_anchors - len(chosen)]]).astype(np.int64)


def share_out(counts, total):
    """Share a number of anchors among classes, evenly as far as each has enough rows.

    Parameters
    ----------
    counts : ndarray of int, shape (n_classes,)
        Rows of each class.
    total : int
        At most ``counts.sum()``.

    Returns
    -------
    shares : ndarray of int, shape (n_classes,)

    Examples
    --------
    >>> share_out(np.array([5, 1, 9]), 8).tolist()
    [4, 1, 3]
    """
    shares = np.zeros_like(counts)
    while total > 0:
        open_classes = np.flatnonzero(shares < counts)[:total]
        shares[open_classes] += 1
        total -= len(open_classes)
    return shares


def _stratified(y, n_anchors, rng):
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    chosen = [
        rng.choice(np.flatnonzero(codes == k), share, replace=False)
        for k, share in enumerate(share_out(counts, n_anchors))
    ]
    return np.concatenate(chosen).astype(np.int64)


def draw_gaussian(X, y, n_anchors, rng):
    """Draw anchors from a Gaussian per class, with the class's mean and standard deviations.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,)
    n_anchors : int
    rng : RandomState

    Returns
    -------
    anchors : ndarray of shape (n_anchors, d)
    labels : ndarray of shape (n_anchors,)
    """
    classes, codes = np.unique(y, return_inverse=True)
    shares = share_out(np.full(len(classes), n_anchors), n_anchors)
    anchors = [
        rng.normal(rows.mean(axis=0), rows.std(axis=0), size=(share, X.shape[1]))
        for rows, share in zip((X[codes == k] for k in range(len(classes))), shares)
    ]
    return np.concatenate(anchors).astype(X.dtype), np.repeat(classes, shares)
