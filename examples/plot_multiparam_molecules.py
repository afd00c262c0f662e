"""
Molecules as graphs with two node functions
===========================================

Which molecules are mutagenic? A molecule is a graph: no table, no fixed size. Two functions on
its atoms, the inverse degree and the heat kernel signature, filter it in two directions at once;
`MultiparamPersistenceVectorizer` turns what appears and disappears on the way, pieces
(:math:`H_0`) and rings (:math:`H_1`), into a vector. The rest is scikit-learn.
"""

# %%
# The data: 188 graphs as sparse adjacency matrices, of 10 to 28 atoms each.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skgeom.datasets import load_molecules
from skgeom.topology import MultiparamPersistenceVectorizer, SignedMeasureDisplay

graphs, mutagenic = load_molecules("mutag", return_X_y=True)
sizes = [graph.shape[0] for graph in graphs]
print(len(graphs), "graphs of", min(sizes), "to", max(sizes), "atoms")

# %%
# One molecule. The blue surface is the Hilbert function: how many pieces, or rings, there are
# among the atoms whose two functions are below the thresholds. Its corners are the signed
# measure: ``+`` where something is born, ``o`` where it is merged or counted twice. A vector is
# made from these corners.

vectorizer = MultiparamPersistenceVectorizer(
    filtration="graph", function=["degree", "hks"], bandwidth=0.05, resolution=20
).fit(graphs)
names = ("1 / degree", "heat kernel signature")
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
molecule = graphs[0]
for dimension, ax in enumerate(axes):
    SignedMeasureDisplay.from_estimator(
        vectorizer, molecule, homology_dimension=dimension, ax=ax, labels=names
    )

# %%
# A pipeline and a grid search. Refitting the forest for another bandwidth doesn't need the topology
# again: with ``memory`` set to a folder it is computed once per fold (for graphs this small it
# takes milliseconds anyway).

forest = RandomForestClassifier(100, random_state=0)
search = GridSearchCV(
    make_pipeline(vectorizer, forest),
    {"multiparampersistencevectorizer__bandwidth": [0.03, 0.1, 0.3]},
    cv=3,
)
folds = StratifiedKFold(5, shuffle=True, random_state=0)
accuracy = cross_val_score(search, graphs, mutagenic, cv=folds)
print(f"accuracy {accuracy.mean():.3f} +- {accuracy.std():.3f}")
print(f"majority class {max(np.mean(mutagenic), 1 - np.mean(mutagenic)):.3f}")

# %%
# Where in the plane does the difference lie? The features are a picture per homology dimension, so
# that importances go back to where they came from: `feature_coordinates_` has the grid point of
# every feature in the original unit.

features = vectorizer.set_params(bandwidth=0.1).fit_transform(graphs)
difference = features[mutagenic == 1].mean(axis=0) - features[mutagenic == 0].mean(axis=0)
importance = forest.fit(features, mutagenic).feature_importances_
figure, axes = plt.subplots(2, 2, figsize=(10, 8), layout="constrained", sharex=True, sharey=True)
extent = [*vectorizer.box_[:, 0], *vectorizer.box_[:, 1]]
for row, (title, values, cmap) in enumerate(
    [("mutagenic minus not", difference, "RdBu_r"), ("importance", importance, "viridis")]
):
    bound = np.abs(values).max()
    low = -bound if row == 0 else 0
    for dimension, picture in enumerate(values.reshape(2, 20, 20)):
        ax = axes[row, dimension]
        image = ax.imshow(
            picture.T, origin="lower", extent=extent, aspect="auto", cmap=cmap, vmin=low, vmax=bound
        )
        ax.set(title=f"$H_{dimension}$: {title}", xlabel=names[0], ylabel=names[1])
    figure.colorbar(image, ax=axes[row])
plt.show()
