"""Augmented covariance matrices of multichannel trials."""

import warnings
from numbers import Integral, Real

import numpy as np
from scipy.signal import butter, sosfiltfilt
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._core.checks import check_trials, usable_channels
from skgeom._core.estimator import DocLinkMixin
from skgeom._core.parallel import parallel_ranges, single_blas_thread
from skgeom.spd._covariance import ESTIMATORS, TOEPLITZ_ESTIMATORS, embedded_covariances
from skgeom.spd._lags import Embedding
from skgeom.spd._masked import patterns
from skgeom.spd._matrices import CHUNK_SIZE, chunk_ranges
from skgeom.spd._names import StackOutputMixin, pair_names
from skgeom.spd._regularize import regularize, signal_basis
from skgeom.spd._selection import RULES, select_embedding

DEFAULT_ORDER = 4


class AugmentedCovariance(
    StackOutputMixin, DocLinkMixin, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
):
    r"""Covariance of trials stacked with delayed copies of themselves.

    For a trial with columns :math:`x_t` in :math:`R^d`, order p and lag L, the delay vectors are
    :math:`z_t = [x_t; x_{t+L}; \ldots; x_{t+(p-1)L}]` and the augmented covariance [1]_ is their
    covariance, a symmetric positive definite matrix with n = p d rows whose block (i, j) is the
    covariance of the channels at delay (j - i) L. It holds what the Yule-Walker equations of a
    vector autoregression are made of: rhythms and phases besides the spatial covariance.

    Read more in the :ref:`User Guide <spd>`.

    Parameters
    ----------
    order : int or str, default=4
        Number p of stacked copies. 1 gives the plain covariance, whatever the lag is. A rule
        ("ami_cao", "ami_fnn", "mdop", "ar_aic", "ar_bic", "ar_hq" or "ar_aicc") chooses it from
        the training trials, see :func:`select_embedding`.
    lag : int, float, list, or {"ami_cao", "ami_fnn", "mdop"}, default=1
        Delay L between copies, in `lag_unit`. A list holds the delays one by one, ascending from
        0, as in ``[0, 2, 7]``; it fixes the order, and `order` must be left at its default or
        equal its length. A rule chooses the lag from the training trials.
    lag_unit : {"samples", "s"}, default="samples"
        Unit of `lag`. Seconds are rounded to the nearest sample with `sfreq`.
    sfreq : float or None, default=None
        Sampling frequency in Hz. Read from the input when that has ``info["sfreq"]`` (MNE
        Epochs).
    window : {"reference", "full", "circular"}, default="reference"
        Which delay vectors of a trial with T samples are used. "reference": the first T - p L
        (as in the method's own code; for a list of delays the first T - max - 1). "full": all
        T - (p - 1) L of them. "circular": T, the delayed copies wrap around (as in pyriemann's
        TimeDelayCovariances). Not used with ``structure="toeplitz"``.
    structure : {"sample", "toeplitz"}, default="sample"
        "toeplitz": blocks depend on the difference of delays alone, from lag covariances divided
        by T, which makes the matrix positive semi-definite for every input [2]_. Estimators
        "cov", "scm" (then the same), "oas" and floats.
    toeplitz : {"biased", "averaged"}, default="biased"
        How ``structure="toeplitz"`` comes by its blocks. "averaged" takes the means along the
        block diagonals of the sample matrix, as the method's own code does; they are not always
        positive definite, so `reg` has more to do.
    estimator : str, float or callable, default="cov"
        Covariance of the delay vectors: "cov" divides by N - 1 and "scm" by N; "lwf"
        Ledoit-Wolf, "oas" oracle approximating, "sch" Schäfer-Strimmer shrinkage; "corr"
        correlations; "bartz" Bartz-Müller shrinkage, made for autocorrelated samples (which
        delay vectors are); a float a in [0, 1] is (1 - a) C + a tr(C)/n I; a callable maps the
        stacked trial (n, N) to an (n, n) matrix.
    assume_centered : bool, default=False
        Second moments about zero instead of the mean. For "scm", "lwf", "oas" and floats, and
        not with `embed_mean`.
    reg : "auto", float or None, default="auto"
        "auto" adds ``1e-10 tr(C)/n`` to the diagonal of matrices whose smallest eigenvalue is
        below that (and what is missing to it where the eigenvalue is clearly negative), and
        warns. A float adds ``reg * tr(C)/n`` to every matrix. None raises, naming the trial.
    rank : "auto", int or None, default=None
        Project the channels onto the common signal space of the training trials before stacking,
        for channels that are linearly dependent by construction (average reference,
        interpolation, ICA). "auto" finds its dimension.
    embed_mean : bool or float, default=False
        Append a constant row c to the delay vectors and take the second moment, so that offsets
        and slow potentials are seen: n grows by 1. True sets c to the root mean square of the
        training signals.
    standardize : {"channel", "instant"} or None, default=None
        "channel": each channel of each trial to mean 0 and variance 1. "instant": each time
        point across channels, of which 2 are needed.
    bands : list of (low, high) or None, default=None
        Filter bank in Hz: one matrix per band. Needs `sfreq`.
    band_filter_order : int, default=4
        Order of the Butterworth filters, run forward and backward.
    on_bad : {"raise", "nan"}, default="raise"
        What to do with a channel that holds NaN or infinity, or is flat, in a trial. "nan": its
        rows and columns are NaN in the matrix of that trial (of which nothing is left with
        `rank`, which mixes the channels).
    n_jobs : int or None, default=None
        Number of threads over trials. The result has the same bits for any number.
    dtype : {"float64", "float32"} or None, default=None
        Type of the matrices, which are computed in float64; None is float64. A matrix whose
        condition number is beyond 1e7 is no longer positive definite in float32.

    Attributes
    ----------
    order_ : int
        Order p.
    lag_ : int
        Lag in samples; 0 when the order is 1, the last delay for a list.
    lags_ : ndarray of int, shape (p,)
        Delays in samples.
    n_channels_in_, n_times_in_ : int
        Shape of the training trials (the longest of unequal ones).
    ch_names_in_ : ndarray of str
        Names of the channels, when the input has them (MNE Epochs).
    selection_ : Bunch
        Curves of the rule that chose the order (or else the lag).
    rank_ : int
        Number of channels (or of their projections) that are stacked.
    basis_ : ndarray of shape (rank, n_channels)
        The projection, with `rank`.
    mean_scale_ : float
        The constant row, with `embed_mean`.
    n_regularized_ : int
        How many training matrices ``reg="auto"`` (or a float) has changed.

    See Also
    --------
    AugmentedCovarianceClassifier : The whole way from trials to labels.

    References
    ----------
    .. [1] I. Carrara, T. Papadopoulo, "Classification of BCI-EEG based on the augmented
       covariance matrix", IEEE Trans. Biomedical Engineering, 2024, arXiv:2302.04508.
    .. [2] I. Carrara, T. Papadopoulo, "Enhancing computational efficiency of motor imagery BCI
       classification with block-Toeplitz augmented covariance matrices and Siegel metric",
       arXiv:2406.16909.
    .. [3] D. Bartz, K.-R. Müller, "Covariance shrinkage for autocorrelated data", NIPS 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.spd import AugmentedCovariance
    >>> X = np.random.default_rng(0).standard_normal((5, 3, 200))
    >>> AugmentedCovariance(order=2, lag=4).fit_transform(X).shape
    (5, 6, 6)
    """

    _parameter_constraints: dict = {
        "order": [Interval(Integral, 1, None, closed="left"), StrOptions(set(RULES))],
        "lag": [
            Interval(Real, 0, None, closed="neither"),
            "array-like",
            StrOptions({"ami_cao", "ami_fnn", "mdop"}),
        ],
        "lag_unit": [StrOptions({"samples", "s"})],
        "sfreq": [Interval(Real, 0, None, closed="neither"), None],
        "window": [StrOptions({"reference", "full", "circular"})],
        "structure": [StrOptions({"sample", "toeplitz"})],
        "toeplitz": [StrOptions({"biased", "averaged"})],
        "estimator": [StrOptions(set(ESTIMATORS)), Interval(Real, 0, 1, closed="both"), callable],
        "assume_centered": ["boolean"],
        "reg": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left"), None],
        "rank": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left"), None],
        "embed_mean": ["boolean", Interval(Real, 0, None, closed="neither")],
        "standardize": [StrOptions({"channel", "instant"}), None],
        "bands": ["array-like", None],
        "band_filter_order": [Interval(Integral, 1, None, closed="left")],
        "on_bad": [StrOptions({"raise", "nan"})],
        "n_jobs": [Integral, None],
        "dtype": [StrOptions({"float32", "float64"}), None],
    }

    def __init__(
        self,
        order=DEFAULT_ORDER,
        lag=1,
        *,
        lag_unit="samples",
        sfreq=None,
        window="reference",
        structure="sample",
        toeplitz="biased",
        estimator="cov",
        assume_centered=False,
        reg="auto",
        rank=None,
        embed_mean=False,
        standardize=None,
        bands=None,
        band_filter_order=4,
        on_bad="raise",
        n_jobs=None,
        dtype=None,
    ):
        self.order = order
        self.lag = lag
        self.lag_unit = lag_unit
        self.sfreq = sfreq
        self.window = window
        self.structure = structure
        self.toeplitz = toeplitz
        self.estimator = estimator
        self.assume_centered = assume_centered
        self.reg = reg
        self.rank = rank
        self.embed_mean = embed_mean
        self.standardize = standardize
        self.bands = bands
        self.band_filter_order = band_filter_order
        self.on_bad = on_bad
        self.n_jobs = n_jobs
        self.dtype = dtype

    def fit(self, X, y=None):
        """Check the trials and learn delays, signal space and scale of the constant row.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
            Signals in any unit. MNE Epochs are read through ``get_data`` and ``info``.
        y : None
            Ignored.

        Returns
        -------
        self : AugmentedCovariance
        """
        self.fit_transform(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Fit to the trials and return their matrices.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        y : None
            Ignored.

        Returns
        -------
        C : ndarray of shape (n_trials, n, n)
            With `bands`, (n_trials, n_bands, n, n).
        """
        self._check_parameters()
        sfreq, names = _recording_info(X, self.sfreq)
        trials = self._check_trials(X)
        usable = self._usable(trials)
        self._set_names(names, trials)
        self._filters = self._design_filters(sfreq)
        complete = [trial for trial, own in zip(trials, usable) if own.all()]
        self._learn_signal_space(complete)
        self._set_delays(sfreq, trials, complete)
        C, touched = self._matrices(trials, usable)
        self.n_regularized_ = int(touched.sum())
        self._warn_regularized(touched)
        return self._cast(C)

    def transform(self, X):
        """Return the augmented covariance matrices of trials.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
            Trials may be longer or shorter than those seen at fit.

        Returns
        -------
        C : ndarray of shape (n_trials, n, n)
            With `bands`, (n_trials, n_bands, n, n).
        """
        check_is_fitted(self, "lags_")
        _recording_info(X, self.sfreq)
        trials = self._check_trials(X)
        n_channels = trials[0].shape[0]
        if n_channels != self.n_channels_in_:
            raise ValueError(
                f"X has {n_channels} channels, but {type(self).__name__} was fitted with "
                f"{self.n_channels_in_}."
            )
        self._check_lengths(trials)
        C, touched = self._matrices(trials, self._usable(trials))
        self._warn_regularized(touched)
        return self._cast(C)

    def get_feature_names_out(self, input_features=None):
        """Names of the entries on and above the diagonal, row by row.

        The order is that of tangent vectors.

        Parameters
        ----------
        input_features : array-like of str, shape (n_channels,), or None
            Names of the channels; None takes those of the training input, or x0, x1, ...

        Returns
        -------
        names : ndarray of str, shape (n_bands * n (n + 1) / 2,)
            Such as "C3[t]*C4[t+2]".
        """
        check_is_fitted(self)
        return pair_names(self.row_names(input_features), self.band_names())

    # Checks

    def _check_parameters(self):
        if self.structure == "toeplitz" and not (
            isinstance(self.estimator, Real) or self.estimator in TOEPLITZ_ESTIMATORS
        ):
            raise ValueError(
                f"estimator={self.estimator!r} has no block-Toeplitz form; with "
                f'structure="toeplitz" use a float or one of {TOEPLITZ_ESTIMATORS}.'
            )
        if self.assume_centered and not (
            isinstance(self.estimator, Real) or self.estimator in ("scm", "lwf", "oas")
        ):
            raise ValueError(
                f"assume_centered=True is for estimators scm, lwf, oas and floats, got "
                f"estimator={self.estimator!r}."
            )

        if self.assume_centered and self.embed_mean is not False:
            raise ValueError(
                "embed_mean needs the mean of the trials, which assume_centered=True takes for 0."
            )
        self._check_lag()
        if self.toeplitz == "averaged" and np.ndim(self.lag) > 0 and _is_uneven(self.lag):
            raise ValueError(
                f'toeplitz="averaged" needs delays that are equally spaced, got lag={self.lag!r}.'
            )

    def _check_lag(self):
        if isinstance(self.lag, str):
            return
        try:
            lag = np.asarray(self.lag, dtype=float)
        except (TypeError, ValueError):
            lag = np.array(np.nan)
        if lag.ndim > 1 or not np.all(np.isfinite(lag)):
            raise ValueError(f"lag={self.lag!r} must be a number or a list of numbers.")

    def _check_trials(self, X):
        bad = self.on_bad != "raise"
        trials = check_trials(X, allow_flat=bad or callable(self.estimator), allow_bad=bad)
        if self.standardize == "instant" and trials[0].shape[0] < 2:
            raise ValueError('standardize="instant" needs at least 2 channels, X has 1.')
        return trials

    def _usable(self, trials):
        """Which channels of which trials can be used, shape (n_trials, n_channels)."""
        if self.on_bad == "raise":  # otherwise refused by now
            return np.ones((len(trials), trials[0].shape[0]), dtype=bool)
        usable = usable_channels(trials, allow_flat=callable(self.estimator))
        if not usable.any():
            raise ValueError("Every channel of every trial of X is bad: not finite, or flat.")
        return usable

    def _set_names(self, names, trials):
        self.n_channels_in_ = trials[0].shape[0]
        self.n_times_in_ = max(trial.shape[1] for trial in trials)
        if names is not None:
            self.ch_names_in_ = names
        elif hasattr(self, "ch_names_in_"):
            del self.ch_names_in_

    def _set_delays(self, sfreq, trials, complete):
        order, lag = self._chosen(sfreq, complete)
        if np.ndim(lag) == 0:
            lag = int(lag) if order > 1 else 0
            self._check_span(order, lag)
            self.lags_ = lag * np.arange(order)
            self.lag_ = int(lag)
        else:
            self.lags_ = np.array(lag, dtype=int)
            if len(self.lags_) == 0 or self.lags_[0] != 0 or np.any(np.diff(self.lags_) <= 0):
                raise ValueError(
                    f"lag={self.lag!r} must hold ascending delays from 0, in samples "
                    f"{self.lags_.tolist()}."
                )
            if order not in (DEFAULT_ORDER, len(self.lags_)):
                raise ValueError(
                    f"order={order} contradicts the {len(self.lags_)} delays of lag={self.lag!r}."
                )
            self.lag_ = int(self.lags_[-1])
        self.order_ = len(self.lags_)
        self._embedding = Embedding(self.lags_, self.window, np.ndim(self.lag) > 0)
        self._check_lengths(trials)

    def _chosen(self, sfreq, trials):
        """Order and lag in samples, by the rules where they are named."""
        self.__dict__.pop("selection_", None)
        order, lag = self.order, self.lag
        if isinstance(order, str) or isinstance(lag, str):
            _check_any(trials, f"order={order!r} and lag={lag!r}")
            trials = [self._prepared(trial) for trial in trials]
        if isinstance(lag, str):
            self.selection_ = select_embedding(trials, method=lag, n_jobs=self.n_jobs)
            lag = self.selection_.lag
        elif np.ndim(lag) > 0:
            lag = [self._in_samples(one, sfreq, 0) for one in lag]
            if isinstance(order, str):
                raise ValueError(f"order={order!r} contradicts a list of delays.")
        else:
            lag = self._in_samples(lag, sfreq) if order != 1 else 1
        if isinstance(order, str):
            if order != self.lag:
                self._check_span(2, lag)
                self.selection_ = select_embedding(
                    trials, method=order, lag=lag, n_jobs=self.n_jobs
                )
            order = self.selection_.order
        return order, lag

    def _in_samples(self, lag, sfreq, least=1):
        if self.lag_unit == "s":
            if sfreq is None:
                raise ValueError('lag_unit="s" needs sfreq, the sampling frequency in Hz.')
            samples = round(lag * sfreq)
            if samples < least:
                raise ValueError(f"lag={lag} s is less than one sample at sfreq={sfreq:g} Hz.")
            return samples
        if lag != int(lag) or lag < least:
            raise ValueError(
                f'lag={lag!r} must be a whole number of samples, at least {least}; lag_unit="s" '
                "takes seconds."
            )
        return int(lag)

    def _check_span(self, order, lag):
        """Raise before the delays of a hopeless order are written down."""
        if (order - 1) * lag >= self.n_times_in_:
            raise ValueError(
                _too_short("The longest trial", self.n_times_in_, order, (order - 1) * lag)
            )

    def _check_lengths(self, trials):
        longest = int(self.lags_[-1])
        for index, trial in enumerate(trials if isinstance(trials, list) else trials[:1]):
            n_times = trial.shape[1]
            toeplitz = self.structure == "toeplitz"
            n = n_times - longest if toeplitz else self._embedding.n_samples(n_times)
            if n < 2 or n_times <= longest:
                raise ValueError(_too_short(f"Trial {index}", n_times, self.order_, longest, n))

    # Steps

    def _design_filters(self, sfreq):
        if self.bands is None:
            return [None]
        if sfreq is None:
            raise ValueError("bands needs sfreq, the sampling frequency in Hz.")
        try:
            bands = np.asarray(self.bands, dtype=float)
        except (TypeError, ValueError):
            bands = np.empty(0)
        good = bands.ndim == 2 and bands.shape[1:] == (2,) and len(bands) > 0
        if not good or not np.all((bands[:, 0] > 0) & (bands[:, 0] < bands[:, 1])):
            raise ValueError(f"bands={self.bands!r} must be pairs (low, high), 0 < low < high.")
        if bands.max() >= sfreq / 2:
            raise ValueError(
                f"bands={self.bands!r} reaches half the sampling frequency, {sfreq / 2:g} Hz."
            )
        return [
            butter(self.band_filter_order, band, "bandpass", fs=sfreq, output="sos")
            for band in bands
        ]

    def _learn_signal_space(self, trials):
        self.rank_ = self.n_channels_in_
        if self.rank is not None:
            _check_any(trials, f"rank={self.rank!r}")
            channels = [np.cov(self._standardized(trial)) for trial in trials]
            self.basis_ = signal_basis(
                np.array(channels).reshape(-1, self.rank_, self.rank_), self.rank
            )
            self.rank_ = len(self.basis_)
        elif hasattr(self, "basis_"):
            del self.basis_
        if self.embed_mean is True:
            _check_any(trials, "embed_mean=True")
            total = sum(np.sum(self._prepared(trial) ** 2) for trial in trials)
            size = sum(trial.shape[1] for trial in trials) * self.rank_
            self.mean_scale_ = float(np.sqrt(total / size))
        elif self.embed_mean is not False:
            self.mean_scale_ = float(self.embed_mean)

    def _standardized(self, X):
        if self.standardize is None:
            return X
        axis = -1 if self.standardize == "channel" else -2
        rounding = 10 * np.finfo(float).eps * np.abs(X).max(axis=axis, keepdims=True)
        X = X - X.mean(axis=axis, keepdims=True)
        scale = X.std(axis=axis, keepdims=True)
        varies = scale > rounding
        return np.where(varies, X, 0.0) / np.where(varies, scale, 1.0)

    def _prepared(self, X):
        X = self._standardized(X)
        return self.basis_ @ X if self.rank is not None else X

    def _matrices(self, trials, usable):
        """Matrices of checked trials, and which of them `reg` has changed."""
        if usable.all():
            return self._complete_matrices(trials)
        n_rows = len(self.lags_) * self.rank_ + (self.embed_mean is not False)
        C = np.full((len(trials), len(self._filters), n_rows, n_rows), np.nan)
        touched = np.zeros(len(trials), dtype=bool)
        for members, channels in patterns(usable):
            if len(channels) == 0 or (self.rank is not None and not usable[members[0]].all()):
                continue
            own = [np.ascontiguousarray(trials[i][channels]) for i in members]
            part, touched[members] = self._complete_matrices(own, members)
            d = self.n_channels_in_ if self.rank is None else self.rank_
            channels = channels if self.rank is None else np.arange(d)
            rows = (d * np.arange(len(self.lags_))[:, None] + channels).ravel()
            if self.embed_mean is not False:
                rows = np.append(rows, n_rows - 1)
            part = part.reshape(len(own), len(self._filters), len(rows), len(rows))
            C[np.ix_(members, np.arange(C.shape[1]), rows, rows)] = part
        return (C[:, 0] if self.bands is None else C), touched

    def _complete_matrices(self, trials, numbers=None):
        """Matrices of trials without bad channels, whose numbers are for messages."""
        n_channels = trials[0].shape[0] if self.rank is None else self.rank_
        n = len(self.lags_) * n_channels + (self.embed_mean is not False)
        C = np.empty((len(trials), len(self._filters), n, n))
        touched = np.zeros(len(trials), dtype=bool)

        def part(start, stop):
            X = trials[start:stop]
            # trials of unequal length come one by one
            X = X if isinstance(X, np.ndarray) else X[0][None]
            for band, sos in enumerate(self._filters):
                C[start:stop, band] = self._covariances(X, sos)

        if isinstance(trials, np.ndarray):
            # three chunks at least: temporaries must not outgrow a small result
            size = max(n * n, trials[0].size, 3 * CHUNK_SIZE // len(trials))
            ranges = chunk_ranges(len(trials), size)
        else:
            ranges = [(i, i + 1) for i in range(len(trials))]
        with single_blas_thread():
            parallel_ranges(part, ranges, n_jobs=self.n_jobs)
            if self.bands is None:
                return C[:, 0], regularize(C[:, 0], self.reg, numbers)
            for band in range(len(self._filters)):
                matrices = np.ascontiguousarray(C[:, band])
                touched |= regularize(matrices, self.reg, numbers)
                C[:, band] = matrices
        return C, touched

    def _cast(self, C):
        return C.astype(self.dtype or np.float64, copy=False)

    def _covariances(self, X, sos):
        if sos is not None:
            X = self._filtered(X, sos)
        # what overflows or is 0 / 0 is refused by `regularize`, which names the trial
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            C, mean = embedded_covariances(
                np.ascontiguousarray(self._prepared(X)),
                self._embedding,
                self.estimator,
                self.assume_centered,
                self.toeplitz if self.structure == "toeplitz" else None,
            )
            return C if self.embed_mean is False else self._with_mean(C, mean)

    def _filtered(self, X, sos):
        try:
            return sosfiltfilt(sos, X, axis=-1)
        except ValueError as error:
            raise ValueError(
                f"Trials of {X.shape[-1]} samples are too short for bands with "
                f"band_filter_order={self.band_filter_order}: {error}"
            ) from error

    def _with_mean(self, C, mean):
        c, n = self.mean_scale_, C.shape[-1]
        out = np.empty((len(C), n + 1, n + 1))
        out[:, :n, :n] = C + mean[:, :, None] * mean[:, None, :]
        out[:, :n, n] = out[:, n, :n] = c * mean
        out[:, n, n] = c * c
        return out

    def _warn_regularized(self, touched):
        if self.reg == "auto" and touched.any():
            warnings.warn(
                f"{int(touched.sum())} of {len(touched)} augmented covariances are numerically "
                f"singular (the first is trial {int(np.argmax(touched))}) and were regularised "
                '(reg="auto"). Linearly dependent channels, a high order or a short lag cause '
                'this; rank="auto" or a shrinkage estimator such as "oas" avoids it.'
            )

    def channel_names(self, input_features=None):
        """Names of what is stacked: the channels, or their projections with `rank`.

        Parameters
        ----------
        input_features : array-like of str, shape (n_channels,), or None

        Returns
        -------
        names : list of str
        """
        names = input_features
        if names is None:
            names = getattr(self, "ch_names_in_", [f"x{i}" for i in range(self.n_channels_in_)])
        if len(names) != self.n_channels_in_:
            raise ValueError(
                f"input_features should have length equal to the number of channels "
                f"({self.n_channels_in_}), got {len(names)}."
            )
        return list(names) if self.rank is None else [f"component{i}" for i in range(self.rank_)]

    def row_names(self, input_features=None):
        """Names of the rows of the matrices.

        Parameters
        ----------
        input_features : array-like of str, shape (n_channels,), or None

        Returns
        -------
        names : list of str
            Such as "C3[t+2]".
        """
        names = self.channel_names(input_features)
        rows = [f"{name}[t+{lag}]" if lag else f"{name}[t]" for lag in self.lags_ for name in names]
        return rows + (["mean"] if self.embed_mean is not False else [])

    def band_names(self):
        """Names of the bands, such as "8-12Hz"; None without a filter bank."""
        return None if self.bands is None else [f"{lo:g}-{hi:g}Hz" for lo, hi in self.bands]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


def _is_uneven(lag):
    return bool(np.any(np.diff(np.asarray(lag, dtype=float), 2) != 0))


def _check_any(trials, what):
    if len(trials) == 0:
        raise ValueError(f"{what} needs a trial without bad channels; X has none.")


def _too_short(which, n_times, order, longest, n=0):
    return (
        f"{which} of X has {n_times} samples: order={order} with delays up to {longest} samples "
        f"leaves {max(n, 0)} delay vectors, at least 2 are needed. Use a smaller order or lag, or "
        "longer trials."
    )


def _recording_info(X, sfreq):
    """Sampling frequency and channel names of MNE-like input; a conflict with `sfreq` raises."""
    info = getattr(X, "info", None)
    if not hasattr(X, "get_data") or info is None:
        return sfreq, None
    found = float(info["sfreq"])
    if sfreq is not None and not np.isclose(sfreq, found):
        raise ValueError(f"sfreq={sfreq:g} Hz contradicts the input, whose info says {found:g} Hz.")
    return found, np.asarray(info["ch_names"], dtype=object)
