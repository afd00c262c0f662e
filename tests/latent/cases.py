"""The room's estimators for the common tests."""

import numpy as np
import scipy.sparse as sp

from skgeom.latent import RelativeRepresentation
from tests.case import Case


def make_latent(seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(40, 6)), np.repeat([0, 1], 20)


def make_sparse(seed):
    rng = np.random.default_rng(seed)
    return sp.random_array((40, 12), density=0.3, rng=rng, format="csr"), None


CASES = [
    Case(RelativeRepresentation(n_anchors=5, random_state=0), make_latent),
    Case(
        RelativeRepresentation(
            n_anchors=0.5,
            selection="fps",
            metric="angular",
            center=True,
            quantize="smooth",
            output_norm="standard",
            random_state=0,
        ),
        make_latent,
    ),
    Case(
        RelativeRepresentation(
            n_anchors=8,
            selection="stratified",
            metric="euclidean",
            aggregate="class",
            n_groups=2,
            n_heads=2,
            output_norm="l2",
            random_state=0,
        ),
        make_latent,
        input_is_table=False,  # scikit-learn's checks fit without classes, and odd widths
    ),
    Case(
        RelativeRepresentation(n_anchors=6, selection="kmeans", random_state=0),
        make_sparse,
        input_is_table=False,
    ),
]
