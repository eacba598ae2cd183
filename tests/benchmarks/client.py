"""The load client: a process of its own that sends prepared requests as fast as they are answered.

``python -m tests.benchmarks.client`` reads one JSON object on standard input: host, port, path, bodies, signatures,
connections, and optionally ``kill`` (the process that gets SIGKILL right after the last answer). It prints one JSON
object: answers by status, seconds, latencies.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from typing import Any


class Sender(asyncio.Protocol):
    """One keep-alive connection: the next request goes out when the last one is answered."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.transport: asyncio.WriteTransport | None = None
        self.buffer = b""
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        self.following()

    def following(self) -> None:
        request = self.load.take()
        assert self.transport is not None
        if request is None:
            self.transport.close()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        length = int(lowered[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        self.load.answered(int(head[9:12]), time.perf_counter() - self.sent_at)
        self.following()

    def connection_lost(self, exc: Exception | None) -> None:
        self.load.closed()


class Load:
    """All requests and what came back."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.requests = iter(_requests(spec))
        self.open = spec["connections"]
        self.kill: int | None = spec.get("kill")
        self.left = len(spec["bodies"])
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.over = asyncio.Event()
        self.ended = 0.0

    def take(self) -> bytes | None:
        return next(self.requests, None)

    def answered(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.latencies.append(seconds)
        self.left -= 1
        self.ended = time.perf_counter()
        if not self.left and self.kill:
            os.kill(self.kill, signal.SIGKILL)

    def closed(self) -> None:
        self.open -= 1
        if not self.open:
            self.over.set()


def _requests(spec: dict[str, Any]) -> list[bytes]:
    made = []
    for body, signature in zip(spec["bodies"], spec["signatures"], strict=True):
        raw = body.encode()
        head = (
            f"POST {spec['path']} HTTP/1.1\r\nHost: {spec['host']}:{spec['port']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n"
            f"X-PagerDuty-Signature: {signature}\r\nUser-Agent: PagerDuty-Webhook/V3.0\r\n\r\n"
        )
        made.append(head.encode() + raw)
    return made


async def run(spec: dict[str, Any]) -> dict[str, Any]:
    load = Load(spec)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    for _ in range(spec["connections"]):
        await loop.create_connection(lambda: Sender(load), spec["host"], spec["port"])
    await asyncio.wait_for(load.over.wait(), 600)
    ordered = sorted(load.latencies)
    cut = {f"p{n}": ordered[int(len(ordered) * n / 100)] for n in (50, 95, 99)}
    return {
        "statuses": dict(load.statuses),
        "seconds": load.ended - began,
        "cpu": time.process_time(),
        **cut,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(run(json.load(sys.stdin)))))
