"""Node ids as samples: a graph embedder inside a Pipeline of node labels."""

import joblib
import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context, clone
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted, validate_data

from skgeom._core.estimator import DocLinkMixin
from skgeom.graph._graph import Graph


class NodeEmbedding(DocLinkMixin, TransformerMixin, BaseEstimator):
    """Embed the nodes of one graph, with node ids as samples.

    `fit` embeds the whole graph of the handle, whatever ids it is given, and `transform` looks up
    the vectors of node ids. A Pipeline of it and a classifier is the protocol of the network
    embedding literature (transductive: the edges of test nodes are seen, their labels are not),
    and its cross-validation can tune the embedder's parameters.

    Fits of equal parameters on one handle embed once, as long as `random_state` of the embedder
    is an int: a five-fold search over ten settings embeds ten times.

    Parameters
    ----------
    embedder : estimator
        Has ``fit_transform(graph)`` that returns a vector for each node, such as `FastRPEmbedder`.
    graph : Graph
        Handle on the network.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_features_out)
        Vectors of all nodes, in the order of ``graph.node_ids``. Shared between fits of equal
        parameters, and therefore read-only.
    n_features_in_ : int
        1, when `X` is a column of ids.

    See Also
    --------
    FastRPEmbedder : With the adjacency as X, cross-validation is inductive.
    Graph : The handle.

    References
    ----------
    .. [1] B. Perozzi, R. Al-Rfou and S. Skiena, "DeepWalk: Online Learning of Social
       Representations", KDD 2014, arXiv:1403.6652 (Section 5, the transductive protocol).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgeom.graph import FastRPEmbedder, Graph, NodeEmbedding
    >>> rng = np.random.default_rng(0)
    >>> label = np.repeat([0, 1], 50)
    >>> linked = rng.random((100, 100)) < np.where(label[:, None] == label, 0.2, 0.02)
    >>> graph = Graph(np.triu(linked, 1) + np.triu(linked, 1).T)
    >>> model = make_pipeline(
    ...     NodeEmbedding(FastRPEmbedder(16, random_state=0), graph), LogisticRegression()
    ... )
    >>> float(cross_val_score(model, graph.node_ids, label).mean()) > 0.9
    True
    """

    _parameter_constraints = {
        "embedder": [HasMethods(["fit_transform"])],
        "graph": [Graph],
    }

    def __init__(self, embedder, graph):
        self.embedder = embedder
        self.graph = graph

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Embed the graph.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            Node ids; checked, but the embedding does not depend on them.
        y : None
            Ignored.

        Returns
        -------
        self : NodeEmbedding
        """
        self.graph.positions(self._check_ids(X, reset=True))
        self.embedding_, self._names = self._embed_once()
        return self

    def transform(self, X):
        """Look up the vectors of nodes.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            Node ids.

        Returns
        -------
        vectors : ndarray of shape (n_samples, n_features_out)
        """
        check_is_fitted(self)
        return self.embedding_[self.graph.positions(self._check_ids(X, reset=False))]

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns, which are the embedder's.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str, shape (n_features_out,)
        """
        check_is_fitted(self)
        return self._names

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    @property
    def _n_features_out(self):
        return self.embedding_.shape[1]

    def _check_ids(self, X, reset):
        if sp.issparse(X):
            raise TypeError("Sparse data was passed for X; node ids are dense.")
        ids = np.asarray(X)
        if ids.ndim == 2:
            validate_data(self, X, reset=reset, skip_check_array=True)
            if ids.shape[1] == 1:
                ids = ids[:, 0]
        if ids.ndim != 1:
            raise ValueError(
                f"X must hold node ids in one column, got shape {ids.shape}. Reshape your data, "
                "or pass adjacency matrices to the embedder itself."
            )
        if len(ids) == 0:
            raise ValueError("X holds 0 node ids (0 sample(s)); at least one is required.")
        if ids.dtype.kind == "f" and not np.isfinite(ids).all():
            raise ValueError("X contains NaN or infinity (inf); node ids are integers or strings.")
        if ids.dtype.kind == "c":
            raise ValueError(f"Complex data not supported: X has dtype {ids.dtype}.")
        return ids

    def _embed_once(self):
        """Embed the graph, or take what an equal embedder found on this handle."""
        embedder = clone(self.embedder)
        if not _is_repeatable(embedder):
            return _embed(embedder, self.graph)
        # n_jobs changes no bit of the result
        params = {
            name: value
            for name, value in embedder.get_params().items()
            if name.split("__")[-1] not in ("n_jobs", "verbose")
            and not hasattr(value, "get_params")
        }
        key = (type(embedder).__module__, type(embedder).__qualname__, joblib.hash(params))
        return self.graph.remember(key, lambda: _embed(embedder, self.graph))


def _is_repeatable(embedder):
    """Whether two fits give the same: no random state, or an int."""
    states = [
        value
        for name, value in embedder.get_params().items()
        if name.split("__")[-1] == "random_state"
    ]
    return all(isinstance(state, (int, np.integer)) for state in states)


def _embed(embedder, graph):
    embedding = np.asarray(embedder.fit_transform(graph))
    embedding.flags.writeable = False
    return embedding, embedder.get_feature_names_out()
