"""What the room's functions take, checked at their door: measures, grids, complexes."""

from numbers import Integral, Real

import numpy as np

from skgeom._core.checks import real_array

# outside of these magnitudes squares overflow, or vanish
SMALLEST, LARGEST = 1e-100, 1e100
LARGEST_WEIGHT = 2**31 - 1  # of an atom, an int32


def check_magnitude(values, what):
    """Refuse finite numbers whose squares would overflow."""
    large = (np.abs(values) > LARGEST) & np.isfinite(values)
    if large.any():
        raise ValueError(
            f"{what} must not exceed {LARGEST:g} in magnitude, got {values[large][0]:g}; change "
            "the unit."
        )
    return values


def check_whole(values, what, largest=LARGEST_WEIGHT):
    """Whole numbers as int64."""
    values = np.asarray(values)
    if values.dtype.kind not in "iub":
        values = real_array(values, what)
    with np.errstate(invalid="ignore"):  # infinity has no remainder
        wrong = ~((values >= -largest) & (values <= largest) & (values % 1 == 0))
    if wrong.any():
        raise ValueError(
            f"{what} must be whole numbers of at most {largest} in magnitude, got "
            f"{values[wrong][0]}."
        )
    return values.astype(np.int64, copy=False)


def check_measure(points, weights, what, n_parameters=None, *, whole=True):
    """A signed measure as float64 points of shape (n_atoms, n_parameters), and its weights.

    Parameters
    ----------
    points : array-like of shape (n_atoms, n_parameters)
    weights : array-like of shape (n_atoms,)
    what : str
        Name for messages.
    n_parameters : int or None
        Number of columns that is expected, also of a measure without atoms.
    whole : bool, default=True
        Whether weights must be whole numbers; they are returned as int64 then.
    """
    points, weights = real_array(points, f"{what}: points"), np.asarray(weights)
    if points.size == 0 and points.ndim < 2:
        points = points.reshape(0, n_parameters or 0)
    if points.ndim != 2 or weights.shape != (len(points),):
        raise ValueError(
            f"{what}: points must have shape (n_atoms, n_parameters) and weights (n_atoms,), "
            f"got {points.shape} and {weights.shape}."
        )
    if n_parameters is not None and points.shape[1] != n_parameters:
        if len(points):
            raise ValueError(
                f"{what}: the atoms have {points.shape[1]} parameters, expected {n_parameters}."
            )
        points = points.reshape(0, n_parameters)
    if np.isnan(points).any() or np.isneginf(points).any():
        raise ValueError(f"{what}: an atom is at NaN or minus infinity.")
    check_magnitude(points, f"{what}: points")
    if len(weights) == 0:
        return points, np.empty(0, dtype=np.int64 if whole else np.float64)
    if whole:
        return points, check_whole(weights, f"{what}: weights")
    weights = check_magnitude(real_array(weights, f"{what}: weights"), f"{what}: weights")
    if not np.isfinite(weights).all():
        raise ValueError(f"{what}: weights must be finite numbers.")
    return points, weights


def check_grid(grid, n_parameters=None):
    """Increasing, finite values per parameter: list of float64 arrays."""
    grid = [real_array(values, f"grid, parameter {axis}") for axis, values in enumerate(grid)]
    if not grid or (n_parameters is not None and len(grid) != n_parameters):
        raise ValueError(f"grid has {len(grid)} axes for {n_parameters or 'some'} parameters.")
    for axis, values in enumerate(grid):
        increases = values.ndim == 1 and len(values) > 0 and (np.diff(values) > 0).all()
        if not increases or not np.isfinite(values).all():
            raise ValueError(f"grid: the values of parameter {axis} must increase and be finite.")
        check_magnitude(values, f"grid, parameter {axis}")
    return grid


def check_complex(simplices, grades, n_parameters=None):
    """A filtered complex as arrays by dimension; faces are there, and no later than cells."""
    simplices = [np.asarray(cells) for cells in simplices]
    grades = [real_array(values, f"grades[{k}]") for k, values in enumerate(grades)]
    if not simplices or len(simplices) != len(grades):
        raise ValueError(
            f"simplices and grades have one array per dimension, got {len(simplices)} and "
            f"{len(grades)}."
        )
    n_parameters = n_parameters or grades[0].shape[-1]
    for k, (cells, values) in enumerate(zip(simplices, grades)):
        if cells.size == 0:
            cells = simplices[k] = np.empty((0, k + 1), dtype=np.int64)
            values = grades[k] = values.reshape(0, n_parameters)
        if cells.shape != (len(cells), k + 1) or values.shape != (len(cells), n_parameters):
            raise ValueError(
                f"simplices[{k}] must have shape (n_simplices, {k + 1}) and grades[{k}] "
                f"(n_simplices, {n_parameters}), got {cells.shape} and {values.shape}."
            )
        if cells.dtype.kind not in "iu" or (np.diff(cells, axis=1) <= 0).any():
            raise ValueError(f"simplices[{k}] must hold integers that increase within a row.")
        if np.isnan(values).any():
            raise ValueError(f"grades[{k}] contains NaN.")
        check_magnitude(values, f"grades[{k}]")
        if k:
            _check_faces(simplices[k - 1], grades[k - 1], cells, values)
    return simplices, grades


def _check_faces(faces, face_grades, cells, grades):
    numbers = {tuple(face): i for i, face in enumerate(faces.tolist())}
    k = cells.shape[1] - 1
    for column in range(k + 1):
        found = [numbers.get(tuple(f), -1) for f in np.delete(cells, column, axis=1).tolist()]
        if -1 in found:
            row = found.index(-1)
            raise ValueError(f"simplices[{k}], row {row}: a face is not in simplices[{k - 1}].")
        if len(found) and (face_grades[found] > grades).any():
            row = int(np.argmax((face_grades[found] > grades).any(axis=1)))
            raise ValueError(f"grades[{k}], row {row}: the cell enters before one of its faces.")


def check_dimension(dimension, name="homology_dimension"):
    """A non-negative integer."""
    if not isinstance(dimension, Integral) or dimension < 0:
        raise ValueError(f"{name} must be a non-negative integer, got {dimension!r}.")
    return int(dimension)


def check_dimensions(dimensions, name="homology_dimensions"):
    """At least one non-negative integer: tuple of int."""
    numbers = tuple(dimensions) if np.ndim(dimensions) == 1 else ()
    if not numbers or any(
        not isinstance(d, Integral) or isinstance(d, bool) or d < 0 for d in numbers
    ):
        raise ValueError(f"{name} must hold at least one non-negative integer, got {dimensions!r}.")
    return tuple(int(d) for d in numbers)


def check_positive(value, name, kind=Real):
    """A positive finite number of some kind."""
    if not isinstance(value, kind) or isinstance(value, bool) or not 0 < value < np.inf:
        raise ValueError(f"{name} must be a positive {kind.__name__.lower()}, got {value!r}.")
    return value


def check_box(box):
    """Smallest and largest value of two parameters: (2, 2)."""
    box = real_array(box, "box")
    if box.shape != (2, 2) or not np.isfinite(box).all() or (box[0] > box[1]).any():
        raise ValueError(
            "box must hold the smallest values, then the largest: finite, of shape (2, 2); "
            f"got {box.tolist()}."
        )
    return check_magnitude(box, "box")


def check_line(point, direction, n_parameters):
    """Point and positive direction of a line."""
    point, direction = real_array(point, "point"), real_array(direction, "direction")
    for name, value in (("point", point), ("direction", direction)):
        check_magnitude(value, name)
        if value.shape != (n_parameters,) or not np.isfinite(value).all():
            raise ValueError(f"{name} must be {n_parameters} finite numbers, got {value}.")
    if not (direction > 0).all():
        raise ValueError(f"direction must be positive in every parameter, got {direction}.")
    return point, direction


def check_choice(value, name, choices):
    """One of some names."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}.")
    return value
