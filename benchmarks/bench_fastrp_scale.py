"""FastRPEmbedder on a graph with 10^8 undirected edges: seconds and peak memory.

    python benchmarks/bench_fastrp_scale.py                     # 10^7 nodes, 10^8 edges: 12 GiB
    python benchmarks/bench_fastrp_scale.py --nodes 100_000 --edges 1_000_000

Edges join random nodes, the worst case for the caches. They come in chunks; the paper's setting
(weights 0, 0, 1, 6.67), d = 128, float32 or bfloat16 storage, hops are not kept.
"""

import argparse
import resource
import time

import numpy as np
from harness import machine

from skgeom.graph import FastRPEmbedder, Graph

CHUNK = 5_000_000


def random_edges(n_nodes, n_edges):
    """Chunks of random edges, the same at each call."""
    rng = np.random.default_rng(0)
    for first in range(0, n_edges, CHUNK):
        size = min(CHUNK, n_edges - first)
        yield rng.integers(0, n_nodes, size), rng.integers(0, n_nodes, size)


def report(what, start):
    wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what}: {wall:.1f} s wall, {cpu:.1f} s CPU, peak memory {peak:.2f} GiB", flush=True)


def now():
    return time.perf_counter(), time.process_time()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=10_000_000)
    parser.add_argument("--edges", type=int, default=100_000_000)
    parser.add_argument("--storage", choices=["bfloat16"])
    parser.add_argument("--max-memory", type=int)
    parser.add_argument("--directory", help="where the graph is made, in mapped files")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    print(machine())
    model = FastRPEmbedder(
        128,
        iteration_weights="paper",
        storage=options.storage,
        max_memory=options.max_memory,
        store_hops=False,
        random_state=0,
        n_jobs=options.jobs,
    )
    model.fit(Graph.from_edgelist([0, 1], [1, 2]))  # compiles
    start = now()
    graph = Graph.from_edge_chunks(
        lambda: random_edges(options.nodes, options.edges),
        node_ids=np.arange(options.nodes),
        directory=options.directory,
    )
    report(repr(graph), start)
    memory = model.estimate_memory(graph.n_nodes, graph.n_edges)
    print("estimate:", {name: f"{size / 2**30:.2f} GiB" for name, size in memory.items()})
    start = now()
    model.fit(graph)
    report(f"fit, storage={options.storage or 'float32'}", start)


if __name__ == "__main__":
    main()
