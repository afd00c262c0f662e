import pickle

import numpy as np
import pytest
import sklearn
from pyriemann.classification import MDM, FgMDM
from pyriemann.estimation import Covariances
from pyriemann.geometry.distance import distance_logdet, distance_logeuclid
from pyriemann.geometry.mean import mean_logdet, mean_logeuclid
from pyriemann.geometry.tangentspace import log_map_logeuclid
from pyriemann.tangentspace import TangentSpace
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneGroupOut,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skgeom import AugmentedCovarianceClassifier
from skgeom.datasets import load_motor_imagery, make_spectral_trials
from skgeom.spd import (
    AugmentedCovariance,
    distance,
    exp_map,
    invsqrtm,
    karcher_mean,
    log_map,
    tangent_vectors,
)
from skgeom.spd._geometry import METRICS
from tests.spd.data import random_trials

FIVE_FOLDS = StratifiedKFold(5, shuffle=True, random_state=42)


@pytest.fixture(scope="module")
def data():
    return random_trials(30, 3, 120)


@pytest.fixture(scope="module")
def three_electrodes():
    return load_motor_imagery(channels=["C3", "Cz", "C4"])


def auc(model, X, y):
    return cross_val_score(model, X, y, cv=FIVE_FOLDS, scoring="roc_auc").mean()


# Quality on real and on constructed trials


def test_few_electrodes_gain_from_delays(three_electrodes):
    X, y = three_electrodes.data, three_electrodes.target
    assert abs(auc(AugmentedCovarianceClassifier(order=3, lag=2), X, y) - 0.822) < 0.005
    assert abs(auc(AugmentedCovarianceClassifier(order=1), X, y) - 0.765) < 0.005
    model = AugmentedCovarianceClassifier(order=3, lag=2)
    assert abs(auc(model.set_params(classifier="mdm"), X, y) - 0.780) < 0.005
    assert abs(auc(model.set_params(classifier="fgmdm"), X, y) - 0.824) < 0.005


def test_all_electrodes():
    X, y = load_motor_imagery(return_X_y=True)
    assert abs(auc(AugmentedCovarianceClassifier(order=3, lag=2), X, y) - 0.975) < 0.005


@pytest.mark.parametrize("classifier", ["svm", "mdm"])
def test_classes_that_differ_in_rhythm_alone(classifier):
    X, y = make_spectral_trials(100, n_times=500, random_state=0)
    model = AugmentedCovarianceClassifier(order=2, lag=2, classifier=classifier)
    assert auc(model, X, y) >= 0.99
    assert auc(model.set_params(order=1), X, y) < 0.65


# Agreement with pyriemann


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("metric", ["riemann", "logeuclid"])
def test_distance_classifiers_agree_with_pyriemann(n_classes, metric):
    X, _ = random_trials(45, 3, 150)
    y = np.arange(45) % n_classes
    X[y == 1, 0] *= 1.5
    C = AugmentedCovariance(2, 3).fit_transform(X)
    for name, theirs in [("mdm", MDM(metric)), ("fgmdm", FgMDM(metric))]:
        ours = AugmentedCovarianceClassifier(2, 3, classifier=name, metric=metric, tol=1e-10)
        ours.fit(X, y)
        theirs.fit(C, y)
        assert np.allclose(ours.transform(X), theirs.transform(C), atol=1e-5), name
        assert np.allclose(ours.predict_proba(X), theirs.predict_proba(C), atol=1e-5), name
        assert np.array_equal(ours.predict(X), theirs.predict(C)), name


@pytest.mark.parametrize("metric", METRICS)
def test_tangent_vectors_and_svm_agree_with_pyriemann(data, metric):
    X, y = data
    ours = AugmentedCovarianceClassifier(2, 3, metric=metric, tol=1e-9).fit(X, y)
    C = AugmentedCovariance(2, 3).fit_transform(X)
    theirs = make_pipeline(TangentSpace(metric=metric), SVC(kernel="linear")).fit(C, y)
    assert np.allclose(ours.transform(X), theirs[0].transform(C), atol=1e-7)
    assert np.allclose(ours.decision_function(X), theirs.decision_function(C), atol=1e-3)
    assert np.array_equal(ours.predict(X), theirs.predict(C))


def test_order_one_agrees_with_plain_covariances(data):
    X, y = data
    C = Covariances("cov").transform(X)
    ours = AugmentedCovarianceClassifier(order=1, lag=9, tol=1e-10).fit(X, y)
    expected = TangentSpace().fit_transform(C)
    assert np.allclose(ours.transform(X), expected, rtol=1e-6, atol=1e-8)
    mdm = ours.set_params(classifier="mdm").fit(X, y)
    assert np.array_equal(mdm.predict(X), MDM().fit(C, y).predict(C))


def test_metrics_of_the_steps_apart(data):
    X, y = data
    metric = {"mean": "logeuclid", "distance": "riemann"}
    model = AugmentedCovarianceClassifier(2, 3, classifier="mdm", metric=metric).fit(X, y)
    C = AugmentedCovariance(2, 3).fit_transform(X)
    assert np.allclose(model.transform(X), MDM(metric=metric).fit(C, y).transform(C), atol=1e-7)
    for wrong in ({"means": "riemann"}, {"mean": "wrong"}):
        with pytest.raises(ValueError, match="metric"):
            model.set_params(metric=wrong).fit(X, y)


# Geometry of the results


@pytest.mark.parametrize("classifier", ["svm", "mdm"])
def test_mixing_the_channels_changes_nothing(data, classifier):
    X, y = data
    W = np.random.default_rng(1).standard_normal((3, 3))
    model = AugmentedCovarianceClassifier(2, 3, classifier=classifier, reg=None, tol=1e-11)
    expected = clone(model).fit(X, y).decision_function(X)
    mixed = model.fit(W @ X, y).decision_function(W @ X)
    assert np.allclose(mixed, expected, atol=1e-3 if classifier == "svm" else 1e-6)
    small = clone(model).set_params(reg="auto").fit(1e-6 * X, y).decision_function(1e-6 * X)
    assert np.allclose(small, expected, atol=1e-3 if classifier == "svm" else 1e-6)


def test_time_reversal_keeps_distances(data):
    X, y = data
    model = AugmentedCovarianceClassifier(3, 2, classifier="mdm", window="full", tol=1e-11)
    expected = clone(model).fit(X, y).transform(X)
    assert np.allclose(model.fit(X[..., ::-1], y).transform(X[..., ::-1]), expected, atol=1e-8)


def test_inverse_transform(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3).fit(X, y)
    C = AugmentedCovariance(2, 3).fit_transform(X)
    assert np.allclose(model.inverse_transform(model.transform(X)), C)
    with pytest.raises(ValueError, match=r"\(n_trials, 21\)"):
        model.inverse_transform(np.zeros((2, 20)))
    assert not hasattr(model.set_params(classifier="mdm"), "inverse_transform")


def test_attributes(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3, tol=1e-8).fit(X, y)
    assert model.reference_.shape == model.whitener_.shape == (6, 6)
    assert np.allclose(model.whitener_ @ model.reference_ @ model.whitener_, np.eye(6))
    assert model.grad_norm_ <= 1e-8
    assert model.n_iter_ >= 1
    assert (model.order_, model.lag_, model.n_channels_in_) == (2, 3, 3)
    vectors = tangent_vectors(AugmentedCovariance(2, 3).fit_transform(X), model.reference_)
    assert np.allclose(vectors.mean(axis=0), 0, atol=1e-8)
    mdm = AugmentedCovarianceClassifier(2, 3, classifier="mdm").fit(X, y)
    assert mdm.means_.shape == (2, 6, 6)


def test_filter_bank_is_a_product_of_manifolds(data):
    X, y = data
    bands = [(5, 20), (20, 40)]
    both = AugmentedCovarianceClassifier(2, 3, bands=bands, sfreq=100.0, classifier="mdm")
    squares = both.fit(X, y).transform(X) ** 2
    alone = [clone(both).set_params(bands=[band]).fit(X, y).transform(X) ** 2 for band in bands]
    assert np.allclose(squares, alone[0] + alone[1])
    svm = both.set_params(classifier="svm").fit(X, y)
    assert svm.transform(X).shape == (30, 2 * 21)
    assert svm.reference_.shape == (2, 6, 6)
    assert svm.feature_importances_.shape == (2, 2, 2, 3, 3)
    assert svm.inverse_transform(svm.transform(X)).shape == (30, 2, 6, 6)


# Weights


@pytest.mark.parametrize("classifier", ["svm", "mdm"])
def test_weights_count_copies(data, classifier):
    X, y = data
    counts = 1 + np.arange(30) % 3
    model = AugmentedCovarianceClassifier(2, 3, classifier=classifier, tol=1e-11)
    copies = clone(model).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    weighted = model.fit(X, y, sample_weight=counts)
    assert np.allclose(weighted.transform(X), copies.transform(X), atol=1e-8)
    assert np.allclose(weighted.decision_function(X), copies.decision_function(X), atol=1e-2)


def test_weights_are_routed(data):
    X, y = data
    weight = np.random.default_rng(0).random(30)
    with sklearn.config_context(enable_metadata_routing=True):
        model = AugmentedCovarianceClassifier(2, 3, classifier="mdm")
        model.set_fit_request(sample_weight=True)
        pipeline = make_pipeline(model).fit(X, y, sample_weight=weight)
    expected = clone(model).fit(X, y, sample_weight=weight)
    assert np.array_equal(pipeline.transform(X), expected.transform(X))
    with pytest.raises(ValueError, match="no sample_weight"):
        model.fit(X, y, sample_weight=(y == 0).astype(float))
    with pytest.raises(ValueError, match="Negative"):
        model.fit(X, y, sample_weight=-weight)


# Domains and drift


def drifting(seed=0):
    """Two domains whose channels are mixed differently; returns (X, y, groups)."""
    rng = np.random.default_rng(seed)
    X, y = random_trials(60, 3, 200, seed)
    X[y == 1, 0] *= 1.3
    groups = np.repeat(["monday", "tuesday"], 30)
    X[30:] = (np.eye(3) + 0.6 * rng.standard_normal((3, 3))) @ X[30:]
    return X, y, groups


def test_recentring_makes_the_mean_of_each_domain_the_identity():
    X, y, groups = drifting()
    model = AugmentedCovarianceClassifier(2, 2, recenter="domain", tol=1e-9)
    vectors = model.fit_transform(X, y, groups=groups)
    for group in ("monday", "tuesday"):
        assert np.allclose(vectors[groups == group].mean(axis=0), 0, atol=1e-6)
    C = AugmentedCovariance(2, 2).fit_transform(X)
    assert np.allclose(model.domains_["monday"], karcher_mean(C[:30], tol=1e-9))
    assert np.allclose(model.reference_, np.eye(6), atol=1e-6)


@pytest.mark.parametrize("classifier", ["svm", "mdm", "fgmdm"])
def test_recentring_undoes_a_change_of_the_mixing(classifier):
    X, y, groups = drifting()
    first, second = groups == "monday", groups == "tuesday"
    make = AugmentedCovarianceClassifier
    plain = make(1, classifier=classifier).fit(X[first], y[first]).score(X[second], y[second])
    model = make(1, classifier=classifier, recenter="transductive")
    model.fit(X[first], y[first], groups=groups[first])
    assert model.score(X[second], y[second]) == model.score(
        X[second], y[second], groups=groups[second]
    )
    assert model.score(X[second], y[second]) >= max(plain, 0.6)


def test_new_domains():
    X, y, groups = drifting()
    first, second = groups == "monday", groups == "tuesday"
    model = AugmentedCovarianceClassifier(1, recenter="domain")
    model.fit(X[first], y[first], groups=groups[first])
    with pytest.raises(ValueError, match="'tuesday' is new"):
        model.predict(X[second], groups=groups[second])
    with pytest.raises(ValueError, match="no groups were given"):
        model.predict(X[second])
    with pytest.raises(ValueError, match="needs groups"):
        model.fit(X, y)
    model.fit(X[first], y[first], groups=groups[first])
    model.adapt(X[second], groups=groups[second])
    transductive = AugmentedCovarianceClassifier(1, recenter="transductive")
    transductive.fit(X[first], y[first], groups=groups[first])
    expected = transductive.decision_function(X[second])
    assert np.allclose(model.decision_function(X[second], groups=groups[second]), expected)


def test_online_recentring_follows_the_running_mean():
    X, y, groups = drifting()
    first, second = groups == "monday", groups == "tuesday"
    model = AugmentedCovarianceClassifier(1, recenter="online", classifier="mdm")
    model.fit(X[first], y[first], groups=groups[first])
    C = AugmentedCovariance(1).fit_transform(X)
    distances = model.transform(X[second])
    mean = model.domains_["monday"]
    for i, matrix in enumerate(C[second][:4]):
        mean = exp_map(log_map(matrix, mean) / (i + 2), mean)
        whitener = invsqrtm(mean)
        expected = distance(whitener @ matrix @ whitener, model.means_)
        assert np.allclose(distances[i], expected, atol=1e-6)
    # what comes later does not matter
    assert np.allclose(model.transform(X[second][:4]), distances[:4])


def test_groups_are_routed():
    X, y, groups = drifting()
    with sklearn.config_context(enable_metadata_routing=True):
        model = AugmentedCovarianceClassifier(1, recenter="transductive")
        model.set_fit_request(groups=True).set_score_request(groups=True)
        scores = cross_val_score(
            model, X, y, cv=LeaveOneGroupOut(), params={"groups": groups}, error_score="raise"
        )
    assert scores.shape == (2,)


def test_partial_fit_of_one_trial_is_a_step_on_the_geodesic(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3, classifier="mdm").fit(X[:20], y[:20])
    before = model.means_.copy()
    model.partial_fit(X[20:21], y[20:21])
    matrix = AugmentedCovariance(2, 3).fit_transform(X)[20]
    assert np.allclose(model.means_[1], before[1])
    assert np.allclose(model.means_[0], exp_map(log_map(matrix, before[0]) / 11, before[0]))


def test_partial_fit_follows_the_whole_fit(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3, classifier="mdm").partial_fit(X[:10], y[:10])
    model.partial_fit(X[10:], y[10:])
    whole = AugmentedCovarianceClassifier(2, 3, classifier="mdm").fit(X, y)
    assert np.all(distance(model.means_, whole.means_) < 0.1)
    assert np.all(distance(model.means_, whole.means_) < 0.5 * distance(*whole.means_))
    with pytest.raises(ValueError, match="label 7"):
        model.partial_fit(X[:1], [7])


def test_partial_fit_of_a_classifier(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3, classifier=SGDClassifier(random_state=0))
    model.fit(X[:20], y[:20])
    expected = clone(model).fit(X[:20], y[:20])
    expected.classifier_.partial_fit(expected.transform(X[20:]), y[20:])
    model.partial_fit(X[20:], y[20:])
    assert np.array_equal(model.classifier_.coef_, expected.classifier_.coef_)
    for other in ("svm", "fgmdm"):
        assert not hasattr(AugmentedCovarianceClassifier(classifier=other), "partial_fit")


def test_learning_on_leaves_bad_trials_out(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3, classifier="mdm", on_bad="drop").fit(X[:20], y[:20])
    expected = clone(model).fit(X[:20], y[:20]).partial_fit(X[21:], y[21:])
    bad = X.copy()
    bad[20, 1] = 0.0
    model.partial_fit(bad[20:], y[20:])
    assert np.allclose(model.means_, expected.means_)


def test_adapt_moves_the_reference_alone(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3).fit(X[:20], y[:20])
    before, coef = model.reference_, model.classifier_.coef_.copy()
    W = np.diag([1.0, 2.0, 3.0])
    model.adapt(W @ X[20:])
    target = karcher_mean(AugmentedCovariance(2, 3).fit_transform(W @ X[20:]))
    assert np.allclose(model.reference_, exp_map(log_map(target, before) / 3, before))
    assert np.array_equal(model.classifier_.coef_, coef)
    with pytest.raises(ValueError, match="use partial_fit"):
        model.set_params(classifier="mdm").fit(X, y).adapt(X)


# Classifiers, probabilities, names, importances


def test_any_classifier(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3, classifier=LogisticRegression()).fit(X, y)
    assert model.score(X, y) > 0.9
    assert np.allclose(model.predict_proba(X), model.classifier_.predict_proba(model.transform(X)))
    knn = AugmentedCovarianceClassifier(2, 3, classifier=KNeighborsClassifier()).fit(X, y)
    assert not hasattr(knn, "decision_function")
    assert knn.predict_proba(X).shape == (30, 2)
    with pytest.raises(AttributeError, match="linear"):
        knn.feature_importances_  # noqa: B018


def test_probabilities(data):
    X, y = data
    svm = AugmentedCovarianceClassifier(2, 3).fit(X, y)
    assert not hasattr(svm, "predict_proba")
    svm = svm.set_params(probability="cv").fit(X, y)
    P = svm.predict_proba(X)
    assert np.allclose(P.sum(axis=1), 1)
    assert np.array_equal(np.argsort(P[:, 1]), np.argsort(svm.decision_function(X)))
    mdm = svm.set_params(classifier="mdm").fit(X, y)
    assert np.allclose(np.exp(mdm.predict_log_proba(X)), mdm.predict_proba(X))
    assert np.array_equal(mdm.decision_function(X) > 0, mdm.predict(X) == 1)
    squares = mdm.transform(X) ** 2
    C = AugmentedCovariance(2, 3).fit_transform(X)
    assert np.allclose(squares[:, 1], distance(C, mdm.means_[1], squared=True))


def test_string_labels(data):
    X, y = data
    labels = np.array(["left", "right"])[y]
    for classifier in ("svm", "mdm", "fgmdm"):
        model = AugmentedCovarianceClassifier(2, 3, classifier=classifier).fit(X, labels)
        assert set(model.predict(X)) == {"left", "right"}
        assert model.classes_.tolist() == ["left", "right"]


def test_names_and_tables(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3).fit(X, y)
    assert model.get_feature_names_out(["C3", "Cz", "C4"])[4] == "C3[t]*Cz[t+3]"
    frame = model.set_output(transform="pandas").transform(X)
    assert list(frame.columns) == list(model.get_feature_names_out())
    mdm = AugmentedCovarianceClassifier(2, 3, classifier="mdm").fit(X, y)
    assert mdm.get_feature_names_out().tolist() == ["distance_0", "distance_1"]
    with pytest.raises(ValueError, match="number of channels"):
        model.get_feature_names_out(["C3"])


def test_importances_are_the_coefficients_in_blocks(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3).fit(X, y)
    shares = model.feature_importances_
    assert shares.shape == (2, 2, 3, 3)
    assert np.isclose(shares.sum(), 1)
    names = list(model.get_feature_names_out())
    coef = np.abs(model.classifier_.coef_[0])
    ratio = coef[names.index("x0[t]*x1[t+3]")] / np.sqrt(2) / coef[names.index("x2[t]*x2[t]")]
    assert np.isclose(shares[0, 1, 0, 1] / shares[0, 0, 2, 2], ratio)
    assert np.isclose(shares[1, 0, 1, 0], shares[0, 1, 0, 1])
    assert np.isclose(model.set_params(classifier="fgmdm").fit(X, y).feature_importances_.sum(), 1)
    with pytest.raises(AttributeError):
        model.set_params(classifier="svm", kernel="rbf").fit(X, y).feature_importances_  # noqa: B018


def test_importances_find_the_delay_that_matters():
    X, y = make_spectral_trials(100, n_times=500, random_state=0)
    shares = AugmentedCovarianceClassifier(order=2, lag=2).fit(X, y).feature_importances_
    between = shares[0, 1] + shares[1, 0]
    assert between.sum() > 0.5


# Bad input


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(30), "one class"),
        (np.arange(29) % 2, "inconsistent numbers of samples"),
        (np.linspace(0, 1, 30), "Unknown label type: continuous"),
    ],
)
def test_refused_labels(data, y, message):
    with pytest.raises(ValueError, match=message):
        AugmentedCovarianceClassifier(2, 3).fit(data[0], y)


def test_one_trial_in_a_class(data):
    X, y = data
    y = np.where(np.arange(30) == 4, "odd", "common")
    model = AugmentedCovarianceClassifier(2, 3, classifier="mdm").fit(X, y)
    assert model.predict(X)[4] == "odd"
    assert np.isclose(model.transform(X)[4, 1], 0, atol=1e-5)
    with pytest.raises(ValueError, match=r"class 'odd' has 1|'odd'.* has 1"):
        model.set_params(classifier="fgmdm").fit(X, y)


def test_two_dimensional_input_is_one_trial(data):
    X, y = data
    with pytest.raises(ValueError, match=r"X\[np.newaxis\]"):
        AugmentedCovarianceClassifier().fit(X[0], y)


# scikit-learn's tools


def test_grid_search_pickle_and_memory(data, tmp_path):
    X, y = data
    grid = {"order": [1, 2], "lag": [1, 3], "C": [0.5, 1.0], "estimator": ["cov", 0.1]}
    search = GridSearchCV(AugmentedCovarianceClassifier(), grid, cv=3, n_jobs=2).fit(X, y)
    assert search.best_params_["order"] == 2
    loaded = pickle.loads(pickle.dumps(search))
    assert np.array_equal(loaded.predict(X), search.predict(X))
    steps = [AugmentedCovariance(2, 3), TangentSpace(), SVC(kernel="linear")]
    cached = make_pipeline(*steps, memory=str(tmp_path)).fit(X, y)
    assert cached.fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize("classifier", ["svm", "mdm", "fgmdm"])
def test_same_bits_for_any_number_of_threads(classifier):
    X, y = random_trials(40, 10, 300)
    models = [
        AugmentedCovarianceClassifier(4, 2, classifier=classifier, n_jobs=n).fit(X, y)
        for n in (1, 2)
    ]
    scores = [model.decision_function(X) for model in models]
    assert np.array_equal(*scores)


def test_importances_without_any_coefficient(data):
    X, y = data
    X = np.broadcast_to(X[0], X.shape)
    model = AugmentedCovarianceClassifier(2, 1, classifier=LogisticRegression()).fit(X, y)
    model.classifier_.coef_[:] = 0.0
    assert np.array_equal(model.feature_importances_, np.zeros((2, 2, *[X.shape[1]] * 2)))


@pytest.mark.parametrize("groups", [[0.0, np.nan], [1, "a"], [1, None]], ids=str)
def test_refused_groups(data, groups):
    X, y = data
    groups = np.resize(np.array(groups, dtype=object), len(X))
    model = AugmentedCovarianceClassifier(2, 1, recenter="domain")
    with pytest.raises(ValueError, match="groups must be of one type and without NaN"):
        model.fit(X, y, groups=groups)


def test_a_far_lag_for_a_rule(data):
    with pytest.raises(ValueError, match="leaves 0 delay vectors"):
        AugmentedCovarianceClassifier("ar_bic", 1e300).fit(*data)


def test_moved_means_move_the_distances(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 1, classifier="mdm").fit(X, y)
    model.partial_fit(3.0 * X, y)
    C = model.covariance_.transform(X)
    expected = np.stack([distance(C, M) for M in model.means_], axis=1)
    assert np.allclose(model.transform(X), expected)


def test_importances_of_classes_with_one_mean(data):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 1, classifier="fgmdm")
    model.fit(np.broadcast_to(X[:1], X.shape), y)
    assert not model.feature_importances_.any()


# Metrics by callables, types, caching, progress, chance


def test_metrics_by_callables(data):
    X, y = data
    ours = AugmentedCovarianceClassifier(2, 3, classifier="mdm", metric="logeuclid").fit(X, y)
    metric = {"mean": mean_logeuclid, "distance": distance_logeuclid, "map": log_map_logeuclid}
    theirs = AugmentedCovarianceClassifier(2, 3, classifier="mdm", metric=metric).fit(X, y)
    assert np.allclose(ours.transform(X), theirs.transform(X))
    with pytest.raises(ValueError, match="callable has no geodesics"):
        theirs.partial_fit(X, y)
    ours.set_params(classifier="svm").fit(X, y)
    theirs.set_params(classifier="svm").fit(X, y)
    assert np.allclose(ours.transform(X), theirs.transform(X))
    with pytest.raises(ValueError, match="callable has no inverse"):
        theirs.inverse_transform(theirs.transform(X))


@pytest.mark.parametrize(("metric", "factor"), [("euclid", -1e4), ("logchol", 1e4)])
def test_vectors_that_lead_out_of_the_matrices(data, metric, factor):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3, metric=metric).fit(X, y)
    vectors = model.transform(X)
    assert model.inverse_transform(vectors).shape == (30, 6, 6)
    with pytest.raises(ValueError, match="tangent vector 0 leads out"):
        model.inverse_transform(factor * np.abs(vectors))


def test_metrics_that_only_pyriemann_has(data):
    X, y = data
    metric = {"mean": mean_logdet, "distance": distance_logdet}
    model = AugmentedCovarianceClassifier(2, 3, classifier="mdm", metric=metric).fit(X, y)
    C = AugmentedCovariance(2, 3).fit_transform(X)
    theirs = MDM(metric="logdet").fit(C, y)
    assert np.allclose(model.transform(X), theirs.transform(C), atol=1e-6)


@pytest.mark.parametrize("classifier", ["svm", "mdm"])
def test_features_in_single_precision(data, classifier):
    X, y = data
    double = AugmentedCovarianceClassifier(2, 3, classifier=classifier).fit(X, y)
    single = clone(double).set_params(dtype="float32").fit(X, y)
    assert double.transform(X).dtype == np.float64
    assert single.transform(X).dtype == np.float32
    assert np.allclose(single.transform(X), double.transform(X), atol=1e-4)
    assert AugmentedCovariance(2, 3, dtype="float32").fit_transform(X).dtype == np.float32


@pytest.mark.parametrize("classifier", ["svm", "mdm"])
def test_memory_keeps_what_comes_before_the_classifier(data, tmp_path, classifier, monkeypatch):
    X, y = data
    cached = AugmentedCovarianceClassifier(2, 3, classifier=classifier, memory=str(tmp_path))
    expected = clone(cached).set_params(memory=None).fit(X, y).transform(X)
    assert np.array_equal(cached.fit(X, y).transform(X), expected)
    again = clone(cached).set_params(C=0.5)

    def never(*arguments, **settings):
        raise AssertionError("computed again")

    monkeypatch.setattr(AugmentedCovariance, "fit_transform", never)
    if classifier == "svm":
        monkeypatch.setattr("skgeom.spd._manifold.SPDProduct.mean_and_vectors", never)
    assert np.array_equal(again.fit(X, y).transform(X), expected)


def test_progress_is_printed(data, capsys):
    AugmentedCovarianceClassifier(2, 3, verbose=1).fit(*data)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("] ")[1].split(" ")[0] for line in lines] == ["30", "means", "classifier,"]
    AugmentedCovarianceClassifier(2, 3).fit(*data)
    assert not capsys.readouterr().out


def test_random_state_reaches_what_is_random(data):
    X, y = data
    make = AugmentedCovarianceClassifier
    sgd = [make(2, 3, classifier=SGDClassifier(), random_state=s).fit(X, y) for s in (0, 0, 1)]
    coefs = [model.classifier_.coef_ for model in sgd]
    assert np.array_equal(coefs[0], coefs[1])
    assert not np.array_equal(coefs[0], coefs[2])
    assert sgd[0].classifier_.random_state == 0
    P = [
        make(2, 3, probability="cv", random_state=s).fit(X, y).predict_proba(X)
        for s in (None, None, 0, 0, 1)
    ]
    assert np.array_equal(P[0], P[1])
    assert np.array_equal(P[2], P[3])
    assert not np.array_equal(P[2], P[4])


# Streams


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"classifier": "mdm", "estimator": "oas"},
        {"classifier": "fgmdm", "rank": 2},
        {"geometry": "siegel"},
        {"bands": [(5, 20), (20, 40)], "sfreq": 100.0},
        {"spatial_filter": "csp", "n_components": 2},
    ],
    ids=str,
)
def test_decode_gives_what_predict_gives_for_the_windows(data, settings):
    X, y = data
    model = AugmentedCovarianceClassifier(2, 3, **settings).fit(X, y)
    signal = np.concatenate(list(X[:4]), axis=1)
    ends, labels = zip(*model.decode(np.array_split(signal, 7, axis=1), step=40))
    assert ends == tuple(range(120, 481, 40))
    windows = np.stack([signal[:, end - 120 : end] for end in ends])
    assert np.array_equal(labels, model.predict(windows))
    with pytest.raises(ValueError, match="step must be a whole number"):
        list(model.decode([signal], step=0))


def test_decode_follows_a_new_domain():
    X, y, groups = drifting()
    first, second = groups == "monday", groups == "tuesday"
    model = AugmentedCovarianceClassifier(1, recenter="online", classifier="mdm")
    model.fit(X[first], y[first], groups=groups[first])
    signal = np.concatenate(list(X[second]), axis=1)
    labels = [label for _, label in model.decode([signal], step=200)]
    assert np.array_equal(labels, model.predict(X[second]))
    known = [label for _, label in model.decode([signal], step=200, group="monday")]
    assert np.array_equal(known, model.predict(X[second], groups=np.full(30, "monday")))
    with pytest.raises(ValueError, match="group 'friday' is new"):
        list(model.set_params(recenter="transductive").decode([signal], step=200, group="friday"))


def test_decode_meets_bad_windows(data):
    X, y = data
    signal = np.concatenate(list(X[:4]), axis=1)
    signal[1, 100:300] = 5.0
    plain = AugmentedCovarianceClassifier(2, 3).fit(X, y)
    with pytest.raises(ValueError, match="channel 1 is 5"):
        list(plain.decode([signal], step=60))
    model = plain.set_params(on_bad="drop").fit(X, y)
    with pytest.warns(UserWarning, match="class frequencies"):
        decoded = list(model.decode([signal], step=60))
    assert len(decoded) == 7
