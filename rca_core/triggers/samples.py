"""An admin's test of what a sender posts: what arrived, whether it would be let in, and what would be made of it."""

from typing import Any, Literal

import azure.functions as func
import msgspec

from rca_core import sources
from rca_core.access.senders import prove
from rca_core.diagnosis.redaction import redact_body
from rca_core.foundation.errors import RcaError, Unauthorized
from rca_core.foundation.failure import Failure, Ignored
from rca_core.foundation.settings import settings
from rca_core.sources import Sender
from rca_core.triggers.guard import caller, note
from rca_core.triggers.http import endpoint, json_body, json_response

blueprint = func.Blueprint()

_LONGEST_SHOWN = 4_000
_BY_THE_HOST = (
    "Not checked here: a function key (header x-functions-key, or ?code=) is checked by the Functions host, before the"
    " app hears of the call. A call with a wrong one is answered 401 with an empty body."
)
_PROVED = "The header Authorization proves the sender."

Proof = Literal["proved", "refused", "by_the_host"]


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a sender posts, or is said to: `body` as JSON, or as text to try one that is not JSON."""

    sender: Sender
    body: Any
    headers: dict[str, str] = {}


class SampleEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """What would be made of one event: a ticket of this `failure`, or nothing for this `reason`."""

    outcome: Literal["ticket", "ignored"]
    reason: str = ""
    failure: Failure | None = None


class SampleReport(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived (secrets masked, the beginning) and what would happen; nothing did.

    `status` is what the sender would be answered, except that a failure known already is answered 200; `detail` and
    `field` say why, if it is refused.
    """

    status: int
    detail: str
    field: str | None
    proof: Proof
    proof_detail: str
    size: int
    arrived: str
    events: list[SampleEvent]


@blueprint.route("api/sender-test", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def try_sender(req: func.HttpRequest) -> func.HttpResponse:
    """Tries what a sender posts, without making a ticket."""
    sample = json_body(req, Sample)
    note(req, "Sender Tested", caller().name, sample.sender)
    return json_response(_tried(sample))


def _tried(sample: Sample) -> SampleReport:
    body = sample.body.encode("utf-8", "replace") if isinstance(sample.body, str) else msgspec.json.encode(sample.body)
    proof, proof_detail = _proof(sample)
    events: list[SampleEvent] = []
    status, detail, field = 200, "", None
    try:
        events = [_event(event) for event in sources.parse(sample.sender, body)]
        status = 202 if any(event.failure for event in events) else 200
    except RcaError as error:
        status, detail, field = error.status, error.detail, error.field
    if proof == "refused":
        status, detail, field = 401, proof_detail, None
    return SampleReport(
        status=status,
        detail=detail,
        field=field,
        proof=proof,
        proof_detail=proof_detail,
        size=len(body),
        arrived=redact_body(body)[0].decode("utf-8", "replace")[:_LONGEST_SHOWN],
        events=events,
    )


def _proof(sample: Sample) -> tuple[Proof, str]:
    headers = {name.lower(): value for name, value in sample.headers.items()}
    if sample.sender == "airflow" or "authorization" not in headers:
        return "by_the_host", _BY_THE_HOST
    try:
        prove(sample.sender, headers, settings().doors)
    except Unauthorized as error:
        return "refused", error.detail
    return "proved", _PROVED


def _event(event: Failure | Ignored) -> SampleEvent:
    if isinstance(event, Ignored):
        return SampleEvent("ignored", reason=event.reason)
    masked = redact_body(msgspec.json.encode(event))[0]
    return SampleEvent("ticket", failure=msgspec.json.decode(masked, type=Failure))
