"""Zero- and one-dimensional homology of bifiltered graphs, by sweeping a spanning forest.

For two parameters the graph ``{second grade <= s}`` grows with s; its minimum spanning forest
with respect to the first grade holds all of its zero-dimensional homology. An inserted edge either
closes a cycle, joins two components, or throws one edge out of the forest.
"""

from dataclasses import dataclass

import numpy as np

from skgeom._core.parallel import parallel_ranges, weighted_ranges
from skgeom.topology._kernels import REDUNDANT, sweep_forest
from skgeom.topology._measures import aggregate, concatenate, sorting_order


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
        atoms = _two_parameter_atoms(batch, n_jobs)
    else:
        atoms = _difference_over_last_parameter(batch, n_jobs)
    empty = (np.empty((0, n_parameters)), np.empty(0, np.int32), np.empty(0, np.int64))
    return {
        dimension: aggregate(*atoms.get(dimension, empty), n_samples=batch.n_graphs)
        for dimension in dimensions
    }


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
    keys = (batch.edge_grades[:, 0], batch.edge_grades[:, 1])
    if batch.n_graphs > 1:
        keys = (*keys, batch.edge_sample())
    order = sorting_order(keys)
    edges = batch.edges[order]
    removed = np.empty(len(order), dtype=np.int32)
    parallel_ranges(
        sweep_forest,
        weighted_ranges(batch.edge_ptr + batch.node_ptr, 8),
        batch.node_ptr,
        batch.edge_ptr,
        np.ascontiguousarray(edges[:, 0]),
        np.ascontiguousarray(edges[:, 1]),
        batch.edge_grades[order, 0],
        removed,
        n_jobs=n_jobs,
    )
    return order, removed


def _two_parameter_atoms(batch, n_jobs):
    """Atoms (points, weights, sample) of H0 and H1, by the sweep over the second parameter."""
    order, removed = forest_history(batch, n_jobs)
    grades = batch.edge_grades[order]
    sample = batch.edge_sample()
    inserted = removed != REDUNDANT
    thrown = np.flatnonzero(removed >= 0)
    # the edge thrown out ends its merge at its own first grade, from the second grade of the
    # edge that replaces it on
    lost_points = np.column_stack([grades[removed[thrown], 0], grades[thrown, 1]])
    present = np.isfinite(batch.node_grades).all(axis=1)
    nodes, node_sample = batch.node_grades[present], batch.node_sample()[present]
    zero = _join(
        (nodes, 1, node_sample),
        (grades[inserted], -1, sample[inserted]),
        (lost_points, 1, sample[thrown]),
    )
    one = _join(
        (grades[~inserted], 1, sample[~inserted]),
        (lost_points, 1, sample[thrown]),
    )
    return {0: zero, 1: one}


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
    return {d: _concatenate_atoms(atoms, n_parameters) for d, atoms in collected.items()}


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
