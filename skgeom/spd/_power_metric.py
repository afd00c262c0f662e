"""Charts in which the power-deformed, generalised Bures-Wasserstein metric is the plain one.

A chart takes SPD matrices X to points Y where the mathematics of `_wasserstein` holds, and back.
"""

import warnings

import numpy as np

from skgeom.spd._domains import geodesic
from skgeom.spd._matrices import as_square, check_positive, eigh, expm, from_eigh, logm, symmetrize
from skgeom.spd._mean import KarcherResult
from skgeom.spd._wasserstein import barycentre, congruence, transported_exps, transported_logs

# Beyond this, or below its inverse, products of two matrices and of their powers overflow.
_LARGEST = 1e100
# Nearer to 0 the power metric is its limit, up to what roots of order 1 / theta lose to rounding.
_LEAST_THETA = 1e-6


def power(C, exponent):
    """Power of SPD matrices, shape (..., n, n)."""
    if exponent == 1:
        return C
    values, vectors = eigh(C)
    check_positive(values)
    largest = np.abs(exponent * np.log(values[..., [0, -1]])).max(initial=0)
    if largest > np.log(_LARGEST):
        raise ValueError(
            f"Power {exponent:.3g} of eigenvalues from {values.min():.3g} to {values.max():.3g} "
            "leaves the range of floats: take a theta (and a shift) nearer to 1, or rescale X."
        )
    return from_eigh(values**exponent, vectors)


class PowerChart:
    """X goes to ``M^-1/2 X^theta M^-1/2``; distances of X are those of Y over ``|theta|``.

    Parameters
    ----------
    theta : float
        Not 0.
    M : ndarray of shape (n, n) or None, default=None
        Metric matrix; None is the identity.
    """

    def __init__(self, theta, M=None):
        self.theta = theta
        self.root = None if M is None else power(M, 0.5)
        self.inverse_root = None if M is None else power(M, -0.5)

    def points(self, X):
        """Points Y of SPD matrices X, shape (..., n, n)."""
        Y = power(X, self.theta)
        if abs(self.theta) > 1:
            self._check_conditions(Y)
        return Y if self.root is None else symmetrize(congruence(Y, self.inverse_root))

    def _check_conditions(self, Y):
        values = np.linalg.eigvalsh(Y).reshape(-1, Y.shape[-1])
        lost = values[:, 0] <= values[:, -1] * Y.shape[-1] * np.finfo(float).eps
        if lost.any():
            raise ValueError(
                f"Power theta={self.theta:g} takes the condition number of matrix "
                f"{int(np.argmax(lost))} beyond the precision of floats: take a smaller theta."
            )

    def matrices(self, Y):
        """SPD matrices X of points Y, shape (..., n, n)."""
        if self.root is not None:
            Y = symmetrize(congruence(Y, self.root))
        return power(Y, 1.0 / self.theta)

    def mean(self, Y, weight, tol, max_iter, n_jobs=None):
        """Bures-Wasserstein mean of points, as a KarcherResult."""
        return barycentre(Y, weight, tol, max_iter, n_jobs=n_jobs)

    def logs(self, Y, mean, n_jobs=None):
        """Logarithms of points at the mean, carried to the identity."""
        return transported_logs(Y, mean, n_jobs)

    def exps(self, V, base, clip=0.0, n_jobs=None):
        """Points at the ends of geodesics from `base`, and which of them were clipped."""
        return transported_exps(V, base, clip, n_jobs)

    def variance(self, V, weight):
        """Weighted mean of the squared distances whose transported logarithms are `V`."""
        return float(weight @ np.sum(V * V, axis=(1, 2))) / (4.0 * self.theta**2)

    def between(self, A, B, t):
        """Point at `t` on the geodesic from A to B."""
        return geodesic(A, B, t, "wasserstein")


class LogChart(PowerChart):
    """The limit of small theta: X goes to log X, and all is flat."""

    def __init__(self):
        super().__init__(1.0)

    def points(self, X):
        """Logarithms of SPD matrices."""
        return logm(X)

    def matrices(self, Y):
        """Exponentials of symmetric matrices."""
        return expm(symmetrize(Y))

    def mean(self, Y, weight, tol, max_iter, n_jobs=None):
        """Arithmetic mean of the logarithms, as a KarcherResult."""
        return KarcherResult(np.tensordot(weight, Y, axes=1), 0, 0.0)

    def logs(self, Y, mean, n_jobs=None):
        """Differences to the mean."""
        return Y - mean

    def exps(self, V, base, clip=0.0, n_jobs=None):
        """Sums with `base`; nothing is ever clipped."""
        return base + V, np.zeros(len(V), dtype=bool)

    def between(self, A, B, t):
        """Point at `t` on the line from A to B."""
        return (1.0 - t) * A + t * B


def choose_chart(theta, metric_matrix, X, weight, tol, max_iter, n_jobs=None):
    """Chart for parameters of an estimator and its training matrices.

    Parameters
    ----------
    theta : float or "log"
    metric_matrix : {"identity", "mean", "inv_mean"} or array-like of shape (n, n)
    X : ndarray of shape (n_matrices, n, n)
    weight : ndarray of shape (n_matrices,)
        Sums to 1.
    tol, max_iter, n_jobs
        As in `barycentre`.

    Returns
    -------
    chart : PowerChart or LogChart
    M : ndarray of shape (n, n)
        The metric matrix.
    """
    identity = np.eye(X.shape[-1])
    plain = isinstance(metric_matrix, str) and metric_matrix == "identity"
    if theta == "log":
        if not plain:
            raise ValueError(
                'theta="log" is a flat metric, in which a metric matrix changes nothing: leave '
                'metric_matrix="identity".'
            )
        return LogChart(), identity
    if abs(theta) < _LEAST_THETA:
        raise ValueError(
            f"theta={theta} is nearer to 0 than {_LEAST_THETA:g}, where the power metric drowns in "
            'rounding; its limit is theta="log".'
        )
    if plain:
        return PowerChart(theta), identity
    if isinstance(metric_matrix, str):
        M = barycentre(power(X, theta), weight, tol, max_iter, n_jobs=n_jobs).mean
        M = power(M, -1.0) if metric_matrix == "inv_mean" else M
    else:
        M = check_spd(metric_matrix, "metric_matrix", X)
    return PowerChart(theta, M), M


def check_spd(M, name, like):
    """Return one SPD matrix of the size of the others, or raise ValueError."""
    M = as_square(M, name, like=like)
    check_positive(np.linalg.eigvalsh(M), name)
    _check_range(M[None], name)
    return symmetrize(M)


def _check_range(X, name):
    sizes = np.abs(X).max(axis=(1, 2))
    far = (sizes > _LARGEST) | ((sizes < 1 / _LARGEST) & (sizes > 0))
    if far.any():
        index = int(np.argmax(far))
        where = f"Matrix {index} of {name}" if len(X) > 1 else name
        raise ValueError(
            f"{where} has entries up to {sizes[index]:.3g}, whose products leave the range of "
            "floats (1e-100 to 1e100 is fine): rescale it."
        )


def definite_matrices(X, eps, n=None, name="X"):
    """Check SPD matrices; singular ones get a multiple of the identity.

    Parameters
    ----------
    X : array-like of shape (n_matrices, n, n)
    eps : float
        ``eps tr(X_i) / n`` is added to the diagonal of singular matrices, with a warning.
    n : int or None, default=None
        Number of rows that the matrices must have.
    name : str, default="X"
        Name of the parameter, for messages.

    Returns
    -------
    X : ndarray of shape (n_matrices, n, n)

    Raises
    ------
    ValueError
        For a wrong shape, and when a matrix is zero, indefinite, not symmetric, not finite or
        has entries too large or too small to multiply.
    """
    X = as_square(X, name)
    if X.ndim != 3 or len(X) == 0:
        raise ValueError(
            f"{name} must have shape (n_matrices, n, n) with at least one matrix, got {X.shape}."
        )
    if n is not None and X.shape[-1] != n:
        raise ValueError(f"{name} has matrices with {X.shape[-1]} rows, the fit had {n}.")
    _check_range(X, name)
    try:
        np.linalg.cholesky(X)
        return X
    except np.linalg.LinAlgError:
        return _regularized(X, eps, name)


def _regularized(X, eps, name):
    n = X.shape[-1]
    values = np.linalg.eigvalsh(X)
    rounding = 100 * n * np.finfo(float).eps * np.maximum(values[:, -1], 0.0)
    bad = (values[:, 0] < -rounding) | (values[:, -1] <= 0)
    if bad.any():
        index = int(np.argmax(bad))
        raise ValueError(
            f"Matrix {index} of {name} is not positive definite: its eigenvalues are from "
            f"{values[index, 0]:.3g} to {values[index, -1]:.3g}."
        )
    singular = values[:, 0] <= rounding
    warnings.warn(
        f"{singular.sum()} of {len(X)} matrices are singular (the first is matrix "
        f"{int(np.argmax(singular))}): eps={eps:g} times their mean eigenvalue is added to them."
    )
    added = np.where(singular, eps * np.trace(X, axis1=-2, axis2=-1) / n, 0.0)
    return X + added[:, None, None] * np.eye(n)
