"""The keys that callers of HTTP functions show.

Source: "Work with access keys in Azure Functions". Azure keeps them in storage; here they are one file,
`{"default": host key, "_master": master key, "functions": {function: {key name: key}}}`.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from devhost.errors import StartError


@dataclass(frozen=True)
class Keys:
    """All keys, as bytes so that they can be compared in constant time."""

    master: bytes
    host: tuple[bytes, ...]
    functions: dict[str, tuple[bytes, ...]]

    def is_master(self, given: str) -> bool:
        """Whether this is the master key."""
        return _among(given, (self.master,))

    def opens(self, function: str, given: str) -> bool:
        """Whether this key may call that function: master key, any host key, or a key of the function."""
        return _among(given, (self.master, *self.host, *self.functions.get(function.lower(), ())))


def load_keys(path: Path) -> Keys:
    """Read the keys file, or make it with random keys, readable by its owner only. Raises StartError."""
    try:
        content = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise StartError(f"{path}: cannot be read as JSON: {error}; delete it to get new keys") from None
    functions = content.get("functions", {}) if isinstance(content, dict) else None
    if (
        not isinstance(content, dict)
        or not isinstance(functions, dict)
        or not all(_is_key_set(keys) for keys in functions.values())
        or not _is_key_set({name: key for name, key in content.items() if name != "functions"})
    ):
        raise StartError(
            f'{path}: must be {{"default": key, "_master": key, "functions": {{name: {{key name: key}}}}}} '
            "with every key a text that is not empty"
        )
    missing = [name for name in ("default", "_master") if name not in content]
    if missing:
        content |= {name: new_key() for name in missing}
        write_private(path, json.dumps(content, indent=2) + "\n")
    host = [key for name, key in content.items() if name not in ("functions", "_master")]
    return Keys(
        master=content["_master"].encode(),
        host=tuple(key.encode() for key in host),
        functions={name.lower(): tuple(key.encode() for key in keys.values()) for name, keys in functions.items()},
    )


def new_key() -> str:
    """A random key of 40 letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(30)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; a reader never sees it half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _among(given: str, keys: tuple[bytes, ...]) -> bool:
    shown = given.encode("utf-8", "surrogateescape")
    # Every key is compared, so that the time taken does not tell which one came near.
    return sum([hmac.compare_digest(shown, key) for key in keys]) > 0


def _is_key_set(keys: object) -> bool:
    return isinstance(keys, dict) and all(isinstance(key, str) and key for key in keys.values())
