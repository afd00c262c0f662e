"""The geometry of the label space: classes that are near or far from each other.

What belongs here: estimators and functions that use distances between classes, such as those of a
taxonomy, of ordered bins, of places or of embedded names.
"""

from skgeom.labels._locus import (
    is_locus_cover,
    label_locus,
    minimum_tree_cover,
    next_class,
    sample_labels,
)
from skgeom.labels._loki import LokiClassifier
from skgeom.labels._scoring import label_squared_distance, make_label_distance_scorer

__all__ = [
    "LokiClassifier",
    "is_locus_cover",
    "label_locus",
    "label_squared_distance",
    "make_label_distance_scorer",
    "minimum_tree_cover",
    "next_class",
    "sample_labels",
]
