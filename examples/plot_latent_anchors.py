"""
How many anchors, and which
===========================

:class:`~skgeom.latent.RelativeRepresentation` needs anchors: points whose vectors are known in
every space. Here the vectors of 1,000 questions come from a sentence encoder, and the other space
is the same one seen through a random rotation, noise and half as many dimensions. How many anchors
does the neighbourhood of a question survive with, and does it matter how they are chosen?
"""

# %%
# Two spaces
# ----------

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import ortho_group

from skgeom.datasets import load_text_embeddings
from skgeom.latent import RelativeRepresentation, latent_similarity

questions = load_text_embeddings()
chosen = questions.target < 25
Z, intent = questions.data[chosen].astype(float), questions.target[chosen]
rng = np.random.default_rng(0)
rotation = ortho_group.rvs(Z.shape[1], random_state=0)[:, : Z.shape[1] // 2]
other = Z @ rotation + 0.2 * Z.std() * rng.normal(size=(len(Z), Z.shape[1] // 2))
print(f"{Z.shape} and {other.shape}, linear CKA", latent_similarity(Z, other, metrics="cka"))

# %%
# Selections
# ----------
# Mean reciprocal rank of a question among all, looked up across the spaces; mean of two draws.

sizes = [5, 10, 20, 50, 100, 200, 400]
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for selection in ("random", "fps", "kmeans", "stratified"):
    found = {"mrr": [], "jaccard": []}
    for n_anchors in sizes:
        draws = {"mrr": [], "jaccard": []}
        for seed in range(2):
            relative = RelativeRepresentation(
                n_anchors=n_anchors, selection=selection, center=True, random_state=seed
            ).fit(Z, intent)
            there = relative.with_anchors(other[relative.anchor_indices_])
            scores = latent_similarity(
                relative.transform(Z), there.transform(other), metrics=("mrr", "jaccard")
            )
            for name, value in scores.items():
                draws[name].append(value)
        for name, values in draws.items():
            found[name].append(np.mean(values))
    left.plot(sizes, found["mrr"], "o-", label=selection)
    right.plot(sizes, found["jaccard"], "o-", label=selection)
    print(f"{selection:10}", " ".join(f"{value:.2f}" for value in found["mrr"]))
for ax, title in ((left, "mean reciprocal rank"), (right, "Jaccard index of 10 neighbours")):
    ax.set(xscale="log", xlabel="anchors", title=title, ylim=(0, 1))
    ax.legend()
plt.show()
