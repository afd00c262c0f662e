"""
Patches of photographs, by two channels at once
===============================================

A colour image has a topology of its own: the pieces and holes of the set of pixels whose red and
blue values are both below thresholds. Here patches of two photographs are told apart by the
Hilbert surface of these two channels, and compared with the two channels one at a time.
"""

# %%
# Patches of 32 x 32 pixels of the two photographs that come with scikit-learn, each with its own
# contrast: colours as such are gone, arrangement is left.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_images
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom.topology import CoefficientsDisplay, MultiparamPersistenceVectorizer

patches, photograph, strip = [], [], []
for label, image in enumerate(load_sample_images().images):
    for top in range(0, 416, 32):
        for left in range(0, 608, 64):
            patch = image[top : top + 32, left : left + 32, [0, 2]].astype(float)
            ranks = np.argsort(np.argsort(patch.reshape(-1, 2), axis=0, kind="stable"), axis=0)
            patches.append(ranks.reshape(patch.shape) / ranks.max())
            photograph.append(label)
            strip.append(left // 64)
X, y = np.array(patches), np.array(photograph)
print(len(X), "patches")

figure, axes = plt.subplots(2, 8, figsize=(11, 3), layout="constrained")
for row in (0, 1):
    for ax, patch in zip(axes[row], X[y == row][::16]):
        ax.imshow(np.dstack([patch[..., 0], patch.mean(axis=2), patch[..., 1]]))
        ax.set_axis_off()

# %%
# Components and holes of all 260 two-channel patches are exact. Strips of the photographs are held
# out together.

settings = {"filtration": "cubical", "vectorization": "surface", "resolution": 12}
both = MultiparamPersistenceVectorizer(**settings)
fold = GroupKFold(n_splits=5)
for name, data in (
    ("red and blue", X),
    ("red alone", X[..., [0, 0]]),
    ("blue alone", X[..., [1, 1]]),
):
    model = make_pipeline(both, StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
    scores = cross_val_score(model, data, y, cv=fold, groups=strip)
    print(f"{name}: {scores.mean():.2f} +- {scores.std() / np.sqrt(5):.2f}")

# %%
# Where in the plane of the two thresholds the photographs differ: pieces on the left, holes on the
# right.

model = make_pipeline(both, StandardScaler(), LogisticRegression(C=0.01, max_iter=2000)).fit(X, y)
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for block, ax in enumerate(axes):
    CoefficientsDisplay.from_estimator(
        model[0], model[-1].coef_, block=block, ax=ax, labels=("red", "blue")
    )
plt.show()
