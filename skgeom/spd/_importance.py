"""Linear decisions on tangent vectors, read as blocks of channels for pairs of delays."""

import numpy as np

from skgeom.spd._matrices import from_upper_vectors


def as_symmetric(vectors, n_bands):
    """Matrices of tangent vectors (k, F) of all bands side by side: (k, n_bands, n, n)."""
    return from_upper_vectors(vectors.reshape(len(vectors), n_bands, -1))


def activation_patterns(vectors, coef):
    """How features vary with linear decisions: their covariances, per unit of the decision.

    Parameters
    ----------
    vectors : ndarray of shape (m, F)
    coef : ndarray of shape (k, F)

    Returns
    -------
    patterns : ndarray of shape (k, F)
        Zero for a decision that is constant.

    References
    ----------
    .. [1] S. Haufe et al., "On the interpretation of weight vectors of linear models in
       multivariate neuroimaging", NeuroImage 87, 2014, eq. 6.
    """
    centred = vectors - vectors.mean(axis=0)
    scores = centred @ coef.T
    norms = np.sum(scores**2, axis=0)
    return np.divide(scores, norms, out=np.zeros_like(scores), where=norms > 0).T @ centred


def in_blocks(A, p, d):
    """Blocks (..., p, p, d, d) of matrices whose first p d rows are p delays of d channels."""
    blocks = A[..., : p * d, : p * d].reshape(*A.shape[:-2], p, d, p, d)
    return blocks.swapaxes(-3, -2)


def shares(blocks):
    """Shares of the absolute values, the decisions averaged; 0 where all are (n_dec, ...)."""
    sizes = np.abs(blocks).mean(axis=0)
    return sizes / (sizes.sum() or 1.0)
