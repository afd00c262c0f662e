"""
Cells along a differentiation, and a held-out third placed among them
=====================================================================

B cells differentiate over 24 hours. A picture of them should have the hours in their order, and
cells that were not there when it was made should land where they belong. Here
:class:`~skgeom.manifold.HeatGeodesicEmbedding` stands beside PCA and Isomap; a third of the cells
is held out and placed afterwards.
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
from skgeom.manifold import HeatGeodesicEmbedding

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
# The diffusion time was chosen by the entropy of the heat's rows: at ``t_`` heat has spread to 85 %
# of what it can.

heat = methods["Heat geodesic"]
fig, ax = plt.subplots(figsize=(5, 3.2), layout="constrained")
ax.semilogx(heat.t_grid_, heat.entropy_, "o-", ms=4)
ax.axvline(heat.t_, color="C1", label=f"t = {heat.t_:.1f}")
ax.set(xlabel="diffusion time", ylabel="entropy / limit")
ax.legend()

plt.show()
