"""Spherical harmonics beside scipy's and pyshtools's, and what linear models make of encodings.

    python benchmarks/bench_spherical_encoding.py             # the tables of the documentation
    python benchmarks/bench_spherical_encoding.py --quick     # 10 000 points
    python benchmarks/bench_spherical_encoding.py --largest   # 1 000 000 points, 7 GB
    python benchmarks/bench_spherical_encoding.py --accuracy  # linear models on two tasks

scipy's function for one degree and order is called for every pair with m >= 0 (an order and its
negative are the real and the imaginary part of one value); scipy's function for all pairs at once
and pyshtools (optional, point by point) stand beside it. The quality column is the largest
difference from scipy on 500 of the points.
"""

import argparse
import resource
import time

import numpy as np
from harness import Contender, print_table, race


def places(n):
    """Longitudes and latitudes in degrees, uniform on the sphere."""
    rng = np.random.default_rng(0)
    latitude = np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    return np.column_stack([rng.uniform(-180, 180, n), latitude])


def angles(n):
    longitude, latitude = np.radians(places(n)).T
    return np.pi / 2 - latitude, longitude


def skgeom_double(work):
    return _skgeom(work, "float64")


def skgeom_single(work):
    return _skgeom(work, "float32")


def _skgeom(work, dtype):
    from skgeom.encoding import SphericalHarmonicsEncoder

    n, degree = work
    X = places(n)
    encoder = SphericalHarmonicsEncoder(degree=degree + 1, dtype=dtype).fit(X)
    return lambda: encoder.transform(X)


def scipy_one_by_one(work):
    """Fill the table column by column; above 100 000 points the values are made and dropped."""
    from scipy.special import sph_harm_y

    n, degree = work
    theta, phi = angles(n)
    keep = n <= 100_000

    def run():
        table = np.empty(((degree + 1) ** 2, n)) if keep else None
        for l in range(degree + 1):  # noqa: E741
            for m in range(l + 1):
                y = sph_harm_y(l, m, theta, phi)
                if keep:
                    factor = (-1) ** m * np.sqrt(2 if m else 1)
                    table[l * l + l - m] = factor * y.imag
                    table[l * l + l + m] = factor * y.real
        return table.T if keep else None

    return run


def scipy_all(work):
    from scipy.special import sph_harm_y_all

    n, degree = work
    theta, phi = angles(n)

    def run():  # in slices, which keep the complex table small
        table = np.empty((n, (degree + 1) ** 2))
        for first in range(0, n, 1000):
            part = slice(first, first + 1000)
            values = sph_harm_y_all(degree, degree, theta[part], phi[part])
            for l in range(degree + 1):  # noqa: E741
                for m in range(l + 1):
                    factor = (-1) ** m * np.sqrt(2 if m else 1)
                    table[part, l * l + l - m] = factor * values[l, m].imag
                    table[part, l * l + l + m] = factor * values[l, m].real
        return table

    return run


def pyshtools_points(work):
    from pyshtools.legendre import PlmON

    n, degree = work
    longitude, latitude = np.radians(places(n)).T
    l = np.concatenate([np.full(k + 1, k) for k in range(degree + 1)])  # noqa: E741
    m = np.concatenate([np.arange(k + 1) for k in range(degree + 1)])

    def run():
        table = np.empty((n, (degree + 1) ** 2))
        for i in range(n):
            legendre = PlmON(degree, np.sin(latitude[i]))  # sqrt(2) for m > 0 is in it
            table[i, l * l + l - m] = legendre * np.sin(m * longitude[i])
            table[i, l * l + l + m] = legendre * np.cos(m * longitude[i])
        return table

    return run


def deviation(work, table):
    """Largest difference from scipy at the first 500 points."""
    if table is None:
        return "values not kept"
    _, degree = work
    from scipy.special import sph_harm_y

    theta, phi = (a[:500] for a in angles(work[0]))
    worst = 0.0
    for l in range(degree + 1):  # noqa: E741
        for m in range(l + 1):
            y = (-1) ** m * np.sqrt(2 if m else 1) * sph_harm_y(l, m, theta, phi)
            worst = max(worst, np.abs(table[:500, l * l + l + m] - y.real).max())
            if m:
                worst = max(worst, np.abs(table[:500, l * l + l - m] - y.imag).max())
    return f"{worst:.0e}"


CONTENDERS = [
    Contender("skgeom, float64", skgeom_double, quality=deviation),
    Contender("skgeom, float32", skgeom_single, quality=deviation),
    Contender("sph_harm_y, pair by pair", scipy_one_by_one, ("scipy",), deviation),
    Contender("sph_harm_y_all", scipy_all, ("scipy",), deviation),
    Contender("PlmON, point by point", pyshtools_points, ("pyshtools",), deviation),
]


def accuracy():
    """Print accuracies of logistic regressions on encodings, with seconds of encoding and fit."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from skgeom.datasets import load_land_ocean
    from skgeom.encoding import DoubleFourierSphereEncoder, SphericalHarmonicsEncoder

    kinds = ("wrap", "cartesian3d", "grid", "theory", "spherec+", "spherem+")
    encoders = {kind: DoubleFourierSphereEncoder(kind=kind) for kind in kinds}
    encoders |= {f"SH {d}": SphericalHarmonicsEncoder(degree=d) for d in (10, 15, 20, 25)}
    earth = load_land_ocean()
    train, test = earth.train_indices, earth.test_indices
    tasks = {
        "checkerboard": checkerboard(),
        "land/ocean": (
            earth.data[train],
            earth.target[train],
            earth.data[test],
            earth.target[test],
        ),
    }
    for task, (X, y, X_test, y_test) in tasks.items():
        for name, encoder in encoders.items():
            start = time.process_time()
            model = make_pipeline(encoder, LogisticRegression(C=100, max_iter=500)).fit(X, y)
            seconds = time.process_time() - start
            print(f"{task:14}{name:14}{model.score(X_test, y_test):.3f}{seconds:8.1f} s")


def checkerboard():
    """200 lattice points in 16 classes; a place has the class of the nearest."""
    support = _lattice(200)
    classes = np.arange(-100, 100) % 16
    x, y, z = np.random.RandomState(0).normal(size=(3, 10_000))
    train = np.degrees(np.column_stack([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))]))
    test = _lattice(10_000)
    nearest = [np.argmax(_vectors(p) @ _vectors(support).T, axis=1) for p in (train, test)]
    return train, classes[nearest[0]], test, classes[nearest[1]]


def _lattice(n):
    golden = (1 + np.sqrt(5)) / 2
    i = np.arange(-(n // 2), n // 2)
    longitude = np.mod(i, golden) * 360 / golden
    return np.column_stack([longitude, np.degrees(np.arcsin(2 * i / (n + 1)))])


def _vectors(X):
    longitude, latitude = np.radians(X).T
    c = np.cos(latitude)
    return np.column_stack([c * np.cos(longitude), c * np.sin(longitude), np.sin(latitude)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--largest", action="store_true")
    parser.add_argument("--accuracy", action="store_true")
    arguments = parser.parse_args()
    if arguments.accuracy:
        accuracy()
        return
    if arguments.largest:
        largest()
        return
    n = 10_000 if arguments.quick else 100_000
    for points, degree in ((n, 40), (n // 100, 200)):
        results = race(CONTENDERS, (points, degree), repeat=2)
        title = f"**Harmonics to degree {degree} of {points} points**"
        print_table(title, results, quality="deviation")


def largest():
    """A million points to degree 40: in tenths beside scipy, every value compared; then at once."""
    from scipy.special import sph_harm_y

    from skgeom.encoding import SphericalHarmonicsEncoder

    X = places(1_000_000)
    encoder = SphericalHarmonicsEncoder(degree=41).fit(X)
    encoder.transform(X[:10])  # compile
    ours = theirs = worst = 0.0
    for part in np.split(X, 10):
        start = time.process_time()
        table = encoder.transform(part)
        ours += time.process_time() - start
        longitude, latitude = np.radians(part).T
        theta = np.pi / 2 - latitude
        for l in range(41):  # noqa: E741
            for m in range(l + 1):
                start = time.process_time()
                y = sph_harm_y(l, m, theta, longitude)
                theirs += time.process_time() - start
                y *= (-1) ** m * np.sqrt(2 if m else 1)
                worst = max(worst, np.abs(table[:, l * l + l + m] - y.real).max())
                if m:
                    worst = max(worst, np.abs(table[:, l * l + l - m] - y.imag).max())
        del table
    print(
        f"float64, ten parts: skgeom {ours:.1f} CPU s, pair by pair {theirs:.1f} CPU s, ratio "
        f"{theirs / ours:.1f}, largest difference {worst:.0e}",
        flush=True,
    )
    run = skgeom_single((len(X), 40))
    for call in ("first", "second"):
        before = resource.getrusage(resource.RUSAGE_SELF)
        run()
        after = resource.getrusage(resource.RUSAGE_SELF)
        user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
        print(
            f"float32, at once, {call} call: {user:.1f} s, {system:.1f} s of the "
            f"system's for memory, peak {after.ru_maxrss / 2**10:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
