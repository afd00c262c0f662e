import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.pipeline import FeatureUnion

from skgeom.graph import FastRPEmbedder, Graph, NodeEmbedding
from skgeom.graph import _graph as module
from tests.graph.reference import random_graph


class NetworkxLike:
    """The methods of networkx.Graph that `from_networkx` reads."""

    def __init__(self, nodes, edges, directed=False):
        self._nodes, self._edges, self._directed = nodes, edges, directed

    @property
    def nodes(self):
        outer = self

        class View(dict):
            def __call__(self, data):
                return [(name, values[data]) for name, values in outer._nodes.items()]

        return View(self._nodes)

    @property
    def edges(self):
        return lambda data: self._edges

    def is_directed(self):
        return self._directed


def test_from_edgelist_undirected():
    graph = Graph.from_edgelist(["b", "a", "a", "c"], ["a", "b", "c", "c"], [1, 2, 3, 4])
    assert graph.node_ids.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 3, 3], [3, 0, 0], [3, 0, 4]])
    assert (graph.n_nodes, graph.n_edges) == (3, 5)


def test_from_edgelist_directed_with_isolated_nodes():
    graph = Graph.from_edgelist([5, 7], [7, 5], directed=True, node_ids=[7, 9, 5])
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 0, 1], [0, 0, 0], [1, 0, 0]])
    np.testing.assert_array_equal(graph.positions([5, 7, 9, 5]), [2, 0, 1, 2])


def test_from_edgelist_of_two_or_three_columns():
    expected = Graph.from_edgelist([0, 1], [1, 2], [0.5, 2.0])
    frame = pd.DataFrame({"u": [0, 1], "v": [1, 2], "w": [0.5, 2.0]})
    assert Graph.from_edgelist(frame) == expected
    assert Graph.from_edgelist(frame.to_numpy()) == expected
    assert Graph.from_edgelist(frame[["u", "v"]], weight=frame["w"]) == expected
    assert Graph.from_edgelist(np.array([[0, 1], [1, 2]])) != expected


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (([0, 1], [1]), "equally long"),
        (([0, 1], [1, 2], [1]), "weight has shape"),
        ((np.ones((3, 4)),), "2 columns"),
        (([0], [1], [np.nan]), "NaN"),
    ],
)
def test_bad_edge_lists(args, message):
    with pytest.raises(ValueError, match=message):
        Graph.from_edgelist(*args)
    with pytest.raises(ValueError, match=r"target holds 1 id\(s\) that are not nodes"):
        Graph.from_edgelist([0], [5], node_ids=[0, 1])


@pytest.mark.parametrize("directed", [False, True])
def test_from_networkx(directed):
    nodes = {"x": {"f": [1.0, 0.0]}, "y": {"f": [0.0, 1.0]}, "z": {"f": [2.0, 2.0]}}
    edges = [("z", "x", {"weight": 2.5}), ("x", "y", {}), ("y", "y", {})]
    graph = Graph.from_networkx(NetworkxLike(nodes, edges, directed), features="f")
    expected = np.array([[0, 1, 0], [0, 1, 0], [2.5, 0, 0]])
    if not directed:
        expected = np.array([[0, 1, 2.5], [1, 1, 0], [2.5, 0, 0]])
    np.testing.assert_array_equal(graph.adjacency.toarray(), expected)
    assert graph.node_ids.tolist() == ["x", "y", "z"]
    np.testing.assert_array_equal(graph.features, [[1, 0], [0, 1], [2, 2]])
    plain = Graph.from_networkx(NetworkxLike(nodes, edges, directed), weight=None)
    assert plain.adjacency.data.max() == 1


class IgraphLike:
    """The methods of igraph.Graph that `from_igraph` reads."""

    class Table(dict):
        def attributes(self):
            return list(self)

    def __init__(self, n, edges, directed=False, es=None, vs=None):
        self._n, self._edges, self._directed = n, edges, directed
        self.es, self.vs = self.Table(es or {}), self.Table(vs or {})

    def get_edgelist(self):
        return self._edges

    def is_directed(self):
        return self._directed

    def vcount(self):
        return self._n


def test_from_igraph():
    edges = [(0, 2), (0, 1)]
    graph = Graph.from_igraph(IgraphLike(4, edges))
    expected = [[0, 1, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(graph.adjacency.toarray(), expected)
    assert graph.node_ids.tolist() == [0, 1, 2, 3]
    tables = {"es": {"weight": [2.0, 3.0]}, "vs": {"name": list("abcd")}}
    graph = Graph.from_igraph(IgraphLike(4, edges, directed=True, **tables))
    assert graph.adjacency[0, 2] == 2
    assert graph.adjacency[2, 0] == 0
    assert graph.positions(["c"]).tolist() == [2]
    assert Graph.from_igraph(IgraphLike(2, [])).n_edges == 0


@pytest.mark.parametrize("order", ["rcm", "degree", np.arange(60)[::-1]])
def test_reordered_nodes_keep_their_vectors(order):
    graph = Graph(random_graph(60, 5), node_ids=np.arange(60) * 3, features=np.eye(60))
    other = graph.reorder(order)
    assert sorted(other.node_ids) == sorted(graph.node_ids)
    assert other.node_ids.tolist() != graph.node_ids.tolist()
    model = FastRPEmbedder(8, feature_ratio=0.5, dtype="float64", random_state=0)
    expected = model.fit_transform(graph)
    got = model.fit_transform(other)[other.positions(graph.node_ids)]
    np.testing.assert_allclose(got, expected, atol=1e-9)


def test_reorder_takes_permutations_alone():
    with pytest.raises(ValueError, match=r"permutation of 0, \.\.\., 4"):
        Graph(random_graph(5, 2)).reorder([0, 1, 2, 3, 3])
    with pytest.raises(ValueError, match="'rcm', 'degree'"):
        Graph(random_graph(5, 2)).reorder("random")


def test_node_ids_and_features_are_checked():
    adjacency = random_graph(4, 2)
    with pytest.raises(ValueError, match="unique, got 3 twice"):
        Graph(adjacency, node_ids=[3, 1, 3, 2])
    with pytest.raises(ValueError, match=r"shape \(4,\)"):
        Graph(adjacency, node_ids=[1])
    with pytest.raises(ValueError, match="3 rows, expected 4"):
        Graph(adjacency, features=np.ones((3, 2)))
    with pytest.raises(ValueError, match="not nodes of the graph; the first is 9"):
        Graph(adjacency).positions([0, 9])
    assert Graph(adjacency, node_ids=["1", "2", "3", "4"]).positions([2, 4]).tolist() == [1, 3]


def test_copies_are_the_handle_itself():
    graph = Graph(random_graph(5, 2))
    assert copy.copy(graph) is graph
    assert copy.deepcopy([graph])[0] is graph
    assert clone(NodeEmbedding(FastRPEmbedder(), graph)).graph is graph
    assert pickle.loads(pickle.dumps(graph)) is graph
    with pytest.raises(TypeError):
        len(graph)


def test_equality_is_of_content():
    adjacency, table = random_graph(6, 3), np.ones((6, 2))
    graph = Graph(adjacency)
    assert graph == Graph(adjacency)
    assert hash(graph) == hash(Graph(adjacency))
    assert graph != Graph(adjacency, features=table)
    assert Graph(adjacency, features=table) == Graph(adjacency, features=table)
    assert graph != Graph(adjacency, node_ids=np.arange(1, 7))
    assert graph != Graph(2 * adjacency)
    assert graph != "graph"


def test_unpickling_where_the_handle_is_gone(monkeypatch):
    """A worker makes the handle once and keeps it, with its results, between tasks."""
    graph = Graph(random_graph(6, 3), features=sp.csr_array(np.eye(6)))
    data = pickle.dumps(graph)
    module._alive.pop(graph.token)
    first = pickle.loads(data)
    assert first is not graph
    assert first == graph
    first.remember("key", lambda: 1)
    del first
    assert pickle.loads(data).remember("key", lambda: 2) == 1
    for seed in range(3):
        pickle.loads(pickle.dumps(Graph(random_graph(5, 2, seed=seed))))
    assert len(module._recent) <= module.N_HANDLES


def test_remembers_the_latest_results():
    graph = Graph(random_graph(5, 2))
    calls = []

    def compute(key):
        return graph.remember(key, lambda: calls.append(key) or key)

    for key in "aabab":
        assert compute(key) == key
    assert calls == ["a", "b"]
    compute("c")
    compute("a")
    assert calls == ["a", "b", "c", "a"]


def _token_and_sum(graph):
    return graph.token, float(graph.adjacency.sum())


def test_travels_to_workers():
    graph = Graph(random_graph(50, 5))
    expected = _token_and_sum(graph)
    results = Parallel(n_jobs=2)(delayed(_token_and_sum)(graph) for _ in range(3))
    assert results == [expected] * 3


def test_names_that_are_tuples():
    """As those of a grid."""
    nodes = {(0, 0): {}, (0, 1): {}}
    graph = Graph.from_networkx(NetworkxLike(nodes, [((0, 0), (0, 1), {})]))
    assert graph.node_ids.tolist() == ["(0, 0)", "(0, 1)"]
    assert graph.adjacency.toarray().tolist() == [[0, 1], [1, 0]]


def test_integers_in_an_object_array_are_integers():
    graph = Graph(np.ones((2, 2)), np.array([5, 7], dtype=object))
    assert graph.node_ids.dtype == np.int64


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_missing_ids(missing):
    with pytest.raises(ValueError, match="Node id 1 is missing"):
        Graph(np.ones((2, 2)), np.array(["a", missing], dtype=object))
    with pytest.raises(ValueError, match="Node id 1 is missing"):
        Graph.from_edgelist(pd.DataFrame({"a": ["x", missing], "b": ["y", "z"]}, dtype=object))


@pytest.mark.parametrize("bad", [0.5, np.nan, 1e300])
@pytest.mark.filterwarnings("error")
def test_ids_that_are_no_whole_numbers(bad):
    with pytest.raises(ValueError, match="integers or strings, got"):
        Graph.from_edgelist([1.0, bad], [2.0, 3.0])


@pytest.mark.filterwarnings("error")
def test_weights_out_of_range_in_an_edge_list():
    with pytest.raises(ValueError, match="too large for float32"):
        Graph.from_edgelist([0], [1], [1e300])


def test_order_is_of_integers():
    with pytest.raises(ValueError, match="order must be"):
        Graph(np.ones((2, 2))).reorder([0.0, 1.0])


def test_from_relations():
    one, two = random_graph(8, 3, seed=0).toarray(), random_graph(8, 3, seed=1).toarray()
    graph = Graph.from_relations([one, sp.csr_array(two)], [2, 0.5], node_ids=list("abcdefgh"))
    np.testing.assert_allclose(graph.adjacency.toarray(), 2 * one + 0.5 * two)
    named = {"x": one, "y": two}
    again = Graph.from_relations(
        named, {"y": 0.5, "x": 2}, node_ids=list("abcdefgh"), features=None
    )
    assert again == graph
    np.testing.assert_allclose(Graph.from_relations(named).adjacency.toarray(), one + two)


def test_balanced_relations():
    """A type takes the share of its weight of the walks that leave a node."""
    many, few = np.ones((4, 4)), np.zeros((4, 4))
    few[0, 1] = -5.0
    graph = Graph.from_relations([many, few], [1, 3], balance=True)
    expected = np.full((4, 4), 0.25)
    expected[0, 1] -= 3.0
    np.testing.assert_allclose(graph.adjacency.toarray(), expected)


@pytest.mark.parametrize(
    ("adjacencies", "weights", "message"),
    [
        ([], None, "at least one type"),
        ([np.ones((2, 2))], [1, 2], "1 types and weights 2"),
        ({"a": np.ones((2, 2))}, {"b": 1}, r"weights must name the types \['a'\]"),
        ([np.ones((2, 2)), np.ones((3, 3))], None, r"adjacencies\[1\] has shape \(3, 3\)"),
        ([np.ones((2, 2))], [-1], r"weights\[0\] == -1"),
        ([np.ones((2, 2))], [np.nan], r"weights\[0\]"),
        ([np.ones((2, 2))], [np.inf], r"weights\[0\]"),
        ([np.full((2, 2), np.nan)], None, r"adjacencies\[0\] contains NaN"),
    ],
)
def test_bad_relations(adjacencies, weights, message):
    with pytest.raises(ValueError, match=message):
        Graph.from_relations(adjacencies, weights)


def test_concatenated_relations():
    """A FeatureUnion of one NodeEmbedding per type puts their vectors side by side, weighted."""
    follows, cites = Graph(random_graph(30, 4)), Graph(random_graph(30, 6, seed=1))
    embedder = FastRPEmbedder(8, random_state=0)
    union = FeatureUnion(
        [("follows", NodeEmbedding(embedder, follows)), ("cites", NodeEmbedding(embedder, cites))],
        transformer_weights={"cites": 3.0},
    )
    got = union.fit_transform(np.arange(30)[:, None])
    expected = [embedder.fit_transform(follows), 3 * embedder.fit_transform(cites)]
    np.testing.assert_array_equal(got, np.hstack(expected))
