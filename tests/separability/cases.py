"""The room's estimators for the common tests."""

import numpy as np

from skgeom.separability import SeparabilityScorer
from tests.case import Case

ONE_ROW_A_CLOUD = "transform gives one row for a whole cloud, not one for each of its rows"
WHOLE_CLOUD = "the score of a row depends on the cloud that it is in"
EXPECTED_FAILURES = {
    "check_transformer_general": ONE_ROW_A_CLOUD,
    "check_transformer_data_not_an_array": ONE_ROW_A_CLOUD,
    "check_methods_sample_order_invariance": ONE_ROW_A_CLOUD,
    "check_methods_subset_invariance": WHOLE_CLOUD,
}


def make_cloud(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 5)) + 3 * rng.integers(0, 2, size=(60, 1))
    return X, None


CASES = [
    Case(
        SeparabilityScorer(random_state=0),
        make_cloud,
        EXPECTED_FAILURES,
        row_wise=False,
        method="score_samples",
    ),
    Case(
        SeparabilityScorer(
            ["balanced_sum", "relative_mean", "persistence"],
            normalize="standard",
            min_samples=3,
            reference="gaussian",
            n_references=3,
            max_samples=0.8,
            n_subsamples=3,
            random_state=0,
        ),
        make_cloud,
        EXPECTED_FAILURES,
        row_wise=False,
        method=None,
    ),
]
