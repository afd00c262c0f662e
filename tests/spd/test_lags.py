import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.spd._covariance import embedded_covariances
from skgeom.spd._lags import Embedding, scatter, stack, window_means


def random_signals(m, d, n_times, seed):
    return np.random.default_rng(seed).standard_normal((m, d, n_times)).cumsum(axis=-1)


@given(
    d=st.sampled_from([1, 2, 5, 8, 9, 14]),
    p=st.integers(1, 5),
    lag=st.integers(1, 12),
    window=st.sampled_from(["reference", "full", "circular"]),
    seed=st.integers(0, 2**20),
)
@settings(max_examples=25, deadline=None)
def test_lag_products_equal_the_stacked_product(d, p, lag, window, seed):
    X = random_signals(3, d, 70, seed)
    embedding = Embedding(lag * np.arange(p), window)
    Z = stack(X, embedding)
    assert Z.shape == (3, p * d, embedding.n_samples(70))
    expected = np.triu(Z @ np.swapaxes(Z, 1, 2))
    S = np.triu(scatter(X, embedding))
    assert np.allclose(S, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    assert np.allclose(window_means(X, embedding).reshape(3, -1), Z.mean(axis=-1))


@pytest.mark.parametrize("d", [3, 11])
@pytest.mark.parametrize("window", ["reference", "full", "circular"])
def test_delays_one_by_one(d, window):
    X = random_signals(2, d, 60, 0)
    embedding = Embedding(np.array([0, 1, 5, 17]), window, listed=True)
    Z = stack(X, embedding)
    assert np.allclose(np.triu(scatter(X, embedding)), np.triu(Z @ np.swapaxes(Z, 1, 2)))
    assert Z.shape[-1] == {"reference": 42, "full": 43, "circular": 60}[window]


def test_window_lengths():
    lags = 3 * np.arange(4)
    assert Embedding(lags, "reference").n_samples(100) == 100 - 4 * 3
    assert Embedding(lags, "full").n_samples(100) == 100 - 3 * 3
    assert Embedding(lags, "circular").n_samples(100) == 100
    assert Embedding(np.array([0]), "reference").n_samples(100) == 100


def test_stacked_rows_are_the_delayed_channels():
    X = np.arange(20.0).reshape(1, 2, 10)
    Z = stack(X, Embedding(np.array([0, 3]), "full"))[0]
    assert np.array_equal(Z, [X[0, 0, :7], X[0, 1, :7], X[0, 0, 3:], X[0, 1, 3:]])
    Z = stack(X, Embedding(np.array([0, 3]), "circular"))[0]
    assert np.array_equal(Z[2], np.roll(X[0, 0], -3))


@given(st.integers(1, 4), st.integers(1, 6), st.integers(1, 5), st.integers(0, 2**20))
@settings(max_examples=25, deadline=None)
def test_toeplitz_form_is_positive_and_its_leading_blocks_are_lower_orders(d, p, lag, seed):
    X = random_signals(2, d, 31, seed)
    lags = lag * np.arange(p)
    G, _ = embedded_covariances(X, Embedding(lags), toeplitz="biased")
    scale = np.abs(G).max()
    assert np.linalg.eigvalsh(G).min() > -1e-12 * scale
    if p > 1:
        lower, _ = embedded_covariances(X, Embedding(lags[:-1]), toeplitz="biased")
    else:
        lower = G
    assert np.allclose(G[:, : lower.shape[1], : lower.shape[1]], lower, atol=1e-12 * scale)
    blocks = G.reshape(2, p, d, p, d)
    for i in range(1, p):
        assert np.allclose(blocks[:, i, :, i], blocks[:, 0, :, 0], atol=1e-12 * scale)


@pytest.mark.parametrize("toeplitz", [None, "biased", "averaged"])
def test_converges_to_the_covariance_of_a_vector_autoregression(toeplitz):
    rng = np.random.default_rng(0)
    A = np.array([[0.6, 0.2, 0.0], [-0.3, 0.5, 0.1], [0.0, 0.2, -0.4]])
    x = np.zeros((3, 100_000))
    noise = rng.standard_normal(x.shape)
    for t in range(1, x.shape[1]):
        x[:, t] = A @ x[:, t - 1] + noise[:, t]
    gamma = scipy.linalg.solve_discrete_lyapunov(A, np.eye(3))
    powers = [np.linalg.matrix_power(A, k) @ gamma for k in range(3)]
    # block (i, j) is E x_{t+i} x_{t+j}^T = A^(i-j) Gamma(0) for i >= j
    expected = np.block(
        [[powers[i - j] if i >= j else powers[j - i].T for j in range(3)] for i in range(3)]
    )
    G, _ = embedded_covariances(x[None, :, 100:], Embedding(np.arange(3)), toeplitz=toeplitz)
    assert np.allclose(G[0], expected, atol=0.05)


def test_time_reversal_reverses_the_delays():
    X = random_signals(2, 3, 50, 0)
    embedding = Embedding(2 * np.arange(3), "full")
    forward, _ = embedded_covariances(X, embedding)
    backward, _ = embedded_covariances(np.ascontiguousarray(X[..., ::-1]), embedding)
    blocks = backward.reshape(2, 3, 3, 3, 3)[:, ::-1, :, ::-1].reshape(2, 9, 9)
    assert np.allclose(forward, blocks)


def test_averaged_blocks():
    X = random_signals(2, 3, 60, 0)
    embedding = Embedding(2 * np.arange(4))
    C, _ = embedded_covariances(X, embedding)
    G, _ = embedded_covariances(X, embedding, toeplitz="averaged")
    blocks, averaged = (A.reshape(2, 4, 3, 4, 3) for A in (C, G))
    for k in range(4):
        mean = np.mean([blocks[:, i, :, i + k] for i in range(4 - k)], axis=0)
        for i in range(4 - k):
            assert np.allclose(averaged[:, i, :, i + k], mean)
            assert np.allclose(averaged[:, i + k, :, i], np.swapaxes(mean, 1, 2))
