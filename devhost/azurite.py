"""Starts and stops Azurite, the storage emulator from npm, as a child process."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

ACCOUNT = "devstoreaccount1"
# Azurite's documented account key: the same on every machine in the world, so not a secret.
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_SCRIPT = Path(__file__).resolve().parent.parent / "node_modules" / ".bin" / "azurite"
# Azurite reads nothing from its input, so the input's end tells it that the parent is gone (killed or not).
_END_WITH_PARENT = (
    "data:text/javascript,process.stdin.on('end',()=>process.kill(process.pid,'SIGTERM')).resume().unref()"
)
_ROW_KEY_FIRST = Path(__file__).resolve().parent / "row_key_first.mjs"


class AzuriteError(RuntimeError):
    """Azurite is not installed, or did not start."""


class Azurite:
    """One Azurite process with its blob, queue and table services on 127.0.0.1.

    `location` is the folder that keeps the data; without it everything is kept in memory until `stop`.
    A port of 0 is replaced by a free one, which stays the same over `restart`. `debug_log` is Azurite's own
    debug file; `access_log` gets one line for each request, so that requests can be counted. `many_rows` keeps writes
    fast when a table has tens of thousands of rows. `start` raises AzuriteError.
    """

    def __init__(
        self,
        location: str | os.PathLike[str] | None = None,
        *,
        blob_port: int = 0,
        queue_port: int = 0,
        table_port: int = 0,
        debug_log: str | os.PathLike[str] | None = None,
        access_log: str | os.PathLike[str] | None = None,
        many_rows: bool = False,
    ) -> None:
        self.location = location
        self.ports = {"blob": blob_port, "queue": queue_port, "table": table_port}
        self.debug_log = debug_log
        self.access_log = access_log
        self.many_rows = many_rows
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def connection_string(self) -> str:
        """What `AzureWebJobsStorage` takes."""
        ends = ";".join(
            f"{kind.capitalize()}Endpoint=http://127.0.0.1:{port}/{ACCOUNT}" for kind, port in self.ports.items()
        )
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{ends};"

    def start(self, timeout: float = 30.0) -> Self:
        """Start and return once all three services answer; `timeout` is in seconds."""
        node = shutil.which("node")
        if node is None or not _SCRIPT.exists():
            raise AzuriteError(f"Azurite needs Node and {_SCRIPT}: install Node 20 or later and run `npm ci`")
        # Held open together, so that the three free ports differ.
        with contextlib.ExitStack() as held:
            for kind, port in self.ports.items():
                probe = held.enter_context(socket.socket())
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    raise AzuriteError(
                        f"Azurite's {kind} port {port} is used by another program: stop that, or set another "
                        f"port with AZURITE_{kind.upper()}_PORT"
                    ) from None
                self.ports[kind] = probe.getsockname()[1]
        command = [node, "--import", _END_WITH_PARENT]
        if self.many_rows:
            command += ["--import", _ROW_KEY_FIRST.as_uri()]
        command += [str(_SCRIPT.resolve())]
        command += ["--skipApiVersionCheck", "--disableTelemetry"]
        if self.location is None:
            command += ["--inMemoryPersistence"]
        else:
            Path(self.location).mkdir(parents=True, exist_ok=True)
            command += ["--location", str(self.location)]
        for kind, port in self.ports.items():
            command += [f"--{kind}Host", "127.0.0.1", f"--{kind}Port", str(port)]
        if self.debug_log is not None:
            command += ["--debug", str(self.debug_log)]
        if self.access_log is None:
            command += ["--silent"]
        with open(self.access_log or os.devnull, "ab") as log:
            # A session of its own: Ctrl-C in a terminal reaches only the parent, which stops Azurite last.
            self._process = subprocess.Popen(  # a list of ours, no shell # nosec B603
                command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self._wait(self._process, time.monotonic() + timeout)
        return self

    def _wait(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        for kind, port in self.ports.items():
            while True:
                if process.poll() is not None or time.monotonic() > deadline:
                    what = "did not answer in time" if process.poll() is None else "ended at once"
                    self.stop()
                    raise AzuriteError(f"Azurite {what} (waited for its {kind} service on port {port})")
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.03)

    def stop(self) -> None:
        """Stop, letting Azurite write its data first; after 10 seconds the whole process group is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def restart(self) -> None:
        """Stop and start again on the same ports (and, with a `location`, the same data)."""
        self.stop()
        self.start()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Meanwhile Azurite takes connections and answers nothing, as storage that hangs."""
        assert self._process is not None, "start() first"  # noqa: S101 - a fault of the caller's
        os.killpg(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._process.pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        return self if self._process is not None else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
