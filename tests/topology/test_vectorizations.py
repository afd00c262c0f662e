"""Ranks, fibered barcodes, integral features, modules of others, batches and weights."""

import numpy as np
import pytest
from gudhi.representations import Landscape, PersistenceImage, SlicedWassersteinKernel
from sklearn.base import clone
from sklearn.svm import SVC

from skgeom.topology import (
    BifiltrationTransformer,
    FiberedKernel,
    MultiparamPersistenceVectorizer,
    SignedMeasureKernel,
    SignedMeasureVectorizer,
    sliced_wasserstein_distances,
    tcdr,
)
from skgeom.topology._modules import foreign_modules
from tests.topology.conftest import random_graph
from tests.topology.test_modules import STAIRS
from tests.topology.test_signed_measure_vectorizer import random_measures

GRAPH = {"filtration": "graph", "function": "precomputed"}


def graphs(seed, count=6):
    rng = np.random.default_rng(seed)
    return [random_graph(rng, int(n), 2 * int(n)) for n in rng.integers(6, 12, count)]


def clouds(seed, count=5):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, 2)) for n in rng.integers(12, 20, count)]


def test_monomials_are_moments_of_the_measure():
    measures = random_measures(0)
    vectorizer = SignedMeasureVectorizer(
        vectorization="features", basis="polynomial", degree=2, normalize=False
    )
    features = vectorizer.fit_transform(measures)
    assert features.shape[1] == 2 * 6
    for sample, row in zip(measures, features):
        x, w = sample[0]
        expected = [(w * x[:, 0] ** i * x[:, 1] ** j).sum() for i in range(3) for j in range(3 - i)]
        np.testing.assert_allclose(row[:6], expected, atol=1e-9)
    assert vectorizer.get_feature_names_out()[:2].tolist() == ["mph_h0_f00", "mph_h0_f01"]


def test_fourier_features_approximate_the_gaussian_kernel():
    measures = random_measures(1)
    vectorizer = SignedMeasureVectorizer(
        vectorization="features", n_components=20000, bandwidth=0.5, random_state=0
    )
    features = vectorizer.fit_transform(measures)[:, :20000]
    low, high = vectorizer.box_
    a, b = ((m[0][0] - low) / (high - low) for m in measures[:2])
    kernel = np.exp(-((a[:, None] - b[None]) ** 2).sum(axis=2) / (2 * 0.5**2))
    expected = measures[0][0][1] @ kernel @ measures[1][0][1]
    scale = np.abs(measures[0][0][1]).sum() * np.abs(measures[1][0][1]).sum()
    assert features[0] @ features[1] == pytest.approx(expected, abs=0.03 * scale)


def test_callable_basis():
    measures = random_measures(2)
    vectorizer = SignedMeasureVectorizer(
        vectorization="features", basis=lambda p: np.column_stack([p[:, 0], np.ones(len(p))])
    )
    features = vectorizer.fit_transform(measures)
    np.testing.assert_allclose(features[:, 1], [m[0][1].sum() for m in measures])
    with pytest.raises(ValueError, match=r"basis returned shape \(2,\)"):
        clone(vectorizer).set_params(basis=lambda p: p[:, 0]).fit(measures)


def test_images_of_births_and_of_deaths():
    X = graphs(0)
    vectorizer = MultiparamPersistenceVectorizer(
        invariant="rank", vectorization="histogram", grid="exact", **GRAPH
    )
    features = vectorizer.fit_transform(X)
    ranks = vectorizer.signed_measures(X)
    blocks = np.split(features, 4, axis=1)
    for i, sample in enumerate(ranks):
        for d in (0, 1):
            points, weights = sample[f"rank{d}"]
            finite = np.isfinite(points[:, 2:]).all(axis=1)
            assert blocks[2 * d][i].sum() == weights.sum()
            assert blocks[2 * d + 1][i].sum() == weights[finite].sum()
    names = vectorizer.get_feature_names_out()
    assert names[0].startswith("mph_rank0_birth_r0")
    with pytest.raises(ValueError, match="mass_default has no meaning for births and deaths"):
        clone(vectorizer).set_params(mass_default="auto").fit(X)


def test_sliced_wasserstein_of_ranks():
    X = graphs(1)
    measures = BifiltrationTransformer(invariant="rank", **GRAPH).fit_transform(X)
    kernel = SignedMeasureKernel(random_state=0).fit(measures)
    K = kernel.transform(measures)
    np.testing.assert_allclose(K, K.T, atol=1e-12)
    np.testing.assert_allclose(np.diag(K), 1.0)
    assert np.linalg.eigvalsh(K).min() > -1e-9
    vectorizer = SignedMeasureVectorizer(vectorization="sliced_wasserstein", random_state=0)
    features = vectorizer.fit_transform(measures)
    assert vectorizer.box_.shape == (2, 4)
    # total masses are zero: nothing is left at the last knot
    last = features.reshape(len(X), -1, 20)[:, :, -1]
    np.testing.assert_allclose(last, 0, atol=1e-12)


def test_fibered_vectors_are_means_over_lines():
    X = clouds(0)
    transformer = BifiltrationTransformer(filtration="alpha", invariant="fibered", n_lines=12)
    barcodes = transformer.fit_transform(X)
    landscape = Landscape(num_landscapes=2, resolution=7, sample_range=(0.0, 1.4))
    vectorizer = SignedMeasureVectorizer(vectorization="fibered", representation=landscape)
    features = vectorizer.fit_transform(barcodes)
    assert features.shape == (5, 28)
    expected = 0.0
    for line, weight in enumerate(barcodes[2].weights):
        expected = expected + weight * landscape.fit_transform([barcodes[2].bars[1][line]])[0]
    np.testing.assert_allclose(features[2, 14:], expected, atol=1e-12)
    whole = MultiparamPersistenceVectorizer(
        filtration="alpha",
        invariant="fibered",
        n_lines=12,
        representation=PersistenceImage(
            bandwidth=0.1, resolution=[4, 4], im_range=[0, 1.4, 0, 1.4]
        ),
    )
    assert whole.fit_transform(X).shape == (5, 32)
    assert whole.get_feature_names_out()[-1] == "mph_h1_f15"
    with pytest.raises(ValueError, match="list of FiberedBarcodes"):
        vectorizer.transform([{}])


def test_fibered_kernel():
    X, y = clouds(1, 8), np.arange(8) % 2
    transformer = BifiltrationTransformer(filtration="alpha", invariant="fibered", n_lines=4)
    barcodes = transformer.fit_transform(X)
    sliced = SlicedWassersteinKernel(bandwidth=0.3)
    kernel = FiberedKernel(kernel=sliced)
    K = kernel.fit_transform(barcodes)
    expected = 0.0
    for key in (0, 1):
        for line, weight in enumerate(barcodes[0].weights):
            bars = [b.bars[key][line] for b in barcodes]
            expected = expected + weight * clone(sliced).fit(bars).transform(bars)
    np.testing.assert_allclose(K, expected)
    assert SVC(kernel="precomputed").fit(K, y).score(kernel.transform(barcodes), y) >= 0.5
    fewer = BifiltrationTransformer(filtration="alpha", invariant="fibered", n_lines=9)
    with pytest.raises(ValueError, match="have 9 lines, those of fit had 4"):
        kernel.transform(fewer.fit_transform(X))


class Summand:
    degree = 0

    def get_birth_list(self):
        return [np.array([0.3, 0.2]), np.array([0.1, 0.5])]

    def get_death_list(self):
        return [np.array([0.6, 0.9]), np.array([0.8, 0.7])]


class Module(list):
    def get_box(self):
        return [[0.0, 0.0], [1.0, 1.0]]


def test_modules_and_measures_of_other_libraries():
    found = foreign_modules(Module([Summand()]))
    grid = [np.linspace(0, 1, 9)] * 2
    np.testing.assert_array_equal(tcdr(found, grid), tcdr(STAIRS, grid))
    vectorizer = SignedMeasureVectorizer(vectorization="tcdr", resolution=9)
    np.testing.assert_array_equal(
        vectorizer.fit_transform([Module([Summand()])])[0], tcdr(STAIRS, grid).ravel()
    )
    np.testing.assert_allclose(foreign_modules([Summand()]).box, [[0.1, 0.2], [0.8, 0.9]])
    measures = random_measures(4)
    by_degree = [(m[0], m[1]) for m in measures]
    surface = SignedMeasureVectorizer(vectorization="surface").fit(measures)
    np.testing.assert_array_equal(surface.transform(by_degree), surface.transform(measures))


class ForeignTree:
    def __init__(self, simplices, grades):
        self.pairs = [(s, g) for cs, gs in zip(simplices, grades) for s, g in zip(cs, gs)]

    def get_simplices(self):
        return iter(self.pairs)


class ForeignSlicer(ForeignTree):
    get_simplices = None

    def __getattribute__(self, name):
        if name == "get_simplices":
            raise AttributeError(name)
        return super().__getattribute__(name)

    def get_boundaries(self):
        number = {tuple(s): i for i, (s, _) in enumerate(self.pairs)}
        return [
            [number[tuple(np.delete(s, c))] for c in range(len(s))] if len(s) > 1 else []
            for s, _ in self.pairs
        ]

    def get_filtrations(self):
        return [g for _, g in self.pairs]


def test_complexes_of_other_libraries():
    X = [np.random.default_rng(0).normal(size=(9, 2))]
    transformer = BifiltrationTransformer(filtration="alpha").fit(X)
    cells = transformer.complexes(X)[0]
    given = BifiltrationTransformer(filtration="precomputed", filtration_resolution=50)
    expected = given.fit_transform([cells])[0]
    for foreign in (ForeignTree(*cells), ForeignSlicer(*cells)):
        found = given.fit_transform([foreign])[0]
        for d in (0, 1):
            np.testing.assert_allclose(found[d][0], expected[d][0])
            np.testing.assert_array_equal(found[d][1], expected[d][1])
    square = ForeignSlicer([[(0,)], [(0, 1)]], [[(0.0, 0.0)], [(1.0, 1.0)]])
    square.get_boundaries = lambda: [[], [0, 0, 0]]
    with pytest.raises(ValueError, match="Sample 0: cell 1 is no simplex"):
        given.fit([square])
    flat = ForeignTree([[(0,)]], [[(0.0,)]])
    with pytest.raises(ValueError, match="one parameter comes in a pair"):
        given.fit([flat])


def test_k_th_largest_value_at_every_point():
    X = graphs(2)
    modules = BifiltrationTransformer(invariant="mma", **GRAPH).fit_transform(X)
    grid = [np.linspace(*side, 6) for side in modules[0].box.T]
    one = modules[0].in_dimension(0)
    both = tcdr(one, grid, op="largest", k=(0, 1), weight="volume")
    np.testing.assert_allclose(both[0], tcdr(one, grid, op="max", weight="volume"))
    assert (both[1] <= both[0]).all()
    vectorizer = SignedMeasureVectorizer(vectorization="tcdr", op="largest", k=(0, 2), resolution=3)
    assert vectorizer.fit_transform(modules).shape == (len(X), 2 * 2 * 9)
    assert vectorizer.get_feature_names_out()[9] == "mph_h0_k01_r00_s00"


def test_batches_learn_what_all_samples_teach():
    X = graphs(3, 9)
    whole = MultiparamPersistenceVectorizer(**GRAPH).fit(X)
    parts = MultiparamPersistenceVectorizer(**GRAPH)
    for start in range(0, 9, 3):
        parts.partial_fit(X[start : start + 3])
    np.testing.assert_array_equal(parts.box_, whole.box_)
    np.testing.assert_array_equal(parts.transform(X), whole.transform(X))
    mma = MultiparamPersistenceVectorizer(invariant="mma", resolution=4, **GRAPH)
    mma.partial_fit(X[:5]).partial_fit(X[5:])
    assert (mma.box_[1] > mma.box_[0]).all()
    with pytest.raises(ValueError, match="partial_fit needs a grid other than 'exact'"):
        MultiparamPersistenceVectorizer(grid="exact", **GRAPH).partial_fit(X)


def test_quantiles_of_batches_are_near_those_of_all():
    measures = [
        {0: (np.random.default_rng(s).normal(size=(3000, 2)), np.ones(3000, dtype=int))}
        for s in range(8)
    ]
    params = {"grid": "quantile", "quantile_range": (0.1, 0.9), "resolution": 9}
    whole = SignedMeasureVectorizer(**params).fit(measures)
    parts = SignedMeasureVectorizer(**params)
    for start in range(0, 8, 2):
        parts.partial_fit(measures[start : start + 2])
    for a, b in zip(parts.grid_, whole.grid_):
        np.testing.assert_allclose(a, b, atol=0.01)
    np.testing.assert_allclose(parts.box_, whole.box_, atol=0.01)


def test_weights_are_repetitions():
    measures = random_measures(5)
    params = {"grid": "quantile", "quantile_range": (0.2, 0.9), "resolution": 4}
    counts = np.array([2, 0, 1, 3][: len(measures)] + [1] * max(0, len(measures) - 4))
    repeated = [m for m, count in zip(measures, counts) for _ in range(count)]
    weighted = SignedMeasureVectorizer(**params).fit(measures, sample_weight=counts)
    plain = SignedMeasureVectorizer(**params).fit(repeated, sample_weight=np.ones(counts.sum()))
    np.testing.assert_allclose(weighted.box_, plain.box_)
    for a, b in zip(weighted.grid_, plain.grid_):
        np.testing.assert_allclose(a, b)
    X = graphs(4)
    facade = MultiparamPersistenceVectorizer(quantile_range=(0.1, 0.9), **GRAPH)
    facade.fit(X, sample_weight=[1, 0, 0, 0, 0, 0])
    alone = clone(facade).fit(X[:1], sample_weight=[1])
    np.testing.assert_allclose(facade.box_, alone.box_)


def test_cost_grows_with_the_samples():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 2)) for n in (10, 100, 1000)]
    for params in ({}, {"filtration": "alpha"}, {"filtration": "delaunay"}, {"invariant": "mma"}):
        cost = MultiparamPersistenceVectorizer(**params).estimate_cost(X)
        assert (np.diff(cost["cells"]) > 0).all()
        assert (np.diff(cost["megabytes"]) > 0).all()
    exact = BifiltrationTransformer(invariant="mma").fit(X[:1]).complexes(X[:1])[0][0]
    cost = BifiltrationTransformer(invariant="mma").estimate_cost(X[:1])
    assert cost["cells"][0] == sum(map(len, exact))
    capped = BifiltrationTransformer(invariant="mma", max_points=10).estimate_cost(X)
    assert (capped["cells"] == cost["cells"][0]).all()
    images = [rng.normal(size=(5, 6, 2))]
    for dual in (False, True):
        transformer = BifiltrationTransformer(filtration="cubical", dual=dual)
        assert transformer.estimate_cost(images)["cells"][0] >= 30
    edges, values = random_graph(rng, 8, 12)
    found = BifiltrationTransformer(**GRAPH).estimate_cost([(edges, values)])
    assert found["cells"][0] == 20


def test_three_parameters_of_a_cloud_against_rows():
    """At every value of the third function the measure is that of the points up to there."""
    rng = np.random.default_rng(0)
    points, values = rng.normal(size=(12, 2)), rng.integers(0, 4, (12, 2)).astype(float)
    for filtration, dimensions in (("rips", (0,)), ("delaunay", (0,)), ("alpha", (0, 1))):
        params = {"function": "precomputed", "homology_dimensions": dimensions}
        transformer = BifiltrationTransformer(filtration=filtration, **params)
        found = transformer.fit_transform([(points, values)])[0]
        assert transformer.n_parameters_ == 3
        for t in range(4):
            level = np.where(values[:, 1] <= t, values[:, 0], np.inf)
            if filtration == "alpha":
                continue
            expected = BifiltrationTransformer(filtration=filtration, **params).fit_transform(
                [(points, level)]
            )[0]
            for x in ((0.3, 1.0), (1.0, 2.0), (9.0, 3.0)):
                atoms, weights = found[0]
                below = (atoms <= (*x, t)).all(axis=1)
                other = (expected[0][0] <= x).all(axis=1)
                assert weights[below].sum() == expected[0][1][other].sum()
        if filtration == "alpha":
            # without the third function: the measure of two
            two = BifiltrationTransformer(filtration=filtration, **params).fit_transform(
                [(points, values[:, 0])]
            )[0]
            for d in dimensions:
                for x in ((0.3, 1.0), (1.0, 2.0), (9.0, 3.0)):
                    atoms, weights = found[d]
                    below = (atoms[:, :2] <= x).all(axis=1)
                    other = (two[d][0] <= x).all(axis=1)
                    assert weights[below].sum() == two[d][1][other].sum()


def test_distances_between_measures_of_ranks_need_no_balance():
    with pytest.raises(ValueError, match="different total masses"):
        sliced_wasserstein_distances([([[0.0, 0.0]], [1]), ([[1.0, 1.0]], [2])])
