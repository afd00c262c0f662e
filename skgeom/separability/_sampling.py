"""Subsamples of the rows of a cloud: random, or spread out (maxmin)."""

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import pairwise_distances, pairwise_distances_argmin_min

from skgeom._core.parallel import single_openmp_thread
from skgeom.separability._kernels import farthest_points
from skgeom.separability._tree import MAPPED_METRICS, prepare_rows


def subsample_rows(n_samples, size, rng):
    """Draw `size` rows without replacement, in ascending order."""
    return np.sort(rng.choice(n_samples, size, replace=False))


def maxmin_rows(points, size, settings, rng):
    """Draw a first row, then always the row that is farthest from those taken (greedy permutation).

    Parameters
    ----------
    points : ndarray or csr_matrix of shape (n_samples, n_features), or distances
    size : int
    settings : TreeSettings
    rng : numpy Generator
        Draws the first row.

    Returns
    -------
    rows : ndarray of int64, shape (size,)
        Ascending.
    """
    first = int(rng.integers(points.shape[0]))
    metric = settings.metric
    if isinstance(metric, str) and metric in MAPPED_METRICS and not sp.issparse(points):
        prepared = np.ascontiguousarray(prepare_rows(points, metric))
        return np.sort(farthest_points(prepared, size, first))
    rows, reach = [first], _distances_to(points, [first], settings)[:, 0]
    for _ in range(size - 1):
        rows.append(int(np.argmax(reach)))
        reach = np.minimum(reach, _distances_to(points, rows[-1:], settings)[:, 0])
    return np.sort(rows)


def nearest_taken(points, rows, settings):
    """Find for every point the nearest of the rows taken.

    Returns
    -------
    nearest : ndarray of int, shape (n_samples,)
        Position in `rows`.
    distance : ndarray of shape (n_samples,)
        Infinite where a sparse distance matrix stores none.
    """
    metric, params = settings.metric, settings.metric_params
    if isinstance(metric, str) and metric == "precomputed":
        distances = _distances_to(points, rows, settings)
        nearest = distances.argmin(axis=1)
        return nearest, distances[np.arange(len(distances)), nearest]
    # Angles order the points as cosines do.
    angular = isinstance(metric, str) and metric == "angular"
    with single_openmp_thread():
        nearest, distance = pairwise_distances_argmin_min(
            points,
            points[rows],
            metric="cosine" if angular else metric,
            metric_kwargs=params,
        )
    return nearest, np.arccos(np.clip(1 - distance, -1, 1)) if angular else distance


def _distances_to(points, rows, settings):
    """Distances of all points to some rows, shape (n_samples, n_rows)."""
    metric = settings.metric
    if not (isinstance(metric, str) and metric == "precomputed"):
        metric = "cosine" if metric == "angular" else metric  # the same order
        return pairwise_distances(points, points[rows], metric=metric, **settings.metric_params)
    if not sp.issparse(points):
        return points[:, rows]
    found = np.full((points.shape[0], len(rows)), np.inf)
    part = points[:, rows].tocoo()
    found[part.row, part.col] = part.data
    found[rows, np.arange(len(rows))] = 0.0
    return found
