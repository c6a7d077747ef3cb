"""The built page, served on the app's own origin as Azure Static Web Apps would serve it.

Source: "Configure Azure Static Web Apps".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from devhost.errors import StartError
from devhost.routing import request_path
from devhost.site_rules import SiteRules, parse_rules

RULES_FILE = "staticwebapp.config.json"


class Site:
    """Answers with the files of `folder`; what the app answers to (`/api/*`, and where `is_function`) is never a file.

    Files may be built anew while it runs. Raises StartError when the rules that are there cannot be followed.
    """

    def __init__(self, folder: Path, is_function: Callable[[str], bool]) -> None:
        self._folder = folder
        self._is_function = is_function
        self._files = StaticFiles(directory=folder, check_dir=False)
        self._compressed = GZipMiddleware(self._serve, minimum_size=1024, compresslevel=6)
        self._rules()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._compressed(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._answer(scope) if scope["type"] == "http" else WebSocketClose()
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        asked = request_path(scope["raw_path"])
        if self._is_function(asked) or f"{asked}/".lower().startswith("/api/"):
            return Response(status_code=404)
        if scope["method"] not in ("GET", "HEAD"):
            return Response(status_code=405, headers={"Allow": "GET, HEAD"})
        try:
            rules = self._rules()
        except StartError as error:
            return PlainTextResponse(f"{error}\n", 500)
        if not (self._folder / "index.html").is_file():
            return PlainTextResponse(self._how_to_build(), 503)
        return await self._page(scope, rules)

    async def _page(self, scope: Scope, rules: SiteRules) -> Response:
        path = scope["path"]
        name = self._files.get_path(scope)
        found = await self._file("index.html" if name == "." else name, scope, rules)
        if found is None and name != RULES_FILE and (fallback := rules.fallback_of(path)):
            found = await self._file(fallback.strip("/"), scope, rules)
        headers = rules.global_headers if found is None else rules.headers(path)
        answer = found or Response(status_code=404)
        for header, value in headers.items():
            if value:
                answer.headers[header] = value
            elif header in answer.headers:  # An empty text takes a header away.
                del answer.headers[header]
        return answer

    async def _file(self, name: str, scope: Scope, rules: SiteRules) -> Response | None:
        """The file, or "not modified"; None when there is none, or none that is for others to see."""
        if name == RULES_FILE or any(part.startswith(".") for part in name.split("/")):
            return None
        try:
            response = await self._files.get_response(name, scope)
        except HTTPException:
            return None
        if response.status_code == 200 and (kind := rules.mime_type(name)):
            response.headers["content-type"] = kind
        return response

    def _rules(self) -> SiteRules:
        file = self._folder / RULES_FILE
        return parse_rules(file.read_text("utf-8"), str(file)) if file.is_file() else SiteRules()

    def _how_to_build(self) -> str:
        package = self._folder.parent
        return (
            f"The page is not built: there is no {self._folder / 'index.html'}.\n"
            f"`make run` builds it, and so does: npm ci --prefix {package} && npm run build --prefix {package}\n"
        )
