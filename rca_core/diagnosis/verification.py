"""Holds a model's answer against the documents it was asked about, and keeps what stands.

A quote must be in the document as sent, a hypothesis and an action must rest on a quote, a name must have been
supplied, a choice must come from the list. What does not hold is taken out and told of; how sure the rest is, is
computed. Pure: the same draft and facts give the same answer, whatever the texts hold.
"""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from rca_core.diagnosis.categories import Category
from rca_core.diagnosis.classifier import Classification, classify
from rca_core.diagnosis.confidence import Grounds, confidence
from rca_core.diagnosis.diagnosis import Evidence, Verification
from rca_core.diagnosis.draft import (
    Draft,
    FailurePoint,
    Hypothesis,
    ProposedAction,
    SimilarIncident,
    Verdict,
)
from rca_core.diagnosis.facts import Facts
from rca_core.diagnosis.matching import Pattern
from rca_core.diagnosis.quoted import Quoted, quoted_lines
from rca_core.diagnosis.wording import Wording

# What an error calls itself, for errors that the catalogue does not know.
_ERROR_NAME = Pattern(r"\pL(?:Error|Exception|Failure|Fault)\b|\b(?:ERROR|FATAL|SEVERE|CRITICAL)\b", ignore_case=False)
_DECIDING = ("code", "pattern")


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What of a model's answer stands. Its texts may be shown; they are masked, but not escaped for any medium.

    `conclusive` is False when the verdict is `inconclusive`: the rules' diagnosis is to be shown then. `summary` is
    empty when nothing of it holds.
    `self_confidence` is the model's own guess, for calibration, shown to nobody.
    """

    verdict: Verdict
    conclusive: bool
    summary: str
    evidence: tuple[Evidence, ...]
    hypotheses: tuple[Hypothesis, ...]
    failure_point: FailurePoint | None
    actions: tuple[ProposedAction, ...]
    next_checks: tuple[str, ...]
    similar: tuple[SimilarIncident, ...]
    missing: tuple[str, ...]
    verification: Verification
    confidence: float
    confidence_why: tuple[str, ...]
    self_confidence: int


def verify(draft: Draft, facts: Facts) -> Verified:
    """Checks a draft and keeps what stands; `schema_retries` of the verification is for the caller to fill in."""
    read = quoted_lines(draft, facts)
    wording = Wording(facts, read.own_names())
    for what, why in read.dropped:
        wording.drop(what, why)
    kept = {
        each: msgspec.structs.replace(quote, evidence=_with_words(quote.evidence, wording))
        for each, quote in read.kept.items()
    }
    hypotheses, leads = _hypotheses(draft, kept, wording)
    repairs = list(read.repairs)
    verdict = _verdict(draft, hypotheses, leads, kept, facts, repairs)
    leading = hypotheses[0] if hypotheses else None
    grounds = _grounds(draft, leading, verdict, kept, facts)
    answer = Verified(
        verdict=verdict,
        conclusive=verdict != "inconclusive",
        summary=_summary(draft, leads, wording),
        evidence=tuple(quote.evidence for quote in kept.values()),
        hypotheses=hypotheses,
        failure_point=_failure_point(draft.failure_point, wording),
        actions=tuple(_actions(draft, facts, kept, wording)),
        next_checks=tuple(filter(None, map(wording.kept, draft.next_checks))),
        similar=tuple(_similar(draft, facts, wording)),
        missing=tuple(filter(None, map(wording.unchecked, draft.missing))),
        verification=Verification(),
        confidence=0.0,
        confidence_why=(),
        self_confidence=draft.self_confidence,
    )
    grounds = msgspec.structs.replace(grounds, cut=wording.cut)
    sure = confidence(grounds)
    rules = facts.classification
    return msgspec.structs.replace(
        answer,
        verification=Verification(
            evidence_in=len(draft.evidence),
            evidence_kept=len(kept),
            dropped=tuple(wording.dropped),
            repairs=tuple(repairs),
            suspicious=read.suspicious,
            rule_category=rules.category,
            agrees_with_rules=_agrees(leading, rules),
        ),
        confidence=sure.score,
        confidence_why=sure.why,
    )


# What rests on quotes -------------------------------------------------------------------------------------------------


def _with_words(evidence: Evidence, wording: Wording) -> Evidence:
    return msgspec.structs.replace(evidence, shows=wording.kept(evidence.shows))


def _surviving(ids: tuple[str, ...], kept: Mapping[str, Quoted]) -> tuple[str, ...]:
    return tuple(each for each in dict.fromkeys(ids) if each in kept)


def _lacks_support(ids: tuple[str, ...], kept: Mapping[str, Quoted]) -> str:
    """Why something that names this evidence cannot be shown; nothing if it can."""
    surviving = _surviving(ids, kept)
    if not surviving:
        return "no evidence that holds supports it"
    if all(kept[each].suspicious for each in surviving):
        return "rests only on lines that read like instructions to an assistant"
    return ""


def _hypotheses(draft: Draft, kept: Mapping[str, Quoted], wording: Wording) -> tuple[tuple[Hypothesis, ...], bool]:
    """The hypotheses that stand, and whether the one that the model put first is still the first."""
    standing: list[Hypothesis] = []
    first_stands = False
    for number, hypothesis in enumerate(draft.hypotheses):
        name = f"hypothesis {number + 1}"
        if why := _lacks_support(hypothesis.supports, kept):
            wording.drop(name, why)
        elif statement := wording.kept(hypothesis.statement):
            first_stands = first_stands or number == 0
            standing.append(
                msgspec.structs.replace(
                    hypothesis,
                    statement=statement,
                    mechanism=wording.kept(hypothesis.mechanism),
                    would_be_wrong_if=wording.kept(hypothesis.would_be_wrong_if),
                    supports=_surviving(hypothesis.supports, kept),
                    contradicts=_surviving(hypothesis.contradicts, kept),
                )
            )
        else:
            wording.drop(name, "nothing of its statement holds")
    return tuple(standing), first_stands


def _actions(draft: Draft, facts: Facts, kept: Mapping[str, Quoted], wording: Wording) -> Iterator[ProposedAction]:
    for action in draft.actions:
        name = f"action {action.action_id}"
        if action.action_id not in facts.actions:
            wording.drop(name, "is not in the list of actions")
        elif action.target_id not in facts.targets:
            wording.drop(name, f"its target {action.target_id} is not in the list of targets")
        elif why := _lacks_support(action.supports, kept):
            wording.drop(name, why)
        else:
            supports = _surviving(action.supports, kept)
            yield msgspec.structs.replace(action, why=wording.kept(action.why), supports=supports)


def _verdict(
    draft: Draft,
    hypotheses: tuple[Hypothesis, ...],
    leads: bool,
    kept: Mapping[str, Quoted],
    facts: Facts,
    repairs: list[str],
) -> Verdict:
    """The model's verdict, or a weaker one. It was passed on the hypothesis that the model put first."""
    verdict = draft.verdict
    why = ""
    if not hypotheses:
        verdict, why = "inconclusive", "no hypothesis stands"
    elif not leads and verdict in ("confirmed_by_error", "likely"):
        verdict, why = "possible", "the hypothesis it was about does not stand"
    elif verdict == "confirmed_by_error" and not any(
        _holds_the_error(kept[each], facts) for each in hypotheses[0].supports
    ):
        verdict, why = "likely", "no quote from the failing step holds the error itself"
    if verdict != draft.verdict:
        repairs.append(f"verdict {draft.verdict} -> {verdict}: {why}")
    return verdict


def _holds_the_error(quote: Quoted, facts: Facts) -> bool:
    if not quote.of_failing_step or quote.suspicious:
        return False
    text = quote.evidence.quote
    decided = facts.classification.quote
    if decided and (decided in text or text in decided):
        return True
    return classify(facts.source, None, text).how in (*_DECIDING, "structure", "status") or _ERROR_NAME.matches(text)


def _agrees(leading: Hypothesis | None, rules: Classification) -> bool | None:
    if leading is None or rules.category == "Unknown":
        return None
    return leading.category == rules.category


def _grounds(
    draft: Draft, leading: Hypothesis | None, verdict: Verdict, kept: Mapping[str, Quoted], facts: Facts
) -> Grounds:
    agrees = _agrees(leading, facts.classification)
    supports = [kept[each] for each in leading.supports if not kept[each].suspicious] if leading else []
    return Grounds(
        conclusive=verdict != "inconclusive",
        kept=len(kept),
        dropped=len(draft.evidence) - len(kept),
        ambiguous=sum(quote.ambiguous for quote in supports),
        known_error=_known_error(leading, supports, facts.source),
        from_two_documents=_from_two_documents(supports),
        confirmed=0 if agrees is False else facts.seen_confirmed,
        against_code=agrees is False and facts.classification.how == "code",
        log_incomplete=facts.log_incomplete,
        alert_text_only=facts.alert_text_only,
    )


def _known_error(leading: Hypothesis | None, supports: list[Quoted], source: str) -> Category | None:
    """The hypothesis's category, if a quote that supports it carries an error of that category."""
    if leading is None or leading.category == "Unknown":
        return None
    found = (classify(source, None, quote.evidence.quote) for quote in supports)
    known = any(each.category == leading.category and each.how in _DECIDING for each in found)
    return leading.category if known else None


def _from_two_documents(supports: list[Quoted]) -> bool:
    """Whether quotes from two documents say two things; the same words sent twice are one."""
    quotes = [(quote.evidence.document, quote.evidence.quote) for quote in supports]
    return any(
        document != other and text not in another and another not in text
        for document, text in quotes
        for other, another in quotes
    )


# What rests on names --------------------------------------------------------------------------------------------------


def _summary(draft: Draft, leads: bool, wording: Wording) -> str:
    if draft.hypotheses and not leads and draft.verdict != "inconclusive":
        wording.drop("summary", "tells of a hypothesis that does not stand")
        return ""
    return wording.kept(draft.summary)


def _failure_point(point: FailurePoint, wording: Wording) -> FailurePoint | None:
    """The failure point in names that were supplied; None without a name for what failed."""
    supplied: Callable[[str], bool] = wording.is_supplied
    if not supplied(point.entity):
        wording.drop("failure point", f"nobody supplied the name {point.entity}" if point.entity else "names nothing")
        return None
    step = wording.masked(point.step) if point.step and supplied(point.step) else None
    if point.step and step is None:
        wording.drop("step of the failure point", f"nobody supplied the name {point.step}")
    attempt = point.attempt if point.attempt is not None and supplied(str(point.attempt)) else None
    return FailurePoint(system=point.system, entity=wording.masked(point.entity), step=step, attempt=attempt)


def _similar(draft: Draft, facts: Facts, wording: Wording) -> Iterator[SimilarIncident]:
    for incident in draft.similar:
        if incident.incident_id in facts.similar:
            yield msgspec.structs.replace(incident, why=wording.kept(incident.why))
        else:
            wording.drop(f"similar incident {incident.incident_id}", "is not in the list of incidents")
