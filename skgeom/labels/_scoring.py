"""How far predictions are from the truth, in the metric of the labels."""

import numpy as np
from sklearn.metrics import make_scorer
from sklearn.utils import check_array, check_consistent_length, column_or_1d

from skgeom.labels._space import label_indices, label_space


def label_squared_distance(y_true, y_pred, D, *, labels=None, metric=None, sample_weight=None):
    """Mean squared distance of predicted labels to the true ones.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
    D : array-like, sparse matrix, networkx graph, callable or "ordinal"
        The metric of the labels, as `label_metric` of `LokiClassifier`.
    labels : array-like of shape (N,) or None, default=None
        Names of the labels in the order of `D`; None is 0..N-1, or the nodes of a networkx graph.
    metric : {"euclidean"} or None, default=None
        What an array `D` holds: None distances, "euclidean" coordinates.
    sample_weight : array-like of shape (n_samples,) or None, default=None

    Returns
    -------
    loss : float

    Raises
    ------
    ValueError
        For labels that `D` doesn't know, a `D` that isn't a metric, and weights that are negative,
        not finite or all zero.

    Examples
    --------
    >>> from skgeom.labels import label_squared_distance
    >>> label_squared_distance(["a", "c"], ["b", "c"], "ordinal", labels=["a", "b", "c"])
    0.5
    """
    y_true, y_pred = column_or_1d(y_true), column_or_1d(y_pred)
    check_consistent_length(y_true, y_pred, sample_weight)
    space = label_space(D, labels, metric, name="D")
    true = label_indices(space.labels, y_true, "y_true")
    pred = label_indices(space.labels, y_pred, "y_pred")
    kinds, row = np.unique(true, return_inverse=True)
    squares = space.powers(kinds, 2.0)[row, pred]
    return float(np.average(squares, weights=_check_weight(sample_weight)))


def _check_weight(weight):
    if weight is None:
        return None
    weight = check_array(weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weight.min() < 0 or weight.sum() <= 0:
        raise ValueError("sample_weight must be non-negative and not all zero.")
    return weight


def make_label_distance_scorer(D, *, labels=None, metric=None):
    """Scorer for `GridSearchCV` and `cross_val_score`: minus the mean squared label distance.

    Parameters
    ----------
    D, labels, metric
        As in `label_squared_distance`.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)``.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> from skgeom.labels import LokiClassifier, make_label_distance_scorer
    >>> X, y = load_iris(return_X_y=True)
    >>> scorer = make_label_distance_scorer("ordinal", labels=[0, 1, 2])
    >>> bool(cross_val_score(LokiClassifier(), X, y, scoring=scorer).mean() > -0.1)
    True
    """
    return make_scorer(
        label_squared_distance, greater_is_better=False, D=D, labels=labels, metric=metric
    )
