import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from skgeom.labels import LokiClassifier
from tests.case import Case
from tests.labels.data import path_graph

PLACES = np.random.default_rng(7).standard_normal((12, 2))


def make_bins(seed):
    """Points along a line whose label is the tenth they are in; only three tenths occur."""
    rng = np.random.default_rng(seed)
    y = rng.choice([1, 5, 8], 60)
    y[:3] = [1, 5, 8]
    X = np.column_stack([y + rng.standard_normal(60), rng.standard_normal(60)])
    return X, y


def make_probabilities(seed):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(12), 30), rng.integers(0, 12, 30)


def case(estimator, make_data=make_bins, **options):
    return Case(estimator, make_data, input_is_table=False, **options)


CASES = [
    Case(LokiClassifier(), make_bins),
    Case(LokiClassifier(LogisticRegression(C=10), method="decision_function"), make_bins),
    Case(LokiClassifier(label_metric="ordinal", temperature=0.2, tie="observed"), make_bins),
    case(LokiClassifier(label_metric="ordinal", labels=range(10), n_jobs=1)),
    case(
        LokiClassifier(label_metric="ordinal", labels=range(10), beta="calibrated", random_state=0),
        method="predict_proba",
    ),
    case(
        LokiClassifier(
            KNeighborsClassifier(5),
            label_metric=path_graph(10),
            temperature="auto",
            random_state=0,
            block_size=7,
        ),
        method="decision_function",
    ),
    case(LokiClassifier(label_metric=PLACES, metric="euclidean", top_k=2, power=1.0)),
    case(
        LokiClassifier("precomputed", label_metric=PLACES, metric="euclidean"),
        make_probabilities,
        method="decision_function",
    ),
]
