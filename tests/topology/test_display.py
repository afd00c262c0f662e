import numpy as np
import pytest

from skgeom.topology import MultiparamPersistenceVectorizer, SignedMeasureDisplay
from tests.topology.conftest import value_of

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")


def test_display_shows_the_hilbert_function():
    rng = np.random.default_rng(0)
    sample = rng.normal(size=(25, 2))
    vectorizer = MultiparamPersistenceVectorizer(filtration="alpha", resolution=4).fit([sample])
    display = SignedMeasureDisplay.from_estimator(
        vectorizer, sample, resolution=30, labels=("radius", "codensity")
    )
    measure = vectorizer.signed_measures([sample])[0][0]
    grid = [np.linspace(*side, 30) for side in vectorizer.box_.T]
    for i, j in rng.integers(0, 30, (20, 2)):
        assert display.surface_[j, i] == value_of(measure, [grid[0][i], grid[1][j]])
    assert display.ax_.get_xlabel() == "radius"
    assert len(display.ax_.collections) == 2
    matplotlib.pyplot.close("all")


def test_display_refuses_what_it_cannot_draw():
    volume = np.random.default_rng(0).normal(size=(5, 5, 3))
    vectorizer = MultiparamPersistenceVectorizer(filtration="cubical", resolution=3).fit([volume])
    with pytest.raises(ValueError, match=r"must be one of \[0, 1\], got 7"):
        SignedMeasureDisplay.from_estimator(vectorizer, volume, homology_dimension=7)
    with pytest.raises(ValueError, match="two parameters, got 3"):
        SignedMeasureDisplay.from_estimator(vectorizer, volume)
