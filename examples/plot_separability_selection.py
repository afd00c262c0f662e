"""
Choose a representation without labels, and find the pairs that will be confused
================================================================================

A :class:`~skgeom.separability.SeparabilityScorer` is itself a ``scoring=`` for scikit-learn's model
selection, with ``y=None``. One thing has to be right: when the candidates differ in dimension, the
score needs a null reference. Without it, like every label-free index, it prefers few dimensions.
"""

# %%
# How many principal components?
# ------------------------------
# Two scorers judge the same candidates in one search, with and without a reference. The labels are
# used afterwards, for the accuracy of a nearest-neighbour classifier on each candidate.

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
    scoring={
        "plain": SeparabilityScorer(),
        "referenced": SeparabilityScorer(reference="gaussian", n_references=5, random_state=0),
    },
    refit="referenced",
    cv=[(everything, everything)],  # the candidates are judged on the data at hand
).fit(X)
print(f"chosen without labels: {search.best_params_}")

# %%
# The check
# ---------
# Plain, the score falls with every component, as the silhouette does (which is even told the true
# number of groups). Against Gaussian clouds of the same covariance it rises with the accuracy, and
# peaks about where more components stop helping; it does not tell the good candidates beyond
# that from each other.


def silhouette_of_kmeans(points):
    """Silhouette of k-means, given the true number of groups."""
    labels = KMeans(20, n_init=3, random_state=0).fit_predict(points)
    return silhouette_score(points, labels)


embeddings = [PCA(d, random_state=0).fit_transform(X) for d in dimensions]
accuracy = [cross_val_score(KNeighborsClassifier(5), Z, intent).mean() for Z in embeddings]
silhouette = [silhouette_of_kmeans(Z) for Z in embeddings]
plain = search.cv_results_["mean_test_plain"]
referenced = search.cv_results_["mean_test_referenced"]

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharex=True)
axes[0].plot(dimensions, plain, "o-", label="separability, plain")
axes[0].plot(dimensions, silhouette, "^-", label="silhouette of k-means (true number)")
axes[0].plot(dimensions, accuracy, "s--", color="0.5", label="5-NN accuracy (labels)")
axes[0].set(title="Without reference: fewer dimensions look better")
axes[1].plot(dimensions, referenced, "o-", color="C2", label="separability, Gaussian reference")
axes[1].plot(dimensions, accuracy, "s--", color="0.5", label="5-NN accuracy (labels)")
axes[1].set(title="With reference: it peaks where accuracy levels off")
for ax in axes:
    ax.set(xscale="log", xlabel="principal components")
    ax.legend()
plt.show()

# %%
# Which pairs will be confused?
# -----------------------------
# With labels, ``fit(X, y)`` compares each pair of classes on the tree of their points: the share of
# edges between them bounds the error that the best possible classifier must make.

found = SeparabilityScorer().fit(X, intent)
upper = found.supervised_.bayes_error_bounds[..., 1]
names = [name.replace("_", " ")[:28] for name in questions.target_names[:20]]

figure, ax = plt.subplots(figsize=(8, 7), layout="constrained")
image = ax.imshow(upper, cmap="magma_r", vmin=0)
ax.set_xticks(range(20), names, rotation=90)
ax.set_yticks(range(20), names)
ax.set_title("Upper bound of the Bayes error of each pair of intents")
figure.colorbar(image, shrink=0.8)
plt.show()

order = np.argsort(np.where(np.isnan(upper), -1, upper), axis=None)[::-1][:6:2]
for a, b in zip(*np.unravel_index(order, upper.shape)):
    low, high = found.supervised_.bayes_error_bounds[a, b]
    print(f"{names[a]} / {names[b]}: between {low:.2f} and {high:.2f}")
