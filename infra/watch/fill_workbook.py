"""Puts each query of queries/ into the panel of its name in workbook.json: python infra/watch/fill_workbook.py.

A Workbook can only hold its queries inline; they are edited in their files.
"""

import json
from pathlib import Path

_HERE = Path(__file__).parent
WORKBOOK = _HERE / "workbook.json"
_QUERY = 3


def filled(workbook: str) -> str:
    """The Workbook's text with today's queries; raises FileNotFoundError for a panel without one."""
    content = json.loads(workbook)
    for item in content["items"]:
        if item["type"] == _QUERY:
            item["content"]["query"] = (_HERE / "queries" / f"{item['name']}.kql").read_text()
    return json.dumps(content, indent=2) + "\n"


if __name__ == "__main__":
    WORKBOOK.write_text(filled(WORKBOOK.read_text()))
