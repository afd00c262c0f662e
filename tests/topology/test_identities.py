"""What holds for every measure, whatever the shape."""

import gudhi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from skgeom.topology import BifiltrationTransformer, MultiparamPersistenceVectorizer
from skgeom.topology._measures import signed_sum
from tests.topology.conftest import (
    assert_same_measure,
    canonical,
    hilbert_brute_force,
    random_graph,
    value_of,
)
from tests.topology.test_complexes import KINDS, a_cloud, a_graph, an_image

few = settings(max_examples=15, deadline=None)
quick = settings(max_examples=5, deadline=None)
seeds = st.integers(0, 2**32 - 1)
GIVEN = {"function": "precomputed"}
CLOUDS = ["rips", "alpha", "delaunay"]


def measures_of(shape, kind, **params):
    found = BifiltrationTransformer(**{**KINDS[kind][0], **params}).fit_transform([shape])
    return found[0]


@pytest.mark.parametrize("kind", KINDS)
@quick
@given(seeds)
def test_alternating_sum_is_the_euler_measure(kind, seed):
    shape = KINDS[kind][1](np.random.default_rng(seed))
    top = {"volume": 2, "dual volume": None, "precomputed": 2, "rips": None}.get(kind, 1)
    if top is None:
        return  # the Euler measure is that of a skeleton; see the oracle
    found = measures_of(shape, kind, homology_dimensions=tuple(range(top + 1)))
    total = signed_sum([((-1) ** d, found[d]) for d in found])
    euler = measures_of(shape, kind, invariant="euler")["euler"]
    assert_same_measure(total, euler)


@pytest.mark.parametrize("kind", ["rips", "alpha"])
@few
@given(seeds)
def test_marginal_is_the_barcode_of_one_parameter(kind, seed):
    """With every point there, what is left is ordinary persistence."""
    points, values = a_cloud(np.random.default_rng(seed))
    found = measures_of((points, values), kind, threshold=None)
    if kind == "rips":
        tree = gudhi.RipsComplex(points=points).create_simplex_tree(max_dimension=2)
    else:
        tree = gudhi.AlphaComplex(points=points).create_simplex_tree()
        for simplex, value in list(tree.get_filtration()):
            tree.assign_filtration(simplex, np.sqrt(max(value, 0.0)))
    tree.compute_persistence(homology_coeff_field=2)
    for dimension in (0, 1):
        bars = tree.persistence_intervals_in_dimension(dimension).reshape(-1, 2)
        ends = bars[np.isfinite(bars[:, 1]), 1]
        positions = np.concatenate([bars[:, 0], ends])[:, None]
        signs = np.repeat([1, -1], [len(bars), len(ends)])
        marginal = found[dimension][0][:, :1], found[dimension][1]
        assert_same_measure(canonical(*marginal), canonical(positions, signs))


@few
@given(seeds)
def test_marginal_of_an_image_is_the_barcode_of_its_first_channel(seed):
    image = an_image(np.random.default_rng(seed))
    found = measures_of(image, "image")
    cubical = gudhi.CubicalComplex(vertices=image[..., 0])
    cubical.compute_persistence(homology_coeff_field=2)
    for dimension in (0, 1):
        bars = np.reshape(cubical.persistence_intervals_in_dimension(dimension), (-1, 2))
        ends = bars[np.isfinite(bars[:, 1]), 1]
        positions = np.concatenate([bars[:, 0], ends])[:, None]
        signs = np.repeat([1, -1], [len(bars), len(ends)])
        marginal = found[dimension][0][:, :1], found[dimension][1]
        assert_same_measure(canonical(*marginal), canonical(positions, signs))


@few
@given(seeds)
def test_swapped_parameters_transpose_the_measure(seed):
    rng = np.random.default_rng(seed)
    edges, values = a_graph(rng)
    image = an_image(rng)
    for kind, one, other in (
        ("graph", (edges, values), (edges, values[:, ::-1])),
        ("image", image, image[..., ::-1]),
    ):
        found, swapped = measures_of(one, kind), measures_of(other, kind)
        for dimension in (0, 1):
            points, weights = swapped[dimension]
            assert_same_measure(found[dimension], (points[:, ::-1], weights))


@pytest.mark.parametrize("kind", CLOUDS)
@few
@given(seeds, st.booleans())
def test_order_of_points_does_not_matter(kind, seed, ties):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 5, (20, 2)).astype(float) if ties else rng.normal(size=(20, 2))
    values = rng.integers(0, 4, 20).astype(float)
    order = rng.permutation(20)
    found = measures_of((points, values), kind)
    other = measures_of((points[order], values[order]), kind)
    for dimension in (0, 1):
        assert_same_measure(found[dimension], other[dimension])


@few
@given(seeds)
def test_order_of_nodes_and_edges_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    edges, values = random_graph(rng, 12, 25, levels=3)
    rename = rng.permutation(12)
    renamed = np.empty_like(values)
    renamed[rename] = values
    flipped = rename[edges][rng.permutation(25)]
    flipped[::2] = flipped[::2, ::-1]
    for invariant, keys in (("hilbert", (0, 1)), ("rank", ("rank0", "rank1"))):
        found = measures_of((edges, values), "graph", invariant=invariant)
        other = measures_of((flipped, renamed), "graph", invariant=invariant)
        for key in keys:
            points = np.where(np.isinf(found[key][0]), 1e3, found[key][0])
            same = np.where(np.isinf(other[key][0]), 1e3, other[key][0])
            assert_same_measure((points, found[key][1]), (same, other[key][1]))


@pytest.mark.parametrize("invariant", ["mma", "fibered"])
@few
@given(seeds, st.sampled_from([None, 3]))
def test_lines_do_not_know_the_order_of_nodes_points_and_pixels(invariant, seed, levels):
    rng = np.random.default_rng(seed)
    edges, values = random_graph(rng, 12, 25, levels=levels)
    rename = rng.permutation(12)
    renamed = np.empty_like(values)
    renamed[rename] = values
    image = rng.normal(size=(5, 5, 2)) if levels is None else rng.integers(0, 3, (5, 5, 2)) + 0.0
    points, order = rng.normal(size=(15, 2)), rng.permutation(15)
    heights = rng.normal(size=15) if levels is None else rng.integers(0, 3, 15) + 0.0
    moved = (points[order], heights[order])
    for filtration, one, other in (
        ("graph", (edges, values), (rename[edges][::-1, ::-1], renamed)),
        ("cubical", image, np.swapaxes(image[::-1], 0, 1)),
        ("rips", (points, heights), moved),
        ("alpha", (points, heights), moved),
        ("delaunay", (points, heights), moved),
    ):
        params = {} if filtration == "cubical" else GIVEN
        vectorizer = MultiparamPersistenceVectorizer(
            filtration=filtration, invariant=invariant, resolution=4, n_lines=9, **params
        ).fit([one, one])
        found, same = vectorizer.transform([one, other])
        np.testing.assert_allclose(found, same, atol=1e-10)


@few
@given(seeds)
def test_mirrored_and_turned_images(seed):
    image = an_image(np.random.default_rng(seed))
    found = measures_of(image, "image")
    for other in (image[::-1], image[:, ::-1], np.swapaxes(image, 0, 1)):
        same = measures_of(other, "image")
        for dimension in (0, 1):
            assert_same_measure(found[dimension], same[dimension])


@pytest.mark.parametrize("kind", CLOUDS)
@quick
@given(seeds, st.floats(0.1, 10.0), st.floats(-5.0, 5.0))
def test_scale_and_shift_act_on_the_atoms(kind, seed, scale, shift):
    points, values = a_cloud(np.random.default_rng(seed))
    found = measures_of((points, values), kind, threshold=None)
    other = measures_of((points * scale + shift, values * scale + shift), kind, threshold=None)
    for dimension in (0, 1):
        atoms, weights = found[dimension]
        assert_same_measure(other[dimension], (atoms * scale + [0.0, shift], weights), atol=1e-7)


@pytest.mark.parametrize("kind", CLOUDS)
@quick
@given(seeds)
def test_far_apart_clouds_add_up(kind, seed):
    rng = np.random.default_rng(seed)
    a, b = a_cloud(rng), a_cloud(rng)
    both = np.concatenate([a[0], b[0] + 1e3]), np.concatenate([a[1], b[1]])
    params = {"threshold": 50.0} if kind == "rips" else {}
    together = measures_of(both, kind, **params)
    apart = [measures_of(c, kind, **params) for c in (a, b)]
    for dimension in (0, 1):
        near = together[dimension][0][:, 0] < 100
        kept = together[dimension][0][near], together[dimension][1][near]
        added = signed_sum([(1, m[dimension]) for m in apart])
        close = added[0][:, 0] < 100
        assert_same_measure(kept, (added[0][close], added[1][close]), atol=1e-7)


@pytest.mark.parametrize("kind", CLOUDS)
def test_copies_of_points_change_nothing(kind):
    rng = np.random.default_rng(0)
    points, values = rng.normal(size=(15, 2)), rng.normal(size=15)
    doubled = np.concatenate([points, points[:5]]), np.concatenate([values, values[:5] + 1.0])
    found, other = measures_of((points, values), kind), measures_of(doubled, kind)
    for dimension in (0, 1):
        assert_same_measure(found[dimension], other[dimension])


@pytest.mark.parametrize("kind", KINDS)
def test_total_mass_is_the_betti_number_of_everything(kind):
    shape = KINDS[kind][1](np.random.default_rng(1))
    params = {} if kind != "rips" else {"threshold": None}
    found = measures_of(shape, kind, **params)
    transformer = BifiltrationTransformer(**{**KINDS[kind][0], **params}).fit([shape])
    simplices, _ = transformer.complexes([shape])[0]
    tree = gudhi.SimplexTree()
    for cells in simplices:
        tree.insert_batch(
            np.array(cells.T, dtype=np.int32, order="C", copy=True), np.zeros(len(cells))
        )
    tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True, min_persistence=-1)
    betti = tree.betti_numbers()
    for dimension in (0, 1):
        expected = betti[dimension] if dimension < len(betti) else 0
        assert found[dimension][1].sum() == expected


@few
@given(seeds, st.floats(1e-4, 1e-2))
def test_features_are_stable_in_the_function(seed, size):
    """Lipschitz: the image moves by at most the number of atoms times size over bandwidth."""
    rng = np.random.default_rng(seed)
    points, values = rng.normal(size=(25, 2)), rng.normal(size=25)
    vectorizer = MultiparamPersistenceVectorizer(
        filtration="alpha", resolution=5, bandwidth=0.2, **GIVEN
    ).fit([(points, values)])
    moved = values + rng.uniform(-size, size, 25)
    before, after = vectorizer.transform([(points, values), (points, moved)])
    n_atoms = max(
        np.abs(w).sum() for _, w in vectorizer.signed_measures([(points, values)])[0].values()
    )
    width = (vectorizer.box_[1] - vectorizer.box_[0])[1]
    slope = np.exp(-0.5) / (2 * np.pi * 0.2**2) / 0.2
    assert np.abs(after - before).max() <= 4 * n_atoms * slope * size / width


def test_points_on_a_circle_have_one_pair_of_loop_atoms():
    angle = np.arange(12) / 12 * 2 * np.pi
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    for filtration in ("alpha", "delaunay"):
        transformer = BifiltrationTransformer(
            filtration=filtration, homology_dimensions=(1,), **GIVEN
        )
        points, weights = transformer.fit_transform([(circle, np.zeros(12))])[0][1]
        expected = np.array([[np.sin(np.pi / 12), 0.0], [1.0, 0.0]])
        assert_same_measure((points, weights), (expected, np.array([1, -1])))


def test_cycle_tree_and_full_simplex():
    n = 7
    cycle = np.column_stack([np.arange(n), np.roll(np.arange(n), -1)])
    found = measures_of((cycle, np.full((n, 2), [1.0, 2.0])), "graph")
    np.testing.assert_array_equal(found[1][0], [[1.0, 2.0]])
    rng = np.random.default_rng(0)
    tree = np.column_stack([np.arange(1, n), [rng.integers(0, i) for i in range(1, n)]])
    assert len(measures_of((tree, rng.normal(size=(n, 2))), "graph")[1][1]) == 0
    full = gudhi.SimplexTree()
    full.insert(range(4), 0.0)
    transformer = BifiltrationTransformer(filtration="precomputed", invariant="euler")
    assert transformer.fit_transform([(full, rng.normal(size=4))])[0]["euler"][1].sum() == 1


def test_loops_of_degree_rips_by_brute_force():
    points = np.random.default_rng(5).normal(size=(8, 2))
    distances = squareform(pdist(points))
    transformer = BifiltrationTransformer(filtration="degree_rips", filtration_resolution=4)
    found = transformer.fit_transform([points])[0]
    euler = transformer.set_params(invariant="euler").fit_transform([points])[0]["euler"]
    for radius in np.unique(distances)[5::4]:
        degree = (distances <= radius).sum(axis=1) - 1
        for k in range(4):
            present = np.flatnonzero(degree >= k).tolist()
            pairs = [
                (a, b) for a in present for b in present if a < b and distances[a, b] <= radius
            ]
            linked = set(pairs)
            triples = [
                (a, b, c)
                for a, b in pairs
                for c in present
                if (a, c) in linked and (b, c) in linked
            ]
            cells = [[(v,) for v in present], pairs, triples]
            grades = [np.zeros((len(c), 1)) for c in cells]
            for dimension in (0, 1):
                expected = hilbert_brute_force(cells, grades, np.zeros(1), dimension)
                assert value_of(found[dimension], (radius, -k)) == expected
            assert value_of(euler, (radius, -k)) == len(present) - len(pairs) + len(triples)
