import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import pdist, squareform

from skgeom._core.spanning_tiles import _leaf_order, _neighbour_heights, tiled_tree
from skgeom._core.spanning_tree import euclidean_tree

SMALL = {"tile": 48, "leaf": 12, "sample": 20}


def groups(n=300, d=20, spread=1.0, seed=0):
    rng = np.random.default_rng(seed)
    return spread * rng.normal(size=(n, d)) + 5 * rng.normal(size=(6, d))[rng.integers(0, 6, n)]


CLOUDS = {
    "groups": groups(),
    "noise": np.random.default_rng(1).normal(size=(250, 60)),
    "plane": np.random.default_rng(2).normal(size=(300, 2)),
    "tight and far": groups(spread=1e-4) * 100,
    "duplicates": np.repeat(groups(60), 5, axis=0),
    "equal": np.ones((200, 5)),
    "simplex": np.eye(150),
    "grid": np.stack(np.meshgrid(*[np.arange(6.0)] * 3), -1).reshape(-1, 3),
    "one tile": groups(40),
    "a tile and one": groups(49),
}


@pytest.mark.parametrize("name", CLOUDS)
def test_tree_is_minimal(name):
    X = CLOUDS[name]
    edges, weights = tiled_tree(X, np.zeros(len(X)), **SMALL)
    expected = np.sort(linkage(X, "single")[:, 2])
    np.testing.assert_allclose(np.sqrt(weights), expected, rtol=1e-12)
    measured = np.linalg.norm(X[edges[:, 0]] - X[edges[:, 1]], axis=1)
    np.testing.assert_allclose(measured, expected, rtol=1e-12)


def test_core_distances():
    X = groups().astype(np.float32)
    core = np.sort(squareform(pdist(X)), axis=1)[:, 4]
    _, weights = tiled_tree(X, core**2, **SMALL)
    _, expected = euclidean_tree(X, core=core, algorithm="prim")
    np.testing.assert_allclose(np.sqrt(weights), expected, rtol=1e-12)


def test_same_bits_for_any_n_jobs():
    X = groups(500)
    results = [tiled_tree(X, np.zeros(500), n_jobs=n, **SMALL) for n in (1, 2, 3)]
    for edges, weights in results[1:]:
        np.testing.assert_array_equal(edges, results[0][0])
        np.testing.assert_array_equal(weights, results[0][1])


def test_default_sizes_on_many_points():
    X = groups(5000, 90)
    _, weights = euclidean_tree(X, algorithm="tiles")
    _, expected = euclidean_tree(X, algorithm="prim")
    np.testing.assert_array_equal(weights, expected)


def test_heights_between_leaves_are_cophenetic_distances():
    X = groups(40)
    edges, weights = euclidean_tree(X)
    order, gaps = _leaf_order(edges, weights, 40)
    expected = squareform(cophenet(linkage(X, "single")))
    for a, b in [(0, 39), (3, 4), (10, 30)]:
        assert gaps[a + 1 : b + 1].max() == pytest.approx(expected[order[a], order[b]])
    layout = np.random.default_rng(0).permutation(40)
    heights = _neighbour_heights(layout, edges, weights)
    np.testing.assert_allclose(heights[1:], expected[layout[:-1], layout[1:]])
