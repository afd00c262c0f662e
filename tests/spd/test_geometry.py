import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyriemann.geometry.distance import distance as pyriemann_distance
from pyriemann.geometry.mean import mean_logchol, mean_logeuclid
from pyriemann.geometry.tangentspace import exp_map_riemann, log_map_riemann, tangent_space

from skgeom.spd import distance, exp_map, inverse_tangent_vectors, log_map, tangent_vectors
from skgeom.spd._geometry import METRICS, metric_mean, squared_distances
from tests.spd.data import random_spd

every_metric = pytest.mark.parametrize("metric", METRICS)


@every_metric
def test_distance_agrees_with_pyriemann(metric):
    C = random_spd(6, 7)
    expected = pyriemann_distance(C, C[0], metric=metric).ravel()
    assert np.allclose(distance(C, C[0], metric=metric), expected, atol=1e-7)
    squares = squared_distances(C, C[:2], metric)
    assert np.allclose(squares[:, 0], expected**2, atol=1e-7)


@every_metric
@given(st.integers(1, 5), st.integers(0, 2**20))
@settings(max_examples=15, deadline=None)
def test_distance_is_a_metric(metric, n, seed):
    A, B, C = random_spd(3, n, seed)
    ab, bc, ac = (distance(*pair, metric=metric) for pair in ((A, B), (B, C), (A, C)))
    assert np.isclose(ab, distance(B, A, metric=metric))
    assert ac <= ab + bc + 1e-9
    assert distance(A, A, metric=metric) < 1e-6


def test_wasserstein_of_commuting_matrices():
    values = np.random.default_rng(0).uniform(0.5, 4, (5, 3))
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    C = rotation @ (values[:, :, None] * np.eye(3)) @ rotation.T
    expected = np.linalg.norm(np.sqrt(values) - np.sqrt(values[0]), axis=1)
    assert np.allclose(distance(C, C[0], metric="wasserstein"), expected, atol=1e-7)
    weight = np.array([0.1, 0.2, 0.3, 0.15, 0.25])
    mean = metric_mean(C, weight, "wasserstein", tol=1e-10).mean
    assert np.allclose(mean, rotation @ np.diag((weight @ np.sqrt(values)) ** 2) @ rotation.T)


@given(st.integers(1, 6), st.integers(0, 2**20))
@settings(max_examples=15, deadline=None)
def test_riemannian_distance_is_invariant(n, seed):
    A, B = random_spd(2, n, seed)
    W = np.random.default_rng(seed).standard_normal((n, n)) + 3 * np.eye(n)
    expected = distance(A, B)
    assert np.isclose(distance(W @ A @ W.T, W @ B @ W.T), expected, rtol=1e-6, atol=1e-6)
    assert np.isclose(distance(np.linalg.inv(A), np.linalg.inv(B)), expected, atol=1e-6)


@every_metric
def test_tangent_vectors_agree_with_pyriemann(metric):
    C = random_spd(6, 5, spread=0.3)
    M = C[:3].mean(axis=0)
    expected = tangent_space(C, M, metric=metric)
    assert np.allclose(tangent_vectors(C, M, metric=metric), expected, atol=1e-8)


@every_metric
def test_maps_are_inverse(metric):
    C = random_spd(6, 5, spread=0.3)
    M = C[:3].mean(axis=0)
    assert np.allclose(exp_map(log_map(C, M, metric=metric), M, metric=metric), C)
    vectors = tangent_vectors(C, M, metric=metric)
    assert np.allclose(inverse_tangent_vectors(vectors, M, metric=metric), C)


def test_riemannian_maps_agree_with_pyriemann():
    C, M = random_spd(6, 5), random_spd(1, 5, seed=9)[0]
    V = log_map(C, M)
    assert np.allclose(V, log_map_riemann(C, M, C12=True))
    assert np.allclose(exp_map(V, M), exp_map_riemann(V, M, Cm12=True))


def test_length_of_a_tangent_vector_is_the_distance():
    C, M = random_spd(6, 5), random_spd(1, 5, seed=9)[0]
    assert np.allclose(np.linalg.norm(tangent_vectors(C, M), axis=1), distance(C, M))


def test_means_agree_with_pyriemann():
    C = random_spd(9, 4)
    weight = np.random.default_rng(0).random(9)
    weight /= weight.sum()
    for metric, theirs in [("logeuclid", mean_logeuclid), ("logchol", mean_logchol)]:
        expected = theirs(C, sample_weight=weight)
        assert np.allclose(metric_mean(C, weight, metric).mean, expected)
    mean = metric_mean(C, weight, "euclid").mean
    assert np.allclose(mean, np.average(C, axis=0, weights=weight))


def test_same_bits_for_any_number_of_threads():
    C = random_spd(60, 60)
    vectors = [tangent_vectors(C, C[0], n_jobs=n_jobs) for n_jobs in (1, 2)]
    assert np.array_equal(*vectors)


def test_refusals():
    C = random_spd(3, 2)
    with pytest.raises(ValueError, match="metric must be one of"):
        distance(C, C, metric="wrong")
    with pytest.raises(ValueError, match="positive definite"):
        distance(-C, C)
    with pytest.raises(ValueError, match="positive definite"):
        distance(C, -C, metric="logchol")


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_refuses_what_is_no_spd_matrix(metric):
    C = random_spd(3, 3)
    with pytest.raises(ValueError, match="NaN or infinity in matrix 1 of C"):
        log_map(np.stack([C[0], C[1] * np.nan]), C[2], metric=metric)
    with pytest.raises(ValueError, match="Not symmetric: B"):
        distance(C[0], C[1] + np.triu(np.ones((3, 3)), 1), metric=metric)
    with pytest.raises(ValueError, match="Complex data not supported: M"):
        tangent_vectors(C, C[0] + 1j, metric=metric)
    with pytest.raises(ValueError, match="of one size"):
        distance(C[0], np.eye(2), metric=metric)
    with pytest.raises(ValueError, match=r"M must have shape \(3, 3\)"):
        exp_map(C, C, metric=metric)
    if metric != "euclid":
        with pytest.raises(ValueError, match="not positive definite"):
            log_map(C - 100.0 * np.eye(3), C[0], metric=metric)


def test_an_exponential_that_overflows():
    with pytest.raises(ValueError, match="overflows"):
        exp_map(np.eye(2) * 1e4, np.eye(2))


@every_metric
def test_a_short_way_is_symmetric(metric):
    C, M = random_spd(2, 4)
    there = exp_map(1e-15 * log_map(C, M, metric=metric), M, metric=metric)
    back = exp_map(log_map(there, M, metric=metric), M, metric=metric)
    assert np.allclose(back, M, atol=1e-12)
