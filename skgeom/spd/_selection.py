"""Rules that choose order and lag from the signals alone."""

from numbers import Integral

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom._core.checks import check_trials
from skgeom._core.parallel import parallel_map, single_blas_thread
from skgeom.spd._kernels import (
    add_coordinate,
    binned_information,
    mean_log_growth,
    nearest_outside,
    neighbour_growth,
)
from skgeom.spd._lags import lag_moments
from skgeom.spd._regularize import FLOOR
from skgeom.spd._siegel import _levinson

RULES = ("ami_cao", "ami_fnn", "mdop", "ar_aic", "ar_bic", "ar_hq", "ar_aicc")
N_BINS = 16
# How far the first minimum of a single channel's mutual information is searched.
LONGEST_MINIMUM = 100
# Kennel's tolerances and the share of false neighbours that is good enough.
KENNEL = {"rtol": 10.0, "atol": 2.0, "enough": 0.05}
# Settings of MDOP.
MDOP_DELAYS, MDOP_RATIO, MDOP_ENOUGH, MDOP_CYCLES = 50, 2.0, 0.05, 50


@validate_params(
    {
        "method": [StrOptions(set(RULES))],
        "lag": [Interval(Integral, 1, None, closed="left")],
        "max_order": [Interval(Integral, 1, None, closed="left")],
        "max_lag": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def select_embedding(X, *, method="ami_cao", lag=1, max_order=10, max_lag=30, n_jobs=None):
    """Choose order and lag of the augmented covariance from trials, without labels.

    Parameters
    ----------
    X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        Signals.
    method : {"ami_cao", "ami_fnn", "mdop", "ar_aic", "ar_bic", "ar_hq", "ar_aicc"}, \
            default="ami_cao"
        - "ami_cao": lag at the first minimum of the average mutual information, order at the
          first maximum of Cao's averaged E1 [1]_;
        - "ami_fnn": the same lag, order where at most 5 % of the nearest neighbours are false
          [2]_;
        - "mdop": both from maximising derivatives on projection [3]_; long lags, so shrink;
        - "ar_aic", "ar_bic", "ar_hq", "ar_aicc": order of a vector autoregression at the given
          `lag`, by information criteria averaged over trials.
    lag : int, default=1
        Lag in samples for the "ar_*" rules.
    max_order, max_lag : int, default=10 and 30
        Largest order and lag. The order is also held to ``order * lag < n_times / 3`` and
        ``order * n_channels <= n_times / 2``.
    n_jobs : int or None, default=None
        Number of threads over trials.

    Returns
    -------
    selection : Bunch
        ``order``, ``lag``, ``method`` and the curves of the rule: ``mutual_information`` (bits at
        delays 0 .. max_lag), ``e1`` or ``false_neighbours`` (orders 1 .. max_order), ``criterion``
        (AR orders 0 .. max_order), or ``orders`` and ``lags`` of each trial ("mdop").

    References
    ----------
    .. [1] L. Cao, "Practical method for determining the minimum embedding dimension of a scalar
       time series", Physica D 110, 1997.
    .. [2] M. Kennel, R. Brown, H. Abarbanel, "Determining embedding dimension for phase-space
       reconstruction using a geometrical construction", Physical Review A 45, 1992.
    .. [3] C. Nichkawde, "Optimal state-space reconstruction using derivatives on projected
       manifold", Physical Review E 87, 2013.

    Examples
    --------
    >>> from skgeom.datasets import make_spectral_trials
    >>> from skgeom.spd import select_embedding
    >>> X, _ = make_spectral_trials(10, n_channels=2, n_times=2000, random_state=0)
    >>> select_embedding(X, method="ar_bic").order
    2
    """
    trials = list(check_trials(X, min_times=8, allow_flat=False))
    if method.startswith("ar_"):
        result = _by_criterion(trials, method[3:], lag, max_order)
    elif method == "mdop":
        result = _by_mdop(trials, max_order, max_lag, n_jobs)
    else:
        result = _by_mutual_information(trials, method, max_order, max_lag, n_jobs)
    n_channels, n_times = trials[0].shape[0], min(trial.shape[1] for trial in trials)
    caps = (max_order, (n_times - 1) // (3 * result.lag), n_times // (2 * n_channels))
    result.order = int(max(1, min(result.order, *caps)))
    result.method = method
    return result


def mutual_information(x, max_lag):
    """Mutual information of a series and its delayed copies, in bits.

    Parameters
    ----------
    x : ndarray of shape (N,)
    max_lag : int

    Returns
    -------
    information : ndarray of shape (max_lag + 1,)
        Plug-in estimate over 16 x 16 bins of equal mass.
    """
    n = len(x)
    ranks = np.empty(n, dtype=np.int64)
    ranks[np.argsort(x, kind="stable")] = np.arange(n)
    bins = ranks * N_BINS // n
    information = np.full(max_lag + 1, np.nan)
    known = min(max_lag, n - 2) + 1
    information[:known] = binned_information(bins, N_BINS, known)
    return information


def first_minimum(curve, start=1):
    """Index of the first local minimum from `start` on; of the least value without one.

    A curve without values there, of a series that is too short, gives `start`.
    """
    for k in range(start, len(curve) - 1):
        if curve[k] < curve[k - 1] and curve[k] <= curve[k + 1]:
            return k
    known = np.where(np.isnan(curve[start:]), np.inf, curve[start:])
    return start + int(np.argmin(known))


def _by_mutual_information(trials, method, max_order, max_lag, n_jobs):
    kennel = (KENNEL["rtol"], KENNEL["atol"])

    def channels(trial):
        longest = min(LONGEST_MINIMUM, trial.shape[1] // 3)
        curves, growths, shares = [], [], []
        for x in trial:
            curve = mutual_information(x, max(longest, max_lag))
            growth, share = neighbour_growth(
                x, first_minimum(curve[: longest + 1]), max_order + 1, *kennel
            )
            curves.append(curve[: max_lag + 1])
            growths.append(growth[1:] / growth[:-1])
            shares.append(share[:max_order])
        return np.array(curves), np.array(growths), np.array(shares)

    parts = [np.concatenate(part) for part in zip(*parallel_map(channels, trials, n_jobs))]
    curve = _mean_of_known(parts[0])
    result = Bunch(lag=first_minimum(curve), mutual_information=curve)
    if method == "ami_cao":
        result.e1 = _mean_of_known(parts[1])
        several = np.isfinite(result.e1[1:]).any()
        result.order = 1 + first_minimum(-result.e1, start=1) if several else 1
    else:
        result.false_neighbours = _mean_of_known(parts[2])
        good = np.flatnonzero(result.false_neighbours <= KENNEL["enough"])
        if len(good) == 0 and np.isfinite(result.false_neighbours).any():
            good = [np.nanargmin(result.false_neighbours)]
        result.order = 1 + int(good[0]) if len(good) else 1
    return result


def _mean_of_known(rows):
    """Mean over rows without NaN; NaN where no row has a value."""
    known = np.isfinite(rows)
    total = np.where(known, rows, 0.0).sum(axis=0)
    return np.divide(
        total, known.sum(axis=0), out=np.full(total.shape, np.nan), where=known.any(axis=0)
    )


def _by_criterion(trials, name, lag, max_order):
    curves = []
    with single_blas_thread():
        for trial in trials:
            X = trial - trial.mean(axis=1, keepdims=True)
            n_times = X.shape[1]
            last = min(max_order, (n_times - 1) // lag)
            moments = lag_moments(X[None], lag * np.arange(last + 1))
            R = np.stack([moments[lag * k][0].T for k in range(last + 1)])
            errors = np.linalg.slogdet(np.stack(_prediction_errors(R)))[1]
            curve = np.full(max_order + 1, np.nan)
            curve[: last + 1] = errors + _penalty(name, np.arange(last + 1), len(X), n_times)
            curves.append(curve)
    criterion = _mean_of_known(np.array(curves))
    order = max(1, int(np.nanargmin(criterion)))
    return Bunch(order=order, lag=lag, criterion=criterion)


def _prediction_errors(R):
    """Error covariances of all orders; dependent channels are told apart by a little noise."""
    try:
        return _levinson(R)[1]
    except (np.linalg.LinAlgError, ValueError):
        level = FLOOR * np.trace(R[0]) / len(R[0])
        return _levinson(np.concatenate([R[:1] + level * np.eye(len(R[0])), R[1:]]))[1]


def _penalty(name, order, n_channels, n_times):
    k = order * n_channels**2
    if name == "aic":
        return 2.0 * k / n_times
    if name == "bic":
        return k * np.log(n_times) / n_times
    if name == "hq":
        return 2.0 * k * np.log(np.log(n_times)) / n_times
    free = n_times - k - 1.0
    return np.where(free > 0, 2.0 * k / np.maximum(free, 1e-300), np.inf)


def _by_mdop(trials, max_order, max_lag, n_jobs):
    delays = parallel_map(mdop_delays, trials, n_jobs)
    orders = np.array([len(kept) for kept in delays])
    lags = np.array([round(np.mean(kept)) for kept in delays])
    lag = min(max(1, round(lags.mean())), max_lag)
    return Bunch(order=round(orders.mean()), lag=lag, orders=orders, lags=lags)


def mdop_delays(trial):
    """Delays that maximise derivatives on projection, for one trial.

    Parameters
    ----------
    trial : ndarray of shape (n_channels, n_times)

    Returns
    -------
    delays : list of int
        Starts with 0; the delay found last, which no longer helped, is left out.
    """
    X = trial - trial.mean(axis=1, keepdims=True)
    X = np.ascontiguousarray(X / X.std(axis=1, keepdims=True))
    n_times = X.shape[1]
    max_delay = min(MDOP_DELAYS, n_times // 3)
    longest = min(LONGEST_MINIMUM, n_times // 4)
    theiler = max(first_minimum(mutual_information(x, longest)) for x in X)
    n = n_times - max_delay
    squares, channel, delay = _mdop_start(X, n, theiler, max_delay)
    nearest = nearest_outside(squares, theiler)
    delays, share = [0], 1.0
    for _ in range(MDOP_CYCLES):
        old = np.sqrt(squares[np.arange(n), nearest])
        add_coordinate(squares, X[channel, delay : delay + n])
        with np.errstate(divide="ignore", invalid="ignore"):  # neighbours at the same place
            ratio = np.sqrt(squares[np.arange(n), nearest]) / old
        close = (nearest >= 0) & (old < 1.0 / MDOP_RATIO)
        new_share = np.mean(ratio[close] > MDOP_RATIO) if close.any() else 1.0
        delays.append(int(delay))
        if new_share <= MDOP_ENOUGH or new_share > share:
            break
        share = new_share
        nearest = nearest_outside(squares, theiler)
        beta = mean_log_growth(X, nearest, squares, max_delay)
        channel, delay = np.unravel_index(np.argmax(beta), beta.shape)
    return delays[:-1]


def _mdop_start(X, n, theiler, max_delay):
    """The first channel, and the channel and delay that tell most beside it."""
    best, start = -np.inf, None
    for a in range(len(X)):
        squares = np.zeros((n, n))
        add_coordinate(squares, X[a, :n])
        beta = mean_log_growth(X, nearest_outside(squares, theiler), squares, max_delay)
        if start is None or beta.max() > best:
            best = beta.max()
            start = squares, *np.unravel_index(np.argmax(beta), beta.shape)
    return start
