import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.topology import BifiltrationTransformer, euler_signed_measure
from skgeom.topology._forest import graph_measures, single_graph
from skgeom.topology._measures import signed_sum
from tests.topology.conftest import (
    assert_same_measure,
    hilbert_brute_force,
    random_graph,
    value_of,
)

few = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def measures_of(edges, values, **parameters):
    transformer = BifiltrationTransformer(filtration="graph", function="precomputed", **parameters)
    return transformer.fit_transform([(edges, values)])[0]


@few
@given(seeds, st.integers(1, 12), st.integers(0, 25), st.sampled_from([None, 2, 4]))
def test_hilbert_function_is_the_betti_number_everywhere(seed, n_nodes, n_edges, levels):
    rng = np.random.default_rng(seed)
    edges, values = random_graph(rng, n_nodes, n_edges, levels=levels)
    found = measures_of(edges, values)
    cells = [[(i,) for i in range(n_nodes)], edges.tolist()]
    grades = [values, values[edges].max(axis=1)]
    for point in rng.choice(values.ravel(), (6, 2)):
        for dimension in (0, 1):
            expected = hilbert_brute_force(cells, grades, point, dimension)
            assert value_of(found[dimension], point) == expected


@few
@given(seeds)
def test_three_parameters(seed):
    rng = np.random.default_rng(seed)
    edges, values = random_graph(rng, 8, 14, n_values=3, levels=3)
    found = measures_of(edges, values)
    cells = [[(i,) for i in range(8)], edges.tolist()]
    grades = [values, values[edges].max(axis=1)]
    for point in rng.integers(0, 3, (6, 3)):
        for dimension in (0, 1):
            expected = hilbert_brute_force(cells, grades, point, dimension)
            assert value_of(found[dimension], point) == expected


@few
@given(seeds, st.sampled_from([None, 3]))
def test_equivariance(seed, levels):
    rng = np.random.default_rng(seed)
    edges, values = random_graph(rng, 10, 18, levels=levels)
    found = measures_of(edges, values)
    swapped = measures_of(edges, values[:, ::-1])
    moved = measures_of(edges, values * [2.0, 0.5] + [1.0, -3.0])
    names = rng.permutation(10)
    renamed = measures_of(names[edges][rng.permutation(len(edges))], values[np.argsort(names)])
    for dimension, (points, weights) in found.items():
        assert_same_measure(swapped[dimension], (points[:, ::-1], weights))
        assert_same_measure(moved[dimension], (points * [2.0, 0.5] + [1.0, -3.0], weights))
        assert_same_measure(renamed[dimension], (points, weights))


@few
@given(seeds, st.sampled_from([None, 3]))
def test_alternating_sum_is_euler_and_mass_is_betti(seed, levels):
    rng = np.random.default_rng(seed)
    edges, values = random_graph(rng, 10, 13, levels=levels)
    found = measures_of(edges, values)
    euler = euler_signed_measure((edges, values), "graph", function="precomputed")
    assert_same_measure(signed_sum([(1, found[0]), (-1, found[1])]), euler)
    cells = [[(i,) for i in range(10)], edges.tolist()]
    grades = [values, values[edges].max(axis=1)]
    for dimension in (0, 1):
        everything = hilbert_brute_force(cells, grades, np.full(2, np.inf), dimension)
        assert found[dimension][1].sum() == everything


@few
@given(seeds)
def test_disjoint_union_adds_measures(seed):
    rng = np.random.default_rng(seed)
    first, second = (random_graph(rng, 7, 9, levels=3) for _ in range(2))
    union = (np.concatenate([first[0], second[0] + 7]), np.concatenate([first[1], second[1]]))
    parts = [measures_of(*graph) for graph in (first, second)]
    found = measures_of(*union)
    for dimension in (0, 1):
        added = signed_sum([(1, parts[0][dimension]), (1, parts[1][dimension])])
        assert_same_measure(found[dimension], added)


def test_batch_equals_single_graphs_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    graphs = [random_graph(rng, n, 2 * n, levels=5) for n in (1, 5, 30, 2, 17)]
    transformer = BifiltrationTransformer(filtration="graph", function="precomputed")
    batch = transformer.fit_transform(graphs)
    threads = transformer.set_params(n_jobs=2).fit_transform(graphs)
    for graph, together, threaded in zip(graphs, batch, threads):
        alone = measures_of(*graph)
        for dimension in (0, 1):
            for i in range(2):
                np.testing.assert_array_equal(together[dimension][i], alone[dimension][i])
                np.testing.assert_array_equal(threaded[dimension][i], alone[dimension][i])


def test_cycle_and_tree():
    cycle = [(0, 1), (1, 2), (2, 3), (3, 0)]
    found = measures_of(cycle, np.full((4, 2), 7.0))
    np.testing.assert_array_equal(found[0][0], [[7.0, 7.0]])
    np.testing.assert_array_equal(found[1][0], [[7.0, 7.0]])
    tree = measures_of(cycle[:3], np.arange(8.0).reshape(4, 2))
    assert len(tree[1][1]) == 0


def test_edge_values_of_their_own():
    """An edge that comes late in the first parameter and one that replaces it later."""
    edges = np.array([[0, 1], [0, 1]])
    nodes = np.zeros((2, 2))
    grades = np.array([[5.0, 1.0], [2.0, 3.0]])
    points, weights, _ = graph_measures(single_graph(edges, nodes, grades), (0,))[0]
    np.testing.assert_array_equal(points, [[0, 0], [2, 3], [5, 1], [5, 3]])
    np.testing.assert_array_equal(weights, [2, -1, -1, 1])


def test_long_path_stays_fast():
    """Sorted paths are the worst case of naive merge trees; priorities keep them shallow."""
    n = 50_000
    edges = np.column_stack([np.arange(n - 1), np.arange(1, n)])
    values = np.column_stack([np.arange(n, 0, -1.0), np.arange(n)])
    points, weights = measures_of(edges, values)[0]
    assert weights.sum() == 1
    assert len(points) > n
