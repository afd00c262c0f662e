"""Signals and covariance matrices, as points on the manifold of SPD matrices.

What belongs here: estimators whose samples are multichannel trials or symmetric positive definite
matrices, and the mathematics they stand on as functions over (..., n, n) arrays.
"""

from skgeom.spd._augmented import AugmentedCovariance
from skgeom.spd._bures_tangent import BuresWassersteinTangentSpace
from skgeom.spd._bures_wasserstein import BuresWassersteinNormalizer
from skgeom.spd._classifier import AugmentedCovarianceClassifier
from skgeom.spd._display import LagBlocksDisplay
from skgeom.spd._geometry import (
    distance,
    exp_map,
    inverse_tangent_vectors,
    log_map,
    tangent_vectors,
)
from skgeom.spd._matrices import expm, invsqrtm, logm, sqrtm
from skgeom.spd._mean import karcher_mean
from skgeom.spd._search import AugmentedCovarianceClassifierCV
from skgeom.spd._selection import select_embedding
from skgeom.spd._siegel import (
    from_siegel_coefficients,
    siegel_coefficients,
    siegel_distance,
    siegel_exp_map,
    siegel_log_map,
    siegel_mean,
)
from skgeom.spd._sliding import SlidingWindowDecoder, itr_score, normalized_mcc_score

__all__ = [
    "AugmentedCovariance",
    "AugmentedCovarianceClassifier",
    "AugmentedCovarianceClassifierCV",
    "BuresWassersteinNormalizer",
    "BuresWassersteinTangentSpace",
    "LagBlocksDisplay",
    "SlidingWindowDecoder",
    "distance",
    "exp_map",
    "expm",
    "from_siegel_coefficients",
    "inverse_tangent_vectors",
    "invsqrtm",
    "itr_score",
    "karcher_mean",
    "log_map",
    "logm",
    "normalized_mcc_score",
    "select_embedding",
    "siegel_coefficients",
    "siegel_distance",
    "siegel_exp_map",
    "siegel_log_map",
    "siegel_mean",
    "sqrtm",
    "tangent_vectors",
]
