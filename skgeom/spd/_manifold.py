"""The geometries a classifier can work in, behind one set of methods on arrays of points."""

import numpy as np

from skgeom.spd._geometry import (
    check_metric,
    inverse_tangent_vectors,
    logs_at_mean,
    metric_mean,
    squared_distances,
    tangent_vectors,
    whitened_logs,
)
from skgeom.spd._matrices import invsqrtm


class SPDProduct:
    """Products of SPD manifolds, one factor per band.

    Points are arrays of shape (n_points, n_bands, n, n), a single point is (n_bands, n, n).

    Parameters
    ----------
    metric : str or dict with keys "mean", "map", "distance"
        What a dict leaves out is "riemann".
    tol : float
    max_iter : int
    n_jobs : int or None
    """

    def __init__(self, metric="riemann", tol=1e-6, max_iter=50, n_jobs=None):
        self.metrics = split_metric(metric)
        self.tol, self.max_iter, self.n_jobs = tol, max_iter, n_jobs

    def mean(self, points, weight, init=None):
        """Return the mean, the most iterations and the largest gradient norm of any band."""
        return self._summary(self._results(points, weight, init))

    def mean_and_vectors(self, points, weight, init=None):
        """Return what `mean` does, the whitener, and the tangent vectors of the points there."""
        keep = self.metrics["mean"] == self.metrics["map"] == "riemann"
        results = self._results(points, weight, init, keep)
        mean, n_iter, grad_norm = self._summary(results)
        whitener = self.whitener(mean)
        if not keep:
            return (mean, n_iter, grad_norm), whitener, self.vectors(points, mean, whitener)
        parts = [logs_at_mean(r, W, self.n_jobs) for r, W in zip(results, whitener)]
        vectors = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        return (mean, n_iter, grad_norm), whitener, vectors

    def _results(self, points, weight, init, keep=False):
        return [
            metric_mean(
                np.ascontiguousarray(points[:, b]),
                weight,
                self.metrics["mean"],
                tol=self.tol,
                max_iter=self.max_iter,
                init=None if init is None else init[b],
                n_jobs=self.n_jobs,
                keep=keep,
            )
            for b in range(points.shape[1])
        ]

    def _summary(self, results):
        mean = np.stack([result.mean for result in results])
        return mean, max(r.n_iter for r in results), max(r.grad_norm for r in results)

    def whitener(self, reference):
        """Return what `vectors` needs of a reference, computed once: (n_bands, n, n)."""
        return invsqrtm(reference)

    def vectors(self, points, reference, whitener):
        """Tangent vectors, the bands side by side: (n_points, n_bands * n (n + 1) / 2)."""
        parts = []
        for b in range(points.shape[1]):
            C = np.ascontiguousarray(points[:, b])
            if self.metrics["map"] == "riemann":
                parts.append(whitened_logs(C, whitener[b], self.n_jobs))
            else:
                parts.append(tangent_vectors(C, reference[b], metric=self.metrics["map"]))
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def points_at(self, vectors, reference):
        """Invert `vectors`."""
        parts = np.split(vectors, len(reference), axis=1)
        metric = self.metrics["map"]
        C = [inverse_tangent_vectors(v, M, metric=metric) for v, M in zip(parts, reference)]
        return np.stack(C, axis=1)

    def squared_distances(self, points, means):
        """Squared distances to means of shape (n_means, n_bands, n, n), summed over bands."""
        return sum(
            squared_distances(
                np.ascontiguousarray(points[:, b]),
                means[:, b],
                self.metrics["distance"],
                self.n_jobs,
            )
            for b in range(points.shape[1])
        )


def split_metric(metric):
    """Return the metrics for mean, map and distance; raise ValueError for unknown ones."""
    if isinstance(metric, str):
        metric = {"mean": metric, "map": metric, "distance": metric}
    unknown = set(metric) - {"mean", "map", "distance"}
    if unknown:
        raise ValueError(
            f"metric has unknown keys {sorted(unknown)}; a dict takes mean, map and distance."
        )
    metric = {"mean": "riemann", "map": "riemann", "distance": "riemann", **metric}
    for name in metric.values():
        check_metric(name)
    return metric
