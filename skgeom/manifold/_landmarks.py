"""Landmarks for many points, and the graph that the points span between them."""

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import euclidean_distances
from sklearn.utils import gen_batches

from skgeom._core.parallel import single_openmp_thread
from skgeom.manifold._affinity import narrow

LANDMARK_METHODS = ("kmeans", "random", "maxmin")
# landmarks that share a point
N_ANCHORS = 5
_SAMPLES_PER_LANDMARK = 50
_BLOCK = 16384
_BLOCK_ENTRIES = 2**24


def row_blocks(X):
    """Slices of rows such that a block's temporaries stay small."""
    return gen_batches(X.shape[0], min(_BLOCK, max(64, _BLOCK_ENTRIES // X.shape[1])))


def choose_landmarks(X, n_landmarks, method, random_state):
    """Coordinates of landmarks, and their row numbers where they are rows of X.

    Parameters
    ----------
    X : array or CSR of shape (n_points, n_features)
    n_landmarks : int
    method : {"kmeans", "random", "maxmin"}
        k-means centres of a sample; rows drawn at random; rows each of which is the farthest
        from those before.
    random_state : RandomState

    Returns
    -------
    landmarks : array of shape (n_landmarks, n_features)
    indices : int array of shape (n_landmarks,) or None
    """
    n_points = X.shape[0]
    if method == "random":
        indices = np.sort(random_state.choice(n_points, n_landmarks, replace=False))
    elif method == "maxmin":
        indices = _farthest_points(X, n_landmarks, random_state)
    else:
        return _kmeans_centres(X, n_landmarks, random_state), None
    return X[indices], indices


def _kmeans_centres(X, n_landmarks, random_state):
    n_sample = min(X.shape[0], _SAMPLES_PER_LANDMARK * n_landmarks)
    sample = X
    if n_sample < X.shape[0]:
        sample = X[np.sort(random_state.choice(X.shape[0], n_sample, replace=False))]
    kmeans = MiniBatchKMeans(
        n_landmarks,
        init="random",
        n_init=1,
        batch_size=4096,
        max_iter=3,
        tol=0.0,
        max_no_improvement=None,
        random_state=random_state,
    )
    with single_openmp_thread():
        return kmeans.fit(sample).cluster_centers_


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


def shared_points(distances, indices, n_landmarks):
    """How much of the points each two landmarks share: ``Z^T Z``, and the landmarks' masses.

    Those of several sets of points add up.

    Parameters
    ----------
    distances, indices : arrays of shape (n_points, n_anchors)
        From `find_anchors`.
    n_landmarks : int

    Returns
    -------
    shared : csr_array of shape (n_landmarks, n_landmarks)
    masses : float64 array of shape (n_landmarks,)
    """
    shared = sp.csr_array((n_landmarks, n_landmarks))
    masses = np.zeros(n_landmarks)
    for block in gen_batches(len(distances), _BLOCK):
        Z = anchor_weights(distances[block], indices[block], n_landmarks)
        shared = shared + Z.T @ Z
        masses += Z.sum(axis=0)
    return shared, masses


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
