"""OneRoster CSV 1.1 and 1.2 (1EdTech, *OneRoster: CSV Binding*), bulk and delta.

1.1 keeps a user's role and schools in users.csv, 1.2 in roles.csv; here both are put down as 1.2 has them. What a
school's rows come to is in `oneroster_rolls`.
"""

from __future__ import annotations

from pathlib import Path

from drystone.engine.roll.oneroster_rolls import OneRosterRolls
from drystone.engine.roll.package import Package, open_package
from drystone.engine.roll.staging import Cells, Staging
from drystone.engine.roll.values import Place, Remark, RollFile, Scope, Scopes, Source, UnreadableRoll

STATUSES = frozenset({"active", "inactive", "tobedeleted"})
# What is kept of each file's row.
KEPT = {
    "orgs": ("name", "type", "identifier"),
    "users": (
        "username", "userids", "givenname", "familyname", "identifier", "email", "sms", "phone", "grades",
        "preferredgivenname", "preferredfirstname", "metadata.upn",
    ),
    "roles": ("role",),
    "demographics": ("birthdate",),
    "classes": ("title", "classcode", "classtype", "grades"),
    "enrollments": ("classsourcedid", "role", "begindate", "enddate"),
}  # fmt: skip


def read_oneroster(path: Path, sha256: str) -> RollFile:
    staging = Staging()
    try:
        with open_package(path) as package:
            pupils_at = stage(package, staging)
        if not staging.counts:
            raise UnreadableRoll(f"{path.name} has headings and no rows below them. Export it again.")
        staging.finish()
        notes = () if package.has_manifest else (Remark(where=Place("manifest.csv", 1), what=NO_MANIFEST),)
        rolls = OneRosterRolls(staging, package.modes, pupils_at, notes)
    except BaseException:
        staging.close()
        raise
    modes = package.modes
    people = modes["users"]
    if package.version == "1.2" and modes["roles"] is not Scope.FULL and people is Scope.FULL:
        people = Scope.DELTA  # all users and only some roles: who has none in the file may well have one
    return RollFile(
        source=Source.ONEROSTER,
        version=package.version,
        scopes=Scopes(
            pupils=people, guardians=people, staff=people, classes=modes["classes"], memberships=modes["enrollments"]
        ),
        sha256=sha256,
        staged=rolls,
    )


NO_MANIFEST = "There is no manifest.csv, so nobody who is missing from these files is taken to have left"


def stage(package: Package, staging: Staging) -> set[str]:
    """Puts all rows down; returns the organisations that have pupils or classes, and so are schools."""
    pupils_at: set[str] = set()
    for file in package.modes:
        for place, told, surplus in package.records(file):
            school = school_of(file, told)
            if fault := fault_of(package, file, told, surplus):
                staging.refuse(school, place, *fault, whom_cells(told))
                continue
            put(file, package, staging, place, told, school)
            if file in ("classes", "enrollments") or told.get("role", "").lower() == "student" or told.get("grades"):
                pupils_at.add(school)
    return pupils_at - {""}


def fault_of(package: Package, file: str, told: Cells, surplus: int) -> tuple[str, str] | None:
    """Why a row cannot be taken as what it is, and what to do."""
    if not told["sourcedid"]:
        return "The row has no sourcedId", "Export the file again"
    if surplus:
        return f"The row has {surplus} more cells than there are headings", "Is there a comma too many in it?"
    if package.has_manifest and package.modes[file] is Scope.DELTA and told["status"].lower() not in STATUSES:
        todo = "Export the file again, or export all of it (bulk)"
        if not told["status"]:
            return "The row has no status, which a delta file needs", todo
        return f"The status “{told['status']}” is neither active nor tobedeleted", todo
    return None


def put(file: str, package: Package, staging: Staging, place: Place, told: Cells, school: str) -> None:
    key = told["sourcedid"]
    cells = {name: told[name] for name in KEPT[file] if name in told}
    gone = told.get("status", "").lower() == "tobedeleted"
    if gone:
        if package.modes[file] is Scope.FULL:
            return  # in a file of all there are, it is one of those that are not
        cells["gone"] = "yes"
    match file:
        case "users":
            staging.put("user", school, key, place, cells)
            staging.link(key, listed(told.get("agentsourcedids", "")))
            if package.version == "1.1" or "role" in told:
                role = {"role": told.get("role", ""), **({"gone": "yes"} if gone else {})}
                for org in listed(told.get("orgsourcedids", "")) or [""]:
                    staging.put("role", org, key, place, role)
        case "roles":
            staging.put("role", school, told["usersourcedid"], place, cells)
        case "enrollments":
            staging.put("enrolment", school, told.get("usersourcedid", ""), place, cells)
        case "classes":
            staging.put("class", school, key, place, cells)
        case "orgs":
            staging.put("org", "", key, place, cells)
        case "demographics":
            staging.put("demographics", "", key, place, cells)


def school_of(file: str, told: Cells) -> str:
    """The sourcedId of the organisation that a row names, empty if it names none."""
    match file:
        case "users":
            return told.get("primaryorgsourcedid", "") or next(iter(listed(told.get("orgsourcedids", ""))), "")
        case "roles":
            return told.get("orgsourcedid", "")
        case "classes" | "enrollments":
            return told.get("schoolsourcedid", "")
    return ""


def listed(text: str) -> list[str]:
    return [part for one in text.split(",") if (part := one.strip())]


def whom_cells(told: Cells) -> Cells:
    """What of a refused row tells who it is about."""
    person = told.get("usersourcedid", "") or ("" if "title" in told else told.get("sourcedid", ""))
    return {
        "reference": person,
        "given_names": told.get("givenname", ""),
        "family_name": told.get("familyname", ""),
    }
