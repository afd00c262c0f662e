"""Kernels for label spaces that are trees."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def tree_scores(start, stop, weights, nodes, parent, length, place, out):
    """Weighted sums of squared path lengths to all nodes of a tree, two passes a row.

    Parameters
    ----------
    start, stop : int
        Range of rows.
    weights : ndarray of shape (n_rows, K)
        Non-negative.
    nodes : ndarray of int, shape (K,)
        Which nodes the weights sit on, in the tree's order.
    parent : ndarray of int, shape (N,)
        Parents come before children; the root is node 0.
    length : ndarray of shape (N,)
        Length of the edge to the parent.
    place : ndarray of int, shape (N,)
        Column of `out` for each node.
    out : ndarray of shape (n_rows, N)
        Overwritten.
    """
    n = len(parent)
    mass, first, score, moment = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for row in range(start, stop):
        mass[:] = 0.0
        first[:] = 0.0  # sum of weights times distances, over the subtree of a node
        for k in range(len(nodes)):
            mass[nodes[k]] += weights[row, k]
        second = 0.0
        for c in range(n - 1, 0, -1):
            p = parent[c]
            # the squares of the whole tree about the root, from those about each subtree's top
            second += length[c] * (2.0 * first[c] + length[c] * mass[c])
            mass[p] += mass[c]
            first[p] += first[c] + length[c] * mass[c]
        total = mass[0]
        score[0], moment[0] = second, first[0]
        out[row, place[0]] = second
        for c in range(1, n):
            p, w = parent[c], length[c]
            below = first[c] + w * mass[c]
            score[c] = score[p] + 2.0 * w * (moment[p] - 2.0 * below) + w * w * total
            moment[c] = moment[p] + w * (total - 2.0 * mass[c])
            out[row, place[c]] = score[c]
