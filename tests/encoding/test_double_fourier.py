"""Sines and cosines at several scales: the papers' formulas, the code's habits, bad input."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skgeom.datasets import load_land_ocean
from skgeom.encoding import DoubleFourierSphereEncoder
from skgeom.encoding._double_fourier import KINDS
from tests.encoding.data import random_places, unit_vectors

SCALED = {"n_frequencies": 3, "min_radius": 10.0, "max_radius": 360.0}
RADII = [10.0, 60.0, 360.0]
sin, cos = np.sin, np.cos


def encode(places, **params):
    return DoubleFourierSphereEncoder(**params).fit_transform(places)


def formula(kind, places, factor=np.pi / 180):
    """The columns as the papers write them."""
    lon, lat = places.T
    columns = []
    if kind == "grid":
        for x in (lon, lat):
            for r in RADII:
                columns += [sin(x / r), cos(x / r)]
        return np.column_stack(columns)
    for r in RADII:
        x, y, lo, la = lon / r, lat / r, factor * lon, factor * lat
        if kind == "theory":
            for angle in np.radians([0, 120, 240]):
                along = cos(angle) * x + sin(angle) * y
                columns += [sin(along), cos(along)]
            continue
        columns.append(sin(y))
        if kind.endswith("+"):
            columns += [cos(y), sin(x), cos(x)]
        if "spherec" in kind:
            columns += [cos(y) * cos(x), cos(y) * sin(x)]
        else:
            columns += [cos(y) * cos(lo), cos(la) * cos(x), cos(y) * sin(lo), cos(la) * sin(x)]
    return np.column_stack(columns)


@pytest.mark.parametrize("kind", KINDS[:6])
def test_formulas_of_the_papers(kind):
    places = random_places(30)
    assert np.allclose(encode(places, kind=kind, **SCALED), formula(kind, places), atol=1e-13)


@pytest.mark.parametrize("kind", ["spherem", "spherem+"])
def test_unscaled_angles_of_the_papers_code_are_degrees(kind):
    places = random_places(30)
    features = encode(places, kind=kind, convention="locationencoder", **SCALED)
    assert np.allclose(features, formula(kind, places, factor=1.0), atol=1e-12)


def test_encodings_without_scales():
    places = random_places(20)
    lon, lat = np.radians(places).T
    wrap = np.column_stack([cos(lon), sin(lon), cos(lat), sin(lat)])
    assert np.allclose(encode(places, kind="wrap"), wrap)
    assert np.allclose(encode(places, kind="cartesian3d"), unit_vectors(places))
    assert np.allclose(encode(places, kind="direct"), np.radians(places) - np.pi)


@pytest.mark.parametrize(
    ("kind", "per_scale"),
    [("grid", 4), ("theory", 6), ("spherec", 3), ("spherec+", 6), ("spherem", 5), ("spherem+", 8)],
)
def test_columns_are_distinct(kind, per_scale):
    features = encode(random_places(200), kind=kind, n_frequencies=4)
    assert features.shape[1] == 4 * per_scale
    correlation = abs(np.corrcoef(features.T)) - np.eye(features.shape[1])
    assert correlation.max() < 1 - 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_names_match_the_columns(kind):
    encoder = DoubleFourierSphereEncoder(kind=kind, **SCALED).fit(random_places(5))
    names = encoder.get_feature_names_out()
    features = encoder.transform(places := random_places(10))
    assert len(set(names)) == len(names) == features.shape[1]
    radians = dict(zip(("lon", "lat"), np.radians(places).T))
    scaled = {f"{axis}{s}": np.degrees(x) / r for s, r in enumerate(RADII) for axis, x in
              radians.items()}  # fmt: skip
    angles = {**radians, **scaled}
    for name, column in zip(names, features.T):
        parts = name.split("_")
        if "dir" in name or kind == "direct":
            continue
        factors = [getattr(np, parts[i])(angles[parts[i + 1]]) for i in range(0, len(parts), 2)]
        assert np.allclose(np.prod(factors, axis=0), column)


@pytest.mark.parametrize("kind", KINDS)
def test_longitudes_of_either_range_are_one_place(kind):
    places = random_places(20)
    shifted = places + np.array([360, 0])
    assert np.allclose(encode(places, kind=kind), encode(shifted, kind=kind), atol=1e-11)
    raw = encode(shifted, kind=kind, convention="locationencoder")
    periodic = kind in ("wrap", "cartesian3d")
    assert np.allclose(raw, encode(places, kind=kind), atol=1e-11) == periodic


def test_fitted_radii():
    encoder = DoubleFourierSphereEncoder(**SCALED).fit(random_places(3))
    assert np.allclose(encoder.radii_, RADII)
    one = DoubleFourierSphereEncoder(n_frequencies=1, min_radius=5, max_radius=5)
    assert one.fit(random_places(3)).radii_.tolist() == [5.0]
    assert DoubleFourierSphereEncoder(kind="wrap").fit(random_places(3)).radii_.size == 0


def test_grid_search_over_kinds():
    places = load_land_ocean()
    model = make_pipeline(DoubleFourierSphereEncoder(), LogisticRegression(max_iter=200))
    grid = {"doublefouriersphereencoder__kind": ["wrap", "theory"]}
    search = GridSearchCV(model, grid, cv=3).fit(places.data[:2000], places.target[:2000])
    assert search.best_params_ == {"doublefouriersphereencoder__kind": "theory"}


def test_bad_radii_and_coordinates():
    with pytest.raises(ValueError, match="min_radius must not exceed max_radius, got 9"):
        DoubleFourierSphereEncoder(min_radius=9, max_radius=3).fit([[0, 0], [5, 5]])
    with pytest.raises(ValueError, match="row 1"):
        DoubleFourierSphereEncoder(kind="direct").fit([[0, 0], [5, -95]])
