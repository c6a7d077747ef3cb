"""What the benchmarks share: medians, percentiles, tables, targets."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any


def median(values: Iterable[float]) -> float:
    """The median."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summary(measured: dict[str, Any]) -> dict[str, float]:
    """Answers per second, p50 and p99 in milliseconds of one closed loop."""
    latencies = measured["latencies"]
    return {
        "per_second": len(latencies) / measured["elapsed"],
        "p50_ms": percentile(latencies, 0.50) * 1000,
        "p99_ms": percentile(latencies, 0.99) * 1000,
        "refused": measured["refused"],
    }


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Each figure's median over the rounds."""
    return {name: median(one[name] for one in rounds) for name in rounds[0]}


def show_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table: the first column to the left, the others to the right."""
    table = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    for number, row in enumerate(table):
        first, *others = (
            cell.ljust(w) if not i else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *others]).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def show_target(what: str, value: float, limit: float, *, at_least: bool = False, unit: str = "") -> dict[str, Any]:
    """Prints a target with `met` or `MISSED`, and returns the same as figures."""
    met = value >= limit if at_least else value <= limit
    relation = ">=" if at_least else "<="
    print(f"target: {what} {relation} {limit:g}{unit}: {value:.4g}{unit}, {'met' if met else 'MISSED'}")
    return {"what": what, "relation": relation, "limit": limit, "value": value, "met": met}
