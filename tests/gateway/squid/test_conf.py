"""The text of squid.conf: nothing fails open, and nothing that is put in can break out of its place."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from drystone.gateway.squid.conf import ConfError, SquidSettings, squid_conf

SETTINGS = SquidSettings(
    gateway="front-door",
    school="fellside",
    out=Path("/srv/squid"),
    events=Path("/srv/home/events/front-door"),
    helper=("/usr/bin/python3", "-I", "-S", "/srv/squid/helper.py", "--bundle", "/srv/bundles/current"),
    user="proxy",
)
FAIL_OPEN = ("url_rewrite_bypass", "on-persistent-overload=ERR", "adaptation_access", "bypass=on", "ignore_expect_100")


def directives(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_no_directive_fails_open() -> None:
    text = squid_conf(SETTINGS)
    assert not [word for word in FAIL_OPEN if word in text]


def test_the_only_allow_is_what_the_helper_allowed_and_the_last_rule_denies_all() -> None:
    rules = [line for line in directives(squid_conf(SETTINGS)) if line.startswith("http_access")]

    assert [rule for rule in rules if rule.split()[1] == "allow"] == ["http_access allow allowed"]
    assert rules[-1] == "http_access deny all refuse"
    assert rules.index("http_access deny !drystone !by_access by_category") < rules.index("http_access allow allowed")


def test_the_schools_own_ground_is_denied_before_anything_is_allowed() -> None:
    rules = directives(squid_conf(replace(SETTINGS, named=("10.5.0.0/24",), own_ports=(8000,))))

    assert rules.index("http_access deny own_ground drystone_ports refuse") < rules.index("http_access allow allowed")
    assert rules.index("http_access deny own_ground !named refuse") < rules.index("http_access allow allowed")
    assert "acl named dst 10.5.0.0/24" in rules


def test_paths_and_persons_come_from_the_helpers_notes_only() -> None:
    """P62, P13: what the helper leaves out for a help site, Squid cannot put back."""
    (event,) = [line for line in directives(squid_conf(SETTINGS)) if line.startswith("logformat drystone_event")]

    assert not [code for code in ("%ru", "%>ru", "%rp", "%>rp", "%>a", "%un", "%>rd") if code in event]
    assert re.findall(r"%'\{(\w+)\}note", event) == ["from_", "place_", "what_"]


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
    ],
    ids=lambda wrong: next(iter(wrong.items()))[0] + repr(next(iter(wrong.values())))[:20],
)
def test_a_setting_that_would_break_the_file_is_refused_with_one_line(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfError) as error:
        squid_conf(replace(SETTINGS, **wrong))  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
