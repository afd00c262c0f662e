"""Small label spaces that the tests of this room share."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import shortest_path


def graph_of(edges, n, lengths=None):
    """Symmetric adjacency of an edge list."""
    i, j = np.array(edges, dtype=int).reshape(-1, 2).T
    lengths = np.ones(len(i)) if lengths is None else np.asarray(lengths, float)
    half = sp.coo_array((lengths, (i, j)), shape=(n, n)).tocsr()
    return sp.csr_array(half + half.T)


def path_graph(n):
    return graph_of([(i, i + 1) for i in range(n - 1)], n)


def random_tree(n, seed=0, weighted=False):
    """Each node hangs on a random earlier one; names are shuffled."""
    rng = np.random.default_rng(seed)
    name = rng.permutation(n)
    edges = [(name[rng.integers(i)], name[i]) for i in range(1, n)]
    return graph_of(edges, n, rng.uniform(0.5, 3.0, n - 1) if weighted else None)


def distances_of(graph):
    return shortest_path(graph, directed=False)


def grid_distances(rows, columns):
    """L1 distances of the nodes of a grid, row by row."""
    at = np.stack(np.divmod(np.arange(rows * columns), columns), axis=1)
    return np.abs(at[:, None] - at).sum(axis=2).astype(float)


class Network:
    """What is used of a networkx graph: nodes, and edges with their weights."""

    def __init__(self, edges, nodes=None):
        self.weights = {(a, b): 1.0 if not w else w[0] for a, b, *w in edges}
        self.nodes = nodes or list(dict.fromkeys(x for edge in self.weights for x in edge))

    def adjacency(self):
        """Stands for networkx's iterator."""

    def edges(self, data, default):
        assert (data, default) == ("weight", 1.0)
        return [(a, b, w) for (a, b), w in self.weights.items()]
