"""
What training does to the barcode, with and without LayerNorm
=============================================================

The figure that started the method: take the H0 lifetimes of a network's hidden layer, divide them
by the largest, and draw their distribution before and after training. Few large ones mean a simple,
clustered embedding. A network with LayerNorm should end up simpler than one without.
"""

# %%
# A network of one hidden layer
# -----------------------------
# Two overlapping classes of ten features, 32 hidden units, and gradient descent with momentum.
# LayerNorm gives each row of the hidden layer mean 0 and variance 1.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_blobs

from skgeom.separability import SeparabilityScorer, h0_persistence


class Network:
    """Ten inputs, 32 rectified hidden units, one output."""

    def __init__(self, layer_norm, rng):
        self.layer_norm, self.rng = layer_norm, rng
        self.weights = [rng.normal(size=(10, 32)) / 3, np.zeros(32), rng.normal(size=32) / 6, 0.0]
        self.speed = [np.zeros_like(w) for w in self.weights]

    def hidden(self, X):
        Z = X @ self.weights[0] + self.weights[1]
        if self.layer_norm:
            Z = Z - Z.mean(axis=1, keepdims=True)
            self.scale = Z.std(axis=1, keepdims=True) + 1e-5
            Z = Z / self.scale
        self.normed = Z
        return np.maximum(Z, 0)

    def train(self, X, y):
        for rows in np.array_split(self.rng.permutation(len(X)), len(X) // 20):
            H = self.hidden(X[rows])
            error = 1 / (1 + np.exp(-H @ self.weights[2] - self.weights[3])) - y[rows]
            error /= len(rows)
            back = np.outer(error, self.weights[2]) * (H > 0)
            if self.layer_norm:
                back = back - back.mean(axis=1, keepdims=True)
                along = np.mean(back * self.normed, axis=1, keepdims=True)
                back = (back - self.normed * along) / self.scale
            gradients = [X[rows].T @ back, back.sum(axis=0), H.T @ error, error.sum()]
            for k, gradient in enumerate(gradients):
                self.speed[k] = 0.9 * self.speed[k] - 0.2 * gradient
                self.weights[k] = self.weights[k] + self.speed[k]


# %%
# Before and after
# ----------------
# Thirty draws of data and weights. For each, the normalised lifetimes of the hidden layer of unseen
# points, at the beginning and after 100 epochs. Both networks learn to classify within a few
# epochs; the one with LayerNorm contracts its classes more, and ends with fewer large lifetimes.

epochs = [0, 5, 10, 20, 50, 100]
lifetimes = {(norm, epoch): [] for norm in (False, True) for epoch in epochs}
scores = {norm: np.zeros((30, len(epochs))) for norm in (False, True)}
scorer = SeparabilityScorer("persistence", normalize=None)
for norm in (False, True):
    for draw in range(30):
        rng = np.random.default_rng(draw)
        X, y = make_blobs(400, 10, centers=2, cluster_std=3.5, random_state=draw)
        X = X / 5
        network = Network(norm, rng)
        for epoch in range(101):
            if epoch:
                network.train(X[:200], y[:200])
            if epoch in epochs:
                hidden = network.hidden(X[200:])
                p = h0_persistence(hidden)
                lifetimes[norm, epoch].append(p / p[-1])
                scores[norm][draw, epochs.index(epoch)] = scorer.assess(hidden).score

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
positions, boxes, names = [0, 1, 2.5, 3.5], [], []
for norm, label in ((False, "without"), (True, "with")):
    for epoch in (0, 100):
        boxes.append(np.concatenate(lifetimes[norm, epoch]))
        names.append(f"{label}\nepoch {epoch}")
drawn = axes[0].boxplot(boxes, positions=positions, widths=0.7, showfliers=False, patch_artist=True)
for k, patch in enumerate(drawn["boxes"]):
    patch.set_facecolor(("C0", "C1")[k // 2])
    patch.set_alpha(0.35 if k % 2 == 0 else 0.8)
axes[0].set_xticks(positions, names)
axes[0].set(ylabel="lifetime / largest lifetime", title="H0 lifetimes, LayerNorm or not")
for norm, label in ((False, "without LayerNorm"), (True, "with LayerNorm")):
    mean, spread = scores[norm].mean(axis=0), scores[norm].std(axis=0)
    line = axes[1].plot(epochs, mean, "o-", label=label)[0]
    axes[1].fill_between(epochs, mean - spread, mean + spread, alpha=0.2, color=line.get_color())
axes[1].set(xlabel="epoch", ylabel="persistence", title="1 - mean: the score of the paper")
axes[1].legend()
plt.show()

for norm in (False, True):
    share = [np.mean(np.concatenate(lifetimes[norm, epoch]) > 0.2) for epoch in (0, 100)]
    print(f"LayerNorm {norm}: share of lifetimes above 0.2: {share[0]:.3f} -> {share[1]:.3f}")
