import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import is_valid_linkage, linkage
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist, pdist, squareform

from skgeom._core.parallel import parallel_map
from skgeom._core.spanning_forest import forest_labels, merge_tree, sort_edges
from skgeom._core.spanning_tree import (
    choose_algorithm,
    euclidean_tree,
    graph_forest,
    metric_tree,
)

ALGORITHMS = ["prim", "gram", "tiles", "kdtree"]
every_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)


def single_linkage(X):
    """The heights of an independent implementation, in double precision."""
    return np.sort(linkage(np.asarray(X, dtype=np.float64), "single")[:, 2])


def assert_spanning_tree(edges, n):
    graph = sp.coo_array((np.ones(len(edges)), edges.T), shape=(n, n))
    assert edges.shape == (n - 1, 2)
    assert connected_components(graph, directed=False)[0] == 1


CLOUDS = {
    "low": lambda rng: rng.normal(size=(300, 2)),
    "blocks": lambda rng: rng.normal(size=(400, 7)),
    "high": lambda rng: rng.normal(size=(150, 200)),
    "wide": lambda rng: rng.normal(size=(20, 500)),
    "groups": lambda rng: rng.normal(size=(200, 30)) + 1e4 * rng.integers(0, 3, (200, 1)),
    "duplicates": lambda rng: np.repeat(rng.normal(size=(60, 10)), 4, axis=0),
    "near duplicates": lambda rng: (
        np.repeat(rng.normal(size=(40, 70)), 5, axis=0) + 1e-9 * rng.normal(size=(200, 70))
    ),
    "far away": lambda rng: 1e6 + rng.normal(size=(150, 5)),
    "one feature": lambda rng: rng.normal(size=(100, 1)),
    "grid": lambda rng: np.stack(np.meshgrid(*[np.arange(6.0)] * 3), -1).reshape(-1, 3),
    "two": lambda rng: rng.normal(size=(2, 3)),
}


@every_algorithm
@pytest.mark.parametrize("name", CLOUDS)
def test_lifetimes_are_single_linkage_heights(name, algorithm):
    X = CLOUDS[name](np.random.default_rng(0))
    edges, weights = euclidean_tree(X, algorithm=algorithm)
    assert_spanning_tree(edges, len(X))
    np.testing.assert_allclose(weights, single_linkage(X), rtol=1e-12, atol=0)


@every_algorithm
def test_single_precision_input_is_measured_in_double(algorithm):
    X = np.random.default_rng(1).normal(size=(300, 40)).astype(np.float32)
    X[1::2] = X[::2] + np.float32(1e-4) * X[1::2]
    _, weights = euclidean_tree(X, algorithm=algorithm)
    np.testing.assert_allclose(weights, single_linkage(X), rtol=1e-12)


@every_algorithm
@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e200])
def test_extreme_scales(scale, algorithm):
    X = np.random.default_rng(2).normal(size=(80, 6))
    _, weights = euclidean_tree(X * scale, algorithm=algorithm)
    np.testing.assert_allclose(weights, single_linkage(X) * scale, rtol=1e-12)


@every_algorithm
def test_points_on_a_line_give_sorted_gaps(algorithm):
    x = np.random.default_rng(3).permutation(np.cumsum(np.arange(1.0, 51.0)))
    edges, weights = euclidean_tree(x[:, np.newaxis], algorithm=algorithm)
    np.testing.assert_array_equal(weights, np.arange(2.0, 51.0))
    np.testing.assert_array_equal(np.abs(x[edges[:, 0]] - x[edges[:, 1]]), weights)


@every_algorithm
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_points(algorithm, dtype):
    edges, weights = euclidean_tree(np.ones((50, 4), dtype=dtype), algorithm=algorithm)
    assert_spanning_tree(edges, 50)
    assert not weights.any()


@every_algorithm
def test_equidistant_points(algorithm):
    X = np.eye(30)
    edges, weights = euclidean_tree(X, algorithm=algorithm)
    assert_spanning_tree(edges, 30)
    np.testing.assert_allclose(weights, np.sqrt(2), rtol=1e-15)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 40), st.integers(1, 6), st.integers(0, 10**6), st.sampled_from(ALGORITHMS))
def test_any_cloud_with_ties(n, d, seed, algorithm):
    X = np.random.default_rng(seed).integers(0, 4, size=(n, d)).astype(float)
    edges, weights = euclidean_tree(X, algorithm=algorithm)
    assert_spanning_tree(edges, n)
    np.testing.assert_allclose(weights, single_linkage(X), rtol=1e-12)


@every_algorithm
def test_cut_property(algorithm):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(120, 8))
    edges, weights = euclidean_tree(X, algorithm=algorithm)
    distances = cdist(X, X)
    for _ in range(10):
        side = rng.random(120) < 0.3
        crossing = side[edges[:, 0]] != side[edges[:, 1]]
        assert weights[crossing].min() == pytest.approx(distances[side][:, ~side].min(), rel=1e-9)


@every_algorithm
def test_core_distances_give_mutual_reachability(algorithm):
    X = np.random.default_rng(5).normal(size=(150, 4))
    distances = squareform(pdist(X))
    core = np.sort(distances, axis=1)[:, 5]
    mutual = np.maximum(distances, np.maximum(core[:, None], core[None]))
    np.fill_diagonal(mutual, 0)
    _, weights = euclidean_tree(X, core=core, algorithm=algorithm)
    expected = np.sort(linkage(squareform(mutual, checks=False), "single")[:, 2])
    np.testing.assert_allclose(weights, expected, rtol=1e-12)


@pytest.mark.parametrize("memory", [1024, 0.02])
def test_metric_tree_in_any_memory(memory):
    X = np.random.default_rng(6).normal(size=(120, 5))
    batches = []

    def distances(rows):
        batches.append(len(rows))
        return cdist(X[rows], X, "cityblock")

    edges, weights = metric_tree(distances, 120, memory=memory)
    assert_spanning_tree(edges, 120)
    expected = np.sort(linkage(X, "single", metric="cityblock")[:, 2])
    np.testing.assert_allclose(weights, expected, rtol=1e-12)
    assert max(batches) * 120 * 8 <= memory * 2**20


def test_graph_forest_keeps_zero_edges_and_components():
    rows = [0, 1, 2, 4, 5, 4]
    columns = [1, 2, 0, 5, 6, 6]
    weights = [0.0, 2.0, 3.0, 0.0, 0.0, 1.0]
    graph = sp.csr_array((weights, (rows, columns)), shape=(7, 7))
    edges, lifetimes = graph_forest(graph)
    np.testing.assert_array_equal(lifetimes, [0, 0, 0, 2])
    np.testing.assert_array_equal(edges, [[0, 1], [4, 5], [5, 6], [1, 2]])
    labels, n_components = forest_labels(edges, 7)
    assert n_components == 3
    np.testing.assert_array_equal(labels, [0, 0, 0, 1, 2, 2, 2])


def test_edges_are_sorted_by_weight_and_index():
    edges, weights = sort_edges(np.array([[5, 2], [1, 0], [4, 1]]), np.array([1.0, 2.0, 1.0]))
    np.testing.assert_array_equal(edges, [[1, 4], [2, 5], [0, 1]])
    np.testing.assert_array_equal(weights, [1, 1, 2])


def test_merge_tree_is_scipys_linkage():
    X = np.random.default_rng(7).normal(size=(90, 3))
    edges, weights = euclidean_tree(X)
    tree, sizes = merge_tree(edges, weights, 90)
    assert is_valid_linkage(tree)
    np.testing.assert_allclose(tree, linkage(X, "single"), rtol=1e-12)
    np.testing.assert_array_equal(sizes.sum(axis=1), tree[:, 3])


@every_algorithm
def test_same_bits_in_threads_and_from_any_layout(algorithm):
    X = np.random.default_rng(8).normal(size=(250, 20))
    clouds = [X, np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2]] * 2
    results = parallel_map(lambda c: euclidean_tree(c, algorithm=algorithm), clouds, n_jobs=3)
    for edges, weights in results:
        np.testing.assert_array_equal(edges, results[0][0])
        np.testing.assert_array_equal(weights, results[0][1])


def test_choice_keeps_to_the_memory():
    assert choose_algorithm(3000, 384, 1024) == "gram"
    assert choose_algorithm(3000, 384, 10) == "tiles"
    assert choose_algorithm(20_000, 384, 4000) == "tiles"
    assert choose_algorithm(20_000, 3, 1024) == "kdtree"
    assert choose_algorithm(3000, 10, 1024) == choose_algorithm(3000, 10, 10) == "prim"


def test_total_length_on_the_torus():
    # the constant of the Euclidean minimum spanning tree in the plane, without a border
    n, totals = 1000, []
    for seed in range(6):
        X = np.random.default_rng(seed).random((n, 2))

        def distances(rows, X=X):
            gaps = np.abs(X[rows, np.newaxis] - X)
            return np.sqrt(np.sum(np.minimum(gaps, 1 - gaps) ** 2, axis=-1))

        totals.append(metric_tree(distances, n)[1].sum() / np.sqrt(n))
    assert np.mean(totals) == pytest.approx(0.6331, rel=0.02)


@every_algorithm
@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e200, 1e300])
def test_a_constant_column_does_not_hide_the_scale_of_the_others(algorithm, scale):
    X = np.random.default_rng(0).integers(-50, 50, size=(60, 3)).astype(float)
    _, plain = euclidean_tree(X, algorithm=algorithm)
    _, weights = euclidean_tree(np.column_stack([scale * X, np.ones(60)]), algorithm=algorithm)
    np.testing.assert_allclose(weights, scale * plain, rtol=1e-3 if scale < 1e-300 else 1e-12)
    for constant in (1e-320, 1e308):
        assert not euclidean_tree(np.full((30, 2), constant), algorithm=algorithm)[1].any()
