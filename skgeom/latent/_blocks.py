"""Similarities of rows to anchors, a block of rows at a time."""

import warnings

import numpy as np
import scipy.sparse as sp
from scipy.spatial.distance import cdist
from sklearn.metrics import pairwise_distances
from sklearn.metrics.pairwise import PAIRWISE_KERNEL_FUNCTIONS, pairwise_kernels
from sklearn.utils.extmath import row_norms

# Rows per block. Smaller ones keep to the cache and lose more to calls: with 384 features and 300
# anchors in float32, 512 rows take 1.37 times as long as the bare product, 4096 rows 1.23 times.
BLOCK = 4096
PRODUCTS = ("cosine", "angular", "inner")
DISTANCES = ("euclidean", "l1", "minkowski")
WITHOUT_PARAMS = (*PRODUCTS, "euclidean", "l1", "basis_change")
METRICS = (*PRODUCTS, *DISTANCES, "basis_change", *sorted(set(PAIRWISE_KERNEL_FUNCTIONS)))


class NotFinite(ValueError):
    """A row has a norm that is NaN or infinite."""


def block_ranges(n_rows):
    """Return the blocks, which don't depend on the number of threads."""
    return [(i, min(i + BLOCK, n_rows)) for i in range(0, n_rows, BLOCK)]


def inverse_norms(X):
    """Return 1 / |x| of every row, 0 for rows of zeros.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n, d)

    Returns
    -------
    inverse : ndarray of shape (n,)
        0 too for rows whose squares leave the range of the dtype.
    lost : ndarray of int
        These rows; they need `unit_rows`.

    Raises
    ------
    NotFinite
        For rows with NaN or infinity.
    """
    with np.errstate(over="ignore", under="ignore"):
        squares = row_norms(X, squared=True)
    limits = np.finfo(squares.dtype)
    # below the first limit squares of entries have lost digits to underflow
    safe = (squares > limits.tiny / limits.eps**2) & (squares < limits.max)
    inverse = np.zeros_like(squares)
    np.divide(1, np.sqrt(squares, where=safe, out=inverse), where=safe, out=inverse)
    suspects = np.flatnonzero(~safe)
    largest = abs(X[suspects]).max(axis=1) if len(suspects) else np.zeros(0)
    largest = largest.toarray().ravel() if sp.issparse(largest) else np.ravel(largest)
    if not np.isfinite(largest).all():
        raise NotFinite("Input X contains NaN or infinity.")
    return inverse, suspects[largest > 0]


def scaled_norms(X):
    """Return rows scaled by powers of two, their norms after that, and the exponents.

    Parameters
    ----------
    X : ndarray of float32 or float64, shape (n, d)

    Returns
    -------
    rows : ndarray of float64, shape (n, d)
        Largest absolute value of a row between 0.5 and 1, or 0.
    norms, exponents : ndarray of shape (n, 1)
        ``ldexp(norms, exponents)`` are the norms of `X`.
    """
    rows = X.astype(np.float64)
    exponents = np.frexp(abs(rows).max(axis=1, keepdims=True))[1]
    rows = np.ldexp(rows, -exponents)
    return rows, np.linalg.norm(rows, axis=1, keepdims=True), exponents


def unit_rows(X):
    """Divide dense rows by their norms, whatever their size; rows of zeros stay.

    Parameters
    ----------
    X : ndarray of float32 or float64, shape (n, d)

    Returns
    -------
    unit : ndarray of shape (n, d)
        In the dtype of `X`.
    """
    rows, norms, _ = scaled_norms(X)
    return (rows / np.where(norms > 0, norms, 1)).astype(X.dtype)


def dense(X):
    """Return rows as an ndarray."""
    return X.toarray() if sp.issparse(X) else X


def product(X, matrix, out):
    """Write ``X @ matrix.T`` to `out`, X dense or sparse."""
    if sp.issparse(X):
        out[:] = X @ matrix.T
    else:
        np.matmul(X, matrix.T, out=out)


def cosines(X, unit_anchors, out):
    """Write the cosines of rows with anchors to `out`; 0 where a vector is 0.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n, d)
    unit_anchors : ndarray of shape (n_anchors, d)
        Rows of norm 1, or 0.
    out : ndarray of shape (n, n_anchors), written
    """
    inverse, lost = inverse_norms(X)
    with np.errstate(over="ignore", invalid="ignore"):
        product(X, unit_anchors, out)
        out *= inverse[:, np.newaxis]
    if len(lost):
        out[lost] = unit_rows(dense(X[lost])) @ unit_anchors.T


def prepare(anchors, metric):
    """Return what a metric needs of the anchors: unit vectors, or a pseudo-inverse.

    Parameters
    ----------
    anchors : ndarray of shape (n_anchors, d)
    metric : str or callable

    Returns
    -------
    prepared : ndarray of shape (n_anchors, d)

    Raises
    ------
    ValueError
        For anchors that are linearly dependent though no more than d, with "basis_change".
    """
    if metric in ("cosine", "angular"):
        return unit_rows(anchors)
    if metric == "basis_change":
        _check_basis(anchors)
        return np.linalg.pinv(anchors.astype(np.float64)).T.astype(anchors.dtype)
    return anchors


def _check_basis(anchors):
    n_anchors, n_features = anchors.shape
    if len(np.unique(anchors, axis=0)) < n_anchors:
        raise ValueError("metric='basis_change': two anchors are equal, and no basis.")
    if n_anchors > n_features:
        warnings.warn(
            f"metric='basis_change' with {n_anchors} anchors in {n_features} dimensions: "
            "coordinates aren't unique, those of least norm are taken.",
            UserWarning,
        )
        return
    rank = np.linalg.matrix_rank(anchors)
    if rank < n_anchors:
        raise ValueError(
            f"metric='basis_change': the {n_anchors} anchors are linearly dependent (rank {rank}), "
            "and no basis."
        )


def similarities(X, prepared, metric, params, out):
    """Write the similarities of a block of rows to the anchors.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n, d)
    prepared : ndarray of shape (n_anchors, d)
        From `prepare`.
    metric : str or callable
    params : dict
        Further arguments of the metric.
    out : ndarray of shape (n, n_anchors), written
    """
    if metric in ("cosine", "angular"):
        cosines(X, prepared, out)
        if metric == "angular":
            np.arccos(np.clip(out, -1, 1, out=out), out=out)
            out /= np.pi
    elif metric == "inner":
        product(X, prepared, out)
        out /= np.sqrt(X.shape[1])
    elif metric == "basis_change":
        product(X, prepared, out)
    else:
        out[:] = _other(dense(X), prepared, metric, params)


def _other(X, anchors, metric, params):
    if callable(metric):
        return _checked(metric(X, anchors, **params), (len(X), len(anchors)))
    if metric == "euclidean":
        return cdist(X, anchors)  # differences, exact where the expanded square cancels
    if metric in ("l1", "minkowski"):
        return pairwise_distances(X, anchors, metric=metric, **params)
    return pairwise_kernels(X, anchors, metric=metric, **params)


def _checked(values, shape):
    values = np.asarray(values)
    if values.shape != shape:
        raise ValueError(
            f"metric must return an array of shape {shape} (rows, anchors), got {values.shape}."
        )
    return values
