"""Draw the pictures of the README and the home page: ``python doc/make_pictures.py``."""

from pathlib import Path

from matplotlib.figure import Figure

from skgeom import _tour

FOLDER = Path(__file__).parent / "_static"
HOME = {
    "single_cells": "home_cells.png",
    "motor_imagery": "home_eeg.png",
    "text_embeddings": "home_text.png",
}


def main():
    drawings = {step.__name__: step(False)[1] for step in _tour.STEPS.values()}
    for name, file in HOME.items():
        figure = Figure(figsize=(7, 5), layout="constrained")
        drawings[name](figure)
        figure.savefig(FOLDER / file, dpi=90)
    figure = Figure(figsize=(15, 8), layout="constrained")
    top, bottom = figure.subfigures(2, 1)
    parts = [*top.subfigures(1, 2), *bottom.subfigures(1, 3)]
    order = ("single_cells", "molecules", "citation_network", "motor_imagery", "text_embeddings")
    for part, name in zip(parts, order):
        drawings[name](part)
    figure.savefig(FOLDER / "tour.png", dpi=75)


if __name__ == "__main__":
    main()
