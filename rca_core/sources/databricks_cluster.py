"""Databricks clusters that failed to start or were lost.

Termination codes and types: Databricks SDK for Python, `service/compute.py` (TerminationReason).
"""

from typing import Any

from rca_core.foundation.failure import Failure, Ignored
from rca_core.sources.reading import canonical_json, columns, dig, first, mapping, name, pick, text, utc_time, words
from rca_core.sources.shaping import Outcome, digest, entity, labels, report_key, run_key, title

_UNDER_WAY = {"running", "pending", "restarting", "resizing", "terminating"}
_ORDINARY_ENDS = {"inactivity", "user_request", "job_finished", "success"}
_STATE_FIELDS = (
    "state",
    "termination_reason",
    "terminationreason",
    "termination_code",
    "state_message",
    "cluster_state",
)


def is_cluster_event(element: dict[str, Any], event: str) -> bool:
    """Whether the body is about a cluster rather than about a run on it."""
    if event.lower().startswith(("clusters.", "cluster.", "cluster_")):
        return True
    cluster = _cluster(element)
    if not name(cluster.get("cluster_id")):
        return False
    about_a_run = "run" in element or "run_id" in element or "job" in element or "job_id" in element
    return not about_a_run and any(field in cluster or field in element for field in _STATE_FIELDS)


def _cluster(element: dict[str, Any]) -> dict[str, Any]:
    return mapping(element.get("cluster")) or mapping(element.get("cluster_instance")) or element


def read(element: dict[str, Any], event: str) -> Outcome:
    """The cluster's failure, unless the cluster works or ended as it should."""
    cluster = _cluster(element)
    named = columns(cluster, element)
    reason = mapping(named.get("terminationreason"))
    state = pick(named, "state", "clusterstate")
    code = first(name(reason.get("code")), pick(named, "terminationcode", "errorcode"))
    kind = name(reason.get("type"))
    tells_of_failure = "fail" in event.lower() or "error" in event.lower()
    if not tells_of_failure and (ordinary := _ordinary(event, state, code, kind)):
        return Ignored(ordinary)
    return _failure(element, event, state, code, reason)


def _ordinary(event: str, state: str, code: str, kind: str) -> str | None:
    if code.lower() in _ORDINARY_ENDS or kind.upper() == "SUCCESS":
        return f"The cluster was terminated in the ordinary way ({first(code, kind)})."
    if not code and state.lower() in _UNDER_WAY:
        return f"The cluster is {state}, which is no failure."
    if not code and not state and event.lower().endswith(("start", "started", "running", "created", "resized")):
        return f"{event} is no failure."
    return None


def _failure(element: dict[str, Any], event: str, state: str, code: str, reason: dict[str, Any]) -> Failure:
    named = columns(_cluster(element), element)
    cluster_id, workspace = pick(named, "clusterid"), pick(named, "workspaceid", "orgid")
    cluster = first(pick(named, "clustername"), cluster_id, event)
    message = _message(named, reason)
    when = next(
        (
            time
            for key in ("terminatedtime", "timestamp", "eventtime", "time", "timegenerated")
            if (time := utc_time(named.get(key)))
        ),
        None,
    )
    return Failure(
        source="databricks",
        run_key=run_key("databricks", workspace, "cluster", cluster_id, when or digest(element)),
        report_key=report_key(code, message),
        pipeline=f"cluster {cluster}",
        title=title(f"Cluster {cluster} failed" + (f" ({code})" if code else "")),
        message=message,
        error_code=first(code, state if state.upper() == "ERROR" else "") or None,
        occurred_at=when,
        entity=entity(
            workspace_id=workspace,
            cluster_id=cluster_id,
            cluster_name=pick(named, "clustername"),
            cluster_source=pick(named, "clustersource"),
            state=state,
            termination_type=name(reason.get("type")),
            event=event,
        ),
        labels=labels(mapping(named.get("customtags")), mapping(named.get("tags"))),
        recognised=bool(code or state or "fail" in event.lower() or "error" in event.lower()),
    )


def _message(named: dict[str, Any], reason: dict[str, Any]) -> str:
    parameters = mapping(reason.get("parameters"))
    details = [f"{name(key)}: {value}" for key, sent in parameters.items() if (value := text(sent))]
    said = first(
        words(named.get("statemessage")),
        words(named.get("failuretext")),
        words(named.get("errormessage")),
        words(dig(named, "error")),
        words(named.get("message")),
    )
    if not said and not details and reason:
        return canonical_json(reason)
    return "\n".join(filter(None, [said, *details[:50]]))
