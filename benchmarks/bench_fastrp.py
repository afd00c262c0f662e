"""FastRPEmbedder beside its peers: speed on a power-law graph, quality on labelled networks.

    python benchmarks/bench_fastrp.py            # R-MAT 2^18 and four labelled networks
    python benchmarks/bench_fastrp.py --quick    # R-MAT 2^13 and Cora
    python benchmarks/bench_fastrp.py --parts gather import notebook settings

Speed: the paper's setting (weights 0, 0, 1, 6.67, beta -0.64, row norms, sparse projection,
random-walk matrix), d = 128. Peers that can't express it run their nearest setting. The graph is
in the peer's own form when the clock starts.

Gather: bytes of neighbours' rows that a dense hop fetches per second, beside what the processor
reads from memory in order (STREAM), measured in turn. Import: a process that imports and fits
BlogCatalog, compiled code in the cache. Notebook: the table of the authors' notebook (d = 512).
Settings: the table of the user guide.

Quality: micro-F1 of a one-vs-rest logistic regression (C = 0.1) on standardised vectors, 10 % of
the nodes in training, the true number of labels known for each test node, 5 shuffles.
"""

import argparse
import glob
import os
import subprocess
import sys
import time
import warnings

import numpy as np
import scipy.sparse as sp
from harness import Contender, print_table, race

WEIGHTS = (0.0, 0.0, 1.0, 6.67)
BETA = -0.64
D = 128


def make_graph(work):
    """Return the adjacency: ``("rmat", scale)`` or the name of a labelled network."""
    if isinstance(work, tuple):
        return rmat(work[1])
    from skgeom.datasets import load_network

    return load_network(work).data


def rmat(scale, edge_factor=16, seed=0):
    """A power-law graph with 2^scale nodes (R-MAT, 0.57, 0.19, 0.19, 0.05), symmetric."""
    n, rng = 1 << scale, np.random.RandomState(seed)
    source = np.zeros(n * edge_factor, np.int64)
    target = source.copy()
    for _ in range(scale):
        draw = rng.random_sample(len(source))
        source = 2 * source + (draw >= 0.76)
        target = 2 * target + (((draw >= 0.57) & (draw < 0.76)) | (draw >= 0.95))
    order = rng.permutation(n)
    source, target = order[source[source != target]], order[target[source != target]]
    ends = (np.r_[source, target], np.r_[target, source])
    adjacency = sp.coo_array((np.ones(2 * len(source), np.float32), ends), shape=(n, n)).tocsr()
    adjacency.data[:] = 1
    return adjacency


def micro_f1(work, vectors):
    """Score vectors by the protocol of the network embedding literature."""
    return "" if isinstance(work, tuple) else f1_scores(work, vectors)[0]


def f1_scores(work, vectors, share=0.1, n_shuffles=5):
    """Return micro- and macro-F1 of a logistic regression on a share of the nodes."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import label_binarize, scale

    from skgeom.datasets import load_network

    target = load_network(work).target
    labels = target.toarray() if sp.issparse(target) else label_binarize(target, classes=range(7))
    labelled = labels.sum(axis=1) > 0
    vectors, labels = scale(np.asarray(vectors, np.float64))[labelled], labels[labelled]
    rng, scores = np.random.RandomState(0), []
    for _ in range(n_shuffles):
        order = rng.permutation(len(labels))
        train, test = np.split(order, [int(share * len(labels))])
        model = OneVsRestClassifier(LogisticRegression(C=0.1, solver="liblinear"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # labels that no training node has
            margin = model.fit(vectors[train], labels[train]).predict_proba(vectors[test])
        rank = np.argsort(np.argsort(-margin, axis=1), axis=1)
        chosen = rank < labels[test].sum(axis=1, keepdims=True)
        options = {"y_true": labels[test], "y_pred": chosen, "zero_division": 0}
        scores.append([f1_score(average=kind, **options) for kind in ("micro", "macro")])
    return np.mean(scores, axis=0).tolist()


# ------------------------------------------------------------------ contenders


def _ours(work, **options):
    from skgeom.graph import FastRPEmbedder

    adjacency = make_graph(work).astype(np.float32)
    model = FastRPEmbedder(D, random_state=0, store_hops=False, **options)
    return lambda: model.fit_transform(adjacency)


def ours_paper(work):
    return _ours(work, iteration_weights="paper")


def ours_bfloat16(work):
    return _ours(work, iteration_weights="paper", storage="bfloat16")


def ours_auto(work):
    return _ours(work)


def ours_neo4j(work):
    return _ours(work, iteration_weights="neo4j")


def ours_whitened(work):
    return _ours(work, iteration_weights=[0] * 15 + [1], whiten_every=4)


def _recipe(work, dtype, product):
    """The authors' recipe in scikit-learn and scipy."""
    from sklearn.preprocessing import normalize, scale
    from sklearn.random_projection import SparseRandomProjection

    adjacency = make_graph(work).astype(dtype)
    n = adjacency.shape[0]

    def embed():
        degrees = adjacency.sum(axis=1)
        present = degrees > 0
        inverse, factor = np.zeros(n, dtype), np.zeros(n, dtype)
        inverse[present], factor[present] = 1 / degrees[present], degrees[present] ** BETA
        matrix = (sp.diags_array(inverse) @ adjacency).tocsr()
        projection = SparseRandomProjection(D, random_state=0).fit(sp.csr_matrix((1, n)))
        start = (sp.diags_array(factor) @ projection.components_.T).astype(dtype)
        hop = np.ascontiguousarray((matrix @ start).toarray())
        total = np.zeros_like(hop)
        for i, weight in enumerate(WEIGHTS):
            if i:
                hop = np.asarray(product(matrix, hop))
            if weight:
                total += dtype(weight) * normalize(hop)
        return scale(total, copy=False)

    return embed


def scipy_float64(work):
    return _recipe(work, np.float64, lambda matrix, hop: matrix @ hop)


def scipy_float32(work):
    return _recipe(work, np.float32, lambda matrix, hop: matrix @ hop)


def mkl_float32(work):
    libraries = glob.glob(os.path.join(sys.prefix, "lib", "libmkl_rt.so*"))
    if libraries:
        os.environ.setdefault("MKL_RT", libraries[0])
    import sparse_dot_mkl

    def product(matrix, hop):
        return sparse_dot_mkl.dot_product_mkl(sp.csr_matrix(matrix), hop)

    return _recipe(work, np.float32, product)


def rust_fastrp(work):
    """Its first weight is hop 0; no beta, no row norms, density 1/3."""
    from fastrp import FastRP

    adjacency = sp.csr_matrix(make_graph(work).astype(np.float64))
    weights = [0.0, *WEIGHTS]
    return lambda: FastRP(dim=D, weights=weights, seed=0, undirected=False).fit_transform(adjacency)


def _cleora(work, *args, **options):
    import pycleora

    upper = sp.triu(make_graph(work)).tocoo()
    n = upper.shape[0]
    lines = (f"{a} {b}" for a, b in zip(upper.row.tolist(), upper.col.tolist()))
    graph = pycleora.SparseMatrix.from_iterator(lines, "complex::reflexive::node")

    def embed():
        vectors = np.zeros((n, D), np.float32)
        rows = np.array([int(name) for name in graph.entity_ids])
        vectors[rows] = pycleora.embed(graph, D, *args, num_workers=1, seed=0, **options)
        return vectors

    return embed


def cleora_fast(work):
    return _cleora(work, 4, whiten=False)


def cleora_default(work):
    return _cleora(work)


def sknetwork_projection(work):
    from sknetwork.embedding import RandomProjection

    adjacency = sp.csr_matrix(make_graph(work))
    model = RandomProjection(D, alpha=0.9, n_iter=4, random_walk=True, random_state=0)
    return lambda: model.fit_transform(adjacency)


def sknetwork_spectral(work):
    from sknetwork.embedding import Spectral

    adjacency = sp.csr_matrix(make_graph(work))
    return lambda: Spectral(D).fit_transform(adjacency)


def prone(work):
    import csrgraph
    from nodevectors import ProNE

    graph = csrgraph.csrgraph(sp.csr_matrix(make_graph(work)), threads=1)
    return lambda: ProNE(D, verbose=False).fit_transform(graph)


SPEED = [
    Contender("skgeom FastRPEmbedder", ours_paper),
    Contender("skgeom, bfloat16 storage", ours_bfloat16),
    Contender("recipe, scipy float32", scipy_float32, ("scipy",)),
    Contender("recipe, scipy float64", scipy_float64, ("scipy",)),
    Contender("recipe, MKL float32", mkl_float32, ("sparse-dot-mkl", "mkl")),
    Contender("fastrp (Rust)", rust_fastrp, ("fastrp",)),
    Contender("pycleora, 4 iterations", cleora_fast, ("pycleora",)),
    Contender("RandomProjection", sknetwork_projection, ("scikit-network",)),
]
QUALITY = [
    Contender("skgeom, auto", ours_auto, (), micro_f1),
    Contender("skgeom, 16 hops, whitened", ours_whitened, (), micro_f1),
    Contender("skgeom, paper", ours_paper, (), micro_f1),
    Contender("skgeom, paper, bfloat16 storage", ours_bfloat16, (), micro_f1),
    Contender("skgeom, neo4j", ours_neo4j, (), micro_f1),
    Contender("recipe, scipy float64", scipy_float64, ("scipy",), micro_f1),
    Contender("fastrp (Rust)", rust_fastrp, ("fastrp",), micro_f1),
    Contender("pycleora, default", cleora_default, ("pycleora",), micro_f1),
    Contender("RandomProjection", sknetwork_projection, ("scikit-network",), micro_f1),
    Contender("Spectral", sknetwork_spectral, ("scikit-network",), micro_f1),
    Contender("ProNE", prone, ("nodevectors", "csrgraph"), micro_f1),
]


# ------------------------------------------------------------------ other figures


def print_gather(scale, repeat=5):
    """Rate of a dense hop beside a read in order."""
    from skgeom._core.sparse import sparse_dense_product

    adjacency = rmat(scale)
    rng = np.random.default_rng(0)
    hop = rng.random((adjacency.shape[0], D), dtype=np.float32)
    stream = np.ones(2**27, np.float32)
    out, product, read = np.empty_like(hop), [], []
    for _ in range(repeat):
        product.append(cpu_seconds(lambda: sparse_dense_product(adjacency, hop, out=out)))
        read.append(min(cpu_seconds(stream.sum), cpu_seconds(lambda: stream @ stream)))
    gathered = adjacency.nnz * D * 4 / min(product) / 1e9
    in_order = stream.nbytes / min(read) / 1e9
    print(
        f"R-MAT 2^{scale}: a hop gathers {gathered:.1f} GB/s, memory reads {in_order:.1f} GB/s in "
        f"order: {gathered / in_order:.0%}"
    )


def cpu_seconds(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def print_import(repeat=3):
    """Seconds of a process that imports and fits, compiled code in the cache."""
    code = (
        "import time; start = time.process_time()\n"
        "from skgeom.datasets import load_network\n"
        "from skgeom.graph import FastRPEmbedder\n"
        "A = load_network('blogcatalog').data\n"
        f"FastRPEmbedder({D}, iteration_weights='paper', random_state=0).fit(A)\n"
        "print(time.process_time() - start)"
    )
    command = [sys.executable, "-c", code]
    seconds = [float(subprocess.check_output(command)) for _ in range(1 + repeat)]
    print(f"import and first fit on blogcatalog: {min(seconds[1:]):.2f} s CPU")


NOTEBOOK = {  # published micro- and macro-F1 at 10, 20, ..., 90 % of the nodes in training
    "weights (0, 0, 1, 6.67), beta -0.64": (
        {"iteration_weights": WEIGHTS, "normalization_strength": BETA, "density": "paper"},
        [0.3723, 0.3907, 0.3998, 0.4074, 0.4122, 0.4163, 0.4204, 0.4187, 0.4257],
        [0.2281, 0.2494, 0.2587, 0.2692, 0.2753, 0.2746, 0.2801, 0.2805, 0.2801],
    ),
    "weights (1, 1, 7.81, 45.28), beta -0.628": (
        {
            "iteration_weights": (1.0, 1.0, 7.81, 45.28),
            "normalization_strength": -0.628,
            "density": "paper",
        },
        [0.3711, 0.3860, 0.3923, 0.3996, 0.4079, 0.4093, 0.4164, 0.4181, 0.4251],
        [0.2315, 0.2486, 0.2597, 0.2670, 0.2797, 0.2799, 0.2910, 0.2946, 0.2965],
    ),
}


def print_notebook(shares, n_shuffles):
    """BlogCatalog with 512 columns, as in the notebook of the authors' repository."""
    from skgeom.graph import FastRPEmbedder

    adjacency = make_graph("blogcatalog").astype(np.float32)
    for name, (settings, micro, macro) in NOTEBOOK.items():
        vectors = FastRPEmbedder(512, random_state=0, **settings).fit_transform(adjacency)
        print(f"\nblogcatalog, d = 512, {name}: share, ours, published (micro / macro)")
        for share in shares:
            ours = f1_scores("blogcatalog", vectors, share / 100, n_shuffles)
            theirs = micro[share // 10 - 1], macro[share // 10 - 1]
            line = [f"{a:.4f} / {b:.4f}" for a, b in (ours, theirs)]
            print(f"{share} %  {line[0]}  {line[1]}", flush=True)


def print_whitened(n_shuffles):
    """What whitened hops reach with 128 columns."""
    from skgeom.graph import FastRPEmbedder

    adjacency = make_graph("blogcatalog").astype(np.float32)
    for n_hops in (16, 40):
        weights = [0] * (n_hops - 1) + [1]
        model = FastRPEmbedder(D, iteration_weights=weights, whiten_every=4, random_state=0)
        scores = f1_scores("blogcatalog", model.fit_transform(adjacency), 0.1, n_shuffles)
        print(f"whitened every 4 of {n_hops} hops, d = {D}: {scores[0]:.4f} / {scores[1]:.4f}")


SETTINGS = {
    'iteration_weights="paper"': {"iteration_weights": "paper"},
    "(0, 0, 1, 6.67), beta = 0": {"iteration_weights": [0, 0, 1, 6.67]},
    'iteration_weights="neo4j"': {"iteration_weights": "neo4j"},
    '"auto" (default)': {},
    '"auto", combine="concat"': {"combine": "concat"},
    '"auto", deflate=True': {"deflate": True},
    '"auto", whiten_every=4': {"whiten_every": 4},
    "hop 16 alone, whiten_every=4": {"iteration_weights": [0] * 15 + [1], "whiten_every": 4},
}


def print_settings(names, n_shuffles):
    """The table of settings of the user guide: micro / macro-F1, 10 % of the nodes in training."""
    print(f"{'':34}" + "".join(f"{name:15}" for name in names))
    for setting, options in SETTINGS.items():
        print(f"{setting:34}", end="")
        for name in names:
            scores = f1_scores(name, _ours(name, **options)(), 0.1, n_shuffles)
            print(f"{scores[0]:.3f} / {scores[1]:.3f}  ", end="", flush=True)
        print()


def print_races(scale, names):
    work = ("rmat", scale)
    adjacency = make_graph(work)
    size = adjacency.shape[0] * D * 4 / 2**20
    title = (
        f"R-MAT 2^{scale}, {adjacency.nnz:,} stored entries, d = {D}, 4 hops "
        f"(n d 4 B = {size:.0f} MB)"
    )
    print_table(title, race(SPEED, work), quality="note")
    for name in names:
        adjacency = make_graph(name)
        title = f"{name}, {adjacency.shape[0]:,} nodes, {adjacency.nnz:,} stored entries, d = {D}"
        print_table(title, race(QUALITY, name), quality="micro-F1")


PARTS = "race gather import notebook settings"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small graphs only")
    parser.add_argument("--scale", type=int, help="nodes of the power-law graph, as a power of 2")
    parser.add_argument("--parts", nargs="*", default=["race"], help=PARTS)
    parser.add_argument("--shares", nargs="*", type=int, default=list(range(10, 100, 10)))
    parser.add_argument("--shuffles", type=int, default=5)
    options = parser.parse_args()
    scale = options.scale or (13 if options.quick else 18)
    names = ["cora"] if options.quick else ["blogcatalog", "ppi", "wikipedia_pos", "cora"]
    if "race" in options.parts:
        print_races(scale, names)
    if "gather" in options.parts:
        for each in (scale,) if options.quick else (scale, scale + 2):
            print_gather(each)
    if "import" in options.parts:
        print_import()
    if "notebook" in options.parts:
        print_whitened(options.shuffles)
        print_notebook(options.shares, options.shuffles)
    if "settings" in options.parts:
        print_settings(names, options.shuffles)


if __name__ == "__main__":
    main()
