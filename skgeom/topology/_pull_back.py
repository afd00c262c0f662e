"""Vector-Jacobian products of measures: from gradients in the atoms to points, values and pixels.

Where the order of the grades is fixed, each coordinate of an atom is a grade of one definite cell:
the length of an edge, the radius of a simplex, the value of a vertex. Among equal grades the first
cell is taken, which gives one element of the generalised derivative.
"""

import math

import numpy as np

from skgeom.topology._alpha import alpha_complex, circumspheres
from skgeom.topology._delaunay_complex import delaunay_complex

TOLERANCE = 1e-7  # relative: between a coordinate and the grade that it comes from


def match(coordinates, grades, what):
    """Number of the grade that each coordinate is; -1 for infinite ones.

    Parameters
    ----------
    coordinates : ndarray of shape (n_atoms,)
    grades : ndarray of shape (n_cells,)
    what : str
        Name for messages.

    Returns
    -------
    cell : ndarray of int64, shape (n_atoms,)
    """
    found = np.full(len(coordinates), -1, dtype=np.int64)
    finite = np.flatnonzero(np.isfinite(coordinates))
    if len(finite) == 0:
        return found
    order = np.argsort(grades, kind="stable")
    increasing = grades[order]
    wanted = coordinates[finite]
    right = np.clip(np.searchsorted(increasing, wanted), 0, len(order) - 1)
    left = np.maximum(right - 1, 0)
    nearer = np.abs(increasing[left] - wanted) < np.abs(increasing[right] - wanted)
    at = np.where(nearer, left, right)
    at = np.searchsorted(increasing, increasing[at])  # the first of equal ones
    gap = np.abs(increasing[at] - wanted)
    if (gap > TOLERANCE * (1 + np.abs(wanted))).any():
        raise ValueError(f"An atom is at no {what}; were the atoms computed from this sample?")
    found[finite] = order[at]
    return found


def scatter(cells, slopes, n_cells):
    """Sum of the slopes of the atoms that come from each cell: (n_cells,)."""
    used = cells >= 0
    return np.bincount(cells[used], slopes[used], n_cells)


def values_gradient(points, slopes, values):
    """Gradient in the columns of a table of values, axis by axis: shape of `values`."""
    columns = [
        scatter(match(points[:, a], values[:, a], "value"), slopes[:, a], len(values))
        for a in range(values.shape[1])
    ]
    return np.column_stack(columns)


def edges_gradient(radii, slopes, points, scale):
    """Gradient in the points when radii are `scale` times the distances of pairs of points."""
    low, high = np.triu_indices(len(points), 1)
    gaps = points[low] - points[high]
    lengths = np.sqrt((gaps**2).sum(axis=1))
    moving = radii > 0
    pair = match(radii[moving] / scale, lengths, "distance between two points")
    total = scatter(pair, slopes[moving] * scale, len(low))
    used = np.flatnonzero((total != 0) & (lengths > 0))
    unit = gaps[used] * (total[used] / lengths[used])[:, None]
    return _add_rows(len(points), points.shape[1], (low[used], unit), (high[used], -unit))


def spheres_gradient(radii, slopes, points, simplices):
    """Gradient in the points when radii are those of spheres through simplices.

    The center c is ``sum_i l_i x_i`` with weights of sum one, and ``dR/dx_i = l_i (x_i - c) / R``.
    """
    candidates = []
    for cells in simplices[1:]:
        _, squared, flat = circumspheres(points, cells)
        candidates.append(np.where(flat, np.inf, np.sqrt(squared)))
    moving = radii > 0
    borders = np.cumsum([0, *map(len, candidates)])
    grades = np.concatenate([*candidates, [0.0]])
    cell = match(radii[moving], grades, "radius of a simplex")
    total = scatter(cell, slopes[moving], len(grades))
    gradient = np.zeros(points.shape)
    for cells, start, stop in zip(simplices[1:], borders[:-1], borders[1:]):
        used = np.flatnonzero(total[start:stop])
        if len(used):
            rows, pull = _sphere_pull(points, cells[used])
            pull *= total[start:stop][used][:, None, None]
            np.add.at(gradient, rows.ravel(), pull.reshape(-1, points.shape[1]))
    return gradient


def _sphere_pull(points, cells):
    """Gradient of the radius of each sphere in its points: (n_cells, n_vertices, n_coordinates)."""
    corner = points[cells]
    edges = corner[:, 1:] - corner[:, :1]
    gram = edges @ edges.transpose(0, 2, 1)
    half = np.diagonal(gram, axis1=1, axis2=2)[:, :, None] / 2
    weights = np.linalg.solve(gram, half)[:, :, 0]
    weights = np.column_stack([1 - weights.sum(axis=1), weights])
    from_center = corner - np.einsum("sv,svd->sd", weights, corner)[:, None, :]
    radius = np.sqrt((from_center[:, 0] ** 2).sum(axis=1))
    return cells, weights[:, :, None] * from_center / radius[:, None, None]


def _add_rows(n_rows, n_columns, *parts):
    total = np.zeros((n_rows, n_columns))
    for rows, values in parts:
        np.add.at(total, rows, values)
    return total


def radii_gradient(filtration, radii, slopes, points, values):
    """Gradient of first parameters in the points, for the filtrations of point clouds.

    Parameters
    ----------
    filtration : {"rips", "alpha", "delaunay"}
    radii, slopes : ndarrays of shape (n_atoms,)
    points : ndarray of shape (n_points, n_coordinates)
    values : ndarray of shape (n_points,)

    Returns
    -------
    gradient : ndarray of shape (n_points, n_coordinates)
    """
    if filtration == "rips":
        return edges_gradient(radii, slopes, points, 1.0)
    if filtration == "delaunay" and points.shape[1] > 2:
        # components alone have their scale from pairs of points
        return edges_gradient(radii, slopes, points, 0.5)
    present = np.flatnonzero(np.isfinite(values))
    if len(np.unique(points[present], axis=0)) < len(present):
        raise ValueError("The gradient needs distinct points; equal ones have no derivative.")
    if filtration == "alpha":
        simplices, _, _ = alpha_complex(points[present], np.zeros(len(present)))
        number = present
    else:
        simplices, _ = delaunay_complex(points[present], values[present])
        number = present[np.lexsort((*points[present].T, values[present]))]
        simplices = simplices[: points.shape[1] + 1]
    gradient = np.zeros(points.shape)
    gradient[number] = spheres_gradient(radii, slopes, points[number], simplices)
    return gradient


def function_gradient(function, parameters, points, slopes):
    """Gradient in the points of ``sum_i slopes_i f(x_i)`` for a named function on the cloud.

    Parameters
    ----------
    function : {"kde", "dtm", "knn", "eccentricity"}
    parameters : dict
        Resolved.
    points : ndarray of shape (n_points, n_coordinates)
    slopes : ndarray of shape (n_points,)

    Returns
    -------
    gradient : ndarray of shape (n_points, n_coordinates)
    """
    squared = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    pull = _pulls(function, parameters, squared) * slopes[:, None]
    pull = pull + pull.T
    return pull.sum(axis=1)[:, None] * points - pull @ points


def _pulls(function, parameters, squared):
    """Factors a_ij such that ``df_i = sum_j a_ij (x_i - x_j) (dx_i - dx_j)``."""
    n = len(squared)
    if function == "kde":
        scale = parameters["bandwidth"] ** 2
        kernel = np.exp(-0.5 * squared / scale)
        return kernel / kernel.sum(axis=1, keepdims=True) / scale
    if function == "eccentricity":
        near = np.argmax(squared, axis=1)[:, None]
    elif function == "dtm":
        count = max(1, math.ceil(parameters["mass"] * n))
        near = np.argsort(squared, axis=1, kind="stable")[:, :count]
    else:
        near = np.argsort(squared, axis=1, kind="stable")[:, 1 : parameters["k"] + 1]
    rows = np.arange(n)[:, None]
    chosen = squared[rows, near]
    if function == "dtm":
        factors = 1.0 / (near.shape[1] * np.sqrt(chosen.mean(axis=1, keepdims=True)))
    else:
        with np.errstate(divide="ignore"):
            factors = 1.0 / (near.shape[1] * np.sqrt(chosen))
    pulls = np.zeros((n, n))
    pulls[rows, near] = np.where(np.isfinite(factors), factors, 0.0)
    return pulls
