"""Rank invariants on a grid, from one barcode per elbow (up a column, then along a row)."""

import numpy as np
from numba import njit

from skgeom.topology._kernels_presentation import _add, _flip, _highest


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
def _count_bars(born, dies, ptr, indices, n_times, bars):
    """Add to bars[s, t] the number of bars from time s to time t (last column: for ever).

    ``born`` and ``dies`` are the times of generators and relations, negative when absent.
    """
    order = np.empty(len(born), dtype=np.int32)
    n_born = _counting_sort(born, n_times, order)
    position = np.empty(len(born), dtype=np.int64)
    for i in range(n_born):
        position[order[i]] = i
    later = np.empty(len(dies), dtype=np.int32)
    n_dying = _counting_sort(dies, n_times, later)
    n_words = n_born // 64 + 1
    columns = np.zeros((n_born, n_words), dtype=np.uint64)
    column = np.zeros(n_words, dtype=np.uint64)
    paired = np.zeros(n_born, dtype=np.bool_)
    for i in range(n_dying):
        relation = later[i]
        for k in range(ptr[relation], ptr[relation + 1]):
            _flip(column, position[indices[k]])
        low = _highest(column, n_words - 1)
        while low >= 0 and paired[low]:
            _add(columns[low], column, (low >> 6) + 1)
            low = _highest(column, low >> 6)
        if low >= 0:
            paired[low] = True
            for word in range(n_words):
                columns[low, word] = column[word]
                column[word] = 0
            bars[born[order[low]], dies[relation]] += 1
    for i in range(n_born):
        if not paired[i]:
            bars[born[order[i]], n_times] += 1


@njit(nogil=True, cache=True)
def _elbow_times(grades, i, a, n_columns, times):
    """Time of each grade on the elbow up column i to row a, then along row a; -1 beyond."""
    for cell in range(len(grades)):
        p, q = grades[cell]
        times[cell] = -1
        if q <= a and p < n_columns:
            times[cell] = q if p <= i else a + p - i


@njit(nogil=True, cache=True)
def rank_table(start, stop, generators, relations, shape, ptr, indices, ranks):
    """Fill ranks[i, j, k, a] for columns i in ``start..stop``: rank from (i, j) to (k, a).

    ``generators`` and ``relations`` are grid positions, (n, 2); relation r adds up the generators
    ``indices[ptr[r]:ptr[r + 1]]``.
    """
    n_columns, n_rows = shape
    born = np.empty(len(generators), dtype=np.int64)
    dies = np.empty(len(relations), dtype=np.int64)
    for i in range(start, stop):
        for a in range(n_rows):
            n_times = a + n_columns - i
            _elbow_times(generators, i, a, n_columns, born)
            _elbow_times(relations, i, a, n_columns, dies)
            bars = np.zeros((n_times, n_times + 1), dtype=np.int64)
            _count_bars(born, dies, ptr, indices, n_times, bars)
            # ranks from j (born by then) to k (dies after): sums from the corner
            for j in range(a + 1):
                dying = 0
                for t in range(n_times, a, -1):
                    dying += bars[j, t]
                    bars[j, t] = dying + (bars[j - 1, t] if j else 0)
                    if t > a:
                        ranks[i, j, i + t - 1 - a, a] = bars[j, t]
