"""Race functions side by side: a process each, CPU seconds, peak memory, one table.

A contender runs in a process of its own, with the same number of threads as the others. Its first
call is reported apart (imports are over by then, compilation is not); the figure to compare is the
least CPU time of the calls after it. A contender whose packages are missing is listed with the
reason.
"""

import importlib.metadata
import multiprocessing
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Contender:
    """What takes part in a race.

    Attributes
    ----------
    name : str
    prepare : callable
        A function at the top level of its module; ``prepare(work)`` does the imports, makes the
        data and returns the function to time.
    packages : tuple of str
        Distributions that it needs; their versions are printed.
    quality : callable or None
        ``quality(work, result)`` returns a number or text for the table's last column.
    """

    name: str
    prepare: Callable
    packages: tuple = ()
    quality: Callable | None = None


@dataclass
class Result:
    """One line of the table."""

    name: str
    cpu_s: float = np.nan
    wall_s: float = np.nan
    first_s: float = np.nan
    extra_mb: float = np.nan
    quality: object = ""
    note: str = ""
    versions: dict = field(default_factory=dict)


def race(contenders, work, *, repeat=3, threads=1, timeout=600):
    """Run each contender on `work` (passed to its `prepare`) and return the results."""
    return [_run(contender, work, repeat, threads, timeout) for contender in contenders]


def _run(contender, work, repeat, threads, timeout):
    versions = {}
    for package in contender.packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return Result(contender.name, note=f"{package} is not installed")
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    # read by the libraries of the child when they are loaded
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    child = context.Process(target=_measure, args=(sender, contender, work, repeat))
    child.start()
    sender.close()
    try:
        answer = receiver.recv() if receiver.poll(timeout) else f"stopped after {timeout} s"
    except EOFError:
        answer = "the process died"
    child.kill()
    child.join()
    if isinstance(answer, str):
        return Result(contender.name, note=answer, versions=versions)
    return Result(contender.name, versions=versions, **answer)


def _measure(sender, contender, work, repeat):
    try:
        function = contender.prepare(work)
        start = time.perf_counter()
        result = function()
        first = time.perf_counter() - start
        before = _reset_peak_memory()
        cpu, wall = [], []
        for _ in range(repeat):
            start, start_cpu = time.perf_counter(), time.process_time()
            result = function()
            cpu.append(time.process_time() - start_cpu)
            wall.append(time.perf_counter() - start)
        quality = contender.quality(work, result) if contender.quality else ""
        sender.send(
            {
                "cpu_s": min(cpu),
                "wall_s": min(wall),
                "first_s": first,
                "extra_mb": _peak_memory() - before,
                "quality": quality,
            }
        )
    except Exception as error:
        sender.send(f"{type(error).__name__}: {str(error)[:120]}")


def _status(key):
    with open("/proc/self/status") as file:
        (line,) = [line for line in file if line.startswith(key)]
    return int(line.split()[1]) / 1024


def _reset_peak_memory():
    """Forget the high-water mark (Linux); returns the resident memory in MB."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        return _status("VmRSS")
    except OSError:
        return np.nan


def _peak_memory():
    try:
        return _status("VmHWM")
    except OSError:
        return np.nan


def machine():
    """Return one line on the machine and the versions."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            model = next(line.split(":")[1].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        pass
    ours = ("skgeom", "numpy", "scipy", "scikit-learn", "numba")
    versions = ", ".join(f"{name} {_version(name)}" for name in ours)
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "(source)"


def print_table(title, results, *, quality="quality", reference=None):
    """Print results as a reStructuredText table, ready for the docs.

    Parameters
    ----------
    title : str
    results : list of Result
    quality : str
        Heading of the last column.
    reference : str or None
        Name of the contender whose CPU time is 1 in the column "times ours"; None is the first.
    """
    base = next((r for r in results if r.name == (reference or results[0].name)), results[0])
    head = ["package", "CPU s", "times ours", "wall s", "first call s", "extra MB", quality]
    rows = [head]
    for r in results:
        name = " ".join([r.name, *r.versions.values()])
        if r.note:
            rows.append([name, "", "", "", "", "", r.note])
            continue
        figures = [f"{r.cpu_s:.4g}", f"{r.cpu_s / base.cpu_s:.1f}", f"{r.wall_s:.4g}"]
        shown = f"{r.quality:.4f}" if isinstance(r.quality, float) else str(r.quality)
        rows.append([name, *figures, f"{r.first_s:.2f}", f"{r.extra_mb:.0f}", shown])
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    rule = "  ".join("=" * max(width, 1) for width in widths)
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in rows]
    print("\n".join(["", title, machine(), "", rule, lines[0], rule, *lines[1:], rule]))
