"""Logarithms of many matrices by products alone, where eigendecompositions would cost more.

The logarithm is 2 artanh((W - I) (W + I)^-1), and artanh(t) = t f(t^2) with f analytic on [0, 1): a
Chebyshev series in t^2, whose length follows from the largest t^2 at hand.
"""

from functools import cache

import numpy as np
from numpy.polynomial import chebyshev

from skgeom.spd._matrices import check_positive, eigh, from_eigh, symmetrize

# Matrices of more rows are decomposed: LAPACK's large ones cost less than products.
MAX_SERIES = 48
# Beyond this t^2 (logarithms beyond 5) the series is too long: see `artanh_ratio`.
LARGEST_SQUARE = 0.97
# The intervals that series are made for; a bound is rounded up to the next one.
_ENDS = 1.0 - np.geomspace(0.97, 1.0 - LARGEST_SQUARE, 16)
_TOLERANCE = 1e-14


def _f(x):
    t = np.sqrt(x)
    return np.divide(np.arctanh(t), t, out=np.ones_like(t), where=t > 1e-6)


@cache
def _coefficients(end):
    """Chebyshev coefficients of artanh(sqrt x) / sqrt x on [0, end], as blocks (J, q).

    The series is the sum over j and i of ``blocks[j, i] T_i(y) T_j(T_q(y))`` with y in [-1, 1]:
    evaluated so it takes some 2 sqrt(degree) products in place of degree.
    """
    degree = 8
    while True:
        c = chebyshev.chebinterpolate(lambda y: _f(0.5 * end * (y + 1.0)), degree)
        if abs(c[-1]) + abs(c[-2]) < _TOLERANCE:
            break
        degree += 4
    q = max(2, round(np.sqrt(len(c))))
    J = -(-len(c) // q)
    c = np.concatenate([c, np.zeros(J * q - len(c))])
    blocks = np.zeros((J, q))
    for j in range(J - 1, 0, -1):
        # T_i T_{qj} = (T_{qj+i} + T_{qj-i}) / 2
        for i in range(q - 1, 0, -1):
            blocks[j, i] = 2.0 * c[q * j + i]
            c[q * j - i] -= c[q * j + i]
        blocks[j, 0] = c[q * j]
    blocks[0] = c[:q]
    return blocks


def largest_bound(M):
    """Upper bound of the largest eigenvalue of any of PSD matrices (m, n, n)."""
    power = M
    for _ in range(3):
        power = power @ power
    total = np.einsum("mij,mij->m", power, power)  # the sum of the 16th powers
    return float(np.max(total, initial=0.0) ** 0.0625)


def artanh_ratio(M):
    """Return artanh(M^1/2) M^-1/2 of symmetric PSD matrices with eigenvalues below 1.

    Parameters
    ----------
    M : ndarray of shape (m, n, n)

    Returns
    -------
    F : ndarray of shape (m, n, n) or None
        None when an eigenvalue may be too close to 1 for a short series.
    """
    bound = largest_bound(M)
    if not bound <= LARGEST_SQUARE:  # NaN is not
        return None
    end = float(_ENDS[np.searchsorted(_ENDS, bound * (1.0 - 1e-12))])
    blocks = _coefficients(end)
    q = blocks.shape[1]
    n = M.shape[-1]
    diagonal = np.arange(n)
    T = np.empty((q + 1, *M.shape))
    T[0] = np.eye(n)
    np.multiply(M, 2.0 / end, out=T[1])
    T[1][:, diagonal, diagonal] -= 1.0
    for i in range(2, q + 1):
        np.matmul(T[1], T[i - 1], out=T[i])
        T[i] *= 2.0
        T[i] -= T[i - 2]
    B = np.tensordot(blocks, T[:q], axes=1)
    # Clenshaw's recurrence in T_q(y), with matrices for coefficients
    value, last = B[-1], np.zeros_like(M)
    for j in range(len(B) - 2, 0, -1):
        product = T[q] @ value
        product *= 2.0
        product += B[j]
        product -= last
        value, last = product, value
    product = T[q] @ value
    product += B[0]
    product -= last
    return product


def logs(W):
    """Logarithms of SPD matrices that were whitened, so that most are not far from I.

    Parameters
    ----------
    W : ndarray of shape (m, n, n)

    Returns
    -------
    L : ndarray of shape (m, n, n)

    Raises
    ------
    ValueError
        When a matrix isn't positive definite.
    """
    if W.shape[-1] <= MAX_SERIES:
        T = np.linalg.inv(W + np.eye(W.shape[-1]))
        T *= -2.0
        T[:, np.arange(W.shape[-1]), np.arange(W.shape[-1])] += 1.0  # (W - I) (W + I)^-1
        # an eigenvalue of W that is not positive has one of T beyond 1
        ratio = artanh_ratio(symmetrize(T @ T))
        if ratio is not None:
            return symmetrize(2.0 * T @ ratio)
    values, vectors = eigh(W)
    check_positive(values)
    return from_eigh(np.log(values), vectors)
