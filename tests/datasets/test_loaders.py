"""The shipped data sets have the shapes, labels and licences that they claim."""

from importlib.resources import files

import numpy as np
import pytest
import scipy.sparse as sp

from skgeom import datasets

LOADERS = {
    "motor_imagery": (datasets.load_motor_imagery, {}),
    "text_banking77": (datasets.load_text_embeddings, {}),
    "land_ocean": (datasets.load_land_ocean, {}),
    **{f"cells_{n}": (datasets.load_cells, {"name": n}) for n in ("bcell", "pbmc68k")},
    **{f"molecules_{n}": (datasets.load_molecules, {"name": n}) for n in ("mutag", "cox2", "dhfr")},
    **{
        f"network_{n}": (datasets.load_network, {"name": n})
        for n in ("cora", "ppi", "wikipedia_pos", "blogcatalog")
    },
}


@pytest.mark.parametrize("stem", LOADERS)
def test_every_loader_describes_origin_and_licence(stem):
    loader, arguments = LOADERS[stem]
    bunch = loader(**arguments)
    assert "Origin:" in bunch.DESCR
    assert "Licence:" in bunch.DESCR
    X, y = loader(**arguments, return_X_y=True)
    n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
    assert n_samples == y.shape[0]


def test_every_file_has_a_loader():
    stems = {f.name.split(".")[0] for f in (files("skgeom.datasets") / "data").iterdir()}
    assert stems == set(LOADERS)


def test_motor_imagery_is_balanced_and_filtered():
    data = datasets.load_motor_imagery()
    assert data.data.shape == (90, 22, 640)
    for run in data.runs:  # the cues of a run of 15 alternate at random, 7 to 8 or 8 to 7
        assert sorted(np.bincount(data.target[data.groups == run])) == [7, 8]
    assert np.bincount(data.groups)[[3, 4, 7, 8, 11, 12]].tolist() == [15] * 6
    spectrum = np.abs(np.fft.rfft(data.data, axis=2)) ** 2
    frequency = np.fft.rfftfreq(640, 1 / data.sfreq)
    inside = (frequency >= 7) & (frequency <= 36)
    assert spectrum[:, :, ~inside].sum() < 0.05 * spectrum.sum()


def test_motor_imagery_choices():
    imagined = datasets.load_motor_imagery(channels=["C4", "C3"], kinds=["imagined"], tmin=1)
    assert imagined.data.shape == (45, 2, 480)
    assert imagined.ch_names == ["C4", "C3"]
    both = datasets.load_motor_imagery(channels=["C3"], band=None)
    assert np.array_equal(both.data, np.round(both.data))
    for wrong in (
        {"channels": ["XX"]},
        {"channels": []},
        {"kinds": "imagined"},
        {"kinds": []},
        {"band": (8, 90)},
        {"band": (8,)},
        {"tmin": -1},
        {"tmax": 1e3},
        {"tmax": np.inf},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            datasets.load_motor_imagery(**wrong)


@pytest.mark.parametrize(
    ("name", "n_nodes", "n_entries", "n_labels"),
    [
        ("cora", 2708, 10556, 2708),
        ("ppi", 3890, 76584, 6640),
        ("wikipedia_pos", 4777, 184812, 6770),
        ("blogcatalog", 10312, 667966, 14476),
    ],
)
def test_networks_are_symmetric(name, n_nodes, n_entries, n_labels):
    network = datasets.load_network(name)
    assert network.data.shape == (n_nodes, n_nodes)
    assert network.data.nnz == n_entries
    assert abs(network.data - network.data.T).nnz == 0
    count = network.target.nnz if sp.issparse(network.target) else len(network.target)
    assert count == n_labels


@pytest.mark.parametrize(
    ("name", "counts"), [("mutag", [63, 125]), ("cox2", [365, 102]), ("dhfr", [295, 461])]
)
def test_molecules_are_simple_graphs(name, counts):
    molecules = datasets.load_molecules(name)
    assert np.bincount(molecules.target).tolist() == counts
    for graph in molecules.data:
        assert abs(graph - graph.T).nnz == 0
        assert graph.diagonal().sum() == 0
        assert graph.max() == 1


def test_land_and_ocean_are_where_they_are():
    places = datasets.load_land_ocean()
    longitude, latitude = places.data.T
    # uniform on the sphere: the sine of the latitude is uniform in [-1, 1]
    assert abs(np.mean(np.sin(np.radians(latitude)))) < 0.02
    assert np.all(places.target[latitude < -85] == 1)  # Antarctica
    assert np.all(places.target[latitude > 85] == 0)  # the Arctic Ocean
    europe = (abs(longitude - 20) < 12) & (abs(latitude - 50) < 3)
    assert np.all(places.target[europe] == 1)
    pacific = (longitude < -120) & (longitude > -150) & (abs(latitude) < 15)
    assert not np.any(places.target[pacific])


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"name must be one of .*'cora'"):
        datasets.load_network("citeseer")
