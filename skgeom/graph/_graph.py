"""An immutable handle on a network: adjacency, node ids and node features."""

import hashlib
import os
import threading
import weakref
from collections import OrderedDict
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import reverse_cuthill_mckee
from sklearn.utils import check_array, check_scalar

from skgeom._core.checks import check_graph
from skgeom._core.extras import import_extra
from skgeom.graph._ingest import csr_from_chunks, read_arrays, write_arrays

N_RESULTS = 2  # results that a handle remembers
N_HANDLES = 2  # unpickled handles that a process keeps alive, with their results

_MISSING = ("None", "nan", "NaT", "<NA>")  # what stands for a missing value in a table
_alive = weakref.WeakValueDictionary()
_recent = OrderedDict()
_registry_lock = threading.RLock()


class Graph:
    """A network: its adjacency matrix, the ids of its nodes and their features.

    The handle is immutable, and light wherever it goes: ``copy``, ``clone`` and ``deepcopy``
    return the handle itself, and unpickling returns the living handle of the process where there
    is one, so that workers of joblib hold one copy. It is no array: cross-validation does not
    slice it. A canonical CSR matrix is not copied: do not change it afterwards.

    Parameters
    ----------
    adjacency : sparse matrix or array, or ndarray, of shape (n_nodes, n_nodes)
        ``adjacency[i, j]`` is the weight of the edge from i to j. Undirected graphs hold both
        directions.
    node_ids : array-like of shape (n_nodes,), default=None
        Unique integers or strings; None stands for 0, ..., n_nodes - 1.
    features : array-like or sparse matrix of shape (n_nodes, n_features), default=None
        Features of the nodes.

    Attributes
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes)
    node_ids : ndarray of shape (n_nodes,)
    features : ndarray or csr_array of shape (n_nodes, n_features), or None
    n_nodes : int
    n_edges : int
        Stored entries: an undirected edge counts twice.
    token : str
        Hash of the content.

    See Also
    --------
    NodeEmbedding : Node ids as samples, on a handle.
    FastRPEmbedder : Takes a handle in place of an adjacency matrix.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> graph = Graph.from_edgelist(["ann", "bob", "cy"], ["bob", "cy", "dee"])
    >>> graph
    Graph(n_nodes=4, n_edges=6)
    >>> graph.positions(["dee", "ann"])
    array([3, 0])
    """

    def __init__(self, adjacency, node_ids=None, features=None):
        adjacency = check_graph(
            adjacency, dtype=[np.float32, np.float64], allow_negative=True, name="adjacency"
        )
        self.adjacency = adjacency
        self.node_ids = check_node_ids(node_ids, adjacency.shape[0])
        self.features = None
        if features is not None:
            self.features = check_node_features(features, adjacency.shape[0])
        self._positions = None
        self._token = None
        self._directory = None
        self._lock = threading.RLock()
        self._results = OrderedDict()

    @classmethod
    def from_edgelist(
        cls, source, target=None, weight=None, *, directed=False, features=None, node_ids=None
    ):
        """Make a graph from a list of edges.

        Parameters
        ----------
        source : array-like of shape (n_edges,), or (n_edges, 2) array-like or DataFrame
            Ids of the nodes where edges begin; or both ends (and, in a third column of a
            DataFrame, the weight), when `target` is None.
        target : array-like of shape (n_edges,), default=None
            Ids of the nodes where edges end.
        weight : array-like of shape (n_edges,), default=None
            Weights of the edges; None stands for 1. Edges that are given twice add up.
        directed : bool, default=False
            Whether an edge is stored in its own direction only.
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None
            In the order of `node_ids`.
        node_ids : array-like of shape (n_nodes,), default=None
            The nodes, in the order that they shall have, isolated ones included. None stands for
            the sorted ids that occur.

        Returns
        -------
        graph : Graph
        """
        if target is None:
            source, target, weight = _split_edges(source, weight)
        source, target = np.asarray(source), np.asarray(target)
        if source.ndim != 1 or source.shape != target.shape:
            raise ValueError(
                "source and target must be 1-d and equally long, got shapes "
                f"{source.shape} and {target.shape}."
            )
        source, target = _as_ids(source), _as_ids(target)
        if node_ids is None:
            node_ids = np.unique(np.concatenate([source, target]))
        node_ids = check_node_ids(node_ids, len(node_ids))
        rows = _lookup(node_ids, source, "source")
        columns = _lookup(node_ids, target, "target")
        weight = np.ones(len(rows)) if weight is None else np.asarray(weight, dtype=np.float64)
        if weight.shape != rows.shape:
            raise ValueError(f"weight has shape {weight.shape}, expected {rows.shape}.")
        shape = (len(node_ids), len(node_ids))
        entries = sp.coo_array((weight, (rows, columns)), shape=shape)
        adjacency = check_graph(entries, dtype=np.float32, allow_negative=True, name="adjacency")
        if not directed:
            loops = sp.diags_array(adjacency.diagonal(), dtype=np.float32)
            adjacency = (adjacency + adjacency.T - loops).tocsr()
        return cls(adjacency, node_ids, features)

    @classmethod
    def from_edge_chunks(
        cls, chunks, *, directed=False, features=None, node_ids=None, directory=None
    ):
        """Make a graph from edges that come in chunks, without ever holding a list of all.

        Two passes over the edges, one that counts and one that places, and one before them that
        collects the ids where `node_ids` is None.

        Parameters
        ----------
        chunks : callable
            Returns, each time that it is called, an iterator over the chunks: (source, target)
            or (source, target, weight), arrays of one length, or DataFrames of these columns.
        directed : bool, default=False
            Whether an edge is stored in its own direction only.
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None
            In the order of `node_ids`.
        node_ids : array-like of shape (n_nodes,), default=None
            The nodes, as in `from_edgelist`.
        directory : str or path, default=None
            Where the graph is made, in files, as by `memmap`; None is in memory.

        Returns
        -------
        graph : Graph

        Examples
        --------
        >>> from skgeom.graph import Graph
        >>> Graph.from_edge_chunks(lambda: iter([([0, 1], [1, 2]), ([2], [0])]))
        Graph(n_nodes=3, n_edges=6)
        """

        def parts():
            for chunk in chunks():
                source, target, weight = _split_chunk(chunk)
                yield _as_ids(source), _as_ids(target), weight

        if node_ids is None:
            node_ids = np.empty(0, np.int64)
            for source, target, _ in parts():
                known = [node_ids] if len(node_ids) else []
                node_ids = np.unique(np.concatenate([*known, source, target]))
        node_ids = check_node_ids(node_ids, len(node_ids))
        order = np.argsort(node_ids, kind="stable")

        def edges():
            for source, target, weight in parts():
                rows = _lookup(node_ids, source, "source", order=order)
                yield rows, _lookup(node_ids, target, "target", order=order), weight

        if directory is not None:
            os.makedirs(directory, exist_ok=True)
        adjacency = csr_from_chunks(edges, len(node_ids), directed, directory)
        graph = cls(adjacency, node_ids, features)
        return graph if directory is None else graph.memmap(directory)

    @classmethod
    def from_parquet(
        cls,
        path,
        source="source",
        target="target",
        weight=None,
        *,
        directed=False,
        features=None,
        node_ids=None,
        directory=None,
        chunk_size=1_000_000,
    ):
        """Make a graph from a Parquet file of edges, a chunk of rows at a time.

        Needs pyarrow (``pip install "skgeom[scale]"``).

        Parameters
        ----------
        path : str, path or sequence of them
            One or several files.
        source, target : str, default="source", "target"
            Columns that hold the ids of the nodes where edges begin and end.
        weight : str, default=None
            Column that holds the weights; None stands for 1.
        directed : bool, default=False
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None
        node_ids : array-like of shape (n_nodes,), default=None
        directory : str or path, default=None
            The same as in `from_edge_chunks`.
        chunk_size : int, default=1_000_000
            Edges that are read at a time.

        Returns
        -------
        graph : Graph
        """
        parquet = import_extra("pyarrow.parquet", "scale")
        paths = [path] if isinstance(path, (str, os.PathLike)) else list(path)
        names = [source, target] if weight is None else [source, target, weight]

        def chunks():
            for one in paths:
                with parquet.ParquetFile(one) as file:
                    missing = [name for name in names if name not in file.schema_arrow.names]
                    if missing:
                        raise ValueError(
                            f"{one} has no column {missing[0]!r}; it has {file.schema_arrow.names}."
                        )
                    for batch in file.iter_batches(chunk_size, columns=names):
                        yield [batch.column(name).to_numpy(False) for name in names]

        return cls.from_edge_chunks(
            chunks, directed=directed, features=features, node_ids=node_ids, directory=directory
        )

    @classmethod
    def open(cls, directory):
        """Map a graph from the files that `memmap` wrote.

        Parameters
        ----------
        directory : str or path

        Returns
        -------
        graph : Graph
            Its arrays are read from disk as they are used.
        """
        directory = os.path.abspath(directory)
        arrays = read_arrays(directory)
        if "indptr" not in arrays:
            raise ValueError(f"{directory} holds no graph: there is no indptr.npy.")
        indptr, n_nodes = arrays["indptr"], len(arrays["indptr"]) - 1
        stored = slice(0, int(indptr[-1]))  # the files may be longer
        csr = (arrays["data"][stored], arrays["indices"][stored], indptr)
        features = arrays.get("features")
        if "features_indptr" in arrays:
            shape = tuple(arrays["features_shape"].tolist())
            parts = [arrays[f"features_{name}"] for name in ("data", "indices", "indptr")]
            features = sp.csr_array(tuple(parts), shape=shape)
        graph = cls(
            sp.csr_array(csr, shape=(n_nodes, n_nodes)), np.array(arrays["node_ids"]), features
        )
        graph._token = str(arrays["token"])
        graph._directory = directory
        return graph

    def memmap(self, directory):
        """Write the graph to files, and return a handle that maps them.

        The handle takes the memory of what is used of it alone; a pickled one is its path, so
        that workers on the machine share one copy.

        Parameters
        ----------
        directory : str or path
            Made where it is not there.

        Returns
        -------
        graph : Graph
        """
        adjacency = self.adjacency
        arrays = {name: getattr(adjacency, name) for name in ("indptr", "indices", "data")}
        arrays.update(node_ids=self.node_ids, token=np.array(self.token))
        if sp.issparse(self.features):
            for name in ("indptr", "indices", "data"):
                arrays[f"features_{name}"] = getattr(self.features, name)
            arrays["features_shape"] = np.array(self.features.shape)
        elif self.features is not None:
            arrays["features"] = self.features
        write_arrays(directory, arrays)
        return Graph.open(directory)

    @classmethod
    def from_networkx(cls, graph, *, weight="weight", features=None):
        """Make a graph from a networkx graph (or anything with its methods).

        Parameters
        ----------
        graph : networkx.Graph or networkx.DiGraph
            Multigraphs too: parallel edges add up.
        weight : str or None, default="weight"
            Edge attribute that holds the weight; an edge without it has weight 1.
        features : str or array-like or sparse matrix of shape (n_nodes, n_features), default=None
            Name of the node attribute that holds the features of a node, or the features in the
            order of ``graph.nodes``.

        Returns
        -------
        graph : Graph
        """
        names = list(graph.nodes)
        position = {name: i for i, name in enumerate(names)}
        edges = [
            (position[u], position[v], 1.0 if weight is None else values.get(weight, 1.0))
            for u, v, values in graph.edges(data=True)
        ]
        rows, columns, weights = np.array(edges, dtype=np.float64).reshape(-1, 3).T
        if isinstance(features, str):
            values = graph.nodes(data=features)
            features = np.array([value for _, value in values], dtype=np.float64)
        made = cls.from_edgelist(
            rows.astype(np.int64),
            columns.astype(np.int64),
            weights,
            directed=graph.is_directed(),
            node_ids=np.arange(len(names)),
        )
        if any(isinstance(name, tuple) for name in names):
            names = [str(name) for name in names]  # not rows of a table
        return cls(made.adjacency, names, features)

    @classmethod
    def from_igraph(cls, graph, *, weight="weight", name="name", features=None):
        """Make a graph from an igraph graph (or anything with its methods).

        Parameters
        ----------
        graph : igraph.Graph
            Parallel edges add up.
        weight : str or None, default="weight"
            Edge attribute that holds the weight; without it, edges have weight 1.
        name : str or None, default="name"
            Vertex attribute that holds the node ids; without it, they are the vertex numbers.
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None

        Returns
        -------
        graph : Graph
        """
        edges = np.array(graph.get_edgelist(), dtype=np.int64).reshape(-1, 2)
        made = cls.from_edgelist(
            edges[:, 0],
            edges[:, 1],
            graph.es[weight] if weight in graph.es.attributes() else None,
            directed=graph.is_directed(),
            node_ids=np.arange(graph.vcount()),
        )
        names = graph.vs[name] if name in graph.vs.attributes() else made.node_ids
        return cls(made.adjacency, names, features)

    @classmethod
    def from_relations(
        cls, adjacencies, weights=None, *, balance=False, node_ids=None, features=None
    ):
        """Make a graph from several types of relations between the same nodes.

        The adjacency is the weighted sum of theirs.

        Parameters
        ----------
        adjacencies : sequence or dict of (n_nodes, n_nodes) sparse matrices or ndarrays
            One per type.
        weights : array-like of shape (n_types,) or dict, default=None
            Weight of each type, a dict when `adjacencies` is one; None stands for 1.
        balance : bool, default=False
            Whether the weights of each node's edges of a type are divided by their sum (of
            absolute values), so that a type with many edges does not drown the others: of a walk
            that leaves the node, a type then takes the share of its weight among the types that
            the node has.
        node_ids : array-like of shape (n_nodes,), default=None
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None

        Returns
        -------
        graph : Graph

        Examples
        --------
        >>> from skgeom.graph import Graph
        >>> follows, cites = [[0, 1], [1, 0]], [[0, 4], [4, 0]]
        >>> Graph.from_relations([follows, cites], weights=[2, 0.5]).adjacency.toarray()
        array([[0., 4.],
               [4., 0.]], dtype=float32)
        """
        names = list(adjacencies) if isinstance(adjacencies, dict) else range(len(adjacencies))
        weights = _check_type_weights(weights, names)
        total = None
        for name in names:
            part = check_graph(
                adjacencies[name], allow_negative=True, name=f"adjacencies[{name!r}]"
            )
            if total is not None and part.shape != total.shape:
                raise ValueError(
                    f"adjacencies[{name!r}] has shape {part.shape}, expected {total.shape} as "
                    "the first type."
                )
            if balance:
                part = _unit_degrees(part)
            part = weights[name] * part
            total = part if total is None else total + part
        total = check_graph(total, dtype=np.float32, allow_negative=True, name="adjacencies")
        return cls(total, node_ids, features)

    def reorder(self, order="rcm"):
        """Return the graph with its nodes listed in an order that is kind to the cache.

        A hop fetches the vectors of neighbours; on large graphs it can run faster where these lie
        close together. Ids go with their nodes, so each node keeps its start vector.

        Parameters
        ----------
        order : {"rcm", "degree"} or array-like of int, shape (n_nodes,), default="rcm"
            Reverse Cuthill-McKee, which costs about as much as an embedding; most neighbours
            first; or positions of the nodes in the order that they shall have.

        Returns
        -------
        graph : Graph
        """
        if isinstance(order, str) and order == "rcm":
            order = reverse_cuthill_mckee(sp.csr_matrix(self.adjacency))
        elif isinstance(order, str) and order == "degree":
            order = np.argsort(-np.diff(self.adjacency.indptr), kind="stable")
        order = np.asarray(order)
        if (
            order.ndim != 1
            or order.dtype.kind not in "iu"
            or not np.array_equal(np.sort(order), np.arange(self.n_nodes))
        ):
            raise ValueError(
                f"order must be 'rcm', 'degree' or a permutation of 0, ..., {self.n_nodes - 1}."
            )
        features = None if self.features is None else self.features[order]
        return Graph(self.adjacency[order][:, order], self.node_ids[order], features)

    @property
    def n_nodes(self):
        return self.adjacency.shape[0]

    @property
    def n_edges(self):
        return self.adjacency.nnz

    @property
    def token(self):
        if self._token is None:
            self._token = _content_hash(self.adjacency, self.node_ids, self.features)
        return self._token

    def positions(self, ids):
        """Return the rows of the adjacency that belong to node ids.

        Parameters
        ----------
        ids : array-like of shape (n_samples,)

        Returns
        -------
        positions : ndarray of int, shape (n_samples,)

        Raises
        ------
        ValueError
            When an id is not among the nodes.
        """
        ids = np.asarray(ids)
        if self._positions is None:
            self._positions = np.argsort(self.node_ids, kind="stable")
        return _lookup(self.node_ids, ids, "ids", order=self._positions)

    def remember(self, key, compute):
        """Return ``compute()``, or what it returned when it was last called with this key.

        The handle keeps its two latest results.
        """
        with self._lock:
            if key not in self._results:
                self._results[key] = compute()
            self._results.move_to_end(key)
            while len(self._results) > N_RESULTS:
                self._results.popitem(last=False)
            return self._results[key]

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __eq__(self, other):
        if not isinstance(other, Graph):
            return NotImplemented
        return self is other or self.token == other.token

    def __hash__(self):
        return hash(self.token)

    def __reduce__(self):
        _alive[self.token] = self
        if self._directory is not None:
            return _reopen, (self.token, self._directory)
        return _restore, (self.token, self.adjacency, self.node_ids, self.features)

    def __repr__(self):
        return f"Graph(n_nodes={self.n_nodes}, n_edges={self.n_edges})"


def _restore(token, adjacency, node_ids, features):
    """Unpickle: return the living handle of the process with this content, or make one."""
    return _living(token, lambda: Graph(adjacency, node_ids, features))


def _reopen(token, directory):
    """Unpickle the handle of a mapped graph."""
    return _living(token, lambda: Graph.open(directory))


def _living(token, make):
    """Return the living handle of the process with this content, or make one.

    Workers get a handle with each task and drop it at its end; the latest ones are kept alive so
    that their results are.
    """
    with _registry_lock:
        graph = _alive.get(token)
        if graph is None:
            graph = make()
            graph._token = token
            _alive[token] = graph
        _recent[token] = graph
        _recent.move_to_end(token)
        while len(_recent) > N_HANDLES:
            _recent.popitem(last=False)
        return graph


def _content_hash(adjacency, node_ids, features):
    digest = hashlib.blake2b(digest_size=16)
    parts = [adjacency.indptr, adjacency.indices, adjacency.data]
    if sp.issparse(features):
        parts += [features.indptr, features.indices, features.data]
    elif features is not None:
        parts.append(np.ascontiguousarray(features))
    for part in parts:
        digest.update(f"{part.dtype}{part.shape}".encode())
        digest.update(np.ascontiguousarray(part).data)
    digest.update(repr(node_ids.tolist()).encode())
    return digest.hexdigest()


def _check_type_weights(weights, names):
    """Return a finite weight that is not negative for each type of relation."""
    weights = dict.fromkeys(names, 1.0) if weights is None else weights
    if len(names) == 0 or len(weights) != len(names):
        raise ValueError(
            f"adjacencies has {len(names)} types and weights {len(weights)}; expected one weight "
            "for each, and at least one type."
        )
    if isinstance(weights, dict) and set(weights) != set(names):
        raise ValueError(f"weights must name the types {list(names)}, got {weights!r}.")
    weights = {name: weights[name] for name in names}
    for name, weight in weights.items():
        check_scalar(weight, f"weights[{name!r}]", Real, min_val=0)
        if not np.isfinite(weight):
            raise ValueError(f"weights[{name!r}] must be finite, got {weight}.")
    return weights


def _unit_degrees(adjacency):
    """Divide the rows of an adjacency by the sums of their absolute weights."""
    degrees = np.asarray(abs(adjacency).sum(axis=1)).ravel()
    inverse = np.divide(1.0, degrees, out=np.zeros_like(degrees), where=degrees > 0)
    return (sp.diags_array(inverse) @ adjacency).tocsr()


def check_node_ids(node_ids, n_nodes):
    """Return node ids as a 1-d array of int64 or str, all different."""
    if node_ids is None:
        return np.arange(n_nodes)
    ids = _as_ids(node_ids)
    if ids.shape != (n_nodes,):
        raise ValueError(
            f"node_ids must have shape ({n_nodes},), one per node, got shape {ids.shape}."
        )
    unique, counts = np.unique(ids, return_counts=True)
    if len(unique) < len(ids):
        raise ValueError(
            f"node_ids must be unique, got {unique[np.argmax(counts)].item()!r} twice."
        )
    return ids


def _as_ids(ids):
    """Return ids as int64 where all are whole numbers, and as str otherwise."""
    ids = np.asarray(ids)
    if ids.dtype.kind == "O":
        values = ids.ravel().tolist()
        missing = [not isinstance(i, str) and str(i) in _MISSING for i in values]
        if any(missing):
            raise ValueError(f"Node id {missing.index(True)} is missing.")
        if all(isinstance(i, Integral) for i in values):
            return ids.astype(np.int64)
    if ids.dtype.kind in "iub":
        return ids.astype(np.int64)
    if ids.dtype.kind == "f":
        whole = (ids == np.trunc(ids)) & (np.abs(ids) < 2.0**63)
        if not whole.all():
            wrong = ids[~whole][0].item()
            raise ValueError(f"Node ids must be integers or strings, got {wrong!r}.")
        return ids.astype(np.int64)
    return ids.astype(str)


def check_node_features(features, n_nodes, name="features"):
    """Return node features as a 2-d float array or CSR array with one row per node."""
    features = check_array(
        features, accept_sparse="csr", dtype=[np.float32, np.float64], input_name=name
    )
    if features.shape[0] != n_nodes:
        raise ValueError(f"{name} has {features.shape[0]} rows, expected {n_nodes}, one per node.")
    return sp.csr_array(features) if sp.issparse(features) else features


def _split_edges(edges, weight):
    if hasattr(edges, "iloc"):
        columns = [edges.iloc[:, i].to_numpy() for i in range(edges.shape[1])]
    else:
        columns = list(np.asarray(edges).T) if np.ndim(edges) == 2 else []
    if not 2 <= len(columns) <= 3:
        raise ValueError(
            "An edge list without target must have 2 columns (source, target) or 3 (and weight), "
            f"got shape {np.shape(edges)}."
        )
    if len(columns) == 3 and weight is None:
        weight = columns[2]
    return columns[0], columns[1], weight


def _split_chunk(chunk):
    """Return source, target and weights of a chunk of edges."""
    if hasattr(chunk, "iloc"):
        chunk = [chunk.iloc[:, i].to_numpy() for i in range(chunk.shape[1])]
    if not 2 <= len(chunk) <= 3:
        raise ValueError(
            "A chunk of edges must be (source, target) or (source, target, weight), got "
            f"{len(chunk)} parts."
        )
    source, target = np.asarray(chunk[0]), np.asarray(chunk[1])
    weight = np.ones(len(source), np.float32) if len(chunk) == 2 else np.asarray(chunk[2])
    if not source.shape == target.shape == weight.shape or source.ndim != 1:
        raise ValueError(
            "The parts of a chunk of edges must be 1-d and equally long, got shapes "
            f"{[source.shape, target.shape, weight.shape]}."
        )
    return source, target, weight.astype(np.float64)


def _count_from_zero(node_ids):
    n = len(node_ids)
    is_range = node_ids.dtype.kind == "i" and n > 0 and node_ids[0] == 0 and node_ids[-1] == n - 1
    return is_range and np.array_equal(node_ids, np.arange(n))


def _lookup(node_ids, ids, name, order=None):
    """Return the position of each id among the node ids."""
    ids = _as_ids(ids)
    if ids.dtype.kind != node_ids.dtype.kind:
        ids, node_ids = ids.astype(str), node_ids.astype(str)
        order = None
    if order is None:
        order = np.argsort(node_ids, kind="stable")
    if _count_from_zero(node_ids) and np.all((ids >= 0) & (ids < len(node_ids))):
        return ids
    found = np.searchsorted(node_ids, ids, sorter=order)
    positions = order[np.minimum(found, len(order) - 1)]
    unknown = node_ids[positions] != ids
    if unknown.any():
        first = ids[np.argmax(unknown)]
        raise ValueError(
            f"{name} holds {int(unknown.sum())} id(s) that are not nodes of the graph; "
            f"the first is {first.item()!r}."
        )
    return positions
