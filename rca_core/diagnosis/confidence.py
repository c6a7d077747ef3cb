"""How sure a verified answer is: a sum of what was checked, never what the model believes of itself.

The weights are a starting point, to be fitted once answers have been judged.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from rca_core.diagnosis.categories import Category

Label = Literal["high", "medium", "low", "none"]

_START = 0.20
_KNOWN_ERROR = 0.35
_TWO_DOCUMENTS = 0.15
_CONFIRMED_BEFORE = 0.15
_CONFIRMED_OFTEN_ENOUGH = 2
_DROPPED_QUOTE, _MOST_FOR_DROPPED_QUOTES = 0.10, 0.30
_CUT_SENTENCE, _MOST_FOR_CUT_SENTENCES = 0.05, 0.15
_AMBIGUOUS_QUOTE, _MOST_FOR_AMBIGUOUS_QUOTES = 0.05, 0.10
_AGAINST_A_CODE = 0.25
_LOG_INCOMPLETE = 0.15

_MOST = 0.95
_MOST_WITHOUT_CONCLUSION = 0.20
_MOST_AGAINST_A_CODE = 0.45
_MOST_FROM_ALERT_TEXT = 0.55

_LABELS: tuple[tuple[float, Label], ...] = ((0.75, "high"), (0.50, "medium"), (0.25, "low"))


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks of an answer found.

    Of the quotes that support its first hypothesis: `known_error` is the category of an error of the catalogue that
    one of them carries, if it is the hypothesis's own (else None), `from_two_documents` that two of them say different
    things in different documents. `kept`, `dropped`, `ambiguous` count quotes, `cut` sentences. `confirmed` counts how
    often people confirmed this cause for the same failure. `against_code`: the rules know the code that was reported,
    and it means another category.
    """

    conclusive: bool
    kept: int
    dropped: int = 0
    ambiguous: int = 0
    cut: int = 0
    known_error: Category | None = None
    from_two_documents: bool = False
    confirmed: int = 0
    against_code: bool = False
    log_incomplete: bool = False
    alert_text_only: bool = False


class Confidence(msgspec.Struct, frozen=True):
    """From 0 to 0.95, and a line for each thing it was made of."""

    score: float
    label: Label
    why: tuple[str, ...]


def confidence(grounds: Grounds) -> Confidence:
    """The sum of the terms that apply, then no more than the lowest cap that applies."""
    terms = list(_terms(grounds))
    score = sum(value for value, _ in terms)
    why = [f"{value:+.2f} {what}" for value, what in terms]
    for most, what in sorted(_caps(grounds)):
        if score > most:
            score = most
            why.append(f"at most {most:.2f} {what}")
    score = round(max(score, 0.0), 2)
    return Confidence(score, label(score), tuple(why))


def label(score: float) -> Label:
    """The word for a score: `high` from 0.75, `medium` from 0.50, `low` from 0.25, else `none`."""
    return next((word for least, word in _LABELS if score >= least), "none")


def _terms(grounds: Grounds) -> Iterator[tuple[float, str]]:
    yield _START, "a model read the documents"
    if grounds.known_error is not None:
        yield _KNOWN_ERROR, f"a quote carries an error that the catalogue knows as {grounds.known_error}"
    if grounds.from_two_documents:
        yield _TWO_DOCUMENTS, "quotes from two documents support it"
    if grounds.confirmed >= _CONFIRMED_OFTEN_ENOUGH:
        yield _CONFIRMED_BEFORE, f"people confirmed the cause of this same failure {grounds.confirmed} times"
    if grounds.dropped:
        value = min(grounds.dropped * _DROPPED_QUOTE, _MOST_FOR_DROPPED_QUOTES)
        yield -value, f"{_counted(grounds.dropped, 'quote')} dropped"
    if grounds.cut:
        value = min(grounds.cut * _CUT_SENTENCE, _MOST_FOR_CUT_SENTENCES)
        yield -value, f"{_counted(grounds.cut, 'sentence')} cut: not borne out by what was supplied"
    if grounds.ambiguous:
        value = min(grounds.ambiguous * _AMBIGUOUS_QUOTE, _MOST_FOR_AMBIGUOUS_QUOTES)
        yield -value, f"{_counted(grounds.ambiguous, 'quote')} found in several places, none of them the one named"
    if grounds.against_code:
        yield -_AGAINST_A_CODE, "the reported error code means another category"
    if grounds.log_incomplete:
        yield -_LOG_INCOMPLETE, "the log of the failing step is missing or cut"


def _caps(grounds: Grounds) -> Iterator[tuple[float, str]]:
    yield _MOST, "in any case"
    if not grounds.kept:
        yield _MOST_WITHOUT_CONCLUSION, "without a quote that holds"
    elif not grounds.conclusive:
        yield _MOST_WITHOUT_CONCLUSION, "without a conclusion"
    if grounds.against_code:
        yield _MOST_AGAINST_A_CODE, "against a known error code"
    if grounds.alert_text_only:
        yield _MOST_FROM_ALERT_TEXT, "from the text of an alert alone"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
