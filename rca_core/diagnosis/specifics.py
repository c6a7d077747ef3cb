"""Finds the names and numbers in a text that nobody supplied: a model that invents one is not to be believed there."""

from collections.abc import Iterable, Iterator

from rca_core.diagnosis.matching import Pattern
from rca_core.diagnosis.quotes import plain
from rca_core.diagnosis.texts import window

# Words shaped like names that belong to the language of the trade.
_WORDS_OF_THE_TRADE = (
    "pyspark dataframe dataframes mysql postgresql mongodb javascript github devops oauth oauth2 ipv4 ipv6 saas paas "
    "iaas powershell numpy node.js autoscale autoscaling adls select insert update delete create commit vacuum "
    "optimize truncate rollback schema column utf-8 iso-8601 sha-256 base64"
)
_OF_THE_TRADE = frozenset(_WORDS_OF_THE_TRADE.split())
# `'orders'`, `"orders"`, `` `orders` ``; an apostrophe within a word opens nothing.
_QUOTED = Pattern(r"""(?:^|[^\pL\pN'"`])(?:'([^'\n]{1,300})'|"([^"\n]{1,300})"|`([^`\n]{1,300})`)""")
_PIECE = Pattern(r"""\d{1,3}(?:,\d{3})+|[^\s,;=(){}<>|'"`\[\]]+""")
_SENTENCE_END = Pattern(r"""[.!?]["')\]]*\s+|[\x{3002}\x{ff01}\x{ff1f}]|\n+""")
_ABBREVIATIONS = ("e.g.", "i.e.", "vs.", "approx.", "incl.", "resp.", "cf.", "no.")
_EDGES = ".,:;!?*~≈+-…"

_NAME = Pattern(
    r"[\pL\pN]_+[\pL\pN]"  # snake_case
    r"|[\pL\pN]{2}\.[\pL\pN]|[\pL\pN]\.[\pL\pN]{2}"  # dotted: a host, a class, schema.table, a file
    r"|\p{Ll}\p{Lu}|\p{Lu}\p{Lu}\p{Ll}\p{Ll}"  # camelCase, HTTPServer (and not VMs)
    r"|^[/\\~][\pL\pN]|[\pL\pN][/\\][^/\\]*[/\\]|[\pL\pN]:[/\\]|//"  # paths
    r"|[@#$][\pL\pN]"
    r"|\pN\pN"  # numbers, codes
    r"|^\p{Lu}{6,}$"  # ENOSPC, and not JVM or SQL
    r"|^\p{Lu}{2,}-\pN"  # SPARK-1
    r"|^[\pL\pN]+(?:-[\pL\pN]+)*-\pN",  # node-3
    ignore_case=False,
)
_KEBAB = Pattern(r"^[\pL\pN]+(?:-[\pL\pN]+){2,}$")
_PROSE_WORDS = "a an and as at by for in no not of off on or out per the to up with"
_PROSE = frozenset(_PROSE_WORDS.split())
_MEASURE = Pattern(r"^([+-]?\pN[\pN.]*)(?:\pL{1,3}|%)$")
_LONGEST_UNIT = 3
# A number of two digits behind a colon, a dash or a slash is a part of a time; a longer one is a port, say.
_LONGEST_OF_A_CLOCK = 2
# A table may be written `dbo.orders`, `[dbo].[orders]` or `"dbo"."orders"`, a number 5120 or 5,120.
_LOOSE = str.maketrans(dict.fromkeys("'\"`[],"))


class Supplied:
    """Everything that was supplied, searched as one text without regard to case and typing."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._text = plain("\n".join(texts)).casefold()
        self._loose = self._text.translate(_LOOSE)

    def holds(self, name: str) -> bool:
        """Whether the name, or the number, stands there by itself and not as a part of another."""
        wanted = plain(name).casefold()
        loose = wanted.translate(_LOOSE)
        return bool(wanted) and (_stands_in(wanted, self._text) or (bool(loose) and _stands_in(loose, self._loose)))

    def missing_from(self, text: str) -> tuple[str, ...]:
        """The names and numbers of a text that were not supplied, in their order."""
        return tuple(name for name in dict.fromkeys(_specifics(plain(text))) if not self._covers(name))

    def _covers(self, name: str) -> bool:
        if self.holds(name):
            return True
        measure = _MEASURE.search(name)
        if measure is not None:
            return self.holds(measure.groups[0])
        joined = name if any(map(str.isalpha, name)) else name.replace("-", ":")
        parts = [part for part in joined.replace("\u2013", ":").split(":") if part]
        return len(parts) > 1 and all(not _is_specific(part) or self.holds(part) for part in parts)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, each with its full stop; a dot within a name or an abbreviation ends none."""
    text = window(text, len(text), 0)
    start = 0
    for span in _SENTENCE_END.spans(text, len(text)):
        sentence = text[start : span.end].strip()
        if not sentence.lower().endswith(_ABBREVIATIONS):
            if sentence:
                yield sentence
            start = span.end
    if rest := text[start:].strip():
        yield rest


def _specifics(text: str) -> Iterator[str]:
    """What is in quotation marks, and every word that is shaped like a name, a code or a number."""
    text = window(text, len(text), 0)
    for span in _QUOTED.spans(text, len(text)):
        if quoted := "".join(span.groups).strip(f"{_EDGES} "):
            yield quoted
    for span in _PIECE.spans(text, len(text)):
        word = text[span.start : span.end].strip(_EDGES)
        if word.casefold() not in _OF_THE_TRADE and _is_specific(word):
            yield word


def _is_specific(word: str) -> bool:
    if _NAME.matches(word):
        return True
    return _KEBAB.matches(word) and not _PROSE.intersection(word.casefold().split("-"))


def _stands_in(wanted: str, text: str) -> bool:
    at = text.find(wanted)
    while at >= 0:
        if _begins(wanted, text, at) and _ends(wanted, text, at + len(wanted)):
            return True
        at = text.find(wanted, at + 1)
    return False


def _begins(wanted: str, text: str, at: int) -> bool:
    """Whether something begins here. A number does not within a date or a decimal, a time does after a T."""
    if not _in_word(wanted[0]) or at == 0:
        return True
    before = text[at - 1]
    inside = ".,:-/" if len(wanted) <= _LONGEST_OF_A_CLOCK else ".,"
    if wanted.isdigit() and before in inside and text[at - 2 : at - 1].isdigit():
        return False
    if before == "t" and ":" in wanted and text[at - 2 : at - 1].isdigit():
        return True
    return not _in_word(before)


def _ends(wanted: str, text: str, end: int) -> bool:
    """Whether something ends here. A number does before its unit: 512 is in `512MB`."""
    if not _in_word(wanted[-1]):
        return True
    if wanted[-1].isdigit():
        unit = end
        while unit < len(text) and unit - end < _LONGEST_UNIT and text[unit].isalpha():
            unit += 1
        end = unit
    return not _in_word(text[end : end + 1])


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"
