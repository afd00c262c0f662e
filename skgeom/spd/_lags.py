"""Second moments of delay-embedded trials from lag products, without stacked copies."""

from typing import NamedTuple

import numpy as np

from skgeom.spd._kernels import fill_by_recurrence, lag_scatter

# Up to this many channels the products go through the numba kernel instead of BLAS.
MAX_KERNEL_CHANNELS = 8


class Embedding(NamedTuple):
    """How a trial becomes the delay vectors z_t = [x_{t + lags[0]}; ...; x_{t + lags[p-1]}].

    Attributes
    ----------
    lags : ndarray of int, shape (p,)
        Ascending from 0, in samples.
    window : {"reference", "full", "circular"}
    listed : bool
        Whether the delays were given one by one rather than as order and lag.
    """

    lags: np.ndarray
    window: str = "reference"
    listed: bool = False

    @property
    def is_uniform(self):
        """Whether all delays are multiples of the first one."""
        return bool(np.all(np.diff(self.lags, 2) == 0))

    def n_samples(self, n_times):
        """Return how many delay vectors a trial of `n_times` samples gives."""
        if self.window == "circular" or len(self.lags) == 1:
            return n_times
        if self.window == "full":
            return n_times - int(self.lags[-1])
        dropped = 1 if self.listed else int(self.lags[1])
        return n_times - int(self.lags[-1]) - dropped


def padded(X, embedding):
    """Return trials whose delayed copies are plain slices, shape (n_trials, d, >= N + max lag).

    Circular copies wrap around, so the start of each trial is repeated behind its end.
    """
    if embedding.window != "circular" or len(embedding.lags) == 1:
        return X
    return np.concatenate([X, X[..., : embedding.lags[-1]]], axis=-1)


def stack(X, embedding):
    """Delay vectors themselves, for estimators that need every sample.

    Parameters
    ----------
    X : ndarray of shape (n_trials, d, T)
    embedding : Embedding

    Returns
    -------
    Z : ndarray of shape (n_trials, p d, N)
    """
    n = embedding.n_samples(X.shape[-1])
    X = padded(X, embedding)
    return np.concatenate([X[..., k : k + n] for k in embedding.lags], axis=-2)


def window_means(X, embedding):
    """Mean of each row of the stacked trials, shape (n_trials, p, d)."""
    n = embedding.n_samples(X.shape[-1])
    sums = X[..., :n].sum(axis=-1)[..., None, :].repeat(len(embedding.lags), axis=-2)
    last = int(embedding.lags[-1])
    if embedding.window != "circular" and last > 0:
        # what enters behind the first window and leaves at its start, up to each delay
        change = np.cumsum(X[..., n : n + last] - X[..., :last], axis=-1)
        sums[..., 1:, :] += np.swapaxes(change[..., embedding.lags[1:] - 1], -1, -2)
    return sums / n


def scatter(X, embedding):
    """Sum over the window of z_t z_t^T: the upper triangle of ``Z @ Z.T`` of the stacked trials.

    Parameters
    ----------
    X : ndarray of shape (n_trials, d, T)
    embedding : Embedding

    Returns
    -------
    S : ndarray of shape (n_trials, p d, p d)
        What is below the diagonal is not to be read.
    """
    lags, d = embedding.lags, X.shape[1]
    n = embedding.n_samples(X.shape[-1])
    if embedding.window == "circular":
        return _circular_scatter(X, embedding)
    uniform = embedding.is_uniform and len(lags) > 1 and 2 * lags[1] < n
    S = np.empty((len(X), len(lags) * d, len(lags) * d))
    if d <= MAX_KERNEL_CHANNELS:
        lag_scatter(0, len(X), X, lags, n, uniform, S)
        return S
    if uniform:
        _by_recurrence(X, lags, n, S)
    else:
        _blocks_one_by_one(X, lags, n, S.reshape(len(X), len(lags), d, len(lags), d))
    return S


def _blocks_one_by_one(X, lags, n, blocks):
    for i, s in enumerate(lags):
        for j in range(i, len(lags)):
            product(X, X, s, lags[j], n, out=blocks[:, i, :, j])


def _by_recurrence(X, lags, n, S):
    """First block row by products of N columns, the rest by products of a lag's columns."""
    d, step = X.shape[1], int(lags[1])
    for j, lag in enumerate(lags):
        product(X, X, 0, lag, n, out=S[:, :d, j * d : (j + 1) * d])
    fill_by_recurrence(S, _columns(X, lags[:-1], step), _columns(X, lags[:-1] + n, step), d)


def _columns(X, starts, step):
    """The `step` columns from each start, of all channels: shape (n_trials, step, p d)."""
    columns = np.concatenate([X[..., k : k + step] for k in starts], axis=1)
    return np.ascontiguousarray(np.swapaxes(columns, -1, -2))


def product(X, Y, s, t, n, out=None):
    """Sum over n samples of x_{s + .} y_{t + .}^T, shape (n_trials, d, d)."""
    return np.matmul(X[..., s : s + n], np.swapaxes(Y[..., t : t + n], -1, -2), out=out)


def _circular_scatter(X, embedding):
    """Circular products depend on the difference of delays alone."""
    n = X.shape[-1]
    P = padded(X, embedding)
    differences = np.unique(np.subtract.outer(embedding.lags, embedding.lags))
    moments = {int(k): product(X, P, 0, int(k), n) for k in differences if k >= 0}
    return assemble(moments, embedding.lags)


def lag_moments(X, lags):
    """Biased lag covariances of centred trials: sum_t x_t x_{t+k}^T / T, zero outside.

    Parameters
    ----------
    X : ndarray of shape (n_trials, d, T)
        Centred.
    lags : ndarray of int, shape (p,)

    Returns
    -------
    moments : dict of int -> ndarray of shape (n_trials, d, d)
        For every difference of two delays that isn't negative.
    """
    n_times = X.shape[-1]
    differences = np.unique(np.subtract.outer(lags, lags))
    return {
        int(k): product(X, X, 0, int(k), n_times - int(k)) / n_times for k in differences if k >= 0
    }


def assemble(moments, lags):
    """Block-Toeplitz matrices whose block (i, j), i <= j, is ``moments[lags[j] - lags[i]]``.

    Parameters
    ----------
    moments : dict of int -> ndarray of shape (n_trials, d, d)
    lags : ndarray of int, shape (p,)

    Returns
    -------
    G : ndarray of shape (n_trials, p d, p d)
    """
    m, d, _ = moments[0].shape
    p = len(lags)
    G = np.empty((m, p * d, p * d))
    blocks = G.reshape(m, p, d, p, d)
    for i in range(p):
        for j in range(i, p):
            moment = moments[int(lags[j] - lags[i])]
            blocks[:, i, :, j] = moment
            blocks[:, j, :, i] = np.swapaxes(moment, -1, -2)
    return G


def average_blocks(S, lags):
    """Means along the block diagonals of matrices of equally spaced delays.

    Parameters
    ----------
    S : ndarray of shape (n_trials, p d, p d)
    lags : ndarray of int, shape (p,)

    Returns
    -------
    G : ndarray of shape (n_trials, p d, p d)
        Block-Toeplitz, not always positive definite.
    """
    p = len(lags)
    blocks = S.reshape(len(S), p, -1, p, S.shape[-1] // p)
    moments = {
        int(lags[k]): sum(blocks[:, i, :, i + k] for i in range(p - k)) / (p - k) for k in range(p)
    }
    return assemble(moments, lags)
