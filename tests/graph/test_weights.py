import pytest

from skgeom.graph._weights import auto_weights, check_weights, resolve_density


@pytest.mark.parametrize(
    ("n_nodes", "mean_degree", "depth"),
    [
        (10_312, 64.8, 5),
        (3_890, 19.7, 6),
        (2_708, 3.9, 13),
        (3_327, 2.7, 16),
        (100, 1.0, 16),
        (100, 0.0, 16),
        (1, 5.0, 16),
        (50, 49.0, 4),
    ],
)
def test_auto_weights(n_nodes, mean_degree, depth):
    """Depth is 2.2 log(n) / log(mean degree) in [4, 16]; the last three weigh 1, 3, 9."""
    assert auto_weights(n_nodes, mean_degree) == (0.0,) * (depth - 3) + (1.0, 3.0, 9.0)


def test_density():
    assert resolve_density("auto", 10_000, 128) == 0.01
    assert resolve_density("auto", 10**6, 128) == 1 / 128
    assert resolve_density("paper", 10**6, 128) == 1e-3
    assert resolve_density(1, 10, 4) == 1.0


def test_weights():
    assert check_weights([1, 2], 0) == (1.0, 2.0)
    assert check_weights([], 0.5) == ()
    with pytest.raises(ValueError, match="gives no hop a weight"):
        check_weights([], 0.0)
