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
    scale = row_norms((X - mean).T) / np.sqrt(len(X))
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
        return centred if scale is None else np.divide(centred, scale, out=centred)
    if normalize == "layer":
        X = _dense(X)
        rounding = 10 * np.finfo(X.dtype).eps * np.abs(X).max(axis=1)
        X = X - X.mean(axis=1, keepdims=True, dtype=np.float64).astype(X.dtype)
        norms = row_norms(X) / np.sqrt(X.shape[1])
        constant = norms <= rounding
        X[constant] = 0.0
    else:
        norms = row_norms(X)
        constant = norms == 0
    if constant.any():
        _report_zero_rows(constant, normalize, zero_rows)
        norms[constant] = 1.0
    return divide_rows(X, norms)


def _dense(X):
    return X.toarray() if sp.issparse(X) else X


def row_norms(X):
    """Euclidean norms of rows in float64; rows whose squares leave its range are scaled first.

    Parameters
    ----------
    X : ndarray or csr_matrix of shape (n_samples, n_features)

    Returns
    -------
    norms : ndarray of float64, shape (n_samples,)
    """
    with np.errstate(over="ignore", under="ignore"):
        if sp.issparse(X):
            squares = X.astype(np.float64).power(2).sum(axis=1)
            squares, largest = np.asarray(squares).ravel(), abs(X).max(axis=1).toarray().ravel()
        else:
            squares = np.einsum("ij,ij->i", X, X, dtype=np.float64)
            largest = np.maximum(X.max(axis=1), -X.min(axis=1))
    norms = np.sqrt(squares)
    odd = (largest > 0) & ~((squares > 1e-280) & (squares < 1e300))
    if odd.any():
        exponents = np.frexp(largest[odd])[1]
        rows = np.ldexp(_dense(X[odd]).astype(np.float64), -exponents[:, np.newaxis])
        norms[odd] = np.ldexp(np.sqrt(np.einsum("ij,ij->i", rows, rows)), exponents)
    return norms


def divide_rows(X, norms):
    """Divide rows by their norms, in double precision, into the dtype of `X`."""
    if sp.issparse(X):
        X = sp.csr_array(X, copy=True)
        X.data /= np.repeat(norms, np.diff(X.indptr))
        return X
    return np.divide(X, norms[:, np.newaxis], out=np.empty_like(X))


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
