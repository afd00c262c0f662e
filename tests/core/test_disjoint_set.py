import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from skgeom._core.disjoint_set import find, set_labels, singletons, union

PAIRS = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=40)


@settings(max_examples=25, deadline=None)
@given(PAIRS)
def test_sets_are_the_connected_components(pairs):
    parent, size = singletons(20)
    for a, b in pairs:
        root_a, root_b = find(parent, a), find(parent, b)
        if root_a != root_b:
            union(parent, size, root_a, root_b)
    rows, columns = np.array(pairs, dtype=int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs)), (rows, columns)), shape=(20, 20))
    n_expected, expected = connected_components(graph, directed=False)
    labels, n_sets = set_labels(parent)
    assert n_sets == n_expected
    np.testing.assert_array_equal(labels, expected)
    for element in range(20):
        assert size[find(parent, element)] == np.count_nonzero(labels == labels[element])


def test_union_keeps_the_root_of_the_larger_set():
    parent, size = singletons(4)
    assert union(parent, size, 2, 3) == 2
    assert union(parent, size, 0, 2) == 2
    assert size[2] == 3
    assert find(parent, 0) == find(parent, 3) == 2
