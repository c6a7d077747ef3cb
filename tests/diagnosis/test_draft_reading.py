"""A model's answer as text: what is read, and what it is told when it cannot be."""

import copy
import json
from typing import Any

import pytest

from rca_core.diagnosis.draft import Draft
from rca_core.diagnosis.draft_reading import LONGEST_ANSWER, DraftProblems, read_draft

ANSWER: dict[str, Any] = {
    "failure_point": {"system": "databricks", "entity": "nightly", "step": "load", "attempt": None},
    "evidence": [
        {
            "id": "E1",
            "doc": "D1",
            "line_start": 3,
            "line_end": 3,
            "quote": "java.lang.OutOfMemoryError: Java heap space",
            "shows": "the heap was full",
        }
    ],
    "hypotheses": [
        {
            "statement": "The driver ran out of memory.",
            "mechanism": "It collected all rows.",
            "category": "ResourceExhaustion",
            "fault_domain": "user_code",
            "supports": ["E1"],
            "contradicts": [],
            "would_be_wrong_if": "the heap was never full",
        }
    ],
    "verdict": "confirmed_by_error",
    "summary": "The driver ran out of memory.",
    "actions": [],
    "next_checks": ["Look at the driver's memory."],
    "similar": [],
    "missing": [],
    "self_confidence": 80,
}


def answer(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(ANSWER), **changes}


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(DraftProblems) as raised:
        read_draft(text)
    assert str(raised.value)
    return raised.value.problems


def test_plain_json_is_read() -> None:
    draft = read_draft(json.dumps(ANSWER))
    assert isinstance(draft, Draft)
    assert draft.evidence[0].quote == "java.lang.OutOfMemoryError: Java heap space"
    assert draft.hypotheses[0].category == "ResourceExhaustion"
    assert draft.self_confidence == 80


@pytest.mark.parametrize(
    "around",
    [
        "```json\n{}\n```",
        "```\n{}\n```",
        "Here is what I found in {{the log}} of D1:\n\n{}\n\nTell me if you need more {{detail}}.",
        "\ufeff  {}  ",
    ],
)
def test_fences_and_prose_around_the_object_do_no_harm(around: str) -> None:
    text = around.replace("{}", json.dumps(ANSWER, indent=2)).replace("{{", "{").replace("}}", "}", 2)
    assert read_draft(text).summary == ANSWER["summary"]


def test_half_a_json_is_refused_and_the_place_named() -> None:
    text = json.dumps(ANSWER, indent=1)
    (problem,) = problems(text[: text.index("Java heap") + 4])
    assert "line 14" in problem and "OutOfMemoryError" in problem


def test_half_a_json_that_holds_whole_objects_is_not_taken_for_one_of_them() -> None:
    (problem,) = problems('{"answer": ' + json.dumps(ANSWER))
    assert "breaks" in problem


@pytest.mark.parametrize("text", ["", "I cannot tell.", "[]", "null", "{oops}"])
def test_no_object_at_all(text: str) -> None:
    assert problems(text) == ("the answer holds no JSON object",)


def test_two_objects_are_one_too_many() -> None:
    assert problems(json.dumps(ANSWER) * 2) == ("the answer holds 2 JSON objects; send exactly one",)


def test_everything_wrong_is_told_at_once_in_words_that_can_be_sent_back() -> None:
    bad = answer(verdict="certain", summary="x" * 281, next_checks=["a", "b", "c", "d"], self_confidence="high")
    bad["evidence"][0] |= {"quote": "OOMKilled", "line_start": "three"}
    bad["hypotheses"][0]["category"] = "Sabotage"
    del bad["failure_point"]["entity"]
    found = problems(json.dumps(bad))
    assert "failure_point.entity is missing" in found
    assert "evidence[0].line_start: Expected `int`, got `str`" in found
    assert "evidence[0].quote has 9 characters; 12 to 400 are allowed" in found
    assert any(each.startswith("hypotheses[0].category must be one of NetworkError, ") for each in found)
    assert "verdict must be one of confirmed_by_error, likely, possible, inconclusive" in found
    assert "summary has 281 characters; 1 to 280 are allowed" in found
    assert "next_checks has 4 items; 0 to 3 are allowed" in found
    assert "self_confidence: Expected `int`, got `str`" in found
    assert len(found) == 8


def test_very_many_problems_are_told_of_in_part() -> None:
    found = problems('{"failure_point": 1, "evidence": [' + ",".join(["{}"] * 6) + "]}")
    assert len(found) == 21 and found[-1].startswith("and ")


def test_an_answer_without_evidence_must_be_inconclusive() -> None:
    (problem,) = problems(json.dumps(answer(evidence=[])))
    assert problem.startswith("evidence has 0 items; 1 to 6 are allowed")
    draft = read_draft(json.dumps(answer(evidence=[], hypotheses=[], verdict="inconclusive")))
    assert draft.evidence == () and draft.hypotheses == ()


def test_two_quotes_with_one_id_are_refused() -> None:
    assert problems(json.dumps(answer(evidence=ANSWER["evidence"] * 2))) == (
        "the evidence id E1 is used more than once",
    )


def test_what_may_be_absent_may_be_null_and_what_is_unknown_is_ignored() -> None:
    draft = read_draft(json.dumps(answer(actions=None, missing=None, severity="Critical", url="https://x")))
    assert draft.actions == () and draft.missing == ()
    assert not hasattr(draft, "severity")


def test_line_breaks_in_strings_and_half_surrogates_are_put_up_with() -> None:
    text = json.dumps(answer(summary="one\ntwo \ud83d")).replace("\\n", "\n")
    summary = read_draft(text).summary
    assert summary.startswith("one\ntwo")
    summary.encode()


@pytest.mark.parametrize("text", ['{"a":' * 50_000, '{"a": ' + "9" * 5_000 + "}", '{"a": NaN}', "{" * 100_000])
def test_hostile_answers_are_problems_and_no_crash(text: str) -> None:
    assert problems(text)


def test_an_endless_answer_is_not_read() -> None:
    (problem,) = problems('{"' * LONGEST_ANSWER)
    assert str(LONGEST_ANSWER) in problem
