"""Pointwise mutual information of counts of pairs, and its factors."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.decomposition import NMF
from sklearn.utils.extmath import randomized_svd

from skgeom._core.parallel import single_blas_thread
from skgeom.graph._orbits import check_memory

N_POWER_ITERATIONS = 7
N_NMF_ITERATIONS = 400
RANK_FLOOR = 1e-10  # of the largest singular value


def random_walk_counts(graph, window, max_memory=None):
    """Return how often a long random walk has two nodes within a window, up to a constant.

    Parameters
    ----------
    graph : csr_array of shape (n, n)
        Pattern of the adjacency A, with degrees D.
    window : int
        Largest number of steps w between the two.
    max_memory : int or None
        Bytes.

    Returns
    -------
    counts : csr_array of float64, shape (n, n)
        The sum of D (D^-1 A)^r over r = 1, ..., w; symmetric.
    """
    degrees = np.diff(graph.indptr).astype(np.float64)
    inverse = np.divide(1.0, degrees, out=np.zeros_like(degrees), where=degrees > 0)
    steps = graph.astype(np.float64)
    counts, transition = steps, sp.diags_array(inverse) @ steps
    for r in range(2, window + 1):
        # each entry is reached along an edge: no more entries than walks, nor than pairs
        most = int(
            min(np.diff(graph.indptr).astype(np.int64)[steps.indices].sum(), graph.shape[0] ** 2)
        )
        check_memory(12 * (counts.nnz + most), max_memory, f"Random walks of up to {r} steps")
        steps = steps @ transition
        counts = counts + steps
    return counts.tocsr()


@dataclass(frozen=True)
class Factors:
    """A factorisation of the positive pointwise mutual information of counts.

    Attributes
    ----------
    total : float
        Sum of the counts.
    columns : ndarray of shape (n,)
        Their column sums.
    negative : float
    components : ndarray of shape (n_components, n)
    singular_values : ndarray of shape (n_components,), or None
        None for a non-negative factorisation.
    solver : NMF or None
    """

    total: float
    columns: np.ndarray
    negative: float
    components: np.ndarray
    singular_values: np.ndarray | None
    solver: NMF | None

    def place(self, counts):
        """Return vectors for rows of counts, of shape (n_rows, n_components)."""
        pmi = positive_pmi(counts, self.columns, self.total, self.negative)
        with single_blas_thread():
            if self.solver is not None:
                vectors = self.solver.transform(pmi)
                missing = len(self.components) - vectors.shape[1]
                return np.pad(vectors, [(0, 0), (0, missing)])
            root = np.sqrt(self.singular_values)
            scale = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
            return pmi @ (self.components.T * scale)


def positive_pmi(counts, columns, total, negative=1.0):
    """Return max(0, log(counts_uv total / (row_u column_v)) - log(negative)).

    Parameters
    ----------
    counts : csr_array of shape (n_rows, n)
    columns : ndarray of shape (n,)
        Column sums.
    total : float
        Sum of the counts that `columns` are the sums of.
    negative : float, default=1.0

    Returns
    -------
    pmi : csr_array of float64, shape (n_rows, n)
    """
    data = counts.data.astype(np.float64)
    per_row = np.diff(counts.indptr)
    rows = np.repeat(np.asarray(counts.sum(axis=1), np.float64), per_row)
    expected = rows * columns[counts.indices] * negative
    known = (expected > 0) & (data > 0)
    ratio = np.divide(data * total, expected, out=np.ones_like(data), where=known)
    values = np.maximum(np.log(ratio), 0.0)
    pmi = sp.csr_array((values, counts.indices, counts.indptr), shape=counts.shape, copy=True)
    pmi.eliminate_zeros()
    return pmi


def factorize(counts, n_components, factorization, negative, random_state):
    """Factorise the positive pointwise mutual information of counts.

    Parameters
    ----------
    counts : csr_array of shape (n, n)
    n_components : int
        Components beyond the rank are zero.
    factorization : {"svd", "nmf"}
    negative : float
    random_state : RandomState

    Returns
    -------
    factors : Factors
    """
    columns, total = np.asarray(counts.sum(axis=0), np.float64), float(counts.sum())
    pmi = positive_pmi(counts, columns, total, negative)
    n = counts.shape[1]
    n_kept = min(n_components, n)
    components, values, solver = np.zeros((n_components, n)), None, None
    with single_blas_thread():
        if factorization == "nmf" and pmi.nnz > 0:
            solver = NMF(
                n_kept, init="nndsvda", max_iter=N_NMF_ITERATIONS, random_state=random_state
            )
            components[:n_kept] = solver.fit(pmi).components_
        elif factorization == "svd":
            values = np.zeros(n_components)
            _, found, rows = randomized_svd(
                pmi, n_kept, n_iter=N_POWER_ITERATIONS, random_state=random_state
            )
            kept = found > RANK_FLOOR * max(found[0], 1e-300)
            values[:n_kept], components[:n_kept][kept] = np.where(kept, found, 0.0), rows[kept]
    if solver is None and values is None:
        values = np.zeros(n_components)
    return Factors(total, columns, negative, components, values, solver)
