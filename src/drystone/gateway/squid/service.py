"""What the system needs to run Squid by our configuration: a drop-in for its systemd unit, and logrotate's rules."""

from __future__ import annotations

from pathlib import Path

from drystone.gateway.squid.settings import SquidSettings

KEPT_DAYS = 30  # of segments, for the collector of a house that was away


def write_service_files(s: SquidSettings, *, run: Path, squid: str, group: str) -> tuple[Path, Path]:
    """The drop-in and the logrotate file, below `s.out`. `group` is Squid's where we are root, else ""."""
    drop_in = s.out / "systemd" / "squid.service.d" / "drystone.conf"
    rotation = s.out / "logrotate"
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(squid_drop_in(s, run=run, squid=squid), encoding="ascii")
    rotation.write_text(logrotate(s, squid=squid, group=group), encoding="ascii")
    for file in (drop_in, rotation):
        file.chmod(0o644)  # logrotate refuses a file that others may write
    return drop_in, rotation


def squid_drop_in(s: SquidSettings, *, run: Path, squid: str) -> str:
    """P35: a Squid that ended is started again, and meanwhile nothing passes."""
    return f"""# Written by `drystone gateway squid-config`. Goes into /etc/systemd/system/squid.service.d/
[Unit]
StartLimitIntervalSec=0

[Service]
PIDFile={s.out}/squid.pid
ExecStartPre=
ExecStart=
ExecStart={squid} --foreground -sYC -f {s.out}/squid.conf
ExecReload=
ExecReload={squid} -k reconfigure -f {s.out}/squid.conf
Restart=always
RestartSec=1
LimitNOFILE=65536
ProtectSystem=strict
ReadWritePaths={s.out} {s.events} {run} -/run/squid -/var/run/squid -/dev/shm
PrivateTmp=yes
NoNewPrivileges=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictNamespaces=yes
LockPersonality=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
"""


def logrotate(s: SquidSettings, *, squid: str, group: str) -> str:
    """The collector knows a renamed file again by what is in it, so it loses nothing and reads nothing twice; a
    compressed one it could not read."""
    su = f"    su {s.user} {group}\n" if group else ""
    return f"""# Written by `drystone gateway squid-config`. Goes into /etc/logrotate.d/drystone-{s.gateway}
{s.events}/squid.log {s.events}/squid-refused.log {s.out}/cache.log {{
{su}    daily
    maxsize 512M
    rotate {KEPT_DAYS}
    missingok
    notifempty
    nocompress
    nocreate
    sharedscripts
    postrotate
        {squid} -k rotate -f {s.out}/squid.conf
    endscript
}}
"""
