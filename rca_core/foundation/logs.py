"""Log lines as `event key=value`: ids that let one find the rest, never payloads or keys."""

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
    """Every line written within, by this thread, bears the id that the caller gets with the answer."""
    before = _request.set(request_id)
    try:
        yield
    finally:
        _request.reset(before)


def carried() -> Callable[[], object]:
    """To be called in a thread that works for this request, so that its lines bear the id as well."""
    request_id = _request.get()
    return lambda: _request.set(request_id)


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
    return str(value).replace("\r", " ").replace("\n", " ")[:200]
