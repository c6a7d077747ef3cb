"""Queue triggers, through the door: what happens to a message."""

from __future__ import annotations

import base64
import signal
import time
import uuid
from typing import Any

import pytest

from devhost.azurite import Azurite
from devhost.storage import connect
from tests.devhost.conftest import RunningHost, StorageQueue, eventually, queues_json

# Notes what it received, and fails as its message asks.
WORKER = """
@app.queue_trigger(arg_name="msg", queue_name="%QUEUE%", connection="AzureWebJobsStorage")
def work(msg: func.QueueMessage) -> None:
    body = msg.get_body().decode()
    record("begin", body, msg.dequeue_count)
    if body.startswith("sleep "):
        time.sleep(float(body.split()[1]))
    if body == "hang" and msg.dequeue_count == 1:
        time.sleep(60)
    if body == "fail":
        raise RuntimeError("as asked")
    record("end", body, msg.dequeue_count)
"""


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SHARED = (
    WORKER
    + """
@app.queue_trigger(arg_name="msg", queue_name="%TEXT%", connection="AzureWebJobsStorage")
def as_text(msg: str, context: func.Context) -> None:
    record("text", msg, context.function_name, context.retry_context)
@app.queue_trigger(arg_name="msg", queue_name="%RAW%", connection="AzureWebJobsStorage")
async def as_bytes(msg: bytes) -> None:
    record("bytes", list(msg))
@app.queue_trigger(arg_name="msg", queue_name="%MESSAGE%", connection="AzureWebJobsStorage")
def as_message(msg: func.QueueMessage) -> None:
    record("message", msg.get_json(), msg.id, msg.pop_receipt != "", msg.dequeue_count,
           msg.insertion_time.year, (msg.expiration_time - msg.insertion_time).days,
           (msg.time_next_visible - msg.insertion_time).total_seconds() > 500)
@app.queue_trigger(arg_name="msg", queue_name="%RETURNS%", connection="AzureWebJobsStorage")
def returns(msg: str):
    return "something"
@app.queue_trigger(arg_name="msg", queue_name="%LATER%", connection="AzureWebJobsStorage")
def later(msg: str) -> None:
    record("later", msg)
"""
)


@pytest.fixture(scope="module")
def queues(azurite) -> dict[str, StorageQueue]:
    """The queues of the shared host; LATER does not exist yet."""
    names = ("QUEUE", "TEXT", "RAW", "MESSAGE", "RETURNS", "LATER")
    made = {name: StorageQueue(azurite.connection_string, f"q{uuid.uuid4().hex[:12]}") for name in names}
    for name in names[:-1]:
        made[name].create()
    return made


@pytest.fixture(scope="module")
def shared(start_shared_host, queues) -> RunningHost:
    return start_shared_host(
        SHARED,
        host_json=queues_json(maxDequeueCount=3, maxPollingInterval="00:00:00.3"),
        env={name: queue.name for name, queue in queues.items()},
    )


def seen(host: RunningHost, body: str) -> list[list[Any]]:
    """What `work` recorded of the messages with this body."""
    return [record for record in host.records if record[1] == body]


def test_success_deletes_the_message(shared, queues):
    queues["QUEUE"].add(encoded("hello"))
    eventually(lambda: seen(shared, "hello") == [["begin", "hello", 1], ["end", "hello", 1]])
    eventually(lambda: queues["QUEUE"].count() == 0)


def test_what_a_parameter_receives(shared, queues):
    queues["TEXT"].add(encoded("grüße"))
    queues["RAW"].add(base64.b64encode(b"\x00\xff").decode())
    queues["MESSAGE"].add(encoded('{"a": 1}'))
    eventually(lambda: ["text", "grüße", "as_text", None] in shared.records)
    eventually(lambda: ["bytes", [0, 255]] in shared.records)
    received = eventually(lambda: [record for record in shared.records if record[0] == "message"])[0]
    assert received[1] == {"a": 1}
    assert uuid.UUID(received[2])
    assert received[3:] == [True, 1, time.gmtime().tm_year, 7, True]


def test_failing_message_ends_in_the_poison_queue_with_its_body(shared, queues, queue):
    mine, poison = queues["QUEUE"], queue(queues["QUEUE"].name + "-poison")
    mine.add(encoded("fail"))
    eventually(lambda: encoded("fail") in poison.peek())
    eventually(lambda: mine.count() == 0)
    assert seen(shared, "fail") == [["begin", "fail", 1], ["begin", "fail", 2], ["begin", "fail", 3]]


def test_message_that_is_not_base64_goes_to_poison_unread(shared, queues, queue):
    before = len(shared.records)
    queues["QUEUE"].add('{"a":1}')
    eventually(lambda: '{"a":1}' in queue(queues["QUEUE"].name + "-poison").peek())
    eventually(lambda: queues["QUEUE"].count() == 0)
    assert len(shared.records) == before


def test_returned_value_without_a_binding_fails(shared, queues, queue):
    queues["RETURNS"].add(encoded("x"))
    eventually(lambda: queue(queues["RETURNS"].name + "-poison").peek() == [encoded("x")])
    assert "returned a value but has no $return binding" in shared.log


def test_run_by_hand(shared, queues):
    master = {"x-functions-key": shared.keys["_master"]}
    answer = shared.client.post("/admin/functions/Work", headers=master, json={"input": "by hand"})
    assert answer.status_code == 202
    eventually(lambda: ["end", "by hand", 1] in shared.records)
    assert shared.client.post("/admin/functions/work", headers=master, content=b"[1]").status_code == 400
    assert queues["QUEUE"].count() == 0


def test_queue_that_does_not_exist_yet(shared, queues):
    queues["LATER"].create().add(encoded("first"))
    eventually(lambda: ["later", "first"] in shared.records)
    assert "cannot be read" not in shared.log


def test_message_tried_too_often_is_not_run(start_host, queue):
    mine = queue().create()
    mine.add(encoded("tired"))
    for _ in range(2):
        mine.try_once()
    host = start_host(WORKER, host_json=queues_json(maxDequeueCount=2), env={"QUEUE": mine.name})
    eventually(lambda: queue(mine.name + "-poison").peek() == [encoded("tired")])
    assert host.records == []


def test_message_encoding_none(start_host, queue):
    mine = queue().create()
    host = start_host(WORKER, host_json=queues_json(messageEncoding="none"), env={"QUEUE": mine.name})
    mine.add('{"a":1}\r\n<&>')
    eventually(lambda: ["end", '{"a":1}\r\n<&>', 1] in host.records)


def test_released_message_waits_for_the_visibility_timeout(start_host, queue):
    mine = queue().create()
    options = queues_json(visibilityTimeout="00:00:01", maxDequeueCount=2, maxPollingInterval="00:00:00.2")
    host = start_host(WORKER, host_json=options, env={"QUEUE": mine.name})
    mine.add(encoded("fail"))
    eventually(lambda: len(host.records) == 2)
    first, second = (record[0] for record in host.timed_records)
    assert 0.9 < second - first < 5


def test_failing_poison_handler_leaves_its_message_hidden(start_host, queue):
    mine = queue(f"q{uuid.uuid4().hex[:12]}-poison").create()
    host = start_host(
        WORKER,
        host_json=queues_json(maxDequeueCount=1, maxPollingInterval="00:00:00.2"),
        env={"QUEUE": mine.name, "DEVHOST_QUEUE_VISIBILITY_SECONDS": "1"},
    )
    mine.add(encoded("fail"))
    eventually(lambda: host.records[:2] == [["begin", "fail", 1], ["begin", "fail", 2]])
    first, second = (record[0] for record in host.timed_records[:2])
    assert second - first > 0.7
    assert mine.count() == 1
    assert queue(mine.name + "-poison").count() == 0


def test_long_function_keeps_its_message(start_host, queue):
    mine = queue().create()
    host = start_host(WORKER, env={"QUEUE": mine.name, "DEVHOST_QUEUE_VISIBILITY_SECONDS": "2"})
    mine.add(encoded("sleep 2.2"))
    eventually(lambda: ["end", "sleep 2.2", 1] in host.records)
    eventually(lambda: mine.count() == 0)
    assert host.records == [["begin", "sleep 2.2", 1], ["end", "sleep 2.2", 1]]


def test_killed_host_leaves_its_message_for_the_next_one(start_host, queue):
    mine = queue().create()
    options = queues_json(maxPollingInterval="00:00:00.2")
    host = start_host(WORKER, host_json=options, env={"QUEUE": mine.name, "DEVHOST_QUEUE_VISIBILITY_SECONDS": "1"})
    mine.add(encoded("hang"))
    eventually(lambda: host.records == [["begin", "hang", 1]])
    host.stop(signal.SIGKILL)
    host = start_host(root=host.root, env={"QUEUE": mine.name})
    eventually(lambda: host.records[1:] == [["begin", "hang", 2], ["end", "hang", 2]])
    eventually(lambda: mine.count() == 0)


def test_stop_finishes_what_runs_and_takes_nothing_new(start_host, queue):
    mine = queue().create()
    host = start_host(WORKER, host_json=queues_json(batchSize=1, newBatchThreshold=0), env={"QUEUE": mine.name})
    mine.add(encoded("sleep 0.5"))
    eventually(lambda: ["begin", "sleep 0.5", 1] in host.records)
    mine.add(encoded("later"))
    assert host.stop() == 0
    assert host.records == [["begin", "sleep 0.5", 1], ["end", "sleep 0.5", 1]]
    assert mine.peek() == [encoded("later")]
    assert mine.count() == 1


def test_stop_does_not_wait_longer_than_the_grace_time(start_host, queue):
    mine = queue().create()
    host = start_host(WORKER, env={"QUEUE": mine.name, "DEVHOST_GRACE_SECONDS": "1"})
    mine.add(encoded("sleep 60"))
    eventually(lambda: host.records)
    began = time.monotonic()
    assert host.stop() == 0
    assert time.monotonic() - began < 5
    assert mine.count() == 1


def test_concurrency_is_batch_size_and_threshold(start_host, queue):
    mine = queue().create()
    for number in range(12):
        mine.add(encoded(f"sleep {0.1 + 0.2 * (number % 2)}"))
    host = start_host(
        WORKER,
        host_json=queues_json(batchSize=2, newBatchThreshold=1),
        env={"QUEUE": mine.name, "PYTHON_THREADPOOL_THREAD_COUNT": "16"},
    )
    eventually(lambda: len(host.records) == 24)
    running = most = 0
    for what, *_ in host.records:
        running += 1 if what == "begin" else -1
        most = max(most, running)
    assert most == 3


def test_chain_of_functions_does_not_wait_for_the_poll(start_host, queue):
    first, second = queue().create(), queue().create()
    source = """
    @app.route(route="go", auth_level=func.AuthLevel.ANONYMOUS)
    def go(req: func.HttpRequest) -> func.HttpResponse:
        from azure.storage.queue import QueueClient, TextBase64EncodePolicy
        with QueueClient.from_connection_string(
            os.environ["AzureWebJobsStorage"], os.environ["FIRST"], message_encode_policy=TextBase64EncodePolicy()
        ) as client:
            client.send_message("through the SDK")
        return func.HttpResponse("ok")
    @app.queue_trigger(arg_name="msg", queue_name="%FIRST%", connection="AzureWebJobsStorage")
    @app.queue_output(arg_name="$return", queue_name="%SECOND%", connection="AzureWebJobsStorage")
    def one(msg: str) -> str:
        return msg + " and a binding"
    @app.queue_trigger(arg_name="msg", queue_name="%SECOND%", connection="AzureWebJobsStorage")
    def two(msg: str) -> None:
        record(msg)
    """
    host = start_host(source, env={"FIRST": first.name, "SECOND": second.name})
    host.client.get("/api/go")  # The first call imports the SDK.
    eventually(lambda: len(host.records) == 1)
    time.sleep(1.7)  # The listeners back off: their next poll of their own is more than a second away.
    took = []
    for number in range(3):
        began = time.time()
        host.client.get("/api/go")
        eventually(lambda n=number: len(host.records) == n + 2)
        took.append(host.timed_records[-1][0] - began)
    assert host.records[-1] == ["through the SDK and a binding"]
    assert min(took) < 0.3


@pytest.mark.slow
def test_storage_outage_is_told_once_and_survived(start_host, queue):
    with Azurite() as storage:
        source = WORKER.replace("AzureWebJobsStorage", "Other")
        options = queues_json(maxPollingInterval="00:00:00.5")
        host = start_host(source, host_json=options, env={"QUEUE": "outage", "Other": storage.connection_string})
        storage.stop()
        eventually(lambda: "queue outage cannot be read" in host.log)
        time.sleep(0.7)  # Long enough for another poll to fail.
        storage.start()
        eventually(lambda: "queue outage can be read again" in host.log)
        assert host.log.count("cannot be read") == 1
        again = type(queue("x12"))(storage.connection_string, "outage").create()
        again.add(encoded("after"))
        eventually(lambda: ["end", "after", 1] in host.records)


def test_function_timeout_fails_the_message(start_host, queue):
    mine = queue().create()
    options = {**queues_json(maxDequeueCount=1), "functionTimeout": "00:00:01"}
    host = start_host(WORKER, host_json=options, env={"QUEUE": mine.name})
    mine.add(encoded("sleep 2.2"))
    eventually(lambda: queue(mine.name + "-poison").peek() == [encoded("sleep 2.2")])
    assert "functionTimeout" in host.log


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("Mine__queueServiceUri", "https://acct.queue.core.windows.net"),
        ("AzureWebJobsMine__accountName", "acct"),
        ("Mine", "AccountName=acct;AccountKey=a2V5"),
    ],
)
def test_ways_to_name_an_account(monkeypatch, setting, value):
    monkeypatch.setenv(setting, value)
    with connect("Mine", "here") as account:
        assert account.url.rstrip("/") == "https://acct.queue.core.windows.net"


def test_development_storage_shortcut(start_host, azurite, queue):
    mine = queue().create()
    ports = {"AZURITE_QUEUE_PORT": str(azurite.ports["queue"])}
    host = start_host(WORKER, env={"QUEUE": mine.name, "AzureWebJobsStorage": "UseDevelopmentStorage=true", **ports})
    mine.add(encoded("short"))
    eventually(lambda: ["end", "short", 1] in host.records)
