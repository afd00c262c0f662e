"""Factors of the recurrence of fully normalised Legendre functions, and of each degree."""

import numpy as np


def recurrence(n_degrees):
    r"""Return the factors of the recurrence of orthonormal Legendre functions.

    .. math::

        P_l^m = a_{lm} (x P_{l-1}^m - b_{lm} P_{l-2}^m), \quad
        a_{lm} = \sqrt{\frac{4 l^2 - 1}{l^2 - m^2}}, \quad
        b_{lm} = \sqrt{\frac{(l-1)^2 - m^2}{4 (l-1)^2 - 1}},

    and :math:`P_l^l = \sqrt{(2 l + 1) / (2 l)} \cos(lat) P_{l-1}^{l-1}`,
    :math:`P_0^0 = \sqrt{1 / (4 \pi)}`. No factorial is formed, nothing over- or underflows that
    matters.

    Parameters
    ----------
    n_degrees : int

    Returns
    -------
    ahead, behind : ndarray of shape (n_degrees, n_degrees)
        a and a b for m < l; 0 elsewhere.
    diagonal : ndarray of shape (n_degrees,)
    """
    orders = np.arange(n_degrees, dtype=np.float64)
    l, m = orders[:, np.newaxis], orders[np.newaxis, :]  # noqa: E741
    below, two_below = m < l, m < l - 1
    ahead = np.sqrt(np.where(below, 4 * l**2 - 1, 0) / np.where(below, l**2 - m**2, 1))
    b = np.where(two_below, (l - 1) ** 2 - m**2, 0) / np.where(two_below, 4 * (l - 1) ** 2 - 1, 1)
    diagonal = np.sqrt((2 * orders + 1) / np.maximum(2 * orders, 1))
    diagonal[0] = np.sqrt(1 / (4 * np.pi))
    return ahead, ahead * np.sqrt(b), diagonal


def degree_weights(n_degrees, norm):
    """Return what turns orthonormal harmonics into those of another norm.

    Parameters
    ----------
    n_degrees : int
    norm : {"orthonormal", "4pi", "schmidt"}
        The mean square of a harmonic of degree l over the sphere is 1 / (4 pi), 1 or
        1 / (2 l + 1).

    Returns
    -------
    weights : ndarray of shape (n_degrees,)
    """
    if norm == "orthonormal":
        return np.ones(n_degrees)
    weights = np.full(n_degrees, np.sqrt(4 * np.pi))
    return weights / np.sqrt(2 * np.arange(n_degrees) + 1) if norm == "schmidt" else weights
