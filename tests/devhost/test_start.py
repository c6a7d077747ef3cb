"""What keeps a host from starting, each with a plain word; settings and keys."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest

from tests.devhost import forked
from tests.devhost.conftest import DEADLINE, REPOSITORY, RunningHost, eventually

ONE = """
@app.route(route="one", auth_level=func.AuthLevel.ANONYMOUS)
def one(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(os.environ.get("COLOUR", "none") + os.environ.get("SHAPE", "none"))
"""

QUEUE = "@app.queue_trigger(arg_name='m', queue_name='abc', connection='AzureWebJobsStorage')\n"
SIGNALR_OUT = "@app.generic_output_binding(arg_name='o', type='signalR', hubName='h')\n@app.route()\n"


@pytest.mark.parametrize(
    ("host_json", "why"),
    [
        ('{"version": "2.0",}', "not valid JSON, line 1"),
        ('{"version": "1.0"}', '"version" must be "2.0", found "1.0"'),
        ("{}", '"version" must be "2.0", found null'),
        ("[]", "must hold a JSON object"),
        ('{"version": "2.0", "functionTimeout": "soon"}', "functionTimeout: 'soon' is not a time span"),
        ('{"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}', "batchSize: 33 is not between 1 and 32"),
        ('{"version": "2.0", "extensions": {"queues": {"maxDequeueCount": 0}}}', "maxDequeueCount: 0"),
        ('{"version": "2.0", "extensions": {"queues": {"messageEncoding": "hex"}}}', "base64 or none, found 'hex'"),
    ],
)
def test_host_json(refused, host_json, why):
    said = refused(ONE, host_json)
    assert why in said
    assert "host.json" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("", "the app has no function"),
        ("other = func.FunctionApp()", "2 FunctionApps at the top level"),
        ("del app", "no FunctionApp at the top level"),
        ("import no_such_module_at_all", "No module named 'no_such_module_at_all'"),
        (ONE + ONE.replace("def one", "def two"), "route 'api/one' is used twice"),
        (ONE + ONE.replace("def one", "def two").replace('"one"', '"{x}/y"')
         + ONE.replace("def one", "def three").replace('"one"', '"{z}/Y"'), "is used twice"),
        (ONE.replace('"one"', '"administrators"'), "must not start with 'admin'"),
        (ONE.replace('"one"', '"runtime/x"'), "must not start with 'admin' or 'runtime'"),
        (ONE.replace('"one"', '"{x:colour}"'), "unknown constraint 'colour'"),
        (ONE.replace('"one"', '"{*x}/y"'), "must be the whole last segment"),
        (ONE.replace("(req:", "(request:"), "has no parameter of that name"),
        (ONE.replace("(req: func.HttpRequest)", "(req: func.HttpRequest, more: str)"), "'more' belongs to no binding"),
        ("@app.generic_trigger(arg_name='x', type='carrierPigeon')\ndef f(x: str) -> None: ...", "'carrierPigeon'"),
        ("@app.queue_output(arg_name='o', queue_name='abc', connection='AzureWebJobsStorage')\n"
         "@app.route()\ndef f(req: func.HttpRequest, o: func.Out[list[str]]): ...", "typing.List, not list"),
        ("@app.queue_output(arg_name='o', queue_name='abc', connection='AzureWebJobsStorage')\n"
         "@app.route()\ndef f(req: func.HttpRequest, o: str): ...", "must be annotated with func.Out[...]"),
        (QUEUE + "def f(m: int) -> None: ...", "annotated with int; use func.QueueMessage, str or bytes"),
        (QUEUE + "def f(m: func.HttpRequest) -> None: ...", "annotated with HttpRequest; use func.QueueMessage"),
        (QUEUE + "def f(m: str, context: str) -> None: ...", "'context' must be annotated with func.Context, not str"),
        ("@app.route()\ndef f(req: dict) -> func.HttpResponse: ...", "annotated with dict; use func.HttpRequest"),
        ("@app.route()\ndef f(req: func.HttpRequest | None) -> func.HttpResponse: ...", "use func.HttpRequest"),
        ("@app.route()\ndef f(req: func.HttpRequest) -> dict: ...", "dict; use func.HttpResponse or str"),
        ("@app.route()\ndef f(req: func.HttpRequest) -> None: ...", "annotated with NoneType; use func.HttpResponse"),
        ("@app.route()\ndef f(req: func.HttpRequest) -> func.HttpResponse | None: ...", "return value of binding"),
        (SIGNALR_OUT + "def f(req: func.HttpRequest, o: func.Out[dict]): ...", "use str or bytes inside func.Out[...]"),
        (SIGNALR_OUT + "def f(req: func.HttpRequest, o: func.Out): ...", "use str or bytes inside func.Out[...]"),
        ("@app.generic_input_binding(arg_name='i', type='signalRConnectionInfo', hubName='h')\n"
         "@app.route()\ndef f(req: func.HttpRequest, i: dict): ...", "annotated with dict; use str or bytes"),
        ("@app.timer_trigger(arg_name='t', schedule='0 * * * * *')\ndef f(t: int): ...", "use func.TimerRequest"),
        ("@app.queue_trigger(arg_name='m', queue_name='abc', connection='Nowhere')\ndef f(m: str) -> None: ...",
         "the connection 'Nowhere' is not set"),
        ("@app.queue_trigger(arg_name='m', queue_name='%NOPE%', connection='AzureWebJobsStorage')\n"
         "def f(m: str) -> None: ...", "the setting NOPE does not exist"),
        ("@app.timer_trigger(arg_name='t', schedule='* * *')\ndef f(t: func.TimerRequest) -> None: ...",
         "needs six: second minute hour"),
        ("@app.generic_input_binding(arg_name='i', type='signalRConnectionInfo', hubName='1x')\n"
         "@app.route()\ndef f(req: func.HttpRequest, i: str): ...", "hubName must be letters"),
    ],
)  # fmt: skip
def test_app(refused, source, why):
    said = refused(source)
    assert why in said
    assert "\ndevhost: " in "\n" + said


@pytest.mark.parametrize(
    ("local", "why"),
    [
        ({"IsEncrypted": True}, "IsEncrypted is true"),
        ({"Values": {"NUMBER": 7}}, "Values.NUMBER must be a text in quotes"),
        ({"Host": {"CORS": "*", "CORSCredentials": True}}, "cannot be used with Host.CORSCredentials"),
    ],
)
def test_local_settings(refused, local, why):
    assert why in refused(ONE, None, local)


def test_wrong_environment(refused):
    said = refused(ONE, PYTHON_THREADPOOL_THREAD_COUNT="many")
    assert said.strip() == "devhost: environment variable PYTHON_THREADPOOL_THREAD_COUNT: 'many' is not a whole number"


def test_missing_files(tmp_path):
    def said() -> str:
        code, _, errors = forked.run(tmp_path, {}, tmp_path, DEADLINE)
        assert code == 1
        return errors

    assert "host.json: missing" in said()
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    assert "function_app.py: missing" in said()


def test_port_in_use_is_one_line(start_host, refused, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "host.json").write_text('{"version": "2.0"}')
        ended = subprocess.run(
            [sys.executable, "-m", "devhost", "--root", str(tmp_path), "--port", str(port)],
            cwd=REPOSITORY, capture_output=True, text=True,
        )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr


@pytest.fixture(scope="module")
def host(start_shared_host, tmp_path_factory) -> RunningHost:
    """One host with something of every kind of setting."""
    source = (
        ONE
        + """
bp = func.Blueprint()
@bp.function_name("renamed")
@bp.route(auth_level=func.AuthLevel.ANONYMOUS)
def from_blueprint(req: func.HttpRequest) -> str:
    return "blue"
app.register_functions(bp)
"""
    )
    data = tmp_path_factory.mktemp("data")
    (data / "keys.json").write_text('{"default": "mine"}')
    return start_shared_host(
        source,
        host_json={"version": "2.0", "extensions": {"http": {"routePrefix": "v1/x"}}},
        local={"Values": {"COLOUR": "red", "SHAPE": "round"}, "Host": {"CORS": "*"}},
        env={"COLOUR": "blue"},
        data_dir=data,
    )


def test_values_do_not_override_the_environment(host):
    assert host.client.get("/v1/x/one").text == "blueround"


def test_route_prefix(host):
    assert host.client.get("/v1/x/one").status_code == 200
    assert host.client.get("/api/one").status_code == 404


def test_blueprint_and_wildcard_cors(host):
    answer = host.client.get("/v1/x/renamed", headers={"origin": "http://anywhere.example"})
    assert answer.text == "blue"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_keys_file_without_a_master_key_gets_one(host):
    assert host.keys["default"] == "mine"
    assert len(host.keys["_master"]) >= 32


def test_keys_survive_a_restart(start_host):
    host = start_host(ONE)
    assert host.stop() == 0
    assert start_host(root=host.root).keys == host.keys


def test_broken_keys_file(refused, tmp_path):
    (tmp_path / ".devhost").mkdir()
    (tmp_path / ".devhost" / "keys.json").write_text('{"default": 7}')
    assert "keys.json: must be" in refused(ONE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_lets_a_request_finish(start_host, number):
    source = """
    @app.route(route="slow", auth_level=func.AuthLevel.ANONYMOUS)
    def slow(req: func.HttpRequest) -> func.HttpResponse:
        record("begin")
        time.sleep(0.5)
        return func.HttpResponse("done")
    """
    host = start_host(source)
    answers = []
    caller = threading.Thread(target=lambda: answers.append(httpx.get(host.url + "/api/slow", timeout=20)))
    caller.start()
    eventually(lambda: host.records)
    assert host.stop(number) == 0
    caller.join()
    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "done")]
