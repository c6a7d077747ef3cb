"""JSON Web Tokens signed with HMAC SHA-256, as SignalR Service takes them.

Source: "Azure SignalR Service data plane REST API reference", authentication; RFC 7519.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

_HEADER = {"alg": "HS256", "typ": "JWT"}
# Clocks of two machines differ a little.
_LEEWAY = 60.0


class TokenError(Exception):
    """A token that must not be trusted; the text says why."""


def sign(audience: str, key: str, lifetime: float, **claims: Any) -> str:
    """A token for `audience` that ends after `lifetime` seconds."""
    now = int(time.time())
    content = {"aud": audience, "iat": now, "nbf": now, "exp": now + int(lifetime), **claims}
    signed = f"{_encode(json.dumps(_HEADER).encode())}.{_encode(json.dumps(content).encode())}"
    return f"{signed}.{_encode(hmac.digest(key.encode(), signed.encode(), 'sha256'))}"


def verify(token: str, key: str) -> dict[str, Any]:
    """The claims of a token whose signature and times are good. Raises TokenError."""
    signed, _, signature = token.rpartition(".")
    try:
        header, content = (json.loads(_decode(part)) for part in signed.split("."))
        given = _decode(signature)
    except ValueError:
        raise TokenError("not a JSON Web Token") from None
    if not isinstance(header, dict) or header.get("alg") != "HS256":
        raise TokenError("not signed with HS256")
    if not hmac.compare_digest(given, hmac.digest(key.encode(), signed.encode(), "sha256")):
        raise TokenError("the signature is wrong")
    if not isinstance(content, dict) or not isinstance(content.get("exp"), (int, float)):
        raise TokenError("has no end (claim exp)")
    if content["exp"] + _LEEWAY < time.time():
        raise TokenError("has ended")
    return content


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
