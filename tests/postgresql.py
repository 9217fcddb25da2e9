"""A PostgreSQL cluster for one run of the tests: its own folder, its own port, stopped at the end."""

import os
import shutil
import socket
import subprocess
from pathlib import Path


class Cluster:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))[-1]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
        self._run("initdb", "-D", folder / "data", "-U", "drystone", "--auth=trust", "-E", "UTF8", "--no-sync")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "-D", folder / "data", "-o", options, "-l", folder / "log", "-w", "start")
        self.url = f"postgres://drystone@127.0.0.1:{self.port}/postgres"

    def _run(self, program: str, *args: object) -> None:
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*as_postgres, str(self.bin / program), *map(str, args)]
        subprocess.run(command, check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)
