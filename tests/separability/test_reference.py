import numpy as np
import pytest

from skgeom.separability._reference import monte_carlo_pvalue, null_cloud


@pytest.mark.parametrize("n", [4000, 30])
def test_gaussian_has_the_mean_and_covariance(n):
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(40, 40)) if n == 30 else rng.normal(size=(3, 3))
    X = rng.normal(size=(n, len(mixing))) @ mixing + 7
    draws = [null_cloud(X, "gaussian", rng) for _ in range(1 if n == 4000 else 300)]
    assert draws[0].shape == X.shape
    Y = np.concatenate(draws)
    scale = np.sqrt(np.trace(np.cov(X.T)) / X.shape[1])
    np.testing.assert_allclose(Y.mean(axis=0), X.mean(axis=0), atol=0.1 * scale)
    np.testing.assert_allclose(np.cov(Y.T), np.cov(X.T), atol=0.15 * scale**2)


def test_uniform_fills_the_principal_box():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(500, 2)) * [10, 0.1] @ np.array([[0.6, 0.8], [-0.8, 0.6]])
    Y = null_cloud(X, "uniform", rng)
    thickness = np.abs((Y - X.mean(axis=0)) @ [-0.8, 0.6])
    assert thickness.max() < 1.0
    assert np.ptp(Y, axis=0)[0] <= np.ptp(X, axis=0)[0] * 1.1


def test_permuting_keeps_the_columns():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(50, 4)).astype(np.float32)
    Y = null_cloud(X, "permute", rng)
    np.testing.assert_array_equal(np.sort(X, axis=0), np.sort(Y, axis=0))
    assert not np.array_equal(X, Y)
    assert Y.dtype == np.float32


def test_pvalue_counts_the_value_itself():
    assert monte_carlo_pvalue(2.0, [1.0, 2.0, 3.0]) == 3 / 4
    assert monte_carlo_pvalue(9.0, np.arange(9.0)) == 1 / 10
