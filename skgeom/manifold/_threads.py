"""scikit-learn's OpenMP loops on one thread."""

from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller():
    return ThreadpoolController()


def single_openmp_thread():
    """Context in which OpenMP loops run on one thread.

    A process that has run them on several hangs in its forked children, and sums over threads are
    not the same every time.
    """
    return _controller().limit(limits=1, user_api="openmp")
