"""What the pages and the README show runs as it stands."""

import importlib
import re
import textwrap
from pathlib import Path

import pytest

import skgeom

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "doc").rglob("*.rst"))
PAGES = [p for p in PAGES if not {"_build", "generated", "gallery"} & set(p.parts)]


def code_blocks(page):
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    blocks = re.findall(
        r"^\.\. code-block:: python\n(?:   :.*\n)*\n((?:(?:   .*)?\n)+)", text, re.MULTILINE
    )
    return [textwrap.dedent(block) for block in blocks]


@pytest.mark.parametrize(
    "page",
    [p for p in [ROOT / "README.md", *PAGES] if code_blocks(p)],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_snippets_run(page, monkeypatch, tmp_path):
    pytest.importorskip("matplotlib").use("agg")
    monkeypatch.chdir(tmp_path)
    namespace = {}
    for block in code_blocks(page):  # the snippets of a page build on each other
        exec(compile(block, str(page), "exec"), namespace)


def test_tests_named_in_the_comparison_pages_exist():
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}
    defined = set(re.findall(r"^ *def (test_\w+)\(", "\n".join(sources.values()), re.MULTILINE))
    files = {path.name for path in sources}
    for page in (ROOT / "doc" / "comparison").glob("*.rst"):
        text = page.read_text(encoding="utf-8")
        assert set(re.findall(r"\btest_\w+\.py", text)) <= files, page.name
        assert set(re.findall(r"\btest_\w+\b(?!\.py)", text)) <= defined, page.name


@pytest.mark.parametrize("room", skgeom._ROOMS)
def test_every_public_name_is_in_the_api_pages(room):
    module = importlib.import_module(f"skgeom.{room}")
    listed = re.findall(r"^   (\w[\w.]*)$", (ROOT / "doc/api.rst").read_text(), re.MULTILINE)
    assert {f"{room}.{name}" for name in module.__all__} == {
        name for name in listed if name.startswith(f"{room}.")
    }
