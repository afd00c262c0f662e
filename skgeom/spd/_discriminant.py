"""Shrinkage discriminant analysis with more features than samples, solved among the samples."""

import numpy as np

# Below this ratio to the largest entry a diagonal counts as singular and the primal is solved.
_TINY = 1e-14


def shrinkage_lda(X, y, n_classes):
    r"""Coefficients of linear discriminant analysis with Ledoit-Wolf shrinkage per class.

    Equal to scikit-learn's ``LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")``, whose
    pooled covariance is a diagonal plus a matrix of rank m: by Woodbury's identity a system
    of m samples is solved instead of one of F features, and no F x F matrix is formed.

    Parameters
    ----------
    X : ndarray of shape (m, F)
    y : ndarray of int, shape (m,)
        Class of each row, 0 .. n_classes - 1.
    n_classes : int

    Returns
    -------
    coef : ndarray of shape (n_classes, F), or (1, F) for two classes
    """
    counts = np.bincount(y, minlength=n_classes)
    means = np.stack([X[y == k].mean(axis=0) for k in range(n_classes)])
    diagonal = np.zeros(X.shape[1])
    rows = []
    for k in range(n_classes):
        centred = X[y == k] - means[k]
        scale = centred.std(axis=0)
        scale[scale < 10 * np.finfo(float).eps * np.abs(means[k]).max(initial=0)] = 1.0
        scale[scale == 0.0] = 1.0
        amount, level = _ledoit_wolf(centred / scale)
        share = counts[k] / len(y)
        diagonal += share * amount * level * scale**2
        rows.append(np.sqrt(share * (1.0 - amount) / counts[k]) * centred)
    coef = _solve(diagonal, np.concatenate(rows), means)
    return coef[1:] - coef[:1] if n_classes == 2 else coef


def _ledoit_wolf(Z):
    """Shrinkage and level of the identity for centred data, through the Gram matrix if smaller."""
    n_samples, n_features = Z.shape
    gram = Z @ Z.T if n_samples < n_features else Z.T @ Z
    mu = np.trace(gram) / (n_samples * n_features)
    delta_ = np.sum(gram**2) / n_samples**2
    beta_ = np.sum(np.sum(Z**2, axis=1) ** 2)
    beta = (beta_ / n_samples - delta_) / (n_features * n_samples)
    delta = (delta_ - n_features * mu**2) / n_features
    amount = 0.0 if min(beta, delta) <= 0 else min(beta, delta) / delta
    return amount, mu


def _solve(diagonal, rows, means):
    """Solve (diag + rows^T rows) coef^T = means^T."""
    n_samples, n_features = rows.shape
    if n_features <= n_samples or diagonal.min() <= _TINY * diagonal.max():
        covariance = rows.T @ rows
        covariance[np.diag_indices(n_features)] += diagonal
        return np.linalg.lstsq(covariance, means.T, rcond=None)[0].T
    scaled = rows / diagonal
    small = rows @ scaled.T
    small[np.diag_indices(n_samples)] += 1.0
    try:
        among = np.linalg.solve(small, scaled @ means.T)
    except np.linalg.LinAlgError:  # hardly any shrinkage: fewer directions than samples
        among = np.linalg.lstsq(small, scaled @ means.T, rcond=None)[0]
    return means / diagonal - among.T @ scaled


class SpanProjector:
    """Orthogonal projection onto the span of a few vectors, without the F x F matrix.

    Parameters
    ----------
    W : ndarray of shape (k, F)
    """

    def __init__(self, W):
        _, values, axes = np.linalg.svd(W, full_matrices=False)
        self.axes = axes[values > 1e-10 * values.max()]

    def coordinates(self, v):
        """Coordinates in an orthonormal basis of the span, shape (m, rank)."""
        return v @ self.axes.T

    def project(self, v):
        """Projected vectors, shape (m, F)."""
        return self.coordinates(v) @ self.axes
