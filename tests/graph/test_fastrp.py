import pickle
import threading
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import normalize, scale
from sklearn.random_projection import SparseRandomProjection

from skgeom.datasets import load_network
from skgeom.graph import FastRPEmbedder, Graph
from tests.graph.reference import connected_graph, embedding, hops, random_graph, unit_rows

pytestmark = pytest.mark.filterwarnings("ignore:.*zero vector")

WEIGHTS = [0.5, 0.0, 1.0, 2.0]
PLAIN = {"standardize": False, "dtype": "float64", "random_state": 0}


def start_of(n, d=8, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))


# ------------------------------------------------------------------ the formula


@pytest.mark.parametrize("propagation", ["transition", "adjacency", "symmetric"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("self_loops", [0.0, 0.7])
def test_hops_are_powers_of_the_transition_matrix(propagation, weighted, self_loops):
    """N_i = A^i L R with dense numpy, in float64 and float32."""
    adjacency = random_graph(45, 5, weighted=weighted)
    start = start_of(45)
    options = {"propagation": propagation, "self_loops": self_loops}
    expected = hops(adjacency, start, 4, beta=-0.5, **options)
    for dtype, rtol in [("float64", 1e-11), ("float32", 2e-5)]:
        model = FastRPEmbedder(
            8,
            iteration_weights=WEIGHTS,
            normalization_strength=-0.5,
            store_hops=True,
            dtype=dtype,
            **options,
        ).fit(adjacency, init=start)
        for i, hop in enumerate(expected):
            np.testing.assert_allclose(model.hops_[i], hop, rtol=rtol, atol=rtol * abs(hop).max())


@pytest.mark.parametrize("hop_normalization", ["l2", None])
@pytest.mark.parametrize("self_influence", [0.0, 0.3])
@pytest.mark.parametrize("weights", [[1], [0, 1], WEIGHTS, [0, 0, 1, 6], [0, 2, 0, 1, 0]])
def test_embedding_is_the_weighted_sum_of_hops(hop_normalization, self_influence, weights):
    adjacency, start = random_graph(40, 4, weighted=True), start_of(40)
    model = FastRPEmbedder(
        8,
        iteration_weights=weights,
        self_influence=self_influence,
        hop_normalization=hop_normalization,
        **PLAIN,
    )
    expected = embedding(
        adjacency, start, [self_influence, *weights], normalise=hop_normalization == "l2"
    )
    for store_hops in ("needed", True, False):
        model.set_params(store_hops=store_hops)
        np.testing.assert_allclose(
            model.fit_transform(adjacency, init=start), expected, rtol=1e-10, atol=1e-12
        )


def test_authors_formula_with_scikit_learn_projection():
    """The authors' script: sklearn's projection, D^beta, row-l2, weights, sklearn's scale."""
    adjacency = connected_graph(61)
    weights, beta, d = [0, 0, 1, 6.67], -0.64, 16
    projection = SparseRandomProjection(d, random_state=42).fit(sp.csr_matrix((1, 61)))
    degrees = adjacency.sum(axis=1)
    matrix = sp.diags_array(1 / degrees) @ adjacency
    hop = matrix @ (sp.diags_array(degrees**beta) @ projection.components_.T)
    terms = []
    for _ in range(4):
        terms.append(normalize(hop).toarray())
        hop = matrix @ hop
    expected = scale(sum(w * term for w, term in zip(weights, terms)))
    model = FastRPEmbedder(
        d, iteration_weights=weights, normalization_strength=beta, dtype="float64"
    )
    got = model.fit_transform(adjacency, init=projection.components_.T)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-8)


def test_hops_of_the_rust_package():
    """Start vectors and hops that fastrp 0.1.1 (MIT) gave for this graph, frozen."""
    frozen = np.load(Path(__file__).parent / "data" / "fastrp_rust.npz")
    model = FastRPEmbedder(
        8, iteration_weights=[1, 1], hop_normalization=None, store_hops=True, standardize=False
    ).fit(random_graph(30, 5, seed=3), init=frozen["start"])
    np.testing.assert_allclose(model.hops_[1], frozen["hop_1"], atol=1e-6)
    np.testing.assert_allclose(model.hops_[2], frozen["hop_2"], atol=1e-6)


def test_concatenation_of_hops():
    adjacency, start = random_graph(30, 4), start_of(30)
    model = FastRPEmbedder(
        8, iteration_weights=[1, 0, 2], self_influence=3, combine="concat", **PLAIN
    )
    got = model.fit_transform(adjacency, init=start)
    found = hops(adjacency, start, 3)
    expected = np.hstack([3 * unit_rows(found[0]), unit_rows(found[1]), 2 * unit_rows(found[3])])
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)
    assert len(model.get_feature_names_out()) == 24


def test_direction():
    adjacency = random_graph(30, 3, directed=True, weighted=True)
    start = start_of(30)
    dense = adjacency.toarray()
    for direction, equal in [("out", dense), ("in", dense.T), ("both", dense + dense.T)]:
        model = FastRPEmbedder(8, iteration_weights=[1, 1], direction=direction, **PLAIN)
        got = model.fit_transform(adjacency, init=start)
        expected = embedding(sp.csr_array(equal), start, [0, 1, 1])
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


def test_signed_weights_are_normalised_by_their_absolute_sum():
    adjacency = random_graph(30, 4, weighted=True)
    adjacency.data[::3] *= -1
    model = FastRPEmbedder(8, iteration_weights=[1, 2], signed=True, **PLAIN)
    start = start_of(30)
    got = model.fit_transform(adjacency, init=start)
    expected = embedding(adjacency, start, [0, 1, 2])
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)
    with pytest.raises(ValueError, match=r"Negative values .* entry \(\d+, \d+\) is -"):
        FastRPEmbedder(8).fit(adjacency)


def test_standardize():
    adjacency, start = random_graph(50, 4), start_of(50)
    plain = FastRPEmbedder(8, iteration_weights=[1], **PLAIN).fit_transform(adjacency, init=start)
    model = FastRPEmbedder(8, iteration_weights=[1], dtype="float64")
    np.testing.assert_allclose(model.fit_transform(adjacency, init=start), scale(plain), atol=1e-10)
    np.testing.assert_allclose(model.mean_, plain.mean(axis=0), atol=1e-12)
    model.set_params(standardize="l2")
    np.testing.assert_allclose(
        model.fit_transform(adjacency, init=start), unit_rows(plain), atol=1e-12
    )
    assert model.mean_ is None


# ------------------------------------------------------------------ analytic cases


def test_ones_stay_ones():
    """A 1 = 1."""
    model = FastRPEmbedder(3, iteration_weights=[1] * 5, store_hops=True, **PLAIN)
    model.fit(connected_graph(25, weighted=True), init=np.ones((25, 3)))
    np.testing.assert_allclose(model.hops_[5], 1, rtol=1e-12)


def test_complete_graph():
    """N_1(u) - N_1(v) = (r_v - r_u) / (n - 1)."""
    n, start = 12, start_of(12)
    model = FastRPEmbedder(8, iteration_weights=[1], store_hops=True, **PLAIN)
    hop = model.fit(np.ones((n, n)) - np.eye(n), init=start).hops_[1]
    np.testing.assert_allclose(hop[3] - hop[7], (start[7] - start[3]) / (n - 1), atol=1e-12)


def test_leaves_of_a_star_are_equal():
    star = np.zeros((9, 9))
    star[0, 1:] = star[1:, 0] = 1
    got = FastRPEmbedder(8, iteration_weights=[1, 2, 3], **PLAIN).fit_transform(star)
    assert np.array_equal(got[1:], np.tile(got[1], (8, 1)))


def test_beta_is_a_global_factor_on_a_regular_graph():
    ring = np.roll(np.eye(11), 1, axis=1)
    got = [
        FastRPEmbedder(8, normalization_strength=beta, **PLAIN).fit_transform(ring + ring.T)
        for beta in (0.0, -0.7)
    ]
    np.testing.assert_allclose(*got, atol=1e-10)


def test_differences_shrink_like_the_second_eigenvalue():
    adjacency = connected_graph(31, seed=3)
    degrees = adjacency.sum(axis=1)
    symmetric = adjacency.toarray() / np.sqrt(np.outer(degrees, degrees))
    second = np.sort(np.abs(np.linalg.eigvalsh(symmetric)))[-2]
    model = FastRPEmbedder(8, iteration_weights=[1] * 60, store_hops=True, **PLAIN)
    model.fit(adjacency, init=start_of(31))
    spread = [np.ptp(model.hops_[i], axis=0).max() for i in (50, 60)]
    assert (spread[1] / spread[0]) ** 0.1 == pytest.approx(second, rel=1e-3)


@pytest.mark.parametrize("propagation", ["transition", "symmetric"])
@pytest.mark.parametrize("self_loops", [0.0, 0.5])
def test_deflation_takes_out_the_stationary_part(propagation, self_loops):
    """pi' N_i = 0 on each component, and the hops differ from plain ones by that part alone."""
    blocks = [connected_graph(15, seed=1, weighted=True), connected_graph(11, seed=2)]
    adjacency = sp.csr_array(sp.block_diag([*blocks, np.zeros((1, 1))]))
    options = {"propagation": propagation, "self_loops": self_loops, "iteration_weights": [1] * 4}
    options |= {"store_hops": True, **PLAIN}
    start = start_of(27)
    deflated = FastRPEmbedder(8, deflate=True, **options).fit(adjacency, init=start)
    plain = FastRPEmbedder(8, **options).fit(adjacency, init=start)
    degrees = deflated.degrees_
    left = degrees if propagation == "transition" else np.sqrt(degrees)
    right = np.ones(27) if propagation == "transition" else np.sqrt(degrees)
    for nodes in (slice(0, 15), slice(15, 26)):
        part = left[nodes] @ start[nodes] / degrees[nodes].sum()
        for i in (1, 4):
            hop = deflated.hops_[i][nodes]
            np.testing.assert_allclose(left[nodes] @ hop, 0, atol=1e-10)
            expected = plain.hops_[i][nodes] - np.outer(right[nodes], part)
            np.testing.assert_allclose(hop, expected, atol=1e-11)
    np.testing.assert_allclose(deflated.hops_[4][26], 0, atol=1e-12)


def test_inner_products_are_those_of_the_powers():
    """mean over seeds of <N_1(u), N_2(v)> = (A L^2 (A^2)')_uv, within 5 standard errors."""
    adjacency = connected_graph(9)
    degrees = adjacency.sum(axis=1)
    matrix = adjacency.toarray() / degrees[:, None]
    expected = matrix @ np.diag((degrees / degrees.sum()) ** -1.0) @ (matrix @ matrix).T
    for options in ({"density": 0.3}, {"projection": "gaussian"}, {"projection": "sjlt"}):
        products = []
        for seed in range(300):
            model = FastRPEmbedder(
                16, iteration_weights=[1, 1], store_hops=True, random_state=seed, **options
            )
            model.set_params(normalization_strength=-0.5).fit(adjacency)
            products.append(model.hops_[1] @ model.hops_[2].T)
        error = np.std(products, axis=0) / np.sqrt(len(products))
        assert np.all(np.abs(np.mean(products, axis=0) - expected) < 5 * error)


# ------------------------------------------------------------------ properties


@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(1, 40),
    mean_degree=st.floats(0, 8),
    seed=st.integers(0, 100),
    directed=st.booleans(),
    weighted=st.booleans(),
    options=st.fixed_dictionaries(
        {
            "propagation": st.sampled_from(["transition", "adjacency", "symmetric"]),
            "self_loops": st.sampled_from([0.0, 1.0]),
            "self_influence": st.sampled_from([0.0, 0.5]),
            "projection": st.sampled_from(["sparse", "gaussian", "sjlt", "orthogonal"]),
            "combine": st.sampled_from(["sum", "concat"]),
            "whiten_every": st.sampled_from([None, 1, 2]),
            "normalization_strength": st.sampled_from([0.0, -0.5]),
            "standardize": st.sampled_from([True, False, "l2"]),
            "hop_normalization": st.sampled_from(["l2", None]),
            "iteration_weights": st.sampled_from([[1], [0, 0, 1, 2], [1, 1, 0, 1]]),
            "dtype": st.sampled_from(["float32", "float64"]),
        }
    ),
)
def test_transform_equals_fit_transform(n, mean_degree, seed, directed, weighted, options):
    """A fitted row gets back what it has; isolated nodes, loops and sinks give no NaN."""
    adjacency = random_graph(n, mean_degree, seed=seed, directed=directed, weighted=weighted)
    adjacency = adjacency + sp.diags_array(np.arange(n) % 3 == 1, dtype=float)
    model = FastRPEmbedder(6, random_state=seed, **options)
    fitted = model.fit_transform(adjacency)
    assert np.isfinite(fitted).all()
    tolerance = 1e-4 if options["dtype"] == "float32" else 1e-9
    np.testing.assert_allclose(model.transform(adjacency), fitted, rtol=tolerance, atol=tolerance)


def test_transform_equals_fit_transform_with_deflation_features_and_init():
    adjacency = connected_graph(41)
    table = start_of(41, 5)
    for options, given_to_fit in [
        ({"deflate": True}, {}),
        ({"deflate": True, "self_loops": 0.4}, {}),
        ({"feature_ratio": 0.5, "self_influence": 1}, {"features": table}),
        ({"feature_ratio": 1.0, "self_loops": 1}, {"features": sp.csr_array(table)}),
        ({"self_influence": 1}, {"init": start_of(41, 6)}),
    ]:
        model = FastRPEmbedder(6, random_state=0, **options)
        fitted = model.fit_transform(adjacency, **given_to_fit)
        again = model.transform(adjacency, **given_to_fit)
        np.testing.assert_allclose(again, fitted, rtol=1e-4, atol=1e-4)


def test_new_rows_are_one_hop_away():
    """Hop i of a new node is its normalised row times hop i - 1 of the fitted nodes."""
    adjacency, start = random_graph(30, 4), start_of(30)
    rows = np.random.default_rng(5).random((4, 30)) * (
        np.random.default_rng(6).random((4, 30)) < 0.2
    )
    rows[2] = 0
    model = FastRPEmbedder(8, iteration_weights=[1, 0, 2], **PLAIN).fit(adjacency, init=start)
    found = hops(adjacency, start, 3)
    sums = rows.sum(axis=1, keepdims=True)
    normal = np.divide(rows, sums, out=np.zeros_like(rows), where=sums > 0)
    expected = unit_rows(normal @ found[0]) + 2 * unit_rows(normal @ found[2])
    np.testing.assert_allclose(model.transform(sp.csr_array(rows)), expected, atol=1e-12)
    assert sorted(model.hops_) == [0, 2]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_permutation_equivariance(seed):
    """A node keeps its vector when the nodes are listed in another order, given its id."""
    adjacency = random_graph(35, 5, seed=seed, weighted=True)
    order = np.random.default_rng(seed).permutation(35)
    model = FastRPEmbedder(6, iteration_weights=[1, 1, 1], self_influence=0.5, **PLAIN)
    for ids in (np.arange(35) * 7, np.array([f"n{i}" for i in range(35)])):
        one = model.fit_transform(adjacency, node_ids=ids)
        other = model.fit_transform(adjacency[order][:, order], node_ids=ids[order])
        np.testing.assert_allclose(other, one[order], atol=1e-10)


def test_scale_of_the_weights_does_not_matter():
    adjacency = random_graph(35, 5, weighted=True)
    for propagation in ("transition", "adjacency", "symmetric"):
        model = FastRPEmbedder(6, propagation=propagation, normalization_strength=-0.3, **PLAIN)
        one, other = (model.fit_transform(adjacency * c) for c in (1.0, 1000.0))
        np.testing.assert_allclose(one, other, atol=1e-10)


def test_form_of_the_input_does_not_matter():
    adjacency = random_graph(35, 5, weighted=True)
    coo = adjacency.tocoo()
    twice = sp.coo_array(
        (np.tile(coo.data / 2, 2), (np.tile(coo.row, 2), np.tile(coo.col, 2))), shape=(35, 35)
    )
    wide = adjacency.copy()
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    frame = pd.DataFrame.sparse.from_spmatrix(sp.csr_matrix(adjacency))
    model = FastRPEmbedder(6, random_state=0)
    expected = model.fit_transform(adjacency)
    forms = [coo, twice, adjacency.tocsc(), adjacency.toarray(), sp.csr_matrix(adjacency), wide]
    for form in [*forms, frame, Graph(adjacency)]:
        np.testing.assert_allclose(model.fit_transform(form), expected, atol=1e-5)
    integers = random_graph(35, 5)
    assert np.array_equal(
        model.fit_transform(integers.astype(bool)), model.fit_transform(integers.astype(np.int64))
    )


def test_rows_see_k_hops_and_no_further():
    """Editing an edge at distance > k leaves a row as it was, bit by bit."""
    path = np.diag(np.ones(29), 1) + np.diag(np.ones(29), -1)
    edited = path.copy()
    edited[20, 25] = edited[25, 20] = 3
    model = FastRPEmbedder(8, iteration_weights=[1] * 4, standardize=False, random_state=0)
    one, other = model.fit_transform(path), model.fit_transform(edited)
    assert np.array_equal(one[:17], other[:17])
    assert not np.array_equal(one[19], other[19])


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), n_hops=st.integers(1, 4))
def test_rows_beyond_the_hops_keep_their_bits(seed, n_hops):
    """The same on random graphs: an edge is edited, and breadth-first distances say who sees it."""
    adjacency = random_graph(80, 2, seed=seed, weighted=True).tolil()
    model = FastRPEmbedder(8, iteration_weights=[1] * n_hops, standardize=False, random_state=0)
    one = model.fit_transform(adjacency)
    ends = np.random.default_rng(seed).choice(80, 2, replace=False)
    distance = dijkstra(adjacency.tocsr(), unweighted=True, indices=ends, min_only=True)
    adjacency[*ends] = adjacency[*ends[::-1]] = 3.5
    far = distance >= n_hops
    assert np.array_equal(model.fit_transform(adjacency)[far], one[far])


def test_components_do_not_see_each_other():
    first, second = random_graph(20, 4, seed=1), random_graph(15, 4, seed=2)
    model = FastRPEmbedder(8, density=0.3, normalization_strength=-0.4, **PLAIN)
    one, other = (
        model.fit_transform(sp.block_diag([first, block])) for block in (second, 5 * second)
    )
    np.testing.assert_allclose(one[:20], other[:20], atol=1e-10)


@pytest.mark.parametrize("options", [{}, {"whiten_every": 2}, {"projection": "orthogonal"}])
def test_same_bits_for_any_number_of_threads(options):
    adjacency = random_graph(300, 8, weighted=True)
    results = [
        FastRPEmbedder(16, random_state=0, n_jobs=n_jobs, **options).fit_transform(adjacency)
        for n_jobs in (1, 2, 3)
    ]
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])


def test_same_bits_with_a_hub_for_any_number_of_threads():
    star = sp.lil_array((3001, 3001), dtype=np.float32)
    star[-1, :-1] = star[:-1, -1] = 1
    model = FastRPEmbedder(8, iteration_weights=[1, 2], self_loops=0.5, random_state=0)
    one, two, three = (
        clone(model).set_params(n_jobs=n_jobs).fit_transform(star) for n_jobs in (1, 2, 3)
    )
    assert np.array_equal(one, two)
    assert np.array_equal(one, three)


def test_fits_in_two_threads_at_once():
    adjacency = random_graph(100, 6)
    expected = FastRPEmbedder(8, random_state=0).fit_transform(adjacency)
    results = []

    def work():
        results.append(FastRPEmbedder(8, random_state=0, n_jobs=2).fit_transform(adjacency))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(result, expected) for result in results)


def test_combine_hops_equals_fit_with_these_weights():
    adjacency = random_graph(60, 5)
    model = FastRPEmbedder(8, iteration_weights=[1] * 5, store_hops=True, random_state=0)
    model.set_params(dtype="float64").fit(adjacency)
    for weights, self_influence in [([0, 0, 1, 6.67], 0.0), ([1, 2], 0.5), ([1] * 5, 0.0)]:
        equal = clone(model).set_params(
            iteration_weights=weights, self_influence=self_influence, store_hops=False
        )
        np.testing.assert_allclose(
            model.combine_hops(weights, self_influence=self_influence),
            equal.fit_transform(adjacency),
            atol=1e-10,
        )
    with pytest.raises(ValueError, match="6 entries, and 5 hops"):
        model.combine_hops([1] * 6)
    with pytest.raises(ValueError, match="store_hops=True"):
        FastRPEmbedder(8).fit(adjacency).combine_hops([1])


def test_whitened_hops_are_uncorrelated():
    adjacency = sp.block_diag([connected_graph(201), np.zeros((3, 3))])
    model = FastRPEmbedder(6, iteration_weights=[0] * 4 + [1], whiten_every=2, store_hops=True)
    model.set_params(**PLAIN, projection="gaussian").fit(adjacency)
    for i in (2, 4):
        np.testing.assert_allclose(np.cov(model.hops_[i][:201].T, bias=True), np.eye(6), atol=1e-8)
        np.testing.assert_allclose(model.hops_[i][:201].mean(axis=0), 0, atol=1e-10)
        assert not model.hops_[i][201:].any()
    assert sorted(model.whitening_) == [2, 4]


def test_memory_is_reused():
    """With two weights at the end, the output takes the buffer of an earlier hop."""
    adjacency = random_graph(50, 5)
    kept = FastRPEmbedder(8, iteration_weights=[0, 0, 1, 6], store_hops=True, random_state=0)
    spared = clone(kept).set_params(store_hops=False)
    np.testing.assert_allclose(
        kept.fit_transform(adjacency), spared.fit_transform(adjacency), atol=1e-5
    )
    assert spared.hops_ == {}


@pytest.mark.parametrize(
    "options",
    [
        {"iteration_weights": "paper", "store_hops": False},
        {"iteration_weights": "paper"},
        {"iteration_weights": [0] * 9 + [1, 3, 9], "store_hops": False},
        {"self_influence": 1, "iteration_weights": [1, 1]},
        {"store_hops": True, "projection": "gaussian"},
        {"combine": "concat", "iteration_weights": [1, 0, 1]},
        {"whiten_every": 2, "store_hops": False},
        {"storage": "bfloat16", "store_hops": False},
        {"storage": "bfloat16"},
    ],
)
def test_memory_estimate(options):
    """Against the peak that Python's allocator saw, and the arrays that stay."""
    n, d = 30_000, 48
    ring = sp.diags_array([np.ones(n - 1), np.ones(n - 1)], offsets=[-1, 1], dtype=np.float32)
    adjacency = ring.tocsr()
    model = FastRPEmbedder(d, random_state=0, **options)
    estimate = model.estimate_memory(n, adjacency.nnz)
    model.fit(random_graph(20, 3))
    tracemalloc.start()
    model.fit(adjacency)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert estimate["fit"] == pytest.approx(peak, rel=0.15)
    arrays = [model.embedding_, *model.hops_.values()]
    size = sum(a.data.nbytes if sp.issparse(a) else a.nbytes for a in arrays)
    assert estimate["fitted"] == pytest.approx(size, rel=0.1)


# ------------------------------------------------------------------ bfloat16 storage


def cosines(a, b):
    return np.sum(unit_rows(a.astype(float)) * unit_rows(b.astype(float)), axis=1)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"iteration_weights": "paper"},
        {"projection": "gaussian", "self_influence": 1.0},
        {"self_loops": 1.0, "propagation": "symmetric"},
        {"combine": "concat"},
    ],
)
def test_bfloat16_rows_point_where_float32_rows_do(options):
    """Cosine of at least 0.999 up to four hops; transform gives fitted rows back exactly."""
    adjacency = random_graph(400, 8, weighted=True)
    options = {"iteration_weights": [1, 1, 1, 1], **options, "standardize": False}
    model = FastRPEmbedder(32, storage="bfloat16", random_state=0, **options)
    half = model.fit_transform(adjacency)
    assert half.dtype == np.float32
    full = clone(model).set_params(storage=None).fit_transform(adjacency)
    present = full.any(axis=1)
    assert cosines(half, full)[present].min() > 0.999
    again = model.transform(adjacency)
    np.testing.assert_allclose(again, half, rtol=1e-5, atol=1e-6)
    assert all(hop.dtype == np.uint16 for hop in model.hops_.values() if not sp.issparse(hop))


@pytest.mark.parametrize("options", [{"whiten_every": 2}, {"deflate": True}])
def test_bfloat16_with_changed_hops(options):
    adjacency = connected_graph(301)
    model = FastRPEmbedder(
        16, iteration_weights=[0, 1, 2], storage="bfloat16", random_state=0, **options
    )
    half = model.fit_transform(adjacency)
    full = clone(model).set_params(storage=None).fit_transform(adjacency)
    assert np.median(cosines(half, full)) > 0.99
    np.testing.assert_allclose(model.transform(adjacency), half, rtol=1e-3, atol=1e-3)


def test_bfloat16_updates_and_combinations():
    adjacency = random_graph(200, 6)
    changed = adjacency.tolil()
    changed[3, 9] = changed[9, 3] = 1
    model = FastRPEmbedder(16, storage="bfloat16", store_hops=True, density=0.2, random_state=0)
    model.fit(adjacency)
    np.testing.assert_allclose(
        model.combine_hops(model.iteration_weights_), model.embedding_, atol=0.1
    )
    model.partial_fit(changed.tocsr(), freeze=False)
    fresh = clone(model).set_params(iteration_weights=model.iteration_weights_).fit(changed)
    for i in range(1, len(model.hops_)):
        assert np.array_equal(model.hops_[i], fresh.hops_[i])
    with pytest.raises(ValueError, match="needs dtype='float32'"):
        FastRPEmbedder(storage="bfloat16", dtype="float64").fit(adjacency)


# ------------------------------------------------------------------ random vectors


def test_a_node_keeps_its_random_vector_in_another_graph():
    ids = np.array(["ann", "bob", "cy"])
    options = {"iteration_weights": [], "self_influence": 1.0, "density": 0.5, **PLAIN}
    small = FastRPEmbedder(32, **options).fit_transform(np.zeros((3, 3)), node_ids=ids)
    large = FastRPEmbedder(32, **options).fit_transform(
        np.zeros((9, 9)), node_ids=[*"uvwxyz", *ids]
    )
    assert np.array_equal(small, large[6:])


@pytest.mark.parametrize("n", [20, 6])
def test_orthogonal_projection(n):
    """Orthogonal columns, or rows where there are fewer nodes than components."""
    model = FastRPEmbedder(8, projection="orthogonal", store_hops=True, **PLAIN)
    start = model.fit(random_graph(n, 3)).hops_[0]
    if n >= 8:
        np.testing.assert_allclose(start.T @ start, n / 8 * np.eye(8), atol=1e-8)
    else:
        np.testing.assert_allclose(start @ start.T, np.eye(n), atol=1e-8)


def test_density():
    adjacency = random_graph(400, 4)
    for density, expected in [("auto", 1 / 10), ("paper", 1 / 20), (0.25, 0.25)]:
        model = FastRPEmbedder(10, density=density, store_hops=True, random_state=0)
        model.fit(adjacency)
        assert model.density_ == pytest.approx(expected)
        assert model.hops_[0].nnz / 4000 == pytest.approx(expected, rel=0.3)
    model.set_params(projection="sjlt", density=0.3).fit(adjacency)
    assert np.all(np.diff(model.hops_[0].indptr) == 3)


def test_random_state():
    adjacency = random_graph(30, 4)
    one, same, other, fresh = (
        FastRPEmbedder(8, random_state=state).fit_transform(adjacency) for state in (0, 0, 1, None)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, fresh)


# ------------------------------------------------------------------ features


def test_feature_part_is_a_projection_of_the_features():
    """Linear in the features, in its own columns, without degree scaling, for new nodes too."""
    adjacency = random_graph(40, 5)
    table = np.random.default_rng(0).random((40, 12))
    model = FastRPEmbedder(
        8, feature_ratio=0.4, store_hops=True, normalization_strength=-0.5, **PLAIN
    )
    start = model.fit(adjacency, features=table).hops_[0]
    sparse = model.fit(adjacency, features=sp.csr_matrix(table)).hops_[0]
    np.testing.assert_allclose(sparse, start, atol=1e-12)
    solution, _, rank, _ = np.linalg.lstsq(table, start[:, 5:], rcond=None)
    assert rank == 12
    np.testing.assert_allclose(table @ solution, start[:, 5:], atol=1e-10)
    sizes = np.unique(np.abs(solution).round(8))
    np.testing.assert_allclose(sizes, [0, np.sqrt(3 / 8)], atol=1e-6)
    bare = FastRPEmbedder(5, density=model.density_, store_hops=True, **PLAIN)
    bare.set_params(normalization_strength=-0.5).fit(adjacency)
    ratio = start[:, :5][bare.hops_[0].toarray() != 0] / bare.hops_[0].data
    np.testing.assert_allclose(ratio, 1, rtol=1e-10)


def test_features_are_added_to_the_start_vectors():
    """N_0 = L R + w F Q, over all columns; new nodes with features get theirs."""
    adjacency = random_graph(40, 5)
    table = np.random.default_rng(0).random((40, 5))
    options = {"store_hops": True, "normalization_strength": -0.5, **PLAIN}
    bare = FastRPEmbedder(8, **options).fit(adjacency).hops_[0].toarray()
    projected = FastRPEmbedder(8, feature_ratio=1.0, **options).fit(adjacency, features=table)
    for weight in (0.5, 2.0):
        model = FastRPEmbedder(8, feature_weight=weight, self_influence=1, **options)
        got = model.fit_transform(adjacency, features=sp.csr_array(table))
        expected = bare + weight * projected.hops_[0]
        np.testing.assert_allclose(model.hops_[0], expected, atol=1e-12)
        np.testing.assert_allclose(model.transform(adjacency, features=table), got, atol=1e-12)
        bipartite = FastRPEmbedder(8, feature_weight=weight, bipartite=True, random_state=0)
        assert np.isfinite(bipartite.fit_transform(adjacency, features=table)).all()


def test_features_come_with_the_handle():
    adjacency, table = random_graph(20, 3), start_of(20, 4)
    model = FastRPEmbedder(8, feature_ratio=1.0, random_state=0)
    handle = Graph(adjacency, features=table)
    expected = model.fit_transform(adjacency, features=table)
    assert np.array_equal(model.fit_transform(handle), expected)
    np.testing.assert_allclose(model.transform(handle), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "given_to_fit", "message"),
    [
        ({"feature_ratio": 0.5}, {}, "needs node features"),
        ({"feature_weight": 0.5}, {}, "feature_weight=0.5 needs node features"),
        (
            {"feature_weight": 0.5, "feature_ratio": 0.5},
            {"features": np.ones((10, 2))},
            "exclude each other",
        ),
        ({"feature_ratio": 0.5}, {"features": np.ones((3, 2))}, "3 rows, expected 10"),
        (
            {"feature_ratio": 0.5},
            {"features": np.ones((10, 2)), "init": np.ones((10, 4))},
            "exclude each other",
        ),
        ({}, {"init": np.ones((10, 3))}, r"init must have shape \(10, 4\)"),
        ({}, {"init": np.full((10, 4), np.nan)}, "init contains NaN"),
        ({}, {"node_ids": np.arange(9)}, r"node_ids must have shape \(10,\)"),
        ({}, {"node_ids": [0] * 10}, "unique"),
    ],
)
def test_errors_of_what_is_given_to_fit(options, given_to_fit, message):
    with pytest.raises(ValueError, match=message):
        FastRPEmbedder(4, **options).fit(random_graph(10, 3), **given_to_fit)


def test_errors_of_what_is_given_to_transform():
    adjacency = random_graph(10, 3)
    model = FastRPEmbedder(4, feature_ratio=1.0, self_influence=1)
    model.fit(adjacency, features=np.ones((10, 3)))
    with pytest.raises(ValueError, match="features is None"):
        model.transform(adjacency)
    with pytest.raises(ValueError, match="2 columns, expected 3"):
        model.transform(adjacency, features=np.ones((10, 2)))
    model = FastRPEmbedder(4, self_influence=1).fit(adjacency, init=np.ones((10, 4)))
    with pytest.raises(ValueError, match="init is None"):
        model.transform(adjacency)
    with pytest.raises(ValueError, match="store_hops=False"):
        FastRPEmbedder(4, store_hops=False).fit(adjacency).transform(adjacency)
    with pytest.raises(ValueError, match="X has 9 features, but FastRPEmbedder is expecting 10"):
        model.transform(adjacency[:, :9])
    with pytest.raises(NotFittedError):
        FastRPEmbedder().transform(adjacency)


# ------------------------------------------------------------------ bipartite graphs


def bipartite_graph(n_rows=30, n_columns=20, seed=0):
    rng = np.random.default_rng(seed)
    linked = rng.random((n_rows, n_columns)) < 0.15
    return sp.csr_array(np.where(linked, rng.uniform(0.5, 2.0, linked.shape), 0.0))


def test_bipartite_is_the_square_graph_of_rows_and_columns():
    edges, start = bipartite_graph(), start_of(50)
    square = sp.csr_array(sp.block_array([[None, edges], [edges.T, None]]))
    options = {"iteration_weights": [1, 0, 2, 3], "normalization_strength": -0.3, **PLAIN}
    expected = FastRPEmbedder(8, **options).fit_transform(square, init=start)
    model = FastRPEmbedder(8, bipartite=True, **options).fit(edges, init=start)
    np.testing.assert_array_equal(model.embedding_, expected[:30])
    np.testing.assert_array_equal(model.embedding_col_, expected[30:])
    assert model.n_features_in_ == 20
    assert model.degrees_.shape == (30,)


@pytest.mark.parametrize("projection", ["sparse", "gaussian", "sjlt", "orthogonal"])
def test_bipartite_transform_equals_fit_transform(projection):
    edges, table = bipartite_graph(), start_of(30, 4)
    options = {
        "projection": projection,
        "self_influence": 0.5,
        "self_loops": 0.2,
        "random_state": 0,
    }
    for more, given_to_fit in [
        ({}, {}),
        ({"deflate": True, "whiten_every": 2}, {}),
        ({"feature_ratio": 0.5}, {"features": table}),
        ({"feature_ratio": 1.0}, {"features": table}),
    ]:
        model = FastRPEmbedder(6, bipartite=True, **options, **more)
        fitted = model.fit_transform(edges, **given_to_fit)
        np.testing.assert_allclose(fitted.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(model.embedding_col_.mean(axis=0), 0, atol=1e-5)
        again = model.transform(edges, **given_to_fit)
        np.testing.assert_allclose(again, fitted, rtol=1e-3, atol=1e-3)


def test_bipartite_rows_and_columns_have_different_start_vectors():
    model = FastRPEmbedder(16, bipartite=True, projection="gaussian", store_hops=True, **PLAIN)
    start = model.fit(bipartite_graph(20, 20)).hops_[0]
    assert np.abs(np.corrcoef(start[:20].ravel(), start[20:].ravel())[0, 1]) < 0.2


def test_bipartite_rows_are_samples_of_a_table():
    """Words of documents: rows are sliced in cross-validation, columns are not."""
    label = np.repeat([0, 1], 60)
    rng = np.random.default_rng(0)
    topic = np.repeat([0, 1], 40)
    counts = rng.poisson(np.where(label[:, None] == topic, 0.3, 0.05))
    model = make_pipeline(FastRPEmbedder(16, bipartite=True, random_state=0), LogisticRegression())
    assert cross_val_score(model, sp.csr_array(counts), label).mean() > 0.9


def test_bipartite_has_no_direction():
    with pytest.raises(ValueError, match="direction='in' has no meaning"):
        FastRPEmbedder(bipartite=True, direction="in").fit(bipartite_graph())


# ------------------------------------------------------------------ degenerate cases


def test_isolated_nodes():
    """Hops are zero; the row is the weighted hop 0; standardised it stays finite."""
    adjacency = np.zeros((6, 6))
    adjacency[0, 1] = adjacency[1, 0] = 1
    start = start_of(6)
    model = FastRPEmbedder(8, iteration_weights=[1, 1], **PLAIN)
    assert not model.fit_transform(adjacency, init=start)[2:].any()
    assert model.n_zero_rows_ == 0
    assert model.graph_stats_["n_isolated"] == 4
    model.set_params(self_influence=2)
    got = model.fit_transform(adjacency, init=start)
    np.testing.assert_allclose(got[2:], 2 * unit_rows(start[2:]), atol=1e-12)
    assert np.isfinite(model.set_params(standardize=True).fit_transform(adjacency)).all()


def test_zero_rows_are_counted_and_reported():
    """Pairs of nodes with a very sparse projection: zero rows; sjlt has none."""
    pairs = sp.block_diag([np.array([[0, 1], [1, 0]])] * 200)
    model = FastRPEmbedder(8, iteration_weights=[1], density=0.02, random_state=0)
    with pytest.warns(UserWarning, match="nodes have edges and a zero vector"):
        model.fit(pairs)
    assert 0.7 * 400 < model.n_zero_rows_ < 400
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.set_params(projection="sjlt").fit(pairs)
    assert model.n_zero_rows_ == 0


def test_bipartite_parity():
    """Odd hops of a path read the other side, even hops the own side."""
    path = np.diag(np.ones(6), 1) + np.diag(np.ones(6), -1)
    start = np.where(np.arange(7) % 2, 1.0, -1.0)[:, None]
    model = FastRPEmbedder(1, iteration_weights=[1] * 4, store_hops=True, **PLAIN)
    model.fit(path, init=start)
    for i in range(5):
        np.testing.assert_allclose(model.hops_[i], (-1) ** i * start)


@pytest.mark.parametrize("weights", [[0, 1], [1, 0, 1], [0, 0, 0, 1]])
def test_weights_of_one_parity_on_a_bipartite_component(weights):
    """A path beside a triangle: all hops of the path's nodes read one side."""
    path = np.diag(np.ones(3), 1) + np.diag(np.ones(3), -1)
    graph = sp.block_diag([path, np.ones((3, 3)) - np.eye(3)])
    model = FastRPEmbedder(8, iteration_weights=weights, random_state=0, check_parity=True)
    with pytest.warns(UserWarning, match="4 of 7 nodes lie in bipartite components"):
        model.fit(graph)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.set_params(iteration_weights=[*weights, 1, 1]).fit(graph)
        model.set_params(iteration_weights=weights, self_loops=0.1).fit(graph)
        model.set_params(self_loops=0.0).fit(np.ones((3, 3)))
        model.set_params(check_parity=False).fit(graph)


def test_stored_loops_count():
    adjacency = random_graph(20, 3).toarray()
    np.fill_diagonal(adjacency, 2.0)
    start = start_of(20)
    got = FastRPEmbedder(8, iteration_weights=[1, 1], **PLAIN).fit_transform(adjacency, init=start)
    expected = embedding(sp.csr_array(adjacency), start, [0, 1, 1])
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_sinks_are_zero_from_the_next_hop_on():
    chain = np.diag(np.ones(4), 1)
    model = FastRPEmbedder(4, iteration_weights=[1, 1, 1], store_hops=True, **PLAIN)
    model.fit(chain, init=np.ones((5, 4)))
    zero = [np.flatnonzero(~hop.any(axis=1)).tolist() for hop in model.hops_.values()]
    assert zero == [[], [4], [3, 4], [2, 3, 4]]
    with pytest.warns(UserWarning, match="sinks"):
        model.set_params(iteration_weights=[0, 0, 1]).fit(chain, init=np.ones((5, 4)))
    assert model.n_zero_rows_ == 2  # the third has no edges: it is isolated, and no surprise
    model.set_params(direction="both").fit(chain, init=np.ones((5, 4)))
    np.testing.assert_allclose(model.hops_[3], 1)
    assert model.n_zero_rows_ == 0


@pytest.mark.parametrize("n", [1, 5])
def test_no_edges(n):
    empty = np.zeros((n, n))
    assert not FastRPEmbedder(4).fit_transform(empty).any()
    for options in ({"whiten_every": 1}, {"deflate": True}, {"propagation": "adjacency"}):
        got = FastRPEmbedder(4, **options, **PLAIN).fit_transform(empty)
        assert not got.any()
    start = start_of(n, 4)
    got = FastRPEmbedder(4, self_influence=2, **PLAIN).fit_transform(empty, init=start)
    np.testing.assert_allclose(got, 2 * unit_rows(start), atol=1e-12)


def test_no_nodes():
    with pytest.raises(ValueError, match="0 sample"):
        FastRPEmbedder().fit(np.zeros((0, 0)))


def test_no_hops():
    adjacency, start = random_graph(10, 3), start_of(10)
    with pytest.raises(ValueError, match="gives no hop a weight"):
        FastRPEmbedder(8, iteration_weights=[]).fit(adjacency)
    with pytest.raises(ValueError, match="gives no hop a weight"):
        FastRPEmbedder(8, iteration_weights=[0, 0]).fit(adjacency)
    model = FastRPEmbedder(8, iteration_weights=[], self_influence=3, **PLAIN)
    got = model.fit_transform(adjacency, init=start)
    np.testing.assert_allclose(got, 3 * unit_rows(start), atol=1e-12)
    np.testing.assert_allclose(model.transform(adjacency, init=start), got, atol=1e-12)


def test_more_components_than_nodes():
    adjacency = connected_graph(9)
    for whiten_every in (None, 1):
        got = FastRPEmbedder(20, whiten_every=whiten_every, **PLAIN).fit_transform(adjacency)
        assert got.shape == (9, 20)
        assert np.isfinite(got).all()


def test_whitening_of_more_components_than_nodes():
    """A centred hop has rank n - 1: so many directions get variance 1, the others are zero."""
    ring = np.roll(np.eye(9), 1, axis=1)
    model = FastRPEmbedder(20, whiten_every=1, projection="gaussian", store_hops=True, **PLAIN)
    model.set_params(iteration_weights=[1, 1]).fit(ring + ring.T)
    variances = np.linalg.eigvalsh(np.cov(model.hops_[2].T, bias=True))
    expected = np.r_[np.zeros(12), np.ones(8)]
    np.testing.assert_allclose(variances, expected, atol=1e-8)


def test_extreme_weights_do_not_overflow():
    """Rows are normalised safely where float32 squares would over- or underflow."""
    adjacency, start = connected_graph(15), start_of(15)
    model = FastRPEmbedder(8, iteration_weights=[1, 1], standardize=False)
    expected = model.fit_transform(adjacency, init=start)
    for factor in (1e-30, 1e30):
        got = model.fit_transform(adjacency, init=factor * start)
        np.testing.assert_allclose(got, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros((3, 4)), ValueError, r"square .* got shape \(3, 4\)"),
        (np.full((3, 3), np.nan), ValueError, r"NaN or infinity: entry \(0, 0\)"),
        (-np.ones((3, 3)), ValueError, "Negative values"),
        ([(0, 1), (1, 2), (2, 0)], TypeError, "Graph.from_edgelist"),
        (np.array([(0, 1), (1, 2), (2, 0)]), ValueError, "square.*Graph.from_edgelist"),
        (pd.DataFrame({"from": ["a", "b"], "to": ["b", "c"]}), ValueError, "Graph.from_edgelist"),
        ({0: [1]}, TypeError, "Graph.from_edgelist"),
        (type("G", (), {"adjacency": dict})(), TypeError, "Graph.from_networkx"),
    ],
)
def test_bad_graphs(X, error, message):
    with pytest.raises(error, match=message):
        FastRPEmbedder().fit(X)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_components": 0}, "n_components"),
        ({"iteration_weights": "deep"}, "iteration_weights"),
        ({"iteration_weights": ["a"]}, "must be numbers"),
        ({"iteration_weights": [[1.0]]}, "1-d sequence"),
        ({"iteration_weights": [np.inf]}, "finite"),
        ({"self_influence": -1}, "self_influence"),
        ({"density": 0.0}, "density"),
        ({"whiten_every": 0}, "whiten_every"),
        ({"deflate": True, "propagation": "adjacency"}, "propagation='transition'"),
    ],
)
def test_bad_parameters(options, message):
    with pytest.raises(ValueError, match=message):
        FastRPEmbedder(**options).fit(random_graph(5, 2))


def test_deflation_needs_an_undirected_graph():
    with pytest.raises(ValueError, match="direction='both'"):
        FastRPEmbedder(deflate=True).fit(random_graph(20, 3, directed=True))
    FastRPEmbedder(deflate=True, direction="both").fit(random_graph(20, 3, directed=True))


# ------------------------------------------------------------------ presets


def test_presets_are_their_sources_settings():
    adjacency = connected_graph(101)
    paper = FastRPEmbedder(16, iteration_weights="paper", random_state=0)
    spelled = FastRPEmbedder(
        16,
        iteration_weights=[0, 0, 1, 6.67],
        normalization_strength=-0.64,
        density="paper",
        random_state=0,
    )
    assert np.array_equal(paper.fit_transform(adjacency), spelled.fit_transform(adjacency))
    neo4j = FastRPEmbedder(16, iteration_weights="neo4j", random_state=0)
    spelled.set_params(
        iteration_weights=[0, 1, 1], normalization_strength=0, density=1 / 3, standardize=False
    )
    assert np.array_equal(neo4j.fit_transform(adjacency), spelled.fit_transform(adjacency))
    kept = FastRPEmbedder(16, iteration_weights="neo4j", standardize="l2", random_state=0)
    np.testing.assert_allclose(np.linalg.norm(kept.fit_transform(adjacency), axis=1), 1, rtol=1e-5)
    assert kept.density_ == pytest.approx(1 / 3)


# ------------------------------------------------------------------ scikit-learn


def test_cross_validation_is_inductive():
    """The pairwise tag: fit sees A[train][:, train], transform A[test][:, train]."""
    label = np.repeat([0, 1], 60)
    rng = np.random.default_rng(0)
    linked = rng.random((120, 120)) < np.where(label[:, None] == label, 0.25, 0.03)
    adjacency = sp.csr_array((np.triu(linked, 1) + np.triu(linked, 1).T).astype(float))
    model = make_pipeline(FastRPEmbedder(16, random_state=0), LogisticRegression())
    assert cross_val_score(model, adjacency, label).mean() > 0.9


def test_pickle_clone_and_read_only():
    adjacency = random_graph(30, 4, dtype=np.float32)
    for array in (adjacency.data, adjacency.indices, adjacency.indptr):
        array.flags.writeable = False
    model = FastRPEmbedder(8, whiten_every=3, random_state=0).fit(adjacency)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.transform(adjacency), model.transform(adjacency))
    assert np.array_equal(clone(model).fit_transform(adjacency), model.embedding_)


def test_set_output():
    adjacency = random_graph(12, 3)
    model = FastRPEmbedder(4, random_state=0).set_output(transform="pandas")
    frame = model.fit_transform(adjacency)
    assert list(frame.columns) == ["fastrp0", "fastrp1", "fastrp2", "fastrp3"]
    np.testing.assert_allclose(model.transform(adjacency), frame, atol=1e-5)


def test_input_is_left_alone():
    adjacency = random_graph(20, 3, weighted=True)
    before = adjacency.copy()
    start = start_of(20)
    FastRPEmbedder(8, direction="both", self_influence=1, self_loops=1).fit(adjacency, init=start)
    assert (adjacency != before).nnz == 0
    assert np.array_equal(start, start_of(20))


# ------------------------------------------------------------------ real networks


def test_automatic_depth_on_cora():
    """The literature's protocol, 10 % of the nodes in training: the rule finds a depth that pays.

    The paper's weights reach about 0.60; 0.74 is the mark set for the automatic ones.
    """
    adjacency, field = load_network("cora", return_X_y=True)
    splits = ShuffleSplit(3, train_size=0.1, random_state=0)
    scores = {}
    for weights in ("auto", "paper"):
        model = FastRPEmbedder(iteration_weights=weights, store_hops=False, random_state=0)
        vectors = model.fit_transform(adjacency)
        classifier = LogisticRegression(C=0.1, max_iter=1000)
        scores[weights] = cross_val_score(classifier, vectors, field, cv=splits).mean()
    assert scores["auto"] >= 0.74
    assert scores["auto"] > scores["paper"] + 0.1


def test_features_help_on_cora():
    """Published split of 140 training papers; features alone in the start vectors."""
    cora = load_network("cora")
    model = FastRPEmbedder(feature_ratio=1.0, store_hops=False, random_state=0)
    vectors = model.fit_transform(cora.data, features=cora.features)
    train, test = cora.train_indices, cora.test_indices
    classifier = LogisticRegression(C=0.1, max_iter=1000).fit(vectors[train], cora.target[train])
    assert classifier.score(vectors[test], cora.target[test]) > 0.77


@pytest.mark.parametrize("propagation", ["transition", "adjacency", "symmetric"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_size_of_the_weights_does_not_matter(propagation, dtype):
    adjacency = random_graph(30, 6, weighted=True, seed=0)
    model = FastRPEmbedder(8, propagation=propagation, dtype=dtype, random_state=0)
    expected = model.fit_transform(adjacency)
    largest = np.finfo(dtype).max / (adjacency.max() if dtype == "float32" else adjacency.sum() * 2)
    for factor in (largest, 1e-36, 1e25):
        got = model.fit_transform(adjacency * factor)
        np.testing.assert_allclose(got, expected, atol=2e-4)
        np.testing.assert_allclose(model.transform(factor * adjacency), expected, atol=2e-4)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_weights_of_very_different_size():
    adjacency = random_graph(30, 6, weighted=True, seed=0).toarray()
    adjacency[0] *= 1e-36
    adjacency[1] *= 1e36
    raw = {"hop_normalization": None, "iteration_weights": [1, 1], "standardize": False}
    model = FastRPEmbedder(8, self_loops=1e-36, **raw)
    start = start_of(30)
    looped = adjacency + 1e-36 * np.eye(30)
    A = looped / looped.sum(axis=1, keepdims=True)
    got = model.fit_transform(adjacency, init=start)
    np.testing.assert_allclose(got, A @ start + A @ A @ start, atol=1e-5)


def test_degrees_are_summed_in_double_precision():
    n = 200_001
    weights = np.full(n, 0.1, np.float32)
    star = sp.csr_array((weights, np.arange(n), np.r_[0, np.full(n, n)]), shape=(n, n))
    model = FastRPEmbedder(1, iteration_weights=[1], store_hops=False, random_state=0).fit(star)
    np.testing.assert_allclose(model.degrees_[0], n * np.float64(np.float32(0.1)), rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalization_strength": -40}, "normalization_strength=-40"),
        ({"normalization_strength": 1e3}, "normalization_strength=1000"),
        ({"iteration_weights": [1e39]}, "iteration_weights"),
        ({"self_influence": 1e300}, "self_influence"),
        ({"self_influence": 1e-300}, "self_influence"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_parameters_that_overflow(options, message):
    with pytest.raises(ValueError, match=message):
        FastRPEmbedder(8, random_state=0, **options).fit(random_graph(30, 6, seed=0))
    with pytest.raises(ValueError, match="add up to infinity"):
        FastRPEmbedder(8, dtype="float64").fit(np.full((3, 3), 1e308))
    model = FastRPEmbedder(8, hop_normalization=None, iteration_weights=[1, 1])
    with pytest.raises(ValueError, match="overflows float32"):
        model.fit(np.ones((3, 3)), init=np.full((3, 8), 3e38))


def test_transform_reads_no_hops_behind_the_last_weight():
    adjacency = random_graph(20, 4, seed=0)
    for weights, options in (([1, 0], {"self_loops": 1.0}), ([0, 0], {"self_influence": 1.0})):
        model = FastRPEmbedder(8, iteration_weights=weights, random_state=0, **options)
        expected = model.fit_transform(adjacency)
        np.testing.assert_allclose(model.transform(adjacency), expected, atol=1e-5)


def test_fit_again_with_other_features():
    adjacency = random_graph(20, 4, seed=0)
    model = FastRPEmbedder(8, feature_ratio=0.5, random_state=0)
    for n_features in (3, 5):
        model.fit(adjacency, features=start_of(20, n_features))


def test_arguments_of_methods_are_checked():
    model = FastRPEmbedder(8, store_hops=True, random_state=0).fit(np.ones((5, 5)))
    with pytest.raises(ValueError, match="self_influence == -1"):
        model.combine_hops([1], self_influence=-1)
    with pytest.raises(ValueError, match="n_nodes == 0"):
        model.estimate_memory(0, 0)
    with pytest.raises(ValueError, match="n_edges == -1"):
        model.estimate_memory(3, -1)


@pytest.mark.parametrize("convert", [np.asarray, sp.csr_array])
def test_init_may_change_after_the_fit(convert):
    adjacency, init = random_graph(20, 4, seed=0), convert(start_of(20))
    model = FastRPEmbedder(8, iteration_weights=[1], dtype="float64").fit(adjacency, init=init)
    before = model.transform(adjacency)
    init *= 0
    np.testing.assert_array_equal(model.transform(adjacency), before)
