"""
Covariances that are hardly invertible
======================================

Under the affine-invariant metric a covariance matrix is as much its smallest eigenvalues as its
largest. Where the small ones are noise, the Bures-Wasserstein metric keeps what the large ones say.
And the other way round.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom.spd import AugmentedCovarianceClassifier, BuresWassersteinTangentSpace

warnings.simplefilter("ignore")  # means of such matrices converge slowly


def two_classes(condition, where, n=8, n_matrices=120):
    """Spectra from 1 to 1 / condition; the weaker half fluctuates as noise does."""
    rng = np.random.default_rng(0)
    y = np.arange(n_matrices) % 2
    logs = np.tile(np.linspace(0.0, -np.log(condition), n), (n_matrices, 1))
    logs += 0.2 * rng.standard_normal(logs.shape)
    noisy = slice(n // 2, None)
    logs[:, noisy] += 0.5 * np.log10(condition) * rng.standard_normal(logs[:, noisy].shape)
    logs[:, 2 if where == "large" else -1] += np.where(y, 0.4, -0.4)
    axes = np.linalg.qr(np.eye(n) + 0.05 * rng.standard_normal((n_matrices, n, n)))[0]
    C = (axes * np.exp(logs)[:, None, :]) @ axes.transpose(0, 2, 1)
    return 0.5 * (C + C.transpose(0, 2, 1)), y


def from_tangent_space(space):
    return make_pipeline(space, StandardScaler(), LogisticRegression(max_iter=1000))


models = {
    "affine-invariant": AugmentedCovarianceClassifier(order=1, input="covariance"),
    "log-Euclidean": from_tangent_space(BuresWassersteinTangentSpace("log")),
    "Bures-Wasserstein": from_tangent_space(BuresWassersteinTangentSpace()),
    "Bures-Wasserstein, theta 0.5": from_tangent_space(BuresWassersteinTangentSpace(0.5)),
}

# %%
# Two places for the difference
# -----------------------------
# The classes differ in the third largest eigenvalue, or in the smallest.

conditions = [1e2, 1e4, 1e6, 1e8]
fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True)
for ax, where in zip(axes, ("large", "small")):
    for name, model in models.items():
        scores = [cross_val_score(model, *two_classes(c, where), cv=5).mean() for c in conditions]
        ax.semilogx(conditions, scores, "o-", label=name)
    ax.axhline(0.5, color="gray", lw=0.8)
    ax.set(title=f"classes differ in a {where} eigenvalue", xlabel="condition number")
axes[0].set(ylabel="accuracy", ylim=(0.4, 1.0))
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()
