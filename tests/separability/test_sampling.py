import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist, squareform

from skgeom.separability import SeparabilityScorer, h0_persistence
from skgeom.separability._sampling import maxmin_rows, nearest_taken
from skgeom.separability._tree import TreeSettings


def cloud(n=60, d=4, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def greedy(distances, size, first):
    rows = [first]
    while len(rows) < size:
        rows.append(int(np.argmax(distances[:, rows].min(axis=1))))
    return sorted(rows)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "angular", "cityblock"])
def test_maxmin_takes_the_farthest_row(metric):
    X = cloud()
    distances = cdist(X, X, "cosine" if metric == "angular" else metric)
    first = int(np.random.default_rng(5).integers(60))
    expected = greedy(distances, 12, first)
    settings_ = TreeSettings(metric=metric)
    rows = maxmin_rows(X, 12, settings_, np.random.default_rng(5))
    assert rows.tolist() == expected
    sparse = maxmin_rows(sp.csr_array(X), 12, settings_, np.random.default_rng(5))
    assert sparse.tolist() == expected


def test_maxmin_of_distance_matrices():
    D = squareform(pdist(cloud()))
    settings_ = TreeSettings(metric="precomputed")
    first = int(np.random.default_rng(5).integers(60))
    for distances in (D, sp.csr_array(D)):
        rows = maxmin_rows(distances, 12, settings_, np.random.default_rng(5))
        assert rows.tolist() == greedy(D, 12, first)
    graph = sp.csr_array(np.where(D < 1.5, D, 0))
    nearest, distance = nearest_taken(graph, np.arange(10), settings_)
    dense = np.where((D < 1.5)[:, :10], D[:, :10], np.inf)
    np.testing.assert_array_equal(distance, dense.min(axis=1))
    np.testing.assert_array_equal(
        nearest[np.isfinite(distance)], dense.argmin(axis=1)[np.isfinite(distance)]
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 39))
def test_lifetimes_are_within_twice_the_covering_radius(seed, size):
    X = cloud(40, 3, seed)
    rows = maxmin_rows(X, size, TreeSettings(), np.random.default_rng(seed))
    radius = nearest_taken(X, rows, TreeSettings())[1].max()
    whole, part = h0_persistence(X)[::-1], h0_persistence(X[rows])[::-1]
    padded = np.concatenate([part, np.zeros(len(whole) - len(part))])
    assert np.abs(whole - padded).max() <= 2 * radius * (1 + 1e-9)


def test_scorer_with_maxmin_subsamples():
    X = np.r_[cloud(300, 4), [[30.0, 0, 0, 0]]]
    options = {"normalize": None, "max_samples": 50, "n_subsamples": 2, "random_state": 0}
    found = SeparabilityScorer(sampler="maxmin", **options).fit(X)
    assert 300 in found.sample_indices_  # the outlier is kept
    expected = cdist(X, X[found.sample_indices_]).min(axis=1).max()
    assert found.covering_radius_ == pytest.approx(expected)
    assert SeparabilityScorer(**options).fit(X).covering_radius_ > expected
    assert found.score(X) == found.score_
    assert SeparabilityScorer().fit(X).covering_radius_ == 0
    scorer = SeparabilityScorer(
        "relative_mean", sampler="maxmin", ci="jackknife", confidence_level=0.9, **options
    )
    scorer.set_params(reference="gaussian", n_references=3).fit(X)
    low, high = scorer.confidence_interval_
    assert low < scorer.score_ < high
    assert len(scorer.reference_scores_) == 3
