"""Loaders of the data sets in ``data/``."""

from importlib.resources import files
from numbers import Real

import numpy as np
import scipy.sparse as sp
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, validate_params

_DATA = files("skgeom.datasets") / "data"


def _read(stem):
    """Return the arrays of ``data/<stem>.npz`` as a dict."""
    with (_DATA / f"{stem}.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def _describe(stem):
    return (_DATA / f"{stem}.rst").read_text(encoding="utf-8")


def _check_name(name, known):
    if name not in known:
        raise ValueError(f"name must be one of {sorted(known)}, got {name!r}.")


def _bunch(return_X_y, **content):
    if return_X_y:
        return content["data"], content["target"]
    return Bunch(**content)


@validate_params(
    {
        "channels": ["array-like", None],
        "band": ["array-like", None],
        "tmin": [Interval(Real, 0, np.inf, closed="left")],
        "tmax": [Interval(Real, 0, np.inf, closed="neither")],
        "kinds": ["array-like", None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_motor_imagery(
    *, channels=None, band=(8.0, 35.0), tmin=0.0, tmax=4.0, kinds=None, return_X_y=False
):
    """Load EEG trials of left and right fist movement, executed and imagined (one person).

    Six recordings of the EEG Motor Movement/Imagery Database, 22 channels around the motor
    cortex, 160 Hz. Each recording is band-passed as a whole (Butterworth of order 4, forward
    and backward), then cut into trials.

    Parameters
    ----------
    channels : list of str or None, default=None
        Names of the channels to keep, for example ``["C3", "Cz", "C4"]``; None keeps all 22.
    band : (float, float) or None, default=(8.0, 35.0)
        Pass band in Hz; None leaves the signals as recorded.
    tmin, tmax : float, default=0.0 and 4.0
        Begin and end of a trial in seconds after the cue.
    kinds : sequence of {"executed", "imagined"} or None, default=None
        Which recordings to use; None takes all six.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        With ``data`` of shape (n_trials, n_channels, n_times), float64, in microvolts (90 trials,
        22 channels and 640 samples by default), ``target`` (0 left, 1 right), ``target_names``,
        ``groups`` (number of the recording, for leave-one-recording-out), ``ch_names``,
        ``sfreq`` (Hz), ``signals`` (n_recordings, n_channels, 20000) continuous and filtered,
        ``events`` (n_events, 4): recording, onset, duration in samples, code (0 rest, 1 left,
        2 right), ``runs``, and ``DESCR``.

    Raises
    ------
    ValueError
        For an unknown channel or kind, or a band beyond half the sampling rate.

    Examples
    --------
    >>> from skgeom.datasets import load_motor_imagery
    >>> load_motor_imagery(channels=["C3", "Cz", "C4"]).data.shape
    (90, 3, 640)
    """
    arrays = _read("motor_imagery")
    sfreq = float(arrays["sfreq"])
    ch_names = arrays["ch_names"].tolist()
    picks = _pick_channels(channels, ch_names)
    runs, kept = _pick_runs(kinds, arrays["runs"], arrays["run_kind"])
    signals = arrays["signals"][kept][:, picks].astype(np.float64)
    if band is not None:
        signals = _band_pass(signals, band, sfreq)
    events = arrays["events"]
    events = events[np.isin(events[:, 0], runs)]
    data, target, groups = _cut_trials(signals, runs, events, round(tmin * sfreq), tmax, sfreq)
    return _bunch(
        return_X_y,
        data=data,
        target=target,
        target_names=np.array(["left", "right"]),
        groups=groups,
        ch_names=[ch_names[i] for i in picks],
        sfreq=sfreq,
        signals=signals,
        events=events,
        runs=runs,
        DESCR=_describe("motor_imagery"),
    )


def _pick_channels(channels, ch_names):
    if channels is None:
        return list(range(len(ch_names)))
    unknown = [name for name in channels if name not in ch_names]
    if unknown or len(channels) == 0:
        raise ValueError(f"channels must be some of {ch_names}, got {channels!r}.")
    return [ch_names.index(name) for name in channels]


def _pick_runs(kinds, runs, run_kind):
    codes = {"executed": "ME_LR", "imagined": "MI_LR"}
    kinds = tuple(codes) if kinds is None else kinds
    if len(kinds) == 0 or any(kind not in codes for kind in kinds):
        raise ValueError(f"kinds must be a sequence out of {sorted(codes)}, got {kinds!r}.")
    kept = np.isin(run_kind, [codes[kind] for kind in kinds])
    return runs[kept], kept


def _band_pass(signals, band, sfreq):
    from scipy.signal import butter, sosfiltfilt

    if len(band) != 2 or not 0 < band[0] < band[1] < sfreq / 2:
        raise ValueError(f"band must satisfy 0 < low < high < {sfreq / 2} Hz, got {band!r}.")
    return sosfiltfilt(butter(4, band, "bandpass", fs=sfreq, output="sos"), signals, axis=-1)


def _cut_trials(signals, runs, events, first, tmax, sfreq):
    last = round(tmax * sfreq)
    cued = events[events[:, 3] > 0]
    longest = int(np.min(signals.shape[2] - cued[:, 1]))
    if not 0 <= first < last <= longest:
        raise ValueError(
            f"tmin and tmax must satisfy 0 <= tmin < tmax <= {longest / sfreq:.2f} s, "
            f"got {first / sfreq} and {tmax}."
        )
    row = np.searchsorted(runs, cued[:, 0])
    data = np.stack([signals[r, :, on + first : on + last] for r, on in zip(row, cued[:, 1])])
    return data, cued[:, 3].astype(np.int64) - 1, cued[:, 0].astype(np.int64)


_NETWORKS = ("cora", "ppi", "wikipedia_pos", "blogcatalog")


def load_network(name="cora", *, return_X_y=False):
    """Load a network with labelled nodes.

    Parameters
    ----------
    name : {"cora", "ppi", "wikipedia_pos", "blogcatalog"}, default="cora"
        Citations between papers (2,708 nodes, 7 classes); human protein interactions (3,890
        nodes, 50 labels); word co-occurrence (4,777 nodes, 40 parts of speech); friendships of
        bloggers (10,312 nodes, 39 groups). Only in "cora" each node has exactly one label.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        With ``data``: adjacency, csr_array of shape (n_nodes, n_nodes), float32, all weights 1;
        ``target``: (n_nodes,) int64 for "cora", else a 0/1 csr_array of shape
        (n_nodes, n_labels); ``features``: csr_array (n_nodes, n_features) float32 for "cora",
        else None; ``train_indices`` and ``test_indices``: the published Planetoid split for
        "cora", else None; and ``DESCR``.

    Examples
    --------
    >>> from skgeom.datasets import load_network
    >>> A, y = load_network("cora", return_X_y=True)
    >>> A.shape, y.shape
    ((2708, 2708), (2708,))
    """
    _check_name(name, _NETWORKS)
    arrays = _read(f"network_{name}")
    n_nodes = len(arrays["indptr"]) - 1
    indices = arrays["indices"].astype(np.int32)
    shape = (n_nodes, n_nodes)
    weights = np.ones(len(indices), np.float32)
    adjacency = sp.csr_array((weights, indices, arrays["indptr"]), shape=shape)
    return _bunch(
        return_X_y,
        data=adjacency,
        target=_node_labels(arrays, n_nodes),
        features=_node_features(arrays, n_nodes),
        train_indices=arrays.get("train_idx"),
        test_indices=arrays.get("test_idx"),
        DESCR=_describe(f"network_{name}"),
    )


def _node_labels(arrays, n_nodes):
    labels, indptr = arrays["label_indices"], arrays["label_indptr"]
    if np.all(np.diff(indptr) == 1):
        return labels.astype(np.int64)
    shape = (n_nodes, int(arrays["n_labels"]))
    return sp.csr_array((np.ones(len(labels), np.int8), labels.astype(np.int32), indptr), shape)


def _node_features(arrays, n_nodes):
    if "feat_data" not in arrays:
        return None
    content = (arrays["feat_data"], arrays["feat_indices"].astype(np.int32), arrays["feat_indptr"])
    return sp.csr_array(content, shape=(n_nodes, int(arrays["n_features"])))


def load_molecules(name="mutag", *, return_X_y=False):
    """Load a set of small molecule graphs with one class each.

    Parameters
    ----------
    name : {"mutag", "cox2", "dhfr"}, default="mutag"
        188, 467 and 756 graphs with 17.9, 41.2 and 42.4 nodes on average; two classes.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        With ``data``: list of symmetric csr_arrays (n_nodes_i, n_nodes_i), the adjacency of
        each graph, float64; ``target``: (n_graphs,) int64, 0 or 1; and ``DESCR``.

    Examples
    --------
    >>> from skgeom.datasets import load_molecules
    >>> graphs, y = load_molecules("mutag", return_X_y=True)
    >>> len(graphs), graphs[0].shape
    (188, (17, 17))
    """
    _check_name(name, ("mutag", "cox2", "dhfr"))
    arrays = _read(f"molecules_{name}")
    edges = np.split(arrays["edges"].astype(np.int32), arrays["edge_ptr"][1:-1])
    graphs = [_adjacency(e, n) for e, n in zip(edges, np.diff(arrays["node_ptr"]))]
    return _bunch(
        return_X_y,
        data=graphs,
        target=arrays["y"].astype(np.int64),
        DESCR=_describe(f"molecules_{name}"),
    )


def _adjacency(edges, n_nodes):
    rows, columns = np.concatenate([edges, edges[:, ::-1]]).T
    return sp.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n_nodes, n_nodes))


def load_cells(name="pbmc68k", *, return_X_y=False):
    """Load principal components of single-cell gene expression, with a label per cell.

    Parameters
    ----------
    name : {"pbmc68k", "bcell"}, default="pbmc68k"
        700 blood cells of ten types, 50 components; or 313 B cells in a differentiation time
        course (0 to 24 hours), 50 components of which the first ten carry the signal.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        With ``data`` (n_cells, 50) float32, ``target`` (n_cells,) int64: the cell type's number
        or the hour; ``target_names``: (n_types,) str for "pbmc68k", None for "bcell"; ``DESCR``.

    Examples
    --------
    >>> from skgeom.datasets import load_cells
    >>> X, hour = load_cells("bcell", return_X_y=True)
    >>> X.shape, sorted(set(hour.tolist()))
    ((313, 50), [0, 2, 6, 12, 18, 24])
    """
    _check_name(name, ("pbmc68k", "bcell"))
    arrays = _read(f"cells_{name}")
    target = arrays["time"] if name == "bcell" else arrays["target"]
    return _bunch(
        return_X_y,
        data=arrays["X"],
        target=target.astype(np.int64),
        target_names=arrays.get("target_names"),
        DESCR=_describe(f"cells_{name}"),
    )


def load_text_embeddings(*, return_X_y=False):
    """Load sentence embeddings of 3,080 questions to a bank, with 77 intents.

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        With ``data`` (3080, 384) float32: mean-pooled outputs of a sentence encoder, not
        normalised; ``target`` (3080,) int64, 40 rows per intent; ``target_names`` (77,) str;
        and ``DESCR``.

    Examples
    --------
    >>> from skgeom.datasets import load_text_embeddings
    >>> load_text_embeddings().data.shape
    (3080, 384)
    """
    arrays = _read("text_banking77")
    return _bunch(
        return_X_y,
        data=arrays["X"].astype(np.float32),
        target=arrays["target"].astype(np.int64),
        target_names=arrays["target_names"],
        DESCR=_describe("text_banking77"),
    )


def load_land_ocean(*, return_X_y=False):
    """Load random places of the globe, on land or at sea.

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        With ``data`` (10000, 2) float32: longitude and latitude in degrees, uniform on the sphere;
        ``target`` (10000,) int64: 1 on land; ``target_names``; ``feature_names``;
        ``train_indices`` and ``test_indices``: the first and the second 5,000; and ``DESCR``.

    Examples
    --------
    >>> from skgeom.datasets import load_land_ocean
    >>> places, land = load_land_ocean(return_X_y=True)
    >>> places.shape, int(land.sum())
    ((10000, 2), 2828)
    """
    arrays = _read("land_ocean")
    return _bunch(
        return_X_y,
        data=arrays["lonlat"],
        target=np.unpackbits(arrays["land"])[: len(arrays["lonlat"])].astype(np.int64),
        target_names=np.array(["ocean", "land"]),
        feature_names=["lon", "lat"],
        train_indices=np.arange(5000),
        test_indices=np.arange(5000, 10000),
        DESCR=_describe("land_ocean"),
    )
