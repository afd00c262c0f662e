"""Function-Delaunay bifiltrations: the union of balls around every sublevel set of a function.

At (r, s) the complex is homotopy equivalent to the union of the r-balls around the points whose
function value is at most s.
"""

import numpy as np

from skgeom.topology._alpha import alpha_complex, euler_measure, facet_pairs, planar_measures
from skgeom.topology._delaunay_complex import delaunay_complex
from skgeom.topology._forest import top_dimension_measure
from skgeom.topology._measures import DEFAULT_ROWS, round_up_rows, row_differences, signed_sum
from skgeom.topology._rips import rips_measures


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
    dimensions : sequence of int, or ("euler",)
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
        simplices, grades = delaunay_complex(points, round_up_rows(values, n_rows))
        if "euler" in dimensions:
            return {"euler": euler_measure(grades)}
        measures = planar_measures(simplices, grades, dimensions)
        return {dimension: measures.get(dimension, empty) for dimension in dimensions}
    if "euler" in dimensions:
        rows = DEFAULT_ROWS if n_rows is None else n_rows
        return {"euler": delaunay_rows(points, values, rows)[0]}
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
