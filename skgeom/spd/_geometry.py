"""Distances, maps and means of SPD matrices under five Riemannian metrics."""

import numpy as np

from skgeom._core.parallel import single_blas_thread
from skgeom.spd._masked import masked_mean, masked_squared_distances, observed_rows
from skgeom.spd._matrices import (
    as_numbers,
    as_square,
    check_positive,
    eigh,
    expm,
    from_eigh,
    from_upper_vectors,
    invsqrtm,
    logm,
    over_chunks,
    sqrtm,
    symmetrize,
    upper_vectors,
)
from skgeom.spd._mean import KarcherResult, descend, whiten
from skgeom.spd._series import logs
from skgeom.spd._wasserstein import (
    exp_map_wasserstein,
    log_map_wasserstein,
    mean_wasserstein,
    squared_distance_wasserstein,
)

METRICS = ("riemann", "logeuclid", "euclid", "logchol", "wasserstein")


def distance(A, B, *, metric="riemann", squared=False):
    r"""Distance between SPD matrices.

    Parameters
    ----------
    A, B : array-like of shape (..., n, n)
        SPD matrices; leading dimensions are broadcast.
    metric : {"riemann", "logeuclid", "euclid", "logchol", "wasserstein"}, default="riemann"
        - "riemann": affine-invariant, :math:`\sqrt{\sum_i \log^2 \lambda_i(A^{-1} B)}`;
        - "logeuclid": :math:`\|\log A - \log B\|_F`;
        - "euclid": :math:`\|A - B\|_F`;
        - "logchol": Frobenius norm between the Cholesky factors, their diagonals in logarithms;
        - "wasserstein": Bures-Wasserstein, :math:`\sqrt{\mathrm{tr}(A + B - 2 (A^{1/2} B
          A^{1/2})^{1/2})}`.
    squared : bool, default=False
        Return the square of the distance.

    Returns
    -------
    d : ndarray of shape (...)

    References
    ----------
    .. [1] X. Pennec, P. Fillard, N. Ayache, "A Riemannian framework for tensor computing",
       Int. J. of Computer Vision 66(1), 2006.
    .. [2] Z. Lin, "Riemannian geometry of symmetric positive definite matrices via Cholesky
       decomposition", SIAM J. Matrix Anal. Appl. 40(4), 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.spd import distance
    >>> float(distance(np.eye(2), np.diag([np.e, np.e])).round(6))
    1.414214
    """
    A, B = as_square(A, "A"), as_square(B, "B")
    if A.shape[-1] != B.shape[-1]:
        raise ValueError(f"A and B must hold matrices of one size, got {A.shape} and {B.shape}.")
    check_metric(metric)
    if metric == "riemann":
        with single_blas_thread():
            square = np.sum(np.log(_relative_eigenvalues(A, B)) ** 2, axis=-1)
    elif metric == "wasserstein":
        square = squared_distance_wasserstein(A, B)
    else:
        chart = _CHARTS[metric][0]
        square = np.sum((chart(A) - chart(B)) ** 2, axis=(-2, -1))
    return square if squared else np.sqrt(square)


def _relative_eigenvalues(A, B):
    """Eigenvalues of A^-1 B through the Cholesky factor of A."""
    factor = _cholesky(A)
    identity = np.broadcast_to(np.eye(A.shape[-1]), factor.shape)
    inverse = np.linalg.solve(factor, identity)
    values = np.linalg.eigvalsh(symmetrize(inverse @ B @ np.swapaxes(inverse, -1, -2)))
    check_positive(values)
    return values


def log_map(C, M, *, metric="riemann"):
    r"""Logarithmic map: the tangent vector at `M` that points to `C`.

    Parameters
    ----------
    C : array-like of shape (..., n, n)
        SPD matrices.
    M : array-like of shape (n, n)
        SPD, the base point.
    metric : {"riemann", "logeuclid", "euclid", "logchol", "wasserstein"}, default="riemann"
        For "riemann" the map is
        :math:`M^{1/2} \log(M^{-1/2} C M^{-1/2}) M^{1/2}`.

    Returns
    -------
    V : ndarray of shape (..., n, n)
        Symmetric.
    """
    C = as_square(C)
    M = as_square(M, "M", like=C)
    check_metric(metric)
    if metric == "riemann":
        inverse, root = invsqrtm(M), sqrtm(M)
        return symmetrize(root @ logm(whiten(C, inverse)) @ root)
    return _CHART_MAPS[metric][0](C, M)


def exp_map(V, M, *, metric="riemann"):
    """Exponential map: where the geodesic from `M` with initial velocity `V` is at time 1.

    Parameters
    ----------
    V : array-like of shape (..., n, n)
        Symmetric tangent vectors.
    M : array-like of shape (n, n)
        SPD, the base point.
    metric : {"riemann", "logeuclid", "euclid", "logchol", "wasserstein"}, default="riemann"

    Returns
    -------
    C : ndarray of shape (..., n, n)
        SPD (for "euclid" only as long as `V` is small).
    """
    V = as_square(V, "V")
    M = as_square(M, "M", like=V)
    check_metric(metric)
    if metric == "riemann":
        inverse, root = invsqrtm(M), sqrtm(M)
        return symmetrize(root @ expm(whiten(V, inverse)) @ root)
    return _CHART_MAPS[metric][1](V, M)


def tangent_vectors(C, M, *, metric="riemann", n_jobs=None):
    r"""Coordinates of SPD matrices in the tangent space at `M`.

    Parameters
    ----------
    C : array-like of shape (..., n, n)
        SPD matrices.
    M : array-like of shape (n, n)
        SPD, the reference.
    metric : {"riemann", "logeuclid", "euclid", "logchol", "wasserstein"}, default="riemann"
        For "riemann" the vector holds :math:`\log(M^{-1/2} C M^{-1/2})`, so that Euclidean
        lengths are distances to `M`; for the others it holds `log_map`, as in pyriemann.
    n_jobs : int or None, default=None
        Number of threads.

    Returns
    -------
    v : ndarray of shape (..., n (n + 1) / 2)
        Upper triangle row by row, entries off the diagonal times sqrt(2).
    """
    C = as_square(C)
    M = as_square(M, "M", like=C)
    check_metric(metric)
    n = C.shape[-1]
    flat = C.reshape(-1, n, n)
    if metric == "riemann":
        vectors = whitened_logs(flat, invsqrtm(M), n_jobs)
    else:
        vectors = upper_vectors(log_map(flat, M, metric=metric))
    return vectors.reshape(*C.shape[:-2], n * (n + 1) // 2)


def whitened_logs(C, whitener, n_jobs=None):
    """Tangent vectors at the matrix whose inverse square root is `whitener`.

    Parameters
    ----------
    C : ndarray of shape (n_matrices, n, n)
    whitener : ndarray of shape (n, n)
    n_jobs : int or None, default=None

    Returns
    -------
    v : ndarray of shape (n_matrices, n (n + 1) / 2)
    """
    n = C.shape[-1]
    out = np.empty((len(C), n * (n + 1) // 2))

    def part(start, stop):
        upper_vectors(logs(whiten(C[start:stop], whitener)), out=out[start:stop])

    over_chunks(part, C, n_jobs)
    return out


def logs_at_mean(result, whitener, n_jobs=None):
    """Tangent vectors at a Karcher mean from the logarithms its iteration has kept.

    Parameters
    ----------
    result : KarcherResult
        With `logs`.
    whitener : ndarray of shape (n, n)
        Inverse square root of the mean.
    n_jobs : int or None, default=None

    Returns
    -------
    v : ndarray of shape (n_matrices, n (n + 1) / 2)
    """
    # M^-1/2 = Q S^-1 with an orthogonal Q: the two views of a matrix differ by a rotation
    rotation = whitener @ np.linalg.inv(result.inverse)
    n = len(whitener)
    out = np.empty((len(result.logs), n * (n + 1) // 2))

    def part(start, stop):
        upper_vectors(whiten(result.logs[start:stop], rotation), out=out[start:stop])

    over_chunks(part, result.logs, n_jobs)
    return out


def inverse_tangent_vectors(v, M, *, metric="riemann"):
    """Invert `tangent_vectors`.

    Parameters
    ----------
    v : array-like of shape (..., n (n + 1) / 2)
    M : array-like of shape (n, n)
    metric : {"riemann", "logeuclid", "euclid", "logchol", "wasserstein"}, default="riemann"

    Returns
    -------
    C : ndarray of shape (..., n, n)
    """
    V = from_upper_vectors(as_numbers(v, "v"))
    M = as_square(M, "M", like=V)
    check_metric(metric)
    if metric == "riemann":
        root = sqrtm(M)
        return symmetrize(root @ expm(V) @ root)
    return exp_map(V, M, metric=metric)


def metric_mean(
    C, weight, metric="riemann", *, tol=1e-6, max_iter=50, init=None, n_jobs=None, keep=False
):
    """Weighted mean of SPD matrices under a metric.

    Parameters
    ----------
    C : ndarray of shape (n_matrices, n, n)
    weight : ndarray of shape (n_matrices,)
        Sums to 1.
    metric : {"riemann", "logeuclid", "euclid", "logchol", "wasserstein"} or callable
        A callable is called with the matrices and ``sample_weight``.
    tol, max_iter, init, n_jobs, keep
        As in `descend`; the flat metrics have means in closed form. With "riemann" rows and
        columns of NaN are missing ones.

    Returns
    -------
    result : KarcherResult
    """
    if callable(metric):
        return KarcherResult(as_square(metric(C, sample_weight=weight), "metric", like=C), 0, 0.0)
    check_metric(metric)
    if metric == "riemann":
        if not observed_rows(C).all():
            return masked_mean(C, weight, tol, max_iter, init, n_jobs)
        return descend(C, weight, tol, max_iter, init, n_jobs, keep)
    if metric == "wasserstein":
        return KarcherResult(mean_wasserstein(C, weight, tol, max_iter, init), 0, 0.0)
    chart, back = _CHARTS[metric]
    with single_blas_thread():
        return KarcherResult(back(np.tensordot(weight, chart(C), axes=1)), 0, 0.0)


def inverse_factors(M):
    """Inverses L^-1 of the Cholesky factors of SPD matrices, M = L L^T, shape (..., n, n)."""
    with single_blas_thread():
        return np.linalg.inv(_cholesky(M))


def squared_distances(C, means, metric="riemann", n_jobs=None, inverses=None):
    """Squared distances of matrices to a few means.

    Parameters
    ----------
    C : ndarray of shape (n_matrices, n, n)
    means : ndarray of shape (n_means, n, n)
    metric : {"riemann", "logeuclid", "euclid", "logchol", "wasserstein"} or callable
        A callable is called with the matrices, one mean and ``squared=True``.
    n_jobs : int or None, default=None
    inverses : ndarray of shape (n_means, n, n) or None, default=None
        `inverse_factors` of the means, where they are known already.

    Returns
    -------
    squares : ndarray of shape (n_matrices, n_means)
    """
    if callable(metric):
        return np.stack([metric(C, M, squared=True) for M in means], axis=1)
    if metric != "riemann":
        return np.stack([distance(C, M, metric=metric, squared=True) for M in means], axis=1)
    if not observed_rows(C).all():
        return masked_squared_distances(C, means, squared_distances)
    # Any factor with M = L L^T whitens as well as M^1/2 where only eigenvalues are wanted.
    inverses = inverse_factors(means) if inverses is None else inverses
    squares = np.empty((len(C), len(means)))

    def part(start, stop):
        values = np.linalg.eigvalsh(whiten(C[start:stop, None], inverses))
        check_positive(values[:, 0])  # whitening changes no sign
        np.sum(np.log(values) ** 2, axis=-1, out=squares[start:stop])

    over_chunks(part, C, n_jobs)
    return squares


def check_metric(metric):
    """Raise ValueError when `metric` isn't one of `METRICS`."""
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {METRICS}, got {metric!r}.")


# Flat metrics: a chart into symmetric or triangular matrices and its inverse, and the
# logarithmic and exponential maps.


def _cholesky(C):
    try:
        return np.linalg.cholesky(C)
    except np.linalg.LinAlgError:
        check_positive(np.linalg.eigvalsh(C))
        raise


def _log_cholesky(C):
    factor = _cholesky(C)
    diagonal = np.arange(C.shape[-1])
    factor[..., diagonal, diagonal] = np.log(factor[..., diagonal, diagonal])
    return factor


def _from_log_cholesky(factor):
    factor = factor.copy()
    diagonal = np.arange(factor.shape[-1])
    factor[..., diagonal, diagonal] = np.exp(factor[..., diagonal, diagonal])
    return factor @ np.swapaxes(factor, -1, -2)


def _log_map_logeuclid(C, M):
    values, vectors = eigh(M)
    check_positive(values, "reference")
    difference = logm(C) - from_eigh(np.log(values), vectors)
    slopes = _exp_slopes(np.log(values))
    return symmetrize(vectors @ (slopes * (vectors.T @ difference @ vectors)) @ vectors.T)


def _exp_map_logeuclid(V, M):
    values, vectors = eigh(M)
    check_positive(values, "reference")
    slopes = _exp_slopes(np.log(values))
    difference = vectors @ ((vectors.T @ V @ vectors) / slopes) @ vectors.T
    return expm(symmetrize(difference + from_eigh(np.log(values), vectors)))


def _exp_slopes(x):
    """Divided differences of exp: (exp x_i - exp x_j) / (x_i - x_j), exp(x_i) where equal."""
    half = 0.5 * (x[:, None] - x[None, :])
    ratio = np.ones_like(half)
    np.divide(np.sinh(half), half, out=ratio, where=np.abs(half) > 1e-8)
    return np.exp(0.5 * (x[:, None] + x[None, :])) * ratio


def _log_map_logchol(C, M):
    factor, reference = _cholesky(C), _cholesky(M)
    velocity = np.tril(factor - reference, -1)
    i = np.arange(M.shape[-1])
    velocity[..., i, i] = reference[i, i] * np.log(factor[..., i, i] / reference[i, i])
    return 2.0 * symmetrize(reference @ np.swapaxes(velocity, -1, -2))


def _exp_map_logchol(V, M):
    reference = _cholesky(M)
    inverse = np.linalg.inv(reference)
    bracket = np.tril(inverse @ V @ inverse.T)
    i = np.arange(M.shape[-1])
    bracket[..., i, i] /= 2.0
    factor = np.tril(reference + reference @ bracket, -1)
    factor[..., i, i] = reference[i, i] * np.exp(bracket[..., i, i])
    return factor @ np.swapaxes(factor, -1, -2)


_CHARTS = {
    "logeuclid": (logm, expm),
    "euclid": (np.asarray, np.asarray),
    "logchol": (_log_cholesky, _from_log_cholesky),
}
_CHART_MAPS = {
    "logeuclid": (_log_map_logeuclid, _exp_map_logeuclid),
    "euclid": (lambda C, M: symmetrize(C - M), lambda V, M: V + M),
    "logchol": (_log_map_logchol, _exp_map_logchol),
    "wasserstein": (log_map_wasserstein, exp_map_wasserstein),
}
