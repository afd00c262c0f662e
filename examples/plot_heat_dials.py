"""
What each dial of heat geodesics does
=====================================

One figure for each dial of :class:`~skgeom.manifold.HeatGeodesicEmbedding`, all else at its
default, on a tree with noise in ten dimensions. Colours are its branches.
"""

import matplotlib.pyplot as plt
import numpy as np

from skgeom.manifold import HeatGeodesicEmbedding, HeatSpreadDisplay

rng = np.random.default_rng(0)
walks = [np.cumsum(2 * rng.random((80, 10)) - 1, axis=0)]
for _ in range(4):
    root = walks[0][rng.integers(80)]
    walks.append(root + np.cumsum(2 * rng.random((80, 10)) - 1, axis=0))
X = np.concatenate(walks) + 0.6 * rng.standard_normal((400, 10))
branch = np.repeat(np.arange(5), 80)


def show(settings):
    """One picture for each setting of a dial."""
    _, axes = plt.subplots(1, len(settings), figsize=(13, 3.4), layout="constrained")
    for ax, (name, options) in zip(axes, settings.items()):
        heat = HeatGeodesicEmbedding(random_state=0, **options).fit(X)
        ax.scatter(*heat.embedding_.T, c=branch, cmap="tab10", s=7)
        ax.set_aspect("equal", adjustable="datalim")
        ax.set_title(f"{name} (stress {heat.stress_:.2f})", fontsize=10)


# %%
# Diffusion time: how far heat goes before distances are read.

show({f"t_param={f}": {"t_param": f} for f in (0.6, 0.75, 0.85, 0.95)})

# %%
# The heat that starts at one point, at four times around the chosen one.

HeatSpreadDisplay.from_estimator(HeatGeodesicEmbedding(random_state=0).fit(X), source=0)

# %%
# Neighbours of the graph.

show({f"n_neighbors={k}": {"n_neighbors": k} for k in (5, 10, 20, 40)})

# %%
# Volume correction: without it, sparse regions lie farther away.

show({f"sigma={sigma}": {"sigma": sigma} for sigma in (0.0, 0.5, 1.0, 1.5)})

# %%
# Denoising: rows of distances are compared in place of the distances.

show({f"rho={rho}": {"rho": rho} for rho in (0.0, 0.3, 0.6, 1.0)})

# %%
# The dissimilarity.

names = ("heat", "potential", "diffusion", "shortest_path")
show({f'distance="{name}"': {"distance": name} for name in names})

# %%
# Weights of the stress.

weights = {"None": None, '"inverse"': "inverse", '"gaussian"': "gaussian", '"heat"': "heat"}
show({f"weights={name}": {"weights": kind} for name, kind in weights.items()})

# %%
# Refinement: each point is drawn to its neighbours.

show({f"refinement={r}": {"refinement": r} for r in (0.0, 0.3, 1.0, 3.0)})

# %%
# The scaling.

show({f'mds="{mds}"': {"mds": mds} for mds in ("metric", "classical", "nonmetric")})

# %%
# The heat kernel: the resolvent bears noise that the heat kernel does not.

resolvent = {"heat_method": "euler", "heat_order": 1, "inverse": "matched"}
show({"heat": {}, "resolvent": resolvent, "random walk": {"heat_method": "power"}})

plt.show()
