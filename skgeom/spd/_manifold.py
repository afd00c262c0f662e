"""The geometries a classifier can work in, behind one set of methods on arrays of points."""

import numpy as np

from skgeom._core.parallel import parallel_map, single_blas_thread
from skgeom.spd._domains import product_geodesic
from skgeom.spd._geometry import (
    METRICS,
    check_metric,
    inverse_factors,
    inverse_tangent_vectors,
    logs_at_mean,
    metric_mean,
    squared_distances,
    tangent_vectors,
    whitened_logs,
)
from skgeom.spd._matrices import invsqrtm, upper_vectors
from skgeom.spd._mean import descend, mean_of_logs
from skgeom.spd._siegel import (
    SiegelFrame,
    descend_disk,
    from_siegel_coefficients,
    siegel_coefficients,
)


class SPDProduct:
    """Products of SPD manifolds, one factor per band.

    Points are arrays of shape (n_points, n_bands, n, n), a single point is (n_bands, n, n).

    Parameters
    ----------
    metric : str or dict with keys "mean", "map", "distance"
        What a dict leaves out is "riemann"; its values may be callables.
    tol : float
    max_iter : int
    n_jobs : int or None
    """

    def __init__(self, metric="riemann", tol=1e-6, max_iter=50, n_jobs=None):
        self.metrics = split_metric(metric)
        self.tol, self.max_iter, self.n_jobs = tol, max_iter, n_jobs

    @staticmethod
    def points(C):
        """Return the points of matrices of shape (n_points, n_bands, n, n)."""
        return C

    @staticmethod
    def matrices(points):
        """Invert `points`."""
        return points

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

    def starts(self, points):
        """Return ``start(rows)``: points near the means of subsets, from one pass over all.

        The logarithms of all points at their arithmetic mean are taken once; the mean of a
        subset of them points to where its own iteration begins. None for means in closed form.
        """
        if self.metrics["mean"] != "riemann":
            return lambda rows: None
        weight = np.full(len(points), 1.0 / len(points))
        frames = [
            descend(
                np.ascontiguousarray(points[:, b]), weight, np.inf, n_jobs=self.n_jobs, keep=True
            )
            for b in range(points.shape[1])
        ]
        return lambda rows: np.stack([mean_of_logs(frame, rows) for frame in frames])

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
            elif callable(self.metrics["map"]):
                parts.append(upper_vectors(self.metrics["map"](C, reference[b])))
            else:
                parts.append(tangent_vectors(C, reference[b], metric=self.metrics["map"]))
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    @staticmethod
    def n_vectors(reference):
        """Length of the tangent vectors."""
        n_bands, n, _ = reference.shape
        return n_bands * n * (n + 1) // 2

    def geodesic(self, A, B, t):
        """Point at `t` on the geodesic from `A` (0) to `B` (1)."""
        _check_named(self.metrics["mean"], "geodesics")
        return product_geodesic(A, B, t, self.metrics["mean"])

    def points_at(self, vectors, reference):
        """Invert `vectors`."""
        _check_named(self.metrics["map"], "inverse")
        parts = np.split(vectors, len(reference), axis=1)
        metric = self.metrics["map"]
        with np.errstate(over="ignore", invalid="ignore"):
            C = [inverse_tangent_vectors(v, M, metric=metric) for v, M in zip(parts, reference)]
        points = np.stack(C, axis=1)
        if metric != "riemann":
            _check_inside(points, metric)
        return points

    def frames(self, means):
        """Return what `squared_distances` needs of means, computed once, or None."""
        return inverse_factors(means) if self.metrics["distance"] == "riemann" else None

    def squared_distances(self, points, means, frames=None):
        """Squared distances to means of shape (n_means, n_bands, n, n), summed over bands."""
        return sum(
            squared_distances(
                np.ascontiguousarray(points[:, b]),
                means[:, b],
                self.metrics["distance"],
                self.n_jobs,
                None if frames is None else frames[:, b],
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
        if not callable(name):
            check_metric(name)
    return metric


def _check_inside(points, metric):
    """Raise where tangent vectors of a metric that has an end led beyond it."""
    finite = np.isfinite(points).all(axis=(1, 2, 3))
    values = np.linalg.eigvalsh(np.where(finite[:, None, None, None], points, 0.0))
    good = finite & (values > 0).all(axis=(1, 2))
    if not good.all():
        raise ValueError(
            f"The tangent vector {int(np.argmin(good))} leads out of the positive definite "
            f'matrices under the metric {metric!r}, which ends somewhere; "riemann" does not.'
        )


def _check_named(metric, what):
    if callable(metric):
        raise ValueError(f"A metric given by a callable has no {what}: name one of {METRICS}.")


class SiegelProduct:
    """Block-Toeplitz SPD matrices: products of an SPD manifold and p - 1 Siegel disks per band.

    Points are arrays of shape (n_points, n_bands, p, d, d), P_0 before Omega_1 .. Omega_{p-1};
    a single point is (n_bands, p, d, d). The coefficients, their means and the blocks of their
    tangent vectors do not depend on p, their weights do.

    Parameters
    ----------
    n_channels : int
        Size d of the blocks.
    weights : {"kahler", "uniform"}
        Squared distances count p times for P_0 and p - l times for Omega_l, or once each.
    tol : float
    max_iter : int
    n_jobs : int or None
    """

    metrics = {"mean": "riemann", "map": "riemann", "distance": "riemann"}

    def __init__(self, n_channels, weights="kahler", tol=1e-6, max_iter=50, n_jobs=None):
        self.n_channels, self.weights = n_channels, weights
        self.tol, self.max_iter, self.n_jobs = tol, max_iter, n_jobs

    def points(self, C):
        """Return the points of matrices of shape (n_points, n_bands, p d, p d)."""
        return siegel_coefficients(C, self.n_channels)

    @staticmethod
    def matrices(points):
        """Invert `points`."""
        return from_siegel_coefficients(points)

    def block_weights(self, p):
        """Weights of the squared distances of the p blocks."""
        return np.arange(p, 0, -1.0) if self.weights == "kahler" else np.ones(p)

    def mean(self, points, weight, init=None):
        """Return the mean, the most iterations and the largest gradient norm of any block."""
        return self._descended(points, weight, init)[0]

    def mean_and_blocks(self, points, weight, init=None):
        """Return what `mean` does, the whitener, and the unweighted tangent vectors there."""
        summary, logs = self._descended(points, weight, init, keep=True)
        return summary, self.whitener(summary[0]), logs

    def _descended(self, points, weight, init, keep=False):
        p = points.shape[2]

        def block(index):
            b, k = divmod(index, p)
            A = np.ascontiguousarray(points[:, b, k])
            start = None if init is None else init[b, k]
            if k > 0:
                frame, n_iter, norm, logs = descend_disk(A, weight, self.tol, self.max_iter, start)
                return frame.centre, n_iter, norm, logs.reshape(len(A), -1)
            result = descend(A, weight, self.tol, self.max_iter, start, keep=keep)
            logs = logs_at_mean(result, invsqrtm(result.mean)) if keep else None
            return result.mean, result.n_iter, result.grad_norm, logs

        with single_blas_thread():
            results = parallel_map(block, range(points.shape[1] * p), self.n_jobs)
        mean = np.stack([result[0] for result in results]).reshape(points.shape[1:])
        summary = mean, max(r[1] for r in results), max(r[2] for r in results)
        return summary, [result[3] for result in results]

    def starts(self, points):
        """Return ``start(rows)``: points near the means of subsets, from one pass over all."""
        weight = np.full(len(points), 1.0 / len(points))
        blocks = np.ndindex(points.shape[1:3])
        views = [self._view(np.ascontiguousarray(points[:, b, k]), weight, k) for b, k in blocks]
        return lambda rows: np.stack([view(rows) for view in views]).reshape(points.shape[1:])

    @staticmethod
    def _view(A, weight, k):
        if k == 0:
            result = descend(A, weight, np.inf, keep=True)
            return lambda rows: mean_of_logs(result, rows)
        frame, _, _, logs = descend_disk(A, weight, np.inf)
        return lambda rows: frame.exp(logs[rows].mean(axis=0))

    def mean_and_vectors(self, points, weight, init=None):
        """Return what `mean` does, the whitener, and the tangent vectors of the points there."""
        summary, whitener, blocks = self.mean_and_blocks(points, weight, init)
        return summary, whitener, self._weighted(blocks, points.shape[2])

    def whitener(self, reference):
        """Return the inverse square roots of P_0, shape (n_bands, d, d)."""
        return invsqrtm(reference[:, 0])

    def blocks(self, points, reference, whitener):
        """Unweighted tangent vectors, a list of the p blocks of each band in turn."""

        def block(index):
            b, k = divmod(index, points.shape[2])
            A = np.ascontiguousarray(points[:, b, k])
            if k == 0:
                return whitened_logs(A, whitener[b])
            return SiegelFrame(reference[b, k]).log(A).reshape(len(A), -1)

        with single_blas_thread():
            return parallel_map(block, range(points.shape[1] * points.shape[2]), self.n_jobs)

    def vectors(self, points, reference, whitener):
        """Tangent vectors: P_0's upper triangle, then the rows of each Omega, band by band."""
        return self._weighted(self.blocks(points, reference, whitener), points.shape[2])

    def _weighted(self, blocks, p):
        scale = np.tile(np.sqrt(self.block_weights(p)), len(blocks) // p)
        return np.concatenate([w * v for w, v in zip(scale, blocks)], axis=1)

    @staticmethod
    def n_vectors(reference):
        """Length of the tangent vectors."""
        n_bands, p, d, _ = reference.shape
        return n_bands * (d * (d + 1) // 2 + (p - 1) * d * d)

    def geodesic(self, A, B, t):
        """Point at `t` on the geodesic from `A` (0) to `B` (1)."""
        return self.points_at(t * self.vectors(B[None], A, self.whitener(A)), A)[0]

    def points_at(self, vectors, reference):
        """Invert `vectors`."""
        n_bands, p, d, _ = reference.shape
        out = np.empty((len(vectors), n_bands, p, d, d))
        scale = np.sqrt(self.block_weights(p))
        ends = np.cumsum([d * (d + 1) // 2, *[d * d] * (p - 1)])
        for b, band in enumerate(np.split(vectors, n_bands, axis=1)):
            for k, v in enumerate(np.split(band, ends[:-1], axis=1)):
                if k == 0:
                    out[:, b, 0] = inverse_tangent_vectors(v / scale[0], reference[b, 0])
                else:
                    tangent = v.reshape(-1, d, d) / scale[k]
                    out[:, b, k] = SiegelFrame(reference[b, k]).exp(tangent)
        return out

    @staticmethod
    def frames(means):
        """Return None: distances of this geometry start from the means themselves."""
        return None

    def squared_distances(self, points, means, frames=None):
        """Squared distances to means of shape (n_means, n_bands, p, d, d), weighted sums."""
        return self.block_squares(points, means) @ self.block_weights(points.shape[2])

    def block_squares(self, points, means):
        """Unweighted squared distances by block, bands summed: (n_points, n_means, p)."""
        out = np.zeros((len(points), len(means), points.shape[2]))
        with single_blas_thread():
            for b in range(points.shape[1]):
                first = np.ascontiguousarray(points[:, b, 0])
                out[..., 0] += squared_distances(first, means[:, b, 0], n_jobs=self.n_jobs)
                for k in range(1, points.shape[2]):
                    A = np.ascontiguousarray(points[:, b, k])
                    for c, mean in enumerate(means):
                        out[:, c, k] += SiegelFrame(mean[b, k]).squared_distances(A)
        return out
