"""What Airflow's web server has of a failed task: its log.

Calls and fields: Airflow 3 REST API reference (`/api/v2`: JSON with structured lines), Airflow 2 REST API reference
(`/api/v1`: plain text), "Get logs" and "List task instances". Exceptions inside a structured line: structlog
documentation, `ExceptionDictTransformer`.
"""

import ast
import base64
import json
import re
from typing import Any

from rca_core.foundation.evidence import Evidence, EvidenceSource, dig, objects, plain, words
from rca_core.foundation.failure import Failure
from rca_core.integrations.rest import LIMITS, Answer, Client, Limits, NoAnswer, segment

MOST_TASKS = 3

_SOURCE: EvidenceSource = "airflow task log"
_MOST_PAGES = 5
_MOST_TEXTS = 1_000
_CONTENT = re.compile(r'"content"\s*:\s*')
_BETWEEN = re.compile(r"\s*[\[,]\s*")
# An unclosed text reaches to the end, so that no start of one is tried twice.
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*+(?:'|\\?\Z)|"(?:[^"\\]|\\.)*+(?:"|\\?\Z)""", re.DOTALL)
_EXCEPTION = re.compile(r"([A-Za-z_][\w.]{0,200}(?:Error|Exception|Timeout|Interrupt|Exit|Fail|Warning))(?::\s|$)")


def fetch(base_url: str | None, token: str | None, failure: Failure, limits: Limits = LIMITS) -> list[Evidence]:
    """The log of the failed task, or of the failed tasks of a DAG run; at least one Evidence, whatever Airflow does.

    `token` is a bearer token, or `user:password` for Airflow 2 with basic authentication.
    """
    missing = [name for name, value in (("AIRFLOW_BASE_URL", base_url), ("AIRFLOW_TOKEN", token)) if not value]
    if missing or not base_url or not token:
        return [_nothing(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set.")]
    if not failure.run_id or not words(failure.entity.get("dag_id")):
        return [_nothing("The report names no DAG run.")]
    basic = base64.b64encode(token.encode("utf-8")).decode("ascii")
    try:
        with Client("AIRFLOW_BASE_URL", base_url, f"Basic {basic}" if ":" in token else f"Bearer {token}", limits) as c:
            return _ask(c, failure)
    except NoAnswer as refusal:
        return [_trouble(refusal.note)]


def _ask(client: Client, failure: Failure) -> list[Evidence]:
    """Asks the version that the report names, else 3 first; where the other's paths are unknown, the other one."""
    versions = ("v1", "v2") if words(failure.entity.get("airflow_version")).startswith(("1.", "2.")) else ("v2", "v1")
    refusals: list[NoAnswer] = []
    for version in versions:
        try:
            return _Api(client, version, failure).evidence()
        except NoAnswer as refusal:
            refusals.append(refusal)
            if not _may_be_another_version(refusal):
                break
    raise min(refusals, key=_may_be_another_version)


def _may_be_another_version(refusal: NoAnswer) -> int:
    """How much this looks like a path that the version does not know: a 404, or a page, or the way to one."""
    status = refusal.status or 0
    return 1 if status in (404, 405) else 2 if 200 <= status < 400 else 0


class _Api:
    """One version of Airflow's API, asked about one DAG run."""

    def __init__(self, client: Client, version: str, failure: Failure) -> None:
        self._client, self._version, self._failure = client, version, failure
        dag, run = segment("dag_id", words(failure.entity["dag_id"])), segment("run_id", failure.run_id or "")
        self._instances = f"/api/{version}/dags/{dag}/dagRuns/{run}/taskInstances"

    def evidence(self) -> list[Evidence]:
        entity = self._failure.entity
        task_id, map_index = words(entity.get("task_id")), words(entity.get("map_index"))
        if task_id:
            number = words(entity.get("try_number")) or self._try_number(task_id, map_index)
            return [self._log(task_id, map_index, number)]
        listed = self._client.get(self._instances, {"state": "failed", "limit": "100"}).document()
        failed = [item for item in objects(listed.get("task_instances")) if item.get("state") == "failed"]
        failed.sort(key=lambda item: words(item.get("end_date")) or "~")
        if not failed:
            return [_nothing("No task of the DAG run is in state failed.")]
        note = f"{len(failed)} tasks failed; the first {MOST_TASKS} are shown." if len(failed) > MOST_TASKS else ""
        return [self._log_of(item, note) for item in failed[:MOST_TASKS]]

    def _log_of(self, instance: dict[str, Any], note: str) -> Evidence:
        task_id, index = words(instance.get("task_id")), words(instance.get("map_index"))
        try:
            return self._log(task_id, "" if index == "-1" else index, words(instance.get("try_number")) or "1", note)
        except NoAnswer as refusal:
            return _trouble(refusal.note, title=f"Log of {task_id}", entity={"task_id": task_id})

    def _try_number(self, task_id: str, map_index: str) -> str:
        path = f"{self._instances}/{segment('task_id', task_id)}"
        path += f"/{segment('map_index', map_index)}" if map_index else ""
        return words(self._client.get(path).document().get("try_number")) or "1"

    def _log(self, task_id: str, map_index: str, try_number: str, note: str = "") -> Evidence:
        path = f"{self._instances}/{segment('task_id', task_id)}/logs/{segment('try_number', try_number)}"
        query = {"full_content": "true", **({"map_index": map_index} if map_index else {})}
        # Airflow 2 wraps the log in Python's notation when asked for JSON.
        accept = "text/plain" if self._version == "v1" else "application/json"
        lines: list[str] = []
        errors: list[str] = []
        cut = ""
        for page in range(_MOST_PAGES):
            try:
                answer = self._client.get(path, query, accept)
            except NoAnswer as refusal:
                if page == 0:
                    raise
                cut = f"the rest is missing: {refusal.note}"
                break
            content, next_token = _content(answer)
            new = [_line(item, errors) for item in content]
            lines, cut = lines + new, answer.cut
            # Airflow 2 sends a token even after the last page, which is followed by an empty one.
            if cut or not next_token or not any(new) or next_token == query.get("token"):
                break
            query = {**query, "token": next_token}
        text = plain("\n".join(lines))
        message = errors[-1] if errors else _last_exception(text)
        mapped = f"[{map_index}]" if map_index else ""
        entity: dict[str, Any] = {"task_id": task_id, "try_number": try_number}
        return Evidence(
            source=_SOURCE,
            status="data" if text else "no_data",
            note=" ".join(filter(None, [note, cut and f"The log is cut: {cut}.", "" if text else "The log is empty."])),
            title=f"Log of {words(self._failure.entity['dag_id'])}/{task_id}{mapped}, try {try_number}",
            text=text,
            error_code=message.partition(":")[0].rpartition(".")[2] or None,
            message=message or None,
            entity={**entity, "map_index": map_index} if map_index else entity,
        )


def _content(answer: Answer) -> tuple[list[Any], str]:
    """The log's lines, in whichever form they came, and the token of the next page."""
    text = answer.text()
    if not text.lstrip().startswith("{"):
        return [text], ""
    if answer.cut:
        return _salvaged(text), ""
    try:
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        if "\n" not in text.strip():
            raise NoAnswer(f"The answer to {answer.call} is broken JSON.") from None
        return text.splitlines(), ""  # one JSON object a line
    content = found.get("content")
    if isinstance(content, str):
        content = _unquoted(content)
    elif not isinstance(content, list):
        content = [found] if "event" in found else []
    return content, words(found.get("continuation_token"))


def _salvaged(text: str) -> list[Any]:
    """The whole lines of a JSON answer that was cut."""
    start = _CONTENT.search(text)
    if start is None:
        return []
    position = start.end()
    if text[position : position + 1] == '"':
        for halves in range(6):  # characters of an escape sequence that was cut
            try:
                return _unquoted(json.loads(text[position : len(text) - halves] + '"', strict=False))
            except ValueError:
                continue
        return []
    decoder, found = json.JSONDecoder(strict=False), []
    while between := _BETWEEN.match(text, position):
        try:
            item, position = decoder.raw_decode(text, between.end())
        except (ValueError, RecursionError):
            break
        found.append(item)
    return found


def _unquoted(content: str) -> list[Any]:
    """The texts in `[('host', 'text'), ...]`, Airflow 2's notation of a log in JSON; other text as it is."""
    if not content.startswith(("[('", '[("')):
        return [content]
    try:
        whole = _QUOTED.findall(content)
        if len(whole) > _MOST_TEXTS:
            return [content]
        if len(whole[-1]) == 1 or whole[-1][-1] != whole[-1][0]:
            whole[-1] = whole[-1].rstrip("\\") + whole[-1][0]
        return [ast.literal_eval(quoted) for quoted in whole]
    except (ValueError, SyntaxError):
        return [content]


def _line(item: Any, errors: list[str]) -> str:
    """One line as text; what an exception in it says is added to `errors`."""
    if isinstance(item, str) and item.startswith("{") and '"event"' in item:
        try:
            item = json.loads(item, strict=False)
        except (ValueError, RecursionError):
            return str(item)
    if not isinstance(item, dict):
        return words(item)
    level, moment = words(item.get("level")).upper(), words(item.get("timestamp"))
    head = " ".join(filter(None, [f"[{moment}]" if moment else "", f"{level} -" if level else ""]))
    stacks = objects(item.get("error_detail")) or objects(item.get("exception"))
    if stacks:
        errors.append(_said(stacks[0]))
    return "\n".join(filter(None, [f"{head} {words(item.get('event'))}".strip(), _traceback(stacks)]))


def _said(stack: dict[str, Any]) -> str:
    return plain(f"{words(stack.get('exc_type'))}: {words(stack.get('exc_value'))}".rstrip(": "))


def _traceback(stacks: list[dict[str, Any]]) -> str:
    """As Python prints it: causes first. A stack's `is_cause` says how the one before it in the list came of it."""
    shown: list[str] = []
    for stack in reversed(stacks):
        shown.append("Traceback (most recent call last):")
        for frame in objects(stack.get("frames")):
            place = f'File "{words(frame.get("filename"))}", line {words(frame.get("lineno"))}'
            shown.append(f"  {place}, in {words(frame.get('name'))}")
        shown.append(_said(stack))
        shown += [words(note) for note in dig(stack, "exc_notes") or [] if isinstance(note, str)]
        if stack is not stacks[0]:
            link = "The above exception was the direct cause of the following exception:"
            other = "During handling of the above exception, another exception occurred:"
            shown += ["", link if stack.get("is_cause") else other, ""]
    return "\n".join(shown)


def _last_exception(text: str) -> str:
    return next((line[:2_000] for line in reversed(text.splitlines()) if _EXCEPTION.match(line)), "")


def _nothing(note: str) -> Evidence:
    return Evidence(source=_SOURCE, status="no_data", note=note)


def _trouble(note: str, *, title: str = "", entity: dict[str, Any] | None = None) -> Evidence:
    return Evidence(source=_SOURCE, status="error", note=note, title=title, entity=entity or {})
