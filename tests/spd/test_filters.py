import numpy as np
import pytest
from pyriemann.spatialfilters import CSP
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import GridSearchCV

from skgeom.datasets import make_spectral_trials
from skgeom.spd import (
    AugmentedCovariance,
    AugmentedCovarianceClassifier,
    AugmentedCovarianceClassifierCV,
    tangent_vectors,
)
from tests.spd.data import random_trials


@pytest.fixture(scope="module")
def data():
    return random_trials(30, 3, 120)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_filters_are_pyriemanns_on_the_augmented_matrices(data, n_classes):
    X, _ = data
    y = np.arange(30) % n_classes
    model = AugmentedCovarianceClassifier(2, 3, spatial_filter="csp", n_components=4, tol=1e-10)
    vectors = model.fit_transform(X, y)
    C = AugmentedCovariance(2, 3).fit_transform(X)
    expected = CSP(nfilter=4, log=False).fit(C, y).filters_
    assert np.allclose(model.filters_, expected)
    filtered = expected @ C @ expected.T
    assert np.allclose(vectors, tangent_vectors(filtered, model.reference_))
    assert model.get_feature_names_out()[1] == "csp0*csp1"
    assert model.feature_importances_.shape == (2, 2, 3, 3)


def test_number_of_components(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3, spatial_filter="csp").fit(X, y)
    assert model.filters_.shape == (3, 6)
    with pytest.raises(ValueError, match="n_components=7 is more than the 6 rows"):
        model.set_params(n_components=7).fit(X, y)
    bands = [(5, 20), (20, 40)]
    model.set_params(n_components=2, bands=bands, sfreq=100.0).fit(X, y)
    assert model.filters_.shape == (2, 2, 6)
    assert model.feature_importances_.shape == (2, 2, 2, 3, 3)


@pytest.mark.parametrize("classifier", ["svm", "mdm", "fgmdm", LinearDiscriminantAnalysis()])
def test_filters_over_delays_see_rhythms(classifier):
    X, y = make_spectral_trials(60, n_times=400, random_state=0)
    model = AugmentedCovarianceClassifier(
        2, 2, classifier=classifier, spatial_filter="csp", n_components=2
    )
    assert model.fit(X[:30], y[:30]).score(X[30:], y[30:]) > 0.95
    assert model.set_params(order=1, n_components=1).fit(X[:30], y[:30]).score(X[30:], y[30:]) < 0.8


def test_all_components_change_nothing(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3, classifier="mdm", tol=1e-10)
    expected = model.fit(X, y).transform(X)
    model.set_params(spatial_filter="csp", n_components=6)
    assert np.allclose(model.fit(X, y).transform(X), expected)
    # the filtered coefficients lead back to those of the matrices
    svm = AugmentedCovarianceClassifier(2, 3, tol=1e-10).fit(X, y)
    csp = AugmentedCovarianceClassifier(2, 3, tol=1e-10, spatial_filter="csp", n_components=6).fit(
        X, y
    )
    assert np.allclose(csp.decision_function(X), svm.decision_function(X), atol=1e-3)
    assert np.allclose(csp.patterns_, svm.patterns_, atol=2e-2 * np.abs(svm.patterns_).max())


def test_filters_in_a_search(data):
    X, y = data
    y = np.where(np.arange(30) % 7 == 0, 1 - y, y)
    settings = {"spatial_filter": "csp", "n_components": 2}
    grid = {"order": [1, 2], "lag": [1, 3], "C": [0.5, 2.0]}
    theirs = GridSearchCV(
        AugmentedCovarianceClassifier(**settings), grid, cv=3, scoring="roc_auc"
    ).fit(X, y)
    ours = AugmentedCovarianceClassifierCV(
        [1, 2], [1, 3], param_grid={"C": [0.5, 2.0]}, scoring="roc_auc", **settings
    ).fit(X, y)
    assert np.allclose(
        np.sort(ours.cv_results_["mean_test_score"]), np.sort(theirs.cv_results_["mean_test_score"])
    )


def test_learning_on_goes_through_the_filters(data):
    X, y = data
    model = AugmentedCovarianceClassifier(
        2, 3, classifier="mdm", spatial_filter="csp", n_components=3
    ).fit(X[:20], y[:20])
    before = model.means_.copy()
    model.partial_fit(X[20:], y[20:])
    assert model.means_.shape == before.shape == (2, 3, 3)
    svm = AugmentedCovarianceClassifier(2, 3, spatial_filter="csp").fit(X[:20], y[:20])
    assert svm.adapt(X[20:]).predict(X).shape == (30,)
    with pytest.raises(ValueError, match="no embed_mean, recenter or spatial_filter"):
        AugmentedCovarianceClassifier(geometry="siegel", spatial_filter="csp").fit(X, y)
