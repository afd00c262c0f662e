"""Orbit adjacencies of a network in closed form, from sums over its walks."""

import os
import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from joblib import effective_n_jobs

from skgeom._core.checks import check_graph
from skgeom._core.parallel import parallel_ranges, weighted_ranges
from skgeom.graph._graph import Graph
from skgeom.graph._kernels_orbits import common_rows, orbit_rows, path_rows, triangle_rows

RANGES_PER_THREAD = 8
# With D the largest degree, no count and no term of a closed form exceeds 4 D^2.
LARGEST_DEGREE_INT32 = 23_169


def check_simple_graph(X, *, weights="binarize", directed="error"):
    """Return the pattern of an undirected graph without loops.

    Parameters
    ----------
    X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
    weights : {"binarize", "error"}
        What becomes of weights other than 1, which multi-edges have too.
    directed : {"error", "symmetrize"}
        What becomes of edges that have no edge back.

    Returns
    -------
    pattern : csr_array of int8, shape (n_nodes, n_nodes)
        Symmetric, with ones, sorted indices and an empty diagonal.
    """
    _refuse_edge_list(X)
    adjacency = check_graph(X.adjacency if isinstance(X, Graph) else X)
    if weights == "error" and np.any(adjacency.data != 1):
        entry = int(np.argmax(adjacency.data != 1))
        row = int(np.searchsorted(adjacency.indptr, entry, side="right")) - 1
        raise ValueError(
            f"X has weights, or edges that are given several times: entry ({row}, "
            f"{adjacency.indices[entry]}) is {adjacency.data[entry]:g}, expected 1. Orbits are "
            "those of the unweighted graph, which weights='binarize' takes."
        )
    ones = np.ones(adjacency.nnz, np.int8)
    pattern = sp.csr_array((ones, adjacency.indices, adjacency.indptr), shape=adjacency.shape)
    pattern = _without_loops(pattern)
    return _both_ways(pattern, directed)


def _refuse_edge_list(X):
    shape = getattr(X, "shape", ())
    rows = isinstance(X, (list, tuple)) and len(X) > 0 and all(isinstance(x, tuple) for x in X)
    if rows or (len(shape) == 2 and shape[0] != shape[1] and shape[1] in (2, 3)):
        what = "a list of tuples" if rows else f"an array of shape {shape}"
        raise ValueError(
            f"X must be a square (n_nodes, n_nodes) adjacency matrix, got {what}, which looks "
            "like a list of edges; make a graph of it with "
            "skgeom.graph.Graph.from_edgelist(edges)."
        )


def _without_loops(pattern):
    n_loops = int(np.count_nonzero(pattern.diagonal()))
    if n_loops == 0:
        return pattern
    warnings.warn(f"X has {n_loops} self loop(s), which are left out.", UserWarning, stacklevel=5)
    entries = pattern.tocoo()
    kept = entries.row != entries.col
    ends = (entries.row[kept], entries.col[kept])
    return sp.csr_array((entries.data[kept], ends), shape=pattern.shape)


def _both_ways(pattern, directed):
    back = pattern.T.tocsr()
    one_way = np.array_equal(back.indptr, pattern.indptr)
    if one_way and np.array_equal(back.indices, pattern.indices):
        return pattern
    if directed == "error":
        row, column = (int(ends[0]) for ends in (pattern > back).nonzero())
        raise ValueError(
            f"X is directed: there is an edge from {row} to {column} and none back. Graphlets are "
            "those of undirected graphs; directed='symmetrize' gives every edge both directions."
        )
    both = pattern.maximum(back).tocsr()
    both.sort_indices()
    return both


@dataclass(frozen=True)
class OrbitSums:
    """What the orbit adjacencies of a graph are made of.

    Attributes
    ----------
    graph : csr_array of shape (n, n)
        Pattern of the adjacency A.
    triangles : ndarray of int64, shape (nnz,)
        T, on the edges.
    edges : ndarray of int64, shape (4, nnz)
        A T, A D A - T A, P A and M, on the edges.
    pair_indptr, pair_indices : ndarray of int
        Pairs at distance two; without rows when they were not asked for.
    pairs : list of 4 ndarrays of int64, shape (n_pairs,)
        P, A T, A D A - T A - A T and M, on these pairs; None where they were used up.
    """

    graph: sp.csr_array
    triangles: np.ndarray
    edges: np.ndarray
    pair_indptr: np.ndarray
    pair_indices: np.ndarray
    pairs: list

    @property
    def dtype(self):
        return self.triangles.dtype

    @cached_property
    def degrees(self):
        return np.diff(self.graph.indptr).astype(self.dtype)

    @cached_property
    def reverse(self):
        """Position of the edge back, for each edge."""
        positions = np.arange(self.graph.nnz)
        csr = (positions, self.graph.indices, self.graph.indptr)
        return sp.csr_array(csr, shape=self.graph.shape).T.tocsr().data

    @cached_property
    def rows(self):
        """Row of each edge."""
        return np.repeat(np.arange(self.graph.shape[0]), self.degrees)

    def row_sums(self, values):
        """Sum over the edges of each node, in int64."""
        totals = _cumulated(values)
        return totals[self.graph.indptr[1:]] - totals[self.graph.indptr[:-1]]


def sum_orbits(graph, hops, max_memory=None, n_jobs=None):
    """Sum over the walks of a graph what its orbit adjacencies are made of.

    Parameters
    ----------
    graph : csr_array of shape (n, n)
        As `check_simple_graph` returns it.
    hops : collection of int
        Hops that will be asked for: with 1 alone the pairs at distance two are left out.
    max_memory : int or None
        Bytes.
    n_jobs : int or None

    Returns
    -------
    sums : OrbitSums
    """
    n, csr = graph.shape[0], (graph.indptr, graph.indices)
    ranges = walk_ranges(graph, n_jobs)
    dtype = count_dtype(graph)
    triangles = np.empty(graph.nnz, dtype)
    sizes = np.empty(n, np.int64)
    parallel_ranges(triangle_rows, ranges, *csr, triangles, sizes, n_jobs=n_jobs)
    pair_indptr = _cumulated(sizes) if set(hops) - {1} else np.zeros(1, np.int64)
    n_pairs = int(pair_indptr[-1])
    rows = np.repeat(np.arange(n), np.diff(graph.indptr))
    offsets = _cumulated(np.where(graph.indices > rows, triangles, 0))
    index = graph.indices.dtype
    n_bytes = graph.nnz * (8 + 5 * dtype.itemsize) + int(offsets[-1]) * index.itemsize
    n_bytes += n_pairs * (4 * dtype.itemsize + index.itemsize)
    check_memory(n_bytes, max_memory, f"The sums over {n_pairs} pairs of nodes at distance two")
    common = np.empty(offsets[-1], index)
    parallel_ranges(common_rows, ranges, *csr, offsets, common, n_jobs=n_jobs)
    edges = np.empty((4, graph.nnz), dtype)
    pair_indices, pairs = np.empty(n_pairs, index), [np.empty(n_pairs, dtype) for _ in range(4)]
    found = (edges, pair_indptr, pair_indices, tuple(pairs))
    parallel_ranges(orbit_rows, ranges, *csr, triangles, offsets, common, *found, n_jobs=n_jobs)
    return OrbitSums(graph, triangles, edges, pair_indptr, pair_indices, pairs)


def count_dtype(graph):
    """Return int32 where no count can be too large for it."""
    largest = np.diff(graph.indptr).max(initial=0)
    return np.dtype(np.int32 if largest <= LARGEST_DEGREE_INT32 else np.int64)


def walk_ranges(graph, n_jobs):
    """Cut the rows into ranges with nearly equal numbers of walks of two steps."""
    n_threads = effective_n_jobs(n_jobs)
    degrees = np.diff(graph.indptr)
    walks = np.concatenate([[0], np.cumsum(degrees[graph.indices], dtype=np.int64)])
    return weighted_ranges(
        walks[graph.indptr], 1 if n_threads <= 1 else RANGES_PER_THREAD * n_threads
    )


def _cumulated(sizes):
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])


def check_memory(n_bytes, max_memory, what):
    """Refuse what would take more bytes than allowed, or than the machine has."""
    limit, name = max_memory, "max_memory allows"
    if limit is None:
        try:
            limit = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (AttributeError, ValueError, OSError):
            return
        name = "the machine has"
    if n_bytes > limit:
        raise ValueError(
            f"{what} would take {n_bytes / 2**30:.3g} GiB, and {name} {limit / 2**30:.3g} GiB. "
            "Ask for fewer orbit adjacencies, those of hops=(1,) or hops=(1, 2), or raise "
            "max_memory."
        )


def orbit_matrices(sums, orbits, max_memory=None, n_jobs=None, keep_sums=False):
    """Return orbit adjacencies as sparse matrices.

    Parameters
    ----------
    sums : OrbitSums
    orbits : list of (hop, o1, o2)
    max_memory : int or None
    n_jobs : int or None
    keep_sums : bool, default=False
        Whether `sums` is needed again; else its pairs are used up.

    Returns
    -------
    matrices : dict of (hop, o1, o2) to csr_array of int64, shape (n, n)
    """
    n_edges, n_pairs = sums.graph.nnz, len(sums.pair_indices)
    item = sums.dtype.itemsize + sums.graph.indices.itemsize
    n_bytes = 5 * sums.dtype.itemsize * n_pairs + sum(
        item * {1: n_edges, 2: n_pairs, 3: 0}[hop] for hop, _, _ in orbits
    )
    check_memory(n_bytes, max_memory, f"{len(orbits)} orbit adjacencies")
    wanted = {(hop, *sorted((a, b))) for hop, a, b in orbits}
    built = {}
    for orbit in BUILDING:
        if orbit in wanted:
            if orbit[0] == 3:
                built[orbit] = _paths(sums, n_bytes, max_memory, n_jobs)
            else:
                built[orbit] = _matrix(sums, *orbit, keep_sums)
        if orbit in LAST_USE and not keep_sums:
            sums.pairs[LAST_USE[orbit]] = None
    return {
        (hop, a, b): built[hop, a, b] if a <= b else built[hop, b, a].T.tocsr()
        for hop, a, b in orbits
    }


def edge_counts(sums, a, b):
    """Return the entries of orbit adjacency (1, a, b) on all edges, zeros included.

    Parameters
    ----------
    sums : OrbitSums
    a, b : int

    Returns
    -------
    counts : ndarray of int32 or int64, shape (nnz,)
    """
    if (a, b) in ON_EDGES:
        return ON_EDGES[a, b](sums)
    return ON_EDGES[b, a](sums)[sums.reverse]


def edge_list(graph):
    """Return the ends of each edge, the smaller first, as ndarray of shape (n_edges, 2)."""
    rows = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    upper = rows < graph.indices
    return np.stack([rows[upper], graph.indices[upper]], axis=1)


def _matrix(sums, hop, a, b, keep_sums):
    """Return an orbit adjacency of one or two hops; formulas stand for one of both directions."""
    formulas, indices, indptr = (
        (ON_EDGES, sums.graph.indices, sums.graph.indptr)
        if hop == 1
        else (ON_PAIRS, sums.pair_indices, sums.pair_indptr)
    )
    counts = (formulas[a, b] if (a, b) in formulas else formulas[b, a])(sums)
    if (hop, a, b) != (2, 1, 1):
        indices = indices.copy()
    elif keep_sums:
        counts, indices = counts.copy(), indices.copy()
    # scipy gives indices the type of indptr
    indptr = indptr.astype(indices.dtype if len(indices) < 2**31 else np.int64)
    matrix = sp.csr_array((counts, indices, indptr), shape=sums.graph.shape)
    matrix.eliminate_zeros()
    if matrix.nnz < len(indices):  # no views of longer arrays
        del counts, indices
        matrix.data = matrix.data.copy()
        matrix.indices = matrix.indices.copy()
    return matrix if (a, b) in formulas else matrix.T.tocsr()


def _paths(sums, n_bytes, max_memory, n_jobs):
    """Return the adjacency of the ends of induced paths with four nodes."""
    n, index = sums.graph.shape[0], sums.graph.indices.dtype
    walks = _cumulated(sums.degrees[sums.pair_indices])[sums.pair_indptr]
    n_threads = effective_n_jobs(n_jobs)
    ranges = weighted_ranges(walks, 1 if n_threads <= 1 else RANGES_PER_THREAD * n_threads)
    graph = (sums.graph.indptr, sums.graph.indices)
    pairs = (sums.pair_indptr, sums.pair_indices, tuple(sums.pairs))
    indptr = np.zeros(n + 1, np.int64)
    dtype = sums.dtype
    indices, data = np.empty(0, index), np.empty(0, dtype)
    parallel_ranges(path_rows, ranges, *graph, *pairs, indptr, indices, data, n_jobs=n_jobs)
    indptr = np.cumsum(indptr)
    n_entries = int(indptr[-1])
    n_bytes = n_bytes + n_entries * (dtype.itemsize + index.itemsize)
    check_memory(n_bytes, max_memory, f"Orbit adjacency (3, 4, 4), with {n_entries} entries,")
    index = index if n_entries < 2**31 else np.dtype(np.int64)
    indices, data = np.empty(n_entries, index), np.empty(n_entries, dtype)
    if n_entries > 0:
        parallel_ranges(path_rows, ranges, *graph, *pairs, indptr, indices, data, n_jobs=n_jobs)
    return sp.csr_array((data, indices, indptr.astype(index)), shape=(n, n))


# The closed forms, T the triangles, d the degrees of the row (u) and of the column (v).


def _columns(sums):
    return sums.degrees[sums.graph.indices]


def _path3(sums):
    return _columns(sums) - 1 - sums.triangles


def _pairs_of(counts):
    pairs = counts - 1
    pairs *= counts
    pairs //= 2
    return pairs


def _diamond_rim(sums):
    return sums.edges[0] - sums.triangles - 2 * sums.edges[3]


def _cycle(sums):
    return sums.edges[2] - _path3(sums) - _diamond_rim(sums)


def _paw_tail(sums):
    at = sums.row_sums(sums.triangles).astype(sums.dtype) // 2
    return at[sums.graph.indices] - sums.edges[0] + sums.edges[3]


def _paw_top(sums):
    T = sums.triangles
    return T * _columns(sums) - T * T - sums.edges[0] + 2 * sums.edges[3]


def _path4_outer(sums):
    path3 = _path3(sums)
    others = sums.row_sums(path3).astype(path3.dtype)[sums.rows] - path3
    return others - (sums.edges[1] - sums.triangles) - _cycle(sums)


def _path4_middle(sums):
    back = sums.degrees[sums.rows] - 1 - sums.triangles
    return _path3(sums) * back - _cycle(sums)


ON_EDGES = {
    (0, 0): lambda sums: np.ones(sums.graph.nnz, sums.dtype),
    (1, 2): _path3,
    (3, 3): lambda sums: sums.triangles.copy(),
    (5, 4): _path4_outer,
    (5, 5): _path4_middle,
    (6, 7): lambda sums: _pairs_of(_path3(sums)) - _paw_tail(sums),
    (8, 8): _cycle,
    (9, 11): _paw_tail,
    (10, 10): lambda sums: sums.edges[1] - sums.edges[0] + 2 * sums.edges[3],
    (10, 11): _paw_top,
    (12, 13): _diamond_rim,
    (13, 13): lambda sums: _pairs_of(sums.triangles) - sums.edges[3],
    (14, 14): lambda sums: sums.edges[3].copy(),
}


# On pairs, of which there are many, each step is made in place.


def _opposite(sums):
    counts = _pairs_of(sums.pairs[0])
    counts -= sums.pairs[3]
    return counts


def _path4_two_apart(sums):
    counts = sums.degrees[sums.pair_indices]
    counts -= 1
    counts *= sums.pairs[0]
    counts -= sums.pairs[1]
    opposite = _opposite(sums)
    opposite *= 2
    counts -= opposite
    return counts


def _claw_leaves(sums):
    counts = sums.pairs[3] - sums.pairs[0]
    counts *= 2
    counts += sums.pairs[2]
    return counts


def _paw_ends(sums):
    counts = -2 * sums.pairs[3]
    counts += sums.pairs[1]
    return counts


ON_PAIRS = {
    (4, 5): _path4_two_apart,
    (6, 6): _claw_leaves,
    (9, 10): _paw_ends,
    (8, 8): _opposite,
    (12, 12): lambda sums: sums.pairs[3].copy(),
    (1, 1): lambda sums: sums.pairs[0],
}
# The largest first, and the pairs' sums free as soon as can be: after these orbits one of them is
# used no more. Pairs of path3 are all pairs, so that the last of them takes over what is left.
BUILDING = (
    (3, 4, 4),
    *((2, a, b) for a, b in ON_PAIRS),
    *((1, *sorted(pair)) for pair in ON_EDGES),
)
LAST_USE = {(2, 6, 6): 2, (2, 9, 10): 1, (2, 12, 12): 3}
