"""What we write on a Jira issue: its texts, as long as no person changed them there, and comments, each once."""

import hashlib
from collections.abc import Iterable

import msgspec

from rca_core.integrations.jira import JiraClient, JiraRefusal
from rca_core.integrations.jira_shapes import Issue
from rca_core.tickets import jira_issue
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.sync import Lease
from rca_core.tickets.ticket import Ticket

ORIGIN = "jira"

_REOPENED = "Ticket Reopened"
_SPOKEN_OF = frozenset({_REOPENED, "Ticket In Progress", "Ticket Acknowledged", "Note Added"})
_MOST_SAID = 500


class Text(msgspec.Struct, frozen=True):
    """Digests of what we last wrote into a field and of what stood there afterwards.

    They differ: Cloud keeps texts in another format. `seen` is empty while a write is under way; if the process died
    then, the write is repeated.
    """

    sent: str
    seen: str = ""


class Written(msgspec.Struct, frozen=True):
    """What is there of our hand; kept as JSON in `sync.Copy.content`. `said` names what comments were made about."""

    texts: dict[str, Text] = {}
    said: tuple[str, ...] = ()


class Words:
    """Our words on one ticket's issue, under the lease."""

    def __init__(self, jira: JiraClient, lease: Lease, dashboard_url: str) -> None:
        self._jira = jira
        self._lease = lease
        self._dashboard_url = dashboard_url

    def create(self, ticket: Ticket, at: str) -> Issue:
        """Makes the issue; notes before that it may be there from `at` on."""
        wanted = self._wanted(ticket)
        self._save(texts={name: Text(digest(text)) for name, text in wanted.items()}, attempted_at=at)
        return self._jira.create({**_as_fields(wanted), "labels": [jira_issue.label(ticket.id)]})

    def note_seen(self, issue: Issue, fields: Iterable[str]) -> None:
        """Notes what stands in the fields after we wrote them."""
        there, texts = _texts(issue), self._written.texts
        seen = {name: msgspec.structs.replace(texts[name], seen=digest(there[name])) for name in fields}
        self._save(texts={**texts, **seen})

    def settle_texts(self, ticket: Ticket, issue: Issue) -> None:
        """Writes what the ticket says now into those fields that still say what we wrote."""
        there, texts = _texts(issue), self._written.texts
        changes = {
            name: text
            for name, text in self._wanted(ticket).items()
            if (known := texts.get(name))
            and (not known.seen or (known.sent != digest(text) and known.seen == digest(there[name])))
        }
        if not changes:
            return
        self._save(texts={**texts, **{name: Text(digest(text)) for name, text in changes.items()}})
        self._update(issue, changes)
        if now := self._jira.read(issue.id):
            self.note_seen(now, changes)

    def settle_comments(self, issue: Issue, audit: Iterable[AuditEntry]) -> None:
        """Tells on the issue who reopened the ticket, and what people noted on it elsewhere."""
        self.say(
            issue,
            [
                (each.id, jira_issue.comment_on(each))
                for each in audit
                if each.origin != ORIGIN and each.action in _SPOKEN_OF and (each.details or each.action == _REOPENED)
            ],
        )

    def say(self, issue: Issue, comments: list[tuple[str, str]]) -> None:
        """Adds those comments that are not there, each a mark and a text that ends with it, and notes them as made."""
        said = self._written.said
        comments = [each for each in comments if each[0] not in said]
        if not comments:
            return
        there = [text.replace("\\", "") for text in self._jira.comments(issue.id)]
        for mark, text in comments:
            if not any(jira_issue.reference(mark) in each for each in there):
                self._jira.comment(issue.id, text)
        self._save(said=(*said, *(mark for mark, _ in comments))[-_MOST_SAID:])

    def _update(self, issue: Issue, changes: dict[str, str]) -> None:
        try:
            self._jira.update(issue.id, _as_fields(changes))
        except JiraRefusal as refusal:
            rest = {name: text for name, text in changes.items() if name != "priority"}
            if refusal.fields != {"priority"} or len(rest) == len(changes):
                raise
            if rest:  # a project without priorities
                self._jira.update(issue.id, _as_fields(rest))

    def _wanted(self, ticket: Ticket) -> dict[str, str]:
        return jira_issue.issue_texts(ticket, self._dashboard_url)

    @property
    def _written(self) -> Written:
        content = self._lease.copy.content
        return msgspec.json.decode(content, type=Written) if content else Written()

    def _save(
        self,
        *,
        texts: dict[str, Text] | None = None,
        said: tuple[str, ...] | None = None,
        **changes: str,
    ) -> None:
        known = self._written
        written = Written(known.texts if texts is None else texts, known.said if said is None else said)
        self._lease.save(content=msgspec.json.encode(written).decode(), **changes)


def digest(text: str) -> str:
    """What tells one text from another."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _texts(issue: Issue) -> dict[str, str]:
    fields = issue.fields
    return {
        "summary": fields.summary or "",
        "description": fields.description or "",
        "priority": fields.priority.name if fields.priority else "",
    }


def _as_fields(texts: dict[str, str]) -> dict[str, object]:
    return {name: {"name": text} if name == "priority" else text for name, text in texts.items()}
