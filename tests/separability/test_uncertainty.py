import numpy as np
import pytest
from scipy.stats import norm

from skgeom.separability import SeparabilityScorer
from skgeom.separability._uncertainty import interval, resampling_plan, standard_error


def test_jackknife_of_a_mean_is_its_standard_error():
    x = np.random.default_rng(0).normal(size=1000)
    plan = resampling_plan("jackknife", 1000, None, None, np.random.default_rng(1))
    assert len(plan) == 10
    assert np.array_equal(np.bincount(np.concatenate(plan)), np.full(1000, 9))
    errors = []
    for seed in range(30):
        plan = resampling_plan("jackknife", 1000, None, None, np.random.default_rng(seed))
        errors.append(standard_error("jackknife", [x[rows].mean() for rows in plan], 1000, None))
    assert np.mean(errors) == pytest.approx(x.std() / np.sqrt(1000), rel=0.15)


def test_subsamples_of_a_mean_give_its_standard_error():
    x = np.random.default_rng(0).normal(size=1000)
    plan = resampling_plan("subsample", 1000, 178, 2000, np.random.default_rng(1))
    assert all(len(np.unique(rows)) == 178 for rows in plan)
    error = standard_error("subsample", [x[rows].mean() for rows in plan], 1000, 178)
    assert error == pytest.approx(x.std() / np.sqrt(1000), rel=0.1)


def test_interval():
    low, high = interval(1.0, 0.1, 0.9, "subsample", 50)
    assert high - 1 == pytest.approx(norm.ppf(0.95) * 0.1)
    assert 1 - low == pytest.approx(high - 1)
    assert interval(1.0, 0.1, 0.9, "jackknife", 10)[1] > high


@pytest.mark.parametrize("ci", ["subsample", "jackknife"])
def test_interval_covers_the_fixed_size_score(ci):
    def draw(seed):
        rng = np.random.default_rng(seed)
        return rng.normal(size=(300, 3)) + 4 * rng.integers(0, 2, (300, 1))

    plain = SeparabilityScorer(normalize=None)
    truth = np.mean([plain.fit(draw(seed)).score_ for seed in range(100, 140)])
    with_interval = SeparabilityScorer(
        normalize=None, confidence_level=0.9, ci=ci, n_resamples=30, random_state=0
    )
    covered = 0
    for seed in range(30):
        found = with_interval.fit(draw(seed))
        low, high = found.confidence_interval_
        assert low < found.score_ < high
        covered += low <= truth <= high
    assert covered >= 20
