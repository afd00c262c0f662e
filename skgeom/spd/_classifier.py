"""From trials to labels through augmented covariances."""

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
    column_or_1d,
    has_fit_parameter,
)

from skgeom._core.estimator import DocLinkMixin
from skgeom.spd._augmented import DEFAULT_ORDER, AugmentedCovariance
from skgeom.spd._discriminant import SpanProjector, shrinkage_lda
from skgeom.spd._domains import recentre, running_means
from skgeom.spd._geometry import METRICS
from skgeom.spd._manifold import SiegelProduct, SPDProduct
from skgeom.spd._matrices import from_upper_vectors

_MDM = ("mdm", "fgmdm")
# Attributes that a fit leaves for some parameters only.
_OPTIONAL = (
    "classifier_",
    "calibrated_",
    "means_",
    "reference_",
    "siegel_reference_",
    "whitener_",
    "_domain_means",
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
        (mdm) apart, what it leaves out is "riemann".
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
    lag_unit, sfreq, window, structure, estimator, assume_centered : optional
        As in :class:`AugmentedCovariance`.
    reg, rank, embed_mean, standardize, bands, band_filter_order : optional
        As in :class:`AugmentedCovariance`. With `bands` the matrices of the bands are a point
        on a product of manifolds: tangent vectors side by side, squared distances added.
    n_jobs : int or None, default=None
        Number of threads over trials. The result has the same bits for any number.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
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
    feature_importances_ : ndarray of shape (p, p, d, d) or (n_bands, p, p, d, d)
        Share of each pair of delays and channels in the absolute coefficients of a linear
        classifier (or of the filter of "fgmdm"), averaged over its discriminants; sums to 1
        (all 0 when every coefficient is).

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
        "geometry": [StrOptions({"spd", "siegel"})],
        "siegel_weights": [StrOptions({"kahler", "uniform"})],
        "metric": [StrOptions(set(METRICS)), dict],
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
        geometry="spd",
        classifier="svm",
        C=1.0,
        kernel="linear",
        class_weight=None,
        probability=None,
        metric="riemann",
        tol=1e-6,
        max_iter=50,
        recenter=None,
        recenter_rate=None,
        siegel_weights="kahler",
        lag_unit="samples",
        sfreq=None,
        window="reference",
        structure="sample",
        estimator="cov",
        assume_centered=False,
        reg="auto",
        rank=None,
        embed_mean=False,
        standardize=None,
        bands=None,
        band_filter_order=4,
        n_jobs=None,
    ):
        self.order = order
        self.lag = lag
        self.geometry = geometry
        self.classifier = classifier
        self.C = C
        self.kernel = kernel
        self.class_weight = class_weight
        self.probability = probability
        self.metric = metric
        self.tol = tol
        self.max_iter = max_iter
        self.recenter = recenter
        self.recenter_rate = recenter_rate
        self.siegel_weights = siegel_weights
        self.lag_unit = lag_unit
        self.sfreq = sfreq
        self.window = window
        self.structure = structure
        self.estimator = estimator
        self.assume_centered = assume_centered
        self.reg = reg
        self.rank = rank
        self.embed_mean = embed_mean
        self.standardize = standardize
        self.bands = bands
        self.band_filter_order = band_filter_order
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, groups=None):
        """Fit to labelled trials.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
            Signals in any unit. MNE Epochs are read through ``get_data`` and ``info``.
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
        self._fit_points(X, y, sample_weight, groups)
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

    def _fit_points(self, X, y, sample_weight, groups):
        self._prepare()
        C = self.covariance_.fit_transform(X)
        self._make_manifold()
        points = self._as_points(C)
        codes, weight = self._check_targets(points, y, sample_weight)
        self._forget()
        self._copy_attributes()
        if self.recenter is not None:
            points = self._fit_domains(points, weight, groups)
        vectors = self._fit_geometry(points, codes, weight)
        if not self._is_mdm():
            self._fit_classifier(vectors, self.classes_[codes], sample_weight)

    def _fit_geometry(self, points, codes, weight, start=None):
        """Fit the means; returns the tangent vectors of the points, None for "mdm"."""
        if self.classifier == "mdm":
            self._fit_means(points, codes, weight, start)
            return None
        everything = np.arange(len(points))
        vectors = self._fit_reference(points, weight, None if start is None else start(everything))
        if self.classifier == "fgmdm":
            self._fit_filtered_means(vectors, codes, weight)
        return vectors

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
        if self._is_mdm():
            return self.classes_[np.argmin(self._squared_distances(X, groups), axis=1)]
        return self.classifier_.predict(self._tangent(X, groups))

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
        if self._is_mdm():
            return softmax(-self._squared_distances(X, groups), axis=1)
        model = getattr(self, "calibrated_", None) or self.classifier_
        return model.predict_proba(self._tangent(X, groups))

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
        if self._is_mdm():
            return log_softmax(-self._squared_distances(X, groups), axis=1)
        return np.log(self.predict_proba(X, groups))

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
        if not self._is_mdm():
            return self.classifier_.decision_function(self._tangent(X, groups))
        squares = self._squared_distances(X, groups)
        return squares[:, 0] - squares[:, 1] if squares.shape[1] == 2 else -squares

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
            Tangent vectors; distances to the class means for "mdm" and "fgmdm".
        """
        if self._is_mdm():
            return np.sqrt(self._squared_distances(X, groups))
        return self._tangent(X, groups)

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
        points = self._points(X, groups)
        y = column_or_1d(y)
        check_consistent_length(points, y)
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
        points = self._as_points(self.covariance_.transform(X))
        if self.recenter is not None:
            self._move_domains(points, groups)
        elif self.classifier == "mdm":
            raise ValueError('classifier="mdm" has no reference to move; use partial_fit.')
        else:
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
        if self._is_mdm():
            return np.asarray([f"distance_{label}" for label in self.classes_], dtype=object)
        names = self.covariance_.get_feature_names_out(input_features)
        return names if self.geometry == "spd" else self._siegel_names(input_features)

    def _siegel_names(self, input_features):
        channels = self.covariance_.channel_names(input_features)
        first = [
            f"P0[{channels[i]},{channels[j]}]" for i, j in zip(*np.triu_indices(len(channels)))
        ]
        rest = [
            f"Omega{k}[{a},{b}]" for k in range(1, self.order_) for a in channels for b in channels
        ]
        bands = [""] if self.bands is None else [f"{lo:g}-{hi:g}Hz:" for lo, hi in self.bands]
        return np.asarray([band + name for band in bands for name in first + rest], dtype=object)

    @property
    def feature_importances_(self):
        """Share of each pair of delays and channels in the absolute coefficients."""
        check_is_fitted(self)
        if self.geometry == "siegel":
            raise AttributeError('feature_importances_ needs geometry="spd".')
        if self.classifier == "fgmdm":
            coef = self._projector.axes
            if len(coef) == 0:  # the classes have one mean
                coef = np.zeros((1, self._n_vectors))
        elif self.classifier == "mdm" or not hasattr(self.classifier_, "coef_"):
            raise AttributeError("feature_importances_ needs a classifier that is linear.")
        else:
            coef = self.classifier_.coef_
        return self._folded(np.atleast_2d(np.asarray(coef)))

    # Fitting, in the order of the steps

    def _prepare(self):
        """Make the step from trials to matrices."""
        names = AugmentedCovariance._parameter_constraints
        self.covariance_ = AugmentedCovariance(**{name: getattr(self, name) for name in names})
        if self.geometry == "siegel":
            self._check_siegel()
            self.covariance_.structure = "toeplitz"

    def _check_siegel(self):
        self.covariance_._check_lag()
        if self.metric != "riemann" or self.embed_mean is not False or self.recenter is not None:
            raise ValueError(
                'geometry="siegel" has one metric, no embed_mean and no recenter; got '
                f"metric={self.metric!r}, embed_mean={self.embed_mean!r}, "
                f"recenter={self.recenter!r}."
            )
        if np.ndim(self.lag) > 0 and np.any(np.diff(self.lag, 2) != 0):
            raise ValueError(
                f'geometry="siegel" needs delays that are equally spaced, got lag={self.lag!r}.'
            )

    def _make_manifold(self):
        settings = (self.tol, self.max_iter, self.n_jobs)
        if self.geometry == "siegel":
            rank = self.covariance_.rank_
            self._manifold = SiegelProduct(rank, self.siegel_weights, *settings)
        else:
            self._manifold = SPDProduct(self.metric, *settings)

    def _check_targets(self, points, y, sample_weight):
        y = column_or_1d(y, warn=True)
        check_consistent_length(points, y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y has one class, {self.classes_.tolist()[0]!r}; at least 2 classes are needed."
            )
        weight = _check_sample_weight(
            sample_weight, points, dtype=np.float64, ensure_non_negative=True
        )
        empty = np.bincount(codes, weights=weight) <= 0
        if empty.any():
            raise ValueError(
                f"Class {self.classes_.tolist()[np.argmax(empty)]!r} has no sample_weight."
            )
        return codes, weight

    def _forget(self):
        """Drop what an earlier fit has left."""
        self.n_iter_, self.grad_norm_ = 0, 0.0
        for name in _OPTIONAL:
            self.__dict__.pop(name, None)

    def _copy_attributes(self):
        for name in ("order_", "lag_", "lags_", "n_channels_in_", "n_times_in_", "n_regularized_"):
            setattr(self, name, getattr(self.covariance_, name))

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
        check_consistent_length(points, groups)
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

    def _fit_reference(self, points, weight, init=None):
        summary, whitener, vectors = self._manifold.mean_and_vectors(
            points, weight / weight.sum(), init
        )
        self._set_reference(self._noted(*summary), whitener)
        self._reference_weight = weight.sum()
        return vectors

    def _set_reference(self, reference, whitener=None):
        if whitener is None:
            whitener = self._manifold.whitener(reference)
        self._reference, self._whitener = reference, whitener
        self.reference_ = self._as_matrices(reference[None])[0]
        if self.geometry == "siegel":
            self.siegel_reference_ = (
                reference[:, 1:] if self.bands is not None else reference[0, 1:]
            )
        else:
            self.whitener_ = whitener if self.bands is not None else whitener[0]

    def _fit_filtered_means(self, vectors, codes, weight):
        counts = np.bincount(codes)
        if counts.min() < 2:
            raise ValueError(
                f'classifier="fgmdm" needs at least 2 trials a class; class '
                f"{self.classes_.tolist()[np.argmin(counts)]!r} has {counts.min()}."
            )
        coef = shrinkage_lda(vectors, codes, len(self.classes_))
        self._projector = SpanProjector(coef)
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
        self._fit_head(model, vectors, y, sample_weight)

    def _fit_head(self, model, vectors, y, sample_weight):
        weights = {}
        if sample_weight is not None and has_fit_parameter(model, "sample_weight"):
            weights["sample_weight"] = sample_weight
        self.classifier_ = model.fit(vectors, y, **weights)
        if self.classifier == "svm" and self.probability == "cv":
            self.calibrated_ = CalibratedClassifierCV(
                clone(model), method="sigmoid", cv=StratifiedKFold(3), ensemble=False
            ).fit(vectors, y, **weights)

    # Points, tangent vectors and distances

    def _is_mdm(self):
        check_is_fitted(self)
        return isinstance(self.classifier, str) and self.classifier in _MDM

    def _is_line(self):
        return len(self._projector.axes) == 1 and set(self._manifold.metrics.values()) == {
            "riemann"
        }

    def _as_points(self, C):
        return self._manifold.points(C if self.bands is not None else C[:, None])

    def _as_matrices(self, points):
        C = self._manifold.matrices(points)
        return C if self.bands is not None else C[:, 0]

    def _points(self, X, groups):
        check_is_fitted(self)
        points = self._as_points(self.covariance_.transform(X))
        return points if self.recenter is None else self._recentred(points, groups)

    def _vectors(self, points):
        return self._manifold.vectors(points, self._reference, self._whitener)

    def _tangent(self, X, groups):
        return self._vectors(self._points(X, groups))

    @property
    def _n_vectors(self):
        return self._manifold.n_vectors(self._reference)

    def _filtered(self, vectors):
        return self._manifold.points_at(self._projector.project(vectors), self._reference)

    def _on_line(self, places):
        """Points at places on the geodesic that a single discriminant spans."""
        return self._manifold.points_at(places[:, None] * self._projector.axes, self._reference)

    def _squared_distances(self, X, groups):
        return self._squares(self._points(X, groups))

    def _squares(self, points):
        if self.classifier == "fgmdm":
            vectors = self._vectors(points)
            if self._is_line():
                return (self._projector.coordinates(vectors) - self._centres) ** 2
            points = self._filtered(vectors)
        return self._manifold.squared_distances(points, self._means, self._frames)

    def _folded(self, coef):
        """Coefficients (k, n_vectors) as shares in (p, p, d, d) blocks."""
        n_bands = 1 if self.bands is None else len(self.reference_)
        A = from_upper_vectors(coef.reshape(len(coef), n_bands, -1))
        p, r = self.order_, self.covariance_.rank_
        blocks = A[..., : p * r, : p * r].reshape(len(coef), n_bands, p, r, p, r)
        blocks = blocks.swapaxes(3, 4)
        if self.rank is not None:
            basis = self.covariance_.basis_
            blocks = basis.T @ blocks @ basis
        shares = np.abs(blocks).mean(axis=0)
        shares /= shares.sum() or 1.0  # a classifier may have ignored every feature
        return shares if self.bands is not None else shares[0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


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

    def _tangent(self, X, groups):
        return X

    def _squared_distances(self, X, groups):
        return X
