"""Which labels can be predicted at all, and which to observe next."""

from numbers import Integral, Real

import numpy as np
from scipy.optimize import linprog
from scipy.sparse.csgraph import dijkstra
from sklearn.utils import check_random_state

from skgeom._core.parallel import parallel_map
from skgeom.labels._space import label_space, tree_graph
from skgeom.labels._tree import spanned_subtree

METHODS = ("auto", "lp", "tree")
# Weights tried before linear programs: what one of them predicts needs no proof.
_N_TRIALS = 2000
# Scores within this share of the largest squared distance are a tie.
_TIE = 1e-9


def label_locus(D, observed, *, method="auto", power=2.0, n_jobs=None):
    r"""Labels that the Fréchet mean of observed labels can be, for some weights.

    .. math:: \Pi(\Lambda) = \{ y : \exists w \ge 0, \; y \in \arg\min_z
        \sum_{i \in \Lambda} w_i d^2(z, l_i) \}

    Parameters
    ----------
    D : array-like or sparse matrix of shape (N, N), or networkx graph
        Distances between labels, or a graph whose shortest paths they are.
    observed : array-like of int, shape (K,)
        Indices of the observed labels; of a networkx graph, in the order of its nodes.
    method : {"auto", "lp", "tree"}, default="auto"
        "lp" solves a linear program a label, for any metric. "tree" takes the labels on the
        paths between observed ones, where the distances are path lengths of a tree. "auto" does
        so where it can.
    power : float, default=2.0
        Power of the distances.
    n_jobs : int or None, default=None
        Number of threads over linear programs.

    Returns
    -------
    locus : ndarray of int
        Ascending; the observed labels are among them.

    Raises
    ------
    ValueError
        When `D` isn't a metric (asymmetric, negative, non-zero diagonal, not finite), or the
        indices aren't such.

    References
    ----------
    .. [1] N. Roberts et al., "Geometry-aware adaptation for pretrained models", NeurIPS 2023,
       arXiv:2307.12226.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.labels import label_locus
    >>> path = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    >>> label_locus(path, [1, 4])
    array([1, 2, 3, 4])
    """
    space = label_space(D, name="D")
    return locus_of(space, check_observed(observed, len(space)), method, power, n_jobs)


def locus_of(space, observed, method="auto", power=2.0, n_jobs=None):
    """`label_locus` of a LabelSpace."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}.")
    if not isinstance(power, Real) or not 0 < power < np.inf:
        raise ValueError(f"power must be positive and finite, got {power!r}.")
    if method == "tree" and power < 1:
        raise ValueError(f'method="tree" needs a power of at least 1, got {power}.')
    graph = tree_graph(space) if method != "lp" and power >= 1 else None
    if graph is not None:
        return spanned_subtree(graph, observed)
    if method == "tree":
        raise ValueError('method="tree" needs distances that are path lengths of a tree.')
    powers = space.powers(observed, power)
    return _locus_by_programs(powers / (powers.max() or 1.0), n_jobs)


def _locus_by_programs(powers, n_jobs):
    """Locus for a (K, N) table of powers of distances, the largest of which is 1."""
    n_observed = len(powers)
    weights = np.vstack(
        [
            np.eye(n_observed),
            np.random.default_rng(0).dirichlet(np.full(n_observed, 0.5), _N_TRIALS),
        ]
    )
    scores = weights @ powers
    within = (scores <= scores.min(axis=1, keepdims=True) + _TIE).any(axis=0)
    left = np.flatnonzero(~within)
    within[left] = parallel_map(lambda y: _is_reached(powers, y), left, n_jobs=n_jobs)
    return np.flatnonzero(within)


def _is_reached(powers, y):
    """Whether weights exist for which no label is better than y by more than a tie.

    Minimises t over weights w and t, subject to ``sum_i w_i (d(y, l_i) - d(z, l_i)) <= t`` for
    every label z.
    """
    n_observed, n_labels = powers.shape
    excess = np.column_stack([(powers[:, [y]] - powers).T, -np.ones(n_labels)])
    result = linprog(
        np.eye(n_observed + 1)[-1],
        A_ub=np.delete(excess, y, axis=0),
        b_ub=np.zeros(n_labels - 1),
        A_eq=[[1.0] * n_observed + [0.0]],
        b_eq=[1.0],
        bounds=[(0, None)] * n_observed + [(-1, None)],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    return result.status == 0 and result.fun <= _TIE


def is_locus_cover(D, observed, *, power=2.0, n_jobs=None):
    """Whether every label can be predicted from the observed ones.

    Parameters
    ----------
    D : array-like or sparse matrix of shape (N, N), or networkx graph
    observed : array-like of int, shape (K,)
    power : float, default=2.0
    n_jobs : int or None, default=None
        As in `label_locus`.

    Returns
    -------
    covers : bool

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.labels import is_locus_cover
    >>> path = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    >>> is_locus_cover(path, [0, 5]), is_locus_cover(path, [0, 4])
    (True, False)
    """
    space = label_space(D, name="D")
    observed = check_observed(observed, len(space))
    return len(locus_of(space, observed, "auto", power, n_jobs)) == len(space)


def minimum_tree_cover(D):
    """Fewest labels of a tree from which all can be predicted: its leaves.

    Parameters
    ----------
    D : array-like or sparse matrix of shape (N, N), or networkx graph
        A tree, or its path lengths.

    Returns
    -------
    leaves : ndarray of int
        Ascending.

    Raises
    ------
    ValueError
        When `D` isn't a tree.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.labels import minimum_tree_cover
    >>> star = 2.0 - 2.0 * np.eye(4)
    >>> star[0, 1:] = star[1:, 0] = 1.0
    >>> minimum_tree_cover(star)
    array([1, 2, 3])
    """
    graph = tree_graph(label_space(D, name="D"))
    if graph is None:
        raise ValueError("D must be a tree or the path lengths of one.")
    return np.flatnonzero(np.diff(graph.indptr) <= 1)


def next_class(D, observed, n=1, *, power=2.0, n_jobs=None):
    """Choose labels to observe next: each the farthest from what can be predicted by then.

    Parameters
    ----------
    D : array-like or sparse matrix of shape (N, N), or networkx graph
        Distances between labels, or a graph whose shortest paths they are.
    observed : array-like of int, shape (K,)
        Indices of the labels that are observed already.
    n : int, default=1
        How many to choose.
    power : float, default=2.0
        Power of the distances.
    n_jobs : int or None, default=None
        Number of threads.

    Returns
    -------
    chosen : ndarray of int, shape (n,)
        In order of choice, ties to the lowest index; fewer when all labels are within reach.

    Notes
    -----
    In a tree whose edges have one length, the chosen label adds the most labels to the locus.

    References
    ----------
    .. [1] N. Roberts et al., "Geometry-aware adaptation for pretrained models", NeurIPS 2023,
       arXiv:2307.12226.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.labels import next_class
    >>> path = np.abs(np.subtract.outer(np.arange(9), np.arange(9)))
    >>> next_class(path, [3, 4], n=3)
    array([8, 0])
    """
    space = label_space(D, name="D")
    observed = check_observed(observed, len(space))
    if not isinstance(n, Integral) or n < 1:
        raise ValueError(f"n must be an integer of at least 1, got {n!r}.")
    chosen = []
    for _ in range(n):
        locus = locus_of(space, observed, "auto", power, n_jobs)
        gap = _distances_to(space, locus)
        gap[locus] = -1.0
        if len(locus) == len(space):
            break
        chosen.append(int(np.argmax(gap)))
        observed = np.append(observed, chosen[-1])
    return np.array(chosen, dtype=np.int64)


def _distances_to(space, nodes):
    """Distance of every label to the nearest of `nodes`, shape (N,)."""
    if space.graph is not None:
        return dijkstra(space.graph, directed=False, indices=nodes, min_only=True)
    return space.rows(nodes).min(axis=0)


def sample_labels(D, n, theta=0.0, *, random_state=None):
    r"""Draw observed labels that gather around the centre of the label space.

    Without replacement, with probabilities proportional to :math:`\exp(-\theta d(l, c))`, where c
    is the Fréchet mean of all labels.

    Parameters
    ----------
    D : array-like or sparse matrix of shape (N, N), or networkx graph
    n : int
        How many.
    theta : float, default=0.0
        0 draws uniformly; the larger, the closer to the centre (and the smaller the locus);
        negative values favour the rim.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    drawn : ndarray of int, shape (n,)
        Ascending.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.labels import sample_labels
    >>> path = np.abs(np.subtract.outer(np.arange(9), np.arange(9)))
    >>> sample_labels(path, 3, theta=10.0, random_state=0)
    array([3, 4, 5])
    """
    space = label_space(D, name="D")
    if not isinstance(n, Integral) or not 1 <= n <= len(space):
        raise ValueError(f"n must be from 1 to the {len(space)} labels, got {n!r}.")
    if not isinstance(theta, Real) or not abs(theta) <= 1e100:
        raise ValueError(f"theta must be a number from -1e100 to 1e100, got {theta!r}.")
    distances = space.rows(np.arange(len(space)))
    to_centre = distances[np.argmin((distances**2).sum(axis=0))]
    # Gumbel's trick: the n largest of log-probabilities with noise are a draw without replacement
    noise = check_random_state(random_state).gumbel(size=len(space))
    return np.sort(np.argsort(theta * to_centre - noise)[:n])


def check_observed(observed, n_labels):
    """Return distinct label indices as an array, or raise ValueError."""
    try:
        observed = np.asarray(observed)
    except ValueError as error:
        raise ValueError(f"observed must be a list of label indices: {error}") from error
    if observed.ndim != 1 or len(observed) == 0 or observed.dtype.kind not in "iu":
        raise ValueError(
            f"observed must be a list of label indices, at least one, got {observed!r:.100}."
        )
    if observed.min() < 0 or observed.max() >= n_labels:
        raise ValueError(
            f"observed must hold indices from 0 to {n_labels - 1}, got {observed.min()} to "
            f"{observed.max()}."
        )
    return np.unique(observed).astype(np.int64)
