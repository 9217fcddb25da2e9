"""Data of the school register, a file a subject."""

from drystone.registers.school.models.accounts import FirstTimeCode, User
from drystone.registers.school.models.audit import AuditEntry, ChainHead
from drystone.registers.school.models.calendar import AcademicYear, Closure, Term
from drystone.registers.school.models.classes import ClassStaff, SchoolClass
from drystone.registers.school.models.confidential import ConfidentialRecord, Sight, SightEvent
from drystone.registers.school.models.families import Guardianship, Sensitivity
from drystone.registers.school.models.integrations import Integration, Scope
from drystone.registers.school.models.people import GOVERNORS, STAFF, Person, Reference, Role, RoleHolding
from drystone.registers.school.models.places import AddressRange, AgeBand, Group, Zone
from drystone.registers.school.models.schools import Authority, School

__all__ = [
    "GOVERNORS",
    "STAFF",
    "AcademicYear",
    "AddressRange",
    "AgeBand",
    "AuditEntry",
    "Authority",
    "ChainHead",
    "ClassStaff",
    "Closure",
    "ConfidentialRecord",
    "FirstTimeCode",
    "Group",
    "Guardianship",
    "Integration",
    "Person",
    "Reference",
    "Role",
    "RoleHolding",
    "School",
    "SchoolClass",
    "Scope",
    "Sensitivity",
    "Sight",
    "SightEvent",
    "Term",
    "User",
    "Zone",
]
