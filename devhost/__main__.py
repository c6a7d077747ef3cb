"""`python -m devhost`: runs the function app of a folder until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from devhost.errors import StartError
from devhost.host import Host
from devhost.settings import HostSettings, load_settings

log = logging.getLogger("devhost")

_DEFAULT_PORT = 7071
_LEVELS = {"Trace": "DEBUG", "Debug": "DEBUG", "Information": "INFO", "Warning": "WARNING", "Error": "ERROR"}
_LEVELS |= {"Critical": "CRITICAL", "None": "CRITICAL"}


class _Server(uvicorn.Server):
    """uvicorn without its signal handling: it would end the process with the signal instead of code 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _without_query(record: logging.LogRecord) -> bool:
    """A query may hold a key."""
    client, method, target, *rest = record.args  # type: ignore[misc]
    record.args = (client, method, str(target).partition("?")[0], *rest)
    return True


def main() -> int:
    """Run until SIGTERM or SIGINT; returns the exit code, 1 when the app or the port is not fit to run."""
    parser = argparse.ArgumentParser(prog="python -m devhost", description="Runs an Azure Functions Python app.")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="folder of the app (default: this one)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, help=f"default: PORT, Host.LocalHttpPort or {_DEFAULT_PORT}; 0: a free one")
    parser.add_argument("--data-dir", type=Path, help="keys and state (default: DEVHOST_DATA_DIR or ROOT/.devhost)")
    parser.add_argument("--site", type=Path, help="folder of the built page (default: ROOT/static_dashboard/dist)")
    parser.add_argument("--access-log", action="store_true", help="one line for each request")
    arguments = parser.parse_args()
    try:
        settings = load_settings(arguments.root, arguments.data_dir, arguments.site)
        _set_up_logs(settings)
        listening = _bind(arguments.host, _port(arguments.port, settings))
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            ended = runner.run(_serve(settings, arguments.host, listening, arguments.access_log))
    except StartError as error:
        print(f"devhost: {error}", file=sys.stderr)
        return 1
    if not ended:
        log.warning("not everything ended in %g s; messages that were being worked on come again", settings.grace)
    sys.stdout.flush()
    sys.stderr.flush()
    if not ended:
        # A normal exit would wait for threads that do not end.
        os._exit(0)
    return 0


async def _serve(settings: HostSettings, address: str, listening: socket.socket, access_log: bool) -> bool:
    loop = asyncio.get_running_loop()
    port = listening.getsockname()[1]
    host = Host(settings, port)
    config = uvicorn.Config(
        host.app,
        log_config=None,
        access_log=access_log,
        lifespan="off",
        http="httptools",
        ws="websockets-sansio",
        timeout_keep_alive=120,
        server_header=False,
        ws_max_size=1_048_576,
        timeout_graceful_shutdown=int(settings.grace),
    )
    server = _Server(config)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(server.serve([listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.005)
    host.start()
    shown = f"[{address}]" if ":" in address else address
    print(f"devhost: ready on http://{shown}:{port} ({len(host.functions)} functions)", flush=True)
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({stopped, serving}, return_when=asyncio.FIRST_COMPLETED)
    log.info("stopping: finishing what is under way")
    deadline = time.monotonic() + settings.grace
    host.stop_receiving()
    server.should_exit = True
    ended = await host.finish(deadline)
    await serving
    stopped.cancel()
    return ended and not host.busy


def _bind(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address, port))
        # Taken now: a second host on the same port is told so before it loads anything.
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise StartError(
            f"cannot listen on {address}:{port}: {error.strerror}; choose another port with --port or PORT"
        ) from None
    return listening


def _port(given: int | None, settings: HostSettings) -> int:
    if given is not None:
        return given
    text = os.environ.get("PORT")
    if text:
        if not text.isdecimal() or int(text) > 65535:
            raise StartError(f"environment variable PORT: '{text}' is not a port number")
        return int(text)
    return settings.local_http_port or _DEFAULT_PORT


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def _set_up_logs(settings: HostSettings) -> None:
    levels = (settings.host_json.get("logging") or {}).get("logLevel") or {}
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(_LEVELS.get(str(levels.get("default", "Information")), "INFO"))
    # The Azure SDKs log every request and its headers on the level of information.
    for noisy in ("azure", "urllib3", "uvicorn", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Written when --access-log asks for it.
    access = logging.getLogger("uvicorn.access")
    access.setLevel(logging.INFO)
    access.addFilter(_without_query)


if __name__ == "__main__":
    sys.exit(main())
