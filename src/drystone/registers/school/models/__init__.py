"""Data of the school register, a file a subject."""

from drystone.registers.school.models.accounts import FirstTimeCode, User
from drystone.registers.school.models.audit import AuditEntry, ChainHead
from drystone.registers.school.models.calendar import AcademicYear, Closure, Term
from drystone.registers.school.models.people import Person, Role, RoleHolding, SchoolClass
from drystone.registers.school.models.places import AddressRange, AgeBand, Group, Zone
from drystone.registers.school.models.schools import Authority, School

__all__ = [
    "AcademicYear",
    "AddressRange",
    "AgeBand",
    "AuditEntry",
    "Authority",
    "ChainHead",
    "Closure",
    "FirstTimeCode",
    "Group",
    "Person",
    "Role",
    "RoleHolding",
    "School",
    "SchoolClass",
    "Term",
    "User",
    "Zone",
]
