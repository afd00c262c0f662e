"""The recursion of FastRP: N_i = A N_(i-1), and the weighted sum of its normalised hops."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from skgeom._core.parallel import parallel_ranges, parallel_rows
from skgeom._core.sparse import aligned_empty, block_size, entry_ranges, from_storage, to_storage
from skgeom.graph._kernels import degree_rows, first_hop_rows, hop_rows, term_rows
from skgeom.graph._statistics import row_chunks, whiten, whitening

FAR = 2.0**40  # weights and degrees between this and its inverse are safe in float32


class Transition(NamedTuple):
    """The matrix D (S + loops) that carries one hop to the next, never formed.

    Attributes
    ----------
    indptr, indices, data : CSR arrays of S, shape (n_rows, n)
        `data` is empty when all weights are 1.
    row_scale : ndarray of shape (n_rows,)
        Diagonal of D.
    loops : ndarray of shape (n_rows,) or (0,)
        Weight of a loop at each row.
    """

    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray
    row_scale: np.ndarray
    loops: np.ndarray

    @property
    def n_rows(self):
        return len(self.row_scale)


class Plan(NamedTuple):
    """What the recursion does with its hops.

    Attributes
    ----------
    weights : tuple of float
        Weight of hop 0, 1, ..., k.
    normalise : bool
        Whether the rows of a hop are divided by their norm before they are weighted.
    concat : bool
        Whether the weighted hops stand side by side rather than being summed.
    deflate : bool
        Whether the stationary part is taken out of hop 1.
    whiten_every : int
        Period of whitening, 0 for none.
    keep : frozenset of int
        Hops to return.
    storage : numpy dtype
        Of stored hops: that of the embedding, or uint16 for the bits of bfloat16.
    """

    weights: tuple
    normalise: bool
    concat: bool
    deflate: bool
    whiten_every: int
    keep: frozenset
    storage: np.dtype

    @property
    def n_hops(self):
        return len(self.weights) - 1

    @property
    def taken(self):
        """Hops with a weight, in order."""
        return [i for i, weight in enumerate(self.weights) if weight != 0]

    def whitens(self, hop):
        return self.whiten_every > 0 and hop > 0 and hop % self.whiten_every == 0

    def changes(self, hop):
        """Whether the hop is worked on after it was propagated."""
        return self.whitens(hop) or (self.deflate and hop == 1)

    def stores(self, hop):
        """Whether anything reads the hop after it was propagated."""
        return hop < self.n_hops or hop in self.keep or self.changes(hop)

    def defers(self, hop):
        """Whether the term of the hop is taken while the next hop reads it.

        So it is for the first term, when the next hop follows suit: the embedding is allocated
        one hop later, and takes over the buffer of a hop that nobody reads any more.
        """
        return (
            not self.concat
            and 0 < hop < self.n_hops
            and hop == self.taken[0]
            and self.weights[hop + 1] != 0
            and not self.changes(hop + 1)
        )

    def column(self, hop, d):
        """First column of the term of a hop."""
        return self.taken.index(hop) * d if self.concat else 0

    def assigns(self, hop):
        """Whether the term of this hop is the first one in its columns."""
        return self.concat or hop == self.taken[0]

    def hops_to_keep(self, store_hops, has_loops):
        """Return the hops to keep: all, none, or those that the hops of a new node read."""
        if store_hops is True:
            return frozenset(range(self.n_hops + 1))
        if store_hops is False:
            return frozenset()
        last = max([0, *self.taken])
        read = range(1, last + 1) if has_loops else [i for i in self.taken if i > 0]
        return frozenset(i - 1 for i in read)

    def n_columns(self, d):
        return d * (len(self.taken) if self.concat else 1)


def row_degrees(adjacency, self_loops):
    """Return the weighted degree of each row, sum_j |S_ij|, plus the weight of its loop."""
    if np.all(adjacency.data == 1):
        degrees = np.diff(adjacency.indptr).astype(np.float64)
    else:
        degrees = np.empty(adjacency.shape[0])
        degree_rows(0, len(degrees), adjacency.indptr, adjacency.data, degrees)
    degrees += self_loops
    if not np.isfinite(degrees.sum()):
        raise ValueError(
            f"The weights of X and self_loops={self_loops!r} add up to infinity; divide them by a "
            "constant."
        )
    return degrees


def transition_matrix(adjacency, degrees, column_degrees, propagation, self_loops, largest):
    """Normalise an adjacency matrix for propagation.

    Parameters
    ----------
    adjacency : csr_array of shape (n_rows, n)
    degrees : ndarray of float64, shape (n_rows,)
        Of the rows, loops included.
    column_degrees : ndarray of float64, shape (n,)
        Of the nodes that the columns stand for.
    propagation : {"transition", "adjacency", "symmetric"}
        D^-1 S, S divided by the largest degree (powers do not overflow), or D^-1/2 S D^-1/2.
    self_loops : float
    largest : float
        Degree to divide by in "adjacency".

    Returns
    -------
    transition : Transition
    """
    dtype = adjacency.dtype
    data = adjacency.data
    constant = 1.0
    is_constant = len(data) > 0 and bool(np.all(data == data[0]))
    if _is_extreme(data[:1] if is_constant else data, degrees, self_loops):
        return _normalised(adjacency, degrees, column_degrees, propagation, self_loops, largest)
    if is_constant:
        constant, data = float(data[0]), data[:0]
    if propagation == "transition":
        scale = _inverse(degrees)
    elif propagation == "adjacency":
        scale = np.full(len(degrees), 1.0 / largest if largest > 0 else 0.0)
    else:
        scale = np.sqrt(_inverse(degrees))
        factor = np.sqrt(_inverse(column_degrees)).astype(dtype)
        constant, data = 1.0, adjacency.data * factor[adjacency.indices]
    loops = np.empty(0, dtype)
    if self_loops:
        loops = np.full(len(degrees), self_loops / constant)
        if propagation == "symmetric":
            loops *= scale
    return Transition(
        adjacency.indptr,
        adjacency.indices,
        data,
        (scale * constant).astype(dtype),
        loops.astype(dtype),
    )


def _is_extreme(data, *others):
    """Whether a weight, a degree or a quotient of them may not fit into float32."""
    for values in (data, *others):
        sizes = np.abs(values)
        largest = np.max(sizes, initial=0.0)
        smallest = np.min(sizes, initial=1.0, where=sizes > 0)
        if largest > FAR or (smallest < 1 / FAR and values is not data) or 0 < largest < 1 / FAR:
            return True
    return False


def _normalised(adjacency, degrees, column_degrees, propagation, self_loops, largest):
    """Return the matrix of `transition_matrix` with its factors multiplied out in float64."""
    if propagation == "adjacency":
        left = np.full(len(degrees), 1.0 / largest if largest > 0 else 0.0)
    else:
        left = _inverse(degrees)
    right = np.ones(len(column_degrees))
    if propagation == "symmetric":
        left, right = np.sqrt(left), np.sqrt(_inverse(column_degrees))
    own = left if propagation == "symmetric" else 1.0
    rows = np.repeat(left, np.diff(adjacency.indptr))
    data = adjacency.data * rows * right[adjacency.indices]
    loops = self_loops * left * own if self_loops else np.empty(0)
    dtype = adjacency.dtype
    return Transition(
        adjacency.indptr,
        adjacency.indices,
        data.astype(dtype),
        (left > 0).astype(dtype),
        np.broadcast_to(loops, len(degrees) if self_loops else 0).astype(dtype),
    )


def _inverse(values):
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)


class _Buffers:
    """Arrays of one shape, used again when nobody reads them any more."""

    def __init__(self, shape, dtype, storage):
        self.shape, self.dtype, self.storage, self.free = shape, dtype, storage, []

    def take(self):
        return self.free.pop() if self.free else aligned_empty(self.shape, self.storage)

    def take_for(self, plan):
        """Return an array for the embedding."""
        if plan.concat or self.storage != self.dtype:
            return aligned_empty((self.shape[0], plan.n_columns(self.shape[1])), self.dtype)
        return self.take()


def count_arrays(plan, start_is_sparse):
    """Return how many dense (n, d) arrays `propagate` allocates, and how many stay.

    Parameters
    ----------
    plan : Plan
    start_is_sparse : bool

    Returns
    -------
    n_allocated, n_kept : int
        Hop 0 included; the embedding too, where hops are stored in its dtype.
    """
    shared = plan.storage != np.uint16
    width = plan.n_columns(1) if shared else 0
    n_made = n_free = 0
    has_embedding = plan.weights[0] != 0 or not shared
    n_made += width if has_embedding else 0
    for i in range(1, plan.n_hops + 1):
        if plan.stores(i):
            n_made, n_free = n_made + (n_free == 0), max(n_free - 1, 0)
        if plan.weights[i] != 0 and not plan.defers(i) and not has_embedding:
            has_embedding = True
            reuses = n_free > 0 and not plan.concat
            n_made, n_free = n_made + (0 if reuses else width), n_free - reuses
        n_free += i > 1 and i - 1 not in plan.keep
    n_start = 0 if start_is_sparse else 1
    n_kept = width + sum(i > 0 or not start_is_sparse for i in plan.keep)
    return n_made + n_start, n_kept


def propagate(transition, start, plan, stationary=None, *, n_jobs=None):
    """Run the recursion on the fitted graph.

    Parameters
    ----------
    transition : Transition of shape (n, n)
    start : csr_array or ndarray of shape (n, d)
        N_0.
    plan : Plan
    stationary : csr_array of shape (n, n_components) and ndarray (n_components, d), default=None
        Membership of nodes in components, and the stationary part of each, when the plan
        deflates.
    n_jobs : int or None, default=None

    Returns
    -------
    embedding : ndarray of shape (n, n_columns)
        Before it is standardised.
    hops : dict of int to csr_array or ndarray
        The hops of ``plan.keep``.
    whitenings : dict of int to (mean, matrix)
        By hop.
    """
    dtype = transition.row_scale.dtype
    buffers = _Buffers(start.shape, dtype, plan.storage)
    present = transition.row_scale > 0
    hops = {0: start} if 0 in plan.keep else {}
    whitenings = {}
    embedding = None
    if plan.weights[0] != 0:
        embedding = buffers.take_for(plan)
        add_term(start, plan, 0, embedding, n_jobs=n_jobs)
    x = start
    for i in range(1, plan.n_hops + 1):
        y = buffers.take() if plan.stores(i) else np.empty((0, start.shape[1]), plan.storage)
        takes = plan.weights[i] != 0 and not plan.defers(i)
        if takes and embedding is None:
            embedding = buffers.take_for(plan)
        fused = embedding if takes and not plan.changes(i) else None
        hop_step(transition, x, x, y, plan, i, fused, n_jobs=n_jobs)
        if plan.deflate and i == 1:
            remove_stationary(transition, y, stationary)
        if plan.whitens(i):
            whitenings[i] = whitening(y, present, n_jobs=n_jobs)
            whiten(y, present, *whitenings[i], n_jobs=n_jobs)
        if takes and plan.changes(i):
            add_term(y, plan, i, embedding, n_jobs=n_jobs)
        if i in plan.keep:
            hops[i] = y
        if i > 1 and i - 1 not in plan.keep:
            buffers.free.append(x)
        x = y
    return embedding, hops, whitenings


def extend(transition, hops, start, plan, whitenings, stationary=None, *, n_jobs=None):
    """Run the recursion for new rows, one hop away from the fitted nodes.

    Hop i of a new node is its normalised row times hop i - 1 of the fitted nodes: the formula of
    a fitted row, so a fitted row gets back what it has.

    Parameters
    ----------
    transition : Transition of shape (n_new, n)
    hops : dict of int to csr_array or ndarray
        Of the fitted nodes: all that a weighted hop reads, and with loops all but the last.
    start : csr_array or ndarray of shape (n_new, d), or None
        N_0 of the new nodes, where hop 0 has a weight or there are loops.
    plan : Plan
    whitenings : dict of int to (mean, matrix)
    stationary : tuple, default=None
        As in `propagate`.
    n_jobs : int or None, default=None

    Returns
    -------
    embedding : ndarray of shape (n_new, n_columns)
    """
    some = next(iter(hops.values())) if hops else start
    d, dtype = some.shape[1], transition.row_scale.dtype
    present = transition.row_scale > 0
    embedding = np.empty((transition.n_rows, plan.n_columns(d)), dtype)
    if plan.weights[0] != 0:
        add_term(start, plan, 0, embedding, n_jobs=n_jobs)
    has_loops = len(transition.loops) > 0
    own = start
    for i in range(1, max([0, *plan.taken]) + 1):
        if plan.weights[i] == 0 and not has_loops:
            continue
        y = np.empty((transition.n_rows, d), plan.storage)
        # what the fit has deferred it took from the stored hop, which may be rounded
        fuses = plan.weights[i] != 0 and not plan.changes(i) and not plan.defers(i)
        fused = embedding if fuses else None
        hop_step(transition, hops[i - 1], own, y, plan, i, fused, late=False, n_jobs=n_jobs)
        if plan.deflate and i == 1:
            remove_stationary(transition, y, stationary)
        if plan.whitens(i):
            whiten(y, present, *whitenings[i], n_jobs=n_jobs)
        if plan.weights[i] != 0 and fused is None:
            add_term(y, plan, i, embedding, n_jobs=n_jobs)
        own = y
    return embedding


def hop_step(transition, x, own, y, plan, hop, embedding, *, late=True, n_jobs=None):
    """Propagate one hop, and take its term into `embedding` unless that is None.

    Parameters
    ----------
    transition : Transition of shape (n_rows, n)
    x : csr_array or ndarray of shape (n, d)
        The previous hop at the columns.
    own : csr_array or ndarray of shape (n_rows, d) or None
        The previous hop at the rows; read when there are loops or it was deferred.
    y : ndarray of shape (n_rows, d) or (0, d), written
    plan : Plan
    hop : int
        Number of the new hop.
    embedding : ndarray of shape (n_rows, n_columns) or None, written
    late : bool, default=True
        Whether the term of the previous hop is taken too, where the plan defers it.
    n_jobs : int or None, default=None
    """
    d = x.shape[1]
    ranges = entry_ranges(transition.indptr, n_jobs)
    out = np.empty((0, d), transition.row_scale.dtype) if embedding is None else embedding
    sparse_start = sp.issparse(x)
    kernel, previous = hop_rows, (x, block_size(d, out.itemsize))
    if sparse_start:
        filled = (np.diff(x.indptr) > 0).view(np.uint8)
        kernel, previous = first_hop_rows, (filled, x.indptr, x.indices, x.data)
    if len(transition.loops) == 0 and (sparse_start or own is None):
        own = np.empty((0, d), plan.storage)
    elif sp.issparse(own):
        own = own.toarray()
    previous_weight = plan.weights[hop - 1] if late and plan.defers(hop - 1) else 0.0
    weights = (plan.weights[hop],) if sparse_start else (plan.weights[hop], previous_weight)
    term = (*weights, plan.normalise, out)
    place = (plan.column(hop, d), plan.assigns(hop)) if embedding is not None else (0, True)
    parallel_ranges(kernel, ranges, *transition, *previous, own, y, *term, *place, n_jobs=n_jobs)


def take_terms(hops, plan, dtype, *, n_jobs=None):
    """Return the embedding of stored hops.

    Parameters
    ----------
    hops : dict of int to csr_array or ndarray of shape (n, d)
    plan : Plan
    dtype : numpy dtype
        Of the embedding.
    n_jobs : int or None, default=None

    Returns
    -------
    embedding : ndarray of shape (n, n_columns)
    """
    n, d = hops[0].shape
    embedding = np.empty((n, plan.n_columns(d)), dtype)
    for hop in plan.taken:
        add_term(hops[hop], plan, hop, embedding, n_jobs=n_jobs)
    return embedding


def add_term(source, plan, hop, embedding, *, n_jobs=None):
    """Take the term of a stored hop into the embedding."""
    if sp.issparse(source):
        source = source.toarray()
    d = source.shape[1]
    place = (embedding, plan.column(hop, d), plan.assigns(hop))
    parallel_rows(
        term_rows, len(source), source, plan.weights[hop], plan.normalise, *place, n_jobs=n_jobs
    )


def stationary_part(adjacency, degrees, start, propagation):
    """Return what every hop has in common on an undirected graph, per component.

    A (or D^-1/2 S D^-1/2) keeps the vector of ones (or of root degrees) on each component, so the
    part of N_0 along it never decays while all others do.

    Parameters
    ----------
    adjacency : csr_array of shape (n, n)
        Symmetric, weights not negative.
    degrees : ndarray of shape (n,)
    start : csr_array or ndarray of shape (n, d)
        N_0.
    propagation : {"transition", "symmetric"}

    Returns
    -------
    membership : csr_array of shape (n, n_components)
        Fixed vector of each component.
    part : ndarray of shape (n_components, d)
        Coefficient of that vector in N_0; 0 for isolated nodes.
    """
    n_components, labels = connected_components(adjacency, directed=False)
    total = np.bincount(labels, weights=degrees, minlength=n_components)
    fixed = np.ones(len(degrees)) if propagation == "transition" else np.sqrt(degrees)
    shape = (len(degrees), n_components)
    rows = np.arange(len(degrees) + 1)
    left = sp.csr_array(
        (degrees / np.maximum(fixed, np.finfo(float).tiny), labels, rows), shape=shape
    )
    membership = sp.csr_array((fixed.astype(adjacency.dtype), labels, rows), shape=shape)
    part = left.T @ from_storage(start)
    part = (part.toarray() if sp.issparse(part) else part) * _inverse(total)[:, np.newaxis]
    return membership, part.astype(adjacency.dtype)


def in_bipartite_component(adjacency):
    """Tell which nodes have edges and lie in a component without odd cycles.

    In the double cover, where each edge leads from one copy of the nodes to the other, such a
    component falls into two.
    """
    n = adjacency.shape[0]
    cover = sp.block_array([[None, adjacency], [adjacency.T, None]], format="csr")
    _, labels = connected_components(cover, directed=False)
    has_edges = (np.diff(adjacency.indptr) > 0) | (np.bincount(adjacency.indices, minlength=n) > 0)
    return (labels[:n] != labels[n:]) & has_edges


def remove_stationary(transition, y, stationary):
    """Take the stationary part out of hop 1, in place.

    A row loses what its neighbours' components share, in proportion to the edges; the loop
    counts with the neighbours, and a row that has nothing but its loop is stationary as a whole.
    """
    membership, part = stationary
    data = transition.data
    if len(data) == 0:
        data = np.ones(len(transition.indices), transition.row_scale.dtype)
    shape = (transition.n_rows, membership.shape[0])
    adjacency = sp.csr_array((data, transition.indices, transition.indptr), shape=shape)
    share = transition.row_scale
    if len(transition.loops):
        others = 1.0 - transition.loops * transition.row_scale
        alone = others < np.finfo(np.float32).eps
        y[alone] = 0
        share = np.divide(share, others, out=np.zeros_like(share), where=~alone)
    product = (sp.diags_array(share) @ (adjacency @ membership)).tocsr()
    for first, last in row_chunks(len(y)):
        rest = from_storage(y[first:last]) - (product[first:last] @ part).astype(part.dtype)
        y[first:last] = to_storage(rest, y.dtype)
