"""HTTP triggers, through the door: keys, routes, requests, responses."""

from __future__ import annotations

import json
import re
import stat
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from devhost.azurite import Azurite

APP = """
@app.route(route="echo", methods=["POST", "GET"])
def echo(req: func.HttpRequest) -> func.HttpResponse:
    seen = {
        "method": req.method, "url": req.url, "headers": dict(req.headers), "params": dict(req.params),
        "body": req.get_body().decode(), "route": dict(req.route_params),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")

@app.route(route="items/{id}", auth_level=func.AuthLevel.ANONYMOUS)
def item_any(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("any " + req.route_params["id"])

@app.route(route="items/{id:int}", auth_level=func.AuthLevel.ANONYMOUS)
def item_int(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("int " + req.route_params["id"])

@app.route(route="items/special", auth_level=func.AuthLevel.ANONYMOUS)
def item_special(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("special")

@app.route(route="files/{*rest}", auth_level=func.AuthLevel.ANONYMOUS)
def files(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(dict(req.route_params)))

@app.route(route="maybe/{x?}", auth_level=func.AuthLevel.ANONYMOUS)
def maybe(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(dict(req.route_params)))

@app.route(route="guarded", auth_level=func.AuthLevel.ADMIN)
def guarded(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")

@app.route(route="off", auth_level=func.AuthLevel.ANONYMOUS)
def off(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("on after all")

@app.route(route="boom")
def boom(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("kaboom")

@app.route(route="wrong", auth_level=func.AuthLevel.ANONYMOUS)
def wrong(req: func.HttpRequest) -> func.HttpResponse:
    return {"not": "a response"}

@app.route(route="nothing", auth_level=func.AuthLevel.ANONYMOUS)
def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None

@app.route(route="full", auth_level=func.AuthLevel.ANONYMOUS)
async def full(req: func.HttpRequest, context) -> func.HttpResponse:
    answer = func.HttpResponse(b"\\x00\\xff", status_code=418, mimetype="application/x-tea")
    answer.headers["X-Invocation"] = context.invocation_id
    answer.headers["X-Function"] = context.function_name
    answer.headers["X-Directory"] = context.function_directory
    answer.headers.add("Set-Cookie", "a=1; Path=/; HttpOnly")
    answer.headers.add("Set-Cookie", "b=2; SameSite=Lax")
    return answer

@app.route(route="slow", auth_level=func.AuthLevel.ANONYMOUS)
def slow(req: func.HttpRequest) -> func.HttpResponse:
    time.sleep(2.5)
    return func.HttpResponse("late")

@app.route(route="slow-async", auth_level=func.AuthLevel.ANONYMOUS)
async def slow_async(req: func.HttpRequest) -> func.HttpResponse:
    import asyncio
    await asyncio.sleep(60)
    return func.HttpResponse("late")
"""
for _name, _kind in (("Str", "str"), ("List", "typing.List[str]"), ("Bytes", "bytes")):
    APP += f"""
@app.route(route="out{_name}", auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output(arg_name="out", queue_name="out{_name.lower()}", connection="AzureWebJobsStorage")
def out{_name}(req: func.HttpRequest, out: func.Out[{_kind}]) -> func.HttpResponse:
    text = req.get_body().decode()
    out.set(text.encode() if "{_name}" == "Bytes" else json.loads(text) if "{_name}" == "List" else text)
    return func.HttpResponse("written", status_code=202)
"""
APP += """
@app.route(route="broken-out", auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output(arg_name="out", queue_name="nowhere", connection="DeadStorage")
def broken_out(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    out.set("x")
    return func.HttpResponse("accepted", status_code=202)
"""


@pytest.fixture(scope="module")
def host(start_shared_host, azurite: Azurite):
    dead = azurite.connection_string.replace(f":{azurite.ports['queue']}/", ":1/")
    return start_shared_host(
        APP,
        host_json={"version": "2.0", "functionTimeout": "00:00:01"},
        local={
            "IsEncrypted": False,
            "Values": {"AzureWebJobs.off.Disabled": "true", "DeadStorage": dead},
            "Host": {"CORS": "http://page.example,http://other.example", "CORSCredentials": True},
        },
        env={"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "100000"},
        arguments=("--access-log",),
    )


def test_ready_line_tells_address_and_count(host):
    assert re.fullmatch(r"devhost: ready on http://127\.0\.0\.1:\d+ \(18 functions\)", host.ready_line)


def test_keys_file_is_private_and_has_a_host_and_a_master_key(host):
    assert stat.S_IMODE((host.data_dir / "keys.json").stat().st_mode) == 0o600
    assert len(host.keys["default"]) >= 32
    assert host.keys["_master"] != host.keys["default"]


@pytest.mark.parametrize("headers", [{}, {"x-functions-key": "wrong"}, {"x-functions-key": "ü".encode()}])
def test_without_a_good_key_401_and_no_body(host, headers):
    answer = host.client.post("/api/echo", headers=headers)
    assert (answer.status_code, answer.content) == (401, b"")


def test_key_in_header_or_query_and_the_header_wins(host):
    key = host.keys["default"]
    assert host.client.post("/api/echo", headers={"X-Functions-Key": key}).status_code == 200
    assert host.client.post("/api/echo", params={"code": key}).status_code == 200
    assert host.client.post("/api/echo", params={"code": key}, headers={"x-functions-key": "no"}).status_code == 401
    assert host.client.post("/api/echo", params={"code": host.keys["_master"]}).status_code == 200


def test_admin_level_takes_the_master_key_only(host):
    assert host.call("GET", "/api/guarded").status_code == 401
    master = {"x-functions-key": host.keys["_master"]}
    assert host.client.get("/api/guarded", headers=master).text == "in"


def test_disabled_function_is_not_there(host):
    assert host.client.get("/api/off").status_code == 404


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/api/items/special", "special"),
        ("/API/Items/SPECIAL/", "special"),
        ("/api/items/12", "int 12"),
        ("/api/items/ab", "any ab"),
        ("/api/items/a%20b", "any a b"),
        ("/api/items/a%2Fb", "any a%2Fb"),
        ("/api/files/a/b/c.txt", '{"rest": "a/b/c.txt"}'),
        ("/api/files", "{}"),
        ("/api/maybe/7", '{"x": "7"}'),
        ("/api/maybe", "{}"),
    ],
)
def test_routes(host, path, text):
    answer = host.client.get(path)
    assert (answer.status_code, answer.text) == (200, text)


@pytest.mark.parametrize("path", ["/", "/api", "/api/none", "/echo", "/api/items", "/api/items/1/2"])
def test_unknown_path(host, path):
    answer = host.call("GET", path)
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS"])
def test_wrong_method_is_404_not_405(host, method):
    assert host.call(method, "/api/echo").status_code == 404


def test_request_as_the_worker_hands_it_over(host):
    headers = [("X-One", "a"), ("x-one", "b"), ("X-Empty", ""), ("x-functions-key", host.keys["default"])]
    seen = host.client.post("/api/echo?a=1&b=&a=2&c=%C3%A9", headers=headers, content="tést".encode()).json()
    assert seen["method"] == "POST"
    assert seen["url"] == host.url + "/api/echo?a=1&b=&a=2&c=%C3%A9"
    assert seen["params"] == {"a": "1,2", "c": "é"}
    assert seen["headers"]["x-one"].replace(" ", "") == "a,b"
    assert seen["headers"]["x-empty"] == ""
    assert seen["body"] == "tést"


def test_chunked_request_arrives_with_an_empty_body(host):
    answer = host.call("POST", "/api/echo", content=iter([b"one", b"two"]))
    assert answer.json()["body"] == ""
    assert host.call("POST", "/api/echo", content=b"next").json()["body"] == "next"


def test_body_over_the_limit(host):
    assert host.call("POST", "/api/echo", content=b"x" * 100_000).status_code == 200
    answer = host.call("POST", "/api/echo", content=b"x" * 100_001)
    assert (answer.status_code, answer.content) == (413, b"")


def test_response_status_headers_cookies_and_bytes(host):
    answer = host.client.get("/api/full")
    assert (answer.status_code, answer.content) == (418, b"\x00\xff")
    assert answer.headers["content-type"] == "application/x-tea"
    assert answer.headers.get_list("set-cookie") == ["a=1; Path=/; HttpOnly", "b=2; SameSite=Lax"]
    assert len(answer.headers["x-invocation"]) == 36
    assert answer.headers["x-function"] == "full"
    assert answer.headers["x-directory"] == str(host.root)
    head = host.client.head("/api/full")
    assert (head.status_code, head.content, head.headers["content-length"]) == (418, b"", "2")
    assert host.client.get("/api/nothing").status_code == 204


def test_unhandled_exception_is_500_without_a_word(host):
    answer = host.call("GET", "/api/boom?secret=hidden")
    assert (answer.status_code, answer.content) == (500, b"")
    assert host.client.get("/api/wrong").status_code == 500
    lines = [line for line in host.log.splitlines() if "invocation failed function=boom" in line]
    assert len(lines) == 1
    assert re.search(r"invocation_id=[0-9a-f-]{36} error=RuntimeError", lines[0])
    assert "RuntimeError: kaboom" in host.log


def test_log_holds_neither_keys_nor_queries(host):
    host.client.get("/api/echo", params={"code": host.keys["default"]})
    assert '"GET /api/echo HTTP/1.1" 200' in host.log
    assert host.keys["default"] not in host.log
    assert "hidden" not in host.log


def test_function_timeout_fails_the_invocation(host):
    with ThreadPoolExecutor() as callers:
        answers = list(callers.map(host.client.get, ["/api/slow", "/api/slow-async"]))
    assert [(answer.status_code, answer.content) for answer in answers] == [(500, b"")] * 2
    assert host.log.count("TimeoutError: not finished after 1 s (host.json: functionTimeout)") >= 2


def test_cors(host):
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "x-functions-key"}
    answer = host.client.options("/api/echo", headers={"origin": "http://page.example", **asks})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "http://page.example"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-headers"] == "x-functions-key"
    assert "POST" in answer.headers["access-control-allow-methods"].split(", ")
    stranger = host.client.options("/api/echo", headers={"origin": "http://evil.example", **asks})
    assert "access-control-allow-origin" not in stranger.headers
    plain = host.client.post("/api/echo", headers={"origin": "http://other.example"})
    assert plain.status_code == 401
    assert plain.headers["access-control-allow-origin"] == "http://other.example"


def test_output_is_written_before_the_response(host, queue):
    assert host.client.post("/api/outStr", content="plain text").status_code == 202
    assert queue("outstr").peek() == ["cGxhaW4gdGV4dA=="]


def test_failed_output_is_500(host):
    answer = host.client.post("/api/broken-out")
    assert (answer.status_code, answer.content) == (500, b"")
    assert "output 'out' was not written" in host.log


@pytest.mark.parametrize(
    ("path", "body", "stored"),
    [
        ("outStr", '{"a":1,"b":[2]}', ['{\n  "a": 1,\n  "b": [\n    2\n  ]\n}']),
        ("outStr", '[{"a":1}, "two", 3]', ['{\n  "a": 1\n}', "two", "3"]),
        ("outStr", "{not json}", ["{not json}"]),
        ("outList", json.dumps(['{"a":1,  "b":2}', "[1]"]), ['{"a":1,  "b":2}', "[1]"]),
        ("outBytes", '[{"a":1}]', ['[{"a":1}]']),
    ],
)
def test_how_a_value_becomes_messages(host, azurite, path, body, stored):
    from azure.storage.queue import QueueClient, TextBase64DecodePolicy

    with QueueClient.from_connection_string(
        azurite.connection_string, path.lower(), message_decode_policy=TextBase64DecodePolicy()
    ) as client:
        client.create_queue() if path.lower() not in _existing(azurite) else client.clear_messages()
        assert host.client.post(f"/api/{path}", content=body).status_code == 202
        assert [message.content for message in client.peek_messages(max_messages=10)] == stored


def _existing(azurite: Azurite) -> set[str]:
    from azure.storage.queue import QueueServiceClient

    with QueueServiceClient.from_connection_string(azurite.connection_string) as service:
        return {found.name for found in service.list_queues()}


def test_admin_interface_needs_the_master_key(host):
    for path in ("/admin/host/status", "/admin/functions"):
        assert host.client.get(path).status_code == 401
        assert host.call("GET", path).status_code == 401
    master = {"x-functions-key": host.keys["_master"]}
    status = host.client.get("/admin/host/status", headers=master).json()
    assert status["state"] == "Running"
    listed = host.client.get("/admin/functions", headers=master).json()
    assert {"echo", "off"} <= {function["name"] for function in listed}
    assert [function["isDisabled"] for function in listed if function["name"] == "off"] == [True]
    assert host.client.post("/admin/functions/none", headers=master).status_code == 404


def test_function_key_opens_its_function_only(start_host, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    keys = {"default": "d", "_master": "m", "functions": {"First": {"sender": "only-first"}}}
    (data / "keys.json").write_text(json.dumps(keys))
    source = """
    @app.route(route="first")
    def first(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("1")
    @app.route(route="second")
    def second(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("2")
    """
    host = start_host(source, host_json={"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}, data_dir=data)
    given = {"x-functions-key": "only-first"}
    assert host.client.get("/first", headers=given).status_code == 200
    assert host.client.get("/second", headers=given).status_code == 401
    assert httpx.get(host.url + "/second?code=d").status_code == 200
