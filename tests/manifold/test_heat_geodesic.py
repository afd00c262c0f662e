import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.manifold import trustworthiness
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skgeom.manifold import HeatGeodesicDistance, HeatGeodesicEmbedding, affinity_graph
from tests.manifold.data import row_pearson, swiss_roll

ROLL, FLAT = swiss_roll(800, 0.1, 4)
NEW, NEW_FLAT = swiss_roll(200, 0.1, 1)


def curve(n=60, seed=0, d=3):
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.random(n)) * 4
    X = np.column_stack([np.cos(angle), np.sin(angle), angle])
    return X[:, :d] + 0.01 * rng.standard_normal((n, d))


# ---------------------------------------------------------------------- quality


@pytest.fixture(scope="module")
def fitted():
    return HeatGeodesicEmbedding(random_state=0).fit(ROLL)


def test_swiss_roll_distances(fitted):
    true = cdist(FLAT, FLAT)
    assert row_pearson(fitted.landmark_dissimilarity_, true) >= 0.99
    assert row_pearson(cdist(fitted.embedding_, fitted.embedding_), true) >= 0.99
    assert spearmanr(cdist(fitted.embedding_, fitted.embedding_)[0], true[0])[0] >= 0.99
    pca = PCA(2).fit_transform(ROLL)
    assert row_pearson(cdist(pca, pca), true) < 0.6


def test_embedding_has_the_unit_of_the_data(fitted):
    d, true = cdist(fitted.embedding_, fitted.embedding_), cdist(FLAT, FLAT)
    assert (d * true).sum() / (true**2).sum() == pytest.approx(1.0, abs=0.1)


def test_new_points_land_where_they_belong(fitted):
    placed = fitted.transform(NEW)
    d, true = cdist(placed, fitted.embedding_), cdist(NEW_FLAT, FLAT)
    assert row_pearson(d, true) >= 0.99
    assert row_pearson(fitted.dissimilarity(NEW, ROLL), true) >= 0.99
    assert -0.03 < fitted.score(NEW) < 0


def test_noise_that_shortcuts_the_shortest_path():
    """At noise 0.9 the graph has short cuts between the turns: heat bears them better."""
    X, flat = swiss_roll(600, 0.9, 3)
    true = cdist(flat, flat)
    heat = HeatGeodesicDistance(t_param=0.9, random_state=0).fit_transform(X)
    paths = HeatGeodesicDistance(distance="shortest_path").fit_transform(X)
    assert row_pearson(heat, true) > row_pearson(paths, true) + 0.05


@pytest.mark.parametrize("method", ["kmeans", "random", "maxmin"])
def test_landmarks(method):
    heat = HeatGeodesicEmbedding(landmarks=250, landmark_method=method, random_state=0).fit(ROLL)
    true = cdist(FLAT, FLAT)
    assert row_pearson(cdist(heat.embedding_, heat.embedding_), true) >= 0.985
    assert heat.landmark_embedding_.shape == (250, 2)
    assert heat.landmarks_.shape == (250, 3)
    # the function that placed the training points places them again
    assert np.array_equal(heat.transform(ROLL), heat.embedding_)
    if method == "kmeans":
        assert heat.landmark_indices_ is None
    else:
        np.testing.assert_array_equal(ROLL[heat.landmark_indices_], heat.landmarks_)


def test_given_landmarks():
    rows = np.arange(0, 800, 3)
    by_row = HeatGeodesicEmbedding(landmarks=rows, random_state=0).fit(ROLL)
    by_place = HeatGeodesicEmbedding(landmarks=ROLL[rows], random_state=0).fit(ROLL)
    assert np.array_equal(by_row.embedding_, by_place.embedding_)
    with pytest.raises(ValueError, match="row numbers"):
        HeatGeodesicEmbedding(landmarks=[1, 2, 800]).fit(ROLL)
    with pytest.raises(ValueError, match="landmarks must have shape"):
        HeatGeodesicEmbedding(landmarks=np.zeros((10, 2))).fit(ROLL)


def test_kernel_columns_of_the_pivots_alone(monkeypatch):
    """What is done beyond 5000 points without landmarks, on fewer points."""
    monkeypatch.setattr("skgeom.manifold._geometry.DENSE_LIMIT", 300)
    heat = HeatGeodesicEmbedding(landmarks=None, random_state=0).fit(ROLL)
    assert heat.landmark_dissimilarity_ is None
    assert heat.heat_pivots_.shape == (800, 64)
    true = cdist(FLAT, FLAT)
    assert row_pearson(cdist(heat.embedding_, heat.embedding_), true) >= 0.98
    assert row_pearson(cdist(heat.transform(NEW), heat.embedding_), cdist(NEW_FLAT, FLAT)) >= 0.98
    with pytest.raises(ValueError, match="not available"):
        HeatGeodesicEmbedding(landmarks=None, weights="heat").fit(ROLL)


def test_digits_keep_more_neighbourhoods_than_pca():
    X, y = load_digits(return_X_y=True)
    X, y = X[:600], y[:600]
    heat = HeatGeodesicEmbedding(random_state=0).fit_transform(X)
    pca = PCA(2).fit_transform(X)
    accuracy = [cross_val_score(KNeighborsClassifier(10), Y, y, cv=3).mean() for Y in (heat, pca)]
    assert accuracy[0] > accuracy[1] + 0.15
    assert trustworthiness(X, heat) > trustworthiness(X, pca) + 0.05


# ---------------------------------------------------------------------- invariances


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), factor=st.floats(0.01, 100))
def test_moving_and_scaling(seed, factor):
    X = curve(50, seed)
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    moved = factor * (X @ rotation + rng.standard_normal(3))
    a, b = (
        HeatGeodesicEmbedding(n_neighbors=6, t=5.0, solver="smacof", random_state=0).fit(Z)
        for Z in (X, moved)
    )
    np.testing.assert_allclose(
        b.landmark_dissimilarity_, a.landmark_dissimilarity_, rtol=1e-5, atol=1e-5
    )
    assert b.scale_ == pytest.approx(factor * a.scale_, rel=1e-5)
    assert b.stress_ == pytest.approx(a.stress_, rel=1e-2, abs=1e-4)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_permuting_rows(seed):
    X = curve(50, seed)
    order = np.random.default_rng(seed).permutation(50)
    a, b = (
        HeatGeodesicEmbedding(n_neighbors=6, solver="smacof", random_state=0).fit(Z)
        for Z in (X, X[order])
    )
    assert b.t_ == pytest.approx(a.t_, rel=1e-6)
    expected = a.landmark_dissimilarity_[np.ix_(order, order)]
    np.testing.assert_allclose(b.landmark_dissimilarity_, expected, rtol=1e-5, atol=1e-5)
    assert b.stress_ == pytest.approx(a.stress_, rel=1e-2, abs=1e-4)
    D = b.landmark_dissimilarity_
    assert (D >= 0).all()
    assert np.array_equal(D, D.T)
    assert not D.diagonal().any()


OPTIONS = [
    {},
    {"distance": "triplet"},
    {"distance": "potential", "laplacian": "random_walk"},
    {"distance": "potential", "laplacian": "random_walk", "gamma": 0.0},
    {"distance": "diffusion", "t": 3.0},
    {"distance": "log_ratio", "t": 0.01},
    {"distance": "shortest_path"},
    {"rho": 0.4, "power": 2.0},
    {"rho": 0.5, "distance": "shortest_path"},
    {"t": [1.0, 5.0, 20.0]},
    {"landmarks": 40},
    {"landmarks": 40, "rho": 0.5},
    {"landmarks": 40, "distance": "potential", "gamma": 0.0},
    {"landmarks": 40, "distance": "shortest_path"},
    {"n_pca": 2},
    {"metric": "manhattan"},
    {"heat_method": "euler", "heat_order": 1, "inverse": "matched"},
    {"heat_method": "chebyshev"},
    {"heat_method": "power", "laplacian": "random_walk", "distance": "potential"},
    {"mds": "nonmetric", "max_iter": 50},
    {"mds": "nonmetric", "landmarks": 40, "weights": "inverse", "max_iter": 50},
    {"heat_method": "series", "weights": "heat"},
    {"graph": "fuzzy", "weights": "inverse", "init": "pca", "scale": "unit"},
    {"graph": "gaussian", "mds": "classical", "scale": "heat", "n_components": 3},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_rows_are_transformed_alone_by_any_number_of_threads(options):
    X, new = curve(120), curve(20, 1)
    one = HeatGeodesicEmbedding(n_neighbors=6, random_state=0, **options).fit(X)
    two = clone(one).set_params(n_jobs=2).fit(X)
    assert np.array_equal(one.embedding_, two.embedding_)
    assert np.isfinite(one.embedding_).all()
    placed = one.transform(new)
    assert np.array_equal(placed, two.transform(new))
    for i in (0, 7, 19):
        assert np.array_equal(one.transform(new[i : i + 1])[0], placed[i])
    np.testing.assert_allclose(one.transform(X), one.embedding_, atol=1e-12)
    # new points of the curve lie along the embedded curve
    near = np.argmin(cdist(new, X), axis=1)
    size = np.ptp(one.embedding_, axis=0).max()
    assert np.median(np.linalg.norm(placed - one.embedding_[near], axis=1)) < 0.15 * size


@pytest.mark.parametrize("options", OPTIONS[:14], ids=str)
def test_dissimilarities_of_rows(options):
    X = curve(120)
    heat = HeatGeodesicEmbedding(n_neighbors=6, random_state=0, **options).fit(X)
    every = heat.dissimilarity()
    assert every.shape == (heat.graph_.shape[0],) * 2
    if heat.landmarks_ is None:
        D = heat.dissimilarity(X[5:9], X)
        np.testing.assert_allclose(D, every[5:9], rtol=1e-5, atol=1e-5 * every.max())
    D = heat.dissimilarity(X[:30])
    np.testing.assert_allclose(D, D.T, rtol=1e-6, atol=1e-6 * every.max())


def test_same_seed_same_bytes_in_threads():
    X = curve(150)
    heat = HeatGeodesicEmbedding(n_neighbors=6, random_state=3)
    alone = clone(heat).fit_transform(X)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: clone(heat).fit_transform(X), range(2)))
    assert np.array_equal(alone, both[0])
    assert np.array_equal(alone, both[1])


def test_float32():
    X = curve(150)
    single = HeatGeodesicEmbedding(n_neighbors=6, t=5.0, random_state=0).fit(X.astype(np.float32))
    double = HeatGeodesicEmbedding(n_neighbors=6, t=5.0, random_state=0).fit(X)
    assert single.embedding_.dtype == single.transform(X.astype(np.float32)).dtype == np.float32
    assert double.embedding_.dtype == np.float64
    np.testing.assert_allclose(
        single.landmark_dissimilarity_, double.landmark_dissimilarity_, rtol=1e-3, atol=1e-2
    )


def test_sparse_and_readonly_input():
    X = curve(100)
    dense = HeatGeodesicEmbedding(n_neighbors=6, random_state=0).fit(X)
    sparse = HeatGeodesicEmbedding(n_neighbors=6, random_state=0).fit(sp.csr_array(X))
    np.testing.assert_allclose(
        sparse.landmark_dissimilarity_, dense.landmark_dissimilarity_, rtol=1e-6, atol=1e-6
    )
    new = curve(10, 1)
    assert row_pearson(
        cdist(sparse.transform(sp.csr_array(new)), sparse.embedding_),
        cdist(dense.transform(new), dense.embedding_),
    ) == pytest.approx(1, abs=1e-3)
    frozen = X.copy()
    frozen.setflags(write=False)
    assert np.array_equal(clone(dense).fit_transform(frozen), dense.embedding_)
    assert np.array_equal(clone(dense).fit_transform(np.asfortranarray(X)), dense.embedding_)


# ---------------------------------------------------------------------- precomputed input


def test_precomputed_distances():
    X, new = curve(100), curve(15, 1)
    table = HeatGeodesicEmbedding(n_neighbors=6, random_state=0).fit(X)
    given_ = HeatGeodesicEmbedding(n_neighbors=6, metric="precomputed", random_state=0)
    given_.fit(cdist(X, X))
    np.testing.assert_allclose(
        given_.landmark_dissimilarity_, table.landmark_dissimilarity_, rtol=1e-6, atol=1e-6
    )
    placed = given_.transform(cdist(new, X))
    np.testing.assert_allclose(placed, table.transform(new), atol=1e-2)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array, sp.csc_matrix])
def test_precomputed_affinities(container):
    X = curve(100)
    W = affinity_graph(X, n_neighbors=6).toarray() + np.eye(100)
    table = HeatGeodesicEmbedding(n_neighbors=6, random_state=0).fit(X)
    given_ = HeatGeodesicEmbedding(graph="precomputed", random_state=0).fit(container(W))
    np.testing.assert_allclose(
        given_.landmark_dissimilarity_, table.landmark_dissimilarity_, rtol=1e-6, atol=1e-6
    )
    assert given_.scale_ == 1.0
    assert np.array_equal(given_.transform(container(W)), given_.embedding_)
    # a new row that sees what rows 20 to 22 see lies among them
    row = W[20:23].mean(axis=0, keepdims=True)
    placed = given_.transform(container(row))
    size = np.ptp(given_.embedding_)
    assert np.linalg.norm(placed - given_.embedding_[21]) < 0.05 * size
    with pytest.raises(ValueError, match="Row 0 of X has no positive affinity"):
        given_.transform(container(np.zeros((1, 100))))


# ---------------------------------------------------------------------- degenerate input


@pytest.mark.filterwarnings("error")
def test_duplicates():
    """However many copies there are, they are one point."""
    X = np.repeat(curve(30), 8, axis=0)
    heat = HeatGeodesicEmbedding(n_neighbors=6, random_state=0).fit(X)
    assert (heat.embedding_.reshape(30, 8, -1) == heat.embedding_[::8][:, None]).all()
    assert len(np.unique(heat.embedding_, axis=0)) == 30


def test_distances_have_a_node_for_each_copy():
    with pytest.warns(UserWarning, match="copies"):
        D = HeatGeodesicDistance(n_neighbors=6, random_state=0).fit_transform(
            np.repeat(curve(30), 8, axis=0)
        )
    assert D.shape == (240, 240)


def test_as_few_different_rows_as_components():
    X = np.repeat([[0.0, 0.0], [1.0, 0.0]], 5, axis=0)
    Y = HeatGeodesicEmbedding(n_neighbors=6, random_state=0).fit_transform(X)
    assert np.isfinite(Y).all()
    assert np.linalg.norm(Y[0] - Y[5]) > np.linalg.norm(Y[0] - Y[1])


def test_constant_data():
    with pytest.raises(ValueError, match="All points are equal"):
        HeatGeodesicEmbedding().fit(np.ones((30, 2)))


def test_disconnected_parts_are_bridged():
    """Two curves far apart and a lonely point: finite distances that keep the order."""
    X = np.concatenate([curve(40), curve(40, 1) + 100, [[500.0, 0, 0]]])
    with pytest.warns(UserWarning, match="connected components"):
        heat = HeatGeodesicEmbedding(n_neighbors=5, random_state=0).fit(X)
    assert heat.n_connected_components_ >= 2
    assert len(np.unique(heat.component_labels_)) == heat.n_connected_components_
    D = heat.landmark_dissimilarity_
    assert np.isfinite(D).all()
    between = D[:40, 40:80]
    inside = D[:40, :40] + np.where(np.eye(40), np.inf, 0)
    assert between.min() > inside.min(axis=1).max()  # further than every nearest neighbour
    assert between.std() > 0.05 * between.mean()  # not one constant


def test_two_points_and_three():
    with pytest.warns(UserWarning, match="n_neighbors"):
        heat = HeatGeodesicEmbedding(1, random_state=0).fit([[0.0], [2.0]])
    assert abs(np.diff(heat.embedding_.ravel())[0]) == pytest.approx(2.0, rel=1e-4)
    with pytest.warns(UserWarning, match="n_neighbors"):
        HeatGeodesicEmbedding(2, random_state=0).fit([[0.0], [2.0], [3.0]])


@pytest.mark.parametrize(
    ("options", "X", "match"),
    [
        ({}, np.empty((0, 2)), "0 sample"),
        ({}, np.ones((1, 2)), "minimum of 2"),
        ({"n_components": 30}, curve(30), "n_components=30 must be less"),
        ({}, np.where(np.arange(90).reshape(30, 3) == 7, np.nan, 1.0), "NaN"),
        ({}, np.where(np.arange(90).reshape(30, 3) == 7, np.inf, 1.0), "infinity"),
        ({"t": -1.0}, curve(30), "'t' parameter"),
        ({"t": [1.0, -1.0]}, curve(30), "positive diffusion times"),
        ({"t": 2.0, "distance": "log_ratio"}, curve(30), "defined for t < 1"),
        ({"metric": "precomputed"}, curve(30), "square"),
        ({"metric": "precomputed"}, -np.ones((9, 9)), "non-negative"),
        ({"graph": "precomputed"}, -np.ones((9, 9)), "non-negative"),
        ({"graph": "precomputed"}, sp.csr_array(-np.ones((9, 9))), "non-negative"),
        ({"graph": "precomputed", "init": "pca"}, np.ones((9, 9)), "init='pca' needs points"),
        ({"graph": "precomputed", "landmarks": 5}, np.ones((9, 9)), "landmarks need points"),
        ({"weights": "heat", "distance": "shortest_path"}, curve(30), "needs heat"),
        ({"init": np.zeros((3, 2))}, curve(30), "init must have shape"),
        ({"t": ["a"]}, curve(30), "positive diffusion times"),
        ({"t": [[1.0, 2.0]]}, curve(30), "positive diffusion times"),
        ({"landmarks": np.ones((5, 3))}, curve(30), "with 1 different ones"),
        ({"graph": "precomputed"}, np.eye(9), "no positive entry off its diagonal"),
        ({"graph": "precomputed"}, np.full((9, 9), 1e-310), "largest value of X"),
        ({"metric": lambda a, b: np.nan}, curve(30), "NaN or infinite distances"),
    ],
)
def test_bad_input(options, X, match):
    with pytest.raises(ValueError, match=match):
        HeatGeodesicEmbedding(**{"n_neighbors": 5, **options}).fit(X)


@pytest.mark.parametrize("kind", ["metric", "graph"])
def test_asymmetric_matrices_are_symmetrised_with_a_warning(kind):
    M = cdist(curve(30), curve(30)) if kind == "metric" else affinity_graph(curve(30)).toarray()
    M[0] *= 1.2
    heat = HeatGeodesicEmbedding(n_neighbors=5, random_state=0).set_params(**{kind: "precomputed"})
    with pytest.warns(UserWarning, match="not symmetric"):
        uneven = clone(heat).fit(M)
    even = heat.fit((M + M.T) / 2)
    assert np.array_equal(uneven.landmark_dissimilarity_, even.landmark_dissimilarity_)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_isolated_nodes_of_an_affinity_are_bridged(container):
    W = affinity_graph(curve(40), n_neighbors=5).toarray()
    W[[3, 20]] = W[:, [3, 20]] = 0.0
    with pytest.warns(UserWarning, match="connected components"):
        heat = HeatGeodesicEmbedding(graph="precomputed", random_state=0).fit(container(W))
    assert heat.n_connected_components_ >= 3
    D = heat.landmark_dissimilarity_
    others = np.setdiff1d(np.arange(40), [3, 20])
    assert np.isfinite(D).all()
    assert D[3, others].std() > 0.05 * D[3, others].mean()  # no constant distance


@pytest.mark.parametrize("kind", ["metric", "graph"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_precomputed_values_that_are_not_finite(kind, value):
    M = cdist(curve(30), curve(30))
    M[4, 9] = value
    with pytest.raises(ValueError, match="Row 4 of X is not finite"):
        HeatGeodesicEmbedding(n_neighbors=5, **{kind: "precomputed"}).fit(M)


def test_bandwidths_of_copies_are_the_smallest_positive_distance():
    """Eight copies of each point have bandwidth 0 with four neighbours; the data's smallest
    distance takes its place, so that a point is joined to its copies at full weight."""
    X = np.repeat(curve(12), 8, axis=0)
    with pytest.warns(UserWarning, match="copies") as caught:
        W = affinity_graph(X, n_neighbors=4)
    D = cdist(X, X)
    smallest = D[D > 1e-12].min()
    assert f"{smallest:.3g}" in str(caught[0].message)
    # of the two points at that distance, either is one bandwidth away from the other: exp(-1)
    i, j = np.unravel_index(np.argmin(np.where(D > 1e-12, D, np.inf)), D.shape)
    copies = W[[i]].toarray()[0][D[i] <= 1e-12]
    assert np.count_nonzero(copies == 1.0) >= 4
    apart = W[[i]].toarray()[0][D[j] <= 1e-12]
    np.testing.assert_allclose(apart, np.exp(-1.0), rtol=1e-9)


# ---------------------------------------------------------------------- as an estimator


def test_affinities_that_are_symmetric_up_to_rounding():
    rng = np.random.default_rng(0)
    W = affinity_graph(curve(40), n_neighbors=5).toarray()
    W *= 1.0 + 1e-15 * rng.standard_normal(W.shape)
    assert not np.array_equal(W, W.T)
    heat = HeatGeodesicEmbedding(graph="precomputed", random_state=0).fit(W)
    np.testing.assert_array_equal(heat.transform(W), heat.embedding_)


def test_not_fitted():
    with pytest.raises(NotFittedError):
        HeatGeodesicEmbedding().transform(curve())


def test_pickle_and_pandas():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(curve(80), columns=list("abc"))
    heat = HeatGeodesicEmbedding(n_neighbors=6, random_state=0).set_output(transform="pandas")
    out = heat.fit_transform(frame)
    assert list(out.columns) == ["heatgeodesicembedding0", "heatgeodesicembedding1"]
    copy = pickle.loads(pickle.dumps(heat))
    pd.testing.assert_frame_equal(
        copy.transform(frame[:7] + 0.01), heat.transform(frame[:7] + 0.01)
    )
    assert list(heat.feature_names_in_) == list("abc")


def test_grid_search_over_the_held_out_score():
    search = GridSearchCV(
        HeatGeodesicEmbedding(random_state=0, t=5.0), {"n_neighbors": [4, 8]}, cv=2
    ).fit(curve(80))
    assert (search.cv_results_["mean_test_score"] < 0).all()


def test_in_a_pipeline():
    X, y = load_digits(n_class=3, return_X_y=True)
    model = make_pipeline(HeatGeodesicEmbedding(random_state=0), KNeighborsClassifier(5))
    assert cross_val_score(model, X[:240], y[:240], cv=3).mean() > 0.9


def test_heat_kernel_rows():
    heat = HeatGeodesicEmbedding(n_neighbors=6, laplacian="random_walk", t=4.0).fit(curve(80))
    H = heat.heat_kernel()
    np.testing.assert_allclose(H.sum(axis=1), 1.0, rtol=1e-9)
    np.testing.assert_allclose(heat.heat_kernel([3, 5]), H[[3, 5]], rtol=1e-9)


@pytest.mark.parametrize("rows", [[800], [-1], [], [True, False], [0.5], 3])
def test_rows_that_are_not_nodes(fitted, rows):
    with pytest.raises(ValueError, match="rows must be a list of node numbers from 0 to 799"):
        fitted.heat_kernel(rows)


def test_verbose(capsys):
    HeatGeodesicEmbedding(n_neighbors=6, random_state=0, verbose=1).fit(curve(60))
    assert "[HeatGeodesicEmbedding] scaling of 60 nodes, t = " in capsys.readouterr().out


def test_distance_estimator():
    X, new = curve(90), curve(10, 1)
    distance = HeatGeodesicDistance(n_neighbors=6, random_state=0)
    D = distance.fit_transform(X)
    heat = HeatGeodesicEmbedding(n_neighbors=6, random_state=0).fit(X)
    np.testing.assert_allclose(D, heat.landmark_dissimilarity_, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(distance.transform(X), D)
    every = distance.transform(new)
    few = HeatGeodesicDistance(n_neighbors=6, n_pivots=12, random_state=0).fit(X)
    assert few.transform(new).shape == (10, 12)
    np.testing.assert_allclose(few.transform(new), every[:, few.pivot_indices_], rtol=1e-9)
    assert len(few.get_feature_names_out()) == 12


def test_interpolation_runs_along_the_sheet(fitted):
    """Half-way points on the unrolled roll are the middles of its sheet coordinates."""
    from sklearn.neighbors import KNeighborsRegressor

    locate = KNeighborsRegressor(5).fit(fitted.embedding_, FLAT)
    paths = fitted.interpolate(NEW[:40], NEW[40:80], 5)
    assert paths.shape == (5, 40, 2)
    middle = (NEW_FLAT[:40] + NEW_FLAT[40:80]) / 2
    errors = np.linalg.norm(locate.predict(paths[2]) - middle, axis=1)
    assert np.median(errors) < 0.05 * np.ptp(FLAT)
    for ends, X in ((paths[0], NEW[:40]), (paths[-1], NEW[40:80])):
        gap = np.linalg.norm(ends - fitted.transform(X), axis=1)
        assert np.median(gap) < 0.02 * np.ptp(FLAT)
    with pytest.raises(ValueError, match="same number of rows"):
        fitted.interpolate(NEW[:3], NEW[:4])
    with pytest.raises(ValueError, match="n_steps"):
        fitted.interpolate(NEW[:3], NEW[:3], 1)


def test_memmap(tmp_path):
    X = curve(200).astype(np.float32)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    heat = HeatGeodesicEmbedding(n_neighbors=6, landmarks=50, random_state=0)
    assert np.array_equal(heat.fit_transform(mapped), clone(heat).fit_transform(X))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_principal_components_in_blocks(tmp_path, monkeypatch, dtype):
    """The covariance over blocks of a memmap: scikit-learn's components, without a copy of X."""
    monkeypatch.setattr("skgeom.manifold._landmarks._BLOCK", 256)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4000, 60)) * np.geomspace(3, 0.1, 60) + 50.0
    np.save(tmp_path / "X.npy", X.astype(dtype))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    geometry = HeatGeodesicEmbedding(n_pca=5)._make_geometry(np.random.RandomState(0))
    tracemalloc.start()
    projected = geometry.project_fit(mapped)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * X.nbytes
    expected = PCA(5, svd_solver="full").fit_transform(X)
    signs = np.sign((projected * expected).sum(axis=0))
    atol = 1e-9 if dtype == np.float64 else 1e-4
    np.testing.assert_allclose(projected * signs, expected, rtol=0, atol=atol)


def test_cells_keep_their_hours_better_than_pca():
    from skgeom.datasets import load_cells

    cells = load_cells("bcell")
    X, hours = cells.data[:, :10], cells.target
    heat = HeatGeodesicEmbedding(random_state=0).fit_transform(X)
    pca = PCA(2).fit_transform(X)
    accuracy = [
        cross_val_score(KNeighborsClassifier(10), Y, hours, cv=5).mean() for Y in (heat, pca)
    ]
    assert accuracy[0] > accuracy[1] + 0.02
    assert trustworthiness(X, heat) > trustworthiness(X, pca) + 0.05


def test_partial_fit_adds_up_to_fit():
    """Blocks that arrive one by one span the same landmarks' graph as all at once."""
    landmarks = ROLL[::4]
    at_once = HeatGeodesicEmbedding(landmarks=landmarks, random_state=0).fit(ROLL)
    heat = HeatGeodesicEmbedding(landmarks=landmarks, random_state=0)
    for start in range(0, 800, 400):
        heat.partial_fit(ROLL[start : start + 400])
    np.testing.assert_allclose(heat.graph_.toarray(), at_once.graph_.toarray(), atol=1e-12)
    np.testing.assert_allclose(
        heat.landmark_dissimilarity_, at_once.landmark_dissimilarity_, rtol=1e-6, atol=1e-6
    )
    assert heat.embedding_.shape == (400, 2)
    true = cdist(FLAT, FLAT)
    placed = heat.transform(ROLL)
    np.testing.assert_allclose(placed[400:], heat.embedding_, atol=1e-5)
    assert row_pearson(cdist(placed, placed), true) >= 0.985


def test_partial_fit_needs_landmarks():
    assert not hasattr(HeatGeodesicEmbedding(), "partial_fit")
    heat = HeatGeodesicEmbedding(landmarks=50, n_neighbors=5, random_state=0)
    heat.partial_fit(ROLL[:40])
    with pytest.raises(ValueError, match="first block had 40 rows"):
        heat.partial_fit(ROLL[40:80])


def test_automatic_landmarks():
    X, flat = swiss_roll(2700, 0.2, 0)
    heat = HeatGeodesicEmbedding(random_state=0).fit(X)
    assert heat.landmarks_.shape == (900, 3)
    assert heat.n_connected_components_ == 1
    true = cdist(flat[:300], flat)
    assert row_pearson(cdist(heat.embedding_[:300], heat.embedding_), true) >= 0.985
    assert HeatGeodesicEmbedding(random_state=0).fit(X[:300]).landmarks_ is None


# ---------------------------------------------------------------------- extremes


@pytest.mark.parametrize("metric", ["cosine", "manhattan", "correlation"])
@pytest.mark.parametrize("sparse", [False, True])
def test_training_rows_keep_their_positions_under_any_metric(metric, sparse):
    """The cosine distance of a row from itself is often 1e-16, not 0."""
    X = load_digits().data[:60] + 1e-3
    if sparse:
        if metric == "correlation":
            pytest.skip("scikit-learn has no sparse correlation")
        X = sp.csr_array(X)
    heat = HeatGeodesicEmbedding(metric=metric, n_neighbors=6, random_state=0).fit(X)
    np.testing.assert_array_equal(heat.transform(X), heat.embedding_)


def test_parallel_rows_under_the_cosine():
    """More rows at cosine distance 0 than neighbours, though all rows differ."""
    directions = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]])
    X = np.vstack([k * directions for k in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)])
    with pytest.warns(UserWarning, match="more copies of themselves than neighbours"):
        D = HeatGeodesicDistance(metric="cosine", n_neighbors=3, random_state=0).fit_transform(X)
    assert np.isfinite(D).all()
    assert D[0, 3] < D[0, 1]
    with pytest.raises(ValueError, match="at distance 0 from each other"):
        HeatGeodesicDistance(metric="cosine", n_neighbors=3).fit(np.outer([1, 2, 4, 8], [1.0, 0]))


@pytest.mark.parametrize("factor", [1e-90, 1e-40, 1e30, 1e90])
def test_any_unit_of_the_data(factor):
    X = curve(40)
    options = {"n_neighbors": 6, "random_state": 0}
    reference = HeatGeodesicEmbedding(**options).fit_transform(X)
    embedding = HeatGeodesicEmbedding(**options).fit_transform(X * factor)
    np.testing.assert_allclose(embedding / factor, reference, atol=1e-3)


@pytest.mark.parametrize("factor", [1e-300, 1e-150, 1e150, 1e300])
@pytest.mark.parametrize("estimator", [HeatGeodesicEmbedding(), HeatGeodesicDistance(n_pca=2)])
@pytest.mark.filterwarnings("error")
def test_squares_that_leave_the_range_are_refused(estimator, factor):
    with pytest.raises(ValueError, match=r"largest value of X is .* Scale X"):
        clone(estimator).fit(curve(30) * factor)


def test_a_power_that_overflows_is_refused():
    with pytest.raises(ValueError, match=r"power=1000\.0 is too large"):
        HeatGeodesicDistance(n_neighbors=5, power=1000.0).fit(curve(40))


@pytest.mark.parametrize("method", ["random", "maxmin"])
def test_sparse_landmarks(method):
    X = curve(90)
    options = {"landmarks": 30, "landmark_method": method, "random_state": 0}
    dense = HeatGeodesicEmbedding(**options).fit_transform(X)
    sparse = HeatGeodesicEmbedding(**options).fit_transform(sp.csr_array(X))
    np.testing.assert_allclose(sparse, dense, atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_constant_data_in_principal_components():
    with pytest.raises(ValueError, match="All points are equal"):
        HeatGeodesicEmbedding(n_pca=2, n_neighbors=5).fit(np.ones((20, 3)))
