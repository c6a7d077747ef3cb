"""What of a model's own words may be shown: the sentences that say nothing but what was supplied."""

from collections.abc import Iterable

from rca_core.diagnosis.changes import claims_in, is_borne_out
from rca_core.diagnosis.diagnosis import Dropped
from rca_core.diagnosis.facts import Facts
from rca_core.diagnosis.matching import Pattern
from rca_core.diagnosis.redaction import Redactor
from rca_core.diagnosis.specifics import Supplied, sentences
from rca_core.diagnosis.texts import window

# Addresses that people click. Where data lies (abfss://, s3://) is a name like any other.
_URL = (
    r"(?:\b(?:https?|ftps?|file)(?::|%3a)[/\\]{1,3}|\b(?:mailto|javascript|vbscript|tel):[^\s]|\bdata:[a-z]+/|\bwww\.)"
)
_LINK = Pattern(rf"\[([^\]\n]*)\]\(\s*<?{_URL}[^)\n]*\)|<{_URL}[^>\n]*>|{_URL}[^\s<>|)\]\"'`]*")
_LEFT_OUT = "(link left out)"
_END_OF_SENTENCE = ".,;:!?"


class Wording:
    """Reads a model's texts one by one and keeps of them what holds.

    `dropped` tells what was cut and why, `cut` counts the sentences. `own_names` are names that the answer itself
    makes: ids of its evidence, numbers of the lines that it quotes.
    """

    def __init__(self, facts: Facts, own_names: Iterable[str]) -> None:
        self.dropped: list[Dropped] = []
        self.cut = 0
        self._facts = facts
        self._supplied = Supplied([*facts.supplied_texts(), *own_names])
        self._names = frozenset(name.casefold() for name in facts.known_names)
        self._redactor = Redactor()

    def kept(self, text: str) -> str:
        """The text without links and without the sentences that do not hold; secrets are masked. May be empty."""
        kept = []
        for sentence in sentences(self.unchecked(text)):
            why = self._objection(sentence)
            if why:
                self.cut += 1
                self.drop(sentence, why)
            else:
                kept.append(sentence)
        return " ".join(kept)

    def unchecked(self, text: str) -> str:
        """The text without links, secrets masked; what it names need not have been supplied."""
        text, links = _without_links(window(text, len(text), 0))
        if links:
            self.drop(f"{links} link{'s' * (links > 1)}", "links never come from a model")
        return self.masked(text)

    def masked(self, text: str) -> str:
        """The text with its secrets masked."""
        return self._redactor.redact(text)

    def drop(self, what: str, why: str) -> None:
        """Notes that something is not shown."""
        self.dropped.append(Dropped(self.masked(what), self.masked(why)))

    def is_supplied(self, name: str) -> bool:
        """Whether a name or number stands in what was supplied."""
        return self._supplied.holds(name)

    def _objection(self, sentence: str) -> str:
        """Why a sentence cannot be shown; nothing if it can."""
        unknown = self._supplied.missing_from(sentence)
        if unknown:
            return f"names what nobody supplied: {', '.join(unknown[:3])}"
        for claim in claims_in(sentence):
            known = is_borne_out(claim, self._facts.changes, self._facts.failed_at, self._names)
            if not known and not self._supplied.holds(claim):
                return f"blames a change that nobody reported: {claim}"
        return ""


def _without_links(text: str) -> tuple[str, int]:
    """The text with a note in the place of each link, and how many there were."""
    pieces, end, count = [], 0, 0
    for span in _LINK.spans(text, len(text)):
        link = text[span.start : span.end]
        after = link[len(link.rstrip(_END_OF_SENTENCE)) :]
        pieces += [text[end : span.start], f"{span.groups[0]} {_LEFT_OUT}".strip(), after]
        end, count = span.end, count + 1
    return "".join([*pieces, text[end:]]), count
