"""What is said about a failure: cause, evidence, what to do, and how sure that is."""

import msgspec

from rca_core.diagnosis.categories import Category


class Evidence(msgspec.Struct, frozen=True):
    """A verbatim quote, and where it stands: `error_code`, `message` or `log`."""

    quote: str
    where: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The diagnosis of one failure, JSON-serialisable.

    `cause` is text for people: what failed, by the names in the payload, and why. `recommendations` are ordered, the
    first to do comes first. `confidence` is 0 to 1. `engine` tells which rung answered and `engine_reason` why it did;
    `reason` tells how the category was decided. `entry` is the catalogue entry, `docs` links to public documentation.
    """

    cause: str
    recommendations: tuple[str, ...]
    confidence: float
    engine: str
    engine_reason: str
    category: Category
    retryable: bool
    reason: str
    entry: str | None = None
    evidence: tuple[Evidence, ...] = ()
    docs: tuple[str, ...] = ()
