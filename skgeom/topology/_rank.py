"""The rank invariant on a grid, and its signed measure on pairs of parameter values."""

import numpy as np

from skgeom._core.parallel import parallel_rows
from skgeom.topology._checks import (
    LARGEST_WEIGHT,
    check_complex,
    check_dimension,
    check_grid,
    check_whole,
)
from skgeom.topology._kernels_rank import rank_table
from skgeom.topology._measures import grid_indices, round_up_rows
from skgeom.topology._presentation import minimal_presentation

RANK = "rank"  # begins the keys of measures whose atoms are pairs of a birth and a death


def is_rank(key):
    """Whether a measure's key says that its atoms are pairs of a birth and a death."""
    return isinstance(key, str) and key.startswith(RANK)


def ends(pairs):
    """Births, then deaths, one below the other: (2 n_atoms, n_parameters)."""
    return np.concatenate(np.split(pairs, 2, axis=1))


def rank_invariant(simplices, grades, homology_dimension, grid, *, n_jobs=None):
    """Ranks of ``H(K_x) -> H(K_y)`` for all x <= y of a grid.

    Parameters
    ----------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
        Vertices increase within a row.
    grades : list of ndarrays of shape (n_simplices, 2)
        Rounded up to the grid.
    homology_dimension : int
    grid : sequence of two ndarrays
        Increasing values.
    n_jobs : int or None, default=None
        Threads over the columns of the grid.

    Returns
    -------
    ranks : ndarray of int32, shape (len(grid[0]), len(grid[1]), len(grid[0]), len(grid[1]))
        ``ranks[i, j, k, l]`` from (i, j) to (k, l); zero unless i <= k and j <= l.
    """
    simplices, grades = check_complex(simplices, grades, 2)
    grid = check_grid(grid, 2)
    return complex_ranks(simplices, grades, check_dimension(homology_dimension), grid, n_jobs)


def complex_ranks(simplices, grades, dimension, grid, n_jobs=None):
    """`rank_invariant` of a complex known to be valid, by its minimal presentation on the grid."""
    shape = tuple(len(values) for values in grid)
    on_grid = [grid_indices(values, grid) for values in grades[: dimension + 2]]
    cells = [s[inside] for s, (_, inside) in zip(simplices, on_grid)]
    positions = [indices[inside].astype(np.float64) for indices, inside in on_grid]
    module = minimal_presentation(cells, positions, dimension)
    ranks = np.zeros((*shape, *shape), dtype=np.int32)
    parallel_rows(
        rank_table,
        shape[0],
        module.generators.astype(np.int64),
        module.relations.astype(np.int64),
        shape,
        module.ptr,
        module.indices,
        ranks,
        n_jobs=n_jobs,
    )
    return ranks


def sample_rank_measure(simplices, grades, dimension, resolution):
    """Signed measure of the rank invariant, on at most `resolution` values of each parameter.

    Returns
    -------
    points : ndarray of shape (n_atoms, 4)
    weights : ndarray of int32, shape (n_atoms,)
    """
    values = np.concatenate(grades)
    values = values[np.isfinite(values).all(axis=1)]
    if len(values) == 0:
        return np.empty((0, 4)), np.empty(0, dtype=np.int32)
    grid = [np.unique(round_up_rows(column, resolution)) for column in values.T]
    return rank_measure(complex_ranks(simplices, grades, dimension, grid), grid)


def rank_measure(ranks, grid):
    """Signed measure of a rank invariant: signed rectangles from birth to death.

    Parameters
    ----------
    ranks : ndarray of shape (R1, R2, R1, R2)
    grid : sequence of two ndarrays

    Returns
    -------
    points : ndarray of shape (n_atoms, 4)
        Birth (2) and death (2); +inf where a rectangle goes on beyond the grid.
    weights : ndarray of int32, shape (n_atoms,)
        The rank from x to y is the sum of the weights of the rectangles with
        ``birth <= x`` and ``y < death`` (in both parameters).
    """
    signed = check_whole(ranks, "ranks", LARGEST_WEIGHT // 16)
    grid = check_grid(grid, 2)
    shape = tuple(len(values) for values in grid)
    if signed.shape != 2 * shape:
        raise ValueError(f"ranks must have shape {2 * shape}, got {signed.shape}.")
    for axis in (0, 1):
        signed = np.diff(signed, axis=axis, prepend=0)
    for axis in (2, 3):
        signed = -np.diff(signed, axis=axis, append=0)
    i, j, k, a = np.nonzero(signed)
    segment = (i <= k) & (j <= a)
    i, j, k, a = i[segment], j[segment], k[segment], a[segment]
    ends = [np.append(values, np.inf) for values in grid]
    points = np.column_stack([grid[0][i], grid[1][j], ends[0][k + 1], ends[1][a + 1]])
    return points, signed[i, j, k, a].astype(np.int32)
