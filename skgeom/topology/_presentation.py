"""Minimal presentations: a module by few generators and relations, in place of a whole complex."""

from dataclasses import dataclass, replace

import numpy as np

from skgeom.topology._forest import forest_history, single_graph
from skgeom.topology._kernels import REDUNDANT
from skgeom.topology._kernels_presentation import (
    contract,
    kernel_basis,
    minimal_generators,
    relations,
    unpack,
)


@dataclass(frozen=True)
class Presentation:
    """Generators and relations of a two-parameter module, with their grades.

    Attributes
    ----------
    generators : ndarray of shape (n_generators, 2)
    relations : ndarray of shape (n_relations, 2)
    ptr, indices : ndarrays of int32
        Relation i says that the generators ``indices[ptr[i]:ptr[i + 1]]`` add up to zero.
    """

    generators: np.ndarray
    relations: np.ndarray
    ptr: np.ndarray
    indices: np.ndarray

    def scaled(self, factors):
        """The same module with other units."""
        return replace(
            self, generators=self.generators * factors, relations=self.relations * factors
        )


def minimal_presentation(simplices, grades, dimension):
    """Minimal presentation of one homology module of a bifiltered complex.

    Components: the edges that the sweep of the spanning forest inserts, contracted where one enters
    together with its node. Above: a basis of the cycles (free in two parameters), a minimal
    generating set of the boundaries, and the cancellation of pairs of equal grade.

    Parameters
    ----------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
        Vertices 0, 1, ..., increasing within a row.
    grades : list of ndarrays of shape (n_simplices, 2)
        Finite.
    dimension : int

    Returns
    -------
    presentation : Presentation

    References
    ----------
    .. [1] Lesnick, Wright. "Computing minimal presentations and bigraded Betti numbers of
           2-parameter persistent homology." SIAM Journal on Applied Algebra and Geometry 6, 2022.
    .. [2] Kerber, Rolle. "Fast minimal presentations of bi-graded persistence modules." ALENEX
           2021.
    .. [3] Morozov, Scoccola. "Computing Betti tables and minimal presentations of zero-dimensional
           persistent homology." SoCG 2025, arXiv:2410.22242.
    """
    if dimension >= len(simplices) or len(simplices[dimension]) == 0:
        return Presentation(np.empty((0, 2)), np.empty((0, 2)), np.zeros(1, np.int32), _numbers([]))
    if dimension == 0:
        return _components(simplices, grades)
    cells, ranks = _sorted_cells(simplices, grades, dimension)
    V, born = kernel_basis(*_columns(cells[1], cells[0], ranks[1]), len(cells[0]))
    if len(cells) < 3:
        cells.append(np.empty((0, dimension + 2), dtype=np.int64))
        ranks.append(np.empty((0, 2), dtype=np.int64))
    by_x, x, faces = _columns(cells[2], cells[1], ranks[2])
    minimal = minimal_generators(by_x, x, faces, len(cells[1]))
    kept = born >= 0
    cycle_ranks = np.column_stack([born, ranks[1][:, 1]])
    columns, alive = relations(faces[minimal], ranks[2][minimal], V, cycle_ranks, kept)
    values = [np.unique(np.concatenate([g[:, a] for g in grades])) for a in range(2)]
    ptr, indices = _csr(columns, alive, np.cumsum(kept) - 1)
    return Presentation(
        _values(cycle_ranks[kept], values), _values(ranks[2][minimal][alive], values), ptr, indices
    )


def _numbers(items):
    return np.asarray(items, dtype=np.int32)


def _values(ranks, values):
    return np.column_stack([values[axis][ranks[:, axis]] for axis in range(2)])


def _sorted_cells(simplices, grades, dimension):
    """Cells of `dimension` - 1 to + 1 by (second, first) grade, and the ranks of their grades."""
    values = [np.unique(np.concatenate([g[:, a] for g in grades])) for a in range(2)]
    cells, ranks = [], []
    for k in range(dimension - 1, min(dimension + 2, len(simplices))):
        rank = np.column_stack([np.searchsorted(values[a], grades[k][:, a]) for a in range(2)])
        order = np.lexsort((*simplices[k].T, rank[:, 0], rank[:, 1]))
        cells.append(simplices[k][order])
        ranks.append(rank[order])
    return cells, ranks


def _columns(cells, faces, ranks):
    """Order by first grade, that grade's rank, and the numbers of the faces of every cell."""
    x = np.ascontiguousarray(ranks[:, 0])
    return np.argsort(x, kind="stable"), x, face_numbers(cells, faces)


def face_numbers(cells, faces):
    """Row of `faces` for every face of every cell: (n_cells, n_vertices)."""
    n_vertices = int(faces.max(initial=0)) + 1
    known = _codes(faces, n_vertices)
    order = np.argsort(known)
    columns = []
    for column in range(cells.shape[1]):
        codes = _codes(np.delete(cells, column, axis=1), n_vertices)
        columns.append(order[np.searchsorted(known[order], codes)])
    return np.column_stack(columns) if columns else np.empty((0, 0), dtype=np.int64)


def _codes(cells, n_vertices):
    code = np.zeros(len(cells), dtype=np.int64)
    for column in range(cells.shape[1]):
        code = code * n_vertices + cells[:, column]
    return code


def _csr(columns, alive, number):
    ptr = np.zeros(int(alive.sum()) + 1, dtype=np.int32)
    size = unpack(columns, alive, number, ptr, np.empty(0, dtype=np.int32))
    indices = np.empty(size, dtype=np.int32)
    unpack(columns, alive, number, ptr, indices)
    return ptr, indices


def _components(simplices, grades):
    nodes = grades[0]
    edges = simplices[1] if len(simplices) > 1 else np.empty((0, 2), dtype=np.int32)
    edge_grades = grades[1] if len(simplices) > 1 else np.empty((0, 2))
    order, removed = forest_history(single_graph(edges, nodes, edge_grades))
    inserted = order[removed != REDUNDANT]
    edges, edge_grades = edges[inserted].astype(np.int64), edge_grades[inserted]
    target, alive = np.arange(len(nodes)), np.ones(len(edges), dtype=bool)
    contract(edges, edge_grades, nodes, target, alive)
    ends, edge_grades = target[edges[alive]], edge_grades[alive]
    open_ = ends[:, 0] != ends[:, 1]
    kept = target == np.arange(len(nodes))
    number = np.cumsum(kept) - 1
    count = int(open_.sum())
    return Presentation(
        nodes[kept],
        edge_grades[open_],
        _numbers(2 * np.arange(count + 1)),
        _numbers(number[ends[open_]].ravel()),
    )
