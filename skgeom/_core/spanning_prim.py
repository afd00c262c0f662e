"""Prim's algorithm on Euclidean points, by filter and confirm.

Single-precision arithmetic (fast; half the memory) gives a lower bound of each squared distance,
with a rounding error bound that holds for every input, and only pairs whose lower bound beats the
best edge known so far are measured, by direct differences in double precision. The tree is
therefore the one of a double-precision search, exact duplicates included, whatever the BLAS does.
"""

import numpy as np
from numba import njit
from scipy.linalg.blas import ssyrk

# Everything but "no NaN" and "no infinity": infinities are sentinels in these kernels.
SAFE_MATH = {"reassoc", "contract", "nsz", "arcp"}
BLOCK = 128
EPS32 = float(np.finfo(np.float32).eps)
# Share of the relative error of a squared distance left to the rounding of coordinates to float32.
TAU = 2.0**-11


@njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def squared_distance(points, i, j):
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
                    weight = max(squared_distance(points, u, j), core[u], core[j])
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
                    weight = max(squared_distance(points, u, i), core[u], core[i])
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


def column_tree(points, core):
    """Edges and squared weights, in the order of insertion, from feature columns.

    Parameters and returns as for `gram_tree`.
    """
    n = len(points)
    edges, weights = np.empty((n - 1, 2), dtype=np.int32), np.empty(n - 1)
    columns, unit = filter_copy(points, transpose=True)
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
    copy, unit = filter_copy(points, transpose=False)
    norms = np.einsum("ij,ij->i", copy, copy) * np.float32(1 - (d + 8) * EPS32)
    prim_gram(_gram(copy), norms, points, core, unit, _workspace(n), edges, weights)
    return edges, weights


def _gram(rows):
    """``rows @ rows.T`` from the half that BLAS computes: numpy mirrors it entry by entry."""
    n, width = len(rows), 256
    target = np.empty((n, n), dtype=np.float32)
    gram = ssyrk(1.0, rows.T, trans=1, lower=1, c=target.T, overwrite_c=1).T
    for start in range(0, n, width):
        stop = start + width
        gram[stop:, start:stop] = gram[start:stop, stop:].T
        corner = gram[start:stop, start:stop]
        corner[:] = np.triu(corner) + np.triu(corner, 1).T
    return gram


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


def filter_copy(points, transpose):
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
    step = max(1, 2**15 // d)  # a block that stays in the cache
    for start in range(0, n, step):
        rows = (points[start : start + step] - mean) * 2.0**-shift
        if transpose:
            copy[:, start : start + step] = rows.T
        else:
            copy[start : start + step] = rows
    return copy, 2.0 ** (-2 * shift)
