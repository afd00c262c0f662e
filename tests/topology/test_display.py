import numpy as np
import pytest

from skgeom.topology import (
    CoefficientsDisplay,
    IntervalModulesDisplay,
    MultiparamPersistenceVectorizer,
    SignedMeasureDisplay,
)
from skgeom.topology._display import outline
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


def test_outline_of_a_staircase():
    births, deaths = np.array([[0.1, 0.5], [0.3, 0.2]]), np.array([[0.6, 0.9], [0.8, 0.7]])
    x, low, high = outline(births, deaths, np.array([[0.0, 0.0], [1.0, 1.0]]))
    np.testing.assert_allclose(x, [0.0, 0.1, 0.3, 0.6, 0.8, 1.0])
    np.testing.assert_allclose(low, [1.0, 0.5, 0.2, 0.2, 0.2, 0.2])
    np.testing.assert_allclose(high, [0.9, 0.9, 0.9, 0.7, 0.0, 0.0])


def test_interval_modules():
    sample = np.random.default_rng(0).normal(size=(25, 2))
    params = {"filtration": "alpha", "invariant": "mma", "resolution": 4}
    vectorizer = MultiparamPersistenceVectorizer(**params).fit([sample])
    display = IntervalModulesDisplay.from_estimator(
        vectorizer, sample, homology_dimension=1, n_summands=3
    )
    assert len(display.regions_) == 3
    np.testing.assert_allclose(display.ax_.get_xlim(), vectorizer.box_[:, 0])
    with pytest.raises(ValueError, match=r"must be one of \[0, 1\], got 2"):
        IntervalModulesDisplay.from_estimator(vectorizer, sample, homology_dimension=2)
    matplotlib.pyplot.close("all")


def test_coefficients_are_put_back_on_the_plane():
    sample = np.random.default_rng(0).normal(size=(25, 2))
    vectorizer = MultiparamPersistenceVectorizer(filtration="alpha", resolution=(3, 4))
    vectorizer.fit([sample])
    coefficients = np.arange(24.0)
    display = CoefficientsDisplay.from_estimator(vectorizer, coefficients, block=1)
    np.testing.assert_array_equal(display.image, np.arange(12.0, 24.0).reshape(3, 4))
    assert display.ax_.get_title() == "mph_h1"
    only = np.flatnonzero(vectorizer.get_feature_names_out() == "mph_h1_r02_s01")[0]
    assert display.image[2, 1] == coefficients[only]
    with pytest.raises(ValueError, match="coefficients must have 24 values, got 3"):
        CoefficientsDisplay.from_estimator(vectorizer, [1, 2, 3])
    with pytest.raises(ValueError, match="block must be between 0 and 1, got 2"):
        CoefficientsDisplay.from_estimator(vectorizer, coefficients, block=2)
    vectorizer.set_params(vectorization="features").fit([sample])
    with pytest.raises(ValueError, match="features on a grid"):
        CoefficientsDisplay.from_estimator(vectorizer, np.zeros(vectorizer.n_features_out_))
    matplotlib.pyplot.close("all")
