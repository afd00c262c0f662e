import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from skgeom.graph import FastRPEmbedder, Graph
from skgeom.graph._update import changed_rows, row_hashes
from tests.graph.reference import random_graph

pytestmark = pytest.mark.filterwarnings("ignore:.*zero vector")


def edit(adjacency, rng, directed=False):
    """Insert, delete and re-weight a few edges, and append up to two nodes."""
    n_new = rng.integers(0, 3)
    n = adjacency.shape[0] + n_new
    dense = np.zeros((n, n))
    dense[: n - n_new, : n - n_new] = adjacency.toarray()
    for _ in range(rng.integers(1, 4)):
        i, j = rng.integers(0, n, 2)
        weight = rng.choice([0.0, 1.0, 2.5])
        dense[i, j] = weight
        if not directed:
            dense[j, i] = weight
    return sp.csr_array(dense)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    directed=st.booleans(),
    weighted=st.booleans(),
    options=st.fixed_dictionaries(
        {
            "propagation": st.sampled_from(["transition", "symmetric"]),
            "self_loops": st.sampled_from([0.0, 1.0]),
            "self_influence": st.sampled_from([0.0, 0.5]),
            "projection": st.sampled_from(["sparse", "gaussian"]),
            "combine": st.sampled_from(["sum", "concat"]),
            "standardize": st.sampled_from([True, "l2", False]),
        }
    ),
)
def test_partial_fit_equals_fit(seed, directed, weighted, options):
    """A sequence of changes, bit by bit what a fit on the last graph gives."""
    rng = np.random.default_rng(seed)
    adjacency = random_graph(40, 3, seed=seed, directed=directed, weighted=weighted)
    model = FastRPEmbedder(
        6, iteration_weights=[0, 1, 0, 2], density=0.3, store_hops=True, random_state=0, **options
    ).fit(adjacency)
    for _ in range(3):
        adjacency = edit(adjacency, rng, directed)
        model.partial_fit(adjacency, freeze=False)
        fresh = clone(model).fit(adjacency)
        for i in range(5):
            difference = model.hops_[i] - fresh.hops_[i]
            assert abs(difference).max() == 0
        np.testing.assert_allclose(model.embedding_, fresh.embedding_, rtol=1e-5, atol=1e-6)
        assert model.n_features_in_ == adjacency.shape[0]
        assert model.graph_stats_ == fresh.graph_stats_
        np.testing.assert_array_equal(model.degrees_, fresh.degrees_)


def test_degree_scaling_with_frozen_total():
    """With beta, neighbours of a changed node change too; row norms hide the frozen total."""
    adjacency = random_graph(60, 4, seed=1)
    options = {"normalization_strength": -0.5, "iteration_weights": [1, 1], "dtype": "float64"}
    model = FastRPEmbedder(6, store_hops=True, standardize=False, random_state=0, **options)
    model.fit(adjacency)
    changed = edit(adjacency, np.random.default_rng(3))[:60, :60]
    got = model.partial_fit(changed).embedding_
    np.testing.assert_allclose(got, clone(model).fit_transform(changed), atol=1e-12)


def test_frozen_constants_keep_far_nodes_in_place():
    ring = np.roll(np.eye(60), 1, axis=1)
    adjacency = ring + ring.T
    model = FastRPEmbedder(8, iteration_weights=[1, 1, 1], store_hops=True, random_state=0)
    before = model.fit(adjacency).embedding_.copy()
    mean = model.mean_
    adjacency[0, 5] = adjacency[5, 0] = 1
    after = model.partial_fit(adjacency).embedding_
    moved = np.flatnonzero((before != after).any(axis=1))
    assert set(moved) <= {(i % 60) for i in range(-3, 9)}
    assert len(moved) > 4
    assert model.mean_ is mean
    np.testing.assert_allclose(model.transform(adjacency), after, atol=1e-5)


def test_whitening_is_kept():
    adjacency = random_graph(80, 6, seed=2)
    options = {"whiten_every": 2, "iteration_weights": [0, 1, 1], "store_hops": True}
    model = FastRPEmbedder(4, random_state=0, **options).fit(adjacency)
    changed = edit(adjacency, np.random.default_rng(0))
    model.partial_fit(changed)
    np.testing.assert_allclose(model.transform(changed), model.embedding_, rtol=1e-3, atol=1e-4)


def test_first_call_fits_and_keeps_the_hops():
    adjacency, table = random_graph(30, 4), np.random.default_rng(0).random((31, 3))
    model = FastRPEmbedder(4, feature_ratio=0.5, random_state=0)
    model.partial_fit(adjacency, features=table[:30])
    larger = sp.csr_array(sp.block_diag([adjacency, np.zeros((1, 1))]))
    model.partial_fit(Graph(larger, features=table), freeze=False)
    expected = clone(model).set_params(density=model.density_)
    expected.set_params(iteration_weights=model.iteration_weights_)
    np.testing.assert_allclose(
        model.embedding_, expected.fit_transform(larger, features=table), atol=1e-5
    )


@pytest.mark.parametrize("store_hops", ["needed", False])
def test_hops_that_were_not_kept_are_computed(store_hops):
    adjacency = random_graph(30, 4)
    changed = edit(adjacency, np.random.default_rng(1))
    options = {"density": 0.4, "iteration_weights": [0, 0, 1], "random_state": 0}
    model = FastRPEmbedder(4, store_hops=store_hops, **options).fit(adjacency)
    model.partial_fit(changed, freeze=False)
    expected = FastRPEmbedder(4, **options).fit_transform(changed)
    np.testing.assert_array_equal(model.embedding_, expected)
    assert sorted(model.hops_) == [0, 1, 2, 3]


def test_ids_of_new_nodes():
    adjacency = random_graph(10, 3)
    larger = sp.csr_array(sp.block_diag([adjacency, np.ones((1, 1))]))
    names = [f"n{i}" for i in range(11)]
    model = FastRPEmbedder(4, store_hops=True, density=0.5, random_state=0)
    model.fit(adjacency, node_ids=names[:10])
    assert model.partial_fit(adjacency).node_ids_.tolist() == names[:10]
    with pytest.raises(ValueError, match="there are 1 new nodes"):
        model.partial_fit(larger)
    with pytest.raises(ValueError, match="begin with the ids"):
        model.partial_fit(larger, node_ids=names[::-1])
    model.partial_fit(larger, node_ids=names)
    assert model.node_ids_.tolist() == names


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deflate": True}, "deflate=False"),
        ({"bipartite": True}, "bipartite=False"),
    ],
)
def test_what_cannot_be_updated(options, message):
    adjacency = random_graph(10, 3)
    model = FastRPEmbedder(4, **{"store_hops": True, **options}).fit(adjacency)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(adjacency)


def test_fewer_nodes_are_refused():
    model = FastRPEmbedder(4, store_hops=True).fit(random_graph(10, 3))
    with pytest.raises(ValueError, match="X has 9 features, but FastRPEmbedder is expecting 10"):
        model.partial_fit(random_graph(9, 3))


def test_hashes_tell_changed_rows():
    matrix = random_graph(20, 4, weighted=True)
    other = matrix.copy()
    other.data[0] *= 1 + 1e-15
    row = int(np.flatnonzero(np.diff(matrix.indptr))[0])
    changed = changed_rows(row_hashes(matrix), row_hashes(other))
    assert np.flatnonzero(changed).tolist() == [row]
    dense = matrix.toarray()
    assert not changed_rows(row_hashes(dense), row_hashes(dense.copy())).any()
    assert changed_rows(row_hashes(dense), row_hashes(np.vstack([dense, dense])))[20:].all()


def test_a_list_can_follow():
    adjacency = random_graph(12, 4, seed=0).toarray()
    model = FastRPEmbedder(4, random_state=0, store_hops=True).fit(adjacency)
    before = model.embedding_
    np.testing.assert_array_equal(model.partial_fit(adjacency.tolist()).embedding_, before)
    with pytest.raises(TypeError, match=r"Graph\.from_edgelist"):
        model.partial_fit({0: [1]})


def test_a_refused_update_leaves_all_as_it_was():
    adjacency = random_graph(12, 4, seed=0).toarray()
    features = np.eye(12)
    model = FastRPEmbedder(8, feature_ratio=0.5, random_state=0, store_hops=True)
    before = model.fit(adjacency, features=features).transform(adjacency)
    larger = np.pad(adjacency, [(0, 1), (0, 1)])
    larger[0, 12] = 1
    with pytest.raises(ValueError, match="features"):
        model.partial_fit(larger)
    np.testing.assert_array_equal(model.transform(adjacency), before)


@pytest.mark.parametrize("propagation", ["transition", "adjacency"])
@pytest.mark.filterwarnings("error")
def test_first_edges_of_a_graph_without_any(propagation):
    options = {"iteration_weights": [1, 2], "normalization_strength": 0.5, "random_state": 0}
    model = FastRPEmbedder(4, propagation=propagation, density=0.5, store_hops=True, **options)
    ring = np.roll(np.eye(6), 1, axis=1)
    expected = clone(model).fit_transform(ring + ring.T)
    model.fit(np.zeros((6, 6))).partial_fit(ring + ring.T, freeze=False)
    np.testing.assert_allclose(model.embedding_, expected, atol=1e-5)
