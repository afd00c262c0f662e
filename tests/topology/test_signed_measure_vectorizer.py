import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skgeom.topology import (
    BifiltrationTransformer,
    SignedMeasureKernel,
    SignedMeasureVectorizer,
    mobius_inverse,
    signed_measure_convolution,
    sliced_wasserstein_distances,
)
from tests.topology.conftest import value_of

few = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def random_measures(seed, count=5, n_parameters=2):
    rng = np.random.default_rng(seed)
    measures = []
    for n in rng.integers(0, 9, count):
        points = rng.integers(0, 4, (n, n_parameters)) / 2.0
        measures.append({d: (points + d, rng.integers(-2, 3, n).astype(np.int32)) for d in (0, 1)})
    return [{d: (np.zeros((1, n_parameters)), np.array([1], np.int32)) for d in (0, 1)}, *measures]


@few
@given(seeds, st.integers(1, 3))
def test_mobius_inverse_and_cumulative_sum_are_inverse(seed, n_parameters):
    rng = np.random.default_rng(seed)
    grid = [np.unique(rng.normal(size=4)) for _ in range(n_parameters)]
    surface = rng.integers(-3, 4, [4] * n_parameters)
    measure = mobius_inverse(surface, grid)
    vectorizer = SignedMeasureVectorizer(vectorization="surface", grid=grid)
    box = {0: (np.array([[g[0] for g in grid], [g[-1] for g in grid]]), np.array([1, -1]))}
    features = vectorizer.fit([box]).transform([{0: measure}])
    np.testing.assert_array_equal(features.reshape(surface.shape), surface)


@few
@given(seeds)
def test_surface_is_the_hilbert_function_at_grid_points(seed):
    measures = random_measures(seed)
    vectorizer = SignedMeasureVectorizer(vectorization="surface", resolution=(4, 3))
    features = vectorizer.fit_transform(measures)
    names = vectorizer.get_feature_names_out()
    for sample, row in zip(measures, features):
        for name, coordinates, value in zip(names, vectorizer.feature_coordinates_, row):
            dimension = int(name.split("_")[1][1:])
            assert value == value_of(sample[dimension], coordinates)


@few
@given(seeds, st.sampled_from(["gaussian", "exponential", "linear"]), st.integers(2, 3))
def test_convolution_is_the_plain_sum_over_atoms(seed, kernel, n_parameters):
    measures = random_measures(seed, n_parameters=n_parameters)
    bandwidth = tuple(np.linspace(0.2, 0.5, n_parameters))
    vectorizer = SignedMeasureVectorizer(kernel=kernel, bandwidth=bandwidth, resolution=4)
    features = vectorizer.fit_transform(measures)
    low, high = vectorizer.box_
    grid = (vectorizer.feature_coordinates_[: features.shape[1] // 2] - low) / (high - low)
    profile = {
        "gaussian": lambda z: np.exp(-z * z / 2) / np.sqrt(2 * np.pi),
        "exponential": lambda z: np.exp(-np.abs(z)) / 2,
        "linear": lambda z: np.maximum(0, 1 - np.abs(z)),
    }[kernel]
    for sample, row in zip(measures, features):
        for d, image in zip((0, 1), np.split(row, 2)):
            points, weights = sample[d]
            z = (grid[:, None] - ((points - low) / (high - low))[None]) / np.array(bandwidth)
            expected = (weights * np.prod(profile(z) / np.array(bandwidth), axis=2)).sum(axis=1)
            np.testing.assert_allclose(image, expected, atol=1e-11)


def test_convolution_function_and_callable_kernel():
    points, weights = [[0.5, 0.2], [np.inf, 0.0], [0.1, 0.9]], [2, 5, -1]
    grid = [np.linspace(0, 1, 3), np.linspace(0, 1, 5)]

    def profile(z):
        return np.exp(-z * z / 2) / (0.3 * np.sqrt(2 * np.pi))

    image = signed_measure_convolution(points, weights, grid, 0.3)
    np.testing.assert_allclose(
        image, signed_measure_convolution(points, weights, grid, 0.3, profile), atol=1e-14
    )
    kept = signed_measure_convolution([points[0], points[2]], [2, -1], grid, 0.3)
    np.testing.assert_array_equal(image, kept)


def test_pairs_that_cancel_do_not_change_the_image():
    grid = [np.linspace(0, 1, 4)] * 2
    once = signed_measure_convolution([[0.2, 0.3]], [1], grid, 0.2)
    more = signed_measure_convolution([[0.2, 0.3], [0.7, 0.7], [0.7, 0.7]], [1, 1, -1], grid, 0.2)
    np.testing.assert_allclose(more, once, atol=1e-14)


def test_balanced_measures_vanish_outside_the_box():
    measures = random_measures(3)
    grid = [np.linspace(-1, 6, 12)] * 2
    free = SignedMeasureVectorizer(vectorization="surface", grid=grid).fit(measures)
    balanced = clone(free).set_params(mass_default=[1.75, 2.0]).fit(measures)
    surface, cut = free.transform(measures), balanced.transform(measures)
    inside = (free.feature_coordinates_ < [1.75, 2.0]).all(axis=1)
    np.testing.assert_array_equal(cut[:, inside], surface[:, inside])
    assert not cut[:, ~inside].any()
    auto = clone(free).set_params(mass_default="auto").fit(measures)
    assert not auto.transform(measures)[:, auto.feature_coordinates_[:, 0] > 5].any()


def test_grids():
    measures = random_measures(5)
    points = np.concatenate([m[d][0] for m in measures for d in (0, 1)])
    exact = SignedMeasureVectorizer(grid="exact", vectorization="histogram").fit(measures)
    assert all(np.array_equal(g, np.unique(c)) for g, c in zip(exact.grid_, points.T))
    quantile = SignedMeasureVectorizer(grid="quantile", resolution=3).fit(measures)
    for values, column in zip(quantile.grid_, points.T):
        np.testing.assert_array_equal(values, np.unique(np.quantile(column, [0, 0.5, 1])))
    masses = exact.transform(measures).reshape(len(measures), 2, -1).sum(axis=2)
    expected = [[m[d][1].sum() for d in (0, 1)] for m in measures]
    np.testing.assert_array_equal(masses, expected)


def test_quantile_range_and_normalize():
    measures = random_measures(6)
    points = np.concatenate([m[d][0] for m in measures for d in (0, 1)])
    vectorizer = SignedMeasureVectorizer(quantile_range=(0.1, 0.8)).fit(measures)
    np.testing.assert_allclose(vectorizer.box_, np.quantile(points, [0.1, 0.8], axis=0))
    raw = SignedMeasureVectorizer(normalize=False, bandwidth=0.3, resolution=5).fit(measures)
    points, weights = measures[1][0]
    expected = signed_measure_convolution(points, weights, raw.grid_, 0.3)
    np.testing.assert_allclose(raw.transform(measures)[1, :25], expected.ravel(), atol=1e-12)


def test_float32_output_and_names():
    measures = random_measures(1)
    vectorizer = SignedMeasureVectorizer(dtype="float32", resolution=(3, 120)).fit(measures)
    assert vectorizer.transform(measures).dtype == np.float32
    names = vectorizer.get_feature_names_out()
    assert names[0] == "mph_h0_r00_s000"
    assert names[-1] == "mph_h1_r02_s119"
    assert vectorizer.feature_coordinates_.shape == (len(names), 2)


def test_sliced_wasserstein_features_approximate_the_distance():
    rng = np.random.default_rng(0)
    measures = []
    for n in rng.integers(2, 9, 6):
        points = rng.uniform(size=(n, 2))
        measures.append({0: (points, np.r_[-1, np.ones(n - 1)].astype(int))})
    vectorizer = SignedMeasureVectorizer(
        vectorization="sliced_wasserstein",
        mass_default="auto",
        resolution=3000,
        n_directions=10,
        random_state=0,
    ).fit(measures)
    features = vectorizer.transform(measures)
    by_features = np.abs(features[:, None] - features[None]).sum(axis=2)
    low, high = vectorizer.box_
    kernel = SignedMeasureKernel(n_directions=10, random_state=0).fit(measures)
    by_kernel = -2 * np.log(kernel.transform(measures))
    np.testing.assert_allclose(by_features, by_kernel, atol=0.03 * by_kernel.max())
    np.testing.assert_array_equal(kernel.directions_, vectorizer.directions_)
    assert (high > low).all()


@few
@given(seeds)
def test_sliced_wasserstein_is_a_distance(seed):
    rng = np.random.default_rng(seed)
    measures = [(rng.normal(size=(6, 2)), np.array([1, 1, -1, 2, -1, 0])) for _ in range(4)]
    moved = [(points + np.array([3.0, 4.0]), weights) for points, weights in measures]
    distances = sliced_wasserstein_distances(measures, random_state=0)
    assert (np.diagonal(distances) == 0).all()
    np.testing.assert_array_equal(distances, distances.T)
    for i in range(4):
        assert (distances <= distances[:, [i]] + distances[[i], :] + 1e-12).all()
    both = sliced_wasserstein_distances(measures, measures, random_state=0)
    np.testing.assert_allclose(both, distances, atol=1e-12)
    shifted = sliced_wasserstein_distances(moved, moved, random_state=0)
    np.testing.assert_allclose(shifted, distances, atol=1e-9)
    threaded = sliced_wasserstein_distances(measures, random_state=0, n_jobs=2)
    np.testing.assert_array_equal(threaded, distances)


def test_kernel_in_a_grid_search(molecules):
    graphs, target = molecules
    pipeline = make_pipeline(
        BifiltrationTransformer(filtration="graph", function=["degree", "hks"]),
        SignedMeasureKernel(random_state=0),
        SVC(kernel="precomputed"),
    )
    search = GridSearchCV(pipeline, {"signedmeasurekernel__bandwidth": [0.1, 1.0]}, cv=3)
    assert search.fit(graphs, target).best_score_ > 0.9
    kernel = search.best_estimator_[:-1].transform(graphs)
    assert kernel.shape == (40, 40)
    np.testing.assert_allclose(np.diagonal(kernel), 1.0)
    assert np.linalg.eigvalsh(kernel).min() > -1e-9
    assert len(search.best_estimator_[1].get_feature_names_out()) == 40


MEASURES = random_measures(0)
BAD = [
    ({"bandwidth": (0.1,)}, MEASURES, "one per parameter"),
    ({"resolution": (3, -1)}, MEASURES, "resolution must be one positive number"),
    ({"quantile_range": (0.5, 0.5)}, MEASURES, "two increasing numbers"),
    ({"grid": [[0.0, 1.0]]}, MEASURES, "grid has 1 axes for 2 parameters"),
    ({"grid": [[0.0, 1.0], [1.0, 0.0]]}, MEASURES, "values of parameter 1 must increase"),
    ({"mass_default": [1.0]}, MEASURES, "one value per parameter"),
    ({}, [], "non-empty list of dicts"),
    ({}, [np.zeros((3, 2))], "non-empty list of dicts"),
    ({}, [MEASURES[0], {0: MEASURES[0][0]}], "Sample 1 lacks the homology dimension 1"),
]


@pytest.mark.parametrize(("params", "X", "message"), BAD)
def test_bad_input(params, X, message):
    with pytest.raises(ValueError, match=message):
        SignedMeasureVectorizer(**params).fit(X)


def test_transform_checks_against_fit():
    vectorizer = SignedMeasureVectorizer().fit(MEASURES)
    with pytest.raises(ValueError, match="lack the homology dimension 1 of fit"):
        vectorizer.transform([{0: MEASURES[0][0]}])
    with pytest.raises(ValueError, match="shape \\(n_atoms, 2\\)"):
        vectorizer.transform(random_measures(0, n_parameters=3))
    with pytest.raises(ValueError, match="different total masses"):
        sliced_wasserstein_distances([([[0.0, 0.0]], [1]), ([[0.0, 0.0]], [2])])
    with pytest.raises(ValueError, match=r"A\[0\] has an atom that is not finite"):
        sliced_wasserstein_distances([([[np.inf, 0.0]], [1])])


def test_constant_parameter_and_empty_training_measures_warn():
    with pytest.warns(UserWarning, match=r"Parameter 1 is constant \(2\)"):
        vectorizer = SignedMeasureVectorizer().fit([{0: (np.array([[0.0, 2], [1, 2]]), [1, 1])}])
    np.testing.assert_array_equal(vectorizer.box_, [[0, 2], [1, 3]])
    empty = [{0: (np.empty((0, 2)), np.empty(0, int))}]
    with pytest.warns(UserWarning, match="empty"):
        features = SignedMeasureVectorizer().fit_transform(empty)
    assert not features.any()
