"""Runs devhost's `main` in a fork of a process that has imported it: of a start that fails, imports take most."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["pytest", "devhost.__main__", "tests.devhost.forked"])


def run(root: Path, env: dict[str, str], folder: Path, seconds: float) -> tuple[int | None, str, str]:
    """Exit code (None when it did not end in time), output and errors of a host; `folder` takes the two."""
    outputs = [folder / "stdout", folder / "stderr"]
    process = _FORKS.Process(target=_main, args=(root, env, outputs))
    process.start()
    process.join(seconds)
    code = process.exitcode
    process.kill()
    process.join()
    process.close()
    return code, outputs[0].read_text(), outputs[1].read_text()


def _main(root: Path, env: dict[str, str], outputs: list[Path]) -> None:
    for number, path in enumerate(outputs, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.environ.update(env)
    sys.argv = ["devhost", "--root", str(root), "--port", "0"]
    from devhost.__main__ import main

    sys.exit(main())
