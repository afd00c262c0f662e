import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skgeom.spd import AugmentedCovariance, AugmentedCovarianceClassifier
from tests.spd.data import random_spd, random_trials


@pytest.fixture(scope="module")
def data():
    return random_trials(30, 3, 120)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"classifier": "mdm"},
        {"classifier": "fgmdm"},
        {"geometry": "siegel"},
        {"spatial_filter": "csp", "n_components": 4},
        {"bands": [(5, 20), (20, 40)], "sfreq": 100.0},
        {"bands": [(5, 20), (20, 40)], "sfreq": 100.0, "classifier": "mdm"},
    ],
    ids=str,
)
def test_matrices_in_place_of_trials(data, settings):
    X, y = data
    settings = dict(settings)
    bands = {name: settings.pop(name) for name in ("bands", "sfreq") if name in settings}
    structure = "toeplitz" if "geometry" in settings else "sample"
    whole = AugmentedCovarianceClassifier(2, 3, **settings, **bands).fit(X, y)
    steps = make_pipeline(
        AugmentedCovariance(2, 3, structure=structure, **bands),
        AugmentedCovarianceClassifier(2, input="covariance", **settings),
    ).fit(X, y)
    assert np.array_equal(steps.decision_function(X), whole.decision_function(X))
    if settings.get("classifier", "svm") == "svm" and "geometry" not in settings:
        assert np.allclose(steps[-1].feature_importances_, whole.feature_importances_)
    assert len(steps[-1].get_feature_names_out()) == steps.transform(X).shape[1]


def test_plain_covariances():
    C, y = random_spd(20, 5), np.arange(20) % 2
    model = AugmentedCovarianceClassifier(1, input="covariance").fit(C, y)
    assert model.feature_importances_.shape == (1, 1, 5, 5)
    assert model.get_feature_names_out(list("abcde"))[1] == "a*b"
    assert model.n_channels_in_ == 5
    with pytest.raises(ValueError, match="order=4 does not divide the 5 rows"):
        AugmentedCovarianceClassifier(input="covariance").fit(C, y)
    with pytest.raises(ValueError, match="matrices of shape"):
        model.predict(random_spd(2, 4))
    bad = C.copy()
    bad[1, 0, 1] += 1.0
    with pytest.raises(ValueError, match="Not symmetric: matrix 1 of X"):
        clone(model).fit(bad, y)
    with pytest.raises(ValueError, match="with input="):
        clone(model).fit(C[0], y)
    with pytest.raises(ValueError, match="input_features"):
        model.get_feature_names_out(["a"])


def test_what_does_not_apply_is_refused():
    C, y = random_spd(20, 4), np.arange(20) % 2
    for settings in ({"lag": 2}, {"estimator": "oas"}, {"order": "mdop"}, {"on_bad": "drop"}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            AugmentedCovarianceClassifier(input="covariance", **settings).fit(C, y)
    model = AugmentedCovarianceClassifier(1, input="covariance").fit(C, y)
    with pytest.raises(ValueError, match="decode needs signals"):
        list(model.decode([np.ones((4, 100))], step=10))


def test_singular_matrices_meet_the_policy():
    C, y = random_spd(20, 4), np.arange(20) % 2
    C[3] = np.diag([1.0, 1.0, 1.0, 0.0])
    model = AugmentedCovarianceClassifier(1, input="covariance").fit(C, y)
    assert model.n_regularized_ == 1
    with pytest.raises(ValueError, match="trial 3 is singular"):
        model.set_params(reg=None).fit(C, y)
