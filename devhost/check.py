"""`make check`: bandit over the code, the packages against the advisories of PyPI and npm, checkov over infra/.

The advisories come from the registries; where these do not answer, the check says so and passes: it cannot know.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from devhost.infra_check import infra

_ROOT = Path(__file__).resolve().parent.parent
_TIMEOUT_SECONDS = 300
# Advisory id -> why it does no harm here, in one line.
_ACCEPTED: dict[str, str] = {}


def main() -> int:
    """Runs them all; returns 1 if one of them found something."""
    found = [_bandit(), _pip_audit(), _npm_audit("."), _npm_audit("static_dashboard"), infra()]
    return 1 if any(found) else 0


def _bandit() -> bool:
    command = [
        sys.executable,
        "-m",
        "bandit",
        "-q",
        "-c",
        "pyproject.toml",
        "-r",
        "rca_core",
        "devhost",
        "airflow",
        "function_app.py",
    ]
    done = subprocess.run(command, cwd=_ROOT, timeout=_TIMEOUT_SECONDS, check=False)  # a list of ours # nosec B603
    failed = done.returncode != 0
    print(f"bandit: {'see above' if failed else 'clean'}")
    return failed


def _pip_audit() -> bool:
    command = [sys.executable, "-m", "pip_audit", "--local", "--format", "json", "--progress-spinner", "off"]
    report = _json_of(command)
    packages = report.get("dependencies", [])
    audited = [one for one in packages if "skip_reason" not in one]
    if not audited:
        # It calls this "no known vulnerabilities".
        print("pip-audit: PyPI's advisories are not reachable, skipped")
        return False
    findings = [
        (advisory["id"], f"{one['name']} {one['version']}") for one in audited for advisory in one.get("vulns", [])
    ]
    return _told("pip-audit", findings, f"{len(audited)} of {len(packages)} packages were looked up")


def _npm_audit(folder: str) -> bool:
    report = _json_of(["npm", "audit", "--json", "--prefix", folder])
    if "vulnerabilities" not in report:
        print(f"npm audit of {folder}: npm's advisories are not reachable, skipped")
        return False
    findings = [
        (str(via.get("url", "")).rpartition("/")[2] or str(via.get("source")), f"{name} ({via.get('severity')})")
        for name, one in report["vulnerabilities"].items()
        for via in one.get("via", [])
        if isinstance(via, dict)
    ]
    return _told(f"npm audit of {folder}", findings, "all packages were looked up")


def _told(tool: str, findings: list[tuple[str, str]], looked_up: str) -> bool:
    """Prints what was found; true if something of it is not accepted."""
    for advisory, where in findings:
        print(f"{tool}: {advisory} in {where}: {_ACCEPTED.get(advisory, 'NOT ACCEPTED: update the package')}")
    if not findings:
        print(f"{tool}: clean; {looked_up}")
    return any(advisory not in _ACCEPTED for advisory, _ in findings)


def _json_of(command: list[str]) -> dict[str, Any]:
    """What the tool prints; nothing if it is not there, prints no JSON, or takes too long."""
    try:
        done = subprocess.run(  # a list of ours # nosec B603
            command, cwd=_ROOT, capture_output=True, timeout=_TIMEOUT_SECONDS, check=False
        )
        report = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return {}
    return report if isinstance(report, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
