"""The matrix that starts the recursion: random projections, projected features, given vectors."""

import numpy as np
import scipy.sparse as sp

from skgeom._core.parallel import parallel_rows
from skgeom._core.random import hash_ids, mix, normal_rows, sign_rows
from skgeom._core.sparse import sparse_dense_product
from skgeom.graph._statistics import gram_matrix, inverse_square_root

FEATURE_DENSITY = 1 / 3  # Achlioptas' choice, as in Neo4j's property projection


def sign_matrix(ids, n_columns, key, *, density=None, n_entries=0, scale=1.0, dtype, n_jobs=None):
    """Draw a sparse matrix of random signs.

    Parameters
    ----------
    ids : ndarray of shape (n_rows,)
        A row is a function of `key` and its id.
    n_columns : int
    key : numpy.uint64
    density : float in (0, 1], default=None
        Probability of an entry.
    n_entries : int, default=0
        Exact number of entries per row, instead of `density`.
    scale : float or ndarray of shape (n_rows,), default=1
        Absolute value of the entries.
    dtype : numpy dtype
    n_jobs : int or None, default=None

    Returns
    -------
    matrix : csr_array of shape (n_rows, n_columns)
    """
    n_rows = len(ids)
    hashed = hash_ids(ids)
    indptr = np.zeros(n_rows + 1, np.int64)
    none = np.empty(0, np.int32), np.empty(0, np.int8)
    law = (key, hashed, 1.0 if density is None else float(density), n_entries, n_columns)
    parallel_rows(sign_rows, n_rows, *law, False, indptr, *none, n_jobs=n_jobs)
    np.cumsum(indptr, out=indptr)
    columns = np.empty(indptr[-1], np.int32)
    signs = np.empty(indptr[-1], np.int8)
    parallel_rows(sign_rows, n_rows, *law, True, indptr, columns, signs, n_jobs=n_jobs)
    values = signs.astype(dtype)
    if np.ndim(scale):
        values *= np.repeat(scale.astype(dtype), np.diff(indptr))
    else:
        values *= dtype.type(scale)
    return sp.csr_array((values, columns, indptr), shape=(n_rows, n_columns))


def sparse_projection(ids, n_components, key, density, *, dtype, n_jobs=None):
    """Very sparse random projection (Li, Hastie and Church, 2006): E[R R'] = I."""
    scale = np.sqrt(1.0 / (max(density, 1e-60) * n_components))  # below, no entry is ever drawn
    return sign_matrix(
        ids, n_components, key, density=density, scale=scale, dtype=dtype, n_jobs=n_jobs
    )


def sjlt_projection(ids, n_components, key, density, *, dtype, n_jobs=None):
    """Sparse Johnson-Lindenstrauss transform: the same number of signed entries in every row."""
    n_entries = sjlt_entries(n_components, density)
    return sign_matrix(
        ids,
        n_components,
        key,
        n_entries=n_entries,
        scale=np.sqrt(1.0 / n_entries),
        dtype=dtype,
        n_jobs=n_jobs,
    )


def sjlt_entries(n_components, density):
    """Return the number of entries per row of a sparse Johnson-Lindenstrauss transform."""
    return min(n_components, max(1, round(density * n_components)))


def gaussian_projection(ids, n_components, key, *, dtype, n_jobs=None):
    """Independent normal entries of variance 1 / n_components: E[R R'] = I."""
    out = np.empty((len(ids), n_components), dtype)
    scale = 1.0 / np.sqrt(n_components)
    parallel_rows(normal_rows, len(ids), key, hash_ids(ids), scale, out, n_jobs=n_jobs)
    return out


def project_features(features, n_components, key, scale, *, dtype, n_jobs=None):
    """Project node features by a sparse random matrix of density 1/3.

    Parameters
    ----------
    features : ndarray or csr_array of shape (n, n_features)
    n_components : int
    key : numpy.uint64
        Of the node vectors; features draw from a stream of their own.
    scale : float
        Absolute value of the entries.
    dtype : numpy dtype
    n_jobs : int or None, default=None

    Returns
    -------
    projected : ndarray of shape (n, n_components)
    """
    names = np.arange(features.shape[1])
    own_key = np.uint64(mix(key ^ np.uint64(0x66656174)))
    matrix = sign_matrix(
        names, n_components, own_key, density=FEATURE_DENSITY, scale=scale, dtype=dtype
    )
    if sp.issparse(features):
        return sparse_dense_product(features, matrix.toarray(), n_jobs=n_jobs)
    return np.ascontiguousarray(features.astype(dtype, copy=False) @ matrix.toarray())


def scale_matrix_rows(matrix, scale):
    """Multiply each row of a dense or CSR matrix by a number; returns a new matrix."""
    scale = scale.astype(matrix.dtype)
    if sp.issparse(matrix):
        values = matrix.data * np.repeat(scale, np.diff(matrix.indptr))
        return sp.csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)
    return matrix * scale[:, np.newaxis]


def orthogonal_mixing(gaussian, *, n_jobs=None):
    """Return the matrix that makes the columns of a Gaussian projection orthogonal.

    With more components than rows the rows become orthogonal instead. A new row of the
    projection is its Gaussian row times the same matrix.

    Parameters
    ----------
    gaussian : ndarray of shape (n, d)
    n_jobs : int or None, default=None

    Returns
    -------
    mixing : ndarray of float64, shape (d, d)
        ``R = gaussian @ mixing`` with ``E[R R'] = I``.
    """
    n, d = gaussian.shape
    gram = gram_matrix(gaussian, np.zeros(d), n_jobs=n_jobs)
    return inverse_square_root(gram) * np.sqrt(max(n, d) / d)
