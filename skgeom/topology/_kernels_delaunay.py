"""Compiled loops: Delaunay triangulations of the plane, point by point, with exact predicates.

A triangle beyond the hull has the vertex `OUTSIDE`; neighbour i of a triangle is across from its
vertex i; vertices go round counterclockwise. Zeros and ones that are handed on are np.int64: as
literals they are types of their own, and functions would compile once more for each.
"""

import numpy as np
from numba import njit

OUTSIDE = -1
_EPS = 2.0**-53
_SPLIT = 134217729.0  # 2**27 + 1
_ORIENT_BOUND = (3.0 + 16.0 * _EPS) * _EPS
_CIRCLE_BOUND = (10.0 + 96.0 * _EPS) * _EPS


@njit(nogil=True, cache=True)
def _two_product(a, b):
    """a * b as a rounded product and its error (Dekker)."""
    x = a * b
    c = _SPLIT * a
    a_high = c - (c - a)
    c = _SPLIT * b
    b_high = c - (c - b)
    a_low, b_low = a - a_high, b - b_high
    return x, a_low * b_low - (((x - a_high * b_high) - a_low * b_high) - a_high * b_low)


@njit(nogil=True, cache=True)
def _grow(expansion, size, value):
    """Add a number to an expansion (Shewchuk 1997), without its zeros; returns the new size."""
    kept = 0
    carried = value
    for i in range(size):
        total = carried + expansion[i]
        part = total - carried
        error = (carried - (total - part)) + (expansion[i] - part)
        carried = total
        if error != 0.0:
            expansion[kept] = error
            kept += 1
    if carried != 0.0:
        expansion[kept] = carried
        kept += 1
    return kept


@njit(nogil=True, cache=True)
def _add_product(target, size, a, n_a, b, n_b, sign):
    """Add ``sign * a * b`` of two expansions to a third one."""
    for i in range(n_a):
        for j in range(n_b):
            x, error = _two_product(a[i], sign * b[j])
            if error != 0.0:
                size = _grow(target, size, error)
            size = _grow(target, size, x)
    return size


@njit(nogil=True, cache=True)
def _exact_orientation(ax, ay, bx, by, cx, cy):
    one, two, det = np.empty(2), np.empty(2), np.empty(16)
    size = np.int64(0)
    for turn in range(2):
        a, b, sign = (ax, by, 1.0) if turn == 0 else (ay, bx, -1.0)
        c, d = (cx, cy) if turn == 0 else (cy, cx)
        n = _grow(one, _grow(one, np.int64(0), a), -c)
        m = _grow(two, _grow(two, np.int64(0), b), -d)
        size = _add_product(det, size, one, n, two, m, sign)
    return det[size - 1] if size else 0.0


@njit(nogil=True, cache=True)
def _orientation(xy, a, b, c):
    """Positive when a, b, c turn left; exact in sign."""
    ax, ay, bx, by, cx, cy = xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1], xy[c, 0], xy[c, 1]
    left, right = (ax - cx) * (by - cy), (ay - cy) * (bx - cx)
    det = left - right
    if abs(det) >= _ORIENT_BOUND * (abs(left) + abs(right)) and det != 0.0:
        return det
    return _exact_orientation(ax, ay, bx, by, cx, cy)


@njit(nogil=True, cache=True)
def _exact_circle(xy, a, b, c, d):
    difference = np.empty((3, 2, 2))
    sizes = np.empty((3, 2), dtype=np.int64)
    for axis in range(2):
        for row in range(3):
            vertex = a if row == 0 else (b if row == 1 else c)
            size = _grow(difference[row, axis], np.int64(0), xy[vertex, axis])
            sizes[row, axis] = _grow(difference[row, axis], size, -xy[d, axis])
    lift, cross, det = np.empty(32), np.empty(32), np.empty(4096)
    size = np.int64(0)
    for row in range(3):
        p, q = (row + 1) % 3, (row + 2) % 3
        n_lift = n_cross = np.int64(0)
        for axis in range(2):
            own, n_own = difference[row, axis], sizes[row, axis]
            n_lift = _add_product(lift, n_lift, own, n_own, own, n_own, 1.0)
            n_cross = _add_product(
                cross,
                n_cross,
                difference[p, axis],
                sizes[p, axis],
                difference[q, 1 - axis],
                sizes[q, 1 - axis],
                1.0 - 2.0 * axis,
            )
        size = _add_product(det, size, lift, n_lift, cross, n_cross, 1.0)
    return det[size - 1] if size else 0.0


@njit(nogil=True, cache=True)
def _in_circle(xy, a, b, c, d):
    """Positive when d is inside the circle through a, b, c (counterclockwise); exact in sign."""
    adx, ady = xy[a, 0] - xy[d, 0], xy[a, 1] - xy[d, 1]
    bdx, bdy = xy[b, 0] - xy[d, 0], xy[b, 1] - xy[d, 1]
    cdx, cdy = xy[c, 0] - xy[d, 0], xy[c, 1] - xy[d, 1]
    lift_a, lift_b, lift_c = adx * adx + ady * ady, bdx * bdx + bdy * bdy, cdx * cdx + cdy * cdy
    bc, cb, ca, ac, ab, ba = bdx * cdy, cdx * bdy, cdx * ady, adx * cdy, adx * bdy, bdx * ady
    det = lift_a * (bc - cb) + lift_b * (ca - ac) + lift_c * (ab - ba)
    bound = (
        (abs(bc) + abs(cb)) * lift_a + (abs(ca) + abs(ac)) * lift_b + (abs(ab) + abs(ba)) * lift_c
    )
    if abs(det) > _CIRCLE_BOUND * bound:
        return det
    return _exact_circle(xy, a, b, c, d)


@njit(nogil=True, cache=True)
def _conflict(xy, triangle, p):
    """Whether p destroys a triangle: p is strictly inside its circle.

    The circle of a triangle on the outside is the open half plane beyond its edge, with the open
    edge itself.
    """
    for i in range(3):
        if triangle[i] == OUTSIDE:
            u, v = triangle[(i + 1) % 3], triangle[(i + 2) % 3]
            side = _orientation(xy, u, v, p)
            if side != 0.0:
                return side > 0.0
            axis = 0 if xy[u, 0] != xy[v, 0] else 1
            low, high = min(xy[u, axis], xy[v, axis]), max(xy[u, axis], xy[v, axis])
            return low < xy[p, axis] < high
    return _in_circle(xy, triangle[0], triangle[1], triangle[2], p) > 0.0


@njit(nogil=True, cache=True)
def _locate(xy, triangles, neighbours, some, p):
    """A triangle in conflict with p, by a walk from a triangle at the nearest of a few vertices."""
    nearest, best = 0, np.inf
    n_tries = 1 + int(p ** (1.0 / 3.0))
    state = np.uint64(p) * np.uint64(0x9E3779B97F4A7C15)
    for _ in range(n_tries):
        state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        vertex = np.int64((state >> np.uint64(33)) % np.uint64(p))
        dx, dy = xy[vertex, 0] - xy[p, 0], xy[vertex, 1] - xy[p, 1]
        if dx * dx + dy * dy < best:
            nearest, best = vertex, dx * dx + dy * dy
    at = some[nearest]
    while True:
        triangle = triangles[at]
        following = -1
        for i in range(3):
            if triangle[i] == OUTSIDE:
                if _conflict(xy, triangle, p):
                    return at
                following = neighbours[at, i]  # back inside
                break
        if following < 0:
            for i in range(3):
                if _orientation(xy, triangle[(i + 1) % 3], triangle[(i + 2) % 3], p) < 0.0:
                    following = neighbours[at, i]
                    break
        if following < 0:
            return at
        at = following


@njit(nogil=True, cache=True)
def _cavity(xy, triangles, neighbours, start, p, mark, cavity):
    """All triangles in conflict with p, found across shared edges; returns how many."""
    cavity[0] = start
    mark[start] = p
    size, done = 1, 0
    while done < size:
        for i in range(3):
            other = neighbours[cavity[done], i]
            if mark[other] != p and _conflict(xy, triangles[other], p):
                mark[other] = p
                cavity[size] = other
                size += 1
        done += 1
    return size


@njit(nogil=True, cache=True)
def _fill(triangles, neighbours, some, p, mark, cavity, size, n_triangles, around, rim):
    """Replace the cavity by triangles with p; returns the number of triangles on the list.

    ``around[v]`` is the new triangle whose edge on the rim starts at v (last entry: `OUTSIDE`).
    """
    count = 0
    for k in range(size):
        old = cavity[k]
        for i in range(3):
            if mark[neighbours[old, i]] != p:
                rim[count, 0], rim[count, 1] = (
                    triangles[old, (i + 1) % 3],
                    triangles[old, (i + 2) % 3],
                )
                rim[count, 2] = neighbours[old, i]
                count += 1
    for k in range(count):
        new = cavity[k] if k < size else n_triangles + k - size
        u, v, other = rim[k, 0], rim[k, 1], rim[k, 2]
        triangles[new, 0], triangles[new, 1], triangles[new, 2] = p, u, v
        neighbours[new, 0] = other
        for j in range(3):
            # the neighbour across the rim has the same edge, seen from the other side
            if triangles[other, (j + 1) % 3] == v and triangles[other, (j + 2) % 3] == u:
                neighbours[other, j] = new
        mark[new] = -1
        around[u] = new
        some[u] = new
        some[p] = new
    for k in range(count):
        new, following = around[rim[k, 0]], around[rim[k, 1]]
        neighbours[new, 1] = following
        neighbours[following, 2] = new
    return n_triangles + count - size


@njit(nogil=True, cache=True)
def _emit(triangles, neighbours, mark, cavity, size, p, seen, edges, pairs, solids, counts):
    """The cone from p over all faces of the cavity: edges, triangles and tetrahedra."""
    n_edges, n_pairs, n_solids = counts[0], counts[1], counts[2]
    for k in range(size):
        t = triangles[cavity[k]]
        for i in range(3):
            u, v = t[i], t[(i + 1) % 3]
            if u != OUTSIDE and seen[u] != p:
                seen[u] = p
                edges[n_edges, 0], edges[n_edges, 1] = u, p
                n_edges += 1
            # an edge inside the cavity is met from both sides: one of them counts
            alone = mark[neighbours[cavity[k], (i + 2) % 3]] != p
            if u != OUTSIDE and v != OUTSIDE and (u < v or alone):
                pairs[n_pairs, 0], pairs[n_pairs, 1] = min(u, v), max(u, v)
                pairs[n_pairs, 2] = p
                n_pairs += 1
        if t[0] != OUTSIDE and t[1] != OUTSIDE and t[2] != OUTSIDE:
            low, high = min(t[0], t[1], t[2]), max(t[0], t[1], t[2])
            solids[n_solids, 0], solids[n_solids, 1] = low, t[0] + t[1] + t[2] - low - high
            solids[n_solids, 2], solids[n_solids, 3] = high, p
            n_solids += 1
    counts[0], counts[1], counts[2] = n_edges, n_pairs, n_solids


@njit(nogil=True, cache=True)
def count_collinear(xy):
    """How many of the first points lie on one line."""
    for p in range(2, len(xy)):
        if _orientation(xy, np.int64(0), np.int64(1), p) != 0.0:
            return p
    return len(xy)


@njit(nogil=True, cache=True)
def largest_ball(xy, cells, radii):
    """Radius of the smallest ball around the vertices of every cell (two to four vertices)."""
    for row in range(len(cells)):
        size = cells.shape[1]
        largest = 0.0
        for i in range(size if size > 3 else 1):
            if size == 2:
                a, b, c = cells[row, 0], cells[row, 0], cells[row, 1]
            else:
                # in the plane three of the points carry the ball: the triangle without point i
                a, b, c = cells[row, size - 3], cells[row, size - 2], cells[row, size - 1]
                if size > 3 and i > 0:
                    a = cells[row, 0]
                    b = cells[row, 2 if i == 1 else 1]
                    c = cells[row, 2 if i == 3 else 3]
            largest = max(largest, _ball(xy, a, b, c))
        radii[row] = largest


@njit(nogil=True, cache=True)
def _ball(xy, a, b, c):
    """Radius of the smallest ball around three points, by half the longest side or the circle."""
    abx, aby = xy[b, 0] - xy[a, 0], xy[b, 1] - xy[a, 1]
    acx, acy = xy[c, 0] - xy[a, 0], xy[c, 1] - xy[a, 1]
    bcx, bcy = xy[c, 0] - xy[b, 0], xy[c, 1] - xy[b, 1]
    ab, ac, bc = abx * abx + aby * aby, acx * acx + acy * acy, bcx * bcx + bcy * bcy
    longest = max(ab, max(ac, bc))
    area = abs(abx * acy - aby * acx)
    if 2.0 * longest >= ab + ac + bc or area == 0.0:
        return np.sqrt(longest) / 2.0
    circle = np.sqrt(ab) * np.sqrt(ac) * np.sqrt(bc) / (2.0 * area)
    return max(circle, np.sqrt(longest) / 2.0)


@njit(nogil=True, cache=True)
def _first_fan(xy, line, p, triangles, neighbours, some):
    """Triangles from p to the points of a line, in their order, and those outside."""
    m = len(line) - 1
    last = np.empty(m + 1, dtype=np.int64)
    left = _orientation(xy, line[0], line[1], p) > 0.0
    for i in range(m + 1):
        last[i] = line[i] if left else line[m - i]
    # rim, counterclockwise: last[0] ... last[m], p
    for i in range(m):
        triangles[i, 0], triangles[i, 1], triangles[i, 2] = p, last[i], last[i + 1]
        neighbours[i, 1] = i + 1 if i + 1 < m else m + m
        neighbours[i, 2] = i - 1 if i > 0 else m + m + 1
        neighbours[i, 0] = m + i
        some[last[i]] = i
        o = m + i
        triangles[o, 0], triangles[o, 1], triangles[o, 2] = OUTSIDE, last[i + 1], last[i]
        neighbours[o, 0] = i
        neighbours[o, 1] = m + i - 1 if i > 0 else m + m + 1
        neighbours[o, 2] = m + i + 1 if i + 1 < m else m + m
    up, down = m + m, m + m + 1
    triangles[up, 0], triangles[up, 1], triangles[up, 2] = OUTSIDE, p, last[m]
    neighbours[up, 0], neighbours[up, 1], neighbours[up, 2] = m - 1, m + m - 1, down
    triangles[down, 0], triangles[down, 1], triangles[down, 2] = OUTSIDE, last[0], p
    neighbours[down, 0], neighbours[down, 1], neighbours[down, 2] = 0, up, m
    some[last[m]] = m - 1
    some[p] = 0
    return m + m + 2


@njit(nogil=True, cache=True)
def grow_delaunay(xy, line, edges, pairs, solids):
    """Insert points in order; list the cone over the faces that every insertion destroys.

    Parameters
    ----------
    xy : ndarray of shape (n_points, 2)
        Distinct. The first ``len(line)`` lie on a line, the next one does not.
    line : ndarray of int64
        Numbers of the first points in their order along the line.
    edges, pairs, solids : ndarrays of int32, shapes (capacity, 2), (capacity, 3), (capacity, 4)
        Filled with the edges, triangles and tetrahedra whose last vertex is not among `line`.

    Returns
    -------
    counts : ndarray of int64, shape (4,)
        Numbers of edges, triangles and tetrahedra, and the number of the first point that was
        not inserted because the lists are full (`n_points` if there is none).
    """
    n = len(xy)
    capacity = 2 * n + 64
    triangles = np.empty((capacity, 3), dtype=np.int64)
    neighbours = np.empty((capacity, 3), dtype=np.int64)
    mark = np.full(capacity, -1, dtype=np.int64)
    cavity = np.empty(capacity, dtype=np.int64)
    rim = np.empty((capacity, 3), dtype=np.int64)
    some = np.zeros(n + 1, dtype=np.int64)
    seen = np.full(n, -1, dtype=np.int64)
    around = np.zeros(n + 1, dtype=np.int64)  # OUTSIDE is the last entry
    counts = np.zeros(4, dtype=np.int64)
    p = len(line)
    n_triangles = _first_fan(xy, line, p, triangles, neighbours, some)
    for i in range(len(line)):
        edges[counts[0], 0], edges[counts[0], 1] = line[i], p
        counts[0] += 1
        if i:
            low, high = min(line[i - 1], line[i]), max(line[i - 1], line[i])
            pairs[counts[1], 0], pairs[counts[1], 1], pairs[counts[1], 2] = low, high, p
            counts[1] += 1
    for p in range(len(line) + 1, n):
        start = _locate(xy, triangles, neighbours, some, p)
        size = _cavity(xy, triangles, neighbours, start, p, mark, cavity)
        if max(counts[0], counts[1], counts[2]) + 3 * size + 3 > len(pairs):
            counts[3] = p
            return counts
        _emit(triangles, neighbours, mark, cavity, size, p, seen, edges, pairs, solids, counts)
        n_triangles = _fill(
            triangles, neighbours, some, p, mark, cavity, size, n_triangles, around, rim
        )
    counts[3] = n
    return counts
