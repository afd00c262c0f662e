import numpy as np
import pytest
from scipy.spatial import cKDTree

from skgeom._core.spanning_boruvka import LEAF, _build, _select, kdtree_tree
from skgeom._core.spanning_tree import euclidean_tree


def test_select_puts_the_rank_in_its_place():
    rng = np.random.default_rng(0)
    for values in (rng.random(51), rng.integers(0, 3, 51).astype(float)):
        for rank in (0, 20, 50):
            ids = rng.permutation(51).astype(np.int32)
            columns = np.stack([rng.random(51), values])[:, ids]
            _select(columns, ids, 1, 0, 51, rank)
            assert columns[1, rank] == np.sort(values)[rank]
            assert columns[1, :rank].max(initial=-1) <= columns[1, rank]
            assert sorted(ids) == list(range(51))
            np.testing.assert_array_equal(columns[1], values[ids])


def test_nodes_hold_their_points():
    X = np.random.default_rng(1).random((200, 3))
    cells, core, boxes, ids = _build(X, np.arange(200.0))
    taken = ids >= 0
    assert sorted(ids[taken]) == list(range(200))
    np.testing.assert_array_equal(core[taken], ids[taken])
    slots = cells.transpose(0, 2, 1).reshape(-1, 3)
    np.testing.assert_array_equal(slots[taken], X[ids[taken]])
    assert np.isinf(slots[~taken]).all()
    assert np.isinf(core[~taken]).all()
    for node, (low, high, region_low, region_high) in enumerate(boxes):
        first = last = node
        while first < len(cells) - 1:
            first, last = 2 * first + 1, 2 * last + 2
        members = ids.reshape(-1, LEAF)[first - len(cells) + 1 : last - len(cells) + 2].ravel()
        members = members[members >= 0]
        np.testing.assert_array_equal([low, high], [X[members].min(0), X[members].max(0)])
        others = np.delete(X, members, axis=0)
        assert not np.any(np.all((others > region_low) & (others < region_high), axis=1))


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


def test_groups_far_apart():
    rng = np.random.default_rng(6)
    X = rng.uniform(size=(4000, 2)) + 50 * rng.integers(0, 2, size=(4000, 2))
    _, weights = euclidean_tree(X, algorithm="kdtree")
    _, expected = euclidean_tree(X, algorithm="prim")
    np.testing.assert_allclose(weights, expected, rtol=1e-12)
