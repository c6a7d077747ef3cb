"""Cuts a log to what matters: where it failed, why, and how it ended. Pure and linear in the length of the text.

The recipe is LogSage's (arXiv 2506.03691): lines that look like a failure and the end of the log are candidates; each
brings 4 lines before and 6 after it; groups of them are weighed; the heaviest are kept as long as there is room.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rca_core.diagnosis.documents import Document, Excerpt, Line
from rca_core.diagnosis.matching import Pattern, searchable
from rca_core.diagnosis.texts import DEEPER, SHALLOWER

# English and stack traces come to about this many characters a token.
_PER_TOKEN = 4
# What writing a line costs beside its text, in characters: its number and its break.
_NUMBERED = 8
# Lines around one that looks like a failure.
_BEFORE, _AFTER = 4, 6
# The share of the room that is kept for the end of a log.
_TAIL = 5
# Of a line around a failure, or before the last, that many characters at most. A shorter piece than this says nothing.
_AROUND, _PIECE = 400, 40
# How far from its end a long line is searched for its innermost cause first, and how far in a line its level stands.
_LINE_END, _LINE_HEAD = 16_000, 160

# How much a line counts. A line that is only a warning or information counts less by `_QUIETER`.
_WORD, _LEVEL, _EXCEPTION, _CAUSE = 3, 4, 5, 6
_QUIETER = 2

# A frame of a stack trace (of Python with its line of code), or a line from its first sign of a failure on.
_SIGNS = Pattern(
    r'(?m:^[ \t]+(?:at [\w.$<]|\.\.\. \d+ (?:more|common)|File "[^\n]*(?:\n[ \t]{3,}[^\n]*){0,2}))[^\n]*|'
    r"(?:error|exception|fail|fatal|critical|severe|traceback|panic|abort|kill|crash|den(?:ied|y)|refus|reject|"
    r"time-?out|timed out|cannot |could ?n[o']t|can't |unable to|(?:is|are|was|were|does|do|did|has) not |no such|"
    r"not found|missing|invalid|unauthori[sz]ed|forbidden|insufficient|unavailable|unreachable|offline|expired|exceed|"
    r"quota|too many|must |required|out of memory|no space left|deadlock|evicted|conflict|already exists|mismatch|"
    r"duplicate|ambiguous|malformed|corrupt|terminated|core dumped|segmentation fault|return code|"
    r"exit(?:ed)? (?:code|status|with)|"
    r"(?-i:\[[A-Z][A-Z0-9]*_)|"
    rf"{DEEPER.source}|{SHALLOWER.source})[^\n]*"
)
# The name of an exception, what a line of Python begins with that has another name, or an error class of Spark.
_NAME = Pattern(
    r"\b[A-Za-z_][\w.$]*(?:Error|Exception|Failure|Fault|Timeout|Interrupt)(?::|\s*$)|"
    r"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+: |\[[A-Z][A-Z0-9]*_[A-Z0-9_.]+\]",
    ignore_case=False,
)
# The first group is a level that says failure, the second one that does not.
_LEVELS = Pattern(
    r"\b(?:(ERROR|FATAL|CRITICAL|SEVERE)|(WARN|WARNING|INFO|DEBUG|TRACE|NOTICE))\b|"
    r"(?i:\b(?:level|severity|lvl)[\"']?\s?[=:]\s?[\"']?(?:(error|fatal|critical|severe)|(warn|info|debug|trace)))",
    ignore_case=False,
)
_COUNTED_NONE = Pattern(r"\b(?:0|no) (?:errors?|failures?|failed)\b|\b(?:errors?|failures?|failed)\"?\s?[=:]\s?0\b")
# How a stack trace begins that belongs to no line before it.
_BEGINNINGS = ("Traceback (most recent call last)", "Exception in thread")
_FRAMES = ("\n\tat ", "\r\n\tat ", "\n    at ")
_WITHOUT_DIGITS = str.maketrans("", "", "0123456789")


class _Sign(NamedTuple):
    """A line that looks like a failure, or (`weight` 0) one that holds a stack trace together, and its place.

    `last` is the number of the last line that belongs to it. `masked` is the line without digits: lines that differ in
    nothing else are one. `severe` says that it is a failure whatever stands before it, `quiet` that its level is none
    of a failure, `outer` that what follows wraps what stands before.
    """

    number: int
    last: int
    start: int
    end: int
    weight: int = 0
    masked: str = ""
    severe: bool = False
    quiet: bool = False
    outer: bool = False


def tokens_of(lines: Iterable[Line]) -> int:
    """About how many tokens the lines are, their numbers included: one for every 4 characters."""
    return -(-sum(len(line.text) + _NUMBERED for line in lines) // _PER_TOKEN)


def cut(document: Document, tokens: int) -> Excerpt:
    """The lines of a document that say most about why something failed, in at most that many tokens.

    A token is taken to be 4 characters (`tokens_of`). A document that fits is returned whole. Otherwise the last
    failure with an exception comes first, its innermost cause before all; then errors without one, then warnings.
    Lines that differ only in digits count once, as the last of them. A line that is too long is cut to one piece of
    it, around the words that name the failure.
    """
    text = document.text
    if _whole(document) <= tokens:
        lines = enumerate(text.split("\n"), 1) if text else ()
        return Excerpt(document, tuple(Line(number, line) for number, line in lines))
    room = max(0, tokens) * _PER_TOKEN
    choice = _Choice(text, room)
    failures = _failures(searchable(text))
    choice.add_end(room // _TAIL if failures else room)
    for failure in failures:
        choice.add_failure(failure)
    return Excerpt(document, tuple(choice.lines[number] for number in sorted(choice.lines)))


def cut_all(documents: Sequence[Document], tokens: int) -> tuple[Excerpt, ...]:
    """Cuts documents that share that many tokens: an excerpt of each, those of the step that failed first.

    What is not of the failing step gets a quarter, and whatever the others leave. Within each of the two groups all
    get the same, but for what shorter ones leave to longer ones.
    """
    step = [document for document in documents if document.of_failing_step]
    others = [document for document in documents if not document.of_failing_step]
    reserved = min(sum(map(_whole, others)), tokens // 4 if step else tokens)
    excerpts = _share(step, tokens - reserved)
    return excerpts + _share(others, tokens - sum(tokens_of(excerpt.lines) for excerpt in excerpts))


def _share(documents: list[Document], tokens: int) -> tuple[Excerpt, ...]:
    """The documents in their order, each cut to its share of the tokens; the shortest take theirs first."""
    excerpts: dict[int, Excerpt] = {}
    for position in sorted(range(len(documents)), key=lambda position: len(documents[position].text)):
        excerpts[position] = cut(documents[position], tokens // (len(documents) - len(excerpts)))
        tokens -= tokens_of(excerpts[position].lines)
    return tuple(excerpts[position] for position in range(len(documents)))


def _whole(document: Document) -> int:
    """How many tokens the whole document is."""
    breaks = document.text.count("\n")
    length = len(document.text) - breaks + (breaks + 1) * _NUMBERED if document.text else 0
    return -(-length // _PER_TOKEN)


# What looks like a failure --------------------------------------------------------------------------------------------


def _failures(text: str) -> list[list[_Sign]]:
    """Signs that stand close together, the weightiest first, in each group as among them; of equals the later."""
    signs = list(_signs(text))
    latest = {sign.masked: at for at, sign in enumerate(signs)}
    groups: list[list[_Sign]] = []
    end = 0
    for at, sign in enumerate(signs):
        if sign.weight and latest[sign.masked] != at:
            continue
        if not groups or sign.number - end > _BEFORE + _AFTER:
            groups.append([])
        groups[-1].append(sign)
        end = sign.last
    weighed = [[sign for sign in _deepened(group) if sign.weight] for group in groups]
    for group in weighed:
        group.sort(key=lambda sign: (-sign.weight, -sign.number))
    # How deep its causes are nested does not make one failure weigh more than another.
    ranked = [(-min(group[0].weight, _EXCEPTION), -group[0].number, group) for group in weighed if group]
    return [group for _, _, group in sorted(ranked, key=lambda item: item[:2])]


def _signs(text: str) -> Iterator[_Sign]:
    """Every line that looks like a failure, and the frames of stack traces, in order."""
    known: dict[str, _Sign] = {}
    number, begun, last, quiet = 1, 0, 0, False
    for span in _SIGNS.spans(text, len(text)):
        start = text.rfind("\n", begun, span.start) + 1 or begun
        number += text.count("\n", begun, start)
        begun = start
        continues = quiet and number == last + 1
        last = number + text.count("\n", start, span.end)
        if text[span.start] in " \t":
            quiet = continues
            yield _Sign(number, last, start, span.end)
            continue
        line = text[start : span.end]
        masked = line.translate(_WITHOUT_DIGITS)
        sign = known.get(masked) or known.setdefault(masked, _weighed(line, masked))
        # The stack trace of a warning is Java's: it stands right below.
        quiet = sign.quiet or (continues and not sign.severe and text.startswith(_FRAMES, span.end))
        weight = 0 if sign.outer else sign.weight - _QUIETER if quiet else sign.weight
        yield sign._replace(number=number, last=last, start=start, end=span.end, weight=weight)


def _weighed(line: str, masked: str) -> _Sign:
    """What a line says, wherever it stands."""
    level = _LEVELS.search(line[:_LINE_HEAD])
    severe = level is not None and any(level.groups[0::2])
    weight = _LEVEL if severe else _WORD
    if DEEPER.matches(line):
        weight = _CAUSE
    elif _NAME.matches(line):
        weight = _EXCEPTION
    quiet = (level is not None and not severe) or (weight == _WORD and _COUNTED_NONE.matches(line))
    return _Sign(0, 0, 0, 0, weight, masked, severe or line.startswith(_BEGINNINGS), quiet, SHALLOWER.matches(line))


def _deepened(signs: list[_Sign]) -> list[_Sign]:
    """The signs, those of exceptions that are wrapped by what Python prints after them raised by one for each wrap."""
    deepened, wraps = [], 0
    for sign in reversed(signs):
        wraps += sign.outer
        deepened.append(sign._replace(weight=sign.weight + wraps) if sign.weight >= _EXCEPTION else sign)
    return deepened


# Choosing -------------------------------------------------------------------------------------------------------------


class _Choice:
    """The lines of a text that were chosen so far, by number, and the room (characters) that is left."""

    def __init__(self, text: str, room: int) -> None:
        self.lines: dict[int, Line] = {}
        self._text = text
        self._room = room
        self._masked: set[str] = set()

    def add_end(self, room: int) -> None:
        """As many of the last lines as have room."""
        kept = self._room - room
        end = len(self._text.rstrip())
        number = self._text.count("\n", 0, end) + 1
        for _ in range(room // _NUMBERED):
            if end < 0:
                return
            start = self._text.rfind("\n", 0, end) + 1
            left = self._room - kept - _NUMBERED
            self._add(number, start, end, left, _AROUND if self.lines else left, from_end=True)
            end, number = start - 1, number - 1

    def add_failure(self, signs: list[_Sign]) -> None:
        """The lines of a failure and what stands around them, in at most half of the room that is left."""
        kept = self._room // 2
        for sign in signs:
            left = self._room - kept - _NUMBERED
            if left < _PIECE:
                return
            self._add(sign.number, sign.start, sign.end, left, left)
            self._add_around(sign, kept)

    def _add_around(self, sign: _Sign, kept: int) -> None:
        text, end = self._text, sign.end
        for number in range(sign.number + 1, sign.number + 1 + _AFTER):
            if end == len(text):
                break
            start, end = end + 1, text.find("\n", end + 1)
            end = len(text) if end < 0 else end
            self._add(number, start, end, self._room - kept - _NUMBERED, _AROUND)
        start = sign.start
        for number in range(sign.number - 1, sign.number - 1 - _BEFORE, -1):
            if start == 0:
                break
            start, end = text.rfind("\n", 0, start - 1) + 1, start - 1
            self._add(number, start, end, self._room - kept - _NUMBERED, _AROUND)

    def _add(self, number: int, start: int, end: int, room: int, longest: int, *, from_end: bool = False) -> None:
        """The line, or a piece of it that is not too long; nothing if there is no room or one like it was chosen."""
        length = min(end - start, longest)
        if number in self.lines or length > room or length < min(_PIECE, end - start):
            return
        line = self._text[start:end]
        masked = line.translate(_WITHOUT_DIGITS)
        if not masked.strip() or masked in self._masked:
            return
        self._masked.add(masked)
        piece = line if length == len(line) else _piece(line, length, len(line) if from_end else 0)
        self.lines[number] = Line(number, piece)
        self._room -= len(piece) + _NUMBERED


def _piece(line: str, length: int, otherwise: int) -> str:
    """The part of a line around the words that name a failure; `otherwise` is where to look if there are none."""
    place = _heart(searchable(line))
    begin = min(max(0, (otherwise if place is None else place) - length // 3), len(line) - length)
    return line[begin : begin + length]


def _heart(line: str) -> int | None:
    """Where a long line names its innermost cause, else its last exception, else any failure."""
    wrapped = SHALLOWER.search(line)
    inner = line[: wrapped.start] if wrapped else line
    for pattern in (DEEPER, _NAME):
        for begin in (max(0, len(inner) - _LINE_END), 0):
            if spans := list(pattern.spans(inner[begin:])):
                return begin + spans[-1].start
    sign = _SIGNS.search(line)
    return sign.start if sign else None
