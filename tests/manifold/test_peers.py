"""Against other packages where they are installed; the project needs none of them."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial.distance import cdist

from skgeom.manifold import (
    HeatGeodesicDistance,
    HeatGeodesicEmbedding,
    StressMDS,
    affinity_graph,
    classical_mds,
    laplacian,
    log_heat_kernel,
)
from tests.manifold.data import swiss_roll

X, _ = swiss_roll(150, 0.1, 0)


def peer(name):
    return pytest.importorskip(name, reason=f"{name}, a peer, is not installed")


def graphtools_affinity(n_neighbors, anisotropy=0):
    graph = peer("graphtools").Graph(
        X, n_pca=None, knn=n_neighbors, decay=40, anisotropy=anisotropy, thresh=1e-4, verbose=0
    )
    K = sp.csr_array(graph.kernel).toarray()
    np.fill_diagonal(K, 0.0)
    return K


@pytest.mark.parametrize("anisotropy", [0, 1])
def test_affinities_of_graphtools(anisotropy):
    """Up to its bandwidths, which it rounds to single precision (their 40th power: 1e-6)."""
    W = affinity_graph(X, n_neighbors=5, anisotropy=anisotropy).toarray()
    K = graphtools_affinity(5, anisotropy)
    np.testing.assert_array_equal(W > 0, K > 0)
    np.testing.assert_allclose(W, K, rtol=0, atol=2e-6)


@pytest.mark.parametrize("gamma", [1, 0, -1])
def test_potential_of_phate(gamma):
    """PHATE adds 1e-7 to probabilities before their logarithm: these are of 1e-3 and more."""
    Z = np.random.default_rng(0).standard_normal((60, 2))
    phate = peer("phate").PHATE(
        knn=10, t=40, gamma=gamma, n_pca=None, n_landmark=None, verbose=0, random_state=0
    )
    potential = phate.fit(Z).diff_potential
    heat = HeatGeodesicEmbedding.from_preset("phate", t=40, gamma=gamma, random_state=0).fit(Z)
    D = heat.landmark_dissimilarity_
    np.testing.assert_allclose(D, cdist(potential, potential), rtol=1e-3, atol=1e-6)
    if gamma == 1:
        H = heat.heat_kernel()
        np.testing.assert_allclose(-np.log(H + 1e-7), potential, atol=1e-6)


@pytest.mark.parametrize("sigma", [0.0, 1.0])
def test_distances_of_heatgeo(sigma):
    """The authors' distances on the same graph, where their kernel is above its rounding."""
    authors = peer("heatgeo.embedding").HeatGeo(
        knn=10, tau=10, order=200, n_pca=None, harnack_regul=sigma, lap_type="normalized"
    )
    authors.fit(X)
    authors.metric_computation(X)
    W = authors.graph.W.toarray()
    large = log_heat_kernel(laplacian(W), 10.0) > np.log(1e-9)
    np.fill_diagonal(large, False)
    assert 0.3 < large.mean() < 0.95
    D = HeatGeodesicDistance(graph="precomputed", t=10.0, sigma=sigma).fit_transform(W)
    np.testing.assert_allclose(D[large], authors.dist[large], rtol=1e-6, atol=1e-6)


def test_stress_of_s_gd2():
    """From the classical start, the best of three seeds each."""
    s_gd2 = peer("s_gd2")
    points = np.random.default_rng(0).standard_normal((200, 6))
    D = cdist(points, points)
    pairs = np.triu_indices(200, 1)
    theirs = []
    for seed in range(3):
        Y = s_gd2.mds_direct(200, D[pairs], init=classical_mds(D, 2), random_seed=seed)
        theirs.append(np.sqrt(((cdist(Y, Y) - D) ** 2).sum() / (D**2).sum()))
    ours = [StressMDS(random_state=seed).fit(D).stress_ for seed in range(3)]
    assert min(ours) <= 1.01 * min(theirs)
