"""Slack's Web API as far as a ticket's message needs it: post, edit, look whether we posted already, whisper.

Calls, errors and limits: Slack developer documentation, "chat.postMessage", "chat.update", "conversations.history",
"Rate limits". Nothing here sleeps or tries again: who calls knows when to come back. `slack_sdk`, if left alone, sends
anew after a lost connection, which would post twice, and follows redirects with our token; neither is wanted.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

import msgspec

from rca_core.foundation.addresses import is_loopback
from rca_core.foundation.errors import OutsideRefusal, OutsideTrouble
from rca_core.foundation.evidence import dig, objects
from rca_core.foundation.settings import SlackSettings

if TYPE_CHECKING:
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

TIMEOUT_SECONDS = 10
# The person at the button waits for the answer to it, and Slack gives up after three seconds.
WHISPER_SECONDS = 1

Kind = Literal["rca_ticket", "rca_details"]

_HOOKS = ("hooks.slack.com", "hooks.slack-gov.com")
_CODE = re.compile(r"[a-z][a-z0-9_]{1,60}")
_DIGITS = re.compile(r"\d{1,6}")
_USUAL_WAIT_SECONDS = 30
_LONGEST_WAIT_SECONDS = 3_600
# Between the note that we are about to post and Slack's time stamp of the message: clocks that differ, slow answers.
_BEFORE = timedelta(minutes=5)
_AFTER = timedelta(minutes=10)
_PAGE = 200
_MOST_PAGES = 5

_GONE = frozenset({"message_not_found", "thread_not_found"})
_PASSING = frozenset(
    {"fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org", "accesslimited"}
)
_NOT_ACCEPTED = (
    "SLACK_BOT_TOKEN is not accepted: copy the Bot User OAuth Token again (OAuth & Permissions of the Slack app)."
)
_FAULT = "our message is not to its taste, a fault of this program: please report it."
_MEANING = {
    **dict.fromkeys(
        ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"), _NOT_ACCEPTED
    ),
    **dict.fromkeys(("msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format"), _FAULT),
    "missing_scope": "SLACK_BOT_TOKEN lacks a scope: add it under OAuth & Permissions and install the app again.",
    "channel_not_found": "SLACK_CHANNEL names no channel that the bot can see: give the channel's id (C..., at the end"
    " of the channel's details); in a private channel, invite the bot with /invite.",
    "not_in_channel": "the bot is not in the channel of SLACK_CHANNEL: write /invite and the bot's name there.",
    "is_archived": "the channel of SLACK_CHANNEL is archived: take it out of the archive, or name another.",
    "restricted_action": "a rule of the workspace keeps the bot from posting in the channel of SLACK_CHANNEL.",
    "cant_update_message": "the message was posted by another bot: was SLACK_BOT_TOKEN changed to another app's?",
}


class RateLimited(OutsideTrouble):
    """Slack wants fewer calls; nothing was done. `retry_after_seconds` is what it asked for."""


class MessageGone(OutsideRefusal):
    """Somebody deleted the message, or the one whose thread it was to go into."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message: Block Kit `blocks`, and `text` for notifications. What it is about goes along as metadata."""

    kind: Kind
    ticket_id: str
    text: str
    blocks: list[dict[str, Any]]

    def digest(self) -> str:
        """The same for messages that look the same."""
        return hashlib.sha256(msgspec.json.encode((self.text, self.blocks))).hexdigest()


class Place(msgspec.Struct, frozen=True):
    """Where a message is: a channel's id, and the time stamp that is the message's id there."""

    channel: str
    ts: str


class Slack:
    """One workspace, and the channel of the settings. Errors: RateLimited, MessageGone, OutsideTrouble (the call may
    have been carried out), OutsideRefusal (it was not). None of them tells the token.
    """

    def __init__(self, settings: SlackSettings) -> None:
        self._settings = settings

    @property
    def channel(self) -> str:
        """Where new messages go."""
        return self._settings.channel

    def post(self, message: Message, *, thread: Place | None = None) -> Place:
        """Posts a message, into the channel or a thread."""
        where = {"channel": thread.channel, "thread_ts": thread.ts} if thread else {"channel": self.channel}
        answer = self._ask(
            "chat.postMessage", json={**where, **_content(message), "unfurl_links": False, "unfurl_media": False}
        )
        channel, ts = answer.get("channel"), answer.get("ts")
        if not (isinstance(channel, str) and isinstance(ts, str) and channel and ts):
            raise OutsideTrouble("Slack's answer to chat.postMessage does not say where the message is.")
        return Place(channel, ts)

    def edit(self, place: Place, message: Message) -> None:
        """Puts this in the message's place."""
        self._ask("chat.update", json={"channel": place.channel, "ts": place.ts, **_content(message)})

    def find(self, message: Message, channel: str, about: datetime) -> Place | None:
        """The message of this kind about this ticket that was posted to the channel around that time, if any."""
        window = {"oldest": _stamp(about - _BEFORE), "latest": _stamp(about + _AFTER), "inclusive": 1}
        return self._find(message, channel, "conversations.history", window)

    def find_reply(self, message: Message, thread: Place) -> Place | None:
        """The message of this kind about this ticket in the thread, if any."""
        return self._find(message, thread.channel, "conversations.replies", {"ts": thread.ts})

    def _find(self, message: Message, channel: str, method: str, query: dict[str, Any]) -> Place | None:
        for posted in self._pages(method, {"channel": channel, "include_all_metadata": 1, "limit": _PAGE, **query}):
            about = dig(posted, "metadata", "event_payload", "ticket_id")
            if dig(posted, "metadata", "event_type") == message.kind and about == message.ticket_id:
                return Place(channel, str(posted.get("ts")))
        return None

    def _pages(self, method: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for _ in range(_MOST_PAGES):
            answer = self._ask(method, params=query)
            yield from objects(answer.get("messages"))
            cursor = dig(answer, "response_metadata", "next_cursor")
            if not cursor:
                return
            query = {**query, "cursor": cursor}
        raise OutsideTrouble(f"{method} goes on for more than {_MOST_PAGES} pages.", retry_after_seconds=60)

    def _ask(self, method: str, **arguments: Any) -> dict[str, Any]:
        """The answer to a call that Slack says went well."""
        from slack_sdk.errors import SlackApiError

        web = self._web
        try:
            answer = web.api_call(method, **arguments).data
        except SlackApiError as error:
            raise _meant(method, error) from None
        except TimeoutError:
            raise OutsideTrouble(f"Slack did not answer {method} within {TIMEOUT_SECONDS} s.") from None
        except (OSError, HTTPException) as error:
            raise OutsideTrouble(f"{method}: no answer from Slack ({type(error).__name__}).") from None
        except (ValueError, TypeError, AttributeError, RecursionError):
            answer = None  # how the library fails at answers that are no JSON object in UTF-8
        if not isinstance(answer, dict):
            raise OutsideTrouble(f"Slack's answer to {method} cannot be read.")
        return answer

    @cached_property
    def _web(self) -> WebClient:
        token, address = self._settings.bot_token, self._settings.api_base_url
        if not (token.isascii() and token.isprintable()):
            raise OutsideRefusal(
                "SLACK_BOT_TOKEN holds characters that no token has: copy it again, without line breaks."
            )
        if not address.startswith("https://") and not is_loopback(urlsplit(address).hostname or ""):
            raise OutsideRefusal("SLACK_API_BASE_URL must start with https://, or the token would travel readable.")
        return _web_client(token, address)


def may_whisper(settings: SlackSettings, response_url: str) -> bool:
    """Whether `response_url` is Slack's: what came with a request does not choose whom we call."""
    try:
        there, api = urlsplit(response_url), urlsplit(settings.api_base_url)
    except ValueError:
        return False
    if there.scheme == "https" and there.netloc in _HOOKS:
        return True
    return api.hostname != "slack.com" and (there.scheme, there.netloc) == (api.scheme, api.netloc)


def whisper(response_url: str, text: str) -> None:
    """Says something that only the person who pressed a button sees; raises OutsideTrouble."""
    body = json.dumps({"response_type": "ephemeral", "replace_original": False, "text": text}).encode()
    request = Request(response_url, body, {"Content-Type": "application/json"})  # noqa: S310 - see may_whisper
    try:
        _opener(response_url).open(request, timeout=WHISPER_SECONDS).close()
    except (OSError, HTTPException) as error:
        raise OutsideTrouble(f"Slack did not take the words for the person ({type(error).__name__}).") from None


def _content(message: Message) -> dict[str, Any]:
    """`parse` none and no `link_names`: or names and addresses in the text would become links and mentions."""
    return {
        "text": message.text,
        "blocks": message.blocks,
        "parse": "none",
        "link_names": False,
        "metadata": {"event_type": message.kind, "event_payload": {"ticket_id": message.ticket_id}},
    }


def _stamp(moment: datetime) -> str:
    return f"{moment.timestamp():.6f}"


def _meant(method: str, error: SlackApiError) -> OutsideTrouble | OutsideRefusal:
    """What Slack's refusal means for whoever runs this."""
    status, data = error.response.status_code, error.response.data
    said = dig(data, "error")
    code = said if isinstance(said, str) and _CODE.fullmatch(said) else ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return RateLimited(f"Slack wants fewer calls of {method}.", retry_after_seconds=_retry_after(error))
    if status >= 500 or code in _PASSING:
        return OutsideTrouble(f"Slack is in trouble: it answered {method} with {code or status}.")
    if 300 <= status < 400:
        return OutsideRefusal(f"{method} is redirected ({status}), which is not followed: check SLACK_API_BASE_URL.")
    if not code:
        return OutsideTrouble(f"Slack's answer to {method} cannot be read (status {status}).")
    if code in _GONE:
        return MessageGone(f"The message is no longer there ({code}).")
    needed = dig(data, "needed")
    scope = f" Needed: {needed}." if isinstance(needed, str) and re.fullmatch(r"[a-z:,._]{1,100}", needed) else ""
    return OutsideRefusal(f"Slack refused {method} ({code}): {_MEANING.get(code, 'see its documentation.')}{scope}")


def _retry_after(error: SlackApiError) -> int:
    headers = {name.lower(): value for name, value in error.response.headers.items()}
    asked = str(headers.get("retry-after", ""))
    seconds = int(asked) if _DIGITS.fullmatch(asked) else _USUAL_WAIT_SECONDS
    return max(1, min(seconds, _LONGEST_WAIT_SECONDS))


def _web_client(token: str, address: str) -> WebClient:
    from slack_sdk import WebClient

    opener = _opener(address)
    # What the library logs of failed calls quotes bodies; what matters of them is in our errors.
    quiet = logging.getLogger("rca.slack_sdk")
    quiet.setLevel(logging.CRITICAL)

    class DirectClient(WebClient):
        def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
            with opener.open(req, timeout=TIMEOUT_SECONDS) as response:
                return {"status": response.status, "headers": response.headers, "body": response.read().decode()}

    return DirectClient(token, base_url=address, timeout=TIMEOUT_SECONDS, retry_handlers=[], logger=quiet)


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Makes an error of it."""


def _opener(address: str) -> OpenerDirector:
    """Goes through the proxy of the environment, except to this machine."""
    if is_loopback(urlsplit(address).hostname or ""):
        return build_opener(_NoRedirects, ProxyHandler({}))
    return build_opener(_NoRedirects)
