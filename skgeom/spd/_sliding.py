"""Continuous recordings through sliding windows, and the scores of such decoding."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context, clone
from sklearn.metrics import accuracy_score, matthews_corrcoef
from sklearn.utils import assert_all_finite
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skgeom._core.checks import check_trials
from skgeom._core.estimator import DocLinkMixin
from skgeom._core.parallel import single_blas_thread
from skgeom.spd._classifier import AugmentedCovarianceClassifier
from skgeom.spd._streaming import make_stream, sliding_windows


def _estimator_has(method):
    def check(self):
        getattr(getattr(self, "estimator_", self.estimator), method)
        return True

    return check


class SlidingWindowDecoder(DocLinkMixin, ClassifierMixin, BaseEstimator):
    """Classify every window of continuous recordings, as if they were arriving.

    Windows of `window` samples are cut every `step` samples [1]_. Where the estimator is an
    :class:`AugmentedCovarianceClassifier` with estimator "cov" or "scm" about the mean, the
    matrix of a window follows from the one before by its new and its old samples, without going
    over the window.

    Parameters
    ----------
    estimator : classifier
        Classifier of trials (n_trials, n_channels, window); cloned at `fit`.
    window : int
        Length of a window in samples.
    step : int
        Samples from one window to the next.

    Attributes
    ----------
    estimator_ : classifier
        Fitted on the windows of the training recordings.
    classes_ : ndarray of shape (n_classes,)
        Labels.
    n_channels_in_ : int
        Number of channels of the training recordings.

    References
    ----------
    .. [1] I. Carrara, T. Papadopoulo, "Pseudo-online framework for BCI evaluation: a MOABB
       perspective using various MI and SSVEP datasets", J. Neural Engineering 21, 2024,
       arXiv:2308.11656.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.datasets import make_spectral_trials
    >>> from skgeom.spd import AugmentedCovarianceClassifier, SlidingWindowDecoder
    >>> X, y = make_spectral_trials(12, n_times=600, random_state=0)
    >>> labels = np.repeat(y[:, None], 600, axis=1)  # one label per sample
    >>> model = AugmentedCovarianceClassifier(order=2, lag=2, classifier="mdm")
    >>> decoder = SlidingWindowDecoder(model, window=300, step=100).fit(X, labels)
    >>> decoder.predict(X[:2])
    array([[0, 0, 0, 0],
           [1, 1, 1, 1]])
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict"])],
        "window": [Interval(Integral, 2, None, closed="left")],
        "step": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, estimator, window, step):
        self.estimator = estimator
        self.window = window
        self.step = step

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Fit the estimator to the windows of labelled recordings.

        Parameters
        ----------
        X : array-like of shape (n_recordings, n_channels, n_times), or list of 2-d arrays
            Continuous signals.
        y : array-like of shape (n_recordings, n_times), or list of 1-d arrays
            Label of every sample; rest is a label like the others.

        Returns
        -------
        self : SlidingWindowDecoder
        """
        recordings = self._check(X)
        _check_labels(recordings, y)
        labels = self.window_labels(y)
        windows = np.concatenate([self._windows(x) for x in recordings])
        self.n_channels_in_ = windows.shape[1]
        self.estimator_ = clone(self.estimator).fit(windows, np.concatenate(list(labels)))
        self.classes_ = self.estimator_.classes_
        return self

    def window_labels(self, y):
        """Label each window with what fills most of it; ties go to what comes later.

        Parameters
        ----------
        y : array-like of shape (n_recordings, n_times), or list of 1-d arrays

        Returns
        -------
        labels : ndarray of shape (n_recordings, n_windows), or list of 1-d arrays
        """
        return _stacked([self._majorities(np.asarray(own)) for own in y])

    def window_ends(self, n_times):
        """Return one past the last sample of each window, shape (n_windows,)."""
        return np.arange(self.window, n_times + 1, self.step)

    def predict(self, X):
        """Predict the label of every window.

        Parameters
        ----------
        X : array-like of shape (n_recordings, n_channels, n_times), or list of 2-d arrays

        Returns
        -------
        y : ndarray of shape (n_recordings, n_windows), or list of 1-d arrays
        """
        return self._over_windows("predict", X)

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X):
        """Predict class probabilities of every window.

        Parameters
        ----------
        X : array-like of shape (n_recordings, n_channels, n_times), or list of 2-d arrays

        Returns
        -------
        P : ndarray of shape (n_recordings, n_windows, n_classes), or list of 2-d arrays
        """
        return self._over_windows("predict_proba", X)

    @available_if(_estimator_has("decision_function"))
    def decision_function(self, X):
        """Decision values of every window.

        Parameters
        ----------
        X : array-like of shape (n_recordings, n_channels, n_times), or list of 2-d arrays

        Returns
        -------
        scores : ndarray of shape (n_recordings, n_windows) or (n_recordings, n_windows, \
                n_classes), or list of arrays
        """
        return self._over_windows("decision_function", X)

    def decode(self, chunks):
        """Decode a stream as it arrives.

        Parameters
        ----------
        chunks : iterable of array-like of shape (n_channels, n_new)
            Signals in the order of arrival, any number of samples at a time.

        Yields
        ------
        end : int
            One past the last sample of the window.
        label : object
            Predicted label.
        """
        check_is_fitted(self)
        if isinstance(self.estimator_, AugmentedCovarianceClassifier):
            yield from self.estimator_.decode(chunks, step=self.step)
            return
        for end, X in sliding_windows(chunks, self.n_channels_in_, self.window, self.step):
            yield end, self.estimator_.predict(X[None])[0]

    def score(self, X, y):
        """Mean accuracy over all windows.

        Parameters
        ----------
        X : array-like of shape (n_recordings, n_channels, n_times), or list of 2-d arrays
        y : array-like of shape (n_recordings, n_times), or list of 1-d arrays

        Returns
        -------
        accuracy : float
        """
        found = np.concatenate(list(self.predict(X)))
        return accuracy_score(np.concatenate(list(self.window_labels(y))), found)

    def _check(self, X):
        recordings = list(check_trials(X))
        for index, recording in enumerate(recordings):
            if recording.shape[1] < self.window:
                raise ValueError(
                    f"Recording {index} of X has {recording.shape[1]} samples, less than "
                    f"window={self.window}."
                )
        return recordings

    def _starts(self, recording):
        return self.window_ends(recording.shape[-1]) - self.window

    def _windows(self, recording):
        return np.stack([recording[:, a : a + self.window] for a in self._starts(recording)])

    def _majorities(self, y):
        known, codes = np.unique(y, return_inverse=True)
        out = []
        for start in self._starts(y):
            own = codes[start : start + self.window]
            counts = np.bincount(own, minlength=len(known))
            best = np.flatnonzero(counts == counts.max())
            # of labels that fill the window alike, the one that is there last
            last = [np.flatnonzero(own == k)[-1] for k in best]
            out.append(best[int(np.argmax(last))])
        return known[np.array(out, dtype=int)]

    def _over_windows(self, method, X):
        check_is_fitted(self)
        recordings = self._check(X)
        if recordings[0].shape[0] != self.n_channels_in_:
            raise ValueError(
                f"X has {recordings[0].shape[0]} channels, but SlidingWindowDecoder was fitted "
                f"with {self.n_channels_in_}."
            )
        return _stacked([self._over_recording(method, recording) for recording in recordings])

    def _over_recording(self, method, recording):
        model = self.estimator_
        if not isinstance(model, AugmentedCovarianceClassifier):
            return getattr(model, method)(self._windows(recording))
        stream = make_stream(model.covariance_, self.step)
        with single_blas_thread():
            matrices = [
                stream.push(recording[:, start : start + self.window])
                for start in self._starts(recording)
            ]
            return model.on_matrices(method, stream.finished(np.stack(matrices)))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


def _check_labels(recordings, y):
    """Raise unless `y` has one label, and not NaN, for every sample."""
    if len(y) != len(recordings):
        raise ValueError(f"y has {len(y)} recordings, X has {len(recordings)}.")
    for index, (recording, own) in enumerate(zip(recordings, y)):
        own = np.asarray(own)
        if own.shape != recording.shape[1:]:
            raise ValueError(
                f"y must have one label for each sample of X: recording {index} has "
                f"{recording.shape[1]} samples, its labels have shape {own.shape}."
            )
        if own.dtype.kind == "f" and np.isnan(own).any():
            raise ValueError(f"y contains NaN: recording {index}.")


def _stacked(rows):
    return np.stack(rows) if len({len(row) for row in rows}) == 1 else rows


def normalized_mcc_score(y_true, y_pred, *, sample_weight=None):
    """Matthews correlation coefficient on a scale from 0 to 1: (MCC + 1) / 2.

    Made for windows of continuous recordings, where rest outweighs everything else.

    Parameters
    ----------
    y_true, y_pred : array-like of any shape
        Labels.
    sample_weight : array-like of that shape or None, default=None

    Returns
    -------
    score : float
        1 is perfect, 0.5 is chance.

    Examples
    --------
    >>> from skgeom.spd import normalized_mcc_score
    >>> normalized_mcc_score([0, 0, 1, 1], [0, 0, 1, 1])
    1.0
    """
    weight = None if sample_weight is None else np.ravel(sample_weight)
    score = matthews_corrcoef(np.ravel(y_true), np.ravel(y_pred), sample_weight=weight)
    return float(0.5 * (score + 1.0))


def itr_score(y_true, y_pred, *, seconds, n_classes=None, sample_weight=None):
    r"""Information transfer rate in bits per minute.

    .. math:: \frac{60}{s} \left( \log_2 K + P \log_2 P + (1 - P) \log_2 \frac{1 - P}{K - 1} \right)

    with K classes, accuracy P and s seconds per decision; 0 where P is below 1 / K.

    Parameters
    ----------
    y_true, y_pred : array-like of any shape
        Labels.
    seconds : float
        Time that one decision takes.
    n_classes : int or None, default=None
        Number of classes; None counts those in `y_true`.
    sample_weight : array-like of that shape or None, default=None

    Returns
    -------
    rate : float

    References
    ----------
    .. [1] J. Wolpaw et al., "Brain-computer interface technology: a review of the first
       international meeting", IEEE Trans. Rehabilitation Engineering 8(2), 2000.

    Examples
    --------
    >>> from skgeom.spd import itr_score
    >>> itr_score([0, 0, 1, 1], [0, 0, 1, 1], seconds=2.0)
    30.0
    """
    if not isinstance(seconds, Real) or not 0 < seconds < np.inf:
        raise ValueError(f"seconds must be a finite number above 0, got {seconds!r}.")
    if not (n_classes is None or isinstance(n_classes, Integral)):
        raise ValueError(f"n_classes must be an integer or None, got {n_classes!r}.")
    for name, labels in (("y_true", y_true), ("y_pred", y_pred)):
        assert_all_finite(np.asarray(labels), input_name=name)
    weight = None if sample_weight is None else np.ravel(sample_weight)
    P = accuracy_score(np.ravel(y_true), np.ravel(y_pred), sample_weight=weight)
    K = len(np.unique(y_true)) if n_classes is None else n_classes
    if K < 2:
        raise ValueError(f"At least 2 classes are needed, got {K}.")
    if P < 1.0 / K:
        return 0.0
    wrong = (1.0 - P) * np.log2((1.0 - P) / (K - 1.0)) if P < 1.0 else 0.0
    return float(60.0 / seconds * (np.log2(K) + P * np.log2(P) + wrong))
