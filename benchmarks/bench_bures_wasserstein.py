"""Bures-Wasserstein geometry: speed beside pyriemann, accuracy on ill-conditioned matrices.

python benchmarks/bench_bures_wasserstein.py            # all tables
python benchmarks/bench_bures_wasserstein.py speed      # distance, log, exp and mean
python benchmarks/bench_bures_wasserstein.py condition  # tangent spaces as conditions grow
"""

import argparse

import numpy as np
from harness import Contender, machine, race
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

OPERATIONS = ("distance", "log map", "exp map", "mean")
SIZES = {
    4: (1, 10, 100, 1000, 10_000),
    8: (1, 10, 100, 1000, 10_000),
    22: (1, 10, 100, 1000),
    64: (1, 10, 100),
    100: (50,),
}
CONDITIONS = (1e2, 1e4, 1e6, 1e8)


def wishart(n_matrices, n, seed=0):
    X = np.random.default_rng(seed).standard_normal((n_matrices, n, 4 * n))
    C = X @ X.transpose(0, 2, 1) / (4 * n)
    return 0.5 * (C + C.transpose(0, 2, 1))


def given(work):
    operation, n, n_matrices = work
    C = wishart(n_matrices, n)
    return operation, C, C.mean(axis=0)


def prepare_pyriemann(work):
    from pyriemann.geometry.distance import distance_wasserstein
    from pyriemann.geometry.mean import mean_wasserstein
    from pyriemann.geometry.tangentspace import exp_map_wasserstein, log_map_wasserstein

    operation, C, M = given(work)
    V, stack = log_map_wasserstein(C, M), np.broadcast_to(M, C.shape)
    return repeated(
        {
            "distance": lambda: distance_wasserstein(C, stack),
            "log map": lambda: log_map_wasserstein(C, M),
            "exp map": lambda: exp_map_wasserstein(V, M),
            "mean": lambda: mean_wasserstein(C, tol=1e-9, maxiter=100),
        }[operation],
        C.size,
    )


def prepare_skgeom(work):
    from skgeom.spd import distance, exp_map, log_map
    from skgeom.spd._wasserstein import barycentre

    operation, C, M = given(work)
    V, weight = log_map(C, M, metric="wasserstein"), np.full(len(C), 1.0 / len(C))
    return repeated(
        {
            "distance": lambda: distance(C, M, metric="wasserstein"),
            "log map": lambda: log_map(C, M, metric="wasserstein"),
            "exp map": lambda: exp_map(V, M, metric="wasserstein"),
            "mean": lambda: barycentre(C, weight, 1e-9, 100).mean,
        }[operation],
        C.size,
    )


def repeated(function, entries):
    """Repeat a function on small input, which a clock could not time, and large input not."""
    times = max(1, 50_000 // entries)

    def many():
        for _ in range(times):
            result = function()
        return result

    return many


def same(work, result):
    return result


def speed():
    contenders = [
        Contender("skgeom", prepare_skgeom, quality=same),
        Contender("pyriemann", prepare_pyriemann, ("pyriemann",), same),
    ]
    head = "".join(f"{operation:>12s}" for operation in OPERATIONS)
    print("pyriemann's CPU time over skgeom's, and the largest difference\n\n     matrices" + head)
    for n, n_matrices in [(n, count) for n, counts in SIZES.items() for count in counts]:
        ratios, gap = [], 0.0
        for operation in OPERATIONS:
            ours, theirs = race(contenders, (operation, n, n_matrices), repeat=7)
            ratios.append(theirs.cpu_s / ours.cpu_s)
            gap = max(gap, np.abs(ours.quality - theirs.quality).max())
        figures = "".join(f"{ratio:12.2f}" for ratio in ratios)
        print(f"{n_matrices:6d} x {n:4d}{figures}   {gap:.0e}", flush=True)


def two_classes(condition, where, seed, n=12, n_matrices=200, strength=0.25, jitter=0.5):
    """Spectra from 1 to 1 / condition, in fixed axes that wobble a little.

    The classes differ in the variance of the third strongest ("large") or third weakest ("small")
    axis. The weaker half fluctuates by itself: what is left of an interpolated electrode, a filter
    or an average reference is noise of arbitrary size.
    """
    rng = np.random.default_rng(seed)
    y = np.arange(n_matrices) % 2
    logs = np.tile(np.linspace(0.0, -np.log(condition), n), (n_matrices, 1))
    logs += 0.2 * rng.standard_normal(logs.shape)
    noisy = slice(n // 2, None)
    logs[:, noisy] += jitter * np.log10(condition) * rng.standard_normal((n_matrices, n - n // 2))
    logs[:, 2 if where == "large" else -3] += np.where(y, strength, -strength)
    axes = np.linalg.qr(np.eye(n) + 0.05 * rng.standard_normal((n_matrices, n, n)))[0]
    C = (axes * np.exp(logs)[:, None, :]) @ axes.transpose(0, 2, 1)
    return 0.5 * (C + C.transpose(0, 2, 1)), y


def tangent_spaces():
    from pyriemann.tangentspace import TangentSpace

    from skgeom.spd import BuresWassersteinTangentSpace

    return {
        "affine-invariant": TangentSpace(metric="riemann"),
        "log-Euclidean": BuresWassersteinTangentSpace("log"),
        "BW, theta 1": BuresWassersteinTangentSpace(),
        "BW, theta 0.5": BuresWassersteinTangentSpace(0.5),
        "GBW, M the mean": BuresWassersteinTangentSpace(metric_matrix="mean"),
    }


def condition():
    for where in ("large", "small"):
        print(f"\naccuracy, classes differ in a {where} eigenvalue; 5 folds, 3 draws\n")
        print(" " * 20 + "".join(f"{c:>10.0e}" for c in CONDITIONS))
        for name, space in tangent_spaces().items():
            model = make_pipeline(space, StandardScaler(), LogisticRegression(max_iter=1000))
            scores = [
                np.mean(
                    [
                        cross_val_score(model, *two_classes(c, where, seed), cv=5).mean()
                        for seed in range(3)
                    ]
                )
                for c in CONDITIONS
            ]
            print(f"{name:20s}" + "".join(f"{score:10.3f}" for score in scores), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    tables = {"speed": speed, "condition": condition}
    parser.add_argument("table", nargs="*", help=f"of {', '.join(tables)}; all by default")
    wanted = parser.parse_args().table or tables
    print(machine())
    for chosen in wanted:
        tables[chosen]()
