"""Compiled loops over interval modules: corners in, images on a grid out (two parameters)."""

import numpy as np
from numba import njit

INTERLEAVING, VOLUME, RECTANGLE, GAUSSIAN, EXPONENTIAL, LANDSCAPE = 0, 1, 2, 3, 4, 5
SUM, MAXIMUM, LARGEST = 0, 1, 2


@njit(nogil=True, cache=True)
def longest_diagonal(births, deaths, low, high):
    """Longest bar of slope 1 in the module, clipped to the box ``low..high``."""
    longest = 0.0
    for i in range(len(births)):
        x0, y0 = max(births[i, 0], low[0]), max(births[i, 1], low[1])
        for j in range(len(deaths)):
            length = min(min(deaths[j, 0], high[0]) - x0, min(deaths[j, 1], high[1]) - y0)
            longest = max(longest, length)
    return longest


@njit(nogil=True, cache=True)
def largest_rectangle(births, deaths, low, high):
    """Area of the largest rectangle between a birth and a death, clipped to the box."""
    largest = 0.0
    for i in range(len(births)):
        x0, y0 = max(births[i, 0], low[0]), max(births[i, 1], low[1])
        for j in range(len(deaths)):
            width = min(deaths[j, 0], high[0]) - x0
            height = min(deaths[j, 1], high[1]) - y0
            if width > 0 and height > 0:
                largest = max(largest, width * height)
    return largest


@njit(nogil=True, cache=True)
def area(births, deaths, low, high):
    """Area of the module's support inside the box; corners sorted by first coordinate."""
    total = 0.0
    x = low[0]
    bottom, top = np.inf, -np.inf
    i, j = 0, 0
    # births sorted by x: second coordinates fall; deaths sorted by x: second coordinates fall
    while i < len(births) and births[i, 0] <= x:
        bottom = births[i, 1]
        i += 1
    while j < len(deaths) and deaths[j, 0] <= x:
        j += 1
    while x < high[0] and j < len(deaths):
        top = deaths[j, 1]
        step = min(high[0], deaths[j, 0])
        if i < len(births):
            step = min(step, births[i, 0])
        height = min(top, high[1]) - max(bottom, low[1])
        if height > 0:
            total += (step - x) * height
        x = step
        while i < len(births) and births[i, 0] <= x:
            bottom = births[i, 1]
            i += 1
        while j < len(deaths) and deaths[j, 0] <= x:
            j += 1
    return total


@njit(nogil=True, cache=True)
def distance(births, deaths, x, y):
    """How far (x, y) is from being above a birth and below a death (sup norm)."""
    to_birth = np.inf
    for i in range(len(births)):
        to_birth = min(to_birth, max(0.0, max(births[i, 0] - x, births[i, 1] - y)))
    to_death = np.inf
    for j in range(len(deaths)):
        to_death = min(to_death, max(0.0, max(x - deaths[j, 0], y - deaths[j, 1])))
    return max(to_birth, to_death)


@njit(nogil=True, cache=True)
def _depth(births, deaths, x, y):
    """Largest e such that the module holds (x - e, y - e) and (x + e, y + e); 0 outside."""
    to_birth = -np.inf
    for i in range(len(births)):
        to_birth = max(to_birth, min(x - births[i, 0], y - births[i, 1]))
    to_death = -np.inf
    for j in range(len(deaths)):
        to_death = max(to_death, min(deaths[j, 0] - x, deaths[j, 1] - y))
    return max(0.0, min(to_birth, to_death))


@njit(nogil=True, cache=True)
def _value(kind, births, deaths, x, y, scale, low, high):
    """The representation of one interval at one point."""
    if kind == LANDSCAPE:
        return _depth(births, deaths, x, y)
    if kind == GAUSSIAN:
        z = distance(births, deaths, x, y) / scale
        return np.exp(-0.5 * z * z)
    if kind == EXPONENTIAL:
        return np.exp(-distance(births, deaths, x, y) / scale)
    low[0], low[1], high[0], high[1] = x - scale, y - scale, x + scale, y + scale
    if kind == INTERLEAVING:
        return longest_diagonal(births, deaths, low, high) / (2 * scale)
    if kind == VOLUME:
        return area(births, deaths, low, high) / (2 * scale) ** 2
    return largest_rectangle(births, deaths, low, high) / (2 * scale) ** 2


@njit(nogil=True, cache=True)
def interval_images(births, deaths, birth_ptr, death_ptr, weights, kind, op, scale, gx, gy, images):
    """Add up, or take maxima of, the representations of the summands of one module.

    ``images`` has shape (n_images, len(gx), len(gy)). With `SUM` and `MAXIMUM` there is one image,
    of weight times value; with `LARGEST` image k has the k-th largest value at every point.
    """
    low, high = np.empty(2), np.empty(2)
    local = kind != GAUSSIAN and kind != EXPONENTIAL
    margin = 0.0 if kind == LANDSCAPE else scale
    for summand in range(len(birth_ptr) - 1):
        b = births[birth_ptr[summand] : birth_ptr[summand + 1]]
        d = deaths[death_ptr[summand] : death_ptr[summand + 1]]
        if len(b) == 0 or len(d) == 0 or weights[summand] == 0.0:
            continue
        x0, x1, y0, y1 = b[:, 0].min(), d[:, 0].max(), b[:, 1].min(), d[:, 1].max()
        for i in range(len(gx)):
            if local and (gx[i] < x0 - margin or gx[i] > x1 + margin):
                continue
            for j in range(len(gy)):
                if local and (gy[j] < y0 - margin or gy[j] > y1 + margin):
                    continue
                value = _value(kind, b, d, gx[i], gy[j], scale, low, high)
                if value == 0.0:
                    continue
                if op == SUM:
                    images[0, i, j] += weights[summand] * value
                elif op == MAXIMUM:
                    images[0, i, j] = max(images[0, i, j], weights[summand] * value)
                else:
                    value *= weights[summand]
                    for k in range(len(images)):
                        if value > images[k, i, j]:
                            value, images[k, i, j] = images[k, i, j], value


@njit(nogil=True, cache=True)
def _copy(points, source, target):
    # coordinate by coordinate: a slice would compile ten times as long
    points[target, 0] = points[source, 0]
    points[target, 1] = points[source, 1]


@njit(nogil=True, cache=True)
def _sort_undominated(points, count):
    """Sort by first coordinate; drop points above another one. Returns how many are left."""
    for i in range(1, count):
        x, y = points[i, 0], points[i, 1]
        j = i
        while j > 0 and (points[j - 1, 0] > x or (points[j - 1, 0] == x and points[j - 1, 1] > y)):
            _copy(points, j - 1, j)
            j -= 1
        points[j, 0], points[j, 1] = x, y
    kept, lowest = 0, np.inf
    for i in range(count):
        # second coordinates are sums and differences with an offset: equal up to rounding only
        if i == 0 or points[i, 1] < lowest - 1e-12:
            _copy(points, i, kept)
            kept += 1
        lowest = min(lowest, points[i, 1])
    return kept


@njit(nogil=True, cache=True)
def _scale(points, count, factor):
    for i in range(count):
        points[i, 0] *= factor
        points[i, 1] *= factor


@njit(nogil=True, cache=True)
def _apart(a, b):
    return 0.0 if a == b else abs(a - b)


@njit(nogil=True, cache=True)
def _staircase(points, count, tolerance, sign):
    """Minimal corners (sign 1) or maximal ones (sign -1), close neighbours joined, in place."""
    _scale(points, count, sign)
    count = _sort_undominated(points, count)
    joined = 0
    for i in range(1, count):
        gap = max(_apart(points[joined, 0], points[i, 0]), _apart(points[joined, 1], points[i, 1]))
        if gap <= tolerance:
            points[joined, 0] = min(points[joined, 0], points[i, 0])
            points[joined, 1] = min(points[joined, 1], points[i, 1])
        else:
            joined += 1
            _copy(points, i, joined)
    count = _sort_undominated(points, joined + 1)
    if sign > 0:
        return count
    for i in range(count // 2):  # falling in the other order
        for axis in range(2):
            other = points[count - 1 - i, axis]
            points[count - 1 - i, axis], points[i, axis] = points[i, axis], other
    _scale(points, count, sign)
    return count


@njit(nogil=True, cache=True)
def trace_corners(
    births, deaths, offsets, extent, tolerance, shortest, birth, death, birth_ptr, death_ptr
):
    """Corners of the intervals whose traces on the lines ``{(t, t - c)}`` are given.

    Parameters
    ----------
    births, deaths : ndarrays of shape (n_lines, n_vines)
    offsets : ndarray of shape (n_lines,)
    extent : ndarray of shape (2,)
        Upper corner of the box; the lower one is the origin.
    tolerance : float
        Corners that are this close are joined.
    shortest : float
        Intervals whose longest diagonal bar is shorter are left out, and those without any bar.
    birth, death : ndarrays of shape (n_lines * n_vines, 2)
        Filled with corners.
    birth_ptr, death_ptr : ndarrays of int64, shape (n_vines + 1,)
        Filled; summand i has the corners from entry i to entry i + 1.

    Returns
    -------
    n_summands : int
    """
    low = np.zeros(2)
    n_summands = 0
    for vine in range(births.shape[1]):
        b, d = birth[birth_ptr[n_summands] :], death[death_ptr[n_summands] :]
        count = 0
        for line in range(len(offsets)):
            start, end, c = births[line, vine], deaths[line, vine], offsets[line]
            # bars are seen inside the box only, its border included
            if not (start < end and end > max(0.0, c) and start <= min(extent[0], extent[1] + c)):
                continue
            b[count, 0] = start if start >= 0.0 else -np.inf
            b[count, 1] = start - c if start - c >= 0.0 else -np.inf
            d[count, 0] = end if end <= extent[0] else np.inf
            d[count, 1] = end - c if end - c <= extent[1] else np.inf
            count += 1
        if count == 0:
            continue
        n_births = _staircase(b, count, tolerance, 1.0)
        n_deaths = _staircase(d, count, tolerance, -1.0)
        if shortest > 0 and (longest_diagonal(b[:n_births], d[:n_deaths], low, extent) < shortest):
            continue
        birth_ptr[n_summands + 1] = birth_ptr[n_summands] + n_births
        death_ptr[n_summands + 1] = death_ptr[n_summands] + n_deaths
        n_summands += 1
    return n_summands
