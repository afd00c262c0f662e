"""Geometric and topological estimators for scikit-learn users.

The public names below are loaded when they are first used, so that ``import skgeom`` costs
milliseconds and pulls in neither numba nor gudhi.
"""

import importlib

from skgeom._version import __version__

_ESTIMATORS = {
    "AugmentedCovarianceClassifier": "skgeom.spd",
    "BuresWassersteinNormalizer": "skgeom.spd",
    "BuresWassersteinTangentSpace": "skgeom.spd",
    "DoubleFourierSphereEncoder": "skgeom.encoding",
    "FastRPEmbedder": "skgeom.graph",
    "GraphletDegreeVectorizer": "skgeom.graph",
    "HeatGeodesicEmbedding": "skgeom.manifold",
    "LokiClassifier": "skgeom.labels",
    "MultiparamPersistenceVectorizer": "skgeom.topology",
    "OrbitAdjacency": "skgeom.graph",
    "OrbitAdjacencyEmbedder": "skgeom.graph",
    "RelativeRepresentation": "skgeom.latent",
    "SeparabilityScorer": "skgeom.separability",
    "SphericalHarmonicsEncoder": "skgeom.encoding",
}
_ROOMS = (
    "datasets",
    "encoding",
    "graph",
    "labels",
    "latent",
    "manifold",
    "separability",
    "spd",
    "topology",
)

__all__ = ["__version__", *_ESTIMATORS, *_ROOMS]


def __getattr__(name):
    if name in _ESTIMATORS:
        return getattr(importlib.import_module(_ESTIMATORS[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"skgeom.{name}")
    raise AttributeError(f"module 'skgeom' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
