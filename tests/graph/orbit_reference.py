"""Orbit adjacencies by visiting every connected subgraph of at most four nodes, to compare with."""

from collections import defaultdict
from itertools import combinations

import numpy as np

# orbits by (number of nodes, sorted degrees inside the subgraph) -> {degree: orbit}
ORBIT_OF_DEGREE = {
    (2, (1, 1)): {1: 0},
    (3, (1, 1, 2)): {1: 1, 2: 2},
    (3, (2, 2, 2)): {2: 3},
    (4, (1, 1, 2, 2)): {1: 4, 2: 5},
    (4, (1, 1, 1, 3)): {1: 6, 3: 7},
    (4, (2, 2, 2, 2)): {2: 8},
    (4, (1, 2, 2, 3)): {1: 9, 2: 10, 3: 11},
    (4, (2, 2, 3, 3)): {2: 12, 3: 13},
    (4, (3, 3, 3, 3)): {3: 14},
}


def connected_subsets(neighbors, size):
    """Yield each connected set of `size` nodes once, grown from its smaller connected sets."""
    sets = {frozenset([v]) for v in range(len(neighbors))}
    for _ in range(size - 1):
        sets = {s | {w} for s in sets for v in s for w in neighbors[v] if w not in s}
    return sets


def distance_inside(nodes, neighbors, u, v):
    reached, steps = {u}, 0
    while v not in reached:
        reached |= {w for x in reached for w in neighbors[x] if w in nodes}
        steps += 1
    return steps


def orbit_counts(adjacency):
    """Return {(hop, o1, o2): dense matrix} and the orbit counts of the nodes, (n, 15)."""
    dense = np.asarray(adjacency)
    n = len(dense)
    neighbors = [set(np.flatnonzero(row).tolist()) for row in dense]
    found = defaultdict(lambda: np.zeros((n, n), np.int64))
    at_node = np.zeros((n, 15), np.int64)
    for size in (2, 3, 4):
        for nodes in connected_subsets(neighbors, size):
            degree = {v: len(neighbors[v] & nodes) for v in nodes}
            orbit = ORBIT_OF_DEGREE[size, tuple(sorted(degree.values()))]
            for v in nodes:
                at_node[v, orbit[degree[v]]] += 1
            for u, v in combinations(sorted(nodes), 2):
                hop = distance_inside(nodes, neighbors, u, v)
                a, b = orbit[degree[u]], orbit[degree[v]]
                found[hop, a, b][u, v] += 1
                found[hop, b, a][v, u] += 1
    return found, at_node
