"""`python -m bench [NAME ...] [--json FILE]`: runs the benchmarks; see docs/benchmarks.md.

Two other things are made here: `python -m bench seed COUNT` fills the storage of the settings with so many tickets,
`python -m bench screenshots` takes the pictures of the README.
"""

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
    "page": "bench.page",
    "costs": "bench.costs",
}


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    known = ", ".join(_BENCHMARKS)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {known}; all without a name; or: seed COUNT, screenshots"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args()
    if arguments.names[:1] == ["seed"]:
        importlib.import_module("bench.seed").command(arguments.names[1:])
        return
    if arguments.names == ["screenshots"]:
        importlib.import_module("bench.screenshots").command()
        return
    if unknown := set(arguments.names) - set(_BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {known}")
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
