"""Log lines as `event key=value`: ids that let one find the rest, never payloads or keys."""

import logging

# They log every request at INFO; the host collects INFO.
for _noisy in ("azure.core.pipeline.policies.http_logging_policy", "azure.identity", "httpx2"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)

_log = logging.getLogger("rca")


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
    return " ".join([event, *(f"{name}={_one_line(value)}" for name, value in ids.items() if value is not None)])


def _one_line(value: object) -> str:
    return str(value).replace("\r", " ").replace("\n", " ")[:200]
