import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.topology._forest import graph_measures, single_graph
from skgeom.topology._presentation import minimal_presentation
from tests.topology.conftest import (
    assert_same_measure,
    hilbert_brute_force,
    random_graph,
)
from tests.topology.test_modules import random_complex

few = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def dimension_at(presentation, point):
    """Dimension of the presented module: generators minus the rank of the relations."""
    born = (presentation.generators <= point).all(axis=1)
    pivots = {}
    for i in np.flatnonzero((presentation.relations <= point).all(axis=1)):
        members = presentation.indices[presentation.ptr[i] : presentation.ptr[i + 1]]
        assert born[members].all()
        column = 0
        for member in members:
            column ^= 1 << int(member)
        while column and column.bit_length() in pivots:
            column ^= pivots[column.bit_length()]
        if column:
            pivots[column.bit_length()] = column
    return int(born.sum()) - len(pivots)


@few
@given(seeds, st.integers(4, 12), st.integers(2, 3), st.sampled_from([None, 3]))
def test_presented_modules_have_the_dimension_of_homology(seed, n, d, levels):
    rng = np.random.default_rng(seed)
    simplices, grades = random_complex(rng, n, d, levels)
    every = np.concatenate(grades)
    for k in range(d + 1):
        presentation = minimal_presentation(simplices, grades, k)
        for _ in range(6):
            point = every[rng.integers(len(every), size=2), [0, 1]]
            expected = hilbert_brute_force([c.tolist() for c in simplices], grades, point, k)
            assert dimension_at(presentation, point) == expected


@few
@given(seeds, st.integers(4, 12), st.sampled_from([None, 2]))
def test_no_relation_cancels_a_generator(seed, n, levels):
    rng = np.random.default_rng(seed)
    simplices, grades = random_complex(rng, n, 2, levels)
    for k in range(2):
        presentation = minimal_presentation(simplices, grades, k)
        for i, relation in enumerate(presentation.relations):
            members = presentation.indices[presentation.ptr[i] : presentation.ptr[i + 1]]
            assert not (presentation.generators[members] == relation).all(axis=1).any()


@few
@given(seeds)
def test_presentation_of_components_has_the_atoms_of_the_measure(seed):
    """For a tree of components there is nothing beyond generators and relations in degree two."""
    rng = np.random.default_rng(seed)
    edges, values = random_graph(rng, 9, 8)
    edges = np.sort(edges, axis=1)
    grades = [values, values[edges].max(axis=1)]
    presentation = minimal_presentation([np.arange(9)[:, None], edges], grades, 0)
    points, weights, _ = graph_measures(single_graph(edges, *grades), (0,))[0]
    for point, weight in zip(points, weights):
        total = (presentation.generators == point).all(axis=1).sum()
        total -= (presentation.relations == point).all(axis=1).sum()
        assert weight >= total  # what is missing are relations between relations


def test_presentation_of_a_path():
    grades = [np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [1.0, 2.0]])]
    simplices = [np.arange(3)[:, None], np.array([[0, 1], [1, 2]])]
    presentation = minimal_presentation(simplices, grades, 0)
    np.testing.assert_array_equal(presentation.generators, [[0.0, 0.0], [0.0, 2.0]])
    np.testing.assert_array_equal(presentation.relations, [[1.0, 2.0]])
    assert_same_measure(
        (np.vstack([presentation.generators, presentation.relations]), np.array([1, 1, -1])),
        (np.array([[0.0, 0.0], [0.0, 2.0], [1.0, 2.0]]), np.array([1, 1, -1])),
    )
