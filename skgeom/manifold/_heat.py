"""Heat on a graph: ``exp(-tL) B`` and ``log exp(-tL)``, with relative accuracy of each entry."""

from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from joblib import effective_n_jobs
from scipy.linalg import eigh
from scipy.sparse.csgraph import breadth_first_order, reverse_cuthill_mckee
from scipy.sparse.linalg import eigsh, splu
from scipy.special import ive
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom._core.checks import check_graph, real_array
from skgeom._core.parallel import parallel_ranges, parallel_rows, weighted_ranges
from skgeom._core.sparse import aligned_empty
from skgeom.manifold._kernels import COLUMN_STEP, complete_columns, recurrence_rows

ACTIONS = ("series", "chebyshev", "euler", "lowrank", "eigh")
HEAT_METHODS = ("auto", "squaring", "power", *ACTIONS)
# smallest float that is still normal, with room for one more product
TINY = 1e-290
# a series step longer than this (in units of 1 / max L_ii) is cut, so that exp(tq) stays finite
_LONGEST_STEP = 256.0
# a longer series would look like a hang
_MOST_PRODUCTS = 1e6
# in units of 1 / max L_ii; the rounding error of the eigenvalue 0 times this is 1e-4
_LATEST = 1e12
_COLUMNS_PER_PASS = 64
_SQUARING_LIMIT = 3000
# multiplications of a sparse product that take the time of one of BLAS's, half of which a product
# with the own transpose needs
_DENSE_COST = 0.3 / 2
_SERIES_TOL = 1e-16
EULER_STEPS = 32
_LOW_RANK = 128
# entries of methods that are right in absolute terms are rounding below this
_ABSOLUTE_ERROR = 1e-13
_SETTINGS = {
    "order": [Interval(Integral, 1, None, closed="left"), None],
    "tol": [Interval(Real, 0, 1, closed="neither")],
}


@validate_params(
    {"method": [StrOptions(set(ACTIONS))], **_SETTINGS}, prefer_skip_nested_validation=True
)
def heat_action(L, t, B, *, method="series", order=None, tol=1e-8, n_jobs=None):
    """``exp(-t L) B`` for one or several times.

    Parameters
    ----------
    L : sparse matrix of shape (n, n)
        Laplacian: non-positive off the diagonal, non-negative on it.
    t : float or array of shape (n_times,)
        Non-negative diffusion times.
    B : array of shape (n, p)
        For relative accuracy its entries must be non-negative.
    method : {"series", "chebyshev", "euler", "lowrank", "eigh"}, default="series"
        - "series": uniformization, ``e^-tq sum_k (tq)^k/k! (I - L/q)^k B`` with q the largest
          diagonal entry. Only non-negative terms are added: each entry is right in relative
          terms, however small it is. About tq products with L.
        - "chebyshev": about sqrt(t) products; the error is absolute (`tol` times the norm of a
          column). For symmetric L.
        - "euler": `order` implicit steps ``((I + t/K L)^-1)^K B`` by one sparse factor. Also right
          in relative terms, for the K-step kernel, whose tail is exponential.
        - "lowrank": the `order` slowest eigenpairs of a symmetric L, for large t; what is left out
          is below ``exp(-t lambda)`` of the last of them.
        - "eigh": all eigenpairs of a dense symmetric L; the error is absolute, near 1e-15.
    order : int or None, default=None
        Number of terms, steps or eigenpairs; when None from `tol`, 32 steps for "euler", 128
        eigenpairs for "lowrank". "eigh" has none.
    tol : float, default=1e-8
    n_jobs : int or None

    Returns
    -------
    U : float64 array of shape (n, p), or (n_times, n, p) for an array of times

    References
    ----------
    .. [1] S. Marcotte, A. Barbe, R. Gribonval, T. Vayer, M. Sebban, P. Borgnat, P. Gonçalves,
       "Fast multiscale diffusion on graphs", arXiv:2104.14652 (2021).

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> from skgeom.manifold import heat_action, laplacian
    >>> L = laplacian(sp.csr_array(np.ones((3, 3)) - np.eye(3)), "combinatorial")
    >>> heat_action(L, 1.0, np.eye(3)).sum(axis=0).round(12)
    array([1., 1., 1.])
    """
    L, times = _check_heat(L, t)
    B = np.asarray(B, dtype=np.float64)
    if B.ndim != 2 or B.shape[0] != L.shape[0]:
        raise ValueError(f"B must have shape ({L.shape[0]}, p) like L, got {B.shape}.")
    if not np.isfinite(B).all():
        raise ValueError("B contains NaN or infinity.")
    if method == "series":
        logs = _series(L, times, B, order, tol, n_jobs)
        U = np.stack([values * np.exp(shift) for values, shift in logs])
    elif method == "chebyshev":
        U = _chebyshev(L, times, B, order, tol, n_jobs)
    elif method == "euler":
        U = _euler(L, times, B, order)
    else:
        values, vectors = _eigenpairs(L, order, method)
        inner = vectors.T @ B
        U = np.stack([(vectors * np.exp(-t * values)) @ inner for t in times])
    return U[0] if np.ndim(t) == 0 else U


@validate_params(
    {"method": [StrOptions(set(HEAT_METHODS))], **_SETTINGS}, prefer_skip_nested_validation=True
)
def log_heat_kernel(L, t, columns=None, *, method="auto", order=None, tol=1e-8, n_jobs=None):
    """Logarithms of the heat kernel ``exp(-t L)``, or of some of its columns.

    On a graph h_ij falls like t^k/k! with the number k of hops; the logarithm of a kernel that is
    right in absolute terms only (eigenvectors, Chebyshev) is noise for most pairs.

    Parameters
    ----------
    L : sparse matrix of shape (n, n)
        Laplacian.
    t : float or array of shape (n_times,)
        Positive diffusion times.
    columns : int array of shape (p,) or None, default=None
        All n when None.
    method : {"auto", "series", "squaring", "chebyshev", "euler", "lowrank", "eigh", "power"}, \
default="auto"
        See `heat_action`. "squaring" starts from a short series at t/2^s and squares the dense
        kernel s times: products of non-negative matrices keep the relative accuracy. "power" is
        another kernel, that of t steps of the walk, ``(I - L)^t`` with whole t. "auto" is squaring
        for all columns of up to 3000 nodes and the series otherwise.
    order, tol, n_jobs
        See `heat_action`.

    Returns
    -------
    log_h : float64 array of shape (n, p), or (n_times, n, p)
        Entries too small for a float (about e^-668), or for an absolute method below its
        accuracy, continue the column's growth per hop; ``-inf`` between components.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> from skgeom.manifold import laplacian, log_heat_kernel
    >>> path = sp.diags_array([np.ones(199), np.ones(199)], offsets=[-1, 1])
    >>> log_h = log_heat_kernel(laplacian(path, "combinatorial"), 1.0, [0])
    >>> bool(log_h[100, 0] < -360)
    True
    """
    L, times = _check_heat(L, t)
    n = L.shape[0]
    if columns is not None:
        columns = check_nodes(columns, n, "columns")
    few = columns is not None and len(columns) < n // 8
    if method == "auto":
        method = "squaring" if n <= _SQUARING_LIMIT and not few else "series"
    picked = np.arange(n) if columns is None else np.asarray(columns)
    dense = {"squaring": _squaring, "power": _power}
    if method in dense:
        kernels = dense[method](L, times, order, n_jobs)
        if columns is not None:
            kernels = [H[:, picked] for H in kernels]
        logs = [_log(H) for H in kernels]
    elif method == "series":
        unit = _unit_columns(n, picked)
        logs = [
            _log(values, shift) for values, shift in _series(L, times, unit, order, tol, n_jobs)
        ]
    elif method in ("lowrank", "eigh"):
        logs = _eigen_logs(L, times, picked, order, method)
    else:
        unit = _unit_columns(n, picked)
        U = heat_action(L, times, unit, method=method, order=order, tol=tol, n_jobs=n_jobs)
        floor = max(_ABSOLUTE_ERROR, tol) if method == "chebyshev" else 0.0
        logs = [_log(H, floor=floor) for H in U]
    for log_h in logs:
        complete(L, picked, log_h, n_jobs)
    log_h = np.stack(logs)
    return log_h[0] if np.ndim(t) == 0 else log_h


def _check_heat(L, t):
    """Square float64 CSR Laplacian, and the times as an array of shape (n_times,)."""
    L = check_graph(L, allow_negative=True, name="L")
    times = np.atleast_1d(real_array(t, "t"))
    if times.ndim != 1 or times.size == 0 or not (np.isfinite(times) & (times >= 0)).all():
        raise ValueError(f"t must hold finite non-negative diffusion times, got {t!r}.")
    latest = _LATEST / max(L.diagonal().max(), np.finfo(float).tiny)
    if times.max() > latest:
        raise ValueError(
            f"t={times.max():.4g} times the largest diagonal entry of L is beyond {_LATEST:.0e}, "
            "where rounding errors decide; the heat has spread evenly before. At most "
            f"t={latest:.3g} is computed."
        )
    return L, times


def check_nodes(nodes, n, name):
    """Node numbers as an int array of shape (n_numbers,), or an error that names them."""
    nodes = np.asarray(nodes)
    numbers = nodes.ndim == 1 and nodes.dtype.kind in "iu" and nodes.size > 0
    if not numbers or nodes.min() < 0 or nodes.max() >= n:
        raise ValueError(f"{name} must be a list of node numbers from 0 to {n - 1}, got {nodes!r}.")
    return nodes


def _unit_columns(n, columns):
    unit = np.zeros((n, len(columns)))
    unit[columns, np.arange(len(columns))] = 1.0
    return unit


def _log(H, shift=0.0, floor=0.0):
    floor = max(floor, TINY)
    return np.where(floor < H, np.log(np.maximum(H, floor)) + shift, -np.inf)


def complete(L, columns, log_h, n_jobs):
    """Fill entries that are -inf along the graph of L, in place; other components stay -inf."""
    bad = np.flatnonzero(np.isneginf(log_h).any(axis=0))
    if len(bad) == 0:
        return
    roots = np.sqrt(np.maximum(-log_h[:, bad].T, 0.0))
    roots = np.ascontiguousarray(roots)
    sources = np.asarray(columns)[bad].astype(np.int64)
    parallel_rows(complete_columns, len(bad), L.indptr, L.indices, sources, roots, n_jobs=n_jobs)
    filled = -(roots.T**2)
    log_h[:, bad] = np.where(np.isneginf(log_h[:, bad]), filled, log_h[:, bad])


def _hop_reach(L):
    """An upper bound of the number of hops between two connected nodes."""
    n = L.shape[0]
    seen = np.zeros(n, dtype=bool)
    reach = 0
    for node in range(n):
        if seen[node]:
            continue
        order, before = breadth_first_order(L, node, directed=False)
        seen[order] = True
        hops = np.zeros(n, dtype=np.int64)
        for i in order[1:]:
            hops[i] = hops[before[i]] + 1
        reach = max(reach, int(hops[order[-1]]))
    return 2 * reach


def _shifted(L):
    """``q`` and ``I - L/q`` (non-negative), with q the largest diagonal entry."""
    q = float(L.diagonal().max(initial=0.0)) or 1.0
    B = sp.csr_array(sp.eye_array(L.shape[0]) - L / q)
    B.data = np.maximum(B.data, 0.0)
    B.eliminate_zeros()
    B.sort_indices()
    return q, B


def _n_terms(x, reach, tol):
    """Terms of ``sum x^k/k!`` that give `reach` hops and a relative tail below `tol`."""
    return int(np.ceil(x + 8.0 * np.sqrt(x) + reach - np.log10(tol)))


def _series(L, times, B, order, tol, n_jobs):
    """List of (values, log of a common factor) of ``exp(-tL) B`` for each time.

    All times that fit one step share one recurrence; longer ones take equal steps.
    """
    q, A = _shifted(L)
    if times.max() * q > _MOST_PRODUCTS:
        raise ValueError(
            f"t={times.max():.3g} takes about {times.max() * q:.3g} products with the Laplacian "
            f"by method='series', at most {_MOST_PRODUCTS:.0e} are computed. Use 'squaring' (up to "
            "some thousand nodes), 'euler' or 'chebyshev', or a smaller t."
        )
    reach = _hop_reach(L)
    out = [None] * len(times)
    short = np.flatnonzero(times * q <= _LONGEST_STEP)
    if len(short):
        n_terms = order or _n_terms(times[short].max() * q, reach, tol)
        values = _power_sums(A, times[short] * q, B, n_terms, n_jobs)
        for k, index in enumerate(short):
            out[index] = (values[k], -times[index] * q)
    for index in np.flatnonzero(times * q > _LONGEST_STEP):
        n_steps = int(np.ceil(times[index] * q / _LONGEST_STEP))
        x = times[index] * q / n_steps
        n_terms = order or _n_terms(x, -(-reach // n_steps), tol)
        values = B
        for step in range(n_steps):
            values = _power_sums(A, np.array([x]), values, n_terms, n_jobs)[0]
            if step + 1 < n_steps:
                values *= np.exp(-x)
        out[index] = (values, -x)
    return out


def _power_sums(A, x, B, n_terms, n_jobs):
    """``sum_{k <= n_terms} x^k/k! A^k B`` for each of several x; array (n_x, n, p)."""
    top = x.max()
    ratios = x / top if top > 0 else np.ones_like(x)

    def terms():
        coefs = np.ones_like(x)
        for k in range(1, n_terms + 1):
            coefs = coefs * ratios
            yield top / k, 0.0, coefs

    return _recurrence(A, B, np.ones_like(x), terms, n_jobs)


def _chebyshev(L, times, B, order, tol, n_jobs):
    phi = 0.5 * float(abs(L).sum(axis=1).max())  # half of Gershgorin's bound
    if phi == 0:
        return np.repeat(B[None], len(times), axis=0)
    x = times * phi
    n_most = int(np.ceil(np.sqrt(2.0 * max(x.max(), 1.0) * 80.0) + 60)) if order is None else order
    k = np.arange(n_most + 1)
    coefs = 2.0 * np.where(k % 2, -1.0, 1.0) * ive(k[None, :], x[:, None])
    if order is None:
        # |T_k| <= 1, so what is left out is at most the sum of the coefficients left out
        tails = np.cumsum(np.abs(coefs[:, ::-1]), axis=1)[:, ::-1]
        coefs[tails < tol] = 0.0
    n_terms = int(np.flatnonzero(np.any(coefs != 0, axis=0))[-1])
    A = sp.csr_array(L / phi - sp.eye_array(L.shape[0]))

    def terms():
        for k in range(1, n_terms + 1):
            alpha, beta = (1.0, 0.0) if k == 1 else (2.0, -1.0)
            yield alpha, beta, np.ascontiguousarray(coefs[:, k])

    return _recurrence(A, B, 0.5 * coefs[:, 0], terms, n_jobs)


def _recurrence(A, B, first, terms, n_jobs):
    """Run a three-term recurrence over blocks of columns; sums of shape (n_sums, n, p).

    Nodes are reordered first (reverse Cuthill-McKee), so that the rows of a block that are
    gathered together lie together.
    """
    n, p = B.shape
    order = reverse_cuthill_mckee(sp.csr_array(A), symmetric_mode=True)
    A = sp.csr_array(A[order][:, order])
    indptr, indices = A.indptr.astype(np.int64), A.indices.astype(np.int32)
    n_jobs = effective_n_jobs(n_jobs)  # asked once, not at every term
    ranges = weighted_ranges(indptr, 1 if n < 512 or n_jobs == 1 else 16)
    width = min(_COLUMNS_PER_PASS, -(-p // COLUMN_STEP) * COLUMN_STEP)
    current, previous = (aligned_empty((n, width), np.dtype(float)) for _ in range(2))
    total = aligned_empty((len(first), n, width), np.dtype(float))
    sums = np.empty((len(first), n, p))
    for begin in range(0, p, width):
        block = slice(begin, min(p, begin + width))
        n_columns = block.stop - begin
        current[:, :n_columns] = B[order, block]
        current[:, n_columns:] = 0.0
        previous[:] = 0.0
        np.multiply(first[:, None, None], current, out=total)
        for alpha, beta, coefs in terms():
            parallel_ranges(
                recurrence_rows, ranges, indptr, indices, A.data, alpha, beta,
                current, previous, coefs, total, n_jobs=n_jobs,
            )  # fmt: skip
            current, previous = previous, current
        sums[:, order, block] = total[:, :, :n_columns]
    return sums


def _squaring(L, times, order, n_jobs):
    """Dense kernels at each time: a short series at t/2^s, then s squarings.

    Times that are a power of two apart share one chain of squarings.
    """
    q, A = _shifted(L)
    symmetric = abs(A - A.T).max() == 0 if A.nnz else True
    reach = _hop_reach(L)
    out = [None] * len(times)
    H, now = None, None
    for index in np.argsort(times, kind="stable"):
        t = times[index]
        doublings = np.log2(t / now) if now else -1.0  # on from the time before
        if H is None or abs(doublings - round(doublings)) > 1e-12:
            doublings, n_terms = _cheapest_squaring(A, t * q, reach)
            n_terms = order or n_terms
            x = t * q / 2**doublings
            H = _power_sums(A, np.array([x]), np.eye(A.shape[0]), n_terms, n_jobs)[0]
            H *= np.exp(-x)
        for _ in range(round(doublings)):
            # numpy hands a product with its own transpose to BLAS's syrk: half the work
            H = H @ H.T if symmetric else H @ H
        now = t
        out[index] = H
    return out


def _cheapest_squaring(A, x, reach):
    """Numbers of squarings and of terms of the series before them that take the least time."""

    def terms(doublings):
        return _n_terms(x / 2**doublings, -(-reach // 2**doublings), _SERIES_TOL)

    # of sparse multiplications per entry: a term adds to a sum as well
    per_term, per_squaring = A.nnz / A.shape[0] + 3, _DENSE_COST * A.shape[0]
    least = max(0, int(np.ceil(np.log2(max(x / _LONGEST_STEP, 1e-300)))))
    doublings = min(range(least, least + 12), key=lambda s: terms(s) * per_term + s * per_squaring)
    return doublings, terms(doublings)


def _eigenpairs(L, order, method):
    """All eigenpairs of a symmetric L, or the `order` slowest ones."""
    n = L.shape[0]
    order = n if method == "eigh" else min(order or _LOW_RANK, n)
    if order > n // 2:
        values, vectors = eigh(L.toarray())
        return values[:order], vectors[:, :order]
    # shift and invert: a Laplacian's slow eigenvalues lie close together
    shift = -1e-3 * (float(L.diagonal().max()) or 1.0)
    start = np.random.RandomState(0).standard_normal(n)  # any start will do; always this one
    values, vectors = eigsh(sp.csc_array(L), order, sigma=shift, which="LM", v0=start)
    return np.maximum(values, 0.0), vectors


def _eigen_logs(L, times, columns, order, method):
    """Logarithms of kernel columns by eigenpairs, -inf below what is left out."""
    values, vectors = _eigenpairs(L, order, method)
    n, rank = vectors.shape
    logs = []
    for t in times:
        # root mean square of the entries of the missing part, at most
        missing = np.exp(-t * values[-1]) / np.sqrt(n) if rank < n else 0.0
        H = (vectors * np.exp(-t * values)) @ vectors[columns].T
        logs.append(_log(H, floor=max(_ABSOLUTE_ERROR, missing)))
    return logs


def _power(L, times, order, n_jobs):
    """``(I - L)^t`` by binary powers of the dense matrix."""
    if (times != np.round(times)).any() or times.min() < 1:
        raise ValueError(f"method='power' takes whole numbers of steps t >= 1, got t={times}.")
    step = np.maximum(np.eye(L.shape[0]) - L.toarray(), 0.0)
    return [np.linalg.matrix_power(step, int(t)) for t in times]


def _euler(L, times, B, order):
    n_steps = order or EULER_STEPS
    out = np.empty((len(times), *B.shape))
    for index, t in enumerate(times):
        # an M-matrix: factors without pivoting have non-positive off-diagonals, so that the
        # substitutions add non-negative terms only
        factor = splu(
            sp.csc_matrix(sp.eye_array(L.shape[0]) + (t / n_steps) * L),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        U = B
        for _ in range(n_steps):
            U = factor.solve(U)
        out[index] = U
    return out
