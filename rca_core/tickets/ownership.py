"""Who owns what failed: the operator's ownership table first, then what the sender's labels say, else Unknown. Pure.

A rule names a pipeline whole, `*` and `?` standing for what may differ; upper and lower case are the same. Nothing is
ever looked for inside a name, and nobody is made up. What a pattern is held against:

| source | pattern without `/` | pattern with `/` |
|---|---|---|
| `adf` | pipeline | `factory/pipeline` |
| `airflow` | DAG | `DAG/task` |
| `databricks`, `azure-monitor` | job, cluster or alert rule | the same, for names that contain a `/` |

Labels are Azure Monitor custom properties, Databricks job and cluster tags, and the owner of an Airflow DAG.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from rca_core.diagnosis.matching import Pattern
from rca_core.diagnosis.redaction_rules import PLACEHOLDER
from rca_core.foundation.failure import Failure, Source
from rca_core.sources.reading import identifier, plain_name
from rca_core.tickets.ticket import Ticket

UNKNOWN = "Unknown"
ANY_SOURCE = "*"

_FIELDS = {"team": "team", "owner": "owner", "cost_center": "cost center"}
_LONGEST_VALUE = 200
# Names of labels, without case, blanks, `_` and `-`; the first that holds something wins.
_LABELS = {
    "team": ("team", "teamname", "owningteam", "ownerteam", "finopsteam"),
    "owner": ("owner", "owners", "dataowner", "ownername", "owneremail", "ownedby", "finopsowner"),
    "cost_center": ("costcenter", "costcentre", "finopscostcenter"),
}
# What Airflow calls the owner of a DAG for which nobody said who it is ("DAG" in Airflow's reference).
_NOBODY_OF_AIRFLOW = "airflow"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the ownership table: who owns the pipelines that `pattern` names, of one source or (`*`) of all.

    `""` says nothing of a field. `version` counts changes, from 1.
    """

    id: str
    source: str
    pattern: str
    team: str = ""
    owner: str = ""
    cost_center: str = ""
    note: str = ""
    created_by: str
    created: str
    updated_by: str
    updated: str
    version: int = 1

    @property
    def rank(self) -> tuple[Any, ...]:
        """Sorts the most specific rule first: more of the name spelled out, fewer `*`, a source of its own."""
        stars = self.pattern.count("*")
        spelled = len(self.pattern) - stars - self.pattern.count("?")
        return -spelled, stars, self.source == ANY_SOURCE, self.pattern.casefold(), self.id

    def names(self, pipeline: "Pipeline") -> bool:
        """Whether the rule is about this pipeline."""
        name = pipeline.full if "/" in self.pattern else pipeline.name
        return self.source in (ANY_SOURCE, pipeline.source) and _whole(self.pattern).matches(name)


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Who owns a pipeline, and the sentence that says what decided it."""

    team: str = UNKNOWN
    owner: str = UNKNOWN
    cost_center: str = UNKNOWN
    decided_by: str


class Pipeline(NamedTuple):
    """What may have an owner: `full` is `factory/pipeline` or `DAG/task`, `name` the pipeline or the DAG alone."""

    source: str
    name: str
    full: str


def pipeline_named(source: str, text: str) -> Pipeline:
    """The pipeline that a person calls by its name or its full name."""
    before, slash, behind = text.partition("/")
    short = {"adf": behind, "airflow": before}.get(source) if slash else text
    return Pipeline(source, short or text, text)


def pipeline_of(failed: Failure | Ticket) -> Pipeline:
    """The pipeline that failed."""
    name, entity = failed.pipeline, failed.entity if isinstance(failed, Failure) else failed.affected_entity
    if failed.source == "adf":
        factory = str(entity.get("factory") or "")
        return Pipeline(failed.source, name, f"{factory}/{name}" if factory else name)
    return pipeline_named(failed.source, name)


def owner_of(rules: Sequence[Rule], failure: Failure) -> Owner:
    """The owner by the first of the `ordered` rules that names the pipeline; what it leaves open, labels may say."""
    rule = deciding(rules, pipeline_of(failure))
    said = _said_by(rule) if rule else {}
    labelled = _said_by_labels(failure.source, failure.labels)
    said = {**labelled, **said}
    decided = [f"{_FIELDS[field]}: {said[field][1]}" for field in _FIELDS if field in said]
    return Owner(
        **{field: value for field, (value, _) in said.items()},
        decided_by="; ".join(decided) or "No rule of the ownership table names the pipeline, and no label its owner.",
    )


def is_unowned(team: str, owner: str) -> bool:
    """Whether there is nobody to turn to."""
    return team == owner == UNKNOWN


def ordered(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules in the order in which they are tried."""
    return tuple(sorted(rules, key=lambda rule: rule.rank))


def deciding(rules: Sequence[Rule], pipeline: Pipeline) -> Rule | None:
    """The first of the `ordered` rules that names the pipeline."""
    return next((rule for rule in rules if rule.names(pipeline)), None)


def described(rule: Rule) -> str:
    """The rule as the ticket names it."""
    return f"rule '{rule.pattern}' for {'every source' if rule.source == ANY_SOURCE else rule.source}"


@lru_cache(maxsize=4_096)
def _whole(pattern: str) -> Pattern:
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", pattern))
    return Pattern(rf"(?s)\A(?:{''.join(parts)})\z")


def _said_by(rule: Rule) -> dict[str, tuple[str, str]]:
    return {field: (value, described(rule)) for field in _FIELDS if (value := getattr(rule, field))}


def _usable(source: Source, label: str, sent: str) -> str:
    """The value of a label; `""` if it names nobody: Airflow's own word for that, or an address that was masked."""
    value = identifier(sent)[:_LONGEST_VALUE]
    if source == "airflow" and plain_name(label) in _LABELS["owner"] and value.lower() == _NOBODY_OF_AIRFLOW:
        return ""
    return "" if PLACEHOLDER.matches(value) else value


def _said_by_labels(source: Source, labels: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Of each field that a label states, the value and which label it is."""
    usable = {
        plain_name(label): (value, f"label '{label}'")
        for label, sent in reversed(list(labels.items()))
        if (value := _usable(source, label, sent))
    }
    found = {field: next((usable[name] for name in names if name in usable), None) for field, names in _LABELS.items()}
    return {field: one for field, one in found.items() if one}
