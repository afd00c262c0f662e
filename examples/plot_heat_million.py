"""
One million points
==================

Beyond 2500 points, k-means centres carry the graph, the heat and the scaling; every point is then
placed among them by itself. The cost grows with the number of points, the memory hardly at all.
Set ``N_POINTS = 1_000_000`` for the picture in the title: it takes well under a minute of CPU time.
The gallery is built with fewer.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np

from skgeom.datasets import make_swiss_roll
from skgeom.manifold import HeatGeodesicEmbedding

N_POINTS = int(os.environ.get("SKGEOM_EXAMPLE_POINTS", 20_000))

# %%
# A roll in fifty dimensions, with noise in all of them.

X, sheet = make_swiss_roll(N_POINTS, noise=0.1, random_state=0)
noise = 0.1 * np.random.default_rng(0).standard_normal((N_POINTS, 47), dtype=np.float32)
X = np.hstack([X.astype(np.float32), noise])

start = time.process_time()
heat = HeatGeodesicEmbedding(landmarks=600, random_state=0).fit(X)
print(
    f"{N_POINTS} points, {len(heat.landmarks_)} landmarks: {time.process_time() - start:.1f} CPU s"
)

start = time.process_time()
placed = heat.transform(X[:5000])
print(f"5000 rows placed: {time.process_time() - start:.2f} CPU s")

# %%
# The landmarks, and all points by density.

fig, axes = plt.subplots(1, 2, figsize=(12, 3.4), layout="constrained")
axes[0].scatter(*heat.landmark_embedding_.T, s=5)
axes[0].set_title("landmarks")
counts = axes[1].hexbin(*heat.embedding_.T, C=sheet[:, 0], gridsize=150, cmap="Spectral")
fig.colorbar(counts, ax=axes[1], label="true position along the sheet")
axes[1].set_title(f"{N_POINTS:,} points")
for ax in axes:
    ax.set_aspect("equal", adjustable="datalim")

plt.show()
