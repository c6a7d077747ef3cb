"""The ownership table on Table Storage (partition `rule` of table `owners`), edited by operators.

Each process remembers the rules for 30 seconds, so that tickets cost no request: an edit is followed by every instance
within that time. A rule's id follows from its source and pattern; so there is one rule for each.
"""

import hashlib
import time
from typing import Any, get_args
from weakref import WeakKeyDictionary

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableEntity, UpdateMode

from rca_core.foundation import clock, logs
from rca_core.foundation.errors import Conflict, MalformedRequest, NotFound
from rca_core.foundation.failure import Source
from rca_core.foundation.keys import fits_a_key
from rca_core.foundation.storage import Storage
from rca_core.tickets import unowned
from rca_core.tickets.ownership import ANY_SOURCE, Rule, ordered

TABLE = "owners"
MOST_RULES = 1_000
SOURCES: tuple[str, ...] = (ANY_SOURCE, *get_args(Source))

_PARTITION = "rule"
_REMEMBERED_SECONDS = 30.0
_LONGEST, _LONGEST_NOTE = 200, 1_000

_remembered: WeakKeyDictionary[Storage, tuple[float, tuple[Rule, ...]]] = WeakKeyDictionary()


class NewRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule to add: what it is about, and at least one of team, owner and cost center."""

    pattern: str
    source: str = ANY_SOURCE
    team: str = ""
    owner: str = ""
    cost_center: str = ""
    note: str = ""


class RuleChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change in a rule, and the version that the change is based on. Another pattern is another rule."""

    version: int
    team: str | None = None
    owner: str | None = None
    cost_center: str | None = None
    note: str | None = None


def current_rules(storage: Storage) -> tuple[Rule, ...]:
    """The rules in the order in which they are tried, at most 30 seconds old."""
    read_at, rules = _remembered.get(storage, (0.0, ()))
    if not read_at or time.monotonic() - read_at > _REMEMBERED_SECONDS:
        return read_rules(storage)
    return rules


def read_rules(storage: Storage) -> tuple[Rule, ...]:
    """The rules as they are now, in the order in which they are tried."""
    found = storage.table(TABLE).query_entities("PartitionKey eq @partition", parameters={"partition": _PARTITION})
    rules = ordered(map(_rule, found))
    _remembered[storage] = (time.monotonic(), rules)
    return rules


def add(storage: Storage, wanted: NewRule, *, user: str) -> Rule:
    """Adds a rule, and takes what it names off the list of pipelines without an owner.

    Raises MalformedRequest, and Conflict if there is a rule for this source and pattern, or no room for one more.
    """
    now = clock.to_iso(clock.now())
    values = {name: _checked(name, value) for name, value in msgspec.structs.asdict(wanted).items()}
    made = {"created_by": user, "created": now, "updated_by": user, "updated": now}
    rule = _complete(msgspec.convert({"id": _id(values), **values, **made}, Rule))
    if len(read_rules(storage)) >= MOST_RULES:
        raise Conflict(f"There are {MOST_RULES:,} rules, which is the most there may be: remove one, or use patterns.")
    try:
        storage.table(TABLE).create_entity(_entity(rule))
    except ResourceExistsError:
        raise Conflict(f"There is a rule for '{rule.pattern}' already; its id is {rule.id}.", field="pattern") from None
    logs.info("owner-rule-added", rule=rule.id, source=rule.source, user=user)
    unowned.forget_owned(storage, read_rules(storage))
    return rule


def change(storage: Storage, rule_id: str, wanted: RuleChange, *, user: str) -> Rule:
    """Changes a rule; raises MalformedRequest, NotFound, and Conflict if the version is no longer current."""
    given = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not None}
    version = given.pop("version")
    if not given:
        raise MalformedRequest("Give at least one of team, owner, cost_center and note.")
    found = _find(storage, rule_id, version)
    values = {name: _checked(name, value) for name, value in given.items()}
    now = clock.to_iso(clock.now())
    rule = _complete(msgspec.structs.replace(_rule(found), **values, updated_by=user, updated=now, version=version + 1))
    try:
        storage.table(TABLE).update_entity(_entity(rule), mode=UpdateMode.REPLACE, **_unchanged(found))
    except (ResourceModifiedError, ResourceNotFoundError):
        raise _stale(rule_id) from None
    _remembered.pop(storage, None)
    logs.info("owner-rule-changed", rule=rule.id, version=rule.version)
    return rule


def remove(storage: Storage, rule_id: str, version: int, *, user: str) -> None:
    """Removes a rule; raises NotFound, and Conflict if the version is no longer current."""
    found = _find(storage, rule_id, version)
    try:
        storage.table(TABLE).delete_entity(found, **_unchanged(found))
    except ResourceModifiedError:
        raise _stale(rule_id) from None
    _remembered.pop(storage, None)
    logs.info("owner-rule-removed", rule=rule_id)


def _find(storage: Storage, rule_id: str, version: int) -> TableEntity:
    try:
        if not fits_a_key(rule_id):
            raise ResourceNotFoundError
        found = storage.table(TABLE).get_entity(_PARTITION, rule_id)
    except ResourceNotFoundError:
        raise NotFound(f"There is no ownership rule {rule_id[:60]!r}.") from None
    if found["version"] != version:
        raise _stale(rule_id)
    return found


def _stale(rule_id: str) -> Conflict:
    return Conflict(f"Rule {rule_id} has been changed since that version: read it again.", field="version")


def _unchanged(found: TableEntity) -> dict[str, Any]:
    return {"etag": found.metadata["etag"], "match_condition": MatchConditions.IfNotModified}


def _checked(name: str, value: str) -> str:
    text = value.strip()
    most = _LONGEST_NOTE if name == "note" else _LONGEST
    if len(text) > most:
        raise MalformedRequest(f"'{name}' has more than {most:,} characters.", field=name)
    if not text.isprintable():
        raise MalformedRequest(f"'{name}' contains line breaks or control characters.", field=name)
    if name == "pattern" and not text:
        raise MalformedRequest("'pattern' is empty: give the name of a pipeline, with * and ? if need be.", field=name)
    if name == "source" and text not in SOURCES:
        raise MalformedRequest(f"'source' is one of: {', '.join(SOURCES)}.", field=name)
    return text


def _complete(rule: Rule) -> Rule:
    if not (rule.team or rule.owner or rule.cost_center):
        raise MalformedRequest("A rule says at least one of team, owner and cost_center.", field="team")
    return rule


def _id(values: dict[str, str]) -> str:
    text = f"{values['source']}|{values['pattern'].casefold()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _entity(rule: Rule) -> dict[str, Any]:
    return {"PartitionKey": _PARTITION, "RowKey": rule.id, **msgspec.structs.asdict(rule)}


def _rule(entity: Any) -> Rule:
    return msgspec.convert({name: entity[name] for name in Rule.__struct_fields__ if name in entity}, Rule)
