"""Multidimensional scaling: classical start, conflict-free stochastic descent, SMACOF."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from joblib import effective_n_jobs
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh, pinvh
from scipy.optimize import isotonic_regression
from scipy.sparse.linalg import LinearOperator, eigsh

from skgeom._core.checks import real_array
from skgeom._core.parallel import even_ranges, parallel_ranges
from skgeom.manifold._kernels import guttman_rows, sgd_inside_tiles, sgd_tile_pairs

_TILE = 64
# below this size a sweep is over before threads have started
_SERIAL_BELOW = 2000
# a pair that weighs less, of a largest weight of 1, does not slow the descent down for the others
_LEAST_WEIGHT = 1e-30
_NO_WEIGHTS = np.empty((0, 0))


def classical_mds(distances, n_components):
    """Torgerson's scaling: leading eigenvectors of the doubly centred squared distances.

    Parameters
    ----------
    distances : array of shape (n, n)
    n_components : int

    Returns
    -------
    positions : float64 array of shape (n, n_components)
        Centred; the entry of largest size of each column is positive.
    """
    distances = real_array(distances, "distances")
    n = len(distances) if distances.ndim else 0
    if distances.shape != (n, n) or not np.isfinite(distances).all():
        raise ValueError(
            f"distances must be a finite square matrix, got shape {distances.shape} with "
            f"{np.count_nonzero(~np.isfinite(distances))} entries that are not finite."
        )
    if not 1 <= n_components <= n:
        raise ValueError(f"n_components must be from 1 to {n}, got {n_components!r}.")
    # in a unit near the largest one, whose square is in range; a power of two rounds nothing
    unit = 2.0 ** np.frexp(np.abs(distances).max())[1]
    square = (distances / unit) ** 2
    if n <= 256 or n_components > n // 4:
        B = square - square.mean(axis=0)
        B = -0.5 * (B - B.mean(axis=1, keepdims=True))
        # all of them: LAPACK returns none of a subset that begins inside a multiple eigenvalue
        values, vectors = eigh(0.5 * (B + B.T), driver="evd")
        values, vectors = values[n - n_components :], vectors[:, n - n_components :]
    else:

        def centred_product(v):
            v = np.ravel(v)
            v = square @ (v - v.mean())
            return -0.5 * (v - v.mean())

        operator = LinearOperator((n, n), matvec=centred_product, dtype=np.float64)
        start = np.random.RandomState(0).standard_normal(n)  # any start will do; always this one
        values, vectors = eigsh(operator, n_components, which="LA", tol=1e-6, v0=start)
    order = np.argsort(-values, kind="stable")
    positions = vectors[:, order] * np.sqrt(np.maximum(values[order], 0.0))
    largest = np.argmax(np.abs(positions), axis=0)
    signs = np.sign(positions[largest, np.arange(n_components)])
    return unit * positions * np.where(signs == 0, 1.0, signs)


def stress(distances, positions, weights=None, *, n_jobs=None):
    """Normalised stress ``sqrt(sum w (D - d)^2 / sum w D^2)``."""
    return _guttman(distances, positions, weights, n_jobs)[1]


def _guttman(distances, positions, weights, n_jobs):
    positions = np.ascontiguousarray(positions, dtype=np.float64)
    out = np.empty_like(positions)
    weights = _NO_WEIGHTS if weights is None else weights
    n = len(positions)
    # a partition that depends on n alone, so that the sums do not depend on n_jobs
    parts = parallel_ranges(
        guttman_rows, even_ranges(n, 64), distances, weights, positions, out, n_jobs=n_jobs
    )
    residual, total = np.sum(parts, axis=0)
    return out, float(np.sqrt(residual / total)) if total > 0 else 0.0


def smacof(distances, start, weights=None, *, max_iter=300, tol=1e-6, n_jobs=None, report=None):
    """Metric MDS by majorization (SMACOF).

    Parameters
    ----------
    distances : array of shape (n, n)
    start : array of shape (n, n_components)
    weights : array of shape (n, n) or None
        Symmetric, non-negative.
    max_iter : int
    tol : float
        Stops when an iteration lowers the stress by less than this share of it.
    report : callable or None
        Called as ``report(iteration, stress)``; stops where it returns True.

    Returns
    -------
    positions : float64 array of shape (n, n_components)
    n_iter : int
    """
    majorize = _majorizer(len(start), weights)
    positions = np.array(start, dtype=np.float64)
    before = np.inf
    for iteration in range(1, max_iter + 1):
        B, now = _guttman(distances, positions, weights, n_jobs)
        stop = report is not None and report(iteration, now)
        if stop or before - now <= tol * now:
            break
        positions = majorize(B, positions)
        before = now
    return positions, iteration


def _majorizer(n, weights):
    """The step ``Y <- V^+ B(Y) Y`` with V the Laplacian of the weights, from ``B(Y) Y`` and Y."""
    if weights is None:
        return lambda B, positions: B / n
    V = -np.asarray(weights, dtype=np.float64)
    V[np.arange(n), np.arange(n)] = 0.0
    V[np.arange(n), np.arange(n)] = -V.sum(axis=1)
    try:
        # V is singular along the constant vector: the shift makes V^+ a plain solve
        factor = cho_factor(V + np.trace(V) / n**2)
    except LinAlgError:
        # weights that leave parts unconnected: what V does not see stays as it is
        inverse = pinvh(V)
        return lambda B, positions: positions + inverse @ (B - V @ positions)
    return lambda B, positions: cho_solve(factor, B)


def nonmetric(distances, start, weights=None, *, max_iter=300, tol=1e-6, n_jobs=None, report=None):
    """Non-metric MDS: SMACOF on disparities, the best monotone function of the dissimilarities.

    Only the order of the dissimilarities counts (equal ones get equal disparities). Each
    iteration fits the disparities to the distances by isotonic regression [1]_, gives them the
    root mean square of the dissimilarities (so that the picture keeps their unit) and takes a
    majorization step.

    Parameters
    ----------
    distances, start, weights, max_iter, tol, report
        As for `smacof`.

    Returns
    -------
    positions : float64 array of shape (n, n_components)
    stress : float
        Against the disparities.
    n_iter : int
    knots : pair of arrays of shape (n_knots,)
        Dissimilarities and their disparities; in between they are interpolated.

    References
    ----------
    .. [1] J. B. Kruskal, "Nonmetric multidimensional scaling: a numerical method", Psychometrika
       29 (1964).
    """
    n = len(distances)
    i, j = np.triu_indices(n, 1)
    values, group = np.unique(distances[i, j], return_inverse=True)
    pair_weights = np.ones(len(i)) if weights is None else weights[i, j]
    mass = np.bincount(group, pair_weights)
    size = np.sqrt((mass * values**2).sum())
    positions = np.array(start, dtype=np.float64)
    disparities = np.zeros((n, n))
    before = np.inf
    for iteration in range(1, max_iter + 1):
        length = np.linalg.norm(positions[i] - positions[j], axis=1)
        mean = np.bincount(group, pair_weights * length) / np.maximum(mass, 1e-300)
        fitted = isotonic_regression(mean, weights=np.maximum(mass, 1e-300)).x
        fitted *= size / max(np.sqrt((mass * fitted**2).sum()), 1e-300)
        disparities[i, j] = disparities[j, i] = fitted[group]
        now = stress(disparities, positions, weights, n_jobs=n_jobs)
        stop = report is not None and report(iteration, now)
        if stop or before - now <= tol * now:
            break
        positions, _ = smacof(disparities, positions, weights, max_iter=2, tol=0.0, n_jobs=n_jobs)
        before = now
    return positions, now, iteration, _knots(values, fitted)


def _knots(values, fitted):
    """Ends of the flat pieces of a monotone function, from the origin on."""
    step = np.flatnonzero(np.diff(fitted) > 0)
    keep = np.unique(np.concatenate([[0], step, step + 1, [len(values) - 1]]))
    if values[0] > 0:
        return np.append(0.0, values[keep]), np.append(0.0, fitted[keep])
    return values[keep], fitted[keep]


def to_disparities(distances, knots):
    """Disparities of any dissimilarities; beyond the largest known they grow in proportion."""
    if knots is None:
        return distances
    x, y = knots
    inside = np.interp(distances, x, y)
    return np.where(distances > x[-1], distances * (y[-1] / max(x[-1], 1e-300)), inside)


def sgd(
    distances,
    start,
    weights=None,
    *,
    max_iter=30,
    eps=0.01,
    random_state=None,
    n_jobs=None,
    report=None,
):
    """Metric MDS by stochastic gradient descent over pairs, without conflicts between threads.

    The nodes are permuted once and cut into tiles; a round-robin tournament pairs the tiles, so
    that the pairs of one round share no node. The outcome does not depend on the number of
    threads. The learning rate falls exponentially from ``1 / min w`` to ``eps / max w`` and a
    pair's step is capped at its full correction [1]_.

    Parameters
    ----------
    distances : array of shape (n, n)
    start : array of shape (n, n_components)
    weights : array of shape (n, n) or None
    max_iter : int
        Number of sweeps over all pairs.
    eps : float
    random_state : RandomState
    report : callable or None
        Called as ``report(sweep, None)``; stops where it returns True.

    Returns
    -------
    positions : float64 array of shape (n, n_components)
    n_iter : int

    References
    ----------
    .. [1] J. Zheng, S. Pawar, D. Goodman, "Graph drawing by stochastic gradient descent", IEEE
       Transactions on Visualization and Computer Graphics 25 (2019), arXiv:1710.04626.
    """
    n, n_components = start.shape
    size = min(_TILE, 1 << int(np.ceil(np.log2(max(n / 2, 2)))))
    n_tiles = -(-n // size)
    order = np.full(n_tiles * size, -1)
    order[:n] = random_state.permutation(n)
    rounds, n_blocks = _tournament(n_tiles)
    inside, across = _tile_blocks(distances, order, size, rounds, n_blocks)
    empty = np.empty((0, size, size), np.float32)
    inside_weights, across_weights = empty, empty
    if weights is not None:
        weights = weights / weights.max()  # float32 holds them
        inside_weights, across_weights = _tile_blocks(weights, order, size, rounds, n_blocks)
    positions = np.zeros((n_components, n_tiles * size), np.float32)
    positions[:, :n] = np.asarray(start)[order[:n]].T
    rates = _learning_rates(weights, max_iter, eps)
    threads = 1 if n < _SERIAL_BELOW else effective_n_jobs(n_jobs)
    with _rounds(threads) as run:
        for sweep, eta in enumerate(rates):
            run(sgd_inside_tiles, n_tiles, size, inside, inside_weights, eta, positions)
            # in a fixed order of rounds, neighbouring tiles meet the same others at the same time
            # in every sweep, and the whole picture drifts with them
            for k in random_state.permutation(len(rounds)):
                pairs, offsets = rounds[k]
                run(
                    sgd_tile_pairs, len(pairs), pairs, offsets, across, across_weights, eta,
                    positions,
                )  # fmt: skip
            if report is not None and report(sweep + 1, None):
                break
    result = np.empty((n, n_components))
    result[order[:n]] = positions[:, :n].T
    return result, sweep + 1


class _rounds:
    """Runs one round of a tournament after the other on threads that live for all of them."""

    def __init__(self, n_threads):
        self.n_threads = n_threads
        self.pool = None

    def __enter__(self):
        if self.n_threads > 1:
            self.pool = ThreadPoolExecutor(self.n_threads)
        return self.run

    def __exit__(self, *error):
        if self.pool is not None:
            self.pool.shutdown()

    def run(self, kernel, n_items, *args):
        if self.pool is None or n_items < 2:
            kernel(0, n_items, *args)
            return
        ranges = even_ranges(n_items, self.n_threads)
        list(self.pool.map(lambda r: kernel(r[0], r[1], *args), ranges))


def _learning_rates(weights, max_iter, eps):
    """From ``1 / min w`` down to `eps`; the largest weight is 1."""
    first, last = 1.0, eps
    if weights is not None:
        first, last = 1.0 / weights[weights >= _LEAST_WEIGHT].min(), eps
    return np.geomspace(first, last, max_iter).astype(np.float32)


def _tournament(n_tiles):
    """Circle method: rounds of disjoint tile pairs, and where each pair's block lies."""
    if n_tiles == 1:
        return [], 0
    players = list(range(n_tiles + n_tiles % 2))
    rounds, count = [], 0
    for _ in range(len(players) - 1):
        half = len(players) // 2
        pairs = [(players[k], players[-1 - k]) for k in range(half)]
        pairs = [(min(p), max(p)) for p in pairs if max(p) < n_tiles]
        rounds.append((np.array(pairs), np.arange(count, count + len(pairs))))
        count += len(pairs)
        players = [players[0], players[-1], *players[1:-1]]
    return rounds, count


def _tile_blocks(matrix, order, size, rounds, n_blocks):
    """Blocks of a permuted matrix: the diagonal ones plain, the others by wrapped diagonals."""
    n_tiles = len(order) // size
    absent = order < 0
    wrap = (np.arange(size)[:, None] + np.arange(size)) % size
    inside = np.empty((n_tiles, size, size), np.float32)
    across = np.empty((n_blocks, size, size), np.float32)
    for tile in range(n_tiles):
        own = slice(tile * size, (tile + 1) * size)
        inside[tile] = matrix[np.ix_(order[own], order[own])]
        inside[tile][absent[own]] = -1.0
        inside[tile][:, absent[own]] = -1.0
    for pairs, offsets in rounds:
        for (a, b), offset in zip(pairs, offsets):
            rows = order[a * size : (a + 1) * size]
            columns = order[b * size : (b + 1) * size][wrap]
            across[offset] = matrix[rows, columns]
            across[offset][(rows < 0) | (columns < 0)] = -1.0
    return inside, across
