"""The separability score of an unlabelled cloud of vectors."""

import math
import warnings
from dataclasses import dataclass, replace
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn import get_config
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.metrics.pairwise import PAIRWISE_DISTANCE_FUNCTIONS
from sklearn.utils import Bunch, TransformerTags, check_array, check_random_state
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions
from sklearn.utils._set_output import _get_output_config, _SetOutputMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from skgeom._core.estimator import DocLinkMixin
from skgeom._core.parallel import parallel_map, single_blas_thread
from skgeom.separability._clusters import cluster_labels, isolation
from skgeom.separability._entropies import dimension_from_totals
from skgeom.separability._inputs import checked_distances, class_codes, refuse_parameters
from skgeom.separability._normalize import column_statistics, normalize_cloud
from skgeom.separability._reference import monte_carlo_pvalue, null_cloud
from skgeom.separability._response import RESPONSES, embedding_of
from skgeom.separability._sampling import maxmin_rows, nearest_taken, subsample_rows
from skgeom.separability._statistics import (
    STATISTICS,
    Cloud,
    check_options,
    evaluate,
    major_cut,
    referenced_value,
    statistic_names,
)
from skgeom.separability._supervised import label_yardsticks, supervised_yardsticks
from skgeom.separability._tree import MAPPED_METRICS, TreeSettings, build_barcode, take
from skgeom.separability._uncertainty import (
    curve_sizes,
    interval,
    resampling_plan,
    standard_error,
)

FEW_SAMPLES = 20
_SCIPY_METRICS = (
    "braycurtis",
    "canberra",
    "chebyshev",
    "dice",
    "hamming",
    "jaccard",
    "mahalanobis",
    "minkowski",
    "rogerstanimoto",
    "russellrao",
    "seuclidean",
    "sokalsneath",
    "yule",
)
METRICS = sorted(
    {*MAPPED_METRICS, *PAIRWISE_DISTANCE_FUNCTIONS, *_SCIPY_METRICS, "precomputed"}
    - {"nan_euclidean"}
)


# Parameters without which scikit-learn cannot compute a metric between blocks of rows.
REQUIRED_PARAMS = {
    "seuclidean": ("V", "column variances"),
    "mahalanobis": ("VI", "inverse covariance"),
}
NEEDS_DIMENSION = ("negentropy", "renyi_entropy")


@dataclass
class Evaluation:
    """Everything one pass over a cloud yields.

    Attributes
    ----------
    rows : list of ndarray of int
        The rows of each subsample (one entry, all rows, without subsampling).
    clouds : list of Cloud
    values : ndarray of shape (n_subsamples, n_statistics)
    reference_scores : ndarray of shape (n_references,), or None
    score : float
    pvalue : float or None
    """

    rows: list
    clouds: list
    values: np.ndarray
    reference_scores: np.ndarray | None
    score: float
    pvalue: float | None


class SeparabilityScorer(DocLinkMixin, _SetOutputMixin, BaseEstimator):
    """Score how far an unlabelled cloud of vectors falls apart into groups.

    The score is a statistic of the zero-dimensional persistent homology (H0) of the
    Vietoris-Rips filtration of the cloud: of the lengths of the edges of its minimum spanning
    tree, after [1]_. The tree is exact. The same tree gives the barcode, the single-linkage
    hierarchy, a number of groups and, when some labels are known, supervised yardsticks.

    The object is itself a scorer: pass it as ``scoring=`` to `GridSearchCV` or `cross_validate`
    with ``y=None``.

    Parameters
    ----------
    statistic : str, list of str, or callable, default="auto"
        What `score` returns; larger is more separable. "auto" is "negentropy", the entropy that
        the cloud lacks against an isotropic Gaussian of its variance, or "relative_mean" for a
        distance matrix, whose dimension is not known. With a list, the first is the score and
        ``statistics_`` holds all, from one tree. A callable is called as
        ``f(lifetimes, merge_sizes, n_samples, n_features)``. Names: "negentropy", "relative_mean",
        "persistence", "persistence_median", "max_mean", "tail_fraction", "cv", "gini", "entropy",
        "quantile_ratio", "gap_ratio", "total", "nn_entropy", "renyi_entropy", "ph_dim",
        "balanced_max", "balanced_sum", "major_gap", "n_major", "effective_rank"; the user guide
        defines each.

    statistic_params : dict of dict, default=None
        Options of statistics by name, such as ``{"tail_fraction": {"tau": 0.3}}``:
        "tail_fraction" takes `tau` (0.5); "total" `alpha` (1.0) and `larger_is` ("richer", or
        "separable" for the negative); "negentropy" and "renyi_entropy" `gamma` (1.0, or 0.5 for
        one feature) and `dimension` (number of features); "ph_dim" `gamma` (1.0);
        "effective_rank" `center` (False).

    metric : str or callable, default="euclidean"
        Any metric of `sklearn.metrics.pairwise_distances`, "angular" (the angle between rows, in
        radians), or "precomputed": a symmetric distance matrix, dense, or sparse with the missing
        edges absent. Cosine, correlation and angular distances run on the Euclidean kernels.

    metric_params : dict, default=None
        Further arguments of the metric.

    normalize : {"l2", "center", "standard", "layer"} or None, default="l2"
        "l2" divides each row by its norm, "layer" gives each row mean 0 and variance 1, "center"
        subtracts the column means, "standard" gives columns mean 0 and variance 1. Column
        statistics are those of the data of `fit`. Ignored, with a warning, for "precomputed".

    min_samples : int, default=None
        When given, the tree is that of the mutual reachability distance
        ``max(c_i, c_j, d_ij)`` with c the distance to the `min_samples`-th neighbour, which is
        robust to noise. At least 2.

    major_fraction : float, default=0.02
        Share of the points from which one side of a merge counts as major, for "major_gap",
        "n_major" and the labels.

    reference : {"gaussian", "uniform", "permute"} or None, default=None
        Subtract the mean statistic of null clouds of the same size: Gaussian with the same mean
        and covariance, uniform in the box along the principal axes, or every column permuted.
        Use it whenever representations of different dimension are compared by a statistic other
        than "negentropy". For "relative_mean" the score is then the mean of
        ``log(mean lifetime of the reference / mean lifetime)``, for "negentropy" d times that.

    n_references : int, default=10
        Number of null clouds.

    max_samples : int or float, default=None
        Size of subsamples (a number, or a share of the rows). The score is the mean over
        `n_subsamples` of them. Scores at different sizes are not comparable.

    n_subsamples : int, default=1
        Number of subsamples.

    sampler : {"random", "maxmin"}, default="random"
        "random" draws the rows of a subsample without replacement. "maxmin" draws the first row
        and then always takes the row that is farthest from those taken: it covers the cloud, and
        keeps outliers; each lifetime of the whole cloud is within twice ``covering_radius_`` of
        one of the subsample. Its rows depend on the cloud, also at one `random_state`.

    confidence_level : float, default=None
        When given, `fit` computes ``confidence_interval_`` of the score at this level.

    ci : {"subsample", "jackknife"}, default="subsample"
        Source of the interval: random subsamples of ``ceil(n ** 0.75)`` rows (or `max_samples`),
        or the delete-a-group jackknife with 10 groups of the rows of the (first) tree. Of
        "maxmin" subsamples there is only the latter.

    n_resamples : int, default=50
        Number of subsamples for the interval.

    response_method : {"auto", "transform", "decision_function", "predict_proba"} or callable, \
            default="auto"
        How the object, used as a scorer, gets the embedding out of an estimator. "auto" takes
        `transform`; of a Pipeline that ends in a predictor the output of the steps before it;
        else `decision_function`, else `predict_proba`.

    algorithm : {"auto", "prim", "gram", "tiles", "kdtree", "knn"}, default="auto"
        Kernel for the Euclidean tree. "prim" works on feature columns, "gram" on
        one n x n product in single precision, "tiles" on tiles of that product, for many points
        in many dimensions, "kdtree" is for few dimensions; these are exact. "auto" decides among
        them by size, from a measured table, and keeps to scikit-learn's `working_memory`. "knn"
        is for more points than that: it completes the forest of a graph of nearest neighbours,
        which from 5000 points on are searched approximately by pynndescent (the extra "scale"),
        and `exact_fraction_` says how much of the tree is certified.

    zero_rows : {"keep", "raise"}, default="keep"
        What "l2" and "layer" do with rows that have no direction: keep them at the origin with a
        warning, or raise.

    n_jobs : int, default=None
        Threads for independent trees (subsamples, references, class pairs) and inside "tiles".
        None is 1 unless in a `joblib.parallel_config` context. Results do not depend on it.

    random_state : int, RandomState instance or None, default=None
        Source of subsamples and references. With an int the same rows are drawn for every cloud
        of one size.

    Attributes
    ----------
    score_ : float
        The score of the data of `fit`.
    statistics_ : dict
        Each statistic by name, without reference; the mean over subsamples.
    lifetimes_ : ndarray of shape (n_samples - n_components,)
        H0 lifetimes, ascending, in units of the metric and the dtype of `X` (float64 where that
        cannot hold them). With `max_samples`
        this and the next attributes are those of the first subsample.
    mst_ : ndarray of intp, shape (n_samples - n_components, 2)
        Edges of the tree, in the order of the lifetimes, as row numbers of `X`.
    merge_sizes_ : ndarray of intp, shape (n_samples - n_components, 2)
        Sizes of the two components that each edge joins. At tied lifetimes they depend on the
        order of the rows.
    linkage_ : ndarray of float64, shape (n_samples - n_components, 4)
        Single-linkage hierarchy in the format of `scipy.cluster.hierarchy`.
    sample_indices_ : ndarray of intp
        Rows of `X` that the tree spans.
    covering_radius_ : float
        Largest distance of a row to those that the tree spans; 0 without `max_samples`.
    exact_fraction_ : float
        Share of the edges of the tree that are certified to belong to the minimum spanning tree;
        1.0 unless ``algorithm="knn"``, where it takes the lists of neighbours as complete.
    n_components_ : int
        Number of connected components; above 1 only for sparse precomputed graphs.
    n_clusters_ : int
        Number of groups: 1 + number of major merges above the largest gap of their heights.
    labels_ : ndarray of int64, shape (n_samples,)
        Group of each row, -1 for noise. Rows outside the first subsample take the label of the
        nearest row in it.
    subsample_scores_ : ndarray of shape (n_subsamples,)
        Statistic of each subsample, without reference.
    reference_scores_ : ndarray of shape (n_references,)
        Statistic of each null cloud (the negative logarithm of the mean lifetime for
        "relative_mean", d times that for "negentropy"). Only with `reference`.
    pvalue_ : float
        Monte Carlo p-value ``(1 + #{S_ref >= S}) / (n_references + 1)``. Only with `reference`.
    confidence_interval_ : tuple of float
        Only with `confidence_level`; nan where the statistic of a part is infinite.
    resample_scores_ : ndarray
        Statistic of each part that the interval comes from. Only with `confidence_level`.
    classes_ : ndarray of shape (n_classes,)
        Only with `y`.
    supervised_ : Bunch
        Only with `y`: `fdr` (Fisher discriminant ratio, traces), `thornton` and
        `thornton_adjusted` (share of points whose nearest neighbour has their label; 0 at chance),
        `friedman_rafsky` (1 is no tree edge between classes, 0 is chance), `silhouette` (of at
        most 2000 labelled rows), and over pairs of classes `friedman_rafsky_pairs`,
        `henze_penrose`, `pair_gap` of shape (K, K) and `bayes_error_bounds` of shape (K, K, 2).
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in,)
        Names of the features; only when `X` has string names.

    See Also
    --------
    h0_persistence : The lifetimes alone.
    effective_rank : The strongest cheap competitor when representations are compared.

    Notes
    -----
    What the score can say: it compares clouds **within one data set** (checkpoints, noise levels,
    subsamples of one size), and representations of one data set by "negentropy". By any other
    statistic, between representations of different dimension set `reference`; without it such
    scores prefer low dimensions. It does not compare unrelated data sets. A cloud can be very
    separable along something that is not the label of interest.

    The negentropy is the entropy of the isotropic Gaussian of the cloud's total variance minus that
    of the cloud, both as estimated from trees [4]_; among densities of one variance that Gaussian
    has the largest entropy.

    Lifetimes are indexed by diameter, the convention of ripser and gudhi; in the Čech convention
    they are half as large. Statistics that divide by the largest lifetime ("persistence",
    "tail_fraction") follow [1]_, whose closed form was not available to us; a single outlier
    changes them. There is no `sample_weight`: a spanning tree has no weights to attach it to.

    References
    ----------
    .. [1] K. Gourgoulias, N. Ghalyan, M. Labonne, Y. Satsangi, S. Moran, J. Sabelja,
       "Estimating class separability of text embeddings with persistent homology",
       Transactions on Machine Learning Research, 2024, arXiv:2305.15016.
    .. [2] J. Friedman, L. Rafsky, "Multivariate generalizations of the Wald-Wolfowitz and Smirnov
       two-sample tests", Annals of Statistics 7(4), 1979.
    .. [3] V. Berisha, A. Wisler, A. Hero, A. Spanias, "Empirically estimable classification
       bounds based on a nonparametric divergence measure", IEEE Transactions on Signal
       Processing 64(3), 2016, arXiv:1412.6534.
    .. [4] A. Hero, O. Michel, "Asymptotic theory of greedy approximations to minimal k-point
       random graphs", IEEE Transactions on Information Theory 45(6), 1999.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from skgeom.separability import SeparabilityScorer
    >>> X, _ = make_blobs(300, centers=3, cluster_std=0.5, center_box=(-9, 9), random_state=0)
    >>> scorer = SeparabilityScorer(normalize=None).fit(X)
    >>> scorer.n_clusters_
    3
    >>> wide, _ = make_blobs(300, centers=3, cluster_std=2.0, center_box=(-9, 9), random_state=0)
    >>> scorer.score(X) > scorer.score(wide)
    True
    """

    _parameter_constraints: dict = {
        "statistic": [StrOptions({"auto", *STATISTICS}), list, tuple, callable],
        "statistic_params": [dict, None],
        "metric": [StrOptions(set(METRICS)), callable],
        "metric_params": [dict, None],
        "normalize": [StrOptions({"l2", "center", "standard", "layer"}), None],
        "min_samples": [Interval(Integral, 2, None, closed="left"), None],
        "major_fraction": [Interval(Real, 0, 0.5, closed="neither")],
        "reference": [StrOptions({"gaussian", "uniform", "permute"}), None],
        "n_references": [Interval(Integral, 1, None, closed="left")],
        "max_samples": [
            Interval(Integral, 2, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="right"),
            None,
        ],
        "n_subsamples": [Interval(Integral, 1, None, closed="left")],
        "sampler": [StrOptions({"random", "maxmin"})],
        "confidence_level": [Interval(Real, 0, 1, closed="neither"), None],
        "ci": [StrOptions({"subsample", "jackknife"})],
        "n_resamples": [Interval(Integral, 2, None, closed="left")],
        "response_method": [StrOptions({"auto", *RESPONSES}), callable],
        "algorithm": [StrOptions({"auto", "prim", "gram", "tiles", "kdtree", "knn"})],
        "zero_rows": [StrOptions({"keep", "raise"})],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        statistic="auto",
        *,
        statistic_params=None,
        metric="euclidean",
        metric_params=None,
        normalize="l2",
        min_samples=None,
        major_fraction=0.02,
        reference=None,
        n_references=10,
        max_samples=None,
        n_subsamples=1,
        sampler="random",
        confidence_level=None,
        ci="subsample",
        n_resamples=50,
        response_method="auto",
        algorithm="auto",
        zero_rows="keep",
        n_jobs=None,
        random_state=None,
    ):
        self.statistic = statistic
        self.statistic_params = statistic_params
        self.metric = metric
        self.metric_params = metric_params
        self.normalize = normalize
        self.min_samples = min_samples
        self.major_fraction = major_fraction
        self.reference = reference
        self.n_references = n_references
        self.max_samples = max_samples
        self.n_subsamples = n_subsamples
        self.sampler = sampler
        self.confidence_level = confidence_level
        self.ci = ci
        self.n_resamples = n_resamples
        self.response_method = response_method
        self.algorithm = algorithm
        self.zero_rows = zero_rows
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, **unsupported):
        """Build the tree of a cloud and score it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The cloud, or distances of shape (n_samples, n_samples) for "precomputed".
        y : array-like of shape (n_samples,), default=None
            Labels for ``supervised_``; rows labelled -1, None or NaN are unlabelled: they stay in
            the tree and are skipped in the yardsticks.
        **unsupported
            Refused; ``sample_weight`` with the reason.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For fewer than 2 rows, NaN or infinity, distances that leave the range of float64, a
            distance matrix that is not square, symmetric, non-negative and zero on the diagonal,
            a parameter that does not fit the data, and labels that are all missing.
        TypeError
            For `sample_weight`: a spanning tree has no weights.
        """
        refuse_parameters("fit", unsupported)
        X = self._check_cloud(X, reset=True)
        self._fit_columns(X)
        points = self._normalized(X)
        seeds = self._seeds()
        evaluation = self._evaluate(X, points, seeds)
        self._warn_about(evaluation.clouds[0].barcode)
        self._store_scores(evaluation)
        self._store_tree(evaluation, points)
        if self.confidence_level is not None:
            self._store_interval(points, evaluation, seeds)
        if y is not None:
            self._store_supervised(evaluation, y)
        return self

    def fit_predict(self, X, y=None, **unsupported):
        """Fit and return ``labels_``, the groups of the rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), default=None
        **unsupported
            As for `fit`.

        Returns
        -------
        labels : ndarray of int64, shape (n_samples,)
        """
        refuse_parameters("fit_predict", unsupported)
        return self.fit(X, y).labels_

    def score(self, X, y=None, **unsupported):
        """Score a cloud with the fitted normalisation.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Only these rows are looked at, never those of `fit`.
        y : None
            Ignored.
        **unsupported
            As for `fit`.

        Returns
        -------
        score : float

        Raises
        ------
        ValueError, TypeError
            As for `fit`, and for another number of features.
        """
        refuse_parameters("score", unsupported)
        check_is_fitted(self)
        X = self._check_cloud(X, reset=False)
        return self._evaluate(X, self._normalized(X), self._seeds()).score

    def score_samples(self, X):
        """Score rows by how early they belong to a major group of their cloud.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            A whole cloud: the score of a row depends on all rows given.

        Returns
        -------
        scores : ndarray of float64, shape (n_samples,)
            Minus the height at which the component of a row first reaches major size, in units of
            the median lifetime; -inf where it never does. Low values are isolated points.
        """
        check_is_fitted(self)
        X = self._check_cloud(X, reset=False)
        barcode = build_barcode(self._normalized(X), self._settings(X.shape[0]))
        return -isolation(barcode, self._major_size(X.shape[0]))

    def transform(self, X):
        """Compute the statistics of each of several clouds.

        Parameters
        ----------
        X : list of array-like of shape (n_samples_i, n_features), or 3-d array
            The clouds; they may differ in size. A single 2-d table is one cloud.

        Returns
        -------
        table : ndarray of float64, shape (n_clouds, n_statistics)
            Of all rows of each cloud (`max_samples` plays no part), without reference.
        """
        check_is_fitted(self)
        clouds = [self._check_cloud(cloud, reset=False) for cloud in self._list_of_clouds(X)]
        settings = [self._settings(cloud.shape[0]) for cloud in clouds]
        points = [self._normalized(cloud) for cloud in clouds]
        seed = self._seeds()[1]
        with single_blas_thread():
            table = parallel_map(
                lambda i: self._values(self._cloud(points[i], settings[i], seed)),
                range(len(clouds)),
                n_jobs=self.n_jobs,
            )
        table = np.array(table)
        if hasattr(X, "iloc") and _get_output_config("transform", self)["dense"] == "pandas":
            return type(X)(table)  # else `set_output` gives the cloud's row the index of its rows
        return table

    def __call__(self, estimator, X, y=None):
        """Score the embedding that a fitted estimator makes of `X`, as ``scoring=`` does.

        Parameters
        ----------
        estimator : estimator
            Fitted transformer, predictor or Pipeline; see `response_method`.
        X : array-like
        y : object
            Ignored.

        Returns
        -------
        score : float

        Raises
        ------
        TypeError
            When the estimator cannot embed rows, such as one that has only `fit_transform`.
        """
        self._validate_params()
        embedding = embedding_of(estimator, X, self.response_method)
        return clone(self)._assess(embedding, self._seeds())[1].score

    def get_feature_names_out(self, input_features=None):
        """Return the names of the statistics, the columns of `transform`.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str objects
        """
        check_is_fitted(self)
        return np.array(statistic_names(self._statistics()), dtype=object)

    def assess(self, X, y=None, *, resample=False):
        """Score a cloud on its own, without fitting or changing this object.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), default=None
            Labels, -1, None or NaN where unknown.
        resample : bool, default=False
            Whether to score the parts of the cloud that intervals come from.

        Returns
        -------
        assessment : Bunch
            `score`, `statistics` (dict), `resample_scores` (None unless asked for) and
            `supervised` (Bunch of `fdr`, `thornton`, `thornton_adjusted`, `friedman_rafsky`;
            None without labels).
        """
        self._validate_params()
        scorer, seeds = clone(self), self._seeds()
        points, evaluation = scorer._assess(X, seeds)
        supervised = None
        if y is not None:
            _, codes = class_codes(y, points.shape[0])
            cloud = evaluation.clouds[0]
            supervised = label_yardsticks(
                cloud.X, cloud.barcode, codes[evaluation.rows[0]], self.metric
            )
        names = statistic_names(self._statistics())
        return Bunch(
            score=evaluation.score,
            statistics=dict(zip(names, evaluation.values.mean(axis=0).tolist())),
            resample_scores=scorer._resampled(points, seeds) if resample else None,
            supervised=supervised,
        )

    def compare(self, X_a, X_b):
        """Compare two embeddings of the same rows.

        Parameters
        ----------
        X_a, X_b : {array-like, sparse matrix} of shape (n_samples, n_features)
            Row i is the same object in both; the numbers of features may differ (then keep to
            "negentropy", or set `reference`).

        Returns
        -------
        comparison : Bunch
            `difference` (score of `X_a` minus score of `X_b`), `confidence_interval` at
            `confidence_level` (0.95 when that is None), `standard_error`, `score_a`, `score_b` and
            `resample_differences`. Both sides use the same subsamples of rows, so what the
            embeddings share cancels.

        Raises
        ------
        ValueError
            When the numbers of rows differ.
        """
        self._validate_params()
        seeds = self._seeds()
        scorer_a, scorer_b = clone(self), clone(self)
        points_a, found_a = scorer_a._assess(X_a, seeds)
        points_b, found_b = scorer_b._assess(X_b, seeds)
        n_samples = points_a.shape[0]
        if points_b.shape[0] != n_samples:
            raise ValueError(
                "X_a and X_b must embed the same rows, got "
                f"{n_samples} and {points_b.shape[0]} samples."
            )
        differences = scorer_a._resampled(points_a, seeds) - scorer_b._resampled(points_b, seeds)
        difference = _difference(found_a.score, found_b.score)
        error = self._error_of(differences, n_samples)
        level = 0.95 if self.confidence_level is None else self.confidence_level
        return Bunch(
            difference=difference,
            confidence_interval=interval(difference, error, level, self.ci, len(differences)),
            standard_error=error,
            score_a=found_a.score,
            score_b=found_b.score,
            resample_differences=differences,
        )

    def subsample_curve(self, X, sizes=None, *, n_repeats=10):
        """Score subsamples of growing size.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        sizes : array-like of int, default=None
            None is seven sizes from ``n_samples / 16`` (at least 20) to ``n_samples``.
        n_repeats : int, default=10
            Number of subsamples per size.

        Returns
        -------
        curve : Bunch
            `sizes` of shape (n_sizes,), `scores` of shape (n_sizes, n_repeats), their `mean` and
            `std`, and `ph_dim`, the intrinsic dimension from the growth of the tree's total
            length. Scores are without reference.

        Raises
        ------
        ValueError
            For sizes that are not whole numbers from 2 (or above `min_samples`) to `n_samples`.
        """
        self._validate_params()
        if not (isinstance(n_repeats, Integral) and n_repeats >= 1):
            raise ValueError(f"n_repeats must be an integer of at least 1, got {n_repeats!r}.")
        scorer, seeds = clone(self), self._seeds()
        X = scorer._check_cloud(X, reset=True)
        scorer._fit_columns(X)
        points = scorer._normalized(X)
        sizes = curve_sizes(sizes, X.shape[0], self.min_samples)
        rng = np.random.default_rng(seeds[0])
        row_sets = [subsample_rows(X.shape[0], s, rng) for s in sizes for _ in range(n_repeats)]

        def part(rows):
            cloud = self._cloud(
                take(points, rows, self.metric), self._settings(len(rows)), seeds[1]
            )
            return evaluate(self._statistics()[0], cloud), float(cloud.lifetimes.sum())

        results = np.array(self._parallel(part, row_sets)).reshape(len(sizes), n_repeats, 2)
        scores, totals = results[..., 0], results[..., 1].mean(axis=1)
        return Bunch(
            sizes=sizes,
            scores=scores,
            mean=scores.mean(axis=1),
            std=scores.std(axis=1),
            ph_dim=dimension_from_totals(sizes, totals),
        )

    # The door

    def _check_cloud(self, X, reset):
        """Validate a cloud: float, finite, at least two rows; dense or CSR."""
        options = {
            "accept_sparse": "csr",
            "dtype": [np.float64, np.float32],
            "order": "C",
            "ensure_min_samples": 2,
        }
        if self.metric != "precomputed":
            X = validate_data(self, X, reset=reset, **options)
            self._check_sizes(X.shape[0])
            return X
        if reset:
            X = validate_data(self, X, **options)
        else:
            X = check_array(X, estimator=self, input_name="X", **options)
        self._check_sizes(X.shape[0])
        return checked_distances(X)

    def _check_sizes(self, n_samples):
        smallest = min(n_samples, self._subsample_size(n_samples))
        if self.min_samples is not None and self.min_samples >= smallest:
            raise ValueError(
                f"min_samples={self.min_samples} must be smaller than the number of samples of a "
                f"tree, which is {smallest} here."
            )
        if self.metric == "precomputed" and self.reference is not None:
            raise ValueError(
                f'reference="{self.reference}" draws points and cannot be used with '
                'metric="precomputed"; pass reference=None.'
            )
        if isinstance(self.metric, str) and self.metric in REQUIRED_PARAMS:
            name, meaning = REQUIRED_PARAMS[self.metric]
            if name not in (self.metric_params or {}):
                raise ValueError(
                    f'metric="{self.metric}" needs metric_params={{"{name}": ...}} '
                    f"(the {meaning}), so that every tree has the same metric."
                )
        fixed = isinstance(self.metric, str) and self.metric in (*MAPPED_METRICS, "precomputed")
        if fixed and self.metric_params:
            raise ValueError(
                f'metric="{self.metric}" takes no metric_params, got {self.metric_params!r:.80}.'
            )
        self._check_statistics()

    def _check_statistics(self):
        names = [s for s in self._statistics() if not callable(s)]
        unknown = [s for s in names if not (isinstance(s, str) and s in STATISTICS)]
        if unknown or not self._statistics():
            raise ValueError(
                f"The 'statistic' parameter must name at least one of {sorted(STATISTICS)}, got "
                f"{self.statistic!r}."
            )
        check_options(self.statistic_params, names)
        if not (isinstance(self.metric, str) and self.metric == "precomputed"):
            return
        if "effective_rank" in names:
            raise ValueError(
                'The statistic "effective_rank" needs points; it is not defined for '
                'metric="precomputed".'
            )
        for name in set(NEEDS_DIMENSION).intersection(names):
            if (self.statistic_params or {}).get(name, {}).get("dimension") is None:
                raise ValueError(
                    f'The statistic "{name}" needs points, or with metric="precomputed" their '
                    f'dimension: pass statistic_params={{"{name}": {{"dimension": ...}}}}.'
                )

    def _list_of_clouds(self, X):
        if sp.issparse(X) or hasattr(X, "columns") or getattr(X, "ndim", 0) == 2:
            return [X]
        # A nested list of numbers is one table as well.
        if isinstance(X, (list, tuple)) and all(np.ndim(row) == 1 for row in X) and len(X):
            return [X]
        if getattr(X, "ndim", 3) < 2 or not hasattr(X, "__len__"):
            raise ValueError(
                "transform takes a list of clouds (or a 3-d array), or one 2-d cloud; got "
                f"{X!r:.80}. Reshape your data."
            )
        if len(X) == 0:
            raise ValueError("transform got an empty list: 0 clouds (0 sample(s)).")
        return list(X)

    # The steps

    def _statistics(self):
        if isinstance(self.statistic, (list, tuple)):
            return list(self.statistic)
        if isinstance(self.statistic, str) and self.statistic == "auto":
            distances = isinstance(self.metric, str) and self.metric == "precomputed"
            return ["relative_mean" if distances else "negentropy"]
        return [self.statistic]

    def _settings(self, n_samples):
        settings = TreeSettings(
            metric=self.metric,
            metric_params=self.metric_params or {},
            min_samples=self.min_samples,
            algorithm=self.algorithm,
            memory=get_config()["working_memory"],
        )
        return settings.for_size(n_samples)

    def _fit_columns(self, X):
        normalize = None if self.metric == "precomputed" else self.normalize
        self._column_mean, self._column_scale = column_statistics(X, normalize)

    def _normalized(self, X):
        if self.metric == "precomputed":
            if self.normalize is not None:
                warnings.warn(
                    f'normalize="{self.normalize}" is ignored for metric="precomputed"; pass '
                    "normalize=None to say so.",
                    UserWarning,
                    stacklevel=4,
                )
            return X
        return normalize_cloud(
            X, self.normalize, self._column_mean, self._column_scale, self.zero_rows
        )

    def _seeds(self):
        """Seeds of subsamples, pairs, null clouds and resamples.

        With an int `random_state` they are the same for every cloud.
        """
        random_state = check_random_state(self.random_state)
        return random_state.randint(np.iinfo(np.int32).max, size=4).tolist()

    def _assess(self, X, seeds):
        """Fit the normalisation on a cloud and evaluate it; returns points and evaluation."""
        X = self._check_cloud(X, reset=True)
        self._fit_columns(X)
        points = self._normalized(X)
        return points, self._evaluate(X, points, seeds)

    def _subsample_size(self, n_samples):
        if self.max_samples is None:
            return n_samples
        if isinstance(self.max_samples, Integral):
            return min(int(self.max_samples), n_samples)
        return max(2, int(self.max_samples * n_samples))

    def _major_size(self, n_samples):
        return max(3.0, self.major_fraction * n_samples)

    def _cloud(self, points, settings, seed):
        barcode = build_barcode(points, settings)
        options = self.statistic_params or {}
        return Cloud(points, barcode, settings, self.major_fraction, seed, options)

    def _values(self, cloud):
        return [evaluate(statistic, cloud) for statistic in self._statistics()]

    def _evaluate(self, X, points, seeds):
        """Score a cloud: subsamples, their trees and statistics, and the reference."""
        n_samples = X.shape[0]
        draw_seed, pair_seed, null_seed, _ = seeds
        rows = self._draw(points, draw_seed)
        settings = self._settings(len(rows[0]))
        if len(rows) == 1:
            part = points if len(rows[0]) == n_samples else take(points, rows[0], self.metric)
            alone = replace(settings, n_jobs=self.n_jobs)
            clouds = [self._cloud(part, alone, pair_seed)]
        else:
            clouds = self._parallel(
                lambda r: self._cloud(take(points, r, self.metric), settings, pair_seed), rows
            )
        values = np.array([self._values(cloud) for cloud in clouds])
        score, null_scores, pvalue = float(np.mean(values[:, 0])), None, None
        if self.reference is not None:
            null_scores = self._null_scores(X, len(rows[0]), settings, null_seed)
            head = self._statistics()[0]
            observed = float(np.mean([referenced_value(head, cloud) for cloud in clouds]))
            score = _difference(observed, float(np.mean(null_scores)))
            pvalue = monte_carlo_pvalue(observed, null_scores)
        return Evaluation(rows, clouds, values, null_scores, score, pvalue)

    def _parallel(self, function, items):
        with single_blas_thread():
            return parallel_map(function, items, n_jobs=self.n_jobs)

    def _draw(self, points, seed):
        """Rows of each subsample: all rows where there is nothing to leave out."""
        n_samples = points.shape[0]
        size, rng = self._subsample_size(n_samples), np.random.default_rng(seed)
        if size == n_samples:
            return [np.arange(n_samples)]
        if self.sampler == "random":
            return [subsample_rows(n_samples, size, rng) for _ in range(self.n_subsamples)]
        settings = self._settings(size)
        return [maxmin_rows(points, size, settings, rng) for _ in range(self.n_subsamples)]

    def _null_scores(self, X, size, settings, seed):
        """Statistic of null clouds of `size` points, each normalised like the data."""
        dense = X.toarray() if sp.issparse(X) else X
        head = self._statistics()[0]

        def null_score(stream):
            rng = np.random.default_rng(stream)
            spread_out = self.sampler == "maxmin" and size < len(dense)
            rows = dense
            if size < len(dense) and not spread_out:
                rows = dense[subsample_rows(len(dense), size, rng)]
            cloud = self._normalized(null_cloud(rows, self.reference, rng))
            if spread_out:
                cloud = cloud[maxmin_rows(cloud, size, settings, rng)]
            return referenced_value(head, self._cloud(cloud, settings, seed))

        streams = np.random.SeedSequence(seed).spawn(self.n_references)
        return np.array(self._parallel(null_score, streams))

    # What fit stores

    def _warn_about(self, barcode):
        if barcode.n_samples < FEW_SAMPLES:
            warnings.warn(
                f"The score of {barcode.n_samples} samples is hardly more than noise; at least "
                f"{FEW_SAMPLES} are advised.",
                UserWarning,
                stacklevel=4,
            )
        lifetimes = barcode.lifetimes
        if not lifetimes.any():
            warnings.warn(
                "All points are equal (all lifetimes are 0): ratios are reported as 0.0.",
                UserWarning,
                stacklevel=4,
            )
        elif np.median(lifetimes) == 0:
            warnings.warn(
                "More than half of the lifetimes are 0 (duplicated points): the smallest positive "
                "lifetime takes the place of the median.",
                UserWarning,
                stacklevel=4,
            )
        if barcode.n_components > 1:
            warnings.warn(
                f"The graph has {barcode.n_components} connected components; the missing merges "
                "are left out of the statistics.",
                UserWarning,
                stacklevel=4,
            )

    def _store_scores(self, evaluation):
        names = statistic_names(self._statistics())
        self.score_ = evaluation.score
        self.statistics_ = dict(zip(names, evaluation.values.mean(axis=0).tolist()))
        self.subsample_scores_ = evaluation.values[:, 0]
        if self.reference is not None:
            self.reference_scores_ = evaluation.reference_scores
            self.pvalue_ = evaluation.pvalue

    def _store_tree(self, evaluation, points):
        cloud, rows = evaluation.clouds[0], evaluation.rows[0]
        barcode = cloud.barcode
        self.sample_indices_ = rows.astype(np.intp)
        fits = np.max(barcode.lifetimes, initial=0.0) <= np.finfo(points.dtype).max
        dtype = points.dtype if fits else np.float64
        self.lifetimes_ = barcode.lifetimes.astype(dtype, copy=False)
        self.mst_ = self.sample_indices_[barcode.edges]
        self.merge_sizes_ = barcode.merge_sizes.astype(np.intp)
        self.linkage_ = barcode.linkage
        self.exact_fraction_ = barcode.exact_fraction
        self.n_components_ = barcode.n_components
        cut, self.n_clusters_ = self._major_cut()
        labels = cluster_labels(
            barcode.linkage, barcode.n_samples, cut, self._major_size(barcode.n_samples)
        )
        self.labels_, self.covering_radius_ = labels, 0.0
        if len(rows) < points.shape[0]:
            # Rows outside the subsample get the label of the nearest row in it.
            nearest, distance = nearest_taken(points, rows, cloud.settings)
            self.labels_ = labels[nearest]
            self.labels_[rows] = labels
            self.covering_radius_ = float(distance.max())

    def _major_cut(self):
        """Height of the cut into groups and their number, from the fitted tree."""
        lifetimes, sizes = self.linkage_[:, 2], self.merge_sizes_.min(axis=1)
        n_samples = len(self.sample_indices_)
        cut, n_clusters = major_cut(lifetimes, sizes, n_samples, self.major_fraction)
        return cut, n_clusters

    def _store_interval(self, points, evaluation, seeds):
        """Interval of the score from parts of the cloud, with the reference held fixed."""
        self.resample_scores_ = self._resampled(points, seeds)
        error = self._error_of(self.resample_scores_, points.shape[0])
        self.confidence_interval_ = interval(
            evaluation.score, error, self.confidence_level, self.ci, len(self.resample_scores_)
        )

    def _resample_size(self, n_samples):
        """Size of the subsamples, or of what the jackknife leaves groups out of."""
        size = self._subsample_size(n_samples)
        if size < n_samples or self.ci == "jackknife":
            return size
        return min(n_samples - 1, math.ceil(n_samples**0.75))

    def _resampled(self, points, seeds):
        """Statistics of parts of a cloud, without reference."""
        n_samples, seed = points.shape[0], seeds[3]
        size, rng = self._resample_size(n_samples), np.random.default_rng(seed)
        if self.ci == "jackknife":
            rows = self._draw(points, seeds[0])[0]
            plan = [rows[kept] for kept in resampling_plan(self.ci, size, None, None, rng)]
        elif self.sampler == "maxmin" and self._subsample_size(n_samples) < n_samples:
            raise ValueError(
                'ci="subsample" says how random subsamples vary, not those of sampler="maxmin"; '
                'pass ci="jackknife".'
            )
        else:
            plan = resampling_plan(self.ci, n_samples, size, self.n_resamples, rng)
        return self._part_scores(points, plan, seed)

    def _part_scores(self, points, row_sets, seed):
        head = self._statistics()[0]
        value = evaluate if self.reference is None else referenced_value

        def part_score(rows):
            part = take(points, rows, self.metric)
            return value(head, self._cloud(part, self._settings(len(rows)), seed))

        return np.array(self._parallel(part_score, row_sets))

    def _error_of(self, resample_scores, n_samples):
        drawn = self._subsample_size(n_samples) < n_samples
        return standard_error(
            self.ci,
            resample_scores,
            n_samples,
            self._resample_size(n_samples),
            self.n_subsamples if drawn else np.inf,
        )

    def _store_supervised(self, evaluation, y):
        cloud, rows = evaluation.clouds[0], evaluation.rows[0]
        self.classes_, codes = class_codes(y, self.labels_.shape[0])
        if len(self.classes_) == 0:
            raise ValueError(
                "y holds no labels: every entry is -1, None or NaN; pass y=None instead."
            )
        self.supervised_ = supervised_yardsticks(
            cloud.X, cloud.barcode, codes[rows], len(self.classes_), cloud.settings, self.n_jobs
        )

    @property
    def _n_features_out(self):
        return len(self._statistics())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.positive_only = self.metric == "precomputed"
        tags.target_tags.required = False
        tags.transformer_tags = TransformerTags(preserves_dtype=[])
        return tags


def _difference(observed, null_mean):
    """Observed minus null value, with inf - inf = 0: clouds without any spread are alike."""
    if np.isinf(observed) and observed == null_mean:
        return 0.0
    return observed - null_mean
