"""The ownership table over HTTP: rules, which of them decides, and the pipelines that nobody owns."""

import azure.functions as func
import msgspec

from rca_core import services
from rca_core.foundation.errors import MalformedRequest
from rca_core.tickets import owner_table, unowned
from rca_core.tickets.owner_table import NewRule, RuleChange
from rca_core.tickets.ownership import Rule, deciding, described, pipeline_named
from rca_core.triggers.guard import caller, note
from rca_core.triggers.http import choice, endpoint, integer, json_body, json_response, word
from rca_core.triggers.tickets import SOURCES

blueprint = func.Blueprint()

_MOST_CHANGES = 999_999_999


class RuleList(msgspec.Struct, frozen=True):
    """The rules of the ownership table, in the order in which they are tried."""

    items: list[Rule]


class Preview(msgspec.Struct, frozen=True):
    """Which rule would decide who owns a pipeline, null if none would."""

    rule: Rule | None
    reason: str


@blueprint.route("api/owners", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def list_owners(req: func.HttpRequest) -> func.HttpResponse:
    """All rules."""
    return json_response(RuleList(list(owner_table.read_rules(services.storage()))))


@blueprint.route("api/owners", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def add_owner(req: func.HttpRequest) -> func.HttpResponse:
    """Adds a rule."""
    rule = owner_table.add(services.storage(), json_body(req, NewRule), user=caller().name)
    note(req, "Owner Rule Added", caller().name, described(rule), new=rule.id)
    return json_response(rule, status=201)


@blueprint.route("api/owners/{id}", methods=["PATCH"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def change_owner(req: func.HttpRequest) -> func.HttpResponse:
    """Changes what a rule says."""
    wanted = json_body(req, RuleChange)
    rule = owner_table.change(services.storage(), req.route_params["id"], wanted, user=caller().name)
    note(req, "Owner Rule Changed", caller().name, described(rule), new=f"version {rule.version}")
    return json_response(rule)


@blueprint.route("api/owners/{id}", methods=["DELETE"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def remove_owner(req: func.HttpRequest) -> func.HttpResponse:
    """Removes a rule, if `?version=` is the current one."""
    if "version" not in req.params:
        raise MalformedRequest("Give the version of the rule that is to be removed.", field="version")
    version = integer(req, "version", default=1, most=_MOST_CHANGES)
    rule_id = req.route_params["id"]
    owner_table.remove(services.storage(), rule_id, version, user=caller().name)
    note(req, "Owner Rule Removed", caller().name, f"Rule {rule_id}", old=f"version {version}")
    return func.HttpResponse(status_code=204, headers={"Cache-Control": "no-store"})


@blueprint.route("api/owners/unknown", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def list_unknown_owners(req: func.HttpRequest) -> func.HttpResponse:
    """The pipelines that failed and have no owner, most tickets first."""
    storage = services.storage()
    return json_response(unowned.list_unowned(storage, owner_table.read_rules(storage)))


@blueprint.route("api/owners/preview", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def preview_owner(req: func.HttpRequest) -> func.HttpResponse:
    """Which rule would decide about `?source=` and `?pipeline=` (`factory/pipeline` and `DAG/task` as well)."""
    source, pipeline = choice(req, "source", SOURCES), word(req, "pipeline").strip()
    if source is None or not pipeline:
        raise MalformedRequest("Give the source and the pipeline.", field="pipeline" if source else "source")
    rule = deciding(owner_table.read_rules(services.storage()), pipeline_named(source, pipeline))
    reason = f"It is decided by {described(rule)}." if rule else "No rule names it; labels may say whose it is."
    return json_response(Preview(rule, reason))
