"""Whatever is posted, the answer is failures, reasons, or one of three refusals; and it is the same every time."""

import json
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rca_core.foundation.errors import MalformedRequest, PayloadTooLarge, UnprocessablePayload
from rca_core.foundation.failure import Failure, Ignored
from rca_core.sources import Sender, parse
from tests.sources.samples import OWN, SHARED, sender_of
from tests.support.sizes import sized

SENDERS: tuple[Sender, ...] = ("azure-monitor", "databricks", "airflow")
OURS = ("azmon_", "adf_", "databricks_", "airflow_", "synapse_")
PAYLOADS = {
    path.stem: json.loads(path.read_bytes())
    for folder in (OWN, SHARED)
    if folder.is_dir()
    for path in sorted(folder.glob("*.json"))
    if path.stem.startswith(OURS)
}


def _keys(node: Any) -> Any:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict):
        yield from node
    for child in children:
        yield from _keys(child)


FAST = settings(max_examples=sized(1_000, 250), deadline=None, suppress_health_check=list(HealthCheck))

TELLING_WORDS = st.sampled_from(
    [
        "Resolved",
        "Failed",
        "Succeeded",
        "success",
        "jobs.on_failure",
        "task_failed",
        "None",
        "N/A",
        "-1",
        "\0",
        "[",
        "{",
        '{"a":[]}',
        "<TaskInstance: ",
        "<TaskInstance: a.b r [failed]>",
        "<DAG: ",
        "dag_id='",
        "https://[",
        "ErrorCode=",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**30), max_value=10**30)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=20)
    | TELLING_WORDS
)
NAMES = st.sampled_from(sorted({key for payload in PAYLOADS.values() for key in _keys(payload)}))
ANYTHING = st.recursive(
    SCALARS,
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(NAMES | st.text(max_size=8), children, max_size=6)
    ),
    max_leaves=25,
)


def assert_is_answered(sender: Sender, body: bytes) -> None:
    try:
        outcomes = parse(sender, body)
    except (MalformedRequest, UnprocessablePayload, PayloadTooLarge) as refused:
        assert refused.detail
        return
    assert outcomes
    for outcome in outcomes:
        if isinstance(outcome, Ignored):
            assert outcome.reason
        else:
            assert_is_sound(outcome)
    assert parse(sender, body) == outcomes


def assert_is_sound(failure: Failure) -> None:
    """A failure that can be stored, claimed and shown: typed as declared, keyed, titled, serialisable."""
    stored = msgspec.json.encode(failure)
    assert msgspec.json.decode(stored, type=Failure) == failure
    assert failure.run_key[0] == failure.source
    assert len(failure.run_key) > 1
    assert any(failure.run_key[1:])
    assert failure.report_key
    assert failure.pipeline
    assert 0 < len(failure.title) <= 200
    assert "\n" not in failure.title
    assert failure.occurred_at is None or failure.occurred_at.endswith("Z")
    assert all(link.url.startswith(("http://", "https://")) for link in failure.links)
    assert len(failure.labels) <= 50
    assert all(len(value) <= 1_000 for value in failure.entity.values() if isinstance(value, str))


@st.composite
def mutated_payloads(draw: st.DrawFn) -> tuple[Sender, bytes]:
    """A payload in which up to four nodes are dropped, replaced by anything, or by a part of another payload."""
    name = draw(st.sampled_from(sorted(PAYLOADS)))
    document = json.loads(json.dumps(PAYLOADS[name]))
    for _ in range(draw(st.integers(1, 4))):
        document = _mutated(draw, document)
    return sender_of(name), json.dumps(document).encode()


def _mutated(draw: st.DrawFn, document: Any) -> Any:
    paths = list(_paths(document))
    path = draw(st.sampled_from(paths))
    replacement = draw(st.sampled_from(["drop", "anything", "as text", "as list"]))
    if not path:
        return draw(ANYTHING)
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    if replacement == "drop":
        del holder[path[-1]]
    elif replacement == "as text":
        holder[path[-1]] = json.dumps(holder[path[-1]])
    elif replacement == "as list":
        holder[path[-1]] = [holder[path[-1]]] * 2
    else:
        holder[path[-1]] = draw(ANYTHING)
    return document


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Any:
    yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from _paths(child, (*path, key))


@settings(FAST, max_examples=sized(3_000, 750))
@given(mutated_payloads())
def test_a_damaged_payload(posted: tuple[Sender, bytes]) -> None:
    assert_is_answered(*posted)


@FAST
@given(st.sampled_from(SENDERS), ANYTHING)
def test_any_json(sender: Sender, value: Any) -> None:
    assert_is_answered(sender, json.dumps(value).encode())


@FAST
@given(st.sampled_from(SENDERS), st.sampled_from(sorted(PAYLOADS)))
def test_any_payload_at_any_door(sender: Sender, name: str) -> None:
    assert_is_answered(sender, json.dumps(PAYLOADS[name]).encode())


@FAST
@given(st.sampled_from(SENDERS), st.binary(max_size=200))
def test_any_bytes(sender: Sender, body: bytes) -> None:
    assert_is_answered(sender, body)


@FAST
@given(st.sampled_from(sorted(PAYLOADS)), st.data())
def test_a_truncated_or_spoilt_body(name: str, data: st.DataObject) -> None:
    body = json.dumps(PAYLOADS[name]).encode()
    at = data.draw(st.integers(0, len(body) - 1))
    spoilt = body[:at] + data.draw(st.sampled_from([b"", b"\xff", b"\\", b'"', b"NaN", b"\\ud800"])) + body[at + 1 :]
    assert_is_answered(sender_of(name), spoilt)
    assert_is_answered(sender_of(name), body[:at])
