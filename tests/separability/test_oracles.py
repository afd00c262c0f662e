"""Known barcodes, invariants and independent implementations."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import linkage
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import DBSCAN
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skgeom.separability import SeparabilityScorer, h0_persistence

SEEDS = st.integers(0, 10**6)
FEW = settings(max_examples=15, deadline=None)


def cloud(n=70, d=5, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_two_tight_groups():
    X = 0.01 * cloud(60, 3)
    X[30:, 0] += 7
    found = SeparabilityScorer("persistence", normalize=None).fit(X)
    diameter = max(pdist(X[:30]).max(), pdist(X[30:]).max())
    assert found.lifetimes_[-1] == pytest.approx(7, abs=2 * diameter)
    assert found.lifetimes_[-2] <= diameter
    assert found.n_clusters_ == 2
    assert found.score_ > 0.95


@FEW
@given(SEEDS, st.integers(3, 40), st.integers(1, 4))
def test_order_of_rows_leaves_the_lifetimes(seed, n, d):
    rng = np.random.default_rng(seed)
    X = rng.integers(-3, 4, (n, d)) / 2
    np.testing.assert_array_equal(h0_persistence(X), h0_persistence(rng.permutation(X)))


@FEW
@given(SEEDS, st.floats(1e-3, 1e3))
def test_rigid_motions_and_scale(seed, scale):
    rng = np.random.default_rng(seed)
    X, lifetimes = cloud(40, 4, seed), h0_persistence(cloud(40, 4, seed))
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    moved = h0_persistence(scale * (X @ rotation + rng.normal(size=4)))
    np.testing.assert_allclose(moved, scale * lifetimes, rtol=1e-9)


@FEW
@given(SEEDS, st.floats(0.0, 1.0))
def test_moving_points_moves_lifetimes_by_at_most_twice_as_much(seed, epsilon):
    X, rng = cloud(30, 3, seed), np.random.default_rng(seed + 1)
    step = rng.normal(size=X.shape)
    step *= epsilon * rng.random((30, 1)) / np.linalg.norm(step, axis=1, keepdims=True)
    moved = np.abs(h0_persistence(X + step) - h0_persistence(X)).max()
    assert moved <= 2 * epsilon + 1e-12


@FEW
@given(SEEDS)
def test_monotone_change_of_the_metric_maps_the_lifetimes(seed):
    D = squareform(pdist(cloud(30, 3, seed)))
    lifetimes = h0_persistence(D, metric="precomputed")
    np.testing.assert_allclose(h0_persistence(np.log1p(D), "precomputed"), np.log1p(lifetimes))


@FEW
@given(SEEDS, st.integers(2, 40))
def test_tree_spans_and_counts_components(seed, n):
    X = cloud(n, 3, seed)
    lifetimes, edges = h0_persistence(X, return_mst=True)
    tree = sp.coo_array((np.ones(n - 1), edges.T), shape=(n, n))
    assert connected_components(tree, directed=False)[0] == 1
    D = squareform(pdist(X))
    for threshold in np.quantile(D, [0.05, 0.3]) * (1 + 1e-9):
        parts = connected_components(sp.csr_array((threshold >= D).astype(float)))[0]
        assert np.count_nonzero(lifetimes > threshold) + 1 == parts
    # cut property: no pair across a cut is shorter than the shortest tree edge across it
    side = np.random.default_rng(seed).random(n) < 0.5
    crossing = side[edges[:, 0]] != side[edges[:, 1]]
    if crossing.any():
        assert lifetimes[crossing].min() == pytest.approx(D[side][:, ~side].min())


@FEW
@given(SEEDS)
def test_appending_a_duplicate_row_appends_a_zero(seed):
    X = cloud(25, 3, seed)
    longer = h0_persistence(np.r_[X, X[[7]]])
    np.testing.assert_array_equal(longer, np.r_[0.0, h0_persistence(X)])


# Independent implementations, where installed

DUPLICATED = np.r_[cloud(150, 20), cloud(150, 20)[:30]]


def test_gudhi_agrees():
    rips = pytest.importorskip("gudhi.sklearn.rips_persistence")
    deaths = rips.RipsPersistence(homology_dimensions=0).fit_transform([DUPLICATED])[0][:, 1]
    deaths = np.sort(deaths[np.isfinite(deaths)])
    lifetimes = h0_persistence(DUPLICATED)
    # gudhi leaves classes of no persistence out
    np.testing.assert_allclose(lifetimes[len(lifetimes) - len(deaths) :], deaths, rtol=1e-6)


def agree_in_single_precision(deaths):
    """Theirs come from products of rows, which lose the zeros of duplicates."""
    lifetimes = h0_persistence(DUPLICATED)[-len(deaths) :]
    np.testing.assert_allclose(lifetimes, deaths, rtol=2e-6, atol=1e-5)


def test_ripser_agrees():
    ripser = pytest.importorskip("ripser")
    deaths = ripser.ripser(DUPLICATED, maxdim=0)["dgms"][0][:, 1]
    deaths = np.sort(deaths[np.isfinite(deaths)])
    agree_in_single_precision(deaths)


def test_giotto_ph_agrees():
    gph = pytest.importorskip("gph", reason="giotto-ph")
    deaths = gph.ripser_parallel(DUPLICATED, maxdim=0, n_threads=1)["dgms"][0][:, 1]
    deaths = np.sort(deaths[np.isfinite(deaths)])
    agree_in_single_precision(deaths)


def test_hdbscan_agrees_on_mutual_reachability():
    hdbscan = pytest.importorskip("hdbscan._hdbscan_linkage", reason="hdbscan")
    metrics = pytest.importorskip("hdbscan.dist_metrics", reason="hdbscan")
    X, k = cloud(150, 20), 4
    # its cores count the point itself; ours do not
    core = np.sort(squareform(pdist(X)), axis=1)[:, k].copy()
    metric = metrics.DistanceMetric.get_metric("euclidean")
    found = np.sort(hdbscan.mst_linkage_core_vector(X, core, metric, 1.0)[:, 2])
    np.testing.assert_allclose(h0_persistence(X, min_samples=k), found, rtol=1e-6)


def test_quitefastmst_agrees():
    package = pytest.importorskip("quitefastmst")
    found = np.sort(package.mst_euclid(DUPLICATED, 0)[0])
    np.testing.assert_allclose(h0_persistence(DUPLICATED), found, rtol=1e-9)


def test_mlpack_agrees():
    mlpack = pytest.importorskip("mlpack")
    found = np.sort(mlpack.emst(input_=DUPLICATED)["output"][:, 2])
    np.testing.assert_allclose(h0_persistence(DUPLICATED), found, rtol=1e-9)


# Kinds of input


KINDS = {
    "fortran": np.asfortranarray,
    "read-only": lambda X: _read_only(X.copy()),
    "strided": lambda X: np.repeat(X, 2, axis=0)[::2],
    "list": lambda X: X.tolist(),
    "csr": sp.csr_array,
    "csc": sp.csc_matrix,
    "coo": sp.coo_array,
    "int64 indices": lambda X: _wide_indices(sp.csr_array(X)),
}


def _read_only(X):
    X.flags.writeable = False
    return X


def _wide_indices(X):
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


@pytest.mark.parametrize("normalize", [None, "l2", "standard"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_input_gives_the_same(kind, normalize):
    X = np.where(cloud(60, 6) > 0, cloud(60, 6, 1), 0)
    X[:, 0] = 1
    scorer = SeparabilityScorer(["negentropy", "balanced_sum"], normalize=normalize)
    expected = scorer.fit(X).statistics_
    given_ = KINDS[kind](X)
    found = scorer.fit(given_)
    assert found.statistics_ == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(found.lifetimes_, h0_persistence(scorer._normalized(X)), rtol=1e-9)


def test_sparse_distances_that_are_bad():
    D = squareform(pdist(cloud(30, 2)))
    scorer = SeparabilityScorer(metric="precomputed", normalize=None)
    stored_zero = sp.csr_array(D)
    stored_zero.data[3] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        scorer.fit(stored_zero)
    with pytest.raises(ValueError, match="square"):
        h0_persistence(D[:, :5], "precomputed")


def test_pipeline_whose_last_step_does_not_transform():
    X = cloud(90, 6)
    y = (X[:, 0] > 0).astype(int)
    scorer = SeparabilityScorer()
    predictor = make_pipeline(PCA(3), LogisticRegression()).fit(X, y)
    expected = SeparabilityScorer().fit(predictor[:-1].transform(X)).score_
    assert scorer(predictor, X) == expected
    assert scorer(predictor, X, y) == expected
    groups = make_pipeline(PCA(3), DBSCAN()).fit(X)
    assert scorer(groups, X) == SeparabilityScorer().fit(groups[:-1].transform(X)).score_
    with pytest.raises(TypeError, match="Pipeline has none of the methods"):
        scorer(make_pipeline(DBSCAN()).fit(X), X)


def test_lifetimes_are_single_linkage_heights_of_embeddings():
    from skgeom.datasets import load_text_embeddings

    X = load_text_embeddings().data[:700]
    heights = linkage(X.astype(np.float64), "single")[:, 2]
    np.testing.assert_allclose(h0_persistence(X.astype(np.float32)), heights, rtol=1e-6)
    np.testing.assert_allclose(h0_persistence(X.astype(np.float64)), heights, rtol=1e-12)
