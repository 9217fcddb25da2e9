"""What holds for every test: no way out to the network, no clock of the day, nothing left running."""

import ipaddress
import socket

import pytest
from hypothesis import HealthCheck, settings

# A machine that is busy is no fault: what an example takes is measured in bench/, never here.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def _is_here(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = address[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "")


@pytest.fixture(autouse=True)
def _no_way_out(monkeypatch):
    """A test that reaches for another machine fails, and says so."""
    connect = socket.socket.connect

    def guarded(self, address):
        if not _is_here(address):
            raise AssertionError(f"a test tried to reach {address!r}; start the real part on 127.0.0.1 instead")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
