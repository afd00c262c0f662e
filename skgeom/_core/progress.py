"""Progress of long fits: printed lines, and scikit-learn's callbacks where it has them."""

from contextlib import contextmanager

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:
        """Stands for scikit-learn's mixin where that has no callbacks yet."""

    def with_callbacks(method):
        """Return the method as it is."""
        return method


__all__ = ["CallbackSupportMixin", "Progress", "with_callbacks"]


class Progress:
    """Tells the steps of one fit to whoever listens.

    Parameters
    ----------
    estimator : estimator
        With `CallbackSupportMixin`; the method that makes this is decorated by `with_callbacks`.
    verbose : int
        Above 0, steps and every tenth iteration are printed.
    """

    def __init__(self, estimator, verbose=0):
        self.estimator = estimator
        self.verbose = verbose
        self.context = None
        if hasattr(estimator, "_init_callback_context"):
            self.context = estimator._init_callback_context(max_subtasks=None)

    @contextmanager
    def fit(self, X):
        """The whole fit, as a context."""
        if self.context is not None:
            self.context.call_on_fit_task_begin(estimator=self.estimator, X=X)
        yield self
        if self.context is not None:
            self.context.call_on_fit_task_end(estimator=self.estimator, X=X)

    @contextmanager
    def step(self, name):
        """A step, as a context.

        Yields
        ------
        report : callable
            ``report(iteration, value)`` tells of an iteration of the step (`value`: what it
            lowers, or None) and returns whether a callback asks to stop.
        """
        self._print(name)
        parent = self.context
        if parent is None:
            yield lambda iteration, value: self._report(None, iteration, value)
            return
        context = parent.subcontext(task_name=name, max_subtasks=None)
        context.call_on_fit_task_begin(estimator=self.estimator)
        yield lambda iteration, value: self._report(context, iteration, value)
        context.call_on_fit_task_end(estimator=self.estimator)

    def _report(self, context, iteration, value):
        if iteration % 10 == 0:
            self._print(f"iteration {iteration}" + ("" if value is None else f": {value:.6f}"))
        if context is None:
            return False
        task = context.subcontext(task_name="iteration")
        task.call_on_fit_task_begin(estimator=self.estimator)
        return bool(task.call_on_fit_task_end(estimator=self.estimator))

    def _print(self, text):
        if self.verbose:
            print(f"[{type(self.estimator).__name__}] {text}")
