"""P62: the share of traffic with no name on it is shown, by day and place, and who had an address by later news."""

from datetime import timedelta

from django.utils import timezone

from drystone.registers.monitoring.nameless import by_day, percent, today
from drystone.registers.school.models import Zone
from drystone.registers.signon.models import Device
from drystone.registers.signon.services.sessions import Kind, Told, take_in
from drystone.registers.signon.services.sources import add_source


def test_the_share_is_counted_by_day_and_by_place(place, log):
    Zone.objects.filter(slug="office").update(require_person=True)
    log(sign_on="pfell")
    log()
    log()
    log(zone="office", sign_on="rghyll")
    log(zone="", ago=timedelta(days=2))
    log(level="help", host="childline.org.uk", client="", path="")
    log(rule="sign-on", level="access", action="block", zone="office")
    found = by_day(place.school, timezone.localdate(), 7)
    assert (found.whole.named, found.whole.total, found.whole.percent) == (2, 5, 60)
    assert [(each.name, each.nameless, each.requires) for each in found.places] == [
        ("ICT suite", 2, False),
        ("No zone", 1, False),
        ("Office", 0, True),
    ]
    assert sum(day.total for day in found.days) == 5
    assert "Without a name" in found.chart


def test_one_request_without_a_name_is_never_none_and_one_with_a_name_never_all():
    assert (percent(1, 10_000), percent(9_999, 10_000), percent(0, 5), percent(5, 5), percent(0, 0)) == (
        1,
        99,
        0,
        100,
        0,
    )


def test_the_page_shows_it_and_traffic_leads_there(place, log, as_person):
    client = as_person(place.technician)
    assert "No traffic came through" in client.get("/traffic/names/").content.decode()
    assert today(place.school) is None
    log(ago=timedelta(0))
    page = client.get("/traffic/names/", {"days": "28"}).content.decode()
    assert "100 of 100 requests" in page
    assert "ICT suite" in page
    assert "today 100 of 100 requests" in client.get("/traffic/").content.decode()


def test_who_had_the_address_by_later_news_is_shown_beside_the_event_to_those_who_may_see_names(place, log, as_person):
    log(client="10.1.1.7")
    source, _ = add_source(school=place.school, by=None, name="Wi-Fi")
    then = timezone.now() - timedelta(hours=1)
    take_in(source=source, told=[Told(Kind.START, "a", "10.1.1.7", "pfell", then)], now=timezone.now())
    seen = as_person(place.head).get("/traffic/").content.decode()
    assert "Pip Fell" in seen
    assert "by the record of sign-ons, not by the event" in seen
    assert "Pip Fell" not in as_person(place.technician).get("/traffic/").content.decode()


def test_a_device_shows_by_its_name_to_those_who_may_see_names(place, log, as_person):
    device = Device.objects.create(
        school=place.school, name="Pip’s tablet", network="10.1.1.9/32", person=place.pupil, since=timezone.now()
    )
    log(client="10.1.1.9", device=device.key, sign_on="pfell")
    assert "Pip’s tablet" in as_person(place.head).get("/traffic/").content.decode()
    assert "Pip’s tablet" not in as_person(place.technician).get("/traffic/").content.decode()
    assert device.key in as_person(place.technician).get("/traffic/").content.decode()
