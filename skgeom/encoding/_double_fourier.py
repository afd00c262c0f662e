"""Double Fourier sphere features of longitude and latitude."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._core.estimator import DocLinkMixin
from skgeom._core.parallel import parallel_rows
from skgeom.encoding._coordinates import CONSTRAINTS, KeptDtypeMixin, read_coordinates, wrapped
from skgeom.encoding._kernels import trigonometric_rows
from skgeom.encoding._terms import RADIAN, build, radii

KINDS = (
    "grid",
    "theory",
    "spherec",
    "spherec+",
    "spherem",
    "spherem+",
    "wrap",
    "cartesian3d",
    "direct",
)


class DoubleFourierSphereEncoder(KeptDtypeMixin, DocLinkMixin, TransformerMixin, BaseEstimator):
    r"""Encode longitude and latitude by sines and cosines at several scales.

    The encodings that spherical harmonics are compared with [1]_. Radii :math:`r_s` go from
    `min_radius` to `max_radius` in geometric progression; :math:`lon_s = lon / r_s` and
    :math:`lat_s = lat / r_s` are quotients of degrees, taken as angles in radians. A radius of
    :math:`180 / \pi` degrees gives the angle itself.

    Read more in the :ref:`User Guide <encoding>`.

    Parameters
    ----------
    kind : str, default="spherem+"
        Columns, with S = `n_frequencies`:

        - "grid": sine and cosine of :math:`lon_s` and of :math:`lat_s`, 4 S [2]_.
        - "theory": sine and cosine of (lon, lat) along three directions 120 degrees apart, over
          :math:`r_s`, 6 S [2]_.
        - "spherec": :math:`\sin lat_s`, :math:`\cos lat_s \cos lon_s`,
          :math:`\cos lat_s \sin lon_s`, 3 S [3]_.
        - "spherem": :math:`\sin lat_s`, :math:`\cos lat_s \cos lon`, :math:`\cos lat \cos lon_s`,
          :math:`\cos lat_s \sin lon`, :math:`\cos lat \sin lon_s`, 5 S [3]_.
        - "spherec+", "spherem+": these and :math:`\cos lat_s`, :math:`\sin lon_s`,
          :math:`\cos lon_s`, 6 S and 8 S [3]_.
        - "wrap": cosine and sine of lon and of lat, 4.
        - "cartesian3d": the point on the unit sphere, 3.
        - "direct": both angles in radians, less pi, 2.
    n_frequencies : int, default=16
        Number S of radii.
    min_radius, max_radius : float, default=10.0 and 360.0
        Smallest and largest radius in degrees.
    columns : pair of int or str, default=(0, 1)
        The columns of X that hold the coordinates; other columns aren't used.
    order : {"lonlat", "latlon"}, default="lonlat"
        Which of the two is which.
    units : {"degrees", "radians"}, default="degrees"
        Unit of the coordinates. Longitudes are brought to [-180, 180) degrees.
    convention : {"standard", "locationencoder"}, default="standard"
        "locationencoder" has two habits of the paper's code: the unscaled angles of "spherem" are
        degrees taken as radians, and longitudes are used as they come.
    dtype : {"float64", "float32"} or None, default=None
        dtype of the output; None is the input's.
    n_jobs : int or None, default=None
        Threads over rows. The bits don't depend on it.

    Attributes
    ----------
    radii_ : ndarray of shape (n_frequencies,)
        Degrees; empty for "wrap", "cartesian3d" and "direct".
    bounds_ : ndarray of shape (2, 2)
        Smallest and largest longitude and latitude of the training data, in degrees.
    n_features_in_ : int
    feature_names_in_ : ndarray of str, shape (n_features,)
        Only where X has column names.

    See Also
    --------
    SphericalHarmonicsEncoder : Smooth everywhere on the sphere, and rotation invariant.

    Notes
    -----
    Only "wrap", "cartesian3d" and radii that divide :math:`180 / \pi` degrees a whole number of
    times meet at the date line; only "cartesian3d" is one point at a pole.

    References
    ----------
    .. [1] M. Rußwurm, K. Klemmer, E. Rolf, R. Zbinden, D. Tuia, "Geographic Location Encoding with
       Spherical Harmonics and Sinusoidal Representation Networks", ICLR 2024, arXiv:2310.06743.
    .. [2] G. Mai et al., "Multi-Scale Representation Learning for Spatial Feature Distributions
       using Grid Cells", ICLR 2020, arXiv:2003.00824.
    .. [3] G. Mai et al., "Sphere2Vec: Multi-Scale Representation Learning over a Spherical Surface
       for Geospatial Predictions", 2022, arXiv:2201.10489.

    Examples
    --------
    >>> from skgeom.encoding import DoubleFourierSphereEncoder
    >>> encoder = DoubleFourierSphereEncoder(kind="cartesian3d")
    >>> encoder.fit_transform([[0.0, 0.0], [90.0, 0.0], [0.0, -90.0]]).round(3) + 0.0
    array([[ 1.,  0.,  0.],
           [ 0.,  1.,  0.],
           [ 0.,  0., -1.]])
    >>> encoder.get_feature_names_out().tolist()
    ['cos_lon_cos_lat', 'sin_lon_cos_lat', 'sin_lat']
    """

    _parameter_constraints = {
        "kind": [StrOptions(set(KINDS))],
        "n_frequencies": [Interval(Integral, 1, None, closed="left")],
        "min_radius": [Interval(Real, 0, None, closed="neither")],
        "max_radius": [Interval(Real, 0, None, closed="neither")],
        **CONSTRAINTS,
    }

    def __init__(
        self,
        *,
        kind="spherem+",
        n_frequencies=16,
        min_radius=10.0,
        max_radius=360.0,
        columns=(0, 1),
        order="lonlat",
        units="degrees",
        convention="standard",
        dtype=None,
        n_jobs=None,
    ):
        self.kind = kind
        self.n_frequencies = n_frequencies
        self.min_radius = min_radius
        self.max_radius = max_radius
        self.columns = columns
        self.order = order
        self.units = units
        self.convention = convention
        self.dtype = dtype
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the coordinates and set the radii.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates in `columns`.
        y : None
            Ignored.

        Returns
        -------
        self : DoubleFourierSphereEncoder

        Raises
        ------
        ValueError
            For a latitude beyond the poles (with the row), columns that X doesn't have, and
            `min_radius` above `max_radius`.

        Warns
        -----
        UserWarning
            When all values look like radians and degrees are expected, and when a longitude is
            more than two turns of radians.
        """
        coordinates = read_coordinates(self, X, reset=True)
        if self.min_radius > self.max_radius:
            raise ValueError(
                f"min_radius must not exceed max_radius, got {self.min_radius} and "
                f"{self.max_radius}."
            )
        self.bounds_ = coordinates.bounds
        scaled = self.kind not in ("wrap", "cartesian3d", "direct")
        self.radii_ = radii(
            self.n_frequencies if scaled else 0, float(self.min_radius), float(self.max_radius)
        )
        self._n_features_out = len(self.get_feature_names_out())
        return self

    def transform(self, X):
        """Evaluate the sines and cosines.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
        """
        check_is_fitted(self)
        coordinates = read_coordinates(self, X, reset=False)
        longitude = coordinates.longitude
        if self.convention == "standard":
            longitude = wrapped(longitude)
        degrees = np.column_stack([longitude, coordinates.latitude])
        if self.kind == "direct":
            return (np.radians(degrees) - np.pi).astype(coordinates.dtype, copy=False)
        terms = self._terms()
        features = np.empty((len(degrees), self._n_features_out), coordinates.dtype)
        tables = np.array(terms.directions), np.array(terms.left), np.array(terms.right)
        parallel_rows(
            trigonometric_rows, len(degrees), degrees, *tables, features, n_jobs=self.n_jobs
        )
        return features

    def _terms(self):
        factor = RADIAN if self.convention == "standard" else 1.0
        return build(self.kind, self.radii_, factor)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns: factors, each with the number of its radius.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str objects, shape (n_features_out,)
        """
        check_is_fitted(self, "radii_")
        if self.kind == "direct":
            return np.array(["lon", "lat"], dtype=object)
        return np.array(self._terms().names, dtype=object)
