"""What a sample will cost: numbers of cells, and bytes of the largest arrays."""

import math

CELL = 100.0  # bytes: vertices, grades and the copies that sorting makes


def image_cost(shape, dual):
    """Cells and bytes of an image or volume of a given shape."""
    pixels = math.prod(shape)
    per_pixel = {(2, False): 4, (2, True): 9, (3, False): 8, (3, True): 255}[len(shape), dual]
    return pixels * per_pixel, pixels * per_pixel * CELL


def cloud_cost(filtration, n_points, n_coordinates, top, listed):
    """Cells and bytes of a point cloud.

    Parameters
    ----------
    filtration : {"rips", "alpha", "delaunay", "degree_rips"}
    n_points, n_coordinates : int
    top : int
        Largest dimension of a simplex.
    listed : bool
        Whether all simplices are listed.
    """
    if filtration in ("alpha", "delaunay"):
        # usual numbers of a Delaunay triangulation, and of one that grows
        per_point = {1: 2, 2: 6, 3: 28}[max(1, min(n_coordinates, 3))]
        per_point *= 4 if filtration == "delaunay" and n_coordinates < 3 else 1
        return n_points * per_point, n_points * per_point * CELL
    if listed:
        cells = sum(math.comb(n_points, k + 1) for k in range(top + 1))
        edges = math.comb(n_points, top)
        # and one bit per pair of faces in the reduction
        return cells, cells * CELL + edges**2 / 4
    pairs = math.comb(n_points, 2)
    return pairs, (n_points * 200.0 if top == 1 else 3 * 8.0 * n_points**2)
