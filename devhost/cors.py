"""Cross-origin answers, from `Host.CORS` and `Host.CORSCredentials` of local.settings.json."""

from __future__ import annotations

Headers = list[tuple[bytes, bytes]]


class Cors:
    """Decides which CORS headers a response carries. `origins` may be `*`."""

    def __init__(self, origins: tuple[str, ...], credentials: bool) -> None:
        self._any = "*" in origins
        self._origins = {origin.lower() for origin in origins}
        self._credentials = credentials

    def is_preflight(self, method: str, headers: dict[str, str]) -> bool:
        """Whether a request is a browser's question; without CORS settings it goes to the functions."""
        asks = "origin" in headers and "access-control-request-method" in headers
        return method == "OPTIONS" and bool(self._origins) and asks

    def headers(self, request: dict[str, str], preflight: bool = False) -> Headers:
        """The headers to add to the answer; none when the origin is not allowed."""
        origin = request.get("origin")
        if origin is None or not (self._any or origin.lower() in self._origins):
            return []
        if self._any:
            found: Headers = [(b"access-control-allow-origin", b"*")]
        else:
            found = [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]
        if self._credentials:
            found.append((b"access-control-allow-credentials", b"true"))
        if preflight:
            method = request["access-control-request-method"]
            found.append((b"access-control-allow-methods", method.encode("latin-1")))
            if wanted := request.get("access-control-request-headers"):
                found.append((b"access-control-allow-headers", wanted.encode("latin-1")))
        return found
