import numpy as np
import pytest
import scipy.sparse as sp
from scipy.linalg import expm
from scipy.spatial.distance import cdist
from scipy.special import kve

from skgeom.manifold import HeatGeodesicDistance, affinity_graph, laplacian, log_heat_kernel
from skgeom.manifold._dissimilarity import (
    all_row_distances,
    diffusion_distance,
    heat_distance,
    row_distances,
    time_weights,
)
from tests.manifold.data import grid_graph, path_graph


def points(n=60, seed=0):
    return np.random.default_rng(seed).standard_normal((n, 3))


def graph_distance(W, **options):
    return HeatGeodesicDistance(graph="precomputed", random_state=0, **options).fit_transform(W)


def test_periodic_grid_is_euclidean_within_one_percent():
    side = 41
    W = grid_graph(side, periodic=True)
    L = laplacian(W, "combinatorial")
    log_h = log_heat_kernel(L, 20.0, [0])
    log_diag = np.full(side**2, log_h[0, 0])
    d = heat_distance(log_h, log_diag, log_diag[:1], 20.0, 1.0)[:, 0]
    i, j = np.divmod(np.arange(side**2), side)
    true = np.hypot(np.minimum(i, side - i), np.minimum(j, side - j))
    near = (true >= 1) & (true <= 15)
    assert abs(d[near] / true[near] - 1).max() <= 0.01


def test_formula():
    W = affinity_graph(points(), n_neighbors=6)
    H = expm(-4.0 * laplacian(W).toarray())
    for sigma in (0.0, 0.5, 1.0, 1.5):
        v = 2 / (np.diag(H)[:, None] + np.diag(H))
        expected = np.sqrt(np.maximum(0, -16 * np.log(H) - sigma * 16 * np.log(v)))
        np.fill_diagonal(expected, 0)
        options = {"t": 4.0, "sigma": sigma, "laplacian": "normalized"}
        D = graph_distance(W, **options)
        np.testing.assert_allclose(D, expected, rtol=1e-6, atol=1e-6)
        D2 = graph_distance(W, **options, power=2.0)
        np.testing.assert_allclose(D2, expected**2, rtol=1e-6, atol=1e-6)


def test_diffusion_distance_is_that_of_rows():
    H = expm(-2.0 * laplacian(affinity_graph(points(), n_neighbors=6)).toarray())
    H2 = H @ H
    d = diffusion_distance(np.log(H2), np.log(np.diag(H2)), np.log(np.diag(H2)))
    np.testing.assert_allclose(d**2, cdist(H, H) ** 2, atol=1e-14)


@pytest.mark.parametrize("kind", ["combinatorial", "normalized", "random_walk"])
def test_diffusion_maps(kind):
    """Distances of the coordinates exp(-t lambda_k) u_k (random walk: D^-1/2 u_k)."""
    W = affinity_graph(points(), n_neighbors=6)
    t = 3.0
    L = laplacian(W, "combinatorial" if kind == "combinatorial" else "normalized").toarray()
    values, U = np.linalg.eigh(L)
    if kind == "random_walk":
        d = W.sum(axis=1)
        U = U / np.sqrt(d / d.mean())[:, None]
    coordinates = np.exp(-t * values) * U
    D = graph_distance(W, t=t, laplacian=kind, distance="diffusion")
    np.testing.assert_allclose(D, cdist(coordinates, coordinates), atol=1e-7)


def test_potential_is_the_triplet_distance_of_squares():
    """log h = -d^2/(4t) at sigma = 0, so the PHATE potential is 1/(4t) times the triplet of d^2."""
    t = 5.0
    W = affinity_graph(points(), n_neighbors=6)
    potential = graph_distance(W, t=t, distance="potential", laplacian="normalized")
    log_h = log_heat_kernel(laplacian(W), t)
    np.testing.assert_allclose(potential, cdist(log_h, log_h), rtol=1e-10, atol=1e-10)
    squares = -4 * t * log_h
    np.testing.assert_allclose(potential, cdist(squares, squares) / (4 * t), rtol=1e-10, atol=1e-10)


def test_potential_of_the_random_walk():
    """|log P_i - log P_j| of the rows of exp(-t (I - D^-1 W)): the degrees cancel."""
    W = affinity_graph(points(), n_neighbors=6)
    P = expm(-3.0 * laplacian(W, "random_walk").toarray())
    D = graph_distance(W, t=3.0, laplacian="random_walk", distance="potential")
    np.testing.assert_allclose(D, cdist(np.log(P), np.log(P)), rtol=1e-7, atol=1e-6)


def test_triplet_and_denoising():
    W = affinity_graph(points(), n_neighbors=6)
    d = graph_distance(W, t=4.0)
    T = graph_distance(W, t=4.0, distance="triplet")
    np.testing.assert_allclose(T, cdist(d, d), rtol=1e-7, atol=1e-5)
    mixed = graph_distance(W, t=4.0, rho=0.3)
    np.testing.assert_allclose(mixed, 0.7 * d + 0.3 * T, rtol=1e-9, atol=1e-9)


def test_log_ratio_tends_to_hops():
    W = grid_graph(6)
    hops = sp.csgraph.shortest_path(W, unweighted=True)
    D = graph_distance(W, t=1e-30, distance="log_ratio", laplacian="combinatorial")
    np.testing.assert_allclose(D, hops, atol=0.3)
    # here t^2 underflows already: two hops and more are continued from one
    D = graph_distance(W, t=1e-200, distance="log_ratio", laplacian="combinatorial")
    np.testing.assert_allclose(D[hops == 1], 1, atol=0.02)
    assert (np.diff([D[hops == k].mean() for k in range(1, 11)]) > 0).all()


def test_shortest_path():
    X = points()
    W, lengths = affinity_graph(X, n_neighbors=6, return_lengths=True)
    D = HeatGeodesicDistance(n_neighbors=6, distance="shortest_path").fit_transform(X)
    np.testing.assert_allclose(D, sp.csgraph.shortest_path(lengths), rtol=1e-12)
    with pytest.raises(ValueError, match="needs lengths"):
        graph_distance(W, distance="shortest_path")


def test_several_times():
    W = affinity_graph(points(), n_neighbors=6)
    times = [2.0, 5.0, 20.0]
    expected = sum(w * graph_distance(W, t=t) for w, t in zip(time_weights(times), times))
    np.testing.assert_allclose(graph_distance(W, t=times), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(time_weights(times), np.array([25, 22, 7]) / 54)


@pytest.mark.parametrize("n_steps", [1, 2, 5, 30])
def test_matched_inverse_recovers_distances_on_a_line(n_steps):
    t = 3.0
    r = np.array([0.05, 0.5, 1.0, 4.0, 20.0, 60.0])
    order, rate = n_steps - 0.5, np.sqrt(n_steps / t)

    def log_kernel(r):
        return order * np.log(r) + np.log(kve(order, r * rate)) - r * rate

    at_zero = log_kernel(np.array([1e-7]))
    if n_steps > 2:  # Bessel functions overflow nearer to 0
        at_zero = log_kernel(np.array([1e-4]))
    log_h = log_kernel(r)[:, None]
    d = heat_distance(log_h, np.full(6, at_zero), at_zero, t, 1.0, euler_steps=n_steps)
    np.testing.assert_allclose(d[:, 0], r, rtol=2e-3)


def test_euler_with_matched_inverse_on_a_fine_path():
    """On a path the K-step kernel is the line's: distances come out even where h is tiny."""
    D = graph_distance(
        path_graph(300), t=200.0, laplacian="combinatorial",
        heat_method="euler", heat_order=5, inverse="matched",
    )  # fmt: skip
    hops = np.arange(10, 100)
    np.testing.assert_allclose(D[150, 150 + hops], hops, rtol=0.02)


def test_row_distances():
    rng = np.random.default_rng(0)
    A, B, w = rng.random((20, 7)), rng.random((9, 7)), rng.random(7)
    np.testing.assert_allclose(row_distances(A, B, w), cdist(A * np.sqrt(w), B * np.sqrt(w)))
    np.testing.assert_allclose(
        all_row_distances(A, w), cdist(A * np.sqrt(w), A * np.sqrt(w)), atol=1e-7
    )
    assert np.array_equal(row_distances(A, B, w)[3:4], row_distances(A[3:4], B, w))
