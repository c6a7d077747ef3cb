"""What of a message or a log is examined, and how its parts nest."""

from bisect import bisect_right
from itertools import accumulate

from rca_core.diagnosis.matching import Pattern, searchable

# Characters of a text that are examined, counted from its start and from its end. Error texts name their cause at
# the start, or at the end where the innermost exception stands.
MESSAGE_HEAD, MESSAGE_TAIL = 24_000, 24_000
LOG_HEAD, LOG_TAIL = 8_000, 32_000

# The longest quote shown to people, in characters.
QUOTE_LENGTH = 300

# Java, .NET and Data Factory print the cause after its wrapper ...
DEEPER = Pattern(r"caused by|nested exception is|inner ?exception|--->|''Type=|most recent failure:|root cause")
# ... Python prints it before.
SHALLOWER = Pattern(r"during handling of the above exception|the above exception was the direct cause of the following")

# How a sentence starts that tells the reader what to do, not what happened.
_ADVICE = Pattern(
    r"^[\s'\"(\[-]*(?:\d\. )?(?:please )?(?:also )?"
    r"(?:check|verify|make sure|ensure|confirm|validate|consider|contact|refer|see|review|visit|try|"
    r"if (?:you|the|this)|for (?:more|further)|to (?:fix|resolve|avoid|learn|process|tolerate|bypass)|"
    r"this (?:could|may|might|can)|possible|it (?:could|may|might)|you (?:can|may|might|could))\b"
)
_LONGEST_SENTENCE = 400


def window(text: str, head: int, tail: int) -> str:
    """The text, without its middle when it is longer than `head` + `tail` characters; always valid UTF-8."""
    if len(text) > head + tail:
        text = f"{text[:head]}\n{text[-tail:]}"
    return searchable(text)


def is_advice(text: str, position: int) -> bool:
    """Whether the sentence around this place tells what to do or guesses, instead of saying what happened."""
    before = text[max(0, position - _LONGEST_SENTENCE) : position]
    begin = max(before.rfind(mark) + len(mark) if mark in before else 0 for mark in (". ", ".\n", "\n", "! ", "; "))
    return _ADVICE.matches(text[position - len(before) + begin : position + 20])


class Depths:
    """Tells how deep in a chain of wrapped errors a place of a text lies; 0 is the outermost."""

    def __init__(self, text: str) -> None:
        steps = [(span.start, 1) for span in DEEPER.spans(text)]
        steps += [(span.start, -1) for span in SHALLOWER.spans(text)]
        steps.sort()
        self._starts = [start for start, _ in steps]
        self._depths = [0, *accumulate(change for _, change in steps)]

    def at(self, position: int) -> int:
        """The depth of the character at this offset."""
        return self._depths[bisect_right(self._starts, position)]


def quote(text: str, start: int, end: int) -> str:
    """The line that holds the span, verbatim; cut to `QUOTE_LENGTH` characters around the span when longer."""
    start, end = max(start, 0), min(end, len(text))
    begin = text.rfind("\n", 0, start) + 1
    finish = text.find("\n", start)
    if finish < 0:
        finish = len(text)
    while finish > begin and text[finish - 1].isspace():
        finish -= 1
    while begin < finish and text[begin].isspace():
        begin += 1
    if finish - begin <= QUOTE_LENGTH:
        return text[begin:finish]
    line_begins, line_ends = begin, finish
    begin = max(line_begins, min(start - QUOTE_LENGTH // 3, line_ends - QUOTE_LENGTH))
    finish = min(line_ends, begin + QUOTE_LENGTH)
    if begin > line_begins:
        begin = _after(text, begin, start)
    if finish < line_ends:
        last_blank = text.rfind(" ", end, finish)
        finish = last_blank if last_blank > 0 else finish
    return text[begin:finish].rstrip()


def _after(text: str, begin: int, start: int) -> int:
    """Where to begin a quote that starts inside a line: behind the end of a sentence or its label, else at a word."""
    for mark in (". ", "Message=", ": ", " "):
        found = text.find(mark, max(0, begin - len(mark)), start)
        if found >= 0:
            return found + len(mark)
    return begin
