"""
=========================================================
What graphlets see of a citation network, and walks don't
=========================================================

Two papers can be close because a short walk joins them, or because they sit together in the same
small patterns: squares, triangles with a tail, stars. :class:`~skgeom.graph.OrbitAdjacency` counts
all 28 such adjacencies exactly; :class:`~skgeom.graph.OrbitAdjacencyEmbedder` makes vectors of
them, and of random walks by the same recipe, so that the two can be compared on the labels of
*Cora*. :class:`~skgeom.graph.GraphletDegreeVectorizer` describes roles instead of neighbourhoods.
"""

# %%
# All 28 adjacencies
# ------------------
# Each is a sparse matrix over pairs of papers. Here is how many pairs each of them joins, and how
# many graphlets they count.

import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score

from skgeom.datasets import load_network
from skgeom.graph import GraphletDegreeVectorizer, OrbitAdjacency, OrbitAdjacencyEmbedder

adjacency, field = load_network("cora", return_X_y=True)
counter = OrbitAdjacency().fit(adjacency)
start = time.perf_counter()
matrices = counter.transform(adjacency)
print(f"{len(matrices)} orbit adjacencies in {time.perf_counter() - start:.3f} s")
for orbit in [(1, 0, 0), (2, 1, 1), (2, 4, 5), (3, 4, 4), (1, 14, 14)]:
    print(orbit, matrices[orbit].nnz, "pairs,", matrices[orbit].sum(), "counts")

# %%
# Walks see sums of a few of them alone: between papers that do not cite each other, the number of
# walks of three steps is that of induced paths, tails of triangles and diamonds together.

pattern = (adjacency != 0).astype(np.int64)
walks = (pattern @ pattern @ pattern).toarray() * (1 - pattern.toarray())
np.fill_diagonal(walks, 0)
seen = matrices[3, 4, 4] + matrices[2, 9, 10] + matrices[2, 10, 9] + 2 * matrices[2, 12, 12]
print("walks of three steps explained:", np.array_equal(walks, seen.toarray()))

# %%
# Which adjacency tells the field of a paper?
# -------------------------------------------
# 64 components each, half of the papers in training. On a citation network, random walks do well:
# they are the better single choice, and the orbits reach them together, not alone.

splits = StratifiedShuffleSplit(5, train_size=0.5, random_state=0)
settings = {
    "random walks": {"orbits": "random_walk"},
    "sum of all 28": {"orbits": "all"},
    "(2,4,5) path": {"orbits": [(2, 4, 5)]},
    "(1,0,0) edges": {"orbits": [(1, 0, 0)]},
    "(2,1,1) path": {"orbits": [(2, 1, 1)]},
    "(3,4,4) path": {"orbits": [(3, 4, 4)]},
    "(2,8,8) square": {"orbits": [(2, 8, 8)]},
    "(1,14,14) clique": {"orbits": [(1, 14, 14)]},
    "5 side by side": {
        "orbits": [(1, 0, 0), (2, 1, 1), (2, 4, 5), (3, 4, 4), "random_walk"],
        "combine": "concat",
    },
}
scores = {}
for name, options in settings.items():
    embedder = OrbitAdjacencyEmbedder(64, symmetrize=True, random_state=0, **options)
    vectors = embedder.fit_transform(adjacency)
    scores[name] = cross_val_score(RidgeClassifier(), vectors, field, cv=splits)
    print(f"{name:18s} {scores[name].mean():.3f} +- {scores[name].std():.3f}")

# %%
# Roles
# -----
# Graphlet degrees don't know where a paper is, only what surrounds it: the centre of a star and a
# member of a clique differ, two stars far apart don't.

degrees = GraphletDegreeVectorizer().fit_transform(adjacency)
roles = cross_val_score(RidgeClassifier(), degrees, field, cv=splits)
largest = np.bincount(field).max() / len(field)
print(f"fields from roles  {roles.mean():.3f} (the largest field: {largest:.3f})")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
order = sorted(scores, key=lambda name: scores[name].mean())
means, spreads = zip(*[(scores[name].mean(), scores[name].std()) for name in order])
colours = ["tab:green" if "walk" in name else "tab:blue" for name in order]
colours = ["tab:purple" if name.startswith("5") else c for name, c in zip(order, colours)]
left.barh(order, means, xerr=spreads, color=colours)
left.set(xlim=(0.3, 0.85), xlabel="accuracy, half of the papers in training", title="One at a time")
dots = right.scatter(degrees[:, 7], degrees[:, 3], c=degrees[:, 0], s=8, cmap="viridis")
right.set(
    xlabel="log(1 + stars around the paper), orbit 7",
    ylabel="log(1 + triangles), orbit 3",
    title="Roles of the papers",
)
figure.colorbar(dots, ax=right, label="log(1 + degree), orbit 0")
plt.show()
