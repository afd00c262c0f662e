"""Minimum spanning trees of point clouds, distance matrices and sparse graphs: the entries.

The kernels for Euclidean points are in `spanning_prim` (feature columns, or one product of
matrices), `spanning_tiles` (tiles of that product) and `spanning_boruvka` (a k-d tree): all exact.
`spanning_neighbors` (lists of nearest neighbours) says how much of its tree is certified.

Edges come as (n - 1, 2) int32 with ``edge[0] < edge[1]``, sorted by (weight, edge[0], edge[1]), and
weights as float64. `spanning_forest.merge_tree` turns them into the single-linkage hierarchy.
"""

import numpy as np
import scipy.sparse as sp
from numba import njit
from sklearn import get_config

from skgeom._core.spanning_boruvka import kdtree_tree
from skgeom._core.spanning_forest import kruskal, sort_edges
from skgeom._core.spanning_neighbors import neighbor_tree
from skgeom._core.spanning_prim import column_tree, gram_tree
from skgeom._core.spanning_tiles import tiled_tree

# Read from benchmarks/bench_separability.py --table (CPU seconds of one core, AVX-512).
# Number of points from which the k-d tree is the fastest, by number of features:
KDTREE_FROM_SAMPLES = {1: 500, 2: 500, 3: 2000, 4: 4000, 5: 8000, 6: 8000}
KDTREE_FROM_SAMPLES |= {7: 16_000, 8: 32_000, 9: 40_000, 10: 50_000}
# Products of matrices beat the feature columns from so many features, or so many entries.
PRODUCT_FROM_FEATURES = 80
TILES_FROM_SAMPLES = 4500
TILES_FROM_ENTRIES = 400_000


@njit(nogil=True, cache=True)
def _prim_rows(rows, slots, u, step, key, parent, outside, core, edges, weights):
    """Grow the tree from vertex u as long as the distance rows of its vertices are at hand.

    Returns
    -------
    u : int
        The vertex whose row is missing.
    step : int
        Number of edges found so far; n - 1 when the tree is complete.
    """
    n = len(key)
    while step < n - 1 and slots[u] >= 0:
        row = rows[slots[u]]
        best, v = np.inf, -1
        for j in range(n):
            if outside[j]:
                weight = max(row[j], core[u], core[j])
                if weight < key[j]:
                    key[j] = weight
                    parent[j] = u
                if v < 0 or key[j] < best:
                    best, v = key[j], j
        edges[step, 0], edges[step, 1] = parent[v], v
        weights[step] = key[v]
        outside[v] = False
        u = v
        step += 1
    return u, step


def choose_algorithm(n_samples, n_features, memory):
    """Name the Euclidean kernel for a size, from the measured table.

    Parameters
    ----------
    n_samples, n_features : int
    memory : float
        MiB for temporaries.

    Returns
    -------
    algorithm : {"kdtree", "prim", "gram", "tiles"}
    """
    if n_samples >= KDTREE_FROM_SAMPLES.get(n_features, np.inf):
        return "kdtree"
    fits = 4 * n_samples**2 <= memory * 2**20
    if fits and n_samples < TILES_FROM_SAMPLES:
        return "gram" if n_features >= PRODUCT_FROM_FEATURES else "prim"
    return "tiles" if n_samples * n_features >= TILES_FROM_ENTRIES else "prim"


def euclidean_tree(points, *, core=None, algorithm="auto", memory=None, n_jobs=None):
    """Exact Euclidean minimum spanning tree; or, with "knn", one that is nearly so.

    Parameters
    ----------
    points : ndarray of float32 or float64, shape (n, d)
        n >= 2, finite.
    core : ndarray of float64, shape (n,), default=None
        Core distances c; the edge weights are then ``max(c_i, c_j, |x_i - x_j|)``, the mutual
        reachability distance.
    algorithm : {"auto", "prim", "gram", "tiles", "kdtree", "knn"}, default="auto"
        "prim" works on feature columns in O(n d) memory, "gram" on one n x n matrix product,
        "tiles" on tiles of it, in O(n d) memory, "kdtree" asks a k-d tree, for few features.
        "knn" completes the forest of a graph of nearest neighbours; "auto" never takes it.
    memory : float, default=None
        MiB for temporaries that "auto" keeps to; None takes scikit-learn's `working_memory`.
    n_jobs : int, default=None
        Threads of "tiles" and "knn". The result does not depend on it.

    Returns
    -------
    edges : ndarray of int32, shape (n - 1, 2)
    weights : ndarray of float64, shape (n - 1,)
        Ascending.
    """
    return certified_tree(points, core, algorithm, memory, n_jobs)[:2]


def certified_tree(points, core=None, algorithm="auto", memory=None, n_jobs=None):
    """`euclidean_tree`, and the share of edges certified to belong to the minimum spanning tree.

    Returns
    -------
    edges : ndarray of int32, shape (n - 1, 2)
    weights : ndarray of float64, shape (n - 1,)
        Ascending.
    exact_fraction : float
        1.0 but for "knn".
    """
    n, d = points.shape
    memory = get_config()["working_memory"] if memory is None else memory
    if algorithm == "auto":
        algorithm = choose_algorithm(n, d, memory)
    points, exponent = within_range(np.ascontiguousarray(points))
    core = np.zeros(n) if core is None else np.ldexp(core.astype(np.float64), -exponent) ** 2
    exact_fraction = 1.0
    if algorithm == "tiles":
        edges, weights = tiled_tree(points, core, n_jobs=n_jobs)
    elif algorithm == "kdtree":
        edges, weights = kdtree_tree(points, core)
    elif algorithm == "gram":
        edges, weights = gram_tree(points, core)
    elif algorithm == "knn":
        edges, weights, exact_fraction = neighbor_tree(points, core, n_jobs=n_jobs)
    else:
        edges, weights = column_tree(points, core)
    return *sort_edges(edges, np.ldexp(np.sqrt(weights), exponent)), exact_fraction


def within_range(points):
    """Scale points by a power of two where squared distances would leave the range of float64.

    Parameters
    ----------
    points : ndarray of shape (n, d)

    Returns
    -------
    points : ndarray of shape (n, k), 1 <= k <= d
        `points`, or ``points * 2 ** -exponent`` in float64 without the columns that are constant;
        one column of zeros when all are.
    exponent : int
    """
    low, high = points.min(axis=0), points.max(axis=0)
    varying = high != low
    if not varying.any():
        return np.zeros((len(points), 1)), 0
    exponent = int(np.frexp(max(high[varying].max(), -low[varying].min()))[1])
    if -400 < exponent < 400:
        return points, 0
    return np.ldexp(points[:, varying].astype(np.float64), -exponent), exponent


def metric_tree(distances, n_samples, *, core=None, memory=None):
    """Exact minimum spanning tree of any dissimilarity, from batches of its rows.

    Parameters
    ----------
    distances : callable
        ``distances(rows)`` returns the (len(rows), n_samples) distances of the given rows
        (ndarray of int) to all points.
    n_samples : int
    core : ndarray of float64, shape (n_samples,), default=None
        Core distances, as for `euclidean_tree`.
    memory : float, default=None
        MiB for the rows held at a time; None takes scikit-learn's `working_memory`.

    Returns
    -------
    edges : ndarray of int32, shape (n_samples - 1, 2)
    weights : ndarray of float64, shape (n_samples - 1,)
        Ascending.
    """
    n = n_samples
    memory = get_config()["working_memory"] if memory is None else memory
    n_rows = int(min(n, max(1, memory * 2**20 // (8 * n))))
    core = np.zeros(n) if core is None else np.asarray(core, dtype=np.float64)
    key, outside = np.full(n, np.inf), np.ones(n, dtype=np.bool_)
    parent = np.zeros(n, dtype=np.int32)
    edges, weights = np.empty((n - 1, 2), dtype=np.int32), np.empty(n - 1)
    u, step = 0, 0
    outside[0] = False
    while step < n - 1:
        batch = _next_vertices(u, key, outside, n_rows)
        slots = np.full(n, -1, dtype=np.int32)
        slots[batch] = np.arange(len(batch))
        rows = np.ascontiguousarray(distances(batch), dtype=np.float64)
        u, step = _prim_rows(rows, slots, u, step, key, parent, outside, core, edges, weights)
    return sort_edges(edges, weights)


def _next_vertices(u, key, outside, n_rows):
    """The vertex whose row is needed now, and those outside the tree that are closest to it."""
    candidates = np.flatnonzero(outside)
    if len(candidates) > n_rows - 1:
        nearest = np.argsort(key[candidates], kind="stable")[: n_rows - 1]
        candidates = np.sort(candidates[nearest])
    return np.concatenate([[u], candidates]).astype(np.int64)


def graph_forest(graph, *, core=None):
    """Exact minimum spanning forest of a sparse symmetric graph; stored zeros are edges.

    Parameters
    ----------
    graph : csr_array of shape (n, n)
        Symmetric weights; a pair that is not stored is not an edge.
    core : ndarray of shape (n,), default=None
        Core distances, as for `euclidean_tree`; a point whose core distance is infinite has no
        edges.

    Returns
    -------
    edges : ndarray of int32, shape (n - n_components, 2)
    weights : ndarray of float64, shape (n - n_components,)
        Ascending.
    """
    coo = sp.coo_array(graph)
    # Both directions may be stored, or one: each stored entry off the diagonal is an edge.
    off = coo.row != coo.col
    edges = np.column_stack([coo.row[off], coo.col[off]]).astype(np.int32)
    weights = coo.data[off].astype(np.float64)
    if core is not None:
        weights = np.maximum(weights, np.maximum(core[edges[:, 0]], core[edges[:, 1]]))
        reached = np.isfinite(weights)
        edges, weights = edges[reached], weights[reached]
    return kruskal(edges, weights, graph.shape[0])
