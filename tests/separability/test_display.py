import matplotlib
import numpy as np
import pytest

from skgeom.separability import H0BarcodeDisplay, SeparabilityScorer

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
