"""Vector-Jacobian products of vectorisations: from gradients in the features to the atoms."""

from itertools import combinations

import numpy as np

from skgeom.topology import _kernels_intervals as kernels
from skgeom.topology._convolution import kernel_table
from skgeom.topology._kernels_interval_slopes import pull_intervals
from skgeom.topology._modules import module_recipe, summand_powers


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


def module_gradient(modules, grid, box, parameters, cotangent):
    """Gradient of ``sum(cotangent * module_features(...))`` in the corners.

    Parameters
    ----------
    modules : IntervalModules
        Of one homology dimension, in the unit of the grid.
    grid : sequence of two ndarrays
    box : ndarray of shape (2, 2)
    parameters : dict
        As `module_features` takes them.
    cotangent : ndarray of shape (n_features,)

    Returns
    -------
    births, deaths : ndarrays of shape (n_corners, 2)
        A summand that is as deep as the box lets one see has none.
    """
    recipe = module_recipe(parameters)
    powers, weights = summand_powers(modules, recipe, box)
    births, deaths = np.ascontiguousarray(modules.births), np.ascontiguousarray(modules.deaths)
    grid = tuple(np.ascontiguousarray(values) for values in grid)
    shape = (len(grid[0]), len(grid[1]))
    values = np.zeros((len(modules), *shape))
    for i, table in enumerate(values):
        kernels.interval_values(
            recipe["kind"], *modules.corners(i), float(recipe["scale"]), *grid, table
        )
    V = cotangent.reshape(-1, *shape)
    if recipe["op"] == "largest":
        slopes, in_powers = _through_order(values, powers, V, recipe["k"])
    else:
        slopes, in_powers = _through_sum(values, powers, V[0], recipe["op"] == "mean")
    factors = recipe["power"] * powers
    factors = np.divide(factors, weights, where=weights > 0, out=np.zeros(len(weights)))
    out = np.zeros(births.shape), np.zeros(deaths.shape)
    pull_intervals(
        births,
        deaths,
        modules.birth_ptr,
        modules.death_ptr,
        recipe["kind"],
        float(recipe["scale"]),
        grid,
        slopes,
        {"interleaving": kernels.INTERLEAVING, "volume": kernels.VOLUME}.get(recipe["weight"], -1),
        np.ascontiguousarray(box),
        in_powers * factors,
        out,
    )
    return out


def _through_sum(values, powers, V, mean):
    """Slopes in values (n_summands, ...) and powers (n_summands,) of their sum or mean."""
    total = powers.sum() if mean else 1.0
    if total == 0:
        return np.zeros(values.shape), np.zeros(len(powers))
    image = np.tensordot(powers, values, axes=1) / total if mean else 0.0
    in_powers = ((values - image) * V).sum(axis=(1, 2)) / total
    return powers[:, None, None] * V / total, in_powers


def _through_order(values, powers, V, k):
    """Slopes in values and powers of the k-th largest products at every point."""
    ranks = np.argsort(-powers[:, None, None] * values, axis=0, kind="stable")
    slopes, in_powers = np.zeros(values.shape), np.zeros(len(powers))
    for image, rank in zip(V, k):
        if rank < len(values):
            chosen = ranks[rank : rank + 1]
            held = np.take_along_axis(values, chosen, 0)
            finite = np.where(np.isfinite(held), held, 0.0)
            added = np.take_along_axis(slopes, chosen, 0) + image * powers[chosen]
            np.put_along_axis(slopes, chosen, added, 0)
            in_powers += np.bincount(chosen.ravel(), (image * finite).ravel(), len(powers))
    return slopes, in_powers
