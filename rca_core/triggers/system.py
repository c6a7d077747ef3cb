"""The app about itself: is it well, and what can it be asked."""

import time
from functools import lru_cache
from typing import Literal

import azure.functions as func
import msgspec
from azure.core.exceptions import AzureError

from rca_core import services
from rca_core.access import origins
from rca_core.foundation import logs
from rca_core.foundation.queues import Queue
from rca_core.foundation.settings import GeminiSettings, settings
from rca_core.integrations import archive
from rca_core.tickets import claims
from rca_core.triggers.http import endpoint, json_response

blueprint = func.Blueprint()

_PROBE_SECONDS = 3
_MODEL_PROBE_SECONDS = 300
_MODEL_PROBE_TIMEOUT_SECONDS = 5

# What anybody may read: Google's own words may name a project.
_MODEL_TROUBLE = {
    "timeout": "It does not answer in time.",
    "rate_limited": "Its quota is used up for now.",
    "unavailable": "It cannot be reached, or is in trouble itself.",
    "misconfigured": "The key or GEMINI_MODEL is refused; the log of the app says why.",
}
_SWITCHED_ON_BY = {
    "gemini": "GEMINI_API_KEY",
    "jira": "JIRA_BASE_URL",
    "slack": "SLACK_BOT_TOKEN",
    "live_updates": "AzureSignalRConnectionString",
    "databricks_api": "DATABRICKS_TOKEN",
    "data_factory_api": "AZURE_MANAGEMENT_URL",
    "airflow_api": "AIRFLOW_TOKEN",
}


Part = Literal["ok", "off", "down"]

# What the last probe of a model found.
_found_with_model: dict[GeminiSettings, str] = {}


class Health(msgspec.Struct, frozen=True):
    """Whether the app works. A part is `ok`, `off` (it has no settings) or `down`; `notes` say why. The app itself is
    down only without storage: it makes tickets without any other part.
    """

    status: Literal["ok", "down"]
    parts: dict[str, Part]
    notes: dict[str, str]


@blueprint.route("api/health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """200 when the app can do its job, 503 when it cannot. Anybody may ask; storage is asked every few seconds."""
    moment = time.monotonic()
    storage: Literal["ok", "down"] = "ok" if _storage_answers(int(moment / _PROBE_SECONDS)) else "down"
    gemini = settings().gemini
    trouble = _trouble_with_model(gemini, int(moment / _MODEL_PROBE_SECONDS)) if gemini else ""
    health = _health(storage, trouble)
    return json_response(health, status=200 if health.status == "ok" else 503)


def known_health() -> Health:
    """As `get_health` has it, for somebody who has just read from storage; the model is not asked anew: it is as it was
    found when health was asked for the last time in this process, and taken for well before that.
    """
    gemini = settings().gemini
    return _health("ok", _found_with_model.get(gemini, "") if gemini else "")


@blueprint.route("api/{*path}", methods=["OPTIONS"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def preflight(req: func.HttpRequest) -> func.HttpResponse:
    """What a browser asks before a page of another origin may call; `endpoint` says which origins may."""
    return func.HttpResponse(status_code=204, headers=origins.preflight_headers())


@blueprint.route("api/openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def get_openapi(req: func.HttpRequest) -> func.HttpResponse:
    """The description of this API."""
    from rca_core.triggers.openapi import document

    return json_response(document())


def _health(storage: Literal["ok", "down"], model_trouble: str) -> Health:
    known = settings()
    configured = {
        "gemini": known.gemini,
        "jira": known.jira,
        "slack": known.slack,
        "live_updates": known.live_updates,
        "databricks_api": known.databricks_token,
        "data_factory_api": known.management_url,
        "airflow_api": known.airflow_token,
    }
    parts: dict[str, Part] = {name: "ok" if setting else "off" for name, setting in configured.items()}
    notes = {name: f"{_SWITCHED_ON_BY[name]} is not set." for name, state in parts.items() if state == "off"}
    if model_trouble:
        parts["gemini"], notes["gemini"] = "down", model_trouble
    return Health(storage, {"storage": storage, **parts}, notes)


@lru_cache(maxsize=1)
def _storage_answers(moment: int) -> bool:
    """Whether tables, queue and archive that a failure needs are there; asked once for each `moment`."""
    storage = services.storage()
    try:
        services.ticket_store().months()
        next(iter(storage.table(claims.TABLE).query_entities("PartitionKey eq 'probe'")), None)
        storage.queue(Queue.FAILURES).get_queue_properties()
        storage.container(archive.ARCHIVE).get_container_properties()
    except AzureError as error:
        storage.forget()
        logs.warning("storage-down", error=type(error).__name__)
        return False
    return True


@lru_cache(maxsize=1)
def _trouble_with_model(gemini: GeminiSettings, moment: int) -> str:
    """Why the model cannot be asked, `""` if it can; asked once for each `moment`: anybody may ask for health."""
    from rca_core.diagnosis.gemini import Gemini
    from rca_core.diagnosis.gemini_answers import NoModelAnswer

    trouble = ""
    try:
        Gemini(gemini.api_key, gemini.model, gemini.base_url, timeout_seconds=_MODEL_PROBE_TIMEOUT_SECONDS).probe()
    except NoModelAnswer as none:
        logs.warning("model-down", reason=none.reason, note=none.note)
        trouble = _MODEL_TROUBLE.get(none.reason, "It gives no answer; the log of the app says more.")
    _found_with_model[gemini] = trouble
    return trouble
