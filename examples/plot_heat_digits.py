"""
Handwritten digits: distances between clusters, or neighbourhoods
=================================================================

Ten clusters of images with 64 pixels do not fit in two dimensions. The default keeps the distances
between the clusters; three dials give up some of them for neighbourhoods: a smaller share of the
entropy (``t_param``), weights that favour short distances (``weights="inverse"``), and a last pass
that draws each point to its nearest neighbours (``refinement``).
"""

# %%
# The figures: how many of the ten nearest images are among the ten nearest in the picture, and how
# often ten neighbours in the picture tell the digit of a held-out image.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from skgeom.manifold import HeatGeodesicEmbedding

X, digit = load_digits(return_X_y=True)
X, digit = X[:1000], digit[:1000]


def neighbours_kept(X, Y, k=10):
    near_x, near_y = (NearestNeighbors(n_neighbors=k).fit(Z).kneighbors()[1] for Z in (X, Y))
    return np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(near_x, near_y)])


methods = {
    "PCA": PCA(2),
    "default": HeatGeodesicEmbedding(random_state=0),
    "neighbourhoods": HeatGeodesicEmbedding(
        t_param=0.8, weights="inverse", weight_param=2.0, refinement=1.0, random_state=0
    ),
}
fig, axes = plt.subplots(1, 3, figsize=(13, 4.4), layout="constrained")
for ax, (name, method) in zip(axes, methods.items()):
    Y = method.fit_transform(X)
    kept = neighbours_kept(X, Y)
    accuracy = cross_val_score(KNeighborsClassifier(10), Y, digit, cv=3).mean()
    print(f"{name:16s} neighbours kept {kept:.2f}   accuracy {accuracy:.3f}")
    points = ax.scatter(*Y.T, c=digit, cmap="tab10", s=7)
    ax.set(title=f"{name}\n{kept:.0%} of neighbours kept, accuracy {accuracy:.2f}")
    ax.set_aspect("equal", adjustable="datalim")
fig.colorbar(points, ax=axes, label="digit", shrink=0.8)

plt.show()
