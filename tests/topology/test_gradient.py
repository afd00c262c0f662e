import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.topology import MultiparamPersistenceVectorizer
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


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"kernel": "linear"}, "gradient needs kernel='gaussian', got 'linear'"),
        ({"mass_default": "auto"}, "gradient needs mass_default=None"),
        ({"vectorization": "surface"}, "gradient needs vectorization='convolution'"),
        ({"invariant": "euler"}, "gradient needs invariant='hilbert'"),
    ],
)
def test_refusals(params, message):
    X = [random_graph(np.random.default_rng(0), 6, 9)]
    vectorizer = MultiparamPersistenceVectorizer(**{**PARAMS, **params}).fit(X)
    with pytest.raises(ValueError, match=message):
        vectorizer.gradient(X, np.zeros((1, vectorizer.n_features_out_)))


def test_wrong_shape_of_the_cotangent():
    X = [random_graph(np.random.default_rng(0), 6, 9)]
    vectorizer = MultiparamPersistenceVectorizer(**PARAMS).fit(X)
    with pytest.raises(ValueError, match=r"V must have shape \(1, 50\), got \(1, 7\)"):
        vectorizer.gradient(X, np.zeros((1, 7)))
