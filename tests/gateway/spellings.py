"""Hostile ways to write a request for a site that is blocked. None of them is a way through, at any door."""

from __future__ import annotations

NAME, ADDRESS = "casino.example", "185.10.20.30"  # both listed
_NUMBER = int.from_bytes(bytes(map(int, ADDRESS.split("."))))

# What a browser, a script or a child with patience may send as a URL.
URLS = {
    "user-info that looks like another site": f"http://bbc.co.uk@{NAME}/",
    "user-info with a password": f"http://www.bbc.co.uk:80@{NAME}/",
    "two at signs": f"http://bbc.co.uk@bbc.co.uk@{NAME}/",
    "percent-encoded letters": "http://c%61sino.ex%61mple/",
    "a percent-encoded dot": "http://casino%2Eexample/",
    "a trailing dot": f"http://{NAME}./",
    "capitals": "http://CaSiNo.ExAmPlE/",
    "a port": f"http://{NAME}:8080/",
    "the default port": f"http://{NAME}:80/",
    "full-width letters": "http://%EF%BD%83asino.example/",
    "an ideographic full stop": "http://casino%E3%80%82example/",
    "a soft hyphen": "http://cas%C2%ADino.example/",
    "a subdomain": f"http://a.b.c.{NAME}/",
    "an address": f"http://{ADDRESS}/",
    "an address as one number": f"http://{_NUMBER}/",
    "an address in hex": f"http://0x{_NUMBER:x}/",
    "an address in octal": "http://0" + ".0".join(f"{int(part):o}" for part in ADDRESS.split(".")) + "/",
    "an address in three parts": f"http://185.10.{20 * 256 + 30}/",
    "an address with leading zeros": "http://0271.012.024.036/",
    "an IPv4-mapped IPv6 address": f"http://[::ffff:{ADDRESS}]/",
    "the same in hex": f"http://[::ffff:{_NUMBER >> 16:x}:{_NUMBER & 0xFFFF:x}]/",
    "an address with a trailing dot": f"http://{ADDRESS}./",
    "a path full of dots": f"http://{NAME}/../../../%2e%2e/bbc.co.uk/",
    "another site in the query": f"http://{NAME}/?http://bbc.co.uk/",
    "a backslash for a slash": f"http://{NAME}\\@bbc.co.uk/",
}
# What no host can be, and what cannot be read for certain: closed, whatever it was meant to be.
UNREADABLE = {
    "an IPv6 zone": "http://[fe80::1%25eth0]/",
    "an absurd port": "http://river.example:99999999/",
    "a negative port": "http://river.example:-1/",
    "an unfinished IPv6 address": "http://[::ffff:/",
    "a NUL in the host": "http://river%00.example/",
    "a space in the host": "http://river%20.example/",
    "broken punycode": "http://xn--a-ecp.ru.xn--/",
    "bytes that are no UTF-8": "http://riv%FF%FEer.example/",
    "an address out of range": "http://185.10.20.300/",
    "a number too large for an address": "http://99999999999/",
}
# The same for `host:port` of a CONNECT.
PLACES = {
    "plain": f"{NAME}:443",
    "capitals": f"{NAME.upper()}:443",
    "a trailing dot": f"{NAME}.:443",
    "percent-encoded": "c%61sino.example:443",
    "an address": f"{ADDRESS}:443",
    "an address as one number": f"{_NUMBER}:443",
    "an address in hex": f"0x{_NUMBER:x}:443",
    "an address in octal": "0" + ".0".join(f"{int(part):o}" for part in ADDRESS.split(".")) + ":443",
    "an IPv4-mapped IPv6 address": f"[::ffff:{ADDRESS}]:443",
    "a subdomain": f"x.y.{NAME}:443",
    "another port": f"{NAME}:8443",
    "user-info": f"bbc.co.uk@{NAME}:443",
}
UNREADABLE_PLACES = {
    "an IPv6 zone": "[fe80::1%25eth0]:443",
    "an absurd port": "river.example:99999999",
    "no host": ":443",
    "a slash": "river.example/x:443",
}
