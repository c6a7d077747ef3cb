"""Finds a quote in the document it is said to come from, and what is kept of it is what the document says.

A quote that differs from the document only in how it is typed (white space, curly quotation marks, compatibility
forms of Unicode) is found and replaced by the document's own words. Anything else is not found: no similarity is
measured, and no piece is taken for the whole.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

import msgspec

from rca_core.diagnosis.codes import words_of
from rca_core.diagnosis.documents import Document, Excerpt
from rca_core.diagnosis.matching import Pattern
from rca_core.diagnosis.texts import window

# The fewest characters, and the fewest different words that say something, in a quote that proves something.
SHORTEST_QUOTE = 12
_TELLING_WORDS = 2

_DECORATION = " \"'`"
_STRAIGHT = str.maketrans({**dict.fromkeys("‘’‚‛′‹›", "'"), **dict.fromkeys("“”„‟″«»", '"')})  # noqa: RUF001
# Unicode sets no end to the marks on one character; normalising very many takes time that grows with their square.
_MOST_MARKS = 30

_NOT_WORDS = Pattern(
    r"\[[A-Z_]{2,30}#[0-9]{1,9}\]"  # what redaction leaves
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T ]*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?(?:Z\b|[+-]\d{2}:?\d{2}\b)?"
    r"|\b\d{1,2}[-/]\d{1,2}[-/]\d{2,4}\b"
    r"|\b\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z\b|[+-]\d{2}:?\d{2}\b)?"
    r"|\b(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|utc|gmt)\b"
)
# A pair of characters of a script without blanks is a word, too.
_WORD = Pattern(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]{2}|[\pL\pN]+")
_GENERIC_WORDS = (
    "a an the of in on at to by is was are were be been has had have not and or for from with without this that it its "
    "as you your see more details error errors err failed fails fail failure failures exception exceptions warning "
    "warn info debug trace fatal critical severe notice status state message msg code reason cause caused unknown "
    "unexpected internal occurred happened raised thrown encountered task job run step stage activity pipeline "
    "process command execution traceback most recent call last exit exited return returned null none true "
    "false line file stderr stdout log"
)
_GENERIC = frozenset(_GENERIC_WORDS.split())


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """A quote as the document has it, and where: in the lines `line_start` to `line_end`, counted from 1.

    `note` says what of the claim had to be corrected (`""`: nothing). `ambiguous`: it stands in several places, none
    of which was named, and the first was taken.
    """

    document: Document
    quote: str
    line_start: int
    line_end: int
    note: str = ""
    ambiguous: bool = False


class _Block:
    """Consecutive lines that were sent, as the archive has them."""

    def __init__(self, text: str, line: int) -> None:
        self.text = text
        self._line = line
        self._breaks = [at for at, character in enumerate(text) if character == "\n"]
        self._folded: tuple[str, list[int], list[int]] | None = None

    def exactly(self, needle: str) -> Iterator[tuple[int, int]]:
        """Where these very characters stand."""
        for at in _occurrences(self.text, needle):
            yield at, at + len(needle)

    def typed_alike(self, needle: str) -> Iterator[tuple[int, int]]:
        """Where a folded text stands, as offsets of the text that is not folded."""
        if self._folded is None:
            self._folded = _folded(self.text)
        text, begins, ends = self._folded
        for at in _occurrences(text, needle):
            yield begins[at], ends[at + len(needle) - 1]

    def lines(self, start: int, end: int) -> tuple[int, int]:
        """The numbers of the first and the last line of a span."""
        return self._line + bisect_left(self._breaks, start), self._line + bisect_left(self._breaks, end - 1)


class Sent:
    """What was sent of one document, ready to be searched; made once for all quotes from it.

    A line of the excerpt that does not stand in the document at its number is not there to be quoted.
    """

    def __init__(self, excerpt: Excerpt) -> None:
        self.document = excerpt.document
        self.blocks = tuple(_blocks(excerpt))

    def spans(self, pattern: Pattern) -> Iterator[tuple[int, int]]:
        """The lines that each match of a pattern covers: the numbers of the first and of the last."""
        for block in self.blocks:
            for span in pattern.spans(_valid(block.text)):
                yield block.lines(span.start, max(span.end, span.start + 1))


def locate(quote: str, line_start: int, line_end: int, sent: Sent) -> Located | None:
    """Where a quote stands, which is said to be in these lines; None if it was not sent or never written.

    It is looked for as it is, then as it may be typed, then without quotation marks around it. A place within the
    claimed lines is taken; else the only other place; else the first of many.
    """
    folded = plain(quote)
    tries = (
        (quote.strip(), _Block.exactly, ""),
        (folded, _Block.typed_alike, "typed differently"),
        (folded.strip(_DECORATION), _Block.typed_alike, "typed differently"),
    )
    for needle, search, typed in tries:
        if needle and (found := [(block, span) for block in sent.blocks for span in search(block, needle)]):
            return _chosen(found, line_start, line_end, typed, sent.document)
    return None


def find(quote: str, documents: Sequence[Document], *, last: bool = False) -> Located | None:
    """The place of a quote that was taken from one of these documents, in the first that holds it.

    `last` takes its last place in that document instead of the first.
    """
    quote = quote.strip()
    for document in documents if quote else ():
        at = document.text.rfind(quote) if last else document.text.find(quote)
        if at >= 0:
            line = document.text.count("\n", 0, at) + 1
            return Located(document=document, quote=quote, line_start=line, line_end=line + quote.count("\n"))
    return None


def is_informative(quote: str) -> bool:
    """Whether a quote can prove anything: long enough, and two words of it are more than times, levels and the like.

    A name is as many words as it is made of: `DRIVER_OUT_OF_MEMORY` says something by itself.
    """
    if len(quote.strip()) < SHORTEST_QUOTE:
        return False
    text = _valid(quote)
    rest, end = "", 0
    for span in _NOT_WORDS.spans(text, len(text)):
        rest, end = f"{rest}{text[end : span.start]} ", span.end
    rest += text[end:]
    words: set[str] = set()
    for span in _WORD.spans(rest, len(rest)):
        word = rest[span.start : span.end]
        words.update([word.casefold()] if any(map(str.isdigit, word)) else words_of(word).split())
    telling = [word for word in words - _GENERIC if len(word) > 2 or not word.isascii()]
    return len(telling) >= _TELLING_WORDS and any(not word.isdigit() for word in telling)


def plain(text: str) -> str:
    """The text with straight quotation marks, compatibility forms replaced and every run of white space one blank."""
    return " ".join(text.split()) if text.isascii() else _folded(text)[0].strip()


def _valid(text: str) -> str:
    """The text as RE2 takes it, character for character."""
    return window(text, len(text), 0)


def _chosen(
    found: list[tuple[_Block, tuple[int, int]]], line_start: int, line_end: int, typed: str, document: Document
) -> Located:
    """Of the places found the one within the claimed lines, else the first, and what was wrong with the claim."""
    for block, (start, end) in found:
        first, last = block.lines(start, end)
        if line_start <= first and last <= line_end:
            quote = block.text[start:end]
            return Located(document=document, quote=quote, line_start=first, line_end=last, note=typed)
    block, (start, end) = found[0]
    first, last = block.lines(start, end)
    many = f", the first of {len(found)} places" if len(found) > 1 else ""
    moved = f"lines {line_start}-{line_end} -> {first}-{last}{many}"
    return Located(
        document=document,
        quote=block.text[start:end],
        line_start=first,
        line_end=last,
        note="; ".join(filter(None, (moved, typed))),
        ambiguous=len(found) > 1,
    )


def _blocks(excerpt: Excerpt) -> Iterator[_Block]:
    """The lines that were sent as slices of the document; lines that follow one another are one slice."""
    text = excerpt.document.text
    lines = text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    start = end = first = last = 0
    for sent in excerpt.lines:
        at = lines[sent.number - 1].find(sent.text) if 1 <= sent.number <= len(lines) else -1
        if at < 0:
            continue
        begin = starts[sent.number - 1] + at
        # White space may have been left off at the end of a line.
        if not first or sent.number != last + 1 or text[end:begin].strip():
            if first:
                yield _Block(text[start:end], first)
            start, first = begin, sent.number
        end, last = begin + len(sent.text), sent.number
    if first:
        yield _Block(text[start:end], first)


def _occurrences(text: str, needle: str) -> Iterator[int]:
    at = text.find(needle)
    while at >= 0:
        yield at
        at = text.find(needle, at + len(needle))


def _folded(text: str) -> tuple[str, list[int], list[int]]:
    """The text as `plain` has it (blanks at its ends are kept); for each character where what it stands for begins and
    ends in the text as it was.
    """
    folded: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and end - at < _MOST_MARKS and unicodedata.combining(text[end]):
            end += 1
        for character in unicodedata.normalize("NFKC", text[at:end].translate(_STRAIGHT)):
            if not character.isspace():
                folded.append(character)
            elif folded and folded[-1] == " ":
                ends[-1] = end
                continue
            else:
                folded.append(" ")
            begins.append(at)
            ends.append(end)
        at = end
    return "".join(folded), begins, ends
