"""Normalisation of SPD matrices under the generalised Bures-Wasserstein metric."""

import warnings
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from skgeom._core.estimator import DocLinkMixin
from skgeom.spd._mean import normalized_weight
from skgeom.spd._names import StackOutputMixin
from skgeom.spd._power_metric import check_spd, choose_chart, definite_matrices


class _Statistics(NamedTuple):
    """Mean (as a point of the chart) and variance of one group."""

    mean: np.ndarray
    var: float
    n_iter: int
    n_seen: int


class BuresWassersteinNormalizer(StackOutputMixin, DocLinkMixin, TransformerMixin, BaseEstimator):
    r"""Centre, scale and shift SPD matrices under the Bures-Wasserstein metric.

    What a standard scaler does to numbers, this does to covariance matrices [1]_: the mean under
    the (generalised, power-deformed) Bures-Wasserstein metric goes to a chosen matrix and the mean
    squared distance to it becomes `shift` squared. The metric grows linearly with the matrices,
    not with their logarithms, so that small eigenvalues, which are noise in ill-conditioned
    covariances, count little.

    Read more in the :ref:`User Guide <bures_wasserstein>`.

    Parameters
    ----------
    theta : float or "log", default=1.0
        Power :math:`|\theta| \geq 10^{-6}` that deforms the metric:
        :math:`d_\theta(A, B) = d(A^\theta, B^\theta) / |\theta|`. "log" is the limit of small
        powers, half the log-Euclidean metric.
    metric_matrix : str or array-like of shape (n, n), default="identity"
        "identity", "mean", "inv_mean" or the matrix M of the generalised metric [2]_, whose
        distance is that of :math:`M^{-1/2} X^\theta M^{-1/2}`. "mean" takes the mean of the
        training matrices' powers: near it the metric is then affine-invariant, up to a factor.
        "inv_mean" takes its inverse.
    bias : {"identity", "mean"} or array-like of shape (n, n), default="identity"
        Where the mean goes. "mean" leaves it where it is, and scales alone.
    scale : bool, default=True
        Whether to scale.
    shift : float, default=1.0
        Root of the mean squared distance to the mean after scaling (the learnt factor s of the
        paper), from 1e-6 to 1e6.
    eps : float, default=1e-5
        Added to the variance before the root is taken. Also the multiple of the mean eigenvalue
        that singular matrices get on their diagonal.
    momentum : float, default=0.1
        How far `partial_fit` moves the mean along the geodesic to that of the new matrices, and
        the variance.
    unseen : {"error", "refit"}, default="error"
        What `transform` does with a group that `fit` hasn't seen. "refit" takes mean and variance
        from the group's own matrices in the call.
    tol : float, default=1e-8
        The mean stops moving when the gradient is this share of its size; a variance below `tol`
        isn't scaled.
    max_iter : int, default=50
        Most iterations of the mean.
    clip : float, default=1e-3
        Least eigenvalue of the maps that carry the bias to the outputs. A matrix that is so far
        from the mean that its geodesic leaves the manifold stops there.
    n_jobs : int or None, default=None
        Number of threads. The result has the same bits for any number.

    Attributes
    ----------
    mean_ : ndarray of shape (n, n), or dict
        Mean of the training matrices under the metric; by group when `fit` was given groups.
    var_ : float or dict
        Mean squared distance to it.
    metric_matrix_ : ndarray of shape (n, n)
        Matrix M.
    bias_ : ndarray of shape (n, n), or dict
        Where the mean goes.
    n_iter_ : int
        Iterations of the mean, most of all groups.
    n_clipped_ : int
        How many training matrices were clipped.
    n_features_in_ : int
        Number n of rows of a matrix.

    See Also
    --------
    BuresWassersteinTangentSpace : Vectors for any classifier.

    Notes
    -----
    In the chart :math:`Y = M^{-1/2} X^\theta M^{-1/2}`, with mean :math:`\mu` and variance v, an
    output is :math:`\mathrm{Exp}_H \Gamma_{I \to H} \frac{s}{\sqrt{v + \epsilon}}
    \Gamma_{\mu \to I} \mathrm{Log}_\mu Y`, where :math:`\Gamma` is parallel transport and H is
    the bias in the chart. The paper goes through the points at I after each step, which folds
    those whose vector is too long; here vectors stay vectors until the last step.

    References
    ----------
    .. [1] R. Wang, S. Jin, Z. Chen, X. Luo, X.-J. Wu, "Learning to normalize on the SPD manifold
       under Bures-Wasserstein geometry", CVPR 2025, arXiv:2504.00660.
    .. [2] A. Han, B. Mishra, P. Jawanpuria, J. Gao, "Learning with symmetric positive definite
       matrices via generalized Bures-Wasserstein geometry", arXiv:2110.10464.
    .. [3] R. Bhatia, T. Jain, Y. Lim, "On the Bures-Wasserstein distance between positive definite
       matrices", Expositiones Mathematicae 37(2), 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.spd import BuresWassersteinNormalizer
    >>> X = np.array([np.diag([1.0, 4.0]), np.diag([4.0, 9.0])])
    >>> normalizer = BuresWassersteinNormalizer(scale=False).fit(X)
    >>> normalizer.mean_.round(6)
    array([[2.25, 0.  ],
           [0.  , 6.25]])
    >>> normalizer.transform(X)[0].round(6)  # (1 + sqrt(1) - sqrt(2.25))^2
    array([[0.25, 0.  ],
           [0.  , 0.25]])
    """

    __metadata_request__inverse_transform = {"Z": UNUSED}

    _parameter_constraints: dict = {
        "theta": [Interval(Real, None, None, closed="neither"), StrOptions({"log"})],
        "metric_matrix": [StrOptions({"identity", "mean", "inv_mean"}), "array-like"],
        "bias": [StrOptions({"identity", "mean"}), "array-like"],
        "scale": ["boolean"],
        "shift": [Interval(Real, 1e-6, 1e6, closed="both")],
        "eps": [Interval(Real, 0, None, closed="left")],
        "momentum": [Interval(Real, 0, 1, closed="right")],
        "unseen": [StrOptions({"error", "refit"})],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "clip": [Interval(Real, 0, 1, closed="both")],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        theta=1.0,
        *,
        metric_matrix="identity",
        bias="identity",
        scale=True,
        shift=1.0,
        eps=1e-5,
        momentum=0.1,
        unseen="error",
        tol=1e-8,
        max_iter=50,
        clip=1e-3,
        n_jobs=None,
    ):
        self.theta = theta
        self.metric_matrix = metric_matrix
        self.bias = bias
        self.scale = scale
        self.shift = shift
        self.eps = eps
        self.momentum = momentum
        self.unseen = unseen
        self.tol = tol
        self.max_iter = max_iter
        self.clip = clip
        self.n_jobs = n_jobs

    def fit(self, X, y=None, sample_weight=None, groups=None):
        """Find mean and variance.

        Parameters
        ----------
        X : array-like of shape (n_matrices, n, n)
            SPD matrices.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_matrices,) or None, default=None
        groups : array-like of shape (n_matrices,) or None, default=None
            Subject, session or other domain of each matrix: each has mean and variance of its own.

        Returns
        -------
        self : BuresWassersteinNormalizer
        """
        self.fit_transform(X, y, sample_weight=sample_weight, groups=groups)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None, sample_weight=None, groups=None):
        """Fit, and return the normalised training matrices.

        Parameters
        ----------
        X : array-like of shape (n_matrices, n, n)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_matrices,) or None, default=None
        groups : array-like of shape (n_matrices,) or None, default=None

        Returns
        -------
        Z : ndarray of shape (n_matrices, n, n)
        """
        self._statistics = None
        return self._absorb(X, sample_weight, groups, rate=1.0)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None, groups=None):
        """Move mean and variance towards those of more matrices.

        Parameters
        ----------
        X : array-like of shape (n_matrices, n, n)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_matrices,) or None, default=None
        groups : array-like of shape (n_matrices,) or None, default=None
            As in the first call; a new group starts from its own matrices.

        Returns
        -------
        self : BuresWassersteinNormalizer
        """
        if not hasattr(self, "mean_"):
            self._statistics = None
        self._absorb(X, sample_weight, groups, rate=self.momentum)
        return self

    def transform(self, X, groups=None):
        """Normalise matrices.

        Parameters
        ----------
        X : array-like of shape (n_matrices, n, n)
        groups : array-like of shape (n_matrices,) or None, default=None
            Required when `fit` was given groups, and refused otherwise.

        Returns
        -------
        Z : ndarray of shape (n_matrices, n, n)
        """
        check_is_fitted(self)
        X = definite_matrices(X, self.eps, self.n_features_in_)
        groups = self._check_groups(groups, len(X))
        points, Z = self._chart.points(X), np.empty(X.shape)
        n_clipped = 0
        for group, rows in _rows(groups, len(X)):
            own = self._of_group(group, points[rows])
            Z[rows], clipped = self._place(self._chart.logs(points[rows], own.mean), own)
            n_clipped += clipped
        self._warn_clipped(n_clipped, len(X))
        return Z

    def inverse_transform(self, Z, groups=None):
        """Undo `transform`, exactly where nothing was clipped.

        Parameters
        ----------
        Z : array-like of shape (n_matrices, n, n)
            SPD matrices.
        groups : array-like of shape (n_matrices,) or None, default=None

        Returns
        -------
        X : ndarray of shape (n_matrices, n, n)
        """
        check_is_fitted(self)
        Z = definite_matrices(Z, self.eps, self.n_features_in_, "Z")
        groups = self._check_groups(groups, len(Z))
        points, X = self._chart.points(Z), np.empty(Z.shape)
        for group, rows in _rows(groups, len(Z)):
            own = self._of_group(group)
            V = self._chart.logs(points[rows], self._base(own), self.n_jobs) / self._factor(own)
            back, _ = self._chart.exps(V, own.mean, n_jobs=self.n_jobs)
            X[rows] = self._chart.matrices(back)
        return X

    # Steps

    def _absorb(self, X, sample_weight, groups, rate):
        """Learn from matrices, and return them normalised by what is then known."""
        first = self._statistics is None
        X = definite_matrices(X, self.eps, None if first else self.n_features_in_)
        weight = normalized_weight(sample_weight, len(X))
        if first:
            self.n_features_in_ = X.shape[-1]
            self._chart, self.metric_matrix_ = choose_chart(
                self.theta, self.metric_matrix, X, weight, self.tol, self.max_iter, self.n_jobs
            )
            self._statistics, self._has_groups = {}, groups is not None
            self._fixed_bias = self._given_bias(X)
        groups = self._check_groups(groups, len(X))
        points, Z = self._chart.points(X), np.empty(X.shape)
        self.n_clipped_ = 0
        for group, rows in _rows(groups, len(X)):
            own, V = self._measure(points[rows], weight[rows])
            if group in self._statistics and rate < 1.0:
                own = self._merge(self._statistics[group], own, rate)
                V = self._chart.logs(points[rows], own.mean, self.n_jobs)
            self._statistics[group] = own
            Z[rows], clipped = self._place(V, own)
            self.n_clipped_ += clipped
        self._publish()
        self._warn_clipped(self.n_clipped_, len(X))
        return Z

    def _given_bias(self, X):
        """The bias as a point of the chart; None for the mean."""
        if isinstance(self.bias, str) and self.bias == "mean":
            return None
        identity = np.eye(X.shape[-1])
        G = identity if isinstance(self.bias, str) else check_spd(self.bias, "bias", X)
        return self._chart.points(G)

    def _measure(self, points, weight):
        """Statistics of the points of one group, and their vectors at the identity."""
        if weight.sum() <= 0:
            raise ValueError("sample_weight is zero for all matrices of a group.")
        weight = weight / weight.sum()
        found = self._chart.mean(points, weight, self.tol, self.max_iter, self.n_jobs)
        V = self._chart.logs(points, found.mean, self.n_jobs)
        var = self._chart.variance(V, weight)
        return _Statistics(found.mean, var, found.n_iter, len(points)), V

    def _merge(self, old, new, rate):
        mean = self._chart.between(old.mean, new.mean, rate)
        var = (1.0 - rate) * old.var + rate * new.var
        return _Statistics(mean, var, new.n_iter, old.n_seen + new.n_seen)

    def _place(self, V, own):
        """Scale vectors at the identity and follow them from the bias; count the clipped."""
        if self.scale and own.var < self.tol:
            warnings.warn(
                f"The variance of {own.n_seen} matrices is {own.var:.3g}, below tol: they are "
                "centred, not scaled."
            )
        Z, clipped = self._chart.exps(
            self._factor(own) * V, self._base(own), self.clip, self.n_jobs
        )
        return self._chart.matrices(Z), int(clipped.sum())

    def _factor(self, own):
        if not self.scale or own.var < self.tol:
            return 1.0
        return self.shift / np.sqrt(own.var + self.eps)

    def _base(self, own):
        return own.mean if self._fixed_bias is None else self._fixed_bias

    def _of_group(self, group, points=None):
        if group in self._statistics:
            return self._statistics[group]
        if self.unseen == "error" or points is None:
            raise ValueError(
                f"groups holds {group!r}, which the fit hasn't seen; it saw "
                f"{list(self._statistics)[:10]}."
            )
        return self._measure(points, np.ones(len(points)))[0]

    def _check_groups(self, groups, n_matrices):
        if (groups is not None) != self._has_groups:
            wanted = "needed, as" if self._has_groups else "not taken, because"
            had = "given" if self._has_groups else "none"
            raise ValueError(f"groups are {wanted} the fit was {had} groups.")
        if groups is None:
            return None
        groups = np.asarray(groups)
        if groups.shape != (n_matrices,):
            raise ValueError(
                f"groups must have shape ({n_matrices},), one a matrix, got {groups.shape}."
            )
        return groups

    def _publish(self):
        """Set the fitted attributes from the statistics."""
        self.n_iter_ = max(own.n_iter for own in self._statistics.values())
        mean = {g: self._chart.matrices(own.mean) for g, own in self._statistics.items()}
        bias = {g: self._chart.matrices(self._base(own)) for g, own in self._statistics.items()}
        var = {g: own.var for g, own in self._statistics.items()}
        if not self._has_groups:
            mean, bias, var = mean[None], bias[None], var[None]
        self.mean_, self.bias_, self.var_ = mean, bias, var

    def _warn_clipped(self, n_clipped, n_matrices):
        if n_clipped:
            warnings.warn(
                f"{n_clipped} of {n_matrices} matrices lie so far from the mean that their "
                f"geodesics leave the manifold; they are clipped (clip={self.clip:g}). A smaller "
                "theta or shift helps."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


def _rows(groups, n_matrices):
    """Pairs of a group and its rows; without groups, None and all of them."""
    if groups is None:
        return [(None, np.arange(n_matrices))]
    return [(group, np.flatnonzero(groups == group)) for group in np.unique(groups).tolist()]
