"""
A noisy Swiss roll: heat, shortest paths and the truth
======================================================

On a Swiss roll the geodesic distances are known. With little noise, shortest paths along a graph
of neighbours recover them almost exactly and heat does nearly as well. With more noise, single
points between the turns are short cuts: the shortest path takes every one of them, heat has to go
through all points at once and bears more of them.
"""

# %%
# Distances against the truth
# ---------------------------
# The measure is the correlation of a point's estimated and true distances, averaged over points.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import euclidean_distances

from skgeom.datasets import make_swiss_roll
from skgeom.manifold import HeatGeodesicDistance, HeatGeodesicEmbedding


def row_correlation(D, true):
    return np.mean([np.corrcoef(d, t)[0, 1] for d, t in zip(D, true)])


noises = [0.1, 0.5, 0.7, 0.8, 0.9, 1.0]
results = {"heat": [], "shortest path": []}
for noise in noises:
    X, sheet = make_swiss_roll(600, noise=noise, random_state=1)
    true = euclidean_distances(sheet)
    heat = HeatGeodesicDistance(random_state=0).fit_transform(X)
    path = HeatGeodesicDistance(distance="shortest_path").fit_transform(X)
    results["heat"].append(row_correlation(heat, true))
    results["shortest path"].append(row_correlation(path, true))
    print(f"noise {noise}: heat {results['heat'][-1]:.3f}, path {results['shortest path'][-1]:.3f}")

# %%
# The embedding keeps the unit: the unrolled sheet is as long as it should be.

X, sheet = make_swiss_roll(1000, noise=0.3, random_state=0)
embedder = HeatGeodesicEmbedding(random_state=0).fit(X)
Y = embedder.embedding_

fig = plt.figure(figsize=(13, 4), layout="constrained")
ax = fig.add_subplot(131, projection="3d")
ax.scatter(*X.T, c=sheet[:, 0], s=6, cmap="Spectral")
ax.view_init(8, -80)
ax.set_title("points")
ax = fig.add_subplot(132)
ax.scatter(*Y.T, c=sheet[:, 0], s=8, cmap="Spectral")
ax.set(
    title=f"embedding: {np.ptp(Y[:, 0]):.0f} long (sheet: {np.ptp(sheet[:, 0]):.0f})",
    aspect="equal",
)
ax = fig.add_subplot(133)
for name, values in results.items():
    ax.plot(noises, values, "o-", label=name)
ax.set(xlabel="noise", ylabel="correlation with the geodesic", ylim=(0, 1.02))
ax.legend()

plt.show()
