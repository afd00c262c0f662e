import numpy as np
import pytest

from skgeom.manifold import (
    EmbeddingDisplay,
    EntropyDisplay,
    HeatGeodesicEmbedding,
    HeatSpreadDisplay,
    ShepardDisplay,
)
from tests.manifold.data import swiss_roll

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")


@pytest.fixture(scope="module")
def heat():
    return HeatGeodesicEmbedding(random_state=0).fit(swiss_roll(200, 0.1, 0)[0])


@pytest.fixture(autouse=True)
def _close():
    yield
    matplotlib.pyplot.close("all")


def test_embedding(heat):
    display = EmbeddingDisplay.from_estimator(heat, color=np.arange(200), cmap="Spectral")
    np.testing.assert_array_equal(display.points_.get_offsets(), heat.embedding_)
    new = swiss_roll(20, 0.1, 1)[0]
    display = EmbeddingDisplay.from_estimator(heat, new, source=3, ax=display.ax_)
    expected = np.linalg.norm(heat.transform(new) - heat.transform(new)[3], axis=1)
    np.testing.assert_allclose(display.points_.get_array(), expected)
    with pytest.raises(ValueError, match="not both"):
        EmbeddingDisplay.from_estimator(heat, color=np.arange(200), source=0)
    line = HeatGeodesicEmbedding(1, random_state=0).fit(new)
    assert EmbeddingDisplay.from_estimator(line).points_.get_offsets().shape == (20, 2)


def test_entropy(heat):
    display = EntropyDisplay.from_estimator(heat)
    curve, chosen = display.ax_.get_lines()
    np.testing.assert_array_equal(curve.get_xdata(), heat.t_grid_)
    assert chosen.get_xdata()[0] == heat.t_
    given = HeatGeodesicEmbedding(t=5.0, random_state=0).fit(swiss_roll(60, 0.1, 0)[0])
    with pytest.raises(ValueError, match="was given"):
        EntropyDisplay.from_estimator(given)


def test_shepard(heat):
    display = ShepardDisplay.from_estimator(heat, n_pairs=300)
    assert display.distances.shape == display.dissimilarities.shape == (300,)
    residual = display.distances - display.dissimilarities
    # the stress of a sample of pairs is near the stress of all
    stress = np.sqrt((residual**2).sum() / (display.dissimilarities**2).sum())
    assert stress == pytest.approx(heat.stress_, rel=0.5)


def test_heat_spread(heat):
    display = HeatSpreadDisplay.from_estimator(heat, 5)
    assert len(display.axes_) == 4
    np.testing.assert_allclose(display.times, heat.t_ * np.array([1 / 16, 1 / 4, 1, 4]))
    np.testing.assert_allclose(display.heat[2], heat.heat_kernel([5])[0], rtol=1e-6)
    # it spreads: ever less is left at the source
    assert (np.diff(display.heat[:, 5]) < 0).all()
    one = HeatSpreadDisplay.from_estimator(heat, 5, times=[3.0], axes=[display.axes_[0]])
    assert one.axes_[0] is display.axes_[0]
    with pytest.raises(ValueError, match="one for each of 2 times"):
        HeatSpreadDisplay.from_estimator(heat, 5, times=[1.0, 2.0], axes=[display.axes_[0]])
    walk = HeatGeodesicEmbedding(heat_method="power", t=3, random_state=0)
    walk.fit(swiss_roll(60, 0.1, 0)[0])
    np.testing.assert_array_equal(HeatSpreadDisplay.from_estimator(walk, 0).times, [1, 1, 3, 12])
