"""How a room tells the common tests about its estimators."""

from collections.abc import Callable
from dataclasses import dataclass, field


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
        Whether each row of ``transform(X)`` / ``predict(X)`` depends on that row alone.
    """

    estimator: object
    make_data: Callable
    expected_failures: dict = field(default_factory=dict)
    input_is_table: bool = True
    row_wise: bool = True

    def __str__(self):
        return repr(self.estimator).replace("\n", " ")
