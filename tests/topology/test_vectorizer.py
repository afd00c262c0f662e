import pickle

import gudhi
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom.datasets import load_molecules
from skgeom.topology import (
    BifiltrationTransformer,
    MultiparamPersistenceVectorizer,
    SignedMeasureVectorizer,
)
from skgeom.topology import _vectorizer as module
from tests.topology.cases import clouds, graphs, images, valued_clouds


def trees(seed):
    rng = np.random.default_rng(seed)
    samples = []
    for n in (7, 9, 8, 10, 6, 7):
        tree = gudhi.RipsComplex(points=rng.normal(size=(n, 2))).create_simplex_tree(2)
        samples.append((tree, rng.normal(size=n)))
    return samples, None


def edge_lists(seed):
    rng = np.random.default_rng(seed)
    return [
        (np.array([(i, i + 1) for i in range(n - 1)] + [(0, n - 1)]), rng.normal(size=(n, 2)))
        for n in (5, 6, 7, 5, 9, 8)
    ], None


KINDS = {
    "rips": ({}, clouds),
    "rips with values": ({"function": "precomputed"}, valued_clouds),
    "alpha": ({"filtration": "alpha"}, clouds),
    "delaunay": ({"filtration": "delaunay"}, clouds),
    "degree_rips": ({"filtration": "degree_rips", "homology_dimensions": (0,)}, clouds),
    "cubical": ({"filtration": "cubical"}, images),
    "graph": ({"filtration": "graph", "function": ["degree", "hks"]}, graphs),
    "edges": ({"filtration": "graph", "function": "precomputed"}, edge_lists),
    "precomputed": ({"filtration": "precomputed"}, trees),
}
every_kind = pytest.mark.parametrize(("params", "make"), KINDS.values(), ids=KINDS)


def six(make):
    X = (make(0)[0] + make(1)[0])[:6]
    return X, np.arange(6) % 2


@every_kind
def test_grid_search_pipeline_clone_and_pickle(params, make):
    X, y = six(make)
    vectorizer = MultiparamPersistenceVectorizer(resolution=4, **params)
    pipeline = make_pipeline(vectorizer, StandardScaler(), LogisticRegression())
    grid = {"multiparampersistencevectorizer__bandwidth": [0.1, 0.3]}
    search = GridSearchCV(clone(pipeline), grid, cv=2, n_jobs=2, error_score="raise").fit(X, y)
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))


@every_kind
def test_halves_give_the_same_as_the_facade(params, make):
    X, _ = six(make)
    whole = MultiparamPersistenceVectorizer(resolution=4, **params)
    halves = make_pipeline(BifiltrationTransformer(**params), SignedMeasureVectorizer(resolution=4))
    features = whole.fit_transform(X)
    np.testing.assert_array_equal(features, halves.fit_transform(X))
    np.testing.assert_array_equal(features, whole.transform(X))
    assert features.shape == (6, whole.n_features_out_)
    np.testing.assert_array_equal(whole.get_feature_names_out(), halves[-1].get_feature_names_out())


def test_object_array_and_three_dimensional_array():
    X = np.random.default_rng(0).normal(size=(4, 12, 2))
    ragged = np.empty(4, dtype=object)
    ragged[:] = list(X)
    vectorizer = MultiparamPersistenceVectorizer(resolution=4)
    expected = vectorizer.fit_transform(list(X))
    np.testing.assert_array_equal(vectorizer.fit_transform(X), expected)
    np.testing.assert_array_equal(vectorizer.fit_transform(ragged), expected)


def test_memory_computes_the_topology_once(tmp_path, monkeypatch):
    X, _ = graphs(0)
    calls = []
    original = BifiltrationTransformer.transform

    def counted(self, X):
        calls.append(len(X))
        return original(self, X)

    monkeypatch.setattr(module.BifiltrationTransformer, "transform", counted)
    params = {"filtration": "graph", "function": ["degree", "hks"], "resolution": 4}
    plain = MultiparamPersistenceVectorizer(**params).fit_transform(X)
    cached = MultiparamPersistenceVectorizer(memory=str(tmp_path), **params)
    calls.clear()
    np.testing.assert_array_equal(cached.fit_transform(X), plain)
    for bandwidth in (0.1, 0.2):
        cached.set_params(bandwidth=bandwidth, n_jobs=2).fit_transform(X)
    assert calls == [4]
    cached.set_params(function=["degree", "closeness"]).fit_transform(X)
    assert calls == [4, 4]


def test_betti_surfaces_count_components_and_loops():
    square = ([(0, 1), (1, 2), (2, 3), (3, 0)], np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]]))
    vectorizer = MultiparamPersistenceVectorizer(
        filtration="graph", function="precomputed", resolution=2
    ).fit([square])
    surfaces = vectorizer.betti_surfaces([square])
    np.testing.assert_array_equal(surfaces[0][0], [[1, 2], [1, 1]])
    np.testing.assert_array_equal(surfaces[1][0], [[0, 0], [0, 1]])
    measures = vectorizer.signed_measures([square])
    np.testing.assert_array_equal(measures[0][1][0], [[1, 1]])


def test_fit_learns_from_training_samples_only():
    X, _ = clouds(0)
    vectorizer = MultiparamPersistenceVectorizer(resolution=4).fit(X)
    box = vectorizer.box_.copy()
    vectorizer.transform([100 * x for x in X])
    np.testing.assert_array_equal(vectorizer.box_, box)
    assert vectorizer.diameter_ == pytest.approx(max(np.linalg.norm(np.ptp(x, axis=0)) for x in X))
    assert vectorizer.get_feature_names_out()[4] == "mph_h0_r01_s00"


def test_empty_object_is_a_zero_vector():
    X, _ = clouds(0)
    vectorizer = MultiparamPersistenceVectorizer(resolution=4).fit(X)
    assert not vectorizer.transform([np.empty((0, 2)), *X])[0].any()


def test_feature_names_for_the_euler_characteristic():
    X, _ = images(0)
    vectorizer = MultiparamPersistenceVectorizer(
        filtration="cubical", invariant="euler", vectorization="surface", resolution=3
    ).fit(X)
    assert vectorizer.get_feature_names_out()[-1] == "mph_euler_r02_s02"
    np.testing.assert_array_equal(vectorizer.transform(X)[:, -1], 1.0)


def test_small_change_of_the_function_changes_features_little():
    rng = np.random.default_rng(0)
    sample = rng.normal(size=(30, 2)), rng.normal(size=30)
    vectorizer = MultiparamPersistenceVectorizer(
        filtration="alpha", function="precomputed", bandwidth=0.1, resolution=8
    ).fit([sample])
    width = np.ptp(vectorizer.box_[:, 1])
    before = vectorizer.transform([sample])
    n_atoms = sum(np.abs(w).sum() for _, w in vectorizer.signed_measures([sample])[0].values())
    peak = 1 / (2 * np.pi * 0.1**2)
    for step in (1e-3, 1e-5):
        noise = rng.uniform(-step, step, 30)
        after = vectorizer.transform([(sample[0], sample[1] + noise)])
        # a Gaussian has slope at most 0.61 / bandwidth relative to its peak; slack 2
        bound = 2 * n_atoms * peak * 0.61 / 0.1 * step / width
        assert np.abs(after - before).max() <= bound


def test_molecules_are_classified_well():
    """Ten-fold accuracy of a forest on the images is about 0.85 (majority class: 0.66)."""
    X, y = load_molecules("mutag", return_X_y=True)
    vectorizer = MultiparamPersistenceVectorizer(
        filtration="graph", function=["degree", "hks"], resolution=10, bandwidth=0.1
    )
    forest = RandomForestClassifier(50, random_state=0)
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    scores = cross_val_score(make_pipeline(vectorizer, forest), X, y, cv=folds)
    assert scores.mean() > 0.81


def test_bad_memory_and_unknown_names():
    X, _ = clouds(0)
    for params in ({"memory": 3.0}, {"kernel": "box"}, {"vectorization": "tables"}):
        with pytest.raises(ValueError, match=next(iter(params))):
            MultiparamPersistenceVectorizer(**params).fit(X)


def hostile_clouds():
    cloud = np.random.default_rng(0).normal(size=(12, 2))
    return {"large": cloud * 1e160, "small": cloud * 1e-160}


@pytest.mark.parametrize("kind", ["large", "small"])
@pytest.mark.parametrize("filtration", ["rips", "alpha", "delaunay", "degree_rips"])
def test_units_whose_squares_overflow_or_vanish_are_refused(kind, filtration):
    cloud = hostile_clouds()[kind]
    vectorizer = MultiparamPersistenceVectorizer(
        filtration=filtration, function="knn", homology_dimensions=(0,)
    )
    with pytest.raises(ValueError, match=r"Sample 0.*change the unit"):
        vectorizer.fit([cloud])


@pytest.mark.parametrize("filtration", ["rips", "alpha", "delaunay", "degree_rips"])
def test_every_accepted_unit_gives_the_same_features(filtration):
    clouds = [np.random.default_rng(i).normal(size=(12, 2)) for i in range(3)]
    vectorizer = MultiparamPersistenceVectorizer(
        filtration=filtration, function="knn", homology_dimensions=(0,), resolution=4
    )
    expected = vectorizer.fit_transform(clouds)
    for scale in (1e-90, 1e90):
        found = vectorizer.fit_transform([cloud * scale for cloud in clouds])
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_a_constant_parameter_far_from_zero():
    """The next float after 1e17 is 16 away: a box one wide would be empty."""
    rng = np.random.default_rng(0)
    clouds = [(rng.normal(size=(10, 2)), np.full(10, 1e17)) for _ in range(2)]
    vectorizer = MultiparamPersistenceVectorizer(function="precomputed", resolution=3)
    with pytest.warns(UserWarning, match="Parameter 1 is constant"):
        features = vectorizer.fit_transform(clouds)
    assert np.isfinite(features).all()
    assert features.any()


def test_function_parameters_are_checked():
    clouds = [np.random.default_rng(0).normal(size=(8, 2))]
    bad = [("kde", "bandwidth", "a"), ("kde", "bandwidth", 1e-300), ("dtm", "mass", None)]
    bad += [("knn", "k", 1.5), ("knn", "k", np.nan), ("dtm", "mass", True)]
    for function, name, value in bad:
        vectorizer = MultiparamPersistenceVectorizer(
            function=function, function_params={name: value}
        )
        with pytest.raises(ValueError, match=f"function_params: {name} must be"):
            vectorizer.fit(clouds)
    with pytest.raises(ValueError, match="one dict per function"):
        MultiparamPersistenceVectorizer(function_params=[3]).fit(clouds)
    whole = MultiparamPersistenceVectorizer(function="knn", function_params={"k": 2.0})
    same = MultiparamPersistenceVectorizer(function="knn", function_params={"k": 2})
    np.testing.assert_array_equal(whole.fit_transform(clouds), same.fit_transform(clouds))


def test_heat_kernel_of_long_times_is_the_stationary_one():
    path = np.diag(np.ones(3), 1)
    values = []
    for t in (1e3, 1e300):
        vectorizer = MultiparamPersistenceVectorizer(
            filtration="graph", function=["degree", "hks"], function_params={"t": t}
        )
        values.append(vectorizer.fit([path + path.T]).box_[:, 1])
    np.testing.assert_allclose(values[0], values[1], atol=1e-12)
    np.testing.assert_allclose(values[0], [1 / 6, 2 / 6])


def test_distances_may_differ_by_rounding():
    points = np.random.default_rng(0).normal(size=(10, 2))
    exact = np.sqrt(((points[:, None] - points) ** 2).sum(axis=2))
    rounded = np.tril(exact) + np.triu(exact) * (1 + 2e-16)
    parameters = {"metric": "precomputed", "function": "eccentricity", "resolution": 3}
    vectorizer = MultiparamPersistenceVectorizer(**parameters)
    np.testing.assert_allclose(
        vectorizer.fit_transform([rounded]), vectorizer.fit_transform([exact])
    )
    with pytest.raises(ValueError, match="symmetric"):
        vectorizer.fit([np.tril(exact)])


def test_landscapes_of_a_class_that_never_ends_are_finite():
    """A test sample may be born below the fitted box, and last beyond it."""
    edge = [(0, 1)]
    train = [(edge, [[0.0, 0.0], [1.0, 1.0]])]
    test = [(edge, [[-1.0, -1.0], [-1.0, -1.0]])]
    vectorizer = MultiparamPersistenceVectorizer(
        filtration="graph",
        function="precomputed",
        homology_dimensions=(0,),
        invariant="mma",
        vectorization="landscape",
        k=(0,),
        resolution=3,
    ).fit(train)
    # as deep as a class that is born at the corner of the box
    expected = np.minimum(*np.meshgrid([0, 0.5, 1], [0, 0.5, 1]))
    np.testing.assert_allclose(vectorizer.transform(test).reshape(3, 3), expected)


def test_features_that_overflow_are_refused():
    clouds = [np.random.default_rng(0).normal(size=(8, 2))]
    vectorizer = MultiparamPersistenceVectorizer(bandwidth=1e-30, dtype="float32")
    with pytest.raises(ValueError, match="not finite in float32"):
        vectorizer.fit_transform(clouds)


def test_refit_leaves_nothing_behind():
    clouds = [np.random.default_rng(0).normal(size=(8, 2))]
    images = [np.random.default_rng(0).normal(size=(4, 4, 2))]
    vectorizer = MultiparamPersistenceVectorizer(vectorization="sliced_wasserstein").fit(clouds)
    assert {"directions_", "diameter_"} <= vars(vectorizer).keys()
    vectorizer.set_params(filtration="cubical", vectorization="convolution").fit(images)
    assert not {"directions_", "diameter_"} & vars(vectorizer).keys()


def test_memory_wants_functions_that_can_be_pickled(tmp_path):
    clouds = [np.random.default_rng(0).normal(size=(6, 2))]
    vectorizer = MultiparamPersistenceVectorizer(function=lambda p: p[:, 0], memory=str(tmp_path))
    with pytest.raises(ValueError, match=r"memory=.* can be pickled"):
        vectorizer.fit(clouds)
