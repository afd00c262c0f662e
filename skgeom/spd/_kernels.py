"""Kernels for montages of a few channels, where BLAS calls cost more than their work."""

from numba import njit

# Sums over time may be reordered into vector lanes; NaN and infinity stay what they are.
_FAST = {"reassoc", "contract", "nsz"}


@njit(nogil=True, cache=True, fastmath=_FAST)
def _dot(x, y, offset_x, offset_y, n):
    total = 0.0
    for t in range(n):
        total += x[offset_x + t] * y[offset_y + t]
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
        Overwritten: entry (i d + a, j d + b) is the sum over t < N of
        ``X[a, t + lags[i]] * X[b, t + lags[j]]``.
    """
    d, p = X.shape[1], len(lags)
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
                                - _dot(x, y, s, t, step)
                                + _dot(x, y, s + n_samples, t + n_samples, step)
                            )
                        else:
                            value = _dot(x, y, lags[i], lags[j], n_samples)
                        out[m, i * d + a, j * d + b] = value
                        out[m, j * d + b, i * d + a] = value
