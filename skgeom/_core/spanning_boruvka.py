"""Exact Euclidean spanning trees of many points in few dimensions: Borůvka on a k-d tree.

In every round each component looks for the shortest edge that leaves it. A point asks the tree for
its nearest point of another component; whole nodes are passed over when they lie in its component
or no closer than the best edge that the component has. What a point found before stays its nearest
outside point as long as that point is outside, and a lower bound afterwards, so most points are
not asked again.
"""

import numpy as np
from numba import njit

from skgeom._core.disjoint_set import find, new_partition, union

LEAF = 16


@njit(nogil=True, cache=True)
def _select(values, ids, low, high, rank):
    """Reorder ``ids[low:high]`` so that the value at `rank` is in its sorted place."""
    high -= 1
    while low < high:
        pivot = values[ids[(low + high) // 2]]
        i, j = low, high
        while i <= j:
            while values[ids[i]] < pivot:
                i += 1
            while values[ids[j]] > pivot:
                j -= 1
            if i <= j:
                ids[i], ids[j] = ids[j], ids[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            return


@njit(nogil=True, cache=True)
def _split(columns, ids, spans, boxes):
    """Fill the arrays of `_build`; the number of nodes says how deep the tree is."""
    d, n = columns.shape
    n_nodes = len(spans)
    spans[0, 0], spans[0, 1] = 0, n
    for node in range(n_nodes):
        start, stop = spans[node, 0], spans[node, 1]
        widest, width = 0, -1.0
        for k in range(d):
            low, high = np.inf, -np.inf
            column = columns[k]
            for position in range(start, stop):
                value = column[ids[position]]
                low, high = min(low, value), max(high, value)
            boxes[node, 0, k], boxes[node, 1, k] = low, high
            if high - low > width:
                widest, width = k, high - low
        if 2 * node + 2 < n_nodes:
            middle = (start + stop) // 2
            _select(columns[widest], ids, start, stop, middle)
            spans[2 * node + 1, 0], spans[2 * node + 1, 1] = start, middle
            spans[2 * node + 2, 0], spans[2 * node + 2, 1] = middle, stop


def _build(columns, depth):
    """Build a balanced k-d tree with 2**depth leaves, its nodes numbered as in a heap.

    Parameters
    ----------
    columns : ndarray of float64, shape (d, n)
    depth : int

    Returns
    -------
    ids : ndarray of int32, shape (n,)
        Points in the order of the leaves.
    spans : ndarray of int64, shape (n_nodes, 2)
        First point of each node, and one past its last.
    boxes : ndarray of float64, shape (n_nodes, 2, d)
        Smallest and largest coordinates.
    """
    d, n = columns.shape
    n_nodes = 2 ** (depth + 1) - 1
    ids, spans = np.arange(n, dtype=np.int32), np.empty((n_nodes, 2), dtype=np.int64)
    boxes = np.empty((n_nodes, 2, d))
    _split(columns, ids, spans, boxes)
    return ids, spans, boxes


@njit(nogil=True, cache=True)
def _to_box(point, box):
    """Squared distance of a point to a box."""
    total = 0.0
    for k in range(len(point)):
        gap = max(box[0, k] - point[k], point[k] - box[1, k], 0.0)
        total += gap * gap
    return total


@njit(nogil=True, cache=True)
def _nearest_outside(i, best, points, core, label, node_label, spans, boxes, stack, gaps):
    """Nearest point of another component, if it is closer than `best`.

    Returns
    -------
    j : int
        -1 when there is none.
    best : float
        Its squared distance, or the bound.
    """
    n_inner = (len(spans) - 1) // 2
    point, own, found = points[i], label[i], -1
    stack[0], gaps[0], top = 0, 0.0, 1
    while top:
        top -= 1
        node = stack[top]
        if gaps[top] >= best or node_label[node] == own:
            continue
        if node >= n_inner:
            for j in range(spans[node, 0], spans[node, 1]):
                if label[j] == own:
                    continue
                weight = 0.0
                for k in range(points.shape[1]):
                    gap = points[j, k] - point[k]
                    weight += gap * gap
                weight = max(weight, core[i], core[j])
                if weight < best:
                    best, found = weight, j
            continue
        left, right = 2 * node + 1, 2 * node + 2
        gap_left, gap_right = _to_box(point, boxes[left]), _to_box(point, boxes[right])
        if gap_left < gap_right:
            left, right, gap_left, gap_right = right, left, gap_right, gap_left
        # the closer child is taken first
        stack[top], gaps[top] = left, gap_left
        stack[top + 1], gaps[top + 1] = right, gap_right
        top += 2
    return found, best


@njit(nogil=True, cache=True)
def _label_nodes(label, spans, node_label):
    """Component of each node, -1 where it holds several."""
    n_inner = (len(spans) - 1) // 2
    for node in range(len(spans) - 1, -1, -1):
        if node < n_inner:
            one, other = node_label[2 * node + 1], node_label[2 * node + 2]
            node_label[node] = one if one == other else -1
            continue
        node_label[node] = label[spans[node, 0]]
        for position in range(spans[node, 0] + 1, spans[node, 1]):
            if label[position] != node_label[node]:
                node_label[node] = -1
                break


@njit(nogil=True, cache=True)
def _shortest_exits(
    points, core, label, node_label, spans, boxes, near, reach, shortest, source, stack, gaps
):
    """Find, for each component, the shortest edge that leaves it.

    `near` and `reach` hold the nearest outside point of each point and its squared distance (or
    -1 and a lower bound) from earlier rounds; `shortest` and `source` (by component) are filled;
    `stack` and `gaps` are working memory.
    """
    n = len(label)
    for i in range(n):
        shortest[i] = np.inf
    for i in range(n):
        own = label[i]
        if near[i] >= 0 and label[near[i]] != own and reach[i] < shortest[own]:
            shortest[own], source[own] = reach[i], i
    for i in range(n):
        own = label[i]
        if (near[i] >= 0 and label[near[i]] != own) or reach[i] >= shortest[own]:
            continue
        if core[i] >= shortest[own]:
            continue
        near[i], reach[i] = _nearest_outside(
            i, shortest[own], points, core, label, node_label, spans, boxes, stack, gaps
        )
        if near[i] >= 0:
            shortest[own], source[own] = reach[i], i


@njit(nogil=True, cache=True)
def _join(label, near, reach, source, parent, size, edges, weights, count):
    """Join every component along its shortest edge; return the number of edges so far."""
    n = len(label)
    for own in range(n):
        if label[own] != own:
            continue
        i = source[own]
        a, b = find(parent, i), find(parent, near[i])
        # with ties two components may choose two edges to each other
        if a != b:
            union(parent, size, a, b)
            edges[count, 0], edges[count, 1] = i, near[i]
            weights[count] = reach[i]
            count += 1
    for i in range(n):
        label[i] = find(parent, np.int32(i))
    return count


def _boruvka(points, core, spans, boxes):
    """Rounds of joining components, at most log2(n) of them."""
    n = len(points)
    edges, weights = np.empty((n - 1, 2), dtype=np.int32), np.empty(n - 1)
    parent, size = new_partition(n)
    label, node_label = parent.copy(), np.empty(len(spans), dtype=np.int32)
    near, reach = np.full(n, -1, dtype=np.int32), np.zeros(n)
    shortest, source = np.empty(n), np.zeros(n, dtype=np.int32)
    stack, gaps = np.empty(128, dtype=np.int64), np.empty(128)
    count = 0
    while count < n - 1:
        _label_nodes(label, spans, node_label)
        _shortest_exits(
            points,
            core,
            label,
            node_label,
            spans,
            boxes,
            near,
            reach,
            shortest,
            source,
            stack,
            gaps,
        )
        count = _join(label, near, reach, source, parent, size, edges, weights, count)
    return edges, weights


def kdtree_tree(points, core):
    """Edges and squared weights of the exact tree.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    core : ndarray of float64, shape (n,)
        Squared core distances.

    Returns
    -------
    edges : ndarray of int32, shape (n - 1, 2)
    weights : ndarray of float64, shape (n - 1,)
    """
    n = len(points)
    depth = max(0, int(np.ceil(np.log2(n / LEAF))))
    ids, spans, boxes = _build(np.ascontiguousarray(points.T, dtype=np.float64), depth)
    leaves = np.ascontiguousarray(points[ids], dtype=np.float64)
    edges, weights = _boruvka(leaves, core[ids], spans, boxes)
    return ids[edges], weights
