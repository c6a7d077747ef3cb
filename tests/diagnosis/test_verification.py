"""What of a model's answer is shown: what rests on quotes and on lists."""

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rca_core.diagnosis.classifier import classify
from rca_core.diagnosis.documents import Document, Excerpt, Line
from rca_core.diagnosis.draft import DraftEvidence, FailurePoint, SimilarIncident
from rca_core.diagnosis.verification import verify
from tests.support.drafts import OUT_OF_MEMORY, TASK_LOG, action, draft, excerpt, facts, hypothesis, quote, reasons


def test_an_honest_answer_stands_as_it_is() -> None:
    found = verify(draft(), facts())
    assert found.conclusive and found.verdict == "confirmed_by_error"
    assert found.summary == "Job nightly failed: the driver ran out of memory."
    assert found.hypotheses == (hypothesis(),)
    assert found.failure_point == FailurePoint(system="databricks", entity="nightly", step="load_orders")
    (evidence,) = found.evidence
    assert (evidence.quote, evidence.document, evidence.line_start, evidence.line_end) == (OUT_OF_MEMORY, "D1", 2, 2)
    assert evidence.where == "task output" and evidence.id == "E1"
    verification = found.verification
    assert (verification.evidence_in, verification.evidence_kept, verification.dropped) == (1, 1, ())
    assert verification.rule_category == "ResourceExhaustion" and verification.agrees_with_rules is True
    assert found.confidence == 0.55
    assert found.self_confidence == 90


# Quotes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (quote("org.apache.spark.SparkException: Job aborted", 2), "is not in D1 as sent"),
        (quote("the Java heap space was exhausted", 2), "is not in D1 as sent"),
        (quote("java.lang.OutOfMemoryError ... Loader.scala:41", 2), "is not in D1 as sent"),
        (quote("2026-11-23T02:15:01Z ERROR", 2), "says nothing by itself"),
        (quote("[PASSWORD#1] [SAS#1]", 7), "says nothing by itself"),
        (quote("disk quota of user exceeded", 2, doc="D9"), "there is no document D9"),
    ],
)
def test_a_bad_quote_is_dropped_and_what_rested_on_it_alone_with_it(bad: DraftEvidence, why: str) -> None:
    found = verify(draft(evidence=(bad,), actions=(action(),)), facts())
    assert reasons(found)["E1"] == why
    assert found.evidence == () and found.hypotheses == () and found.actions == ()
    assert found.verdict == "inconclusive" and not found.conclusive
    assert found.summary == ""
    assert found.confidence <= 0.20
    assert any("inconclusive" in repair for repair in found.verification.repairs)


def test_one_bad_quote_of_two_costs_confidence_and_no_more() -> None:
    bad = quote("the Java heap space was exhausted", 2, id="E2")
    found = verify(draft(evidence=(quote(), bad), hypotheses=(hypothesis("Memory.", "E1", "E2"),)), facts())
    assert found.verdict == "confirmed_by_error"
    assert found.hypotheses[0].supports == ("E1",)
    assert found.confidence == 0.45
    assert "-0.10 1 quote dropped" in found.confidence_why


def test_curly_quotes_and_spaces_are_repaired_to_the_documents_own_words() -> None:
    where = facts(excerpts=(excerpt(1, "boot\nAnalysisException:  column “order id”   not found"),))
    found = verify(draft(evidence=(quote('AnalysisException: column "order id" not found', 9),)), where)
    assert found.evidence[0].quote == "AnalysisException:  column “order id”   not found"
    assert found.evidence[0].line_start == 2
    assert found.verification.repairs[0] == "E1: lines 9-9 -> 2-2; typed differently"


def test_a_quote_in_many_places_lowers_confidence() -> None:
    evidence = (quote("WARN heartbeat of executor 17 missed", 1), quote(id="E2"))
    found = verify(draft(evidence=evidence, hypotheses=(hypothesis("Memory.", "E1", "E2"),)), facts())
    assert found.evidence[0].line_start == 4
    assert "the first of 2 places" in found.verification.repairs[0]
    assert found.confidence == 0.50


def test_a_quote_from_another_document_than_the_one_named_is_repaired() -> None:
    found = verify(draft(evidence=(quote(doc="D2"),)), facts())
    assert found.evidence[0].document == "D1"
    assert found.verification.repairs == ("E1: document D2 -> D1",)


def test_a_secret_in_a_quote_is_not_shown() -> None:
    secret = "dapi" + "0123456789abcdef" * 2
    found = verify(
        draft(evidence=(quote("token of loader is " + secret, 1),)),
        facts(excerpts=(excerpt(1, f"token of loader is {secret}"),)),
    )
    assert found.evidence == ()
    assert secret not in msgspec.json.encode(found).decode()


# Scope, support, verdict ----------------------------------------------------------------------------------------------


def test_another_steps_log_alone_confirms_nothing() -> None:
    evidence = (quote("driver of cluster nightly-pool restarted", 1, doc="D2"),)
    found = verify(draft(evidence=evidence), facts())
    assert found.verdict == "likely"
    assert "no quote from the failing step holds the error itself" in found.verification.repairs[0]


def test_a_line_that_is_no_error_confirms_nothing() -> None:
    found = verify(draft(evidence=(quote("load of sales.orders_raw begins", 1),)), facts())
    assert found.verdict == "likely"


def test_an_error_that_no_catalogue_knows_may_confirm() -> None:
    where = facts(excerpts=(excerpt(1, "com.acme.LedgerOutOfBalanceException: batch refused"),))
    found = verify(draft(evidence=(quote("com.acme.LedgerOutOfBalanceException: batch refused", 1),)), where)
    assert found.verdict == "confirmed_by_error"


def test_without_its_first_hypothesis_the_answer_is_possible_at_most_and_its_summary_goes() -> None:
    other = hypothesis("The executor was lost.", "E2")
    evidence = (quote("a quote that nobody wrote", 2), quote("WARN heartbeat of executor 17 missed", 4, id="E2"))
    found = verify(draft(evidence=evidence, hypotheses=(hypothesis(), other), verdict="likely"), facts())
    assert [each.statement for each in found.hypotheses] == ["The executor was lost."]
    assert found.verdict == "possible" and found.summary == ""
    assert reasons(found)["hypothesis 1"] == "no evidence that holds supports it"


def test_an_honest_inconclusive_keeps_its_summary() -> None:
    told = draft(
        evidence=(),
        hypotheses=(),
        verdict="inconclusive",
        summary="The log ends before any error.",
        missing=("driver stderr.log",),
    )
    found = verify(told, facts())
    assert not found.conclusive and found.summary == "The log ends before any error."
    assert found.missing == ("driver stderr.log",)
    assert found.verification.repairs == ()


# Rules, lists, changes ------------------------------------------------------------------------------------------------


def test_a_category_against_a_known_code_is_shown_beside_it_and_capped() -> None:
    rules = classify("databricks", "DRIVER_OUT_OF_MEMORY", None)
    assert rules.how == "code"
    found = verify(draft(hypotheses=(hypothesis(category="DataError"),)), facts(classification=rules))
    assert found.verification.agrees_with_rules is False
    assert found.verification.rule_category == rules.category
    assert found.hypotheses[0].category == "DataError"
    assert found.confidence <= 0.45
    assert any("error code means another category" in line for line in found.confidence_why)


def test_where_the_rules_know_nothing_there_is_nothing_to_agree_with() -> None:
    found = verify(draft(), facts(classification=classify("databricks", None, "it failed")))
    assert found.verification.agrees_with_rules is None


def test_choices_come_from_the_lists() -> None:
    actions = (action(), action("drop-table"), action("rerun", "run-78"), action("rerun", "run-77", "E7"))
    similar = tuple(
        SimilarIncident(incident_id=id, same_cause=True, why="") for id in ("DBX-20261101T020000-abc123", "X1")
    )
    found = verify(draft(actions=actions, similar=similar), facts())
    assert found.actions == (action(),)
    assert [each.incident_id for each in found.similar] == ["DBX-20261101T020000-abc123"]
    told = [dropped for dropped in found.verification.dropped if dropped.what.startswith("action")]
    assert [each.why for each in told] == [
        "is not in the list of actions",
        "its target run-78 is not in the list of targets",
        "no evidence that holds supports it",
    ]
    assert reasons(found)["similar incident X1"] == "is not in the list of incidents"


# Confidence -----------------------------------------------------------------------------------------------------------


def test_quotes_from_two_documents_and_confirmations_add_up() -> None:
    evidence = (quote(), quote("driver of cluster nightly-pool restarted", 1, doc="D2", id="E2"))
    told = draft(evidence=evidence, hypotheses=(hypothesis("Memory.", "E1", "E2"),))
    found = verify(told, facts(seen_confirmed=3))
    assert found.confidence == 0.85


def test_the_same_words_in_two_documents_are_one_voice() -> None:
    evidence = (quote(), quote(doc="D2", line=1, id="E2"))
    told = draft(evidence=evidence, hypotheses=(hypothesis("Memory.", "E1", "E2"),))
    both = facts(excerpts=(excerpt(1, TASK_LOG), excerpt(2, OUT_OF_MEMORY)))
    assert verify(told, both).confidence == 0.55


def test_a_missing_or_cut_log_lowers() -> None:
    assert verify(draft(), facts(log_missing=True)).confidence == 0.40
    assert verify(draft(), facts(excerpts=(excerpt(1, TASK_LOG, truncated=True),))).confidence == 0.40


# Everything -----------------------------------------------------------------------------------------------------------

PIECES = st.text(alphabet=st.sampled_from("abcE1 _.-/:'\"“é\n\r\u2028[]#"), max_size=60)


@given(
    PIECES,
    st.lists(
        st.tuples(PIECES, st.integers(0, 60), st.integers(0, 60), st.integers(1, 9), st.integers(1, 9)), max_size=6
    ),
    PIECES,
)
def test_every_quote_that_is_stored_stands_in_its_document_at_its_lines(
    text: str, claims: list[tuple[str, int, int, int, int]], words: str
) -> None:
    text = f"{text}\n{TASK_LOG}\n{text}"
    evidence = tuple(
        DraftEvidence(
            id=f"E{number}",
            doc="D1",
            line_start=first,
            line_end=last,
            quote=invented if number % 2 else text[start : start + length],
            shows=words,
        )
        for number, (invented, start, length, first, last) in enumerate(claims)
    )
    told = draft(evidence=evidence, hypotheses=(hypothesis(words, *(each.id for each in evidence)),), summary=words)
    found = verify(told, facts(excerpts=(excerpt(1, text),)))
    lines = text.split("\n")
    for kept in found.evidence:
        assert kept.quote in text
        assert kept.quote in "\n".join(lines[kept.line_start - 1 : kept.line_end])
    assert 0 <= found.confidence <= 0.95
    assert found.conclusive == (found.verdict != "inconclusive")
    assert found.hypotheses or not found.conclusive
    msgspec.json.encode(found)


def test_a_large_document_does_not_slow_it_down() -> None:
    filler = "2026-11-23T02:14:58Z INFO row 1 of café read\n" * 200_000
    document = Document(id="D1", kind="task output", text=f"{filler}{TASK_LOG}", archived="t/1")
    lines = document.text.split("\n")
    first = len(lines) - 500
    shown = Excerpt(document, tuple(Line(number, lines[number - 1]) for number in range(first, len(lines) + 1)))
    evidence = tuple(quote(f"nothing like it {number}", 2, id=f"E{number}") for number in range(2, 7))
    started = time.process_time()
    found = verify(draft(evidence=(quote(), *evidence)), facts(excerpts=(shown,)))
    assert time.process_time() - started < 2
    assert found.evidence[0].line_start == 200_002
