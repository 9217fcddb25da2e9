"""`drystone gateway squid-config`: the folder that Squid runs from, and what the technician does next."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pwd
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from drystone.engine.filtering import LiveFilter
from drystone.engine.filtering.help import HELP_SITES
from drystone.engine.filtering.hosts import is_plain
from drystone.engine.home import Home
from drystone.gateway.squid.authority import Handed, NoAuthority, hand_over, write_secret
from drystone.gateway.squid.conf import squid_conf
from drystone.gateway.squid.launcher import CERTGEN, NAMES, helper_command, launched, squid_user
from drystone.gateway.squid.machine import own_addresses
from drystone.gateway.squid.pages import write_pages, write_words
from drystone.gateway.squid.service import write_service_files
from drystone.gateway.squid.settings import CLIENTS, ConfError, SquidSettings, port_of
from drystone.gateway.squid.sign_on import SignOn, auth_for

_PROBLEM = re.compile(r"\b(FATAL|ERROR|WARNING|Bungled)\b.*")
PARSE_TIMEOUT_S = 60


class SquidConfigError(RuntimeError):
    """What is in the way of a working Squid, in one line."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the technician asked for."""

    home: Home
    out: Path
    gateway: str = "squid"
    port: str = "3128"
    bundles: Path | None = None  # folder with `current`; left out: the home's own
    user: str = ""
    helper_children: int = 2
    clients: tuple[str, ...] = CLIENTS
    named: tuple[str, ...] = ()
    own_ports: tuple[int, ...] = ()
    extra_ports: tuple[int, ...] = ()
    dns: tuple[str, ...] = ()
    hosts_file: Path | None = None
    zone_ports: tuple[tuple[str, str], ...] = ()
    sign_on: SignOn | None = None
    web: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What stands ready. `warnings` are lines for people."""

    conf: Path
    events: Path
    user: str
    helper: tuple[str, ...]
    warnings: list[str] = field(default_factory=list)


def write_squid_config(wanted: Wanted) -> Written:
    """Write everything Squid needs below `wanted.out`. Raises SquidConfigError, ConfError or LauncherError."""
    user = wanted.user or squid_user()
    _known(user)
    out, events = wanted.out.resolve(), (wanted.home.events / wanted.gateway).resolve()
    bundles = (wanted.bundles or wanted.home.here).absolute()
    house = _group_of_house(wanted.home)
    _folder(out, user)
    _folder(events, user, readers=house)
    run = (wanted.home.run / wanted.gateway).resolve()
    _folder(run, user, readers=house)
    _open_to(user, wanted.home, bundles, (events, run))
    live = LiveFilter(bundles, key=_secret(wanted.home.person_key), alarm=lambda _: None)
    _known_zones(wanted.zone_ports, live)
    keys = _hand_over_keys(wanted.home, out, user)
    options = ["--bundle", str(bundles / "current"), "--gateway", wanted.gateway]
    options += ["--school", live.school] if live.school else []
    doors = ",".join(f"{port_of(port)}={zone}" for port, zone in wanted.zone_ports)
    options += ["--zone-ports", doors] if doors else []
    options += [*keys, "--words", str(write_words(out / "words.json")), *(["--tickets"] if wanted.web else [])]
    options += ["--status", str(run)]
    command, probe = helper_command(out, options, user=user)
    try:
        handed = hand_over(wanted.home, out, user, at=datetime.now(UTC))
    except NoAuthority as error:
        raise SquidConfigError(str(error)) from None
    settings = _settings(wanted, out=out, events=events, helper=command, user=user, live=live, handed=handed)
    conf = _write_conf(out, squid_conf(settings))
    write_service_files(settings, run=run, squid=_program() or "/usr/sbin/squid", group=_group(user))
    write_pages(out / "errors", school=live.bundle.school_name if live.bundle else "", web=wanted.web)
    _leave_status(wanted, out, handed.fingerprint)
    return Written(conf, events, user, command, _warnings(probe.alarms))


def _known_zones(zone_ports: tuple[tuple[str, str], ...], live: LiveFilter) -> None:
    """A door to a zone that is not there would lead nowhere. Without a bundle nobody knows yet."""
    zones = live.bundle.zones if live.bundle else {zone: None for _, zone in zone_ports}
    for port, zone in zone_ports:
        if not port_of(port) or zone not in zones:
            raise ConfError(f"--zone-port {port}={zone}: the zones are {', '.join(sorted(zones)) or 'none'}")


def _write_conf(out: Path, text: str) -> Path:
    """Whole or not at all, and through no link that somebody planted."""
    beside = out / ".squid.conf.new"
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as file:
        file.write(text)
    return beside.replace(out / "squid.conf")


def check_with_squid(conf: Path) -> list[str]:
    """What Squid itself says of the file: no line means that it is content. Raises SquidConfigError."""
    squid = _program()
    if squid is None:
        raise SquidConfigError("Squid is not installed here; on Debian or Ubuntu: apt install squid-openssl")
    done = subprocess.run(
        [squid, "-k", "parse", "-f", str(conf)], capture_output=True, text=True, timeout=PARSE_TIMEOUT_S, check=False
    )
    said = [found[0] for line in done.stderr.splitlines() if (found := _PROBLEM.search(line))]
    if done.returncode != 0:
        raise SquidConfigError(f"Squid refuses {conf}: {' '.join(said) or done.stderr.strip()[-300:]}")
    return said


def _program() -> str | None:
    return shutil.which("squid", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def _group(user: str) -> str:
    """Of Squid's user, where logrotate is told to become it."""
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name if os.geteuid() == 0 else ""


def next_steps(written: Written, *, port: str) -> list[str]:
    """The few commands that are left, in order."""
    out, name = written.conf.parent, written.events.name
    lines = [
        f"Written: {written.conf} (events go to {written.events}; Squid runs as {written.user}).",
        f"Try it:        squid -N -f {written.conf}",
        f"As a service:  cp -r {out}/systemd/squid.service.d /etc/systemd/system/ && systemctl daemon-reload && "
        "systemctl restart squid",
        f"Each night:    cp {out}/logrotate /etc/logrotate.d/drystone-{name}   (the collector follows what is renamed)",
        f"After changes: squid -k reconfigure -f {written.conf}",
        f"Browsers:      proxy port {port.rpartition(':')[2]} of this machine, for HTTP and HTTPS",
    ]
    return lines + [f"Mind: {warning}" for warning in written.warnings]


def _settings(
    wanted: Wanted, *, out: Path, events: Path, helper: tuple[str, ...], user: str, live: LiveFilter, handed: Handed
) -> SquidSettings:
    names = launched(helper, NAMES)
    auth = auth_for(wanted.sign_on, helper, realm=live.bundle.school_name if live.bundle else "")
    defaults = SquidSettings(wanted.gateway, live.school, out, events, helper, names, user)
    return SquidSettings(
        gateway=wanted.gateway,
        school=live.school,
        out=out,
        events=events,
        helper=helper,
        names=names,
        user=user,
        port=wanted.port,
        zone_ports=wanted.zone_ports,
        certgen=launched(helper, CERTGEN),
        authority=handed.authority,
        helper_children=wanted.helper_children,
        clients=wanted.clients,
        named=wanted.named,
        own_ports=wanted.own_ports,
        own_addresses=own_addresses(),
        ports=(*defaults.ports, *wanted.extra_ports),
        tunnel_ports=(*defaults.tunnel_ports, *wanted.extra_ports),
        dns=wanted.dns,
        hosts_file=wanted.hosts_file,
        auth=auth,
        signs_on=wanted.sign_on.always(wanted.clients) if wanted.sign_on else (),
        web=wanted.web,
        help=_help(live),
    )


def _help(live: LiveFilter) -> tuple[str, ...]:
    """Sites of help as the school's edition has them, by their names; what comes later Squid learns with the next
    file, and the helper at once."""
    own = live.bundle.policy.help if live.bundle else ()
    return tuple(dict.fromkeys((*HELP_SITES, *filter(is_plain, own))))


def _known(user: str) -> None:
    try:
        pwd.getpwnam(user)
    except KeyError:
        raise SquidConfigError(f"there is no user {user!r} on this machine; name Squid's with --user") from None


def _folder(folder: Path, user: str, *, readers: int = -1) -> None:
    """A folder that Squid's user may write in. Its events and its status are read by the house: what it writes there
    gets the group `readers`. Without one it holds what root reads as well: there that user adds files, its process id
    and its log, and cannot put its own in the place of ours."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            entry = pwd.getpwnam(user)
            os.chown(folder, 0 if readers < 0 else entry.pw_uid, entry.pw_gid if readers < 0 else readers)
            folder.chmod(0o1775 if readers < 0 else 0o2755)
    except OSError as error:
        raise SquidConfigError(
            f"{folder} cannot be made ready ({error.strerror}); choose another or run as root"
        ) from error


def _group_of_house(home: Home) -> int:
    """Of whoever runs pages and collector: the home's owner."""
    try:
        return pwd.getpwuid(home.root.stat().st_uid).pw_gid
    except (OSError, KeyError):
        return os.getegid()


def _open_to(user: str, home: Home, bundles: Path, own: tuple[Path, ...]) -> None:
    """By its group Squid's user may read the bundles, those to come as well, and reach its `own` folders, for events
    and status; the rest of the home stays closed to it. Raises SquidConfigError for a folder above that it may not
    enter."""
    if os.geteuid() != 0:
        return  # it runs as we do
    group = pwd.getpwnam(user).pw_gid
    if bundles.is_relative_to(home.bundles.absolute()):
        home.bundles.mkdir(parents=True, exist_ok=True, mode=0o750)
        for path in (home.root, home.events, home.run):
            _share(path, group, 0o010)
        for path in [home.bundles, *home.bundles.rglob("*")]:
            with contextlib.suppress(FileNotFoundError):  # an edition that was just taken away
                _share(path, group, 0o2050 if path.is_dir() else 0o040)  # set-group-ID: what is made there follows
    above = [folder for path in (bundles.resolve(), *own) for folder in reversed(path.parents)]
    for folder in dict.fromkeys(above):
        if not _may_enter(folder, user):
            raise SquidConfigError(
                f"Squid's user {user} may not enter {folder}: give a home it can reach, such as /var/lib/drystone, "
                f"or allow it with: chmod o+x {folder}"
            )


def _share(path: Path, group: int, bits: int) -> None:
    if path.is_symlink():
        return
    os.chown(path, -1, group)
    path.chmod(stat.S_IMODE(path.stat().st_mode) | bits)


def _may_enter(folder: Path, user: str) -> bool:
    try:
        known = folder.stat()
    except FileNotFoundError:
        return True  # not made yet: then by us
    entry = pwd.getpwnam(user)
    if known.st_uid == entry.pw_uid:
        return bool(known.st_mode & stat.S_IXUSR)
    groups = os.getgrouplist(user, entry.pw_gid)
    return bool(known.st_mode & (stat.S_IXGRP if known.st_gid in groups else stat.S_IXOTH))


def _hand_over_keys(home: Home, out: Path, user: str) -> list[str]:
    """Copies of the two keys that the helper needs, for Squid's user alone. A home's own keys stay closed."""
    options: list[str] = []
    for option, source in (("--key-file", home.person_key), ("--check-key", home.check_key)):
        secret = _secret(source)
        if secret is None:
            continue
        target = write_secret(out / source.name, secret, user)
        options += [option, str(target)]
    return options


def _secret(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SquidConfigError(f"{file}: cannot be read ({error.strerror}); run as the owner of the home") from error


def _leave_status(wanted: Wanted, out: Path, authority: str) -> None:
    """So that `drystone gateway status` knows of this gateway."""
    status = {
        "gateway": wanted.gateway,
        "kind": "squid",
        "listen": wanted.port,
        "pid_file": str(out / "squid.pid"),
        "helpers": wanted.gateway,  # the folder in `run` where each helper says how it fares
        "authority": authority,
        "zone_ports": {zone: listen for listen, zone in wanted.zone_ports},
    }
    wanted.home.run.mkdir(parents=True, exist_ok=True)
    (wanted.home.run / f"{wanted.gateway}.json").write_text(json.dumps(status) + "\n")


def _warnings(alarms: str) -> list[str]:
    """The helper's own alarms when it was tried: it runs, but would block everything."""
    return list(dict.fromkeys(line.strip() for line in alarms.splitlines() if line.strip()))
