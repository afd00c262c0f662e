"""FastRPEmbedder beside its peers: speed on a power-law graph, quality on labelled networks.

    python benchmarks/bench_fastrp.py            # R-MAT 2^18 and four labelled networks
    python benchmarks/bench_fastrp.py --quick    # R-MAT 2^13 and Cora

Speed: the paper's setting (weights 0, 0, 1, 6.67, beta -0.64, row norms, sparse projection,
random-walk matrix), d = 128. Peers that can't express it run their nearest setting. The graph is
in the peer's own form when the clock starts.

Quality: micro-F1 of a one-vs-rest logistic regression (C = 0.1) on standardised vectors, 10 % of
the nodes in training, the true number of labels known for each test node, 5 shuffles.
"""

import argparse
import glob
import os
import sys
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
    if isinstance(work, tuple):
        return ""
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
    for _ in range(5):
        order = rng.permutation(len(labels))
        train, test = np.split(order, [len(order) // 10])
        model = OneVsRestClassifier(LogisticRegression(C=0.1, solver="liblinear"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # labels that no training node has
            margin = model.fit(vectors[train], labels[train]).predict_proba(vectors[test])
        rank = np.argsort(np.argsort(-margin, axis=1), axis=1)
        chosen = rank < labels[test].sum(axis=1, keepdims=True)
        scores.append(f1_score(labels[test], chosen, average="micro", zero_division=0))
    return float(np.mean(scores))


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small graphs only")
    parser.add_argument("--scale", type=int, help="nodes of the power-law graph, as a power of 2")
    options = parser.parse_args()
    work = ("rmat", options.scale or (13 if options.quick else 18))
    adjacency = make_graph(work)
    title = f"R-MAT 2^{work[1]}, {adjacency.nnz:,} stored entries, d = {D}, 4 hops"
    print_table(title, race(SPEED, work), quality="note")
    names = ["cora"] if options.quick else ["blogcatalog", "ppi", "wikipedia_pos", "cora"]
    for name in names:
        adjacency = make_graph(name)
        title = f"{name}, {adjacency.shape[0]:,} nodes, {adjacency.nnz:,} stored entries, d = {D}"
        print_table(title, race(QUALITY, name), quality="micro-F1")


if __name__ == "__main__":
    main()
