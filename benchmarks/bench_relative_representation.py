"""Relative representations beside the bare matrix product, and stitched classifiers.

    python benchmarks/bench_relative_representation.py              # the docs' tables
    python benchmarks/bench_relative_representation.py --quick      # 10 000 rows
    python benchmarks/bench_relative_representation.py --stitching  # digits, four encoders

"product" multiplies rows by anchors that somebody has normalised already and leaves the rows as
they are: the floor that a cosine can't get below. The quality column is the largest difference
from scikit-learn's cosine_similarity in double precision, on 1000 rows.
"""

import argparse
import warnings

import numpy as np
from harness import Contender, print_table, race


def rows(work):
    n, d, n_anchors, dtype = work
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)).astype(dtype)
    return X, X[:n_anchors].copy()


def skgeom(work):
    from skgeom.latent import RelativeRepresentation

    X, anchors = rows(work)
    relative = RelativeRepresentation(anchors=anchors).fit(X[:10])
    return lambda: relative.transform(X)


def product(work):
    X, anchors = rows(work)
    anchors = anchors / np.linalg.norm(anchors, axis=1, keepdims=True)
    return lambda: X @ anchors.T


def sklearn_cosine(work):
    from sklearn.metrics.pairwise import cosine_similarity

    X, anchors = rows(work)
    return lambda: cosine_similarity(X, anchors)


def scipy_cosine(work):
    from scipy.spatial.distance import cdist

    X, anchors = rows(work)
    return lambda: 1 - cdist(X, anchors, "cosine")


def sklearn_nystroem(work):
    from sklearn.kernel_approximation import Nystroem

    X, anchors = rows(work)
    model = Nystroem(kernel="cosine", n_components=len(anchors)).fit(anchors)
    return lambda: model.transform(X)


def deviation(work, table):
    from sklearn.metrics.pairwise import cosine_similarity

    X, anchors = rows((1000, *work[1:]))  # the first rows of the same numbers
    expected = cosine_similarity(X.astype(np.float64), anchors.astype(np.float64))
    return f"{np.abs(table[:1000] - expected).max():.0e}"


CONTENDERS = [
    Contender("skgeom", skgeom, quality=deviation),
    Contender("product", product, ("numpy",)),
    Contender("cosine_similarity", sklearn_cosine, ("scikit-learn",), deviation),
    Contender("cdist", scipy_cosine, ("scipy",), deviation),
    Contender("Nystroem", sklearn_nystroem, ("scikit-learn",)),
]


def stitching():
    """Print accuracies of classifiers that get another encoder, over all pairs of four."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    from skgeom.latent import RelativeRepresentation, latent_similarity

    X, y = load_digits(return_X_y=True)
    train, test, y_train, y_test = train_test_split(
        X / 16, y, train_size=0.6, stratify=y, random_state=0
    )
    codes = []
    for seed in range(4):
        network = MLPClassifier((64, 48), activation="tanh", max_iter=200, random_state=seed)
        network.fit(train, y_train)
        codes.append([_encode(network, rows) for rows in (train, test)])
    print("absolute", *_crossed(codes, y_train, y_test))
    for n_anchors in (10, 50, 300):
        relative = RelativeRepresentation(n_anchors=n_anchors, random_state=0).fit(codes[0][0])
        indices = relative.anchor_indices_
        mapped = [
            [relative.with_anchors(a[indices]).transform(part) for part in (a, b)] for a, b in codes
        ]
        print(f"{n_anchors} anchors", *_crossed(mapped, y_train, y_test))
    for name, spaces in (("absolute", codes), ("300 anchors", mapped)):
        print(name, latent_similarity(spaces[0][1], spaces[1][1], k=5))


def _encode(network, Z):
    for weights, bias in zip(network.coefs_[:-1], network.intercepts_[:-1]):
        Z = np.tanh(Z @ weights + bias)
    return Z


def _crossed(codes, y_train, y_test):
    """Mean accuracy of heads on the encoder they were fitted with, and on the others."""
    from sklearn.linear_model import LogisticRegression

    table = np.empty((len(codes), len(codes)))
    for i, (train, _) in enumerate(codes):
        head = LogisticRegression(max_iter=1000).fit(train, y_train)
        table[i] = [head.score(test, y_test) for _, test in codes]
    own = np.eye(len(codes), dtype=bool)
    return f"own {table[own].mean():.3f} stitched {table[~own].mean():.3f}", (
        f"(worst {table[~own].min():.3f})"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--stitching", action="store_true")
    parser.add_argument("--dtype", choices=("float32", "float64"))
    arguments = parser.parse_args()
    if arguments.stitching:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # digits are learned before the network converges
            stitching()
        return
    n = 10_000 if arguments.quick else 100_000
    for dtype in (arguments.dtype,) if arguments.dtype else ("float32", "float64"):
        results = race(CONTENDERS, (n, 384, 300, dtype), repeat=3)
        title = f"**{n} rows of 384 features, 300 anchors, {dtype}**"
        print_table(title, results, quality="deviation", reference="product")


if __name__ == "__main__":
    main()
