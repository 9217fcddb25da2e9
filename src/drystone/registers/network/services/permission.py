"""Services check for themselves who asks, as those of every register do (school.services.permission)."""

from drystone.registers.school.services.permission import NotAllowed, require

__all__ = ["NotAllowed", "require"]
