"""Checks at the door: distance matrices and labels."""

from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn.utils.multiclass import check_classification_targets


def refuse_parameters(method, parameters):
    """Raise TypeError for keyword arguments that a method does not take."""
    if "sample_weight" in parameters:
        raise TypeError(
            f"SeparabilityScorer.{method} takes no sample_weight: a minimum spanning tree has no "
            "weights of samples."
        )
    if parameters:
        raise TypeError(
            f"SeparabilityScorer.{method} got unexpected keyword arguments {sorted(parameters)}."
        )


def checked_distances(X):
    """Check a distance matrix: square, symmetric, no negative entry, zero diagonal."""
    if X.shape[0] != X.shape[1]:
        raise ValueError(
            'metric="precomputed" needs a square distance matrix (n_samples, n_samples), got '
            f"shape {X.shape}."
        )
    entries = X.data if sp.issparse(X) else X
    largest = float(np.max(entries, initial=0.0))
    if entries.size and entries.min() < 0:
        raise ValueError(
            f'metric="precomputed" needs distances >= 0, got {float(entries.min())} as smallest '
            "entry. Negative values in data passed to SeparabilityScorer."
        )
    if np.any(X.diagonal() != 0):
        row = int(np.argmax(X.diagonal() != 0))
        raise ValueError(
            'metric="precomputed" needs a zero diagonal: entry '
            f"({row}, {row}) is {X.diagonal()[row]}."
        )
    asymmetry = abs(X - X.T)
    # Single-precision kernels round the two halves of a matrix differently.
    if float(asymmetry.max()) > max(1e-8, 8 * np.finfo(X.dtype).eps) * largest:
        row, column = np.unravel_index(asymmetry.argmax(), X.shape)
        raise ValueError(
            f'metric="precomputed" needs a symmetric matrix: entries ({row}, {column}) and '
            f"({column}, {row}) differ by {float(asymmetry.max())}."
        )
    return X


def class_codes(y, n_samples):
    """Class numbers of labels; -1 for rows without a label (-1, None or NaN)."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.ravel()
    if y.shape != (n_samples,):
        raise ValueError(f"y must have shape ({n_samples},), one label a row, got {y.shape}.")
    if y.dtype.kind in "iuf":
        known = (y != -1) & ~np.isnan(y)
    else:
        known = np.array([_is_label(label) for label in y])
    labels = y[known]
    if labels.dtype.kind == "O" and len(labels):
        labels = np.array(labels.tolist())
    if len(labels):
        check_classification_targets(labels)
    classes, inverse = np.unique(labels, return_inverse=True)
    codes = np.full(n_samples, -1, dtype=np.int64)
    codes[known] = inverse
    return classes, codes


def _is_label(label):
    if label is None or type(label).__name__ == "NAType":  # pandas.NA
        return False
    if isinstance(label, Integral):
        return label != -1
    return not (isinstance(label, Real) and np.isnan(label))
