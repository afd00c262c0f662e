"""The room's estimators for the common tests."""

import numpy as np

from skgeom.encoding import DoubleFourierSphereEncoder, SphericalHarmonicsEncoder
from tests.case import Case

NO_PLACES = "the check draws numbers around 100, which are no latitudes"
EXPECTED_FAILURES = {
    "check_fit_idempotent": NO_PLACES,
    "check_fit_check_is_fitted": NO_PLACES,
    "check_n_features_in": NO_PLACES,
}


def make_places(seed):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-180, 360, 60), rng.uniform(-90, 90, 60)]), None


CASES = [
    Case(SphericalHarmonicsEncoder(degree=4), make_places, EXPECTED_FAILURES),
    Case(
        SphericalHarmonicsEncoder(
            degree=6,
            columns=(1, 0),
            order="latlon",
            norm="schmidt",
            drop_constant=True,
            smoothing="matern",
            convention="locationencoder",
        ),
        make_places,
        EXPECTED_FAILURES,
    ),
    Case(DoubleFourierSphereEncoder(n_frequencies=3), make_places, EXPECTED_FAILURES),
    Case(
        DoubleFourierSphereEncoder(kind="theory", dtype="float32"), make_places, EXPECTED_FAILURES
    ),
]
