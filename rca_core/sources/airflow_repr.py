"""Reading Airflow objects that a callback turned into text (`json.dumps(context, default=str)`).

The forms are those of Airflow 2.x (`TaskInstance.__repr__`, `DagRun.__repr__`) and of Airflow 3.x, whose runtime
objects show `field=value` pairs. Everything here walks a text once: plain string functions, no patterns.
"""

import msgspec

from rca_core.sources.reading import name

_LONGEST_TEXT = 20_000
"""Such texts are a few hundred characters long; only the first part of a longer one is looked at."""


class TaskInstanceText(msgspec.Struct, frozen=True):
    """What the text form of a task instance tells; `""` where it is silent."""

    dag_id: str = ""
    task_id: str = ""
    run_id: str = ""
    map_index: str = ""
    try_number: str = ""
    max_tries: str = ""
    hostname: str = ""
    state: str = ""
    log_url: str = ""


def read_task_instance(shown: str, *, dag_id: str, task_id: str, key: str) -> TaskInstanceText:
    """Either form. Dag and task ids may contain dots; `dag_id`, `task_id` and `key`
    (`dag__task__20261123`) are what other fields of the context tell about where one ends.
    """
    shown = shown[:_LONGEST_TEXT]
    if shown.startswith("<TaskInstance: "):
        return _read_angle_form(shown, dag_id, task_id, key)
    return TaskInstanceText(
        dag_id=pair(shown, "dag_id"),
        task_id=pair(shown, "task_id"),
        run_id=pair(shown, "run_id"),
        map_index=pair(shown, "map_index"),
        try_number=pair(shown, "try_number"),
        max_tries=pair(shown, "max_tries"),
        hostname=pair(shown, "hostname"),
        state=pair(shown, "state"),
        log_url=pair(shown, "log_url"),
    )


def _read_angle_form(shown: str, dag_id: str, task_id: str, key: str) -> TaskInstanceText:
    """`<TaskInstance: dag.task run_id map_index=3 [failed]>`; `map_index=` only when mapped."""
    inside = shown.removeprefix("<TaskInstance: ").removesuffix(">")
    ids, _, rest = inside.partition(" ")
    run_id, bracket, state = rest.rpartition(" [")
    if not bracket:
        run_id, state = rest, ""
    map_index = ""
    if " map_index=" in run_id:
        run_id, _, map_index = run_id.rpartition(" map_index=")
    dag, task = _split_ids(ids, dag_id, task_id, key)
    return TaskInstanceText(
        dag_id=name(dag),
        task_id=name(task),
        run_id=name(run_id),
        map_index=name(map_index),
        state=name(state.removesuffix("]")),
    )


def _split_ids(ids: str, dag_id: str, task_id: str, key: str) -> tuple[str, str]:
    if dag_id and ids.startswith(f"{dag_id}."):
        return dag_id, ids[len(dag_id) + 1 :]
    if task_id and ids.endswith(f".{task_id}"):
        return ids[: -len(task_id) - 1], task_id
    at = next((i for i, (a, b) in enumerate(zip(ids, key, strict=False)) if a != b), -1)
    if at > 0 and ids[at] == "." and key[at : at + 2] == "__":
        return ids[:at], ids[at + 1 :]
    dag, _, task = ids.partition(".")
    return dag, task


def read_dag_run(shown: str) -> tuple[str, str, str]:
    """Dag id, run id and state of `<DagRun dag @ date: run_id, state:running, ...>` or of the 3.x form."""
    shown = shown[:_LONGEST_TEXT]
    if shown.startswith("<DagRun "):
        dag, _, rest = shown.removeprefix("<DagRun ").partition(" @ ")
        _, _, rest = rest.partition(": ")
        run_id, marker, rest = rest.partition(", state:")
        if not marker:
            run_id, _, rest = run_id.partition(",")
        return name(dag), name(run_id), name(rest.partition(",")[0].removesuffix(">"))
    return pair(shown, "dag_id"), pair(shown, "run_id"), pair(shown, "state")


def in_angles(shown: str, *openings: str) -> str:
    """`sales` from `<DAG: sales>`, `load` from `<Task(PythonOperator): load>`."""
    shown = shown.strip()[:_LONGEST_TEXT]
    if shown.startswith(tuple(f"<{opening}" for opening in openings)) and shown.endswith(">"):
        return name(shown[:-1].partition(": ")[2])
    return ""


def operator(shown: str) -> str:
    """`PythonOperator` from `<Task(PythonOperator): load>` or `<Mapped(PythonOperator): load>`."""
    shown = shown.strip()[:_LONGEST_TEXT]
    if not shown.startswith(("<Task(", "<Mapped(")):
        return ""
    return name(shown.partition("(")[2].partition(")")[0])


def pair(shown: str, key: str) -> str:
    """The value of `key='...'`, `key=12` or `key=<State.FAILED: 'failed'>` in a text of such pairs."""
    marker = f"{key}="
    at = 0 if shown.startswith(marker) else shown.find(f" {marker}") + 1
    if not shown.startswith(marker, at):
        return ""
    value = shown[at + len(marker) :]
    if value[:1] in ("'", '"'):
        return name(_quoted(value))
    if value[:1] == "<":
        return name(_quoted(value[:200].partition(": ")[2]))
    plain = value.partition(" ")[0]
    return "" if plain == "None" else name(plain)


def _quoted(value: str) -> str:
    """The text between the quote that `value` starts with and the next one that is not escaped."""
    quote, start = value[:1], 1
    if quote not in ("'", '"'):
        return ""
    end = value.find(quote, start)
    while end > 0 and value[end - 1] == "\\":
        end = value.find(quote, end + 1)
    return value[1:end].replace(f"\\{quote}", quote) if end > 0 else ""
