import gudhi
import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial.distance import pdist, squareform
from sklearn.exceptions import NotFittedError

from skgeom.topology import BifiltrationTransformer, euler_signed_measure, hilbert_signed_measure
from skgeom.topology._measures import signed_sum
from tests.topology.conftest import assert_same_measure, hilbert_brute_force, random_graph, value_of

GRAPH = {"filtration": "graph", "function": "precomputed"}


class Net:
    """The part of a networkx graph that is used."""

    def __init__(self, edges, values, names):
        self._nodes = {name: {"a": v[0], "b": v[1]} for name, v in zip(names, values)}
        self._edges = [(names[u], names[v]) for u, v in edges]

    @property
    def nodes(self):
        def view(data=False):
            return list(self._nodes.items())

        class View:
            __call__ = staticmethod(view)
            __iter__ = lambda _: iter(self._nodes)  # noqa: E731

        return View()

    def edges(self, data=False):
        return [(*e, {}) for e in self._edges] if data else list(self._edges)


def test_kinds_of_graphs_give_the_same():
    rng = np.random.default_rng(0)
    edges, values = random_graph(rng, 9, 15)
    matrix = np.zeros((9, 9))
    matrix[edges[:, 0], edges[:, 1]] = 1.0
    symmetric = matrix + matrix.T
    own = values[edges].max(axis=1)
    names = [f"node {i}" for i in range(9)]
    kinds = [
        (edges[:, ::-1], values),
        (np.concatenate([edges, edges[:, ::-1], [[3, 3]]]), values),
        (sp.csr_array(symmetric), values),
        (sp.coo_matrix(matrix), values),
        (sp.csr_array(symmetric + np.eye(9)), values),
        (edges.tolist(), values.tolist(), own),
        Net(edges, values, names),
    ]
    expected = BifiltrationTransformer(**GRAPH).fit_transform([(edges, values)])[0]
    for kind in kinds:
        params = {"function_params": {"attributes": ["a", "b"]}} if isinstance(kind, Net) else {}
        found = BifiltrationTransformer(**GRAPH, **params).fit_transform([kind])[0]
        for dimension in (0, 1):
            assert_same_measure(found[dimension], expected[dimension])


def test_simplex_tree_of_a_graph_and_of_a_complex():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(9, 2))
    tree = gudhi.RipsComplex(points=points).create_simplex_tree(max_dimension=2)
    values = rng.integers(0, 4, 9).astype(float)
    transformer = BifiltrationTransformer(filtration="precomputed")
    found = transformer.fit_transform([(tree, values)])[0]
    direct = BifiltrationTransformer(function="precomputed", filtration_resolution=9)
    expected = direct.fit_transform([(points, values)])[0]
    for dimension in (0, 1):
        assert_same_measure(found[dimension], expected[dimension], atol=1e-6)
    euler = euler_signed_measure((tree, values), "precomputed")
    assert_same_measure(euler, euler_signed_measure((points, values), function="precomputed"))


def test_simplex_tree_of_a_hollow_tetrahedron():
    tree = gudhi.SimplexTree()
    tree.insert([10, 20, 30, 40], 7.0)
    tree.remove_maximal_simplex([10, 20, 30, 40])
    tree.assign_filtration([10], 1.0)
    found = BifiltrationTransformer(filtration="precomputed", homology_dimensions=(0, 1, 2, 3))
    measures = found.fit_transform([(tree, [0.0, 1.0, 2.0, 3.0])])[0]
    cells, grades = [], []
    for k in range(1, 4):
        simplices = [(tuple(sorted(s)), f) for s, f in tree.get_simplices() if len(s) == k]
        cells.append([s for s, _ in simplices])
        grades.append([(f, max(v / 10 - 1 for v in s)) for s, f in simplices])
    for first in (1.0, 7.0):
        for second in range(4):
            for dimension in range(4):
                expected = hilbert_brute_force(cells, grades, (first, second), dimension)
                assert value_of(measures[dimension], (first, second)) == expected
    assert measures[2][1].tolist() == [1]


def test_infinite_node_value_never_enters():
    edges, values = [(0, 1), (1, 2), (2, 0)], np.array([[0.0, 0], [0, 0], [np.inf, 0]])
    found = BifiltrationTransformer(**GRAPH).fit_transform([(edges, values)])[0]
    np.testing.assert_array_equal(found[0][0], [[0, 0]])
    assert len(found[1][1]) == 0
    euler = euler_signed_measure((edges, values), **GRAPH)
    np.testing.assert_array_equal(euler[1], [1])


def test_empty_objects_have_empty_measures():
    some = ([(0, 1)], np.zeros((2, 2)))
    none = (np.empty((0, 2)), np.empty((0, 2)))
    found = BifiltrationTransformer(**GRAPH).fit_transform([some, none])
    assert [len(found[1][d][1]) for d in (0, 1)] == [0, 0]
    for filtration in ("rips", "alpha", "delaunay"):
        found = BifiltrationTransformer(filtration=filtration).fit_transform(
            [np.zeros((3, 2)), np.empty((0, 2)), []]
        )
        assert all(len(found[i][d][1]) == 0 for i in (1, 2) for d in (0, 1))
        assert found[0][0][1].tolist() == [1]


def test_coarse_second_parameter_of_graphs_and_images():
    rng = np.random.default_rng(2)
    edges, values = random_graph(rng, 30, 50)
    coarse = BifiltrationTransformer(**GRAPH, filtration_resolution=4)
    found = coarse.fit_transform([(edges, values)])[0]
    assert len(np.unique(found[0][0][:, 1])) == 4
    exact = BifiltrationTransformer(**GRAPH).fit_transform([(edges, values)])[0]
    row = found[0][0][:, 1].max()
    for dimension in (0, 1):
        below = [
            signed_sum([(1, (m[:, :1], w))], 1) for m, w in (found[dimension], exact[dimension])
        ]
        assert_same_measure(*below)
    assert row == values[:, 1].max()
    image = rng.normal(size=(9, 9, 2))
    found = BifiltrationTransformer(filtration="cubical", filtration_resolution=3)
    assert len(np.unique(found.fit_transform([image])[0][0][0][:, 1])) == 3


def test_bandwidth_and_threshold_relative_to_the_diameter_of_fit():
    clouds = [np.array([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0]]), np.zeros((2, 2))]
    transformer = BifiltrationTransformer(function_params={"bandwidth": -0.2}, threshold=-0.5)
    transformer.fit(clouds)
    assert transformer.diameter_ == 5.0
    assert transformer.function_params_ == [{"bandwidth": 1.0}]
    assert transformer.threshold_ == 2.5
    assert transformer.n_parameters_ == 2
    before = transformer.transform(clouds)[0]
    after = transformer.transform([clouds[0], 100 * np.ones((1, 2))])[0]
    np.testing.assert_array_equal(before[0][0], after[0][0])


@pytest.mark.parametrize("filtration", ["rips", "alpha"])
def test_landmarks(filtration):
    rng = np.random.default_rng(3)
    clouds = [rng.normal(size=(n, 2)) for n in (50, 10, 40)]
    transformer = BifiltrationTransformer(filtration=filtration, max_points=15, random_state=1)
    found = transformer.fit_transform(clouds)
    starts = [w[(p[:, 0] == 0) & (w > 0)].sum() for p, w in (m[0] for m in found)]
    assert starts == [15, 10, 15]
    alone = transformer.transform(clouds[2:])
    np.testing.assert_array_equal(alone[0][0][0], found[2][0][0])


def test_distance_matrices_and_their_landmarks():
    rng = np.random.default_rng(4)
    clouds = [rng.normal(size=(n, 3)) for n in (20, 12)]
    matrices = [squareform(pdist(points)) for points in clouds]
    params = {"function_params": {"bandwidth": 0.7}, "max_points": 15, "random_state": 0}
    by_points = BifiltrationTransformer(**params).fit_transform(clouds)
    by_matrix = BifiltrationTransformer(metric="precomputed", **params).fit_transform(matrices)
    for found, expected in zip(by_matrix, by_points):
        for dimension in (0, 1):
            assert_same_measure(found[dimension], expected[dimension], atol=1e-6)


def test_functions_of_one_shape():
    triangle = ([(0, 1), (1, 2), (0, 2)], np.ones((3, 2)))
    points, weights = hilbert_signed_measure(triangle, homology_dimension=1, **GRAPH)
    assert points.tolist() == [[1.0, 1.0]]
    assert weights.tolist() == [1]
    points, weights = euler_signed_measure(triangle, **GRAPH)
    assert len(points) == 0


CLOUD = np.zeros((4, 2))
BAD = [
    ({}, [CLOUD, np.full((3, 2), np.nan)], "Sample 1: .*NaN or infinity"),
    ({}, [np.zeros(3)], r"Sample 0: points must have shape \(n_points, n_coordinates\)"),
    ({}, [CLOUD, np.zeros((3, 5))], "Sample 1 has 5 coordinates per point, sample 0 has 2"),
    ({}, [[["a", "b"]]], "Sample 0: points must hold numbers"),
    ({}, [CLOUD.astype(complex)], "Complex data not supported: Sample 0: points"),
    ({}, [(CLOUD, np.zeros(4))], "need function='precomputed'"),
    ({}, [], "0 sample"),
    ({"function": "precomputed"}, [CLOUD], "Sample 0: function='precomputed' needs pairs"),
    ({"function": "precomputed"}, [(CLOUD, np.zeros(3))], "expected one or more values per point"),
    ({"function": "precomputed"}, [(CLOUD, np.full(4, np.nan))], "Sample 0: function values"),
    (
        {"function": "precomputed"},
        [(CLOUD, np.zeros(4)), (CLOUD, np.zeros((4, 2)))],
        "Sample 1 has 2 values per point, sample 0 has 1",
    ),
    ({"function": []}, [CLOUD], "takes a function, got none"),
    ({"function": ["kde", "dtm"]}, [CLOUD], r"3 parameters has homology_dimensions=\(0,\)"),
    ({"function": "degree"}, [CLOUD], "function='degree' is not known for filtration='rips'"),
    ({"function_params": {"width": 1}}, [CLOUD], "'width' is not a parameter"),
    ({"function_params": {"bandwidth": 0}}, [CLOUD], "bandwidth must be a number other"),
    (
        {"function": "dtm", "function_params": {"mass": 2}},
        [CLOUD],
        r"mass must be a number in \(0",
    ),
    ({"function": "knn", "function_params": {"k": 0}}, [CLOUD], "k must be a positive integer"),
    ({"function_params": [{}, {}]}, [CLOUD], "2 entries for 1 function"),
    ({"homology_dimensions": (-1,)}, [CLOUD], "non-negative integer"),
    ({"homology_dimensions": (0, 0)}, [CLOUD], "repeats itself"),
    ({"filtration": "alpha", "threshold": 1.0}, [CLOUD], "threshold=1.0 has no meaning"),
    ({"filtration": "degree_rips", "invariant": "mma"}, [CLOUD], "enter at several grades"),
    ({"dual": True}, [CLOUD], "dual=True has no meaning for filtration='rips'"),
    (
        {"filtration": "cubical", "max_points": 3},
        [np.zeros((2, 2, 2))],
        "only for rips, alpha, delaunay, degree_rips",
    ),
    ({"metric": "precomputed"}, [np.zeros((2, 3))], "a distance matrix is square"),
    ({"metric": "precomputed"}, [-np.ones((2, 2))], "negative distances"),
    ({"metric": "precomputed"}, [np.triu(np.ones((2, 2)), 1)], "symmetric"),
    ({"filtration": "cubical"}, [np.zeros((3, 3))], "an image has shape"),
    ({"filtration": "precomputed"}, [CLOUD], r"needs pairs \(gudhi.SimplexTree"),
    ({"filtration": "graph"}, [sp.eye_array(3)], "function='kde' is not known"),
    ({"filtration": "graph", "function": "hks"}, [sp.eye_array(3)], "at least two"),
    (GRAPH, [sp.eye_array(3)], "Sample 0 comes without node values"),
    (GRAPH, [([(0, 5)], np.zeros((2, 2)))], "node numbers between 0 and 1"),
    (GRAPH, [([(0, 1)], np.zeros((2, 1)))], "The samples come with 1 parameter"),
    (GRAPH, [([(0, 1)], np.zeros((2, 2))), ([(0, 1)], np.zeros((2, 3)))], "Sample 1 has 3"),
    (GRAPH, [([(0, 1)], np.zeros((2, 2)), [0.0, 1.0])], "2 edge values for 1 edges"),
    (GRAPH, [([(0, 1)], np.ones((2, 2)), [[0.0, 1.0]])], "enters before one of its nodes"),
    (GRAPH, [(sp.eye_array(3), np.zeros((2, 2)))], "2 node values for a graph of 3 nodes"),
    (
        {"filtration": "graph", "function": ["hks", "degree"]},
        [-np.ones((2, 2))],
        "must be non-negative",
    ),
    ({"filtration": "graph", "function": ["hks", "degree"]}, [np.ones((2, 3))], "is square"),
]


@pytest.mark.parametrize(("params", "X", "message"), BAD)
def test_bad_input(params, X, message):
    with pytest.raises(ValueError, match=message):
        BifiltrationTransformer(**params).fit_transform(X)


def test_transform_checks_against_fit():
    transformer = BifiltrationTransformer(**GRAPH)
    with pytest.raises(NotFittedError):
        transformer.transform([([(0, 1)], np.zeros((2, 2)))])
    transformer.fit([([(0, 1)], np.zeros((2, 2)))])
    with pytest.raises(ValueError, match="have 3 parameters, those of fit had 2"):
        transformer.transform([([(0, 1)], np.zeros((2, 3)))])
    clouds = BifiltrationTransformer().fit([CLOUD])
    with pytest.raises(ValueError, match="Sample 0 has 3 coordinates per point, those of fit"):
        clouds.transform([np.zeros((4, 3))])


def test_repeated_entries_of_a_sparse_matrix_are_summed():
    data, columns, ptr = [1.0, 1.0, 1.0, 1.0], [1, 1, 0, 0], [0, 2, 4, 4]
    repeated = sp.csr_array((data, columns, ptr), shape=(3, 3))
    transformer = BifiltrationTransformer(filtration="graph", function=["degree", "degree"])
    found = transformer.fit_transform([repeated])[0][0]
    assert_same_measure(found, transformer.transform([repeated.toarray()])[0][0])
    assert repeated.nnz == 4


def test_the_upper_entry_of_an_asymmetric_matrix_counts():
    matrix = np.array([[0.0, 2.0], [4.0, 0.0]])
    transformer = BifiltrationTransformer(filtration="graph", function=["degree", "degree"])
    assert transformer.fit_transform([matrix])[0][0][0].tolist() == [[0.5, 0.5]]
    one_way = np.array([[0.0, 0.0], [4.0, 0.0]])
    assert transformer.fit_transform([one_way])[0][0][0].tolist() == [[0.25, 0.25]]


def test_complex_numbers_are_refused():
    transformer = BifiltrationTransformer(filtration="graph", function=["degree", "degree"])
    with pytest.raises(ValueError, match=r"Sample 0.*must hold numbers"):
        transformer.fit([sp.csr_array(np.eye(3) * 1j)])


def test_a_function_cannot_change_the_input():
    def greedy(points):
        points *= 0.0
        return points[:, 0]

    cloud = np.random.default_rng(0).normal(size=(6, 2))
    kept = cloud.copy()
    BifiltrationTransformer(function=greedy).fit_transform([cloud])
    np.testing.assert_array_equal(cloud, kept)


def test_transform_wants_the_kind_of_fit():
    with pytest.raises(ValueError, match="The samples have 3 axes, those of fit had 2"):
        BifiltrationTransformer(filtration="cubical").fit([np.ones((3, 3, 2))]).transform(
            [np.ones((3, 3, 3, 2))]
        )
    with pytest.raises(ValueError, match="got 5 in sample 0"):
        BifiltrationTransformer(filtration="alpha").fit([np.empty((0, 2))]).transform(
            [np.random.default_rng(0).normal(size=(9, 5))]
        )
