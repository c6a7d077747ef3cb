"""The bounds of every call to another system."""

import time

import pytest

from rca_core.integrations.rest import MEBIBYTE, Client, Limits, NoAnswer, segment
from tests.integrations.servers import QUICK, TOKEN, TROUBLE, Reply, Request, nobody_listens, said, serving


def ask(url: str, limits: Limits = QUICK) -> dict[str, object]:
    with Client("DATABRICKS_HOST", url, f"Bearer {TOKEN}", limits) as client:
        return client.get("/api/thing", {"secret": "in-query"}).document()


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_is_told_without_token_or_query(name: str) -> None:
    reply, expected = TROUBLE[name]
    with serving(reply) as server, pytest.raises(NoAnswer) as caught:
        ask(server.url)
    assert expected in caught.value.note
    assert "GET /api/thing" in caught.value.note
    assert TOKEN not in caught.value.note and "secret" not in caught.value.note
    assert caught.value.__suppress_context__ or caught.value.__cause__ is None


def test_nobody_listens() -> None:
    started = time.monotonic()
    with pytest.raises(NoAnswer, match="no connection to the host in the settings"):
        ask(nobody_listens())
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("first", [Reply(429, headers={"Retry-After": "0.1"}), Reply(announced=9, body=b"{")])
def test_a_passing_trouble_is_tried_once_more(first: Reply) -> None:
    replies = [first, said({"ok": True})]
    with serving(lambda _: replies.pop(0)) as server:
        assert ask(server.url) == {"ok": True}
        assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("name", "times"), [("429 for a moment", 2), ("429 for long", 1), ("503", 1), ("500", 1), ("slow", 1)]
)
def test_how_often_it_is_asked(name: str, times: int) -> None:
    with serving(TROUBLE[name][0]) as server:
        with pytest.raises(NoAnswer):
            ask(server.url)
        assert len(server.asked) == times


def test_all_calls_share_one_time() -> None:
    limits = Limits(connect=1, read=1, total=0.3)
    with serving(Reply(body=b"{}", delay=0.2)) as server, Client("X", server.url, "Bearer x", limits) as client:
        client.get("/one")
        with pytest.raises(NoAnswer):
            client.get("/two")
        time.sleep(0.1)
        with pytest.raises(NoAnswer, match=r"GET /three was not sent: the 0.3 s for this failure are used up"):
            client.get("/three")


def test_the_token_never_follows_a_redirect() -> None:
    with serving(said({})) as other:

        def away(_: Request) -> Reply:
            return Reply(307, headers={"Location": f"{other.url}/steal"})

        with serving(away) as server, pytest.raises(NoAnswer, match="which is not followed"):
            ask(server.url)
        assert other.asked == []


def test_only_what_is_allowed_is_read() -> None:
    with serving(Reply(body=b"x" * (20 * MEBIBYTE))) as server, Client("X", server.url, "Bearer x") as client:
        answer = client.get("/log")
    assert len(answer.body) == 8 * MEBIBYTE
    assert answer.cut == "only the first 8 MiB were read"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://adb-1.azuredatabricks.net", "must start with https://"),
        ("http://127.0.0.1.example.com", "must start with https://"),
        ("ftp://127.0.0.1", "must start with https://"),
        ("https://user:pw@host", "must be just"),
        ("https://host/?a=1", "must be just"),
        ("https://[", "is not an address"),
        ("", "must be just"),
    ],
)
def test_an_address_that_would_show_the_token_is_refused(url: str, why: str) -> None:
    with pytest.raises(NoAnswer, match=r"^DATABRICKS_HOST") as caught:
        ask(url)
    assert why in caught.value.note


@pytest.mark.parametrize("token", ["Bearer a\r\nX: y", "Bearer \u201eabc", "Bearer a\n"])
def test_a_broken_token_is_told_not_shown(token: str) -> None:
    with pytest.raises(NoAnswer) as caught:
        Client("X", "https://host", token)
    assert "token holds characters" in caught.value.note
    assert token not in caught.value.note


def test_a_netrc_does_not_replace_the_token(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(said({})) as server:
        ask(server.url)
        assert server.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("value", ["", ".", "..", "a\nb"])
def test_ids_that_would_change_the_path_are_refused(value: str) -> None:
    with pytest.raises(NoAnswer, match="The report's dag_id"):
        segment("dag_id", value)


def test_ids_are_quoted() -> None:
    assert segment("run_id", "manual__2024-05-14T03:00:00+00:00/../x?y") == (
        "manual__2024-05-14T03%3A00%3A00%2B00%3A00%2F..%2Fx%3Fy"
    )
