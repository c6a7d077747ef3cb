"""SignalR bindings and the small service, with the real JavaScript client."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from devhost import tokens
from tests.devhost.conftest import RunningHost, eventually

APP = """
@app.route(route="negotiate", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.generic_input_binding(arg_name="info", type="signalRConnectionInfo", hubName="rca", userId="{headers.x-user}",
                           connectionStringSetting="AzureSignalRConnectionString")
def negotiate(req: func.HttpRequest, info: str) -> func.HttpResponse:
    return func.HttpResponse(info, mimetype="application/json")

@app.route(route="open/negotiate", auth_level=func.AuthLevel.ANONYMOUS)
@app.generic_input_binding(arg_name="info", type="signalRConnectionInfo", hubName="rca", userId="{query.user}")
async def negotiate_by_query(req: func.HttpRequest, info: str) -> func.HttpResponse:
    return func.HttpResponse(info, mimetype="application/json")

@app.route(route="send", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.generic_output_binding(arg_name="out", type="signalR", hubName="rca")
def send(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    out.set(req.get_body().decode())
    return func.HttpResponse("sent")

@app.queue_trigger(arg_name="msg", queue_name="live", connection="AzureWebJobsStorage")
@app.generic_output_binding(arg_name="$return", type="signalR", hubName="rca")
def live(msg: str) -> str:
    return json.dumps([{"target": "news", "arguments": [msg]}])

@app.route(route="enqueue", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output(arg_name="out", queue_name="live", connection="AzureWebJobsStorage")
def enqueue(req: func.HttpRequest, out: func.Out[bytes]) -> func.HttpResponse:
    out.set(req.get_body())
    return func.HttpResponse("ok")

@app.route(route="hubs/{hub}", auth_level=func.AuthLevel.ANONYMOUS)
def own_hubs(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("the app's own /api/hubs")
"""


@pytest.fixture(scope="module")
def host(start_shared_host) -> RunningHost:
    return start_shared_host(APP)


class Client:
    """The JavaScript client in a process of its own."""

    def __init__(self, base: str, user: str) -> None:
        self._process = subprocess.Popen(
            ["node", str(Path(__file__).with_name("signalr_client.mjs")), base, user],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.events: list[list[Any]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.events.append(json.loads(line))

    def saw(self, what: str) -> list[list[Any]]:
        return [event for event in self.events if event[0] == what]

    @property
    def id(self) -> str:
        return eventually(lambda: self.saw("connected"))[0][1]

    def invoke(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("invoke\n")
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    clients: list[Client] = []

    def start(host: RunningHost, user: str = "ann") -> Client:
        clients.append(Client(host.url + "/api", user))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


def send(host: RunningHost, item: Any) -> int:
    return host.client.post("/api/send", content=json.dumps(item)).status_code


def test_message_of_an_output_binding_reaches_the_client(host, connect):
    client = connect(host)
    assert client.id
    assert send(host, {"target": "news", "arguments": [{"id": "T-1", "grüße": 2}, "two"]}) == 200
    eventually(lambda: client.saw("news") == [["news", {"id": "T-1", "grüße": 2}, "two"]])
    host.client.post("/api/enqueue", content="from a queue")
    eventually(lambda: ["news", "from a queue"] in client.saw("news"))


def test_to_a_user_a_connection_a_group(host, connect):
    ann, bob = connect(host, "ann"), connect(host, "bob")
    assert ann.id != bob.id
    assert send(host, {"target": "news", "arguments": ["user"], "userId": "ann"}) == 200
    assert send(host, {"target": "news", "arguments": ["connection"], "connectionId": bob.id}) == 200
    assert (
        send(
            host,
            [
                {"action": "add", "groupName": "g", "userId": "bob"},
                {"target": "news", "arguments": ["group"], "groupName": "g"},
                {"action": "remove", "groupName": "g", "userId": "bob"},
                {"target": "news", "arguments": ["nobody"], "groupName": "g"},
                {"action": "add", "groupName": "g", "connectionId": ann.id},
                {"target": "news", "arguments": ["member"], "groupName": "g"},
                {"action": "removeAll", "userId": "ann"},
                {"target": "news", "arguments": ["nobody"], "groupName": "g"},
                {"target": "news", "arguments": ["all"]},
            ],
        )
        == 200
    )
    eventually(lambda: ["news", "all"] in ann.events and ["news", "all"] in bob.events)
    assert [event[1] for event in ann.saw("news")] == ["user", "member", "all"]
    assert [event[1] for event in bob.saw("news")] == ["connection", "group", "all"]


def test_client_that_invokes_is_closed(host, connect):
    client = connect(host)
    assert client.id
    client.invoke()
    closed = eventually(lambda: client.saw("closed"))
    assert "takes no invocations" in closed[0][1]


def test_client_comes_back_after_a_restart(start_host, connect, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    host = start_host(APP, arguments=("--port", port))
    client = connect(host)
    assert client.id
    assert host.stop(signal.SIGTERM) == 0
    eventually(lambda: client.saw("reconnecting"))
    host = start_host(root=host.root, arguments=("--port", port))
    eventually(lambda: client.saw("reconnected"))
    assert send(host, {"target": "news", "arguments": ["again"]}) == 200
    eventually(lambda: client.saw("news") == [["news", "again"]])


@pytest.mark.parametrize(
    "item",
    [
        {"arguments": []},
        {"target": "news"},
        {"target": "news", "arguments": "text"},
        {"action": "explode", "userId": "ann"},
        [],
        "x" * 10,
        {"target": "news", "arguments": ["x" * 1_050_000]},
    ],
)
def test_output_of_a_wrong_shape_fails_the_invocation(host, item):
    assert send(host, item) == (200 if item == [] else 500)


def test_connection_info(host):
    answer = host.client.post("/api/open/negotiate", params={"user": "eve"}, headers={"host": "box.example:81"})
    info = answer.json()
    assert info["url"] == "http://box.example:81/devhost-signalr/client/?hub=rca"
    claims = tokens.verify(info["accessToken"], access_key(host))
    assert (claims["nameid"], claims["aud"]) == ("eve", info["url"])
    # What cannot be resolved fails, as in the real extension.
    assert host.client.post("/api/negotiate").status_code == 500


def access_key(host: RunningHost) -> str:
    return json.loads((host.data_dir / "signalr.json").read_text())["accessKey"]


def test_negotiate_wants_a_token_for_this_hub(host):
    info = host.client.post("/api/open/negotiate?user=eve").json()
    url = info["url"].replace("/client/", "/client/negotiate") + "&negotiateVersion=1"
    answer = httpx.post(url, headers={"authorization": f"Bearer {info['accessToken']}", "origin": "http://p.example"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "http://p.example"
    assert [way["transport"] for way in answer.json()["availableTransports"]] == ["WebSockets"]
    assert httpx.post(url).status_code == 401
    forged = tokens.sign(info["url"], "another key", 60)
    assert httpx.post(url, headers={"authorization": f"Bearer {forged}"}).status_code == 401
    ended = tokens.sign(info["url"], access_key(host), -120)
    assert httpx.post(url, headers={"authorization": f"Bearer {ended}"}).status_code == 401
    other = url.replace("hub=rca", "hub=other")
    assert httpx.post(other, headers={"authorization": f"Bearer {info['accessToken']}"}).status_code == 401


@pytest.mark.parametrize("prefix", ["", "/devhost-signalr"])
def test_rest_interface(host, connect, prefix):
    client = connect(host, "rest")
    assert client.id

    def call(method: str, path: str, body: Any = None, audience: str | None = None) -> int:
        url = f"{host.url}{prefix}{path}"
        token = tokens.sign(audience or url, access_key(host), 60)
        content = None if body is None else json.dumps(body)
        headers = {"authorization": f"Bearer {token}"}
        return httpx.request(method, url + "?api-version=2022-06-01", headers=headers, content=content).status_code

    message = {"target": "news", "arguments": [1]}
    assert call("POST", "/api/hubs/rca/:send", message) == 202
    assert call("POST", "/api/v1/hubs/rca/users/rest", message) == 202
    assert call("PUT", "/api/hubs/rca/users/rest/groups/g1") == 200
    assert call("POST", "/api/hubs/rca/groups/g1/:send", message) == 202
    assert call("DELETE", "/api/hubs/rca/users/rest/groups") == 200
    assert call("POST", "/api/hubs/rca/groups/g1/:send", message) == 202
    assert call("POST", "/api/hubs/rca/:send", {"target": "news", "arguments": ["last"]}) == 202
    eventually(lambda: ["news", "last"] in client.events)
    assert [event[1] for event in client.saw("news")] == [1, 1, 1, "last"]
    assert call("POST", "/api/hubs/rca/:send", {"arguments": []}) == 400
    assert call("POST", "/api/hubs/rca/:send", message, audience="http://x/elsewhere") == 401
    assert call("POST", "/api/hubs/rca/:send", {"target": "x" * 1_100_000, "arguments": []}) == 413


def test_routes_of_the_app_come_first(host):
    assert host.client.get("/api/hubs/rca").text == "the app's own /api/hubs"


def test_outputs_go_to_a_real_service_by_rest(start_host):
    seen: list[tuple[str, str, dict[str, Any], str]] = []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            claims = tokens.verify(self.headers["authorization"].split()[1], "shared key")
            seen.append((self.command, self.path, claims, body.decode()))
            self.send_response(202 if "bad" not in self.path else 500)
            self.end_headers()

        do_PUT = do_POST

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as service:
        threading.Thread(target=service.serve_forever).start()
        base = f"http://127.0.0.1:{service.server_address[1]}"
        text = f"Endpoint={base};AccessKey=shared key;Version=1.0;"
        host = start_host(APP, env={"AzureSignalRConnectionString": text})
        assert send(host, {"target": "news", "arguments": [1], "userId": "a/b"}) == 200
        assert send(host, {"action": "add", "groupName": "g", "userId": "u"}) == 200
        assert send(host, {"action": "add", "groupName": "g", "connectionId": "c"}) == 200
        assert send(host, {"target": "news", "arguments": [1], "groupName": "bad"}) == 500
        info = host.client.post("/api/open/negotiate?user=eve").json()
        service.shutdown()
    assert info["url"] == base + "/client/?hub=rca"
    assert tokens.verify(info["accessToken"], "shared key")["nameid"] == "eve"
    assert seen[0][:2] == ("POST", "/api/hubs/rca/users/a%2Fb/:send?api-version=2022-06-01")
    assert seen[0][2]["aud"] == base + "/api/hubs/rca/users/a%2Fb/:send"
    assert json.loads(seen[0][3]) == {"target": "news", "arguments": [1]}
    assert seen[1][:2] == ("PUT", "/api/hubs/rca/users/u/groups/g?api-version=2022-06-01")
    assert seen[2][:2] == ("PUT", "/api/hubs/rca/groups/g/connections/c?api-version=2022-06-01")
