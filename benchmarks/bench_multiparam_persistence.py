"""Race MultiparamPersistenceVectorizer and its parts against multipers and gudhi.

    python benchmarks/bench_multiparam_persistence.py [--small]

Peers are optional: what is not installed is listed with the reason. multipers needs a gudhi before
3.13. Every race is one thread.
"""

import argparse

import numpy as np
from harness import Contender, print_table, race


def cloud(n, d=2, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def mass(work, result):
    """Number of atoms and total mass, to see that the same thing was computed."""
    points, weights = result
    return f"{len(points)} atoms, mass {int(np.sum(weights))}"


def ours(work):
    from skgeom.topology import BifiltrationTransformer

    transformer = BifiltrationTransformer(**work["parameters"])
    samples = [SHAPES[work["shape"]](work)]

    def run():
        return transformer.fit_transform(samples)[0][work["dimension"]]

    return run


def make_cloud(work):
    return cloud(work["n"])


def make_image(work):
    rng = np.random.default_rng(0)
    return rng.normal(size=(work["n"], work["n"], 2))


def make_graph(work):
    rng = np.random.default_rng(0)
    n = work["n"]
    return rng.integers(0, n, (3 * n, 2)), rng.normal(size=(n, 2))


SHAPES = {"cloud": make_cloud, "image": make_image, "graph": make_graph}


def codensity(points, bandwidth=0.3):
    """The same values that skgeom computes, for peers whose densities are normalised."""
    squared = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    return -np.log(np.exp(-0.5 * squared / bandwidth**2).sum(axis=1))


def multipers_measure(complex_, dimension):
    """Signed measure by multipers, through a minimal presentation where it has the back end."""
    import multipers as mp

    try:
        slicer = complex_ if "licer" in type(complex_).__name__ else mp.Slicer(complex_)
        return mp.signed_measure(slicer.minpres(degree=dimension), degree=dimension)[0]
    except Exception:  # whatever an older release raises without the back end
        return mp.signed_measure(complex_, degree=dimension)[0]


def multipers_rips(work):
    from multipers.filtrations import RipsLowerstar

    points = cloud(work["n"])
    values = codensity(points)
    far = 2 * np.linalg.norm(np.ptp(points, axis=0))

    def run():
        complex_ = RipsLowerstar(points=points, function=values, threshold_radius=far)
        return multipers_measure(complex_, work["dimension"])

    return run


def multipers_delaunay(work):
    from multipers.filtrations import DelaunayLowerstar

    points = cloud(work["n"])
    values = codensity(points)
    return lambda: multipers_measure(DelaunayLowerstar(points, values), work["dimension"])


def multipers_alpha(work):
    """A static alpha complex, for releases that have no function-Delaunay back end."""
    import gudhi
    import multipers as mp

    points = cloud(work["n"])
    values = codensity(points)

    def run():
        tree = gudhi.AlphaComplex(points=points).create_simplex_tree()
        for simplex, value in [(list(s), v) for s, v in tree.get_simplices()]:
            tree.assign_filtration(simplex, max(value, 0.0) ** 0.5)
        multi = mp.SimplexTreeMulti(tree, num_parameters=2)
        multi.fill_lowerstar(values, 1)
        return multipers_measure(multi, work["dimension"])

    return run


def multipers_image(work):
    from multipers.filtrations import Cubical

    image = make_image(work)
    return lambda: multipers_measure(Cubical(image), work["dimension"])


def multipers_tree(edges, values):
    import gudhi
    import multipers as mp

    tree = gudhi.SimplexTree()
    tree.insert_batch(np.arange(len(values))[None], np.zeros(len(values)))
    tree.insert_batch(np.ascontiguousarray(np.transpose(edges)), np.zeros(len(edges)))
    multi = mp.SimplexTreeMulti(tree, num_parameters=2)
    for axis in range(2):
        multi.fill_lowerstar(values[:, axis], axis)
    return multi


def multipers_graph(work):
    edges, values = make_graph(work)
    edges = np.unique(np.sort(edges, axis=1), axis=0)
    edges = edges[edges[:, 0] < edges[:, 1]]
    return lambda: multipers_measure(multipers_tree(edges, values), work["dimension"])


def gudhi_one_parameter_alpha(work):
    import gudhi

    points = cloud(work["n"])

    def run():
        tree = gudhi.AlphaComplex(points=points).create_simplex_tree()
        tree.compute_persistence()
        bars = tree.persistence_intervals_in_dimension(work["dimension"])
        return bars, np.zeros(len(bars))

    return run


def molecule_graphs():
    """Edges and node values (inverse degree, eigenvector of the Laplacian) of 188 molecules."""
    from skgeom.datasets import load_molecules

    samples = []
    for adjacency in load_molecules("mutag").data:
        dense = adjacency.toarray()
        degree = dense.sum(axis=1)
        vector = np.linalg.eigh(np.diag(degree) - dense)[1][:, 1]
        edges = np.argwhere(np.triu(dense))
        samples.append((edges, np.column_stack([1 / np.maximum(degree, 1), np.abs(vector)])))
    return samples


def molecules(work):
    from skgeom.topology import MultiparamPersistenceVectorizer

    samples = molecule_graphs()
    vectorizer = MultiparamPersistenceVectorizer(filtration="graph", function="precomputed")
    return lambda: vectorizer.fit_transform(samples)


def multipers_molecules(work):
    import multipers as mp

    samples = molecule_graphs()
    return lambda: [mp.signed_measure(multipers_tree(*s), degrees=[0, 1]) for s in samples]


def kernel_images(work):
    from skgeom.topology import SignedMeasureVectorizer

    rng = np.random.default_rng(0)
    measures = [
        {0: (rng.uniform(size=(5000, 2)), rng.choice([-1, 1], 5000).astype(np.int32))}
        for _ in range(20)
    ]
    vectorizer = SignedMeasureVectorizer(resolution=50).fit(measures)
    return lambda: vectorizer.transform(measures)


def distances(work):
    from skgeom.topology import sliced_wasserstein_distances

    rng = np.random.default_rng(0)
    signs = np.repeat([1, -1], 30)
    measures = [(rng.uniform(size=(60, 2)), signs) for _ in range(150)]
    return lambda: sliced_wasserstein_distances(measures, random_state=0)


def shape_race(title, peers, **work):
    contenders = [Contender("skgeom", ours, (), mass), *peers]
    print_table(title, race(contenders, work), quality="result")


def main(small):
    scale = 4 if small else 1
    multipers = ("multipers",)
    for n in (400, 10_000 // scale):
        peers = [Contender("multipers", multipers_rips, multipers, mass)] if n <= 1000 else []
        shape_race(
            f"Rips x density, H0 exact, {n} points",
            peers,
            shape="cloud",
            n=n,
            dimension=0,
            parameters={"homology_dimensions": (0,), "function_params": {"bandwidth": 0.3}},
        )
    shape_race(
        "Rips x density, H1, 50 rows",
        [],
        shape="cloud",
        n=400 // scale,
        dimension=1,
        parameters={"homology_dimensions": (1,), "function_params": {"bandwidth": 0.3}},
    )
    for dimension in (0, 1):
        shape_race(
            f"Alpha x density in the plane, H{dimension} exact",
            [
                Contender("multipers alpha", multipers_alpha, multipers, mass),
                Contender("multipers function-Delaunay", multipers_delaunay, multipers, mass),
                Contender("gudhi, one parameter", gudhi_one_parameter_alpha, ("gudhi",), mass),
            ],
            shape="cloud",
            n=5000 // scale,
            dimension=dimension,
            parameters={"filtration": "alpha", "function_params": {"bandwidth": 0.3}},
        )
    for n in (64, 256 // scale):
        shape_race(
            f"Image {n} x {n}, two channels, H0 and H1 exact",
            [Contender("multipers", multipers_image, multipers, mass)],
            shape="image",
            n=n,
            dimension=1,
            parameters={"filtration": "cubical"},
        )
    shape_race(
        "Graph, three edges per node, H0 exact",
        [Contender("multipers", multipers_graph, multipers, mass)],
        shape="graph",
        n=20_000 // scale,
        dimension=0,
        parameters={
            "filtration": "graph",
            "function": "precomputed",
            "homology_dimensions": (0,),
        },
    )
    contenders = [
        Contender("skgeom, lists in, 800 features out", molecules, ()),
        Contender("multipers, measures alone", multipers_molecules, ("multipers", "gudhi")),
    ]
    print_table("188 molecule graphs, H0 and H1", race(contenders, {}))
    results = race([Contender("skgeom", kernel_images, ())], {})
    print_table("Convolution of 20 measures of 5000 atoms at 50 x 50", results)
    results = race([Contender("skgeom", distances, ())], {})
    print_table("Sliced Wasserstein distances of 150 measures, 50 directions", results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="small sizes, to try it out")
    main(parser.parse_args().small)
