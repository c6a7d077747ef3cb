"""What a person who presses a button of a ticket's Slack message wants, and doing it.

Shapes: "Interaction payloads: block_actions", Slack developer documentation.
"""

import msgspec

from rca_core.foundation import logs
from rca_core.foundation.errors import Conflict, MalformedRequest, NotFound, TransientError
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.tickets import changes
from rca_core.tickets.slack_message import ACTION_OF, STATUS_WORDS, ButtonValue, clip
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Status

_ATTEMPTS = 5
_LONGEST_NAME = 80


class Press(msgspec.Struct, frozen=True, kw_only=True):
    """`user` pressed a button: the ticket, shown to them as `seen`, is to become `wanted`."""

    ticket_id: str
    seen: Status
    wanted: Status
    user: str
    response_url: str


class _User(msgspec.Struct, frozen=True):
    id: str = ""
    name: str = ""
    username: str = ""


class _Action(msgspec.Struct, frozen=True):
    action_id: str = ""
    value: str | None = None


class _Interaction(msgspec.Struct, frozen=True):
    type: str
    user: _User = _User()
    actions: list[_Action] = []
    response_url: str | None = None


def read(payload: str) -> Press | None:
    """The press in an interaction's payload; None if it is about nothing of ours (a link, another app's button).

    Raises MalformedRequest if it is no interaction at all.
    """
    try:
        interaction = msgspec.json.decode(payload, type=_Interaction)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        raise MalformedRequest("The field 'payload' is no interaction of Slack's.", field="payload") from error
    for action in interaction.actions:
        wanted, value = ACTION_OF.get(action.action_id), _value(action)
        if wanted is not None and value is not None:
            return Press(
                ticket_id=value.ticket_id,
                seen=value.seen,
                wanted=wanted,
                user=_person(interaction.user),
                response_url=interaction.response_url or "",
            )
    return None


def carry_out(storage: Storage, store: TicketStore, settings: Settings, press: Press) -> str:
    """Moves the ticket, and returns what the person must be told: `""` if it is as they want it.

    A second press changes nothing. Nor does one on a message that shows a status the ticket no longer has: whoever
    pressed it did not know what somebody else has done since.
    """
    for _ in range(_ATTEMPTS):
        try:
            ticket = store.get(press.ticket_id)
            if ticket.status == press.wanted:
                return ""
            if ticket.status != press.seen:
                by = f" by {clip(ticket.ack_user, _LONGEST_NAME)}" if ticket.ack_user else ""
                return f"Nothing was changed: {ticket.id} is {STATUS_WORDS[ticket.status].lower()}{by} by now."
            changes.change_status(
                storage,
                store,
                settings,
                ticket.id,
                press.wanted,
                user=press.user,
                origin="slack",
                expected_version=ticket.version,
            )
            return ""
        except NotFound:
            logs.warning("slack-press-on-unknown-ticket", ticket_id=press.ticket_id)
            return f"Nothing was changed: there is no ticket {clip(press.ticket_id, _LONGEST_NAME)} here."
        except Conflict:
            continue  # the ticket changed between reading and writing; perhaps not its status
    raise TransientError(f"Too many changes to ticket {press.ticket_id} at once.", retry_after_seconds=2)


def _value(action: _Action) -> ButtonValue | None:
    try:
        return msgspec.json.decode(action.value or "", type=ButtonValue)
    except msgspec.DecodeError:
        return None


def _person(user: _User) -> str:
    """A name for the audit trail; with the id, since people choose their names."""
    name = clip(" ".join((user.name or user.username).split()), _LONGEST_NAME, {})
    return f"{name} ({user.id})" if name and user.id else name or user.id or "somebody in Slack"
