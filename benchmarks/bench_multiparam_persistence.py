"""Race MultiparamPersistenceVectorizer and its parts against multipers and gudhi.

    python benchmarks/bench_multiparam_persistence.py [--small]

Peers are optional: what is not installed is listed with the reason. multipers needs a gudhi before
3.13. Every race is one thread.
"""

import argparse
import os
import tempfile

import numpy as np
from harness import Contender, print_table, race

# KeOps, which multipers imports, writes a list of what it has compiled when a process ends; one
# that is stopped before leaves an empty file, and every later import dies with "EOFError". So
# every contender, a process of its own that reads this module anew, gets a folder of its own.
os.environ["KEOPS_CACHE_FOLDER"] = tempfile.mkdtemp(prefix="keops")

# CPU seconds of multipers 2.6.1, its fastest path, on another machine of this size (it needs a C
# library that this one doesn't have): to be read beside the live figures of 2.3.2
QUOTED = {
    "Rips x density, H0 exact, 400 points": "0.32",
    "188 molecule graphs, H0 and H1": "0.107, measures alone",
    "Graph, 20000 nodes, H0 exact": "0.556",
    "Image 256 x 256, two channels, H0 and H1 exact": "2.4",
    "Image 64 x 64, two channels, H0 and H1 exact": "0.06 to 0.17",
    "Alpha x density in the plane, H0 and H1 exact": "0.93, function-Delaunay",
    "Function-Delaunay x density in the plane, H0 and H1 exact": "0.93",
    "T-CDR pipeline, 200 points, 100 lines": "0.056",
    "Rips x density, H1, 50 rows": "1.95",
}


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
    return lambda: multipers_measure(peer_tree(work["n"]), work["dimension"])


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

    measures = [{0: pair} for pair in random_measures(20, 5000)]
    vectorizer = SignedMeasureVectorizer(resolution=50).fit(measures)
    return lambda: vectorizer.transform(measures)


def random_measures(count, n_atoms):
    rng = np.random.default_rng(0)
    signs = np.repeat(np.array([1, -1], dtype=np.int32), n_atoms // 2)
    return [(rng.uniform(size=(n_atoms, 2)), signs) for _ in range(count)]


def multipers_images(work):
    from multipers.ml.signed_measures import SignedMeasure2Convolution

    measures = [[pair] for pair in random_measures(20, 5000)]
    grid = [np.linspace(0, 1, 50)] * 2
    peer = SignedMeasure2Convolution(
        filtration_grid=grid, bandwidth=0.05, flatten=False, backend="sklearn", n_jobs=1
    ).fit(measures)
    return lambda: peer.transform(measures)


def distances(work):
    from skgeom.topology import sliced_wasserstein_distances

    measures = random_measures(150, 60)
    return lambda: sliced_wasserstein_distances(measures, random_state=0)


def multipers_distances(work):
    from multipers.ml.signed_measures import SignedMeasure2SlicedWassersteinDistance

    measures = [[pair] for pair in random_measures(150, 60)]

    def run():
        peer = SignedMeasure2SlicedWassersteinDistance(num_directions=50, n_jobs=1)
        return peer.fit(measures).transform(measures)

    return run


def pipeline(work):
    """Point cloud in, T-CDR images out."""
    from skgeom.topology import MultiparamPersistenceVectorizer

    samples = [cloud(200)]
    vectorizer = MultiparamPersistenceVectorizer(
        filtration="alpha", invariant="mma", resolution=50, function_params={"bandwidth": 0.3}
    )
    return lambda: vectorizer.fit_transform(samples)


def decomposition(work):
    """The decomposition alone, of the alpha complex."""
    from skgeom.topology import BifiltrationTransformer, interval_decomposition

    transformer = BifiltrationTransformer(
        filtration="alpha", function_params={"bandwidth": 0.3}
    ).fit([cloud(200)])
    simplices, grades = transformer.complexes([cloud(200)])[0]
    every = np.concatenate(grades)
    box = [every.min(axis=0), every.max(axis=0)]
    return lambda: interval_decomposition(simplices, grades, (0, 1), box, n_lines=100)


def peer_tree(n):
    import gudhi
    import multipers as mp

    points = cloud(n)
    tree = gudhi.AlphaComplex(points=points).create_simplex_tree()
    for simplex, value in [(list(s), v) for s, v in tree.get_simplices()]:
        tree.assign_filtration(simplex, max(value, 0.0) ** 0.5)
    multi = mp.SimplexTreeMulti(tree, num_parameters=2)
    multi.fill_lowerstar(codensity(points), 1)
    return multi


def multipers_decomposition(work):
    import multipers as mp

    multi = peer_tree(200)
    low, high = multi.filtration_bounds()
    error = float((high - low).sum() / 100)
    return lambda: mp.module_approximation(multi, max_error=error)


def multipers_pipeline(work):
    import multipers as mp

    def run():
        multi = peer_tree(200)
        low, high = multi.filtration_bounds()
        module = mp.module_approximation(multi, max_error=float((high - low).sum() / 100))
        return module.representation(bandwidth=0.1, resolution=50, kernel="linear")

    return run


def peer_module():
    import multipers as mp

    multi = peer_tree(200)
    low, high = multi.filtration_bounds()
    module = mp.module_approximation(multi, max_error=float((high - low).sum() / 100))
    return module, [np.linspace(*side, 50) for side in zip(low, high)]


def largest(work, result):
    return f"largest value {np.max(result):.6f}"


def module_images(work):
    """The image of the very module that multipers has, with its weights."""
    from skgeom.topology import tcdr
    from skgeom.topology._modules import foreign_modules

    module, grid = peer_module()
    module = foreign_modules(module.get_module_of_degree(1))
    return lambda: tcdr(module, grid, delta=0.1, op="sum")


def multipers_module_images(work):
    # with other degrees than the module's own the image is zero, in no time
    module, grid = peer_module()
    options = {"bandwidth": 0.1, "grid": grid, "kernel": "linear", "p": 1.0, "n_jobs": 1}
    return lambda: np.array(module.representation(degrees=[1], **options))


def descent(work):
    """Steps of the optimiser on loops of a function-Delaunay bifiltration."""
    from skgeom.topology import BifiltrationTransformer, TopologicalOptimizer

    transformer = BifiltrationTransformer(filtration="delaunay", homology_dimensions=(1,))
    optimizer = TopologicalOptimizer(transformer=transformer, n_iter=10)
    samples = [cloud(500)]
    return lambda: optimizer.fit_transform(samples)


def show(title, contenders, work=None):
    print_table(title, race(contenders, work or {}, timeout=100), quality="result")
    if title in QUOTED:
        print(f"\nmultipers 2.6.1, quoted: {QUOTED[title]} s")


def shape_race(title, peers, **work):
    """Race on one shape; without a dimension, all homology dimensions at once."""
    show(title, [Contender("skgeom", ours, (), mass), *peers], work)


def cloud_races(scale):
    multipers = ("multipers",)
    density = {"function_params": {"bandwidth": 0.3}}
    for n in (400, 10_000 // scale):
        peers = [Contender("multipers", multipers_rips, multipers, mass)] if n <= 1000 else []
        parameters = {"homology_dimensions": (0,), **density}
        work = {"shape": "cloud", "n": n, "dimension": 0, "parameters": parameters}
        shape_race(f"Rips x density, H0 exact, {n} points", peers, **work)
    work = {"shape": "cloud", "n": 400 // scale, "dimension": 1}
    parameters = {"homology_dimensions": (1,), **density}
    shape_race("Rips x density, H1, 50 rows", [], parameters=parameters, **work)
    work = {"shape": "cloud", "n": 5000 // scale, "dimension": 1}
    alpha = Contender("multipers alpha", multipers_alpha, multipers, mass)
    delaunay = Contender("multipers function-Delaunay", multipers_delaunay, multipers, mass)
    for filtration, name, peers in (
        ("alpha", "Alpha", [alpha, delaunay]),
        ("delaunay", "Function-Delaunay", [delaunay]),
    ):
        title = f"{name} x density in the plane, H0 and H1 exact"
        shape_race(title, peers, parameters={"filtration": filtration, **density}, **work)


def other_races(scale):
    multipers = ("multipers",)
    for n in (64, 256 // scale):
        shape_race(
            f"Image {n} x {n}, two channels, H0 and H1 exact",
            [Contender("multipers", multipers_image, multipers, mass)],
            shape="image",
            n=n,
            dimension=1,
            parameters={"filtration": "cubical"},
        )
    n = 20_000 // scale
    shape_race(
        f"Graph, {n} nodes, H0 exact",
        [Contender("multipers", multipers_graph, multipers, mass)],
        shape="graph",
        n=n,
        dimension=0,
        parameters={"filtration": "graph", "function": "precomputed", "homology_dimensions": (0,)},
    )


PAIRS = {
    "188 molecule graphs, H0 and H1": (molecules, multipers_molecules),
    "Convolution of 20 measures of 5000 atoms at 50 x 50": (kernel_images, multipers_images),
    "Sliced Wasserstein distances of 150 measures, 50 directions": (
        distances,
        multipers_distances,
    ),
    "Decomposition alone, 200 points, 100 lines": (decomposition, multipers_decomposition),
    "T-CDR pipeline, 200 points, 100 lines": (pipeline, multipers_pipeline),
}


def main(small):
    scale = 4 if small else 1
    cloud_races(scale)
    other_races(scale)
    both = ("multipers",)
    title = "T-CDR image of one module, 50 x 50"
    images = [("skgeom, on the module of", module_images), ("multipers", multipers_module_images)]
    show(title, [Contender(name, prepare, both, largest) for name, prepare in images])
    for title, (mine, peer) in PAIRS.items():
        contenders = [Contender("skgeom", mine, ()), Contender("multipers", peer, ("multipers",))]
        show(title, contenders)
    show("Optimiser, 10 steps, 500 points", [Contender("skgeom", descent, ())])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="small sizes, to try it out")
    main(parser.parse_args().small)
