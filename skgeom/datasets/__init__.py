"""Small real data sets that ship with skgeom, and generators with known ground truth.

What belongs here: ``load_*`` functions over the files in ``data/`` (each with its origin and
licence in ``DESCR``), and ``make_*`` functions whose truth (distances, labels, densities) is
known. Nothing is downloaded.
"""

from skgeom.datasets._generators import (
    make_block_model,
    make_gaussian_groups,
    make_noisy_annulus,
    make_orbits,
    make_rmat,
    make_spectral_trials,
    make_swiss_roll,
    make_tree,
)
from skgeom.datasets._loaders import (
    load_cells,
    load_land_ocean,
    load_molecules,
    load_motor_imagery,
    load_network,
    load_text_embeddings,
)

__all__ = [
    "load_cells",
    "load_land_ocean",
    "load_molecules",
    "load_motor_imagery",
    "load_network",
    "load_text_embeddings",
    "make_block_model",
    "make_gaussian_groups",
    "make_noisy_annulus",
    "make_orbits",
    "make_rmat",
    "make_spectral_trials",
    "make_swiss_roll",
    "make_tree",
]
