import numpy as np
import pytest

from skgeom.spd._regularize import is_singular, numerical_rank, regularize, signal_basis
from tests.spd.data import random_spd


def with_null_space(n_matrices=4, n=5, seed=0):
    """Covariances of channels whose mean is the reference: rank n - 1."""
    P = np.eye(n) - 1.0 / n
    return P @ random_spd(n_matrices, n, seed) @ P


def test_auto_touches_singular_matrices_only():
    C = random_spd(4, 5)
    C[2] = with_null_space()[0]
    before = C.copy()
    touched = regularize(C, "auto")
    assert touched.tolist() == [False, False, True, False]
    assert np.array_equal(C[~touched], before[~touched])
    added = C[2] - before[2]
    assert np.allclose(added, 1e-10 * np.trace(before[2]) / 5 * np.eye(5), rtol=1e-3, atol=1e-15)
    assert not is_singular(C * (1 + 1e-6))[[0, 1, 3]].any()


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_thresholds_are_relative(scale):
    C = np.concatenate([random_spd(2, 5), with_null_space(2)])
    assert is_singular(scale * C).tolist() == [False, False, True, True]


def test_float_adds_to_all():
    C = random_spd(3, 4)
    level = np.trace(C, axis1=1, axis2=2) / 4
    expected = C + 0.1 * level[:, None, None] * np.eye(4)
    assert regularize(C, 0.1).all()
    assert np.allclose(C, expected)


def test_none_names_trial_rank_and_remedies():
    C = random_spd(4, 5)
    assert not regularize(C, None).any()
    C[1] = with_null_space()[0]
    with pytest.raises(ValueError, match=r'trial 1 is singular: rank 4 of 5.*rank="auto"'):
        regularize(C, None)


def test_signal_basis():
    C = with_null_space()
    assert numerical_rank(C[0]) == 4
    basis = signal_basis(C, "auto")
    assert basis.shape == (4, 5)
    assert np.allclose(basis @ basis.T, np.eye(4))
    assert np.allclose(basis @ np.ones(5), 0, atol=1e-9)
    assert np.allclose(signal_basis(C, 2), basis[:2])
    assert signal_basis(random_spd(3, 5), "auto").shape == (5, 5)
    with pytest.raises(ValueError, match="has rank 4"):
        signal_basis(C, 5)
