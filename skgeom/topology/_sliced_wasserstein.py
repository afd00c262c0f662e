"""Sliced Wasserstein distances between signed measures of equal total mass."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

from skgeom._core.checks import real_array
from skgeom._core.parallel import parallel_rows
from skgeom.topology._checks import check_magnitude, check_measure, check_positive
from skgeom.topology._kernels import sliced_distances


def random_directions(n_directions, n_parameters, random_state):
    """Unit vectors, uniform on the sphere: (n_directions, n_parameters)."""
    directions = check_random_state(random_state).standard_normal((n_directions, n_parameters))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def sliced_wasserstein_distances(
    A, B=None, n_directions=50, random_state=None, *, directions=None, n_jobs=None
):
    """Matrix of sliced Wasserstein distances between signed measures.

    The distance is the mean over directions of ``int |F(t)| dt``, where F is the cumulated mass of
    the difference of the two measures, projected on the direction.

    Parameters
    ----------
    A, B : list of (points, weights)
        Points of shape (n_atoms, n_parameters), integer weights; equal total masses. `B` is `A`
        when it is None.
    n_directions : int, default=50
        Number of random directions.
    random_state : int, RandomState instance or None, default=None
    directions : array-like of shape (n_directions, n_parameters), default=None
        Directions to use instead of random ones.
    n_jobs : int or None, default=None
        Threads over the rows of the matrix.

    Returns
    -------
    distances : ndarray of shape (len(A), len(B))

    Raises
    ------
    ValueError
        When total masses differ, or a point is not finite.

    Examples
    --------
    >>> from skgeom.topology import sliced_wasserstein_distances
    >>> A = [([[0.0, 0.0]], [1]), ([[3.0, 4.0]], [1])]
    >>> float(sliced_wasserstein_distances(A, directions=[[0.6, 0.8]])[0, 1])
    5.0
    """
    a = _check_measures(A, "A")
    n_parameters = max((points.shape[1] for points, _ in a), default=None)
    b = a if B is None else _check_measures(B, "B")
    for name, measures in (("A", a), ("B", b)):
        for index, (points, _) in enumerate(measures):
            if len(points) and points.shape[1] != n_parameters:
                raise ValueError(
                    f"{name}[{index}] has {points.shape[1]} parameters, other measures have "
                    f"{n_parameters}."
                )
    masses = {int(weights.sum()) for _, weights in a + b}
    if len(masses) > 1:
        raise ValueError(
            f"The measures have different total masses ({sorted(masses)[:3]}); balance them first "
            "(mass_default='auto')."
        )
    if directions is None:
        check_positive(n_directions, "n_directions", Integral)
        directions = random_directions(n_directions, n_parameters or 1, random_state)
    directions = check_magnitude(real_array(directions, "directions"), "directions")
    if (
        directions.ndim != 2
        or not len(directions)
        or n_parameters not in (None, directions.shape[1])
    ):
        raise ValueError(
            f"directions must have shape (n_directions, {n_parameters}), got {directions.shape}."
        )
    projected = project(a, directions)
    symmetric = B is None
    others = projected if symmetric else project(b, directions)
    distances = np.zeros((len(a), len(b)))
    parallel_rows(
        sliced_distances, len(a), *projected, *others, symmetric, distances, n_jobs=n_jobs
    )
    distances /= len(directions)
    return distances + distances.T if symmetric else distances


def _check_measures(measures, name):
    checked = []
    for index, (points, weights) in enumerate(measures):
        points, weights = check_measure(points, weights, f"{name}[{index}]")
        if not np.isfinite(points).all():
            raise ValueError(f"{name}[{index}] has an atom that is not finite.")
        checked.append((points, weights))
    return checked


def project(measures, directions):
    """Project measures on directions and sort.

    Returns
    -------
    ptr : ndarray of int64, shape (n_measures + 1,)
    projections, masses : ndarrays of shape (n_groups, 4, n_atoms + n_measures)
        Sorted by projection within each measure, with an atom at infinity after its last one. Four
        directions a group; those that fill the last one have no mass.
    """
    sizes = [len(weights) + 1 for _, weights in measures]
    ptr = np.concatenate([[0], np.cumsum(np.array(sizes, dtype=np.int64))])
    n_groups = -(-len(directions) // 4)
    projections = np.full((4 * n_groups, int(ptr[-1])), np.inf)
    masses = np.zeros(projections.shape)
    used = len(directions)
    for (points, weights), start, stop in zip(measures, ptr[:-1], ptr[1:] - 1):
        if start == stop:
            continue
        heights = directions @ points.T
        order = np.argsort(heights, axis=1, kind="stable")
        projections[:used, start:stop] = np.take_along_axis(heights, order, axis=1)
        projections[used:, start:stop] = 0.0
        masses[:used, start:stop] = weights[order]
    shape = (n_groups, 4, int(ptr[-1]))
    return ptr, projections.reshape(shape), masses.reshape(shape)
