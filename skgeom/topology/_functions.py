"""Functions on the points of a cloud and on the nodes of a graph: the second parameter."""

import math

import numpy as np
import scipy.sparse as sp

from skgeom._core.checks import real_array
from skgeom.topology._kernels import kernel_sums, largest_distances

POINT_FUNCTIONS = ("kde", "dtm", "knn", "eccentricity")
NODE_FUNCTIONS = ("degree", "hks", "closeness", "fiedler")
PARAMETERS = {
    "kde": {"bandwidth": -0.1},
    "dtm": {"mass": 0.1},
    "knn": {"k": 10},
    "eccentricity": {},
    "degree": {},
    "hks": {"t": 10.0},
    "closeness": {},
    "fiedler": {},
}


def codensity(points, bandwidth, matrix=None):
    """Negative logarithm of a Gaussian kernel density sum.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_coordinates)
    bandwidth : float
        Standard deviation of the kernel, in the unit of the points.
    matrix : ndarray of shape (n_points, n_points) or None
        Distances, instead of points.

    Returns
    -------
    values : ndarray of shape (n_points,)
        ``-log sum_j exp(-|x_i - x_j|^2 / (2 bandwidth^2))``; low where points are dense.
    """
    if matrix is not None:
        return -np.log(np.exp(-0.5 * (matrix / bandwidth) ** 2).sum(axis=1))
    return -np.log(kernel_sums(np.ascontiguousarray(points.T), 0.5 / bandwidth**2))


def distance_to_measure(points, mass, matrix=None):
    """Root mean square distance to the nearest ``ceil(mass * n_points)`` points, itself included.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_coordinates)
    mass : float in (0, 1]
    matrix : ndarray of shape (n_points, n_points) or None

    Returns
    -------
    values : ndarray of shape (n_points,)
    """
    count = max(1, math.ceil(mass * _size(points, matrix)))
    return np.sqrt((_nearest(points, count, matrix) ** 2).mean(axis=1))


def mean_neighbour_distance(points, k, matrix=None):
    """Mean distance to the `k` nearest other points (all others when there are fewer).

    Parameters
    ----------
    points : ndarray of shape (n_points, n_coordinates)
    k : int
    matrix : ndarray of shape (n_points, n_points) or None

    Returns
    -------
    values : ndarray of shape (n_points,)
    """
    n_points = _size(points, matrix)
    if n_points <= 1:
        return np.zeros(n_points)
    k = min(k, n_points - 1)
    return _nearest(points, k + 1, matrix).sum(axis=1) / k


def eccentricity(points, matrix=None):
    """Distance to the farthest point of the cloud: ndarray of shape (n_points,)."""
    if matrix is not None:
        return matrix.max(axis=1, initial=0.0)
    return largest_distances(np.ascontiguousarray(points.T))


def _size(points, matrix):
    return len(points) if matrix is None else len(matrix)


def _nearest(points, count, matrix):
    """Distances to the `count` nearest points, itself included: (n_points, count)."""
    if _size(points, matrix) == 0:
        return np.zeros((0, count))
    if matrix is not None:
        return np.sort(np.partition(matrix, count - 1, axis=1)[:, :count], axis=1)
    from scipy.spatial import cKDTree

    distances = cKDTree(points).query(points, k=count)[0]
    return distances.reshape(len(points), count)


def point_values(function, parameters, points, matrix=None):
    """Evaluate a named or callable function on a cloud.

    Parameters
    ----------
    function : str or callable
        One of `POINT_FUNCTIONS`, or ``function(points) -> (n_points,)``.
    parameters : dict
        Resolved parameters of the named function.
    points : ndarray of shape (n_points, n_coordinates)
    matrix : ndarray of shape (n_points, n_points) or None
        Distances; callables get them instead of points.

    Returns
    -------
    values : ndarray of shape (n_points,)
    """
    if callable(function):
        # a copy: what the function does to its argument stays there
        found = function((points if matrix is None else matrix).copy())
        return real_array(found, "function: what it returned")
    if function == "kde":
        return codensity(points, parameters["bandwidth"], matrix)
    if function == "dtm":
        return distance_to_measure(points, parameters["mass"], matrix)
    if function == "knn":
        return mean_neighbour_distance(points, parameters["k"], matrix)
    return eccentricity(points, matrix)


def node_values(function, parameters, node_ptr, edge_ptr, edges, weights):
    """Evaluate a named or callable function on the nodes of a batch of graphs.

    Parameters
    ----------
    function : str or callable
        One of `NODE_FUNCTIONS`, or ``function(adjacency) -> (n_nodes,)``.
    parameters : dict
    node_ptr, edge_ptr : ndarrays of shape (n_graphs + 1,)
    edges : ndarray of int, shape (n_edges, 2)
    weights : ndarray of shape (n_edges,)

    Returns
    -------
    values : ndarray of shape (n_nodes_in_total,)
    """
    if function == "degree":
        return _inverse_degree(node_ptr, edge_ptr, edges, weights)
    if function in ("hks", "fiedler"):
        signature = _heat_kernel if function == "hks" else _fiedler
        return _spectral(signature, parameters, node_ptr, edge_ptr, edges, weights)
    values = np.empty(node_ptr[-1])
    for i in range(len(node_ptr) - 1):
        adjacency = _adjacency(i, node_ptr, edge_ptr, edges, weights)
        found = _closeness(adjacency) if function == "closeness" else function(adjacency)
        found = real_array(found, "function: what it returned")
        if found.shape != (adjacency.shape[0],):
            raise ValueError(
                f"The node function returned shape {found.shape} for sample {i}, expected "
                f"({adjacency.shape[0]},)."
            )
        values[node_ptr[i] : node_ptr[i + 1]] = found
    return values


def _global_edges(node_ptr, edge_ptr, edges):
    offset = np.repeat(node_ptr[:-1], np.diff(edge_ptr))
    return edges + offset[:, None]


def _degrees(node_ptr, edge_ptr, edges, weights):
    numbers = _global_edges(node_ptr, edge_ptr, edges)
    n_nodes = int(node_ptr[-1])
    return np.bincount(numbers[:, 0], weights, n_nodes) + np.bincount(
        numbers[:, 1], weights, n_nodes
    )


def _inverse_degree(node_ptr, edge_ptr, edges, weights):
    """1 / degree; nodes without edges come after all others, at 1.1 (for unweighted graphs)."""
    degrees = _degrees(node_ptr, edge_ptr, edges, weights)
    connected = degrees > 0
    values = np.full(len(degrees), 1.1)
    values[connected] = 1.0 / degrees[connected]
    return values


def _adjacency(i, node_ptr, edge_ptr, edges, weights):
    n_nodes = int(node_ptr[i + 1] - node_ptr[i])
    part = slice(edge_ptr[i], edge_ptr[i + 1])
    u, v = edges[part].T
    w = weights[part]
    entries = (np.concatenate([w, w]), (np.concatenate([u, v]), np.concatenate([v, u])))
    return sp.csr_array(sp.coo_array(entries, shape=(n_nodes, n_nodes)))


def _closeness(adjacency):
    """Closeness centrality by hops, scaled by the size of the component as in Wasserman-Faust."""
    from scipy.sparse.csgraph import shortest_path

    n_nodes = adjacency.shape[0]
    hops = shortest_path(adjacency, unweighted=True, directed=False)
    reached = np.isfinite(hops)
    total = np.where(reached, hops, 0.0).sum(axis=1)
    others = reached.sum(axis=1) - 1.0
    scale = others / max(n_nodes - 1, 1)
    return np.divide(others * scale, total, out=np.zeros(n_nodes), where=total > 0)


def _spectral(signature, parameters, node_ptr, edge_ptr, edges, weights):
    """A node function of the spectrum of the normalised Laplacian, graphs batched by size."""
    sizes = np.diff(node_ptr)
    inverse_root = _degrees(node_ptr, edge_ptr, edges, weights)
    positive = inverse_root > 0
    inverse_root[positive] = inverse_root[positive] ** -0.5
    numbers = _global_edges(node_ptr, edge_ptr, edges)
    entries = -weights * inverse_root[numbers[:, 0]] * inverse_root[numbers[:, 1]]
    graph = np.repeat(np.arange(len(sizes)), np.diff(edge_ptr))
    values = np.empty(node_ptr[-1])
    for size in np.unique(sizes[sizes > 0]):
        members = np.flatnonzero(sizes == size)
        slot = np.full(len(sizes), -1)
        slot[members] = np.arange(len(members))
        mine = slot[graph] >= 0
        u, v = edges[mine].T
        laplacian = np.zeros((len(members), size, size))
        laplacian[slot[graph[mine]], u, v] = entries[mine]
        laplacian[slot[graph[mine]], v, u] = entries[mine]
        nodes = node_ptr[members][:, None] + np.arange(size)
        laplacian[:, np.arange(size), np.arange(size)] = positive[nodes]
        eigenvalues, vectors = np.linalg.eigh(laplacian)
        values[nodes] = signature(eigenvalues, vectors, **parameters)
    return values


def _heat_kernel(eigenvalues, vectors, t):
    """Diagonal of exp(-t L): (n_graphs, n_nodes)."""
    # zero eigenvalues come out as +-1e-16, which a large t would see
    eigenvalues = np.where(eigenvalues < 1e-12, 0.0, eigenvalues)
    return np.einsum("gk,gvk->gv", np.exp(-t * eigenvalues), vectors**2)


def _fiedler(eigenvalues, vectors):
    """Squared Fiedler vector, averaged over the eigenspace when the eigenvalue is multiple."""
    second = eigenvalues[:, min(1, eigenvalues.shape[1] - 1)][:, None]
    same = np.abs(eigenvalues - second) < 1e-8
    return np.einsum("gk,gvk->gv", same / same.sum(axis=1, keepdims=True), vectors**2)
