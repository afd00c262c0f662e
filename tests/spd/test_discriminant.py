import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skgeom.spd._discriminant import SpanProjector, shrinkage_lda


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("n_features", [5, 40, 300])
def test_agrees_with_scikit_learn(n_classes, n_features):
    rng = np.random.default_rng(0)
    y = np.arange(60) % n_classes
    X = rng.standard_normal((60, n_features)) @ rng.standard_normal((n_features, n_features))
    X += y[:, None]
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(X, y)
    coef = shrinkage_lda(X, y, n_classes)
    assert coef.shape == lda.coef_.shape
    assert np.allclose(coef, lda.coef_, atol=1e-9 * np.abs(lda.coef_).max())


def test_constant_feature():
    rng = np.random.default_rng(0)
    y = np.arange(30) % 2
    X = rng.standard_normal((30, 50))
    X[:, 7] = 1.0
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(X, y)
    coef = shrinkage_lda(X, y, 2)
    assert np.allclose(coef, lda.coef_, atol=1e-8 * np.abs(lda.coef_).max())


@pytest.mark.parametrize("k", [1, 3])
def test_projection_on_the_span(k):
    rng = np.random.default_rng(0)
    W = rng.standard_normal((k, 20))
    W = np.concatenate([W, W.sum(axis=0, keepdims=True)])
    v = rng.standard_normal((5, 20))
    expected = v @ (W.T @ np.linalg.pinv(W @ W.T) @ W)
    assert np.allclose(SpanProjector(W).project(v), expected)
    assert SpanProjector(W).coordinates(v).shape == (5, k)


def test_hardly_any_shrinkage():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6, 1)) * rng.standard_normal((1, 40)) * 1e6
    X += 1e-9 * rng.standard_normal(X.shape)
    assert np.isfinite(shrinkage_lda(X, np.arange(6) % 2, 2)).all()
