"""What Jira answers, as far as it is read ("The Jira Cloud platform REST API", version 2)."""

import msgspec


class Category(msgspec.Struct, frozen=True):
    """What kind of status a status is: `new`, `indeterminate` or `done`, in every language."""

    key: str = ""


class IssueStatus(msgspec.Struct, frozen=True):
    """A status of a workflow; old servers send no category."""

    name: str = ""
    category: Category | None = msgspec.field(name="statusCategory", default=None)


class Named(msgspec.Struct, frozen=True):
    """Something that Jira knows by name: a priority, an issue type."""

    name: str = ""
    subtask: bool = False


class IssueFields(msgspec.Struct, frozen=True):
    """What we read of an issue. `status_changed_at` is known on Cloud alone."""

    summary: str | None = None
    description: str | None = None
    priority: Named | None = None
    status: IssueStatus | None = None
    labels: list[str] | None = None
    status_changed_at: str | None = msgspec.field(name="statuscategorychangedate", default=None)


class Issue(msgspec.Struct, frozen=True):
    """An issue. `id` stays when the issue is moved to another project, `key` does not."""

    id: str
    key: str
    fields: IssueFields = IssueFields()


class Transition(msgspec.Struct, frozen=True):
    """A way out of the status that an issue is in."""

    id: str
    name: str
    to: IssueStatus = IssueStatus()


class Found(msgspec.Struct, frozen=True):
    """A page of search results."""

    issues: list[Issue]


class Comment(msgspec.Struct, frozen=True):
    """A comment."""

    body: str = ""


class Comments(msgspec.Struct, frozen=True):
    """A page of comments; `total` counts those of all pages."""

    comments: list[Comment]
    total: int = 0


class Project(msgspec.Struct, frozen=True):
    """A project, as far as we need it."""

    types: list[Named] = msgspec.field(name="issueTypes", default_factory=list)
