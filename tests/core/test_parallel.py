"""The thread loop covers every row once and keeps order; the BLAS limit is shared."""

import multiprocessing
import threading

import numpy as np
import pytest
import scipy.linalg  # noqa: F401  loads its BLAS, so that the test sees every one
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_info

from skgeom._core.parallel import (
    even_ranges,
    parallel_map,
    parallel_ranges,
    parallel_rows,
    single_blas_thread,
    single_openmp_thread,
    weighted_ranges,
)


def covered(ranges):
    return [row for start, stop in ranges for row in range(start, stop)]


@given(n_rows=st.integers(0, 200), n_ranges=st.integers(1, 50))
@settings(deadline=None)
def test_even_ranges_cover_all_rows(n_rows, n_ranges):
    ranges = even_ranges(n_rows, n_ranges)
    assert covered(ranges) == list(range(n_rows))
    sizes = [stop - start for start, stop in ranges]
    assert not sizes or max(sizes) - min(sizes) <= 1


@given(counts=st.lists(st.integers(0, 30), min_size=1, max_size=60), n_ranges=st.integers(1, 9))
@settings(deadline=None)
def test_weighted_ranges_cover_all_rows_evenly(counts, n_ranges):
    indptr = np.concatenate([[0], np.cumsum(counts)])
    ranges = weighted_ranges(indptr, n_ranges)
    assert covered(ranges) == list(range(len(counts)))
    cost = [int(indptr[stop] - indptr[start]) + stop - start for start, stop in ranges]
    assert max(cost) <= (indptr[-1] + len(counts)) / n_ranges + max(counts) + 2
    assert covered(weighted_ranges(indptr, 10**15)) == list(range(len(counts)))


@pytest.mark.parametrize("n_jobs", [None, 1, 2, 5, -1])
def test_rows_are_written_once(n_jobs):
    out = np.zeros(1000, np.int64)

    def kernel(start, stop, out):
        out[start:stop] += np.arange(start, stop)

    parallel_rows(kernel, len(out), out, n_jobs=n_jobs)
    assert np.array_equal(out, np.arange(1000))


def test_results_keep_the_order_of_the_ranges():
    ranges = even_ranges(100, 17)
    assert parallel_ranges(lambda a, b: (a, b), ranges, n_jobs=4) == ranges
    assert parallel_map(lambda x: x * x, range(10), n_jobs=3) == [x * x for x in range(10)]


def test_errors_come_through():
    def kernel(start, stop):
        raise ValueError("row 3 is bad")

    with pytest.raises(ValueError, match="row 3"):
        parallel_rows(kernel, 10, n_jobs=2)


def test_n_jobs_none_follows_parallel_config():
    names = set()

    def kernel(start, stop):
        names.add(threading.current_thread().name)

    parallel_rows(kernel, 100, n_jobs=None)
    assert names == {threading.current_thread().name}
    names.clear()
    with parallel_config("threading", n_jobs=2):
        parallel_rows(kernel, 100, n_jobs=None)
    assert threading.current_thread().name not in names


def threads_of(user_api):
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == user_api]


LIMITS = [("blas", single_blas_thread), ("openmp", single_openmp_thread)]


@pytest.mark.parametrize(("user_api", "limit"), LIMITS)
def test_limit_is_lifted_by_the_last_block(user_api, limit):
    before = threads_of(user_api)
    with limit():
        with limit():
            assert set(threads_of(user_api)) == {1}
        assert set(threads_of(user_api)) == {1}
    assert threads_of(user_api) == before


def test_threads_that_hold_the_limit_at_once_leave_it_as_it_was():
    before = threads_of("blas")

    def hold(_):
        with single_blas_thread():
            np.linalg.eigh(np.eye(50))

    parallel_map(hold, range(200), n_jobs=4)
    assert threads_of("blas") == before


def brute_force_neighbours():
    X = np.random.default_rng(0).standard_normal((2000, 30))
    with single_openmp_thread():
        return NearestNeighbors(n_neighbors=3, algorithm="brute").fit(X).kneighbors()[1]


def _send(connection, function):
    connection.send(function())


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_openmp_code_runs_in_a_forked_child():
    expected = brute_force_neighbours()
    receiver, sender = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_send, args=(sender, brute_force_neighbours))
    child.start()
    try:
        assert receiver.poll(60), "the forked child hangs"
        assert np.array_equal(receiver.recv(), expected)
    finally:
        child.kill()
        child.join()
