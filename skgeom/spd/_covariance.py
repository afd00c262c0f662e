"""Covariance estimators for delay-embedded trials."""

from numbers import Real
from typing import NamedTuple

import numpy as np

from skgeom.spd._kernels import centre_moments
from skgeom.spd._lags import (
    assemble,
    average_blocks,
    lag_moments,
    padded,
    scatter,
    stack,
    window_means,
)

ESTIMATORS = ("cov", "scm", "lwf", "oas", "sch", "corr", "bartz")
# What a block-Toeplitz covariance can be shrunk by without leaving that form.
TOEPLITZ_ESTIMATORS = ("cov", "scm", "oas")
# The long-run variance of the Bartz-Müller shrinkage sums at least this many lags.
MIN_BARTZ_LAGS = 10


class Moments(NamedTuple):
    """Covariance and means of embedded trials before shrinkage.

    Attributes
    ----------
    covariance : ndarray of shape (n_trials, n, n)
        Second moment about `mean`, divided by `n_samples` or by one less.
    mean : ndarray of shape (n_trials, n)
    n_samples : int
    """

    covariance: np.ndarray
    mean: np.ndarray
    n_samples: int


def embedded_covariances(X, embedding, estimator="cov", assume_centered=False, toeplitz=None):
    """Covariance matrices of delay-embedded trials.

    Parameters
    ----------
    X : ndarray of shape (n_trials, d, T)
    embedding : Embedding
    estimator : {"cov", "scm", "lwf", "oas", "sch", "corr", "bartz"}, float or callable
    assume_centered : bool, default=False
        Take second moments about zero.
    toeplitz : {"biased", "averaged"} or None, default=None
        Block-Toeplitz form from biased lag covariances, or from the means along the block
        diagonals of the sample covariance.

    Returns
    -------
    C : ndarray of shape (n_trials, p d, p d)
    mean : ndarray of shape (n_trials, p d)
        Means of the embedded rows (0 with `assume_centered`), not scaled by any estimator.
    """
    # Second moments about the trial's own mean lose no digits to a large offset.
    offset = np.zeros(X.shape[:-1]) if assume_centered else X.mean(axis=-1)
    if not assume_centered:
        X = X - offset[..., None]
    if toeplitz == "biased":
        moments = _toeplitz_moments(X, embedding)
    else:
        unbiased = estimator == "cov" or isinstance(estimator, Real)
        moments = _moments(X, embedding, offset, int(unbiased))
    if toeplitz == "averaged":
        averaged = average_blocks(moments.covariance, embedding.lags)
        moments = moments._replace(covariance=averaged)
    if callable(estimator) or estimator in ("sch", "bartz"):
        C = _from_samples(X, embedding, estimator, moments, offset)
    elif isinstance(estimator, str):
        C = _FROM_MOMENTS[estimator](moments, X, embedding)
    else:
        C = shrink_to_identity(moments.covariance, estimator)
    return C, moments.mean + np.tile(offset, (1, len(embedding.lags)))


def _moments(X, embedding, offset, ddof):
    n = embedding.n_samples(X.shape[-1])
    S = scatter(X, embedding)
    mean = np.zeros((len(X), S.shape[-1]))
    if offset.any():
        mean = window_means(X, embedding).reshape(len(X), -1)
    centre_moments(S, mean, n, n - ddof)
    return Moments(S, mean, n)


def _toeplitz_moments(X, embedding):
    G = assemble(lag_moments(X, embedding.lags), embedding.lags)
    return Moments(G, np.zeros(G.shape[:2]), X.shape[-1])


# Estimators that the moments determine


def _as_it_is(moments, X, embedding):
    return moments.covariance


def _corr(moments, X, embedding):
    scale = 1.0 / np.sqrt(np.diagonal(moments.covariance, axis1=1, axis2=2))
    C = moments.covariance * scale[:, :, None] * scale[:, None, :]
    diagonal = np.arange(C.shape[-1])
    C[:, diagonal, diagonal] = 1.0
    return C


def _oas(moments, X, embedding):
    """Oracle approximating shrinkage (Chen et al. 2010), as in scikit-learn."""
    S, n_samples = moments.covariance, moments.n_samples
    n = S.shape[-1]
    alpha = np.mean(S**2, axis=(1, 2))
    mu = np.trace(S, axis1=1, axis2=2) / n
    bottom = (n_samples + 1.0) * (alpha - mu**2 / n)
    amount = np.ones_like(mu)
    np.divide(alpha + mu**2, bottom, out=amount, where=bottom > 0)
    return shrink_to_identity(S, np.minimum(amount, 1.0))


def _lwf(moments, X, embedding):
    """Ledoit-Wolf shrinkage; its fourth moments need |z_t|^2 alone, not z_t itself."""
    S, n_samples = moments.covariance, moments.n_samples
    n = S.shape[-1]
    norms = squared_norms(X, embedding, moments.mean)
    mu = np.trace(S, axis1=1, axis2=2) / n
    delta = np.sum(S**2, axis=(1, 2))
    beta = (np.mean(norms**2, axis=1) - delta) / (n * n_samples)
    spread = delta / n - mu**2
    amount = np.zeros_like(mu)
    np.divide(np.clip(np.minimum(beta, spread), 0, None), spread, out=amount, where=spread > 0)
    return shrink_to_identity(S, amount)


def squared_norms(X, embedding, mean):
    """Squared length of the centred delay vectors, shape (n_trials, N)."""
    n = embedding.n_samples(X.shape[-1])
    X = padded(X, embedding)
    mean = mean.reshape(len(X), len(embedding.lags), -1, 1)
    norms = np.zeros((len(X), n))
    for k, lag in enumerate(embedding.lags):
        norms += np.sum((X[..., lag : lag + n] - mean[:, k]) ** 2, axis=1)
    return norms


def shrink_to_identity(S, amount):
    """Return (1 - a) S + a tr(S)/n I for a number or one number a trial."""
    n = S.shape[-1]
    amount = np.broadcast_to(amount, len(S))
    C = (1.0 - amount)[:, None, None] * S
    diagonal = np.arange(n)
    C[:, diagonal, diagonal] += (amount * np.trace(S, axis1=1, axis2=2) / n)[:, None]
    return C


_FROM_MOMENTS = {"scm": _as_it_is, "cov": _as_it_is, "corr": _corr, "oas": _oas, "lwf": _lwf}


# Estimators that need every embedded sample: stacked one trial at a time


def _from_samples(X, embedding, estimator, moments, offset):
    out = np.empty_like(moments.covariance)
    n_lags = len(embedding.lags)
    for i in range(len(X)):
        Z = stack(X[i], embedding)
        if callable(estimator):
            Z += np.tile(offset[i], n_lags)[:, None]
            out[i] = _called(estimator, Z)
        else:
            Z -= moments.mean[i][:, None]
            largest = int(embedding.lags[-1])
            S = moments.covariance[i]
            out[i] = _sch(Z, S) if estimator == "sch" else _bartz(Z, S, largest)
    return out


def _called(estimator, Z):
    C = np.asarray(estimator(Z), dtype=np.float64)
    if C.shape != (len(Z), len(Z)) or not np.all(np.isfinite(C)):
        raise ValueError(
            f"estimator must return a finite ({len(Z)}, {len(Z)}) matrix for an embedded trial of "
            f"shape {Z.shape}, got shape {C.shape}."
        )
    return C


def _sch(Z, S):
    """Schäfer-Strimmer shrinkage towards the diagonal."""
    n_samples = Z.shape[1]
    variance = np.diagonal(S)
    scale = 1.0 / np.sqrt(variance)
    R = S * scale[:, None] * scale * (n_samples / (n_samples - 1.0))
    squares = Z**2
    spread = (squares @ squares.T - n_samples * S**2) * scale[:, None] ** 2 * scale**2
    spread *= n_samples / (n_samples - 1.0) ** 3
    off = ~np.eye(len(S), dtype=bool)
    total = np.sum(R[off] ** 2)
    amount = min(max(np.sum(spread[off]) / total, 0.0), 1.0) if total > 0 else 0.0
    C = S * (n_samples / (n_samples - 1.0))
    C[off] *= 1.0 - amount
    return C


def _bartz(Z, S, largest_lag):
    """Shrinkage for autocorrelated samples (Bartz and Müller 2014, eqs. 8 and 10).

    The variance of the entries of S is their long-run variance: the autocovariances of the
    products z_i z_j summed over lags, here in terms of z_t . z_{t+s} alone.
    """
    n, n_samples = Z.shape
    b = min(max(largest_lag, MIN_BARTZ_LAGS), n_samples // 4)
    energy = np.sum(S**2)
    total = 0.0
    for s in range(b + 1):
        dots = np.einsum("it,it->t", Z[:, : n_samples - s], Z[:, s:])
        # sum_t z_t^T S z_t is N |S|^2 over the whole window: correct for what a lag cuts off
        head, tail = Z[:, :s], Z[:, n_samples - s :]
        edges = np.sum((S @ head) * head) + np.sum((S @ tail) * tail)
        lagged = np.sum(dots**2) - 2.0 * n_samples * energy + edges
        lagged += (n_samples - s) * energy
        total += (1.0 if s == 0 else 2.0) * lagged / n_samples
    variance = total / (n_samples - 1.0 - 2.0 * b + b * (b + 1.0) / n_samples)
    target = np.trace(S) / n
    spread = energy - n * target**2
    amount = min(max(variance / spread, 0.0), 1.0) if spread > 0 else 0.0
    return shrink_to_identity(S[None], amount)[0]
