"""Spherical harmonics: known functions, scipy, quadrature, rotations, the poles, bad input."""

import math
import re

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from scipy.special import eval_legendre, sph_harm_y
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skgeom.datasets import load_land_ocean
from skgeom.encoding import DoubleFourierSphereEncoder, SphericalHarmonicsEncoder
from tests.encoding.data import checkerboard, lattice, random_places, unit_vectors


def encode(places, **params):
    return SphericalHarmonicsEncoder(**params).fit_transform(places)


def scipy_harmonics(places, degrees):
    """Real harmonics without Condon-Shortley phase, from scipy's complex ones, by (l, m)."""
    lon, lat = np.radians(places).T
    found = {}
    for degree in degrees:
        for m in range(degree + 1):
            y = (-1) ** m * sph_harm_y(degree, m, np.pi / 2 - lat, lon)
            found[degree, m] = y.real * (1 if m == 0 else math.sqrt(2))
            if m:
                found[degree, -m] = y.imag * math.sqrt(2)
    return found


def test_first_harmonics_are_the_coordinates():
    places = random_places(50)
    x, y, z = unit_vectors(places).T
    features = encode(places, degree=3, norm="4pi")
    root3, root5, root15 = np.sqrt([3, 5, 15])
    expected = [
        np.ones(50),
        root3 * y,
        root3 * z,
        root3 * x,
        root15 * x * y,
        root15 * y * z,
        root5 / 2 * (3 * z**2 - 1),
        root15 * x * z,
        root15 / 2 * (x**2 - y**2),
    ]
    assert np.allclose(features, np.column_stack(expected), atol=1e-14)


@pytest.mark.parametrize(("degree", "some"), [(31, range(31)), (201, (60, 125, 199, 200))])
def test_harmonics_of_scipy(degree, some):
    near_poles = [[0, 90], [33, 90 - 1e-9], [60, 89.999], [-70, -89.5], [180, -90], [1e-7, 1e-7]]
    places = np.concatenate([random_places(40), near_poles])
    features = encode(places, degree=degree)
    assert np.all(np.isfinite(features))
    for (order_l, m), expected in scipy_harmonics(places, some).items():
        column = order_l**2 + order_l + m
        assert np.allclose(features[:, column], expected, atol=1e-10), (order_l, m)


def test_orthonormal_by_quadrature():
    degree = 20
    nodes, weights = np.polynomial.legendre.leggauss(degree)
    longitude = np.arange(2 * degree) * 180.0 / degree
    latitude = np.degrees(np.arcsin(nodes))
    places = np.column_stack([np.tile(longitude, degree), np.repeat(latitude, 2 * degree)])
    area = np.repeat(weights, 2 * degree) * np.pi / degree
    features = encode(places, degree=degree)
    gram = features.T @ (area[:, np.newaxis] * features)
    assert np.abs(gram - np.eye(degree**2)).max() < 1e-12


@pytest.mark.parametrize("degree", [3, 40, 200])
def test_addition_theorem(degree):
    places = np.concatenate([random_places(20, seed=1), [[10, 90], [20, -90], [5, 89.99]]])
    features = encode(places, degree=degree + 1)[:, degree**2 :]
    cosines = np.clip(unit_vectors(places) @ unit_vectors(places).T, -1, 1)
    expected = (2 * degree + 1) / (4 * np.pi) * eval_legendre(degree, cosines)
    assert np.allclose(features @ features.T, expected, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_gram_matrix_of_a_degree_is_rotation_invariant(seed, degree):
    places = random_places(12, seed)
    turned = Rotation.random(random_state=seed % 2**31).apply(unit_vectors(places))
    x, y, z = turned.T
    moved = np.degrees(np.column_stack([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))]))
    a, b = (encode(p, degree=degree + 1)[:, degree**2 :] for p in (places, moved))
    assert np.allclose(a @ a.T, b @ b.T, atol=1e-10)


@settings(max_examples=20, deadline=None)
@given(st.floats(-180, 180), st.floats(-90, 90), st.integers(-3, 3))
def test_longitude_has_a_period(longitude, latitude, turns):
    here = encode([[longitude, latitude], [60, 0]], degree=12)
    there = encode([[longitude + 360.0 * turns, latitude], [60, 0]], degree=12)
    assert np.allclose(here, there, atol=1e-11)


@pytest.mark.parametrize("units", ["degrees", "radians"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_poles_have_no_longitude(units, dtype):
    quarter = np.array(90 if units == "degrees" else np.pi / 2, dtype)
    places = np.array([[0, quarter], [1, quarter], [2.5, quarter], [3, -quarter]], dtype)
    features = encode(places, degree=30, units=units, dtype="float64")
    degrees = np.arange(30)
    zonal = degrees**2 + degrees
    assert np.array_equal(features[0], features[1])
    assert np.array_equal(features[0], features[2])
    others = np.setdiff1d(np.arange(900), zonal)
    assert not np.any(features[:, others])
    assert np.allclose(features[0, zonal], np.sqrt((2 * degrees + 1) / (4 * np.pi)))
    assert np.allclose(features[3, zonal], (-1.0) ** degrees * features[0, zonal])


def test_smaller_degree_is_a_prefix():
    places = random_places(30)
    assert np.array_equal(encode(places, degree=9), encode(places, degree=17)[:, :81])
    assert np.array_equal(
        encode(places, degree=9, drop_constant=True), encode(places, degree=9)[:, 1:]
    )


def test_largest_degree_is_finite_and_normalised():
    # the squares of a degree sum to (2 l + 1) / (4 pi) everywhere
    features = encode([[12.0, 0.1], [200.0, 60.0], [3.0, 89.9], [8.0, -89.9999]], degree=1000)
    for degree in (500, 999):
        squares = np.sum(features[:, degree**2 : (degree + 1) ** 2] ** 2, axis=1)
        assert np.allclose(squares, (2 * degree + 1) / (4 * np.pi), rtol=1e-9)


def test_norms():
    places = random_places(10)
    plain, geodesy, schmidt = (
        encode(places, degree=5, norm=norm) for norm in ("orthonormal", "4pi", "schmidt")
    )
    degrees = np.repeat(np.arange(5), 2 * np.arange(5) + 1)
    assert np.allclose(geodesy, plain * np.sqrt(4 * np.pi))
    assert np.allclose(schmidt, plain * np.sqrt(4 * np.pi / (2 * degrees + 1)))


def test_eigenvalues_and_smoothing():
    places = random_places(10)
    encoder = SphericalHarmonicsEncoder(degree=6, drop_constant=True).fit(places)
    degrees = [l for l in range(6) for _ in range(2 * l + 1)][1:]  # noqa: E741
    assert encoder.eigenvalues_.tolist() == [l * (l + 1) for l in degrees]  # noqa: E741
    smooth = encode(places, degree=6, drop_constant=True, smoothing="matern", kappa=2.0, nu=1.5)
    expected = encoder.transform(places) * (4 + encoder.eigenvalues_) ** -0.75
    assert np.allclose(smooth, expected)


def test_numbers_of_the_papers_code():
    # its first functions, of theta = lat + 90 degrees and phi = lon + 180 degrees
    places = random_places(25)
    phi, theta = np.radians(places[:, 0] + 180), np.radians(places[:, 1] + 90)
    features = encode(places, degree=3, convention="locationencoder")
    expected = [
        np.full(25, 0.282094791773878),
        0.48860251190292 * np.sin(theta) * np.sin(phi),
        0.48860251190292 * np.cos(theta),
        0.48860251190292 * np.sin(theta) * np.cos(phi),
        0.18209140509868 * 3 * np.sin(theta) ** 2 * np.sin(2 * phi),
        1.09254843059208 * np.sin(theta) * np.sin(phi) * np.cos(theta),
    ]
    assert np.allclose(features[:, :6], np.column_stack(expected), atol=1e-12)
    plain = encode(places, degree=15)
    assert np.allclose(abs(encode(places, degree=15, convention="locationencoder")), abs(plain))


def test_names_tell_degree_and_order():
    encoder = SphericalHarmonicsEncoder(degree=40).fit(random_places(3))
    names = encoder.get_feature_names_out()
    assert names[0] == "Y_0^0"
    assert names[39**2] == "Y_39^-39"
    for column in (1, 5, 700, 1599):
        degree, order = map(int, re.fullmatch(r"Y_(\d+)\^(-?\d+)", names[column]).groups())
        assert column == degree**2 + degree + order


def test_columns_orders_and_units_name_the_same_places():
    places = random_places(20)
    expected = encode(places, degree=5)
    table = pandas.DataFrame({"t": 400.0, "lat": places[:, 1], "lon": places[:, 0]})
    assert np.array_equal(encode(table, degree=5, columns=("lon", "lat")), expected)
    by_name = encode(table, degree=5, columns=("lat", "lon"), order="latlon")
    assert np.array_equal(by_name, expected)
    assert np.array_equal(encode(table.to_numpy(), degree=5, columns=(-1, 1)), expected)
    assert np.allclose(encode(np.radians(places), degree=5, units="radians"), expected)


def test_dtypes():
    places = random_places(20)
    single = places.astype(np.float32)
    assert encode(places, degree=5).dtype == np.float64
    assert encode(single, degree=5).dtype == np.float32
    exact = encode(single, degree=5, dtype="float64")
    assert exact.dtype == np.float64
    assert np.array_equal(exact.astype(np.float32), encode(single, degree=5))
    assert encode(places, degree=5, dtype="float32").dtype == np.float32


def test_band_limited_function_is_fitted_exactly():
    places = lattice(400)
    features = encode(places, degree=10)
    coefficients = np.random.default_rng(0).normal(size=100)
    model = make_pipeline(
        SphericalHarmonicsEncoder(degree=10), LinearRegression(fit_intercept=False)
    )
    model.fit(places, features @ coefficients)
    assert np.allclose(model[-1].coef_, coefficients, atol=1e-8)
    elsewhere = random_places(100)
    assert np.allclose(model.predict(elsewhere), encode(elsewhere, degree=10) @ coefficients)


def test_column_transformer_and_grid_search():
    rng = np.random.default_rng(0)
    places = random_places(300)
    table = pandas.DataFrame({"lon": places[:, 0], "lat": places[:, 1], "t": rng.normal(size=300)})
    target = 3 * encode(places, degree=3)[:, 7] + table["t"]
    geo = ("geo", SphericalHarmonicsEncoder(columns=("lon", "lat")), ["lon", "lat"])
    columns = ColumnTransformer([geo], remainder="passthrough")
    pipeline = make_pipeline(columns, Ridge(1e-3))
    grid = {"columntransformer__geo__degree": [2, 4, 12]}
    search = GridSearchCV(pipeline, grid).fit(table, target)
    assert search.best_params_ == {"columntransformer__geo__degree": 4}
    assert search.best_score_ > 0.99


def test_checkerboard_with_a_linear_model():
    train, train_class, test, test_class = checkerboard()
    model = make_pipeline(
        SphericalHarmonicsEncoder(degree=15), LogisticRegression(C=100, max_iter=500)
    )
    assert model.fit(train, train_class).score(test, test_class) >= 0.96


def test_land_and_ocean_with_a_linear_model():
    places = load_land_ocean()
    train, test = places.train_indices, places.test_indices
    model = make_pipeline(
        SphericalHarmonicsEncoder(degree=20), LogisticRegression(C=100, max_iter=500)
    ).fit(places.data[train], places.target[train])
    assert model.score(places.data[test], places.target[test]) >= 0.95


@pytest.mark.parametrize(
    ("places", "params", "match"),
    [
        ([[0, 10], [5, 91]], {}, r"\[-90, 90\].*got 91 in row 1.*order='latlon'"),
        ([[170, 10], [100, 91]], {}, r"got 91 in row 1 of X.$"),
        ([[170, 10], [100, 9]], {"order": "latlon"}, r"row 0.*swapped: set order='lonlat'"),
        ([[3, 1], [100, 48]], {"units": "radians"}, r"pi/2\].*row 1.*set units='degrees'"),
        ([[3, 1], [5, 400]], {"units": "radians"}, r"got 400 in row 1 of X."),
        ([[1], [2]], {}, r"1 feature\(s\)"),
        ([[1, 2]], {"columns": (0, 2)}, "below 2"),
        ([[1, 2]], {"columns": (0, -2)}, "twice"),
        ([[1, 2]], {"columns": ("lon", "lat")}, "no column names"),
        ([[1, 2]], {"columns": (0,)}, "two columns"),
        ([[1, 2]], {"degree": 1, "drop_constant": True}, "no column"),
        ([[1, 2], [1, np.nan]], {}, "NaN or infinity .*row 1, column 1 is nan"),
    ],
)
def test_bad_coordinates(places, params, match):
    with pytest.raises(ValueError, match=match):
        SphericalHarmonicsEncoder(**params).fit(places)


def test_unknown_column_name_lists_those_there_are():
    table = pandas.DataFrame({"lon": [1.0], "lat": [2.0]})
    with pytest.raises(ValueError, match=r"no column 'latitude'; it has \['lon', 'lat'\]"):
        SphericalHarmonicsEncoder(columns=("lon", "latitude")).fit(table)


def test_transform_checks_latitudes_as_well():
    encoder = SphericalHarmonicsEncoder(degree=2).fit([[0, 10], [50, 20]])
    with pytest.raises(ValueError, match="row 1"):
        encoder.transform([[0, 0], [0, -91]])


def test_radians_taken_for_degrees_are_warned_about(recwarn):
    with pytest.warns(UserWarning, match=r"looks like radians.*units='radians'"):
        SphericalHarmonicsEncoder().fit(np.radians(random_places(50)))
    recwarn.clear()
    SphericalHarmonicsEncoder().fit(random_places(50))
    SphericalHarmonicsEncoder(units="radians").fit(np.radians(random_places(50)))
    SphericalHarmonicsEncoder().fit([[0.0, 0.0]])
    assert not recwarn.list


def test_radians_are_warned_about_in_transform_as_well(recwarn):
    places = random_places(50)
    encoder = SphericalHarmonicsEncoder(degree=2).fit(places)
    with pytest.warns(UserWarning, match="looks like radians.*but degrees are expected"):
        encoder.transform(np.radians(places))
    recwarn.clear()
    encoder.transform(places)
    near = SphericalHarmonicsEncoder(degree=2).fit([[0.0, 0.0], [0.0, 0.0]])
    near.transform([[0.5, 0.5]])
    assert not recwarn.list


def test_longitudes_in_degrees_are_warned_about():
    places = [[3.0, 1.0], [100.0, 0.5]]  # latitudes that radians can have
    with pytest.warns(UserWarning, match="100 in row 1.*but radians are expected"):
        encoder = SphericalHarmonicsEncoder(degree=2, units="radians").fit(places)
    with pytest.warns(UserWarning, match="looks like degrees"):
        encoder.transform(places)


@pytest.mark.parametrize("kind", [SphericalHarmonicsEncoder, DoubleFourierSphereEncoder])
@pytest.mark.parametrize("form", ["read-only", "strided", "fortran", "float32", "one row"])
def test_forms_of_input(kind, form):
    places = random_places(20)
    expected = kind().fit_transform(places)
    given = {
        "strided": np.repeat(places, 2, axis=1)[:, ::2],
        "fortran": np.asfortranarray(places),
        "float32": places.astype(np.float32),
        "one row": places[:1],
    }.get(form, places.copy())
    given.flags.writeable = form != "read-only"
    found = kind().fit_transform(given)
    assert found.dtype == given.dtype
    tolerance = 1e-3 if form == "float32" else 1e-12
    assert np.allclose(found, expected[: len(given)], atol=tolerance)
    with pytest.raises(ValueError, match="0 sample"):
        kind().fit(given[:0])


def test_one_degree_is_a_constant():
    assert np.allclose(encode(random_places(5), degree=1), np.sqrt(1 / (4 * np.pi)))


def test_bounds():
    encoder = SphericalHarmonicsEncoder(degree=2).fit([[350, 10], [-20, -80], [5, 60]])
    assert encoder.bounds_.tolist() == [[-20, -80], [350, 60]]


def test_number_of_features_is_remembered():
    encoder = SphericalHarmonicsEncoder(degree=2)
    assert not hasattr(encoder, "n_features_in_")
    encoder.fit(random_places(5))
    assert encoder.n_features_in_ == 2
    with pytest.raises(ValueError, match="expecting 2 features"):
        encoder.transform(np.zeros((3, 3)))
