"""Compiled loops: single linkage, the sweep of spanning forests, densities, convolution.

Plain arrays in, plain arrays out; every kernel releases the GIL and runs serially over a range.
"""

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

REDUNDANT = -2  # the edge closed a cycle
JOINED = -1  # the edge joined two components for good

_MAGIC = 6755399441055744.0  # 1.5 * 2**52: adding it rounds a double to an integer
_LOG2E = 1.4426950408889634
_LN2_HIGH = 0.693147180369123816490
_LN2_LOW = 1.90821492927058770002e-10


@njit(nogil=True, cache=True)
def _priority(node):
    """A fixed pseudo-random rank per node: keeps the paths of the merge tree short."""
    mixed = np.uint64(node + 1) * np.uint64(0x9E3779B97F4A7C15)
    return mixed ^ (mixed >> np.uint64(29))


@njit(nogil=True, cache=True)
def sweep_forest(start, stop, node_ptr, edge_ptr, u, v, weight, removed):
    """Minimum spanning forests of growing edge sets, for samples ``start..stop``.

    The edges of a sample are inserted in the order given (increasing second grade); the forest
    is minimal for `weight` (the first grade) at every moment. ``removed[e]`` is `REDUNDANT`,
    `JOINED`, or the edge that left the forest when e came in.
    """
    for sample in range(start, stop):
        n_nodes = node_ptr[sample + 1] - node_ptr[sample]
        # merge tree: a node hangs under its parent at the height of the edge `link`
        parent = np.arange(n_nodes, dtype=np.int32)
        height = np.full(n_nodes, np.inf)
        link = np.full(n_nodes, JOINED, dtype=np.int32)
        for edge in range(edge_ptr[sample], edge_ptr[sample + 1]):
            a, b, h, carried = u[edge], v[edge], weight[edge], np.int32(edge)
            fresh = True
            while True:
                while height[a] <= h:
                    a = parent[a]
                while height[b] <= h:
                    b = parent[b]
                if a == b:
                    removed[edge] = REDUNDANT if fresh else carried
                    break
                if _priority(a) < _priority(b):
                    a, b = b, a
                # b hangs under a from now on; its former link is carried further up
                up, up_height, up_link = parent[b], height[b], link[b]
                parent[b], height[b], link[b] = a, h, carried
                if up_link == JOINED:
                    removed[edge] = JOINED
                    break
                b, h, carried = up, up_height, up_link
                fresh = False


@njit(nogil=True, cache=True)
def _squared_distances(coordinates, j, count, out):
    """Squared distances of point j to points ``0..count``; coordinates is (d, n)."""
    for i in range(count):
        out[i] = 0.0
    for c in range(coordinates.shape[0]):
        row = coordinates[c]
        x = row[j]
        for i in range(count):
            difference = row[i] - x
            out[i] += difference * difference


@njit(nogil=True, cache=True)
def _slink_insert(k, pointer, height, distance, old, new):
    """One SLINK step (Sibson 1973): insert point k, `distance` to the earlier points.

    Writes the heights that change into `old` and `new` (net of direct hand-overs) and returns
    how many there are.
    """
    count = 0
    # without branches: which of two distances is larger can't be foreseen
    for i in range(k):
        p, d, h = pointer[i], distance[i], height[i]
        closer = h >= d
        old[count], new[count] = h, d
        count += h > d
        later = h if closer else d
        height[i] = d if closer else h
        pointer[i] = k if closer else p
        reach = distance[p]
        distance[p] = later if later < reach else reach
    for i in range(k):
        p = pointer[i]
        pointer[i] = k if height[i] >= height[p] else p
    return count


@njit(nogil=True, cache=True)
def slink_atoms(coordinates, matrix, limit):
    """H0 signed measure of Rips x rank by incremental single linkage.

    Parameters
    ----------
    coordinates : ndarray of shape (d, n)
        Points in the order in which they enter; of shape (0, n) when `matrix` is used.
    matrix : ndarray of shape (n, n) or (0, 0)
        Distances in the order in which the points enter.
    limit : float
        Heights above it are left out.

    Returns
    -------
    radius, row, weight : ndarrays of equal length
        Atoms at (radius, row-th value); those of the points themselves, (0, row), included.
    """
    squared = matrix.shape[0] == 0
    n = coordinates.shape[1] if squared else matrix.shape[0]
    pointer = np.arange(n, dtype=np.int32)
    height = np.full(n, np.inf)
    distance = np.full(n + 1, np.inf)
    old = np.empty(n + 1)
    new = np.empty(n + 1)
    capacity = 8 * n + 16
    radius = np.empty(capacity)
    row = np.empty(capacity, dtype=np.int32)
    weight = np.empty(capacity, dtype=np.int32)
    size = 0
    for k in range(n):
        if squared:
            _squared_distances(coordinates, k, k, distance)
        else:
            for i in range(k):
                distance[i] = matrix[k, i]
        distance[k] = np.inf
        count = _slink_insert(k, pointer, height, distance, old, new)
        if size + 2 * count + 1 > capacity:
            capacity = 2 * capacity + 2 * count
            radius = _grown(radius, capacity)
            row = _grown(row, capacity)
            weight = _grown(weight, capacity)
        radius[size], row[size], weight[size] = 0.0, k, 1
        size += 1
        for i in range(count):
            # only the order of distances matters above, so that their squares do there
            before, after = old[i], new[i]
            if squared:
                before, after = np.sqrt(before), np.sqrt(after)
            if after <= limit:
                radius[size], row[size], weight[size] = after, k, -1
                size += 1
            if before <= limit and before < np.inf:
                radius[size], row[size], weight[size] = before, k, 1
                size += 1
    return radius[:size], row[:size], weight[:size]


@njit(nogil=True, cache=True)
def _grown(array, capacity):
    grown = np.empty(capacity, dtype=array.dtype)
    for i in range(len(array)):  # a slice would compile ten times as long
        grown[i] = array[i]
    return grown


@intrinsic
def _same_bits(typing_context, number):
    """The float64 of an int64's bits, or the other way; scalars' ``view`` compiles much longer."""
    other = types.int64 if number == types.float64 else types.float64

    def generate(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(other))

    return other(number), generate


@njit(nogil=True, cache=True)
def _exp_negative(x):
    """exp(x) for x <= 0 to 1 ulp or so, in arithmetic that the compiler can vectorise."""
    x = max(x, -707.0)
    shifted = x * _LOG2E + _MAGIC
    k = shifted - _MAGIC
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    p = 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return p * _same_bits((_same_bits(shifted) + np.int64(1023)) << np.int64(52))


@njit(nogil=True, cache=True)
def kernel_sums(coordinates, scale):
    """``sum_j exp(-scale |x_i - x_j|^2)`` for every point (the term j = i included)."""
    n = coordinates.shape[1]
    sums = np.ones(n)
    term = np.empty(n)
    for k in range(n):
        _squared_distances(coordinates, k, k, term)
        for i in range(k):
            term[i] = _exp_negative(-scale * term[i])
        total = 0.0
        for i in range(k):
            sums[i] += term[i]
            total += term[i]
        sums[k] += total
    return sums


@njit(nogil=True, cache=True)
def largest_distances(coordinates):
    """Distance of every point to the point farthest from it."""
    n = coordinates.shape[1]
    largest = np.zeros(n)
    squared = np.empty(n)
    for k in range(n):
        _squared_distances(coordinates, k, n, squared)
        for i in range(n):
            largest[k] = max(largest[k], squared[i])
    return np.sqrt(largest)


@njit(nogil=True, cache=True)
def nearest_distances(coordinates, count):
    """Sorted distances of every point to its `count` nearest points, itself included."""
    n = coordinates.shape[1]
    nearest = np.full((n, count), np.inf)
    squared = np.empty(n)
    for k in range(n):
        _squared_distances(coordinates, k, n, squared)
        kept = nearest[k]
        for i in range(n):
            if squared[i] < kept[count - 1]:
                j = count - 1
                while j > 0 and kept[j - 1] > squared[i]:
                    kept[j] = kept[j - 1]
                    j -= 1
                kept[j] = squared[i]
        for j in range(count):
            kept[j] = np.sqrt(kept[j])
    return nearest


@njit(nogil=True, cache=True)
def mutual_reachability_tree(coordinates, matrix, core):
    """Weights of a spanning tree for max(distance, core of either end), by Prim's algorithm."""
    n = len(core)
    weights = np.empty(n - 1)
    best = np.full(n, np.inf)
    done = np.zeros(n, dtype=np.bool_)
    distance = np.empty(n)
    current = 0
    for step in range(n - 1):
        done[current] = True
        if matrix.shape[0] == 0:
            _squared_distances(coordinates, current, n, distance)
            for i in range(n):
                distance[i] = np.sqrt(distance[i])
        else:
            for i in range(n):
                distance[i] = matrix[current, i]
        following = -1
        for i in range(n):
            if not done[i]:
                reach = max(distance[i], max(core[i], core[current]))
                best[i] = min(best[i], reach)
                if following < 0 or best[i] < best[following]:
                    following = i
        weights[step] = best[following]
        current = following
    return weights


@njit(nogil=True, cache=True)
def farthest_points(coordinates, first, count):
    """Indices of `count` landmarks, each farthest from those before it."""
    n = coordinates.shape[1]
    nearest = np.full(n, np.inf)
    squared = np.empty(n)
    chosen = np.empty(count, dtype=np.int64)
    current = first
    for k in range(count):
        chosen[k] = current
        _squared_distances(coordinates, current, n, squared)
        best = 0
        for i in range(n):
            nearest[i] = min(nearest[i], squared[i])
            if nearest[i] > nearest[best]:
                best = i
        current = best
    return chosen


@njit(nogil=True, cache=True)
def _outer_add(rows, columns, out):
    """Add sum_k rows[k] x columns[k] to out; a hat's tails are zero rows and are skipped."""
    for k in range(rows.shape[0]):
        for i in range(out.shape[0]):
            factor = rows[k, i]
            if factor != 0.0:
                for j in range(out.shape[1]):
                    out[i, j] += factor * columns[k, j]


@njit(nogil=True, cache=True)
def convolve_pairs(start, stop, ptr, rows, columns, images):
    """Add to images[i] the sum over the atoms of sample i of rows[atom] x columns[atom]."""
    for sample in range(start, stop):
        begin, end = ptr[sample], ptr[sample + 1]
        _outer_add(rows[begin:end], columns[begin:end], images[sample])


@njit(nogil=True, cache=True)
def gaussian_table(positions, grid, bandwidth, factor, out):
    """out[k, i] = factor[k] exp(-((grid[i] - positions[k]) / bandwidth)^2 / 2)."""
    scale = np.sqrt(0.5) / bandwidth
    for k in range(len(positions)):
        row = out[k]
        position = positions[k]
        for i in range(len(grid)):
            z = (grid[i] - position) * scale
            row[i] = _exp_negative(-z * z)
        for i in range(len(grid)):
            row[i] *= factor[k]


@njit(nogil=True, cache=True)
def _merge_step(position, level, i, j, projection_a, mass_a, projection_b, mass_b):
    """Go to the next atom of a or b, without a branch: which comes first can't be foreseen.

    Returns the area under ``|F|`` on the way and the new position, level, i and j.
    """
    x, y, gain, loss = projection_a[i], projection_b[j], mass_a[i], mass_b[j]
    first = x <= y
    t = min(x, y)
    area = abs(level) * (t - position)
    level += gain if first else -loss
    return area, t, level, i + np.int64(first), j + np.int64(not first)


@njit(nogil=True, cache=True)
def _absolute_areas(i, j, n_steps, projection_a, mass_a, projection_b, mass_b):
    """``int |F(t)| dt`` in four directions, F the cumulated mass of a - b; masses are balanced.

    The rows of the arrays are directions, sorted from i (j) on, with infinity after the last atom.
    Four directions go side by side, because every step waits for the one before it.
    """
    a0, a1, a2, a3 = projection_a[0], projection_a[1], projection_a[2], projection_a[3]
    b0, b1, b2, b3 = projection_b[0], projection_b[1], projection_b[2], projection_b[3]
    u0, u1, u2, u3 = mass_a[0], mass_a[1], mass_a[2], mass_a[3]
    v0, v1, v2, v3 = mass_b[0], mass_b[1], mass_b[2], mass_b[3]
    i0 = i1 = i2 = i3 = i
    j0 = j1 = j2 = j3 = j
    t0 = t1 = t2 = t3 = h0 = h1 = h2 = h3 = 0.0
    total = 0.0
    for _ in range(n_steps):
        s0, t0, h0, i0, j0 = _merge_step(t0, h0, i0, j0, a0, u0, b0, v0)
        s1, t1, h1, i1, j1 = _merge_step(t1, h1, i1, j1, a1, u1, b1, v1)
        s2, t2, h2, i2, j2 = _merge_step(t2, h2, i2, j2, a2, u2, b2, v2)
        s3, t3, h3, i3, j3 = _merge_step(t3, h3, i3, j3, a3, u3, b3, v3)
        total += (s0 + s1) + (s2 + s3)
    return total


@njit(nogil=True, cache=True)
def sliced_distances(start, stop, ptr_a, proj_a, mass_a, ptr_b, proj_b, mass_b, symmetric, out):
    """Rows ``start..stop`` of the matrix of summed ``int |F(t)| dt``.

    ``proj`` and ``mass`` are (n_groups, 4, n_atoms), four directions a group, sorted by projection
    within a sample; every sample ends with an atom at infinity.
    """
    for group in range(len(proj_a)):
        p, u, q, v = proj_a[group], mass_a[group], proj_b[group], mass_b[group]
        for i in range(start, stop):
            n_atoms = ptr_a[i + 1] - ptr_a[i] - 2
            for j in range(i + 1 if symmetric else 0, len(ptr_b) - 1):
                n_steps = n_atoms + ptr_b[j + 1] - ptr_b[j]
                out[i, j] += _absolute_areas(ptr_a[i], ptr_b[j], n_steps, p, u, q, v)


@njit(nogil=True, cache=True)
def count_triangles(rank, last, never, counts):
    """Count the triangles with largest vertex `last` by the rank of their longest edge."""
    for j in range(1, last):
        if rank[last, j] != never:
            for i in range(j):
                longest = max(rank[last, j], max(rank[last, i], rank[j, i]))
                counts[longest] += 1
