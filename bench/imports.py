"""Time to import the app, beside that of the SDKs which it cannot do without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.figures import median, show_table, show_target

RUNS = 11
_ROOT = Path(__file__).resolve().parent.parent
_STATEMENTS = {
    "app": "import function_app",
    "SDKs": "import azure.functions, azure.data.tables, azure.storage.queue",
}
_TIMED = "import time; begun = time.perf_counter(); {}; print(time.perf_counter() - begun)"


def run() -> dict[str, Any]:
    """Measures, prints, returns the figures."""
    seconds: dict[str, list[float]] = {name: [] for name in _STATEMENTS}
    for name in _STATEMENTS:
        _import(name)  # writes the .pyc files, fills the page cache
    for _ in range(RUNS):
        for name, measured in seconds.items():
            measured.append(_import(name))
    medians = {name: median(measured) for name, measured in seconds.items()}
    ratio = medians["app"] / medians["SDKs"]
    print(f"In fresh interpreters, in turn, {RUNS} runs each:\n")
    show_table(
        ["import", "median ms", "least ms", "most ms"],
        [
            [_STATEMENTS[name], *(f"{1000 * one:.0f}" for one in (medians[name], min(measured), max(measured)))]
            for name, measured in seconds.items()
        ],
    )
    print()
    target = show_target("ratio of medians", ratio, 1.5)
    of_least = min(seconds["app"]) / min(seconds["SDKs"])
    print(f"ratio of the least, which other programs on the machine disturb less: {of_least:.2f}")
    figures = {"seconds": seconds, "medians": medians, "ratio": ratio, "ratio_of_least": of_least, "targets": [target]}
    if not target["met"]:
        figures["beyond_the_sdks"] = _show_beyond_the_sdks()
    return figures


def _import(name: str) -> float:
    return float(_python("-c", _TIMED.format(_STATEMENTS[name])).stdout)


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=_ROOT, check=True, capture_output=True, text=True)


def _show_beyond_the_sdks() -> list[tuple[str, float]]:
    """What the app imports after the SDKs are there, the costliest first."""
    code = f"{_STATEMENTS['SDKs']}; import sys; sys.stderr.write('import time: mark\\n'); {_STATEMENTS['app']}"
    trace = _python("-X", "importtime", "-c", code).stderr.rpartition("import time: mark\n")[2]
    found = []
    for line in trace.splitlines():
        _, cumulative, name = line.removeprefix("import time:").split("|")
        found.append((name.strip(), int(cumulative) / 1000))
    found = sorted(found, key=lambda item: -item[1])[:12]
    print("\nImported by the app beyond the SDKs (-X importtime, each with what it imports):\n")
    show_table(["module", "ms"], [[name, f"{ms:.1f}"] for name, ms in found])
    return found
