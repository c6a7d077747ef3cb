"""Keeps a received message hidden from other receivers for as long as its function runs."""

from __future__ import annotations

import logging
import threading
import time

from azure.core.exceptions import HttpResponseError
from azure.storage.queue import QueueMessage

from devhost.storage import Queue, ignore_lost_message

log = logging.getLogger("devhost")


class Lease:
    """One received message and the latest pop receipt, which each renewal replaces."""

    def __init__(self, queue: Queue, message: QueueMessage) -> None:
        self.message = message
        self._queue = queue
        self._receipt = message.pop_receipt
        self._lock = threading.Lock()
        self._stopped = False

    def renew(self, visibility: float) -> bool:
        """Hide the message for `visibility` seconds more; False when there is nothing left to renew."""
        with self._lock:
            if self._stopped:
                return False
            self._receipt = self._queue.update(self.message.id, self._receipt, visibility)
            return True

    def stop(self) -> None:
        """Refuse renewals from now on; waits for one under way."""
        with self._lock:
            self._stopped = True

    def delete(self) -> None:
        """Delete the message; it is no error when it is not ours any more."""
        self._queue.delete(self.message.id, self._receipt)

    def release(self, delay: float) -> None:
        """Let the message be received again after `delay` seconds."""
        with ignore_lost_message():
            self._queue.update(self.message.id, self._receipt, delay)


class Renewer:
    """Renews leases at half-life, all in one thread. `visibility` is in seconds."""

    def __init__(self, visibility: float) -> None:
        self.visibility = visibility
        self._due: dict[Lease, float] = {}
        self._lock = threading.Lock()
        # A look now and then is cheaper than waking the thread for every message.
        self._tick = min(5.0, visibility / 20)

    def start(self) -> None:
        """Begin to renew; goes on until the process ends."""
        threading.Thread(target=self._renew, name="renew-messages", daemon=True).start()

    def add(self, lease: Lease) -> None:
        """Renew this lease until it is removed."""
        with self._lock:
            self._due[lease] = time.monotonic() + self.visibility / 2 - self._tick

    def remove(self, lease: Lease) -> None:
        """No renewal after this; waits for one under way, so that the pop receipt is the latest."""
        with self._lock:
            self._due.pop(lease, None)
        lease.stop()

    def _renew(self) -> None:
        while True:
            time.sleep(self._tick)
            now = time.monotonic()
            with self._lock:
                due = [lease for lease, at in self._due.items() if at <= now]
            for lease in due:
                try:
                    goes_on = lease.renew(self.visibility)
                    wait = self.visibility / 2 - self._tick
                except Exception as error:  # noqa: BLE001 - one bad answer must not end all renewals
                    log.warning("message %s was not renewed: %s", lease.message.id, error)
                    # Refused: it is somebody else's by now. No answer: soon again.
                    refused = isinstance(error, HttpResponseError) and 400 <= (error.status_code or 500) < 500
                    goes_on, wait = not refused, self.visibility / 10
                with self._lock:
                    if lease in self._due:
                        if goes_on:
                            self._due[lease] = time.monotonic() + wait
                        else:
                            del self._due[lease]
