"""Degree-Rips: distance and degree as parameters, with no other choice to make."""

import numpy as np

from skgeom.topology._kernels import mutual_reachability_tree, nearest_distances
from skgeom.topology._measures import barcode_measure, row_differences
from skgeom.topology._rips import NO_MATRIX, distance_matrix, rips_euler, row_barcodes


def degree_rips_measures(points, n_degrees, dimensions, *, matrix=None, threshold=np.inf):
    """Hilbert signed measures of the degree-Rips bifiltration.

    At (r, -k) the complex is the Rips complex at scale r of the points with at least k neighbours
    within r. Row k is the Rips complex of the mutual reachability distance with k neighbours:
    single linkage for its components, Ripser for its loops.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_coordinates)
        Ignored when `matrix` is given.
    n_degrees : int
        Degrees 0 to ``n_degrees - 1`` are the rows, as far as there are as many points.
    dimensions : sequence of int, or ("euler",) for the Euler characteristic of the 2-skeleton
    matrix : ndarray of shape (n_points, n_points) or None
        Distances, instead of points.
    threshold : float, default=inf
        Longest edge.

    Returns
    -------
    measures : dict of key -> (points of shape (n_atoms, 2), weights of shape (n_atoms,))
        Edge length and minus the degree.
    """
    higher = [d for d in dimensions if d != 0]
    if higher and matrix is None:
        matrix = distance_matrix(points)
    if matrix is None:
        coordinates, matrix = np.ascontiguousarray(points.T), NO_MATRIX
        n_points = len(points)
    else:
        coordinates, n_points = np.empty((0, 0)), len(matrix)
    if n_points == 0:
        return {d: (np.empty((0, 2)), np.empty(0, dtype=np.int32)) for d in dimensions}
    degrees = np.arange(min(n_degrees, n_points))[::-1]
    core = core_distances(coordinates, matrix, int(degrees[0]))
    rows = {d: [] for d in dimensions}
    for degree in degrees:
        enters = np.ascontiguousarray(core[:, degree])
        if 0 in rows:
            rows[0].append(_row_components(coordinates, matrix, enters, threshold))
        if higher:
            found = _row_above(matrix, enters, higher, threshold)
            for dimension in higher:
                rows[dimension].append(found[dimension])
    return {d: row_differences(row, 0.0 - degrees) for d, row in rows.items()}


def _row_components(coordinates, matrix, enters, threshold):
    merges = mutual_reachability_tree(coordinates, matrix, enters)
    positions = np.concatenate([enters, merges])
    signs = np.ones(len(positions), dtype=np.int32)
    signs[len(enters) :] = -1
    kept = positions <= threshold
    return positions[kept], signs[kept]


def _row_above(matrix, enters, dimensions, threshold):
    """One-parameter measures of one row, above components, or of the Euler characteristic."""
    present = np.flatnonzero(enters <= threshold)
    enters = enters[present]
    reach = np.maximum(matrix[np.ix_(present, present)], np.maximum(enters[:, None], enters))
    np.fill_diagonal(reach, 0.0)
    if "euler" in dimensions:
        atoms, weights = rips_euler(None, np.zeros(len(enters)), threshold=threshold, matrix=reach)
        # points enter at their core distance, not at zero
        positions = np.concatenate([atoms[:, 0], np.zeros(len(enters)), enters])
        signs = np.repeat(np.array([-1, 1], dtype=np.int32), len(enters))
        return {"euler": (positions, np.concatenate([weights, signs]))}
    bars = row_barcodes(reach, dimensions, threshold)
    return {d: barcode_measure(found) for d, found in zip(dimensions, bars)}


def core_distances(coordinates, matrix, largest):
    """Distance to the k-th nearest other point, for k = 0 (zero) to `largest`."""
    if len(matrix) == 0:
        return nearest_distances(coordinates, largest + 1)
    return np.sort(np.partition(matrix, largest, axis=1)[:, : largest + 1], axis=1)
