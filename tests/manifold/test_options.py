"""Truncation, weights of samples, refinement, shares of landmarks, progress."""

import runpy
from pathlib import Path

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn import config_context
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom.manifold import (
    HeatGeodesicDistance,
    HeatGeodesicEmbedding,
    StressMDS,
    landmark_shares,
    log_heat_kernel,
)
from tests.manifold.data import row_pearson, swiss_roll

ROLL, FLAT = swiss_roll(500, 0.1, 4)
NEW, NEW_FLAT = swiss_roll(60, 0.1, 1)


# ---------------------------------------------------------------------- truncation


def distances(**options):
    return HeatGeodesicDistance(t=8.0, random_state=0, **options).fit_transform(ROLL[:150])


@pytest.mark.parametrize("value", [0.3, 0.8])
@pytest.mark.parametrize("relative", [True, False])
def test_truncated_distances_by_their_definition(value, relative):
    D = distances()
    cut = value * D.max() if relative else np.quantile(D, value)
    far = distances(truncation=("distance", "max", value, relative))
    np.testing.assert_array_equal(far, np.where(cut < D, D.max(), D))
    near = distances(truncation=("distance", "min", value, relative))
    np.testing.assert_array_equal(near, np.where(cut > D, 0.0, D))


def test_truncated_heat_has_no_largest_distance():
    """Entries below the threshold go on along the graph: farther than any that is kept."""
    heat = HeatGeodesicEmbedding(t=8.0, laplacian="normalized", random_state=0).fit(ROLL[:150])
    cut = clone(heat).set_params(truncation=("heat", "min", 1e-6, True)).fit(ROLL[:150])
    H = heat.heat_kernel()
    kept = 1e-6 * H.max() <= H
    D, E = heat.landmark_dissimilarity_, cut.landmark_dissimilarity_
    np.testing.assert_allclose(E[kept], D[kept], rtol=1e-9)
    assert len(np.unique(E[~kept])) > 100
    assert row_pearson(E, D) > 0.98
    # at a value below the smallest entry nothing changes
    none = distances(truncation=("heat", "min", 1e-300, False))
    np.testing.assert_array_equal(none, distances())


def test_capped_heat():
    """With "max" all entries above count as it: near points come to lie at one distance."""
    options = {"laplacian": "normalized", "sigma": 0.0}
    capped = distances(truncation=("heat", "max", 0.05, True), **options)
    plain = distances(**options)
    heat = HeatGeodesicEmbedding(t=8.0, laplacian="normalized", random_state=0).fit(ROLL[:150])
    H = heat.heat_kernel()
    floor = np.sqrt(-4 * 8.0 * np.log(0.05 * H.max()))
    np.testing.assert_allclose(capped[0, 1:], np.maximum(plain, floor)[0, 1:], rtol=1e-9)


@pytest.mark.parametrize(
    "truncation",
    [("heat", "min", 1e-6, True), ("distance", "max", 0.7, True), ("distance", "min", 0.1, False)],
    ids=str,
)
@pytest.mark.parametrize("landmarks", [None, 120])
def test_truncation_of_new_rows(truncation, landmarks):
    heat = HeatGeodesicEmbedding(truncation=truncation, landmarks=landmarks, random_state=0)
    heat.fit(ROLL)
    placed = heat.transform(NEW)
    for i in (0, 31):
        assert np.array_equal(heat.transform(NEW[i : i + 1])[0], placed[i])
    plain = clone(heat).set_params(truncation=None).fit(ROLL)
    assert row_pearson(heat.dissimilarity(NEW, ROLL), plain.dissimilarity(NEW, ROLL)) > 0.9


@pytest.mark.parametrize(
    "truncation",
    [
        ("heat", "min", 0.1),
        ("cold", "min", 0.1, True),
        ("heat", "middle", 0.1, True),
        ("distance", "max", 2.0, True),
        ("distance", "max", 1.0, False),
        ("heat", "min", 0.0, True),
        ("heat", "min", "0.1", True),
        ("heat", "min", 0.1, 1),
    ],
    ids=str,
)
def test_bad_truncation(truncation):
    with pytest.raises(ValueError, match="truncation"):
        HeatGeodesicEmbedding(truncation=truncation).fit(ROLL[:50])


# ---------------------------------------------------------------------- sample_weight


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(1e-3, 1e3))
def test_a_common_factor_of_the_weights_has_no_effect(factor):
    X = ROLL[:60]
    weights = np.random.default_rng(0).random(60) + 0.1
    heat = HeatGeodesicEmbedding(n_neighbors=6, t=5.0, solver="smacof", random_state=0)
    Y = clone(heat).fit_transform(X, sample_weight=weights)
    Z = clone(heat).fit_transform(X, sample_weight=factor * weights)
    np.testing.assert_allclose(Z, Y, atol=1e-6 * np.ptp(Y))
    constant = clone(heat).fit_transform(X, sample_weight=np.full(60, factor))
    assert np.array_equal(constant, clone(heat).fit_transform(X))


def test_stress_is_weighed_by_both_points():
    X = ROLL[:80]
    weights = np.random.default_rng(0).random(80)
    heat = HeatGeodesicEmbedding(n_neighbors=6, n_components=1, solver="smacof", random_state=0)
    heat.fit(X, sample_weight=weights)
    order = np.argsort(heat.fitted_indices_)  # nodes in the order of the rows
    D = heat.landmark_dissimilarity_[np.ix_(order, order)] * heat.scale_
    d = cdist(heat.embedding_, heat.embedding_)
    w = np.outer(weights, weights)
    np.fill_diagonal(w, 0.0)
    expected = np.sqrt((w * (D - d) ** 2).sum() / (w * D**2).sum())
    assert heat.stress_ == pytest.approx(expected, rel=1e-9)
    # what weighs more is kept better than without weights
    heavy = np.argsort(weights)[-30:]
    pairs = np.ix_(heavy, heavy)
    plain = clone(heat).fit_transform(X)
    gaps = [np.linalg.norm(cdist(Y, Y)[pairs] - D[pairs]) for Y in (heat.embedding_, plain)]
    assert gaps[0] < gaps[1]


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("options", [{}, {"landmarks": 40}, {"landmarks": 40, "refinement": 1.0}])
def test_weights_are_copies(options, sparse):
    """A weight of k is k equal rows wherever they stand, 0 is none; copies have one position."""
    rng = np.random.default_rng(0)
    X, weights = ROLL[:200], rng.integers(0, 4, 200)
    rows = rng.permutation(np.repeat(np.arange(200), weights))
    X = sp.csr_array(X) if sparse else X
    heat = HeatGeodesicEmbedding(n_neighbors=6, random_state=0, **options)
    weighed = clone(heat).fit(X, sample_weight=weights)
    copied = clone(heat).fit(X[rows])
    unit = np.ptp(copied.embedding_)
    np.testing.assert_allclose(weighed.embedding_[rows], copied.embedding_, atol=1e-6 * unit)
    np.testing.assert_allclose(weighed.transform(X), copied.transform(X), atol=1e-6 * unit)
    np.testing.assert_allclose(weighed.transform(X), weighed.embedding_, atol=1e-9 * unit)
    assert set(weighed.fitted_indices_) == set(np.flatnonzero(weights))
    np.testing.assert_array_equal(np.sort(rows[copied.fitted_indices_]), np.unique(rows))


def test_landmarks_that_are_rows_have_weight():
    weights = (np.arange(200) % 5 > 0).astype(float)
    heat = HeatGeodesicEmbedding(landmarks=60, landmark_method="maxmin", random_state=0)
    heat.fit(ROLL[:200], sample_weight=weights)
    assert weights[heat.landmark_indices_].all()
    np.testing.assert_array_equal(heat.landmarks_, ROLL[heat.landmark_indices_])


def test_nodes_of_weight_zero_are_placed_afterwards():
    """Precomputed distances keep them as nodes that conduct heat."""
    weights = (np.arange(200) % 5 > 0).astype(float)
    D = cdist(ROLL[:200], ROLL[:200])
    heat = HeatGeodesicEmbedding(metric="precomputed", random_state=0)
    plain = clone(heat).fit(D)
    heat.fit(D, sample_weight=weights)
    assert weights[heat.pivot_indices_].all()
    assert np.array_equal(heat.landmark_dissimilarity_, plain.landmark_dissimilarity_)
    assert (
        row_pearson(cdist(heat.embedding_, heat.embedding_), cdist(FLAT, FLAT)[:200, :200]) > 0.97
    )


def test_weights_are_masses_of_landmarks():
    """Points of weight 3 count as three of them among landmarks."""
    weights = np.where(np.arange(300) % 2, 3.0, 1.0)
    repeated = np.repeat(ROLL[:300], weights.astype(int), axis=0)
    one = landmark_shares(ROLL[:300], ROLL[:40], sample_weight=weights)
    many = landmark_shares(repeated, ROLL[:40])
    np.testing.assert_allclose(one.shared.toarray(), many.shared.toarray(), rtol=1e-12)
    np.testing.assert_allclose(one.masses, many.masses, rtol=1e-12)
    assert many.node_weights is None
    assert one.node_weights.min() >= 1
    assert one.node_weights.max() <= 3


def test_weights_are_routed():
    with config_context(enable_metadata_routing=True):
        heat = HeatGeodesicEmbedding(n_neighbors=6, random_state=0)
        heat.set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        weights = np.linspace(1, 2, 80)
        pipeline = make_pipeline(scaler, heat).fit(ROLL[:80], sample_weight=weights)
        alone = HeatGeodesicEmbedding(n_neighbors=6, random_state=0)
        alone.fit(StandardScaler().fit_transform(ROLL[:80]), sample_weight=weights)
        assert np.array_equal(pipeline[-1].embedding_, alone.embedding_)


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        (np.zeros(80), "zero"),
        (-np.ones(80), "[Nn]egative"),
        (np.ones(79), "sample_weight.shape"),
        (np.full(80, np.nan), "NaN"),
        (np.r_[1.0, 1.0, np.zeros(78)], "n_components"),
    ],
)
def test_bad_weights(weights, match):
    with pytest.raises(ValueError, match=match):
        HeatGeodesicEmbedding(n_neighbors=6).fit(ROLL[:80], sample_weight=weights)


# ---------------------------------------------------------------------- landmarks' shares


@pytest.mark.parametrize("weighted", [False, True])
def test_shares_of_blocks_fit_as_one(weighted):
    landmarks = ROLL[::4]
    weights = np.random.default_rng(0).random(500) + 0.5 if weighted else None
    heat = HeatGeodesicEmbedding(landmarks=landmarks, random_state=0)
    at_once = clone(heat).fit(ROLL, sample_weight=weights)
    if weighted:
        weights = weights / weights.mean()
    parts = [slice(0, 200), slice(200, 350), slice(350, 500)]
    shares = [
        landmark_shares(
            ROLL[part], landmarks, sample_weight=None if weights is None else weights[part]
        )
        for part in parts
    ]
    heat.fit_shares(shares[0] + shares[1] + shares[2])
    np.testing.assert_allclose(heat.graph_.toarray(), at_once.graph_.toarray(), atol=1e-12)
    assert heat.embedding_.shape == (125, 2)
    placed = np.concatenate([heat.transform(ROLL[part]) for part in parts])
    np.testing.assert_allclose(placed, at_once.embedding_, atol=1e-3 * np.ptp(placed))


def test_recipe_in_blocks_runs(monkeypatch):
    """The gallery's two passes over blocks, on joblib's threads, give what one fit gives."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(pyplot, "show", lambda: None)
    script = Path(__file__).parents[2] / "examples" / "plot_heat_blocks.py"
    names = runpy.run_path(str(script))
    assert len(names["blocks"]) == 4
    np.testing.assert_allclose(names["Y"], names["at_once"], atol=1e-3 * np.ptp(names["Y"]))
    true = cdist(names["sheet"][:200], names["sheet"])
    assert row_pearson(cdist(names["Y"][:200], names["Y"]), true) > 0.98
    pyplot.close("all")


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_shares_on_a_joblib_backend(backend):
    landmarks = ROLL[::5]
    blocks = [ROLL[:250], ROLL[250:]]
    with joblib.parallel_config(backend, n_jobs=2):
        parts = joblib.Parallel()(joblib.delayed(landmark_shares)(X, landmarks) for X in blocks)
    whole = landmark_shares(ROLL, landmarks)
    np.testing.assert_allclose((parts[0] + parts[1]).shared.toarray(), whole.shared.toarray())


def test_bad_shares():
    shares = landmark_shares(ROLL, ROLL[:50])
    with pytest.raises(ValueError, match="landmarks as an array"):
        HeatGeodesicEmbedding(landmarks=50).fit_shares(shares)
    with pytest.raises(ValueError, match="shares are of 50 landmarks, landmarks has 60"):
        HeatGeodesicEmbedding(landmarks=ROLL[:60]).fit_shares(shares)
    with pytest.raises(ValueError, match="X has 2 features"):
        landmark_shares(ROLL[:, :2], ROLL[:50])


# ---------------------------------------------------------------------- refinement


def kept_neighbours(X, Y, k=10):
    near = [NearestNeighbors(n_neighbors=k).fit(Z).kneighbors()[1] for Z in (X, Y)]
    return np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(*near)])


def test_refinement_keeps_more_neighbourhoods():
    """A sheet of three dimensions does not fit in two: landmarks far apart lose neighbours."""
    u = np.random.default_rng(0).random((840, 3))
    X = np.column_stack([u, np.sin(4 * u[:, 0] * u[:, 1]), u[:, 1] * u[:, 2]])
    X, held_out = X[:800], X[800:]
    plain = HeatGeodesicEmbedding(landmarks=100, random_state=0).fit(X)
    fine = clone(plain).set_params(refinement=1.0).fit(X)
    assert kept_neighbours(X, fine.embedding_) > kept_neighbours(X, plain.embedding_) + 0.02
    distances = [cdist(heat.embedding_, heat.embedding_).ravel() for heat in (plain, fine)]
    assert np.corrcoef(*distances)[0, 1] > 0.98
    # a held-out point lies nearer to what is near it
    near = NearestNeighbors(n_neighbors=10).fit(X).kneighbors(held_out)[1]
    gaps = [
        np.linalg.norm(heat.transform(held_out)[:, None] - heat.embedding_[near], axis=2).mean()
        for heat in (plain, fine)
    ]
    assert gaps[1] < gaps[0]


@pytest.mark.parametrize("landmarks", [None, 100])
def test_refined_rows_are_placed_alone(landmarks):
    fine = HeatGeodesicEmbedding(refinement=2.0, landmarks=landmarks, random_state=0).fit(ROLL)
    assert np.array_equal(fine.transform(ROLL), fine.embedding_)
    placed = fine.transform(NEW)
    assert np.array_equal(fine.transform(NEW[3:4])[0], placed[3])
    two = clone(fine).set_params(n_jobs=2).fit(ROLL)
    assert np.array_equal(two.embedding_, fine.embedding_)
    assert np.array_equal(two.transform(NEW), placed)


def test_refinement_of_precomputed_input():
    D = cdist(ROLL[:100], ROLL[:100])
    table = HeatGeodesicEmbedding(refinement=1.0, random_state=0).fit(ROLL[:100])
    heat = HeatGeodesicEmbedding(refinement=1.0, metric="precomputed", random_state=0).fit(D)
    np.testing.assert_allclose(heat.embedding_, table.embedding_, atol=1e-2)
    assert np.array_equal(heat.transform(D), heat.embedding_)
    with pytest.raises(ValueError, match="refinement needs nearest neighbours"):
        HeatGeodesicEmbedding(refinement=1.0, graph="precomputed").fit(D < 3)


# ---------------------------------------------------------------------- progress


class Listener:
    """Notes the tasks that a fit tells, and asks to stop iterating after some."""

    def __init__(self, stop_after=None):
        self.tasks = []
        self.stop_after = stop_after

    def setup(self, estimator, context):
        self.tasks.append("setup")

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.tasks.append(context.task_name)
        return self.tasks.count("iteration") == self.stop_after

    def teardown(self, estimator, context):
        self.tasks.append("teardown")


def test_callbacks_see_steps_and_stop_iterations():
    pytest.importorskip("sklearn.callback", reason="callbacks came with scikit-learn 1.9")
    listener = Listener()
    heat = HeatGeodesicEmbedding(n_neighbors=6, random_state=0).set_callbacks(listener)
    heat.fit(ROLL[:80])
    assert listener.tasks[0] == "setup"
    assert listener.tasks[-2:] == ["fit", "teardown"]
    assert "graph and heat" in listener.tasks
    assert listener.tasks.count("iteration") == heat.n_iter_
    assert np.array_equal(heat.embedding_, clone(heat).fit_transform(ROLL[:80]))
    heat.set_callbacks(Listener(stop_after=7)).fit(ROLL[:80])
    assert heat.n_iter_ == 7


# ---------------------------------------------------------------------- many points


def test_neighbours_by_descent(monkeypatch):
    pynndescent = pytest.importorskip("pynndescent", reason='the "scale" extra is not installed')
    del pynndescent
    from skgeom.manifold import affinity_graph

    X = np.random.default_rng(0).standard_normal((1500, 12))
    exact = affinity_graph(X)
    monkeypatch.setattr("skgeom.manifold._affinity._EXACT_LIMIT", 1000)
    near = affinity_graph(X)
    found = near.multiply(exact > 0).nnz / exact.nnz
    assert found > 0.98
    assert abs(near - affinity_graph(X, n_jobs=2)).max() == 0


def test_a_warning_names_the_extra(monkeypatch):
    from skgeom.manifold import affinity_graph

    monkeypatch.setattr("skgeom.manifold._affinity._EXACT_LIMIT", 100)
    monkeypatch.setattr("skgeom.manifold._affinity.find_spec", lambda name: None)
    X = np.random.default_rng(0).standard_normal((200, 12))
    with pytest.warns(UserWarning, match=r'pip install "skgeom\[scale\]"'):
        near = affinity_graph(X)
    monkeypatch.undo()
    assert abs(near - affinity_graph(X)).max() == 0


# ---------------------------------------------------------------------- kernels


def test_low_rank_kernel_at_large_times():
    """At times when the fast modes are gone, a few eigenpairs are the kernel."""
    heat = HeatGeodesicEmbedding(t=500.0, random_state=0).fit(ROLL[:300])
    L = heat._geometry.operator
    low = log_heat_kernel(L, 500.0, method="lowrank", order=60)
    full = log_heat_kernel(L, 500.0)
    large = full > np.log(1e-3 * np.exp(full).max())
    np.testing.assert_allclose(low[large], full[large], atol=1e-4)
    assert np.isfinite(low).all()
    assert sp.issparse(L)


def test_heat_kernel_at_other_times():
    heat = HeatGeodesicEmbedding(t=5.0, laplacian="random_walk", random_state=0).fit(ROLL[:100])
    H = heat.heat_kernel([3, 4], t=[1.0, 5.0])
    assert H.shape == (2, 2, 100)
    np.testing.assert_allclose(H[1], heat.heat_kernel([3, 4]), rtol=1e-9)
    np.testing.assert_allclose(H.sum(axis=2), 1.0, rtol=1e-9)


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_the_row_that_is_not_finite_is_named(value, container):
    X = ROLL[:40].copy()
    X[17, 1] = value
    with pytest.raises(ValueError, match="Row 17 of X is not finite"):
        HeatGeodesicEmbedding(n_neighbors=5).fit(container(X))
    heat = HeatGeodesicEmbedding(n_neighbors=5, random_state=0).fit(ROLL[:40])
    with pytest.raises(ValueError, match="Row 17 of X is not finite"):
        heat.transform(container(X))
    with pytest.raises(ValueError, match="Row 17 of X is not finite"):
        StressMDS(metric="euclidean").fit(X)


def test_one_point_is_refused():
    with pytest.raises(ValueError, match="1 sample"):
        HeatGeodesicEmbedding().fit(ROLL[:1])
    with pytest.raises(ValueError, match="n_components=2 must be less"):
        HeatGeodesicEmbedding().fit(ROLL[:2])
