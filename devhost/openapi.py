"""Writes the description of the API to where the dashboard's types are generated from: `make types`."""

import json
from pathlib import Path

from rca_core.triggers.openapi import document

FILE = Path(__file__).resolve().parent.parent / "static_dashboard" / "openapi.json"


def described() -> str:
    """The description as it is kept in the repository."""
    return json.dumps(document(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(described())
