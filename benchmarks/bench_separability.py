"""Exact H0 lifetimes beside the packages that compute them, one table a size.

    python benchmarks/bench_separability.py                # the tables of the documentation
    python benchmarks/bench_separability.py --quick        # small sizes
    python benchmarks/bench_separability.py --largest      # n = 100 000, d = 384, skgeom alone
    python benchmarks/bench_separability.py --consistency  # statistics of two groups moving apart
    python benchmarks/bench_separability.py --table        # what "auto" chooses from
    python benchmarks/bench_separability.py --checkpoint   # a monitor's update beside its tree

Peers (each optional): scipy, gudhi, hdbscan, quitefastmst, giotto-ph, ripser, mlpack. The quality
column is the total length over that of a double-precision single linkage, minus 1: anything but 0
is not a minimum spanning tree (float32 input: up to its rounding).
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
    from hdbscan.dist_metrics import DistanceMetric

    X = cloud(work)
    metric, core = DistanceMetric.get_metric("euclidean"), np.zeros(len(X))
    return lambda: np.sort(mst_linkage_core_vector(X, core, metric, 1.0)[:, 2])


def hdbscan_kdtree(work):
    from hdbscan._hdbscan_boruvka import KDTreeBoruvkaAlgorithm
    from sklearn.neighbors import KDTree

    X = cloud(work)

    def lifetimes():
        search = KDTreeBoruvkaAlgorithm(KDTree(X), 0, approx_min_span_tree=False, n_jobs=1)
        return np.sort(search.spanning_tree()[:, 2])

    return lifetimes


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

    # any of the kernels would do: the tests hold each against scipy's single linkage
    exact = euclidean_tree(cloud(work))[1].sum()
    return f"{np.sum(lifetimes) / exact - 1:+.0e}"


CONTENDERS = [
    Contender("skgeom", skgeom_lifetimes, (), excess),
    Contender("skgeom, float64 input", skgeom_double, (), excess),
    Contender("scipy single linkage", scipy_linkage, ("scipy",), excess),
    Contender("quitefastmst", quitefastmst, ("quitefastmst",), excess),
    Contender("hdbscan Prim", hdbscan_prim, ("hdbscan",), excess),
    Contender("hdbscan k-d tree", hdbscan_kdtree, ("hdbscan",), excess),
    Contender("giotto-ph", giotto_ph, ("giotto-ph",), excess),
    Contender("gudhi RipsPersistence", gudhi_rips, ("gudhi",), excess),
    Contender("ripser.py", ripser, ("ripser",), excess),
    Contender("mlpack emst", mlpack_emst, ("mlpack",), excess),
]
# scipy, hdbscan's Prim and the Rips packages take n² distances one by one, or all at once
QUADRATIC = {"scipy single linkage", "hdbscan Prim"}
RIPS = {"giotto-ph", "gudhi RipsPersistence", "ripser.py"}
WORKS = [
    ("text", 3080, 384),
    ("embed", 10_000, 384),
    ("blobs", 20_000, 2),
    ("blobs", 20_000, 3),
    ("blobs", 20_000, 10),
    ("blobs", 20_000, 30),
    ("blobs", 1_000_000, 2),
    ("blobs", 1_000_000, 3),
]
# n = 100 000, d = 384: no peer holds it in reasonable time and memory
LARGEST = ("embed", 100_000, 384)
QUICK_WORKS = [("embed", 1000, 384), ("blobs", 2000, 10)]


def races(works, timeout):
    for work in works:
        # the Rips packages hold n x n matrices and more; above this size they only run out of it
        some = [c for c in CONTENDERS if work[1] <= 4000 or c.name not in RIPS]
        some = [c for c in some if work[1] <= 20_000 or c.name not in QUADRATIC]
        some = [c for c in some if work[2] <= 30 or c.name != "hdbscan k-d tree"]
        results = race(some, work, timeout=timeout)
        title = f"Exact H0 lifetimes, {work[0]}, n = {work[1]}, d = {work[2]}, one thread"
        print_table(title, results, quality="excess length")


FOLLOWERS = (
    "persistence",
    "tail_fraction",
    "gini",
    "negentropy",
    "nn_entropy",
    "balanced_max",
    "balanced_sum",
    "major_gap",
)
SITUATIONS = {"clean": (0.5, 0), "imbalance 9:1": (0.9, 0), "5 outliers": (0.5, 5)}


def two_groups(d, distance, share, n_outliers, rng):
    """600 points of two Gaussian groups, and outliers of four times their scale."""
    n_first = int(600 * share)
    X = rng.normal(size=(600, d))
    X[n_first:, 0] += distance * (1.5 if d >= 50 else 1.0)
    return np.concatenate([X, 4 * rng.normal(size=(n_outliers, d))])


def consistency():
    """Rank correlation of each statistic with the distance of two groups, over 13 distances."""
    from scipy.stats import spearmanr
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    from skgeom.separability import SeparabilityScorer

    scorer = SeparabilityScorer(list(FOLLOWERS), normalize=None)
    print("d, situation".ljust(24) + "".join(f"{name:>15}" for name in (*FOLLOWERS, "silhouette")))
    for d in (2, 10, 50, 384):
        for situation, (share, n_outliers) in SITUATIONS.items():
            correlations = []
            for draw in range(3):
                rng = np.random.default_rng(draw)
                rows = []
                for distance in range(13):
                    X = two_groups(d, distance, share, n_outliers, rng)
                    labels = KMeans(2, n_init=3, random_state=0).fit_predict(X)
                    values = scorer.fit(X).statistics_.values()
                    rows.append([*values, silhouette_score(X, labels)])
                # what never changes follows nothing
                correlations.append(
                    [spearmanr(range(13), c).statistic if np.ptp(c) else 0.0 for c in zip(*rows)]
                )
            mean = np.mean(correlations, axis=0)
            print(f"{d}, {situation}".ljust(24) + "".join(f"{value:15.2f}" for value in mean))


KERNELS = ("kdtree", "prim", "gram", "tiles")
TABLE_SAMPLES = (125, 250, 500, 1000, 2000, 4000, 8000, 16_000)
TABLE_FEATURES = (2, 5, 10, 32, 64, 100, 384)


def largest():
    """Time and memory of the largest cloud, beside the products that exactness asks for."""
    work = LARGEST
    (result,) = race([Contender("skgeom", skgeom_lifetimes)], work, repeat=1, timeout=3600)
    left = np.random.default_rng(0).random((1024, work[2]), dtype=np.float32)
    seconds = min(_product_seconds(left) for _ in range(20))
    floor = seconds * work[1] ** 2 / 2 / 1024**2
    print_table(f"n = {work[1]}, d = {work[2]}, one thread", [result])
    print(f"{result.cpu_s / floor:.2f} times the {floor:.1f} s of n² d / 2 multiply-adds by sgemm")


def _product_seconds(left):
    start = time.process_time()
    left @ left[::-1].T
    return time.process_time() - start


def checkpoint(n_repeats=7):
    """CPU seconds of a monitor's update, with every statistic, beside those of the tree alone."""
    from skgeom.separability import SeparabilityMonitor, SeparabilityScorer, h0_persistence
    from skgeom.separability._statistics import STATISTICS

    X = cloud(("text", 3080, 384))[:3000].astype(np.float32)
    default = SeparabilityMonitor()
    everything = SeparabilityMonitor(SeparabilityScorer(list(STATISTICS)))
    works = {
        "tree alone": lambda: h0_persistence(X),
        "update, default": lambda: default.update(X),
        f"update, {len(STATISTICS)} statistics": lambda: everything.update(X),
    }
    print("\n3000 x 384, one thread         CPU s   times the tree")
    for work in works.values():
        work()
    seconds = {name: [] for name in works}
    for _ in range(n_repeats):  # in turns, so that a busy machine is as busy for each
        for name, work in works.items():
            start = time.process_time()
            work()
            seconds[name].append(time.process_time() - start)
    for name, values in seconds.items():
        print(f"{name:28} {min(values):8.4f} {min(values) / min(seconds['tree alone']):10.2f}")


def kernel_table():
    """CPU seconds of each kernel over sizes: what the "auto" table was read from."""
    from skgeom._core.spanning_tree import choose_algorithm, euclidean_tree

    print("\nn       d     " + "".join(f"{a:>10}" for a in KERNELS) + "   auto")
    for n in TABLE_SAMPLES:
        for d in TABLE_FEATURES:
            X = cloud(("blobs", n, d)).astype(np.float32)
            seconds = []
            for algorithm in KERNELS:
                if (algorithm == "gram" and n > 8000) or (algorithm == "kdtree" and d > 10):
                    seconds.append(np.nan)
                    continue
                euclidean_tree(X[:1000], algorithm=algorithm)
                times = []
                for _ in range(5 if n < 4000 else 1):
                    start = time.process_time()
                    euclidean_tree(X, algorithm=algorithm)
                    times.append(time.process_time() - start)
                seconds.append(min(times))
            chosen = choose_algorithm(n, d, 1024)
            print(f"{n:<7} {d:<5} " + "".join(f"{s:10.4f}" for s in seconds) + f"   {chosen}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--consistency", action="store_true", help="two groups moving apart")
    parser.add_argument("--checkpoint", action="store_true", help="a monitor's update")
    parser.add_argument("--largest", action="store_true", help="n = 100 000, d = 384")
    parser.add_argument("--timeout", type=float, default=600)
    options = parser.parse_args()
    if options.table:
        kernel_table()
    elif options.consistency:
        consistency()
    elif options.checkpoint:
        checkpoint()
    elif options.largest:
        largest()
    else:
        races(QUICK_WORKS if options.quick else WORKS, options.timeout)
