"""Numba kernels of the manifold room: plain arrays in, plain arrays out.

All are serial over a range of rows (or of tile pairs) and release the GIL; the threads come from
`skgeom._core.parallel`.
"""

import numpy as np
from numba import njit

from skgeom._core.registers import add_row, length_of, store_block, zero_block

# columns of `recurrence_rows` must be a multiple of this
COLUMN_STEP = 8
_GROUPS = 128


def _column_sums(n_bytes):
    """Make the function that sums `n_bytes` of a row of a sparse-dense product at a time."""

    @njit(nogil=True, forceinline=True)
    def sum_columns(column, begin, end, indices, data, x, row):
        zero = zero_block(row, n_bytes)
        while column + length_of(zero) <= x.shape[1]:
            total = zero
            for e in range(begin, end):
                total = add_row(total, x, indices[e], column, data[e])
            store_block(total, row, 0, column)
            column += length_of(zero)
        return column

    return sum_columns


_sum_wide = _column_sums(512)
_sum_narrow = _column_sums(8 * COLUMN_STEP)


@njit(nogil=True, cache=True)
def recurrence_rows(
    start, stop, indptr, indices, data, alpha, beta, current, previous, coefs, sums
):
    """One step of a three-term recurrence, fused with its weighted sums.

    Replaces ``previous`` by ``alpha * A @ current + beta * previous`` (row i of it is read for
    row i alone, so this can be done in place) and adds ``coefs[s]`` times the result to
    ``sums[s]``. With ``beta = 0`` it is a step of a power series.

    Parameters
    ----------
    indptr, indices, data : CSR arrays of A, shape (n, n)
    current, previous : float64 arrays of shape (n, p), p a multiple of `COLUMN_STEP`
    coefs : float64 array of shape (s,)
    sums : float64 array of shape (s, n, p)
    """
    n_columns = current.shape[1]
    row = np.empty((1, n_columns))
    for i in range(start, stop):
        column = _sum_wide(0, indptr[i], indptr[i + 1], indices, data, current, row)
        _sum_narrow(column, indptr[i], indptr[i + 1], indices, data, current, row)
        for c in range(n_columns):
            value = alpha * row[0, c]
            if beta != 0.0:
                value += beta * previous[i, c]
            row[0, c] = value
            previous[i, c] = value
        for s in range(coefs.shape[0]):
            if coefs[s] != 0.0:
                for c in range(n_columns):
                    sums[s, i, c] += coefs[s] * row[0, c]


@njit(nogil=True, cache=True)
def _keep_least(value, place, values, places, most):
    """Replace the largest of the kept values; returns where the largest is then."""
    values[most] = value
    places[most] = place
    for k in range(len(values)):
        if values[k] > values[most]:
            most = k
    return most


@njit(nogil=True, cache=True)
def least_gaps(start, stop, products, half, indices, worst):
    """Columns of the k least ``half[j] - products[i, j]`` of each row, in no order.

    The columns j, j + 128, ... are a group; the k groups whose least gaps are the least hold all
    that can be below the k-th of these.

    Parameters
    ----------
    products : float32 array of shape (n_rows, n)
    half : float32 array of shape (n,)
    indices : int64 array of shape (n_rows, k), written
    worst : float64 array of shape (n_rows,), written
        The largest of the k, which no other column goes below.
    """
    n, k = products.shape[1], indices.shape[1]
    least = np.empty(_GROUPS, np.float32)
    gaps = np.empty(k, np.float32)
    groups = np.empty(k, np.int64)
    for i in range(start, stop):
        row = products[i]
        least[:] = np.inf
        for begin in range(0, n, _GROUPS):
            halves = half[begin : begin + _GROUPS]
            part = row[begin : begin + _GROUPS]
            for g in range(len(part)):
                gap = halves[g] - part[g]
                least[g] = gap if gap < least[g] else least[g]
        gaps[:] = np.inf
        most = 0
        for g in range(min(_GROUPS, n)):
            if least[g] < gaps[most]:
                most = _keep_least(least[g], g, gaps, groups, most)
        limit = gaps[most]
        gaps[:] = np.inf
        indices[i] = 0
        most = 0
        for g in range(min(_GROUPS, n)):
            if least[g] <= limit:
                for j in range(g, n, _GROUPS):
                    if half[j] - row[j] < gaps[most]:
                        most = _keep_least(half[j] - row[j], j, gaps, indices[i], most)
        worst[i] = gaps[most]


@njit(nogil=True, cache=True)
def complete_columns(start, stop, indptr, indices, sources, roots):
    """Fill what underflowed in columns of ``sqrt(-log h)``, outwards along the graph.

    Row k of `roots` belongs to the source ``sources[k]``; unknown entries are infinite. An
    unknown entry is the least value among the neighbours that are one hop nearer to the source,
    plus the column's growth over the last hop that is known (growth of the least value among the
    nodes of a hop number). What the source does not reach stays infinite.
    """
    n = roots.shape[1]
    hops = np.empty(n, np.int64)
    queue = np.empty(n, np.int64)
    least = np.empty(n + 1)
    for k in range(start, stop):
        column = roots[k]
        hops[:] = -1
        least[:] = np.inf
        hops[sources[k]] = 0
        queue[0] = sources[k]
        head, tail = 0, 1
        last = 0
        while head < tail:
            i = queue[head]
            head += 1
            if column[i] < np.inf:
                last = hops[i]
                least[last] = min(least[last], column[i])
            for e in range(indptr[i], indptr[i + 1]):
                j = indices[e]
                if hops[j] < 0:
                    hops[j] = hops[i] + 1
                    queue[tail] = j
                    tail += 1
        slope = 27.0  # sqrt(-log of the smallest float), where nothing but the source is known
        if last > 0:
            slope = least[last] - least[last - 1]
            if not 0.0 < slope < np.inf:
                slope = least[last] / last
        for q in range(tail):
            i = queue[q]
            if column[i] < np.inf:
                continue
            best = np.inf
            for e in range(indptr[i], indptr[i + 1]):
                j = indices[e]
                if hops[j] < hops[i] and column[j] < best:
                    best = column[j]
            column[i] = best + slope


@njit(nogil=True, cache=True)
def heat_distance_rows(start, stop, log_h, log_diag_rows, log_diag_columns, factor, sigma, out):
    """``sqrt(max(0, factor * (sigma * log mean(h_ii, h_jj) - log h_ij)))``, row by row."""
    for i in range(start, stop):
        a = log_diag_rows[i]
        for j in range(log_h.shape[1]):
            gap = -log_h[i, j]
            if sigma != 0.0:
                b = log_diag_columns[j]
                gap += sigma * (max(a, b) + np.log(0.5 + 0.5 * np.exp(-abs(a - b))))
            out[i, j] = np.sqrt(factor * gap) if gap > 0.0 else 0.0


@njit(nogil=True, cache=True)
def mix_log_rows(start, stop, indptr, indices, weights, log_h, out):
    """``log(sum_j z_ij exp(log_h[j]))`` for sparse non-negative weights z, without underflow."""
    n_columns = log_h.shape[1]
    for i in range(start, stop):
        if indptr[i + 1] - indptr[i] == 1 and weights[indptr[i]] == 1.0:
            for c in range(n_columns):
                out[i, c] = log_h[indices[indptr[i]], c]
            continue
        for c in range(n_columns):
            top = -np.inf
            for e in range(indptr[i], indptr[i + 1]):
                top = max(top, log_h[indices[e], c])
            if top == -np.inf:
                out[i, c] = top
                continue
            total = 0.0
            for e in range(indptr[i], indptr[i + 1]):
                total += weights[e] * np.exp(log_h[indices[e], c] - top)
            out[i, c] = top + np.log(total)


@njit(nogil=True, cache=True)
def weighted_row_distances(start, stop, rows, others, weights, out):
    """``sqrt(sum_c weights[c] (rows[i, c] - others[j, c])^2)``, row by row."""
    for i in range(start, stop):
        for j in range(others.shape[0]):
            total = 0.0
            for c in range(rows.shape[1]):
                gap = rows[i, c] - others[j, c]
                total += weights[c] * gap * gap
            out[i, j] = np.sqrt(total)


@njit(nogil=True, cache=True, fastmath={"contract", "arcp", "nsz", "reassoc"})
def sgd_tile_pairs(start, stop, pairs, offsets, targets, weights, eta, positions):
    """Stress SGD over tile pairs that share no node.

    A tile pair (I, J) is walked along its wrapped diagonals: the pairs (i, i + o mod b) for one
    offset o share no node, so they are updated together, in vector registers, and the outcome is
    that of plain SGD in this order.

    Parameters
    ----------
    pairs : int array of shape (n_pairs, 2), tiles I != J
    offsets : int array of shape (n_pairs,), where the pair's block begins in `targets`
    targets : float32 array of shape (n_blocks, b, b), ``[o, i]`` the distance of the nodes i of I
        and i + o mod b of J; negative where there is no such pair
    weights : float32 array like `targets`, or of shape (0, b, b) for all weights 1
    eta : float32, learning rate
    positions : float32 array of shape (n_components, n_tiles * b)
    """
    n_components = positions.shape[0]
    size = targets.shape[2]
    weighted = weights.shape[0] > 0
    one = np.float32(1.0)
    half = np.float32(0.5)
    zero = np.float32(0.0)
    left = np.empty((n_components, size), np.float32)
    right = np.empty((n_components, 2 * size), np.float32)
    delta = np.empty((n_components, size), np.float32)
    step = np.empty(size, np.float32)
    for k in range(start, stop):
        a, b = pairs[k, 0] * size, pairs[k, 1] * size
        for c in range(n_components):
            for i in range(size):
                left[c, i] = positions[c, a + i]
                right[c, i] = positions[c, b + i]
        for o in range(size):
            target = targets[offsets[k], o]
            # node i of I meets right[o + i]: what wraps around is copied behind the tile's end
            for c in range(n_components):
                for i in range(o):
                    right[c, size + i] = right[c, i]
            for i in range(size):
                step[i] = zero
            for c in range(n_components):
                for i in range(size):
                    gap = left[c, i] - right[c, o + i]
                    delta[c, i] = gap
                    step[i] += gap * gap
            if weighted:
                weight = weights[offsets[k], o]
                for i in range(size):
                    mu = min(one, weight[i] * eta) * half
                    mu = mu if target[i] >= zero else zero
                    length = np.sqrt(step[i])
                    step[i] = mu * (length - target[i]) / max(length, np.float32(1e-20))
            else:
                mu = min(one, eta) * half
                for i in range(size):
                    rate = mu if target[i] >= zero else zero
                    length = np.sqrt(step[i])
                    step[i] = rate * (length - target[i]) / max(length, np.float32(1e-20))
            for c in range(n_components):
                for i in range(size):
                    move = step[i] * delta[c, i]
                    left[c, i] -= move
                    right[c, o + i] += move
            for c in range(n_components):
                for i in range(o):
                    right[c, i] = right[c, size + i]
        for c in range(n_components):
            for i in range(size):
                positions[c, a + i] = left[c, i]
                positions[c, b + i] = right[c, i]


@njit(nogil=True, cache=True)
def sgd_inside_tiles(start, stop, size, targets, weights, eta, positions):
    """Stress SGD over the pairs inside tiles ``start..stop``.

    `targets` of shape (n_tiles, b, b) holds the plain (unskewed) diagonal blocks.
    """
    n_components = positions.shape[0]
    weighted = weights.shape[0] > 0
    one = np.float32(1.0)
    for k in range(start, stop):
        base = k * size
        for i in range(size):
            for j in range(i + 1, size):
                target = targets[k, i, j]
                if target < 0:
                    continue
                mu = min(one, eta * weights[k, i, j]) if weighted else min(one, eta)
                square = np.float32(0.0)
                for c in range(n_components):
                    gap = positions[c, base + i] - positions[c, base + j]
                    square += gap * gap
                length = max(np.sqrt(square), np.float32(1e-20))
                step = np.float32(0.5) * mu * (length - target) / length
                for c in range(n_components):
                    move = step * (positions[c, base + i] - positions[c, base + j])
                    positions[c, base + i] -= move
                    positions[c, base + j] += move


@njit(nogil=True, cache=True)
def guttman_rows(start, stop, distances, weights, positions, out):
    """Rows of ``B(Y) Y`` of SMACOF, and this range's share of the stress.

    Parameters
    ----------
    distances : float array of shape (n, n)
    weights : float array of shape (n, n), or of shape (0, 0) for all weights 1
    positions : float64 array of shape (n, n_components)
    out : float64 array of shape (n, n_components)

    Returns
    -------
    residual, total : float
        Sums of ``w (d_ij - |y_i - y_j|)^2`` and of ``w d_ij^2`` over the range's rows.
    """
    n, n_components = positions.shape
    weighted = weights.shape[0] > 0
    residual = 0.0
    total = 0.0
    for i in range(start, stop):
        for c in range(n_components):
            out[i, c] = 0.0
        for j in range(n):
            if i == j:
                continue
            weight = weights[i, j] if weighted else 1.0
            square = 0.0
            for c in range(n_components):
                gap = positions[i, c] - positions[j, c]
                square += gap * gap
            length = np.sqrt(square)
            target = distances[i, j]
            residual += weight * (target - length) ** 2
            total += weight * target * target
            if length > 0.0:
                ratio = weight * target / length
                for c in range(n_components):
                    out[i, c] += ratio * (positions[i, c] - positions[j, c])
    return residual, total


@njit(nogil=True, cache=True, fastmath={"contract", "arcp", "nsz", "reassoc"})
def place_rows(start, stop, distances, weights, pivots, max_iter, tol, out):
    """Place each row alone by relaxed majorization of its stress to the pivots.

    The majorization step is ``M(y) = sum_p w_p (y_p + d_p (y - y_p)/|y - y_p|) / sum_p w_p``;
    ``y <- 2 M(y) - y`` does not increase the stress either. One after the other they converge
    much faster than the first alone: along a direction in which pivots lie with weight k, the
    error shrinks by (1 - k) (1 - 2k) instead of (1 - k)^2.

    Parameters
    ----------
    distances : float64 array of shape (n_rows, p)
    weights : float64 array of shape (p,)
    pivots : float64 array of shape (n_components, p)
    out : float64 array of shape (n_rows, n_components)
        Starting positions; replaced by the placed ones.
    """
    n_components, n_pivots = pivots.shape
    total = 0.0
    for p in range(n_pivots):
        total += weights[p]
    centre = np.zeros(n_components)
    for c in range(n_components):
        for p in range(n_pivots):
            centre[c] += weights[p] * pivots[c, p]
    square = np.empty(n_pivots)
    ratio = np.empty(n_pivots)
    for i in range(start, stop):
        for step in range(max_iter):
            length = (1.0 + step % 2) / total
            for p in range(n_pivots):
                square[p] = 0.0
            for c in range(n_components):
                y = out[i, c]
                for p in range(n_pivots):
                    gap = y - pivots[c, p]
                    square[p] += gap * gap
            pull = 0.0
            for p in range(n_pivots):
                # a pivot at the point itself has no direction: its gap is 0 below
                ratio[p] = weights[p] * distances[i, p] / np.sqrt(max(square[p], 1e-300))
                ratio[p] = ratio[p] if square[p] > 0.0 else 0.0
                pull += ratio[p]
            moved = 0.0
            for c in range(n_components):
                target = centre[c] + pull * out[i, c]
                for p in range(n_pivots):
                    target -= ratio[p] * pivots[c, p]
                move = length * (target - total * out[i, c])
                out[i, c] += move
                moved += move * move
            if moved <= tol * tol:
                break


@njit(nogil=True, cache=True, fastmath={"contract", "arcp", "nsz", "reassoc"})
def sparse_stress_rows(
    start, stop, indptr, indices, targets, edge_weights, ends, distances, weights, pivots, share,
    current, out,
):  # fmt: skip
    """One majorization step of each row's stress to its edges' ends and to the pivots.

    Rows read ``current`` and write ``out``, so that their order does not matter.

    Parameters
    ----------
    indptr, indices : CSR pattern of the edges, shape (n_rows, n_ends)
    targets, edge_weights : float64 arrays of shape (n_edges,)
        Wanted lengths, and weights.
    ends : float64 array of shape (n_ends, n_components)
    distances : float array of shape (n_rows, p)
    weights : float64 array of shape (n_rows, p), or (1, p) for all rows alike
    pivots : float64 array of shape (p, n_components)
    share : float
        Part of an edge's correction that the row takes: 1/2 where the other end moves too.
    current, out : float64 arrays of shape (n_rows, n_components)
    """
    n_components = current.shape[1]
    move = np.empty(n_components)
    for i in range(start, stop):
        move[:] = 0.0
        total = 0.0
        for e in range(indptr[i], indptr[i + 1]):
            j = indices[e]
            square = 0.0
            for c in range(n_components):
                square += (current[i, c] - ends[j, c]) ** 2
            rate = edge_weights[e] * (targets[e] / np.sqrt(max(square, 1e-300)) - 1.0)
            rate = rate if square > 0.0 else 0.0
            total += edge_weights[e] / share
            for c in range(n_components):
                move[c] += rate * (current[i, c] - ends[j, c])
        row = i if weights.shape[0] > 1 else 0
        for p in range(pivots.shape[0]):
            square = 0.0
            for c in range(n_components):
                square += (current[i, c] - pivots[p, c]) ** 2
            rate = weights[row, p] * (distances[i, p] / np.sqrt(max(square, 1e-300)) - 1.0)
            rate = rate if square > 0.0 else 0.0
            total += weights[row, p]
            for c in range(n_components):
                move[c] += rate * (current[i, c] - pivots[p, c])
        for c in range(n_components):
            out[i, c] = current[i, c] + move[c] / total if total > 0.0 else current[i, c]
