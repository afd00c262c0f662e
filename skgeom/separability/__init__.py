"""Scores of unlabelled data: how far does a cloud of vectors fall apart into groups?

Here belongs what judges a representation without labels, from the minimum spanning tree of its
points, and the supervised yardsticks that the same tree gives where labels are known. The kernels
for spanning trees live in `skgeom._core`.
"""

from skgeom.separability._callback import SeparabilityCallback
from skgeom.separability._display import (
    H0BarcodeDisplay,
    SeparabilityHistoryDisplay,
    SubsampleCurveDisplay,
)
from skgeom.separability._functions import (
    friedman_rafsky,
    h0_persistence,
    make_separability_scorer,
    nearest_neighbor_entropy,
    separability_score,
)
from skgeom.separability._monitor import SeparabilityMonitor
from skgeom.separability._scorer import SeparabilityScorer
from skgeom.separability._statistics import effective_rank
from skgeom.separability._supervised import fisher_ratio

__all__ = [
    "H0BarcodeDisplay",
    "SeparabilityCallback",
    "SeparabilityHistoryDisplay",
    "SeparabilityMonitor",
    "SeparabilityScorer",
    "SubsampleCurveDisplay",
    "effective_rank",
    "fisher_ratio",
    "friedman_rafsky",
    "h0_persistence",
    "make_separability_scorer",
    "nearest_neighbor_entropy",
    "separability_score",
]
