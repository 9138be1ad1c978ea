"""Ports on the loopback address."""

import socket
from contextlib import ExitStack

from launcher.problems import Problem

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Different free ports, chosen by the system.

    All are held until all are known, so that none comes twice.
    """
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [int(one.getsockname()[1]) for one in sockets]


def claim(port: int, option: str) -> int:
    """The port that somebody asked for by an option, or the Problem that it is taken."""
    if not is_free(port):
        raise Problem(
            f"Port {port} on {LOOPBACK} is taken by another program.",
            f"Choose another with {option}, or leave {option} out to get a free one.\n"
            f"  Who has it:  ss -ltnp 'sport = :{port}'",
        )
    return port


def answers(port: int, *, within: float = 0.5) -> bool:
    """Whether anything accepts connections on this loopback port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=within):
            return True
    except OSError:
        return False
