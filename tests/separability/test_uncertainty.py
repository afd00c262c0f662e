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
        errors.append(standard_error("jackknife", [x[rows].mean() for rows in plan], 1000, 1000))
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
@pytest.mark.parametrize("n_draws", [1, 4])
def test_error_of_a_mean_over_subsamples(ci, n_draws):
    """The mean over k subsamples varies with the cloud and with the draw of the rows."""
    scores, errors = [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=200)
        draws = [rng.choice(200, 50, replace=False) for _ in range(n_draws)]
        scores.append(np.mean([x[rows].mean() for rows in draws]))
        plan = resampling_plan(ci, 50 if ci == "jackknife" else 200, 50, 20, rng)
        parts = [draws[0][rows] for rows in plan] if ci == "jackknife" else plan
        errors.append(standard_error(ci, [x[rows].mean() for rows in parts], 200, 50, n_draws))
    assert np.mean(errors) == pytest.approx(np.std(scores), rel=0.15)


def test_error_is_undefined_where_a_part_is_infinite():
    assert np.isnan(standard_error("subsample", [1.0, np.inf], 100, 50))


@pytest.mark.parametrize("ci", ["subsample", "jackknife"])
def test_every_part_of_few_samples_is_a_cloud(ci):
    for n in range(3, 12):
        plan = resampling_plan(ci, n, n - 1, 5, np.random.default_rng(0))
        assert min(len(rows) for rows in plan) >= 2
    with pytest.raises(ValueError, match="at least 3 samples, got 2"):
        resampling_plan(ci, 2, 2, 5, np.random.default_rng(0))


@pytest.mark.parametrize("ci", ["subsample", "jackknife"])
@pytest.mark.parametrize("max_samples", [40, 120, 1.0])
def test_interval_of_a_subsampled_score(ci, max_samples):
    """Also when max_samples is the number of rows the interval has a width."""
    scorer = SeparabilityScorer(
        normalize=None, confidence_level=0.9, ci=ci, max_samples=max_samples, n_resamples=20
    )
    clouds = [np.random.default_rng(seed).normal(size=(120, 3)) for seed in range(25)]
    found = []
    for seed, X in enumerate(clouds):
        scorer.set_params(random_state=seed).fit(X)
        found.append((scorer.score_, scorer.confidence_interval_))
    truth = np.mean([score for score, _ in found])
    covered = sum(low <= truth <= high for _, (low, high) in found)
    assert covered >= 17
    assert all(low < score < high for score, (low, high) in found)


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
