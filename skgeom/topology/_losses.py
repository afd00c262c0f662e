"""Losses of signed measures: value and gradient in the atoms."""

from dataclasses import dataclass

import numpy as np

from skgeom.topology._checks import check_measure
from skgeom.topology._sliced_wasserstein import random_directions


def norm_loss(measures):
    """Signed mean of the l1 norms of the atoms.

    ``sum_a w_a |p_a|_1 / n_atoms``: small when positive atoms (what is born) come early and
    negative ones (what dies) come late, so that descending makes classes persist.

    Parameters
    ----------
    measures : dict of key -> (points, weights)
        As `BifiltrationTransformer` returns them for one sample.

    Returns
    -------
    value : float
    slopes : dict of key -> ndarray of shape (n_atoms, n_parameters)

    References
    ----------
    .. [1] Scoccola, Setlur, Loiseaux, Carrière, Oudot. "Differentiability and Optimization of
           Multiparameter Persistent Homology." ICML 2024, arXiv:2406.07224.
    """
    n_atoms = max(1, sum(len(weights) for _, weights in measures.values()))
    value, slopes = 0.0, {}
    for key, (points, weights) in measures.items():
        finite = np.isfinite(points)
        norms = np.where(finite, np.abs(points), 0.0)
        value += (weights * norms.sum(axis=1)).sum() / n_atoms
        slopes[key] = np.where(finite, np.sign(points), 0.0) * weights[:, None] / n_atoms
    return float(value), slopes


@dataclass(frozen=True)
class IntegralLoss:
    """Integral of a function over the measures: ``sum_a w_a phi(p_a)``.

    Parameters
    ----------
    function : callable
        Points of shape (n_atoms, n_parameters) -> (values (n_atoms,), their gradients (n_atoms,
        n_parameters)).

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.topology import IntegralLoss
    >>> loss = IntegralLoss(lambda p: (p[:, 0] * (0.65 - p[:, 1]), np.c_[0.65 - p[:, 1], -p[:, 0]]))
    >>> loss({1: (np.array([[0.2, 0.15]]), np.array([1]))})[0]
    0.1
    """

    function: object

    def __call__(self, measures):
        """Value, and gradient in the atoms: (float, dict of key -> ndarray)."""
        value, slopes = 0.0, {}
        for key, (points, weights) in measures.items():
            values, gradients = self.function(points)
            value += float((weights * values).sum())
            slopes[key] = weights[:, None] * gradients
        return value, slopes


@dataclass(frozen=True)
class TransportLoss:
    """Sliced Wasserstein distance to a target, both with total masses zero.

    Parameters
    ----------
    target : dict of key -> (points, weights)
    n_directions : int, default=50
    random_state : int, RandomState instance or None, default=0
    """

    target: dict
    n_directions: int = 50
    random_state: object = 0

    def __call__(self, measures):
        """Value, and gradient in the atoms: (float, dict of key -> ndarray)."""
        value, slopes = 0.0, {}
        for key, (points, weights) in measures.items():
            goal, mass = check_measure(*self.target[key], f"target[{key!r}]", whole=False)
            added, slopes[key] = _sliced(points, weights, goal, mass, self._directions(points))
            value += added
        return value, slopes

    def _directions(self, points):
        return random_directions(self.n_directions, points.shape[1], self.random_state)


def _sliced(points, weights, goal, mass, directions):
    """Mean over directions of ``int |F|``, F the cumulated mass of the difference."""
    finite, goal_finite = np.isfinite(points).all(axis=1), np.isfinite(goal).all(axis=1)
    kept = points[finite]
    every = np.concatenate([kept, goal[goal_finite]])
    signed = np.concatenate([weights[finite], -mass[goal_finite]])
    if signed.sum() != 0:
        raise ValueError(
            f"The measure and its target differ in total mass by {signed.sum()}; leave out the "
            "dimension with classes that never die, or balance them."
        )
    value, slope = 0.0, np.zeros(points.shape)
    for direction in directions:
        heights = every @ direction
        order = np.argsort(heights, kind="stable")
        after = np.abs(np.cumsum(signed[order]))
        value += (after[:-1] * np.diff(heights[order])).sum()
        before = np.concatenate([[0], after[:-1]])
        pull = np.empty(len(every))
        pull[order] = before - after
        slope[finite] += pull[: len(kept), None] * direction
    return value / len(directions), slope / len(directions)
