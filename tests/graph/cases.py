"""Settings of the estimators of this room for the common tests."""

import numpy as np

from skgeom.graph import (
    FastRPEmbedder,
    Graph,
    GraphletDegreeVectorizer,
    NodeEmbedding,
    OrbitAdjacency,
    OrbitAdjacencyEmbedder,
)
from tests.case import Case
from tests.graph.reference import random_graph


def make_graph(seed):
    """A small undirected network with two groups, and the group of each node."""
    adjacency = random_graph(40, 6, seed=seed).toarray()
    label = np.arange(40) % 2
    return adjacency * np.where(label[:, None] == label, 1.0, 0.3), label


_HANDLE = Graph(make_graph(0)[0])


def make_ids(seed):
    """Ids as a table of floats would hold them, so that NaN can be tried."""
    return np.random.RandomState(seed).permutation(40)[:30].astype(float), np.arange(30) % 2


class MatricesCase(Case):
    """The output is a dict of sparse matrices; the tests compare them side by side."""

    def output(self, estimator, X):
        return np.hstack([matrix.toarray() for matrix in estimator.transform(X).values()])


_WHOLE_GRAPH = {"input_is_table": False, "row_wise": False}

CASES = [
    Case(FastRPEmbedder(8, random_state=0), make_graph),
    Case(
        FastRPEmbedder(8, iteration_weights=[0, 1, 2], projection="gaussian", random_state=0),
        make_graph,
    ),
    Case(
        FastRPEmbedder(8, dtype="float64", signed=True, propagation="adjacency", random_state=0),
        make_graph,
    ),
    Case(NodeEmbedding(FastRPEmbedder(8, random_state=0), _HANDLE), make_ids, input_is_table=False),
    MatricesCase(OrbitAdjacency(), make_graph, **_WHOLE_GRAPH),
    Case(GraphletDegreeVectorizer(), make_graph, **_WHOLE_GRAPH),
    Case(GraphletDegreeVectorizer(of="edges", log=False), make_graph, **_WHOLE_GRAPH),
    Case(OrbitAdjacencyEmbedder(8, random_state=0), make_graph, **_WHOLE_GRAPH),
    Case(
        OrbitAdjacencyEmbedder(
            4,
            orbits=[(1, 0, 0), (2, 4, 5), "random_walk"],
            combine="concat",
            symmetrize=True,
            factorization="nmf",
            random_state=0,
        ),
        make_graph,
        **_WHOLE_GRAPH,
    ),
]
