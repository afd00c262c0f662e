"""Column statistics, standardisation and whitening; the same bits for any number of threads."""

import numpy as np
from joblib import effective_n_jobs
from scipy.linalg import eigh

from skgeom._core.parallel import (
    even_ranges,
    parallel_map,
    parallel_ranges,
    parallel_rows,
    single_blas_thread,
)
from skgeom._core.sparse import from_storage, to_storage
from skgeom.graph._kernels import moment_rows, scale_rows, term_rows

CHUNK_ROWS = 8192
SAMPLE_ROWS = 512  # for a first guess of the column means
EIGENVALUE_FLOOR = 1e-6  # of the largest; directions below it carry rounding errors
VARIANCE_FLOOR = 1e-12  # of the squared mean; columns below it are constant


def row_chunks(n_rows):
    """Cut the rows into ranges that depend on their number alone."""
    return even_ranges(n_rows, -(-n_rows // CHUNK_ROWS))


def _moments(x, shift, n_jobs):
    """Return the means of ``x - shift`` and of its square, and the number of zero rows."""
    ranges = row_chunks(len(x))
    sums = np.empty((2, len(ranges), x.shape[1]))

    def sum_chunk(index):
        start, stop = ranges[index]
        return moment_rows(start, stop, x, shift, sums[0, index], sums[1, index])

    n_zero = sum(parallel_map(sum_chunk, range(len(ranges)), n_jobs=n_jobs))
    return *(sums.sum(axis=1) / len(x)), n_zero


def column_statistics(x, *, n_jobs=None):
    """Return the mean and the standard deviation of each column, and the number of zero rows.

    Parameters
    ----------
    x : ndarray of shape (n, n_columns)
    n_jobs : int or None, default=None

    Returns
    -------
    mean : ndarray of float64, shape (n_columns,)
    scale : ndarray of float64, shape (n_columns,)
        1 where a column is constant.
    n_zero : int
        Rows that hold nothing but zeros.
    """
    # in one pass: a shift near the mean keeps the difference of the moments exact
    shift = x[:: -(-len(x) // SAMPLE_ROWS)].mean(axis=0, dtype=np.float64)
    first, second, n_zero = _moments(x, shift, n_jobs)
    mean = shift + first
    variance = np.maximum(second - first**2, 0.0)
    scale = np.sqrt(variance)
    with np.errstate(over="ignore"):
        floor = VARIANCE_FLOOR * (mean**2 + np.finfo(np.float32).tiny)
    scale[variance <= floor] = 1.0
    return mean, scale, n_zero


def standardize(x, mean, scale, *, n_jobs=None):
    """Replace `x` by ``(x - mean) / scale``, in place."""
    factor = (1.0 / scale).astype(x.dtype)
    parallel_rows(scale_rows, len(x), x, mean.astype(x.dtype), factor, n_jobs=n_jobs)


def scale_to_unit_rows(x, *, n_jobs=None):
    """Divide the rows of `x` by their Euclidean norm, in place; zero rows stay zero."""
    parallel_rows(term_rows, len(x), x, 1.0, True, x, 0, True, n_jobs=n_jobs)


def inverse_square_root(matrix):
    """Return the inverse square root of a positive semi-definite matrix.

    Directions whose eigenvalue is under 1e-6 of the largest are dropped.
    """
    values, vectors = eigh(matrix)
    keep = values > EIGENVALUE_FLOOR * max(values[-1], 0.0)
    vectors = vectors[:, keep]
    return (vectors / np.sqrt(values[keep])) @ vectors.T


def gram_matrix(x, mean, *, n_jobs=None):
    """Return ``(x - mean)' (x - mean)`` in float64."""

    def chunk_gram(chunk):
        centred = from_storage(x[chunk[0] : chunk[1]]) - mean
        return centred.T @ centred

    with single_blas_thread():
        return sum(parallel_map(chunk_gram, row_chunks(len(x)), n_jobs=n_jobs))


def whitening(x, present, *, n_jobs=None):
    """Return the mean and the matrix that make the columns uncorrelated with variance 1.

    Parameters
    ----------
    x : ndarray of shape (n, d)
    present : ndarray of bool, shape (n,)
        Rows that count; the others must be zero.
    n_jobs : int or None, default=None

    Returns
    -------
    mean : ndarray of float64, shape (d,)
    matrix : ndarray of float64, shape (d, d)
    """
    n_present = max(int(present.sum()), 1)
    mean = _moments(x, np.zeros(x.shape[1]), n_jobs)[0] * (len(x) / n_present)
    # every absent row adds mean mean' to the sum over all rows
    gram = gram_matrix(x, mean, n_jobs=n_jobs)
    gram -= (len(x) - n_present) * np.outer(mean, mean)
    return mean, inverse_square_root(gram / n_present)


def whitening_scratch(n_rows, d, n_jobs):
    """Return the bytes that whitening takes on top of its input."""
    return 2 * 8 * min(n_rows, CHUNK_ROWS) * d * effective_n_jobs(n_jobs)


def whiten(x, present, mean, matrix, *, n_jobs=None):
    """Replace the present rows of `x` by ``(x - mean) @ matrix``, in place."""

    def whiten_chunk(start, stop):
        chunk = (from_storage(x[start:stop]) - mean) @ matrix
        chunk[~present[start:stop]] = 0
        x[start:stop] = to_storage(chunk, x.dtype)

    with single_blas_thread():
        parallel_ranges(whiten_chunk, row_chunks(len(x)), n_jobs=n_jobs)
