"""Networks in, node features out."""

from skgeom.graph._fastrp import FastRPEmbedder
from skgeom.graph._graph import Graph
from skgeom.graph._graphlet_degree import GraphletDegreeVectorizer
from skgeom.graph._node_embedding import NodeEmbedding
from skgeom.graph._orbit_adjacency import OrbitAdjacency
from skgeom.graph._orbit_embedder import OrbitAdjacencyEmbedder

__all__ = [
    "FastRPEmbedder",
    "Graph",
    "GraphletDegreeVectorizer",
    "NodeEmbedding",
    "OrbitAdjacency",
    "OrbitAdjacencyEmbedder",
]
