"""Log lines as `event key=value`: ids that let one find the rest, never payloads or keys.

Plain text, since the Python worker hands on the formatted text of a record and nothing else of it
("azure-functions-python-worker", Dispatcher.on_logging). No value holds a `=`, so ` name=` is always a field's name.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# They log every request at INFO; the host collects INFO.
for _noisy in ("azure.core.pipeline.policies.http_logging_policy", "azure.identity", "httpx2"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)

_log = logging.getLogger("rca")
_request: ContextVar[str | None] = ContextVar("request", default=None)


@contextmanager
def request(request_id: str) -> Iterator[None]:
    """Every line written within, by this thread, and every queue message that it sends bear this id."""
    before = _request.set(request_id)
    try:
        yield
    finally:
        _request.reset(before)


def request_id() -> str:
    """The id of the request that this thread works for: the webhook's, over all queues; `""` outside of any."""
    return _request.get() or ""


def carried() -> Callable[[], object]:
    """To be called in a thread that works for this request, so that its lines bear the id as well."""
    carried_id = _request.get()
    return lambda: _request.set(carried_id)


def info(event: str, **ids: object) -> None:
    """One line about something that went as it should."""
    _log.info(_line(event, ids))


def warning(event: str, **ids: object) -> None:
    """One line about something an operator may want to look at."""
    _log.warning(_line(event, ids))


def failure(event: str, error: BaseException, **ids: object) -> None:
    """One line, with the stack, about trouble of ours; called once, where the error stops."""
    _log.error(_line(event, {**ids, "error": type(error).__name__}), exc_info=error)


def _line(event: str, ids: dict[str, object]) -> str:
    ids = {**ids, "request_id": _request.get()}
    return " ".join([event, *(f"{name}={_one_line(value)}" for name, value in ids.items() if value is not None)])


def _one_line(value: object) -> str:
    return str(value).replace("\r", " ").replace("\n", " ").replace("=", ":")[:200]
