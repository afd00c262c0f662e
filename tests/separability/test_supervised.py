from itertools import permutations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier

from skgeom.separability import SeparabilityScorer, fisher_ratio, friedman_rafsky
from skgeom.separability._supervised import cross_edge_moments


def test_thornton_is_leave_one_out_nearest_neighbour_accuracy():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 5)), rng.integers(0, 3, 300)
    X[np.arange(300), y] += 1.5
    found = SeparabilityScorer(normalize=None).fit(X, y).supervised_
    order = KNeighborsClassifier(1).fit(X, y).kneighbors(return_distance=False)[:, 0]
    accuracy = np.mean(y == y[order])
    chance = np.sum((np.bincount(y) / 300) ** 2)
    assert found.thornton == pytest.approx(accuracy)
    assert found.thornton_adjusted == pytest.approx((accuracy - chance) / (1 - chance))


def test_fisher_ratio_forms():
    X, y = load_iris(return_X_y=True)
    lda = LinearDiscriminantAnalysis(solver="eigen", store_covariance=True).fit(X, y)
    between = np.cov(X.T, bias=True) - lda.covariance_
    assert fisher_ratio(X, y) == pytest.approx(np.trace(between) / np.trace(lda.covariance_))
    expected = np.trace(np.linalg.inv(lda.covariance_) @ between)
    assert fisher_ratio(X, y, form="lda") == pytest.approx(expected)
    single = [fisher_ratio(X[:, [k]], y) for k in range(4)]
    assert fisher_ratio(X, y, form="max") == pytest.approx(max(single))
    assert fisher_ratio([[0.0], [0.0], [1.0]], [0, 0, 1]) == np.inf
    assert fisher_ratio(np.ones((4, 2)), [0, 0, 1, 1]) == 0


def test_moments_are_those_of_all_permutations():
    edges = np.array([[0, 1], [1, 2], [1, 3], [3, 4], [4, 5]])
    labels = np.array([0, 0, 1, 1, 1, 2])
    counts = []
    for order in permutations(range(6)):
        permuted = labels[list(order)]
        counts.append(np.count_nonzero(permuted[edges[:, 0]] != permuted[edges[:, 1]]))
    mean, variance = cross_edge_moments(edges, np.bincount(labels))
    assert mean == pytest.approx(np.mean(counts))
    assert variance == pytest.approx(np.var(counts))


def test_friedman_rafsky_on_a_line():
    result = friedman_rafsky(np.arange(6.0)[:, None], ["a", "a", "b", "a", "b", "b"])
    assert result.cross_edges == 3
    assert result.adjusted == pytest.approx(1 - (3 / 5) / 0.5)


def test_friedman_rafsky_pvalues_are_uniform_under_the_null():
    rng = np.random.default_rng(0)
    pvalues = [
        friedman_rafsky(rng.normal(size=(60, 2)), rng.integers(0, 2, 60)).pvalue for _ in range(60)
    ]
    assert 0.3 < np.mean(pvalues) < 0.7


@pytest.mark.parametrize(
    ("distance", "bayes_error"), [(0, 0.5), (1, 0.3085), (2, 0.1587), (4, 0.0228)]
)
def test_bounds_hold_the_bayes_error_of_gaussian_pairs(distance, bayes_error):
    rng = np.random.default_rng(distance)
    y = np.repeat([0, 1], 1000)
    X = rng.normal(size=(2000, 2))
    X[:, 0] += distance * y
    found = SeparabilityScorer(normalize=None).fit(X, y).supervised_
    low, high = found.bayes_error_bounds[0, 1]
    assert low - 0.02 <= bayes_error <= high + 0.02
    np.testing.assert_array_equal(found.bayes_error_bounds[1, 0], (low, high))


def test_pair_matrices_come_from_the_two_classes_alone():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 150)
    X = rng.normal(size=(150, 4))
    X[:, 0] += 4 * y
    found = SeparabilityScorer(normalize=None).fit(X, y)
    yardsticks = found.supervised_
    for a, b in ((0, 1), (0, 2), (1, 2)):
        rows = (y == a) | (y == b)
        pair = friedman_rafsky(X[rows], y[rows])
        n_a, n_b = np.sum(y == a), np.sum(y == b)
        assert yardsticks.friedman_rafsky_pairs[a, b] == pytest.approx(pair.adjusted)
        expected = max(0, 1 - pair.cross_edges * (n_a + n_b) / (2 * n_a * n_b))
        assert yardsticks.henze_penrose[a, b] == pytest.approx(expected)
    assert yardsticks.henze_penrose[0, 2] > yardsticks.henze_penrose[0, 1]
    assert yardsticks.pair_gap[0, 2] > 1
    np.testing.assert_array_equal(yardsticks.pair_gap, yardsticks.pair_gap.T)
    other = SeparabilityScorer(normalize=None, n_jobs=2).fit(X, y).supervised_
    np.testing.assert_array_equal(yardsticks.pair_gap, other.pair_gap)


def test_pair_gap_is_the_height_where_the_classes_meet():
    X = np.array([0, 1, 2, 10, 11, 12.0])[:, None]
    found = SeparabilityScorer(normalize=None)
    with pytest.warns(UserWarning, match="6 samples"):
        found.fit(X, [0, 0, 0, 1, 1, 1])
    assert found.supervised_.pair_gap[0, 1] == 8


@pytest.mark.parametrize("missing", [-1, None, np.nan])
def test_unlabelled_rows_stay_in_the_tree(missing):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(80, 3))
    y = np.array(["a", "b"], dtype=object)[(X[:, 0] > 0).astype(int)]
    y[::4] = missing
    found = SeparabilityScorer(normalize=None).fit(X, y)
    assert found.classes_.tolist() == ["a", "b"]
    assert len(found.lifetimes_) == 79
    known = np.arange(80) % 4 != 0
    edges = found.mst_[known[found.mst_].all(axis=1)]
    cross = np.mean(y[edges[:, 0]] != y[edges[:, 1]])
    chance = np.sum((np.unique(y[known].astype(str), return_counts=True)[1] / 60) ** 2)
    assert found.supervised_.friedman_rafsky == pytest.approx(1 - cross / (1 - chance))


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_numbers_with_missing_ones_are_labels():
    pd = pytest.importorskip("pandas")
    X = np.random.default_rng(2).normal(size=(40, 3))
    y = np.tile([0.0, 1.0, np.nan, 1.0], 10)
    expected = SeparabilityScorer().fit(X, np.where(np.isnan(y), -1, y)).supervised_
    for labels in (y, pd.Series(y), pd.Series(y).astype("Int64")):
        assert SeparabilityScorer().fit(X, labels).supervised_.thornton == expected.thornton


def test_bad_labels():
    X = np.random.default_rng(0).normal(size=(30, 2))
    with pytest.raises(ValueError, match=r"y must have shape \(30,\)"):
        SeparabilityScorer().fit(X, np.zeros(29))
    with pytest.raises(ValueError, match="no labels"):
        SeparabilityScorer().fit(X, np.full(30, -1))
    with pytest.raises(ValueError, match="continuous"):
        SeparabilityScorer().fit(X, X[:, 0])
    with pytest.raises(ValueError, match="at least 2 classes"):
        friedman_rafsky(X, np.zeros(30))


@pytest.mark.parametrize(
    ("X", "y", "form", "message"),
    [
        (np.eye(4), [0, 0, 1, 1], "other", "form must be"),
        (np.eye(4), [0, 1], "trace", "inconsistent numbers"),
        (np.full((4, 2), np.nan), [0, 0, 1, 1], "trace", "NaN"),
    ],
)
def test_fisher_ratio_checks_its_input(X, y, form, message):
    with pytest.raises(ValueError, match=message):
        fisher_ratio(X, y, form=form)
