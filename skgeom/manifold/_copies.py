"""Rows that are equal, found without comparing all of them."""

import numpy as np
import scipy.sparse as sp

from skgeom.manifold._landmarks import row_blocks

_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, odd


def distinct_rows(X, weights=None):
    """Take one of each set of equal rows, with the weight of all of them.

    Parameters
    ----------
    X : float array or CSR of shape (n_rows, n_features)
        Finite.
    weights : float64 array of shape (n_rows,) or None

    Returns
    -------
    rows : int array of shape (n_distinct,) or None
        Numbers of the rows taken, in an order that depends on what they hold and not on where they
        are; rows without weight are left out. None where nothing is left out and none are weighed.
    place_of : int array of shape (n_rows,)
        Where each row is among these, -1 where its weight and those of its copies are 0.
    masses : float64 array of shape (n_distinct,) or None
        Summed weights; None where they are equal.
    """
    keys = _keys(X)
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    # rows with one key are copies, but for an accident that the comparison finds
    starts = np.ones(len(order), dtype=bool)
    alike = np.flatnonzero(ranked[1:] == ranked[:-1])
    starts[alike + 1] = ~_equal(X[order[alike]], X[order[alike + 1]])
    if weights is None and starts.all():
        return None, None, None
    place_of = np.empty(len(order), dtype=np.int64)
    place_of[order] = np.cumsum(starts) - 1
    masses = np.bincount(place_of, weights=weights)
    kept = np.flatnonzero(masses)
    number = np.full(len(masses), -1)
    number[kept] = np.arange(len(kept))
    masses = masses[kept]
    equal = (masses == masses[0]).all()
    return order[starts][kept], number[place_of], None if equal else masses


def _keys(X):
    """One number per row, the same for equal rows wherever they are."""
    factors = _scrambled(np.arange(1, X.shape[1] + 1, dtype=np.uint64)) | np.uint64(1)
    if sp.issparse(X):
        parts = np.zeros(X.nnz + 1, dtype=np.uint64)
        np.cumsum(_scrambled(_bits(X.data)) * factors[X.indices], out=parts[1:])
        return parts[X.indptr[1:]] - parts[X.indptr[:-1]]  # sums wrap around, differences too
    keys = np.empty(len(X), dtype=np.uint64)
    for block in row_blocks(X):
        keys[block] = (_scrambled(_bits(X[block])) * factors).sum(axis=1)
    return keys


def _bits(values):
    """Numbers seen as integers; the two zeros are one."""
    return (values + np.zeros(1, values.dtype)).astype(np.float64).view(np.uint64)


def _scrambled(words):
    """Spread the bits of integers over the whole word; 0 stays 0."""
    words = (words ^ (words >> np.uint64(32))) * _SPREAD
    return (words ^ (words >> np.uint64(29))) * _SPREAD


def _equal(A, B):
    """Whether rows are equal, one by one."""
    if sp.issparse(A):
        return np.diff((A != B).tocsr().indptr) == 0
    return (A == B).all(axis=1)
