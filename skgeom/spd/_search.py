"""Cross-validated choice of order, lag and classifier without doing the work twice."""

import inspect
import time
import warnings
from numbers import Integral, Real

import numpy as np
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, _fit_context, clone
from sklearn.exceptions import FitFailedWarning
from sklearn.metrics import accuracy_score, check_scoring
from sklearn.model_selection import ParameterGrid, check_cv
from sklearn.svm import SVC
from sklearn.utils._param_validation import Interval, InvalidParameterError, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from skgeom._core.estimator import DocLinkMixin
from skgeom.spd._augmented import AugmentedCovariance
from skgeom.spd._classifier import AugmentedCovarianceClassifier, OnFeatures

GRID = (1, 2, 3, 4, 6, 8)
# Parameters that change nothing before the classifier on the tangent vectors.
_HEAD = ("C", "kernel", "class_weight", "probability")
# What the search has under another name, or leaves to GridSearchCV.
_NOT_SEARCHED = ("order", "lag", "recenter", "recenter_rate", "input", "on_bad", "memory")


def _best_has(method):
    def check(self):
        if hasattr(self, "best_estimator_"):
            getattr(self.best_estimator_, method)
        elif self.refit:
            getattr(self._candidate({}), method)
        else:
            raise AttributeError(f"{method} needs refit=True.")
        return True

    return check


class AugmentedCovarianceClassifierCV(
    DocLinkMixin, ClassifierMixin, TransformerMixin, BaseEstimator
):
    """AugmentedCovarianceClassifier with order, lag and more chosen by cross-validation.

    The same `cv_results_` as ``GridSearchCV(AugmentedCovarianceClassifier(...), {"order": orders,
    "lag": lags, **param_grid})``, for a fraction of the work: the matrices of a pair of order and
    lag are computed once, their mean and tangent vectors once per fold, one Gram matrix serves
    every `C` and kernel, and order 1 is evaluated once for all lags.

    Read more in the :ref:`User Guide <spd>`.

    Parameters
    ----------
    orders : sequence of int, default=(1, 2, 3, 4, 6, 8)
        Orders to try.
    lags : sequence of int or float, default=(1, 2, 3, 4, 6, 8)
        Lags to try, in `lag_unit`.
    classifier : {"svm", "mdm", "fgmdm"} or classifier, default="svm"
        As in :class:`AugmentedCovarianceClassifier`.
    param_grid : dict, list of dict or None, default=None
        Further parameters of :class:`AugmentedCovarianceClassifier` to try, such as
        ``{"C": [0.5, 1, 1.5], "kernel": ["linear", "rbf"]}``. All but `recenter`, `input`,
        `on_bad` and `memory`, for which GridSearchCV is there.
    cv : int, splitter or iterable, default=3
        As in GridSearchCV.
    scoring : str, callable or None, default=None
        One score, as in GridSearchCV; None is the accuracy. A callable is called with a fitted
        classifier, features instead of trials, and labels.
    refit : bool, default=True
        Fit the best candidate to all trials.
    ensemble : {"top_k"} or None, default=None
        "top_k" refits the best candidates of the `n_ensemble` best pairs of order and lag and
        averages their decision values (probabilities where there are none). Many pairs are about
        equally good, and which one is best is chance.
    n_ensemble : int, default=5
        How many pairs.
    error_score : "raise" or float, default=nan
        Score of a candidate that fails, such as one whose delays are longer than the trials.
    geometry, C, kernel, class_weight, probability, metric, tol, max_iter, siegel_weights : optional
        As in :class:`AugmentedCovarianceClassifier`.
    spatial_filter, n_components, random_state, dtype : optional
        As in :class:`AugmentedCovarianceClassifier`.
    lag_unit, sfreq, window, structure, toeplitz, estimator, assume_centered : optional
        As in :class:`AugmentedCovariance`.
    reg, rank, embed_mean, standardize, bands, band_filter_order : optional
        As in :class:`AugmentedCovariance`.
    n_jobs : int or None, default=None
        Number of threads over trials. The result has the same bits for any number.
    verbose : int, default=0
        1 prints a line for candidates that share their matrices, as they are done.

    Attributes
    ----------
    cv_results_ : dict of ndarray
        In GridSearchCV's layout.
    best_params_, best_score_, best_index_ : dict, float and int
        Of the candidate with the best mean score.
    best_estimator_ : AugmentedCovarianceClassifier
        Fitted to all trials, with `refit`.
    estimators_ : list of AugmentedCovarianceClassifier
        With `ensemble`: fitted to all trials, the best one first.
    classes_ : ndarray of shape (n_classes,)
        Labels.
    n_splits_ : int
        Number of folds.
    scorer_ : callable
        What scored.
    refit_time_ : float
        Seconds for the last fit.

    See Also
    --------
    AugmentedCovarianceClassifier : One order and lag.

    References
    ----------
    .. [1] I. Carrara, T. Papadopoulo, "Classification of BCI-EEG based on the augmented
       covariance matrix", IEEE Trans. Biomedical Engineering, 2024, arXiv:2302.04508.

    Examples
    --------
    >>> from skgeom.datasets import make_spectral_trials
    >>> from skgeom.spd import AugmentedCovarianceClassifierCV
    >>> X, y = make_spectral_trials(30, n_times=300, random_state=0)
    >>> search = AugmentedCovarianceClassifierCV(orders=[1, 2], lags=[2, 4]).fit(X, y)
    >>> search.best_params_["order"]
    2
    """

    _parameter_constraints: dict = {
        **{
            name: constraint
            for name, constraint in AugmentedCovarianceClassifier._parameter_constraints.items()
            if name not in _NOT_SEARCHED
        },
        "orders": ["array-like"],
        "lags": ["array-like"],
        "param_grid": [dict, list, None],
        "cv": ["cv_object"],
        "scoring": [str, callable, None],
        "refit": ["boolean"],
        "ensemble": [StrOptions({"top_k"}), None],
        "n_ensemble": [Interval(Integral, 1, None, closed="left")],
        "error_score": [StrOptions({"raise"}), Real],
    }

    def __init__(
        self,
        orders=GRID,
        lags=GRID,
        *,
        geometry="spd",
        classifier="svm",
        param_grid=None,
        cv=3,
        scoring=None,
        refit=True,
        ensemble=None,
        n_ensemble=5,
        error_score=np.nan,
        C=1.0,
        kernel="linear",
        class_weight=None,
        probability=None,
        metric="riemann",
        spatial_filter=None,
        n_components=None,
        tol=1e-6,
        max_iter=50,
        siegel_weights="kahler",
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
        n_jobs=None,
        random_state=None,
        dtype=None,
        verbose=0,
    ):
        self.orders = orders
        self.lags = lags
        self.geometry = geometry
        self.classifier = classifier
        self.param_grid = param_grid
        self.cv = cv
        self.scoring = scoring
        self.refit = refit
        self.ensemble = ensemble
        self.n_ensemble = n_ensemble
        self.error_score = error_score
        self.C = C
        self.kernel = kernel
        self.class_weight = class_weight
        self.probability = probability
        self.metric = metric
        self.spatial_filter = spatial_filter
        self.n_components = n_components
        self.tol = tol
        self.max_iter = max_iter
        self.siegel_weights = siegel_weights
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
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.dtype = dtype
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, groups=None):
        """Score every candidate on every fold, then fit the best one to all trials.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        y : array-like of shape (n_trials,)
        sample_weight : array-like of shape (n_trials,) or None, default=None
            Weights for the fits, and for the scores where the scorer takes them.
        groups : array-like of shape (n_trials,) or None, default=None
            For splitters that need groups.

        Returns
        -------
        self : AugmentedCovarianceClassifierCV
        """
        X = AugmentedCovariance()._check_trials(X) if not hasattr(X, "get_data") else X
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y, sample_weight)
        check_classification_targets(y)
        base = self._candidate({})
        self.scorer_ = check_scoring(base, scoring=self.scoring)
        try:
            folds = list(check_cv(self.cv, y, classifier=True).split(np.zeros(len(y)), y, groups))
        except ValueError as error:
            raise ValueError(f"cv={self.cv!r}: {error}") from error
        self.n_splits_ = len(folds)
        candidates = list(self._parameters())
        alien = sorted(set(_NOT_SEARCHED[2:]) & {name for c in candidates for name in c})
        if alien:
            raise ValueError(
                f"param_grid cannot hold {alien[0]}; GridSearchCV over "
                "AugmentedCovarianceClassifier can."
            )
        if self.ensemble is not None and not self.refit:
            raise ValueError('ensemble="top_k" needs refit=True.')
        scores, times = self._score_all(candidates, X, y, sample_weight, folds)
        self.cv_results_ = format_results(candidates, scores, times)
        self.best_index_ = int(self.cv_results_["rank_test_score"].argmin())
        self.best_params_ = candidates[self.best_index_]
        self.best_score_ = self.cv_results_["mean_test_score"][self.best_index_]
        self.classes_ = np.unique(y)
        for name in ("best_estimator_", "estimators_"):
            self.__dict__.pop(name, None)
        if self.refit:
            begin = time.perf_counter()
            members = [self._candidate(candidates[index]) for index in self._members()]
            for model in members:
                model.fit(X, y, sample_weight=sample_weight)
            self.best_estimator_ = members[0]
            if self.ensemble is not None:
                self.estimators_ = members
            self.refit_time_ = time.perf_counter() - begin
        return self

    def _members(self):
        """Indices of the candidates to refit: the best, or those of the best pairs."""
        if self.ensemble is None:
            return [self.best_index_]
        results, members = self.cv_results_, {}
        for index in np.argsort(results["rank_test_score"], kind="stable"):
            order, lag = (results[f"param_{name}"][index] for name in ("order", "lag"))
            if np.isfinite(results["mean_test_score"][index]):
                # all lags of order 1 are one pair
                members.setdefault((order, None if order == 1 else repr(lag)), int(index))
        return list(members.values())[: self.n_ensemble]

    def predict(self, X):
        """Predict the labels of trials with the best candidate, or the ensemble.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times)

        Returns
        -------
        y : ndarray of shape (n_trials,)
        """
        best = self._best()
        if self.ensemble is None:
            return best.predict(X)
        if not hasattr(best, "decision_function"):
            return self.classes_[np.argmax(self._averaged("predict_proba", X), axis=1)]
        scores = self._averaged("decision_function", X)
        codes = (scores > 0).astype(int) if scores.ndim == 1 else np.argmax(scores, axis=1)
        return self.classes_[codes]

    @available_if(_best_has("predict_proba"))
    def predict_proba(self, X):
        """Predict class probabilities of trials with the best candidate, or the ensemble.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times)

        Returns
        -------
        P : ndarray of shape (n_trials, n_classes)
        """
        return self._averaged("predict_proba", X)

    @available_if(_best_has("decision_function"))
    def decision_function(self, X):
        """Decision values of trials from the best candidate, or the ensemble.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times)

        Returns
        -------
        scores : ndarray of shape (n_trials,) or (n_trials, n_classes)
        """
        return self._averaged("decision_function", X)

    def transform(self, X):
        """Features of trials from the best candidate.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times)

        Returns
        -------
        features : ndarray of shape (n_trials, n_features)
        """
        return self._best().transform(X)

    def score(self, X, y):
        """Score of the best candidate, or the ensemble, by `scoring`.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times)
        y : array-like of shape (n_trials,)

        Returns
        -------
        score : float
        """
        if self.ensemble is None:
            return self.scorer_(self._best(), X, y)
        if self.scoring is None:
            return accuracy_score(y, self.predict(X))
        return self.scorer_(self, X, y)

    def get_feature_names_out(self, input_features=None):
        """Names of what `transform` returns.

        Parameters
        ----------
        input_features : array-like of str, shape (n_channels,), or None
            Names of the channels.

        Returns
        -------
        names : ndarray of str
        """
        return self._best().get_feature_names_out(input_features)

    # Candidates

    def _best(self):
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_

    def _averaged(self, method, X):
        best = self._best()
        models = [best] if self.ensemble is None else self.estimators_
        return np.mean([getattr(model, method)(X) for model in models], axis=0)

    def _candidate(self, parameters):
        names = AugmentedCovarianceClassifier._parameter_constraints
        shared = {name: getattr(self, name) for name in names if hasattr(self, name)}
        model = AugmentedCovarianceClassifier(**shared)
        if "classifier" not in parameters and not isinstance(self.classifier, str):
            model.classifier = clone(self.classifier)
        return model.set_params(**parameters)

    def _parameters(self):
        grids = [{}] if self.param_grid is None else self.param_grid
        grids = [grids] if isinstance(grids, dict) else grids
        for grid in grids:
            yield from ParameterGrid({"order": list(self.orders), "lag": list(self.lags), **grid})

    def _score_all(self, candidates, X, y, sample_weight, folds):
        """Scores and times of all candidates, (n_candidates, n_folds) each."""
        models_of = [self._candidate(candidate) for candidate in candidates]
        scores = np.empty((len(candidates), len(folds)))
        times = np.zeros((2, len(candidates), len(folds)))
        queue = _grouped(candidates, [_shares_orders(model) for model in models_of])
        while queue:
            members, begin = queue.pop(0), time.perf_counter()
            models = [models_of[index] for index in members]
            several_orders = len({model.order for model in models}) > 1
            try:
                _check_candidates(models)
                result = score_group(models, self.scorer_, X, y, sample_weight, folds)
                scores[members], times[:, members] = result
                self._report(candidates, members, scores, begin)
            except ValueError as error:
                if several_orders:
                    # what stops the largest order need not stop the others
                    queue.extend(_grouped(candidates, [False] * len(candidates), members))
                    continue
                if isinstance(error, InvalidParameterError) and len(members) > 1:
                    queue.extend([index] for index in members)
                    continue
                if self.error_score == "raise":
                    raise
                scores[members] = self.error_score
                warnings.warn(
                    f"{candidates[members[0]]} and {len(members) - 1} more candidates failed: "
                    f"{error}",
                    FitFailedWarning,
                )
        if np.isnan(scores).all():
            raise ValueError("All candidates failed; error_score='raise' shows the first error.")
        return scores, times

    def _report(self, candidates, members, scores, begin):
        if self.verbose:
            own = scores[members].mean(axis=1)
            first, best = candidates[members[0]], np.max(own)
            print(
                f"[{type(self).__name__}] order {first['order']}, lag {first['lag']} and like it: "
                f"{len(members)} candidates, best score {best:.4f}, "
                f"{time.perf_counter() - begin:.2f} s"
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


def _check_candidates(models):
    for model in models:
        model._validate_params()


def _shares_orders(model):
    """Whether the coefficients of the largest order hold those of the others."""
    return (
        model.geometry == "siegel"
        and isinstance(model.order, Integral)
        and model.rank is None
        and model.toeplitz == "biased"
        and (isinstance(model.estimator, Real) or model.estimator in ("cov", "scm"))
    )


def _grouped(candidates, share_orders, members=None):
    """Lists of candidates whose tangent vectors come from one computation."""
    groups = {}
    for index in range(len(candidates)) if members is None else members:
        key = _geometry_key(candidates[index], share_orders[index])
        groups.setdefault(key, []).append(index)
    return list(groups.values())


def _geometry_key(candidate, shares_orders):
    """What two candidates must share to have the same tangent vectors."""
    key = {
        name: repr(value)
        for name, value in candidate.items()
        if name not in _HEAD and not name.startswith("classifier__")
    }
    if shares_orders:
        del key["order"]
    elif candidate["order"] == 1:
        key["lag"] = "any"
    return tuple(sorted(key.items()))


def score_group(models, scorer, X, y, sample_weight, folds):
    """Score models that differ in their classifier alone, or in the order of Siegel geometry.

    Parameters
    ----------
    models : list of AugmentedCovarianceClassifier
    scorer : callable
    X : trials
    y : ndarray of shape (n_trials,)
    sample_weight : array-like of shape (n_trials,) or None
    folds : list of (train, test)

    Returns
    -------
    scores : ndarray of shape (n_models, n_folds)
    times : ndarray of shape (2, n_models, n_folds)
        Seconds for fits and for scores; what the models share is divided among them.
    """
    begin = time.perf_counter()
    largest = max(models, key=lambda model: model.order)
    several_orders = len({model.order for model in models}) > 1
    points_of = _point_source(largest, X)
    if several_orders and largest.reg in ("auto", None) and largest.covariance_.n_regularized_:
        raise ValueError("Regularised matrices do not share coefficients between orders.")
    shared = (time.perf_counter() - begin) / len(folds)
    scores = np.empty((len(models), len(folds)))
    times = np.empty((2, len(models), len(folds)))
    for f, (train, test) in enumerate(folds):
        begin = time.perf_counter()
        weight = None if sample_weight is None else np.asarray(sample_weight)[train]
        make = _FoldOfOrders if several_orders else _Fold
        fold = make(largest, *points_of(train, test), y[train], weight)
        together = (shared + time.perf_counter() - begin) / len(models)
        for i, model in enumerate(models):
            begin = time.perf_counter()
            fitted = fold.fit(model)
            middle = time.perf_counter()
            weights = {}
            if sample_weight is not None and _takes_weights(scorer):
                weights["sample_weight"] = np.asarray(sample_weight)[test]
            scores[i, f] = scorer(fitted, fold.test_features(model), y[test], **weights)
            times[:, i, f] = together + middle - begin, time.perf_counter() - middle
    return scores, times


def _takes_weights(scorer):
    function = getattr(scorer, "_score_func", scorer)
    if hasattr(scorer, "_estimator"):  # the estimator's own score
        function = scorer._estimator.score
    return "sample_weight" in inspect.signature(function).parameters


def _point_source(model, X):
    """Return ``points_of(train, test)`` -> (points, points, start of the means or None).

    Steps that learn nothing are done once for all trials; the others anew on each fold.
    """
    model._prepare()
    covariance = model.covariance_
    learns = isinstance(covariance.order, str) or isinstance(covariance.lag, str)
    if learns or covariance.rank is not None or covariance.embed_mean is True:

        def fitted_on(train, test):
            fold = clone(covariance)
            C = fold.fit_transform(_rows(X, train))
            model.covariance_ = fold
            model._make_manifold()
            first = model._as_points(C)
            return first, model._as_points(fold.transform(_rows(X, test))), None

        return fitted_on
    C = covariance.fit_transform(X)
    model._make_manifold()
    points = model._as_points(C)
    start = model._manifold.starts(points)
    return lambda train, test: (
        points[train],
        points[test],
        lambda rows: start(train[rows]),
    )


def _rows(X, rows):
    return [X[i] for i in rows] if isinstance(X, list) else X[rows]


def _like(prepared, model=None):
    """Return an unfitted classifier with the settings of a model and what was prepared for it."""
    view = OnFeatures(**(prepared if model is None else model).get_params(deep=False))
    view.__dict__.update(
        (name, getattr(prepared, name)) for name in ("covariance_", "_manifold", "_banded")
    )
    view._forget()
    return view


class _Fold:
    """Features of one fold, and the classifiers that share them."""

    def __init__(self, model, train, test, start, y, sample_weight):
        self.y, self.sample_weight = y, sample_weight
        self.base = _like(model)
        codes, weight = self.base._check_targets(train, y, sample_weight)
        start = start if model.spatial_filter is None else None  # filters change the matrices
        self.vectors = self.base._fit_geometry(train, codes, weight, start)
        if self.base._is_mdm():
            self.test = self.base._squares(test)
            return
        self.test = self.base._vectors(test)
        if self.base.classifier == "svm":
            self.gram = self.vectors @ self.vectors.T
            self.test_gram = self.test @ self.vectors.T

    def fit(self, model):
        """Return the classifier of `model`, fitted to the training features."""
        fitted = OnFeatures.__new__(OnFeatures)
        fitted.__dict__.update(vars(self.base))
        fitted.__dict__.update({name: getattr(model, name) for name in _HEAD})
        fitted.classifier = model.classifier  # may be set by classifier__ parameters
        if fitted._is_mdm():
            return fitted
        if self._has_kernel(fitted):
            gram = self._kernel(model, self.gram, self.vectors)
            svm = SVC(C=model.C, kernel="precomputed", class_weight=model.class_weight)
            fitted._fit_head(svm, gram, self.y, self.sample_weight)
        else:
            fitted._fit_classifier(self.vectors, self.y, self.sample_weight)
        return fitted

    def test_features(self, model):
        """Return what the fitted classifier takes for the test trials."""
        if not self._has_kernel(model):
            return self.test
        return self._kernel(model, self.test_gram, self.test)

    def _has_kernel(self, model):
        return model.classifier == "svm" and model.probability is None

    def _kernel(self, model, gram, rows):
        if model.kernel == "linear":
            return gram
        gamma = 1.0 / (self.vectors.shape[1] * self.vectors.var())
        squares = np.sum(rows**2, axis=1)[:, None] + np.sum(self.vectors**2, axis=1) - 2.0 * gram
        return np.exp(-gamma * np.maximum(squares, 0.0))


class _FoldOfOrders:
    """One fold in Siegel geometry, for every order up to that of the model.

    The means of the blocks and the tangent vectors at them do not depend on the order; an order
    is the first blocks, and its own weights.
    """

    def __init__(self, model, train, test, start, y, sample_weight):
        self.y, self.sample_weight = y, sample_weight
        self.train, self.test = train, test
        self.largest = _like(model)
        self.codes, self.weight = self.largest._check_targets(train, y, sample_weight)
        if self.largest.classifier == "mdm":
            self.largest._fit_means(train, self.codes, self.weight, start)
            self.squares = model._manifold.block_squares(test, self.largest._means)
        else:
            init = None if start is None else start(np.arange(len(train)))
            summary, whitener, self.train_blocks = model._manifold.mean_and_blocks(
                train, self.weight / self.weight.sum(), init
            )
            self.largest._set_reference(self.largest._noted(*summary), whitener)
            self.test_blocks = model._manifold.blocks(test, summary[0], whitener)
            if self._has_kernel(model):
                self.grams = [v @ v.T for v in self.train_blocks]
                self.test_grams = [t @ v.T for t, v in zip(self.test_blocks, self.train_blocks)]
        self.views = {}

    def fit(self, model):
        """Return the classifier of `model`, fitted to the training features of its order."""
        return self._view(model).fit(model)

    def test_features(self, model):
        """Return what the fitted classifier takes for the test trials."""
        return self._view(model).test_features(model)

    @staticmethod
    def _has_kernel(model):
        return model.classifier == "svm" and model.probability is None

    def _view(self, model):
        if model.order not in self.views:
            self.views[model.order] = self._make_view(model)
        return self.views[model.order]

    def _make_view(self, model):
        p, manifold = model.order, self.largest._manifold
        view = _Fold.__new__(_Fold)
        view.y, view.sample_weight = self.y, self.sample_weight
        view.base = _like(self.largest, model)
        view.base.classes_ = self.largest.classes_
        weights = manifold.block_weights(p)
        if model.classifier == "mdm":
            view.test = self.squares[..., :p] @ weights
            return view
        view.base._reference = self.largest._reference[:, :p]
        view.base._whitener = self.largest._whitener
        rows = self._blocks_of(p)
        scale = np.sqrt(np.tile(weights, len(rows) // p))
        view.vectors = np.hstack([w * self.train_blocks[k] for w, k in zip(scale, rows)])
        if model.classifier == "fgmdm":
            view.base._fit_filtered_means(view.vectors, self.codes, self.weight)
            view.test = view.base._squares(self.test[:, :, :p])
            return view
        view.test = np.hstack([w * self.test_blocks[k] for w, k in zip(scale, rows)])
        if self._has_kernel(model):
            view.gram = sum(w * w * self.grams[k] for w, k in zip(scale, rows))
            view.test_gram = sum(w * w * self.test_grams[k] for w, k in zip(scale, rows))
        return view

    def _blocks_of(self, p):
        """Indices of the first p blocks of every band."""
        n_bands, largest = self.largest._reference.shape[:2]
        return [b * largest + k for b in range(n_bands) for k in range(p)]


def format_results(candidates, scores, times):
    """Return scores and times in the layout of GridSearchCV's `cv_results_`.

    Parameters
    ----------
    candidates : list of dict
    scores : ndarray of shape (n_candidates, n_folds)
    times : ndarray of shape (2, n_candidates, n_folds)

    Returns
    -------
    results : dict of ndarray
    """
    results = {}
    for name, values in zip(("fit_time", "score_time"), times):
        results[f"mean_{name}"], results[f"std_{name}"] = values.mean(axis=1), values.std(axis=1)
    for name in sorted({name for candidate in candidates for name in candidate}):
        column = np.ma.masked_all(len(candidates), dtype=object)
        for i, candidate in enumerate(candidates):
            if name in candidate:
                column[i] = candidate[name]
        results[f"param_{name}"] = column
    results["params"] = candidates
    for f in range(scores.shape[1]):
        results[f"split{f}_test_score"] = scores[:, f]
    means = scores.mean(axis=1)
    results["mean_test_score"], results["std_test_score"] = means, scores.std(axis=1)
    # a candidate that has failed is as bad as the worst
    ranked = np.where(np.isnan(means), np.nanmin(means) - 1.0, means)
    results["rank_test_score"] = rankdata(-ranked, method="min").astype(np.int32)
    return results
