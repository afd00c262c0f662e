"""
Score text embeddings without labels while noise grows
======================================================

How good is an encoder on *your* texts, when nobody has labelled them? A good one puts questions
about one matter close together and far from others, so the cloud of vectors falls apart into
groups. :class:`~skgeom.separability.SeparabilityScorer` measures that from the minimum spanning
tree of the cloud. Here the encoder gets worse step by step (its vectors are mixed with noise), and
the score, which sees no labels, follows the accuracy of a nearest-neighbour classifier, which does.
"""

# %%
# The embeddings
# --------------
# Questions to a bank, embedded by a sentence encoder. The 77 intents are used for checking only.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from skgeom.datasets import load_text_embeddings
from skgeom.separability import H0BarcodeDisplay, SeparabilityScorer

questions = load_text_embeddings()
chosen = questions.target < 25
X, intent = questions.data[chosen], questions.target[chosen]
X = X / np.linalg.norm(X, axis=1, keepdims=True)
print(f"{X.shape[0]} questions, {X.shape[1]} dimensions, {len(np.unique(intent))} intents")

# %%
# The score follows the quality
# -----------------------------
# Each level of noise is scored with a 95 % interval. Every tree has the same number of points and
# dimensions, so the scores may be compared.

levels = np.linspace(0, 2.5, 11)
noise = np.random.default_rng(0).standard_normal(X.shape) / np.sqrt(X.shape[1])
scorer = SeparabilityScorer(confidence_level=0.95, random_state=0)


def leave_one_out_accuracy(cloud):
    """1-NN accuracy of each row from all others."""
    neighbours = KNeighborsClassifier(1).fit(cloud, intent).kneighbors(return_distance=False)
    return np.mean(intent[neighbours[:, 0]] == intent)


clouds = [X + level * noise for level in levels]
scores, intervals = [], []
for cloud in clouds:
    scorer.fit(cloud)
    scores.append(scorer.score_)
    intervals.append(scorer.confidence_interval_)
accuracy = [leave_one_out_accuracy(c / np.linalg.norm(c, axis=1, keepdims=True)) for c in clouds]

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.fill_between(levels, *np.transpose(intervals), alpha=0.25)
left.plot(levels, scores, "o-", label="separability score (no labels)")
left.set(xlabel="noise / signal", ylabel="nats", title="The score falls with the accuracy")
beside = left.twinx()
beside.plot(levels, accuracy, "s--", color="C1", label="1-NN accuracy (labels)")
beside.set(ylabel="accuracy", ylim=(0, 1))
figure.legend(loc="outside lower left", ncols=2)
right.plot(scores, accuracy, "o-")
right.set(xlabel="separability score", ylabel="1-NN accuracy", title="One against the other")
plt.show()

# %%
# What the score looks at
# -----------------------
# The lengths of the tree's edges are the lifetimes of the connected components when balls grow
# around the points. Good embeddings have many short bars (near-duplicates and close questions) and
# some long ones; noise lifts all bars to one length. The dashed line is the typical distance of two
# points, which their mean is compared with.

figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
for ax, index in zip(axes, (0, 3, 10)):
    found = SeparabilityScorer("relative_mean").fit(clouds[index])
    H0BarcodeDisplay.from_lifetimes(found.lifetimes_, max_bars=1000, ax=ax)
    ax.axvline(found.lifetimes_.mean() / (1 - found.score_), color="k", linestyle="--")
    ax.set_xlim(0, 1.5)
    ax.set_title(f"noise {levels[index]:.2f}, 1 - mean / typical: {found.score_:.2f}")
plt.show()

# %%
# With some labels
# ----------------
# The same tree gives yardsticks from labels, also when only some rows have one (-1: unknown).

partial = np.where(np.random.default_rng(1).random(len(intent)) < 0.3, intent, -1)
found = SeparabilityScorer().fit(X, partial)
print(f"Friedman-Rafsky, 0 is chance: {found.supervised_.friedman_rafsky:.2f}")
pairs = found.supervised_.bayes_error_bounds[..., 1]
a, b = np.unravel_index(np.nanargmax(pairs), pairs.shape)
names = questions.target_names
print(f"hardest pair: {names[found.classes_[a]]} / {names[found.classes_[b]]}, ", end="")
print("Bayes error between {:.2f} and {:.2f}".format(*found.supervised_.bayes_error_bounds[a, b]))
