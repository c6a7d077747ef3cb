"""What is known for sure about a failure: what a model's answer is held against."""

from collections.abc import Mapping
from typing import Any

import msgspec

from rca_core.diagnosis.categories import CATEGORIES
from rca_core.diagnosis.changes import Change
from rca_core.diagnosis.classifier import NOTHING, Classification
from rca_core.diagnosis.documents import Excerpt


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was supplied with the question, and what the rules found.

    `excerpts` are the documents as sent. `source` is the sender (`adf`, `databricks`, ...), `classification` what the
    rules say. `known_names` are names and texts that the payload holds beside the documents: they count as supplied.
    `actions` (by id), `targets` and `similar` are what the model may choose from. `changes` are known changes around
    `failed_at` (ISO 8601; None: not known). `log_missing`: the log of the failing step could not be had.
    `seen_confirmed` counts how often people confirmed the cause of this same fingerprint.
    """

    excerpts: tuple[Excerpt, ...]
    source: str = "generic"
    classification: Classification = NOTHING
    known_names: frozenset[str] = frozenset()
    actions: Mapping[str, Any] = {}
    targets: frozenset[str] = frozenset()
    similar: frozenset[str] = frozenset()
    changes: tuple[Change, ...] = ()
    failed_at: str | None = None
    log_missing: bool = False
    seen_confirmed: int = 0

    def supplied_texts(self) -> list[str]:
        """Every text in which a name may stand that the model is allowed to use."""
        texts = [line.text for excerpt in self.excerpts for line in excerpt.lines]
        texts += [text for excerpt in self.excerpts for text in (excerpt.document.id, excerpt.document.kind)]
        texts += [text for change in self.changes for text in (change.what, change.at, change.entity)]
        texts += [self.classification.reason, *CATEGORIES]
        return [*texts, *self.known_names, *self.actions, *self.targets, *self.similar]

    @property
    def log_incomplete(self) -> bool:
        """Whether the log of the failing step is missing, or was cut before it reached us."""
        cut = any(excerpt.document.truncated and excerpt.document.of_failing_step for excerpt in self.excerpts)
        return self.log_missing or cut

    @property
    def alert_text_only(self) -> bool:
        """Whether all there is to read is what the sender reported, without a log."""
        return self.log_missing and all(excerpt.document.kind == "report" for excerpt in self.excerpts)
