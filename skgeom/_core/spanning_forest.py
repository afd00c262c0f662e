"""Forests from lists of edges: Kruskal's algorithm, components, the single-linkage hierarchy."""

import numpy as np
from numba import njit

from skgeom._core.disjoint_set import find, new_partition, set_labels, singletons, union


@njit(nogil=True, cache=True)
def _kruskal_pass(edges, parent, size, chosen):
    """Mark the edges of a minimum spanning forest, taken in their order, in `chosen`."""
    missing = len(parent) - 1
    for position in range(len(edges)):
        if missing == 0:
            break
        a, b = find(parent, edges[position, 0]), find(parent, edges[position, 1])
        if a != b:
            union(parent, size, a, b)
            chosen[position] = True
            missing -= 1


def kruskal(edges, weights, n):
    """Minimum spanning forest of a graph over ``0..n-1``.

    Parameters
    ----------
    edges : ndarray of int, shape (n_edges, 2)
    weights : ndarray of float64, shape (n_edges,)
    n : int

    Returns
    -------
    edges : ndarray of int32, shape (n - n_components, 2)
    weights : ndarray of float64, shape (n - n_components,)
        Ascending.
    """
    edges, weights = sort_edges(edges, weights)
    chosen = np.zeros(len(edges), dtype=np.bool_)
    _kruskal_pass(edges, *new_partition(n), chosen)
    return edges[chosen], weights[chosen]


@njit(nogil=True, cache=True)
def _merges(edges, parent, size, cluster, ids, sizes):
    """Single-linkage merges of sorted forest edges: cluster ids and sizes on both sides.

    `parent` and `size` are singletons, `cluster` numbers them; `ids` and `sizes` of shape
    (n_edges, 2) are filled in.
    """
    n = len(parent)
    for t in range(len(edges)):
        a, b = find(parent, edges[t, 0]), find(parent, edges[t, 1])
        if cluster[a] > cluster[b]:
            a, b = b, a
        ids[t, 0], ids[t, 1] = cluster[a], cluster[b]
        sizes[t, 0], sizes[t, 1] = size[a], size[b]
        cluster[union(parent, size, a, b)] = n + t


@njit(nogil=True, cache=True)
def forest_labels(edges, n):
    """Number the connected components of a forest over ``0..n-1``.

    Returns
    -------
    labels : ndarray of int32, shape (n,)
    n_components : int
    """
    parent, size = singletons(n)
    for t in range(len(edges)):
        a, b = find(parent, edges[t, 0]), find(parent, edges[t, 1])
        if a != b:
            union(parent, size, a, b)
    return set_labels(parent)


def sort_edges(edges, weights):
    """Orient edges upwards and sort them by (weight, smaller index, larger index).

    Parameters
    ----------
    edges : ndarray of int, shape (n_edges, 2)
    weights : ndarray of shape (n_edges,)

    Returns
    -------
    edges : ndarray of int32, shape (n_edges, 2)
    weights : ndarray of shape (n_edges,)
    """
    order = np.argsort(weights)
    edges, weights = edges[order], weights[order]
    low, high = np.minimum(edges[:, 0], edges[:, 1]), np.maximum(edges[:, 0], edges[:, 1])
    edges = np.column_stack([low, high]).astype(np.int32, copy=False)
    # Only the runs of equal weights are sorted by index: a sort by three keys takes far longer.
    tied = np.zeros(len(weights), dtype=bool)
    equal = weights[1:] == weights[:-1]
    tied[1:] = equal
    tied[:-1] |= equal
    if tied.any():
        order = np.lexsort((high[tied], low[tied], weights[tied]))
        edges[tied] = edges[tied][order]
    return edges, weights


def merge_tree(edges, weights, n_samples):
    """Single-linkage hierarchy of a sorted spanning forest.

    Parameters
    ----------
    edges : ndarray of int, shape (n_merges, 2)
    weights : ndarray of shape (n_merges,)
        Ascending.
    n_samples : int

    Returns
    -------
    linkage : ndarray of float64, shape (n_merges, 4)
        The format of `scipy.cluster.hierarchy.linkage`.
    sizes : ndarray of int64, shape (n_merges, 2)
        Number of points of the two components that each edge joins, in the order of `linkage`.
    """
    ids = np.empty((len(edges), 2), dtype=np.int64)
    sizes = np.empty_like(ids)
    _merges(edges, *new_partition(n_samples), np.arange(n_samples), ids, sizes)
    return np.column_stack([ids, weights, sizes.sum(axis=1)]).astype(np.float64), sizes
