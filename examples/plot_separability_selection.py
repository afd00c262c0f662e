"""
Choose a representation without labels, and find the pairs that will be confused
================================================================================

A :class:`~skgeom.separability.SeparabilityScorer` is itself a ``scoring=`` for scikit-learn's model
selection, with ``y=None``. When candidates differ in dimension, the statistic matters: most
label-free scores, the silhouette included, prefer few dimensions whatever they lose, and the
effective rank prefers many whatever they hold. The negentropy, the default, counts structure.
"""

# %%
# How many principal components?
# ------------------------------
# Two statistics judge the same candidates in one search. The labels are used afterwards, for the
# accuracy of a nearest-neighbour classifier on each candidate.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from skgeom.datasets import load_text_embeddings
from skgeom.separability import SeparabilityScorer

questions = load_text_embeddings()
chosen = questions.target < 20
X, intent = questions.data[chosen], questions.target[chosen]
X = X / np.linalg.norm(X, axis=1, keepdims=True)
dimensions = [2, 5, 10, 20, 50, 100, 200]
everything = np.arange(len(X))

search = GridSearchCV(
    PCA(random_state=0),
    {"n_components": dimensions},
    scoring={"negentropy": SeparabilityScorer(), "mean": SeparabilityScorer("relative_mean")},
    refit="negentropy",
    cv=[(everything, everything)],  # the candidates are judged on the data at hand
).fit(X)
print(f"chosen without labels: {search.best_params_}")


def silhouette_of_kmeans(points):
    """Silhouette of k-means, given the true number of groups."""
    labels = KMeans(20, n_init=3, random_state=0).fit_predict(points)
    return silhouette_score(points, labels)


def accuracy(points):
    """Accuracy of a 5-nearest-neighbour classifier, which sees the labels."""
    return cross_val_score(KNeighborsClassifier(5), points, intent).mean()


embeddings = [PCA(d, random_state=0).fit_transform(X) for d in dimensions]
curves = {
    "negentropy": search.cv_results_["mean_test_negentropy"],
    "relative_mean": search.cv_results_["mean_test_mean"],
    "silhouette of k-means (true number)": [silhouette_of_kmeans(Z) for Z in embeddings],
    "5-NN accuracy (labels)": [accuracy(Z) for Z in embeddings],
}

# %%
# And how many columns of noise?
# ------------------------------
# Twenty components, and more and more columns of pure noise of the same variance. The negentropy
# falls with the accuracy: noise holds no structure. The effective rank rises.

base = PCA(20, random_state=0).fit_transform(X)
base /= base.std()
noise = np.random.default_rng(0).standard_normal((len(X), 80))
columns = [0, 2, 5, 10, 20, 40, 80]
noisy = [np.hstack([base, noise[:, :k]]) for k in columns]
names = ["negentropy", "relative_mean", "effective_rank"]
table = SeparabilityScorer(names).fit(base)
noisy_scores = np.array([list(table.assess(Z).statistics.values()) for Z in noisy])
noisy_curves = dict(zip(names, noisy_scores.T))
noisy_curves["5-NN accuracy (labels)"] = [accuracy(Z) for Z in noisy]


def draw(ax, x, curves):
    """Draw curves, each scaled to its own range."""
    for name, curve in curves.items():
        scaled = (np.array(curve) - np.min(curve)) / np.ptp(curve)
        style = {"ls": "--", "color": "0.4", "marker": "s"} if "labels" in name else {"marker": "o"}
        ax.plot(x, scaled, label=name, **style)
    ax.set_ylabel("score, scaled to its range")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)


figure, axes = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
draw(axes[0], dimensions, curves)
axes[0].set(xscale="log", xlabel="principal components", title="Components of the text embeddings")
draw(axes[1], columns, noisy_curves)
axes[1].set(xlabel="columns of noise beside 20 components", title="Noise")
plt.show()

# %%
# Which pairs will be confused?
# -----------------------------
# With labels, ``fit(X, y)`` compares each pair of classes on the tree of their points: the share of
# edges between them bounds the error that the best possible classifier must make.

found = SeparabilityScorer().fit(X, intent)
upper = found.supervised_.bayes_error_bounds[..., 1]
labels = [name.replace("_", " ")[:28] for name in questions.target_names[:20]]

figure, ax = plt.subplots(figsize=(8, 7), layout="constrained")
image = ax.imshow(upper, cmap="magma_r", vmin=0)
ax.set_xticks(range(20), labels, rotation=90)
ax.set_yticks(range(20), labels)
ax.set_title("Upper bound of the Bayes error of each pair of intents")
figure.colorbar(image, shrink=0.8)
plt.show()

order = np.argsort(np.where(np.isnan(upper), -1, upper), axis=None)[::-1][:6:2]
for a, b in zip(*np.unravel_index(order, upper.shape)):
    low, high = found.supervised_.bayes_error_bounds[a, b]
    print(f"{labels[a]} / {labels[b]}: between {low:.2f} and {high:.2f}")
