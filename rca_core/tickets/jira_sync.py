"""A ticket and its Jira issue, kept in step.

A message only says "look". What to do follows from three states: the ticket's, the issue's, and what both agreed on
when they were last in step (`sync.Copy.agreed`). Where they differ, the side that left the agreement is followed, so a
change that we made over there ourselves is no change to us when it is reported back, and messages may come late,
twice and in any order.

If the process dies, the next message finds this:

| after ...                   | then                                                                           |
|-----------------------------|--------------------------------------------------------------------------------|
| the attempt was noted       | nothing is found by label; made again once Jira's index would have shown it    |
| the issue was made          | it is found by its label                                                       |
| a text was sent             | it is sent again                                                               |
| a transition                | both sides are equal; that is noted as agreed                                  |
| a comment                   | it is found by its last line                                                   |
| the ticket was moved        | both sides are equal; that is noted as agreed                                  |
"""

from collections.abc import Callable
from functools import cached_property

import msgspec

from rca_core.foundation import clock, logs
from rca_core.foundation.errors import Conflict, OutsideRefusal, OutsideTrouble
from rca_core.foundation.failure import Link
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.integrations.jira import JiraClient, JiraRefusal
from rca_core.integrations.jira_shapes import Issue
from rca_core.tickets import jira_issue, jira_known, jira_statuses, sync
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.changes import change_status
from rca_core.tickets.jira_words import ORIGIN, Words
from rca_core.tickets.store import TicketStore
from rca_core.tickets.sync import Lease, SyncMessage
from rca_core.tickets.ticket import STATUSES, Status, Ticket, fitting_links

# Jira's index shows a new issue within seconds; if it does not show one after this long, there is none.
INDEX_LAG_SECONDS = 60.0

_LOOK_AGAIN_SECONDS = 5
# A look may take a dozen calls, and Jira may take 15 s over each.
_LEASE_SECONDS = 180


def keep_in_step(
    storage: Storage,
    store: TicketStore,
    settings: Settings,
    jira: JiraClient,
    message: SyncMessage,
    *,
    index_lag_seconds: float = INDEX_LAG_SECONDS,
) -> None:
    """Brings a ticket and its issue in step; makes the issue if there is none.

    Raises sync.Busy if another worker is at it or the ticket changes meanwhile, OutsideTrouble and OutsideRefusal:
    the message must come again, after a refusal once an operator has mended what it names.
    """
    with sync.leased(storage, message.ticket_id, "jira", _LEASE_SECONDS) as lease:
        ticket = store.find(message.ticket_id)
        if ticket is None:
            logs.warning("jira-ticket-unknown", ticket_id=message.ticket_id)
            return
        words = Words(jira, lease, settings.dashboard_url)
        look = _Look(storage, store, settings, jira, message, lease, words, ticket)
        issue = look.issue() if lease.copy.remote else look.make_issue(index_lag_seconds)
        look.settle(issue) if issue else look.note_gone()


class _Look:
    """One look at a ticket and its issue, under the lease."""

    def __init__(
        self,
        storage: Storage,
        store: TicketStore,
        settings: Settings,
        jira: JiraClient,
        message: SyncMessage,
        lease: Lease,
        words: Words,
        ticket: Ticket,
    ) -> None:
        self._storage = storage
        self._store = store
        self._settings = settings
        self._jira = jira
        self._message = message
        self._lease = lease
        self._words = words
        self._ticket = ticket

    def issue(self) -> Issue | None:
        """The issue as it is; None if it is gone."""
        return self._jira.read(self._lease.copy.remote)

    def make_issue(self, index_lag_seconds: float) -> Issue | None:
        """Finds the issue of this ticket by its label, or makes it, and notes which it is."""
        if jira_known.own_account(self._storage) != self._jira.account:
            jira_known.note_account(self._storage, self._jira.account)
        if found := self._jira.find(jira_issue.label(self._ticket.id)):
            self._note_issue(found)
            return self.issue()
        self._note_issue(self._create(index_lag_seconds))
        made = self.issue()
        if made is None:
            raise OutsideTrouble("Jira does not show the issue that it just made.", retry_after_seconds=5)
        self._words.note_seen(made, ("summary", "description", "priority"))
        return made

    def settle(self, issue: Issue) -> None:
        """Brings the two in step; what Jira refuses of it does not keep the rest."""
        self._note_place(issue)
        steps: tuple[Callable[[], None], ...] = (
            lambda: self._settle_status(issue),
            lambda: self._words.settle_texts(self._ticket, issue),
            lambda: self._words.settle_comments(issue, self._audit),
        )
        refusals = []
        for step in steps:
            try:
                step()
            except OutsideRefusal as refusal:
                refusals.append(refusal)
        if refusals:
            raise refusals[0]

    def _create(self, index_lag_seconds: float) -> Issue:
        now = clock.now()
        if attempted := self._lease.copy.attempted_at:
            age = (now - clock.from_iso(attempted)).total_seconds()
            if age < index_lag_seconds:
                raise OutsideTrouble(
                    "An issue may have been made just now that Jira's search does not show yet.",
                    retry_after_seconds=_LOOK_AGAIN_SECONDS,
                )
        try:
            return self._words.create(self._ticket, clock.to_iso(now))
        except OutsideRefusal:
            self._lease.save(attempted_at="")
            raise

    def _note_issue(self, issue: Issue) -> None:
        jira_known.note_issue(self._storage, issue, self._ticket.id)
        self._lease.save(remote=issue.id, place=issue.key)

    def _note_place(self, issue: Issue) -> None:
        """Notes key and address on the ticket; the key changes when somebody moves the issue to another project."""
        if (self._lease.copy.remote, self._lease.copy.place) != (issue.id, issue.key):
            self._note_issue(issue)
        link = Link("jira", self._jira.browse_url(issue.key))

        def noted(current: Ticket) -> tuple[Ticket, AuditEntry] | None:
            if current.itsm_ticket_id == issue.key and link in current.links:
                return None
            action = "Jira Issue Moved"
            if current.itsm_ticket_id is None:
                action = "Jira Issue Created"
            elif current.itsm_ticket_id == issue.key:
                action = "Jira Issue Found Again"
            links = fitting_links([link, *_other_links(current)])
            new = msgspec.structs.replace(current, itsm_ticket_id=issue.key, links=links)
            return new, self._entry(action, old=current.itsm_ticket_id, new=issue.key)

        if noted(self._ticket):
            self._ticket = self._store.change(self._ticket.id, noted)
        if self._lease.copy.gone:
            self._lease.save(gone=False)

    def note_gone(self) -> None:
        """The ticket stays, without the link; no other issue is made of one that somebody deleted."""

        def noted(current: Ticket) -> tuple[Ticket, AuditEntry] | None:
            links = _other_links(current)
            if len(links) == len(current.links):
                return None
            new = msgspec.structs.replace(current, links=links)
            why = "Deleted, or moved to where the account of JIRA_API_TOKEN does not see it."
            return new, self._entry("Jira Issue Deleted", old=current.itsm_ticket_id, details=why)

        if noted(self._ticket):
            self._store.change(self._ticket.id, noted)
        if not self._lease.copy.gone:
            self._lease.save(gone=True)

    def _settle_status(self, issue: Issue) -> None:
        theirs = jira_statuses.meaning(issue.fields.status, self._names)
        if not self._lease.copy.agreed:
            # Where a workflow begins is nobody's change, whatever its category.
            self._lease.save(agreed=theirs or "open")
        agreed = self._agreed
        if theirs is None:
            logs.warning("jira-status-unknown", ticket_id=self._ticket.id, issue=issue.key, status=_status_name(issue))
            theirs = agreed
        if self._ticket.status != theirs:
            moved_here, moved_there = self._ticket.status != agreed, theirs != agreed
            if moved_there and (not moved_here or self._moved_there_last(issue)):
                self._pull(theirs)
            elif not self._push(issue):
                return
        if self._lease.copy.agreed != self._ticket.status:
            self._lease.save(agreed=self._ticket.status)

    def _moved_there_last(self, issue: Issue) -> bool:
        """Whether Jira says that the issue was moved after the ticket was; if it says nothing, the ticket decides."""
        there, here = issue.fields.status_changed_at, self._ticket.status_changed_at
        try:
            return there is not None and here is not None and clock.from_iso(there) > clock.from_iso(here)
        except (ValueError, TypeError):  # no time, or one without a zone
            return False

    def _pull(self, status: Status) -> None:
        try:
            self._ticket = change_status(
                self._storage,
                self._store,
                self._settings,
                self._ticket.id,
                status,
                user=self._message.by or "Jira",
                origin=ORIGIN,
                expected_version=self._ticket.version,
            )
        except Conflict as error:
            raise sync.Busy("The ticket changed while its issue was looked at.", retry_after_seconds=1) from error

    def _push(self, issue: Issue) -> bool:
        """Moves the issue to where the ticket is; False if no transition leads there, which the issue is told once."""
        refusal: JiraRefusal | None = None
        for transition in self._jira.transitions(issue.id):
            if jira_statuses.meaning(transition.to, self._names) == self._ticket.status:
                try:
                    self._jira.move(issue.id, transition)
                    return True
                except JiraRefusal as error:  # it may ask for fields, and the next one not
                    refusal = error
        if refusal:
            raise refusal
        here = _status_name(issue)
        logs.warning("jira-stuck", ticket_id=self._ticket.id, issue=issue.key, status=here)
        mark = jira_issue.stuck_id(self._ticket, here)
        self._words.say(issue, [(mark, jira_issue.comment_on_stuck(self._ticket, here))])
        return False

    @property
    def _agreed(self) -> Status:
        return next((status for status in STATUSES if status == self._lease.copy.agreed), "open")

    @cached_property
    def _names(self) -> dict[str, Status]:
        return jira_statuses.named(self._storage)

    @cached_property
    def _audit(self) -> list[AuditEntry]:
        return self._store.audit_of(self._ticket.id)

    def _entry(self, action: str, *, old: str | None, new: str | None = None, details: str = "") -> AuditEntry:
        at = clock.now()
        return entry(self._ticket.id, action, user="assistant", origin=ORIGIN, at=at, details=details, old=old, new=new)


def _other_links(ticket: Ticket) -> list[Link]:
    return [link for link in ticket.links if link.kind != "jira"]


def _status_name(issue: Issue) -> str:
    return issue.fields.status.name if issue.fields.status else ""
