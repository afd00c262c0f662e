import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage
from scipy.sparse import csr_array
from scipy.spatial.distance import pdist, squareform

from skgeom.separability import (
    SeparabilityScorer,
    friedman_rafsky,
    h0_persistence,
    make_separability_scorer,
    nearest_neighbor_entropy,
    separability_score,
)


def cloud():
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 3)) + 5 * rng.integers(0, 2, (60, 1))


def test_h0_persistence():
    X = cloud()
    lifetimes, edges = h0_persistence(X, return_mst=True)
    np.testing.assert_allclose(lifetimes, linkage(X, "single")[:, 2], rtol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(X[edges[:, 0]] - X[edges[:, 1]], axis=1), lifetimes)
    np.testing.assert_allclose(h0_persistence(squareform(pdist(X)), "precomputed"), lifetimes)
    np.testing.assert_allclose(h0_persistence(X, "minkowski", p=2), lifetimes)
    assert (h0_persistence(X, min_samples=4) >= lifetimes - 1e-12).all()


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (np.eye(6), np.full(5, np.sqrt(2))),
        (3 * np.stack([np.cos(t := np.arange(24) * np.pi / 12), np.sin(t)], 1),
         np.full(23, 6 * np.sin(np.pi / 24))),
        (np.repeat([[0.0], [5.0]], 4, axis=0), [0, 0, 0, 0, 0, 0, 5]),
    ],
    ids=["simplex", "circle", "duplicates"],
)  # fmt: skip
def test_known_barcodes(points, expected):
    np.testing.assert_allclose(h0_persistence(points), expected, rtol=1e-12)


def test_two_concentric_circles():
    t = np.arange(40) * np.pi / 20
    ring = np.stack([np.cos(t), np.sin(t)], axis=1)
    lifetimes = h0_persistence(np.r_[ring, 4 * ring])
    expected = np.r_[np.full(39, 2 * np.sin(np.pi / 40)), np.full(39, 8 * np.sin(np.pi / 40)), 3]
    np.testing.assert_allclose(lifetimes, expected, rtol=1e-12)


def test_separability_score_is_the_estimators():
    X = cloud()
    found = SeparabilityScorer("gini", min_samples=3, normalize="standard").fit(X)
    assert found.score_ == separability_score(
        X, statistic="gini", min_samples=3, normalize="standard"
    )
    assert make_separability_scorer("gini", min_samples=3).get_params() == (
        SeparabilityScorer("gini", min_samples=3).get_params()
    )


def test_nearest_neighbor_entropy_is_the_statistic():
    X = cloud()
    assert nearest_neighbor_entropy(X) == pytest.approx(
        separability_score(X, statistic="nn_entropy", normalize=None)
    )
    buffer = X[:10] + 1.0
    nearest = np.linalg.norm(X[:, None] - buffer, axis=2).min(axis=1)
    expected = -np.log(np.mean(nearest**2) / np.trace(np.cov(X.T)))
    assert nearest_neighbor_entropy(X, reference=buffer) == pytest.approx(expected)
    assert nearest_neighbor_entropy(np.ones((4, 2))) == np.inf


def test_friedman_rafsky_takes_distances_and_partial_labels():
    X = cloud()
    y = (X[:, 0] > 2.5).astype(int)
    y[:6] = -1
    points = friedman_rafsky(X[6:], y[6:])
    assert friedman_rafsky(squareform(pdist(X)), y, "precomputed") == points
    assert friedman_rafsky(csr_array(X), y) == points


def test_h0_persistence_passes_metric_parameters():
    X = np.random.default_rng(0).normal(size=(30, 3))
    V = X.var(axis=0)
    np.testing.assert_allclose(
        h0_persistence(X, "seuclidean", V=V), h0_persistence(X / np.sqrt(V)), rtol=1e-9
    )
    with pytest.raises(ValueError, match="takes no metric_params"):
        h0_persistence(X, p=3)


def test_nearest_neighbor_entropy_of_huge_values():
    X = np.random.default_rng(0).normal(size=(30, 3))
    for reference in (None, X[:10] + 0.1):
        scaled = None if reference is None else 1e300 * reference
        assert nearest_neighbor_entropy(1e300 * X, reference=scaled) == pytest.approx(
            nearest_neighbor_entropy(X, reference=reference)
        )
    with pytest.raises(ValueError, match="3 features of X, got 2"):
        nearest_neighbor_entropy(X, reference=X[:, :2])
