"""
Moving points until their loops persist
=======================================

Topology as an objective: a cloud is moved by gradient descent so that its loops are born early and
filled late, in radius *and* in density. With two parameters points gather on dense rings;
with radius alone the same loss has no bound and the cloud flies apart.
"""

# %%
# A ring of 150 points, and 50 in a square inside it.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skgeom.topology import BifiltrationTransformer, TopologicalOptimizer

rng = np.random.default_rng(0)
angle, radius = rng.uniform(0, 2 * np.pi, 150), rng.uniform(0.85, 1.0, 150)
ring = np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None]
cloud = np.concatenate([ring, rng.uniform(-0.1, 0.2, (50, 2))])

# %%
# The bifiltration is the union of balls around the points up to a density (function-Delaunay, exact
# in the plane). Its gradient goes through the radii and through the density of all points.

two = TopologicalOptimizer(
    transformer=BifiltrationTransformer(
        filtration="delaunay", homology_dimensions=(1,), function_params={"bandwidth": 0.1}
    ),
    learning_rate=0.01,
    n_iter=100,
)
moved = two.fit_transform([cloud])[0]

# %%
# The same with a constant function, which leaves one parameter.

one = TopologicalOptimizer(
    transformer=BifiltrationTransformer(
        filtration="delaunay", homology_dimensions=(1,), function="precomputed"
    ),
    learning_rate=0.01,
    n_iter=100,
)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    away = one.fit_transform([(cloud, np.zeros(len(cloud)))])[0][0]

figure, axes = plt.subplots(1, 4, figsize=(14, 3.4), layout="constrained")
for ax, points, title in zip(axes, (cloud, moved, away), ("before", "two parameters", "one")):
    ax.scatter(*points.T, s=6)
    ax.set(aspect="equal", title=f"{title}: {np.ptp(points):.1f} wide")
for optimizer, name in ((two, "two parameters"), (one, "one")):
    axes[3].plot(optimizer.loss_curve_[0] - optimizer.loss_curve_[0][0], label=name)
axes[3].set(title="loss, from its start", xlabel="step")
axes[3].legend()
plt.show()
