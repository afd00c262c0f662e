"""Covariance matrices that are given instead of trials."""

import numpy as np

from skgeom.spd._matrices import as_square
from skgeom.spd._regularize import regularize


class GivenCovariance:
    """Stands in for `AugmentedCovariance` where the input is its output already.

    Parameters
    ----------
    order : int
        Number of blocks of the matrices.
    reg : "auto", float or None
        As in `AugmentedCovariance`.
    """

    def __init__(self, order, reg):
        self.order = self.order_ = order
        self.reg = reg
        self.lags_, self.lag_ = np.arange(order), int(order > 1)
        self.rank = None

    def fit_transform(self, X):
        """Check the matrices and return them regularised.

        Parameters
        ----------
        X : array-like of shape (n_trials, n, n) or (n_trials, n_bands, n, n)

        Returns
        -------
        C : ndarray of that shape
        """
        C = self._checked(X)
        n = C.shape[-1]
        if n % self.order:
            raise ValueError(
                f"order={self.order} does not divide the {n} rows of the matrices in X; with "
                'input="covariance" it is the number of blocks, 1 for plain covariances.'
            )
        self.shape_in_ = C.shape[1:]
        self.n_channels_in_ = self.rank_ = n // self.order
        self.n_times_in_ = 0
        C, touched = self._regularized(C)
        self.n_regularized_ = int(touched.sum())
        return C

    def transform(self, X):
        """Return matrices like those of the fit, regularised."""
        C = self._checked(X)
        if C.shape[1:] != self.shape_in_:
            raise ValueError(
                f"X has matrices of shape {C.shape[1:]}, the fit had {self.shape_in_}."
            )
        return self._regularized(C)[0]

    def _checked(self, X):
        C = as_square(X, "X")
        if C.ndim not in (3, 4) or len(C) == 0:
            raise ValueError(
                "X must have shape (n_trials, n, n) or (n_trials, n_bands, n, n) with "
                f'input="covariance", got {C.shape}.'
            )
        return C

    def _regularized(self, C):
        flat = C.reshape(-1, *C.shape[-2:]).copy()
        # messages name trials, of which each has a matrix per band
        n_bands = len(flat) // len(C)
        touched = regularize(flat, self.reg, np.arange(len(flat)) // n_bands)
        return flat.reshape(C.shape), touched.reshape(len(C), -1).any(axis=1)

    def channel_names(self, input_features=None):
        """Names of the rows of a block."""
        if input_features is None:
            return [f"x{i}" for i in range(self.n_channels_in_)]
        if len(input_features) != self.n_channels_in_:
            raise ValueError(
                f"input_features should have length equal to the number of channels "
                f"({self.n_channels_in_}), got {len(input_features)}."
            )
        return list(input_features)

    def row_names(self, input_features=None):
        """Names of the rows of the matrices."""
        names = self.channel_names(input_features)
        if self.order == 1:
            return names
        return [f"{name}[{k}]" for k in range(self.order) for name in names]

    def band_names(self):
        """Names of the bands; None for one matrix a trial."""
        bands = self.shape_in_[:-2]
        return [f"band{b}" for b in range(bands[0])] if bands else None
