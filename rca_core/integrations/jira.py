"""Jira, Cloud and Data Center: issues found, made, changed, moved and commented, through the `jira` package.

Calls and fields: "The Jira Cloud platform REST API" version 2 (texts are wiki markup; version 3 wants another format),
"Jira Data Center REST API". The package is loaded at the first call. It makes no call of its own accord: neither when
it is built (`get_server_info=False`), nor again after a failure (`max_retries=0`; it would sleep in our thread, the
queue comes again anyway). Not knowing the server, its own search finds nothing on Cloud, so the search is asked for
by address.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests

from rca_core.foundation.addresses import is_loopback
from rca_core.foundation.errors import OutsideRefusal, OutsideTrouble
from rca_core.foundation.settings import JiraSettings
from rca_core.integrations.jira_shapes import Comments, Found, Issue, Project, Transition

TIMEOUT = (3.05, 15.0)

_FIELDS = "summary,description,priority,status,labels,statuscategorychangedate"
_ISSUE_TYPE = "Task"
# What a project may not have: a priority is left out, the type is replaced by one that the project has.
_MENDABLE = frozenset({"priority", "issuetype"})
_COMMENTS_A_PAGE = 100
_MOST_COMMENT_PAGES = 20
_LONGEST_WORDS = 300
_LONGEST_WAIT_SECONDS = 3_600
_USUAL_WAIT_SECONDS = {429: 60, 503: 30}

Shape = TypeVar("Shape")


class JiraRefusal(OutsideRefusal):
    """Jira refused. `code` is the HTTP status of its answer, `fields` are those that it names."""

    def __init__(self, detail: str, code: int, fields: frozenset[str] = frozenset()) -> None:
        super().__init__(detail)
        self.code = code
        self.fields = fields


class JiraClient:
    """One Jira site, seen by one account; safe to share between threads.

    Every method raises OutsideTrouble when Jira does not answer as it should, and JiraRefusal when it says no.
    """

    def __init__(self, settings: JiraSettings, timeout: tuple[float, float] = TIMEOUT) -> None:
        self._settings = settings
        self._timeout = timeout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        if "_library" in self.__dict__:
            self._library.close()
            del self._library

    @property
    def project_key(self) -> str:
        """The project in which issues are made."""
        return self._settings.project_key

    def browse_url(self, key: str) -> str:
        """Where people see an issue."""
        return f"{self._settings.base_url}/browse/{key}"

    @cached_property
    def account(self) -> str:
        """Our own account: its id on Cloud, its name on Data Center."""
        with self._asking("GET myself"):
            myself = self._library.myself()
            return str(myself.get("accountId") or myself["name"])

    def find(self, label: str) -> Issue | None:
        """The oldest issue with the label, in whichever project; None if the search index holds none (yet)."""
        version, path = ("3", "search/jql") if self._on_cloud else ("2", "search")
        query = {"jql": f'labels = "{label}" ORDER BY created ASC', "maxResults": 2, "fields": _FIELDS}
        with self._asking("the search for issues"):
            url = f"{self._settings.base_url}/rest/api/{version}/{path}"
            found = msgspec.convert(self._library._session.get(url, params=query).json(), Found)
        return next((issue for issue in found.issues if label in (issue.fields.labels or [])), None)

    def read(self, issue_id: str) -> Issue | None:
        """The issue; None if it was deleted. Raises JiraRefusal if the whole project is out of our sight."""
        try:
            return self._get(f"issue/{issue_id}", Issue, fields=_FIELDS)
        except JiraRefusal as refusal:
            if refusal.code != 404:
                raise
        # Jira says 404 of what we may not see as well: where we see the project, the issue is gone indeed.
        self._get(f"project/{self.project_key}", Project)
        return None

    def create(self, fields: Mapping[str, Any]) -> Issue:
        """Makes an issue and returns it without its fields; leaves out a priority, and takes another type of issue, if
        the project has not the usual one.
        """
        wanted = {"project": {"key": self.project_key}, "issuetype": {"name": _ISSUE_TYPE}, **fields}
        for _ in _MENDABLE:
            try:
                return self._create(wanted)
            except JiraRefusal as refusal:
                wanted = self._mended(wanted, refusal)
        return self._create(wanted)

    def update(self, issue_id: str, fields: Mapping[str, Any]) -> None:
        """Changes fields of an issue."""
        with self._asking("the change of an issue"):
            self._library._session.put(
                self._library._get_url(f"issue/{issue_id}"), data=msgspec.json.encode({"fields": fields})
            )

    def transitions(self, issue_id: str) -> list[Transition]:
        """The ways out of the issue's status that our account may take."""
        with self._asking("the transitions of an issue"):
            return msgspec.convert(self._library.transitions(issue_id), list[Transition])

    def move(self, issue_id: str, transition: Transition) -> None:
        """Takes the issue along a transition."""
        with self._asking(f"the transition {transition.name[:60]!r}"):
            self._library.transition_issue(issue_id, transition.id)

    def comments(self, issue_id: str) -> Iterator[str]:
        """The texts of an issue's comments, as far as we may see them."""
        start = 0
        for _ in range(_MOST_COMMENT_PAGES):
            page = self._get(f"issue/{issue_id}/comment", Comments, startAt=start, maxResults=_COMMENTS_A_PAGE)
            yield from (comment.body for comment in page.comments)
            start += len(page.comments)
            if not page.comments or start >= page.total:
                return

    def comment(self, issue_id: str, text: str) -> None:
        """Adds a comment."""
        with self._asking("a comment"):
            self._library.add_comment(issue_id, text)

    @property
    def _on_cloud(self) -> bool:
        return self._settings.user_email is not None

    @cached_property
    def _library(self) -> Any:
        from jira import JIRA

        base_url = self._settings.base_url
        near = is_loopback(urlsplit(base_url).hostname or "")
        if not base_url.startswith("https://") and not near:
            raise JiraRefusal("JIRA_BASE_URL must start with https://, or the token would travel readable.", 0)
        token, email = self._settings.api_token, self._settings.user_email
        library = JIRA(
            base_url,
            basic_auth=(email, token) if email else None,
            token_auth=None if email else token,
            get_server_info=False,
            max_retries=0,
            timeout=self._timeout,
            logging=False,
        )
        library._session.max_redirects = 0  # a redirection leads to a login page
        if near:
            library._session.trust_env = False  # no proxy on the way to ourselves
        return library

    def _create(self, fields: Mapping[str, Any]) -> Issue:
        with self._asking("a new issue"):
            return msgspec.convert(self._library.create_issue(fields=dict(fields), prefetch=False).raw, Issue)

    def _mended(self, fields: dict[str, Any], refusal: JiraRefusal) -> dict[str, Any]:
        """The fields without what was refused; raises the refusal if an issue cannot do without."""
        if not refusal.fields or not refusal.fields <= _MENDABLE:
            raise refusal
        mended = {name: value for name, value in fields.items() if name not in refusal.fields - {"issuetype"}}
        if "issuetype" in refusal.fields:
            mended["issuetype"] = {"name": self._another_type()}
        if mended == fields:
            raise refusal
        return mended

    def _another_type(self) -> str:
        types = self._get(f"project/{self.project_key}", Project).types
        standard = [kind.name for kind in types if not kind.subtask]
        if not standard:
            raise JiraRefusal(f"Project {self.project_key} (JIRA_PROJECT_KEY) has no type of issue that we may use.", 0)
        return standard[0]

    def _get(self, path: str, shape: type[Shape], **query: Any) -> Shape:
        with self._asking(f"GET {path}"):
            return msgspec.convert(self._library._get_json(path, params=query), shape)

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        """Turns whatever goes wrong inside into OutsideTrouble or JiraRefusal, whose words never hold the token."""
        self._library  # noqa: B018 - loaded, and the settings checked, before anything is asked
        from jira import JIRAError

        try:
            yield
        except JIRAError as error:
            raise self._judged(what, error) from None
        except requests.TooManyRedirects:
            raise JiraRefusal(
                f"Jira redirects {what} elsewhere, which is not followed: check JIRA_BASE_URL (a login page?).", 302
            ) from None
        except requests.exceptions.SSLError:
            raise OutsideTrouble("Jira's certificate is not trusted.", retry_after_seconds=60) from None
        except requests.Timeout:
            raise OutsideTrouble(f"Jira did not answer in time to {what}.", retry_after_seconds=30) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _strange(what) from None  # msgspec.ValidationError is a ValueError
        except (requests.RequestException, OSError) as error:
            raise OutsideTrouble(
                f"No connection to Jira for {what} ({type(error).__name__}).", retry_after_seconds=30
            ) from None

    def _judged(self, what: str, error: Any) -> OutsideTrouble | JiraRefusal:
        code = error.status_code or 0
        if code < 400:
            return _strange(what)
        if code in (408, 425, 429) or code >= 500:
            return OutsideTrouble(f"Jira answered {code} to {what}.", retry_after_seconds=_wait(error.response, code))
        said, fields = _said(error.response)
        return JiraRefusal(f"Jira answered {code} to {what}: {self._meaning(code)}{said}", code, fields)

    def _meaning(self, code: int) -> str:
        if code == 401:
            which = "JIRA_USER_EMAIL and JIRA_API_TOKEN" if self._on_cloud else "JIRA_API_TOKEN (a personal token)"
            return f"it does not accept the account; check {which}."
        if code == 403:
            return (
                f"the account lacks a right; in project {self.project_key} it needs Browse Projects, Create Issues,"
                " Edit Issues, Transition Issues and Add Comments."
            )
        if code == 404:
            return f"not there, or our account may not see it; check JIRA_PROJECT_KEY ({self.project_key})."
        if code == 410:
            return "this call was removed from Jira; without JIRA_USER_EMAIL the site is taken for a Data Center."
        return "refused."


def _strange(what: str) -> OutsideTrouble:
    return OutsideTrouble(
        f"Jira's answer to {what} is none that Jira gives (a login page, a proxy?).", retry_after_seconds=60
    )


def _said(response: Any) -> tuple[str, frozenset[str]]:
    """Jira's own words in an error answer, as one line, and the fields that it names."""
    try:
        answer = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, AttributeError, RecursionError):
        return "", frozenset()
    if not isinstance(answer, dict):
        return "", frozenset()
    named = answer.get("errors")
    fields = named if isinstance(named, dict) else {}
    messages = answer.get("errorMessages")
    words = [
        *(messages if isinstance(messages, list) else [answer.get("message", "")]),
        *(f"{field}: {why}" for field, why in fields.items()),
    ]
    line = " ".join(" ".join(str(word) for word in words if word).split())[:_LONGEST_WORDS]
    return f" ({line})" if line else "", frozenset(fields)


def _wait(response: Any, code: int) -> int:
    asked = str(getattr(response, "headers", {}).get("Retry-After", ""))
    if asked.isascii() and asked.isdigit() and len(asked) <= 9:
        return max(1, min(int(asked), _LONGEST_WAIT_SECONDS))
    return _USUAL_WAIT_SECONDS.get(code, 30)
