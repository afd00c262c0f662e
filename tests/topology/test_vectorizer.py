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
