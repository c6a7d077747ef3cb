"""Tokens by which a sender proves itself: Azure Monitor's secure webhook and OAuth of Databricks ("Configure
authentication for secure webhook", Azure Monitor; "Access tokens", Microsoft identity platform).
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple

import jwt
import requests

from rca_core.foundation import logs
from rca_core.foundation.door_settings import EntraSettings
from rca_core.foundation.errors import OutsideTrouble, Unauthorized

_ALGORITHM = "RS256"
_SKEW_SECONDS = 60
_KEPT_SECONDS = 24 * 3600.0
# How often keys are fetched at most: whoever makes up key ids must not make us call Entra for each.
_LEAST_SECONDS = 60.0
_TIMEOUT_SECONDS = (3.05, 5)
_LONGEST_TOKEN = 16 * 1024


class Expected(NamedTuple):
    """Whose token it must be: the app that asked for it, and the app role that it must have (`""` for none)."""

    caller: str
    role: str = ""


class Keys:
    """The tenant's public keys, fetched when first needed, once a day, and when a token names one not known yet."""

    def __init__(self, entra: EntraSettings, seconds: Callable[[], float] = time.monotonic) -> None:
        self._url = f"{entra.authority_url}/{entra.tenant_id}/discovery/v2.0/keys"
        self._seconds = seconds
        self._lock = Lock()
        self._known: dict[str, Any] = {}
        self._fetched = self._tried = float("-inf")

    def find(self, key_id: str) -> Any:
        """The public key of this id, None if the tenant has none. Raises OutsideTrouble if there are no keys at all."""
        with self._lock:
            now = self._seconds()
            stale = key_id not in self._known or now - self._fetched > _KEPT_SECONDS
            if stale and now - self._tried > _LEAST_SECONDS:
                self._tried = now
                self._fetch(now)
            if not self._known:
                raise OutsideTrouble(
                    "The keys that tokens are checked with cannot be fetched from Entra.",
                    retry_after_seconds=int(_LEAST_SECONDS),
                )
            return self._known.get(key_id)

    def _fetch(self, now: float) -> None:
        try:
            answer = requests.get(self._url, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
            answer.raise_for_status()
            found = jwt.PyJWKSet.from_dict(answer.json()).keys
        except (requests.RequestException, jwt.PyJWTError, ValueError, AttributeError, TypeError) as error:
            logs.warning("entra-keys-not-fetched", error=type(error).__name__)
            return
        # Their keys tell no algorithm, and ours is the only one that is accepted.
        self._known = {key.key_id: key.key for key in found if key.key_id and key.key_type == "RSA"}
        self._fetched = now


def check_token(authorization: str, entra: EntraSettings, keys: Keys, expected: Expected) -> None:
    """Raises Unauthorized, which says what is wrong with it, unless the header has a token as `expected`."""
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("Show an Entra token: header 'Authorization: Bearer <token>'.")
    claims = _claims(token.strip(), entra, keys)
    # v2.0 tokens name the app that asked for them in azp, v1.0 ones in appid.
    caller = claims.get("azp") or claims.get("appid")
    if caller != expected.caller:
        raise Unauthorized("The token was made for another app than the one that may call here (claim azp).")
    roles = claims.get("roles")
    if expected.role and not (isinstance(roles, list) and expected.role in roles):
        raise Unauthorized(f"The token lacks the app role {expected.role} (claim roles): assign it to the caller.")


def _claims(token: str, entra: EntraSettings, keys: Keys) -> dict[str, Any]:
    if len(token) > _LONGEST_TOKEN:
        raise Unauthorized("The token is too long to be one.")
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != _ALGORITHM:
            raise Unauthorized(f"The token is not signed with {_ALGORITHM}.")
        key = keys.find(str(header.get("kid", "")))
        if key is None:
            raise Unauthorized("The token is signed with a key that the tenant does not have.")
        return jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=list(entra.audiences),
            issuer=f"{entra.authority_url}/{entra.tenant_id}/v2.0",
            leeway=_SKEW_SECONDS,
            options={"require": ["exp", "iat", "nbf", "aud", "iss"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise Unauthorized("The token has expired.") from error
    except jwt.InvalidAudienceError as error:
        raise Unauthorized("The token is for another audience than SECURE_WEBHOOK_AUDIENCE (claim aud).") from error
    except jwt.InvalidIssuerError as error:
        raise Unauthorized("The token is from another tenant, or a v1.0 token (claim iss).") from error
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise Unauthorized(f"The token is not valid ({type(error).__name__}).") from error
