"""Exact Euclidean spanning trees of many points in few dimensions: Borůvka on a k-d tree.

In every round each component looks for the shortest edge that leaves it. A point asks for its
nearest point of another component, starting at its own leaf and climbing only as far as the best
edge reaches; nodes that lie in its component are passed over. What a point found before stays its
nearest outside point as long as that point is outside, and a lower bound afterwards, so that it is
not asked again where another point of the component knows a shorter edge.

Points live in the slots of leaves, `LEAF` to a leaf, free slots at infinity: the distances from a
point to a leaf are one loop of fixed length over contiguous coordinates.
"""

import numpy as np
from numba import njit

from skgeom._core.disjoint_set import find, new_partition, union
from skgeom._core.spanning_prim import SAFE_MATH

LEAF = 16


@njit(nogil=True, cache=True)
def _select(columns, ids, axis, low, high, rank):
    """Reorder points ``low..high`` so that the one at `rank` is in its place along `axis`."""
    d = len(columns)
    high -= 1
    while low < high:
        pivot = columns[axis, (low + high) // 2]
        i, j = low, high
        while i <= j:
            while columns[axis, i] < pivot:
                i += 1
            while columns[axis, j] > pivot:
                j -= 1
            if i <= j:
                for k in range(d):
                    columns[k, i], columns[k, j] = columns[k, j], columns[k, i]
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
    n_inner = len(spans) // 2
    spans[0, 0], spans[0, 1] = 0, n
    for k in range(d):
        boxes[0, 2, k], boxes[0, 3, k] = -np.inf, np.inf
    for node in range(len(spans)):
        start, stop = spans[node, 0], spans[node, 1]
        widest, width = 0, -1.0
        for k in range(d):
            low, high = np.inf, -np.inf
            for position in range(start, stop):
                low, high = min(low, columns[k, position]), max(high, columns[k, position])
            boxes[node, 0, k], boxes[node, 1, k] = low, high
            if high - low > width:
                widest, width = k, high - low
        if node >= n_inner:
            continue
        middle = (start + stop) // 2
        _select(columns, ids, widest, start, stop, middle)
        left, right = 2 * node + 1, 2 * node + 2
        spans[left, 0], spans[left, 1] = start, middle
        spans[right, 0], spans[right, 1] = middle, stop
        for k in range(d):
            for side in (2, 3):
                boxes[left, side, k] = boxes[right, side, k] = boxes[node, side, k]
        boxes[left, 3, widest] = boxes[right, 2, widest] = columns[widest, middle]


@njit(nogil=True, cache=True)
def _to_box(point, boxes, node):
    """Squared distance of a point to the box of a node."""
    total = 0.0
    for k in range(len(point)):
        gap = max(boxes[node, 0, k] - point[k], point[k] - boxes[node, 1, k], 0.0)
        total += gap * gap
    return total


@njit(nogil=True, cache=True)
def _holds_ball(boxes, node, point, radius):
    """Whether all points within `radius` (squared) of a point lie in the region of a node."""
    for k in range(len(point)):
        below, above = point[k] - boxes[node, 2, k], boxes[node, 3, k] - point[k]
        if below * below < radius or above * above < radius:
            return False
    return True


@njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def _scan_leaf(leaf, i, best, tree, label, point, total):
    """Nearest point of another component in a leaf, if it is closer than `best`."""
    cells, core, _, _ = tree
    start, own = leaf * LEAF, label[i]
    x = point[0]
    for j in range(LEAF):
        gap = cells[leaf, 0, j] - x
        total[j] = gap * gap
    for k in range(1, len(point)):
        x = point[k]
        for j in range(LEAF):
            gap = cells[leaf, k, j] - x
            total[j] += gap * gap
    hits = np.int64(0)
    for j in range(LEAF):
        hits |= np.int64(total[j] < best) & np.int64(label[start + j] != own)
    found = -1
    if hits != 0:
        for j in range(LEAF):
            weight = max(total[j], core[i], core[start + j])
            if weight < best and label[start + j] != own:
                best, found = weight, start + j
    return found, best


@njit(nogil=True, cache=True)
def _nearest_outside(i, best, tree, label, node_label, point, work):
    """Nearest point of another component, if it is closer than `best`.

    Returns
    -------
    j : int
        -1 when there is none.
    best : float
        Its squared distance, or the bound.
    """
    cells, _, boxes, _ = tree
    stack, gaps, total = work
    n_inner, own, found = len(cells) - 1, label[i], -1
    node = n_inner + i // LEAF
    if node_label[node] != own:
        found, best = _scan_leaf(i // LEAF, i, best, tree, label, point, total)
    while node > 0 and not _holds_ball(boxes, node, point, best):
        # what has not been seen below the parent is the sibling
        stack[0], top = node - 1 + 2 * (node & 1), 1
        gaps[0] = _to_box(point, boxes, stack[0])
        node = (node - 1) // 2
        while top:
            top -= 1
            below = stack[top]
            if gaps[top] >= best or node_label[below] == own:
                continue
            if below >= n_inner:
                j, best = _scan_leaf(below - n_inner, i, best, tree, label, point, total)
                found = j if j >= 0 else found
                continue
            near, far = 2 * below + 1, 2 * below + 2
            gap_near, gap_far = _to_box(point, boxes, near), _to_box(point, boxes, far)
            if gap_far < gap_near:
                near, far, gap_near, gap_far = far, near, gap_far, gap_near
            stack[top], gaps[top] = far, gap_far
            stack[top + 1], gaps[top + 1] = near, gap_near
            top += 2
    return found, best


@njit(nogil=True, cache=True)
def _label_nodes(label, ids, node_label):
    """Component of each node, -1 where it holds several."""
    n_inner = len(node_label) // 2
    for node in range(len(node_label) - 1, -1, -1):
        if node < n_inner:
            one, other = node_label[2 * node + 1], node_label[2 * node + 2]
            node_label[node] = one if one == other else -1
            continue
        start = (node - n_inner) * LEAF
        node_label[node] = label[start]
        for slot in range(start + 1, start + LEAF):
            if ids[slot] >= 0 and label[slot] != node_label[node]:
                node_label[node] = -1
                break


@njit(nogil=True, cache=True)
def _offer(i, label, near, reach, shortest, source):
    """Let the edge that point i found be the shortest one of the components at both ends."""
    for own in (label[i], label[near[i]]):
        if reach[i] < shortest[own]:
            shortest[own], source[own] = reach[i], i


@njit(nogil=True, cache=True)
def _shortest_exits(tree, label, node_label, near, reach, shortest, source, point, work):
    """Find, for each component, the shortest edge that leaves it.

    `near` and `reach` hold the nearest outside point of each point and its squared distance (or
    -1 and a lower bound) from earlier rounds; `shortest` and `source` (by component) are filled.
    """
    cells, core, _, ids = tree
    for i in range(len(label)):
        shortest[i] = np.inf
    for i in range(len(label)):
        if near[i] >= 0 and label[near[i]] != label[i]:
            _offer(i, label, near, reach, shortest, source)
    for i in range(len(label)):
        own = label[i]
        if ids[i] < 0 or reach[i] >= shortest[own] or core[i] >= shortest[own]:
            continue
        if near[i] >= 0 and label[near[i]] != own:
            continue
        for k in range(len(point)):
            point[k] = cells[i // LEAF, k, i % LEAF]
        near[i], reach[i] = _nearest_outside(i, shortest[own], tree, label, node_label, point, work)
        if near[i] >= 0:
            _offer(i, label, near, reach, shortest, source)


@njit(nogil=True, cache=True)
def _join(ids, label, near, reach, source, parent, size, edges, weights, count):
    """Join every component along its shortest edge; return the number of edges so far."""
    for own in range(len(label)):
        if label[own] != own or ids[own] < 0:
            continue
        i = source[own]
        a, b = find(parent, i), find(parent, near[i])
        # two components may choose the same edge
        if a != b:
            union(parent, size, a, b)
            edges[count, 0], edges[count, 1] = ids[i], ids[near[i]]
            weights[count] = reach[i]
            count += 1
    for i in range(len(label)):
        label[i] = find(parent, np.int32(i))
    return count


def _build(points, core):
    """Build a balanced k-d tree of at most `LEAF` points a leaf, its nodes numbered as in a heap.

    Returns
    -------
    cells : ndarray of float64, shape (n_leaves, d, LEAF)
        Coordinates of the points in their slots; infinite where a slot is free.
    core : ndarray of float64, shape (n_leaves * LEAF,)
    boxes : ndarray of float64, shape (n_nodes, 4, d)
        Smallest and largest coordinates of each node, and the region that no other node of its
        level enters.
    ids : ndarray of int32, shape (n_leaves * LEAF,)
        The point in each slot, or -1.
    """
    n, d = points.shape
    n_leaves = 2 ** max(0, int(np.ceil(np.log2(n / LEAF))))
    columns = np.array(points.T, dtype=np.float64, order="C")
    members, spans = np.arange(n, dtype=np.int32), np.empty((2 * n_leaves - 1, 2), dtype=np.int64)
    boxes = np.empty((2 * n_leaves - 1, 4, d))
    _split(columns, members, spans, boxes)
    starts, stops = spans[n_leaves - 1 :].T
    slots = np.arange(n) + np.repeat(np.arange(n_leaves) * LEAF - starts, stops - starts)
    slot_core, ids = np.full(n_leaves * LEAF, np.inf), np.full(n_leaves * LEAF, -1, dtype=np.int32)
    slot_core[slots], ids[slots] = core[members], members
    cells = np.full((n_leaves, d, LEAF), np.inf)
    leaf, slot = np.divmod(slots, LEAF)
    for k in range(d):
        cells[leaf, k, slot] = columns[k]
    return cells, slot_core, boxes, ids


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
    n, d = points.shape
    tree = _, _, boxes, ids = _build(points, core)
    edges, weights = np.empty((n - 1, 2), dtype=np.int32), np.empty(n - 1)
    parent, size = new_partition(len(ids))
    label, node_label = parent.copy(), np.empty(len(boxes), dtype=np.int32)
    near, reach = np.full(len(ids), -1, dtype=np.int32), np.zeros(len(ids))
    shortest, source = np.empty(len(ids)), np.zeros(len(ids), dtype=np.int32)
    point, work = np.empty(d), (np.empty(128, dtype=np.int64), np.empty(128), np.empty(LEAF))
    count = 0
    while count < n - 1:
        _label_nodes(label, ids, node_label)
        _shortest_exits(tree, label, node_label, near, reach, shortest, source, point, work)
        count = _join(ids, label, near, reach, source, parent, size, edges, weights, count)
    return edges, weights
