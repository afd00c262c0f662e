"""The generators keep the truth that they promise."""

import inspect

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import kneighbors_graph

from skgeom import datasets

GENERATORS = [
    (datasets.make_swiss_roll, {"n_samples": 50, "noise": 0.1}),
    (datasets.make_tree, {"n_samples": 50, "noise": 0.1}),
    (datasets.make_block_model, {"n_nodes": 50}),
    (datasets.make_rmat, {"scale": 5}),
    (datasets.make_spectral_trials, {"n_trials": 4, "n_times": 30}),
    (datasets.make_gaussian_groups, {"n_samples": 20, "n_outliers": 3}),
    (datasets.make_noisy_annulus, {"n_samples": 20, "n_outliers": 5}),
    (datasets.make_orbits, {"n_clouds": 5, "n_points": 10}),
]


def _first(result):
    result = result[0] if isinstance(result, tuple) else result
    return result.toarray() if hasattr(result, "toarray") else result


@pytest.mark.parametrize(("make", "arguments"), GENERATORS)
def test_random_state_repeats(make, arguments):
    first = _first(make(**arguments, random_state=3))
    assert np.array_equal(first, _first(make(**arguments, random_state=3)))
    assert not np.array_equal(first, _first(make(**arguments, random_state=4)))


@pytest.mark.parametrize("n_features", [3, 10])
def test_swiss_roll_sheet_is_locally_isometric(n_features):
    X, sheet = datasets.make_swiss_roll(4000, n_features=n_features, random_state=0)
    near = kneighbors_graph(sheet, 3, mode="distance").tocoo()
    chord = np.linalg.norm(X[near.row] - X[near.col], axis=1)
    # a chord is shorter than its arc by a factor that tends to 1
    assert np.all(chord <= near.data + 1e-12)
    assert np.median(chord / near.data) > 0.999


def test_tree_distances_are_a_metric_above_the_chords():
    X, distances, branch = datasets.make_tree(200, random_state=0)
    assert np.array_equal(np.bincount(branch), [40] * 5)
    assert np.all(np.isfinite(distances))
    assert np.all(distances >= cdist(X, X) - 1e-9)
    assert np.allclose(distances, distances.T)


def test_block_model_mixing():
    adjacency, labels = datasets.make_block_model(
        2000, n_blocks=4, mean_degree=20, mixing=0.2, random_state=0
    )
    coo = adjacency.tocoo()
    within = np.mean(labels[coo.row] == labels[coo.col])
    assert within == pytest.approx(0.8 + 0.2 / 4, abs=0.02)
    assert adjacency.sum() / 2000 == pytest.approx(20, rel=0.05)
    assert adjacency.diagonal().sum() == 0


def test_spectral_trials_have_unit_power_and_their_resonance():
    X, y = datasets.make_spectral_trials(40, n_channels=1, n_times=4000, random_state=0)
    frequency = np.fft.rfftfreq(4000, 1 / 160)
    spectrum = np.abs(np.fft.rfft(X[:, 0])) ** 2
    band = (frequency > 5) & (frequency < 20)
    centroid = (spectrum[:, band] @ frequency[band]) / spectrum[:, band].sum(axis=1)
    assert centroid[y == 0].mean() + 1 < centroid[y == 1].mean()
    assert np.std(X.std(axis=2)) < 1e-9


def test_gaussian_groups_separation():
    X, y = datasets.make_gaussian_groups(
        9000, n_groups=3, n_features=2, separation=50, n_outliers=5, random_state=0
    )
    centres = np.array([X[y == group].mean(axis=0) for group in range(3)])
    assert cdist(centres, centres)[np.triu_indices(3, 1)] == pytest.approx(50, abs=0.2)
    assert (y == -1).sum() == 5
    nearest = cdist(X[y >= 0], centres).argmin(axis=1)
    assert adjusted_rand_score(nearest, y[y >= 0]) == 1


def test_annulus_radii():
    X, on_annulus = datasets.make_noisy_annulus(500, n_outliers=50, random_state=0)
    radius = np.linalg.norm(X[on_annulus], axis=1)
    assert radius.min() >= 0.85
    assert radius.max() <= 1.0


@pytest.mark.parametrize(
    ("make", "arguments", "name"),
    [
        (datasets.make_swiss_roll, {"n_features": 2}, "n_features"),
        (datasets.make_tree, {"n_samples": 3}, "n_samples"),
        (datasets.make_gaussian_groups, {"n_groups": 5, "n_features": 2}, "n_groups"),
        (datasets.make_spectral_trials, {"frequencies": []}, "frequencies"),
        (datasets.make_orbits, {"parameters": [np.nan]}, "parameters"),
    ],
)
def test_wrong_arguments_are_named(make, arguments, name):
    with pytest.raises(ValueError, match=name):
        make(**arguments)


@pytest.mark.parametrize("make", [make for make, _ in GENERATORS])
@pytest.mark.parametrize("wrong", ["a", -1, np.nan, {}], ids=repr)
def test_every_argument_is_checked(make, wrong):
    for name in inspect.signature(make).parameters:
        with pytest.raises(ValueError, match=rf"\b{name}\b"):
            make(**{name: wrong})
