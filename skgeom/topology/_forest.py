"""Zero- and one-dimensional homology of bifiltered graphs, by sweeping a spanning forest.

For two parameters the graph ``{second grade <= s}`` grows with s; its minimum spanning forest
with respect to the first grade holds all of its zero-dimensional homology. An inserted edge either
closes a cycle, joins two components, or throws one edge out of the forest.
"""

from dataclasses import dataclass

import numpy as np

from skgeom._core.parallel import parallel_ranges, weighted_ranges
from skgeom.topology._kernels import REDUNDANT, sweep_forest
from skgeom.topology._measures import aggregate, concatenate


@dataclass(frozen=True)
class GraphBatch:
    """Bifiltered graphs, one after the other.

    Attributes
    ----------
    node_ptr, edge_ptr : ndarrays of int64, shape (n_graphs + 1,)
        Graph i has the nodes ``node_ptr[i]:node_ptr[i + 1]`` and likewise its edges.
    edges : ndarray of int32, shape (n_edges, 2)
        Node numbers within the graph.
    node_grades : ndarray of shape (n_nodes, n_parameters)
    edge_grades : ndarray of shape (n_edges, n_parameters)
    """

    node_ptr: np.ndarray
    edge_ptr: np.ndarray
    edges: np.ndarray
    node_grades: np.ndarray
    edge_grades: np.ndarray

    @property
    def n_graphs(self):
        return len(self.node_ptr) - 1

    def node_sample(self):
        """Graph of each node."""
        return np.repeat(np.arange(self.n_graphs), np.diff(self.node_ptr))

    def edge_sample(self):
        """Graph of each edge."""
        return np.repeat(np.arange(self.n_graphs), np.diff(self.edge_ptr))

    def below(self, axis, value):
        """The subgraphs of the cells whose grade on one axis is at most `value`."""
        nodes = self.node_grades[:, axis] <= value
        edges = self.edge_grades[:, axis] <= value
        edge_ptr = np.concatenate([[0], np.cumsum(edges)])[self.edge_ptr]
        # nodes keep their numbers: absent ones are isolated and give no atom
        grades = np.where(nodes[:, None], self.node_grades, np.inf)
        return GraphBatch(
            self.node_ptr, edge_ptr, self.edges[edges], grades, self.edge_grades[edges]
        )


def single_graph(edges, node_grades, edge_grades):
    """One bifiltered graph as a batch."""
    return GraphBatch(
        np.array([0, len(node_grades)]),
        np.array([0, len(edges)]),
        np.asarray(edges, dtype=np.int32).reshape(-1, 2),
        node_grades,
        edge_grades,
    )


def graph_cells(batch):
    """Simplices and grades, by dimension, of every graph of a batch."""
    cells = []
    for i in range(batch.n_graphs):
        nodes = slice(batch.node_ptr[i], batch.node_ptr[i + 1])
        edges = slice(batch.edge_ptr[i], batch.edge_ptr[i + 1])
        vertices = np.arange(nodes.stop - nodes.start, dtype=np.int32)[:, None]
        pairs = np.sort(batch.edges[edges], axis=1)
        cells.append(([vertices, pairs], [batch.node_grades[nodes], batch.edge_grades[edges]]))
    return cells


def graph_measures(batch, dimensions, n_jobs=None):
    """Hilbert signed measures of bifiltered graphs.

    Parameters
    ----------
    batch : GraphBatch
        With two or more parameters; faces have grades no larger than those of their edges.
    dimensions : sequence of int
        Among them 0 and 1; anything higher is zero for a graph.
    n_jobs : int or None

    Returns
    -------
    measures : dict of int -> (points, weights, ptr)
        As `aggregate` returns them.
    """
    n_parameters = batch.node_grades.shape[1]
    if n_parameters == 2:
        measures = _two_parameter_measures(batch, dimensions, n_jobs)
    else:
        measures = _difference_over_last_parameter(batch, n_jobs)
    empty = (
        np.empty((0, n_parameters)),
        np.empty(0, np.int32),
        np.zeros(batch.n_graphs + 1, np.int64),
    )
    return {dimension: measures.get(dimension, empty) for dimension in dimensions}


@dataclass(frozen=True)
class AxisRanks:
    """One grade of all cells of a batch as ranks: sorting and adding up take integers then.

    Attributes
    ----------
    values : ndarray of shape (n_distinct,)
        The grade of each rank; ranks go by graph, then by grade.
    ptr : ndarray of int64, shape (n_graphs + 1,)
        Graph i has the ranks ``ptr[i]:ptr[i + 1]``.
    nodes, edges : ndarrays of int64, shapes (n_nodes,) and (n_edges,)
    """

    values: np.ndarray
    ptr: np.ndarray
    nodes: np.ndarray
    edges: np.ndarray


def _axis_ranks(batch, axis):
    """Ranks of one grade; edges mostly enter with a node and need no sorting then."""
    nodes, edges = batch.node_grades[:, axis], batch.edge_grades[:, axis]
    values, sample, ranks = _ranked(nodes, batch.node_sample())
    numbers = batch.edges + np.repeat(batch.node_ptr[:-1], np.diff(batch.edge_ptr))[:, None]
    later = np.maximum(ranks[numbers[:, 0]], ranks[numbers[:, 1]])
    if not np.array_equal(values[later], edges):
        both = np.concatenate([nodes, edges])
        sample = np.concatenate([batch.node_sample(), batch.edge_sample()])
        values, sample, ranks = _ranked(both, sample)
        ranks, later = ranks[: len(nodes)], ranks[len(nodes) :]
    ptr = np.searchsorted(sample, np.arange(batch.n_graphs + 1))
    return AxisRanks(values, ptr, ranks, later)


def _ranked(grades, sample):
    """Distinct pairs (sample, grade) in order, as two arrays, and the number of every grade's."""
    ranks, first = _distinct(grades)
    if len(sample) and sample[-1] > 0:
        ranks, first = _distinct(sample * len(grades) + ranks)
    return grades[first], sample[first], ranks


def _distinct(keys):
    """Rank of each key among the distinct ones, and where each distinct one is found."""
    order = np.argsort(keys)
    increasing = keys[order]
    new = np.ones(len(keys), dtype=bool)
    np.not_equal(increasing[1:], increasing[:-1], out=new[1:])
    ranks = np.empty(len(keys), dtype=np.int64)
    ranks[order] = np.cumsum(new) - 1
    return ranks, order[new]


def forest_history(batch, n_jobs=None):
    """Sort the edges by (second, first) grade and sweep.

    Returns
    -------
    order : ndarray of int64, shape (n_edges,)
        Order of insertion, samples one after the other.
    removed : ndarray of int32, shape (n_edges,)
        For the i-th inserted edge: `REDUNDANT`, `JOINED`, or the position (in `order`) of the edge
        that it throws out of the forest.
    """
    return _sweep(batch, _axis_ranks(batch, 0), _axis_ranks(batch, 1), n_jobs)


def _sweep(batch, first, second, n_jobs):
    order = np.argsort(second.edges * len(first.values) + first.edges)
    removed = np.empty(len(order), dtype=np.int32)
    parallel_ranges(
        sweep_forest,
        weighted_ranges(batch.edge_ptr + batch.node_ptr, 8),
        batch.node_ptr,
        batch.edge_ptr,
        batch.edges[order, 0],
        batch.edges[order, 1],
        first.edges[order].astype(np.float64),
        removed,
        n_jobs=n_jobs,
    )
    return order, removed


def _two_parameter_measures(batch, dimensions, n_jobs):
    """Measures of H0 and H1, by the sweep over the second parameter."""
    first, second = _axis_ranks(batch, 0), _axis_ranks(batch, 1)
    order, removed = _sweep(batch, first, second, n_jobs)
    width = len(second.values)
    codes = first.edges[order] * width + second.edges[order]
    inserted = removed != REDUNDANT
    thrown = np.flatnonzero(removed >= 0)
    # the edge thrown out ends its merge at its own first grade, from the second grade of the
    # edge that replaces it on
    lost = first.edges[order[removed[thrown]]] * width + second.edges[order[thrown]]
    measures = {}
    if 0 in dimensions:
        present = np.isfinite(batch.node_grades[:, 0]) & np.isfinite(batch.node_grades[:, 1])
        nodes = (first.nodes * width + second.nodes)[present]
        measures[0] = _decoded(np.concatenate([nodes, lost]), codes[inserted], first, second)
    if 1 in dimensions:
        measures[1] = _decoded(np.concatenate([codes[~inserted], lost]), codes[:0], first, second)
    return measures


def _decoded(plus, minus, first, second):
    """Add up atoms that are given as products of ranks: (points, weights, ptr)."""
    keys = np.concatenate([2 * plus, 2 * minus + 1])  # the sign is the lowest bit
    keys.sort()
    codes, signs = keys >> 1, (1 - 2 * (keys & 1)).astype(np.int32)
    if len(keys):
        new = np.ones(len(keys), dtype=bool)
        np.not_equal(codes[1:], codes[:-1], out=new[1:])
        begin = np.flatnonzero(new)
        sums = np.add.reduceat(signs, begin)
        codes, signs = codes[begin[sums != 0]], sums[sums != 0]
    rows = codes // max(len(second.values), 1)
    points = np.empty((len(codes), 2))
    points[:, 0] = first.values[rows]
    points[:, 1] = second.values[codes - rows * len(second.values)]
    return points, signs.astype(np.int32), np.searchsorted(rows, first.ptr)


def _join(*parts):
    points = np.concatenate([points for points, _, _ in parts])
    weights = np.concatenate([np.full(len(p), w, dtype=np.int32) for p, w, _ in parts])
    return points, weights, np.concatenate([sample for _, _, sample in parts])


def _difference_over_last_parameter(batch, n_jobs):
    """Three or more parameters: sublevel graphs of the last one, and their differences."""
    n_parameters = batch.node_grades.shape[1]
    values = np.unique(batch.edge_grades[:, -1])
    values = np.unique(np.concatenate([values, batch.node_grades[:, -1]]))
    values = values[np.isfinite(values)]
    collected = {0: [], 1: []}
    previous = None
    for value in values:
        level = batch.below(n_parameters - 1, value)
        level = GraphBatch(
            level.node_ptr,
            level.edge_ptr,
            level.edges,
            level.node_grades[:, :-1],
            level.edge_grades[:, :-1],
        )
        current = graph_measures(level, (0, 1), n_jobs)
        for dimension, atoms in collected.items():
            atoms.append(_lift(current[dimension], value, 1))
            if previous is not None:
                atoms.append(_lift(previous[dimension], value, -1))
        previous = current
    return {
        d: aggregate(*_concatenate_atoms(atoms, n_parameters), n_samples=batch.n_graphs)
        for d, atoms in collected.items()
    }


def _lift(measure, value, sign):
    points, weights, ptr = measure
    lifted = np.column_stack([points, np.full(len(points), value)])
    return lifted, sign * weights, np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))


def _concatenate_atoms(atoms, n_parameters):
    points, weights = concatenate([(p, w) for p, w, _ in atoms], n_parameters)
    samples = [sample for _, _, sample in atoms]
    return points, weights, np.concatenate(samples) if samples else np.empty(0, dtype=np.int64)


def top_dimension_measure(n_top, facet_pairs, facet_grades, top_grades):
    """Signed measure of H_{d-1} of a bifiltered complex in R^d, by components of the complement.

    The complement of ``{g1 <= r, g2 <= s}`` is ``{g1 > r} + {g2 > s}``. All facets enter with
    weight -g1, which is the complement for s beyond every grade; then s falls, and every facet
    gets a second copy that is always there once s is below its second grade.

    Parameters
    ----------
    n_top : int
        Number of top cells; number `n_top` stands for the outside.
    facet_pairs : ndarray of int, shape (n_facets, 2)
        The two top cells (or top cell and outside) that share the facet.
    facet_grades : ndarray of shape (n_facets, 2)
    top_grades : ndarray of shape (n_top, 2)

    Returns
    -------
    points : ndarray of shape (n_atoms, 2)
    weights : ndarray of int32, shape (n_atoms,)
    """
    n_facets = len(facet_pairs)
    late = np.argsort(-facet_grades[:, 1], kind="stable")
    early = np.argsort(-facet_grades[:, 0], kind="stable")
    pairs = np.concatenate([facet_pairs[early], facet_pairs[late]]).astype(np.int32)
    weight = np.concatenate([-facet_grades[early, 0], np.full(n_facets, -np.inf)])
    removed = np.empty(2 * n_facets, dtype=np.int32)
    sweep_forest(
        0,
        1,
        np.array([0, n_top + 1]),
        np.array([0, 2 * n_facets]),
        np.ascontiguousarray(pairs[:, 0]),
        np.ascontiguousarray(pairs[:, 1]),
        weight,
        removed,
    )
    copies = removed[n_facets:]
    displaced = np.flatnonzero(copies >= 0)
    born = np.column_stack([-weight[copies[displaced]], facet_grades[late[displaced], 1]])
    points, weights, _ = _join(
        (born, 1, np.zeros(len(born), dtype=np.int64)),
        (top_grades, -1, np.zeros(n_top, dtype=np.int64)),
    )
    return aggregate(points, weights)[:2]
