from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.topology import MultiparamPersistenceVectorizer, SignedMeasureVectorizer
from skgeom.topology._modules import from_corners
from tests.topology.conftest import random_graph

PARAMS = {"filtration": "graph", "function": "precomputed", "resolution": 5, "bandwidth": 0.2}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([(0, 1), (1,), (0,)]))
def test_gradient_agrees_with_central_differences(seed, normalize, dimensions):
    rng = np.random.default_rng(seed)
    X = [random_graph(rng, n, 2 * n) for n in (6, 9)]
    vectorizer = MultiparamPersistenceVectorizer(
        normalize=normalize, homology_dimensions=dimensions, **PARAMS
    ).fit(X)
    V = rng.normal(size=(2, vectorizer.n_features_out_))
    gradients = vectorizer.gradient(X, V)
    step = 1e-6
    for sample, gradient in enumerate(gradients):
        edges, values = X[sample]
        assert gradient.shape == values.shape
        for node in rng.choice(len(values), 3, replace=False):
            for axis in (0, 1):
                sides = []
                for sign in (1, -1):
                    moved = values.copy()
                    moved[node, axis] += sign * step
                    sides.append((V[sample] * vectorizer.transform([(edges, moved)])[0]).sum())
                slope = (sides[0] - sides[1]) / (2 * step)
                scale = 1 + np.abs(gradient).max()
                assert gradient[node, axis] == pytest.approx(slope, rel=1e-5, abs=1e-5 * scale)


def test_gradient_is_linear_in_the_cotangent():
    rng = np.random.default_rng(0)
    X = [random_graph(rng, 8, 14)]
    vectorizer = MultiparamPersistenceVectorizer(**PARAMS).fit(X)
    U, V = rng.normal(size=(2, 1, vectorizer.n_features_out_))
    added = vectorizer.gradient(X, U + 2 * V)[0]
    parts = vectorizer.gradient(X, U)[0] + 2 * vectorizer.gradient(X, V)[0]
    np.testing.assert_allclose(added, parts, atol=1e-9)


def test_descent_on_node_values_opens_a_loop():
    """Learning a filtration: raise the image of H1 where it should be, by plain ascent."""
    rng = np.random.default_rng(1)
    edges, values = random_graph(rng, 10, 16)
    vectorizer = MultiparamPersistenceVectorizer(**PARAMS).fit([(edges, values)])
    target = np.zeros((1, vectorizer.n_features_out_))
    target[0, 25 + 12] = 1.0
    gained = [vectorizer.transform([(edges, values)])[0, 25 + 12]]
    for _ in range(20):
        gradient = vectorizer.gradient([(edges, values)], target)[0]
        values = values + 0.02 * gradient / max(1e-12, np.abs(gradient).max())
        gained.append(vectorizer.transform([(edges, values)])[0, 25 + 12])
    assert gained[-1] > gained[0]


def cloud(rng, d=2, n=14):
    return rng.normal(size=(n, d))


def valued(rng, d=2, q=1):
    return cloud(rng, d), rng.normal(size=(14, q))


GIVEN = {"function": "precomputed"}
SMOOTH = {
    "rips kde": ({}, cloud),
    "rips dtm": ({"function": "dtm", "function_params": {"mass": 0.3}}, cloud),
    "rips knn in space": (
        {"function": "knn", "function_params": {"k": 3}},
        lambda rng: cloud(rng, 3),
    ),
    "rips eccentricity": ({"function": "eccentricity", "homology_dimensions": (0,)}, cloud),
    "rips values": (GIVEN, valued),
    "rips euler": ({"invariant": "euler", **GIVEN}, valued),
    "rips by rows": ({"filtration_resolution": 5, **GIVEN}, valued),
    "rips, three parameters": (
        {"function": ["kde", "eccentricity"], "homology_dimensions": (0,), "resolution": 3},
        cloud,
    ),
    "alpha": ({"filtration": "alpha"}, cloud),
    "alpha in space": (
        {"filtration": "alpha", "homology_dimensions": (0, 1, 2), **GIVEN},
        lambda rng: valued(rng, 3),
    ),
    "alpha values": ({"filtration": "alpha", "mass_default": "auto", **GIVEN}, valued),
    "alpha ranks": (
        {"filtration": "alpha", "invariant": "rank", "filtration_resolution": 90, **GIVEN},
        valued,
    ),
    "delaunay": ({"filtration": "delaunay"}, cloud),
    "delaunay in space": (
        {"filtration": "delaunay", "homology_dimensions": (0,)},
        lambda rng: cloud(rng, 3),
    ),
    "image": ({"filtration": "cubical"}, lambda rng: rng.normal(size=(5, 4, 2))),
    "volume": (
        {"filtration": "cubical", "homology_dimensions": (0, 1, 2)},
        lambda rng: rng.normal(size=(3, 3, 3, 2)),
    ),
    "image, three channels": (
        {"filtration": "cubical", "resolution": 3},
        lambda rng: rng.normal(size=(4, 3, 3)),
    ),
    "graph, exponential kernel": (
        {"filtration": "graph", "kernel": "exponential", **GIVEN},
        lambda rng: random_graph(rng, 9, 14),
    ),
    "graph, Fourier features": (
        {
            "filtration": "graph",
            "vectorization": "features",
            "n_components": 12,
            "random_state": 0,
            "mass_default": "auto",
            **GIVEN,
        },
        lambda rng: random_graph(rng, 9, 14),
    ),
    "graph, monomials": (
        {"filtration": "graph", "vectorization": "features", "basis": "polynomial", **GIVEN},
        lambda rng: random_graph(rng, 9, 14),
    ),
}


INTERVALS = {
    "invariant": "mma",
    "n_lines": 30,
    "resolution": 6,
    "delta": 0.2,
    "function_params": {"bandwidth": 0.5},
}
SMOOTH |= {
    f"intervals by {name}": (
        {"filtration": "alpha", **INTERVALS, **params},
        cloud,
    )
    for name, params in {
        "diagonal": {},
        "area": {"interval_kernel": "volume", "weight": "volume", "weight_power": 2.0},
        "rectangle": {"interval_kernel": "rectangle", "op": "sum", "normalize": False},
        "Gaussian": {"interval_kernel": "gaussian", "op": "max"},
        "exponential": {"interval_kernel": "exponential", "op": "largest", "k": (0, 2)},
        "maximum": {"weight_power": np.inf, "interval_kernel": "volume"},
        "landscape": {"vectorization": "landscape"},
        "image": {"vectorization": "image"},
    }.items()
}
SMOOTH |= {
    "intervals of graphs": (
        {"filtration": "graph", **INTERVALS, **GIVEN, "function_params": {}},
        lambda rng: random_graph(rng, 9, 14),
    ),
    "intervals of images": (
        {"filtration": "cubical", **INTERVALS, "function_params": {}},
        lambda rng: rng.normal(size=(5, 4, 2)),
    ),
    "intervals of Rips": ({**INTERVALS, **GIVEN, "function_params": {}}, valued),
    "intervals of function-Delaunay": ({"filtration": "delaunay", **INTERVALS}, cloud),
}


def moved_by(shape, direction, step):
    """A shape with its points, values or pixels moved, like the gradient's own shape."""
    if isinstance(direction, tuple):
        return tuple(part + step * d for part, d in zip(shape, direction))
    if isinstance(shape, tuple):
        return shape[0], shape[1] + step * direction
    return shape + step * direction


def moving(shape):
    """The part of a shape that has a gradient."""
    is_graph = isinstance(shape, tuple) and shape[0].dtype.kind != "f"
    return shape[1] if is_graph else shape


@pytest.mark.parametrize("kind", SMOOTH)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_gradient_along_random_directions(kind, seed):
    params, make = SMOOTH[kind]
    rng = np.random.default_rng(seed)
    X = [make(rng), make(rng)]
    vectorizer = MultiparamPersistenceVectorizer(
        **{"resolution": 5, "bandwidth": 0.3, "function_params": {}, **params}
    ).fit(X)
    if vectorizer.invariant == "mma":
        # corners jump where they leave the box, which extremes of the training samples would
        vectorizer.fit([moved_by(x, moving(x), size) for x in X for size in (-0.7, 0.0, 2.0)])
    V = rng.normal(size=(2, vectorizer.n_features_out_))
    gradients = vectorizer.gradient(X, V)
    step = 1e-6
    for i in range(2):
        found = gradients[i]
        parts = found if isinstance(found, tuple) else (found,)
        direction = tuple(rng.normal(size=part.shape) for part in parts)
        slope = sum((part * d).sum() for part, d in zip(parts, direction))
        direction = direction if isinstance(found, tuple) else direction[0]
        after, here, before = (
            (V[i] * vectorizer.transform([moved_by(X[i], direction, sign * step)])[0]).sum()
            for sign in (1, 0, -1)
        )
        scale = 1 + sum(np.abs(part).sum() for part in parts)
        # the two differ where values change their order within the step, and then the slope is
        # one of them or between
        low, high = sorted([(here - before) / step, (after - here) / step])
        assert low - 1e-5 * scale <= slope <= high + 1e-5 * scale


def test_gradient_of_points_has_no_net_force_and_no_torque():
    rng = np.random.default_rng(2)
    X = [rng.normal(size=(20, 2))]
    for filtration in ("rips", "alpha", "delaunay"):
        vectorizer = MultiparamPersistenceVectorizer(filtration=filtration, resolution=4).fit(X)
        V = rng.normal(size=(1, vectorizer.n_features_out_))
        pull = vectorizer.gradient(X, V)[0]
        np.testing.assert_allclose(pull.sum(axis=0), 0, atol=1e-9 * np.abs(pull).max() * 20)
        torque = (X[0][:, 0] * pull[:, 1] - X[0][:, 1] * pull[:, 0]).sum()
        assert abs(torque) < 1e-9 * np.abs(pull).max() * 20


def test_value_and_gradient():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(12, 2))]
    vectorizer = MultiparamPersistenceVectorizer(resolution=4, bandwidth=0.3).fit(X)
    value, gradients = vectorizer.value_and_gradient(
        X, lambda features: (0.5 * (features**2).sum(), features)
    )
    features = vectorizer.transform(X)
    assert value == pytest.approx(0.5 * (features**2).sum())
    np.testing.assert_array_equal(gradients[0], vectorizer.gradient(X, features)[0])


def test_points_that_coincide_have_no_pull_from_each_other():
    X = [np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])]
    vectorizer = MultiparamPersistenceVectorizer(
        function="knn", function_params={"k": 1}, resolution=3, homology_dimensions=(0,)
    ).fit(X)
    assert np.isfinite(vectorizer.gradient(X, np.ones((1, 9)))[0]).all()
    with pytest.raises(ValueError, match="needs distinct points"):
        vectorizer.set_params(filtration="alpha").fit(X).gradient(X, np.ones((1, 9)))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"kernel": np.cos}, "gradient needs a named kernel, whose derivative is known"),
        ({"vectorization": "surface"}, "'surface', which is constant between jumps"),
        ({"vectorization": "histogram"}, "its gradient is zero almost everywhere"),
        ({"vectorization": "sliced_wasserstein"}, "its gradient is zero almost everywhere"),
        ({"invariant": "fibered"}, "gradient needs measures or modules, invariant='fibered'"),
        ({"invariant": "mma", "weight": lambda b, d: 1.0}, "gradient needs a named weight"),
        ({"function": ["degree", "hks"]}, "gradient needs function='precomputed' for graphs"),
    ],
)
def test_refusals(params, message):
    X = [random_graph(np.random.default_rng(0), 6, 9)]
    vectorizer = MultiparamPersistenceVectorizer(**{**PARAMS, **params}).fit(X)
    with pytest.raises(ValueError, match=message):
        vectorizer.gradient(X, np.zeros((1, vectorizer.n_features_out_)))


@pytest.mark.parametrize("interval_kernel", ["interleaving", "volume", "rectangle", "gaussian"])
def test_gradient_in_each_corner(interval_kernel):
    """Corners in general position, moved one by one."""
    rng = np.random.default_rng(0)
    births = np.array([[0.1, 0.4], [0.3, 0.2]]) + rng.uniform(-0.05, 0.05, (3, 2, 2))
    deaths = np.array([[0.6, 0.9], [0.8, 0.7]]) + rng.uniform(-0.05, 0.05, (3, 2, 2))
    modules = from_corners(list(zip(births, deaths)), [0, 0, 0], [[0, 0], [1, 1]], (0,))
    half = SignedMeasureVectorizer(
        vectorization="tcdr",
        interval_kernel=interval_kernel,
        weight="volume",
        resolution=6,
        delta=0.17,
        bandwidth=0.2,
    ).fit([modules])
    V = rng.normal(size=(1, half.n_features_out_))
    slopes = half.gradient([modules], V)[0]
    step = 1e-6
    for side, found in zip(("births", "deaths"), slopes):
        for place in np.ndindex(found.shape):
            sides = []
            for sign in (1, -1):
                corners = getattr(modules, side).copy()
                corners[place] += sign * step
                sides.append((V * half.transform([replace(modules, **{side: corners})])).sum())
            expected = (sides[0] - sides[1]) / (2 * step)
            assert found[place] == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_wrong_shape_of_the_cotangent():
    X = [random_graph(np.random.default_rng(0), 6, 9)]
    vectorizer = MultiparamPersistenceVectorizer(**PARAMS).fit(X)
    with pytest.raises(ValueError, match=r"V must have shape \(1, 50\), got \(1, 7\)"):
        vectorizer.gradient(X, np.zeros((1, 7)))
