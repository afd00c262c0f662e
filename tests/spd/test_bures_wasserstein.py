"""Normalisation and tangent vectors under the generalised Bures-Wasserstein metric."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from skgeom.spd import (
    BuresWassersteinNormalizer,
    BuresWassersteinTangentSpace,
    distance,
    invsqrtm,
    log_map,
    logm,
)
from skgeom.spd._matrices import from_upper_vectors
from tests.spd.data import random_spd

SETTINGS = [
    (1.0, "identity"),
    (1.0, "mean"),
    (0.5, "inv_mean"),
    (0.5, "identity"),
    (-0.5, "mean"),
    (1.5, "identity"),
    ("log", "identity"),
]
BIAS = np.array([[2.0, 0.3, 0.0], [0.3, 1.0, 0.2], [0.0, 0.2, 0.5]])


def power(C, t):
    values, vectors = np.linalg.eigh(C)
    return (vectors * values[..., None, :] ** t) @ np.swapaxes(vectors, -1, -2)


@pytest.mark.parametrize(("theta", "metric_matrix"), SETTINGS)
@pytest.mark.parametrize("bias", ["identity", "mean", BIAS], ids=["I", "mean", "array"])
def test_mean_goes_to_the_bias_and_variance_to_shift_squared(theta, metric_matrix, bias):
    X = random_spd(30, 3, spread=0.2)
    own = BuresWassersteinNormalizer(
        theta, metric_matrix=metric_matrix, bias=bias, shift=0.1, eps=0.0, tol=1e-12
    ).fit(X)
    Z = own.transform(X)
    assert own.n_clipped_ == 0
    M = "identity" if theta == "log" else own.metric_matrix_
    after = BuresWassersteinNormalizer(theta, metric_matrix=M, shift=0.1, tol=1e-12).fit(Z)
    assert np.allclose(after.mean_, own.bias_, atol=1e-7)
    assert np.isclose(after.var_, 0.01)
    assert np.allclose(own.inverse_transform(Z), X, rtol=0, atol=1e-8)


def test_one_by_one_matrices_follow_the_closed_form():
    x = np.array([1.0, 2.25, 4.0, 6.25])
    own = BuresWassersteinNormalizer(scale=False).fit(x[:, None, None])
    root = np.sqrt(x).mean()
    assert np.isclose(own.mean_[0, 0], root**2)
    assert np.isclose(own.var_, np.mean((np.sqrt(x) - root) ** 2))
    assert np.allclose(own.transform(x[:, None, None]).ravel(), (1 + np.sqrt(x) - root) ** 2)


def test_transform_is_the_published_chain_of_maps():
    """Logarithm, transport, scaling and shift one by one, from definitions."""
    X = random_spd(20, 3, spread=0.2)
    own = BuresWassersteinNormalizer(0.5, metric_matrix=BIAS, bias=BIAS, shift=0.1).fit(X)
    inverse, root = power(BIAS, -0.5), power(BIAS, 0.5)
    Y, H = inverse @ power(X, 0.5) @ inverse, inverse @ power(BIAS, 0.5) @ inverse
    mu = inverse @ power(own.mean_, 0.5) @ inverse
    a, U = np.linalg.eigh(mu)
    V = U.T @ log_map(Y, mu, metric="wasserstein") @ U
    V = U @ (np.sqrt(2 / (a[:, None] + a)) * V) @ U.T  # at the identity
    C = np.linalg.matrix_power(np.eye(3) + V / 2, 2)
    s = 0.1 / np.sqrt(own.var_ + own.eps)
    D = np.linalg.matrix_power(np.eye(3) + s * (power(C, 0.5) - np.eye(3)), 2)
    b, W = np.linalg.eigh(H)
    V = W.T @ (2 * (power(D, 0.5) - np.eye(3))) @ W
    V = np.sqrt((b[:, None] + b) / 2) * V  # at H
    L = np.eye(3) + V / (b[:, None] + b)
    B = W @ (L * b) @ L @ W.T
    assert np.allclose(own.transform(X), power(root @ B @ root, 2.0))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_rotations_commute_with_everything(seed):
    X = random_spd(10, 3, seed, spread=0.2)
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0]
    own = BuresWassersteinNormalizer(shift=0.2, tol=1e-12)
    assert np.allclose(own.fit_transform(Q @ X @ Q.T), Q @ own.fit_transform(X) @ Q.T, atol=1e-7)


@pytest.mark.parametrize("theta", [1.0, 0.5, -0.5])
def test_length_of_a_tangent_vector_is_the_distance(theta):
    X = random_spd(12, 4, spread=0.4)
    space = BuresWassersteinTangentSpace(theta).fit(X)
    V = space.transform(X)
    d = distance(power(X, theta), power(space.mean_, theta), metric="wasserstein")
    assert np.allclose(np.linalg.norm(V, axis=1), 2 * d, atol=1e-6)
    assert np.allclose(space.inverse_transform(V), X)
    assert np.abs(V.mean(axis=0)).max() < 1e-7


def test_small_powers_tend_to_the_logarithm():
    X = random_spd(12, 3, spread=0.4)
    small = BuresWassersteinTangentSpace(1e-4).fit_transform(X) / 1e-4
    limit = BuresWassersteinTangentSpace("log").fit_transform(X)
    assert np.allclose(small, limit, atol=1e-3)
    assert np.allclose(from_upper_vectors(limit), logm(X) - logm(X).mean(axis=0))


def test_metric_at_the_mean_is_affine_invariant_nearby():
    base = np.diag([100.0, 1.0, 0.01])
    root = np.sqrt(base)
    X = root @ random_spd(30, 3, spread=0.02) @ root
    space = BuresWassersteinTangentSpace(metric_matrix="mean").fit(X)
    V = space.transform(X)
    d = distance(X, space.mean_, metric="riemann")
    assert np.allclose(np.linalg.norm(V, axis=1), d, rtol=0.05)


def test_generalised_metric_is_the_plain_one_after_congruence():
    X, W = random_spd(10, 3, spread=0.3), invsqrtm(BIAS)
    general = BuresWassersteinTangentSpace(metric_matrix=BIAS).fit_transform(X)
    assert np.allclose(general, BuresWassersteinTangentSpace().fit_transform(W @ X @ W))


def test_weights_count_like_repetitions():
    X = random_spd(6, 3, spread=0.3)
    weight = np.array([1, 2, 3, 1, 1, 2])
    weighted = BuresWassersteinNormalizer(shift=0.1).fit(X, sample_weight=weight)
    repeated = BuresWassersteinNormalizer(shift=0.1).fit(np.repeat(X, weight, axis=0))
    assert np.allclose(weighted.mean_, repeated.mean_)
    assert np.isclose(weighted.var_, repeated.var_)


def test_partial_fit_moves_along_the_geodesic():
    A, B = random_spd(8, 3, 0, 0.3), random_spd(8, 3, 1, 0.3)
    stream = BuresWassersteinNormalizer(momentum=0.25, shift=0.1).partial_fit(A)
    first, second = stream.mean_, BuresWassersteinNormalizer(shift=0.1).fit(B)
    assert np.allclose(first, BuresWassersteinNormalizer(shift=0.1).fit(A).mean_)
    old = stream.var_
    stream.partial_fit(B)
    whole = distance(first, second.mean_, metric="wasserstein")
    assert np.isclose(distance(first, stream.mean_, metric="wasserstein"), 0.25 * whole)
    assert np.isclose(distance(stream.mean_, second.mean_, metric="wasserstein"), 0.75 * whole)
    assert np.isclose(stream.var_, 0.75 * old + 0.25 * second.var_)


def test_each_group_has_its_own_mean():
    X = random_spd(40, 3, spread=0.2)
    groups = np.repeat(["a", "b"], 20)
    X[20:] *= 9.0
    own = BuresWassersteinNormalizer(shift=0.1)
    Z = own.fit_transform(X, groups=groups)
    alone = BuresWassersteinNormalizer(shift=0.1).fit(X[20:])
    assert np.allclose(own.mean_["b"], alone.mean_)
    assert np.allclose(Z[20:], alone.transform(X[20:]))
    assert np.allclose(own.inverse_transform(Z, groups=groups), X)
    assert np.allclose(own.transform(X[::-1], groups=groups[::-1]), Z[::-1])


def test_unseen_groups():
    X = random_spd(20, 3, spread=0.2)
    own = BuresWassersteinNormalizer(shift=0.1).fit(X, groups=np.zeros(20, int))
    with pytest.raises(ValueError, match="groups holds 7"):
        own.transform(X, groups=np.full(20, 7))
    own.set_params(unseen="refit")
    expected = BuresWassersteinNormalizer(shift=0.1).fit_transform(2 * X)
    assert np.allclose(own.transform(2 * X, groups=np.full(20, 7)), expected)
    with pytest.raises(ValueError, match="groups are needed"):
        own.transform(X)
    with pytest.raises(ValueError, match="groups are not taken"):
        BuresWassersteinNormalizer().fit(X).transform(X, groups=np.zeros(20))
    with pytest.raises(ValueError, match=r"groups must have shape \(20,\)"):
        own.transform(X, groups=np.zeros(3))


def test_groups_and_weights_are_routed():
    X = random_spd(20, 3, spread=0.2)
    groups = np.arange(20) % 2
    with config_context(enable_metadata_routing=True):
        step = BuresWassersteinNormalizer(shift=0.1)
        step.set_fit_request(groups=True).set_transform_request(groups=True)
        pipe = make_pipeline(step, BuresWassersteinTangentSpace())
        pipe.fit(X, groups=groups)
        assert pipe.transform(X, groups=groups).shape == (20, 6)
        assert set(pipe[0].mean_) == {0, 1}


def test_clipped_matrices_are_counted():
    X = np.array([0.01, 1.0, 100.0])[:, None, None] * np.eye(2)
    with pytest.warns(UserWarning, match="2 of 3 matrices lie so far"):
        own = BuresWassersteinNormalizer(scale=False, clip=0.1).fit(X)
    assert own.n_clipped_ == 2
    with pytest.warns(UserWarning, match="clipped"):
        assert np.allclose(own.transform(X)[0], 0.01 * np.eye(2))


def test_a_single_matrix_is_centred_not_scaled():
    X = random_spd(1, 3)
    with pytest.warns(UserWarning, match="variance"):
        Z = BuresWassersteinNormalizer().fit_transform(X)
    assert np.allclose(Z, np.eye(3))


def test_singular_matrices_are_regularised():
    X = random_spd(5, 3, spread=0.2)
    X[3] = np.diag([1.0, 2.0, 0.0])
    with pytest.warns(UserWarning, match="the first is matrix 3"):
        own = BuresWassersteinNormalizer(shift=0.1, eps=1e-3).fit(X)
    expected = BuresWassersteinNormalizer(shift=0.1).fit(
        np.where(np.arange(5)[:, None, None] == 3, X + 1e-3 * np.eye(3), X)
    )
    assert np.allclose(own.mean_, expected.mean_)


@pytest.mark.parametrize(
    "kind", [BuresWassersteinNormalizer, BuresWassersteinTangentSpace], ids=lambda k: k.__name__
)
def test_bad_input(kind):
    X = random_spd(5, 3)
    bad = X.copy()
    bad[2] = np.diag([1.0, -0.5, 1.0])
    with pytest.raises(ValueError, match="Matrix 2 of X is not positive definite"):
        kind().fit(bad)
    with pytest.raises(ValueError, match="Matrix 2 of X"):
        kind().fit(X).transform(bad)
    bad[2] = 0.0
    with pytest.raises(ValueError, match="Matrix 2 of X"):
        kind().fit(bad)
    with pytest.raises(ValueError, match="matrices with 2 rows, the fit had 3"):
        kind().fit(X).transform(random_spd(2, 2))
    with pytest.raises(ValueError, match=r"shape \(n_matrices, n, n\)"):
        kind().fit(X[0])
    with pytest.raises(ValueError, match='its limit is theta="log"'):
        kind(0.0).fit(X)
    for theta in (1e300, -1e300, 300.0):
        with pytest.raises(ValueError, match="leaves the range of floats: take a theta"):
            kind(theta).fit(X)
    with pytest.raises(ValueError, match="Power theta=25 takes the condition number of matrix"):
        kind(25.0).fit(X)
    with pytest.raises(ValueError, match=r'theta=1e-300 is nearer to 0 .*theta="log"'):
        kind(1e-300).fit(X)
    with pytest.raises(ValueError, match=r"metric_matrix has entries up to 1e\+300"):
        kind(metric_matrix=1e300 * np.eye(3)).fit(X)
    with pytest.raises(ValueError, match="X must be an array of numbers"):
        kind().fit([[["a"]]])
    with pytest.raises(ValueError, match="flat metric"):
        kind("log", metric_matrix="mean").fit(X)
    with pytest.raises(ValueError, match="metric_matrix is not positive definite"):
        kind(metric_matrix=-np.eye(3)).fit(X)
    with pytest.raises(ValueError, match=r"metric_matrix must have shape \(3, 3\)"):
        kind(metric_matrix=np.eye(2)).fit(X)
    with pytest.raises(ValueError, match="sample_weight"):
        kind().fit(X, sample_weight=-np.ones(5))
    with pytest.raises(ValueError, match="Not symmetric: matrix 1"):
        kind().fit(X + np.triu(np.ones((3, 3)), 1) * (np.arange(5) == 1)[:, None, None])


@pytest.mark.parametrize(
    "kind", [BuresWassersteinNormalizer, BuresWassersteinTangentSpace], ids=lambda k: k.__name__
)
def test_matrices_that_are_not_finite_or_missing_are_named(kind):
    X = random_spd(5, 3)
    fitted = kind().fit(X)
    for value in (np.nan, np.inf):
        bad = X.copy()
        bad[3, 1, 1] = value
        for call in (kind().fit, fitted.transform):
            with pytest.raises(ValueError, match="NaN or infinity in matrix 3 of X"):
                call(bad)
    for call in (kind().fit, fitted.transform):
        with pytest.raises(ValueError, match=r"at least one matrix, got \(0, 3, 3\)"):
            call(X[:0])
    for factor, size in ((1e200, "e\\+20"), (1e-200, "e-20")):
        far = X * np.where(np.arange(5) == 2, factor, 1.0)[:, None, None]
        with pytest.raises(ValueError, match=f"Matrix 2 of X has entries up to .*{size}.*rescale"):
            kind().fit(far)


@pytest.mark.parametrize(
    "kind", [BuresWassersteinNormalizer, BuresWassersteinTangentSpace], ids=lambda k: k.__name__
)
@pytest.mark.parametrize("form", ["read-only", "strided", "fortran", "float32", "list"])
def test_forms_of_input(kind, form):
    X = random_spd(5, 3)
    given = {
        "strided": np.repeat(X, 2, axis=2)[..., ::2],
        "fortran": np.asfortranarray(X),
        "float32": X.astype(np.float32),
        "list": X.tolist(),
    }.get(form, X.copy())
    if form == "read-only":
        given.flags.writeable = False
    found = kind().fit_transform(given)
    assert np.allclose(found, kind().fit_transform(X), atol=1e-4 if form == "float32" else 1e-12)


def test_bad_matrices_of_the_inverse_are_named():
    normalizer = BuresWassersteinNormalizer().fit(random_spd(5, 3, spread=0.2))
    with pytest.raises(ValueError, match="Matrix 1 of Z is not positive definite"):
        normalizer.inverse_transform(np.stack([np.eye(3), -np.eye(3)]))
    with pytest.raises(ValueError, match="Z has matrices with 2 rows"):
        normalizer.inverse_transform(np.eye(2)[np.newaxis])


def test_a_vector_that_leaves_the_manifold_is_named():
    space = BuresWassersteinTangentSpace().fit(random_spd(5, 3))
    V = np.zeros((2, 6))
    V[1, 0] = -100.0
    with pytest.raises(ValueError, match="Row 1 of V is too long"):
        space.inverse_transform(V)
    with pytest.raises(ValueError, match="Row 1 of V is too long"):
        space.inverse_transform(np.array([[0.0], [1e300]]) * np.ones(6))
    for short in (np.zeros((2, 3)), np.zeros((2, 7)), np.zeros(6)):
        with pytest.raises(ValueError, match=r"V must have shape \(n_matrices, 6\), got"):
            space.inverse_transform(short)
    with pytest.raises(ValueError, match="V must be an array of numbers"):
        space.inverse_transform([["a"]])
    with pytest.raises(ValueError, match="row 0, column 0"):
        space.inverse_transform(np.full((2, 6), np.nan))


@pytest.mark.parametrize("shift", [1e300, 1e-300, 0.0, np.nan])
def test_shifts_out_of_range_are_refused(shift):
    with pytest.raises(ValueError, match=r"'shift' parameter .* in the range"):
        BuresWassersteinNormalizer(shift=shift).fit(random_spd(5, 3))


@pytest.mark.parametrize(
    "kind", [BuresWassersteinNormalizer, BuresWassersteinTangentSpace], ids=lambda k: k.__name__
)
def test_the_argument_of_the_inverse_is_no_metadata(kind):
    with config_context(enable_metadata_routing=True):
        requests = kind().get_metadata_routing().inverse_transform.requests
    assert set(requests) <= {"groups"}


def test_in_a_pipeline_and_a_grid_search():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = random_spd(40, 3, spread=0.2) + np.where(y, 1.0, 0.0)[:, None, None] * np.diag([1, 0, 0])
    X = X[rng.permutation(40)]
    y = (X[:, 0, 0] > np.median(X[:, 0, 0])).astype(int)
    pipe = make_pipeline(
        BuresWassersteinNormalizer(0.5, shift=0.2),
        BuresWassersteinTangentSpace(0.5),
        LogisticRegression(C=100),
    )
    assert cross_val_score(pipe, X, y, cv=4).mean() > 0.8
    grid = {
        "bureswassersteinnormalizer__theta": [0.25, 1.0],
        "bureswassersteinnormalizer__metric_matrix": ["identity", "mean"],
    }
    search = GridSearchCV(pipe, grid, cv=2, n_jobs=2).fit(X, y)
    assert search.best_score_ > 0.7
    assert pipe.set_output(transform="default").fit(X, y).predict(X).shape == (40,)
