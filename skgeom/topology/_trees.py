"""Complexes of gudhi and of other libraries as arrays of simplices and grades."""

import numpy as np


def simplex_tree_cells(tree, values):
    """Simplices of a tree by dimension, with their grades.

    Parameters
    ----------
    tree : gudhi.SimplexTree
        Its filtration values are the first parameter.
    values : ndarray of shape (n_vertices, n_functions)
        Vertex functions, the other parameters (lower star); in the order of the vertices' numbers.

    Returns
    -------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
        Vertices renumbered 0, 1, ... in increasing order.
    grades : list of ndarrays of shape (n_simplices, 2)
    """
    by_dimension = [([], []) for _ in range(tree.dimension() + 1)]
    for simplex, filtration in tree.get_simplices():
        cells, first = by_dimension[len(simplex) - 1]
        cells.append(simplex)
        first.append(filtration)
    if not by_dimension or not by_dimension[0][0]:
        return [np.empty((0, 1), dtype=np.int64)], [np.empty((0, values.shape[1] + 1))]
    names = np.sort(np.array(by_dimension[0][0])[:, 0])
    simplices, grades = [], []
    for dimension, (cells, first) in enumerate(by_dimension):
        cells = np.searchsorted(names, np.array(cells).reshape(-1, dimension + 1))
        cells = np.sort(cells, axis=1)
        order = np.lexsort(cells.T[::-1])
        simplices.append(cells[order])
        second = values[cells[order]].max(axis=1)
        grades.append(np.column_stack([np.array(first)[order], second]))
    return simplices, grades


def foreign_cells(complex_, index):
    """Simplices and grades of an object that lists them.

    Parameters
    ----------
    complex_ : object
        With ``get_simplices()`` (pairs of vertices and a vector of grades), or with
        ``get_boundaries()`` and ``get_filtrations()`` (faces by number, and vectors of grades).
    index : int
        Number of the sample, for messages.

    Returns
    -------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
    grades : list of ndarrays of shape (n_simplices, n_parameters)
    """
    if hasattr(complex_, "get_simplices"):
        pairs = [(tuple(sorted(map(int, s))), np.ravel(g)) for s, g in complex_.get_simplices()]
    else:
        pairs = _from_boundaries(complex_, index)
    widths = {len(grade) for _, grade in pairs}
    if len(widths) > 1 or widths == {1}:
        raise ValueError(
            f"Sample {index}: every simplex needs one vector of two or more grades, found lengths "
            f"{sorted(widths)}; a simplex tree of one parameter comes in a pair (tree, values)."
        )
    top = max((len(s) for s, _ in pairs), default=1)
    width = widths.pop() if widths else 2
    by_size = [sorted((s, tuple(g)) for s, g in pairs if len(s) == k + 1) for k in range(top)]
    simplices = [
        np.array([s for s, _ in cells], dtype=np.int64).reshape(-1, k + 1)
        for k, cells in enumerate(by_size)
    ]
    return simplices, [np.array([g for _, g in cells]).reshape(-1, width) for cells in by_size]


def _from_boundaries(complex_, index):
    vertices = []
    for number, faces in enumerate(complex_.get_boundaries()):
        cell = {number} if len(faces) == 0 else set().union(*(vertices[f] for f in faces))
        if len(cell) != max(len(faces), 1):
            raise ValueError(
                f"Sample {index}: cell {number} is no simplex: {len(faces)} faces on {len(cell)} "
                "vertices."
            )
        vertices.append(cell)
    grades = [np.ravel(g).astype(float) for g in complex_.get_filtrations()]
    return [(tuple(sorted(cell)), grade) for cell, grade in zip(vertices, grades)]
