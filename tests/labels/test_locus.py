"""The locus theorems of the paper, and what to observe next."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.labels import (
    is_locus_cover,
    label_locus,
    minimum_tree_cover,
    next_class,
    sample_labels,
)
from tests.labels.data import Network, distances_of, graph_of, grid_distances, random_tree


def paths_between(graph, observed):
    """Union of the shortest paths between observed nodes, by the length of detours."""
    D = distances_of(graph)
    own = D[observed]
    detours = own[:, None, :] + own[None, :, :] - D[np.ix_(observed, observed)][:, :, None]
    return np.flatnonzero(np.isclose(detours, 0).any(axis=(0, 1))).tolist()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_locus_of_a_tree_is_the_spanned_subtree(seed, weighted):
    tree = random_tree(14, seed, weighted)
    observed = np.random.default_rng(seed).choice(14, 4, replace=False)
    expected = paths_between(tree, observed)
    assert label_locus(tree, observed).tolist() == expected
    assert label_locus(distances_of(tree), observed, method="tree").tolist() == expected
    assert label_locus(distances_of(tree), observed, method="lp").tolist() == expected


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 9))
def test_leaves_are_a_minimal_cover(seed, n):
    tree = random_tree(n, seed)
    leaves = minimum_tree_cover(tree)
    assert is_locus_cover(tree, leaves)
    assert is_locus_cover(distances_of(tree), leaves)
    for leaf in leaves if len(leaves) > 1 else []:
        assert not is_locus_cover(tree, np.setdiff1d(leaves, leaf))


def test_opposite_corners_cover_a_grid():
    D = grid_distances(4, 5)
    assert is_locus_cover(D, [0, 19])
    assert label_locus(D, [0, 4]).tolist() == [0, 1, 2, 3, 4]


def test_complete_graph_reaches_nothing_new():
    D = 1.0 - np.eye(8)
    for observed in ([0], [0, 3], [1, 4, 5, 7]):
        assert label_locus(D, observed).tolist() == observed


def test_three_labels_cover_a_cycle_of_nine():
    cycle = graph_of([(i, (i + 1) % 9) for i in range(9)], 9)
    assert is_locus_cover(cycle, [0, 3, 6])
    assert label_locus(cycle, [0, 3]).tolist() == [0, 1, 2, 3]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_every_sampled_minimiser_is_in_the_locus(seed, n_observed):
    rng = np.random.default_rng(seed)
    places = rng.standard_normal((9, 2))
    D = np.linalg.norm(places[:, None] - places, axis=2)
    observed = rng.choice(9, n_observed, replace=False)
    weights = rng.dirichlet(np.ones(n_observed), 500)
    found = np.unique((weights @ D[observed] ** 2).argmin(axis=1))
    locus = label_locus(D, observed)
    assert set(found) <= set(locus)
    assert set(observed) <= set(locus)


def test_locus_of_points_is_where_their_cell_meets_the_hull():
    """With squared Euclidean distances, a label's cell in the hull of the observed ones."""
    points = np.array([[0, 0], [4, 0], [0, 4], [1, 1], [2, 0.1], [3, 3], [-2, 2.0]])
    D = np.linalg.norm(points[:, None] - points, axis=2)
    weights = np.array([[a, b, 20 - a - b] for a in range(21) for b in range(21 - a)]) / 20
    means = weights @ points[:3]
    nearest = np.linalg.norm(means[:, None] - points, axis=2).argmin(axis=1)
    assert label_locus(D, [0, 1, 2]).tolist() == sorted(set(nearest.tolist()))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_more_observed_labels_of_a_tree_reach_more(seed):
    tree = random_tree(20, seed)
    order = np.random.default_rng(seed).permutation(20)
    loci = [set(label_locus(tree, order[:k])) for k in range(1, 8)]
    assert all(a <= b for a, b in pairwise(loci))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_next_class_adds_most_in_a_tree(seed, n_observed):
    tree = random_tree(15, seed)
    observed = np.random.default_rng(seed).choice(15, n_observed, replace=False)
    locus = label_locus(tree, observed)
    outside = np.setdiff1d(np.arange(15), locus)
    chosen = next_class(tree, observed)
    if len(outside) == 0:
        assert len(chosen) == 0
        return
    assert chosen[0] in outside
    sizes = {y: len(label_locus(tree, [*observed, y])) for y in outside}
    assert sizes[chosen[0]] == max(sizes.values())
    assert np.array_equal(next_class(distances_of(tree), observed), chosen)


def test_next_class_repeats_and_stops():
    tree = random_tree(30, 3)
    three = next_class(tree, [0], n=3)
    step = [0]
    for expected in three:
        (chosen,) = next_class(tree, step)
        assert chosen == expected
        step.append(chosen)
    everything = next_class(tree, [0], n=30)
    assert is_locus_cover(tree, [0, *everything])
    assert len(everything) < 30


def test_locus_does_not_care_about_units():
    D = grid_distances(3, 3)
    assert np.array_equal(label_locus(D, [0, 5]), label_locus(1e-6 * D, [0, 5]))


def test_median_locus():
    """With power 1 on a line, every label between two observed ones is a tie."""
    D = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    assert label_locus(D, [1, 4], method="lp", power=1.0).tolist() == [1, 2, 3, 4]


def test_sampling_gathers_at_the_centre():
    D = np.abs(np.subtract.outer(np.arange(101.0), np.arange(101.0)))
    sizes = []
    for theta in (0.0, 0.1, 1.0):
        draws = [sample_labels(D, 5, theta, random_state=seed) for seed in range(20)]
        assert all(len(set(draw)) == 5 for draw in draws)
        sizes.append(np.mean([len(label_locus(D, draw)) for draw in draws]))
    assert sizes[0] > sizes[1] > sizes[2]


def test_single_draws_have_the_stated_probabilities():
    D = np.abs(np.subtract.outer(np.arange(5.0), np.arange(5.0)))
    draws = [sample_labels(D, 1, 0.7, random_state=seed)[0] for seed in range(4000)]
    p = np.exp(-0.7 * np.abs(np.arange(5) - 2))
    assert np.allclose(np.bincount(draws, minlength=5) / 4000, p / p.sum(), atol=0.03)


def test_trees_with_named_nodes():
    network = Network([("root", "left"), ("root", "right"), ("left", "a"), ("left", "b")])
    names = [network.nodes[i] for i in minimum_tree_cover(network)]
    assert names == ["right", "a", "b"]


def test_bad_input():
    D = grid_distances(2, 3)
    for observed in ([], [6], [-1], [0.5], [[0]]):
        with pytest.raises(ValueError, match="observed must"):
            label_locus(D, observed)
    with pytest.raises(ValueError, match="method must be one of"):
        label_locus(D, [0], method="fast")
    with pytest.raises(ValueError, match="path lengths of a tree"):
        label_locus(D, [0], method="tree")
    with pytest.raises(ValueError, match="at least 1"):
        label_locus(random_tree(5), [0], method="tree", power=0.5)
    with pytest.raises(ValueError, match="must be a tree"):
        minimum_tree_cover(D)
    with pytest.raises(ValueError, match=r"observed must be a list .*inhomogeneous"):
        label_locus(D, [[0], [1, 2]])
    for power in (-1, 0, np.nan, np.inf, "2"):
        with pytest.raises(ValueError, match="power must be positive and finite"):
            label_locus(D, [0, 1], power=power)
    for n in (0, 1.5, "2"):
        with pytest.raises(ValueError, match="n must be an integer of at least 1"):
            next_class(D, [0], n)
    for n in (0, 7, 1.5):
        with pytest.raises(ValueError, match="n must be from 1 to the 6 labels"):
            sample_labels(D, n)
    for theta in (np.nan, 1e300, "1"):
        with pytest.raises(ValueError, match="theta must be a number"):
            sample_labels(D, 2, theta)
    for distances in (1e200 * D, 1e-200 * D):
        with pytest.raises(ValueError, match="D holds numbers up to"):
            sample_labels(distances, 2)
    with pytest.raises(ValueError, match=r"power=1e[+]300 of the largest distance"):
        label_locus(D, [0, 1], power=1e300)
