"""Relative representations: invariances, definitions, anchors, stitching, bad input."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import ortho_group
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import cosine_similarity, pairwise_kernels
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skgeom.datasets import load_text_embeddings
from skgeom.latent import RelativeRepresentation, latent_similarity
from skgeom.latent._selection import farthest_points


def latent(n=80, d=8, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def relative(X, **params):
    return RelativeRepresentation(**{"n_anchors": 20, "random_state": 0, **params}).fit(X)


def carried(X, Z, **params):
    """Relative vectors of Z, the same points in another space, over the anchors chosen in X."""
    found = relative(X, **params)
    return found.with_anchors(Z[found.anchor_indices_]).transform(Z)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-6, 1e6), st.sampled_from(["cosine", "angular"]))
def test_rotation_and_scale_change_nothing(seed, factor, metric):
    X = latent(seed=seed)
    Q = ortho_group.rvs(8, random_state=seed % 2**31)
    own = relative(X, metric=metric).transform(X)
    assert np.allclose(carried(X, factor * X @ Q, metric=metric), own, atol=1e-7)
    if metric == "cosine":
        assert np.allclose(carried(X, factor * X @ Q), own, atol=1e-10)


def test_rows_may_be_rescaled_each_by_itself():
    X = latent()
    scales = np.exp(np.random.default_rng(1).normal(size=(80, 1)))
    assert np.allclose(carried(X, scales * X), relative(X).transform(X), atol=1e-12)


def test_centering_adds_shifts_to_what_changes_nothing():
    X = latent()
    moved = X @ ortho_group.rvs(8, random_state=0) + 5.0
    own = relative(X, center=True).transform(X)
    assert np.allclose(carried(X, moved, center=True), own, atol=1e-10)
    assert not np.allclose(carried(X, moved), relative(X).transform(X), atol=0.1)


@pytest.mark.parametrize(
    ("metric", "params", "expected"),
    [
        ("cosine", {}, cosine_similarity),
        ("angular", {}, lambda X, A: np.arccos(np.clip(cosine_similarity(X, A), -1, 1)) / np.pi),
        ("inner", {}, lambda X, A: X @ A.T / np.sqrt(8)),
        ("euclidean", {}, cdist),
        ("l1", {}, lambda X, A: cdist(X, A, "cityblock")),
        ("minkowski", {"p": 3}, lambda X, A: cdist(X, A, "minkowski", p=3)),
        ("rbf", {"gamma": 0.1}, lambda X, A: pairwise_kernels(X, A, metric="rbf", gamma=0.1)),
        (lambda X, A, c: c * X @ A.T, {"c": 2.0}, lambda X, A: 2 * X @ A.T),
    ],
)
def test_metrics(metric, params, expected):
    X = latent(4500)  # several blocks
    found = relative(X, metric=metric, metric_params=params)
    assert np.allclose(found.transform(X), expected(X, found.anchors_), atol=1e-7)


def test_anchors_among_themselves():
    found = relative(latent())
    table = found.transform(found.anchors_)
    assert np.allclose(np.diag(table), 1)
    assert np.allclose(table, table.T)
    assert np.allclose(found.anchors_norm_, np.linalg.norm(found.anchors_, axis=1))


def test_basis_change_recovers_coordinates():
    rng = np.random.default_rng(0)
    anchors, C = rng.normal(size=(8, 8)), rng.normal(size=(50, 8))
    X = C @ anchors
    found = RelativeRepresentation(anchors=anchors, metric="basis_change").fit(X)
    assert np.allclose(found.transform(X), C)
    B = rng.normal(size=(8, 8))
    assert np.allclose(found.with_anchors(anchors @ B).transform(X @ B), C)


def test_basis_change_is_least_squares():
    X = latent()
    found = relative(X, n_anchors=5, metric="basis_change")
    expected = np.linalg.lstsq(found.anchors_.T, X.T)[0].T
    assert np.allclose(found.transform(X), expected)
    with pytest.warns(UserWarning, match="20 anchors in 8 dimensions"):
        found = relative(X, metric="basis_change")
    assert np.allclose(found.transform(X), np.linalg.lstsq(found.anchors_.T, X.T)[0].T)


def test_basis_change_refuses_what_is_no_basis():
    X = latent()
    with pytest.raises(ValueError, match="two anchors are equal"):
        relative(X, anchors=[1, 2, 1], metric="basis_change")
    with pytest.raises(ValueError, match=r"linearly dependent \(rank 2\)"):
        relative(X, anchors=[X[0], X[1], X[0] + X[1]], metric="basis_change")
    assert np.allclose(relative(X, anchors=[1, 1]).transform(X)[:, 0], relative(
        X, anchors=[1]).transform(X)[:, 0])  # fmt: skip


def test_quantised_similarities():
    X = latent()
    plain = relative(X).transform(X)
    rounded = relative(X, quantize="round", bin_size=0.25).transform(X)
    assert np.allclose(rounded * 4, np.round(plain * 4))
    assert np.allclose(rounded, 0.25 * np.round(rounded / 0.25))
    smooth = relative(X, quantize="smooth").transform(X)
    order = np.argsort(plain, axis=None)
    assert np.all(np.diff(smooth.ravel()[order]) >= -1e-12)  # slope 1 - cos(2 pi r) >= 0
    halves = RelativeRepresentation(anchors=[[1.0]], metric="inner", quantize="smooth")
    values = np.array([[-1.0], [-0.5], [0.0], [0.5], [1.0]])
    assert np.allclose(halves.fit_transform(values), values)


def test_means_per_class():
    X = latent(60)
    y = np.repeat(["a", "b", "c"], 20)
    anchors = [0, 1, 2, 25, 26, 59]
    plain = RelativeRepresentation(anchors=anchors).fit_transform(X)
    found = RelativeRepresentation(anchors=anchors, aggregate="class").fit(X, y)
    expected = np.column_stack([plain[:, :3].mean(1), plain[:, 3:5].mean(1), plain[:, 5]])
    assert np.allclose(found.transform(X), expected)
    assert found.anchor_labels_.tolist() == ["a", "a", "a", "b", "b", "c"]
    assert found.get_feature_names_out().tolist() == ["class_a_0", "class_b_0", "class_c_0"]
    dealt = RelativeRepresentation(anchors=anchors, aggregate="class", n_groups=2).fit(X, y)
    expected = np.column_stack(
        [plain[:, [0, 2]].mean(1), plain[:, 3], plain[:, 5], plain[:, 1], plain[:, 4]]
    )
    assert np.allclose(dealt.transform(X), expected)
    assert dealt.get_feature_names_out()[-1] == "class_b_1"


@pytest.mark.parametrize("pooling", ["concat", "sum", "mean", "max"])
def test_heads(pooling):
    X = latent()
    found = relative(X, n_heads=4, head_pooling=pooling)
    parts = np.stack(
        [cosine_similarity(X[:, i : i + 2], found.anchors_[:, i : i + 2]) for i in (0, 2, 4, 6)]
    )
    expected = np.concatenate(parts, axis=1) if pooling == "concat" else getattr(
        parts, pooling)(axis=0)  # fmt: skip
    assert np.allclose(found.transform(X), expected)
    names = found.get_feature_names_out()
    assert len(names) == expected.shape[1]
    assert names[0].startswith("head0_anchor_" if pooling == "concat" else "anchor_")


def test_output_norms():
    X, new = latent(), latent(seed=1)
    plain = relative(X).transform(new)
    assert np.allclose(np.linalg.norm(relative(X, output_norm="l2").transform(new), axis=1), 1)
    row = relative(X, output_norm="row").transform(new)
    expected = (plain - plain.mean(1, keepdims=True)) / plain.std(1, keepdims=True)
    assert np.allclose(row, expected)
    scaler = StandardScaler().fit(relative(X).transform(X))
    found = relative(X, output_norm="standard")
    assert np.allclose(found.transform(new), scaler.transform(plain))
    assert np.allclose(found.output_mean_[0], scaler.mean_)
    assert np.allclose(found.output_scale_[0], scaler.scale_)


def test_constant_columns_do_no_harm():
    X = latent()
    X[3] = 0  # a zero vector as an anchor: cosine 0 with everything
    for norm in ("l2", "standard", "row"):
        found = RelativeRepresentation(anchors=[3, 4], output_norm=norm).fit(X)
        assert np.all(np.isfinite(found.transform(X)))


def test_farthest_points_are_greedy():
    X = latent(60)
    found = relative(X, n_anchors=60, selection="fps")
    indices = found.anchor_indices_
    assert sorted(indices) == list(range(60))
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    distances = cdist(unit, unit)
    for i in range(1, 60):
        nearest = distances[:, indices[:i]].min(axis=1)
        assert nearest[indices[i]] >= nearest.max() - 1e-7


def test_farthest_points_of_copies_and_zeros_are_distinct():
    X = np.repeat(latent(5), 4, axis=0)
    X[7] = 0
    assert sorted(farthest_points(X, 20, 0)) == list(range(20))
    chosen = relative(X, n_anchors=6, selection="fps").anchor_indices_
    assert len(np.unique(X[chosen] / np.maximum(np.linalg.norm(X[chosen], axis=1), 1e-9)[:, None],
                         axis=0)) == 6  # fmt: skip


def test_kmeans_anchors_are_near_their_centroids():
    rng = np.random.default_rng(0)
    centres = 20 * np.eye(6)
    group = np.repeat(np.arange(6), 15)
    X = centres[group] + rng.normal(size=(90, 6))
    indices = relative(X, n_anchors=6, selection="kmeans").anchor_indices_
    assert sorted(group[indices]) == list(range(6))
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    for index in indices:
        own = unit[group == group[index]]
        closeness = own @ own.mean(axis=0)
        assert unit[index] @ own.mean(axis=0) >= closeness.max() - 1e-12


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_kmeans_of_few_distinct_points_still_gives_distinct_rows():
    X = np.repeat(latent(3), 5, axis=0)
    assert len(set(relative(X, n_anchors=9, selection="kmeans").anchor_indices_)) == 9


def test_stratified_anchors():
    X, y = latent(50), np.array([0] * 40 + [1] * 8 + [2] * 2)
    found = RelativeRepresentation(n_anchors=12, selection="stratified", random_state=0).fit(X, y)
    assert np.bincount(found.anchor_labels_).tolist() == [5, 5, 2]
    assert len(set(found.anchor_indices_)) == 12


def test_gaussian_anchors():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 2000)
    X = rng.normal([[0.0, 5.0]], [[1.0, 0.1]], size=(4000, 2)) + 10 * y[:, np.newaxis]
    found = RelativeRepresentation(n_anchors=2001, selection="gaussian", random_state=0).fit(X, y)
    assert found.anchor_indices_ is None
    assert np.bincount(found.anchor_labels_).tolist() == [1001, 1000]
    for k in (0, 1):
        rows = found.anchors_[found.anchor_labels_ == k]
        assert np.allclose(rows.mean(axis=0), [10 * k, 5 + 10 * k], atol=0.15)
        assert np.allclose(rows.std(axis=0), [1, 0.1], rtol=0.1)
    assert found.get_feature_names_out()[0] == "relativerepresentation0"


def test_number_of_anchors():
    X = latent(50)
    assert relative(X, n_anchors=0.2).transform(X).shape == (50, 10)
    assert relative(X, n_anchors=1.0).transform(X).shape == (50, 50)
    assert relative(X, n_anchors=1).transform(X).shape == (50, 1)
    found = RelativeRepresentation().fit(X)  # a default warns of nothing
    assert sorted(found.anchor_indices_) == list(range(50))
    assert RelativeRepresentation().fit(latent(400)).anchors_.shape[0] == 300
    names = relative(X, anchors=[4, 30]).get_feature_names_out()
    assert names.tolist() == ["anchor_4", "anchor_30"]


def test_anchors_from_outside_and_another_dimension():
    X, foreign = latent(), latent(5, seed=3)
    found = relative(X, anchors=foreign)
    assert found.anchor_indices_ is None
    assert np.allclose(found.transform(X), cosine_similarity(X, foreign))
    other = found.with_anchors(latent(5, d=3))
    assert other.n_features_in_ == 3
    assert other.transform(latent(7, d=3)).shape == (7, 5)
    assert np.array_equal(found.transform(X), relative(X, anchors=foreign).transform(X))


@pytest.mark.parametrize("selection", ["random", "fps", "kmeans"])
@pytest.mark.parametrize("metric", ["cosine", "angular", "inner", "euclidean", "rbf"])
def test_sparse_rows_give_what_dense_rows_give(selection, metric):
    X = sp.random_array((700, 30), density=0.2, rng=np.random.default_rng(0), format="csr")
    params = {"selection": selection, "metric": metric, "n_anchors": 15}
    found, dense = relative(X, **params), relative(X.toarray(), **params)
    assert np.allclose(found.transform(X), dense.transform(X.toarray()), atol=1e-7)
    assert np.allclose(found.transform(X.tocsc()), dense.transform(X.toarray()), atol=1e-7)


def test_sparse_rows_with_centre_and_heads():
    X = sp.random_array((60, 30), density=0.3, rng=np.random.default_rng(0), format="csr")
    for params in ({"center": True}, {"n_heads": 3}):
        found, dense = relative(X, **params), relative(X.toarray(), **params)
        assert np.allclose(found.transform(X), dense.transform(X.toarray()))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponent", [-300, -30, 18, 30, 300])
def test_size_of_vectors_does_not_matter(dtype, exponent):
    if dtype == np.float32 and abs(exponent) > 30:
        pytest.skip("beyond single precision")
    X = latent(40).astype(dtype)
    scaled = X.copy()
    scaled[::3] *= dtype(10.0) ** dtype(exponent)
    found = relative(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        huge = found.transform(scaled)
        sparse = found.transform(sp.csr_array(scaled))
        far = found.with_anchors(found.anchors_ * dtype(10.0) ** dtype(exponent)).transform(X)
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    for other in (huge, sparse, far):
        assert other.dtype == dtype
        assert np.allclose(other, found.transform(X), atol=tolerance)


def test_zero_vectors_have_cosine_zero():
    X = latent(20)
    X[4] = 0
    found = relative(X, anchors=[0, 4, 7])
    assert not found.transform(X)[4].any()
    assert not found.transform(X)[:, 1].any()
    assert np.all(relative(X, anchors=[0, 4], metric="angular").transform(X)[4] == 0.5)
    assert not found.transform(sp.csr_array(X))[4].any()


@pytest.mark.parametrize("selection", ["random", "fps", "kmeans", "stratified"])
def test_more_anchors_than_rows_are_all_rows_by_any_selection(selection):
    X = latent(9)
    with pytest.warns(UserWarning, match="n_anchors=20 is more than the 9 rows of X"):
        found = RelativeRepresentation(n_anchors=20, selection=selection, random_state=0).fit(
            X, np.arange(9) % 2
        )
    assert np.array_equal(np.sort(found.anchor_indices_), np.arange(9))


@pytest.mark.parametrize("form", ["read-only", "strided", "fortran", "float32", "list"])
def test_forms_of_input(form):
    X = latent(20)
    given = {
        "strided": np.repeat(X, 2, axis=1)[:, ::2],
        "fortran": np.asfortranarray(X),
        "float32": X.astype(np.float32),
        "list": X.tolist(),
    }.get(form, X.copy())
    if form == "read-only":
        given.flags.writeable = False
    found = relative(given, anchors=[0, 3, 7]).transform(given)
    assert found.dtype == (np.float32 if form == "float32" else np.float64)
    expected = relative(X, anchors=[0, 3, 7]).transform(X)
    assert np.allclose(found, expected, atol=1e-6 if form == "float32" else 1e-12)
    with pytest.raises(ValueError, match="0 sample"):
        RelativeRepresentation().fit(X[:0])


def test_one_sample():
    found = RelativeRepresentation(n_anchors=1).fit([[3.0, 4.0]])
    assert found.transform([[3.0, 4.0]]).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"anchors": [0, 80]}, "80 rows .* no row 80"),
        ({"anchors": [-1]}, "no row -1"),
        ({"anchors": [0.5, 1.5]}, "integers"),
        ({"anchors": []}, "integers"),
        ({"anchors": [[1.0, 2.0]]}, "8 features of X, got 2"),
        ({"anchors": [[1.0, 2.0], [1.0]]}, "anchors: .*inhomogeneous"),
        ({"anchors": np.zeros((2, 2, 8))}, "anchors: .*dim 3"),
        ({"anchors": [["a"] * 8]}, "anchors: .*'a'"),
        ({"anchors": [[np.nan] * 8]}, "anchors contains NaN"),
        ({"n_heads": 3}, "divide the number of features, 8, got 3"),
        ({"selection": "stratified"}, r"selection='stratified': y must hold the classes"),
        ({"aggregate": "class"}, r"aggregate='class': y must hold the classes"),
        ({"metric": lambda X, A: np.zeros(3)}, r"shape \(1, 20\) .*got \(3,\)"),
        ({"metric": "mahalanobis"}, "metric"),
        ({"metric_params": {"p": 3}}, "metric='cosine' has no parameters"),
    ],
)
def test_bad_parameters(params, match):
    X = latent()
    with pytest.raises(ValueError, match=match):
        RelativeRepresentation(**{"n_anchors": 20, "random_state": 0} | params).fit(X)


@pytest.mark.parametrize("output_norm", [None, "l2", "standard", "row"])
@pytest.mark.parametrize("metric", ["inner", "euclidean", "polynomial", "rbf"])
@pytest.mark.parametrize("aggregate", [None, "class"])
def test_similarities_that_overflow_are_refused(output_norm, metric, aggregate):
    X = 1e300 * (1.0 + latent())
    params = {"output_norm": output_norm, "metric": metric, "aggregate": aggregate}
    found = RelativeRepresentation(n_anchors=20, random_state=0, **params)
    with pytest.raises(ValueError, match=f"metric='{metric}': similarities reach .*rescale X"):
        found.fit(X, np.arange(80) % 2)
    if metric == "euclidean":
        with pytest.raises(ValueError, match="rescale X"):
            found.fit(X * 1e-300, np.arange(80) % 2).transform(X)


def test_bad_labels_and_anchors_elsewhere():
    X = latent()
    with pytest.raises(ValueError, match="continuous"):
        RelativeRepresentation(n_anchors=5, selection="stratified").fit(X, X[:, 0])
    with pytest.raises(ValueError, match="numbers of rows of X, not vectors"):
        RelativeRepresentation(anchors=X[:3], aggregate="class").fit(X, np.arange(80) % 2)
    with pytest.raises(ValueError, match="same 20 anchor points, got 3 rows"):
        relative(X).with_anchors(X[:3])


@pytest.mark.parametrize("metric", ["cosine", "angular", "inner", "l1"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_rows_that_are_not_finite_are_named(metric, value):
    X = latent(4200)  # two blocks
    found = relative(X, metric=metric)
    bad = X.copy()
    bad[4150, 3] = value
    for spoilt in (bad, sp.csr_array(bad)):
        with pytest.raises(ValueError, match=rf"NaN or infinity .*row 4150, column 3 is {value}"):
            found.transform(spoilt)
        with pytest.raises(ValueError, match="row 4150"):
            relative(spoilt, metric=metric)


def test_features_kept_apart_by_name_follow_the_space():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(latent(), columns=list("abcdefgh"))
    found = relative(frame)
    assert found.feature_names_in_.tolist() == list("abcdefgh")
    other = found.with_anchors(latent(20, d=3))
    assert not hasattr(other, "feature_names_in_")
    assert hasattr(found, "feature_names_in_")


def test_anchors_of_two_random_spaces_as_in_the_papers_notebook():
    # N(0, 1)^(1000 x 128), 300 anchors, one space rotated
    X = latent(1000, 128)
    Z = X @ ortho_group.rvs(128, random_state=0)
    found = RelativeRepresentation(random_state=0).fit(X)
    U, V = found.transform(X), found.with_anchors(Z[found.anchor_indices_]).transform(Z)
    assert latent_similarity(U, V, metrics="cosine")["cosine"] > 1 - 1e-9
    assert abs(latent_similarity(X, Z, metrics="cosine")["cosine"]) < 0.05


@pytest.fixture(scope="module")
def encoders():
    """Two networks trained on digits from different seeds, up to their last hidden layer."""
    X, y = load_digits(return_X_y=True)
    train, test, y_train, y_test = train_test_split(
        X / 16, y, train_size=0.6, stratify=y, random_state=0
    )
    encoders = []
    for seed in (0, 1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            network = MLPClassifier((64, 48), activation="tanh", max_iter=200, random_state=seed)
            network.fit(train, y_train)

        def encode(rows, network=network):
            for weights, bias in zip(network.coefs_[:-1], network.intercepts_[:-1]):
                rows = np.tanh(rows @ weights + bias)
            return rows

        encoders.append(FunctionTransformer(encode))
    return encoders, (train, y_train), (test, y_test)


def test_stitching_of_digit_encoders(encoders):
    (first, second), (train, y_train), (test, y_test) = encoders
    absolute = make_pipeline(first, LogisticRegression(max_iter=1000)).fit(train, y_train)
    relative = RelativeRepresentation(n_anchors=50, random_state=0)
    model = make_pipeline(first, relative, LogisticRegression(max_iter=1000)).fit(train, y_train)
    anchors = second.transform(train[model[1].anchor_indices_])
    stitched = Pipeline(
        [("encode", second), ("relative", model[1].with_anchors(anchors)), ("head", model[2])]
    )
    assert stitched.score(test, y_test) >= 0.95
    assert model.score(test, y_test) >= 0.95
    swapped = Pipeline([("encode", second), ("head", absolute[-1])])
    assert swapped.score(test, y_test) < 0.3


def test_spaces_of_digit_encoders_are_alike_relatively(encoders):
    (first, second), (train, _), (test, _) = encoders
    found = RelativeRepresentation(n_anchors=300, random_state=0).fit(first.transform(train))
    other = found.with_anchors(second.transform(train[found.anchor_indices_]))
    U, V = first.transform(test), second.transform(test)
    absolute = latent_similarity(U, V, k=5)
    related = latent_similarity(found.transform(U), other.transform(V), k=5)
    assert absolute["jaccard"] < 0.05
    assert related["jaccard"] > 0.3
    assert absolute["mrr"] < 0.05
    assert related["mrr"] > 0.5
    assert related["cosine"] > 0.9 > abs(absolute["cosine"])


def test_grid_search_over_anchors():
    X, y = load_text_embeddings(return_X_y=True)
    X, y = X[y < 6], y[y < 6]
    model = make_pipeline(RelativeRepresentation(random_state=0), LogisticRegression())
    grid = {
        "relativerepresentation__n_anchors": [2, 60],
        "relativerepresentation__metric": ["cosine", "angular"],
    }
    search = GridSearchCV(model, grid, cv=3).fit(X, y)
    assert search.best_params_["relativerepresentation__n_anchors"] == 60
    assert search.best_score_ > 0.9
