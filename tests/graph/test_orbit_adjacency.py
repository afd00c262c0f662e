import csv
import pickle
from math import comb
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.utils import get_tags

from skgeom.datasets import load_network
from skgeom.graph import (
    Graph,
    GraphletDegreeVectorizer,
    OrbitAdjacency,
    OrbitAdjacencyEmbedder,
)
from skgeom.graph import _orbits as orbits_module
from skgeom.graph._orbit_names import ORBITS, SYMMETRIC
from tests.graph.orbit_reference import orbit_counts
from tests.graph.reference import random_graph

# the orbit counts of all 28 adjacencies on Cora, by visiting its 1.3 million graphlets one by one
CORA = Path(__file__).parent / "data" / "orbits_cora.csv"


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 12))
    linked = draw(st.lists(st.booleans(), min_size=n * (n - 1) // 2, max_size=n * (n - 1) // 2))
    dense = np.zeros((n, n), np.int64)
    dense[np.triu_indices(n, 1)] = linked
    return dense + dense.T


def count(adjacency, **options):
    return OrbitAdjacency(**options).fit_transform(adjacency)


def complete(n):
    return np.ones((n, n), int) - np.eye(n, dtype=int)


def cycle(n):
    ring = np.roll(np.eye(n, dtype=int), 1, axis=1)
    return ring + ring.T


def star(n):
    dense = np.zeros((n, n), int)
    dense[0, 1:] = dense[1:, 0] = 1
    return dense


def petersen():
    pairs = [(i, (i + 1) % 5) for i in range(5)] + [(i, i + 5) for i in range(5)]
    pairs += [(5 + i, 5 + (i + 2) % 5) for i in range(5)]
    return Graph.from_edgelist(pairs).adjacency.toarray()


@settings(max_examples=25, deadline=None)
@given(graphs())
def test_equal_to_visiting_every_graphlet(dense):
    expected, at_node = orbit_counts(dense)
    found = count(dense)
    assert set(expected) <= set(found) == set(ORBITS)
    for orbit, matrix in found.items():
        assert np.array_equal(matrix.toarray(), expected[orbit]), orbit
        assert matrix.has_canonical_format
        assert np.all(matrix.data > 0)
    vectors = GraphletDegreeVectorizer(log=False).fit_transform(dense)
    assert np.array_equal(vectors, at_node)


@pytest.mark.parametrize("mean_degree", [3, 10])
def test_equal_to_visiting_every_graphlet_on_larger_graphs(mean_degree):
    dense = random_graph(30, mean_degree, seed=mean_degree).toarray().astype(int)
    dense[0, 1:] = dense[1:, 0] = 1  # a hub
    expected, at_node = orbit_counts(dense)
    for orbit, matrix in count(dense).items():
        assert np.array_equal(matrix.toarray(), expected[orbit]), orbit
    vectors = GraphletDegreeVectorizer(log=False).fit_transform(dense)
    assert np.array_equal(vectors, at_node)


def test_cora():
    found = count(load_network("cora").data)
    with open(CORA) as file:
        rows = [[int(value) for value in row] for row in list(csv.reader(file))[1:]]
    assert {tuple(row[:3]) for row in rows} == set(found)
    for hop, a, b, *expected in rows:
        matrix = found[hop, a, b]
        squares = int((matrix.data.astype(np.int64) ** 2).sum())
        assert [matrix.nnz, int(matrix.sum()), squares] == expected, (hop, a, b)


@settings(max_examples=15, deadline=None)
@given(graphs())
def test_what_walks_see(dense):
    found = {orbit: matrix.toarray() for orbit, matrix in count(dense).items()}
    square, cube = dense @ dense, dense @ dense @ dense
    degree, off = dense.sum(axis=1), ~np.eye(len(dense), dtype=bool)
    assert np.array_equal(square * off, found[2, 1, 1] + found[1, 3, 3])
    apart = found[3, 4, 4] + found[2, 9, 10] + found[2, 10, 9] + 2 * found[2, 12, 12]
    assert np.array_equal(cube * off * (1 - dense), apart)
    linked = dense * (degree[:, None] + degree - 1) + found[1, 8, 8] + 2 * found[1, 14, 14]
    assert np.array_equal(cube * dense, linked + found[1, 12, 13] + found[1, 13, 12])


@settings(max_examples=15, deadline=None)
@given(graphs(), st.randoms(use_true_random=False))
def test_order_of_nodes_does_not_matter(dense, random):
    order = list(range(len(dense)))
    random.shuffle(order)
    shuffled = count(dense[np.ix_(order, order)])
    for orbit, matrix in count(dense).items():
        assert np.array_equal(matrix.toarray()[np.ix_(order, order)], shuffled[orbit].toarray())


def test_star():
    found = {orbit: matrix.toarray() for orbit, matrix in count(star(9)).items()}
    assert np.all(found[1, 6, 7][1:, 0] == comb(7, 2))
    assert np.all(found[2, 6, 6][1:, 1:] == 6 * (1 - np.eye(8)))
    assert {orbit for orbit, matrix in found.items() if matrix.any()} == {
        *((1, 0, 0), (1, 1, 2), (1, 2, 1), (2, 1, 1), (1, 6, 7), (1, 7, 6), (2, 6, 6)),
    }


def test_complete_graph():
    found = {orbit: matrix.toarray() for orbit, matrix in count(complete(7)).items()}
    assert {o for o, m in found.items() if m.any()} == {(1, 0, 0), (1, 3, 3), (1, 14, 14)}
    assert np.array_equal(found[1, 3, 3], 5 * complete(7))
    assert np.array_equal(found[1, 14, 14], comb(5, 2) * complete(7))
    assert found[1, 14, 14].sum() == 12 * comb(7, 4)


def test_cycles_and_petersen_graph():
    assert np.array_equal(count(cycle(4))[2, 8, 8].toarray(), np.roll(np.eye(4), 2, axis=1))
    ring = {orbit: matrix.toarray() for orbit, matrix in count(cycle(9)).items()}
    three_apart = np.roll(np.eye(9), 3, axis=1) + np.roll(np.eye(9), -3, axis=1)
    assert np.array_equal(ring[3, 4, 4], three_apart)
    # girth 5: no triangles and no squares; 2 * 2 paths on each middle edge, 10 claws
    found = {orbit: matrix.toarray() for orbit, matrix in count(petersen()).items()}
    assert np.array_equal(found[1, 5, 5], 4 * petersen())
    assert np.array_equal(found[1, 7, 6], petersen())
    assert np.array_equal(found[2, 1, 1], complete(10) - petersen())
    for orbit in [(1, 3, 3), (1, 8, 8), (1, 9, 11), (1, 12, 13), (1, 14, 14)]:
        assert not found[orbit].any()


def test_mixed_orbits_are_transposes():
    found = count(random_graph(40, 8, seed=1))
    for hop, a, b in ORBITS:
        difference = found[hop, a, b] - found[hop, b, a].T
        assert difference.nnz == 0 or not difference.data.any()
        assert ((hop, a, b) in SYMMETRIC) == (a == b)


@pytest.mark.parametrize("orbit", ORBITS)
def test_one_orbit_alone(orbit):
    graph = random_graph(30, 6, seed=2)
    alone = OrbitAdjacency([orbit]).fit(graph)
    assert alone.orbits_ == [orbit]
    assert (alone.orbit_adjacencies_[orbit] != count(graph)[orbit]).nnz == 0


def test_hops_choose_what_all_stands_for():
    graph = random_graph(30, 6, seed=2)
    assert {orbit[0] for orbit in count(graph, hops=[1])} == {1}
    assert len(count(graph, hops=(1, 2))) == 27
    assert list(count(graph, orbits=[[2, 4, 5]], hops=[1])) == [(2, 4, 5)]


def test_graphlet_adjacency_counts_graphlets_with_both_nodes():
    dense = random_graph(25, 7, seed=3).toarray().astype(int)
    model = OrbitAdjacency().fit(dense)
    expected, at_node = orbit_counts(dense)
    paws = sum(m for (_, a, _), m in expected.items() if a in (9, 10, 11))
    assert np.array_equal(model.graphlet_adjacency("paw").toarray(), paws)
    # each node sees the three other nodes of each of its cliques
    cliques = model.graphlet_adjacency("clique4").sum(axis=1)
    assert np.array_equal(cliques, 3 * at_node[:, 14])
    with pytest.raises(ValueError, match="graphlet must be one of"):
        model.graphlet_adjacency("house")
    with pytest.raises(ValueError, match=r"needs the orbit adjacencies \[\(3, 4, 4\)\]"):
        OrbitAdjacency(hops=(1, 2)).fit(dense).graphlet_adjacency("path4")


def test_iterate_gives_the_same_matrices():
    graph = random_graph(40, 6, seed=4)
    expected = count(graph)
    found = dict(OrbitAdjacency().iterate(graph))
    assert list(found) == list(expected)
    assert all((found[orbit] != expected[orbit]).nnz == 0 for orbit in ORBITS)
    for orbit, matrix in OrbitAdjacency().iterate(graph):  # what a caller does stays with him
        assert (matrix != expected[orbit]).nnz == 0
        matrix.data[:] = 0


@pytest.mark.parametrize("orbits", [[(2, 5, 4)], [(2, 10, 9), (2, 1, 1)], [(1, 4, 5), (2, 8, 8)]])
def test_some_orbits_are_those_of_all(orbits):
    graph = random_graph(40, 6, seed=4)
    expected = count(graph)
    found = OrbitAdjacency(orbits).fit_transform(graph)
    assert list(found) == orbits
    assert all((found[orbit] != expected[orbit]).nnz == 0 for orbit in orbits)


def test_large_degrees_are_counted_in_64_bits(monkeypatch):
    graph = random_graph(40, 6, seed=4)
    narrow = count(graph)
    monkeypatch.setattr(orbits_module, "LARGEST_DEGREE_INT32", 3)
    wide = count(graph)
    assert all((narrow[orbit] != wide[orbit]).nnz == 0 for orbit in ORBITS)
    assert {m.dtype for m in narrow.values()} == {np.dtype(np.int32)}
    assert {m.dtype for m in wide.values()} == {np.dtype(np.int64)}


def test_a_hub_overflows_nothing():
    n = 2_600  # a star has C(n - 1, 3) claws, more than 2^31
    ends = (np.zeros(n - 1, int), np.arange(1, n))
    upper = sp.coo_array((np.ones(n - 1), ends), shape=(n, n))
    vectors = GraphletDegreeVectorizer(log=False).fit_transform(upper + upper.T)
    assert vectors[0, 7] == comb(n - 1, 3)
    assert vectors[1, 6] == comb(n - 2, 2)


def test_same_bits_for_any_n_jobs():
    graph = random_graph(200, 12, seed=5)
    first = count(graph, n_jobs=1)
    for n_jobs in (2, 3):
        other = count(graph, n_jobs=n_jobs)
        for orbit in ORBITS:
            for name in ("data", "indices", "indptr"):
                assert np.array_equal(getattr(first[orbit], name), getattr(other[orbit], name))


def test_memory_is_checked_before_it_is_taken():
    graph = random_graph(300, 10, seed=6)
    with pytest.raises(ValueError, match=r"GiB, and max_memory allows .* hops=\(1,\)"):
        count(graph, max_memory=100_000)
    small = count(graph, hops=(1, 2), max_memory=3_000_000)
    with pytest.raises(ValueError, match=r"Orbit adjacency \(3, 4, 4\), with \d+ entries"):
        count(graph, orbits=[(3, 4, 4)], max_memory=700_000)
    assert len(small) == 27


@pytest.mark.parametrize("kind", [sp.csc_array, sp.coo_matrix, np.asarray, Graph])
def test_kinds_of_input(kind):
    graph = random_graph(30, 5, seed=7)
    found = count(kind(graph.toarray()))
    assert all((found[orbit] != matrix).nnz == 0 for orbit, matrix in count(graph).items())


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint16, np.int64, np.float32])
def test_dtypes(dtype):
    dense = random_graph(30, 5, seed=7).toarray()
    assert (count(dense.astype(dtype))[1, 4, 5] != count(dense)[1, 4, 5]).nnz == 0


def frozen(graph):
    for array in (graph.data, graph.indices, graph.indptr):
        array.flags.writeable = False
    return graph


@pytest.mark.parametrize(
    "form", [frozen, lambda g: np.repeat(g.toarray(), 2, axis=1)[:, ::2], lambda g: g.toarray().T]
)
@pytest.mark.parametrize("estimator", [GraphletDegreeVectorizer(), OrbitAdjacency(hops=[1, 2])])
def test_forms_of_input(form, estimator):
    given, plain = (estimator.fit_transform(f(random_graph(30, 5, seed=7))) for f in (form, abs))
    if isinstance(plain, np.ndarray):
        given, plain = {0: given}, {0: plain}
    assert all(np.abs(given[key] - plain[key]).max() == 0 for key in plain)


def test_weights_and_multi_edges_count_once():
    graph = random_graph(30, 5, seed=8)
    weighted = random_graph(30, 5, seed=8, weighted=True)
    entries = graph.tocoo()
    twice = (np.tile(entries.row, 2), np.tile(entries.col, 2))
    several = sp.coo_array((np.ones(2 * graph.nnz), twice), shape=graph.shape)
    for other in (weighted, several):
        assert (count(other)[2, 4, 5] != count(graph)[2, 4, 5]).nnz == 0
        with pytest.raises(ValueError, match="X has weights, or edges that are given several"):
            count(other, weights="error")
    count(graph, weights="error")


def test_self_loops_are_left_out_with_a_warning():
    graph = random_graph(30, 5, seed=8)
    with pytest.warns(UserWarning, match=r"2 self loop\(s\)"):
        found = count(graph + sp.diags_array([1.0, 1.0] + 28 * [0.0]))
    assert all((found[orbit] != matrix).nnz == 0 for orbit, matrix in count(graph).items())


def test_directed_graphs():
    directed = random_graph(30, 5, seed=9, directed=True)
    with pytest.raises(ValueError, match=r"X is directed: there is an edge from \d+ to \d+"):
        count(directed)
    found = count(directed, directed="symmetrize")
    expected = count(directed.maximum(directed.T))
    assert all((found[orbit] != matrix).nnz == 0 for orbit, matrix in expected.items())


def test_small_and_disconnected_graphs():
    for empty in (np.zeros((1, 1)), np.zeros((5, 5))):
        assert all(matrix.nnz == 0 for matrix in count(empty).values())
        assert not GraphletDegreeVectorizer().fit_transform(empty).any()
    one = random_graph(20, 5, seed=10).toarray()
    both = count(sp.block_diag([one, one, np.zeros((3, 3))]))
    for orbit, matrix in count(one).items():
        expected = sp.block_diag([matrix, matrix, np.zeros((3, 3))]).toarray()
        assert np.array_equal(both[orbit].toarray(), expected)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (-complete(3), "negative weight"),
        (np.full((3, 3), np.nan), "NaN"),
        (np.zeros((0, 0)), "at least one node"),
        (np.zeros((4, 5)), "square"),
        (np.array([[0, 1], [1, 2], [2, 0]]), "Graph.from_edgelist"),
        ([(0, 1), (1, 2)], "Graph.from_edgelist"),
        (np.eye(3, dtype=complex), "Complex"),
    ],
)
def test_bad_input(wrong, message):
    for estimator in (OrbitAdjacency(), GraphletDegreeVectorizer()):
        with pytest.raises(ValueError, match=message):
            estimator.fit(wrong)


def test_graph_objects_are_referred_to_the_constructor():
    class LikeNetworkx:
        adjacency = nodes = edges = None

    with pytest.raises(TypeError, match=r"Graph\.from_networkx"):
        count(LikeNetworkx())


@pytest.mark.parametrize("orbits", [[(1, 4, 4)], [(1, 0, 0), (1, 0, 0)], [], "none", [3]])
def test_bad_orbits(orbits):
    with pytest.raises(ValueError, match="orbits"):
        count(complete(3), orbits=orbits)


@pytest.mark.parametrize("hops", [[], [4], [1, 0], 2])
def test_bad_hops(hops):
    with pytest.raises(ValueError, match="hops"):
        count(complete(3), hops=hops)


def test_transform_takes_another_graph():
    one, other = random_graph(30, 6, seed=1), random_graph(20, 6, seed=2)
    model = OrbitAdjacency(hops=[1]).fit(one)
    for orbit, matrix in model.transform(other).items():
        assert (matrix != count(other)[orbit]).nnz == 0


def test_pickle_and_clone():
    model = OrbitAdjacency(hops=(1, 2)).fit(random_graph(30, 6, seed=1))
    loaded = pickle.loads(pickle.dumps(model))
    assert all(
        (loaded.orbit_adjacencies_[o] != model.orbit_adjacencies_[o]).nnz == 0
        for o in model.orbits_
    )
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize(
    "kind",
    [OrbitAdjacency, OrbitAdjacencyEmbedder, GraphletDegreeVectorizer],
    ids=lambda k: k.__name__,
)
def test_tags_tell_that_graphs_may_be_sparse(kind):
    assert get_tags(kind()).input_tags.sparse
