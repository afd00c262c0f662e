import pickle
import tracemalloc
import warnings

import numpy as np
import pytest
from pyriemann.estimation import Covariances, TimeDelayCovariances
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skgeom.spd import AugmentedCovariance
from skgeom.spd._lags import Embedding, stack
from tests.spd.data import random_trials


@pytest.fixture(scope="module")
def X():
    return random_trials(6, 4, 150)[0]


class Epochs:
    """What the estimators read of MNE's Epochs."""

    def __init__(self, X, sfreq=100.0):
        self._X = X
        self.info = {"sfreq": sfreq, "ch_names": [f"C{i}" for i in range(X.shape[1])]}

    def get_data(self):
        return self._X


def test_order_one_is_the_plain_covariance(X):
    expected = Covariances("cov").transform(X)
    for lag in (1, 7):
        model = AugmentedCovariance(order=1, lag=lag)
        assert np.allclose(model.fit_transform(X), expected, rtol=1e-12, atol=1e-14)
        assert model.lags_.tolist() == [0]


def test_circular_window_is_pyriemanns_time_delay_covariance(X):
    C = AugmentedCovariance(order=3, lag=4, window="circular").fit_transform(X)
    theirs = TimeDelayCovariances(delays=[4, 8], estimator="cov").transform(X)
    # theirs delays by circular shift to the right, so its blocks come in the opposite order
    theirs = theirs.reshape(-1, 3, 4, 3, 4)[:, ::-1, :, ::-1].reshape(-1, 12, 12)
    assert np.allclose(C, theirs, atol=1e-12)


def test_attributes(X):
    model = AugmentedCovariance(order=3, lag=4).fit(X)
    assert model.lags_.tolist() == [0, 4, 8]
    assert (model.order_, model.lag_, model.rank_) == (3, 4, 4)
    assert (model.n_channels_in_, model.n_times_in_, model.n_regularized_) == (4, 150, 0)


def test_delays_one_by_one(X):
    model = AugmentedCovariance(lag=[0, 2, 7], window="full")
    C = model.fit_transform(X)
    assert model.order_ == 3
    Z = stack(X, Embedding(np.array([0, 2, 7]), "full"))
    assert np.allclose(C, [np.cov(z) for z in Z])
    with pytest.raises(ValueError, match="contradicts the 3 delays"):
        AugmentedCovariance(order=2, lag=[0, 2, 7]).fit(X)
    with pytest.raises(ValueError, match="ascending"):
        AugmentedCovariance(lag=[0, 7, 2]).fit(X)


def test_lag_in_seconds(X):
    in_seconds = AugmentedCovariance(2, 0.04, lag_unit="s", sfreq=100.0)
    assert np.array_equal(in_seconds.fit_transform(X), AugmentedCovariance(2, 4).fit_transform(X))
    assert in_seconds.lag_ == 4
    with pytest.raises(ValueError, match="needs sfreq"):
        AugmentedCovariance(2, 0.04, lag_unit="s").fit(X)
    with pytest.raises(ValueError, match="less than one sample"):
        AugmentedCovariance(2, 0.001, lag_unit="s", sfreq=100.0).fit(X)
    with pytest.raises(ValueError, match="whole number"):
        AugmentedCovariance(2, 0.5).fit(X)


def test_mne_epochs_are_read_without_mne(X):
    model = AugmentedCovariance(2, 0.04, lag_unit="s")
    assert np.array_equal(
        model.fit_transform(Epochs(X)), AugmentedCovariance(2, 4).fit_transform(X)
    )
    assert model.ch_names_in_.tolist() == ["C0", "C1", "C2", "C3"]
    assert model.get_feature_names_out()[5] == "C0[t]*C1[t+4]"
    with pytest.raises(ValueError, match="100 Hz"):
        AugmentedCovariance(sfreq=160.0).fit(Epochs(X))


def test_unequal_lengths(X):
    trials = [X[0], X[1, :, :100], X[2, :, :77]]
    C = AugmentedCovariance(2, 3).fit_transform(trials)
    for trial, matrix in zip(trials, C):
        alone = AugmentedCovariance(2, 3).fit_transform(trial[None])
        assert np.allclose(alone[0], matrix, rtol=1e-12)


def test_embed_mean(X):
    shifted = X + np.arange(4)[:, None]
    model = AugmentedCovariance(2, 3, embed_mean=True, window="full")
    C = model.fit_transform(shifted)
    c = np.sqrt(np.mean(shifted**2))
    assert np.isclose(model.mean_scale_, c)
    Z = stack(shifted, Embedding(np.array([0, 3]), "full"))
    for z, matrix in zip(Z, C):
        mean = z.mean(axis=1)
        expected = np.block(
            [[np.cov(z) + np.outer(mean, mean), c * mean[:, None]], [c * mean[None], c * c]]
        )
        assert np.allclose(matrix, expected)
    assert AugmentedCovariance(2, 3, embed_mean=2.5).fit(X).mean_scale_ == 2.5
    assert model.get_feature_names_out()[-1] == "mean*mean"


def test_standardize(X):
    C = AugmentedCovariance(1, standardize="channel", estimator="scm").fit_transform(X * 7 + 1)
    assert np.allclose(np.diagonal(C, axis1=1, axis2=2), 1)
    C = AugmentedCovariance(1, standardize="instant", reg="auto").fit(X)
    assert C.n_regularized_ == 6  # each instant sums to 0 over channels


def test_bands(X):
    model = AugmentedCovariance(2, 3, bands=[(5, 20), (20, 40)], sfreq=100.0)
    C = model.fit_transform(X)
    assert C.shape == (6, 2, 8, 8)
    alone = AugmentedCovariance(2, 3, bands=[(20, 40)], sfreq=100.0).fit_transform(X)
    assert np.allclose(C[:, 1], alone[:, 0])
    names = model.get_feature_names_out()
    assert len(set(names)) == len(names) == 2 * 36
    assert names[36] == "20-40Hz:x0[t]*x0[t]"
    with pytest.raises(ValueError, match="half the sampling"):
        AugmentedCovariance(bands=[(5, 60)], sfreq=100.0).fit(X)
    with pytest.raises(ValueError, match="needs sfreq"):
        AugmentedCovariance(bands=[(5, 60)]).fit(X)
    with pytest.raises(ValueError, match="pairs"):
        AugmentedCovariance(bands=[(9, 6)], sfreq=100.0).fit(X)


def test_average_reference_is_reported_and_rank_repairs_it(X):
    X = X - X.mean(axis=1, keepdims=True)
    with pytest.warns(UserWarning, match=r"6 of 6 .* trial 0"):
        model = AugmentedCovariance(2, 3).fit(X)
    assert model.n_regularized_ == 6
    with pytest.raises(ValueError, match="trial 0 is singular: rank 6 of 8"):
        AugmentedCovariance(2, 3, reg=None).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = AugmentedCovariance(2, 3, reg=None, rank="auto")
        C = model.fit_transform(X)
    assert model.rank_ == 3
    assert C.shape == (6, 6, 6)
    assert model.get_feature_names_out()[1] == "component0[t]*component1[t]"


def test_duplicated_channel_meets_the_policy(X):
    X = np.concatenate([X, X[:, :1]], axis=1)
    with pytest.warns(UserWarning, match="numerically singular"):
        AugmentedCovariance(2, 3).fit(X)
    assert AugmentedCovariance(2, 3, rank="auto").fit(X).rank_ == 4


def test_scale_does_not_matter(X):
    C = AugmentedCovariance(2, 3).fit_transform(X)
    tiny = AugmentedCovariance(2, 3).fit_transform(1e-6 * X)
    assert np.allclose(tiny * 1e12, C)


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_other_number_types(X, dtype):
    X = np.round(100 * X)
    C = AugmentedCovariance(2, 3).fit_transform(X.astype(dtype))
    assert C.dtype == np.float64
    assert np.allclose(C, AugmentedCovariance(2, 3).fit_transform(X))


@pytest.mark.parametrize(("shape", "order"), [((90, 3, 640), 8), ((24, 22, 640), 4)])
def test_memory_beside_the_result_is_less_than_two_results(shape, order):
    X = np.random.default_rng(0).standard_normal(shape)
    model = AugmentedCovariance(order, lag=2).fit(X)
    tracemalloc.start()
    C = model.transform(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - C.nbytes < 2 * C.nbytes


def test_read_only_memory_map_and_fortran_order(X, tmp_path):
    expected = AugmentedCovariance(2, 3).fit_transform(X)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert np.array_equal(AugmentedCovariance(2, 3).fit_transform(mapped), expected)
    fortran = np.asfortranarray(X)
    assert np.array_equal(AugmentedCovariance(2, 3).fit_transform(fortran), expected)


def spoiled(X, value):
    X = X.copy()
    X[2, 1, 5] = value
    return X


def flat(X):
    X = X.copy()
    X[2, 1] = 3.0
    return X


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: spoiled(X, np.nan), "trial 2, channel 1"),
        (lambda X: spoiled(X, np.inf), "trial 2, channel 1"),
        (flat, "trial 2, channel 1 is 3"),
        (lambda X: X[0], r"X\[np.newaxis\]"),
        (lambda X: X[:0], "0 trials"),
        (lambda X: X[..., :20], r"20 samples: order=4 with delays up to 15 samples leaves 0"),
        (lambda X: [X[0], X[1, :2, :100]], "one number of channels"),
        (lambda X: X.astype(str).astype(object) + "x", "numbers"),
        (lambda X: X + 1j, "Complex"),
    ],
)
def test_refused_input(X, change, message):
    with pytest.raises(ValueError, match=message):
        AugmentedCovariance(order=4, lag=5).fit(change(X))


def test_refused_after_fit(X):
    model = AugmentedCovariance(order=4, lag=5).fit(X)
    with pytest.raises(ValueError, match=r"3 channels, but AugmentedCovariance .* 4"):
        model.transform(X[:, :3])
    with pytest.raises(ValueError, match="21 samples"):
        model.transform(X[..., :21])
    assert model.transform(X[..., :22]).shape == (6, 16, 16)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"order": 0}, "order"),
        ({"lag": 0}, "lag"),
        ({"estimator": 1.5}, "estimator"),
        ({"estimator": "best"}, "estimator"),
        ({"reg": -1.0}, "reg"),
        ({"structure": "toeplitz", "estimator": "lwf"}, "block-Toeplitz"),
        ({"assume_centered": True}, "assume_centered"),
    ],
)
def test_refused_parameters(X, parameters, message):
    with pytest.raises(ValueError, match=message):
        AugmentedCovariance(**parameters).fit(X)


def test_refit_forgets_optional_attributes(X):
    model = AugmentedCovariance(2, 3, rank=2).fit(Epochs(X))
    model.set_params(rank=None).fit(X)
    assert not hasattr(model, "basis_")
    assert not hasattr(model, "ch_names_in_")


def test_clone_pickle_and_a_configured_pipeline(X):
    model = pickle.loads(pickle.dumps(AugmentedCovariance(2, 3).fit(X)))
    expected = AugmentedCovariance(2, 3).fit_transform(X)
    assert np.array_equal(model.transform(X), expected)
    pipeline = make_pipeline(clone(model)).set_output(transform="pandas")
    assert np.array_equal(pipeline.fit_transform(X), expected)


@pytest.mark.parametrize("n_channels", [3, 12])
def test_same_bits_for_any_number_of_threads(n_channels):
    X = random_trials(40, n_channels, 300)[0]
    results = [AugmentedCovariance(4, 2, n_jobs=n).fit_transform(X) for n in (1, 2, 3)]
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])


@pytest.mark.parametrize("scale", [1e300, 1e150, 1e-150, 1e-300])
@pytest.mark.parametrize(
    "settings", [{}, {"estimator": "oas"}, {"standardize": "channel"}], ids=str
)
def test_values_whose_powers_overflow_or_vanish(scale, settings):
    X = random_trials(4)[0]
    X[2] *= scale
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="Trial 2 of X has values up to"):
            AugmentedCovariance(2, **settings).fit(X)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lag": ["a"]}, "lag=.* must be a number or a list of numbers"),
        ({"lag": [[0, 1]]}, "lag=.* must be a number or a list of numbers"),
        ({"lag": [0, np.nan], "lag_unit": "s", "sfreq": 100}, "lag=.* must be a number"),
        ({"lag": 1e300}, "delays up to .* samples leaves 0 delay vectors"),
        ({"order": 10**12}, "leaves 0 delay vectors"),
        ({"embed_mean": 1e300}, "covariance of trial 0 is not finite"),
        ({"reg": 1e308}, "covariance of trial 0 is not finite"),
        ({"embed_mean": True, "estimator": "scm", "assume_centered": True}, "embed_mean needs"),
        ({"bands": [("a", "b")], "sfreq": 100}, "bands=.* must be pairs"),
        ({"bands": [(8, 12)], "sfreq": 100, "band_filter_order": 30}, "too short for bands"),
    ],
    ids=str,
)
def test_extreme_parameters(settings, message):
    with pytest.raises(ValueError, match=message):
        AugmentedCovariance(**settings).fit(random_trials(4)[0] * 100.0)


def test_what_standardising_makes_zero():
    X = random_trials(4)[0]
    with pytest.raises(ValueError, match="at least 2 channels"):
        AugmentedCovariance(standardize="instant").fit(X[:, :1])
    # equal channels: what rounding leaves of them is no signal
    X[1, 1:] = X[1, 0]
    for rank in (None, "auto"):
        with pytest.raises(ValueError, match="covariance of trial 1 is zero"):
            AugmentedCovariance(standardize="instant", rank=rank).fit(X)


def test_averaged_blocks_that_are_not_positive_meet_the_policy():
    X = random_trials(6, 4, 60)[0].cumsum(axis=2)
    model = AugmentedCovariance(8, 4, structure="toeplitz", toeplitz="averaged", reg=1e-300)
    lowest = np.linalg.eigvalsh(model.fit_transform(X))[:, 0]
    assert lowest.min() < 0  # the biased form never is
    assert np.linalg.eigvalsh(model.set_params(toeplitz="biased").fit_transform(X)).min() > 0
    with pytest.raises(ValueError, match="is singular"):
        model.set_params(toeplitz="averaged", reg=None).fit(X)
    with pytest.warns(UserWarning, match="numerically singular"):
        C = model.set_params(reg="auto").fit_transform(X)
    scale = np.trace(C, axis1=1, axis2=2) / C.shape[-1]
    assert np.all(np.linalg.eigvalsh(C)[:, 0] > 0.1e-10 * scale)
    with pytest.raises(ValueError, match="equally spaced"):
        AugmentedCovariance(lag=[0, 1, 5], structure="toeplitz", toeplitz="averaged").fit(X)
