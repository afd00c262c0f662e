"""Pictures of barcodes and scores."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgeom._core.extras import import_extra


def axes_of(ax):
    """Return the axes to draw on: those given, or new ones."""
    if ax is not None:
        return ax
    return import_extra("matplotlib.pyplot", "plot").subplots()[1]


class H0BarcodeDisplay:
    """The H0 barcode of a cloud: one bar a lifetime, the longest on top.

    Parameters
    ----------
    lifetimes : ndarray of shape (n_lifetimes,)
        Ascending.
    major : ndarray of bool, shape (n_lifetimes,), default=None
        Bars to highlight: merges of two major components.
    cut : float, default=None
        Height of the cut into groups.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.separability import H0BarcodeDisplay
    >>> display = H0BarcodeDisplay(np.array([1.0, 2.0, 4.0]))
    """

    def __init__(self, lifetimes, *, major=None, cut=None):
        self.lifetimes = lifetimes
        self.major = major
        self.cut = cut

    @classmethod
    def from_estimator(cls, estimator, *, normalize=False, max_bars=200, ax=None):
        """Draw the barcode of a fitted `SeparabilityScorer`.

        Parameters
        ----------
        estimator : SeparabilityScorer
            Fitted. Merges of two major components are highlighted, and the cut that gives
            ``n_clusters_`` is drawn where there is one.
        normalize : bool, default=False
            Whether to divide by the largest lifetime.
        max_bars : int, default=200
            Number of longest bars drawn.
        ax : matplotlib Axes, default=None

        Returns
        -------
        display : H0BarcodeDisplay
        """
        check_is_fitted(estimator)
        cut, _ = estimator._major_cut()
        display = cls(
            estimator.lifetimes_,
            major=estimator.merge_sizes_.min(axis=1)
            >= estimator._major_size(len(estimator.sample_indices_)),
            cut=cut if np.isfinite(cut) else None,
        )
        return display.plot(ax, normalize=normalize, max_bars=max_bars)

    @classmethod
    def from_lifetimes(cls, lifetimes, *, normalize=False, max_bars=200, ax=None):
        """Draw the barcode of lifetimes in any order.

        Parameters
        ----------
        lifetimes : array-like of shape (n_lifetimes,)
        normalize, max_bars, ax
            As for `from_estimator`.

        Returns
        -------
        display : H0BarcodeDisplay
        """
        display = cls(np.sort(np.asarray(lifetimes, dtype=np.float64)))
        return display.plot(ax, normalize=normalize, max_bars=max_bars)

    def plot(self, ax=None, *, normalize=False, max_bars=200):
        """Draw the barcode.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            New ones when None.
        normalize, max_bars
            As for `from_estimator`.

        Returns
        -------
        self : object
        """
        ax = axes_of(ax)
        largest = float(np.max(self.lifetimes, initial=0.0))
        unit = largest if normalize and largest > 0 else 1.0
        shown = np.asarray(self.lifetimes)[-max_bars:] / unit
        heights = np.arange(len(shown))
        ax.hlines(heights, 0, shown, color="0.7", linewidth=max(0.8, 120 / max(len(shown), 40)))
        if self.major is not None:
            major = np.flatnonzero(np.asarray(self.major)[-max_bars:])
            ax.hlines(major, 0, shown[major], color="C0", linewidth=2, label="merge of two groups")
        if self.cut is not None:
            ax.axvline(self.cut / unit, color="C3", linestyle="--", label="cut")
        if self.major is not None or self.cut is not None:
            ax.legend(loc="lower right")
        n_hidden = len(self.lifetimes) - len(shown)
        ax.set_ylabel("H0 class" + (f" ({n_hidden} shorter ones not shown)" if n_hidden else ""))
        ax.set_xlabel("lifetime / largest lifetime" if normalize else "lifetime")
        ax.set_xlim(0, 1.05 * largest / unit if largest > 0 else 1)
        ax.set_yticks([])
        self.ax_, self.figure_ = ax, ax.figure
        return self


class SeparabilityHistoryDisplay:
    """The scores of a monitor over the checkpoints, with the step where it stopped.

    Parameters
    ----------
    history : dict of ndarray
        `step`, `score`, `smoothed`, `se`; further columns can be drawn beside them.
    stopped_step : object, default=None
        Where the rule fired.
    best_step : object, default=None
        Where the smoothed score was largest.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(self, history, *, stopped_step=None, best_step=None):
        self.history = history
        self.stopped_step = stopped_step
        self.best_step = best_step

    @classmethod
    def from_monitor(cls, monitor, *, metrics=(), ax=None):
        """Draw the history of a `SeparabilityMonitor`.

        Parameters
        ----------
        monitor : SeparabilityMonitor
            After at least one update.
        metrics : sequence of str, default=()
            Further columns of the history, on an axis of their own at the right.
        ax : matplotlib Axes, default=None

        Returns
        -------
        display : SeparabilityHistoryDisplay
        """
        history = monitor.history_
        display = cls(history, stopped_step=monitor.stopped_step_, best_step=monitor.best_step_)
        return display.plot(ax, metrics=metrics)

    def plot(self, ax=None, *, metrics=()):
        """Draw the history.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            New ones when None.
        metrics : sequence of str, default=()
            As for `from_monitor`.

        Returns
        -------
        self : object
        """
        ax, history = axes_of(ax), self.history
        steps, scores = history["step"], history["score"]
        if np.isfinite(history["se"]).any():
            ax.errorbar(steps, scores, yerr=history["se"], fmt="o", color="C0", alpha=0.5)
        else:
            ax.plot(steps, scores, "o", color="C0", alpha=0.5)
        ax.plot(steps, history["smoothed"], color="C0", label="separability, smoothed")
        if self.stopped_step is not None:
            ax.axvline(self.stopped_step, color="C3", linestyle="--", label="stop")
        if self.best_step is not None:
            ax.axvline(self.best_step, color="0.6", linestyle=":", label="largest score")
        ax.set(xlabel="step", ylabel="score")
        handles, labels = ax.get_legend_handles_labels()
        if metrics:
            right = ax.twinx()
            for index, name in enumerate(metrics):
                right.plot(steps, history[name], "--", color=f"C{index + 1}", label=name)
            more = right.get_legend_handles_labels()
            handles, labels = handles + more[0], labels + more[1]
        ax.legend(handles, labels, loc="lower right")
        self.ax_, self.figure_ = ax, ax.figure
        return self


class SubsampleCurveDisplay:
    """The score over the number of points it is computed from.

    Parameters
    ----------
    curve : Bunch
        Result of `SeparabilityScorer.subsample_curve`.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(self, curve):
        self.curve = curve

    @classmethod
    def from_estimator(cls, estimator, X, *, sizes=None, n_repeats=10, ax=None):
        """Compute the subsample curve of a cloud and draw it.

        Parameters
        ----------
        estimator : SeparabilityScorer
        X : array-like of shape (n_samples, n_features)
        sizes, n_repeats
            As for `SeparabilityScorer.subsample_curve`.
        ax : matplotlib Axes, default=None

        Returns
        -------
        display : SubsampleCurveDisplay
        """
        return cls(estimator.subsample_curve(X, sizes, n_repeats=n_repeats)).plot(ax)

    def plot(self, ax=None):
        """Draw the mean of the scores with a band of one standard deviation.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            New ones when None.

        Returns
        -------
        self : object
        """
        ax, curve = axes_of(ax), self.curve
        ax.fill_between(curve.sizes, curve.mean - curve.std, curve.mean + curve.std, alpha=0.25)
        ax.plot(curve.sizes, curve.mean, "o-")
        ax.set(xscale="log", xlabel="number of points", ylabel="score")
        self.ax_, self.figure_ = ax, ax.figure
        return self
