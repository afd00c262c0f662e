"""From trials to labels through augmented covariances."""

import time
import warnings
from numbers import Integral, Real

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, _fit_context, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    check_memory,
    column_or_1d,
    has_fit_parameter,
)

from skgeom._core.estimator import DocLinkMixin
from skgeom._core.parallel import single_blas_thread
from skgeom.spd._augmented import DEFAULT_ORDER, AugmentedCovariance
from skgeom.spd._discriminant import SpanProjector, shrinkage_lda
from skgeom.spd._domains import recentre, running_means
from skgeom.spd._filters import csp_filters, filtered
from skgeom.spd._geometry import METRICS
from skgeom.spd._given import GivenCovariance
from skgeom.spd._importance import activation_patterns, as_symmetric, in_blocks, shares
from skgeom.spd._manifold import SiegelProduct, SPDProduct
from skgeom.spd._matrices import sqrtm
from skgeom.spd._names import pair_names, siegel_names
from skgeom.spd._streaming import make_stream, sliding_windows

_MDM = ("mdm", "fgmdm")
# Attributes that a fit leaves for some parameters only.
_OPTIONAL = (
    "classifier_",
    "calibrated_",
    "means_",
    "reference_",
    "siegel_reference_",
    "whitener_",
    "filters_",
    "_domain_means",
    "_pattern_vectors",
)


def _works_in_tangent_space(self):
    if isinstance(self.classifier, str) and self.classifier in _MDM:
        raise AttributeError(f"classifier={self.classifier!r} has no tangent vectors to invert.")
    return True


def _learns_on(self):
    if isinstance(self.classifier, str) and self.classifier == "mdm":
        return True
    if isinstance(self.classifier, str) or not hasattr(self.classifier, "partial_fit"):
        raise AttributeError(f"classifier={self.classifier!r} has no partial_fit.")
    return True


def _delegates(method):
    """Available where the distance classifiers or the tangent-space classifier have it."""

    def check(self):
        if isinstance(self.classifier, str):
            if method != "predict_proba" or self.classifier in _MDM or self.probability == "cv":
                return True
            raise AttributeError('classifier="svm" has no predict_proba; probability="cv" adds it.')
        getattr(getattr(self, "classifier_", self.classifier), method)
        return True

    return check


class AugmentedCovarianceClassifier(DocLinkMixin, ClassifierMixin, TransformerMixin, BaseEstimator):
    r"""Classify multichannel trials by their augmented covariance matrices.

    Each trial becomes the covariance of itself stacked with delayed copies [1]_, a point on the
    manifold of symmetric positive definite matrices. ``classifier="svm"`` maps the matrices to
    the tangent space at their Karcher mean and fits a support vector machine there;
    ``"mdm"`` takes the nearest class mean [2]_, ``"fgmdm"`` does so after a discriminant filter in
    the tangent space [3]_; any scikit-learn classifier works on the tangent vectors. The delays
    add what the plain covariance doesn't hold: rhythms and phases. They help most with few
    electrodes, and for classes that differ in spectrum rather than in power.

    Read more in the :ref:`User Guide <spd>`.

    Parameters
    ----------
    order : int or str, default=4
        Number p of stacked copies; 1 is the plain covariance. Or a rule that chooses it from the
        training trials, see :func:`select_embedding`.
    lag : int, float, list or str, default=1
        Delay between copies in `lag_unit`, the list of all delays from 0, or a rule.
    input : {"trials", "covariance"}, default="trials"
        "covariance": X holds SPD matrices, (n_trials, n, n) or (n_trials, n_bands, n, n), such
        as those of :class:`AugmentedCovariance`; `order` is the number of their blocks (1 for
        plain covariances), and of what leads to matrices `reg` alone applies.
    geometry : {"spd", "siegel"}, default="spd"
        "siegel" takes the matrices in block-Toeplitz form, as one d x d SPD matrix and order - 1
        matrix partial correlations, points of the Siegel disk [5]_: d(d+1)/2 + (p-1) d^2
        features, and work that grows with the order but not with its cube. About as good on two
        classes, weaker on four where it was compared.
    classifier : {"svm", "mdm", "fgmdm"} or classifier, default="svm"
        What decides; an estimator is cloned and fitted on the tangent vectors.
    C : float, default=1.0
        Regularisation of the support vector machine. For ``classifier="svm"`` only.
    kernel : {"linear", "rbf"}, default="linear"
        Its kernel; "rbf" with scikit-learn's ``gamma="scale"``. For ``classifier="svm"`` only.
    class_weight : dict, "balanced" or None, default=None
        Its class weights. For ``classifier="svm"`` only.
    probability : {"cv"} or None, default=None
        "cv" fits a sigmoid to decision values from 3-fold cross-validation in the tangent space,
        so that ``classifier="svm"`` has `predict_proba`.
    metric : {"riemann", "logeuclid", "euclid", "logchol", "wasserstein"} or dict, default="riemann"
        Geometry of the matrices; a dict sets "mean", "map" (tangent vectors) and "distance"
        (mdm) apart, what it leaves out is "riemann". In a dict the values may be callables, such
        as pyriemann's: ``mean(C, sample_weight=w)``, ``distance(C, M, squared=True)`` and
        ``map(C, M)``, a symmetric matrix for each C.
    spatial_filter : {"csp"} or None, default=None
        "csp" goes on with the common spatial patterns of the augmented matrices, filters over
        channels and delays [6]_.
    n_components : int or None, default=None
        How many; None keeps half of the rows.
    tol : float, default=1e-6
        The Karcher means stop when the norm of the gradient is at most this.
    max_iter : int, default=50
        Most iterations of a Karcher mean.
    recenter : {"domain", "transductive", "online"} or None, default=None
        Move the mean of each domain (the `groups` of `fit`: runs, sessions, subjects) to the
        identity [4]_. At prediction, trials of a known group are moved as at fit; a group that is
        new is refused ("domain"), moved by the mean of its own batch ("transductive"), or moved
        by a running mean that starts at the mean of the training domains and follows the trials
        in their order ("online").
    recenter_rate : float or None, default=None
        Step of the running mean towards each new trial; None is 1 over the number of trials.
    siegel_weights : {"kahler", "uniform"}, default="kahler"
        Weights of the squared distances of the blocks: p for the SPD matrix and p - l for partial
        correlation l, or 1 each.
    on_bad : {"raise", "drop", "nan"}, default="raise"
        What to do with trials of which a channel holds NaN or infinity, or is flat. "drop" leaves
        them out of the fit, with a warning; at prediction they get the most frequent class, its
        frequencies as probabilities (their log ratio as decision values) and features of NaN.
        "nan" uses the channels that are left: means of what the trials have [7]_, distances to the
        same part of the means. For "mdm" under the "riemann" metric; a trial without any channel
        is treated as by "drop".
    lag_unit, sfreq, window, structure, toeplitz, estimator, assume_centered : optional
        As in :class:`AugmentedCovariance`.
    reg, rank, embed_mean, standardize, bands, band_filter_order : optional
        As in :class:`AugmentedCovariance`. With `bands` the matrices of the bands are a point
        on a product of manifolds: tangent vectors side by side, squared distances added.
    memory : str, joblib.Memory or None, default=None
        Where to keep matrices, means and tangent vectors, for searches over what comes after.
    n_jobs : int or None, default=None
        Number of threads over trials. The result has the same bits for any number.
    random_state : int, RandomState or None, default=None
        Given to `classifier` where that has one, and to the folds of ``probability="cv"``, which
        are not shuffled otherwise.
    dtype : {"float64", "float32"} or None, default=None
        Type of the tangent vectors and distances, which are computed in float64; None is float64.
    verbose : int, default=0
        1 prints the steps of a fit with their times.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    class_prior_ : ndarray of shape (n_classes,)
        Share of each class in the weights.
    covariance_ : AugmentedCovariance
        The fitted step from trials to matrices, with `lags_`, `n_regularized_`, ...
    reference_ : ndarray of shape (n, n) or (n_bands, n, n)
        Mean of the training matrices, where the tangent space is. Not for "mdm".
    whitener_ : ndarray of shape (n, n) or (n_bands, n, n)
        Inverse square root of `reference_`. Not for ``geometry="siegel"``.
    siegel_reference_ : ndarray of shape (p - 1, d, d) or (n_bands, p - 1, d, d)
        Means of the partial correlations, for ``geometry="siegel"``.
    means_ : ndarray of shape (n_classes, n, n) or (n_classes, n_bands, n, n)
        Class means of "mdm", and of the filtered matrices of "fgmdm".
    domains_ : dict
        Mean of each group, (n, n) or (n_bands, n, n), with `recenter`.
    classifier_ : classifier
        What was fitted on the tangent vectors. Not for "mdm" and "fgmdm".
    n_iter_ : int
        Most iterations of any Karcher mean.
    grad_norm_ : float
        Largest gradient norm where the Karcher means ended.
    order_, lag_, lags_, n_channels_in_, n_times_in_, n_regularized_
        As in :class:`AugmentedCovariance`.
    filters_ : ndarray of shape (n_components, n) or (n_bands, n_components, n)
        With `spatial_filter`.
    feature_importances_ : ndarray of shape (p, p, d, d) or (n_bands, p, p, d, d)
        Share of each pair of delays and channels in the absolute coefficients of a linear
        classifier (or of the filter of "fgmdm"), averaged over its discriminants; sums to 1
        (all 0 when every coefficient is).
    patterns_ : ndarray of shape (n_decisions, p, p, d, d) or (n_decisions, n_bands, p, p, d, d)
        How the matrices at the reference change with each linear decision (activation patterns
        [8]_): positive entries grow towards ``classes_[1]``.

    See Also
    --------
    AugmentedCovariance : The step from trials to matrices alone.

    References
    ----------
    .. [1] I. Carrara, T. Papadopoulo, "Classification of BCI-EEG based on the augmented
       covariance matrix", IEEE Trans. Biomedical Engineering, 2024, arXiv:2302.04508.
    .. [2] A. Barachant, S. Bonnet, M. Congedo, C. Jutten, "Multiclass brain-computer interface
       classification by Riemannian geometry", IEEE Trans. Biomedical Engineering 59(4), 2012.
    .. [3] A. Barachant, S. Bonnet, M. Congedo, C. Jutten, "Riemannian geometry applied to BCI
       classification", LVA/ICA 2010.
    .. [4] P. Zanini, M. Congedo, C. Jutten, S. Said, Y. Berthoumieu, "Transfer learning: a
       Riemannian geometry framework with applications to brain-computer interfaces", IEEE Trans.
       Biomedical Engineering 65(5), 2018.
    .. [5] I. Carrara, T. Papadopoulo, "Enhancing computational efficiency of motor imagery BCI
       classification with block-Toeplitz augmented covariance matrices and Siegel metric",
       arXiv:2406.16909.
    .. [6] S. Lemm, B. Blankertz, G. Curio, K.-R. Müller, "Spatio-spectral filters for improving
       the classification of single trial EEG", IEEE Trans. Biomedical Engineering 52(9), 2005.
    .. [7] F. Yger, S. Chevallier, Q. Barthélemy, S. Sra, "Geodesically-convex optimization for
       averaging partially observed covariance matrices", ACML 2020.
    .. [8] S. Haufe et al., "On the interpretation of weight vectors of linear models in
       multivariate neuroimaging", NeuroImage 87, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import AugmentedCovarianceClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(20) % 2
    >>> t = np.arange(300) / 160
    >>> phase = rng.uniform(0, 6, (20, 2, 1))
    >>> X = np.sin(2 * np.pi * np.where(y, 10, 14)[:, None, None] * t + phase)
    >>> X += 0.3 * rng.standard_normal(X.shape)
    >>> model = AugmentedCovarianceClassifier(order=3, lag=2).fit(X[:10], y[:10])
    >>> model.score(X[10:], y[10:])
    1.0
    """

    _parameter_constraints: dict = {
        **AugmentedCovariance._parameter_constraints,
        "classifier": [StrOptions({"svm", "mdm", "fgmdm"}), HasMethods(["fit", "predict"])],
        "C": [Interval(Real, 0, None, closed="neither")],
        "kernel": [StrOptions({"linear", "rbf"})],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "probability": [StrOptions({"cv"}), None],
        "input": [StrOptions({"trials", "covariance"})],
        "geometry": [StrOptions({"spd", "siegel"})],
        "siegel_weights": [StrOptions({"kahler", "uniform"})],
        "metric": [StrOptions(set(METRICS)), dict],
        "spatial_filter": [StrOptions({"csp"}), None],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "on_bad": [StrOptions({"raise", "drop", "nan"})],
        "memory": [str, HasMethods("cache"), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "tol": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "recenter": [StrOptions({"domain", "transductive", "online"}), None],
        "recenter_rate": [Interval(Real, 0, 1, closed="right"), None],
    }

    def __init__(
        self,
        order=DEFAULT_ORDER,
        lag=1,
        *,
        input="trials",
        geometry="spd",
        classifier="svm",
        C=1.0,
        kernel="linear",
        class_weight=None,
        probability=None,
        metric="riemann",
        spatial_filter=None,
        n_components=None,
        tol=1e-6,
        max_iter=50,
        recenter=None,
        recenter_rate=None,
        siegel_weights="kahler",
        on_bad="raise",
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
        memory=None,
        n_jobs=None,
        random_state=None,
        dtype=None,
        verbose=0,
    ):
        self.order = order
        self.lag = lag
        self.input = input
        self.geometry = geometry
        self.classifier = classifier
        self.C = C
        self.kernel = kernel
        self.class_weight = class_weight
        self.probability = probability
        self.metric = metric
        self.spatial_filter = spatial_filter
        self.n_components = n_components
        self.tol = tol
        self.max_iter = max_iter
        self.recenter = recenter
        self.recenter_rate = recenter_rate
        self.siegel_weights = siegel_weights
        self.on_bad = on_bad
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
        self.memory = memory
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.dtype = dtype
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, groups=None):
        """Fit to labelled trials.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
            Signals in any unit. MNE Epochs are read through ``get_data`` and ``info``. Matrices
            with ``input="covariance"``.
        y : array-like of shape (n_trials,)
            Labels.
        sample_weight : array-like of shape (n_trials,) or None, default=None
            Weight of each trial in the means, and in the classifier when it takes weights.
        groups : array-like of shape (n_trials,) or None, default=None
            Domain of each trial; needed (and used) with `recenter` only.

        Returns
        -------
        self : AugmentedCovarianceClassifier
        """
        self._prepare()
        memory = check_memory(self.memory)
        begin = time.perf_counter()
        self.covariance_, C = memory.cache(_fitted_matrices)(self.covariance_, X)
        self._report(f"{len(C)} matrices of {C.shape[-1]} rows", begin)
        self._make_manifold()
        self._forget()
        kept = self._check_kept(C, y, sample_weight, groups)
        points = self._as_points(C if kept.all() else C[kept])
        y, sample_weight, groups = (_rows(values, kept) for values in (y, sample_weight, groups))
        codes, weight = self._check_targets(points, y, sample_weight)
        self._copy_attributes()
        begin = time.perf_counter()
        if self.recenter is not None:
            points = self._fit_domains(points, weight, groups)
        vectors = self._fit_geometry(points, codes, weight, memory=memory)
        self._report(f"means in {self.n_iter_} iterations", begin)
        if not self._is_mdm():
            begin = time.perf_counter()
            self._fit_classifier(vectors, self.classes_[codes], sample_weight)
            self._fit_patterns(vectors)
            self._report("classifier", begin)
        return self

    def fit_transform(self, X, y, sample_weight=None, groups=None):
        """Fit to labelled trials and return their features.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        y : array-like of shape (n_trials,)
        sample_weight : array-like of shape (n_trials,) or None, default=None
        groups : array-like of shape (n_trials,) or None, default=None

        Returns
        -------
        features : ndarray of shape (n_trials, n_features)
            As `transform` returns them.
        """
        return self.fit(X, y, sample_weight=sample_weight, groups=groups).transform(X, groups)

    def predict(self, X, groups=None):
        """Predict the labels of trials.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        groups : array-like of shape (n_trials,) or None, default=None
            Domain of each trial, with `recenter`; None is one new domain.

        Returns
        -------
        y : ndarray of shape (n_trials,)
        """
        return self._decided("predict", X, groups)

    @available_if(_delegates("predict_proba"))
    def predict_proba(self, X, groups=None):
        """Predict class probabilities of trials.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        groups : array-like of shape (n_trials,) or None, default=None
            Domain of each trial, with `recenter`; None is one new domain.

        Returns
        -------
        P : ndarray of shape (n_trials, n_classes)
            "mdm" and "fgmdm": softmax of the negative squared distances.
        """
        return self._decided("predict_proba", X, groups)

    @available_if(_delegates("predict_proba"))
    def predict_log_proba(self, X, groups=None):
        """Predict logarithms of class probabilities of trials.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        groups : array-like of shape (n_trials,) or None, default=None
            Domain of each trial, with `recenter`; None is one new domain.

        Returns
        -------
        P : ndarray of shape (n_trials, n_classes)
        """
        return self._decided("predict_log_proba", X, groups)

    @available_if(_delegates("decision_function"))
    def decision_function(self, X, groups=None):
        """Decision values of trials.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        groups : array-like of shape (n_trials,) or None, default=None
            Domain of each trial, with `recenter`; None is one new domain.

        Returns
        -------
        scores : ndarray of shape (n_trials,) or (n_trials, n_classes)
            "mdm" and "fgmdm": difference of the squared distances to the two means, positive for
            ``classes_[1]``; negative squared distances with more than two classes.
        """
        return self._decided("decision_function", X, groups)

    def transform(self, X, groups=None):
        """Return what the classifier decides on.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        groups : array-like of shape (n_trials,) or None, default=None
            Domain of each trial, with `recenter`; None is one new domain.

        Returns
        -------
        features : ndarray of shape (n_trials, n_features)
            Tangent vectors; distances to the class means for "mdm" and "fgmdm". NaN for bad
            trials (`on_bad`).
        """
        return self._decided("transform", X, groups)

    def score(self, X, y, sample_weight=None, groups=None):
        """Mean accuracy of the predicted labels.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        y : array-like of shape (n_trials,)
        sample_weight : array-like of shape (n_trials,) or None, default=None
        groups : array-like of shape (n_trials,) or None, default=None
            Domain of each trial, with `recenter`; None is one new domain.

        Returns
        -------
        accuracy : float
        """
        return accuracy_score(y, self.predict(X, groups), sample_weight=sample_weight)

    def decode(self, chunks, *, step, group=None):
        """Decode a stream as it arrives, in windows as long as the training trials.

        Where the estimator is "cov" or "scm" about the mean, the matrix of a window follows from
        the one before by its new and its old samples.

        Parameters
        ----------
        chunks : iterable of array-like of shape (n_channels, n_new)
            Signals in the order of arrival, any number of samples at a time; ``[signal]`` for a
            whole recording.
        step : int
            Samples from one window to the next.
        group : object or None, default=None
            Domain of the stream, with `recenter`. A new one is for ``recenter="online"``, whose
            running mean follows the windows.

        Yields
        ------
        end : int
            One past the last sample of the window.
        label : object
            Predicted label.
        """
        check_is_fitted(self)
        if self.input == "covariance":
            raise ValueError('decode needs signals, not input="covariance".')
        if not isinstance(step, Integral) or step < 1:
            raise ValueError(f"step must be a whole number of samples, at least 1, got {step!r}.")
        stream, located = make_stream(self.covariance_, step), self._follower(group)
        for end, window in sliding_windows(chunks, self.n_channels_in_, self.n_times_in_, step):
            with single_blas_thread():
                C = stream.finished(stream.push(window)[None])
                label = self._settled("predict", *self._features_of(C, located))[0]
            yield end, label

    def on_matrices(self, method, C):
        """Call a method of the fitted classifier on the matrices of trials.

        Parameters
        ----------
        method : {"predict", "predict_proba", "decision_function", "transform", ...}
        C : ndarray of shape (n_trials, n, n) or (n_trials, n_bands, n, n)
            As the fitted `covariance_` returns them.

        Returns
        -------
        result : ndarray
            What the method returns for the trials; with `recenter` they are one new domain.
        """
        return self._settled(method, *self._features_of(C, self._located))

    def _follower(self, group):
        """Return what moves the points of a stream by the mean of its domain."""
        if self.recenter is None:
            return lambda points: points
        if group in self._domain_means:
            return lambda points: recentre(points, self._domain_means[group])
        if self.recenter != "online":
            known = sorted(self._domain_means)
            raise ValueError(
                f"decode knows the groups {known} of fit, group {group!r} is new; "
                'recenter="online" follows a new one.'
            )
        state = {"mean": self._new_domain, "count": 1}

        def follow(points):
            metric = self._manifold.metrics["mean"]
            means = running_means(points, state["mean"], state["count"], self.recenter_rate, metric)
            state["mean"], state["count"] = means[-1], state["count"] + len(points)
            return recentre(points, means[-1])

        return follow

    @available_if(_learns_on)
    def partial_fit(self, X, y=None, groups=None):
        """Learn from further trials without the earlier ones.

        "mdm" moves the mean of each class along the geodesic to the mean of its new trials, by
        their share of the trials seen so far. A classifier with `partial_fit` of its own learns
        from the tangent vectors at the unchanged reference.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        y : array-like of shape (n_trials,) or None, default=None
            Labels among those of the first fit; None only adapts (see `adapt`).
        groups : array-like of shape (n_trials,) or None, default=None
            Domain of each trial, with `recenter`; None is one new domain.

        Returns
        -------
        self : AugmentedCovarianceClassifier
        """
        if not hasattr(self, "classes_"):
            if y is None:
                raise ValueError("The first partial_fit needs y.")
            return self.fit(X, y, groups=groups)
        if y is None:
            return self.adapt(X, groups)
        points, good = self._points(X, groups)
        y = column_or_1d(y)
        check_consistent_length(good, y)
        y = y[good]
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has the label {unknown.tolist()[0]!r}, which the first fit has not seen; "
                f"it knows {self.classes_.tolist()}."
            )
        if self.classifier == "mdm":
            self._move_class_means(points, np.searchsorted(self.classes_, y))
        else:
            self.classifier_.partial_fit(self._vectors(points), y)
        return self

    def adapt(self, X, groups=None):
        """Follow a drift with unlabelled trials: move references, not decisions.

        With `recenter` the means of the domains in `groups` move along geodesics to the means of
        the new trials, by the share of those (or by `recenter_rate`); new domains are learned.
        Without, `reference_` moves.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        groups : array-like of shape (n_trials,) or None, default=None
            Domain of each trial, with `recenter`.

        Returns
        -------
        self : AugmentedCovarianceClassifier
        """
        check_is_fitted(self)
        points, good = self._good_points(self.covariance_.transform(X))
        if self.recenter is not None:
            self._move_domains(points, _rows(groups, good))
        elif self.classifier == "mdm":
            raise ValueError('classifier="mdm" has no reference to move; use partial_fit.')
        else:
            points = self._through_filters(points)
            self._set_reference(
                self._moved(self._reference, points, self._reference_weight, len(points))
            )
            self._reference_weight += len(points)
        return self

    @available_if(_works_in_tangent_space)
    def inverse_transform(self, features):
        """Return the matrices of tangent vectors.

        Parameters
        ----------
        features : array-like of shape (n_trials, n_features)

        Returns
        -------
        C : ndarray of shape (n_trials, n, n) or (n_trials, n_bands, n, n)
            With `spatial_filter` those of the components.
        """
        check_is_fitted(self)
        vectors = np.asarray(features, dtype=np.float64)
        if vectors.ndim != 2 or vectors.shape[1] != self._n_vectors:
            raise ValueError(
                f"features must have shape (n_trials, {self._n_vectors}), got {vectors.shape}."
            )
        return self._as_matrices(self._manifold.points_at(vectors, self._reference))

    def get_feature_names_out(self, input_features=None):
        """Names of what `transform` returns.

        Parameters
        ----------
        input_features : array-like of str, shape (n_channels,), or None
            Names of the channels.

        Returns
        -------
        names : ndarray of str
            Such as "C3[t]*C4[t+2]", or "distance_left" for "mdm" and "fgmdm".
        """
        check_is_fitted(self)
        bands = self.covariance_.band_names()
        if self._is_mdm():
            return np.asarray([f"distance_{label}" for label in self.classes_], dtype=object)
        if self.geometry == "siegel":
            channels = self.covariance_.channel_names(input_features)
            return siegel_names(channels, self.order_, bands)
        rows = self.covariance_.row_names(input_features)
        if self.spatial_filter is not None:
            rows = [f"csp{i}" for i in range(self.filters_.shape[-2])]
        return pair_names(rows, bands)

    @property
    def feature_importances_(self):
        """Share of each pair of delays and channels in the absolute coefficients."""
        check_is_fitted(self)
        blocks = self._blocks_of(as_symmetric(self._coefficients(), len(self._reference)))
        importances = shares(blocks)
        return importances if self._banded else importances[0]

    @property
    def patterns_(self):
        """How the matrices change with the decision, by pairs of delays and channels."""
        check_is_fitted(self)
        self._coefficients()  # says when there is no linear decision
        roots = sqrtm(self._reference)
        A = as_symmetric(self._pattern_vectors, len(roots))
        if self._manifold.metrics["map"] == "riemann":  # from whitened coordinates to the matrices
            A = roots @ A @ roots
        blocks = self._blocks_of(A, self._component_patterns)
        return blocks if self._banded else blocks[:, 0]

    def _coefficients(self):
        """Coefficients of the linear decisions, (n_decisions, n_features)."""
        if self.geometry == "siegel":
            raise AttributeError('Blocks of delays and channels need geometry="spd".')
        if self.classifier == "fgmdm":
            axes = self._projector.axes
            # no axes: the classes have one mean
            return axes if len(axes) else np.zeros((1, self._n_vectors))
        if self._is_mdm() or not hasattr(self.classifier_, "coef_"):
            raise AttributeError("Blocks of delays and channels need a classifier that is linear.")
        return np.atleast_2d(np.asarray(self.classifier_.coef_))

    def _blocks_of(self, A, back=None):
        """Matrices (k, n_bands, n, n) on the features as blocks of channels for pairs of delays.

        `back` takes rows of components to rows of the augmented matrices, as `filters_` do.
        """
        if self.spatial_filter is not None:
            back = self._filters if back is None else back
            A = np.swapaxes(back, -1, -2) @ A @ back
        blocks = in_blocks(A, self.order_, self.covariance_.rank_)
        if self.covariance_.rank is None:
            return blocks
        basis = self.covariance_.basis_
        return basis.T @ blocks @ basis

    # Fitting, in the order of the steps

    def _prepare(self):
        """Make the step from trials to matrices."""
        names = AugmentedCovariance._parameter_constraints
        settings = {name: getattr(self, name) for name in names}
        if self.input == "covariance":
            self._check_given(settings)
            self.covariance_ = GivenCovariance(self.order, self.reg)
        else:
            settings.update(on_bad="raise" if self.on_bad == "raise" else "nan", dtype=None)
            self.covariance_ = AugmentedCovariance(**settings)
        if self.geometry == "siegel":
            self._check_siegel()
            self.covariance_.structure = "toeplitz"
        self._check_bad_policy()

    def _check_given(self, settings):
        plain = AugmentedCovariance().get_params()
        touched = [
            name
            for name, value in settings.items()
            if name not in ("order", "reg", "n_jobs", "dtype") and value != plain[name]
        ]
        if touched or not isinstance(self.order, Integral):
            name = touched[0] if touched else "order"
            raise ValueError(
                f'input="covariance" has no trials to which {name}={settings[name]!r} could apply; '
                "of the parameters of AugmentedCovariance it takes reg, and order as the number "
                "of blocks."
            )

    def _check_siegel(self):
        if self.input == "trials":
            self.covariance_._check_lag()
        only = {"metric": "riemann", "embed_mean": False, "recenter": None, "spatial_filter": None}
        wrong = [name for name, value in only.items() if getattr(self, name) != value]
        if wrong:
            raise ValueError(
                'geometry="siegel" has one metric, no embed_mean, recenter or spatial_filter; got '
                f"{wrong[0]}={getattr(self, wrong[0])!r}."
            )
        if np.ndim(self.lag) > 0 and np.any(np.diff(self.lag, 2) != 0):
            raise ValueError(
                f'geometry="siegel" needs delays that are equally spaced, got lag={self.lag!r}.'
            )

    def _check_bad_policy(self):
        if self.on_bad != "nan":
            return
        only = {
            "classifier": "mdm",
            "geometry": "spd",
            "metric": "riemann",
            "recenter": None,
            "spatial_filter": None,
        }
        for name, value in only.items():
            if not (isinstance(getattr(self, name), type(value)) and getattr(self, name) == value):
                raise ValueError(
                    f'on_bad="nan" compares what is left of a trial with the same part of the '
                    f"means: it needs {name}={value!r}, got {getattr(self, name)!r}. "
                    'on_bad="drop" works with everything.'
                )

    def _make_manifold(self):
        self._banded = self.covariance_.band_names() is not None
        settings = (self.tol, self.max_iter, self.n_jobs)
        if self.geometry == "siegel":
            rank = self.covariance_.rank_
            self._manifold = SiegelProduct(rank, self.siegel_weights, *settings)
        else:
            self._manifold = SPDProduct(self.metric, *settings)

    def _check_kept(self, C, y, sample_weight, groups):
        """Return which trials to learn from; warn about the others."""
        check_consistent_length(C, y, sample_weight, groups)
        good = self._is_good(C)
        if not good.any():
            raise ValueError("Every trial of X has a bad channel: not finite, or flat.")
        if not good.all():
            warnings.warn(
                f"{int(np.sum(~good))} of {len(good)} trials have bad channels and were left out; "
                f"the first is trial {int(np.argmin(good))}."
            )
        return good

    def _is_good(self, C):
        """Which matrices have all rows ("drop"), or some ("nan")."""
        if self.on_bad == "raise":
            return np.ones(len(C), dtype=bool)
        there = ~np.isnan(np.diagonal(C, axis1=-2, axis2=-1)).reshape(len(C), -1)
        channels = there[:, : self.covariance_.rank_]
        return channels.any(axis=1) if self.on_bad == "nan" else channels.all(axis=1)

    def _check_targets(self, points, y, sample_weight):
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y has one class, {self.classes_.tolist()[0]!r}; at least 2 classes are needed."
            )
        weight = _check_sample_weight(
            sample_weight, points, dtype=np.float64, ensure_non_negative=True
        )
        total = np.bincount(codes, weights=weight)
        if total.min() <= 0:
            raise ValueError(
                f"Class {self.classes_.tolist()[np.argmin(total)]!r} has no sample_weight."
            )
        self.class_prior_ = total / total.sum()
        return codes, weight

    def _forget(self):
        """Drop what an earlier fit has left."""
        self.n_iter_, self.grad_norm_ = 0, 0.0
        self._filters = self._component_patterns = None
        for name in _OPTIONAL:
            self.__dict__.pop(name, None)

    def _copy_attributes(self):
        for name in ("order_", "lag_", "lags_", "n_channels_in_", "n_times_in_", "n_regularized_"):
            setattr(self, name, getattr(self.covariance_, name))

    def _report(self, what, begin):
        if self.verbose:
            seconds = time.perf_counter() - begin
            print(f"[{type(self).__name__}] {what}, {seconds:.2f} s")

    def _fit_geometry(self, points, codes, weight, start=None, memory=None):
        """Fit filters and means; returns the tangent vectors of the points, None for "mdm"."""
        points = self._fit_filters(points, codes)
        if self.classifier == "mdm":
            self._fit_means(points, codes, weight, start)
            return None
        init = None if start is None else start(np.arange(len(points)))
        vectors = self._fit_reference(points, weight, init, memory)
        if self.classifier == "fgmdm":
            self._fit_filtered_means(vectors, codes, weight)
        return vectors

    def _fit_filters(self, points, codes):
        if self.spatial_filter is None:
            return points
        self._filters, self._component_patterns = csp_filters(points, codes, self.n_components)
        self.filters_ = self._filters if self._banded else self._filters[0]
        return filtered(points, self._filters)

    def _through_filters(self, points):
        return points if self._filters is None else filtered(points, self._filters)

    def _mean(self, points, weight, init=None):
        return self._noted(*self._manifold.mean(points, weight / weight.sum(), init))

    def _noted(self, mean, n_iter, grad_norm):
        self.n_iter_ = max(self.n_iter_, n_iter)
        self.grad_norm_ = max(self.grad_norm_, grad_norm)
        return mean

    def _fit_domains(self, points, weight, groups):
        if groups is None:
            raise ValueError(f"recenter={self.recenter!r} needs groups, the domain of each trial.")
        groups = _checked_groups(groups)
        self._domain_means, self._domain_weights = {}, {}
        for group in np.unique(groups).tolist():
            own = groups == group
            if weight[own].sum() <= 0:
                raise ValueError(f"Group {group!r} has no sample_weight.")
            self._domain_means[group] = self._mean(points[own], weight[own])
            self._domain_weights[group] = weight[own].sum()
        means = np.stack(list(self._domain_means.values()))
        self._new_domain = self._mean(means, np.ones(len(means)))
        return self._recentred(points, groups)

    def _moved(self, mean, points, old_weight, new_weight):
        """Move a mean along the geodesic to the mean of new points, by their share."""
        target, _, _ = self._manifold.mean(points, np.full(len(points), 1.0 / len(points)))
        share = new_weight / (old_weight + new_weight)
        return self._manifold.geodesic(mean, target, share)

    def _set_means(self, means):
        self._means, self._frames = means, self._manifold.frames(means)
        self.means_ = self._as_matrices(means)

    def _move_class_means(self, points, codes):
        points = self._through_filters(points)
        means = self._means.copy()
        for k in np.unique(codes):
            own = points[codes == k]
            means[k] = self._moved(means[k], own, self._class_weights[k], len(own))
            self._class_weights[k] += len(own)
        self._set_means(means)

    def _move_domains(self, points, groups):
        if groups is None:
            raise ValueError("adapt needs groups, the domain of each trial, with recenter.")
        groups = _checked_groups(groups)
        check_consistent_length(points, groups)
        for group in np.unique(groups).tolist():
            own = points[groups == group]
            if group not in self._domain_means:
                weight = np.full(len(own), 1.0 / len(own))
                self._domain_means[group] = self._manifold.mean(own, weight)[0]
                self._domain_weights[group] = len(own)
                continue
            old = self._domain_weights[group]
            if self.recenter_rate is not None:
                old = len(own) * (1.0 / self.recenter_rate - 1.0)
            self._domain_means[group] = self._moved(self._domain_means[group], own, old, len(own))
            self._domain_weights[group] += len(own)

    def _recentred(self, points, groups):
        """Move every trial by the mean of its domain."""
        if groups is None:
            return self._recentred_new(points, None)
        groups = _checked_groups(groups)
        check_consistent_length(points, groups)
        out = np.empty_like(points)
        for group in np.unique(groups).tolist():
            own = groups == group
            if group in self._domain_means:
                out[own] = recentre(points[own], self._domain_means[group])
            else:
                out[own] = self._recentred_new(points[own], group)
        return out

    def _recentred_new(self, points, group):
        if self.recenter == "domain":
            what = "no groups were given" if group is None else f"group {group!r} is new"
            raise ValueError(
                f'recenter="domain" knows the groups {sorted(self._domain_means)} of fit; {what}. '
                'Use recenter="transductive" or "online", or adapt to the group first.'
            )
        if self.recenter == "transductive":
            weight = np.full(len(points), 1.0 / len(points))
            return recentre(points, self._manifold.mean(points, weight)[0])
        metric = self._manifold.metrics["mean"]
        means = running_means(points, self._new_domain, 1, self.recenter_rate, metric)
        return np.concatenate([recentre(p[None], mean) for p, mean in zip(points, means)])

    @property
    def domains_(self):
        """Mean of each group, with `recenter`."""
        means = getattr(self, "_domain_means", None)
        if means is None:
            raise AttributeError("domains_ is there after a fit with recenter.")
        return {group: self._as_matrices(M[None])[0] for group, M in means.items()}

    def _fit_class_means(self, points, codes, weight, start=None):
        means = []
        for k in range(len(self.classes_)):
            own = np.flatnonzero(codes == k)
            means.append(
                self._mean(points[own], weight[own], None if start is None else start(own))
            )
        self._set_means(np.stack(means))

    def _fit_means(self, points, codes, weight, start=None):
        self._class_weights = np.bincount(codes, weights=weight)
        self._fit_class_means(points, codes, weight, start)

    def _fit_reference(self, points, weight, init=None, memory=None):
        compute = _mean_and_vectors if memory is None else memory.cache(_mean_and_vectors)
        summary, whitener, vectors = compute(self._manifold, points, weight / weight.sum(), init)
        self._set_reference(self._noted(*summary), whitener)
        self._reference_weight = weight.sum()
        return self._cast(vectors)

    def _set_reference(self, reference, whitener=None):
        if whitener is None:
            whitener = self._manifold.whitener(reference)
        self._reference, self._whitener = reference, whitener
        self.reference_ = self._as_matrices(reference[None])[0]
        if self.geometry == "siegel":
            self.siegel_reference_ = reference[:, 1:] if self._banded else reference[0, 1:]
        else:
            self.whitener_ = whitener if self._banded else whitener[0]

    def _fit_filtered_means(self, vectors, codes, weight):
        counts = np.bincount(codes)
        if counts.min() < 2:
            raise ValueError(
                f'classifier="fgmdm" needs at least 2 trials a class; class '
                f"{self.classes_.tolist()[np.argmin(counts)]!r} has {counts.min()}."
            )
        coef = shrinkage_lda(vectors, codes, len(self.classes_))
        self._projector = SpanProjector(coef)
        self._fit_patterns(vectors)
        if self._is_line():
            # matrices filtered to one direction lie on one geodesic: its means are plain ones
            place = self._projector.coordinates(vectors)[:, 0]
            centres = [
                np.average(place[codes == k], weights=weight[codes == k])
                for k in range(len(self.classes_))
            ]
            self._centres = np.array(centres)
            self._set_means(self._on_line(self._centres))
        else:
            self._fit_class_means(self._filtered(vectors), codes, weight)

    def _fit_classifier(self, vectors, y, sample_weight):
        if self.classifier == "svm":
            model = SVC(C=self.C, kernel=self.kernel, class_weight=self.class_weight)
        else:
            model = clone(self.classifier)
            if self.random_state is not None and "random_state" in model.get_params(deep=False):
                model.set_params(random_state=self.random_state)
        self._fit_head(model, vectors, y, sample_weight)

    def _fit_head(self, model, vectors, y, sample_weight):
        weights = {}
        if sample_weight is not None and has_fit_parameter(model, "sample_weight"):
            weights["sample_weight"] = sample_weight
        self.classifier_ = model.fit(vectors, y, **weights)
        self._plane = None
        if self.classifier == "svm" and model.kernel == "linear" and len(self.classes_) == 2:
            # one product in place of one for each support vector
            self._plane = model.coef_[0].copy(), float(model.intercept_[0])
        if self.classifier == "svm" and self.probability == "cv":
            shuffle = self.random_state is not None
            folds = StratifiedKFold(3, shuffle=shuffle, random_state=self.random_state)
            self.calibrated_ = CalibratedClassifierCV(
                clone(model), method="sigmoid", cv=folds, ensemble=False
            ).fit(vectors, y, **weights)

    def _fit_patterns(self, vectors):
        """Keep how the features vary with linear decisions."""
        if self.geometry == "spd" and (
            self.classifier == "fgmdm" or hasattr(self.classifier_, "coef_")
        ):
            self._pattern_vectors = activation_patterns(vectors, self._coefficients())

    # From trials to points, features and decisions

    def _is_mdm(self):
        return isinstance(self.classifier, str) and self.classifier in _MDM

    def _is_line(self):
        return len(self._projector.axes) == 1 and all(
            metric == "riemann" for metric in self._manifold.metrics.values()
        )

    def _as_points(self, C):
        return self._manifold.points(C if self._banded else C[:, None])

    def _as_matrices(self, points):
        C = self._manifold.matrices(points)
        return C if self._banded else C[:, 0]

    def _good_points(self, C):
        """Points of the trials that are good, and which those are."""
        good = self._is_good(C)
        return self._as_points(C if good.all() else C[good]), good

    def _points(self, X, groups):
        points, good = self._good_points(self.covariance_.transform(X))
        return self._located(points, _rows(groups, good)), good

    def _located(self, points, groups=None):
        return points if self.recenter is None else self._recentred(points, groups)

    def _features_at(self, points):
        """What the classifier decides on: tangent vectors, or squared distances."""
        return self._squares(points) if self._is_mdm() else self._vectors(points)

    def _features_of(self, C, locate):
        points, good = self._good_points(C)
        return (self._features_at(locate(points)) if len(points) else None), good

    def _features(self, X, groups):
        check_is_fitted(self, "classes_")
        points, good = self._points(X, groups)
        return (self._features_at(points) if len(points) else None), good

    def _vectors(self, points):
        points = self._through_filters(points)
        return self._cast(self._manifold.vectors(points, self._reference, self._whitener))

    def _cast(self, vectors):
        return vectors.astype(self.dtype or np.float64, copy=False)

    @property
    def _n_vectors(self):
        return self._manifold.n_vectors(self._reference)

    def _filtered(self, vectors):
        return self._manifold.points_at(self._projector.project(vectors), self._reference)

    def _on_line(self, places):
        """Points at places on the geodesic that a single discriminant spans."""
        return self._manifold.points_at(places[:, None] * self._projector.axes, self._reference)

    def _squares(self, points):
        if self.classifier != "fgmdm":
            points = self._through_filters(points)
        else:
            vectors = self._vectors(points)
            if self._is_line():
                return (self._projector.coordinates(vectors) - self._centres) ** 2
            points = self._filtered(vectors)
        return self._manifold.squared_distances(points, self._means, self._frames)

    def _decided(self, what, X, groups):
        with single_blas_thread():  # one limit for all steps: setting it takes its time
            return self._settled(what, *self._features(X, groups))

    def _settled(self, what, features, good):
        """Results of a method for the good trials; the others get what is known without them."""
        if good.all():
            return self._from_features(what, features)
        warnings.warn(
            f"{int(np.sum(~good))} of {len(good)} trials have bad channels, the first is trial "
            f"{int(np.argmin(good))}: they get what the class frequencies say."
        )
        known = np.asarray(self._without_features(what))
        out = np.repeat(known[None], len(good), axis=0)
        if good.any():
            out[good] = self._from_features(what, features)
        return out

    def _from_features(self, what, features):
        if not self._is_mdm():
            if what == "transform":
                return features
            if what == "predict_log_proba":
                return np.log(self._from_features("predict_proba", features))
            model = self.classifier_
            if self._plane is not None and what in ("predict", "decision_function"):
                scores = features @ self._plane[0] + self._plane[1]
                return scores if what != "predict" else self.classes_[(scores > 0).astype(int)]
            if what == "predict_proba":
                model = getattr(self, "calibrated_", None) or model
            return getattr(model, what)(features)
        if what == "predict":
            return self.classes_[np.argmin(features, axis=1)]
        if what == "decision_function":
            two = features.shape[1] == 2
            return features[:, 0] - features[:, 1] if two else -features
        decide = {"predict_proba": softmax, "predict_log_proba": log_softmax}
        if what in decide:
            return decide[what](-features, axis=1)
        return self._cast(np.sqrt(features))

    def _without_features(self, what):
        """What a method says about a trial of which nothing is known."""
        prior = self.class_prior_
        if what == "predict":
            return self.classes_[np.argmax(prior)]
        if what == "predict_proba":
            return prior
        if what == "predict_log_proba":
            return np.log(prior)
        if what == "decision_function":
            return np.log(prior[1] / prior[0]) if len(prior) == 2 else np.log(prior)
        return np.full(len(self.get_feature_names_out()), np.nan)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


def _fitted_matrices(covariance, X):
    """Fit the step to matrices: apart, so that `memory` can keep its result."""
    C = covariance.fit_transform(X)
    return covariance, C


def _mean_and_vectors(manifold, points, weight, init):
    return manifold.mean_and_vectors(points, weight, init)


def _rows(values, kept):
    """Rows of labels, weights or groups; None stays None."""
    return values if values is None or kept.all() else np.asarray(values)[kept]


def _checked_groups(groups):
    """Return `groups` as an array; raise where they cannot be told apart."""
    groups = column_or_1d(groups)
    kinds = {type(group) for group in groups.tolist()}
    if len(kinds) > 1 or any(group != group for group in groups.tolist()):
        names = sorted(kind.__name__ for kind in kinds)
        raise ValueError(f"groups must be of one type and without NaN, got {names}.")
    return groups


class OnFeatures(AugmentedCovarianceClassifier):
    """A fitted classifier that is handed tangent vectors or squared distances for trials."""

    def _features(self, X, groups):
        return X, np.ones(len(X), dtype=bool)
