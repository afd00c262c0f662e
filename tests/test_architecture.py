"""The rules of the house: rooms stand alone, arrows point one way, importing is cheap."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import skgeom

PACKAGE = Path(skgeom.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOMS = {path.parent.name for path in PACKAGE.glob("[a-z]*/__init__.py")} - {"datasets"}
HEAVY = {"numba", "gudhi", "numpy", "scipy", "sklearn", "pyriemann", "matplotlib", "pandas"}


def imported(path):
    """Names of the modules that a file imports, at the top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module):
    parts = module.split(".")
    return parts[1] if parts[0] == "skgeom" and len(parts) > 1 else None


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rooms_do_not_import_each_other(path):
    place = path.relative_to(PACKAGE).parts
    if len(place) == 1:
        pytest.skip("the top level may import every room")
    allowed = {place[0], "_core", None}
    if place[0] == "_core":
        assert not {room_of(m) for m in imported(path)} & ROOMS
    else:
        assert {room_of(m) for m in imported(path)} <= allowed


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("_kernels*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_kernels_know_arrays_only(path):
    roots = {name.split(".")[0] for name in imported(path)}
    assert roots <= {"numba", "numpy", "math", "skgeom", "llvmlite"}
    inside = {name for name in imported(path) if name.startswith("skgeom.")}
    assert all(name.startswith("skgeom._core") or "_kernels" in name for name in inside)


def test_no_module_compiles_in_parallel_or_at_import():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("njit", "jit"):
                arguments = {keyword.arg: keyword.value for keyword in node.keywords}
                assert "parallel" not in arguments, path
                assert not node.args, f"{path}:{node.lineno}: an explicit signature"


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_import_skgeom_loads_nothing_heavy():
    loaded = json.loads(run("import json, sys, skgeom; print(json.dumps(list(sys.modules)))"))
    assert not HEAVY & {name.split(".")[0] for name in loaded}


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_gudhi_and_plotting_are_loaded_where_used(room):
    code = f"import json, sys, skgeom.{room}; print(json.dumps(list(sys.modules)))"
    loaded = {name.split(".")[0] for name in json.loads(run(code))}
    assert not {"gudhi", "matplotlib", "networkx"} & loaded


def test_public_names():
    for name in skgeom.__all__:
        assert getattr(skgeom, name) is not None
    assert set(skgeom.__all__) <= set(dir(skgeom))
    with pytest.raises(AttributeError, match="no_such_name"):
        skgeom.no_such_name  # noqa: B018
