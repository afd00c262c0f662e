import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist, squareform

from skgeom._core import spanning_neighbors
from skgeom._core.disjoint_set import new_partition
from skgeom._core.spanning_neighbors import _certify, neighbor_tree
from skgeom._core.spanning_tree import certified_tree, euclidean_tree


@pytest.fixture
def few_neighbors(monkeypatch):
    """Lists so short that the graph falls apart and the certificate has gaps."""
    monkeypatch.setattr(spanning_neighbors, "N_NEIGHBORS", 3)


def groups(n=400, d=10, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) + 6 * rng.normal(size=(8, d))[rng.integers(0, 8, n)]


CLOUDS = {
    "noise": np.random.default_rng(1).normal(size=(300, 12)),
    "groups": groups(),
    "duplicates": np.repeat(np.random.default_rng(2).normal(size=(40, 6)), 8, axis=0),
    "a line": np.arange(60.0)[:, np.newaxis] ** 2,
    "two": np.array([[0.0, 0.0], [3.0, 4.0]]),
}


@pytest.mark.parametrize("name", CLOUDS)
def test_exact_lists_give_the_tree(name):
    X = CLOUDS[name]
    _, weights, exact_fraction = certified_tree(X, algorithm="knn")
    np.testing.assert_allclose(weights, np.sort(linkage(X, "single")[:, 2]), rtol=1e-12)
    assert 0.9 <= exact_fraction <= 1.0


@pytest.mark.parametrize("name", ["noise", "groups", "a line", "two"])
def test_no_more_is_certified_than_right(name, few_neighbors):
    X = CLOUDS[name]
    edges, weights, exact_fraction = certified_tree(X, algorithm="knn")
    expected, exact = euclidean_tree(X, algorithm="prim")
    right = len(set(map(tuple, edges)) & set(map(tuple, expected))) / len(expected)
    assert 0.5 < exact_fraction <= right
    assert np.all(weights >= exact * (1 - 1e-12))


def test_certificate_of_single_edges(few_neighbors):
    X = groups(200, 4)
    distances = squareform(pdist(X)) ** 2
    edges, weights, _ = neighbor_tree(X, np.zeros(200))
    reach = np.sort(distances, axis=1)[:, 3].copy()
    certified = np.zeros(199, dtype=bool)
    _certify(edges, weights, reach, np.full(200, np.inf), *new_partition(200), certified)
    minimal = linkage(X, "single")[:, 2] ** 2
    assert 0 < certified.mean() < 1
    for weight in weights[certified]:
        assert np.isclose(minimal, weight, rtol=1e-12).any()


@pytest.mark.parametrize(("closed", "certified"), [(3.0, [0, 0, 0]), (2.5, [0, 0, 1])])
def test_no_edge_inside_a_component_is_certified_by_it(closed, certified):
    edges = np.array([[0, 1], [1, 2], [2, 3]], dtype=np.int32)
    found = np.zeros(3, dtype=bool)
    weights = np.array([1.0, 2.0, 3.0])
    _certify(edges, weights, np.zeros(4), np.full(4, closed), *new_partition(4), found)
    np.testing.assert_array_equal(found, certified)


def test_components_are_joined_by_their_shortest_edges(few_neighbors):
    X = np.concatenate([groups(100, 3), groups(100, 3, seed=1) + 1000, groups(50, 3) - 1000])
    weights = certified_tree(X, algorithm="knn")[1]
    heights = np.sort(linkage(X, "single")[:, 2])
    np.testing.assert_allclose(weights[-2:], heights[-2:], rtol=1e-12)


def test_core_distances():
    X = groups().astype(np.float32)
    core = np.sort(squareform(pdist(X)), axis=1)[:, 4]
    weights = certified_tree(X, core, "knn")[1]
    _, expected = euclidean_tree(X, core=core, algorithm="prim")
    np.testing.assert_allclose(weights, expected, rtol=1e-9)


def test_approximate_lists(monkeypatch):
    pytest.importorskip("pynndescent", reason="pynndescent (the extra `scale`) is not installed")
    monkeypatch.setattr(spanning_neighbors, "EXACT_BELOW", 100)
    X = groups(600)
    X[50:60] = X[:10]
    X = 1e60 * X  # beyond single precision
    _, weights, exact_fraction = certified_tree(X, algorithm="knn")
    _, expected = euclidean_tree(X, algorithm="prim")
    np.testing.assert_allclose(weights.sum(), expected.sum(), rtol=1e-3)
    assert exact_fraction > 0.9


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pynndescent", None)
    with pytest.raises(ImportError, match=r"pynndescent is needed.*skgeom\[scale\]"):
        certified_tree(np.random.default_rng(0).normal(size=(5000, 12)), algorithm="knn")
