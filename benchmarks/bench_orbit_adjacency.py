"""Orbit adjacencies and graphlet degrees beside their peers.

    python benchmarks/bench_orbit_adjacency.py            # Cora, and 20,000 nodes, 100,000 edges
    python benchmarks/bench_orbit_adjacency.py --quick    # Cora alone

All 28 orbit adjacencies, or the 15 orbit counts of the nodes; the graph is in the peer's own form
when the clock starts. gradco needs numpy below 2, and so an environment of its own. Large graphs:
Erdos-Renyi, preferential attachment (m = 5), and power laws of degrees (Chung-Lu) with exponents
2.5 and 2.2, the heavier the hubs the smaller; wall seconds of one call on one thread, and the peak
of resident memory.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from harness import Contender, _peak_memory, _reset_peak_memory, print_table, race

N_NODES, N_EDGES = 20_000, 100_000
CORA = Path(__file__).parent.parent / "skgeom" / "datasets" / "data" / "network_cora.npz"


def make_graph(work):
    if work == "cora":
        with np.load(CORA) as arrays:
            csr = (np.ones(len(arrays["indices"])), arrays["indices"], arrays["indptr"])
            return sp.csr_array(csr)
    return _adjacency(LARGE[work](np.random.default_rng(0)), N_NODES)


def _adjacency(edges, n):
    upper = sp.coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n)).tocsr()
    both = upper + upper.T
    both.data[:] = 1
    return both


def erdos_renyi(rng):
    edges = rng.integers(0, N_NODES, (2 * N_EDGES, 2))
    return _first_edges(edges, rng)


def preferential_attachment(rng, m=5):
    ends, edges, targets = [], [], list(range(m))
    for node in range(m, N_NODES):
        edges += [(node, target) for target in targets]
        ends += targets + [node] * m
        chosen = set()
        while len(chosen) < m:
            chosen.add(ends[rng.integers(len(ends))])
        targets = list(chosen)
    return np.array(edges)


def power_law(rng, exponent):
    weights = (np.arange(N_NODES) + 1.0) ** (-1 / (exponent - 1))
    edges = rng.choice(N_NODES, (int(1.6 * N_EDGES), 2), p=weights / weights.sum())
    return _first_edges(edges, rng)


def _first_edges(edges, rng):
    edges = np.unique(np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1), axis=0)
    return edges[rng.permutation(len(edges))[:N_EDGES]]


LARGE = {
    "Erdos-Renyi": erdos_renyi,
    "preferential attachment": preferential_attachment,
    "power law, exponent 2.5": lambda rng: power_law(rng, 2.5),
    "power law, exponent 2.2": lambda rng: power_law(rng, 2.2),
}


def prepare_adjacencies(work):
    from skgeom.graph import OrbitAdjacency

    graph, model = make_graph(work), OrbitAdjacency(n_jobs=1)
    return lambda: model.fit_transform(graph)


def prepare_gradco(work):
    import gradco

    graph = make_graph(work)

    def count():
        counter = gradco.Counter(graph)
        counter.count()
        found = counter.generate_orbit_adjacencies()
        return {(hop, a, b): matrix for hop, a, b, matrix in found}

    return count


def prepare_degrees(work):
    from skgeom.graph import GraphletDegreeVectorizer

    graph, model = make_graph(work), GraphletDegreeVectorizer(log=False, n_jobs=1)
    return lambda: model.fit_transform(graph)


def prepare_orca(work):
    import networkx as nx
    import orbit_count

    graph = nx.from_scipy_sparse_array(make_graph(work))
    return lambda: np.array(orbit_count.node_orbit_counts(graph, graphlet_size=4))


def prepare_fglt(work):
    from pyfglt.fglt import compute

    graph = sp.csc_matrix(make_graph(work))
    return lambda: compute(graph).to_numpy()[:, 1:]


def total(work, result):
    values = result.values() if isinstance(result, dict) else [result]
    return f"{int(sum(m.sum() for m in values))} counts"


ADJACENCIES = [
    Contender("skgeom", prepare_adjacencies, (), total),
    Contender("gradco", prepare_gradco, ("gradco",), total),
]
DEGREES = [
    Contender("skgeom", prepare_degrees, (), total),
    Contender("orbit-count (ORCA)", prepare_orca, ("orbit-count",), total),
    Contender("pyfglt", prepare_fglt, ("pyfglt",), total),
]


def measure_large():
    """Print size, time and memory of all 28 adjacencies of the large graphs."""
    from skgeom.graph import OrbitAdjacency

    OrbitAdjacency(n_jobs=1).fit(make_graph("cora"))  # compiles
    for name in LARGE:
        graph = make_graph(name)
        _reset_peak_memory()
        before = _peak_memory()
        start, cpu = time.perf_counter(), time.process_time()
        found = OrbitAdjacency(n_jobs=1).fit_transform(graph)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        entries = sum(matrix.nnz for matrix in found.values()) / 1e6
        largest = int(np.diff(graph.indptr).max())
        print(
            f"{name:25s} {graph.nnz // 2} edges, largest degree {largest}: {entries:.0f} million "
            f"entries, CPU {cpu:.1f} s, wall {wall:.1f} s, at most "
            f"{(_peak_memory() - before) / 1024:.2f} GiB more than before"
        )
        del found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="Cora alone")
    quick = parser.parse_args().quick
    print_table("All 28 orbit adjacencies, Cora", race(ADJACENCIES, "cora", repeat=5))
    print_table("Orbit counts of the nodes, Cora", race(DEGREES, "cora", repeat=5))
    if not quick:
        name = "power law, exponent 2.5"
        print_table(f"Orbit counts of the nodes, {name}", race(DEGREES, name, repeat=2))
        measure_large()
