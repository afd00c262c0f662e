"""Networks in, node features out."""

from skgeom.graph._fastrp import FastRPEmbedder
from skgeom.graph._graph import Graph
from skgeom.graph._node_embedding import NodeEmbedding

__all__ = ["FastRPEmbedder", "Graph", "NodeEmbedding"]
