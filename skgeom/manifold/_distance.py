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
    The parameters are those of `HeatGeodesicEmbedding` that come before the picture.

    Parameters
    ----------
    n_neighbors : int, default=10
        Neighbours of the graph, the point itself not counted.
    graph : {"alpha", "knn", "gaussian", "fuzzy", "precomputed"}, default="alpha"
        Affinities, see `affinity_graph`. "precomputed": X is a symmetric affinity (n x n, sparse
        or dense; its diagonal is ignored).
    metric : str or callable, default="euclidean"
        As in `sklearn.neighbors.NearestNeighbors`; "precomputed": X holds distances.
    metric_params : dict or None, default=None
        Further keywords of the metric.
    decay : float, default=40
        Exponent of the alpha kernel ``exp(-(d / s)^decay)``: small decays gently, large cuts at
        the bandwidth.
    thresh : float in (0, 1), default=1e-4
        Affinities of the alpha kernel below it are dropped.
    anisotropy : float in [0, 1], default=0
        How much of the sampling density is divided out of the affinities (1: all of it).
    n_pca : int or None, default=None
        Look for neighbours in so many principal components. Up to 1000 features, and for ten times
        as many points, they are those of the covariance added up over blocks of rows.
    laplacian : {"random_walk", "normalized", "combinatorial"}, default="random_walk"
        "random_walk" takes the densities of its kernel with respect to the degrees, so that a
        point's degree alone makes it neither near nor far; "normalized" is symmetric without them.
    t : float, array-like, "auto", "entropy" or "knee", default="auto"
        Diffusion time, in units of the Laplacian. "auto" is "entropy": the time at which the
        entropy of the rows has reached the share `t_param` of its limit. An array averages the
        distances of several times. See `select_time`.
    t_param : float, default=0.93
        Larger is smoother and bears more noise, smaller keeps more detail of clean data.
    sigma : float, default=1
        Volume correction: 0 none, 1 full.
    rho : float in [0, 1], default=0
        Denoising: ``(1 - rho) d + rho |d(i, .) - d(j, .)|``.
    distance : {"heat", "triplet", "potential", "diffusion", "log_ratio", "shortest_path"}, \
default="heat"
        Varadhan's distance; the distance of its rows; of the rows of log h; of the rows of h;
        ``log h / log t`` (for t < 1: tends to the number of hops); Dijkstra's along the graph.
    gamma : float in [-1, 1], default=1
        Of "potential" (PHATE's): rows of ``h^c / c`` with ``c = (1 - gamma) / 2``, whose limit at 1
        is log h; 0 compares square roots, -1 the rows of h themselves.
    power : float, default=1
        Dissimilarities are raised to it.
    heat_method : {"auto", "squaring", "series", "chebyshev", "euler", "lowrank", "eigh", \
"power"}, default="auto"
        See `log_heat_kernel`. "chebyshev", "lowrank" and "eigh" are right in absolute terms only.
        "power" is the random walk in place of heat: whole t steps of it, self loops kept (PHATE's
        operator).
    heat_order : int or None, default=None
        Number of terms, implicit steps or eigenpairs.
    tol : float, default=1e-8
        Accuracy of the kernel, from which the number of terms follows: relative for "series",
        absolute for "chebyshev".
    inverse : {"varadhan", "matched"}, default="varadhan"
        "matched", with ``heat_method="euler"``: invert the kernel that so many implicit steps have
        on a line in place of the Gaussian. ``heat_order=1`` is the resolvent, a robust choice for
        noisy data.
    truncation : tuple (what, side, value, relative) or None, default=None
        ``("heat", "min", value, relative)``: entries of the kernel below `value` (relative: times
        the largest) count as zero, and continue the growth per hop. "max": entries above it are
        set to it. ``("distance", "max", value, relative)``: dissimilarities above `value` times the
        largest (not relative: above their quantile `value`) become the largest. "min": those below
        become 0.
    n_pivots : int or None, default=None
        None: to all training points. An int: to so many of them.
    random_state : int, RandomState or None, default=None
        Of pivots, and the sample of rows for an automatic t.
    n_jobs : int or None, default=None
        Threads; the result is the same to the last bit for any number of them.

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
        laplacian="random_walk",
        t="auto",
        t_param=0.93,
        sigma=1.0,
        rho=0.0,
        distance="heat",
        gamma=1.0,
        power=1.0,
        heat_method="auto",
        heat_order=None,
        tol=1e-8,
        inverse="varadhan",
        truncation=None,
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
        self.distance = distance
        self.gamma = gamma
        self.power = power
        self.heat_method = heat_method
        self.heat_order = heat_order
        self.tol = tol
        self.inverse = inverse
        self.truncation = truncation
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
