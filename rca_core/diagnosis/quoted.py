"""The quotes of a draft that hold: in the document as sent, saying something, at their true lines."""

from collections.abc import Mapping

import msgspec

from rca_core.diagnosis.diagnosis import Evidence
from rca_core.diagnosis.draft import Draft, DraftEvidence
from rca_core.diagnosis.facts import Facts
from rca_core.diagnosis.instructions import instructions_in
from rca_core.diagnosis.quotes import Located, Sent, is_informative, locate
from rca_core.diagnosis.redaction import redact

_MOST_SUSPICIOUS = 10


class Quoted(msgspec.Struct, frozen=True, kw_only=True):
    """A quote that holds. `suspicious`: a line of it reads like an instruction to an assistant. `ambiguous`: it stands
    in several places, none of which the model named.
    """

    evidence: Evidence
    of_failing_step: bool
    suspicious: bool
    ambiguous: bool


class QuotedLines(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a draft's quotes: `kept` by id, `dropped` as id and reason, `repairs` of what was claimed of them.

    `suspicious` names the lines of all documents that read like instructions to an assistant.
    """

    kept: Mapping[str, Quoted]
    dropped: tuple[tuple[str, str], ...]
    repairs: tuple[str, ...]
    suspicious: tuple[str, ...]

    def own_names(self) -> list[str]:
        """The names by which the answer may speak of its own evidence: ids, and numbers of lines."""
        evidence = [quote.evidence for quote in self.kept.values()]
        return [*self.kept, *(str(line) for each in evidence for line in (each.line_start, each.line_end))]


def quoted_lines(draft: Draft, facts: Facts) -> QuotedLines:
    """Looks every quote of a draft up."""
    sent = {excerpt.document.id: Sent(excerpt) for excerpt in facts.excerpts}
    suspicious = {each: instructions_in(document) for each, document in sent.items()}
    kept: dict[str, Quoted] = {}
    dropped: list[tuple[str, str]] = []
    repairs: list[str] = []
    for claim in draft.evidence:
        place = _located(claim, sent)
        why = f"another quote has the id {claim.id}" if claim.id in kept else _objection(claim, place, sent)
        if why or place is None:
            dropped.append((claim.id, why))
            continue
        if place.document.id != claim.doc:
            repairs.append(f"{claim.id}: document {claim.doc} -> {place.document.id}")
        if place.note:
            repairs.append(f"{claim.id}: {place.note}")
        lines = range(place.line_start, place.line_end + 1)
        kept[claim.id] = Quoted(
            evidence=_evidence(claim, place),
            of_failing_step=place.document.of_failing_step,
            suspicious=not suspicious[place.document.id].isdisjoint(lines),
            ambiguous=place.ambiguous,
        )
    named = [f"{each} line {line}" for each, lines in suspicious.items() for line in sorted(lines)]
    return QuotedLines(
        kept=kept, dropped=tuple(dropped), repairs=tuple(repairs), suspicious=tuple(named[:_MOST_SUSPICIOUS])
    )


def _located(claim: DraftEvidence, sent: Mapping[str, Sent]) -> Located | None:
    """Where the quote stands: in the document that it names, else in the only other one that holds it."""
    if claim.doc in sent and (place := locate(claim.quote, claim.line_start, claim.line_end, sent[claim.doc])):
        return place
    others = [
        place
        for each, document in sent.items()
        if each != claim.doc and (place := locate(claim.quote, claim.line_start, claim.line_end, document))
    ]
    return others[0] if len(others) == 1 else None


def _objection(claim: DraftEvidence, place: Located | None, sent: Mapping[str, Sent]) -> str:
    """Why a quote cannot be used; nothing if it can."""
    if place is None:
        return f"is not in {claim.doc} as sent" if claim.doc in sent else f"there is no document {claim.doc}"
    if not is_informative(place.quote):
        return "says nothing by itself"
    if redact(place.quote).counts:
        return "holds what looks like a secret"
    return ""


def _evidence(claim: DraftEvidence, place: Located) -> Evidence:
    return Evidence(
        id=claim.id,
        quote=place.quote,
        where=place.document.kind,
        document=place.document.id,
        line_start=place.line_start,
        line_end=place.line_end,
        shows=claim.shows,
    )
