"""squid.conf: what happens inside a CONNECT (P35). Nothing that is allowed is ever decrypted.

Squid reads the ClientHello (peek at step 1) and then passes the connection on untouched (splice at step 2), after the
name inside was compared with the name outside. A spliced tunnel goes through `http_access` once more; there
`deny CONNECT !same_name` stands, so a comparison that could not be made closes the tunnel, though `ssl_bump` itself
would splice.

A blocked CONNECT is denied, and Squid then shows its error page inside TLS with a certificate of the school's
authority: it asks no more, and never contacts the site. Where the devices do not trust that authority (the helper
gives no `page_` note) there would be a warning instead of a page, so there the connection is closed unanswered:
`http_access allow cut` leads to `ssl_bump terminate`, and `never_direct` is a second lock behind it.
"""

from __future__ import annotations

from drystone.gateway.squid.settings import SquidSettings


def tls_acls(s: SquidSettings) -> str:
    return f"""
# -- inside a tunnel: TLS only, and to the host that was asked for. What is allowed is never decrypted. --------
sslcrtd_program {" ".join(s.certgen)}
sslcrtd_children 2 startup=1 idle=1
# What two names are to each other never changes, so the answer is kept for a day.
external_acl_type same_name concurrency=512 children-max=1 children-startup=1 queue-size=4096 \\
  ttl=86400 negative_ttl=86400 grace=0 cache=50000 \\
  %>rd %ssl::>sni %ssl::bump_mode {" ".join(s.names)}
acl same_name external same_name
acl inside connections_encrypted
acl page_over_https note page_ https
acl at_hello at_step SslBump1
acl cut all-of CONNECT blocked !page_over_https at_hello
acl at_name at_step SslBump2
acl mark_passed annotate_transaction tunnel_=passed
acl mark_fronted annotate_transaction tunnel_=sni
acl mark_no_tls annotate_transaction tunnel_=no-tls
acl passed note tunnel_ passed
acl fronted note tunnel_ sni
acl no_tls note tunnel_ no-tls
acl unusual note tunnel_
"""


def tls(_: SquidSettings) -> str:
    return """
# -- which tunnels go on ---------------------------------------------------------------------------------------
ssl_bump terminate at_hello cut
ssl_bump peek at_hello allowed
ssl_bump terminate at_name !same_name mark_fronted
ssl_bump splice at_name mark_passed
ssl_bump terminate all
on_unsupported_protocol respond asked mark_no_tls
never_direct allow blocked
"""
