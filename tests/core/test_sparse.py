import threading
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom._core import registers
from skgeom._core.sparse import (
    block_size,
    entry_ranges,
    from_storage,
    product_rows,
    sparse_dense_product,
    to_storage,
)


def random_matrix(n_rows, n, density, dtype=np.float32, seed=0, weighted=True):
    rng = np.random.default_rng(seed)
    stored = rng.random((n_rows, n)) < density
    weights = rng.uniform(0.5, 2.0, (n_rows, n)) if weighted else np.ones((n_rows, n))
    return sp.csr_array(np.where(stored, weights, 0.0).astype(dtype))


@settings(max_examples=25, deadline=None)
@given(
    n_rows=st.integers(0, 30),
    n=st.integers(1, 30),
    n_columns=st.one_of(st.integers(0, 40), st.integers(60, 300)),
    density=st.floats(0, 1),
    weighted=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_agrees_with_scipy(n_rows, n, n_columns, density, weighted, dtype):
    matrix = random_matrix(n_rows, n, density, dtype, weighted=weighted)
    x = np.random.default_rng(1).standard_normal((n, n_columns)).astype(dtype)
    product = sparse_dense_product(matrix, x)
    assert product.dtype == dtype
    rtol = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(product, matrix @ x, rtol=rtol, atol=10 * rtol)


@pytest.mark.parametrize("weighted", [True, False])
def test_long_rows_keep_float32_accuracy(weighted):
    """A row of 200,000 neighbours is summed in blocks: the error stays near one rounding."""
    n = 200_001
    x = np.random.default_rng(0).random((n, 3)).astype(np.float32)
    data = np.full(n, 1.5 if weighted else 1.0, np.float32)
    matrix = sp.csr_array((data, np.arange(n), [0, n]), shape=(1, n))
    exact = x.sum(axis=0, dtype=np.float64) * data[0]
    np.testing.assert_allclose(sparse_dense_product(matrix, x)[0], exact, rtol=2e-6)


def test_same_bits_for_any_number_of_threads():
    matrix = random_matrix(500, 400, 0.05)
    x = np.random.default_rng(1).standard_normal((400, 33)).astype(np.float32)
    one = sparse_dense_product(matrix, x, n_jobs=1)
    for n_jobs in (2, 3):
        assert np.array_equal(one, sparse_dense_product(matrix, x, n_jobs=n_jobs))


def test_in_two_threads_at_once():
    matrix = random_matrix(300, 300, 0.1)
    x = np.ones((300, 8), np.float32)
    results = [None, None]

    def work(slot):
        results[slot] = sparse_dense_product(matrix, x, n_jobs=2)

    threads = [threading.Thread(target=work, args=(slot,)) for slot in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.array_equal(*results)


def test_writes_only_its_rows_and_takes_int64():
    matrix = random_matrix(10, 10, 0.5, np.float64)
    indptr, indices = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64)
    x = np.eye(10)
    out = np.full((4, 10), np.nan)
    product_rows(3, 6, indptr, indices, matrix.data, x, out, 3, block_size(10, 8))
    np.testing.assert_allclose(out[:3], matrix.toarray()[3:6])
    assert np.isnan(out[3]).all()


def test_read_only_and_non_contiguous_input():
    matrix = random_matrix(20, 20, 0.3)
    x = np.random.default_rng(1).standard_normal((8, 20)).astype(np.float32).T
    expected = matrix @ x
    for array in (x, matrix.data, matrix.indices, matrix.indptr):
        array.flags.writeable = False
    np.testing.assert_allclose(sparse_dense_product(matrix, x), expected, rtol=1e-5, atol=1e-6)


def test_given_output_is_written():
    matrix = random_matrix(6, 6, 0.5)
    out = np.empty((6, 2), np.float32)
    assert sparse_dense_product(matrix, np.ones((6, 2), np.float32), out=out) is out


def test_entry_ranges_cover_the_rows():
    matrix = random_matrix(1000, 50, 0.2)
    assert entry_ranges(matrix.indptr, 1) == [(0, 1000)]
    ranges = entry_ranges(matrix.indptr, 2)
    assert len(ranges) > 2
    ordered = sorted(ranges)
    assert ordered[0][0] == 0
    assert ordered[-1][1] == 1000
    assert all(a[1] == b[0] for a, b in pairwise(ordered))


def test_the_range_of_a_hub_comes_first():
    """The last row of a star holds half of all entries; the leaves are for the other thread."""
    n = 1000
    indptr = np.r_[np.arange(n), 2 * (n - 1)]
    ranges = entry_ranges(indptr, 2)
    assert ranges[0][1] == n
    sizes = [indptr[b] - indptr[a] for a, b in ranges]
    assert sizes[0] < 0.6 * indptr[-1]
    assert sizes == sorted(sizes, reverse=True)


def test_works_where_prefetch_does_not_compile(monkeypatch):
    """The hint is left out when it cannot be emitted; the product does not need it."""

    def fail(*args):
        raise RuntimeError("this LLVM does not know the instruction")

    monkeypatch.setattr(registers, "_emit_prefetch", fail)
    from numba import njit

    @njit
    def probe(array):
        registers.prefetch_row(registers.zero_block(array, 64), array, 0, 0)
        return array[0, 0]

    assert probe(np.full((1, 1), 7.0)) == 7.0


def test_bfloat16_rounds_to_nearest_even():
    """Exactly representable numbers stay; ties go to the even neighbour; infinity stays."""
    step = 2.0**-7
    values = np.array([0.0, 1.0, -3.5, 1 + step / 2, 1 + 1.5 * step, 1 + 0.51 * step, np.inf])
    expected = [0.0, 1.0, -3.5, 1.0, 1 + 2 * step, 1 + step, np.inf]
    stored = to_storage(values.astype(np.float32), np.uint16)
    np.testing.assert_array_equal(from_storage(stored), expected)
    full = np.ones(3)
    assert from_storage(full) is full
    assert to_storage(full, np.float64) is full


@pytest.mark.parametrize("weighted", [True, False])
def test_product_with_bfloat16(weighted):
    matrix = random_matrix(30, 30, 0.4, weighted=weighted)
    data = matrix.data if weighted else matrix.data[:0]
    stored = to_storage(np.random.default_rng(1).random((30, 9)).astype(np.float32), np.uint16)
    out = np.empty((30, 9), np.float32)
    product_rows(0, 30, matrix.indptr, matrix.indices, data, stored, out, 0, block_size(9, 4))
    np.testing.assert_allclose(out, matrix @ from_storage(stored), rtol=1e-5)


@pytest.mark.parametrize(
    ("matrix", "x"),
    [
        (sp.eye_array(3, format="csr"), np.ones((2, 4))),
        (sp.eye_array(3, format="csr"), np.ones(3)),
        (sp.eye_array(3, format="csc"), np.ones((3, 2))),
        (sp.eye_array(3, format="csr"), np.ones((3, 2), int)),
    ],
)
def test_products_that_the_kernel_cannot_do(matrix, x):
    with pytest.raises(ValueError, match=r"Shapes|Expected a CSR"):
        sparse_dense_product(matrix, x)
