"""Pipeline, grid search, clone and pickle on every kind of input, and the degenerate shapes."""

import pickle
import warnings

import gudhi
import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial.distance import pdist, squareform
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom.topology import BifiltrationTransformer, MultiparamPersistenceVectorizer
from tests.topology.conftest import assert_same_measure, random_graph

GIVEN = {"function": "precomputed"}


def cloud(rng, d=2):
    return rng.normal(size=(int(rng.integers(9, 14)), d))


def tree(rng):
    points = cloud(rng)
    complex_ = gudhi.AlphaComplex(points=points).create_simplex_tree()
    return complex_, rng.normal(size=len(points))


def networkx_graph(rng):
    networkx = pytest.importorskip("networkx")
    edges, values = random_graph(rng, 9, 14)
    graph = networkx.Graph()
    graph.add_nodes_from((i, {"f": v[0], "g": v[1]}) for i, v in enumerate(values))
    graph.add_edges_from(edges.tolist())
    return graph


def adjacency(rng):
    edges, _ = random_graph(rng, 9, 14)
    u, v = edges.T
    ones = np.ones(28)
    return sp.csr_array((ones, (np.r_[u, v], np.r_[v, u])), shape=(9, 9))


INPUTS = {
    "clouds": ({}, cloud),
    "clouds in an object array": ({"filtration": "delaunay"}, cloud),
    "clouds in one array": ({"filtration": "alpha"}, lambda rng: rng.normal(size=(12, 3))),
    "clouds with values": (GIVEN, lambda rng: (rng.normal(size=(9, 2)), rng.normal(size=9))),
    "distances": ({"metric": "precomputed"}, lambda rng: squareform(pdist(cloud(rng)))),
    "degree-Rips": ({"filtration": "degree_rips"}, cloud),
    "images": ({"filtration": "cubical"}, lambda rng: rng.normal(size=(5, 4, 2))),
    "images of different sizes": (
        {"filtration": "cubical", "dual": True},
        lambda rng: rng.normal(size=(int(rng.integers(3, 6)), 4, 2)),
    ),
    "volumes": ({"filtration": "cubical"}, lambda rng: rng.normal(size=(3, 4, 3, 2))),
    "edge lists": ({"filtration": "graph", **GIVEN}, lambda rng: random_graph(rng, 9, 14)),
    "adjacencies": ({"filtration": "graph", "function": ["degree", "hks"]}, adjacency),
    "networkx": (
        {"filtration": "graph", "function_params": {"attributes": ["f", "g"]}, **GIVEN},
        networkx_graph,
    ),
    "simplex trees": ({"filtration": "precomputed"}, tree),
}


def samples(kind, count=12):
    rng = np.random.default_rng(0)
    X = [INPUTS[kind][1](rng) for _ in range(count)]
    if kind == "clouds in an object array":
        array = np.empty(count, dtype=object)
        array[:] = X
        return array
    return np.array(X) if kind in ("clouds in one array", "images", "volumes") else X


@pytest.mark.parametrize("kind", INPUTS)
def test_grid_search_over_a_pipeline_clone_and_pickle(kind):
    X, y = samples(kind), np.arange(12) % 2
    vectorizer = MultiparamPersistenceVectorizer(resolution=3, **INPUTS[kind][0])
    pipeline = make_pipeline(vectorizer, StandardScaler(), LogisticRegression())
    name = "multiparampersistencevectorizer__"
    grid = {f"{name}bandwidth": [0.05, 0.2], f"{name}homology_dimensions": [(0,), (0, 1)]}
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=2, error_score="raise").fit(X, y)
    assert search.predict(X).shape == (12,)
    fitted = clone(vectorizer).fit(X)
    expected = fitted.transform(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(X), expected)
    np.testing.assert_array_equal(fitted.transform(X[3:4])[0], expected[3])
    np.testing.assert_array_equal(clone(vectorizer).set_params(n_jobs=2).fit_transform(X), expected)


@pytest.mark.parametrize("invariant", ["rank", "mma", "fibered"])
@pytest.mark.parametrize("kind", ["clouds", "images", "edge lists", "simplex trees"])
def test_other_invariants_with_threads_and_pickle(kind, invariant):
    X = samples(kind, 3)
    vectorizer = MultiparamPersistenceVectorizer(
        invariant=invariant, resolution=4, n_lines=9, **INPUTS[kind][0]
    )
    expected = vectorizer.fit_transform(X)
    again = clone(vectorizer).set_params(n_jobs=2).fit(X)
    np.testing.assert_array_equal(again.transform(X), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(again)).transform(X), expected)


CLOUD = np.random.default_rng(1).normal(size=(8, 2))
LINE = np.column_stack([np.arange(5.0), 2 * np.arange(5.0)])
SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
DEGENERATE = {
    "empty": np.empty((0, 2)),
    "one point": np.zeros((1, 2)),
    "two points": np.array([[0.0, 0.0], [1.0, 1.0]]),
    "copies": np.repeat(CLOUD[:3], 3, axis=0),
    "all the same": np.ones((6, 2)),
    "on a line": LINE,
    "on a circle": SQUARE,
    "lattice": np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0)), axis=-1).reshape(-1, 2),
}


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.parametrize("filtration", ["rips", "alpha", "delaunay", "degree_rips"])
def test_degenerate_clouds(filtration, name):
    shape = DEGENERATE[name]
    vectorizer = MultiparamPersistenceVectorizer(filtration=filtration, resolution=4).fit([CLOUD])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        features = vectorizer.transform([shape])
    assert np.isfinite(features).all()
    measures = vectorizer.signed_measures([shape])[0]
    assert measures[0][1].sum() == (len(shape) > 0)
    if len(shape) == 0:
        assert not features.any()


@pytest.mark.parametrize("invariant", ["euler", "rank", "mma", "fibered"])
@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.parametrize("filtration", ["rips", "alpha", "delaunay"])
def test_degenerate_clouds_have_every_invariant(filtration, name, invariant):
    vectorizer = MultiparamPersistenceVectorizer(
        filtration=filtration, invariant=invariant, resolution=3, n_lines=4
    ).fit([CLOUD])
    features = vectorizer.transform([DEGENERATE[name]])
    assert np.isfinite(features).all()


def test_constant_function_is_ordinary_persistence():
    transformer = BifiltrationTransformer(**GIVEN)
    found = transformer.fit_transform([(CLOUD, np.zeros(8))])[0]
    assert set(found[0][0][:, 1]) == {0.0}
    vectorizer = MultiparamPersistenceVectorizer(resolution=3, **GIVEN)
    with pytest.warns(UserWarning, match="Parameter 1 is constant"):
        vectorizer.fit([(CLOUD, np.zeros(8))])
    assert (vectorizer.box_[1] > vectorizer.box_[0]).all()


def test_points_with_an_infinite_value_never_enter():
    values = np.arange(8.0)
    values[5:] = np.inf
    for filtration in ("rips", "alpha", "delaunay"):
        transformer = BifiltrationTransformer(filtration=filtration, **GIVEN)
        found = transformer.fit_transform([(CLOUD, values), (CLOUD[:5], values[:5])])
        for dimension in (0, 1):
            for a, b in zip(found[0][dimension], found[1][dimension]):
                np.testing.assert_array_equal(a, b)


def test_components_of_a_disconnected_graph_stay():
    edges, values = np.array([[0, 1], [2, 3]]), np.arange(10.0).reshape(5, 2)
    found = BifiltrationTransformer(filtration="graph", **GIVEN).fit_transform([(edges, values)])
    assert found[0][0][1].sum() == 3


@pytest.mark.parametrize("place", [0, 2])
def test_bad_numbers_name_their_sample(place):
    good = [CLOUD, CLOUD, CLOUD]
    for value in (np.nan, np.inf):
        bad = [c.copy() for c in good]
        bad[place][3, 1] = value
        with pytest.raises(ValueError, match=f"Sample {place}.*NaN or infinity"):
            MultiparamPersistenceVectorizer().fit(bad)


HOLES = {
    "images": (lambda image: image, "the image contains NaN or infinity"),
    "volumes": (lambda volume: volume, "the image contains NaN or infinity"),
    "distances": (lambda matrix: matrix, "the distance matrix contains NaN or infinity"),
    "clouds with values": (lambda pair: pair[1], "function values contain NaN"),
    "edge lists": (lambda graph: graph[1], "function values contain NaN"),
    "adjacencies": (lambda matrix: matrix.data, "edge weights must be non-negative, without NaN"),
    "simplex trees": (lambda pair: pair[1], "function values contain NaN"),
}


@pytest.mark.parametrize("kind", HOLES)
def test_bad_numbers_of_every_kind_name_their_sample(kind):
    X = list(samples(kind, 3))
    part, message = HOLES[kind]
    part(X[2])[-1] = np.nan
    with pytest.raises(ValueError, match=f"Sample 2: {message}"):
        MultiparamPersistenceVectorizer(**INPUTS[kind][0]).fit(X)


SMALL = {
    "edge lists": {
        "empty": (np.empty((0, 2)), np.empty((0, 2))),
        "one node": (np.empty((0, 2)), np.zeros((1, 2))),
        "no edges": ([], np.arange(8.0).reshape(4, 2)),
        "an edge from a node to itself": ([(0, 0), (0, 1)], np.arange(4.0).reshape(2, 2)),
    },
    "images": {
        "empty": np.empty((0, 3, 2)),
        "one pixel": np.zeros((1, 1, 2)),
        "one row": np.arange(10.0).reshape(1, 5, 2),
        "constant": np.zeros((4, 4, 2)),
    },
    "simplex trees": {"empty": (None, np.empty(0))},
}


@pytest.mark.parametrize("invariant", ["hilbert", "euler", "rank", "mma", "fibered"])
@pytest.mark.parametrize("kind", SMALL)
def test_small_shapes_of_other_kinds(kind, invariant):
    vectorizer = MultiparamPersistenceVectorizer(
        invariant=invariant, resolution=3, n_lines=4, **INPUTS[kind][0]
    ).fit(samples(kind, 3))
    shapes = list(SMALL[kind].values())
    if kind == "simplex trees":
        shapes = [(gudhi.SimplexTree(), values) for _, values in shapes]
    features = vectorizer.transform(shapes)
    assert np.isfinite(features).all()
    assert not features[0].any()


def test_an_edge_given_twice_counts_once_and_loops_do_not():
    values = np.array([[0.0, 1.0], [1.0, 0.0]])
    graphs = [([(0, 1)], values), ([(0, 1), (1, 0)], values), ([(0, 0), (0, 1)], values)]
    for found in BifiltrationTransformer(filtration="graph", **GIVEN).fit_transform(graphs):
        np.testing.assert_array_equal(found[0][0], [[0, 1], [1, 0], [1, 1]])
        np.testing.assert_array_equal(found[0][1], [1, 1, -1])
        assert len(found[1][1]) == 0


@pytest.mark.parametrize("filtration", ["alpha", "delaunay"])
def test_points_of_a_plane_in_space(filtration):
    """Qhull has no simplex of full dimension; the measures are those of the plane."""
    values = np.arange(8.0)
    turn = np.array([[2.0, -1.0, 2.0], [2.0, 2.0, -1.0]]) / 3
    params = {"filtration": filtration, "filtration_resolution": 8, **GIVEN}
    transformer = BifiltrationTransformer(homology_dimensions=(0,), **params)
    (flat,) = transformer.fit_transform([(CLOUD, values)])
    (turned,) = transformer.fit_transform([(CLOUD @ turn, values)])
    assert_same_measure(flat[0], turned[0])


def test_delaunay_in_space_has_measures_alone():
    points = np.random.default_rng(0).normal(size=(9, 3))
    for invariant in ("rank", "mma", "fibered"):
        vectorizer = MultiparamPersistenceVectorizer(filtration="delaunay", invariant=invariant)
        with pytest.raises(ValueError, match="in space invariant must be 'hilbert' or 'euler'"):
            vectorizer.fit([points])


def test_barcodes_without_bars_print_nothing(capsys):
    vectorizer = MultiparamPersistenceVectorizer(
        filtration="graph", invariant="fibered", resolution=3, n_lines=4, **GIVEN
    )
    features = vectorizer.fit_transform([([(0, 1)], np.eye(2)), ([(0, 1)], 2 * np.eye(2))])
    assert np.isfinite(features).all()
    assert capsys.readouterr().out == ""


def test_tables_of_pandas():
    pandas = pytest.importorskip("pandas")
    vectorizer = MultiparamPersistenceVectorizer(resolution=3).set_output(transform="pandas")
    table = vectorizer.fit_transform([CLOUD, CLOUD[:5]])
    assert isinstance(table, pandas.DataFrame)
    assert list(table.columns) == list(vectorizer.get_feature_names_out())
