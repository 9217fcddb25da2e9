"""Which part of a file is which school's: by DfE number, else by name. Nobody gets another school's pupils."""

from __future__ import annotations

from drystone.engine.roll.names import fold
from drystone.engine.roll.values import RollFile, SchoolRef, SchoolRoll, Scope
from drystone.registers.school.models import School
from drystone.registers.school.services.changes import Refused


def roll_of(file: RollFile, school: School) -> SchoolRoll:
    """What the file says of this school. Raises Refused where it says nothing, or might mean another one."""
    return file.staged.roll(ref_of(file, school))


def ref_of(file: RollFile, school: School) -> SchoolRef:
    refs = file.schools
    if not refs:
        raise Refused("There is nobody in the file that could be read. See whether it is the right one")
    meant = [ref for ref in refs if _is(ref, school)]
    if len(meant) == 1:
        return meant[0]
    if len(refs) == 1 and not (refs[0].dfe_number and school.dfe_number):
        return refs[0]  # a school's own export, which does not say whose it is
    others = ", ".join(str(ref) for ref in refs[:3])
    if len(refs) == 1:
        raise Refused(f"The file is of {others} (DfE number {refs[0].dfe_number}), and not of {school.name}")
    raise Refused(
        f"The file is of {len(refs)} schools ({others} …), and none of them is {school.name}: enter the school’s DfE "
        "number in its settings"
    )


def schools_of(file: RollFile) -> list[tuple[SchoolRef, School]]:
    """Every school of a county's file. Raises Refused, and names them, where some are not known here."""
    known = list(School.objects.order_by("pk"))
    found: list[tuple[SchoolRef, School]] = []
    unknown = []
    for ref in file.schools:
        meant = [school for school in known if _is(ref, school)]
        if len(meant) == 1 and meant[0] not in [school for _, school in found]:
            found.append((ref, meant[0]))
        else:
            unknown.append(f"{ref} ({ref.dfe_number})" if ref.dfe_number and ref.name else str(ref))
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        raise Refused(
            f"Nothing was done: {', '.join(unknown[:3])}{more} of the file could not be told apart or are not known "
            "here. Add each school with its DfE number first"
        )
    return found


def _is(ref: SchoolRef, school: School) -> bool:
    if ref.dfe_number and school.dfe_number:
        return ref.dfe_number == school.dfe_number
    return bool(ref.name) and fold(ref.name) == fold(school.name)


def marks_of(file: RollFile) -> tuple[str, str, str]:
    """The file's hash, its source and its scope, as a run keeps them."""
    return file.sha256, file.source.value, (Scope.DELTA if file.scopes.pupils == Scope.DELTA else Scope.FULL).value
