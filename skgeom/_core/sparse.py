"""Product of a sparse CSR matrix with a dense matrix, a range of rows at a time.

The product is bound by the memory system: every stored entry fetches one row of the dense
matrix from a random place. The kernel therefore asks for rows ahead of their use (software
prefetch), and takes neighbours in groups of four, so that the accumulator, which stays in the
first-level cache, is read and written once for four rows.
"""

from contextlib import suppress

import numpy as np
from joblib import effective_n_jobs
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from skgeom._core.parallel import parallel_ranges, weighted_ranges

PREFETCH_AHEAD = 12  # stored entries
BLOCK = 4096  # entries summed in one go before they are added to the row's total
RANGES_PER_THREAD = 64  # small, so that a range with expensive rows does not come last
_CACHE_LINE = 64  # bytes


def _emit_prefetch(context, builder, array_type, array, row, column):
    struct = context.make_array(array_type)(context, builder, array)
    pointer = cgutils.get_item_pointer2(
        context,
        builder,
        struct.data,
        cgutils.unpack_tuple(builder, struct.shape, 2),
        cgutils.unpack_tuple(builder, struct.strides, 2),
        array_type.layout,
        [row, column],
    )
    word = ir.IntType(32)
    byte_pointer = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [byte_pointer, word, word, word])
    function = builder.module.declare_intrinsic("llvm.prefetch", [byte_pointer], kind)
    # read access, keep in all cache levels, data cache
    builder.call(function, [builder.bitcast(pointer, byte_pointer), word(0), word(3), word(1)])


@intrinsic
def prefetch(typingctx, array, row, column):
    """Ask the processor to load ``array[row, column]``; computes nothing.

    Where this numba or LLVM does not know the instruction, it is left out.
    """
    if not (isinstance(array, types.Array) and array.ndim == 2 and array.layout == "C"):
        return None

    def codegen(context, builder, signature, args):
        with suppress(Exception):
            _emit_prefetch(context, builder, signature.args[0], *args)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), codegen


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


@njit(nogil=True, cache=True)
def product_rows(start, stop, indptr, indices, data, x, out, out_start):
    """Write rows `start` to `stop` of the product of a CSR matrix with `x`.

    Parameters
    ----------
    start, stop : int
        Range of rows of the sparse matrix.
    indptr : ndarray of int32 or int64, shape (n_rows + 1,)
    indices : ndarray of int32 or int64, shape (nnz,)
    data : ndarray, shape (nnz,) or (0,)
        Weights in the dtype of `out`; empty when all are 1.
    x : C-contiguous ndarray of float32, float64 or uint16, shape (n, n_columns)
        uint16 are the bits of bfloat16.
    out : ndarray of float32 or float64, shape (n_out, n_columns), written
    out_start : int
        Row of the sparse matrix that goes to row 0 of `out`.
    """
    n_columns = x.shape[1]
    n_entries = len(indices)
    weighted = len(data) > 0
    line = _CACHE_LINE // x.itemsize
    total = np.empty(n_columns, out.dtype)
    blocks = np.empty(n_columns, out.dtype)
    for row in range(start, stop):
        entry = indptr[row]
        last = indptr[row + 1]
        # long rows are summed in blocks: the rounding error does not grow with their length
        border = entry + BLOCK
        has_blocks = False
        total[:] = 0
        while entry + 4 <= last:
            a, b = indices[entry], indices[entry + 1]
            c, d = indices[entry + 2], indices[entry + 3]
            if entry + PREFETCH_AHEAD + 4 <= n_entries:
                for ahead in range(entry + PREFETCH_AHEAD, entry + PREFETCH_AHEAD + 4):
                    for k in range(0, n_columns, line):
                        prefetch(x, indices[ahead], k)
            if weighted:
                va, vb, vc, vd = data[entry], data[entry + 1], data[entry + 2], data[entry + 3]
                for k in range(n_columns):
                    first = va * widen(x[a, k]) + vb * widen(x[b, k])
                    total[k] += first + (vc * widen(x[c, k]) + vd * widen(x[d, k]))
            else:
                for k in range(n_columns):
                    first = widen(x[a, k]) + widen(x[b, k])
                    total[k] += first + (widen(x[c, k]) + widen(x[d, k]))
            entry += 4
            if entry >= border:
                for k in range(n_columns):
                    blocks[k] = blocks[k] + total[k] if has_blocks else total[k]
                has_blocks = True
                border = entry + BLOCK
                total[:] = 0
        while entry < last:
            a = indices[entry]
            if entry + PREFETCH_AHEAD < n_entries:
                for k in range(0, n_columns, line):
                    prefetch(x, indices[entry + PREFETCH_AHEAD], k)
            weight = data[entry] if weighted else out.dtype.type(1)
            for k in range(n_columns):
                total[k] += weight * widen(x[a, k])
            entry += 1
        if has_blocks:
            for k in range(n_columns):
                total[k] += blocks[k]
        for k in range(n_columns):
            out[row - out_start, k] = total[k]


def entry_ranges(indptr, n_jobs):
    """Cut the rows of a CSR matrix into ranges of nearly equal cost, enough for `n_jobs`."""
    n_threads = effective_n_jobs(n_jobs)
    return weighted_ranges(indptr, 1 if n_threads <= 1 else RANGES_PER_THREAD * n_threads)


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
    parallel_ranges(
        product_rows, ranges, matrix.indptr, matrix.indices, data, x, out, 0, n_jobs=n_jobs
    )
    return out
