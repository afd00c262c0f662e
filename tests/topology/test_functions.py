import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from skgeom.topology import BifiltrationTransformer
from skgeom.topology._functions import (
    codensity,
    distance_to_measure,
    eccentricity,
    mean_neighbour_distance,
)
from skgeom.topology._kernels import farthest_points

few = settings(max_examples=20, deadline=None)


@few
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 5), st.sampled_from([0.01, 1, 50])
)
def test_point_functions_by_definition(seed, n, d, bandwidth):
    points = np.random.default_rng(seed).normal(size=(n, d))
    distances = cdist(points, points)
    expected = -logsumexp(-0.5 * (distances / bandwidth) ** 2, axis=1)
    ordered = np.sort(distances, axis=1)
    count = int(np.ceil(0.3 * n))
    k = min(4, n - 1)
    for matrix in (None, distances):
        np.testing.assert_allclose(codensity(points, bandwidth, matrix), expected, atol=1e-9)
        np.testing.assert_allclose(
            distance_to_measure(points, 0.3, matrix),
            np.sqrt((ordered[:, :count] ** 2).mean(axis=1)),
            atol=1e-7,
        )
        np.testing.assert_allclose(
            mean_neighbour_distance(points, 4, matrix),
            ordered[:, 1 : k + 1].mean(axis=1) if k else np.zeros(n),
            atol=1e-7,
        )
        np.testing.assert_allclose(eccentricity(points, matrix), ordered[:, -1], atol=1e-9)


def node_values(adjacency, function, **parameters):
    """The function is the grade of the vertices: ask for an edgeless look at it."""
    from skgeom.topology import _shapes
    from skgeom.topology._functions import node_values

    graph = _shapes.graphs([adjacency], with_values=False, attributes=None)
    return node_values(
        function, parameters, graph.node_ptr, graph.edge_ptr, graph.edges, graph.weights
    )


def normalised_laplacian(adjacency):
    degrees = adjacency.sum(axis=1)
    root = np.divide(1, np.sqrt(degrees), out=np.zeros(len(degrees)), where=degrees > 0)
    return np.diag((degrees > 0).astype(float)) - root[:, None] * adjacency * root


@pytest.fixture
def adjacency():
    rng = np.random.default_rng(0)
    links = np.triu(rng.uniform(size=(12, 12)) < 0.25, 1) * rng.uniform(1, 2, (12, 12))
    links[11] = links[:, 11] = 0.0
    return links + links.T


def test_node_functions_by_definition(adjacency):
    laplacian = normalised_laplacian(adjacency)
    heat = np.diag(expm(-3.0 * laplacian))
    np.testing.assert_allclose(node_values(adjacency, "hks", t=3.0), heat, atol=1e-10)
    degrees = adjacency.sum(axis=1)
    inverse = node_values(adjacency, "degree")
    np.testing.assert_allclose(inverse[degrees > 0], 1 / degrees[degrees > 0])
    np.testing.assert_array_equal(inverse[degrees == 0], 1.1)


def test_closeness_of_a_path_and_an_isolated_node():
    path = sp.csr_array(np.diag(np.ones(2), 1) + np.diag(np.ones(2), -1))
    np.testing.assert_allclose(node_values(path, "closeness"), [2 / 3, 1, 2 / 3])
    with_isolated = sp.csr_array(np.pad(path.toarray(), (0, 1)))
    # (reached - 1) / (n - 1) times the value within the component
    np.testing.assert_allclose(node_values(with_isolated, "closeness"), [4 / 9, 2 / 3, 4 / 9, 0])


def test_fiedler_does_not_depend_on_the_basis_of_a_multiple_eigenvalue():
    cycle = np.roll(np.eye(7), 1, axis=1) + np.roll(np.eye(7), -1, axis=1)
    np.testing.assert_allclose(node_values(cycle, "fiedler"), 1 / 7, atol=1e-9)


def test_callables():
    rng = np.random.default_rng(0)
    clouds = [rng.normal(size=(9, 2))]
    named = BifiltrationTransformer(function="eccentricity").fit_transform(clouds)[0]

    def farthest(points):
        return cdist(points, points).max(axis=1)

    found = BifiltrationTransformer(function=farthest).fit_transform(clouds)[0]
    for dimension in (0, 1):
        np.testing.assert_allclose(found[dimension][0], named[dimension][0], atol=1e-9)
    with pytest.raises(ValueError, match=r"shape \(3,\) for sample 0, expected \(9,\)"):
        BifiltrationTransformer(function=lambda points: np.zeros(3)).fit_transform(clouds)
    with pytest.raises(ValueError, match=r"function returned shape \(1,\) for sample 0"):
        BifiltrationTransformer(
            filtration="graph", function=["degree", lambda a: np.zeros(1)]
        ).fit_transform([np.ones((3, 3))])


def test_farthest_points_cover():
    points = np.random.default_rng(1).normal(size=(60, 3))
    chosen = farthest_points(np.ascontiguousarray(points.T), 5, 12)
    assert chosen[0] == 5
    assert len(set(chosen.tolist())) == 12
    distances = cdist(points, points)
    for k in range(1, 12):
        nearest = distances[:, chosen[:k]].min(axis=1)
        assert nearest[chosen[k]] == pytest.approx(nearest.max())
