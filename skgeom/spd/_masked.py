"""SPD matrices of which some rows and columns are missing: NaN where a channel was bad."""

import numpy as np

from skgeom.spd._mean import iterate, mean_log

# A start whose smallest eigenvalue is below this share of the mean one is left for its diagonal.
_THIN = 1e-6


def observed_rows(C):
    """Say which rows of matrices (n_matrices, n, n) are there, shape (n_matrices, n)."""
    return ~np.isnan(np.diagonal(C, axis1=-2, axis2=-1))


def patterns(observed):
    """Group matrices by what they miss.

    Parameters
    ----------
    observed : ndarray of bool, shape (n_matrices, n)

    Returns
    -------
    groups : list of (members, rows)
        Indices of the matrices, and of their rows that are there.
    """
    known, codes = np.unique(observed, axis=0, return_inverse=True)
    codes = codes.ravel()
    return [(np.flatnonzero(codes == k), np.flatnonzero(own)) for k, own in enumerate(known)]


def _parts(C, observed):
    return [
        (members, rows, np.ascontiguousarray(C[members][:, rows[:, None], rows]))
        for members, rows in patterns(observed)
    ]


def masked_mean(C, weight, tol=1e-6, max_iter=50, init=None, n_jobs=None):
    r"""Karcher mean of partially observed matrices.

    .. math:: M = \arg\min_M \sum_i w_i d^2(V_i^T M V_i, C_i)

    where V_i selects the rows that matrix i has [1]_. With M = S S^T, A = V^T M V = L L^T and the
    orthonormal columns B = S^T V L^{-T}, the negative gradient seen from S is
    :math:`\sum_i w_i B_i \log(L_i^{-1} C_i L_i^{-T}) B_i^T`.

    Parameters
    ----------
    C : ndarray of shape (n_matrices, n, n)
        NaN in rows and columns that are missing.
    weight : ndarray of shape (n_matrices,)
        Sums to 1.
    tol, max_iter, init, n_jobs
        As in `karcher_mean`.

    Returns
    -------
    result : KarcherResult

    References
    ----------
    .. [1] F. Yger, S. Chevallier, Q. Barthélemy, S. Sra, "Geodesically-convex optimization for
       averaging partially observed covariance matrices", ACML 2020.
    """
    parts = _parts(C, observed_rows(C))

    def gradient(factor, inverse):
        J = np.zeros_like(factor)
        for members, rows, own in parts:
            lower = np.linalg.cholesky(factor[rows] @ factor[rows].T)
            B = np.linalg.solve(lower, factor[rows]).T
            J += B @ mean_log(own, weight[members], np.linalg.inv(lower), n_jobs) @ B.T
        return J

    return iterate(_start(C, weight) if init is None else init, gradient, tol, max_iter)


def _start(C, weight):
    """Mean of the entries that are there; their diagonal when that isn't positive definite."""
    there = ~np.isnan(C)
    share = np.tensordot(weight, there, axes=1)
    missing = np.flatnonzero(np.diagonal(share) == 0)
    if len(missing):
        raise ValueError(
            f"Row {int(missing[0])} of the matrices is missing in all of them: its channel is bad "
            "in every trial of the class. Drop the channel."
        )
    total = np.tensordot(weight, np.where(there, C, 0.0), axes=1)
    mean = np.divide(total, share, out=np.zeros_like(total), where=share > 0)
    values = np.linalg.eigvalsh(mean)
    return mean if values[0] > _THIN * values.mean() else np.diag(np.diagonal(mean))


def masked_squared_distances(C, means, squared_distances):
    """Squared distances of what matrices have to the same rows and columns of means.

    Parameters
    ----------
    C : ndarray of shape (n_matrices, n, n)
        NaN in rows and columns that are missing.
    means : ndarray of shape (n_means, n, n)
    squared_distances : callable
        Of complete matrices to means.

    Returns
    -------
    squares : ndarray of shape (n_matrices, n_means)
    """
    squares = np.empty((len(C), len(means)))
    for members, rows, own in _parts(C, observed_rows(C)):
        squares[members] = squared_distances(own, means[:, rows[:, None], rows])
    return squares
