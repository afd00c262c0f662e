"""Signed measures to feature vectors: the second half of the vectoriser."""

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._core.estimator import DocLinkMixin
from skgeom._core.parallel import parallel_map
from skgeom.topology._checks import check_grid, check_measure
from skgeom.topology._convolution import KERNELS, convolve
from skgeom.topology._gradient import convolution_gradient
from skgeom.topology._measures import (
    aggregate,
    balance,
    histogram,
    surface_from_histogram,
    widen,
)
from skgeom.topology._modules import (
    INTERVAL_KERNELS,
    WEIGHTS,
    IntervalModules,
    module_features,
)
from skgeom.topology._sliced_wasserstein import (
    random_directions,
    sliced_wasserstein_distances,
)

AXES = "rstuvwxyz"
VECTORIZATIONS = ("convolution", "surface", "histogram", "sliced_wasserstein")
WIDTHS = (1e-50, 1e50)  # of kernels: squares neither overflow nor vanish
MODULE_VECTORIZATIONS = ("tcdr", "landscape", "image")


class SignedMeasureVectorizer(DocLinkMixin, TransformerMixin, BaseEstimator):
    """Turn signed measures, or interval modules, into feature vectors of fixed length.

    Parameters
    ----------
    vectorization : {"convolution", "surface", "histogram", "sliced_wasserstein", "tcdr", \
            "landscape", "image"}, default="convolution"
        The first four take signed measures, the others interval modules.

        - "convolution": sum of a kernel over the atoms, on the grid.
        - "surface": the Hilbert function (or Euler surface) itself, on the grid.
        - "histogram": mass at every grid point, atoms rounded up to the grid.
        - "sliced_wasserstein": cumulated mass along random directions, at `resolution` knots
          each; the l1 distance of two feature vectors approximates the sliced Wasserstein
          distance.
        - "tcdr": weighted mean, sum or maximum over the summands of a local representation of
          intervals.
        - "landscape": for each k, the k-th largest of how deep a point lies inside a summand.
        - "image": Gaussians of the distance to every summand, weighted by its area.
    grid : {"regular", "quantile", "exact"} or list of ndarrays, default="regular"
        Values of each parameter: equally spaced over the fitted box, quantiles of the training
        atoms, all distinct values of the training atoms, or as given (in the original unit).
    resolution : int or tuple of int, default=20
        Number of grid values per parameter. Not used by "exact" and given grids.
    bandwidth : float or tuple of float, default=0.05
        Width of the kernel, in normalised units; a tuple has one per parameter.
    kernel : {"gaussian", "exponential", "linear"} or callable, default="gaussian"
        Profile of the product kernel, normalised to integral one. A callable maps an array of
        ``(x - p) / bandwidth`` to values.
    n_directions : int, default=20
        Directions of "sliced_wasserstein".
    delta : float, default=0.1
        Half the side of the square in which "tcdr" looks at intervals, in normalised units.
    interval_kernel : {"interleaving", "volume", "rectangle", "gaussian", "exponential"}, \
            default="interleaving"
        Representation of an interval by "tcdr": its longest diagonal bar, its area or its largest
        rectangle in the square, relative to the square; or a function of the distance to the
        interval, of width `bandwidth`.
    weight : {"interleaving", "volume", "constant"} or callable, default="interleaving"
        Weight of a summand in "tcdr": its longest diagonal bar, its area, 1, or
        ``weight(births, deaths)``.
    weight_power : float, default=1.0
        Power of the weight; infinity takes the maximum over summands.
    op : {"mean", "sum", "max"}, default="mean"
        How "tcdr" puts summands together; "mean" divides by the sum of the weights.
    k : tuple of int, default=(0, 1, 2)
        Which landscapes; 0 is the largest.
    normalize : bool, default=True
        Rescale every parameter so that the fitted box becomes [0, 1].
    quantile_range : tuple of two floats, default=(0.0, 1.0)
        The box holds the training atoms between these quantiles.
    mass_default : {"auto"}, array-like of shape (n_parameters,) or None, default=None
        Set the Hilbert function to zero outside ``{x < m}``, so that every measure has total
        mass zero. "auto" is ``1.1 max - 0.1 min`` of the box; None keeps essential classes.
    dtype : {"float64", "float32"}, default="float64"
        dtype of the output.
    n_jobs : int or None, default=None
        Threads over samples.
    random_state : int, RandomState instance or None, default=None
        Directions.

    Attributes
    ----------
    keys_ : list
        Homology dimensions (or "euler") of the measures.
    n_parameters_ : int
    box_ : ndarray of shape (2, n_parameters)
        Smallest and largest value of each parameter.
    grid_ : list of ndarrays
        Grid values in the original unit.
    directions_ : ndarray of shape (n_directions, n_parameters)
        Only with "sliced_wasserstein".
    feature_coordinates_ : ndarray of shape (n_features_out, n_parameters)
        Grid point of every feature in the original unit; with "sliced_wasserstein" the point
        of the line (normalised unit) where mass is cumulated.
    n_features_out_ : int

    References
    ----------
    .. [1] Loiseaux, Scoccola, Carrière, Botnan, Oudot. "Stable Vectorization of Multiparameter
           Persistent Homology using Signed Barcodes as Measures." NeurIPS 2023,
           arXiv:2306.03801.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.topology import SignedMeasureVectorizer
    >>> measures = [{0: (np.array([[0.0, 0.0], [1.0, 2.0]]), np.array([1, -1]))}]
    >>> vectorizer = SignedMeasureVectorizer(vectorization="surface", resolution=2)
    >>> vectorizer.fit_transform(measures)
    array([[1., 1., 1., 0.]])
    >>> vectorizer.get_feature_names_out().tolist()
    ['mph_h0_r00_s00', 'mph_h0_r00_s01', 'mph_h0_r01_s00', 'mph_h0_r01_s01']
    """

    _parameter_constraints = {
        "vectorization": [StrOptions({*VECTORIZATIONS, *MODULE_VECTORIZATIONS})],
        "grid": [StrOptions({"regular", "quantile", "exact"}), "array-like"],
        "resolution": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "bandwidth": [Interval(Real, *WIDTHS, closed="both"), tuple, list],
        "kernel": [StrOptions(set(KERNELS)), callable],
        "n_directions": [Interval(Integral, 1, None, closed="left")],
        "delta": [Interval(Real, *WIDTHS, closed="both")],
        "interval_kernel": [StrOptions(set(INTERVAL_KERNELS))],
        "weight": [StrOptions(set(WEIGHTS)), callable],
        "weight_power": [Interval(Real, 0, None, closed="left"), Options(Real, {np.inf})],
        "op": [StrOptions({"mean", "sum", "max"})],
        "k": [tuple, list],
        "normalize": ["boolean"],
        "quantile_range": [tuple, list],
        "mass_default": [StrOptions({"auto"}), "array-like", None],
        "dtype": [StrOptions({"float64", "float32"})],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        vectorization="convolution",
        grid="regular",
        resolution=20,
        bandwidth=0.05,
        kernel="gaussian",
        n_directions=20,
        delta=0.1,
        interval_kernel="interleaving",
        weight="interleaving",
        weight_power=1.0,
        op="mean",
        k=(0, 1, 2),
        normalize=True,
        quantile_range=(0.0, 1.0),
        mass_default=None,
        dtype="float64",
        n_jobs=None,
        random_state=None,
    ):
        self.vectorization = vectorization
        self.grid = grid
        self.resolution = resolution
        self.bandwidth = bandwidth
        self.kernel = kernel
        self.n_directions = n_directions
        self.delta = delta
        self.interval_kernel = interval_kernel
        self.weight = weight
        self.weight_power = weight_power
        self.op = op
        self.k = k
        self.normalize = normalize
        self.quantile_range = quantile_range
        self.mass_default = mass_default
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn box and grid from the measures of the training samples.

        Parameters
        ----------
        X : list of dict
            Homology dimension -> (points, weights), as `BifiltrationTransformer` returns them.
        y : None
            Ignored.

        Returns
        -------
        self : SignedMeasureVectorizer
        """
        if self.vectorization in MODULE_VECTORIZATIONS:
            return self._fit_modules(X)
        X = list(X)
        packed = pack(X)
        if not packed:
            raise ValueError("The samples have no homology dimension.")
        self.keys_ = list(packed)
        points = np.concatenate([points for points, _, _ in packed.values()])
        self.n_parameters_ = points.shape[1]
        if points.shape[1] == 0:
            raise ValueError("No sample has an atom, and so the number of parameters is unknown.")
        points = points[np.isfinite(points).all(axis=1)]
        self.box_ = self._learn_box(points)
        self.grid_ = self._learn_grid(points)
        self._corner = self._learn_corner()
        self._per_parameter("bandwidth", Real)
        if self.vectorization == "sliced_wasserstein":
            self._learn_directions()
        else:
            mesh = np.meshgrid(*self.grid_, indexing="ij")
            coordinates = np.stack([axis.ravel() for axis in mesh], axis=1)
            self.feature_coordinates_ = np.tile(coordinates, (len(self.keys_), 1))
        self.n_features_out_ = len(self.feature_coordinates_)
        return self

    def transform(self, X):
        """Vectorise measures.

        Parameters
        ----------
        X : list of dict

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
        """
        check_is_fitted(self)
        if self.vectorization in MODULE_VECTORIZATIONS:
            return self._transform_modules(X)
        X = list(X)
        packed = pack(X, self.n_parameters_)
        missing = [key for key in self.keys_ if key not in packed]
        if missing:
            raise ValueError(f"The measures lack the homology dimension {missing[0]!r} of fit.")
        features = np.empty((len(X), self.n_features_out_))
        width = self.n_features_out_ // len(self.keys_)
        for i, key in enumerate(self.keys_):
            images = self._vectorize(*self._prepare(packed[key]))
            features[:, i * width : (i + 1) * width] = images.reshape(len(X), width)
        return self._cast(features)

    def _cast(self, features):
        with np.errstate(over="ignore"):
            features = features.astype(self.dtype, copy=False)
        if not np.isfinite(features).all():
            raise ValueError(
                f"Features are not finite in {self.dtype}: kernel, bandwidth or weight_power give "
                "NaN or too large values."
            )
        return features

    def get_feature_names_out(self, input_features=None):
        """Names such as ``mph_h1_r07_s13``: homology dimension and position on the grid.

        Parameters
        ----------
        input_features : None
            Ignored; the input has no columns.

        Returns
        -------
        names : ndarray of str, shape (n_features_out,)
        """
        check_is_fitted(self)
        if self.vectorization == "sliced_wasserstein":
            shape, letters = (len(self.directions_), self._knots.shape[1]), "dq"
        elif self.vectorization == "landscape":
            shape, letters = (len(self.k), *(len(values) for values in self.grid_)), "k" + AXES
        else:
            shape, letters = tuple(len(values) for values in self.grid_), AXES
        digits = [max(2, len(str(size - 1))) for size in shape]
        cells = [
            "_".join(f"{a}{i:0{d}d}" for a, i, d in zip(letters, index, digits))
            for index in np.ndindex(*shape)
        ]
        prefixes = ["euler" if key == "euler" else f"h{key}" for key in self.keys_]
        names = [f"mph_{prefix}_{cell}" for prefix in prefixes for cell in cells]
        return np.array(names, dtype=object)

    # -- modules

    def _fit_modules(self, X):
        _check_modules(X)
        self._per_parameter_scalar("bandwidth")
        if not self.k or any(not isinstance(k, Integral) or k < 0 for k in self.k):
            raise ValueError(f"k must hold non-negative integers, got {self.k!r}.")
        self.keys_ = list(X[0].homology_dimensions)
        self.n_parameters_ = 2
        points = np.concatenate([p for modules in X for p in (modules.births, modules.deaths)])
        points = points[np.isfinite(points).all(axis=1)]
        if self._check_quantiles() == (0, 1):
            self.box_ = X[0].box.copy()
        else:
            self.box_ = self._learn_box(points)
        self.grid_ = self._learn_grid(points)
        n_images = len(self.k) if self.vectorization == "landscape" else 1
        mesh = np.meshgrid(*self.grid_, indexing="ij")
        coordinates = np.stack([axis.ravel() for axis in mesh], axis=1)
        self.feature_coordinates_ = np.tile(coordinates, (n_images * len(self.keys_), 1))
        self.n_features_out_ = len(self.feature_coordinates_)
        return self

    def _per_parameter_scalar(self, name):
        value = getattr(self, name)
        if not isinstance(value, Real):
            raise ValueError(
                f"{name} must be one number for {self.vectorization!r}, got {value!r}."
            )

    def _transform_modules(self, X):
        _check_modules(X)
        origin, width = self.box_[0], self.box_[1] - self.box_[0]
        if not self.normalize:
            origin, width = np.zeros(2), np.ones(2)
        grid = [(v - o) / w for v, o, w in zip(self.grid_, origin, width)]
        box = (self.box_ - origin) / width
        parameters = self.get_params(deep=False)

        def vector(modules):
            rescaled = modules.rescaled(origin, width)
            parts = [
                module_features(rescaled.in_dimension(key), grid, box, parameters)
                for key in self.keys_
            ]
            return np.concatenate(parts)

        features = np.array(parallel_map(vector, X, n_jobs=self.n_jobs))
        return self._cast(features)

    # -- fit

    def _learn_box(self, points):
        low, high = self._check_quantiles()
        if len(points) == 0:
            warnings.warn("The training measures are empty; the box is [0, 1] per parameter.")
            return np.array([np.zeros(self.n_parameters_), np.ones(self.n_parameters_)])
        box = np.quantile(points, [low, high], axis=0)
        if (low, high) == (0, 1):
            box = np.array([points.min(axis=0), points.max(axis=0)])
        widened = widen(box)
        if not np.array_equal(box, widened):
            axis = int(np.argmax((box != widened).any(axis=0)))
            warnings.warn(
                f"Parameter {axis} is constant ({box[0, axis]:g}) on the training samples; its "
                f"width is taken as {widened[1, axis] - widened[0, axis]:g}."
            )
        return widened

    def _check_quantiles(self):
        quantiles = tuple(self.quantile_range)
        numbers = all(isinstance(value, Real) for value in quantiles)
        if len(quantiles) != 2 or not numbers or not 0 <= quantiles[0] < quantiles[1] <= 1:
            raise ValueError(
                "quantile_range must hold two increasing numbers between 0 and 1, got "
                f"{self.quantile_range!r}."
            )
        return quantiles

    def _per_parameter(self, name, kind):
        value = getattr(self, name)
        if not isinstance(value, (tuple, list)):
            return [value] * self.n_parameters_
        if len(value) != self.n_parameters_ or not all(
            isinstance(v, kind) and v > 0 for v in value
        ):
            raise ValueError(
                f"{name} must be one positive number, or one per parameter "
                f"({self.n_parameters_}), got {value!r}."
            )
        return list(value)

    def _learn_grid(self, points):
        if not isinstance(self.grid, str):
            return check_grid(self.grid, self.n_parameters_)
        resolution = self._per_parameter("resolution", Integral)
        if self.grid == "regular" or len(points) == 0:
            return [np.linspace(*side, count) for side, count in zip(self.box_.T, resolution)]
        if self.grid == "exact":
            return [np.unique(column) for column in points.T]
        low, high = self._check_quantiles()
        return [
            np.unique(np.quantile(column, np.linspace(low, high, count)))
            for column, count in zip(points.T, resolution)
        ]

    def _learn_corner(self):
        if self.mass_default is None:
            return None
        if isinstance(self.mass_default, str):
            return 1.1 * self.box_[1] - 0.1 * self.box_[0]
        corner = np.asarray(self.mass_default, dtype=np.float64)
        if corner.shape != (self.n_parameters_,):
            raise ValueError(
                f"mass_default must have one value per parameter ({self.n_parameters_}), "
                f"got shape {corner.shape}."
            )
        if not np.isfinite(corner).all():
            raise ValueError(f"mass_default must be finite, got {self.mass_default!r}.")
        return corner

    def _learn_directions(self):
        resolution = self._per_parameter("resolution", Integral)[0]
        self.directions_ = random_directions(
            self.n_directions, self.n_parameters_, check_random_state(self.random_state)
        )
        corner = self.box_[1] if self._corner is None else np.maximum(self.box_[1], self._corner)
        box = self._normalized(np.array([self.box_[0], corner]))
        ends = self.directions_[:, None, :] * box[None, :, :]
        low, high = ends.min(axis=1).sum(axis=1), ends.max(axis=1).sum(axis=1)
        self._knots = np.linspace(low, high, resolution, axis=1)
        coordinates = self._knots[:, :, None] * self.directions_[:, None, :]
        coordinates = coordinates.reshape(-1, self.n_parameters_)
        self.feature_coordinates_ = np.tile(coordinates, (len(self.keys_), 1))

    # -- transform

    def _normalized(self, points):
        return (points - self.box_[0]) / (self.box_[1] - self.box_[0]) if self.normalize else points

    def _prepare(self, measure):
        """Drop infinite atoms, balance the mass: points, weights, sample, n_samples."""
        points, weights, ptr = measure
        sample = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
        finite = np.isfinite(points).all(axis=1)
        if not finite.all():
            points, weights, sample = points[finite], weights[finite], sample[finite]
        if self._corner is not None:
            points, weights, sample = balance(points, weights, sample, self._corner)
            points, weights, ptr = aggregate(points, weights, sample, len(ptr) - 1)
            sample = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
        return points, weights, sample, len(ptr) - 1

    def _vectorize(self, points, weights, sample, n_samples):
        if self.vectorization in ("surface", "histogram"):
            masses = histogram(points, weights, sample, n_samples, self.grid_)
            return masses if self.vectorization == "histogram" else surface_from_histogram(masses)
        points = self._normalized(points)
        if self.vectorization == "sliced_wasserstein":
            return self._cumulate(points, weights, sample, n_samples)
        ptr = np.searchsorted(sample, np.arange(n_samples + 1))
        bandwidth = self._per_parameter("bandwidth", Real)
        grid = self._normalized_grid()
        return convolve(points, weights, ptr, grid, bandwidth, self.kernel, self.n_jobs)

    def _normalized_grid(self):
        return [
            self._normalized(np.tile(values[:, None], self.n_parameters_))[:, axis]
            for axis, values in enumerate(self.grid_)
        ]

    def atom_gradient(self, points, weights, sample, cotangent):
        """Gradient of ``sum(cotangent * images)`` in the atoms (Gaussian convolution).

        Parameters
        ----------
        points : ndarray of shape (n_atoms, 2)
            In the original unit, samples one after the other.
        weights : ndarray of shape (n_atoms,)
        sample : ndarray of int, shape (n_atoms,)
        cotangent : ndarray of shape (n_samples, len(grid_[0]), len(grid_[1]))

        Returns
        -------
        gradient : ndarray of shape (n_atoms, 2)
        """
        bandwidth = self._per_parameter("bandwidth", Real)
        gradient = convolution_gradient(
            self._normalized(points), weights, sample, self._normalized_grid(), bandwidth, cotangent
        )
        return gradient / (self.box_[1] - self.box_[0]) if self.normalize else gradient

    def _cumulate(self, points, weights, sample, n_samples):
        """Cumulated mass at the knots of every direction, times the width of a knot."""
        n_knots = self._knots.shape[1]
        features = np.empty((n_samples, len(self.directions_), n_knots))
        for i, (direction, knots) in enumerate(zip(self.directions_, self._knots)):
            heights = np.sum(points * direction, axis=1)
            width = (knots[-1] - knots[0]) / max(n_knots - 1, 1) / len(self.directions_)
            masses = histogram(heights[:, None], weights, sample, n_samples, [knots])
            features[:, i] = surface_from_histogram(masses) * width
        return features


def _check_modules(X):
    if len(X) == 0 or not all(isinstance(modules, IntervalModules) for modules in X):
        raise ValueError(
            "X must be a non-empty list of IntervalModules, as "
            "BifiltrationTransformer(invariant='mma') returns them."
        )


def pack(X, n_parameters=0):
    """Join measures of many samples.

    Parameters
    ----------
    X : list of dict
        key -> (points, weights)
    n_parameters : int, default=0
        Number of columns when there is no atom at all.

    Returns
    -------
    packed : dict of key -> (points, weights, ptr)
    """
    if not X or not all(isinstance(measures, dict) for measures in X):
        raise ValueError(
            "X must be a non-empty list of dicts {homology dimension: (points, weights)}, as "
            "BifiltrationTransformer returns them."
        )
    packed = {}
    for key in X[0]:
        parts = []
        for index, measures in enumerate(X):
            if key not in measures:
                raise ValueError(f"Sample {index} lacks the homology dimension {key!r}.")
            if not isinstance(measures[key], (tuple, list)) or len(measures[key]) != 2:
                raise ValueError(f"Sample {index}: expected a pair (points, weights).")
            points, weights = np.asarray(measures[key][0]), np.asarray(measures[key][1])
            if len(points) == 0:
                points = points.reshape(0, n_parameters or points.shape[-1])
            n_parameters = n_parameters or np.shape(points)[-1]
            if points.ndim != 2 or points.shape[1] != n_parameters:
                raise ValueError(
                    f"Sample {index}: the points must have shape (n_atoms, {n_parameters}), as "
                    f"those of the other samples, got {points.shape}."
                )
            if weights.shape != (len(points),):
                raise ValueError(
                    f"Sample {index}: {len(points)} points with weights of shape {weights.shape}."
                )
            parts.append((points, weights))
        ptr = np.concatenate([[0], np.cumsum([len(w) for _, w in parts])])
        points, weights = (np.concatenate(arrays) for arrays in zip(*parts))
        packed[key] = (*check_measure(points, weights, f"Dimension {key!r}", n_parameters), ptr)
    return packed


class SignedMeasureKernel(DocLinkMixin, TransformerMixin, BaseEstimator):
    """Kernel matrix between signed measures and those of the training samples.

    ``K(a, b) = exp(-d(a, b) / (2 bandwidth^2))``, with d the sliced Wasserstein distance summed
    over the homology dimensions. The distance is conditionally negative definite, so that K
    is positive definite: use it with ``SVC(kernel="precomputed")`` in a pipeline.

    Parameters
    ----------
    bandwidth : float, default=1.0
    n_directions : int, default=50
        Random directions of the distance.
    normalize : bool, default=True
        Rescale every parameter so that the box of the training atoms becomes [0, 1].
    mass_default : {"auto"} or array-like of shape (n_parameters,), default="auto"
        Upper corner of the box outside which the Hilbert function is set to zero; the distance
        needs measures of total mass zero. See `SignedMeasureVectorizer`.
    n_jobs : int or None, default=None
    random_state : int, RandomState instance or None, default=None

    Attributes
    ----------
    box_ : ndarray of shape (2, n_parameters)
    directions_ : ndarray of shape (n_directions, n_parameters)
    n_features_out_ : int
        Number of training samples.

    References
    ----------
    .. [1] Loiseaux, Scoccola, Carrière, Botnan, Oudot. "Stable Vectorization of Multiparameter
           Persistent Homology using Signed Barcodes as Measures." NeurIPS 2023,
           arXiv:2306.03801.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.topology import SignedMeasureKernel
    >>> measures = [{0: (np.array([[x, x]]), np.array([1]))} for x in (0.0, 1.0, 2.0)]
    >>> kernel = SignedMeasureKernel(random_state=0).fit(measures)
    >>> kernel.transform(measures).shape
    (3, 3)
    """

    _parameter_constraints = {
        "bandwidth": [Interval(Real, *WIDTHS, closed="both")],
        "n_directions": [Interval(Integral, 1, None, closed="left")],
        "normalize": ["boolean"],
        "mass_default": [StrOptions({"auto"}), "array-like"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        bandwidth=1.0,
        n_directions=50,
        normalize=True,
        mass_default="auto",
        n_jobs=None,
        random_state=None,
    ):
        self.bandwidth = bandwidth
        self.n_directions = n_directions
        self.normalize = normalize
        self.mass_default = mass_default
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Keep the measures of the training samples.

        Parameters
        ----------
        X : list of dict
            As `BifiltrationTransformer` returns them.
        y : None
            Ignored.

        Returns
        -------
        self : SignedMeasureKernel
        """
        X = list(X)
        self._scale = SignedMeasureVectorizer(
            normalize=self.normalize, mass_default=self.mass_default
        ).fit(X)
        self.box_ = self._scale.box_
        self.directions_ = random_directions(
            self.n_directions, self._scale.n_parameters_, self.random_state
        )
        self._measures = self._balanced(X)
        self.n_features_out_ = len(X)
        return self

    def transform(self, X):
        """Kernel matrix with the training samples.

        Parameters
        ----------
        X : list of dict

        Returns
        -------
        kernel : ndarray of shape (n_samples, n_training_samples)
        """
        check_is_fitted(self)
        measures = self._balanced(list(X))
        total = 0.0
        for key, mine in measures.items():
            total = total + sliced_wasserstein_distances(
                mine, self._measures[key], directions=self.directions_, n_jobs=self.n_jobs
            )
        return np.exp(-total / (2 * self.bandwidth**2))

    def get_feature_names_out(self, input_features=None):
        """``mph_kernel0``, ``mph_kernel1``, ...: one per training sample."""
        check_is_fitted(self)
        return np.array([f"mph_kernel{i}" for i in range(self.n_features_out_)], dtype=object)

    def _balanced(self, X):
        scale = self._scale
        packed = pack(X, scale.n_parameters_)
        balanced = {}
        for key in scale.keys_:
            if key not in packed:
                raise ValueError(f"The measures lack the homology dimension {key!r} of fit.")
            points, weights, sample, n_samples = scale._prepare(packed[key])
            points = scale._normalized(points)
            borders = np.searchsorted(sample, np.arange(1, n_samples))
            balanced[key] = list(zip(np.split(points, borders), np.split(weights, borders)))
        return balanced
