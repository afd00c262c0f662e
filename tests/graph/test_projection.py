import numpy as np
import pytest
import scipy.sparse as sp
from scipy.stats import chisquare

from skgeom._core.random import random_key
from skgeom.graph._projection import (
    orthogonal_mixing,
    project_features,
    scale_matrix_rows,
    sjlt_entries,
    sjlt_projection,
    sparse_projection,
)

IDS = np.arange(4000)
FLOAT = np.dtype(np.float64)


@pytest.mark.parametrize("seed", range(8))
def test_features_draw_from_a_stream_of_their_own(seed):
    """Whatever the key, the projection of feature j is not that of node j."""
    key = random_key(seed)
    of_features = project_features(np.eye(50), 16, key, 1.0, dtype=FLOAT)
    of_nodes = sparse_projection(IDS[:50], 16, key, 1 / 3, dtype=FLOAT).toarray()
    assert set(np.unique(of_features)) == {-1.0, 0.0, 1.0}
    assert np.mean((of_features != 0) == (of_nodes != 0)) < 0.7


@pytest.mark.parametrize("project", [sparse_projection, sjlt_projection])
def test_expected_inner_products(project):
    """E[R R'] = I: unit rows on average, and no correlation between them."""
    matrix = project(IDS, 32, random_key(0), 0.125, dtype=FLOAT)
    norms = np.asarray(matrix.multiply(matrix).sum(axis=1))
    assert norms.mean() == pytest.approx(1, abs=5 * norms.std() / np.sqrt(4000) + 1e-12)
    products = np.sum(matrix[:2000].toarray() * matrix[2000:].toarray(), axis=1)
    assert abs(products.mean()) < 5 * products.std() / np.sqrt(2000)


@pytest.mark.parametrize("s", [3, 10])
def test_variance_of_inner_products(s):
    """Lemma 4 of Li, Hastie and Church (2006), for each column of the projection."""
    d = 40_000
    x, y = np.random.default_rng(0).standard_normal((2, 12))
    matrix = sparse_projection(IDS[:12], d, random_key(1), 1 / s, dtype=FLOAT)
    products = d * (matrix.T @ x) * (matrix.T @ y)
    squared = np.sum(x**2) * np.sum(y**2) + np.sum(x * y) ** 2 + (s - 3) * np.sum(x**2 * y**2)
    spread = np.std((products - products.mean()) ** 2) / np.sqrt(d)
    assert products.mean() == pytest.approx(x @ y, abs=5 * products.std() / np.sqrt(d))
    assert products.var() == pytest.approx(squared, abs=5 * spread)


@pytest.mark.parametrize("density", [0.02, 1 / 3])
def test_frequencies_of_entries(density):
    """Chi-square over all entries, and over the columns of the non-zero ones."""
    d = 32
    matrix = sparse_projection(IDS, d, random_key(2), density, dtype=FLOAT)
    size = np.sqrt(1 / (density * d))
    np.testing.assert_allclose(np.abs(matrix.data), size)
    n_positive = np.sum(matrix.data > 0)
    counts = [n_positive, matrix.nnz - n_positive, len(IDS) * d - matrix.nnz]
    shares = np.array([density / 2, density / 2, 1 - density])
    assert chisquare(counts, shares * len(IDS) * d).pvalue > 1e-3
    assert chisquare(np.bincount(matrix.indices, minlength=d)).pvalue > 1e-3


def test_entries_of_sjlt():
    assert sjlt_entries(128, 1 / 128) == 1
    assert sjlt_entries(128, 1e-6) == 1
    assert sjlt_entries(8, 1.0) == 8


def test_scale_of_rows():
    matrix = np.arange(6.0).reshape(3, 2)
    scale = np.array([1.0, 2.0, 0.5])
    expected = np.diag(scale) @ matrix
    np.testing.assert_array_equal(scale_matrix_rows(matrix, scale), expected)
    scaled = scale_matrix_rows(sp.csr_array(matrix), scale)
    np.testing.assert_array_equal(scaled.toarray(), expected)


def test_orthogonal_mixing_of_new_rows():
    """A new row times the matrix is what it would have been among the fitted rows, up to 1/n."""
    gaussian = np.random.default_rng(0).standard_normal((4001, 6))
    all_but_one = orthogonal_mixing(gaussian[:-1])
    everything = orthogonal_mixing(gaussian)
    np.testing.assert_allclose(all_but_one, everything, rtol=0.02, atol=0.02)
