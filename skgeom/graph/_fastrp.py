"""FastRP node embeddings."""

import warnings
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from skgeom._core.checks import check_graph
from skgeom._core.estimator import DocLinkMixin
from skgeom._core.random import random_key
from skgeom.graph._graph import Graph, check_node_features, check_node_ids
from skgeom.graph._projection import (
    FEATURE_DENSITY,
    gaussian_projection,
    orthogonal_mixing,
    project_features,
    scale_matrix_rows,
    sjlt_projection,
    sparse_projection,
)
from skgeom.graph._propagation import (
    Plan,
    extend,
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
    zero_row_count,
)
from skgeom.graph._weights import (
    DEFAULTS,
    PRESETS,
    check_weights,
    resolve_density,
    resolve_settings,
)


class FastRPEmbedder(DocLinkMixin, TransformerMixin, BaseEstimator):
    """TODO"""

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
        "signed": ["boolean"],
        "store_hops": ["boolean", StrOptions({"needed"})],
        "dtype": [StrOptions({"float32", "float64"})],
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
        signed=False,
        store_hops="needed",
        dtype="float32",
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
        self.signed = signed
        self.store_hops = store_hops
        self.dtype = dtype
        self.random_state = random_state
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, features=None, node_ids=None, init=None):
        """Embed the nodes of a graph.

        Parameters
        ----------
        X : sparse matrix or array, ndarray or Graph, of shape (n_nodes, n_nodes)
            Adjacency: row i holds the weights of the edges from node i, to the nodes that it
            reads from. CSR, CSC, COO and dense; duplicates add up.
        y : None
            Ignored.
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None
            Node features; needed when `feature_ratio` > 0.
        node_ids : array-like of shape (n_nodes,), default=None
            Unique integers or strings. The random vector of a node is a function of its id; None
            stands for its row.
        init : array-like or sparse matrix of shape (n_nodes, n_components), default=None
            Vectors that take the place of the random projection, for example embeddings of
            texts.

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
        if self.store_hops is False:
            raise ValueError(
                "transform needs hops of the fitted nodes, and store_hops=False keeps none; "
                "fit with store_hops='needed'."
            )
        degrees = row_degrees(rows, self.self_loops)
        start = None
        if self._plan.weights[0] != 0 or self.self_loops > 0:
            ids = check_node_ids(node_ids, rows.shape[0])
            start = self._start(ids, degrees, features, init)
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
        weights = check_weights(iteration_weights, self_influence)
        if self.store_hops is not True:
            raise ValueError(f"combine_hops needs store_hops=True, got {self.store_hops!r}.")
        if len(weights) > self._plan.n_hops:
            raise ValueError(
                f"iteration_weights has {len(weights)} entries, and {self._plan.n_hops} hops were "
                "fitted."
            )
        plan = self._plan._replace(weights=(float(self_influence), *weights))
        embedding = take_terms(self.hops_, plan, n_jobs=self.n_jobs)
        statistics = self._scaling_of(embedding)
        return self._scale(embedding, *statistics)

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
        tags.input_tags.pairwise = True
        tags.input_tags.positive_only = not self.signed
        tags.transformer_tags.preserves_dtype = [self.dtype]
        return tags

    @property
    def _n_features_out(self):
        return self._plan.n_columns(self.n_components)

    def _embed(self, X, features, node_ids, init):
        """Run the paper's steps."""
        adjacency, features = self._check_graph(X, features, node_ids)
        self.degrees_ = row_degrees(adjacency, self.self_loops)
        self._resolve(adjacency)
        transition = self._transition(adjacency, self.degrees_)
        self._key = random_key(self.random_state)
        self._fit_start(features, init)
        start = self._start(self.node_ids_, self.degrees_, features, init)
        self._stationary = self._find_stationary(adjacency, start)
        embedding, self.hops_, self.whitening_ = propagate(
            transition, start, self._plan, self._stationary, n_jobs=self.n_jobs
        )
        self._count_zero_rows(embedding)
        self.mean_, self.scale_ = self._scaling_of(embedding)
        self.embedding_ = self._scale(embedding)

    def _check_graph(self, X, features, node_ids):
        """Validate what goes into fit; rows of the graph are what a node reads from."""
        if isinstance(X, Graph):
            node_ids = X.node_ids if node_ids is None else node_ids
            features = X.features if features is None else features
            X = X.adjacency
        adjacency = check_graph(X, dtype=np.dtype(self.dtype), allow_negative=self.signed)
        validate_data(self, X, skip_check_array=True)
        self.node_ids_ = check_node_ids(node_ids, adjacency.shape[0])
        if self.direction == "in":
            adjacency = adjacency.T.tocsr()
        elif self.direction == "both":
            adjacency = (adjacency + adjacency.T).tocsr()
        return adjacency, features

    def _resolve(self, adjacency):
        """Fix the settings that depend on the graph, and the plan of the hops."""
        n_nodes = adjacency.shape[0]
        mean_degree = adjacency.nnz / n_nodes
        self.graph_stats_ = {
            "n_nodes": n_nodes,
            "n_edges": adjacency.nnz,
            "weighted": bool(np.any(adjacency.data != 1)),
            "mean_degree": mean_degree,
            "n_isolated": int(np.sum(np.diff(adjacency.indptr) == 0)),
        }
        params = {name: getattr(self, name) for name in [*DEFAULTS, "iteration_weights"]}
        settings = resolve_settings(params, self.self_influence, n_nodes, mean_degree)
        self.iteration_weights_ = np.array(settings["iteration_weights"])
        self.normalization_strength_ = settings["normalization_strength"]
        self.density_ = resolve_density(settings["density"], n_nodes, self.n_components)
        self._standardize = settings["standardize"]
        plan = Plan(
            weights=(float(self.self_influence), *settings["iteration_weights"]),
            normalise=self.hop_normalization == "l2",
            concat=self.combine == "concat",
            deflate=self.deflate,
            whiten_every=self.whiten_every or 0,
            keep=frozenset(),
        )
        self._plan = plan._replace(keep=plan.hops_to_keep(self.store_hops, self.self_loops > 0))

    def _transition(self, adjacency, degrees):
        return transition_matrix(
            adjacency, degrees, self.degrees_, self.propagation, self.self_loops
        )

    def _fit_start(self, features, init):
        """Check what N_0 is made from, and fit what it needs for new nodes."""
        if self.feature_ratio > 0 and features is None:
            raise ValueError(
                f"feature_ratio={self.feature_ratio} needs node features: pass features to fit."
            )
        if self.feature_ratio > 0 and init is not None:
            raise ValueError("init and feature_ratio > 0 exclude each other.")
        self._has_init = init is not None
        self._n_projected = int(self.n_components * self.feature_ratio)
        self._mixing = None
        n_random = self.n_components - self._n_projected
        if self.projection == "orthogonal" and not self._has_init and n_random > 0:
            gaussian = gaussian_projection(
                self.node_ids_, n_random, self._key, dtype=np.float64, n_jobs=self.n_jobs
            )
            self._mixing = orthogonal_mixing(gaussian, n_jobs=self.n_jobs)

    def _start(self, node_ids, degrees, features, init):
        """Return N_0 = L R, of fitted or of new nodes."""
        if self._has_init:
            start = self._check_init(init, len(node_ids))
        elif self._n_projected < self.n_components:
            start = self._random_vectors(node_ids)
        else:
            start = np.empty((len(node_ids), 0), self.dtype)
        if self.normalization_strength_ != 0:
            relative = np.where(degrees > 0, degrees / max(self.degrees_.sum(), 1e-300), 1.0)
            start = scale_matrix_rows(start, relative**self.normalization_strength_)
        if self._n_projected == 0:
            return start
        projected = self._project_features(features, len(node_ids))
        start = start.toarray() if sp.issparse(start) else start
        return np.hstack([start, projected])

    def _random_vectors(self, node_ids):
        args = (node_ids, self.n_components - self._n_projected, self._key)
        options = {"dtype": np.dtype(self.dtype), "n_jobs": self.n_jobs}
        if self.projection == "sparse":
            return sparse_projection(*args, self.density_, **options)
        if self.projection == "sjlt":
            return sjlt_projection(*args, self.density_, **options)
        if self.projection == "gaussian":
            return gaussian_projection(*args, **options)
        gaussian = gaussian_projection(*args, dtype=np.float64, n_jobs=self.n_jobs)
        return (gaussian @ self._mixing).astype(self.dtype)

    def _project_features(self, features, n_nodes):
        if features is None:
            raise ValueError(
                "features is None: the fitted nodes have features, and hop 0 of the new ones "
                "counts, because self_influence or self_loops is above 0."
            )
        features = check_node_features(features, n_nodes)
        n_expected = getattr(self, "n_node_features_", features.shape[1])
        if features.shape[1] != n_expected:
            raise ValueError(f"features has {features.shape[1]} columns, expected {n_expected}.")
        self.n_node_features_ = n_expected
        scale = np.sqrt(1 / (FEATURE_DENSITY * self.n_components))
        dtype = np.dtype(self.dtype)
        return project_features(
            features, self._n_projected, self._key, scale, dtype=dtype, n_jobs=self.n_jobs
        )

    def _check_init(self, init, n_nodes):
        if init is None:
            raise ValueError(
                "init is None: the fitted nodes have initial vectors, and hop 0 of the new ones "
                "counts, because self_influence or self_loops is above 0."
            )
        init = check_array(init, accept_sparse="csr", dtype=np.dtype(self.dtype), input_name="init")
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
        return stationary_part(adjacency, self.degrees_, start, self.propagation)

    def _count_zero_rows(self, embedding):
        """Count the nodes with edges that got no vector, and warn when they are many."""
        n_zero = zero_row_count(embedding, n_jobs=self.n_jobs)
        if self.self_influence == 0:
            n_zero -= int(np.sum(self.degrees_ == 0))
        self.n_zero_rows_ = max(n_zero, 0)
        if self.n_zero_rows_ > 0.01 * len(embedding):
            warnings.warn(
                f"{self.n_zero_rows_} of {len(embedding)} nodes have edges and a zero vector: "
                "the projection is too sparse for small components, or edges lead to sinks. "
                "projection='sjlt' gives every node an entry.",
                UserWarning,
                stacklevel=4,
            )

    def _scaling_of(self, embedding):
        if self._standardize is True:
            return column_statistics(embedding, n_jobs=self.n_jobs)
        return None, None

    def _scale(self, embedding, *statistics):
        """Standardise in place, with the fitted statistics unless others are given."""
        if self._standardize == "l2":
            scale_to_unit_rows(embedding, n_jobs=self.n_jobs)
        elif self._standardize:
            mean, scale = statistics or (self.mean_, self.scale_)
            standardize(embedding, mean, scale, n_jobs=self.n_jobs)
        return embedding
