"""Files of the roll to read, written as the tests need them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from drystone.engine.roll.mapping import Mapping
from drystone.engine.roll.reader import read
from drystone.engine.roll.values import RollFile, SchoolRoll

UPN = "B801200005001"
OTHER_UPN = "P207000016049"
HEADINGS = ["Surname", "Forename", "DOB", "Class", "UPN"]

ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\ns1,,,Fellside,school,999/2001,\n"
USERS = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"  # noqa: E501
USERS_12 = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,primaryOrgSourcedId\n"  # noqa: E501
ROLES = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n"  # noqa: E501
CLASSES = "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n"  # noqa: E501
ENROLLMENTS = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n"
)


def whole(path: Path, mapping: Mapping | None = None) -> tuple[RollFile, list[SchoolRoll]]:
    with read(path, mapping=mapping) as file:
        return file, list(file.rolls())


def one(path: Path, mapping: Mapping | None = None) -> SchoolRoll:
    """The roll of a file of one school."""
    (roll,) = whole(path, mapping)[1]
    return roll


def table(path: Path, *rows: list[str], headings: list[str] | None = None, encoding: str = "utf-8") -> Path:
    out = io.StringIO()
    csv.writer(out).writerows([headings or HEADINGS, *rows])
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def ctf(path: Path, *pupils: str, header: str = "", before: str = "") -> Path:
    school = "<SourceSchool><LEA>999</LEA><Estab>2001</Estab><SchoolName>Fellside</SchoolName></SourceSchool>"
    head = f"<Header><CTFversion>21.0</CTFversion>{school}{header}</Header>"
    inner = "".join(f"<Pupil>{pupil}</Pupil>\n" for pupil in pupils)
    path.write_text(f'<?xml version="1.0"?>\n{before}<CTfile>{head}<CTFpupilData>\n{inner}</CTFpupilData></CTfile>')
    return path


def oneroster(folder: Path, *, mode: str = "bulk", version: str = "1.1", **files: str) -> Path:
    """Each file's whole text by its name, and a manifest that fits."""
    folder.mkdir(exist_ok=True)
    modes = "".join(f"file.{name},{mode}\n" for name in files)
    manifest = f"propertyName,value\nmanifest.version,1.0\noneroster.version,{version}\n{modes}"
    for name, text in {"manifest": manifest, **files}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def texts(faults: object) -> str:
    """Refusals or remarks, one a line."""
    return "\n".join(str(fault) for fault in faults)  # type: ignore[attr-defined]
