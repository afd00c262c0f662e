"""FastRP in a few lines of dense numpy, written from the paper, to compare with."""

import numpy as np
import scipy.sparse as sp


def random_graph(n, mean_degree, seed=0, directed=False, weighted=False, dtype=np.float64):
    """A random graph as csr_array; symmetric unless directed."""
    rng = np.random.default_rng(seed)
    linked = rng.random((n, n)) < mean_degree / n
    weights = rng.uniform(0.5, 2.0, (n, n)) if weighted else np.ones((n, n))
    dense = np.where(linked, weights, 0.0)
    np.fill_diagonal(dense, 0)
    if not directed:
        dense = np.triu(dense) + np.triu(dense).T
    return sp.csr_array(dense.astype(dtype))


def connected_graph(n, seed=0, weighted=False):
    """A random graph with a cycle through all nodes (n odd: not bipartite)."""
    dense = random_graph(n, 4, seed=seed, weighted=weighted).toarray()
    ring = np.roll(np.eye(n), 1, axis=1)
    return sp.csr_array(np.maximum(dense, ring + ring.T))


def unit_rows(matrix):
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.divide(matrix, norms, out=np.zeros_like(matrix), where=norms > 0)


def transition(adjacency, propagation="transition", self_loops=0.0):
    dense = adjacency.toarray().astype(float) + self_loops * np.eye(adjacency.shape[0])
    degrees = np.abs(dense).sum(axis=1)
    inverse = np.array([1 / d if d > 0 else 0.0 for d in degrees])
    if propagation == "transition":
        return inverse[:, None] * dense
    if propagation == "adjacency":
        return dense / degrees.max()
    return np.sqrt(inverse)[:, None] * dense * np.sqrt(inverse)


def hops(adjacency, start, n_hops, beta=0.0, **options):
    """Return [N_0, ..., N_k] with N_0 = L R."""
    degrees = np.abs(adjacency.toarray()).sum(axis=1) + options.get("self_loops", 0.0)
    relative = np.where(degrees > 0, degrees / degrees.sum(), 1.0)
    matrix = transition(adjacency, **options)
    found = [relative[:, None] ** beta * start]
    for _ in range(n_hops):
        found.append(matrix @ found[-1])
    return found


def embedding(adjacency, start, weights, normalise=True, standardise=False, **options):
    """Return sum_i weights[i] f(N_i); weights[0] is hop 0's."""
    terms = hops(adjacency, start, len(weights) - 1, **options)
    total = sum(w * (unit_rows(t) if normalise else t) for w, t in zip(weights, terms))
    if standardise:
        total = (total - total.mean(axis=0)) / total.std(axis=0)
    return total
