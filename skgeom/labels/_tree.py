"""Trees whose nodes are labels: order, subtrees, and sums of squared path lengths."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree, shortest_path

from skgeom._core.parallel import parallel_rows
from skgeom.labels._kernels import tree_scores

_EQUAL = 1e-9


@dataclass(frozen=True)
class Tree:
    """A tree in breadth-first order.

    Attributes
    ----------
    place : ndarray of int, shape (N,)
        Label of the node at each position of the order; the root is first.
    parent : ndarray of int, shape (N,)
        Position of the parent; 0 for the root.
    length : ndarray of shape (N,)
        Length of the edge to the parent; 0 for the root.
    """

    place: np.ndarray
    parent: np.ndarray
    length: np.ndarray

    @classmethod
    def from_graph(cls, graph, root=0):
        """Tree of a symmetric connected adjacency matrix with N - 1 edges."""
        place, predecessor = breadth_first_order(graph, root, directed=False)
        position = np.empty(len(place), dtype=np.int64)
        position[place] = np.arange(len(place))
        parent, length = np.zeros(len(place), dtype=np.int64), np.zeros(len(place))
        parent[1:] = position[predecessor[place[1:]]]
        length[1:] = np.asarray(graph[place[1:], predecessor[place[1:]]]).ravel()
        return cls(place.astype(np.int64), parent, length)

    def scores(self, P, observed, n_jobs=None):
        """Sums over observed labels of probabilities times squared distances.

        Parameters
        ----------
        P : ndarray of shape (n_rows, K)
        observed : ndarray of int, shape (K,)
        n_jobs : int or None, default=None

        Returns
        -------
        scores : ndarray of shape (n_rows, N)
        """
        position = np.empty(len(self.place), dtype=np.int64)
        position[self.place] = np.arange(len(self.place))
        out = np.empty((len(P), len(self.place)))
        P = np.ascontiguousarray(P, dtype=np.float64)
        parallel_rows(
            tree_scores,
            len(P),
            P,
            position[observed],
            self.parent,
            self.length,
            self.place,
            out,
            n_jobs=n_jobs,
        )
        return out


def spanned_subtree(graph, observed):
    """Labels on the paths between observed labels of a tree, ascending.

    Parameters
    ----------
    graph : sparse matrix of shape (N, N)
        Symmetric adjacency of a tree.
    observed : ndarray of int, shape (K,)

    Returns
    -------
    nodes : ndarray of int
    """
    tree = Tree.from_graph(graph, root=int(observed[0]))
    within = np.zeros(len(tree.place), dtype=bool)  # seen from an observed root, whose subtree
    within[np.isin(tree.place, observed)] = True  # has observed labels lies on a path to one
    for c in range(len(within) - 1, 0, -1):
        if within[c]:
            within[tree.parent[c]] = True
    return np.sort(tree.place[within])


def tree_of_distances(D):
    """Adjacency of the tree whose path lengths are `D`, or None when there is none.

    Parameters
    ----------
    D : ndarray of shape (N, N)

    Returns
    -------
    graph : csr_array of shape (N, N) or None
    """
    if np.any(D[~np.eye(len(D), dtype=bool)] == 0):
        return None
    if len(D) == 1:
        return sp.csr_array((1, 1))
    spanning = sp.csr_array(minimum_spanning_tree(D))
    graph = spanning + spanning.T
    paths = shortest_path(graph, directed=False)
    return graph if np.all(np.abs(paths - D) <= _EQUAL * D.max()) else None
