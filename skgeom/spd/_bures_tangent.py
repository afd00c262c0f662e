"""Tangent vectors of SPD matrices under the generalised Bures-Wasserstein metric."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from skgeom._core.checks import check_finite_rows
from skgeom._core.estimator import DocLinkMixin
from skgeom.spd._matrices import as_numbers, from_upper_vectors, upper_vectors
from skgeom.spd._mean import normalized_weight
from skgeom.spd._names import pair_names
from skgeom.spd._power_metric import choose_chart, definite_matrices


class BuresWassersteinTangentSpace(DocLinkMixin, TransformerMixin, BaseEstimator):
    r"""Vectors of SPD matrices in the Bures-Wasserstein tangent space at their mean.

    The logarithm of a matrix at the mean of the training matrices, carried to the identity by
    parallel transport [1]_, as a vector for any classifier: the upper triangle, entries off the
    diagonal times :math:`\sqrt 2`. Its length is :math:`2 |\theta|` times the distance to the
    mean (twice the distance with ``theta="log"``).

    Read more in the :ref:`User Guide <bures_wasserstein>`.

    Parameters
    ----------
    theta : float or "log", default=1.0
        Power that deforms the metric, not 0; "log" is its limit, the log-Euclidean metric.
    metric_matrix : str or array-like of shape (n, n), default="identity"
        "identity", "mean", "inv_mean" or the matrix M of the generalised metric, as in
        `BuresWassersteinNormalizer`.
    eps : float, default=1e-5
        Multiple of the mean eigenvalue that singular matrices get on their diagonal, with a
        warning.
    tol : float, default=1e-8
        The mean stops moving when the gradient is this share of its size.
    max_iter : int, default=50
        Most iterations of the mean.
    n_jobs : int or None, default=None
        Number of threads. The result has the same bits for any number.

    Attributes
    ----------
    mean_ : ndarray of shape (n, n)
        Mean of the training matrices under the metric.
    metric_matrix_ : ndarray of shape (n, n)
        Matrix M.
    n_iter_ : int
        Iterations of the mean.
    n_features_in_ : int
        Number n of rows of a matrix.

    See Also
    --------
    BuresWassersteinNormalizer : Matrices in, normalised matrices out.

    References
    ----------
    .. [1] R. Wang, S. Jin, Z. Chen, X. Luo, X.-J. Wu, "Learning to normalize on the SPD manifold
       under Bures-Wasserstein geometry", CVPR 2025, arXiv:2504.00660.
    .. [2] Y. Thanwerdas, X. Pennec, "O(n)-invariant Riemannian metrics on SPD matrices", Linear
       Algebra and its Applications 661, 2023, arXiv:2109.05768.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.spd import BuresWassersteinTangentSpace
    >>> X = np.array([np.diag([1.0, 4.0]), np.diag([9.0, 16.0])])
    >>> BuresWassersteinTangentSpace().fit_transform(X).round(6)
    array([[-2.,  0., -2.],
           [ 2.,  0.,  2.]])
    """

    __metadata_request__inverse_transform = {"V": UNUSED}

    _parameter_constraints: dict = {
        "theta": [Interval(Real, None, None, closed="neither"), StrOptions({"log"})],
        "metric_matrix": [StrOptions({"identity", "mean", "inv_mean"}), "array-like"],
        "eps": [Interval(Real, 0, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        theta=1.0,
        *,
        metric_matrix="identity",
        eps=1e-5,
        tol=1e-8,
        max_iter=50,
        n_jobs=None,
    ):
        self.theta = theta
        self.metric_matrix = metric_matrix
        self.eps = eps
        self.tol = tol
        self.max_iter = max_iter
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Find the mean.

        Parameters
        ----------
        X : array-like of shape (n_matrices, n, n)
            SPD matrices.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_matrices,) or None, default=None

        Returns
        -------
        self : BuresWassersteinTangentSpace
        """
        X = definite_matrices(X, self.eps)
        weight = normalized_weight(sample_weight, len(X))
        self._chart, self.metric_matrix_ = choose_chart(
            self.theta, self.metric_matrix, X, weight, self.tol, self.max_iter, self.n_jobs
        )
        points = self._chart.points(X)
        found = self._chart.mean(points, weight, self.tol, self.max_iter, self.n_jobs)
        self._mean, self.n_iter_ = found.mean, found.n_iter
        self.mean_ = self._chart.matrices(found.mean)
        self.n_features_in_ = X.shape[-1]
        return self

    def transform(self, X):
        """Tangent vectors of matrices.

        Parameters
        ----------
        X : array-like of shape (n_matrices, n, n)

        Returns
        -------
        V : ndarray of shape (n_matrices, n (n + 1) / 2)
        """
        check_is_fitted(self)
        X = definite_matrices(X, self.eps, self.n_features_in_)
        return upper_vectors(self._chart.logs(self._chart.points(X), self._mean, self.n_jobs))

    def inverse_transform(self, V):
        """SPD matrices of tangent vectors.

        Parameters
        ----------
        V : array-like of shape (n_matrices, n (n + 1) / 2)

        Returns
        -------
        X : ndarray of shape (n_matrices, n, n)

        Raises
        ------
        ValueError
            When a vector is so long that its geodesic leaves the manifold.
        """
        check_is_fitted(self)
        n = self.n_features_in_
        V = as_numbers(V, "V")
        if V.ndim != 2 or V.shape[1] != n * (n + 1) // 2:
            raise ValueError(f"V must have shape (n_matrices, {n * (n + 1) // 2}), got {V.shape}.")
        check_finite_rows(V, name="V")
        with np.errstate(over="ignore", invalid="ignore"):
            points, left = self._chart.exps(from_upper_vectors(V), self._mean, n_jobs=self.n_jobs)
        left |= ~np.isfinite(points).all(axis=(1, 2))
        if left.any():
            raise ValueError(
                f"Row {int(np.argmax(left))} of V is too long: its geodesic from the mean leaves "
                "the manifold of SPD matrices."
            )
        return self._chart.matrices(points)

    def get_feature_names_out(self, input_features=None):
        """Names of the entries on and above the diagonal, row by row.

        Parameters
        ----------
        input_features : array-like of str, shape (n,), or None, default=None
            Names of the rows of the matrices; None is x0, x1, ...

        Returns
        -------
        names : ndarray of str, shape (n (n + 1) / 2,)
        """
        check_is_fitted(self)
        if input_features is None:
            input_features = [f"x{i}" for i in range(self.n_features_in_)]
        if len(input_features) != self.n_features_in_:
            raise ValueError(
                f"input_features should have length equal to the number of rows "
                f"({self.n_features_in_}), got {len(input_features)}."
            )
        return pair_names(list(input_features), None)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags
