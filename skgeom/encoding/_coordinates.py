"""Longitude and latitude out of a table, checked, in degrees."""

import warnings
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import validate_data

from skgeom._core.checks import check_finite_rows

# What both encoders declare about their coordinates
CONSTRAINTS = {
    "columns": [tuple, list],
    "order": [StrOptions({"lonlat", "latlon"})],
    "units": [StrOptions({"degrees", "radians"})],
    "convention": [StrOptions({"standard", "locationencoder"})],
    "dtype": [StrOptions({"float64", "float32"}), None],
    "n_jobs": [Integral, None],
}
TO_DEGREES = {"degrees": 1.0, "radians": 180.0 / np.pi}


class KeptDtypeMixin:
    """Tell scikit-learn which dtypes come out as they went in."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        kept = ["float64", "float32"] if self.dtype is None else [self.dtype]
        tags.transformer_tags.preserves_dtype = kept
        return tags


@dataclass(frozen=True)
class Coordinates:
    """Points on the sphere.

    Attributes
    ----------
    longitude, latitude : ndarray of float64, shape (n,)
        Degrees; any longitude, latitudes in [-90, 90].
    dtype : numpy dtype
        dtype of the features.
    """

    longitude: np.ndarray
    latitude: np.ndarray
    dtype: np.dtype

    @property
    def bounds(self):
        """Smallest and largest longitude and latitude, ndarray of shape (2, 2)."""
        pair = np.column_stack([self.longitude, self.latitude])
        return np.stack([pair.min(axis=0), pair.max(axis=0)])


def read_coordinates(encoder, X, reset):
    """Validate `X` for an encoder and take its two columns of coordinates.

    Parameters
    ----------
    encoder : estimator
        Its `columns`, `order`, `units` and `dtype` say what `X` holds.
    X : array-like of shape (n_samples, n_features)
    reset : bool
        True in ``fit``: the encoder remembers the columns. Values that look like the other unit
        are warned about, in ``transform`` unless those of ``fit`` did so too.

    Returns
    -------
    coordinates : Coordinates

    Raises
    ------
    ValueError
        For NaN and infinity, fewer than two features, columns that `X` doesn't have, and latitudes
        beyond the poles.
    """
    X = validate_data(
        encoder, X, dtype=[np.float64, np.float32], ensure_all_finite=False, reset=reset
    )
    if X.shape[1] < 2:
        raise ValueError(
            f"X has {X.shape[1]} feature(s) (shape={X.shape}) while longitude and latitude, a "
            "minimum of 2, are required."
        )
    first, second = (_position(encoder, column) for column in _pair(encoder.columns))
    if first == second:
        raise ValueError(f"columns names one column of X twice: {encoder.columns!r}.")
    check_finite_rows(X)
    pair = X[:, [first, second]].astype(np.float64)
    longitude, latitude = pair.T if encoder.order == "lonlat" else pair.T[::-1]
    _check_latitude(longitude, latitude, encoder)
    _warn_of_other_units(longitude, latitude, encoder.units, None if reset else encoder.bounds_)
    factor = TO_DEGREES[encoder.units]
    dtype = X.dtype if encoder.dtype is None else np.dtype(encoder.dtype)
    return Coordinates(longitude * factor, np.clip(latitude * factor, -90.0, 90.0), dtype)


def _pair(columns):
    if len(columns) != 2:
        raise ValueError(f"columns must name two columns of X, got {columns!r}.")
    return columns


def _position(encoder, column):
    if isinstance(column, str):
        names = getattr(encoder, "feature_names_in_", None)
        if names is None:
            raise ValueError(
                f"columns names {column!r}, but X has no column names; pass a DataFrame, or "
                "integers."
            )
        if column not in names:
            raise ValueError(f"columns: X has no column {column!r}; it has {names.tolist()}.")
        return names.tolist().index(column)
    n_features = encoder.n_features_in_
    if not isinstance(column, Integral) or not -n_features <= column < n_features:
        raise ValueError(
            f"columns: expected names, or integers below {n_features} (the number of features "
            f"of X), got {column!r}."
        )
    return int(column) % n_features


def _check_latitude(longitude, latitude, encoder):
    # the largest float32 that stands for a quarter turn lies a little beyond it
    pole = 90.0 if encoder.units == "degrees" else float(np.float32(np.pi / 2))
    beyond = np.abs(latitude) > pole
    if not beyond.any():
        return
    row = int(np.argmax(beyond))
    hint = ""
    if encoder.units == "radians" and np.abs(latitude).max() <= 90:
        hint = " The values look like degrees: set units='degrees'."
    elif np.abs(longitude).max() <= pole:
        other = "latlon" if encoder.order == "lonlat" else "lonlat"
        hint = f" Longitude and latitude may be swapped: set order={other!r}."
    limit = "[-90, 90]" if encoder.units == "degrees" else "[-pi/2, pi/2]"
    raise ValueError(
        f"Latitudes must lie in {limit} (units={encoder.units!r}, order={encoder.order!r}), got "
        f"{latitude[row]:g} in row {row} of X.{hint}"
    )


def _warn_of_other_units(longitude, latitude, units, bounds):
    """Warn of values in the other unit; `bounds`, in degrees, are those of ``fit``, if it was."""
    if units == "radians":
        row = int(np.argmax(np.abs(longitude)))
        if np.abs(longitude[row]) > 4 * np.pi:
            warnings.warn(
                f"X looks like degrees: longitude {longitude[row]:g} in row {row} is beyond two "
                "turns, but radians are expected (units='radians'). Set units='degrees' if so.",
                UserWarning,
            )
        return
    fitted_alike = bounds is not None and _like_radians(*bounds.T)
    if len(longitude) > 1 and _like_radians(longitude, latitude) and not fitted_alike:
        warnings.warn(
            "X looks like radians: all longitudes lie within pi of 0 and all latitudes within "
            "pi/2, but degrees are expected (units='degrees'). Set units='radians' if so.",
            UserWarning,
        )


def _like_radians(longitude, latitude):
    """Whether degrees would be radians just as well; zeros alone say nothing."""
    longitude, latitude = np.abs(longitude).max(), np.abs(latitude).max()
    return max(longitude, latitude) > 0 and longitude <= np.pi and latitude <= np.pi / 2


def wrapped(longitude):
    """Return longitudes in degrees, brought to [-180, 180); those inside stay as they are."""
    inside = (longitude >= -180) & (longitude < 180)
    return np.where(inside, longitude, np.remainder(longitude + 180, 360) - 180)


def on_sphere(coordinates):
    """Return longitude in radians, and sine and cosine of the latitude.

    Parameters
    ----------
    coordinates : Coordinates

    Returns
    -------
    angles : ndarray of float64, shape (n, 3)
        The cosine is 0 exactly at the poles.
    """
    latitude = coordinates.latitude
    polar = np.abs(latitude) > 45
    to_pole = np.radians(90 - np.abs(latitude))
    sine = np.where(polar, np.copysign(np.cos(to_pole), latitude), np.sin(np.radians(latitude)))
    cosine = np.where(polar, np.sin(to_pole), np.cos(np.radians(latitude)))
    return np.column_stack([np.radians(wrapped(coordinates.longitude)), sine, cosine])
