"""Checks at the door for input that isn't a table: graphs, trials, sequences of shapes."""

import numbers

import numpy as np
import scipy.sparse as sp

# Absolute values of trials must lie between this and its inverse.
LARGEST_SIGNAL = 1e70
_EDGES = "A list of edges is made a graph by skgeom.graph.Graph.from_edgelist."


def check_graph(X, *, dtype=np.float64, square=True, allow_negative=False, name="X"):
    """Turn an adjacency matrix into a canonical CSR array.

    Parameters
    ----------
    X : sparse matrix or array, ndarray or DataFrame of shape (n_nodes, n_nodes)
        Adjacency; ``X[i, j]`` is the weight of the edge from i to j.
    dtype : numpy dtype or sequence of them, default=float64
        dtype of the weights. Of a sequence, the dtype of `X` is kept when it is in there and
        the first one is taken otherwise.
    square : bool, default=True
        Whether the matrix has to be square.
    allow_negative : bool, default=False
        Whether weights below zero are allowed.
    name : str
        Name of the parameter, for messages.

    Returns
    -------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        Duplicates summed, indices sorted, explicit zeros removed; int32 indices as long as they
        fit. `X` itself is not changed, and its buffers are shared where they are canonical.

    Raises
    ------
    TypeError
        For graph objects and edge lists.
    ValueError
        For a wrong shape, an empty graph, NaN, infinite, complex or negative weights, and weights
        that are out of the range of `dtype`. Weights that are too small for it are dropped, as
        long as the row keeps others.
    """
    matrix = _as_matrix(X, name)
    if np.issubdtype(matrix.dtype, np.complexfloating):
        raise ValueError(f"Complex data not supported: {name} has dtype {matrix.dtype}.")
    _check_graph_shape(matrix, square, name)
    wanted = [np.dtype(t) for t in (dtype if isinstance(dtype, (list, tuple)) else [dtype])]
    if matrix.dtype.kind in "iu":
        matrix = matrix.astype(wanted[0])  # before duplicates are summed, which may overflow
    adjacency = _canonical(sp.csr_array(matrix), X)
    if adjacency.dtype not in wanted:
        adjacency = _cast(adjacency, wanted[0], name)
    _check_weights(adjacency, allow_negative, name)
    return adjacency


def _check_graph_shape(matrix, square, name):
    if matrix.ndim != 2:
        raise ValueError(
            f"{name} must be a 2-d adjacency matrix, got shape {matrix.shape}. Reshape your data: "
            "one row is a node, with its edges to all nodes."
        )
    if matrix.shape[0] == 0:
        raise ValueError(
            f"{name} has shape {matrix.shape}: at least one node (sample) is required, "
            "found 0 sample(s)."
        )
    if matrix.shape[1] == 0:
        raise ValueError(
            f"{name} has 0 feature(s) (shape={matrix.shape}) while a minimum of 1 is required: "
            "an adjacency matrix has one column per node."
        )
    if square and matrix.shape[0] != matrix.shape[1]:
        values = matrix.data if sp.issparse(matrix) else matrix
        hint = "" if np.isfinite(values).all() else " It also contains NaN or infinity (inf)."
        if matrix.shape[1] in (2, 3) or matrix.shape[0] in (2, 3):
            hint += f" {_EDGES}"
        raise ValueError(
            f"{name} must be a square (n_nodes, n_nodes) adjacency matrix, got shape "
            f"{matrix.shape}.{hint}"
        )


def _as_matrix(X, name):
    if sp.issparse(X):
        return X
    if what := _graph_that_is_no_matrix(X):
        raise TypeError(
            f"{name} must be an adjacency matrix of shape (n_nodes, n_nodes), got {what}; "
            "convert it first, with skgeom.graph.Graph.from_networkx(graph), "
            "skgeom.graph.Graph.from_igraph(graph), skgeom.graph.Graph.from_edgelist(sources, "
            "targets, weights) or networkx.to_scipy_sparse_array(graph)."
        )
    if hasattr(X, "sparse") and hasattr(X, "to_numpy"):
        return X.sparse.to_coo()
    array = np.asarray(X)
    if array.dtype.kind in "mM":
        raise TypeError(f"{name} must hold numbers, got an array of dtype {array.dtype}.")
    # scipy.sparse has neither half precision nor the other byte order
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind not in "bifuc":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise type(error)(
                f"{name} must hold numbers, got an array of dtype {array.dtype}: {error}. {_EDGES}"
            ) from error
    return array


def _graph_that_is_no_matrix(X):
    """Say what `X` is when it is a graph object or a list of edges, otherwise nothing."""
    if hasattr(X, "adjacency") or hasattr(X, "get_adjacency"):
        return f"a {type(X).__name__} object"
    if not isinstance(X, (list, dict)):
        return ""
    # three edges with weights would pass for a matrix; nobody writes its rows as tuples
    if isinstance(X, list) and X and all(isinstance(row, tuple) for row in X):
        return "a list of tuples"
    try:
        return "" if isinstance(X, list) and np.ndim(X) == 2 else "a list or dict"
    except ValueError:
        return "a list of rows that differ in length"


def _canonical(adjacency, original):
    """Sum duplicates and drop zeros, never in the caller's own buffers."""
    has_zeros = adjacency.nnz > 0 and not np.all(adjacency.data)
    if has_zeros or not adjacency.has_canonical_format:
        if sp.issparse(original):
            adjacency = adjacency.copy()
        adjacency.sum_duplicates()
        adjacency.eliminate_zeros()
    if adjacency.indices.dtype != np.int32 and max(adjacency.shape) < 2**31 > adjacency.nnz:
        adjacency = sp.csr_array(
            (adjacency.data, adjacency.indices.astype(np.int32), adjacency.indptr.astype(np.int32)),
            shape=adjacency.shape,
        )
    return adjacency


def _cast(adjacency, dtype, name):
    """Convert the weights of a canonical matrix, or refuse what `dtype` cannot hold."""
    if adjacency.dtype.kind not in "f":
        return adjacency.astype(dtype)
    with np.errstate(over="ignore", under="ignore"):
        cast = adjacency.astype(dtype)
    too_large = np.isinf(cast.data) & np.isfinite(adjacency.data)
    if too_large.any():
        row, column, weight = _entry(adjacency, np.argmax(too_large))
        raise ValueError(
            f"{name} has a weight that is too large for {dtype}: entry ({row}, {column}) is "
            f"{weight}; divide all weights by a constant."
        )
    if np.all(cast.data):
        return cast
    cast.eliminate_zeros()
    lost = (np.diff(cast.indptr) == 0) & (np.diff(adjacency.indptr) > 0)
    if lost.any():
        row, column, weight = _entry(adjacency, adjacency.indptr[np.argmax(lost)])
        raise ValueError(
            f"All weights in row {row} of {name} are too small for {dtype}, among them "
            f"entry ({row}, {column}), {weight}; multiply all weights by a constant."
        )
    return cast


def _entry(adjacency, entry):
    row = int(np.searchsorted(adjacency.indptr, entry, side="right")) - 1
    return row, int(adjacency.indices[entry]), adjacency.data[entry]


def _check_weights(adjacency, allow_negative, name):
    data = adjacency.data
    low, high = np.min(data, initial=0.0), np.max(data, initial=0.0)  # NaN comes through
    if np.isfinite(low) and np.isfinite(high) and (allow_negative or low >= 0):
        return
    bad = ~np.isfinite(data)
    problem = f"{name} contains NaN or infinity"
    if not bad.any():
        bad = data < 0
        problem = f"Negative values in data: {name} contains a negative weight"
    row, column, weight = _entry(adjacency, np.argmax(bad))
    raise ValueError(
        f"{problem}: entry ({row}, {column}) is {weight}; weights must be finite"
        + ("." if allow_negative else " and non-negative.")
    )


def check_finite_rows(X, *, name="X"):
    """Refuse NaN and infinity in a checked table, naming the row.

    Parameters
    ----------
    X : ndarray or csr_array of float, shape (n_samples, n_features)
    name : str
        Name of the parameter, for messages.

    Raises
    ------
    ValueError
        With row and column of the first such entry.
    """
    values = X.data if sp.issparse(X) else X
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):  # one pass; NaN and infinity come through
            return
    bad = ~np.isfinite(values)
    if not bad.any():
        return
    if sp.issparse(X):
        row, column, value = _entry(X, np.argmax(bad))
    else:
        row, column = (int(i) for i in np.unravel_index(np.argmax(bad), X.shape))
        value = X[row, column]
    raise ValueError(
        f"Input {name} contains NaN or infinity (inf): row {row}, column {column} is {value}."
    )


def check_trials(X, *, min_times=2, allow_flat=True, allow_bad=False, name="X"):
    """Turn multichannel trials into a C-contiguous float64 array.

    Parameters
    ----------
    X : array-like of shape (n_trials, n_channels, n_times), or list of (n_channels, n_times_i)
        Signals in any unit. Objects with ``get_data`` (MNE Epochs) or ``to_numpy`` are read
        through it. A list of trials of unequal length stays a list.
    min_times : int, default=2
        Least number of samples of a trial.
    allow_flat : bool, default=True
        Whether a channel may be constant over a trial.
    allow_bad : bool, default=False
        Whether channels may hold NaN, infinity or values that are too large or too small; the
        caller asks `usable_channels` which ones don't.
    name : str
        Name of the parameter, for messages.

    Returns
    -------
    trials : ndarray of shape (n_trials, n_channels, n_times), or list of 2-d ndarrays

    Raises
    ------
    ValueError
        For a wrong number of dimensions, no trials, NaN, infinity or a flat channel (naming
        trial and channel), or values beyond 1e70 or all below 1e-70.
    """
    if hasattr(X, "get_data"):
        X = X.get_data()
    elif hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if sp.issparse(X):
        raise TypeError(f"Sparse data was passed for {name}; dense trials are required.")
    if isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1:
        X = list(X)
    if isinstance(X, (list, tuple)) and _differ(X):
        trials = [np.ascontiguousarray(real_array(trial, name)) for trial in X]
        channels = {trial.shape[0] if trial.ndim == 2 else None for trial in trials}
        if None in channels or len(channels) > 1:
            raise ValueError(
                f"{name} must be a list of (n_channels, n_times) arrays with one number of "
                f"channels, got shapes {sorted({trial.shape for trial in trials})[:5]}."
            )
    else:
        trials = np.ascontiguousarray(real_array(X, name))
        if trials.ndim != 3:
            hint = " For one trial pass X[np.newaxis]." if trials.ndim == 2 else ""
            raise ValueError(
                f"{name} must have shape (n_trials, n_channels, n_times), got an array with "
                f"{trials.ndim} dimension(s) of shape {trials.shape}.{hint} Reshape your data."
            )
    if len(trials) == 0:
        raise ValueError(f"{name} holds 0 trials (0 sample(s)); at least one is required.")
    if not _all_good(trials, min_times, allow_flat):
        for index, trial in enumerate(trials):
            _check_size(trial, index, min_times, name)
            if not allow_bad:
                _check_values(trial, index, allow_flat, name)
    return trials


def usable_channels(trials, allow_flat=True):
    """Say which channels of checked trials are finite, of usable size and not flat.

    Parameters
    ----------
    trials : ndarray of shape (n_trials, n_channels, n_times), or list of 2-d ndarrays
    allow_flat : bool, default=True
        Whether a constant channel is usable.

    Returns
    -------
    usable : ndarray of bool, shape (n_trials, n_channels)
    """
    usable = np.empty((len(trials), trials[0].shape[0]), dtype=bool)
    for own, trial in zip(usable, trials):
        largest = np.maximum(trial.max(axis=1), -trial.min(axis=1))
        own[:] = _of_usable_size(largest)  # NaN is not
        if not allow_flat:
            own &= (trial != trial[:, :1]).any(axis=1)
    return usable


def _differ(trials):
    try:
        return len({np.shape(trial) for trial in trials}) > 1
    except ValueError:  # a ragged trial: its conversion says what is wrong
        return False


def _all_good(trials, min_times, allow_flat):
    """Whether equally long trials pass every check; one pass over all of them."""
    if isinstance(trials, list) or trials.shape[1] == 0 or trials.shape[2] < max(min_times, 1):
        return False
    # NaN and infinity come through maxima and minima
    high, low = trials.max(axis=2), trials.min(axis=2)
    if not np.all(_of_usable_size(np.maximum(high.max(axis=1), -low.min(axis=1)))):
        return False
    return allow_flat or not bool((high == low).any())


def _of_usable_size(largest):
    """Whether fourth powers of the largest absolute values neither overflow nor vanish."""
    return (largest < LARGEST_SIGNAL) & ((largest > 1.0 / LARGEST_SIGNAL) | (largest == 0))


def _check_size(trial, index, min_times, name):
    n_channels, n_times = trial.shape
    if n_channels == 0 or n_times < min_times:
        raise ValueError(
            f"Trial {index} of {name} has {n_channels} channel(s) and {n_times} time sample(s); "
            f"at least 1 and {min_times} are required."
        )


def _check_values(trial, index, allow_flat, name):
    finite = np.isfinite(trial).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"{name} contains NaN or infinity: trial {index}, channel {int(np.argmin(finite))}."
        )
    largest = np.abs(trial).max()
    if not _of_usable_size(largest):
        raise ValueError(
            f"Trial {index} of {name} has values up to {largest:.3g}, whose powers overflow or "
            "vanish in floating point; use another unit."
        )
    if not allow_flat:
        flat = (trial == trial[:, :1]).all(axis=1)
        if flat.any():
            raise ValueError(
                f"{name} has a flat channel: trial {index}, channel {int(np.argmax(flat))} is "
                f"{trial[np.argmax(flat), 0]:g} throughout; every channel must vary. Drop the "
                "trial or the channel."
            )


def real_array(array, name):
    """Turn anything that holds real numbers into a float64 array.

    Parameters
    ----------
    array : array-like of any shape
        A float64 array is returned as it is.
    name : str
        Name of the parameter, for messages.

    Returns
    -------
    array : ndarray of float64

    Raises
    ------
    ValueError
        For complex numbers, dates, sparse matrices, and what isn't a number.
    """
    if type(array) is np.ndarray and array.dtype == np.float64:
        return array
    if sp.issparse(array):
        raise ValueError(f"{name} must be a dense array, got a sparse one.")
    try:
        array = np.asarray(array)
        kind = array.dtype.kind
        if kind not in "cmM":
            return array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers: {error}") from error
    if kind == "c":
        raise ValueError(f"Complex data not supported: {name} has dtype {array.dtype}.")
    raise ValueError(f"{name} must hold numbers, got dates or times of dtype {array.dtype}.")


def check_shapes(X, *, name="X"):
    """Turn a sequence of shapes of unequal size into a list.

    Parameters
    ----------
    X : sequence, object array or ndarray with one shape per first index
        Shapes are whatever the caller understands: arrays, pairs, sparse matrices, graphs.
    name : str
        Name of the parameter, for messages.

    Returns
    -------
    shapes : list
        One element per sample; the elements are not copied.

    Raises
    ------
    TypeError
        When `X` is a single object rather than a sequence of them.
    ValueError
        When `X` is empty.
    """
    not_a_sequence = (str, bytes, dict, numbers.Number)
    if sp.issparse(X) or isinstance(X, not_a_sequence) or hasattr(X, "columns") or X is None:
        raise TypeError(
            f"{name} must be a sequence with one shape per sample, got {type(X).__name__}."
        )
    try:
        shapes = list(X)
    except TypeError as error:
        raise TypeError(
            f"{name} must be a sequence with one shape per sample, got {type(X).__name__}."
        ) from error
    if not shapes:
        raise ValueError(f"{name} is empty: 0 sample(s), at least one shape is required.")
    return shapes
