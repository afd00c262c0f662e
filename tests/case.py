"""How a room tells the common tests about its estimators."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Case:
    """One estimator, in one setting, with data that it takes.

    Attributes
    ----------
    estimator : estimator
        Unfitted; small and quick settings, `random_state` given where there is one.
    make_data : callable
        ``make_data(seed) -> (X, y)``: a small input of the estimator's own kind (a table, a
        graph, trials, shapes), y or None.
    expected_failures : dict
        Name of a scikit-learn check -> why it cannot hold. Only where the kind of input makes
        the check meaningless.
    input_is_table : bool
        Whether scikit-learn's own checks can feed it.
    row_wise : bool
        Whether each row of the output depends on that row alone.
    allows_infinity : bool
        Whether +inf is a value that the input may hold.
    method : str or None
        The method whose output the tests compare; None is ``predict`` where there is one, else
        ``transform``.
    """

    estimator: object
    make_data: Callable
    expected_failures: dict = field(default_factory=dict)
    input_is_table: bool = True
    row_wise: bool = True
    allows_infinity: bool = False
    method: str | None = None

    def output(self, estimator, X):
        """Call the compared method of a fitted `estimator`."""
        method = self.method or ("predict" if hasattr(estimator, "predict") else "transform")
        return np.asarray(getattr(estimator, method)(X))

    def __str__(self):
        return " ".join(repr(self.estimator).split())
