"""Vietoris-Rips complexes with a vertex function: H0 by single linkage, the rest by rows."""

import numpy as np

from skgeom.topology._delaunay_complex import delaunay_complex
from skgeom.topology._forest import graph_measures, single_graph
from skgeom.topology._kernels import count_triangles, slink_atoms
from skgeom.topology._measures import (
    DEFAULT_ROWS,
    aggregate,
    barcode_measure,
    round_up_rows,
    row_differences,
)

NO_MATRIX = np.empty((0, 0))
PLANAR = 1000  # points in the plane from which a triangulation is faster than all distances


def rips_measures(points, values, dimensions, *, threshold=np.inf, n_rows=None, matrix=None):
    """Hilbert signed measures of Rips x sublevel sets of a vertex function.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_coordinates)
        Ignored when `matrix` is given.
    values : ndarray of shape (n_points,)
        Vertex function; points with an infinite value never enter.
    dimensions : sequence of int
    threshold : float, default=inf
        Largest edge length.
    n_rows : int or None, default=None
        Rows of the second parameter; None is exact for H0 and 50 rows for the rest.
    matrix : ndarray of shape (n_points, n_points) or None
        Distances, instead of points.

    Returns
    -------
    measures : dict of int -> (points of shape (n_atoms, 2), weights of shape (n_atoms,))
        First parameter: edge length; second: function value.
    """
    finite = np.isfinite(values)
    order = np.flatnonzero(finite)[np.argsort(values[finite], kind="stable")]
    values = values[order]
    ordered_points = None if matrix is not None else np.asarray(points)[order]
    ordered_matrix = None if matrix is None else np.ascontiguousarray(matrix[np.ix_(order, order)])
    measures = {}
    higher = [d for d in dimensions if d > 0]
    if 0 in dimensions:
        rows = round_up_rows(values, n_rows)
        measures[0] = _single_linkage(ordered_points, ordered_matrix, rows, threshold)
    if higher:
        rows = round_up_rows(values, DEFAULT_ROWS if n_rows is None else n_rows)
        if ordered_matrix is None:
            ordered_matrix = distance_matrix(ordered_points)
        measures.update(_higher_by_rows(ordered_matrix, rows, higher, threshold))
    return measures


def distance_matrix(points):
    """Euclidean distances, symmetric to the last bit: (n_points, n_points)."""
    from scipy.spatial.distance import pdist, squareform

    if len(points) < 2:
        return np.zeros((len(points), len(points)))
    return squareform(pdist(points))


def _single_linkage(points, matrix, values, threshold):
    """Points in the order of their values; in the plane only Delaunay edges merge components."""
    if matrix is None and points.shape[1] == 2 and len(points) > PLANAR:
        return _planar_linkage(points, values, threshold)
    if matrix is None:
        coordinates, matrix = np.ascontiguousarray(points.T), NO_MATRIX
    else:
        coordinates = np.empty((0, 0))
    radius, row, weights = slink_atoms(coordinates, matrix, threshold)
    return aggregate(np.column_stack([radius, values[row]]), weights)[:2]


def _planar_linkage(points, values, threshold):
    """Single linkage from the edges of the Delaunay triangulations of all sublevel sets."""
    simplices, grades = delaunay_complex(points, values, top=1)
    edge_grades = grades[1] * [2.0, 1.0]
    short = edge_grades[:, 0] <= threshold
    graph = single_graph(simplices[1][short], grades[0], edge_grades[short])
    return graph_measures(graph, (0,))[0][:2]


def _higher_by_rows(matrix, values, dimensions, threshold):
    """Ripser on the principal submatrix of every row."""
    rows, counts = np.unique(values, return_counts=True)
    barcodes = [
        row_barcodes(matrix[:count, :count], dimensions, threshold) for count in np.cumsum(counts)
    ]
    return {
        dimension: row_differences([barcode_measure(bars[i]) for bars in barcodes], rows)
        for i, dimension in enumerate(dimensions)
    }


def row_barcodes(matrix, dimensions, threshold):
    """Barcodes of the Rips complex of a distance matrix, one array (n_bars, 2) per dimension."""
    from gudhi.sklearn.rips_persistence import RipsPersistence

    if len(matrix) < 3:
        return [np.empty((0, 2))] * len(dimensions)
    rips = RipsPersistence(
        list(dimensions),
        threshold=threshold,
        input_type="full distance matrix",
        homology_coeff_field=2,
    )
    return rips.fit_transform([matrix])[0]


def rips_euler(points, values, *, threshold=np.inf, matrix=None):
    """Euler signed measure ``(points, weights)`` of the 2-skeleton of Rips x vertex function."""
    finite = np.isfinite(values)
    order = np.flatnonzero(finite)[np.argsort(values[finite], kind="stable")]
    if matrix is None:
        matrix = distance_matrix(np.asarray(points)[order])
    else:
        matrix = matrix[np.ix_(order, order)]
    values = values[order]
    n_points = len(values)
    low, high = np.triu_indices(n_points, 1)
    short = matrix[low, high] <= threshold
    low, high = low[short], high[short]
    lengths = np.unique(matrix[low, high])
    rank = np.searchsorted(lengths, matrix).astype(np.int32)
    rank[matrix > threshold] = len(lengths)
    columns = [np.zeros(n_points), matrix[low, high]]
    rows = [values, values[high]]
    weights = [np.ones(n_points, dtype=np.int64), np.full(len(low), -1)]
    counts = np.zeros(len(lengths) + 1, dtype=np.int64)
    for last in range(2, n_points):
        count_triangles(rank, last, len(lengths), counts)
        found = np.flatnonzero(counts[:-1])
        columns.append(lengths[found])
        rows.append(np.full(len(found), values[last]))
        weights.append(counts[found])
        counts[:] = 0
    atoms = np.column_stack([np.concatenate(columns), np.concatenate(rows)])
    return aggregate(atoms, np.concatenate(weights))[:2]
