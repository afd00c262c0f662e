import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad, minimize
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from skgeom.topology import (
    BifiltrationTransformer,
    IntegralLoss,
    TopologicalOptimizer,
    TopologicalRegularizer,
    TransportLoss,
    norm_loss,
    sliced_wasserstein_distances,
)
from tests.topology.conftest import random_graph


def noisy_circle(seed, n=40):
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    return np.column_stack([np.cos(angle), np.sin(angle)]) + rng.normal(0, 0.15, (n, 2))


def bump(points):
    center = points - 0.3
    values = np.exp(-(center**2).sum(axis=1))
    return values, -2 * center * values[:, None]


@pytest.mark.parametrize("loss", ["norm", IntegralLoss(bump)])
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_value_and_gradient_agree(loss, seed):
    rng = np.random.default_rng(seed)
    cloud = rng.normal(size=(15, 2))
    transformer = BifiltrationTransformer(filtration="alpha", function_params={"bandwidth": 0.5})
    regularizer = TopologicalRegularizer(transformer=transformer, loss=loss, strength=2.0)
    regularizer.fit([cloud])
    error = check_grad(
        lambda x: regularizer.value_and_gradient(x.reshape(-1, 2))[0],
        lambda x: regularizer.value_and_gradient(x.reshape(-1, 2))[1].ravel(),
        cloud.ravel(),
        epsilon=1e-7,
    )
    assert error < 1e-5 * (1 + np.abs(regularizer.value_and_gradient(cloud)[1]).sum())


def test_transport_loss_is_the_sliced_distance_with_its_gradient():
    rng = np.random.default_rng(0)
    signs = np.repeat([1, -1], 5)
    mine, target = (rng.normal(size=(10, 2)), signs), (rng.normal(size=(10, 2)), signs)
    loss = TransportLoss({1: target}, n_directions=20, random_state=3)
    value, slopes = loss({1: mine})
    expected = sliced_wasserstein_distances([mine], [target], n_directions=20, random_state=3)
    assert value == pytest.approx(expected[0, 0])
    moved = mine[0] + 1e-6 * rng.normal(size=(10, 2))
    change = loss({1: (moved, signs)})[0] - value
    assert change == pytest.approx((slopes[1] * (moved - mine[0])).sum(), rel=1e-4)
    with pytest.raises(ValueError, match="differ in total mass by 1"):
        loss({1: (mine[0][:9], signs[:9])})


def test_norm_loss_of_two_points():
    points, weights = np.array([[0.0, 1.0], [0.0, 2.0], [3.0, 2.0]]), np.array([1, 1, -1])
    value, slopes = norm_loss({0: (points, weights)})
    assert value == pytest.approx((1 + 2 - 5) / 3)
    np.testing.assert_allclose(slopes[0][2], [-1 / 3, -1 / 3])


@pytest.mark.parametrize("schedule", ["adam", "subgradient"])
def test_descent_makes_the_loop_persist(schedule):
    cloud = noisy_circle(0)
    optimizer = TopologicalOptimizer(
        transformer=BifiltrationTransformer(filtration="alpha", homology_dimensions=(1,)),
        n_iter=40,
        learning_rate=0.01 if schedule == "adam" else 0.2,
        schedule=schedule,
    )
    moved = optimizer.fit_transform([cloud])[0]
    curve = optimizer.loss_curve_[0]
    assert len(curve) == optimizer.n_iter_ + 1
    assert curve[-1] < curve[0]
    assert moved.shape == cloud.shape
    assert np.ptp(moved) < 1.5 * np.ptp(cloud)


def test_values_of_graphs_and_of_points_move_and_the_rest_stays():
    rng = np.random.default_rng(0)
    edges, values = random_graph(rng, 9, 14)
    transformer = BifiltrationTransformer(filtration="graph", function="precomputed")
    moved = TopologicalOptimizer(transformer=transformer, n_iter=3).fit_transform([(edges, values)])
    assert moved[0][0] is edges
    assert (moved[0][1] != values).any()
    points, second = rng.normal(size=(12, 2)), rng.normal(size=(12, 1))
    transformer = BifiltrationTransformer(function="precomputed")
    for parameter, stays in (("points", 1), ("function", 0)):
        optimizer = TopologicalOptimizer(transformer=transformer, n_iter=2, parameter=parameter)
        found = optimizer.fit_transform([(points, second)])[0]
        assert found[stays] is (points, second)[stays]
        assert (found[1 - stays] != (points, second)[1 - stays]).any()


def test_pixels_move():
    image = np.random.default_rng(0).normal(size=(6, 5, 2))
    transformer = BifiltrationTransformer(filtration="cubical", homology_dimensions=(1,))
    optimizer = TopologicalOptimizer(transformer=transformer, n_iter=5)
    moved = optimizer.fit([image]).transform([image])[0]
    assert moved.shape == image.shape
    assert optimizer.loss_curve_[0][-1] < optimizer.loss_curve_[0][0]


def test_anchor_holds_and_running_away_is_told():
    cloud = noisy_circle(1, 15)
    transformer = BifiltrationTransformer(function="eccentricity", homology_dimensions=(0,))
    free = TopologicalOptimizer(transformer=transformer, n_iter=60, learning_rate=1.0)
    with pytest.warns(ConvergenceWarning, match="times its extent"):
        free.fit([cloud])
    held = TopologicalOptimizer(
        transformer=transformer, n_iter=60, learning_rate=0.05, anchor=100.0
    )
    assert np.ptp(held.fit_transform([cloud])[0]) < 2 * np.ptp(cloud)


def test_regularizer_in_an_objective_of_scipy():
    cloud = noisy_circle(3, 20)
    regularizer = TopologicalRegularizer(
        transformer=BifiltrationTransformer(filtration="alpha", homology_dimensions=(1,))
    ).fit([cloud])

    def objective(x):
        value, gradient = regularizer.value_and_gradient(x.reshape(-1, 2))
        return value + ((x - cloud.ravel()) ** 2).sum(), gradient.ravel() + 2 * (x - cloud.ravel())

    found = minimize(objective, cloud.ravel(), jac=True, options={"maxiter": 15})
    assert found.fun < objective(cloud.ravel())[0]


def test_threads_and_refusals():
    clouds = [noisy_circle(s, 15) for s in range(3)]
    one = TopologicalOptimizer(n_iter=3).fit_transform(clouds)
    two = TopologicalOptimizer(n_iter=3, n_jobs=2).fit_transform(clouds)
    assert all(np.array_equal(a, b) for a, b in zip(one, two))
    with pytest.raises(NotFittedError):
        TopologicalOptimizer().transform(clouds)
    with pytest.raises(ValueError, match="loss='norm' is of signed measures"):
        TopologicalOptimizer(transformer=BifiltrationTransformer(invariant="mma")).fit(clouds)
    with pytest.raises(ValueError, match="gradient needs measures or modules"):
        TopologicalOptimizer(transformer=BifiltrationTransformer(invariant="fibered")).fit(clouds)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda measures: 3.0, "loss must return a pair"),
        (lambda measures: (1j, {}), "Complex data not supported: loss"),
        (lambda measures: (1.0, 3), "slopes must be a dict"),
        (lambda measures: (1e300, {1: np.full(measures[1][0].shape, 1e300)}), "exceeds 1e\\+100"),
    ],
)
def test_losses_that_are_none(loss, message):
    with pytest.raises(ValueError, match=message):
        TopologicalOptimizer(loss=loss, n_iter=3).fit([noisy_circle(0, 12)])


@pytest.mark.filterwarnings("error")
def test_large_gradients_make_the_same_steps_of_adam():
    cloud = noisy_circle(0, 12)
    steps = [
        TopologicalOptimizer(strength=s, n_iter=3, tol=0).fit_transform([cloud])[0]
        for s in (1.0, 1e90)
    ]
    np.testing.assert_allclose(*steps, rtol=1e-6)
