"""What happens to similarities afterwards: means per class, quantisation, norms, pooling."""

import numpy as np


def class_matrix(labels, n_groups):
    """Return the matrix that averages similarities over the anchors of a class.

    Parameters
    ----------
    labels : ndarray of shape (n_anchors,)
    n_groups : int
        The anchors of a class are dealt out to this many groups in turn, with a mean each.

    Returns
    -------
    matrix : ndarray of shape (n_anchors, n_outputs)
        Columns of group 0 first, classes ascending; groups without anchors have none.
    names : list of str
        "class_group" of each column.
    """
    classes, codes = np.unique(labels, return_inverse=True)
    turn = np.empty(len(codes), np.int64)
    for k in range(len(classes)):
        members = np.flatnonzero(codes == k)
        turn[members] = np.arange(len(members)) % n_groups
    cells, cell = np.unique(turn * len(classes) + codes, return_inverse=True)
    matrix = (cell[:, np.newaxis] == np.arange(len(cells))).astype(np.float64)
    names = [f"{classes[c % len(classes)]}_{c // len(classes)}" for c in cells]
    return matrix / matrix.sum(axis=0), names


def quantise(values, mode, bin_size):
    """Quantise similarities in place.

    Parameters
    ----------
    values : ndarray
    mode : {"round", "smooth"} or None
        Round to multiples of `bin_size`; or ``r - sin(2 pi r) / (2 pi)``, flat at the integers.
    bin_size : float
    """
    if mode == "round":
        values /= bin_size
        np.round(values, out=values)
        values *= bin_size
    elif mode == "smooth":
        values -= np.sin(2 * np.pi * values) / (2 * np.pi)


def normalise(values, mode, mean, scale):
    """Normalise the last axis of similarities in place.

    Parameters
    ----------
    values : ndarray of shape (n, n_heads, n_outputs)
    mode : {"l2", "standard", "row"} or None
    mean, scale : ndarray of shape (n_heads, n_outputs), or None
        Of the training rows, for "standard".
    """
    if mode == "standard":
        values -= mean.astype(values.dtype)
        values /= scale.astype(values.dtype)
        return
    if mode == "row":
        values -= values.mean(axis=-1, keepdims=True)
        divisor = values.std(axis=-1, keepdims=True)
    elif mode == "l2":
        divisor = np.linalg.norm(values, axis=-1, keepdims=True)
    else:
        return
    values /= np.where(divisor > 0, divisor, 1)


def pool(values, mode):
    """Put heads together.

    Parameters
    ----------
    values : ndarray of shape (n, n_heads, n_outputs)
    mode : {"concat", "sum", "mean", "max"}

    Returns
    -------
    pooled : ndarray of shape (n, n_outputs), or (n, n_heads * n_outputs)
    """
    if mode == "concat":
        return values.reshape(len(values), -1)
    return getattr(values, mode)(axis=1)
