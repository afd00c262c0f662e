"""Vectors of nodes from the pointwise mutual information of orbit adjacencies."""

from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import check_cv, cross_val_score
from sklearn.preprocessing import normalize
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skgeom._core.estimator import DocLinkMixin
from skgeom.graph._orbit_adjacency import GRAPH_CONSTRAINTS, SparseInputMixin, check_fit_graph
from skgeom.graph._orbit_names import check_orbits, orbit_name
from skgeom.graph._orbits import check_simple_graph, orbit_matrices, sum_orbits
from skgeom.graph._pmi import factorize, random_walk_counts

RANDOM_WALK = "random_walk"
UNLABELLED = -1


class OrbitAdjacencyEmbedder(SparseInputMixin, DocLinkMixin, TransformerMixin, BaseEstimator):
    """Embed the nodes of a graph by factors of its orbit adjacencies.

    Nodes that share graphlets more often than chance has it, at the chosen orbits, come to lie in
    one direction: the positive pointwise mutual information (PMI) of an orbit adjacency is
    factorised [1]_, as that of random walks is by DeepWalk [2]_. Read more in the
    :ref:`User Guide <orbit_adjacency>`.

    X is one network and its nodes are the samples; for node ids as samples, in a Pipeline or a
    search, wrap it into `NodeEmbedding`.

    Parameters
    ----------
    n_components : int, default=128
        Dimension of the embedding, of each orbit adjacency with ``combine="concat"``. Columns
        beyond the rank are zero.
    orbits : "all", "random_walk", or list of (hop, o1, o2) and "random_walk", default="all"
        Orbit adjacencies, as in `OrbitAdjacency`; "random_walk" is the co-occurrence of two nodes
        within `window` steps of a random walk. Those without any entry are left out.
    hops : sequence of {1, 2, 3}, default=(1, 2, 3)
        Distances that "all" stands for.
    combine : {"sum", "concat", "select"}, default="sum"
        Whether the counts are summed, the embeddings stand side by side, or the one is taken whose
        embedding predicts `y` best in a cross-validation.
    symmetrize : bool, default=False
        Whether orbit adjacencies with two different orbits are added to their transposes, and
        count once, rather than standing for a direction each.
    window : int, default=3
        Largest number of steps of "random_walk"; the matrix gets dense with it.
    negative : float, default=1.0
        Shift of the PMI by -log(negative): above 1 fewer pairs count.
    factorization : {"svd", "nmf"}, default="svd"
        Truncated singular value decomposition, U S^(1/2); or non-negative factors.
    normalize : bool, default=True
        Whether the rows of an embedding are scaled to unit length.
    cv : int or cross-validation splitter, default=5
        Of ``combine="select"``.
    weights : {"binarize", "error"}, default="binarize"
        Whether weights, and edges that are given several times, count as one edge each.
    directed : {"error", "symmetrize"}, default="error"
        Whether an edge without one back is refused or gets one.
    max_memory : int, default=None
        Bytes that the counts may take. None is the memory of the machine.
    random_state : int, RandomState instance or None, default=None
        Of the factorisation; pass an int for the same bits in every run.
    n_jobs : int or None, default=None
        Number of threads that count; None is 1 unless in a ``joblib.parallel_config`` context, -1
        is all processors.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_features_out)
        Vectors of the fitted nodes. A node without any graphlet at the orbits is zero.
    components_ : ndarray of shape (n_features_out, n_nodes)
        Right factors.
    singular_values_ : ndarray of shape (n_features_out,), or None
        None with ``factorization="nmf"``.
    orbits_ : list of (hop, o1, o2) or "random_walk"
        What the embedding is made of.
    orbit_scores_ : dict of orbit to float
        Mean cross-validated accuracy of each; with ``combine="select"`` only.
    n_features_in_ : int
        Number of nodes.
    feature_names_in_ : ndarray of shape (n_nodes,)
        Names of the columns, when X is a DataFrame whose column names are strings.

    See Also
    --------
    OrbitAdjacency : The matrices themselves.
    FastRPEmbedder : Larger networks.

    Notes
    -----
    With X an orbit adjacency, r and c its row and column sums and x their total, the factorised
    matrix is max(0, log(X_uv x / (r_u c_v)) - log(negative)).

    References
    ----------
    .. [1] S. F. L. Windels, N. Malod-Dognin and N. Przulj, "Graphlets correct for the topological
       information missed by random walks", arXiv:2405.14194.
    .. [2] J. Qiu, Y. Dong, H. Ma, J. Li, K. Wang and J. Tang, "Network Embedding as Matrix
       Factorization: Unifying DeepWalk, LINE, PTE, and node2vec", WSDM 2018, arXiv:1710.02971
       (Section 2).

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import OrbitAdjacencyEmbedder
    >>> two_cliques = np.kron(np.eye(2), 1 - np.eye(5))
    >>> embedder = OrbitAdjacencyEmbedder(2, random_state=0)
    >>> E = embedder.fit_transform(two_cliques)
    >>> (E @ E.T).round().astype(int)[0]
    array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "orbits": [StrOptions({"all", RANDOM_WALK}), "array-like"],
        "hops": ["array-like"],
        "combine": [StrOptions({"sum", "concat", "select"})],
        "symmetrize": ["boolean"],
        "window": [Interval(Integral, 1, None, closed="left")],
        "negative": [Interval(Real, 0, None, closed="neither")],
        "factorization": [StrOptions({"svd", "nmf"})],
        "normalize": ["boolean"],
        "cv": ["cv_object"],
        "random_state": ["random_state"],
        **GRAPH_CONSTRAINTS,
    }

    def __init__(
        self,
        n_components=128,
        *,
        orbits="all",
        hops=(1, 2, 3),
        combine="sum",
        symmetrize=False,
        window=3,
        negative=1.0,
        factorization="svd",
        normalize=True,
        cv=5,
        weights="binarize",
        directed="error",
        max_memory=None,
        random_state=None,
        n_jobs=None,
    ):
        self.n_components = n_components
        self.orbits = orbits
        self.hops = hops
        self.combine = combine
        self.symmetrize = symmetrize
        self.window = window
        self.negative = negative
        self.factorization = factorization
        self.normalize = normalize
        self.cv = cv
        self.weights = weights
        self.directed = directed
        self.max_memory = max_memory
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y=None):
        """Embed the nodes of a graph.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
            Adjacency of an undirected graph. Loops are left out, with a warning.
        y : array-like of shape (n_nodes,), default=None
            Labels of the nodes, -1 for nodes without a known label; needed with
            ``combine="select"`` and ignored otherwise.

        Returns
        -------
        self : OrbitAdjacencyEmbedder
        """
        self.fit_transform(X, y)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Embed the nodes of a graph and return their vectors.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
        y : array-like of shape (n_nodes,), default=None

        Returns
        -------
        embedding : ndarray of shape (n_nodes, n_features_out)
        """
        wanted = check_orbits(self.orbits, self.hops, extra=(RANDOM_WALK,))
        graph = check_fit_graph(self, X)
        labels = self._check_labels(y, graph.shape[0]) if self.combine == "select" else None
        counts = self._counts(graph, wanted)
        counts = {name: matrix for name, matrix in counts.items() if matrix.nnz > 0}
        if not counts:  # no edges: a zero embedding of the same width
            counts = {wanted[0]: sp.csr_array(graph.shape)}
        self.orbits_ = list(counts)
        if self.combine == "sum":
            counts = {"sum": sum(counts.values())}
        random_state = check_random_state(self.random_state)
        options = (self.n_components, self.factorization, self.negative, random_state)
        self._factors = {name: factorize(matrix, *options) for name, matrix in counts.items()}
        vectors = {name: self._place(name, matrix) for name, matrix in counts.items()}
        if self.combine == "select":
            best = self._select(vectors, labels)
            self.orbits_, vectors = [best], {best: vectors[best]}
            self._factors = {best: self._factors[best]}
        factors = self._factors.values()
        self.components_ = np.vstack([part.components for part in factors])
        values = [part.singular_values for part in factors]
        self.singular_values_ = np.concatenate(values) if self.factorization == "svd" else None
        self.embedding_ = np.hstack(list(vectors.values()))
        return self.embedding_

    def transform(self, X):
        """Place the nodes of a graph that holds the fitted one, by their PMI with fitted nodes.

        The counts of a node with the fitted nodes become a row of the PMI, with the column sums of
        the fit, and are multiplied by V S^(-1/2); the fitted graph itself gives `embedding_`.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_all, n_all)
            Adjacency in which the fitted nodes come first, in their order, and new ones follow.

        Returns
        -------
        embedding : ndarray of shape (n_all, n_features_out)
        """
        check_is_fitted(self)
        graph = check_simple_graph(X, weights=self.weights, directed=self.directed)
        n = self.n_features_in_
        if graph.shape[0] < n:
            raise ValueError(
                f"X has {graph.shape[0]} nodes, expected at least the {n} fitted ones, first and "
                "in their order."
            )
        counts = self._counts(graph, self.orbits_)
        if self.combine == "sum":
            counts = {"sum": sum(counts.values())}
        parts = [self._place(name, counts[name][:, :n]) for name in self._factors]
        return np.hstack(parts)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns, such as "sum_0" or "hop2_orbits4_5_0".

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str, shape (n_features_out,)
        """
        check_is_fitted(self)
        names = [orbit_name(name) for name in self._factors]
        return np.array([f"{m}_{i}" for m in names for i in range(self.n_components)], dtype=object)

    @property
    def _n_features_out(self):
        return len(self._factors) * self.n_components

    def _counts(self, graph, names):
        """Return the counts of pairs, by name, with transposes added where asked for."""
        orbits = [name for name in names if name != RANDOM_WALK]
        if self.symmetrize:
            orbits = list(dict.fromkeys((hop, min(a, b), max(a, b)) for hop, a, b in orbits))
        counts = {}
        if orbits:
            sums = sum_orbits(graph, {hop for hop, _, _ in orbits}, self.max_memory, self.n_jobs)
            counts = orbit_matrices(sums, orbits, self.max_memory, self.n_jobs)
        if self.symmetrize:
            counts = {
                (hop, a, b): matrix if a == b else (matrix + matrix.T).tocsr()
                for (hop, a, b), matrix in counts.items()
            }
        if RANDOM_WALK in names:
            counts[RANDOM_WALK] = random_walk_counts(graph, self.window, self.max_memory)
        return counts

    def _place(self, name, counts):
        vectors = self._factors[name].place(counts)
        return normalize(vectors, copy=False) if self.normalize else vectors

    def _check_labels(self, y, n_nodes):
        if y is None:
            raise ValueError(
                "combine='select' needs y, a label for each node (-1 where it is not known), got "
                "None. Where the labels cannot come along, as in NodeEmbedding, search over "
                "`orbits` instead."
            )
        labels = column_or_1d(y)
        check_classification_targets(labels)
        if len(labels) != n_nodes:
            raise ValueError(f"y has {len(labels)} labels, expected {n_nodes}, one per node.")
        known = labels[labels != UNLABELLED] if labels.dtype.kind in "if" else labels
        if len(np.unique(known)) < 2:
            raise ValueError("y must hold at least two classes, besides -1 for unknown labels.")
        return labels

    def _select(self, vectors, labels):
        """Return the name of the embedding from which a ridge classifier tells labels best."""
        known = np.ones(len(labels), bool)
        if labels.dtype.kind in "if":
            known = labels != UNLABELLED
        folds = check_cv(self.cv, labels[known], classifier=True)
        self.orbit_scores_ = {
            name: float(
                cross_val_score(RidgeClassifier(), part[known], labels[known], cv=folds).mean()
            )
            for name, part in vectors.items()
        }
        return max(self.orbit_scores_, key=self.orbit_scores_.get)
