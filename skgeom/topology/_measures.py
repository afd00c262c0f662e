"""Signed measures: finitely many points with integer weights, and what is done with them."""

import numpy as np

from skgeom.topology._checks import LARGEST_WEIGHT, SMALLEST, check_grid, check_whole

DEFAULT_ROWS = 50


def aggregate(points, weights, sample=None, n_samples=1):
    """Add the weights of equal points and drop those that cancel.

    Parameters
    ----------
    points : ndarray of shape (n_atoms, n_parameters)
    weights : ndarray of int, shape (n_atoms,)
    sample : ndarray of int, shape (n_atoms,), or None
        Measure to which each atom belongs; None when there is only one.
    n_samples : int, default=1

    Returns
    -------
    points : ndarray of shape (n_kept, n_parameters)
        Sorted by measure, then lexicographically.
    weights : ndarray of int32, shape (n_kept,)
    ptr : ndarray of int64, shape (n_samples + 1,)
        Measure i holds the atoms ``ptr[i]:ptr[i + 1]``.
    """
    keys = tuple(points.T[::-1])
    order = sorting_order(keys if sample is None else (*keys, sample))
    points, weights = points[order], weights[order]
    sample = np.zeros(len(order), dtype=np.int64) if sample is None else sample[order]
    if len(order):
        new = np.ones(len(order), dtype=bool)
        new[1:] = (points[1:] != points[:-1]).any(axis=1) | (sample[1:] != sample[:-1])
        first = np.flatnonzero(new)
        sums = np.add.reduceat(weights, first)
        first = first[sums != 0]
        points, weights, sample = points[first], sums[sums != 0], sample[first]
    ptr = np.searchsorted(sample, np.arange(n_samples + 1))
    return points, weights.astype(np.int32), ptr


def sorting_order(keys):
    """As `numpy.lexsort` (the last key comes first), but faster on long keys and not stable.

    Long keys are replaced by their ranks and these packed into one integer, because sorting one
    key without stability is several times faster.
    """
    if len(keys[0]) < 256:
        return np.lexsort(keys)
    code, size = np.zeros(len(keys[0]), dtype=np.int64), 1
    for key in reversed(keys):
        order = np.argsort(key)
        ranks = np.empty(len(key), dtype=np.int64)
        increasing = key[order]
        ranks[order] = np.cumsum(np.concatenate([[0], increasing[1:] != increasing[:-1]]))
        count = int(ranks[order[-1]]) + 1
        size *= count
        if size >= 2**62:
            return np.lexsort(keys)
        code = code * count + ranks
    return np.argsort(code)


def concatenate(parts, n_parameters):
    """Join ``(points, weights)`` pairs into one measure, without adding up equal points."""
    points = [np.reshape(p, (-1, n_parameters)) for p, _ in parts]
    weights = [np.asarray(w, dtype=np.int32) for _, w in parts]
    if not parts:
        return np.empty((0, n_parameters)), np.empty(0, dtype=np.int32)
    return np.concatenate(points), np.concatenate(weights)


def signed_sum(terms, n_parameters=2):
    """The measure ``sum_i sign_i measure_i`` of pairs (sign, (points, weights))."""
    points, weights = concatenate(
        [(points, sign * np.asarray(weights)) for sign, (points, weights) in terms], n_parameters
    )
    return aggregate(points, weights)[:2]


def round_up_rows(values, n_rows):
    """Round values up to at most `n_rows` of themselves, the largest included.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
    n_rows : int or None
        None keeps all of them.

    Returns
    -------
    rounded : ndarray of shape (n_values,)
        Infinite values stay.
    """
    distinct = np.unique(values[np.isfinite(values)])
    if n_rows is None or len(distinct) <= n_rows:
        return values
    chosen = np.ceil(np.linspace(0, len(distinct), n_rows + 1)[1:]).astype(int) - 1
    rows = distinct[chosen]
    rounded = np.array(values, dtype=np.float64)
    finite = np.isfinite(values)
    rounded[finite] = rows[np.searchsorted(rows, values[finite])]
    return rounded


def row_differences(rows, values):
    """Signed measure of a bifiltration from its rows.

    Parameters
    ----------
    rows : sequence of (positions, weights)
        One-parameter signed measures of the rows: +1 at births and -1 at deaths.
    values : ndarray of shape (n_rows,)
        Increasing values of the second parameter.

    Returns
    -------
    points : ndarray of shape (n_atoms, 2)
    weights : ndarray of int32, shape (n_atoms,)
    """
    parts = []
    for j, (positions, weights) in enumerate(rows):
        parts.append((np.column_stack([positions, np.full(len(positions), values[j])]), weights))
        if j + 1 < len(values):
            later = np.column_stack([positions, np.full(len(positions), values[j + 1])])
            parts.append((later, -np.asarray(weights)))
    points, weights = concatenate(parts, 2)
    return aggregate(points, weights)[:2]


def by_last_parameter(measure, values):
    """Signed measure of three or more parameters, by the sublevel sets of the last one.

    Parameters
    ----------
    measure : callable
        Vertex function (n_points,) -> two-parameter measure (points, weights); vertices with an
        infinite value are left out.
    values : ndarray of shape (n_points, n_functions)

    Returns
    -------
    points : ndarray of shape (n_atoms, n_functions + 1)
    weights : ndarray of int32, shape (n_atoms,)
    """
    n_functions = values.shape[1]
    if n_functions == 1:
        return measure(values[:, 0])
    last = values[:, -1]
    terms = []
    previous = None
    for value in np.unique(last[np.isfinite(last)]):
        level = np.where((last <= value)[:, None], values[:, :-1], np.inf)
        points, weights = by_last_parameter(measure, level)
        for sign, found in ((1, (points, weights)), (-1, previous)):
            if found is not None:
                lifted = np.column_stack([found[0], np.full(len(found[0]), value)])
                terms.append((sign, (lifted, found[1])))
        previous = points, weights
    return signed_sum(terms, n_functions + 1)


def barcode_measure(bars):
    """One-parameter signed measure of a barcode of shape (n_bars, 2)."""
    bars = np.asarray(bars, dtype=np.float64).reshape(-1, 2)
    deaths = bars[:, 1][np.isfinite(bars[:, 1])]
    positions = np.concatenate([bars[:, 0], deaths])
    weights = np.ones(len(positions), dtype=np.int32)
    weights[len(bars) :] = -1
    return positions, weights


def balance(points, weights, sample, corner):
    """Set the Hilbert function to zero outside ``{x < corner}``, so that total masses are 0.

    Every atom gets mirror atoms on the upper faces of the box, with alternating signs.

    Parameters
    ----------
    points : ndarray of shape (n_atoms, n_parameters)
    weights : ndarray of int, shape (n_atoms,)
    sample : ndarray of int, shape (n_atoms,)
    corner : ndarray of shape (n_parameters,)

    Returns
    -------
    points, weights, sample : ndarrays
    """
    inside = (points < corner).all(axis=1)
    points, weights, sample = points[inside], weights[inside], sample[inside]
    for axis in range(points.shape[1]):
        mirrored = points.copy()
        mirrored[:, axis] = corner[axis]
        points = np.concatenate([points, mirrored])
        weights = np.concatenate([weights, -weights])
        sample = np.concatenate([sample, sample])
    return points, weights, sample


def widen(box):
    """A box whose constant sides have become one wide: (2, n_parameters)."""
    box = np.array(box, dtype=np.float64)
    constant = ~(box[1] - box[0] >= SMALLEST)
    # beyond 2^53 the next number is more than one away
    box[1, constant] = box[0, constant] + np.maximum(1.0, np.abs(box[0, constant]) * 1e-6)
    return box


def grid_indices(points, grid):
    """Round points up to the grid; return the indices and which points are on it at all."""
    indices = np.empty(points.shape, dtype=np.int64)
    for axis, values in enumerate(grid):
        indices[:, axis] = np.searchsorted(values, points[:, axis], side="left")
    inside = (indices < [len(values) for values in grid]).all(axis=1)
    return indices, inside


def histogram(points, weights, sample, n_samples, grid):
    """Mass of each measure at each grid point, points rounded up: (n_samples, *resolution)."""
    shape = (n_samples, *(len(values) for values in grid))
    indices, inside = grid_indices(points, grid)
    flat = np.ravel_multi_index((sample[inside], *indices[inside].T), shape)
    counts = np.bincount(flat, weights=weights[inside], minlength=int(np.prod(shape)))
    return counts.reshape(shape)


def surface_from_histogram(masses):
    """Hilbert function (or Euler surface) on the grid: cumulative sums along every parameter."""
    surface = masses
    for axis in range(1, masses.ndim):
        surface = np.cumsum(surface, axis=axis)
    return surface


def mobius_inverse(surface, grid):
    """The signed measure of an integer function on a grid (its Möbius inverse).

    Parameters
    ----------
    surface : array-like of shape (len(grid[0]), len(grid[1]), ...)
        Values of the function, constant up to the next grid value in every direction.
    grid : sequence of ndarrays
        Increasing values of each parameter.

    Returns
    -------
    points : ndarray of shape (n_atoms, n_parameters)
    weights : ndarray of int32, shape (n_atoms,)

    Examples
    --------
    >>> from skgeom.topology import mobius_inverse
    >>> points, weights = mobius_inverse([[0, 1], [1, 1]], [[0.0, 1.0], [5.0, 6.0]])
    >>> points
    array([[0., 6.],
           [1., 5.],
           [1., 6.]])
    >>> weights
    array([ 1,  1, -1], dtype=int32)
    """
    grid = check_grid(grid)
    # every axis can double the largest difference
    masses = check_whole(surface, "surface", LARGEST_WEIGHT // 2 ** len(grid))
    if masses.shape != tuple(len(values) for values in grid):
        raise ValueError(
            f"surface has shape {masses.shape}, the grid has "
            f"{tuple(len(values) for values in grid)} values."
        )
    for axis in range(masses.ndim):
        masses = np.diff(masses, axis=axis, prepend=0)
    index = np.nonzero(masses)
    points = np.column_stack([values[i] for values, i in zip(grid, index)])
    return points, masses[index].astype(np.int32)
