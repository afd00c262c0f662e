"""Points -> graph -> heat -> dissimilarities: what both heat estimators share.

A `HeatGeometry` holds the nodes (all points, or landmarks), their graph, the diffusion time and
the logarithms of the heat kernel, and extends them to new rows.
"""

import warnings
from hashlib import blake2b
from itertools import pairwise
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from scipy.linalg import eigh
from scipy.sparse.csgraph import dijkstra
from sklearn.decomposition import PCA
from sklearn.utils._param_validation import Interval, StrOptions

from skgeom._core.parallel import parallel_rows
from skgeom.manifold._affinity import (
    GRAPHS,
    LAPLACIANS,
    Neighbors,
    affinity_graph,
    check_magnitude,
    connect_components,
    laplacian,
    narrow,
    pair_distances,
    validate_rows,
)
from skgeom.manifold._dissimilarity import (
    DISSIMILARITIES,
    all_row_distances,
    diffusion_distance,
    heat_distance,
    row_distances,
    time_weights,
)
from skgeom.manifold._heat import (
    EULER_STEPS,
    HEAT_METHODS,
    complete,
    heat_action,
    log_heat_kernel,
)
from skgeom.manifold._kernels import mix_log_rows
from skgeom.manifold._landmarks import N_ANCHORS, anchor_weights, row_blocks, scaled_affinity
from skgeom.manifold._placement import choose_pivots, pivot_weights
from skgeom.manifold._time import select_time

# up to this many nodes the whole kernel is kept; beyond, the columns of the pivots
DENSE_LIMIT = 5000
_PROBES = 128
_COVARIANCE_FEATURES = 1000
# logarithm of the largest dissimilarity that is raised to a power
_LARGEST_LOG = 230.0

HEAT_CONSTRAINTS = {
    "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    "graph": [StrOptions({*GRAPHS, "precomputed"})],
    "metric": [str, callable],
    "metric_params": [dict, None],
    "decay": [Interval(Real, 0, None, closed="neither")],
    "thresh": [Interval(Real, 0, 1, closed="neither")],
    "anisotropy": [Interval(Real, 0, 1, closed="both")],
    "n_pca": [Interval(Integral, 1, None, closed="left"), None],
    "laplacian": [StrOptions(set(LAPLACIANS))],
    "t": [
        Interval(Real, 0, None, closed="neither"),
        "array-like",
        StrOptions({"auto", "entropy", "knee"}),
    ],
    "t_param": [Interval(Real, 0, 1, closed="neither")],
    "sigma": [Interval(Real, 0, None, closed="left")],
    "rho": [Interval(Real, 0, 1, closed="both")],
    "distance": [StrOptions(set(DISSIMILARITIES))],
    "gamma": [Interval(Real, -1, 1, closed="both")],
    "power": [Interval(Real, 0, None, closed="neither")],
    "heat_method": [StrOptions(set(HEAT_METHODS))],
    "heat_order": [Interval(Integral, 1, None, closed="left"), None],
    "tol": [Interval(Real, 0, 1, closed="neither")],
    "inverse": [StrOptions({"varadhan", "matched"})],
    "truncation": [tuple, None],
    "n_pivots": [Interval(Integral, 1, None, closed="left"), None],
    "random_state": ["random_state"],
    "n_jobs": [Integral, None],
}


def is_pairwise(estimator):
    return estimator.graph == "precomputed" or estimator.metric == "precomputed"


def check_rows(estimator, X, *, reset):
    """Validate a table, distances or affinities at the door.

    Returns
    -------
    X : float array or CSR of shape (n_rows, n_features or n_points)
    """
    affinity = estimator.graph == "precomputed"
    X = validate_rows(
        estimator,
        X,
        reset=reset,
        accept_sparse=False if estimator.metric == "precomputed" and not affinity else "csr",
        dtype=[np.float64, np.float32],
        ensure_min_samples=2 if reset else 1,
    )
    check_magnitude(X)
    if not is_pairwise(estimator):
        return X
    what = "affinity" if affinity else "distance"
    if reset and X.shape[0] != X.shape[1]:
        raise ValueError(
            f"A precomputed {what} matrix must be square, got shape {X.shape}; it has one row and "
            "one column per sample."
        )
    values = X.data if sp.issparse(X) else X
    if values.size and values.min() < 0:
        # the phrase that scikit-learn's checks look for
        raise ValueError(
            f"Negative values in data passed to {type(estimator).__name__}: precomputed {what}s "
            f"must be non-negative, found {values.min():.3g}."
        )
    # rows of affinities are remembered as they came, see `HeatGeometry`
    return symmetric(X, what) if reset and not affinity else X


def check_truncation(truncation):
    """``(what, side, value, relative)``, or an error that says which part is wrong."""
    if truncation is None:
        return
    fits = (
        len(truncation) == 4
        and truncation[0] in ("heat", "distance")
        and truncation[1] in ("min", "max")
        and isinstance(truncation[2], Real)
        and isinstance(truncation[3], (bool, np.bool_))
    )
    if not fits:
        raise ValueError(
            "truncation must be None or a tuple (what, side, value, relative) with what 'heat' or "
            f"'distance', side 'min' or 'max', a number and a bool, got {truncation!r}."
        )
    what, _, value, relative = truncation
    if value <= 0 or (value >= 1 and (relative or what == "distance")):
        raise ValueError(
            f"The value of truncation must be between 0 and 1 (positive for heat that is not "
            f"relative), got {value!r} in {truncation!r}."
        )


def symmetric(X, what):
    """The mean of X and its transpose, with a warning unless they differ by rounding alone."""
    gap = abs(X - X.T).max()
    if gap > 1e-6 * abs(X).max():
        warnings.warn(
            f"The precomputed {what} matrix is not symmetric (largest difference {gap:.3g}): "
            "the mean of it and its transpose is used."
        )
    return (X + X.T) * 0.5 if gap > 0 else X


class HeatGeometry:
    """Heat distances between nodes, and from new rows to them.

    Parameters
    ----------
    options : dict
        The parameters named in `HEAT_CONSTRAINTS`.
    random_state : RandomState
    n_jobs : int or None

    Attributes
    ----------
    n_nodes : int
    affinity, lengths : csr_array of shape (n_nodes, n_nodes)
        Bridged graph; `lengths` is None for precomputed affinities.
    n_connected_components, component_labels
        Before bridging.
    times : float64 array of shape (n_times,), or None where no heat is used
    t_grid, entropy : arrays, or None
    pivots : int array of shape (p,)
    pivot_weights : float64 array of shape (p,)
        Number of nodes nearest to each pivot.
    log_columns : float64 array of shape (n_times, n_nodes, q)
        Logarithms of the kernel for the kept nodes.
    log_diag : float64 array of shape (n_times, n_nodes)
    """

    def __init__(self, options, random_state, n_jobs):
        self.options = options
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.times = self.t_grid = self.entropy = None
        check_truncation(self.truncation)

    def __getattr__(self, name):
        try:
            return self.__dict__["options"][name]
        except KeyError:
            raise AttributeError(name) from None

    # ------------------------------------------------------------------ points -> graph

    def fit(self, X, sample_weight=None):
        """Build the graph on X, choose t and diffuse.

        Parameters
        ----------
        X : array or CSR of shape (n_points, n_features), or precomputed (n_points, n_points)
        sample_weight : array of shape (n_points,) or None
        """
        self.on_landmarks = False
        self.node_weights = sample_weight
        return self._heat_up(*self._point_graph(X))

    def fit_landmarks(self, landmarks, shared, masses, node_weights=None):
        """The same on landmarks, from what they share (see `landmark_shares`).

        Parameters
        ----------
        landmarks : array of shape (n_landmarks, n_features)
            In the space that `project` maps to.
        shared : csr_array of shape (n_landmarks, n_landmarks)
        masses : array of shape (n_landmarks,)
        node_weights : array of shape (n_landmarks,) or None
        """
        self.on_landmarks = True
        self.reference = landmarks
        self.node_weights = node_weights
        self._make_search(landmarks)
        affinity = scaled_affinity(shared, masses)
        rows = np.repeat(np.arange(affinity.shape[0]), np.diff(affinity.indptr))
        lengths = affinity.copy()
        lengths.data = pair_distances(self.reference, self.reference, rows, affinity.indices)
        return self._heat_up(affinity, lengths)

    def _heat_up(self, affinity, lengths):
        self.n_nodes = affinity.shape[0]
        self.affinity, self.lengths, n_components, labels = connect_components(
            affinity,
            None if self.graph == "precomputed" else self.reference,
            lengths=lengths,
            metric=self.metric,
            metric_params=self.metric_params,
        )
        self.n_connected_components, self.component_labels = n_components, labels
        if n_components > 1:
            warnings.warn(
                f"The graph has {n_components} connected components; they are joined by the "
                "shortest edges between them, with the smallest weight of the graph. More "
                "neighbours may connect them."
            )
        if self.distance != "shortest_path":
            self._choose_times(affinity)
        self._diffuse()
        return self

    def project_fit(self, X):
        """Learn the projection on principal components, and project (float64)."""
        self._axes = None
        if self.n_pca is None or self.n_pca >= X.shape[1]:
            return X
        n, d = X.shape
        # where scikit-learn takes the covariance too, but of a copy of X
        if not sp.issparse(X) and d <= _COVARIANCE_FEATURES and n >= 10 * d:
            self._axes = _leading_axes(X, self.n_pca)
            return self.project(X)
        solver = "arpack" if sp.issparse(X) else "auto"
        n_pca = min(self.n_pca, min(X.shape) - (solver == "arpack"))
        with np.errstate(invalid="ignore", divide="ignore"):  # constant data is refused later
            pca = PCA(n_pca, svd_solver=solver, random_state=self.random_state).fit(X)
        self._axes = pca.mean_.astype(np.float64), pca.components_.astype(np.float64)
        return self.project(X)

    def project(self, X):
        """Project rows, each alone (no blocked product, whose bits depend on the other rows)."""
        if self._axes is None:
            return X
        mean, components = self._axes
        offset = np.einsum("j,kj->k", mean, components)
        if sp.issparse(X):
            return X @ components.T - offset
        out = np.empty((len(X), len(components)))
        for block in row_blocks(X):
            rows = X[block].astype(np.float64)
            out[block] = np.einsum("ij,kj->ik", rows, components) - offset
        return out

    def _point_graph(self, X):
        self.reference = None if self.graph == "precomputed" else X
        if self.graph == "precomputed":
            self._remember(X)
            affinity = sp.csr_array(symmetric(X, "affinity"), dtype=np.float64, copy=True)
            affinity.setdiag(0.0)
            affinity.eliminate_zeros()
            if affinity.nnz == 0:
                raise ValueError(
                    "The precomputed affinity matrix has no positive entry off its diagonal: there "
                    "is no graph to diffuse heat on."
                )
            return narrow(affinity), None
        self._make_search(X)
        if self.metric not in ("euclidean", "precomputed"):
            # many metrics round the distance of a row from itself to something above 0
            self._remember(X)
        return affinity_graph(
            X,
            graph=self.graph,
            n_neighbors=self.n_neighbors,
            metric=self.metric,
            metric_params=self.metric_params,
            decay=self.decay,
            thresh=self.thresh,
            anisotropy=self.anisotropy,
            n_jobs=self.n_jobs,
            return_lengths=True,
        )

    def _remember(self, X):
        self._known_rows = {key: i for i, key in reversed(list(enumerate(_row_keys(X))))}

    def _recall(self, X):
        """The first training row equal to each row of X, or -1."""
        return np.array([self._known_rows.get(key, -1) for key in _row_keys(X)])

    def _make_search(self, points):
        precomputed = self.metric == "precomputed"
        points = None if precomputed else points
        self._search = Neighbors(points, self.metric, self.metric_params, self.n_jobs)

    # ------------------------------------------------------------------ graph -> heat

    def _choose_times(self, affinity):
        if isinstance(self.t, str):
            t, self.t_grid, self.entropy = select_time(
                affinity,
                rule="knee" if self.t == "knee" else "entropy",
                share=self.t_param,
                laplacian=self.laplacian,
                random_state=self.random_state,
                n_jobs=self.n_jobs,
            )
            self.times = np.array([max(1.0, round(t)) if self.heat_method == "power" else t])
        else:
            self.times = np.atleast_1d(np.asarray(self.t))
            numbers = self.times.dtype.kind in "iuf" and self.times.ndim == 1 and self.times.size
            if not numbers or not (np.isfinite(self.times) & (self.times > 0)).all():
                raise ValueError(f"t must hold positive diffusion times, got {self.t!r}.")
            self.times = self.times.astype(np.float64)
        if self.heat_method == "power":
            self._check_power()
        if self.distance == "log_ratio" and self.times.max() >= 1:
            raise ValueError(
                "distance='log_ratio' is defined for t < 1 (its logarithm changes sign at 1), "
                f"got t={self.times.max():.6g}. Pass a smaller t."
            )

    def _check_power(self):
        if self.laplacian == "combinatorial":
            raise ValueError(
                "heat_method='power' is a walk: it needs laplacian='normalized' or 'random_walk', "
                "got 'combinatorial'."
            )
        if self.n_nodes > DENSE_LIMIT:
            raise ValueError(
                f"heat_method='power' needs at most {DENSE_LIMIT} nodes, got {self.n_nodes}. Pass "
                "a number of landmarks."
            )

    def _diffuse(self):
        """Keep the logarithms of the kernel that distances to the pivots need."""
        n = self.n_nodes
        self.heat_cut = self.distance_cut = None
        n_pivots = n if self.n_pivots is None else min(self.n_pivots, n)
        if n > DENSE_LIMIT:
            return self._diffuse_pivots(n_pivots)
        self.kept = np.arange(n)
        self._compute_columns(self.kept)
        base = self._base(slice(None), slice(None))
        self.pivots, self.pivot_weights = choose_pivots(
            base, n_pivots, self.random_state, self.node_weights
        )
        # rows are compared over all nodes, or over the pivots where new rows are many
        few = self.on_landmarks or not self._uses_rows
        self.row_weights = self.pivot_weights if few else np.ones(n)
        self.matrix = self._all_pairs(base, self.pivots if few else self.kept)
        if few:
            self._keep(self.pivots)

    def _diffuse_pivots(self, n_pivots):
        """Columns of random pivots alone, for many nodes."""
        share = None if self.node_weights is None else self.node_weights / self.node_weights.sum()
        pivots = self.random_state.choice(self.n_nodes, n_pivots, replace=False, p=share)
        self.kept = self.pivots = np.sort(pivots)
        self._compute_columns(self.pivots)
        base = self._base(slice(None), slice(None))
        self.pivot_weights = self.row_weights = pivot_weights(base, self.node_weights)
        self.matrix = None
        self._learn_distance_cut(self.nodes_to_pivots())

    @property
    def _uses_rows(self):
        return self.rho > 0 or self.distance in ("triplet", "potential")

    def _keep(self, nodes):
        self.kept = nodes
        if self.distance == "shortest_path":
            self.paths = np.ascontiguousarray(self.paths[:, nodes])
        else:
            self.log_columns = np.ascontiguousarray(self.log_columns[:, :, nodes])

    def _compute_columns(self, nodes):
        if self.distance == "shortest_path":
            if self.lengths is None:
                raise ValueError(
                    "distance='shortest_path' needs lengths of edges, which precomputed "
                    "affinities do not have. Pass points, or distances with metric='precomputed'."
                )
            self.paths = dijkstra(self.lengths, directed=False, indices=nodes).T
            return
        self.log_columns = self._truncated_heat(nodes)
        every = len(nodes) == self.n_nodes
        n = self.n_nodes
        if every:
            self.log_diag = self.log_columns[:, np.arange(n), np.arange(n)]
        else:
            self.log_diag = self._estimated_diag(nodes)

    @property
    def _kernel_times(self):
        # the distance of two rows at t is made of entries at 2t
        return 2.0 * self.times if self.distance == "diffusion" else self.times

    @property
    def operator(self):
        """Symmetric Laplacian whose kernel is computed (normalized for the random walk)."""
        kind = "combinatorial" if self.laplacian == "combinatorial" else "normalized"
        if self.heat_method != "power":
            return laplacian(self.affinity, kind)
        # the discrete walk keeps self loops of 1
        root = sp.diags_array(1.0 / np.sqrt(self._degrees))
        lazy = root @ (self.affinity + sp.eye_array(self.n_nodes)) @ root
        return sp.csr_array(sp.eye_array(self.n_nodes) - lazy)

    @property
    def _degrees(self):
        return self.affinity.sum(axis=1) + (1.0 if self.heat_method == "power" else 0.0)

    @property
    def log_measure(self):
        """Half the logarithm of the degrees: random-walk densities are h_ij / sqrt(d_i d_j)."""
        return 0.5 * np.log(self._degrees / self._degrees.mean())

    def _log_heat(self, nodes, times):
        columns = None if len(nodes) == self.n_nodes else nodes
        log_h = log_heat_kernel(
            self.operator,
            times,
            columns,
            method=self.heat_method,
            order=self.heat_order,
            tol=self.tol,
            n_jobs=self.n_jobs,
        )
        if self.laplacian == "random_walk":
            log_h -= self.log_measure[:, None]
            log_h -= self.log_measure[nodes]
        return log_h

    def _truncated_heat(self, nodes):
        """The kernel's columns, cut where `truncation` says so; the cut is learned once."""
        log_h = self._log_heat(nodes, self._kernel_times)
        if self.truncation is None or self.truncation[0] != "heat":
            return log_h
        _, side, value, relative = self.truncation
        if self.heat_cut is None:
            top = log_h.max(axis=(1, 2)) if relative else np.zeros(len(log_h))
            self.heat_cut = np.log(value) + top
        for kernel, cut in zip(log_h, self.heat_cut):
            if side == "max":
                np.minimum(kernel, cut, out=kernel)
                continue
            own = kernel[nodes, np.arange(len(nodes))]
            kernel[kernel < cut] = -np.inf
            kernel[nodes, np.arange(len(nodes))] = own
            complete(self.affinity, nodes, kernel, self.n_jobs)
        return log_h

    def _estimated_diag(self, nodes):
        """``log h_ii`` as the mean square of diffused random signs, exact at the pivots."""
        n = self.n_nodes
        signs = self.random_state.choice([-1.0, 1.0], (n, _PROBES))
        walk = sp.csr_array(sp.eye_array(n)) - laplacian(self.affinity, "random_walk")
        out = []
        for k, t in enumerate(self._kernel_times):
            spread = heat_action(
                self.operator, 0.5 * t, signs, method="chebyshev", tol=self.tol, n_jobs=self.n_jobs
            )
            diag = np.mean(spread**2, axis=1)
            # neighbours have nearly the same volume: their mean has less sampling noise
            log_diag = np.log(0.5 * (diag + walk @ diag))
            if self.laplacian == "random_walk":
                log_diag -= 2.0 * self.log_measure
            log_diag[nodes] = self.log_columns[k, nodes, np.arange(len(nodes))]
            out.append(log_diag)
        return np.array(out)

    # ------------------------------------------------------------------ heat -> dissimilarities

    def _base(self, rows, columns):
        """Heat distance (or its stand-in) of nodes `rows` to the kept nodes `columns`."""
        if self.distance == "shortest_path":
            return self.paths[rows][:, columns]
        log_h = self.log_columns[:, rows][:, :, columns]
        return self._heat_base(
            log_h, self.log_diag[:, rows], self.log_diag[:, self.kept][:, columns]
        )

    def _heat_base(self, log_h, log_rows, log_columns):
        """Weighted mean over times of the base dissimilarity; arrays lead with the times."""
        total = 0.0
        weights = time_weights(self.times)
        for k, t in enumerate(self.times):
            if self.distance == "diffusion":
                d = diffusion_distance(log_h[k], log_rows[k], log_columns[k])
            elif self.distance == "log_ratio":
                d = np.maximum(log_h[k] / np.log(t), 0.0)
            else:
                d = self._varadhan(log_h[k], log_rows[k], log_columns[k], t)
            total = total + weights[k] * d
        return total

    def _varadhan(self, log_h, log_rows, log_columns, t):
        steps = None
        if self.heat_method == "euler" and self.inverse == "matched":
            steps = self.heat_order or EULER_STEPS
        return heat_distance(
            log_h, log_rows, log_columns, t, self.sigma, euler_steps=steps, n_jobs=self.n_jobs
        )

    def _all_pairs(self, base, columns):
        """Dissimilarities between all nodes; rows are compared over `columns`."""
        D = base
        if self._uses_rows:
            weights = None if len(columns) == self.n_nodes else self.row_weights
            between_rows = self._mean_over_times(
                base, lambda rows: all_row_distances(rows[:, columns], weights)
            )
            D = self._with_rows(base, between_rows)
        D = self._powered(D)
        D = np.maximum(D, D.T)  # one of two roundings
        D[np.arange(self.n_nodes), np.arange(self.n_nodes)] = 0.0
        self._learn_distance_cut(D)
        return self._truncated(D)

    def _learn_distance_cut(self, D):
        """The value beyond which dissimilarities are cut, and what takes their place."""
        if self.truncation is None or self.truncation[0] != "distance":
            return
        _, side, value, relative = self.truncation
        largest = float(D.max())
        cut = value * largest if relative else float(np.quantile(D, value))
        self.distance_cut = (side, cut, largest)

    def _truncated(self, D):
        if self.distance_cut is None:
            return D
        side, cut, largest = self.distance_cut
        return np.where(cut < D, largest, D) if side == "max" else np.where(cut > D, 0.0, D)

    def _powered(self, D):
        if self.power == 1:
            return D
        largest = self.power * np.log(max(D.max(initial=0.0), 1.0))
        if largest > _LARGEST_LOG:
            raise ValueError(
                f"power={self.power} is too large: dissimilarities are up to {D.max():.3g}, and "
                "their power overflows."
            )
        return D**self.power

    def _mean_over_times(self, base, compare):
        """Distances of rows of the base, or for "potential" of the potentials at each time."""
        if self.distance != "potential":
            return compare(base)
        potentials = self._potentials(self.log_columns)
        return sum(w * compare(x) for w, x in zip(time_weights(self.times), potentials))

    def _potentials(self, log_h):
        """What "potential" compares: log h, or ``h^c / c`` with c = (1 - gamma) / 2."""
        if self.gamma == 1:
            return log_h
        exponent = 0.5 * (1.0 - self.gamma)
        if self.laplacian == "random_walk":
            # probabilities: here, unlike in a difference of logarithms, degrees do not cancel
            log_h = log_h + 2.0 * self.log_measure[self.kept]
        return np.exp(exponent * log_h) / exponent

    def _with_rows(self, base, between_rows):
        if self.distance in ("triplet", "potential"):
            return between_rows
        return (1.0 - self.rho) * base + self.rho * between_rows

    # ------------------------------------------------------------------ new rows

    def extend(self, X, anchors=None):
        """Weights of new rows on the nodes.

        Parameters
        ----------
        X : projected rows, or precomputed distances or affinities to the training points
        anchors : pair of arrays of shape (n_rows, n_anchors), or None
            Distances and indices of the nearest nodes, where they are known already.

        Returns
        -------
        Z : csr_array of shape (n_rows, n_nodes)
            Row-stochastic; a row equal to a node of the full graph has weight 1 on it alone.
        same : int array of shape (n_rows,)
            The node that a row is equal to, or -1.
        distances, indices : arrays of shape (n_rows, s), or None for affinities
            Nearest nodes.
        """
        if self.graph == "precomputed":
            Z = sp.csr_array(X, dtype=np.float64)
            total = Z.sum(axis=1)
            if (total <= 0).any():
                row = int(np.argmin(total))
                raise ValueError(f"Row {row} of X has no positive affinity to a training point.")
            Z.data = Z.data / np.repeat(total, np.diff(Z.indptr))
            same = self._recall(X)
            return _pinned(Z, same), same, None, None
        n_nearest = N_ANCHORS if self.on_landmarks else self.n_neighbors
        if anchors is None:
            anchors = self._search.query(X, min(n_nearest, self.n_nodes))
        distances, indices = anchors
        Z = anchor_weights(distances, indices, self.n_nodes)
        if self.on_landmarks:
            same = np.full(len(indices), -1)
        elif self.metric in ("euclidean", "precomputed"):
            same = np.where(distances[:, 0] == 0, indices[:, 0], -1)
        else:
            same = self._recall(X)
        Z = _pinned(Z, same)
        return Z, same, distances, indices

    def to_pivots(self, Z, distances=None, indices=None):
        """Dissimilarities of new rows to the pivots; array (n_rows, p)."""
        place = np.searchsorted(self.kept, self.pivots)
        rows, log_h = self._to_kept(Z, distances, indices)
        D = rows[:, place]
        if self._uses_rows:
            D = self._with_rows(D, self._rows_to_pivots(log_h, rows))
        return self._truncated(self._powered(D))

    def _to_kept(self, Z, distances, indices):
        """Base dissimilarities of new rows to the kept nodes, and their log kernel."""
        if self.distance == "shortest_path":
            return np.min(distances[:, :, None] + self.paths[indices], axis=1), None
        log_h = self._mixed(Z, self.log_columns)
        log_rows = self._mixed_diag(Z)
        return self._heat_base(log_h, log_rows, self.log_diag[:, self.kept]), log_h

    def between(self, left, right):
        """Dissimilarities between two sets of new rows, each as returned by `extend`.

        Returns
        -------
        D : float64 array of shape (n_left, n_right)
        """
        if self.distance != "shortest_path" and self.distance != "potential":
            base = self._base_between(left[0], right[0])
        elif self.distance == "shortest_path":
            base = self._paths_between(left, right)
        else:
            base = None
        if self._uses_rows:
            base = self._with_rows(base, self._rows_between(left, right))
        D = self._truncated(self._powered(base))
        same = (left[1][:, None] == right[1]) & (left[1][:, None] >= 0)
        return np.where(same, 0.0, D)

    def _base_between(self, left, right):
        nodes = np.unique(right.indices)
        columns = self._truncated_heat(nodes)
        log_right = self._mixed_diag(right)
        log_h = self._mixed(left, columns)
        across = self._mixed(sp.csr_array(right[:, nodes]), np.swapaxes(log_h, 1, 2))
        return self._heat_base(np.swapaxes(across, 1, 2), self._mixed_diag(left), log_right)

    def _paths_between(self, left, right):
        nodes = np.unique(right[3])
        paths = dijkstra(self.lengths, directed=False, indices=nodes).T
        near = np.min(left[2][:, :, None] + paths[left[3]], axis=1)
        reach = near[:, np.searchsorted(nodes, right[3])] + right[2]
        return reach.min(axis=2)

    def _rows_between(self, left, right):
        parts = [self._to_kept(*(side[k] for k in (0, 2, 3))) for side in (left, right)]
        if self.distance == "potential":
            potentials = (self._potentials(part[1]) for part in parts)
            pairs = zip(time_weights(self.times), *potentials)
            return sum(w * row_distances(a, b, self.row_weights) for w, a, b in pairs)
        return row_distances(parts[0][0], parts[1][0], self.row_weights, n_jobs=self.n_jobs)

    def _mixed(self, Z, log_columns):
        """Logarithms of the means with weights Z; array (n_times, n_rows, q)."""
        out = np.empty((len(log_columns), Z.shape[0], log_columns.shape[2]))
        parts = (Z.indptr.astype(np.int64), Z.indices.astype(np.int64), Z.data)
        for log_h, mean in zip(log_columns, out):
            log_h = np.ascontiguousarray(log_h)
            parallel_rows(mix_log_rows, Z.shape[0], *parts, log_h, mean, n_jobs=self.n_jobs)
        return out

    def _mixed_diag(self, Z):
        return self._mixed(Z, self.log_diag[:, :, None])[:, :, 0]

    def _rows_to_pivots(self, log_h, rows):
        if self.distance == "potential":
            weights = time_weights(self.times)
            return sum(
                w * row_distances(a, b[self.pivots], self.row_weights, n_jobs=self.n_jobs)
                for w, a, b in zip(
                    weights, self._potentials(log_h), self._potentials(self.log_columns)
                )
            )
        pivots = self._base(self.pivots, slice(None))
        return row_distances(rows, pivots, self.row_weights, n_jobs=self.n_jobs)

    def nodes_to_all(self):
        """Dissimilarities between nodes, or of nodes to pivots where that is all there is."""
        return self.matrix if self.matrix is not None else self.nodes_to_pivots()

    def nodes_to_pivots(self):
        """Dissimilarities of all nodes to the pivots; array (n_nodes, p)."""
        if self.matrix is not None:
            return self.matrix[:, self.pivots]
        D = self.to_pivots(
            sp.csr_array(sp.eye_array(self.n_nodes)),
            np.zeros((self.n_nodes, 1)),
            np.arange(self.n_nodes)[:, None],
        )
        D[self.pivots, np.arange(len(self.pivots))] = 0.0
        return D

    def heat_rows(self, nodes, times):
        """Rows of the heat kernel; array (n_times, len(nodes), n_nodes)."""
        log_h = np.swapaxes(self._log_heat(np.asarray(nodes), times), 1, 2)
        if self.laplacian == "random_walk":
            # from densities with respect to the degrees (over their mean) to probabilities
            log_h = log_h + 2.0 * self.log_measure
        return np.exp(log_h)


def _leading_axes(X, n_components):
    """Mean and principal axes, from the covariance added up over blocks of rows.

    Returns
    -------
    mean : float64 array of shape (n_features,)
    axes : float64 array of shape (n_components, n_features)
    """
    mean, scatter = np.zeros(X.shape[1]), np.zeros((X.shape[1],) * 2)
    for block in row_blocks(X):
        mean += X[block].sum(axis=0, dtype=np.float64)
    mean /= len(X)
    for block in row_blocks(X):
        rows = X[block] - mean
        scatter += rows.T @ rows
    n_features = len(mean)
    axes = eigh(scatter, subset_by_index=[n_features - n_components, n_features - 1])[1]
    return mean, np.ascontiguousarray(axes.T[::-1])


def _row_keys(X):
    """A digest of each row of a table or of affinities."""
    X = sp.csr_array(X, dtype=np.float64, copy=True)
    X.sum_duplicates()
    X.eliminate_zeros()
    indices = X.indices.astype(np.int64)
    for a, b in pairwise(X.indptr):
        yield blake2b(indices[a:b].tobytes() + X.data[a:b].tobytes(), digest_size=16).digest()


def _pinned(Z, same):
    """Weight 1 on the node that a row is equal to."""
    rows = np.flatnonzero(same >= 0)
    if len(rows) == 0:
        return Z
    kept = np.repeat(same < 0, np.diff(Z.indptr))
    source = np.repeat(np.arange(Z.shape[0]), np.diff(Z.indptr))
    data = np.concatenate([Z.data[kept], np.ones(len(rows))])
    row = np.concatenate([source[kept], rows])
    column = np.concatenate([Z.indices[kept], same[rows]])
    return sp.csr_array((data, (row, column)), shape=Z.shape)
