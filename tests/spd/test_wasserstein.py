"""The Bures-Wasserstein mathematics, against pyriemann and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyriemann.geometry.distance import distance_wasserstein
from pyriemann.geometry.mean import mean_wasserstein as pyriemann_mean
from pyriemann.geometry.tangentspace import exp_map_wasserstein as pyriemann_exp
from pyriemann.geometry.tangentspace import log_map_wasserstein as pyriemann_log

from skgeom.spd import distance, exp_map, log_map
from skgeom.spd._wasserstein import barycentre, transported_exps, transported_logs
from tests.spd.data import random_spd


def ill_conditioned(n_matrices, n, condition, seed=0):
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.standard_normal((n_matrices, n, n)))
    values = np.geomspace(1.0, 1.0 / condition, n) * np.exp(
        0.2 * rng.standard_normal((n_matrices, n))
    )
    C = (axes * values[:, None, :]) @ np.swapaxes(axes, 1, 2)
    return 0.5 * (C + np.swapaxes(C, 1, 2))


def tangent_norm(V, M):
    """Norm of the metric at M: tr(L V) / 2 with M L + L M = V."""
    values, vectors = np.linalg.eigh(M)
    own = vectors.T @ V @ vectors
    return np.sqrt(0.5 * np.sum(own**2 / (values[:, None] + values), axis=(-2, -1)))


@pytest.mark.parametrize("n", [1, 2, 4, 22, 60])
def test_agrees_with_pyriemann(n):
    C = random_spd(12, n, seed=n)
    M = pyriemann_mean(C, tol=1e-12, maxiter=500)
    assert np.allclose(barycentre(C, np.full(12, 1 / 12), 1e-11, 200).mean, M, rtol=0, atol=1e-8)
    V = pyriemann_log(C, M)
    assert np.allclose(log_map(C, M, metric="wasserstein"), V, rtol=0, atol=1e-8)
    assert np.allclose(exp_map(0.3 * V, M, metric="wasserstein"), pyriemann_exp(0.3 * V, M))
    expected = distance_wasserstein(C, np.broadcast_to(M, C.shape))
    assert np.allclose(distance(C, M, metric="wasserstein"), expected, rtol=0, atol=1e-8)


def test_weighted_mean_agrees_with_pyriemann():
    C, weight = random_spd(9, 5), np.arange(9) / 36.0
    expected = pyriemann_mean(C, tol=1e-12, maxiter=500, sample_weight=weight)
    assert np.allclose(barycentre(C, weight, 1e-11, 200).mean, expected, rtol=0, atol=1e-8)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 7), st.floats(0.1, 1.0))
def test_exp_inverts_log_whose_norm_is_the_distance(seed, n, spread):
    C = random_spd(4, n, seed, spread)
    V = log_map(C, C[0], metric="wasserstein")
    assert np.allclose(exp_map(V, C[0], metric="wasserstein"), C)
    expected = distance(C[1:], C[0], metric="wasserstein")
    assert np.allclose(tangent_norm(V[1:], C[0]), expected, rtol=1e-6)


def test_logarithms_at_the_mean_sum_to_zero():
    C, weight = random_spd(20, 6), np.full(20, 0.05)
    M = barycentre(C, weight, 1e-12).mean
    assert np.abs(log_map(C, M, metric="wasserstein").mean(axis=0)).max() < 1e-10


def test_transport_keeps_lengths_and_angles():
    C = random_spd(6, 5)
    V = log_map(C, C[0], metric="wasserstein")
    moved = transported_logs(C, C[0])
    assert np.allclose(np.linalg.norm(moved, axis=(1, 2)) / 2.0, tangent_norm(V, C[0]))
    differences = tangent_norm(V[1:] - V[2], C[0])
    assert np.allclose(np.linalg.norm(moved[1:] - moved[2], axis=(1, 2)) / 2.0, differences)


def test_diagonal_matrices_are_squares_of_roots():
    a, b = np.array([4.0, 1.0, 9.0]), np.array([1.0, 16.0, 9.0])
    square = np.sum((np.sqrt(a) - np.sqrt(b)) ** 2)
    d = distance(np.diag(a), np.diag(b), metric="wasserstein", squared=True)
    assert np.isclose(d, square)
    mean = barycentre(np.stack([np.diag(a), np.diag(b)]), np.array([0.25, 0.75]), 1e-12).mean
    assert np.allclose(mean, np.diag((0.25 * np.sqrt(a) + 0.75 * np.sqrt(b)) ** 2))
    V = transported_logs(np.diag(b)[None], np.diag(a))[0]
    assert np.allclose(V, np.diag(2.0 * (np.sqrt(b) - np.sqrt(a))))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(1e-3, 1e3))
def test_scaling_and_rotation(seed, factor):
    C = random_spd(3, 4, seed)
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((4, 4)))[0]
    d = distance(C[0], C[1], metric="wasserstein")
    scaled = distance(factor * C[0], factor * C[1], metric="wasserstein")
    turned = distance(Q @ C[0] @ Q.T, Q @ C[1] @ Q.T, metric="wasserstein")
    assert np.isclose(scaled, np.sqrt(factor) * d)
    assert np.isclose(turned, d)


@pytest.mark.parametrize("condition", [1e4, 1e7, 1e10])
def test_ill_conditioned_round_trip(condition):
    C = ill_conditioned(8, 6, condition)
    M = barycentre(C, np.full(8, 1 / 8), 1e-9, 200).mean
    there = transported_logs(C, M)
    back, clipped = transported_exps(there, M)
    assert not clipped.any()
    assert np.all(np.linalg.norm(back - C, axis=(1, 2)) < 1e-6 * np.linalg.norm(C, axis=(1, 2)))
    assert np.allclose(np.linalg.norm(there, axis=(1, 2)) / 2, distance(C, M, metric="wasserstein"))


def test_a_geodesic_that_leaves_is_clipped():
    C, clipped = transported_exps(np.stack([-3.0 * np.eye(2), np.eye(2)]), np.eye(2), clip=0.1)
    assert clipped.tolist() == [True, False]
    assert np.allclose(C, [0.01 * np.eye(2), 2.25 * np.eye(2)])


def test_indefinite_matrices_are_named():
    C = random_spd(4, 3)
    C[2] = np.diag([1.0, -1.0, 2.0])
    for function in (log_map, distance):
        with pytest.raises(ValueError, match=r"matrix 2 is not positive definite"):
            function(C, C[0], metric="wasserstein")
    with pytest.raises(ValueError, match=r"matrix 2 is not positive definite"):
        barycentre(C, np.full(4, 0.25))


def test_same_bits_for_any_number_of_threads():
    C = random_spd(3000, 8)
    weight = np.full(3000, 1 / 3000)
    one, two = (barycentre(C, weight, n_jobs=n).mean for n in (1, 2))
    assert np.array_equal(one, two)
    assert np.array_equal(transported_logs(C, one, 1), transported_logs(C, one, 3))
