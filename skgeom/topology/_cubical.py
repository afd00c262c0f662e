"""Images and volumes with channels as bifiltered cubical complexes."""

from itertools import product

import numpy as np

from skgeom.topology._alpha import euler_measure
from skgeom.topology._forest import graph_measures, single_graph, top_dimension_measure
from skgeom.topology._measures import signed_sum


def cubical_measures(image, dimensions, *, dual=False):
    """Hilbert signed measures of an image, by sublevel sets of its channels.

    Parameters
    ----------
    image : ndarray of shape (height, width, n_channels) or (depth, height, width, n_channels)
    dimensions : sequence of int
    dual : bool, default=False
        False: pixels are vertices, neighbours share a side. True (images only): pixels are
        closed squares, so that neighbours share at least a corner.

    Returns
    -------
    measures : dict of int -> (points of shape (n_atoms, n_channels), weights of shape (n_atoms,))
    """
    n_axes = image.ndim - 1
    cells = cell_grades(image, dual)
    edges = _edges(image.shape[:-1], dual)
    graph = graph_measures(single_graph(edges, cells[0], cells[1]), (0,))
    measures = {0: graph[0][:2]}
    n_channels = image.shape[-1]
    if n_axes == 2 and 1 in dimensions:
        measures[1] = signed_sum([(1, measures[0]), (-1, euler_measure(cells))], n_channels)
    if n_axes == 3 and (1 in dimensions or 2 in dimensions):
        measures[2] = _cavities(image, cells[3])
        measures[1] = signed_sum(
            [(1, measures[0]), (1, measures[2]), (-1, euler_measure(cells))], n_channels
        )
    empty = (np.empty((0, n_channels)), np.empty(0, dtype=np.int32))
    return {dimension: measures.get(dimension, empty) for dimension in dimensions}


def cubical_euler(image, *, dual=False):
    """Euler signed measure ``(points, weights)`` of an image."""
    return euler_measure(cell_grades(image, dual))


def cell_grades(image, dual):
    """Grades of the cells of each dimension: maximum over the pixels of the cell.

    With `dual`, the complex is the nerve of the closed pixels: a cell of dimension k is a set
    of k + 1 pixels with a common corner.
    """
    n_axes = image.ndim - 1
    if not dual:
        cells = [[] for _ in range(n_axes + 1)]
        for extent in product((0, 1), repeat=n_axes):
            cells[sum(extent)].append(_block_maximum(image, extent))
        return [np.concatenate(parts) for parts in cells]
    return _nerve_grades(image)


def _block_maximum(image, extent):
    """Maximum of the image over every block of ``extent + 1`` pixels: (n_blocks, n_channels)."""
    for axis, longer in enumerate(extent):
        if longer:
            size = image.shape[axis]
            before = np.take(image, np.arange(size - 1), axis=axis)
            image = np.maximum(before, np.take(image, np.arange(1, size), axis=axis))
    return image.reshape(-1, image.shape[-1])


def _nerve_grades(image):
    """Pairs, triples, ... of pixels with a common corner, each set counted once."""
    shape = image.shape[:-1]
    n_axes = len(shape)
    corners = np.array(list(product((0, 1), repeat=n_axes)))
    cells = [[] for _ in range(len(corners))]
    for subset in range(1, 2 ** len(corners)):
        chosen = corners[[i for i in range(len(corners)) if subset >> i & 1]]
        if chosen.min(axis=0).any():
            continue  # the same set, seen from another block
        grades = None
        window = np.array(shape) - chosen.max(axis=0)
        for offset in chosen:
            part = image[tuple(slice(o, o + w) for o, w in zip(offset, window))]
            grades = part if grades is None else np.maximum(grades, part)
        cells[len(chosen) - 1].append(grades.reshape(-1, image.shape[-1]))
    return [np.concatenate(parts) for parts in cells]


def _edges(shape, dual):
    """Pairs of neighbouring pixels, in the order of `cell_grades`."""
    numbers = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    n_axes = len(shape)
    if not dual:
        extents = [e for e in product((0, 1), repeat=n_axes) if sum(e) == 1]
        pairs = [(np.zeros(n_axes, dtype=int), np.array(e)) for e in extents]
    else:
        corners = np.array(list(product((0, 1), repeat=n_axes)))
        pairs = []
        for subset in range(1, 2 ** len(corners)):
            chosen = corners[[i for i in range(len(corners)) if subset >> i & 1]]
            if len(chosen) == 2 and not chosen.min(axis=0).any():
                pairs.append((chosen[0], chosen[1]))
    edges = []
    for first, second in pairs:
        window = np.array(shape) - np.maximum(first, second)
        ends = [
            numbers[tuple(slice(o, o + w) for o, w in zip(offset, window))].ravel()
            for offset in (first, second)
        ]
        edges.append(np.column_stack(ends))
    return np.concatenate(edges)


def _cavities(image, top_grades):
    """H2 of a volume by the components of the complement: cubes, joined through squares."""
    shape = np.maximum(np.array(image.shape[:-1]) - 1, 0)
    cubes = np.arange(np.prod(shape)).reshape(shape)
    pairs, grades = [], []
    for axis in range(3):
        extent = tuple(int(a != axis) for a in range(3))
        pairs.append(_both_sides(cubes, axis, cubes.size))
        grades.append(_block_maximum(image, extent))
    return top_dimension_measure(
        cubes.size, np.concatenate(pairs), np.concatenate(grades), top_grades
    )


def _both_sides(numbers, axis, outside):
    """Cells before and after every slice orthogonal to the axis, outside at both ends."""
    padding = [(0, 0)] * 3
    padding[axis] = (1, 1)
    padded = np.pad(numbers, padding, constant_values=outside)
    size = padded.shape[axis]
    before = np.take(padded, np.arange(size - 1), axis=axis)
    after = np.take(padded, np.arange(1, size), axis=axis)
    return np.column_stack([before.ravel(), after.ravel()])
