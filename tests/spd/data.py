"""Small inputs that the tests of this room share."""

import numpy as np


def random_spd(n_matrices, n, seed=0, spread=1.0):
    """SPD matrices with random axes and log-normal eigenvalues."""
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.standard_normal((n_matrices, n, n)))
    values = np.exp(spread * rng.standard_normal((n_matrices, n)))
    C = (axes * values[:, None, :]) @ np.swapaxes(axes, 1, 2)
    return 0.5 * (C + np.swapaxes(C, 1, 2))


def random_trials(n_trials=20, n_channels=3, n_times=120, seed=0):
    """Coloured noise whose colour depends on the class; returns (X, y)."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_trials) % 2
    noise = rng.standard_normal((n_trials, n_channels, n_times + 1))
    X = noise[..., 1:] + np.where(y == 1, 0.8, -0.5)[:, None, None] * noise[..., :-1]
    return np.ascontiguousarray(X), y
