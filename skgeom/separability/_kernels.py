"""numba kernels over merge trees."""

import numpy as np
from numba import njit

from skgeom._core.disjoint_set import find, singletons, union
from skgeom._core.spanning_prim import EPS32, squared_distance


@njit(nogil=True, cache=True)
def split_groups(children, heights, sizes, n, cut, min_size, group):
    """Hand the group numbers of the roots down the merge tree.

    Parameters
    ----------
    children : ndarray of int64, shape (n_merges, 2)
    heights, sizes : ndarray of shape (n_merges,) and (n + n_merges,)
    n : int
        Number of points, the first nodes.
    cut, min_size : float
        Merges above the cut split a group when both sides hold `min_size` points, and shed their
        smaller side otherwise.
    group : ndarray of int64, shape (n + n_merges,)
        Group of the roots, -1 elsewhere; filled in.
    """
    for t in range(len(children) - 1, -1, -1):
        node = n + t
        if group[node] < 0:
            continue
        left, right = children[t, 0], children[t, 1]
        if heights[t] <= cut:
            group[left] = group[node]
            group[right] = group[node]
        elif sizes[left] >= min_size and sizes[right] >= min_size:
            group[left] = left
            group[right] = right
        elif sizes[left] >= sizes[right]:
            group[left] = group[node]
        else:
            group[right] = group[node]


@njit(nogil=True, cache=True)
def first_heights(children, heights, sizes, n, min_size, entry):
    """Height at which the component of each node first holds `min_size` points, in `entry`."""
    for t in range(len(children) - 1, -1, -1):
        here = heights[t] if sizes[n + t] >= min_size else entry[n + t]
        entry[children[t, 0]] = here
        entry[children[t, 1]] = here


@njit(nogil=True, cache=True)
def meeting_height(edges, lifetimes, codes):
    """Smallest height at which one component holds more than half of both classes 0 and 1."""
    n = len(codes)
    parent, size = singletons(n)
    ones = codes.astype(np.int64)
    n_ones = ones.sum()
    for t in range(len(edges)):
        a, b = find(parent, edges[t, 0]), find(parent, edges[t, 1])
        both = ones[a] + ones[b]
        root = union(parent, size, a, b)
        ones[root] = both
        if 2 * both > n_ones and 2 * (size[root] - both) > n - n_ones:
            return lifetimes[t]
    return np.inf


@njit(nogil=True, cache=True)
def farthest_points(points, size, first):
    """Take always the point that is farthest from those taken; ties go to the smaller row.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    size : int
    first : int
        Row to begin with.

    Returns
    -------
    rows : ndarray of int64, shape (size,)
        In the order taken.
    """
    n, d = points.shape
    rows = np.empty(size, dtype=np.int64)
    reach = np.full(n, np.inf)
    last = first
    for step in range(size):
        rows[step] = last
        following, farthest = last, -1.0
        for i in range(n):
            total = 0.0
            for k in range(d):
                difference = points[i, k] - points[last, k]
                total += difference * difference
                if total >= reach[i]:
                    break
            reach[i] = min(reach[i], total)
            if reach[i] > farthest:
                following, farthest = i, reach[i]
        last = following
    return rows


@njit(nogil=True, cache=True)
def core_distances(gram, norms, points, first, unit, nearest, core):
    """Squared distance to the k-th neighbour of a range of rows.

    A pair is measured where its lower bound undercuts the k-th smallest distance so far.

    Parameters
    ----------
    gram : ndarray of float32, shape (n_rows, n)
        Inner products of the rows ``first, first + 1, ...`` with all, in the scale of the filter.
    norms : ndarray of float32, shape (n,)
        Squared norms, lowered by the error bound of the products.
    points : ndarray of shape (n, d)
    first : int
    unit : float
        Factor from squared distances of `points` to the scale of the filter.
    nearest : ndarray of float64, shape (k,)
        Overwritten.
    core : ndarray of float64, shape (n,)
        Filled in for the range.
    """
    k = len(nearest)
    for i in range(len(gram)):
        u, row = first + i, gram[i]
        nearest[:] = np.inf
        bound = np.float32(np.inf)
        for j in range(len(norms)):
            if not norms[u] + norms[j] - np.float32(2.0) * row[j] < bound or j == u:
                continue
            distance = squared_distance(points, u, j)
            if distance >= nearest[k - 1]:
                continue
            place = k - 1
            while place > 0 and nearest[place - 1] > distance:
                nearest[place] = nearest[place - 1]
                place -= 1
            nearest[place] = distance
            bound = np.float32(nearest[k - 1] * unit * (1.0 + 2.0 * EPS32) + 1e-44)
        core[u] = nearest[k - 1]
