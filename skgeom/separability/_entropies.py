"""Entropy and dimension of a cloud from the lengths of its tree.

For n points of a density f in d dimensions, the total of the edge lengths to the power gamma grows
like ``n ** ((d - gamma) / d)`` times an integral of f, whose logarithm is a Rényi entropy (Hero and
Michel). The unknown constant is that of a cloud of known entropy with as many points and features,
simulated once.
"""

from functools import lru_cache

import numpy as np

from skgeom.separability._tree import TreeSettings, build_barcode, take

# Simulated clouds are no larger; beyond, their lifetimes follow power laws.
SIMULATED_SAMPLES = 1000
SIMULATED_FEATURES = 2048
# Subsamples of `ph_dim`: size as a share of the points, and how many of them.
CURVE_PARTS = ((16, 4), (8, 2), (4, 1))


def negentropy(cloud, gamma=None, dimension=None):
    """Entropy that the cloud lacks against the isotropic Gaussian of its variance, in nats.

    ``(d / gamma) log(mean q^gamma / mean p^gamma)``, q the lifetimes of a Gaussian cloud of as many
    points and features and the same total variance: among densities of one variance, that cloud
    has the largest entropy.
    """
    if len(cloud.lifetimes) == 0 or cloud.spread == 0:
        return 0.0
    d, gamma = tree_exponents(cloud, gamma, dimension)
    null = null_log_mean("normal", cloud.n_samples, d, gamma, cloud.settings.min_samples)
    return d * (null - log_power_mean(cloud.lifetimes / cloud.spread, gamma)) / gamma


def renyi_entropy(cloud, gamma=None, dimension=None):
    """Rényi entropy of order ``(d - gamma) / d`` of the density, in nats.

    ``(log(sum p^gamma / n^alpha) - log beta) / (1 - alpha)`` with ``alpha = (d - gamma) / d``;
    beta is the same quotient for uniform points in the unit cube, whose entropy is 0.
    """
    d, gamma = tree_exponents(cloud, gamma, dimension)
    null = null_log_mean("cube", cloud.n_samples, d, gamma, cloud.settings.min_samples)
    spread = np.sqrt(d / 6)  # of the cube
    return d * (log_power_mean(cloud.lifetimes, gamma) - null - gamma * np.log(spread)) / gamma


def tree_exponents(cloud, gamma, dimension):
    """Dimension d and power gamma < d: 1, or 1/2 on a line, where total lengths say nothing."""
    d = cloud.n_features if dimension is None else dimension
    gamma = min(1.0, d / 2) if gamma is None else gamma
    if gamma >= d:
        raise ValueError(f"gamma must be smaller than the dimension, which is {d}, got {gamma}.")
    return d, gamma


def log_power_mean(lifetimes, gamma):
    """log of the mean of lifetimes to the power gamma; -inf where all are 0."""
    largest = lifetimes[-1] if len(lifetimes) else 0.0
    if largest == 0:
        return -np.inf
    return float(np.log(np.mean((lifetimes / largest) ** gamma)) + gamma * np.log(largest))


@lru_cache(maxsize=256)
def null_log_mean(kind, n_samples, n_features, gamma, min_samples=None):
    """log mean power of the lifetimes of a null cloud, in units of its typical distance.

    Parameters
    ----------
    kind : {"normal", "cube"}
        Isotropic Gaussian, or uniform in a cube.
    n_samples, n_features : int
    gamma : float
    min_samples : int or None
        For mutual reachability.

    Returns
    -------
    value : float
    """
    d = min(n_features, SIMULATED_FEATURES)
    arguments = (kind, d, gamma, min_samples)
    n = min(n_samples, SIMULATED_SAMPLES)
    value = _simulated_log_mean(n, *arguments)
    if n < n_samples:  # a straight line in log n
        slope = (value - _simulated_log_mean(n // 2, *arguments)) / np.log(2)
        value += slope * np.log(n_samples / n)
    # Distances concentrate: lifetimes approach the typical distance like 1 - c / sqrt(d).
    return value * np.sqrt(d / n_features)


@lru_cache(maxsize=256)
def _simulated_log_mean(n_samples, kind, n_features, gamma, min_samples):
    rng = np.random.default_rng(0)
    settings = TreeSettings(min_samples=min_samples).for_size(n_samples)
    # Many features cost more and vary less.
    n_points = (8 if n_features <= 32 else 1) * SIMULATED_SAMPLES
    n_draws = min(20, n_points // n_samples)
    values = []
    for _ in range(n_draws):
        if kind == "normal":
            cloud = rng.standard_normal((n_samples, n_features), dtype=np.float32)
            spread = np.sqrt(2 * np.sum(np.var(cloud, axis=0, ddof=1, dtype=np.float64)))
        else:
            cloud = rng.random((n_samples, n_features), dtype=np.float32)
            spread = np.sqrt(n_features / 6)
        lifetimes = build_barcode(cloud, settings).lifetimes
        values.append(log_power_mean(lifetimes / spread, gamma))
    return float(np.mean(values))


def ph_dim(cloud, gamma=1.0):
    """Intrinsic dimension gamma / (1 - slope) of log sum p^gamma over log n (subsamples)."""
    n, rng = cloud.n_samples, np.random.default_rng(cloud.seed)
    sizes, totals = [n], [np.sum(cloud.lifetimes**gamma)]
    for share, repeats in CURVE_PARTS:
        size = max(2, n // share)
        for _ in range(repeats if size < n else 0):
            rows = np.sort(rng.choice(n, size, replace=False))
            part = take(cloud.X, rows, cloud.settings.metric)
            lifetimes = build_barcode(part, cloud.settings.for_size(size)).lifetimes
            sizes.append(size)
            totals.append(np.sum(lifetimes**gamma))
    return dimension_from_totals(sizes, totals, gamma)


def dimension_from_totals(sizes, totals, gamma=1.0):
    """gamma / (1 - slope) of the regression of log totals on log sizes; 0 where undefined."""
    sizes, totals = np.asarray(sizes, dtype=float), np.asarray(totals, dtype=float)
    if np.ptp(sizes) == 0 or not np.all(totals > 0):
        return 0.0
    slope = np.polyfit(np.log(sizes), np.log(totals), 1)[0]
    return float(gamma / (1 - slope)) if slope < 1 else np.inf
