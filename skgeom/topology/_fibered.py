"""Fibered barcodes: the ordinary barcodes of a bifiltration along many lines."""

from dataclasses import dataclass

import numpy as np

from skgeom.topology._measures import widen
from skgeom.topology._modules import finite_cells, line_offsets, traces
from skgeom.topology._presentation import minimal_presentation


@dataclass(frozen=True)
class FiberedBarcodes:
    """Barcodes of one sample along lines through a box.

    Attributes
    ----------
    points, directions : ndarrays of shape (n_lines, 2)
        Line i is ``points[i] + t * directions[i]``; directions are unit vectors where the box is
        the unit square.
    weights : ndarray of shape (n_lines,)
        Smaller coordinate of the unit direction, divided by the sum over the lines.
    bars : dict of int -> list of ndarrays of shape (n_bars, 2)
        Per homology dimension the bars of every line, cut off at the box.
    """

    points: np.ndarray
    directions: np.ndarray
    weights: np.ndarray
    bars: dict


def fibered_barcodes(simplices, grades, homology_dimensions, box, n_lines):
    """Barcodes of a bifiltered complex along lines of several directions.

    About sqrt(n_lines) directions, equally spaced in angle, have about as many parallel lines
    each.

    Parameters
    ----------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
    grades : list of ndarrays of shape (n_simplices, 2)
    homology_dimensions : sequence of int
    box : ndarray of shape (2, 2)
    n_lines : int

    Returns
    -------
    barcodes : FiberedBarcodes
    """
    box = widen(box)
    width = box[1] - box[0]
    top = max(homology_dimensions) + 2
    cells, values = finite_cells(simplices[:top], [(g - box[0]) / width for g in grades[:top]])
    modules = {d: minimal_presentation(cells, values, d) for d in homology_dimensions}
    n_directions = max(1, round(np.sqrt(n_lines)))
    counts = np.diff(np.linspace(0, n_lines, n_directions + 1).astype(int))
    angles = (np.arange(n_directions) + 0.5) / n_directions * np.pi / 2
    points, directions, bars = [], [], {d: [] for d in homology_dimensions}
    for angle, count in zip(angles, counts):
        unit = np.array([np.cos(angle), np.sin(angle)])
        offsets = line_offsets(1.0 / unit, count, None)
        for dimension, module in modules.items():
            bars[dimension] += _bars(module.scaled(1.0 / unit), offsets, 1.0 / unit)
        # on the line, x / unit_x - y / unit_y is the offset
        points.append(np.column_stack([offsets * unit[0], np.zeros(count)]))
        directions.append(np.tile(unit, (count, 1)))
    points, directions = np.concatenate(points), np.concatenate(directions)
    weights = directions.min(axis=1)
    return FiberedBarcodes(
        points * width + box[0], directions * width, weights / weights.sum(), bars
    )


def _bars(module, offsets, extent):
    """Bars inside the box, per line, by the value of t at the point with second coordinate zero."""
    births, deaths = traces(module, offsets)
    found = []
    for birth, death, offset in zip(births, deaths, offsets):
        start = np.maximum(birth, max(0.0, offset))
        end = np.minimum(death, min(extent[0], extent[1] + offset))
        alive = start < end
        line = np.column_stack([start[alive], end[alive]]) - offset
        found.append(line[np.lexsort((line[:, 1], line[:, 0]))])
    return found
