"""How well heat-geodesic distances and pictures keep the truth, beside the peers.

    python benchmarks/bench_heat_geodesic_quality.py            # all tables
    python benchmarks/bench_heat_geodesic_quality.py distances  # 15 settings of rolls and trees
    python benchmarks/bench_heat_geodesic_quality.py embeddings # six settings, pictures
    python benchmarks/bench_heat_geodesic_quality.py labels     # digits and blood cells

Rows of distances are correlated with the rows of the true geodesics (Pearson / Spearman).
"tuned" chooses the parameters on two samples (seeds 42, 43) and shows two others (47, 48);
"untuned" are the defaults. "authors' kernel" is the paper's with the accuracy of their program,
Chebyshev polynomials of order 30 and the logarithm of h + 1e-16, stated here in a few lines.
Peers (each optional): phate, umap-learn, heatgeo, scikit-learn's Isomap.
"""

import argparse
from itertools import product

import numpy as np
import scipy.sparse as sp
from harness import Contender, machine, race
from scipy.sparse.csgraph import dijkstra
from scipy.spatial.distance import cdist
from scipy.special import ive
from scipy.stats import rankdata
from sklearn.neighbors import kneighbors_graph

VALIDATION, TEST = (42, 43), (47, 48)


# ---------------------------------------------------------------------- data


def roll(n, noise, dim, seed):
    """Swiss roll turned into `dim` dimensions, noise added there, and its geodesics."""
    rng = np.random.default_rng(seed)
    s = 1.5 * np.pi * (1 + 2 * rng.random(n))
    height = 5 * rng.random(n)
    X = np.column_stack([s * np.cos(s), height, s * np.sin(s)])
    if dim > 3:
        X = X @ np.linalg.qr(rng.standard_normal((dim, dim)))[0][:3]
    X = X + noise * rng.standard_normal(X.shape)
    arc = (s * np.sqrt(s * s + 1) + np.arcsinh(s)) / 2
    flat = np.column_stack([arc, height])
    return X, cdist(flat, flat)


def tree(n, noise, dim, seed, branches=5):
    """Random walks that leave a first one, noise added, and the noiseless tree's shortest paths."""
    rng = np.random.default_rng(seed)
    m = n // branches
    parts = [np.cumsum(2 * rng.random((m, dim)) - 1, axis=0)]
    for _ in range(branches - 1):
        root = parts[0][rng.integers(m)]
        parts.append(root + np.cumsum(2 * rng.random((m, dim)) - 1, axis=0))
    clean = np.concatenate(parts)
    near = kneighbors_graph(clean, 10, mode="distance")
    true = dijkstra(near.maximum(near.T), directed=False)
    return clean + 10 * noise * rng.standard_normal(clean.shape), true


SETTINGS = [
    *[(roll, dim, noise) for dim in (3, 10, 50) for noise in (0.1, 0.5, 1.0)],
    *[(tree, dim, noise) for dim in (10, 30) for noise in (0.1, 0.5, 1.0)],
]
PICTURES = [(roll, 3, 0.1), (roll, 3, 1.0), (roll, 10, 0.5), (tree, 10, 0.1), (tree, 10, 0.5),
            (tree, 30, 0.5)]  # fmt: skip


def pearson(D, true):
    A = D - D.mean(axis=1, keepdims=True)
    B = true - true.mean(axis=1, keepdims=True)
    size = np.sqrt((A * A).sum(axis=1) * (B * B).sum(axis=1))
    return float(np.mean((A * B).sum(axis=1) / np.maximum(size, 1e-300)))


def spearman(D, true):
    return pearson(rankdata(D, axis=1), rankdata(true, axis=1))


# ---------------------------------------------------------------------- distances


TUNED = [
    {"graph": graph, "n_neighbors": k, "t_param": f, "sigma": sigma, "rho": rho}
    for graph, k, f, sigma, rho in product(
        ("alpha", "knn"), (10, 15), (0.85, 0.93, 0.97), (0.5, 1.0), (0.0, 0.3)
    )
]


def heat_distances(X, options):
    from skgeom.manifold import HeatGeodesicDistance

    return (HeatGeodesicDistance(random_state=0, **option).fit_transform(X) for option in options)


def resolvent_distances(X, options):
    settings = {"heat_method": "euler", "heat_order": 1, "inverse": "matched"}
    return heat_distances(X, [{**settings, **option} for option in options])


def path_distances(X, options):
    return heat_distances(X, [{"distance": "shortest_path", **option} for option in options])


KERNEL_T, KERNEL_SIGMA = (0.1, 1.0, 10.0, 22.27, 50.0), (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
KERNEL_OPTIONS = list(product((10, 15), KERNEL_T, KERNEL_SIGMA))


def kernel_distances(X, options, order=30, floor=1e-16):
    """``-4t log h - sigma 4t log v`` of Chebyshev's kernel, clipped as double precision does."""
    kernels = {}
    for k, t, sigma in options:
        if (k, t) not in kernels:
            kernels[k, t] = np.maximum(_chebyshev_kernel(_alpha_graph(X, k), t, order), 0) + floor
        H = kernels[k, t]
        diag = H.diagonal()
        square = -4 * t * np.log(H)
        square -= sigma * 4 * t * np.log(2 / (diag[:, None] + diag))
        yield np.sqrt(np.maximum(square, 0))


def _alpha_graph(X, k, decay=40):
    D = cdist(X, X)
    scale = np.sort(D, axis=1)[:, k]
    with np.errstate(over="ignore"):
        K = np.exp(-((D / scale[:, None]) ** decay))
    K[K < 1e-4] = 0
    np.fill_diagonal(K, 0)
    return sp.csr_array((K + K.T) / 2)


def _chebyshev_kernel(W, t, order):
    L = sp.csr_array(sp.diags_array(W.sum(axis=1)) - W)
    phi = sp.linalg.eigsh(L, 1, which="LA", return_eigenvectors=False)[0] / 2
    shifted = sp.csr_array(L / phi - sp.eye_array(L.shape[0]))
    before, now = np.eye(L.shape[0]), shifted.toarray()
    coefs = 2 * (-1.0) ** np.arange(order + 1) * ive(np.arange(order + 1), t * phi)
    H = coefs[0] / 2 * before + coefs[1] * now
    for c in coefs[2:]:
        before, now = now, 2 * (shifted @ now) - before
        H += c * now
    return H


def best_of(distances, options, make, n):
    """The options of highest mean correlation on the validation samples."""
    scores = np.zeros(len(options))
    for seed in VALIDATION:
        X, true = make(n, seed)
        scores += [pearson(D, true) for D in distances(X, options)]
    return options[int(np.argmax(scores))]


def shown(distances, options, make, n):
    """Mean Pearson and Spearman on the test samples, of options or the best of many."""
    option = options[0] if len(options) == 1 else best_of(distances, options, make, n)
    values = []
    for seed in TEST:
        X, true = make(n, seed)
        (D,) = distances(X, [option])
        values.append((pearson(D, true), spearman(D, true)))
    return np.mean(values, axis=0)


METHODS = {
    "authors' kernel, tuned": (kernel_distances, KERNEL_OPTIONS),
    "skgeom, tuned": (heat_distances, TUNED),
    "skgeom, untuned": (heat_distances, [{}]),
    "graph='knn'": (heat_distances, [{"graph": "knn"}]),
    "resolvent, untuned": (resolvent_distances, [{}]),
    "shortest path": (path_distances, [{}]),
}


def table_of_distances(n):
    rows, means = [], []
    for kind, dim, noise in SETTINGS:

        def make(n, seed, kind=kind, dim=dim, noise=noise):
            return kind(n, noise, dim, seed)

        values = [shown(*method, make, n) for method in METHODS.values()]
        means.append(values)
        rows.append(
            [f"{kind.__name__} {dim}-d, {noise}", *(f"{p:.3f} / {s:.3f}" for p, s in values)]
        )
        print("\t".join(rows[-1]), flush=True)
    mean = np.mean(means, axis=0)
    rows.append(["mean", *(f"{p:.3f} / {s:.3f}" for p, s in mean)])
    print_rows(f"Distances, n = {n}: Pearson / Spearman of rows", ["data, noise", *METHODS], rows)


# ---------------------------------------------------------------------- pictures


def _picture(make):
    def prepare(work):
        kind, n, dim, noise = work
        X, _ = kind(n, noise, dim, 42)
        return lambda: make(X)

    return prepare


def _heat(X, **options):
    from skgeom.manifold import HeatGeodesicEmbedding

    return HeatGeodesicEmbedding(random_state=0, **options).fit_transform(X)


def prepare_heat(work):
    return _picture(_heat)(work)


def prepare_one_width(work):
    return _picture(lambda X: _heat(X, graph="knn"))(work)


def prepare_isomap(work):
    from sklearn.manifold import Isomap

    return _picture(lambda X: Isomap(n_neighbors=10).fit_transform(X))(work)


def prepare_umap(work):
    from umap import UMAP

    return _picture(lambda X: UMAP(random_state=0, n_jobs=1).fit_transform(X))(work)


def prepare_phate(work):
    from phate import PHATE

    return _picture(lambda X: PHATE(knn=10, random_state=0, verbose=0).fit_transform(X))(work)


def prepare_heatgeo(work):
    from heatgeo.embedding import HeatGeo

    return _picture(lambda X: HeatGeo(knn=10).fit_transform(X))(work)


def prepare_heatgeo_auto(work):
    from heatgeo.embedding import HeatGeo

    options = {"tau": "auto", "harnack_regul": 1.0, "lap_type": "combinatorial", "order": 30}
    return _picture(lambda X: HeatGeo(knn=10, **options).fit_transform(X))(work)


def picture_pearson(work, Y):
    kind, n, dim, noise = work
    _, true = kind(n, noise, dim, 42)
    return f"{pearson(cdist(Y, Y), true):.3f}"


PAINTERS = [
    Contender("skgeom", prepare_heat, quality=picture_pearson),
    Contender("graph='knn'", prepare_one_width, quality=picture_pearson),
    Contender("heatgeo", prepare_heatgeo, ("heatgeo",), picture_pearson),
    Contender("heatgeo, auto", prepare_heatgeo_auto, ("heatgeo",), picture_pearson),
    Contender("PHATE", prepare_phate, ("phate",), picture_pearson),
    Contender("UMAP", prepare_umap, ("umap-learn",), picture_pearson),
    Contender("Isomap", prepare_isomap, quality=picture_pearson),
]


def table_of_pictures(n):
    rows = []
    for kind, dim, noise in PICTURES:
        results = race(PAINTERS, (kind, n, dim, noise), repeat=1)
        rows.append([f"{kind.__name__} {dim}-d, {noise}", *(r.note or r.quality for r in results)])
        print("\t".join(rows[-1]), flush=True)
    head = ["data, noise", *(c.name for c in PAINTERS)]
    print_rows(f"Pictures, n = {n}: Pearson of rows", head, rows)


# ---------------------------------------------------------------------- labels


def labelled(name):
    from skgeom.datasets import load_cells

    if name == "digits, first 1000":
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        return X[:1000], y[:1000]
    cells = load_cells("pbmc68k")
    return cells.data, cells.target


def label_scores(work, Y):
    """Adjusted Rand index of k-means, and accuracy of ten neighbours on a held-out third."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score
    from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.preprocessing import StandardScaler

    _, y = labelled(work)
    Y = StandardScaler().fit_transform(Y)
    groups = KMeans(len(np.unique(y)), n_init=10, random_state=0).fit_predict(Y)
    split = StratifiedShuffleSplit(10, test_size=1 / 3, random_state=0)
    accuracy = cross_val_score(KNeighborsClassifier(10), Y, y, cv=split).mean()
    return f"{adjusted_rand_score(y, groups):.3f} / {accuracy:.3f}"


def _of_labelled(make):
    def prepare(work):
        X, _ = labelled(work)
        return lambda: make(X)

    return prepare


def label_heat(work):
    return _of_labelled(_heat)(work)


def label_clusters(work):
    options = {"metric": "cosine", "refinement": 1.0}
    return _of_labelled(lambda X: _heat(X, **options))(work)


def label_isomap(work):
    from sklearn.manifold import Isomap

    return _of_labelled(lambda X: Isomap(n_neighbors=10).fit_transform(X))(work)


def label_umap(work):
    from umap import UMAP

    return _of_labelled(lambda X: UMAP(random_state=0, n_jobs=1).fit_transform(X))(work)


def label_phate(work):
    from phate import PHATE

    return _of_labelled(lambda X: PHATE(random_state=0, verbose=0).fit_transform(X))(work)


def label_heatgeo(work):
    from heatgeo.embedding import HeatGeo

    return _of_labelled(lambda X: HeatGeo(knn=10).fit_transform(X))(work)


LABELLERS = [
    Contender("skgeom", label_heat, quality=label_scores),
    Contender("skgeom, for clusters", label_clusters, quality=label_scores),
    Contender("heatgeo", label_heatgeo, ("heatgeo",), label_scores),
    Contender("PHATE", label_phate, ("phate",), label_scores),
    Contender("UMAP", label_umap, ("umap-learn",), label_scores),
    Contender("Isomap", label_isomap, quality=label_scores),
]


def table_of_labels():
    rows = []
    for name in ("digits, first 1000", "pbmc68k"):
        results = race(LABELLERS, name, repeat=1)
        rows.append([name, *(r.note or r.quality for r in results)])
        print("\t".join(rows[-1]), flush=True)
    head = ["data", *(c.name for c in LABELLERS)]
    print_rows("Labels: ARI after k-means / accuracy of 10 neighbours", head, rows)


def print_rows(title, head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    rule = "  ".join("=" * width for width in widths)
    lines = [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in [head, *rows]
    ]
    print("\n".join(["", title, machine(), "", rule, lines[0], rule, *lines[1:], rule]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tables", nargs="*", default=["distances", "embeddings", "labels"])
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if "distances" in options.tables:
        table_of_distances(300 if options.quick else 800)
    if "embeddings" in options.tables:
        table_of_pictures(500 if options.quick else 2000)
    if "labels" in options.tables:
        table_of_labels()


if __name__ == "__main__":
    main()
