"""The DfE's Common Transfer File (CTF 12 to 21 and on), the XML in which English schools hand pupils over.

It has pupils with contacts and no classes. Parsed as it streams: no entity is resolved, no DTD is accepted, nothing is
fetched, and a pupil is forgotten as soon as it is put down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import cast

from lxml import etree

from drystone.engine.roll.cells import clean
from drystone.engine.roll.simple import SimpleRolls
from drystone.engine.roll.staging import Cells, Staging
from drystone.engine.roll.values import Place, RollFile, SchoolRef, Scope, Scopes, Source, UnreadableRoll

PROLOGUE = 64 * 1024  # bytes in which the first element must begin
MOST_CONTACTS = 20
NOWHERE = frozenset({"9999999", "0000000"})
ENCODING = re.compile(r"""<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
# In these a "<" is a "<": others, such as UTF-7, could hide a DTD from us and not from the parser.
ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "latin1"})
NOT_MARKUP = re.compile(r"<!--.*?-->|<\?.*?\?>", re.DOTALL)
PUPIL = {
    "UPN": "upn",
    "Surname": "family_name",
    "Forename": "given_names",
    "DOB": "date_of_birth",
    "PreferredForename": "preferred_name",
    "NCyearActual": "year_group",
    "PreferredSurname": "preferred_family_name",
}
# Some suppliers put the names and the birth into BasicDetails.
IN_DETAILS = {**PUPIL, "LegalSurname": "family_name", "LegalForename": "given_names"}
CONTACT = {
    "Order": "order",
    "Surname": "family_name",
    "Forename": "given_names",
    "Relationship": "relationship",
    "Responsibility": "parental_responsibility",
    "Email": "email",
}


def check_prologue(path: Path) -> None:
    """UnreadableRoll if anything but comments stands before the root, above all a DTD: entities are made there."""
    with path.open("rb") as stream:
        start = stream.read(PROLOGUE)
    plain = start.replace(b"\0", b"").decode("latin-1")  # of UTF-16, with or without its mark, what is ASCII
    told = ENCODING.search(plain)
    if told and told[1].lower() not in ENCODINGS:
        raise UnreadableRoll(f"{path.name} is XML in {told[1]}, which no CTF is. Export it again in UTF-8.")
    text = NOT_MARKUP.sub("", plain)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UnreadableRoll(f"{path.name} declares entities (a DTD), which no CTF does. Export it again.")
    if not re.search(r"<[A-Za-z]", text):
        raise UnreadableRoll(f"{path.name} has no XML element in its first {PROLOGUE // 1024} KB. Export it again.")


def read_ctf(path: Path, sha256: str) -> RollFile:
    check_prologue(path)
    staging = Staging()
    try:
        header = stage(path, staging)
    except BaseException:
        staging.close()
        raise
    source, destination = school_of(header, "SourceSchool"), school_of(header, "DestSchool")
    elsewhere = bool(destination.dfe_number) and destination.dfe_number != source.dfe_number
    # Handed over to another school, or a part of the data: those who move, not the roll.
    whole = not elsewhere and text_at(header, "DocumentQualifier").lower() != "partial"
    return RollFile(
        source=Source.CTF,
        version=text_at(header, "CTFversion"),
        scopes=Scopes(pupils=Scope.FULL if whole else Scope.DELTA, guardians=Scope.DELTA),
        sha256=sha256,
        as_at=moment(text_at(header, "DateTime")),
        staged=SimpleRolls(staging, {"": destination if elsewhere else source}),
    )


def stage(path: Path, staging: Staging) -> etree._Element | None:
    """Puts every pupil down; returns the header."""
    header: etree._Element | None = None
    number = 0
    try:
        for element in elements(path):
            if local(element) == "Header":
                header = element
                continue
            number += 1
            cells, contacts = pupil_of(element)
            place = Place("", cast(int, element.sourceline))
            staging.put("pupil", "", str(number), place, cells, contacts)
            forget(element)
    except etree.XMLSyntaxError as error:
        raise UnreadableRoll(f"{path.name} is not whole XML ({clean(str(error))}). Export it again.") from None
    if not number:
        raise UnreadableRoll(f"{path.name} is a CTF without a pupil. Choose the pupils and export it again.")
    staging.finish()
    return header


def elements(path: Path) -> Iterator[etree._Element]:
    with path.open("rb") as stream:
        events = etree.iterparse(
            stream,
            events=("start", "end"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            remove_comments=True,
            remove_pis=True,
            huge_tree=False,
        )
        _, root = next(events)
        if local(root) != "CTfile":
            raise UnreadableRoll(f"{path.name} is XML, but its root is <{local(root)}> and not <CTfile>. Export a CTF.")
        if root.getroottree().docinfo.internalDTD is not None:
            raise UnreadableRoll(f"{path.name} declares entities (a DTD), which no CTF does. Export it again.")
        for event, element in events:
            if event == "end" and local(element) in ("Header", "Pupil") and not inside_pupil(element):
                yield element


def inside_pupil(element: etree._Element) -> bool:
    return any(local(above) == "Pupil" for above in element.iterancestors())


def forget(element: etree._Element) -> None:
    """Frees the element and all before it: else lxml keeps the whole file."""
    element.clear()
    while (before := element.getprevious()) is not None and (parent := element.getparent()) is not None:
        parent.remove(before)


def pupil_of(element: etree._Element) -> tuple[Cells, list[Cells]]:
    cells: Cells = {}
    contacts: list[Cells] = []
    for child in element:
        match local(child):
            case "BasicDetails":
                details = named(child, IN_DETAILS)
                cells = {**details, **cells}
            case "Contacts":
                contacts = [contact_of(one) for one in child if local(one) == "Contact"][:MOST_CONTACTS]
            case tag if tag in PUPIL:
                cells[PUPIL[tag]] = text_of(child)
    return cells, contacts


def contact_of(element: etree._Element) -> Cells:
    cells = named(element, CONTACT)
    phones = [text_of(one) for one in element.iter() if local(one) in ("PhoneNo", "PhoneNumber")]
    cells["telephone"] = next(filter(None, phones), "")
    home = [text_of(line) for one in element if local(one) == "Address" for line in one.iter() if len(line) == 0]
    cells["home"] = " ".join(filter(None, home))
    return cells


def named(element: etree._Element, names: dict[str, str]) -> Cells:
    return {names[tag]: text_of(child) for child in element if (tag := local(child)) in names}


def local(element: etree._Element) -> str:
    """The element's name without its namespace; empty for what is no element."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def text_of(element: etree._Element) -> str:
    return clean(element.text or "")


def text_at(element: etree._Element | None, *path: str) -> str:
    for step in path:
        element = next((child for child in element if local(child) == step), None) if element is not None else None
    return text_of(element) if element is not None else ""


def school_of(header: etree._Element | None, which: str) -> SchoolRef:
    """Without a number where the file does not know it: letters (XXX, MMM …) stand for a school unknown."""
    number = text_at(header, which, "LEA") + text_at(header, which, "Estab")
    known = number.isdecimal() and number.isascii() and len(number) == 7 and number not in NOWHERE
    return SchoolRef(dfe_number=number if known else "", name=text_at(header, which, "SchoolName"))


def moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
