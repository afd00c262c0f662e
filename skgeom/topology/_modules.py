"""Multiparameter modules as sums of intervals: candidate decompositions and their images.

An interval module of two parameters is a staircase region, given by its minimal birth corners and
its maximal death corners: its support is ``{x : some birth <= x and some death >= x}``.
"""

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from skgeom._core.checks import real_array
from skgeom.topology import _kernels_intervals as kernels
from skgeom.topology._checks import (
    check_box,
    check_choice,
    check_complex,
    check_dimensions,
    check_grid,
    check_line,
    check_positive,
)
from skgeom.topology._kernels_vineyard import vineyard
from skgeom.topology._measures import widen
from skgeom.topology._presentation import minimal_presentation

INTERVAL_KERNELS = {
    "interleaving": kernels.INTERLEAVING,
    "volume": kernels.VOLUME,
    "rectangle": kernels.RECTANGLE,
    "gaussian": kernels.GAUSSIAN,
    "exponential": kernels.EXPONENTIAL,
}
WEIGHTS = ("interleaving", "volume", "constant")


@dataclass(frozen=True)
class IntervalModules:
    """Interval summands of one sample.

    Attributes
    ----------
    births, deaths : ndarrays of shape (n_corners, 2)
        Corners of all summands, by first coordinate within a summand; -inf and +inf where a
        summand leaves the box.
    birth_ptr, death_ptr : ndarrays of int64, shape (n_summands + 1,)
        Summand i has the corners ``births[birth_ptr[i]:birth_ptr[i + 1]]``, and deaths likewise.
    dimension : ndarray of int32, shape (n_summands,)
        Homology dimension of each summand.
    box : ndarray of shape (2, 2)
        Box in which the decomposition was computed.
    homology_dimensions : tuple of int
        Dimensions that were asked for; some may have no summand.
    """

    births: np.ndarray
    deaths: np.ndarray
    birth_ptr: np.ndarray
    death_ptr: np.ndarray
    dimension: np.ndarray
    box: np.ndarray
    homology_dimensions: tuple

    def __len__(self):
        return len(self.dimension)

    def corners(self, summand):
        """Births (n_births, 2) and deaths (n_deaths, 2) of one summand."""
        births = self.births[self.birth_ptr[summand] : self.birth_ptr[summand + 1]]
        deaths = self.deaths[self.death_ptr[summand] : self.death_ptr[summand + 1]]
        return births, deaths

    def in_dimension(self, dimension):
        """The summands of one homology dimension, as `IntervalModules`."""
        chosen = self.dimension == dimension
        n_births, n_deaths = np.diff(self.birth_ptr), np.diff(self.death_ptr)
        return IntervalModules(
            self.births[np.repeat(chosen, n_births)],
            self.deaths[np.repeat(chosen, n_deaths)],
            np.cumsum([0, *n_births[chosen]]),
            np.cumsum([0, *n_deaths[chosen]]),
            self.dimension[chosen],
            self.box,
            (dimension,),
        )

    def rescaled(self, origin, width):
        """The same summands with ``(x - origin) / width`` in place of x."""
        return IntervalModules(
            (self.births - origin) / width,
            (self.deaths - origin) / width,
            self.birth_ptr,
            self.death_ptr,
            self.dimension,
            (self.box - origin) / width,
            self.homology_dimensions,
        )

    def barcode(self, point, direction=(1.0, 1.0), homology_dimension=None):
        """Bars of the summands on the line ``point + t * direction``.

        Parameters
        ----------
        point : array-like of shape (2,)
        direction : array-like of shape (2,), default=(1.0, 1.0)
            Positive.
        homology_dimension : int or None, default=None
            None takes all summands.

        Returns
        -------
        bars : ndarray of shape (n_bars, 2)
            Values of t at birth and death, of the bars that are not empty.
        """
        point, direction = check_line(point, direction, 2)
        bars = []
        for i in range(len(self)):
            if homology_dimension is not None and self.dimension[i] != homology_dimension:
                continue
            births, deaths = self.corners(i)
            birth = ((births - point) / direction).max(axis=1).min()
            death = ((deaths - point) / direction).min(axis=1).max()
            if birth < death:
                bars.append((birth, death))
        return np.array(bars).reshape(-1, 2)

    def hilbert(self, grid, homology_dimension):
        """Number of summands of one dimension at every point of a grid.

        Parameters
        ----------
        grid : sequence of two ndarrays
        homology_dimension : int

        Returns
        -------
        surface : ndarray of int, shape (len(grid[0]), len(grid[1]))
            Births belong to a summand, deaths don't.
        """
        grid = check_grid(grid, 2)
        points = np.stack(np.meshgrid(*grid, indexing="ij"), axis=-1)[:, :, None, :]
        surface = np.zeros(points.shape[:2], dtype=np.int64)
        for i in np.flatnonzero(self.dimension == homology_dimension):
            births, deaths = self.corners(i)
            born = (points >= births).all(axis=3).any(axis=2)
            alive = (points < deaths).all(axis=3).any(axis=2)
            surface += born & alive
        return surface


def from_corners(corners, dimension, box, homology_dimensions):
    """Pack a list of (births, deaths), one per summand, corners by first coordinate."""
    births = [b for b, _ in corners]
    deaths = [d for _, d in corners]
    return IntervalModules(
        np.concatenate(births) if births else np.empty((0, 2)),
        np.concatenate(deaths) if deaths else np.empty((0, 2)),
        np.cumsum([0, *map(len, births)]),
        np.cumsum([0, *map(len, deaths)]),
        np.asarray(dimension, dtype=np.int32),
        np.asarray(box, dtype=np.float64),
        tuple(int(d) for d in homology_dimensions),
    )


def foreign_modules(module, index=0):
    """A decomposed module of another library, by its lists of corners.

    Parameters
    ----------
    module : sequence of summands
        Each with ``get_birth_list()``, ``get_death_list()`` and ``degree``; the module may have
        ``get_box()``.
    index : int, default=0
        Number of the sample, for messages.

    Returns
    -------
    modules : IntervalModules
    """
    try:
        summands = [
            (np.array(s.get_birth_list()), np.array(s.get_death_list()), int(s.degree))
            for s in module
        ]
    except (AttributeError, TypeError) as error:
        raise ValueError(
            f"Sample {index}: expected IntervalModules, or summands with get_birth_list, "
            f"get_death_list and degree, got {type(module).__name__}."
        ) from error
    corners = [(b[np.argsort(b[:, 0])], d[np.argsort(d[:, 0])]) for b, d, _ in summands]
    degrees = [degree for _, _, degree in summands]
    if hasattr(module, "get_box"):
        box = np.array(module.get_box(), dtype=np.float64)
    else:
        points = np.concatenate([np.empty((0, 2)), *(c for pair in corners for c in pair)])
        points = points[np.isfinite(points).all(axis=1)]
        box = (
            np.array([points.min(axis=0), points.max(axis=0)])
            if len(points)
            else [[0] * 2, [1] * 2]
        )
    return from_corners(corners, degrees, widen(box), tuple(sorted(set(degrees))))


def interval_decomposition(
    simplices,
    grades,
    homology_dimensions,
    box,
    *,
    n_lines=100,
    max_error=None,
    min_persistence=0.0,
    direction=None,
):
    """Candidate decomposition of a bifiltered complex into intervals (MMA).

    Barcodes along parallel lines are computed and matched by vineyard updates; the bars of one vine
    are the trace of one interval. On these lines the barcode of the result is that of the
    module.

    Parameters
    ----------
    simplices : list of ndarrays of int, shapes (n_simplices, dimension + 1)
        Vertices increase within a row.
    grades : list of ndarrays of shape (n_simplices, 2)
    homology_dimensions : sequence of int
    box : array-like of shape (2, 2)
        Smallest and largest value of each parameter, crossed by the lines.
    n_lines : int, default=100
        Number of lines.
    max_error : float or None, default=None
        Distance of neighbouring lines, in units of `direction`; in place of `n_lines`.
    min_persistence : float, default=0.0
        Summands whose longest bar in the box is shorter, in units of `direction`, are left out.
    direction : array-like of shape (2,), default=None
        Positive; None is the diagonal of the box.

    Returns
    -------
    modules : IntervalModules

    References
    ----------
    .. [1] Loiseaux, Carrière, Blumberg. "Multi-parameter Module Approximation: an efficient and
           interpretable invariant for multi-parameter persistence modules with guarantees."
           arXiv:2206.02026.
    .. [2] Cohen-Steiner, Edelsbrunner, Morozov. "Vines and vineyards by updating persistence in
           linear time." SoCG 2006.
    """
    simplices, grades = check_complex(simplices, grades, 2)
    if max_error is None:
        check_positive(n_lines, "n_lines", Integral)
    else:
        check_positive(max_error, "max_error")
    if direction is not None:
        check_line((0.0, 0.0), direction, 2)
    return decompose_complex(
        simplices,
        grades,
        check_dimensions(homology_dimensions),
        check_box(box),
        n_lines=n_lines,
        max_error=max_error,
        min_persistence=min_persistence,
        direction=direction,
    )


def decompose_complex(
    simplices,
    grades,
    homology_dimensions,
    box,
    *,
    n_lines=100,
    max_error=None,
    min_persistence=0.0,
    direction=None,
):
    """`interval_decomposition` of a complex known to be valid."""
    box, scale, offsets, presentations = _on_lines(
        simplices, grades, homology_dimensions, box, n_lines, max_error, direction
    )
    parts = []
    for dimension, module in presentations.items():
        bars = traces(module, offsets)
        births, deaths, *pointers = _corners(
            *bars, offsets, (box[1] - box[0]) / scale, min_persistence
        )
        parts.append((births * scale + box[0], deaths * scale + box[0], *pointers, dimension))
    return _joined(parts, box, homology_dimensions)


def _on_lines(simplices, grades, homology_dimensions, box, n_lines, max_error, direction=None):
    """The box, its unit along the lines, their offsets, and presentations in that unit."""
    box = widen(box)
    scale = box[1] - box[0] if direction is None else np.asarray(direction, dtype=np.float64)
    top = max(homology_dimensions) + 2
    flat = [(g - box[0]) / scale for g in grades[:top]]
    cells, values = finite_cells(simplices[:top], flat)
    offsets = line_offsets((box[1] - box[0]) / scale, n_lines, max_error)
    modules = {d: minimal_presentation(cells, values, d) for d in sorted(homology_dimensions)}
    return box, scale, offsets, modules


def corner_grades(simplices, grades, homology_dimensions, box, n_lines, max_error):
    """Which grades the corners of `decompose_complex` follow.

    A corner is where a line meets the cell that begins or ends a bar, and both its coordinates move
    with that grade of the cell that the line meets last.

    Returns
    -------
    births, deaths : tuples (values, axes, factors) of ndarrays of shape (n_corners, 2)
        The grade that a coordinate follows (infinite where it follows none), which of the two
        parameters that is, and the derivative of the coordinate in it.
    """
    box, scale, offsets, presentations = _on_lines(
        simplices, grades, homology_dimensions, box, n_lines, max_error
    )
    found = [], []
    for module in presentations.values():
        bars = traces(module, offsets)
        corners = _corners(*bars, offsets, (box[1] - box[0]) / scale, 0.0)[:2]
        cells = module.generators, module.relations
        for parts, side, ends, met in zip(found, corners, bars, cells):
            parts.append(_followed(side, ends, offsets, met))
    joined = []
    for parts in found:
        values, axes = map(np.concatenate, zip(*parts))
        joined.append((values * scale[axes] + box[0][axes], axes, scale / scale[axes]))
    return tuple(joined)


def _followed(corners, bars, offsets, cells):
    """Values and axes of the grades that coordinates of corners are, by the bars they are from."""
    values, axes = np.full(corners.shape, np.inf), np.zeros(corners.shape, dtype=np.int64)
    for axis in range(2):
        finite = np.flatnonzero(np.isfinite(corners[:, axis]))
        # the very numbers that corners were made of, so that equality is exact
        coordinates = (bars - axis * offsets[:, None]).ravel()
        order = np.argsort(coordinates)
        at = order[np.searchsorted(coordinates[order], corners[finite, axis])]
        met = bars.ravel()[at]
        second = ~np.isin(met, cells[:, 0])
        values[finite, axis] = np.where(second, met - offsets[at // bars.shape[1]], met)
        axes[finite, axis] = second
    return values, axes


def line_offsets(extent, n_lines, max_error):
    """Offsets ``x - y`` of equally spaced lines through a box."""
    total = extent.sum()
    count = n_lines if max_error is None else int(np.ceil(total / max_error))
    return -extent[1] + (np.arange(count) + 0.5) * (total / count)


def finite_cells(simplices, grades):
    """Leave out cells that never enter; keep the vertices' names."""
    kept = [np.isfinite(g).all(axis=1) for g in grades]
    return [s[k] for s, k in zip(simplices, kept)], [g[k] for g, k in zip(grades, kept)]


def traces(presentation, offsets):
    """Births and deaths of every vine on every line: (n_lines, n_vines)."""
    n_generators, n_relations = len(presentation.generators), len(presentation.relations)
    values = np.concatenate([presentation.generators, presentation.relations])
    dimension = np.repeat([0, 1], [n_generators, n_relations]).astype(np.int32)
    local = np.concatenate([np.arange(n_generators), np.arange(n_relations)]).astype(np.int32)
    ptr = np.concatenate([np.zeros(n_generators, dtype=np.int32), presentation.ptr])
    key = np.maximum(values[:, 0], values[:, 1] + offsets[0])
    # ties, too, in an order that the numbering of the cells has no part in
    order = np.lexsort((values[:, 0], values[:, 1], dimension, key)).astype(np.int32)
    n_words = max(n_generators, n_relations) // 64 + 1
    births = np.full((len(offsets), len(values)), np.nan)
    deaths = np.full_like(births, np.nan)
    found, _ = vineyard(
        values, offsets, order, dimension, ptr, presentation.indices, local, n_words, births, deaths
    )
    return births[:, found == 0], deaths[:, found == 0]


def _corners(births, deaths, offsets, extent, shortest):
    """Corners of the intervals of all vines: births, deaths, birth_ptr, death_ptr."""
    tolerance = 1.1 * extent.sum() / len(offsets)  # corners this close are one
    n_vines = births.shape[1]
    corners = [np.empty((births.size, 2)) for _ in range(2)]
    pointers = [np.zeros(n_vines + 1, dtype=np.int64) for _ in range(2)]
    n_summands = kernels.trace_corners(
        births, deaths, offsets, extent, tolerance, float(shortest), *corners, *pointers
    )
    pointers = [ptr[: n_summands + 1] for ptr in pointers]
    return *(found[: ptr[-1]] for found, ptr in zip(corners, pointers)), *pointers


def _joined(parts, box, homology_dimensions):
    """`IntervalModules` of tuples (births, deaths, birth_ptr, death_ptr, dimension)."""
    births, deaths, birth_ptrs, death_ptrs, dimensions = zip(*parts)
    return IntervalModules(
        np.concatenate(births),
        np.concatenate(deaths),
        *(np.cumsum(np.concatenate([[0], *map(np.diff, p)])) for p in (birth_ptrs, death_ptrs)),
        np.repeat(dimensions, [len(ptr) - 1 for ptr in birth_ptrs]).astype(np.int32),
        np.asarray(box, dtype=np.float64),
        tuple(int(d) for d in homology_dimensions),
    )


def summand_weights(modules, weight, box):
    """Weight of every summand, clipped to a box.

    Parameters
    ----------
    modules : IntervalModules
    weight : {"interleaving", "volume", "constant"} or callable
        Longest diagonal bar (twice the interleaving distance to zero), area, 1, or
        ``weight(births, deaths) -> float``.
    box : ndarray of shape (2, 2)

    Returns
    -------
    weights : ndarray of shape (n_summands,)
    """
    function = _weight_function(weight, np.ascontiguousarray(box[0]), np.ascontiguousarray(box[1]))
    weights = [function(*modules.corners(i)) for i in range(len(modules))]
    return real_array(weights, "weight: what it returned")


def _weight_function(weight, low, high):
    """Function of the corners of a module that a weight's name stands for."""
    if weight == "interleaving":
        return lambda births, deaths: kernels.longest_diagonal(births, deaths, low, high)
    if weight == "volume":
        return lambda births, deaths: kernels.area(births, deaths, low, high)
    if weight == "constant":
        return lambda births, deaths: 1.0
    return weight


def tcdr(
    modules,
    grid,
    *,
    delta=0.1,
    interval_kernel="interleaving",
    weight="interleaving",
    weight_power=1.0,
    op="mean",
    k=(0,),
    box=None,
):
    """T-CDR image of a decomposed module: ``op({w(M_i)^p phi(M_i)})``.

    Parameters
    ----------
    modules : IntervalModules
        Of one homology dimension.
    grid : sequence of two ndarrays
    delta : float, default=0.1
        Half the side of the square around each grid point, or the bandwidth of "gaussian" and
        "exponential".
    interval_kernel : {"interleaving", "volume", "rectangle", "gaussian", "exponential"}, \
            default="interleaving"
        Representation of an interval near a point: its longest diagonal bar, its area or its
        largest rectangle inside the square, each relative to the square; or a function of the
        distance to the interval.
    weight : {"interleaving", "volume", "constant"} or callable, default="interleaving"
    weight_power : float, default=1.0
        p; infinity takes the maximum of the representations.
    op : {"mean", "sum", "max", "largest"}, default="mean"
        "mean" divides the sum by that of the ``w^p``: the S-CDR of the paper. "largest" has one
        image per entry of `k`.
    k : sequence of int, default=(0,)
        Which of the largest values at every point; 0 is the largest.
    box : array-like of shape (2, 2), default=None
        Box for the weights; None takes that of the modules.

    Returns
    -------
    image : ndarray of shape (len(grid[0]), len(grid[1])), with op="largest" (len(k), ...)

    References
    ----------
    .. [1] Loiseaux, Carrière, Blumberg. "A Framework for Fast and Stable Representations of
           Multiparameter Persistent Homology Decompositions." NeurIPS 2023, arXiv:2306.11170,
           definition of S-CDR.
    """
    _check_modules(modules)
    check_positive(delta, "delta")
    check_choice(interval_kernel, "interval_kernel", INTERVAL_KERNELS)
    check_choice(op, "op", ("mean", "sum", "max", "largest"))
    if not callable(weight):
        check_choice(weight, "weight", WEIGHTS)
    if not isinstance(weight_power, Real) or not weight_power >= 0:
        raise ValueError(f"weight_power must be a non-negative number, got {weight_power!r}.")
    if op == "largest":
        k = check_dimensions(k, "k")
    parameters = {
        "vectorization": "tcdr",
        "interval_kernel": interval_kernel,
        "delta": delta,
        "bandwidth": delta,
        "weight": weight,
        "weight_power": weight_power,
        "op": op,
        "k": k,
    }
    box = modules.box if box is None else check_box(box)
    images = _images(modules, grid, box, module_recipe(parameters))
    return images if op == "largest" else images[0]


def landscapes(modules, grid, k=(0, 1, 2)):
    """Multiparameter persistence landscapes of a decomposed module.

    Parameters
    ----------
    modules : IntervalModules
        Of one homology dimension.
    grid : sequence of two ndarrays
    k : sequence of int, default=(0, 1, 2)
        Which landscapes; 0 is the largest.

    Returns
    -------
    images : ndarray of shape (len(k), len(grid[0]), len(grid[1]))

    References
    ----------
    .. [1] Vipond. "Multiparameter Persistence Landscapes." JMLR 21, 2020.
    """
    _check_modules(modules)
    parameters = {"vectorization": "landscape", "k": check_dimensions(k, "k")}
    return _images(modules, grid, modules.box, module_recipe(parameters))


def persistence_image(modules, grid, *, bandwidth=0.1, box=None):
    """Multiparameter persistence image: Gaussians of the distance to each summand, by area.

    Parameters
    ----------
    modules : IntervalModules
        Of one homology dimension.
    grid : sequence of two ndarrays
    bandwidth : float, default=0.1
    box : array-like of shape (2, 2), default=None

    Returns
    -------
    image : ndarray of shape (len(grid[0]), len(grid[1]))

    References
    ----------
    .. [1] Carrière, Blumberg. "Multiparameter Persistence Images for Topological Machine
           Learning." NeurIPS 2020.
    """
    _check_modules(modules)
    check_positive(bandwidth, "bandwidth")
    box = modules.box if box is None else check_box(box)
    recipe = module_recipe({"vectorization": "image", "bandwidth": bandwidth})
    return _images(modules, grid, box, recipe)[0]


def module_features(modules, grid, box, parameters):
    """Images of one sample, one after the other, by the vectoriser's parameters.

    Parameters
    ----------
    modules : IntervalModules
        Of one homology dimension, in the unit of the grid.
    grid : sequence of two ndarrays
    box : ndarray of shape (2, 2)
    parameters : dict
        ``vectorization`` ("tcdr", "landscape" or "image") and what belongs to it.

    Returns
    -------
    features : ndarray of shape (n_features,)
    """
    images = _images(modules, grid, box, module_recipe(parameters))
    if parameters["vectorization"] == "landscape":
        # a summand that fills the plane is as deep as the box lets one see
        depth = np.minimum(*np.meshgrid(*(v - low for v, low in zip(grid, box[0])), indexing="ij"))
        images = np.where(np.isinf(images), np.maximum(depth, 0.0), images)
    return images.ravel()


def module_recipe(parameters):
    """What `module_features` puts together: kind, scale, weight, power, op and k."""
    recipe = {"weight": "constant", "power": 1.0, "op": "sum", "k": (0,)}
    if parameters["vectorization"] == "landscape":
        kind, scale, op = kernels.LANDSCAPE, 1.0, "largest"
        return {**recipe, "kind": kind, "scale": scale, "op": op, "k": parameters["k"]}
    if parameters["vectorization"] == "image":
        # exp(-d^2 / s^2), the convention of the paper
        scale = parameters["bandwidth"] / np.sqrt(2.0)
        return {**recipe, "kind": kernels.GAUSSIAN, "scale": scale, "weight": "volume"}
    by_distance = parameters["interval_kernel"] in ("gaussian", "exponential")
    recipe["kind"] = INTERVAL_KERNELS[parameters["interval_kernel"]]
    recipe["scale"] = parameters["bandwidth" if by_distance else "delta"]
    recipe["weight"], recipe["op"] = parameters["weight"], parameters["op"]
    recipe["power"] = parameters["weight_power"]
    if np.isinf(recipe["power"]):
        recipe["power"] = 0.0
        recipe["op"] = "largest" if recipe["op"] == "largest" else "max"
    if recipe["op"] == "largest":
        recipe["k"] = parameters["k"]
    return {**recipe, "op": "largest"} if recipe["op"] == "max" else recipe


def _check_modules(modules):
    if not isinstance(modules, IntervalModules):
        raise TypeError(f"modules must be IntervalModules, got {type(modules).__name__}.")


def summand_powers(modules, recipe, box):
    """Weights of the summands to their power, and the weights: two arrays (n_summands,)."""
    weights = summand_weights(modules, recipe["weight"], box)
    largest = weights.max(initial=0.0)
    unit = largest if recipe["op"] == "mean" and largest > 0 else 1.0
    with np.errstate(over="ignore"):
        return (weights / unit) ** recipe["power"], weights


def _images(modules, grid, box, recipe):
    """Images of a recipe, one per entry of k: (n_images, len(grid[0]), len(grid[1]))."""
    grid = [np.ascontiguousarray(values) for values in check_grid(grid, 2)]
    powers, _ = summand_powers(modules, recipe, box)
    images = np.zeros((max(recipe["k"]) + 1, len(grid[0]), len(grid[1])))
    kernels.interval_images(
        np.ascontiguousarray(modules.births),
        np.ascontiguousarray(modules.deaths),
        modules.birth_ptr,
        modules.death_ptr,
        powers,
        recipe["kind"],
        kernels.LARGEST if recipe["op"] == "largest" else kernels.SUM,
        float(recipe["scale"]),
        *grid,
        images,
    )
    if recipe["op"] == "mean" and powers.sum() > 0:
        images /= powers.sum()
    return images[list(recipe["k"])]
