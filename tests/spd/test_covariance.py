import numpy as np
import pytest
from pyriemann.estimation import Covariances
from sklearn.covariance import ledoit_wolf, oas

from skgeom.spd._covariance import embedded_covariances, shrink_to_identity
from skgeom.spd._lags import Embedding, stack


@pytest.fixture(scope="module")
def signals():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3, 10, 150)).cumsum(axis=-1)
    return X + 5.0


@pytest.mark.parametrize("estimator", ["cov", "scm", "lwf", "oas", "sch", "corr"])
@pytest.mark.parametrize("window", ["reference", "full", "circular"])
@pytest.mark.parametrize("n_channels", [3, 10])
def test_agrees_with_stacking_and_pyriemann(signals, estimator, window, n_channels):
    X = np.ascontiguousarray(signals[:, :n_channels])
    embedding = Embedding(4 * np.arange(3), window)
    C, mean = embedded_covariances(X, embedding, estimator)
    Z = stack(X, embedding)
    expected = Covariances(estimator).transform(Z)
    assert np.allclose(C, expected, rtol=1e-10, atol=1e-12 * np.abs(expected).max())
    assert np.allclose(mean, Z.mean(axis=-1))


@pytest.mark.parametrize(("estimator", "theirs"), [("lwf", ledoit_wolf), ("oas", oas)])
def test_assume_centered_agrees_with_scikit_learn(signals, estimator, theirs):
    embedding = Embedding(4 * np.arange(3))
    C, mean = embedded_covariances(signals, embedding, estimator, assume_centered=True)
    expected = [theirs(Z.T, assume_centered=True)[0] for Z in stack(signals, embedding)]
    assert np.allclose(C, expected)
    assert not mean.any()


def test_float_is_a_fixed_shrinkage(signals):
    embedding = Embedding(4 * np.arange(3))
    S, _ = embedded_covariances(signals, embedding)
    C, _ = embedded_covariances(signals, embedding, 0.25)
    level = np.trace(S, axis1=1, axis2=2) / 30
    assert np.allclose(C, 0.75 * S + 0.25 * level[:, None, None] * np.eye(30))


def test_callable_gets_the_stacked_trial_as_it_is(signals):
    embedding = Embedding(4 * np.arange(3))
    C, _ = embedded_covariances(signals, embedding, lambda Z: Z @ Z.T)
    Z = stack(signals, embedding)
    assert np.allclose(C, Z @ np.swapaxes(Z, 1, 2))
    with pytest.raises(ValueError, match=r"finite \(30, 30\) matrix"):
        embedded_covariances(signals, embedding, lambda Z: Z)


def bartz_by_definition(Z, b):
    """Bartz and Müller's estimate, entry by entry and product by product."""
    Z = Z - Z.mean(axis=1, keepdims=True)
    n, N = Z.shape
    S = Z @ Z.T / N
    products = Z[:, None, :] * Z[None, :, :] - S[:, :, None]
    gamma = [np.sum(products[..., : N - s] * products[..., s:], axis=-1) / N for s in range(b + 1)]
    variance = (gamma[0] + 2 * sum(gamma[1:])) / (N - 1 - 2 * b + b * (b + 1) / N)
    target = np.trace(S) / n * np.eye(n)
    amount = np.clip(variance.sum() / np.sum((S - target) ** 2), 0, 1)
    return (1 - amount) * S + amount * target


@pytest.mark.parametrize("lag", [1, 8])
def test_bartz_agrees_with_its_definition(signals, lag):
    X = np.diff(signals, axis=-1)
    embedding = Embedding(lag * np.arange(3))
    C, _ = embedded_covariances(X, embedding, "bartz")
    b = max(2 * lag, 10)
    expected = [bartz_by_definition(Z, b) for Z in stack(X, embedding)]
    assert np.allclose(C, expected)


def test_bartz_shrinks_more_than_ledoit_wolf_when_samples_are_autocorrelated():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1, 10, 200))
    for _ in range(6):
        X = X[..., 1:] + X[..., :-1]
    embedding = Embedding(np.array([0]))
    S, _ = embedded_covariances(X, embedding, "scm")

    def amount(estimator):
        C, _ = embedded_covariances(X, embedding, estimator)
        return 1 - C[0, 0, 1] / S[0, 0, 1]

    assert amount("bartz") > 2 * amount("lwf")


def test_large_offsets_lose_no_digits(signals):
    embedding = Embedding(4 * np.arange(3))
    expected, _ = embedded_covariances(signals, embedding)
    C, _ = embedded_covariances(signals + 1e8, embedding)
    assert np.allclose(C, expected, rtol=1e-6)


def test_shrinkage_of_a_multiple_of_the_identity():
    assert np.allclose(shrink_to_identity(np.eye(3)[None], 0.3), np.eye(3))
