"""Signals and covariance matrices, as points on the manifold of SPD matrices.

What belongs here: estimators whose samples are multichannel trials or symmetric positive definite
matrices, and the mathematics they stand on as functions over (..., n, n) arrays.
"""

from skgeom.spd._augmented import AugmentedCovariance
from skgeom.spd._classifier import AugmentedCovarianceClassifier
from skgeom.spd._geometry import (
    distance,
    exp_map,
    inverse_tangent_vectors,
    log_map,
    tangent_vectors,
)
from skgeom.spd._matrices import expm, invsqrtm, logm, sqrtm
from skgeom.spd._mean import karcher_mean

__all__ = [
    "AugmentedCovariance",
    "AugmentedCovarianceClassifier",
    "distance",
    "exp_map",
    "expm",
    "inverse_tangent_vectors",
    "invsqrtm",
    "karcher_mean",
    "log_map",
    "logm",
    "sqrtm",
    "tangent_vectors",
]
