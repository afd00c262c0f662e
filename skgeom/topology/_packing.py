"""What the vectorisers take: measures, modules and barcodes of many samples, in one form."""

import numpy as np

from skgeom._core.checks import real_array
from skgeom.topology._checks import check_measure
from skgeom.topology._fibered import FiberedBarcodes
from skgeom.topology._modules import IntervalModules, foreign_modules
from skgeom.topology._rank import is_rank


def as_measures(X):
    """Samples as dicts; a sequence of (points, weights), as other libraries have it, by degree."""
    X = list(X)
    return [dict(enumerate(s)) if isinstance(s, (tuple, list)) else s for s in X]


def ends_apart(sample):
    """Measures of births and of deaths in place of those of pairs."""
    if not isinstance(sample, dict):
        return sample
    apart = {}
    for key, measure in sample.items():
        if is_rank(key):
            points, weights = np.asarray(measure[0]), measure[1]
            half = points.shape[1] // 2
            apart[f"{key}_birth"] = points[:, :half], weights
            apart[f"{key}_death"] = points[:, half:], weights
        else:
            apart[key] = measure
    return apart


def closed_pairs(points, weights, sample, corner):
    """Pairs (birth, death) whose deaths are cut off at a corner; empty ones are left out."""
    half = points.shape[1] // 2
    deaths = np.minimum(points[:, half:], corner)
    kept = (points[:, :half] < deaths).any(axis=1)
    points = np.column_stack([points[:, :half], deaths])
    return points[kept], weights[kept], sample[kept]


def minus_diagonal(points, weights, sample):
    """Take away, for every pair, the empty one in its middle: total masses become zero."""
    half = points.shape[1] // 2
    middle = (points[:, :half] + points[:, half:]) / 2
    points = np.concatenate([points, np.tile(middle, 2)])
    weights, sample = np.concatenate([weights, -weights]), np.concatenate([sample, sample])
    order = np.argsort(sample, kind="stable")
    return points[order], weights[order], sample[order]


def as_modules(X):
    """Interval modules of every sample, those of other libraries converted."""
    X = list(X) if isinstance(X, (list, tuple)) else X
    if not isinstance(X, list) or len(X) == 0:
        raise ValueError(
            "X must be a non-empty list of IntervalModules, as "
            "BifiltrationTransformer(invariant='mma') returns them."
        )
    return [
        m if isinstance(m, IntervalModules) else foreign_modules(m, index)
        for index, m in enumerate(X)
    ]


def as_fibered(X):
    """Fibered barcodes of every sample, checked to be along equally many lines."""
    X = list(X)
    if not X or not all(isinstance(barcodes, FiberedBarcodes) for barcodes in X):
        raise ValueError(
            "X must be a non-empty list of FiberedBarcodes, as "
            "BifiltrationTransformer(invariant='fibered') returns them."
        )
    for index, barcodes in enumerate(X):
        if len(barcodes.weights) != len(X[0].weights):
            raise ValueError(
                f"Sample {index} has {len(barcodes.weights)} lines, sample 0 has "
                f"{len(X[0].weights)}."
            )
    return X


def pack(X, n_parameters=0):
    """Join measures of many samples.

    Parameters
    ----------
    X : list of dict
        key -> (points, weights)
    n_parameters : int, default=0
        Number of columns when there is no atom at all.

    Returns
    -------
    packed : dict of key -> (points, weights, ptr)
    """
    if not X or not all(isinstance(measures, dict) for measures in X):
        raise ValueError(
            "X must be a non-empty list of dicts {homology dimension: (points, weights)}, as "
            "BifiltrationTransformer returns them."
        )
    packed = {}
    for key in X[0]:
        parts = []
        for index, measures in enumerate(X):
            if key not in measures:
                raise ValueError(f"Sample {index} lacks the homology dimension {key!r}.")
            if not isinstance(measures[key], (tuple, list)) or len(measures[key]) != 2:
                raise ValueError(f"Sample {index}: expected a pair (points, weights).")
            points, weights = np.asarray(measures[key][0]), np.asarray(measures[key][1])
            if points.dtype != np.float64:
                points = real_array(points, f"Sample {index}: points")
            if len(points) == 0:
                points = points.reshape(0, n_parameters or points.shape[-1])
            n_parameters = n_parameters or np.shape(points)[-1]
            if points.ndim != 2 or points.shape[1] != n_parameters:
                raise ValueError(
                    f"Sample {index}: the points must have shape (n_atoms, {n_parameters}), as "
                    f"those of the other samples, got {points.shape}."
                )
            if weights.shape != (len(points),):
                raise ValueError(
                    f"Sample {index}: {len(points)} points with weights of shape {weights.shape}."
                )
            parts.append((points, weights))
        ptr = np.concatenate([[0], np.cumsum([len(w) for _, w in parts])])
        points, weights = (np.concatenate(arrays) for arrays in zip(*parts))
        packed[key] = (*check_measure(points, weights, f"Dimension {key!r}", n_parameters), ptr)
    return packed
