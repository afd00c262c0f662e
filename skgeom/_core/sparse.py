"""Product of a sparse CSR matrix with a dense matrix, a range of rows at a time.

The product is bound by the memory system: every stored entry fetches one row of the dense
matrix from a random place. The kernel therefore asks for rows ahead of their use (software
prefetch), and keeps the total of a row in vector registers, 512 bytes of it at a time, so that
an entry costs its loads and nothing else.
"""

import math

import numpy as np
from joblib import effective_n_jobs
from numba import njit, types
from numba.extending import overload

from skgeom._core.parallel import parallel_ranges, weighted_ranges
from skgeom._core.registers import (
    CACHE_LINE,
    add_blocks,
    add_row,
    length_of,
    prefetch_row,
    scale_block,
    store_block,
    zero_block,
)

PREFETCH_AHEAD = 16  # stored entries
BLOCKS = (6, 8, 9)  # log2 of the bytes of a row that are summed at a time
RUN = 1024  # entries summed in one go before they are added to the row's total
RANGES_PER_THREAD = 64  # small, so that a range with expensive rows does not come last


def widen(value):
    """Return a stored number as it is computed with: bfloat16 bits (uint16) become float32."""
    return value


@overload(widen)
def _widen(value):
    if value == types.uint16:
        return lambda value: np.uint32(np.uint32(value) << np.uint32(16)).view(np.float32)
    return lambda value: value


def narrow(value, array):
    """Return a number as `array` stores it: rounded to even where that holds bfloat16 bits."""
    return value


@overload(narrow)
def _narrow(value, array):
    if array.dtype == types.uint16:

        def to_bfloat16(value, array):
            bits = np.float32(value).view(np.uint32)
            return np.uint16((bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)) >> 16)

        return to_bfloat16
    return lambda value, array: value


def from_storage(array):
    """Return an array of bfloat16 bits as float32; others as they are."""
    if array.dtype != np.uint16:
        return array
    return (array.astype(np.uint32) << np.uint32(16)).view(np.float32)


def to_storage(array, dtype):
    """Return float32 numbers as bfloat16 bits, rounded to even, where `dtype` is uint16."""
    if dtype != np.uint16 or array.dtype == np.uint16:
        return array
    bits = np.ascontiguousarray(array, dtype=np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (rounded >> np.uint32(16)).astype(np.uint16)


def aligned_empty(shape, dtype):
    """Return an uninitialised array that begins at a cache line, as its rows do if they fill some.

    Rows that straddle lines cost a fetch more and split every load of a wide vector.
    """
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + size].view(dtype).reshape(shape)


def block_size(n_columns, itemsize):
    """Return how much of a row of a product is summed at a time: log2 of its bytes, as zeros.

    Kernels take it as a tuple of zeros, so that they are compiled for one size alone.

    Parameters
    ----------
    n_columns : int
    itemsize : int
        Bytes of a number, as it is computed with.

    Returns
    -------
    size : tuple of int
    """
    fitting = [log for log in BLOCKS if 2**log <= n_columns * itemsize]
    return (0,) * max(fitting, default=0)


@njit(nogil=True, forceinline=True)
def product_row(row, indptr, indices, data, x, own, loop, scale, out, out_row, stored, size):
    """Write row `row` of ``scale * (S x + loop * own)`` to row `out_row` of `out`.

    Parameters
    ----------
    row : int
    indptr : ndarray of int32 or int64, shape (n_rows + 1,)
        With `indices` and `data` the CSR arrays of S.
    indices : ndarray of int32 or int64, shape (nnz,)
    data : ndarray, shape (nnz,) or (0,)
        Weights in the dtype of `out`; empty when all are 1.
    x : C-contiguous ndarray of float32, float64 or uint16, shape (n, n_columns)
        uint16 are the bits of bfloat16.
    own : C-contiguous ndarray of the dtype of `x`, shape (n_rows, n_columns)
        Read where `loop` is not 0.
    loop, scale : float
    out : C-contiguous ndarray of float32 or float64, shape (n_out, n_columns), written
    out_row : int
    stored : C-contiguous ndarray of the dtype of `x`, shape (n_rows, n_columns) or (0, n_columns)
        Where the row is written too, at `row`; empty when it is not needed.
    size : tuple of int
        Of `block_size`.
    """
    zero = zero_block(out, size)
    n_columns, width, column = x.shape[1], length_of(zero), 0
    final, weighted, one = len(indices) - 1, len(data) > 0, out.dtype.type(1)
    while column < n_columns:
        column = min(column, n_columns - width)  # the last columns may be summed twice
        total = zero
        # long rows are summed in runs: the rounding error does not grow with their length
        for first in range(indptr[row], indptr[row + 1], RUN):
            part = zero
            for entry in range(first, min(first + RUN, indptr[row + 1])):
                ahead = indices[min(entry + PREFETCH_AHEAD, final)]
                prefetch_row(zero, x, ahead, column)
                weight = data[entry] if weighted else one
                part = add_row(part, x, indices[entry], column, weight)
            total = add_blocks(total, part)
        if loop != 0:
            total = add_row(total, own, row, column, loop)
        total = scale_block(total, scale)
        store_block(total, out, out_row, column)
        if len(stored) > 0:
            store_block(total, stored, row, column)
        column += width


@njit(nogil=True, cache=True)
def product_rows(start, stop, indptr, indices, data, x, out, out_start, size):
    """Write rows `start` to `stop` of a product to `out`, as `product_row` does.

    `out_start` is the row of the sparse matrix that goes to row 0 of `out`.
    """
    factors, nothing = (out.dtype.type(0), out.dtype.type(1)), x[:0]
    for row in range(start, stop):
        into = out, row - out_start, nothing
        product_row(row, indptr, indices, data, x, x, *factors, *into, size)


def entry_ranges(indptr, n_jobs):
    """Cut the rows of a CSR matrix into ranges of nearly equal cost, enough for `n_jobs`.

    The ranges come largest first: a row is never split, and one with a large share of all entries
    would otherwise keep a thread busy when the others are done.
    """
    n_threads = effective_n_jobs(n_jobs)
    ranges = weighted_ranges(indptr, 1 if n_threads <= 1 else RANGES_PER_THREAD * n_threads)
    return sorted(ranges, key=lambda r: indptr[r[0]] - indptr[r[1]])


def sparse_dense_product(matrix, x, *, out=None, n_jobs=None):
    """Multiply a sparse CSR matrix with a dense matrix, on threads.

    Parameters
    ----------
    matrix : csr_array or csr_matrix of shape (n_rows, n)
    x : ndarray of float32 or float64, shape (n, n_columns)
    out : ndarray of shape (n_rows, n_columns), default=None
        Where to write the product, in the dtype of `x`.
    n_jobs : int or None, default=None

    Returns
    -------
    product : ndarray of shape (n_rows, n_columns)
        In the dtype of `x`; the same bits for any `n_jobs`.

    Raises
    ------
    ValueError
        When the shapes do not fit, the matrix is not CSR or `x` does not hold floating point
        numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> sparse_dense_product(csr_array([[0, 2], [1, 0]]), np.eye(2))
    array([[0., 2.],
           [1., 0.]])
    """
    x = np.ascontiguousarray(x)
    # the kernel reads by these shapes without looking
    if matrix.ndim != 2 or x.ndim != 2 or matrix.shape[1] != len(x):
        raise ValueError(f"Shapes {matrix.shape} and {x.shape} do not fit for a product.")
    if matrix.format != "csr" or x.dtype.kind != "f":
        raise ValueError(
            f"Expected a CSR matrix and floating point x, got {matrix.format} and {x.dtype}."
        )
    if out is None:
        out = np.empty((matrix.shape[0], x.shape[1]), x.dtype)
    data = matrix.data.astype(x.dtype, copy=False)
    if np.all(data == 1):
        data = data[:0]
    ranges = entry_ranges(matrix.indptr, n_jobs)
    csr, size = (matrix.indptr, matrix.indices, data), block_size(x.shape[1], x.itemsize)
    parallel_ranges(product_rows, ranges, *csr, x, out, 0, size, n_jobs=n_jobs)
    return out
