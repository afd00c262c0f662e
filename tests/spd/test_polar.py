"""Polar factors by products, against scipy's and published polynomials."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import polar

from skgeom.spd._polar import (
    LEAST_RATIO,
    MAX_POLAR,
    _best_quintic,
    _polynomials,
    by_products,
    orthogonal_factors,
)


def with_singular_values(values, seed=0):
    rng = np.random.default_rng(seed)
    m, n = values.shape
    left, right = np.linalg.qr(rng.standard_normal((2, m, n, n)))[0]
    return (left * values[:, None, :]) @ right


def factors(A):
    return orthogonal_factors(A, np.linalg.slogdet(A)[1])


@settings(max_examples=25, deadline=None)
@given(
    n=st.sampled_from([1, 2, 5, 22, MAX_POLAR]),
    decades=st.floats(0.0, 2.5),
    size=st.sampled_from([1e-20, 1.0, 1e20]),
    seed=st.integers(0, 1000),
)
def test_agrees_with_scipy(n, decades, size, seed):
    exponents = np.tile(-decades * np.linspace(0.0, 1.0, n), (3, 1))
    A = with_singular_values(size * 10.0**exponents, seed)
    Q = factors(A)
    assert Q is not None
    expected = np.stack([polar(a)[0] for a in A])
    assert np.allclose(Q, expected, atol=1e-13 * 10.0**decades)


@pytest.mark.parametrize("low", [0.0, 1e-5])
def test_one_small_singular_value_among_large_ones(low):
    """The determinant says little of a single one; more steps find it, or nothing is returned."""
    values = np.ones((2, 12))
    values[1, 3] = low + 3e-3
    A = with_singular_values(values)
    Q = factors(A)
    assert Q is None or np.allclose(Q, np.stack([polar(a)[0] for a in A]), atol=1e-11)


@pytest.mark.parametrize("size", [1e-100, 1e100])
def test_extreme_ones_are_left_to_decompositions(size):
    assert factors(with_singular_values(np.full((2, 3), size))) is None
    assert factors(with_singular_values(np.array([[1.0, 0.1 * LEAST_RATIO**2]]))) is None


@pytest.mark.parametrize("low", [1e-3, 0.1, 0.7])
def test_a_polynomial_is_the_best_one(low):
    """By Chebyshev's alternation: three coefficients, four largest errors of changing sign."""
    (a, b, c), error = _best_quintic(low, 1.0)
    x = np.linspace(low, 1.0, 200_001)
    errors = 1.0 - (a * x + b * x**3 + c * x**5)
    assert np.abs(errors).max() == pytest.approx(error, rel=1e-5)
    largest = errors[np.abs(errors) > 0.999 * error]
    assert np.count_nonzero(np.diff(np.sign(largest))) == 3


@pytest.mark.parametrize("exponent", [-1, -4, -11])
def test_polynomials_take_their_interval_to_one(exponent):
    x = np.geomspace(2.0**exponent, 1.0, 2001)
    for a, b, c in _polynomials(exponent):
        x = a * x + b * x**3 + c * x**5
    assert np.abs(x - 1.0).max() < 1e-5


def test_few_or_large_matrices_are_decomposed():
    assert not by_products(np.ones((3, 4, 4)))
    assert by_products(np.ones((1000, 4, 4)))
    assert not by_products(np.ones((1000, MAX_POLAR + 1, MAX_POLAR + 1)))
