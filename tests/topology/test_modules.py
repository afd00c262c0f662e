import gudhi
import gudhi.hera
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.topology import (
    BifiltrationTransformer,
    IntervalModules,
    MultiparamPersistenceVectorizer,
    SignedMeasureVectorizer,
    fibered_barcode,
    interval_decomposition,
    landscapes,
    persistence_image,
    tcdr,
)
from skgeom.topology._alpha import alpha_complex, lower_star
from skgeom.topology._delaunay_complex import delaunay_complex
from skgeom.topology._modules import from_corners, traces
from skgeom.topology._presentation import minimal_presentation
from tests.topology.conftest import hilbert_brute_force, random_graph
from tests.topology.test_vectorizer import edge_lists

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def by_first(corners):
    return corners[np.argsort(corners[:, 0], kind="stable")]


def stored_modules(oracle, name):
    births, deaths = oracle[f"{name}__births"], oracle[f"{name}__deaths"]
    corners = [
        (by_first(births[b0:b1]), by_first(deaths[d0:d1]))
        for b0, b1, d0, d1 in zip(
            oracle[f"{name}__bptr"][:-1],
            oracle[f"{name}__bptr"][1:],
            oracle[f"{name}__dptr"][:-1],
            oracle[f"{name}__dptr"][1:],
        )
    ]
    return from_corners(corners, oracle[f"{name}__dim"], oracle[f"{name}__box"], (0, 1))


STORED = ["graph0__mma", "graph1__mma", "pc2__fdel_mma1"]


@pytest.mark.parametrize("name", STORED)
@pytest.mark.parametrize("dimension", [0, 1])
def test_images_of_stored_corners(oracle, name, dimension):
    modules = stored_modules(oracle, name).in_dimension(dimension)
    grid = [oracle[f"{name}__grid0"], oracle[f"{name}__grid1"]]
    delta = float(oracle[f"{name}__delta"])
    for p in (0, 1, 2):
        found = tcdr(modules, grid, delta=delta, weight_power=p, op="sum")
        expected = oracle[f"{name}__tcdr_linear_p{p}"][dimension]
        np.testing.assert_allclose(found, expected, atol=1e-12)
    found = tcdr(modules, grid, delta=delta, interval_kernel="gaussian", op="sum")
    np.testing.assert_allclose(found, oracle[f"{name}__gaussian_p1"][dimension], atol=1e-12)
    expected = oracle[f"{name}__landscape_d{dimension}"]
    np.testing.assert_allclose(landscapes(modules, grid), expected, atol=1e-12)


def random_complex(rng, n, d=2, levels=None):
    values = rng.normal(size=n) if levels is None else rng.integers(0, levels, n).astype(float)
    simplices, radii, values = alpha_complex(rng.normal(size=(n, d)), values)
    return simplices, lower_star(simplices, radii, values)


@few
@given(seeds, st.integers(4, 16), st.integers(2, 3), st.sampled_from([None, 3]))
def test_every_line_has_the_barcode_of_gudhi(seed, n, d, levels):
    rng = np.random.default_rng(seed)
    simplices, grades = random_complex(rng, n, d, levels)
    offsets = np.linspace(-4, 4, 9)
    vines = [traces(minimal_presentation(simplices, grades, k), offsets) for k in range(d + 1)]
    for line, offset in enumerate(offsets):
        tree = gudhi.SimplexTree()
        for cells, g in zip(simplices, grades):
            vertices = np.array(cells.T, dtype=np.int32, order="C", copy=True)
            tree.insert_batch(vertices, np.maximum(g[:, 0], g[:, 1] + offset))
        tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True)
        for k in range(d + 1):
            expected = tree.persistence_intervals_in_dimension(k).reshape(-1, 2)
            birth, death = vines[k][0][line], vines[k][1][line]
            chosen = birth < death
            found = np.column_stack([birth[chosen], death[chosen]])
            np.testing.assert_allclose(
                found[np.lexsort(found.T[::-1])], expected[np.lexsort(expected.T[::-1])]
            )


@few
@given(seeds)
def test_vines_move_continuously(seed):
    """Matched bars on neighbouring lines are as close as the lines."""
    rng = np.random.default_rng(seed)
    simplices, grades = random_complex(rng, 14)
    offsets = np.linspace(-3, 3, 40)
    step = offsets[1] - offsets[0] + 1e-12
    for dimension in (0, 1):
        births, deaths = traces(minimal_presentation(simplices, grades, dimension), offsets)
        assert (np.abs(np.diff(births, axis=0)) <= step).all()
        with np.errstate(invalid="ignore"):
            moved = np.abs(np.diff(deaths, axis=0))
        assert (moved[np.isfinite(moved)] <= step).all()
        assert (np.isfinite(deaths[0]) == np.isfinite(deaths[-1])).all()


def diagonal_distance(a, b, points, dimension):
    largest = 0.0
    for point in points:
        bars = [m.barcode(point, homology_dimension=dimension) for m in (a, b)]
        largest = max(largest, gudhi.hera.bottleneck_distance(*bars))
    return largest


@pytest.mark.parametrize("name", ["graph0", "graph1"])
def test_decomposition_agrees_with_the_stored_one(oracle, name):
    stored = stored_modules(oracle, f"{name}__mma")
    values, edges = oracle[f"{name}__f"], np.sort(oracle[f"{name}__edges"], axis=1)
    simplices = [np.arange(len(values))[:, None], edges]
    grades = [values, values[edges].max(axis=1)]
    found = interval_decomposition(
        simplices, grades, (0, 1), stored.box, n_lines=200, direction=(1.0, 1.0)
    )
    width = stored.box[1] - stored.box[0]
    step = width.sum() / 200
    points = [stored.box[0] + [t * width[0], 0] for t in np.linspace(0.05, 0.95, 7)]
    points += [stored.box[0] + [0, t * width[1]] for t in np.linspace(0.05, 0.95, 7)]
    for dimension in (0, 1):
        assert diagonal_distance(found, stored, points, dimension) <= 2 * 1.1 * step + 1e-9
        grid = [np.linspace(*side, 12) for side in stored.box.T]
        images = [
            tcdr(m.in_dimension(dimension), grid, delta=0.05, weight_power=np.inf, op="max")
            for m in (found, stored)
        ]
        assert np.abs(images[0] - images[1]).max() <= 2 * 1.1 * step / 0.05


def test_decomposition_of_function_delaunay_agrees_with_the_stored_one(oracle):
    """Loops of 70 points in the plane, by another library: same bars on diagonals."""
    stored = stored_modules(oracle, "pc2__fdel_mma1")
    simplices, grades = delaunay_complex(oracle["pc2__X"], oracle["pc2__f"])
    found = interval_decomposition(
        simplices, grades, (1,), stored.box, n_lines=200, direction=(1.0, 1.0)
    )
    width = stored.box[1] - stored.box[0]
    step = width.sum() / 200
    points = [stored.box[0] + [t * width[0], 0] for t in np.linspace(0.05, 0.95, 7)]
    points += [stored.box[0] + [0, t * width[1]] for t in np.linspace(0.05, 0.95, 7)]
    assert diagonal_distance(found, stored, points, 1) <= 2 * 1.1 * step + 1e-9
    grid = [np.linspace(*side, 12) for side in stored.box.T]
    images = [
        tcdr(m.in_dimension(1), grid, delta=0.1, weight_power=np.inf, op="max")
        for m in (found, stored)
    ]
    assert np.abs(images[0] - images[1]).max() <= 2 * 1.1 * step / 0.1


def test_barcodes_on_the_lines_are_exact_up_to_their_distance():
    rng = np.random.default_rng(0)
    simplices, grades = random_complex(rng, 40)
    every = np.concatenate(grades)
    box = np.array([every.min(axis=0), every.max(axis=0)])
    modules = interval_decomposition(simplices, grades, (0, 1), box, n_lines=300)
    width = box[1] - box[0]
    for offset in (-0.4, 0.0, 0.3):
        point = box[0] - [0, offset * width[1]]
        tree = gudhi.SimplexTree()
        for cells, g in zip(simplices, grades):
            unit = (g - point) / width
            vertices = np.array(cells.T, dtype=np.int32, order="C", copy=True)
            tree.insert_batch(vertices, unit.max(axis=1))
        tree.compute_persistence(homology_coeff_field=2)
        for dimension in (0, 1):
            expected = tree.persistence_intervals_in_dimension(dimension)
            found = modules.barcode(point, width, dimension)
            assert gudhi.hera.bottleneck_distance(found, expected) <= 2.2 * 2 / 300


def test_rectangle_and_cycle():
    """A cycle whose grades are all equal: one component and one loop from there on."""
    edges = np.array([[0, 1], [0, 2], [1, 2]])
    simplices = [np.arange(3)[:, None], edges]
    grades = [np.full((3, 2), 0.25), np.full((3, 2), 0.25)]
    modules = interval_decomposition(simplices, grades, (0, 1), [[0, 0], [1, 1]], n_lines=400)
    assert modules.dimension.tolist() == [0, 1]
    for i in range(2):
        births, deaths = modules.corners(i)
        np.testing.assert_allclose(births, [[0.25, 0.25]], atol=1e-9)
        assert np.isposinf(deaths).all()
    surface = modules.hilbert([[0.0, 0.3], [0.2, 0.5]], 1)
    np.testing.assert_array_equal(surface, [[0, 0], [0, 1]])


def one_summand(births, deaths):
    box = [[0.0, 0.0], [1.0, 1.0]]
    return from_corners([(np.array(births), np.array(deaths))], [0], box, (0,))


STAIRS = one_summand([[0.1, 0.5], [0.3, 0.2]], [[0.6, 0.9], [0.8, 0.7]])


def inside(modules, points):
    births, deaths = modules.corners(0)
    born = (points[..., None, :] >= births).all(axis=-1).any(axis=-1)
    return born & (points[..., None, :] <= deaths).all(axis=-1).any(axis=-1)


@pytest.mark.parametrize("point", [(0.35, 0.45), (0.1, 0.5), (0.75, 0.75), (0.0, 0.0)])
def test_interval_kernels_by_brute_force(point):
    delta, n = 0.15, 300
    axis = (np.arange(n) + 0.5) / n * 2 * delta - delta
    mesh = np.stack(np.meshgrid(axis + point[0], axis + point[1], indexing="ij"), axis=-1)
    support = inside(STAIRS, mesh)
    grid = [[point[0]], [point[1]]]
    values = {
        kernel: tcdr(STAIRS, grid, delta=delta, interval_kernel=kernel)[0, 0]
        for kernel in ("interleaving", "volume", "rectangle", "gaussian", "exponential")
    }
    assert values["volume"] == pytest.approx(support.mean(), abs=0.01)
    diagonals = [np.diagonal(support, k).sum() for k in range(-n + 1, n)]
    assert values["interleaving"] == pytest.approx(max(diagonals) / n, abs=0.01)
    assert values["rectangle"] <= values["volume"] + 1e-12
    everywhere = np.stack(np.meshgrid(*[np.linspace(0, 1, 401)] * 2, indexing="ij"), axis=-1)
    support = everywhere[inside(STAIRS, everywhere)]
    distance = np.abs(support - point).max(axis=1).min()
    assert values["gaussian"] == pytest.approx(np.exp(-0.5 * (distance / delta) ** 2), abs=0.03)
    assert values["exponential"] == pytest.approx(np.exp(-distance / delta), abs=0.03)


def test_rectangle_kernel_finds_the_largest_rectangle():
    value = tcdr(STAIRS, [[0.5], [0.5]], delta=0.5, interval_kernel="rectangle")[0, 0]
    # births x deaths: (.5 x .4), (.7 x .2), (.3 x .7), (.5 x .5)
    assert value == pytest.approx(0.25)


def test_weights_and_operations():
    births = [[0.0, 0.0], [0.2, 0.2], [0.0, 0.5]]
    deaths = [[0.5, 0.5], [0.4, 0.3], [0.5, 0.6]]
    corners = [(np.array([b]), np.array([d])) for b, d in zip(births, deaths)]
    modules = from_corners(corners, [0, 0, 0], [[0, 0], [1, 1]], (0,))
    grid = [np.linspace(0, 1, 5)] * 2
    phi = [
        tcdr(one_summand([b], [d]), grid, delta=0.2, weight="constant")
        for b, d in zip(births, deaths)
    ]
    for weight, sizes in (
        ("interleaving", [0.5, 0.1, 0.1]),
        ("volume", [0.25, 0.02, 0.05]),
        ("constant", [1, 1, 1]),
        (lambda b, d: b[0, 1] + 1, [1.0, 1.2, 1.5]),
    ):
        for p in (0, 1, 2):
            w = np.array(sizes, dtype=float) ** p
            expected = np.tensordot(w, phi, 1)
            params = {"delta": 0.2, "weight": weight, "weight_power": p}
            np.testing.assert_allclose(tcdr(modules, grid, op="sum", **params), expected)
            np.testing.assert_allclose(tcdr(modules, grid, **params), expected / w.sum())
    largest = tcdr(modules, grid, delta=0.2, weight_power=np.inf)
    np.testing.assert_allclose(largest, np.max(phi, axis=0))
    copies = from_corners(corners * 3, [0] * 9, [[0, 0], [1, 1]], (0,))
    for p in (0, 1):
        np.testing.assert_allclose(
            tcdr(copies, grid, weight_power=p), tcdr(modules, grid, weight_power=p)
        )
    image = persistence_image(modules, grid, bandwidth=0.3)
    assert image[0, 0] == pytest.approx(
        0.25 + 0.02 * np.exp(-((0.2 / 0.3) ** 2)) + 0.05 * np.exp(-((0.5 / 0.3) ** 2))
    )


@few
@given(seeds)
def test_stability_of_the_maximum(seed):
    """Moving every grade by at most e moves the image by at most e / delta (slack 2)."""
    rng = np.random.default_rng(seed)
    edges, values = random_graph(rng, 10, 14)
    edges, box = np.sort(edges, axis=1), [[-3, -3], [3, 3]]
    step, delta, images = 0.05, 0.5, []
    for moved in (values, values + rng.uniform(-step, step, values.shape)):
        simplices = [np.arange(10)[:, None], edges]
        grades = [moved, moved[edges].max(axis=1)]
        modules = interval_decomposition(simplices, grades, (0,), box, n_lines=600)
        grid = [np.linspace(-3, 3, 7)] * 2
        images.append(tcdr(modules, grid, delta=delta, weight_power=np.inf))
    assert np.abs(images[0] - images[1]).max() <= 2 * (step + 2.2 * 12 / 600) / delta


def test_vectorizer_over_modules():
    X, _ = edge_lists(0)
    params = {"filtration": "graph", "function": "precomputed", "invariant": "mma"}
    vectorizer = MultiparamPersistenceVectorizer(resolution=4, n_lines=50, **params)
    features = vectorizer.fit_transform(X)
    assert features.shape == (6, 32)
    assert (features >= 0).all()
    assert features.any()
    modules = vectorizer.decompose(X)
    assert isinstance(modules[0], IntervalModules)
    direct = BifiltrationTransformer(n_lines=50, **params).fit_transform(X)
    np.testing.assert_array_equal(modules[1].births, direct[1].births)
    np.testing.assert_array_equal(vectorizer.box_, vectorizer.filtration_box_)
    again = SignedMeasureVectorizer(vectorization="tcdr", resolution=4).fit_transform(direct)
    np.testing.assert_array_equal(again, features)
    assert vectorizer.betti_surfaces(X)[0].shape == (6, 4, 4)
    threads = MultiparamPersistenceVectorizer(resolution=4, n_lines=50, n_jobs=2, **params)
    np.testing.assert_array_equal(threads.fit_transform(X), features)


def test_landscape_and_image_features():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 2)) for n in (12, 15)]
    params = {"filtration": "alpha", "invariant": "mma", "n_lines": 40, "resolution": 5}
    landscape = MultiparamPersistenceVectorizer(vectorization="landscape", k=(0, 2), **params)
    features = landscape.fit_transform(X).reshape(2, 2, 2, 5, 5)
    assert (features[:, :, 0] >= features[:, :, 1]).all()
    assert landscape.get_feature_names_out()[25] == "mph_h0_k01_r00_s00"
    image = MultiparamPersistenceVectorizer(vectorization="image", bandwidth=0.2, **params)
    assert image.fit_transform(X).shape == (2, 50)
    wide = image.set_params(quantile_range=(0.1, 0.9), max_error=0.1).fit(X)
    assert (wide.box_[1] < wide.filtration_box_[1]).any()


def test_refusals():
    X, _ = edge_lists(0)
    graph = {"filtration": "graph", "function": "precomputed"}
    mma = {**graph, "invariant": "mma"}
    bad = [
        ({"invariant": "mma", "filtration": "degree_rips"}, [np.zeros((3, 2))], "several grades"),
        ({**mma, "vectorization": "surface"}, X, "doesn't take what invariant='mma' gives"),
        ({**graph, "vectorization": "tcdr"}, X, "doesn't take what invariant='hilbert' gives"),
        ({**mma, "k": (-1,)}, X, "k must hold non-negative integers"),
        ({**mma, "bandwidth": (0.1, 0.2)}, X, "bandwidth must be one number"),
        (mma, [([(0, 1)], np.zeros((2, 3)))], "takes two parameters, got 3"),
    ]
    for params, samples, message in bad:
        with pytest.raises(ValueError, match=message):
            MultiparamPersistenceVectorizer(**params).fit(samples)
    with pytest.raises(ValueError, match="expected IntervalModules, or summands"):
        SignedMeasureVectorizer(vectorization="tcdr").fit([{0: (np.zeros((1, 2)), [1])}])
    with pytest.raises(ValueError, match="see decompose"):
        MultiparamPersistenceVectorizer(**mma).fit(X).signed_measures(X)
    with pytest.raises(ValueError, match="decompose needs invariant='mma'"):
        MultiparamPersistenceVectorizer(**graph).fit(X).decompose(X)


def test_empty_sample_has_no_summands():
    X, _ = edge_lists(0)
    vectorizer = MultiparamPersistenceVectorizer(
        filtration="graph", function="precomputed", invariant="mma", resolution=3
    ).fit(X)
    empty = (np.empty((0, 2)), np.empty((0, 2)))
    assert len(vectorizer.decompose([empty])[0]) == 0
    assert not vectorizer.transform([empty]).any()


def test_fibered_barcode():
    rng = np.random.default_rng(3)
    simplices, grades = random_complex(rng, 20)
    point, direction = np.array([0.1, -0.5]), np.array([1.0, 2.0])
    for dimension in (0, 1):
        bars = fibered_barcode(simplices, grades, dimension, point, direction)
        ranks = [((bars[:, 0] <= t) & (bars[:, 1] > t)).sum() for t in np.linspace(-1.0, 1.5, 20)]
        cells = [c.tolist() for c in simplices]
        expected = [
            hilbert_brute_force(cells, grades, point + t * direction, dimension)
            for t in np.linspace(-1.0, 1.5, 20)
        ]
        assert ranks == expected
    with pytest.raises(ValueError, match="direction must be positive"):
        fibered_barcode(simplices, grades, 0, point, (1.0, 0.0))
