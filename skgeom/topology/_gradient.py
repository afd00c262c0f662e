"""Vector-Jacobian products of vectorisations: from gradients in the features to the atoms."""

from itertools import combinations

import numpy as np

from skgeom.topology._convolution import kernel_table


def convolution_gradient(points, weights, sample, grid, bandwidth, kernel, cotangent):
    """Gradient of ``sum(cotangent * image)`` in the atoms.

    Parameters
    ----------
    points : ndarray of shape (n_atoms, n_parameters)
    weights : ndarray of shape (n_atoms,)
    sample : ndarray of int, shape (n_atoms,)
        Increasing.
    grid : sequence of ndarrays
    bandwidth : sequence of float
    kernel : {"gaussian", "exponential", "linear"}
    cotangent : ndarray of shape (n_samples, len(grid[0]), len(grid[1]), ...)

    Returns
    -------
    gradient : ndarray of shape (n_atoms, n_parameters)
    """
    ones = np.ones(len(points))
    tables, slopes = [], []
    for axis, values in enumerate(grid):
        positions = np.ascontiguousarray(points[:, axis])
        table = kernel_table(positions, values, bandwidth[axis], kernel, ones)
        tables.append(table)
        slopes.append(_slope(table, values - positions[:, None], bandwidth[axis], kernel))
    gradient = np.zeros(points.shape)
    borders = np.searchsorted(sample, np.arange(len(cotangent) + 1))
    for image, start, stop in zip(cotangent, borders[:-1], borders[1:]):
        for axis in range(len(grid)):
            factors = [t[start:stop] for t in tables]
            factors[axis] = slopes[axis][start:stop]
            gradient[start:stop, axis] = _contract(image, factors)
    return gradient * weights[:, None]


def _slope(table, gap, bandwidth, kernel):
    """Derivative of a kernel table in the positions of the atoms."""
    if kernel == "gaussian":
        return table * gap / bandwidth**2
    if kernel == "exponential":
        return table * np.sign(gap) / bandwidth
    return np.where(table > 0, np.sign(gap) / bandwidth**2, 0.0)


def _contract(image, factors):
    """``sum_{ij...} image_ij... factors_0[a, i] factors_1[a, j] ...`` for every atom a."""
    total = image
    total = np.tensordot(factors[0], total, axes=(1, 0))
    for factor in factors[1:]:
        total = np.einsum("ai...,ai->a...", total, factor)
    return total


def integral_gradient(points, weights, sample, derivatives, cotangent):
    """Gradient of ``sum(cotangent * features)`` in the atoms, features integrals of functions.

    Parameters
    ----------
    points : ndarray of shape (n_atoms, n_parameters)
    weights : ndarray of shape (n_atoms,)
    sample : ndarray of int, shape (n_atoms,)
    derivatives : callable
        Axis -> derivatives of the functions at the atoms, (n_atoms, n_functions).
    cotangent : ndarray of shape (n_samples, n_functions)
    """
    columns = [(derivatives(a) * cotangent[sample]).sum(axis=1) for a in range(points.shape[1])]
    return np.column_stack(columns) * weights[:, None]


def balanced_parts(points, weights, corner):
    """The parts of a balanced measure, each with the axes that sit on the corner.

    Yields
    ------
    points, weights, free : ndarrays of shapes (n_atoms, n_parameters), (n_atoms,), (n_parameters,)
        `free` says which coordinates move with the atoms.
    """
    n_parameters = points.shape[1]
    for size in range(n_parameters + 1):
        for axes in combinations(range(n_parameters), size):
            moved = points.copy()
            moved[:, axes] = np.asarray(corner)[list(axes)]
            free = np.ones(n_parameters, dtype=bool)
            free[list(axes)] = False
            yield moved, (-1) ** size * weights, free
