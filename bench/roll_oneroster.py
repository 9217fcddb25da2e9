"""The rolls of `roll_data` as OneRoster CSV: bulk in 1.1 and 1.2, and a delta of what changed between two of them."""

from __future__ import annotations

from pathlib import Path

from bench.roll_data import SCHOOL_YEAR, Guardian, Pupil, Roll, Row, Teacher, dfe_number, school_name, written


def oneroster(folder: Path, roll: Roll, version: str = "1.1") -> Path:
    """A bulk export."""
    council = {"sourcedId": "la", "name": "Fictional Council", "type": "district"}
    schools = [
        {"sourcedId": f"s{one}", "name": school_name(one), "type": "school", "identifier": dfe_number(one)}
        for one in range(roll.schools)
    ]
    people = [
        *map(pupil_user, roll.all_pupils),
        *map(teacher_user, roll.teachers),
        *map(guardian_user, roll.guardians()),
    ]
    files = {
        "orgs": [council, *schools],
        "users": people,
        "classes": [classroom(*room) for room in roll.rooms()],
        "enrollments": [*map(enrolment, roll.all_pupils), *map(teaching, roll.teachers)],
        "demographics": [{"sourcedId": one.id, "birthDate": one.born.isoformat()} for one in roll.all_pupils],
    }
    return export(folder, version, "bulk", files)


def oneroster_delta(folder: Path, before: Roll, after: Roll, version: str = "1.2") -> Path:
    """What changed between two rolls: who left, who has another name or class. In 1.2 no role changed, so there is
    no roles.csv."""
    was, now = ({one.id: one for one in roll.all_pupils} for roll in (before, after))
    gone = [{**pupil_user(one), "status": "tobedeleted"} for key, one in was.items() if key not in now]
    changed = [one for key, one in now.items() if was.get(key) != one]
    files = {
        "users": [*gone, *map(pupil_user, changed)],
        "enrollments": [row for one in changed for row in moved(was.get(one.id), one)],
    }
    for row in (row for rows in files.values() for row in rows):
        row.setdefault("status", "active")
        row["dateLastModified"] = f"{SCHOOL_YEAR}-10-12T08:00:00.000Z"
    return export(folder, version, "delta", files)


def moved(before: Pupil | None, after: Pupil) -> list[Row]:
    if before and before.room == after.room:
        return []
    return [*([{**enrolment(before), "status": "tobedeleted"}] if before else []), enrolment(after)]


def pupil_user(one: Pupil) -> Row:
    return {
        **user(one.id, one.given, one.family, "student", f"s{one.school}"),
        "userIds": f"{{UPN:{one.upn}}}",
        "agentSourcedIds": ",".join(guardian.id for guardian in one.guardians),
        "grades": f"{one.year:02d}" if one.year else "KG",
        "preferredGivenName": one.preferred,
    }


def teacher_user(one: Teacher) -> Row:
    return {**user(one.id, one.given, one.family, "teacher", f"s{one.school}"), "email": f"{one.id}@school.example"}


def guardian_user(one: Guardian) -> Row:
    return {**user(one.id, one.given, one.family, "parent", "la"), "email": one.email, "phone": one.telephone}


def user(key: str, given: str, family: str, role: str, org: str) -> Row:
    """With what 1.1 has in the row and 1.2 in roles.csv."""
    return {
        "sourcedId": key,
        "enabledUser": "true",
        "username": key,
        "givenName": given,
        "familyName": family,
        "role": role,
        "orgSourcedIds": org,
        "primaryOrgSourcedId": org,
    }


def classroom(school: int, room: str, year: int) -> Row:
    return {
        "sourcedId": room_id(school, room),
        "title": room,
        "grades": f"{year:02d}" if year else "KG",
        "classType": "homeroom",
        "schoolSourcedId": f"s{school}",
    }


def enrolment(one: Pupil) -> Row:
    return place_in(one.school, one.room, one.id, "student")


def teaching(one: Teacher) -> Row:
    return place_in(one.school, one.room, one.id, "teacher")


def place_in(school: int, room: str, person: str, role: str) -> Row:
    return {
        "sourcedId": f"e{person}-{room_id(school, room)}",
        "classSourcedId": room_id(school, room),
        "schoolSourcedId": f"s{school}",
        "userSourcedId": person,
        "role": role,
        "primary": "true" if role == "teacher" else "false",
    }


def room_id(school: int, room: str) -> str:
    return f"c{school}-{room.replace(' ', '-').lower()}"


BASE = "sourcedId status dateLastModified"
HEADINGS = {
    "academicSessions": f"{BASE} title type startDate endDate parentSourcedId schoolYear",
    "orgs": f"{BASE} name type identifier parentSourcedId",
    "users": f"{BASE} enabledUser username userIds givenName familyName middleName identifier email sms phone "
    "agentSourcedIds grades password userMasterIdentifier resourceSourcedIds preferredGivenName preferredMiddleName "
    "preferredFamilyName primaryOrgSourcedId pronouns",
    "roles": f"{BASE} userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
    "classes": f"{BASE} title grades courseSourcedId classCode classType location schoolSourcedId termSourcedIds "
    "subjects subjectCodes periods",
    "enrollments": f"{BASE} classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
    "demographics": f"{BASE} birthDate sex",
}
USERS_11 = (
    f"{BASE} enabledUser orgSourcedIds role username userIds givenName familyName middleName identifier email sms "
    "phone agentSourcedIds grades password"
)


def export(folder: Path, version: str, mode: str, files: dict[str, list[Row]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    headings = HEADINGS | ({"users": USERS_11} if version == "1.1" else {})
    if mode == "bulk":
        year = {"sourcedId": "y", "title": "Year", "type": "schoolYear", "startDate": "2026-09-01"}
        files = {"academicSessions": [{**year, "endDate": "2027-07-31", "schoolYear": "2027"}], **files}
        if version == "1.2":
            files["roles"] = [role_of(row) for row in files["users"]]
    modes = [(f"file.{name}", mode if name in files else "absent") for name in HEADINGS]
    told = [("manifest.version", "1.0"), ("oneroster.version", version), *modes, ("source.systemName", "Fictional MIS")]
    manifest = [{"propertyName": name, "value": value} for name, value in told]
    (folder / "manifest.csv").write_text(written(["propertyName", "value"], manifest), encoding="utf-8")
    for name, rows in files.items():
        (folder / f"{name}.csv").write_text(written(headings[name].split(), rows), encoding="utf-8")
    return folder


def role_of(row: Row) -> Row:
    return {
        "sourcedId": f"r{row['sourcedId']}",
        "userSourcedId": row["sourcedId"],
        "roleType": "primary",
        "role": row["role"],
        "orgSourcedId": row["orgSourcedIds"],
    }
