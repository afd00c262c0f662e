"""Shapes to feature vectors, by what persists in them.

What belongs here: descriptors from algebraic topology for samples that are shapes of different
sizes (point clouds, graphs, images, complexes), above all multiparameter persistent homology. The
input is a sequence of shapes; the output is a table.
"""

from skgeom.topology._bifiltration_transformer import BifiltrationTransformer
from skgeom.topology._convolution import signed_measure_convolution
from skgeom.topology._display import (
    CoefficientsDisplay,
    IntervalModulesDisplay,
    SignedMeasureDisplay,
)
from skgeom.topology._fibered import FiberedBarcodes
from skgeom.topology._functional import (
    euler_signed_measure,
    hilbert_signed_measure,
    rank_signed_measure,
)
from skgeom.topology._kernel_matrices import FiberedKernel, SignedMeasureKernel
from skgeom.topology._losses import IntegralLoss, TransportLoss, norm_loss
from skgeom.topology._measures import mobius_inverse
from skgeom.topology._modules import (
    IntervalModules,
    interval_decomposition,
    landscapes,
    persistence_image,
    tcdr,
)
from skgeom.topology._optimizer import TopologicalOptimizer, TopologicalRegularizer
from skgeom.topology._precomputed import fibered_barcode
from skgeom.topology._rank import rank_invariant, rank_measure
from skgeom.topology._signed_measure_vectorizer import SignedMeasureVectorizer
from skgeom.topology._sliced_wasserstein import sliced_wasserstein_distances
from skgeom.topology._vectorizer import MultiparamPersistenceVectorizer

__all__ = [
    "BifiltrationTransformer",
    "CoefficientsDisplay",
    "FiberedBarcodes",
    "FiberedKernel",
    "IntegralLoss",
    "IntervalModules",
    "IntervalModulesDisplay",
    "MultiparamPersistenceVectorizer",
    "SignedMeasureDisplay",
    "SignedMeasureKernel",
    "SignedMeasureVectorizer",
    "TopologicalOptimizer",
    "TopologicalRegularizer",
    "TransportLoss",
    "euler_signed_measure",
    "fibered_barcode",
    "hilbert_signed_measure",
    "interval_decomposition",
    "landscapes",
    "mobius_inverse",
    "norm_loss",
    "persistence_image",
    "rank_invariant",
    "rank_measure",
    "rank_signed_measure",
    "signed_measure_convolution",
    "sliced_wasserstein_distances",
    "tcdr",
]
