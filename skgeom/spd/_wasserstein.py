"""The Bures-Wasserstein metric, as pyriemann computes it (imported where it is used).

``d^2(A, B) = tr(A + B - 2 (A^1/2 B A^1/2)^1/2)``: optimal transport between centred Gaussians.
"""

import numpy as np

from skgeom._core.parallel import single_blas_thread
from skgeom.spd._matrices import check_positive


def squared_distance_wasserstein(A, B):
    """Squared distances of SPD matrices, shape (...); leading dimensions are broadcast."""
    from pyriemann.geometry.distance import distance_wasserstein

    _check_spd(A, B)
    A, B = np.broadcast_arrays(A, B)
    with single_blas_thread():
        return np.maximum(distance_wasserstein(A, B, squared=True), 0.0)


def log_map_wasserstein(C, M):
    """Tangent vectors at `M` that point to `C`, shape (..., n, n)."""
    from pyriemann.geometry.tangentspace import log_map_wasserstein

    _check_spd(C, M)
    with single_blas_thread():
        return log_map_wasserstein(C, M)


def exp_map_wasserstein(V, M):
    """Ends of the geodesics from `M` with initial velocities `V`, shape (..., n, n)."""
    from pyriemann.geometry.tangentspace import exp_map_wasserstein

    _check_spd(M)
    with single_blas_thread():
        return exp_map_wasserstein(V, M)


def mean_wasserstein(C, weight, tol, max_iter, init=None):
    """Weighted mean of SPD matrices, shape (n, n)."""
    from pyriemann.geometry.mean import mean_wasserstein

    _check_spd(C)
    with single_blas_thread(), np.errstate(invalid="ignore"):
        M = mean_wasserstein(C, tol=tol, maxiter=max_iter, init=init, sample_weight=weight)
    if not np.all(np.isfinite(M)):
        raise ValueError(
            "The Wasserstein mean of nearly singular matrices is lost to rounding: regularise "
            'them (reg, rank="auto", a shrinkage estimator).'
        )
    return M


def _check_spd(*stacks):
    """Raise for matrices that pyriemann would turn into NaN, naming the first."""
    with single_blas_thread():
        for C in stacks:
            check_positive(np.linalg.eigvalsh(C))
