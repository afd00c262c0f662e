import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

from skgeom.manifold._placement import choose_pivots, pivot_weights, place, placement_stress


@settings(max_examples=25, deadline=None)
@given(n_components=st.integers(1, 5), seed=st.integers(0, 1000))
def test_exact_distances_return_the_point(n_components, seed):
    rng = np.random.default_rng(seed)
    pivots = rng.standard_normal((40, n_components))
    points = rng.standard_normal((20, n_components))
    start = points + 0.1 * rng.standard_normal(points.shape)
    placed = place(cdist(points, pivots), np.ones(40), pivots, start)
    np.testing.assert_allclose(placed, points, atol=1e-6)


def test_placement_is_a_minimum_of_the_stress():
    rng = np.random.default_rng(0)
    pivots, weights = rng.standard_normal((30, 2)), rng.random(30) + 0.5
    target = cdist(rng.standard_normal((5, 4)), rng.standard_normal((30, 4)))
    placed = place(target, weights, pivots, np.zeros((5, 2)))

    def cost(y, d):
        return (weights * (d - np.linalg.norm(pivots - y, axis=1)) ** 2).sum()

    for d, y in zip(target, placed):
        best = minimize(cost, y, args=(d,), tol=1e-12)
        assert cost(y, d) <= best.fun * (1 + 1e-6)
    residual, total = placement_stress(target, weights, pivots, placed)
    assert residual == pytest.approx(sum(cost(y, d) for y, d in zip(placed, target)))
    assert total == pytest.approx((weights * target**2).sum())


def test_rows_are_placed_alone():
    rng = np.random.default_rng(0)
    pivots = rng.standard_normal((20, 3))
    D, start = rng.random((50, 20)), rng.standard_normal((50, 3))
    every = place(D, np.ones(20), pivots, start)
    assert np.array_equal(every, place(D, np.ones(20), pivots, start, n_jobs=2))
    assert np.array_equal(every[7:8], place(D[7:8], np.ones(20), pivots, start[7:8]))


def test_start_on_a_pivot_and_coinciding_pivots():
    pivots = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    D = cdist([[0.3, 0.4]], pivots)
    placed = place(D, np.ones(4), pivots, pivots[:1])
    np.testing.assert_allclose(placed, [[0.3, 0.4]], atol=1e-6)
    assert np.isfinite(place(D, np.ones(4), np.zeros((4, 2)), np.zeros((1, 2)))).all()


def test_pivots_are_different_and_spread():
    X = np.random.default_rng(0).random((300, 2))
    D = cdist(X, X)
    pivots, weights = choose_pivots(D, 32, np.random.RandomState(0))
    assert len(np.unique(pivots)) == 32
    assert weights.sum() == 300
    np.testing.assert_array_equal(weights, pivot_weights(D[:, pivots]))
    assert D[:, pivots].min(axis=1).max() < 0.35
    assert len(choose_pivots(D, 400, np.random.RandomState(0))[0]) == 300


def test_pivots_among_equal_points():
    pivots, weights = choose_pivots(np.zeros((20, 20)), 8, np.random.RandomState(0))
    assert len(np.unique(pivots)) == len(pivots) <= 8
    assert (weights >= 1).all()
