"""What the steps tell people to do, with commands and links that hold no more than ids."""

import re
import shlex
from typing import Any

import msgspec
import pytest

from rca_core.diagnosis import analyse, classify
from rca_core.diagnosis.run_commands import look_commands, rerun_command
from rca_core.diagnosis.run_links import links_of
from rca_core.foundation.failure import Failure, Link

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg-data-prod/providers"
RUN = "9f6069d6-e522-4608-9f99-21807bfc3c70"
PAGE = f"https://adf.azure.com/en/monitoring/pipelineruns/{RUN}?factory=x"
LOG = "https://airflow.example.com/dags/tides/runs/r/tasks/load.copy?try_number=2"

BARE = Failure(source="adf", run_key=("x",), report_key="0", pipeline="", title="It failed", message="")
COMPLETE: dict[str, Failure] = {
    "adf": msgspec.structs.replace(
        BARE,
        run_id=RUN,
        pipeline="pl_load",
        occurred_at="2024-05-14T03:22:51Z",
        entity={
            "factory": "adf-sales-prod",
            "resource_id": f"{GROUP}/microsoft.datafactory/factories/adf-sales-prod",
            "pipeline": "pl_load",
            "activity": "CopyOrdersToLake",
        },
        links=(Link("run", PAGE),),
    ),
    "synapse": msgspec.structs.replace(
        BARE,
        run_id=RUN,
        pipeline="Load sales (daily)",
        occurred_at="2024-05-14T03:22:51Z",
        entity={
            "factory": "syn-sales",
            "resource_id": f"{GROUP}/Microsoft.Synapse/workspaces/syn-sales",
            "pipeline": "Load sales (daily)",
            "activity": "Copy orders",
        },
    ),
    "databricks": msgspec.structs.replace(
        BARE,
        source="databricks",
        run_id="67890",
        pipeline="nightly",
        entity={
            "workspace_id": "740",
            "job_id": "11",
            "job_name": "nightly",
            "task_key": "load",
            "parent_run_id": "54321",
            "cluster_id": "0514-030001-abcd1234",
        },
    ),
    "airflow": msgspec.structs.replace(
        BARE,
        source="airflow",
        run_id="scheduled__2026-03-01T02:00:00+00:00",
        pipeline="tides/load.copy",
        entity={
            "deployment": "https://airflow.example.com",
            "airflow_version": "3.1.3",
            "dag_id": "tides",
            "task_id": "load.copy",
            "logical_date": "2026-03-01T02:00:00+00:00",
        },
        links=(Link("log", LOG),),
    ),
    "azure-monitor": msgspec.structs.replace(
        BARE,
        source="azure-monitor",
        pipeline="cpu too high",
        occurred_at="2021-11-15T09:35:24Z",
        entity={"alert_rule": "cpu too high", "resource_id": f"{GROUP}/microsoft.compute/virtualmachines/vm1"},
        links=(Link("alert", "https://portal.azure.com/#blade/x"),),
    ),
}
PASSING = "connection refused"
STAYING = "Invalid column name 'amount'."
HOSTILE = [
    "x; rm -rf /",
    "$(id)",
    "`id`",
    "a'b",
    'a"b',
    "a\nb",
    "a|b",
    "a&b",
    "--help",
    "-x",
    "a\\b",
    "a*",
    "{a,b}",
    "<a>",
    "[TOKEN#1]",
    "a\u202eb",
    "é",
    "\u212aelvin",  # equals a k where case is ignored
    "x" * 300,
    "",
]


def steps_of(failure: Failure, message: str = "") -> tuple[str, ...]:
    it = msgspec.structs.replace(failure, message=message)
    return analyse(it, classify(it.source, it.error_code, it.message, it.log)).recommendations


def commands_in(steps: tuple[str, ...]) -> list[list[str]]:
    found = [command for step in steps for command in re.findall(r"`([a-z]+ [^`]+)`", step)]
    return [shlex.split(command) for command in found]


def test_data_factory_says_what_to_mend_then_where_to_look_then_how_to_rerun() -> None:
    steps = steps_of(COMPLETE["adf"], STAYING)
    assert steps[-3].endswith(PAGE)
    factory = ["--subscription", SUBSCRIPTION, "--resource-group", "rg-data-prod", "--factory-name", "adf-sales-prod"]
    look, rerun = commands_in(steps)
    assert look[:4] == ["az", "datafactory", "activity-run", "query-by-pipeline-run"]
    assert look[4:] == [
        *factory,
        *("--run-id", RUN),
        *("--last-updated-after", "2024-05-13T03:22:51Z"),
        *("--last-updated-before", "2024-05-15T03:22:51Z"),
        *("--query", "value[?status=='Failed'].{activity:activityName,error:error}"),
    ]
    assert rerun == [
        *("az", "datafactory", "pipeline", "create-run"),
        *factory,
        *("--name", "pl_load", "--reference-pipeline-run-id", RUN),
        *("--is-recovery", "true", "--start-from-failure", "true"),
    ]
    assert steps[-1].startswith("A rerun without a change will fail again: ")
    assert "if the step is safe to repeat" in steps[-1]


def test_data_factory_without_a_time_shows_the_run() -> None:
    failure = msgspec.structs.replace(COMPLETE["adf"], occurred_at=None)
    assert commands_in(steps_of(failure))[0][:4] == ["az", "datafactory", "pipeline-run", "show"]


def test_synapse_has_commands_of_its_own_and_names_with_blanks_are_quoted() -> None:
    look, rerun = commands_in(steps_of(COMPLETE["synapse"], STAYING))
    assert look[:4] == ["az", "synapse", "activity-run", "query-by-pipeline-run"]
    assert rerun[:4] == ["az", "synapse", "pipeline", "create-run"]
    assert rerun[rerun.index("--name") + 1] == "Load sales (daily)"
    assert rerun[rerun.index("--start-activity-name") + 1] == "Copy orders"


def test_databricks_repairs_the_run_of_the_job_not_of_the_task() -> None:
    assert commands_in(steps_of(COMPLETE["databricks"], STAYING)) == [
        ["databricks", "jobs", "get-run-output", "67890"],
        ["databricks", "clusters", "events", "0514-030001-abcd1234"],
        ["databricks", "jobs", "repair-run", "54321", "--rerun-all-failed-tasks"],
    ]


def test_databricks_repairs_nothing_whose_run_is_not_known() -> None:
    of_a_task = msgspec.structs.replace(COMPLETE["databricks"], entity={"task_key": "load"})
    submitted = msgspec.structs.replace(COMPLETE["databricks"], entity={"run_type": "SUBMIT_RUN"})
    assert rerun_command(of_a_task) == rerun_command(submitted) == ""
    whole_job = msgspec.structs.replace(COMPLETE["databricks"], entity={"job_id": "11"})
    assert [command.line for command in look_commands(whole_job)] == ["databricks jobs get-run 67890"]
    assert rerun_command(whole_job) == "databricks jobs repair-run 67890 --rerun-all-failed-tasks"


def test_airflow_clears_the_failed_task_of_that_run_and_what_waits_for_it() -> None:
    steps = steps_of(COMPLETE["airflow"], STAYING)
    assert any(step.endswith(LOG) for step in steps)
    when = "2026-03-01T02:00:00+00:00"
    assert commands_in(steps) == [
        [
            *("airflow", "tasks", "clear", "tides", "--task-regex", r"^load\.copy$", "--downstream", "--only-failed"),
            *("--start-date", when, "--end-date", when),
        ]
    ]


def test_airflow_without_a_task_shows_the_tasks_of_the_run() -> None:
    entity = {"dag_id": "tides", "logical_date": "2026-03-01T02:00:00+00:00"}
    look, rerun = commands_in(steps_of(msgspec.structs.replace(COMPLETE["airflow"], entity=entity)))
    assert look == ["airflow", "tasks", "states-for-dag-run", "tides", "scheduled__2026-03-01T02:00:00+00:00"]
    assert "--task-regex" not in rerun and "--only-failed" in rerun


def test_a_run_without_a_logical_date_is_not_cleared() -> None:
    for when in ({}, {"logical_date": "yesterday"}):
        failure = msgspec.structs.replace(COMPLETE["airflow"], entity={"dag_id": "tides", "task_id": "copy", **when})
        assert rerun_command(failure) == ""


def test_an_alert_is_looked_into_and_never_rerun() -> None:
    steps = steps_of(COMPLETE["azure-monitor"])
    assert commands_in(steps)[0][:5] == ["az", "monitor", "activity-log", "list", "--resource-id"]
    assert "https://portal.azure.com/#blade/x" in steps[0]
    assert not any("rerun" in step.lower() for step in steps)
    queried = {"resource_id": f"{GROUP}/Microsoft.OperationalInsights/workspaces/law"}
    assert not look_commands(msgspec.structs.replace(COMPLETE["azure-monitor"], entity=queried))


@pytest.mark.parametrize("source", ["adf", "databricks", "airflow"])
def test_what_is_likely_to_pass_is_rerun_first_and_never_blindly(source: str) -> None:
    steps = steps_of(COMPLETE[source], PASSING)
    assert steps[0].startswith("Likely to pass on a rerun without a change: ")
    assert "if the step is safe to repeat" in steps[0]
    assert commands_in(steps[:1])
    assert not any("without a change" in step for step in steps[1:])


@pytest.mark.parametrize("source", ["adf", "databricks", "airflow", "azure-monitor"])
@pytest.mark.parametrize("message", ["", PASSING, STAYING])
def test_hardly_any_ids_still_give_whole_sentences_without_commands(source: str, message: str) -> None:
    steps = steps_of(msgspec.structs.replace(BARE, source=source), message)
    assert steps
    assert len(set(steps)) == len(steps)
    assert all(step[0].isupper() and step.endswith(".") for step in steps)
    assert not commands_in(steps)


@pytest.mark.parametrize("source", list(COMPLETE))
@pytest.mark.parametrize("message", ["", PASSING, STAYING])
def test_steps_are_sentences_that_say_each_thing_once(source: str, message: str) -> None:
    steps = steps_of(COMPLETE[source], message)
    assert len(set(steps)) == len(steps) <= 9
    assert not {"Rerun.", "Rerun once."} & set(steps)
    for step in steps:
        assert step[0].isupper() and (step[-1] in ".`)" or "https://" in step), step
    if source != "azure-monitor":
        assert sum("rerun" in step and ("without a change" in step or "not known" in step) for step in steps) == 1


@pytest.mark.parametrize("source", list(COMPLETE))
@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_no_plain_id_never_reaches_a_command(source: str, hostile: str) -> None:
    whole = COMPLETE[source]
    changed: list[dict[str, Any]] = [
        {"run_id": hostile},
        {"occurred_at": hostile},
        *({"entity": {**whole.entity, key: hostile}} for key in whole.entity),
        {"entity": {**whole.entity, "resource_id": f"{whole.entity.get('resource_id', '')}{hostile}"}},
        {"entity": dict.fromkeys(whole.entity, hostile), "run_id": hostile},
    ]
    for changes in changed:
        failure = msgspec.structs.replace(whole, links=(), message=f"{hostile} {PASSING}", **changes)
        for line in [*(command.line for command in look_commands(failure)), rerun_command(failure)]:
            assert line.isascii()
            assert hostile == "" or hostile not in shlex.split(line)
            assert not any(mark in line for mark in ("rm -rf", "$(", "`", "|", "&", "\n", "<", ">", "xxx"))


@pytest.mark.parametrize(
    ("version", "entity", "url"),
    [
        ("3.1.3", {}, "/dags/tides/runs/scheduled__2026-03-01T02%3A00%3A00%2B00%3A00/tasks/load.copy"),
        ("3.1.3", {"map_index": "4"}, "/dags/tides/runs/scheduled__2026-03-01T02%3A00%3A00%2B00%3A00"),
        ("2.10.5", {}, "/dags/tides/grid?dag_run_id=scheduled__2026-03-01T02%3A00%3A00%2B00%3A00&task_id=load.copy"),
    ],
)
def test_the_page_of_an_airflow_run_depends_on_the_version(version: str, entity: dict[str, str], url: str) -> None:
    whole = COMPLETE["airflow"]
    failure = msgspec.structs.replace(whole, links=(), entity={**whole.entity, "airflow_version": version, **entity})
    assert links_of(failure) == (Link("run", f"https://airflow.example.com{url}"),)
    elsewhere = msgspec.structs.replace(failure, entity={**failure.entity, "deployment": "prod"})
    assert links_of(elsewhere) == ()
    assert links_of(elsewhere, airflow_base_url="https://airflow.example.com/") == links_of(failure)


def test_pages_that_the_sender_does_not_give_are_built_of_ids() -> None:
    databricks = COMPLETE["databricks"]
    assert links_of(databricks) == ()
    built = links_of(databricks, databricks_host="https://adb-740.0.azuredatabricks.net")
    assert built == (Link("run", "https://adb-740.0.azuredatabricks.net/jobs/11/runs/67890"),)
    (synapse,) = links_of(COMPLETE["synapse"])
    assert synapse.url.startswith(f"https://web.azuresynapse.net/en/monitoring/pipelineruns/{RUN}?workspace=%2Fsub")


def test_a_sender_that_links_to_the_run_needs_no_other_link() -> None:
    assert links_of(COMPLETE["airflow"]) == links_of(COMPLETE["adf"]) == ()


@pytest.mark.parametrize("host", ["javascript:alert(1)", "https://a b", "https://user@host", "https://h/?x=", "", None])
def test_an_odd_address_gives_no_link(host: str | None) -> None:
    assert links_of(COMPLETE["databricks"], databricks_host=host) == ()


@pytest.mark.parametrize("hostile", ["..", "../../admin", "a/b", "a?b#c", '"><script>', "a\nb"])
def test_an_id_cannot_lead_a_link_elsewhere(hostile: str) -> None:
    host = "https://adb-740.0.azuredatabricks.net"
    failure = msgspec.structs.replace(COMPLETE["databricks"], run_id=hostile)
    for link in links_of(failure, databricks_host=host):
        assert link.url.startswith(f"{host}/jobs/11/runs/")
        assert not set(link.url.removeprefix(f"{host}/jobs/11/runs/")) & set('/?#"<>\n ')
