"""A ticket as a Jira issue: summary, description in wiki markup, priority, label, and the words of comments.

Nothing that a sender wrote can become markup: inside a sentence every mark is escaped, whole quotes stand in blocks
that cannot be closed from inside. Lengths are those of "The Jira Cloud platform REST API": 255 and 32,767 characters.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote, urlsplit

from rca_core.diagnosis.diagnosis import Evidence
from rca_core.diagnosis.matching import Pattern
from rca_core.foundation.evidence import plain
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.ticket import Priority, Ticket

LONGEST_SUMMARY = 255
LONGEST_TEXT = 32_767

PRIORITY_NAMES: dict[Priority, str] = {"P1": "Highest", "P2": "High", "P3": "Medium", "P4": "Low"}

_LABEL = re.compile(r"rca-([a-z]{3})-(\d{8})t(\d{6}-[0-9a-z]{6})")
# Zero-width: parts what the renderer would take together, and is not seen.
_GAP = "\u200b"
# The characters that Jira's renderer lets a backslash escape (atlassian-renderer, BackslashEscapeRendererComponent,
# and its port for Cloud). A backslash of the text itself must not meet them.
_MARKS = str.maketrans({"\\": f"\\{_GAP}", **{mark: f"\\{mark}" for mark in "-#*_+?^~|%{}[]()!@"}})
_ADDRESSES = ("://", "mailto:", "www.")
_BLOCK_MARK = Pattern(r"\{(noformat|code)")
_LINE_MARK = Pattern(r"(?m)^[ \t]*(h[1-6]|bq)\.")
_LONGEST_CAUSE = 6_000
_LONGEST_STEP = 1_500
_LONGEST_QUOTE = 3_000
_LONGEST_NOTE = 10_000
_MOST_QUOTES = 4
_MOST_LINKS = 10
_CUT = "\u2026"


def label(ticket_id: str) -> str:
    """The label by which a ticket's issue is found again, whatever its key and text have become."""
    return f"rca-{ticket_id.lower()}"


def labelled_ticket(labels: Sequence[str]) -> str | None:
    """The id of the ticket that one of an issue's labels names."""
    for each in labels:
        if found := _LABEL.fullmatch(each):
            prefix, day, rest = found.groups()
            return f"{prefix.upper()}-{day}T{rest}"
    return None


def issue_texts(ticket: Ticket, dashboard_url: str) -> dict[str, str]:
    """What the issue should say: `summary`, `description` and the name of the `priority`."""
    return {
        "summary": shortened(" ".join(plain(ticket.title).split()) or ticket.id, LONGEST_SUMMARY),
        "description": _description(ticket, dashboard_url),
        "priority": PRIORITY_NAMES[ticket.priority],
    }


def comment_on(entry: AuditEntry) -> str:
    """What a comment says about a change of the ticket, with the entry's id, by which the comment is known again."""
    who = f"{escaped(entry.action)} by {escaped(entry.user)} ({escaped(entry.origin)})."
    return "\n\n".join(filter(None, [who, entry.details and quoted(entry.details, _LONGEST_NOTE), reference(entry.id)]))


def comment_on_stuck(ticket: Ticket, status_name: str) -> str:
    """What a comment says when no transition leads to where the ticket is."""
    return (
        f"Ticket {escaped(ticket.id)} is {escaped(ticket.status)}, but no transition from {escaped(status_name)} that"
        " its account may take leads there. Please move this issue by hand.\n\n"
        + reference(stuck_id(ticket, status_name))
    )


def stuck_id(ticket: Ticket, status_name: str) -> str:
    """By what a comment about being stuck is known again: one for each pair of statuses."""
    return f"stuck-{hashlib.sha256(f'{ticket.status} {status_name}'.encode()).hexdigest()[:12]}"


def reference(mark: str) -> str:
    """The last line of a comment of ours. It names what the comment is about, so that none is made twice.

    `mark` holds letters, digits and dashes alone: Cloud keeps texts in another format and gives others back changed.
    """
    return f"Ref: {mark}"


def escaped(text: str) -> str:
    """A sender's text inside a sentence: no markup, mention, link or image comes of it."""
    text = plain(text).translate(_MARKS)
    for address in _ADDRESSES:
        text = text.replace(address, address[:-1] + _GAP + address[-1])
    return _parted(_LINE_MARK, text, at_end=True)


def quoted(text: str, room: int = _LONGEST_QUOTE) -> str:
    """A sender's text, or the first `room` characters of it, as a block that shows it as it is."""
    return "{noformat}\n" + _parted(_BLOCK_MARK, shortened(plain(text), room), at_end=False) + "\n{noformat}"


def shortened(text: str, room: int) -> str:
    """`text` in at most `room` characters as Jira counts them, in UTF-16 units."""
    units = text.encode("utf-16-le", "replace")
    if len(units) <= 2 * room:
        return text
    return units[: 2 * (room - len(_CUT))].decode("utf-16-le", "ignore").rstrip() + _CUT


def _description(ticket: Ticket, dashboard_url: str) -> str:
    """Sections in the order of their weight; the last ones are left out whole if there is no room for them."""
    written, room = "", LONGEST_TEXT
    for section in _sections(ticket, dashboard_url):
        size = len(section.encode("utf-16-le", "replace")) // 2 + 2
        if size <= room:
            written, room = f"{written}{section}\n\n", room - size
    return written.strip()


def _sections(ticket: Ticket, dashboard_url: str) -> Iterator[str]:
    diagnosis = ticket.diagnosis
    yield "h3. Cause\n" + escaped(shortened(ticket.rca_result, _LONGEST_CAUSE))
    yield "\n".join(
        [
            f"*Ticket:* {escaped(ticket.id)}",
            f"*Severity:* {ticket.severity} ({ticket.priority}): {escaped(shortened(ticket.severity_reason, 300))}",
            f"*To be acknowledged by:* {escaped(ticket.sla_due)}",
            f"*Category:* {escaped(ticket.error_type)}" + _in_brackets(ticket.error_code),
            f"*Pipeline:* {escaped(shortened(ticket.pipeline, 300))}",
            f"*Run:* {escaped(shortened(ticket.run_id or 'unknown', 300))}",
            f"*Owner:* {escaped(ticket.finops_owner)}, team {escaped(ticket.finops_team)}, cost center"
            f" {escaped(ticket.finops_cost_center)}",
            f"*Diagnosis by:* {escaped(diagnosis.engine)}, confidence {ticket.confidence:.0%}",
        ]
    )
    if ticket.recommendations:
        steps = (" ".join(escaped(shortened(step, _LONGEST_STEP)).split()) for step in ticket.recommendations)
        yield "h3. Next steps\n" + "\n".join(f"# {step}" for step in steps)
    if links := _links(ticket, dashboard_url):
        yield "h3. Links\n" + "\n".join(links)
    for quote_ in diagnosis.evidence[:_MOST_QUOTES]:
        yield f"h3. Evidence: {_place(quote_)}\n" + quoted(quote_.quote)
    if not diagnosis.evidence and ticket.message.strip():
        yield "h3. Error text\n" + quoted(ticket.message)


def _in_brackets(text: str | None) -> str:
    return f" ({escaped(shortened(text, 100))})" if text else ""


def _place(evidence: Evidence) -> str:
    where = " ".join(filter(None, [evidence.where, evidence.document]))
    if evidence.line_start:
        last = evidence.line_end or evidence.line_start
        where += f", line {evidence.line_start}" + (f" to {last}" if last > evidence.line_start else "")
    return escaped(shortened(where, 200))


def _links(ticket: Ticket, dashboard_url: str) -> list[str]:
    places = [("ticket", f"{dashboard_url}/tickets/{ticket.id}")] if dashboard_url else []
    places += [(link.kind, link.url) for link in ticket.links if link.kind != "jira"]
    return [f"* [{escaped(kind)}|{_address(url)}]" for kind, url in places if _is_web(url)][:_MOST_LINKS]


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https") and len(url) <= 2_000
    except ValueError:
        return False


def _address(url: str) -> str:
    return quote(url, safe=":/?#@$&'()*+,;=%~-._")


def _parted(pattern: Pattern, text: str, *, at_end: bool) -> str:
    """`text` with a gap in every match: before its last character, or behind its first."""
    parts, done = [], 0
    for match in pattern.spans(text, limit=LONGEST_TEXT):
        place = match.end - 1 if at_end else match.start + 1
        parts += [text[done:place], _GAP]
        done = place
    return "".join([*parts, text[done:]])
