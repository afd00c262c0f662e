"""The Fréchet mean over labels: weighted sums of powers of distances, and who has the least."""

import numpy as np
import scipy.sparse as sp

from skgeom._core.parallel import parallel_ranges, single_blas_thread
from skgeom.labels._space import LabelSpace

# Blocks of scores have about this many numbers: enough rows for BLAS, few enough for caches.
_BLOCK = 2**21
# A tree is walked, two passes a row, when it has more observed labels than this; with fewer a
# matrix product is quicker.
_TREE_FROM = 256
# A share of non-zero probabilities below which a sparse product is quicker than a dense one.
_SPARSE_SHARE = 0.05
_TIE = 1e-9


class TableRule:
    """Scores are probabilities times a table of powers of distances."""

    def __init__(self, table):
        self.table = table

    def features(self, P):
        """What the table is multiplied by, shape (n_rows, K)."""
        return P

    def scores(self, P):
        """Weighted sums for rows of probabilities, shape (n_rows, N)."""
        A = self.features(P)
        return A @ self.table.astype(A.dtype, copy=False)


class PointRule(TableRule):
    """Squared distances of coordinates: the label nearest to the mean of the observed ones."""

    def __init__(self, points, observed):
        squares = np.einsum("ij,ij->i", points, points)
        super().__init__(np.vstack([-2.0 * points.T, squares, np.ones(len(points))]))
        own = np.column_stack([points, np.ones(len(points)), squares])
        self.own = own[observed]

    def features(self, P):
        """Weighted means of coordinates, sums of weights and of weighted squares."""
        return P @ self.own


class ZeroOneRule:
    """All labels are at distance 1: the sum of the others' probabilities."""

    def __init__(self, n_labels, observed):
        self.n_labels, self.observed = n_labels, observed

    def scores(self, P):
        """Weighted sums for rows of probabilities, shape (n_rows, N)."""
        P = P.toarray() if sp.issparse(P) else P
        out = np.repeat(P.sum(axis=1, keepdims=True), self.n_labels, axis=1)
        out[:, self.observed] -= P
        return out


class TreeRule:
    """Squared path lengths in a tree, without a table."""

    def __init__(self, tree, observed):
        self.tree, self.observed = tree, observed

    def scores(self, P):
        """Weighted sums for rows of probabilities, shape (n_rows, N)."""
        P = P.toarray() if sp.issparse(P) else P
        return self.tree.scores(P, self.observed)


def choose_rule(space, observed, power=2.0):
    """Choose the quickest way to the scores of a label space.

    Parameters
    ----------
    space : LabelSpace
    observed : ndarray of int, shape (K,)
    power : float, default=2.0

    Returns
    -------
    rule : object with ``scores(P)``
    """
    if type(space) is LabelSpace:
        return ZeroOneRule(len(space), observed)
    if power == 2 and space.points is not None and space.points.shape[1] < len(observed):
        return PointRule(space.points, observed)
    if power == 2 and space.is_tree and len(observed) > _TREE_FROM:
        return TreeRule(space.tree, observed)
    return TableRule(space.powers(observed, power))


def keep_largest(P, k):
    """Set all but the k largest probabilities of each row to 0; sparse where few are left."""
    if k is None or k >= P.shape[1]:
        return P
    columns = np.argpartition(P, -k, axis=1)[:, -k:]
    rows = np.repeat(np.arange(len(P)), k)
    kept = P[rows, columns.ravel()]
    if k <= _SPARSE_SHARE * P.shape[1]:
        return sp.csr_array((kept, columns.ravel(), np.arange(len(P) + 1) * k), shape=P.shape)
    out = np.zeros_like(P)
    out[rows, columns.ravel()] = kept
    return out


def nearest_labels(rule, P, n_labels, observed=None, block_size=None, n_jobs=None):
    """Index of the label with the least score for each row.

    Parameters
    ----------
    rule : object with ``scores(P)``
    P : ndarray or csr_array of shape (n_rows, K)
        Probabilities of the observed labels.
    n_labels : int
        Number N.
    observed : ndarray of int, shape (K,), or None, default=None
        When given, ties go to the observed label with the largest probability where it takes
        part; else to the lowest index.
    block_size : int or None, default=None
        Rows whose scores are in memory at once, for each thread.
    n_jobs : int or None, default=None

    Returns
    -------
    nearest : ndarray of int, shape (n_rows,)
    """
    nearest = np.empty(P.shape[0], dtype=np.intp)

    def part(start, stop):
        scores = rule.scores(P[start:stop])
        nearest[start:stop] = scores.argmin(axis=1)
        if observed is not None:
            rows = np.arange(stop - start)
            own = observed[np.asarray(P[start:stop].argmax(axis=1)).ravel()]
            slack = _TIE * np.abs(scores).max(axis=1)
            tied = scores[rows, own] <= scores[rows, nearest[start:stop]] + slack
            nearest[start:stop][tied] = own[tied]

    over_blocks(part, P.shape[0], n_labels, block_size, n_jobs)
    return nearest


def over_blocks(part, n_rows, n_labels, block_size=None, n_jobs=None):
    """Call ``part(start, stop)`` over blocks of rows; the blocks don't depend on `n_jobs`."""
    step = block_size or max(16, _BLOCK // n_labels)
    with single_blas_thread():
        ranges = [(a, min(a + step, n_rows)) for a in range(0, n_rows, step)]
        parallel_ranges(part, ranges, n_jobs=n_jobs)
