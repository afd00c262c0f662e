"""Common spatial patterns of augmented covariances: filters over channels and delays."""

import numpy as np


def csp_filters(points, labels, n_components):
    """Filters that tell classes apart by the power they leave, band by band.

    On augmented covariances these are spatio-spectral filters: common spatial patterns over
    delayed copies of the channels [1]_. For more than two classes pyriemann's joint
    diagonalisation, ordered by mutual information.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_bands, n, n)
    labels : ndarray of shape (n_points,)
    n_components : int or None
        None keeps half of the rows.

    Returns
    -------
    filters : ndarray of shape (n_bands, n_components, n)
    patterns : ndarray of shape (n_bands, n_components, n)
        What each component looks like in the rows.

    References
    ----------
    .. [1] S. Lemm, B. Blankertz, G. Curio, K.-R. Müller, "Spatio-spectral filters for improving
       the classification of single trial EEG", IEEE Trans. Biomedical Engineering 52(9), 2005.
    """
    from pyriemann.spatialfilters import CSP  # loads matplotlib, so not with the room

    n = points.shape[-1]
    k = (n + 1) // 2 if n_components is None else n_components
    if k > n:
        raise ValueError(f"n_components={k} is more than the {n} rows of the matrices.")
    bands = [
        CSP(nfilter=int(k), log=False).fit(points[:, b], labels) for b in range(len(points[0]))
    ]
    return np.stack([f.filters_ for f in bands]), np.stack([f.patterns_ for f in bands])


def filtered(points, filters):
    """Matrices of the components, F C F^T, shape (n_points, n_bands, k, k)."""
    C = filters @ points @ np.swapaxes(filters, -1, -2)
    return 0.5 * (C + np.swapaxes(C, -1, -2))
