"""Spherical harmonics of longitude and latitude."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._core.estimator import DocLinkMixin
from skgeom._core.parallel import parallel_rows
from skgeom.encoding._coordinates import CONSTRAINTS, KeptDtypeMixin, on_sphere, read_coordinates
from skgeom.encoding._kernels import harmonics_rows
from skgeom.encoding._legendre import degree_weights, recurrence


class SphericalHarmonicsEncoder(KeptDtypeMixin, DocLinkMixin, TransformerMixin, BaseEstimator):
    r"""Encode longitude and latitude by real spherical harmonics.

    The columns are the functions

    .. math::

        Y_l^m = \sqrt 2\, \bar P_l^m(\sin lat) \cos(m\, lon), \quad
        Y_l^0 = \bar P_l(\sin lat), \quad
        Y_l^{-m} = \sqrt 2\, \bar P_l^m(\sin lat) \sin(m\, lon)

    of degree l = 0, ..., `degree` - 1 and order m = -l, ..., l, with fully normalised Legendre
    functions without the Condon-Shortley phase [1]_. They are the smoothest orthogonal functions on
    the sphere: no seam at the date line, nothing special at the poles, one resolution everywhere. A
    linear model on them is a band-limited function on the globe; degrees below L tell apart what
    lies some 180 / L degrees apart. Legendre functions come from a stable recurrence [2]_.

    Read more in the :ref:`User Guide <encoding>`.

    Parameters
    ----------
    degree : int, default=20
        Number L of degrees, 1 to 1000; there are L ** 2 columns, those of a smaller L first. This
        is ``legendre_polys`` of the paper's code; the largest degree is L - 1.
    columns : pair of int or str, default=(0, 1)
        The columns of X that hold the coordinates; other columns aren't used.
    order : {"lonlat", "latlon"}, default="lonlat"
        Which of the two is which.
    units : {"degrees", "radians"}, default="degrees"
        Unit of the coordinates. Longitudes are taken modulo a full turn.
    norm : {"orthonormal", "4pi", "schmidt"}, default="orthonormal"
        The mean square of a column over the sphere is 1 / (4 pi), 1 or 1 / (2 l + 1).
    drop_constant : bool, default=False
        Leave the column of degree 0 out, for models with an intercept.
    smoothing : {"matern"} or None, default=None
        "matern" multiplies the columns of degree l by ``(kappa ** 2 + l (l + 1)) ** (-nu / 2)``.
        A ridge penalty on the coefficients then prefers smooth functions; the kernel of two rows
        is a Matérn covariance on the sphere. An extension, not in the paper.
    kappa : float, default=1.0
        Inverse length of "matern", in inverse radians.
    nu : float, default=1.0
        Smoothness of "matern": the exponent of the covariance's spectrum.
    convention : {"standard", "locationencoder"}, default="standard"
        "locationencoder": the angles ``lon + 180`` and ``lat + 90`` (taken as colatitude) of the
        paper's code. It changes the sign of some columns, and so nothing for a linear model.
    dtype : {"float64", "float32"} or None, default=None
        dtype of the output; None is the input's. The recurrence runs in float64.
    n_jobs : int or None, default=None
        Threads over rows. The bits don't depend on it.

    Attributes
    ----------
    eigenvalues_ : ndarray of shape (n_features_out,)
        l (l + 1) of every column, the eigenvalue of the Laplace-Beltrami operator, for penalties
        and priors on the coefficients.
    bounds_ : ndarray of shape (2, 2)
        Smallest and largest longitude and latitude of the training data, in degrees.
    n_features_in_ : int
    feature_names_in_ : ndarray of str, shape (n_features,)
        Only where X has column names.

    See Also
    --------
    DoubleFourierSphereEncoder : Sines and cosines of the coordinates, cheaper and not rotation
        invariant.

    Notes
    -----
    A row costs `degree` ** 2 multiplications and no memory beyond the output. At the poles all
    columns with m != 0 are 0 exactly, whatever the longitude is.

    References
    ----------
    .. [1] M. Rußwurm, K. Klemmer, E. Rolf, R. Zbinden, D. Tuia, "Geographic Location Encoding with
       Spherical Harmonics and Sinusoidal Representation Networks", ICLR 2024, arXiv:2310.06743
       (the spherical-harmonics encoding, ``PE(lon, lat)``).
    .. [2] S. Holmes, W. Featherstone, "A unified approach to the Clenshaw summation and the
       recursive computation of very high degree and order normalised associated Legendre
       functions", Journal of Geodesy 76, 2002 (the recurrence).

    Examples
    --------
    >>> from skgeom.encoding import SphericalHarmonicsEncoder
    >>> encoder = SphericalHarmonicsEncoder(degree=2, norm="4pi")
    >>> encoder.fit_transform([[0.0, 0.0], [90.0, 0.0], [12.0, 90.0]]).round(3) + 0.0
    array([[1.   , 0.   , 0.   , 1.732],
           [1.   , 1.732, 0.   , 0.   ],
           [1.   , 0.   , 1.732, 0.   ]])
    >>> encoder.get_feature_names_out().tolist()
    ['Y_0^0', 'Y_1^-1', 'Y_1^0', 'Y_1^1']
    """

    _parameter_constraints = {
        "degree": [Interval(Integral, 1, 1000, closed="both")],
        "norm": [StrOptions({"orthonormal", "4pi", "schmidt"})],
        "drop_constant": ["boolean"],
        "smoothing": [StrOptions({"matern"}), None],
        "kappa": [Interval(Real, 0, None, closed="neither")],
        "nu": [Interval(Real, 0, None, closed="neither")],
        **CONSTRAINTS,
    }

    def __init__(
        self,
        *,
        degree=20,
        columns=(0, 1),
        order="lonlat",
        units="degrees",
        norm="orthonormal",
        drop_constant=False,
        smoothing=None,
        kappa=1.0,
        nu=1.0,
        convention="standard",
        dtype=None,
        n_jobs=None,
    ):
        self.degree = degree
        self.columns = columns
        self.order = order
        self.units = units
        self.norm = norm
        self.drop_constant = drop_constant
        self.smoothing = smoothing
        self.kappa = kappa
        self.nu = nu
        self.convention = convention
        self.dtype = dtype
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the coordinates and remember their range.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates in `columns`.
        y : None
            Ignored.

        Returns
        -------
        self : SphericalHarmonicsEncoder

        Raises
        ------
        ValueError
            For a latitude beyond the poles (with the row), columns that X doesn't have, and
            `degree` = 1 with `drop_constant`, which leaves no column.

        Warns
        -----
        UserWarning
            When all values look like radians and degrees are expected, and when a longitude is
            more than two turns of radians.
        """
        coordinates = read_coordinates(self, X, reset=True)
        if self.degree == 1 and self.drop_constant:
            raise ValueError("degree=1 with drop_constant=True leaves no column.")
        self.bounds_ = coordinates.bounds
        degrees, _ = self._degrees_and_orders()
        self.eigenvalues_ = (degrees * (degrees + 1)).astype(np.float64)
        self._n_features_out = len(degrees)
        return self

    def transform(self, X):
        """Evaluate the harmonics.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
            ``degree ** 2`` columns, one less with `drop_constant`; column ``l ** 2 + l + m`` is of
            degree l and order m.
        """
        check_is_fitted(self)
        coordinates = read_coordinates(self, X, reset=False)
        angles = on_sphere(coordinates)
        features = np.empty((len(angles), self._n_features_out), coordinates.dtype)
        parallel_rows(
            harmonics_rows, len(angles), angles, self._tables(), features, n_jobs=self.n_jobs
        )
        return features

    def _tables(self):
        """What the kernel knows of each degree and order."""
        degrees = np.arange(self.degree)
        weights = degree_weights(self.degree, self.norm)
        if self.smoothing == "matern":
            weights = weights * (self.kappa**2 + degrees * (degrees + 1.0)) ** (-self.nu / 2)
        signs = np.where(degrees > 0, np.sqrt(2.0), 1.0)
        if self.convention == "locationencoder":
            # half a turn of longitude gives (-1)^m, a reflection of the latitude (-1)^(l + m)
            weights = weights * np.where(degrees % 2, -1.0, 1.0)
        return *recurrence(self.degree), weights, signs, int(self.drop_constant)

    def _degrees_and_orders(self):
        columns = np.arange(int(self.drop_constant), self.degree**2)
        degrees = np.floor(np.sqrt(columns + 0.5)).astype(np.int64)
        return degrees, columns - degrees * (degrees + 1)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns, "Y_l^m" with degree and order.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str objects, shape (n_features_out,)
        """
        check_is_fitted(self)
        pairs = zip(*self._degrees_and_orders())
        return np.array([f"Y_{degree}^{order}" for degree, order in pairs], dtype=object)
