"""One school at a time out of a OneRoster export that has been put down in `staging`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from drystone.engine.roll import cells as cell
from drystone.engine.roll.doubles import drop_shared_sign_ons, settle_pupils
from drystone.engine.roll.oneroster_classes import NEW_EXPORT, SchoolClasses
from drystone.engine.roll.people import Faults, Names, guardian_row, pupil_row, staff_row, whom
from drystone.engine.roll.staging import Cells, Staged, Staging
from drystone.engine.roll.upn import SHAPE
from drystone.engine.roll.values import (
    Care,
    GuardianRow,
    PupilRow,
    Remark,
    SchoolRef,
    SchoolRoll,
    Scope,
    StaffRow,
    UnreadableRoll,
)

STUDENT = frozenset({"student"})
GUARDIAN = frozenset({"parent", "guardian", "relative"})
# A file gives no power: a principal or a system administrator comes in as support staff, and people say the rest.
STAFF = {
    "teacher": "teacher",
    "aide": "support_staff",
    "counselor": "support_staff",
    "proctor": "support_staff",
    "principal": "support_staff",
    "systemadministrator": "support_staff",
    "districtadministrator": "support_staff",
    "siteadministrator": "office",
    "administrator": "office",
}
KNOWN_ROLES = STUDENT | GUARDIAN | frozenset(STAFF)
USER_ID = re.compile(r"\{?\s*([^:{}]+?)\s*:\s*([^{},]+?)\s*\}?(?:,|$)")


class OneRosterRolls:
    """Which schools there are is settled once; each school's rows are picked up when it is asked for."""

    def __init__(
        self, staging: Staging, modes: dict[str, Scope], pupils_at: set[str], notes: tuple[Remark, ...] = ()
    ) -> None:
        self.staging, self.modes, self.notes = staging, modes, notes
        self.orgs = {row.key: row.cells for row in staging.of_school("org", "")}
        named = set(staging.schools("role", "class", "enrolment", "user", "refused")) - {""}
        self.known = self._known(pupils_at or named)
        # Organisations that rows name and that are not in orgs.csv: their rows are refused, for all to see.
        told = self.modes["orgs"] is Scope.FULL
        self.strangers = sorted(named - set(self.known) - set(self.orgs)) if told else []
        # The council and its like: parents often stand there.
        self.above = sorted(named - set(self.known) - set(self.strangers))
        self.refs = tuple(self._refs())
        for kind in ("role", "enrolment"):
            for org in (*self.known, *self.strangers, ""):
                staging.check_size(kind, org, f"{kind}s")

    def schools(self) -> tuple[SchoolRef, ...]:
        return self.refs

    def close(self) -> None:
        self.staging.close()

    def _known(self, likely: set[str]) -> list[str]:
        """Organisations that are schools; where the file does not say what they are, the likely ones."""
        typed = [key for key, told in self.orgs.items() if told.get("type", "").lower() == "school"]
        typed = [key for key in typed if "gone" not in self.orgs[key]]
        if self.modes["orgs"] is Scope.FULL:
            found = typed or (list(self.orgs) if len(self.orgs) == 1 else [])
            if not found:
                raise UnreadableRoll(
                    "orgs.csv has no organisation of the type school. Export it again with the schools."
                )
            return found
        return sorted({*typed, *likely} - {key for key in self.orgs if key not in typed})

    def _refs(self) -> list[SchoolRef]:
        refs = sorted(map(self._ref, self.known), key=lambda ref: (ref.dfe_number, ref.name, ref.reference))
        unnamed = "" in self.staging.schools("role", "class", "enrolment", "refused")
        unplaced = next(self.staging.without("user", "", "role"), None) is not None
        if not refs or (len(refs) > 1 and (self.strangers or unnamed or unplaced)):
            refs.append(SchoolRef())
        return refs

    def _ref(self, org: str) -> SchoolRef:
        told = self.orgs.get(org, {})
        number = cell.dfe_number(told.get("identifier", ""))
        return SchoolRef(reference=org, dfe_number=number, name=told.get("name", ""))

    def roll(self, school: SchoolRef) -> SchoolRoll:
        """Rows that name no school are those of the one school that there is, else a roll of their own."""
        takes_rest = len(self.known) == 1 or not school.reference
        orgs = [*([school.reference] if school.reference else []), *([""] if takes_rest else [])]
        strangers = self.strangers if takes_rest else []
        faults = Faults()
        if first := school == self.refs[0]:
            faults.remarks += self.notes
        for org in [*orgs, *strangers, *(self.above if first else [])]:
            for row in self.staging.of_school("refused", org):
                faults.refuse(row.where, row.cells["what"], row.cells["todo"], whom(row.cells))
        for org in strangers:
            self._refuse_strangers(org, faults)
        return SchoolPeople(self.staging, self.modes, orgs, self.above, faults).roll(school)

    def _refuse_strangers(self, org: str, faults: Faults) -> None:
        for kind in ("role", "class", "enrolment"):
            for row in self.staging.of_school(kind, org):
                what = f"The organisation {cell.shown(org)} is not in orgs.csv"
                faults.refuse(row.where, what, NEW_EXPORT, whom({"reference": "" if kind == "class" else row.key}))


class SchoolPeople:
    """The rows of one school, made into people, classes and memberships."""

    def __init__(
        self, staging: Staging, modes: dict[str, Scope], orgs: list[str], above: list[str], faults: Faults
    ) -> None:
        self.staging, self.modes, self.orgs, self.faults = staging, modes, orgs, faults
        self.delta = self.modes["users"] is not Scope.FULL
        self.above = above if self.delta else []  # a whole file says whose guardians they are
        self.roles: dict[str, dict[str, Staged]] = {}  # user → role → the row that says so
        for org in orgs:
            for row in self.staging.of_school("role", org):
                self._role(row)
        for org in self.above:
            for row in self.staging.of_school("role", org):
                if row.cells.get("role", "").lower() in GUARDIAN:
                    self._role(row)
        self.users = self.staging.by_key("user", self.roles)

    def _role(self, row: Staged) -> None:
        role = row.cells.get("role", "").lower()
        if role not in KNOWN_ROLES:
            what = f"The role {cell.shown(row.cells.get('role', ''))} is not known"
            self.faults.refuse(row.where, what, "Correct it in the source’s database", whom({"reference": row.key}))
            return
        self.roles.setdefault(row.key, {})[role] = row

    def roll(self, school: SchoolRef) -> SchoolRoll:
        births = self.staging.by_key("demographics", self._with(STUDENT))
        pupils = [
            made
            for user in self._with(STUDENT)
            for row in self._rows(user, STUDENT)
            if (made := self._pupil(row, births.get(user, [])))
        ]
        pupils = settle_pupils(pupils, self.faults)
        staff = self._staff()
        links = self.staging.links_of(row.key for row in pupils)
        linked = self._roles_of(user for some in links.values() for user in some)
        guardians = self._guardians(linked)
        pupils = [replace(row, care=self._care(row, links.get(row.key, []), linked, guardians)) for row in pupils]
        rooms = SchoolClasses(self.staging, self.modes, self.orgs, self.faults)
        memberships = rooms.memberships(pupils={row.key for row in pupils}, staff={row.key for row in staff},
                                        users=self.users)  # fmt: skip
        return SchoolRoll(
            school=school,
            pupils=tuple(pupils),
            guardians=tuple(guardians.values()),
            staff=tuple(staff),
            classes=tuple(rooms.rows.values()),
            memberships=memberships,
            unplaced=self._unplaced(self.orgs),
            perhaps=self._unplaced(self.above),
            refusals=tuple(sorted(self.faults.refusals, key=lambda refusal: refusal.where)),
            remarks=tuple(sorted(self.faults.remarks, key=lambda remark: remark.where)),
        )

    def _with(self, roles: Iterable[str]) -> list[str]:
        some = frozenset(roles)
        return [user for user, held in self.roles.items() if some & held.keys()]

    def _rows(self, user: str, roles: Iterable[str]) -> list[Staged]:
        """A user's rows; in a delta the last, or none of names where only the role went."""
        held = next(row for role, row in self.roles[user].items() if role in roles)
        rows = self.users.get(user, [])
        if not rows and "gone" in held.cells:
            return [Staged(user, held.where, {"gone": "yes"})]
        if not rows:
            what = f"The user {cell.shown(user)} is not in users.csv"
            self.faults.refuse(held.where, what, NEW_EXPORT, whom({"reference": user}))
        if "gone" in held.cells:
            rows = [row.saying({**row.cells, "gone": "yes"}) for row in rows]
        return rows[-1:] if self.delta else rows

    def _pupil(self, row: Staged, births: list[Staged]) -> PupilRow | None:
        born = {"date_of_birth": births[-1].cells.get("birthdate", "")} if births else {}
        told = {**person_cells(row), **born}
        if "gone" in row.cells:
            return PupilRow(where=row.where, key=row.key, reference=row.key, **bare_names(told), gone=True)
        if (years := row.cells.get("grades")) is not None:
            told["year_group"] = one_year(years)
        return pupil_row(row.saying(told), self.faults)

    def _staff(self) -> list[StaffRow]:
        made: dict[str, StaffRow] = {}
        for user in self._with(STAFF):
            role = next(role for role in STAFF if role in self.roles[user])  # in the order of the table
            for row in self._rows(user, STAFF):
                told = person_cells(row)
                if "gone" in row.cells:
                    person: StaffRow | None = StaffRow(
                        where=row.where, key=user, reference=user, **bare_names(told), role=STAFF[role], gone=True
                    )
                else:
                    person = staff_row(row.saying({**told, "role": role}), self.faults)
                if person:
                    made[user] = replace(person, role=STAFF[role], role_told=role)
        return drop_shared_sign_ons(list(made.values()), self.faults)

    def _roles_of(self, users: Iterable[str]) -> dict[str, set[str]]:
        """What these users are at any school or at the council, where parents often stand."""
        every = list(users)
        found = {user: set[str]() for user in every}
        for user, rows in self.staging.by_key("role", every).items():
            found[user] = {row.cells.get("role", "").lower() for row in rows}
        return found

    def _guardians(self, linked: dict[str, set[str]]) -> dict[str, GuardianRow]:
        """Those of this school's roles, and whoever its pupils are linked with that is a guardian anywhere."""
        wanted = dict.fromkeys(self._with(GUARDIAN))
        wanted |= dict.fromkeys(user for user, roles in linked.items() if roles & GUARDIAN)
        users = self.staging.by_key("user", wanted)
        made: dict[str, GuardianRow] = {}
        for user in wanted:
            for row in users.get(user, [])[-1:]:
                told = {key: text for key, text in person_cells(row).items() if key != "sign_on"}
                held = self.roles.get(user, {})
                if "gone" in row.cells or any("gone" in one.cells for role, one in held.items() if role in GUARDIAN):
                    made[user] = GuardianRow(where=row.where, key=user, reference=user, **bare_names(told), gone=True)
                elif person := guardian_row(row.saying(told), self.faults):
                    made[user] = person
        return made

    def _care(
        self, pupil: PupilRow, users: list[str], linked: dict[str, set[str]], known: dict[str, GuardianRow]
    ) -> tuple[Care, ...] | None:
        if pupil.gone or not self.staging.linked or (self.delta and not users):
            return None
        found: list[Care] = []
        for user in users:
            roles = linked[user]
            if roles and not roles & GUARDIAN:
                continue
            if user in known and known[user].gone:
                continue
            if user not in known and not self.delta:
                what = f"The guardian {cell.shown(user)} of {pupil.given_names} {pupil.family_name} cannot be used"
                self.faults.remark(pupil.where, what)
                continue
            word = next(iter(sorted(roles & GUARDIAN)), "").capitalize()
            found.append(Care(guardian=user, order=len(found) + 1, relationship=word or None))
        return tuple(found)

    def _unplaced(self, orgs: list[str]) -> tuple[PupilRow, ...]:
        """Users of whom no row says a role. In a delta of 1.2 that is how a changed name or a leaver comes."""
        rows = [row for org in orgs for row in self.staging.without("user", org, "role")]
        births = self.staging.by_key("demographics", (row.key for row in rows))
        made: dict[str, PupilRow] = {}
        for row in rows:
            if not self.delta and self.modes["roles"] is Scope.FULL:
                what = f"The user {cell.shown(row.key)} has no role in roles.csv"
                self.faults.refuse(row.where, what, NEW_EXPORT, whom(person_cells(row)))
            elif person := self._pupil(row, births.get(row.key, [])):
                made[row.key] = person
        return tuple(made.values())


def person_cells(row: Staged) -> Cells:
    """A user's cells by the names that every format shares."""
    told = row.cells
    found = {
        "reference": row.key,
        "given_names": told.get("givenname", ""),
        "family_name": told.get("familyname", ""),
    }
    for ours, theirs in (("email", "email"), ("sign_on", "username")):
        if theirs in told:
            found[ours] = told[theirs]
    if "phone" in told or "sms" in told:
        found["telephone"] = told.get("phone", "") or told.get("sms", "")
    if "preferredgivenname" in told or "preferredfirstname" in told:
        found["preferred_name"] = told.get("preferredgivenname", "") or told.get("preferredfirstname", "")
    if upn := upn_in(told):
        found["upn"] = upn
    return found


def upn_in(told: Cells) -> str:
    """Wherever the source keeps it: among userIds under its name, in a column of its own, or as the identifier."""
    for kind, value in USER_ID.findall(told.get("userids", "")):
        if "upn" in kind.lower():
            return str(value)
    if upn := told.get("metadata.upn", ""):
        return upn
    identifier = told.get("identifier", "")
    return identifier if SHAPE.fullmatch(identifier.upper()) else ""


def one_year(grades: str) -> str:
    some = {part.strip() for part in grades.split(",") if part.strip()}
    return some.pop() if len(some) == 1 else ""


def bare_names(told: Cells) -> Names:
    return {"given_names": told.get("given_names", ""), "family_name": told.get("family_name", "")}
