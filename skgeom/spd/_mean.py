"""Karcher mean of SPD matrices under the affine-invariant metric."""

import warnings
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skgeom.spd._matrices import (
    as_numbers,
    as_square,
    check_positive,
    eigh,
    from_eigh,
    over_chunks,
    symmetrize,
)
from skgeom.spd._series import logs

# A Barzilai-Borwein step outside this interval is replaced by the full step 1.
STEP_RANGE = (0.05, 5.0)
# How often in a row the gradient may fail to shrink before the iteration has met rounding error.
MAX_STALLED = 3


class KarcherResult(NamedTuple):
    """A mean and how it was reached.

    Attributes
    ----------
    mean : ndarray of shape (n, n)
    n_iter : int
    grad_norm : float
        Norm of the gradient where the iterations ended.
    inverse : ndarray of shape (n, n) or None
        Inverse of a factor S of the mean, M = S S^T.
    logs : ndarray of shape (n_matrices, n, n) or None
        Logarithms of the matrices as seen from that factor, S^-1 C S^-T; kept on request,
        because tangent vectors at the mean follow from them.
    """

    mean: np.ndarray
    n_iter: int
    grad_norm: float
    inverse: np.ndarray | None = None
    logs: np.ndarray | None = None


def karcher_mean(C, *, sample_weight=None, tol=1e-6, max_iter=50, init=None, n_jobs=None):
    r"""Karcher mean (geometric mean, Fréchet mean) of SPD matrices.

    .. math:: M = \arg\min_M \sum_i w_i \| \log(M^{-1/2} C_i M^{-1/2}) \|_F^2

    Parameters
    ----------
    C : array-like of shape (..., n_matrices, n, n)
        SPD matrices.
    sample_weight : array-like of shape (n_matrices,) or None, default=None
        Non-negative weights; None means equal ones.
    tol : float, default=1e-6
        Iterations stop when the Frobenius norm of the gradient in whitened coordinates,
        ``sum_i w_i log(M^-1/2 C_i M^-1/2)`` with weights that sum to 1, is at most this.
    max_iter : int, default=50
        Most iterations.
    init : array-like of shape (n, n) or None, default=None
        Where to start; None is the arithmetic mean.
    n_jobs : int or None, default=None
        Number of threads. The result has the same bits for any number.

    Returns
    -------
    M : ndarray of shape (..., n, n)

    Raises
    ------
    ValueError
        When a matrix isn't positive definite.

    Notes
    -----
    Riemannian gradient descent with Barzilai-Borwein steps [1]_. With a factor S of the iterate,
    M = S S^T, and J the gradient seen from S, the next factor is S exp(step J / 2): along this
    geodesic the previous gradient has the same coordinates in the new frame, so the step needs
    no transport and an iteration decomposes J besides the n_matrices whitened matrices.

    References
    ----------
    .. [1] B. Iannazzo, M. Porcelli, "The Riemannian Barzilai-Borwein method with nonmonotone
       line search and the matrix geometric mean computation", IMA Journal of Numerical Analysis
       38(1), 2018.
    .. [2] M. Moakher, "A differential geometric approach to the geometric mean of symmetric
       positive-definite matrices", SIAM J. Matrix Anal. Appl. 26(3), 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.spd import karcher_mean
    >>> karcher_mean([np.diag([1.0, 4.0]), np.diag([4.0, 1.0])]).round(6)
    array([[2., 0.],
           [0., 2.]])
    """
    C = as_square(C)
    if C.ndim < 3 or C.shape[-3] == 0:
        raise ValueError(f"C must have shape (..., n_matrices, n, n) with matrices, got {C.shape}.")
    weight = normalized_weight(sample_weight, C.shape[-3])
    if not isinstance(tol, Real) or not tol >= 0:
        raise ValueError(f"tol must be a number of at least 0, got {tol!r}.")
    if not isinstance(max_iter, Integral) or max_iter < 0:
        raise ValueError(f"max_iter must be an integer of at least 0, got {max_iter!r}.")
    if C.ndim == 3:
        return descend(C, weight, tol, max_iter, init, n_jobs).mean
    flat = C.reshape(-1, *C.shape[-3:])
    means = [descend(group, weight, tol, max_iter, init, n_jobs).mean for group in flat]
    return np.stack(means).reshape(*C.shape[:-3], *C.shape[-2:])


def normalized_weight(sample_weight, n_matrices):
    """Return weights that sum to 1, shape (n_matrices,); None stands for equal ones."""
    if sample_weight is None:
        return np.full(n_matrices, 1.0 / n_matrices)
    weight = as_numbers(sample_weight, "sample_weight")
    if weight.shape != (n_matrices,):
        raise ValueError(
            f"sample_weight must have shape ({n_matrices},), one weight a matrix, got "
            f"{weight.shape}."
        )
    if not np.all(np.isfinite(weight)) or weight.min() < 0 or weight.sum() <= 0:
        raise ValueError("sample_weight must be finite, non-negative and not all zero.")
    return weight / weight.sum()


def descend(C, weight, tol=1e-6, max_iter=50, init=None, n_jobs=None, keep=False):
    """Run the iteration of `karcher_mean`.

    Parameters
    ----------
    C : ndarray of shape (n_matrices, n, n)
    weight : ndarray of shape (n_matrices,)
        Sums to 1.
    tol, max_iter, init, n_jobs
        As in `karcher_mean`.
    keep : bool, default=False
        Keep the logarithms of the last iteration.

    Returns
    -------
    result : KarcherResult
    """
    kept = np.empty(C.shape) if keep else None
    start = np.tensordot(weight, C, axes=1) if init is None else as_square(init, "init", like=C)

    def gradient(factor, inverse):
        return mean_log(C, weight, inverse, n_jobs, kept)

    what = "arithmetic mean" if init is None else "init"
    return iterate(start, gradient, tol, max_iter, what)._replace(logs=kept)


def iterate(start, gradient, tol, max_iter, what="start"):
    """Riemannian gradient descent with Barzilai-Borwein steps.

    Parameters
    ----------
    start : ndarray of shape (n, n)
        SPD.
    gradient : callable
        ``gradient(factor, inverse)`` is the negative gradient at ``factor @ factor.T`` as seen
        from `factor`, whose inverse is `inverse`.
    tol : float
    max_iter : int
    what : str
        Name of `start`, for messages.

    Returns
    -------
    result : KarcherResult
    """
    values, vectors = eigh(start)
    check_positive(values, what)
    factor = from_eigh(np.sqrt(values), vectors)
    inverse = from_eigh(1.0 / np.sqrt(values), vectors)
    J = gradient(factor, inverse)
    norm = best = np.linalg.norm(J)
    step, stalled, n_iter = 1.0, 0, 0
    while norm > tol and n_iter < max_iter and stalled < MAX_STALLED:
        values, vectors = np.linalg.eigh(J)
        factor = factor @ from_eigh(np.exp(0.5 * step * values), vectors)
        inverse = from_eigh(np.exp(-0.5 * step * values), vectors) @ inverse
        previous, J = J, gradient(factor, inverse)
        step = next_step(step, previous, J)
        norm, n_iter = np.linalg.norm(J), n_iter + 1
        stalled = stalled + 1 if norm > 0.9 * best else 0
        best = min(best, norm)
    # With condition numbers near 1 / eps the gradient is rounding error long before it is tol.
    if norm > max(tol, 1e-3):
        warnings.warn(
            f"The Karcher mean did not converge in {n_iter} iterations: the gradient has norm "
            f"{norm:.2g}, tol is {tol:.2g}. Regularise the matrices, or raise max_iter or tol.",
            ConvergenceWarning,
        )
    return KarcherResult(symmetrize(factor @ factor.T), n_iter, float(norm), inverse)


def next_step(step, previous, J):
    """Barzilai-Borwein step: the change of place over the change of gradient.

    Parameters
    ----------
    step : float
        The last step, along `previous`.
    previous, J : ndarray
        Negative gradients before and after it, in coordinates that the step carries along.

    Returns
    -------
    step : float
        1 where the gradients don't say, or say something extreme.
    """
    change = previous - J
    curvature = np.vdot(previous, change)
    if curvature <= 0:
        return 1.0
    step = step * np.vdot(previous, previous) / curvature
    return step if STEP_RANGE[0] < step < STEP_RANGE[1] else 1.0


def mean_log(C, weight, inverse, n_jobs, kept=None):
    """Weighted sum of the logarithms of matrices whitened by `inverse`, shape (n, n)."""

    def part(start, stop):
        own = logs(whiten(C[start:stop], inverse))
        if kept is not None:
            kept[start:stop] = own
        return np.tensordot(weight[start:stop], own, axes=1)

    return symmetrize(sum(over_chunks(part, C, n_jobs)))


def mean_of_logs(result, rows):
    """Return the exponential of the mean logarithm of some matrices, from a kept iteration.

    Parameters
    ----------
    result : KarcherResult
        With `logs`.
    rows : ndarray of int or bool
        Which matrices.

    Returns
    -------
    M : ndarray of shape (n, n)
        One step of the iteration for these matrices alone.
    """
    values, vectors = eigh(symmetrize(result.logs[rows].mean(axis=0)))
    half = np.linalg.inv(result.inverse) @ from_eigh(np.exp(0.5 * values), vectors)
    return symmetrize(half @ half.T)


def whiten(C, inverse):
    """Return ``inverse @ C_i @ inverse.T``, symmetric up to rounding, shape (n_matrices, n, n)."""
    return inverse @ C @ np.swapaxes(inverse, -1, -2)
