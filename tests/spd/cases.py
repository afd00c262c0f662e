import numpy as np
from sklearn.linear_model import LogisticRegression

from skgeom.spd import (
    AugmentedCovariance,
    AugmentedCovarianceClassifier,
    AugmentedCovarianceClassifierCV,
    BuresWassersteinNormalizer,
    BuresWassersteinTangentSpace,
    SlidingWindowDecoder,
)
from tests.case import Case
from tests.spd.data import random_trials


def make_data(seed):
    return random_trials(n_trials=20, n_channels=3, n_times=80, seed=seed)


def make_recordings(seed):
    X, y = random_trials(n_trials=6, n_channels=2, n_times=150, seed=seed)
    return X, np.repeat(y[:, None], 150, axis=1)


def make_matrices(seed):
    X, y = make_data(seed)
    return AugmentedCovariance(order=2, lag=3).fit_transform(X), y


def given(estimator):
    return Case(estimator, make_matrices, input_is_table=False)


def case(estimator, method=None):
    return Case(estimator, make_data, input_is_table=False, method=method)


CASES = [
    given(BuresWassersteinNormalizer(shift=0.2)),
    given(BuresWassersteinNormalizer(0.5, metric_matrix="mean", bias="mean", n_jobs=1)),
    given(BuresWassersteinNormalizer("log")),
    given(BuresWassersteinTangentSpace(n_jobs=1)),
    given(BuresWassersteinTangentSpace(-0.5, metric_matrix="inv_mean")),
    case(AugmentedCovariance(order=2, lag=3)),
    case(AugmentedCovariance(order=3, structure="toeplitz", estimator="oas")),
    case(AugmentedCovarianceClassifier(order=2, lag=3)),
    case(AugmentedCovarianceClassifier(order=2, classifier="mdm"), "transform"),
    case(
        AugmentedCovarianceClassifier(
            order=2, classifier="fgmdm", bands=[(5, 20), (20, 40)], sfreq=100.0
        ),
        "predict_proba",
    ),
    case(AugmentedCovarianceClassifier(order=2, classifier=LogisticRegression()), "predict_proba"),
    case(AugmentedCovarianceClassifierCV([1, 2], [1, 2], cv=2), "decision_function"),
    case(AugmentedCovarianceClassifier(order=3, lag=2, geometry="siegel"), "transform"),
    case(
        AugmentedCovarianceClassifier(order=2, spatial_filter="csp", dtype="float32"), "transform"
    ),
    case(
        AugmentedCovarianceClassifierCV([1, 2], [1, 2], cv=2, ensemble="top_k", n_ensemble=2),
        "predict",
    ),
    Case(
        AugmentedCovarianceClassifier(order=2, input="covariance"),
        make_matrices,
        input_is_table=False,
        method="decision_function",
    ),
    Case(
        SlidingWindowDecoder(AugmentedCovarianceClassifier(2, classifier="mdm"), 60, 30),
        make_recordings,
        input_is_table=False,
        method="decision_function",
    ),
]
