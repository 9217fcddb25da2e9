"""Who is it, in the demo school: Internet passwords, devices with an address of their own, and a Wi-Fi that tells."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from drystone.registers.school.models import Person, School
from drystone.registers.signon.services.devices import Described, add_device
from drystone.registers.signon.services.passwords import give_passwords, set_password
from drystone.registers.signon.services.sessions import Kind, Told, take_in
from drystone.registers.signon.services.sources import add_source

PASSWORD = "demo-river-42"  # noqa: S105 - of the demo's co-ordinator at the proxy; it stands in the guide


def add_sign_on(school: School, people: dict[str, Person], *, since: date, now: datetime) -> None:
    """Before the filter is first published, so that the term's events know the devices."""
    technician = people["technician"]
    pupils = list(school.people.filter(school_class__name="Damsons").order_by("sign_on")[:6])
    give_passwords(school=school, people=pupils, by=people["office"])
    set_password(school=school, person=people["coordinator"], password=PASSWORD, by=people["office"])
    begun = datetime.combine(since, time(8, 30), ZoneInfo(school.time_zone))
    groups = {group.slug: group for group in school.groups.all()}
    for described in (
        Described("Office desktop", "10.20.5.12", person=people["office"], since=begun),
        Described("Head’s laptop", "10.20.4.20", person=people["head"], since=begun),
        Described("Tablet trolley 1", "10.20.3.16/28", group=groups["ks2"], since=begun, note="Fifteen tablets"),
    ):
        add_device(school=school, by=technician, described=described)
    source, _ = add_source(school=school, by=technician, name="Wi-Fi controller", most_hours=10)
    told = [
        Told(Kind.START, f"demo-{number}", f"10.20.4.{30 + number}", sign_on, now - timedelta(minutes=50 - 7 * number))
        for number, sign_on in enumerate(("teacher1", "teacher2", "support", "visitor.hughes"))
    ]
    take_in(source=source, told=[*told, Told(Kind.STOP, "demo-1", "", "", now - timedelta(minutes=5))], now=now)
