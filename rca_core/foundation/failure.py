"""A failure as the rest of the program sees it, whoever reported it."""

from typing import Any, Literal

import msgspec

Source = Literal["adf", "databricks", "airflow", "azure-monitor"]


class Link(msgspec.Struct, frozen=True):
    """Where to look further. `kind` is one of `run`, `log`, `alert`, `resource`, `query`,
    `runbook`, `docs`, `payload`, `jira`."""

    kind: str
    url: str


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that failed, as its sender reported it. Made by `rca_core.sources`, immutable, JSON-serialisable.

    `run_key` is what makes the failure unique for its sender, never the run id alone (DESIGN section 3), for
    example `("adf", "adf-sales-prod", "9f60...")`. Two reports with the same run key belong to one ticket.
    `report_key` is a digest of what this report says (entity, code, message); a report that repeats
    both keys says nothing new.
    `run_id` is the id the sender uses for the run (`None` when it sends none); `runs` are all run ids that the
    report names. `pipeline` is the pipeline, job, `dag/task` or alert rule. `error_code` is the vendor's own.
    `message` is the error text, `""` when the sender sends none. `log` is a traceback or log tail, if sent.
    `occurred_at` is ISO 8601 UTC with `Z`. `alert_severity` is the sender's own word (`Sev0`..`Sev4`).
    `entity` names what was affected (factory, activity, workspace, job, cluster, dag, task...), values as sent,
    empty ones left out. `labels` are the sender's own key/values that may tell environment or owner (custom
    properties, tags, Airflow owner).
    `recognised` is False when the sender's marks were there but the kind of event is one nobody knows.
    """

    source: Source
    run_key: tuple[str, ...]
    report_key: str
    pipeline: str
    title: str
    message: str
    run_id: str | None = None
    runs: tuple[str, ...] = ()
    error_code: str | None = None
    log: str | None = None
    occurred_at: str | None = None
    alert_severity: str | None = None
    entity: dict[str, Any] = {}
    labels: dict[str, str] = {}
    links: tuple[Link, ...] = ()
    recognised: bool = True


class Ignored(msgspec.Struct, frozen=True):
    """An event that is no failure (resolved, succeeded, started, a test), and why, in words for the sender."""

    reason: str
