"""Groups of a cloud from its merge tree, and how late each point joins a major one."""

import numpy as np

from skgeom.separability._kernels import first_heights, split_groups
from skgeom.separability._statistics import lifetime_unit


def cluster_labels(linkage, n_samples, cut, min_size):
    """Label the groups that the major merges above a cut join.

    The merge tree is walked from the top. A merge above the cut with at least `min_size` points on
    both sides splits a group in two; one with fewer on one side sheds that side as noise.

    Parameters
    ----------
    linkage : ndarray of shape (n_merges, 4)
    n_samples : int
    cut : float
    min_size : float

    Returns
    -------
    labels : ndarray of int64, shape (n_samples,)
        Numbered by first appearance; -1 is noise.
    """
    n = n_samples
    children = linkage[:, :2].astype(np.int64)
    sizes = np.concatenate([np.ones(n), linkage[:, 3]])
    group = np.full(n + len(linkage), -1, dtype=np.int64)
    roots = np.setdiff1d(np.arange(n + len(linkage)), children.ravel())
    # With several components, each one that is large enough is a group of its own.
    large = roots[sizes[roots] >= min_size] if len(roots) > 1 else roots
    group[large] = large
    heights = np.ascontiguousarray(linkage[:, 2])
    split_groups(children, heights, sizes, n, float(cut), float(min_size), group)
    return _renumbered(group[:n])


def _renumbered(group):
    """Number the labels from 0 by first appearance and leave -1."""
    values, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    order = np.argsort(np.where(values < 0, len(group), first), kind="stable")
    number = np.empty(len(values), dtype=np.int64)
    number[order] = np.arange(len(values))
    number[values < 0] = -1
    return number[inverse.ravel()]


def entry_heights(linkage, n_samples, min_size):
    """Height at which the component of each point first holds `min_size` points.

    Returns
    -------
    heights : ndarray of float64, shape (n_samples,)
        Infinite for points of components that never get that large.
    """
    children = linkage[:, :2].astype(np.int64)
    sizes = np.concatenate([np.ones(n_samples), linkage[:, 3]])
    entry = np.full(n_samples + len(linkage), np.inf)
    heights = np.ascontiguousarray(linkage[:, 2])
    first_heights(children, heights, sizes, n_samples, float(min_size), entry)
    return entry[:n_samples]


def isolation(barcode, min_size):
    """Entry heights in units of the median lifetime (0 for a cloud of one place)."""
    unit = lifetime_unit(barcode.lifetimes)
    heights = entry_heights(barcode.linkage, barcode.n_samples, min_size)
    return heights / unit if unit > 0 else np.zeros(barcode.n_samples)
