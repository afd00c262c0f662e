"""The metric space of labels, whatever it is given as."""

import warnings
from numbers import Real

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components, shortest_path
from scipy.spatial.distance import cdist

from skgeom._core.checks import check_graph
from skgeom.labels._tree import Tree, tree_of_distances

# Distances may differ from their transposed by this share of the largest one: rounding.
_ASYMMETRY = 1e-6
# The largest distance lies below this and above its inverse: squares must not leave the range.
_LARGEST = 1e100


class LabelSpace:
    """N labels and the distances between them.

    Parameters
    ----------
    labels : ndarray of shape (N,)

    Attributes
    ----------
    points : ndarray of shape (N, q) or None
        Coordinates whose Euclidean distances are those of the labels.
    graph : csr_array of shape (N, N) or None
        Adjacency whose shortest paths are the distances.
    is_tree : bool
        Whether `graph` is a tree.
    """

    points = graph = None
    is_tree = False

    def __init__(self, labels):
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def rows(self, indices):
        """Distances of some labels to all, shape (len(indices), N)."""
        return (self.labels[indices][:, None] != self.labels).astype(np.float64)

    def powers(self, indices, power):
        """Powers of `rows`, shape (len(indices), N)."""
        rows = self.rows(indices)
        largest = rows.max()
        if largest > 0 and abs(power * np.log10(largest)) > 300:
            raise ValueError(
                f"power={power:g} of the largest distance between labels, {largest:.3g}, leaves "
                "the range of floats."
            )
        return rows**power

    def precision(self, index, power):
        """float32 where it can hold powers of distances, judged by those of one label."""
        largest = self.powers([index], power).max()
        return np.float32 if largest == 0 or 1e-30 < largest < 1e30 else np.float64


class DistanceSpace(LabelSpace):
    """Labels with a matrix of distances."""

    def __init__(self, labels, D):
        super().__init__(labels)
        self.D = D

    def rows(self, indices):
        """Distances of some labels to all, shape (len(indices), N)."""
        return self.D[indices]


class PointSpace(LabelSpace):
    """Labels with coordinates."""

    def __init__(self, labels, points):
        super().__init__(labels)
        # about their centre, where squares lose least to rounding
        self.points = points - points.mean(axis=0)

    def rows(self, indices):
        """Distances of some labels to all, shape (len(indices), N)."""
        return cdist(self.points[indices], self.points)


class GraphSpace(LabelSpace):
    """Labels that are the nodes of a connected weighted graph."""

    def __init__(self, labels, graph):
        super().__init__(labels)
        self.graph = graph
        self.is_tree = graph.nnz == 2 * (len(labels) - 1)
        self.tree = Tree.from_graph(graph) if self.is_tree else None

    def rows(self, indices):
        """Distances of some labels to all, shape (len(indices), N)."""
        return shortest_path(self.graph, directed=False, indices=indices)


class CallableSpace(LabelSpace):
    """Labels with a function of two of them."""

    def __init__(self, labels, function):
        super().__init__(labels)
        self.function = function

    def rows(self, indices):
        """Distances of some labels to all, shape (len(indices), N)."""
        names = self.labels.tolist()
        rows = np.array([[self.function(names[i], b) for b in names] for i in indices], float)
        bad = ~(rows >= 0) | np.isinf(rows)  # NaN is bad as well
        if bad.any():
            i, j = np.argwhere(bad)[0]
            raise ValueError(
                f"label_metric({names[indices[i]]!r}, {names[j]!r}) is {rows[i, j]}; distances "
                "must be finite and non-negative."
            )
        _check_square(rows[:, indices], "label_metric", self.labels[indices])
        _check_range(rows, "label_metric")
        return rows


def label_space(label_metric, labels=None, metric=None, name="label_metric"):
    """Make a label space from what the user gives.

    Parameters
    ----------
    label_metric : ndarray, sparse matrix, graph, callable, "ordinal" or None
        See `LokiClassifier`.
    labels : array-like of shape (N,) or None, default=None
        Names; None takes the nodes of a networkx graph, else 0..N-1.
    metric : {"euclidean"} or None, default=None
        What an array holds: None distances, "euclidean" coordinates.
    name : str
        Name of the parameter, for messages.

    Returns
    -------
    space : LabelSpace
    """
    if metric not in (None, "euclidean"):
        raise ValueError(f'metric must be "euclidean" or None, got {metric!r}.')
    if label_metric is None or isinstance(label_metric, str) or callable(label_metric):
        if labels is None:
            raise ValueError(f"labels must be given with {name}={label_metric!r}.")
        labels = _check_labels(labels)
        if label_metric is None:
            return LabelSpace(labels)
        if callable(label_metric):
            return CallableSpace(labels, label_metric)
        if label_metric != "ordinal":
            raise ValueError(f'{name} must be "ordinal" where it is a str, got {label_metric!r}.')
        return PointSpace(labels, np.arange(len(labels), dtype=np.float64)[:, None])
    if hasattr(label_metric, "adjacency") and hasattr(label_metric, "nodes"):
        return _from_networkx(label_metric, labels, name)
    if sp.issparse(label_metric):
        graph = _check_connected(check_graph(label_metric, name=name), name)
        return GraphSpace(_check_labels(labels, graph.shape[0], name), graph)
    array = _as_table(label_metric, name)
    if metric == "euclidean":
        return PointSpace(_check_labels(labels, len(array), name), array)
    check_distances(array, name)
    return DistanceSpace(_check_labels(labels, len(array), name), array)


def _from_networkx(graph, labels, name):
    nodes = list(graph.nodes)
    index = {node: i for i, node in enumerate(nodes)}
    if labels is not None:
        labels = _check_labels(labels)
        missing = [node for node in labels.tolist() if node not in index]
        if missing or len(labels) != len(nodes):
            raise ValueError(
                f"labels must be the {len(nodes)} nodes of {name}, in any order; got "
                f"{len(labels)}, of which {missing[:5]} are none."
            )
        index = {node: i for i, node in enumerate(labels.tolist())}
        nodes = labels.tolist()
    lengths = {}  # of several edges between two nodes the shortest counts
    for a, b, w in graph.edges(data="weight", default=1.0):
        pair, w = (index[a], index[b]), _length(w, a, b, name)
        lengths[pair] = min(w, lengths.get(pair, w))
    i, j = np.array(list(lengths), dtype=np.int64).reshape(-1, 2).T
    shape = (len(nodes), len(nodes))
    matrix = sp.coo_array((list(lengths.values()), (i, j)), shape=shape, dtype=np.float64)
    adjacency = _check_connected(check_graph(matrix, name=name), name)
    return GraphSpace(_check_labels(nodes, len(nodes), name), adjacency)


def _length(weight, a, b, name):
    if not isinstance(weight, Real) or not 0 < weight < np.inf:
        raise ValueError(
            f"The edge between {a!r} and {b!r} of {name} has length {weight!r}; lengths must be "
            "positive numbers."
        )
    return float(weight)


def _check_connected(graph, name):
    """Make lengths symmetric; an edge may be stored in one direction or in both."""
    other = sp.csr_array(graph.T)
    both = (graph != 0).multiply(other != 0)
    gap = abs(graph.multiply(both) - other.multiply(both))
    if gap.nnz and gap.max() > _ASYMMETRY * graph.max():
        i, j = (int(axis[gap.tocoo().data.argmax()]) for axis in gap.tocoo().coords)
        raise ValueError(
            f"{name} is not symmetric: the edge from {i} to {j} has length {graph[i, j]}, that "
            f"from {j} to {i} {graph[j, i]}."
        )
    graph = sp.csr_array(graph.maximum(other))
    _check_range(graph.data, name)
    graph.setdiag(0)
    graph.eliminate_zeros()
    n_parts, part = connected_components(graph, directed=False)
    if n_parts > 1:
        raise ValueError(
            f"{name} is a graph of {n_parts} components: labels {int(np.argmax(part != part[0]))} "
            "and 0 have no path between them, so no distance. Join them by long edges."
        )
    return graph


def _as_table(array, name):
    try:
        array = np.asarray(array)
    except ValueError as error:
        raise ValueError(f"{name} must be a table of numbers: {error}") from error
    if array.dtype.kind not in "biuf" or array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"{name} must be a table of numbers of shape (N, N) or (N, q), got an array of dtype "
            f"{array.dtype} and shape {array.shape}."
        )
    array = array.astype(np.float64, copy=False)
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        raise ValueError(f"{name} contains NaN or infinity in row {int(np.argmin(finite))}.")
    _check_range(array, name)
    return array


def _check_range(values, name):
    largest = max(values.max(initial=0), -values.min(initial=0))
    if largest > _LARGEST or 0 < largest < 1 / _LARGEST:
        raise ValueError(
            f"{name} holds numbers up to {largest:.3g}, whose squares leave the range of floats "
            "(1e-100 to 1e100 is fine): use another unit."
        )


def check_distances(D, name="D"):
    """Raise ValueError for a matrix that isn't one of distances."""
    if D.shape[0] != D.shape[1]:
        raise ValueError(
            f"{name} must be a square (N, N) matrix of distances, got shape {D.shape}; coordinates "
            'of labels go with metric="euclidean".'
        )
    _check_square(D, name, np.arange(len(D)))


def _check_square(D, name, labels):
    names = labels.tolist()
    largest = D.max()
    for i, row in enumerate(D):
        if row.min() < 0:
            j = int(np.argmin(row))
            raise ValueError(
                f"{name} has a negative distance: {row[j]} between {names[i]!r} and {names[j]!r}."
            )
        if row[i] != 0:
            raise ValueError(
                f"{name} has a non-zero diagonal: the distance of {names[i]!r} to itself is "
                f"{row[i]}."
            )
        gap = np.abs(row - D[:, i])
        if gap.max() > _ASYMMETRY * largest:
            j = int(np.argmax(gap))
            raise ValueError(
                f"{name} is not symmetric: {row[j]} from {names[i]!r} to {names[j]!r}, "
                f"{D[j, i]} the other way round."
            )


def warn_triangle(D):
    """Warn when going through a third label is shorter than the distance."""
    slack = _ASYMMETRY * D.max()
    for k in range(len(D)):
        detour = D[:, k, None] + D[k]
        bad = D - detour > slack
        if bad.any():
            i, j = (int(a) for a in np.argwhere(bad)[0])
            warnings.warn(
                f"label_metric violates the triangle inequality: {D[i, j]:g} between labels {i} "
                f"and {j}, {detour[i, j]:g} by way of label {k}."
            )
            return


def _check_labels(labels, n_labels=None, name="label_metric"):
    if labels is None:
        return np.arange(n_labels)
    labels = _name_array(labels)
    if n_labels is not None and len(labels) != n_labels:
        raise ValueError(f"labels holds {len(labels)} names, {name} has {n_labels} labels.")
    if len(labels) == 0:
        raise ValueError("labels is empty; at least one label is required.")
    if len(set(labels.tolist())) < len(labels):
        seen = set()
        twice = next(x for x in labels.tolist() if x in seen or seen.add(x))
        raise ValueError(f"labels holds {twice!r} more than once.")
    return labels


def _name_array(labels):
    """Names as a 1-d array; tuples and mixed kinds stay objects."""
    if not isinstance(labels, np.ndarray):
        kinds = {type(label) for label in labels}
        if len(kinds) > 1 or tuple in kinds:
            array = np.empty(len(labels), dtype=object)
            array[:] = list(labels)
            return array
    try:
        labels = np.asarray(labels)
    except ValueError as error:
        raise ValueError(f"labels must be a list of names: {error}") from error
    if labels.ndim != 1:
        raise ValueError(f"labels must be a list of names, got an array of shape {labels.shape}.")
    return labels


def tree_graph(space):
    """Adjacency of the tree that the distances are path lengths of, or None."""
    if space.graph is not None:
        return space.graph if space.is_tree else None
    if isinstance(space, DistanceSpace):
        return tree_of_distances(space.D)
    return None


def label_indices(labels, names, what):
    """Positions of names among the labels, or raise ValueError naming the first unknown one."""
    index = {label: i for i, label in enumerate(labels.tolist())}
    names = np.asarray(names).tolist() if not isinstance(names, list) else names
    try:
        return np.array([index[name] for name in names], dtype=np.int64)
    except KeyError as error:
        row = names.index(error.args[0])
        raise ValueError(
            f"{what} holds {error.args[0]!r} (row {row}), which is none of the {len(labels)} "
            f"labels {labels.tolist()[:5]}...."
        ) from None
