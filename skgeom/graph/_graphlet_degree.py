"""Graphlet degree vectors of nodes and edges."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._core.estimator import DocLinkMixin
from skgeom.graph._orbit_adjacency import GRAPH_CONSTRAINTS, SparseInputMixin, check_fit_graph
from skgeom.graph._orbit_names import EDGE_ORBITS, N_ORBITS, NODE_ORBITS
from skgeom.graph._orbits import check_simple_graph, edge_counts, edge_list, sum_orbits


class GraphletDegreeVectorizer(SparseInputMixin, DocLinkMixin, TransformerMixin, BaseEstimator):
    """Describe each node, or each edge, by how often it lies at each orbit of small graphlets.

    The graphlet degree vector of a node [1]_ holds its degree (orbit 0) and, for each of the 14
    other positions in graphlets of three and four nodes, the number of induced graphlets that have
    the node there; for an edge, the 12 positions of edges. Two nodes with similar vectors play
    similar roles, however far apart they are. Nothing is learned. Read more in the
    :ref:`User Guide <orbit_adjacency>`.

    X is one network and its nodes are the samples; for node ids as samples wrap it into
    `NodeEmbedding`.

    Parameters
    ----------
    log : bool, default=True
        Whether counts c become log(1 + c). They span orders of magnitude.
    of : {"nodes", "edges"}, default="nodes"
        What the rows are. Edges are listed by their smaller node, then by the other.
    weights : {"binarize", "error"}, default="binarize"
        Whether weights, and edges that are given several times, count as one edge each.
    directed : {"error", "symmetrize"}, default="error"
        Whether an edge without one back is refused or gets one.
    max_memory : int, default=None
        Bytes that the sums over the edges may take. None is the memory of the machine.
    n_jobs : int or None, default=None
        Number of threads; None is 1 unless in a ``joblib.parallel_config`` context, -1 is all
        processors.

    Attributes
    ----------
    edges_ : ndarray of int, shape (n_edges, 2)
        Ends of the edges of the fitted graph, as they are listed; with ``of="edges"`` only.
    n_features_in_ : int
        Number of nodes.
    feature_names_in_ : ndarray of shape (n_nodes,)
        Names of the columns, when X is a DataFrame whose column names are strings.

    See Also
    --------
    OrbitAdjacency : The counts for pairs of nodes.

    References
    ----------
    .. [1] N. Przulj, "Biological network comparison using graphlet degree distribution",
       Bioinformatics 23(2), 2007.
    .. [2] T. Hocevar and J. Demsar, "Computation of Graphlet Orbits for Nodes and Edges in Sparse
       Graphs", Journal of Statistical Software 71(10), 2016.

    Examples
    --------
    >>> from skgeom.graph import GraphletDegreeVectorizer
    >>> star = [[0, 1, 1, 1], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
    >>> GraphletDegreeVectorizer(log=False).fit_transform(star)[:, [0, 1, 2, 6, 7]]
    array([[3, 0, 3, 0, 1],
           [1, 2, 0, 1, 0],
           [1, 2, 0, 1, 0],
           [1, 2, 0, 1, 0]])
    """

    _parameter_constraints = {
        "log": ["boolean"],
        "of": [StrOptions({"nodes", "edges"})],
        **GRAPH_CONSTRAINTS,
    }

    def __init__(
        self,
        log=True,
        *,
        of="nodes",
        weights="binarize",
        directed="error",
        max_memory=None,
        n_jobs=None,
    ):
        self.log = log
        self.of = of
        self.weights = weights
        self.directed = directed
        self.max_memory = max_memory
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check a graph; nothing is learned.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
            Adjacency of an undirected graph. Loops are left out, with a warning.
        y : None
            Ignored.

        Returns
        -------
        self : GraphletDegreeVectorizer
        """
        self._fit_graph(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Count the orbits of a graph.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
        y : None
            Ignored.

        Returns
        -------
        vectors : ndarray of shape (n_nodes, 15) or (n_edges, 12)
        """
        return self._count(self._fit_graph(X))

    def transform(self, X):
        """Count the orbits of any graph.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)

        Returns
        -------
        vectors : ndarray of shape (n_nodes, 15) or (n_edges, 12)
            float64; int64 with ``log=False``.
        """
        check_is_fitted(self, "n_features_in_")
        return self._count(check_simple_graph(X, weights=self.weights, directed=self.directed))

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns, such as "orbit4" or, for edges, "orbits4_5".

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str, shape (n_features_out,)
        """
        check_is_fitted(self, "n_features_in_")
        if self.of == "edges":
            return np.array([f"orbits{a}_{b}" for a, b in EDGE_ORBITS], dtype=object)
        return np.array([f"orbit{o}" for o in range(N_ORBITS)], dtype=object)

    def _fit_graph(self, X):
        graph = check_fit_graph(self, X)
        if self.of == "edges":
            self.edges_ = edge_list(graph)
        return graph

    def _count(self, graph):
        sums = sum_orbits(graph, {1}, self.max_memory, self.n_jobs)
        counts = edge_vectors(sums) if self.of == "edges" else node_vectors(sums)
        return np.log1p(counts) if self.log else counts


def node_vectors(sums):
    """Return how often each node lies at each orbit.

    Parameters
    ----------
    sums : OrbitSums

    Returns
    -------
    counts : ndarray of int64, shape (n_nodes, 15)
    """
    counts = np.empty((sums.graph.shape[0], N_ORBITS), np.int64)
    for orbit, other, times in NODE_ORBITS:
        counts[:, orbit] = sums.row_sums(edge_counts(sums, orbit, other)) // times
    return counts


def edge_vectors(sums):
    """Return how often each edge lies at each pair of orbits.

    Parameters
    ----------
    sums : OrbitSums

    Returns
    -------
    counts : ndarray of int64, shape (n_edges, 12)
    """
    upper = sums.rows < sums.graph.indices
    counts = np.empty((np.count_nonzero(upper), len(EDGE_ORBITS)), np.int64)
    for column, (a, b) in enumerate(EDGE_ORBITS):
        counts[:, column] = edge_counts(sums, a, b)[upper]
        if a != b:
            counts[:, column] += edge_counts(sums, b, a)[upper]
    return counts
