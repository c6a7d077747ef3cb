"""Everything that is known about one report of a ticket: the failure, and the archived texts to quote from."""

import msgspec

from rca_core.diagnosis import Classification, classify
from rca_core.diagnosis.documents import Document, numbered, report_text
from rca_core.diagnosis.fingerprint import fingerprint
from rca_core.foundation.evidence import Evidence
from rca_core.foundation.failure import Failure
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets.ticket import EvidenceNote, Ticket

# What these say is about what surrounds the step that failed.
_AROUND_THE_STEP = frozenset({"databricks run", "databricks cluster"})


class Case(msgspec.Struct, frozen=True):
    """A failure with its documents and what the rules say of it. `failure.log` is what the documents hold beyond the
    report itself.
    """

    failure: Failure
    documents: tuple[Document, ...]
    verdict: Classification

    def fingerprint(self) -> str | None:
        """What equal failures have in common; None if the report says too little to tell.

        Where only the log names the cause, the line that does is part of it: `Task failed, see the log` is what very
        different failures say.
        """
        message = self.failure.message
        if self.verdict.where == "log":
            message = f"{message}\n{self.verdict.quote}"
        return fingerprint(msgspec.structs.replace(self.failure, message=message))

    @property
    def names_cause(self) -> bool:
        """Whether the texts say more than that something failed, so that what helped once may help again."""
        return self.verdict.how != "wrapper"


def reported_case(ticket_id: str, failure: Failure) -> Case:
    """The case that a report alone makes."""
    return Case(failure, numbered([_report(ticket_id, failure)]), _verdict(failure))


def enriched_case(ticket_id: str, reported: Failure, known: Failure, given: list[tuple[EvidenceNote, str]]) -> Case:
    """The case with what the failing system said: `known` is the report with the facts that it added, `given` its
    answers with their texts.
    """
    texts = [_answer(note, text) for note, text in given if note.archived and text]
    said = [reported.log or "", *(document.text for document in sorted(texts, key=lambda one: not one.of_failing_step))]
    log = "\n".join(part for part in said if part) or None
    documents = numbered([_report(ticket_id, reported), *texts])
    failure = msgspec.structs.replace(known, log=log)
    return Case(failure, documents, _verdict(failure))


def archived_case(storage: Storage, ticket: Ticket, report_key: str) -> Case | None:
    """The case as the archive has it; None if the report was not kept for a later diagnosis."""
    kept = archive.archived(storage, archive.failure_name(ticket.id, report_key))
    if kept is None:
        return None
    reported = msgspec.json.decode(kept, type=Failure)
    notes = [note for note in ticket.evidence if note.report_key == report_key and note.archived]
    if not notes:
        return reported_case(ticket.id, reported)
    more = archive.archived(storage, archive.known_name(ticket.id, report_key))
    known = msgspec.json.decode(more, type=Failure) if more is not None else reported
    given = [(note, (archive.archived(storage, note.archived or "") or b"").decode()) for note in notes]
    return enriched_case(ticket.id, reported, known, given)


def keep_report(storage: Storage, ticket_id: str, failure: Failure) -> None:
    """Archives the text of the report as diagnoses quote it."""
    if text := report_text(failure):
        archive.archive_text(storage, archive.report_text_name(ticket_id, failure.report_key), text)


def evidence_text(one: Evidence) -> str:
    """What a failing system said as one text: whatever may be quoted of it stands there."""
    head = [f"Error code: {one.error_code}"] if one.error_code and one.error_code not in one.text else []
    head += [one.message] if one.message and one.message not in one.text else []
    return "\n".join([*head, one.text] if one.text else head)


def _verdict(failure: Failure) -> Classification:
    if not failure.recognised:
        return Classification(category="Unknown", retryable=False, reason="The event is of a kind that is not known.")
    return classify(failure.source, failure.error_code, failure.message, failure.log)


def _report(ticket_id: str, failure: Failure) -> Document:
    return Document(
        id="D1",
        kind="report",
        text=report_text(failure),
        archived=archive.report_text_name(ticket_id, failure.report_key),
    )


def _answer(note: EvidenceNote, text: str) -> Document:
    return Document(
        id="",
        kind=note.source,
        text=text,
        archived=note.archived or "",
        of_failing_step=note.source not in _AROUND_THE_STEP,
        truncated=bool(note.note),
    )
