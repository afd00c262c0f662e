"""Heat-geodesic pictures beside their peers: CPU seconds and how well distances are kept.

    python benchmarks/bench_heat_geodesic.py           # the tables of the documentation
    python benchmarks/bench_heat_geodesic.py --quick   # small sizes
    python benchmarks/bench_heat_geodesic.py --large   # 70 000 and 1 000 000 points too

Peers (each optional): scikit-learn (Isomap, SMACOF), umap-learn, phate, heatgeo, pacmap, s_gd2.
Quality of a picture of a roll or a tree: correlation of distances in it with the geodesics, row by
row. Of the scaling: normalised stress.
"""

import argparse

import numpy as np
from harness import Contender, print_table, race


def data(work):
    """Points, and coordinates of the truth, for a work order (kind, n, noise)."""
    from skgeom.datasets import make_swiss_roll

    kind, n, noise = work
    if kind == "roll":
        return make_swiss_roll(n, noise=noise, random_state=0)
    rng = np.random.default_rng(0)  # groups in 50 dimensions, on a curved sheet
    X, sheet = make_swiss_roll(n, noise=noise, random_state=0)
    return np.hstack([X, 0.1 * rng.standard_normal((n, 47))]).astype(np.float32), sheet


def row_correlation(work, Y):
    """Mean correlation of true and embedded distances over 500 rows."""
    from scipy.spatial.distance import cdist

    _, sheet = data(work)
    rows = np.random.default_rng(0).choice(len(Y), min(500, len(Y)), replace=False)
    others = np.random.default_rng(1).choice(len(Y), min(5000, len(Y)), replace=False)
    A, B = cdist(Y[rows], Y[others]), cdist(sheet[rows], sheet[others])
    return f"{np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(A, B)]):.4f}"


def heat_geodesic(work):
    from skgeom.manifold import HeatGeodesicEmbedding

    X, _ = data(work)
    return lambda: HeatGeodesicEmbedding(random_state=0).fit_transform(X)


def isomap(work):
    from sklearn.manifold import Isomap

    X, _ = data(work)
    return lambda: Isomap(n_neighbors=10).fit_transform(X)


def umap(work):
    from umap import UMAP

    X, _ = data(work)
    return lambda: UMAP(random_state=0, n_jobs=1).fit_transform(X)


def phate(work):
    from phate import PHATE

    X, _ = data(work)
    return lambda: PHATE(random_state=0, n_jobs=1, verbose=0).fit_transform(X)


def heatgeo(work):
    from heatgeo.embedding import HeatGeo

    X, _ = data(work)
    return lambda: HeatGeo(knn=10).fit_transform(X)


def pacmap(work):
    from pacmap import PaCMAP

    X, _ = data(work)
    return lambda: PaCMAP(random_state=0).fit_transform(X.astype(np.float32))


def distances(work):
    """Heat-geodesic distances of a roll: what the scalings are given."""
    from skgeom.manifold import HeatGeodesicDistance

    X, _ = data(work)
    return HeatGeodesicDistance(random_state=0).fit_transform(X)


def stress_mds(work):
    from skgeom.manifold import StressMDS

    D = distances(work)
    return lambda: StressMDS(random_state=0).fit_transform(D)


def sklearn_smacof(work):
    from sklearn.manifold import smacof

    from skgeom.manifold import classical_mds

    D = distances(work)
    start = classical_mds(D, 2)
    return lambda: smacof(D, n_components=2, init=start, n_init=1, eps=1e-6, max_iter=300)[0]


def s_gd2(work):
    import s_gd2

    D = distances(work)
    flat = D[np.triu_indices(len(D), 1)]
    return lambda: s_gd2.mds_direct(len(D), flat, random_seed=0)


def normalised_stress(work, Y):
    from skgeom.manifold._mds import stress

    return f"{stress(distances(work), Y):.4f}"


EMBEDDERS = [
    Contender("skgeom HeatGeodesicEmbedding", heat_geodesic, quality=row_correlation),
    Contender("scikit-learn Isomap", isomap, ("scikit-learn",), row_correlation),
    Contender("umap-learn", umap, ("umap-learn",), row_correlation),
    Contender("phate", phate, ("phate",), row_correlation),
    Contender("heatgeo", heatgeo, ("heatgeo",), row_correlation),
    Contender("PaCMAP", pacmap, ("pacmap",), row_correlation),
]
SCALINGS = [
    Contender("skgeom StressMDS", stress_mds, quality=normalised_stress),
    Contender("scikit-learn smacof", sklearn_smacof, ("scikit-learn",), normalised_stress),
    Contender("s_gd2", s_gd2, ("s_gd2",), normalised_stress),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    n = 500 if options.quick else 2000
    for noise in (0.1, 0.5, 1.0):
        results = race(EMBEDDERS, ("roll", n, noise), repeat=1 if options.quick else 3)
        print_table(f"Swiss roll, n = {n}, noise {noise}", results)
    n = 600 if options.quick else 2500
    results = race(SCALINGS, ("roll", n, 0.9), repeat=1)
    print_table(f"Scaling of {n} x {n} distances (quality: stress)", results)
    if options.large:
        contenders = [c for c in EMBEDDERS if c.name not in ("scikit-learn Isomap", "heatgeo")]
        for n in (70_000, 1_000_000):
            results = race(contenders, ("wide", n, 0.1), repeat=1, threads=2, timeout=3600)
            print_table(f"Roll in 50 dimensions, n = {n}, 2 threads", results)


if __name__ == "__main__":
    main()
