"""The notebook runs from top to bottom and shows what it is for."""

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parent.parent / "examples" / "notebooks" / "cross_validation.ipynb"


def test_notebook_runs_with_progress_and_html():
    pytest.importorskip("sklearn.callback", reason="needs scikit-learn >= 1.9 (progress bars)")
    pytest.importorskip("rich", reason="needs rich (progress bars)")
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=180, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    html = " ".join(o["data"]["text/html"] for o in outputs if "text/html" in o.get("data", {}))
    assert "AugmentedCovarianceClassifier" in html
    assert "/api/generated/skgeom.spd.AugmentedCovarianceClassifier.html" in html
    shown = " ".join(str(output) for output in outputs)
    assert "GridSearchCV" in shown
    assert "100%" in shown, "no finished progress bar"
