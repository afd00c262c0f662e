"""Label metrics in all their forms, and those that are none."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.dummy import DummyClassifier

from skgeom.labels import label_locus, label_squared_distance, make_label_distance_scorer
from skgeom.labels._space import label_space
from tests.labels.data import Network, distances_of, random_tree


def spoilt(i, j, value):
    D = 1.0 - np.eye(4)
    D[i, j] = value
    return D


@pytest.mark.parametrize(
    ("D", "message"),
    [
        (spoilt(1, 2, 3.0), "not symmetric: 3.0 from 1 to 2, 1.0 the other way"),
        (spoilt(1, 2, -1.0), "negative distance: -1.0 between 1 and 2"),
        (spoilt(2, 2, 0.5), "non-zero diagonal: the distance of 2 to itself is 0.5"),
        (spoilt(3, 0, np.nan), "NaN or infinity in row 3"),
        (spoilt(3, 0, np.inf), "NaN or infinity in row 3"),
        (np.ones((3, 4)), r"square \(N, N\) matrix of distances, got shape \(3, 4\)"),
        (np.ones(3), "table of numbers"),
        (np.empty((0, 0)), "table of numbers"),
        (sp.csr_array([[0, 1.0, 0], [1, 0, 0], [0, 0, 0]]), "graph of 2 components"),
        (sp.csr_array([[0, 1.0], [2.0, 0]]), "not symmetric: the edge from"),
        (sp.csr_array([[0, -1.0], [-1.0, 0]]), "negative weight"),
        (sp.csr_array([[0, np.nan], [0, 0]]), "NaN or infinity"),
    ],
    ids=str,
)
def test_what_is_no_metric_is_refused(D, message):
    with pytest.raises(ValueError, match=message):
        label_locus(D, [0])


def test_forms_of_one_metric_agree():
    graph = random_tree(8, 0, weighted=True)
    D = distances_of(graph)
    everything = np.arange(8)
    one_way = sp.triu(graph)
    half, names = one_way.tocoo(), "abcdefgh"
    edges = [(names[i], names[j], w) for i, j, w in zip(*half.coords, half.data)]
    network = Network(edges, list(names))
    both_ways = Network(edges + [(b, a, w) for a, b, w in edges], list(names))
    forms = [
        label_space(graph),
        label_space(one_way),
        label_space(D),
        label_space(lambda a, b: D[a, b], labels=range(8)),
        label_space(network),
        label_space(both_ways),
    ]
    for space in forms:
        assert np.allclose(space.rows(everything), D)
    assert forms[4].labels.tolist() == list("abcdefgh")
    shuffled = label_space(network, labels=list("hgfedcba"))
    assert np.allclose(shuffled.rows(everything), D[::-1, ::-1])


def test_coordinates_and_positions():
    places = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    space = label_space(places, metric="euclidean")
    assert np.allclose(space.rows([0]), [[0, 5, 10]])
    assert np.allclose(label_space("ordinal", labels=["abc"]).rows([0]), 0)
    assert np.allclose(label_space("ordinal", labels=list("abc")).rows([2]), [[2, 1, 0]])


def test_bad_names():
    D = 1.0 - np.eye(3)
    with pytest.raises(ValueError, match="labels holds 2 names, label_metric has 3 labels"):
        label_space(D, labels=["a", "b"])
    with pytest.raises(ValueError, match="labels holds 'a' more than once"):
        label_space(D, labels=["a", "b", "a"])
    with pytest.raises(ValueError, match="array of shape"):
        label_space(D, labels=np.ones((3, 1)))
    with pytest.raises(ValueError, match="must be the 3 nodes"):
        label_space(Network([(0, 1), (1, 2)]), labels=[0, 1, 5])
    with pytest.raises(ValueError, match="labels must be given"):
        label_space("ordinal")
    with pytest.raises(ValueError, match='must be "ordinal"'):
        label_space("cyclic", labels=[0])
    with pytest.raises(ValueError, match='metric must be "euclidean"'):
        label_space(D, metric="cosine")
    with pytest.raises(ValueError, match="is empty"):
        label_space("ordinal", labels=[])
    with pytest.raises(ValueError, match="between 0 and 1 of label_metric has length 0"):
        label_space(Network([(0, 1, 0.0), (1, 2)]))


def test_multigraphs_and_self_loops_of_networkx():
    networkx = pytest.importorskip("networkx")
    graph = networkx.MultiGraph([("a", "b", {"weight": w}) for w in (3.0, 2.0, 5.0)])
    graph.add_edge("b", "c")
    graph.add_edge("c", "c")
    space = label_space(graph)
    assert space.labels.tolist() == ["a", "b", "c"]
    assert np.array_equal(space.rows([0, 1, 2]), [[0, 2, 3], [2, 0, 1], [3, 1, 0]])


def test_several_edges_and_self_loops():
    class Multigraph(Network):
        def edges(self, data, default):
            return [("a", "b", 3.0), ("a", "b", 2), ("b", "c", 1.0), ("c", "c", 4.0)]

    assert np.array_equal(label_space(Multigraph([], list("abc"))).rows([0]), [[0, 2, 3]])


@pytest.mark.parametrize("length", [-1.0, np.nan, np.inf, None, "long"])
def test_bad_lengths(length):
    with pytest.raises(ValueError, match=f"between 0 and 1 of D has length {length!r}"):
        label_locus(Network([(0, 1, length), (1, 2)]), [0])


@pytest.mark.parametrize("change", ["read-only", "float32", "strided", "list"])
def test_forms_of_a_table(change):
    D = distances_of(random_tree(6))
    table = {"float32": D.astype(np.float32), "list": D.tolist()}.get(change, D)
    if change == "strided":
        table = np.repeat(D, 2, axis=1)[:, ::2]
    if change == "read-only":
        table.flags.writeable = False
    assert label_locus(table, [0, 5]).tolist() == label_locus(random_tree(6), [0, 5]).tolist()


def test_bad_functions():
    space = label_space(lambda a, b: a - b, labels=[0, 1, 2])
    with pytest.raises(ValueError, match=r"label_metric\(0, 1\) is -1"):
        space.rows(np.array([0]))
    space = label_space(lambda a, b: 1.0 + a * (a != b), labels=[0, 1, 2])
    with pytest.raises(ValueError, match="non-zero diagonal"):
        space.rows(np.array([0]))
    space = label_space(lambda a, b: (1.0 + a) * (a != b), labels=["", "b"][:0] or [0, 1])
    with pytest.raises(ValueError, match="not symmetric"):
        space.rows(np.array([0, 1]))


def test_squared_distance():
    D = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))
    assert label_squared_distance([0, 3], [2, 3], D) == 2.0
    assert label_squared_distance([0, 3], [2, 3], D, sample_weight=[3, 1]) == 3.0
    names = list("abcd")
    assert label_squared_distance(["a", "d"], ["c", "d"], D, labels=names) == 2.0
    with pytest.raises(ValueError, match="y_pred holds 'z'"):
        label_squared_distance(["a"], ["z"], D, labels=names)
    with pytest.raises(ValueError, match="inconsistent"):
        label_squared_distance([0, 1], [0], D)
    for weight in ([0, 0], [-1, 1], [1, np.nan]):
        with pytest.raises(ValueError, match="sample_weight"):
            label_squared_distance([0, 3], [2, 3], D, sample_weight=weight)
    with pytest.raises(ValueError, match=r"D holds numbers up to 3e[+]200"):
        label_squared_distance([0, 3], [2, 3], 1e200 * D)

    scorer = make_label_distance_scorer(D)
    constant = DummyClassifier(strategy="constant", constant=0).fit([[0], [0]], [0, 3])
    assert scorer(constant, [[0], [0]], [1, 3]) == -5.0
