"""The recipe of examples/fastrp_dask.py: a fit on the workers of dask."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from skgeom.graph import FastRPEmbedder, Graph
from tests.graph.reference import random_graph

pytest.importorskip("dask", reason="dask (extra scale) is not installed")
RECIPE = Path(__file__).parents[2] / "examples" / "fastrp_dask.py"


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_workers_find_what_one_machine_finds(tmp_path, scheduler):
    spec = importlib.util.spec_from_file_location("fastrp_dask", RECIPE)
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    graph = Graph(random_graph(200, 6, dtype=np.float32)).memmap(tmp_path)
    embedder = FastRPEmbedder(20, random_state=0)
    got = recipe.embed_on_workers(embedder, graph, 3, scheduler=scheduler, num_workers=2)
    np.testing.assert_allclose(got, embedder.fit_transform(graph), rtol=1e-4, atol=2e-5)
