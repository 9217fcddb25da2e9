"""P62: a register of devices: whose each address is, from when to when."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from drystone.engine.filtering.identity import person_key
from drystone.registers.school.models import AuditEntry
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from drystone.registers.signon.models import Device
from drystone.registers.signon.services.device_import import import_devices
from drystone.registers.signon.services.devices import Described, add_device, change_device, end_device
from tests.people import sign_in

LIST = "/sign-on/devices/"
NOW = timezone.now().replace(microsecond=0)
DAY = timedelta(days=1)
HEAD = "name,address,person,group,from,until,note\n"


def laptop(place, **fields):
    return Described(**({"name": "Laptop 1", "address": "10.1.3.20", "person": place.teacher} | fields))


def add(place, at=NOW, **fields):
    return add_device(school=place.school, by=place.head, described=laptop(place, **fields), at=at)


def test_a_device_of_a_person_and_one_of_a_group_reach_the_overlay(place, home, overlay):
    mine = add(place)
    trolley = add(place, name="Trolley", address="10.1.1.32/28", person=None, group=place.group("ks2"), until=NOW + DAY)
    by_key = {device.key: device for device in overlay(NOW).devices}
    assert by_key[mine.key].network == "10.1.3.20/32"
    assert by_key[mine.key].person == person_key(home.person_key.read_bytes(), "rghyll")
    assert (by_key[trolley.key].group, by_key[trolley.key].until) == ("ks2", NOW + DAY)
    assert {device.key for device in overlay(NOW + 2 * DAY).devices} == {mine.key}


def test_a_device_that_changes_hands_goes_on_naming_who_had_it_before(place, overlay):
    first = add(place, at=NOW - DAY)
    second = change_device(device=first, by=place.head, described=laptop(place, person=place.head), at=NOW)
    first.refresh_from_db()
    assert (first.person, first.until) == (place.teacher, NOW)
    assert (second.person, second.since, second.until) == (place.head, NOW, None)
    assert {device.key for device in overlay(NOW).devices} == {second.key}


def test_a_change_of_its_name_alone_makes_no_new_line(place):
    first = add(place, at=NOW - DAY)
    same = change_device(device=first, by=place.head, described=laptop(place, name="Rita’s laptop"), at=NOW)
    assert (same.pk, same.name, Device.objects.count()) == (first.pk, "Rita’s laptop", 1)


def test_an_address_is_one_device_s_at_a_time(place):
    first = add(place, at=NOW - DAY)
    with pytest.raises(Refused, match="is the address of “Laptop 1” already"):
        add(place, name="Laptop 2")
    end_device(device=first, by=place.head, at=NOW)
    assert add(place, name="Laptop 2").until is None
    with pytest.raises(Refused, match="has ended already"):
        end_device(device=first, by=place.head, at=NOW + DAY)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"address": "10.1.3"}, "not an address range"),
        ({"address": "10.1.3.9/24"}, "starts inside its range"),
        ({"address": "10.0.0.0/8"}, "too many addresses"),
        ({"address": "::/0"}, "too many addresses"),
        ({"name": "  "}, "Give the device a name"),
        ({"name": "Self-Test"}, "Give the device a name"),
        ({"person": None}, "a person’s or a group’s"),
        ({"until": NOW - DAY}, "end before it begins"),
    ],
)
def test_what_cannot_be_is_refused_in_words(place, fields, said):
    with pytest.raises(Refused, match=said):
        add(place, **fields)
    assert not Device.objects.exists()


def test_an_owner_has_a_sign_on_name_and_is_of_the_school(place, stranger):
    for person, said in ((place.governor, "no network sign-on name"), (stranger, "another school")):
        with pytest.raises(Refused, match=said):
            add(place, person=person)


def test_the_database_itself_keeps_a_device_from_having_two_owners(place):
    fields = {"school": place.school, "name": "x", "network": "10.1.3.9/32"}
    for owners in ({}, {"person": place.teacher, "group": place.group("ks2")}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Device.objects.create(**fields, **owners)


def test_a_file_is_tried_first_then_taken_in_and_the_same_again_changes_nothing(place):
    text = HEAD + "Tablet 1,10.1.1.41,pfell,,2026-09-01,,new\nTablet 2,10.1.1.42,,ks2,,2030-01-01 12:00,\n"

    def take(dry_run, given=text):
        return import_devices(school=place.school, by=place.head, text=given, dry_run=dry_run)

    assert (take(True).added, Device.objects.count()) == (2, 0)
    assert (take(False).added, Device.objects.count()) == (2, 2)
    again = take(False)
    assert (again.added, again.changed, again.same) == (0, 0, 2)
    moved = take(False, text.replace("10.1.1.41", "10.1.1.51"))
    assert (moved.changed, moved.same, Device.objects.count()) == (1, 1, 3)


def test_one_wrong_line_and_nothing_is_taken_in(place):
    text = HEAD + (
        "Tablet 1,10.1.1.41,pfell,,,,\n"
        "Tablet 2,10.1.1.41,,ks2,,,\n"
        "Tablet 3,not one,,ks2,,,\n"
        "Tablet 4,10.1.1.44,nobody,,,,\n"
        "Tablet 5,10.1.1.45,,ks2,yesterday,,\n"
        "Tablet 1,10.1.1.46,,ks2,,,\n"
    )
    found = import_devices(school=place.school, by=place.head, text=text, dry_run=False)
    assert [line for line, _ in found.wrong] == [3, 4, 5, 6, 7]
    assert not Device.objects.exists()
    assert not AuditEntry.objects.filter(verb="add_device").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column address and name"),
        ("name,address,colour\n", "no column “colour”"),
        (HEAD, "no devices in it"),
        (HEAD + "a,10.1.1.1,,ks2,,,,,too many\n", "more cells"),
        (HEAD + '"a,10.1.1.1\n', "is no CSV"),
    ],
)
def test_a_file_that_is_no_list_of_devices_is_refused_whole(place, text, said):
    with pytest.raises(Refused, match=said):
        import_devices(school=place.school, by=place.head, text=text, dry_run=False)


def test_the_list_that_is_downloaded_is_read_again_as_it_was(place):
    add(place, at=NOW - DAY, name="=cmd|' /C calc'!A0", note="-5")
    client = sign_in(place.head)
    text = b"".join(client.get(LIST, {"format": "csv"}).streaming_content).decode("utf-8-sig")
    assert "'=cmd" in text
    found = import_devices(school=place.school, by=place.head, text=text, dry_run=False)
    assert (found.same, found.wrong) == (1, [])


def test_the_pages_add_change_end_and_import(place):
    client = sign_in(place.technician)
    assert "No devices yet" in client.get(LIST).content.decode()
    form = client.get(reverse("signon:new_device")).content.decode()
    assert f'<option value="person-{place.pupil.pk}">Pip Fell (pfell)</option>' in form
    given = {"name": "Tablet 9", "address": "10.1.1.9", "owner": f"group-{place.group('ks2').pk}", "until": ""}
    client.post(reverse("signon:new_device"), given)
    device = Device.objects.get()
    page = reverse("signon:device", kwargs={"pk": device.pk})
    edition = re.search(r'name="edition" value="(\w+)"', client.get(page).content.decode())[1]
    assert "Somebody else changed this" in client.post(page, given | {"edition": "old"}).content.decode()
    assert "not an address range" in client.post(page, given | {"address": "x", "edition": edition}).content.decode()
    client.post(page, given | {"note": "cracked", "edition": edition})
    assert "cracked" in client.get(LIST).content.decode()
    client.post(reverse("signon:end_device", kwargs={"pk": device.pk}))
    assert "No device fits" in client.get(LIST).content.decode()
    assert "Tablet 9" in client.get(LIST, {"state": "ended"}).content.decode()
    text = HEAD + "Tablet 3,10.1.1.3,,ks2,,,\n"
    file = SimpleUploadedFile("tablets.csv", text.encode("utf-8-sig"))
    tried = client.post(reverse("signon:import_devices"), {"file": file})
    assert "would add 1 device" in tried.content.decode()
    done = client.post(reverse("signon:import_devices"), {"text": text, "take_in": "1"})
    assert (done.status_code, Device.objects.filter(name="Tablet 3").count()) == (302, 1)


def test_only_those_who_may_change_devices_do(place, stranger):
    device = add(place, at=NOW - DAY)
    for by in (place.teacher, stranger):
        with pytest.raises(NotAllowed):
            end_device(device=device, by=by)
    assert sign_in(stranger).get(reverse("signon:device", kwargs={"pk": device.pk})).status_code == 404
    assert "Laptop 1" not in sign_in(stranger).get(LIST).content.decode()
    assert sign_in(place.teacher).get(LIST).status_code == 403
