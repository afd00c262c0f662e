"""What is computed from all cells agrees with what is computed without them."""

import gudhi
import gudhi.hera
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from skgeom.topology import BifiltrationTransformer, fibered_barcode
from skgeom.topology._complexes import rips_complex
from skgeom.topology._delaunay import delaunay_measures, delaunay_rows
from skgeom.topology._measures import signed_sum
from skgeom.topology._rips import rips_measures
from tests.topology.conftest import (
    assert_same_measure,
    hilbert_brute_force,
    random_graph,
    value_of,
)

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def a_cloud(rng):
    return rng.normal(size=(9, 2)), rng.integers(0, 5, 9).astype(float)


def an_image(rng):
    return rng.integers(0, 5, (3, 4, 2)).astype(float)


def a_volume(rng):
    return rng.integers(0, 4, (3, 2, 3, 2)).astype(float)


def a_graph(rng):
    return random_graph(rng, 8, 12, levels=4)


def a_complex(rng):
    points, values = a_cloud(rng)
    return rips_complex(squareform(pdist(points)), values, 2, 1.5)


GIVEN = {"function": "precomputed"}
KINDS = {
    "rips": ({"filtration": "rips", "threshold": 1.8, **GIVEN}, a_cloud),
    "alpha": ({"filtration": "alpha", **GIVEN}, a_cloud),
    "delaunay": ({"filtration": "delaunay", **GIVEN}, a_cloud),
    "image": ({"filtration": "cubical"}, an_image),
    "dual image": ({"filtration": "cubical", "dual": True}, an_image),
    "volume": ({"filtration": "cubical"}, a_volume),
    "dual volume": ({"filtration": "cubical", "dual": True}, a_volume),
    "graph": ({"filtration": "graph", **GIVEN}, a_graph),
    "precomputed": ({"filtration": "precomputed"}, a_complex),
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=5, deadline=None)
@given(seeds)
def test_hilbert_function_of_the_cells(kind, seed):
    rng = np.random.default_rng(seed)
    params, make = KINDS[kind]
    shape = make(rng)
    transformer = BifiltrationTransformer(**params).fit([shape])
    measures = transformer.transform([shape])[0]
    simplices, grades = transformer.complexes([shape])[0]
    every = np.concatenate(grades)
    for dimension in (0, 1):
        for _ in range(4):
            point = every[rng.integers(len(every), size=2), [0, 1]] + 1e-9
            expected = hilbert_brute_force(
                [c.tolist() for c in simplices], grades, point, dimension
            )
            assert value_of(measures[dimension], point) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_invariants_agree_with_each_other(kind):
    params, make = KINDS[kind]
    shape = make(np.random.default_rng(3))
    hilbert = BifiltrationTransformer(**params).fit_transform([shape])[0]
    ranks = BifiltrationTransformer(
        invariant="rank", filtration_resolution=60, **params
    ).fit_transform([shape])[0]
    rng = np.random.default_rng(0)
    for dimension in (0, 1):
        points, weights = ranks[f"rank{dimension}"]
        for x in rng.choice(hilbert[0][0], 8):
            alive = (points[:, :2] <= x).all(axis=1) & (points[:, 2:] > x).all(axis=1)
            assert weights[alive].sum() == value_of(hilbert[dimension], x)
    transformer = BifiltrationTransformer(invariant="mma", n_lines=400, **params).fit([shape])
    modules = transformer.transform([shape])[0]
    simplices, grades = transformer.complexes([shape])[0]
    low, high = transformer.filtration_box_
    for offset in (-0.3, 0.0, 0.3):
        point = low + (high - low) * np.maximum([offset, -offset], 0.0)
        leaves = ((high - point) / (high - low)).min()
        for dimension in (0, 1):
            expected = fibered_barcode(simplices, grades, dimension, point, high - low)
            found = modules.barcode(point, high - low, dimension)
            bars = [np.minimum(b, leaves) for b in (found, expected)]
            assert gudhi.hera.bottleneck_distance(*bars) <= 2.2 * 2 / 400


@pytest.mark.parametrize("kind", KINDS)
def test_fibered_barcodes_are_those_of_gudhi(kind):
    params, make = KINDS[kind]
    shape = make(np.random.default_rng(4))
    transformer = BifiltrationTransformer(invariant="fibered", n_lines=9, **params).fit([shape])
    barcodes = transformer.transform([shape])[0]
    simplices, grades = transformer.complexes([shape])[0]
    low, high = transformer.filtration_box_
    assert barcodes.weights.sum() == pytest.approx(1.0)
    assert len(barcodes.points) == 9
    for line in range(9):
        point, direction = barcodes.points[line], barcodes.directions[line]
        enters = ((low - point) / direction).max()
        leaves = ((high - point) / direction).min()
        assert enters < leaves
        for dimension in (0, 1):
            bars = fibered_barcode(simplices, grades, dimension, point, direction)
            bars = np.clip(bars, enters, leaves)
            bars = bars[bars[:, 1] - bars[:, 0] > 1e-9]
            found = barcodes.bars[dimension][line]
            found = found[found[:, 1] - found[:, 0] > 1e-9]
            np.testing.assert_allclose(found, bars[np.lexsort((bars[:, 1], bars[:, 0]))], atol=1e-9)


@few
@given(seeds, st.sampled_from([3, 6, 30]), st.sampled_from([None, 4]))
def test_growing_triangulation_against_one_per_row(seed, n_places, levels):
    """On lattices nearly everything is cocircular, collinear or a copy."""
    rng = np.random.default_rng(seed)
    points = rng.integers(0, n_places, (35, 2)).astype(float)
    values = rng.normal(size=35) if levels is None else rng.integers(0, levels, 35).astype(float)
    found = delaunay_measures(points, values, (0, 1))
    atoms, weights = rips_measures(points, values, (0,))[0]
    components = atoms * [0.5, 1.0], weights
    euler, _ = delaunay_rows(points, values, None)
    assert_same_measure(found[0], components)
    assert_same_measure(found[1], signed_sum([(1, components), (-1, euler)]))


def test_growing_triangulation_of_points_on_a_line():
    values = np.array([3.0, 1.0, 2.0, 4.0])
    for points in (np.array([[0.0], [1.0], [3.0], [3.5]]), np.outer([0.0, 1, 3, 3.5], [0.6, 0.8])):
        found = delaunay_measures(points, values, (0, 1))
        atoms, weights = rips_measures(points, values, (0,))[0]
        assert_same_measure(found[0], (atoms * [0.5, 1.0], weights))
        assert len(found[1][1]) == 0


def test_many_points_in_the_plane_by_triangulation_and_by_all_distances(monkeypatch):
    rng = np.random.default_rng(0)
    points, values = rng.normal(size=(1500, 2)), rng.normal(size=1500)
    found = rips_measures(points, values, (0,), threshold=0.5)[0]
    monkeypatch.setattr("skgeom.topology._rips.PLANAR", 10**6)
    assert_same_measure(found, rips_measures(points, values, (0,), threshold=0.5)[0])


def test_too_large_a_complex_is_refused(monkeypatch):
    monkeypatch.setattr("skgeom.topology._complexes.LARGEST_COMPLEX", 100)
    transformer = BifiltrationTransformer(invariant="mma", function="knn")
    with pytest.raises(ValueError, match="more than 100 simplices of dimension 1; set threshold"):
        transformer.fit([np.random.default_rng(0).normal(size=(20, 2))])


def test_vertices_of_delaunay_complexes_are_the_points_given():
    rng = np.random.default_rng(0)
    points, values = rng.normal(size=(20, 2)), rng.normal(size=20)
    transformer = BifiltrationTransformer(filtration="delaunay", function="precomputed")
    simplices, grades = transformer.fit([(points, values)]).complexes([(points, values)])[0]
    np.testing.assert_array_equal(grades[0], np.column_stack([np.zeros(20), values]))
    lengths = np.linalg.norm(points[simplices[1][:, 0]] - points[simplices[1][:, 1]], axis=1)
    np.testing.assert_allclose(grades[1][:, 0], lengths / 2)
    np.testing.assert_array_equal(grades[2][:, 1], values[simplices[2]].max(axis=1))
