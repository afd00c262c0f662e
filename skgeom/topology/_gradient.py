"""Vector-Jacobian products: from a gradient in the features to one in the node values.

Where the order of the node values is fixed, each coordinate of an atom is the value of one node.
"""

import numpy as np

from skgeom.topology._convolution import kernel_table
from skgeom.topology._forest import forest_history
from skgeom.topology._kernels import REDUNDANT


def atoms_with_nodes(batch, node_values):
    """Atoms of H0 and H1 of bifiltered graphs, not added up, with the nodes they come from.

    Parameters
    ----------
    batch : GraphBatch
        Two parameters; edges enter with the later of their nodes.
    node_values : ndarray of shape (n_nodes, 2)

    Returns
    -------
    atoms : dict of int -> (points, weights, sample, nodes)
        ``points[a, i] == node_values[nodes[a, i], i]``.
    """
    order, removed = forest_history(batch)
    sample = batch.edge_sample()
    ends = batch.edges[order] + batch.node_ptr[:-1][sample][:, None]
    # the later node of every edge, per parameter; the lower number among equal ones
    later = np.argmax(node_values[ends], axis=1)
    edge_nodes = np.take_along_axis(ends, later, axis=1)
    inserted = removed != REDUNDANT
    thrown = np.flatnonzero(removed >= 0)
    lost = np.column_stack([edge_nodes[removed[thrown], 0], edge_nodes[thrown, 1]])
    present = np.flatnonzero(np.isfinite(node_values).all(axis=1))
    own = np.column_stack([present, present])
    zero = [
        (own, 1, batch.node_sample()[present]),
        (edge_nodes[inserted], -1, sample[inserted]),
        (lost, 1, sample[thrown]),
    ]
    one = [(edge_nodes[~inserted], 1, sample[~inserted]), (lost, 1, sample[thrown])]
    return {0: _gather(zero, node_values), 1: _gather(one, node_values)}


def _gather(parts, node_values):
    nodes = np.concatenate([nodes for nodes, _, _ in parts])
    weights = np.concatenate([np.full(len(nodes), w) for nodes, w, _ in parts])
    sample = np.concatenate([sample for _, _, sample in parts])
    order = np.argsort(sample, kind="stable")
    nodes, weights, sample = nodes[order], weights[order], sample[order]
    return np.take_along_axis(node_values, nodes, axis=0), weights, sample, nodes


def convolution_gradient(points, weights, sample, grid, bandwidth, cotangent):
    """Gradient of ``sum(cotangent * image)`` in the atoms, for the Gaussian kernel.

    Parameters
    ----------
    points : ndarray of shape (n_atoms, 2)
    weights : ndarray of shape (n_atoms,)
    sample : ndarray of int, shape (n_atoms,)
    grid : sequence of two ndarrays
    bandwidth : sequence of two floats
    cotangent : ndarray of shape (n_samples, len(grid[0]), len(grid[1]))

    Returns
    -------
    gradient : ndarray of shape (n_atoms, 2)
    """
    ones = np.ones(len(points))
    tables, slopes = [], []
    for axis, values in enumerate(grid):
        positions = np.ascontiguousarray(points[:, axis])
        table = kernel_table(positions, values, bandwidth[axis], "gaussian", ones)
        tables.append(table)
        slopes.append(table * (values - positions[:, None]) / bandwidth[axis] ** 2)
    gradient = np.empty((len(points), 2))
    borders = np.searchsorted(sample, np.arange(len(cotangent) + 1))
    for image, start, stop in zip(cotangent, borders[:-1], borders[1:]):
        part = slice(start, stop)
        gradient[part, 0] = ((slopes[0][part] @ image) * tables[1][part]).sum(axis=1)
        gradient[part, 1] = ((tables[0][part] @ image) * slopes[1][part]).sum(axis=1)
    return gradient * weights[:, None]
