import numpy as np
import scipy.sparse as sp

from skgeom.topology import (
    BifiltrationTransformer,
    MultiparamPersistenceVectorizer,
    SignedMeasureKernel,
    SignedMeasureVectorizer,
    TopologicalOptimizer,
)
from tests.case import Case


def clouds(seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, 2)) for n in (12, 20, 15, 9)], np.array([0, 1, 0, 1])


def stacked_clouds(seed):
    return np.random.default_rng(seed).normal(size=(4, 14, 3)), np.array([0, 1, 0, 1])


def valued_clouds(seed):
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(n, 2)), rng.normal(size=n)) for n in (12, 20, 15)], None


def images(seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(6, n, 2)) for n in (5, 7, 6)], None


def graphs(seed):
    rng = np.random.default_rng(seed)
    adjacencies = []
    for n in (6, 9, 7, 12):
        links = np.triu(rng.uniform(size=(n, n)) < 0.4, 1).astype(float)
        links[0, 1] = 1.0
        adjacencies.append(sp.csr_array(links + links.T))
    return adjacencies, np.array([0, 1, 0, 1])


def measures(seed):
    shapes, y = graphs(seed)
    return BifiltrationTransformer(filtration="graph", function=["degree", "hks"]).fit_transform(
        shapes
    ), y


of_measures = {"input_is_table": False, "allows_infinity": True}
small = {"resolution": 5, "random_state": 0}

CASES = [
    Case(
        MultiparamPersistenceVectorizer(filtration="graph", function=["degree", "hks"], **small),
        graphs,
        input_is_table=False,
    ),
    Case(MultiparamPersistenceVectorizer(max_points=10, **small), clouds, input_is_table=False),
    Case(
        MultiparamPersistenceVectorizer(
            filtration="alpha",
            function="dtm",
            homology_dimensions=(0, 1, 2),
            vectorization="sliced_wasserstein",
            mass_default="auto",
            **small,
        ),
        stacked_clouds,
        input_is_table=False,
    ),
    Case(
        MultiparamPersistenceVectorizer(
            function="precomputed", invariant="euler", vectorization="surface", **small
        ),
        valued_clouds,
        input_is_table=False,
    ),
    Case(
        MultiparamPersistenceVectorizer(
            filtration="cubical", vectorization="histogram", grid="quantile", **small
        ),
        images,
        input_is_table=False,
    ),
    Case(
        MultiparamPersistenceVectorizer(
            filtration="graph", function=["degree", "closeness"], invariant="mma", **small
        ),
        graphs,
        input_is_table=False,
    ),
    Case(
        MultiparamPersistenceVectorizer(filtration="delaunay", invariant="rank", **small),
        clouds,
        input_is_table=False,
    ),
    Case(
        MultiparamPersistenceVectorizer(
            filtration="alpha", invariant="fibered", n_lines=9, **small
        ),
        stacked_clouds,
        input_is_table=False,
    ),
    Case(
        MultiparamPersistenceVectorizer(
            filtration="degree_rips", vectorization="features", n_components=9, **small
        ),
        clouds,
        input_is_table=False,
    ),
    Case(TopologicalOptimizer(n_iter=2), stacked_clouds, input_is_table=False),
    # classes that never die have an infinite coordinate
    Case(SignedMeasureVectorizer(resolution=5), measures, **of_measures),
    Case(SignedMeasureKernel(n_directions=5, random_state=0), measures, **of_measures),
]
