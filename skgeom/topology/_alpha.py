"""Alpha complexes in one, two and three dimensions, and their bifiltrations by a vertex function.

The triangulation is scipy's (Qhull); filtration values are computed here: the radius of the
smallest empty ball that has the simplex on its boundary.
"""

import warnings
from itertools import combinations

import numpy as np

from skgeom.topology._forest import graph_measures, single_graph, top_dimension_measure
from skgeom.topology._measures import signed_sum

# a point this close (relative) to the smallest circumscribed sphere counts as inside it, so that
# simplices with cospherical points get the very same value as their cofaces
_ON_SPHERE = 1e-12


def alpha_measures(points, values, dimensions):
    """Hilbert signed measures of alpha complex x lower star of vertex functions.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_coordinates)
        One, two or three coordinates.
    values : ndarray of shape (n_points,) or (n_points, n_functions)
        Points with an infinite value never enter.
    dimensions : sequence of int, or ("euler",)

    Returns
    -------
    measures : dict of key -> (points of shape (n_atoms, n_functions + 1), weights (n_atoms,))
        First parameter: radius; the others: function values.
    """
    simplices, radii, values = alpha_complex(points, values)
    grades = lower_star(simplices, radii, values)
    if "euler" in dimensions:
        return {"euler": euler_measure(grades)}
    return embedded_measures(simplices, grades, dimensions)


def lower_star(simplices, first, values):
    """Grades (first, largest values of a vertex) of the simplices of each dimension."""
    return [
        np.column_stack([grades, values[cells].max(axis=1)])
        for cells, grades in zip(simplices, first)
    ]


def euler_measure(grades):
    """Euler signed measure: one atom of weight (-1)^dim per cell.

    Parameters
    ----------
    grades : sequence of ndarrays of shape (n_cells, n_parameters), one per dimension

    Returns
    -------
    points : ndarray of shape (n_atoms, n_parameters)
    weights : ndarray of int32, shape (n_atoms,)
    """
    n_parameters = grades[0].shape[1]
    terms = []
    for dimension, cells in enumerate(grades):
        cells = cells[np.isfinite(cells).all(axis=1)]
        terms.append(((-1) ** dimension, (cells, np.ones(len(cells), dtype=np.int32))))
    return signed_sum(terms, n_parameters)


def planar_measures(simplices, grades, dimensions):
    """Signed measures of a complex that is, at every grade, equivalent to a subset of the plane.

    H0 by the sweep of the spanning forest, H1 = H0 - Euler; nothing above, whatever the
    dimension of the complex.
    """
    top = len(grades) - 1
    edges = simplices[1] if top >= 1 else np.empty((0, 2), dtype=np.int32)
    edge_grades = grades[1] if top >= 1 else np.empty((0, grades[0].shape[1]))
    measures = {0: graph_measures(single_graph(edges, grades[0], edge_grades), (0,))[0][:2]}
    if 1 in dimensions:
        terms = [(1, measures[0]), (-1, euler_measure(grades))]
        measures[1] = signed_sum(terms, grades[0].shape[1])
    return measures


def embedded_measures(simplices, grades, dimensions):
    """Signed measures of a bifiltered simplicial complex that is embedded in R^d, d <= 3.

    In space H2 by the complement, and H1 = H0 + H2 - Euler.
    """
    empty = (np.empty((0, grades[0].shape[1])), np.empty(0, dtype=np.int32))
    in_space = len(grades) == 4 and max(dimensions) > 0
    measures = planar_measures(simplices, grades, () if in_space else dimensions)
    if in_space:
        pairs, facet = facet_pairs(simplices[3], simplices[2])
        measures[2] = top_dimension_measure(len(simplices[3]), pairs, grades[2][facet], grades[3])
        measures[1] = signed_sum([(1, measures[0]), (1, measures[2]), (-1, euler_measure(grades))])
    return {dimension: measures.get(dimension, empty) for dimension in dimensions}


def alpha_complex(points, values):
    """Simplices and radii of the alpha complex.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_coordinates)
    values : ndarray of shape (n_points,) or (n_points, n_functions)
        Points with an infinite value never enter.

    Returns
    -------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
        Vertices increase within a row; one array per dimension, as far as the points span space.
    radii : list of ndarrays of shape (n_simplices,)
    values : ndarray of shape (n_distinct_points,) or (n_distinct_points, n_functions)
        Of equal points the smallest value is kept; vertices are distinct points.
    """
    finite = np.isfinite(values).reshape(len(points), int(np.prod(values.shape[1:]))).all(axis=1)
    points, values = merge_duplicates(points[finite], values[finite])
    # in the order of their coordinates, so that rounding does not depend on the order given
    order = np.lexsort((*points.T, np.zeros(len(points))))
    simplices, radii, kept = _ordered_complex(points[order], values[order])
    if len(kept) < len(points):
        return simplices, radii, kept
    simplices = [np.sort(order[cells], axis=1).astype(np.int32) for cells in simplices]
    return [np.sort(simplices[0], axis=0), *simplices[1:]], radii, values


def _ordered_complex(points, values):
    """As `alpha_complex`, of distinct points with finite values."""
    spanned = flatten(points)
    # a power of two: exact, and keeps squares and determinants from overflow
    unit = 2.0 ** np.frexp(np.abs(spanned).max(initial=0.0))[1]
    spanned = spanned / unit
    if len(points) == 0:
        return [np.empty((0, 1), dtype=np.int32)], [np.empty(0)], values
    vertices = np.arange(len(points), dtype=np.int32)[:, None]
    if spanned.shape[1] == 0:
        return [vertices], [np.zeros(1)], values
    if spanned.shape[1] == 1:
        order = np.argsort(spanned[:, 0]).astype(np.int32)
        edges = np.sort(np.column_stack([order[:-1], order[1:]]), axis=1)
        half = np.abs(np.diff(spanned[order, 0])) / 2 * unit
        return [vertices, edges], [np.zeros(len(points)), half], values
    top, merged = _delaunay(spanned)
    if merged is not None:
        np.minimum.at(values, merged[1], values[merged[0]])
        kept, top = np.unique(top, return_inverse=True)
        top, spanned, values = top.reshape(-1, spanned.shape[1] + 1), spanned[kept], values[kept]
    simplices = all_faces(np.sort(top.astype(np.int32), axis=1))
    radii = [values * unit for values in alpha_radii(spanned, simplices)]
    return simplices, radii, values


def merge_duplicates(points, values):
    """Distinct points, each with the smallest value that it occurs with."""
    values = np.array(values, dtype=np.float64)
    if len(points) == 0:
        return points, values
    distinct, inverse = np.unique(points, axis=0, return_inverse=True)
    if len(distinct) == len(points):
        return points, values
    if values.ndim > 1:
        raise ValueError(
            "Equal points with several values enter an alpha complex at several grades; leave one "
            "of them, or take filtration='rips'."
        )
    smallest = np.full(len(distinct), np.inf)
    np.minimum.at(smallest, inverse.ravel(), values)
    return distinct, smallest


def flatten(points):
    """Coordinates in the affine hull: the same distances with as few coordinates as possible."""
    if len(points) <= 1:
        return np.empty((len(points), 0))
    # differences of coordinates are exact, or nearly so, however far the cloud is from the origin
    near = points - points[0]
    centered = near - near.mean(axis=0)
    _, scales, axes = np.linalg.svd(centered, full_matrices=False)
    rank = int(np.sum(scales > 1e-10 * scales[0]))
    return near if rank == points.shape[1] else centered @ axes[:rank].T


def _delaunay(points):
    """Delaunay simplices, and the points that Qhull takes for copies of a vertex.

    Returns
    -------
    simplices : ndarray of int, shape (n_simplices, n_coordinates + 1)
    merged : pair of ndarrays of int, or None
        Points that are in no simplex because another one is too close, and that other one.
    """
    if len(points) == points.shape[1] + 1:
        return np.arange(len(points), dtype=np.int32)[None, :], None
    triangulation = _triangulate(points)
    simplices = triangulation.simplices
    present = np.zeros(len(points), dtype=bool)
    present[simplices] = True
    if present.all():
        return simplices, None
    from scipy.spatial import cKDTree

    lost, found = np.flatnonzero(~present), np.flatnonzero(present)
    return simplices, (lost, found[cKDTree(points[found]).query(points[lost])[1]])


def _triangulate(points):
    from scipy.spatial import Delaunay, QhullError

    try:
        return Delaunay(points)
    except QhullError:
        pass
    for step in (1e-12, 1e-9, 1e-6):
        noise = np.random.RandomState(0).uniform(-step, step, points.shape)
        try:
            triangulation = Delaunay(points + noise)
        except QhullError:
            continue
        warnings.warn(
            f"The points are too degenerate for Qhull; they are moved by {step:g} of their extent.",
            UserWarning,
        )
        return triangulation
    raise ValueError("The points of a sample are too degenerate to be triangulated.")


def all_faces(top):
    """Faces of top simplices of every dimension, as sorted rows without repetition."""
    size = top.shape[1]
    n_vertices = int(top.max()) + 1
    simplices = [np.arange(n_vertices, dtype=np.int32)[:, None]]
    for k in range(2, size):
        faces = np.concatenate([top[:, list(c)] for c in combinations(range(size), k)])
        simplices.append(faces[np.unique(_codes(faces, n_vertices), return_index=True)[1]])
    simplices.append(top)
    return simplices


def _codes(simplices, n_vertices):
    """One integer per simplex (n_vertices ** 3 fits easily)."""
    code = simplices[:, 0].astype(np.int64)
    for column in range(1, simplices.shape[1]):
        code = code * n_vertices + simplices[:, column]
    return code


def facet_pairs(top, facets):
    """The top simplices on the two sides of every facet; ``len(top)`` is the outside.

    Returns
    -------
    pairs : ndarray of int, shape (n_facets, 2)
    facet : ndarray of int, shape (n_facets,)
        Row of `facets` that each pair belongs to.
    """
    n_vertices = int(top.max()) + 1
    known = _codes(facets, n_vertices)
    order = np.argsort(known)
    sides = np.full((len(facets), 2), len(top), dtype=np.int64)
    filled = np.zeros(len(facets), dtype=np.int64)
    for column in range(top.shape[1]):
        codes = _codes(np.delete(top, column, axis=1), n_vertices)
        facet = order[np.searchsorted(known[order], codes)]
        # within one column a facet can occur twice: place first and second separately
        first = np.unique(facet, return_index=True)[1]
        for rows in (first, np.setdiff1d(np.arange(len(top)), first)):
            sides[facet[rows], filled[facet[rows]]] = rows
            filled[facet[rows]] += 1
    return sides, np.arange(len(facets))


def alpha_radii(points, simplices):
    """Alpha value (as a radius) of every simplex, from the top dimension down.

    A simplex whose smallest circumscribed ball holds no other point has that ball's radius; else
    the smallest value among its cofaces.
    """
    top = len(simplices) - 1
    n_vertices = len(points)
    center, squared, flat = circumspheres(points, simplices[top])
    if flat.any():
        squared = _flat_cells(points, simplices[top], simplices[top - 1], center, squared, flat)
    radii = [None] * top + [np.sqrt(squared)]
    for k in range(top - 1, 0, -1):
        faces, cofaces = simplices[k], simplices[k + 1]
        center, squared, _ = circumspheres(points, faces)
        codes = _codes(faces, n_vertices)
        attached = np.full(len(faces), np.inf)
        inside = np.zeros(len(faces), dtype=bool)
        for column in range(k + 2):
            face = np.searchsorted(codes, _codes(np.delete(cofaces, column, axis=1), n_vertices))
            gap = ((points[cofaces[:, column]] - center[face]) ** 2).sum(axis=1)
            np.minimum.at(attached, face, radii[k + 1])
            inside[face[gap <= squared[face] * (1 + _ON_SPHERE)]] = True
        radii[k] = np.where(inside, attached, np.minimum(np.sqrt(squared), attached))
    radii[0] = np.zeros(n_vertices)
    return radii


def _flat_cells(points, cells, facets, center, squared, flat):
    """Squared alpha values of top cells, with those that have no volume put right.

    Such a cell lies in a sphere or a plane together with others. It is as a face between its
    neighbours: with a point inside its own smallest sphere, it enters with the first of them.
    """
    squared = squared.copy()
    sides = facet_pairs(cells, facets)[0]
    sides = sides[(sides < len(cells)).all(axis=1)]
    sides = np.concatenate([sides, sides[:, ::-1]])
    sides = sides[flat[sides[:, 0]]]
    own, other = sides.T
    opposite = cells[other].sum(axis=1) - cells[own].sum(axis=1)
    shared = (cells[own][:, :, None] == cells[other][:, None, :]).any(axis=2)
    opposite += cells[own][~shared]
    gap = ((points[opposite] - center[own]) ** 2).sum(axis=1)
    crowded = np.zeros(len(cells), dtype=bool)
    crowded[own[gap < squared[own] * (1 - 1e-9)]] = True
    squared[crowded] = np.inf
    passed = crowded[own]
    for _ in range(int(crowded.sum())):  # chains of flat cells
        before = squared.copy()
        np.minimum.at(squared, own[passed], squared[other[passed]])
        if np.array_equal(before, squared):
            break
    return squared


def circumspheres(points, simplices):
    """Center and squared radius of the smallest sphere through the vertices of each simplex.

    Flat simplices (no such sphere within 1e-9 of their extent) get the largest sphere of
    their facets; the third array says which they are.
    """
    origin = points[simplices[:, 0]]
    if simplices.shape[1] == 2:
        half = (points[simplices[:, 1]] - origin) / 2
        return origin + half, (half**2).sum(axis=1), np.zeros(len(half), dtype=bool)
    edges = points[simplices[:, 1:]] - origin[:, None, :]
    gram = edges @ edges.transpose(0, 2, 1)
    lengths = np.diagonal(gram, axis1=1, axis2=2)
    volume = np.linalg.det(gram) / np.prod(lengths, axis=1)
    flat = volume < 1e-18
    gram[flat] = np.eye(gram.shape[1])
    half = np.linalg.solve(gram, lengths[:, :, None] / 2)[:, :, 0]
    offset = np.einsum("sk,skd->sd", half, edges)
    center, squared = origin + offset, (offset**2).sum(axis=1)
    for row in np.flatnonzero(flat):
        facets = np.stack([np.delete(simplices[row], c) for c in range(simplices.shape[1])])
        centers, radii, _ = circumspheres(points, facets)
        center[row], squared[row] = centers[np.argmax(radii)], radii.max()
    return center, squared, flat
