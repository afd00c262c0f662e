"""``python -m skgeom``: its table, its pictures, its refusals."""

import subprocess
import sys

import pytest

from skgeom import _tour


@pytest.fixture(scope="module")
def quick_tour(tmp_path_factory):
    pytest.importorskip("matplotlib").use("agg")
    folder = tmp_path_factory.mktemp("tour") / "pictures"
    rows = []

    def keep(step):
        def run(quick):
            new_rows, draw = step(quick)
            rows.extend(new_rows)
            return new_rows, draw

        run.__name__ = step.__name__
        return run

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_tour, "STEPS", {title: keep(step) for title, step in _tour.STEPS.items()})
        status = _tour.main(["--quick", "--plot", str(folder)])
    return status, rows, folder


def test_every_estimator_has_its_row(quick_tour):
    status, rows, _ = quick_tour
    assert status == 0
    assert {row.method for row in rows} == {
        "AugmentedCovarianceClassifier",
        "FastRPEmbedder",
        "MultiparamPersistenceVectorizer",
        "HeatGeodesicEmbedding",
        "SeparabilityScorer",
    }
    table = _tour.format_table(rows).splitlines()
    assert len(table) == len(rows) + 2
    assert all(row.data in line for row, line in zip(rows, table[2:]))


def test_the_methods_do_what_the_tour_says(quick_tour):
    rows = {(row.method, row.metric): row for row in quick_tour[1]}
    for row in rows.values():
        assert -1 <= row.score[0] <= 1
    for method in ("AugmentedCovarianceClassifier", "FastRPEmbedder"):
        (row,) = [row for row in rows.values() if row.method == method]
        assert row.score[0] > row.baseline[0]
    (row,) = [row for row in rows.values() if row.method == "SeparabilityScorer"]
    assert row.score[0] > 0.9


def test_every_step_has_its_picture(quick_tour):
    pictures = sorted(quick_tour[2].iterdir())
    assert len(pictures) == len(_tour.STEPS)
    assert all(picture.stat().st_size > 5000 for picture in pictures)


@pytest.mark.parametrize("step", _tour.MORE_STEPS.values(), ids=lambda step: step.__name__)
def test_the_long_form_has_a_line_and_a_picture_of_each_further_method(step):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    (row,), draw = step(True)
    draw(figure)
    assert figure.axes[0].get_title()
    better = (
        row.baseline[0] - row.score[0] if "less" in row.metric else row.score[0] - row.baseline[0]
    )
    # on citations random walks are ahead of graphlets, and the tour says so
    assert better > (-0.03 if row.method == "OrbitAdjacencyEmbedder" else 0)


def test_plot_without_matplotlib_is_one_clear_line(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert _tour.main(["--plot", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert 'pip install "skgeom[plot]"' in message
    assert message.count("\n") == 1


def test_help_says_what_happens():
    shown = subprocess.run(
        [sys.executable, "-m", "skgeom", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for word in ("--quick", "--plot", "baseline", "two minutes", "HeatGeodesicEmbedding"):
        assert word in shown
