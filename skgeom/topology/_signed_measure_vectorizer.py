"""Signed measures to feature vectors: the second half of the vectoriser."""

import warnings
from itertools import product
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context, clone
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from skgeom._core.checks import real_array
from skgeom._core.estimator import DocLinkMixin
from skgeom._core.parallel import parallel_map
from skgeom.topology._checks import LARGEST, check_grid, check_magnitude
from skgeom.topology._convolution import KERNELS, convolve
from skgeom.topology._gradient import (
    balanced_parts,
    convolution_gradient,
    integral_gradient,
    module_gradient,
)
from skgeom.topology._measures import (
    aggregate,
    balance,
    histogram,
    surface_from_histogram,
    widen,
)
from skgeom.topology._modules import INTERVAL_KERNELS, WEIGHTS, module_features
from skgeom.topology._packing import (
    as_fibered,
    as_measures,
    as_modules,
    closed_pairs,
    ends_apart,
    minus_diagonal,
    pack,
)
from skgeom.topology._rank import ends, is_rank
from skgeom.topology._sketch import Atoms, Sketch
from skgeom.topology._sliced_wasserstein import random_directions

AXES = "rstuvwxyz"
VECTORIZATIONS = ("convolution", "surface", "histogram", "sliced_wasserstein", "features")
WIDTHS = (1e-50, 1e50)  # of kernels: squares neither overflow nor vanish
MODULE_VECTORIZATIONS = ("tcdr", "landscape", "image")
PAIRWISE = ("sliced_wasserstein", "features")  # take births and deaths together


class SignedMeasureVectorizer(DocLinkMixin, TransformerMixin, BaseEstimator):
    """Turn signed measures, or interval modules, into feature vectors of fixed length.

    Parameters
    ----------
    vectorization : {"convolution", "surface", "histogram", "sliced_wasserstein", "tcdr", \
            "landscape", "image", "features", "fibered"}, default="convolution"
        "tcdr", "landscape" and "image" take interval modules, "fibered" takes fibered barcodes,
        the others signed measures.

        - "convolution": sum of a kernel over the atoms, on the grid.
        - "surface": the Hilbert function (or Euler surface) itself, on the grid.
        - "histogram": mass at every grid point, atoms rounded up to the grid.
        - "sliced_wasserstein": cumulated mass along random directions, at `resolution` knots
          each; the l1 distance of two feature vectors approximates the sliced Wasserstein
          distance.
        - "features": integrals of the functions of `basis`, linear in the measure.
        - "tcdr": weighted mean, sum or maximum over the summands of a local representation of
          intervals.
        - "landscape": for each k, the k-th largest of how deep a point lies inside a summand.
        - "image": Gaussians of the distance to every summand, weighted by its area.
        - "fibered": mean over the lines of the vector that `representation` makes of a barcode,
          weighted by the smaller coordinate of the line's unit direction.

        Measures of ranks (pairs of a birth and a death) have one image of their births and one
        of their deaths; "sliced_wasserstein" and "features" take the pairs as they are, with
        deaths cut off at the box (or at `mass_default`).
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
    basis : {"fourier", "polynomial"} or callable, default="fourier"
        Functions of "features" on the normalised parameters: random Fourier features of the
        Gaussian of width `bandwidth`, monomials, or ``basis(points) -> (n_points, n_features)``.
    n_components : int, default=100
        Number of random Fourier features.
    degree : int, default=3
        Largest total degree of monomials.
    representation : transformer or None, default=None
        Turns a list of barcodes (n_bars, 2) into a table, such as those of
        ``gudhi.representations``; cloned and fitted on the training barcodes. None is
        ``gudhi.representations.Landscape`` with `resolution` values.
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
    op : {"mean", "sum", "max", "largest"}, default="mean"
        How "tcdr" puts summands together; "mean" divides by the sum of the weights, "largest" has
        one image per entry of `k`, of the k-th largest value at every point.
    k : tuple of int, default=(0, 1, 2)
        Which landscapes, or images of "largest"; 0 is the largest.
    normalize : bool, default=True
        Rescale every parameter so that the fitted box becomes [0, 1].
    quantile_range : tuple of two floats, default=(0.0, 1.0)
        The box holds the training atoms between these quantiles. With `sample_weight` in `fit`,
        quantiles here and of ``grid="quantile"`` are weighted.
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
        Grid point of every feature in the original unit; with "sliced_wasserstein" the point of
        the line (normalised unit) where mass is cumulated. Not for "features" and "fibered".
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
        "vectorization": [StrOptions({*VECTORIZATIONS, *MODULE_VECTORIZATIONS, "fibered"})],
        "grid": [StrOptions({"regular", "quantile", "exact"}), "array-like"],
        "resolution": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "bandwidth": [Interval(Real, *WIDTHS, closed="both"), tuple, list],
        "kernel": [StrOptions(set(KERNELS)), callable],
        "n_directions": [Interval(Integral, 1, None, closed="left")],
        "basis": [StrOptions({"fourier", "polynomial"}), callable],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "degree": [Interval(Integral, 0, None, closed="left")],
        "representation": [HasMethods(["fit", "transform"]), None],
        "delta": [Interval(Real, *WIDTHS, closed="both")],
        "interval_kernel": [StrOptions(set(INTERVAL_KERNELS))],
        "weight": [StrOptions(set(WEIGHTS)), callable],
        "weight_power": [Interval(Real, 0, None, closed="left"), Options(Real, {np.inf})],
        "op": [StrOptions({"mean", "sum", "max", "largest"})],
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
        basis="fourier",
        n_components=100,
        degree=3,
        representation=None,
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
        self.basis = basis
        self.n_components = n_components
        self.degree = degree
        self.representation = representation
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
    def fit(self, X, y=None, sample_weight=None):
        """Learn box and grid from the measures of the training samples.

        Parameters
        ----------
        X : list of dict, of IntervalModules, or of FiberedBarcodes
            As `BifiltrationTransformer` returns them: homology dimension -> (points, weights).
            Lists of (points, weights) by dimension, and modules of other libraries (with
            ``get_birth_list`` and ``get_death_list``), are taken as well.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in quantiles.

        Returns
        -------
        self : SignedMeasureVectorizer
        """
        self._seen = None
        return self._learn(X, sample_weight)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Widen box and grid by another batch of samples.

        The same as `fit` on all batches together where extremes decide (the default); quantiles
        come from a sketch of the atoms seen so far, of at most 16384 values per parameter.

        Parameters
        ----------
        X : list
            As in `fit`.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : SignedMeasureVectorizer
        """
        if self.grid == "exact" if isinstance(self.grid, str) else False:
            raise ValueError("partial_fit needs a grid other than 'exact', which has every atom.")
        if self.vectorization == "fibered":
            raise ValueError("partial_fit has nothing to learn for vectorization='fibered'.")
        self._seen = getattr(self, "_seen", None) or Sketch()
        return self._learn(X, sample_weight)

    def _learn(self, X, sample_weight):
        if self.vectorization == "fibered":
            return self._fit_fibered(X)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, np.empty((len(X), 1)))
        if self.vectorization in MODULE_VECTORIZATIONS:
            return self._fit_modules(X, sample_weight)
        self._learn_packed(self._packed(X, 0), sample_weight)
        return self

    def _learn_packed(self, packed, sample_weight):
        if not packed:
            raise ValueError("The samples have no homology dimension.")
        self.keys_ = list(packed)
        points = np.concatenate([points for points, _, _ in packed.values()])
        sample = np.concatenate(
            [np.repeat(np.arange(len(ptr) - 1), np.diff(ptr)) for _, _, ptr in packed.values()]
        )
        self.n_parameters_ = points.shape[1]
        if points.shape[1] == 0:
            raise ValueError("No sample has an atom, and so the number of parameters is unknown.")
        atom_weight = None if sample_weight is None else sample_weight[sample]
        atoms = self._atoms(points, atom_weight)
        self.box_ = self._learn_box(atoms)
        self.grid_ = self._learn_grid(atoms)
        self._corner = self._learn_corner()
        self._per_parameter("bandwidth", Real)
        if self.vectorization == "sliced_wasserstein":
            self._learn_directions()
        elif self.vectorization == "features":
            self._learn_basis()
        else:
            self.feature_coordinates_ = np.tile(self._mesh(), (len(self.keys_), 1))
            self.n_features_out_ = len(self.feature_coordinates_)

    def _mesh(self):
        mesh = np.meshgrid(*self.grid_, indexing="ij")
        return np.stack([axis.ravel() for axis in mesh], axis=1)

    def _packed(self, X, n_parameters):
        X = as_measures(X)
        if (
            self.vectorization not in PAIRWISE
            and X
            and any(map(is_rank, X[0] if isinstance(X[0], dict) else ()))
        ):
            X = [ends_apart(sample) for sample in X]
        packed = pack(X, n_parameters)
        ranks = [is_rank(key) for key in packed]
        if any(ranks) and not all(ranks):
            raise ValueError(f"Measures of ranks and others don't mix, got {list(packed)}.")
        if any(ranks) and self.mass_default is not None and self.vectorization not in PAIRWISE:
            raise ValueError("mass_default has no meaning for births and deaths apart.")
        return packed

    def _pairs(self):
        """Whether atoms are pairs of a birth and a death."""
        return self.vectorization in PAIRWISE and is_rank(self.keys_[0])

    def _atoms(self, points, weight):
        """Finite atoms of the training samples, or a sketch of those seen so far."""
        if self._pairs():
            points = ends(points)
            weight = None if weight is None else np.tile(weight, 2)
        finite = np.isfinite(points).all(axis=1)
        atoms = Atoms(points[finite], None if weight is None else weight[finite])
        if self._seen is None:
            return atoms
        self._seen.add(atoms)
        return self._seen

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None, sample_weight=None):
        """Fit, and return the vectors of the training samples (see `fit`, `transform`)."""
        if self.vectorization in MODULE_VECTORIZATIONS or self.vectorization == "fibered":
            return self.fit(X, sample_weight=sample_weight).transform(X)
        self._seen = None
        X = list(X)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, np.empty((len(X), 1)))
        packed = self._packed(X, 0)
        self._learn_packed(packed, sample_weight)
        return self._transform_packed(packed)

    def transform(self, X):
        """Vectorise measures.

        Parameters
        ----------
        X : list of dict, of IntervalModules, or of FiberedBarcodes
            As in `fit`.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
        """
        check_is_fitted(self)
        if self.vectorization in MODULE_VECTORIZATIONS:
            return self._transform_modules(X)
        if self.vectorization == "fibered":
            return self._transform_fibered(X)
        return self._transform_packed(self._packed(X, self.n_parameters_))

    def _transform_packed(self, packed):
        missing = [key for key in self.keys_ if key not in packed]
        if missing:
            raise ValueError(f"The measures lack the homology dimension {missing[0]!r} of fit.")
        n_samples = len(packed[self.keys_[0]][2]) - 1
        features = np.empty((n_samples, self.n_features_out_))
        width = self.n_features_out_ // len(self.keys_)
        for i, key in enumerate(self.keys_):
            images = self._vectorize(*self._prepare(packed[key]))
            features[:, i * width : (i + 1) * width] = images.reshape(n_samples, width)
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
        elif self.vectorization in ("features", "fibered"):
            shape, letters = (self.n_features_out_ // len(self.keys_),), "f"
        elif self._n_images() != 1 or self.vectorization == "landscape":
            shape, letters = (len(self.k), *(len(values) for values in self.grid_)), "k" + AXES
        else:
            shape, letters = tuple(len(values) for values in self.grid_), AXES
        digits = [max(2, len(str(size - 1))) for size in shape]
        cells = [
            "_".join(f"{a}{i:0{d}d}" for a, i, d in zip(letters, index, digits))
            for index in np.ndindex(*shape)
        ]
        prefixes = [key if isinstance(key, str) else f"h{key}" for key in self.keys_]
        names = [f"mph_{prefix}_{cell}" for prefix in prefixes for cell in cells]
        return np.array(names, dtype=object)

    # -- modules

    def _n_images(self):
        several = self.vectorization == "landscape" or (
            self.vectorization == "tcdr" and self.op == "largest"
        )
        return len(self.k) if several else 1

    def _fit_modules(self, X, sample_weight):
        X = as_modules(X)
        self._per_parameter_scalar("bandwidth")
        if not self.k or any(not isinstance(k, Integral) or k < 0 for k in self.k):
            raise ValueError(f"k must hold non-negative integers, got {self.k!r}.")
        self.keys_ = list(X[0].homology_dimensions)
        self.n_parameters_ = 2
        self._corner = None
        points = np.concatenate([p for modules in X for p in (modules.births, modules.deaths)])
        counts = [len(modules.births) + len(modules.deaths) for modules in X]
        weight = None if sample_weight is None else np.repeat(sample_weight, counts)
        atoms = self._atoms(points, weight)
        if self._check_quantiles() == (0, 1):
            low = np.min([modules.box[0] for modules in X], axis=0)
            box = np.array([low, np.max([modules.box[1] for modules in X], axis=0)])
            if self._seen is not None:
                box = self._seen.widened(box)
            self.box_ = box
        else:
            self.box_ = self._learn_box(atoms)
        self.grid_ = self._learn_grid(atoms)
        self.feature_coordinates_ = np.tile(self._mesh(), (self._n_images() * len(self.keys_), 1))
        self.n_features_out_ = len(self.feature_coordinates_)
        return self

    def _per_parameter_scalar(self, name):
        value = getattr(self, name)
        if not isinstance(value, Real):
            raise ValueError(
                f"{name} must be one number for {self.vectorization!r}, got {value!r}."
            )

    def _unit(self):
        """Origin and width of the unit in which modules are vectorised."""
        if self.normalize:
            return self.box_[0], self.box_[1] - self.box_[0]
        return np.zeros(2), np.ones(2)

    def _transform_modules(self, X):
        options = self._normalized_grid(), self._normalized(self.box_), self.get_params(deep=False)

        def vector(modules):
            rescaled = modules.rescaled(*self._unit())
            parts = [module_features(rescaled.in_dimension(key), *options) for key in self.keys_]
            return np.concatenate(parts)

        features = np.array(parallel_map(vector, as_modules(X), n_jobs=self.n_jobs))
        return self._cast(features)

    def _modules_gradient(self, X, V):
        """Gradient in the corners of every sample: list of pairs (births, deaths)."""
        origin, width = self._unit()
        options = self._normalized_grid(), self._normalized(self.box_), self.get_params(deep=False)

        def slopes(pair):
            modules, cotangent = pair[0].rescaled(origin, width), np.split(pair[1], len(self.keys_))
            slopes = np.zeros(modules.births.shape), np.zeros(modules.deaths.shape)
            counts = np.diff(modules.birth_ptr), np.diff(modules.death_ptr)
            for key, part in zip(self.keys_, cotangent):
                found = module_gradient(modules.in_dimension(key), *options, part)
                for side, count, slope in zip(slopes, counts, found):
                    side[np.repeat(modules.dimension == key, count)] = slope / width
            return slopes

        return parallel_map(slopes, list(zip(X, V)), n_jobs=self.n_jobs)

    # -- fibered barcodes

    def _fit_fibered(self, X):
        X = as_fibered(X)
        self.keys_ = list(X[0].bars)
        self._n_lines = len(X[0].weights)
        self.representations_ = {}
        widths = []
        for key in self.keys_:
            bars = [line for barcodes in X for line in barcodes.bars[key]]
            self.representations_[key] = clone(self._representation(bars)).fit(bars)
            widths.append(np.reshape(self.representations_[key].transform(bars[:1]), -1).size)
        if len(set(widths)) > 1:
            raise ValueError(f"representation has {widths} features for dimensions {self.keys_}.")
        self.n_features_out_ = sum(widths)
        return self

    def _representation(self, bars):
        if self.representation is not None:
            return self.representation
        from gudhi.representations import Landscape

        resolution = self.resolution if isinstance(self.resolution, Integral) else 20
        # gudhi takes a range of minus infinity, and prints, where no training sample has a bar
        every = np.concatenate(bars)
        ends = (every[:, 0].min(), every[:, 1].max()) if len(every) else (0.0, 1.0)
        return Landscape(num_landscapes=3, resolution=resolution, sample_range=ends)

    def _transform_fibered(self, X):
        X = as_fibered(X)
        if len(X[0].weights) != self._n_lines:
            raise ValueError(
                f"The samples have {len(X[0].weights)} lines, those of fit had {self._n_lines}."
            )
        parts = []
        for key in self.keys_:
            bars = [line for barcodes in X for line in barcodes.bars[key]]
            vectors = np.asarray(self.representations_[key].transform(bars), dtype=np.float64)
            vectors = vectors.reshape(len(X), self._n_lines, -1)
            parts.append(np.einsum("l,slf->sf", X[0].weights, vectors))
        return self._cast(np.concatenate(parts, axis=1))

    # -- fit

    def _learn_box(self, atoms):
        low, high = self._check_quantiles()
        if len(atoms) == 0:
            warnings.warn("The training measures are empty; the box is [0, 1] per parameter.")
            width = self.n_parameters_
            return np.array([np.zeros(width), np.ones(width)])
        box = atoms.extremes() if (low, high) == (0, 1) else atoms.quantiles([low, high])
        widened = widen(box)
        if not np.array_equal(box, widened):
            axis = int(np.argmax((box != widened).any(axis=0)))
            warnings.warn(
                f"Parameter {axis} is constant ({box[0, axis]:g}) on the training samples; its "
                f"width is taken as {widened[1, axis] - widened[0, axis]:g}."
            )
        return np.tile(widened, 2) if self._pairs() else widened

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
        low, high = (1, LARGEST) if kind is Integral else WIDTHS
        if len(value) != self.n_parameters_ or not all(
            isinstance(v, kind) and low <= v <= high for v in value
        ):
            raise ValueError(
                f"{name} must be one positive number, or one per parameter "
                f"({self.n_parameters_}), between {low:g} and {high:g}; got {value!r}."
            )
        return list(value)

    def _learn_grid(self, atoms):
        if not isinstance(self.grid, str):
            return check_grid(self.grid, self.n_parameters_)
        resolution = self._per_parameter("resolution", Integral)
        if self.grid == "regular" or len(atoms) == 0 or self._pairs():
            return [np.linspace(*side, count) for side, count in zip(self.box_.T, resolution)]
        if self.grid == "exact":
            return [np.unique(column) for column in atoms.points.T]
        low, high = self._check_quantiles()
        return [
            np.unique(atoms.quantiles(np.linspace(low, high, count))[:, axis])
            for axis, count in enumerate(resolution)
        ]

    def _learn_corner(self):
        if self.mass_default is None:
            return None
        if isinstance(self.mass_default, str):
            return 1.1 * self.box_[1] - 0.1 * self.box_[0]
        corner = check_magnitude(real_array(self.mass_default, "mass_default"), "mass_default")
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
        self.n_features_out_ = len(self.feature_coordinates_)

    def _learn_basis(self):
        if callable(self.basis):
            shape = np.shape(self.basis(self._normalized(self.box_)))
            if len(shape) != 2 or shape[0] != 2:
                raise ValueError(f"basis returned shape {shape} for two points.")
            width = shape[1]
        elif self.basis == "fourier":
            rng = check_random_state(self.random_state)
            shape = (self.n_parameters_, self.n_components)
            bandwidth = np.array(self._per_parameter("bandwidth", Real))
            self._frequencies = rng.standard_normal(shape) / bandwidth[:, None]
            self._phases = rng.uniform(0, 2 * np.pi, self.n_components)
            width = self.n_components
        else:
            exponents = product(range(self.degree + 1), repeat=self.n_parameters_)
            self._exponents = np.array([e for e in exponents if sum(e) <= self.degree])
            width = len(self._exponents)
        self.n_features_out_ = width * len(self.keys_)

    # -- transform

    def _normalized(self, points):
        return (points - self.box_[0]) / (self.box_[1] - self.box_[0]) if self.normalize else points

    def _prepare(self, measure):
        """Drop infinite atoms, balance the mass: points, weights, sample, n_samples."""
        points, weights, ptr = measure
        sample = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
        if self._pairs():
            corner = self.box_[1] if self._corner is None else self._corner
            corner = corner[self.n_parameters_ // 2 :]
            points, weights, sample = closed_pairs(points, weights, sample, corner)
            if self.vectorization == "sliced_wasserstein":
                points, weights, sample = minus_diagonal(points, weights, sample)
        finite = np.isfinite(points).all(axis=1)
        if not finite.all():
            points, weights, sample = points[finite], weights[finite], sample[finite]
        if self._pairs():
            return points, weights, sample, len(ptr) - 1
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
        if self.vectorization == "features":
            return self._integrate(points, weights, sample, n_samples)
        ptr = np.searchsorted(sample, np.arange(n_samples + 1))
        bandwidth = self._per_parameter("bandwidth", Real)
        grid = self._normalized_grid()
        return convolve(points, weights, ptr, grid, bandwidth, self.kernel, self.n_jobs)

    def _integrate(self, points, weights, sample, n_samples):
        """Integrals of the basis functions: (n_samples, n_functions)."""
        table = self._basis_values(points)
        rows = sp.csr_array((weights, (sample, np.arange(len(sample)))), (n_samples, len(sample)))
        return rows @ table

    def _basis_values(self, points):
        if callable(self.basis):
            values = real_array(self.basis(points), "basis: what it returned")
            return values.reshape(len(points), -1)
        if self.basis == "polynomial":
            with np.errstate(over="ignore"):  # refused as a feature
                return np.prod(points[:, None, :] ** self._exponents, axis=2)
        scale = np.sqrt(2.0 / self.n_components)
        return scale * np.cos(points @ self._frequencies + self._phases)

    def _normalized_grid(self):
        return [
            self._normalized(np.tile(values[:, None], self.n_parameters_))[:, axis]
            for axis, values in enumerate(self.grid_)
        ]

    def gradient(self, X, V):
        """Vector-Jacobian product of `transform` in the atoms.

        Parameters
        ----------
        X : list of dict, or of IntervalModules
        V : array-like of shape (n_samples, n_features_out)

        Returns
        -------
        slopes : list of dict, or of pairs of ndarrays
            Per sample: key -> gradient of ``(V * transform(X)).sum()`` in the atoms, of shape
            (n_atoms, n_parameters); of modules, that in their births and that in their deaths, of
            shapes (n_corners, 2). Atoms and corners at infinity have none.
        """
        check_is_fitted(self)
        self._check_differentiable()
        of_modules = self.vectorization in MODULE_VECTORIZATIONS
        X = as_modules(X) if of_modules else as_measures(X)
        V = check_array(V, dtype=np.float64, input_name="V")
        if V.shape != (len(X), self.n_features_out_):
            raise ValueError(f"V must have shape {(len(X), self.n_features_out_)}, got {V.shape}.")
        if of_modules:
            return self._modules_gradient(X, V)
        packed = self._packed(X, self.n_parameters_)
        parts = np.split(V, len(self.keys_), axis=1)
        slopes = {}
        for key, cotangent in zip(self.keys_, parts):
            points, weights, ptr = packed[key]
            found = self._atom_gradient(points, weights, ptr, cotangent)
            slopes[key] = np.split(found, ptr[1:-1])
        return [
            {key: self._slopes_of(key, slopes, index) for key in measures}
            for index, measures in enumerate(X)
        ]

    def _slopes_of(self, key, slopes, index):
        if not is_rank(key):
            return slopes[key][index]
        return np.column_stack([slopes[f"{key}_birth"][index], slopes[f"{key}_death"][index]])

    def _check_differentiable(self):
        parameter = {"convolution": "kernel", "features": "basis", "tcdr": "weight"}
        if self.vectorization not in (*parameter, *MODULE_VECTORIZATIONS):
            why = "is constant between jumps: its gradient is zero almost everywhere"
            if self.vectorization == "fibered":
                why = "has the vectors of another transformer, which tells no gradient"
            raise ValueError(
                "gradient needs vectorization='convolution', 'features', 'tcdr', 'landscape' or "
                f"'image', got {self.vectorization!r}, which {why}."
            )
        if self.vectorization not in parameter:
            return
        name = parameter[self.vectorization]
        if callable(getattr(self, name)):
            raise ValueError(
                f"gradient needs a named {name}, whose derivative is known, got "
                f"{getattr(self, name)!r}."
            )
        if self._pairs():
            raise ValueError("gradient of ranks needs vectorization='convolution'.")

    def _atom_gradient(self, points, weights, ptr, cotangent):
        """Gradient in atoms of many samples, in their original unit."""
        sample = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
        gradient = np.zeros(points.shape)
        inside = np.isfinite(points).all(axis=1)
        if self._corner is not None:
            inside &= (points < self._corner).all(axis=1)
        kept = points[inside], weights[inside]
        parts = [(*kept, np.ones(points.shape[1], dtype=bool))]
        if self._corner is not None:
            parts = balanced_parts(*kept, self._corner)
        for moved, signed, free in parts:
            slope = self._free_gradient(self._normalized(moved), signed, sample[inside], cotangent)
            gradient[inside] += slope * free
        return gradient / (self.box_[1] - self.box_[0]) if self.normalize else gradient

    def _free_gradient(self, points, weights, sample, cotangent):
        if self.vectorization == "features":
            return integral_gradient(
                points, weights, sample, lambda axis: self._basis_slopes(points, axis), cotangent
            )
        images = cotangent.reshape(len(cotangent), *map(len, self.grid_))
        bandwidth = self._per_parameter("bandwidth", Real)
        grid = self._normalized_grid()
        return convolution_gradient(points, weights, sample, grid, bandwidth, self.kernel, images)

    def _basis_slopes(self, points, axis):
        """Derivatives of the basis functions along one axis: (n_atoms, n_functions)."""
        if self.basis == "fourier":
            waves = np.sin(points @ self._frequencies + self._phases)
            return -np.sqrt(2.0 / self.n_components) * waves * self._frequencies[axis]
        lowered = self._exponents.copy()
        lowered[:, axis] = np.maximum(lowered[:, axis] - 1, 0)
        return np.prod(points[:, None, :] ** lowered, axis=2) * self._exponents[:, axis]

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
