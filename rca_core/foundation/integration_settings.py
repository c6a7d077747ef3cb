"""Settings of the systems that the app calls: Gemini, Jira, Slack, and those that are asked what happened."""

import msgspec

from rca_core.foundation.setting import Part, Setting
from rca_core.foundation.settings_reader import Reader


class GeminiSettings(msgspec.Struct, frozen=True):
    """How the model is reached, and what it may cost a day (UTC): calls, and tokens in and out together."""

    api_key: str
    model: str = "gemini-flash-latest"
    base_url: str | None = None
    daily_calls: int = 500
    daily_tokens: int = 5_000_000


class JiraSettings(msgspec.Struct, frozen=True):
    """Where Jira is. Without `user_email` the token is a personal access token of Jira Data Center.

    `webhook_secrets` are accepted all, so that one can be replaced by another without a gap; without any, Jira's
    webhook is refused.
    """

    base_url: str
    api_token: str
    project_key: str
    user_email: str | None = None
    webhook_secrets: tuple[str, ...] = ()


class SlackSettings(msgspec.Struct, frozen=True):
    """Where Slack is, and the channel's id. Without a signing secret, buttons are refused."""

    bot_token: str
    channel: str
    signing_secrets: tuple[str, ...] = ()
    api_base_url: str = "https://slack.com/api/"


_USUAL_GEMINI = GeminiSettings(api_key="")
_USUAL_SLACK = SlackSettings(bot_token="", channel="")

GEMINI = Part(
    "Gemini",
    (
        Setting("GEMINI_API_KEY", "key of the Gemini API, of a project with billing", "the rules answer", secret=True),
        Setting("GEMINI_MODEL", "the model", default=_USUAL_GEMINI.model),
        Setting(
            "GEMINI_BASE_URL",
            "another address of the API, such as a gateway; `https://`, or this machine",
            "Google's",
        ),
        Setting(
            "GEMINI_DAILY_BUDGET",
            "the most a day (UTC): calls, tokens, or both; tokens in and out together",
            default=f"{_USUAL_GEMINI.daily_calls} calls, {_USUAL_GEMINI.daily_tokens} tokens",
        ),
    ),
    about="What the model is asked: [diagnosis.md](diagnosis.md).",
)

JIRA = Part(
    "Jira",
    (
        Setting("JIRA_BASE_URL", "its address", "Jira is off"),
        Setting("JIRA_USER_EMAIL", "the account of the token on Jira Cloud", "the token is one of Data Center"),
        Setting("JIRA_API_TOKEN", "API token, or a personal access token of Data Center", "Jira is off", secret=True),
        Setting("JIRA_PROJECT_KEY", "the project that gets the issues", "Jira is off"),
        Setting(
            "JIRA_WEBHOOK_SECRET",
            "secret of Jira's webhook; the old and the new one separated by a blank while it is replaced",
            "Jira's webhook is refused",
            secret=True,
        ),
    ),
    about="Address, token and project: all or none. How to set Jira up: [jira.md](jira.md).",
)

SLACK = Part(
    "Slack",
    (
        Setting("SLACK_BOT_TOKEN", "the bot's token", "Slack is off", secret=True),
        Setting("SLACK_CHANNEL", "the channel's id", "Slack is off"),
        Setting(
            "SLACK_SIGNING_SECRET",
            "signs what Slack sends; the old and the new one separated by a blank while it is replaced",
            "messages have no buttons, Slack's calls are refused",
            secret=True,
        ),
        Setting(
            "SLACK_API_BASE_URL",
            "another address of Slack's API; `https://`, or this machine",
            default=_USUAL_SLACK.api_base_url,
        ),
    ),
    about="Token and channel: both or neither. How to set Slack up: [slack.md](slack.md).",
)

FAILING_SYSTEMS = Part(
    "The systems that fail",
    (
        Setting(
            "DATABRICKS_HOST",
            "workspace address: links to runs, and where the app asks what happened",
            "tickets whose notification has no link have none",
        ),
        Setting(
            "DATABRICKS_TOKEN",
            "token that may read runs, their output and clusters; a notification has no error text",
            "the workspace is not asked, and the cause often stays unknown",
            secret=True,
        ),
        Setting(
            "AZURE_MANAGEMENT_URL",
            "`https://management.azure.com`: the app asks Data Factory, with its own identity (which must be allowed to"
            " read the factory's runs), which activities failed",
            "Data Factory is not asked",
        ),
        Setting("AIRFLOW_BASE_URL", "address of Airflow", "Airflow is not asked"),
        Setting(
            "AIRFLOW_TOKEN",
            "a bearer token, or `user:password` for Airflow 2, that may read task logs",
            "Airflow is not asked",
            secret=True,
        ),
    ),
    about="Where the app may ask what happened. Address and token of Airflow: both or neither; the token of Databricks"
    " needs the address.",
)


def read_gemini(reader: Reader) -> GeminiSettings | None:
    """How the model is reached, if there is a key; what is wrong is noted with the reader."""
    key = reader.text("GEMINI_API_KEY")
    budget = reader.budget("GEMINI_DAILY_BUDGET")
    read = GeminiSettings(
        api_key=key or "",
        model=reader.text("GEMINI_MODEL") or _USUAL_GEMINI.model,
        base_url=reader.url("GEMINI_BASE_URL"),
        daily_calls=budget.get("calls", _USUAL_GEMINI.daily_calls),
        daily_tokens=budget.get("tokens", _USUAL_GEMINI.daily_tokens),
    )
    return read if key else None


def read_jira(reader: Reader) -> JiraSettings | None:
    """Where Jira is, if it is switched on; what is wrong is noted with the reader."""
    base_url = reader.url("JIRA_BASE_URL")
    read = JiraSettings(
        base_url=base_url or "",
        api_token=reader.text("JIRA_API_TOKEN") or "",
        project_key=reader.text("JIRA_PROJECT_KEY") or "",
        user_email=reader.text("JIRA_USER_EMAIL"),
        webhook_secrets=reader.words("JIRA_WEBHOOK_SECRET"),
    )
    names = ("JIRA_BASE_URL", "JIRA_API_TOKEN", "JIRA_PROJECT_KEY")
    optional = ("JIRA_USER_EMAIL", "JIRA_WEBHOOK_SECRET")
    return read if reader.whole("Jira", names, optional) else None


def read_slack(reader: Reader) -> SlackSettings | None:
    """Where Slack is, if it is switched on; what is wrong is noted with the reader."""
    base_url = reader.url("SLACK_API_BASE_URL")
    read = SlackSettings(
        bot_token=reader.text("SLACK_BOT_TOKEN") or "",
        channel=reader.text("SLACK_CHANNEL") or "",
        signing_secrets=reader.words("SLACK_SIGNING_SECRET"),
        api_base_url=f"{base_url}/" if base_url else _USUAL_SLACK.api_base_url,
    )
    return read if reader.whole("Slack", ("SLACK_BOT_TOKEN", "SLACK_CHANNEL"), ("SLACK_SIGNING_SECRET",)) else None
