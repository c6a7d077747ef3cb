"""`python -m devhost.configuration`: writes what follows from the declarations of the settings.

That is the reference in docs/configuration.md, between its two marks, and local.settings.json.example.
"""

from __future__ import annotations

import json
from pathlib import Path

from rca_core.foundation.setting import Part, Setting
from rca_core.foundation.settings import PARTS

_ROOT = Path(__file__).resolve().parent.parent
REFERENCE = _ROOT / "docs" / "configuration.md"
EXAMPLE = _ROOT / "local.settings.json.example"
_BEGIN = "<!-- made by: python -m devhost.configuration -->\n"
_END = "<!-- end of what was made -->\n"

# What the Functions host and its worker read, not the app.
HOST = Part(
    "Read by the Functions host",
    (
        Setting(
            "FUNCTIONS_WORKER_RUNTIME",
            "the language; not on Flex Consumption, where the app's own definition says it",
            "`func start` does not start",
            example="python",
        ),
        Setting(
            "PYTHON_THREADPOOL_THREAD_COUNT",
            "threads for functions: [architecture.md](architecture.md#plain-functions-32-threads)",
            "5 or 6 on a small instance: set it",
            example="32",
        ),
        Setting(
            "AzureWebJobsStorage__credential",
            "`managedidentity`: the host reaches the storage by the app's identity",
            "the host needs a connection string",
            example=None,
        ),
        Setting("APPLICATIONINSIGHTS_CONNECTION_STRING", "where logs and metrics go", "they go nowhere", example=None),
        Setting(
            "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
            "`ClientId=<client id>;Authorization=AAD`: they are sent by the app's identity",
            "the key in the connection string is used",
            example=None,
        ),
        Setting(
            "AzureSignalRConnectionString__credential",
            "`managedidentity`: SignalR is reached by the app's identity",
            "SignalR needs a connection string",
            example=None,
        ),
        Setting(
            "AzureSignalRConnectionString__clientId",
            "client id of a user-assigned identity",
            "the system-assigned one",
            example=None,
        ),
    ),
    about="`AzureWebJobs.<function>.Disabled`, such as `AzureWebJobs.watch_sla.Disabled`, switches one function off"
    " where it is `true`. What only the development host reads: [devhost.md](devhost.md).",
)


def with_reference(page: str) -> str:
    """`page` (docs/configuration.md) with the reference of today."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    sections = "\n".join(_section(part) for part in (*PARTS, HOST))
    return f"{before}{_BEGIN}\n{sections}\n{_END}{after}"


def example() -> str:
    """The text of local.settings.json.example."""
    declared = (setting for part in (*PARTS, HOST) for setting in part.settings)
    values = {setting.name: setting.example or setting.default for setting in declared if setting.example is not None}
    return json.dumps({"IsEncrypted": False, "Values": values, "Host": {"LocalHttpPort": 7071}}, indent=2) + "\n"


def _section(part: Part) -> str:
    about = f"{part.about}\n\n" if part.about else ""
    rows = "".join(f"{_row(setting)}\n" for setting in part.settings)
    return f"### {part.title}\n\n{about}| setting | what it is | without it |\n|---|---|---|\n{rows}"


def _row(setting: Setting) -> str:
    secret = " (secret)" if setting.secret else ""
    return f"| `{setting.name}`{secret} | {setting.meaning} | {setting.without or f'`{setting.default}`'} |"


if __name__ == "__main__":
    REFERENCE.write_text(with_reference(REFERENCE.read_text()))
    EXAMPLE.write_text(example())
