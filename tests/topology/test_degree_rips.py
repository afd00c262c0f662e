import numpy as np
from scipy.spatial.distance import pdist, squareform

from skgeom.topology._degree_rips import degree_rips_measures
from tests.topology.conftest import assert_same_measure, hilbert_brute_force, value_of


def test_hilbert_function_is_the_number_of_components_everywhere():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(9, 2))
    distances = squareform(pdist(points))
    found = degree_rips_measures(points, 5, (0,))[0]
    u, v = np.triu_indices(9, 1)
    for radius in np.append(rng.choice(distances.ravel(), 12), [0.0, 10.0]):
        degree = (distances <= radius).sum(axis=1) - 1
        for k in range(5):
            present = np.flatnonzero(degree >= k)
            edges = [
                (a, b)
                for a, b in zip(u, v)
                if distances[a, b] <= radius and a in present and b in present
            ]
            cells = [[(int(i),) for i in present], edges]
            grades = [np.zeros((len(c), 1)) for c in cells]
            expected = hilbert_brute_force(cells, grades, np.zeros(1), 0)
            assert value_of(found, (radius, -k)) == expected


def test_matrix_and_points_agree_and_first_row_is_single_linkage():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(20, 3))
    found = degree_rips_measures(points, 6, (0,))[0]
    by_matrix = degree_rips_measures(None, 6, (0,), matrix=squareform(pdist(points)))[0]
    assert_same_measure(by_matrix, found)
    everything = found[1][found[0][:, 1] <= 0].sum()
    assert everything == 1


def test_more_degrees_than_points():
    assert degree_rips_measures(np.eye(3), 50, (0,))[0][0][:, 1].min() == -2
    assert len(degree_rips_measures(np.empty((0, 2)), 50, (0,))[0][1]) == 0
    np.testing.assert_array_equal(
        degree_rips_measures(np.zeros((1, 2)), 50, (0,))[0][0], [[0.0, 0.0]]
    )
