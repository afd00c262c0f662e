"""Coordinates to features.

Here belongs what turns raw coordinates into a table that a linear model can use: longitude and
latitude into functions on the sphere. Nothing is learned from the labels.
"""

from skgeom.encoding._double_fourier import DoubleFourierSphereEncoder
from skgeom.encoding._harmonics import SphericalHarmonicsEncoder

__all__ = ["DoubleFourierSphereEncoder", "SphericalHarmonicsEncoder"]
