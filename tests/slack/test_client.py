"""What Slack may answer, and what becomes of it: come again, or tell the operator what to do."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from rca_core.foundation.errors import OutsideRefusal, OutsideTrouble, RcaError
from rca_core.foundation.settings import SlackSettings
from rca_core.integrations import slack as module
from rca_core.integrations.slack import Message, MessageGone, Place, RateLimited, Slack, may_whisper
from tests.integrations.servers import nobody_listens
from tests.slack.server import BOT_TOKEN, CHANNEL, Fault, SlackServer, serving

MESSAGE = Message(
    kind="rca_ticket",
    ticket_id="ADF-20261120T120000-aaaaaa",
    text="It failed.",
    blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "It failed.", "verbatim": True}}],
)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with serving() as running:
        yield running


@pytest.fixture
def slack(server: SlackServer) -> Slack:
    return Slack(SlackSettings(bot_token=BOT_TOKEN, channel=CHANNEL, api_base_url=server.api_base_url))


def test_a_message_is_posted_edited_and_found_again(server: SlackServer, slack: Slack) -> None:
    place = slack.post(MESSAGE)
    reply = slack.post(MESSAGE, thread=place)
    slack.edit(place, MESSAGE)
    now = datetime.now(UTC)
    assert slack.find(MESSAGE, CHANNEL, now) == place
    assert slack.find_reply(MESSAGE, place) == place, "the thread begins with the message itself"
    assert server.replies(server.cards()[0])[0].ts == reply.ts
    assert server.cards()[0].edits == 1


def test_slack_is_told_to_make_nothing_of_names_and_addresses(server: SlackServer, slack: Slack) -> None:
    slack.edit(slack.post(MESSAGE), MESSAGE)
    post, edit = server.calls
    assert [call.arguments["parse"] for call in (post, edit)] == ["none", "none"]
    assert [call.arguments["link_names"] for call in (post, edit)] == [False, False]
    assert post.arguments["unfurl_links"] is False


REFUSALS = {
    "invalid_auth": "SLACK_BOT_TOKEN is not accepted",
    "not_authed": "SLACK_BOT_TOKEN is not accepted",
    "account_inactive": "SLACK_BOT_TOKEN is not accepted",
    "token_revoked": "SLACK_BOT_TOKEN is not accepted",
    "missing_scope": "install the app again. Needed: chat:write.",
    "channel_not_found": "give the channel's id",
    "not_in_channel": "write /invite",
    "is_archived": "is archived",
    "msg_too_long": "a fault of this program",
    "invalid_blocks": "a fault of this program",
    "cant_update_message": "posted by another bot",
    "something_new": "Slack refused chat.postMessage (something_new)",
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_says_what_to_do_although_slack_answers_200(server: SlackServer, slack: Slack, code: str) -> None:
    server.fail("chat.postMessage", code)
    with pytest.raises(OutsideRefusal) as refused:
        slack.post(MESSAGE)
    assert REFUSALS[code] in refused.value.detail
    assert BOT_TOKEN not in repr(refused.value)


TROUBLE = {
    Fault.SERVER_ERROR: "it answered chat.postMessage with 500",
    "internal_error": "it answered chat.postMessage with internal_error",
    "fatal_error": "it answered chat.postMessage with fatal_error",
    Fault.MALFORMED: "cannot be read",
    Fault.LIST: "cannot be read",
    Fault.NOT_UTF8: "cannot be read",
    Fault.SILENT_OK: "does not say where the message is",
    Fault.LOST_BEFORE: "no answer from Slack",
    Fault.LOST_AFTER: "no answer from Slack",
    Fault.SLOW: "did not answer chat.postMessage within 0.3 s",
}


@pytest.mark.parametrize("fault", TROUBLE)
def test_trouble_is_told_once_and_left_to_a_later_try(
    server: SlackServer, slack: Slack, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.3)
    server.fail("chat.postMessage", fault)
    with pytest.raises(OutsideTrouble) as trouble:
        slack.post(MESSAGE)
    assert TROUBLE[fault] in trouble.value.detail
    assert not isinstance(trouble.value, RateLimited)
    assert len(server.calls) == 1, "the library must not send again what may have been posted"


@pytest.mark.parametrize(
    ("asked", "wait"), [("7", 7), ("0", 1), ("999999", 3_600), ("soon", 30), ("-1", 30), ("٣", 30)]
)
def test_slack_says_how_long_to_wait(server: SlackServer, slack: Slack, asked: str, wait: int) -> None:
    server.retry_after = asked.encode().decode("latin-1")  # type: ignore[assignment]
    server.fail("chat.postMessage", Fault.RATE_LIMITED)
    with pytest.raises(RateLimited) as limited:
        slack.post(MESSAGE)
    assert limited.value.retry_after_seconds == wait


def test_so_it_may_with_a_200(server: SlackServer, slack: Slack) -> None:
    server.fail("chat.update", "ratelimited")
    with pytest.raises(RateLimited):
        slack.edit(Place(CHANNEL, "1.2"), MESSAGE)


def test_a_deleted_message_is_told_apart(slack: Slack) -> None:
    with pytest.raises(MessageGone):
        slack.edit(Place(CHANNEL, "1.2"), MESSAGE)


def test_nobody_there_is_trouble() -> None:
    nobody = SlackSettings(bot_token=BOT_TOKEN, channel=CHANNEL, api_base_url=f"{nobody_listens()}/api/")
    with pytest.raises(OutsideTrouble, match=r"chat.postMessage: no answer from Slack \(URLError\)"):
        Slack(nobody).post(MESSAGE)


def test_the_token_does_not_follow_a_redirect(server: SlackServer, slack: Slack) -> None:
    server.fail("chat.postMessage", Fault.REDIRECT)
    with pytest.raises(OutsideRefusal, match="redirected"):
        slack.post(MESSAGE)


def test_it_does_not_go_through_a_proxy_to_this_machine(
    server: SlackServer, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert slack.post(MESSAGE).channel == CHANNEL


@pytest.mark.parametrize(
    ("token", "address", "words"),
    [
        (BOT_TOKEN, "http://slack.example.com/api/", "must start with https://"),
        (f"{BOT_TOKEN}\nX-Evil: 1", "https://slack.com/api/", "no token has"),
        (f"{BOT_TOKEN}ü", "https://slack.com/api/", "no token has"),
    ],
)
def test_settings_that_would_show_the_token_are_refused(token: str, address: str, words: str) -> None:
    with pytest.raises(OutsideRefusal, match=words) as refused:
        Slack(SlackSettings(bot_token=token, channel=CHANNEL, api_base_url=address)).post(MESSAGE)
    assert BOT_TOKEN not in refused.value.detail


def test_a_wrong_token_is_in_no_log(server: SlackServer, caplog: pytest.LogCaptureFixture) -> None:
    wrong = "-".join(("xoxb", "wrong", "planted"))
    server.fail("chat.update", Fault.MALFORMED, Fault.SERVER_ERROR, Fault.LOST_AFTER)
    with caplog.at_level("DEBUG"):
        slack = Slack(SlackSettings(bot_token=wrong, channel=CHANNEL, api_base_url=server.api_base_url))
        for _ in range(4):
            with pytest.raises(RcaError):
                slack.edit(Place(CHANNEL, "1.2"), MESSAGE)
    assert wrong not in caplog.text


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://hooks.slack.com/actions/T1/1/x", True),
        ("http://hooks.slack.com/actions/T1/1/x", False),
        ("https://hooks.slack.com.evil.example/x", False),
        ("https://hooks.slack.com@evil.example/x", False),
        ("https://hooks.slack.com:8443/x", False),
        ("https://slack.com/x", False),
        ("https://[/x", False),
        ("", False),
        ("file:///etc/passwd", False),
    ],
)
def test_words_for_a_person_go_to_slack_alone(url: str, may: bool) -> None:
    assert may_whisper(SlackSettings(bot_token=BOT_TOKEN, channel=CHANNEL), url) is may
