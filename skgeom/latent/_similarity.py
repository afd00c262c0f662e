"""How alike two latent spaces are, from vectors of the same points in both."""

from collections.abc import Iterable
from functools import partial
from numbers import Integral

import numpy as np
from scipy.spatial.distance import pdist, squareform
from sklearn import get_config
from sklearn.utils import check_array, gen_batches

from skgeom._core.parallel import single_blas_thread
from skgeom.latent._blocks import unit_rows

METRICS = ("jaccard", "mrr", "cosine", "cka", "cka_rbf")
ALIGNED = ("jaccard", "mrr", "cosine")
NEIGHBORS = ("jaccard", "mrr")


def latent_similarity(U, V, *, metrics=("jaccard", "mrr", "cosine", "cka"), k=10):
    r"""Compare two latent spaces in which row i is the same point.

    Parameters
    ----------
    U, V : array-like of shape (n_samples, n_features) and (n_samples, n_features_v)
        The first three metrics need the same features in both: absolute vectors of the same
        dimension, or relative ones over the same anchors.
    metrics : str or sequence of str, default=("jaccard", "mrr", "cosine", "cka")
        - "jaccard": the `k` nearest neighbours in V, by cosine, of the point's vector in V and of
          its vector in U: size of the intersection over that of the union, mean over points.
        - "mrr": mean of 1 / rank of the point itself among all points of V, by cosine to its
          vector in U.
        - "cosine": mean cosine of the two vectors of a point.
        - "cka": linear centred kernel alignment [2]_; invariant to rotations and scale, dimensions
          may differ.
        - "cka_rbf": the same with Gaussian kernels, whose variance is the median squared
          distance; two n x n matrices.
    k : int, default=10
        Neighbours of "jaccard", at most n_samples; a point counts among its own.

    Returns
    -------
    similarities : dict of float
        One value per metric, 1 for equal spaces; 0 where a space is constant ("cka") or a vector
        0 ("cosine").

    Raises
    ------
    ValueError
        For different numbers of rows, of features where these are compared, fewer than two rows
        with "cka", an unknown metric and `k` above the number of rows.

    References
    ----------
    .. [1] L. Moschella et al., "Relative representations enable zero-shot latent space
       communication", ICLR 2023, arXiv:2209.15430 (Jaccard, MRR and cosine).
    .. [2] S. Kornblith, M. Norouzi, H. Lee, G. Hinton, "Similarity of Neural Network
       Representations Revisited", ICML 2019, arXiv:1905.00414, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.latent import latent_similarity
    >>> U = np.random.default_rng(0).normal(size=(50, 4))
    >>> turned = U[:, [1, 0, 3, 2]]
    >>> found = latent_similarity(U, turned, metrics=("mrr", "cka"))
    >>> bool(found["mrr"] < 0.5), round(found["cka"], 6)
    (True, 1.0)
    """
    several = isinstance(metrics, Iterable) and not isinstance(metrics, str)
    metrics = tuple(metrics) if several else (metrics,)
    U, V = _check_spaces(U, V, metrics, k)
    found = {}
    with single_blas_thread():
        if set(metrics) & set(ALIGNED):
            u, v = unit_rows(U), unit_rows(V)
            found["cosine"] = float(np.mean(np.einsum("ij,ij->i", u, v)))
        if set(metrics) & set(NEIGHBORS):
            found["jaccard"], found["mrr"] = _neighbor_scores(u, v, k)
        if "cka" in metrics:
            found["cka"] = _linear_alignment(U - U.mean(axis=0), V - V.mean(axis=0))
        if "cka_rbf" in metrics:
            found["cka_rbf"] = _alignment(_gaussian_kernel(U), _gaussian_kernel(V))
    return {metric: found[metric] for metric in metrics}


def _check_spaces(U, V, metrics, k):
    unknown = [metric for metric in metrics if metric not in METRICS]
    if unknown or not metrics:
        raise ValueError(f"metrics must be out of {METRICS}, got {list(unknown or metrics)}.")
    least = 2 if set(metrics) - set(ALIGNED) else 1
    U, V = (
        check_array(A, dtype=np.float64, ensure_min_samples=least, input_name=name)
        for A, name in ((U, "U"), (V, "V"))
    )
    if len(U) != len(V):
        raise ValueError(f"U and V must hold the same points, got {len(U)} and {len(V)} rows.")
    compared = [metric for metric in metrics if metric in ALIGNED]
    if compared and U.shape[1] != V.shape[1]:
        raise ValueError(
            f"{compared} compare vectors with each other, but U has {U.shape[1]} features and V "
            f"has {V.shape[1]}; use relative vectors over the same anchors, or 'cka'."
        )
    if "jaccard" in metrics and not (isinstance(k, Integral) and 1 <= k <= len(U)):
        raise ValueError(
            f"k must be an integer between 1 and the number of rows, {len(U)}, got {k!r}."
        )
    return U, V


def _neighbor_scores(u, v, k):
    """Mean Jaccard index of the k neighbours, and mean reciprocal rank, in blocks of rows."""
    k = min(k, len(u))
    shared, reciprocal = np.empty(len(u)), np.empty(len(u))
    rows = int(get_config()["working_memory"] * 2**20) // (4 * 8 * len(u))
    for block in gen_batches(len(u), max(1, rows)):
        own, other = v[block] @ v.T, u[block] @ v.T
        itself = other[np.arange(len(other)), np.arange(block.start, block.stop)]
        reciprocal[block] = 1 / (1 + np.sum(other > itself[:, np.newaxis], axis=1))
        near, far = (np.argpartition(-s, k - 1, axis=1)[:, :k] for s in (own, other))
        shared[block] = [len(np.intersect1d(a, b, assume_unique=True)) for a, b in zip(near, far)]
    return float(np.mean(shared / (2 * k - shared))), float(np.mean(reciprocal))


def _linear_alignment(U, V):
    """CKA of inner products of centred rows, through the smaller of the Gram matrices."""
    U, V = (A / (abs(A).max() or 1) for A in (U, V))
    if max(U.shape[1], V.shape[1]) > len(U):
        return _ratio(np.sum((U @ U.T) * (V @ V.T)), U @ U.T, V @ V.T)
    return _ratio(np.sum((U.T @ V) ** 2), U.T @ U, V.T @ V)


def _alignment(K, L):
    K, L = (_centered(A) for A in (K, L))
    return _ratio(np.sum(K * L), K, L)


def _ratio(inner, K, L):
    norms = np.linalg.norm(K) * np.linalg.norm(L)
    return float(inner / norms) if norms > 0 else 0.0


def _centered(K):
    means = K.mean(axis=0)
    return K - means - means[:, np.newaxis] + means.mean()


def _gaussian_kernel(X):
    squares = pdist(X / (abs(X).max() or 1), "sqeuclidean")
    positive = squares[squares > 0]
    variance = np.median(positive) if len(positive) else 1.0
    return np.exp(-squareform(squares) / (2 * variance))


def make_latent_scorer(metric="mrr", *, k=10):
    """Make a scorer that compares an estimator's output with a given latent space.

    Parameters
    ----------
    metric : {"jaccard", "mrr", "cosine", "cka", "cka_rbf"}, default="mrr"
        See `latent_similarity`.
    k : int, default=10
        Neighbours of "jaccard".

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, Y)`` compares ``estimator.transform(X)``, or ``predict`` where there
        is no ``transform``, with the vectors Y of the same points: pass Y where labels go, as in
        ``GridSearchCV(...).fit(X, Y)``.

    Raises
    ------
    ValueError
        For an unknown metric.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import cross_val_score
    >>> from skgeom.latent import make_latent_scorer
    >>> U = np.random.default_rng(0).normal(size=(60, 4))
    >>> scores = cross_val_score(Ridge(1e-6), U, U[:, ::-1], scoring=make_latent_scorer("mrr"))
    >>> scores.tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    if metric not in METRICS:
        raise ValueError(f"metric must be out of {METRICS}, got {metric!r}.")
    return partial(_score, metric=metric, k=k)


def _score(estimator, X, y, metric, k):
    method = "transform" if hasattr(estimator, "transform") else "predict"
    U = getattr(estimator, method)(X)
    return latent_similarity(U, y, metrics=metric, k=k)[metric]
