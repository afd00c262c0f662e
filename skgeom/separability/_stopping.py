"""Stopping rules over a series of scores: has the series stopped rising?"""

import numpy as np
from scipy.stats import kendalltau


def smooth(score, previous, smoothing):
    """Exponential moving average; `smoothing` is the weight of the past."""
    if previous is None or not np.isfinite(previous):
        return score
    return smoothing * previous + (1 - smoothing) * score


def without_improvement(values, margins):
    """Number of updates since a value last exceeded the best before it by its margin.

    Parameters
    ----------
    values : sequence of float
        Smoothed scores.
    margins : sequence of float
        What each value had to exceed the best one by.

    Returns
    -------
    count : int
    """
    best, count = -np.inf, 0
    for value, margin in zip(values, margins):
        if value > best + (margin if np.isfinite(best) else 0.0):
            best, count = value, 0
        else:
            count += 1
    return count


def relative_range(values):
    """(max - min) over the largest magnitude; 0 for equal values, infinite next to infinities."""
    values = np.asarray(values)
    if values.min() == values.max():
        return 0.0
    scale = np.abs(values).max()
    if np.isinf(scale):
        return np.inf
    return float(np.ptp(values) / scale) if scale > 0 else 0.0


def rising_pvalue(values):
    """p-value of the one-sided Mann-Kendall test against "no upward trend"."""
    if np.min(values) == np.max(values):
        return 1.0
    return float(kendalltau(np.arange(len(values)), values, alternative="greater").pvalue)
