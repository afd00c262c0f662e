"""
Choosing order and lag, and how far to trust the choice
=======================================================

The order of the augmented covariance and its lag can be cross-validated, or chosen from the signals
alone. On some ninety trials both are unstable: many pairs are about equally good, and which of them
comes out best is chance. An ensemble over the best few takes some of the chance away.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from skgeom import AugmentedCovarianceClassifier
from skgeom.datasets import load_motor_imagery
from skgeom.spd import AugmentedCovarianceClassifierCV, select_embedding

X, y = load_motor_imagery(channels=["C3", "Cz", "C4"], return_X_y=True)
orders, lags = [1, 2, 3, 4, 6, 8], [1, 2, 3, 4, 6, 8]

# %%
# Every pair, cross-validated
# ---------------------------
# The same scores as GridSearchCV, for a fraction of the work.

folds = StratifiedKFold(5, shuffle=True, random_state=42)
search = AugmentedCovarianceClassifierCV(orders, lags, cv=folds, scoring="roc_auc").fit(X, y)
table = search.cv_results_["mean_test_score"].reshape(len(lags), len(orders))

fig, ax = plt.subplots(figsize=(5.6, 4.4))
image = ax.imshow(table, cmap="viridis")
for i, j in np.ndindex(table.shape):
    ax.text(j, i, f"{table[i, j]:.2f}", ha="center", va="center", color="white", fontsize=8)
ax.set_xticks(range(len(orders)), orders)
ax.set_yticks(range(len(lags)), lags)
ax.set(xlabel="order", ylabel="lag (samples of 6.25 ms)", title="area under the ROC curve, 5 folds")
fig.colorbar(image)
fig.tight_layout()

# %%
# What the signals alone say
# --------------------------
# The first minimum of the average mutual information for the lag; Cao's E1 or an autoregressive
# criterion for the order. They see no labels, and agree with the scores only roughly.

chosen = {
    "ami_cao": select_embedding(X, method="ami_cao"),
    "ar_bic": select_embedding(X, method="ar_bic", lag=2),
    "mdop": select_embedding(X[::9], method="mdop"),
}
for name, result in chosen.items():
    print(f"{name:8s} order {result.order}, lag {result.lag}")

fig, axes = plt.subplots(1, 3, figsize=(10, 3))
axes[0].plot(chosen["ami_cao"].mutual_information[: 20 + 1], ".-")
axes[0].axvline(chosen["ami_cao"].lag, color="gray", lw=1)
axes[0].set(xlabel="lag", ylabel="mutual information (bits)", yscale="log")
axes[1].plot(np.arange(1, 11), chosen["ami_cao"].e1, ".-")
axes[1].axvline(chosen["ami_cao"].order, color="gray", lw=1)
axes[1].set(xlabel="order", ylabel="Cao's E1")
axes[2].plot(chosen["ar_bic"].criterion, ".-")
axes[2].axvline(chosen["ar_bic"].order, color="gray", lw=1)
axes[2].set(xlabel="order", ylabel="AR-BIC at lag 2")
fig.tight_layout()

# %%
# Nested: the choice in each outer fold
# -------------------------------------
# The search sees the training trials of a fold alone. Its choice changes from fold to fold, and the
# score is below the best cell of the table above, which was picked with the test trials in view.

methods = {"best pair": {}, "ensemble of 5": {"ensemble": "top_k"}}
inner = StratifiedKFold(3, shuffle=True, random_state=42)
decisions = {name: np.zeros(len(y)) for name in [*methods, "plain", "fixed (3, 2)"]}
pairs = []
for train, test in folds.split(X, y):
    for name, settings in methods.items():
        nested = AugmentedCovarianceClassifierCV(
            [1, 2, 3, 4, 6], [1, 2, 4], cv=inner, scoring="roc_auc", **settings
        ).fit(X[train], y[train])
        decisions[name][test] = nested.decision_function(X[test])
    pairs.append((nested.best_params_["order"], nested.best_params_["lag"]))
    for name, order in (("plain", 1), ("fixed (3, 2)", 3)):
        model = AugmentedCovarianceClassifier(order, 2).fit(X[train], y[train])
        decisions[name][test] = model.decision_function(X[test])
print("chosen (order, lag):", pairs)
for name, values in decisions.items():
    aucs = [roc_auc_score(y[test], values[test]) for _, test in folds.split(X, y)]
    print(f"{name:14s} {np.mean(aucs):.3f} +- {np.std(aucs):.3f}")
plt.show()
