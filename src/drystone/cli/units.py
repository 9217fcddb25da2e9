"""`drystone gateway systemd`: units for the house beside a Squid gateway: pages, worker and collector.

Each is closed to what it does not need. The collector has no network at all: it reads files and writes files.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from drystone.cli.output import fail
from drystone.cli.up import commands, read_address
from drystone.engine.home import Home

ABOUT = {
    "web": "Drystone: the pages",
    "worker": "Drystone: work in the background",
    "collector": "Drystone: the collector of events",
}
# Ready-made: https://www.freedesktop.org/software/systemd/man/systemd.exec.html, "Sandboxing".
CLOSED = """ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
"""
NETWORK = "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n"
NO_NETWORK = "PrivateNetwork=yes\nRestrictAddressFamilies=AF_UNIX\n"
_PLAIN = re.compile(r"[A-Za-z0-9/._+=@:-]+").fullmatch


def systemd(
    out: Annotated[Path, typer.Option(help="Folder to write the units into, such as /etc/systemd/system.")],
    home: Annotated[Path, typer.Option("--home", help="Folder that holds all state.")] = Path("/var/lib/drystone"),
    user: Annotated[str, typer.Option(help="User that the house runs as; the home is its own.")] = "drystone",
    web: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the pages are served.")] = "127.0.0.1:8000",
) -> None:
    """Write systemd units for pages, worker and collector. Squid has a drop-in of its own (squid-config)."""
    place, address = Home(home.absolute()), read_address(web, "--web")
    for word in (str(place.root), user, sys.executable):
        if not _PLAIN(word):
            fail(f"{word!r}: systemd needs a name without spaces or special characters", code=2)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, command in commands(place, address).items():
            (out / f"drystone-{name}.service").write_text(unit(name, command, place, user), encoding="ascii")
    except OSError as error:
        fail(f"{error.filename or out} cannot be written ({error.strerror}): run as root, or name another folder")
    print(f"Written: {', '.join(f'drystone-{name}.service' for name in ABOUT)} in {out}.")
    units = " ".join(f"drystone-{name}" for name in ABOUT)
    print(f"Start them:    systemctl daemon-reload && systemctl enable --now {units}")
    print("Settings:      /etc/drystone/environment, a line each, such as DRYSTONE_HOSTS=drystone.school.example")


def unit(name: str, command: list[str], home: Home, user: str) -> str:
    """P43: what they write is theirs and their group's. `prepare` makes keys, database and starter lists first."""
    first = f"ExecStartPre={sys.executable} -m drystone.cli.prepare {home.root}\n" if name == "web" else ""
    after = "network-online.target" if name == "web" else "drystone-web.service"
    return f"""# Written by `drystone gateway systemd`.
[Unit]
Description={ABOUT[name]}
After={after}
Wants={after}
StartLimitIntervalSec=0

[Service]
User={user}
UMask=0027
Environment=DRYSTONE_HOME={home.root}
EnvironmentFile=-/etc/drystone/environment
{first}ExecStart={" ".join(command)}
Restart=always
RestartSec=2
ReadWritePaths={home.root}
{CLOSED}{NO_NETWORK if name == "collector" else NETWORK}
[Install]
WantedBy=multi-user.target
"""
