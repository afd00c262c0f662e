"""Column panels under `max_memory`, and fits that are made of ranges of columns."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone

from skgeom.graph import FastRPEmbedder
from tests.graph.reference import random_graph

SETTINGS = [
    {},
    {"iteration_weights": "paper"},
    {"combine": "concat"},
    {"hop_normalization": None},
    {"deflate": True},
    {"self_influence": 0.5, "self_loops": 0.3},
    {"bipartite": True},
    {"standardize": "l2"},
    {"dtype": "float64"},
    {"projection": "gaussian"},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_panels_equal_in_core(settings):
    adjacency = random_graph(90, 6)
    whole = FastRPEmbedder(40, random_state=0, **settings).fit(adjacency)
    n_nodes = len(whole._all_degrees)
    memory = whole.estimate_memory(n_nodes, adjacency.nnz)["fit"]
    by_panels = clone(whole).set_params(max_memory=int(0.8 * memory)).fit(adjacency)
    assert 0 < by_panels._panel_width(adjacency.nnz) <= 40
    tolerance = {"rtol": 1e-4, "atol": 2e-5}
    np.testing.assert_allclose(by_panels.embedding_, whole.embedding_, **tolerance)
    assert by_panels.n_zero_rows_ == whole.n_zero_rows_
    rows = adjacency[:7]
    start = {"node_ids": np.arange(7)}
    np.testing.assert_allclose(
        by_panels.transform(rows, **start), whole.transform(rows, **start), **tolerance
    )


def test_bfloat16_panels_point_where_in_core_rows_do():
    adjacency = random_graph(90, 6)
    whole = FastRPEmbedder(40, random_state=0, storage="bfloat16", standardize=False)
    memory = whole.estimate_memory(90, adjacency.nnz)["fit"]
    rows = whole.fit_transform(adjacency)
    others = clone(whole).set_params(max_memory=int(0.8 * memory)).fit_transform(adjacency)
    norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(others, axis=1)
    present = norms > 0
    assert np.all(np.sum(rows * others, axis=1)[present] / norms[present] > 0.9999)


def test_same_bits_for_any_number_of_threads_by_panels():
    adjacency = random_graph(90, 6)
    model = FastRPEmbedder(40, random_state=0, max_memory=40_000)
    one = model.fit_transform(adjacency)
    assert model._panel_width(adjacency.nnz) > 0
    for n_jobs in (2, 3):
        assert np.array_equal(one, clone(model).set_params(n_jobs=n_jobs).fit_transform(adjacency))


def test_memory_that_does_not_suffice():
    adjacency = random_graph(90, 6)
    with pytest.raises(ValueError, match="too little for one column"):
        FastRPEmbedder(40, max_memory=1000).fit(adjacency)
    with pytest.raises(ValueError, match="whiten_every=None"):
        FastRPEmbedder(40, max_memory=1000, whiten_every=2).fit(adjacency)


def test_files_of_panels_vanish(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = FastRPEmbedder(40, random_state=0, max_memory=40_000).fit(random_graph(90, 6))
    assert model._panel_width(540) > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("settings", SETTINGS[:6] + SETTINGS[8:], ids=str)
def test_ranges_of_columns_make_a_fit(settings):
    adjacency = random_graph(60, 6)
    model = FastRPEmbedder(20, random_state=0, **settings)
    ranges = [(0, 7), (7, 16), (16, 20)]
    squares = sum(model.column_norms(adjacency, columns) for columns in ranges)
    parts = [model.embed_columns(adjacency, columns, squares) for columns in ranges]
    n_terms = parts[0].shape[1] // 7
    together = np.hstack(
        [np.split(part, n_terms, axis=1)[t] for t in range(n_terms) for part in parts]
    )
    np.testing.assert_allclose(together, model.fit_transform(adjacency), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize(
    ("settings", "columns", "message"),
    [
        ({"random_state": None}, (0, 2), "an int"),
        ({"whiten_every": 2}, (0, 2), "whiten_every=2"),
        ({"standardize": "l2"}, (0, 2), "standardize='l2'"),
        ({}, (3, 3), "first < last"),
        ({}, (0, 30), "first < last"),
    ],
)
def test_ranges_that_cannot_be(settings, columns, message):
    model = FastRPEmbedder(20, **{"random_state": 0, **settings})
    with pytest.raises(ValueError, match=message):
        model.column_norms(sp.eye_array(4), columns)


def test_norms_of_another_graph():
    model = FastRPEmbedder(20, random_state=0)
    with pytest.raises(ValueError, match="squares has shape"):
        model.embed_columns(random_graph(30, 6), (0, 4), np.ones((2, 30)))
