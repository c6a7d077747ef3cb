"""The earlier program's SQLite file, read only.

Tables: `tickets`, `audit_trail` (which its own documents call `audit_log`), `users`, `remediation_attempts`; all times
are text. It added columns over time, so a file may lack some.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rca_core.foundation.errors import MalformedRequest, NotFound

Row = dict[str, Any]

_TICKETS = "tickets"
_AUDIT = ("audit_trail", "audit_log")


class Original:
    """An open file. What a table lacks it has no rows of; `close` it when done."""

    def __init__(self, path: Path) -> None:
        """Raises NotFound if there is no such file, MalformedRequest if it is no database of the earlier program."""
        if not path.is_file():
            raise NotFound(f"There is no file {path}.")
        self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        self._connection.row_factory = sqlite3.Row
        # Text that is not UTF-8 must not cost the row.
        self._connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            self._tables = {row["name"] for row in self._select("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.DatabaseError as error:
            raise MalformedRequest(f"{path} is no SQLite database: {error}") from error
        if _TICKETS not in self._tables:
            raise MalformedRequest(f"{path} has no table 'tickets': it is no database of the earlier program.")

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def tickets(self) -> Iterator[Row]:
        """Its tickets, in the order of their ids, which tell the time."""
        return self._select("SELECT * FROM tickets ORDER BY id")

    def audit_entries(self) -> Iterator[Row]:
        """Its audit entries, those of a ticket together; `place` is the number of the row."""
        table = next((name for name in _AUDIT if name in self._tables), None)
        # The name is one of ours.
        return self._select(f"SELECT rowid AS place, * FROM {table} ORDER BY ticket_id, place") if table else iter(())  # noqa: S608 # nosec B608

    def attempts(self) -> Iterator[Row]:
        """Its attempts at a remedy, those of a ticket together."""
        return self._select_if(
            "remediation_attempts", "SELECT rowid AS place, * FROM remediation_attempts ORDER BY ticket_id"
        )

    def users(self) -> Iterator[Row]:
        """Its accounts."""
        return self._select_if("users", "SELECT * FROM users ORDER BY email")

    def _select_if(self, table: str, query: str) -> Iterator[Row]:
        return self._select(query) if table in self._tables else iter(())

    def _select(self, query: str) -> Iterator[Row]:
        yield from map(dict, self._connection.execute(query))
