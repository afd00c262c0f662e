"""Kernels of the orbit adjacencies: sums over the walks of two and three steps from a row.

A graph is the pattern of a symmetric CSR matrix without diagonal: `indptr` and `indices`, sorted.
Nothing here visits the subgraphs on four nodes one by one, but for the pairs of triangles that
share an edge.
"""

import numpy as np
from numba import njit

COUNT, NEXT, ROUND, SHARED = range(4)  # columns of the accumulator
SCAN_SHARE = 16  # rows with more than 1 / 16 of all columns are read in order, not sorted


@njit(nogil=True, cache=True)
def triangle_rows(start, stop, indptr, indices, triangles, sizes):
    """Count the triangles on each edge, and the nodes at distance two of each node.

    Parameters
    ----------
    start, stop : int
    indptr : ndarray of int, shape (n + 1,)
    indices : ndarray of int, shape (nnz,)
    triangles : ndarray of int32 or int64, shape (nnz,), written
        Number of common neighbours of both ends.
    sizes : ndarray of int64, shape (n,), written
        Number of nodes that are no neighbours and have a common neighbour.
    """
    n = len(indptr) - 1
    near, seen = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    for u in range(start, stop):
        for i in range(indptr[u], indptr[u + 1]):
            near[indices[i]] = u
        seen[u] = u
        size = 0
        for i in range(indptr[u], indptr[u + 1]):
            v = indices[i]
            common = 0
            for j in range(indptr[v], indptr[v + 1]):
                w = indices[j]
                if near[w] == u:
                    common += 1
                elif seen[w] != u:
                    seen[w] = u
                    size += 1
            triangles[i] = common
        sizes[u] = size


@njit(nogil=True, cache=True)
def common_rows(start, stop, indptr, indices, offsets, common):
    """List the common neighbours of both ends of each edge (v, x) with v < x.

    Parameters
    ----------
    start, stop : int
    indptr, indices : ndarray of int
    offsets : ndarray of int64, shape (nnz + 1,)
        Where the list of an edge begins; those of edges with v > x are empty.
    common : ndarray of int32 or int64, shape (offsets[-1],), written
    """
    near = np.full(len(indptr) - 1, -1, np.int64)
    for v in range(start, stop):
        for i in range(indptr[v], indptr[v + 1]):
            near[indices[i]] = v
        for i in range(indptr[v], indptr[v + 1]):
            x, place = indices[i], offsets[i]
            if place == offsets[i + 1]:
                continue
            for j in range(indptr[x], indptr[x + 1]):
                if near[indices[j]] == v:
                    common[place] = indices[j]
                    place += 1


@njit(nogil=True, cache=True)
def _walk_two_steps(u, indptr, indices, triangles, offsets, common, near, sums, touched):
    """Sum over the walks u, v, w; returns how many nodes w at distance two are in `touched`."""
    n_touched = 0
    for i in range(indptr[u], indptr[u + 1]):
        v = indices[i]
        rest = indptr[v + 1] - indptr[v] - triangles[i]
        for j in range(indptr[v], indptr[v + 1]):
            w = indices[j]
            if w == u:
                continue
            if near[w] != u:
                if sums[w, COUNT] == 0:
                    touched[n_touched] = w
                    n_touched += 1
            else:
                for k in range(offsets[j], offsets[j + 1]):
                    sums[common[k], SHARED] += 1
            sums[w, COUNT] += 1
            sums[w, NEXT] += triangles[j]
            sums[w, ROUND] += rest
    return n_touched


@njit(nogil=True, cache=True)
def _sort(keys, n):
    """Shell's sort of the first n keys: numba's own would be compiled into each kernel."""
    gap = 1
    while 9 * gap < 4 * n:
        gap = 9 * gap // 4 + 1
    while gap > 0:
        for i in range(gap, n):
            key, j = keys[i], i
            while j >= gap and keys[j - gap] > key:
                keys[j] = keys[j - gap]
                j -= gap
            keys[j] = key
        gap = 4 * gap // 9


@njit(nogil=True, cache=True)
def _in_order(touched, n_touched, values):
    """Sort the columns where a row is not zero, by scanning it where they are many."""
    if SCAN_SHARE * n_touched < len(values):
        _sort(touched, n_touched)
        return
    place = 0
    for w in range(len(values)):
        if values[w] > 0:
            touched[place] = w
            place += 1


@njit(nogil=True, cache=True)
def orbit_rows(
    start,
    stop,
    indptr,
    indices,
    triangles,
    offsets,
    common,
    edges,
    pair_indptr,
    pair_indices,
    pairs,
):
    """Sum what the orbit adjacencies of one and two hops are made of.

    With A the adjacency, T the triangles of the edges, D the degrees, P the number of common
    neighbours of a pair that is no edge, and M the number of edges among the common neighbours:

    Parameters
    ----------
    start, stop : int
    indptr, indices, triangles, offsets, common : ndarray of int
        The graph; what `triangle_rows` and `common_rows` have found.
    edges : ndarray of int32 or int64, shape (4, nnz), written
        On the edges: A T, A D A - T A, P A and M.
    pair_indptr : ndarray of int64, shape (n + 1,)
        Rows of the pairs at distance two; of shape (1,) when they are not wanted.
    pair_indices : ndarray of int, shape (n_pairs,), written
    pairs : 4 ndarrays of the dtype of `edges`, shape (n_pairs,), written
        On the pairs at distance two: P, A T, A D A - T A - A T and M.
    """
    n = len(indptr) - 1
    near = np.full(n, -1, np.int64)
    sums = np.zeros((n, 4), edges.dtype)
    touched = np.empty(n, np.int64)
    for u in range(start, stop):
        for i in range(indptr[u], indptr[u + 1]):
            near[indices[i]] = u
        n_touched = _walk_two_steps(
            u, indptr, indices, triangles, offsets, common, near, sums, touched
        )
        for i in range(indptr[u], indptr[u + 1]):
            v, reached = indices[i], 0
            for j in range(indptr[v], indptr[v + 1]):
                if near[indices[j]] != u:
                    reached += sums[indices[j], COUNT]
            edges[0, i], edges[1, i] = sums[v, NEXT], sums[v, ROUND]
            edges[2, i], edges[3, i] = reached, sums[v, SHARED]
        for i in range(indptr[u], indptr[u + 1]):
            sums[indices[i]] = 0
        sums[u] = 0
        if len(pair_indptr) > 1:
            _in_order(touched, n_touched, sums[:, COUNT])
            for k in range(n_touched):
                w, place = touched[k], pair_indptr[u] + k
                pair_indices[place] = w
                pairs[0][place], pairs[1][place] = sums[w, COUNT], sums[w, NEXT]
                pairs[2][place] = sums[w, ROUND] - sums[w, NEXT]
                pairs[3][place] = sums[w, SHARED]
        for k in range(n_touched):
            sums[touched[k]] = 0


@njit(nogil=True, cache=True)
def path_rows(
    start, stop, indptr, indices, pair_indptr, pair_indices, pairs, out_indptr, out_indices, out
):
    """Count the induced paths of four nodes between their ends.

    Parameters
    ----------
    start, stop : int
    indptr, indices, pair_indptr, pair_indices : ndarray of int
    pairs : 4 ndarrays of int
        The graph and its pairs, as in `orbit_rows`.
    out_indptr : ndarray of int64, shape (n + 1,)
        Where rows begin; written, with the number of entries of row u at u + 1, when `out` is
        empty.
    out_indices : ndarray of int, shape (n_entries,), written
    out : ndarray of the dtype of `pairs`, shape (n_entries,), written
    """
    n = len(indptr) - 1
    near = np.full(n, -1, np.int64)
    sums, touched = np.zeros(n, out.dtype), np.empty(n, np.int64)
    for u in range(start, stop):
        near[u] = u
        for i in range(indptr[u], indptr[u + 1]):
            near[indices[i]] = u
        n_touched = 0
        for p in range(pair_indptr[u], pair_indptr[u + 1]):
            w = pair_indices[p]
            for j in range(indptr[w], indptr[w + 1]):
                v = indices[j]
                if near[v] != u:
                    if sums[v] == 0:
                        touched[n_touched] = v
                        n_touched += 1
                    sums[v] += pairs[0][p]
        # walks whose second node is a neighbour of the last one close a triangle with a tail
        for p in range(pair_indptr[u], pair_indptr[u + 1]):
            sums[pair_indices[p]] -= pairs[1][p] - 2 * pairs[3][p]
        if len(out) > 0:
            _write_row(touched, n_touched, sums, out_indptr[u], out_indices, out)
        else:
            size = 0
            for k in range(n_touched):
                size += sums[touched[k]] > 0
            out_indptr[u + 1] = size
        for k in range(n_touched):
            sums[touched[k]] = 0


@njit(nogil=True, cache=True)
def _write_row(touched, n_touched, sums, place, out_indices, out):
    """Write the entries of a row that are not zero, in order."""
    n_kept = 0
    for k in range(n_touched):
        if sums[touched[k]] > 0:
            touched[n_kept] = touched[k]
            n_kept += 1
    _in_order(touched, n_kept, sums)
    for k in range(n_kept):
        out_indices[place + k] = touched[k]
        out[place + k] = sums[touched[k]]
