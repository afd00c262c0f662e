"""Union-find with sizes, for numba kernels.

A partition of ``0..n-1`` is two arrays: `parent` (roots point to themselves) and `size` (valid at
the roots). The functions are compiled, take plain arrays and are called from other kernels.
"""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def singletons(n):
    """Return the partition of ``0..n-1`` into single elements.

    Parameters
    ----------
    n : int

    Returns
    -------
    parent : ndarray of int32, shape (n,)
    size : ndarray of int32, shape (n,)
    """
    return np.arange(n, dtype=np.int32), np.ones(n, dtype=np.int32)


def new_partition(n):
    """The same as `singletons`, for callers that are not compiled themselves.

    Making arrays is what numba takes longest to compile.
    """
    return np.arange(n, dtype=np.int32), np.ones(n, dtype=np.int32)


@njit(nogil=True, cache=True)
def find(parent, element):
    """Return the root of the set that holds `element`, halving the path on the way."""
    while parent[element] != element:
        parent[element] = parent[parent[element]]
        element = parent[element]
    return element


@njit(nogil=True, cache=True)
def union(parent, size, root_a, root_b):
    """Join the sets of two different roots, the smaller below the larger; return the new root.

    Of two equally large sets the first one keeps its root.
    """
    if size[root_a] < size[root_b]:
        root_a, root_b = root_b, root_a
    parent[root_b] = root_a
    size[root_a] += size[root_b]
    return root_a


@njit(nogil=True, cache=True)
def set_labels(parent):
    """Number the sets in the order of their first elements.

    Returns
    -------
    labels : ndarray of int32, shape (n,)
        ``labels[i] == labels[j]`` exactly when i and j are in one set.
    n_sets : int
    """
    n = len(parent)
    labels = np.empty(n, dtype=np.int32)
    label_of_root = np.full(n, -1, dtype=np.int32)
    n_sets = 0
    for element in range(n):
        root = find(parent, element)
        if label_of_root[root] < 0:
            label_of_root[root] = n_sets
            n_sets += 1
        labels[element] = label_of_root[root]
    return labels, n_sets
