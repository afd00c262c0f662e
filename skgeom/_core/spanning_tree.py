"""Minimum spanning trees of point clouds, distance matrices and sparse graphs.

All kernels here are exact. The two Euclidean ones work by *filter and confirm*: single-precision
arithmetic (fast; half the memory) gives a lower bound of each squared distance, with a rounding
error bound that holds for every input, and only pairs whose lower bound beats the best edge known
so far are measured, by direct differences in double precision. The tree is therefore the one of a
double-precision search, exact duplicates included, whatever the BLAS does.

Edges come as (n - 1, 2) int32 with ``edge[0] < edge[1]``, sorted by (weight, edge[0], edge[1]), and
weights as float64. `merge_tree` turns them into the single-linkage hierarchy.
"""

import numpy as np
import scipy.sparse as sp
from numba import njit
from sklearn import get_config

from skgeom._core.disjoint_set import find, new_partition, set_labels, singletons, union
from skgeom._core.spanning_boruvka import kdtree_tree

# Everything but "no NaN" and "no infinity": infinities are sentinels in these kernels.
SAFE_MATH = {"reassoc", "contract", "nsz", "arcp"}
BLOCK = 128
EPS32 = float(np.finfo(np.float32).eps)
# Share of the relative error of a squared distance left to the rounding of coordinates to float32.
TAU = 2.0**-11


@njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def _squared_distance(points, i, j):
    """Squared Euclidean distance of two rows by direct differences, accumulated in float64."""
    total = 0.0
    for k in range(points.shape[1]):
        difference = np.float64(points[i, k]) - np.float64(points[j, k])
        total += difference * difference
    return total


@njit(nogil=True, cache=True)
def _rounded_up(value, floor, unit):
    """The float32 bound that a lower bound must undercut; -inf where nothing can.

    Nothing undercuts `floor` (0, or the core distance). -inf marks tree vertices as well. `unit`
    is the factor from squared distances to the scale of the float32 filter.
    """
    if value <= floor:
        return np.float32(-np.inf)
    return np.float32(value * unit * (1.0 + 2.0 * EPS32) + 1e-44)


@njit(nogil=True, cache=True)
def _rescan_block(key, block, length, block_min, block_arg):
    """Find the smallest key of a block again, after one of its entries has gone."""
    start = block * BLOCK
    best, where = np.inf, start
    for j in range(start, min(start + BLOCK, length)):
        if key[j] < best:
            best, where = key[j], j
    block_min[block] = best
    block_arg[block] = where


@njit(nogil=True, cache=True)
def _smallest(block_min, block_arg, n_blocks):
    best = 0
    for block in range(1, n_blocks):
        if block_min[block] < block_min[best]:
            best = block
    return block_arg[best]


@njit(nogil=True, cache=True)
def _offer(j, weight, source, floor, unit, key, bound, parent, block_min, block_arg):
    """Take `weight` as the key of column j when it is smaller than the one it has."""
    if weight < key[j]:
        key[j] = weight
        bound[j] = _rounded_up(weight, floor, unit)
        parent[j] = source
        block = j // BLOCK
        if weight < block_min[block]:
            block_min[block] = weight
            block_arg[block] = j


@njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def _gram_undercuts(row, norms, bound, norm_u):
    """Whether the lower bound of any squared distance of a block undercuts what is known."""
    two, hits = np.float32(2.0), np.int32(0)
    for j in range(len(norms)):
        hits |= np.int32(norm_u + norms[j] - two * row[j] < bound[j])
    return hits != 0


@njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def prim_gram(gram, norms, points, core, unit, work, edges, weights):
    """Prim's algorithm on a single-precision Gram matrix, each key confirmed in float64.

    Parameters
    ----------
    gram : ndarray of float32, shape (n, n)
        Inner products of the centred rows.
    norms : ndarray of float32, shape (n,)
        Squared norms of the centred rows, lowered by the error bound of the Gram trick.
    points : ndarray of shape (n, d)
        Rows for direct differences.
    core : ndarray of float64, shape (n,)
        Squared core distances (zeros for the plain metric).
    unit : float
        Factor from squared distances of `points` to squared distances of the filter.
    work : tuple of ndarray
        From `_workspace`.
    edges, weights : ndarray of int32, shape (n - 1, 2), and float64, shape (n - 1,)
        Output, in the order of insertion; weights are squared.
    """
    n = len(norms)
    key, bound, parent, ids, block_min, block_arg = work
    n_blocks = len(block_min)
    u = ids[0]
    bound[u] = -np.inf
    for step in range(n - 1):
        row = gram[u]
        norm_u = norms[u]
        for block in range(n_blocks):
            start = block * BLOCK
            stop = min(start + BLOCK, n)
            if not _gram_undercuts(row[start:stop], norms[start:stop], bound[start:stop], norm_u):
                continue
            for j in range(start, stop):
                if norm_u + norms[j] - np.float32(2.0) * row[j] < bound[j]:
                    if core[u] >= key[j]:
                        continue
                    weight = max(_squared_distance(points, u, j), core[u], core[j])
                    _offer(j, weight, u, core[j], unit, key, bound, parent, block_min, block_arg)
        v = _smallest(block_min, block_arg, n_blocks)
        edges[step, 0], edges[step, 1] = parent[v], v
        weights[step] = key[v]
        key[v], bound[v] = np.inf, -np.inf
        _rescan_block(key, v // BLOCK, n, block_min, block_arg)
        u = ids[v]


@njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def _accumulate(columns, start, stop, point, total):
    """Squared distances of columns start..stop to `point`, in float32, four features at a time."""
    width = stop - start
    d = columns.shape[0]
    for j in range(width):
        total[j] = np.float32(0.0)
    k = 0
    while k + 4 <= d:
        a, b = columns[k, start:stop], columns[k + 1, start:stop]
        c, e = columns[k + 2, start:stop], columns[k + 3, start:stop]
        pa, pb, pc, pe = point[k], point[k + 1], point[k + 2], point[k + 3]
        for j in range(width):
            da, db = a[j] - pa, b[j] - pb
            dc, de = c[j] - pc, e[j] - pe
            total[j] += da * da + db * db + dc * dc + de * de
        k += 4
    while k < d:
        a, pa = columns[k, start:stop], point[k]
        for j in range(width):
            da = a[j] - pa
            total[j] += da * da
        k += 1


@njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def _undercuts(total, slack, bound, shrink, slack_u):
    """Whether the lower bound of any squared distance of a block undercuts what is known."""
    hits = np.int32(0)
    for j in range(len(slack)):
        hits |= np.int32(shrink * total[j] - slack[j] - slack_u < bound[j])
    return hits != 0


@njit(nogil=True, cache=True)
def _compact(columns, slack, key, bound, parent, ids, keep, length):
    """Move the columns that are still outside the tree to the front; return their number.

    `keep` is working memory of `length` int32 at least.
    """
    kept = 0
    for j in range(length):
        keep[kept] = j
        kept += ids[j] >= 0
    for k in range(columns.shape[0]):
        row = columns[k]
        for position in range(kept):
            row[position] = row[keep[position]]
    for position in range(kept):
        j = keep[position]
        slack[position], key[position], bound[position] = slack[j], key[j], bound[j]
        parent[position], ids[position] = parent[j], ids[j]
    return kept


@njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def prim_columns(columns, slack, points, core, unit, work, keep, total, point, edges, weights):
    """Prim's algorithm on feature columns: squared differences over contiguous columns.

    Vertices of the tree are dropped from the columns whenever they are an eighth of them, so the
    work is n² d / 2 and the memory O(n d).

    Parameters
    ----------
    columns : ndarray of float32, shape (d, n)
        Centred features, one row a feature. Overwritten.
    slack : ndarray of float32, shape (n,)
        Share of each point in the absolute error bound of a squared distance. Overwritten.
    points, core, unit, work, edges, weights
        As for `prim_gram`.
    keep, total, point : ndarray of int32, shape (n,), and float32, shape (BLOCK,) and (d,)
        Working memory.
    """
    d, n = columns.shape
    shrink = np.float32(1.0 - TAU - (d + 8) * EPS32)
    key, bound, parent, ids, block_min, block_arg = work
    n_blocks = len(block_min)
    for k in range(d):
        point[k] = columns[k, 0]
    slack_u, u, length, dead = slack[0], ids[0], n, 1
    bound[0], ids[0] = -np.inf, -1
    for step in range(n - 1):
        for block in range(n_blocks):
            start = block * BLOCK
            stop = min(start + BLOCK, length)
            _accumulate(columns, start, stop, point, total)
            if not _undercuts(total, slack[start:stop], bound[start:stop], shrink, slack_u):
                continue
            for j in range(start, stop):
                if shrink * total[j - start] - slack[j] - slack_u < bound[j]:
                    i = ids[j]
                    if core[u] >= key[j]:
                        continue
                    weight = max(_squared_distance(points, u, i), core[u], core[i])
                    _offer(j, weight, u, core[i], unit, key, bound, parent, block_min, block_arg)
        v = _smallest(block_min, block_arg, n_blocks)
        u = ids[v]
        edges[step, 0], edges[step, 1] = parent[v], u
        weights[step] = key[v]
        for k in range(d):
            point[k] = columns[k, v]
        slack_u = slack[v]
        key[v], bound[v], ids[v] = np.inf, -np.inf, -1
        dead += 1
        if dead * 8 > length and length > BLOCK:
            length = _compact(columns, slack, key, bound, parent, ids, keep, length)
            dead = 0
            n_blocks = (length + BLOCK - 1) // BLOCK
            for block in range(n_blocks):
                _rescan_block(key, block, length, block_min, block_arg)
        else:
            _rescan_block(key, v // BLOCK, length, block_min, block_arg)


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


@njit(nogil=True, cache=True)
def _kruskal_pass(edges, parent, size, chosen):
    """Mark the edges of a minimum spanning forest, taken in their order, in `chosen`."""
    missing = len(parent) - 1
    for position in range(len(edges)):
        if missing == 0:
            break
        a, b = find(parent, edges[position, 0]), find(parent, edges[position, 1])
        if a != b:
            union(parent, size, a, b)
            chosen[position] = True
            missing -= 1


def kruskal(edges, weights, n):
    """Minimum spanning forest of a graph over ``0..n-1``.

    Parameters
    ----------
    edges : ndarray of int, shape (n_edges, 2)
    weights : ndarray of float64, shape (n_edges,)
    n : int

    Returns
    -------
    edges : ndarray of int32, shape (n - n_components, 2)
    weights : ndarray of float64, shape (n - n_components,)
        Ascending.
    """
    edges, weights = sort_edges(edges, weights)
    chosen = np.zeros(len(edges), dtype=np.bool_)
    _kruskal_pass(edges, *new_partition(n), chosen)
    return edges[chosen], weights[chosen]


@njit(nogil=True, cache=True)
def _merges(edges, parent, size, cluster, ids, sizes):
    """Single-linkage merges of sorted forest edges: cluster ids and sizes on both sides.

    `parent` and `size` are singletons, `cluster` numbers them; `ids` and `sizes` of shape
    (n_edges, 2) are filled in.
    """
    n = len(parent)
    for t in range(len(edges)):
        a, b = find(parent, edges[t, 0]), find(parent, edges[t, 1])
        if cluster[a] > cluster[b]:
            a, b = b, a
        ids[t, 0], ids[t, 1] = cluster[a], cluster[b]
        sizes[t, 0], sizes[t, 1] = size[a], size[b]
        cluster[union(parent, size, a, b)] = n + t


@njit(nogil=True, cache=True)
def forest_labels(edges, n):
    """Number the connected components of a forest over ``0..n-1``.

    Returns
    -------
    labels : ndarray of int32, shape (n,)
    n_components : int
    """
    parent, size = singletons(n)
    for t in range(len(edges)):
        a, b = find(parent, edges[t, 0]), find(parent, edges[t, 1])
        if a != b:
            union(parent, size, a, b)
    return set_labels(parent)


def sort_edges(edges, weights):
    """Orient edges upwards and sort them by (weight, smaller index, larger index).

    Parameters
    ----------
    edges : ndarray of int, shape (n_edges, 2)
    weights : ndarray of shape (n_edges,)

    Returns
    -------
    edges : ndarray of int32, shape (n_edges, 2)
    weights : ndarray of shape (n_edges,)
    """
    edges = np.sort(edges, axis=1)
    order = np.lexsort((edges[:, 1], edges[:, 0], weights))
    return np.ascontiguousarray(edges[order], dtype=np.int32), weights[order]


def merge_tree(edges, weights, n_samples):
    """Single-linkage hierarchy of a sorted spanning forest.

    Parameters
    ----------
    edges : ndarray of int, shape (n_merges, 2)
    weights : ndarray of shape (n_merges,)
        Ascending.
    n_samples : int

    Returns
    -------
    linkage : ndarray of float64, shape (n_merges, 4)
        The format of `scipy.cluster.hierarchy.linkage`.
    sizes : ndarray of int64, shape (n_merges, 2)
        Number of points of the two components that each edge joins, in the order of `linkage`.
    """
    ids = np.empty((len(edges), 2), dtype=np.int64)
    sizes = np.empty_like(ids)
    _merges(edges, *new_partition(n_samples), np.arange(n_samples), ids, sizes)
    return np.column_stack([ids, weights, sizes.sum(axis=1)]).astype(np.float64), sizes


# Read from benchmarks/bench_separability.py --table (CPU seconds of one core, AVX-512).
# Number of points from which the k-d tree is the fastest, by number of features:
KDTREE_FROM_SAMPLES = dict.fromkeys(range(1, 6), 1000)
KDTREE_FROM_SAMPLES |= {6: 10_000, 7: 20_000, 8: 50_000, 9: 70_000, 10: 100_000}
# Products of matrices beat the feature columns from so many features, or so many entries.
PRODUCT_FROM_FEATURES = 80
TILES_FROM_SAMPLES = 4500
TILES_FROM_ENTRIES = 400_000


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
    """Exact Euclidean minimum spanning tree.

    Parameters
    ----------
    points : ndarray of float32 or float64, shape (n, d)
        n >= 2, finite.
    core : ndarray of float64, shape (n,), default=None
        Core distances c; the edge weights are then ``max(c_i, c_j, |x_i - x_j|)``, the mutual
        reachability distance.
    algorithm : {"auto", "prim", "gram", "tiles", "kdtree"}, default="auto"
        "prim" works on feature columns in O(n d) memory, "gram" on one n x n matrix product,
        "tiles" on tiles of it, in O(n d) memory, "kdtree" asks a k-d tree, for few features.
    memory : float, default=None
        MiB for temporaries that "auto" keeps to; None takes scikit-learn's `working_memory`.
    n_jobs : int, default=None
        Threads of "tiles". The result does not depend on it.

    Returns
    -------
    edges : ndarray of int32, shape (n - 1, 2)
    weights : ndarray of float64, shape (n - 1,)
        Ascending.
    """
    n, d = points.shape
    memory = get_config()["working_memory"] if memory is None else memory
    if algorithm == "auto":
        algorithm = choose_algorithm(n, d, memory)
    points, exponent = within_range(np.ascontiguousarray(points))
    core = np.zeros(n) if core is None else np.ldexp(core.astype(np.float64), -exponent) ** 2
    if algorithm == "tiles":
        from skgeom._core.spanning_tiles import tiled_tree  # it builds on the kernels here

        edges, weights = tiled_tree(points, core, n_jobs=n_jobs)
    elif algorithm == "kdtree":
        edges, weights = kdtree_tree(points, core)
    elif algorithm == "gram":
        edges, weights = gram_tree(points, core)
    else:
        edges, weights = column_tree(points, core)
    return sort_edges(edges, np.ldexp(np.sqrt(weights), exponent))


def column_tree(points, core):
    """Edges and squared weights, in the order of insertion, from feature columns.

    Parameters and returns as for `gram_tree`.
    """
    n = len(points)
    edges, weights = np.empty((n - 1, 2), dtype=np.int32), np.empty(n - 1)
    columns, unit = _filter_copy(points, transpose=True)
    slack = np.einsum("ji,ji->i", columns, columns) * np.float32(EPS32**2 / TAU)
    total, point = np.empty(BLOCK, dtype=np.float32), np.empty(len(columns), dtype=np.float32)
    keep, work = np.empty(n, dtype=np.int32), _workspace(n)
    prim_columns(columns, slack, points, core, unit, work, keep, total, point, edges, weights)
    return edges, weights


def gram_tree(points, core):
    """Edges and squared weights, in the order of insertion, by one product of matrices.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    core : ndarray of float64, shape (n,)
        Squared core distances.

    Returns
    -------
    edges : ndarray of int32, shape (n - 1, 2)
    weights : ndarray of float64, shape (n - 1,)
    """
    n, d = points.shape
    edges, weights = np.empty((n - 1, 2), dtype=np.int32), np.empty(n - 1)
    copy, unit = _filter_copy(points, transpose=False)
    norms = np.einsum("ij,ij->i", copy, copy) * np.float32(1 - (d + 8) * EPS32)
    prim_gram(copy @ copy.T, norms, points, core, unit, _workspace(n), edges, weights)
    return edges, weights


def _workspace(n):
    """Arrays that the Prim kernels keep the outside vertices in.

    They are made here because numba takes long to compile what makes arrays.

    Returns
    -------
    key : ndarray of float64, shape (n,)
        Squared length of the shortest edge to the tree.
    bound : ndarray of float32, shape (n,)
        What a lower bound in the scale of the filter must undercut.
    parent, ids : ndarray of int32, shape (n,)
        Other end of that edge, and the vertex of the column.
    block_min, block_arg : ndarray of float64 and int32, shape (n_blocks,)
        Smallest key of each block and where it is.
    """
    n_blocks = (n + BLOCK - 1) // BLOCK
    return (
        np.full(n, np.inf),
        np.full(n, np.inf, dtype=np.float32),
        np.zeros(n, dtype=np.int32),
        np.arange(n, dtype=np.int32),
        np.full(n_blocks, np.inf),
        np.zeros(n_blocks, dtype=np.int32),
    )


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


def _filter_copy(points, transpose):
    """Centre the points and round them to float32, scaled to order one.

    Returns
    -------
    copy : ndarray of float32, shape (n, d), or (d, n) when transposed
    unit : float
        The factor (a power of two) from squared distances of `points` to those of the copy.
    """
    n, d = points.shape
    mean = points.mean(axis=0, dtype=np.float64)
    radius = max(np.max(points.max(axis=0) - mean), np.max(mean - points.min(axis=0)))
    shift = int(np.frexp(radius)[1])
    copy = np.empty((d, n) if transpose else (n, d), dtype=np.float32)
    step = max(1, 2**20 // d)
    for start in range(0, n, step):
        rows = np.ldexp(points[start : start + step] - mean, -shift)
        if transpose:
            copy[:, start : start + step] = rows.T
        else:
            copy[start : start + step] = rows
    return copy, 2.0 ** (-2 * shift)


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
