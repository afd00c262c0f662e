"""
Points beyond memory, in blocks on any engine
=============================================

Two passes over the points are all that grows with their number: how much of them each two landmarks
share, and where each point goes. Both map over blocks; the first adds up, the second stands alone.
Here the blocks are parts of a file that is mapped into memory, and joblib runs them. With Dask the
same lines run on a cluster: ``with joblib.parallel_config("dask"):`` around them, after
``dask.distributed.Client(address)``; with Ray after ``ray.util.joblib.register_ray()``.
"""

import tempfile
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np

from skgeom.datasets import make_swiss_roll
from skgeom.manifold import HeatGeodesicEmbedding, landmark_shares

# %%
# A file of points, and blocks of its rows
# ----------------------------------------

X, sheet = make_swiss_roll(12_000, noise=0.1, random_state=0)
folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "points.npy"
np.save(path, X.astype(np.float32))
blocks = [slice(start, start + 3000) for start in range(0, len(X), 3000)]


def read(block):
    return np.load(path, mmap_mode="r")[block]


# %%
# Landmarks from a sample
# -----------------------

sample = read(slice(None, None, 4))
landmarks = HeatGeodesicEmbedding(landmarks=500, random_state=0).fit(sample).landmarks_

# %%
# First pass: shares of landmarks, block by block, added up
# ---------------------------------------------------------


def share(block):
    return landmark_shares(read(block), landmarks)


with joblib.parallel_config("threading", n_jobs=2):
    shares = joblib.Parallel()(joblib.delayed(share)(block) for block in blocks)
total = shares[0]
for part in shares[1:]:
    total = total + part

heat = HeatGeodesicEmbedding(landmarks=landmarks, random_state=0).fit_shares(total)

# %%
# Second pass: each block is placed alone
# ---------------------------------------


def place(block):
    return heat.transform(read(block))


with joblib.parallel_config("threading", n_jobs=2):
    placed = joblib.Parallel()(joblib.delayed(place)(block) for block in blocks)
Y = np.concatenate(placed)

# %%
# The same as all points at once.

at_once = HeatGeodesicEmbedding(landmarks=landmarks, random_state=0).fit_transform(
    read(slice(None))
)
print(f"largest difference {np.abs(Y - at_once).max():.2g} of {np.ptp(Y):.0f}")

fig, ax = plt.subplots(figsize=(9, 2.6), layout="constrained")
ax.scatter(*Y.T, c=sheet[:, 0], s=1, cmap="Spectral")
ax.set_aspect("equal", adjustable="datalim")
plt.show()
folder.cleanup()
