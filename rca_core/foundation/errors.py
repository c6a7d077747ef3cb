"""The two families of errors: worth retrying (`TransientError`) and not (`PermanentError`).

Each error carries the HTTP status it becomes; `rca_core.triggers.http` is the one place that turns an error
into a problem document. A queue function lets both families propagate: the host retries the message and moves
it to the poison queue when retries are used up.
"""


class RcaError(Exception):
    """Base of every error raised on purpose.

    `detail` says what was wrong, where, and what to do; it is shown to the caller, so it never quotes a secret
    or a payload. `field` is the path of the offending field in the request (`data.essentials.alertId`), if any.
    """

    status = 500
    title = "Internal error"

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class PermanentError(RcaError):
    """Trying the same thing again cannot succeed."""

    status = 400
    title = "Bad request"


class TransientError(RcaError):
    """Trouble of ours that may pass. Senders retry a 503 (and drop a 500), so storage trouble must become this."""

    status = 503
    title = "Temporarily unavailable"

    def __init__(self, detail: str, *, retry_after_seconds: int = 10) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class MalformedRequest(PermanentError):
    """The body or a parameter cannot be read at all (not JSON, not UTF-8, a cursor nobody issued)."""


class Unauthorized(PermanentError):
    """The caller did not prove who it is."""

    status = 401
    title = "Unauthorized"


class Forbidden(PermanentError):
    """The caller is known and may not do this."""

    status = 403
    title = "Forbidden"


class NotFound(PermanentError):
    """What the path names does not exist."""

    status = 404
    title = "Not found"


class Conflict(PermanentError):
    """The change was based on a version that is no longer current."""

    status = 409
    title = "Conflict"


class LengthRequired(PermanentError):
    """The body came without a Content-Length; the Functions host drops such bodies."""

    status = 411
    title = "Length required"


class PayloadTooLarge(PermanentError):
    """The body is over the limit."""

    status = 413
    title = "Payload too large"


class UnprocessablePayload(PermanentError):
    """JSON, but not in a shape this sender sends; `field` names what is missing or of the wrong type."""

    status = 422
    title = "Unprocessable payload"


class SettingsError(TransientError):
    """One or more settings are missing or wrong; the message lists every problem at once.

    Senders are told to come again: an operator mends it while they wait.
    """

    title = "Misconfigured"


class TooManyRequests(TransientError):
    """The caller asked too often; it may ask again after `retry_after_seconds`."""

    status = 429
    title = "Too many requests"


class OutsideTrouble(TransientError):
    """Another system (Jira, Slack, the model) does not answer as it should, and may later.

    `retry_after_seconds` is what it asked for, else a guess.
    """

    title = "Another system is in trouble"


class OutsideRefusal(PermanentError):
    """Another system refused, and will again until somebody changes a setting here or a right there.

    `detail` says which and where; it is what the operator reads at the dead letter.
    """

    status = 502
    title = "Another system refused"
