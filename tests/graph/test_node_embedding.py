import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skgeom.graph import FastRPEmbedder, Graph, NodeEmbedding
from tests.graph.reference import random_graph


class CountingEmbedder(FastRPEmbedder):
    """Counts how often it embeds."""

    calls = []

    def __init__(self, n_components=4, *, random_state=0, n_jobs=None):
        super().__init__(n_components, random_state=random_state, n_jobs=n_jobs)

    def fit_transform(self, X, y=None):
        self.calls.append(self.n_components)
        return super().fit_transform(X)


@pytest.fixture
def two_groups():
    label = np.repeat([0, 1], 60)
    rng = np.random.default_rng(0)
    linked = rng.random((120, 120)) < np.where(label[:, None] == label, 0.2, 0.03)
    ids = np.array([f"node {i}" for i in range(120)])
    return Graph((np.triu(linked, 1) + np.triu(linked, 1).T).astype(float), ids), label


def test_rows_are_those_of_the_embedder():
    graph = Graph(random_graph(30, 4), node_ids=np.arange(30) + 100)
    model = NodeEmbedding(FastRPEmbedder(8, random_state=0), graph).fit([101, 105])
    expected = FastRPEmbedder(8, random_state=0).fit_transform(graph)
    np.testing.assert_array_equal(model.transform([129, 100, 129]), expected[[29, 0, 29]])
    np.testing.assert_array_equal(model.transform([[103], [104]]), expected[[3, 4]])
    assert model.get_feature_names_out()[0] == "fastrp0"


def test_grid_search_embeds_once_per_setting(two_groups):
    graph, label = two_groups
    CountingEmbedder.calls.clear()
    model = make_pipeline(NodeEmbedding(CountingEmbedder(), graph), LogisticRegression())
    grid = {"nodeembedding__embedder__n_components": [4, 16], "logisticregression__C": [0.1, 1.0]}
    search = GridSearchCV(model, grid, cv=5, error_score="raise").fit(graph.node_ids, label)
    # the refit comes last; its setting may have left the handle's memory
    assert sorted(set(CountingEmbedder.calls)) == [4, 16]
    assert len(CountingEmbedder.calls) <= 5
    assert search.best_score_ > 0.9
    assert search.predict(["node 3", "node 99"]).tolist() == [0, 1]


def test_grid_search_in_workers(two_groups):
    graph, label = two_groups
    model = make_pipeline(
        NodeEmbedding(FastRPEmbedder(8, random_state=0), graph), LogisticRegression()
    )
    grid = {"nodeembedding__embedder__n_components": [4, 16]}
    ids = pd.DataFrame({"id": graph.node_ids})
    one, two = (
        GridSearchCV(model, grid, cv=3, n_jobs=n_jobs, error_score="raise").fit(ids, label)
        for n_jobs in (1, 2)
    )
    np.testing.assert_allclose(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )


def test_equal_parameters_share_the_embedding():
    graph = Graph(random_graph(30, 4))
    model = NodeEmbedding(CountingEmbedder(), graph)
    CountingEmbedder.calls.clear()
    first = model.fit([0]).embedding_
    threads = clone(model).set_params(embedder__n_jobs=2).fit([1]).embedding_
    assert first is threads
    assert clone(model).set_params(embedder__n_components=5).fit([1]).embedding_ is not first
    assert CountingEmbedder.calls == [4, 5]
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 0


def test_random_state_none_embeds_afresh():
    graph = Graph(random_graph(30, 4))
    model = NodeEmbedding(CountingEmbedder(random_state=None), graph)
    assert not np.array_equal(model.fit([0]).embedding_, model.fit([0]).embedding_)


def test_parameters_are_left_alone():
    graph = Graph(random_graph(30, 4))
    embedder = FastRPEmbedder(4, random_state=0)
    NodeEmbedding(embedder, graph).fit([0])
    assert not hasattr(embedder, "embedding_")


def test_set_output():
    graph = Graph(random_graph(30, 4))
    model = NodeEmbedding(FastRPEmbedder(3, random_state=0), graph).set_output(transform="pandas")
    frame = model.fit_transform(pd.DataFrame({"id": [4, 2]}, index=["p", "q"]))
    assert frame.columns.tolist() == ["fastrp0", "fastrp1", "fastrp2"]
    assert frame.index.tolist() == ["p", "q"]


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([0, 99], ValueError, r"1 id\(s\) that are not nodes of the graph; the first is 99"),
        (np.zeros((3, 2)), ValueError, r"one column, got shape \(3, 2\)"),
        (np.zeros(0), ValueError, "0 node ids"),
        (sp.eye_array(3), TypeError, "Sparse data was passed"),
    ],
)
def test_bad_ids(X, error, message):
    model = NodeEmbedding(FastRPEmbedder(3, random_state=0), Graph(random_graph(30, 4)))
    with pytest.raises(error, match=message):
        model.fit(X)
    with pytest.raises(error, match=message):
        model.fit([0]).transform(X)


def test_bad_parameters():
    with pytest.raises(ValueError, match="'graph' parameter"):
        NodeEmbedding(FastRPEmbedder(), np.eye(3)).fit([0])
    with pytest.raises(NotFittedError):
        NodeEmbedding(FastRPEmbedder(), Graph(np.eye(3))).transform([0])
