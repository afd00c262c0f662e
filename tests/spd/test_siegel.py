import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold, cross_val_score

from skgeom.datasets import load_motor_imagery, make_spectral_trials
from skgeom.spd import (
    AugmentedCovariance,
    AugmentedCovarianceClassifier,
    distance,
    from_siegel_coefficients,
    karcher_mean,
    siegel_coefficients,
    siegel_distance,
    siegel_exp_map,
    siegel_log_map,
    siegel_mean,
)
from skgeom.spd._manifold import SiegelProduct
from skgeom.spd._siegel import _levinson
from tests.spd.data import random_trials


def random_disk(n_points, d, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n_points, d, d))
    size = rng.uniform(0.1, 0.95, n_points) / np.linalg.norm(A, 2, axis=(1, 2))
    return A * size[:, None, None]


def toeplitz_matrices(d, p, seed=0, m=4):
    X = np.random.default_rng(seed).standard_normal((m, d, 60)).cumsum(axis=-1)
    return AugmentedCovariance(p, 2, structure="toeplitz").fit_transform(X)


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**20))
@settings(max_examples=20, deadline=None)
def test_coefficients_round_trip_and_determinant(d, p, seed):
    G = toeplitz_matrices(d, p, seed)
    coefficients = siegel_coefficients(G, d)
    assert coefficients.shape == (4, p, d, d)
    assert np.all(np.linalg.norm(coefficients[:, 1:], 2, axis=(-2, -1)) < 1)
    assert np.allclose(from_siegel_coefficients(coefficients), G, rtol=1e-7, atol=1e-8)
    expected = p * np.linalg.slogdet(coefficients[:, 0])[1]
    for k in range(1, p):
        omega = coefficients[:, k]
        inner = np.eye(d) - omega @ np.swapaxes(omega, -1, -2)
        expected = expected + (p - k) * np.linalg.slogdet(inner)[1]
    assert np.allclose(np.linalg.slogdet(G)[1], expected, atol=1e-6)
    # the coefficients of a lower order are the first ones
    if p > 1:
        lower = siegel_coefficients(G[:, :-d, :-d], d)
        assert np.allclose(lower, coefficients[:, :-1])


def test_recursion_finds_a_vector_autoregression():
    A = np.array([[0.6, 0.2], [-0.3, 0.5]])
    gamma = scipy.linalg.solve_discrete_lyapunov(A, np.eye(2))
    R = np.stack([np.linalg.matrix_power(A, k) @ gamma for k in range(4)])
    coefficients, errors = _levinson(R)
    assert np.allclose(errors[1], np.eye(2))  # the innovations
    assert np.allclose(coefficients[2:], 0, atol=1e-12)
    root = scipy.linalg.sqrtm(gamma)
    # with order 1 the partial correlation is A seen from whitened coordinates
    assert np.allclose(np.linalg.inv(root) @ A @ root, coefficients[1])


def test_not_positive_definite_is_refused():
    with pytest.raises(ValueError, match="positive definite"):
        siegel_coefficients(np.kron(np.array([[1.0, 2.0], [2.0, 1.0]]), np.eye(2)), 2)
    with pytest.raises(ValueError, match="blocks of size 3"):
        siegel_coefficients(np.eye(4), 3)


@given(st.integers(1, 4), st.integers(0, 2**20))
@settings(max_examples=20, deadline=None)
def test_distance_is_an_invariant_metric(d, seed):
    A, B, C = random_disk(3, d, seed)
    ab, bc, ac = siegel_distance(A, B), siegel_distance(B, C), siegel_distance(A, C)
    assert np.isclose(ab, siegel_distance(B, A))
    assert ac <= ab + bc + 1e-9
    assert siegel_distance(A, A) < 1e-6
    rng = np.random.default_rng(seed)
    U, W = (np.linalg.qr(rng.standard_normal((d, d)))[0] for _ in range(2))
    assert np.isclose(siegel_distance(U @ A @ W, U @ B @ W), ab)


@given(st.integers(1, 4), st.integers(0, 2**20))
@settings(max_examples=20, deadline=None)
def test_maps_are_inverse_and_lengths_are_distances(d, seed):
    points = random_disk(5, d, seed)
    tangent = siegel_log_map(points[1:], points[0])
    assert np.allclose(siegel_exp_map(tangent, points[0]), points[1:])
    lengths = np.linalg.norm(tangent, axis=(1, 2))
    assert np.allclose(lengths, siegel_distance(points[1:], points[0]))


def test_distance_of_numbers_is_the_poincare_distance():
    a, b = 0.7, -0.2
    expected = abs(np.arctanh((a - b) / (1 - a * b)))
    assert np.isclose(siegel_distance([[a]], [[b]]), expected)


def test_mean():
    points = random_disk(8, 3)
    M = siegel_mean(points, tol=1e-10)
    assert np.allclose(siegel_log_map(points, M).mean(axis=0), 0, atol=1e-9)
    counts = np.array([1, 2, 1, 3, 1, 1, 1, 2])
    copies = siegel_mean(np.repeat(points, counts, axis=0), tol=1e-10)
    assert np.allclose(siegel_mean(points, sample_weight=counts, tol=1e-10), copies)
    with pytest.raises(ValueError, match="singular values below 1"):
        siegel_mean(2 * points)


@pytest.mark.parametrize("weights", ["kahler", "uniform"])
def test_classifier_distances_are_the_weighted_sums(weights):
    X, y = random_trials(20, 3, 120)
    p = 4
    model = AugmentedCovarianceClassifier(
        p, 2, geometry="siegel", classifier="mdm", siegel_weights=weights, tol=1e-10
    ).fit(X, y)
    G = AugmentedCovariance(p, 2, structure="toeplitz").fit_transform(X)
    points = siegel_coefficients(G, 3)
    blocks = np.arange(p, 0, -1) if weights == "kahler" else np.ones(p)
    for k in range(2):
        P0 = karcher_mean(points[y == k, 0], tol=1e-10)
        square = blocks[0] * distance(points[:, 0], P0) ** 2
        for i in range(1, p):
            omega = siegel_mean(points[y == k, i], tol=1e-10)
            square += blocks[i] * siegel_distance(points[:, i], omega) ** 2
        assert np.allclose(model.transform(X)[:, k], np.sqrt(square), atol=1e-6)
        mean = siegel_coefficients(model.means_[k], 3)
        assert np.allclose(mean[0], P0)


def test_tangent_vectors_and_their_inverse():
    X, y = random_trials(20, 3, 120)
    model = AugmentedCovarianceClassifier(3, 2, geometry="siegel", tol=1e-9).fit(X, y)
    vectors = model.transform(X)
    assert vectors.shape == (20, 6 + 2 * 9)
    assert np.allclose(vectors.mean(axis=0), 0, atol=1e-7)
    G = AugmentedCovariance(3, 2, structure="toeplitz").fit_transform(X)
    assert np.allclose(model.inverse_transform(vectors), G)
    assert model.reference_.shape == (9, 9)
    assert model.siegel_reference_.shape == (2, 3, 3)
    names = model.get_feature_names_out(["C3", "Cz", "C4"])
    assert len(names) == len(set(names)) == 24
    assert names[1] == "P0[C3,Cz]"
    assert names[7] == "Omega1[C3,Cz]"


def test_order_one_is_the_plain_covariance():
    X, y = random_trials(20, 3, 120)
    siegel = AugmentedCovarianceClassifier(1, geometry="siegel").fit(X, y)
    spd = AugmentedCovarianceClassifier(1).fit(X, y)
    assert np.allclose(siegel.transform(X), spd.transform(X), atol=1e-6)


def test_other_classifiers_and_learning_on():
    X, y = random_trials(30, 3, 120)
    for classifier in ("svm", "mdm", "fgmdm"):
        model = AugmentedCovarianceClassifier(3, 2, geometry="siegel", classifier=classifier)
        assert model.fit(X, y).score(X, y) > 0.9
    bands = AugmentedCovarianceClassifier(
        2, 2, geometry="siegel", bands=[(5, 20), (20, 40)], sfreq=100.0
    )
    assert bands.fit(X, y).transform(X).shape == (30, 2 * 15)
    mdm = AugmentedCovarianceClassifier(3, 2, geometry="siegel", classifier="mdm")
    mdm.fit(X[:20], y[:20]).partial_fit(X[20:], y[20:])
    whole = AugmentedCovarianceClassifier(3, 2, geometry="siegel", classifier="mdm").fit(X, y)
    assert np.all(distance(mdm.means_, whole.means_) < 0.5 * distance(*whole.means_))


@pytest.mark.parametrize(
    "parameters",
    [{"metric": "logeuclid"}, {"embed_mean": True}, {"lag": [0, 1, 5]}, {"recenter": "domain"}],
    ids=str,
)
def test_refused_parameters(parameters):
    X, y = random_trials(20, 3, 120)
    with pytest.raises(ValueError, match='geometry="siegel"'):
        AugmentedCovarianceClassifier(geometry="siegel", **parameters).fit(X, y)


def test_quality():
    X, y = load_motor_imagery(channels=["C3", "Cz", "C4"], return_X_y=True)
    folds = StratifiedKFold(5, shuffle=True, random_state=42)
    model = AugmentedCovarianceClassifier(4, 2, geometry="siegel")
    auc = cross_val_score(model, X, y, cv=folds, scoring="roc_auc").mean()
    assert abs(auc - 0.80) < 0.02
    X, y = make_spectral_trials(100, n_times=500, random_state=0)
    model = AugmentedCovarianceClassifier(2, 2, geometry="siegel", classifier="mdm")
    assert cross_val_score(model, X, y, cv=folds, scoring="roc_auc").mean() >= 0.99


def test_coefficients_of_a_vector_autoregression():
    """Of order 1: the first predictor is its matrix, and nothing is left for later delays."""
    A = np.array([[0.6, 0.2], [-0.3, 0.5]])
    gamma = scipy.linalg.solve_discrete_lyapunov(A, np.eye(2))
    R = np.stack([np.linalg.matrix_power(A, k) @ gamma for k in range(4)])
    coefficients, errors = _levinson(R)
    assert np.allclose(coefficients[0], gamma)
    assert np.allclose(coefficients[2:], 0, atol=1e-12)
    # Omega_1 = V^-1/2 (A Gamma_0) U^-1/2, so the predictor is Gamma_0^1/2 Omega_1 Gamma_0^-1/2
    root = scipy.linalg.sqrtm(gamma).real
    assert np.allclose(root @ coefficients[1] @ np.linalg.inv(root), A)
    for error in errors[1:]:
        assert np.allclose(error, np.eye(2))  # the covariance of the noise


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_starts_do_not_change_the_mean(seed):
    points = random_disk(10, 3, seed)
    rows = np.array([0, 2, 3, 7])
    P = np.stack([np.eye(3)] * 10)
    manifold = SiegelProduct(3, tol=1e-10)
    stacked = np.stack([P, points], axis=1)[:, None]
    weight = np.full(4, 0.25)
    plain = manifold.mean(stacked[rows], weight)[0]
    started = manifold.mean(stacked[rows], weight, manifold.starts(stacked)(rows))[0]
    assert np.allclose(started, plain, atol=1e-8)
    summary, whitener, vectors = manifold.mean_and_vectors(stacked[rows], weight)
    assert np.allclose(vectors, manifold.vectors(stacked[rows], summary[0], whitener), atol=1e-9)
