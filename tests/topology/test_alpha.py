import gudhi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.topology import BifiltrationTransformer
from skgeom.topology._alpha import alpha_complex, alpha_measures, facet_pairs
from skgeom.topology._measures import barcode_measure, signed_sum
from tests.topology.conftest import assert_same_measure, hilbert_brute_force, value_of

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)


@few
@given(seeds, st.integers(2, 3), st.integers(1, 40))
def test_radii_agree_with_gudhi(seed, d, n):
    points = np.random.default_rng(seed).normal(size=(n, d))
    simplices, radii, _ = alpha_complex(points, np.zeros(n))
    tree = gudhi.AlphaComplex(points=points).create_simplex_tree()
    expected = {tuple(sorted(s)): r for s, r in tree.get_simplices()}
    ours = {
        tuple(int(v) for v in s): r**2 for cs, rs in zip(simplices, radii) for s, r in zip(cs, rs)
    }
    assert set(ours) == set(expected)
    for simplex, value in expected.items():
        # the flatter a simplex, the worse its radius is determined by the coordinates
        assert ours[simplex] == pytest.approx(value, rel=1e-7 * max(1.0, value), abs=1e-12)


@few
@given(seeds, st.integers(1, 3), st.integers(1, 14))
def test_hilbert_function_is_the_betti_number_everywhere(seed, d, n):
    rng = np.random.default_rng(seed)
    points, values = rng.normal(size=(n, d)), rng.integers(0, 5, n).astype(float)
    simplices, radii, values = alpha_complex(points, values)
    grades = [np.column_stack([r, values[c].max(axis=1)]) for c, r in zip(simplices, radii)]
    found = alpha_measures(points, values, (0, 1, 2))
    every = np.concatenate(grades)
    for _ in range(5):
        point = np.array([rng.choice(every[:, 0]), rng.choice(every[:, 1])])
        for dimension in range(3):
            expected = hilbert_brute_force(simplices, grades, point, dimension)
            assert value_of(found[dimension], point) == expected


def test_marginal_is_the_barcode_of_gudhi():
    points = np.random.default_rng(0).normal(size=(60, 3))
    found = alpha_measures(points, np.arange(60.0), (0, 1, 2))
    tree = gudhi.AlphaComplex(points=points).create_simplex_tree()
    tree.compute_persistence(homology_coeff_field=2, min_persistence=-1)
    for dimension in range(3):
        bars = np.sqrt(tree.persistence_intervals_in_dimension(dimension))
        positions, signs = barcode_measure(bars)
        atoms, weights = found[dimension]
        marginal = signed_sum([(1, (atoms[:, :1], weights))], 1)
        assert_same_measure(marginal, (positions[:, None], signs))


def test_collinear_points_are_points_on_a_line():
    rng = np.random.default_rng(1)
    line, values = rng.normal(size=12), rng.normal(size=12)
    on_line = alpha_measures(line[:, None], values, (0, 1))
    in_space = alpha_measures(line[:, None] * [1.0, -2.0, 2.0] / 3.0, values, (0, 1))
    for dimension in (0, 1):
        assert_same_measure(in_space[dimension], on_line[dimension])


@pytest.mark.parametrize(("d", "n_loops"), [(2, 24 - 16 + 1), (3, 144 - 64 + 1)])
def test_lattice_of_cospherical_points(d, n_loops):
    axes = np.meshgrid(*[np.arange(4.0)] * d, indexing="ij")
    points = np.stack([a.ravel() for a in axes], axis=1)
    found = alpha_measures(points, np.zeros(len(points)), (0, 1, 2))
    assert found[0][1].sum() == 1
    assert found[1][1].sum() == 0
    # all lattice edges come at once, before any square is filled: edges - nodes + 1 loops
    atoms, weights = signed_sum([(1, (np.round(found[1][0], 9), found[1][1]))])
    assert atoms[0, 0] == 0.5
    assert weights[0] == n_loops


def test_duplicate_points_and_few_points():
    points = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    found = alpha_measures(points, np.array([2.0, 1.0, 3.0]), (0, 1))
    np.testing.assert_array_equal(found[0][0], [[0, 1], [0, 3], [0.5, 3]])
    np.testing.assert_array_equal(found[0][1], [1, 1, -1])
    assert len(found[1][1]) == 0


def test_circle_has_one_loop_from_edge_to_circumradius():
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False) + 0.1
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    atoms, weights = alpha_measures(points, np.zeros(12), (1,))[1]
    rounded, sums = signed_sum([(1, (np.round(atoms, 9), weights))])
    np.testing.assert_allclose(rounded[:, 0], [np.sin(np.pi / 12), 1.0], atol=1e-8)
    np.testing.assert_array_equal(sums, [1, -1])


def test_facets_have_two_sides():
    points = np.random.default_rng(2).normal(size=(30, 3))
    simplices, _, _ = alpha_complex(points, np.zeros(30))
    pairs, facet = facet_pairs(simplices[3], simplices[2])
    outside = len(simplices[3])
    for (a, b), row in zip(pairs, facet):
        face = set(simplices[2][row].tolist())
        assert a < outside
        for side in (a, b):
            assert side == outside or face < set(simplices[3][side].tolist())
    hull = (pairs == outside).sum()
    assert hull == 4 * len(simplices[3]) - 2 * (len(pairs) - hull)


def test_four_coordinates_are_refused():
    with pytest.raises(ValueError, match="one, two or three coordinates, got 4"):
        BifiltrationTransformer(filtration="alpha").fit([np.zeros((5, 4))])


def betti_by_gudhi(points, radius):
    tree = gudhi.AlphaComplex(points=points).create_simplex_tree()
    tree.compute_persistence(persistence_dim_max=True)
    bars = [tree.persistence_intervals_in_dimension(d).reshape(-1, 2) for d in range(3)]
    return [int(((b[:, 0] <= radius**2) & (radius**2 < b[:, 1])).sum()) for b in bars]


@pytest.mark.parametrize("d", [2, 3])
def test_points_that_nearly_coincide_do_not_stay_apart(d):
    """Qhull leaves out a point that is within rounding of another: no component of its own."""
    rng = np.random.default_rng(d)
    points = rng.normal(size=(30, d))
    twins = np.concatenate([points, points[:12] * (1 + 2e-16 * rng.integers(1, 4, (12, d)))])
    values = np.zeros(42)
    values[:12] = 1.0
    found = alpha_measures(twins, values, (0, 1, 2))
    alone = alpha_measures(points, np.zeros(30), (0, 1, 2))
    for dimension in (0, 1, 2):
        for radius in (0.05, 0.3, 0.6, 1.0, 100.0):
            at = (radius, 2.0)
            assert value_of(found[dimension], at) == value_of(alone[dimension], at)
    # the lower value of the twins is kept
    assert value_of(found[0], (0.0, 0.0)) == 30


@pytest.mark.parametrize("scale", [1e-90, 1e-12, 1.0, 1e12, 1e90])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_any_unit(scale, d):
    points, values = np.random.default_rng(d).normal(size=(25, d)), np.arange(25.0)
    expected = alpha_measures(points, values, (0, 1, 2))
    found = alpha_measures(points * scale, values, (0, 1, 2))
    for dimension in (0, 1, 2):
        atoms, weights = found[dimension]
        assert_same_measure((atoms / [scale, 1.0], weights), expected[dimension])


def test_far_from_the_origin():
    """Differences of coordinates are what counts, not the coordinates."""
    points = np.random.default_rng(0).integers(0, 64, (40, 2)) / 8.0
    values = np.arange(40.0)
    expected = alpha_measures(points, values, (0, 1))
    found = alpha_measures(points + 2.0**40, values, (0, 1))
    for dimension in (0, 1):
        assert_same_measure(found[dimension], expected[dimension])


def test_a_flat_cell_between_larger_balls():
    """Four points on a circle with others inside: the cell enters with its neighbours."""
    rng = np.random.default_rng(159)
    d, n = int(rng.integers(2, 4)), int(rng.integers(5, 40))
    points = np.unique(rng.integers(0, 4, (n, d)), axis=0).astype(float)
    found = alpha_measures(points, np.zeros(len(points)), (0, 1, 2))
    assert [value_of(found[k], (1.3, 0.0)) for k in range(3)] == betti_by_gudhi(points, 1.3)


@few
@given(seeds, st.integers(2, 3), st.integers(2, 40))
def test_lattice_points_agree_with_gudhi(seed, d, n):
    rng = np.random.default_rng(seed)
    points = np.unique(rng.integers(0, 4, (n, d)), axis=0).astype(float)
    found = alpha_measures(points, np.zeros(len(points)), (0, 1, 2))
    for radius in (0.4, 0.6, 0.75, 0.95, 1.3):
        expected = betti_by_gudhi(points, radius)
        assert [value_of(found[k], (radius, 0.0)) for k in range(3)] == expected
