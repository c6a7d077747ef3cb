"""What Slack shows of a ticket: everything that matters, within its limits, and nothing that a sender made alive."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rca_core.diagnosis.diagnosis import Diagnosis, Evidence
from rca_core.diagnosis.draft import Hypothesis
from rca_core.foundation.failure import Link
from rca_core.foundation.settings import JiraSettings, Settings
from rca_core.integrations.slack import Message
from rca_core.tickets import slack_message
from rca_core.tickets.ticket import EvidenceNote, Ticket
from tests.slack.conftest import make_settings
from tests.slack.server import Posted, wrong_with
from tests.support.making import make_diagnosis, make_ticket

SETTINGS = make_settings("https://slack.com/api/", "C1")
SLOW = settings(max_examples=40, deadline=None)

HOSTILE = (
    "<!channel> <!here|x> <@U123> <#C1> <https://evil.example|Click here> @channel :boom: &lt;!everyone&gt; \x1b[31m"
    " \x00 *bold* `code` ```fence``` \u202e https://evil.example\n> quote"
)
ADF_MESSAGE = (
    "ErrorCode=SqlFailedToConnect,'Type=Microsoft.DataTransfer.Common.Shared.HybridDeliveryException,Message=Cannot"
    " connect to SQL Database. Please contact SQL server team for further support. Server: 'sql-retail',"
    " Database: 'orders', User: 'etl'. Check the connection string and that <IP> is allowed & the firewall is open."
)


def rendered(ticket: Ticket, settings: Settings = SETTINGS) -> tuple[Posted, Posted]:
    return shown(slack_message.card(ticket, settings)), shown(slack_message.details(ticket))


def shown(message: Message) -> Posted:
    assert wrong_with({"text": message.text, "blocks": message.blocks}) == ""
    return Posted("C1", "1.1", message.text, message.blocks, {})


def full(text: str, **more: Any) -> Ticket:
    """A ticket with `text` wherever a sender or a model may put text."""
    hypothesis = Hypothesis(
        statement=text, mechanism=text, category="NetworkError", fault_domain="platform", supports=(),
        would_be_wrong_if=text,
    )  # fmt: skip
    diagnosis = make_diagnosis(
        cause=text,
        engine_reason=text,
        confidence_why=(text,) * 9,
        evidence=tuple(Evidence(quote=text, where="message", shows=text, line_start=3) for _ in range(9)),
        hypotheses=(hypothesis,) * 9,
        next_checks=(text,) * 9,
        missing=(text,) * 9,
        docs=(f"https://learn.microsoft.com/{text}",),
    )
    fields: dict[str, Any] = {
        "title": text,
        "pipeline": text,
        "rca_result": text,
        "recommendations": [text] * 20,
        "error_code": text,
        "finops_team": text,
        "finops_owner": text,
        "itsm_ticket_id": text,
        "ack_user": text,
        "resolution": text,
        "status": "acknowledged",
        "runs": [text] * 50,
        "links": [Link(text, text), Link(text, f"https://example.net/{text}"), Link("run", "javascript:alert(1)")],
        "evidence": [EvidenceNote("r", text, "data", text, text)] * 9,
        "diagnosis": diagnosis,
    }
    return make_ticket(**{**fields, **more})


def test_a_card_says_what_failed_why_what_to_do_who_owns_it_and_by_when() -> None:
    ticket = make_ticket(
        title="Pipeline pl_load_orders_hourly failed at CopyOrdersToLake (SqlFailedToConnect)",
        severity="Critical",
        error_type="NetworkError",
        error_code="SqlFailedToConnect",
        pipeline="pl_load_orders_hourly",
        finops_team="Retail Data",
        finops_owner="ada@example.com",
        itsm_ticket_id="OPS-17",
        rca_result="A firewall rule of the server does not let this address in.",
        links=[Link("run", "https://adf.azure.com/run?a=1&b=2"), Link("payload", "https://rca.example.com/p")],
        diagnosis=make_diagnosis(evidence=(Evidence(quote=ADF_MESSAGE, where="message"),)),
    )
    jira = JiraSettings("https://jira.example.com", "t", "OPS")
    card, _ = rendered(ticket, make_settings("https://slack.com/api/", "C1", jira=jira))
    kinds = [block["type"] for block in card.blocks]
    assert kinds == ["header", "section", "section", "rich_text", "section", "context", "actions"]
    assert card.blocks[0]["text"]["text"] == (
        "🔴 Pipeline pl_load_orders_hourly failed at CopyOrdersToLake (SqlFailedToConnect)"
    )
    for part in (
        "*Severity*\nCritical (P1)",
        "*Status*\nOpen",
        "*Pipeline*\npl_load_orders_hourly",
        "*Category*\nNetworkError (SqlFailedToConnect)",
        "*Owner*\nRetail Data, ada@example.com",
        "*SLA due*\n<!date^1795176900^{date_short_pretty} {time}|2026-11-20 12:15 UTC>",
        "*Cause*\nA firewall rule of the server",
        ADF_MESSAGE,
        "*What to do*\n1. Check the password.\n2. Rerun the pipeline.",
        f"<https://jira.example.com/browse/OPS-17|OPS-17> · {ticket.id}"
        " · <https://adf.azure.com/run?a=1&amp;b=2|run> · <https://rca.example.com/p|payload>",
    ):
        assert part in card.shown
    assert card.text == f"[Critical] {ticket.title} (Open, {ticket.id})"


@pytest.mark.parametrize(
    ("status", "labels"),
    [
        ("open", ["Acknowledge", "In progress", "Open in dashboard"]),
        ("in_progress", ["Acknowledge", "Reopen", "Open in dashboard"]),
        ("acknowledged", ["Reopen", "Open in dashboard"]),
    ],
)
def test_there_is_a_button_for_each_way_on(status: str, labels: list[str]) -> None:
    ticket = make_ticket(status=status)
    card, _ = rendered(ticket)
    assert [button["text"]["text"] for button in card.buttons] == labels
    assert card.buttons[-1]["url"] == f"https://rca.example.com/tickets/{ticket.id}"


def test_there_is_no_button_that_would_not_work() -> None:
    assert SETTINGS.slack
    unsigned = msgspec.structs.replace(SETTINGS.slack, signing_secrets=())
    bare = msgspec.structs.replace(SETTINGS, slack=unsigned, dashboard_url="")
    card, _ = rendered(make_ticket(), bare)
    assert card.buttons == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sla_status": "Breached"}, "UTC> :rotating_light: *missed*"),
        ({"sla_warned": True}, "UTC> :warning: *nearly used up"),
        ({"sla_status": "Met", "status": "acknowledged", "ack_user": "ada"}, "UTC> (met)"),
        ({"status": "acknowledged", "ack_user": "ada <@U1>"}, "Acknowledged by ada &lt;@U1&gt;"),
        ({"resolution": "Opened the firewall."}, "*Resolution*\nOpened the firewall."),
        ({"finops_team": "Unknown"}, "*Owner*\nUnknown"),
    ],
)
def test_it_says_how_it_stands(given: dict[str, Any], words: str) -> None:
    assert words in rendered(make_ticket(**given))[0].shown


def test_the_thread_tells_what_the_diagnosis_stands_on() -> None:
    first, second = (
        Hypothesis(
            statement=statement, mechanism="", category="NetworkError", fault_domain="cloud", supports=(),
            would_be_wrong_if="The server answers.",
        )
        for statement in ("It is the firewall.", "It is the name service.")
    )  # fmt: skip
    ticket = make_ticket(
        runs=["run-1", "run-2"],
        links=[Link("run", "https://adf.azure.com/1")],
        evidence=[EvidenceNote("r1", "databricks run", "error", "", "The token is not accepted.")],
        diagnosis=make_diagnosis(
            evidence=(Evidence(quote="a < b && c", where="log", line_start=7, shows="that it broke"),),
            hypotheses=(first, second),
            next_checks=("Ask the network team.",),
            missing=("The log of the node.",),
            docs=("https://learn.microsoft.com/x",),
            confidence_why=("the code is known",),
        ),
    )
    _, details = rendered(ticket)
    for part in (
        "• 90% (rules): a test says so\n• the code is known",
        "_log, line 7_: that it broke",
        "a < b && c",
        "• It is the name service. (would be wrong if: The server answers.)",
        "• Ask the network team.",
        "• The log of the node.",
        "• databricks run: The token is not accepted.",
        "run-1, run-2",
        "<https://adf.azure.com/1|run>\n<https://learn.microsoft.com/x|docs>",
    ):
        assert part in details.shown
    assert "It is the firewall." not in details.shown, "the first hypothesis is the cause, which the card tells"


def alive(posted: Posted) -> list[str]:
    """What of a message Slack would make a mention, a channel or a link of, but for our own dates and links."""
    found = []
    for block in posted.blocks:
        for text in markup(block):
            rest = text
            for piece in text.split("<")[1:]:
                inner = piece.partition(">")[0]
                if not inner.startswith(("!date^", "https://")) or "|" not in inner:
                    found.append(inner)
                rest = rest.replace(f"<{inner}>", "")
            found += [mark for mark in "<>" if mark in rest]
    return found


def markup(part: Any) -> list[str]:
    """The texts in which Slack looks for markup; they must ask it not to look for more."""
    if isinstance(part, dict) and part.get("type") == "mrkdwn":
        assert part["verbatim"] is True
        return [part["text"]]
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
    return [text for one in inner for text in markup(one)]


def test_text_of_senders_is_inert() -> None:
    ticket = full(HOSTILE)
    for posted in rendered(ticket):
        assert alive(posted) == []
        assert "javascript:" not in posted.shown
        assert "\x00" not in posted.shown and "\x1b" not in posted.shown
        assert "<" not in posted.text
    card = rendered(ticket)[0]
    assert "<" not in card.blocks[0]["text"]["text"]
    quotes = [block for block in card.blocks if block["type"] == "rich_text"]
    assert "<!channel>" in str(quotes), "a quote is verbatim, in a block that knows no markup"


@pytest.mark.parametrize("character", ["x", "é", "😀", "<", "&", "\x00", "\n", " ", "\ud800", "```", "|"])
def test_huge_texts_fit(character: str) -> None:
    card, details = rendered(full(character * 100_000))
    assert card.buttons, "whatever is cut, the buttons are there"
    assert len(details.blocks) <= 50


@SLOW
@given(st.text(max_size=300))
def test_any_text_fits_and_is_inert(text: str) -> None:
    for posted in rendered(full(text)):
        assert alive(posted) == []


def test_a_bare_ticket_is_shown_as_well() -> None:
    bare = Diagnosis(
        cause="", recommendations=(), confidence=0, engine="rules", engine_reason="", category="Unknown",
        retryable=False, reason="",
    )  # fmt: skip
    ticket = make_ticket(title="", rca_result="", recommendations=[], diagnosis=bare, pipeline="", links=[])
    card, _ = rendered(ticket)
    assert ticket.id in card.blocks[0]["text"]["text"]
    assert "Cause" not in card.shown


@pytest.mark.parametrize(
    ("text", "room", "clipped"),
    [("abc", 10, "abc"), ("abcdefghij", 5, "abcd…"), ("a&b", 10, "a&amp;b"), ("a&&", 8, "a&amp;…"), ("😀😀", 4, "😀…")],
)
def test_a_text_is_cut_between_characters_and_never_within_an_escape(text: str, room: int, clipped: str) -> None:
    assert slack_message.clip(text, room) == clipped


def test_many_long_links_and_runs_stay_within_what_a_block_may_hold() -> None:
    links = [Link("run", f"https://adf.azure.com/{n}?" + "a=1&" * 110) for n in range(15)]
    runs = [f"run-{n}-" + "x" * 400 for n in range(20)]
    card, details = rendered(make_ticket(links=links, runs=runs))
    assert "adf.azure.com/0?" in card.shown and "run-0-" in details.shown
