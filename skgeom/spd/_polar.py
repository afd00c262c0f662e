"""Polar factors of many matrices by products alone, where decompositions would cost more.

A polynomial of A of odd degree changes its singular values and nothing else. One after the other,
polynomials of degree 5 take them all to 1; each is the best one for the interval that the last one
has left (Amsel et al., "The Polar Express", arXiv:2505.16932).
"""

from functools import cache

import numpy as np

# Matrices of more rows are decomposed: LAPACK's large ones cost less than products.
MAX_POLAR = 64
# Fewer numbers than these don't pay for some thirty calls of numpy.
LEAST_SIZE = 2**12
# Below this ratio of singular values there would be as many products as decompositions cost.
LEAST_RATIO = 2.0**-11
_LAST = (15 / 8, -10 / 8, 3 / 8)  # Taylor's; cubes a deviation from 1
_NARROW, _CLOSE = 1e-3, 1e-5
_MORE_STEPS = 3


def by_products(C):
    """Whether matrices are of a size and number for which products should be faster."""
    return C.shape[-1] <= MAX_POLAR and C.size >= LEAST_SIZE


def orthogonal_factors(A, log_determinant):
    """Orthogonal factors Q of A = S Q with S = (A A^T)^1/2.

    Parameters
    ----------
    A : ndarray of shape (m, n, n)
    log_determinant : ndarray of shape (m,)
        Logarithm of abs(det A).

    Returns
    -------
    Q : ndarray of shape (m, n, n) or None
        None where decompositions should be faster, because of the ratios of singular values.
    """
    m, n, _ = A.shape
    with np.errstate(all="ignore"):  # extreme ones are left to decompositions
        G, H = _gram(A)
        # one over a bound of the largest one
        scale = np.einsum("ij,ij->i", H.reshape(m, -1), H.reshape(m, -1)) ** -0.125
        # singular values spread evenly, on a scale of ratios, have their mean in the middle
        ratio = 0.5 * np.exp(2.0 * np.min(log_determinant / n + np.log(scale)))
    if not LEAST_RATIO <= ratio <= 1.0:
        return None
    X = (A.reshape(m, -1) * scale[:, None]).reshape(A.shape)
    G.reshape(m, -1)[:] *= scale[:, None] ** 2
    H.reshape(m, -1)[:] *= scale[:, None] ** 4
    for step in _polynomials(int(np.floor(np.log2(ratio)))):
        X = X @ _combine(step, G, H)
        G, H = _gram(X)
    for _ in range(_MORE_STEPS):
        gap = np.vdot(G, G) - 2.0 * _diagonals(G).sum() + m * n  # the square of |G - I|
        X = X @ _combine(_LAST, G, H)
        if gap < _CLOSE**2:
            return X
        G, H = _gram(X)
    return None


def _gram(X):
    """Return X^T X and its square."""
    G = np.ascontiguousarray(np.swapaxes(X, -1, -2)) @ X
    return G, G @ G


def _diagonals(A):
    """Return a view of shape (m, n)."""
    return A.reshape(len(A), -1)[:, :: A.shape[-1] + 1]


def _combine(step, G, H):
    """Return ``a I + b G + c H``, in the place of H."""
    a, b, c = step
    H *= c
    G *= b
    H += G
    _diagonals(H)[:] += a
    return H


@cache
def _polynomials(exponent):
    """Coefficients of x, x^3 and x^5 of polynomials that take [2^exponent, 1] close to 1."""
    low, high, steps = 2.0**exponent, 1.0, []
    while high - low > _NARROW:
        (a, b, c), error = _best_quintic(low, high)
        steps.append((a, b, c))
        low, high = 1.0 - error, 1.0 + error
    return steps


def _best_quintic(low, high):
    """Odd polynomial of degree 5 nearest to 1 on an interval, by Remez's exchange."""
    inner = low + (high - low) * np.array([0.25, 0.75])
    signs, last = np.array([1.0, -1.0, 1.0, -1.0]), 0.0
    while True:
        x = np.array([low, *inner, high])
        a, b, c, error = np.linalg.solve(np.stack([x, x**3, x**5, signs], axis=1), np.ones(4))
        if error <= last * (1 + 1e-6):  # it grows to that of the best one
            return (a, b, c), error
        last = error
        spread = np.sqrt(9 * b * b - 20 * a * c)
        inner = np.sqrt((-3 * b + np.array([-spread, spread])) / (10 * c))
