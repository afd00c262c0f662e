import numpy as np
import pytest

from skgeom.graph._statistics import (
    column_statistics,
    inverse_square_root,
    scale_to_unit_rows,
    standardize,
    whiten,
    whitening,
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_column_statistics_agree_with_numpy(dtype, offset):
    x = (np.random.default_rng(0).standard_normal((20_000, 5)) + offset).astype(dtype)
    mean, scale, n_zero = column_statistics(x)
    assert n_zero == 0
    np.testing.assert_allclose(mean, x.mean(axis=0, dtype=np.float64), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(scale, x.std(axis=0, dtype=np.float64), rtol=1e-9)
    for n_jobs in (2, 3):
        again = column_statistics(x, n_jobs=n_jobs)
        assert np.array_equal(mean, again[0])
        assert np.array_equal(scale, again[1])


def test_constant_columns_are_left_at_zero():
    x = np.tile([[3.0, 0.0]], (9, 1))
    mean, scale, _ = column_statistics(x)
    np.testing.assert_array_equal(scale, 1)
    standardize(x, mean, scale)
    assert not x.any()


def test_unit_rows_and_zero_rows():
    x = np.array([[3.0, 4.0], [0.0, 0.0], [1e-200, 0.0], [1e200, 1e200]])
    assert column_statistics(x)[2] == 1
    scale_to_unit_rows(x)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(x, [[0.6, 0.8], [0, 0], [1, 0], [half, half]], rtol=1e-12)


def test_inverse_square_root():
    root = np.random.default_rng(0).standard_normal((7, 5))
    matrix = root.T @ root
    inverse = inverse_square_root(matrix)
    np.testing.assert_allclose(inverse @ matrix @ inverse, np.eye(5), atol=1e-10)
    low_rank = root[:2].T @ root[:2]
    projector = inverse_square_root(low_rank) @ low_rank @ inverse_square_root(low_rank)
    assert np.trace(projector) == pytest.approx(2)
    assert not inverse_square_root(np.zeros((3, 3))).any()


def test_whitening_leaves_absent_rows():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((9000, 4)) @ rng.standard_normal((4, 4)) + 3
    present = rng.random(9000) < 0.7
    x[~present] = 0
    mean, matrix = whitening(x, present)
    np.testing.assert_allclose(mean, x[present].mean(axis=0), atol=1e-10)
    results = []
    for n_jobs in (1, 3):
        copy = x.copy()
        whiten(copy, present, mean, matrix, n_jobs=n_jobs)
        results.append(copy)
    assert np.array_equal(*results)
    assert not results[0][~present].any()
    np.testing.assert_allclose(np.cov(results[0][present].T, bias=True), np.eye(4), atol=1e-8)
