import pickle
import re

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.sparse.csgraph import shortest_path
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.manifold import smacof as sklearn_smacof

from skgeom.manifold import StressMDS, classical_mds
from skgeom.manifold._mds import _tournament, sgd, smacof, stress
from skgeom.manifold._stress import stress_weights
from tests.manifold.data import grid_graph


def points(n=150, d=2, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))


def procrustes_residual(Y, X):
    X, Y = X - X.mean(0), Y - Y.mean(0)
    R, _ = orthogonal_procrustes(Y, X)
    return np.sqrt(((Y @ R - X) ** 2).sum() / (X**2).sum())


@pytest.mark.parametrize("solver", ["sgd", "smacof"])
@pytest.mark.parametrize("n_components", [1, 2, 3, 5])
def test_euclidean_distances_are_recovered(solver, n_components):
    X = points(130, n_components)
    mds = StressMDS(n_components, solver=solver, random_state=0).fit(cdist(X, X))
    assert mds.stress_ < 1e-3
    assert procrustes_residual(mds.embedding_, X) < 1e-3


def test_classical_is_exact_for_euclidean_distances():
    for n in (40, 400):  # dense eigenvectors, Lanczos
        X = points(n, 3)
        Y = classical_mds(cdist(X, X), 3)
        np.testing.assert_allclose(cdist(Y, Y), cdist(X, X), atol=1e-5)
    mds = StressMDS(3, mds="classical").fit(cdist(X, X))
    assert mds.stress_ < 1e-6
    assert mds.n_iter_ == 0


def test_random_start_recovers_too():
    X = points()
    mds = StressMDS(init="random", random_state=0).fit(cdist(X, X))
    assert mds.stress_ < 1e-3


@pytest.mark.parametrize("n", [90, 333])
def test_stress_is_that_of_smacof(n):
    """Distances that do not fit the plane: no worse than scikit-learn's SMACOF plus 1 %."""
    D = cdist(points(n, 6), points(n, 6))
    D = (D + D.T) / 2
    np.fill_diagonal(D, 0)
    start = classical_mds(D, 2)
    Y, _ = sklearn_smacof(D, n_components=2, init=start, n_init=1, max_iter=500, eps=1e-7)
    reference = stress(D, Y)
    best = min(StressMDS(max_iter=100, eps=0.003, random_state=s).fit(D).stress_ for s in range(3))
    assert best <= 1.01 * reference
    ours = StressMDS(solver="smacof", init=start, max_iter=500).fit(D)
    assert ours.stress_ == pytest.approx(reference, rel=2e-3)


def test_stress_by_its_definition():
    D, Y = cdist(points(30, 5), points(30, 5)), points(30)
    D = D + D.T
    W = np.random.default_rng(0).random((30, 30))
    W = W + W.T
    off = ~np.eye(30, dtype=bool)
    d = cdist(Y, Y)
    expected = np.sqrt((W * (D - d) ** 2)[off].sum() / (W * D**2)[off].sum())
    assert stress(D, Y, W) == pytest.approx(expected)


def test_weighted_smacof_step_is_a_stationary_point():
    """At convergence the gradient of the weighted stress vanishes."""
    X = points(40, 4)
    D = cdist(X, X)
    W = 1 / (D + np.eye(40))
    Y, _ = smacof(D, points(40), W, max_iter=3000, tol=0)
    d = cdist(Y, Y) + np.eye(40)
    gradient = ((W * (d - D - np.eye(40)) / d)[:, :, None] * (Y[:, None] - Y)).sum(axis=1)
    assert abs(gradient).max() < 1e-4 * abs(W[:, :, None] * (Y[:, None] - Y)).sum(axis=1).max()


@pytest.mark.parametrize("weights", ["inverse", "gaussian", lambda D: 1.0 / (1.0 + D)])
def test_weights_favour_what_they_weigh(weights):
    X = points(200, 6)
    D = cdist(X, X)
    plain = StressMDS(random_state=0).fit(D)
    weighted = StressMDS(weights=weights, weight_param=0.5, random_state=0).fit(D)
    from skgeom.manifold._stress import stress_weights

    W = stress_weights(D, weights, 0.5)
    assert weighted.stress_ < stress(D, plain.embedding_, W)


def test_bad_weights():
    D = cdist(points(20), points(20))
    with pytest.raises(ValueError, match="non-negative"):
        StressMDS(weights=lambda D: D - 1).fit(D)
    with pytest.raises(ValueError, match="shape"):
        StressMDS(weights=lambda D: D[0]).fit(D)
    with pytest.raises(ValueError, match="symmetric"):
        StressMDS(weights=lambda D: D + np.arange(20.0)).fit(D)


@settings(max_examples=15, deadline=None)
@given(n=st.integers(3, 200), seed=st.integers(0, 100), factor=st.floats(1e-3, 1e3))
def test_any_size_and_unit(n, seed, factor):
    X = points(n, 1, seed)
    D = factor * cdist(X, X)
    mds = StressMDS(1, random_state=0).fit(D)
    np.testing.assert_allclose(cdist(mds.embedding_, mds.embedding_), D, atol=1e-3 * D.max())


def test_tournament_meets_every_pair_once_without_conflict():
    for n in range(2, 12):
        rounds, count = _tournament(n)
        pairs = [tuple(p) for pairs, _ in rounds for p in pairs]
        assert sorted(pairs) == [(a, b) for a in range(n) for b in range(a + 1, n)]
        assert sorted(np.concatenate([o for _, o in rounds])) == list(range(count))
        for members, _ in rounds:
            assert len(np.unique(members)) == members.size


def test_same_bytes_for_any_number_of_threads(monkeypatch):
    monkeypatch.setattr("skgeom.manifold._mds._SERIAL_BELOW", 0)
    D = cdist(points(300, 5), points(300, 5))
    D = D + D.T
    W = np.exp(-D)
    runs = [
        sgd(D, points(300), weights, random_state=np.random.RandomState(0), n_jobs=n_jobs)[0]
        for weights in (None, W)
        for n_jobs in (1, 2, 3)
    ]
    assert np.array_equal(runs[0], runs[1])
    assert np.array_equal(runs[0], runs[2])
    assert np.array_equal(runs[3], runs[4])
    assert np.array_equal(runs[3], runs[5])
    a, b = (StressMDS(solver="smacof", n_jobs=k).fit_transform(D) for k in (1, 2))
    assert np.array_equal(a, b)


def test_transform_places_points_by_their_distances():
    X = points(120)
    new = points(30, 2, 1)
    mds = StressMDS(random_state=0).fit(cdist(X, X))
    placed = mds.transform(cdist(new, X))
    np.testing.assert_allclose(cdist(placed, mds.embedding_), cdist(new, X), atol=5e-3)
    assert np.array_equal(mds.transform(cdist(X, X)), mds.embedding_)
    table = StressMDS(metric="euclidean", random_state=0).fit(X)
    assert np.array_equal(table.embedding_, mds.embedding_)
    assert np.array_equal(table.transform(new), placed)
    assert np.array_equal(table.transform(new[3:4]), placed[3:4])


def test_float32_and_pickle():
    D = cdist(points(100, 4), points(100, 4))
    D = (D + D.T) / 2
    np.fill_diagonal(D, 0)
    single = StressMDS(solver="smacof", random_state=0).fit(D.astype(np.float32))
    double = StressMDS(solver="smacof", random_state=0).fit(D)
    assert single.embedding_.dtype == np.float32
    assert single.transform(D[:3].astype(np.float32)).dtype == np.float32
    assert single.stress_ == pytest.approx(double.stress_, rel=1e-3)
    copy = pickle.loads(pickle.dumps(double))
    assert np.array_equal(copy.transform(D[:5] + 0.1), double.transform(D[:5] + 0.1))
    assert clone(double).get_params() == double.get_params()


def test_bad_input():
    with pytest.raises(ValueError, match="symmetric"):
        StressMDS().fit(cdist(points(10), points(10, seed=1)))
    D = cdist(points(10), points(10))
    with pytest.raises(ValueError, match="square"):
        StressMDS().fit(D[:5])
    with pytest.raises(ValueError, match="n_components=10 must be less"):
        StressMDS(10).fit(D)
    with pytest.raises(ValueError, match="init must have shape"):
        StressMDS(init=np.zeros((3, 2))).fit(D)
    with pytest.raises(ValueError, match="non-negative"):
        StressMDS().fit(-D)
    with pytest.raises(ValueError, match="minimum of 2"):
        StressMDS().fit(D[:1, :1])


def test_two_points():
    D = np.array([[0.0, 3.0], [3.0, 0.0]])
    mds = StressMDS(1, random_state=0).fit(D)
    assert np.ptp(mds.embedding_) == pytest.approx(3.0, rel=1e-5)


def test_all_distances_zero():
    mds = StressMDS(random_state=0).fit(np.zeros((5, 5)))
    np.testing.assert_array_equal(mds.embedding_, 0.0)
    assert mds.stress_ == 0.0


def test_verbose_reports(capsys):
    D = cdist(points(20), points(20))
    StressMDS(verbose=1, random_state=0).fit(D)
    StressMDS(verbose=1, solver="smacof", init="random", random_state=0).fit(D)
    out = capsys.readouterr().out
    assert "[StressMDS] iteration 10" in out
    assert re.search(r"iteration 20: 0\.\d+", out)  # the stress


def test_nonmetric_sees_the_order_only():
    """A monotone function of exact distances: order kept, picture recovered up to scale."""
    X = points(60)
    D = cdist(X, X)
    bent = D**3
    mds = StressMDS(mds="nonmetric", max_iter=1000).fit(bent)
    assert mds.stress_ < 0.02
    assert StressMDS(random_state=0).fit(bent).stress_ > 0.1
    d = cdist(mds.embedding_, mds.embedding_)
    assert np.corrcoef(d.ravel(), D.ravel())[0, 1] > 0.998
    off = ~np.eye(60, dtype=bool)
    assert np.sqrt((d[off] ** 2).mean()) == pytest.approx(
        np.sqrt((bent[off] ** 2).mean()), rel=0.02
    )
    again = StressMDS(mds="nonmetric", max_iter=1000).fit(np.log1p(D))
    e = cdist(again.embedding_, again.embedding_)
    assert np.corrcoef(d.ravel(), e.ravel())[0, 1] > 0.998


def test_nonmetric_disparities_are_monotone():
    from sklearn.isotonic import IsotonicRegression

    from skgeom.manifold._mds import nonmetric, to_disparities

    D = np.round(cdist(points(40, 5), points(40, 5)), 1)  # with ties
    D = np.maximum(D, D.T)
    np.fill_diagonal(D, 0)
    Y, value, _, knots = nonmetric(D, classical_mds(D, 2), max_iter=200)
    i, j = np.triu_indices(40, 1)
    disparities = to_disparities(D[i, j], knots)
    d = np.linalg.norm(Y[i] - Y[j], axis=1)
    fitted = IsotonicRegression().fit(D[i, j], d).predict(D[i, j])
    # the disparities are the isotonic fit to the distances, but for their common factor
    np.testing.assert_allclose(
        disparities / np.linalg.norm(disparities), fitted / np.linalg.norm(fitted), atol=1e-3
    )
    expected = np.sqrt(((disparities - d) ** 2).sum() / (disparities**2).sum())
    assert value == pytest.approx(expected, rel=1e-2)


def test_nonmetric_places_new_points():
    X, new = points(80), points(10, 2, 1) * 0.7
    mds = StressMDS(mds="nonmetric", max_iter=1000, n_pivots=80).fit(cdist(X, X) ** 2)
    placed = mds.transform(cdist(new, X) ** 2)
    d, true = cdist(placed, mds.embedding_), cdist(new, X)
    assert np.corrcoef(d.ravel(), true.ravel())[0, 1] > 0.99
    assert np.array_equal(mds.transform(cdist(X, X) ** 2), mds.embedding_)


@pytest.mark.parametrize("mds", ["metric", "classical", "nonmetric"])
@pytest.mark.parametrize("factor", [2.0**-300, 2.0**-100, 2.0**300])
def test_any_unit_of_the_distances(mds, factor):
    D = cdist(*[points(40)] * 2)
    reference = StressMDS(mds=mds, random_state=0).fit(D)
    scaled = StressMDS(mds=mds, random_state=0).fit(D * factor)
    np.testing.assert_allclose(scaled.embedding_ / factor, reference.embedding_, rtol=1e-9)
    assert scaled.stress_ == pytest.approx(reference.stress_, rel=1e-9)
    placed = scaled.transform(D[:5] * factor + factor) / factor
    np.testing.assert_allclose(placed, reference.transform(D[:5] + 1.0), atol=1e-6)


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_squares_that_leave_the_range_are_refused(factor):
    with pytest.raises(ValueError, match="largest value of X"):
        StressMDS().fit(cdist(*[points(20)] * 2) * factor)


@pytest.mark.parametrize("n", [5, 30, 300])
def test_all_distances_equal(n):
    """The eigenvalues of a simplex are all the same."""
    D = 1.0 - np.eye(n)
    Y = classical_mds(D, 2)
    assert Y.shape == (n, 2)
    # each direction of a simplex has the eigenvalue 1/2
    np.testing.assert_allclose(Y.T @ Y, 0.5 * np.eye(2), atol=1e-5)
    assert np.isfinite(StressMDS(random_state=0).fit_transform(D)).all()


@pytest.mark.parametrize(("weights", "parameter"), [("inverse", 200.0), ("gaussian", 1e-3)])
@pytest.mark.filterwarnings("error")
def test_weights_beyond_single_precision(weights, parameter):
    X = points(40)
    mds = StressMDS(weights=weights, weight_param=parameter, random_state=0).fit(cdist(X, X))
    assert np.isfinite(mds.embedding_).all()
    assert np.isfinite(mds.stress_)


def test_bad_input_of_classical_mds():
    D = cdist(*[points(9)] * 2)
    for distances, n_components in [(D, 0), (D, 10), (D[:5], 2), (D * np.nan, 2)]:
        with pytest.raises(ValueError, match="must be"):
            classical_mds(distances, n_components)
    with pytest.raises(ValueError, match="Complex data not supported: distances"):
        classical_mds(1j * D, 2)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", [2.0**-900, 2.0**900])
def test_classical_mds_in_any_unit(unit):
    D = cdist(*[points(9)] * 2)
    np.testing.assert_array_equal(classical_mds(unit * D, 2), unit * classical_mds(D, 2))


@pytest.mark.parametrize("mds", ["metric", "nonmetric"])
def test_majorization_with_weights_that_connect_parts_only(mds):
    """Pairs across the parts weigh nothing: each part is scaled as if it were alone."""
    X = points(20)
    D = cdist(X, X)
    part = np.arange(20) < 8
    weights = (part[:, None] == part).astype(float)
    weights[-1] = weights[:, -1] = 0.0  # and a point without any weight
    mds = StressMDS(solver="smacof", mds=mds, weights=lambda D: weights, random_state=0).fit(D)
    assert mds.stress_ < 1e-3
    for rows in (np.flatnonzero(part), np.flatnonzero(~part)[:-1]):
        d = cdist(*[mds.embedding_[rows]] * 2)
        np.testing.assert_allclose(d, D[np.ix_(rows, rows)], atol=1e-2)


def test_majorization_with_steep_weights():
    D = cdist(*[points(40, d=3)] * 2)
    mds = StressMDS(solver="smacof", weights="inverse", weight_param=50.0, random_state=0).fit(D)
    start = stress(D, classical_mds(D, 2), D.clip(D[D > 0].min()) ** -50.0)
    assert mds.stress_ <= start


def test_weights_and_metrics_that_make_no_sense():
    X = points(20)
    with pytest.raises(ValueError, match="some positive ones off the diagonal"):
        StressMDS(metric="euclidean", weights=lambda D: np.eye(20)).fit(X)
    for value in (-1.0, np.nan):
        with pytest.raises(ValueError, match="NaN, infinite or negative distances"):
            StressMDS(metric=lambda a, b, value=value: value).fit(X)


# ---------------------------------------------------------------------- graphs (sparse stress)


def test_graph_of_a_line_is_drawn_exactly():
    """On a path all shortest paths are distances on the line."""
    gaps = np.random.default_rng(0).random(59) + 0.2
    X = sp.diags_array([gaps, gaps], offsets=[-1, 1], format="csr")
    mds = StressMDS(1, n_pivots=10, random_state=0).fit(X)
    place = np.append(0.0, np.cumsum(gaps))
    np.testing.assert_allclose(
        cdist(mds.embedding_, mds.embedding_), cdist(place[:, None], place[:, None]), atol=0.02
    )
    assert mds.stress_ < 1e-3
    new = sp.csr_array(([0.3, 0.5], ([0, 1], [0, 59])), shape=(2, 60))
    placed = mds.transform(new).ravel()
    ends = mds.embedding_[[0, 59], 0]
    np.testing.assert_allclose(np.abs(placed - ends), [0.3, 0.5], atol=0.05)
    with pytest.raises(ValueError, match="Row 0 of X has no edge"):
        mds.transform(sp.csr_array((1, 60)))
    with pytest.raises(ValueError, match="must be sparse where"):
        mds.transform(np.ones((1, 60)))


@pytest.mark.parametrize("weights", [None, "inverse"])
def test_graph_stress_is_near_that_of_all_pairs(weights):
    """Few pivots in place of all pairs lose little of the stress of full scaling."""
    X = grid_graph(15)
    D = shortest_path(X)
    options = {"weights": weights, "weight_param": 2.0, "random_state": 0}
    full = StressMDS(solver="smacof", **options).fit(D)
    few = StressMDS(n_pivots=40, **options).fit(X)
    pair_weights = stress_weights(D, weights, 2.0)
    value = stress(D, few.embedding_, pair_weights)
    assert value < 1.05 * full.stress_
    assert np.array_equal(few.embedding_, clone(few).set_params(n_jobs=2).fit_transform(X))


def test_graphs_that_cannot_be_drawn():
    two = sp.block_diag([grid_graph(3), grid_graph(3)], format="csr")
    with pytest.raises(ValueError, match="not connected"):
        StressMDS().fit(two)
    for options in ({"mds": "classical"}, {"weights": np.exp}, {"init": np.zeros((9, 2))}):
        with pytest.raises(ValueError, match="Sparse dissimilarities take"):
            StressMDS(**options).fit(grid_graph(3))
