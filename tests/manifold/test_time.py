import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from skgeom.manifold import affinity_graph, laplacian, select_time
from tests.manifold.data import grid_graph, path_graph, swiss_roll


def mean_entropy(W, t, kind):
    L = laplacian(W, kind).toarray()
    H = expm(-t * L)
    if kind == "normalized":
        H = H * np.sqrt(W.sum(axis=1))
    p = H / H.sum(axis=1, keepdims=True)
    return -(p * np.log(np.maximum(p, 1e-300))).sum(axis=1).mean()


@pytest.mark.parametrize("kind", ["normalized", "combinatorial"])
@pytest.mark.parametrize("share", [0.5, 0.85, 0.95])
def test_entropy_at_the_selected_time(kind, share):
    W = affinity_graph(swiss_roll(150, 0.1, 0)[0], n_neighbors=6)
    t, grid, entropy = select_time(W, share=share, laplacian=kind, n_rows=150)
    pi = W.sum(axis=1) if kind == "normalized" else np.ones(150)
    pi = pi / pi.sum()
    limit = -(pi * np.log(pi)).sum()
    assert mean_entropy(W, t, kind) / limit == pytest.approx(share, abs=2e-3)
    assert len(grid) == len(entropy)
    np.testing.assert_allclose(grid[1:] / grid[:-1], 2.0)
    assert (np.diff(entropy) >= 0).all()


def test_limit_is_that_of_each_component():
    """Two copies of a graph take as long as one: heat does not have to cross between them."""
    ring = grid_graph(6, periodic=True)
    two = sp.csr_array(sp.block_diag([ring, ring]))
    assert select_time(two)[0] == pytest.approx(select_time(ring)[0], rel=1e-9)


def test_random_walk_rows_are_those_of_the_normalized_laplacian():
    W = affinity_graph(swiss_roll(100, 0.1, 1)[0], n_neighbors=5)
    t = select_time(W, laplacian="random_walk", random_state=0)[0]
    assert t == select_time(W, laplacian="normalized", random_state=0)[0]


@settings(max_examples=15, deadline=None)
@given(low=st.floats(0.05, 0.94), gap=st.floats(1e-3, 0.05), seed=st.integers(0, 100))
def test_time_grows_with_the_share(low, gap, seed):
    W = affinity_graph(swiss_roll(60, 0.1, seed)[0], n_neighbors=5)
    assert select_time(W, share=low)[0] <= select_time(W, share=low + gap)[0]


def test_knee_lies_where_the_entropy_bends():
    """Complete graph: entropy of a row by its closed form, knee by brute force over the grid."""
    n = 20
    W = sp.csr_array(np.ones((n, n)) - np.eye(n))
    t, grid, entropy = select_time(W, rule="knee", laplacian="combinatorial")
    off = (1 - np.exp(-n * grid)) / n
    own = off + np.exp(-n * grid)
    exact = -(own * np.log(own) + (n - 1) * off * np.log(off)) / np.log(n)
    np.testing.assert_allclose(entropy, exact, atol=1e-8)
    end = np.searchsorted(exact, 0.999) + 1
    x, y = np.log(grid[:end]), exact[:end]
    height = (y - y[0]) / (y[-1] - y[0]) - (x - x[0]) / (x[-1] - x[0])
    assert t == grid[np.argmax(height)]


def test_more_rows_than_the_sample():
    W = path_graph(400)
    one = select_time(W, n_rows=100, random_state=0)[0]
    assert one == select_time(W, n_rows=100, random_state=0)[0]
    assert one == pytest.approx(select_time(W, n_rows=400)[0], rel=0.2)


def test_two_nodes():
    """h = (1 + e^-2t)/2 and (1 - e^-2t)/2: the entropy of one coin."""
    t, _, _ = select_time(path_graph(2), share=0.85)
    p = (1 + np.exp(-2 * t)) / 2
    assert -(p * np.log2(p) + (1 - p) * np.log2(1 - p)) == pytest.approx(
        0.85, abs=3e-3
    )  # interpolated


@pytest.mark.parametrize("factor", [2.0**-20, 2.0**12])
def test_time_has_the_unit_of_the_weights(factor):
    W = affinity_graph(swiss_roll(100, 0.1, 1)[0], n_neighbors=5)
    options = {"laplacian": "combinatorial", "random_state": 0}
    t = select_time(W, **options)[0]
    assert select_time(W * factor, **options)[0] * factor == pytest.approx(t)


@pytest.mark.parametrize(
    "options", [{"rule": "elbow"}, {"share": 2.0}, {"laplacian": "none"}, {"n_rows": 0}]
)
def test_bad_parameters(options):
    with pytest.raises(ValueError, match=f"The '{next(iter(options))}' parameter of select_time"):
        select_time(path_graph(5), **options)
