"""Landmarks for many points, and the graph that the points span between them."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import euclidean_distances
from sklearn.utils import check_array, gen_batches
from sklearn.utils.validation import _check_sample_weight

from skgeom._core.parallel import single_openmp_thread
from skgeom.manifold._affinity import Neighbors, check_magnitude, narrow

LANDMARK_METHODS = ("kmeans", "random", "maxmin")
# landmarks that share a point
N_ANCHORS = 5
_SAMPLES_PER_LANDMARK = 50
# rows that k-means sees at least, in one or several passes
_KMEANS_ROWS = 2**16
_BLOCK = 16384
_BLOCK_ENTRIES = 2**24


def row_blocks(X):
    """Slices of rows such that a block's temporaries stay small."""
    return gen_batches(X.shape[0], min(_BLOCK, max(64, _BLOCK_ENTRIES // X.shape[1])))


def check_sample_weight(sample_weight, X):
    """Non-negative weights of mean 1, or None where all are equal."""
    if sample_weight is None:
        return None
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weights.any():
        raise ValueError("sample_weight must contain at least one weight that is not zero.")
    return None if (weights == weights[0]).all() else weights / weights.mean()


def choose_landmarks(X, n_landmarks, method, random_state, sample_weight=None):
    """Coordinates of landmarks, and their row numbers where they are rows of X.

    Parameters
    ----------
    X : array or CSR of shape (n_points, n_features)
    n_landmarks : int
    method : {"kmeans", "random", "maxmin"}
        k-means centres of a sample; rows drawn at random; rows each of which is the farthest
        from those before.
    random_state : RandomState
    sample_weight : array of shape (n_points,) or None
        Of k-means. Rows of weight 0 are no landmarks.

    Returns
    -------
    landmarks : array of shape (n_landmarks, n_features)
    indices : int array of shape (n_landmarks,) or None
    """
    if sample_weight is not None and not sample_weight.all():
        able = np.flatnonzero(sample_weight)
        landmarks, indices = choose_landmarks(
            X[able], n_landmarks, method, random_state, sample_weight[able]
        )
        return landmarks, None if indices is None else able[indices]
    n_points = X.shape[0]
    if method == "random":
        indices = np.sort(random_state.choice(n_points, n_landmarks, replace=False))
    elif method == "maxmin":
        indices = _farthest_points(X, n_landmarks, random_state)
    else:
        return _kmeans_centres(X, n_landmarks, random_state, sample_weight), None
    return X[indices], indices


def _kmeans_centres(X, n_landmarks, random_state, sample_weight):
    n_sample = min(X.shape[0], _SAMPLES_PER_LANDMARK * n_landmarks)
    sample = X
    if n_sample < X.shape[0]:
        rows = np.sort(random_state.choice(X.shape[0], n_sample, replace=False))
        sample = X[rows]
        sample_weight = None if sample_weight is None else sample_weight[rows]
    kmeans = MiniBatchKMeans(
        n_landmarks,
        init="random",
        n_init=1,
        batch_size=4096,
        max_iter=-(-_KMEANS_ROWS // n_sample),
        tol=0.0,
        max_no_improvement=None,
        compute_labels=False,
        random_state=random_state,
    )
    with single_openmp_thread():
        return kmeans.fit(sample, sample_weight=sample_weight).cluster_centers_


def _farthest_points(X, n_landmarks, random_state):
    indices = [int(random_state.randint(X.shape[0]))]
    nearest = euclidean_distances(X, X[indices]).ravel()
    while len(indices) < n_landmarks:
        indices.append(int(np.argmax(nearest)))
        np.minimum(nearest, euclidean_distances(X, X[indices[-1:]]).ravel(), out=nearest)
    return np.sort(indices)


def anchor_weights(distances, indices, n_landmarks):
    """Row-stochastic weights of points on their nearest landmarks.

    ``z_ij ~ exp(-2 (d_ij^2 - d_i1^2) / d_is^2)`` with s the last of the neighbours given.

    Returns
    -------
    Z : csr_array of shape (n_rows, n_landmarks)
    """
    scale = np.where(distances[:, -1:] > 0, distances[:, -1:], 1.0)
    z = np.exp(-2.0 * ((distances / scale) ** 2 - (distances[:, :1] / scale) ** 2))
    z /= z.sum(axis=1, keepdims=True)
    indptr = np.arange(0, z.size + 1, z.shape[1])
    return sp.csr_array((z.ravel(), indices.ravel(), indptr), shape=(len(z), n_landmarks))


def find_anchors(X, search, n_anchors):
    """Nearest landmarks of all rows, in blocks.

    Returns
    -------
    distances : float64 array of shape (n_rows, n_anchors)
    indices : int32 array of shape (n_rows, n_anchors)
    """
    distances = np.empty((X.shape[0], n_anchors))
    indices = np.empty((X.shape[0], n_anchors), np.int32)
    for block in row_blocks(X):
        distances[block], indices[block] = search.query(X[block], n_anchors)
    return distances, indices


@dataclass(frozen=True)
class LandmarkShares:
    """How much of the points each two landmarks share; those of several sets of points add up.

    Attributes
    ----------
    shared : csr_array of shape (n_landmarks, n_landmarks)
        ``Z^T diag(sample_weight) Z`` with Z the weights of points on their nearest landmarks.
    masses : ndarray of shape (n_landmarks,)
        Sums over points of sample weight times Z.
    counts : ndarray of shape (n_landmarks,)
        The same without sample weights.
    """

    shared: sp.csr_array
    masses: np.ndarray
    counts: np.ndarray

    def __add__(self, other):
        return LandmarkShares(
            self.shared + other.shared, self.masses + other.masses, self.counts + other.counts
        )

    @property
    def node_weights(self):
        """Mean sample weight of each landmark's points; None where all weights were 1."""
        if np.array_equal(self.masses, self.counts):
            return None
        return self.masses / np.maximum(self.counts, 1e-300)


def landmark_shares(X, landmarks, *, sample_weight=None, n_jobs=None):
    """What landmarks share of a block of points: the first pass over data beyond memory.

    The shares of blocks add up, on any engine that can map and reduce;
    `HeatGeodesicEmbedding.fit_shares` then fits the landmarks alone, and its `transform` places
    the points of each block (the second pass).

    Parameters
    ----------
    X : array or sparse matrix of shape (n_points, n_features)
    landmarks : array of shape (n_landmarks, n_features)
    sample_weight : array of shape (n_points,) or None, default=None
    n_jobs : int or None, default=None

    Returns
    -------
    shares : LandmarkShares
        With `shared`, `masses`, `counts`, and ``+``.

    References
    ----------
    .. [1] W. Liu, J. He, S.-F. Chang, "Large graph construction for scalable semi-supervised
       learning", ICML (2010).

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.manifold import landmark_shares
    >>> X = np.random.default_rng(0).random((100, 2))
    >>> shares = landmark_shares(X[:50], X[:10]) + landmark_shares(X[50:], X[:10])
    >>> bool(np.isclose(shares.masses.sum(), 100))
    True
    """
    floats = [np.float64, np.float32]
    landmarks = check_array(landmarks, dtype=floats, ensure_min_samples=2, input_name="landmarks")
    X = check_array(X, accept_sparse="csr", dtype=floats, input_name="X")
    check_magnitude(X)
    if X.shape[1] != landmarks.shape[1]:
        raise ValueError(
            f"X has {X.shape[1]} features, landmarks have {landmarks.shape[1]}; they must agree."
        )
    if sample_weight is not None:
        sample_weight = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
    search = Neighbors(landmarks, n_jobs=n_jobs)
    anchors = find_anchors(X, search, min(N_ANCHORS, len(landmarks)))
    return shared_points(*anchors, len(landmarks), sample_weight)


def shared_points(distances, indices, n_landmarks, sample_weight=None):
    """`LandmarkShares` of points from their nearest landmarks.

    Parameters
    ----------
    distances, indices : arrays of shape (n_points, n_anchors)
        From `find_anchors`.
    n_landmarks : int
    sample_weight : array of shape (n_points,) or None
    """
    shared = sp.csr_array((n_landmarks, n_landmarks))
    masses, counts = np.zeros(n_landmarks), np.zeros(n_landmarks)
    for block in gen_batches(len(distances), _BLOCK):
        Z = anchor_weights(distances[block], indices[block], n_landmarks)
        count = Z.sum(axis=0)
        weighted = Z
        if sample_weight is not None:
            weighted = Z.multiply(sample_weight[block, None]).tocsr()
        shared = shared + Z.T @ weighted
        counts += count
        masses += count if sample_weight is None else weighted.sum(axis=0)
    return LandmarkShares(sp.csr_array(shared), masses, counts)


def scaled_affinity(shared, masses):
    """Affinities of landmarks: ``Z^T Z`` over the roots of both masses, without its diagonal.

    References
    ----------
    .. [1] W. Liu, J. He, S.-F. Chang, "Large graph construction for scalable semi-supervised
       learning", ICML (2010).
    """
    W = sp.csr_array(shared, copy=True)
    W.setdiag(0.0)
    W.eliminate_zeros()
    W = sp.csr_array((W + W.T) * 0.5)
    W = narrow(W)
    W.sort_indices()
    root = np.sqrt(np.maximum(masses, 1e-300))
    W.data /= np.repeat(root, np.diff(W.indptr)) * root[W.indices]
    return W
