"""
How fine a pattern on the sphere needs which degree
===================================================

The degree of :class:`~skgeom.encoding.SphericalHarmonicsEncoder` is a resolution: harmonics below
degree L tell apart what lies some 180 / L degrees apart. Here the truth is a chequered sphere with
200 cells in 16 colours, and a grid search finds the degree that draws it.
"""

# %%
# The chequered sphere
# --------------------
# Cells belong to the points of a Fibonacci lattice; a cell is about 14 degrees wide.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skgeom.encoding import DoubleFourierSphereEncoder, SphericalHarmonicsEncoder


def lattice(n):
    golden = (1 + np.sqrt(5)) / 2
    i = np.arange(-(n // 2), n // 2)
    longitude = np.mod(i, golden) * 360 / golden
    return np.column_stack([(longitude + 180) % 360 - 180, np.degrees(np.arcsin(2 * i / (n + 1)))])


def on_sphere(X):
    return DoubleFourierSphereEncoder(kind="cartesian3d").fit_transform(X)


def cell_class(X):
    centres = lattice(200)
    return (np.argmax(on_sphere(X) @ on_sphere(centres).T, axis=1) - 100) % 16


normal = np.random.RandomState(0).normal(size=(3, 10_000))
X = np.degrees(
    np.column_stack(
        [np.arctan2(normal[1], normal[0]), np.arctan2(normal[2], np.hypot(*normal[:2]))]
    )
)
y = cell_class(X)
X_test = lattice(10_000)
y_test = cell_class(X_test)

# %%
# Degrees
# -------

classifier = LogisticRegression(C=100, max_iter=500)
search = GridSearchCV(
    make_pipeline(SphericalHarmonicsEncoder(), classifier),
    {"sphericalharmonicsencoder__degree": [4, 8, 12, 15, 20]},
    cv=3,
).fit(X, y)
degrees = search.cv_results_["param_sphericalharmonicsencoder__degree"].data.astype(int)
print(f"best degree {search.best_params_}, test accuracy {search.score(X_test, y_test):.3f}")

figure, (left, right) = plt.subplots(
    1, 2, figsize=(12, 4), layout="constrained", width_ratios=(1, 2)
)
left.plot(degrees, search.cv_results_["mean_test_score"], "o-")
left.axhline(1 / 16, color="k", linestyle=":", label="chance")
left.set(xlabel="degree", ylabel="cross-validated accuracy", title="Spherical harmonics")
left.legend()
right.scatter(*X_test.T, c=search.predict(X_test), s=4, cmap="tab20")
wrong = search.predict(X_test) != y_test
right.scatter(*X_test[wrong].T, s=12, facecolors="none", edgecolors="k", linewidths=0.6)
right.set(xlabel="longitude, degrees", ylabel="latitude, degrees")
right.set_title("Predicted classes; errors (black) lie on borders of cells")
plt.show()
