"""HeatGeodesicDistance: the heat-geodesic dissimilarity as a transformer."""

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skgeom._core.estimator import DocLinkMixin
from skgeom.manifold._geometry import HEAT_CONSTRAINTS, HeatGeometry, check_rows, is_pairwise


class HeatGeodesicDistance(
    DocLinkMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Heat-geodesic dissimilarities to the training points, or to pivots among them.

    For every method that takes precomputed distances (clustering, nearest neighbours, scaling).
    The parameters are those of `HeatGeodesicEmbedding` up to `inverse`.

    Parameters
    ----------
    n_neighbors, graph, metric, metric_params, decay, thresh, anisotropy, n_pca : graph
        See `HeatGeodesicEmbedding`.
    laplacian, t, t_param, sigma, rho, dissimilarity, power : heat and distance
        See `HeatGeodesicEmbedding`.
    heat_method, heat_order, tol, inverse : computation of the heat
        See `HeatGeodesicEmbedding`.
    n_pivots : int or None, default=None
        None: to all training points. An int: to so many of them.
    random_state : int, RandomState or None
    n_jobs : int or None

    Attributes
    ----------
    t_ : float, array of floats, or None with "shortest_path"
    graph_ : csr_array of shape (n_samples, n_samples)
    n_connected_components_ : int
    pivot_indices_ : ndarray of shape (n_pivots,)
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had string column names

    Notes
    -----
    Distances are in heat units: they do not change when X is scaled. The triangle inequality can
    fail at large t.

    References
    ----------
    .. [1] G. Huguet, A. Tong, E. De Brouwer, Y. Zhang, G. Wolf, I. Adelstein, S. Krishnaswamy, "A
       Heat Diffusion Perspective on Geodesic Preserving Dimensionality Reduction", NeurIPS 2023,
       arXiv:2305.19043.

    Examples
    --------
    >>> from sklearn.cluster import AgglomerativeClustering
    >>> from sklearn.datasets import make_moons
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgeom.manifold import HeatGeodesicDistance
    >>> X, y = make_moons(200, noise=0.05, random_state=0)
    >>> clusters = make_pipeline(
    ...     HeatGeodesicDistance(t=20.0, random_state=0),
    ...     AgglomerativeClustering(2, metric="precomputed", linkage="average"),
    ... ).fit_predict(X)
    >>> bool(max((clusters == y).mean(), (clusters != y).mean()) > 0.95)
    True
    """

    _parameter_constraints = {**HEAT_CONSTRAINTS}

    def __init__(
        self,
        *,
        n_neighbors=10,
        graph="alpha",
        metric="euclidean",
        metric_params=None,
        decay=40.0,
        thresh=1e-4,
        anisotropy=0.0,
        n_pca=None,
        laplacian="normalized",
        t="auto",
        t_param=0.85,
        sigma=1.0,
        rho=0.0,
        dissimilarity="heat",
        power=1.0,
        heat_method="auto",
        heat_order=None,
        tol=1e-8,
        inverse="varadhan",
        n_pivots=None,
        random_state=None,
        n_jobs=None,
    ):
        self.n_neighbors = n_neighbors
        self.graph = graph
        self.metric = metric
        self.metric_params = metric_params
        self.decay = decay
        self.thresh = thresh
        self.anisotropy = anisotropy
        self.n_pca = n_pca
        self.laplacian = laplacian
        self.t = t
        self.t_param = t_param
        self.sigma = sigma
        self.rho = rho
        self.dissimilarity = dissimilarity
        self.power = power
        self.heat_method = heat_method
        self.heat_order = heat_order
        self.tol = tol
        self.inverse = inverse
        self.n_pivots = n_pivots
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y=None):
        """Build the graph, choose t and diffuse.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, n_features), or (n_samples, n_samples)
        y : ignored

        Returns
        -------
        self : HeatGeodesicDistance
        """
        self.fit_transform(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Dissimilarities of the training points to the pivots.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, n_features), or (n_samples, n_samples)
        y : ignored

        Returns
        -------
        D : ndarray of shape (n_samples, n_pivots)
        """
        X = check_rows(self, X, reset=True)
        options = {name: getattr(self, name) for name in HEAT_CONSTRAINTS}
        rng = check_random_state(self.random_state)
        geometry = self._geometry = HeatGeometry(options, rng, self.n_jobs)
        geometry.fit(X if is_pairwise(self) else geometry.project_fit(X))
        times = geometry.times
        self.t_ = times if times is None or len(times) > 1 else float(times[0])
        self.graph_ = geometry.affinity
        self.n_connected_components_ = geometry.n_connected_components
        self.pivot_indices_ = geometry.pivots
        return geometry.nodes_to_pivots().astype(X.dtype, copy=False)

    def transform(self, X):
        """Dissimilarities of rows to the pivots, each row by itself.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_new, n_features), or (n_new, n_samples)

        Returns
        -------
        D : ndarray of shape (n_new, n_pivots)
        """
        check_is_fitted(self)
        X = check_rows(self, X, reset=False)
        points = X if is_pairwise(self) else self._geometry.project(X)
        Z, same, distances, indices = self._geometry.extend(points)
        D = self._geometry.to_pivots(Z, distances, indices)
        known = np.flatnonzero(same >= 0)
        D[known] = self._geometry.nodes_to_pivots()[same[known]]
        return D.astype(X.dtype, copy=False)

    @property
    def _n_features_out(self):
        return len(self.pivot_indices_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        pairwise = is_pairwise(self)
        tags.input_tags.pairwise = pairwise
        tags.input_tags.positive_only = pairwise
        tags.input_tags.sparse = self.metric != "precomputed" or self.graph == "precomputed"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
