"""What holds for every test: no way out to the network, no clock of the day, nothing left running."""

import ipaddress
import socket
from contextlib import contextmanager

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


@pytest.fixture
def django_capture_on_commit_callbacks():
    """pytest-django's, but what has been told waits no more, as after a real commit: its own leaves it standing, and
    whatever is told once a transaction would be told once a test."""

    @contextmanager
    def committed(*, using=None, execute=False):
        from django.db import transaction  # not before the settings are read, for tests that have none

        connection = transaction.get_connection(using)
        before, connection.run_on_commit = connection.run_on_commit, []
        told = []
        try:
            yield told
            while waiting := connection.run_on_commit:
                connection.run_on_commit = []
                told += [callback for _, callback, _ in waiting]
                for _, callback, robust in waiting if execute else ():
                    _tell(callback, robust)
        finally:
            connection.run_on_commit = before

    return committed


def _tell(callback, robust):
    try:
        callback()
    except Exception:
        if not robust:
            raise
