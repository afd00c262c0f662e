"""Compiled loops: minimal presentations of two-parameter persistence modules over Z/2.

Columns are sets of bits, 64 to a word. A matrix is reduced for one value of the first parameter
after the other; a column that comes in may take the pivot of a later one, which is reduced again
(Lesnick and Wright 2022; Kerber and Rolle 2021 for the queue).
"""

import numpy as np
from numba import njit

_ONE = np.uint64(1)


@njit(nogil=True, cache=True)
def _bit_number(bits):
    """Number of the highest bit of a word that is set."""
    bit = 0
    for step in (32, 16, 8, 4, 2, 1):
        if bits >> np.uint64(step):
            bits >>= np.uint64(step)
            bit += step
    return bit


@njit(nogil=True, cache=True)
def _highest(column, start):
    """Number of the highest bit that is set, from word `start` down; -1 if there is none."""
    for word in range(start, -1, -1):
        if column[word]:
            return 64 * word + _bit_number(column[word])
    return -1


@njit(nogil=True, cache=True)
def _next_bit(column, start):
    """Number of the first bit at or after `start` that is set; -1 if there is none."""
    mask = ~np.uint64(0) << np.uint64(start & 63)
    for word in range(start >> 6, len(column)):
        bits = column[word] & mask
        if bits:
            return 64 * word + _bit_number(bits & (~bits + _ONE))
        mask = ~np.uint64(0)
    return -1


@njit(nogil=True, cache=True)
def _flip(column, bit):
    column[bit >> 6] ^= _ONE << np.uint64(bit & 63)


@njit(nogil=True, cache=True)
def _has(column, bit):
    return (column[bit >> 6] >> np.uint64(bit & 63)) & _ONE != 0


@njit(nogil=True, cache=True)
def _add(source, target, n_words):
    for word in range(n_words):
        target[word] ^= source[word]


@njit(nogil=True, cache=True)
def kernel_basis(by_x, x, faces, n_faces):
    """Basis of the cycles of one dimension.

    Parameters
    ----------
    by_x : ndarray of int64, shape (n_cells,)
        Cells, numbered by (second, first) grade, in the order of their first grade.
    x : ndarray of int64, shape (n_cells,)
        Rank of the first grade of every cell.
    faces : ndarray of int64, shape (n_cells, dimension + 1)
    n_faces : int

    Returns
    -------
    V : ndarray of uint64, shape (n_cells, n_words)
        Row j is the cycle whose last cell is j, where there is one.
    born : ndarray of int64, shape (n_cells,)
        Rank of the first grade from which on that cycle is there; -1 where there is none.
    """
    n = len(faces)
    row_words, words = n_faces // 64 + 1, n // 64 + 1
    R = np.zeros((n, row_words), dtype=np.uint64)
    V = np.zeros((n, words), dtype=np.uint64)
    born = np.full(n, -1, dtype=np.int64)
    pivot = np.full(n_faces, -1, dtype=np.int64)
    todo = np.zeros(words, dtype=np.uint64)
    at = 0
    while at < n:
        now = x[by_x[at]]
        first = n
        while at < n and x[by_x[at]] == now:
            j = by_x[at]
            for k in range(faces.shape[1]):
                _flip(R[j], faces[j, k])
            _flip(V[j], j)
            _flip(todo, j)
            first = min(first, j)
            at += 1
        j = first
        while True:
            j = _next_bit(todo, j)
            if j < 0:
                break
            _flip(todo, j)
            top = row_words - 1
            while True:
                low = _highest(R[j], top)
                if low < 0 or not 0 <= pivot[low] < j:
                    break
                k, top = pivot[low], low >> 6
                _add(R[k], R[j], top + 1)
                _add(V[k], V[j], (j >> 6) + 1)
            if low < 0:
                born[j] = now
            else:
                if pivot[low] >= 0:
                    _flip(todo, pivot[low])
                pivot[low] = j
    return V, born


@njit(nogil=True, cache=True)
def minimal_generators(by_x, x, faces, n_faces):
    """Which boundaries of one dimension are not boundaries of cells with smaller grades.

    Parameters and numbering as in `kernel_basis`; returns booleans of shape (n_cells,).
    """
    n = len(faces)
    words = n_faces // 64 + 1
    minimal = np.zeros(n, dtype=np.bool_)
    pool = np.zeros((n_faces + 1, words), dtype=np.uint64)
    slot_of = np.full(n, -1, dtype=np.int64)
    free = np.arange(n_faces, -1, -1)
    n_free = n_faces + 1
    pivot = np.full(n_faces, -1, dtype=np.int64)
    todo = np.zeros(n // 64 + 1, dtype=np.uint64)
    at = 0
    while at < n:
        now = x[by_x[at]]
        first = n
        while at < n and x[by_x[at]] == now:
            first = min(first, by_x[at])
            _flip(todo, by_x[at])
            at += 1
        j = first
        while True:
            j = _next_bit(todo, j)
            if j < 0:
                break
            _flip(todo, j)
            fresh = slot_of[j] < 0
            if fresh:
                n_free -= 1
                slot_of[j] = free[n_free]
                for k in range(faces.shape[1]):
                    _flip(pool[slot_of[j]], faces[j, k])
            column = pool[slot_of[j]]
            top = words - 1
            while True:
                low = _highest(column, top)
                if low < 0 or not 0 <= pivot[low] < j:
                    break
                top = low >> 6
                _add(pool[slot_of[pivot[low]]], column, top + 1)
            if low < 0:
                free[n_free] = slot_of[j]
                n_free += 1
                slot_of[j] = -1
            else:
                minimal[j] |= fresh
                if pivot[low] >= 0:
                    _flip(todo, pivot[low])
                pivot[low] = j
    return minimal


@njit(nogil=True, cache=True)
def relations(faces, grades, V, cycle_grades, kept):
    """Boundaries in terms of cycles, without the cycles that are born as boundaries.

    Parameters
    ----------
    faces : ndarray of int64, shape (n_relations, dimension + 2)
        Of the minimal generators of the boundaries, by (second, first) grade.
    grades : ndarray of int64, shape (n_relations, 2)
    V : ndarray of uint64, shape (n_cells, n_words)
    cycle_grades : ndarray of int64, shape (n_cells, 2)
    kept : ndarray of bool, shape (n_cells,)
        True for cycles; set to False for those that are cancelled.

    Returns
    -------
    columns : ndarray of uint64, shape (n_relations, n_words)
    alive : ndarray of bool, shape (n_relations,)
        False for those cancelled.
    """
    n, words = len(faces), V.shape[1]
    columns = np.zeros((n, words), dtype=np.uint64)
    alive = np.ones(n, dtype=np.bool_)
    rest = np.zeros(words, dtype=np.uint64)
    cancelled = np.empty(n, dtype=np.int64)
    partner = np.empty(n, dtype=np.int64)
    n_cancelled = 0
    for r in range(n):
        for k in range(faces.shape[1]):
            _flip(rest, faces[r, k])
        j = _highest(rest, words - 1)
        while j >= 0:
            _add(V[j], rest, (j >> 6) + 1)
            _flip(columns[r], j)
            j = _highest(rest, j >> 6)
        # a cancelled cycle brings in only such as were cancelled after it
        for k in range(n_cancelled):
            if _has(columns[r], cancelled[k]):
                _add(columns[partner[k]], columns[r], words)
        j = _next_bit(columns[r], 0)
        while j >= 0:
            if cycle_grades[j, 0] == grades[r, 0] and cycle_grades[j, 1] == grades[r, 1]:
                cancelled[n_cancelled], partner[n_cancelled] = j, r
                n_cancelled += 1
                kept[j], alive[r] = False, False
                break
            j = _next_bit(columns[r], j + 1)
    return columns, alive


@njit(nogil=True, cache=True)
def unpack(columns, alive, number, ptr, indices):
    """Numbers of the set bits of the columns that are alive, in CSR form (``ptr`` is filled)."""
    size = 0
    row = 0
    for r in range(len(columns)):
        if not alive[r]:
            continue
        j = _next_bit(columns[r], 0)
        while j >= 0:
            if size < len(indices):
                indices[size] = number[j]
            size += 1
            j = _next_bit(columns[r], j + 1)
        row += 1
        ptr[row] = size
    return size


@njit(nogil=True, cache=True)
def contract(edges, edge_grades, node_grades, target, alive):
    """Join every node to the one from which an edge comes at the node's own grade.

    Edges by (second, first) grade; ``target[v]`` becomes a node that stays, ``alive[e]`` False for
    the edges that were used up.
    """
    for e in range(len(edges)):
        a, b = edges[e, 0], edges[e, 1]
        while target[a] != a:
            target[a] = target[target[a]]
            a = target[a]
        while target[b] != b:
            target[b] = target[target[b]]
            b = target[b]
        if a == b:
            alive[e] = False
            continue
        for node, other in ((max(a, b), min(a, b)), (min(a, b), max(a, b))):
            same = node_grades[node, 0] == edge_grades[e, 0]
            if same and node_grades[node, 1] == edge_grades[e, 1]:
                target[node] = other
                alive[e] = False
                break
    for v in range(len(target)):
        a = v
        while target[a] != a:
            a = target[a]
        target[v] = a
