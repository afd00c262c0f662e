"""FastRP node embeddings."""

import warnings
from functools import partial
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context, clone
from sklearn.utils import check_array, check_scalar
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from skgeom._core.checks import check_graph
from skgeom._core.estimator import DocLinkMixin
from skgeom._core.random import mix, random_key
from skgeom._core.sparse import to_storage
from skgeom.graph._graph import Graph, check_node_features, check_node_ids
from skgeom.graph._panels import (
    column_panel,
    panel_bytes,
    panel_hops,
    panel_terms,
    panel_width,
    propagate_panels,
    squared_norms,
)
from skgeom.graph._projection import (
    FEATURE_DENSITY,
    gaussian_projection,
    orthogonal_mixing,
    project_features,
    scale_matrix_rows,
    sjlt_entries,
    sjlt_projection,
    sparse_projection,
)
from skgeom.graph._propagation import (
    Plan,
    count_arrays,
    extend,
    in_bipartite_component,
    propagate,
    row_degrees,
    stationary_part,
    take_terms,
    transition_matrix,
)
from skgeom.graph._statistics import (
    column_statistics,
    scale_to_unit_rows,
    standardize,
    whitening_scratch,
)
from skgeom.graph._update import changed_rows, row_hashes, update_hops
from skgeom.graph._weights import (
    DEFAULTS,
    PRESETS,
    check_weights,
    resolve_density,
    resolve_settings,
)


class FastRPEmbedder(DocLinkMixin, TransformerMixin, BaseEstimator):
    """Embed the nodes of a graph by a very sparse random projection (FastRP).

    Each node starts with a random vector; k times, each node takes the weighted mean of its
    neighbours' vectors; the embedding is a weighted sum of these hops, each with its rows scaled
    to unit length. There is nothing to train: the cost is k products of a sparse matrix with a
    dense one. Read more in the :ref:`User Guide <fastrp>`.

    X is the adjacency matrix, and the estimator is tagged as pairwise: `cross_validate` fits on
    the edges among the training nodes and embeds the test nodes by their edges to them, so no
    edge of a test node is seen in training. For node ids as samples (the transductive protocol
    of the literature) wrap it into `NodeEmbedding`.

    Parameters
    ----------
    n_components : int, default=128
        Dimension d of the embedding.
    iteration_weights : {"auto", "paper", "neo4j"} or array-like of shape (k,), default="auto"
        Weights of hops 1 to k.

        - "auto": the last three of k hops weigh 1, 3, 9. The depth k is 2.2 log(n_nodes) /
          log(mean degree), rounded, at least 4 and at most 16.
        - "paper": (0, 0, 1, 6.67), with ``normalization_strength=-0.64`` and
          ``density="paper"``, as in the authors' experiments [1]_.
        - "neo4j": (0, 1, 1), with ``density=1/3`` and ``standardize=False``, the defaults of
          Neo4j Graph Data Science.

        A source's settings replace those of these parameters that are left at their defaults.
    self_influence : float, default=0.0
        Weight of hop 0, the start vectors.
    normalization_strength : float, default=0.0
        Exponent beta: the start vector of node j is multiplied by (d_j / sum of degrees)^beta.
        Negative values weaken nodes of high degree.
    propagation : {"transition", "adjacency", "symmetric"}, default="transition"
        The matrix of a hop: D^-1 S, S divided by the largest degree, or D^-1/2 S D^-1/2.
    direction : {"out", "in", "both"}, default="out"
        Whether a node reads from the nodes that its edges point to, that point to it, or both
        (S + S').
    self_loops : float, default=0.0
        Weight that is added to the loop of every node.
    projection : {"sparse", "gaussian", "sjlt", "orthogonal"}, default="sparse"
        The random start vectors: independent signs with probability `density`; normal deviates;
        the same number of signs in every row, ``density * n_components`` rounded and at least
        one; normal deviates with orthogonalised columns (as in RandNE).
    density : {"auto", "paper"} or float in (0, 1], default="auto"
        Share of entries of a sparse projection. "auto" is ``max(n ** -0.5, 1 / n_components)``,
        "paper" ``n ** -0.5``. Where a node shall have the same start vector in graphs of
        different size, give a number.
    hop_normalization : {"l2", None}, default="l2"
        Whether the rows of a hop are scaled to unit length before they are weighted.
    combine : {"sum", "concat"}, default="sum"
        Whether the weighted hops are summed, or stand side by side (hop 0 first, where it has a
        weight).
    deflate : bool, default=False
        Whether the stationary part, which is the same in every hop, is taken out. The adjacency
        has to be symmetric.
    whiten_every : int, default=None
        After every so many hops, centre the hop and make its columns uncorrelated with variance
        1. Keeps deep hops from collapsing onto few directions; costs O(n d^2) each time. Nodes
        without edges stay zero.
    standardize : bool or "l2", default=True
        Scale columns to mean 0 and variance 1; "l2" scales rows to unit length instead.
    feature_ratio : float in [0, 1], default=0.0
        Share of the columns of the start vectors that hold projected node features; needs
        `features` in `fit`.
    feature_weight : float, default=0.0
        Weight of projected node features that are added to the start vectors, over all columns;
        instead of `feature_ratio`. Needs `features` in `fit`.
    bipartite : bool, default=False
        Whether X holds the edges between two kinds of nodes, rows and columns, and need not be
        square: users and items, documents and words. Both are embedded; samples are the rows, and
        cross-validation slices them as those of any table.
    signed : bool, default=False
        Whether weights may be negative. Degrees are then sums of absolute weights.
    check_parity : bool, default=False
        Whether `fit` looks for bipartite components, and warns where all weights belong to odd
        hops, or all to even ones: odd hops of their nodes read one side, even ones the other.
        Costs a search through the graph.
    max_memory : int, default=None
        Bytes that a fit may take over the graph. Where it would take more, it goes by ranges of
        columns, each at twice the time; the embedding and the hops that are kept then lie in
        temporary files (in ``tempfile.gettempdir()``) which vanish with their arrays. Start
        vectors that are dense (other than "sparse" and "sjlt", features, init) are made at once.
        None is no limit.
    store_hops : {"needed"} or bool, default="needed"
        Hops to keep: those that `transform` reads, all (for `combine_hops`), or none (no
        `transform`; least memory).
    dtype : {"float32", "float64"}, default="float32"
        Of all computations and the embedding.
    storage : {"bfloat16", None}, default=None
        How hops are stored: in `dtype`, or as 16-bit floats with the range of float32 and three
        significant digits (sums stay float32). Halves the memory of the hops and the traffic of a
        pass; with ``dtype="float32"`` only.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same bits in every run, whatever `n_jobs` is. The start vector of a
        node is a function of `random_state` and the node's id alone.
    n_jobs : int or None, default=None
        Number of threads; None is 1 unless in a ``joblib.parallel_config`` context, -1 is all
        processors.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_features_out)
        Vectors of the fitted nodes; n_features_out is `n_components`, times the number of
        weighted hops with ``combine="concat"``.
    iteration_weights_ : ndarray of shape (k,)
        Weights of hops 1 to k.
    normalization_strength_ : float
        Exponent beta that was used.
    embedding_col_ : ndarray of shape (n_columns, n_features_out)
        Vectors of the columns; with ``bipartite=True`` only. Standardised by themselves: odd hops
        of a row read columns, even ones rows, so the two sides differ in mean.
    density_ : float
        Density of a sparse projection that was used.
    degrees_ : ndarray of float64, shape (n_nodes,)
        Weighted degrees, with `self_loops`.
    node_ids_ : ndarray of shape (n_nodes,)
        Ids of the nodes.
    hops_ : dict of int to ndarray or csr_array of shape (n_nodes, n_components)
        The hops that were kept; hop 0 is the matrix of start vectors. With ``bipartite=True``
        the columns follow the rows. With ``storage="bfloat16"`` dense hops are the upper 16 bits
        of float32, as uint16.
    whitening_ : dict of int to (mean, matrix)
        For each whitened hop its mean (n_components,) and matrix (n_components, n_components).
    mean_, scale_ : ndarray of float64, shape (n_features_out,), or None
        Of the columns, when standardised.
    n_zero_rows_ : int
        Nodes that have edges and got a zero vector (before standardisation).
    graph_stats_ : dict
        "n_nodes", "n_edges" (stored entries), "weighted", "mean_degree", "n_isolated".
    n_features_in_ : int
        Number of fitted nodes; of columns with ``bipartite=True``.
    feature_names_in_ : ndarray of shape (n_features_in,)
        Names of the columns, when X is a DataFrame whose column names are strings.

    See Also
    --------
    NodeEmbedding : Node ids as samples, for one fixed graph.
    Graph : Graphs from edge lists and networkx.

    Notes
    -----
    With S the adjacency, D its degrees, A = D^-1 S and L = diag((d_j / sum d)^beta), the hops are
    N_0 = L R and N_i = A N_{i-1}, and the embedding is sum_i w_i f(N_i), where f scales rows to
    unit length (Section 3 of [1]_; A^i is never formed). R has entries +-sqrt(1 / (density d)), so
    that E[R R'] = I [2]_. For a new node, hop i is its normalised row of edges times hop i - 1 of
    the fitted nodes.

    Nodes without edges have zero hops; they keep hop 0 where `self_influence` is positive.

    References
    ----------
    .. [1] H. Chen, S. F. Sultan, Y. Tian, M. Chen and S. Skiena, "Fast and Accurate Network
       Embeddings via Very Sparse Random Projection", CIKM 2019, arXiv:1908.11512.
    .. [2] P. Li, T. J. Hastie and K. W. Church, "Very Sparse Random Projections", KDD 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import FastRPEmbedder
    >>> linked = np.triu(np.random.default_rng(0).random((200, 200)) < 0.02, 1)
    >>> A = (linked | linked.T).astype(float)
    >>> embedder = FastRPEmbedder(n_components=16, random_state=0).fit(A)
    >>> embedder.embedding_.shape
    (200, 16)
    >>> embedder.transform(A[:3]).shape
    (3, 16)
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "iteration_weights": [StrOptions({"auto", *PRESETS}), "array-like"],
        "self_influence": [Interval(Real, 0, None, closed="left")],
        "normalization_strength": [Interval(Real, None, None, closed="neither")],
        "propagation": [StrOptions({"transition", "adjacency", "symmetric"})],
        "direction": [StrOptions({"out", "in", "both"})],
        "self_loops": [Interval(Real, 0, None, closed="left")],
        "projection": [StrOptions({"sparse", "gaussian", "sjlt", "orthogonal"})],
        "density": [StrOptions({"auto", "paper"}), Interval(Real, 0, 1, closed="right")],
        "hop_normalization": [StrOptions({"l2"}), None],
        "combine": [StrOptions({"sum", "concat"})],
        "deflate": ["boolean"],
        "whiten_every": [Interval(Integral, 1, None, closed="left"), None],
        "standardize": ["boolean", StrOptions({"l2"})],
        "feature_ratio": [Interval(Real, 0, 1, closed="both")],
        "feature_weight": [Interval(Real, 0, None, closed="left")],
        "bipartite": ["boolean"],
        "signed": ["boolean"],
        "check_parity": ["boolean"],
        "max_memory": [Interval(Integral, 1, None, closed="left"), None],
        "store_hops": ["boolean", StrOptions({"needed"})],
        "dtype": [StrOptions({"float32", "float64"})],
        "storage": [StrOptions({"bfloat16"}), None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        n_components=128,
        *,
        iteration_weights="auto",
        self_influence=0.0,
        normalization_strength=0.0,
        propagation="transition",
        direction="out",
        self_loops=0.0,
        projection="sparse",
        density="auto",
        hop_normalization="l2",
        combine="sum",
        deflate=False,
        whiten_every=None,
        standardize=True,
        feature_ratio=0.0,
        feature_weight=0.0,
        bipartite=False,
        signed=False,
        check_parity=False,
        max_memory=None,
        store_hops="needed",
        dtype="float32",
        storage=None,
        random_state=None,
        n_jobs=None,
    ):
        self.n_components = n_components
        self.iteration_weights = iteration_weights
        self.self_influence = self_influence
        self.normalization_strength = normalization_strength
        self.propagation = propagation
        self.direction = direction
        self.self_loops = self_loops
        self.projection = projection
        self.density = density
        self.hop_normalization = hop_normalization
        self.combine = combine
        self.deflate = deflate
        self.whiten_every = whiten_every
        self.standardize = standardize
        self.feature_ratio = feature_ratio
        self.feature_weight = feature_weight
        self.bipartite = bipartite
        self.signed = signed
        self.check_parity = check_parity
        self.max_memory = max_memory
        self.store_hops = store_hops
        self.dtype = dtype
        self.storage = storage
        self.random_state = random_state
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, features=None, node_ids=None, init=None):
        """Embed the nodes of a graph.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
            Adjacency: row i holds the weights of the edges from node i, to the nodes that it
            reads from. CSR, CSC, COO and dense; duplicates add up. With ``bipartite=True``
            (n_nodes, n_columns), the edges between rows and columns.
        y : None
            Ignored.
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None
            Node features; needed when `feature_ratio` or `feature_weight`
            is above 0.
        node_ids : array-like of shape (n_nodes,), default=None
            Unique integers or strings. The random vector of a node is a function of its id; None
            stands for its row.
        init : array-like or sparse matrix of shape (n_nodes, n_components), default=None
            Vectors that take the place of the random projection, for example embeddings of
            texts. With ``bipartite=True`` (n_nodes + n_columns, n_components), rows first.

        Returns
        -------
        self : FastRPEmbedder
        """
        self._embed(X, features, node_ids, init)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None, *, features=None, node_ids=None, init=None):
        """Embed the nodes of a graph and return their vectors.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
            As in `fit`, like the other parameters.
        y : None
            Ignored.
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None
        node_ids : array-like of shape (n_nodes,), default=None
        init : array-like or sparse matrix of shape (n_nodes, n_components), default=None

        Returns
        -------
        embedding : ndarray of shape (n_nodes, n_features_out)
            Equal to ``fit(X).transform(X)``, without the second pass over the edges.
        """
        self._embed(X, features, node_ids, init)
        return self.embedding_

    def transform(self, X, *, features=None, node_ids=None, init=None):
        """Embed nodes by their edges to the fitted nodes.

        Hop i of a new node is its normalised row times hop i - 1 of the fitted nodes, which is the
        formula of a fitted node: ``fit(A).transform(A)`` equals ``fit_transform(A)``.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_new, n_nodes)
            Row r holds the weights of the edges between new node r and the fitted nodes that it
            reads from (with ``direction="in"`` the edges that point at it).
        features : array-like or sparse matrix of shape (n_new, n_features), default=None
            Features of the new nodes. Read when hop 0 counts (`self_influence` or `self_loops`
            above 0) and the fitted nodes have them.
        node_ids : array-like of shape (n_new,), default=None
            Ids of the new nodes, None for 0, ..., n_new - 1; read when hop 0 counts.
        init : array-like or sparse matrix of shape (n_new, n_components), default=None
            Vectors of the new nodes; read when hop 0 counts and the fitted nodes have them.

        Returns
        -------
        embedding : ndarray of shape (n_new, n_features_out)
        """
        check_is_fitted(self)
        if isinstance(X, Graph):
            node_ids = X.node_ids if node_ids is None else node_ids
            features = X.features if features is None else features
            X = X.adjacency
        rows = check_graph(X, dtype=np.dtype(self.dtype), square=False, allow_negative=self.signed)
        validate_data(self, X, reset=False, skip_check_array=True)
        if self.bipartite:
            rows = _shift_columns(rows, len(self.degrees_))
        if any(i > 0 for i in self._plan.taken) and not self.hops_:
            raise ValueError(
                "transform needs hops of the fitted nodes, and store_hops=False keeps none; "
                "fit with store_hops='needed'."
            )
        degrees = row_degrees(rows, self.self_loops)
        start = None
        if self._plan.weights[0] != 0 or self.self_loops > 0:
            ids = check_node_ids(node_ids, rows.shape[0])
            start = self._start(ids, degrees, features, init)
            start = start if sp.issparse(start) else to_storage(start, self._plan.storage)
        transition = self._transition(rows, degrees)
        embedding = extend(
            transition,
            self.hops_,
            start,
            self._plan,
            self.whitening_,
            self._stationary,
            n_jobs=self.n_jobs,
        )
        return self._scale(embedding)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, *, features=None, node_ids=None, init=None, freeze=True):
        """Follow a change of the graph: edges added, removed or with other weights, new nodes.

        Only rows within k hops of a change are computed again; they come out as a fit on the new
        graph would make them. What a fit derives from the whole graph stays as it was: depth,
        density, the sum and the maximum of the degrees, and whitening. All hops are needed: where
        the fit did not keep them (``store_hops=True`` does), the first call computes all rows.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
            The whole new adjacency. Fitted nodes come first, in their order; new ones follow.
        y : None
            Ignored.
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None
            Of all nodes, where the fitted nodes have them.
        node_ids : array-like of shape (n_nodes,), default=None
            Ids of all nodes; needed when there are new nodes and the fitted ones were given ids.
        init : array-like or sparse matrix of shape (n_nodes, n_components), default=None
            Of all nodes, where the fitted nodes have them.
        freeze : bool, default=True
            Whether columns are standardised by the constants of the first fit, so that nodes that
            see no change keep their vectors, rather than by new ones.

        Returns
        -------
        self : FastRPEmbedder
        """
        if not hasattr(self, "hops_"):
            self._embed(X, features, node_ids, init, keep_all=True)
            return self
        self._check_updatable()
        before = dict(vars(self))
        try:
            self._update(X, features, node_ids, init, freeze)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise
        return self

    def _update(self, X, features, node_ids, init, freeze):
        """Run the steps of `partial_fit`."""
        if isinstance(X, Graph):
            node_ids = X.node_ids if node_ids is None else node_ids
            features = X.features if features is None else features
            X = X.adjacency
        dtype = np.dtype(self.dtype)
        shape = check_graph(X, dtype=dtype, square=False, allow_negative=self.signed).shape
        if shape[1] < self.n_features_in_:
            validate_data(self, X, reset=False, skip_check_array=True)
        node_ids = self._check_more_ids(node_ids, shape[1])
        adjacency, features = self._check_graph(X, features, node_ids)
        self._all_degrees = self.degrees_ = row_degrees(adjacency, self.self_loops)
        if self._largest_degree == 0:  # the first edges
            self._largest_degree = self._all_degrees.max()
            self._total_degree = self._all_degrees.sum()
        transition = self._transition(adjacency, self._all_degrees)
        start = self._start_of_all(features, init)
        hashes = row_hashes(transition, n_jobs=self.n_jobs)
        old_hops, old_hashes = self.hops_, self._transition_hashes
        if not self._has_all_hops:
            nothing = np.empty((0, self.n_components), self.dtype)
            old_hops = dict.fromkeys(range(self._plan.n_hops + 1), nothing)
            old_hashes = np.empty((0, 0), np.uint64)
        changed = changed_rows(old_hashes, hashes)
        self.hops_, affected = update_hops(
            transition, old_hops, start, self._plan, self.whitening_, changed, n_jobs=self.n_jobs
        )
        self._transition_hashes = hashes
        self.graph_stats_ = _statistics_of(adjacency)
        self._take_update(affected, freeze)

    def combine_hops(self, iteration_weights, *, self_influence=0.0):
        """Return the embedding that other weights would have given, without the graph.

        The hops do not depend on their weights, so weights can be tuned on one fit. Needs
        ``store_hops=True``.

        Parameters
        ----------
        iteration_weights : array-like of shape (n_hops,)
            Weights of hops 1 to n_hops; at most as many as were fitted.
        self_influence : float, default=0.0
            Weight of hop 0.

        Returns
        -------
        embedding : ndarray of shape (n_nodes, n_features_out)
        """
        check_is_fitted(self)
        check_scalar(self_influence, "self_influence", Real, min_val=0)
        weights = check_weights(iteration_weights, self_influence)
        if not self._has_all_hops:
            raise ValueError(f"combine_hops needs store_hops=True, got {self.store_hops!r}.")
        if len(weights) > self._plan.n_hops:
            raise ValueError(
                f"iteration_weights has {len(weights)} entries, and {self._plan.n_hops} hops were "
                "fitted."
            )
        plan = self._plan._replace(weights=(float(self_influence), *weights))
        dtype = np.dtype(self.dtype)
        embedding = take_terms(self.hops_, plan, dtype, n_jobs=self.n_jobs)[: len(self.node_ids_)]
        *statistics, _ = self._scaling_of(embedding)
        return self._scale(embedding, *statistics)

    def estimate_memory(self, n_nodes, n_edges):
        """Tell how much memory a fit would take, over the graph itself.

        Parameters
        ----------
        n_nodes : int
            Nodes; rows and columns together with ``bipartite=True``.
        n_edges : int
            Stored entries of the adjacency.

        Returns
        -------
        memory : dict of str to int
            Bytes: "fit" at the peak of `fit` (without `max_memory`), "start" of the start vectors
            in it, "fitted" of the arrays that stay, "graph" of an
            adjacency with int32 indices and weights of `dtype`, which `fit` uses in place when it
            comes as such.

        Examples
        --------
        >>> from skgeom.graph import FastRPEmbedder
        >>> memory = FastRPEmbedder(128, store_hops=False).estimate_memory(10**7, 2 * 10**8)
        >>> {name: f"{size / 2**30:.1f} GiB" for name, size in memory.items()}
        {'start': '0.1 GiB', 'fit': '14.7 GiB', 'fitted': '4.9 GiB', 'graph': '1.5 GiB'}
        """
        self._validate_params()
        check_scalar(n_nodes, "n_nodes", Integral, min_val=1)
        check_scalar(n_edges, "n_edges", Integral, min_val=0)
        settings = resolve_settings(
            self._settings(), self.self_influence, n_nodes, n_edges / n_nodes
        )
        plan = self._make_plan(settings["iteration_weights"])
        item = np.dtype(self.dtype).itemsize
        is_sparse = self.projection in ("sparse", "sjlt") and not self._uses_features
        start = 0
        if is_sparse:
            density = resolve_density(settings["density"], n_nodes, self.n_components)
            if self.projection == "sjlt":
                density = sjlt_entries(self.n_components, density) / self.n_components
            start = int(n_nodes * (8 + density * self.n_components * (item + 4)))
        array = n_nodes * self.n_components * plan.storage.itemsize
        embedding = 0 if plan.storage == self.dtype else plan.n_columns(n_nodes * self.n_components)
        n_allocated, n_kept = count_arrays(plan, is_sparse)
        scratch = 24 * n_nodes
        if embedding and not is_sparse:
            scratch += 2 * n_nodes * self.n_components * item
        if self.whiten_every:
            scratch += whitening_scratch(n_nodes, self.n_components, self.n_jobs)
        return {
            "start": start or n_nodes * self.n_components * item,
            "fit": embedding * item + n_allocated * array + start + scratch,
            "fitted": embedding * item
            + n_kept * array
            + (start if 0 in plan.keep else 0)
            + n_nodes * 16,
            "graph": n_edges * (4 + item) + (n_nodes + 1) * 4,
        }

    def column_norms(self, X, columns, *, features=None, node_ids=None, init=None):
        """Return the squared norms of the rows of each weighted hop, over a range of columns.

        The first of two steps that make a fit out of independent parts, on threads, processes or
        machines: the columns of the projection know nothing of each other, so each worker takes
        a range of them, and the norms alone are summed over the workers. See `embed_columns`.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
            As in `fit`, like `features`, `node_ids` and `init`.
        columns : (int, int)
            First column, and one past the last.
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None
        node_ids : array-like of shape (n_nodes,), default=None
        init : array-like or sparse matrix of shape (n_nodes, n_components), default=None

        Returns
        -------
        squares : ndarray of float64, shape (n_weighted_hops, n_nodes)
            To be added to those of the other columns.
        """
        model, hops = self._hops_of_columns(X, columns, features, node_ids, init)
        return squared_norms(hops, model._plan, len(model._all_degrees), n_jobs=self.n_jobs)

    def embed_columns(self, X, columns, squares, *, features=None, node_ids=None, init=None):
        """Return a range of columns of the embedding, given the norms over all columns.

        Side by side, the ranges are what `fit_transform` returns, up to rounding.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
            As in `fit`, like `features`, `node_ids` and `init`.
        columns : (int, int)
            First column, and one past the last.
        squares : ndarray of shape (n_weighted_hops, n_nodes)
            Sum of what `column_norms` returns over ranges that cover all columns; not read with
            ``hop_normalization=None``.
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None
        node_ids : array-like of shape (n_nodes,), default=None
        init : array-like or sparse matrix of shape (n_nodes, n_components), default=None

        Returns
        -------
        part : ndarray of shape (n_nodes, n_columns)
            Standardised; with ``combine="concat"`` the range of each weighted hop in turn.

        Examples
        --------
        >>> import numpy as np
        >>> from skgeom.datasets import load_network
        >>> from skgeom.graph import FastRPEmbedder
        >>> A = load_network("cora").data
        >>> embedder, ranges = FastRPEmbedder(32, random_state=0), [(0, 16), (16, 32)]
        >>> squares = sum(embedder.column_norms(A, columns) for columns in ranges)
        >>> parts = [embedder.embed_columns(A, columns, squares) for columns in ranges]
        >>> np.allclose(np.hstack(parts), embedder.fit_transform(A), atol=1e-4)
        True
        """
        model, hops = self._hops_of_columns(X, columns, features, node_ids, init)
        plan, n_nodes = model._plan, len(model._all_degrees)
        if plan.normalise and np.shape(squares) != (len(plan.taken), n_nodes):
            raise ValueError(
                f"squares has shape {np.shape(squares)}, expected ({len(plan.taken)}, {n_nodes}), "
                "a row for each weighted hop."
            )
        terms = np.empty((n_nodes, plan.n_columns(columns[1] - columns[0])), self.dtype)
        panel_terms(hops, plan, squares if plan.normalise else None, terms, n_jobs=self.n_jobs)
        terms = terms[: len(model.node_ids_)]
        return model._scale(terms, *model._scaling_of(terms)[:2])

    def _hops_of_columns(self, X, columns, features, node_ids, init):
        """Return a model with the settings of a fit, and the hops of a range of columns."""
        for name, wrong in [("whiten_every", self.whiten_every), ("standardize", "l2")]:
            if wrong is not None and getattr(self, name) == wrong:
                raise ValueError(f"A range of columns needs all the others with {name}={wrong!r}.")
        if not isinstance(self.random_state, Integral):
            raise ValueError(
                "Ranges of columns of one embedding need one random_state, an int, got "
                f"{self.random_state!r}."
            )
        first, last = columns
        if not 0 <= first < last <= self.n_components:
            raise ValueError(
                f"columns must be (first, last) with 0 <= first < last <= {self.n_components}, "
                f"got {columns!r}."
            )
        self._validate_params()
        model = clone(self)
        transition, start, _ = model._prepare(X, features, node_ids, init)
        if model._stationary is not None:
            membership, part = model._stationary
            model._stationary = membership, np.ascontiguousarray(part[:, first:last])
        start = column_panel(start, columns)
        options = {"n_jobs": self.n_jobs}
        return model, panel_hops(transition, start, model._plan, model._stationary, **options)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns: "fastrp0", "fastrp1", ...

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str, shape (n_features_out,)
        """
        check_is_fitted(self)
        return np.array([f"fastrp{i}" for i in range(self._n_features_out)], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = not self.bipartite
        tags.input_tags.positive_only = not self.signed
        tags.transformer_tags.preserves_dtype = [self.dtype]
        return tags

    @property
    def _n_features_out(self):
        return self._plan.n_columns(self.n_components)

    def _embed(self, X, features, node_ids, init, keep_all=False):
        """Run the paper's steps."""
        if self.storage is not None and self.dtype != "float32":
            raise ValueError(f"storage={self.storage!r} needs dtype='float32', got {self.dtype!r}.")
        transition, start, n_edges = self._prepare(X, features, node_ids, init, keep_all)
        step, width = propagate, self._panel_width(n_edges)
        if width:
            step = partial(propagate_panels, width=width)
        embedding, self.hops_, self.whitening_ = step(
            transition, start, self._plan, self._stationary, n_jobs=self.n_jobs
        )
        self._transition_hashes = None
        if self._has_all_hops:
            self._transition_hashes = row_hashes(transition, n_jobs=self.n_jobs)
        self._finish(embedding)

    def _prepare(self, X, features, node_ids, init, keep_all=False):
        """Return the transition matrix, N_0 and the number of stored entries."""
        adjacency, features = self._check_graph(X, features, node_ids)
        self._all_degrees = row_degrees(adjacency, self.self_loops)
        self.degrees_ = self._all_degrees[: len(self.node_ids_)]
        self._total_degree = self._all_degrees.sum()
        self._largest_degree = self._all_degrees.max()
        self._resolve(adjacency, keep_all)
        transition = self._transition(adjacency, self._all_degrees)
        if self.check_parity:
            self._warn_of_parity(adjacency)
        self._key = random_key(self.random_state)
        self._fit_start(features, init)
        start = self._start_of_all(features, init)
        self._stationary = self._find_stationary(adjacency, start)
        return transition, start, adjacency.nnz

    def _warn_of_parity(self, adjacency):
        parities = {i % 2 for i in self._plan.taken}
        if len(parities) > 1 or self.self_loops > 0:
            return
        n_bipartite = int(np.sum(in_bipartite_component(adjacency)))
        if n_bipartite:
            warnings.warn(
                f"{n_bipartite} of {adjacency.shape[0]} nodes lie in bipartite components, and all "
                f"weights are those of {'odd' if 1 in parities else 'even'} hops, which read one "
                "side of such a component: give an odd and an even hop a weight.",
                UserWarning,
                stacklevel=5,
            )

    def _panel_width(self, n_edges):
        """Return how many columns go at a time, 0 for all at once."""
        n_nodes = len(self._all_degrees)
        if self.max_memory is None:
            return 0
        needed = self.estimate_memory(n_nodes, n_edges)
        if needed["fit"] <= self.max_memory:
            return 0
        if self.whiten_every:
            raise ValueError(
                f"max_memory={self.max_memory} is less than the {needed['fit']} bytes that a fit "
                "takes, and whitening needs all columns at once: set whiten_every=None."
            )
        itemsize = np.dtype(self.dtype).itemsize
        available = self.max_memory - needed["start"]
        width = panel_width(self._plan, n_nodes, itemsize, available)
        if width < 1:
            per_column, fixed = panel_bytes(self._plan, n_nodes, itemsize)
            raise ValueError(
                f"max_memory={self.max_memory} is too little for one column at a time, which "
                f"takes {needed['start'] + fixed + per_column} bytes."
            )
        return min(width, self.n_components)

    def _finish(self, embedding):
        """Standardise, each side of a bipartite graph by itself, and count the zero rows."""
        rows, columns = np.split(embedding, [len(self.node_ids_)])
        self.mean_, self.scale_, n_zero = self._scaling_of(rows)
        self.embedding_ = self._scale(rows)
        if self.bipartite:
            *statistics, n_zero_columns = self._scaling_of(columns)
            self.embedding_col_ = self._scale(columns, *statistics)
            n_zero += n_zero_columns
        self._count_zero_rows(n_zero, len(embedding))

    def _check_updatable(self):
        for name in ("bipartite", "deflate"):
            if getattr(self, name):
                raise ValueError(f"partial_fit needs {name}=False.")

    def _check_more_ids(self, node_ids, n_nodes):
        """Return ids of all nodes, of which the first are the fitted ones."""
        old = self.node_ids_
        if node_ids is None:
            default = np.arange(n_nodes)
            if not np.array_equal(old, default[: len(old)]) and n_nodes > len(old):
                raise ValueError(
                    "node_ids is None: the fitted nodes have ids, and there are "
                    f"{n_nodes - len(old)} new nodes."
                )
            return default if np.array_equal(old, default[: len(old)]) else old
        node_ids = check_node_ids(node_ids, n_nodes)
        if not np.array_equal(node_ids[: len(old)], old):
            raise ValueError("node_ids must begin with the ids of the fitted nodes.")
        return node_ids

    def _take_update(self, affected, freeze):
        """Renew the rows of the embedding whose hops have changed, or all of them."""
        freeze = freeze or self.mean_ is None
        rows = np.flatnonzero(affected) if freeze else np.arange(len(affected))
        hops = {i: hop[rows] for i, hop in self.hops_.items()} if freeze else self.hops_
        raw = take_terms(hops, self._plan, np.dtype(self.dtype), n_jobs=self.n_jobs)
        if not freeze:
            self._finish(raw)
            return
        embedding = np.zeros((len(affected), raw.shape[1]), raw.dtype)
        embedding[: len(self.embedding_)] = self.embedding_
        embedding[rows] = self._scale(raw)
        self.embedding_ = embedding

    def _check_graph(self, X, features, node_ids):
        """Validate what goes into fit; rows of the graph are what a node reads from."""
        if self.bipartite and self.direction != "out":
            raise ValueError(
                f"direction={self.direction!r} has no meaning with bipartite=True: rows read from "
                "columns and columns from rows."
            )
        if isinstance(X, Graph):
            node_ids = X.node_ids if node_ids is None else node_ids
            features = X.features if features is None else features
            X = X.adjacency
        adjacency = check_graph(
            X, dtype=np.dtype(self.dtype), square=not self.bipartite, allow_negative=self.signed
        )
        validate_data(self, X, skip_check_array=True)
        self.node_ids_ = check_node_ids(node_ids, adjacency.shape[0])
        if self.bipartite:
            adjacency = sp.block_array([[None, adjacency], [adjacency.T, None]], format="csr")
        elif self.direction == "in":
            adjacency = adjacency.T.tocsr()
        elif self.direction == "both":
            adjacency = (adjacency + adjacency.T).tocsr()
        return adjacency, features

    @property
    def _has_all_hops(self):
        return len(self.hops_) == self._plan.n_hops + 1

    def _resolve(self, adjacency, keep_all):
        """Fix the settings that depend on the graph, and the plan of the hops."""
        self.graph_stats_ = _statistics_of(adjacency)
        n_nodes, mean_degree = adjacency.shape[0], self.graph_stats_["mean_degree"]
        settings = resolve_settings(self._settings(), self.self_influence, n_nodes, mean_degree)
        self.iteration_weights_ = np.array(settings["iteration_weights"])
        self.normalization_strength_ = settings["normalization_strength"]
        self.density_ = resolve_density(settings["density"], n_nodes, self.n_components)
        self._standardize = settings["standardize"]
        self._plan = self._make_plan(settings["iteration_weights"], keep_all)

    def _settings(self):
        return {name: getattr(self, name) for name in [*DEFAULTS, "iteration_weights"]}

    def _make_plan(self, iteration_weights, keep_all=False):
        plan = Plan(
            weights=(float(self.self_influence), *iteration_weights),
            normalise=self.hop_normalization == "l2",
            concat=self.combine == "concat",
            deflate=self.deflate,
            whiten_every=self.whiten_every or 0,
            keep=frozenset(),
            storage=np.dtype(np.uint16 if self.storage == "bfloat16" else self.dtype),
        )
        keep = plan.hops_to_keep(keep_all or self.store_hops, self.self_loops > 0)
        return plan._replace(keep=keep)

    def _transition(self, adjacency, degrees):
        return transition_matrix(
            adjacency,
            degrees,
            self._all_degrees,
            self.propagation,
            self.self_loops,
            self._largest_degree,
        )

    def _fit_start(self, features, init):
        """Check what N_0 is made from, and fit what it needs for new nodes."""
        if self.feature_ratio > 0 and self.feature_weight > 0:
            raise ValueError("feature_ratio > 0 and feature_weight > 0 exclude each other.")
        name = "feature_ratio" if self.feature_ratio > 0 else "feature_weight"
        if self._uses_features and features is None:
            raise ValueError(
                f"{name}={getattr(self, name)} needs node features: pass features to fit."
            )
        if self._uses_features and init is not None:
            raise ValueError(f"init and {name} > 0 exclude each other.")
        self._has_init = init is not None
        self._n_projected = int(self.n_components * self.feature_ratio)
        self._mixing = None
        self._n_node_features = None
        if self._n_projected > 0 or self.feature_weight > 0:
            self._n_node_features = check_node_features(features, len(self.node_ids_)).shape[1]
        is_random = not self._has_init and self._n_projected < self.n_components
        if self.projection == "orthogonal" and is_random:
            gaussian = [
                self._gaussian(ids, key) for ids, key in [(self.node_ids_, self._key), *self._other]
            ]
            self._mixing = orthogonal_mixing(np.vstack(gaussian), n_jobs=self.n_jobs)

    @property
    def _uses_features(self):
        return self.feature_ratio > 0 or self.feature_weight > 0

    @property
    def _other(self):
        """Ids of the columns of a bipartite graph, with a key of their own."""
        if not self.bipartite:
            return []
        return [(np.arange(self.n_features_in_), np.uint64(mix(self._key)))]

    def _start_of_all(self, features, init):
        """Return N_0 of the fitted nodes as it is stored; columns follow rows."""
        start = self._dense_or_sparse_start(features, init)
        return start if sp.issparse(start) else to_storage(start, self._plan.storage)

    def _dense_or_sparse_start(self, features, init):
        n_rows = len(self.node_ids_)
        if not self.bipartite or self._has_init:
            ids = self.node_ids_ if not self.bipartite else np.arange(len(self._all_degrees))
            return self._start(ids, self._all_degrees, features, init)
        (ids, key) = self._other[0]
        rows = self._start(self.node_ids_, self._all_degrees[:n_rows], features, None)
        columns = self._scale_start(self._random_vectors(ids, key), self._all_degrees[n_rows:])
        if sp.issparse(rows):
            return sp.vstack([rows, columns], format="csr")
        columns = columns.toarray() if sp.issparse(columns) else columns
        columns = np.pad(columns, [(0, 0), (0, self._n_projected)])
        return np.vstack([rows, columns])

    def _start(self, node_ids, degrees, features, init):
        """Return N_0 = L R, of fitted or of new nodes."""
        if self._has_init:
            return self._scale_start(self._check_init(init, len(node_ids)), degrees)
        start = self._scale_start(self._random_vectors(node_ids, self._key), degrees)
        if self._n_node_features is None:
            return start
        n_columns = self._n_projected or self.n_components
        projected = self._project_features(features, len(node_ids), n_columns)
        start = start.toarray() if sp.issparse(start) else start
        if self._n_projected > 0:
            return np.hstack([start, projected])
        return start + np.asarray(self.feature_weight, self.dtype) * projected

    def _scale_start(self, start, degrees):
        """Multiply by L."""
        if self.normalization_strength_ == 0:
            return start
        relative = np.where(degrees > 0, degrees / (self._total_degree or 1.0), 1.0)
        limits = np.finfo(self.dtype)
        with np.errstate(over="ignore", under="ignore"):
            factor = relative**self.normalization_strength_
        if factor.max() > limits.max or factor.min() < limits.tiny:
            raise ValueError(
                f"normalization_strength={self.normalization_strength_} scales start vectors by "
                f"{factor.min():g} to {factor.max():g}, which {self.dtype} cannot hold; choose a "
                "number nearer to 0."
            )
        return scale_matrix_rows(start, factor)

    def _random_vectors(self, node_ids, key):
        args = (node_ids, self.n_components - self._n_projected, key)
        options = {"dtype": np.dtype(self.dtype), "n_jobs": self.n_jobs}
        if self._n_projected == self.n_components:
            return np.empty((len(node_ids), 0), self.dtype)
        if self.projection == "sparse":
            return sparse_projection(*args, self.density_, **options)
        if self.projection == "sjlt":
            return sjlt_projection(*args, self.density_, **options)
        if self.projection == "gaussian":
            return gaussian_projection(*args, **options)
        return (self._gaussian(node_ids, key) @ self._mixing).astype(self.dtype)

    def _gaussian(self, node_ids, key):
        n_random = self.n_components - self._n_projected
        return gaussian_projection(
            node_ids, n_random, key, dtype=np.dtype(np.float64), n_jobs=self.n_jobs
        )

    def _project_features(self, features, n_nodes, n_columns):
        if features is None:
            raise ValueError(
                "features is None: the fitted nodes have features, and hop 0 of the new ones "
                "counts, because self_influence or self_loops is above 0."
            )
        features = check_node_features(features, n_nodes)
        n_expected = self._n_node_features
        if features.shape[1] != n_expected:
            raise ValueError(f"features has {features.shape[1]} columns, expected {n_expected}.")
        scale = np.sqrt(1 / (FEATURE_DENSITY * self.n_components))
        dtype = np.dtype(self.dtype)
        return project_features(
            features, n_columns, self._key, scale, dtype=dtype, n_jobs=self.n_jobs
        )

    def _check_init(self, init, n_nodes):
        if init is None:
            raise ValueError(
                "init is None: the fitted nodes have initial vectors, and hop 0 of the new ones "
                "counts, because self_influence or self_loops is above 0."
            )
        init = check_array(
            init,
            accept_sparse="csr",
            dtype=np.dtype(self.dtype),
            copy=0 in self._plan.keep,  # hop 0 is kept as it is now
            input_name="init",
        )
        if init.shape != (n_nodes, self.n_components):
            raise ValueError(
                f"init must have shape ({n_nodes}, {self.n_components}), (n_nodes, n_components), "
                f"got {init.shape}."
            )
        return sp.csr_array(init) if sp.issparse(init) else np.ascontiguousarray(init)

    def _find_stationary(self, adjacency, start):
        if not self.deflate:
            return None
        if self.propagation == "adjacency":
            raise ValueError(
                "deflate=True needs propagation='transition' or 'symmetric': the stationary part "
                "of 'adjacency' is not known in closed form."
            )
        if adjacency.nnz and adjacency.data.min() < 0:
            raise ValueError("deflate=True needs weights that are not negative.")
        difference = adjacency - adjacency.T
        if difference.nnz and abs(difference).max() > 1e-5 * abs(adjacency).max():
            raise ValueError(
                "deflate=True needs a symmetric adjacency, and X is not; direction='both' makes "
                "it so."
            )
        return stationary_part(adjacency, self._all_degrees, start, self.propagation)

    def _count_zero_rows(self, n_zero, n_nodes):
        """Count the nodes with edges that got no vector, and warn when they are many."""
        if self.self_influence == 0:
            n_zero -= int(np.sum(self._all_degrees == 0))
        self.n_zero_rows_ = max(n_zero, 0)
        if self.n_zero_rows_ > 0.01 * n_nodes:
            warnings.warn(
                f"{self.n_zero_rows_} of {n_nodes} nodes have edges and a zero vector: "
                "the projection is too sparse for small components, or edges lead to sinks. "
                "projection='sjlt' gives every node an entry.",
                UserWarning,
                stacklevel=5,
            )

    def _scaling_of(self, embedding):
        """Return what to standardise with, and the number of zero rows."""
        mean, scale, n_zero = column_statistics(embedding, n_jobs=self.n_jobs)
        if self._standardize is not True:
            return None, None, n_zero
        if not np.isfinite(scale).all():
            raise ValueError(
                f"The embedding overflows {self.dtype}: start vectors (init, features) or "
                "iteration_weights are too large."
            )
        return mean, scale, n_zero

    def _scale(self, embedding, *statistics):
        """Standardise in place, with the fitted statistics unless others are given."""
        if self._standardize == "l2":
            scale_to_unit_rows(embedding, n_jobs=self.n_jobs)
        elif self._standardize:
            mean, scale = statistics or (self.mean_, self.scale_)
            standardize(embedding, mean, scale, n_jobs=self.n_jobs)
        return embedding


def _statistics_of(adjacency):
    n_nodes = adjacency.shape[0]
    return {
        "n_nodes": n_nodes,
        "n_edges": adjacency.nnz,
        "weighted": bool(np.any(adjacency.data != 1)),
        "mean_degree": adjacency.nnz / n_nodes,
        "n_isolated": int(np.sum(np.diff(adjacency.indptr) == 0)),
    }


def _shift_columns(rows, n_rows):
    """Return edges to columns of a bipartite graph as edges to the nodes that follow the rows."""
    shape = (rows.shape[0], n_rows + rows.shape[1])
    indices = rows.indices + rows.indices.dtype.type(n_rows)
    return sp.csr_array((rows.data, indices, rows.indptr), shape=shape)
