import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.topology import (
    BifiltrationTransformer,
    hilbert_signed_measure,
    rank_invariant,
    rank_measure,
    rank_signed_measure,
)
from tests.topology.conftest import random_graph, value_of

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def sample(seed, n=8):
    rng = np.random.default_rng(seed)
    edges, values = random_graph(rng, n, 11, levels=4)
    edges = np.sort(edges, axis=1)
    simplices = [np.arange(n)[:, None], edges]
    grades = [values, values[edges].max(axis=1)]
    return (edges, values), simplices, grades


def components_that_meet(simplices, grades, x, y):
    """Rank of H0: components at y that hold a node of x, by flooding."""
    label = {v: v for v in range(len(simplices[0])) if (grades[0][v] <= y).all()}
    for _ in label:
        for (u, v), grade in zip(simplices[1], grades[1]):
            if (grade <= y).all():
                label[u] = label[v] = min(label[u], label[v])
    return len({label[v] for v in label if (grades[0][v] <= x).all()})


@few
@given(seeds)
def test_rank_of_components_by_flooding(seed):
    _, simplices, grades = sample(seed)
    grid = [np.arange(4.0), np.arange(4.0)]
    ranks = rank_invariant(simplices, grades, 0, grid)
    for i, j, k, a in np.random.default_rng(seed).integers(0, 4, (12, 4)):
        expected = 0
        if i <= k and j <= a:
            expected = components_that_meet(simplices, grades, (i, j), (k, a))
        assert ranks[i, j, k, a] == expected


@few
@given(seeds)
def test_rank_properties(seed):
    graph, simplices, grades = sample(seed)
    grid = [np.arange(4.0), np.arange(4.0)]
    for dimension in (0, 1):
        ranks = rank_invariant(simplices, grades, dimension, grid)
        hilbert = hilbert_signed_measure(graph, "graph", dimension, function="precomputed")
        for i in range(4):
            for j in range(4):
                assert ranks[i, j, i, j] == value_of(hilbert, (i, j))
        comparable = np.arange(4)[:, None] <= np.arange(4)
        pairs = comparable[:, None, :, None] & comparable[None, :, None, :]
        falling = np.diff(ranks, axis=2)
        assert (falling[pairs[:, :, :-1]] <= 0).all()
        points, weights = rank_measure(ranks, grid)
        for i, j, k, a in np.argwhere(pairs)[::5]:
            inside = (points[:, :2] <= (i, j)).all(axis=1) & (points[:, 2:] > (k, a)).all(axis=1)
            assert weights[inside].sum() == ranks[i, j, k, a]


def test_threads_give_the_same():
    _, simplices, grades = sample(0)
    grid = [np.arange(4.0), np.arange(4.0)]
    expected = rank_invariant(simplices, grades, 1, grid)
    np.testing.assert_array_equal(rank_invariant(simplices, grades, 1, grid, n_jobs=2), expected)


def test_alpha_rounded_to_the_closest_grid_value(oracle):
    shape = (oracle["pc2__X"], oracle["pc2__f"])
    transformer = BifiltrationTransformer(filtration="alpha", function="precomputed").fit([shape])
    simplices, grades = transformer.complexes([shape])[0]
    grid = [np.linspace(c.min(), c.max(), 8) for c in np.concatenate(grades).T]
    closest = [
        np.column_stack(
            [axis[np.abs(c[:, None] - axis).argmin(axis=1)] for c, axis in zip(g.T, grid)]
        )
        for g in grades
    ]
    points, weights = rank_measure(rank_invariant(simplices, closest, 1, grid), grid)
    np.testing.assert_allclose(points, oracle["pc2__alpha_rank1_r8__pts"])
    np.testing.assert_array_equal(weights, oracle["pc2__alpha_rank1_r8__w"])


def test_empty_graph_and_unknown_filtration():
    empty = (np.empty((0, 2)), np.empty((0, 2)))
    points, weights = rank_signed_measure(empty, function="precomputed")
    assert points.shape == (0, 4)
    assert len(weights) == 0
    with pytest.raises(ValueError, match="has cells that enter at several grades"):
        rank_signed_measure(np.zeros((3, 2)), "degree_rips")
    transformer = BifiltrationTransformer(filtration="degree_rips").fit([np.zeros((3, 2))])
    with pytest.raises(ValueError, match="no complex to list"):
        transformer.complexes([np.zeros((3, 2))])
