import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from skgeom.spd import AugmentedCovariance, AugmentedCovarianceClassifier, logm, sqrtm
from skgeom.spd._importance import activation_patterns, in_blocks
from tests.spd.data import random_trials


def test_pattern_of_a_known_source():
    rng = np.random.default_rng(0)
    direction = rng.standard_normal(5)
    sources = rng.standard_normal(4000)
    X = sources[:, None] * direction + 0.01 * rng.standard_normal((4000, 5))
    coef = direction[None] / (direction @ direction)  # recovers the source
    assert np.allclose(activation_patterns(X, coef)[0], direction, atol=0.01)
    assert not activation_patterns(X, np.zeros((1, 5))).any()


def test_blocks():
    A = np.arange(49.0).reshape(7, 7)
    blocks = in_blocks(A, 3, 2)  # a constant row at the end belongs to no block
    assert blocks.shape == (3, 3, 2, 2)
    assert blocks[0, 2, 1, 0] == A[1, 4]


@pytest.mark.parametrize("classifier", ["svm", "fgmdm", LogisticRegression()])
def test_patterns_are_the_covariance_with_the_decision(classifier):
    X, y = random_trials(40, 3, 150)
    model = AugmentedCovarianceClassifier(2, 3, classifier=classifier).fit(X, y)
    patterns = model.patterns_
    assert patterns.shape == (1, 2, 2, 3, 3)
    root = sqrtm(model.reference_)
    C = AugmentedCovariance(2, 3).fit_transform(X)
    logs = root @ logm(model.whitener_ @ C @ model.whitener_) @ root
    if classifier == "fgmdm":
        scores = model._projector.coordinates(model._vectors(C[:, None]))[:, 0]
    else:
        scores = model.decision_function(X)
    scores = scores - scores.mean()
    expected = np.tensordot(scores, logs, axes=1) / np.sum(scores**2)
    assert np.allclose(patterns[0].swapaxes(1, 2).reshape(6, 6), expected, atol=1e-8)


def test_patterns_of_other_settings():
    X, y = random_trials(40, 3, 150)
    labels = np.arange(40) % 3
    model = AugmentedCovarianceClassifier(2, 3, embed_mean=True).fit(X, labels)
    assert model.patterns_.shape == (3, 2, 2, 3, 3)
    X = X - X.mean(axis=1, keepdims=True)
    model = AugmentedCovarianceClassifier(2, 3, rank="auto").fit(X, y)
    # the average reference: what changes sums to nothing over channels
    assert np.allclose(model.patterns_.sum(axis=-1), 0)
    bands = AugmentedCovarianceClassifier(
        2, 3, bands=[(5, 20), (20, 40)], sfreq=100.0, metric="logeuclid", reg=1e-6
    ).fit(X, y)
    assert bands.patterns_.shape == (1, 2, 2, 2, 3, 3)
    for refused in ({"geometry": "siegel"}, {"classifier": "mdm"}, {"kernel": "rbf"}):
        with pytest.raises(AttributeError, match="Blocks of delays"):
            AugmentedCovarianceClassifier(2, 3, reg=1e-6, **refused).fit(X, y).patterns_  # noqa: B018
