"""pyriemann's functions, from where its version keeps them."""

try:
    from pyriemann.geometry.distance import distance
    from pyriemann.geometry.mean import mean_logchol, mean_logeuclid, mean_riemann
    from pyriemann.geometry.tangentspace import exp_map_riemann, log_map_riemann, tangent_space
except ImportError:
    from pyriemann.utils.distance import distance
    from pyriemann.utils.mean import mean_logchol, mean_logeuclid, mean_riemann
    from pyriemann.utils.tangentspace import exp_map_riemann, log_map_riemann, tangent_space

__all__ = [
    "distance",
    "exp_map_riemann",
    "log_map_riemann",
    "mean_logchol",
    "mean_logeuclid",
    "mean_riemann",
    "tangent_space",
]
