"""The rank invariant on a grid, and its signed measure on pairs of parameter values."""

from numbers import Integral

import numpy as np

from skgeom._core.parallel import parallel_rows
from skgeom.topology._bifiltration_transformer import BifiltrationTransformer
from skgeom.topology._checks import (
    check_complex,
    check_dimension,
    check_grid,
    check_positive,
)
from skgeom.topology._kernels_rank import rank_table
from skgeom.topology._measures import grid_indices
from skgeom.topology._modules import boundary_matrix


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
    cells = simplices[: check_dimension(homology_dimension) + 2]
    dimension, local, boundary_ptr, boundary = boundary_matrix(cells)
    indices, _ = grid_indices(np.concatenate(grades[: len(cells)]), grid)
    shape = tuple(len(values) for values in grid)
    ranks = np.zeros((*shape, *shape), dtype=np.int32)
    n_words = max(1, (max(len(c) for c in cells) + 63) // 64)
    parallel_rows(
        rank_table,
        shape[0],
        indices,
        shape,
        dimension,
        homology_dimension,
        boundary_ptr,
        boundary,
        local,
        n_words,
        ranks,
        n_jobs=n_jobs,
    )
    return ranks


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
    signed = np.asarray(ranks).astype(np.int64)
    grid = check_grid(grid, 2)
    shape = tuple(len(values) for values in grid)
    if signed.shape != 2 * shape or (signed != ranks).any():
        raise ValueError(
            f"ranks must hold whole numbers of shape {2 * shape}, got shape {signed.shape}."
        )
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


def rank_signed_measure(
    shape, filtration="graph", homology_dimension=0, *, resolution=None, n_jobs=None, **parameters
):
    """Signed measure of the rank invariant of one shape.

    The rank from x to y counts the classes that are there at x and still at y; unlike the Hilbert
    function it tells one long-lived class from many short ones.

    Parameters
    ----------
    shape : graph, point cloud or pair
        One sample of `BifiltrationTransformer`.
    filtration : {"graph", "alpha", "precomputed"}, default="graph"
    homology_dimension : int, default=0
    resolution : int or None, default=None
        Number of equally spaced grid values per parameter, to which grades are rounded up; None
        takes all distinct grades. Time and memory grow with the fourth power.
    n_jobs : int or None, default=None
    **parameters : object
        Further parameters of `BifiltrationTransformer`, such as ``function``.

    Returns
    -------
    points : ndarray of shape (n_atoms, 4)
        Birth and death of signed rectangles; deaths may be +inf.
    weights : ndarray of int32, shape (n_atoms,)

    References
    ----------
    .. [1] Botnan, Oppermann, Oudot. "Signed barcodes for multi-parameter persistence via rank
           decompositions." SoCG 2022.

    Examples
    --------
    >>> from skgeom.topology import rank_signed_measure
    >>> edge = [(0, 1)], [[0.0, 0.0], [1.0, 2.0]]
    >>> points, weights = rank_signed_measure(edge, function="precomputed")
    >>> points
    array([[ 0.,  0., inf, inf]])
    """
    if filtration not in ("graph", "alpha", "precomputed"):
        raise ValueError(
            f"filtration must be 'graph', 'alpha' or 'precomputed', got {filtration!r}."
        )
    if resolution is not None:
        check_positive(resolution, "resolution", Integral)
    transformer = BifiltrationTransformer(
        filtration=filtration, homology_dimensions=(homology_dimension,), **parameters
    )
    simplices, grades = transformer.fit([shape]).complexes([shape])[0]
    values = np.concatenate(grades)
    if values.shape[1] != 2:
        raise ValueError(f"The rank invariant takes two parameters, got {values.shape[1]}.")
    values = values[np.isfinite(values).all(axis=1)]
    if len(values) == 0:
        return np.empty((0, 4)), np.empty(0, dtype=np.int32)
    if resolution is None:
        grid = [np.unique(column) for column in values.T]
    else:
        grid = [np.linspace(column.min(), column.max(), resolution) for column in values.T]
    return rank_measure(
        rank_invariant(simplices, grades, homology_dimension, grid, n_jobs=n_jobs), grid
    )
