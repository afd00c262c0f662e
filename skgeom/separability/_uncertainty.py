"""Confidence intervals of a statistic of a cloud.

The ordinary bootstrap draws points twice, which puts spurious zeros among the lifetimes; these
schemes only leave points out.
"""

import numpy as np
from scipy.stats import norm, t

from skgeom.separability._sampling import subsample_rows

N_GROUPS = 10


def curve_sizes(sizes, n_samples, min_samples):
    """Check the sizes of a subsample curve, or choose seven of them."""
    least = 2 if min_samples is None else min_samples + 1
    if sizes is None:
        start = min(n_samples, max(20, n_samples // 16, least))
        return np.unique(np.geomspace(start, n_samples, 7).round().astype(int))
    sizes = np.asarray(sizes)
    whole = sizes.ndim == 1 and len(sizes) > 0 and sizes.dtype.kind in "iu"
    if not whole or sizes.min() < least or sizes.max() > n_samples:
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
    if n_samples < 3:
        raise ValueError(
            f"An interval or standard error needs at least 3 samples, got {n_samples} (see "
            "confidence_level and max_samples)."
        )
    if ci == "subsample":
        return [subsample_rows(n_samples, size, rng) for _ in range(n_resamples)]
    groups = np.array_split(rng.permutation(n_samples), min(N_GROUPS, max(3, n_samples // 2)))
    everything = np.arange(n_samples)
    return [np.setdiff1d(everything, group) for group in groups]


def standard_error(ci, values, n_samples, size, n_draws=np.inf):
    """Standard error of a score from the statistics of parts of the cloud.

    The parts say what variance V the statistic of `size` independent points has. That of the mean
    over k subsamples of that size, drawn without replacement from the same n points, is
    ``V (s / n + (1 - s / n) / k)``; with k infinite it is the rate of a statistic of all n points
    with 1/sqrt(n) fluctuations.

    Parameters
    ----------
    ci : {"subsample", "jackknife"}
    values : array-like of shape (n_parts,)
    n_samples : int
    size : int
        Number of points of a subsample, or of the points that the jackknife leaves groups out of.
    n_draws : float, default=inf
        Number k of subsamples that the score is the mean of.

    Returns
    -------
    error : float
        nan where a value is infinite.
    """
    values, g = np.asarray(values), len(values)
    if not np.isfinite(values).all():
        return np.nan
    share, unit = size / n_samples, float(np.abs(values).max()) or 1.0
    if ci == "jackknife":
        variance = (g - 1) * np.var(values / unit)
    else:
        variance = np.var(values / unit, ddof=1) / (1 - share)
    return unit * float(np.sqrt(variance * (share + (1 - share) / n_draws)))


def interval(score, error, level, ci, n_values):
    """Symmetric interval around a score: normal, or Student's t for the few jackknife groups."""
    upper = 0.5 + level / 2
    quantile = t.ppf(upper, n_values - 1) if ci == "jackknife" else norm.ppf(upper)
    return float(score - quantile * error), float(score + quantile * error)
