"""What a failing system told us when we asked it, and why it told us nothing when it did not."""

import json
import re
from typing import Any, Literal

import msgspec

from rca_core.foundation.failure import Link

EvidenceSource = Literal[
    "databricks run",
    "databricks task output",
    "databricks cluster",
    "data factory activity runs",
    "airflow task log",
]

# Escape sequences of terminals: colours and cursor (CSI), titles and hyperlinks (OSC), and the two-byte rest.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_CONTROLS = dict.fromkeys(c for c in range(32) if chr(c) not in "\n\t")


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a failing system about one failure.

    `status` is `data` when there is something to read, `no_data` when there was nothing to ask with or nothing to
    be had (setting missing, no run id, nothing failed there), `error` when the system was asked and did not answer
    properly. `note` says why in words for the operator; with `data` it says what is missing from it, usually `""`.
    `text` is the log or error text without terminal colours; `message` the best single error text;
    `error_code` the vendor's own. `entity` holds further facts, by the names that `Failure.entity` uses.
    Nothing in it is redacted yet.
    """

    source: EvidenceSource
    status: Literal["data", "no_data", "error"]
    note: str = ""
    title: str = ""
    text: str = ""
    error_code: str | None = None
    message: str | None = None
    links: tuple[Link, ...] = ()
    entity: dict[str, Any] = {}


def plain(text: str) -> str:
    """Text as it can be stored and shown: no terminal escapes, no control characters, `\\n` line ends, valid UTF-8."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    return text.encode("utf-8", "replace").decode("utf-8").strip("\n")


def facts(**values: Any) -> dict[str, Any]:
    """What is known of `entity`: without the empty ones."""
    return {key: value for key, value in values.items() if value not in ("", None, [])}


def run_links(*urls: str) -> tuple[Link, ...]:
    """Links to pages of a run; whatever is not plain https is left out."""
    return tuple(Link("run", url) for url in urls if url.startswith("https://") and url.isprintable())


def dig(value: Any, *keys: str) -> Any:
    """What stands under the keys, one inside the other; `None` where there is nothing or no object."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def words(value: Any) -> str:
    """Text and numbers as text, objects and lists as JSON, anything else as `""`."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return "" if value is None or isinstance(value, bool) else str(value)


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
