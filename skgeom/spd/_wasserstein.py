"""The Bures-Wasserstein metric: optimal transport between centred Gaussians.

``d^2(A, B) = tr(A + B - 2 (A^1/2 B A^1/2)^1/2)``. With any factor F of the base point, A = F F^T,
the optimal map from A to B = T A T is ``T = F^-T S F^-1`` where ``S = (F^T B F)^1/2``.
Everything here follows from S, so that a triangular factor does what A^1/2 does elsewhere.
"""

import warnings
from contextlib import contextmanager, nullcontext

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skgeom._core.parallel import single_blas_thread
from skgeom.spd._matrices import check_positive, eigh, over_chunks, symmetrize
from skgeom.spd._mean import MAX_STALLED, KarcherResult, next_step
from skgeom.spd._polar import by_products, orthogonal_factors

# Below this ratio of its eigenvalues S^2 has lost the small ones to rounding: S is then found from
# the singular values of F^T K with B = K K^T, whose ratio is the square root of that.
_VAGUE = 1e-12
_FEW, _SMALL, _TEMPORARIES = 2**16, 64, 4


def squared_distance_wasserstein(A, B):
    """Squared distances of SPD matrices, shape (...); leading dimensions are broadcast."""
    if A.size > B.size:
        A, B = B, A
    shape = np.broadcast_shapes(A.shape, B.shape)
    with nullcontext() if _are_few(B) else single_blas_thread(), _positive(A, B):
        factor = np.linalg.cholesky(A)
        values = np.linalg.eigvalsh(np.swapaxes(factor, -1, -2) @ B @ factor)
        vague = _vague(values)
        roots = np.sqrt(np.maximum(values, 0.0))
        if vague.any():
            factor, B = np.broadcast_to(factor, shape)[vague], np.broadcast_to(B, shape)[vague]
            product = np.swapaxes(factor, -1, -2) @ np.linalg.cholesky(B)
            roots[vague] = np.linalg.svd(product, compute_uv=False)
    traces = np.trace(A, axis1=-2, axis2=-1) + np.trace(B, axis1=-2, axis2=-1)
    return np.maximum(traces - 2.0 * roots.sum(axis=-1), 0.0)


def log_map_wasserstein(C, M, n_jobs=None):
    """Tangent vectors at `M` that point to `C`, shape (..., n, n)."""
    with _positive(M):
        factor = np.linalg.cholesky(M)
    inverse = np.linalg.inv(factor)

    def logs(C):
        move = factor @ square_roots(C, factor) @ inverse
        move -= M
        return move + np.swapaxes(move, -1, -2)

    with _positive(C):
        return _mapped(logs, C, n_jobs)


def exp_map_wasserstein(V, M, n_jobs=None):
    """Ends of the geodesics from `M` with initial velocities `V`, shape (..., n, n)."""
    values, vectors = eigh(M)
    check_positive(values)
    roots, back = np.sqrt(values)[:, None], vectors.T
    rows, solve = roots * back, roots / (values[:, None] + values)

    def ends(V):
        moved = back @ _times_one(V, vectors)
        moved *= solve
        moved = _times_one(moved, back)
        moved += rows
        return _transposed(moved) @ moved

    return _mapped(ends, V, n_jobs)


def mean_wasserstein(C, weight, tol, max_iter, init=None):
    """Weighted mean of SPD matrices, shape (n, n)."""
    return barycentre(C, weight, tol, max_iter, init).mean


def barycentre(C, weight, tol=1e-8, max_iter=50, init=None, n_jobs=None):
    """Weighted Bures-Wasserstein mean of SPD matrices, and how it was reached.

    Parameters
    ----------
    C : ndarray of shape (n_matrices, n, n)
    weight : ndarray of shape (n_matrices,)
        Sums to 1.
    tol : float, default=1e-8
        Iterations stop when the Riemannian norm of the gradient is at most this share of
        sqrt(tr M), the distance of the mean to zero.
    max_iter : int, default=50
    init : ndarray of shape (n, n) or None, default=None
        Where to start; None is the arithmetic mean.
    n_jobs : int or None, default=None

    Returns
    -------
    result : KarcherResult

    Notes
    -----
    With a factor F of the iterate, the fixed point of Álvarez-Esteban et al. (2016) goes to
    F^-T S, S the mean of the roots (F^T C_i F)^1/2. The way there, F^-T S - F, is the negative
    gradient, its Frobenius norm the Riemannian one; Barzilai-Borwein steps lengthen it.
    """
    start = np.tensordot(weight, C, axes=1) if init is None else init
    with _positive(start):
        factor = np.linalg.cholesky(start)
    with _positive(C):
        direction = _to_mean(C, weight, factor, n_jobs)
        norm = best = np.linalg.norm(direction) / np.linalg.norm(factor)
        step, stalled, n_iter = 1.0, 0, 0
        while norm > tol and n_iter < max_iter and stalled < MAX_STALLED:
            factor = factor + step * direction
            previous, direction = direction, _to_mean(C, weight, factor, n_jobs)
            step = next_step(step, previous, direction)
            norm, n_iter = np.linalg.norm(direction) / np.linalg.norm(factor), n_iter + 1
            stalled = stalled + 1 if norm > 0.9 * best else 0
            best = min(best, norm)
    if norm > max(tol, 1e-3):
        warnings.warn(
            f"The Wasserstein mean did not converge in {n_iter} iterations: the gradient has "
            f"norm {norm:.2g}, tol is {tol:.2g}. Raise max_iter or tol.",
            ConvergenceWarning,
        )
    return KarcherResult(symmetrize(factor @ factor.T), n_iter, float(norm))


def _to_mean(C, weight, factor, n_jobs):
    """Mean over the matrices of F_i - F, where F_i is the factor of C_i that is nearest to F."""

    def part(start, stop):
        return np.tensordot(weight[start:stop], square_roots(C[start:stop], factor), axes=1)

    if _are_few(C):
        total = part(0, len(C))
    else:
        total = sum(over_chunks(part, C, n_jobs, _TEMPORARIES))
    with single_blas_thread():
        return np.linalg.solve(factor.T, total) - factor


def square_roots(C, factor):
    """Square roots of ``factor.T @ C_i @ factor``.

    Parameters
    ----------
    C : ndarray of shape (n_matrices, n, n)
    factor : ndarray of shape (n, n)

    Returns
    -------
    roots : ndarray of shape (n_matrices, n, n)
        SPD, symmetric up to rounding.

    Raises
    ------
    LinAlgError
        When a matrix isn't positive definite.
    """
    if by_products(C):
        own = np.linalg.cholesky(C)
        A = factor.T @ own
        diagonals = np.diagonal(own, axis1=-2, axis2=-1)
        log_determinants = np.log(diagonals).sum(axis=-1) + np.linalg.slogdet(factor)[1]
        Q = orthogonal_factors(A, log_determinants)
        if Q is not None:
            return A @ np.swapaxes(Q, -1, -2)
    values, vectors = eigh(congruence(C, factor))
    vague = _vague(values)
    roots = np.sqrt(np.maximum(values, 0.0))
    if vague.any():
        product = factor.T @ np.linalg.cholesky(C[vague])
        vectors[vague], roots[vague], _ = np.linalg.svd(product)
    return _times_transposed(vectors * roots[:, None, :], vectors)


def congruence(C, A):
    """Return ``A.T @ C_i @ A``, shape (n_matrices, n, n)."""
    return np.ascontiguousarray(A.T) @ C @ A


def _times_transposed(A, B):
    """Return ``A_i @ B_i.T``: numpy multiplies copies much faster than transposed views."""
    return A @ _transposed(B)


def _transposed(A):
    return np.ascontiguousarray(np.swapaxes(A, -1, -2))


def _times_one(C, A):
    """Return ``C_i @ A`` by one product of tall matrices."""
    return (C.reshape(-1, C.shape[-1]) @ A).reshape(C.shape)


def _are_few(C):
    """Whether BLAS would start no threads for them, so that forbidding it isn't worth its cost."""
    return C.size < _FEW and C.shape[-1] <= _SMALL


def _mapped(function, C, n_jobs):
    """Apply a function of matrices (m, n, n) to those of shape (..., n, n), chunk by chunk."""
    flat = C.reshape(-1, *C.shape[-2:])
    if _are_few(C):
        return function(flat).reshape(C.shape)
    out = np.empty(flat.shape)

    def part(start, stop):
        out[start:stop] = function(flat[start:stop])

    over_chunks(part, flat, n_jobs, _TEMPORARIES)
    return out.reshape(C.shape)


def _vague(values):
    return ~(values[..., 0] > _VAGUE * np.abs(values[..., -1]))


@contextmanager
def _positive(*stacks):
    """Turn a failed factorisation into an error that names the first matrix that isn't SPD."""
    try:
        yield
    except np.linalg.LinAlgError as error:
        for C in stacks:
            check_positive(np.linalg.eigvalsh(C))
        raise ValueError(
            "Matrices that are singular to rounding have no factors: regularise them (reg, "
            'rank="auto", a shrinkage estimator).'
        ) from error


def transported_logs(C, M, n_jobs=None):
    """Logarithms at `M`, carried along the geodesic to the identity.

    Parameters
    ----------
    C : ndarray of shape (n_matrices, n, n)
        SPD.
    M : ndarray of shape (n, n)
        SPD.
    n_jobs : int or None, default=None

    Returns
    -------
    V : ndarray of shape (n_matrices, n, n)
        Symmetric tangent vectors at the identity; their Frobenius norm is twice the distance.

    Notes
    -----
    In the eigenbasis of M, with eigenvalues a and the optimal map T, the logarithm is
    (a_i + a_j)(T - I)_ij and the transport to the identity multiplies by sqrt(2 / (a_i + a_j)).
    """
    values, vectors = eigh(M)
    check_positive(values, "mean")
    factor, scale = vectors * np.sqrt(values), np.sqrt(values[:, None] * values)
    spread, identity = np.sqrt(2.0 * (values[:, None] + values)), np.eye(len(values))

    def logs(C):
        maps = square_roots(C, factor) / scale - identity
        return symmetrize(vectors @ (spread * maps) @ vectors.T)

    with _positive(C):
        return _mapped(logs, C, n_jobs)


def transported_exps(V, M, clip=0.0, n_jobs=None):
    """Invert `transported_logs`: carry vectors from the identity to `M` and follow geodesics.

    Parameters
    ----------
    V : ndarray of shape (n_matrices, n, n)
        Symmetric tangent vectors at the identity.
    M : ndarray of shape (n, n)
        SPD.
    clip : float, default=0.0
        Least eigenvalue of the maps T; where geodesics would leave the manifold they stop.
    n_jobs : int or None, default=None

    Returns
    -------
    C : ndarray of shape (n_matrices, n, n)
    clipped : ndarray of bool, shape (n_matrices,)
    """
    values, vectors = eigh(M)
    check_positive(values, "bias")
    spread, identity = np.sqrt(2.0 * (values[:, None] + values)), np.eye(len(values))
    out, clipped = np.empty(V.shape), np.zeros(len(V), dtype=bool)

    def part(start, stop):
        maps = identity + symmetrize(congruence(V[start:stop], vectors)) / spread
        own, axes = eigh(maps)
        low = own[:, 0] < clip
        if low.any():
            own[low] = np.maximum(own[low], clip)
            maps[low] = _times_transposed(axes[low] * own[low][:, None, :], axes[low])
        clipped[start:stop] = low
        moved = (vectors @ maps) * np.sqrt(values)
        out[start:stop] = _times_transposed(moved, moved)

    over_chunks(part, V, n_jobs, _TEMPORARIES)
    return out, clipped
