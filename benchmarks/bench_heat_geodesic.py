"""Heat-geodesic pictures beside their peers: CPU seconds and how well distances are kept.

    python benchmarks/bench_heat_geodesic.py           # the tables of the documentation
    python benchmarks/bench_heat_geodesic.py --quick   # small sizes
    python benchmarks/bench_heat_geodesic.py --large 70000 1000000   # points in 50 dimensions

Peers (each optional): scikit-learn (Isomap, SMACOF), umap-learn, phate, heatgeo, pacmap, s_gd2.
Quality of a picture of a roll: correlation of distances in it with the geodesics, row by row. Of
the scaling: normalised stress. Of points in 50 dimensions (ten curved sheets of three dimensions):
trustworthiness / share of the 10 nearest kept (both of 1000 rows among all points) / correlation of
distances in the picture with those of the data (pairs of these rows).
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
    return curved_sheets(n, noise), None


def curved_sheets(n, noise, n_features=50, n_sheets=10):
    """Curved sheets of three dimensions, of unequal size and spread."""
    rng = np.random.default_rng(42)
    label = rng.choice(n_sheets, n, p=rng.dirichlet(np.full(n_sheets, 5.0)))
    X = np.empty((n, n_features), np.float32)
    for sheet in range(n_sheets):
        rows = np.flatnonzero(label == sheet)
        u = rng.standard_normal((len(rows), 3))
        curved = np.hstack([u, np.sin(2 * u), u[:, :1] * u[:, 1:2], u[:, 1:2] * u[:, 2:]])
        axes = rng.standard_normal((curved.shape[1], n_features)) / np.sqrt(n_features)
        centre = 0.5 * rng.standard_normal(n_features)
        X[rows] = centre + curved @ axes * (0.7 + rng.random())
    return X + (noise * rng.standard_normal(X.shape)).astype(np.float32)


def neighbourhoods(work, Y, k=10, n_sample=1000):
    """Trustworthiness / share of k nearest kept / correlation of distances, of a sample of rows."""
    from scipy.spatial.distance import pdist
    from sklearn.neighbors import NearestNeighbors

    X, _ = data(work)
    rows = np.random.default_rng(0).choice(len(X), min(n_sample, len(X)), replace=False)
    near_x = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(X).kneighbors(X[rows])[1]
    near_y = NearestNeighbors(n_neighbors=k + 1).fit(Y).kneighbors(Y[rows])[1]
    kept = trust = 0.0
    for row, a, b in zip(rows, near_x, near_y):
        a, b = a[a != row][:k], b[b != row][:k]
        kept += len(np.intersect1d(a, b)) / k
        strangers = np.setdiff1d(b, a)
        d = np.linalg.norm(X - X[row], axis=1)
        trust += sum(np.count_nonzero(d < d[j]) - k for j in strangers)
    n = len(X)
    trust = 1 - 2 * trust / (len(rows) * k * (2 * n - 3 * k - 1))
    far = np.corrcoef(pdist(X[rows]), pdist(np.asarray(Y)[rows]))[0, 1]
    return f"{trust:.4f} / {kept / len(rows):.3f} / {far:.3f}"


def quality(work, Y):
    return row_correlation(work, Y) if work[0] == "roll" else neighbourhoods(work, Y)


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


def heat_refined(work):
    from skgeom.manifold import HeatGeodesicEmbedding

    X, _ = data(work)
    options = {"weights": "inverse", "refinement": 1.0}
    return lambda: HeatGeodesicEmbedding(**options, random_state=0).fit_transform(X)


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
    Contender("skgeom HeatGeodesicEmbedding", heat_geodesic, quality=quality),
    Contender("scikit-learn Isomap", isomap, ("scikit-learn",), quality),
    Contender("umap-learn", umap, ("umap-learn",), quality),
    Contender("phate", phate, ("phate",), quality),
    Contender("heatgeo", heatgeo, ("heatgeo",), quality),
    Contender("PaCMAP", pacmap, ("pacmap",), quality),
]
LARGE = [
    EMBEDDERS[0],
    Contender("skgeom, inverse weights, refinement=1", heat_refined, quality=quality),
    *(c for c in EMBEDDERS if c.name in ("umap-learn", "PaCMAP", "phate")),
]
SCALINGS = [
    Contender("skgeom StressMDS", stress_mds, quality=normalised_stress),
    Contender("scikit-learn smacof", sklearn_smacof, ("scikit-learn",), normalised_stress),
    Contender("s_gd2", s_gd2, ("s_gd2",), normalised_stress),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--large", type=int, nargs="+", default=[])
    parser.add_argument("--only", nargs="+", help="names of packages")
    options = parser.parse_args()
    if options.large:
        for n in options.large:
            contenders = [c for c in LARGE if not options.only or c.name in options.only]
            results = []
            for contender in contenders:
                work = ("sheets", n, 0.05)
                results += race([contender], work, repeat=1, threads=2, timeout=3600)
                print(results[-1], flush=True)
            print_table(f"Sheets in 50 dimensions, n = {n}, 2 threads", results)
        return
    n = 500 if options.quick else 2000
    for noise in (0.1, 0.5, 1.0):
        results = race(EMBEDDERS, ("roll", n, noise), repeat=1 if options.quick else 3)
        print_table(f"Swiss roll, n = {n}, noise {noise}", results)
    n = 600 if options.quick else 2500
    results = race(SCALINGS, ("roll", n, 0.9), repeat=1)
    print_table(f"Scaling of {n} x {n} distances (quality: stress)", results)


if __name__ == "__main__":
    main()
