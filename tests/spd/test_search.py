import pickle

import numpy as np
import pytest
from pyriemann.estimation import Covariances
from pyriemann.tangentspace import TangentSpace
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneGroupOut,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from skgeom.datasets import load_motor_imagery
from skgeom.spd import AugmentedCovarianceClassifier, AugmentedCovarianceClassifierCV
from tests.spd.data import random_trials

FOLDS = StratifiedKFold(3, shuffle=True, random_state=42)


@pytest.fixture(scope="module")
def data():
    X, y = random_trials(36, 2, 100)
    # labels that cannot be told apart perfectly, so that scores differ
    flipped = np.random.default_rng(0).choice(36, 8, replace=False)
    y = y.copy()
    y[flipped] = 1 - y[flipped]
    return X, y


def assert_same_results(ours, theirs, rename=lambda name: name, atol=1e-6):
    def table(results):
        keys = [tuple(sorted((rename(k), str(v)) for k, v in p.items())) for p in results["params"]]
        splits = [name for name in results if name.startswith("split")]
        columns = ["mean_test_score", "std_test_score", "rank_test_score", *splits]
        return dict(zip(keys, np.transpose([results[name] for name in columns])))

    first, second = table(ours.cv_results_), table(theirs.cv_results_)
    assert first.keys() == second.keys()
    for key, row in first.items():
        assert np.allclose(row, second[key], atol=atol), key
    assert np.isclose(ours.best_score_, theirs.best_score_, atol=atol)


class Stack(TransformerMixin, BaseEstimator):
    """Delay stacking as the method's own code does it."""

    def __init__(self, order=1, lag=1):
        self.order, self.lag = order, lag

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        n = X.shape[2] - self.order * self.lag if self.order > 1 else X.shape[2]
        parts = [X[:, :, k * self.lag : k * self.lag + n] for k in range(self.order)]
        return np.concatenate(parts, axis=1)


def test_same_results_as_a_grid_search_over_the_plain_pipeline():
    X, y = load_motor_imagery(channels=["C3", "Cz", "C4"], return_X_y=True)
    pipeline = Pipeline(
        [("aug", Stack()), ("cov", Covariances("cov")), ("ts", TangentSpace()), ("svm", SVC())]
    )
    grid = {"C": [0.5, 1.5], "kernel": ["linear", "rbf"]}
    peer_grid = {"aug__order": [1, 2, 3], "aug__lag": [1, 2]}
    peer_grid.update({f"svm__{name}": values for name, values in grid.items()})
    theirs = GridSearchCV(pipeline, peer_grid, cv=FOLDS, scoring="roc_auc").fit(X, y)
    ours = AugmentedCovarianceClassifierCV(
        [1, 2, 3], [1, 2], param_grid=grid, cv=FOLDS, scoring="roc_auc"
    ).fit(X, y)
    assert_same_results(ours, theirs, lambda name: name.split("__")[-1])
    best = {name.split("__")[-1]: value for name, value in theirs.best_params_.items()}
    assert ours.best_params_ == best
    assert np.array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize(
    "settings",
    [
        {"classifier": "svm", "param_grid": {"C": [0.5, 2.0], "kernel": ["linear", "rbf"]}},
        {"classifier": "mdm", "param_grid": {"metric": ["riemann", "logeuclid"]}},
        {"classifier": "fgmdm", "scoring": "neg_log_loss"},
        {"classifier": LogisticRegression(), "param_grid": {"classifier__C": [0.1, 1.0]}},
        {"classifier": "svm", "probability": "cv", "scoring": "neg_brier_score"},
        {"classifier": "svm", "rank": 1},
        {"classifier": "mdm", "embed_mean": True},
        {"classifier": "svm", "param_grid": {"estimator": ["cov", "oas"]}},
        {"classifier": "svm", "class_weight": "balanced", "structure": "toeplitz"},
        {"classifier": "mdm", "bands": [(5, 20), (20, 40)], "sfreq": 100.0},
        {"geometry": "siegel", "param_grid": {"kernel": ["linear", "rbf"]}},
        {"geometry": "siegel", "classifier": "mdm", "bands": [(5, 20), (20, 40)], "sfreq": 100.0},
        {"geometry": "siegel", "classifier": "fgmdm", "estimator": 0.1},
        {"geometry": "siegel", "classifier": LogisticRegression(), "siegel_weights": "uniform"},
        {"geometry": "siegel", "classifier": "mdm", "estimator": "oas"},
        {"geometry": "siegel", "toeplitz": "averaged"},
        {"dtype": "float32", "classifier": LogisticRegression()},
        {"geometry": "siegel", "classifier": "svm", "rank": 1, "probability": "cv"},
    ],
    ids=str,
)
def test_same_results_as_a_grid_search_over_the_classifier(data, settings):
    X, y = data
    settings = dict(settings)
    grid = settings.pop("param_grid", None)
    scoring = settings.pop("scoring", "roc_auc")
    pairs = {"order": [1, 2, 3] if "geometry" in settings else [1, 2], "lag": [1, 3]}
    model = AugmentedCovarianceClassifier(**settings)
    theirs = GridSearchCV(model, {**pairs, **(grid or {})}, cv=FOLDS, scoring=scoring).fit(X, y)
    ours = AugmentedCovarianceClassifierCV(
        pairs["order"], pairs["lag"], param_grid=grid, cv=FOLDS, scoring=scoring, **settings
    ).fit(X, y)
    # probabilities of a support vector machine are as exact as its solver, whose tol is 1e-3
    assert_same_results(ours, theirs, atol=1e-3 if "probability" in settings else 1e-6)
    assert [list(p.items()) for p in ours.cv_results_["params"]] == [
        list(p.items()) for p in theirs.cv_results_["params"]
    ]
    assert ours.best_params_ == theirs.best_params_
    assert set(ours.cv_results_) == set(theirs.cv_results_)


def test_weights_and_groups(data):
    X, y = data
    weight = np.random.default_rng(0).random(36)
    groups = np.arange(36) // 9
    ours = AugmentedCovarianceClassifierCV([1, 2], [2], classifier="mdm", cv=LeaveOneGroupOut())
    ours.fit(X, y, sample_weight=weight, groups=groups)
    assert ours.n_splits_ == 4
    for i, order in enumerate((1, 2)):
        model = AugmentedCovarianceClassifier(order, 2, classifier="mdm")
        for g in range(4):
            test = groups == g
            model.fit(X[~test], y[~test], sample_weight=weight[~test])
            expected = model.score(X[test], y[test], sample_weight=weight[test])
            assert np.isclose(ours.cv_results_[f"split{g}_test_score"][i], expected)
    model = ours.best_estimator_
    assert np.allclose(model.transform(X), clone(model).fit(X, y, weight).transform(X))


@pytest.mark.parametrize("scoring", ["roc_auc", lambda model, X, y: np.mean(model.predict(X) == y)])
def test_scorers_with_and_without_weights(data, scoring):
    X, y = data
    search = AugmentedCovarianceClassifierCV([1], [2], scoring=scoring)
    search.fit(X, y, sample_weight=np.ones(36))
    plain = AugmentedCovarianceClassifierCV([1], [2], scoring=scoring).fit(X, y)
    assert search.best_score_ == plain.best_score_


def test_defaults_nesting_and_tools(data):
    X, y = data
    search = AugmentedCovarianceClassifierCV([1, 2], [1, 2], classifier="mdm")
    assert cross_val_score(search, X, y, cv=2, error_score="raise").shape == (2,)
    search = pickle.loads(pickle.dumps(search.fit(X, y)))
    best = search.best_estimator_
    assert np.array_equal(search.predict_proba(X), best.predict_proba(X))
    assert np.array_equal(search.decision_function(X), best.decision_function(X))
    assert search.score(X, y) == best.score(X, y)
    assert list(search.get_feature_names_out()) == list(best.get_feature_names_out())
    assert search.cv_results_["param_order"].tolist() == [1, 2, 1, 2]
    with pytest.raises(NotFittedError):
        AugmentedCovarianceClassifierCV().predict(X)


def test_without_refit(data):
    X, y = data
    search = AugmentedCovarianceClassifierCV([1], [1], refit=False).fit(X, y)
    assert not hasattr(search, "best_estimator_")
    with pytest.raises(NotFittedError):
        search.predict(X)


def test_candidates_that_fail(data):
    X, y = data
    search = AugmentedCovarianceClassifierCV([2, 60], [2])
    with pytest.warns(FitFailedWarning, match="leaves 0 delay vectors"):
        search.fit(X, y)
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [False, True]
    assert search.cv_results_["rank_test_score"].tolist() == [1, 2]
    assert search.best_params_["order"] == 2
    with pytest.raises(ValueError, match="delay vectors"):
        search.set_params(error_score="raise").fit(X, y)
    with (
        pytest.raises(ValueError, match="All candidates failed"),
        pytest.warns(FitFailedWarning),
    ):
        AugmentedCovarianceClassifierCV([60], [2]).fit(X, y)


def test_largest_order_fails_alone_in_siegel_geometry(data):
    X, y = data
    search = AugmentedCovarianceClassifierCV([1, 2, 60], [2], geometry="siegel")
    with pytest.warns(FitFailedWarning, match="delay vectors"):
        search.fit(X, y)
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [False, False, True]


def test_trials_of_unequal_length(data):
    X, y = data
    trials = [trial[:, : 90 + i % 5] for i, trial in enumerate(X)]
    search = AugmentedCovarianceClassifierCV([1, 2], [1], rank=1).fit(trials, y)
    assert search.predict(trials).shape == (36,)


def test_same_bits_for_any_number_of_threads(data):
    X, y = data
    searches = [
        AugmentedCovarianceClassifierCV([1, 3], [1, 2], n_jobs=n_jobs, scoring="roc_auc").fit(X, y)
        for n_jobs in (1, 2)
    ]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    assert np.array_equal(*scores)


def test_an_invalid_candidate_fails_alone():
    X, y = random_trials(24, 2, 90)
    search = AugmentedCovarianceClassifierCV([2], [1], param_grid={"C": [-1.0, 1.0]})
    with pytest.warns(FitFailedWarning, match="'C' parameter"):
        search.fit(X, y)
    assert search.best_params_["C"] == 1.0


def test_rules_beside_orders_in_siegel_geometry():
    X, y = random_trials(24, 2, 90)
    grid = {"order": ["ar_bic", 2], "lag": [1]}
    model = AugmentedCovarianceClassifier(geometry="siegel")
    expected = GridSearchCV(model, grid, cv=3).fit(X, y).cv_results_
    search = AugmentedCovarianceClassifierCV(**{f"{k}s": v for k, v in grid.items()})
    found = search.set_params(geometry="siegel").fit(X, y).cv_results_
    assert np.array_equal(found["mean_test_score"], expected["mean_test_score"])


def test_refusals_of_the_search():
    X, y = random_trials(24, 2, 90)
    search = AugmentedCovarianceClassifierCV([2], [1])
    for bad in (y[:-1], np.append(y, 0)):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            search.fit(X, bad)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        search.fit(X, y, sample_weight=np.ones(5))
    with pytest.raises(ValueError, match="cv=50: Cannot have number of splits"):
        AugmentedCovarianceClassifierCV([2], [1], cv=50).fit(X, y)
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        search.fit(X, np.linspace(0, 1, len(y)))
    for name, value in (("recenter", "transductive"), ("on_bad", "drop"), ("input", "covariance")):
        with pytest.raises(ValueError, match=f"cannot hold {name}"):
            search.set_params(param_grid={name: [value]}).fit(X, y, groups=y)


@pytest.mark.parametrize("classifier", ["svm", "mdm", KNeighborsClassifier()])
def test_ensemble_averages_the_best_pairs(data, classifier):
    X, y = data
    search = AugmentedCovarianceClassifierCV(
        [1, 2, 3], [1, 2], classifier=classifier, ensemble="top_k", n_ensemble=3
    ).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    pairs = [(model.order_, model.lag_) for model in search.estimators_]
    assert len(set(pairs)) == 3  # the lags of order 1 are one pair
    assert search.estimators_[0] is search.best_estimator_
    worst = min(
        score
        for score, p in zip(scores, search.cv_results_["params"])
        if (p["order"], p["lag"] if p["order"] > 1 else 0) in pairs
    )
    chosen = {(p["order"], p["lag"] if p["order"] > 1 else 0): s
              for p, s in zip(search.cv_results_["params"], scores)}  # fmt: skip
    assert all(score <= worst for pair, score in chosen.items() if pair not in pairs)
    if hasattr(search, "decision_function"):
        values = np.mean([model.decision_function(X) for model in search.estimators_], axis=0)
        assert np.allclose(search.decision_function(X), values)
        assert np.array_equal(search.predict(X), (values > 0).astype(int))
    else:
        values = np.mean([model.predict_proba(X) for model in search.estimators_], axis=0)
        assert np.array_equal(search.predict(X), np.argmax(values, axis=1))
    assert search.score(X, y) == np.mean(search.predict(X) == y)
    search.set_params(scoring="balanced_accuracy", refit=False)
    with pytest.raises(ValueError, match="needs refit=True"):
        search.fit(X, y)


def test_ensemble_of_three_classes(data):
    X, _ = data
    y = np.array(["a", "b", "c"])[np.arange(36) % 3]
    search = AugmentedCovarianceClassifierCV(
        [1, 2], [1, 2], classifier="mdm", ensemble="top_k", scoring="balanced_accuracy"
    ).fit(X, y)
    assert len(search.estimators_) == 3
    found = search.predict(X)
    assert np.array_equal(found, search.classes_[np.argmax(search.decision_function(X), axis=1)])
    assert 0 <= search.score(X, y) <= 1


def test_progress_is_printed(data, capsys):
    X, y = data
    AugmentedCovarianceClassifierCV([1, 2], [1, 2], verbose=1).fit(X, y)
    printed = capsys.readouterr().out
    assert printed.count("[AugmentedCovarianceClassifierCV] order") == 3
    assert "best score" in printed
    assert "[AugmentedCovarianceClassifier] classifier" in printed
