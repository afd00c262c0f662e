"""Vineyards: barcodes along a family of lines, kept up to date by adjacent transpositions.

The decomposition is R = D V over Z/2, with V upper triangular in the current order of the cells.
Columns are bit sets over cells (not over positions), so that a transposition moves no bits.
"""

import numpy as np
from numba import njit

_ONE = np.uint64(1)


@njit(nogil=True, cache=True)
def _has(column, cell):
    return (column[cell >> 6] >> np.uint64(cell & 63)) & _ONE != 0


@njit(nogil=True, cache=True)
def _set(column, cell):
    column[cell >> 6] |= _ONE << np.uint64(cell & 63)


@njit(nogil=True, cache=True)
def _add(source, target):
    for word in range(len(target)):
        target[word] ^= source[word]


@njit(nogil=True, cache=True)
def _reduce(order, dimension, boundary_ptr, boundary, local, R, V, low, paired):
    """Standard reduction of the first line, by columns of increasing position."""
    n = len(order)
    position = np.empty(n, dtype=np.int32)
    for i in range(n):
        position[order[i]] = i
    for i in range(n):
        cell = order[i]
        _set(V[cell], local[cell])
        latest = np.int32(-1)
        for k in range(boundary_ptr[cell], boundary_ptr[cell + 1]):
            face = boundary[k]
            _set(R[cell], local[face])
            if latest < 0 or position[face] > position[latest]:
                latest = face
        if latest < 0:
            continue
        start = position[latest]
        for j in range(start, -1, -1):
            face = order[j]
            if dimension[face] != dimension[cell] - 1 or not _has(R[cell], local[face]):
                continue
            other = paired[face]
            if other < 0:
                low[cell] = face
                paired[face] = cell
                break
            _add(R[other], R[cell])
            _add(V[other], V[cell])


@njit(nogil=True, cache=True)
def _equal(grades, a, b):
    return grades[a, 0] == grades[b, 0] and grades[a, 1] == grades[b, 1]


@njit(nogil=True, cache=True)
def _transpose(a, b, grades, position, local, R, V, low, paired, vine):
    """Swap neighbours a, b of equal dimension, a before b; keep R reduced and V triangular.

    ``vine`` is kept per death cell, or per birth cell for classes that never die. Where two bars
    meet that share the grade of one end, they cross: which of two cells of one grade comes first
    must not matter.
    """
    fresh = False
    if _has(V[b], local[a]):
        _add(R[a], R[b])
        _add(V[a], V[b])
        low_a, low_b = low[a], low[b]
        if low_a >= 0 and (low_b < 0 or position[low_a] > position[low_b]):
            # b takes over the pairing of a
            _add(R[b], R[a])
            _add(V[b], V[a])
            low[a], low[b] = low_b, low_a
            paired[low_a] = b
            if low_b >= 0:
                paired[low_b] = a
            else:
                fresh = True
            if low_b < 0 or not _equal(grades, low_a, low_b):
                vine[a], vine[b] = vine[b], vine[a]
    c, d = paired[b], paired[a]
    if c >= 0 and _has(R[c], local[a]):
        if d < 0:
            # the death c ends a class born at a from now on
            low[c] = a
            paired[a], paired[b] = c, -1
            if not fresh:
                vine[b] = vine[a]
        elif position[d] < position[c]:
            _add(R[d], R[c])
            _add(V[d], V[c])
        else:
            _add(R[c], R[d])
            _add(V[c], V[d])
            low[c], low[d] = a, b
            paired[a], paired[b] = c, d
            if _equal(grades, c, d):
                vine[c], vine[d] = vine[d], vine[c]


@njit(nogil=True, cache=True)
def vineyard(
    grades, offsets, order, dimension, boundary_ptr, boundary, local, n_words, births, deaths
):
    """Barcodes along the lines ``{(t, t - c)}`` for every offset c, summand by summand.

    Parameters
    ----------
    grades : ndarray of shape (n_cells, 2)
    offsets : ndarray of shape (n_lines,)
        Increasing.
    order : ndarray of int32, shape (n_cells,)
        Cells in their order on the first line (changed in place).
    dimension : ndarray of int32, shape (n_cells,)
        Non-decreasing.
    boundary_ptr, boundary : ndarrays of int32
        Faces of cell i: ``boundary[boundary_ptr[i]:boundary_ptr[i + 1]]``.
    local : ndarray of int32, shape (n_cells,)
        Number of a cell among those of its dimension.
    n_words : int
        Words of 64 bits that hold the cells of any one dimension.
    births, deaths : ndarrays of shape (n_lines, n_cells)
        Filled with the values of t of summand i in column i (its index is that of the cell that
        ends it, or begins it, on the first line); NaN where there is none.

    Returns
    -------
    summand_dimension : ndarray of int32, shape (n_cells,)
        -1 for unused columns.
    n_swaps : int
    """
    n = len(grades)
    key = np.empty(n)
    R = np.zeros((n, n_words), dtype=np.uint64)
    V = np.zeros((n, n_words), dtype=np.uint64)
    low = np.full(n, -1, dtype=np.int32)
    paired = np.full(n, -1, dtype=np.int32)
    _reduce(order, dimension, boundary_ptr, boundary, local, R, V, low, paired)
    vine = np.full(n, -1, dtype=np.int32)
    summand_dimension = np.full(n, -1, dtype=np.int32)
    for cell in range(n):
        if low[cell] >= 0:
            vine[cell] = cell
            summand_dimension[cell] = dimension[cell] - 1
        elif paired[cell] < 0:
            vine[cell] = cell
            summand_dimension[cell] = dimension[cell]
    position = np.empty(n, dtype=np.int32)
    for i in range(n):
        position[order[i]] = i
    n_swaps = 0
    for line in range(len(offsets)):
        for cell in range(n):
            key[cell] = max(grades[cell, 0], grades[cell, 1] + offsets[line])
        if line > 0:
            # insertion sort: the order is nearly right, and every swap is a transposition
            for i in range(1, n):
                b = order[i]
                j = i
                while j > 0:
                    a = order[j - 1]
                    if key[a] < key[b] or (key[a] == key[b] and dimension[a] <= dimension[b]):
                        break
                    if dimension[a] == dimension[b]:
                        _transpose(a, b, grades, position, local, R, V, low, paired, vine)
                    order[j - 1], order[j] = b, a
                    position[b], position[a] = j - 1, j
                    n_swaps += 1
                    j -= 1
        for cell in range(n):
            if low[cell] >= 0:
                births[line, vine[cell]] = key[low[cell]]
                deaths[line, vine[cell]] = key[cell]
            elif paired[cell] < 0:
                births[line, vine[cell]] = key[cell]
                deaths[line, vine[cell]] = np.inf
    return summand_dimension, n_swaps
