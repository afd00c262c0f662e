"""Exact H0 lifetimes beside the packages that compute them, one table a size.

    python benchmarks/bench_separability.py                # the tables of the documentation
    python benchmarks/bench_separability.py --quick        # small sizes
    python benchmarks/bench_separability.py --table        # what "auto" chooses from

Peers (each optional): scipy, gudhi, hdbscan, quitefastmst, giotto-ph, ripser, mlpack. The quality
column is the total length over that of a double-precision single linkage, minus 1: anything but 0
is not a minimum spanning tree.
"""

import argparse
import time

import numpy as np
from harness import Contender, print_table, race


def cloud(work):
    """Make the (n, d) float64 cloud that a work order (kind, n, d) names."""
    kind, n, d = work
    rng = np.random.default_rng(0)
    if kind == "text":
        from skgeom.datasets import load_text_embeddings

        X = load_text_embeddings().data.astype(np.float64)
        return X / np.linalg.norm(X, axis=1, keepdims=True)
    if kind == "embed":  # unit vectors of 40 groups with a power-law spectrum, like embeddings
        scales = (1.0 + np.arange(d)) ** -0.5
        centres = rng.normal(size=(40, d)) * scales
        X = centres[rng.integers(0, 40, n)] + 0.8 * rng.normal(size=(n, d)) * scales
        return X / np.linalg.norm(X, axis=1, keepdims=True)
    return 4 * rng.normal(size=(10, d))[rng.integers(0, 10, n)] + rng.normal(size=(n, d))


def skgeom_lifetimes(work):
    from skgeom.separability import h0_persistence

    X = cloud(work).astype(np.float32)
    return lambda: h0_persistence(X)


def skgeom_double(work):
    from skgeom.separability import h0_persistence

    X = cloud(work)
    return lambda: h0_persistence(X)


def scipy_linkage(work):
    from scipy.cluster.hierarchy import linkage

    X = cloud(work)
    return lambda: linkage(X, "single")[:, 2]


def gudhi_rips(work):
    from gudhi.sklearn.rips_persistence import RipsPersistence

    X = cloud(work)
    rips = RipsPersistence(homology_dimensions=0)
    return lambda: _finite(rips.fit_transform([X])[0][:, 1])


def ripser(work):
    from ripser import ripser as compute

    X = cloud(work)
    return lambda: _finite(compute(X, maxdim=0)["dgms"][0][:, 1])


def giotto_ph(work):
    from gph import ripser_parallel

    X = cloud(work)
    return lambda: _finite(ripser_parallel(X, maxdim=0, n_threads=1)["dgms"][0][:, 1])


def hdbscan_prim(work):
    from hdbscan._hdbscan_linkage import mst_linkage_core_vector
    from sklearn.metrics import DistanceMetric

    X = cloud(work)
    metric, core = DistanceMetric.get_metric("euclidean"), np.zeros(len(X))
    return lambda: np.sort(mst_linkage_core_vector(X, core, metric, 1.0)[:, 2])


def quitefastmst(work):
    from quitefastmst import mst_euclid

    X = cloud(work)
    return lambda: mst_euclid(X, 0)[0]


def mlpack_emst(work):
    from mlpack import emst

    X = cloud(work)
    return lambda: emst(input_=X)["output"][:, 2]


def _finite(deaths):
    return np.sort(deaths[np.isfinite(deaths)])


def excess(work, lifetimes):
    """Relative excess of the total length over that of a double-precision tree."""
    from skgeom._core.spanning_tree import euclidean_tree

    exact = euclidean_tree(cloud(work), algorithm="prim")[1].sum()
    return f"{np.sum(lifetimes) / exact - 1:+.0e}"


CONTENDERS = [
    Contender("skgeom", skgeom_lifetimes, (), excess),
    Contender("skgeom, float64 input", skgeom_double, (), excess),
    Contender("scipy single linkage", scipy_linkage, ("scipy",), excess),
    Contender("quitefastmst", quitefastmst, ("quitefastmst",), excess),
    Contender("hdbscan Prim", hdbscan_prim, ("hdbscan",), excess),
    Contender("giotto-ph", giotto_ph, ("giotto-ph",), excess),
    Contender("gudhi RipsPersistence", gudhi_rips, ("gudhi",), excess),
    Contender("ripser.py", ripser, ("ripser",), excess),
    Contender("mlpack emst", mlpack_emst, ("mlpack",), excess),
]
RIPS = {"giotto-ph", "gudhi RipsPersistence", "ripser.py"}
WORKS = [
    ("text", 3080, 384),
    ("embed", 10_000, 384),
    ("blobs", 20_000, 3),
    ("blobs", 20_000, 10),
    ("blobs", 20_000, 30),
]
QUICK_WORKS = [("embed", 1000, 384), ("blobs", 2000, 10)]


def races(works, timeout):
    for work in works:
        # the Rips packages hold n x n matrices and more; above this size they only run out of it
        some = [c for c in CONTENDERS if work[1] <= 4000 or c.name not in RIPS]
        results = race(some, work, timeout=timeout)
        title = f"Exact H0 lifetimes, {work[0]}, n = {work[1]}, d = {work[2]}, one thread"
        print_table(title, results, quality="excess length")


def kernel_table():
    """CPU seconds of each kernel over sizes: what the "auto" table was read from."""
    from skgeom._core.spanning_tree import choose_algorithm, euclidean_tree

    print("\nn       d     " + "".join(f"{a:>10}" for a in ("prim", "gram", "tiles")) + "   auto")
    for n in (500, 2000, 4000, 8000, 16_000):
        for d in (2, 10, 32, 64, 100, 384):
            X = cloud(("blobs", n, d)).astype(np.float32)
            seconds = []
            for algorithm in ("prim", "gram", "tiles"):
                if algorithm == "gram" and n > 8000:
                    seconds.append(np.nan)
                    continue
                euclidean_tree(X[:1000], algorithm=algorithm)
                start = time.process_time()
                euclidean_tree(X, algorithm=algorithm)
                seconds.append(time.process_time() - start)
            chosen = choose_algorithm(n, d, 1024)
            print(f"{n:<7} {d:<5} " + "".join(f"{s:10.4f}" for s in seconds) + f"   {chosen}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--timeout", type=float, default=600)
    options = parser.parse_args()
    if options.table:
        kernel_table()
    else:
        races(QUICK_WORKS if options.quick else WORKS, options.timeout)
