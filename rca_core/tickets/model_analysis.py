"""The model's analysis of a case: asked within the budget, repaired once, checked, and told in the ticket's words."""

import msgspec

from rca_core.diagnosis import Diagnosis
from rca_core.diagnosis.cutting import cut_all
from rca_core.diagnosis.diagnosis import DocumentNote, ModelUse, Recalled
from rca_core.diagnosis.documents import Excerpt
from rca_core.diagnosis.draft import ProposedAction
from rca_core.diagnosis.draft_reading import DraftProblems, read_draft
from rca_core.diagnosis.facts import Facts
from rca_core.diagnosis.gemini import Gemini
from rca_core.diagnosis.gemini_answers import ModelAnswer
from rca_core.diagnosis.prompt import Prompt, Question, build
from rca_core.diagnosis.redaction import redact_body
from rca_core.diagnosis.reuse import draft_again
from rca_core.diagnosis.verification import Verified, verify
from rca_core.foundation.evidence import words
from rca_core.foundation.settings import GeminiSettings
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets.case import Case
from rca_core.tickets.model_budget import ModelBudget
from rca_core.tickets.model_call import NoAnalysis, called
from rca_core.tickets.recall import Memory
from rca_core.tickets.ticket import Ticket

DOCUMENT_TOKENS = 6_000
"""How much of the documents is sent, by the estimate of `cutting`: an analysis costs some cents at most."""

# How the rules decided when they are less sure of the category than a conclusive reading of the log.
_UNSURE = frozenset({"none", "wrapper", "status", "structure"})


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What the model said in the end, kept in the archive; `use` is what all its calls took together."""

    text: str
    problems: tuple[str, ...] = ()
    retries: int = 0
    use: ModelUse


def analysis_by_model(
    storage: Storage,
    settings: GeminiSettings,
    ticket: Ticket,
    report_key: str,
    case: Case,
    by_rules: Diagnosis,
    memory: Memory,
) -> Diagnosis:
    """The model's analysis of the case; raises NoAnalysis.

    The answer is archived before anything is made of it: should the process die, the next delivery reads it there
    instead of asking again.
    """
    excerpts = cut_all(case.documents, DOCUMENT_TOKENS)
    similar = {fix: "the same failure, acknowledged once" for fix in memory.fixes if fix != ticket.id}
    name = archive.model_answer_name(ticket.id, report_key)
    kept = archive.archived(storage, name)
    if kept is not None:
        answered = msgspec.json.decode(kept, type=Answered)
    else:
        prompt = build(excerpts, _question(case, by_rules, similar))
        answered = _asked(ModelBudget(storage, settings), settings, prompt)
        archive.archive_text(storage, name, msgspec.json.encode(answered).decode())
    if answered.problems:
        raise NoAnalysis(
            f"its answer cannot be read: {answered.problems[0]}", asked=True, inconclusive=True, model=answered.use
        )
    facts = _facts(case, by_rules, excerpts, frozenset(similar))
    draft = read_draft(answered.text)
    use = msgspec.structs.replace(answered.use, self_confidence=draft.self_confidence)
    verified = verify(draft, facts)
    verification = msgspec.structs.replace(verified.verification, schema_retries=answered.retries)
    if not verified.conclusive:
        nothing_left = verification.evidence_in > 0 and verification.evidence_kept == 0
        why = "nothing of its analysis stood up to the checks" if nothing_left else "its analysis is inconclusive"
        raise NoAnalysis(why, asked=True, inconclusive=True, verification=verification, model=use)
    return msgspec.structs.replace(
        _diagnosis(case, by_rules, verified, excerpts),
        engine_reason=f"{use.model} read the documents; every quote was found in them.",
        verification=verification,
        model=use,
    )


def reused_analysis(case: Case, by_rules: Diagnosis, earlier: Ticket, seen: int) -> Diagnosis:
    """The analysis that the model gave of the same failure in an earlier ticket, checked again against this one's
    documents; the rules' diagnosis with the reason if it does not hold for them.
    """
    excerpts = cut_all(case.documents, DOCUMENT_TOKENS)
    confirmed = sum(one.verdict == "right" for one in earlier.feedback)
    verified = verify(
        draft_again(earlier.diagnosis, excerpts), _facts(case, by_rules, excerpts, frozenset(), confirmed)
    )
    if not verified.conclusive:
        why = f"its analysis of the same failure in {earlier.id} does not hold for this failure's log"
        return msgspec.structs.replace(
            by_rules,
            engine_reason=f"{by_rules.engine_reason} Not the model, for {why}.",
            verification=verified.verification,
        )
    use = earlier.diagnosis.model
    return msgspec.structs.replace(
        _diagnosis(case, by_rules, verified, excerpts),
        engine_reason=f"The model's analysis of the same failure in {earlier.id}, used again; its quotes were looked"
        " for in this failure's own log.",
        model=use and msgspec.structs.replace(use, tokens_in=0, tokens_out=0, latency_ms=0),
        recalled=Recalled(ticket_id=earlier.id, at=earlier.timestamp, seen=seen),
    )


def _asked(budget: ModelBudget, settings: GeminiSettings, prompt: Prompt) -> Answered:
    """The model's answer, after one attempt to have it repaired if it cannot be read."""
    model = Gemini(settings.api_key, settings.model, settings.base_url)
    asked = len(prompt.system) + len(prompt.user)
    answers = [called(budget, asked, lambda: model.ask(prompt))]
    text = _masked(answers[0])
    problems = _problems(text)
    if problems:
        answers.append(called(budget, asked + len(text), lambda: model.repair(prompt, text, problems)))
        text = _masked(answers[-1])
        problems = _problems(text)
    use = ModelUse(
        model=answers[-1].model,
        prompt_version=prompt.version,
        tokens_in=sum(one.tokens_in for one in answers),
        tokens_out=sum(one.tokens_out for one in answers),
        latency_ms=sum(one.latency_ms for one in answers),
    )
    return Answered(text=text, problems=problems, retries=len(answers) - 1, use=use)


def _masked(answer: ModelAnswer) -> str:
    return redact_body(answer.text.encode("utf-8", "replace"))[0].decode()


def _problems(text: str) -> tuple[str, ...]:
    try:
        read_draft(text)
    except DraftProblems as found:
        return found.problems
    return ()


def _question(case: Case, by_rules: Diagnosis, similar: dict[str, str]) -> Question:
    failure = case.failure
    names = {key: text for key, value in failure.entity.items() if (text := words(value))}
    return Question(
        source=failure.source,
        names={"what": failure.pipeline, **names},
        category=by_rules.category,
        reason=by_rules.reason,
        error_code=failure.error_code,
        actions=_actions(by_rules),
        targets=_targets(case),
        similar=similar,
    )


def _actions(by_rules: Diagnosis) -> dict[str, str]:
    return {f"A{number}": text for number, text in enumerate(by_rules.recommendations, 1)}


def _targets(case: Case) -> dict[str, str]:
    failure = case.failure
    named = [failure.pipeline, *(words(value) for value in failure.entity.values())]
    return {f"T{number}": text for number, text in enumerate(dict.fromkeys(filter(None, named)), 1)}


def _facts(
    case: Case, by_rules: Diagnosis, excerpts: tuple[Excerpt, ...], similar: frozenset[str], confirmed: int = 0
) -> Facts:
    failure = case.failure
    names = [failure.pipeline, failure.title, failure.error_code or "", *failure.runs, failure.run_id or ""]
    names += [words(value) for value in (*failure.entity.values(), *failure.labels.values())]
    return Facts(
        excerpts=excerpts,
        source=failure.source,
        classification=case.verdict,
        known_names=frozenset(filter(None, [*names, *_actions(by_rules).values()])),
        actions=_actions(by_rules),
        targets=frozenset(_targets(case)),
        similar=similar,
        failed_at=failure.occurred_at,
        log_missing=failure.log is None
        and not any(one.document.of_failing_step and one.document.kind != "report" for one in excerpts),
        seen_confirmed=confirmed,
    )


def _diagnosis(case: Case, by_rules: Diagnosis, verified: Verified, excerpts: tuple[Excerpt, ...]) -> Diagnosis:
    """What survived the checks, in the ticket's words; what the model has no say in is the rules'."""
    best = verified.hypotheses[0]
    classification = case.verdict
    sure = verified.verdict in ("confirmed_by_error", "likely")
    takes_category = by_rules.category == "Unknown" or (sure and classification.how in _UNSURE)
    agrees = best.category == by_rules.category != "Unknown"
    return msgspec.structs.replace(
        by_rules,
        cause=_sentences(verified.summary, best.statement, best.mechanism),
        recommendations=_recommendations(by_rules, verified.actions),
        confidence=max(verified.confidence, by_rules.confidence) if agrees else verified.confidence,
        confidence_why=(*verified.confidence_why, *_second_opinion(by_rules, verified, agrees)),
        engine="gemini",
        category=best.category if takes_category else by_rules.category,
        retryable=by_rules.retryable and (agrees or not takes_category),
        reason=by_rules.reason
        if agrees or not takes_category
        else f"The model's reading; the rules: {by_rules.reason}",
        evidence=verified.evidence,
        documents=_notes(excerpts),
        verdict=verified.verdict,
        failure_point=verified.failure_point,
        hypotheses=verified.hypotheses,
        next_checks=verified.next_checks,
        missing=verified.missing,
        similar=verified.similar,
        verification=verified.verification,
    )


def _second_opinion(by_rules: Diagnosis, verified: Verified, agrees: bool) -> tuple[str, ...]:
    """Two that say the same independently are at least as sure as the surer of them."""
    if not agrees or by_rules.confidence <= verified.confidence:
        return ()
    return (f"raised to {by_rules.confidence}: the rules find the same category by themselves",)


def _recommendations(by_rules: Diagnosis, chosen: tuple[ProposedAction, ...]) -> tuple[str, ...]:
    """The rules' steps, those first that the model chose for what it read."""
    actions = _actions(by_rules)
    first = [actions[one.action_id] for one in chosen]
    return tuple(dict.fromkeys([*first, *by_rules.recommendations]))


def _sentences(*texts: str) -> str:
    """The texts one after the other, without what was said already."""
    told: list[str] = []
    for text in texts:
        said = text.strip()
        if said and not any(said.rstrip(".") in earlier for earlier in told):
            told.append(said if said.endswith((".", "!", "?")) else f"{said}.")
    return " ".join(told)


def _notes(excerpts: tuple[Excerpt, ...]) -> tuple[DocumentNote, ...]:
    return tuple(
        DocumentNote(
            id=one.document.id,
            kind=one.document.kind,
            archived=one.document.archived,
            lines=one.total_lines,
            sent_lines=len(one.lines),
            truncated=one.document.truncated,
        )
        for one in excerpts
    )
