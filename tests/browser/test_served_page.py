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


def test_a_page_that_was_renewed_meanwhile_says_so_and_goes_on_elsewhere(
    page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate("404 GET .*/assets/", "console: .*dynamically imported module")
    page = page_as("viewer")
    page.route("**/assets/OverviewPage-*.js", lambda route: route.fulfill(status=404))
    page.goto("/tickets")
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("alert")).to_contain_text("The page was renewed since you opened it")
    page.get_by_role("link", name="Audit").click()
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("link", name="Overview").click()
    page.unroute("**/assets/OverviewPage-*.js")
    page.get_by_role("button", name="Reload").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_where_the_api_is_must_be_known(page_as: Visitors, tolerate: Callable[..., None]) -> None:
    tolerate("(401 GET .*/api/me)|(503 GET .*/config.json)")
    page = page_as()
    page.route("**/config.json", lambda route: route.fulfill(status=503), times=2)
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.route("**/config.json", lambda route: route.fulfill(json={"signIn": "/.auth/login/aad"}))
    page.reload()
    expect(page.get_by_role("link", name="Sign in with your organization")).to_have_attribute(
        "href", "/.auth/login/aad"
    )
    page.route("**/config.json", lambda route: route.fulfill(status=503))
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("/config.json could not be read: the server answered 503")


def test_a_webhook_is_no_page(app: App) -> None:
    with app.stranger() as client:
        for path in ("/azure-monitor", "/slack/interactions", "/api/nonsense", "/staticwebapp.config.json"):
            assert client.get(path).status_code == 404, path


def headers_of(answer: Response) -> dict[str, str | None]:
    return {name: answer.headers.get(name.lower()) for name in RULES["globalHeaders"]}
