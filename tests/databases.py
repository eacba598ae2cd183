"""A private PostgreSQL for tests: one cluster per test process, a fresh database per test.

Use it by importing the fixtures into a ``conftest.py`` and marking the test ``postgres``::

    from tests.databases import postgres_cluster, postgres_url  # noqa: F401

With ``MUSTER_TEST_DATABASE=postgres`` whatever asks for ``an_empty_database`` gets one on PostgreSQL: the same
tests then show that both databases behave alike.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from bot.store import migrate
from bot.store.engine import database_url, open_engine
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where Debian puts the server; the newest version wins.
DEBIAN = Path("/usr/lib/postgresql")
#: Nothing of a test survives a power cut, so nothing has to reach the disk.
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "300",
}
START_SECONDS = 60


class NoPostgresError(Exception):
    """There is no PostgreSQL on this machine, or it does not start."""


def programs() -> Path | None:
    """The folder with ``initdb`` and ``pg_ctl``, None without PostgreSQL."""
    debian = (path for path in DEBIAN.glob("*/bin") if path.parent.name.isdigit())
    for folder in sorted(debian, key=lambda path: int(path.parent.name), reverse=True):
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found and shutil.which("pg_ctl") else None


@dataclass
class Cluster:
    """A running server that belongs to this test process."""

    port: int
    folder: Path
    server: subprocess.Popen[bytes]
    _names: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, database: str) -> str:
        return f"postgresql://muster@127.0.0.1:{self.port}/{database}"

    def fresh(self, template: str = "template0") -> str:
        """The address of a new database: an empty one, or a copy of ``template``, which nobody may be using."""
        name = f"test_{next(self._names)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        name = url.rpartition("/")[2]
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        """Stop at once and leave nothing behind."""
        if self.server.poll() is None:
            self.server.send_signal(signal.SIGQUIT)
            try:
                self.server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait(timeout=10)
        shutil.rmtree(self.folder, ignore_errors=True)


def _owner() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses root. None: as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgresError("PostgreSQL does not run as root and there is no other user here")


def start() -> Cluster:
    """A new cluster on a free port of 127.0.0.1; raises NoPostgresError."""
    found = programs()
    if found is None:
        raise NoPostgresError(
            "PostgreSQL is not installed (Debian: apt-get install postgresql; "
            "initdb and pg_ctl were looked for in /usr/lib/postgresql/*/bin and PATH)"
        )
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="muster-pg-", dir="/tmp"))  # another user must reach it
    data = folder / "data"
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    environ = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(folder)}
    someone: dict[str, Any] = {}
    if owner is not None:
        someone = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    made = subprocess.run(
        [str(found / "initdb"), "-D", str(data), "-U", "muster", "-A", "trust", "-E", "UTF8", "-N"],
        env=environ, cwd=folder, capture_output=True, text=True, check=False, **someone,
    )  # fmt: skip
    if made.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoPostgresError(f"initdb failed: {made.stderr.strip()[-500:]}")
    return _serve(found, folder, environ, someone)


def _serve(
    programs: Path, folder: Path, environ: dict[str, str], someone: dict[str, Any]
) -> Cluster:
    port = free_port()
    settings = {**OPTIONS, "port": str(port), "unix_socket_directories": str(folder)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(folder / "data"), *options],
            env=environ, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, preexec_fn=_end_with_us, **someone,  # noqa: PLW1509 - one C call
        )  # fmt: skip
    cluster = Cluster(port, folder, server)
    deadline = time.monotonic() + START_SECONDS
    while not _accepts(programs, port, environ):
        if server.poll() is not None or time.monotonic() > deadline:
            said = (folder / "log").read_text(errors="replace")[-800:]
            cluster.stop()
            raise NoPostgresError(f"PostgreSQL did not start: {said}")
        time.sleep(0.05)
    return cluster


def _end_with_us() -> None:
    """In the server: a test process that is killed takes it along (Linux only, harmless elsewhere)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


def _accepts(programs: Path, port: int, environ: dict[str, str]) -> bool:
    asked = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "1"]
    return subprocess.run(asked, env=environ, check=False).returncode == 0


@functools.cache
def _cluster() -> Cluster | NoPostgresError:
    """The one of this process, started when first asked for and stopped at its end."""
    try:
        cluster = start()
    except NoPostgresError as error:
        return error
    atexit.register(cluster.stop)
    return cluster


def cluster_or_skip() -> Cluster:
    """The cluster of this process; without PostgreSQL the test is skipped, on CI it fails."""
    found = _cluster()
    if isinstance(found, Cluster):
        return found
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(str(found))
    pytest.skip(str(found))


def on_postgres() -> bool:
    """Whether this test run keeps everything on PostgreSQL."""
    return os.environ.get("MUSTER_TEST_DATABASE") == "postgres"


def an_empty_database(folder: Path) -> str:
    """The address of a fresh database with the newest schema, made in a few milliseconds."""
    if on_postgres():
        return cluster_or_skip().fresh(_postgres_template())
    target = folder / "muster.db"
    shutil.copyfile(_sqlite_template(), target)
    return f"sqlite:///{target}"


@functools.cache
def _sqlite_template() -> Path:
    path = Path(tempfile.mkdtemp(prefix="muster-template-")) / "empty.db"
    _migrate(f"sqlite:///{path}")
    return path


@functools.cache
def _postgres_template() -> str:
    url = cluster_or_skip().fresh()
    _migrate(url)
    return url.rpartition("/")[2]


def _migrate(url: str) -> None:
    engine = open_engine(database_url(url))
    assert migrate.upgrade(engine)
    engine.dispose()  # the last one to leave writes SQLite's log back into the file


@pytest.fixture(scope="session")
def postgres_cluster() -> Cluster:
    """A private PostgreSQL server."""
    return cluster_or_skip()


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """The address of a fresh database, removed afterwards."""
    url = postgres_cluster.fresh()
    yield url
    postgres_cluster.drop(url)
