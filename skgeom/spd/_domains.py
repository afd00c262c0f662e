"""Recentring of SPD matrices by domain: sessions, subjects, runs."""

import numpy as np

from skgeom.spd._geometry import exp_map, log_map
from skgeom.spd._matrices import invsqrtm, symmetrize
from skgeom.spd._mean import whiten


def geodesic(A, B, t, metric="riemann"):
    """Point at `t` on the geodesic from `A` (0) to `B` (1).

    Parameters
    ----------
    A, B : ndarray of shape (n, n)
        SPD matrices.
    t : float
    metric : {"riemann", "logeuclid", "euclid", "logchol", "wasserstein"}, default="riemann"

    Returns
    -------
    C : ndarray of shape (n, n)
    """
    return exp_map(t * log_map(B, A, metric=metric), A, metric=metric)


def product_geodesic(A, B, t, metric="riemann"):
    """`geodesic` band by band, for points of shape (n_bands, n, n)."""
    return np.stack([geodesic(a, b, t, metric) for a, b in zip(A, B)])


def recentre(points, mean):
    """Move a domain so that its mean is the identity: M^-1/2 C M^-1/2.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_bands, n, n)
    mean : ndarray of shape (n_bands, n, n)

    Returns
    -------
    points : ndarray of shape (n_points, n_bands, n, n)
    """
    inverse = invsqrtm(mean)
    return symmetrize(whiten(points, inverse))


def running_means(points, mean, count, rate, metric="riemann"):
    """Means of a stream: each trial moves the mean before it is recentred.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_bands, n, n)
        In the order of arrival.
    mean : ndarray of shape (n_bands, n, n)
        Before the first trial.
    count : float
        How many trials `mean` counts for.
    rate : float or None
        Step of each trial along the geodesic to it; None is 1 over the count of trials.
    metric : str

    Returns
    -------
    means : ndarray of shape (n_points, n_bands, n, n)
        After each trial.
    """
    means = np.empty_like(points)
    for i, point in enumerate(points):
        count += 1
        mean = product_geodesic(mean, point, 1.0 / count if rate is None else rate, metric)
        means[i] = mean
    return means
