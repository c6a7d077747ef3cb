"""The load client: one process, one thread, raw keep-alive sockets; each sends its next alert once it is answered.

Run as `python -m bench.load PORT KEY CONCURRENCY SECONDS`; prints JSON. It is this bare because it shares the machine
with what it measures: http.client in threads took 100 to 180 microseconds of CPU a request against a trivial server,
asyncio streams 30 to 60, this 10 to 50.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time

from bench.alert import SIZE, alert

_HEAD = (
    "POST /azure-monitor HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    "x-functions-key: {key}\r\nContent-Length: {size}\r\n\r\n"
)


class _Caller:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = 0.0
        self._answer = b""

    def send(self, head: bytes) -> None:
        """Sends an alert about a run of its own."""
        request = head + alert()
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The status code, once the whole answer is there."""
        part = self.socket.recv(65_536)
        if not part:
            raise ConnectionError("the app closed the connection")
        self._answer += part
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            return None
        self._answer = b""
        return head[9:12]


def post(port: int, key: str, concurrency: int, seconds: float) -> dict[str, object]:
    """Posts new failures for `seconds`: how long that took, how long each answer took, answers other than 202."""
    head = _HEAD.format(key=key, size=SIZE).encode()
    selector = selectors.DefaultSelector()
    callers = [_Caller(port) for _ in range(concurrency)]
    latencies: list[float] = []
    refused = 0
    begun = time.perf_counter()
    for caller in callers:
        selector.register(caller.socket, selectors.EVENT_READ, caller)
        caller.send(head)
    waiting = concurrency
    while waiting:
        for key_of, _ in selector.select():
            caller = key_of.data
            status = caller.receive()
            if status is None:
                continue
            now = time.perf_counter()
            latencies.append(now - caller.sent)
            refused += status != b"202"
            if now - begun < seconds:
                caller.send(head)
            else:
                waiting -= 1
    elapsed = time.perf_counter() - begun
    for caller in callers:
        caller.socket.close()
    return {"elapsed": elapsed, "latencies": latencies, "refused": refused}


if __name__ == "__main__":
    print(json.dumps(post(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))))
