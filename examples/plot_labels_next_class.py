"""
Which classes to label next
===========================

Not every label can be a Fréchet mean of the observed ones. In a tree those can that lie on paths
between observed labels: the locus. The best label to observe next is the farthest from it.
"""

import matplotlib.pyplot as plt
import numpy as np
import scipy.sparse as sp

from skgeom.labels import label_locus, minimum_tree_cover, next_class


def random_tree(n, seed):
    """Each node hangs on a random earlier one."""
    rng = np.random.default_rng(seed)
    parents = (rng.random(n - 1) * np.arange(1, n)).astype(int)
    return sp.coo_array((np.ones(n - 1), (np.arange(1, n), parents)), shape=(n, n))


# %%
# Chosen and random labels
# ------------------------
# Forty trees of 50 labels, six of which are observed at the start.

steps = 16
chosen, drawn = np.zeros((40, steps + 1)), np.zeros((40, steps + 1))
for seed in range(40):
    tree, rng = random_tree(50, seed), np.random.default_rng(seed)
    order = rng.permutation(50)
    greedy = np.append(order[:6], next_class(tree, order[:6], n=steps))
    for step in range(steps + 1):
        chosen[seed, step] = len(label_locus(tree, greedy[: 6 + step]))
        drawn[seed, step] = len(label_locus(tree, order[: 6 + step]))

fig, ax = plt.subplots(figsize=(6, 3.8))
for sizes, name in ((chosen, "the farthest from the locus"), (drawn, "at random")):
    mean, spread = sizes.mean(axis=0), sizes.std(axis=0)
    ax.plot(6 + np.arange(steps + 1), mean, label=name)
    ax.fill_between(6 + np.arange(steps + 1), mean - spread, mean + spread, alpha=0.2)
ax.axhline(50, color="gray", ls=":", lw=1)
ax.set(xlabel="observed labels", ylabel="labels that can be predicted", title="Trees of 50 labels")
ax.legend(loc="lower right")
fig.tight_layout()

# %%
# The least that covers a tree
# ----------------------------
# All of a tree can be predicted from its leaves, and from nothing less.

leaves = [len(minimum_tree_cover(random_tree(50, seed))) for seed in range(40)]
print(f"leaves of a tree of 50 labels: {np.mean(leaves):.1f} +- {np.std(leaves):.1f}")
plt.show()
