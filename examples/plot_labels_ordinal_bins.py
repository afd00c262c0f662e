"""
Predicting classes that were never seen
=======================================

A classifier that knows a few of many ordered classes can still point between them: the Fréchet
mean of its probabilities, over a metric on the labels, is a label that may never have occurred.
Here the progress of diabetes patients falls into twenty bins, of which five have training samples.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom import LokiClassifier

X, target = load_diabetes(return_X_y=True)
borders = np.quantile(target, np.linspace(0, 1, 21)[1:-1])
y = np.searchsorted(borders, target, side="right")

# %%
# What the classifier says, and the label in the middle of it
# -----------------------------------------------------------

observed = [1, 6, 10, 14, 18]
rng = np.random.default_rng(0)
order = rng.permutation(len(y))
train, test = order[:300], order[300:]
train = train[np.isin(y[train], observed)]

base = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
loki = LokiClassifier(base, label_metric="ordinal", labels=range(20)).fit(X[train], y[train])
argmax, predicted = loki.estimator_.predict(X[test]), loki.predict(X[test])

fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True)
for ax, guess, name in zip(axes, (argmax, predicted), ("most probable class", "Fréchet mean")):
    ax.plot([0, 19], [0, 19], color="gray", lw=0.8)
    shake = 0.25 * rng.standard_normal((2, len(test)))
    ax.scatter(y[test] + shake[0], guess + shake[1], s=9, alpha=0.6)
    loss = np.mean((guess - y[test]) ** 2)
    ax.set(title=f"{name}\nmean squared distance {loss:.1f}", xlabel="true bin")
axes[0].set(ylabel="predicted bin", yticks=observed)
fig.tight_layout()

# %%
# More observed classes, nearer predictions
# -----------------------------------------
# Forty random choices of the observed bins. With three bins the choice decides; with five and more
# the mean is the safer prediction. The dotted line is the best constant.


def losses(n_observed, seed):
    rng = np.random.default_rng(seed)
    known, order = rng.choice(20, n_observed, replace=False), rng.permutation(len(y))
    train, test = order[:221], order[221:]
    train = train[np.isin(y[train], known)]
    loki = LokiClassifier(base, label_metric="ordinal", labels=range(20)).fit(X[train], y[train])
    guesses = loki.estimator_.predict(X[test]), loki.predict(X[test])
    return [np.mean((guess - y[test]) ** 2) for guess in guesses]


sizes = [3, 5, 10, 15]
results = np.array([[losses(k, seed) for seed in range(40)] for k in sizes])
fig, ax = plt.subplots(figsize=(6, 3.8))
for shift, i, name in ((-0.15, 0, "most probable class"), (0.15, 1, "Fréchet mean")):
    ax.boxplot(
        results[:, :, i].T,
        positions=np.arange(len(sizes)) + shift,
        widths=0.25,
        patch_artist=True,
        boxprops={"facecolor": f"C{i}", "alpha": 0.6},
        medianprops={"color": "black"},
        flierprops={"markersize": 3},
    )
    ax.plot([], [], color=f"C{i}", lw=6, alpha=0.6, label=name)
ax.axhline(np.var(y), color="gray", ls=":", lw=1)
ax.set_xticks(range(len(sizes)), sizes)
ax.set(xlabel="observed bins of 20", ylabel="mean squared distance")
ax.legend()
fig.tight_layout()
plt.show()
