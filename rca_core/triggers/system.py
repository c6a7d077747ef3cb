"""The app about itself: is it well, and what can it be asked."""

import time
from functools import lru_cache
from typing import Literal

import azure.functions as func
import msgspec
from azure.core.exceptions import AzureError

from rca_core import services
from rca_core.foundation import logs
from rca_core.foundation.queues import Queue
from rca_core.foundation.settings import settings
from rca_core.integrations import archive
from rca_core.tickets import claims
from rca_core.triggers.http import endpoint, json_response

blueprint = func.Blueprint()

_PROBE_SECONDS = 3


Part = Literal["ok", "off", "down"]


class Health(msgspec.Struct, frozen=True):
    """Whether the app works. A part is `ok` (has its settings), `off` (has none) or, if it must be there, `down`."""

    status: Literal["ok", "down"]
    parts: dict[str, Part]


@blueprint.route("api/health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """200 when the app can do its job, 503 when it cannot. Anybody may ask; storage is asked every few seconds."""
    storage: Literal["ok", "down"] = "ok" if _storage_answers(int(time.monotonic() / _PROBE_SECONDS)) else "down"
    known = settings()
    configured = {
        "live_updates": known.live_updates,
        "databricks_api": known.databricks_token,
        "data_factory_api": known.management_url,
        "airflow_api": known.airflow_token,
    }
    parts: dict[str, Part] = {name: "ok" if setting else "off" for name, setting in configured.items()}
    health = Health(storage, {"storage": storage, **parts})
    return json_response(health, status=200 if health.status == "ok" else 503)


@blueprint.route("api/openapi.json", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@endpoint
def get_openapi(req: func.HttpRequest) -> func.HttpResponse:
    """The description of this API."""
    from rca_core.triggers.openapi import document

    return json_response(document())


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
