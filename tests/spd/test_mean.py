import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyriemann.geometry.mean import mean_riemann
from sklearn.exceptions import ConvergenceWarning

from skgeom.spd import expm, invsqrtm, karcher_mean, logm, sqrtm
from tests.spd.data import random_spd


def gradient(C, M, weight=None):
    W = invsqrtm(M)
    return np.average(logm(W @ C @ W), axis=0, weights=weight)


@given(st.integers(1, 8), st.integers(1, 12), st.integers(0, 2**20))
@settings(max_examples=25, deadline=None)
def test_gradient_vanishes(n, m, seed):
    C = random_spd(m, n, seed)
    M = karcher_mean(C, tol=1e-9)
    assert np.linalg.norm(gradient(C, M)) < 1e-8


@pytest.mark.parametrize("n", [2, 11, 40])
def test_agrees_with_pyriemann(n):
    C = random_spd(20, n, seed=n)
    weight = np.random.default_rng(1).random(20)
    for w in (None, weight):
        expected = mean_riemann(C, tol=1e-9, sample_weight=w)
        assert np.allclose(karcher_mean(C, tol=1e-9, sample_weight=w), expected, rtol=1e-7)


@given(st.integers(2, 6), st.integers(0, 2**20))
@settings(max_examples=15, deadline=None)
def test_affine_invariance(n, seed):
    C = random_spd(7, n, seed)
    W = np.random.default_rng(seed).standard_normal((n, n)) + 3 * np.eye(n)
    moved = karcher_mean(W @ C @ W.T, tol=1e-10)
    assert np.allclose(moved, W @ karcher_mean(C, tol=1e-10) @ W.T, rtol=1e-7)


def test_commuting_matrices():
    C = np.stack([np.diag([1.0, 9.0, 2.0]), np.diag([4.0, 1.0, 2.0]), np.diag([2.0, 3.0, 2.0])])
    assert np.allclose(karcher_mean(C, tol=1e-10), expm(logm(C).mean(axis=0)))


def test_two_matrices_meet_in_the_middle_of_the_geodesic():
    A, B = random_spd(2, 5)
    root, inverse = sqrtm(A), invsqrtm(A)
    assert np.allclose(karcher_mean([A, B], tol=1e-10), root @ sqrtm(inverse @ B @ inverse) @ root)


def test_weights_count_copies_and_order_does_not_matter():
    C = random_spd(5, 4)
    counts = np.array([1, 3, 2, 1, 0])
    copies = np.repeat(C, counts, axis=0)
    expected = karcher_mean(copies, tol=1e-10)
    assert np.allclose(karcher_mean(C, sample_weight=counts, tol=1e-10), expected)
    assert np.allclose(karcher_mean(copies[::-1], tol=1e-10), expected)


def test_leading_dimensions_and_start():
    C = random_spd(12, 3).reshape(2, 6, 3, 3)
    means = karcher_mean(C, tol=1e-10)
    assert means.shape == (2, 3, 3)
    assert np.allclose(means[1], karcher_mean(C[1], init=means[0], tol=1e-10))


def test_same_bits_for_any_number_of_threads():
    C = random_spd(60, 60)
    means = [karcher_mean(C, n_jobs=n_jobs) for n_jobs in (1, 2, 3)]
    assert np.array_equal(means[0], means[1])
    assert np.array_equal(means[0], means[2])


def test_ill_conditioned_matrices_end_at_rounding_error():
    C = random_spd(10, 6, spread=7.0)
    M = karcher_mean(C, tol=1e-15)
    assert np.linalg.norm(gradient(C, M)) < 1e-3


def test_refusals():
    C = random_spd(3, 2)
    with pytest.raises(ValueError, match=r"n_matrices, n, n"):
        karcher_mean(C[0])
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        karcher_mean(C, sample_weight=[1, 2])
    with pytest.raises(ValueError, match="non-negative"):
        karcher_mean(C, sample_weight=[1, -2, 1])
    with pytest.raises(ValueError, match="sample_weight must be an array of numbers"):
        karcher_mean(C, sample_weight=["a", "b", "c"])
    for tol in ("a", np.nan, -1.0):
        with pytest.raises(ValueError, match="tol must be a number"):
            karcher_mean(C, tol=tol)
    for max_iter in ("a", 1.5, -1):
        with pytest.raises(ValueError, match="max_iter must be an integer"):
            karcher_mean(C, max_iter=max_iter)
    C[1] = [[1.0, 1.0], [1.0, 1.0]]
    with pytest.raises(ValueError, match="matrix 1"):
        karcher_mean(C)
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        karcher_mean(random_spd(5, 4, spread=3.0), max_iter=1)
