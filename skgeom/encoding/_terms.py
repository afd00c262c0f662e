"""The columns of each double Fourier sphere encoding, as products of sines and cosines."""

from dataclasses import dataclass, field

import numpy as np

RADIAN = np.pi / 180
# the three directions of "theory", 120 degrees apart
THIRDS = np.array([[1.0, 0.0], [-0.5, np.sqrt(3) / 2], [-0.5, -np.sqrt(3) / 2]])
ONE = (0, "")


@dataclass
class Terms:
    """A growing list of columns.

    Attributes
    ----------
    directions : list of (float, float)
        Angle k is the inner product of direction k with (longitude, latitude) in degrees.
    left, right : list of int
        Factors of each column: 0 is 1, 2k + 1 the sine of angle k, 2k + 2 its cosine.
    names : list of str
    """

    directions: list = field(default_factory=list)
    left: list = field(default_factory=list)
    right: list = field(default_factory=list)
    names: list = field(default_factory=list)

    def angle(self, name, longitude, latitude):
        """Add an angle; returns its sine and cosine, factors for `column`."""
        k = len(self.directions)
        self.directions.append((longitude, latitude))
        return (2 * k + 1, f"sin_{name}"), (2 * k + 2, f"cos_{name}")

    def column(self, left, right=ONE):
        """Add the product of two factors."""
        self.left.append(left[0])
        self.right.append(right[0])
        self.names.append("_".join(name for name in (left[1], right[1]) if name))


def radii(n_frequencies, min_radius, max_radius):
    """Return the geometric sequence of radii, in degrees, ndarray of shape (n_frequencies,)."""
    return np.geomspace(min_radius, max_radius, n_frequencies)


def build(kind, scales, factor):
    """Return the columns of an encoding.

    Parameters
    ----------
    kind : str
        See `DoubleFourierSphereEncoder`.
    scales : ndarray of shape (n_frequencies,)
        Radii in degrees.
    factor : float
        What the unscaled coordinates of "spherem" are multiplied with.

    Returns
    -------
    terms : Terms
    """
    terms = Terms()
    if kind in ("wrap", "cartesian3d"):
        _plain(terms, kind)
    elif kind == "grid":
        for axis, name in ((0, "lon"), (1, "lat")):
            for s, scale in enumerate(scales):
                direction = (1 / scale, 0.0) if axis == 0 else (0.0, 1 / scale)
                for term in terms.angle(f"{name}{s}", *direction):
                    terms.column(term)
    elif kind == "theory":
        for s, scale in enumerate(scales):
            for k, direction in enumerate(THIRDS):
                for term in terms.angle(f"dir{k}_{s}", *(direction / scale)):
                    terms.column(term)
    else:
        _sphere(terms, kind, scales, factor)
    return terms


def _plain(terms, kind):
    sin_lon, cos_lon = terms.angle("lon", RADIAN, 0.0)
    sin_lat, cos_lat = terms.angle("lat", 0.0, RADIAN)
    if kind == "wrap":
        pairs = [(cos_lon, ONE), (sin_lon, ONE), (cos_lat, ONE), (sin_lat, ONE)]
    else:
        pairs = [(cos_lon, cos_lat), (sin_lon, cos_lat), (sin_lat, ONE)]
    for left, right in pairs:
        terms.column(left, right)


def _sphere(terms, kind, scales, factor):
    if kind.startswith("spherem"):
        sin_lon, cos_lon = terms.angle("lon", factor, 0.0)
        _, cos_lat = terms.angle("lat", 0.0, factor)
    for s, scale in enumerate(scales):
        sin_lon_s, cos_lon_s = terms.angle(f"lon{s}", 1 / scale, 0.0)
        sin_lat_s, cos_lat_s = terms.angle(f"lat{s}", 0.0, 1 / scale)
        terms.column(sin_lat_s)
        if kind.endswith("+"):
            for term in (cos_lat_s, sin_lon_s, cos_lon_s):
                terms.column(term)
        if kind.startswith("spherec"):
            terms.column(cos_lat_s, cos_lon_s)
            terms.column(cos_lat_s, sin_lon_s)
        else:
            terms.column(cos_lat_s, cos_lon)
            terms.column(cos_lat, cos_lon_s)
            terms.column(cos_lat_s, sin_lon)
            terms.column(cos_lat, sin_lon_s)
