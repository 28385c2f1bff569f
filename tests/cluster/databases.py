"""A private PostgreSQL and a private Redis on loopback."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
from pathlib import Path

from airflow_hpt_provider.demo.processes import LOOPBACK, ChildProcess, clean_environment, free_port
from airflow_hpt_provider.demo.waiting import wait_until
from tests.cluster.requirements import postgres_programs

START_SECONDS = 60
MAX_CONNECTIONS = 400


class Postgres:
    """A PostgreSQL server with one database, ``airflow``, in a data directory of its own.

    Args:
        folder: its parent directories must be searchable by every user, since PostgreSQL refuses to run as root.
    """

    def __init__(self, folder: Path) -> None:
        programs = postgres_programs()
        assert programs is not None
        self._programs, self._folder = programs, folder
        self._password = secrets.token_hex(16)
        self._as_user = _unprivileged()
        self.port = free_port()
        self.data = folder / "postgres"
        options = {
            "listen_addresses": LOOPBACK,
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": MAX_CONNECTIONS,
            "shared_buffers": "128MB",
        }
        argv = [str(programs / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        self.process = ChildProcess(
            "postgres",
            [*self._as_user, *argv],
            clean_environment() | {"LC_ALL": "C.UTF-8"},
            folder / "postgres.log",
        )

    @property
    def address(self) -> str:
        """The user, the password, the host and the database, as SQLAlchemy's URLs have them."""
        return f"airflow:{self._password}@{LOOPBACK}:{self.port}/airflow"

    @property
    def psql(self) -> str:
        """The path of the command-line client."""
        return str(self._programs / "psql")

    def create(self) -> None:
        """Make the data directory, start the server, and make the database."""
        self.data.mkdir(mode=0o700)
        password_file = self._folder / "postgres.password"
        password_file.write_text(self._password)
        if self._as_user:
            for path in (self.data, password_file):
                shutil.chown(path, _user())
        password_file.chmod(0o600)
        initdb = [str(self._programs / "initdb"), "-D", str(self.data), "-U", "airflow", "--encoding=UTF8"]
        initdb += ["--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync", "--locale=C.UTF-8"]
        subprocess.run([*self._as_user, *initdb], check=True, capture_output=True, cwd="/", timeout=120)
        self.start()
        createdb = [str(self._programs / "createdb"), "-h", LOOPBACK, "-p", str(self.port), "-U", "airflow"]
        subprocess.run(
            [*createdb, "airflow"],
            env=clean_environment() | {"PGPASSWORD": self._password},
            check=True,
            capture_output=True,
            timeout=60,
        )

    def start(self) -> None:
        """Start the server, and return when it accepts connections."""
        self.process.start()
        wait_until(self._ready, START_SECONDS, f"PostgreSQL is not ready; log: {self.process.log}")

    def _ready(self) -> bool:
        self.process.check()
        command = [str(self._programs / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port)]
        return subprocess.run(command, check=False, timeout=30).returncode == 0


class Redis:
    """A Redis server that keeps what it has when it is restarted."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._password = secrets.token_hex(16)
        self._folder = folder / "redis"
        config = self._folder / "redis.conf"
        self.process = ChildProcess(
            "redis", ["redis-server", str(config)], clean_environment(), folder / "redis.log"
        )
        self._config = config

    @property
    def url(self) -> str:
        """The URL of Celery's broker."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def create(self) -> None:
        """Write the configuration, and start the server."""
        self._folder.mkdir(mode=0o700)
        self._config.touch(mode=0o600)
        self._config.write_text(
            f"bind {LOOPBACK}\nport {self.port}\nrequirepass {self._password}\ndir {self._folder}\n"
            'appendonly yes\nsave ""\n'
        )
        self.start()

    def start(self) -> None:
        """Start the server, and return when it accepts connections."""
        self.process.start()
        wait_until(self._ready, START_SECONDS, f"Redis is not ready; log: {self.process.log}")

    def _ready(self) -> bool:
        self.process.check()
        try:
            socket.create_connection((LOOPBACK, self.port), timeout=5).close()
        except OSError:
            return False
        return True


def _user() -> str:
    """Return the user that PostgreSQL runs as where the tests run as root."""
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


def _unprivileged() -> list[str]:
    """Return the command that gives up root, or nothing where the tests do not run as root."""
    if os.getuid() != 0:
        return []
    user = pwd.getpwnam(_user())
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
