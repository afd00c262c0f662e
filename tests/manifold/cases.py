"""The manifold room's estimators for the common tests."""

import numpy as np
from scipy.spatial.distance import cdist

from skgeom.manifold import HeatGeodesicDistance, HeatGeodesicEmbedding, StressMDS
from tests.case import Case


def make_points(seed):
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 3, 40)
    X = np.column_stack([np.cos(angle), np.sin(angle), angle])
    return X + 0.02 * rng.standard_normal(X.shape), None


def make_distances(seed):
    X, _ = make_points(seed)
    return cdist(X, X), None


CASES = [
    Case(
        HeatGeodesicEmbedding(n_neighbors=5, random_state=0),
        make_points,
    ),
    Case(
        HeatGeodesicEmbedding(n_components=1, n_neighbors=5, landmarks=12, random_state=0),
        make_points,
    ),
    Case(
        HeatGeodesicEmbedding(
            n_components=1, n_neighbors=5, landmarks=12, refinement=1.0, random_state=0
        ),
        make_points,
    ),
    Case(
        HeatGeodesicEmbedding(n_components=1, metric="precomputed", random_state=0), make_distances
    ),
    Case(HeatGeodesicDistance(n_neighbors=5, random_state=0), make_points),
    Case(HeatGeodesicDistance(metric="precomputed", random_state=0), make_distances),
    Case(StressMDS(random_state=0), make_distances),
    Case(StressMDS(n_components=1, metric="euclidean", random_state=0), make_points),
]
