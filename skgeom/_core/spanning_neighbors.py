"""Euclidean spanning trees from lists of nearest neighbours, with the share that is certified.

The lightest forest of the neighbour graph is completed by the lightest edges between its
components, which are searched exactly. An edge belongs to the minimum spanning tree when it is
the shortest one that leaves some set of points. The sets looked at are the two components which
the edge joins when edges are taken by length, and an edge is certified for such a set when either

- it is no longer than the list of any point of the set reaches: every shorter edge that leaves the
  set would stand in a list; or
- the set is a union of components of the neighbour graph: all edges that leave it were searched.
"""

import numpy as np
from numba import njit
from sklearn.neighbors import NearestNeighbors

from skgeom._core.disjoint_set import find, new_partition, union
from skgeom._core.extras import import_extra
from skgeom._core.parallel import single_openmp_thread
from skgeom._core.spanning_forest import forest_labels, kruskal
from skgeom._core.spanning_prim import filter_copy
from skgeom._core.spanning_tiles import tiled_tree

N_NEIGHBORS = 24
# Below, all pairs are looked at for the lists: it takes no longer than an approximate search.
EXACT_BELOW = 5000


def neighbor_tree(points, core, *, n_jobs=None):
    """Edges and squared weights of a light spanning tree, and the share that is certified.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    core : ndarray of float64, shape (n,)
        Squared core distances.
    n_jobs : int, default=None
        Threads of the search between components.

    Returns
    -------
    edges : ndarray of int32, shape (n - 1, 2)
    weights : ndarray of float64, shape (n - 1,)
        Ascending.
    exact_fraction : float
        Share of edges that are certified to belong to the minimum spanning tree, as far as the
        lists are complete: with 5000 points or more they are approximate.
    """
    n = len(points)
    neighbors = _neighbor_lists(points, min(N_NEIGHBORS, n - 1))
    distances = _squared_distances(points, neighbors)
    weights = np.maximum(distances, np.maximum(core[:, np.newaxis], core[neighbors]))
    edges = np.column_stack([np.repeat(np.arange(n), neighbors.shape[1]), neighbors.ravel()])
    edges, weights = kruskal(edges, weights.ravel(), n)
    label, n_components = forest_labels(edges, n)
    closed = np.zeros(n_components)
    np.maximum.at(closed, label[edges[:, 0]], weights)
    if n_components > 1:
        edges, weights = tiled_tree(points, core, known=(edges, weights), n_jobs=n_jobs)
    if neighbors.shape[1] == n - 1:
        return edges, weights, 1.0
    certified = np.zeros(n - 1, dtype=np.bool_)
    _certify(edges, weights, distances.max(axis=1), closed[label], *new_partition(n), certified)
    return edges, weights, float(certified.mean())


def _neighbor_lists(points, k):
    """The k nearest neighbours of every point, itself not counted; shape (n, k)."""
    if len(points) < EXACT_BELOW:
        with single_openmp_thread():
            search = NearestNeighbors(n_neighbors=k).fit(points)
            return search.kneighbors(return_distance=False)
    copy, _ = filter_copy(points, transpose=False)  # single precision keeps what is small
    descent = import_extra("pynndescent", "scale").NNDescent(
        copy, n_neighbors=k + 1, random_state=0, n_jobs=1
    )
    found = descent.neighbor_graph[0]
    # a point is usually the first of its own list; among duplicates it may be anywhere, or absent
    own = found == np.arange(len(points))[:, np.newaxis]
    own[~own.any(axis=1), -1] = True
    return found[~own].reshape(-1, k)


def _squared_distances(points, neighbors):
    """Squared distances to the neighbours, by direct differences in float64; shape (n, k)."""
    distances = np.empty(neighbors.shape)
    step = max(1, 2**20 // (neighbors.shape[1] * points.shape[1]))
    for start in range(0, len(points), step):
        rows = points[start : start + step, np.newaxis].astype(np.float64)
        difference = rows - points[neighbors[start : start + step]]
        distances[start : start + step] = np.einsum("ijk,ijk->ij", difference, difference)
    return distances


@njit(nogil=True, cache=True)
def _certify(edges, weights, reach, closed, parent, size, certified):
    """Mark the edges of a sorted spanning tree that are the shortest to leave one of their sides.

    Parameters
    ----------
    edges, weights : ndarray of int32, shape (n - 1, 2), and float64, shape (n - 1,)
    reach : ndarray of float64, shape (n,)
        Squared radius within which all points are in the list. Overwritten by the smallest of a
        set.
    closed : ndarray of float64, shape (n,)
        Squared length from which on the component of the neighbour graph that holds the point is
        connected. Overwritten by the largest of a set.
    parent, size : ndarray of int32, shape (n,)
        Singletons.
    certified : ndarray of bool, shape (n - 1,)
        False; filled in.
    """
    for t in range(len(edges)):
        a, b = find(parent, edges[t, 0]), find(parent, edges[t, 1])
        for side in (a, b):
            # the heaviest edge of a component still joins two parts of it: not equal
            if weights[t] <= reach[side] or weights[t] > closed[side]:
                certified[t] = True
        root = union(parent, size, a, b)
        reach[root], closed[root] = min(reach[a], reach[b]), max(closed[a], closed[b])
