"""Shapes to signed measures: the topological half of the vectoriser."""

from itertools import pairwise
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._core.checks import check_shapes, real_array
from skgeom._core.estimator import DocLinkMixin
from skgeom._core.parallel import parallel_map
from skgeom.topology import _shapes
from skgeom.topology._alpha import (
    alpha_complex,
    alpha_measures,
    euler_measure,
    lower_star,
)
from skgeom.topology._checks import LARGEST, SMALLEST, check_dimensions
from skgeom.topology._complexes import image_complex, rips_complex
from skgeom.topology._cost import cloud_cost, image_cost
from skgeom.topology._cubical import cubical_euler, cubical_measures
from skgeom.topology._degree_rips import degree_rips_measures
from skgeom.topology._delaunay import delaunay_measures
from skgeom.topology._delaunay_complex import delaunay_complex
from skgeom.topology._fibered import fibered_barcodes
from skgeom.topology._forest import GraphBatch, graph_cells, graph_measures
from skgeom.topology._functions import (
    NODE_FUNCTIONS,
    PARAMETERS,
    POINT_FUNCTIONS,
    node_values,
    point_values,
)
from skgeom.topology._kernels import farthest_points
from skgeom.topology._measures import DEFAULT_ROWS, aggregate, by_last_parameter, round_up_rows
from skgeom.topology._modules import corner_grades, decompose_complex
from skgeom.topology._precomputed import complex_measures
from skgeom.topology._pull_back import function_gradient, radii_gradient, values_gradient
from skgeom.topology._rank import ends, is_rank, sample_rank_measure
from skgeom.topology._rips import distance_matrix, rips_euler, rips_measures

POINT_FILTRATIONS = ("rips", "alpha", "delaunay", "degree_rips")
MATRIX_FILTRATIONS = ("rips", "degree_rips")
CELLWISE = ("rank", "mma", "fibered")  # invariants that need every cell
DEFAULT_RANK = 16
FILTRATIONS = (*POINT_FILTRATIONS, "cubical", "graph", "precomputed")


class BifiltrationTransformer(DocLinkMixin, TransformerMixin, BaseEstimator):
    """Turn shapes into signed measures of their two-parameter persistent homology.

    Each sample is filtered by two (or more) parameters at once; the Hilbert function of the
    filtration counts, for every pair of thresholds, the components, loops or cavities that are
    there. Its Möbius inverse is a signed measure: finitely many points with integer weights.

    Parameters
    ----------
    filtration : {"rips", "alpha", "delaunay", "degree_rips", "cubical", "graph", \
            "precomputed"}, default="rips"
        What a sample is, and how it is filtered.

        - "rips", "alpha", "delaunay": a point cloud, array of shape (n_points, n_coordinates).
          First parameter: edge length (rips), or radius (the others, which take one, two or
          three coordinates); second: a function on the points. "alpha" filters one alpha
          complex by the later of a cell's points; "delaunay" has the alpha complex of every
          sublevel set, hence the union of the balls around its points, at some more cost; of
          points in space its components are exact and the rest is by rows
          (`filtration_resolution`).
        - "degree_rips": a point cloud; edge length, and minus the number of neighbours within it
          that a point needs to be there. No function.
        - "cubical": an image (height, width, n_channels), one parameter per channel; or a volume
          (depth, height, width, n_channels).
        - "graph": an adjacency matrix (sparse or dense), a pair (sparse adjacency or edges of
          shape (n_edges, 2), node values), a triple (edges, node values, edge values), or a
          networkx graph. One parameter per node function; an edge enters with the later of
          its nodes. Graphs are undirected; loops and repeated edges are left out; weights
          matter to "degree", "hks" and "fiedler" only. Of an adjacency matrix that isn't
          symmetric the entry above the diagonal counts where both are there.
        - "precomputed": a pair (``gudhi.SimplexTree``, vertex values): the tree's filtration and
          the lower star of the values; a pair (simplices, grades) of arrays by dimension; or a
          simplex tree or chain complex of another library that lists its simplices with vectors
          of grades (``get_simplices``, or ``get_boundaries`` and ``get_filtrations``).
    function : str, callable or list of them, default="kde"
        Second parameter of point clouds: "kde" (negative log density), "dtm" (distance to
        measure), "knn" (mean distance to neighbours), "eccentricity", "precomputed" (samples are
        pairs (points, values)) or ``f(points) -> (n_points,)``. A list of several functions
        makes three or more parameters: "rips" and "delaunay" have components then, "alpha" loops
        in the plane as well. Graphs take a list with one entry per parameter
        out of "degree" (its inverse), "hks" (heat kernel signature), "closeness", "fiedler"
        (squared Fiedler vector) and ``f(adjacency) -> (n_nodes,)``; or "precomputed". Other
        filtrations don't use it.
    function_params : dict, list of dict or None, default=None
        ``bandwidth`` of "kde" (negative: fraction of the fitted diameter; default -0.1), ``mass``
        of "dtm" (0.1), ``k`` of "knn" (10), ``t`` of "hks" (10.0). A list has one dict per
        function. For networkx graphs with "precomputed", ``attributes`` names the node
        attributes.
    homology_dimensions : tuple of int, default=(0, 1)
        0 counts components, 1 loops, 2 cavities.
    invariant : {"hilbert", "euler", "rank", "mma", "fibered"}, default="hilbert"
        "hilbert" and "euler" take any number of parameters; "euler" gives one measure, of the
        Euler characteristic (for "rips" and "degree_rips", that of the 2-skeleton). The others
        take two parameters, and every filtration but "degree_rips" ("delaunay" in the plane):
        "rank" the signed measure of the rank invariant, on pairs of a birth and a death; "mma" an
        approximate decomposition of the module into intervals; "fibered" the ordinary barcodes
        along `n_lines` lines.
    metric : {"euclidean", "precomputed"}, default="euclidean"
        "precomputed": samples of "rips" are distance matrices.
    dual : bool, default=False
        For images: False joins pixels that share a side, True those that share a corner
        (pixels are closed squares).
    filtration_resolution : int or None, default=None
        Number of values to which the second parameter is rounded up before homology is computed.
        None is exact wherever there is a direct way (components; everything on graphs, images,
        alpha complexes, and "delaunay" in the plane; all of "mma" and "fibered"), and 50 for the
        rest. For "degree_rips", the number of degrees 0, 1, 2, ...; None is 50. For "rank", the
        values of both parameters; None is 16.
    threshold : float or None, default=None
        Longest edge of "rips" and "degree_rips"; negative: fraction of the fitted diameter.
    max_points : int or None, default=None
        Replace larger point clouds by this many farthest-point landmarks. Every filtration value
        moves by at most the covering radius. The function is evaluated on the whole cloud.
    n_lines : int, default=100
        Lines along which "mma" and "fibered" compute barcodes.
    max_error : float or None, default=None
        Distance of these lines as a fraction of the fitted box, in place of `n_lines`.
    n_jobs : int or None, default=None
        Threads over samples.
    random_state : int, RandomState instance or None, default=None
        First landmark.

    Attributes
    ----------
    n_parameters_ : int
        Number of parameters of the filtration.
    diameter_ : float
        Largest diagonal of a bounding box (largest distance) among the training samples; point
        clouds only.
    function_params_ : list of dict
        Resolved parameters, one dict per function.
    threshold_ : float
        Resolved longest edge.
    filtration_box_ : ndarray of shape (2, 2)
        Smallest and largest grade of each parameter; only with "mma" and "fibered".

    References
    ----------
    .. [1] Loiseaux, Scoccola, Carrière, Botnan, Oudot. "Stable Vectorization of Multiparameter
           Persistent Homology using Signed Barcodes as Measures." NeurIPS 2023,
           arXiv:2306.03801.
    .. [2] Sibson. "SLINK: an optimally efficient algorithm for the single-link cluster method."
           The Computer Journal 16, 1973.
    .. [3] Loiseaux, Carrière, Blumberg. "Multi-parameter Module Approximation: an efficient and
           interpretable invariant for multi-parameter persistence modules with guarantees."
           arXiv:2206.02026.
    .. [4] Delfinado, Edelsbrunner. "An incremental algorithm for Betti numbers of simplicial
           complexes on the 3-sphere." Computer Aided Geometric Design 12, 1995.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.topology import BifiltrationTransformer
    >>> two_points = [(np.array([[0.0], [3.0]]), np.array([1.0, 2.0]))]
    >>> transformer = BifiltrationTransformer(function="precomputed", homology_dimensions=(0,))
    >>> points, weights = transformer.fit_transform(two_points)[0][0]
    >>> points
    array([[0., 1.],
           [0., 2.],
           [3., 2.]])
    >>> weights
    array([ 1,  1, -1], dtype=int32)
    """

    _parameter_constraints = {
        "filtration": [StrOptions(set(FILTRATIONS))],
        "function": [
            StrOptions({*POINT_FUNCTIONS, *NODE_FUNCTIONS, "precomputed"}),
            callable,
            list,
            tuple,
        ],
        "function_params": [dict, list, None],
        "homology_dimensions": ["array-like"],
        "invariant": [StrOptions({"hilbert", "euler", *CELLWISE})],
        "metric": [StrOptions({"euclidean", "precomputed"})],
        "dual": ["boolean"],
        "filtration_resolution": [Interval(Integral, 1, None, closed="left"), None],
        "threshold": [Interval(Real, None, None, closed="neither"), None],
        "max_points": [Interval(Integral, 1, None, closed="left"), None],
        "n_lines": [Interval(Integral, 1, None, closed="left")],
        "max_error": [Interval(Real, 0, None, closed="neither"), None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        filtration="rips",
        function="kde",
        function_params=None,
        homology_dimensions=(0, 1),
        invariant="hilbert",
        metric="euclidean",
        dual=False,
        filtration_resolution=None,
        threshold=None,
        max_points=None,
        n_lines=100,
        max_error=None,
        n_jobs=None,
        random_state=None,
    ):
        self.filtration = filtration
        self.function = function
        self.function_params = function_params
        self.homology_dimensions = homology_dimensions
        self.invariant = invariant
        self.metric = metric
        self.dual = dual
        self.filtration_resolution = filtration_resolution
        self.threshold = threshold
        self.max_points = max_points
        self.n_lines = n_lines
        self.max_error = max_error
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = self.filtration != "graph"
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the scale of the training samples (diameter, number of parameters).

        Parameters
        ----------
        X : sequence of shapes
            See `filtration`.
        y : None
            Ignored.

        Returns
        -------
        self : BifiltrationTransformer
        """
        self._learn(self._unpack(X))
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Fit, and return the signed measures of the training samples (see `transform`)."""
        shapes = self._unpack(X)
        complexes = self._learn(shapes)
        return self._invariants(shapes, complexes)

    def transform(self, X):
        """Compute the signed measures of every sample.

        Parameters
        ----------
        X : sequence of shapes

        Returns
        -------
        measures : list of dict, of IntervalModules ("mma") or of FiberedBarcodes ("fibered")
            Per sample: homology dimension (or "euler", "rank0", "rank1", ...) -> (points,
            weights), of shapes (n_atoms, n_parameters) and (n_atoms,), float64 and int32. Equal
            points are added up; points are sorted. Those of ranks have a birth and a death, twice
            as many coordinates.
        """
        check_is_fitted(self)
        shapes = self._unpack(X)
        self._check_like_fitted(shapes)
        return self._invariants(shapes)

    def complexes(self, X):
        """The filtered complexes themselves, for all filtrations but "degree_rips".

        Squares and cubes of images are cut into simplices, which changes no homology.

        Parameters
        ----------
        X : sequence of shapes

        Returns
        -------
        complexes : list of (simplices, grades)
            By dimension: vertices of shape (n_simplices, dimension + 1), and grades of shape
            (n_simplices, n_parameters).
        """
        check_is_fitted(self)
        self._check_complex()
        shapes = self._unpack(X)
        self._check_like_fitted(shapes)
        return self._complexes(shapes)

    def estimate_cost(self, X):
        """Cells and memory that every sample will take, before anything is computed.

        Needs no fit. Upper bounds or usual numbers, good for finding the samples that need
        `threshold`, `max_points` or `filtration_resolution`; a threshold is not looked at.

        Parameters
        ----------
        X : sequence of shapes

        Returns
        -------
        cost : dict of str -> ndarray of shape (n_samples,)
            "cells": simplices that are listed, or pairs of points that are looked at;
            "megabytes": of the largest arrays.
        """
        shapes = self._unpack(X)
        top = max(self.homology_dimensions) + 1
        if self.filtration == "graph":
            cells = np.diff(shapes.node_ptr) + np.diff(shapes.edge_ptr)
            sizes = [(count, 100.0 * count) for count in cells]
        elif self.filtration == "cubical":
            sizes = [image_cost(image.shape[:-1], self.dual) for image in shapes]
        elif self.filtration == "precomputed":
            counts = [sum(map(len, simplices)) for simplices, _ in shapes]
            sizes = [(count, 100.0 * count) for count in counts]
        else:
            limit = self.max_points or np.inf
            sizes = [
                cloud_cost(
                    self.filtration,
                    int(min(len(points), limit)),
                    points.shape[1],
                    top,
                    self.invariant in CELLWISE,
                )
                for points, _ in shapes
            ]
        cells, size = np.array(sizes, dtype=np.float64).reshape(-1, 2).T
        return {"cells": cells, "megabytes": size / 1e6}

    def gradient(self, X, slopes):
        """Vector-Jacobian product of `transform`, for signed measures and for "mma".

        Where the order of the grades is fixed, every coordinate of an atom is a grade of one
        cell, and every corner of an interval moves with one; where grades tie it is one element
        of the generalised derivative.

        Parameters
        ----------
        X : sequence of shapes
        slopes : list of dict, or of pairs of ndarrays
            Per sample: key -> array of shape (n_atoms, n_parameters), the gradient in the atoms
            that `transform` returns; of modules, those in births and deaths, (n_corners, 2).

        Returns
        -------
        gradients : list of ndarrays, or of pairs of ndarrays
            Per sample, in the shape of what moves: points (n_points, n_coordinates), an image,
            node values (n_nodes, n_parameters); with ``function="precomputed"`` on point clouds a
            pair, in the points and in their values (n_points, n_functions).

        References
        ----------
        .. [1] Scoccola, Setlur, Loiseaux, Carrière, Oudot. "Differentiability and Optimization of
               Multiparameter Persistent Homology." ICML 2024, arXiv:2406.07224.
        """
        check_is_fitted(self)
        self._check_differentiable()
        shapes = self._unpack(X)
        self._check_like_fitted(shapes)
        if self.filtration == "graph" and shapes.edge_values is not None:
            raise ValueError(
                "gradient needs graphs whose edges enter with the later of their nodes."
            )
        if self.invariant == "mma":
            found, match = parallel_map(self._corners, self._complexes(shapes)), _matched_corners
        else:
            found, match = self._invariants(shapes), _matched
        if len(slopes) != len(found):
            raise ValueError(f"slopes has {len(slopes)} entries for {len(found)} samples.")
        atoms = [match(m, g, i) for i, (m, g) in enumerate(zip(found, slopes))]
        return self._pulled_back(shapes, atoms)

    def _pulled_back(self, shapes, atoms):
        """`gradient` for samples with all atoms (points, slopes) of one sample together."""
        if self.filtration == "graph":
            borders = shapes.node_ptr[1:-1]
            values = np.split(shapes.values, borders)
            return [values_gradient(*pair, v) for pair, v in zip(atoms, values)]
        if self.filtration == "cubical":
            flat = [image.reshape(-1, image.shape[-1]) for image in shapes]
            found = [values_gradient(*pair, table) for pair, table in zip(atoms, flat)]
            return [g.reshape(image.shape) for g, image in zip(found, shapes)]
        numbered = list(enumerate(zip(shapes, atoms)))
        return parallel_map(self._cloud_gradient, numbered, n_jobs=self.n_jobs)

    def _cloud_gradient(self, numbered):
        index, (shape, (atoms, slopes)) = numbered
        points, values, _ = self._valued_points((index, shape))
        gradient = radii_gradient(self.filtration, atoms[:, 0], slopes[:, 0], points, values[:, 0])
        in_values = values_gradient(atoms[:, 1:], slopes[:, 1:], values)
        if self._given_values():
            return gradient, in_values
        for function, parameters, column in zip(
            self._functions(), self.function_params_, in_values.T
        ):
            gradient = gradient + function_gradient(function, parameters, points, column)
        return gradient

    def _check_differentiable(self):
        reason = None
        if self.invariant == "fibered":
            reason = "measures or modules, invariant='fibered' has barcodes"
        elif self.filtration in ("degree_rips", "precomputed") or self.metric == "precomputed":
            reason = "points, images or graphs with node values"
        elif self.filtration == "graph" and not self._given_values():
            reason = "function='precomputed' for graphs"
        elif any(callable(function) for function in self._functions()):
            reason = "functions with a known derivative, which callables have not"
        elif self.max_points is not None:
            reason = "max_points=None"
        elif (
            self.filtration == "delaunay"
            and self._n_coordinates == 3
            and (self._dimensions() != [0] or self.invariant == "euler")
        ):
            reason = "components alone, for 'delaunay' in space"
        if reason is not None:
            raise ValueError(f"gradient needs {reason}.")

    # -- fit

    def _unpack(self, X):
        samples = check_shapes(X)
        self._check_combination()
        if self.filtration in POINT_FILTRATIONS:
            return _shapes.point_clouds(
                samples, with_values=self._given_values(), metric=self.metric
            )
        if self.filtration == "cubical":
            return _shapes.images(samples)
        if self.filtration == "precomputed":
            return _shapes.complexes(samples)
        attributes = None
        if isinstance(self.function_params, dict):
            attributes = self.function_params.get("attributes")
        return _shapes.graphs(samples, with_values=self._given_values(), attributes=attributes)

    def _given_values(self):
        return isinstance(self.function, str) and self.function == "precomputed"

    def _functions(self):
        """Names or callables, one per parameter that a function supplies."""
        without = ("cubical", "precomputed", "degree_rips")
        if self.filtration in without or self._given_values():
            return []
        return list(self.function) if isinstance(self.function, (list, tuple)) else [self.function]

    def _check_combination(self):
        dimensions = list(check_dimensions(self.homology_dimensions))
        if len(set(dimensions)) != len(dimensions):
            raise ValueError(f"homology_dimensions repeats itself: {self.homology_dimensions!r}.")
        only = {
            "metric": (self.metric != "euclidean", MATRIX_FILTRATIONS),
            "dual": (self.dual, ("cubical",)),
            "threshold": (self.threshold is not None, MATRIX_FILTRATIONS),
            "max_points": (self.max_points is not None, POINT_FILTRATIONS),
        }
        for name, (used, filtrations) in only.items():
            if used and self.filtration not in filtrations:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} has no meaning for "
                    f"filtration={self.filtration!r}, only for {', '.join(filtrations)}."
                )
        if self.invariant in CELLWISE:
            self._check_complex()
        self._check_functions()

    def _check_complex(self):
        if self.filtration == "degree_rips":
            raise ValueError(
                "filtration='degree_rips' has cells that enter at several grades, and so no "
                f"complex to list; invariant must be 'hilbert' or 'euler', got {self.invariant!r}."
            )

    def _check_functions(self):
        functions = self._functions()
        if not functions and not isinstance(self.function, (list, tuple)):
            return
        on_graph = self.filtration == "graph"
        known = NODE_FUNCTIONS if on_graph else POINT_FUNCTIONS
        for function in functions:
            if not callable(function) and function not in known:
                raise ValueError(
                    f"function={function!r} is not known for filtration={self.filtration!r}; "
                    f"take one of {', '.join(known)}, 'precomputed' or a callable."
                )
        if on_graph and len(functions) < 2:
            raise ValueError(
                "filtration='graph' needs one function per parameter, at least two, for example "
                f"function=['degree', 'hks']; got {self.function!r}."
            )
        if not on_graph and len(functions) < 1:
            raise ValueError(f"filtration={self.filtration!r} takes a function, got none.")

    def _learn(self, shapes):
        self.n_parameters_ = self._count_parameters(shapes)
        if self.n_parameters_ < 2:
            raise ValueError(
                f"The samples come with {self.n_parameters_} parameter (channel, node value); "
                "two or more are needed."
            )
        if self.filtration in POINT_FILTRATIONS:
            sizes = [self._diameter(points) for points, _ in shapes]
            self.diameter_ = max(sizes)
            widths = [points.shape[1] for points, _ in shapes if len(points)]
            self._n_coordinates = widths[0] if widths and self.metric == "euclidean" else None
            self._check_coordinates(shapes)
        if self.filtration == "cubical":
            self._n_axes = shapes[0].ndim - 1
        self.function_params_ = self._resolve_parameters()
        threshold = np.inf if self.threshold is None else float(self.threshold)
        self.threshold_ = threshold if threshold >= 0 else -threshold * self.diameter_
        self._seed = 0
        if self.max_points is not None:
            self._seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        self._check_many_parameters()
        if self.invariant not in CELLWISE:
            return None
        if self.n_parameters_ != 2:
            raise ValueError(
                f"invariant={self.invariant!r} takes two parameters, got {self.n_parameters_}."
            )
        complexes = self._complexes(shapes)
        self.filtration_box_ = _box_of(complexes)
        return complexes

    def _check_many_parameters(self):
        """What three or more parameters have, for filtrations of point clouds."""
        if self.n_parameters_ == 2 or self.filtration not in POINT_FILTRATIONS:
            return
        planar = self.filtration == "alpha" and self._n_coordinates in (1, 2)
        if self.invariant != "hilbert" or max(self.homology_dimensions) > planar:
            raise ValueError(
                f"filtration={self.filtration!r} with {self.n_parameters_} parameters has "
                f"homology_dimensions={'(0, 1)' if planar else '(0,)'} and invariant='hilbert' "
                f"only, got {self.homology_dimensions!r} and {self.invariant!r}."
            )

    def _check_coordinates(self, shapes):
        """What alpha complexes take: at most three coordinates."""
        if self.filtration in MATRIX_FILTRATIONS:
            return
        for index, (points, _) in enumerate(shapes):
            if len(points) and not 1 <= points.shape[1] <= 3:
                raise ValueError(
                    f"filtration={self.filtration!r} takes points with one, two or three "
                    f"coordinates, got {points.shape[1]} in sample {index}; 'rips' takes any "
                    "number."
                )

    def _diameter(self, points):
        if len(points) == 0:
            return 0.0
        if self.metric == "precomputed":
            return float(points.max())
        return float(np.linalg.norm(np.ptp(points, axis=0)))

    def _count_parameters(self, shapes):
        if self.filtration == "cubical":
            n_axes, n_channels = shapes[0].ndim - 1, shapes[0].shape[-1]
            if n_axes == 3 and n_channels > 2 and max(self.homology_dimensions) > 0:
                raise ValueError(
                    f"Volumes with {n_channels} channels have homology_dimensions=(0,) only; "
                    "with two channels 0, 1 and 2."
                )
            return n_channels
        if self.filtration == "graph":
            return shapes.values.shape[1] if self._given_values() else len(self._functions())
        if self.filtration == "precomputed":
            return max((g[0].shape[1] for _, g in shapes), default=2)
        if self.filtration == "degree_rips" or not self._given_values():
            return 1 + max(1, len(self._functions()))
        widths = [values.shape[1] for _, values in shapes]
        for index, width in enumerate(widths):
            if width != widths[0]:
                raise ValueError(
                    f"Sample {index} has {width} values per point, sample 0 has {widths[0]}."
                )
        return 1 + widths[0]

    def _resolve_parameters(self):
        functions = self._functions()
        given = self.function_params
        if given is None or isinstance(given, dict):
            given = [given or {}] * len(functions)
        if len(given) != len(functions):
            raise ValueError(
                f"function_params has {len(given)} entries for {len(functions)} function(s)."
            )
        if any(not isinstance(parameters, dict) for parameters in given):
            raise ValueError(f"function_params must hold one dict per function, got {given!r}.")
        known = {name for f in functions if isinstance(f, str) for name in PARAMETERS[f]}
        known.add("attributes")
        resolved = []
        for function, parameters in zip(functions, given):
            unknown = sorted(set(parameters) - known)
            if unknown:
                raise ValueError(
                    f"function_params: {unknown[0]!r} is not a parameter of "
                    f"function={self.function!r}; known are {sorted(known - {'attributes'})}."
                )
            defaults = PARAMETERS[function] if isinstance(function, str) else {}
            values = {name: parameters.get(name, default) for name, default in defaults.items()}
            resolved.append(self._check_parameters(values))
        return resolved

    def _check_parameters(self, values):
        ranges = {
            "bandwidth": (lambda b: SMALLEST <= abs(b) <= LARGEST, "a number other than zero"),
            "mass": (lambda m: 0 < m <= 1, "a number in (0, 1]"),
            "k": (lambda k: k >= 1 and k % 1 == 0, "a positive integer"),
            "t": (lambda t: 0 <= t < np.inf, "a non-negative number"),
        }
        for name, value in values.items():
            fits, expected = ranges[name]
            if not isinstance(value, Real) or isinstance(value, bool) or not fits(value):
                raise ValueError(f"function_params: {name} must be {expected}, got {value!r}.")
        if values.get("bandwidth", 0) < 0:
            values["bandwidth"] = max(-values["bandwidth"] * self.diameter_, SMALLEST)
            if self.diameter_ == 0:
                values["bandwidth"] = 1.0
        if "k" in values:
            values["k"] = int(values["k"])
        return values

    # -- transform

    def _check_like_fitted(self, shapes):
        n_parameters = self._count_parameters(shapes)
        if n_parameters != self.n_parameters_:
            raise ValueError(
                f"The samples have {n_parameters} parameters, those of fit had "
                f"{self.n_parameters_}."
            )
        if self.filtration == "cubical" and shapes[0].ndim - 1 != self._n_axes:
            raise ValueError(
                f"The samples have {shapes[0].ndim - 1} axes, those of fit had {self._n_axes}."
            )
        if self.filtration in POINT_FILTRATIONS:
            self._check_coordinates(shapes)
        if self.filtration in POINT_FILTRATIONS and self._n_coordinates is not None:
            for index, (points, _) in enumerate(shapes):
                if len(points) and points.shape[1] != self._n_coordinates:
                    raise ValueError(
                        f"Sample {index} has {points.shape[1]} coordinates per point, those of "
                        f"fit had {self._n_coordinates}."
                    )

    def _invariants(self, shapes, complexes=None):
        if self.invariant not in CELLWISE:
            return self._measures(shapes)
        describe = {"rank": self._ranks, "mma": self._decompose, "fibered": self._fibers}
        complexes = self._complexes(shapes) if complexes is None else complexes
        return parallel_map(describe[self.invariant], complexes, n_jobs=self.n_jobs)

    def _complexes(self, shapes):
        """Simplices and grades of every sample, by dimension."""
        if self.filtration == "graph":
            return graph_cells(self._filtered_graphs(shapes))
        return parallel_map(self._cells, list(enumerate(shapes)), n_jobs=self.n_jobs)

    def _cells(self, numbered):
        top = max(self.homology_dimensions) + 1
        if self.filtration == "cubical":
            return image_complex(self._coarse_image(numbered[1]), self.dual, top)
        if self.filtration == "precomputed":
            return self._coarse_complex(*numbered[1])
        points, values, matrix = self._valued_points(numbered)
        if values.shape[1] != 1:
            raise ValueError(
                "Complexes are listed for one function on the points, sample "
                f"{numbered[0]} has {values.shape[1]}."
            )
        values = round_up_rows(values[:, 0], self._rows())
        if self.filtration == "rips":
            matrix = distance_matrix(points) if matrix is None else matrix
            return rips_complex(matrix, values, top, self.threshold_)
        if self.filtration == "delaunay":
            return delaunay_complex(points, values, top, in_order=True)
        simplices, radii, values = alpha_complex(points, values)
        return simplices, lower_star(simplices, radii, values)

    def _rows(self):
        """Values of the second parameter; the rank invariant has a grid of its own."""
        return None if self.invariant == "rank" else self.filtration_resolution

    def _coarse_complex(self, simplices, grades):
        if self._rows() is None:
            return simplices, grades
        second = round_up_rows(np.concatenate([g[:, 1] for g in grades]), self._rows())
        parts = np.split(second, np.cumsum([len(g) for g in grades])[:-1])
        columns = [np.column_stack([g[:, 0], p, g[:, 2:]]) for g, p in zip(grades, parts)]
        return simplices, columns

    def _ranks(self, cells):
        resolution = self.filtration_resolution or DEFAULT_RANK
        return {f"rank{d}": sample_rank_measure(*cells, d, resolution) for d in self._dimensions()}

    def _fibers(self, cells):
        return fibered_barcodes(*cells, self._dimensions(), self.filtration_box_, self.n_lines)

    def _corners(self, cells):
        dimensions, box = self._dimensions(), self.filtration_box_
        return corner_grades(*cells, dimensions, box, self.n_lines, self.max_error)

    def _decompose(self, cells):
        return decompose_complex(
            *cells,
            self._dimensions(),
            self.filtration_box_,
            n_lines=self.n_lines,
            max_error=self.max_error,
        )

    def _measures(self, shapes):
        if self.filtration == "graph":
            return self._graph_measures(shapes)
        measure = {
            "rips": self._point_measures,
            "alpha": self._point_measures,
            "delaunay": self._point_measures,
            "degree_rips": self._point_measures,
            "cubical": self._image_measures,
            "precomputed": self._complex_measures,
        }[self.filtration]
        return parallel_map(measure, list(enumerate(shapes)), n_jobs=self.n_jobs)

    def _dimensions(self):
        return [int(d) for d in self.homology_dimensions]

    def _valued_points(self, numbered):
        """Points or landmarks, their function values, and distances if they were given."""
        index, (points, values) = numbered
        matrix = points if self.metric == "precomputed" else None
        if self.filtration == "degree_rips":
            values = np.zeros((len(points), 1))
        elif values is None:
            columns = [
                self._function_values(function, parameters, points, matrix, index)
                for function, parameters in zip(self._functions(), self.function_params_)
            ]
            values = np.column_stack(columns)
        return self._landmarks(points, values, matrix)

    def _function_values(self, function, parameters, points, matrix, index):
        values = point_values(function, parameters, points, matrix)
        if values.shape != (len(points),):
            raise ValueError(
                f"The function returned shape {values.shape} for sample {index}, expected "
                f"({len(points)},)."
            )
        return _shapes.check_values(values, index)

    def _point_measures(self, numbered):
        points, values, matrix = self._valued_points(numbered)
        keys = ["euler"] if self.invariant == "euler" else self._dimensions()
        options = {"matrix": matrix, "threshold": self.threshold_}
        if self.filtration == "degree_rips":
            n_degrees = self.filtration_resolution or DEFAULT_ROWS
            return degree_rips_measures(points, n_degrees, keys, **options)
        if values.shape[1] > 1:
            return self._many_functions(points, values, matrix)
        values = values[:, 0]
        if self.filtration == "alpha":
            rounded = round_up_rows(values, self.filtration_resolution)
            return alpha_measures(points, rounded, keys)
        if self.filtration == "delaunay":
            return delaunay_measures(points, values, keys, n_rows=self.filtration_resolution)
        if self.invariant == "euler":
            rounded = round_up_rows(values, self.filtration_resolution)
            return {"euler": rips_euler(points, rounded, **options)}
        return rips_measures(points, values, keys, n_rows=self.filtration_resolution, **options)

    def _many_functions(self, points, values, matrix):
        """Three or more parameters."""
        values = values.copy()
        values[:, -1] = round_up_rows(values[:, -1], self.filtration_resolution)
        if self.filtration == "alpha":
            return alpha_measures(points, values, self._dimensions())

        def components(column):
            options = {"matrix": matrix, "threshold": self.threshold_}
            return rips_measures(points, column, (0,), **options)[0]

        atoms, weights = by_last_parameter(components, values)
        if self.filtration == "delaunay":
            atoms[:, 0] /= 2
        return {0: (atoms, weights)}

    def _landmarks(self, points, values, matrix):
        if self.max_points is None or len(points) <= self.max_points:
            return points, values, matrix
        first = np.random.RandomState(self._seed).randint(len(points))
        if matrix is not None:
            chosen = _farthest_in_matrix(matrix, first, self.max_points)
            return points, values[chosen], matrix[np.ix_(chosen, chosen)]
        chosen = farthest_points(np.ascontiguousarray(points.T), first, self.max_points)
        return points[chosen], values[chosen], None

    def _coarse_image(self, image):
        if self._rows() is None:
            return image
        image = image.copy()
        rounded = round_up_rows(image[..., 1].ravel(), self._rows())
        image[..., 1] = rounded.reshape(image.shape[:-1])
        return image

    def _image_measures(self, numbered):
        image = self._coarse_image(numbered[1])
        if self.invariant == "euler":
            return {"euler": cubical_euler(image, dual=self.dual)}
        dimensions = self._dimensions()
        if self.dual and image.ndim == 4 and max(dimensions) > 0:
            # the complement of closed cubes has no simple bifiltration
            cells = image_complex(image, True, max(dimensions) + 1)
            return complex_measures(*cells, dimensions, self.filtration_resolution)
        return cubical_measures(image, dimensions, dual=self.dual)

    def _complex_measures(self, numbered):
        simplices, grades = self._coarse_complex(*numbered[1])
        if self.invariant == "euler":
            return {"euler": euler_measure(grades)}
        return complex_measures(simplices, grades, self._dimensions(), self.filtration_resolution)

    def _graph_measures(self, graphs):
        batch = self._filtered_graphs(graphs)
        if self.invariant == "euler":
            points = np.concatenate([batch.node_grades, batch.edge_grades])
            weights = np.ones(len(points), dtype=np.int32)
            weights[len(batch.node_grades) :] = -1
            sample = np.concatenate([batch.node_sample(), batch.edge_sample()])
            present = np.isfinite(points).all(axis=1)
            found = aggregate(points[present], weights[present], sample[present], batch.n_graphs)
            measures = {"euler": found}
        else:
            measures = graph_measures(batch, self._dimensions(), self.n_jobs)
        per_dimension = [
            (d, points, weights, ptr.tolist()) for d, (points, weights, ptr) in measures.items()
        ]
        return [
            {
                d: (points[ptr[i] : ptr[i + 1]], weights[ptr[i] : ptr[i + 1]])
                for d, points, weights, ptr in per_dimension
            }
            for i in range(batch.n_graphs)
        ]

    def _filtered_graphs(self, graphs):
        """Node functions, and the edges that enter with the later of their nodes."""
        if self._given_values():
            values = graphs.values
        else:
            shape = (graphs.node_ptr, graphs.edge_ptr, graphs.edges, graphs.weights)
            columns = [
                node_values(function, parameters, *shape)
                for function, parameters in zip(self._functions(), self.function_params_)
            ]
            values = (
                np.column_stack(columns) if graphs.node_ptr[-1] else np.empty((0, len(columns)))
            )
            _shapes.check_values(values, "of X")
        if self.filtration_resolution is not None:
            values = self._coarse_rows(values, graphs.node_ptr)
        numbers = graphs.edges + np.repeat(graphs.node_ptr[:-1], np.diff(graphs.edge_ptr))[:, None]
        edge_values = np.maximum(values[numbers[:, 0]], values[numbers[:, 1]])
        if graphs.edge_values is not None:
            edge_values = self._own_edge_values(edge_values, graphs)
        edges, edge_ptr = graphs.edges, graphs.edge_ptr
        present = np.isfinite(edge_values)
        if not present.all():
            present = present.all(axis=1)
            edge_ptr = np.concatenate([[0], np.cumsum(present)])[edge_ptr]
            edges, edge_values = edges[present], edge_values[present]
        return GraphBatch(graphs.node_ptr, edge_ptr, edges, values, edge_values)

    def _coarse_rows(self, values, node_ptr):
        values = values.copy()
        for start, stop in pairwise(node_ptr):
            values[start:stop, 1] = round_up_rows(values[start:stop, 1], self.filtration_resolution)
        return values

    def _own_edge_values(self, lower_star, graphs):
        own = graphs.edge_values
        if own.shape != lower_star.shape:
            raise ValueError(
                f"Edges come with {own.shape[1]} value(s), nodes with {lower_star.shape[1]}."
            )
        early = np.flatnonzero((own < lower_star).any(axis=1))
        if len(early) and self.filtration_resolution is None:
            index = int(np.searchsorted(graphs.edge_ptr, early[0], side="right")) - 1
            raise ValueError(f"Sample {index}: an edge enters before one of its nodes.")
        return np.maximum(own, lower_star)


def _matched(measures, slopes, index):
    """Atoms and slopes of all keys of one sample together: (n_atoms, n_parameters) each."""
    if not isinstance(slopes, dict):
        raise ValueError(
            f"Sample {index}: slopes must be a dict of key -> array, got {type(slopes).__name__}."
        )
    points, gradients = [], []
    for key, (atoms, _) in measures.items():
        if key in slopes:
            slope = real_array(slopes[key], f"Sample {index}: slopes[{key!r}]")
            if slope.shape != atoms.shape:
                raise ValueError(
                    f"Sample {index}: slopes[{key!r}] must have shape {atoms.shape}, got "
                    f"{slope.shape}."
                )
            if is_rank(key):
                atoms, slope = ends(atoms), ends(slope)
            points.append(atoms)
            gradients.append(slope)
    if not points:
        raise ValueError(f"Sample {index}: slopes has none of the keys {list(measures)}.")
    return np.concatenate(points), np.concatenate(gradients)


def _matched_corners(corners, slopes, index):
    """One atom per coordinate of a corner, with the grade that it follows, and its slope."""
    if not isinstance(slopes, (tuple, list)) or len(slopes) != 2:
        raise ValueError(
            f"Sample {index}: slopes must be a pair, in births and in deaths, got "
            f"{type(slopes).__name__}."
        )
    points, gradients = [], []
    for (values, axes, factors), slope in zip(corners, slopes):
        slope = real_array(slope, f"Sample {index}: slopes")
        if slope.shape != values.shape:
            raise ValueError(
                f"Sample {index}: slopes must have shape {values.shape}, got {slope.shape}."
            )
        which = axes.ravel()[:, None] == np.arange(2)
        points.append(np.where(which, values.reshape(-1, 1), np.inf))
        gradients.append(np.where(which, (slope * factors).reshape(-1, 1), 0.0))
    return np.concatenate(points), np.concatenate(gradients)


def _box_of(complexes):
    """Smallest and largest finite grade of each parameter: (2, 2)."""
    grades = [np.empty((0, 2)), *(g for _, grades in complexes for g in grades)]
    grades = np.concatenate(grades)
    grades = grades[np.isfinite(grades).all(axis=1)]
    if len(grades) == 0:
        return np.array([[0.0, 0.0], [1.0, 1.0]])
    return np.array([grades.min(axis=0), grades.max(axis=0)])


def _farthest_in_matrix(matrix, first, count):
    chosen = [first]
    nearest = matrix[first].copy()
    while len(chosen) < count:
        chosen.append(int(np.argmax(nearest)))
        np.minimum(nearest, matrix[chosen[-1]], out=nearest)
    return np.array(chosen)
