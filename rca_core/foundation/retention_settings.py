"""Settings of retention: after how many days tickets, their audit entries and their archived texts are removed."""

import msgspec

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


def read_retention(reader: Reader) -> RetentionSettings:
    """The settings of retention; what is wrong is noted with the reader."""
    usual = RetentionSettings()
    return RetentionSettings(
        tickets=_days(reader, "RETENTION_TICKETS_DAYS", usual.tickets),
        audit=_days(reader, "RETENTION_AUDIT_DAYS", usual.audit),
        logs=_days(reader, "RETENTION_LOGS_DAYS", usual.logs),
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
