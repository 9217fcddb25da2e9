"""The text of squid.conf: what Squid is told, and why, so that a technician can read it.

Nothing in it lets a request through that the helper has not allowed in so many words. `OK` from the helper is the
only yes; an error, a fault, a dead helper or an odd answer leaves the request at `deny all`. So no directive that
fails open stands here: no rewriter, no persistent overload that counts as an answer, no splice that is not earned.
"""

from __future__ import annotations

from drystone.engine.filtering import SELF_TEST_HEADER
from drystone.gateway.squid.conf_access import access, acls, helper
from drystone.gateway.squid.conf_log import log
from drystone.gateway.squid.conf_page import pages
from drystone.gateway.squid.conf_safe import safe_search
from drystone.gateway.squid.conf_tls import tls, tls_acls
from drystone.gateway.squid.settings import SquidSettings


def squid_conf(settings: SquidSettings) -> str:
    """The whole file. Raises ConfError."""
    settings.check()
    sections = (_head, helper, acls, tls_acls, access, tls, safe_search, log, pages, _privacy, _running)
    return "\n\n".join(section(settings).strip() for section in sections) + "\n"


def _head(s: SquidSettings) -> str:
    bump = (
        f"ssl-bump tls-cert={s.authority} generate-host-certificates=on dynamic_cert_mem_cache_size=4MB "
        "options=NO_SSLv3,NO_TLSv1,NO_TLSv1_1"
    )
    listens = "\n".join(f"http_port {where} {bump}" for where in (s.port, *(where for where, _ in s.zone_ports)))
    return f"""
# squid.conf for the gateway "{s.gateway}", written by `drystone gateway squid-config`. Write it again rather than
# editing it: changes here are lost.
{listens}
visible_hostname {s.gateway}
cache_effective_user {s.user}
"""


def _privacy(_: SquidSettings) -> str:
    return f"""
# -- nothing about the inside goes out, and the self-test's header never does --------------------------------
request_header_access {SELF_TEST_HEADER} deny all
request_header_access X-Forwarded-For deny all
forwarded_for delete
httpd_suppress_version_string on
"""


def _running(s: SquidSettings) -> str:
    optional = [f"dns_nameservers {' '.join(s.dns)}"] if s.dns else []
    optional += [f"hosts_file {s.hosts_file}"] if s.hosts_file else []
    lines = "".join(f"{line}\n" for line in optional)
    return f"""
# -- running --------------------------------------------------------------------------------------------------
{lines}pid_filename {s.out}/squid.pid
coredump_dir {s.out}
cache_mem 64 MB
pinger_enable off
shutdown_lifetime 3 seconds
client_ip_max_connections 512
request_header_max_size 64 KB
"""
