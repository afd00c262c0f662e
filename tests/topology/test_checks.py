import numpy as np
import pytest

from skgeom.topology import (
    SignedMeasureKernel,
    SignedMeasureVectorizer,
    TransportLoss,
    fibered_barcode,
    interval_decomposition,
    landscapes,
    mobius_inverse,
    persistence_image,
    rank_invariant,
    rank_measure,
    rank_signed_measure,
    signed_measure_convolution,
    sliced_wasserstein_distances,
    tcdr,
)

nan = float("nan")
P, W = [[0.0, 0.0], [1.0, 2.0]], [1, -1]
SIMPLICES = [np.array([[0], [1]]), np.array([[0, 1]])]
GRADES = [np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 3.0]])]
BOX = [[0.0, 0.0], [2.0, 4.0]]
GRID = [np.linspace(0, 1, 3)] * 2
CUBE = [[0.0, 1.0]] * 3


def modules():
    return interval_decomposition(SIMPLICES, GRADES, (0,), BOX)


def decompose(simplices=SIMPLICES, grades=GRADES, dimensions=(0,), box=BOX, **parameters):
    return interval_decomposition(simplices, grades, dimensions, box, **parameters)


BAD = {
    "convolution: NaN atom": (
        lambda: signed_measure_convolution([[nan, 0]], [1], GRID, 0.1),
        "NaN",
    ),
    "convolution: zero bandwidth": (lambda: signed_measure_convolution(P, W, GRID, 0), "bandwidth"),
    "convolution: bandwidths": (lambda: signed_measure_convolution(P, W, GRID, [1]), "bandwidth"),
    "convolution: kernel": (lambda: signed_measure_convolution(P, W, GRID, 1, "cubic"), "kernel"),
    "convolution: weights": (lambda: signed_measure_convolution(P, [1], GRID, 1), "weights"),
    "convolution: NaN weight": (
        lambda: signed_measure_convolution(P, [nan, 1], GRID, 1),
        "weights",
    ),
    "convolution: axes": (lambda: signed_measure_convolution(P, W, CUBE, 1), "2 parameters"),
    "convolution: NaN grid": (lambda: signed_measure_convolution(P, W, [[0, nan], [0]], 1), "grid"),
    "convolution: profile": (
        lambda: signed_measure_convolution(P, W, GRID, 1, lambda z: 1.0),
        "kernel returned shape",
    ),
    "distances: fractions": (lambda: sliced_wasserstein_distances([(P, [0.5, 0.5])]), "whole"),
    "distances: parameters": (
        lambda: sliced_wasserstein_distances([(P, W), (np.eye(3)[:2], W)]),
        "parameters",
    ),
    "distances: directions": (
        lambda: sliced_wasserstein_distances([(P, W)], directions=[[1, 0, 0]]),
        "directions",
    ),
    "distances: no direction": (
        lambda: sliced_wasserstein_distances([(P, W)], n_directions=0),
        "n_directions",
    ),
    "inverse: fractions": (lambda: mobius_inverse([[0.5, 1]], [[0.0], [0.0, 1.0]]), "whole"),
    "inverse: grid": (lambda: mobius_inverse([[1], [1]], [[1.0, 0.0], [0.0]]), "increase"),
    "tcdr: interval kernel": (
        lambda: tcdr(modules(), GRID, interval_kernel="x"),
        "interval_kernel",
    ),
    "tcdr: op": (lambda: tcdr(modules(), GRID, op="median"), "op must be"),
    "tcdr: delta": (lambda: tcdr(modules(), GRID, delta=0), "delta"),
    "tcdr: weight": (lambda: tcdr(modules(), GRID, weight="x"), "weight must be"),
    "tcdr: power": (lambda: tcdr(modules(), GRID, weight_power=-1), "weight_power"),
    "tcdr: grid": (lambda: tcdr(modules(), [[0, 1]]), "grid has 1 axes"),
    "tcdr: box": (lambda: tcdr(modules(), GRID, box=[0, 1]), "box"),
    "landscapes: none": (lambda: landscapes(modules(), GRID, ()), "k must hold"),
    "landscapes: negative": (lambda: landscapes(modules(), GRID, (-1,)), "k must hold"),
    "image: bandwidth": (lambda: persistence_image(modules(), GRID, bandwidth=0), "bandwidth"),
    "decomposition: lines": (lambda: decompose(n_lines=0), "n_lines"),
    "decomposition: error": (lambda: decompose(max_error=-1.0), "max_error"),
    "decomposition: direction": (lambda: decompose(direction=(0, 1)), "direction"),
    "decomposition: box": (lambda: decompose(box=[[1, 1], [0, 0]]), "box"),
    "decomposition: dimensions": (lambda: decompose(dimensions=()), "homology_dimensions"),
    "decomposition: lengths": (lambda: decompose(grades=GRADES[:1]), "one array per dimension"),
    "decomposition: NaN": (lambda: decompose(grades=[GRADES[0] * nan, GRADES[1]]), "NaN"),
    "decomposition: face": (
        lambda: decompose([SIMPLICES[0][:1], SIMPLICES[1]], [GRADES[0][:1], GRADES[1]]),
        "row 0: a face is not in",
    ),
    "decomposition: order": (
        lambda: decompose(grades=[GRADES[0] + 9, GRADES[1]]),
        "row 0: the cell enters before",
    ),
    "decomposition: rows": (
        lambda: decompose([SIMPLICES[0], SIMPLICES[1][:, ::-1]]),
        "increase within a row",
    ),
    "barcode: dimension": (
        lambda: fibered_barcode(SIMPLICES, GRADES, -1, (0, 0)),
        "homology_dimension",
    ),
    "barcode: point": (lambda: fibered_barcode(SIMPLICES, GRADES, 0, (0, 0, 0)), "point"),
    "barcode of modules": (lambda: modules().barcode((0, 0), (0, 1)), "direction"),
    "rank: grid": (lambda: rank_invariant(SIMPLICES, GRADES, 0, [[1, 0], [0, 1]]), "increase"),
    "rank: dimension": (lambda: rank_invariant(SIMPLICES, GRADES, -1, GRID), "homology_dimension"),
    "rank: resolution": (
        lambda: rank_signed_measure(([(0, 1)], P), function="precomputed", resolution=0),
        "resolution",
    ),
    "rank: three parameters": (
        lambda: rank_signed_measure(([(0, 1)], np.ones((2, 3))), function="precomputed"),
        "two parameters",
    ),
    "rank measure: shape": (lambda: rank_measure(np.ones((2, 2, 2, 2)), GRID), "ranks"),
    "vectors: NaN": (lambda: SignedMeasureVectorizer().fit([{0: ([[nan, 0]], [1])}]), "NaN"),
    "vectors: weights": (lambda: SignedMeasureVectorizer().fit([{0: (P, [1])}]), "Sample 0"),
    "vectors: no pair": (lambda: SignedMeasureVectorizer().fit([{0: np.ones((3, 3))}]), "pair"),
    "vectors: parameters": (
        lambda: SignedMeasureVectorizer().fit([{0: (P, W)}, {0: (np.eye(3), [1, 1, 1])}]),
        "Sample 1",
    ),
    "vectors: no dimension": (lambda: SignedMeasureVectorizer().fit([{}]), "dimension"),
    "vectors: quantiles": (
        lambda: SignedMeasureVectorizer(quantile_range=("a", 1)).fit([{0: (P, W)}]),
        "quantile_range",
    ),
    "vectors: corner": (
        lambda: SignedMeasureVectorizer(mass_default=(nan, 1)).fit([{0: (P, W)}]),
        "mass_default",
    ),
    "vectors: kernel": (
        lambda: SignedMeasureVectorizer(kernel=lambda z: z * nan).fit_transform([{0: (P, W)}]),
        "not finite",
    ),
    "convolution: complex atom": (
        lambda: signed_measure_convolution([[1j, 0]], [1], GRID, 1),
        "Complex data not supported: The measure: points",
    ),
    "convolution: complex weight": (
        lambda: signed_measure_convolution(P, [1, 1j], GRID, 1),
        "Complex data not supported: The measure: weights",
    ),
    "convolution: dates": (
        lambda: signed_measure_convolution(np.array([[1, 2]], dtype="M8[D]"), [1], GRID, 1),
        "points must hold numbers, got dates",
    ),
    "convolution: complex grid": (
        lambda: signed_measure_convolution(P, W, [[0, 1j], [0, 1]], 1),
        "Complex data not supported: grid, parameter 0",
    ),
    "convolution: complex kernel": (
        lambda: signed_measure_convolution(P, W, GRID, 1, lambda z: z * 1j),
        "kernel: what it returned",
    ),
    "convolution: huge atom": (
        lambda: signed_measure_convolution([[1e300, 0]], [1], GRID, 1),
        "points must not exceed 1e\\+100",
    ),
    "distances: huge weight": (
        lambda: sliced_wasserstein_distances([(P, [1e300, 1])]),
        r"A\[0\]: weights must be whole numbers of at most",
    ),
    "inverse: huge": (lambda: mobius_inverse([[1e300, 1]], [[0], [0, 1]]), "surface must be whole"),
    "inverse: infinite": (lambda: mobius_inverse([[np.inf, 1]], [[0], [0, 1]]), "surface must be"),
    "inverse: complex": (lambda: mobius_inverse([[1j, 1]], [[0], [0, 1]]), "Complex.*surface"),
    "decomposition: complex": (
        lambda: decompose(grades=[GRADES[0] * 1j, GRADES[1]]),
        r"Complex data not supported: grades\[0\]",
    ),
    "vectors: complex": (
        lambda: SignedMeasureVectorizer().fit([{0: ([[1j, 0]], [1])}]),
        "Complex data not supported: Sample 0",
    ),
    "vectors: words in the corner": (
        lambda: SignedMeasureVectorizer(mass_default=["a", 1]).fit([{0: (P, W)}]),
        "mass_default must hold numbers",
    ),
    "vectors: words in the grid": (
        lambda: SignedMeasureVectorizer(grid=[["a"], [1]]).fit([{0: (P, W)}]),
        "grid, parameter 0 must hold numbers",
    ),
    "vectors: narrow": (
        lambda: SignedMeasureVectorizer(bandwidth=(1e-300, 1)).fit([{0: (P, W)}]),
        "bandwidth must be",
    ),
    "vectors: high powers": (
        lambda: SignedMeasureVectorizer(
            vectorization="features", basis="polynomial", degree=9, normalize=False
        ).fit_transform([{0: (np.array(P) * 1e90, W)}]),
        "not finite",
    ),
    "target: complex": (
        lambda: TransportLoss({0: ([[1j, 0]], [1])})({0: (np.array(P), np.array(W))}),
        r"Complex data not supported: target\[0\]",
    ),
    "kernel: dimension": (
        lambda: SignedMeasureKernel().fit([{0: (P, W)}]).transform([{1: (P, W)}]),
        "homology dimension 0",
    ),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()


def test_modules_are_expected():
    with pytest.raises(TypeError, match="IntervalModules"):
        tcdr([1], GRID)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, float])
def test_mobius_inverse_takes_any_dtype_of_whole_numbers(dtype):
    surface = np.array([[1, 1], [1, 0]])
    points, weights = mobius_inverse(surface.astype(dtype), [[0.0, 1.0], [0.0, 1.0]])
    np.testing.assert_array_equal(points, [[0.0, 0.0], [1.0, 1.0]])
    np.testing.assert_array_equal(weights, [1, -1])


def test_lists_are_as_good_as_arrays():
    simplices = [cells.tolist() for cells in SIMPLICES]
    grades = [values.tolist() for values in GRADES]
    bars = fibered_barcode(simplices, grades, 0, (0, 0))
    np.testing.assert_array_equal(bars, fibered_barcode(SIMPLICES, GRADES, 0, (0, 0)))
    found = interval_decomposition(simplices, grades, [0], BOX)
    np.testing.assert_array_equal(found.births, modules().births)


def test_measures_may_come_from_a_generator():
    measures = [{0: (P, W)}, {0: ([], [])}]
    for estimator in (SignedMeasureVectorizer(resolution=3), SignedMeasureKernel(random_state=0)):
        expected = estimator.fit_transform(measures)
        estimator.fit(m for m in measures)
        np.testing.assert_array_equal(estimator.transform(m for m in measures), expected)
