"""Other methods as settings of this one, held to their definitions."""

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.sparse.csgraph import shortest_path
from scipy.spatial.distance import cdist

from skgeom.manifold import (
    HeatGeodesicDistance,
    HeatGeodesicEmbedding,
    affinity_graph,
    classical_mds,
    laplacian,
)
from skgeom.manifold._heat_geodesic import PRESETS
from tests.manifold.data import swiss_roll

X, _ = swiss_roll(150, 0.1, 0)


def same_picture(Y, Z, atol):
    np.testing.assert_allclose(cdist(Y, Y), cdist(Z, Z), atol=atol)


@pytest.mark.parametrize("laplacian_kind", ["normalized", "random_walk"])
def test_diffusion_maps(laplacian_kind):
    """Classical scaling of diffusion distances: the coordinates exp(-t lambda_k) u_k."""
    t = 30.0
    heat = HeatGeodesicEmbedding.from_preset(
        "diffusion_maps", n_components=3, laplacian=laplacian_kind, t=t, scale="heat"
    ).fit(X)
    W = affinity_graph(X)
    values, U = np.linalg.eigh(laplacian(W).toarray())
    coordinates = U * np.exp(-t * values)
    if laplacian_kind == "random_walk":
        d = W.sum(axis=1)
        # D^-1/2 u_0 is constant: only the others tell points apart
        coordinates = (coordinates / np.sqrt(d / d.mean())[:, None])[:, 1:]
    centred = coordinates - coordinates.mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    same_picture(heat.embedding_, left[:, :3] * singular[:3], 1e-6)


def test_isomap():
    """Shortest paths along the neighbours' graph and classical scaling, by brute force."""
    heat = HeatGeodesicEmbedding.from_preset("isomap", n_neighbors=8, scale="heat").fit(X)
    D = cdist(X, X)
    near = np.argsort(D, axis=1)[:, 1:9]
    graph = np.zeros_like(D)
    rows = np.arange(len(X))[:, None]
    graph[rows, near] = D[rows, near]
    geodesic = shortest_path(np.maximum(graph, graph.T))
    same_picture(heat.embedding_, classical_mds(geodesic, 2), 1e-8)


@pytest.mark.parametrize("heat_method", ["auto", "power"])
def test_phate(heat_method):
    """The potential |log P_i - log P_j| of the random walk, and metric scaling of it.

    "power" is PHATE's own operator with gamma = 1: t steps of the walk, self loops kept.
    """
    heat = HeatGeodesicEmbedding.from_preset(
        "phate", t=10, heat_method=heat_method, scale="heat", random_state=0
    ).fit(X)
    W = affinity_graph(X)
    if heat_method == "auto":
        P = expm(-10.0 * laplacian(W, "random_walk").toarray())
    else:
        K = W.toarray() + np.eye(len(X))
        P = np.linalg.matrix_power(K / K.sum(axis=1, keepdims=True), 10)
    np.testing.assert_allclose(heat.heat_kernel(), P, rtol=1e-6, atol=1e-11)
    if heat_method == "auto":
        potential = cdist(np.log(P), np.log(P))
        np.testing.assert_allclose(heat.landmark_dissimilarity_, potential, rtol=1e-5, atol=1e-5)


def test_phate_where_the_walk_reaches_all():
    """With enough steps every entry of P^t is positive and the potential is PHATE's."""
    Z = np.random.default_rng(0).standard_normal((60, 2))
    heat = HeatGeodesicEmbedding.from_preset("phate", t=40, scale="heat", random_state=0).fit(Z)
    K = affinity_graph(Z).toarray() + np.eye(60)
    P = np.linalg.matrix_power(K / K.sum(axis=1, keepdims=True), 40)
    potential = cdist(np.log(P), np.log(P))
    np.testing.assert_allclose(heat.landmark_dissimilarity_, potential, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("gamma", [-1.0, 0.0, 0.5])
@pytest.mark.parametrize("distance", [HeatGeodesicEmbedding, HeatGeodesicDistance])
def test_potentials_of_phate(gamma, distance):
    """The potential (2 / (1 - gamma)) P^t ** ((1 - gamma) / 2), and log P^t as gamma tends to 1."""
    K = affinity_graph(X).toarray() + np.eye(len(X))
    P = np.linalg.matrix_power(K / K.sum(axis=1, keepdims=True), 20)
    potential = P ** ((1 - gamma) / 2) * 2 / (1 - gamma)
    options = {**PRESETS["phate"], "t": 20, "gamma": gamma, "random_state": 0}
    heat = distance(**options).fit(X)
    rows = slice(3, 9)
    new = heat.dissimilarity(X[rows], X) if hasattr(heat, "dissimilarity") else heat.transform(X)
    new = new if len(new) == 6 else new[rows]
    scale = getattr(heat, "scale_", 1.0)
    np.testing.assert_allclose(new / scale, cdist(potential[rows], potential), rtol=1e-6, atol=1e-7)


def test_potential_tends_to_the_logarithm():
    Z = np.random.default_rng(0).standard_normal((60, 2))
    heat = HeatGeodesicDistance(**PRESETS["phate"], t=40, random_state=0)
    limit = heat.fit_transform(Z)
    near = heat.set_params(gamma=1 - 1e-5).fit_transform(Z)
    np.testing.assert_allclose(near, limit, rtol=1e-3, atol=1e-6)


def test_power_takes_whole_steps():
    with pytest.raises(ValueError, match="whole numbers of steps"):
        HeatGeodesicEmbedding(heat_method="power", t=2.5).fit(X)
    with pytest.raises(ValueError, match="is a walk"):
        HeatGeodesicEmbedding(heat_method="power", laplacian="combinatorial").fit(X)
    t = HeatGeodesicEmbedding(heat_method="power").fit(X).t_
    assert t == round(t) >= 1


def test_sne_attraction_is_the_heat_weighted_residual():
    """KL(p|q) = 1/4t sum h_ij (|y_i - y_j|^2 - d_ij^2) + sum_i log Z_i at sigma = 0.

    For a stochastic (combinatorial) kernel and q_ij ~ exp(-|y_i - y_j|^2 / 4t): so that power 2
    and weights h weigh residuals as SNE's attraction does.
    """
    t = 2.0
    heat = HeatGeodesicEmbedding.from_preset("sne", t=t, scale="heat", random_state=0).fit(X)
    H = heat.heat_kernel()
    squares = heat.landmark_dissimilarity_.copy()
    np.fill_diagonal(squares, -4 * t * np.log(np.diag(H)))
    Y = np.random.default_rng(0).standard_normal((len(X), 2))
    gaps = cdist(Y, Y) ** 2
    Z = np.exp(-gaps / (4 * t)).sum(axis=1)
    q = np.exp(-gaps / (4 * t)) / Z[:, None]
    divergence = (H * np.log(H / q)).sum()
    identity = (H * (gaps - squares)).sum() / (4 * t) + np.log(Z).sum()
    assert divergence == pytest.approx(identity, rel=1e-10)
    assert np.isfinite(heat.embedding_).all()


def test_random_walk():
    """Varadhan's distance of the symmetric walk D^1/2 P^t D^-1/2."""
    t = 30
    heat = HeatGeodesicEmbedding.from_preset("random_walk", t=t, sigma=0.0, random_state=0).fit(X)
    K = affinity_graph(X).toarray() + np.eye(len(X))
    d = K.sum(axis=1)
    walk = np.linalg.matrix_power(K / np.sqrt(d[:, None] * d), t)
    reached = walk > 1e-250
    np.fill_diagonal(reached, False)
    expected = np.sqrt(np.maximum(-4 * t * np.log(np.maximum(walk, 1e-300)), 0))
    D = heat.landmark_dissimilarity_
    np.testing.assert_allclose(D[reached], expected[reached], rtol=1e-8)


def test_unknown_preset():
    with pytest.raises(ValueError, match="name must be one of"):
        HeatGeodesicEmbedding.from_preset("tsne")
