"""Python environments beside .venv, for packages that cannot live in it: made on demand, once."""

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class SetupError(RuntimeError):
    """The packages cannot be installed; the message is what pip said."""


@dataclass(frozen=True)
class Environment:
    """The packages of `requirements` in the folder `name` at the root, on one of `versions` ("3.13"), best first."""

    name: str
    versions: tuple[str, ...]
    requirements: tuple[Path, ...]

    def find_python(self) -> Path | None:
        """A Python of these versions that runs. (A pyenv shim may be on PATH and still refuse to.)"""
        return next((python for python in self._candidates() if self._is_fit(python)), None)

    def make(self, base: Path) -> Path:
        """The interpreter of the environment, which is made of `base` unless that was done before."""
        folder = ROOT / self.name
        folder.mkdir(exist_ok=True)
        python, stamp = folder / "python" / "bin" / "python", folder / "stamp"
        inputs = hashlib.sha256(
            b"\0".join([bytes(base), *(file.read_bytes() for file in self.requirements)])
        ).hexdigest()
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (stamp.is_file() and stamp.read_text() == inputs and self._is_fit(python)):
                print(f"Setting up Python packages in {self.name} ...", flush=True)
                stamp.unlink(missing_ok=True)
                _run(base, "-m", "venv", "--clear", folder / "python")
                wanted = (word for file in self.requirements for word in ("-r", file))
                _run(python, "-m", "pip", "install", "--quiet", *wanted)
                stamp.write_text(inputs)
        return python

    def _candidates(self) -> Iterator[Path]:
        for version in self.versions:
            for folder in os.get_exec_path():
                yield Path(folder, f"python{version}")
            for root in (os.environ.get("PYENV_ROOT"), Path.home() / ".pyenv"):
                if root:
                    yield from sorted(Path(root).glob(f"versions/{version}*/bin/python{version}"), reverse=True)

    def _is_fit(self, python: Path) -> bool:
        if not os.access(python, os.X_OK):
            return False
        code = f"import ensurepip, sys, venv; sys.exit('%d.%d' % sys.version_info[:2] not in {self.versions})"
        return subprocess.run([python, "-c", code], capture_output=True).returncode == 0


def _run(*command: str | Path) -> None:
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode != 0:
        raise SetupError(f"{' '.join(map(str, command))}\n{ended.stdout}{ended.stderr}")
