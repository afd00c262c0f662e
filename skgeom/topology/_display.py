"""Pictures: signed measures, Hilbert functions, interval modules, coefficients on the plane."""

import numpy as np

from skgeom._core.checks import real_array
from skgeom._core.extras import import_extra
from skgeom.topology._measures import grid_indices
from skgeom.topology._modules import summand_weights


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

    def plot(self, ax=None, *, surface=True, atoms=True, resolution=200, cmap="Blues", labels=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        surface : bool, default=True
            Whether to show the Hilbert function.
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
        if surface:
            picture = {"origin": "lower", "extent": extent, "aspect": "auto", "cmap": cmap}
            ax.figure.colorbar(ax.imshow(self.surface_, **picture), ax=ax)
        if atoms:
            born, died = self.points[self.weights > 0], self.points[self.weights < 0]
            ax.scatter(*born.T, s=28, marker="+", linewidths=0.9, color="tab:red")
            ax.scatter(*died.T, s=22, facecolors="none", edgecolors="black", linewidths=0.8)
        _label(ax, self.name, labels)
        ax.set(xlim=extent[:2], ylim=extent[2:])
        self.ax_ = ax
        return self


class IntervalModulesDisplay:
    """Interval summands of one sample as regions of the parameter plane.

    Parameters
    ----------
    modules : IntervalModules
    homology_dimension : int, default=0

    Attributes
    ----------
    ax_ : matplotlib Axes
    regions_ : list of matplotlib collections
        One per summand drawn, the largest first.
    """

    def __init__(self, modules, homology_dimension=0):
        self.modules = modules
        self.homology_dimension = homology_dimension

    @classmethod
    def from_estimator(cls, vectorizer, shape, *, homology_dimension=0, ax=None, **kwargs):
        """Draw the decomposition of one sample.

        Parameters
        ----------
        vectorizer : MultiparamPersistenceVectorizer
            Fitted, with ``invariant="mma"``.
        shape : object
            One sample.
        homology_dimension : int, default=0
        ax : matplotlib Axes, default=None
        **kwargs : object
            Passed on to `plot`.

        Returns
        -------
        display : IntervalModulesDisplay
        """
        modules = vectorizer.decompose([shape])[0]
        if homology_dimension not in modules.homology_dimensions:
            raise ValueError(
                f"homology_dimension must be one of {list(modules.homology_dimensions)}, got "
                f"{homology_dimension!r}."
            )
        return cls(modules, homology_dimension).plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, n_summands=10, cmap="tab10", alpha=0.5, labels=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        n_summands : int, default=10
            Those with the longest diagonal bars.
        cmap : str, default="tab10"
        alpha : float, default=0.5
        labels : pair of str, default=None
            Names of the parameters.

        Returns
        -------
        self : IntervalModulesDisplay
        """
        pyplot = import_extra("matplotlib.pyplot", "plot")
        ax = pyplot.subplots()[1] if ax is None else ax
        modules, box = self.modules.in_dimension(self.homology_dimension), self.modules.box
        order = np.argsort(-summand_weights(modules, "interleaving", box), kind="stable")
        colors = pyplot.get_cmap(cmap)
        self.regions_ = []
        for rank, summand in enumerate(order[:n_summands]):
            x, low, high = outline(*modules.corners(summand), box)
            style = {"step": "post", "alpha": alpha, "color": colors(rank % colors.N)}
            self.regions_.append(ax.fill_between(x, low, high, where=high > low, **style))
        _label(ax, f"$H_{self.homology_dimension}$", labels)
        ax.set(xlim=box[:, 0], ylim=box[:, 1])
        self.ax_ = ax
        return self


class CoefficientsDisplay:
    """Coefficients or importances of features, put back where they are in the parameter plane.

    Parameters
    ----------
    image : ndarray of shape (len(grid[0]), len(grid[1]))
    grid : sequence of two ndarrays
    name : str, default=""
        Title.

    Attributes
    ----------
    ax_ : matplotlib Axes
    """

    def __init__(self, image, grid, name=""):
        self.image = image
        self.grid = grid
        self.name = name

    @classmethod
    def from_estimator(cls, vectorizer, coefficients, *, block=0, ax=None, **kwargs):
        """Draw one block of coefficients.

        Parameters
        ----------
        vectorizer : MultiparamPersistenceVectorizer or SignedMeasureVectorizer
            Fitted, with a vectorisation on a grid of two parameters.
        coefficients : array-like of shape (n_features_out,)
            Such as ``coef_`` of a linear model or ``feature_importances_`` of a forest.
        block : int, default=0
            Which image: features are images one after the other, one per homology dimension (and
            per landscape).
        ax : matplotlib Axes, default=None
        **kwargs : object
            Passed on to `plot`.

        Returns
        -------
        display : CoefficientsDisplay
        """
        coefficients = np.ravel(real_array(coefficients, "coefficients"))
        if len(coefficients) != vectorizer.n_features_out_:
            raise ValueError(
                f"coefficients must have {vectorizer.n_features_out_} values, got "
                f"{len(coefficients)}."
            )
        grid = getattr(vectorizer, "grid_", ())
        if len(grid) != 2 or not hasattr(vectorizer, "feature_coordinates_"):
            raise ValueError("A picture needs features on a grid of two parameters.")
        shape = tuple(map(len, grid))
        if len(coefficients) % np.prod(shape):
            raise ValueError("The features are not images on the grid.")
        images = coefficients.reshape(-1, *shape)
        if not 0 <= block < len(images):
            raise ValueError(f"block must be between 0 and {len(images) - 1}, got {block!r}.")
        name = vectorizer.get_feature_names_out()[block * np.prod(shape)].rsplit("_", 2)[0]
        return cls(images[block], grid, name).plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, cmap="RdBu_r", labels=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        cmap : str, default="RdBu_r"
            Centred at zero.
        labels : pair of str, default=None
            Names of the parameters.

        Returns
        -------
        self : CoefficientsDisplay
        """
        pyplot = import_extra("matplotlib.pyplot", "plot")
        ax = pyplot.subplots()[1] if ax is None else ax
        largest = np.abs(self.image).max(initial=0.0) or 1.0
        style = {"cmap": cmap, "vmin": -largest, "vmax": largest, "shading": "nearest"}
        ax.figure.colorbar(ax.pcolormesh(*self.grid, self.image.T, **style), ax=ax)
        _label(ax, self.name, labels)
        self.ax_ = ax
        return self


def outline(births, deaths, box):
    """Lower and upper edge of an interval module in a box, as steps: x, low, high.

    ``low[i]`` and ``high[i]`` hold from ``x[i]`` to ``x[i + 1]``.
    """
    x = np.unique(np.clip(np.concatenate([births[:, 0], deaths[:, 0], box[:, 0]]), *box[:, 0]))
    born = births[:, 0] <= x[:, None]
    alive = deaths[:, 0] > x[:, None]
    low = np.where(born, births[:, 1], np.inf).min(axis=1)
    high = np.where(alive, deaths[:, 1], -np.inf).max(axis=1)
    return x, np.clip(low, *box[:, 1]), np.clip(high, *box[:, 1])


def _label(ax, title, labels):
    names = labels or ("first parameter", "second parameter")
    ax.set(title=title, xlabel=names[0], ylabel=names[1])
