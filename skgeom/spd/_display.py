"""Pictures of what a classifier of augmented covariances has learned, and of what it decides."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgeom._core.extras import import_extra


def _axes(ax):
    if ax is not None:
        return ax
    return import_extra("matplotlib.pyplot", "plot").subplots(layout="constrained")[1]


class LagBlocksDisplay:
    """Heat map of blocks: a pair of delays each, channels by channels inside.

    Use `from_estimator`.

    Parameters
    ----------
    blocks : ndarray of shape (p, p, d, d)
    lags : ndarray of int, shape (p,)
        Delays in samples.
    ch_names : sequence of str
    label : str, default=""
        What the colours show.
    diverging : bool, default=False
        Whether values on both sides of 0 are told apart.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage
    """

    def __init__(self, blocks, *, lags, ch_names, label="", diverging=False):
        self.blocks = blocks
        self.lags = lags
        self.ch_names = ch_names
        self.label = label
        self.diverging = diverging

    @classmethod
    def from_estimator(
        cls, estimator, *, kind="importance", ch_names=None, decision=0, band=0, ax=None, **image
    ):
        """Draw the importances or the patterns of a fitted classifier.

        Parameters
        ----------
        estimator : AugmentedCovarianceClassifier
            Fitted, with a linear decision and ``geometry="spd"``.
        kind : {"importance", "pattern"}, default="importance"
            `feature_importances_` in percent, or `patterns_`.
        ch_names : sequence of str or None, default=None
            Names of the channels; None takes those of the training input, or x0, x1, ...
        decision : int, default=0
            Which decision of `patterns_`.
        band : int, default=0
            Which band of a filter bank.
        ax : matplotlib Axes or None
        **image : keyword arguments of ``Axes.imshow``

        Returns
        -------
        display : LagBlocksDisplay
        """
        check_is_fitted(estimator)
        if kind == "importance":
            blocks, label = 100.0 * estimator.feature_importances_, "share of the coefficients, %"
        elif kind == "pattern":
            blocks = estimator.patterns_[decision]
            label = f"change with the decision for {estimator.classes_[-1]}"
        else:
            raise ValueError(f'kind must be "importance" or "pattern", got {kind!r}.')
        blocks = blocks[band] if blocks.ndim == 5 else blocks
        if ch_names is None:
            known = getattr(estimator.covariance_, "ch_names_in_", None)
            ch_names = [f"x{i}" for i in range(blocks.shape[-1])] if known is None else known
        if len(ch_names) != blocks.shape[-1]:
            raise ValueError(f"ch_names has {len(ch_names)} names for {blocks.shape[-1]} channels.")
        display = cls(
            blocks,
            lags=estimator.lags_,
            ch_names=ch_names,
            label=label,
            diverging=kind == "pattern",
        )
        return display.plot(ax=ax, **image)

    def plot(self, ax=None, **image):
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes or None
        **image : keyword arguments of ``Axes.imshow``

        Returns
        -------
        display : LagBlocksDisplay
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        p, d = len(self.lags), len(self.ch_names)
        if self.diverging:
            largest = np.abs(self.blocks).max()
            image = {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest, **image}
        flat = self.blocks.swapaxes(1, 2).reshape(p * d, p * d)
        self.image_ = self.ax_.imshow(flat, **{"cmap": "magma", **image})
        names = [f"{name} t+{k}" if k else f"{name} t" for k in self.lags for name in self.ch_names]
        if p * d <= 30:
            self.ax_.set_xticks(range(p * d), names, rotation=90)
            self.ax_.set_yticks(range(p * d), names)
        else:  # names of channels would overlap: those of the delays alone
            places = d * np.arange(p) + 0.5 * (d - 1)
            delays = [f"t+{k}" if k else "t" for k in self.lags]
            self.ax_.set_xticks(places, delays)
            self.ax_.set_yticks(places, delays)
        for border in d * np.arange(1, p) - 0.5:
            self.ax_.axhline(border, color="gray", lw=1)
            self.ax_.axvline(border, color="gray", lw=1)
        self.figure_.colorbar(self.image_, ax=self.ax_, label=self.label)
        return self
