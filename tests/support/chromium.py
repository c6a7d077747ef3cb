"""The browser of the tests; `python -m tests.support.chromium` installs Debian's where there is none, if apt can."""

import os
import shutil
import subprocess
from pathlib import Path

PACKAGES = ("chromium", "fonts-liberation", "fonts-noto-color-emoji")
NOT_FOUND = (
    "no Chromium: the page is not tested. On Debian: apt-get install --no-install-recommends "
    f"{' '.join(PACKAGES)}; elsewhere set CHROMIUM to the path of a Chromium or Chrome"
)
_NAMES = ("chromium", "google-chrome")


def find_chromium() -> Path | None:
    """The Chromium to use: that of the environment variable CHROMIUM, else the first on PATH.

    Raises FileNotFoundError if CHROMIUM names no file.
    """
    if chosen := os.environ.get("CHROMIUM"):
        return Path(chosen).resolve(strict=True)
    return next((Path(found) for name in _NAMES if (found := shutil.which(name))), None)


def install() -> str | None:
    """Installs it; returns why that was not possible."""
    if shutil.which("apt-get") is None:
        return "there is no apt-get"
    as_root = _as_root()
    if as_root is None:
        return "that needs root, or sudo without a password"
    apt_get = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    install = [*apt_get, "install", "--yes", "--no-install-recommends", *PACKAGES]
    print("Setting up Chromium for the tests of the page (about a minute) ...", flush=True)
    for command in ([*apt_get, "update"], install):
        ended = subprocess.run(command, capture_output=True, text=True)
    return None if ended.returncode == 0 else ended.stderr.strip()


def _as_root() -> list[str] | None:
    """What to put before a command that root must run."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


if __name__ == "__main__" and find_chromium() is None:
    reason = install()
    if reason is not None:
        print(f"{NOT_FOUND}\n(it could not be installed here: {reason})", flush=True)
