"""What every sender's module needs to make a `Failure`: keys and digests, titles, entities, labels, links."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from rca_core.foundation.errors import PayloadTooLarge
from rca_core.foundation.failure import Failure, Ignored, Link
from rca_core.sources.reading import LONGEST_NAME, canonical_json, name, text

Outcome = Failure | Ignored

MOST_FAILURES = 1_000
"""More events than this in one call are refused: no sender posts so many, and each becomes a ticket."""

LONGEST_TITLE = 200
LONGEST_URL = 8_000
MOST_LABELS = 50
MOST_LINKS = 20
MOST_RUNS = 100
_LONGEST_KEY_PART = 512


def digest(*parts: Any) -> str:
    """A short SHA-256 over the parts; equal parts give equal digests on every instance."""
    return hashlib.sha256(canonical_json(parts).encode("utf-8")).hexdigest()[:32]


def run_key(*parts: str) -> tuple[str, ...]:
    """A run key whose parts are short enough to be stored and logged."""
    return tuple(part if len(part) <= _LONGEST_KEY_PART else digest(part) for part in parts)


def report_key(*parts: Any) -> str:
    """What this report says, as a digest: a redelivery has the same one, another activity or error another."""
    return digest(*parts)[:16]


def title(sentence: str) -> str:
    """One line of at most LONGEST_TITLE characters."""
    line = " ".join(sentence[: 4 * LONGEST_TITLE].split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"


def entity(**values: Any) -> dict[str, Any]:
    """What was affected: text cut to LONGEST_NAME, numbers as sent, empty values left out."""
    return {key: value for key, sent in values.items() if (value := _entity_value(sent)) not in ("", None, [])}


def _entity_value(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < 2**63 else name(value)
    if isinstance(value, list | tuple):
        return [item for item in map(name, value[:MOST_LABELS]) if item]
    return name(value)


def labels(*sources: Mapping[str, Any]) -> dict[str, str]:
    """The text values of the sender's own key/values; the first MOST_LABELS of them."""
    found: dict[str, str] = {}
    for source in sources:
        for key, value in source.items():
            if len(found) == MOST_LABELS:
                return found
            plain_key, plain_value = name(key), text(value)[:LONGEST_NAME]
            if plain_key and plain_value:
                found.setdefault(plain_key, plain_value)
    return found


def links(*candidates: tuple[str, Any]) -> tuple[Link, ...]:
    """The web addresses among (kind, value) pairs, each once. Whatever is not plain http(s) is dropped."""
    found: dict[str, Link] = {}
    for kind, value in candidates:
        url = text(value)
        if len(found) < MOST_LINKS and url not in found and is_web_address(url):
            found[url] = Link(kind, url)
    return tuple(found.values())


def is_web_address(url: str) -> bool:
    """Whether this is an http(s) address with a host, without user info, blanks or control characters."""
    if len(url) > LONGEST_URL or not url.isprintable() or any(c in url for c in ' <>"\\'):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and "@" not in parts.netloc


def runbooks(named: Mapping[str, str]) -> list[tuple[str, Any]]:
    """Links that the operator put into custom properties, labels or annotations as `runbook` or `runbook_url`."""
    return [
        ("runbook", value) for key, value in named.items() if key.lower() in ("runbook", "runbook_url", "runbookurl")
    ]


def runs(*ids: str) -> tuple[str, ...]:
    """Run ids, each once, empty ones left out."""
    return tuple(dict.fromkeys(filter(None, ids)))[:MOST_RUNS]


def too_many() -> PayloadTooLarge:
    """The error for a call with more than MOST_FAILURES events."""
    return PayloadTooLarge(f"One call may carry at most {MOST_FAILURES} events; send them in several calls.")


def without_repeats(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes of one call, without reports that repeat both keys of an earlier one."""
    seen: set[tuple[tuple[str, ...], str]] = set()
    kept: list[Outcome] = []
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            keys = (outcome.run_key, outcome.report_key)
            if keys in seen:
                continue
            seen.add(keys)
        kept.append(outcome)
    return kept
