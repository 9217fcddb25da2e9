"""Which addresses may be reached: the Internet, and not the school's own network or Drystone itself."""

from ipaddress import ip_address, ip_network

import pytest

from drystone.gateway.proxy.reach import Reach, is_this_machine

INSIDE = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "224.0.0.251", "239.255.255.250", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1",
    "ff02::1", "2002:7f00:1::", "2002:0a00:0001::1", "2002:c0a8:101::", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1",
    "64:ff9b:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
]  # fmt: skip
OUTSIDE = ["93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "2606:4700::1111",
           "::ffff:93.184.216.34", "64:ff9b::93.184.216.34", "2002:5db8:d822::1"]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused(address):
    assert Reach().refusal(ip_address(address), 80)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_internet_is_reached(address):
    assert Reach().refusal(ip_address(address), 80) == ""


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "2002:0a01:0203::1"])
def test_a_network_the_school_has_named_is_reached_in_every_spelling(address):
    reach = Reach(allow=(ip_network("10.1.0.0/16"),))
    assert reach.refusal(ip_address(address), 80) == ""
    assert reach.refusal(ip_address("10.2.0.1"), 80)


@pytest.mark.parametrize("address", ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"])
def test_what_is_no_site_is_never_reached_even_if_everything_is_named(address):
    reach = Reach(allow=(ip_network("0.0.0.0/0"), ip_network("::/0")))
    assert reach.refusal(ip_address(address), 80)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_drystones_own_ports_are_refused_on_this_machine_even_where_it_is_named(address):
    reach = Reach(allow=(ip_network("127.0.0.0/8"), ip_network("::1/128")), own_ports=frozenset({8000}))
    assert reach.refusal(ip_address(address), 8000) == "is Drystone's own"
    assert reach.refusal(ip_address(address), 8001) == ""


def test_this_machine_is_known_by_what_can_be_bound():
    assert is_this_machine(ip_address("127.0.0.1"))
    assert is_this_machine(ip_address("127.5.5.5"))
    assert not is_this_machine(ip_address("93.184.216.34"))
    assert not is_this_machine(ip_address("2606:4700::1111"))


def test_one_bad_address_among_good_ones_spoils_the_name():
    found = [ip_address("93.184.216.34"), ip_address("10.0.0.1")]
    assert Reach().first_refusal(found, 80)
    assert Reach().first_refusal(found[:1], 80) == ""
