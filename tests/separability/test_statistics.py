import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from skgeom.separability import _entropies, effective_rank
from skgeom.separability import _statistics as stats
from skgeom.separability._tree import TreeSettings, build_barcode

SCALE_FREE = sorted(set(stats.STATISTICS) - {"total", "renyi_entropy", "effective_rank"})
ELEMENTARY = ["persistence", "persistence_median", "tail_fraction", "gini", "entropy"]


def make_cloud(X, metric="euclidean", **params):
    tree_settings = TreeSettings(metric=metric)
    X = np.asarray(X, dtype=float)
    return stats.Cloud(X, build_barcode(X, tree_settings), tree_settings, **params)


def values(X, names=tuple(stats.STATISTICS), **params):
    cloud = make_cloud(X, **params)
    return {name: stats.evaluate(name, cloud) for name in names}


def groups(n=150, d=4, distance=8.0, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    X[: n // 2, 0] += distance
    return X


def test_definitions_on_four_gaps():
    # lifetimes 1, 2, 3, 10 on a line; the merges join (1, 1), (2, 1), (3, 1) and (4, 1) points
    got = values(np.cumsum([0, 1, 2, 3, 10.0])[:, np.newaxis])
    p = np.array([1, 2, 3, 10.0])
    assert got["persistence"] == pytest.approx(1 - 0.4)
    assert got["persistence_median"] == pytest.approx(1 - 0.25)
    assert got["max_mean"] == pytest.approx(10 / 4)
    assert got["tail_fraction"] == pytest.approx(3 / 4)
    assert got["cv"] == pytest.approx(np.std(p) / 4)
    assert got["gini"] == pytest.approx(np.abs(p[:, None] - p).sum() / (2 * 16 * 4))
    shares = p / 16
    assert got["entropy"] == pytest.approx(1 + shares @ np.log(shares) / np.log(4))
    assert got["quantile_ratio"] == pytest.approx(np.log(np.quantile(p, 0.99) / 2.5))
    assert got["gap_ratio"] == pytest.approx(10 / 3)
    assert got["total"] == pytest.approx(16)
    assert got["balanced_max"] == pytest.approx(2 / 5 * 10 / 2.5)
    assert got["balanced_sum"] == pytest.approx(2)
    spread = np.sqrt(np.mean(pdist(np.cumsum([0, 1, 2, 3, 10.0])[:, None]) ** 2))
    assert got["relative_mean"] == pytest.approx(1 - 4 / spread)
    nearest = np.array([1, 1, 2, 3, 10.0])
    assert got["nn_entropy"] == pytest.approx(-np.log(np.mean(nearest**2) / (spread**2 / 2)))


def test_persistence_and_max_mean_say_the_same():
    got = values(groups())
    assert got["max_mean"] == pytest.approx(1 / (1 - got["persistence"]))


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 60), st.integers(1, 5), st.integers(0, 10**6))
def test_ranges(n, d, seed):
    X = np.random.default_rng(seed).integers(-3, 4, (n, d)).astype(float)
    got = values(X, [*ELEMENTARY, "relative_mean", "balanced_sum"])
    for name in [*ELEMENTARY, "relative_mean"]:
        assert 0 <= got[name] <= 1, name
    assert 0 <= got["balanced_sum"] <= n


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 100))
def test_scale_and_rigid_motion_change_nothing(seed, scale):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 3))
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    before, after = values(X, SCALE_FREE), values(scale * X @ rotation + 5, SCALE_FREE)
    for name in SCALE_FREE:
        assert after[name] == pytest.approx(before[name], rel=1e-7, abs=1e-7), name


def test_order_of_rows_changes_nothing():
    X = groups()
    names = [*SCALE_FREE, "total"]
    names.remove("ph_dim")  # draws subsamples of rows
    before, after = values(X, names), values(X[::-1], names)
    for name in names:
        assert after[name] == pytest.approx(before[name], rel=1e-12), name


def test_equal_points():
    got = values(np.ones((30, 3)))
    assert got.pop("nn_entropy") == np.inf
    assert got.pop("renyi_entropy") == -np.inf
    assert got.pop("n_major") == 1
    assert got.pop("effective_rank") == pytest.approx(1)
    assert set(got.values()) == {0.0}


def test_simplex():
    got = values(np.eye(12))
    for name in ("persistence", "gini", "cv", "entropy"):
        assert got[name] == pytest.approx(0, abs=1e-7)
    assert got["relative_mean"] == pytest.approx(0, abs=1e-12)


def test_two_points():
    got = values([[0.0, 1.0], [3.0, 5.0]])
    assert got["persistence"] == 0
    assert got["balanced_max"] == 1
    assert got["balanced_sum"] == 2
    assert got["gap_ratio"] == 1
    assert np.isfinite(list(got.values())).all()


def test_unit_of_mostly_duplicated_points_is_the_smallest_gap():
    lifetimes = np.array([0, 0, 0, 2.0, 6.0])
    assert stats.lifetime_unit(lifetimes) == 2
    assert stats.balanced_max(lifetimes, np.array([1, 1, 1, 1, 3]), 6) == 3


def test_outlier_moves_ratios_to_the_maximum_only():
    X = groups(500)
    outlying = X.copy()
    outlying[0] = 3 * np.abs(X).max()
    before, after = values(X), values(outlying)
    assert abs(after["persistence"] - before["persistence"]) > 0.1
    for name in ("balanced_sum", "major_gap"):
        assert after[name] == pytest.approx(before[name], rel=0.12), name


def test_typical_distance_is_the_mean_over_pairs():
    X = np.random.default_rng(0).normal(size=(40, 3))
    for metric in ("cosine", "correlation", "cityblock"):
        expected = np.mean(pdist(X, metric))
        assert stats.typical_distance(X, TreeSettings(metric)) == pytest.approx(expected)
    angles = np.arccos(1 - pdist(X, "cosine"))
    assert stats.typical_distance(X, TreeSettings("angular")) == pytest.approx(np.mean(angles))
    squareform_mean = stats.typical_distance(squareform(pdist(X)), TreeSettings("precomputed"))
    assert squareform_mean == pytest.approx(np.mean(pdist(X)))
    sampled = stats.typical_distance(
        np.random.default_rng(1).normal(size=(800, 3)), TreeSettings("cityblock"), seed=3
    )
    assert sampled == pytest.approx(3 * 2 / np.sqrt(np.pi), rel=0.03)


def test_euclidean_spread_is_the_root_mean_square_distance():
    X = np.random.default_rng(0).normal(size=(40, 3)) + 100
    expected = np.sqrt(np.mean(pdist(X) ** 2))
    assert stats.typical_distance(X, TreeSettings()) == pytest.approx(expected)


def test_effective_rank():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 8)) @ rng.normal(size=(8, 8))
    singular = np.linalg.svd(X, compute_uv=False)
    shares = singular / singular.sum()
    expected = np.exp(-shares @ np.log(shares))
    assert effective_rank(X) == pytest.approx(expected)
    assert effective_rank(X.T) == pytest.approx(expected)
    assert effective_rank(np.outer(np.arange(5.0), np.ones(3))) == pytest.approx(1)
    assert effective_rank(np.ones((5, 3)), center=True) == 0


def test_options_of_statistics():
    X = np.cumsum([0, 1, 2, 3, 10.0])[:, np.newaxis]
    options = {
        "tail_fraction": {"tau": 0.2},
        "total": {"alpha": 2, "larger_is": "separable"},
        "effective_rank": {"center": True},
    }
    got = values(X, list(options), options=options)
    assert got["tail_fraction"] == pytest.approx(1 / 4)  # 2 is not below 0.2 of 10
    assert got["total"] == pytest.approx(-(1 + 4 + 9 + 100))
    assert got["effective_rank"] == pytest.approx(1)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_ph_dim_and_entropy_of_other_powers(gamma):
    X = np.random.default_rng(0).random((1500, 3))
    options = {name: {"gamma": gamma} for name in ("ph_dim", "renyi_entropy")}
    got = values(X, list(options), options=options)
    assert got["ph_dim"] == pytest.approx(3, rel=0.15)
    assert got["renyi_entropy"] == pytest.approx(0, abs=0.15)


@pytest.mark.parametrize(("d", "n"), [(1, 300), (2, 300), (10, 300), (10, 3000), (200, 1500)])
def test_negentropy_of_gaussian_points_is_0(d, n):
    X = np.random.default_rng(1).normal(size=(n, d))
    # a tenth of a nat, and the extrapolation to more than 1000 points
    assert values(X, ["negentropy"])["negentropy"] == pytest.approx(0, abs=0.15 + 0.004 * d)


def test_negentropy_of_known_densities():
    rng = np.random.default_rng(0)
    cube = values(rng.random((1000, 3)), ["negentropy"])["negentropy"]
    assert cube == pytest.approx(1.5 * np.log(2 * np.pi * np.e / 12), abs=0.1)
    scales = np.array([1, 2, 4, 1.0])
    stretched = values(scales * rng.normal(size=(1000, 4)), ["negentropy"])["negentropy"]
    expected = 2 * np.log(np.mean(scales**2)) - np.sum(np.log(scales))
    assert stretched == pytest.approx(expected, abs=0.15)
    pair = rng.normal(size=(1000, 4)) + 8 * rng.integers(0, 2, (1000, 1))
    apart = values(pair, ["negentropy"])["negentropy"]
    expected = 2 * np.log(1 + 16) - np.log(2)  # of two places one more bit than of one
    assert apart == pytest.approx(expected, abs=0.25)


def test_negentropy_orders_clouds_of_one_shape_as_relative_mean_does():
    clouds = [groups(100, 6, t, seed=t) for t in range(6)]
    found = np.array([list(values(X, ["negentropy", "relative_mean"]).values()) for X in clouds])
    np.testing.assert_array_equal(*np.argsort(found, axis=0).T)


def test_simulated_lifetimes_extend_to_more_points_and_features():
    rng = np.random.default_rng(3)
    for kind, d, n in (("normal", 3, 4000), ("normal", 64, 4000), ("cube", 8, 4000)):
        X = rng.normal(size=(n, d)) if kind == "normal" else rng.random((n, d))
        spread = np.sqrt(2 * d if kind == "normal" else d / 6)
        lifetimes = build_barcode(X, TreeSettings()).lifetimes / spread
        value = _entropies.null_log_mean(kind, n, d, 1.0)
        assert value == pytest.approx(np.log(lifetimes.mean()), abs=0.015)
    X = rng.normal(size=(100, 8192))
    lifetimes = build_barcode(X, TreeSettings()).lifetimes / np.sqrt(2 * 8192)
    value = _entropies.null_log_mean("normal", 100, 8192, 1.0)
    assert value == pytest.approx(np.log(lifetimes.mean()), abs=0.002)


def test_renyi_entropy_of_a_cube():
    rng = np.random.default_rng(0)
    unit = values(rng.random((800, 2)), ["renyi_entropy"])["renyi_entropy"]
    assert unit == pytest.approx(0, abs=0.1)
    wide = values(10 * rng.random((800, 2)), ["renyi_entropy"])["renyi_entropy"]
    assert wide == pytest.approx(np.log(100), abs=0.1)


@pytest.mark.parametrize("dimension", [1, 2, 4])
def test_ph_dim_of_a_flat_piece(dimension):
    rng = np.random.default_rng(dimension)
    X = rng.random((1500, dimension)) @ rng.normal(size=(dimension, 10))
    assert values(X, ["ph_dim"])["ph_dim"] == pytest.approx(dimension, rel=0.15)


@pytest.mark.parametrize(("n_groups", "d"), [(1, 10), (2, 10), (3, 10), (5, 50)])
def test_number_of_groups(n_groups, d):
    rng = np.random.default_rng(n_groups)
    centres = 10 * np.eye(d)[:n_groups]
    X = rng.normal(size=(400, d)) + centres[np.arange(400) % n_groups]
    assert values(X, ["n_major"])["n_major"] == n_groups


def test_callable_gets_lifetimes_and_sizes():
    def largest_share(lifetimes, sizes, n, d):
        assert lifetimes.shape == (59,)
        assert sizes.shape == (59, 2)
        assert d == 4
        return lifetimes[-1] / lifetimes.sum() * n

    cloud = make_cloud(groups(60))
    expected = cloud.lifetimes[-1] / cloud.lifetimes.sum() * 60
    assert stats.evaluate(largest_share, cloud) == expected
    assert stats.statistic_names([largest_share, "gini"]) == ["largest_share", "gini"]


@pytest.mark.parametrize(
    ("name", "least"), [("relative_mean", 0.9), ("nn_entropy", 0.9), ("balanced_sum", 0.9)]
)
def test_statistics_follow_the_distance_of_two_groups(name, least):
    from scipy.stats import spearmanr

    distances = np.arange(0.0, 13.0)
    scores = [values(groups(300, 10, t, seed=5), [name])[name] for t in distances]
    assert spearmanr(distances, scores).statistic > least


@pytest.mark.parametrize("X", [np.full((4, 2), np.nan), np.ones(5)])
def test_effective_rank_checks_its_input(X):
    with pytest.raises(ValueError, match=r"NaN|2D array"):
        effective_rank(X)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_effective_rank_of_huge_and_tiny_values(scale):
    X = np.random.default_rng(0).normal(size=(20, 5))
    assert effective_rank(scale * X) == pytest.approx(effective_rank(X))


@pytest.mark.parametrize("metric", ["cosine", "correlation", "angular"])
def test_typical_distance_of_nearly_parallel_rows(metric):
    """Angles of 1e-9 are far below what one minus a product of unit rows resolves."""
    rng = np.random.default_rng(0)
    X = np.array([1.0, -1.0, 0.5, -0.5]) + 1e-9 * rng.normal(size=(40, 4))
    rows = X - X.mean(axis=1, keepdims=True) if metric == "correlation" else X
    chords = pdist(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    expected = np.mean(chords) if metric == "angular" else np.mean(chords**2) / 2
    found = stats.typical_distance(X, TreeSettings(metric=metric))
    assert found == pytest.approx(expected, rel=1e-5)


def test_cv_of_huge_lifetimes():
    p = np.array([1.0, 2.0, 4.0])
    assert stats.cv(1e300 * p) == pytest.approx(np.std(p) / np.mean(p))
