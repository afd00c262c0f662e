"""Compiled loops over interval modules: corners in, images on a grid out (two parameters)."""

import numpy as np
from numba import njit

INTERLEAVING, VOLUME, RECTANGLE, GAUSSIAN, EXPONENTIAL, LANDSCAPE = 0, 1, 2, 3, 4, 5
SUM, LARGEST = 0, 1


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
    bottom = np.inf
    i, j = 0, 0
    # births sorted by x: second coordinates fall; deaths sorted by x: second coordinates fall
    while i < len(births) and births[i, 0] <= x:
        bottom = births[i, 1]
        i += 1
    while j < len(deaths) and deaths[j, 0] <= x:
        j += 1
    while x < high[0] and j < len(deaths):
        step = min(high[0], deaths[j, 0])
        if i < len(births):
            step = min(step, births[i, 0])
        height = min(deaths[j, 1], high[1]) - max(bottom, low[1])
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
def _closeness(kind, corners, sign, grid, scale):
    """Kernel of how far every grid value is before (sign 1) or beyond (-1) every coordinate."""
    table = np.empty((len(corners), len(grid)))
    for k in range(len(corners)):
        for i in range(len(grid)):
            z = max(0.0, sign * (corners[k] - grid[i])) / scale
            table[k, i] = np.exp(-0.5 * z * z) if kind == GAUSSIAN else np.exp(-z)
    return table


@njit(nogil=True, cache=True)
def _closest(along_x, along_y, i, row):
    """Kernel of the sup distance to the closest corner, from the grid points of one row.

    The kernel falls with the distance: largest distances are smallest values, so that one value per
    axis and corner will do.
    """
    for j in range(len(row)):
        row[j] = 0.0
    for k in range(len(along_x)):
        limit = along_x[k, i]
        for j in range(len(row)):
            row[j] = max(row[j], min(limit, along_y[k, j]))


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
    """The representation of one interval at one point, but for those by distance."""
    if kind == LANDSCAPE:
        return _depth(births, deaths, x, y)
    low[0], low[1], high[0], high[1] = x - scale, y - scale, x + scale, y + scale
    if kind == INTERLEAVING:
        return longest_diagonal(births, deaths, low, high) / (2 * scale)
    if kind == VOLUME:
        return area(births, deaths, low, high) / (2 * scale) ** 2
    return largest_rectangle(births, deaths, low, high) / (2 * scale) ** 2


@njit(nogil=True, cache=True)
def _least(corners, sign):
    """Smallest coordinates (sign 1), or largest (-1); reductions over slices compile longer."""
    x = y = np.inf
    for k in range(len(corners)):
        x, y = min(x, sign * corners[k, 0]), min(y, sign * corners[k, 1])
    return sign * x, sign * y


@njit(nogil=True, cache=True)
def _near_values(kind, births, deaths, scale, gx, gy, values):
    """Representations of one interval on a grid that vanish outside its surroundings."""
    low, high = np.empty(2), np.empty(2)
    margin = 0.0 if kind == LANDSCAPE else scale
    (x0, y0), (x1, y1) = _least(births, 1.0), _least(deaths, -1.0)
    for i in range(len(gx)):
        near = x0 - margin <= gx[i] <= x1 + margin
        for j in range(len(gy)):
            values[i, j] = 0.0
            if near and y0 - margin <= gy[j] <= y1 + margin:
                values[i, j] = _value(kind, births, deaths, gx[i], gy[j], scale, low, high)


@njit(nogil=True, cache=True)
def _values_by_distance(kind, births, deaths, scale, gx, gy, values):
    """Representations of one interval on a grid that fall with the distance to it."""
    born_x = _closeness(kind, births[:, 0], 1.0, gx, scale)
    born_y = _closeness(kind, births[:, 1], 1.0, gy, scale)
    dead_x = _closeness(kind, deaths[:, 0], -1.0, gx, scale)
    dead_y = _closeness(kind, deaths[:, 1], -1.0, gy, scale)
    row = np.empty(len(gy))
    for i in range(len(gx)):
        _closest(born_x, born_y, i, values[i])
        _closest(dead_x, dead_y, i, row)
        for j in range(len(gy)):
            values[i, j] = min(values[i, j], row[j])


@njit(nogil=True, cache=True)
def interval_values(kind, births, deaths, scale, gx, gy, values):
    """Representations of one interval on a grid."""
    if kind in (GAUSSIAN, EXPONENTIAL):
        _values_by_distance(kind, births, deaths, scale, gx, gy, values)
    else:
        _near_values(kind, births, deaths, scale, gx, gy, values)


@njit(nogil=True, cache=True)
def _put(op, weight, values, images):
    """Add one interval's values, times its weight, to the images."""
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            if values[i, j] == 0.0:
                continue
            value = weight * values[i, j]
            if op == SUM:
                images[0, i, j] += value
            else:
                for k in range(len(images)):
                    if value > images[k, i, j]:
                        value, images[k, i, j] = images[k, i, j], value


@njit(nogil=True, cache=True)
def interval_images(births, deaths, birth_ptr, death_ptr, weights, kind, op, scale, gx, gy, images):
    """Add up, or sort, the representations of the summands of one module.

    ``images`` has shape (n_images, len(gx), len(gy)). With `SUM` there is one image, of weight
    times value; with `LARGEST` image k has the k-th largest of these at every point.
    """
    values = np.empty((len(gx), len(gy)))
    for summand in range(len(birth_ptr) - 1):
        b = births[birth_ptr[summand] : birth_ptr[summand + 1]]
        d = deaths[death_ptr[summand] : death_ptr[summand + 1]]
        if len(b) == 0 or len(d) == 0 or weights[summand] == 0.0:
            continue
        interval_values(kind, b, d, scale, gx, gy, values)
        _put(op, weights[summand], values, images)


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
def _bars_seen(births, deaths, vine, offsets, extent, birth, death):
    """Ends of the bars of one summand that meet the box; returns how many."""
    count = 0
    for line in range(len(offsets)):
        start, end, c = births[line, vine], deaths[line, vine], offsets[line]
        # bars are seen inside the box only, its border included
        if not (start < end and end > max(0.0, c) and start <= min(extent[0], extent[1] + c)):
            continue
        birth[count, 0] = start if start >= 0.0 else -np.inf
        birth[count, 1] = start - c if start - c >= 0.0 else -np.inf
        death[count, 0] = end if end <= extent[0] else np.inf
        death[count, 1] = end - c if end - c <= extent[1] else np.inf
        count += 1
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
        count = _bars_seen(births, deaths, vine, offsets, extent, b, d)
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
