"""Equal rows."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.manifold._copies import distinct_rows


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 40),
    n_values=st.integers(1, 3),
    dtype=st.sampled_from([np.float32, np.float64]),
    sparse=st.booleans(),
    weighted=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_agrees_with_numpy(n, n_values, dtype, sparse, weighted, seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(-1, n_values, (n, 3)).astype(dtype) * dtype(0.1)
    weights = None
    if weighted:
        weights = rng.integers(0, 3, n).astype(float)
        weights[rng.integers(n)] = 1.0
    unique, inverse = np.unique(X, axis=0, return_inverse=True)
    inverse = inverse.ravel()
    total = np.bincount(inverse, weights=weights)
    rows, place_of, masses = distinct_rows(sp.csr_array(X) if sparse else X, weights)
    if rows is None:
        assert len(unique) == n
        assert not weighted
        return
    order = np.argsort(inverse[rows])
    np.testing.assert_array_equal(X[rows][order], unique[total > 0])
    expected = total[total > 0]
    found = np.full(len(rows), expected[0]) if masses is None else masses[order]
    np.testing.assert_allclose(found, expected)
    weighs = total[inverse] > 0
    np.testing.assert_array_equal(place_of >= 0, weighs)
    np.testing.assert_array_equal(X[rows][place_of[weighs]], X[weighs])


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_order_is_that_of_the_contents(form):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 17, (500, 64)).astype(float)  # numbers with few bits, as images have
    X = np.concatenate([X, X[:50]])
    shuffle = rng.permutation(len(X))
    first, second = (distinct_rows(form(rows))[0] for rows in (X, X[shuffle]))
    assert len(first) == 500
    np.testing.assert_array_equal(X[first], X[shuffle][second])


def test_zeros_of_either_sign_are_equal():
    rows, place_of, _ = distinct_rows(np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0]]))
    assert len(rows) == 2
    assert place_of[0] == place_of[1] != place_of[2]
