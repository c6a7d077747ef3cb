"""How sure an answer is, and why."""

from typing import Any

import pytest

from rca_core.diagnosis.confidence import Grounds, confidence, label


def sure(**changes: Any) -> float:
    return confidence(Grounds(**{"conclusive": True, "kept": 2, **changes})).score


def test_every_term_counts_and_is_told() -> None:
    found = confidence(
        Grounds(
            conclusive=True,
            kept=3,
            known_error="ResourceExhaustion",
            from_two_documents=True,
            confirmed=2,
            dropped=1,
            log_incomplete=True,
        )
    )
    assert found.score == pytest.approx(0.20 + 0.35 + 0.15 + 0.15 - 0.10 - 0.15)
    assert found.label == "medium"
    assert found.why == (
        "+0.20 a model read the documents",
        "+0.35 a quote carries an error that the catalogue knows as ResourceExhaustion",
        "+0.15 quotes from two documents support it",
        "+0.15 people confirmed the cause of this same failure 2 times",
        "-0.10 1 quote dropped",
        "-0.15 the log of the failing step is missing or cut",
    )


BEST: dict[str, Any] = {
    "known_error": "DataError",
    "from_two_documents": True,
    "confirmed": 5,
}


@pytest.mark.parametrize(
    ("changes", "most"),
    [
        ({}, 0.85),
        ({"kept": 0}, 0.20),
        ({"conclusive": False}, 0.20),
        ({"alert_text_only": True}, 0.55),
        ({"against_code": True}, 0.45),
        ({"against_code": True, "kept": 0}, 0.20),
    ],
)
def test_caps(changes: dict[str, Any], most: float) -> None:
    found = confidence(Grounds(**{"conclusive": True, "kept": 2, **BEST, **changes}))
    assert found.score == most
    if changes:
        assert any(line.startswith(f"at most {most:.2f}") for line in found.why)


def test_dropped_quotes_and_cut_sentences_cost_no_more_than_so_much() -> None:
    assert sure(**BEST, dropped=3) == sure(**BEST, dropped=6) == pytest.approx(0.55)
    assert sure(**BEST, cut=3) == sure(**BEST, cut=9) == pytest.approx(0.70)
    assert sure(**BEST, ambiguous=1) == pytest.approx(0.80)


def test_confirmed_once_is_not_enough() -> None:
    assert sure(confirmed=1) == sure() < sure(confirmed=2)


def test_never_below_nothing() -> None:
    assert sure(dropped=6, cut=9, against_code=True, log_incomplete=True) == 0.0


@pytest.mark.parametrize(
    ("score", "word"),
    [(0.95, "high"), (0.75, "high"), (0.74, "medium"), (0.5, "medium"), (0.25, "low"), (0.24, "none"), (0.0, "none")],
)
def test_labels(score: float, word: str) -> None:
    assert label(score) == word
