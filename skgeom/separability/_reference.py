"""Null clouds: what a cloud of the same size and coarse shape, but without groups, looks like."""

import numpy as np


def null_cloud(X, reference, rng):
    """Draw a null cloud of the shape of `X`.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    reference : {"gaussian", "uniform", "permute"}
        Gaussian with the mean and covariance of `X`; uniform in the box around `X` along its
        principal axes (as in the gap statistic); every column permuted on its own.
    rng : numpy Generator

    Returns
    -------
    cloud : ndarray of shape (n_samples, n_features), in the dtype of `X`
    """
    if reference == "permute":
        return rng.permuted(X, axis=0)
    mean = X.mean(axis=0, dtype=np.float64)
    centred = X - mean
    exponent = np.frexp(np.abs(centred).max())[1]  # squares stay in range
    centred = np.ldexp(centred, -exponent)
    if reference == "gaussian":
        cloud = _gaussian(centred, rng)
    else:
        cloud = _uniform(centred, rng)
    return (np.ldexp(cloud, exponent) + mean).astype(X.dtype)


def _gaussian(centred, rng):
    n, d = centred.shape
    if d >= n:
        # Normal mixtures of the rows have their covariance, whatever its rank.
        return rng.standard_normal((n, n)) @ centred / np.sqrt(n - 1)
    values, axes = np.linalg.eigh(centred.T @ centred / (n - 1))
    return (rng.standard_normal((n, d)) * np.sqrt(np.maximum(values, 0))) @ axes.T


def _uniform(centred, rng):
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    coordinates = centred @ axes.T
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    return rng.uniform(low, high, (len(centred), len(axes))) @ axes


def monte_carlo_pvalue(value, null_values):
    """Share of null values at least as large, counting the value itself: (1 + #) / (R + 1)."""
    return (1 + int(np.count_nonzero(np.asarray(null_values) >= value))) / (len(null_values) + 1)
