import numpy as np
import pytest
from scipy import stats

from skgeom._core.random import hash_ids, mix, normal_rows, random_key, sign_rows

KEY = np.uint64(20190823)


def draw_signs(n_rows, n_columns, *, density=1.0, n_entries=0, ids=None, key=KEY):
    ids = hash_ids(np.arange(n_rows) if ids is None else ids)
    n_rows = len(ids)
    indptr = np.zeros(n_rows + 1, np.int64)
    law = (key, ids, density, n_entries, n_columns)
    sign_rows(0, n_rows, *law, False, indptr, np.empty(0, np.int32), np.empty(0, np.int8))
    indptr = np.cumsum(indptr)
    columns, signs = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], np.int8)
    sign_rows(0, n_rows, *law, True, indptr, columns, signs)
    dense = np.zeros((n_rows, n_columns), np.int8)
    np.add.at(dense, (np.repeat(np.arange(n_rows), np.diff(indptr)), columns), signs)
    return dense, indptr, columns


def test_mix_is_splitmix64():
    """The first outputs of SplitMix64 with seed 1234567, as its authors' program prints them."""
    state, golden = 1234567, 0x9E3779B97F4A7C15
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    got = [int(mix(np.uint64((state + i * golden) % 2**64))) for i in (1, 2, 3)]
    assert got == expected


@pytest.mark.parametrize("density", [0.01, 0.05, 0.0625, 1 / 3, 1.0])
def test_sparse_signs_follow_their_law(density):
    """Counts per column, signs and neighbouring pairs agree with independent entries."""
    dense, _, _ = draw_signs(4000, 48, density=density)
    n = dense.size
    share = np.count_nonzero(dense) / n
    assert abs(share - density) <= 5 * np.sqrt(density * (1 - density) / n) + 1e-12
    signs = dense[dense != 0]
    assert abs(signs.mean()) < 5 / np.sqrt(len(signs))
    if density < 1:
        per_column = np.count_nonzero(dense, axis=0)
        spread = 4000 * density * (1 - density)
        p_value = stats.chi2.sf(np.sum((per_column - 4000 * density) ** 2) / spread, 48)
        assert p_value > 1e-4
    both = np.mean((dense[:, 1:] != 0) & (dense[:, :-1] != 0))
    assert abs(both - density**2) < 5 * density / np.sqrt(n) + 1e-12


def test_fixed_signs_are_distinct_sorted_and_uniform():
    dense, indptr, columns = draw_signs(6000, 12, n_entries=3)
    assert np.all(np.diff(indptr) == 3)
    assert np.all(np.diff(columns.reshape(-1, 3), axis=1) > 0)
    assert np.all(np.abs(dense).sum(axis=1) == 3)
    counts = np.count_nonzero(dense, axis=0)
    assert stats.chisquare(counts).pvalue > 1e-4
    assert np.all(draw_signs(5, 4, n_entries=4)[0] != 0)


def test_normal_rows_are_normal():
    out = np.empty((3000, 7))
    normal_rows(0, 3000, KEY, hash_ids(np.arange(3000)), 2.0, out)
    assert stats.kstest(out.ravel() / 2, "norm").pvalue > 1e-4
    correlation = np.corrcoef(out, rowvar=False) - np.eye(7)
    assert np.abs(correlation).max() < 5 / np.sqrt(3000)


@pytest.mark.parametrize("options", [{"density": 0.02}, {"density": 0.5}, {"n_entries": 2}])
def test_rows_depend_on_key_and_id_alone(options):
    ids = np.array([40, 3, 17, 3])
    some, _, _ = draw_signs(0, 64, ids=ids, **options)
    every, _, _ = draw_signs(50, 64, **options)
    np.testing.assert_array_equal(some, every[ids])
    other, _, _ = draw_signs(50, 64, key=np.uint64(1), **options)
    assert np.any(other != every)


def test_hash_ids():
    np.testing.assert_array_equal(hash_ids(np.array([3, -1])), [3, 2**64 - 1])
    names = hash_ids(np.array(["ann", "bob", "ann"], dtype=object))
    assert names[0] == names[2] != names[1]
    np.testing.assert_array_equal(names[:2], hash_ids(np.array(["ann", "bob"])))
    assert len(hash_ids(np.array([], dtype=str))) == 0


def test_random_key():
    assert random_key(0) == random_key(0) != random_key(1)
    rng = np.random.RandomState(0)
    assert random_key(rng) != random_key(rng)
    assert random_key(None).dtype == np.uint64
