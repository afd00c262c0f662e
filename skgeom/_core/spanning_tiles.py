"""Exact Euclidean spanning trees of large clouds in high dimension, by tiles of the Gram matrix.

A spanning tree T0 that need not be minimal (exact trees of small groups of nearby points and of a
random sample) bounds the largest edge on the best path between any two points. Laid out in the
order of the leaves of its merge tree, that bound is a running maximum, so a whole tile of the
Gram matrix is compared with it at the speed of memory. A pair of points whose distance is not
below the bound cannot improve the tree; the few others are measured in double precision and
exchanged into the tree by Kruskal's algorithm. Every pair is looked at once: the work is one
symmetric matrix product, the memory a few tiles.
"""

import numpy as np
from numba import njit

from skgeom._core.disjoint_set import find, new_partition, union
from skgeom._core.parallel import parallel_map, single_blas_thread
from skgeom._core.spanning_forest import forest_labels, kruskal
from skgeom._core.spanning_prim import (
    BLOCK,
    EPS32,
    SAFE_MATH,
    filter_copy,
    gram_tree,
    read_only,
    squared_distance,
)

N_PARTITIONS = 2


@njit(nogil=True, cache=True)
def _lay_out(edges, weights, parent, size, first, last, following, gap, order, gaps):
    """Fill `order` and `gaps` of `_leaf_order`; the other arrays are working memory."""
    root = first[0]
    for t in range(len(edges)):
        a, b = find(parent, edges[t, 0]), find(parent, edges[t, 1])
        if size[a] < size[b]:
            a, b = b, a
        following[last[a]] = first[b]
        gap[first[b]] = weights[t]
        last_b = last[b]
        root = union(parent, size, a, b)
        last[root] = last_b
    leaf = first[root]
    for position in range(len(order)):
        order[position] = leaf
        gaps[position] = gap[leaf]
        leaf = following[leaf]


def _leaf_order(edges, weights, n):
    """Leaves of the merge tree from left to right, and the heights between neighbours.

    Of two leaves, the height at which they merge is the largest height between them.

    Returns
    -------
    order : ndarray of int32, shape (n,)
    gaps : ndarray of float64, shape (n,)
        ``gaps[t]`` is the height between positions t - 1 and t; ``gaps[0]`` is infinite.
    """
    numbers = np.arange(n, dtype=np.int32)
    following, gap = np.full(n, -1, dtype=np.int32), np.full(n, np.inf)
    order, gaps = np.empty(n, dtype=np.int32), np.empty(n)
    parent, size = new_partition(n)
    _lay_out(edges, weights, parent, size, numbers, numbers.copy(), following, gap, order, gaps)
    return order, gaps


def _neighbour_heights(order, edges, weights):
    """Heights at which successive elements of `order` merge in another tree."""
    n = len(order)
    leaves, gaps = _leaf_order(edges, weights, n)
    position = np.empty(n, dtype=np.int64)
    position[leaves] = np.arange(n)
    places = position[order]
    low = np.minimum(places[:-1], places[1:]) + 1
    high = np.maximum(places[:-1], places[1:])
    level = np.frexp(high - low + 1)[1] - 1
    heights = np.full(n, np.inf)
    maxima = gaps
    for k in range(int(level.max()) + 1):
        if k:
            maxima = np.maximum(maxima[: -(2 ** (k - 1))], maxima[2 ** (k - 1) :])
        here = level == k
        heights[1:][here] = np.maximum(maxima[low[here]], maxima[high[here] - 2**k + 1])
    return heights


@njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def _row_undercuts(row, norms, limits, norm, limit):
    """Whether any lower bound of a squared distance in a row is below its limit."""
    two, hits = np.float32(2.0), np.int32(0)
    for j in range(len(norms)):
        hits |= np.int32(norm + norms[j] - two * row[j] < max(limit, limits[j]))
    return hits != 0


@njit(nogil=True, cache=True)
def _single(limit, scale):
    """A limit in the scale of the filter, rounded up; nothing is below a limit of 0."""
    if limit == 0.0:
        return np.float32(-np.inf)
    return np.float32(limit * scale + 1e-44)


@njit(nogil=True, cache=True)
def _scan_tile(
    gram, norms, heights, order, points, core, unit, tile, between, limits, limits32, edges, weights
):
    """Collect the pairs of a tile that are closer than the best path between them is wide.

    Parameters
    ----------
    gram : ndarray of float32, shape (n_rows, n_columns)
        Inner products of two ranges of the layout.
    norms : ndarray of float32, shape (n,)
        Lowered squared norms, in the layout.
    heights : ndarray of float64, shape (n,)
        Squared heights between neighbours of the layout.
    order : ndarray of int32, shape (n,)
        Points in the layout.
    points, core, unit
        As for the Prim kernels.
    tile : tuple of int
        First row and first column in the layout; equal for a tile on the diagonal.
    between : float
        Largest height from the last row to the first column.
    limits, limits32 : ndarray of float64 and float32, shape (n_columns,)
        Zeros and -inf; overwritten.
    edges, weights : ndarray of int32, shape (capacity, 2), and float64, shape (capacity,)
        Output.

    Returns
    -------
    count : int
        Number of pairs found, or -1 when there are more than fit.
    """
    n_rows, n_columns = gram.shape
    row0, column0 = tile
    diagonal = row0 == column0
    scale = unit * (1.0 + 2.0 * EPS32)
    if not diagonal:
        highest = between
        for j in range(n_columns):
            if j > 0:
                highest = max(highest, heights[column0 + j])
            limits[j], limits32[j] = highest, _single(highest, scale)
    count, row_limit = 0, 0.0
    for i in range(n_rows - 1, -1, -1):
        first = 0
        if diagonal:
            first = i + 1
            for j in range(first, n_columns):
                limits[j] = max(limits[j], heights[row0 + first])
                limits32[j] = _single(limits[j], scale)
        u, norm, row = order[row0 + i], norms[row0 + i], gram[i]
        row_limit32 = _single(row_limit, scale)
        for start in range(first, n_columns, BLOCK):
            stop = min(start + BLOCK, n_columns)
            block_norms = norms[column0 + start : column0 + stop]
            if not _row_undercuts(
                row[start:stop], block_norms, limits32[start:stop], norm, row_limit32
            ):
                continue
            for j in range(start, stop):
                low = norm + norms[column0 + j] - np.float32(2.0) * row[j]
                if not low < max(row_limit32, limits32[j]):
                    continue
                v, limit = order[column0 + j], max(row_limit, limits[j])
                if max(core[u], core[v]) >= limit:
                    continue
                weight = max(squared_distance(points, u, v), core[u], core[v])
                if weight < limit:
                    if count == len(weights):
                        return -1
                    edges[count, 0], edges[count, 1] = u, v
                    weights[count] = weight
                    count += 1
        if not diagonal:
            row_limit = max(row_limit, heights[row0 + i])
    return count


def tiled_tree(points, core, *, known=None, n_jobs=None, tile=1024, leaf=512, sample=1000):
    """Edges and squared weights of the exact tree; see `euclidean_tree` for the parameters.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    core : ndarray of float64, shape (n,)
        Squared core distances.
    known : tuple of (edges, weights), default=None
        A spanning forest with squared weights, taken as given: only pairs that lie in two of its
        components are looked at. The tree is then the lightest one of these pairs, the forest and
        the first tree.
    n_jobs : int, default=None
        Threads over tiles. The result does not depend on it.
    tile : int, default=1024
        Side of a tile.
    leaf, sample : int
        Sizes of the groups of nearby points, and of the random sample, of the first tree.

    Returns
    -------
    edges : ndarray of int32, shape (n - 1, 2)
    weights : ndarray of float64, shape (n - 1,)
    """
    copy, unit = filter_copy(points, transpose=False)
    with single_blas_thread():
        edges, weights = _first_tree(copy, points, core, leaf, sample, n_jobs)
        group = np.arange(len(points), dtype=np.int32)
        if known is not None:
            group, _ = forest_labels(known[0], len(points))
            edges, weights = np.concatenate([known[0], edges]), np.concatenate([known[1], weights])
            edges, weights = kruskal(edges, weights, len(points))
        layout = _Layout(copy, points, core, unit, edges, weights, group, tile)
        del copy
        start = 0
        while start < layout.n_blocks:  # more and more diagonals at a time, as the tree improves
            stop = min(start + max(1, start // 2), layout.n_blocks)
            tiles = [
                (row, row + offset)
                for offset in range(start, stop)
                for row in range(layout.n_blocks - offset)
            ]
            found = parallel_map(lambda tile: layout.scan(*tile), tiles, n_jobs=n_jobs)
            layout.collect(found, last=stop == layout.n_blocks)
            start = stop
    return layout.edges, layout.weights


def _first_tree(copy, points, core, leaf, sample, n_jobs):
    """A light spanning tree: exact in random groups of nearby points and in a random sample."""
    n, rng = len(points), np.random.default_rng(0)
    groups = [np.sort(rng.choice(n, min(n, sample), replace=False))]
    chains = []
    for _ in range(N_PARTITIONS):
        leaves = _partition(copy, leaf, rng)
        groups += leaves
        # the sample holds a member of nearly every leaf; where it does not, a chain connects them
        heads = np.array([members[0] for members in leaves])
        chains.append(np.column_stack([heads[:-1], heads[1:]]))

    def tree_of(group):
        local, weights = gram_tree(points[group], core[group])
        return group[local], weights

    parts = parallel_map(tree_of, groups, n_jobs=n_jobs)
    links = np.concatenate(chains)
    lengths = np.sum((points[links[:, 0]].astype(np.float64) - points[links[:, 1]]) ** 2, axis=1)
    lengths = np.maximum(lengths, np.maximum(core[links[:, 0]], core[links[:, 1]]))
    edges = np.concatenate([part[0] for part in parts] + [links])
    weights = np.concatenate([part[1] for part in parts] + [lengths])
    return kruskal(edges, weights, n)


def _partition(copy, leaf, rng):
    """Cut the points in halves between two random ones until the groups are small."""
    groups, leaves = [np.arange(len(copy))], []
    while groups:
        group = groups.pop()
        if len(group) <= leaf:
            leaves.append(group)
            continue
        a, b = rng.choice(group, 2, replace=False)
        direction = copy[a] - copy[b]
        half = len(group) // 2
        split = np.argpartition(copy[group] @ direction, half)
        groups += [np.sort(group[split[:half]]), np.sort(group[split[half:]])]
    return leaves


def _group_after_group(order, group):
    """Reorder points so that groups are contiguous, and as they were where groups are points."""
    first = np.full(group.max() + 1, len(order))
    np.minimum.at(first, group[order], np.arange(len(order)))
    order = order[np.argsort(first[group[order]], kind="stable")]
    return order, group[order]


class _Layout:
    """The points in the order of the leaves of the first tree, group after group, and the tree."""

    def __init__(self, copy, points, core, unit, edges, weights, group, tile):
        self.points, self.core = read_only(points), core
        self.unit, self.tile = unit, tile
        self.edges, self.weights = edges, weights
        n, d = copy.shape
        order, _ = _leaf_order(edges, weights, n)
        self.order, self.group = _group_after_group(order, group)
        self.heights = _neighbour_heights(self.order, edges, weights)
        self.copy = copy[self.order]
        norms = np.einsum("ij,ij->i", self.copy, self.copy)
        self.norms = norms * np.float32(1 - (d + 8) * EPS32)
        self.n_blocks = -(-n // tile)
        self.pool = []

    def scan(self, row, column):
        """Pairs of a tile that may improve the tree."""
        row0, column0 = row * self.tile, column * self.tile
        if self.group[row0] == self.group[column0 : column0 + self.tile][-1]:
            return np.empty((0, 2), dtype=np.int32), np.empty(0)
        rows, columns = self.copy[row0 : row0 + self.tile], self.copy[column0 : column0 + self.tile]
        gram = rows @ columns.T
        between = 0.0
        if row != column:
            between = float(self.heights[row0 + self.tile : column0 + 1].max())
        capacity, n_columns = 4 * self.tile, gram.shape[1]
        while True:
            edges = np.empty((capacity, 2), dtype=np.int32)
            weights = np.empty(capacity)
            count = _scan_tile(
                gram,
                self.norms,
                self.heights,
                self.order,
                self.points,
                self.core,
                self.unit,
                (row0, column0),
                between,
                np.zeros(n_columns),
                np.full(n_columns, -np.inf, dtype=np.float32),
                edges,
                weights,
            )
            if count >= 0:
                return edges[:count].copy(), weights[:count].copy()
            capacity *= 8

    def collect(self, found, last):
        """Keep the pairs, and exchange them into the tree when there are many."""
        self.pool += [pair for pair in found if len(pair[1])]
        size = sum(len(weights) for _, weights in self.pool)
        if size == 0 or (size < len(self.points) // 4 and not last):
            return
        edges = np.concatenate([self.edges] + [edges for edges, _ in self.pool])
        weights = np.concatenate([self.weights] + [weights for _, weights in self.pool])
        self.edges, self.weights = kruskal(edges, weights, len(self.points))
        self.heights = _neighbour_heights(self.order, self.edges, self.weights)
        self.pool = []
