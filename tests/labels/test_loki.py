"""Predictions of labels that the classifier never saw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.datasets import load_diabetes, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skgeom.labels import LokiClassifier, label_squared_distance, make_label_distance_scorer
from skgeom.labels._frechet import PointRule, TableRule, TreeRule, keep_largest, nearest_labels
from skgeom.labels._space import label_space
from tests.labels.data import Network, distances_of, graph_of, path_graph, random_tree


def zero_shot(D, **options):
    """A rule over given probabilities of all labels."""
    n_labels = D.shape[0]
    loki = LokiClassifier("precomputed", label_metric=D, **options)
    return loki.fit(np.full((1, n_labels), 1.0 / n_labels))


def probabilities(n_rows, n_labels, seed=0, concentration=0.3):
    return np.random.default_rng(seed).dirichlet(np.full(n_labels, concentration), n_rows)


def some_metric(n, seed=0):
    places = np.random.default_rng(seed).standard_normal((n, 3))
    return np.linalg.norm(places[:, None] - places, axis=2)


def test_all_labels_equally_far_is_the_classifier_itself():
    X, y = load_iris(return_X_y=True)
    base = LogisticRegression(max_iter=1000).fit(X, y)
    for metric in (None, 1.0 - np.eye(3), 5.0 - 5.0 * np.eye(3)):
        loki = LokiClassifier(LogisticRegression(max_iter=1000), label_metric=metric).fit(X, y)
        assert np.array_equal(loki.predict(X), base.predict(X))
    loki = LokiClassifier(LogisticRegression(max_iter=1000)).fit(X, y)
    assert np.allclose(loki.decision_function(X), base.predict_proba(X) - 1.0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 30))
def test_ordinal_prediction_is_the_rounded_mean(seed, n):
    P = probabilities(40, n, seed)
    mean = P @ np.arange(n)
    loki = LokiClassifier("precomputed", label_metric="ordinal", labels=range(n)).fit(P)
    clear = np.abs(mean - np.floor(mean) - 0.5) > 1e-9
    assert np.array_equal(loki.predict(P)[clear], np.rint(mean[clear]))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 5))
def test_prediction_among_points_is_the_one_nearest_to_their_mean(seed, q):
    places = np.random.default_rng(seed).standard_normal((15, q))
    P = probabilities(40, 15, seed)
    nearest = np.linalg.norm((P @ places)[:, None] - places, axis=2).argmin(axis=1)
    loki = zero_shot(places, metric="euclidean")
    assert np.array_equal(loki.predict(P), nearest)
    D = np.linalg.norm(places[:, None] - places, axis=2)
    assert np.allclose(loki.decision_function(P), zero_shot(D).decision_function(P))


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0, 3.0])
def test_rule_by_definition(power):
    D, P = some_metric(12), probabilities(25, 12)
    by_hand = np.array(
        [[sum(p[i] * D[y, i] ** power for i in range(12)) for y in range(12)] for p in P]
    )
    loki = zero_shot(D, power=power)
    assert np.allclose(loki.decision_function(P), -by_hand)
    assert np.array_equal(loki.predict(P), by_hand.argmin(axis=1))
    assert np.allclose(loki.label_sq_distances_, D**power)


def test_sure_probabilities_give_their_class():
    assert np.array_equal(zero_shot(some_metric(9)).predict(np.eye(9)), np.arange(9))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(1e-3, 1e3))
def test_unit_of_the_distances_changes_nothing(seed, unit):
    D, P = some_metric(10, seed), probabilities(30, 10, seed)
    assert np.array_equal(zero_shot(D).predict(P), zero_shot(unit * D).predict(P))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_tree_passes_equal_the_table(seed, weighted):
    graph = random_tree(40, seed, weighted)
    observed = np.sort(np.random.default_rng(seed).choice(40, 7, replace=False))
    P = probabilities(30, 7, seed)
    space = label_space(graph)
    dense = TableRule(distances_of(graph)[observed] ** 2).scores(P)
    assert np.allclose(TreeRule(space.tree, observed).scores(P), dense)


def test_many_observed_labels_of_a_tree_need_no_table():
    graph = random_tree(600, 0)
    P = probabilities(20, 600, concentration=0.01)
    loki = zero_shot(graph)
    assert isinstance(loki._rule, TreeRule)
    table = zero_shot(distances_of(graph))
    assert np.allclose(loki.decision_function(P), table.decision_function(P))
    assert np.array_equal(loki.predict(P), table.predict(P))


def test_predictions_are_in_the_locus():
    tree = random_tree(20, 4)
    observed = [0, 3, 7, 11]
    rng = np.random.default_rng(0)
    y = rng.choice(observed, 200)
    X = rng.standard_normal((20, 5))[y] + rng.standard_normal((200, 5))
    loki = LokiClassifier(label_metric=tree).fit(X, y)
    assert set(loki.predict(3 * rng.standard_normal((500, 5)))) <= set(loki.locus_)
    assert loki.observed_classes_.tolist() == loki.observed_indices_.tolist() == observed
    assert loki.classes_.tolist() == list(range(20))
    assert loki.label_sq_distances_.shape == (4, 20)


def test_ties():
    D = distances_of(path_graph(4))
    P = np.array([[0.0, 0.5, 0.5, 0.0], [0.5, 0.5, 0.0, 0.0]])
    assert zero_shot(D).predict(P).tolist() == [1, 0]
    uneven = np.array([[0.0, 0.4, 0.6, 0.0]])  # the mean 1.6 is nearer to 2
    assert zero_shot(D, tie="observed").predict(uneven).tolist() == [2]
    square = graph_of([(0, 1), (1, 2), (2, 3), (3, 0)], 4)
    half = np.array([[0.0, 0.5, 0.0, 0.5]])  # 0 and 2 lie between; all four tie at power 1
    assert zero_shot(square, power=1.0).predict(half).tolist() == [0]
    assert zero_shot(square, power=1.0, tie="observed").predict(half).tolist() == [1]


@pytest.mark.parametrize("k", [1, 3, 40])
def test_top_k_uses_the_largest_alone(k):
    D, P = some_metric(60), probabilities(50, 60)
    kept = np.where(np.sort(P, axis=1)[:, [-k]] <= P, P, 0.0)
    expected = (kept @ D**2).argmin(axis=1)
    assert np.array_equal(zero_shot(D, top_k=k).predict(P), expected)
    assert np.allclose(zero_shot(D, top_k=k).decision_function(P), -(kept @ D**2))
    if k == 1:
        assert np.array_equal(expected, P.argmax(axis=1))


def test_sparse_probabilities_in_all_rules():
    P = probabilities(30, 60)
    kept = keep_largest(P, 2)
    places = np.random.default_rng(0).standard_normal((60, 2))
    everything = np.arange(60)
    for rule in (PointRule(places, everything), TableRule(some_metric(60))):
        assert np.allclose(rule.scores(kept), rule.scores(kept.toarray()))
    tied = nearest_labels(rule, kept, 60, observed=everything)
    assert np.array_equal(tied, nearest_labels(rule, kept.toarray(), 60, observed=everything))


def test_temperature_sharpens():
    D, P = some_metric(8), probabilities(30, 8, concentration=1.0)
    sharp = P**4 / (P**4).sum(axis=1, keepdims=True)
    expected = zero_shot(D).decision_function(sharp)
    assert np.allclose(zero_shot(D, temperature=0.25).decision_function(P), expected)
    assert np.array_equal(zero_shot(D, temperature=0.001).predict(P), P.argmax(axis=1))


def test_temperature_is_chosen_by_squared_distance():
    D = distances_of(path_graph(20))
    rng = np.random.default_rng(0)
    y = rng.integers(0, 20, 400)
    sure = np.exp(-0.5 * ((np.arange(20) - y[:, None]) + rng.standard_normal((400, 1))) ** 2)
    blurred = (sure / sure.sum(axis=1, keepdims=True)) ** 0.2  # as if of temperature 5
    loki = LokiClassifier("precomputed", label_metric=D, temperature="auto").fit(blurred, y)
    assert loki.temperature_ < 1.0
    loss = label_squared_distance(y, loki.predict(blurred), D)
    for temperature in (0.1, 1.0, 10.0):
        other = loki.set_params(temperature=temperature).fit(blurred, y).predict(blurred)
        assert loss <= label_squared_distance(y, other, D)


def test_probabilities_are_calibrated():
    X, y = load_iris(return_X_y=True)
    for metric in (None, "ordinal"):
        loki = LokiClassifier(
            LogisticRegression(max_iter=1000),
            label_metric=metric,
            beta="calibrated",
            random_state=0,
        ).fit(X, y)
        P = loki.predict_proba(X)
        assert np.allclose(P.sum(axis=1), 1.0)
        assert np.array_equal(P.argmax(axis=1), loki.predict(X))
        loss = -np.log(P[np.arange(150), y]).mean()
        assert loss < 0.6
        plain = loki.set_params(beta=1.0).fit(X, y).predict_proba(X)
        assert loss < -np.log(plain[np.arange(150), y]).mean()


def test_decision_values_become_probabilities():
    X, y = load_iris(return_X_y=True)
    for base in (RidgeClassifier(), LinearSVC()):
        loki = LokiClassifier(base, method="decision_function").fit(X, y)
        assert np.array_equal(loki.predict(X), loki.estimator_.predict(X))
    with pytest.raises(AttributeError, match="RidgeClassifier has no predict_proba"):
        LokiClassifier(RidgeClassifier()).fit(X, y).predict(X)
    two = LokiClassifier(RidgeClassifier(), method="decision_function").fit(X[:100], y[:100])
    assert two.decision_function(X).shape == (150,)


def test_prefit_classifiers_are_left_alone():
    X, y = load_iris(return_X_y=True)
    base = LogisticRegression(max_iter=1000).fit(X[y != 1], y[y != 1])
    before = base.coef_.copy()
    loki = LokiClassifier(base, label_metric="ordinal", labels=[0, 1, 2], prefit=True).fit(X)
    assert loki.estimator_ is base
    assert np.array_equal(base.coef_, before)
    assert loki.observed_classes_.tolist() == [0, 2]
    assert np.any(loki.predict(X) == 1)
    tuned = LokiClassifier(
        base, label_metric="ordinal", labels=[0, 1, 2], prefit=True, temperature="auto"
    ).fit(X, y)
    assert np.mean(tuned.predict(X) == y) >= np.mean(loki.predict(X) == y)
    with pytest.raises(NotFittedError):
        LokiClassifier(LogisticRegression(), prefit=True).fit(X, y)


def test_columns_of_given_probabilities():
    names = ["red", "green", "blue"]
    D = 1.0 - np.eye(3)
    loki = LokiClassifier("precomputed", label_metric=D, labels=names)
    assert loki.fit(np.eye(3)).predict(np.eye(3)).tolist() == names
    path = distances_of(path_graph(3))
    loki.set_params(label_metric=path).fit([[0.5, 0.5]] * 2, ["red", "blue"])
    assert loki.observed_classes_.tolist() == ["blue", "red"]
    assert loki.predict([[0.5, 0.5], [1.0, 0.0]]).tolist() == ["green", "blue"]
    with pytest.raises(ValueError, match="X has 2 columns; probabilities have 3"):
        loki.fit([[0.5, 0.5]])


def test_rows_of_zeros_count_as_equal_probabilities():
    D = distances_of(path_graph(5))
    assert zero_shot(D).predict(np.zeros((1, 5))).tolist() == [2]
    X, y = np.array([[-1.0], [0.0], [1.0]] * 10), np.array([0, 1, 2] * 10)
    saturated = OneVsRestClassifier(DummyClassifier(strategy="most_frequent"))
    loki = LokiClassifier(saturated, label_metric="ordinal").fit(X, y)
    assert np.all(loki.predict(X) == 1)


def test_one_class_is_always_predicted():
    X = np.random.default_rng(0).standard_normal((6, 2))
    loki = LokiClassifier(label_metric="ordinal", labels=range(5)).fit(X, np.full(6, 3))
    assert loki.predict(X).tolist() == [3] * 6
    assert loki.locus_.tolist() == [3]
    assert LokiClassifier(label_metric="ordinal").fit(X[:1], ["a"]).predict(X)[0] == "a"


def test_labels_are_found_where_they_are_not_named():
    rng = np.random.default_rng(0)
    X, D = rng.standard_normal((30, 2)), some_metric(3)
    names = np.array(["c", "a", "b"])[np.arange(30) % 3]
    assert LokiClassifier(label_metric=D).fit(X, names).classes_.tolist() == ["a", "b", "c"]
    network = Network([("a", "x"), ("x", "b"), ("b", "c")])
    loki = LokiClassifier(label_metric=network).fit(X, names)
    assert loki.classes_.tolist() == ["a", "x", "b", "c"]
    assert LokiClassifier(label_metric=some_metric(9)).fit(X, np.arange(30) % 3).classes_[-1] == 8


def test_bad_input():
    X, y = load_iris(return_X_y=True)
    D = 1.0 - np.eye(3)
    with pytest.raises(ValueError, match="labels holds 7, which y doesn't"):
        LokiClassifier(labels=[0, 1, 2, 7]).fit(X, y)
    with pytest.raises(ValueError, match=r"y holds 2 \(row 100\), which is none of the 2 labels"):
        LokiClassifier(label_metric="ordinal", labels=[0, 1]).fit(X, y)
    with pytest.raises(ValueError, match="not symmetric"):
        LokiClassifier(label_metric=D + np.triu(D)).fit(X, y)
    with pytest.raises(ValueError, match="negative distance"):
        LokiClassifier(label_metric=-D).fit(X, y)
    with pytest.raises(ValueError, match="non-zero diagonal"):
        LokiClassifier(label_metric=D + np.eye(3)).fit(X, y)
    with pytest.raises(ValueError, match="NaN"):
        LokiClassifier(label_metric=D).fit(np.full_like(X, np.nan), y)
    with pytest.raises(ValueError, match="Row 1 of the probabilities"):
        zero_shot(D).predict([[0.5, 0.5, 0.0], [1.5, -0.5, 0.0]])
    with pytest.raises(ValueError, match="need y"):
        LokiClassifier("precomputed", label_metric=D, temperature="auto").fit(np.eye(3))
    with pytest.raises(TypeError, match="no classifier to fit"):
        LokiClassifier("precomputed", label_metric=D).fit(np.eye(3), y[:3], sample_weight=y)
    bent = np.array([[0, 1, 5], [1, 0, 1], [5, 1, 0.0]])
    with pytest.warns(UserWarning, match="5 between labels 0 and 2, 2 by way of label 1"):
        LokiClassifier(label_metric=bent, check_triangle=True).fit(X, y)


def test_weights_reach_the_classifier():
    X, y = load_iris(return_X_y=True)
    weight = np.where(y == 0, 1e-6, 1.0)
    with config_context(enable_metadata_routing=True):
        base = LogisticRegression(max_iter=1000).set_fit_request(sample_weight=True)
        loki = LokiClassifier(base, label_metric="ordinal", temperature="auto", random_state=0)
        routed = loki.fit(X, y, sample_weight=weight)
        assert np.allclose(
            routed.estimator_.coef_, base.fit(X, y, sample_weight=weight).coef_, atol=1e-3
        )
    plain = LokiClassifier(LogisticRegression(max_iter=1000)).fit(X, y, sample_weight=weight)
    assert np.allclose(plain.estimator_.coef_, routed.estimator_.coef_, atol=1e-3)


def test_in_a_pipeline_and_a_grid_search():
    X, y = load_iris(return_X_y=True)
    scorer = make_label_distance_scorer("ordinal", labels=[0, 1, 2])
    loki = LokiClassifier(
        make_pipeline(StandardScaler(), LogisticRegression()),
        label_metric="ordinal",
        labels=[0, 1, 2],
    )
    search = GridSearchCV(loki, {"temperature": [0.2, 1.0]}, scoring=scorer, cv=3, n_jobs=2)
    assert search.fit(X, y).best_score_ > -0.1
    outside = make_pipeline(StandardScaler(), LokiClassifier(label_metric="ordinal"))
    assert cross_val_score(outside, X, y, cv=3).mean() > 0.85


def test_single_precision_stays():
    P = probabilities(20, 9).astype(np.float32)
    loki = zero_shot(some_metric(9))
    assert loki.decision_function(P).dtype == np.float32
    assert np.allclose(
        loki.decision_function(P), loki.decision_function(P.astype(float)), rtol=1e-4
    )


def test_ordinal_bins_come_nearer_than_argmax():
    """The quantile bins of the diabetes data, of which five of twenty are observed."""
    X, target = load_diabetes(return_X_y=True)
    y = np.searchsorted(np.quantile(target, np.linspace(0, 1, 21)[1:-1]), target, side="right")
    rng = np.random.default_rng(0)
    argmax, loki = [], []
    for _ in range(5):
        known = rng.choice(20, 5, replace=False)
        test = rng.random(len(y)) < 0.3
        train = ~test & np.isin(y, known)
        base = make_pipeline(StandardScaler(), LogisticRegression(C=0.1)).fit(X[train], y[train])
        model = LokiClassifier(base, label_metric="ordinal", labels=range(20), prefit=True)
        argmax.append(np.mean((base.predict(X[test]) - y[test]) ** 2))
        loki.append(np.mean((model.fit(X).predict(X[test]) - y[test]) ** 2))
    assert np.mean(loki) < 0.85 * np.mean(argmax)


@pytest.mark.parametrize("unit", [1e-60, 1e-20, 1e20, 1e60])
def test_far_units_neither_overflow_nor_vanish(unit):
    """Squares of such distances have no place in single precision, or in none."""
    X, y = load_iris(return_X_y=True)
    D = np.abs(np.subtract.outer(np.arange(3.0), np.arange(3.0)))
    P = LogisticRegression(C=0.01, max_iter=1000).fit(X, y).predict_proba(X).astype(np.float32)
    near = zero_shot(D).predict(P)
    far = LokiClassifier("precomputed", label_metric=unit * D, beta=1e300).fit(
        np.eye(3, dtype="f4")
    )
    assert np.array_equal(far.predict(P), near)
    assert np.isfinite(far.decision_function(P)).all()
    assert np.allclose(far.predict_proba(P).sum(axis=1), 1)


def test_what_overflows_is_refused():
    X, y = load_iris(return_X_y=True)
    D = np.abs(np.subtract.outer(np.arange(3.0), np.arange(3.0)))
    for metric in (1e200 * D, 1e-200 * D, csr_array(1e200 * D), lambda a, b: 1e200 * abs(a - b)):
        with pytest.raises(ValueError, match=r"label_metric holds numbers up to .*another unit"):
            LokiClassifier(label_metric=metric).fit(X, y)
    with pytest.raises(ValueError, match="power=2000 of the largest distance between labels, 2,"):
        LokiClassifier(label_metric=D, power=2000).fit(X, y)


def test_messages_name_the_parameter():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(NotFittedError, match="estimator, with prefit=True"):
        LokiClassifier(prefit=True).fit(X, y)
    with pytest.raises(AttributeError, match=r"estimator, with prefit=True: .*classes_"):
        LokiClassifier(LinearRegression().fit(X, y), prefit=True).fit(X, y)
    with pytest.raises(ValueError, match="label_metric must be a table of numbers"):
        LokiClassifier(label_metric=[[0, 1], [1]]).fit(X[:100], y[:100])
    with pytest.raises(ValueError, match=r'temperature="auto" .* at least 2 are needed, y has 1'):
        LokiClassifier(label_metric="ordinal", labels=[0, 1], temperature="auto").fit(X[:1], y[:1])
    with pytest.raises(ValueError, match="y contains NaN"):
        LokiClassifier(label_metric="ordinal").fit(X, np.where(y == 1, np.nan, y))
