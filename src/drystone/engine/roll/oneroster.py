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
            stage(package, staging)
        if not staging.counts:
            raise UnreadableRoll(f"{path.name} has headings and no rows below them. Export it again.")
        staging.finish()
        notes = () if package.has_manifest else (Remark(where=Place("manifest.csv", 1), what=NO_MANIFEST),)
        rolls = OneRosterRolls(staging, package.modes, notes)
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


def stage(package: Package, staging: Staging) -> None:
    for file in package.modes:
        for place, told, surplus in package.records(file):
            school = school_of(file, told)
            if not (key := told["sourcedid"]):
                staging.refuse(school, place, "The row has no sourcedId", "Export the file again", whom_cells(told))
            elif surplus:
                what = f"The row has {surplus} more cells than there are headings"
                staging.refuse(
                    school, place, what, "Is there a comma too many in it? Export it again", whom_cells(told)
                )
            elif package.has_manifest and package.modes[file] is Scope.DELTA and told["status"].lower() not in STATUSES:
                what = "The row has no status, which a delta file needs" if not told["status"] else (
                    f"The status “{told['status']}” is neither active nor tobedeleted"
                )  # fmt: skip
                staging.refuse(
                    school, place, what, "Export the file again, or export all of it (bulk)", whom_cells(told)
                )
            else:
                put(file, package, staging, place, key, told, school)


def put(file: str, package: Package, staging: Staging, place: Place, key: str, told: Cells, school: str) -> None:
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
