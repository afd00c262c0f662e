"""Images of signed measures: sums of a product kernel over the atoms, on a grid."""

import numpy as np

from skgeom._core.checks import real_array
from skgeom._core.parallel import (
    parallel_map,
    parallel_ranges,
    single_blas_thread,
    weighted_ranges,
)
from skgeom.topology._checks import check_choice, check_grid, check_measure, check_positive
from skgeom.topology._kernels import convolve_pairs, gaussian_table

KERNELS = ("gaussian", "exponential", "linear")
LARGE = 128  # atoms from which a product by BLAS is faster
BLOCK = 256  # atoms per product


def kernel_table(positions, grid, bandwidth, kernel, factor):
    """``factor[a] * kernel((grid[i] - positions[a]) / bandwidth) / norm``: (n_atoms, n_grid).

    Parameters
    ----------
    positions : ndarray of shape (n_atoms,)
    grid : ndarray of shape (n_grid,)
    bandwidth : float
    kernel : {"gaussian", "exponential", "linear"} or callable
        One-dimensional profile; a callable is evaluated on an array and isn't normalised.
    factor : ndarray of shape (n_atoms,)
    """
    grid = np.ascontiguousarray(grid)
    if kernel == "gaussian":
        table = np.empty((len(positions), len(grid)))
        norm = bandwidth * np.sqrt(2 * np.pi)
        gaussian_table(positions, grid, bandwidth, factor / norm, table)
        return table
    z = (grid - positions[:, None]) / bandwidth
    if kernel == "exponential":
        return np.exp(-np.abs(z)) * (factor / (2 * bandwidth))[:, None]
    if kernel == "linear":
        return np.maximum(0.0, 1.0 - np.abs(z)) * (factor / bandwidth)[:, None]
    profile = real_array(kernel(z), "kernel: what it returned")
    if profile.shape != z.shape:
        raise ValueError(f"kernel returned shape {profile.shape} for an array of shape {z.shape}.")
    return profile * factor[:, None]


def convolve(points, weights, ptr, grid, bandwidth, kernel="gaussian", n_jobs=None):
    """Images of many measures: image(x) = sum_a w_a prod_i kernel_i(x_i - p_ai).

    Parameters
    ----------
    points : ndarray of shape (n_atoms, n_parameters)
    weights : ndarray of shape (n_atoms,)
    ptr : ndarray of shape (n_samples + 1,)
        Measure i holds the atoms ``ptr[i]:ptr[i + 1]``.
    grid : sequence of ndarrays
    bandwidth : sequence of float
        One per parameter.
    kernel : {"gaussian", "exponential", "linear"} or callable
    n_jobs : int or None

    Returns
    -------
    images : ndarray of shape (n_samples, len(grid[0]), len(grid[1]), ...)
    """
    points, weights = np.asarray(points), np.asarray(weights, dtype=np.float64)
    ptr = np.asarray(ptr, dtype=np.int64)
    n_samples = len(ptr) - 1
    shape = tuple(len(values) for values in grid)
    images = np.zeros((n_samples, int(np.prod(shape[:-1])), shape[-1]))

    def convolve_one(i):
        # blocks that stay in the cache, and whose memory the allocator reuses
        for begin in range(ptr[i], ptr[i + 1], BLOCK):
            part = slice(begin, min(begin + BLOCK, ptr[i + 1]))
            rows, columns = _factors(points[part], weights[part], grid, bandwidth, kernel)
            images[i] += rows.T @ columns

    # small measures all at once in a loop of our own; BLAS where it pays to call it
    large = np.diff(ptr) >= LARGE
    small = np.repeat(~large, np.diff(ptr))
    if small.any():
        rows, columns = _factors(points[small], weights[small], grid, bandwidth, kernel)
        sizes = np.concatenate([[0], np.cumsum(np.where(large, 0, np.diff(ptr)))])
        ranges = weighted_ranges(sizes, 8)
        parallel_ranges(convolve_pairs, ranges, sizes, rows, columns, images, n_jobs=n_jobs)
    if large.any():
        with single_blas_thread():
            parallel_map(convolve_one, np.flatnonzero(large), n_jobs=n_jobs)
    return images.reshape(n_samples, *shape)


def _factors(points, weights, grid, bandwidth, kernel):
    """Tables whose product is the image: (n_atoms, all axes but one), (n_atoms, last axis)."""
    tables = []
    for axis, values in enumerate(grid):
        factor = weights if axis == 0 else np.ones(len(points))
        positions = np.ascontiguousarray(points[:, axis])
        tables.append(kernel_table(positions, values, bandwidth[axis], kernel, factor))
    if len(tables) == 1:
        return np.ones((len(points), 1)), tables[0]
    rows = tables[0]
    for table in tables[1:-1]:
        rows = (rows[:, :, None] * table[:, None, :]).reshape(len(points), -1)
    return rows, tables[-1]


def signed_measure_convolution(points, weights, grid, bandwidth, kernel="gaussian"):
    """Image of one signed measure: the sum of a kernel over its atoms.

    The plain sum, not the mean: a pair of atoms that cancel leaves the image unchanged.

    Parameters
    ----------
    points : array-like of shape (n_atoms, n_parameters)
        Atoms with an infinite coordinate are left out.
    weights : array-like of shape (n_atoms,)
    grid : sequence of array-likes
        Values of each parameter.
    bandwidth : float or sequence of float
        In the unit of the parameters.
    kernel : {"gaussian", "exponential", "linear"} or callable, default="gaussian"
        Profile of a product kernel, normalised to integral one; a callable is not normalised.

    Returns
    -------
    image : ndarray of shape (len(grid[0]), len(grid[1]), ...)

    Examples
    --------
    >>> from skgeom.topology import signed_measure_convolution
    >>> image = signed_measure_convolution([[0.0, 0.0]], [1], [[0.0, 1.0], [0.0]], 1.0, "linear")
    >>> image.tolist()
    [[1.0], [0.0]]
    """
    grid = check_grid(grid)
    points, weights = check_measure(points, weights, "The measure", len(grid), whole=False)
    if not callable(kernel):
        check_choice(kernel, "kernel", KERNELS)
    bandwidth = [bandwidth] * len(grid) if np.ndim(bandwidth) == 0 else list(bandwidth)
    if len(bandwidth) != len(grid):
        raise ValueError(f"bandwidth has {len(bandwidth)} values for {len(grid)} parameters.")
    for value in bandwidth:
        check_positive(value, "bandwidth")
    finite = np.isfinite(points).all(axis=1)
    kept = int(finite.sum())
    return convolve(points[finite], weights[finite], [0, kept], grid, bandwidth, kernel)[0]
