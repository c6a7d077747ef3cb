"""What was kept long enough goes: tickets with all that belongs to them, entries, texts, rows that have served."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from rca_core.access import accounts, invitations, sessions
from rca_core.foundation import clock
from rca_core.foundation.queues import Queue, send
from rca_core.foundation.retention_settings import RetentionSettings
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets import claims, dead_letters, jira_known, recall, sync
from rca_core.tickets.counters import month_counts
from rca_core.tickets.intake import FailureMessage
from rca_core.tickets.lifecycle import move
from rca_core.tickets.queries import list_audit, list_tickets, summary
from rca_core.tickets.store import TABLE, TicketStore
from rca_core.tickets.sync import Copy
from rca_core.tickets.ticket import Ticket
from rca_core.upkeep import audit_removal, retention, ticket_removal
from rca_core.upkeep.upgrade import recount
from tests.support.making import made, make_failure, make_ticket
from tests.support.mortal import killed
from tests.upkeep import worker

SPRING = datetime(2026, 3, 20, 12, tzinfo=UTC)
MAY = datetime(2026, 5, 2, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEEP = RetentionSettings(tickets=150, audit=220, logs=190)


@pytest.fixture
def keeping(settings: Settings, storage: Storage) -> Iterator[Settings]:
    """Settings under which what is from spring and May has been kept long enough. Afterwards the account is empty."""
    yield msgspec.structs.replace(settings, retention=KEEP)
    for table in (TABLE, claims.TABLE, sync.TABLE, recall.TABLE, dead_letters.TABLE):
        for row in storage.table(table).list_entities(select=["PartitionKey", "RowKey"]):
            if row["PartitionKey"] != "months":  # which a store notes once
                storage.table(table).delete_entity(row)
    for container in (archive.ARCHIVE, archive.WAITING):
        for name in storage.container(container).list_blob_names():
            storage.container(container).delete_blob(name)


def worked_on(storage: Storage, store: TicketStore, at: datetime, *, acknowledged: datetime | None) -> Ticket:
    """A ticket with everything that may belong to one, made then and acknowledged then, if at all."""
    fresh = make_ticket(at)
    run = claims.run_hash(make_failure(run_key=("adf", fresh.id)))
    ticket = msgspec.structs.replace(fresh, run_hash=run, fingerprint=f"v1-{run[:30]}", itsm_ticket_id="OPS-1")
    store.create(ticket, made(ticket))
    claim = claims.Claim(run, ticket.id, ticket.timestamp, won=True)
    storage.table(claims.TABLE).create_entity(claims.claim_entity(claim))
    recall.note_occurrence(storage, ticket)
    recall.offer_fix(storage, ticket)
    key = f"OPS-{ticket.id[-6:]}"
    storage.table(sync.TABLE).create_entity(sync.copy_entity(ticket.id, "jira", Copy(remote=key, place=key)))
    storage.table(sync.TABLE).create_entity(jira_known.issue_entity(key, ticket.id) or {})
    message = FailureMessage(
        sender="azure-monitor", ticket_id=ticket.id, run_hash=run, report_key="r1", claimed_at="", received_at=""
    )
    dead_letters.record(storage, Queue.DIAGNOSES, msgspec.json.encode(message), state="dead", reason="test")
    archive.archive(storage, ticket.id, "r1", b"payload")
    if acknowledged:
        store.change(
            ticket.id, lambda now: move(now, "acknowledged", user="ann", origin="test", note="done", at=acknowledged)
        )
    return store.get(ticket.id)


def what_is_left(storage: Storage, ticket: Ticket) -> set[str]:
    """Where there is still something of a ticket, its audit trail left out."""
    month = f"{ticket.timestamp[:7]}"
    left = {
        f"tickets {row['RowKey'][:2]}"
        for row in storage.table(TABLE).query_entities(f"PartitionKey eq '{month}'")
        if ticket.id in row["RowKey"] and row["RowKey"][:2] not in ("A|", "G|")
    }
    key = f"OPS-{ticket.id[-6:]}"
    known = {
        "claim": claims.find(storage, ticket.run_hash),
        "copy": sync.read(storage, ticket.id, "jira").remote,
        "issue": jira_known.ticket_of(storage, "", key),
        "recall": recall.times_seen(storage, ticket.fingerprint or ""),
        "memory": recall.remembered(storage, ticket.fingerprint).fixes,
        "letters": list(dead_letters.of_ticket(storage, ticket.id)),
        "blobs": archive.archived(storage, archive.archive_name(ticket.id, "r1")),
    }
    return left | {name for name, there in known.items() if there}


EVERYTHING = {"tickets T|", "tickets S|", "claim", "copy", "issue", "recall", "memory", "letters", "blobs"}


def test_tickets_acknowledged_long_ago_go_with_all_that_is_theirs(
    storage: Storage, store: TicketStore, keeping: Settings
) -> None:
    old = [worked_on(storage, store, at, acknowledged=at + timedelta(hours=1)) for at in (SPRING, MAY)]
    late = worked_on(storage, store, MAY, acknowledged=NOW - timedelta(days=1))
    never = worked_on(storage, store, SPRING, acknowledged=None)
    assert what_is_left(storage, old[0]) == EVERYTHING
    removed = retention.run(storage, store, keeping, NOW)
    assert (removed.tickets, removed.complete) == (2, True)
    assert [what_is_left(storage, ticket) for ticket in old] == [set(), set()]
    assert what_is_left(storage, late) == EVERYTHING
    assert what_is_left(storage, never) == EVERYTHING | {"tickets D|"}
    assert {item.id for item in list_tickets(store).items} == {late.id, never.id}


def test_counts_tell_what_there_is_and_the_past_is_kept_beside_them(
    storage: Storage, store: TicketStore, keeping: Settings
) -> None:
    for at in (SPRING, SPRING, MAY):
        worked_on(storage, store, at, acknowledged=at + timedelta(hours=1))
    worked_on(storage, store, SPRING, acknowledged=None)
    before = {month: month_counts(store.counter_rows(month)) for month in store.months()}
    retention.run(storage, store, keeping, NOW)
    assert summary(store).by_status == {"open": 1}
    for month, counts in before.items():
        now, past = month_counts(store.counter_rows(month)), month_counts(store.past_counter_rows(month))
        assert {name: now.get(name, 0) + past.get(name, 0) for name in counts} == counts
        assert recount(storage, store, month) == 0
    assert month_counts(store.past_counter_rows("2026-03"))["status:acknowledged"] == 2


def test_the_trail_outlives_its_ticket_and_then_goes(storage: Storage, store: TicketStore, keeping: Settings) -> None:
    old = worked_on(storage, store, MAY, acknowledged=MAY + timedelta(hours=1))
    never = worked_on(storage, store, SPRING, acknowledged=None)
    assert retention.run(storage, store, keeping, NOW).audit == 0
    assert [entry.action for entry in store.audit_of(old.id)] == ["Ticket Created", "Ticket Acknowledged"]
    assert retention.run(storage, store, keeping, NOW + timedelta(days=30)).audit == 2
    assert store.audit_of(old.id) == []
    assert len(store.audit_of(never.id)) == 1
    assert [entry.ticket_id for entry in list_audit(store).items] == [never.id]
    assert summary(store).total_audits == 1


def test_entries_go_also_where_one_of_their_rows_is_missing(
    storage: Storage, store: TicketStore, keeping: Settings
) -> None:
    old = worked_on(storage, store, MAY, acknowledged=MAY + timedelta(hours=1))
    retention.run(storage, store, keeping, NOW)
    storage.table(TABLE).delete_entity("2026-05", f"A|{old.id}|{store.audit_of(old.id)[0].id}")
    assert retention.run(storage, store, keeping, NOW + timedelta(days=30)).audit == 2
    assert list_audit(store).items == [] and store.audit_of(old.id) == []
    assert recount(storage, store, "2026-05") == 0


def test_a_month_whose_entries_all_stay_is_left_when_the_time_is_over(
    storage: Storage, store: TicketStore, keeping: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_removal, "_PAGE", 2)
    for _ in range(6):
        ticket = make_ticket(SPRING)
        store.create(ticket, made(ticket))
    asked: list[int] = []

    def go_on() -> bool:
        asked.append(1)
        return len(asked) < 5

    assert audit_removal.remove_entries(storage, store, "2026-03", NOW, go_on) == 0
    assert len(asked) == 5  # three pages of tickets, one of entries, and the one that ended it


def test_trouble_in_one_step_does_not_keep_the_others(
    storage: Storage, store: TicketStore, keeping: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    old = worked_on(storage, store, MAY, acknowledged=MAY + timedelta(hours=1))
    storage.table(TABLE).create_entity({"PartitionKey": "2026-05", "RowKey": "R|by-hand"})
    with pytest.raises(msgspec.ValidationError), caplog.at_level("INFO", "rca"):
        retention.run(storage, store, keeping, NOW)
    assert what_is_left(storage, old) == set()
    lines = [record.message for record in caplog.records]
    assert any("retention-step-failed step=cleared" in line for line in lines)
    assert any("retention tickets=1" in line and "complete=False" in line for line in lines)


def test_two_runs_at_once_remove_what_one_does(storage: Storage, store: TicketStore, keeping: Settings) -> None:
    tickets = [worked_on(storage, store, MAY, acknowledged=MAY + timedelta(hours=1)) for _ in range(4)]
    later = NOW + timedelta(days=30)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(retention.run, storage, store, keeping, later) for _ in range(2)]
        assert sum(run.result().tickets for run in runs) == len(tickets)
    retention.run(storage, store, keeping, later)  # what each left to the other
    assert [what_is_left(storage, ticket) for ticket in tickets] == [set()] * len(tickets)
    assert list_audit(store).items == [] and recount(storage, store, "2026-05") == 0
    assert month_counts(store.past_counter_rows("2026-05"))["audits"] == 2 * len(tickets)


def test_texts_go_once_they_are_old_enough_themselves(storage: Storage, store: TicketStore, keeping: Settings) -> None:
    done = worked_on(storage, store, SPRING, acknowledged=SPRING + timedelta(hours=1))
    never = worked_on(storage, store, SPRING, acknowledged=None)
    texts_only = msgspec.structs.replace(keeping, retention=RetentionSettings(tickets=0, audit=0, logs=190))
    # The failure is old, but its payload came today, as that of a run that is reported again.
    assert retention.run(storage, store, texts_only, max(NOW, clock.now())).logs == 0
    assert retention.run(storage, store, texts_only, clock.now() + timedelta(days=191)).logs == 1
    assert "blobs" not in what_is_left(storage, done)
    assert "blobs" in what_is_left(storage, never)


def test_a_ticket_that_came_back_keeps_what_is_its_own(
    storage: Storage, store: TicketStore, keeping: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = worked_on(storage, store, MAY, acknowledged=MAY + timedelta(hours=1))
    with monkeypatch.context() as dying:
        dying.setattr(ticket_removal, "clear_away", lambda *_: None)
        assert ticket_removal.remove(storage, store, old.id, NOW)
    # The run's claim is still there, so its next report makes a ticket under the old id.
    again = msgspec.structs.replace(old, status="open", sla_status="Pending", ack_ts=None, version=1)
    store.create(again, made(again))
    assert retention.run(storage, store, keeping, NOW).cleared == 1
    assert what_is_left(storage, old) == EVERYTHING | {"tickets D|"}


def test_somebody_who_reopens_a_ticket_keeps_it(storage: Storage, store: TicketStore, keeping: Settings) -> None:
    old = worked_on(storage, store, MAY, acknowledged=MAY + timedelta(hours=1))
    store.change(old.id, lambda now: move(now, "open", user="ann", origin="test", note="again", at=NOW))
    assert not ticket_removal.remove(storage, store, old.id, NOW)
    assert what_is_left(storage, old) == EVERYTHING


def test_nothing_goes_where_everything_is_kept(storage: Storage, store: TicketStore, keeping: Settings) -> None:
    old = worked_on(storage, store, SPRING, acknowledged=SPRING + timedelta(hours=1))
    forever = msgspec.structs.replace(keeping, retention=RetentionSettings(tickets=0, audit=0, logs=0))
    assert retention.run(storage, store, forever, NOW).tickets == 0
    assert what_is_left(storage, old) == EVERYTHING


def test_a_run_that_has_no_time_left_goes_on_the_next_night(
    storage: Storage, store: TicketStore, keeping: Settings
) -> None:
    worked_on(storage, store, MAY, acknowledged=MAY + timedelta(hours=1))
    assert not retention.run(storage, store, keeping, NOW, longest_seconds=0).complete
    assert summary(store).total_tickets == 1
    assert retention.run(storage, store, keeping, NOW).tickets == 1


def test_a_death_on_any_line_leaves_a_ticket_whole_or_gone(
    storage: Storage, store: TicketStore, keeping: Settings
) -> None:
    step, died = 0, True
    while died:
        step += 7
        old = worked_on(storage, store, MAY, acknowledged=MAY + timedelta(hours=1))
        died = killed(worker.remove, keeping, old.id, NOW, dies_at=step)
        left = what_is_left(storage, old)
        assert left == EVERYTHING or not {"tickets T|", "tickets S|"} & left, (step, left)
        assert recount(storage, store, "2026-05") == 0
        retention.run(storage, store, keeping, NOW)
        assert what_is_left(storage, old) == set(), step
    assert step > 20


def test_rows_that_have_served_go(storage: Storage, store: TicketStore, keeping: Settings) -> None:
    now = clock.now()
    account = accounts.new_account("ann@example.com", "", "no hash", role="viewer", status="active")
    sessions.start(storage, account, now - timedelta(days=2))
    token = sessions.start(storage, account, now)
    invitations.make(storage, invitations.NewInvitation("x@example.com", days=1), user="ann", now=now - timedelta(60))
    delivery = {"PartitionKey": "jira-00", "RowKey": "00", "at": clock.to_iso(now - timedelta(days=31))}
    storage.table("deliveries").create_entity(delivery)
    old = {"PartitionKey": "account|x", "RowKey": "all", "failures": 1, "last": "2026-01-01", "until": ""}
    storage.table("signins").create_entity({**old, "succeeded": ""})
    spent = retention.run(storage, store, keeping, now).spent
    assert spent == {"sessions": 1, "signins": 1, "invitations": 1, "deliveries": 1, "deadletters": 0}
    assert len(list(storage.table("sessions").list_entities())) == 1 and token


def test_bodies_and_letters_that_may_still_be_needed_stay(
    storage: Storage, store: TicketStore, keeping: Settings
) -> None:
    needed, unclaimed = (archive.hold(storage, body, NOW) for body in (b"needed", b"unclaimed"))
    message = FailureMessage(
        sender="azure-monitor",
        ticket_id=make_ticket().id,
        run_hash="00",
        report_key="r1",
        claimed_at="",
        received_at="",
        body_blob=needed,
    )
    dead_letters.record(storage, Queue.FAILURES, msgspec.json.encode(message), state="dead", reason="test")
    other = msgspec.structs.replace(message, body_blob=None)
    dead_letters.record(storage, Queue.DIAGNOSES, msgspec.json.encode(other), state="dead", reason="test")
    later = clock.now() + timedelta(days=100)
    send(storage, Queue.FAILURES, message)
    assert retention.run(storage, store, keeping, later).bodies == 0
    storage.queue(Queue.FAILURES).clear_messages()
    removed = retention.run(storage, store, keeping, later)
    assert removed.bodies == 1 and archive.held(storage, needed) and not archive.held(storage, unclaimed)
    assert [letter.queue for letter in dead_letters.listed(storage)] == [Queue.FAILURES]


def test_one_line_says_what_went(
    storage: Storage, store: TicketStore, keeping: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    worked_on(storage, store, MAY, acknowledged=MAY + timedelta(hours=1))
    with caplog.at_level("INFO", "rca"):
        retention.run(storage, store, keeping, NOW)
    [line] = [record.message for record in caplog.records if record.message.startswith("retention ")]
    assert "tickets=1" in line and "complete=True" in line
