from math import comb, lgamma

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.special import ive

from skgeom.manifold import heat_action, laplacian, log_heat_kernel
from tests.manifold.data import grid_graph, path_graph

RELATIVE = ("series", "squaring")


def random_affinity(n, seed, density=0.1):
    rng = np.random.default_rng(seed)
    A = sp.csr_array(rng.random((n, n)) * (rng.random((n, n)) < density))
    W = sp.csr_array(A + A.T + path_graph(n) * 0.1)
    W.setdiag(0)
    W.eliminate_zeros()
    return W


@pytest.mark.parametrize("method", RELATIVE)
def test_path_graph_has_bessel_kernel_far_below_rounding(method):
    L = laplacian(path_graph(500), "combinatorial")
    log_h = log_heat_kernel(L, 7.0, [250], method=method)[:, 0]
    hops = np.arange(150)
    expected = np.log(ive(hops, 14.0))  # ive carries the factor e^-2t
    assert expected[-1] < np.log(1e-140)
    np.testing.assert_allclose(log_h[250 + hops], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", ["series", "squaring", "chebyshev", "lowrank", "eigh"])
def test_complete_graph(method):
    n, t = 12, 0.3
    L = laplacian(sp.csr_array(np.ones((n, n)) - np.eye(n)), "combinatorial")
    H = np.exp(log_heat_kernel(L, t, method=method, tol=1e-15))
    expected = (1 - np.exp(-n * t)) / n + np.exp(-n * t) * np.eye(n)
    np.testing.assert_allclose(H, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("method", RELATIVE)
def test_small_time_counts_shortest_paths_of_a_grid(method):
    t, side = 1e-6, 9
    L = laplacian(grid_graph(side), "combinatorial")
    log_h = log_heat_kernel(L, t, [0], method=method)[:, 0].reshape(side, side)
    for i in range(side):
        for j in range(side):
            k = i + j
            expected = np.log(comb(k, i)) + k * np.log(t) - lgamma(k + 1)
            assert log_h[i, j] == pytest.approx(expected, rel=0, abs=1e-5)
    assert log_h[-1, -1] < np.log(1e-100)


@pytest.mark.parametrize("kind", ["normalized", "combinatorial", "random_walk"])
def test_methods_agree_with_matrix_exponential(kind):
    L = laplacian(random_affinity(80, 0), kind)
    expected = expm(-3.0 * L.toarray())
    large = expected > 1e-12
    for method in RELATIVE:
        H = np.exp(log_heat_kernel(L, 3.0, method=method))
        np.testing.assert_allclose(H[large], expected[large], rtol=1e-9)
    if kind != "random_walk":
        H = heat_action(L, 3.0, np.eye(80), method="chebyshev", tol=1e-13)
        np.testing.assert_allclose(H, expected, rtol=0, atol=1e-12)
        H = np.exp(log_heat_kernel(L, 3.0, method="eigh"))
        np.testing.assert_allclose(H[large], expected[large], rtol=0, atol=1e-12)


def test_euler_converges_with_its_steps():
    L = laplacian(random_affinity(80, 0))
    B = np.eye(80)[:, :5]
    expected = expm(-3.0 * L.toarray())[:, :5]
    errors = [
        abs(heat_action(L, 3.0, B, method="euler", order=k) - expected).max() for k in (50, 100)
    ]
    assert errors[1] < 0.01
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.1)  # first order


def test_euler_is_the_resolvent_in_relative_terms():
    """One implicit step on a path: entries fall geometrically, far below rounding."""
    n, t = 400, 0.01
    L = laplacian(path_graph(n), "combinatorial")
    log_h = log_heat_kernel(L, t, [200], method="euler", order=1)[:, 0]
    # (1 + 2t) u - t (u+ + u-) = delta  ->  u_k = u_0 r^k with t r^2 - (1 + 2t) r + t = 0
    ratio = ((1 + 2 * t) - np.sqrt(1 + 4 * t)) / (2 * t)
    hops = np.arange(1, 120)
    np.testing.assert_allclose(log_h[200 + hops] - log_h[200], hops * np.log(ratio), rtol=1e-10)
    assert log_h[319] < -500


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), s=st.floats(0.05, 3), t=st.floats(0.05, 3))
def test_semigroup_in_relative_terms(seed, s, t):
    L = laplacian(random_affinity(30, seed, 0.05), "combinatorial")
    log_s, log_t, log_st = log_heat_kernel(L, [s, t, s + t], method="series")
    product = np.exp(log_s) @ np.exp(log_t)
    np.testing.assert_allclose(product, np.exp(log_st), rtol=1e-8)
    np.testing.assert_allclose(product.sum(axis=1), 1.0, rtol=1e-10)  # heat is conserved
    np.testing.assert_allclose(log_s, log_s.T, rtol=1e-10, atol=1e-10)
    assert np.isfinite(log_st).all()


def test_several_times_equal_single_ones():
    L = laplacian(random_affinity(60, 1))
    times = np.array([0.3, 1.2, 2.4, 300.0])
    for method in ("series", "squaring", "chebyshev"):
        together = log_heat_kernel(L, times, [0, 5, 7], method=method, tol=1e-12)
        for t, log_h in zip(times, together):
            alone = log_heat_kernel(L, t, [0, 5, 7], method=method, tol=1e-12)
            np.testing.assert_allclose(log_h, alone, rtol=1e-9, atol=1e-9)


def test_long_times_reach_the_stationary_state():
    L = laplacian(random_affinity(40, 2), "combinatorial")
    for method in RELATIVE:
        H = np.exp(log_heat_kernel(L, 5000.0, method=method))
        np.testing.assert_allclose(H, 1 / 40, rtol=1e-9)


def test_underflow_goes_on_growing_with_the_hops():
    L = laplacian(path_graph(600), "combinatorial")
    log_h = log_heat_kernel(L, 0.5, [0])[:, 0]
    root = np.sqrt(-log_h[1:])
    assert np.isfinite(root).all()
    assert (np.diff(root) > 0).all()
    assert log_h[-1] < -900  # beyond what a float64 can hold


def test_components_do_not_mix():
    W = sp.block_diag([path_graph(4), path_graph(5)], format="csr")
    log_h = log_heat_kernel(laplacian(sp.csr_array(W)), 2.0)
    assert np.isneginf(log_h[:4, 4:]).all()
    assert np.isfinite(log_h[:4, :4]).all()


def test_threads_do_not_change_bits():
    L = laplacian(random_affinity(700, 3, 0.01))
    B = np.random.default_rng(0).random((700, 70))
    for method in ("series", "chebyshev"):
        one = heat_action(L, 5.0, B, method=method, n_jobs=1)
        assert np.array_equal(one, heat_action(L, 5.0, B, method=method, n_jobs=2))


def test_reordered_nodes_of_a_large_graph():
    """Beyond 4096 nodes the recurrence runs on reordered nodes."""
    n = 4200
    order = np.random.default_rng(0).permutation(n)
    L = laplacian(path_graph(n), "combinatorial")
    shuffled = sp.csr_array(L[order][:, order])
    log_h = log_heat_kernel(shuffled, 7.0, [int(np.flatnonzero(order == 2000)[0])])[:, 0]
    hops = np.abs(order - 2000)
    near = hops < 100
    np.testing.assert_allclose(log_h[near], np.log(ive(hops[near], 14.0)), rtol=0, atol=1e-11)


def test_a_series_that_would_not_end():
    L = laplacian(path_graph(20))
    with pytest.raises(ValueError, match=r"takes about 1e\+09 products"):
        log_heat_kernel(L, 1e9, method="series")


@pytest.mark.parametrize(
    ("function", "match"),
    [
        (lambda L: heat_action(L, 1.0, np.ones((5, 1))), "B must have shape"),
        (lambda L: heat_action(L, 1.0, np.ones(20)), "B must have shape"),
        (lambda L: heat_action(L[:3], 1.0, np.ones((20, 1))), "L must be a square"),
        (lambda L: heat_action(L, -1.0, np.ones((20, 1))), "t must hold"),
        (lambda L: log_heat_kernel(L, np.nan), "t must hold"),
        (lambda L: log_heat_kernel(L, []), "t must hold"),
        (lambda L: log_heat_kernel(L, 1j), "Complex data not supported: t"),
        (lambda L: log_heat_kernel(L, 1e30, method="eigh"), "rounding errors decide"),
        (lambda L: heat_action(1e300 * L, 1.0, np.eye(20), method="euler"), "rounding errors"),
        (lambda L: log_heat_kernel(L, 1.0, [20]), "columns must be"),
        (lambda L: log_heat_kernel(L, 1.0, [-1]), "columns must be"),
        (lambda L: log_heat_kernel(L, 1.0, np.ones(20, dtype=bool)), "columns must be"),
        (lambda L: log_heat_kernel(L, 1.0, method="expm"), "'method' parameter"),
        (lambda L: log_heat_kernel(L, 1.0, order=0), "'order' parameter"),
        (lambda L: heat_action(L, 1.0, np.eye(20), method="magic"), "'method' parameter"),
        (lambda L: heat_action(L, 1.0, np.eye(20), tol=0), "'tol' parameter"),
        (lambda L: heat_action(L, 1.0, np.full((20, 1), np.nan)), "B contains NaN"),
        (lambda L: heat_action(np.ones(20), 1.0, np.eye(20)), r"L must be .* got shape \(20,\)"),
    ],
)
def test_bad_input(function, match):
    """A block of the wrong height was read beyond its end."""
    with pytest.raises(ValueError, match=match):
        function(laplacian(path_graph(20)))


@pytest.mark.parametrize("order", [None, 80])
def test_eigenpairs_act_like_the_matrix_exponential(order):
    L = laplacian(random_affinity(80, 0), "normalized")
    B = np.random.default_rng(0).random((80, 3))
    expected = expm(-2.0 * L.toarray()) @ B
    np.testing.assert_allclose(heat_action(L, 2.0, B, method="eigh"), expected, atol=1e-12)
    low = heat_action(L, [2.0], B, method="lowrank", order=order)[0]
    np.testing.assert_allclose(low, expected, atol=1e-12)


def test_few_eigenpairs_leave_out_the_fast_modes():
    """Of a long path, what 20 eigenpairs leave out is below exp(-t lambda_20)."""
    L = laplacian(path_graph(300), "combinatorial")
    t = 400.0
    exact = np.exp(log_heat_kernel(L, t))
    unit = np.eye(300)
    low = heat_action(L, t, unit, method="lowrank", order=20)
    missing = np.exp(-t * 4 * np.sin(np.pi * 20 / 600) ** 2)  # the path's eigenvalues are known
    assert np.linalg.norm(low - exact, 2) == pytest.approx(missing, rel=1e-6)
    with pytest.raises(ValueError, match="'method' parameter"):
        heat_action(L, t, unit, method="squaring")
