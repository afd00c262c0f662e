"""Names and form of what transformers return."""

import numpy as np


class StackOutputMixin:
    """Accept scikit-learn's output setting where the output is a stack of matrices."""

    def set_output(self, *, transform=None):
        """Accept scikit-learn's output setting; matrices always come as an array.

        Parameters
        ----------
        transform : str or None
            Ignored: a stack of matrices has no table form.

        Returns
        -------
        self : estimator
        """
        return self


def pair_names(rows, bands=None):
    """Names of the entries on and above the diagonal, row by row and band by band.

    Parameters
    ----------
    rows : list of str
    bands : list of str or None, default=None

    Returns
    -------
    names : ndarray of str
    """
    pairs = [f"{rows[i]}*{rows[j]}" for i, j in zip(*np.triu_indices(len(rows)))]
    return _by_band(pairs, bands)


def siegel_names(channels, order, bands=None):
    """Names of the entries of P_0 on and above the diagonal, then of each Omega."""
    first = [f"P0[{channels[i]},{channels[j]}]" for i, j in zip(*np.triu_indices(len(channels)))]
    rest = [f"Omega{k}[{a},{b}]" for k in range(1, order) for a in channels for b in channels]
    return _by_band(first + rest, bands)


def _by_band(names, bands):
    if bands is not None:
        names = [f"{band}:{name}" for band in bands for name in names]
    return np.asarray(names, dtype=object)
