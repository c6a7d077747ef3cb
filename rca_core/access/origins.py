"""Which web pages may act for a signed-in person ("Cross-Site Request Forgery Prevention", OWASP; "Origin" and
"Sec-Fetch-Site", which a page cannot forge, Fetch standard).
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

# The longest that a browser keeps the answer to a preflight ("Access-Control-Max-Age", Fetch standard).
_PREFLIGHT_SECONDS = 600
_METHODS = "GET, POST, PUT, PATCH, DELETE"
_HEADERS = "authorization, content-type, x-signalr-user-agent, x-requested-with"


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, in small letters; `""` if it has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower() if parts.scheme and parts.netloc else ""


def own_origins(url: str, dashboard_url: str) -> frozenset[str]:
    """Where our own page is: where the call arrived, and where people reach the app.

    The Host header is as good as the page's own address here: a browser sets it itself, and gives a cookie only to the
    host it belongs to.
    """
    return frozenset({origin_of(url), origin_of(dashboard_url)} - {""})


def comes_from(headers: Mapping[str, str], allowed: frozenset[str]) -> bool:
    """Whether a page of one of the `allowed` origins made the call: by Origin, or where that is missing by the word of
    the browser that it is the same one.
    """
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower() in allowed
    return headers.get("sec-fetch-site") == "same-origin"


def is_foreign(headers: Mapping[str, str], allowed: frozenset[str]) -> bool:
    """Whether a page of another origin made the call; a program that is no browser says nothing of it."""
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower() not in allowed
    return headers.get("sec-fetch-site", "same-origin") in ("cross-site", "same-site")


def cors_headers(headers: Mapping[str, str], allowed: frozenset[str]) -> dict[str, str]:
    """What lets a page of an `allowed` origin read the answer; nothing for any other."""
    origin = headers.get("origin", "")
    if origin.lower() not in allowed:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "X-Request-Id, Retry-After, Content-Disposition, Link, X-Truncated",
    }


def preflight_headers() -> dict[str, str]:
    """What a page may send, asked for by the browser before it does."""
    return {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _HEADERS,
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
    }
