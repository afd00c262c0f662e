"""Measures and barcodes of simplicial complexes that come with grades."""

import numpy as np

from skgeom.topology._checks import check_complex, check_dimension, check_line
from skgeom.topology._forest import graph_measures, single_graph
from skgeom.topology._measures import (
    DEFAULT_ROWS,
    barcode_measure,
    round_up_rows,
    row_differences,
)


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
    """Barcodes of one row."""
    times = [
        np.where(row <= value, first[:, 0], np.inf)
        for cells, first, row in zip(simplices, grades, second)
    ]
    return barcodes(simplices, times, dimensions)


def barcodes(simplices, times, dimensions):
    """Ordinary persistence of a complex with one time per cell (infinite: never there).

    Returns
    -------
    bars : list of ndarrays of shape (n_bars, 2)
        Of positive length, one array per dimension.
    """
    import gudhi

    tree = gudhi.SimplexTree()
    for cells, time in zip(simplices, times):
        kept = np.isfinite(time)
        if kept.any():
            # a copy with regular strides: gudhi misreads axes of length one with stride zero
            vertices = np.array(cells[kept].T, dtype=np.int32, order="C", copy=True)
            tree.insert_batch(vertices, time[kept])
    tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True)
    return [
        np.asarray(tree.persistence_intervals_in_dimension(d)).reshape(-1, 2) for d in dimensions
    ]


def fibered_barcode(simplices, grades, homology_dimension, point, direction=(1.0, 1.0)):
    """Barcode of a bifiltered complex along the line ``point + t * direction``.

    Parameters
    ----------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
    grades : list of ndarrays of shape (n_simplices, n_parameters)
    homology_dimension : int
    point : array-like of shape (n_parameters,)
    direction : array-like of shape (n_parameters,), default=(1.0, 1.0)
        Positive.

    Returns
    -------
    bars : ndarray of shape (n_bars, 2)
        Values of t at birth and death, of positive length.

    References
    ----------
    .. [1] Lesnick, Wright. "Interactive Visualization of 2-D Persistence Modules."
           arXiv:1512.00180.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.topology import fibered_barcode
    >>> simplices = [np.array([[0], [1]]), np.array([[0, 1]])]
    >>> grades = [np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 3.0]])]
    >>> fibered_barcode(simplices, grades, 0, (0.0, 0.0))
    array([[ 1.,  3.],
           [ 0., inf]])
    """
    simplices, grades = check_complex(simplices, grades)
    point, direction = check_line(point, direction, grades[0].shape[1])
    check_dimension(homology_dimension)
    kept = slice(0, homology_dimension + 2)
    times = [((g - point) / direction).max(axis=1) for g in grades[kept]]
    return barcodes(simplices[kept], times, [homology_dimension])[0]
