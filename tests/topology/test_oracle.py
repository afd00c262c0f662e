"""Every measure against the frozen outputs of an independent library."""

import numpy as np
import pytest

from skgeom.topology import (
    BifiltrationTransformer,
    euler_signed_measure,
    rank_signed_measure,
    sliced_wasserstein_distances,
)
from tests.topology.conftest import assert_same_measure


def measure(oracle, name):
    return oracle[f"{name}__pts"], oracle[f"{name}__w"]


@pytest.mark.parametrize("name", ["graph0", "graph1", "graph2", "graph3", "graph4", "g3p"])
def test_graph(oracle, name):
    graph = (oracle[f"{name}__edges"], oracle[f"{name}__f"])
    transformer = BifiltrationTransformer(filtration="graph", function="precomputed")
    found = transformer.fit_transform([graph])[0]
    for dimension in (0, 1):
        assert_same_measure(found[dimension], measure(oracle, f"{name}__H{dimension}"))
    if name != "g3p":
        euler = euler_signed_measure(graph, "graph", function="precomputed")
        assert_same_measure(euler, measure(oracle, f"{name}__euler"))


def test_rips(oracle):
    sample = (oracle["pc2__X"], oracle["pc2__f"])
    transformer = BifiltrationTransformer(function="precomputed", filtration_resolution=70)
    found = transformer.fit_transform([sample])[0]
    for dimension in (0, 1):
        assert_same_measure(found[dimension], measure(oracle, f"pc2__rips_H{dimension}"))
    euler = euler_signed_measure(sample, function="precomputed")
    assert_same_measure(euler, measure(oracle, "pc2__rips_euler_2skel"))


def test_single_linkage_at_half_scale_is_function_delaunay(oracle):
    found = BifiltrationTransformer(function="precomputed", homology_dimensions=(0,))
    points, weights = found.fit_transform([(oracle["pc2__X"], oracle["pc2__f"])])[0][0]
    assert_same_measure((points * [0.5, 1.0], weights), measure(oracle, "pc2__fdel_H0"))


@pytest.mark.parametrize("name", ["pc2", "pc3"])
def test_alpha(oracle, name):
    sample = (oracle[f"{name}__X"], oracle[f"{name}__f"])
    dimensions = tuple(range(sample[0].shape[1]))
    transformer = BifiltrationTransformer(
        filtration="alpha", function="precomputed", homology_dimensions=dimensions
    )
    found = transformer.fit_transform([sample])[0]
    for dimension in dimensions:
        assert_same_measure(found[dimension], measure(oracle, f"{name}__alpha_H{dimension}"))
    if name == "pc2":
        euler = euler_signed_measure(sample, "alpha", function="precomputed")
        assert_same_measure(euler, measure(oracle, "pc2__alpha_euler"))


@pytest.mark.parametrize("name", ["pc2", "pc3"])
def test_function_delaunay(oracle, name):
    sample = (oracle[f"{name}__X"], oracle[f"{name}__f"])
    dimensions = tuple(range(sample[0].shape[1]))
    params = {"filtration": "delaunay", "function": "precomputed", "filtration_resolution": 70}
    transformer = BifiltrationTransformer(homology_dimensions=dimensions, **params)
    found = transformer.fit_transform([sample])[0]
    for dimension in dimensions:
        assert_same_measure(found[dimension], measure(oracle, f"{name}__fdel_H{dimension}"))
    if name == "pc2":
        euler = euler_signed_measure(sample, **params)
        assert_same_measure(euler, measure(oracle, "pc2__fdel_euler"))


def test_degree_rips(oracle):
    transformer = BifiltrationTransformer(
        filtration="degree_rips",
        homology_dimensions=(0,),
        filtration_resolution=12,
        threshold=0.8,
    )
    found = transformer.fit_transform([oracle["degrips__X"]])[0][0]
    assert_same_measure(found, measure(oracle, "degrips__H0"))


@pytest.mark.parametrize("name", ["graph0", "graph1", "graph2", "graph3", "graph4"])
@pytest.mark.parametrize("dimension", [0, 1])
def test_rank(oracle, name, dimension):
    graph = (oracle[f"{name}__edges"], oracle[f"{name}__f"])
    points, weights = rank_signed_measure(
        graph, homology_dimension=dimension, function="precomputed"
    )
    expected, signs = measure(oracle, f"{name}__rank{dimension}")
    # infinite coordinates are compared as a large number
    found = np.where(np.isinf(points), 1e3, points)
    assert_same_measure((found, weights), (np.where(np.isinf(expected), 1e3, expected), signs))


@pytest.mark.parametrize("name", ["img2", "img3"])
def test_image(oracle, name):
    stored = oracle[f"{name}__I"]
    # the other library took the values in C order with the axes in reverse order
    image = stored.reshape(*stored.shape[-2::-1], stored.shape[-1])
    dimensions = tuple(range(image.ndim - 1))
    transformer = BifiltrationTransformer(filtration="cubical", homology_dimensions=dimensions)
    found = transformer.fit_transform([image])[0]
    for dimension in dimensions:
        assert_same_measure(found[dimension], measure(oracle, f"{name}__H{dimension}"))
    if name == "img2":
        euler = euler_signed_measure(image, "cubical")
        assert_same_measure(euler, measure(oracle, "img2__euler"))


def test_sliced_wasserstein(oracle):
    measures = [(oracle[f"sw__pts{i}"], oracle[f"sw__w{i}"]) for i in range(6)]
    found = sliced_wasserstein_distances(measures, directions=oracle["sw__lines"].T)
    np.testing.assert_allclose(found, oracle["sw__dist"], atol=1e-12)
