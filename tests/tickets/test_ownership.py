"""Who owns what failed: rules on whole names, then labels, else Unknown; the table, its memory, and the unknowns."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from rca_core.foundation.errors import Conflict, MalformedRequest, NotFound
from rca_core.foundation.storage import Storage
from rca_core.tickets import owner_table, ownership, unowned
from rca_core.tickets.owner_table import NewRule, RuleChange
from rca_core.tickets.ownership import UNKNOWN, Owner, Rule, ordered, owner_of, pipeline_named
from rca_core.tickets.ticket import Ticket
from tests.support.making import NOON, make_failure, make_ticket


def rule(pattern: str, team: str = "", source: str = "*", **given: Any) -> Rule:
    made = {"created_by": "ann", "created": "", "updated_by": "ann", "updated": ""}
    return Rule(id=f"{source}|{pattern}", source=source, pattern=pattern, team=team, **{**made, **given})


def owner(rules: list[Rule], pipeline: str, source: str = "adf", **failure: Any) -> Owner:
    return owner_of(ordered(rules), make_failure(source=source, pipeline=pipeline, **failure))


# The rules of the original, which looked for these words anywhere in a name.
ORIGINAL = {
    "Finance": ("finance", "fin"),
    "DataEngineering": ("data", "analytics", "etl"),
    "Sales": ("sales",),
    "HumanResources": ("hr",),
    "MachineLearning": ("ml", "machine", "model"),
}


@pytest.mark.parametrize("name", ["pl_definition_sync", "pl_three_way_match", "pl_xml_ingest", "pl_sales_data_load"])
def test_nobody_owns_a_pipeline_for_a_word_that_its_name_contains(name: str) -> None:
    words = [rule(word, team) for team, words in ORIGINAL.items() for word in words]
    for rules in ([], words):
        found = owner(rules, name)
        assert (found.team, found.owner, found.cost_center) == (UNKNOWN, UNKNOWN, UNKNOWN)
        assert found.decided_by == "No rule of the ownership table names the pipeline, and no label its owner."


@pytest.mark.parametrize(
    ("pattern", "pipeline", "matches"),
    [
        ("pl_orders", "pl_orders", True),
        ("PL_Orders", "pl_orders", True),
        ("pl_orders", "pl_orders_daily", False),
        ("orders", "pl_orders", False),
        ("pl_*", "pl_orders", True),
        ("*_orders", "pl_orders", True),
        ("pl_orders_202?", "pl_orders_2026", True),
        ("pl_orders_202?", "pl_orders_202", False),
        ("pl.orders", "pl_orders", False),
        ("[pP]l_orders", "pl_orders", False),
        ("pl_(orders|x)+$", "pl_orders", False),
        ("größe *", "GRÖSSE neu", False),
        ("Größe *", "größe neu", True),
        ("a*b", "a\nb", True),
    ],
)
def test_a_pattern_is_held_against_the_whole_name(pattern: str, pipeline: str, matches: bool) -> None:
    assert owner([rule(pattern, "Sales")], pipeline).team == ("Sales" if matches else UNKNOWN)


@pytest.mark.parametrize(
    ("pattern", "source", "pipeline", "matches"),
    [
        ("etl_daily", "airflow", "etl_daily/load_orders", True),
        ("etl_daily", "airflow", "etl_daily", True),
        ("etl_*", "airflow", "etl_daily/load_orders", True),
        ("load_orders", "airflow", "etl_daily/load_orders", False),
        ("*load_orders", "airflow", "etl_daily/load_orders", False),
        ("etl_daily/load_*", "airflow", "etl_daily/load_orders", True),
        ("etl_daily/load_*", "airflow", "etl_daily/check", False),
        ("adf-sales/*", "adf", "pl_orders", True),
        ("adf-hr/*", "adf", "pl_orders", False),
        ("pl_orders", "adf", "pl_orders", True),
        ("sales/nightly *", "databricks", "sales/nightly load", True),
        ("sales*", "databricks", "sales/nightly load", True),
    ],
)
def test_a_slash_speaks_of_the_factory_or_the_task(pattern: str, source: str, pipeline: str, matches: bool) -> None:
    found = owner([rule(pattern, "Sales")], pipeline, source, entity={"factory": "adf-sales"})
    assert found.team == ("Sales" if matches else UNKNOWN)


@pytest.mark.parametrize(
    ("rules", "decides"),
    [
        (["pl_*", "pl_orders_*"], "pl_orders_*"),
        (["pl_orders_eu", "pl_orders_*"], "pl_orders_eu"),
        (["pl_orders_eu*", "pl_orders_eu"], "pl_orders_eu"),
        (["*", "pl_orders_e?"], "pl_orders_e?"),
        (["pl_orders_*u", "pl_orders_?u"], "pl_orders_?u"),
        (["pl_orders_eu", "adf-sales/pl_orders_eu"], "adf-sales/pl_orders_eu"),
    ],
)
def test_the_most_specific_rule_wins_in_whatever_order_they_stand(rules: list[str], decides: str) -> None:
    for order in (rules, rules[::-1]):
        found = owner([rule(one, one) for one in order], "pl_orders_eu", entity={"factory": "adf-sales"})
        assert (found.team, found.decided_by) == (decides, f"team: rule '{decides}' for every source")


def test_a_rule_for_the_source_comes_before_one_for_every_source_and_names_before_sources() -> None:
    rules = [rule("pl_*", "Any"), rule("pl_*", "Factory", "adf"), rule("pl_*", "Bricks", "databricks")]
    assert owner(rules, "pl_orders").team == "Factory"
    assert owner(rules, "pl_orders", "airflow").team == "Any"
    assert owner([rule("*", "Platform", "adf"), rule("pl_orders", "Sales")], "pl_orders").team == "Sales"


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"team": "Sales"}, ("Sales", UNKNOWN, UNKNOWN)),
        ({"Cost-Center": "4711", "DataOwner": "Ann Lee"}, (UNKNOWN, "Ann Lee", "4711")),
        ({"costCentre": "CC-1", "Team Name": "Sales"}, ("Sales", UNKNOWN, "CC-1")),
        ({"owner": "unknown", "team": "n/a", "cost_center": "-"}, (UNKNOWN, UNKNOWN, UNKNOWN)),
        ({"steamteam": "Sales", "ownership": "x", "teams": "y"}, (UNKNOWN, UNKNOWN, UNKNOWN)),
        ({"owner": "[EMAIL#1]"}, (UNKNOWN, UNKNOWN, UNKNOWN)),
    ],
)
def test_labels_tell_the_owner_where_no_rule_does(labels: dict[str, str], said: tuple[str, str, str]) -> None:
    found = owner([], "job", "databricks", labels=labels)
    assert (found.team, found.owner, found.cost_center) == said


def test_airflows_own_word_for_nobody_is_nobody() -> None:
    assert owner([], "d/t", "airflow", labels={"owner": "airflow"}).owner == UNKNOWN
    assert owner([], "d/t", "airflow", labels={"owner": "harbour-data"}).owner == "harbour-data"
    assert owner([], "d/t", "airflow", labels={"team": "Airflow"}).team == "Airflow"


def test_labels_fill_what_the_rule_leaves_open_and_the_ticket_says_which_said_what() -> None:
    labels = {"team": "Marketing", "CostCenter": "4711"}
    found = owner([rule("pl_*", "Sales", "adf", owner="Ann")], "pl_orders", labels=labels)
    assert (found.team, found.owner, found.cost_center) == ("Sales", "Ann", "4711")
    said = "team: rule 'pl_*' for adf; owner: rule 'pl_*' for adf; cost center: label 'CostCenter'"
    assert found.decided_by == said


def test_a_thousand_patterns_full_of_stars_take_no_time_on_a_long_name() -> None:
    rules = ordered([rule("a*" * 40 + f"b{n}", "x") for n in range(200)])
    assert owner_of(rules, make_failure(pipeline="a" * 1_000)).team == UNKNOWN


# The table.


def add(storage: Storage, pattern: str, **given: str) -> Rule:
    return owner_table.add(storage, NewRule(pattern=pattern, **{"team": "Sales", **given}), user="ann")


def test_a_rule_is_added_changed_and_removed_and_followed_at_once(storage: Storage) -> None:
    added = add(storage, " pl_stock_* ", source="adf", note="since the reorganisation")
    assert (added.pattern, added.version, added.created_by) == ("pl_stock_*", 1, "ann")
    failure = make_failure(pipeline="pl_stock_eu")
    assert owner_of(owner_table.current_rules(storage), failure).team == "Sales"

    changed = owner_table.change(storage, added.id, RuleChange(version=1, team="Stock", owner="Bo"), user="bob")
    assert (changed.team, changed.owner, changed.note, changed.version) == ("Stock", "Bo", added.note, 2)
    assert (changed.created_by, changed.updated_by) == ("ann", "bob")
    assert owner_of(owner_table.current_rules(storage), failure).team == "Stock"

    owner_table.remove(storage, added.id, 2, user="ann")
    assert owner_of(owner_table.current_rules(storage), failure).team == UNKNOWN


def test_a_change_based_on_an_old_version_is_refused(storage: Storage) -> None:
    added = add(storage, "pl_conflict")
    owner_table.change(storage, added.id, RuleChange(version=1, team="A"), user="ann")
    with pytest.raises(Conflict):
        owner_table.change(storage, added.id, RuleChange(version=1, team="B"), user="bob")
    with pytest.raises(Conflict):
        owner_table.remove(storage, added.id, 1, user="bob")


def test_of_writers_at_once_one_wins(storage: Storage) -> None:
    def outcome(act: Any) -> str:
        try:
            act()
        except Conflict:
            return "refused"
        return "done"

    with ThreadPoolExecutor(6) as pool:
        added = list(pool.map(lambda _: outcome(lambda: add(storage, "pl_race")), range(6)))
        race = next(one for one in owner_table.read_rules(storage) if one.pattern == "pl_race")
        wanted = RuleChange(version=1, team="New")
        changed = list(
            pool.map(lambda _: outcome(lambda: owner_table.change(storage, race.id, wanted, user="x")), range(6))
        )
    assert added.count("done") == changed.count("done") == 1


def test_a_second_rule_for_a_pattern_is_refused_whatever_its_case(storage: Storage) -> None:
    first = add(storage, "pl_twice")
    with pytest.raises(Conflict, match=first.id):
        add(storage, "PL_Twice")
    add(storage, "pl_twice", source="airflow")


@pytest.mark.parametrize(
    ("wanted", "field", "words"),
    [
        ({"pattern": "  "}, "pattern", "is empty"),
        ({"pattern": "x" * 201}, "pattern", "more than 200"),
        ({"pattern": "a\nb"}, "pattern", "line breaks"),
        ({"pattern": "x", "source": "jenkins"}, "source", r"\*, adf, databricks, airflow, azure-monitor"),
        ({"pattern": "x", "team": " "}, "team", "at least one of team, owner and cost_center"),
        ({"pattern": "x", "note": "x" * 1_001}, "note", "more than 1,000"),
    ],
)
def test_what_is_no_rule_is_refused_in_words(storage: Storage, wanted: dict[str, str], field: str, words: str) -> None:
    with pytest.raises(MalformedRequest, match=words) as refused:
        add(storage, **wanted)
    assert refused.value.field == field


def test_a_rule_that_nobody_made_is_not_found(storage: Storage) -> None:
    with pytest.raises(NotFound):
        owner_table.change(storage, "nothing", RuleChange(version=1, team="A"), user="ann")
    with pytest.raises(NotFound):
        owner_table.remove(storage, "nothing", 1, user="ann")


def test_a_rule_cannot_be_emptied(storage: Storage) -> None:
    added = add(storage, "pl_emptied")
    with pytest.raises(MalformedRequest):
        owner_table.change(storage, added.id, RuleChange(version=1, team=""), user="ann")
    with pytest.raises(MalformedRequest):
        owner_table.change(storage, added.id, RuleChange(version=1), user="ann")


def test_rules_are_read_once_in_thirty_seconds(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[float] = []
    real = owner_table.read_rules
    start = time.monotonic() + 1_000
    at = [start]
    monkeypatch.setattr(owner_table.time, "monotonic", lambda: at[0])
    monkeypatch.setattr(owner_table, "read_rules", lambda storage: reads.append(at[0]) or real(storage))
    for at[0] in (start, start + 0.1, start + 29, start + 31):
        owner_table.current_rules(storage)
    assert reads == [start, start + 31]


# The list of unknowns.


def failed(pipeline: str, after: int = 0, **given: Any) -> Ticket:
    return make_ticket(NOON + timedelta(seconds=after), pipeline=pipeline, **given)


def listed(storage: Storage, start: str) -> list[tuple[str, int, str]]:
    found = unowned.list_unowned(storage, owner_table.read_rules(storage)).items
    return [(one.pipeline, one.tickets, one.last_ticket) for one in found if start in one.pipeline]


def test_unknowns_are_listed_with_their_count_and_last_ticket_most_first(storage: Storage) -> None:
    often = [failed("pl_lost_a", n) for n in range(3)]
    once = failed("pl_lost_b", 9)
    for ticket in (*often[::-1], often[1], once, once):
        unowned.note_unknown(storage, ticket)
    unowned.note_unknown(storage, failed("pl_lost_c", finops_team="Sales"))
    assert listed(storage, "pl_lost") == [
        ("adf-sales/pl_lost_a", 3, often[2].id),
        ("adf-sales/pl_lost_b", 1, once.id),
    ]


def test_a_rule_takes_what_it_names_off_the_list(storage: Storage) -> None:
    for pipeline in ("pl_found_a", "pl_found_b", "pl_left"):
        unowned.note_unknown(storage, failed(pipeline))
    added = add(storage, "adf-sales/pl_found_*")
    assert [name for name, _, _ in listed(storage, "pl_found")] == []
    assert len(listed(storage, "pl_left")) == 1
    owner_table.remove(storage, added.id, 1, user="ann")
    assert listed(storage, "pl_found") == [], "a pipeline is listed again with its next ticket without an owner"
    unowned.note_unknown(storage, failed("pl_found_a"))
    assert len(listed(storage, "pl_found_a")) == 1


def test_an_instance_that_did_not_know_the_rule_yet_does_not_put_its_pipelines_back(storage: Storage) -> None:
    add(storage, "pl_raced")
    unowned.note_unknown(storage, failed("pl_raced"))
    assert listed(storage, "pl_raced") == []


def test_noting_many_tickets_at_once_counts_each_once_and_stays_small(storage: Storage) -> None:
    tickets = [failed("pl_storm", n) for n in range(60)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda ticket: unowned.note_unknown(storage, ticket), [*tickets, *tickets]))
    assert [count for _, count, _ in listed(storage, "pl_storm")] == [60]
    for ticket in (failed("pl_storm", n) for n in range(100, 160)):
        unowned.note_unknown(storage, ticket)
    found = unowned.list_unowned(storage, ())
    assert [(one.tickets, one.or_more) for one in found.items if "pl_storm" in one.pipeline] == [(100, True)]


def test_a_ticket_and_its_failure_are_the_same_pipeline() -> None:
    failure = make_failure(entity={"factory": "adf-sales"})
    ticket = make_ticket()
    assert (
        ownership.pipeline_of(failure) == ownership.pipeline_of(ticket) == pipeline_named("adf", "adf-sales/pl_orders")
    )
    task = msgspec.structs.replace(ticket, source="airflow", pipeline="etl/load")
    assert ownership.pipeline_of(task) == ("airflow", "etl", "etl/load")
