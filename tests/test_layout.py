"""The layout holds: imports point one way, and heavy packages load where they are used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MIDDLE = {"sources", "diagnosis", "tickets", "integrations", "access"}
MAY_IMPORT = {
    "foundation": set(),
    "sources": {"foundation"},
    "access": {"foundation"},
    "diagnosis": {"foundation"},
    "integrations": {"foundation"},
    "tickets": {"foundation", "sources", "diagnosis", "integrations"},
    "upkeep": {"foundation", *MIDDLE},
    "services": {"foundation", "tickets", "integrations"},
    "triggers": {"foundation", "services", "upkeep", *MIDDLE},
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


MODULES = sorted((ROOT / "rca_core").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(ROOT)) for path in MODULES])
def test_imports_point_one_way(path: Path) -> None:
    part = path.relative_to(ROOT / "rca_core").parts[0].removesuffix(".py")
    used = {name.split(".")[1] for name in imports(path) if name.startswith("rca_core.")}
    assert used <= MAY_IMPORT.get(part, set()) | {part}
    if part != "triggers":
        assert not any(name.startswith("azure.functions") for name in imports(path))
    assert not any(name.split(".")[0] == "devhost" for name in imports(path))


def test_a_webhook_instance_starts_without_what_it_does_not_need() -> None:
    heavy = [
        "azure.identity",
        "azure.storage.blob",
        "jwt",
        "bcrypt",
        "openai",
        "jira",
        "slack_sdk",
        "google.genai",
        "pydantic",
    ]
    code = f"import sys, function_app; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_function_app_only_registers_blueprints() -> None:
    text = (ROOT / "function_app.py").read_text()
    assert len(text.splitlines()) < 60
    assert "def " not in text
