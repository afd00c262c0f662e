"""Stress of edges and of distances to pivots: scaling where not all pairs are known."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components, dijkstra

from skgeom._core.parallel import parallel_rows
from skgeom.manifold._kernels import sparse_stress_rows
from skgeom.manifold._placement import pivot_weights, place

_SWEEPS = 50


def pull_together(positions, neighbors, strength, distances, weights, pivots, *, n_jobs=None):
    """Draw points to their neighbours, against their stress to the pivots.

    Minimises ``sum_p w_p (d_ip - |y_i - y_p|)^2`` plus the squared lengths of the edges to the
    neighbours, which together weigh `strength` times as much as the pivots.

    Parameters
    ----------
    positions : array of shape (n_rows, n_components)
        Placed by the pivots alone.
    neighbors : pair (indices, ends), or int array of shape (n_rows, k)
        Rows of `positions` that move too; or rows of fixed positions `ends`.
    strength : float
    distances : array of shape (n_rows, p)
    weights : array of shape (p,)
    pivots : array of shape (p, n_components)

    Returns
    -------
    positions : float64 array of shape (n_rows, n_components)
    """
    indices, ends = neighbors if isinstance(neighbors, tuple) else (neighbors, None)
    n_rows, k = indices.shape
    indptr = np.arange(0, n_rows * k + 1, k)
    edge_weights = np.full(n_rows * k, strength * weights.sum() / k)
    edges = (indptr, indices.ravel().astype(np.int64), np.zeros(n_rows * k), edge_weights)
    return _descend(positions, edges, ends, distances, weights[None], pivots, _SWEEPS, n_jobs)


def _descend(positions, edges, ends, distances, weights, pivots, n_sweeps, n_jobs, report=None):
    """Majorization sweeps; `pivots` are positions that stay, or rows of `positions`."""
    current = np.array(positions, dtype=np.float64, order="C")
    out = np.empty_like(current)
    share = 0.5 if ends is None else 1.0
    moving = pivots.ndim == 1
    for sweep in range(n_sweeps):
        parallel_rows(
            sparse_stress_rows, len(current), *edges, current if ends is None else ends,
            distances, weights, current[pivots] if moving else pivots, share, current, out,
            n_jobs=n_jobs,
        )  # fmt: skip
        current, out = out, current
        if report is not None and report(sweep + 1, None):
            break
    return current


def choose_graph_pivots(lengths, n_pivots, random_state):
    """Nodes each of which is the farthest from those before along the graph, and their paths.

    Returns
    -------
    pivots : int array of shape (p,)
    distances : float64 array of shape (n, p)
    """
    n = lengths.shape[0]
    if connected_components(lengths, directed=False)[0] > 1:
        raise ValueError(
            "The graph of the given dissimilarities is not connected: some distances are unknown. "
            "Join its parts first, for example by connect_components."
        )
    pivots = [int(random_state.randint(n))]
    columns = [dijkstra(lengths, directed=False, indices=pivots[0])]
    nearest = columns[0].copy()
    while len(pivots) < min(n_pivots, n):
        pivots.append(int(np.argmax(nearest)))
        columns.append(dijkstra(lengths, directed=False, indices=pivots[-1]))
        np.minimum(nearest, columns[-1], out=nearest)
    pivots, first = np.unique(pivots, return_index=True)
    return pivots, np.column_stack(columns)[:, first]


def scale_graph(lengths, pivots, distances, scale_pivots, weigh, *, n_sweeps, n_jobs, report=None):
    """The sparse stress model: edges, and distances to pivots in place of all other pairs [1]_.

    Parameters
    ----------
    lengths : csr_array of shape (n, n)
        Symmetric; lengths of edges.
    pivots : int array of shape (p,)
    distances : array of shape (n, p)
    scale_pivots : callable
        Positions of the pivots from their distances, array (p, p) -> (p, n_components).
    weigh : callable
        Weights of an array of distances.
    n_sweeps : int

    Returns
    -------
    positions : float64 array of shape (n, n_components)
    stress : float
        ``sqrt(sum w (D - d)^2 / sum w D^2)`` over edges and pairs with a pivot.

    References
    ----------
    .. [1] M. Ortmann, M. Klimenta, U. Brandes, "A sparse stress model", Journal of Graph
       Algorithms and Applications 21 (2017), arXiv:1608.08909.
    """
    between = distances[pivots]
    near = scale_pivots(0.5 * (between + between.T))
    # a pivot stands for the nodes nearest to it
    masses = pivot_weights(distances)
    start = place(distances, masses, near, near[np.argmin(distances, axis=1)], n_jobs=n_jobs)
    weights = masses * weigh(distances)
    weights[pivots, np.arange(len(pivots))] = 0.0
    edges = (
        lengths.indptr.astype(np.int64), lengths.indices.astype(np.int64), lengths.data,
        weigh(lengths.data),
    )  # fmt: skip
    positions = _descend(start, edges, None, distances, weights, pivots, n_sweeps, n_jobs, report)
    return positions, _stress(positions, lengths, edges[3], distances, weights, pivots)


def _stress(positions, lengths, edge_weights, distances, weights, pivots):
    rows = np.repeat(np.arange(len(positions)), np.diff(lengths.indptr))
    long = np.linalg.norm(positions[rows] - positions[lengths.indices], axis=1)
    residual = (edge_weights * (long - lengths.data) ** 2).sum() / 2
    total = (edge_weights * lengths.data**2).sum() / 2
    for k, pivot in enumerate(pivots):
        long = np.linalg.norm(positions - positions[pivot], axis=1)
        residual += (weights[:, k] * (long - distances[:, k]) ** 2).sum()
        total += (weights[:, k] * distances[:, k] ** 2).sum()
    return float(np.sqrt(residual / total)) if total > 0 else 0.0


def reach_pivots(X, distances):
    """Distances of new nodes to the pivots, through the nodes they have edges to.

    Parameters
    ----------
    X : csr_array of shape (n_new, n)
    distances : array of shape (n, p)

    Returns
    -------
    D : float64 array of shape (n_new, p)
    """
    lonely = np.flatnonzero(np.diff(X.indptr) == 0)
    if len(lonely):
        raise ValueError(f"Row {lonely[0]} of X has no edge to a training point.")
    reach = X.data[:, None] + distances[X.indices]
    return np.minimum.reduceat(reach, X.indptr[:-1], axis=0)


def nearest_ends(X):
    """The node that each new node's shortest edge leads to; int array of shape (n_new,)."""
    X = sp.csr_array(X)
    rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
    order = np.lexsort((X.data, rows))
    return X.indices[order[np.minimum(X.indptr[:-1], len(order) - 1)]]
