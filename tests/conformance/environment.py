"""The Python 3.13 environment that the worker library needs; `python -m tests.conformance.environment` makes it."""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent.parent
_FOLDER = _ROOT / ".venv-conformance"
_REQUIREMENTS = (_ROOT / "requirements.txt", Path(__file__).with_name("requirements.txt"))
_FIT = "import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, 13))"

NOT_FOUND = "no Python 3.13 that runs, neither on PATH nor from pyenv: the worker library is not compared with"


class SetupError(RuntimeError):
    """The packages cannot be installed; the message is what pip said."""


def find_python() -> Path | None:
    """A Python 3.13 that runs. (A pyenv shim may be on PATH and still refuse to.)"""
    return next((python for python in _candidates() if _is_fit(python)), None)


def make(base: Path) -> Path:
    """The interpreter of the environment, which is made of `base` unless that was done before."""
    _FOLDER.mkdir(exist_ok=True)
    python, stamp = _FOLDER / "python" / "bin" / "python", _FOLDER / "stamp"
    inputs = hashlib.sha256(b"\0".join([bytes(base), *(file.read_bytes() for file in _REQUIREMENTS)])).hexdigest()
    with (_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (stamp.is_file() and stamp.read_text() == inputs and _is_fit(python)):
            print(f"Setting up Python 3.13 packages in {_FOLDER.name} ...", flush=True)
            stamp.unlink(missing_ok=True)
            _run(base, "-m", "venv", "--clear", _FOLDER / "python")
            _run(python, "-m", "pip", "install", "--quiet", *(word for file in _REQUIREMENTS for word in ("-r", file)))
            stamp.write_text(inputs)
    return python


def _candidates() -> Iterator[Path]:
    for folder in os.get_exec_path():
        yield Path(folder, "python3.13")
    for root in (os.environ.get("PYENV_ROOT"), Path.home() / ".pyenv"):
        if root:
            yield from sorted(Path(root).glob("versions/3.13*/bin/python3.13"), reverse=True)


def _is_fit(python: Path) -> bool:
    if not os.access(python, os.X_OK):
        return False
    return subprocess.run([python, "-c", _FIT], capture_output=True).returncode == 0


def _run(*command: str | Path) -> None:
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode != 0:
        raise SetupError(f"{' '.join(map(str, command))}\n{ended.stdout}{ended.stderr}")


if __name__ == "__main__":
    base = find_python()
    if base is not None:
        try:
            make(base)
        except SetupError as error:
            sys.exit(f"The conformance test's packages: {error}")
