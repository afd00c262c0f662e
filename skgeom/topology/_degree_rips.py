"""Degree-Rips: distance and degree as parameters, with no other choice to make."""

import numpy as np

from skgeom.topology._kernels import mutual_reachability_tree, nearest_distances
from skgeom.topology._measures import row_differences
from skgeom.topology._rips import NO_MATRIX


def degree_rips_measure(points, n_degrees, *, matrix=None, threshold=np.inf):
    """Hilbert signed measure of H0 of the degree-Rips bifiltration.

    At (r, -k) the complex is the Rips complex at scale r of the points with at least k neighbours
    within r. Row k is single linkage for the mutual reachability distance with k neighbours.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_coordinates)
        Ignored when `matrix` is given.
    n_degrees : int
        Degrees 0 to ``n_degrees - 1`` are the rows, as far as there are as many points.
    matrix : ndarray of shape (n_points, n_points) or None
        Distances, instead of points.
    threshold : float, default=inf
        Longest edge.

    Returns
    -------
    points : ndarray of shape (n_atoms, 2)
        Edge length and minus the degree.
    weights : ndarray of int32, shape (n_atoms,)
    """
    if matrix is None:
        coordinates, matrix = np.ascontiguousarray(points.T), NO_MATRIX
        n_points = len(points)
    else:
        coordinates, n_points = np.empty((0, 0)), len(matrix)
    degrees = np.arange(min(n_degrees, n_points))[::-1]
    if n_points == 0:
        return np.empty((0, 2)), np.empty(0, dtype=np.int32)
    core = core_distances(coordinates, matrix, int(degrees[0]))
    rows = []
    for degree in degrees:
        enters = np.ascontiguousarray(core[:, degree])
        merges = mutual_reachability_tree(coordinates, matrix, enters)
        positions = np.concatenate([enters, merges])
        signs = np.ones(len(positions), dtype=np.int32)
        signs[n_points:] = -1
        kept = positions <= threshold
        rows.append((positions[kept], signs[kept]))
    return row_differences(rows, 0.0 - degrees)


def core_distances(coordinates, matrix, largest):
    """Distance to the k-th nearest other point, for k = 0 (zero) to `largest`."""
    if len(matrix) == 0:
        return nearest_distances(coordinates, largest + 1)
    return np.sort(np.partition(matrix, largest, axis=1)[:, : largest + 1], axis=1)
