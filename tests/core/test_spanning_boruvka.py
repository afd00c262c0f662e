import numpy as np
import pytest
from scipy.spatial import cKDTree

from skgeom._core.spanning_boruvka import _build, _select, kdtree_tree
from skgeom._core.spanning_tree import euclidean_tree


def test_select_puts_the_rank_in_its_place():
    rng = np.random.default_rng(0)
    for values in (rng.random(51), rng.integers(0, 3, 51).astype(float)):
        for rank in (0, 20, 50):
            ids = rng.permutation(51).astype(np.int32)
            _select(values, ids, 0, 51, rank)
            assert values[ids[rank]] == np.sort(values)[rank]
            assert values[ids[:rank]].max(initial=-1) <= values[ids[rank]]
            assert sorted(ids) == list(range(51))


def test_nodes_hold_their_points():
    X = np.random.default_rng(1).random((200, 3))
    ids, spans, boxes = _build(np.ascontiguousarray(X.T), 4)
    assert sorted(ids) == list(range(200))
    for (start, stop), box in zip(spans, boxes):
        np.testing.assert_array_equal(box, [X[ids[start:stop]].min(0), X[ids[start:stop]].max(0)])
    leaves = spans[15:]
    assert leaves[0, 0] == 0
    assert leaves[-1, 1] == 200
    np.testing.assert_array_equal(leaves[1:, 0], leaves[:-1, 1])


@pytest.mark.parametrize("d", [1, 2, 3, 6])
def test_many_points(d):
    rng = np.random.default_rng(d)
    X = rng.normal(size=(3000, d)) + 20 * rng.integers(0, 3, size=(3000, 1))
    X[1000:1500] = X[:500]
    edges, weights = kdtree_tree(X, np.zeros(3000))
    lengths = np.linalg.norm(X[edges[:, 0]] - X[edges[:, 1]], axis=1)
    np.testing.assert_allclose(lengths, np.sqrt(weights), rtol=1e-12)
    _, expected = euclidean_tree(X, algorithm="prim")
    np.testing.assert_allclose(np.sort(lengths), expected, rtol=1e-12)


def test_core_distances_of_many_points():
    X = np.random.default_rng(5).normal(size=(2000, 2))
    core = cKDTree(X).query(X, 6)[0][:, -1]
    _, weights = euclidean_tree(X, core=core, algorithm="kdtree")
    _, expected = euclidean_tree(X, core=core, algorithm="prim")
    np.testing.assert_allclose(weights, expected, rtol=1e-12)


def test_hardly_different_points():
    X = np.ones((500, 2))
    X[0] = 3
    _, weights = kdtree_tree(X, np.zeros(500))
    assert sorted(weights) == [0] * 498 + [8]
