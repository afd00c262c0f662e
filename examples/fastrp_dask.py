"""
================================
One embedding on several workers
================================

The columns of FastRP know nothing of each other, except for the lengths of the rows. So each worker
of a cluster takes a range of columns of the same random projection, carries it through all hops,
and sends back n squared norms per weighted hop; with their sum each worker finishes its columns.
No hop ever travels, and the result is what one machine finds.

A worker needs the graph (8 bytes per stored edge, mapped from a file that workers on one machine
share) and three arrays of its own columns: with 10^8 nodes and 16 columns, 20 GB. This is dask
(``pip install "skgeom[scale]"``); joblib or ray take the same two functions.
"""

import tempfile
from itertools import pairwise

import dask
import numpy as np

from skgeom.datasets import load_network
from skgeom.graph import FastRPEmbedder, Graph


def embed_on_workers(embedder, graph, n_ranges, **options):
    """Embed a graph by ranges of columns.

    Parameters
    ----------
    embedder : FastRPEmbedder
        With an int as `random_state`, ``combine="sum"``, and without whitening.
    graph : Graph
        Mapped (`Graph.memmap`), so that its path alone is sent.
    n_ranges : int
        Tasks; a multiple of the number of workers.
    **options : object
        For ``dask.compute``, for example ``scheduler="processes"``.

    Returns
    -------
    embedding : ndarray of shape (n_nodes, n_components)
    """
    borders = np.linspace(0, embedder.n_components, n_ranges + 1).astype(int).tolist()
    ranges = list(pairwise(borders))
    norms = [dask.delayed(embedder.column_norms)(graph, columns) for columns in ranges]
    total = dask.delayed(sum)(norms)
    parts = [dask.delayed(embedder.embed_columns)(graph, columns, total) for columns in ranges]
    return np.hstack(dask.compute(*parts, **options))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        graph = Graph(load_network("blogcatalog").data).memmap(directory)
        embedder = FastRPEmbedder(128, random_state=0, store_hops=False)
        embedding = embed_on_workers(embedder, graph, 4, scheduler="processes", num_workers=2)
        difference = np.abs(embedding - embedder.fit_transform(graph)).max()
    print(embedding.shape, f"largest difference to one machine: {difference:.1e}")
