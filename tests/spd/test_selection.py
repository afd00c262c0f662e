import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.spatial import cKDTree
from sklearn.metrics import mutual_info_score

from skgeom.datasets import load_motor_imagery
from skgeom.spd import AugmentedCovariance, AugmentedCovarianceClassifier, select_embedding
from skgeom.spd._kernels import mean_log_growth, neighbour_growth
from skgeom.spd._selection import first_minimum, mdop_delays, mutual_information
from tests.spd.data import random_trials


@pytest.fixture(scope="module")
def lorenz():
    def flow(t, u):
        return [10 * (u[1] - u[0]), u[0] * (28 - u[2]) - u[1], u[0] * u[1] - 8 / 3 * u[2]]

    times = np.arange(10, 40, 0.02)
    return solve_ivp(flow, (0, 40), [1, 1, 1], t_eval=times, rtol=1e-8).y


@pytest.fixture(scope="module")
def henon():
    values, a, b = np.empty(1500), 0.1, 0.1
    for i in range(len(values)):
        a, b = 1 - 1.4 * a * a + b, 0.3 * a
        values[i] = a
    return values[100:]


def autoregression(n_trials=6, n_times=1500, seed=0):
    """Two channels that follow a vector autoregression of order 3."""
    rng = np.random.default_rng(seed)
    A = [np.array([[0.5, 0.2], [0.0, 0.4]]), np.diag([-0.4, 0.2]), np.diag([0.3, -0.5])]
    x = np.zeros((n_trials, 2, n_times + 100))
    noise = rng.standard_normal(x.shape)
    for t in range(3, x.shape[2]):
        x[..., t] = sum(x[..., t - 1 - k] @ A[k].T for k in range(3)) + noise[..., t]
    return x[..., 100:]


def test_mutual_information_agrees_with_scikit_learn():
    x = np.random.default_rng(0).standard_normal(400).cumsum()
    bins = np.argsort(np.argsort(x)) * 16 // 400
    expected = [mutual_info_score(bins[: 400 - k], bins[k:]) / np.log(2) for k in range(11)]
    assert np.allclose(mutual_information(x, 10), expected, rtol=0, atol=1e-12)


def test_mutual_information_of_a_sine_is_least_at_a_quarter_of_its_period():
    rng = np.random.default_rng(0)
    x = np.sin(2 * np.pi * np.arange(5000) / 41.3) + 0.3 * rng.standard_normal(5000)
    curve = mutual_information(x, 30)
    assert abs(first_minimum(curve) - 41.3 / 4) < 2
    assert np.isclose(curve[0], 4, atol=1e-3)  # 16 bins: 4 bits
    assert mutual_information(rng.standard_normal(5000), 5)[1:].max() < 0.1


def test_first_minimum():
    assert first_minimum(np.array([5, 3, 2, 4, 1.0])) == 2
    assert first_minimum(np.array([5, 4, 3, 2.0])) == 3


def test_growth_of_neighbours_agrees_with_a_tree(henon):
    delay, max_dim = 2, 4
    growth, false = neighbour_growth(henon[:300], delay, max_dim, 10.0, 2.0)
    for dim in range(1, max_dim + 1):
        n = 300 - dim * delay
        Z = np.stack([henon[k * delay : k * delay + n] for k in range(dim + 1)], axis=1)
        old, nearest = cKDTree(Z[:, :dim]).query(Z[:, :dim], k=2)
        new = np.linalg.norm(Z - Z[nearest[:, 1]], axis=1)
        assert np.isclose(growth[dim - 1], np.mean(new / old[:, 1]))
        step = np.abs(Z[:, dim] - Z[nearest[:, 1], dim])
        wrong = (step > 10 * old[:, 1]) | (new > 2 * henon[:300].std())
        assert np.isclose(false[dim - 1], wrong.mean())


def test_dimension_of_known_attractors(henon, lorenz):
    growth, false = neighbour_growth(henon, 1, 5, 10.0, 2.0)
    e1 = growth[1:] / growth[:-1]
    assert e1[0] < 0.1 < 0.85 < e1[1]
    assert false[0] > 0.05 >= false[1]
    delay = first_minimum(mutual_information(lorenz[0], 60))
    growth, false = neighbour_growth(lorenz[0], delay, 5, 10.0, 2.0)
    e1 = growth[1:] / growth[:-1]
    assert e1[1] < 0.4 < 0.85 < e1[3]
    assert false[1] > 0.05 >= false[2]
    assert select_embedding(lorenz[None, :1], method="ami_fnn").order == 3


def test_derivatives_on_projection_unfold_the_lorenz_attractor(lorenz):
    assert len(mdop_delays(lorenz[:1])) >= 3
    assert mdop_delays(lorenz[:1])[0] == 0


@pytest.mark.parametrize("method", ["ar_bic", "ar_hq", "ar_aic", "ar_aicc"])
def test_criteria_find_the_order_of_an_autoregression(method):
    X = autoregression()
    result = select_embedding(X, method=method)
    assert result.order == 3
    assert result.lag == 1
    assert result.criterion.shape == (11,)
    # of order 0 the criterion is the log determinant of the covariance
    logs = [np.linalg.slogdet(np.cov(x, bias=True))[1] for x in X]
    assert np.isclose(result.criterion[0], np.mean(logs))


def test_real_trials():
    X, _ = load_motor_imagery(channels=["C3", "Cz", "C4"], return_X_y=True)
    result = select_embedding(X[::6], method="mdop")
    # published and independently measured for this kind of trials: long delays, order 5 to 7
    assert 5 <= result.order <= 7
    assert 20 <= result.lag <= 25
    assert result.orders.shape == result.lags.shape == (15,)
    model = AugmentedCovariance("mdop", "mdop", estimator="oas").fit(X[::6])
    assert (model.order_, model.lag_) == (result.order, result.lag)
    assert model.selection_.method == "mdop"


def test_rules_inside_the_estimators():
    X = autoregression(12, 400)
    model = AugmentedCovariance("ar_bic", 1).fit(X)
    assert model.order_ == select_embedding(X, method="ar_bic").order
    both = AugmentedCovariance("ar_bic", "ami_cao").fit(X)
    assert both.lag_ == select_embedding(X, method="ami_cao").lag or both.order_ == 1
    assert AugmentedCovariance(3, "ami_cao").fit(X).order_ == 3
    assert not hasattr(model.set_params(order=2).fit(X), "selection_")
    with pytest.raises(ValueError, match="contradicts"):
        AugmentedCovariance("mdop", [0, 1]).fit(X)
    y = np.arange(12) % 2
    classifier = AugmentedCovarianceClassifier("ar_bic", classifier="mdm").fit(X, y)
    assert classifier.order_ == model.set_params(order="ar_bic").fit(X).order_


def test_caps():
    X = autoregression(3, 60)
    result = select_embedding(X, method="ar_aic", lag=8)
    assert result.order * 8 < 60 / 3
    wide = np.random.default_rng(0).standard_normal((3, 20, 60))
    assert select_embedding(wide, method="ami_cao").order * 20 <= 60 / 2


def test_same_for_any_number_of_threads():
    X = autoregression(6, 200)
    for method in ("mdop", "ami_cao"):
        one, two = (select_embedding(X, method=method, n_jobs=n) for n in (1, 2))
        assert (one.order, one.lag) == (two.order, two.lag)


def test_refusals():
    X = autoregression(2, 100)
    with pytest.raises(ValueError, match="method"):
        select_embedding(X, method="best")
    with pytest.raises(ValueError, match="shape"):
        select_embedding(X[0])


@pytest.mark.parametrize("method", ["ar_bic", "ar_aicc"])
def test_dependent_channels_have_an_order(method):
    X = random_trials(6, 2, 200)[0]
    order = select_embedding(X, method=method).order
    doubled = np.concatenate([X, X[:, :1]], axis=1)
    assert 1 <= select_embedding(doubled, method=method).order <= max(order, 1) + 1


def test_refused_settings():
    X = random_trials(4)[0]
    for name in ("lag", "max_order", "max_lag"):
        with pytest.raises(ValueError, match=f"'{name}' parameter"):
            select_embedding(X, **{name: 0})


@pytest.mark.parametrize("method", ["ami_cao", "ami_fnn", "mdop", "ar_bic"])
def test_trials_too_short_for_the_curves(method):
    X = random_trials(8, 3, 9)[0]
    result = select_embedding(X, method=method)
    assert result.order == 1
    assert result.lag >= 1


def test_mean_growth_agrees_with_its_definition():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3, 120)) * np.array([[1e-3], [1.0], [1e120]])
    X[1, 7] = X[1, 50]  # a step of nothing is left out
    squares = rng.uniform(0.1, 2.0, (100, 100))
    nearest = rng.integers(-1, 100, 100)
    beta = mean_log_growth(X, nearest, squares, 5)
    rows = np.flatnonzero(nearest >= 0)
    for b in range(3):
        for tau in range(6):
            step = np.abs(X[b, rows + tau] - X[b, nearest[rows] + tau])
            some = step > 0
            ratio = np.log10(step[some]) - 0.5 * np.log10(squares[rows, nearest[rows]][some])
            assert np.isclose(beta[b, tau], ratio.mean())
