"""The Python 3.13 environment that the worker library needs; `python -m tests.conformance.environment` makes it."""

import sys
from pathlib import Path

from tests.support.environments import ROOT, Environment, SetupError

WORKER_LIBRARY = Environment(
    ".venv-conformance", ("3.13",), (ROOT / "requirements.txt", Path(__file__).with_name("requirements.txt"))
)

NOT_FOUND = "no Python 3.13 that runs, neither on PATH nor from pyenv: the worker library is not compared with"


if __name__ == "__main__":
    base = WORKER_LIBRARY.find_python()
    if base is not None:
        try:
            WORKER_LIBRARY.make(base)
        except SetupError as error:
            sys.exit(f"The conformance test's packages: {error}")
