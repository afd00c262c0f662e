"""Pictures of heat geodesics: the embedding, heat on it, the choice of time, the distances."""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skgeom._core.extras import import_extra


def _axes(ax, **options):
    if ax is not None:
        return ax
    return import_extra("matplotlib.pyplot", "plot").subplots(layout="constrained", **options)[1]


class EmbeddingDisplay:
    """Scatter plot of the first two components, coloured by a variable or a distance.

    Use `from_estimator`.

    Parameters
    ----------
    positions : array of shape (n_points, n_components)
    color : array of shape (n_points,) or None
    color_label : str
    source : int or None
        Row that is marked.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    points_ : matplotlib PathCollection
    """

    def __init__(self, positions, *, color=None, color_label="", source=None):
        self.positions = positions
        self.color = color
        self.color_label = color_label
        self.source = source

    @classmethod
    def from_estimator(cls, estimator, X=None, *, color=None, source=None, ax=None, **scatter):
        """Draw the embedding of the training points, or of X.

        Parameters
        ----------
        estimator : HeatGeodesicEmbedding or StressMDS
            Fitted.
        X : array or None
            Rows to place; the training points when None.
        color : array of shape (n_points,) or None
        source : int or None
            Colour by the distance in the picture from this row instead.
        ax : matplotlib Axes or None
        **scatter : keyword arguments of ``Axes.scatter``

        Returns
        -------
        display : EmbeddingDisplay
        """
        check_is_fitted(estimator)
        positions = estimator.embedding_ if X is None else estimator.transform(X)
        label = ""
        if source is not None:
            if color is not None:
                raise ValueError("Pass color or source, not both.")
            color = np.linalg.norm(positions - positions[source], axis=1)
            label = f"distance from row {source}"
        return cls(positions, color=color, color_label=label, source=source).plot(ax, **scatter)

    def plot(self, ax=None, **scatter):
        """Draw on `ax`, or on a new figure; see `from_estimator`."""
        ax = _axes(ax)
        Y = self.positions
        second = Y[:, 1] if Y.shape[1] > 1 else np.zeros(len(Y))
        options = {"s": 12, **scatter}
        self.points_ = ax.scatter(Y[:, 0], second, c=self.color, **options)
        if self.source is not None:
            ax.plot(Y[self.source, 0], second[self.source], "k*", ms=12)
        if self.color_label:
            ax.figure.colorbar(self.points_, ax=ax, label=self.color_label)
        ax.set_aspect("equal", adjustable="datalim")
        self.ax_, self.figure_ = ax, ax.figure
        return self


class HeatSpreadDisplay:
    """Heat that starts at a point, on the picture, at several times.

    Use `from_estimator`.

    Parameters
    ----------
    positions : array of shape (n_nodes, n_components)
    heat : array of shape (n_times, n_nodes)
        Heat of the nodes, of sum 1 for the combinatorial Laplacian and the random walk.
    times : array of shape (n_times,)
    source : int

    Attributes
    ----------
    axes_ : array of matplotlib Axes, shape (n_times,)
    figure_ : matplotlib Figure
    """

    def __init__(self, positions, heat, times, source):
        self.positions = positions
        self.heat = heat
        self.times = times
        self.source = source

    @classmethod
    def from_estimator(cls, estimator, source, *, times=None, axes=None, **scatter):
        """Draw the heat of a node of the graph.

        Parameters
        ----------
        estimator : HeatGeodesicEmbedding
            Fitted.
        source : int
            Training row, or landmark, at which the heat starts.
        times : array of shape (n_times,) or None
            None: a sixteenth, a quarter, once and four times the fitted `t_`.
        axes : sequence of matplotlib Axes, one a time, or None
        **scatter : keyword arguments of ``Axes.scatter``

        Returns
        -------
        display : HeatSpreadDisplay
        """
        check_is_fitted(estimator)
        if times is None:
            times = np.atleast_1d(1.0 if estimator.t_ is None else estimator.t_)[0]
            times = times * np.array([1 / 16, 1 / 4, 1.0, 4.0])
            if estimator.heat_method == "power":
                times = np.maximum(np.round(times), 1.0)
        times = np.atleast_1d(times)
        heat = estimator.heat_kernel([source], t=times)[:, 0]
        return cls(estimator.landmark_embedding_, heat, times, source).plot(axes, **scatter)

    def plot(self, axes=None, **scatter):
        """Draw on `axes`, or on a new figure; see `from_estimator`."""
        n = len(self.times)
        if axes is None:
            axes = _axes(None, nrows=1, ncols=n, figsize=(3.4 * n, 3.2), squeeze=False)[0]
        if len(axes) != n:
            raise ValueError(f"axes must hold one for each of {n} times, got {len(axes)}.")
        Y = self.positions
        second = Y[:, 1] if Y.shape[1] > 1 else np.zeros(len(Y))
        for ax, t, heat in zip(axes, self.times, self.heat):
            order = np.argsort(heat)  # warm points on top
            share = heat[order] / heat.max()
            options = {"s": 10, "cmap": "inferno", "vmin": 0.0, "vmax": 1.0, **scatter}
            ax.scatter(Y[order, 0], second[order], c=share, **options)
            ax.plot(Y[self.source, 0], second[self.source], "c*", ms=9)
            ax.set_title(f"t = {t:.3g}")
            ax.set_aspect("equal", adjustable="datalim")
        self.axes_, self.figure_ = np.asarray(axes), axes[0].figure
        return self


class EntropyDisplay:
    """Entropy of the heat's rows over the diffusion time, with the time that was chosen.

    Use `from_estimator`.

    Parameters
    ----------
    t_grid, entropy : arrays of shape (n_grid,)
    t : float

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(self, t_grid, entropy, t):
        self.t_grid = t_grid
        self.entropy = entropy
        self.t = t

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the curve of an estimator that chose its time.

        Parameters
        ----------
        estimator : HeatGeodesicEmbedding
            Fitted with ``t="auto"``, "entropy" or "knee".
        ax : matplotlib Axes or None

        Returns
        -------
        display : EntropyDisplay
        """
        check_is_fitted(estimator)
        if estimator.t_grid_ is None:
            raise ValueError(f"t={estimator.t!r} was given, not chosen: there is no entropy curve.")
        return cls(estimator.t_grid_, estimator.entropy_, estimator.t_).plot(ax)

    def plot(self, ax=None):
        """Draw on `ax`, or on a new figure."""
        ax = _axes(ax, figsize=(5, 3.2))
        ax.semilogx(self.t_grid, self.entropy, "o-", ms=3)
        ax.axvline(self.t, color="C1", label=f"t = {self.t:.3g}")
        ax.set(xlabel="diffusion time", ylabel="entropy of the rows / limit")
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self


class ShepardDisplay:
    """Distances in the picture against the dissimilarities they stand for.

    Use `from_estimator`.

    Parameters
    ----------
    dissimilarities, distances : arrays of shape (n_pairs,)

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(self, dissimilarities, distances):
        self.dissimilarities = dissimilarities
        self.distances = distances

    @classmethod
    def from_estimator(cls, estimator, *, n_pairs=5000, random_state=0, ax=None):
        """Draw a sample of the pairs of node and pivot.

        Parameters
        ----------
        estimator : HeatGeodesicEmbedding
            Fitted.
        n_pairs : int, default=5000
        random_state : int, RandomState or None
        ax : matplotlib Axes or None

        Returns
        -------
        display : ShepardDisplay
        """
        check_is_fitted(estimator)
        nodes = estimator.landmark_embedding_
        D = estimator.dissimilarity()
        others = nodes if D.shape[1] == len(nodes) else nodes[estimator.pivot_indices_]
        d = cdist(nodes, others).ravel()
        pairs = check_random_state(random_state).choice(D.size, min(n_pairs, D.size), replace=False)
        return cls(D.ravel()[pairs], d[pairs]).plot(ax)

    def plot(self, ax=None):
        """Draw on `ax`, or on a new figure."""
        ax = _axes(ax, figsize=(4.2, 4))
        ax.plot(self.dissimilarities, self.distances, ".", ms=2, alpha=0.4)
        most = max(self.dissimilarities.max(), self.distances.max())
        ax.plot([0, most], [0, most], "k-", lw=0.8)
        ax.set(xlabel="dissimilarity", ylabel="distance in the picture", aspect="equal")
        self.ax_, self.figure_ = ax, ax.figure
        return self
