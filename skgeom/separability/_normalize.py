"""Normalisation of clouds before the tree."""

import warnings

import numpy as np
import scipy.sparse as sp

COLUMN_NORMALIZATIONS = ("center", "standard")


def column_statistics(X, normalize):
    """Fit the column mean and scale that "center" and "standard" subtract and divide by.

    Returns
    -------
    mean, scale : ndarray of float64, shape (n_features,), or None
    """
    if normalize not in COLUMN_NORMALIZATIONS:
        return None, None
    X = _dense(X)
    mean = X.mean(axis=0, dtype=np.float64)
    if normalize == "center":
        return mean, None
    scale = X.std(axis=0, dtype=np.float64)
    # A constant column has a spread of rounding errors only.
    constant = scale <= 10 * np.finfo(X.dtype).eps * np.abs(mean)
    scale[constant | (scale == 0)] = 1.0
    return mean, scale


def normalize_cloud(X, normalize, mean=None, scale=None, zero_rows="keep"):
    """Normalise the rows or columns of a cloud.

    Parameters
    ----------
    X : ndarray or csr_matrix of shape (n_samples, n_features)
    normalize : {None, "l2", "center", "standard", "layer"}
    mean, scale : ndarray of shape (n_features,)
        From `column_statistics`.
    zero_rows : {"keep", "raise"}
        What happens to rows without a direction: they stay zero with a warning, or they raise.

    Returns
    -------
    X : ndarray or csr_matrix of shape (n_samples, n_features), in the dtype of `X`
    """
    if normalize is None:
        return X
    if normalize in COLUMN_NORMALIZATIONS:
        X = _dense(X)
        centred = X - mean.astype(X.dtype)
        return centred if scale is None else centred / scale.astype(X.dtype)
    if normalize == "layer":
        X = _dense(X)
        X = X - X.mean(axis=1, keepdims=True, dtype=np.float64).astype(X.dtype)
        norms = X.std(axis=1, dtype=np.float64)
        constant = norms <= 10 * np.finfo(X.dtype).eps * np.abs(X).max(axis=1)
    else:
        norms = _row_norms(X)
        constant = norms == 0
    if constant.any():
        _report_zero_rows(constant, normalize, zero_rows)
        norms[constant] = 1.0
    return _divide_rows(X, norms)


def _dense(X):
    return X.toarray() if sp.issparse(X) else X


def _row_norms(X):
    """Euclidean norms of rows, accumulated in float64."""
    if sp.issparse(X):
        return np.sqrt(np.asarray(X.multiply(X).sum(axis=1, dtype=np.float64)).ravel())
    if X.dtype == np.float32 or np.abs(X).max() < 1e150:
        return np.sqrt(np.einsum("ij,ij->i", X, X, dtype=np.float64))
    return np.array([np.linalg.norm(np.ldexp(row, -600)) for row in X]) * 2.0**600


def _divide_rows(X, norms):
    if sp.issparse(X):
        return sp.csr_array(sp.diags_array((1 / norms).astype(X.dtype)) @ X)
    return X / norms[:, np.newaxis].astype(X.dtype)


def _report_zero_rows(zero, normalize, zero_rows):
    count, first = int(np.count_nonzero(zero)), int(np.argmax(zero))
    what = "constant" if normalize == "layer" else "zero"
    message = (
        f'{count} row(s) of X are {what} and have no direction for normalize="{normalize}" '
        f"(the first is row {first})"
    )
    if zero_rows == "raise":
        raise ValueError(message + '; remove them, or pass zero_rows="keep".')
    warnings.warn(message + "; they are kept at the origin.", UserWarning, stacklevel=5)
