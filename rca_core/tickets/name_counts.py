"""Counts by names of which there may be any number: pipelines, teams, cost centers.

They share a column with a limit, so each group has room for so many; a name that comes when the room is full is
counted without its name. A group's sum is always exact; so is each name, as long as the room was never full.
"""

import json
from collections.abc import Mapping

from rca_core.tickets.ticket import Ticket

# Characters that each group may take of a row's column for a day. A row has 31 such columns and as many for other
# counts (up to about 4,000 each), two bytes a character; an entity has at most 1 MiB.
_ROOM = {
    "pipeline": 6_000,
    "team": 1_000,
    "team_unresolved": 1_500,
    "cost_center": 1_200,
    "cost_center_unresolved": 1_800,
}
# `: 123456, ` behind the name.
_BEHIND_NAME = 10
_LONGEST_NAME = 100


def contribution(ticket: Ticket | None) -> dict[str, int]:
    """What one ticket adds: 1 for its pipeline, team and cost center. Names are told apart by 100 characters."""
    if ticket is None:
        return {}
    team, cost_center = ticket.finops_team[:_LONGEST_NAME], ticket.finops_cost_center[:_LONGEST_NAME]
    counts = {
        f"pipeline:{ticket.source}:{ticket.pipeline[:_LONGEST_NAME]}": 1,
        f"team:{team}": 1,
        f"cost_center:{cost_center}": 1,
    }
    if ticket.status != "acknowledged":
        counts |= {f"team_unresolved:{team}": 1, f"cost_center_unresolved:{cost_center}": 1}
    return counts


def changed(counts: Mapping[str, int], change: Mapping[str, int]) -> dict[str, int]:
    """The counts after `change`. What has no room, and what is taken back of it, counts for the group alone."""
    new = dict(counts)
    for name, by in change.items():
        group = name.partition(":")[0]
        held = name if name in new or (by > 0 and _fits(new, group, name)) else group
        new[held] = new.get(held, 0) + by
        if not new[held]:
            del new[held]
    return dict(sorted(new.items()))


def _fits(counts: Mapping[str, int], group: str, name: str) -> bool:
    taken = sum(_size(each) for each in counts if each.startswith(f"{group}:"))
    return taken + _size(name) <= _ROOM[group]


def _size(name: str) -> int:
    return len(json.dumps(name)) + _BEHIND_NAME
