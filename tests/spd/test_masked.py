import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.spd import distance, exp_map, karcher_mean
from skgeom.spd._masked import masked_mean, masked_squared_distances, observed_rows
from skgeom.spd._mean import descend
from tests.spd.data import random_spd


def with_gaps(C, gaps):
    C = C.copy()
    for i, rows in gaps.items():
        C[i, rows] = C[i][:, rows] = np.nan
    return C


def test_complete_matrices_have_the_plain_mean():
    C = random_spd(6, 4)
    weight = np.arange(1.0, 7.0) / 21
    result = masked_mean(C, weight, 1e-11)
    assert np.allclose(result.mean, karcher_mean(C, sample_weight=weight, tol=1e-11))
    assert result.grad_norm <= 1e-11


@given(seed=st.integers(0, 2**20))
@settings(max_examples=15, deadline=None)
def test_the_mean_has_the_least_sum_of_squares(seed):
    rng = np.random.default_rng(seed)
    gaps = {i: rng.choice(5, rng.integers(1, 3), replace=False) for i in (0, 2, 5)}
    C = with_gaps(random_spd(8, 5, seed), gaps)
    there = observed_rows(C)

    def total(M):
        return sum(
            distance(own[rows][:, rows], M[rows][:, rows], squared=True)
            for own, rows in zip(C, there)
        )

    M = masked_mean(C, np.full(8, 0.125), 1e-9).mean
    for _ in range(3):
        V = rng.standard_normal((5, 5))
        assert total(exp_map(1e-3 * (V + V.T), M)) > total(M)


def test_mixing_what_is_there_mixes_the_mean():
    C = with_gaps(random_spd(6, 4), {1: [0], 4: [2, 3]})
    scale = np.array([1.0, 3.0, 0.1, 7.0])
    weight = np.full(6, 1 / 6)
    M = masked_mean(C, weight, 1e-11).mean
    scaled = masked_mean(C * scale[:, None] * scale, weight, 1e-11).mean
    assert np.allclose(scaled, M * scale[:, None] * scale, rtol=1e-7)


def test_distances_are_those_of_what_is_there():
    C = with_gaps(random_spd(5, 4), {2: [1], 3: [0, 2]})
    means = random_spd(2, 4, seed=1)

    def plain(C, means):
        return np.stack([distance(C, M, squared=True) for M in means], axis=1)

    found = masked_squared_distances(C, means, plain)
    rows = [0, 2, 3]
    assert np.allclose(
        found[2, 1], distance(C[2][np.ix_(rows, rows)], means[1][np.ix_(rows, rows)]) ** 2
    )
    assert np.allclose(found[[0, 1, 4]], plain(C[[0, 1, 4]], means))


def test_a_row_that_no_matrix_has():
    C = with_gaps(random_spd(3, 4), {0: [1], 1: [1], 2: [1]})
    with pytest.raises(ValueError, match="Row 1 of the matrices is missing in all"):
        masked_mean(C, np.full(3, 1 / 3))


def test_same_start_where_entries_never_meet():
    # channels 0 and 1 are never seen together: the start falls back on the diagonal
    C = with_gaps(random_spd(4, 3, spread=3.0), {0: [0], 1: [0], 2: [1], 3: [1]})
    result = masked_mean(C, np.full(4, 0.25), 1e-8)
    assert result.grad_norm <= 1e-8
    assert np.all(np.linalg.eigvalsh(result.mean) > 0)
    assert descend(random_spd(4, 3), np.full(4, 0.25)).mean.shape == (3, 3)
