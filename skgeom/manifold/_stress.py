"""StressMDS: positions whose distances are as near as can be to given dissimilarities."""

from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from scipy.spatial.distance import cdist
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.metrics import pairwise_distances
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._core.estimator import DocLinkMixin
from skgeom._core.progress import CallbackSupportMixin, Progress, with_callbacks
from skgeom.manifold._affinity import check_magnitude, validate_rows
from skgeom.manifold._mds import classical_mds, nonmetric, sgd, smacof, stress, to_disparities
from skgeom.manifold._placement import choose_pivots, pivot_weights, place
from skgeom.manifold._sparse_stress import (
    choose_graph_pivots,
    nearest_ends,
    reach_pivots,
    scale_graph,
)

MDS_CONSTRAINTS = {
    "n_components": [Interval(Integral, 1, None, closed="left")],
    "mds": [StrOptions({"metric", "classical", "nonmetric"})],
    "solver": [StrOptions({"sgd", "smacof"})],
    "max_iter": [Interval(Integral, 1, None, closed="left"), None],
    "eps": [Interval(Real, 0, 1, closed="right")],
    "weights": [StrOptions({"inverse", "gaussian"}), callable, None],
    "weight_param": [Interval(Real, 0, None, closed="neither")],
    "init": [StrOptions({"classical", "random"}), "array-like"],
    "random_state": ["random_state"],
    "n_jobs": [Integral, None],
    "verbose": ["verbose"],
}
_SGD_SWEEPS, _SMACOF_ITERATIONS, _SMACOF_TOL = 30, 300, 1e-6
# few points have few tiles, whose order is less random: more sweeps, which cost little there
_FEW_POINTS, _FEW_POINTS_SWEEPS = 1000, 100
_GRAPH_SWEEPS = 200


def stress_weights(distances, kind, parameter):
    """Weights of pairs.

    Parameters
    ----------
    distances : array of shape (n, n)
    kind : {"inverse", "gaussian"}, callable or None
        ``d^-parameter`` (the least positive d as 1); ``exp(-u^2 / parameter)`` with u the
        distances over their largest; ``kind(distances)``.
    parameter : float

    Returns
    -------
    weights : float64 array of shape (n, n), or None for all weights 1
    """
    if kind is None:
        return None
    if callable(kind):
        weights = np.ascontiguousarray(kind(distances), dtype=np.float64)
        if weights.shape != distances.shape:
            raise ValueError(
                f"weights(D) must return an array of shape {distances.shape}, got {weights.shape}."
            )
    else:
        positive = distances[distances > 0].min(initial=np.inf)
        weights = weigh(distances, kind, parameter, positive, distances.max())
    return check_weights(weights)


def weigh(distances, kind, parameter, least, largest):
    """Weights of distances of any shape, between the least positive and the largest of them."""
    if kind is None:
        return np.ones(np.shape(distances))
    if kind == "inverse":
        least = least if np.isfinite(least) else 1.0
        # of the least distance 1: a common factor has no effect, and large powers stay finite
        return (np.maximum(distances, least) / least) ** -parameter
    return np.exp(-((distances / (largest or 1.0)) ** 2) / parameter)


def check_weights(weights):
    """Finite, symmetric and non-negative, or an error that says what was found.

    The diagonal counts for nothing and becomes zero.
    """
    weights = np.where(np.eye(len(weights), dtype=bool), 0.0, weights)
    if not np.isfinite(weights).all() or weights.min() < 0 or weights.max() <= 0:
        raise ValueError(
            "Stress weights must be finite and non-negative with some positive ones off the "
            f"diagonal, found values from {weights.min():.3g} to {weights.max():.3g}."
        )
    if abs(weights - weights.T).max() > 1e-8 * weights.max():
        raise ValueError("Stress weights must be symmetric.")
    return weights


def times_node_weights(weights, node_weights):
    """Weights of pairs times the weights of both nodes; None stands for all weights 1."""
    if node_weights is None:
        return weights
    pairs = np.outer(node_weights, node_weights)
    return pairs if weights is None else weights * pairs


def embed_distances(
    distances,
    n_components,
    *,
    mds,
    solver,
    init,
    weights,
    max_iter,
    eps,
    random_state,
    n_jobs,
    report=None,
):
    """Positions for a matrix of dissimilarities.

    Returns
    -------
    positions : float64 array of shape (n, n_components)
        Centred, along their principal axes.
    stress : float
        ``sqrt(sum w (D - d)^2 / sum w D^2)``.
    n_iter : int
    knots : pair of arrays, or None
        Of the monotone function of non-metric scaling, see `nonmetric`.
    """
    # in a unit near the largest distance, so that neither squares nor float32 leave their range; a
    # power of two rounds nothing
    unit = 2.0 ** np.frexp(distances.max())[1]
    distances = distances / unit
    if not isinstance(init, str):
        init = np.asarray(init, dtype=np.float64) / unit
    start = _start(distances, n_components, init, random_state)
    n_iter = 0
    positions = start
    if mds == "nonmetric":
        positions, value, n_iter, knots = nonmetric(
            distances, start, weights, max_iter=max_iter or _SMACOF_ITERATIONS,
            tol=_SMACOF_TOL, n_jobs=n_jobs, report=report,
        )  # fmt: skip
        knots = tuple(part * unit for part in knots)
        return principal_axes(positions) * unit, value, n_iter, knots
    if mds == "metric":
        if solver == "sgd":
            sweeps = _FEW_POINTS_SWEEPS if len(distances) <= _FEW_POINTS else _SGD_SWEEPS
            positions, n_iter = sgd(
                distances, start, weights, max_iter=max_iter or sweeps, eps=eps,
                random_state=random_state, n_jobs=n_jobs, report=report,
            )  # fmt: skip
        else:
            positions, n_iter = smacof(
                distances, start, weights, max_iter=max_iter or _SMACOF_ITERATIONS,
                tol=_SMACOF_TOL, n_jobs=n_jobs, report=report,
            )  # fmt: skip
    positions = principal_axes(positions)
    value = stress(distances, positions, weights, n_jobs=n_jobs)
    return positions * unit, value, n_iter, None


def _start(distances, n_components, init, random_state):
    n = len(distances)
    if isinstance(init, str) and init == "random":
        typical = np.sqrt(np.mean(np.square(distances, dtype=np.float64))) or 1.0
        return random_state.standard_normal((n, n_components)) * typical / np.sqrt(n_components)
    if isinstance(init, str):
        return classical_mds(distances, n_components)
    start = np.array(init, dtype=np.float64)
    if start.shape != (n, n_components):
        raise ValueError(f"init must have shape {(n, n_components)}, got {start.shape}.")
    if not np.isfinite(start).all():
        raise ValueError("init contains NaN or infinity.")
    return start


def principal_axes(positions):
    """The same picture, centred and turned onto its principal axes, signs fixed."""
    centred = positions - positions.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    turned = centred @ axes[:, ::-1]
    largest = np.argmax(np.abs(turned), axis=0)
    signs = np.sign(turned[largest, np.arange(turned.shape[1])])
    return turned * np.where(signs == 0, 1.0, signs)


def check_n_components(n_components, n_points, what="samples"):
    if n_components >= n_points:
        raise ValueError(
            f"n_components={n_components} must be less than the number of {what}, "
            f"n_samples = {n_points}."
        )


class StressMDS(
    CallbackSupportMixin,
    DocLinkMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Metric multidimensional scaling with weights, placement of new points and speed.

    Minimises ``sum_{i<j} w_ij (|y_i - y_j| - d_ij)^2`` by stochastic gradient descent over pairs
    [1]_ (or by SMACOF [2]_). The pairs are visited in tiles that share no node, so that the same
    seed gives the same bytes on any number of threads.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the embedding; fewer than points.
    metric : str or callable, default="precomputed"
        "precomputed": X holds dissimilarities. A sparse X holds those of the edges of a connected
        graph; shortest paths to the pivots then stand for all other pairs (the sparse stress
        model [3]_, time and memory linear in edges and nodes). Else a metric of
        `sklearn.metrics.pairwise_distances` for the rows of X.
    mds : {"metric", "classical", "nonmetric"}, default="metric"
        "classical" is Torgerson's scaling by eigenvectors alone. "nonmetric" keeps the order of the
        dissimilarities only, by SMACOF on their best monotone function.
    solver : {"sgd", "smacof"}, default="sgd"
        Of metric scaling.
    max_iter : int or None, default=None
        Sweeps over all pairs for "sgd" (None: 30, up to 1000 points 100), iterations for "smacof"
        (None: 300; it stops earlier when an iteration lowers the stress by less than one in 10^6).
        For sparse dissimilarities, where only the pivots are scaled by `solver`: majorization
        steps (None: 200).
    eps : float, default=0.01
        The learning rate of "sgd" ends at `eps` over the largest weight.
    weights : {"inverse", "gaussian"}, callable or None, default=None
        ``(d / min d)^-weight_param``; ``exp(-(d / max d)^2 / weight_param)``; ``weights(D)``,
        symmetric and non-negative. A common factor has no effect.
    weight_param : float, default=1
        Exponent of "inverse", or squared width of "gaussian".
    init : {"classical", "random"} or array of shape (n_samples, n_components), default="classical"
        Where the scaling starts.
    n_pivots : int, default=64
        Number of training points to whose distances `transform` places new ones, and of pivots
        for sparse dissimilarities.
    random_state : int, RandomState or None, default=None
        Of the order of descent, a random start and the pivots.
    n_jobs : int or None, default=None
        Threads; the result is the same to the last bit for any number of them.
    verbose : int, default=0
        Above 0, the steps are printed. scikit-learn's callbacks (`set_callbacks`, from 1.9 on) see
        every iteration too.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        Centred and along its principal axes; in the unit of the dissimilarities.
    stress_ : float
        ``sqrt(sum w (D - d)^2 / sum w D^2)``.
    n_iter_ : int
    pivot_indices_ : ndarray of shape (n_pivots,)
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had string column names

    See Also
    --------
    HeatGeodesicEmbedding : Stress MDS of heat-geodesic distances.

    Notes
    -----
    `transform` places each row by itself, by majorization of its stress to the pivots. A row that
    has distance 0 to a training point gets that point's position.

    References
    ----------
    .. [1] J. Zheng, S. Pawar, D. Goodman, "Graph drawing by stochastic gradient descent", IEEE
       Transactions on Visualization and Computer Graphics 25 (2019), arXiv:1710.04626.
    .. [2] J. de Leeuw, P. Mair, "Multidimensional scaling using majorization: SMACOF in R",
       Journal of Statistical Software 31 (2009).
    .. [3] M. Ortmann, M. Klimenta, U. Brandes, "A sparse stress model", Journal of Graph
       Algorithms and Applications 21 (2017), arXiv:1608.08909.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.manifold import StressMDS
    >>> square = np.array([[0, 0], [0, 1], [1, 1], [1, 0.0]])
    >>> mds = StressMDS(metric="euclidean", random_state=0).fit(square)
    >>> bool(mds.stress_ < 1e-3)
    True
    """

    _parameter_constraints = {
        **MDS_CONSTRAINTS,
        "metric": [str, callable],
        "n_pivots": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        n_components=2,
        *,
        metric="precomputed",
        mds="metric",
        solver="sgd",
        max_iter=None,
        eps=0.01,
        weights=None,
        weight_param=1.0,
        init="classical",
        n_pivots=64,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        self.n_components = n_components
        self.metric = metric
        self.mds = mds
        self.solver = solver
        self.max_iter = max_iter
        self.eps = eps
        self.weights = weights
        self.weight_param = weight_param
        self.init = init
        self.n_pivots = n_pivots
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X, y=None):
        """Embed the training points.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, n_samples), or (n_samples, n_features)
            Dissimilarities (sparse: of the edges of a graph), or a table when `metric` is not
            "precomputed".
        y : ignored

        Returns
        -------
        self : StressMDS
        """
        self.fit_transform(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    @with_callbacks
    def fit_transform(self, X, y=None):
        """Embed the training points and return their positions.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, n_samples), or (n_samples, n_features)
        y : ignored

        Returns
        -------
        embedding : ndarray of shape (n_samples, n_components)
        """
        X = self._check(X, reset=True)
        check_n_components(self.n_components, X.shape[0])
        progress = Progress(self, self.verbose)
        rng = check_random_state(self.random_state)
        with progress.fit(X), progress.step(f"scaling of {X.shape[0]} points") as report:
            fit = self._fit_graph if sp.issparse(X) else self._fit_pairs
            self.embedding_ = fit(X, rng, report).astype(X.dtype, copy=False)
        return self.embedding_

    def _fit_pairs(self, X, rng, report):
        """Scaling of all pairs."""
        D = np.asarray(X if self.metric == "precomputed" else self._distances(X, X))
        D = np.array(D, dtype=np.float64)
        if not (np.isfinite(D).all() and D.min() >= 0):
            raise ValueError(f"metric={self.metric!r} gives NaN, infinite or negative distances.")
        D[np.arange(len(D)), np.arange(len(D))] = 0.0
        weights = stress_weights(D, self.weights, self.weight_param)
        positions, self.stress_, self.n_iter_, self._knots = self._scale(
            D, self.init, weights, rng, report
        )
        self.pivot_indices_, self._pivot_weights = choose_pivots(D, self.n_pivots, rng)
        self._train = None if self.metric == "precomputed" else X
        self._graph_distances = None
        return positions

    def _scale(self, D, init, weights, rng, report):
        return embed_distances(
            D,
            self.n_components,
            mds=self.mds,
            solver=self.solver,
            init=init,
            weights=weights,
            max_iter=self.max_iter,
            eps=self.eps,
            random_state=rng,
            n_jobs=self.n_jobs,
            report=report,
        )

    def _fit_graph(self, X, rng, report):
        """Scaling of a graph's edges, and of shortest paths to pivots."""
        if self.mds != "metric" or callable(self.weights) or not isinstance(self.init, str):
            raise ValueError(
                "Sparse dissimilarities take mds='metric', weights by name and init by name, got "
                f"mds={self.mds!r}, weights={self.weights!r}, init={self.init!r}."
            )
        X = sp.csr_array(X, dtype=np.float64)
        pivots, D = choose_graph_pivots(X, max(self.n_pivots, self.n_components + 1), rng)
        unit = 2.0 ** np.frexp(D.max())[1]
        D, X = D / unit, X / unit
        least = min(X.data.min(initial=np.inf, where=X.data > 0), D[D > 0].min())

        def weights(d):
            return weigh(d, self.weights, self.weight_param, least, D.max())

        positions, self.stress_ = scale_graph(
            X, pivots, D,
            lambda between: self._scale(between, self.init, weights(between), rng, None)[0],
            weights, n_sweeps=self.max_iter or _GRAPH_SWEEPS, n_jobs=self.n_jobs, report=report,
        )  # fmt: skip
        self.n_iter_ = self.max_iter or _GRAPH_SWEEPS
        self.pivot_indices_, self._pivot_weights = pivots, pivot_weights(D)
        self._train = self._knots = None
        self._graph_distances = D * unit
        return principal_axes(positions) * unit

    def transform(self, X):
        """Place new points, each by itself.

        Parameters
        ----------
        X : array of shape (n_new, n_samples) or (n_new, n_features)
            Dissimilarities to the training points, or rows of a table.

        Returns
        -------
        positions : ndarray of shape (n_new, n_components)
        """
        check_is_fitted(self)
        X = self._check(X, reset=False)
        train = self.embedding_.astype(np.float64)
        to_pivots, nearest, same = self._reach(X)
        positions = place(
            to_disparities(to_pivots, self._knots),
            self._pivot_weights,
            train[self.pivot_indices_],
            train[nearest],
            n_jobs=self.n_jobs,
        )
        positions[same] = train[nearest[same]]
        return positions.astype(X.dtype, copy=False)

    def _reach(self, X):
        """Dissimilarities to the pivots, nearest training points, and whether rows equal them."""
        if (self._graph_distances is not None) != sp.issparse(X):
            raise ValueError(
                "The rows must be sparse where the training dissimilarities were, and dense where "
                f"they were dense; got {type(X).__name__}."
            )
        if sp.issparse(X):
            to_pivots = reach_pivots(X, self._graph_distances)
            return to_pivots, nearest_ends(X), np.zeros(X.shape[0], bool)
        D = np.asarray(X if self.metric == "precomputed" else self._distances(X, self._train))
        nearest = np.argmin(D, axis=1)
        same = D[np.arange(len(D)), nearest] == 0
        return D[:, self.pivot_indices_].astype(np.float64), nearest, same

    def _check(self, X, reset):
        X = validate_rows(
            self,
            X,
            reset=reset,
            accept_sparse="csr" if self.metric == "precomputed" else False,
            dtype=[np.float64, np.float32],
            ensure_min_samples=2 if reset else 1,
        )
        check_magnitude(X)
        if self.metric != "precomputed":
            return X
        if reset and X.shape[0] != X.shape[1]:
            raise ValueError(f"Dissimilarities must be a square matrix, got shape {X.shape}.")
        least = X.data.min(initial=0.0) if sp.issparse(X) else X.min()
        if least < 0:
            raise ValueError(
                f"Negative values in data passed to {type(self).__name__}: dissimilarities must "
                f"be non-negative, found {least:.3g}."
            )
        if reset and abs(X - X.T).max() > 1e-6 * max(X.max(), 1e-300):
            raise ValueError("Dissimilarities must be symmetric.")
        return X

    def _distances(self, X, Y):
        if self.metric == "euclidean":
            # from differences: a point and its copy are at distance 0, whatever else is in X
            return cdist(X, Y)
        return pairwise_distances(X, Y, self.metric)

    @property
    def _n_features_out(self):
        return self.embedding_.shape[1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.sparse = self.metric == "precomputed"
        tags.input_tags.positive_only = self.metric == "precomputed"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
