"""Multiparameter persistence in a loss of torch, by the vector-Jacobian products of this room.

torch is imported by the first call. Topology is computed in numpy, on the processor; what comes
back has the dtype and the device of the tensors that went in.
"""

from functools import cache

from skgeom._core.extras import import_extra


def vectorize(vectorizer, X):
    """Feature vectors of shapes whose points, values or pixels are tensors.

    Parameters
    ----------
    vectorizer : MultiparamPersistenceVectorizer
        Fitted, and with a gradient: see `MultiparamPersistenceVectorizer.gradient`.
    X : sequence of shapes
        As `vectorizer` takes them, with tensors in place of the arrays that move: a point cloud
        or an image, or in a pair the points, their values, or the values of nodes.

    Returns
    -------
    features : Tensor of shape (n_samples, n_features_out)

    Raises
    ------
    ImportError
        When torch is not installed.

    Examples
    --------
    >>> import torch  # doctest: +SKIP
    >>> from skgeom.topology import MultiparamPersistenceVectorizer
    >>> from skgeom.topology.torch import vectorize
    >>> clouds = torch.rand(3, 30, 2, requires_grad=True)  # doctest: +SKIP
    >>> vectorizer = MultiparamPersistenceVectorizer(filtration="alpha")
    >>> vectorizer.fit(clouds.detach().numpy())  # doctest: +SKIP
    >>> vectorize(vectorizer, clouds).square().sum().backward()  # doctest: +SKIP
    >>> clouds.grad.shape  # doctest: +SKIP
    torch.Size([3, 30, 2])
    """
    shapes, tensors = _apart(X)
    features = vectorizer.transform(shapes)
    return _apply(tensors, lambda V: vectorizer.gradient(shapes, V[0]), [features])[0]


def signed_measure(transformer, shape):
    """Signed measures of one shape, with atoms that a loss of torch can move.

    Parameters
    ----------
    transformer : BifiltrationTransformer
        Fitted, of measures that have a gradient: see `BifiltrationTransformer.gradient`.
    shape : Tensor, or pair with tensors
        As in `vectorize`.

    Returns
    -------
    measure : dict of key -> (points, weights)
        Homology dimension (or "euler", ...) -> tensors of shapes (n_atoms, n_parameters) and
        (n_atoms,).

    Raises
    ------
    ImportError
        When torch is not installed.
    ValueError
        When the transformer has modules or barcodes in place of measures.
    """
    if transformer.invariant in ("mma", "fibered"):
        raise ValueError(
            f"signed_measure: invariant={transformer.invariant!r} has none; see vectorize."
        )
    shapes, tensors = _apart([shape])
    measure = transformer.transform(shapes)[0]

    def pull_back(slopes):
        return transformer.gradient(shapes, [dict(zip(measure, slopes))])

    points = _apply(tensors, pull_back, [points for points, _ in measure.values()])
    weights = [points[0].new_tensor(weights) for _, weights in measure.values()]
    return dict(zip(measure, zip(points, weights)))


def _apart(X):
    """Shapes as arrays, and their floating tensors by sample and by part of a pair."""
    torch = import_extra("torch", "torch")
    shapes, tensors = [], {}
    for index, sample in enumerate(X):
        parts = sample if isinstance(sample, tuple) else (sample,)
        arrays = []
        for position, part in enumerate(parts):
            if isinstance(part, torch.Tensor):
                if part.is_floating_point():
                    tensors[index, position] = part
                part = part.detach().cpu().numpy().copy()  # torch may write into its own
            arrays.append(part)
        shapes.append(tuple(arrays) if isinstance(sample, tuple) else arrays[0])
    if not tensors:
        raise TypeError("X holds no floating tensor; without any, call the estimator itself.")
    return shapes, tensors


def _apply(tensors, pull_back, arrays):
    """Arrays as tensors, with `pull_back` from slopes in them to gradients of the samples."""

    def gradients(slopes):
        found = pull_back([slope.detach().cpu().numpy() for slope in slopes])
        # a pair has gradients in both parts; of a graph and its values the second part moves
        return [
            found[index][position] if isinstance(found[index], tuple) else found[index]
            for index, position in tensors
        ]

    return _function().apply(gradients, arrays, *tensors.values())


@cache
def _function():
    torch = import_extra("torch", "torch")

    class PullBack(torch.autograd.Function):
        @staticmethod
        def forward(ctx, gradients, arrays, *tensors):
            ctx.gradients, ctx.like = gradients, [(t.dtype, t.device) for t in tensors]
            dtype, device = ctx.like[0]
            return tuple(torch.as_tensor(a, dtype=dtype, device=device) for a in arrays)

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, *slopes):
            found = zip(ctx.gradients(slopes), ctx.like)
            moved = [torch.as_tensor(g, dtype=t, device=device) for g, (t, device) in found]
            return None, None, *moved

    return PullBack
