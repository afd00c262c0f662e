"""Generators whose truth (distances, labels, frequencies) is known."""

from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from scipy.signal import lfilter
from scipy.sparse.csgraph import dijkstra
from sklearn.neighbors import kneighbors_graph
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

_SOME = [Interval(Integral, 1, None, closed="left")]
_COUNT = [Interval(Integral, 0, None, closed="left")]
_LENGTH = [Interval(Real, 0, np.inf, closed="left")]
_POSITIVE = [Interval(Real, 0, np.inf, closed="neither")]


def _checked(**constraints):
    """Check the arguments of a generator, which all have a `random_state`."""
    constraints["random_state"] = ["random_state"]
    return validate_params(constraints, prefer_skip_nested_validation=True)


def _check_sequence(values, name):
    if len(values) == 0 or not np.isfinite(np.asarray(values, dtype=float)).all():
        raise ValueError(f"{name} must hold finite numbers, one for each class, got {values!r}.")


@_checked(n_samples=_SOME, n_features=[Interval(Integral, 3, None, closed="left")], noise=_LENGTH)
def make_swiss_roll(n_samples=1000, *, n_features=3, noise=0.0, random_state=None):
    """Draw points near a Swiss roll, together with the coordinates of the unrolled sheet.

    The sheet is cut from a rectangle without being stretched, so the geodesic distance of two
    noiseless points is the Euclidean distance of their sheet coordinates.

    Parameters
    ----------
    n_samples : int, default=1000
    n_features : int, default=3
        At least 3. Beyond 3 the roll is turned by a random rotation of the larger space.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise, added in all directions.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    sheet : ndarray of shape (n_samples, 2)
        Arc length along the roll, and height.

    References
    ----------
    Huguet et al., "A Heat Diffusion Perspective on Geodesic Preserving Dimensionality
    Reduction", NeurIPS 2023, arXiv 2305.19043 (sizes and noise of the roll).

    Examples
    --------
    >>> from skgeom.datasets import make_swiss_roll
    >>> X, sheet = make_swiss_roll(200, noise=0.1, random_state=0)
    >>> X.shape, sheet.shape
    ((200, 3), (200, 2))
    """
    rng = check_random_state(random_state)
    angle = 1.5 * np.pi * (1 + 2 * rng.uniform(size=n_samples))
    height = 5.0 * rng.uniform(size=n_samples)
    X = np.column_stack([angle * np.cos(angle), height, angle * np.sin(angle)])
    if n_features > 3:
        X = X @ np.linalg.qr(rng.standard_normal((n_features, n_features)))[0][:3]
    X = X + noise * rng.standard_normal(X.shape)
    arc = (angle * np.sqrt(angle**2 + 1) + np.arcsinh(angle)) / 2
    return X, np.column_stack([arc, height])


@_checked(
    n_samples=[Interval(Integral, 2, None, closed="left")],
    n_features=_SOME,
    n_branches=_SOME,
    noise=_LENGTH,
)
def make_tree(n_samples=1000, *, n_features=10, n_branches=5, noise=0.0, random_state=None):
    """Draw points near a tree of random walks, together with their distances along the tree.

    The first branch is a random walk with steps uniform in [-1, 1]; each further branch starts
    at a random point of what is there and walks likewise.

    Parameters
    ----------
    n_samples : int, default=1000
        Rounded down to a multiple of `n_branches`.
    n_features : int, default=10
    n_branches : int, default=5
    noise : float, default=0.0
        Standard deviation of the Gaussian noise.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    distances : ndarray of shape (n_samples, n_samples)
        Shortest paths on the 10-nearest-neighbour graph of the noiseless points.
    branch : ndarray of shape (n_samples,)

    References
    ----------
    Huguet et al., NeurIPS 2023, arXiv 2305.19043 (the tree of the experiments).

    Examples
    --------
    >>> from skgeom.datasets import make_tree
    >>> X, distances, branch = make_tree(100, n_branches=4, random_state=0)
    >>> X.shape, distances.shape
    ((100, 10), (100, 100))
    """
    rng = check_random_state(random_state)
    length = n_samples // n_branches
    if length < 1:
        raise ValueError(f"n_samples={n_samples} is less than n_branches={n_branches}.")
    points = np.empty((0, n_features))
    for branch in range(n_branches):
        walk = np.cumsum(rng.uniform(-1, 1, (length, n_features)), axis=0)
        start = points[rng.randint(len(points))] if branch else 0.0
        points = np.concatenate([points, start + walk])
    graph = kneighbors_graph(points, min(10, len(points) - 1), mode="distance")
    distances = dijkstra(graph.maximum(graph.T), directed=False)
    X = points + noise * rng.standard_normal(points.shape)
    return X, distances, np.repeat(np.arange(n_branches), length)


@_checked(
    n_nodes=_SOME,
    n_blocks=_SOME,
    mean_degree=_LENGTH,
    mixing=[Interval(Real, 0, 1, closed="both")],
)
def make_block_model(n_nodes=1000, *, n_blocks=5, mean_degree=10.0, mixing=0.2, random_state=None):
    """Draw a network with planted communities (stochastic block model).

    Parameters
    ----------
    n_nodes : int, default=1000
    n_blocks : int, default=5
        Communities of nearly equal size.
    mean_degree : float, default=10.0
        Expected number of neighbours (self loops and repeated edges are then dropped).
    mixing : float, default=0.2
        Share of the edges that ignore the communities, in [0, 1].
    random_state : int, RandomState or None, default=None

    Returns
    -------
    adjacency : csr_array of shape (n_nodes, n_nodes), float32
        Symmetric, weights 1, no self loops.
    labels : ndarray of shape (n_nodes,)
        Community of each node.

    References
    ----------
    Holland, Laskey, Leinhardt, "Stochastic blockmodels: First steps", Social Networks 5, 1983.

    Examples
    --------
    >>> from skgeom.datasets import make_block_model
    >>> adjacency, labels = make_block_model(100, n_blocks=2, random_state=0)
    >>> adjacency.shape, labels.shape
    ((100, 100), (100,))
    """
    rng = check_random_state(random_state)
    labels = np.sort(np.arange(n_nodes) % n_blocks)
    starts = np.searchsorted(labels, np.arange(n_blocks + 1))
    n_edges = round(n_nodes * mean_degree / 2)
    source = rng.randint(n_nodes, size=n_edges)
    target = rng.randint(n_nodes, size=n_edges)
    within = rng.uniform(size=n_edges) >= mixing
    block = labels[source[within]]
    sizes = np.diff(starts)[block]
    target[within] = starts[block] + (rng.uniform(size=len(block)) * sizes).astype(np.int64)
    return _simple_graph(source, target, n_nodes), labels


@_checked(scale=[Interval(Integral, 0, 31, closed="left")], edge_factor=_COUNT)
def make_rmat(scale=14, *, edge_factor=16, random_state=None):
    """Draw a network with heavy-tailed degrees by recursive quadrant choice (R-MAT).

    Parameters
    ----------
    scale : int, default=14
        The network has ``2 ** scale`` nodes.
    edge_factor : int, default=16
        Drawn edges per node; repeated edges and self loops are then dropped.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    adjacency : csr_array of shape (2 ** scale, 2 ** scale), float32
        Symmetric, weights 1.

    References
    ----------
    Chakrabarti, Zhan, Faloutsos, "R-MAT: A recursive model for graph mining", SDM 2004; with
    the quadrant probabilities 0.57, 0.19, 0.19, 0.05 of the Graph500 benchmark.

    Examples
    --------
    >>> from skgeom.datasets import make_rmat
    >>> make_rmat(6, random_state=0).shape
    (64, 64)
    """
    rng = check_random_state(random_state)
    n_edges = edge_factor << scale
    source = np.zeros(n_edges, np.int64)
    target = np.zeros(n_edges, np.int64)
    for _ in range(scale):
        draw = rng.uniform(size=n_edges)
        source = 2 * source + (draw >= 0.76)
        target = 2 * target + (((draw >= 0.57) & (draw < 0.76)) | (draw >= 0.95))
    return _simple_graph(source, target, 1 << scale)


def _simple_graph(source, target, n_nodes):
    """Symmetric adjacency with weights 1, without self loops and repeated edges."""
    kept = source != target
    rows = np.concatenate([source[kept], target[kept]]).astype(np.int32)
    columns = np.concatenate([target[kept], source[kept]]).astype(np.int32)
    shape = (n_nodes, n_nodes)
    adjacency = sp.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    adjacency.sum_duplicates()
    adjacency.data[:] = 1
    return adjacency


@_checked(
    n_trials=_SOME,
    n_channels=_SOME,
    n_times=[Interval(Integral, 2, None, closed="left")],
    frequencies=["array-like"],
    sfreq=_POSITIVE,
    radius=[Interval(Real, 0, 1, closed="neither")],
)
def make_spectral_trials(
    n_trials=100,
    *,
    n_channels=3,
    n_times=500,
    frequencies=(10.0, 13.0),
    sfreq=160.0,
    radius=0.9,
    random_state=None,
):
    """Draw multichannel trials whose classes differ in rhythm and not in power.

    Each channel is an AR(2) process with poles at the class's frequency, scaled to variance 1;
    all trials are mixed by one matrix. Spatial covariances are alike in all classes.

    Parameters
    ----------
    n_trials : int, default=100
    n_channels : int, default=3
    n_times : int, default=500
    frequencies : sequence of float, default=(10.0, 13.0)
        One resonance per class, in Hz.
    sfreq : float, default=160.0
        Sampling rate in Hz.
    radius : float, default=0.9
        Modulus of the poles, in (0, 1): how sharp the resonance is.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    X : ndarray of shape (n_trials, n_channels, n_times)
    y : ndarray of shape (n_trials,)
        Class of each trial.

    Examples
    --------
    >>> from skgeom.datasets import make_spectral_trials
    >>> X, y = make_spectral_trials(6, n_times=50, random_state=0)
    >>> X.shape, y.tolist()
    ((6, 3, 50), [0, 1, 0, 1, 0, 1])
    """
    _check_sequence(frequencies, "frequencies")
    rng = check_random_state(random_state)
    y = np.arange(n_trials) % len(frequencies)
    burn_in = 200
    noise = rng.standard_normal((n_trials, n_channels, n_times + burn_in))
    X = np.empty((n_trials, n_channels, n_times))
    for label, frequency in enumerate(frequencies):
        angle = 2 * np.pi * frequency / sfreq
        poles = [1.0, -2 * radius * np.cos(angle), radius**2]
        X[y == label] = lfilter([1.0], poles, noise[y == label])[:, :, burn_in:]
    X /= X.std(axis=2, keepdims=True)
    mixing = rng.standard_normal((n_channels, n_channels)) / np.sqrt(n_channels)
    return (mixing + np.eye(n_channels)) @ X, y


@_checked(n_samples=_SOME, n_groups=_SOME, n_features=_SOME, separation=_LENGTH, n_outliers=_COUNT)
def make_gaussian_groups(
    n_samples=600, *, n_groups=2, n_features=10, separation=6.0, n_outliers=0, random_state=None
):
    """Draw groups of unit-variance Gaussian points at a known distance from each other.

    Parameters
    ----------
    n_samples : int, default=600
    n_groups : int, default=2
        At most ``n_features + 1``: the centres form a regular simplex.
    n_features : int, default=10
    separation : float, default=6.0
        Distance between any two centres.
    n_outliers : int, default=0
        Points appended with four times the spread, labelled -1.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples + n_outliers, n_features)
    y : ndarray of shape (n_samples + n_outliers,)
        Group of each point.

    Examples
    --------
    >>> from skgeom.datasets import make_gaussian_groups
    >>> X, y = make_gaussian_groups(20, n_groups=3, random_state=0)
    >>> X.shape, sorted(set(y.tolist()))
    ((20, 10), [0, 1, 2])
    """
    if n_groups > n_features + 1:
        raise ValueError(f"n_groups={n_groups} must be at most n_features + 1 = {n_features + 1}.")
    rng = check_random_state(random_state)
    y = np.arange(n_samples) % n_groups
    centres = np.zeros((n_groups, n_features))
    # the corners of a simplex live in n_groups - 1 dimensions: drop the constant direction
    basis = np.linalg.svd(np.eye(n_groups) - 1 / n_groups)[0][:, : n_groups - 1]
    centres[:, : n_groups - 1] = basis * separation / np.sqrt(2)
    X = centres[y] + rng.standard_normal((n_samples, n_features))
    outliers = centres.mean(axis=0) + 4 * rng.standard_normal((n_outliers, n_features))
    return np.concatenate([X, outliers]), np.concatenate([y, np.full(n_outliers, -1)])


@_checked(n_samples=_COUNT, n_outliers=_COUNT, inner=_LENGTH, outer=_POSITIVE)
def make_noisy_annulus(n_samples=300, *, n_outliers=100, inner=0.85, outer=1.0, random_state=None):
    """Draw points of a planar annulus among uniform outliers in its bounding square.

    One-parameter persistence loses the hole in the outliers; distance and density together keep
    it.

    Parameters
    ----------
    n_samples : int, default=300
        Points on the annulus.
    n_outliers : int, default=100
        Points in the square.
    inner, outer : float, default=0.85 and 1.0
        Radii of the annulus.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples + n_outliers, 2)
    on_annulus : ndarray of bool, shape (n_samples + n_outliers,)

    Examples
    --------
    >>> from skgeom.datasets import make_noisy_annulus
    >>> X, on_annulus = make_noisy_annulus(30, n_outliers=10, random_state=0)
    >>> X.shape, int(on_annulus.sum())
    ((40, 2), 30)
    """
    rng = check_random_state(random_state)
    radius = np.sqrt(rng.uniform(inner**2, outer**2, n_samples))
    angle = rng.uniform(0, 2 * np.pi, n_samples)
    ring = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    X = np.concatenate([ring, rng.uniform(-outer, outer, (n_outliers, 2))])
    on_annulus = np.arange(len(X)) < n_samples
    order = rng.permutation(len(X))
    return X[order], on_annulus[order]


@_checked(n_clouds=_SOME, n_points=_COUNT, parameters=["array-like"])
def make_orbits(
    n_clouds=50, *, n_points=1000, parameters=(2.5, 3.5, 4.0, 4.1, 4.3), random_state=None
):
    """Draw orbits of the linked twist map, a standard set for persistence features.

    ``x' = x + r y (1 - y) mod 1``, ``y' = y + r x' (1 - x') mod 1`` from a random start.

    Parameters
    ----------
    n_clouds : int, default=50
    n_points : int, default=1000
        Points per orbit.
    parameters : sequence of float
        One value of r per class.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    X : ndarray of shape (n_clouds, n_points, 2)
    y : ndarray of shape (n_clouds,)
        Class of each orbit.

    References
    ----------
    Adams et al., "Persistence Images", JMLR 18, 2017, section 6.4.1.

    Examples
    --------
    >>> from skgeom.datasets import make_orbits
    >>> X, y = make_orbits(5, n_points=20, random_state=0)
    >>> X.shape, y.tolist()
    ((5, 20, 2), [0, 1, 2, 3, 4])
    """
    _check_sequence(parameters, "parameters")
    rng = check_random_state(random_state)
    target = np.arange(n_clouds) % len(parameters)
    r = np.asarray(parameters)[target]
    X = np.empty((n_clouds, n_points, 2))
    x, y = rng.uniform(size=(2, n_clouds))
    for step in range(n_points):
        x = (x + r * y * (1 - y)) % 1
        y = (y + r * x * (1 - x)) % 1
        X[:, step] = np.column_stack([x, y])
    return X, target
