"""The overview over HTTP: how things stand and how the last days went, in one request."""

import azure.functions as func

from rca_core import services
from rca_core.foundation import clock
from rca_core.tickets import dead_letters
from rca_core.tickets.analytics import DEFAULT_DAYS, MAX_DAYS, Analytics, analytics
from rca_core.tickets.dead_letters import DeadLetterCounts
from rca_core.triggers.http import endpoint, integer, json_response
from rca_core.triggers.system import Health, known_health

blueprint = func.Blueprint()


class Overview(Analytics, frozen=True, kw_only=True):
    """The overview, with what could not be delivered and the state of each part of the app as far as it is known."""

    dead_letters: DeadLetterCounts
    health: Health


@blueprint.route("api/analytics", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def get_analytics(req: func.HttpRequest) -> func.HttpResponse:
    """How things stand, and how the last `?days=` went, of which today (UTC) is the last."""
    figures = analytics(services.ticket_store(), integer(req, "days", default=DEFAULT_DAYS, most=MAX_DAYS), clock.now())
    overview = Overview(
        **{name: getattr(figures, name) for name in figures.__struct_fields__},
        dead_letters=dead_letters.counted(services.storage()),
        health=known_health(),
    )
    return json_response(overview)
