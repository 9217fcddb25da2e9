"""The text of squid.conf: nothing fails open, and nothing that is put in can break out of its place."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from drystone.engine.filtering.safesearch import SAFE_HOSTS, YOUTUBE
from drystone.gateway.squid.conf import squid_conf
from drystone.gateway.squid.settings import Auth, ConfError, SquidSettings

SETTINGS = SquidSettings(
    gateway="front-door",
    school="fellside",
    out=Path("/srv/squid"),
    events=Path("/srv/home/events/front-door"),
    helper=("/usr/bin/python3", "-I", "-S", "/srv/squid/helper.py", "--bundle", "/srv/bundles/current"),
    names=("/usr/bin/python3", "-I", "-S", "/srv/squid/helper.py", "names"),
    user="proxy",
    auth=Auth("basic", ("/usr/bin/python3", "/srv/squid/helper.py", "sign-on"), 64),
    signs_on=("10.5.0.0/16",),
    zone_ports=(("3129", "suite"),),
    own_ports=(8000,),
    own_addresses=("198.51.100.7", "2001:db8::7"),
    web="https://drystone.fellside.example",
)
# Each lets something through when a part is missing, broken or overloaded, or decrypts what is allowed.
FAIL_OPEN = (
    "url_rewrite",
    "redirect_",
    "bypass",
    "on-persistent-overload",
    "adaptation",
    "icap",
    "ecap",
    "ssl_bump bump",
    "ssl_bump stare",
    "ssl_bump none",
    "sslproxy_cert_error",
    "sslproxy_flags",
    "DONT_VERIFY_PEER",
    "respond allow",
    "on_unsupported_protocol tunnel",
    "stale-while",
    "connect-fail-limit",
    "follow_x_forwarded_for",
    "default",
    "ttl=3600",
)


def directives(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_no_directive_fails_open() -> None:
    """P35: the file as it is written, without its comments."""
    text = "\n".join(directives(squid_conf(SETTINGS)))
    assert not [word for word in FAIL_OPEN if word in text]


def test_squid_keeps_no_answer_of_the_filters() -> None:
    """Rules have times, and a switched-off class is off within two seconds: the helper looks twice a second."""
    (helper,) = re.findall(r"external_acl_type drystone .*\\\n.*\\\n.*", squid_conf(SETTINGS))
    assert {"ttl=0", "negative_ttl=0", "grace=0", "cache=0"} <= set(helper.split())


def test_the_only_allow_is_what_the_helper_allowed_and_the_last_rule_denies_all() -> None:
    rules = [line for line in directives(squid_conf(SETTINGS)) if line.startswith("http_access")]

    assert [rule for rule in rules if " allow " in rule] == ["http_access allow allowed", "http_access allow cut"]
    assert rules[-1] == "http_access deny all refuse"
    assert rules.index("http_access deny !drystone !all") < rules.index("http_access allow allowed")


def test_what_is_let_in_to_be_cut_off_is_cut_off_first_of_all_and_has_no_way_out() -> None:
    """A blocked CONNECT without a page: Squid can close it unanswered only once it is let in."""
    lines = directives(squid_conf(SETTINGS))
    bumps = [line for line in lines if line.startswith("ssl_bump")]

    assert "acl cut all-of CONNECT blocked !page_over_https at_hello" in lines
    assert bumps[0] == "ssl_bump terminate at_hello cut"
    assert bumps[-1] == "ssl_bump terminate all"
    assert "never_direct allow blocked" in lines
    assert not [line for line in lines if line.startswith("cache_peer_access") and "blocked" in line]


def test_only_what_was_peeked_at_and_named_alike_is_spliced_and_it_is_asked_about_again() -> None:
    lines = directives(squid_conf(SETTINGS))
    bumps = [line for line in lines if line.startswith("ssl_bump")]

    assert bumps[1:4] == [
        "ssl_bump peek at_hello allowed",
        "ssl_bump terminate at_name !same_name mark_fronted",
        "ssl_bump splice at_name mark_passed",
    ]
    assert lines.index("http_access deny CONNECT !same_name refuse") < lines.index("http_access allow allowed")


def test_every_safe_host_of_the_engine_has_a_way_and_an_engine_has_no_other() -> None:
    """P59."""
    lines = directives(squid_conf(SETTINGS))
    ways = {line.split()[1] for line in lines if line.startswith("cache_peer ")}

    assert ways == {*SAFE_HOSTS.values(), *YOUTUBE.values()}
    assert "never_direct allow safe" in lines
    allows = [line for line in lines if line.startswith("cache_peer_access") and line.split()[2] == "allow"]
    assert all(line.split()[3] == "safe" for line in allows)
    assert len(allows) == len([line for line in lines if re.fullmatch(r"cache_peer_access \S+ deny all", line)])


def test_only_what_was_allowed_without_safe_search_goes_past_the_safe_hosts() -> None:
    """P59: `always_direct` is stronger than `never_direct`, so it denies first."""
    lines = directives(squid_conf(SETTINGS))
    assert [line for line in lines if line.startswith("always_direct")] == [
        "always_direct deny safe",
        "always_direct deny blocked",
        "always_direct allow plain",
    ]
    assert "acl plain note action_ allow" in lines


def test_every_door_looks_into_tunnels() -> None:
    doors = [line for line in directives(squid_conf(SETTINGS)) if line.startswith("http_port")]

    assert [door.split()[1] for door in doors] == ["3128", "3129"]
    assert all(" ssl-bump " in door for door in doors)


def test_help_is_reached_without_a_name_where_others_must_always_give_one() -> None:
    """P13, P62."""
    lines = directives(squid_conf(SETTINGS))

    assert "http_access deny always_signs_on !help !self_test not_signed_on !signed_on" in lines
    assert any(line.startswith("acl help dstdomain -n ") and " .childline.org.uk" in line for line in lines)


def test_the_schools_own_sites_of_help_are_among_them_and_none_stands_twice() -> None:
    """P13: Squid would warn of a name below another."""
    lines = directives(squid_conf(replace(SETTINGS, help=("help.example", "a.help.example", "other.example"))))

    assert "acl help dstdomain -n .help.example .other.example" in lines


def test_what_was_kept_for_others_is_not_shown_where_safe_search_is_on() -> None:
    """P59: Squid's memory knows addresses, and not who asked."""
    assert "cache deny safe" in directives(squid_conf(SETTINGS))


def test_the_schools_own_ground_is_denied_before_anything_is_allowed() -> None:
    rules = directives(squid_conf(replace(SETTINGS, named=("10.5.0.0/24",), own_ports=(8000,))))

    allowed = rules.index("http_access allow allowed")
    assert rules.index("http_access deny allowed own_ground drystone_ports refuse") < allowed
    assert rules.index("http_access deny allowed this_machine drystone_ports refuse") < allowed
    assert "acl this_machine dst 198.51.100.7 2001:db8::7" in rules
    assert rules.index("http_access deny allowed own_ground !named refuse") < rules.index("http_access allow allowed")
    assert "acl named dst 10.5.0.0/24" in rules


def test_paths_and_persons_come_from_the_helpers_notes_only() -> None:
    """P62, P13: what the helper leaves out for a help site, Squid cannot put back."""
    (event,) = [line for line in directives(squid_conf(SETTINGS)) if line.startswith("logformat drystone_event")]

    assert not [code for code in ("%ru", "%>ru", "%rp", "%>rp", "%>a", "%un", "%>rd") if code in event]
    assert event.count("\t") == 7


def test_the_self_tests_header_goes_no_further() -> None:
    assert "request_header_access X-Drystone-Check deny all" in directives(squid_conf(SETTINGS))


@pytest.mark.parametrize(
    "wrong",
    [
        {"gateway": "front door"},
        {"gateway": "x\nhttp_access allow all"},
        {"out": Path("/srv/my squid")},
        {"events": Path("/srv/%home")},
        {"helper": ("/usr/bin/python3", "--bundle", "/srv/a b")},
        {"clients": ("10.1.0.0/99",)},
        {"named": ("all",)},
        {"helper_children": 0},
        {"own_ports": (70000,)},
        {"port": "http"},
        {"port": "127.0.0.1:0"},
        {"port": "3128\nhttp_access allow all"},
        {"dns": ("8.8.8.8\nhttp_access allow all",)},
        {"user": "proxy\nhttp_access allow all"},
        {"school": "a\tb"},
        {"web": "javascript:alert(1)"},
        {"web": "http://a.example/\nhttp_access allow all"},
        {"auth": Auth("basic", ("/bin/x", "a b"))},
        {"auth": Auth("digest", ("/bin/x",))},
        {"zone_ports": (("3128", "suite"),)},
        {"zone_ports": (("3129", "a suite"),)},
        {"own_addresses": ("everywhere",)},
        {"hosts_file": Path("/etc/my hosts")},
        {"help": ("help.example\nhttp_access allow all",)},
    ],
    ids=lambda wrong: next(iter(wrong.items()))[0] + repr(next(iter(wrong.values())))[:20],
)
def test_a_setting_that_would_break_the_file_is_refused_with_one_line(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfError) as error:
        squid_conf(replace(SETTINGS, **wrong))  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
