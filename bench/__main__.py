"""`python -m bench [NAME ...] [--json FILE]`: runs the benchmarks; see docs/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

# Name on the command line -> module; each has `run()`, which prints and returns its figures.
_BENCHMARKS = {
    "webhook": "bench.webhook",
    "requests": "bench.requests_counted",
    "imports": "bench.imports",
    "package": "bench.package",
    "validation": "bench.validation",
    "threads": "bench.threads",
    "logs": "bench.logs",
}


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_BENCHMARKS)}; all without a name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(_BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(_BENCHMARKS)}")
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        "date": time.strftime("%Y-%m-%d"),
    }
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    figures: dict[str, Any] = {"machine": machine}
    for name in arguments.names or _BENCHMARKS:
        begun = time.monotonic()
        print(f"\n== {name}\n", flush=True)
        figures[name] = importlib.import_module(_BENCHMARKS[name]).run()
        print(f"\n({time.monotonic() - begun:.0f} s)", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
