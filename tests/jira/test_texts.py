"""A ticket as Jira shows it."""

import re

import pytest

from rca_core.diagnosis.diagnosis import Evidence
from rca_core.foundation.failure import Link
from rca_core.tickets.jira_issue import escaped, issue_texts, label, labelled_ticket, quoted
from tests.support.making import make_diagnosis, make_ticket


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_the_issue_says_what_failed_why_what_to_do_by_when_and_whose_it_is() -> None:
    evidence = Evidence(quote="Login failed for user 'etl'.", where="log", document="D1", line_start=7, line_end=7)
    ticket = make_ticket(
        severity="High",
        error_code="2200",
        finops_team="Retail",
        links=[Link("run", "https://adf.azure.com/run?x=1|2")],
        diagnosis=make_diagnosis(evidence=(evidence,)),
    )
    texts = issue_texts(ticket, "https://rca.example.com")
    shown = texts["description"].replace("\\", "")
    assert texts["summary"] == "pl_orders failed"
    assert texts["priority"] == "High"
    for part in (
        "The password is wrong.",
        "# Check the password.\n# Rerun the pipeline.",
        "Login failed for user 'etl'.",
        "log D1, line 7",
        "High (P2)",
        ticket.sla_due,
        "team Retail",
        "confidence 90%",
        "Diagnosis by:* rules",
        "AuthenticationError (2200)",
        f"[ticket|https://rca.example.com/tickets/{ticket.id}]",
        "[run|https://adf.azure.com/run?x=1%7C2]",
        ticket.id,
    ):
        assert part in shown, part


def test_texts_of_any_length_fit_and_keep_their_blocks_closed() -> None:
    evidence = tuple(Evidence(quote="{noformat}😀" * 9_000, where="log") for _ in range(30))
    ticket = make_ticket(
        title="😀 " * 5_000,
        rca_result="*[~x]*" * 50_000,
        recommendations=["a\nb " * 9_000] * 60,
        pipeline="p" * 9_000,
        message="m" * 140_000,
        diagnosis=make_diagnosis(evidence=evidence),
    )
    texts = issue_texts(ticket, "https://rca.example.com")
    assert units(texts["summary"]) <= 255
    assert units(texts["description"]) <= 32_767
    assert texts["description"].count("{noformat}") % 2 == 0
    assert ticket.id in texts["description"].replace("\\", "")


def test_a_title_of_several_lines_or_none_makes_one_line() -> None:
    assert issue_texts(make_ticket(title="a\r\nb\x00\tc"), "")["summary"] == "a b c"
    ticket = make_ticket(title=" \n ")
    assert issue_texts(ticket, "")["summary"] == ticket.id


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("ask [~admin]", "[~"),
        ("!https://evil.example.com/x.png!", "!h"),
        ("[click|https://evil.example.com]", "[c"),
        ("https://evil.example.com", "://"),
        ("mailto:x@example.com", "mailto:"),
        ("{code}x", "{c"),
        ("\\{code}x", "\\\\"),
        ("h1. Big", "h1."),
        ("  bq. said", "bq."),
        ("||head||", "||"),
        ("----", "--"),
        ("(!)", "(!"),
    ],
)
def test_nothing_that_a_sender_wrote_becomes_markup(text: str, mark: str) -> None:
    shown = escaped(text)
    assert not re.search(r"(?<!\\)" + re.escape(mark), shown)
    assert shown.replace("\u200b", "").replace("\\", "") == text.replace("\\", "").strip("\n")


def test_a_block_of_quotes_cannot_be_closed_from_inside() -> None:
    block = quoted("{noformat} [~admin] {NOFORMAT:title=x} {code:java}")
    assert block.lower().count("{noformat") == 2
    assert "{code" not in block


def test_a_ticket_is_known_again_by_the_label_of_its_issue() -> None:
    ticket = make_ticket()
    assert labelled_ticket(["on-call", label(ticket.id)]) == ticket.id
    assert labelled_ticket(["rca-adf-1", "rca", f"x{label(ticket.id)}", ""]) is None
