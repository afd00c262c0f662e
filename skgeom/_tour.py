"""The tour: the estimators on real data that ships in the package."""

import argparse
import sys
import textwrap
import time
from pathlib import Path

from skgeom._tour_steps import MORE_STEPS, STEPS, Row

DESCRIPTION = """\
A tour of skgeom on real data that ships in the package; nothing is downloaded. Five steps:

  1. EEG trials to labels: AugmentedCovarianceClassifier, cross-validated, against plain
     covariances (the same classifier with order 1).
  2. A citation network to node features: FastRPEmbedder and a logistic regression that sees the
     labels of 10 % of the nodes, against a truncated SVD of the adjacency matrix.
  3. Molecule graphs to feature vectors: MultiparamPersistenceVectorizer inside GridSearchCV inside
     a cross-validation, against histograms of the degrees.
  4. Single cells to a picture: HeatGeodesicEmbedding in two dimensions; how well distances in
     the picture follow geodesics, and how often the ten nearest cells there vote for the right
     type, against two principal components.
  5. Unlabelled text embeddings to a score: SeparabilityScorer while noise makes the encoder
     worse; how well the score (it sees no labels) follows the accuracy of a classifier that
     does, against k-means (given the true number of classes) and its silhouette.

The long form (without --quick) has a line each for five more methods: land or ocean from spherical
harmonics of longitude and latitude; a classifier of digits that is handed another network's hidden
layer (RelativeRepresentation); bins of a target that were never seen (LokiClassifier); vectors of
nodes from graphlets beside random walks, which are ahead there (OrbitAdjacencyEmbedder); short
windows of EEG (BuresWassersteinTangentSpace).

It prints a line per step and closes with a table: data, size, method, metric, score +- standard
deviation (over folds, splits, cells or draws), seconds, and the baseline's score beside it.

The first run compiles the kernels (under two minutes on two cores), later ones take them from
numba's cache (under 45 seconds)."""


def format_table(rows):
    """Return the closing table as text; the columns are as wide as they need to be."""
    table = [Row.COLUMNS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table)]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(cells, widths)).rstrip() for cells in table]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m skgeom",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="the first five alone, with fewer folds, cells and noise levels (seconds)",
    )
    parser.add_argument(
        "--plot",
        metavar="DIR",
        type=Path,
        help='write a picture per step into DIR (needs the extra "plot")',
    )
    return parser


def _save(draw, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    draw(figure)
    figure.savefig(path, dpi=120)


def main(argv=None):
    """Run the tour; `argv` as in ``python -m skgeom``. Returns the exit status."""
    arguments = _parser().parse_args(argv)
    if arguments.plot is not None:
        from skgeom._core.extras import import_extra

        try:
            import_extra("matplotlib", "plot")
        except ImportError as error:
            print(f"python -m skgeom --plot: {error}", file=sys.stderr)
            return 2
        arguments.plot.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    rows = []
    steps = STEPS if arguments.quick else STEPS | MORE_STEPS
    for number, (title, step) in enumerate(steps.items(), start=1):
        print(f"[{number}/{len(steps)}] {title} ...", end=" ", flush=True)
        start = time.perf_counter()
        new_rows, draw = step(arguments.quick)
        rows += new_rows
        note = ""
        if arguments.plot is not None:
            path = arguments.plot / f"{number:02}_{step.__name__}.png"
            _save(draw, path)
            note = f", {path}"
        print(f"{time.perf_counter() - start:.1f} s{note}", flush=True)
    print()
    print(format_table(rows))
    print()
    print(
        textwrap.fill(
            "score and baseline: mean +- standard deviation over folds, splits, cells or draws of "
            "noise; seconds: the method alone, its cross-validation included and its compilation "
            "too in a first run. python -m skgeom --help says more.",
            width=100,
        )
    )
    print(f"{time.perf_counter() - begin:.1f} s in all")
    return 0
