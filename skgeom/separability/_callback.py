"""The monitor as a callback of scikit-learn's iterative estimators."""

from skgeom.separability._monitor import SeparabilityMonitor
from skgeom.separability._response import embedding_of


class SeparabilityCallback:
    """Update a `SeparabilityMonitor` at each iteration of a scikit-learn fit, and stop the fit.

    Follows scikit-learn's callback protocol (``sklearn.callback``, from version 1.9 on): hand it to
    ``estimator.set_callbacks``. Each fit begins a new history. It works in the process of the fit.

    Parameters
    ----------
    monitor : SeparabilityMonitor, default=None
        Updated in place; None is ``SeparabilityMonitor()``.
    X : array-like of shape (n_samples, n_features), default=None
        Unlabelled rows to watch; None is those of the fit.
    response_method : {"auto", "transform", "decision_function", "predict_proba"} or callable, \
            default="auto"
        How the embedding of `X` is got out of the estimator, as in `SeparabilityScorer`.

    See Also
    --------
    SeparabilityMonitor : The stopping rules and the history.

    Notes
    -----
    When the monitor's rule fires, the callback asks the estimator to stop. Estimators that cannot
    stop early go on, and the history with them; scikit-learn 1.9's `LogisticRegression` is one.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skgeom.separability import SeparabilityCallback
    >>> callback = SeparabilityCallback()
    >>> model = LogisticRegression(tol=0.01)
    >>> if hasattr(model, "set_callbacks"):  # scikit-learn 1.9
    ...     _ = model.set_callbacks(callback).fit(*load_iris(return_X_y=True))
    ...     assert callback.monitor.history_["score"][-1] > callback.monitor.history_["score"][0]
    """

    def __init__(self, monitor=None, *, X=None, response_method="auto"):
        self.monitor = SeparabilityMonitor() if monitor is None else monitor
        self.X = X
        self.response_method = response_method

    def setup(self, estimator, context):
        """Begin a new history.

        Parameters
        ----------
        estimator : estimator
        context : sklearn.callback.CallbackContext
        """
        self.monitor.reset()

    def teardown(self, estimator, context):
        """Leave the history as it is.

        Parameters
        ----------
        estimator : estimator
        context : sklearn.callback.CallbackContext
        """

    def on_fit_task_begin(self, estimator, context):
        """Do nothing before an iteration.

        Parameters
        ----------
        estimator : estimator
        context : sklearn.callback.CallbackContext
        """

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        """Score the embedding after an iteration.

        Parameters
        ----------
        estimator : estimator
        context : sklearn.callback.CallbackContext
            Only innermost tasks count, not the fit that holds them.
        X : array-like
            Rows of the fit.
        fitted_estimator : estimator
            The estimator as if the fit had stopped here; None where it cannot say.

        Returns
        -------
        stop : bool
            Whether the monitor's rule has fired.
        """
        watched = X if self.X is None else self.X
        if fitted_estimator is None or watched is None or context.max_subtasks != 0:
            return False
        embedding = embedding_of(fitted_estimator, watched, self.response_method)
        return self.monitor.update(embedding, step=context.task_id).should_stop_
