from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from skgeom.separability import SeparabilityCallback, SeparabilityMonitor, SeparabilityScorer

RNG = np.random.default_rng(0)
NOISE, GROUP = RNG.normal(size=(100, 4)), RNG.integers(0, 2, size=(100, 1))


class Mover(TransformerMixin, BaseEstimator):
    """Moves two groups apart by `reach_`."""

    def __init__(self, reach=0):
        self.reach_ = reach

    def transform(self, X):
        return X + self.reach_ * GROUP[: len(X)]


def rise_and_rest(callback, **kwargs):
    callback.setup(None, None)
    for step in range(30):
        context = SimpleNamespace(max_subtasks=0, task_id=step)
        callback.on_fit_task_begin(None, context)
        fitted = Mover(min(step, 8))
        if callback.on_fit_task_end(None, context, fitted_estimator=fitted, **kwargs):
            break
    # the fit that holds the iterations is not one of them
    whole = SimpleNamespace(max_subtasks=30, task_id=0)
    assert not callback.on_fit_task_end(None, whole, fitted_estimator=fitted, **kwargs)
    callback.teardown(None, None)
    return step


def test_callback_updates_the_monitor_and_stops():
    monitor = SeparabilityMonitor(SeparabilityScorer(normalize=None))
    callback = SeparabilityCallback(monitor)
    last = rise_and_rest(callback, X=NOISE)
    assert 8 < last < 29
    assert monitor.stopped_step_ == last
    assert monitor.history_["step"].tolist() == list(range(last + 1))
    assert rise_and_rest(callback, X=NOISE) == last  # a new history


def test_callback_watches_other_rows():
    callback = SeparabilityCallback(X=NOISE[:60])
    rise_and_rest(callback, X=NOISE)
    assert set(callback.monitor.history_["n"]) == {60}


def test_tasks_without_an_estimator_are_left_out():
    callback = SeparabilityCallback()
    context = SimpleNamespace(max_subtasks=0, task_id=0)
    assert callback.on_fit_task_end(None, context, X=NOISE) is False
    assert callback.on_fit_task_end(None, context, fitted_estimator=Mover()) is False
    assert not hasattr(callback.monitor, "records_")


def test_callback_of_an_iterative_estimator():
    callbacks = pytest.importorskip("sklearn.callback", reason="comes with scikit-learn 1.9")
    callback = SeparabilityCallback(response_method="decision_function")
    assert isinstance(callback, callbacks.FitCallback)
    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(tol=0.01).set_callbacks(callback).fit(X, y)
    history = callback.monitor.history_
    assert len(history["score"]) == model.n_iter_[0]
    expected = SeparabilityScorer().fit(model.decision_function(X)).score_
    assert history["score"][-1] == pytest.approx(expected)


def test_callback_ends_a_fit():
    callbacks = pytest.importorskip("sklearn.callback", reason="comes with scikit-learn 1.9")

    class Iterative(callbacks.CallbackSupportMixin, Mover):
        @callbacks.with_callbacks
        def fit(self, X, y=None):
            fit = self._init_callback_context(max_subtasks=30)
            fit.call_on_fit_task_begin(estimator=self, X=X)
            for self.n_iter_ in range(30):
                step = fit.subcontext(task_name="step")
                step.call_on_fit_task_begin(estimator=self, X=X)
                reached = {"reach_": min(self.n_iter_, 8)}
                if step.call_on_fit_task_end(
                    estimator=self, X=X, reconstruction_attributes=reached
                ):
                    break
            fit.call_on_fit_task_end(estimator=self, X=X, reconstruction_attributes=reached)
            return self

    monitor = SeparabilityMonitor(SeparabilityScorer(normalize=None))
    model = Iterative().set_callbacks(SeparabilityCallback(monitor)).fit(NOISE)
    assert 8 < model.n_iter_ < 29
    assert monitor.stopped_step_ == model.n_iter_
