"""The deployment package, built as Azure's remote build does: its size, and how long function_app takes to import.

The build is a copy of the repository without what .funcignore names, and requirements.txt installed into
`.python_packages/lib/site-packages` of it ("Python developer reference", Azure Functions docs).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from pathspec import GitIgnoreSpec

from bench.figures import median, show_table
from tests.conformance import environment

RUNS = 7
SITE_PACKAGES = Path(".python_packages", "lib", "site-packages")
_ROOT = Path(__file__).resolve().parent.parent
_BIGGEST = 10
# On Azure the package is mounted read-only: what it has no bytecode of is compiled at each start.
_TIMED = """
import sys, time
sys.path[:0] = sys.argv[1:]
begun, used = time.perf_counter(), time.process_time()
import function_app
print(time.perf_counter() - begun, time.process_time() - used)
"""


def run() -> dict[str, Any]:
    """Builds, measures, prints, returns the figures."""
    python = environment.WORKER_LIBRARY.find_python()
    if python is None:
        print("There is no Python 3.13, on which the app runs on Azure: nothing is measured.")
        return {}
    with tempfile.TemporaryDirectory() as folder:
        app, uploaded = Path(folder, "app"), Path(folder, "uploaded.zip")
        copy_app(app)
        upload = _zip(app, uploaded)
        install(python, app)
        built = {**_size(app), "zipped": _zip(app, Path(folder, "built.zip"))}
        sizes = {"uploaded": {**_size_of_zip(uploaded), "zipped": upload}, "built": built}
        packages = _packages(app / SITE_PACKAGES)
        seconds = _imports(python, app, Path(folder))
    print("Sizes in MB (10^6 bytes):\n")
    show_table(
        ["", "files", "unzipped", "zipped"],
        [[name, one["files"], _mb(one["bytes"]), _mb(one["zipped"])] for name, one in sizes.items()],
    )
    print(f"\nThe biggest of {len(packages)} packages, with their bytecode:\n")
    show_table(["package", "MB"], [[name, _mb(size)] for name, size in packages[:_BIGGEST]])
    print(f"\n`import function_app` in fresh processes, in turn, {RUNS} runs each:\n")
    show_table(
        ["bytecode", "median ms", "least ms", "processor, median ms"],
        [[name, *(f"{1000 * one:.0f}" for one in _told(measured))] for name, measured in seconds.items()],
    )
    return {"sizes": sizes, "packages": packages, "seconds": seconds}


def copy_app(target: Path) -> None:
    """Copies what is deployed of the repository to `target`, a folder that is not there yet."""
    ignored = GitIgnoreSpec.from_lines((_ROOT / ".funcignore").read_text().splitlines())
    for file in _walk(_ROOT, ignored):
        copy = target / file.relative_to(_ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


def install(python: Path, app: Path) -> None:
    """Installs what the app's requirements.txt names, and nothing else, into the app."""
    command = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--prefer-binary"]
    subprocess.run([*command, "--target", app / SITE_PACKAGES, "-r", app / "requirements.txt"], check=True)


def _walk(folder: Path, ignored: GitIgnoreSpec) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        name = str(path.relative_to(_ROOT))
        if path.is_dir():
            if not (ignored.match_file(name) or ignored.match_file(f"{name}/")):
                yield from _walk(path, ignored)
        elif not ignored.match_file(name):
            yield path


def _size(folder: Path) -> dict[str, int]:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return {"files": len(sizes), "bytes": sum(sizes)}


def _size_of_zip(archive: Path) -> dict[str, int]:
    with zipfile.ZipFile(archive) as opened:
        return {"files": len(opened.infolist()), "bytes": sum(one.file_size for one in opened.infolist())}


def _zip(folder: Path, archive: Path) -> int:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in folder.rglob("*"):
            if path.is_file():
                opened.write(path, path.relative_to(folder))
    return archive.stat().st_size


def _packages(folder: Path) -> list[tuple[str, int]]:
    """Name and bytes of each package in `folder`, the biggest first."""
    sizes = {}
    for package in distributions(path=[str(folder)]):
        files = [Path(str(file.locate())) for file in package.files or ()]
        sizes[package.metadata["Name"]] = sum(file.stat().st_size for file in files if file.is_file())
    return sorted(sizes.items(), key=lambda item: -item[1])


def _imports(python: Path, app: Path, folder: Path) -> dict[str, list[tuple[float, float]]]:
    """Seconds that each import took, and of the processor's time therein, by what bytecode there is.

    A cache elsewhere hides the bytecode in the package.
    """
    ways: dict[str, dict[str, str]] = {
        "none": {"PYTHONPYCACHEPREFIX": str(folder / "none"), "PYTHONDONTWRITEBYTECODE": "1"},
        "of the packages, by pip (as built)": {"PYTHONDONTWRITEBYTECODE": "1"},
        "of all": {"PYTHONPYCACHEPREFIX": str(folder / "all"), "PYTHONDONTWRITEBYTECODE": ""},
    }
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(RUNS + 1):
        for name, variables in ways.items():
            command = [python, "-S", "-c", _TIMED, app, app / SITE_PACKAGES]
            done = subprocess.run(
                command, cwd=folder, env={**os.environ, **variables}, check=True, capture_output=True, text=True
            )
            if number:  # the first fills the caches
                elapsed, used = map(float, done.stdout.split())
                seconds[name].append((elapsed, used))
    return seconds


def _told(measured: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Median and least of what elapsed, median of the processor's time, which other programs disturb less."""
    elapsed, used = zip(*measured, strict=True)
    return median(elapsed), min(elapsed), median(used)


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f}"
