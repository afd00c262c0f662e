"""Similarities to anchors as a representation."""

import copy
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import check_array, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from skgeom._core.checks import check_finite_rows
from skgeom._core.estimator import DocLinkMixin
from skgeom._core.parallel import parallel_ranges, single_blas_thread
from skgeom.latent._blocks import (
    METRICS,
    WITHOUT_PARAMS,
    NotFinite,
    block_ranges,
    dense,
    prepare,
    scaled_norms,
    similarities,
)
from skgeom.latent._output import class_matrix, normalise, pool, quantise
from skgeom.latent._selection import (
    SELECTIONS,
    draw_gaussian,
    given_anchors,
    number_of_anchors,
    select,
)

FLOATS = [np.float64, np.float32]


class RelativeRepresentation(DocLinkMixin, TransformerMixin, BaseEstimator):
    r"""Represent latent vectors by their similarities to anchors.

    With anchors :math:`a_1, \ldots, a_K`, points of the training set, a latent vector x becomes

    .. math:: r(x) = (sim(x, a_1), \ldots, sim(x, a_K)).

    With cosines, :math:`r` doesn't change when the latent space is rotated, reflected or rescaled
    [1]_, which is most of what sets two trainings of an encoder apart. A model that was fitted on
    relative vectors of one encoder then takes those of another, over the same anchor points, as
    they are: swap the encoder, keep the classifier (:meth:`with_anchors`).

    Read more in the :ref:`User Guide <latent>`.

    Parameters
    ----------
    n_anchors : int, float or "auto", default="auto"
        Number K of anchors, or their fraction of the training rows; "auto" is 300, as in the
        paper, or all rows where there are fewer. More than there are rows become all rows, with a
        warning.
    anchors : array-like of shape (n_anchors,) or (n_anchors, n_features), default=None
        Numbers of the training rows that are anchors, or the anchors themselves; `n_anchors` and
        `selection` then have no say.
    selection : {"random", "fps", "kmeans", "stratified", "gaussian"}, default="random"
        How anchors are chosen. "random": uniformly, without repetition. On vectors divided by
        their norms, "fps": farthest point sampling from a random start; "kmeans": of each of K
        clusters the member nearest to the centroid. With classes in y, "stratified": the same
        number of each class as far as it has enough; "gaussian": drawn, the same number per class,
        with the class's mean and standard deviations.
    metric : str or callable, default="cosine"
        "cosine"; "angular", arccos(cosine) / pi; "inner", inner product over the root of the
        number of features; "euclidean", "l1" and "minkowski" distances; "basis_change", least
        squares coordinates c of x = c_1 a_1 + ... + c_K a_K (of least norm); a kernel of
        :func:`sklearn.metrics.pairwise.pairwise_kernels`; or ``metric(X, anchors)``, which returns
        an array (n_rows, n_anchors).
    metric_params : dict or None, default=None
        Further arguments of "minkowski", kernels and callables, such as ``{"p": 3}`` or
        ``{"gamma": 0.1}``.
    center : bool, default=False
        Subtract the mean of the anchors from vectors and anchors, so that shifts of the latent
        space don't matter either. An extension, not in the paper.
    quantize : {"round", "smooth"} or None, default=None
        Round similarities to multiples of `bin_size`, or apply
        :math:`r - \sin(2 \pi r) / (2 \pi)`.
    bin_size : float, default=0.1
        Of "round".
    aggregate : {"class"} or None, default=None
        Replace similarities by their means over the anchors of a class; needs y.
    n_groups : int, default=1
        Means per class: its anchors are dealt out to as many groups in turn.
    n_heads : int, default=1
        Cut the features into as many equal blocks, each with similarities of its own.
    head_pooling : {"concat", "sum", "mean", "max"}, default="concat"
        How the heads' outputs are put together.
    output_norm : {"l2", "standard", "row"} or None, default=None
        Of each head's output: divide rows by their norm; standardise columns by mean and standard
        deviation of the training rows; standardise rows.
    random_state : int, RandomState instance or None, default=None
        Choice of the anchors.
    n_jobs : int or None, default=None
        Threads over blocks of rows; the linear algebra has one thread in each. The bits don't
        depend on it.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors, n_features)
        In the dtype of the training data.
    anchor_indices_ : ndarray of int64, shape (n_anchors,), or None
        Training rows that are the anchors; None where they aren't rows.
    anchor_labels_ : ndarray of shape (n_anchors,) or None
        Their entries of y; None where y was not given, or says nothing of the anchors.
    anchors_norm_ : ndarray of shape (n_anchors,)
        Euclidean norms of the anchors.
    output_mean_, output_scale_ : ndarray of shape (n_heads, n_outputs), or None
        Of "standard".
    n_features_in_ : int
    feature_names_in_ : ndarray of str, shape (n_features,)
        Only where X has column names.

    See Also
    --------
    latent_similarity : How alike two latent spaces are.
    sklearn.kernel_approximation.Nystroem : Kernels to random points, whitened; its columns aren't
        tied to points, and can't be carried to another space.

    Notes
    -----
    A row of zeros has cosine 0 with everything (angle 0.5). Cosines and inner products of sparse
    rows are computed without making them dense.

    References
    ----------
    .. [1] L. Moschella, V. Maiorca, M. Fumero, A. Norelli, F. Locatello, E. Rodolà, "Relative
       representations enable zero-shot latent space communication", ICLR 2023, arXiv:2209.15430.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.latent import RelativeRepresentation
    >>> latent = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]])
    >>> relative = RelativeRepresentation(anchors=[0, 1]).fit(latent)
    >>> relative.transform(latent).round(2)
    array([[1.  , 0.  ],
           [0.  , 1.  ],
           [0.71, 0.71]])
    >>> turned = 5 * latent @ np.array([[0.0, 1.0], [-1.0, 0.0]])  # another encoder
    >>> relative.with_anchors(turned[relative.anchor_indices_]).transform(turned).round(2)
    array([[1.  , 0.  ],
           [0.  , 1.  ],
           [0.71, 0.71]])
    """

    _parameter_constraints = {
        "n_anchors": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="right"),
            StrOptions({"auto"}),
        ],
        "anchors": ["array-like", None],
        "selection": [StrOptions(set(SELECTIONS))],
        "metric": [StrOptions(set(METRICS)), callable],
        "metric_params": [dict, None],
        "center": ["boolean"],
        "quantize": [StrOptions({"round", "smooth"}), None],
        "bin_size": [Interval(Real, 0, None, closed="neither")],
        "aggregate": [StrOptions({"class"}), None],
        "n_groups": [Interval(Integral, 1, None, closed="left")],
        "n_heads": [Interval(Integral, 1, None, closed="left")],
        "head_pooling": [StrOptions({"concat", "sum", "mean", "max"})],
        "output_norm": [StrOptions({"l2", "standard", "row"}), None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        n_anchors="auto",
        anchors=None,
        selection="random",
        metric="cosine",
        metric_params=None,
        center=False,
        quantize=None,
        bin_size=0.1,
        aggregate=None,
        n_groups=1,
        n_heads=1,
        head_pooling="concat",
        output_norm=None,
        random_state=None,
        n_jobs=None,
    ):
        self.n_anchors = n_anchors
        self.anchors = anchors
        self.selection = selection
        self.metric = metric
        self.metric_params = metric_params
        self.center = center
        self.quantize = quantize
        self.bin_size = bin_size
        self.aggregate = aggregate
        self.n_groups = n_groups
        self.n_heads = n_heads
        self.head_pooling = head_pooling
        self.output_norm = output_norm
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Choose the anchors.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Latent vectors.
        y : array-like of shape (n_samples,), default=None
            Classes, where `selection` or `aggregate` need them.

        Returns
        -------
        self : RelativeRepresentation

        Raises
        ------
        ValueError
            For NaN and infinity, anchors that X doesn't have or with another number of features,
            `n_heads` that doesn't divide the number of features, missing classes, parameters for
            a metric that has none, linearly dependent anchors with "basis_change" (up to as many
            as features), and similarities that overflow.

        Warns
        -----
        UserWarning
            For more anchors than rows, and more than features with "basis_change".
        """
        if self.metric_params and self.metric in WITHOUT_PARAMS:
            raise ValueError(
                f"metric_params={self.metric_params!r}: metric={self.metric!r} has no parameters."
            )
        X = self._read(X, reset=True)
        y = self._read_labels(X, y)
        anchors, self.anchor_indices_, self.anchor_labels_ = self._choose(X, y)
        self._averages = None
        if self.aggregate == "class":
            self._averages = class_matrix(self._labels_to_average(), self.n_groups)
        self.output_mean_ = self.output_scale_ = None
        self._hold(anchors)
        standard = self.output_norm == "standard"
        outputs = self._outputs(X if standard else X[:1])  # a metric that fails, fails here
        if standard:
            self.output_mean_, scale = outputs.mean(axis=0), outputs.std(axis=0)
            self.output_scale_ = np.where(scale > 0, scale, 1)
        return self

    def _read(self, X, reset):
        X = validate_data(
            self, X, accept_sparse="csr", dtype=FLOATS, ensure_all_finite=False, reset=reset
        )
        X = sp.csr_array(X) if sp.issparse(X) else X
        if reset or self.metric not in ("cosine", "angular"):  # these look at norms anyway
            check_finite_rows(X)
        return X

    def _read_labels(self, X, y):
        needed = [
            f"{name}={value!r}"
            for name, value in (("selection", self.selection), ("aggregate", self.aggregate))
            if value in ("stratified", "gaussian", "class")
            and not (name == "selection" and self.anchors is not None)
        ]
        if y is None:
            if needed:
                raise ValueError(f"{' and '.join(needed)}: y must hold the classes, got None.")
            return None
        check_consistent_length(X, y)
        if needed:
            y = column_or_1d(y)
            check_classification_targets(y)
        return np.asarray(y)

    def _choose(self, X, y):
        """Anchors, their numbers and their labels; None for what there isn't."""
        rng = check_random_state(self.random_state)
        if self.anchors is not None:
            vectors, indices = given_anchors(self.anchors, X)
            if indices is None:
                return vectors, None, None
        elif self.selection == "gaussian":
            n_anchors = number_of_anchors(self.n_anchors, X.shape[0], drawn=True)
            anchors, labels = draw_gaussian(dense(X), y, n_anchors, rng)
            return anchors, None, labels
        else:
            n_anchors = number_of_anchors(self.n_anchors, X.shape[0])
            indices = select(X, y, n_anchors, self.selection, rng)
        return dense(X[indices]), indices, None if y is None else y[indices]

    def _labels_to_average(self):
        if self.anchor_labels_ is None:
            raise ValueError(
                "aggregate='class' needs anchors whose class is known: numbers of rows of X, not "
                "vectors."
            )
        return self.anchor_labels_

    def _hold(self, anchors):
        """Keep anchors, and what the metric needs of each head's part of them."""
        n_features = anchors.shape[1]
        if n_features % self.n_heads:
            raise ValueError(
                f"n_heads must divide the number of features, {n_features}, got {self.n_heads}."
            )
        self.anchors_ = anchors
        _, norms, exponents = scaled_norms(anchors)
        self.anchors_norm_ = np.ldexp(norms, exponents)[:, 0]
        self._shift = anchors.mean(axis=0) if self.center else None
        parts = np.split(anchors - self._shift if self.center else anchors, self.n_heads, axis=1)
        self._prepared = [np.ascontiguousarray(prepare(part, self.metric)) for part in parts]
        self._n_outputs = len(anchors) if self._averages is None else self._averages[0].shape[1]
        heads = self.n_heads if self.head_pooling == "concat" else 1
        self._n_features_out = self._n_outputs * heads

    def with_anchors(self, anchors):
        """Return a copy for another latent space, with the anchors as that space sees them.

        Parameters
        ----------
        anchors : array-like of shape (n_anchors, n_features)
            The vectors of the same anchor points, in the same order: for latent vectors Z of the
            training rows by another encoder, ``Z[relative.anchor_indices_]``. Their number of
            features may be another one.

        Returns
        -------
        other : RelativeRepresentation
            Fitted; the columns of its output mean what they mean here. Mean and scale of
            ``output_norm="standard"`` are those of this space.

        Raises
        ------
        ValueError
            For another number of anchors.
        """
        check_is_fitted(self)
        anchors = check_array(anchors, dtype=FLOATS, input_name="anchors", copy=True)
        if len(anchors) != len(self.anchors_):
            raise ValueError(
                f"anchors must hold the same {len(self.anchors_)} anchor points, got "
                f"{len(anchors)} rows."
            )
        other = copy.copy(self)
        other._hold(anchors)
        other.n_features_in_ = anchors.shape[1]
        if hasattr(other, "feature_names_in_"):
            del other.feature_names_in_
        return other

    def transform(self, X):
        """Compute similarities to the anchors.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        relative : ndarray of shape (n_samples, n_features_out)
            float32 for float32 input, else float64.
        """
        check_is_fitted(self)
        X = self._read(X, reset=False)
        return pool(self._outputs(X), self.head_pooling)

    def _outputs(self, X):
        """The output of every head, (n_samples, n_heads, n_outputs)."""
        outputs = np.empty((X.shape[0], self.n_heads, self._n_outputs), X.dtype)
        ranges = block_ranges(X.shape[0])
        try:
            with single_blas_thread():
                parallel_ranges(self._fill, ranges, X, outputs, n_jobs=self.n_jobs)
        except NotFinite:
            check_finite_rows(X)  # names the row
            raise
        return outputs

    def _fill(self, start, stop, X, outputs):
        block = X[start:stop]
        if self.center:
            block = dense(block) - self._shift.astype(block.dtype)
        width = block.shape[1] // self.n_heads
        for head, prepared in enumerate(self._prepared):
            part = block[:, head * width : (head + 1) * width] if self.n_heads > 1 else block
            with np.errstate(over="ignore", invalid="ignore"):  # said by `_check_size`
                own = outputs[start:stop, head]
                self._fill_head(part, prepared.astype(X.dtype, copy=False), own)
        quantise(outputs[start:stop], self.quantize, self.bin_size)
        if self.output_norm != "standard" or self.output_mean_ is not None:
            normalise(outputs[start:stop], self.output_norm, self.output_mean_, self.output_scale_)

    def _fill_head(self, part, prepared, out):
        params = self.metric_params or {}
        if self._averages is None:
            similarities(part, prepared, self.metric, params, out)
            self._check_size(out)
            return
        values = np.empty((part.shape[0], len(prepared)), out.dtype)
        similarities(part, prepared, self.metric, params, values)
        self._check_size(values)
        out[:] = values @ self._averages[0].astype(out.dtype)

    def _check_size(self, values):
        """Refuse similarities that overflowed, or would when their squares are summed."""
        if self.metric in ("cosine", "angular"):
            return
        limit = np.finfo(values.dtype).max
        limit = limit if self.output_norm is None else np.sqrt(limit) / 1e3
        largest = max(values.max(), -values.min())
        if not largest <= limit:  # NaN comes through
            raise ValueError(
                f"metric={self.metric!r}: similarities reach {largest:.3g}, beyond the {limit:.3g} "
                f"that {values.dtype} can work with here; rescale X."
            )

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str objects, shape (n_features_out,)
            ``anchor_3`` for training row 3, ``class_a_0`` for class a and group 0, or
            ``relativerepresentation0`` and so on; ``head0_`` and so on before it where several
            heads stand side by side.
        """
        check_is_fitted(self)
        indices = self.anchor_indices_
        if self._averages is not None:
            names = [f"class_{name}" for name in self._averages[1]]
        elif indices is not None and len(set(indices.tolist())) == len(indices):
            names = [f"anchor_{index}" for index in indices]
        else:
            names = [f"relativerepresentation{j}" for j in range(len(self.anchors_))]
        if self.n_heads > 1 and self.head_pooling == "concat":
            names = [f"head{head}_{name}" for head in range(self.n_heads) for name in names]
        return np.array(names, dtype=object)
