"""Orbit adjacencies of graphlets with two to four nodes."""

from numbers import Integral

from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from skgeom._core.estimator import DocLinkMixin
from skgeom.graph._graph import Graph
from skgeom.graph._orbit_names import GRAPHLETS, ORBITS, check_orbits, graphlet_of
from skgeom.graph._orbits import check_simple_graph, orbit_matrices, sum_orbits

GRAPH_CONSTRAINTS = {
    "weights": [StrOptions({"binarize", "error"})],
    "directed": [StrOptions({"error", "symmetrize"})],
    "max_memory": [Interval(Integral, 1, None, closed="left"), None],
    "n_jobs": [Integral, None],
}


def check_fit_graph(estimator, X):
    """Check the graph of a fit, and note its number of nodes and their names."""
    graph = check_simple_graph(X, weights=estimator.weights, directed=estimator.directed)
    matrix = X.adjacency if isinstance(X, Graph) else X
    validate_data(estimator, matrix, reset=True, skip_check_array=True)
    return graph


class SparseInputMixin:
    """Say that X may be sparse."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class OrbitAdjacency(SparseInputMixin, DocLinkMixin, TransformerMixin, BaseEstimator):
    """Count for each pair of nodes how often they share a graphlet, at which positions.

    A graphlet is an induced connected subgraph of two to four nodes; its orbits are the positions
    that its symmetries tell apart, numbered 0 to 14. Orbit adjacency (h, o1, o2) holds for nodes u
    and v the number of graphlets that have u at orbit o1, v at orbit o2, and distance h inside the
    graphlet between them. There are 28 of them; walks of up to four nodes see sums of some alone
    [1]_. All are exact, and computed from sums over walks, not by visiting subgraphs. Read more
    in the :ref:`User Guide <orbit_adjacency>`.

    X is one network, the samples are its nodes, and the output is a dict of sparse matrices. For
    vectors of nodes use `OrbitAdjacencyEmbedder` or `GraphletDegreeVectorizer`.

    Parameters
    ----------
    orbits : "all" or list of (hop, o1, o2), default="all"
        Orbit adjacencies to count; "all" is every one of `hops`.

        ========  ============================================  ====================
        graphlet  orbits                                        orbit adjacencies
        ========  ============================================  ====================
        edge      0                                             (1,0,0)
        path3     1 end, 2 middle                               (1,1,2) (2,1,1)
        triangle  3                                             (1,3,3)
        path4     4 end, 5 middle                               (1,4,5) (1,5,5)
                                                                (2,4,5) (3,4,4)
        claw      6 leaf, 7 centre                              (1,6,7) (2,6,6)
        cycle4    8                                             (1,8,8) (2,8,8)
        paw       9 tail, 10 free corners, 11 the third corner  (1,9,11) (1,10,10)
                                                                (1,10,11) (2,9,10)
        diamond   12 at two edges, 13 at three                  (1,12,13) (1,13,13)
                                                                (2,12,12)
        clique4   14                                            (1,14,14)
        ========  ============================================  ====================

        Where o1 and o2 differ, (h, o2, o1) is the transpose.
    hops : sequence of {1, 2, 3}, default=(1, 2, 3)
        Distances that "all" stands for. Hop 1 lives on the edges, hop 2 on pairs with a common
        neighbour, hop 3 on pairs up to three edges apart, which can be nearly all.
    weights : {"binarize", "error"}, default="binarize"
        Whether weights, and edges that are given several times, count as one edge each.
    directed : {"error", "symmetrize"}, default="error"
        Whether an edge without one back is refused or gets one.
    max_memory : int, default=None
        Bytes that the matrices and the sums they are made of may take. It is checked before they
        are allocated; None is the memory of the machine.
    n_jobs : int or None, default=None
        Number of threads; None is 1 unless in a ``joblib.parallel_config`` context, -1 is all
        processors. No count depends on it.

    Attributes
    ----------
    orbit_adjacencies_ : dict of (hop, o1, o2) to csr_array of shape (n_nodes, n_nodes)
        The counts, int32 where the largest degree is below 23,170, so that none can be too large,
        and int64 otherwise. Cast them before you multiply matrices of them.
    orbits_ : list of (hop, o1, o2)
        Its keys.
    n_features_in_ : int
        Number of nodes.
    feature_names_in_ : ndarray of shape (n_nodes,)
        Names of the columns, when X is a DataFrame whose column names are strings.

    See Also
    --------
    OrbitAdjacencyEmbedder : Vectors of nodes from these matrices.
    GraphletDegreeVectorizer : Row sums of them, as features.

    References
    ----------
    .. [1] S. F. L. Windels, N. Malod-Dognin and N. Przulj, "Graphlets correct for the topological
       information missed by random walks", arXiv:2405.14194.

    Examples
    --------
    A triangle 0, 1, 2 with a tail 3 at node 2 is one paw:

    >>> from skgeom.graph import OrbitAdjacency
    >>> A = [[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]]
    >>> found = OrbitAdjacency().fit_transform(A)
    >>> len(found)
    28
    >>> found[2, 9, 10].toarray()
    array([[0, 0, 0, 0],
           [0, 0, 0, 0],
           [0, 0, 0, 0],
           [1, 1, 0, 0]], dtype=int32)
    """

    _parameter_constraints = {
        "orbits": [StrOptions({"all"}), "array-like"],
        "hops": ["array-like"],
        **GRAPH_CONSTRAINTS,
    }

    def __init__(
        self,
        orbits="all",
        *,
        hops=(1, 2, 3),
        weights="binarize",
        directed="error",
        max_memory=None,
        n_jobs=None,
    ):
        self.orbits = orbits
        self.hops = hops
        self.weights = weights
        self.directed = directed
        self.max_memory = max_memory
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Count the orbit adjacencies of a graph.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
            Adjacency of an undirected graph. Loops are left out, with a warning.
        y : None
            Ignored.

        Returns
        -------
        self : OrbitAdjacency
        """
        orbits = check_orbits(self.orbits, self.hops)
        graph = check_fit_graph(self, X)
        self.orbit_adjacencies_ = self._count(graph, orbits)
        self.orbits_ = orbits
        return self

    def fit_transform(self, X, y=None):
        """Count the orbit adjacencies of a graph and return them.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
        y : None
            Ignored.

        Returns
        -------
        orbit_adjacencies : dict of (hop, o1, o2) to csr_array of shape (n_nodes, n_nodes)
        """
        return self.fit(X).orbit_adjacencies_

    def transform(self, X):
        """Count the same orbit adjacencies of any graph.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)

        Returns
        -------
        orbit_adjacencies : dict of (hop, o1, o2) to csr_array of shape (n_nodes, n_nodes)
        """
        check_is_fitted(self)
        graph = check_simple_graph(X, weights=self.weights, directed=self.directed)
        return self._count(graph, self.orbits_)

    def iterate(self, X):
        """Yield the orbit adjacencies of a graph one at a time, without holding the others.

        Needs no fit; for networks whose 28 matrices do not fit into memory together.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)

        Yields
        ------
        orbit : (hop, o1, o2)
        matrix : csr_array of shape (n_nodes, n_nodes)

        Examples
        --------
        >>> from skgeom.graph import OrbitAdjacency
        >>> square = [[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]]
        >>> [(o, int(m.sum())) for o, m in OrbitAdjacency(hops=[2]).iterate(square) if m.nnz]
        [((2, 1, 1), 8), ((2, 8, 8), 4)]
        """
        self._validate_params()
        orbits = check_orbits(self.orbits, self.hops)
        graph = check_simple_graph(X, weights=self.weights, directed=self.directed)
        sums = sum_orbits(graph, {hop for hop, _, _ in orbits}, self.max_memory, self.n_jobs)
        for orbit in orbits:
            found = orbit_matrices(sums, [orbit], self.max_memory, self.n_jobs, keep_sums=True)
            yield orbit, found[orbit]

    def graphlet_adjacency(self, graphlet):
        """Return how many graphlets of a kind hold each pair of nodes, at whatever positions.

        Parameters
        ----------
        graphlet : str
            "edge", "path3", "triangle", "path4", "claw", "cycle4", "paw", "diamond" or "clique4".

        Returns
        -------
        counts : csr_array of shape (n_nodes, n_nodes)
            The sum of the orbit adjacencies of the graphlet.
        """
        check_is_fitted(self)
        if graphlet not in GRAPHLETS:
            raise ValueError(f"graphlet must be one of {list(GRAPHLETS)}, got {graphlet!r}.")
        needed = [orbit for orbit in ORBITS if graphlet_of(orbit) == graphlet]
        missing = [orbit for orbit in needed if orbit not in self.orbit_adjacencies_]
        if missing:
            raise ValueError(
                f"The adjacency of graphlet {graphlet!r} needs the orbit adjacencies {missing}, "
                "which were not fitted; fit with orbits='all' and hops=(1, 2, 3)."
            )
        total = self.orbit_adjacencies_[needed[0]]
        for orbit in needed[1:]:
            total = total + self.orbit_adjacencies_[orbit]
        return total

    def _count(self, graph, orbits):
        sums = sum_orbits(graph, {hop for hop, _, _ in orbits}, self.max_memory, self.n_jobs)
        return orbit_matrices(sums, orbits, self.max_memory, self.n_jobs)
