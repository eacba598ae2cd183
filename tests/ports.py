"""Ports for servers of tests, which nobody else is given before they listen."""

from __future__ import annotations

import itertools
import os
import socket

#: Below the ranges systems hand out to whoever asks for any port (Linux: 32768 on): a port from there may go to the
#: very next socket, while the bot that is to listen on it is still being built.
FIRST, COUNT = 20_000, 12_000
#: Test processes beside each other begin at different ones.
_numbers = itertools.count(os.getpid() * 61)


def free_port() -> int:
    """A port nobody listens on; another one each time."""
    for number in itertools.islice(_numbers, COUNT):
        port = FIRST + number % COUNT
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("no port is free")
