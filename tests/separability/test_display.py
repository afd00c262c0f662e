import matplotlib
import numpy as np
import pytest

from skgeom.separability import (
    H0BarcodeDisplay,
    SeparabilityHistoryDisplay,
    SeparabilityMonitor,
    SeparabilityScorer,
    SubsampleCurveDisplay,
)

matplotlib.use("Agg")


@pytest.fixture
def scorer():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)) + 12 * rng.integers(0, 2, (60, 1))
    return SeparabilityScorer(normalize=None).fit(X)


def bars(display, index=0):
    segments = display.ax_.collections[index].get_segments()
    return np.array([segment[1, 0] for segment in segments])


def test_barcode_of_an_estimator(scorer):
    display = H0BarcodeDisplay.from_estimator(scorer)
    np.testing.assert_allclose(bars(display), scorer.lifetimes_)
    assert display.figure_ is display.ax_.figure
    assert scorer.lifetimes_[-2] < display.cut < scorer.lifetimes_[-1]
    assert bars(display, 1).max() == pytest.approx(scorer.lifetimes_[-1])


def test_barcode_of_lifetimes(scorer):
    axes = matplotlib.figure.Figure().subplots()
    display = H0BarcodeDisplay.from_lifetimes([4.0, 1.0, 2.0], normalize=True, max_bars=2, ax=axes)
    assert display.ax_ is axes
    np.testing.assert_allclose(bars(display), [0.5, 1])
    assert "1 shorter" in axes.get_ylabel()


def test_history_of_a_monitor():
    rng = np.random.default_rng(0)
    noise, group = rng.normal(size=(60, 3)), rng.integers(0, 2, (60, 1))
    monitor = SeparabilityMonitor(min_delta="se", patience=2, smoothing=0)
    for step in range(8):
        monitor.update(noise + min(step, 3) * group, step=step, loss=1 / (step + 1))
    display = monitor.plot()
    smoothed = display.ax_.get_lines()[1].get_ydata()
    np.testing.assert_array_equal(smoothed, monitor.history_["smoothed"])
    both = SeparabilityHistoryDisplay.from_monitor(monitor, metrics=["loss"])
    names = [text.get_text() for text in both.ax_.get_legend().get_texts()]
    assert {"stop", "largest score", "loss"} <= set(names)


def test_subsample_curve(scorer):
    X = np.random.default_rng(0).normal(size=(80, 3))
    display = SubsampleCurveDisplay.from_estimator(scorer, X, sizes=[20, 40, 80], n_repeats=3)
    np.testing.assert_array_equal(display.ax_.get_lines()[0].get_xdata(), [20, 40, 80])
    assert display.figure_ is display.ax_.figure
