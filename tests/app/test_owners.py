"""The ownership table over HTTP."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.app import App


@pytest.fixture
def mark() -> str:
    return uuid4().hex[:10]


def call(app: App, method: str, path: str, **options: Any) -> httpx.Response:
    with app.client() as client:
        return client.request(method, path, **options)


def added(app: App, **rule: Any) -> dict[str, Any]:
    response = call(app, "POST", "/api/owners", json={"team": "Sales", **rule})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def test_a_rule_is_made_listed_changed_and_removed(app: App, mark: str) -> None:
    general, special = added(app, pattern=f"{mark}_*"), added(app, pattern=f"{mark}_eu_*", source="airflow")
    items = app.get("/api/owners")["items"]
    assert [rule["id"] for rule in items if mark in rule["pattern"]] == [special["id"], general["id"]]

    path = f"/api/owners/{general['id']}"
    changed = call(app, "PATCH", path, json={"version": 1, "owner": "Ann", "cost_center": "CC-7"}).json()
    assert (changed["team"], changed["owner"], changed["cost_center"], changed["version"]) == (
        "Sales",
        "Ann",
        "CC-7",
        2,
    )
    assert call(app, "DELETE", path, params={"version": 1}).status_code == 409
    assert call(app, "DELETE", path, params={"version": 2}).status_code == 204
    assert call(app, "DELETE", path, params={"version": 2}).status_code == 404


def test_a_preview_says_which_rule_would_decide(app: App, mark: str) -> None:
    rule = added(app, pattern=f"{mark}/load_*", source="airflow")
    found = app.get("/api/owners/preview", source="airflow", pipeline=f"{mark}/load_orders")
    assert found["rule"]["id"] == rule["id"]
    assert found["reason"] == f"It is decided by rule '{mark}/load_*' for airflow."
    assert app.get("/api/owners/preview", source="airflow", pipeline=f"{mark}/check")["rule"] is None


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "field"),
    [
        ("POST", "/api/owners", {"json": {"pattern": "x"}}, 400, "team"),
        ("POST", "/api/owners", {"json": {"team": "x"}}, 400, None),
        ("POST", "/api/owners", {"json": {"pattern": "x", "team": 7}}, 400, "team"),
        ("POST", "/api/owners", {"json": {"pattern": "x", "team": "x", "colour": "red"}}, 400, None),
        ("POST", "/api/owners", {"json": {"pattern": "x", "team": "x", "source": "jenkins"}}, 400, "source"),
        ("POST", "/api/owners", {"content": b"{"}, 400, None),
        ("PATCH", "/api/owners/none", {"json": {"team": "x"}}, 400, None),
        ("PATCH", "/api/owners/none", {"json": {"version": 1, "team": "x"}}, 404, None),
        ("PATCH", "/api/owners/a%2Fb", {"json": {"version": 1, "team": "x"}}, 404, None),
        ("DELETE", "/api/owners/none", {}, 400, "version"),
        ("DELETE", "/api/owners/none", {"params": {"version": "x"}}, 400, "version"),
        ("GET", "/api/owners/preview", {}, 400, "source"),
        ("GET", "/api/owners/preview", {"params": {"source": "*", "pipeline": "x"}}, 400, "source"),
        ("GET", "/api/owners/preview", {"params": {"source": "adf"}}, 400, "pipeline"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_field(
    app: App, method: str, path: str, options: dict[str, Any], status: int, field: str | None
) -> None:
    answer = call(app, method, path, **options)
    assert (answer.status_code, answer.json().get("field")) == (status, field), answer.text


def test_a_pattern_that_has_a_rule_is_answered_409(app: App, mark: str) -> None:
    first = added(app, pattern=mark)
    again = call(app, "POST", "/api/owners", json={"pattern": mark.upper(), "team": "Other"})
    assert again.status_code == 409
    assert first["id"] in again.json()["detail"]


def test_the_unknowns_can_be_asked_for(app: App) -> None:
    assert set(app.get("/api/owners/unknown")) == {"items", "complete"}
