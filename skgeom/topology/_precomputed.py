"""Simplicial complexes that come with grades: gudhi simplex trees with a vertex function."""

import numpy as np

from skgeom.topology._forest import graph_measures, single_graph
from skgeom.topology._measures import barcode_measure, row_differences
from skgeom.topology._rips import DEFAULT_ROWS, round_up_rows


def simplex_tree_cells(tree, values):
    """Simplices of a tree by dimension, with their grades.

    Parameters
    ----------
    tree : gudhi.SimplexTree
        Its filtration values are the first parameter.
    values : ndarray of shape (n_vertices,)
        Vertex function, the second parameter (lower star); in the order of the vertices' numbers.

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
        return [np.empty((0, 1), dtype=np.int64)], [np.empty((0, 2))]
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


def complex_measures(simplices, grades, dimensions, n_rows=None):
    """Hilbert signed measures of a bifiltered simplicial complex.

    H0, and H1 of a graph, by the sweep of the spanning forest; the rest by rows.

    Parameters
    ----------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
    grades : list of ndarrays of shape (n_simplices, 2)
    dimensions : sequence of int
    n_rows : int or None, default=None
        Rows of the second parameter where rows are needed; None is 50.

    Returns
    -------
    measures : dict of int -> (points of shape (n_atoms, 2), weights of shape (n_atoms,))
    """
    top = len(simplices) - 1
    exact = {0, 1} if top <= 1 else {0}
    by_rows = sorted(d for d in dimensions if d not in exact and d <= top)
    edges = simplices[1] if top >= 1 else np.empty((0, 2), dtype=np.int32)
    edge_grades = grades[1] if top >= 1 else np.empty((0, 2))
    present = np.isfinite(edge_grades).all(axis=1)
    graph = single_graph(edges[present], grades[0], edge_grades[present])
    by_sweep = graph_measures(graph, (0, 1))
    measures = {d: by_sweep[d][:2] for d in exact}
    if by_rows:
        measures.update(_by_rows(simplices, grades, by_rows, n_rows))
    empty = (np.empty((0, 2)), np.empty(0, dtype=np.int32))
    return {dimension: measures.get(dimension, empty) for dimension in dimensions}


def _by_rows(simplices, grades, dimensions, n_rows):
    """Persistence of the row ``{second grade <= s}`` for every row value s."""
    second = np.concatenate([cells[:, 1] for cells in grades])
    limit = DEFAULT_ROWS if n_rows is None else n_rows
    rounded = round_up_rows(second, limit)
    borders = np.cumsum([len(cells) for cells in grades])[:-1]
    by_dimension = np.split(rounded, borders)
    rows = np.unique(rounded[np.isfinite(rounded)])
    barcodes = []
    for value in rows:
        barcodes.append(_row_persistence(simplices, grades, by_dimension, value, dimensions))
    return {
        dimension: row_differences([barcode_measure(bars[i]) for bars in barcodes], rows)
        for i, dimension in enumerate(dimensions)
    }


def _row_persistence(simplices, grades, second, value, dimensions):
    """Barcodes (including bars of length zero, which cancel) of one row."""
    import gudhi

    tree = gudhi.SimplexTree()
    for cells, first, row in zip(simplices, grades, second):
        kept = (row <= value) & np.isfinite(first[:, 0])
        if kept.any():
            # a copy with regular strides: gudhi misreads axes of length one with stride zero
            vertices = np.array(cells[kept].T, dtype=np.int32, order="C", copy=True)
            tree.insert_batch(vertices, first[kept, 0].copy())
    tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True)
    return [tree.persistence_intervals_in_dimension(d) for d in dimensions]
