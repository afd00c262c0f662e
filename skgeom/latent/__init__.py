"""Embeddings to representations that another encoder understands.

Here belongs what makes latent vectors comparable across encoders, and measures of how alike two
latent spaces are.
"""

from skgeom.latent._relative import RelativeRepresentation
from skgeom.latent._similarity import latent_similarity, make_latent_scorer

__all__ = ["RelativeRepresentation", "latent_similarity", "make_latent_scorer"]
