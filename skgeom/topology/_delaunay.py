"""Function-Delaunay bifiltrations: the union of balls around every sublevel set of a function.

At (r, s) the complex is homotopy equivalent to the union of the r-balls around the points whose
function value is at most s.
"""

from bisect import bisect_left

import numpy as np

from skgeom.topology._alpha import (
    alpha_complex,
    facet_pairs,
    flatten,
    lower_star,
    merge_duplicates,
    planar_measures,
)
from skgeom.topology._forest import top_dimension_measure
from skgeom.topology._kernels_delaunay import count_collinear, grow_delaunay, largest_ball
from skgeom.topology._measures import row_differences, signed_sum
from skgeom.topology._rips import DEFAULT_ROWS, rips_measures, round_up_rows


def delaunay_complex(points, values):
    """One complex for all sublevel sets in the plane (or on a line): Delaunay insertion by insertion.

    Points enter by increasing value. The triangles that a point destroys stay, and with them the
    cone over them: at (r, s), restricted to cells whose vertices have a value of at most s and a
    common ball of radius r, the complex collapses to the alpha complex of the points up to s
    (Alonso, Kerber, Lam, Lesnick, 2024).

    Parameters
    ----------
    points : ndarray of shape (n_points, n_coordinates)
    values : ndarray of shape (n_points,)

    Returns
    -------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
        Vertices are distinct points by increasing value.
    grades : list of ndarrays of shape (n_simplices, 2)
        Radius of the smallest ball around the vertices, and largest value.
    """
    finite = np.isfinite(values)
    points, values = merge_duplicates(points[finite], values[finite])
    # equal values: by coordinates, so that the order of the points does not matter
    order = np.lexsort((*points.T, values))
    points, values = flatten(points[order]), values[order]
    if points.shape[1] > 2:
        raise ValueError("One complex for all sublevel sets is for the plane.")
    xy = np.zeros((len(points), 2))
    xy[:, : points.shape[1]] = points
    unit = 2.0 ** np.frexp(np.abs(xy).max(initial=0.0))[1]
    xy /= unit
    simplices = _grown_cells(xy)
    radii = []
    for cells in simplices:
        radii.append(np.zeros(len(cells)))
        if cells.shape[1] > 1:
            largest_ball(xy, cells, radii[-1])
    return simplices, lower_star(simplices, [r * unit for r in radii], values)


def _grown_cells(xy):
    n = len(xy)
    vertices = np.arange(n, dtype=np.int32)[:, None]
    n_line = int(count_collinear(xy)) if n > 2 else n
    line, lists = _grow_line(xy[:n_line])
    if n_line < n:
        capacity = 16 * n + 64
        while True:
            grown = [np.empty((capacity, size), dtype=np.int32) for size in (2, 3, 4)]
            counts = grow_delaunay(xy, line, *grown)
            if counts[3] == n:
                break
            capacity *= 2
        found = [cells[:count] for cells, count in zip(grown, counts)]
        lists = [np.concatenate([a, b]) for a, b in zip(lists, found)]
    while lists and len(lists[-1]) == 0:
        lists.pop()
    return [vertices, *lists]


def _grow_line(xy):
    """Points on a line, one by one: their order, and the edges, triangles and (no) tetrahedra."""
    order, keys, edges, triangles = [], [], [], []
    for p, key in enumerate(map(tuple, xy.tolist())):
        at = bisect_left(keys, key)
        sides = sorted(order[max(at - 1, 0) : at + 1])
        edges += [(q, p) for q in sides]
        if len(sides) == 2:
            triangles.append((*sides, p))
        order.insert(at, p)
        keys.insert(at, key)
    cells = [(edges, 2), (triangles, 3), ([], 4)]
    arrays = [np.array(found, dtype=np.int32).reshape(-1, size) for found, size in cells]
    return np.array(order, dtype=np.int64), arrays


def delaunay_measures(points, values, dimensions, *, n_rows=None):
    """Hilbert signed measures of the function-Delaunay bifiltration.

    Exact in the plane, by the one complex that has all sublevel sets in it. In space components are
    single linkage at half the scale, exact; the rest comes from the alpha complex of every row: its
    Euler characteristic, and the components of its complement.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_coordinates)
        One, two or three coordinates.
    values : ndarray of shape (n_points,)
        Points with an infinite value never enter.
    dimensions : sequence of int
    n_rows : int or None, default=None
        Rows of the second parameter; None is exact in the plane and for H0, and 50 rows for the
        rest.

    Returns
    -------
    measures : dict of int -> (points of shape (n_atoms, 2), weights of shape (n_atoms,))
        First parameter: radius; second: function value.
    """
    empty = (np.empty((0, 2)), np.empty(0, dtype=np.int32))
    if points.shape[1] < 3:
        rounded = round_up_rows(values, n_rows)
        measures = planar_measures(*delaunay_complex(points, rounded), dimensions)
        return {dimension: measures.get(dimension, empty) for dimension in dimensions}
    measures = {}
    if 0 in dimensions:
        measures[0] = _components(points, values, n_rows)
    if max(dimensions) > 0:
        n_rows = DEFAULT_ROWS if n_rows is None else n_rows
        euler, cavities = delaunay_rows(points, values, n_rows)
        components = _components(points, values, n_rows)
        measures[1] = signed_sum([(1, components), (1, cavities), (-1, euler)])
        measures[2] = cavities
    return {dimension: measures.get(dimension, empty) for dimension in dimensions}


def _components(points, values, n_rows):
    atoms, weights = rips_measures(points, values, (0,), n_rows=n_rows)[0]
    return atoms * [0.5, 1.0], weights


def delaunay_rows(points, values, n_rows):
    """Signed measures of the Euler characteristic and of H2, from the alpha complexes of rows.

    Returns
    -------
    euler, cavities : pairs (points of shape (n_atoms, 2), weights of shape (n_atoms,))
    """
    finite = np.isfinite(values)
    points, rounded = points[finite], round_up_rows(values[finite], n_rows)
    rows = np.unique(rounded)
    euler, cavities = [], []
    for row in rows:
        inside = points[rounded <= row]
        simplices, radii, _ = alpha_complex(inside, np.zeros(len(inside)))
        signs = [np.full(len(r), (-1) ** k, dtype=np.int32) for k, r in enumerate(radii)]
        euler.append((np.concatenate(radii), np.concatenate(signs)))
        cavities.append(_row_cavities(simplices, radii))
    return row_differences(euler, rows), row_differences(cavities, rows)


def _row_cavities(simplices, radii):
    """One-parameter signed measure of H2 of an alpha complex."""
    if len(simplices) < 4:
        return np.empty(0), np.empty(0, dtype=np.int32)
    pairs, facet = facet_pairs(simplices[3], simplices[2])
    grades = [np.column_stack([r, np.zeros(len(r))]) for r in (radii[2][facet], radii[3])]
    atoms, weights = top_dimension_measure(len(simplices[3]), pairs, *grades)
    return atoms[:, 0], weights
