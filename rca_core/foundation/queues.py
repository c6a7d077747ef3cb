"""Messages on storage queues: small JSON documents that point to a blob when the content is large."""

from enum import StrEnum
from typing import TypeVar

import msgspec

from rca_core.foundation import logs
from rca_core.foundation.storage import Storage

# "Scalability and performance targets for Queue Storage" gives 64 KiB a message; base64 leaves 48 KiB of text.
MAX_MESSAGE_BYTES = 48 * 1024

# Otherwise a message is deleted unread after seven days ("Put Message", Azure Storage REST reference).
_FOREVER = -1

Message = TypeVar("Message", bound=msgspec.Struct)


class Queue(StrEnum):
    """The queues of the app. The Functions host keeps a poison queue beside each, named `<queue>-poison`."""

    FAILURES = "failures"
    DIAGNOSES = "diagnoses"
    JIRA_UPDATES = "jira-updates"
    SLACK_UPDATES = "slack-updates"
    LIVE_UPDATES = "live-updates"


class _Caused(msgspec.Struct):
    """What every message bears, whatever it is; those of earlier versions do not."""

    request_id: str = ""


def send(storage: Storage, queue: Queue, message: msgspec.Struct, *, delay_seconds: int = 0) -> None:
    """Puts `message` on `queue`, to be seen after the delay (at most seven days); the caller has made sure that it
    `fits`.
    """
    text = written(message).decode()
    storage.queue(queue).send_message(text, time_to_live=_FOREVER, visibility_timeout=delay_seconds or None)


def resend(storage: Storage, queue: Queue, text: str) -> None:
    """Puts a message on `queue` once more, as it was."""
    storage.queue(queue).send_message(text, time_to_live=_FOREVER)


def fits(message: msgspec.Struct) -> bool:
    """Whether `message` is small enough for a queue."""
    return len(written(message)) <= MAX_MESSAGE_BYTES


def written(message: msgspec.Struct) -> bytes:
    """`message` as it travels: with `request_id`, by which the log tells what led to it.

    That is no field of the messages themselves: two that ask for the same are equal, whoever caused them.
    """
    fields: dict[str, object] = msgspec.to_builtins(message)
    if request_id := logs.request_id():
        fields["request_id"] = request_id
    return msgspec.json.encode(fields)


def receive(body: bytes, kind: type[Message]) -> Message:
    """The message that `send` put there; raises msgspec.DecodeError if it is none of ours."""
    return msgspec.json.decode(body, type=kind)


def request_id_of(body: bytes) -> str:
    """The id of the request that led to this message; `""` if it bears none, or is none of ours."""
    try:
        return msgspec.json.decode(body, type=_Caused).request_id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
