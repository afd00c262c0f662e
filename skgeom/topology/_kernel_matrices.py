"""Kernel matrices between the samples of two lists: measures, fibered barcodes."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context, clone
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._core.estimator import DocLinkMixin
from skgeom.topology._packing import as_fibered
from skgeom.topology._signed_measure_vectorizer import WIDTHS, SignedMeasureVectorizer
from skgeom.topology._sliced_wasserstein import (
    random_directions,
    sliced_wasserstein_distances,
)


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
            vectorization="sliced_wasserstein",
            normalize=self.normalize,
            mass_default=self.mass_default,
            random_state=0,
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
        packed = scale._packed(X, scale.n_parameters_)
        balanced = {}
        for key in scale.keys_:
            if key not in packed:
                raise ValueError(f"The measures lack the homology dimension {key!r} of fit.")
            points, weights, sample, n_samples = scale._prepare(packed[key])
            points = scale._normalized(points)
            borders = np.searchsorted(sample, np.arange(1, n_samples))
            balanced[key] = list(zip(np.split(points, borders), np.split(weights, borders)))
        return balanced


class FiberedKernel(DocLinkMixin, TransformerMixin, BaseEstimator):
    """Kernel matrix between fibered barcodes and those of the training samples.

    ``K(a, b) = sum_l w_l k(a_l, b_l)``: a kernel k of ordinary barcodes, on every line l, weighted
    by the smaller coordinate of the line's unit direction, summed over the homology dimensions.

    Parameters
    ----------
    kernel : transformer or None, default=None
        Gives the matrix k when fitted on one list of barcodes and applied to another, some of them
        empty. None is ``gudhi.representations.SlicedWassersteinKernel()``.

    Attributes
    ----------
    kernels_ : dict of key -> list of transformers
        The fitted kernel of every line.
    n_features_out_ : int
        Number of training samples.

    References
    ----------
    .. [1] Corbet, Fugacci, Kerber, Landi, Wang. "A kernel for multi-parameter persistent homology."
           Computers & Graphics: X 2, 2019, arXiv:1809.10231.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.topology import BifiltrationTransformer, FiberedKernel
    >>> rng = np.random.default_rng(0)
    >>> clouds = [rng.normal(size=(15, 2)) for _ in range(3)]
    >>> transformer = BifiltrationTransformer(filtration="alpha", invariant="fibered", n_lines=9)
    >>> FiberedKernel().fit_transform(transformer.fit_transform(clouds)).shape
    (3, 3)
    """

    _parameter_constraints = {"kernel": [HasMethods(["fit", "transform"]), None]}

    def __init__(self, *, kernel=None):
        self.kernel = kernel

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Fit the kernel of barcodes on every line.

        Parameters
        ----------
        X : list of FiberedBarcodes
            As ``BifiltrationTransformer(invariant="fibered")`` returns them.
        y : None
            Ignored.

        Returns
        -------
        self : FiberedKernel
        """
        X = as_fibered(X)
        kernel = self.kernel
        if kernel is None:
            from gudhi.representations import SlicedWassersteinKernel

            kernel = SlicedWassersteinKernel()
        self._weights = X[0].weights
        self.kernels_ = {
            key: [clone(kernel).fit(bars) for bars in self._lines(X, key)] for key in X[0].bars
        }
        self.n_features_out_ = len(X)
        return self

    def transform(self, X):
        """Kernel matrix with the training samples.

        Parameters
        ----------
        X : list of FiberedBarcodes

        Returns
        -------
        kernel : ndarray of shape (n_samples, n_training_samples)
        """
        check_is_fitted(self)
        X = as_fibered(X)
        if len(X[0].weights) != len(self._weights):
            raise ValueError(
                f"The samples have {len(X[0].weights)} lines, those of fit had "
                f"{len(self._weights)}."
            )
        total = np.zeros((len(X), self.n_features_out_))
        for key, kernels in self.kernels_.items():
            for weight, kernel, bars in zip(self._weights, kernels, self._lines(X, key)):
                total += weight * np.asarray(kernel.transform(bars))
        return total

    def _lines(self, X, key):
        """Barcodes of all samples, line by line."""
        return [[b.bars[key][line] for b in X] for line in range(len(self._weights))]

    def get_feature_names_out(self, input_features=None):
        """``mph_fibered0``, ``mph_fibered1``, ...: one per training sample."""
        check_is_fitted(self)
        return np.array([f"mph_fibered{i}" for i in range(self.n_features_out_)], dtype=object)
