"""MultiparamPersistenceVectorizer: from shapes to feature vectors in one estimator."""

from pickle import PicklingError

import numpy as np
from joblib import Memory
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted, check_memory

from skgeom._core.estimator import DocLinkMixin
from skgeom.topology._bifiltration_transformer import BifiltrationTransformer
from skgeom.topology._measures import histogram, surface_from_histogram
from skgeom.topology._packing import pack
from skgeom.topology._signed_measure_vectorizer import (
    MODULE_VECTORIZATIONS,
    VECTORIZATIONS,
    SignedMeasureVectorizer,
)

TOPOLOGY = (
    "filtration",
    "function",
    "function_params",
    "homology_dimensions",
    "invariant",
    "metric",
    "dual",
    "filtration_resolution",
    "threshold",
    "max_points",
    "n_lines",
    "max_error",
    "random_state",
)
VECTORS = (
    "grid",
    "resolution",
    "bandwidth",
    "kernel",
    "n_directions",
    "basis",
    "n_components",
    "degree",
    "representation",
    "delta",
    "interval_kernel",
    "weight",
    "weight_power",
    "op",
    "k",
    "normalize",
    "quantile_range",
    "mass_default",
    "dtype",
    "n_jobs",
    "random_state",
)


class MultiparamPersistenceVectorizer(DocLinkMixin, TransformerMixin, BaseEstimator):
    """Feature vectors of shapes from two or more filtrations at once.

    One-parameter persistent homology sees a shape through one lens, say distance; an outlier or
    a second signal (density, intensity, a node function) is lost on it. Here every sample is
    filtered by both at once. The Hilbert function counts components, loops and cavities at
    every pair of thresholds, its Möbius inverse is a signed measure, and that becomes a
    vector of fixed length, whatever the size of the sample.

    A facade over `BifiltrationTransformer` (shapes to signed measures, the expensive part) and
    `SignedMeasureVectorizer` (measures to vectors). With `memory`, a grid search over `resolution`,
    `bandwidth`, `kernel` and the like computes the topology once.

    Parameters
    ----------
    filtration : {"rips", "alpha", "delaunay", "degree_rips", "cubical", "graph", \
            "precomputed"}, default="rips"
        What a sample is, and how it is filtered: point clouds ("rips", "alpha", "delaunay",
        "degree_rips"), images and volumes with channels ("cubical"), graphs, or simplex trees
        with a vertex function. See `BifiltrationTransformer`.
    function : str, callable or list of them, default="kde"
        Second parameter of point clouds: "kde", "dtm", "knn", "eccentricity", "precomputed" or a
        callable. Graphs take one per parameter: "degree", "hks", "closeness", "fiedler" or a
        callable, in a list; or "precomputed".
    function_params : dict, list of dict or None, default=None
        Parameters of the functions, for example ``{"bandwidth": -0.1}`` (negative: fraction of
        the fitted diameter), ``{"mass": 0.1}``, ``{"k": 10}``, ``{"t": 10.0}``.
    homology_dimensions : tuple of int, default=(0, 1)
        0 counts components, 1 loops, 2 cavities.
    invariant : {"hilbert", "euler", "rank", "mma", "fibered"}, default="hilbert"
        "euler" counts the Euler characteristic instead, in one measure; "rank" counts what is
        there at one pair of thresholds and still at another. "mma" decomposes the module into
        intervals, "fibered" has the ordinary barcodes along lines. See
        `BifiltrationTransformer`.
    vectorization : {"auto", "convolution", "surface", "histogram", "sliced_wasserstein", \
            "features", "tcdr", "landscape", "image", "fibered"}, default="auto"
        How a measure, a decomposition or barcodes become a vector; "auto" is "convolution" for
        measures, "tcdr" for decompositions and "fibered" for fibered barcodes. See
        `SignedMeasureVectorizer`.
    grid : {"regular", "quantile", "exact"} or list of ndarrays, default="regular"
        Grid on which vectors are evaluated.
    resolution : int or tuple of int, default=20
        Number of grid values per parameter.
    filtration_resolution : int or None, default=None
        Values to which the second parameter is rounded up before homology is computed; None is
        exact where there is a direct way, and 50 elsewhere.
    bandwidth : float or tuple of float, default=0.05
        Width of the convolution kernel in normalised units.
    kernel : {"gaussian", "exponential", "linear"} or callable, default="gaussian"
        Profile of the convolution kernel.
    n_directions : int, default=20
        Directions of "sliced_wasserstein".
    n_lines : int, default=100
        Lines along which "mma" and "fibered" compute barcodes.
    max_error : float or None, default=None
        Distance of these lines as a fraction of the box, in place of `n_lines`.
    basis : {"fourier", "polynomial"} or callable, default="fourier"
        Functions that "features" integrates.
    n_components : int, default=100
        Number of random Fourier features.
    degree : int, default=3
        Largest total degree of monomials.
    representation : transformer or None, default=None
        What "fibered" makes of a barcode; None is ``gudhi.representations.Landscape``.
    delta : float, default=0.1
        Half the side of the square in which "tcdr" looks at intervals, in normalised units.
    interval_kernel : {"interleaving", "volume", "rectangle", "gaussian", "exponential"}, \
            default="interleaving"
        Representation of an interval by "tcdr".
    weight : {"interleaving", "volume", "constant"} or callable, default="interleaving"
        Weight of a summand in "tcdr".
    weight_power : float, default=1.0
        Power of the weight; infinity takes the maximum over summands.
    op : {"mean", "sum", "max", "largest"}, default="mean"
        How "tcdr" puts summands together.
    k : tuple of int, default=(0, 1, 2)
        Which landscapes, or images of "largest"; 0 is the largest.
    normalize : bool, default=True
        Rescale every parameter so that the fitted box becomes [0, 1].
    quantile_range : tuple of two floats, default=(0.0, 1.0)
        The box holds the training atoms between these quantiles.
    threshold : float or None, default=None
        Longest edge of "rips"; negative: fraction of the fitted diameter.
    mass_default : {"auto"}, array-like of shape (n_parameters,) or None, default=None
        Set the Hilbert function to zero outside a box, so that total masses are zero.
    max_points : int or None, default=None
        Landmarks for larger point clouds.
    metric : {"euclidean", "precomputed"}, default="euclidean"
        "precomputed": samples of "rips" are distance matrices.
    dual : bool, default=False
        For images: pixels that share only a corner are neighbours, too.
    memory : str, joblib.Memory or None, default=None
        Where to cache the measures.
    dtype : {"float64", "float32"}, default="float64"
        dtype of the output.
    n_jobs : int or None, default=None
        Threads over samples. The result doesn't depend on it.
    random_state : int, RandomState instance or None, default=None
        Landmarks and directions.

    Attributes
    ----------
    n_parameters_ : int
        Number of parameters of the filtration.
    box_ : ndarray of shape (2, n_parameters)
        Smallest and largest value of each parameter on the training samples.
    grid_ : list of ndarrays
        Grid values in the original unit.
    diameter_ : float
        Largest diagonal of a bounding box of the training samples; point clouds only.
    function_params_ : list of dict
        Resolved parameters of the functions.
    directions_ : ndarray of shape (n_directions, n_parameters)
        Only with "sliced_wasserstein".
    feature_coordinates_ : ndarray of shape (n_features_out, n_parameters)
        Grid point of every feature, in the original unit.
    n_features_out_ : int
        Number of features.
    transformer_ : BifiltrationTransformer
        Fitted first half.
    vectorizer_ : SignedMeasureVectorizer
        Fitted second half.

    See Also
    --------
    BifiltrationTransformer : Shapes to signed measures.
    SignedMeasureVectorizer : Signed measures to vectors.
    SignedMeasureKernel : Signed measures to a kernel matrix.

    Notes
    -----
    Components of graphs, images and alpha complexes, and loops in the plane, are exact at full
    resolution and need no matrix reduction: spanning forests hold all the zero-dimensional
    homology of a bifiltration, and the Euler characteristic, which needs no computation, gives
    the remaining dimension. Loops of "rips" are computed row by row.

    References
    ----------
    .. [1] Loiseaux, Scoccola, Carrière, Botnan, Oudot. "Stable Vectorization of Multiparameter
           Persistent Homology using Signed Barcodes as Measures." NeurIPS 2023,
           arXiv:2306.03801.
    .. [2] Loiseaux, Carrière, Blumberg. "A Framework for Fast and Stable Representations of
           Multiparameter Persistent Homology Decompositions." NeurIPS 2023, arXiv:2306.11170.
    .. [3] Morozov, Scoccola. "Computing Betti tables and minimal presentations of zero-dimensional
           persistent homology." SoCG 2025, arXiv:2410.22242.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.topology import MultiparamPersistenceVectorizer
    >>> rng = np.random.default_rng(0)
    >>> clouds = [rng.normal(size=(n, 2)) for n in (30, 40, 50)]
    >>> vectorizer = MultiparamPersistenceVectorizer(filtration="alpha", resolution=10)
    >>> vectorizer.fit_transform(clouds).shape
    (3, 200)
    >>> vectorizer.get_feature_names_out()[:2]
    array(['mph_h0_r00_s00', 'mph_h0_r00_s01'], dtype=object)
    """

    _parameter_constraints = {
        **BifiltrationTransformer._parameter_constraints,
        **SignedMeasureVectorizer._parameter_constraints,
        "vectorization": [StrOptions({"auto", "fibered", *VECTORIZATIONS, *MODULE_VECTORIZATIONS})],
        "memory": [str, Memory, None],
    }

    def __init__(
        self,
        *,
        filtration="rips",
        function="kde",
        function_params=None,
        homology_dimensions=(0, 1),
        invariant="hilbert",
        vectorization="auto",
        grid="regular",
        resolution=20,
        filtration_resolution=None,
        bandwidth=0.05,
        kernel="gaussian",
        n_directions=20,
        basis="fourier",
        n_components=100,
        degree=3,
        representation=None,
        n_lines=100,
        max_error=None,
        delta=0.1,
        interval_kernel="interleaving",
        weight="interleaving",
        weight_power=1.0,
        op="mean",
        k=(0, 1, 2),
        normalize=True,
        quantile_range=(0.0, 1.0),
        threshold=None,
        mass_default=None,
        max_points=None,
        metric="euclidean",
        dual=False,
        memory=None,
        dtype="float64",
        n_jobs=None,
        random_state=None,
    ):
        self.filtration = filtration
        self.function = function
        self.function_params = function_params
        self.homology_dimensions = homology_dimensions
        self.invariant = invariant
        self.vectorization = vectorization
        self.grid = grid
        self.resolution = resolution
        self.filtration_resolution = filtration_resolution
        self.bandwidth = bandwidth
        self.kernel = kernel
        self.n_directions = n_directions
        self.basis = basis
        self.n_components = n_components
        self.degree = degree
        self.representation = representation
        self.n_lines = n_lines
        self.max_error = max_error
        self.delta = delta
        self.interval_kernel = interval_kernel
        self.weight = weight
        self.weight_power = weight_power
        self.op = op
        self.k = k
        self.normalize = normalize
        self.quantile_range = quantile_range
        self.threshold = threshold
        self.mass_default = mass_default
        self.max_points = max_points
        self.metric = metric
        self.dual = dual
        self.memory = memory
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = self.filtration != "graph"
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Learn scale, box and grid from the training samples.

        Parameters
        ----------
        X : sequence of shapes
            One shape per sample, of the kind that `filtration` takes.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the quantiles of `quantile_range` and ``grid="quantile"``;
            samples of weight zero don't count for the box.

        Returns
        -------
        self : MultiparamPersistenceVectorizer
        """
        measures = self._learn_topology(X)
        self.vectorizer_.fit(measures, sample_weight=sample_weight)
        self._copy_attributes()
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Widen box and grid by another batch of samples, for data beyond the memory.

        The first batch decides on the scale (the diameter that negative bandwidths and thresholds
        are fractions of), and for "mma" and "fibered" on the box of the lines. See
        `SignedMeasureVectorizer.partial_fit`.

        Parameters
        ----------
        X : sequence of shapes
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : MultiparamPersistenceVectorizer
        """
        first = not hasattr(self, "vectorizer_")
        if first:
            self.transformer_, self.vectorizer_ = self._halves()
            self.transformer_.fit(X)
        self.vectorizer_.partial_fit(self._cached_measures(X), sample_weight=sample_weight)
        self._copy_attributes()
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None, sample_weight=None):
        """Fit, and return the vectors of the training samples; the topology is computed once.

        Parameters
        ----------
        X : sequence of shapes
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
        """
        measures = self._learn_topology(X)
        features = self.vectorizer_.fit_transform(measures, sample_weight=sample_weight)
        self._copy_attributes()
        return features

    def transform(self, X):
        """Vectorise shapes.

        Parameters
        ----------
        X : sequence of shapes

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
        """
        check_is_fitted(self)
        return self.vectorizer_.transform(self._cached_measures(X))

    def signed_measures(self, X):
        """Signed measures of shapes.

        Parameters
        ----------
        X : sequence of shapes

        Returns
        -------
        measures : list of dict
            Per sample: homology dimension (or "euler", "rank0", ...) -> (points of shape (n_atoms,
            n_parameters), weights of shape (n_atoms,)).
        """
        check_is_fitted(self)
        if self.invariant in ("mma", "fibered"):
            raise ValueError(
                f"invariant={self.invariant!r} has no signed measures; see decompose for 'mma' and "
                "BifiltrationTransformer.transform."
            )
        return self._cached_measures(X)

    def decompose(self, X):
        """Interval decompositions of shapes, with ``invariant="mma"``.

        Parameters
        ----------
        X : sequence of shapes

        Returns
        -------
        modules : list of IntervalModules
        """
        check_is_fitted(self)
        if self.invariant != "mma":
            raise ValueError(f"decompose needs invariant='mma', got {self.invariant!r}.")
        return self._cached_measures(X)

    def betti_surfaces(self, X):
        """Hilbert functions of shapes on the fitted grid.

        Parameters
        ----------
        X : sequence of shapes

        Returns
        -------
        surfaces : dict of key -> ndarray of shape (n_samples, len(grid_[0]), len(grid_[1]), ...)
            Number of components, loops, ... (or the Euler characteristic) when the parameters
            are at most the grid values.
        """
        if self.invariant == "mma":
            modules = self.decompose(X)
            return {
                key: np.array([m.hilbert(self.grid_, key) for m in modules])
                for key in self.vectorizer_.keys_
            }
        if self.invariant not in ("hilbert", "euler"):
            raise ValueError(f"invariant={self.invariant!r} has no surfaces.")
        packed = pack(self.signed_measures(X), self.n_parameters_)
        surfaces = {}
        for key, (points, weights, ptr) in packed.items():
            n_samples = len(ptr) - 1
            sample = np.repeat(np.arange(n_samples), np.diff(ptr))
            masses = histogram(points, weights, sample, n_samples, self.grid_)
            surfaces[key] = surface_from_histogram(masses)
        return surfaces

    def gradient(self, X, V):
        """Vector-Jacobian product of `transform`: the gradient of ``(V * transform(X)).sum()``.

        In points, pixels or node values, for signed measures by "convolution" or "features", and
        for "mma" by all its vectorisations. Exact wherever the order of the grades doesn't change;
        where values tie it is one element of the generalised derivative. What `fit` has learned
        (box, scale of the functions) stays. Corners of intervals jump where they leave the fitted
        box: fit "mma" on samples that reach beyond those that move.

        Parameters
        ----------
        X : sequence of shapes
            Point clouds with a named function or with values, images, or graphs with node values.
        V : array-like of shape (n_samples, n_features_out)

        Returns
        -------
        gradients : list of ndarrays, or of pairs of ndarrays
            One per sample, in the shape of what moves: points (n_points, n_coordinates), an image,
            node values (n_nodes, n_parameters); with ``function="precomputed"`` on point clouds a
            pair, in the points and in their values (n_points, n_functions).

        References
        ----------
        .. [1] Scoccola, Setlur, Loiseaux, Carrière, Oudot. "Differentiability and Optimization of
               Multiparameter Persistent Homology." ICML 2024, arXiv:2406.07224.
        """
        check_is_fitted(self)
        self.transformer_._check_differentiable()
        self.vectorizer_._check_differentiable()
        X = list(X)
        slopes = self.vectorizer_.gradient(self._cached_measures(X), V)
        return self.transformer_.gradient(X, slopes)

    def value_and_gradient(self, X, loss):
        """Value of a loss of the features, and its gradient in the shapes.

        Parameters
        ----------
        X : sequence of shapes
            As in `gradient`.
        loss : callable
            Features of shape (n_samples, n_features_out) -> (value, its gradient in the
            features).

        Returns
        -------
        value : float
        gradients : list of ndarrays, or of pairs of ndarrays
        """
        X = list(X)
        value, V = loss(self.transform(X))
        return float(value), self.gradient(X, V)

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
        return self.vectorizer_.get_feature_names_out()

    def _learn_topology(self, X):
        """Make the halves, fit the first one, and return the measures of the samples."""
        self.transformer_, self.vectorizer_ = self._halves()
        if self.memory is None:
            return self.transformer_.fit_transform(X)
        self.transformer_.fit(X)
        return self._cached_measures(X)

    def _halves(self):
        """The two halves, unfitted."""
        check_memory(self.memory)
        vectorization = self._vectorization()
        parameters = self.get_params(deep=False)
        topology = {name: parameters[name] for name in TOPOLOGY}
        vectors = {name: parameters[name] for name in VECTORS}
        return (
            BifiltrationTransformer(n_jobs=self.n_jobs, **topology),
            SignedMeasureVectorizer(vectorization=vectorization, **vectors),
        )

    def _copy_attributes(self):
        for name in [name for name in vars(self) if name.endswith("_")]:
            if name not in ("transformer_", "vectorizer_"):
                delattr(self, name)
        for half in (self.transformer_, self.vectorizer_):
            for name, value in vars(half).items():
                if name.endswith("_") and not name.startswith("_") and name != "keys_":
                    setattr(self, name, value)

    def estimate_cost(self, X):
        """Cells and memory that every sample will take.

        See `BifiltrationTransformer.estimate_cost`.

        Parameters
        ----------
        X : sequence of shapes

        Returns
        -------
        cost : dict of str -> ndarray of shape (n_samples,)
        """
        return self._halves()[0].estimate_cost(X)

    def _vectorization(self):
        """The resolved vectorisation; it has to suit the invariant."""
        fitting = {"mma": MODULE_VECTORIZATIONS, "fibered": ("fibered",)}.get(
            self.invariant, VECTORIZATIONS
        )
        if self.vectorization == "auto":
            return fitting[0]
        if self.vectorization not in fitting:
            raise ValueError(
                f"vectorization={self.vectorization!r} doesn't take what "
                f"invariant={self.invariant!r} gives; take one of {', '.join(fitting)}."
            )
        return self.vectorization

    def _cached_measures(self, X):
        if self.memory is None:
            return self.transformer_.transform(X)
        compute = check_memory(self.memory).cache(_transform, ignore=["n_jobs"])
        state = {
            name: value
            for name, value in vars(self.transformer_).items()
            if name not in ("n_jobs", "random_state")
        }
        try:
            return compute(state, X, self.n_jobs)
        except PicklingError as error:
            raise ValueError(
                f"memory={self.memory!r} needs samples and functions that can be pickled; "
                f"a lambda can't be: {error}"
            ) from error


def _transform(state, X, n_jobs):
    """Measures by a fitted transformer that is given by its attributes."""
    transformer = BifiltrationTransformer(n_jobs=n_jobs)
    vars(transformer).update(state)
    return transformer.transform(X)
