"""Pages of a failed run that its sender did not link to, built of its ids and of addresses that are configured."""

from urllib.parse import quote

from rca_core.diagnosis.matching import Pattern
from rca_core.foundation.evidence import words
from rca_core.foundation.failure import Failure, Link

_BASE = Pattern(r"\Ahttps?://[a-z0-9._-]{1,253}(?::[0-9]{1,5})?(?:/[a-z0-9._~-]{1,99}){0,9}\z")
_SYNAPSE = "/providers/microsoft.synapse/workspaces/"


def links_of(
    failure: Failure, databricks_host: str | None = None, airflow_base_url: str | None = None
) -> tuple[Link, ...]:
    """The page of the run, unless the sender links to one; empty where an id or the address is not known.

    The addresses are those of the settings. An Airflow whose reports name their `deployment` by its address needs no
    setting. Data Factory's page is among the sender's own links, wherever its resource id is known.
    """
    if any(link.kind in ("run", "log") for link in failure.links):
        return ()
    named = {key: words(value) for key, value in failure.entity.items()}
    run = failure.run_id or ""
    if failure.source == "adf":
        url = _synapse(named.get("resource_id", ""), run)
    elif failure.source == "databricks":
        url = _databricks(_base(databricks_host), named.get("job_id", ""), run)
    elif failure.source == "airflow":
        url = _airflow(_base(named.get("deployment")) or _base(airflow_base_url), named, run)
    else:
        url = ""
    return (Link("run", url),) if url else ()


def _base(address: str | None) -> str:
    """An address that pages can be appended to, without its last `/`; else `""`."""
    base = (address or "").rstrip("/")
    return base if _BASE.matches(base) else ""


def _part(text: str) -> str:
    """An id as one part of a path; `""` for what would lead elsewhere."""
    return "" if text in ("", ".", "..") else quote(text, safe="")


def _synapse(resource_id: str, run: str) -> str:
    if _SYNAPSE not in resource_id.lower() or not _part(run):
        return ""
    return (
        f"https://web.azuresynapse.net/en/monitoring/pipelineruns/{_part(run)}?workspace={quote(resource_id, safe='')}"
    )


def _databricks(host: str, job: str, run: str) -> str:
    return f"{host}/jobs/{_part(job)}/runs/{_part(run)}" if host and _part(job) and _part(run) else ""


def _airflow(base: str, named: dict[str, str], run: str) -> str:
    """The paths of Airflow 3 and 2 differ, so the report must say which it is."""
    dag, task = _part(named.get("dag_id", "")), _part(named.get("task_id", ""))
    version = named.get("airflow_version", "").partition(".")[0]
    if not base or not dag or not _part(run):
        return ""
    if version == "3":
        page = f"{base}/dags/{dag}/runs/{_part(run)}"
        return f"{page}/tasks/{task}" if task and not named.get("map_index") else page
    if version == "2":
        return f"{base}/dags/{dag}/grid?dag_run_id={_part(run)}" + (f"&task_id={task}" if task else "")
    return ""
