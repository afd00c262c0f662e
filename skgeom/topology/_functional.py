"""Signed measures of single shapes, without an estimator."""

from numbers import Integral

from skgeom.topology._bifiltration_transformer import BifiltrationTransformer
from skgeom.topology._checks import check_positive
from skgeom.topology._rank import sample_rank_measure


def hilbert_signed_measure(shape, filtration="rips", homology_dimension=0, **parameters):
    """Signed measure of the Hilbert function of one shape.

    Parameters
    ----------
    shape : array, pair, graph or image
        One sample of `BifiltrationTransformer`.
    filtration : {"rips", "alpha", "delaunay", "degree_rips", "cubical", "graph", \
            "precomputed"}, default="rips"
    homology_dimension : int, default=0
    **parameters : object
        Further parameters of `BifiltrationTransformer`, such as ``function``.

    Returns
    -------
    points : ndarray of shape (n_atoms, n_parameters)
    weights : ndarray of int32, shape (n_atoms,)

    Examples
    --------
    >>> from skgeom.topology import hilbert_signed_measure
    >>> triangle = [(0, 1), (1, 2), (0, 2)], [[1.0, 5.0]] * 3
    >>> points, weights = hilbert_signed_measure(
    ...     triangle, "graph", homology_dimension=1, function="precomputed"
    ... )
    >>> points, weights
    (array([[1., 5.]]), array([1], dtype=int32))
    """
    return _measure(
        shape,
        homology_dimension,
        filtration=filtration,
        homology_dimensions=(homology_dimension,),
        **parameters,
    )


def euler_signed_measure(shape, filtration="rips", **parameters):
    """Signed measure of the Euler characteristic of one shape.

    Parameters
    ----------
    shape : array, pair, graph or image
        One sample of `BifiltrationTransformer`.
    filtration : {"rips", "alpha", "delaunay", "degree_rips", "cubical", "graph", \
            "precomputed"}, default="rips"
    **parameters : object
        Further parameters of `BifiltrationTransformer`, such as ``function``.

    Returns
    -------
    points : ndarray of shape (n_atoms, n_parameters)
    weights : ndarray of int32, shape (n_atoms,)

    Examples
    --------
    >>> from skgeom.topology import euler_signed_measure
    >>> edge = [(0, 1)], [[1.0, 5.0], [2.0, 4.0]]
    >>> points, weights = euler_signed_measure(edge, "graph", function="precomputed")
    >>> points.tolist(), weights.tolist()
    ([[1.0, 5.0], [2.0, 4.0], [2.0, 5.0]], [1, 1, -1])
    """
    return _measure(shape, "euler", filtration=filtration, invariant="euler", **parameters)


def _measure(shape, key, **parameters):
    return BifiltrationTransformer(**parameters).fit_transform([shape])[0][key]


def rank_signed_measure(
    shape, filtration="graph", homology_dimension=0, *, resolution=None, **parameters
):
    """Signed measure of the rank invariant of one shape.

    The rank from x to y counts the classes that are there at x and still at y; unlike the Hilbert
    function it tells one long-lived class from many short ones.

    Parameters
    ----------
    shape : graph, point cloud or pair
        One sample of `BifiltrationTransformer`.
    filtration : {"graph", "rips", "alpha", "delaunay", "cubical", "precomputed"}, \
            default="graph"
    homology_dimension : int, default=0
    resolution : int or None, default=None
        Largest number of values of each parameter, to which grades are rounded up; None
        takes all distinct grades. Time and memory grow with the fourth power.
    **parameters : object
        Further parameters of `BifiltrationTransformer`, such as ``function``.

    Returns
    -------
    points : ndarray of shape (n_atoms, 4)
        Birth and death of signed rectangles; deaths may be +inf.
    weights : ndarray of int32, shape (n_atoms,)

    References
    ----------
    .. [1] Botnan, Oppermann, Oudot. "Signed barcodes for multi-parameter persistence via rank
           decompositions." SoCG 2022.

    Examples
    --------
    >>> from skgeom.topology import rank_signed_measure
    >>> edge = [(0, 1)], [[0.0, 0.0], [1.0, 2.0]]
    >>> points, weights = rank_signed_measure(edge, function="precomputed")
    >>> points
    array([[ 0.,  0., inf, inf]])
    """
    if resolution is not None:
        check_positive(resolution, "resolution", Integral)
    transformer = BifiltrationTransformer(
        filtration=filtration, homology_dimensions=(homology_dimension,), **parameters
    )
    simplices, grades = transformer.fit([shape]).complexes([shape])[0]
    if grades[0].shape[1] != 2:
        raise ValueError(f"The rank invariant takes two parameters, got {grades[0].shape[1]}.")
    return sample_rank_measure(simplices, grades, homology_dimension, resolution)
