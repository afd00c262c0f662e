import numpy as np
import pytest

from skgeom.topology._alpha import alpha_measures
from skgeom.topology._delaunay import delaunay_measures
from skgeom.topology._measures import signed_sum
from tests.topology.conftest import assert_same_measure


@pytest.mark.parametrize("d", [1, 2, 3])
def test_every_row_is_the_alpha_complex_of_its_points(d):
    rng = np.random.default_rng(d)
    points, values = rng.normal(size=(25, d)), rng.integers(0, 6, 25).astype(float)
    found = delaunay_measures(points, values, (0, 1, 2))
    for row in range(6):
        inside = points[values <= row]
        expected = alpha_measures(inside, np.zeros(len(inside)), (0, 1, 2))
        for dimension in range(3):
            atoms, weights = found[dimension]
            below = atoms[:, 1] <= row
            marginal = signed_sum([(1, (atoms[below, :1], weights[below]))], 1)
            atoms, weights = expected[dimension]
            assert_same_measure(marginal, (atoms[:, :1], weights))


def test_duplicates_and_constant_function():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(15, 2))
    doubled = np.concatenate([points, points[:4]])
    found = delaunay_measures(doubled, np.zeros(19), (0, 1))
    expected = alpha_measures(points, np.zeros(15), (0, 1))
    for dimension in (0, 1):
        assert_same_measure(found[dimension], expected[dimension])
