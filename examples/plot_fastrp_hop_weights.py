"""
======================================
Tuning the hops of an embedding
======================================

How far a node should look, and how much each distance counts, depends on the network and on the
question. The weights of the hops are parameters like any other:
:class:`~sklearn.model_selection.GridSearchCV` finds them together with those of the classifier.
Node ids are the samples, so that all candidates see one network and the folds split the labels
alone; each setting of the embedder is embedded once, however many folds and classifiers it meets.
"""

# %%
# Depth and emphasis
# ------------------
# Weights are given from hop 1 on. Rows of a hop have unit length before they are weighted, so only
# the proportions of the weights matter. Two dials are enough: the last hop, and the factor by
# which it outweighs the one before.

import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit
from sklearn.pipeline import Pipeline

from skgeom.datasets import load_network
from skgeom.graph import FastRPEmbedder, Graph, NodeEmbedding

cora = load_network("cora")
graph = Graph(cora.data)

depths, factors = [2, 4, 6, 9, 13], [1, 4]


def weights_of(depth, factor):
    """The last three hops at most, each `factor` times the one before."""
    last = [float(factor) ** i for i in range(min(3, depth))]
    return [0.0] * (depth - len(last)) + last


model = Pipeline(
    [
        ("embed", NodeEmbedding(FastRPEmbedder(64, random_state=0), graph)),
        ("classify", LogisticRegression(max_iter=1000)),
    ]
)
grid = {
    "embed__embedder__iteration_weights": [weights_of(k, q) for k in depths for q in factors],
    "classify__C": [0.01, 0.1],
}
folds = StratifiedShuffleSplit(2, train_size=0.1, test_size=0.3, random_state=0)
start = time.perf_counter()
search = GridSearchCV(model, grid, cv=folds).fit(graph.node_ids, cora.target)
print(f"{len(search.cv_results_['params'])} candidates, {time.perf_counter() - start:.1f} s")
print("best weights:", search.best_params_["embed__embedder__iteration_weights"])
print(f"accuracy {search.best_score_:.3f}")

# %%
# Without the network
# -------------------
# The hops don't depend on their weights. Where only these are tuned, one fit that keeps all hops
# serves every choice: ``combine_hops`` takes milliseconds, on a network of any density.

keeper = FastRPEmbedder(64, iteration_weights=[1] * 13, store_hops=True, random_state=0)
keeper.fit(graph)
start = time.perf_counter()
vectors = [keeper.combine_hops(weights_of(k, q)) for k in depths for q in factors]
print(f"{len(vectors)} embeddings, {time.perf_counter() - start:.2f} s")

# %%
# What was found
# --------------
# Shallow embeddings see too little of a sparse network. The dashed line is the automatic choice.

results = search.cv_results_
score = results["mean_test_score"].reshape(2, len(depths), len(factors)).max(axis=0)
automatic = FastRPEmbedder(64, random_state=0)
baseline = np.mean(
    [
        LogisticRegression(C=0.1, max_iter=1000)
        .fit(E[train], cora.target[train])
        .score(E[test], cora.target[test])
        for E in [automatic.fit_transform(graph)]
        for train, test in folds.split(E, cora.target)
    ]
)

figure, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
for factor, column in zip(factors, score.T):
    ax.plot(depths, column, "o-", label=f"each hop {factor} x the one before")
ax.axhline(baseline, color="grey", ls="--", label='iteration_weights="auto"')
ax.set(xlabel="last hop", ylabel="accuracy, 10 % in training")
ax.legend(frameon=False)
plt.show()
