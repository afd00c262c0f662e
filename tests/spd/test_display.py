import numpy as np
import pytest

from skgeom.spd import AugmentedCovarianceClassifier, LagBlocksDisplay
from tests.spd.data import random_trials
from tests.spd.test_augmented import Epochs

plt = pytest.importorskip("matplotlib.pyplot", reason="the extra plot is not installed")


@pytest.fixture(autouse=True)
def close():
    plt.switch_backend("agg")
    yield
    plt.close("all")


def test_importances_and_patterns():
    X, y = random_trials(30, 3, 120)
    model = AugmentedCovarianceClassifier(2, 3).fit(Epochs(X), y)
    display = LagBlocksDisplay.from_estimator(model)
    shown = np.asarray(display.image_.get_array())
    assert shown.shape == (6, 6)
    assert np.isclose(shown.sum(), 100)
    # row: delay 0, channel 1; column: delay 1, channel 2
    assert np.isclose(shown[1, 5], 100 * model.feature_importances_[0, 1, 1, 2])
    assert [t.get_text() for t in display.ax_.get_yticklabels()][1] == "C1 t"
    assert [t.get_text() for t in display.ax_.get_xticklabels()][5] == "C2 t+3"
    _, ax = plt.subplots()
    pattern = LagBlocksDisplay.from_estimator(model, kind="pattern", ax=ax, ch_names="abc")
    assert pattern.ax_ is ax
    assert np.isclose(np.asarray(pattern.image_.get_array())[0, 3], model.patterns_[0, 0, 1, 0, 0])
    low, high = pattern.image_.get_clim()
    assert low == -high


def test_many_channels_and_bands():
    X, y = random_trials(20, 11, 120)
    model = AugmentedCovarianceClassifier(3, 2, bands=[(5, 20), (20, 40)], sfreq=100.0).fit(X, y)
    display = LagBlocksDisplay.from_estimator(model, band=1)
    assert [t.get_text() for t in display.ax_.get_xticklabels()] == ["t", "t+2", "t+4"]


def test_refusals():
    X, y = random_trials(20, 2, 100)
    model = AugmentedCovarianceClassifier(2, 3).fit(X, y)
    with pytest.raises(ValueError, match="kind"):
        LagBlocksDisplay.from_estimator(model, kind="map")
    with pytest.raises(ValueError, match="3 names for 2 channels"):
        LagBlocksDisplay.from_estimator(model, ch_names="abc")
    with pytest.raises(AttributeError, match="linear"):
        LagBlocksDisplay.from_estimator(model.set_params(classifier="mdm").fit(X, y))
