"""HeatGeodesicEmbedding: pictures whose distances approximate geodesics, by heat diffusion."""

from numbers import Integral, Real

import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.sparse.csgraph import dijkstra
from scipy.spatial.distance import cdist
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.decomposition import PCA
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skgeom._core.estimator import DocLinkMixin
from skgeom._core.progress import CallbackSupportMixin, Progress, with_callbacks
from skgeom.manifold._affinity import Neighbors
from skgeom.manifold._copies import distinct_rows
from skgeom.manifold._geometry import HEAT_CONSTRAINTS, HeatGeometry, check_rows, is_pairwise
from skgeom.manifold._heat import check_nodes
from skgeom.manifold._landmarks import (
    LANDMARK_METHODS,
    N_ANCHORS,
    check_sample_weight,
    choose_landmarks,
    find_anchors,
    row_blocks,
    shared_points,
)
from skgeom.manifold._mds import classical_mds, smacof, to_disparities
from skgeom.manifold._placement import place, placement_stress
from skgeom.manifold._sparse_stress import pull_together
from skgeom.manifold._stress import (
    MDS_CONSTRAINTS,
    check_n_components,
    check_weights,
    embed_distances,
    stress_weights,
    times_node_weights,
)

_AUTO_FULL, _AUTO_LANDMARKS = 2500, 2000
# paths of so many edges give the embedding its unit
_SCALE_HOPS = 6
# other methods as settings of this one
PRESETS = {
    "phate": {"laplacian": "random_walk", "heat_method": "power", "distance": "potential"},
    "diffusion_maps": {"laplacian": "random_walk", "distance": "diffusion", "mds": "classical"},
    "isomap": {"graph": "knn", "distance": "shortest_path", "mds": "classical"},
    "sne": {"laplacian": "combinatorial", "sigma": 0.0, "power": 2.0, "weights": "heat"},
    "random_walk": {"laplacian": "normalized", "heat_method": "power"},
}


def _has_landmarks(estimator):
    return estimator.landmarks is not None and not isinstance(estimator.landmarks, str)


class HeatGeodesicEmbedding(
    CallbackSupportMixin,
    DocLinkMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Embed points so that distances in the picture approximate geodesics on their manifold.

    A graph of neighbours, the heat kernel on it, distances by Varadhan's formula with the volume
    taken out, and metric multidimensional scaling [1]_::

        d_t(i, j)^2 = max(0, -4t log h_ij - sigma 4t log v_ij),   v_ij = 2 / (h_ii + h_jj)

    Heat takes all paths, so that noise and short cuts weigh less than in a shortest path. Every
    entry of the kernel is computed with relative accuracy, however small it is.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the embedding; fewer than nodes.
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
    mds : {"metric", "classical", "nonmetric"}, default="metric"
        Least stress; Torgerson's scaling by eigenvectors; least stress of the best monotone
        function of the dissimilarities.
    solver : {"sgd", "smacof"}, default="sgd"
        Of metric scaling, see `StressMDS`.
    max_iter : int or None, default=None
        Sweeps over all pairs for "sgd" (None: 30, up to 1000 nodes 100), iterations for "smacof"
        (None: 300).
    eps : float in (0, 1], default=0.01
        The learning rate of "sgd" ends at `eps` over the largest weight.
    weights : {"heat", "inverse", "gaussian"}, callable or None, default=None
        Weights of the stress, see `StressMDS`; "heat" is ``h_ij + 1e-5``.
    weight_param : float, default=1
        Exponent of "inverse", or squared width of "gaussian".
    init : {"classical", "pca", "random"} or array of shape (n_nodes, n_components), \
default="classical"
        Where the scaling starts.
    landmarks : None, int, "auto" or array, default="auto"
        None: all points are nodes of the graph. An int: so many landmarks, joined by the points
        they share (anchor graph); all points are then placed. "auto": None up to 2500 points, then
        a third as many landmarks as points, at most 2000. An array: row numbers (1-d) or
        coordinates (2-d).
    landmark_method : {"kmeans", "random", "maxmin"}, default="kmeans"
        Centres of a sample; rows drawn at random; rows each of which is the farthest from those
        before.
    n_pivots : int, default=64
        Nodes to whose distances points are placed. With ``landmarks=None`` beyond 5000 points, the
        kernel is computed for these columns alone.
    refinement : float, default=0
        In a last pass over all points, each is drawn to its `n_neighbors` nearest, which together
        weigh so many times what its pivots weigh. 1 to 3 keeps more neighbourhoods and a little
        less of the distances; needs the neighbours of all points, also with landmarks.
    scale : {"data", "heat", "unit"}, default="data"
        Unit of the embedding. "data": one factor such that distances over up to six edges of the
        graph agree with the paths' length in the data (least squares; 1 for precomputed
        affinities). "heat": as computed. "unit": the embedding's root mean square is 1.
    random_state : int, RandomState or None, default=None
        Of pivots, landmarks, the order of descent, and the sample of rows for an automatic t.
    n_jobs : int or None, default=None
        Threads; the result is the same to the last bit for any number of them.
    verbose : int, default=0
        Above 0, the steps are printed. scikit-learn's callbacks (`set_callbacks`, from 1.9 on) see
        every step and iteration too.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
    t_ : float, array of floats, or None with "shortest_path"
    t_grid_, entropy_ : ndarrays of shape (n_grid,), or None
        Times tried and mean entropy of the rows over its limit, for an automatic t.
    scale_ : float
        Factor between heat units and the embedding's.
    sigma_ : float
    stress_ : float
        ``sqrt(sum w (D - d)^2 / sum w D^2)`` over the nodes.
    n_iter_ : int
    graph_ : csr_array of shape (n_nodes, n_nodes)
        Affinities, bridges included.
    n_connected_components_ : int
        Before bridging.
    component_labels_ : ndarray of shape (n_nodes,)
    landmark_indices_ : ndarray of shape (n_landmarks,) or None
        Rows that are landmarks, where they are rows.
    landmarks_ : ndarray of shape (n_landmarks, n_features) or None
        After the projection where `n_pca` is used.
    landmark_embedding_ : ndarray of shape (n_nodes, n_components)
    landmark_dissimilarity_ : ndarray of shape (n_nodes, n_nodes) or None
        In heat units; None where the kernel is known for the pivots alone.
    pivot_indices_ : ndarray of shape (n_pivots,)
        Nodes that are pivots.
    heat_pivots_ : ndarray of shape (n_nodes, n_pivots), or (n_times, n_nodes, n_pivots)
        Logarithms of the kernel's columns.
    heat_diag_ : ndarray of shape (n_nodes,), or (n_times, n_nodes)
        Logarithms of its diagonal.
    fitted_indices_ : ndarray of shape (n_fitted,)
        Rows that were fitted: one of each set of equal rows, none of weight 0, in an order of
        their own where there are such; otherwise all. Without landmarks they are the nodes.
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had string column names

    See Also
    --------
    HeatGeodesicDistance : The dissimilarities without the picture.
    StressMDS : The picture without the heat.
    sklearn.manifold.Isomap : Shortest paths and classical scaling.

    Notes
    -----
    "Nodes" are the points that were fitted (copies are one point that weighs more), or the
    landmarks. `transform` treats each row alone: its heat is the weighted mean of its neighbours',
    its position minimises the stress to the pivots. A row equal to a training point gets that
    point's position.

    References
    ----------
    .. [1] G. Huguet, A. Tong, E. De Brouwer, Y. Zhang, G. Wolf, I. Adelstein, S. Krishnaswamy, "A
       Heat Diffusion Perspective on Geodesic Preserving Dimensionality Reduction", NeurIPS 2023,
       arXiv:2305.19043.

    Examples
    --------
    >>> from sklearn.datasets import make_swiss_roll
    >>> from skgeom.manifold import HeatGeodesicEmbedding
    >>> X, position = make_swiss_roll(300, random_state=0)
    >>> heat = HeatGeodesicEmbedding(random_state=0).fit(X[:250])
    >>> heat.embedding_.shape
    (250, 2)
    >>> heat.transform(X[250:]).shape
    (50, 2)
    """

    _parameter_constraints = {
        **HEAT_CONSTRAINTS,
        **MDS_CONSTRAINTS,
        "weights": [StrOptions({"heat", "inverse", "gaussian"}), callable, None],
        "init": [StrOptions({"classical", "pca", "random"}), "array-like"],
        "landmarks": [
            Interval(Integral, 2, None, closed="left"),
            StrOptions({"auto"}),
            "array-like",
            None,
        ],
        "landmark_method": [StrOptions(set(LANDMARK_METHODS))],
        "n_pivots": [Interval(Integral, 1, None, closed="left")],
        "refinement": [Interval(Real, 0, None, closed="left")],
        "scale": [StrOptions({"data", "heat", "unit"})],
    }

    def __init__(
        self,
        n_components=2,
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
        mds="metric",
        solver="sgd",
        max_iter=None,
        eps=0.01,
        weights=None,
        weight_param=1.0,
        init="classical",
        landmarks="auto",
        landmark_method="kmeans",
        n_pivots=64,
        refinement=0.0,
        scale="data",
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        self.n_components = n_components
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
        self.mds = mds
        self.solver = solver
        self.max_iter = max_iter
        self.eps = eps
        self.weights = weights
        self.weight_param = weight_param
        self.init = init
        self.landmarks = landmarks
        self.landmark_method = landmark_method
        self.n_pivots = n_pivots
        self.refinement = refinement
        self.scale = scale
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @classmethod
    def from_preset(cls, name, **params):
        """An estimator with the settings that make another method of this one.

        Parameters
        ----------
        name : {"phate", "diffusion_maps", "isomap", "sne", "random_walk"}
            PHATE (any `gamma`); diffusion maps; Isomap; the attraction of SNE (residuals of
            squared distances, weighed by heat); heat geodesics of the discrete walk ``P^t``.
        **params : parameters of the estimator
            Beside the preset's, or in place of them.

        Returns
        -------
        estimator : HeatGeodesicEmbedding
            Not fitted.

        Examples
        --------
        >>> from skgeom.manifold import HeatGeodesicEmbedding
        >>> HeatGeodesicEmbedding.from_preset("isomap", n_neighbors=8).distance
        'shortest_path'
        """
        if name not in PRESETS:
            raise ValueError(f"name must be one of {sorted(PRESETS)}, got {name!r}.")
        return cls(**{**PRESETS[name], **params})

    # ------------------------------------------------------------------ fit

    def fit(self, X, y=None, sample_weight=None):
        """Learn the geometry of X and embed it.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, n_features), or (n_samples, n_samples)
            Points, or precomputed distances or affinities.
        y : ignored
        sample_weight : array of shape (n_samples,) or None, default=None
            Of points in k-means, in what landmarks share, and in the stress: a weight of k does
            what k equal rows do, and a common factor has no effect. Points of weight 0 are left
            out, and placed when the others have been embedded.

        Returns
        -------
        self : HeatGeodesicEmbedding
        """
        self.fit_transform(X, sample_weight=sample_weight)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    @with_callbacks
    def fit_transform(self, X, y=None, sample_weight=None):
        """Learn the geometry of X and return its embedding.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, n_features), or (n_samples, n_samples)
        y : ignored
        sample_weight : array of shape (n_samples,) or None, default=None
            See `fit`.

        Returns
        -------
        embedding : ndarray of shape (n_samples, n_components)
        """
        X = check_rows(self, X, reset=True)
        weights = check_sample_weight(sample_weight, X)
        check_n_components(
            self.n_components, X.shape[0] if weights is None else np.count_nonzero(weights)
        )
        self.fitted_indices_ = np.arange(X.shape[0])
        # numbers of rows given as landmarks count all rows
        distinct = is_pairwise(self) or np.ndim(self.landmarks) == 1
        rows, place_of, masses = (None,) * 3 if distinct else distinct_rows(X, weights)
        if rows is None or len(rows) <= max(2, self.n_components):
            return self._fit_rows(X, weights, self.init)
        return self._fit_distinct(X, rows, place_of, masses)

    def _fit_distinct(self, X, rows, place_of, masses):
        """Fit to one of each set of equal rows; returns the positions of all."""
        of_rows = not isinstance(self.init, str) and len(self.init) == X.shape[0]
        init = np.asarray(self.init)[rows] if of_rows else self.init
        positions = self._fit_rows(X[rows], masses, init)
        if self.landmark_indices_ is not None:
            self.landmark_indices_ = rows[self.landmark_indices_]
        self.fitted_indices_, self.embedding_ = rows, positions[place_of]
        left_out = np.flatnonzero(place_of < 0)
        if len(left_out):
            self.embedding_[left_out] = self._place(self._geometry.project(X[left_out]))
        return self.embedding_

    def _fit_rows(self, X, weights, init):
        """Fit to rows with the given masses; returns their positions."""
        rng = check_random_state(self.random_state)
        geometry = self._geometry = self._make_geometry(rng)
        points = X if is_pairwise(self) else geometry.project_fit(X)
        with Progress(self, self.verbose).fit(X) as progress:
            with progress.step(f"landmarks of {X.shape[0]} rows"):
                self.landmarks_, self.landmark_indices_ = self._choose_landmarks(
                    points, weights, rng
                )
            with progress.step("graph and heat"):
                anchors = None
                if self.landmarks_ is None:
                    geometry.fit(points, weights)
                else:
                    anchors = self._share(points, weights)
            return self._embed(points, anchors, init, X.dtype, progress)

    def _make_geometry(self, rng):
        options = {name: getattr(self, name) for name in HEAT_CONSTRAINTS}
        return HeatGeometry(options, rng, self.n_jobs)

    def _share(self, points, weights, before=None):
        """Fit the landmarks' graph; returns the points' nearest landmarks."""
        n_landmarks = self.landmarks_.shape[0]
        search = Neighbors(self.landmarks_, n_jobs=self.n_jobs)
        anchors = find_anchors(points, search, min(N_ANCHORS, n_landmarks))
        shares = shared_points(*anchors, n_landmarks, weights)
        self._shares = shares if before is None else before + shares
        self._fit_geometry(self._shares)
        return anchors

    def _fit_geometry(self, shares):
        self._geometry.fit_landmarks(
            self.landmarks_, shares.shared, shares.masses, shares.node_weights
        )

    @available_if(_has_landmarks)
    @with_callbacks
    def partial_fit(self, X, y=None, sample_weight=None):
        """Add a block of points, with landmarks only.

        The first block is fitted, and chooses the landmarks. Every later one adds its points to
        what the landmarks share; t, distances and the landmarks' positions are then computed anew,
        starting from the positions before. `embedding_` holds the rows of the last block: place
        the others by `transform`.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, n_features)
        y : ignored
        sample_weight : array of shape (n_samples,) or None, default=None
            See `fit`; of mean 1 in each block.

        Returns
        -------
        self : HeatGeodesicEmbedding
        """
        if not hasattr(self, "embedding_"):
            return self.fit(X, sample_weight=sample_weight)
        points, dtype = self._check_new(X)
        if self.landmarks_ is None:
            raise ValueError(
                f"The first block had {self.embedding_.shape[0]} rows, no more than "
                f"landmarks={self.landmarks}: partial_fit needs a first block with more."
            )
        before = self._nodes
        self.fitted_indices_ = np.arange(points.shape[0])
        self._geometry.random_state = check_random_state(self.random_state)
        with Progress(self, self.verbose).fit(X) as progress:
            with progress.step(f"graph and heat with {points.shape[0]} more rows"):
                weights = check_sample_weight(sample_weight, points)
                anchors = self._share(points, weights, self._shares)
            self._embed(points, anchors, before, dtype, progress)
        # turn the picture onto the one before
        rotation, _ = orthogonal_procrustes(self.landmark_embedding_, before)
        self.landmark_embedding_ = self.landmark_embedding_ @ rotation
        self.embedding_ = (self.embedding_ @ rotation).astype(dtype, copy=False)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    @with_callbacks
    def fit_shares(self, shares):
        """Fit the landmarks alone, from what they share of points that are elsewhere.

        For data beyond memory or on several machines: sum `landmark_shares` over blocks, fit, and
        `transform` the blocks. Given the same blocks as one, `fit` does the same.

        Parameters
        ----------
        shares : LandmarkShares
            Of the coordinates given as `landmarks`.

        Returns
        -------
        self : HeatGeodesicEmbedding
            `embedding_` holds the landmarks' positions.
        """
        if np.ndim(self.landmarks) != 2 or self.n_pca is not None:
            raise ValueError(
                "fit_shares needs landmarks as an array of coordinates, and n_pca=None, got "
                f"landmarks of dimension {np.ndim(self.landmarks)} and n_pca={self.n_pca!r}."
            )
        landmarks = check_rows(self, self.landmarks, reset=True)
        if shares.shared.shape[0] != len(landmarks):
            raise ValueError(
                f"shares are of {shares.shared.shape[0]} landmarks, landmarks has {len(landmarks)}."
            )
        rng = check_random_state(self.random_state)
        self._geometry = self._make_geometry(rng)
        self._geometry.project_fit(landmarks)
        self.landmarks_, self.landmark_indices_ = self._choose_landmarks(landmarks, None, rng)
        self.fitted_indices_ = np.arange(len(landmarks))
        self._shares = shares
        with Progress(self, self.verbose).fit(landmarks) as progress:
            with progress.step("graph and heat"):
                self._fit_geometry(shares)
            self._embed(landmarks, None, self.init, landmarks.dtype, progress)
        return self

    def _embed(self, points, anchors, init, dtype, progress):
        """Positions of the nodes, then of the points among landmarks."""
        geometry = self._geometry
        self._publish(geometry)
        self._neighbors = None
        self.scale_ = self._data_scale(geometry)
        with progress.step(f"scaling of {geometry.n_nodes} nodes, t = {self.t_}") as report:
            nodes = self._embed_nodes(geometry, init, points, report)
        if self.scale == "unit":
            rms = np.sqrt(np.mean(nodes**2)) or 1.0
            nodes, self.scale_ = nodes / rms, 1.0 / rms
        self.landmark_embedding_ = embedding = nodes
        if anchors is not None:
            with progress.step(f"placement of {points.shape[0]} rows"):
                embedding = self._place(points, anchors)
        if self.refinement > 0:
            with progress.step("refinement"):
                embedding = self._refine(points, anchors, embedding)
        self.embedding_ = embedding.astype(dtype, copy=False)
        return self.embedding_

    def _refine(self, points, anchors, positions):
        """Draw all points to their nearest neighbours, against the pivots."""
        if self.graph == "precomputed":
            raise ValueError(
                "refinement needs nearest neighbours: pass points or distances in place of "
                "graph='precomputed'."
            )
        geometry = self._geometry
        search = self._search = Neighbors(
            None if self.metric == "precomputed" else points,
            self.metric, self.metric_params, self.n_jobs,
        )  # fmt: skip
        n_neighbors = min(self.n_neighbors, points.shape[0] - 1)
        self._neighbors = search.query_others(points, n_neighbors)[1]
        D = np.empty((points.shape[0], len(geometry.pivots)), np.float32)
        if anchors is None:
            D[:] = geometry.nodes_to_pivots() * self.scale_
        else:
            for block in row_blocks(points):
                known = tuple(part[block] for part in anchors)
                D[block] = self._to_pivots(points[block], known)[2]
        return self._pull(positions, self._neighbors, to_disparities(D, self._knots))

    def _pull(self, positions, neighbors, D):
        geometry = self._geometry
        return pull_together(
            positions, neighbors, self.refinement, D, geometry.pivot_weights,
            self._nodes[geometry.pivots], n_jobs=self.n_jobs,
        )  # fmt: skip

    def _choose_landmarks(self, points, weights, rng):
        landmarks = self.landmarks
        automatic = isinstance(landmarks, str)
        if automatic:
            large = points.shape[0] > _AUTO_FULL and not is_pairwise(self)
            # landmarks must share points: with hardly more points than landmarks they fall apart
            landmarks = min(_AUTO_LANDMARKS, points.shape[0] // 3) if large else None
        if landmarks is None:
            return None, None
        if is_pairwise(self) or (self.metric != "euclidean" and not automatic):
            raise ValueError(
                "landmarks need points with metric='euclidean', got "
                f"graph={self.graph!r}, metric={self.metric!r}. Pass landmarks=None."
            )
        if self.metric != "euclidean":
            return None, None
        if not isinstance(landmarks, Integral):
            return self._given_landmarks(points)
        if landmarks >= (points.shape[0] if weights is None else np.count_nonzero(weights)):
            return None, None
        check_n_components(self.n_components, landmarks, "landmarks")
        return choose_landmarks(points, landmarks, self.landmark_method, rng, weights)

    def _given_landmarks(self, points):
        n_features = self.n_features_in_
        given = np.asarray(self.landmarks)
        if given.ndim == 1:
            bad = given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= points.shape[0]
            if bad or len(np.unique(given)) < max(2, self.n_components + 1):
                raise ValueError(
                    f"landmarks as row numbers must be integers from 0 to {points.shape[0] - 1}, "
                    f"more than n_components={self.n_components} different ones."
                )
            return points[given], given
        given = check_array(given, dtype=[np.float64, np.float32], input_name="landmarks")
        n_different = len(np.unique(given, axis=0))
        if given.shape[1] != n_features or n_different <= self.n_components:
            raise ValueError(
                f"landmarks must have shape (more than {self.n_components}, {n_features}), without "
                f"counting copies, got {given.shape} with {n_different} different ones."
            )
        return self._geometry.project(given), None

    def _publish(self, geometry):
        one = geometry.times is not None and len(geometry.times) == 1
        heat = self.distance != "shortest_path"
        self.t_ = None if not heat else float(geometry.times[0]) if one else geometry.times
        self.t_grid_, self.entropy_ = geometry.t_grid, geometry.entropy
        self.sigma_ = float(self.sigma)
        self.graph_ = geometry.affinity
        self.n_connected_components_ = geometry.n_connected_components
        self.component_labels_ = geometry.component_labels
        self.pivot_indices_ = geometry.pivots
        self.landmark_dissimilarity_ = geometry.matrix
        if heat:
            columns = geometry.log_columns[:, :, np.searchsorted(geometry.kept, geometry.pivots)]
            self.heat_pivots_ = columns[0] if one else columns
            self.heat_diag_ = geometry.log_diag[0] if one else geometry.log_diag

    def _data_scale(self, geometry):
        """Factor by which heat distances fit the lengths of short paths of the graph best.

        Single edges are too short: at the scale of heat's own noise, their distances are too
        large. Long paths would take the short cuts that heat is there to avoid.
        """
        if self.scale != "data" or geometry.lengths is None:
            return 1.0
        lengths, pivots = geometry.lengths, geometry.pivots
        hops = dijkstra(lengths, False, pivots, unweighted=True, limit=_SCALE_HOPS)
        near = np.isfinite(hops) & (hops > 0)
        paths = dijkstra(lengths, False, pivots)[near]
        d = geometry.nodes_to_pivots().T[near]
        square = (d * d).sum()
        return float((d * paths).sum() / square) if square > 0 else 1.0

    def _embed_nodes(self, geometry, init, points, report):
        """Positions of the nodes (training points or landmarks)."""
        if geometry.matrix is None:
            return self._embed_by_pivots(geometry, report)
        D = geometry.matrix * self.scale_
        if isinstance(init, str) and init == "pca":
            init = self._pca_start(points if self.landmarks_ is None else self.landmarks_)
        weights = self._weights(D, geometry)
        able = geometry.node_weights
        if able is None or able.all():
            return self._mds(D, init, weights, report)
        rows, others = np.flatnonzero(able), np.flatnonzero(able == 0)
        pairs = np.ix_(rows, rows)
        positions = np.empty((len(D), self.n_components))
        init = init if isinstance(init, str) else np.asarray(init)[rows]
        positions[rows] = self._mds(D[pairs], init, weights[pairs], report)
        to_pivots = to_disparities(D[np.ix_(others, geometry.pivots)], self._knots)
        pivots = positions[geometry.pivots]
        start = pivots[np.argmin(to_pivots, axis=1)]
        positions[others] = place(
            to_pivots, geometry.pivot_weights, pivots, start, n_jobs=self.n_jobs
        )
        return positions

    def _mds(self, D, init, weights, report):
        positions, self.stress_, self.n_iter_, self._knots = embed_distances(
            D,
            self.n_components,
            mds=self.mds,
            solver=self.solver,
            init=init,
            weights=weights,
            max_iter=self.max_iter,
            eps=self.eps,
            random_state=self._geometry.random_state,
            n_jobs=self.n_jobs,
            report=report,
        )
        return positions

    def _weights(self, D, geometry):
        """Weights of the pairs of nodes, or None."""
        if isinstance(self.weights, str) and self.weights == "heat":
            if self.distance == "shortest_path":
                raise ValueError("weights='heat' needs heat, got distance='shortest_path'.")
            H = geometry.heat_rows(np.arange(geometry.n_nodes), geometry.times[:1])[0]
            weights = check_weights(0.5 * (H + H.T) + 1e-5)
        else:
            weights = stress_weights(D, self.weights, self.weight_param)
        return times_node_weights(weights, geometry.node_weights)

    def _pca_start(self, points):
        if is_pairwise(self):
            raise ValueError("init='pca' needs points, got precomputed distances or affinities.")
        n_components = min(self.n_components, *points.shape)
        scores = PCA(n_components, svd_solver="full", random_state=0).fit_transform(
            points.toarray() if hasattr(points, "toarray") else points
        )
        return np.pad(scores, ((0, 0), (0, self.n_components - n_components)))

    def _embed_by_pivots(self, geometry, report):
        """Scaling of the pivots, then each other node placed by itself."""
        if not isinstance(self.init, str) or self.init == "pca" or self.weights == "heat":
            raise ValueError(
                f"With more than 5000 points and landmarks=None, init={self.init!r} and "
                f"weights={self.weights!r} are not available: the pivots alone are scaled. Use "
                "init='classical' or 'random' and weights other than 'heat'."
            )
        check_n_components(self.n_components, len(geometry.pivots), "pivots")
        D = geometry.nodes_to_pivots() * self.scale_
        between = D[geometry.pivots]
        between = 0.5 * (between + between.T)
        weights = stress_weights(between, self.weights, self.weight_param)
        if geometry.node_weights is not None:
            weights = times_node_weights(weights, geometry.node_weights[geometry.pivots])
        positions = self._mds(between, self.init, weights, report)
        start = positions[np.argmin(D, axis=1)]
        D = to_disparities(D, self._knots)
        return place(D, geometry.pivot_weights, positions, start, n_jobs=self.n_jobs)

    # ------------------------------------------------------------------ new rows

    def transform(self, X):
        """Place rows in the embedding, each by itself.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_new, n_features), or (n_new, n_samples)
            Points, or distances or affinities to the training points.

        Returns
        -------
        positions : ndarray of shape (n_new, n_components)
        """
        points, dtype = self._check_new(X)
        return self._place(points).astype(dtype, copy=False)

    def _check_new(self, X):
        """Validated rows in the space of the nodes, and the dtype to answer in."""
        check_is_fitted(self)
        X = check_rows(self, X, reset=False)
        return X if is_pairwise(self) else self._geometry.project(X), X.dtype

    def _place(self, points, anchors=None):
        """Positions of rows among the nodes, each by itself."""
        geometry, nodes = self._geometry, self._nodes
        positions = np.empty((points.shape[0], nodes.shape[1]))
        for block in row_blocks(points):
            known = None if anchors is None else tuple(part[block] for part in anchors)
            Z, same, D = self._to_pivots(points[block], known)
            D = to_disparities(D, self._knots)
            placed = place(
                D, geometry.pivot_weights, nodes[geometry.pivots], Z @ nodes, n_jobs=self.n_jobs
            )
            placed[same >= 0] = nodes[same[same >= 0]]
            if anchors is None and self._neighbors is not None:
                placed = self._refine_new(points[block], placed, D)
            positions[block] = placed
        return positions

    def _refine_new(self, points, positions, D):
        """The same of new rows, among the training points where these are."""
        distances, indices = self._search.query(points, self._neighbors.shape[1])
        ends = np.ascontiguousarray(self.embedding_[self.fitted_indices_], dtype=np.float64)
        positions = self._pull(positions, (indices, ends), D)
        same = distances[:, 0] == 0
        positions[same] = ends[indices[same, 0]]
        return positions

    @property
    def _nodes(self):
        return np.ascontiguousarray(self.landmark_embedding_, dtype=np.float64)

    def _to_pivots(self, points, anchors=None):
        Z, same, distances, indices = self._geometry.extend(points, anchors)
        return Z, same, self._geometry.to_pivots(Z, distances, indices) * self.scale_

    def dissimilarity(self, X=None, Y=None):
        """Dissimilarities in the unit of the embedding.

        Parameters
        ----------
        X : array of shape (n_rows, n_features), or rows of precomputed input; or None
            None: the nodes (training points or landmarks).
        Y : the same, or None
            None: the rows of X. Without X: ignored.

        Returns
        -------
        D : ndarray of shape (n_rows_X, n_rows_Y)
            Between nodes, where neither is given: (n_nodes, n_nodes), or (n_nodes, n_pivots)
            where the kernel is known for the pivots alone.
        """
        check_is_fitted(self)
        if X is None:
            return self._geometry.nodes_to_all() * self.scale_
        points, dtype = self._check_new(X)
        left = self._geometry.extend(points)
        right = left if Y is None else self._geometry.extend(self._check_new(Y)[0])
        return (self._geometry.between(left, right) * self.scale_).astype(dtype, copy=False)

    def heat_kernel(self, rows=None, t=None):
        """Rows of the heat kernel ``exp(-tL)`` between nodes.

        Parameters
        ----------
        rows : int array of shape (n_rows,) or None, default=None
            Nodes; all when None.
        t : float, array of shape (n_times,), or None, default=None
            Diffusion times; `t_` when None (the first of several).

        Returns
        -------
        H : ndarray of shape (n_rows, n_nodes), or (n_times, n_rows, n_nodes) for an array t
        """
        check_is_fitted(self)
        if self.t_ is None:
            raise ValueError("distance='shortest_path' diffuses no heat.")
        n_nodes = self._geometry.n_nodes
        rows = np.arange(n_nodes) if rows is None else check_nodes(rows, n_nodes, "rows")
        times = self._geometry.times[:1] if t is None else np.atleast_1d(t)
        H = self._geometry.heat_rows(rows, times)
        return H if np.ndim(t) else H[0]

    def interpolate(self, A, B, n_steps=11, *, n_dimensions=10):
        """Paths between points, along the geometry of the data.

        Straight lines between the rows of A and those of B in a scaling of the nodes to
        `n_dimensions`, in which heat distances are kept better than in a picture; their points
        are then placed in the embedding.

        Parameters
        ----------
        A, B : arrays of shape (n_paths, n_features), or rows of precomputed input
            Row i of A is joined to row i of B.
        n_steps : int, default=11
            Points of a path, both ends included.
        n_dimensions : int, default=10

        Returns
        -------
        paths : ndarray of shape (n_steps, n_paths, n_components)
        """
        (start, dtype), (end, _) = self._check_new(A), self._check_new(B)
        if start.shape[0] != end.shape[0]:
            raise ValueError(
                f"A and B must have the same number of rows, got {start.shape[0]} and "
                f"{end.shape[0]}."
            )
        if not isinstance(n_steps, Integral) or n_steps < 2:
            raise ValueError(f"n_steps must be a whole number of at least 2, got {n_steps!r}.")
        geometry, nodes = self._geometry, self._nodes
        pivots, weights = geometry.pivots, geometry.pivot_weights
        wide = self._wide_pivots(n_dimensions)
        ends = []
        for points in (start, end):
            D = self._to_pivots(points)[2]
            ends.append(place(D, weights, wide, wide[np.argmin(D, axis=1)], n_jobs=self.n_jobs))
        paths = []
        for share in np.linspace(0.0, 1.0, n_steps):
            D = cdist((1.0 - share) * ends[0] + share * ends[1], wide)
            D = to_disparities(D, self._knots)
            near = nodes[pivots][np.argmin(D, axis=1)]
            paths.append(place(D, weights, nodes[pivots], near, n_jobs=self.n_jobs))
        return np.array(paths, dtype=dtype)

    def _wide_pivots(self, n_dimensions):
        """Positions of the pivots in a scaling of their distances to more dimensions."""
        geometry = self._geometry
        D = geometry.nodes_to_pivots()[geometry.pivots] * self.scale_
        n_dimensions = max(min(n_dimensions, len(D) - 1), 1)
        D = 0.5 * (D + D.T)
        return smacof(D, classical_mds(D, n_dimensions), n_jobs=self.n_jobs)[0]

    def score(self, X, y=None):
        """Minus the normalised stress of placed rows against the pivots (0 is perfect).

        Parameters
        ----------
        X : array of shape (n_rows, n_features), or rows of precomputed input
        y : ignored

        Returns
        -------
        score : float
            ``-sqrt(sum w (D - d)^2 / sum w D^2)`` over rows and pivots. Comparable between
            settings of one dissimilarity.
        """
        points, _ = self._check_new(X)
        geometry = self._geometry
        positions = self._place(points)
        pivots = self._nodes[geometry.pivots]
        residual = total = 0.0
        for block in row_blocks(points):
            D = to_disparities(self._to_pivots(points[block])[2], self._knots)
            r, t = placement_stress(D, geometry.pivot_weights, pivots, positions[block])
            residual, total = residual + r, total + t
        return -float(np.sqrt(residual / total)) if total > 0 else 0.0

    @property
    def _n_features_out(self):
        return self.embedding_.shape[1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        pairwise = is_pairwise(self)
        tags.input_tags.pairwise = pairwise
        tags.input_tags.positive_only = pairwise
        tags.input_tags.sparse = self.metric != "precomputed" or self.graph == "precomputed"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
