"""A ticket as Slack shows it: the card in the channel, and the details in its thread.

What comes from senders is inert here: `&`, `<` and `>` are escaped, so that nothing in it becomes a mention or a link
("Formatting text", Slack developer documentation), and `verbatim` keeps Slack from looking for them itself; quotes and
the title are in blocks that know no markup. Nobody is ever mentioned. Limits ("Reference: blocks"): header 150
characters, section 3,000, field 2,000, button value 2,000, 50 blocks; all text together about 13,000. Ours are lower,
counted in UTF-16 units, so that they hold however Slack counts.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from rca_core.diagnosis.diagnosis import Diagnosis
from rca_core.diagnosis.diagnosis import Evidence as Quote
from rca_core.foundation import clock
from rca_core.foundation.evidence import plain
from rca_core.foundation.failure import Link
from rca_core.foundation.settings import Settings
from rca_core.integrations.slack import Kind, Message
from rca_core.tickets.ticket import Severity, SlaStatus, Status, Ticket

ACTION_OF: dict[str, Status] = {
    "rca_acknowledge": "acknowledged",
    "rca_in_progress": "in_progress",
    "rca_reopen": "open",
}
OPEN_DASHBOARD = "rca_open_dashboard"

STATUS_WORDS: dict[Status, str] = {"open": "Open", "in_progress": "In progress", "acknowledged": "Acknowledged"}

_BUTTONS_OF: dict[Status, tuple[str, ...]] = {
    "open": ("rca_acknowledge", "rca_in_progress"),
    "in_progress": ("rca_acknowledge", "rca_reopen"),
    "acknowledged": ("rca_reopen",),
}
_LABEL_OF = {"rca_acknowledge": "Acknowledge", "rca_in_progress": "In progress", "rca_reopen": "Reopen"}
_MARK_OF: dict[Severity, str] = {"Critical": "🔴", "High": "🟠", "Medium": "🟡", "Low": "🔵"}
_SLA_WORDS: dict[SlaStatus, str] = {"Pending": "", "Met": " (met)", "Breached": " :rotating_light: *missed*"}
_SLA_WARNING = " :warning: *nearly used up, and nobody has acknowledged it*"

_HEADER = 150
_FIELD = 300
_CAUSE = 1_800
_QUOTE = 1_000
_STEPS, _STEP = 6, 400
_LINKS, _MORE_LINKS, _LONGEST_URL = 5, 15, 500
_ITEMS, _ITEM = 5, 350
_RUNS = 10
_ALL_TEXT = 10_000
_BLOCK_ROOM = 2_800  # of the 3,000 that a text may have, without its title
_MOST_BLOCKS = 48

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# In a header, which knows neither markup nor escapes.
_LOOKALIKES = {"<": "\u2039", ">": "\u203a"}
# An address ends at these inside `<address|label>`.
_IN_ADDRESS = str.maketrans({"&": "&amp;", "<": "%3C", ">": "%3E", "|": "%7C"})

Block = dict[str, Any]


class ButtonValue(msgspec.Struct, frozen=True):
    """What a button carries: the ticket, and the status in which it was shown to the person who presses it."""

    ticket_id: str
    seen: Status


def card(ticket: Ticket, settings: Settings) -> Message:
    """The ticket's message in the channel."""
    quote = next(iter(ticket.diagnosis.evidence), None)
    blocks = [
        _header(f"{_MARK_OF[ticket.severity]} {_line(ticket.title) or ticket.id}"),
        _fields(_facts(ticket)),
        _section("Cause", clip(ticket.rca_result, _CAUSE)),
        *(_quoted(quote.quote) if quote else []),
        _section("What to do", _numbered(ticket.recommendations[:_STEPS])),
        _section("Resolution", clip(ticket.resolution or "", _CAUSE)),
        _context(_joined(" · ", [*_ids(ticket, settings), *_links(ticket.links, _LINKS)])),
    ]
    text = f"[{ticket.severity}] {clip(_line(ticket.title), _FIELD)} ({STATUS_WORDS[ticket.status]}, {ticket.id})"
    return _message("rca_ticket", ticket, text, [*_fitting(blocks), *_actions(ticket, settings)])


def details(ticket: Ticket) -> Message:
    """The reply in its thread: what the diagnosis stands on, what else it may be, and where to look further.

    It tells nothing that changes with the status: the card does.
    """
    diagnosis = ticket.diagnosis
    quotes = diagnosis.evidence[:_ITEMS]
    blocks = [
        _section("How sure, and why", _bullets([_how_sure(diagnosis), *diagnosis.confidence_why])),
        *(block for quote in quotes for block in (_section("", _said_by(quote)), *_quoted(quote.quote))),
        _section("What else it may be", _bullets(_alternatives(diagnosis))),
        _section("What to check next", _bullets(diagnosis.next_checks)),
        _section("What is not known", _bullets(diagnosis.missing)),
        _section(
            "Asked", _bullets(f"{note.source}: {note.note or note.title or note.status}" for note in ticket.evidence)
        ),
        _section("Runs", _joined(", ", [clip(_line(run), _FIELD) for run in ticket.runs[:_RUNS]])),
        _section("Links", _joined("\n", _links(_all_links(ticket), _MORE_LINKS))),
    ]
    return _message("rca_details", ticket, f"Details of {ticket.id}", _fitting(blocks))


def clip(text: str, room: int, instead: Mapping[str, str] = _ESCAPED) -> str:
    """`text` without control characters, some characters replaced, at most `room` UTF-16 units long."""
    kept: list[str] = []
    units = 0
    for character in plain(text[: 2 * room]).strip():
        piece = instead.get(character, character)
        units += _units(piece)
        if units >= room:
            return f"{''.join(kept)}…"
        kept.append(piece)
    return "".join(kept) + ("…" if len(text) > 2 * room else "")


def _joined(mark: str, parts: list[str]) -> str:
    """The parts that fit into one block, whole: half a link is none."""
    kept: list[str] = []
    room = _BLOCK_ROOM
    for part in parts:
        room -= _units(part) + _units(mark)
        if room < 0:
            break
        kept.append(part)
    return mark.join(kept)


def _message(kind: Kind, ticket: Ticket, text: str, blocks: list[Block]) -> Message:
    return Message(kind=kind, ticket_id=ticket.id, text=text, blocks=blocks)


def _facts(ticket: Ticket) -> list[tuple[str, str]]:
    code = f" ({ticket.error_code})" if ticket.error_code else ""
    owner = (
        ticket.finops_team if ticket.finops_owner in ("Unknown", "") else f"{ticket.finops_team}, {ticket.finops_owner}"
    )
    return [
        ("Severity", f"{ticket.severity} ({ticket.priority})"),
        ("Status", _status(ticket)),
        ("Pipeline", _short(ticket.pipeline)),
        ("Category", _short(f"{ticket.error_type}{code}")),
        ("Owner", _short(owner)),
        ("SLA due", f"{_date(ticket.sla_due)}{_sla_words(ticket)}"),
    ]


def _status(ticket: Ticket) -> str:
    by = f" by {_short(ticket.ack_user)}" if ticket.status == "acknowledged" and ticket.ack_user else ""
    return f"{STATUS_WORDS[ticket.status]}{by}"


def _sla_words(ticket: Ticket) -> str:
    warned = ticket.sla_warned and ticket.sla_status == "Pending"
    return _SLA_WARNING if warned else _SLA_WORDS[ticket.sla_status]


def _date(moment: str) -> str:
    """A moment, which Slack shows in the reader's own time zone."""
    at = clock.from_iso(moment)
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M} UTC>"


def _ids(ticket: Ticket, settings: Settings) -> list[str]:
    if not ticket.itsm_ticket_id:
        return [ticket.id]
    key = _short(ticket.itsm_ticket_id)
    issue = _link(f"{settings.jira.base_url}/browse/{key}", key) if settings.jira else ""
    return [issue or key, ticket.id]


def _how_sure(diagnosis: Diagnosis) -> str:
    return f"{diagnosis.confidence:.0%} ({diagnosis.engine}): {diagnosis.engine_reason}"


def _said_by(quote: Quote) -> str:
    lines = f", line {quote.line_start}" if quote.line_start else ""
    shows = f": {_line(quote.shows)}" if quote.shows else ""
    return f"_{clip(_line(quote.where), 100)}{lines}_{clip(shows, _ITEM)}"


def _alternatives(diagnosis: Diagnosis) -> list[str]:
    """All hypotheses but the first, which is the cause."""
    return [
        f"{other.statement} {f'(would be wrong if: {other.would_be_wrong_if})' if other.would_be_wrong_if else ''}"
        for other in diagnosis.hypotheses[1:]
    ]


def _all_links(ticket: Ticket) -> list[Link]:
    return [*ticket.links, *(Link("docs", address) for address in ticket.diagnosis.docs)]


def _links(links: Iterable[Link], most: int) -> list[str]:
    """Each address once, as a link that says of what kind it is."""
    kind_of = {link.url: link.kind for link in reversed(list(links))}
    written = (_link(url, _short(kind_of[url])) for url in reversed(kind_of))
    return [link for link in written if link][:most]


def _link(url: str, label: str) -> str:
    return f"<{url.translate(_IN_ADDRESS)}|{label}>" if _is_address(url) else ""


def _is_address(url: str) -> bool:
    if not url.startswith(("https://", "http://")) or len(url) > _LONGEST_URL or not url.isprintable() or " " in url:
        return False
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _actions(ticket: Ticket, settings: Settings) -> list[Block]:
    """Buttons for where the ticket may go from here; none that would be refused."""
    buttons: list[Block] = []
    if settings.slack and settings.slack.signing_secrets:
        value = msgspec.json.encode(ButtonValue(ticket.id, ticket.status)).decode()
        buttons = [_button(action, _LABEL_OF[action], value=value) for action in _BUTTONS_OF[ticket.status]]
        if ticket.status != "acknowledged":
            buttons[0]["style"] = "primary"
    if _is_address(settings.dashboard_url):
        buttons.append(
            _button(OPEN_DASHBOARD, "Open in dashboard", url=f"{settings.dashboard_url}/tickets/{ticket.id}")
        )
    return [{"type": "actions", "block_id": "rca_actions", "elements": buttons}] if buttons else []


def _button(action: str, label: str, **more: str) -> Block:
    return {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": label}, **more}


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": clip(text, _HEADER, _LOOKALIKES), "emoji": False}}


def _section(title: str, text: str) -> Block:
    """Text that is escaped already under a title; dropped by `_fitting` if there is none."""
    heading = f"*{title}*\n" if title and text else ""
    return {"type": "section", "text": _mrkdwn(f"{heading}{text}")}


def _fields(named: list[tuple[str, str]]) -> Block:
    return {"type": "section", "fields": [_mrkdwn(f"*{name}*\n{text}") for name, text in named]}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _quoted(quote: str) -> list[Block]:
    text = clip(quote, _QUOTE, {})
    if not text:
        return []
    preformatted = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return [{"type": "rich_text", "elements": [preformatted]}]


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _numbered(steps: Iterable[str]) -> str:
    return "\n".join(f"{number}. {clip(_line(step), _STEP)}" for number, step in enumerate(steps, 1))


def _bullets(items: Iterable[str]) -> str:
    lines = [clip(_line(item), _ITEM) for _, item in zip(range(_ITEMS), items, strict=False)]
    return "\n".join(f"• {line}" for line in lines if line)


def _short(text: str) -> str:
    return clip(_line(text), _FIELD)


def _line(text: str) -> str:
    """Text as one line, of what may be shown of it."""
    return " ".join(text[: 2 * _CAUSE].split())


def _fitting(blocks: list[Block]) -> list[Block]:
    """The blocks that have something to say, as many as a message may have."""
    kept: list[Block] = []
    room = _ALL_TEXT
    for block in blocks:
        texts = list(_texts(block))
        room -= sum(map(_units, texts))
        if any(texts) and room >= 0 and len(kept) < _MOST_BLOCKS:
            kept.append(block)
    return kept


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _texts(part: Any) -> Iterable[str]:
    """All text in a block."""
    if isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        part = list(part.values())
    for inner in part if isinstance(part, list) else []:
        yield from _texts(inner)
