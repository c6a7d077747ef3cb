"""Claims that a change caused a failure: "after the upgrade", "since yesterday's deployment".

Two things in a row are easily taken for cause and effect, so a claim stands only on a change that is known.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from rca_core.diagnosis.matching import Pattern

_NOUNS = (
    r"(?:re-?)?deploy(?:ed|ment|ments|ing)?|upgrad(?:e|ed|es|ing)|releases?|roll-?outs?|rolled out|"
    r"migrat(?:ed|ion|ions)|rotat(?:ed|ion|ions)"
)
_CLAIM = Pattern(
    rf"\b(?:after|since|following)\b[^.;,\n]{{0,60}}\b(?:change|changes|changed|{_NOUNS})\b"
    r"|\b(?:due to|because of|caused by|introduced (?:by|in|with)|result of)\b[^.;,\n]{0,40}"
    rf"\b(?:{_NOUNS}|(?:recent|latest|last|new|yesterday's|today's)\b[^.;,\n]{{0,30}}\bchanges?)\b"
)
_WORD = Pattern(r"[\pL\pN_.-]{4,}")
_SAYS_NOTHING = ("after", "since", "follow", "change", "recent", "latest", "because", "caused", "introdu", "result")
# How much of a word must agree: "upgrade" is told of by "upgraded".
_STEM_LENGTH = 6


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change that somebody made: what it was, in words, when (ISO 8601), and to what."""

    what: str
    at: str
    entity: str


def claims_in(text: str) -> Iterator[str]:
    """The words of a text by which it says that a change came before, or caused, the failure."""
    for span in _CLAIM.spans(text, len(text)):
        yield text[span.start : span.end]


def is_borne_out(claim: str, changes: tuple[Change, ...], failed_at: str | None, names: frozenset[str]) -> bool:
    """Whether one of the changes is what the claim speaks of, was made before the failure, and to something of it.

    `names` are the names of what failed, casefolded.
    """
    failure = _time(failed_at or "")
    if failure is None:
        return False
    words = [_stem(claim[span.start : span.end]) for span in _WORD.spans(claim, len(claim))]
    telling = [word for word in words if word and not word.startswith(_SAYS_NOTHING)]
    for change in changes:
        made = _time(change.at)
        about = f"{change.what} {change.entity}".casefold()
        told = not telling or any(word in about for word in telling)
        if told and made is not None and made < failure and change.entity.casefold() in names:
            return True
    return False


def _stem(word: str) -> str:
    return word.casefold()[:_STEM_LENGTH]


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
