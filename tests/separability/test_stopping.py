from itertools import permutations

import numpy as np
import pytest

from skgeom.separability._stopping import (
    relative_range,
    rising_pvalue,
    smooth,
    without_improvement,
)


def test_smoothing_weighs_the_past():
    assert smooth(3.0, None, 0.9) == 3
    assert smooth(3.0, 1.0, 0.75) == 1.5
    assert smooth(3.0, 1.0, 0.0) == 3


def test_count_without_improvement():
    values = [1.0, 2.0, 2.05, 1.9, 2.2, 2.1]
    assert without_improvement(values, [0.1] * 6) == 1
    assert without_improvement(values, [0.3] * 6) == 4
    assert without_improvement(values[:2], [0.1] * 2) == 0


def test_relative_range():
    assert relative_range([9.0, 10.0]) == pytest.approx(0.1)
    assert relative_range([0.0, 0.0]) == 0
    assert relative_range([-10.0, -9.0]) == pytest.approx(0.1)


def test_mann_kendall_by_all_orders():
    values = np.array([1.0, 3.0, 2.0, 4.0, 5.0])

    def concordance(order):
        return sum(np.sign(order[j] - order[i]) for i in range(5) for j in range(i + 1, 5))

    as_rising = [concordance(order) >= concordance(values) for order in permutations(range(1, 6))]
    assert rising_pvalue(values) == pytest.approx(np.mean(as_rising))
    assert rising_pvalue([2.0, 2.0, 2.0]) == 1
