import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.spd import expm, invsqrtm, logm, sqrtm
from skgeom.spd._matrices import chunk_ranges, from_upper_vectors, upper_vectors
from tests.spd.data import random_spd


@pytest.mark.parametrize("n", [1, 3, 9, 30])
def test_functions_agree_with_scipy(n):
    C = random_spd(4, n)
    for ours, theirs in [(logm, scipy.linalg.logm), (sqrtm, scipy.linalg.sqrtm)]:
        assert np.allclose(ours(C), [theirs(A) for A in C], atol=1e-10)
    S = 0.3 * (C + 1.0)
    assert np.allclose(expm(S), [scipy.linalg.expm(A) for A in S], rtol=1e-9)
    assert np.allclose(invsqrtm(C) @ C @ invsqrtm(C), np.eye(n), atol=1e-10)


@given(st.integers(1, 12), st.integers(0, 2**20))
@settings(max_examples=20, deadline=None)
def test_log_and_exp_are_inverse(n, seed):
    C = random_spd(3, n, seed)
    assert np.allclose(expm(logm(C)), C)


def test_leading_dimensions():
    C = random_spd(6, 3)
    assert np.array_equal(logm(C.reshape(2, 3, 3, 3)), logm(C).reshape(2, 3, 3, 3))
    assert np.allclose(logm(C[0]), logm(C)[0])


def test_not_positive_definite_names_the_matrix():
    C = random_spd(4, 3)
    C[2] = np.diag([1.0, 1.0, 0.0])
    with pytest.raises(ValueError, match=r"matrix 2 .*rank is 2 of 3"):
        logm(C)
    with pytest.raises(ValueError, match="shape"):
        logm(np.ones((2, 3)))


@given(st.integers(1, 9), st.integers(0, 2**20))
@settings(max_examples=20, deadline=None)
def test_upper_vectors_keep_the_inner_product(n, seed):
    A, B = random_spd(2, n, seed)
    assert np.isclose(upper_vectors(A) @ upper_vectors(B), np.sum(A * B))
    assert np.allclose(from_upper_vectors(upper_vectors(A)), A)


def test_upper_vectors_of_no_matrix():
    with pytest.raises(ValueError, match=r"v must have n \(n [+] 1\) / 2 columns"):
        from_upper_vectors(np.zeros((2, 5)))
    for bad in ([["a"]], [[[1.0]], [[1.0, 2.0], [2.0, 3.0]]]):
        with pytest.raises(ValueError, match="C must be an array of numbers"):
            logm(bad)


def test_chunks_cover_everything_once():
    ranges = chunk_ranges(1000, 88 * 88)
    assert [i for a, b in ranges for i in range(a, b)] == list(range(1000))
