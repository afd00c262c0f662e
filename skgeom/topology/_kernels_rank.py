"""Rank invariants on a grid, from one barcode per elbow (up a column, then along a row)."""

import numpy as np
from numba import njit

from skgeom.topology._kernels_vineyard import _add, _has, _set


@njit(nogil=True, cache=True)
def _counting_sort(time, n_times, order):
    """Cells by time, ties in the order of their numbers; cells of time < 0 are left out."""
    counts = np.zeros(n_times + 1, dtype=np.int64)
    for cell in range(len(time)):
        if time[cell] >= 0:
            counts[time[cell] + 1] += 1
    for t in range(n_times):
        counts[t + 1] += counts[t]
    total = counts[n_times]
    for cell in range(len(time)):
        if time[cell] >= 0:
            order[counts[time[cell]]] = cell
            counts[time[cell]] += 1
    return total


@njit(nogil=True, cache=True)
def _count_bars(order, total, time, dimension, degree, boundary_ptr, boundary, local, n_words, out):
    """out[s, t] = number of bars of one degree born at s that die at t (last: never)."""
    n = len(time)
    R = np.zeros((n, n_words), dtype=np.uint64)
    position = np.full(n, -1, dtype=np.int32)
    paired = np.full(n, -1, dtype=np.int32)
    positive = np.zeros(n, dtype=np.bool_)
    out[:] = 0
    for i in range(total):
        position[order[i]] = i
    for i in range(total):
        cell = order[i]
        if dimension[cell] < degree or dimension[cell] > degree + 1:
            continue
        latest = -1
        for k in range(boundary_ptr[cell], boundary_ptr[cell + 1]):
            face = boundary[k]
            _set(R[cell], local[face])
            latest = max(latest, position[face])
        low = -1
        for j in range(latest, -1, -1):
            face = order[j]
            if dimension[face] != dimension[cell] - 1 or not _has(R[cell], local[face]):
                continue
            if paired[face] < 0:
                low = face
                paired[face] = cell
                break
            _add(R[paired[face]], R[cell])
        if dimension[cell] == degree:
            positive[cell] = low < 0
        elif low >= 0:
            out[time[low], time[cell]] += 1
    for i in range(total):
        cell = order[i]
        if dimension[cell] == degree and positive[cell] and paired[cell] < 0:
            out[time[cell], out.shape[1] - 1] += 1


@njit(nogil=True, cache=True)
def rank_table(
    start, stop, indices, shape, dimension, degree, boundary_ptr, boundary, local, n_words, ranks
):
    """Fill ranks[i, j, k, a] for columns i in ``start..stop``: rank from (i, j) to (k, a).

    ``indices`` are the grid positions of the cells, (n_cells, 2).
    """
    n = len(indices)
    time = np.empty(n, dtype=np.int64)
    order = np.empty(n, dtype=np.int32)
    n_columns, n_rows = shape
    for i in range(start, stop):
        for a in range(n_rows):
            n_times = a + n_columns - i
            for cell in range(n):
                p, q = indices[cell]
                time[cell] = -1
                if q <= a and p < n_columns:
                    time[cell] = q if p <= i else a + p - i
            total = _counting_sort(time, n_times, order)
            bars = np.zeros((n_times, n_times + 1), dtype=np.int64)
            _count_bars(
                order,
                total,
                time,
                dimension,
                degree,
                boundary_ptr,
                boundary,
                local,
                n_words,
                bars,
            )
            # ranks from j (born by then) to k (dies after)
            for j in range(a + 1):
                for k in range(i, n_columns):
                    alive = 0
                    for s in range(j + 1):
                        for t in range(a + k - i + 1, n_times + 1):
                            alive += bars[s, t]
                    ranks[i, j, k, a] = alive
