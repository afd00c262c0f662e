"""
A Swiss roll and a noisy tree beside the peers
==============================================

On both the geodesic distances are known: along the sheet of the roll, and along the branches of
the noiseless tree. Peers that are installed (PHATE, UMAP) take part; scikit-learn's Isomap always
does. The figure above each picture is the correlation of its distances with the geodesics, averaged
over points.
"""

# %%
# The data
# --------
# On the clean roll shortest paths (Isomap) are exact and nothing beats them. The tree has noise in
# ten dimensions.

import matplotlib.pyplot as plt
import numpy as np
from scipy.sparse.csgraph import dijkstra
from sklearn.manifold import Isomap
from sklearn.metrics import euclidean_distances
from sklearn.neighbors import kneighbors_graph

from skgeom.datasets import make_swiss_roll
from skgeom.manifold import HeatGeodesicEmbedding


def noisy_tree(n_branches=5, length=120, n_features=10, noise=2.0, seed=0):
    """Random walks that leave a first one, their geodesics, and the branch of each point."""
    rng = np.random.default_rng(seed)
    walks = [np.cumsum(2 * rng.random((length, n_features)) - 1, axis=0)]
    for _ in range(n_branches - 1):
        root = walks[0][rng.integers(length)]
        walks.append(root + np.cumsum(2 * rng.random((length, n_features)) - 1, axis=0))
    clean = np.concatenate(walks)
    near = kneighbors_graph(clean, 10, mode="distance")
    geodesics = dijkstra(near.maximum(near.T), directed=False)
    X = clean + noise * rng.standard_normal(clean.shape)
    return X, geodesics, np.repeat(np.arange(n_branches), length)


roll, sheet = make_swiss_roll(800, noise=0.1, random_state=0)
tree, geodesics, branch = noisy_tree()
data = {
    "roll": (roll, euclidean_distances(sheet), sheet[:, 0]),
    "noisy tree": (tree, geodesics, branch),
}

# %%
# The pictures
# ------------

methods = {
    "heat geodesics": lambda X: HeatGeodesicEmbedding(random_state=0).fit_transform(X),
    "Isomap": lambda X: Isomap(n_neighbors=10).fit_transform(X),
}
try:
    from phate import PHATE

    methods["PHATE"] = lambda X: PHATE(random_state=0, verbose=0).fit_transform(X)
except ImportError:
    print("PHATE is not installed")
try:
    from umap import UMAP

    methods["UMAP"] = lambda X: UMAP(random_state=0, n_jobs=1).fit_transform(X)
except ImportError:
    print("UMAP is not installed")

fig, axes = plt.subplots(
    2, len(methods), figsize=(3.6 * len(methods), 6.4), layout="constrained", squeeze=False
)
for row, (name, (X, true, color)) in zip(axes, data.items()):
    for ax, (method, embed) in zip(row, methods.items()):
        Y = embed(X)
        pairs = zip(euclidean_distances(Y), true)
        kept = np.mean([np.corrcoef(d, t)[0, 1] for d, t in pairs])
        print(f"{name:12s} {method:16s} {kept:.3f}")
        ax.scatter(*Y.T, c=color, s=6, cmap="Spectral" if name == "roll" else "tab10")
        ax.set_aspect("equal", adjustable="datalim")
        ax.set_title(f"{method}: {kept:.3f}", fontsize=10)
    row[0].set_ylabel(name)

plt.show()
