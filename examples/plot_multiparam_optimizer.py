"""
Moving points until their loops persist
=======================================

Topology as an objective: a cloud is moved by gradient descent so that its loops are born early and
filled late. With radius as the only parameter every loop counts, those that outliers draw as
well. With density as a second one the loss can ask for loops of dense points alone.
"""

# %%
# A thick ring, and outliers in the square around it.

import matplotlib.pyplot as plt
import numpy as np

from skgeom.datasets import make_noisy_annulus
from skgeom.topology import BifiltrationTransformer, IntegralLoss, TopologicalOptimizer

cloud, on_ring = make_noisy_annulus(160, n_outliers=40, inner=0.7, random_state=0)

# %%
# The bifiltration is the union of balls around the points up to a codensity (function-Delaunay,
# exact in the plane). A loss of its signed measure is an integral over the atoms: births count with
# plus, deaths with minus, each with its radius, if its codensity is below a level. The gradient
# goes through the radii and through the density of all points.

transformer = BifiltrationTransformer(
    filtration="delaunay", homology_dimensions=(1,), function_params={"bandwidth": 0.15}
)
codensity = transformer.fit([cloud]).complexes([cloud])[0][1][0][:, 1]
level = np.median(codensity)


def radius_of_dense(atoms):
    """phi(r, s) = r max(0, level - s), and its gradient."""
    radius, gap = atoms[:, 0], np.maximum(0.0, level - atoms[:, 1])
    return radius * gap, np.column_stack([gap, -radius * (gap > 0)])


def radius(atoms):
    """phi(r, s) = r: radius alone."""
    return atoms[:, 0], np.column_stack([np.ones(len(atoms)), np.zeros(len(atoms))])


settings = {"learning_rate": 0.01, "n_iter": 60}
two = TopologicalOptimizer(transformer=transformer, loss=IntegralLoss(radius_of_dense), **settings)
dense = two.fit_transform([cloud])[0]

# %%
# The same with a constant function, which leaves one parameter. Dense points gather in groups
# along the ring and leave the outliers (red) behind; with radius alone every point, outliers too,
# moves into a mesh of many small loops.

constant = BifiltrationTransformer(
    filtration="delaunay", homology_dimensions=(1,), function="precomputed"
)
one = TopologicalOptimizer(transformer=constant, loss=IntegralLoss(radius), **settings)
every, _ = one.fit_transform([(cloud, np.zeros(len(cloud)))])[0]

figure, axes = plt.subplots(1, 4, figsize=(14, 3.5), layout="constrained")
for ax, points, title in zip(axes, (cloud, dense, every), ("before", "two parameters", "one")):
    ax.scatter(*points.T, s=6, c=np.where(on_ring, "tab:blue", "tab:red"))
    ax.set(aspect="equal", title=title)
for optimizer, name in ((two, "two parameters"), (one, "one")):
    curve = optimizer.loss_curve_[0]
    axes[3].plot(curve - curve[0], label=name)
axes[3].set(title="loss, from its start", xlabel="step")
axes[3].legend()
plt.show()
