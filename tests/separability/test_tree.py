import numpy as np
import pytest
import scipy.sparse as sp
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import cdist, pdist, squareform

from skgeom.separability._tree import TreeSettings, _euclidean_core, build_barcode


def cloud(n=80, d=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def heights(distances):
    return np.sort(linkage(squareform(distances, checks=False), "single")[:, 2])


@pytest.mark.parametrize(
    "metric",
    ["euclidean", "l2", "sqeuclidean", "cosine", "correlation", "cityblock", "chebyshev"],
)
def test_metrics_agree_with_scipy(metric):
    X = cloud()
    expected = heights(squareform(pdist(X, "euclidean" if metric == "l2" else metric)))
    lifetimes = build_barcode(X, TreeSettings(metric=metric)).lifetimes
    np.testing.assert_allclose(lifetimes, expected, rtol=1e-9)


def test_angular_is_the_angle_in_radians():
    X = cloud()
    expected = heights(np.arccos(1 - squareform(pdist(X, "cosine"))))
    lifetimes = build_barcode(X, TreeSettings(metric="angular")).lifetimes
    np.testing.assert_allclose(lifetimes, expected, rtol=1e-9)
    opposite = np.array([[1.0, 0.0], [-2.0, 0.0]])
    assert build_barcode(opposite, TreeSettings(metric="angular")).lifetimes[0] == pytest.approx(
        np.pi
    )


def test_callable_and_parameters():
    X = cloud()

    def largest(a, b):
        return np.max(np.abs(a - b))

    by_name = build_barcode(X, TreeSettings(metric="chebyshev")).lifetimes
    np.testing.assert_allclose(
        build_barcode(X, TreeSettings(metric=largest)).lifetimes, by_name, rtol=1e-12
    )
    minkowski = TreeSettings(metric="minkowski", metric_params={"p": 3})
    np.testing.assert_allclose(
        build_barcode(X, minkowski).lifetimes, heights(squareform(pdist(X, "minkowski", p=3)))
    )


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "cityblock", "precomputed"])
@pytest.mark.parametrize("k", [2, 5])
def test_min_samples_is_mutual_reachability(metric, k):
    X = cloud(d=4)
    distances = squareform(pdist(X, "euclidean" if metric == "precomputed" else metric))
    core = np.sort(distances, axis=1)[:, k]
    mutual = np.maximum(distances, np.maximum(core[:, None], core[None]))
    data = distances if metric == "precomputed" else X
    lifetimes = build_barcode(data, TreeSettings(metric=metric, min_samples=k)).lifetimes
    np.testing.assert_allclose(lifetimes, heights(mutual), rtol=1e-9)


CORE_CLOUDS = {
    "plain": cloud(90, 20),
    "duplicates": np.repeat(cloud(30, 20), 3, axis=0),
    "far away": 1e4 + cloud(90, 20),
    "float32": cloud(90, 40).astype(np.float32),
    "tiny and huge": cloud(90, 20) * 10.0 ** np.arange(-3, 3).repeat(15)[:, np.newaxis],
}


@pytest.mark.parametrize("k", [1, 2, 7, 89])
@pytest.mark.parametrize("name", CORE_CLOUDS)
def test_core_distances_of_many_features(name, k):
    X = CORE_CLOUDS[name]
    expected = np.sort(cdist(X, X), axis=1)[:, k]
    np.testing.assert_allclose(_euclidean_core(X, k), expected, rtol=1e-12)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan"])
@pytest.mark.parametrize("memory", [1024, 0.01])
def test_sparse_points_give_what_dense_ones_give(metric, memory):
    X = cloud(60, 30)
    X[np.abs(X) < 1] = 0
    X[10] = X[11]
    dense = build_barcode(X, TreeSettings(metric=metric)).lifetimes
    sparse = build_barcode(sp.csr_array(X), TreeSettings(metric=metric, memory=memory)).lifetimes
    np.testing.assert_allclose(sparse, dense, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("k", [None, 3])
def test_sparse_graph_with_every_edge_is_the_dense_matrix(k):
    distances = squareform(pdist(cloud()))
    dense = build_barcode(distances, TreeSettings("precomputed", min_samples=k)).lifetimes
    graph = build_barcode(
        sp.csr_array(distances), TreeSettings("precomputed", min_samples=k)
    ).lifetimes
    np.testing.assert_array_equal(graph, dense)


def test_nearest_neighbours_come_with_the_tree():
    X = cloud(200, 3)
    distances = squareform(pdist(X))
    np.fill_diagonal(distances, np.inf)
    nearest, who = build_barcode(X, TreeSettings()).nearest()
    np.testing.assert_allclose(nearest, distances.min(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(who, distances.argmin(axis=1))


def test_undefined_distances_are_refused():
    X = np.zeros((4, 3))
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match="'braycurtis' gives nan"):
        build_barcode(X, TreeSettings(metric="braycurtis"))
    with pytest.raises(ValueError, match=r"gives -1\.0 between rows 0 and 1"):
        build_barcode(X + np.arange(4)[:, None], TreeSettings(metric=lambda a, b: -abs(a - b)[0]))


def test_points_with_too_few_neighbours_in_a_graph_are_alone():
    path = sp.csr_array(np.diag([1.0, 2.0, 3.0], 1) + np.diag([1.0, 2.0, 3.0], -1))
    barcode = build_barcode(path, TreeSettings(metric="precomputed", min_samples=2))
    np.testing.assert_array_equal(barcode.lifetimes, [3.0])
    assert barcode.n_components == 3


def test_zero_rows_have_no_direction():
    X = cloud(10)
    X[4] = 0
    for metric in ("cosine", "angular"):
        with pytest.raises(ValueError, match="Row 4 of X is zero"):
            build_barcode(X, TreeSettings(metric=metric))
