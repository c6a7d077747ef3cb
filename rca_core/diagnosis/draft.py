"""What the model is asked to write: an analysis in which every statement names the lines that support it.

A draft is what a model says, nothing more: `verification` decides what of it is shown. The order of the fields is the
order in which the model writes them: what failed, the evidence, and only then the conclusion.
"""

from typing import Literal

import msgspec

from rca_core.diagnosis.categories import Category

System = Literal["adf", "databricks", "airflow", "azure_monitor", "other"]
FaultDomain = Literal["user_code", "user_config", "data", "upstream", "platform", "cloud", "unknown"]
Verdict = Literal["confirmed_by_error", "likely", "possible", "inconclusive"]


class FailurePoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where it broke, in names that the documents contain."""

    system: System
    entity: str
    step: str | None = None
    attempt: int | None = None


class DraftEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """A quote, where it is said to stand, and what it is said to show."""

    id: str
    doc: str
    line_start: int
    line_end: int
    quote: str
    shows: str


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True):
    """A possible cause. `supports` and `contradicts` are ids of evidence."""

    statement: str
    mechanism: str
    category: Category
    fault_domain: FaultDomain
    supports: tuple[str, ...]
    contradicts: tuple[str, ...] = ()
    would_be_wrong_if: str = ""


class ProposedAction(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do, chosen from the list that came with the question."""

    action_id: str
    target_id: str
    why: str
    supports: tuple[str, ...]
    permanent: bool = False


class SimilarIncident(msgspec.Struct, frozen=True, kw_only=True):
    """A past ticket, chosen from the list that came with the question."""

    incident_id: str
    same_cause: bool
    why: str


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A model's answer that has the right shape; nothing in it has been checked yet.

    `self_confidence` (0 to 100) is recorded for calibration and shown to nobody.
    """

    failure_point: FailurePoint
    evidence: tuple[DraftEvidence, ...]
    hypotheses: tuple[Hypothesis, ...]
    verdict: Verdict
    summary: str
    actions: tuple[ProposedAction, ...] = ()
    next_checks: tuple[str, ...] = ()
    similar: tuple[SimilarIncident, ...] = ()
    missing: tuple[str, ...] = ()
    self_confidence: int = 0
