"""What is said about a failure: cause, evidence, what to do, and how sure that is."""

from typing import Literal

import msgspec

from rca_core.diagnosis.categories import Category
from rca_core.diagnosis.draft import FailurePoint, Hypothesis, SimilarIncident, Verdict

Engine = Literal["recall", "rules", "gemini"]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A verbatim quote, and where it stands: `where` is `error_code`, `message`, `log` or the kind of the document,
    `document` its id among the diagnosis's `documents`, the lines counted from 1. `shows` is what the model says that
    it shows; `id` is what hypotheses name it by.
    """

    quote: str
    where: str
    id: str = ""
    document: str = ""
    line_start: int = 0
    line_end: int = 0
    shows: str = ""


class DocumentNote(msgspec.Struct, frozen=True, kw_only=True):
    """One text that the diagnosis stands on: `archived` names its blob, `sent_lines` how many of its `lines` were
    sent to the model, `truncated` that it was cut before it reached us.
    """

    id: str
    kind: str
    archived: str
    lines: int
    sent_lines: int = 0
    truncated: bool = False


class Dropped(msgspec.Struct, frozen=True):
    """Something of a model's answer that is not shown, and why: `what` is an id or the text of it."""

    what: str
    why: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks did to a model's answer. `agrees_with_rules` is null when the rules found no category.

    `suspicious` names lines of the documents that read like instructions to an assistant (`D1 line 12`).
    """

    evidence_in: int = 0
    evidence_kept: int = 0
    dropped: tuple[Dropped, ...] = ()
    repairs: tuple[str, ...] = ()
    suspicious: tuple[str, ...] = ()
    schema_retries: int = 0
    rule_category: Category = "Unknown"
    agrees_with_rules: bool | None = None


class ModelUse(msgspec.Struct, frozen=True, kw_only=True):
    """Which model answered, asked how, at what price in tokens and milliseconds; `self_confidence` is its own guess."""

    model: str
    prompt_version: str
    tokens_in: int = 0
    tokens_out: int = 0
    latency_ms: int = 0
    self_confidence: int = 0


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """The earlier ticket that answers: how often this failure was seen, and what fixed it then.

    `resolution` is empty when a model's answer is reused that nobody has confirmed by a resolution.
    """

    ticket_id: str
    at: str
    seen: int
    resolution: str = ""
    resolved_by: str = ""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The diagnosis of one failure, JSON-serialisable.

    `cause` is text for people: what failed, by the names in the payload, and why. `recommendations` are ordered, the
    first to do comes first. `confidence` is 0 to 1, computed by code; `confidence_why` says from what. `engine` tells
    which rung answered and `engine_reason` why it did; `reason` tells how the category was decided. `entry` is the
    catalogue entry, `docs` links to public documentation. Every quote of `evidence` stands in the document it names.
    """

    cause: str
    recommendations: tuple[str, ...]
    confidence: float
    engine: Engine
    engine_reason: str
    category: Category
    retryable: bool
    reason: str
    confidence_why: tuple[str, ...] = ()
    entry: str | None = None
    evidence: tuple[Evidence, ...] = ()
    documents: tuple[DocumentNote, ...] = ()
    docs: tuple[str, ...] = ()
    verdict: Verdict | None = None
    failure_point: FailurePoint | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
    next_checks: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    similar: tuple[SimilarIncident, ...] = ()
    verification: Verification | None = None
    model: ModelUse | None = None
    recalled: Recalled | None = None
