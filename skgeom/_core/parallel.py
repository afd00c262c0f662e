"""The parallel row loop: nogil kernels over ranges of rows, on threads.

Every kernel of skgeom is serial over a range of rows and releases the GIL; the threads come
from here. Each row of an output is written by exactly one call, so the bits do not depend on
how many threads there are. Reductions use a partition that depends on the problem alone
(`even_ranges` with a fixed number of ranges) for the same reason.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise

import numpy as np
from joblib import effective_n_jobs
from threadpoolctl import OpenBLASController, ThreadpoolController

RANGES_PER_THREAD = 8


def even_ranges(n_rows, n_ranges):
    """Cut ``0..n_rows`` into at most `n_ranges` non-empty ranges of nearly equal length.

    Parameters
    ----------
    n_rows : int
    n_ranges : int

    Returns
    -------
    ranges : list of (start, stop)

    Examples
    --------
    >>> even_ranges(5, 2)
    [(0, 2), (2, 5)]
    """
    n_ranges = max(1, min(n_ranges, n_rows))
    borders = np.linspace(0, n_rows, n_ranges + 1).astype(np.int64).tolist()
    return [(a, b) for a, b in pairwise(borders) if a < b]


def weighted_ranges(indptr, n_ranges):
    """Cut rows into ranges that hold nearly equal numbers of entries of a CSR matrix.

    Parameters
    ----------
    indptr : ndarray of int, shape (n_rows + 1,)
    n_ranges : int

    Returns
    -------
    ranges : list of (start, stop)
    """
    n_rows = len(indptr) - 1
    # a row costs its entries plus a constant, so that empty rows are spread as well
    cost = indptr + np.arange(n_rows + 1)
    n_ranges = min(n_ranges, int(cost[-1]))
    borders = np.searchsorted(cost, np.linspace(0, cost[-1], n_ranges + 1)[1:-1])
    borders = np.concatenate([[0], borders, [n_rows]]).tolist()
    return [(a, b) for a, b in pairwise(borders) if a < b]


def parallel_ranges(kernel, ranges, *args, n_jobs=None):
    """Call ``kernel(start, stop, *args)`` for every range, on threads.

    Parameters
    ----------
    kernel : callable
        Releases the GIL (``@njit(nogil=True)``, or numpy on large arrays).
    ranges : sequence of (start, stop)
    *args : object
        Passed on to every call.
    n_jobs : int or None, default=None
        Number of threads, as in scikit-learn's glossary: None is 1 unless a
        ``joblib.parallel_config`` says otherwise, -1 is all processors.

    Returns
    -------
    results : list
        What the calls returned, in the order of `ranges`.
    """
    n_threads = min(effective_n_jobs(n_jobs), len(ranges))
    if n_threads <= 1:
        return [kernel(start, stop, *args) for start, stop in ranges]
    # A pool per call: idle threads would not survive a fork.
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(lambda r: kernel(r[0], r[1], *args), ranges))


def parallel_rows(kernel, n_rows, *args, n_jobs=None):
    """Call ``kernel(start, stop, *args)`` over ranges that cover ``0..n_rows``, on threads.

    The same as `parallel_ranges`, for rows that all cost about the same. The kernel writes its
    rows into an array among `args`.
    """
    n_threads = effective_n_jobs(n_jobs)
    n_ranges = 1 if n_threads <= 1 else RANGES_PER_THREAD * n_threads
    return parallel_ranges(kernel, even_ranges(n_rows, n_ranges), *args, n_jobs=n_jobs)


def parallel_map(function, items, n_jobs=None):
    """Return ``[function(item) for item in items]``, computed on threads.

    For work items that spend their time in code that releases the GIL (kernels, LAPACK, gudhi).
    """
    items = list(items)
    ranges = [(i, i + 1) for i in range(len(items))]
    return parallel_ranges(lambda i, _: function(items[i]), ranges, n_jobs=n_jobs)


@cache
def _controller():
    # scipy brings a BLAS of its own, scikit-learn's neighbours OpenMP: load them before looking
    import sklearn.metrics  # noqa: F401

    return ThreadpoolController()


class _BlasLimit:
    """One limit of one thread, shared by nested and concurrent blocks.

    The number of BLAS threads is the process's: the first block sets it, the last one lifts it.
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.depth = 0
        self.limiter = None

    def enter(self):
        with self.lock:
            if self.depth == 0:
                self.limiter = _controller().limit(limits=1, user_api="blas")
            self.depth += 1

    def leave(self):
        with self.lock:
            self.depth -= 1
            if self.depth == 0:
                self.lift()

    def lift(self):
        # threadpoolctl >= 3.8 listens to the thread alone that has set the limit; another one may
        # be the last to leave
        release = getattr(OpenBLASController, "clear_controlling_thread", lambda **_: None)
        release(force=True)
        self.limiter.restore_original_limits()
        release(force=True)

    def start_over(self):
        """After a fork only the forking thread lives on; nobody would leave the others' blocks."""
        self.lock = threading.Lock()
        if self.depth > 0:
            self.lift()
            self.depth = 0


_blas_limit = _BlasLimit()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_blas_limit.start_over)


@contextmanager
def single_blas_thread():
    """Context in which BLAS has one thread.

    Many small products on a threaded BLAS spend their time in spinning threads (up to 80 times
    the CPU).
    """
    _blas_limit.enter()
    try:
        yield
    finally:
        _blas_limit.leave()


def single_openmp_thread():
    """Context in which OpenMP loops (scikit-learn's k-means and neighbours) have one thread.

    GNU's OpenMP waits for ever, in a forked child, for threads that live in the parent alone; and
    sums over threads are not the same every time.
    """
    return _controller().limit(limits=1, user_api="openmp")
