"""Filtered simplicial complexes of point clouds and images, for what needs every cell."""

from itertools import combinations

import numpy as np

from skgeom.topology._alpha import lower_star

LARGEST_COMPLEX = 5_000_000  # simplices


def rips_complex(matrix, values, top, threshold):
    """Rips complex with a vertex function.

    Parameters
    ----------
    matrix : ndarray of shape (n_points, n_points)
        Distances.
    values : ndarray of shape (n_points,)
        Points with an infinite value never enter.
    top : int
        Largest dimension of a simplex.
    threshold : float
        Longest edge.

    Returns
    -------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
    grades : list of ndarrays of shape (n_simplices, 2)
        Longest edge, and largest value.
    """
    present = np.flatnonzero(np.isfinite(values))
    matrix, values = matrix[np.ix_(present, present)], values[present]
    later = np.triu(matrix <= threshold, 1)
    cells, lengths = np.arange(len(values), dtype=np.int32)[:, None], np.zeros(len(values))
    simplices, radii = [cells], [lengths]
    for _ in range(top):
        cells, lengths = _cofaces(cells, lengths, matrix, later)
        if len(cells) == 0:
            break
        simplices.append(cells)
        radii.append(lengths)
    return simplices, lower_star(simplices, radii, values)


def _cofaces(cells, lengths, matrix, later):
    """Simplices with one more vertex, with a larger number than all others."""
    found = []
    block = max(1, 2**22 // max(len(matrix), 1))
    total = 0
    for start in range(0, len(cells), block):
        part = cells[start : start + block]
        joined = later[part[:, 0]]
        for column in range(1, part.shape[1]):
            joined = joined & later[part[:, column]]
        row, vertex = np.nonzero(joined)
        total += len(row)
        if total > LARGEST_COMPLEX:
            raise ValueError(
                f"The Rips complex of a sample has more than {LARGEST_COMPLEX} simplices of "
                f"dimension {cells.shape[1]}; set threshold or max_points."
            )
        bigger = np.column_stack([part[row], vertex.astype(np.int32)])
        longest = matrix[part[row], vertex[:, None]].max(axis=1, initial=0.0)
        found.append((bigger, np.maximum(lengths[start + row], longest)))
    if not found:
        return np.empty((0, cells.shape[1] + 1), dtype=np.int32), np.empty(0)
    return tuple(np.concatenate(parts) for parts in zip(*found))


def image_complex(image, dual, top):
    """Simplicial complex of an image or volume, by the largest channel values of its pixels.

    Squares and cubes are cut along their diagonals, which enter with them; with `dual`, the
    nerve of the closed pixels.

    Parameters
    ----------
    image : ndarray of shape (height, width, n_channels) or (depth, height, width, n_channels)
    dual : bool
    top : int
        Largest dimension of a simplex.

    Returns
    -------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
        Vertices are pixels in C order.
    grades : list of ndarrays of shape (n_simplices, n_channels)
    """
    shape = image.shape[:-1]
    numbers = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    simplices, grades = [], []
    for dimension in range(top + 1):
        parts = [
            _shifted(image, numbers, offsets, blockers)
            for offsets, blockers in _patterns(len(shape), dimension, dual)
        ]
        if not parts:
            break
        simplices.append(np.concatenate([cells for cells, _ in parts]))
        grades.append(np.concatenate([values for _, values in parts]))
    return simplices, grades


def _patterns(n_axes, dimension, dual):
    """Offsets of the vertices of the simplices of one dimension, and of the pixels that count."""
    corners = np.array(np.meshgrid(*[(0, 1)] * n_axes, indexing="ij")).reshape(n_axes, -1).T
    for chosen in combinations(corners, dimension + 1):
        offsets = np.array(chosen)
        if dual:
            if not offsets.min(axis=0).any():
                yield offsets, offsets
        elif not offsets[0].any() and (np.diff(offsets, axis=0) >= 0).all():
            yield offsets, corners[(corners <= offsets[-1]).all(axis=1)]


def _shifted(image, numbers, offsets, blockers):
    """One pattern at every place where it fits: vertices, and the maximum over its pixels."""
    window = np.maximum(np.array(numbers.shape) - offsets.max(axis=0), 0)

    def view(array, offset):
        return array[tuple(slice(o, o + w) for o, w in zip(offset, window))]

    cells = np.stack([view(numbers, offset).ravel() for offset in offsets], axis=1)
    values = view(image, blockers[0])
    for offset in blockers[1:]:
        values = np.maximum(values, view(image, offset))
    return cells, values.reshape(-1, image.shape[-1])
