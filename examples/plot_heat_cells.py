"""
Cells along a differentiation, and a held-out stage placed among them
=====================================================================

B cells differentiate over 24 hours. A picture of them should have the hours in their order, and
cells that were not there when it was made should land where they belong. Here
:class:`~skgeom.manifold.HeatGeodesicEmbedding` stands beside PCA and Isomap; first a third of the
cells is held out and placed afterwards, then a whole stage.
"""

# %%
# The data
# --------
# 313 cells, principal components of their expression; the first ten hold the signal.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import Isomap, trustworthiness
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsRegressor

from skgeom.datasets import load_cells
from skgeom.manifold import EntropyDisplay, HeatGeodesicEmbedding, ShepardDisplay

cells = load_cells("bcell")
X, hours = cells.data[:, :10], cells.target
X_train, X_new, h_train, h_new = train_test_split(
    X, hours, test_size=1 / 3, stratify=hours, random_state=0
)

# %%
# Embed, place, compare
# ---------------------
# How far from the truth is the hour that the ten nearest embedded cells tell? And how many of the
# neighbours in the picture are neighbours among the cells (trustworthiness)?

methods = {
    "PCA": PCA(2),
    "Isomap": Isomap(n_neighbors=10),
    "Heat geodesic": HeatGeodesicEmbedding(random_state=0),
}
fig, axes = plt.subplots(1, 3, figsize=(13, 4.4), layout="constrained")
for ax, (name, method) in zip(axes, methods.items()):
    Y_train = method.fit_transform(X_train)
    Y_new = method.transform(X_new)
    told = KNeighborsRegressor(10).fit(Y_train, h_train).predict(Y_new)
    error = np.abs(told - h_new).mean()
    trust = trustworthiness(X_train, Y_train, n_neighbors=10)
    print(f"{name:14s} error of the hour {error:.2f}   trustworthiness {trust:.3f}")
    style = {"cmap": "viridis", "vmin": 0, "vmax": 24, "linewidth": 0.7}
    ax.scatter(*Y_train.T, c=h_train, s=14, alpha=0.6, **style)
    points = ax.scatter(*Y_new.T, c=h_new, s=42, marker="^", edgecolor="k", **style)
    ax.set(title=f"{name}: hour within {error:.1f} h", aspect="equal")
fig.colorbar(points, ax=axes, label="hours", shrink=0.8)
axes[0].set_ylabel("dots: fitted, triangles: placed afterwards")

# %%
# A whole stage that was never seen
# ---------------------------------
# The cells of hour 12 are left out, and placed by ``transform``. They should land between hours 6
# and 18, though no cell of their stage made the picture.

stage = hours == 12
held_out = HeatGeodesicEmbedding(random_state=0).fit(X[~stage])
placed = held_out.transform(X[stage])
told = KNeighborsRegressor(10).fit(held_out.embedding_, hours[~stage]).predict(placed)
print(f"hour 12, told by its neighbours of other hours: {np.median(told):.1f}")
fig, ax = plt.subplots(figsize=(6, 4.6), layout="constrained")
points = ax.scatter(*held_out.embedding_.T, c=hours[~stage], s=14, cmap="viridis")
ax.scatter(*placed.T, s=40, marker="^", c="tab:red", edgecolor="k", linewidth=0.7)
ax.set(title=f"hour 12 held out (triangles): told {np.median(told):.1f}", aspect="equal")
fig.colorbar(points, ax=ax, label="hours")

# %%
# The diffusion time was chosen by the entropy of the heat's rows: at ``t_`` heat has spread to 85 %
# of what it can. The distances in the picture stand beside those they stand for: ten dimensions do
# not fit in two without loss.

heat = methods["Heat geodesic"]
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
EntropyDisplay.from_estimator(heat, ax=axes[0])
ShepardDisplay.from_estimator(heat, ax=axes[1])

plt.show()
