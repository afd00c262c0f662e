"""What to do with covariances that are singular or nearly so."""

import numpy as np
from scipy.linalg.lapack import dpotrf

# Relative to the mean eigenvalue tr(C) / n: what counts as singular, and what is then added.
FLOOR = 1e-10


def regularize(C, reg, numbers=None):
    """Apply the `reg` policy in place.

    Parameters
    ----------
    C : ndarray of shape (n_matrices, n, n)
    reg : "auto", float or None
        "auto" adds ``1e-10 tr(C)/n`` to the diagonal of matrices whose smallest eigenvalue is
        below that, and minus the eigenvalue where it is clearly negative; a float adds
        ``reg tr(C)/n`` to all; None raises for the first such matrix.
    numbers : ndarray of int, shape (n_matrices,), or None, default=None
        What messages call the matrices; None counts from 0.

    Returns
    -------
    touched : ndarray of bool, shape (n_matrices,)
        Which matrices were singular (all of them for a float above 0).

    Raises
    ------
    ValueError
    """
    numbers = np.arange(len(C)) if numbers is None else numbers
    if reg is not None and reg != "auto":
        _check_scale(C, numbers)
        _add(C, np.full(len(C), True), reg)
        _check_scale(C, numbers)
        return np.full(len(C), reg > 0)
    singular = is_singular(C)
    if singular.any():
        _check_scale(C[singular], np.asarray(numbers)[singular])
        if reg is None:
            raise ValueError(_message(C, int(np.argmax(singular)), int(singular.sum()), numbers))
        _add(C, singular, FLOOR + _below_zero(C[singular]))
    return singular


def _below_zero(C):
    """How far the smallest eigenvalues are below 0, in mean ones; 0 where that is rounding."""
    lowest = np.linalg.eigvalsh(C)[:, 0] * C.shape[-1] / np.trace(C, axis1=-2, axis2=-1)
    return np.where(lowest < -FLOOR, -lowest, 0.0)


def _check_scale(C, numbers):
    """Raise for a matrix that is zero or not finite, which no multiple of its trace mends."""
    with np.errstate(invalid="ignore", over="ignore"):
        good = np.trace(C, axis1=-2, axis2=-1) > 0
        good &= np.isfinite(C.sum(axis=(-2, -1)))
    if not good.all():
        index = int(np.argmin(good))
        what = "zero" if np.all(np.isfinite(C[index])) else "not finite"
        raise ValueError(
            f"The covariance of trial {numbers[index]} is {what}: the trial as it is prepared "
            "does not vary, or its values (or embed_mean or reg) are too large."
        )


@np.errstate(invalid="ignore")
def is_singular(C):
    """Say which matrices have an eigenvalue below ``1e-10 tr(C)/n``: one Cholesky each.

    Matrices that are not finite count as such.
    """
    shifted = np.empty(C.shape[1:])
    # LAPACK reads columns: the transposed is the same matrix, and needs no copy
    diagonal, columns = shifted.reshape(-1)[:: len(shifted) + 1], shifted.T
    singular = np.empty(len(C), dtype=bool)
    for i, floor in enumerate(_floor(C)):
        shifted[:] = C[i]
        diagonal -= floor
        failed = dpotrf(columns, lower=1, clean=0, overwrite_a=1)[1]
        # NaN need not fail, but spreads to the last pivot
        singular[i] = failed != 0 or not shifted[-1, -1] > 0
    return singular


def _floor(C):
    with np.errstate(over="ignore", invalid="ignore"):
        return FLOOR * np.trace(C, axis1=-2, axis2=-1) / C.shape[-1]


def _add(C, which, amount):
    if not which.any():
        return
    n = C.shape[-1]
    diagonal = np.arange(n)
    with np.errstate(over="ignore"):  # what overflows is refused by the check of the scale
        level = amount * np.trace(C[which], axis1=-2, axis2=-1) / n
    C[np.flatnonzero(which)[:, None], diagonal, diagonal] += level[:, None]


def numerical_rank(C):
    """Return the number of eigenvalues above ``1e-10 tr(C)/n``."""
    return int(np.sum(np.linalg.eigvalsh(C) > _floor(C)))


def _message(C, index, count, numbers):
    rank, n = numerical_rank(C[index]), C.shape[-1]
    return (
        f"The covariance of trial {numbers[index]} is singular: rank {rank} of {n} "
        f"({count} of {len(C)} trials are). Linearly dependent channels (an average reference, "
        "interpolated or ICA-cleaned channels), an order that is too large for the length of the "
        "trial or a lag "
        'that is too short for the band cause this. Use reg="auto" or a float, rank="auto", a '
        'shrinkage estimator such as "oas", or a smaller order.'
    )


def signal_basis(C, rank):
    """Orthonormal basis of the common non-null subspace of covariances.

    Parameters
    ----------
    C : ndarray of shape (n_trials, d, d)
        Covariances of the channels.
    rank : "auto" or int
        "auto" keeps the eigenvalues of the mean covariance above 1e-10 of their mean.

    Returns
    -------
    basis : ndarray of shape (r, d)
        Rows are principal axes of the mean covariance, largest first; their largest entry is
        positive.
    """
    _check_scale(C, np.arange(len(C)))
    # Trials weigh the same whatever their power is.
    mean = np.mean(C / np.trace(C, axis1=1, axis2=2)[:, None, None], axis=0)
    values, vectors = np.linalg.eigh(mean)
    found = int(np.sum(values > _floor(mean)))
    if rank != "auto":
        if rank > found:
            raise ValueError(
                f"rank={rank} is more than the channels carry: the mean covariance of the "
                f"{len(mean)} channels has rank {found}."
            )
        found = rank
    basis = vectors[:, ::-1][:, :found].T
    largest = np.take_along_axis(basis, np.argmax(np.abs(basis), axis=1)[:, None], axis=1)
    return basis * np.sign(largest)
