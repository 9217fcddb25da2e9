"""`drystone gateway squid-config`: write Squid's configuration, and say what is left to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from drystone.cli.output import emit_json, fail
from drystone.engine.home import Home

Words = list[str] | None
Out = Annotated[Path, typer.Option(help="Folder to write squid.conf and all it needs into.")]
HomeOption = Annotated[Path, typer.Option("--home", help="Folder that holds all state.")]
Port = Annotated[str, typer.Option(help="PORT or ADDRESS:PORT that Squid listens on.")]
ZonePort = Annotated[
    Words, typer.Option(metavar="PORT=ZONE", help="A door whose clients are in this zone; may be repeated.")
]
Gateway = Annotated[str, typer.Option(help="Name of this gateway in events and on the screens.")]
Bundles = Annotated[Path | None, typer.Option(help="Folder with `current`; left out: the home's own.")]
User = Annotated[str, typer.Option(help="User that Squid runs as; left out: found.")]
Children = Annotated[int, typer.Option(help="Helpers that Squid starts.")]
Clients = Annotated[Words, typer.Option(help="Range of clients; may be repeated.")]
AllowPrivate = Annotated[
    Words, typer.Option(help="Private range that clients may reach: your intranet; may be repeated.")
]
DenyPort = Annotated[
    list[int] | None, typer.Option(help="Port of Drystone itself, closed on every address of this machine.")
]
ExtraPort = Annotated[list[int] | None, typer.Option(help="Port to open beside 80, 443, 8080, 8443; may be repeated.")]
Dns = Annotated[Words, typer.Option(help="Resolver for Squid; left out: the system's.")]
HostsFile = Annotated[Path | None, typer.Option(help="Hosts file for Squid; left out: the system's.")]
AuthOption = Annotated[str, typer.Option(help="How people sign on at the proxy: basic, ldap or negotiate.")]
AuthWord = Annotated[Words, typer.Option(help="A word for Squid's own sign-on helper; once for each word.")]
SignOnRange = Annotated[Words, typer.Option("--sign-on", help="Range of clients that sign on always; may be repeated.")]
Web = Annotated[str, typer.Option(metavar="URL", help="The school's own pages, for the block page's link.")]
Check = Annotated[bool, typer.Option("--check", help="Ask Squid itself whether the file is right.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")]


def squid_config(  # one line an option: what each is for stands above, and in the guide
    out: Out,
    home: HomeOption = Path("var"),
    port: Port = "3128",
    zone_port: ZonePort = None,
    gateway: Gateway = "squid",
    bundles: Bundles = None,
    user: User = "",
    helper_children: Children = 2,
    clients: Clients = None,
    allow_private: AllowPrivate = None,
    deny_port: DenyPort = None,
    extra_port: ExtraPort = None,
    dns: Dns = None,
    hosts_file: HostsFile = None,
    auth: AuthOption = "",
    auth_option: AuthWord = None,
    sign_on: SignOnRange = None,
    web: Web = "",
    check: Check = False,
    as_json: AsJson = False,
) -> None:
    """Write a complete configuration for Squid with Drystone's helper."""
    given = {
        "home": Home(home), "out": out, "gateway": gateway, "port": port, "bundles": bundles, "user": user,
        "helper_children": helper_children, "hosts_file": hosts_file, "web": web, "zone_ports": _pairs(zone_port),
        "named": tuple(allow_private or ()), "own_ports": tuple(deny_port or ()),
        "extra_ports": tuple(extra_port or ()), "dns": tuple(dns or ()),
    } | ({"clients": tuple(clients)} if clients else {})  # fmt: skip
    _write(given, auth=(auth, tuple(auth_option or ()), tuple(sign_on or ())), check=check, as_json=as_json)


def _write(given: dict[str, Any], *, auth: tuple[str, Any, Any], check: bool, as_json: bool) -> None:
    """Imported here: the command line starts without what only this needs."""
    from drystone.gateway.squid.install import (
        SquidConfigError,
        Wanted,
        check_with_squid,
        next_steps,
        write_squid_config,
    )
    from drystone.gateway.squid.launcher import LauncherError
    from drystone.gateway.squid.settings import ConfError
    from drystone.gateway.squid.sign_on import SignOn

    if (auth[1] or auth[2]) and not auth[0]:
        fail("--auth-option and --sign-on go with --auth: say how people sign on", code=2)
    try:
        written = write_squid_config(Wanted(**given, sign_on=SignOn(*auth) if auth[0] else None))
        said = check_with_squid(written.conf) if check else []
    except (ConfError, SquidConfigError, LauncherError) as error:
        fail(str(error))
    if not as_json:
        for line in [*next_steps(written, port=given["port"]), *(f"Squid says: {line}" for line in said)]:
            print(line)
        return
    told = {"conf": str(written.conf), "events": str(written.events), "user": written.user}
    emit_json({**told, "helper": list(written.helper), "checked": check, "warnings": written.warnings + said})


def _pairs(words: Words) -> tuple[tuple[str, str], ...]:
    pairs = []
    for word in words or ():
        port, equals, zone = word.partition("=")
        if not (port and equals and zone):
            fail(f"--zone-port {word}: give PORT=ZONE, such as 3129=library", code=2)
        pairs.append((port, zone))
    return tuple(pairs)
