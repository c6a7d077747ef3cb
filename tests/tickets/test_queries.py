"""Lists: newest first, filtered, page after page, over statuses and months."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from rca_core.foundation.errors import MalformedRequest
from rca_core.tickets.lifecycle import move
from rca_core.tickets.queries import AuditPage, Cursor, Reach, TicketPage, list_audit, list_tickets
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Ticket
from tests.support.making import made, make_ticket

BEGIN = datetime(2026, 10, 31, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def tickets(store: TicketStore) -> list[Ticket]:
    """Thirty tickets around the turn of a month, one a half-hour, newest first; every third one acknowledged."""
    made_ones = []
    for number in range(30):
        at = BEGIN + timedelta(minutes=30 * number)
        ticket = make_ticket(at, severity=("High", "Low")[number % 2], title=f"Load number {number} failed")
        store.create(ticket, made(ticket))
        if number % 3 == 0:
            ticket = store.change(
                ticket.id,
                lambda one, at=at + timedelta(minutes=1): move(
                    one, "acknowledged", user="ann", origin="test", note="", at=at
                ),  # type: ignore[misc]
            )
        made_ones.append(ticket)
    return made_ones[::-1]


def pages(fetch: Callable[[str | None], TicketPage | AuditPage]) -> Iterator[list[object]]:
    cursor = None
    while True:
        page = fetch(cursor)
        yield list(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def listed(store: TicketStore, **query: object) -> list[str]:
    return [row.id for page in pages(lambda at: list_tickets(store, cursor=at, **query)) for row in page]  # type: ignore[arg-type,attr-defined]


def test_all_tickets_newest_first_in_pages(store: TicketStore, tickets: list[Ticket]) -> None:
    assert listed(store, limit=7) == [ticket.id for ticket in tickets]
    sizes = [len(page) for page in pages(lambda at: list_tickets(store, limit=7, cursor=at))]
    assert sizes == [7, 7, 7, 7, 2]


def test_a_last_page_that_is_full_has_no_cursor(store: TicketStore, tickets: list[Ticket]) -> None:
    assert list_tickets(store, limit=30).next_cursor is None


def test_filters_by_status_column_and_text(store: TicketStore, tickets: list[Ticket]) -> None:
    assert listed(store, limit=4, statuses=("acknowledged",)) == [t.id for t in tickets if t.status == "acknowledged"]
    assert listed(store, limit=4, wanted={"severity": {"High"}}) == [t.id for t in tickets if t.severity == "High"]
    assert listed(store, limit=4, text="NUMBER 12") == [t.id for t in tickets if "number 12 " in t.title]
    assert listed(store, wanted={"severity": {"High' or RowKey ne '"}}) == []


def test_a_list_that_reads_too_far_for_what_it_finds_goes_on_at_a_cursor(
    store: TicketStore, tickets: list[Ticket]
) -> None:
    def found(at: str | None) -> TicketPage:
        return list_tickets(store, text="number 3 ", cursor=at, reach=Reach(rows=10, months=1))

    assert [[row.id for row in page] for page in pages(found)][:2] == [[], []]  # type: ignore[attr-defined]
    assert [row.id for page in pages(found) for row in page] == [tickets[-4].id]  # type: ignore[attr-defined]


def test_several_values_of_a_filter_are_one_list(store: TicketStore, tickets: list[Ticket]) -> None:
    assert listed(store, limit=4, statuses=("open", "in_progress")) == [t.id for t in tickets if t.status == "open"]
    assert listed(store, wanted={"severity": {"High", "Low"}}) == [ticket.id for ticket in tickets]
    assert len(list_tickets(store, limit=1_000).items) == len(tickets)


def test_a_ticket_made_while_one_pages_neither_repeats_nor_hides_others(
    store: TicketStore, tickets: list[Ticket]
) -> None:
    first = list_tickets(store, limit=10)
    newer = make_ticket(BEGIN + timedelta(days=2))
    store.create(newer, made(newer))
    second = list_tickets(store, limit=20, cursor=first.next_cursor)
    assert [row.id for row in [*first.items, *second.items]] == [ticket.id for ticket in tickets]


def test_the_audit_trail_is_newest_first_in_pages(store: TicketStore, tickets: list[Ticket]) -> None:
    entries = [one for page in pages(lambda at: list_audit(store, limit=9, cursor=at)) for one in page]
    times = [one.time for one in entries]  # type: ignore[attr-defined]
    assert len(entries) >= 40
    assert times == sorted(times, reverse=True)
    closed = list_audit(store, wanted={"action": {"Ticket Acknowledged"}}, limit=200).items
    assert len(closed) == 10


def test_the_audit_trail_of_one_ticket(store: TicketStore, tickets: list[Ticket]) -> None:
    acknowledged = next(ticket for ticket in tickets if ticket.status == "acknowledged")
    trail = [
        one
        for page in pages(lambda at: list_audit(store, ticket_id=acknowledged.id, limit=1, cursor=at))
        for one in page
    ]
    assert [one.action for one in trail] == ["Ticket Acknowledged", "Ticket Created"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["x", "!!!", "e30", "bnVsbA", "é", Cursor("a").encode()[:-2]])
def test_a_cursor_nobody_gave_out_is_refused(store: TicketStore, text: str) -> None:
    with pytest.raises(MalformedRequest, match="no cursor"):
        list_tickets(store, cursor=text)
