"""The built page, on the origin of the app: which file answers, with which headers, and what is never a file."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.devhost.conftest import REPOSITORY, RunningHost

APP = """
@app.route(route="tickets", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def tickets(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("from the app")

@app.route(route="hook", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def hook(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("from the hook")
"""
HOST_JSON = {"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}
RULES = {
    "globalHeaders": {
        "Content-Security-Policy": "default-src 'self'",
        "Cache-Control": "no-cache",
        "Last-Modified": "",
    },
    "routes": [
        {"route": "/assets/*", "headers": {"Cache-Control": "immutable"}},
        {"route": "/*.{txt,md}", "headers": {"X-Text": "yes"}},
        {"route": "/assets/second.js", "headers": {"X-Too-Late": "yes"}},
        {"route": "/index.html", "headers": {"X-Start": "yes"}},
    ],
    "navigationFallback": {"rewrite": "/index.html", "exclude": ["/assets/*", "/*.{png,txt}"]},
    "mimeTypes": {".js": "text/javascript"},
}
HASH_OF_NOTHING = f"'sha256-{base64.b64encode(hashlib.sha256().digest()).decode()}'"
SCRIPT = "export const page = 1;\n" * 4000


def build(folder: Path, rules: Any = RULES) -> Path:
    """What a build of the page leaves."""
    (folder / "assets").mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text("<!doctype html><title>The page</title>")
    (folder / "assets" / "page.js").write_text(SCRIPT)
    (folder / "config.json").write_text('{"apiBase": ""}')
    (folder / "notes.txt").write_text("notes")
    (folder / ".env").write_text("SECRET=1")
    (folder / "staticwebapp.config.json").write_text(rules if isinstance(rules, str) else json.dumps(rules))
    (folder.parent / "outside.txt").write_text("SECRET=2")
    return folder


@pytest.fixture(scope="module")
def host(start_shared_host: Callable[..., RunningHost], tmp_path_factory: pytest.TempPathFactory) -> RunningHost:
    folder = build(tmp_path_factory.mktemp("page") / "dist")
    return start_shared_host(APP, host_json=HOST_JSON, arguments=("--site", str(folder)))


@pytest.fixture
def client(host: RunningHost) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=host.url) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/tickets/ADF-1",
        "/tickets/ADF-1?tab=log",
        "/owners/",
        "/hook2",
        "/assets",
        "/admin",
        "/admin/users",
    ],
)
def test_the_page_answers_for_every_address_in_it(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "The page" in answer.text
    assert answer.headers["content-security-policy"] == "default-src 'self'"
    assert answer.headers["cache-control"] == "no-cache"
    assert "last-modified" not in answer.headers
    assert ("x-start" in answer.headers) == (path in ("/", "/index.html"))


def test_what_the_app_answers_is_never_the_page(client: httpx.Client) -> None:
    assert client.get("/tickets").text == "from the app"
    assert client.post("/hook").text == "from the hook"
    for method, path in (
        ("GET", "/hook"),
        ("POST", "/tickets"),
        ("GET", "/api"),
        ("GET", "/API/none"),
        ("PUT", "/api/x"),
    ):
        answer = client.request(method, path)
        assert (answer.status_code, answer.text) == (404, ""), path
    for path in ("/admin/host/status", "/admin/host/none", "/admin/functions", "/admin/functions/hook"):
        assert client.get(path).status_code == 401, path
    assert client.get("/devhost-signalr/none").status_code == 404


@pytest.mark.parametrize("path", ["/assets/gone.js", "/assets/", "/logo.png"])
def test_a_missing_file_is_missing(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-cache"


def test_headers_of_the_first_route_that_matches_go_before_those_of_all(client: httpx.Client) -> None:
    script = client.get("/assets/page.js")
    assert script.headers["content-type"] == "text/javascript"
    assert script.headers["cache-control"] == "immutable"
    assert script.headers["content-security-policy"] == "default-src 'self'"
    assert client.get("/notes.txt").headers["x-text"] == "yes"
    assert client.get("/config.json").json() == {"apiBase": ""}


def test_a_file_travels_small_and_once(client: httpx.Client) -> None:
    with client.stream("GET", "/assets/page.js", headers={"Accept-Encoding": "gzip"}) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert len(body) < len(SCRIPT) / 10
    assert gzip.decompress(body).decode() == SCRIPT
    plain = client.get("/assets/page.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == SCRIPT
    again = client.get("/assets/page.js", headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "immutable"
    head = client.head("/assets/page.js", headers={"Accept-Encoding": "identity"})
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(SCRIPT)
    assert client.post("/").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/.env",
        "/assets/../.env",
        "/%2eenv",
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "/assets/..%2f..%2foutside.txt",
        "//outside.txt",
        "/%00",
        "/" + "a" * 5000,
    ],
)
def test_nothing_but_the_page_is_read(host: RunningHost, path: str) -> None:
    """The paths go out as they are: a client would tidy them."""
    transport = httpx.HTTPTransport()
    with transport:
        url = httpx.URL(host.url).copy_with(raw_path=path.encode())
        answer = transport.handle_request(httpx.Request("GET", url))
        text = answer.read().decode()
    assert answer.status_code in (200, 404), text
    assert "SECRET" not in text


@pytest.mark.parametrize(
    "path", ["/staticwebapp.config.json", "//staticwebapp.config.json", "/x/../staticwebapp.config.json"]
)
def test_the_rules_themselves_are_not_shown(host: RunningHost, path: str) -> None:
    with httpx.HTTPTransport() as transport:
        url = httpx.URL(host.url).copy_with(raw_path=path.encode())
        answer = transport.handle_request(httpx.Request("GET", url))
        assert (answer.status_code, answer.read()) == (404, b"")


def test_a_page_that_is_not_built_says_how_and_is_there_once_it_is(
    start_host: Callable[..., RunningHost], tmp_path: Path
) -> None:
    folder = tmp_path / "page" / "dist"
    host = start_host(APP, host_json=HOST_JSON, arguments=("--site", str(folder)))
    told = host.client.get("/")
    assert told.status_code == 503
    assert f"npm ci --prefix {folder.parent} && npm run build --prefix {folder.parent}" in told.text
    assert host.client.get("/tickets").text == "from the app"
    assert host.client.get("/api/none").status_code == 404
    build(folder)
    assert "The page" in host.client.get("/").text
    (folder / "staticwebapp.config.json").write_text('{"routes": [{"route": "/old", "redirect": "/"}]}')
    wrong = host.client.get("/")
    assert wrong.status_code == 500
    assert "routes[0]: redirect: not imitated" in wrong.text


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ("{", "not valid JSON"),
        ([], "must be a JSON object"),
        ({"auth": {}}, "auth: not imitated by the development host"),
        ({"navigationFallback": {"rewrite": "/index.html", "exclude": ["/*/x"]}}, "'/*/x' is no path with one *"),
        ({"globalHeaders": {"X": 1}}, "globalHeaders: must be a JSON object of texts"),
    ],
)
def test_rules_that_cannot_be_followed_are_refused(
    refused: Callable[..., str], tmp_path: Path, rules: Any, why: str
) -> None:
    build(tmp_path / "static_dashboard" / "dist", rules)
    errors = refused(APP)
    assert "staticwebapp.config.json" in errors
    assert why in errors


def test_the_rules_of_our_page_are_strict(start_host: Callable[..., RunningHost], tmp_path: Path) -> None:
    rules = (REPOSITORY / "static_dashboard" / "public" / "staticwebapp.config.json").read_text()
    host = start_host(APP, host_json=HOST_JSON, arguments=("--site", str(build(tmp_path / "dist", rules))))
    for path in ("/", "/tickets/ADF-1"):
        page = host.client.get(path)
        assert page.status_code == 200
        directives = dict(each.strip().split(" ", 1) for each in page.headers["content-security-policy"].split(";"))
        assert directives["default-src"] == directives["frame-ancestors"] == directives["base-uri"] == "'none'"
        assert directives["script-src"] == "'self'"
        assert directives["style-src"] == f"'self' {HASH_OF_NOTHING}"
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cross-origin-opener-policy"] == "same-origin"
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["cache-control"] == "no-cache"
    assert host.client.get("/config.json").headers["cache-control"] == "no-cache"
    assert "immutable" in host.client.get("/assets/page.js").headers["cache-control"]
    for path in ("/.env", "/assets/gone.js", "/wp-login.xml", "/api/none", "/staticwebapp.config.json"):
        assert host.client.get(path).status_code == 404, path
