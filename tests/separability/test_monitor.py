import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from skgeom.separability import SeparabilityMonitor, SeparabilityScorer

RNG = np.random.default_rng(0)
NOISE, GROUP = RNG.normal(size=(120, 4)), RNG.integers(0, 2, size=120)


def embedding(distance):
    Z = NOISE.copy()
    Z[:, 0] += distance * GROUP
    return Z


def run(monitor, distances, y=None):
    for step, distance in enumerate(distances):
        monitor.update(embedding(distance), y, step=step)
    return monitor


RISE_AND_REST = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] + [10] * 12
PLAIN = SeparabilityScorer(normalize=None)


@pytest.mark.parametrize("criterion", ["patience", "plateau", "trend"])
def test_rules_stop_when_the_score_rests(criterion):
    monitor = run(SeparabilityMonitor(PLAIN, criterion=criterion), RISE_AND_REST)
    assert monitor.should_stop_
    assert 10 < monitor.stopped_step_ < 23
    assert monitor.reason_
    assert monitor.selected_step_ == monitor.stopped_step_
    assert not run(SeparabilityMonitor(PLAIN, criterion=criterion), range(10)).should_stop_


def test_patience_counts_updates():
    monitor = SeparabilityMonitor(PLAIN, patience=4, smoothing=0, warmup=0, min_delta=0)
    run(monitor, [1, 5, 5, 5, 5])
    assert not monitor.should_stop_
    monitor.update(embedding(5))
    assert monitor.stopped_step_ == 5
    assert "4 updates" in monitor.reason_
    run(monitor, [20])
    assert monitor.should_stop_
    assert monitor.stopped_step_ == 5


def test_warmup_is_not_counted():
    flat = [3] * 5
    assert run(SeparabilityMonitor(PLAIN, warmup=0, patience=3), flat).stopped_step_ == 3
    assert run(SeparabilityMonitor(PLAIN, warmup=1, patience=3), flat).stopped_step_ == 4
    assert not run(SeparabilityMonitor(PLAIN, warmup=2, patience=3), flat).should_stop_


def test_smoothed_series_and_best_step():
    monitor = run(SeparabilityMonitor(PLAIN, smoothing=0.5, restore="best"), [0, 2, 8, 4, 3])
    history = monitor.history_
    expected = [history["score"][0]]
    for score in history["score"][1:]:
        expected.append(0.5 * expected[-1] + 0.5 * score)
    np.testing.assert_allclose(history["smoothed"], expected)
    assert monitor.best_score_ == max(expected[2:])
    assert monitor.selected_step_ == monitor.best_step_ == 2 + np.argmax(expected[2:])


def test_margin_of_one_standard_error():
    monitor = run(SeparabilityMonitor(PLAIN, min_delta="se", smoothing=0), RISE_AND_REST)
    assert monitor.should_stop_
    assert (monitor.history_["se"] > 0).all()
    # the paired error of two equal checkpoints is 0, that of the scores is not
    assert monitor.margins_[-1] == pytest.approx(0, abs=1e-12)


def test_changing_rows_add_their_errors():
    monitor = run(SeparabilityMonitor(PLAIN, min_delta="se", warmup=0), [5])
    monitor.update(embedding(6)[:100])
    errors = monitor.history_["se"]
    assert monitor.margins_[-1] == pytest.approx(np.hypot(*errors))


def test_history_columns():
    scorer = SeparabilityScorer(["balanced_sum", "gini"], normalize=None, max_samples=60)
    monitor = SeparabilityMonitor(scorer)
    y = np.where(np.arange(120) % 3 == 0, GROUP, -1)
    monitor.update(embedding(3), y, step="a", loss=0.5)
    monitor.partial_fit(embedding(6), y, step="b")
    history = monitor.history_
    assert history["step"].tolist() == ["a", "b"]
    assert history["n"].tolist() == [120, 120]
    np.testing.assert_array_equal(history["balanced_sum"], history["score"])
    assert history["loss"][0] == 0.5
    assert np.isnan(history["loss"][1])
    assert (np.diff(history["fdr"]) > 0).all()
    assert set(history) >= {"gini", "thornton_adjusted", "friedman_rafsky"}
    with pytest.raises(ValueError, match="columns of the history"):
        monitor.update(embedding(3), score=1.0)


def test_same_rows_at_every_checkpoint():
    monitor = run(SeparabilityMonitor(SeparabilityScorer(max_samples=50)), [4, 4, 4])
    assert len(set(monitor.history_["score"])) == 1


def test_scores_are_the_scorers():
    monitor = run(SeparabilityMonitor(), [1, 5])
    expected = [SeparabilityScorer().fit(embedding(t)).score_ for t in (1, 5)]
    np.testing.assert_array_equal(monitor.history_["score"], expected)


def test_takes_what_has_an_array_interface():
    class Tensor:
        """As a torch tensor on the CPU: shapes and dtypes of its own, and ``__array__``."""

        dtype, shape = "torch.float32", "torch.Size([120, 4])"

        def __array__(self, dtype=None, copy=None):
            return embedding(4).astype(np.float32)

    monitor = SeparabilityMonitor().update(Tensor()).update(embedding(4).tolist())
    assert monitor.history_["score"][0] == pytest.approx(monitor.history_["score"][1], abs=1e-6)


def test_reset_clone_and_pickle():
    scorer = SeparabilityScorer(random_state=0)
    monitor = run(SeparabilityMonitor(scorer, patience=2), [1, 2, 3])
    again = pickle.loads(pickle.dumps(monitor))
    np.testing.assert_array_equal(again.history_["score"], monitor.history_["score"])
    assert copy.deepcopy(monitor).update(embedding(4)).history_["step"].tolist() == [0, 1, 2, 3]
    fresh = clone(monitor)
    assert fresh.patience == 2
    assert not hasattr(fresh, "history_")
    assert not hasattr(monitor.reset(), "history_")
    run(monitor, [1])
    assert len(monitor.history_["step"]) == 1
    assert scorer.get_params() == SeparabilityScorer(random_state=0).get_params()


@pytest.mark.parametrize(
    "params", [{"criterion": "never"}, {"patience": 0}, {"smoothing": 1.0}, {"min_delta": "sd"}]
)
def test_bad_parameters(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        SeparabilityMonitor(**params).update(embedding(1))


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("criterion", ["patience", "plateau", "trend"])
def test_infinite_scores_stop_like_equal_ones(criterion):
    monitor = SeparabilityMonitor(
        SeparabilityScorer("nn_entropy"), criterion=criterion, window=3, warmup=0
    )
    places = np.repeat(np.eye(3), 10, axis=0)
    for _ in range(4):
        monitor.update(places)
    assert monitor.best_score_ == np.inf
    assert monitor.should_stop_
    monitor.update(np.random.default_rng(0).normal(size=(30, 3)))


def test_metrics_do_not_hide_measured_columns():
    X = np.random.default_rng(0).normal(size=(40, 3))
    monitor = SeparabilityMonitor(SeparabilityScorer(["gini", "cv"]))
    with pytest.raises(ValueError, match="columns of the history"):
        monitor.update(X, gini=1.0)
    with pytest.raises(ValueError, match="columns of the history"):
        monitor.update(X, y=np.arange(40) % 2, fdr=1.0)
    with pytest.raises(TypeError, match="takes no sample_weight"):
        monitor.update(X, sample_weight=np.ones(40))
    with pytest.raises(TypeError, match="'loss' must be a number"):
        monitor.update(X, loss=[1.0, 2.0])
    for name in ("history_", "best_step_", "selected_step_"):
        with pytest.raises(AttributeError, match="first update"):
            getattr(monitor, name)
