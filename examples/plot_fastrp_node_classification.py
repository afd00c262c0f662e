"""
===================================================
Node classification, transductive and inductive
===================================================

Papers cite papers. :class:`~skgeom.graph.FastRPEmbedder` turns the citation network of *Cora*
into a table, from which a logistic regression tells the field of a paper. How good it looks
depends on what the embedding may see of the test papers:

- **transductive**: all citations, those of the test papers too (their fields stay hidden). The
  protocol of the literature; node ids are the samples, through
  :class:`~skgeom.graph.NodeEmbedding`.
- **inductive**: test papers arrive after the embedding was fitted, with their citations to known
  papers. The adjacency itself is X, and cross-validation does the rest.
"""

# %%
# The network
# -----------
# The adjacency is a sparse matrix; a :class:`~skgeom.graph.Graph` is a handle on it that
# cross-validation leaves whole.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from skgeom.datasets import load_network
from skgeom.graph import FastRPEmbedder, Graph, NodeEmbedding

cora = load_network("cora")
adjacency, field = cora.data, cora.target
graph = Graph(adjacency)
print(graph)

# %%
# Two protocols, one pipeline
# ---------------------------
# With more training papers, an inductive fit also sees more of the network. With a tenth of the
# papers, hardly any citation is left among them, and the test papers have little to connect to.

embedder = FastRPEmbedder(n_components=128, random_state=0)
classifier = LogisticRegression(C=0.1, max_iter=1000)
transductive = make_pipeline(NodeEmbedding(embedder, graph), classifier)
inductive = make_pipeline(embedder, classifier)

shares = [0.1, 0.3, 0.5, 0.7, 0.9]
scores = {"transductive": [], "inductive": []}
for share in shares:
    splits = ShuffleSplit(3, train_size=share, test_size=0.1, random_state=0)
    scores["transductive"].append(cross_val_score(transductive, graph.node_ids, field, cv=splits))
    scores["inductive"].append(cross_val_score(inductive, adjacency, field, cv=splits))

for name, values in scores.items():
    print(f"{name:13s}", np.mean(values, axis=1).round(3))

# %%
# New papers without a new fit
# ----------------------------
# ``transform`` places a paper by its citations alone, with the formula of the fitted papers, so
# that the vectors of fitted papers come back as they were.

embedder.fit(adjacency)
again = embedder.transform(adjacency[:5])
print("largest difference:", np.abs(again - embedder.embedding_[:5]).max())

# %%
# How deep to look
# ----------------
# The number of hops matters more than any other setting. The hops themselves don't depend on
# their weights: one fit with ``store_hops=True`` serves every choice.

deep = FastRPEmbedder(n_components=128, iteration_weights=[1] * 16, store_hops=True, random_state=0)
deep.fit(adjacency)
splits = ShuffleSplit(3, train_size=0.1, random_state=0)
by_depth = [
    cross_val_score(classifier, deep.combine_hops([0] * (k - 1) + [1]), field, cv=splits).mean()
    for k in range(1, 17)
]

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for name, values in scores.items():
    mean, spread = np.mean(values, axis=1), np.std(values, axis=1)
    left.plot(shares, mean, "o-", label=name)
    left.fill_between(shares, mean - spread, mean + spread, alpha=0.2)
left.set(xlabel="share of papers in training", ylabel="accuracy", title="What may be seen")
left.legend(frameon=False)
right.plot(range(1, 17), by_depth, "o-", color="tab:green")
right.axvline(len(embedder.iteration_weights_), color="grey", ls=":", label='"auto" stops here')
right.set(xlabel="hop", ylabel="accuracy, 10 % in training", title="One hop alone")
right.legend(edgecolor="none", framealpha=1, loc="lower right")
plt.show()
