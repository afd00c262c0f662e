import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from skgeom.manifold import affinity_graph, connect_components, laplacian
from skgeom.manifold._affinity import Neighbors
from tests.manifold.data import path_graph

GRAPHS = ("alpha", "knn", "gaussian", "fuzzy")


def points(n=60, d=3, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))


@pytest.mark.parametrize("anisotropy", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("decay", "thresh"), [(40.0, 1e-4), (2.0, 1e-4), (10.0, 1e-2)])
def test_alpha_kernel_by_its_definition(anisotropy, decay, thresh):
    X, k = points(), 5
    D = cdist(X, X)
    scales = np.sort(D, axis=1)[:, k]  # column 0 is the point itself
    K = np.exp(-((D / scales[:, None]) ** decay))
    K[thresh > K] = 0.0
    K = (K + K.T) / 2
    q = K.sum(axis=1)
    K = K / np.outer(q, q) ** anisotropy
    np.fill_diagonal(K, 0.0)
    W = affinity_graph(X, n_neighbors=k, decay=decay, thresh=thresh, anisotropy=anisotropy)
    np.testing.assert_allclose(W.toarray(), K, rtol=1e-12, atol=1e-15)


def test_fuzzy_rows_sum_to_log2_k():
    """Before the union, memberships of a row sum to log2 k: rebuild it from a directed ring."""
    X, k = points(80), 8
    D = cdist(X, X)
    W = affinity_graph(X, graph="fuzzy", n_neighbors=k).toarray()
    # a, b of W = a + b - ab are the two directed memberships; rebuild them by brute force
    directed = np.zeros_like(D)
    for i in range(len(X)):
        near = np.argsort(D[i])[1 : k + 1]
        excess = D[i, near] - D[i, near].min()
        low, high = 1e-9, 1e3
        for _ in range(200):
            s = (low + high) / 2
            low, high = (low, s) if np.exp(-excess / s).sum() > np.log2(k) else (s, high)
        directed[i, near] = np.exp(-excess / s)
    np.testing.assert_allclose(W, directed + directed.T - directed * directed.T, atol=1e-8)


def test_gaussian_and_knn_by_their_definitions():
    X, k = points(50), 6
    D = cdist(X, X)
    near = np.argsort(D, axis=1)[:, 1 : k + 1]
    mask = np.zeros_like(D, dtype=bool)
    mask[np.arange(50)[:, None], near] = True
    s = np.sort(D, axis=1)[:, k]
    gaussian = np.where(mask | mask.T, np.exp(-(D**2) / np.outer(s, s)), 0)
    np.testing.assert_allclose(
        affinity_graph(X, graph="gaussian", n_neighbors=k).toarray(), gaussian, atol=1e-12
    )
    K = np.where(mask, np.exp(-((D / D[mask].mean()) ** 2)), 0)
    np.testing.assert_allclose(
        affinity_graph(X, graph="knn", n_neighbors=k).toarray(), (K + K.T) / 2, atol=1e-12
    )


@pytest.mark.parametrize("graph", GRAPHS)
def test_graph_properties(graph):
    X = points()
    W, lengths = affinity_graph(X, graph=graph, n_neighbors=5, return_lengths=True)
    assert abs(W - W.T).max() <= 1e-16
    assert W.data.min() > 0
    assert not W.diagonal().any()
    i, j = W.nonzero()
    np.testing.assert_allclose(lengths.toarray()[i, j], cdist(X, X)[i, j], rtol=1e-12)
    assert lengths.nnz == W.nnz
    D = affinity_graph(cdist(X, X), graph=graph, n_neighbors=5, metric="precomputed")
    np.testing.assert_allclose(D.toarray(), W.toarray(), atol=1e-12)
    sparse = affinity_graph(sp.csr_array(X), graph=graph, n_neighbors=5)
    np.testing.assert_allclose(sparse.toarray(), W.toarray(), atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1000),
    factor=st.floats(1e-3, 1e3),
    shift=st.floats(-100, 100),
    graph=st.sampled_from(GRAPHS),
)
def test_affinities_do_not_change_with_shift_and_scale(seed, factor, shift, graph):
    X = points(30, 2, seed)
    W = affinity_graph(X, graph=graph, n_neighbors=4).toarray()
    moved = affinity_graph(factor * (X + shift), graph=graph, n_neighbors=4).toarray()
    np.testing.assert_allclose(moved, W, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("graph", GRAPHS)
def test_duplicates(graph):
    X = np.repeat(points(6), 8, axis=0)
    if graph == "fuzzy":
        W = affinity_graph(X, graph=graph, n_neighbors=4)
    else:
        with pytest.warns(UserWarning, match="copies"):
            W = affinity_graph(X, graph=graph, n_neighbors=4)
    assert np.isfinite(W.data).all()
    assert W.nnz > 0


@pytest.mark.parametrize("graph", GRAPHS)
def test_constant_data_is_refused(graph):
    with pytest.raises(ValueError, match="All points are equal"):
        affinity_graph(np.ones((20, 3)), graph=graph, n_neighbors=4)


def test_too_many_neighbors_are_clamped():
    with pytest.warns(UserWarning, match="n_neighbors=9 is used"):
        W = affinity_graph(points(10), n_neighbors=15)
    assert W.shape == (10, 10)


def test_laplacians():
    W = affinity_graph(points(), n_neighbors=5)
    d = W.sum(axis=1)
    L = laplacian(W, "combinatorial").toarray()
    np.testing.assert_allclose(L, np.diag(d) - W.toarray())
    np.testing.assert_allclose(
        laplacian(W, "normalized").toarray(), L / np.sqrt(np.outer(d, d)), atol=1e-15
    )
    np.testing.assert_allclose(laplacian(W, "random_walk").toarray(), L / d[:, None], atol=1e-15)


@pytest.mark.parametrize("function", [laplacian, connect_components])
@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_affinities_must_be_finite_and_not_negative(function, weight):
    with pytest.raises(ValueError, match=r"affinity contains .* entry \(0, 1\)"):
        function(np.array([[0, weight], [weight, 0]]))


def test_components_are_joined_by_as_many_points():
    with pytest.raises(ValueError, match="X must be an array of the 4 nodes"):
        connect_components(sp.csr_array((4, 4)), np.zeros((3, 2)))


def test_laplacian_of_isolated_node():
    W = sp.csr_array((3, 3))
    assert laplacian(W).nnz == 0
    assert np.isfinite(laplacian(W, "random_walk").toarray()).all()


def test_bridges_are_the_shortest_edges():
    X = np.concatenate([points(20, 2), points(15, 2, 1) + 30, points(10, 2, 2) - 40])
    W, lengths = affinity_graph(X, n_neighbors=3, return_lengths=True)
    joined, longer, n_components, _ = connect_components(W, X, lengths=lengths)
    assert n_components >= 3
    assert sp.csgraph.connected_components(joined)[0] == 1
    added = sp.coo_array(joined - W)
    added.eliminate_zeros()
    assert added.nnz == 2 * (n_components - 1)  # a spanning tree of the components
    np.testing.assert_allclose(added.data, W.data.min())
    D = cdist(X, X)
    for i, j in zip(*added.coords):
        # the shortest edge between the two groups of points that it joins
        without = joined.copy().tolil()
        without[i, j] = without[j, i] = 0
        side = sp.csgraph.connected_components(without.tocsr())[1]
        assert D[i, j] == pytest.approx(D[np.ix_(side == side[i], side == side[j])].min())
        assert longer[i, j] == pytest.approx(D[i, j])


def test_bridges_without_distances():
    W = sp.csr_array(sp.block_diag([path_graph(4), path_graph(3), np.zeros((1, 1))]))
    joined, _, n_components, labels = connect_components(W)
    assert n_components == 3
    assert len(np.unique(labels)) == 3
    assert sp.csgraph.connected_components(joined)[0] == 1


@pytest.mark.parametrize("d", [3, 40])  # trees, blocked products
def test_neighbors_do_not_depend_on_threads_or_blocks(monkeypatch, d):
    from skgeom.manifold._affinity import Neighbors

    X, Y = points(300, d), points(500, d, 1)
    whole = Neighbors(X).query(Y, 7)
    monkeypatch.setattr("skgeom.manifold._affinity._ROWS_PER_THREAD", 60)
    for n_jobs in (1, 2, 3):
        parts = Neighbors(X, n_jobs=n_jobs).query(Y, 7)
        assert np.array_equal(whole[0], parts[0])
        assert np.array_equal(whole[1], parts[1])
    D = cdist(Y, X)
    np.testing.assert_allclose(whole[0], np.sort(D, axis=1)[:, :7], rtol=1e-12)


@pytest.mark.parametrize("decay", [1e-3, 1e3])
@pytest.mark.filterwarnings("error")
def test_extreme_decay(decay):
    """Nearly 1/e for all pairs, or nearly a step at the bandwidth."""
    X = points(30)
    W = affinity_graph(X, n_neighbors=5, decay=decay)
    if decay < 1:
        np.testing.assert_allclose(W.toarray()[~np.eye(30, dtype=bool)], np.exp(-1), rtol=0.01)
    else:
        assert ((W.data > 0) & (W.data <= 1)).all()
        assert (np.diff(W.indptr) >= 4).all()


def test_lengths_are_exact_whatever_the_longest_edge():
    X = np.vstack([points(30) * 1e-12, [[1e6, 0.0, 0.0]], np.zeros((2, 3))])
    lengths = affinity_graph(X, n_neighbors=5, return_lengths=True)[1].tocoo()
    expected = np.linalg.norm(X[lengths.row] - X[lengths.col], axis=1)
    np.testing.assert_allclose(lengths.data, expected, rtol=1e-12)
    assert (lengths.data == 0).any()  # the two copies


def test_thresh_above_the_kernel():
    with pytest.raises(ValueError, match=r"No affinity reaches thresh=0\.9"):
        affinity_graph(points(30), n_neighbors=5, decay=1e-3, thresh=0.9)


@pytest.mark.parametrize(
    ("X", "options", "match"),
    [
        (points(30), {"graph": "delaunay"}, "'graph' parameter"),
        (points(30), {"n_neighbors": 0}, "'n_neighbors' parameter"),
        (points(1), {}, "minimum of 2"),
        (points(30) * np.nan, {}, "NaN"),
        (points(30) * 1e200, {}, "largest value of X"),
    ],
)
def test_bad_input(X, options, match):
    with pytest.raises(ValueError, match=match):
        affinity_graph(X, **options)


def test_kinds_of_tables():
    X = points(30)
    expected = affinity_graph(X).toarray()
    np.testing.assert_array_equal(affinity_graph(X.tolist()).toarray(), expected)
    np.testing.assert_array_equal(affinity_graph(pd.DataFrame(X)).toarray(), expected)
    np.testing.assert_allclose(affinity_graph(sp.csc_array(X)).toarray(), expected, rtol=1e-12)
    with pytest.raises(ValueError, match="'kind' parameter of laplacian"):
        laplacian(expected, "none")
    assert connect_components(np.zeros((4, 4)), X[:4])[2] == 4


@pytest.mark.parametrize("offset", [0.0, 300.0])
def test_products_find_the_nearest(offset):
    """Many rows in many dimensions: float32 products, with copies and ties among the points."""
    rng = np.random.default_rng(0)
    reference = rng.standard_normal((300, 20)) + offset
    reference[200:] = reference[:100]
    rows = np.concatenate([rng.standard_normal((4000, 20)) + offset, reference])
    search = Neighbors(reference)
    assert search._is_brute(rows)
    distances, indices = search.query(rows, 5)
    exact = cdist(rows, reference)
    order = np.lexsort((np.broadcast_to(np.arange(300), exact.shape), exact))[:, :5]
    np.testing.assert_allclose(distances, np.take_along_axis(exact, order, 1), atol=1e-12)
    np.testing.assert_array_equal(indices, order)
