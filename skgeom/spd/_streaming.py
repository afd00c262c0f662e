"""Covariances of windows that slide along a stream."""

import numpy as np

from skgeom.spd._kernels import centred_products, delay_vectors
from skgeom.spd._regularize import regularize

# After this many updates the sums are taken anew, so that rounding does not pile up.
RESUM = 1000


def sliding_windows(chunks, n_channels, window, step):
    """Cut windows out of a stream as it arrives.

    Parameters
    ----------
    chunks : iterable of array-like of shape (n_channels, n_new)
    n_channels : int
    window, step : int
        In samples.

    Yields
    ------
    end : int
        One past the last sample of the window.
    X : ndarray of shape (n_channels, window)
    """
    buffer, end, skip = np.empty((n_channels, 0)), window, 0
    for index, chunk in enumerate(chunks):
        buffer = np.concatenate([buffer, _checked_chunk(chunk, index, n_channels)], axis=1)
        # with a step beyond the window, samples in between are passed over
        skip, buffer = max(skip - buffer.shape[1], 0), buffer[:, skip:]
        while buffer.shape[1] >= window:
            yield end, buffer[:, :window]
            skip, end = max(step - buffer.shape[1], 0), end + step
            buffer = buffer[:, step:]


def _checked_chunk(chunk, index, n_channels):
    chunk = np.asarray(chunk, dtype=np.float64)
    if chunk.ndim != 2 or len(chunk) != n_channels:
        raise ValueError(f"Chunk {index} must have shape ({n_channels}, n_new), got {chunk.shape}.")
    if not np.isfinite(chunk).all():
        raise ValueError(f"Chunk {index} contains NaN or infinity.")
    return chunk


def make_stream(covariance, step):
    """Return what turns windows, `step` samples apart, into matrices of a fitted covariance."""
    updates = (
        covariance.estimator in ("cov", "scm")
        and not covariance.assume_centered
        and covariance.structure == "sample"
        and covariance.window != "circular"
        and covariance.standardize is None
        and covariance.bands is None
        and covariance.on_bad == "raise"
    )
    return StreamingCovariance(covariance, step) if updates else AnewCovariance(covariance)


class AnewCovariance:
    """Matrices of windows that do not follow from the window before.

    Parameters
    ----------
    covariance : AugmentedCovariance
        Fitted.
    """

    def __init__(self, covariance):
        self.covariance = covariance

    def push(self, window):
        """Return the matrix of the next window."""
        return self.covariance.transform(window[None])[0]

    def finished(self, C):
        """Return the matrices as they are, their `reg` policy has been applied."""
        return C


class StreamingCovariance:
    """Augmented covariance of a sliding window, updated by what enters and leaves.

    Parameters
    ----------
    covariance : AugmentedCovariance
        Fitted, with estimator "cov" or "scm".
    step : int
        Samples from one window to the next.
    """

    def __init__(self, covariance, step):
        self.covariance, self.step = covariance, step
        self.updates = None

    def push(self, window):
        """Return the matrix of the next window, `step` samples after the last one.

        Parameters
        ----------
        window : ndarray of shape (n_channels, n_times)
            Always of the same length.

        Returns
        -------
        C : ndarray of shape (n, n)
            Before the `reg` policy, see `finished`.
        """
        model = self.covariance
        X = model.basis_ @ window if model.rank is not None else window
        n_samples = model._embedding.n_samples(X.shape[1])
        if self.updates is None or self.updates >= RESUM or self.step >= n_samples:
            # about the first mean, so that an offset costs no digits
            self.offset = X.mean(axis=1)
            self._sum_anew(X, n_samples)
        else:
            self._update(X, n_samples)
        if self.step < n_samples:
            delay_vectors(X, self.offset, model.lags_, 0, self.leaving)
        C = self._matrix(n_samples)
        self._check_flat(C, window)
        return C

    def finished(self, C):
        """Apply the `reg` policy to matrices (n_windows, n, n), in place."""
        regularize(C, self.covariance.reg)
        return C

    def _check_flat(self, C, window):
        # a channel without variance is looked for in the matrix, which is smaller
        variances = C.diagonal()[: window.shape[0]]
        if self.covariance.rank is None and variances.min() > 1e-12 * variances.max():
            return
        flat = (window == window[:, :1]).all(axis=1)
        if flat.any():
            raise ValueError(
                f"A window has a flat channel: channel {int(np.argmax(flat))} is "
                f"{window[np.argmax(flat), 0]:g} throughout; every channel must vary."
            )

    def _sum_anew(self, X, n_samples):
        n = len(self.covariance.lags_) * len(X)
        Z = np.empty((n_samples, n))
        delay_vectors(X, self.offset, self.covariance.lags_, 0, Z)
        self.products, self.sums, self.updates = Z.T @ Z, Z.sum(axis=0), 0
        self.rows = np.empty((2 * self.step, n))
        self.signs = np.repeat([1.0, -1.0], self.step)[:, None]
        self.entering, self.leaving = self.rows[: self.step], self.rows[self.step :]

    def _update(self, X, n_samples):
        start = n_samples - self.step
        delay_vectors(X, self.offset, self.covariance.lags_, start, self.entering)
        signed = self.signs * self.rows
        self.products += signed.T @ self.rows
        self.sums += signed.sum(axis=0)
        self.updates += 1

    def _matrix(self, n_samples):
        model = self.covariance
        divisor = n_samples - 1.0 if model.estimator == "cov" else float(n_samples)
        C = centred_products(self.products, self.sums, n_samples, divisor)
        if model.embed_mean is False:
            return C
        mean = self.sums / n_samples + np.tile(self.offset, len(model.lags_))
        return model._with_mean(C[None], mean[None])[0]
