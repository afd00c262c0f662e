"""Counter-based randomness: a draw is a pure function of (key, row id, column).

Nothing has a state, so any part of a random matrix can be made by any thread, in any order, on
any machine, with the same bits; a row depends on the id of its node or sample alone, not on its
position. The generator is SplitMix64 (Steele, Lea and Flood, 2014) in counter mode: the row's
stream starts at ``mix(key + mix(id))`` and its c-th word is ``mix(stream + (c + 1) * golden)``.
"""

import hashlib
import math

import numpy as np
from numba import njit
from sklearn.utils import check_random_state

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_ONE = np.uint64(1)
_TO_UNIT = 2.0**-53


def random_key(random_state):
    """Turn a `random_state` parameter into the 64-bit key of a counter-based stream.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        As in scikit-learn's glossary: None gives a fresh key on each call, an int always the
        same one, and an instance the next one of its stream.

    Returns
    -------
    key : numpy.uint64
    """
    rng = check_random_state(random_state)
    high, low = rng.randint(0, 2**32, size=2, dtype=np.uint64)
    return np.uint64((int(high) << 32) | int(low))


def hash_ids(ids):
    """Turn row ids into 64-bit integers that are the same on every machine and in every run.

    Parameters
    ----------
    ids : ndarray of shape (n_rows,)
        Integers (kept as they are) or anything whose ``str`` names it.

    Returns
    -------
    hashed : ndarray of uint64, shape (n_rows,)
    """
    ids = np.asarray(ids)
    if ids.dtype.kind in "iub":
        return ids.astype(np.int64).view(np.uint64)
    digests = (hashlib.blake2b(str(i).encode(), digest_size=8).digest() for i in ids.tolist())
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


@njit(nogil=True, cache=True)
def mix(z):
    """Finalise a 64-bit word (SplitMix64)."""
    z = (z ^ (z >> _S30)) * _MIX_A
    z = (z ^ (z >> _S27)) * _MIX_B
    return z ^ (z >> _S31)


@njit(nogil=True, cache=True)
def stream(key, row_id):
    """Return the start of the stream of one row."""
    return mix(key + mix(row_id + _GOLDEN))


@njit(nogil=True, cache=True)
def word(start, column):
    """Return the 64 random bits of one column of the stream that begins at `start`."""
    return mix(start + (np.uint64(column) + _ONE) * _GOLDEN)


@njit(nogil=True, cache=True)
def unit(bits):
    """Turn 64 random bits into a float64 in (0, 1); the lowest 11 bits are not used."""
    return (np.float64(bits >> _S11) + 0.5) * _TO_UNIT


@njit(nogil=True, cache=True)
def normal_rows(start, stop, key, ids, scale, out):
    """Fill rows of `out` with normal deviates of standard deviation `scale` (Box-Muller).

    Parameters
    ----------
    start, stop : int
        Range of rows.
    key : uint64
    ids : ndarray of uint64, shape (n_rows,)
    scale : float
    out : ndarray of shape (n_rows, n_columns), written
    """
    for row in range(start, stop):
        begin = stream(key, ids[row])
        for column in range(out.shape[1]):
            radius = math.sqrt(-2.0 * math.log(unit(word(begin, 2 * column))))
            angle = 2.0 * math.pi * unit(word(begin, 2 * column + 1))
            out[row, column] = scale * radius * math.cos(angle)


@njit(nogil=True, cache=True)
def _sparse_signs(begin, density, n_columns, columns, signs):
    """Write the non-zero columns of one row with independent entries; return how many.

    Above a density of 1/16 every column draws; below, the gaps between entries are drawn, which
    follow the geometric law, at the cost of the entries alone. The sign is the lowest bit, which
    the uniform does not use.
    """
    count = 0
    if density >= 0.0625:
        for column in range(n_columns):
            bits = word(begin, column)
            if unit(bits) < density:
                columns[count] = column
                signs[count] = 1 - 2 * np.int8(bits & _ONE)
                count += 1
        return count
    step = 1.0 / math.log1p(-density)
    position = -1.0
    draw = 0
    while True:
        bits = word(begin, draw)
        draw += 1
        position += 1.0 + math.floor(math.log(unit(bits)) * step)
        if position >= n_columns:
            return count
        columns[count] = np.int32(position)
        signs[count] = 1 - 2 * np.int8(bits & _ONE)
        count += 1


@njit(nogil=True, cache=True)
def _fixed_signs(begin, n_entries, n_columns, columns, signs):
    """Write `n_entries` distinct columns of one row (Floyd's sampling), in rising order."""
    for count in range(n_entries):
        top = n_columns - n_entries + count
        bits = word(begin, count)
        pick = np.int32(unit(bits) * (top + 1))
        for other in range(count):
            if columns[other] == pick:
                pick = np.int32(top)
                break
        slot = count
        while slot > 0 and columns[slot - 1] > pick:
            columns[slot] = columns[slot - 1]
            signs[slot] = signs[slot - 1]
            slot -= 1
        columns[slot] = pick
        signs[slot] = 1 - 2 * np.int8(bits & _ONE)
    return n_entries


@njit(nogil=True, cache=True)
def sign_rows(start, stop, key, ids, density, n_entries, n_columns, fill, indptr, columns, signs):
    """Draw rows of a sparse matrix of random signs.

    Called twice: first with ``fill=False`` to write the number of entries of row r to
    ``indptr[r + 1]``, then, with `indptr` summed up, to write the entries.

    Parameters
    ----------
    start, stop : int
        Range of rows.
    key : uint64
    ids : ndarray of uint64, shape (n_rows,)
    density : float in (0, 1]
        Probability of an entry, where `n_entries` is 0.
    n_entries : int
        Exact number of entries of each row, or 0.
    n_columns : int
    fill : bool
    indptr : ndarray of int64, shape (n_rows + 1,)
    columns : ndarray of int32, shape (n_stored,)
    signs : ndarray of int8, shape (n_stored,)
    """
    buffer = np.empty(n_columns, np.int32)
    buffer_signs = np.empty(n_columns, np.int8)
    for row in range(start, stop):
        begin = stream(key, ids[row])
        if n_entries > 0:
            count = _fixed_signs(begin, n_entries, n_columns, buffer, buffer_signs)
        else:
            count = _sparse_signs(begin, density, n_columns, buffer, buffer_signs)
        if fill:
            first = indptr[row]
            for entry in range(count):
                columns[first + entry] = buffer[entry]
                signs[first + entry] = buffer_signs[entry]
        else:
            indptr[row + 1] = count
