"""The orbits of graphlets with two to four nodes, and the pairs of them that are adjacencies."""

from numbers import Integral

GRAPHLETS = {
    "edge": (0,),
    "path3": (1, 2),
    "triangle": (3,),
    "path4": (4, 5),
    "claw": (6, 7),
    "cycle4": (8,),
    "paw": (9, 10, 11),
    "diamond": (12, 13),
    "clique4": (14,),
}
N_ORBITS = 15

SYMMETRIC = (
    *((1, o, o) for o in (0, 3, 5, 8, 10, 13, 14)),
    *((2, o, o) for o in (1, 6, 8, 12)),
    (3, 4, 4),
)
MIXED = (
    *((1, 1, 2), (1, 4, 5), (1, 6, 7), (1, 9, 11), (1, 10, 11), (1, 12, 13)),
    *((2, 4, 5), (2, 9, 10)),
)
ORBITS = tuple(sorted([*SYMMETRIC, *MIXED, *((hop, b, a) for hop, a, b in MIXED)]))

# orbit o1 of a node, read from its row of (1, o1, o2), in which each graphlet counts so often
NODE_ORBITS = (
    *((0, 0, 1), (1, 2, 1), (2, 1, 2), (3, 3, 2), (4, 5, 1), (5, 5, 1), (6, 7, 1), (7, 6, 3)),
    *((8, 8, 2), (9, 11, 1), (10, 10, 1), (11, 9, 1), (12, 13, 2), (13, 12, 2), (14, 14, 3)),
)
EDGE_ORBITS = (
    *((1, 2), (3, 3), (4, 5), (5, 5), (6, 7), (8, 8)),
    *((9, 11), (10, 10), (10, 11), (12, 13), (13, 13), (14, 14)),
)


def check_orbits(orbits, hops, extra=()):
    """Return the orbit adjacencies that are asked for, as a list of (hop, o1, o2).

    Parameters
    ----------
    orbits : "all" or sequence of (hop, o1, o2)
    hops : sequence of {1, 2, 3}
        Hops that "all" stands for.
    extra : sequence of str
        Names that may stand among the orbits.

    Returns
    -------
    orbits : list of tuple or str
    """
    try:
        hops = set(hops)
    except TypeError:
        hops = {None}
    if not hops or not hops <= {1, 2, 3}:
        raise ValueError(f"hops must hold some of 1, 2 and 3, got {hops!r}.")
    if isinstance(orbits, str):
        if orbits in extra:
            return [orbits]
        if orbits != "all":
            raise ValueError(f"orbits must be {_choices(extra)}, got {orbits!r}.")
        return [orbit for orbit in ORBITS if orbit[0] in hops]
    known = dict.fromkeys([*ORBITS, *extra])
    found = []
    for orbit in orbits:
        orbit = orbit if isinstance(orbit, str) else _as_key(orbit)
        if orbit not in known:
            raise ValueError(
                f"orbits holds {orbit!r}, which is none of the 28 orbit adjacencies: expected "
                "(hop, o1, o2) such as (1, 0, 0) or (2, 4, 5); skgeom.graph.OrbitAdjacency "
                "lists them."
            )
        found.append(orbit)
    if not found or len(set(found)) < len(found):
        raise ValueError(f"orbits must hold at least one orbit adjacency, each once, got {found}.")
    return found


def _choices(extra):
    names = " or ".join(repr(name) for name in ("all", *extra))
    return f"{names}, or a list of (hop, o1, o2)"


def _as_key(orbit):
    try:
        key = tuple(orbit)
    except TypeError:
        return orbit
    return tuple(int(o) if isinstance(o, Integral) else o for o in key)


def graphlet_of(orbit):
    """Return the name of the graphlet that (hop, o1, o2) belongs to."""
    return next(name for name, orbits in GRAPHLETS.items() if orbit[1] in orbits)


def orbit_name(orbit):
    """Return a name for a column, such as "hop2_orbits4_5"."""
    return orbit if isinstance(orbit, str) else "hop{}_orbits{}_{}".format(*orbit)
