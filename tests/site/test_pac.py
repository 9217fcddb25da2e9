"""Where a browser learns its proxy: each zone its own, and never a way past the filter."""

import json
import os
import subprocess

import pytest
from playwright._impl._driver import compute_driver_executable

from drystone.engine.home import Home
from drystone.gateway.pac import PLAIN, pac_script
from tests.registers.network.parts import make_place

NODE = str(compute_driver_executable()[0])  # the one that Playwright brings along
pytestmark = pytest.mark.django_db


@pytest.fixture
def home(settings, tmp_path):
    settings.HOME = Home(tmp_path)
    settings.HOME.run.mkdir()
    return settings.HOME


@pytest.fixture
def squid(home):
    """A Squid on every address, with a door of its own for the office, which every machine of 10.1.0.0/16 is in."""
    place = make_place()
    home.bundles.mkdir()
    home.here.symlink_to(place.school.slug)
    (home.run / "pid").write_text(str(os.getpid()))
    status = {
        "gateway": "squid",
        "kind": "squid",
        "listen": "3128",
        "pid_file": str(home.run / "pid"),
        "helpers": "squid",
    }
    zones = {zone.slug: f"313{number}" for number, zone in enumerate(place.school.zones.order_by("slug"))}
    (home.run / "squid.json").write_text(json.dumps({**status, "zone_ports": zones}))
    return place, zones


def ways(response):
    """What FindProxyForURL returns, in order."""
    return [line.split('"')[-2] for line in response.content.decode().splitlines() if "return" in line]


@pytest.mark.parametrize("path", ["/proxy.pac", "/wpad.dat"])
def test_a_browser_gets_the_squid_that_runs_here_and_no_way_past_it(client, squid, path):
    response = client.get(path, REMOTE_ADDR="192.0.2.1")

    assert response["Content-Type"] == "application/x-ns-proxy-autoconfig"
    assert ways(response) == ["DIRECT", "PROXY testserver:3128"]
    assert f'if ({PLAIN} || host === "testserver") return "DIRECT";' in response.content.decode()


@pytest.mark.parametrize(
    ("host", "direct"),
    [("printer", True), ("3d-printer", True), ("drystone.example", True), ("2606:4700::1111", False),
     ("134744072", False), ("0x08080808", False), ("casino.example", False)],
)  # fmt: skip
def test_p35_an_address_that_has_no_dots_is_no_name_of_the_schools_own(host, direct):
    """Read as a browser reads it, by a browser's own engine; its isPlainHostName as the first browsers had it."""
    script = pac_script(["proxy:3128"], ["drystone.example"])
    plain = "function isPlainHostName(host) { return host.indexOf('.') < 0; }"
    asked = f"{plain}\n{script}\nprocess.stdout.write(FindProxyForURL('', {json.dumps(host)}))"
    said = subprocess.run([NODE, "-e", asked], capture_output=True, text=True, timeout=20, check=True).stdout
    assert (said == "DIRECT") is direct


def test_the_devices_of_a_zone_are_sent_to_its_own_door(client, squid):
    place, zones = squid
    zone = place.school.zones.exclude(ranges=None).first()
    address = zone.ranges.first().network.partition("/")[0]

    by_address = client.get("/proxy.pac", REMOTE_ADDR=address)
    by_name = client.get(f"/proxy.pac?zone={zone.slug}", REMOTE_ADDR="192.0.2.1")

    assert ways(by_address) == ways(by_name) == ["DIRECT", f"PROXY testserver:{zones[zone.slug]}"]


def test_an_unknown_zone_is_sent_to_the_common_door(client, squid):
    assert ways(client.get('/proxy.pac?zone=x";return"DIRECT'))[-1] == "PROXY testserver:3128"


def test_a_named_proxy_goes_before_what_runs_here(client, squid, monkeypatch):
    monkeypatch.setenv("DRYSTONE_PROXY", "filter.fellside.example:8080")

    assert ways(client.get("/proxy.pac"))[-1] == "PROXY filter.fellside.example:8080"


def test_no_script_says_direct_for_the_outside_or_lets_a_name_out_of_its_quotes():
    script = pac_script(["a.example:3128", "b.example:3128"], ['x" || true || "'])

    assert script.count("DIRECT") == 1
    assert 'return "PROXY a.example:3128; PROXY b.example:3128";' in script
    assert 'host === "x\\" || true || \\""' in script
    with pytest.raises(ValueError, match="at least one proxy"):
        pac_script([], [])
