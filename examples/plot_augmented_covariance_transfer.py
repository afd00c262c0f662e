"""
From one recording to another
=============================

Between sessions the cap sits differently, gels dry, amplifiers drift: covariances of the same
person move as a whole. Recentring takes the mean of each recording to the identity, so that what
was learned on one holds for the next, without a single label of it.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from skgeom import AugmentedCovarianceClassifier
from skgeom.datasets import load_motor_imagery

recording = load_motor_imagery()
X, y, runs = recording.data, recording.target, recording.groups

# %%
# A cap that moves
# ----------------
# The six recordings here are of one sitting, and recentring changes little between them. To see
# what another day would do, the channels of each recording are scaled and mixed.

rng = np.random.default_rng(0)
n_channels = X.shape[1]
moved = X.copy()
for run in np.unique(runs):
    gains = np.exp(0.5 * rng.standard_normal(n_channels))
    mixing = np.diag(gains) + 0.15 * rng.standard_normal((n_channels, n_channels))
    moved[runs == run] = mixing @ X[runs == run]

# %%
# Leave one recording out
# -----------------------
# ``"transductive"`` takes the mean of the new recording as a batch, ``"online"`` follows it trial
# by trial.

policies = [None, "transductive", "online"]
scores = {}
for name, data in (("as recorded", X), ("moved", moved)):
    for policy in policies:
        own = []
        for run in np.unique(runs):
            test = runs == run
            model = AugmentedCovarianceClassifier(order=2, lag=2, recenter=policy)
            model.fit(data[~test], y[~test], groups=runs[~test] if policy else None)
            own.append(roc_auc_score(y[test], model.decision_function(data[test])))
        scores[name, policy] = np.array(own)
        print(f"{name:12s} recenter={policy!s:13s} AUC {np.mean(own):.3f}")

fig, ax = plt.subplots(figsize=(6.4, 3.6))
for shift, name in ((-0.18, "as recorded"), (0.18, "moved")):
    ax.bar(np.arange(3) + shift, [scores[name, p].mean() for p in policies], 0.34, label=name)
    for i, policy in enumerate(policies):
        ax.plot(np.full(6, i + shift), scores[name, policy], ".", color="black", ms=4)
ax.axhline(0.5, color="gray", lw=0.8)
ax.set_xticks(range(3), ["no recentring", "transductive", "online"])
ax.set(ylabel="AUC on the recording left out", ylim=(0.3, 1.02))
ax.legend(loc="lower right")
fig.tight_layout()

# %%
# What recentring does
# --------------------
# Tangent vectors of the moved recordings, in the plane of their two largest directions.

fig, axes = plt.subplots(1, 2, figsize=(9, 3.8))
for ax, policy in zip(axes, (None, "domain")):
    model = AugmentedCovarianceClassifier(order=2, lag=2, recenter=policy)
    model.fit(moved, y, groups=runs if policy else None)
    vectors = model.transform(moved, groups=runs if policy else None)
    plane = PCA(2).fit_transform(vectors)
    for run in np.unique(runs):
        ax.scatter(*plane[runs == run].T, s=14, label=f"recording {run}")
    ax.set_title("no recentring" if policy is None else "each recording recentred")
    ax.set(xticks=[], yticks=[])
axes[0].legend(fontsize=7)
fig.tight_layout()
plt.show()
