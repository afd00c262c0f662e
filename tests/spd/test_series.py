import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.spd._series import MAX_SERIES, artanh_ratio, largest_bound, logs


def with_values(values, seed=0):
    """Symmetric matrices (m, n, n) with given eigenvalues (m, n), and their axes."""
    m, n = values.shape
    axes, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((m, n, n)))
    C = (axes * values[:, None, :]) @ np.swapaxes(axes, 1, 2)
    return 0.5 * (C + np.swapaxes(C, 1, 2)), axes


def rebuilt(values, axes):
    return (axes * values[:, None, :]) @ np.swapaxes(axes, 1, 2)


@given(n=st.integers(1, 12), largest=st.floats(1e-12, 0.95), seed=st.integers(0, 2**20))
@settings(max_examples=25, deadline=None)
def test_series_agrees_with_its_function(n, largest, seed):
    squares = np.random.default_rng(seed).uniform(0, largest, (5, n))
    M, axes = with_values(squares, seed)
    bound = largest_bound(M)
    assert squares.max() <= bound * (1 + 1e-9)
    F = artanh_ratio(M)
    if F is None:  # the bound, not the eigenvalue, has come too close to 1
        assert bound > 0.97
        return
    roots = np.sqrt(squares)
    assert np.allclose(F, rebuilt(np.arctanh(roots) / roots, axes), atol=1e-12)


@given(
    n=st.sampled_from([1, 3, 10, MAX_SERIES, MAX_SERIES + 1]),
    spread=st.floats(0.01, 3.0),
    seed=st.integers(0, 2**20),
)
@settings(max_examples=20, deadline=None)
def test_logarithms_on_both_ways(n, spread, seed):
    exponents = spread * np.random.default_rng(seed).standard_normal((4, n))
    W, axes = with_values(np.exp(exponents), seed)
    expected = rebuilt(exponents, axes)
    # as exact as the smallest eigenvalue is known at all
    tolerance = 1e-13 * np.exp(np.ptp(exponents, axis=1).max()) + 1e-12
    assert np.allclose(logs(W), expected, atol=tolerance)


def test_no_series_near_the_border():
    assert artanh_ratio(np.diag([0.5, 0.999])[None]) is None
    assert artanh_ratio(np.diag([0.5, np.nan])[None]) is None
    assert np.allclose(artanh_ratio(np.zeros((2, 3, 3))), np.eye(3))


@pytest.mark.parametrize("value", [-0.5, 0.0, -3.0])
def test_a_matrix_that_is_not_positive_is_named(value):
    W = np.stack([np.eye(3), np.diag([1.0, 2.0, value])])
    with pytest.raises(ValueError, match="matrix 1 is not positive definite"):
        logs(W)
