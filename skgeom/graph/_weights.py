"""Weights of the hops: the automatic rule and the settings of the sources."""

import numpy as np

DEPTH_PER_DISTANCE = 2.2
MIN_DEPTH, MAX_DEPTH = 4, 16
LAST_WEIGHTS = (1.0, 3.0, 9.0)
SMALLEST = 1e-30  # weight of a hop: its square is safe in float32 on either side

DEFAULTS = {"normalization_strength": 0.0, "density": "auto", "standardize": True}
PRESETS = {
    "paper": {
        "iteration_weights": (0.0, 0.0, 1.0, 6.67),
        "normalization_strength": -0.64,
        "density": "paper",
        "standardize": True,
    },
    "neo4j": {
        "iteration_weights": (0.0, 1.0, 1.0),
        "normalization_strength": 0.0,
        "density": 1 / 3,
        "standardize": False,
    },
}


def resolve_settings(params, self_influence, n_nodes, mean_degree):
    """Fill in what the parameters leave to a rule or to a source.

    Parameters
    ----------
    params : dict
        `iteration_weights`, `normalization_strength`, `density` and `standardize`.
    self_influence : float
        Weight of hop 0.
    n_nodes : int
    mean_degree : float
        Stored entries per node.

    Returns
    -------
    settings : dict
        The same names; `iteration_weights` is a tuple of float.
    """
    settings = dict(params)
    weights = params["iteration_weights"]
    if isinstance(weights, str) and weights in PRESETS:
        left = [name for name, default in DEFAULTS.items() if params[name] == default]
        for name in [*left, "iteration_weights"]:
            settings[name] = PRESETS[weights][name]
    elif isinstance(weights, str):
        settings["iteration_weights"] = auto_weights(n_nodes, mean_degree)
    settings["iteration_weights"] = check_weights(settings["iteration_weights"], self_influence)
    return settings


def resolve_density(density, n_nodes, n_components):
    """Return the share of non-zero entries of a sparse projection."""
    if density == "paper":
        return 1.0 / np.sqrt(n_nodes)
    if density == "auto":
        return max(1.0 / np.sqrt(n_nodes), 1.0 / n_components)
    return float(density)


def check_weights(weights, self_influence):
    """Return the weights of hops 1 to k as a tuple of float."""
    try:
        array = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"iteration_weights must be numbers, got {weights!r}.") from error
    if array.ndim != 1 or not np.isfinite(array).all():
        raise ValueError(
            "iteration_weights must be a 1-d sequence of finite numbers, one per hop, "
            f"got {weights!r}."
        )
    sizes = np.abs([self_influence, *array])
    if not np.all((sizes == 0) | ((sizes >= SMALLEST) & (sizes <= 1 / SMALLEST))):
        raise ValueError(
            f"self_influence={self_influence!r} and iteration_weights={weights!r} must be 0 or of "
            f"a size between {SMALLEST:g} and {1 / SMALLEST:g}."
        )
    if not array.any() and self_influence == 0:
        raise ValueError(
            f"iteration_weights={weights!r} gives no hop a weight: at least one must differ from "
            "0, unless self_influence > 0."
        )
    return tuple(array.tolist())


def auto_weights(n_nodes, mean_degree):
    """Return hop weights for a graph of this size and density.

    The depth is 2.2 times the typical distance log(n_nodes) / log(mean_degree), the number of
    steps after which a walk has seen the graph, between 4 and 16: sparse graphs want deep hops,
    dense ones are mixed after a few. The last three hops are weighted 1, 3, 9: rows of a hop are
    normalised, and their informative part shrinks from hop to hop, so equal weights would leave
    the last hops without a say.

    Parameters
    ----------
    n_nodes : int
    mean_degree : float
        Stored entries per node.

    Returns
    -------
    weights : tuple of float

    Examples
    --------
    >>> auto_weights(10_312, 64.8)
    (0.0, 0.0, 1.0, 3.0, 9.0)
    """
    depth = MAX_DEPTH
    if mean_degree > 1 and n_nodes > 1:
        distance = np.log(n_nodes) / np.log(mean_degree)
        depth = int(np.clip(round(DEPTH_PER_DISTANCE * distance), MIN_DEPTH, MAX_DEPTH))
    return (0.0,) * (depth - len(LAST_WEIGHTS)) + LAST_WEIGHTS
