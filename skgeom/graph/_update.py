"""Hops after a change of the graph: only the rows that see the change are computed again."""

import numpy as np
import scipy.sparse as sp

from skgeom._core.parallel import parallel_ranges, parallel_rows
from skgeom._core.sparse import entry_ranges
from skgeom.graph._kernels import hash_rows, touch_rows
from skgeom.graph._propagation import Transition, hop_step
from skgeom.graph._statistics import whiten


def row_hashes(matrix, *, n_jobs=None):
    """Return a 64-bit hash of each row.

    Parameters
    ----------
    matrix : Transition, csr_array or ndarray of shape (n_rows, n)
    n_jobs : int or None, default=None

    Returns
    -------
    hashes : ndarray of unsigned int, shape (n_rows, k)
        A row has changed when any of its k numbers has.
    """
    if isinstance(matrix, np.ndarray):
        return _bits(np.ascontiguousarray(matrix))
    n_rows = len(matrix.indptr) - 1
    out = np.empty(n_rows, np.uint64)
    csr = (matrix.indptr, matrix.indices, _bits(matrix.data))
    parallel_ranges(hash_rows, entry_ranges(matrix.indptr, n_jobs), *csr, out, n_jobs=n_jobs)
    columns = [out]
    if isinstance(matrix, Transition):
        columns.append(_bits(matrix.row_scale).astype(np.uint64))
        if len(matrix.loops):
            columns.append(_bits(matrix.loops).astype(np.uint64))
    return np.stack(columns, axis=1)


def _bits(values):
    return values.view(np.dtype(f"u{values.dtype.itemsize}"))


def changed_rows(old, new):
    """Tell which rows are new, or differ from the ones before.

    Parameters
    ----------
    old : ndarray of shape (n_old, k)
        Hashes, or rows themselves.
    new : ndarray of shape (n_new, k), n_new >= n_old

    Returns
    -------
    changed : ndarray of bool, shape (n_new,)
    """
    changed = np.ones(len(new), bool)
    if old.shape[1] == new.shape[1]:
        changed[: len(old)] = (old != new[: len(old)]).any(axis=1)
    return changed


def update_hops(transition, hops, start, plan, whitenings, changed, *, n_jobs=None):
    """Return the hops of a graph that differs in some rows from the one they were made for.

    Row r of hop i changes when row r of the transition matrix has, or when a neighbour's row of
    hop i - 1 has.

    Parameters
    ----------
    transition : Transition of shape (n, n)
        Of the new graph.
    hops : dict of int to csr_array or ndarray of shape (n_old, d)
        All hops of the old graph; not changed.
    start : csr_array or ndarray of shape (n, d)
        N_0 of the new graph.
    plan : Plan
    whitenings : dict of int to (mean, matrix)
        Taken as they are.
    changed : ndarray of bool, shape (n,)
        Rows of the transition matrix that have changed.
    n_jobs : int or None, default=None

    Returns
    -------
    hops : dict of int to csr_array or ndarray of shape (n, d)
    affected : ndarray of bool, shape (n,)
        Rows whose weighted hops have changed.
    """
    n, d = start.shape
    new = {0: start}
    seen = changed_rows(row_hashes(hops[0]), row_hashes(start))
    affected = seen if plan.weights[0] != 0 else np.zeros(n, bool)
    has_loops = len(transition.loops) > 0
    for i in range(1, plan.n_hops + 1):
        touched = np.empty(n, bool)
        structure = (transition.indptr, transition.indices)
        parallel_rows(touch_rows, n, *structure, seen, touched, n_jobs=n_jobs)
        seen = changed | touched | (seen if has_loops else False)
        rows = np.flatnonzero(seen)
        part = take_rows(transition, rows)
        own = new[i - 1][rows] if has_loops else None
        y = np.empty((len(rows), d), plan.storage)
        hop_step(part, new[i - 1], own, y, plan, i, None, n_jobs=n_jobs)
        if plan.whitens(i):
            whiten(y, part.row_scale > 0, *whitenings[i], n_jobs=n_jobs)
        new[i] = np.empty((n, d), plan.storage)
        new[i][: len(hops[i])] = hops[i]
        new[i][rows] = y
        if plan.weights[i] != 0:
            affected = affected | seen
    return new, affected


def take_rows(transition, rows):
    """Return some rows of a transition matrix."""
    data = transition.data
    stand_in = data if len(data) else np.ones(len(transition.indices), np.int8)
    n_columns = int(transition.indices.max(initial=0)) + 1
    shape = (transition.n_rows, n_columns)
    part = sp.csr_array((stand_in, transition.indices, transition.indptr), shape=shape)[rows]
    loops = transition.loops
    return Transition(
        part.indptr,
        part.indices,
        part.data if len(data) else data,
        transition.row_scale[rows],
        loops[rows] if len(loops) else loops,
    )
