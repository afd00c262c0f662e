"""
====================================
A large network on a small machine
====================================

A network need not fit into a list of edges to be embedded. Here the edges come in chunks and are
placed, in two passes, into files that are mapped; the embedding costs a few passes over them.

The page is made with a million edges. Give another number to run it at full size::

    python plot_fastrp_large.py 10_000_000

At that size (10^6 nodes, 64 columns, one thread, on two cores of a server that were busy with
other work) it printed::

    Graph(n_nodes=1000000, n_edges=18714020): 10.9 s, peak 797 MB
    (1000000, 64) in 6.4 s, peak 972 MB
    with max_memory=272 MB: 18.7 s, largest difference 1.4e-06
    of the ten nearest, 100% in the group
"""

# %%
# Edges in chunks
# ---------------
# People in groups of a hundred; four of five edges stay in the group. ``chunks`` is called twice,
# and makes the same edges each time; it could as well read files
# (:meth:`~skgeom.graph.Graph.from_parquet` does).

import sys
import tempfile
import time

import numpy as np

from skgeom.graph import FastRPEmbedder, Graph

try:
    n_edges = int(sys.argv[1])
except (IndexError, ValueError):
    n_edges = 1_000_000
n_nodes, group, chunk = max(n_edges // 10, 1000), 100, 1_000_000


def chunks():
    rng = np.random.default_rng(0)
    for first in range(0, n_edges, chunk):
        size = min(chunk, n_edges - first)
        source = rng.integers(0, n_nodes, size)
        near = source - source % group + rng.integers(0, group, size)
        far = rng.integers(0, n_nodes, size)
        yield source, np.where(rng.random(size) < 0.8, near % n_nodes, far)


def peak_memory():
    """Most memory that the process ever held, in MB (Linux and macOS)."""
    try:
        import resource
    except ImportError:
        return float("nan")
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 2**20 if sys.platform == "darwin" else size / 2**10


directory = tempfile.TemporaryDirectory()
start = time.perf_counter()
graph = Graph.from_edge_chunks(chunks, node_ids=np.arange(n_nodes), directory=directory.name)
print(f"{graph}: {time.perf_counter() - start:.1f} s, peak {peak_memory():.0f} MB")

# %%
# The embedding
# -------------
# ``estimate_memory`` tells what it will take. With ``storage="bfloat16"`` hops take half the
# memory, and with ``max_memory`` a fit goes by ranges of columns where it would take more.

embedder = FastRPEmbedder(64, iteration_weights="paper", store_hops=False, random_state=0)
memory = embedder.estimate_memory(graph.n_nodes, graph.n_edges)
print({name: f"{size / 1e6:.0f} MB" for name, size in memory.items()})
embedder.fit(Graph.from_edgelist([0, 1], [1, 2]))  # compiles

start = time.perf_counter()
vectors = embedder.fit_transform(graph)
seconds = time.perf_counter() - start
print(f"{vectors.shape} in {seconds:.1f} s, peak {peak_memory():.0f} MB")

# %%
# The same with half of the memory: the result lies in a temporary file.

limit = memory["fit"] // 2
start = time.perf_counter()
frugal = FastRPEmbedder(
    64,
    iteration_weights="paper",
    store_hops=False,
    max_memory=limit,
    random_state=0,
).fit_transform(graph)
print(
    f"with max_memory={limit / 1e6:.0f} MB: {time.perf_counter() - start:.1f} s, "
    f"largest difference {np.abs(frugal[:1000] - vectors[:1000]).max():.1e}"
)

# %%
# Who is like whom
# ----------------
# The nearest vectors to a node's are those of its group.

rng = np.random.default_rng(1)
asked = rng.integers(0, n_nodes, 50)
unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
likeness = unit[asked] @ unit.T
likeness[np.arange(50), asked] = -1
nearest = np.argpartition(-likeness, 10, axis=1)[:, :10]
print(
    f"of the ten nearest, {np.mean(nearest // group == asked[:, None] // group):.0%} in the group"
)
directory.cleanup()
