"""How an embedding is got out of a fitted estimator or pipeline."""

import numpy as np
from sklearn.pipeline import Pipeline

RESPONSES = ("transform", "decision_function", "predict_proba")


def embedding_of(estimator, X, response_method="auto"):
    """Compute the cloud that a fitted estimator makes of `X`.

    Parameters
    ----------
    estimator : estimator
        Fitted; a transformer, a predictor, or a Pipeline that ends in either.
    X : array-like
    response_method : {"auto", "transform", "decision_function", "predict_proba"} or callable
        "auto" takes the first that exists of `transform`, the output of all steps but the last of
        a Pipeline, `decision_function` and `predict_proba`. A callable is called as
        ``response_method(estimator, X)``.

    Returns
    -------
    embedding : array-like of shape (n_samples, n_outputs)
    """
    if callable(response_method):
        return response_method(estimator, X)
    if response_method != "auto":
        if not hasattr(estimator, response_method):
            raise TypeError(
                f'response_method="{response_method}", but {type(estimator).__name__} has no '
                f"such method{_advice(estimator)}."
            )
        return _as_table(getattr(estimator, response_method)(X))
    if hasattr(estimator, "transform"):
        return estimator.transform(X)
    if isinstance(estimator, Pipeline) and len(estimator.steps) > 1:
        return estimator[:-1].transform(X)
    for method in RESPONSES[1:]:
        if hasattr(estimator, method):
            return _as_table(getattr(estimator, method)(X))
    raise TypeError(
        f"{type(estimator).__name__} has none of the methods {', '.join(RESPONSES)}, so there is "
        f"no embedding of X to score{_advice(estimator)}."
    )


def _as_table(output):
    """One column for a one-dimensional response (a binary decision function)."""
    if getattr(output, "ndim", 2) == 1:
        return np.asarray(output)[:, np.newaxis]
    return output


def _advice(estimator):
    if hasattr(estimator, "fit_transform"):
        return (
            "; it has only fit_transform, which cannot embed rows after the fit. Wrap it, for "
            "example with response_method=lambda estimator, X: estimator.embedding_"
        )
    return "; pass a callable response_method(estimator, X)"
