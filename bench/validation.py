"""msgspec, which the app uses, against pydantic: time to import, and to decode and validate an alert of 3 KB."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
import timeit
from collections.abc import Callable
from typing import Any

from bench.alert import alert
from bench.figures import median, show_table

RUNS = 9
REPEATS = 300
_SHAPES = """
class Dimension({base}):
    name: str
    value: str

class Criterion({base}):
    searchQuery: str
    operator: str
    threshold: str
    timeAggregation: str
    dimensions: list[Dimension]
    metricValue: float
    metricMeasureColumn: str | None = None

class Condition({base}):
    windowSize: str
    allOf: list[Criterion]
    windowStartTime: datetime
    windowEndTime: datetime

class Context({base}):
    properties: dict[str, str]
    conditionType: str
    condition: Condition

class Essentials({base}):
    alertId: str
    alertRule: str
    severity: Literal["Sev0", "Sev1", "Sev2", "Sev3", "Sev4"]
    signalType: str
    monitorCondition: Literal["Fired", "Resolved"]
    monitoringService: str
    alertTargetIDs: list[str]
    configurationItems: list[str]
    firedDateTime: datetime
    description: str | None = None

class Data({base}):
    essentials: Essentials
    alertContext: Context

class Alert({base}):
    schemaId: str
    data: Data
"""
_PRELUDE = "from datetime import datetime\nfrom typing import Literal\n"
_MODULES = {"msgspec": ("import msgspec\n", "msgspec.Struct"), "pydantic": ("import pydantic\n", "pydantic.BaseModel")}


def run() -> dict[str, Any]:
    """Measures, prints, returns the figures."""
    there = [name for name in _MODULES if importlib.util.find_spec(name)]
    for name in _MODULES:
        if name not in there:
            print(f"{name} is not installed here, so it is left out: pip install {name}\n")
    imports: dict[str, list[float]] = {name: [] for name in there}
    for _ in range(RUNS):
        for name in there:
            imports[name].append(_import_and_define(name))
    decoders = {name: _decoder(name) for name in there}
    body = alert()
    decoding: dict[str, list[float]] = {name: [] for name in there}
    for _ in range(RUNS):
        for name, decode in decoders.items():
            decoding[name].append(timeit.timeit(lambda: decode(body), number=REPEATS) / REPEATS)  # noqa: B023 - timed at once
    figures = {
        name: {
            "version": importlib.metadata.version(name),
            "import_and_define_ms": median(imports[name]) * 1000,
            "decode_us": median(decoding[name]) * 1_000_000,
        }
        for name in there
    }
    print(f"Medians of {RUNS} runs in turn; the same {_SHAPES.count('class ')} types for both.\n")
    show_table(
        ["library", "import and define the types, ms", f"decode and validate {len(body):,} bytes, us"],
        [
            [f"{name} {one['version']}", f"{one['import_and_define_ms']:.1f}", f"{one['decode_us']:.1f}"]
            for name, one in figures.items()
        ],
    )
    if len(there) == 2:
        for what in ("import_and_define_ms", "decode_us"):
            print(f"{what}: pydantic takes {figures['pydantic'][what] / figures['msgspec'][what]:.1f} times as long")
    return figures


def _source(name: str) -> str:
    line, base = _MODULES[name]
    return _PRELUDE + line + _SHAPES.format(base=base)


def _import_and_define(name: str) -> float:
    code = f"import time\nbegun = time.perf_counter()\n{_source(name)}\nprint(time.perf_counter() - begun)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


def _decoder(name: str) -> Callable[[bytes], Any]:
    space: dict[str, Any] = {"__name__": f"shapes_for_{name}"}
    # Else the text would inherit this module's postponed annotations.
    exec(compile(_source(name), name, "exec", dont_inherit=True), space)
    shape = space["Alert"]
    if name == "msgspec":
        decode: Callable[[bytes], Any] = space["msgspec"].json.Decoder(shape).decode
        return decode
    validate: Callable[[bytes], Any] = shape.model_validate_json
    return validate
