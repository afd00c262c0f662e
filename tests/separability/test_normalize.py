import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.preprocessing import StandardScaler, normalize

from skgeom.separability._normalize import column_statistics, normalize_cloud


def cloud(dtype=np.float64):
    return np.random.default_rng(0).normal(2, 3, size=(30, 6)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_form(dtype):
    X = cloud(dtype)
    mean, scale = column_statistics(X, "standard")
    standard = normalize_cloud(X, "standard", mean, scale)
    np.testing.assert_allclose(standard, StandardScaler().fit_transform(X), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(normalize_cloud(X, "l2"), normalize(X), rtol=1e-6)
    layer = normalize_cloud(X, "layer")
    np.testing.assert_allclose(layer.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(layer.std(axis=1), 1, rtol=1e-5)
    mean, scale = column_statistics(X, "center")
    np.testing.assert_allclose(normalize_cloud(X, "center", mean, scale).mean(axis=0), 0, atol=1e-5)
    assert normalize_cloud(X, None) is X
    assert standard.dtype == layer.dtype == normalize_cloud(X, "l2").dtype == dtype


def test_constant_columns_become_zero():
    X = cloud()
    X[:, 2] = 0.1
    assert np.allclose(normalize_cloud(X, "standard", *column_statistics(X, "standard"))[:, 2], 0)


@pytest.mark.parametrize("form", ["l2", "layer"])
def test_rows_without_direction(form):
    X = cloud()
    X[[3, 7]] = 0 if form == "l2" else 5
    with pytest.warns(UserWarning, match=r"2 row\(s\) of X .* first is row 3"):
        kept = normalize_cloud(X, form)
    assert not kept[[3, 7]].any()
    with pytest.raises(ValueError, match="first is row 3"):
        normalize_cloud(X, form, zero_rows="raise")


def test_sparse_rows_stay_sparse():
    X = cloud() * (cloud() > 2)
    X[:, 0] = 1
    sparse = normalize_cloud(sp.csr_array(X), "l2")
    assert sp.issparse(sparse)
    np.testing.assert_allclose(sparse.toarray(), normalize_cloud(X, "l2"), rtol=1e-12)


@pytest.mark.parametrize("form", ["l2", "layer", "standard"])
@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e200, 1e300])
def test_no_overflow(scale, form):
    scaled, plain = cloud() * scale, cloud()
    np.testing.assert_allclose(
        normalize_cloud(scaled, form, *column_statistics(scaled, form)),
        normalize_cloud(plain, form, *column_statistics(plain, form)),
        rtol=1e-9,
    )
    rows = normalize_cloud(sp.csr_array(scaled), "l2").toarray()
    np.testing.assert_allclose(rows, normalize_cloud(plain, "l2"), rtol=1e-9)


def test_single_precision_norms_beyond_single_precision():
    X = np.full((2, 64), 3e38, dtype=np.float32) * np.array([[1], [-1]], dtype=np.float32)
    np.testing.assert_allclose(np.abs(normalize_cloud(X, "l2")), 0.125, rtol=1e-6)


def test_rows_constant_up_to_rounding_have_no_direction():
    X = np.repeat(np.random.default_rng(0).random((50, 1)), 7, axis=1)
    with pytest.warns(UserWarning, match="50 row"):
        assert not normalize_cloud(X, "layer").any()
