"""Reports failed Airflow tasks and DAG runs to the AIOps RCA Assistant, which makes a ticket of each.

For Airflow 2.9 and later and for Airflow 3, in this one file; it needs nothing but Airflow and Python.

Install
    Copy this file into Airflow's `plugins` folder, beside the DAGs, or anywhere else on PYTHONPATH, wherever tasks run
    and DAGs are parsed: workers, schedulers, DAG processors, triggerers.

Tell it where to report, and the function key, in one of two ways
    - an Airflow connection `rca`: host `https://<app>.azurewebsites.net`, password the key. As an environment variable:
      AIRFLOW_CONN_RCA='{"conn_type": "http", "host": "https://<app>.azurewebsites.net", "password": "<key>"}'
    - the environment variables RCA_WEBHOOK_URL and RCA_WEBHOOK_KEY, for what the connection does not say.
    Where the address names no path, `/airflow-monitor` is added.

Use
    from rca_notifier import RcaNotifier

    with DAG("sales", default_args={"on_failure_callback": RcaNotifier()}, ...):  # each task that fails: a ticket
    with DAG("sales", on_failure_callback=RcaNotifier(), ...):                    # each run that fails: a ticket

    A task that is tried again is reported when it has failed for good; as `on_retry_callback`, each try is. In Airflow
    3.1 and later it may also be the AsyncCallback of a deadline alert.

What it does
    It sends ids, times, the exception and the end of its traceback; never params, conf, variables or connections. It
    tries three times, for about half a minute at most, and writes one line to the log: the ticket's id, or what to do.
    It never raises: a report that cannot be delivered does not change what Airflow does.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import http.client
import json
import logging
import os
import time
import traceback
import urllib.error
import urllib.request
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Mapping
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    BaseNotifier = object
else:
    try:
        from airflow.sdk.bases.notifier import BaseNotifier
    except ImportError:
        try:
            from airflow.notifications.basenotifier import BaseNotifier
        except ImportError:
            # Without Airflow it is a callable that takes a context.
            BaseNotifier = object

SCHEMA = "rca.airflow/1"
DOOR = "/airflow-monitor"

_TRIES = 3
_TIMEOUT_SECONDS = 5
_PAUSE_SECONDS = 1
_LONGEST_PAUSE_SECONDS = 7
_WORTH_ANOTHER_TRY = (429, 502, 503, 504)
_LONGEST_TEXT = 8 * 1024
_LONGEST_ANSWER = 64 * 1024
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_OWN_FAULT = "The failure was not reported: rca_notifier.py has a fault."

_log = logging.getLogger(__name__)


class NotReported(Exception):
    """No ticket was made; the text says why, and what to do."""


class RcaNotifier(BaseNotifier):
    """A failure callback for tasks and DAGs.

    `conn_id` names the Airflow connection that holds address and key. `url` is taken instead of the connection's
    address; the key cannot be given here, so that it stands in no DAG file. `context` is given by Airflow alone.
    """

    def __init__(self, url: str | None = None, conn_id: str = "rca", context: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.url = url
        self.conn_id = conn_id
        self.context = context or {}

    def __call__(self, *args: Any) -> None:
        """Reports the failure that the context, the only argument, tells of.

        Airflow's own would render templates first, and raise what goes wrong with that; here are none.
        """
        if len(args) == 1:
            self.notify(args[0])
        else:
            _log.warning("RcaNotifier takes failures alone; give it as on_failure_callback.")

    def notify(self, context: Mapping[str, Any]) -> None:
        """Reports the failure that `context` tells of."""
        try:
            self._report(context, _connection(self.conn_id))
        except Exception:  # noqa: BLE001 - no fault of ours may change what Airflow does with the task
            _log.exception(_OWN_FAULT)

    async def async_notify(self, context: Mapping[str, Any]) -> None:
        """The same in Airflow 3's triggerer, where a deadline alert calls it and nothing may block."""
        try:
            connection = await _connection_in_triggerer(self.conn_id)
            await asyncio.get_running_loop().run_in_executor(None, self._report, context, connection)
        except Exception:  # noqa: BLE001 - as above
            _log.exception(_OWN_FAULT)

    def _report(self, context: Mapping[str, Any], connection: Any) -> None:
        report = report_of(context)
        what = " ".join(str(report[key]) for key in ("dag_id", "task_id", "run_id") if key in report)
        try:
            if "dag_id" not in report:
                raise NotReported("The callback's context names no DAG.")
            webhook = _webhook(self.url or _address(connection) or os.environ.get("RCA_WEBHOOK_URL", ""), self.conn_id)
            _log.info("%s: %s", what, _post(webhook, _key(connection, self.conn_id), report))
        except NotReported as why:
            _log.warning("%s: no ticket was made. %s", what, why)


# Where to report


def _connection(conn_id: str) -> Any:
    """The Airflow connection; None where there is none or it cannot be read."""
    try:
        try:
            from airflow.sdk import Connection
        except ImportError:
            from airflow.hooks.base import BaseHook

            return BaseHook.get_connection(conn_id)
        return Connection.get(conn_id)
    except Exception as error:  # noqa: BLE001 - secrets backends raise what they like; the environment may still tell
        # Only the type: the text about a connection that cannot be read may quote it.
        _log.debug("Connection %s was not read: %s", conn_id, type(error).__name__)
        return None


async def _connection_in_triggerer(conn_id: str) -> Any:
    """The same, asked as the triggerer wants to be asked."""
    try:
        from airflow.sdk import Connection

        return await Connection.async_get(conn_id)
    except Exception as error:  # noqa: BLE001 - as above
        _log.debug("Connection %s was not read: %s", conn_id, type(error).__name__)
        return None


def _address(connection: Any) -> str:
    """The address in a connection, whose host may bring the scheme and the port or leave them to other fields."""
    host = (_read(connection, "host") or "").strip().rstrip("/")
    if not host or "://" in host:
        return host
    scheme, port = _read(connection, "schema"), _read(connection, "port")
    return f"{scheme or 'https'}://{host}" + (f":{port}" if port else "")


def _webhook(address: str, conn_id: str) -> str:
    """The address to post to, without a query, which might hold a key and would be logged."""
    if not address:
        raise NotReported(f"Set the host of the Airflow connection {conn_id!r}, or RCA_WEBHOOK_URL.")
    try:
        parts = urlsplit(address.strip())
        usable = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        usable = False
    # Elsewhere the key must not travel in the clear.
    if not usable or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)):
        raise NotReported("The address must be like https://<app>.azurewebsites.net; http is for localhost alone.")
    return urlunsplit((parts.scheme, parts.netloc, parts.path if parts.path.strip("/") else DOOR, "", ""))


def _key(connection: Any, conn_id: str) -> str:
    key = str(_read(connection, "password") or os.environ.get("RCA_WEBHOOK_KEY", "")).strip()
    if not key:
        raise NotReported(f"Set the password of the Airflow connection {conn_id!r}, or RCA_WEBHOOK_KEY.")
    if not (key.isascii() and key.isprintable()):
        # http.client would quote it when it refuses it.
        raise NotReported("The key is no function key: it has characters that no header may have.")
    return key


# What to report


def report_of(context: Mapping[str, Any]) -> dict[str, Any]:
    """The report of schema rca.airflow/1 on the failure that a callback's context tells of, without what is unknown."""
    instance = context.get("task_instance") or context.get("ti")
    dag, run = context.get("dag"), context.get("dag_run")
    report = {
        "schema": SCHEMA,
        "airflow_version": _airflow_version(),
        "airflow_base_url": _base_url(),
        "dag_id": _read(dag, "dag_id") or _read(instance, "dag_id") or _read(run, "dag_id"),
        "run_id": context.get("run_id") or _read(run, "run_id", "dag_run_id") or _read(instance, "run_id"),
        "logical_date": context.get("logical_date") or _read(run, "logical_date"),
        "exception": _exception(context.get("exception")),
        "tags": sorted(map(str, _read(dag, "tags") or ())),
    }
    # The context of a DAG's callback brings a reason, and some task instance of the run, which need not have failed.
    if instance is None or ("reason" in context and context.get("exception") is None):
        report.update(_about_dag(context, dag, run))
    else:
        report.update(_about_task(instance, context.get("task") or _read(instance, "task")))
    return {key: _plain(value) for key, value in report.items() if value not in (None, "", [])}


def _about_dag(context: Mapping[str, Any], dag: Any, run: Any) -> dict[str, Any]:
    return {
        "event": "dag_failed",
        "reason": "deadline_missed" if "deadline" in context else context.get("reason"),
        "start_date": _read(run, "start_date"),
        "end_date": _read(run, "end_date"),
        "owner": _read(dag, "owner"),
    }


def _about_task(instance: Any, task: Any) -> dict[str, Any]:
    started, ended = _read(instance, "start_date"), _read(instance, "end_date") or datetime.now(timezone.utc)
    return {
        "event": "task_failed",
        "task_id": _read(instance, "task_id"),
        "map_index": _read(instance, "map_index"),
        # Once a task has ended, the public one of Airflow 2.9 is that of the next try.
        "try_number": _read(instance, "_try_number" if _airflow_version().startswith("2.9.") else "try_number"),
        "max_tries": _read(instance, "max_tries"),
        "start_date": started,
        "end_date": ended,
        "duration": _read(instance, "duration") or (started and (ended - started).total_seconds()),
        "operator": _read(instance, "operator") or _read(task, "task_type"),
        "hostname": _read(instance, "hostname"),
        "queue": _read(instance, "queue") or _read(task, "queue"),
        "pool": _read(instance, "pool") or _read(task, "pool"),
        "log_url": _read(instance, "log_url"),
        "owner": _read(task, "owner"),
    }


def _exception(problem: Any) -> Any:
    """Type, message and traceback of an exception; of a text its end; None as it is."""
    if problem is None:
        return None
    if not isinstance(problem, BaseException):
        return _end_of(str(problem))
    kind = type(problem)
    try:
        message = str(problem)
    except Exception:  # noqa: BLE001 - whatever the class does wrong, its name and traceback are worth a report
        message = ""
    return {
        "type": kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}",
        "message": message[:_LONGEST_TEXT],
        "traceback": _end_of("".join(traceback.format_exception(kind, problem, problem.__traceback__))),
    }


def _end_of(text: str) -> str:
    """The last lines. Whole ones: a secret that is cut in two is not recognised and masked where the report arrives."""
    if len(text) <= _LONGEST_TEXT:
        return text
    end = text[-_LONGEST_TEXT:]
    return end.partition("\n")[2] or end


def _read(source: Any, *names: str) -> Any:
    """The first of these attributes (or keys) that is set; None if none is, or cannot be read."""
    for name in names:
        # Airflow's attributes may query the database; one that fails must not cost the report.
        with contextlib.suppress(Exception):
            value = source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
            if value is not None:
                return value
    return None


def _plain(value: Any) -> Any:
    """`value` as JSON has it."""
    if isinstance(value, (str, int, float, list, dict)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _airflow_version() -> str:
    try:
        import airflow
    except ImportError:
        return ""
    return str(getattr(airflow, "__version__", ""))


def _base_url() -> Any:
    """The address of Airflow's pages, which tells deployments apart."""
    try:
        from airflow.configuration import conf
    except ImportError:
        return None
    # Airflow 3, then 2.
    return conf.get("api", "base_url", fallback=None) or conf.get("webserver", "base_url", fallback=None)


# Delivery


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to whatever address it names; so it is taken as the answer."""

    def redirect_request(self, *_: Any) -> None:
        """No further request."""


_opener = urllib.request.build_opener(_NoRedirect)


def _post(webhook: str, key: str, report: dict[str, Any]) -> str:
    """Sends the report, again if need be: whatever arrives twice is one ticket. Returns what became of it."""
    request = urllib.request.Request(  # noqa: S310 - _webhook looked at the scheme
        webhook,
        data=json.dumps(report).encode("ascii"),
        headers={"Content-Type": "application/json", "x-functions-key": key, "User-Agent": "rca-notifier/1"},
    )
    trouble, pause = "", 0.0
    for attempt in range(_TRIES):
        time.sleep(min(pause, _LONGEST_PAUSE_SECONDS))
        pause = _PAUSE_SECONDS * 2**attempt
        try:
            with _opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                return _what_became(webhook, answer.read(_LONGEST_ANSWER))
        except urllib.error.HTTPError as refusal:
            refusal.close()
            trouble = f"answered {refusal.code}"
            if refusal.code not in _WORTH_ANOTHER_TRY:
                raise NotReported(f"{webhook} {trouble}. {_advice(refusal.code)}") from None
            pause = _retry_after(refusal.headers.get("Retry-After"), pause)
        except (OSError, http.client.HTTPException) as error:
            # URLError is an OSError, and so is a time-out while the answer is read.
            trouble = f"cannot be reached ({getattr(error, 'reason', error) or type(error).__name__})"
    raise NotReported(f"{webhook} {trouble}, tried {_TRIES} times. Does it run, and may this machine call it?")


def _retry_after(header: str | None, otherwise: float) -> float:
    """Seconds from a Retry-After, which names them or a date."""
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        date = email.utils.parsedate_tz(header or "")
    return max(0.0, email.utils.mktime_tz(date) - time.time()) if date else otherwise


def _what_became(webhook: str, body: bytes) -> str:
    try:
        answer = json.loads(body.decode("utf-8"))
        said = f"{answer['status']}"
        return f"{said}, ticket {answer['ticket_id']}" if answer.get("ticket_id") else f"{said}: {answer.get('reason')}"
    except (ValueError, AttributeError, KeyError, TypeError):
        raise NotReported(f"{webhook} is no RCA Assistant, by its answer. Check the address.") from None


def _advice(code: int) -> str:
    if 300 <= code < 400:
        return "It redirects; set the address that it redirects to."
    return {
        401: "Check the key: the connection's password, or RCA_WEBHOOK_KEY.",
        403: "Check the key, and the network rules of the function app.",
        404: f"Check the address; its path is {DOOR}.",
    }.get(code, "The log of the function app says why.")
