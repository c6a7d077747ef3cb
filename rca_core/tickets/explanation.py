"""Who answers: what helped before, else the model, else the rules; and why it was that one (`engine_reason`).

The order of cost: recall costs a look into a table, the rules nothing, the model money. The rules have answered when
this begins; their answer stands whenever nothing better may be had, with the reason.
"""

from datetime import timedelta

import msgspec

from rca_core.diagnosis import Diagnosis, analyse
from rca_core.diagnosis.diagnosis import Recalled
from rca_core.foundation import clock, logs
from rca_core.foundation.settings import GeminiSettings, Settings
from rca_core.foundation.storage import Storage
from rca_core.tickets import recall
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.case import Case
from rca_core.tickets.model_analysis import analysis_by_model, reused_analysis
from rca_core.tickets.model_call import NoAnalysis
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import MOST_REPORTS_NOTED, Ticket, with_diagnosis

_MOST_WAITS = 60

# How sure a note of a person makes us: what helped once may not be what helps now.
_RECALL_CONFIDENCE, _RECALL_MOST, _RECALL_STEP = 0.75, 0.95, 0.05

# An answer that did not stand up to the checks will not for the next failure of the same kind either.
_REST_AFTER_INCONCLUSIVE = timedelta(hours=6)
_REST_AFTER_FAILURE = timedelta(minutes=10)
# A storm of failures whose logs differ too much for one answer to hold must not cost a call each.
_REST_AFTER_ANSWER = timedelta(hours=1)


class Waiting(Exception):
    """Another ticket of the same fingerprint is at the model: come again when it has its answer."""


def explain(
    storage: Storage,
    store: TicketStore,
    settings: Settings,
    ticket: Ticket,
    report_key: str,
    case: Case,
    *,
    waited: int,
) -> Ticket:
    """The ticket with the best diagnosis of this report that may be had now; raises Waiting.

    Safe to run again: a report is explained once, and a model's answer that came before a death is kept in the archive.
    """
    if ticket.diagnosis.engine == "rules" and report_key not in ticket.explained:
        diagnosis = _best(storage, store, settings, ticket, report_key, case, waited)
        key = case.fingerprint()
        ticket = store.change(ticket.id, lambda current: _explained(current, report_key, diagnosis, key))
        logs.info("ticket-explained", ticket_id=ticket.id, engine=diagnosis.engine)
    if ticket.diagnosis.engine == "gemini" and not ticket.diagnosis.recalled and ticket.fingerprint:
        # Only now that the ticket holds the answer may others be sent to it.
        recall.end_asking(storage, ticket.fingerprint, _asker(ticket, report_key), answered=ticket.id)
    return ticket


def recalled(by_rules: Diagnosis, solved: Ticket, seen: int) -> Diagnosis:
    """The rules' diagnosis with what a person noted about the same failure, which was `seen` so often before."""
    times = _times(seen)
    note = solved.resolution or ""
    unknown = by_rules.category == "Unknown"
    return msgspec.structs.replace(
        by_rules,
        cause=f"{by_rules.cause} Seen {times} before; {solved.ack_user} solved it on {(solved.ack_ts or '')[:10]}"
        f" ({solved.id}): “{note}”",
        recommendations=(f"Do what helped before ({solved.id}): {note}", *by_rules.recommendations),
        confidence=round(min(_RECALL_MOST, _RECALL_CONFIDENCE + _RECALL_STEP * (seen - 1)), 2),
        confidence_why=(f"The same failure was seen {times} and has a note on what solved it.",),
        engine="recall",
        engine_reason=f"Ticket {solved.id} has the same fingerprint and a note on what solved it.",
        category=solved.diagnosis.category if unknown else by_rules.category,
        retryable=solved.retryable if unknown else by_rules.retryable,
        recalled=Recalled(
            ticket_id=solved.id,
            at=solved.ack_ts or "",
            seen=seen,
            resolution=note,
            resolved_by=solved.ack_user or "",
        ),
    )


def _times(seen: int) -> str:
    if seen >= recall.MOST_COUNTED:
        return f"{recall.MOST_COUNTED} times or more"
    return "once" if seen <= 1 else f"{seen} times"


def because(by_rules: Diagnosis, why: str) -> Diagnosis:
    """The rules' diagnosis with the reason why nobody else answered."""
    return msgspec.structs.replace(by_rules, engine_reason=f"{by_rules.engine_reason} Not the model, for {why}.")


def first_reason(by_rules: Diagnosis, settings: Settings) -> Diagnosis:
    """The rules' diagnosis as the first answer, which comes before the model can be asked."""
    if settings.gemini is None:
        return because(by_rules, "none is configured (GEMINI_API_KEY)")
    return because(by_rules, "the rules answer at once; it is being asked")


def _best(
    storage: Storage,
    store: TicketStore,
    settings: Settings,
    ticket: Ticket,
    report_key: str,
    case: Case,
    waited: int,
) -> Diagnosis:
    by_rules = analyse(case.failure, case.verdict, case.documents)
    key = case.fingerprint()
    memory = recall.remembered(storage, key)
    solved = recall.fix_of(store, memory, ticket.id) if case.names_cause else None
    if key and solved:
        return recalled(by_rules, solved, recall.times_seen(storage, key, but_for=ticket.id))
    if settings.gemini is None:
        return because(by_rules, "none is configured (GEMINI_API_KEY)")
    if key is None:
        return because(by_rules, "there is no error text that it could read")
    earlier = recall.answer_of(store, memory, ticket.id)
    if earlier is not None:
        again = reused_analysis(case, by_rules, earlier, recall.times_seen(storage, key, but_for=ticket.id))
        if again.engine == "gemini" or clock.now() < clock.from_iso(memory.answer_at) + _REST_AFTER_ANSWER:
            return again
    permission = recall.begin_asking(storage, key, _asker(ticket, report_key), looked_at=memory)
    if permission == "busy" and waited < _MOST_WAITS:
        raise Waiting
    if permission == "busy":
        return because(by_rules, "it is still busy with another failure of this kind")
    if permission != "granted":
        return because(by_rules, permission)
    return _ask(storage, settings.gemini, ticket, report_key, case, by_rules, key, memory)


def _ask(
    storage: Storage,
    settings: GeminiSettings,
    ticket: Ticket,
    report_key: str,
    case: Case,
    by_rules: Diagnosis,
    key: str,
    memory: recall.Memory,
) -> Diagnosis:
    """The model's analysis. Who dies in here keeps the right to ask until it runs out; the next delivery goes on."""
    try:
        return analysis_by_model(storage, settings, ticket, report_key, case, by_rules, memory)
    except NoAnalysis as none:
        rest = _REST_AFTER_INCONCLUSIVE if none.inconclusive else _REST_AFTER_FAILURE
        recall.end_asking(storage, key, _asker(ticket, report_key), failure=none.why, rest=rest if none.asked else None)
        return msgspec.structs.replace(because(by_rules, none.why), verification=none.verification, model=none.model)


def _asker(ticket: Ticket, report_key: str) -> str:
    return f"{ticket.id}/{report_key}"


def _explained(
    ticket: Ticket, report_key: str, diagnosis: Diagnosis, key: str | None
) -> tuple[Ticket, AuditEntry] | None:
    if report_key in ticket.explained:
        return None
    new = msgspec.structs.replace(
        ticket, explained=[*ticket.explained, report_key][-MOST_REPORTS_NOTED:], version=ticket.version + 1
    )
    taken = ticket.diagnosis.engine == "rules"
    if taken:
        new = msgspec.structs.replace(with_diagnosis(new, diagnosis), fingerprint=key)
    explained = entry(
        ticket.id,
        "Diagnosis Updated" if taken and diagnosis.engine != "rules" else "Diagnosis Kept",
        user="assistant",
        origin=diagnosis.engine,
        at=clock.now(),
        details=diagnosis.engine_reason[:2_000] if taken else "Another report of this run was explained first.",
        old=ticket.error_type,
        new=new.error_type,
    )
    return new, explained
