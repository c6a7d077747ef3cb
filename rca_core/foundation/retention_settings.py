"""Settings of retention: after how many days tickets, their audit entries and their archived texts are removed."""

import msgspec

from rca_core.foundation.setting import Part, Setting
from rca_core.foundation.settings_reader import Reader

_LONGEST = 36_500


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Days that something is kept; 0 is for ever.

    `tickets` counts from the acknowledgement: a ticket that nobody acknowledged stays. `audit` counts from the entry,
    which stays as long as its ticket in any case. `logs` counts from the failure; archived texts go with their ticket
    at the latest.
    """

    tickets: int = 730
    audit: int = 1_095
    logs: int = 180


_USUAL = RetentionSettings()

RETENTION = Part(
    "Retention",
    (
        Setting(
            "RETENTION_TICKETS_DAYS",
            "days that a ticket is kept after it was acknowledged, at most 36,500; `0` for ever",
            default=str(_USUAL.tickets),
        ),
        Setting(
            "RETENTION_AUDIT_DAYS",
            "days that an audit entry is kept, and in any case as long as its ticket; `0` for ever",
            default=str(_USUAL.audit),
        ),
        Setting(
            "RETENTION_LOGS_DAYS",
            "days that archived payloads and logs are kept, at most as long as their ticket; `0` for ever",
            default=str(_USUAL.logs),
        ),
    ),
    about="What is removed when: [upkeep.md](upkeep.md).",
)


def read_retention(reader: Reader) -> RetentionSettings:
    """The settings of retention; what is wrong is noted with the reader."""
    return RetentionSettings(
        tickets=_days(reader, "RETENTION_TICKETS_DAYS", _USUAL.tickets),
        audit=_days(reader, "RETENTION_AUDIT_DAYS", _USUAL.audit),
        logs=_days(reader, "RETENTION_LOGS_DAYS", _USUAL.logs),
    )


def _days(reader: Reader, name: str, usual: int) -> int:
    text = reader.text(name)
    if text is None:
        return usual
    if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= _LONGEST:
        return int(text)
    reader.problems.append(f"{name} is a number of days, at most {_LONGEST:,}; 0 keeps for ever.")
    # Until it is mended nothing must be removed by mistake.
    return 0
