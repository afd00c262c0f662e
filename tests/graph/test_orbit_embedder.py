import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from skgeom.datasets import load_network
from skgeom.graph import Graph, NodeEmbedding, OrbitAdjacency, OrbitAdjacencyEmbedder
from skgeom.graph._pmi import positive_pmi, random_walk_counts
from tests.graph.reference import random_graph


@pytest.fixture
def two_groups():
    label = np.arange(80) % 2
    linked = np.random.default_rng(0).random((80, 80)) < np.where(
        label[:, None] == label, 0.25, 0.02
    )
    return (np.triu(linked, 1) | np.triu(linked, 1).T).astype(float), label


def dense_pmi(counts, negative=1.0):
    """By the definition, in dense numpy."""
    counts = np.asarray(counts, float)
    joint = counts / counts.sum()
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    ratio = np.divide(joint, independent, out=np.ones_like(joint), where=joint > 0)
    return np.maximum(np.log(ratio) - np.log(negative), 0) * (joint > 0)


@pytest.mark.parametrize("negative", [0.5, 1.0, 3.0])
def test_positive_pmi(negative):
    counts = OrbitAdjacency().fit_transform(random_graph(30, 5, seed=0))[2, 4, 5]
    found = positive_pmi(counts, counts.sum(axis=0).astype(float), float(counts.sum()), negative)
    assert np.allclose(found.toarray(), dense_pmi(counts.toarray(), negative))


@pytest.mark.parametrize("window", [1, 2, 4])
def test_random_walk_counts(window):
    graph = random_graph(30, 5, seed=1)
    dense = graph.toarray()
    degrees = dense.sum(axis=1)
    transition = dense / np.maximum(degrees, 1)[:, None]
    powers = [np.linalg.matrix_power(transition, r) for r in range(1, window + 1)]
    expected = degrees[:, None] * sum(powers)
    found = random_walk_counts(graph, window).toarray()
    assert np.allclose(found, expected)
    assert np.allclose(found, found.T)


def test_embedding_is_the_truncated_svd_of_the_pmi():
    dense = random_graph(30, 6, seed=2).toarray()
    counts = OrbitAdjacency().fit_transform(dense)
    model = OrbitAdjacencyEmbedder(30, normalize=False, random_state=0).fit(dense)
    pmi = dense_pmi(sum(counts.values()).toarray())
    left, values, _ = np.linalg.svd(pmi)
    assert np.allclose(model.singular_values_, values)
    assert np.allclose(model.embedding_ @ model.embedding_.T, (left * values) @ left.T)
    left_right = model.embedding_ * np.sqrt(model.singular_values_) @ model.components_
    assert np.allclose(left_right, pmi)


def test_concatenation_is_the_embeddings_side_by_side():
    graph = random_graph(40, 6, seed=3)
    orbits = [(1, 0, 0), (2, 4, 5), "random_walk"]
    options = {"normalize": False, "random_state": 0}
    both = OrbitAdjacencyEmbedder(40, orbits=orbits, combine="concat", **options)
    found = both.fit_transform(graph)
    assert found.shape == (40, 120)
    assert both.components_.shape == (120, 40)
    names = both.get_feature_names_out()
    assert names[0] == "hop1_orbits0_0_0"
    assert names[-1] == "random_walk_39"
    for i, orbit in enumerate(orbits):
        part = OrbitAdjacencyEmbedder(40, orbits=[orbit], **options).fit_transform(graph)
        own = found[:, 40 * i : 40 * i + 40]
        assert np.allclose(own @ own.T, part @ part.T)


@pytest.mark.parametrize("factorization", ["svd", "nmf"])
@pytest.mark.parametrize("combine", ["sum", "concat"])
def test_the_fitted_graph_is_placed_where_it_was(factorization, combine):
    graph = random_graph(40, 6, seed=4)
    model = OrbitAdjacencyEmbedder(
        5,
        orbits=[(1, 0, 0), (2, 1, 1)],
        combine=combine,
        factorization=factorization,
        random_state=0,
    )
    assert np.allclose(model.fit_transform(graph), model.transform(graph), atol=1e-6)


def test_a_twin_of_a_node_is_placed_beside_it(two_groups):
    dense, label = two_groups
    n = len(dense)
    model = OrbitAdjacencyEmbedder(8, random_state=0).fit(dense)
    grown = np.zeros((n + 1, n + 1))
    grown[:n, :n] = dense
    grown[n, :n] = grown[:n, n] = dense[3]
    placed = model.transform(grown)
    similarity = placed[:n] @ placed[n]
    assert np.argmax(similarity) == 3
    assert similarity[label == label[3]].mean() > similarity[label != label[3]].mean() + 0.3


def test_select_takes_the_orbits_that_tell_labels(two_groups):
    dense, label = two_groups
    known = label.copy()
    known[::5] = -1
    orbits = [(1, 14, 14), (2, 1, 1), (2, 4, 5)]
    model = OrbitAdjacencyEmbedder(8, orbits=orbits, combine="select", random_state=0)
    model.fit(dense, known)
    assert set(model.orbit_scores_) == set(orbits)
    assert model.orbits_ == [max(orbits, key=model.orbit_scores_.get)]
    assert model.embedding_.shape == (80, 8)
    alone = OrbitAdjacencyEmbedder(8, orbits=model.orbits_, random_state=0).fit_transform(dense)
    assert np.allclose(
        np.abs(alone @ alone.T), np.abs(model.embedding_ @ model.embedding_.T), atol=0.05
    )
    hidden = label.copy()
    hidden[::5] = -1
    again = OrbitAdjacencyEmbedder(8, orbits=orbits, combine="select", random_state=0)
    assert again.fit(dense, hidden).orbit_scores_ == model.orbit_scores_


def test_select_needs_labels(two_groups):
    dense, label = two_groups
    model = OrbitAdjacencyEmbedder(8, combine="select")
    with pytest.raises(ValueError, match="needs y"):
        model.fit(dense)
    with pytest.raises(ValueError, match="y has 3 labels, expected 80"):
        model.fit(dense, label[:3])
    with pytest.raises(ValueError, match="at least two classes"):
        model.fit(dense, np.where(label == 0, 0, -1))


def test_symmetrize():
    graph = random_graph(40, 6, seed=5)
    counts = OrbitAdjacency().fit_transform(graph)
    model = OrbitAdjacencyEmbedder(
        40, orbits=[(2, 5, 4), (2, 4, 5)], symmetrize=True, normalize=False, random_state=0
    ).fit(graph)
    assert model.orbits_ == [(2, 4, 5)]
    pmi = dense_pmi((counts[2, 4, 5] + counts[2, 5, 4]).toarray())
    assert np.allclose(model.embedding_ * np.sqrt(model.singular_values_) @ model.components_, pmi)


def test_orbits_without_entries_are_left_out():
    ring = np.roll(np.eye(12), 1, axis=1)
    model = OrbitAdjacencyEmbedder(3, combine="concat", random_state=0).fit(ring + ring.T)
    assert (1, 14, 14) not in model.orbits_
    assert (3, 4, 4) in model.orbits_
    assert model.embedding_.shape == (12, 3 * len(model.orbits_))


def test_degenerate_graphs():
    for n in (1, 4):
        model = OrbitAdjacencyEmbedder(6, random_state=0)
        assert not model.fit_transform(np.zeros((n, n))).any()
        assert model.embedding_.shape == (n, 6)
        assert not model.transform(np.zeros((n, n))).any()
        nmf = OrbitAdjacencyEmbedder(6, factorization="nmf", random_state=0)
        assert not nmf.fit_transform(np.zeros((n, n))).any()
    pair = sp.block_diag([np.ones((3, 3)) - np.eye(3), np.zeros((2, 2))])
    embedding = OrbitAdjacencyEmbedder(6, random_state=0).fit_transform(pair)
    assert not embedding[3:].any()
    assert np.allclose(np.linalg.norm(embedding[:3], axis=1), 1)
    assert np.isfinite(embedding).all()


def test_non_negative_factors(two_groups):
    dense, _ = two_groups
    model = OrbitAdjacencyEmbedder(4, factorization="nmf", random_state=0).fit(dense)
    assert model.singular_values_ is None
    assert model.embedding_.min() >= 0
    assert model.components_.min() >= 0


def test_fewer_nodes_than_fitted_are_refused(two_groups):
    model = OrbitAdjacencyEmbedder(4, random_state=0).fit(two_groups[0])
    with pytest.raises(ValueError, match="expected at least the 80 fitted ones"):
        model.transform(two_groups[0][:10, :10])


def test_pipeline_and_search(two_groups):
    dense, label = two_groups
    graph = Graph(dense)
    model = make_pipeline(
        NodeEmbedding(OrbitAdjacencyEmbedder(8, random_state=0), graph), RidgeClassifier()
    )
    grid = {"nodeembedding__embedder__orbits": [[(1, 14, 14)], [(2, 1, 1)], "random_walk"]}
    search = GridSearchCV(model, grid, cv=3).fit(graph.node_ids, label)
    assert search.best_score_ > 0.9
    assert search.best_params_ != {"nodeembedding__embedder__orbits": [(1, 14, 14)]}


def test_pickle_and_n_jobs(two_groups):
    model = OrbitAdjacencyEmbedder(4, random_state=0, n_jobs=1).fit(two_groups[0])
    loaded = pickle.loads(pickle.dumps(model))
    assert np.array_equal(loaded.transform(two_groups[0]), model.embedding_)
    threaded = OrbitAdjacencyEmbedder(4, random_state=0, n_jobs=2).fit(two_groups[0])
    assert np.array_equal(threaded.embedding_, model.embedding_)


def test_memory_of_random_walks_is_checked(two_groups):
    model = OrbitAdjacencyEmbedder(4, orbits="random_walk", window=5, max_memory=20_000)
    with pytest.raises(ValueError, match="Random walks of up to 2 steps"):
        model.fit(two_groups[0])


@pytest.mark.parametrize(
    ("orbits", "expected"),
    [("random_walk", 0.795), ([(2, 4, 5)], 0.770), ([(2, 1, 1)], 0.761), ("all", 0.780)],
)
def test_cora_labels(orbits, expected):
    # known figures: PMI, 64 components, ridge classifier, half of the nodes in training
    adjacency, field = load_network("cora", return_X_y=True)
    model = OrbitAdjacencyEmbedder(64, orbits=orbits, symmetrize=True, random_state=0)
    splits = StratifiedShuffleSplit(5, train_size=0.5, random_state=0)
    scores = cross_val_score(RidgeClassifier(), model.fit_transform(adjacency), field, cv=splits)
    assert scores.mean() == pytest.approx(expected, abs=0.015)
