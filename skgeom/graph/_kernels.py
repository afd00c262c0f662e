"""Kernels of FastRP: a hop with its normalisation and weighting fused in, and column statistics.

Hops are stored as float32, float64 or the bits of bfloat16 (uint16); sums are float32 or float64.
All are serial over a range of rows; threads come from `skgeom._core.parallel`. A term of the
embedding is ``weight * row / norm(row)``; it goes to ``out[row, column:column + d]``.
"""

import math

import numpy as np
from numba import njit
from numba.extending import overload
from numba.np.numpy_support import as_dtype

from skgeom._core.random import mix
from skgeom._core.sparse import narrow, product_row, widen

RUN = 256  # entries whose neighbours are looked at in one go
CHUNK = 16  # rows that are finished while they are still in the first-level cache


@njit(nogil=True, cache=True, fastmath={"reassoc", "nsz", "contract"})
def _sum_of_squares(x, row, scale):
    total = scale - scale
    for k in range(x.shape[1]):
        value = widen(x[row, k]) * scale
        total += value * value
    return total


def tiny_of(number):
    """Return the smallest normal number of a floating type."""
    return np.finfo(type(number)).tiny


@overload(tiny_of)
def _tiny_of(number):
    tiny = as_dtype(number).type(np.finfo(as_dtype(number)).tiny)
    return lambda number: tiny


@njit(nogil=True, cache=True, error_model="numpy")
def inverse_norm(x, row, one):
    """Return 1 / norm of a row of `x`, 0 for a zero row; safe where squares over- or underflow.

    `one` is the number 1 in the type to compute with.
    """
    squares = _sum_of_squares(x, row, one)
    if 1e-30 < squares < 1e30:
        return one / math.sqrt(squares)
    largest = one - one
    for k in range(x.shape[1]):
        largest = max(largest, abs(widen(x[row, k])))
    if largest == 0:
        return largest
    # dividing by the largest entry may itself overflow where that is subnormal
    inverse = one / max(largest, tiny_of(one))
    return inverse / math.sqrt(_sum_of_squares(x, row, inverse))


@njit(nogil=True, cache=True)
def _put_term(source, row, weight, normalise, out, out_row, column, assign):
    one = out.dtype.type(1)
    factor = out.dtype.type(weight)
    if normalise:
        factor *= inverse_norm(source, row, one)
    if assign:
        for k in range(source.shape[1]):
            out[out_row, column + k] = factor * widen(source[row, k])
    else:
        for k in range(source.shape[1]):
            out[out_row, column + k] += factor * widen(source[row, k])


@njit(nogil=True, cache=True)
def term_rows(start, stop, source, weight, normalise, out, column, assign):
    """Write or add the term of a hop that is stored.

    Parameters
    ----------
    start, stop : int
        Range of rows.
    source : ndarray of shape (n, d)
        The hop.
    weight : float
    normalise : bool
        Whether rows are divided by their Euclidean norm.
    out : ndarray of shape (n, n_columns), written
    column : int
        First column of the term.
    assign : bool
        Whether `out` is overwritten rather than added to.
    """
    for row in range(start, stop):
        _put_term(source, row, weight, normalise, out, row, column, assign)


@njit(nogil=True, cache=True)
def square_rows(start, stop, source, squares):
    """Write the squared norm of each row of a hop, in float64."""
    for row in range(start, stop):
        total = 0.0
        for k in range(source.shape[1]):
            value = np.float64(widen(source[row, k]))
            total += value * value
        squares[row] = total


@njit(nogil=True, cache=True)
def scaled_term_rows(start, stop, source, factors, out, column, assign):
    """Write or add the term of a stored hop, given the factor of each row.

    The same as `term_rows` otherwise.
    """
    for row in range(start, stop):
        factor = out.dtype.type(factors[row])
        for k in range(source.shape[1]):
            before = out.dtype.type(0) if assign else out[row, column + k]
            out[row, column + k] = before + factor * widen(source[row, k])


@njit(nogil=True, cache=True)
def _take_rows(start, stop, hop, weight, normalise, out, column, assign):
    """Take the rows of a chunk, which lie in `hop` from row 0 on, into the embedding."""
    one, factors = hop.dtype.type(1), np.empty(CHUNK, hop.dtype)
    for line in range(stop - start):
        factors[line] = weight * (inverse_norm(hop, line, one) if normalise else one)
    for line in range(stop - start):
        row, factor = start + line, factors[line]
        if assign:
            for k in range(hop.shape[1]):
                out[row, column + k] = factor * hop[line, k]
        else:
            for k in range(hop.shape[1]):
                out[row, column + k] += factor * hop[line, k]


@njit(nogil=True, cache=True)
def _scale_taken_rows(start, stop, weight, normalise, own, own_weight, out):
    """Make the hop that lies in rows of the embedding its term, and add that of the previous."""
    one, factors = out.dtype.type(1), np.empty((2, CHUNK), out.dtype)
    for row in range(start, stop):
        line = row - start
        factors[0, line] = weight * (inverse_norm(out, row, one) if normalise else one)
        if own_weight != 0:
            factors[1, line] = own_weight * (inverse_norm(own, row, one) if normalise else one)
    for row in range(start, stop):
        factor, own_factor = factors[0, row - start], factors[1, row - start]
        if own_weight != 0:
            for k in range(out.shape[1]):
                out[row, k] = factor * out[row, k] + own_factor * widen(own[row, k])
        else:
            for k in range(out.shape[1]):
                out[row, k] *= factor


@njit(nogil=True, cache=True)
def hop_rows(
    start,
    stop,
    indptr,
    indices,
    data,
    row_scale,
    loops,
    x,
    size,
    own,
    y,
    weight,
    own_weight,
    normalise,
    out,
    column,
    assign,
):
    """Propagate a dense hop by one step: y = D (S x + loops * own), and take its term.

    Parameters
    ----------
    start, stop : int
        Range of rows.
    indptr, indices, data : CSR arrays of S, shape (n_rows, n)
        `data` is empty when all weights are 1.
    row_scale : ndarray of shape (n_rows,)
        Diagonal of D.
    loops : ndarray of shape (n_rows,) or (0,)
        Weight of a loop at each row.
    x : C-contiguous ndarray of shape (n, d)
        The previous hop at the columns of S.
    size : tuple of int
        Of `block_size`.
    own : C-contiguous ndarray of shape (n_rows, d)
        The previous hop at the rows of S.
    y : ndarray of shape (n_rows, d) or (0, d), written
        The new hop; empty when it is not needed later.
    weight : float
        Weight of the new hop in the embedding.
    own_weight : float
        Weight of the previous hop, where that has not been taken yet; otherwise 0.
    normalise : bool
        Whether rows are divided by their norm before they are weighted.
    out : ndarray of shape (n_rows, n_columns) or (0, n_columns), written
        The embedding; empty when this hop is not taken.
    column : int
        First column of the term.
    assign : bool
        Whether `out` is overwritten rather than added to.
    """
    # a hop that makes the embedding, or its first term, is summed where it will be
    in_place = len(out) > 0 and (assign or own_weight != 0) and out.shape[1] == x.shape[1]
    hop = out if in_place else np.empty((CHUNK, x.shape[1]), out.dtype)
    loop = row_scale.dtype.type(0)
    for first in range(start, stop, CHUNK):
        last = min(first + CHUNK, stop)
        for row in range(first, last):
            loop = loops[row] if len(loops) > 0 else loop
            line = row if in_place else row - first
            factors = loop, row_scale[row]
            product_row(row, indptr, indices, data, x, own, *factors, hop, line, y, size)
        if in_place:
            _scale_taken_rows(first, last, weight, normalise, own, own_weight, out)
        elif len(out) > 0:
            _take_rows(first, last, hop, weight, normalise, out, column, assign)


@njit(nogil=True, forceinline=True)
def _scatter_row(row, indptr, indices, data, filled, x_indptr, x_columns, x_values, total, listed):
    """Add up the rows of a sparse matrix that the entries of one row of S name.

    Most of them are empty. Asking one by one would mislead the processor at every filled one, so
    the entries that name a filled row are listed first, without a branch.
    """
    one = total.dtype.type(1)
    for k in range(len(total)):  # a slice would cost a second of compilation
        total[k] = 0
    for first in range(indptr[row], indptr[row + 1], len(listed)):
        n_listed = np.uintp(0)
        for entry in range(first, min(first + len(listed), indptr[row + 1])):
            listed[n_listed] = entry
            n_listed += filled[np.uintp(indices[entry])]
        for i in range(n_listed):
            neighbour = np.uintp(indices[listed[i]])
            factor = data[listed[i]] if len(data) > 0 else one
            for e in range(x_indptr[neighbour], x_indptr[neighbour + 1]):
                total[np.uintp(x_columns[e])] += factor * x_values[e]


@njit(nogil=True, cache=True)
def first_hop_rows(
    start,
    stop,
    indptr,
    indices,
    data,
    row_scale,
    loops,
    filled,
    x_indptr,
    x_columns,
    x_values,
    own,
    y,
    weight,
    normalise,
    out,
    column,
    assign,
):
    """Propagate a sparse matrix by one step; the result is dense.

    The same as `hop_rows`, with the previous hop as CSR arrays `x_indptr`, `x_columns`,
    `x_values`; `filled` (ndarray of uint8, shape (n,)) is 1 where a row has entries, otherwise 0.
    """
    hop = np.empty((CHUNK, y.shape[1]), row_scale.dtype)
    total, listed = np.empty(y.shape[1], row_scale.dtype), np.empty(RUN, indptr.dtype)
    for first in range(start, stop, CHUNK):
        last = min(first + CHUNK, stop)
        for row in range(first, last):
            rows = (indptr, indices, data, filled, x_indptr, x_columns, x_values)
            _scatter_row(row, *rows, total, listed)
            if len(loops) > 0:
                for k in range(len(total)):
                    total[k] += loops[row] * widen(own[row, k])
            for k in range(len(total)):
                total[k] *= row_scale[row]
            if len(y) > 0:
                for k in range(len(total)):
                    y[row, k] = narrow(total[k], y)
            if len(out) > 0:
                for k in range(len(total)):
                    hop[row - first, k] = total[k]
        if len(out) > 0:
            _take_rows(first, last, hop, weight, normalise, out, column, assign)


@njit(nogil=True, cache=True, fastmath={"reassoc", "nsz"})
def degree_rows(start, stop, indptr, data, out):
    """Write the sum of absolute weights of each row of a CSR matrix, in float64."""
    for row in range(start, stop):
        total = 0.0
        for entry in range(indptr[row], indptr[row + 1]):
            total += abs(np.float64(data[entry]))
        out[row] = total


@njit(nogil=True, cache=True)
def moment_rows(start, stop, x, shift, first_moment, second_moment):
    """Sum ``x - shift`` and its square over a range of rows, in float64.

    Parameters
    ----------
    start, stop : int
        Range of rows.
    x : ndarray of shape (n, n_columns)
    shift : ndarray of float64, shape (n_columns,)
    first_moment, second_moment : ndarray of float64, shape (n_columns,), written

    Returns
    -------
    n_zero : int
        Rows that hold nothing but zeros.
    """
    first_moment[:] = 0
    second_moment[:] = 0
    n_zero = 0
    for row in range(start, stop):
        for k in range(x.shape[1]):
            value = np.float64(widen(x[row, k])) - shift[k]
            first_moment[k] += value
            second_moment[k] += value * value
        k = 0
        while k < x.shape[1] and x[row, k] == 0:
            k += 1
        n_zero += k == x.shape[1]
    return n_zero


@njit(nogil=True, cache=True)
def scale_rows(start, stop, x, shift, factor):
    """Replace rows of `x` by ``(x - shift) * factor``; `shift` and `factor` per column."""
    for row in range(start, stop):
        for k in range(x.shape[1]):
            x[row, k] = (x[row, k] - shift[k]) * factor[k]


@njit(nogil=True, cache=True)
def hash_rows(start, stop, indptr, indices, bits, out):
    """Hash rows of a CSR matrix: columns, and values where `bits` is not empty.

    Parameters
    ----------
    start, stop : int
        Range of rows.
    indptr, indices : CSR structure
    bits : ndarray of uint32 or uint64, shape (nnz,) or (0,)
        The values, seen as integers.
    out : ndarray of uint64, shape (n_rows,), written
    """
    for row in range(start, stop):
        value = np.uint64(indptr[row + 1] - indptr[row])
        for entry in range(indptr[row], indptr[row + 1]):
            value = mix(value ^ np.uint64(indices[entry]))
            if len(bits) > 0:
                value = mix(value ^ np.uint64(bits[entry]))
        out[row] = value


@njit(nogil=True, cache=True)
def touch_rows(start, stop, indptr, indices, mask, out):
    """Write for each row of a CSR matrix whether any of its columns is in `mask`."""
    for row in range(start, stop):
        found = False
        for entry in range(indptr[row], indptr[row + 1]):
            if mask[indices[entry]]:
                found = True
                break
        out[row] = found
