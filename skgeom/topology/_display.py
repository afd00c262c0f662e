"""Pictures of signed measures and Hilbert functions."""

import numpy as np

from skgeom._core.extras import import_extra
from skgeom.topology._measures import grid_indices


class SignedMeasureDisplay:
    """Hilbert function of one sample over the parameter plane, with its signed measure on top.

    Parameters
    ----------
    points : ndarray of shape (n_atoms, 2)
        Atoms of the signed measure.
    weights : ndarray of shape (n_atoms,)
    box : ndarray of shape (2, 2)
        Smallest and largest value of each parameter shown.
    name : str, default=""
        Title.

    Attributes
    ----------
    ax_ : matplotlib Axes
    surface_ : ndarray of shape (n_rows, n_columns)
        The Hilbert function that is shown.
    """

    def __init__(self, points, weights, box, name=""):
        self.points = points
        self.weights = weights
        self.box = box
        self.name = name

    @classmethod
    def from_estimator(cls, vectorizer, shape, *, homology_dimension=0, ax=None, **kwargs):
        """Draw one sample as a fitted vectoriser sees it.

        Parameters
        ----------
        vectorizer : MultiparamPersistenceVectorizer
            Fitted, with two parameters.
        shape : object
            One sample.
        homology_dimension : int or "euler", default=0
        ax : matplotlib Axes, default=None
        **kwargs : object
            Passed on to `plot`.

        Returns
        -------
        display : SignedMeasureDisplay
        """
        measures = vectorizer.signed_measures([shape])[0]
        if homology_dimension not in measures:
            raise ValueError(
                f"homology_dimension must be one of {list(measures)}, got {homology_dimension!r}."
            )
        points, weights = measures[homology_dimension]
        if points.shape[1] != 2:
            raise ValueError(f"A picture needs two parameters, got {points.shape[1]}.")
        name = "Euler" if homology_dimension == "euler" else f"$H_{homology_dimension}$"
        return cls(points, weights, vectorizer.box_, name).plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, atoms=True, resolution=200, cmap="Blues", labels=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        atoms : bool, default=True
            Whether to mark the atoms: + for positive weights, o for negative ones.
        resolution : int, default=200
            Pixels per axis.
        cmap : str, default="Blues"
        labels : pair of str, default=None
            Names of the parameters.

        Returns
        -------
        self : SignedMeasureDisplay
        """
        pyplot = import_extra("matplotlib.pyplot", "plot")
        ax = pyplot.subplots()[1] if ax is None else ax
        grid = [np.linspace(*side, resolution) for side in np.asarray(self.box).T]
        indices, inside = grid_indices(self.points, grid)
        masses = np.zeros((resolution, resolution))
        np.add.at(masses, tuple(indices[inside].T), self.weights[inside])
        self.surface_ = masses.cumsum(axis=0).cumsum(axis=1).T
        extent = [*self.box[:, 0], *self.box[:, 1]]
        image = ax.imshow(self.surface_, origin="lower", extent=extent, aspect="auto", cmap=cmap)
        ax.figure.colorbar(image, ax=ax)
        if atoms:
            born, died = self.points[self.weights > 0], self.points[self.weights < 0]
            ax.scatter(*born.T, s=28, marker="+", linewidths=0.9, color="tab:red")
            ax.scatter(*died.T, s=22, facecolors="none", edgecolors="black", linewidths=0.8)
        names = labels or ("first parameter", "second parameter")
        ax.set(title=self.name, xlabel=names[0], ylabel=names[1])
        self.ax_ = ax
        return self
