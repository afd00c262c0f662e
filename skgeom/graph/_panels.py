"""The recursion on a range of columns at a time, where whole hops do not fit into memory.

The columns of a hop know nothing of each other, except for the norms of the rows. So there are
two passes: one sums the squared norms over the panels, the other makes the embedding with them.
"""

import math
import tempfile

import numpy as np
import scipy.sparse as sp

from skgeom._core.parallel import parallel_rows
from skgeom._core.sparse import aligned_empty
from skgeom.graph._kernels import scaled_term_rows, square_rows
from skgeom.graph._propagation import hop_step, remove_stationary

LANE = 16  # columns that fill a cache line in float32


def mapped_empty(shape, dtype):
    """Return an array of zeros in a temporary file, which goes when the array does."""
    if math.prod(shape) == 0:
        return np.zeros(shape, dtype)
    with tempfile.TemporaryFile(prefix="skgeom-") as file:
        return np.asarray(np.memmap(file, dtype, "w+", shape=shape))


def panel_bytes(plan, n_nodes, itemsize):
    """Return the memory of a panel: per column, and what every panel needs.

    Two hops and their term of the embedding are held, the norms and what they are summed from.
    """
    terms = len(plan.taken) if plan.concat else 1
    per_column = n_nodes * (2 * plan.storage.itemsize + terms * itemsize)
    return per_column, 16 * len(plan.taken) * n_nodes


def panel_width(plan, n_nodes, itemsize, available):
    """Return how many columns go at a time; fewer than 1 when memory does not suffice."""
    per_column, fixed = panel_bytes(plan, n_nodes, itemsize)
    width = max(available - fixed, 0) // per_column
    return width - width % LANE if width > LANE else width


def column_panel(matrix, columns):
    """Return a range of columns of a dense or CSR matrix."""
    panel = matrix[:, columns[0] : columns[1]]
    return panel if sp.issparse(panel) else np.ascontiguousarray(panel)


def panel_hops(transition, start, plan, stationary=None, *, n_jobs=None):
    """Yield the number and the matrix of each hop; a matrix lives until the next but one.

    Parameters
    ----------
    transition : Transition of shape (n, n)
    start : csr_array or ndarray of shape (n, width)
        Columns of N_0.
    plan : Plan
        Without whitening.
    stationary : tuple, default=None
        As in `propagate`, of these columns.
    n_jobs : int or None, default=None
    """
    yield 0, start
    x, spare = start, None
    for i in range(1, plan.n_hops + 1):
        y = aligned_empty(start.shape, plan.storage) if spare is None else spare
        hop_step(transition, x, x, y, plan, i, None, n_jobs=n_jobs)
        if plan.deflate and i == 1:
            remove_stationary(transition, y, stationary)
        yield i, y
        x, spare = y, (x if i > 1 else None)


def squared_norms(hops, plan, n_rows, *, n_jobs=None):
    """Return the squared norms of the rows of the weighted hops.

    Parameters
    ----------
    hops : iterable of (int, matrix of shape (n_rows, width))
    plan : Plan
    n_rows : int
    n_jobs : int or None, default=None

    Returns
    -------
    squares : ndarray of float64, shape (n_taken, n_rows)
    """
    squares = np.zeros((len(plan.taken), n_rows))
    for i, hop in hops:
        if plan.weights[i] != 0:
            hop = hop.toarray() if sp.issparse(hop) else hop
            out = squares[plan.taken.index(i)]
            parallel_rows(square_rows, n_rows, hop, out, n_jobs=n_jobs)
    return squares


def panel_terms(hops, plan, squares, embedding, *, n_jobs=None):
    """Write the columns of the embedding that belong to a panel.

    Parameters
    ----------
    hops : iterable of (int, matrix of shape (n_rows, width))
    plan : Plan
    squares : ndarray of float64, shape (n_taken, n_rows), or None
        Squared norms over all columns; None where rows are not normalised.
    embedding : ndarray of shape (n_rows, n_terms * width), written
    n_jobs : int or None, default=None
    """
    for i, hop in hops:
        if plan.weights[i] == 0:
            continue
        hop = hop.toarray() if sp.issparse(hop) else hop
        factors = np.full(len(hop), plan.weights[i])
        if squares is not None:
            norms = np.sqrt(squares[plan.taken.index(i)])
            factors = np.divide(factors, norms, out=np.zeros_like(norms), where=norms > 0)
        place = (embedding, plan.column(i, hop.shape[1]), plan.assigns(i))
        parallel_rows(scaled_term_rows, len(hop), hop, factors, *place, n_jobs=n_jobs)


def propagate_panels(transition, start, plan, stationary, width, *, n_jobs=None):
    """Run the recursion by panels; embedding and kept hops lie in temporary files.

    Parameters
    ----------
    transition, start, plan, stationary, n_jobs
        As in `propagate`; without whitening.
    width : int
        Columns of a panel.

    Returns
    -------
    embedding : ndarray of shape (n, n_columns)
    hops : dict of int to csr_array or ndarray
    whitenings : dict, empty
    """
    n, d = start.shape
    dtype = transition.row_scale.dtype
    panels = [(a, min(a + width, d)) for a in range(0, d, width)]

    def hops_of(columns):
        fixed = None
        if stationary is not None:
            fixed = stationary[0], np.ascontiguousarray(stationary[1][:, columns[0] : columns[1]])
        return panel_hops(transition, column_panel(start, columns), plan, fixed, n_jobs=n_jobs)

    squares = None
    if plan.normalise:
        squares = sum(squared_norms(hops_of(panel), plan, n, n_jobs=n_jobs) for panel in panels)
    embedding = mapped_empty((n, plan.n_columns(d)), dtype)
    kept = {i: start if i == 0 else mapped_empty((n, d), plan.storage) for i in plan.keep}
    for a, b in panels:
        terms = aligned_empty((n, plan.n_columns(b - a)), dtype)
        hops = _keeping(hops_of((a, b)), kept, a, b)
        panel_terms(hops, plan, squares, terms, n_jobs=n_jobs)
        for term in range(terms.shape[1] // (b - a)):
            embedding[:, term * d + a : term * d + b] = terms[:, term * (b - a) :][:, : b - a]
    return embedding, kept, {}


def _keeping(hops, kept, a, b):
    """Pass hops on, and copy those that stay."""
    for i, hop in hops:
        if i > 0 and i in kept:
            kept[i][:, a:b] = hop
        yield i, hop
