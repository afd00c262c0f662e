"""Points to coordinates: embeddings that keep the geometry of the manifold the points lie on.

What belongs here turns a table (or distances, or affinities) into positions: graphs of neighbours,
heat on them, geodesic dissimilarities, multidimensional scaling. Networks that come as networks
are embedded in `skgeom.graph`.
"""

from skgeom.manifold._affinity import affinity_graph, connect_components, laplacian
from skgeom.manifold._display import (
    EmbeddingDisplay,
    EntropyDisplay,
    HeatSpreadDisplay,
    ShepardDisplay,
)
from skgeom.manifold._distance import HeatGeodesicDistance
from skgeom.manifold._heat import heat_action, log_heat_kernel
from skgeom.manifold._heat_geodesic import HeatGeodesicEmbedding
from skgeom.manifold._landmarks import LandmarkShares, landmark_shares
from skgeom.manifold._mds import classical_mds
from skgeom.manifold._stress import StressMDS
from skgeom.manifold._time import select_time

__all__ = [
    "EmbeddingDisplay",
    "EntropyDisplay",
    "HeatGeodesicDistance",
    "HeatGeodesicEmbedding",
    "HeatSpreadDisplay",
    "LandmarkShares",
    "ShepardDisplay",
    "StressMDS",
    "affinity_graph",
    "classical_mds",
    "connect_components",
    "heat_action",
    "landmark_shares",
    "laplacian",
    "log_heat_kernel",
    "select_time",
]
