"""Whether a call comes from who it says: signatures over the raw body ("Webhooks", Atlassian developer documentation;
"Verifying requests from Slack", Slack developer documentation), and passwords.
"""

import binascii
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Mapping, Sequence

from rca_core.foundation.errors import Unauthorized

_METHOD = "sha256="


def check_jira(body: bytes, signature: str, secrets: Sequence[str]) -> None:
    """Raises Unauthorized unless `signature` (header X-Hub-Signature) is that of the raw `body` by one of `secrets`."""
    if not secrets:
        raise Unauthorized("Jira's webhook is refused: the setting JIRA_WEBHOOK_SECRET is not set.")
    if not signature.startswith(_METHOD):
        raise Unauthorized("Header X-Hub-Signature must be sha256=<HMAC of the body>: give Jira's webhook a secret.")
    shown = signature.removeprefix(_METHOD).lower().encode("utf-8", "replace")
    expected = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode() for secret in secrets]
    # A list, not a generator: which secret fitted must not show in the time.
    if not any([hmac.compare_digest(shown, each) for each in expected]):
        raise Unauthorized("The signature does not fit the body: is JIRA_WEBHOOK_SECRET the secret of Jira's webhook?")


def check_slack(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> None:
    """Raises Unauthorized unless one of `secrets` signed this very body within the last five minutes."""
    if not secrets:
        raise Unauthorized("SLACK_SIGNING_SECRET is not set here, so no request can prove that it comes from Slack.")
    if not any([_signed_for_slack(secret, body, headers) for secret in secrets]):
        raise Unauthorized(
            "X-Slack-Signature does not fit: the signing secret is another one, the request is older than five minutes,"
            " or it was changed on the way."
        )


def _signed_for_slack(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    from slack_sdk.signature import SignatureVerifier

    try:
        return SignatureVerifier(secret).is_valid_request(body, dict(headers.items()))
    except (ValueError, TypeError, OverflowError):
        # How the library fails at a time stamp that is no number or an enormous one, a signature that is not ASCII,
        # and a body that is not UTF-8.
        return False


def check_basic(authorization: str, user: str, passwords: Sequence[str]) -> None:
    """Raises Unauthorized unless the header is HTTP Basic (RFC 7617) with this user and one of the passwords."""
    scheme, _, shown = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        raise Unauthorized("Show user and password: header 'Authorization: Basic ...'.")
    try:
        pair = b64decode(shown.strip(), validate=True)
    except (binascii.Error, ValueError):
        pair = b""
    if not any([hmac.compare_digest(pair, f"{user}:{password}".encode()) for password in passwords]):
        raise Unauthorized("User or password is wrong.")
