"""
What a bifiltration is, and what is made of it
==============================================

A cloud of points with outliers, seen through two thresholds at once: how far balls around the
points have grown, and how sparse the points may be. Three pictures: the shapes on the way, their
Hilbert surface with its signed measure, and the intervals that the module is made of.
"""

# %%
# A ring of 80 points and 20 outliers. The second function is the distance to measure: small where
# points are dense.

import matplotlib.pyplot as plt
import numpy as np

from skgeom.datasets import make_noisy_annulus
from skgeom.topology import (
    IntervalModulesDisplay,
    MultiparamPersistenceVectorizer,
    SignedMeasureDisplay,
)

cloud, _ = make_noisy_annulus(80, n_outliers=20, inner=0.75, random_state=2)
settings = {"filtration": "delaunay", "function": "dtm", "homology_dimensions": (1,)}
vectorizer = MultiparamPersistenceVectorizer(**settings).fit([cloud])

# %%
# The bifiltration: to the right balls grow, upwards sparser points come in. The ring is there in
# the middle of the plane. Above, outliers fill it; to the right, the balls do.

simplices, grades = vectorizer.transformer_.complexes([cloud])[0]
radii, levels = (0.08, 0.2, 0.45), np.quantile(grades[0][:, 1], (0.4, 0.8, 1.0))
figure, axes = plt.subplots(3, 3, figsize=(7, 7), layout="constrained")
for row, level in enumerate(levels[::-1]):
    for column, radius in enumerate(radii):
        ax = axes[row, column]
        here = [cells[(g <= (radius, level)).all(axis=1)] for cells, g in zip(simplices, grades)]
        for triangle in here[2]:
            ax.fill(*cloud[triangle].T, color="tab:blue", alpha=0.3, linewidth=0)
        for edge in here[1]:
            ax.plot(*cloud[edge].T, color="tab:blue", linewidth=0.8)
        ax.scatter(*cloud[here[0][:, 0]].T, s=6, color="black")
        ax.set(aspect="equal", xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), xticks=[], yticks=[])
        if row == 2:
            ax.set_xlabel(f"radius {radius:g}")
        if column == 0:
            ax.set_ylabel(f"up to {level:.2f}")

# %%
# The Hilbert function counts the loops at every pair of thresholds; its jumps are the signed
# measure, ``+`` where a loop is born and ``o`` where one is filled. On the right the same module
# as a sum of intervals: the large one is the ring.

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
labels = ("radius", "distance to measure")
SignedMeasureDisplay.from_estimator(
    vectorizer, cloud, homology_dimension=1, ax=axes[0], labels=labels
)
vectorizer.set_params(invariant="mma").fit([cloud])
IntervalModulesDisplay.from_estimator(
    vectorizer, cloud, homology_dimension=1, n_summands=6, ax=axes[1], labels=labels
)
plt.show()
