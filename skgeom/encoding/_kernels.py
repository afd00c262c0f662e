"""Loops over points on the sphere: harmonics by recurrence, products of sines and cosines."""

import math

import numpy as np
from numba import njit

# A power of the cosine of the latitude that is smaller stays zero for all degrees that follow:
# what grows out of it is far below rounding for any degree up to 1000, and no number of the
# recurrence is then denormal, which would be slow.
TINY = 1e-280


@njit(nogil=True, cache=True)
def _multiple_angles(longitude, signs, cosines, sines):
    """Write cos(m lon) and sin(m lon), times ``signs[m]``, by m rotations; the error grows as m."""
    cosine, sine = math.cos(longitude), math.sin(longitude)
    c, s = 1.0, 0.0
    for m in range(len(cosines)):
        cosines[m], sines[m] = signs[m] * c, signs[m] * s
        c, s = c * cosine - s * sine, s * cosine + c * sine


@njit(nogil=True, inline="always")
def _write_degree(row, first, degree, weight, legendre, cosines, sines):
    """Write the 2 degree + 1 harmonics of a degree, orders ascending, from column `first`.

    Both loops write ascending addresses, which the compiler turns into vector stores.
    """
    middle = first + degree
    sine_part, cosine_part = row[first:middle], row[middle : middle + degree + 1]
    for m in range(degree + 1):
        cosine_part[m] = weight * legendre[m] * cosines[m]
    for m in range(degree):
        sine_part[m] = weight * legendre[degree - m] * sines[degree - m]


@njit(nogil=True, cache=True)
def harmonics_rows(start, stop, angles, tables, out):
    """Write the real spherical harmonics of points `start` to `stop`.

    The fully normalised Legendre functions of a degree come from those of the two degrees before,
    for all orders at once, in two rolling rows.

    Parameters
    ----------
    start, stop : int
    angles : ndarray of float64, shape (n, 3)
        Longitude in radians, sine and cosine of the latitude.
    tables : tuple
        ``ahead`` and ``behind``, (n_degrees, n_degrees): factors of x P(l-1, m) and P(l-2, m);
        ``diagonal``, (n_degrees,): factor of cos(lat) P(m-1, m-1), the first entry P(0, 0);
        ``scale``, (n_degrees,): weight of each degree; ``signs``, (n_degrees,): sqrt(2) or 1 and
        the sign, of each order; ``dropped``: number of leading columns left out, 0 or 1.
    out : ndarray of float32 or float64, shape (n, n_degrees ** 2 - dropped), written
    """
    ahead, behind, diagonal, scale, signs, dropped = tables
    n_degrees = len(diagonal)
    cosines, sines = np.empty(n_degrees), np.empty(n_degrees)
    last, current = np.zeros(n_degrees), np.zeros(n_degrees)
    for i in range(start, stop):
        x, row = angles[i, 1], out[i]
        _multiple_angles(angles[i, 0], signs, cosines, sines)
        last[:] = 0.0
        current[:] = 0.0
        sectoral = diagonal[0]  # P(l, l)
        current[0] = sectoral
        if dropped == 0:
            row[0] = scale[0] * sectoral * cosines[0]
        for degree in range(1, n_degrees):
            forward, backward = ahead[degree], behind[degree]
            for m in range(degree):
                last[m] = forward[m] * x * current[m] - backward[m] * last[m]
            sectoral *= diagonal[degree] * angles[i, 2]
            if sectoral < TINY:
                sectoral = 0.0
            last[degree] = sectoral
            last, current = current, last
            first = degree * degree - dropped
            _write_degree(row, first, degree, scale[degree], current, cosines, sines)


@njit(nogil=True, cache=True)
def trigonometric_rows(start, stop, degrees, directions, left, right, out):
    """Write products of sines and cosines of linear functions of longitude and latitude.

    Parameters
    ----------
    start, stop : int
    degrees : ndarray of float64, shape (n, 2)
        Longitude and latitude in degrees.
    directions : ndarray of float64, shape (n_angles, 2)
        Angle k, in radians, is the inner product of row k with a row of `degrees`.
    left, right : ndarray of int64, shape (n_columns,)
        The factors of each column: 0 is 1, 2k + 1 the sine of angle k, 2k + 2 its cosine.
    out : ndarray of float32 or float64, shape (n, n_columns), written
    """
    values = np.ones(1 + 2 * len(directions))
    for i in range(start, stop):
        for k in range(len(directions)):
            angle = degrees[i, 0] * directions[k, 0] + degrees[i, 1] * directions[k, 1]
            values[2 * k + 1], values[2 * k + 2] = math.sin(angle), math.cos(angle)
        for j in range(len(left)):
            out[i, j] = values[left[j]] * values[right[j]]
