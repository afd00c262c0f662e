"""From logarithms of the heat kernel to dissimilarities."""

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import gammaln, kve
from sklearn.metrics import euclidean_distances

from skgeom._core.parallel import parallel_rows
from skgeom.manifold._kernels import heat_distance_rows, weighted_row_distances

DISSIMILARITIES = ("heat", "triplet", "potential", "diffusion", "log_ratio", "shortest_path")


def heat_distance(log_h, log_rows, log_columns, t, sigma=1.0, *, euler_steps=None, n_jobs=None):
    """Varadhan's distance with the volume term taken out.

    ``d_ij^2 = max(0, -4t log h_ij - sigma 4t log v_ij)`` with ``v_ij = 2 / (h_ii + h_jj)``.

    Parameters
    ----------
    log_h : array of shape (n, p)
    log_rows : array of shape (n,)
        ``log h_ii`` of the rows' nodes.
    log_columns : array of shape (p,)
    t : float
    sigma : float, default=1
    euler_steps : int or None, default=None
        When the kernel is that of so many implicit steps: invert that scheme's kernel on the line,
        ``r^nu K_nu(r sqrt(K/t))`` with nu = K - 1/2, in place of the Gaussian.
    n_jobs : int or None

    Returns
    -------
    d : float64 array of shape (n, p)
    """
    log_h = np.ascontiguousarray(log_h)
    out = np.empty(log_h.shape)
    factor = 4.0 * t if euler_steps is None else 1.0
    parallel_rows(
        heat_distance_rows, len(log_h), log_h, np.ascontiguousarray(log_rows),
        np.ascontiguousarray(log_columns), factor, float(sigma), out, n_jobs=n_jobs,
    )  # fmt: skip
    if euler_steps is not None:
        out = _invert_euler(out**2, t, euler_steps)
    return out


def _invert_euler(gap, t, n_steps):
    """Distance r at which the K-step implicit kernel on the line has fallen by ``exp(-gap)``."""
    rate = np.sqrt(n_steps / t)
    if n_steps == 1:
        return gap / rate
    order = n_steps - 0.5
    most = 2.0 * gap[np.isfinite(gap)].max(initial=1.0) + 20.0 * order + 20.0
    x = np.geomspace(1e-4, most, 4000)
    with np.errstate(over="ignore", invalid="ignore"):
        fall = (order - 1) * np.log(2.0) + gammaln(order) + x
        fall -= order * np.log(x) + np.log(kve(order, x))
    # near 0 the Bessel function overflows and the difference cancels: leading term there
    leading = x**2 / (4.0 * (order - 1.0))
    fall = np.where(np.isfinite(fall) & (leading > 1e-7), fall, leading)
    keep = np.concatenate([[True], np.diff(np.maximum.accumulate(fall)) > 0])
    inverse = PchipInterpolator(np.log(fall[keep]), np.log(x[keep]))
    with np.errstate(divide="ignore"):
        r = np.exp(inverse(np.log(np.maximum(gap, fall[0])))) / rate
    return np.where(gap > fall[0], r, np.sqrt(4.0 * (order - 1.0) * gap) / rate)


def diffusion_distance(log_h, log_rows, log_columns):
    """``sqrt(h_ii + h_jj - 2 h_ij)`` of the kernel at 2t: the distance of rows at t."""
    square = np.exp(log_rows)[:, None] + np.exp(log_columns) - 2.0 * np.exp(log_h)
    return np.sqrt(np.maximum(square, 0.0))


def row_distances(rows, others, weights=None, *, n_jobs=None):
    """Weighted Euclidean distances of rows, each computed alone.

    Parameters
    ----------
    rows : array of shape (n, q)
    others : array of shape (p, q)
    weights : array of shape (q,) or None

    Returns
    -------
    d : float64 array of shape (n, p)
    """
    weights = np.ones(rows.shape[1]) if weights is None else np.asarray(weights, float)
    out = np.empty((len(rows), len(others)))
    parallel_rows(
        weighted_row_distances, len(rows), np.ascontiguousarray(rows),
        np.ascontiguousarray(others), weights, out, n_jobs=n_jobs,
    )  # fmt: skip
    return out


def all_row_distances(rows, weights=None):
    """The same between all pairs of rows, by one matrix product."""
    rows = rows - rows.mean(axis=0)  # keeps the product's cancellation small
    if weights is not None:
        rows = rows * np.sqrt(weights)
    return euclidean_distances(rows)


def time_weights(times):
    """Weights of several times: proportional to ``1 - t / sum(t)``, summing to one."""
    times = np.asarray(times, dtype=float)
    if len(times) == 1:
        return np.ones(1)
    weights = 1.0 - times / times.sum()
    return weights / weights.sum()
