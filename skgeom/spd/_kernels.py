"""Kernels for montages of a few channels, where BLAS calls cost more than their work."""

import numpy as np
from numba import njit

# Sums over time may be reordered into vector lanes; NaN and infinity stay what they are.
_FAST = {"reassoc", "contract", "nsz"}
_TILE = 32


@njit(nogil=True, cache=True, fastmath=_FAST)
def _dot(x, y):
    total = 0.0
    for t in range(len(x)):
        total += x[t] * y[t]
    return total


@njit(nogil=True, cache=True)
def lag_scatter(start, stop, X, lags, n_samples, uniform, out):
    """Sums over the window of products of delayed channels.

    Parameters
    ----------
    start, stop : int
        Range of trials.
    X : ndarray of shape (n_trials, d, T)
    lags : ndarray of int, shape (p,)
        Ascending from 0.
    n_samples : int
        Length N of the window, at most T - lags[-1].
    uniform : bool
        Whether ``lags[i] == i * lags[1]``, so that each block follows from its neighbour.
    out : ndarray of shape (n_trials, p d, p d)
        Entry (i d + a, j d + b) becomes the sum over t < N of
        ``X[a, t + lags[i]] * X[b, t + lags[j]]``, on and above the diagonal.
    """
    d, p, n = X.shape[1], len(lags), n_samples
    for m in range(start, stop):
        for i in range(p):
            for j in range(i, p):
                for a in range(d):
                    for b in range(d):
                        if i == j and b < a:
                            continue
                        x, y = X[m, a], X[m, b]
                        if i > 0 and uniform:
                            # one step down the block diagonal: lose the first columns of
                            # the window, gain as many behind its end
                            step = lags[1]
                            s, t = lags[i - 1], lags[j - 1]
                            value = (
                                out[m, (i - 1) * d + a, (j - 1) * d + b]
                                - _dot(x[s : s + step], y[t : t + step])
                                + _dot(x[s + n : s + n + step], y[t + n : t + n + step])
                            )
                        else:
                            s, t = lags[i], lags[j]
                            value = _dot(x[s : s + n], y[t : t + n])
                        out[m, i * d + a, j * d + b] = value


@njit(nogil=True, cache=True, fastmath=_FAST)
def fill_by_recurrence(S, heads, tails, d):
    """Complete block matrices from their first block row, down the block diagonals.

    Parameters
    ----------
    S : ndarray of shape (n_trials, n, n)
        The first d rows are there. Block (i, j) on or above the block diagonal becomes block
        (i - 1, j - 1) less the products of the columns that leave the window, plus those of the
        columns that enter it.
    heads, tails : ndarray of shape (n_trials, lag, n - d)
        Columns of the delayed channels that leave and enter, a column a row.
    d : int
    """
    n = S.shape[1]
    for m in range(len(S)):
        for i in range(d, n):
            above, first = i - d, i - i % d - d
            row, previous = S[m, i, first + d :], S[m, above, first : n - d]
            row[:] = previous
            for t in range(heads.shape[1]):
                leaving, entering = heads[m, t, first:], tails[m, t, first:]
                own_leaving, own_entering = heads[m, t, above], tails[m, t, above]
                for j in range(len(row)):
                    row[j] += own_entering * entering[j] - own_leaving * leaving[j]


@njit(nogil=True, cache=True)
def centre_moments(S, mean, n_samples, divisor):
    """Turn sums of products into covariances in place: (S - n_samples mean mean^T) / divisor.

    Of S the upper triangle is read.
    """
    scale, weight = 1.0 / divisor, n_samples / divisor
    n = S.shape[1]
    for m in range(len(S)):
        for i in range(n):
            own = weight * mean[m, i]
            for j in range(i, n):
                S[m, i, j] = S[m, i, j] * scale - own * mean[m, j]
        # the other triangle tile by tile: columns are far apart
        for first in range(0, n, _TILE):
            for left in range(0, first + 1, _TILE):
                for i in range(first, min(first + _TILE, n)):
                    for j in range(left, min(left + _TILE, i)):
                        S[m, i, j] = S[m, j, i]


@njit(nogil=True, cache=True)
def binned_information(bins, n_bins, n_lags):
    """Mutual information in bits of a binned series and its copies at delays 0 .. n_lags - 1.

    Parameters
    ----------
    bins : ndarray of int, shape (N,)
        From 0 to n_bins - 1.
    n_bins, n_lags : int

    Returns
    -------
    information : ndarray of shape (n_lags,)
        Plug-in estimate.
    """
    information = np.empty(n_lags)
    for lag in range(n_lags):
        n = len(bins) - lag
        joint = np.zeros((n_bins, n_bins))
        for t in range(n):
            joint[bins[t], bins[t + lag]] += 1.0
        first, second = joint.sum(axis=1), joint.sum(axis=0)
        total = 0.0
        for i in range(n_bins):
            for j in range(n_bins):
                if joint[i, j] > 0.0:
                    total += joint[i, j] * np.log2(joint[i, j] * n / (first[i] * second[j]))
        information[lag] = total / n
    return information


@njit(nogil=True, cache=True)
def neighbour_growth(x, delay, max_dim, rtol, atol):
    """How far nearest neighbours move apart when a delay embedding gets one more dimension.

    Parameters
    ----------
    x : ndarray of shape (N,)
    delay : int
    max_dim : int
    rtol, atol : float
        A neighbour is false when the new coordinate differs by more than `rtol` times the old
        distance, or the new distance is more than `atol` standard deviations.

    Returns
    -------
    growth : ndarray of shape (max_dim,)
        Mean ratio of new to old distance at dimensions 1 .. max_dim; NaN without points.
    false : ndarray of shape (max_dim,)
        Share of false neighbours.
    """
    n = len(x)
    total, wrong = np.zeros(max_dim), np.zeros(max_dim)
    count = np.zeros(max_dim)
    std = np.std(x)
    row = np.empty(n)
    for i in range(n - delay):
        row[:] = 0.0
        for dim in range(1, max_dim + 1):
            n_points = n - dim * delay
            if i >= n_points:
                break
            shift = (dim - 1) * delay
            nearest, best = -1, np.inf
            for j in range(n_points):
                difference = x[i + shift] - x[j + shift]
                row[j] += difference * difference
                if 0.0 < row[j] < best:
                    nearest, best = j, row[j]
            if nearest < 0:
                continue
            step = abs(x[i + shift + delay] - x[nearest + shift + delay])
            wide = np.sqrt(best + step * step)
            total[dim - 1] += wide / np.sqrt(best)
            wrong[dim - 1] += step > rtol * np.sqrt(best) or wide > atol * std
            count[dim - 1] += 1.0
    for k in range(max_dim):
        if count[k] == 0:
            count[k] = np.nan
    return total / count, wrong / count


@njit(nogil=True, cache=True)
def add_coordinate(squares, x):
    """Add a coordinate to the squared distances between all points, in place."""
    n = len(squares)
    for i in range(n):
        for j in range(n):
            difference = x[i] - x[j]
            squares[i, j] += difference * difference


@njit(nogil=True, cache=True)
def nearest_outside(squares, theiler):
    """Nearest neighbour of each point among those more than `theiler` samples away, or -1."""
    n = len(squares)
    nearest = np.full(n, -1)
    for i in range(n):
        best = np.inf
        for j in range(n):
            if abs(i - j) > theiler and 0.0 < squares[i, j] < best:
                nearest[i], best = j, squares[i, j]
    return nearest


@njit(nogil=True, cache=True)
def mean_log_growth(X, nearest, squares, max_delay):
    """Mean log10 of |s(i + tau) - s(nearest_i + tau)| over the distance of the neighbours.

    Returns
    -------
    beta : ndarray of shape (n_channels, max_delay + 1)
    """
    beta = np.full((len(X), max_delay + 1), -np.inf)
    distances = np.zeros(len(nearest))
    for i in range(len(nearest)):
        if nearest[i] >= 0:
            distances[i] = 0.5 * np.log10(squares[i, nearest[i]])
    for b in range(len(X)):
        for tau in range(max_delay + 1):
            total, count, product = 0.0, 0, 1.0
            for i in range(len(nearest)):
                j = nearest[i]
                if j < 0:
                    continue
                step = abs(X[b, i + tau] - X[b, j + tau])
                if step > 0.0:
                    total -= distances[i]
                    # a logarithm for several steps, while their product is far from underflow
                    count += 1
                    if 1e-100 < step < 1e100:
                        product *= step
                    else:
                        total += np.log10(step)
                    if not 1e-100 < product < 1e100:
                        total += np.log10(product)
                        product = 1.0
            if count > 0:
                beta[b, tau] = (total + np.log10(product)) / count
    return beta


@njit(nogil=True, cache=True)
def delay_vectors(X, offset, lags, start, out):
    """Write delay vectors z_t = [x_{t + lags[0]}; ...; x_{t + lags[p-1]}], less an offset.

    Parameters
    ----------
    X : ndarray of shape (d, T)
    offset : ndarray of shape (d,)
    lags : ndarray of int, shape (p,)
    start : int
        First t.
    out : ndarray of shape (n_vectors, p d)
        Overwritten, a vector a row.
    """
    d = X.shape[0]
    for j in range(len(lags)):
        for a in range(d):
            first = start + lags[j]
            for t in range(out.shape[0]):
                out[t, j * d + a] = X[a, first + t] - offset[a]


@njit(nogil=True, cache=True)
def centred_products(products, sums, n_samples, divisor):
    """Covariance from sums: (products - sums sums^T / n_samples) / divisor."""
    n = len(sums)
    C = np.empty((n, n))
    scale = 1.0 / divisor
    for i in range(n):
        mean = sums[i] / n_samples
        for j in range(n):
            C[i, j] = (products[i, j] - mean * sums[j]) * scale
    return C
