"""Signed measures of single shapes, without an estimator."""

from skgeom.topology._bifiltration_transformer import BifiltrationTransformer


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
    transformer = BifiltrationTransformer(
        filtration=filtration, homology_dimensions=(homology_dimension,), **parameters
    )
    return transformer.fit_transform([shape])[0][homology_dimension]


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
    transformer = BifiltrationTransformer(filtration=filtration, invariant="euler", **parameters)
    return transformer.fit_transform([shape])[0]["euler"]
