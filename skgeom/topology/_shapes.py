"""Samples at the door: point clouds, images, graphs and complexes, checked and unpacked."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from skgeom._core.checks import real_array
from skgeom.topology._checks import LARGEST, SMALLEST, check_complex, check_magnitude
from skgeom.topology._trees import foreign_cells, simplex_tree_cells


@dataclass(frozen=True)
class GraphInput:
    """Undirected graphs, one after the other, each edge once, without self loops.

    Attributes
    ----------
    node_ptr, edge_ptr : ndarrays of int64, shape (n_graphs + 1,)
    edges : ndarray of int32, shape (n_edges, 2)
    weights : ndarray of shape (n_edges,)
    values : ndarray of shape (n_nodes, n_functions) or None
    edge_values : ndarray of shape (n_edges, n_functions) or None
    """

    node_ptr: np.ndarray
    edge_ptr: np.ndarray
    edges: np.ndarray
    weights: np.ndarray
    values: np.ndarray | None
    edge_values: np.ndarray | None


def float_array(array, what, index):
    """A float64 array, or an error that names the sample."""
    what = f"Sample {index}: {what}"
    return check_magnitude(real_array(array, what), what)


def _finite(array, what, index):
    if not np.isfinite(array).all():
        row = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"Sample {index}: {what} contains NaN or infinity, at {row}.")
    return array


def _function_values(values, count, what, index):
    """Values per vertex; +inf is allowed (the vertex never enters), NaN and -inf are not."""
    values = float_array(values, "the values", index)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) != count or values.shape[1] == 0:
        raise ValueError(
            f"Sample {index}: expected one or more values per {what}, shape ({count},) or "
            f"({count}, n_functions), got shape {values.shape}."
        )
    return check_values(values, index)


def check_values(values, index):
    """Refuse NaN and minus infinity in function values."""
    if np.isnan(values).any() or np.isneginf(values).any():
        raise ValueError(f"Sample {index}: function values contain NaN or minus infinity.")
    return check_magnitude(values, f"Sample {index}: function values")


def point_clouds(shapes, *, with_values, metric):
    """Unpack point clouds or distance matrices.

    Parameters
    ----------
    shapes : list
        Arrays of shape (n_points, n_coordinates), or pairs (array, values).
    with_values : bool
        Whether each sample is a pair.
    metric : {"euclidean", "precomputed"}

    Returns
    -------
    clouds : list of (points, values)
        values is None unless `with_values`.
    """
    clouds = []
    for index, sample in enumerate(shapes):
        values = None
        if with_values:
            if not isinstance(sample, (tuple, list)) or len(sample) != 2:
                raise ValueError(
                    f"Sample {index}: function='precomputed' needs pairs (points, values), "
                    f"got {type(sample).__name__}."
                )
            sample, values = sample
        elif isinstance(sample, tuple):
            raise ValueError(
                f"Sample {index} is a tuple; pairs (points, values) need function='precomputed'."
            )
        points = float_array(sample, "points", index)
        if points.size == 0 and points.ndim < 2:
            points = points.reshape(0, 0)
        if points.ndim != 2:
            raise ValueError(
                f"Sample {index}: points must have shape (n_points, n_coordinates), "
                f"got {points.shape}."
            )
        what = "the distance matrix" if metric == "precomputed" else "the array of points"
        _finite(points, what, index)
        if metric == "precomputed":
            points = _check_distances(points, index)
        elif len(points) and 0 < np.ptp(points, axis=0).max(initial=0.0) < SMALLEST:
            raise ValueError(
                f"Sample {index}: the points extend over less than {SMALLEST:g}; change the unit."
            )
        if values is not None:
            values = _function_values(values, len(points), "point", index)
        clouds.append((points, values))
    if metric != "precomputed":
        _same_coordinates(clouds)
    return clouds


def _check_distances(matrix, index):
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"Sample {index}: a distance matrix is square, got {matrix.shape}.")
    if (matrix < 0).any():
        raise ValueError(f"Sample {index}: negative distances.")
    tolerance = 1e-10 * matrix.max(initial=0.0)
    if (np.abs(matrix - matrix.T) > tolerance).any() or np.diagonal(matrix).any():
        raise ValueError(
            f"Sample {index}: a distance matrix is symmetric with zeros on its diagonal."
        )
    # the later of two values that differ by rounding
    return np.maximum(matrix, matrix.T)


def _same_coordinates(clouds):
    counts = [(i, points.shape[1]) for i, (points, _) in enumerate(clouds) if len(points)]
    for index, count in counts:
        if count != counts[0][1]:
            raise ValueError(
                f"Sample {index} has {count} coordinates per point, "
                f"sample {counts[0][0]} has {counts[0][1]}."
            )


def images(shapes):
    """Unpack images (height, width, channels) or volumes (depth, height, width, channels)."""
    unpacked = []
    for index, sample in enumerate(shapes):
        image = float_array(sample, "the image", index)
        if image.ndim not in (3, 4):
            raise ValueError(
                f"Sample {index}: an image has shape (height, width, n_channels) and a volume "
                f"(depth, height, width, n_channels), got {image.shape}."
            )
        unpacked.append(_finite(image, "the image", index))
        first = unpacked[0]
        if image.shape[-1] != first.shape[-1] or image.ndim != first.ndim:
            raise ValueError(
                f"Sample {index} has {image.ndim - 1} axes and {image.shape[-1]} channel(s), "
                f"sample 0 has {first.ndim - 1} and {first.shape[-1]}."
            )
    return unpacked


def complexes(shapes):
    """Unpack complexes with grades.

    Parameters
    ----------
    shapes : list
        Pairs (gudhi.SimplexTree, values), pairs (simplices, grades) of arrays by dimension, or
        complexes of other libraries.

    Returns
    -------
    complexes : list of (simplices, grades)
    """
    unpacked = [_unpack_complex(sample, index) for index, sample in enumerate(shapes)]
    widths = [grades[0].shape[1] for _, grades in unpacked]
    for index, width in enumerate(widths):
        if width != widths[0]:
            raise ValueError(f"Sample {index} has {width} parameters, sample 0 has {widths[0]}.")
    return unpacked


def _unpack_complex(sample, index):
    if hasattr(sample, "get_simplices") or hasattr(sample, "get_boundaries"):
        simplices, grades = foreign_cells(sample, index)
    elif isinstance(sample, (tuple, list)) and len(sample) == 2:
        if hasattr(sample[0], "get_simplices"):
            tree, values = sample
            values = _function_values(values, tree.num_vertices(), "vertex", index)
            simplices, grades = simplex_tree_cells(tree, values)
        else:
            simplices, grades = sample
    else:
        raise ValueError(
            f"Sample {index}: filtration='precomputed' needs pairs (gudhi.SimplexTree, values), "
            f"pairs (simplices, grades) or simplex trees with vectors of grades, got "
            f"{type(sample).__name__}."
        )
    try:
        simplices, grades = check_complex(simplices, grades)
    except (ValueError, TypeError) as error:
        raise ValueError(f"Sample {index}: {error}") from error
    check_values(np.concatenate(grades), index)
    return _numbered(simplices), grades


def _numbered(simplices):
    """Vertices renumbered 0, 1, ... in the order of `simplices[0]`, sorted within every row."""
    names = simplices[0][:, 0]
    order = np.argsort(names)
    return [
        np.sort(order[np.searchsorted(names[order], cells)], axis=1).astype(np.int32)
        for cells in simplices
    ]


def graphs(shapes, *, with_values, attributes):
    """Unpack graphs of any of the accepted kinds into one batch.

    Parameters
    ----------
    shapes : list
        Sparse or dense adjacency matrices; pairs (adjacency or edges, node values); triples
        (edges, node values, edge values); or networkx graphs.
    with_values : bool
        Whether node values have to come with the sample.
    attributes : sequence of str or None
        Node attributes of networkx graphs to read as values.

    Returns
    -------
    graphs : GraphInput
    """
    unpacked = [_unpack_graph(sample, i, attributes) for i, sample in enumerate(shapes)]
    sizes, rows, columns, weights, values, edge_values = zip(*unpacked)
    node_ptr = np.concatenate([[0], np.cumsum(np.array(sizes, dtype=np.int64))])
    counts = [len(part) for part in rows]
    rows, columns = _numbers(rows, columns, node_ptr, counts)
    kept, weights = _stored_once(rows, columns, weights, counts, int(node_ptr[-1]))
    low, high = rows[kept], columns[kept]
    low, high = np.minimum(low, high), np.maximum(low, high)
    edge_ptr = np.searchsorted(low, node_ptr)
    local = np.repeat(node_ptr[:-1], np.diff(edge_ptr))
    edges = np.empty((len(low), 2), dtype=np.int32)
    edges[:, 0], edges[:, 1] = low - local, high - local
    values = _stacked(values, with_values, "node values")
    if values is not None:
        _check_stacked(values, node_ptr)
    edge_values = _stacked(edge_values, False, "edge values")
    if edge_values is not None:
        edge_values = edge_values[kept]
    return GraphInput(node_ptr, edge_ptr, edges, weights, values, edge_values)


def _numbers(rows, columns, node_ptr, counts):
    """Nodes at both ends of every entry, numbered through all samples."""
    rows, columns = np.concatenate(rows), np.concatenate(columns)
    sizes = np.repeat(np.diff(node_ptr), counts)
    wrong = (rows < 0) | (rows >= sizes) | (columns < 0) | (columns >= sizes)
    if wrong.any():
        index = int(np.searchsorted(np.cumsum(counts), np.argmax(wrong), side="right"))
        raise ValueError(
            f"Sample {index}: edges must hold node numbers between 0 and "
            f"{node_ptr[index + 1] - node_ptr[index] - 1}."
        )
    offset = np.repeat(node_ptr[:-1], counts)
    return rows + offset, columns + offset


def _stored_once(rows, columns, weights, counts, n_nodes):
    """Entries to keep, one per edge, and their weights; None stands for weights of one."""
    if all(part is None for part in weights):
        kept = _each_edge_once(rows, columns, n_nodes)
        return kept, np.ones(len(kept))
    weights = [np.ones(n) if part is None else part for n, part in zip(counts, weights)]
    weights = np.concatenate(weights).astype(np.float64)
    _check_weights(weights, np.cumsum(counts))
    stored = np.flatnonzero(weights)
    kept = stored[_each_edge_once(rows[stored], columns[stored], n_nodes)]
    return kept, weights[kept]


def _check_stacked(values, node_ptr):
    """Refuse unusable node values, by the sample they come with."""
    with np.errstate(invalid="ignore"):
        usable = (values >= -LARGEST) & ((values <= LARGEST) | (values == np.inf))
    if not usable.all():
        index = int(np.searchsorted(node_ptr, np.argmin(usable.all(axis=1)), side="right")) - 1
        check_values(values[node_ptr[index] : node_ptr[index + 1]], index)


def _check_weights(weights, ends):
    unusable = ~((weights == 0) | ((weights >= SMALLEST) & (weights <= LARGEST)))
    if unusable.any():
        index = int(np.searchsorted(ends, np.argmax(unusable), side="right"))
        raise ValueError(
            f"Sample {index}: edge weights must be non-negative, without NaN or infinity, and "
            f"between {SMALLEST:g} and {LARGEST:g} unless zero."
        )


def _each_edge_once(rows, columns, n_nodes):
    """Entries that name each undirected edge once, by its nodes in order; loops left out."""
    low, high = np.minimum(rows, columns), np.maximum(rows, columns)
    codes = low * n_nodes + high
    bits = len(rows).bit_length()
    proper = np.flatnonzero(low < high)
    if n_nodes**2 >= 2 ** (63 - bits):
        return proper[np.unique(codes[proper], return_index=True)[1]]
    # of entries for one edge the first counts: its position is sorted along
    keys = np.sort(codes[proper] << bits | proper)
    codes = keys >> bits
    new = np.ones(len(keys), dtype=bool)
    np.not_equal(codes[1:], codes[:-1], out=new[1:])
    return keys[new] & ((1 << bits) - 1)


def _stacked(parts, required, what):
    missing = [i for i, part in enumerate(parts) if part is None]
    if len(missing) == len(parts) and not required:
        return None
    if missing:
        raise ValueError(f"Sample {missing[0]} comes without {what}.")
    widths = [part.shape[1] for part in parts]
    for index, width in enumerate(widths):
        if width != widths[0]:
            raise ValueError(
                f"Sample {index} has {width} {what} per item, sample 0 has {widths[0]}."
            )
    return np.concatenate(parts)


def _unpack_graph(sample, index, attributes):
    """(n_nodes, rows, columns, weights or None, node values or None, edge values or None)."""
    values = edge_values = None
    if hasattr(sample, "nodes") and hasattr(sample, "edges"):
        return _unpack_networkx(sample, index, attributes)
    if isinstance(sample, (tuple, list)) and len(sample) in (2, 3):
        edge_values = sample[2] if len(sample) == 3 else None
        sample, values = sample[0], sample[1]
        values = _node_columns(values, index)
    if sp.issparse(sample) or (values is None and np.ndim(sample) == 2):
        n_nodes, rows, columns, weights = _unpack_adjacency(sample, index)
    elif values is not None:
        n_nodes = len(values)
        rows, columns = _unpack_edges(sample, index)
        weights = None
    else:
        raise ValueError(
            f"Sample {index}: a graph is an adjacency matrix, a pair (adjacency or edges, node "
            f"values), or a networkx graph; got {type(sample).__name__}."
        )
    if values is not None and len(values) != n_nodes:
        raise ValueError(
            f"Sample {index}: {len(values)} node values for a graph of {n_nodes} nodes."
        )
    if edge_values is not None:
        edge_values = _edge_columns(edge_values, len(rows), index)
    return n_nodes, rows, columns, weights, values, edge_values


def _node_columns(values, index):
    """Values of shape (n_nodes, n_functions), to be checked when those of all samples are one."""
    if not (type(values) is np.ndarray and values.dtype == np.float64):
        values = real_array(values, f"Sample {index}: node values")
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2:
        raise ValueError(
            f"Sample {index}: node values have shape (n_nodes, n_functions), got {values.shape}."
        )
    return values


def _edge_columns(values, n_edges, index):
    values = float_array(values, "edge values", index)
    values = values[:, None] if values.ndim == 1 else values
    if len(values) != n_edges:
        raise ValueError(f"Sample {index}: {len(values)} edge values for {n_edges} edges.")
    return check_values(values, index)


def _unpack_adjacency(sample, index):
    matrix = sample
    if not sp.issparse(sample):
        matrix = sp.csr_array(float_array(sample, "the adjacency matrix", index))
    else:
        if sample.dtype.kind not in "iufb":
            raise ValueError(
                f"Sample {index}: the adjacency matrix must hold numbers, got {sample.dtype}."
            )
        matrix = sample if sample.format == "csr" else sample.tocsr()
    n_nodes, n_columns = matrix.shape
    if n_nodes != n_columns:
        raise ValueError(f"Sample {index}: an adjacency matrix is square, got {matrix.shape}.")
    indptr = matrix.indptr
    rows = np.arange(n_nodes).repeat(indptr[1:] - indptr[:-1])
    codes = rows * n_nodes + matrix.indices
    if (codes[1:] <= codes[:-1]).any():
        # scipy's own test for repeated entries would leave a mark on the matrix of the caller
        matrix = matrix.copy()
        matrix.sum_duplicates()
        rows = np.arange(n_nodes).repeat(np.diff(matrix.indptr))
    return n_nodes, rows, matrix.indices, matrix.data


def _unpack_edges(edges, index):
    """Both columns of an edge list, as integers that are not looked at yet."""
    if not (type(edges) is np.ndarray and edges.dtype.kind in "iu"):
        edges = float_array(edges, "edges", index)
    if edges.size == 0:
        edges = edges.reshape(0, 2)
    if edges.ndim != 2 or edges.shape[1] != 2:
        raise ValueError(
            f"Sample {index}: edges have shape (n_edges, 2) and come in a pair (edges, node "
            f"values), got {edges.shape}."
        )
    if edges.dtype.kind == "f":
        _finite(edges, "edges", index)
        if (edges % 1 != 0).any() or (np.abs(edges) > 2**53).any():
            raise ValueError(f"Sample {index}: edges must hold node numbers, whole ones.")
    numbers = edges.astype(np.int64, copy=False)
    return numbers[:, 0], numbers[:, 1]


def _unpack_networkx(graph, index, attributes):
    numbers = {node: i for i, node in enumerate(graph.nodes)}
    pairs = np.array([(numbers[a], numbers[b]) for a, b in graph.edges()], dtype=np.int64)
    pairs = pairs.reshape(-1, 2)
    weights = np.array([data.get("weight", 1.0) for _, _, data in graph.edges(data=True)])
    values = None
    if attributes is not None:
        try:
            values = [[data[name] for name in attributes] for _, data in graph.nodes(data=True)]
        except KeyError as error:
            raise ValueError(f"Sample {index}: a node lacks the attribute {error}.") from error
        values = _node_columns(np.reshape(values, (-1, len(attributes))), index)
    return len(numbers), pairs[:, 0], pairs[:, 1], weights, values, None
