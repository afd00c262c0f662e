"""
Motor imagery in a Pipeline, cross-validated
============================================

Ninety trials of EEG: one person moves, or imagines moving, the left or the right fist. Trials go
in, labels come out, and everything scikit-learn offers in between works: pipelines,
cross-validation, a grid search that keeps what it has computed.
"""

import tempfile

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skgeom import AugmentedCovarianceClassifier
from skgeom.datasets import load_motor_imagery
from skgeom.spd import AugmentedCovariance, LagBlocksDisplay

channels = ["C3", "Cz", "C4"]
recording = load_motor_imagery(channels=channels)
X, y = recording.data, recording.target
print(X.shape, recording.sfreq, "Hz")

# %%
# One estimator, or its steps
# ---------------------------
# The classifier takes trials. Where the matrices are wanted on their own, for other steps or to
# look at them, the transformer makes them and the classifier takes those.

whole = AugmentedCovarianceClassifier(order=3, lag=2)
steps = make_pipeline(
    AugmentedCovariance(order=3, lag=2), AugmentedCovarianceClassifier(3, input="covariance")
)
folds = StratifiedKFold(5, shuffle=True, random_state=42)
for model in (whole, steps):
    print(cross_val_score(model, X, y, cv=folds, scoring="roc_auc").mean().round(3))

# %%
# Five ways to decide
# -------------------
# All with the same matrices; order 1 is the plain covariance.

classifiers = {
    "SVM": {},
    "nearest mean": {"classifier": "mdm"},
    "filtered nearest mean": {"classifier": "fgmdm"},
    "logistic regression": {"classifier": LogisticRegression(C=0.1, max_iter=1000)},
    "CSP, then SVM": {"spatial_filter": "csp"},
}
scores = {}
for name, settings in classifiers.items():
    for order in (1, 3):
        model = AugmentedCovarianceClassifier(order=order, lag=2, **settings)
        scores[name, order] = cross_val_score(model, X, y, cv=folds, scoring="roc_auc")

fig, ax = plt.subplots(figsize=(8, 3.6))
places = np.arange(len(classifiers))
for order, shift in ((1, -0.18), (3, 0.18)):
    means = [scores[name, order].mean() for name in classifiers]
    ax.bar(
        places + shift, means, 0.34, label="plain covariance" if order == 1 else "order 3, lag 2"
    )
    for place, name in zip(places, classifiers):
        ax.plot(np.full(5, place + shift), scores[name, order], ".", color="black", ms=4)
ax.set_xticks(places, classifiers, rotation=12)
ax.set(ylabel="area under the ROC curve", ylim=(0.4, 1))
ax.legend(loc="upper left", ncols=2)
ax.set_title("Three electrodes, 5 folds (dots)")
fig.tight_layout()

# %%
# A search that keeps its matrices
# --------------------------------
# With `memory` the means and tangent vectors of a fold are computed once for all ``C``.
# :class:`~skgeom.spd.AugmentedCovarianceClassifierCV` needs no such folder, and also shares work
# between orders and lags.

with tempfile.TemporaryDirectory() as folder:
    model = AugmentedCovarianceClassifier(order=3, lag=2, memory=folder)
    search = GridSearchCV(model, {"C": [0.01, 0.1, 1.0], "kernel": ["linear", "rbf"]}, cv=folds)
    search.fit(X, y)
print(search.best_params_, round(search.best_score_, 3))

# %%
# What changes with the decision
# ------------------------------
# The patterns of the linear machine: which covariances, at which delays, grow when it says "right".

model = whole.fit(X, y)
fig, axes = plt.subplots(1, 2, figsize=(10, 4.4))
LagBlocksDisplay.from_estimator(model, ch_names=channels, ax=axes[0])
LagBlocksDisplay.from_estimator(model, kind="pattern", ch_names=channels, ax=axes[1])
axes[0].set_title("importances")
axes[1].set_title("patterns")
fig.tight_layout()
plt.show()
