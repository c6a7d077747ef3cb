"""infra/ as it is parsed: files, parameters, resources, and what the azd parameter file gives."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pycep import BicepParser

ROOT = Path(__file__).resolve().parent.parent.parent
INFRA = ROOT / "infra"
FILES = sorted(INFRA.rglob("*.bicep"))

_GIVEN = re.compile(r"\$\{(\w+)(=[^}]*)?\}")


@cache
def parsed(path: Path) -> dict[str, Any]:
    """A Bicep file; raises if it is none."""
    found: dict[str, Any] = BicepParser().parse(file_path=path)
    return found


def resources(kind: str) -> Iterator[dict[str, Any]]:
    """What the files say of each resource of this type that they make."""
    for path in FILES:
        for resource in parsed(path).get("resources", {}).values():
            if resource["type"] == kind and not resource["existing"]:
                yield resource["config"]


def given() -> dict[str, Any]:
    """The parameters of main.parameters.json."""
    found: dict[str, Any] = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    return {name: each["value"] for name, each in found.items()}


def environment_names(value: Any) -> list[tuple[str, str | None]]:
    """The variables of the azd environment that a value is made of, and what each is without being set."""
    return [(name, usual[1:] if usual else None) for name, usual in _GIVEN.findall(json.dumps(value))]
