"""What every estimator keeps, whatever kind of input it takes.

Each room lists its estimators in ``tests/<room>/cases.py``. Those that take tables go through
scikit-learn's own checks; all go through the battery below, which has the same intent for
graphs, trials and sequences of shapes.
"""

import importlib
import multiprocessing
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import _safe_indexing
from sklearn.utils.estimator_checks import parametrize_with_checks

import skgeom

ROOMS = sorted(path.parent.name for path in Path(__file__).parent.glob("*/cases.py"))
CASES = [case for room in ROOMS for case in importlib.import_module(f"tests.{room}.cases").CASES]
TABLE_CASES = {id(case.estimator): case for case in CASES if case.input_is_table}

every_case = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.mark.filterwarnings("ignore")  # the checks feed tiny tables on purpose
@parametrize_with_checks(
    [case.estimator for case in TABLE_CASES.values()],
    expected_failed_checks=lambda estimator: TABLE_CASES[id(estimator)].expected_failures,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# What stands outside these tests, and why
WITHOUT_CASE = {
    "BifiltrationTransformer": "its output is no array; tested through the facade",
    "FiberedKernel": "its input is a list of objects, not of arrays",
    "TopologicalRegularizer": "it has a value and a gradient for one shape, and no table",
    "SeparabilityMonitor": "it is updated, not fitted",
}


@pytest.mark.parametrize("room", sorted(set(skgeom._ROOMS) - {"datasets"}))
def test_every_public_estimator_has_a_case(room):
    module = importlib.import_module(f"skgeom.{room}")
    public = [getattr(module, name) for name in module.__all__]
    estimators = {x for x in public if isinstance(x, type) and issubclass(x, BaseEstimator)}
    covered = {type(case.estimator) for case in CASES}
    assert {kind.__name__ for kind in estimators - covered} <= set(WITHOUT_CASE)


def on_arrays(X, change):
    """Apply `change` to every array inside `X`, whatever kind of input it is."""
    if sp.issparse(X):
        X = X.copy()
        X.data = change(X.data)
        return X
    if isinstance(X, np.ndarray) and X.dtype != object:
        return change(X)
    if isinstance(X, (list, tuple)):
        return type(X)(on_arrays(x, change) for x in X)
    if isinstance(X, dict):
        return {key: on_arrays(x, change) for key, x in X.items()}
    return X


def n_samples(X):
    return X.shape[0] if hasattr(X, "shape") else len(X)


def fit(case, seed=0, **params):
    X, y = case.make_data(seed)
    return clone(case.estimator).set_params(**params).fit(X, y), X


@every_case
def test_fit_returns_self_and_leaves_parameters_alone(case):
    X, y = case.make_data(0)
    estimator = clone(case.estimator)
    before = {name: repr(value) for name, value in estimator.get_params().items()}
    assert estimator.fit(X, y) is estimator
    assert {name: repr(value) for name, value in estimator.get_params().items()} == before
    assert not [name for name in vars(clone(estimator)) if name.endswith("_")]


@every_case
def test_fitting_twice_gives_the_same(case):
    estimator, X = fit(case)
    first = case.output(estimator, X)
    X, y = case.make_data(0)
    assert np.array_equal(first, case.output(estimator.fit(X, y), X))


@every_case
def test_refit_forgets_the_first_data(case):
    estimator, _ = fit(case)
    X, y = case.make_data(1)
    fresh = clone(case.estimator).fit(X, y)
    assert np.array_equal(case.output(estimator.fit(X, y), X), case.output(fresh, X))


@every_case
def test_pickle(case):
    estimator, X = fit(case)
    loaded = pickle.loads(pickle.dumps(estimator))
    assert np.array_equal(case.output(estimator, X), case.output(loaded, X))


@every_case
def test_not_fitted(case):
    X, _ = case.make_data(0)
    with pytest.raises(NotFittedError):
        case.output(clone(case.estimator), X)


@every_case
def test_input_is_left_alone_and_may_be_read_only(case):
    X, y = case.make_data(0)
    before = pickle.dumps(X)

    def lock(array):
        array.flags.writeable = False
        return array

    on_arrays(X, lock)
    estimator = clone(case.estimator).fit(X, y)
    writable, _ = case.make_data(0)
    assert np.array_equal(case.output(estimator, X), case.output(estimator, writable))
    assert pickle.dumps(X) == before


@every_case
def test_non_contiguous_input(case):
    def stretched(array):
        if array.ndim < 2:
            return array
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]

    estimator, X = fit(case)
    expected = case.output(estimator, X)
    other = clone(case.estimator).fit(on_arrays(X, stretched), case.make_data(0)[1])
    assert np.allclose(case.output(other, on_arrays(X, stretched)), expected)


@every_case
def test_float32_input(case):
    X, y = case.make_data(0)
    single = on_arrays(X, lambda a: a.astype(np.float32) if a.dtype.kind == "f" else a)
    estimator = clone(case.estimator).fit(single, y)
    output = case.output(estimator, single)
    assert output.shape == case.output(fit(case)[0], X).shape
    assert output.dtype.kind not in "f" or np.all(np.isfinite(output))


@every_case
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_are_refused(case, value):
    if np.isinf(value) and case.allows_infinity:
        pytest.skip("infinity is a value here")

    def spoil(array):
        if array.dtype.kind == "f" and array.size:
            array = array.copy()
            array.flat[array.size // 2] = value
        return array

    X, y = case.make_data(0)
    with pytest.raises(ValueError, match=r"(?i)nan|inf"):
        clone(case.estimator).fit(on_arrays(X, spoil), y)
    estimator, X = fit(case)
    with pytest.raises(ValueError, match=r"(?i)nan|inf"):
        case.output(estimator, on_arrays(X, spoil))


@every_case
def test_empty_input_is_refused(case):
    X, y = case.make_data(0)
    with pytest.raises(ValueError, match=r"0 sample|empty|shape"):
        clone(case.estimator).fit(X[:0], None if y is None else y[:0])


@every_case
@pytest.mark.parametrize("wrong", [None, "abc", 3.0, {"a": 1}], ids=repr)
def test_wrong_kind_of_input_is_refused(case, wrong):
    y = case.make_data(0)[1]
    with pytest.raises((TypeError, ValueError)) as caught:
        clone(case.estimator).fit(wrong, y)
    assert str(caught.value)


@every_case
def test_one_row_gives_that_row(case):
    if not case.row_wise:
        pytest.skip("the output of a row depends on the other rows")
    estimator, X = fit(case)
    everything = case.output(estimator, X)
    rows = [0, n_samples(X) - 1, n_samples(X) // 2]
    assert np.allclose(case.output(estimator, _safe_indexing(X, rows)), everything[rows])
    for row in rows[:2]:
        assert np.allclose(case.output(estimator, _safe_indexing(X, [row]))[0], everything[row])


@every_case
def test_feature_names_and_set_output(case):
    if not hasattr(case.estimator, "get_feature_names_out") or case.method is not None:
        pytest.skip("not a transformer")
    pandas = pytest.importorskip("pandas")
    estimator, X = fit(case)
    plain = np.asarray(estimator.transform(X))
    if plain.ndim != 2:
        pytest.skip("the output is not a table")
    names = estimator.get_feature_names_out()
    assert len(names) == len(set(names)) == plain.shape[1]
    frame = estimator.set_output(transform="pandas").transform(X)
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == list(names)
    assert np.array_equal(frame.to_numpy(), plain)


@every_case
def test_same_bits_for_any_n_jobs(case):
    if "n_jobs" not in case.estimator.get_params():
        pytest.skip("no n_jobs")
    outputs = [case.output(*fit(case, n_jobs=n_jobs)) for n_jobs in (1, 2, 3)]
    assert np.array_equal(outputs[0], outputs[1])
    assert np.array_equal(outputs[0], outputs[2])


@every_case
def test_two_threads_at_once(case):
    expected = [case.output(*fit(case, seed)) for seed in (0, 1)]
    with ThreadPoolExecutor(2) as pool:
        outputs = list(pool.map(lambda seed: case.output(*fit(case, seed)), [0, 1, 0, 1]))
    for seed, output in enumerate(outputs):
        assert np.array_equal(output, expected[seed % 2])


def _fit_and_send(connection, case):
    connection.send(case.output(*fit(case)))


@every_case
@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fit_in_a_forked_child(case):
    n_jobs = {"n_jobs": 2} if "n_jobs" in case.estimator.get_params() else {}
    expected = case.output(*fit(case, **n_jobs))
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_fit_and_send, args=(sender, case))
    child.start()
    try:
        assert receiver.poll(60), "the forked child hangs"
        assert np.array_equal(receiver.recv(), expected)
    finally:
        child.kill()
        child.join()


@every_case
def test_docstring_names_every_parameter_and_the_paper(case):
    doc = type(case.estimator).__doc__
    for name in case.estimator.get_params(deep=False):
        assert re.search(rf"^    (\w+, )*{name}(, \w+)* : ", doc, re.MULTILINE), name
    for section in ("Attributes", "References", "Examples"):
        assert re.search(rf"^    {section}\n    -+$", doc, re.MULTILINE), section


@every_case
def test_html_representation_links_to_the_api_page(case):
    values = case.estimator.get_params().values()
    if sklearn.__version__ == "1.7.0" and any(isinstance(value, np.ndarray) for value in values):
        pytest.skip("the HTML of scikit-learn 1.7.0, not of 1.7.1, refuses arrays as parameters")
    kind = type(case.estimator)
    room = ".".join(kind.__module__.split(".")[:2])
    assert f"/api/generated/{room}.{kind.__name__}.html" in case.estimator._repr_html_()
