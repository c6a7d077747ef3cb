"""The built page as the app's own origin serves it: it opens from any address, under the rules that Azure has too."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Response, expect

from tests.support.app import ADMIN_EMAIL, PASSWORD, ROOT, App
from tests.support.browser import Visitors, axe

RULES = json.loads((ROOT / "static_dashboard" / "public" / "staticwebapp.config.json").read_text())


@pytest.mark.parametrize(
    ("path", "scheme"),
    [("/", "light"), ("/tickets/ADF-20261120T120000-abcdef", "dark"), ("/admin/users", "light")],
)
def test_a_stranger_is_asked_to_sign_in_wherever_they_come(
    page_as: Visitors, tolerate: Callable[..., None], path: str, scheme: str
) -> None:
    tolerate("401 GET .*/api/me")
    page = page_as(color_scheme=scheme)
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    assert headers_of(answer) == RULES["globalHeaders"]
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert axe(page) == []


def test_who_signs_in_is_in(page_as: Visitors, tolerate: Callable[..., None]) -> None:
    tolerate("401 GET .*/api/me")
    page = page_as()
    page.goto("/")
    page.get_by_label("E-mail address").fill(ADMIN_EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Sign in")).to_have_count(0)
    expect(page.get_by_role("navigation").first).to_be_visible()


def test_the_session_of_a_role_opens_the_page(page_as: Visitors) -> None:
    page = page_as("viewer")
    page.goto("/tickets")
    expect(page.get_by_role("navigation").first).to_be_visible()


def test_scripts_are_kept_and_the_page_is_asked_for_anew(page_as: Visitors, tolerate: Callable[..., None]) -> None:
    tolerate("401 GET .*/api/me")
    page = page_as()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    kept = {answer.url: answer.headers["cache-control"] for answer in answers if "/assets/" in answer.url}
    assert kept
    assert set(kept.values()) == {"public, max-age=31536000, immutable"}
    (config,) = [answer for answer in answers if answer.url.endswith("/config.json")]
    assert config.headers["cache-control"] == "no-cache"


def test_a_webhook_is_no_page(app: App) -> None:
    with app.stranger() as client:
        for path in ("/azure-monitor", "/slack/interactions", "/api/nonsense", "/staticwebapp.config.json"):
            assert client.get(path).status_code == 404, path


def headers_of(answer: Response) -> dict[str, str | None]:
    return {name: answer.headers.get(name.lower()) for name in RULES["globalHeaders"]}
