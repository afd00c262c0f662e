"""Input that isn't a table: what is accepted, and what the refusal says."""

import numpy as np
import pytest
import scipy.sparse as sp

from skgeom._core.checks import check_finite_rows, check_graph, check_shapes, check_trials

DENSE = np.array([[0.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        np.asfortranarray,
        np.ndarray.tolist,
        sp.csr_array,
        sp.csc_matrix,
        sp.coo_array,
        sp.lil_matrix,
        lambda a: a.astype(np.int16),
        lambda a: a.astype(np.float32),
        lambda a: a.astype(np.float16),
        lambda a: a.astype(">f8"),
    ],
)
def test_graphs_of_every_form_agree(convert):
    graph = check_graph(convert(DENSE))
    assert isinstance(graph, sp.csr_array)
    assert graph.dtype == np.float64
    assert graph.indices.dtype == np.int32
    assert graph.nnz == 3
    assert np.array_equal(graph.toarray(), DENSE)


def test_graph_is_made_canonical_without_touching_the_input():
    rows, columns = np.array([0, 0, 1]), np.array([1, 1, 0])
    messy = sp.csr_array((np.array([1.0, 1.0, 0.0]), columns, np.array([0, 2, 3])), shape=(2, 2))
    before = messy.data.copy(), messy.indices.copy()
    graph = check_graph(messy)
    assert graph.nnz == 1
    assert graph[0, 1] == 2
    assert np.array_equal(messy.data, before[0])
    assert np.array_equal(messy.indices, before[1])
    wide = sp.coo_array((np.ones(3), (rows.astype(np.int64), columns.astype(np.int64))))
    assert check_graph(wide, square=False).indices.dtype == np.int32


def test_graph_keeps_an_accepted_dtype():
    graph = check_graph(DENSE.astype(np.float32), dtype=(np.float64, np.float32))
    assert graph.dtype == np.float32


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (np.ones((2, 3)), ValueError, r"square .*\(2, 3\)"),
        (np.ones(3), ValueError, r"shape \(3,\)"),
        (np.empty((0, 0)), ValueError, r"0 sample"),
        (np.array([[0, -1.0], [1, 0]]), ValueError, r"negative weight: entry \(0, 1\) is -1.0"),
        (np.array([[0, 1.0], [np.nan, 0]]), ValueError, r"NaN or infinity: entry \(1, 0\)"),
        (np.array([[0, 1j], [1, 0]]), ValueError, "Complex data not supported"),
        (np.array([["a", "b"], ["c", "d"]]), ValueError, r"must hold numbers.*from_edgelist"),
        ([(0, 1), (1, 2), (2, 0)], TypeError, r"a list of tuples.*from_edgelist"),
        ([(0, 1, 0.5), (1, 2, 1.0), (2, 0, 2.0)], TypeError, r"a list of tuples.*from_edgelist"),
        ([[0, 1], [1, 2], [2, 0]], ValueError, r"square.*from_edgelist"),
        ([[1, 2], [0]], TypeError, r"a list of rows that differ in length.*from_edgelist"),
        ((np.arange(4), np.arange(4)), ValueError, r"square .*\(2, 4\).*from_edgelist"),
        ({0: [1]}, TypeError, "adjacency matrix"),
    ],
)
def test_bad_graphs_are_refused(bad, error, message):
    with pytest.raises(error, match=message):
        check_graph(bad)


def test_graph_objects_name_the_conversion():
    class Graph:
        adjacency = None

    with pytest.raises(TypeError, match=r"a Graph object.*to_scipy_sparse_array"):
        check_graph(Graph())


def test_signed_graphs_on_request():
    assert check_graph(-DENSE, allow_negative=True).min() == -2


@pytest.mark.parametrize("convert", [np.asarray, np.ndarray.tolist, np.asfortranarray])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16])
def test_trials(convert, dtype):
    X = np.arange(24).reshape(2, 3, 4).astype(dtype)
    trials = check_trials(convert(X))
    assert trials.dtype == np.float64
    assert trials.flags.c_contiguous
    assert np.array_equal(trials, X)


def test_trials_of_unequal_length_and_epochs():
    trials = check_trials([np.ones((2, 5)), np.ones((2, 7))])
    assert [trial.shape for trial in trials] == [(2, 5), (2, 7)]

    class Epochs:
        def get_data(self):
            return np.ones((2, 3, 4))

    assert check_trials(Epochs()).shape == (2, 3, 4)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (np.ones((3, 4)), ValueError, r"For one trial pass X\[np.newaxis\]"),
        (np.ones((0, 3, 4)), ValueError, "0 trials"),
        (np.ones((2, 3, 1)), ValueError, r"Trial 0 .* 1 time sample"),
        (np.ones((2, 0, 4)), ValueError, r"Trial 0 .* 0 channel"),
        ([np.ones((2, 5)), np.ones((3, 7))], ValueError, "one number of channels"),
        ([np.ones((2, 5)), np.ones((3, 5))], ValueError, "one number of channels"),
        ([np.ones((2, 5)), np.ones(5)], ValueError, "one number of channels"),
        (np.ones((2, 3, 4), dtype="datetime64[s]"), ValueError, "dates or times"),
        (np.full((2, 3, 4), 1e200), ValueError, "Trial 0 of X has values up to 1e.200"),
        (np.ones((2, 3, 4)) * 1j, ValueError, "Complex data"),
        ([[["a"]]], ValueError, "must hold numbers"),
        (sp.eye(3), TypeError, "Sparse"),
    ],
)
def test_bad_trials_are_refused(bad, error, message):
    with pytest.raises(error, match=message):
        check_trials(bad)


@pytest.mark.parametrize("lengths", [(5, 5), (5, 7)])
def test_object_array_of_trials(lengths):
    trials = [np.arange(2.0 * n).reshape(2, n) for n in lengths]
    boxed = np.empty(2, dtype=object)
    for i, trial in enumerate(trials):
        boxed[i] = trial
    assert all(map(np.array_equal, check_trials(boxed), trials))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_bad_values_name_trial_and_channel(value):
    X = np.ones((3, 2, 5))
    X[1, 1, 2] = value
    with pytest.raises(ValueError, match="trial 1, channel 1"):
        check_trials(X)


def test_shapes():
    shapes = [np.ones((2, 2)), np.ones((5, 2))]
    assert check_shapes(shapes)[1] is shapes[1]
    assert len(check_shapes(np.ones((4, 3, 2)))) == 4
    objects = np.empty(2, object)
    objects[:] = shapes
    assert check_shapes(objects)[0] is shapes[0]
    with pytest.raises(ValueError, match="empty"):
        check_shapes([])
    for wrong in (None, 3, "abc", {"a": 1}, sp.eye(2)):
        with pytest.raises(TypeError, match="one shape per sample"):
            check_shapes(wrong)


@pytest.mark.parametrize("dtype", [np.float16, np.int8, bool, np.longdouble, object])
def test_dtypes_of_dense_graphs(dtype):
    graph = check_graph(np.array([[0, 1], [1, 0]]).astype(dtype), dtype=np.float32)
    assert graph.dtype == np.float32
    assert graph.toarray().tolist() == [[0, 1], [1, 0]]


def test_small_integers_do_not_overflow_when_duplicates_add_up():
    entries = (np.full(3, 100, np.int8), ([0, 0, 0], [1, 1, 1]))
    assert check_graph(sp.coo_array(entries, shape=(2, 2)))[0, 1] == 300


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (1e300, r"X has a weight that is too large for float32: entry \(0, 1\) is 1e\+300"),
        (1e-300, r"All weights in row 0 of X are too small for float32"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_weights_out_of_range(weight, message):
    with pytest.raises(ValueError, match=message):
        check_graph(np.array([[0, weight], [1, 0]]), dtype=np.float32)


def test_negligible_weights_are_dropped():
    assert check_graph(np.array([[0, 1e-300], [1, 1]])[:, ::-1], dtype=np.float64).nnz == 3
    assert check_graph(np.array([[1, 1e-300], [1, 0]]), dtype=np.float32).nnz == 2


def test_dates_are_no_weights():
    with pytest.raises(TypeError, match="datetime64"):
        check_graph(np.ones((2, 2), "datetime64[s]"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("convert", [np.asarray, sp.csr_array])
def test_entry_that_is_not_finite_is_named(convert, value):
    table = np.ones((5, 3))
    check_finite_rows(convert(table))
    check_finite_rows(convert(table * 1e308))  # whose sum overflows
    table[3, 1] = value
    table[4, 0] = np.inf
    with pytest.raises(ValueError, match=rf"NaN or infinity .*row 3, column 1 is {value}"):
        check_finite_rows(convert(table))
