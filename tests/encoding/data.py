"""Places on the sphere for the tests of this room."""

import numpy as np


def random_places(n, seed=0):
    """Longitudes and latitudes in degrees, uniform on the sphere, shape (n, 2)."""
    rng = np.random.default_rng(seed)
    return np.column_stack(
        [rng.uniform(-180, 180, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))]
    )


def unit_vectors(places):
    """Points on the unit sphere of longitudes and latitudes in degrees, shape (n, 3)."""
    lon, lat = np.radians(places).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def checkerboard(n_support=200, n_classes=16):
    """The checkerboard of the paper: the class of a place is that of the nearest lattice point.

    Returns 10,000 random training places, 10,000 test places on a lattice, and their classes.
    """
    support = lattice(n_support)
    classes = np.arange(-n_support // 2, n_support // 2) % n_classes
    rng = np.random.RandomState(0)
    x, y, z = rng.normal(size=(3, 10_000))
    train = np.degrees(np.column_stack([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))]))
    test = lattice(10_000)
    nearest = [np.argmax(unit_vectors(p) @ unit_vectors(support).T, axis=1) for p in (train, test)]
    return train, classes[nearest[0]], test, classes[nearest[1]]


def lattice(n):
    """Fibonacci lattice (González 2010) of an even number of places, shape (n, 2)."""
    golden = (1 + np.sqrt(5)) / 2
    i = np.arange(-(n // 2), n // 2)
    longitude = np.mod(i, golden) * 360 / golden
    return np.column_stack([(longitude + 180) % 360 - 180, np.degrees(np.arcsin(2 * i / (n + 1)))])
