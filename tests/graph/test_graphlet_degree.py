from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom.graph import Graph, GraphletDegreeVectorizer, NodeEmbedding
from tests.graph.orbit_reference import ORBIT_OF_DEGREE, connected_subsets
from tests.graph.reference import random_graph


def test_edge_vectors_by_visiting_every_graphlet():
    dense = random_graph(25, 7, seed=0).toarray()
    neighbors = [set(np.flatnonzero(row).tolist()) for row in dense]
    model = GraphletDegreeVectorizer(log=False, of="edges").fit(dense)
    names = model.get_feature_names_out().tolist()
    position = {tuple(edge): i for i, edge in enumerate(model.edges_.tolist())}
    expected = np.zeros((len(position), 12), int)
    for size in (3, 4):
        for nodes in connected_subsets(neighbors, size):
            degree = {v: len(neighbors[v] & nodes) for v in nodes}
            orbit = ORBIT_OF_DEGREE[size, tuple(sorted(degree.values()))]
            for edge in combinations(sorted(nodes), 2):
                if edge in position:
                    low, high = sorted(orbit[degree[v]] for v in edge)
                    expected[position[edge], names.index(f"orbits{low}_{high}")] += 1
    assert np.array_equal(model.transform(dense), expected)


def test_edges_are_listed_in_order():
    graph = random_graph(25, 7, seed=0)
    model = GraphletDegreeVectorizer(of="edges").fit(graph)
    assert np.array_equal(model.edges_, np.argwhere(np.triu(graph.toarray())))


def test_log():
    graph = random_graph(25, 7, seed=0)
    counts = GraphletDegreeVectorizer(log=False).fit_transform(graph)
    assert counts.dtype == np.int64
    assert np.array_equal(GraphletDegreeVectorizer().fit_transform(graph), np.log1p(counts))


def test_degrees_are_orbit_0():
    graph = random_graph(40, 7, seed=1)
    counts = GraphletDegreeVectorizer(log=False).fit_transform(graph)
    assert np.array_equal(counts[:, 0], graph.toarray().sum(axis=1))


def test_roles_in_a_pipeline():
    rng = np.random.default_rng(0)  # pairs of a clique and a cycle of five nodes, in chains
    blocks = [np.ones((5, 5)) - np.eye(5), np.roll(np.eye(5), 1, 0) + np.roll(np.eye(5), -1, 0)]
    dense = np.kron(np.eye(20), np.zeros((5, 5)))
    role = np.repeat(rng.permutation(20) % 2, 5)
    for i in range(20):
        dense[5 * i : 5 * i + 5, 5 * i : 5 * i + 5] = blocks[role[5 * i]]
        dense[5 * i - 5, 5 * i] = dense[5 * i, 5 * i - 5] = 1
    graph = Graph(dense)
    model = make_pipeline(
        NodeEmbedding(GraphletDegreeVectorizer(), graph), StandardScaler(), LogisticRegression()
    )
    assert cross_val_score(model, graph.node_ids, role).mean() == 1.0


def test_set_output():
    pytest.importorskip("pandas")
    graph = random_graph(25, 7, seed=0)
    frame = GraphletDegreeVectorizer().set_output(transform="pandas").fit_transform(graph)
    assert list(frame.columns) == [f"orbit{o}" for o in range(15)]
