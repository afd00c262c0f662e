"""Pivots, and the placement of points from their distances to the pivots."""

import numpy as np
from scipy.spatial.distance import cdist

from skgeom._core.parallel import parallel_rows
from skgeom.manifold._kernels import place_rows

_MAX_STEPS = 500
_TOL = 1e-8


def choose_pivots(distances, n_pivots, random_state, node_weights=None):
    """Farthest-point pivots and the weight of the nodes nearest to each.

    Parameters
    ----------
    distances : array of shape (n, n)
    n_pivots : int
    random_state : RandomState
        Draws the first pivot's predecessor; the first pivot is the point farthest from it.
    node_weights : array of shape (n,) or None
        Nodes of weight 0 are no pivots. None is 1 each.

    Returns
    -------
    pivots : int array of shape (p,)
    weights : float64 array of shape (p,)
    """
    if node_weights is not None and not node_weights.all():
        able = np.flatnonzero(node_weights)
        between = distances[np.ix_(able, able)]
        pivots = able[choose_pivots(between, n_pivots, random_state)[0]]
        return pivots, pivot_weights(distances[:, pivots], node_weights)
    n = len(distances)
    if n_pivots >= n:
        return np.arange(n), np.ones(n) if node_weights is None else node_weights
    # half of them far apart, so that no part is missed; half at random, where the points are
    pivots = [int(np.argmax(distances[random_state.randint(n)]))]
    nearest = distances[pivots[0]].copy()
    while len(pivots) < (n_pivots + 1) // 2:
        pivots.append(int(np.argmax(nearest)))
        np.minimum(nearest, distances[pivots[-1]], out=nearest)
    others = np.setdiff1d(np.arange(n), pivots)
    pivots.extend(random_state.choice(others, n_pivots - len(np.unique(pivots)), replace=False))
    pivots = np.unique(pivots)
    return pivots, pivot_weights(distances[:, pivots], node_weights)


def pivot_weights(distances, node_weights=None):
    """Weight of the rows nearest to each column; at least one row's of average weight."""
    nearest = np.argmin(distances, axis=1)
    weights = np.bincount(nearest, node_weights, minlength=distances.shape[1])
    return np.maximum(weights, 1.0 if node_weights is None else node_weights.mean())


def place(distances, weights, pivots, start, *, n_jobs=None):
    """Place each row alone: least weighted stress to the pivots.

    Parameters
    ----------
    distances : array of shape (n_rows, p)
    weights : array of shape (p,)
    pivots : array of shape (p, n_components)
        Positions of the pivots.
    start : array of shape (n_rows, n_components)
        Starting positions.

    Returns
    -------
    positions : float64 array of shape (n_rows, n_components)
    """
    # centred, so that sums over pivots do not cancel far from the origin
    middle = np.mean(pivots, axis=0, dtype=np.float64)
    pivots = np.asarray(pivots, dtype=np.float64) - middle
    # a start exactly on a pivot has no direction to leave it: start a hair aside
    spread = float(np.sqrt(pivots.var(axis=0).sum())) or 1.0
    out = np.subtract(start, middle, order="C")
    out += 1e-6 * spread / np.arange(1, out.shape[1] + 1)
    distances = np.ascontiguousarray(distances, dtype=np.float64)
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    by_axis = np.ascontiguousarray(pivots.T)
    args = (distances, weights, by_axis, _MAX_STEPS, _TOL * spread, out)
    parallel_rows(place_rows, len(out), *args, n_jobs=n_jobs)
    return out + middle


def placement_stress(distances, weights, pivots, positions):
    """Weighted sums of ``(d - |y - y_p|)^2`` and of ``d^2`` over rows and pivots."""
    residual = (distances - cdist(positions, pivots)) ** 2 @ weights
    return float(residual.sum()), float((distances**2 @ weights).sum())
