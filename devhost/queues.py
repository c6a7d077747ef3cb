"""Queue triggers: receives messages, runs functions, and settles each message as the real host does.

Source: the Functions queue extension (`QueueListener`, `QueueProcessor`) and "Azure Queue storage trigger".
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueMessage

from devhost.bindings import decode_text
from devhost.leases import Lease, Renewer
from devhost.settings import QueueOptions
from devhost.storage import Queue

log = logging.getLogger("devhost")

_FIRST_DELAY = 0.1
# A nudge (something of this app ran, so there may be a message) leads to one poll at most this often.
_NUDGE_PAUSE, _NUDGE_PAUSE_IDLE, _NUDGE_FORGET = 0.05, 0.5, 1.0
_POISON = "-poison"

Run = Callable[[QueueMessage, bytes], bool]


class QueueListener:
    """Listens to one queue in a thread of its own.

    `run` is called with a message and its body, in a worker thread, and returns whether the function succeeded.
    `poison` is None for a queue that is a poison queue itself.
    """

    def __init__(self, queue: Queue, poison: Queue | None, options: QueueOptions, renewer: Renewer, run: Run) -> None:
        self._queue = queue
        self._poison = poison
        self._options = options
        self._renewer = renewer
        self._run = run
        self._changed = threading.Condition()
        self._in_flight = 0
        self._stopping = False
        self._nudged = False
        self._last_nudge = 0.0
        self._last_poll = 0.0
        self._nudge_pause = _NUDGE_PAUSE
        self._down = False
        limit = options.batch_size + options.new_batch_threshold
        self._workers = ThreadPoolExecutor(limit, thread_name_prefix=f"message-{queue.name}")
        self._thread = threading.Thread(target=self._listen, name=f"listen-{queue.name}", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def nudge(self) -> None:
        """Say that a message may have been added: poll soon instead of waiting for the back-off to end."""
        if self._nudged:
            return
        with self._changed:
            now = time.monotonic()
            if now - self._last_nudge > _NUDGE_FORGET:
                self._nudge_pause = _NUDGE_PAUSE
            self._last_nudge = now
            self._nudged = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Receive no more messages; those received are still run. Returns at once."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def wait(self, deadline: float) -> bool:
        """After `stop`: wait until all is done or `time.monotonic()` passes `deadline`; True when all is done."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        with self._changed:
            done = self._changed.wait_for(lambda: self._in_flight == 0, max(0.0, deadline - time.monotonic()))
        return done and not self._thread.is_alive()

    def _listen(self) -> None:
        delay = 0.0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or self._in_flight <= self._options.new_batch_threshold)
                if self._stopping:
                    return
                was_nudged, self._nudged = self._nudged, False
            self._last_poll = time.monotonic()
            messages = self._receive()
            if messages:
                delay, self._nudge_pause = 0.0, _NUDGE_PAUSE
                for message in messages:
                    with self._changed:
                        self._in_flight += 1
                    self._workers.submit(self._handle, message)
                continue
            if was_nudged:
                self._nudge_pause = min(self._nudge_pause * 2, _NUDGE_PAUSE_IDLE)
            delay = min(self._options.max_polling_interval, delay * 2 or _FIRST_DELAY)
            self._pause(delay * random.uniform(0.8, 1.2))  # no secret depends on it # noqa: S311 # nosec B311

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        with self._changed:
            while not self._stopping:
                # While storage is down a nudge must not turn the back-off into a storm.
                if self._nudged and not self._down:
                    end = min(end, self._last_poll + self._nudge_pause)
                left = end - time.monotonic()
                if left <= 0:
                    return
                self._changed.wait(left)

    def _receive(self) -> list[QueueMessage]:
        try:
            messages = self._queue.receive(self._options.batch_size, self._renewer.visibility)
        except ResourceNotFoundError:
            messages = []  # The queue does not exist yet: as good as empty.
        except Exception as error:  # noqa: BLE001 - a listener must outlive whatever storage does
            if not self._down:
                what = f"{type(error).__name__}: {error}"
                log.error("queue %s cannot be read, trying on: %s", self._queue.name, what)
            self._down = True
            return []
        if self._down:
            log.warning("queue %s can be read again", self._queue.name)
            self._down = False
        return messages

    def _handle(self, message: QueueMessage) -> None:
        try:
            self._process(message)
        except AzureError as error:
            # It appears again once its visibility ends: at-least-once is what queues promise.
            log.error("queue %s message %s could not be settled: %s", self._queue.name, message.id, error)
        except Exception:
            log.exception("queue %s message %s: error in the host", self._queue.name, message.id)
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def _process(self, message: QueueMessage) -> None:
        spent = message.dequeue_count > self._options.max_dequeue_count
        body = decode_text(message.content, self._options.base64)
        lease = Lease(self._queue, message)
        if self._poison is not None and (spent or body is None):
            why = "was tried too often" if spent else "is not base64"
            log.warning("queue %s message %s %s: not run", self._queue.name, message.id, why)
            self._bury(lease)
            return
        if body is None:
            log.error("queue %s message %s is not base64 and has no poison queue", self._queue.name, message.id)
            return
        self._renewer.add(lease)
        try:
            succeeded = self._run(message, body)
        finally:
            self._renewer.remove(lease)
        if succeeded:
            lease.delete()
        elif self._poison is None:
            # As the real host: a failing poison handler leaves its message hidden until the visibility ends.
            return
        elif message.dequeue_count >= self._options.max_dequeue_count:
            log.error(
                "queue %s message %s failed for the last time: to %s", self._queue.name, message.id, self._poison.name
            )
            self._bury(lease)
        else:
            lease.release(self._options.visibility_timeout)

    def _bury(self, lease: Lease) -> None:
        assert self._poison is not None  # noqa: S101 - for the type checker; both callers have looked
        self._poison.send(lease.message.content)
        lease.delete()


def poison_name(queue: str) -> str | None:
    """The name of a queue's poison queue; None for a queue that is one."""
    return None if queue.endswith(_POISON) else queue + _POISON
