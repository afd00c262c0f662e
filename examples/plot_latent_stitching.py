"""
Swap the encoder, keep the classifier
=====================================

Two networks trained on the same digits from different seeds agree about the digits and about
nothing else: their hidden layers differ by something like a rotation, and a classifier fitted on
one is lost on the other. :class:`~skgeom.latent.RelativeRepresentation` describes each hidden
vector by its cosines to a few anchor digits. In these coordinates the two speak one language.
"""

# %%
# Two encoders
# ------------
# The encoder is the network up to its last hidden layer.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skgeom.latent import RelativeRepresentation, latent_similarity

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, train_size=0.6, stratify=y, random_state=0
)


def trained_encoder(seed):
    network = MLPClassifier((64, 48), activation="tanh", max_iter=200, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(X_train, y_train)

    def encode(rows):
        for weights, bias in zip(network.coefs_[:-1], network.intercepts_[:-1]):
            rows = np.tanh(rows @ weights + bias)
        return rows

    return FunctionTransformer(encode)


first, second = trained_encoder(0), trained_encoder(1)

# %%
# A classifier on the first
# -------------------------
# In absolute coordinates the second encoder leaves it at chance. In relative ones it is enough to
# hand over the anchors as the second encoder sees them.

absolute = make_pipeline(first, LogisticRegression(max_iter=1000)).fit(X_train, y_train)
swapped = Pipeline([("encode", second), ("classify", absolute[-1])])
print(f"absolute: own {absolute.score(X_test, y_test):.3f}", end=", ")
print(f"swapped {swapped.score(X_test, y_test):.3f}")

sizes, own, stitched_scores = [2, 5, 10, 20, 50, 100, 300], [], []
for n_anchors in sizes:
    relative = RelativeRepresentation(n_anchors=n_anchors, random_state=0)
    model = make_pipeline(first, relative, LogisticRegression(max_iter=1000))
    model.fit(X_train, y_train)
    anchors = second.transform(X_train[model[1].anchor_indices_])
    stitched = Pipeline(
        [("encode", second), ("relative", model[1].with_anchors(anchors)), ("classify", model[2])]
    )
    own.append(model.score(X_test, y_test))
    stitched_scores.append(stitched.score(X_test, y_test))
    print(f"{n_anchors:3} anchors: own {own[-1]:.3f}, stitched {stitched_scores[-1]:.3f}")

# %%
# The same points in four spaces
# ------------------------------
# Axes are the two principal components of the first encoder's vectors, in which the second
# encoder's are drawn too: above in absolute coordinates, below in relative ones. Linear CKA sees
# that the two spaces have one shape all along; it is invariant to the rotation between them.

relative = RelativeRepresentation(n_anchors=50, random_state=0).fit(first.transform(X_train))
other = relative.with_anchors(second.transform(X_train[relative.anchor_indices_]))
U, V = first.transform(X_test), second.transform(X_test)
figure, axes = plt.subplots(2, 3, figsize=(12, 7), layout="constrained")
for row, name, spaces in (
    (axes[0], "absolute", (U, V)),
    (axes[1], "relative", (relative.transform(U), other.transform(V))),
):
    plane = PCA(2).fit(spaces[0])
    for ax, which, space in zip(row, ("first", "second"), spaces):
        ax.scatter(*plane.transform(space).T, c=y_test, s=8, cmap="tab10")
        ax.set(title=f"{name}, {which} encoder", xticks=[], yticks=[])
axes[0, 2].plot(sizes, own, "o-", label="own encoder")
axes[0, 2].plot(sizes, stitched_scores, "s-", label="other encoder")
axes[0, 2].axhline(swapped.score(X_test, y_test), color="k", linestyle=":", label="absolute")
axes[0, 2].set(xscale="log", xlabel="anchors", ylabel="test accuracy", title="One classifier")
axes[0, 2].legend()
scores = [
    latent_similarity(U, V, k=5),
    latent_similarity(relative.transform(U), other.transform(V), k=5),
]
position = np.arange(len(scores[0]))
for shift, name, found in zip((-0.2, 0.2), ("absolute", "relative"), scores):
    axes[1, 2].bar(position + shift, list(found.values()), 0.4, label=name)
axes[1, 2].set_xticks(position, list(scores[0]))
axes[1, 2].set(title="How alike the two spaces are")
axes[1, 2].legend()
plt.show()
