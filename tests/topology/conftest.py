from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp


def canonical(points, weights):
    """Round to 1e-9, drop atoms that are not finite, add up equal ones."""
    points = np.round(points, 9) + 0.0
    finite = np.isfinite(points).all(axis=1)
    distinct, inverse = np.unique(points[finite], axis=0, return_inverse=True)
    sums = np.bincount(inverse.ravel(), weights[finite], len(distinct)).astype(int)
    return distinct[sums != 0], sums[sums != 0]


def assert_same_measure(found, expected, atol=2e-9):
    found, expected = canonical(*found), canonical(*expected)
    assert len(found[0]) == len(expected[0])
    np.testing.assert_allclose(found[0], expected[0], atol=atol, rtol=0)
    np.testing.assert_array_equal(found[1], expected[1])


def hilbert_brute_force(cells, grades, point, dimension):
    """Betti number over Z/2 of the subcomplex of grades <= point, by ranks of boundaries."""
    present = [
        {frozenset(c) for c, g in zip(cs, gs) if (np.asarray(g) <= point).all()}
        for cs, gs in zip(cells, grades)
    ]

    def rank(k):
        if k == 0 or k >= len(present) or not present[k]:
            return 0
        rows = {face: i for i, face in enumerate(sorted(present[k - 1], key=sorted))}
        columns = [
            sum(1 << rows[cell - {vertex}] for vertex in cell)
            for cell in sorted(present[k], key=sorted)
        ]
        pivots = {}
        for column in columns:
            while column and column.bit_length() in pivots:
                column ^= pivots[column.bit_length()]
            if column:
                pivots[column.bit_length()] = column
        return len(pivots)

    size = len(present[dimension]) if dimension < len(present) else 0
    return size - rank(dimension) - rank(dimension + 1)


def value_of(measure, point):
    """Hilbert function at a point: total weight of the atoms below it."""
    points, weights = measure
    return int(weights[(points <= point).all(axis=1)].sum())


def random_graph(rng, n_nodes, n_edges, n_values=2, levels=None):
    """Edges without loops or repetition, node values (ties when `levels` is given)."""
    u, v = np.triu_indices(n_nodes, 1)
    chosen = rng.choice(len(u), min(n_edges, len(u)), replace=False)
    values = rng.normal(size=(n_nodes, n_values))
    if levels is not None:
        values = rng.integers(0, levels, (n_nodes, n_values)).astype(float)
    return np.column_stack([u[chosen], v[chosen]]), values


@pytest.fixture(scope="session")
def oracle():
    """Frozen outputs of multipers 2.6.1 on inputs of our own."""
    path = Path(__file__).parent / "data" / "oracle_multipers261.npz"
    with np.load(path) as data:
        return dict(data)


@pytest.fixture(scope="session")
def molecules():
    """Forty random tree-like graphs with a few rings, as adjacency matrices, and their classes."""
    rng = np.random.default_rng(7)
    graphs, target = [], []
    for i in range(40):
        n = int(rng.integers(8, 20))
        parents = [int(rng.integers(max(0, k - 3), k)) for k in range(1, n)]
        edges = {(p, k) for k, p in enumerate(parents, start=1)}
        if i % 2:
            edges |= {(k, k + 5) for k in range(0, n - 5, 4)}
        u, v = np.array(sorted(edges)).T
        ones = np.ones(2 * len(u))
        entries = (ones, (np.r_[u, v], np.r_[v, u]))
        graphs.append(sp.csr_array(sp.coo_array(entries, shape=(n, n))))
        target.append(i % 2)
    return graphs, np.array(target)
