"""The door for Slack's buttons: /slack/interactions. The signature is the key, so there is no function key."""

from urllib.parse import parse_qs

import azure.functions as func

from rca_core import services
from rca_core.access.signatures import check_slack
from rca_core.foundation import logs
from rca_core.foundation.errors import MalformedRequest, OutsideTrouble
from rca_core.foundation.settings import SlackSettings, settings
from rca_core.integrations.slack import may_whisper, whisper
from rca_core.tickets import slack_buttons
from rca_core.triggers.http import body_of, endpoint

blueprint = func.Blueprint()

_MOST_FIELDS = 20


@blueprint.route("slack/interactions", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def slack_interactions(req: func.HttpRequest) -> func.HttpResponse:
    """Somebody pressed a button. Answered 200 whatever it was about: Slack shows the person an error otherwise."""
    body = body_of(req)
    slack = settings().slack
    check_slack(body, req.headers, slack.signing_secrets if slack else ())
    press = slack_buttons.read(_payload(body))
    if press is None:
        logs.info("slack-interaction-ignored")
    else:
        words = slack_buttons.carry_out(services.storage(), services.ticket_store(), settings(), press)
        if words and slack:
            _tell(slack, press, words)
    return func.HttpResponse(status_code=200)


def _payload(body: bytes) -> str:
    """The field `payload` of the form."""
    try:
        fields = parse_qs(body.decode(), max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise MalformedRequest("The body is no form (application/x-www-form-urlencoded, UTF-8).") from error
    if "payload" not in fields:
        raise MalformedRequest("The form has no field 'payload'.", field="payload")
    return fields["payload"][0]


def _tell(slack: SlackSettings, press: slack_buttons.Press, words: str) -> None:
    """Best effort: what was pressed is answered either way."""
    if not may_whisper(slack, press.response_url):
        return
    try:
        whisper(press.response_url, words)
    except OutsideTrouble as error:
        logs.warning("slack-whisper-lost", ticket_id=press.ticket_id, error=error.detail)
