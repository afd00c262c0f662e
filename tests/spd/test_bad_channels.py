"""NaN, infinite and flat channels under each policy."""

import warnings

import numpy as np
import pytest

from skgeom.spd import AugmentedCovariance, AugmentedCovarianceClassifier, distance, karcher_mean
from skgeom.spd._masked import masked_mean
from tests.spd.data import random_trials


@pytest.fixture(scope="module")
def data():
    X, y = random_trials(30, 3, 120)
    X = X.copy()
    X[2, 1, 5] = np.nan
    X[7, 0] = 3.0
    X[11, 2, :4] = np.inf
    return X, y


GOOD = np.setdiff1d(np.arange(30), [2, 7, 11])


def test_rows_of_bad_channels_are_nan(data):
    X, _ = data
    model = AugmentedCovariance(2, 3, on_bad="nan")
    C = model.fit_transform(X)
    complete = AugmentedCovariance(2, 3).fit_transform(X[GOOD])
    assert np.allclose(C[GOOD], complete, rtol=1e-12)
    rows = [0, 2, 3, 5]  # of trial 2, whose channel 1 is bad
    alone = AugmentedCovariance(2, 3).fit_transform(X[2:3, [0, 2]])[0]
    assert np.allclose(C[2][np.ix_(rows, rows)], alone)
    assert np.isnan(C[2][1]).all()
    assert np.isnan(C[2][:, 4]).all()
    assert np.array_equal(C, model.transform(X), equal_nan=True)


@pytest.mark.parametrize(
    "settings",
    [
        {"embed_mean": True},
        {"rank": 2},
        {"bands": [(5, 20), (20, 40)], "sfreq": 100.0},
        {"order": "ar_bic"},
        {"reg": 0.1},
    ],
    ids=str,
)
def test_other_settings_beside_bad_channels(data, settings):
    X, _ = data
    C = AugmentedCovariance(on_bad="nan", lag=2, **settings).fit_transform(X)
    alone = AugmentedCovariance(lag=2, **settings).fit(X[GOOD])
    assert np.allclose(C[GOOD], alone.transform(X[GOOD]))
    assert np.isnan(C[2]).any()
    if "rank" in settings:
        assert np.isnan(C[2]).all()
    if "embed_mean" in settings:
        assert C[2, -1, -1] == alone.mean_scale_**2


def test_messages_name_the_trial_of_the_input(data):
    X, _ = data
    X = X.copy()
    X[4, 1] = X[4, 0]
    with pytest.raises(ValueError, match="trial 4 is singular"):
        AugmentedCovariance(2, 3, on_bad="nan", reg=None).fit(X)
    X[2, 2] = X[2, 0]
    with pytest.raises(ValueError, match=r"trial [24] is singular"):
        AugmentedCovariance(2, 3, on_bad="nan", reg=None).fit(X)


def test_nothing_that_is_good(data):
    X = np.full((4, 2, 50), np.nan)
    with pytest.raises(ValueError, match="Every channel of every trial"):
        AugmentedCovariance(on_bad="nan").fit(X)
    X = random_trials(4, 2, 50)[0].copy()
    X[:, 0] = np.nan
    with pytest.raises(ValueError, match="rank='auto' needs a trial without bad channels"):
        AugmentedCovariance(rank="auto", on_bad="nan").fit(X)
    with pytest.raises(ValueError, match="Every trial of X has a bad channel"):
        AugmentedCovarianceClassifier(on_bad="drop").fit(X, [0, 1, 0, 1])


@pytest.mark.parametrize("classifier", ["svm", "mdm", "fgmdm"])
@pytest.mark.parametrize(
    "settings", [{}, {"geometry": "siegel"}, {"spatial_filter": "csp"}], ids=str
)
def test_dropped_trials(data, classifier, settings):
    X, y = data
    make = AugmentedCovarianceClassifier
    model = make(2, 3, classifier=classifier, on_bad="drop", **settings)
    with pytest.warns(UserWarning, match=r"3 of 30 trials have bad channels .* trial 2"):
        model.fit(X, y, sample_weight=np.ones(30))
    alone = make(2, 3, classifier=classifier, **settings).fit(X[GOOD], y[GOOD])
    with pytest.warns(UserWarning, match="class frequencies"):
        scores = model.decision_function(X)
    assert np.allclose(scores[GOOD], alone.decision_function(X[GOOD]))
    counts = np.bincount(y[GOOD])
    assert np.allclose(model.class_prior_, counts / counts.sum())
    with pytest.warns(UserWarning, match="class frequencies"):
        labels, features = model.predict(X), model.transform(X)
    assert np.all(labels[[2, 7, 11]] == np.argmax(counts))
    assert np.array_equal(labels == 1, scores > 0)
    assert np.isnan(features[7]).all()
    assert np.isfinite(features[GOOD]).all()
    with pytest.warns(UserWarning, match="class frequencies"):
        assert model.predict(X[2:3]).shape == (1,)


@pytest.mark.filterwarnings("ignore:.*trials have bad channels")
def test_probabilities_of_dropped_trials(data):
    X, y = data
    y = y + (np.arange(30) % 3 == 0)
    model = AugmentedCovarianceClassifier(2, 3, classifier="mdm", on_bad="drop").fit(X, y)
    assert np.allclose(model.predict_proba(X)[2], model.class_prior_)
    assert np.allclose(model.predict_log_proba(X), np.log(model.predict_proba(X)))
    assert model.predict(X)[2] == model.classes_[np.argmax(model.decision_function(X)[2])]


def test_masked_means_and_distances(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3, classifier="mdm", on_bad="nan", tol=1e-10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, y)
        found = model.transform(X)
    C = AugmentedCovariance(2, 3, on_bad="nan").fit_transform(X)
    for k in (0, 1):
        own = C[y == k]
        expected = masked_mean(own, np.full(len(own), 1 / len(own)), 1e-10).mean
        assert np.allclose(model.means_[k], expected)
        assert np.allclose(found[GOOD, k], distance(C[GOOD], expected))
        rows = np.ix_([0, 2, 3, 5], [0, 2, 3, 5])
        assert np.isclose(found[2, k], distance(C[2][rows], expected[rows]))
    assert model.score(X, y) > 0.8
    assert not np.allclose(model.means_[0], karcher_mean(C[GOOD][y[GOOD] == 0]))


def test_a_trial_without_any_channel(data):
    X, y = data
    X = X.copy()
    X[3] = np.nan
    model = AugmentedCovarianceClassifier(2, 3, classifier="mdm", on_bad="nan")
    with pytest.warns(UserWarning, match=r"1 of 30 trials have bad channels .* trial 3"):
        model.fit(X, y)
    with pytest.warns(UserWarning, match="class frequencies"):
        assert model.predict(X).shape == (30,)


@pytest.mark.parametrize(
    "settings",
    [
        {"classifier": "svm"},
        {"metric": "logeuclid"},
        {"geometry": "siegel"},
        {"recenter": "online"},
    ],
    ids=str,
)
def test_what_masks_do_not_go_with(data, settings):
    settings = {"classifier": "mdm", **settings}
    with pytest.raises(ValueError, match='on_bad="nan" compares'):
        AugmentedCovarianceClassifier(2, 3, on_bad="nan", **settings).fit(*data)
