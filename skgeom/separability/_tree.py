"""From a cloud to its H0 barcode: metric, core distances, spanning tree, merges."""

from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

from skgeom._core.parallel import single_openmp_thread
from skgeom._core.spanning_forest import merge_tree
from skgeom._core.spanning_tree import (
    certified_tree,
    graph_forest,
    metric_tree,
    within_range,
)
from skgeom.separability._normalize import divide_rows, row_norms

# Metrics that are increasing functions of the Euclidean distance e of prepared rows (unit rows,
# centred first for "correlation"): the tree is the Euclidean one, its weights are mapped.
MAPPED_METRICS = {
    "euclidean": lambda e: e,
    "l2": lambda e: e,
    "sqeuclidean": lambda e: e**2,
    "cosine": lambda e: e**2 / 2,
    "correlation": lambda e: e**2 / 2,
    "angular": lambda e: 2 * np.arcsin(np.minimum(e / 2, 1.0)),
}
UNIT_ROW_METRICS = ("cosine", "correlation", "angular")


@dataclass(frozen=True)
class TreeSettings:
    """How a tree is built.

    Attributes
    ----------
    metric : str or callable
    metric_params : dict
    min_samples : int or None
    algorithm : {"auto", "prim", "gram", "tiles", "kdtree", "knn"}
    memory : float
        MiB for temporaries.
    n_jobs : int or None
        Threads inside one tree.
    """

    metric: object = "euclidean"
    metric_params: dict = field(default_factory=dict)
    min_samples: int | None = None
    algorithm: str = "auto"
    memory: float = 1024.0
    n_jobs: int | None = 1

    def for_size(self, n_samples):
        """The same settings for a small part of a cloud: fewer neighbours where there are fewer."""
        if self.min_samples is None or self.min_samples < n_samples:
            return self
        return replace(self, min_samples=n_samples - 1 if n_samples > 1 else None)


@dataclass(frozen=True)
class Barcode:
    """The H0 barcode of a cloud with its tree and merges.

    Attributes
    ----------
    lifetimes : ndarray of float64, shape (n_merges,)
        Ascending; as long as the spanning forest, n_samples - n_components.
    edges : ndarray of int32, shape (n_merges, 2)
    merge_sizes : ndarray of int64, shape (n_merges, 2)
    linkage : ndarray of float64, shape (n_merges, 4)
    n_samples : int
    exact_fraction : float
        Share of the edges that are certified to belong to the minimum spanning tree.
    """

    lifetimes: np.ndarray
    edges: np.ndarray
    merge_sizes: np.ndarray
    linkage: np.ndarray
    n_samples: int
    exact_fraction: float = 1.0

    @property
    def n_components(self):
        """Number of classes that never die."""
        return self.n_samples - len(self.lifetimes)

    @property
    def minor_sizes(self):
        """Size of the smaller side of every merge, shape (n_merges,)."""
        return self.merge_sizes.min(axis=1)

    def nearest(self):
        """Distance of every point to its nearest neighbour, and who that is, from the tree.

        Returns
        -------
        distance : ndarray of float64, shape (n_samples,)
            Infinite for a point without edges.
        neighbour : ndarray of int32, shape (n_samples,)
            Of several nearest ones that the tree joins to the point, the first in its order.
        """
        distance = np.full(self.n_samples, np.inf)
        neighbour = np.full(self.n_samples, -1, dtype=np.int32)
        # The edges are sorted: written from the last to the first, the smallest stays.
        for side in (0, 1):
            ends, others = self.edges[::-1, side], self.edges[::-1, 1 - side]
            candidate = np.full(self.n_samples, np.inf)
            who = np.full(self.n_samples, -1, dtype=np.int32)
            candidate[ends], who[ends] = self.lifetimes[::-1], others
            closer = candidate < distance
            distance[closer], neighbour[closer] = candidate[closer], who[closer]
        return distance, neighbour


def take(X, rows, metric):
    """Return the cloud of some rows (rows and columns of a distance matrix)."""
    if metric == "precomputed":
        return X[rows][:, rows]
    return X[rows]


def unit_rows(X, name="X"):
    """Divide rows by their norms; a zero row has no direction and is refused."""
    norms = row_norms(X)
    if not norms.all():
        row = int(np.argmin(norms))
        raise ValueError(
            f"Row {row} of {name} is zero (or constant, for the correlation distance): it has no "
            "direction, so its angle to other rows is not defined. Remove it or choose a metric "
            "that does not compare directions."
        )
    return divide_rows(X, norms)


def prepare_rows(X, metric):
    """Map rows to where a mapped metric is a function of the Euclidean distance."""
    if metric not in UNIT_ROW_METRICS:
        return X
    if sp.issparse(X):
        X = X.toarray()
    if metric == "correlation":
        rounding = 10 * np.finfo(X.dtype).eps * np.abs(X).max(axis=1)
        X = X - X.mean(axis=1, keepdims=True)
        X[np.abs(X).max(axis=1) <= rounding] = 0.0  # constant rows
    return unit_rows(X)


def build_barcode(X, settings):
    """Compute the H0 barcode of the Vietoris-Rips filtration, indexed by diameter.

    Parameters
    ----------
    X : ndarray or csr_matrix of shape (n_samples, n_features), or (n_samples, n_samples)
        Validated points, or distances for ``settings.metric == "precomputed"``.
    settings : TreeSettings

    Returns
    -------
    barcode : Barcode
    """
    n_samples = X.shape[0]
    edges, lifetimes, exact_fraction = _spanning_tree(X, settings)
    if not np.isfinite(lifetimes).all():
        raise ValueError(
            f"Distances between rows of X leave the range of float64 with metric="
            f"{settings.metric!r}; scale X, or normalize it."
        )
    linkage, sizes = merge_tree(edges, lifetimes, n_samples)
    return Barcode(lifetimes, edges, sizes, linkage, n_samples, exact_fraction)


def _spanning_tree(X, settings):
    """Edges, their weights, and the share of them that is certified."""
    if isinstance(settings.metric, str):
        if settings.metric == "precomputed":
            return *_precomputed_tree(X, settings), 1.0
        if settings.metric in MAPPED_METRICS:
            dense = _affordable(X, settings)
            if dense is not None:
                return _mapped_tree(prepare_rows(dense, settings.metric), settings)
    return *_generic_tree(X, settings), 1.0


def _affordable(X, settings):
    """`X` as a dense array, or None where that would take more than the working memory."""
    if not sp.issparse(X):
        return X
    if X.shape[0] * X.shape[1] * X.dtype.itemsize > settings.memory * 2**20:
        return None
    return X.toarray()


def _mapped_tree(rows, settings):
    core = None
    rows, exponent = within_range(rows)
    if settings.min_samples is not None:
        core = _euclidean_core(rows, settings.min_samples)
    edges, weights, exact_fraction = certified_tree(
        rows, core, settings.algorithm, settings.memory, settings.n_jobs
    )
    with np.errstate(over="ignore"):
        weights = MAPPED_METRICS[settings.metric](np.ldexp(weights, exponent))
    return edges, weights, exact_fraction


def _euclidean_core(rows, k):
    """Distance of every row to its k-th neighbour, measured by direct differences."""
    search = NearestNeighbors(n_neighbors=k).fit(rows)
    with single_openmp_thread():
        neighbour = search.kneighbors(return_distance=False)[:, k - 1]
    core = np.empty(len(rows))
    step = max(1, 2**20 // rows.shape[1])
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        difference = rows[part].astype(np.float64) - rows[neighbour[part]]
        core[part] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    return core


def _generic_tree(X, settings):
    metric, params = settings.metric, settings.metric_params
    core = None
    if settings.min_samples is not None:
        search = NearestNeighbors(
            n_neighbors=settings.min_samples,
            metric="euclidean" if metric == "l2" else metric,
            metric_params=params or None,
            algorithm="brute",
        )
        with single_openmp_thread():
            core = search.fit(X).kneighbors()[0][:, -1].astype(np.float64)

    def distances(rows):
        found = pairwise_distances(X[rows], X, metric=metric, **params)
        _check_range(found, rows, metric)
        return found

    return metric_tree(distances, X.shape[0], core=core, memory=settings.memory)


def _check_range(distances, rows, metric):
    """Refuse what is not a distance: some metrics are not defined for rows of zeros."""
    good = (distances >= 0) & (distances < np.inf)
    if not good.all():
        i, j = np.argwhere(~good)[0]
        raise ValueError(
            f"metric={metric!r} gives {distances[i, j]} between rows {rows[i]} and {j} of the "
            "(normalized) cloud; distances must be finite numbers >= 0."
        )


def _precomputed_tree(X, settings):
    k = settings.min_samples
    if sp.issparse(X):
        core = None if k is None else _sparse_core(X, k)
        return graph_forest(X, core=core)
    core = None if k is None else np.partition(X, k, axis=1)[:, k]
    return metric_tree(lambda rows: X[rows], X.shape[0], core=core, memory=settings.memory)


def _sparse_core(graph, k):
    """k-th smallest stored weight of every row; infinite where fewer are stored."""
    core = np.full(graph.shape[0], np.inf)
    for row in range(graph.shape[0]):
        part = slice(graph.indptr[row], graph.indptr[row + 1])
        weights = graph.data[part][graph.indices[part] != row]
        if len(weights) >= k:
            core[row] = np.partition(weights, k - 1)[k - 1]
    return core
