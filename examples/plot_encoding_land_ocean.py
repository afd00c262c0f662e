"""
Tell land from ocean by longitude and latitude
==============================================

A linear model that gets longitude and latitude as two numbers can draw one straight line on the
map. :class:`~skgeom.encoding.SphericalHarmonicsEncoder` gives it functions that live on the globe
instead; then a logistic regression draws coastlines.
"""

# %%
# Ten thousand places
# -------------------
# Places are uniform on the sphere; half of them are for training.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skgeom.datasets import load_land_ocean
from skgeom.encoding import DoubleFourierSphereEncoder, SphericalHarmonicsEncoder

earth = load_land_ocean()
train, test = earth.train_indices, earth.test_indices
X, y = earth.data[train], earth.target[train]
X_test, y_test = earth.data[test], earth.target[test]

# %%
# One classifier, several encodings
# ---------------------------------
# "grid" and "theory" are sines and cosines at several scales, made for the plane.

encoders = {
    "cartesian3d": DoubleFourierSphereEncoder(kind="cartesian3d"),
    "grid": DoubleFourierSphereEncoder(kind="grid"),
    "theory": DoubleFourierSphereEncoder(kind="theory"),
    "harmonics, degree 10": SphericalHarmonicsEncoder(degree=10),
    "harmonics, degree 20": SphericalHarmonicsEncoder(degree=20),
}
models = {}
for name, encoder in encoders.items():
    model = make_pipeline(encoder, LogisticRegression(C=100, max_iter=500)).fit(X, y)
    models[name] = model
    n_columns = model[:-1].transform(X[:1]).shape[1]
    print(f"{name:22} {n_columns:4} columns, test accuracy {model.score(X_test, y_test):.3f}")

# %%
# What the models see
# -------------------
# The probability of land, at every degree of the map. Harmonics of either degree go on across the
# date line; sines and cosines of the map needn't.

longitude, latitude = np.meshgrid(np.linspace(-180, 180, 361), np.linspace(-90, 90, 181))
grid = np.column_stack([longitude.ravel(), latitude.ravel()])
figure, axes = plt.subplots(2, 2, figsize=(11, 6), layout="constrained", sharex=True, sharey=True)
for ax, name in zip(axes.flat, list(models)[1:]):
    probability = models[name].predict_proba(grid)[:, 1].reshape(longitude.shape)
    ax.imshow(probability, extent=(-180, 180, -90, 90), origin="lower", cmap="BrBG_r", clim=(0, 1))
    ax.set_title(f"{name}: {models[name].score(X_test, y_test):.3f}")
    ax.set(xticks=range(-180, 181, 90), yticks=range(-90, 91, 45))
figure.supxlabel("longitude, degrees")
figure.supylabel("latitude, degrees")
plt.show()

# %%
# Accuracy by latitude
# --------------------
# On the map of the plane a degree of longitude is a degree everywhere; on the globe it shrinks
# towards the poles. What was made for the map loses most there; harmonics have no such places, and
# what they lose is coastline (the Arctic's islands, the Antarctic's ice).

bands = np.array([-90, -70, -50, -30, -10, 10, 30, 50, 70, 90])
band = np.digitize(X_test[:, 1], bands) - 1
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for name, model in models.items():
    right = model.predict(X_test) == y_test
    accuracy = [right[band == b].mean() for b in range(len(bands) - 1)]
    ax.plot((bands[1:] + bands[:-1]) / 2, accuracy, "o-", label=name)
ax.set(xlabel="latitude, degrees", ylabel="test accuracy", xticks=bands)
ax.legend()
plt.show()
