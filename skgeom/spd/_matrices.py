"""Functions of symmetric matrices, over arrays of shape (..., n, n)."""

from functools import lru_cache

import numpy as np
from scipy.linalg.lapack import dsyevd

from skgeom._core.parallel import parallel_ranges, single_blas_thread

# Matrices are handled in chunks of about this many numbers, whatever the number of threads is:
# the temporaries stay in cache and the sums over chunks have one order.
CHUNK_SIZE = 2**17
# Matrices may differ from their transposes by this share of their largest entry: rounding.
_ASYMMETRY = 1e-6
_FEW = 2**11
# Up to this size scipy's LAPACK has decomposed a matrix before numpy's has got past the checks;
# above, numpy's is the quicker one.
_LIGHT = 32
_LARGEST_LOG = np.log(np.finfo(float).max)


def chunk_ranges(n_matrices, size):
    """Cut ``0..n_matrices`` into ranges of matrices of `size` numbers each.

    Parameters
    ----------
    n_matrices : int
    size : int
        How many numbers one matrix (with its temporaries) has.

    Returns
    -------
    ranges : list of (start, stop)
        A function of the two arguments alone, never of the number of threads.
    """
    step = max(1, CHUNK_SIZE // max(1, size))
    return [(a, min(a + step, n_matrices)) for a in range(0, n_matrices, step)]


def over_chunks(function, C, n_jobs=None, n_temporaries=1):
    """Call ``function(start, stop)`` for chunks of the matrices of `C`, BLAS held to one thread.

    Parameters
    ----------
    function : callable
    C : ndarray of shape (n_matrices, n, n)
    n_jobs : int or None, default=None
    n_temporaries : int, default=1
        How many arrays of the size of its matrices a call uses.

    Returns
    -------
    results : list
        In the order of the chunks.
    """
    ranges = chunk_ranges(len(C), n_temporaries * C.shape[-1] * C.shape[-2])
    with single_blas_thread():
        return parallel_ranges(function, ranges, n_jobs=n_jobs)


def symmetrize(A):
    """Return the symmetric part of matrices, shape (..., n, n)."""
    return 0.5 * (A + np.swapaxes(A, -1, -2))


def eigh(C):
    """Eigenvalues (ascending) and eigenvectors of symmetric matrices.

    Parameters
    ----------
    C : ndarray of shape (..., n, n)

    Returns
    -------
    values : ndarray of shape (..., n)
    vectors : ndarray of shape (..., n, n)
    """
    if C.ndim > 2 or len(C) > _LIGHT:
        return np.linalg.eigh(C)
    values, vectors, failed = dsyevd(C)
    if failed:
        raise np.linalg.LinAlgError("Eigenvalues did not converge")
    return values, vectors


def from_eigh(values, vectors):
    """Rebuild V diag(values) V^T, shape (..., n, n)."""
    return (vectors * values[..., None, :]) @ np.swapaxes(vectors, -1, -2)


def check_positive(values, what="matrix"):
    """Raise when eigenvalues of SPD matrices aren't positive, naming the first such matrix.

    Parameters
    ----------
    values : ndarray of shape (..., n)
        Eigenvalues in ascending order.
    what : str

    Raises
    ------
    ValueError
    """
    smallest = values[..., 0]
    if smallest.min(initial=np.inf) > 0:
        return
    good = smallest > 0
    index = _index(int(np.argmin(good)), np.shape(smallest))
    where = f" {_shown(index)}" if index else ""
    floor = values[index].max(initial=0) * values.shape[-1] * np.finfo(float).eps
    rank = int(np.sum(values[index] > floor))
    raise ValueError(
        f"The {what}{where} is not positive definite: its smallest eigenvalue is "
        f"{smallest[index]:.3g} and its rank is {rank} of {values.shape[-1]}. Regularise it "
        "(shrinkage or a multiple of the identity), or remove linearly dependent channels."
    )


def _index(flat, shape):
    return tuple(int(i) for i in np.unravel_index(flat, shape))


def _shown(index):
    return index[0] if len(index) == 1 else index


def logm(C):
    """Logarithm of SPD matrices.

    Parameters
    ----------
    C : array-like of shape (..., n, n)

    Returns
    -------
    L : ndarray of shape (..., n, n)
        Symmetric.

    Raises
    ------
    ValueError
        When a matrix isn't positive definite.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.spd import logm
    >>> logm(np.diag([1.0, np.e])).round(6)
    array([[0., 0.],
           [0., 1.]])
    """
    return _spectral(C, np.log, positive=True)


def expm(S):
    """Exponential of symmetric matrices: SPD matrices.

    Parameters
    ----------
    S : array-like of shape (..., n, n)

    Returns
    -------
    C : ndarray of shape (..., n, n)
    """
    return _spectral(S, np.exp, positive=False)


def sqrtm(C):
    """Symmetric square root of SPD matrices.

    Parameters
    ----------
    C : array-like of shape (..., n, n)

    Returns
    -------
    S : ndarray of shape (..., n, n)
        SPD, with S S = C.
    """
    return _spectral(C, np.sqrt, positive=True)


def invsqrtm(C):
    """Inverse of the symmetric square root of SPD matrices.

    Parameters
    ----------
    C : array-like of shape (..., n, n)

    Returns
    -------
    S : ndarray of shape (..., n, n)
        SPD, with S C S = I.
    """
    return _spectral(C, lambda values: 1.0 / np.sqrt(values), positive=True)


def _spectral(C, function, positive):
    C = as_square(C)
    with single_blas_thread():
        values, vectors = eigh(C)
        if positive:
            check_positive(values)
        elif values.size and values.max() > _LARGEST_LOG:
            raise ValueError(f"The exponential of the eigenvalue {values.max():.3g} overflows.")
        return from_eigh(function(values), vectors)


def as_numbers(A, name):
    """Return a float64 array, or raise ValueError."""
    try:
        A = np.asarray(A)
        if A.dtype.kind != "c":
            return np.asarray(A, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of numbers: {error}") from error
    raise ValueError(f"Complex data not supported: {name} has dtype {A.dtype}.")


def as_square(C, name="C", like=None):
    """Return symmetric matrices as a float64 array of shape (..., n, n), or raise ValueError.

    Parameters
    ----------
    C : array-like of shape (..., n, n)
    name : str, default="C"
        Name of the parameter, for messages.
    like : ndarray of shape (..., n, n) or None, default=None
        Matrices that must have the same n; `C` must then be a single matrix.

    Returns
    -------
    C : ndarray of shape (..., n, n)
    """
    C = as_numbers(C, name)
    if C.ndim < 2 or C.shape[-1] != C.shape[-2] or C.shape[-1] == 0:
        raise ValueError(f"{name} must have shape (..., n, n), got {C.shape}.")
    if like is not None and C.shape != like.shape[-2:]:
        raise ValueError(f"{name} must have shape {like.shape[-2:]}, got {C.shape}.")
    _check_symmetric(C, name)
    return C


def _check_symmetric(C, name):
    # a sum of squares is the cheapest sign of NaN and infinity, bytes compare small arrays fastest
    mirrored = C.swapaxes(-1, -2)
    few = C.size < _FEW
    same = mirrored.tobytes() == C.tobytes() if few else (mirrored == C).all()
    if same and np.vdot(C, C) < np.inf:
        return
    with np.errstate(invalid="ignore"):
        gap = np.max(np.abs(C - np.swapaxes(C, -1, -2)), axis=(-2, -1))
    bad = ~(gap <= _ASYMMETRY * np.max(np.abs(C), axis=(-2, -1)))  # NaN is bad as well
    if np.any(bad):
        index = _index(int(np.argmax(bad)), bad.shape)
        where = f"matrix {_shown(index)} of {name}" if index else name
        if not np.all(np.isfinite(C[index])):
            raise ValueError(f"NaN or infinity in {where}.")
        raise ValueError(f"Not symmetric: {where}, by {gap[index]:.3g}.")


def upper_vectors(A, out=None):
    """Vectors of symmetric matrices with the same inner product.

    Parameters
    ----------
    A : ndarray of shape (..., n, n)
    out : ndarray of shape (..., n (n + 1) / 2) or None, default=None
        Where to write.

    Returns
    -------
    v : ndarray of shape (..., n (n + 1) / 2)
        The upper triangle row by row, entries off the diagonal times sqrt(2).
    """
    rows, columns, scale = _triangle(A.shape[-1])
    return np.multiply(A[..., rows, columns], scale, out=out)


def from_upper_vectors(v):
    """Invert `upper_vectors`.

    Parameters
    ----------
    v : ndarray of shape (..., n (n + 1) / 2)

    Returns
    -------
    A : ndarray of shape (..., n, n)
    """
    n = int((np.sqrt(8 * v.shape[-1] + 1) - 1) / 2)
    if n * (n + 1) // 2 != v.shape[-1]:
        raise ValueError(f"v must have n (n + 1) / 2 columns for some n, got {v.shape[-1]}.")
    rows, columns, scale = _triangle(n)
    A = np.empty((*v.shape[:-1], n, n))
    A[..., rows, columns] = v / scale
    A[..., columns, rows] = A[..., rows, columns]
    return A


@lru_cache(maxsize=8)
def _triangle(n):
    rows, columns = np.triu_indices(n)
    return rows, columns, np.where(rows == columns, 1.0, np.sqrt(2.0))
