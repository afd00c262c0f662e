import gudhi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist, squareform

from skgeom.topology import BifiltrationTransformer
from skgeom.topology._measures import barcode_measure, signed_sum
from skgeom.topology._rips import rips_euler, rips_measures, round_up_rows
from tests.topology.conftest import assert_same_measure, hilbert_brute_force, value_of

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)


@few
@given(seeds, st.integers(1, 9), st.sampled_from([None, 2]))
def test_hilbert_function_is_the_betti_number_everywhere(seed, n, levels):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 4, (n, 2)).astype(float) if levels else rng.normal(size=(n, 2))
    values = rng.integers(0, levels, n).astype(float) if levels else rng.normal(size=n)
    found = rips_measures(points, values, (0, 1))
    distances = squareform(pdist(points)) if n > 1 else np.zeros((1, 1))
    from itertools import combinations

    cells = [list(combinations(range(n), k)) for k in (1, 2, 3)]
    grades = [[(distances[np.ix_(c, c)].max(), values[list(c)].max()) for c in cs] for cs in cells]
    for _ in range(6):
        point = np.array([rng.choice(distances.ravel()), rng.choice(values)])
        for dimension in (0, 1):
            expected = hilbert_brute_force(cells, grades, point, dimension)
            assert value_of(found[dimension], point) == expected
        euler = rips_euler(points, values)
        counts = [
            sum((np.array(g) <= point).all() for g in gs) * (-1) ** k for k, gs in enumerate(grades)
        ]
        assert value_of(euler, point) == sum(counts)


@few
@given(seeds, st.integers(2, 40))
def test_rows_are_single_linkage_of_scipy(seed, n):
    rng = np.random.default_rng(seed)
    points, values = rng.normal(size=(n, 3)), rng.normal(size=n)
    atoms, weights = rips_measures(points, values, (0,))[0]
    row = np.sort(values)[n // 2]
    inside = values <= row
    below = atoms[:, 1] <= row
    found = signed_sum([(1, (atoms[below, :1], weights[below]))], 1)
    heights = linkage(points[inside], "single")[:, 2] if inside.sum() > 1 else []
    bars = [(0.0, np.inf), *((0.0, h) for h in heights)]
    positions, signs = barcode_measure(bars)
    assert_same_measure(found, (positions[:, None], signs))


def test_marginal_is_the_barcode_of_gudhi():
    rng = np.random.default_rng(0)
    points, values = rng.normal(size=(25, 2)), rng.normal(size=25)
    found = rips_measures(points, values, (0, 1))
    tree = gudhi.RipsComplex(points=points).create_simplex_tree(max_dimension=2)
    tree.compute_persistence(homology_coeff_field=2, min_persistence=-1)
    for dimension in (0, 1):
        positions, signs = barcode_measure(tree.persistence_intervals_in_dimension(dimension))
        atoms, weights = found[dimension]
        marginal = signed_sum([(1, (atoms[:, :1], weights))], 1)
        assert_same_measure(marginal, (positions[:, None], signs), atol=1e-6)


def test_two_points():
    points, weights = rips_measures(np.array([[0.0], [3.0]]), np.array([1.0, 2.0]), (0,))[0]
    np.testing.assert_array_equal(points, [[0, 1], [0, 2], [3, 2]])
    np.testing.assert_array_equal(weights, [1, 1, -1])


def test_duplicate_points_change_nothing():
    rng = np.random.default_rng(1)
    points, values = rng.normal(size=(20, 2)), rng.normal(size=20)
    doubled = np.concatenate([points, points[:7]]), np.concatenate([values, values[:7] + 0.5])
    for dimension in (0, 1):
        before = rips_measures(points, values, (dimension,), n_rows=100)[dimension]
        after = rips_measures(*doubled, (dimension,), n_rows=100)[dimension]
        assert_same_measure(after, before)


def test_matrix_gives_the_same_as_points():
    rng = np.random.default_rng(2)
    points, values = rng.normal(size=(30, 4)), rng.normal(size=30)
    matrix = squareform(pdist(points))
    by_matrix = rips_measures(None, values, (0, 1), matrix=matrix)
    by_points = rips_measures(points, values, (0, 1))
    for dimension in (0, 1):
        assert_same_measure(by_matrix[dimension], by_points[dimension])


def test_threshold_removes_what_comes_later():
    rng = np.random.default_rng(3)
    points, values = rng.normal(size=(30, 2)), rng.normal(size=30)
    full = rips_measures(points, values, (0, 1))
    capped = rips_measures(points, values, (0, 1), threshold=0.6)
    for dimension in (0, 1):
        atoms, weights = full[dimension]
        kept = atoms[:, 0] <= 0.6
        assert_same_measure(capped[dimension], (atoms[kept], weights[kept]))


def test_infinite_value_never_enters():
    rng = np.random.default_rng(4)
    points, values = rng.normal(size=(15, 2)), rng.normal(size=15)
    late = values.copy()
    late[3] = np.inf
    rest = np.arange(15) != 3
    for dimension in (0, 1):
        found = rips_measures(points, late, (dimension,))[dimension]
        assert_same_measure(
            found, rips_measures(points[rest], values[rest], (dimension,))[dimension]
        )


def test_coarse_rows_are_the_exact_measure_rounded_up():
    rng = np.random.default_rng(5)
    points, values = rng.normal(size=(40, 2)), rng.normal(size=40)
    rows = np.unique(round_up_rows(values, 6))
    assert len(rows) == 6
    assert rows[-1] == values.max()
    exact = rips_measures(points, values, (0, 1), n_rows=100)
    coarse = rips_measures(points, values, (0, 1), n_rows=6)
    for dimension in (0, 1):
        atoms, weights = exact[dimension]
        rounded = np.column_stack([atoms[:, 0], rows[np.searchsorted(rows, atoms[:, 1])]])
        assert_same_measure(coarse[dimension], (rounded, weights))


def test_annulus_has_one_loop():
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    atoms, weights = rips_measures(points, np.zeros(24), (1,))[1]
    np.testing.assert_array_equal(weights, [1, -1])
    assert atoms[1, 0] - atoms[0, 0] > 1.0


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_clouds(n):
    transformer = BifiltrationTransformer(function="kde", function_params={"bandwidth": 1.0})
    found = transformer.fit_transform([np.arange(2.0 * n).reshape(n, 2)])[0]
    assert found[0][1].sum() == min(n, 1)
    assert len(found[1][1]) == 0
