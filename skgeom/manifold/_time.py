"""How long to diffuse: the entropy of the heat rows against its limit."""

from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from scipy.sparse.csgraph import connected_components
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom.manifold._affinity import LAPLACIANS
from skgeom.manifold._affinity import laplacian as make_laplacian
from skgeom.manifold._heat import heat_action

# exponents of two of the grid of times, in batches: later ones only where they are needed
_BATCHES = ((-4.0, 7.0), (7.0, 9.0), (9.0, 11.0), (11.0, 12.0), (12.0, 14.0), (14.0, 16.0),
            (16.0, 18.0))  # fmt: skip
# steps of the exponents: the knee is a time of the grid, the entropy's time lies between two
_STEPS = {"entropy": 1.0, "knee": 0.5}
# the knee is sought on times up to this share of the entropy's limit
_SATURATION = 0.999


@validate_params(
    {
        "affinity": ["array-like", "sparse matrix"],
        "rule": [StrOptions({"entropy", "knee"})],
        "share": [Interval(Real, 0, 1, closed="neither")],
        "laplacian": [StrOptions(set(LAPLACIANS))],
        "n_rows": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    },
    prefer_skip_nested_validation=True,
)
def select_time(
    affinity,
    *,
    rule="entropy",
    share=0.93,
    laplacian="random_walk",
    n_rows=64,
    random_state=None,
    n_jobs=None,
):
    """Diffusion time at which heat has spread to a given degree.

    The entropy of the normalised rows of ``exp(-tL)``, averaged over rows, grows from 0 to that
    of the stationary distribution of each row's component.

    Parameters
    ----------
    affinity : csr_array of shape (n, n)
        Symmetric affinities; its components need not be connected.
    rule : {"entropy", "knee"}, default="entropy"
        "entropy": the time at which the entropy is `share` of its limit. "knee": where the
        entropy over log t bends most (the point farthest above the chord, as in Kneedle), on a
        grid that ends at 99.9 % of the limit.
    share : float in (0, 1), default=0.93
    laplacian : {"random_walk", "normalized", "combinatorial"}, default="random_walk"
    n_rows : int, default=64
        The entropy is averaged over at most that many rows, drawn without replacement.
    random_state : int, RandomState or None
    n_jobs : int or None

    Returns
    -------
    t : float
    t_grid : ndarray of shape (n_grid,)
        Times at which the entropy was computed, a factor of 2 apart (root of 2 for "knee").
    entropy : ndarray of shape (n_grid,)
        Mean entropy at these times as a share of its limit.

    References
    ----------
    .. [1] V. Satopaa, J. Albrecht, D. Irwin, B. Raghavan, "Finding a 'Kneedle' in a Haystack",
       ICDCS Workshops (2011).
    """
    # the random walk's kernel is similar to the normalized one and has the same rows
    kind = "combinatorial" if laplacian == "combinatorial" else "normalized"
    W = sp.csr_array(affinity)
    L = make_laplacian(W, kind)
    n = W.shape[0]
    measure = np.ones(n) if kind == "combinatorial" else np.sqrt(W.sum(axis=1))
    rows = np.arange(n)
    if n > n_rows:
        rows = np.sort(check_random_state(random_state).choice(n, n_rows, replace=False))
    limit = _limit_entropy(W, measure, rows)
    wanted = share if rule == "entropy" else _SATURATION
    grid, entropy = _entropy_grid(L, rows, measure, limit, wanted, _STEPS[rule], n_jobs)
    if rule == "entropy":
        t = _time_at(grid, entropy, share)
    else:
        end = int(np.searchsorted(entropy, _SATURATION)) + 1
        t = _knee(grid[:end], entropy[:end])
    return t, grid, entropy


def _limit_entropy(W, measure, rows):
    _, labels = connected_components(W, directed=False)
    mass = measure**2
    share = mass / np.maximum(np.bincount(labels, mass)[labels], 1e-300)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(share > 0, -share * np.log(share), 0.0)
    limit = np.bincount(labels, parts)[labels[rows]].mean()
    return limit if limit > 0 else 1.0


def _entropy_grid(L, rows, measure, limit, wanted, step, n_jobs):
    unit = np.zeros((L.shape[0], len(rows)))
    unit[rows, np.arange(len(rows))] = 1.0
    # heat leaves a node at the rate of its degree: whatever the weights' unit, the grid fits it
    rate = np.frexp(L.diagonal().mean())[1] - 1
    grid, entropy = [], []
    for first, last in _BATCHES:
        times = 2.0 ** (np.arange(first, last, step) - rate)
        heat = heat_action(L, times, unit, method="chebyshev", tol=1e-10, n_jobs=n_jobs)
        grid.extend(times)
        entropy.extend(_mean_entropy(H, measure) / limit for H in heat)
        if entropy[-1] >= wanted:
            break
    # rounding and the sample of rows may bend the curve down by a hair near its limit
    return np.array(grid), np.maximum.accumulate(entropy)


def _mean_entropy(columns, measure):
    p = np.maximum(columns, 0.0) * measure[:, None]
    p /= np.maximum(p.sum(axis=0), 1e-300)
    return -(p * np.log(np.maximum(p, 1e-300))).sum(axis=0).mean()


def _time_at(grid, entropy, share):
    if entropy[0] >= share:
        return float(grid[0])
    if entropy[-1] < share:
        return float(grid[-1])
    k = int(np.searchsorted(entropy, share))
    if entropy[k] == share:
        return float(grid[k])
    curve = PchipInterpolator(np.log(grid), entropy)
    low, high = np.log(grid[k - 1]), np.log(grid[k])
    return float(np.exp(brentq(lambda u: curve(u) - share, low, high, xtol=1e-10)))


def _knee(grid, entropy):
    x = np.log(grid)
    x = (x - x[0]) / (x[-1] - x[0])
    y = (entropy - entropy[0]) / max(entropy[-1] - entropy[0], 1e-300)
    return float(grid[np.argmax(y - x)])
