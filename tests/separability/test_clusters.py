import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import adjusted_rand_score

from skgeom.separability._clusters import cluster_labels, entry_heights


def tree(seed=0, n=60):
    X = np.random.default_rng(seed).normal(size=(n, 2))
    X[: n // 2] += 12
    return X, linkage(X, "single")


def test_a_plain_cut_is_scipys():
    _, Z = tree()
    cut = Z[-5, 2] * (1 + 1e-9)
    labels = cluster_labels(Z, 60, cut, 1)
    assert adjusted_rand_score(labels, fcluster(Z, cut, "distance")) == 1
    assert labels[0] == 0


def test_small_sides_become_noise():
    X = np.r_[np.linspace(0, 1, 20), np.linspace(9, 10, 20), 30.0][:, None]
    labels = cluster_labels(linkage(X, "single"), 41, 2.0, 3)
    assert labels.tolist() == [0] * 20 + [1] * 20 + [-1]


def test_without_a_cut_there_is_one_group():
    _, Z = tree()
    assert not cluster_labels(Z, 60, np.inf, 3).any()


@pytest.mark.parametrize("size", [2, 7, 30, 60])
def test_entry_heights_by_brute_force(size):
    X, Z = tree(1)
    distances = squareform(pdist(X))
    heights = entry_heights(Z, 60, size)
    for point in (0, 17, 59):
        expected = np.inf
        for height in np.sort(Z[:, 2]):
            reach = {point}
            while True:
                more = set(np.flatnonzero((distances[list(reach)] <= height * (1 + 1e-12)).any(0)))
                if more == reach:
                    break
                reach = more
            if len(reach) >= size:
                expected = height
                break
        assert heights[point] == pytest.approx(expected)
