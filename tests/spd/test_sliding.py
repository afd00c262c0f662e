from itertools import pairwise

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import matthews_corrcoef

from skgeom.datasets import load_motor_imagery
from skgeom.spd import (
    AugmentedCovariance,
    AugmentedCovarianceClassifier,
    SlidingWindowDecoder,
    itr_score,
    normalized_mcc_score,
)
from skgeom.spd._streaming import StreamingCovariance


@pytest.fixture(scope="module")
def recordings():
    """Three recordings whose rhythm changes with the label, and the label of each sample."""
    rng = np.random.default_rng(0)
    y = np.repeat(rng.permuted(np.tile([0, 1, 0, 1, 0, 1], (3, 1)), axis=1), 200, axis=1)
    noise = rng.standard_normal((3, 2, 1201))
    X = noise[..., 1:] + np.where(y == 1, 0.9, -0.9)[:, None] * noise[..., :-1]
    return X, y


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"estimator": "scm", "window": "full"},
        {"embed_mean": True},
        {"rank": 2},
    ],
    ids=str,
)
def test_updates_equal_recomputation(settings):
    X = np.random.default_rng(0).standard_normal((3, 31_000)).cumsum(axis=1) * 0.01 + 50.0
    covariance = AugmentedCovariance(3, 2, **settings).fit(
        X[:, :900].reshape(3, 3, 300).swapaxes(0, 1)
    )
    stream = StreamingCovariance(covariance, 3)
    for i, start in enumerate(range(0, 30_500, 3)):
        window = X[:, start : start + 100]
        C = stream.push(window)
        if i % 499 == 0 or i in (999, 1000, 1001):
            expected = covariance.transform(window[None])[0]
            assert np.allclose(C, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
    assert i > 10_000


@pytest.mark.parametrize("classifier", ["svm", "mdm", "fgmdm"])
@pytest.mark.parametrize("estimator", ["cov", "oas"])
def test_same_as_the_estimator_on_the_windows(recordings, classifier, estimator):
    X, y = recordings
    model = AugmentedCovarianceClassifier(2, 1, classifier=classifier, estimator=estimator)
    decoder = SlidingWindowDecoder(model, 100, 50).fit(X, y)
    windows = np.stack([X[1, :, a : a + 100] for a in range(0, 1101, 50)])
    assert np.array_equal(decoder.predict(X)[1], decoder.estimator_.predict(windows))
    expected = decoder.estimator_.decision_function(windows)
    assert np.allclose(decoder.decision_function(X)[1], expected, atol=1e-6)
    assert decoder.score(X, y) > 0.85
    assert hasattr(decoder, "predict_proba") == (classifier != "svm")


@pytest.mark.parametrize("step", [25, 150])
def test_stream_in_chunks_of_any_size(recordings, step):
    X, y = recordings
    decoder = SlidingWindowDecoder(AugmentedCovarianceClassifier(2, 1), 100, step).fit(X, y)
    borders = [0, 7, 90, 91, 400, 1200]
    chunks = [X[0, :, a:b] for a, b in pairwise(borders)]
    ends, labels = zip(*decoder.decode(chunks))
    assert np.array_equal(ends, decoder.window_ends(1200))
    assert np.array_equal(labels, decoder.predict(X[:1])[0])


def test_labels_of_windows():
    decoder = SlidingWindowDecoder(AugmentedCovarianceClassifier(), 4, 2)
    y = np.array(["rest"] * 4 + ["left"] * 4 + ["rest"] * 2)
    # 4 rest; 2 and 2: the later one; 4 left; 2 and 2: the later one
    assert decoder.window_labels([y])[0].tolist() == ["rest", "left", "left", "rest"]
    assert decoder.window_ends(10).tolist() == [4, 6, 8, 10]


def test_recordings_of_unequal_length(recordings):
    X, y = recordings
    signals, labels = [X[0], X[1, :, :900], X[2]], [y[0], y[1, :900], y[2]]
    decoder = SlidingWindowDecoder(AugmentedCovarianceClassifier(2, 1), 100, 50)
    found = decoder.fit(signals, labels).predict(signals)
    assert [len(own) for own in found] == [23, 17, 23]
    assert decoder.score(signals, labels) > 0.85


def test_refusals(recordings):
    X, y = recordings
    decoder = SlidingWindowDecoder(AugmentedCovarianceClassifier(), 100, 50)
    with pytest.raises(ValueError, match="1200 samples, less than window=5000"):
        clone(decoder).set_params(window=5000).fit(X, y)
    with pytest.raises(ValueError, match="one label for each sample"):
        decoder.fit(X, y[:, :600])
    with pytest.raises(ValueError, match="step"):
        clone(decoder).set_params(step=0).fit(X, y)


def test_real_recordings_are_decoded_above_chance():
    data = load_motor_imagery(channels=["C3", "Cz", "C4"])
    y = np.zeros(data.signals[:, 0].shape, dtype=int)
    for run, onset, duration, code in data.events:
        y[list(data.runs).index(run), onset : onset + duration] = code > 0
    model = AugmentedCovarianceClassifier(3, 2, classifier="mdm")
    decoder = SlidingWindowDecoder(model, 320, 80).fit(data.signals[:4], y[:4])
    found = decoder.predict(data.signals[4:])
    assert normalized_mcc_score(decoder.window_labels(y[4:]), found) > 0.55


def test_scores():
    rng = np.random.default_rng(0)
    y, z = rng.integers(0, 3, 50), rng.integers(0, 3, 50)
    assert np.isclose(normalized_mcc_score(y, z), 0.5 + 0.5 * matthews_corrcoef(y, z))
    assert normalized_mcc_score(y, y) == 1.0
    assert np.isclose(itr_score(y, y, seconds=3.0), 20 * np.log2(3))
    # Wolpaw: 4 classes, 90 % in 4 s
    P = 0.9
    bits = 2 + P * np.log2(P) + 0.1 * np.log2(0.1 / 3)
    y = np.arange(40) % 4
    z = y.copy()
    z[:4] = (y[:4] + 1) % 4
    assert np.isclose(itr_score(y, z, seconds=4.0), 15 * bits)
    assert itr_score([0, 1, 0, 1], [1, 0, 1, 0], seconds=1.0) == 0.0
    for seconds in (0, np.nan, np.inf, "1"):
        with pytest.raises(ValueError, match="seconds must be a finite number"):
            itr_score([0, 1], [0, 1], seconds=seconds)
    for n_classes in (np.nan, 2.5, "2"):
        with pytest.raises(ValueError, match="n_classes must be an integer"):
            itr_score([0, 1], [0, 1], seconds=1, n_classes=n_classes)
    with pytest.raises(ValueError, match="y_true contains NaN"):
        itr_score([0, np.nan], [0, 1], seconds=1)
    with pytest.raises(ValueError, match="2 classes"):
        itr_score([1, 1], [1, 1], seconds=1)


def test_moments_about_zero_are_not_updated_about_the_mean(recordings):
    X, y = recordings
    model = AugmentedCovarianceClassifier(2, 1, estimator="scm", assume_centered=True)
    decoder = SlidingWindowDecoder(model, 100, 50).fit(X + 3.0, y)
    windows = np.stack([X[1, :, a : a + 100] + 3.0 for a in range(0, 1101, 50)])
    expected = decoder.estimator_.decision_function(windows)
    assert np.allclose(decoder.decision_function(X[1:2] + 3.0)[0], expected)


def test_refused_recordings(recordings):
    X, y = recordings
    model = AugmentedCovarianceClassifier(2, 1, classifier="mdm")
    decoder = SlidingWindowDecoder(model, 100, 50).fit(X, y)
    with pytest.raises(ValueError, match="X has 1 channels"):
        decoder.predict(X[:, :1])
    flat = X[:1].copy()
    flat[0, 1, :150] = 4.0
    with pytest.raises(ValueError, match="channel 1 is 4 throughout"):
        decoder.predict(flat)
    for chunk in (np.ones((3, 200)), np.ones(200)):
        with pytest.raises(ValueError, match=r"Chunk 1 must have shape \(2, n_new\)"):
            list(decoder.decode([X[0, :, :10], chunk]))
    with pytest.raises(ValueError, match="Chunk 0 contains NaN"):
        list(decoder.decode([np.full((2, 200), np.nan)]))


def test_refused_labels(recordings):
    X, y = recordings
    decoder = SlidingWindowDecoder(AugmentedCovarianceClassifier(2, 1), 100, 50)
    with pytest.raises(ValueError, match="y has 2 recordings, X has 3"):
        decoder.fit(X, y[:2])
    # as many windows, but the labels are not those of the samples
    with pytest.raises(ValueError, match="recording 0 has 1200 samples"):
        decoder.fit(X, np.pad(y, ((0, 0), (0, 5))))
    with pytest.raises(ValueError, match="y contains NaN: recording 0"):
        decoder.fit(X, np.where(y == 1, np.nan, 0.0))
