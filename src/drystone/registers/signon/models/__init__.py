"""What tells who is at an address; a file a way."""

from drystone.registers.signon.models.devices import Device
from drystone.registers.signon.models.passwords import ProxyPassword
from drystone.registers.signon.models.sessions import Session, SessionSource

__all__ = ["Device", "ProxyPassword", "Session", "SessionSource"]
