"""`make check`, of infra/: checkov, in an environment of its own (.venv-checkov), since its pins clash with ours.

Where PyPI does not answer, the check says so and passes: it cannot know.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
_FOLDER = _ROOT / ".venv-checkov"
_PYTHON = _FOLDER / "bin" / "python"
_CHECKOV = "checkov>=3.2,<4"
# The parser that checkov asks for knows no lambdas, and leaves a file with one out of its scan.
_PARSER = "pycep-parser>=0.7.1,<0.8"
_INSTALL_SECONDS = 900
_SCAN_SECONDS = 300


class InfraCheckError(RuntimeError):
    """checkov could not be installed or did not answer; the message is what it said."""


def infra() -> bool:
    """Prints what checkov finds in infra/; true if it found something or could not read a file."""
    try:
        report = _scanned()
    except InfraCheckError as error:
        print(f"checkov: it cannot be run, skipped: {error}")
        return False
    return told(report)


def told(report: dict[str, Any]) -> bool:
    """Prints a report of checkov; true if it has findings or files that were not read."""
    summary = report["summary"]
    for finding in report["results"]["failed_checks"]:
        where = f"infra{finding['file_path']}:{finding['file_line_range'][0]}"
        print(f"checkov: {finding['check_id']} in {where} ({finding['resource']}): {finding['check_name']}")
    unread = summary["parsing_errors"]
    if unread:
        print(f"checkov: {unread} file(s) of infra/ could not be read")
    if not summary["failed"] and not unread:
        print(f"checkov: clean; {summary['passed']} checks passed, {summary['skipped']} skipped, each with its reason")
    return bool(summary["failed"] or unread)


def _scanned() -> dict[str, Any]:
    _make_environment()
    done = _run(
        _SCAN_SECONDS,
        str(_PYTHON),
        "-m",
        "checkov.main",
        "-d",
        "infra",
        "--config-file",
        "infra/.checkov.yaml",
        "-o",
        "json",
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise InfraCheckError(done.stderr.strip()[-500:] or "no report") from None
    if "summary" not in report:
        raise InfraCheckError("a report without summary: it found no Bicep file")
    found: dict[str, Any] = report
    return found


def _make_environment() -> None:
    stamp = _FOLDER / "stamp"
    wanted = hashlib.sha256(f"{sys.version_info[:2]} {_CHECKOV} {_PARSER}".encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print("Setting up checkov in .venv-checkov ...", flush=True)
    for command in (
        (sys.executable, "-m", "venv", "--clear", str(_FOLDER)),
        (str(_PYTHON), "-m", "pip", "install", "--quiet", _CHECKOV),
        (str(_PYTHON), "-m", "pip", "install", "--quiet", "--no-deps", _PARSER),
    ):
        done = _run(_INSTALL_SECONDS, *command)
        if done.returncode != 0:
            raise InfraCheckError(done.stderr.strip()[-500:])
    stamp.write_text(wanted)


def _run(seconds: float, *command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # commands of ours # nosec B603
            command, cwd=_ROOT, capture_output=True, text=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InfraCheckError(str(error)) from error
