"""A CSR matrix from edges that come in chunks: counting sort, never a list of all edges."""

import os

import numpy as np
import scipy.sparse as sp
from numba import njit


@njit(nogil=True, cache=True)
def _count_edges(rows, columns, directed, counts):
    for edge in range(len(rows)):
        counts[rows[edge]] += 1
        if not directed and rows[edge] != columns[edge]:
            counts[columns[edge]] += 1


@njit(nogil=True, cache=True)
def _place_edges(rows, columns, weights, directed, cursor, indices, data):
    for edge in range(len(rows)):
        row, column = rows[edge], columns[edge]
        indices[cursor[row]] = column
        data[cursor[row]] = weights[edge]
        cursor[row] += 1
        if not directed and row != column:
            indices[cursor[column]] = row
            data[cursor[column]] = weights[edge]
            cursor[column] += 1


def csr_from_chunks(chunks, n_nodes, directed, directory=None):
    """Make a canonical CSR matrix in two passes over the edges.

    Parameters
    ----------
    chunks : callable
        Returns, at each call, an iterator of (rows, columns, weights), arrays of one length.
    n_nodes : int
    directed : bool
        Whether an edge is stored in its own direction only.
    directory : str, default=None
        Where the arrays are made, in files that are mapped; None is in memory.

    Returns
    -------
    adjacency : csr_array of float32, shape (n_nodes, n_nodes)
    """
    counts = np.zeros(n_nodes + 1, np.int64)
    for rows, columns, _ in chunks():
        _count_edges(rows, columns, directed, counts[1:])
    indptr = np.cumsum(counts)
    indices = _empty(indptr[-1], np.int32, directory, "indices")
    data = _empty(indptr[-1], np.float32, directory, "data")
    cursor = indptr[:-1].copy()
    for rows, columns, weights in chunks():
        _place_edges(rows, columns, weights, directed, cursor, indices, data)
    adjacency = sp.csr_array((data, indices, indptr), shape=(n_nodes, n_nodes))
    adjacency.sum_duplicates()  # in place, like the next line
    adjacency.eliminate_zeros()
    return adjacency


def _empty(size, dtype, directory, name):
    if directory is None or size == 0:
        return np.empty(size, dtype)
    path = os.path.join(directory, f"{name}.npy")
    return np.lib.format.open_memmap(path, "w+", dtype, shape=(int(size),))


def write_arrays(directory, arrays):
    """Write arrays to ``.npy`` files of a directory, except those that are mapped from there."""
    os.makedirs(directory, exist_ok=True)
    for name, array in arrays.items():
        path = os.path.join(directory, f"{name}.npy")
        if not _is_mapped_from(array, path):
            np.save(path, array)


def read_arrays(directory):
    """Map all ``.npy`` files of a directory, by name."""
    names = sorted(name[:-4] for name in os.listdir(directory) if name.endswith(".npy"))
    return {name: np.load(os.path.join(directory, f"{name}.npy"), mmap_mode="r") for name in names}


def _is_mapped_from(array, path):
    while array is not None and not isinstance(array, np.memmap):
        array = array.base if isinstance(array, np.ndarray) else None
    return array is not None and os.path.exists(path) and os.path.samefile(array.filename, path)
