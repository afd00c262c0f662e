"""Moving shapes so that a loss of their topology falls."""

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._core.checks import check_shapes, real_array
from skgeom._core.estimator import DocLinkMixin
from skgeom._core.parallel import parallel_map
from skgeom.topology._bifiltration_transformer import BifiltrationTransformer
from skgeom.topology._checks import LARGEST
from skgeom.topology._losses import norm_loss

MAX_GROWTH = 10.0  # of the extent of a shape, until it is said to run away


class TopologicalRegularizer(DocLinkMixin, BaseEstimator):
    """Value and gradient of a loss of the topology of one shape, for any optimiser.

    Add it to another objective, with ``scipy.optimize.minimize(..., jac=True)`` or a loop of
    one's own. The base of `TopologicalOptimizer`.

    Parameters
    ----------
    transformer : BifiltrationTransformer or None, default=None
        What is filtered how; None is ``BifiltrationTransformer()`` with loops alone.
    loss : {"norm"} or callable, default="norm"
        "norm" is `norm_loss`: what is born should come early and what dies late. A callable, such
        as `IntegralLoss` or `TransportLoss`, maps the measures of one shape (dict of key ->
        (points, weights)) to its value and its gradients in the atoms (dict of key -> (n_atoms,
        n_parameters)); with ``invariant="mma"``, its `IntervalModules` to the value and a pair of
        gradients in their births and deaths.
    strength : float, default=1.0
        Factor of the loss.

    Attributes
    ----------
    transformer_ : BifiltrationTransformer
        Fitted.

    References
    ----------
    .. [1] Scoccola, Setlur, Loiseaux, Carrière, Oudot. "Differentiability and Optimization of
           Multiparameter Persistent Homology." ICML 2024, arXiv:2406.07224.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.topology import TopologicalRegularizer
    >>> cloud = np.random.default_rng(0).normal(size=(20, 2))
    >>> regularizer = TopologicalRegularizer().fit([cloud])
    >>> value, gradient = regularizer.value_and_gradient(cloud)
    >>> gradient.shape
    (20, 2)
    """

    _parameter_constraints = {
        "transformer": [HasMethods(["fit", "transform", "gradient"]), None],
        "loss": [StrOptions({"norm"}), callable],
        "strength": [Interval(Real, -LARGEST, LARGEST, closed="both")],
    }

    def __init__(self, *, transformer=None, loss="norm", strength=1.0):
        self.transformer = transformer
        self.loss = loss
        self.strength = strength

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Learn the scale of the shapes, and check that there is a gradient.

        Parameters
        ----------
        X : sequence of shapes
            As the transformer takes them.
        y : None
            Ignored.

        Returns
        -------
        self : TopologicalRegularizer
        """
        self._fit_transformer(X)
        return self

    def _fit_transformer(self, X):
        transformer = self.transformer
        if transformer is None:
            transformer = BifiltrationTransformer(homology_dimensions=(1,))
        self.transformer_ = clone(transformer).fit(X)
        self.transformer_._check_differentiable()
        if self.transformer_.invariant == "mma" and isinstance(self.loss, str):
            raise ValueError("loss='norm' is of signed measures; invariant='mma' needs a callable.")

    def value_and_gradient(self, shape):
        """Loss of one shape, and its gradient.

        Parameters
        ----------
        shape : object
            One sample.

        Returns
        -------
        value : float
        gradient : ndarray or pair of ndarrays
            As `BifiltrationTransformer.gradient` returns it for one sample.
        """
        check_is_fitted(self)
        value, slopes = self._loss_of(self.transformer_.transform([shape])[0])
        gradient = self.transformer_.gradient([shape], [slopes])[0]
        parts = gradient if isinstance(gradient, tuple) else (gradient,)
        with np.errstate(over="ignore", invalid="ignore"):
            value, *parts = (self.strength * part for part in (value, *parts))
        for part in (value, *parts):
            _check_size(part, "strength times the loss, or its gradient,")
        return value, tuple(parts) if isinstance(gradient, tuple) else parts[0]

    def _loss_of(self, measures):
        """Value of the loss, and what `BifiltrationTransformer.gradient` takes for one sample."""
        loss = norm_loss if isinstance(self.loss, str) else self.loss
        found = loss(measures)
        if not isinstance(found, tuple) or len(found) != 2 or np.ndim(found[0]) != 0:
            raise ValueError(
                "loss must return a pair (value, slopes) with one number as its value, got "
                f"{type(found).__name__}."
            )
        return float(real_array(found[0], "loss: its value")), found[1]


def _check_size(values, what):
    """Refuse steps that no optimiser can take."""
    if not (np.abs(values) <= LARGEST).all():
        raise ValueError(f"{what} is not finite, or exceeds {LARGEST:g} in magnitude.")


class TopologicalOptimizer(TransformerMixin, TopologicalRegularizer):
    """Move points, node values or pixels so that a loss of their topology falls.

    Each shape by itself, by Adam or by the stochastic subgradient method, whose steps
    ``learning_rate / (1 + k) ** power`` lead to critical points [2]_.

    Parameters
    ----------
    transformer : BifiltrationTransformer or None, default=None
        What is filtered how; None is ``BifiltrationTransformer()`` with loops alone.
    loss : {"norm"} or callable, default="norm"
        See `TopologicalRegularizer`.
    strength : float, default=1.0
        Factor of the loss.
    anchor : float, default=0.0
        Factor of half the mean squared distance to where the shape has started.
    n_iter : int, default=100
        Largest number of steps.
    learning_rate : float, default=0.01
        Length of a step (of the first, for "subgradient"), in the unit of what moves.
    schedule : {"adam", "subgradient"}, default="adam"
        Adam; or steps along the negative gradient, of falling length.
    power : float, default=0.75
        How fast the steps of "subgradient" fall, more than 0.5 and at most 1.
    parameter : {"points", "function"}, default="points"
        What of pairs (points, values) moves. Of images and graphs the values move.
    tol : float, default=1e-6
        Stop when the largest entry of the gradient is smaller.
    n_jobs : int or None, default=None
        Threads over shapes.

    Attributes
    ----------
    transformer_ : BifiltrationTransformer
        Fitted.
    loss_curve_ : list of ndarrays of shape (n_iter + 1,)
        Values of the objective for every training shape, before the first step and after each.
    n_iter_ : int
        Largest number of steps that a training shape has taken.

    References
    ----------
    .. [1] Scoccola, Setlur, Loiseaux, Carrière, Oudot. "Differentiability and Optimization of
           Multiparameter Persistent Homology." ICML 2024, arXiv:2406.07224.
    .. [2] Davis, Drusvyatskiy, Kakade, Lee. "Stochastic subgradient method converges on tame
           functions." Foundations of Computational Mathematics 20, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.topology import TopologicalOptimizer
    >>> clouds = np.random.default_rng(0).normal(size=(2, 20, 2))
    >>> optimizer = TopologicalOptimizer(n_iter=5)
    >>> optimizer.fit_transform(clouds)[0].shape
    (20, 2)
    """

    _parameter_constraints = {
        **TopologicalRegularizer._parameter_constraints,
        "anchor": [Interval(Real, 0, LARGEST, closed="both")],
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, LARGEST, closed="right")],
        "schedule": [StrOptions({"adam", "subgradient"})],
        "power": [Interval(Real, 0.5, 1, closed="right")],
        "parameter": [StrOptions({"points", "function"})],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        transformer=None,
        loss="norm",
        strength=1.0,
        anchor=0.0,
        n_iter=100,
        learning_rate=0.01,
        schedule="adam",
        power=0.75,
        parameter="points",
        tol=1e-6,
        n_jobs=None,
    ):
        super().__init__(transformer=transformer, loss=loss, strength=strength)
        self.anchor = anchor
        self.n_iter = n_iter
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.power = power
        self.parameter = parameter
        self.tol = tol
        self.n_jobs = n_jobs

    def fit(self, X, y=None):
        """Learn the scale of the shapes, and move them.

        Parameters
        ----------
        X : sequence of shapes
            Point clouds, pairs (points, values), images, or pairs (graph, node values).
        y : None
            Ignored.

        Returns
        -------
        self : TopologicalOptimizer
        """
        self.fit_transform(X)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    def fit_transform(self, X, y=None):
        """Learn the scale of the shapes, and return them moved: list of shapes."""
        shapes = check_shapes(X)
        self._fit_transformer(shapes)
        found = parallel_map(self._moved, shapes, n_jobs=self.n_jobs)
        self.loss_curve_ = [curve for _, curve in found]
        self.n_iter_ = max(len(curve) - 1 for curve in self.loss_curve_)
        return [shape for shape, _ in found]

    def transform(self, X):
        """Move other shapes, at the scale of the training shapes.

        Parameters
        ----------
        X : sequence of shapes

        Returns
        -------
        moved : list of shapes
        """
        check_is_fitted(self)
        found = parallel_map(self._moved, check_shapes(X), n_jobs=self.n_jobs)
        return [shape for shape, _ in found]

    def _moved(self, shape):
        """One shape moved, and the values of its objective."""
        start = current = self._moving(shape)
        extent = np.ptp(start) if start.size else 0.0
        state = (np.zeros(start.shape), np.zeros(start.shape))
        curve = []
        for step in range(self.n_iter + 1):
            value, gradient = self._objective(shape, start, current)
            curve.append(value)
            if step == self.n_iter or np.abs(gradient).max(initial=0.0) <= self.tol:
                break
            current = current - self._step(step, gradient, state)
            if np.ptp(current) > MAX_GROWTH * extent > 0:
                warnings.warn(
                    f"A shape has grown to {MAX_GROWTH:g} times its extent and was stopped after "
                    f"{step + 1} steps; the loss has no lower bound. Set anchor, or lower "
                    "learning_rate.",
                    ConvergenceWarning,
                )
                break
        return self._with(shape, current), np.array(curve)

    def _objective(self, shape, start, current):
        value, gradient = self.value_and_gradient(self._with(shape, current))
        if isinstance(gradient, tuple):
            gradient = gradient[self.parameter == "function"]
        with np.errstate(over="ignore", invalid="ignore"):
            pull = self.anchor * (current - start) / max(len(start), 1)
            value = value + 0.5 * (pull * (current - start)).sum()
        gradient = gradient.reshape(start.shape) + pull
        for part in (value, gradient):
            _check_size(part, "The objective, or its gradient,")
        return value, gradient

    def _step(self, step, gradient, state):
        if self.schedule == "subgradient":
            return self.learning_rate / (1 + step) ** self.power * gradient
        mean, square = state
        mean += 0.1 * (gradient - mean)
        square += 0.001 * (gradient**2 - square)
        corrected = np.sqrt(square / (1 - 0.999 ** (step + 1))) + 1e-8
        return self.learning_rate * mean / (1 - 0.9 ** (step + 1)) / corrected

    def _part(self):
        """Which part of a pair moves."""
        graph = self.transformer_.filtration == "graph"
        return 1 if graph or self.parameter == "function" else 0

    def _moving(self, shape):
        moving = shape[self._part()] if isinstance(shape, tuple) else shape
        return real_array(moving, "X").copy()

    def _with(self, shape, moved):
        if not isinstance(shape, tuple):
            return moved
        return (moved, shape[1]) if self._part() == 0 else (shape[0], moved)
