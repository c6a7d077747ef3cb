"""The deployment package without pip: its packages are links to those of the conformance environment.

What requirements.txt leads to stands in the package, what the worker needs beside it in another folder, as on Azure; so
a package that requirements.txt forgot is missing here too.
"""

import shutil
import subprocess
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

from bench.package import SITE_PACKAGES, copy_app

_WORKER_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_MARKERS = {"python_version": "3.13", "python_full_version": "3.13.0"}


def build(app: Path, python: Path) -> None:
    """Builds the package in `app`, of what the environment of `python` has."""
    known = _known(python)
    copy_app(app)
    for name in _needed(_lines(app / "requirements.txt"), known):
        _link(known[name], app / SITE_PACKAGES)


def make_worker(folder: Path, python: Path) -> Path:
    """Puts the worker, and what it needs that no app has, in `folder`; returns an interpreter without any package."""
    known = _known(python)
    for name in _needed(_lines(_WORKER_REQUIREMENTS), known):
        _link(known[name], folder)
    shutil.copytree(
        Path(__file__).parent, folder / "tests" / "conformance", ignore=shutil.ignore_patterns("test_*", "__pycache__")
    )
    subprocess.run([python, "-m", "venv", "--without-pip", folder / "python"], check=True)
    return folder / "python" / "bin" / "python"


def _known(python: Path) -> dict[str, Distribution]:
    [installed] = python.parent.parent.glob("lib/python*/site-packages")
    return {_plain(found.metadata["Name"]): found for found in distributions(path=[str(installed)])}


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line and not line.startswith("#")]


def _needed(requirements: list[str], known: dict[str, Distribution]) -> set[str]:
    """The names of all packages that `requirements` lead to."""
    needed: set[str] = set()
    # Package and the extras of it that are asked for.
    waiting = [(Requirement(line), "") for line in requirements]
    seen = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({**_MARKERS, "extra": extra}):
            continue
        name = _plain(requirement.name)
        needed.add(name)
        for wanted in ("", *requirement.extras):
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                waiting += [(Requirement(line), wanted) for line in known[name].requires or ()]
    return needed


def _link(package: Distribution, folder: Path) -> None:
    for file in package.files or ():
        # Scripts stand outside.
        if ".." not in file.parts:
            link = folder / file
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(Path(str(file.locate())))


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
