"""Compiled gradients of interval modules: from slopes on a grid to corners (two parameters).

Each function adds ``slope`` times the derivative of one number to the arrays of the corners; a
coordinate that is cut off by a box, or infinite, has none. Where two corners tie the first counts.
"""

import numpy as np
from numba import njit

from skgeom.topology._kernels_intervals import GAUSSIAN, INTERLEAVING, LANDSCAPE, RECTANGLE, VOLUME


@njit(nogil=True, cache=True)
def _sides(birth, death, low, high, sides):
    """Width and height of the rectangle from a birth to a death, inside a box."""
    for axis in range(2):
        sides[axis] = min(death[axis], high[axis]) - max(birth[axis], low[axis])


@njit(nogil=True, cache=True)
def _pull_side(birth, death, low, high, axis, slope, to_birth, to_death):
    if death[axis] < high[axis]:
        to_death[axis] += slope
    if birth[axis] > low[axis]:
        to_birth[axis] -= slope


@njit(nogil=True, cache=True)
def _pull_pair(kind, births, deaths, low, high, slope, to_births, to_deaths):
    """Of the longest diagonal bar, or of the largest rectangle, in a box."""
    sides = np.empty(2)
    best, first, second = 0.0, -1, -1
    for i in range(len(births)):
        for j in range(len(deaths)):
            _sides(births[i], deaths[j], low, high, sides)
            value = min(sides[0], sides[1])
            if kind == RECTANGLE and value > 0:
                value = sides[0] * sides[1]
            if value > best:
                best, first, second = value, i, j
    if first < 0:
        return
    b, d, to_b, to_d = births[first], deaths[second], to_births[first], to_deaths[second]
    _sides(b, d, low, high, sides)
    for axis in range(2):
        if kind == RECTANGLE:
            _pull_side(b, d, low, high, axis, slope * sides[1 - axis], to_b, to_d)
        elif axis == (sides[1] < sides[0]):
            _pull_side(b, d, low, high, axis, slope, to_b, to_d)


@njit(nogil=True, cache=True)
def _pull_area(births, deaths, low, high, slope, to_births, to_deaths):
    """Of the area in a box: slices from left to right, as in the area itself."""
    i, j, x, left = 0, 0, low[0], 0.0
    birth, death = -1, -1  # whose first coordinate the border at x is
    while x < high[0]:
        while i < len(births) and births[i, 0] <= x:
            i += 1
        while j < len(deaths) and deaths[j, 0] <= x:
            j += 1
        step, height = high[0], 0.0
        if j < len(deaths):
            step = min(step, deaths[j, 0])
            if i < len(births):
                step = min(step, births[i, 0])
            if i > 0:
                height = min(deaths[j, 1], high[1]) - max(births[i - 1, 1], low[1])
        if height > 0:
            _pull_side(
                births[i - 1],
                deaths[j],
                low,
                high,
                1,
                slope * (step - x),
                to_births[i - 1],
                to_deaths[j],
            )
        height = max(0.0, height)
        # a border that moves to the right widens the slice before it and narrows the next
        if birth >= 0:
            to_births[birth, 0] += slope * (left - height)
        elif death >= 0:
            to_deaths[death, 0] += slope * (left - height)
        birth = i if i < len(births) and births[i, 0] == step else -1
        death = j if j < len(deaths) and deaths[j, 0] == step else -1
        left, x = height, step


@njit(nogil=True, cache=True)
def _nearest(corners, x, y, sign):
    """Corner that (x, y) is least before (sign 1) or beyond (-1), its axis, and how far."""
    nearest, axis, least = -1, 0, np.inf
    for k in range(len(corners)):
        gap_x, gap_y = sign * (corners[k, 0] - x), sign * (corners[k, 1] - y)
        if max(gap_x, gap_y) < least:
            nearest, axis, least = k, int(gap_y > gap_x), max(gap_x, gap_y)
    return nearest, axis, least


@njit(nogil=True, cache=True)
def _pull_nearest(kind, births, deaths, x, y, scale, slope, to_births, to_deaths):
    """Of the depth of a point, or of a kernel of its distance to the interval."""
    i, axis_b, gap_b = _nearest(births, x, y, 1.0)
    j, axis_d, gap_d = _nearest(deaths, x, y, -1.0)
    gap = max(gap_b, gap_d)
    if not np.isfinite(gap) or (kind == LANDSCAPE) == (gap >= 0):
        return
    if kind == LANDSCAPE:
        slope = -slope
    elif kind == GAUSSIAN:
        slope *= -gap / scale**2 * np.exp(-0.5 * (gap / scale) ** 2)
    else:
        slope *= -np.exp(-gap / scale) / scale
    if gap_b >= gap_d:
        to_births[i, axis_b] += slope
    else:
        to_deaths[j, axis_d] -= slope


@njit(nogil=True, cache=True)
def _pull_in_box(kind, births, deaths, low, high, slope, to_births, to_deaths):
    if kind == VOLUME:
        _pull_area(births, deaths, low, high, slope, to_births, to_deaths)
    else:
        _pull_pair(kind, births, deaths, low, high, slope, to_births, to_deaths)


@njit(nogil=True, cache=True)
def _pull_values(kind, births, deaths, scale, gx, gy, slopes, to_births, to_deaths):
    """Of the representation of one interval at every grid point."""
    local = kind in (INTERLEAVING, VOLUME, RECTANGLE)
    norm = 2 * scale if kind == INTERLEAVING else (2 * scale) ** 2
    low, high = np.empty(2), np.empty(2)
    for i in range(len(gx)):
        for j in range(len(gy)):
            slope = slopes[i, j]
            if slope == 0.0:
                continue
            if not local:
                _pull_nearest(
                    kind, births, deaths, gx[i], gy[j], scale, slope, to_births, to_deaths
                )
                continue
            low[0], low[1], high[0], high[1] = (
                gx[i] - scale,
                gy[j] - scale,
                gx[i] + scale,
                gy[j] + scale,
            )
            _pull_in_box(kind, births, deaths, low, high, slope / norm, to_births, to_deaths)


@njit(nogil=True, cache=True)
def pull_intervals(
    births, deaths, birth_ptr, death_ptr, kind, scale, grid, slopes, weight, box, in_weights, out
):
    """Gradient in the corners of the summands of one module.

    Parameters
    ----------
    births, deaths : ndarrays of shape (n_corners, 2)
    birth_ptr, death_ptr : ndarrays of int64, shape (n_summands + 1,)
    kind : int
    scale : float
    grid : tuple of two ndarrays
    slopes : ndarray of shape (n_summands, len(grid[0]), len(grid[1]))
        Gradient in the representations at the grid points.
    weight : int
        `INTERLEAVING` or `VOLUME`, or -1 for weights that do not move.
    box : ndarray of shape (2, 2)
    in_weights : ndarray of shape (n_summands,)
        Gradient in the weights.
    out : tuple of two ndarrays
        Added to; shapes of `births` and `deaths`.
    """
    for s in range(len(birth_ptr) - 1):
        b0, b1, d0, d1 = birth_ptr[s], birth_ptr[s + 1], death_ptr[s], death_ptr[s + 1]
        b, d, to_b, to_d = births[b0:b1], deaths[d0:d1], out[0][b0:b1], out[1][d0:d1]
        _pull_values(kind, b, d, scale, grid[0], grid[1], slopes[s], to_b, to_d)
        if weight >= 0:
            _pull_in_box(weight, b, d, box[0], box[1], in_weights[s], to_b, to_d)
