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
                    for k in range(len(images)):
                        if value > images[k, i, j]:
                            value, images[k, i, j] = images[k, i, j], value
