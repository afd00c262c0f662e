import gudhi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.topology import BifiltrationTransformer
from skgeom.topology._cubical import cubical_euler, cubical_measures
from skgeom.topology._measures import barcode_measure, signed_sum
from tests.topology.conftest import assert_same_measure

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 6)


def one_parameter(image, dual, row):
    """Barcodes of gudhi for the first channel, pixels with second channel > row left out."""
    first = np.where(image[..., 1] <= row, image[..., 0], np.inf)
    if dual:
        tree = gudhi.CubicalComplex(top_dimensional_cells=first)
    else:
        tree = gudhi.CubicalComplex(vertices=first)
    tree.compute_persistence(homology_coeff_field=2, min_persistence=-1)
    return [tree.persistence_intervals_in_dimension(d) for d in range(image.ndim - 1)]


@few
@given(seeds, sizes, sizes, st.booleans(), st.sampled_from([None, 3]))
def test_rows_of_images_are_barcodes_of_gudhi(seed, height, width, dual, levels):
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(height, width, 2))
    if levels:
        image = rng.integers(0, levels, image.shape).astype(float)
    _check_rows(image, dual, rng)


@few
@given(seeds, sizes, sizes, st.integers(1, 4))
def test_rows_of_volumes_are_barcodes_of_gudhi(seed, depth, height, width):
    rng = np.random.default_rng(seed)
    _check_rows(rng.integers(0, 6, (depth, height, width, 2)).astype(float), False, rng)


def _check_rows(image, dual, rng):
    dimensions = tuple(range(image.ndim - 1))
    found = cubical_measures(image, dimensions, dual=dual)
    row = rng.choice(image[..., 1].ravel())
    expected = one_parameter(image, dual, row)
    for dimension in dimensions:
        bars = np.asarray(expected[dimension]).reshape(-1, 2)
        positions, signs = barcode_measure(bars[np.isfinite(bars[:, 0])])
        atoms, weights = found[dimension]
        below = atoms[:, 1] <= row
        marginal = signed_sum([(1, (atoms[below, :1], weights[below]))], 1)
        assert_same_measure(marginal, (positions[:, None], signs))


@few
@given(seeds, st.booleans())
def test_alternating_sum_is_euler(seed, dual):
    image = np.random.default_rng(seed).integers(0, 3, (5, 4, 3)).astype(float)
    found = cubical_measures(image, (0, 1), dual=dual)
    alternating = signed_sum([(1, found[0]), (-1, found[1])], 3)
    assert_same_measure(alternating, cubical_euler(image, dual=dual))


def test_one_dark_pixel_per_channel():
    image = np.ones((5, 5, 2))
    image[1, 1, 0] = 0.0
    image[3, 3, 1] = 0.0
    found = cubical_measures(image, (0, 1))
    np.testing.assert_array_equal(found[0][0], [[0, 1], [1, 0], [1, 1]])
    np.testing.assert_array_equal(found[0][1], [1, 1, -1])
    assert len(found[1][1]) == 0


def test_diagonal_pixels_touch_in_the_dual_only():
    image = np.full((2, 2, 2), 1.0)
    image[0, 0] = image[1, 1] = 0.0
    at_zero = {}
    for dual in (False, True):
        points, weights = cubical_measures(image, (0,), dual=dual)[0]
        at_zero[dual] = weights[(points <= 0).all(axis=1)].sum()
    assert at_zero == {False: 2, True: 1}


def test_hollow_cube_has_a_cavity():
    volume = np.zeros((3, 3, 3, 2))
    volume[1, 1, 1] = [2.0, 5.0]
    points, weights = cubical_measures(volume, (2,))[2]
    # the middle pixel fills the cavity once both its channels are reached
    np.testing.assert_array_equal(points, [[0, 0], [2, 5]])
    np.testing.assert_array_equal(weights, [1, -1])


def test_images_of_different_sizes_and_refusals():
    rng = np.random.default_rng(0)
    transformer = BifiltrationTransformer(filtration="cubical")
    assert len(transformer.fit_transform([rng.normal(size=(3, n, 2)) for n in (3, 5)])) == 2
    with pytest.raises(ValueError, match="Sample 1 has 2 axes and 3 channel"):
        transformer.fit([np.zeros((2, 2, 2)), np.zeros((2, 2, 3))])
    with pytest.raises(ValueError, match="The samples come with 1 parameter"):
        transformer.fit([np.zeros((2, 2, 1))])
    with pytest.raises(ValueError, match="Volumes with 3 channels have homology_dimensions="):
        transformer.set_params(dual=True).fit([np.zeros((2, 2, 2, 3))])
