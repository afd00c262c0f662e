"""Confidence intervals of a statistic of a cloud.

The ordinary bootstrap draws points twice, which puts spurious zeros among the lifetimes; these
schemes only leave points out.
"""

import numpy as np
from scipy.stats import norm, t

N_GROUPS = 10


def subsample_rows(n_samples, size, rng):
    """Draw `size` rows without replacement, in ascending order."""
    return np.sort(rng.choice(n_samples, size, replace=False))


def curve_sizes(sizes, n_samples, min_samples):
    """Check the sizes of a subsample curve, or choose seven of them."""
    least = 2 if min_samples is None else min_samples + 1
    if sizes is None:
        start = min(n_samples, max(20, n_samples // 16, least))
        return np.unique(np.geomspace(start, n_samples, 7).round().astype(int))
    sizes = np.asarray(sizes, dtype=int)
    if sizes.ndim != 1 or len(sizes) == 0 or sizes.min() < least or sizes.max() > n_samples:
        raise ValueError(
            f"sizes must be numbers of samples from {least} to {n_samples}, got {sizes.tolist()}."
        )
    return sizes


def resampling_plan(ci, n_samples, size, n_resamples, rng):
    """List the row sets whose statistics give the interval.

    Parameters
    ----------
    ci : {"subsample", "jackknife"}
    n_samples : int
    size : int
        Size of a subsample.
    n_resamples : int
        Number of subsamples. The jackknife has 10 groups (fewer when there are fewer points).
    rng : numpy Generator

    Returns
    -------
    row_sets : list of ndarray of int
    """
    if ci == "subsample":
        return [subsample_rows(n_samples, size, rng) for _ in range(n_resamples)]
    groups = np.array_split(rng.permutation(n_samples), min(N_GROUPS, max(2, n_samples // 2)))
    everything = np.arange(n_samples)
    return [np.setdiff1d(everything, group) for group in groups]


def standard_error(ci, values, n_samples, size):
    """Standard error of the statistic of the whole cloud from those of its parts.

    For subsamples of size s out of n points the standard deviation is rescaled by
    ``sqrt(s / n) / sqrt(1 - s / n)``: the rate of a statistic with 1/sqrt(n) fluctuations, and
    the correction for drawing from the points without replacement.
    """
    values = np.asarray(values)
    if ci == "jackknife":
        g = len(values)
        return float(np.sqrt((g - 1) / g * np.sum((values - values.mean()) ** 2)))
    if size >= n_samples:
        return 0.0
    return float(np.std(values, ddof=1) * np.sqrt(size / (n_samples - size)))


def interval(score, error, level, ci, n_values):
    """Symmetric interval around a score: normal, or Student's t for the few jackknife groups."""
    upper = 0.5 + level / 2
    quantile = t.ppf(upper, n_values - 1) if ci == "jackknife" else norm.ppf(upper)
    return float(score - quantile * error), float(score + quantile * error)
