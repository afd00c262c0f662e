"""Graphs from chunks of edges and Parquet files, and graphs that are mapped from disk."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import Parallel, delayed

from skgeom.graph import FastRPEmbedder, Graph
from tests.graph.reference import random_graph


def edges_of(seed, n_edges=200, n_nodes=30):
    rng = np.random.default_rng(seed)
    source, target = rng.integers(0, n_nodes, (2, n_edges))
    return source, target, rng.integers(-2, 5, n_edges).astype(float)


def is_mapped(array):
    while array is not None and not isinstance(array, np.memmap):
        array = array.base
    return array is not None


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), directed=st.booleans(), size=st.integers(1, 250))
def test_chunks_are_the_edge_list(seed, directed, size):
    """Loops, edges given twice, weights that cancel: as when all edges come at once."""
    edges = edges_of(seed)

    def chunks():
        return (tuple(part[i : i + size] for part in edges) for i in range(0, 200, size))

    graph = Graph.from_edge_chunks(chunks, directed=directed)
    expected = Graph.from_edgelist(*edges, directed=directed)
    assert graph.adjacency.has_canonical_format
    assert np.array_equal(graph.node_ids, expected.node_ids)
    assert (graph.adjacency != expected.adjacency).nnz == 0


def test_chunks_of_names_and_tables():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"from": ["ann", "bob"], "to": ["bob", "cy"], "how often": [2, 3]})
    graph = Graph.from_edge_chunks(lambda: iter([table, table]))
    assert graph.node_ids.tolist() == ["ann", "bob", "cy"]
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 4, 0], [4, 0, 6], [0, 6, 0]])
    more = Graph.from_edge_chunks(lambda: iter([table]), node_ids=["cy", "dee", "bob", "ann"])
    assert more.adjacency[[0], [2]] == 3


@pytest.mark.parametrize(
    ("chunk", "message"),
    [
        (([0],), "got 1 parts"),
        (([0, 1], [1]), "equally long"),
        (([0, 1], [1, 9]), "not nodes of the graph"),
        (([0, 1], [1, 2], [1, np.nan]), "NaN"),
    ],
)
def test_bad_chunks(chunk, message):
    with pytest.raises(ValueError, match=message):
        Graph.from_edge_chunks(lambda: iter([chunk]), node_ids=[0, 1, 2])


@pytest.mark.parametrize("sparse_features", [False, True])
def test_mapped_graph_is_the_graph(tmp_path, sparse_features):
    features = np.random.default_rng(0).random((50, 3))
    if sparse_features:
        features = sp.csr_array(features)
    names = [f"node {i}" for i in range(50)]
    graph = Graph(random_graph(50, 5, weighted=True, dtype=np.float32), names, features)
    mapped = graph.memmap(tmp_path / "graph")
    assert mapped == graph
    for name in ("indptr", "indices", "data"):
        assert is_mapped(getattr(mapped.adjacency, name))
    again = Graph.open(tmp_path / "graph")
    model = FastRPEmbedder(8, random_state=0, feature_ratio=0.5)
    np.testing.assert_array_equal(model.fit_transform(again), model.fit_transform(graph))


def test_mapped_graph_travels_as_its_path(tmp_path):
    graph = Graph(random_graph(2000, 20, dtype=np.float32)).memmap(tmp_path)
    assert len(pickle.dumps(graph)) < 1000
    assert copy.deepcopy(graph) is graph
    sizes = Parallel(n_jobs=2)(delayed(_n_edges)(graph) for _ in range(2))
    assert sizes == [graph.n_edges] * 2


def _n_edges(graph):
    return graph.n_edges


def test_graph_made_on_disk(tmp_path):
    edges = edges_of(3)
    graph = Graph.from_edge_chunks(lambda: iter([edges]), directory=tmp_path / "new")
    assert graph == Graph.from_edgelist(*edges)
    assert Graph.open(tmp_path / "new") == graph
    with pytest.raises(ValueError, match="holds no graph"):
        Graph.open(tmp_path)


def test_embedding_of_a_mapped_graph_by_panels(tmp_path):
    """Graph, kept hops and embedding all lie on disk."""
    graph = Graph(random_graph(80, 6, dtype=np.float32))
    model = FastRPEmbedder(40, random_state=0)
    expected = model.fit_transform(graph)
    by_panels = FastRPEmbedder(40, random_state=0, max_memory=40_000)
    embedding = by_panels.fit_transform(graph.memmap(tmp_path))
    np.testing.assert_allclose(embedding, expected, rtol=1e-4, atol=2e-5)


def test_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow (extra scale) is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    source, target, weight = edges_of(5)
    names = np.array([f"n{i:02d}" for i in range(30)])
    table = pyarrow.table({"a": names[source], "b": names[target], "w": weight})
    parquet.write_table(table, tmp_path / "edges.parquet")
    args = (tmp_path / "edges.parquet", "a", "b", "w")
    graph = Graph.from_parquet(*args, chunk_size=33)
    assert graph == Graph.from_edgelist(names[source], names[target], weight)
    on_disk = Graph.from_parquet(*args, directory=tmp_path / "graph")
    assert on_disk == graph
    twice = Graph.from_parquet([args[0], args[0]], *args[1:])
    assert abs(twice.adjacency - 2 * graph.adjacency).max() == 0
    with pytest.raises(ValueError, match="no column 'source'"):
        Graph.from_parquet(args[0])


def test_parquet_needs_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r"skgeom\[scale\]"):
        Graph.from_parquet("edges.parquet")
