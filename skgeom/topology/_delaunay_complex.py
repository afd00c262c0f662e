"""Delaunay triangulations of all sublevel sets of a function in the plane, as one complex."""

from bisect import bisect_left

import numpy as np

from skgeom.topology._alpha import flatten, lower_star, merge_duplicates
from skgeom.topology._kernels_delaunay import count_collinear, grow_delaunay, largest_ball


def delaunay_complex(points, values, top=3, *, in_order=False):
    """One complex for all sublevel sets, for points in the plane or on a line.

    Points enter by increasing value. The triangles that a point destroys stay, and with them the
    cone over them: at (r, s), restricted to cells whose vertices have a value of at most s and a
    common ball of radius r, the complex collapses to the alpha complex of the points up to s
    (Alonso, Kerber, Lam, Lesnick, 2024).

    Parameters
    ----------
    points : ndarray of shape (n_points, n_coordinates)
    values : ndarray of shape (n_points,)
    top : int, default=3
        Simplices of larger dimension are left out.
    in_order : bool, default=False
        Whether vertices have the order of the (distinct) points, and not that of their values.

    Returns
    -------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
        Vertices are distinct points, by increasing value unless `in_order`.
    grades : list of ndarrays of shape (n_simplices, 2)
        Radius of the smallest ball around the vertices, and largest value.
    """
    finite = np.isfinite(values)
    points, values = merge_duplicates(points[finite], values[finite])
    # equal values: by coordinates, so that the order of the points does not matter
    order = np.lexsort((*points.T, values))
    points, values = flatten(points[order]), values[order]
    if points.shape[1] > 2:
        raise ValueError(
            "filtration='delaunay' lists its cells for points in the plane alone, got "
            f"{points.shape[1]} coordinates; in space invariant must be 'hilbert' or 'euler'."
        )
    xy = np.zeros((len(points), 2))
    xy[:, : points.shape[1]] = points
    unit = 2.0 ** np.frexp(np.abs(xy).max(initial=0.0))[1]
    xy /= unit
    simplices = _grown_cells(xy)[: top + 1]
    radii = []
    for cells in simplices:
        radii.append(np.zeros(len(cells)))
        if cells.shape[1] > 1:
            largest_ball(xy, cells, radii[-1])
    grades = lower_star(simplices, [r * unit for r in radii], values)
    if in_order:
        simplices = [np.sort(order[cells], axis=1).astype(np.int32) for cells in simplices]
        simplices[0], grades[0] = np.sort(simplices[0], axis=0), grades[0][np.argsort(order)]
    return simplices, grades


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
