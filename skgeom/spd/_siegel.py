"""Block-Toeplitz SPD matrices as an SPD matrix and points of the Siegel disk."""

import numpy as np

from skgeom._core.parallel import single_blas_thread
from skgeom.spd._matrices import check_positive, eigh, from_eigh, symmetrize
from skgeom.spd._mean import next_step
from skgeom.spd._series import MAX_SERIES, artanh_ratio

# Squared singular values are kept this far below 1, the border of the disk.
_BORDER = 1e-14


def siegel_coefficients(G, n_channels):
    r"""Matrix partial correlations of block-Toeplitz SPD matrices.

    A block-Toeplitz SPD matrix with p blocks of size d corresponds one to one to its diagonal
    block :math:`P_0`, SPD, and p - 1 matrices :math:`\Omega_l` with singular values below 1,
    points of the Siegel disk. The coefficients of fewer blocks are the first ones of more.

    Parameters
    ----------
    G : array-like of shape (..., p d, p d)
        Block-Toeplitz SPD matrices.
    n_channels : int
        Size d of the blocks.

    Returns
    -------
    coefficients : ndarray of shape (..., p, d, d)
        :math:`P_0` first, then :math:`\Omega_1, \ldots, \Omega_{p-1}`.

    Raises
    ------
    ValueError
        When a matrix isn't positive definite.

    Notes
    -----
    Block Levinson-Whittle recursion, O(p^2 d^3). The determinant factors as
    :math:`\log\det G = p \log\det P_0 + \sum_l (p - l) \log\det(I - \Omega_l \Omega_l^T)`.

    References
    ----------
    .. [1] P. Whittle, "On the fitting of multivariate autoregressions, and the approximate
       canonical factorization of a spectral density matrix", Biometrika 50, 1963.
    .. [2] I. Carrara, T. Papadopoulo, arXiv:2406.16909.
    """
    G = np.asarray(G, dtype=np.float64)
    d, p = n_channels, G.shape[-1] // n_channels
    if G.ndim < 2 or G.shape[-1] != G.shape[-2] or p * d != G.shape[-1] or p == 0:
        raise ValueError(f"G must hold square matrices of blocks of size {d}, got {G.shape}.")
    column = G[..., :, :d].reshape(*G.shape[:-2], p, d, d)
    with single_blas_thread():
        return _levinson(np.moveaxis(column, -3, 0))[0]


def _levinson(R):
    """Run the recursion on lag covariances (p, ..., d, d).

    Returns the coefficients (..., p, d, d) and the forward error covariances of orders 0 to
    p - 1, a list of (..., d, d).
    """
    P0 = symmetrize(R[0])
    V = U = P0
    forward, backward = [], []
    coefficients, errors = [P0], [V]
    for order in range(len(R) - 1):
        D = R[order + 1].copy()
        for j in range(order):
            D -= forward[j] @ R[order - j]
        V_roots = _roots(V)
        U_roots = V_roots if order == 0 else _roots(U)
        omega = V_roots[1] @ D @ U_roots[1]
        coefficients.append(omega)
        forward, backward, V, U = _next(forward, backward, omega, V_roots, U_roots)
        errors.append(V)
    check_positive(np.linalg.eigvalsh(V), "prediction error of matrix")
    return np.stack(coefficients, axis=-3), errors


def _next(forward, backward, omega, V_roots, U_roots):
    """Predictors and error covariances of the next order, from its partial correlation."""
    turned = np.swapaxes(omega, -1, -2)
    a = V_roots[0] @ omega @ U_roots[1]
    b = U_roots[0] @ turned @ V_roots[1]
    last = len(forward) - 1
    new_forward = [own - a @ backward[last - j] for j, own in enumerate(forward)]
    new_backward = [own - b @ forward[last - j] for j, own in enumerate(backward)]
    eye = np.eye(omega.shape[-1])
    V = symmetrize(V_roots[0] @ (eye - omega @ turned) @ V_roots[0])
    U = symmetrize(U_roots[0] @ (eye - turned @ omega) @ U_roots[0])
    return [*new_forward, a], [*new_backward, b], V, U


def from_siegel_coefficients(coefficients):
    """Invert `siegel_coefficients`.

    Parameters
    ----------
    coefficients : array-like of shape (..., p, d, d)

    Returns
    -------
    G : ndarray of shape (..., p d, p d)
    """
    coefficients = np.asarray(coefficients, dtype=np.float64)
    p, d = coefficients.shape[-3], coefficients.shape[-1]
    V = U = coefficients[..., 0, :, :]
    R, forward, backward = [V], [], []
    for order in range(p - 1):
        omega = coefficients[..., order + 1, :, :]
        V_roots = _roots(V)
        U_roots = V_roots if order == 0 else _roots(U)
        D = V_roots[0] @ omega @ U_roots[0]
        R.append(D + sum(forward[j] @ R[order - j] for j in range(order)))
        forward, backward, V, U = _next(forward, backward, omega, V_roots, U_roots)
    G = np.empty((*coefficients.shape[:-3], p, d, p, d))
    for i in range(p):
        for j in range(p):
            block = R[i - j] if i >= j else np.swapaxes(R[j - i], -1, -2)
            G[..., i, :, j, :] = block
    return G.reshape(*coefficients.shape[:-3], p * d, p * d)


def _roots(C):
    """Square roots of SPD matrices and their inverses, from one decomposition."""
    values, vectors = eigh(C)
    check_positive(values, "prediction error of matrix")
    root = np.sqrt(values)
    return from_eigh(root, vectors), from_eigh(1.0 / root, vectors)


class SiegelFrame:
    """The Siegel disk as seen from one of its points, the new origin.

    Parameters
    ----------
    centre : ndarray of shape (d, d)
        Singular values below 1.
    """

    def __init__(self, centre):
        self.centre = centre
        eye = np.eye(len(centre))
        self.left = _roots(eye - centre @ centre.T)[1]
        self.right = _roots(eye - centre.T @ centre)[0]

    def inward(self, omega):
        """Move `centre` to the origin: the disk's own translation of points (..., d, d)."""
        eye = np.eye(omega.shape[-1])
        moved = np.linalg.inv(eye - self.centre.T @ omega)
        return self.left @ (omega - self.centre) @ moved @ self.right

    def outward(self, psi):
        """Invert `inward`."""
        eye = np.eye(psi.shape[-1])
        moved = np.linalg.inv(eye + self.centre.T @ psi)
        return self.left @ (psi + self.centre) @ moved @ self.right

    def log(self, omega):
        """Whitened tangent vectors (..., d, d) of points; their norm is the distance."""
        psi = self.inward(omega)
        if psi.ndim == 3 and psi.shape[-1] <= MAX_SERIES:
            ratio = artanh_ratio(symmetrize(psi @ np.swapaxes(psi, -1, -2)))
            if ratio is not None:
                return ratio @ psi
        return _of_squares(psi, _artanh_ratio)

    def exp(self, tangent):
        """Invert `log`."""
        return self.outward(_of_squares(tangent, _tanh_ratio))

    def squared_distances(self, omega):
        """Squared distances of points (..., d, d) to the centre."""
        psi = self.inward(omega)
        squares = np.linalg.eigvalsh(psi @ np.swapaxes(psi, -1, -2))
        s = np.sqrt(np.clip(squares, 0.0, 1.0 - _BORDER))
        return np.sum(np.arctanh(s) ** 2, axis=-1)


def _of_squares(A, ratio):
    """Scale the singular values s of matrices by ``ratio(s)``, through A A^T."""
    values, vectors = eigh(A @ np.swapaxes(A, -1, -2))
    scale = ratio(np.sqrt(np.maximum(values, 0.0)))
    return from_eigh(scale, vectors) @ A


def _artanh_ratio(s):
    s = np.minimum(s, np.sqrt(1.0 - _BORDER))
    ratio = np.ones_like(s)
    np.divide(np.arctanh(s), s, out=ratio, where=s > 1e-6)
    return ratio


def _tanh_ratio(s):
    ratio = np.ones_like(s)
    np.divide(np.tanh(s), s, out=ratio, where=s > 1e-6)
    return ratio


def siegel_distance(A, B, *, squared=False):
    r"""Distance between points of the Siegel disk.

    Parameters
    ----------
    A : array-like of shape (..., d, d)
        Singular values below 1.
    B : array-like of shape (d, d)
        Singular values below 1.
    squared : bool, default=False
        Return the square of the distance.

    Returns
    -------
    d : ndarray of shape (...)
        :math:`\sqrt{\sum_i \mathrm{artanh}^2 \sigma_i}` with the singular values of `A` after
        the translation that takes `B` to the origin.
    """
    square = SiegelFrame(_in_disk(B, "B")).squared_distances(_in_disk(A, "A"))
    return square if squared else np.sqrt(square)


def siegel_log_map(A, B):
    """Whitened tangent vectors at `B` that point to `A`.

    Parameters
    ----------
    A : array-like of shape (..., d, d)
        Points of the Siegel disk.
    B : array-like of shape (d, d)
        Point of the Siegel disk.

    Returns
    -------
    V : ndarray of shape (..., d, d)
        Frobenius norm equal to the distance.
    """
    return SiegelFrame(_in_disk(B, "B")).log(_in_disk(A, "A"))


def siegel_exp_map(V, B):
    """Invert `siegel_log_map`.

    Parameters
    ----------
    V : array-like of shape (..., d, d)
        Whitened tangent vectors.
    B : array-like of shape (d, d)
        Point of the Siegel disk.

    Returns
    -------
    A : ndarray of shape (..., d, d)
    """
    return SiegelFrame(_in_disk(B, "B")).exp(np.asarray(V, dtype=np.float64))


def siegel_mean(A, *, sample_weight=None, tol=1e-6, max_iter=50):
    """Karcher mean of points of the Siegel disk.

    Parameters
    ----------
    A : array-like of shape (n_points, d, d)
        Singular values below 1.
    sample_weight : array-like of shape (n_points,) or None, default=None
    tol : float, default=1e-6
        Iterations stop when the norm of the mean tangent vector is at most this.
    max_iter : int, default=50

    Returns
    -------
    M : ndarray of shape (d, d)
    """
    A = _in_disk(A, "A")
    weight = np.ones(len(A)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    return descend_disk(A, weight / weight.sum(), tol, max_iter)[0].centre


def descend_disk(A, weight, tol=1e-6, max_iter=50, init=None):
    """Run the iteration of `siegel_mean`: steps along the mean tangent vector.

    The first step is full; the next ones have Barzilai-Borwein lengths, which see the curvature
    along the last step.

    Returns
    -------
    frame : SiegelFrame
        At the mean.
    n_iter : int
    grad_norm : float
    logs : ndarray of shape (n_points, d, d)
        Whitened tangent vectors of the points there.
    """
    # the arithmetic mean stays in the disk, which is convex
    frame = SiegelFrame(np.tensordot(weight, A, axes=1) if init is None else init)
    n_iter, length, previous = 0, 1.0, None
    while True:
        logs = frame.log(A)
        J = np.tensordot(weight, logs, axes=1)
        norm = float(np.linalg.norm(J))
        if norm <= tol or n_iter >= max_iter:
            return frame, n_iter, norm, logs
        if previous is not None:
            length = next_step(length, previous, J)
        frame = SiegelFrame(frame.exp(length * J))
        previous, n_iter = J, n_iter + 1


def _in_disk(A, name):
    A = np.asarray(A, dtype=np.float64)
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"{name} must have shape (..., d, d), got {A.shape}.")
    largest = np.linalg.norm(A, 2, axis=(-2, -1))
    if not np.all(largest < 1.0):
        raise ValueError(
            f"{name} must have singular values below 1 to lie in the Siegel disk, got "
            f"{np.max(largest):.6g}."
        )
    return A
