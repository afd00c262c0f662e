"""Extremes and quantiles of the atoms of many measures, all at once or batch by batch."""

import numpy as np

LARGEST_SKETCH = 16384


class Atoms:
    """Atoms of one batch, each with a weight (None: all equal); weight zero doesn't count."""

    def __init__(self, points, weight=None):
        used = slice(None) if weight is None else weight > 0
        self.points = points[used]
        self.weight = None if weight is None else weight[used]

    def __len__(self):
        return len(self.points)

    def extremes(self):
        """Smallest and largest value of each parameter: (2, n_parameters)."""
        return np.array([self.points.min(axis=0), self.points.max(axis=0)])

    def quantiles(self, q):
        """Quantiles of each parameter: (len(q), n_parameters)."""
        if self.weight is None:
            return np.quantile(self.points, q, axis=0)
        return np.quantile(self.points, q, axis=0, weights=self.weight, method="inverted_cdf")


class Sketch:
    """What is kept of the atoms of all batches so far.

    Extremes are exact. Quantiles are of at most `LARGEST_SKETCH` values per parameter, which stand
    for equal shares of all weight.
    """

    def __init__(self):
        self.count = 0
        self.box = None
        self.columns = []

    def __len__(self):
        return self.count

    def widened(self, box):
        """The box of all batches, given that of one more."""
        if self.box is not None:
            box = np.array([np.minimum(box[0], self.box[0]), np.maximum(box[1], self.box[1])])
        self.box = box
        return box

    def add(self, atoms):
        """Take in another batch."""
        if len(atoms) == 0:
            return
        self.count += len(atoms)
        self.widened(atoms.extremes())
        weight = np.ones(len(atoms)) if atoms.weight is None else atoms.weight
        self.columns = self.columns or [(np.empty(0), np.empty(0))] * atoms.points.shape[1]
        self.columns = [
            _thinned(np.append(values, column), np.append(weights, weight))
            for (values, weights), column in zip(self.columns, atoms.points.T)
        ]

    def extremes(self):
        """Smallest and largest value of each parameter: (2, n_parameters)."""
        return self.box

    def quantiles(self, q):
        """Quantiles of each parameter: (len(q), n_parameters)."""
        found = [Atoms(values[:, None], weight).quantiles(q) for values, weight in self.columns]
        return np.concatenate(found, axis=1)


def _thinned(values, weight):
    if len(values) <= LARGEST_SKETCH:
        return values, weight
    shares = (np.arange(LARGEST_SKETCH) + 0.5) / LARGEST_SKETCH
    kept = np.quantile(values, shares, weights=weight, method="inverted_cdf")
    return kept, np.full(LARGEST_SKETCH, weight.sum() / LARGEST_SKETCH)
