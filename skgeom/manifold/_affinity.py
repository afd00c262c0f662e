"""From points to a graph: neighbours, affinities, Laplacians, bridges between components."""

import warnings
from importlib.util import find_spec
from itertools import pairwise
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_array, gen_batches
from sklearn.utils._param_validation import Interval, StrOptions, validate_params
from sklearn.utils.validation import validate_data

from skgeom._core.checks import check_graph
from skgeom._core.extras import import_extra
from skgeom._core.parallel import (
    even_ranges,
    parallel_ranges,
    single_blas_thread,
    single_openmp_thread,
)
from skgeom.manifold._kernels import least_gaps

GRAPHS = ("alpha", "knn", "gaussian", "fuzzy")
LAPLACIANS = ("normalized", "combinatorial", "random_walk")
# beyond so many points of more than ten features, neighbours are sought approximately
_EXACT_LIMIT, _EXACT_FEATURES = 20000, 10
# candidates asked for beyond the wanted number, since the search may round its distances
_MARGIN = 3
# largest values that are accepted, at least and at most, by the size of the type
_MAGNITUDES = {4: (1e-15, 1e15), 8: (1e-100, 1e100)}
_CHUNK = 2**22
_ROWS_PER_THREAD = 2048


class Neighbors:
    """Nearest reference points with distances that do not depend on the rest of the query.

    scikit-learn's search finds candidates; Euclidean distances are then computed again from the
    differences, because the search's blocked products round them (a point and its copy can be
    1e-8 apart there) and round differently for different numbers of query rows.

    Parameters
    ----------
    X : array or CSR of shape (n_points, n_features), or None
        Reference points; None for precomputed distances.
    metric, metric_params, n_jobs
        As in scikit-learn.
    """

    def __init__(self, X, metric="euclidean", metric_params=None, n_jobs=None):
        self.X = X
        self.metric = metric
        self.metric_params = metric_params
        self.n_jobs = n_jobs
        self.n_points = None if X is None else X.shape[0]
        self._centred = None
        if X is not None:
            self._search = NearestNeighbors(metric=metric, metric_params=metric_params).fit(X)

    def query(self, Y, n_neighbors):
        """Distances and indices of the nearest reference points, nearest first.

        Parameters
        ----------
        Y : array of shape (n_rows, n_features), or (n_rows, n_points) precomputed distances
        n_neighbors : int

        Returns
        -------
        distances : float64 array of shape (n_rows, n_neighbors)
        indices : int array of shape (n_rows, n_neighbors)
        """
        if self.X is None:
            return _smallest(np.asarray(Y, dtype=np.float64), n_neighbors)
        if self.metric != "euclidean" or Y.shape[0] < 2 * _ROWS_PER_THREAD:
            return self._search_rows(Y, n_neighbors)
        ranges = even_ranges(Y.shape[0], -(-Y.shape[0] // _ROWS_PER_THREAD))
        search = self._search_products if self._is_brute(Y) else self._search_rows
        with single_blas_thread():
            parts = parallel_ranges(
                lambda start, stop: search(Y[start:stop], n_neighbors),
                ranges,
                n_jobs=self.n_jobs,
            )
        return tuple(np.concatenate(part) for part in zip(*parts))

    def _search_rows(self, Y, n_neighbors):
        if sp.issparse(Y) and not sp.issparse(self.X):
            Y = Y.toarray()
        n_candidates = min(n_neighbors + _MARGIN, self.n_points)
        with single_openmp_thread():
            distances, indices = self._search.kneighbors(Y, n_candidates)
        if not np.isfinite(distances).all():
            raise ValueError(
                f"metric={self.metric!r} gives NaN or infinite distances for rows of X."
            )
        return self._nearest_first(Y, distances, indices, n_neighbors)

    def _is_brute(self, Y):
        """Whether products of many dense rows with all reference points find the neighbours."""
        brute = not (sp.issparse(Y) or sp.issparse(self.X)) and self._search._fit_method == "brute"
        if brute and self._centred is None:
            middle = self.X.mean(axis=0, dtype=np.float64)
            centred = (self.X - middle).astype(np.float32)
            half = 0.5 * np.einsum("ij,ij->i", centred, centred)
            self._centred = (middle, np.ascontiguousarray(centred.T), half)
        return brute

    def _search_products(self, Y, n_neighbors):
        """The same as `_search_rows` by float32 products, where these prove to be enough.

        A point that is no candidate has a product so much worse than the candidates' that rounding
        cannot have hidden a neighbour; rows without that proof are searched by `_search_rows`.
        """
        middle, columns, half = self._centred
        rows = Y - middle
        products = rows.astype(np.float32) @ columns
        n_candidates = min(n_neighbors + _MARGIN, self.n_points)
        indices = np.empty((len(Y), n_candidates), np.int64)
        worst = np.empty(len(Y))
        least_gaps(0, len(Y), products, half, indices, worst)
        distances, indices = self._nearest_first(Y, indices, indices, n_neighbors)
        square = np.einsum("ij,ij->i", rows, rows)
        largest = float(half.max())
        rounding = np.finfo(np.float32).eps * (len(middle) + 4)
        rounding = rounding * (np.sqrt(2.0 * square * largest) + largest)
        gap = 0.5 * distances[:, -1] ** 2
        doubtful = np.flatnonzero(~(gap < 0.5 * square + worst - rounding))
        if n_candidates < self.n_points and len(doubtful):
            found = self._search_rows(Y[doubtful], n_neighbors)
            distances[doubtful], indices[doubtful] = found
        return distances, indices

    def _nearest_first(self, Y, distances, indices, n_neighbors):
        distances = distances.astype(np.float64)
        if self.metric == "euclidean":
            rows = np.repeat(np.arange(Y.shape[0]), indices.shape[1])
            distances = pair_distances(Y, self.X, rows, indices.ravel()).reshape(indices.shape)
        order = np.lexsort((indices, distances))[:, :n_neighbors]
        return np.take_along_axis(distances, order, 1), np.take_along_axis(indices, order, 1)

    def query_others(self, Y, n_neighbors, points=None):
        """The same for reference points themselves, each without itself.

        ``Y[k]`` is reference point ``points[k]``; all points in their order by default.
        """
        if points is None and self._is_large():
            distances, indices = self._descend(n_neighbors + 1)
        else:
            distances, indices = self.query(Y, n_neighbors + 1)
        points = np.arange(len(indices)) if points is None else points
        own = indices == points[:, None]
        # among many copies of a point it may not be in its own list: drop the last one then
        own[~own.any(axis=1), -1] = True
        shape = (len(indices), n_neighbors)
        return distances[~own].reshape(shape), indices[~own].reshape(shape)

    def _is_large(self):
        """Whether pynndescent looks for the neighbours of all points (the "scale" extra)."""
        X = self.X
        if X is None or X.shape[0] <= _EXACT_LIMIT or X.shape[1] <= _EXACT_FEATURES:
            return False
        if not isinstance(self.metric, str) or self.metric_params:
            return False
        if find_spec("pynndescent") is None:
            warnings.warn(
                f"The exact neighbours of {X.shape[0]} points are sought, which takes long; "
                'pynndescent would find them faster: pip install "skgeom[scale]".'
            )
            return False
        return True

    def _descend(self, n_neighbors):
        """Neighbours of all points, themselves included, by nearest-neighbour descent."""
        with single_openmp_thread():
            index = import_extra("pynndescent", "scale").NNDescent(
                self.X, self.metric, n_neighbors=n_neighbors + _MARGIN, random_state=0, n_jobs=1
            )
        indices, distances = index.neighbor_graph
        return self._nearest_first(self.X, distances, indices, n_neighbors)


def _smallest(D, n_neighbors):
    n_neighbors = min(n_neighbors, D.shape[1])
    indices = np.argpartition(D, n_neighbors - 1, axis=1)[:, :n_neighbors]
    distances = np.take_along_axis(D, indices, 1)
    order = np.lexsort((indices, distances))
    return np.take_along_axis(distances, order, 1), np.take_along_axis(indices, order, 1)


def validate_rows(estimator, X, **options):
    """scikit-learn's `validate_data`, whose error on NaN or infinity names the row as well."""
    try:
        return validate_data(estimator, X, **options)
    except ValueError as error:
        row = _first_bad_row(X) if "NaN" in str(error) or "infinity" in str(error) else None
        if row is None:
            raise
        raise ValueError(f"Row {row} of X is not finite. {error}") from error


def _first_bad_row(X):
    if sp.issparse(X):
        X = sp.csr_array(X)
        rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
        bad = rows[~np.isfinite(X.data)]
    else:
        try:
            finite = np.isfinite(np.asarray(X, dtype=np.float64))
        except (TypeError, ValueError):
            return None
        bad = np.flatnonzero(~finite.all(axis=tuple(range(1, finite.ndim))))
    return int(bad.min()) if len(bad) else None


def check_magnitude(X, what="X"):
    """Refuse values whose squares, or those of their distances, over- or underflow.

    Parameters
    ----------
    X : array or sparse matrix, float32 or float64
    what : str
        Its name in the message.
    """
    values = X.data if sp.issparse(X) else X
    # no copy of X, which may be a file
    most = max(float(values.max(initial=0.0)), -float(values.min(initial=0.0)))
    least, limit = _MAGNITUDES[np.dtype(X.dtype).itemsize]
    if most > limit or 0 < most < least:
        raise ValueError(
            f"The largest value of {what} is {most:.3g} in size; it must be between {least:g} and "
            f"{limit:g} for {X.dtype}, so that squares can be computed. Scale {what}."
        )


def pair_distances(X, Y, rows, columns):
    """Euclidean distances of the pairs ``(X[rows[k]], Y[columns[k]])``, from differences."""
    out = np.empty(len(rows))
    for block in gen_batches(len(rows), max(1, _CHUNK // X.shape[1])):
        if sp.issparse(X):
            gap = (X[rows[block]] - Y[columns[block]]).astype(np.float64)
            out[block] = np.sqrt(np.asarray(gap.multiply(gap).sum(axis=1)).ravel())
        else:
            gap = X[rows[block]].astype(np.float64) - Y[columns[block]]
            out[block] = np.sqrt(np.einsum("ij,ij->i", gap, gap))
    return out


@validate_params(
    {
        "X": ["array-like", "sparse matrix"],
        "graph": [StrOptions(set(GRAPHS))],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "metric": [str, callable],
        "metric_params": [dict, None],
        "decay": [Interval(Real, 0, None, closed="neither")],
        "thresh": [Interval(Real, 0, 1, closed="neither")],
        "anisotropy": [Interval(Real, 0, 1, closed="both")],
        "n_jobs": [Integral, None],
        "return_lengths": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def affinity_graph(
    X,
    *,
    graph="alpha",
    n_neighbors=10,
    metric="euclidean",
    metric_params=None,
    decay=40.0,
    thresh=1e-4,
    anisotropy=0.0,
    n_jobs=None,
    return_lengths=False,
):
    """Symmetric sparse affinities of points.

    Parameters
    ----------
    X : array or CSR of shape (n_points, n_features), or (n_points, n_points) distances
    graph : {"alpha", "knn", "gaussian", "fuzzy"}, default="alpha"
        - "alpha": ``exp(-(d_ij / s_i)^decay)`` with s_i the distance to the `n_neighbors`-th
          neighbour, entries below `thresh` dropped, symmetrised by the mean;
        - "knn": ``exp(-d_ij^2 / s^2)`` over the `n_neighbors` nearest, s the mean length of
          these edges, symmetrised by the mean;
        - "gaussian": ``exp(-d_ij^2 / (s_i s_j))`` over the union of the nearest neighbours;
        - "fuzzy": ``exp(-max(0, d_ij - r_i) / s_i)`` with r_i the nearest neighbour's distance
          and s_i such that a row sums to ``log2(n_neighbors)``, joined by a + b - ab.
    n_neighbors : int, default=10
        The point itself is not counted.
    metric, metric_params
        As in `sklearn.neighbors.NearestNeighbors`; "precomputed" for distances.
    decay, thresh : float
        Shape and cut of the alpha kernel.
    anisotropy : float in [0, 1], default=0
        ``K_ij / (q_i q_j)^anisotropy`` with q the row sums (self loops of 1 included); 1 takes
        the sampling density out [1]_.
    n_jobs : int or None
    return_lengths : bool, default=False

    Returns
    -------
    affinity : csr_array of shape (n_points, n_points)
        Symmetric, non-negative, zero diagonal.
    lengths : csr_array of shape (n_points, n_points)
        The metric's lengths of the same edges (explicit zeros for copies). Only with
        `return_lengths`.

    References
    ----------
    .. [1] R. Coifman, S. Lafon, "Diffusion maps", Applied and Computational Harmonic Analysis
       21 (2006).
    .. [2] L. McInnes, J. Healy, J. Melville, "UMAP", arXiv:1802.03426 (2018).
    """
    precomputed = metric == "precomputed"
    X = check_array(
        X,
        accept_sparse=False if precomputed else "csr",
        dtype=[np.float64, np.float32],
        ensure_min_samples=2,
        input_name="X",
    )
    check_magnitude(X)
    n_points = X.shape[0]
    search = Neighbors(None if precomputed else X, metric, metric_params, n_jobs)
    n_neighbors = clamp_neighbors(n_neighbors, n_points)
    make = {
        "alpha": lambda: _alpha_edges(search, X, n_neighbors, decay, thresh),
        "knn": lambda: _knn_edges(search, X, n_neighbors),
        "gaussian": lambda: _gaussian_edges(search, X, n_neighbors),
        "fuzzy": lambda: _fuzzy_edges(search, X, n_neighbors),
    }[graph]
    rows, columns, kernel, distances = make()
    shape = (n_points, n_points)
    K = sp.csr_array((kernel, (rows, columns)), shape=shape)
    if graph == "fuzzy":
        W = K + K.T - K.multiply(K.T)
    elif graph == "gaussian":
        W = K.maximum(K.T)
    else:
        W = (K + K.T) * 0.5
    W = _sorted(W)
    if anisotropy > 0:
        q = W.sum(axis=1) + 1.0  # the kernel of a point with itself is 1
        W.data /= (np.repeat(q, np.diff(W.indptr)) * q[W.indices]) ** anisotropy
    if not return_lengths:
        return W
    return W, _edge_lengths(W, rows, columns, distances)


def clamp_neighbors(n_neighbors, n_points):
    """At most ``n_points - 1`` neighbours, with a warning."""
    if n_neighbors < n_points:
        return n_neighbors
    warnings.warn(
        f"n_neighbors={n_neighbors} is not less than the number of points, {n_points}: "
        f"n_neighbors={n_points - 1} is used."
    )
    return n_points - 1


def _sorted(W):
    W = sp.csr_array(W)
    W.sum_duplicates()
    W.eliminate_zeros()
    return narrow(W)


def narrow(W):
    """The same CSR array with int32 indices, as long as they fit."""
    if max(W.nnz, *W.shape) >= 2**31 or W.indices.dtype == W.indptr.dtype == np.int32:
        return W
    parts = (W.data, W.indices.astype(np.int32), W.indptr.astype(np.int32))
    return sp.csr_array(parts, shape=W.shape)


def _edge_lengths(W, rows, columns, distances):
    """Lengths with the pattern of W, zeros explicit: numbers of edges are joined, not lengths."""
    numbers = np.arange(1.0, len(rows) + 1.0)
    L = sp.csr_array((numbers, (rows, columns)), shape=W.shape)
    L = L.maximum(L.T)
    pattern = W.copy()
    pattern.data = np.ones_like(W.data)
    L = sp.csr_array(L.multiply(pattern))
    L.sum_duplicates()
    L.data = distances[L.data.astype(np.int64) - 1]
    return narrow(L)


def _positive_scales(scales, distances, search, X):
    """Bandwidths with zeros (more copies of a point than neighbours) replaced."""
    zero = scales <= 0
    if not zero.any():
        return scales
    positive = distances[distances > 0]
    smallest = positive.min() if len(positive) else _smallest_positive(search, X)
    warnings.warn(
        f"{int(zero.sum())} points have more copies of themselves than neighbours; the "
        f"smallest positive distance, {smallest:.3g}, is used as their bandwidth."
    )
    return np.where(zero, smallest, scales)


def _smallest_positive(search, X):
    if search.X is None:
        positive = np.asarray(X)[np.asarray(X) > 0]
    else:
        points = np.unique(X.toarray() if sp.issparse(X) else X, axis=0)
        positive = _positive_distances(points, search) if len(points) > 1 else []
    if len(positive) == 0:
        raise ValueError(
            "All points are equal (constant data), or at distance 0 from each other: a graph of "
            "neighbours needs at least two different points."
        )
    return positive.min()


def _positive_distances(points, search):
    """Distances of different points to their nearest neighbours that are not at distance 0."""
    others = Neighbors(points, search.metric, search.metric_params)
    asked = 1
    while True:
        distances = others.query_others(points, asked)[0]
        if distances.max() > 0 or asked == len(points) - 1:
            return distances[distances > 0]
        asked = min(2 * asked, len(points) - 1)


def _alpha_edges(search, X, n_neighbors, decay, thresh):
    n_points = X.shape[0]
    with np.errstate(over="ignore"):  # a flat kernel reaches all points
        reach = (-np.log(thresh)) ** (1.0 / decay)
    asked = min(n_points - 1, n_neighbors + n_neighbors // 2 + 5)
    distances, indices = search.query_others(X, asked)
    scales = _positive_scales(distances[:, n_neighbors - 1], distances, search, X)
    todo = np.arange(n_points)
    parts = []
    while True:
        done = (distances[:, -1] > reach * scales[todo]) | (asked == n_points - 1)
        rows = np.repeat(todo[done], asked)
        parts.append((rows, indices[done].ravel(), distances[done].ravel()))
        todo = todo[~done]
        if len(todo) == 0:
            break
        # some balls reach beyond the neighbours asked for: ask those points for twice as many
        asked = min(n_points - 1, 2 * asked)
        distances, indices = search.query_others(X[todo], asked, todo)
    rows, columns, distances = (np.concatenate(part) for part in zip(*parts))
    with np.errstate(over="ignore"):
        kernel = np.exp(-((distances / scales[rows]) ** decay))
    keep = kernel >= thresh
    if not keep.any():
        raise ValueError(
            f"No affinity reaches thresh={thresh}: the largest is {kernel.max():.3g} with "
            f"decay={decay}. Pass a smaller thresh (the kernel is exp(-1) at the bandwidth)."
        )
    return rows[keep], columns[keep], kernel[keep], distances[keep]


def _knn_edges(search, X, n_neighbors):
    distances, indices = search.query_others(X, n_neighbors)
    scale = _positive_scales(distances.mean(keepdims=True), distances, search, X).ravel()[0]
    rows = np.repeat(np.arange(len(indices)), n_neighbors)
    d = distances.ravel()
    return rows, indices.ravel(), np.exp(-((d / scale) ** 2)), d


def _gaussian_edges(search, X, n_neighbors):
    distances, indices = search.query_others(X, n_neighbors)
    scales = _positive_scales(distances[:, -1], distances, search, X)
    rows = np.repeat(np.arange(len(indices)), n_neighbors)
    columns, d = indices.ravel(), distances.ravel()
    return rows, columns, np.exp(-(d**2) / (scales[rows] * scales[columns])), d


def _fuzzy_edges(search, X, n_neighbors):
    distances, indices = search.query_others(X, n_neighbors)
    if distances.max() <= 0:
        _smallest_positive(search, X)
    nearest = distances[:, :1]
    excess = np.maximum(distances - nearest, 0.0)
    target = np.log2(max(n_neighbors, 2))
    low = np.zeros(len(distances))
    high = np.full(len(distances), max(excess.max(), 1e-300) * n_neighbors * 10.0)
    for _ in range(80):
        middle = 0.5 * (low + high)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            total = np.nan_to_num(np.exp(-excess / middle[:, None]), nan=1.0).sum(axis=1)
        high = np.where(total > target, middle, high)
        low = np.where(total > target, low, middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        kernel = np.nan_to_num(np.exp(-excess / (0.5 * (low + high))[:, None]), nan=1.0)
    rows = np.repeat(np.arange(len(indices)), n_neighbors)
    return rows, indices.ravel(), kernel.ravel(), distances.ravel()


@validate_params(
    {"affinity": ["array-like", "sparse matrix"], "kind": [StrOptions(set(LAPLACIANS))]},
    prefer_skip_nested_validation=True,
)
def laplacian(affinity, kind="normalized"):
    """Graph Laplacian as a CSR array.

    Parameters
    ----------
    affinity : csr_array of shape (n, n)
        Symmetric, non-negative; the diagonal is taken as zero.
    kind : {"normalized", "combinatorial", "random_walk"}, default="normalized"
        ``I - D^-1/2 W D^-1/2``, ``D - W`` or ``I - D^-1 W``. Rows of isolated nodes are zero.

    Returns
    -------
    L : csr_array of shape (n, n)

    Raises
    ------
    ValueError
        For an affinity that is not square, or holds negative weights, NaN or infinity.
    """
    W = check_graph(affinity, name="affinity").copy()
    W.setdiag(0.0)
    W.eliminate_zeros()
    degrees = W.sum(axis=1)
    if kind == "combinatorial":
        return sp.csr_array(sp.diags_array(degrees) - W)
    inverse = np.divide(1.0, degrees, out=np.zeros_like(degrees), where=degrees > 0)
    rows = np.repeat(np.arange(len(degrees)), np.diff(W.indptr))
    if kind == "normalized":
        root = np.sqrt(inverse)
        W.data *= root[rows] * root[W.indices]
    else:
        W.data *= inverse[rows]
    return sp.csr_array(sp.diags_array((degrees > 0).astype(float)) - W)


def connect_components(affinity, X=None, *, lengths=None, metric="euclidean", metric_params=None):
    """Join the components of a graph by the shortest edges between them.

    Each component in turn is joined to its nearest point outside, until one is left (Borůvka's
    spanning tree over components); a bridge gets the smallest positive weight of the graph, so
    that heat crosses it, but late.

    Parameters
    ----------
    affinity : csr_array of shape (n, n)
    X : array or CSR of shape (n, n_features), (n, n) distances with ``metric="precomputed"``, or \
None
        None when there are no distances: the nodes of largest degree are joined in a chain then.
    lengths : csr_array or None
        Edge lengths, extended by the bridges.
    metric, metric_params
        As in `affinity_graph`.

    Returns
    -------
    affinity : csr_array of shape (n, n)
    lengths : csr_array or None
    n_components : int
        Before bridging.
    labels : int array of shape (n,)
        Component of each node, before bridging.
    """
    affinity = check_graph(affinity, dtype=(np.float64, np.float32), name="affinity")
    if X is not None and getattr(X, "shape", (0,))[:1] != affinity.shape[:1]:
        raise ValueError(
            f"X must be an array of the {affinity.shape[0]} nodes of affinity, got "
            f"{getattr(X, 'shape', X)!r:.80}."
        )
    n_components, labels = connected_components(affinity, directed=False)
    if n_components == 1:
        return affinity, lengths, 1, labels
    if X is None:
        bridges = _bridge_hubs(affinity, labels)
    else:
        bridges = _bridge_nearest(labels, X, metric, metric_params)
    i, j, d = (np.array(part) for part in zip(*bridges))
    weight = affinity.data[affinity.data > 0].min() if affinity.nnz else 1.0
    rows, columns = np.concatenate([i, j]), np.concatenate([j, i])
    shape = affinity.shape
    bridge = sp.csr_array((np.full(len(rows), weight), (rows, columns)), shape=shape)
    if lengths is not None:
        # built by hand: adding sparse matrices would drop explicit zeros
        old = lengths.tocoo()
        data = np.concatenate([old.data, d, d])
        rows = np.concatenate([old.row, rows])
        columns = np.concatenate([old.col, columns])
        lengths = sp.csr_array((data, (rows, columns)), shape=shape)
        lengths.sum_duplicates()
        lengths = narrow(lengths)
    return _sorted(affinity + bridge), lengths, n_components, labels


def _bridge_hubs(affinity, labels):
    degrees = affinity.sum(axis=1)
    order = np.lexsort((-degrees, labels))
    hubs = order[np.unique(labels[order], return_index=True)[1]]
    return [(a, b, 1.0) for a, b in pairwise(hubs)]


def _bridge_nearest(labels, X, metric, metric_params):
    groups = labels.copy()
    bridges = []
    while len(np.unique(groups)) > 1:
        names, counts = np.unique(groups, return_counts=True)
        found = [
            _nearest_outside(groups, name, X, metric, metric_params)
            for name in np.delete(names, np.argmax(counts))
        ]
        for i, j, d in sorted(found, key=lambda edge: (edge[2], edge[0], edge[1])):
            if groups[i] != groups[j]:
                bridges.append((i, j, d))
                groups[groups == groups[i]] = groups[j]
    return bridges


def _nearest_outside(groups, name, X, metric, metric_params):
    inside, outside = np.flatnonzero(groups == name), np.flatnonzero(groups != name)
    if metric == "precomputed":
        block = np.asarray(X)[np.ix_(inside, outside)]
        a, b = np.unravel_index(np.argmin(block), block.shape)
        return inside[a], outside[b], float(block[a, b])
    with single_openmp_thread():
        nearest, distances = pairwise_distances_argmin_min(
            X[inside], X[outside], metric=metric, metric_kwargs=metric_params
        )
    a = int(np.argmin(distances))
    return inside[a], outside[nearest[a]], float(distances[a])
