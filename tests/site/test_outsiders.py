"""Nothing of one school is ever visible in another, and nothing of it can be changed from there: on every page, in
every list and download, by every form. Whoever knocks holds every role of their own school."""

import pytest
from django.db import DatabaseError, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat

from drystone.engine.home import Home
from drystone.registers.school.models import Person, Role
from drystone.site.keys import secret
from tests.people import make_person, make_school, sign_in
from tests.site.forms_of import forms_of
from tests.site.samples import QUERY, SAMPLES, SHARED
from tests.site.walk import guarded, links_between_schools, models_of_schools, numbers_of, pages, rows_of, text_of

MARK = "Zyxwv"
GRAPHIC = (models.CharField, models.TextField)


@pytest.fixture
def home(settings, tmp_path):
    settings.HOME = Home(tmp_path / "home")
    for key in (settings.HOME.person_key, settings.HOME.check_key, settings.HOME.seal_key):
        secret(key)
    return settings.HOME


def furnished(slug, name):
    """A school, and a record for each address that names one: address → its arguments there."""
    school = make_school(slug=slug, name=f"{name} School")
    person = make_person(school, *Role, given="Ida", family=name)
    return person, {page.name: SAMPLES[page.name](school) for page in pages() if page.name in SAMPLES}


def mark(school):
    """Every text of the school's rows that may be long begins with a word that stands nowhere else."""
    for model, path in models_of_schools().items():
        for field in model._meta.concrete_fields:
            if isinstance(field, GRAPHIC) and not field.choices and (field.max_length or 100) >= 40:
                try:
                    with transaction.atomic():
                        rows = model._base_manager.filter(**{path: school})
                        rows.update(**{field.name: Concat(Value(MARK), F(field.name), output_field=type(field)())})
                except DatabaseError:
                    continue  # append-only, or one of a few words


@pytest.fixture
def house(db, home):
    """Two schools; `there` is everything of the other one, marked."""
    ours, our_records = furnished("fellside", "Fellside")
    theirs, their_records = furnished("dale", MARK)
    their_records["school:audit_entry"] = SAMPLES["school:audit_entry"](theirs.school)  # beyond the end of our trail
    mark(theirs.school)
    return ours, our_records, theirs, their_records


def addresses(records):
    """Every page that somebody of this school can ask for, and the address of what there is."""
    for page in guarded():
        if not page.arguments:
            yield page, page.address()
        elif page.name in records:
            yield page, page.address(**records[page.name]) + QUERY.get(page.name, "")
        elif page.name in SHARED:
            yield page, page.address(**SHARED[page.name])


def test_another_schools_record_does_not_exist(house):
    ours, our_records, _, their_records = house
    client = sign_in(ours)
    no_good, opened = [], []
    for page in guarded():
        if page.name not in SAMPLES:
            continue
        query = QUERY.get(page.name, "")
        if client.get(page.address(**our_records[page.name]) + query).status_code not in (200, 302, 405, 409):
            no_good.append(page.name)
        address = page.address(**their_records[page.name]) + query
        answers = {client.get(address).status_code, client.post(address).status_code}
        if 404 not in answers or not answers <= {404, 405}:
            opened.append(f"{page.name}: {answers}")
    assert no_good == [], "these samples open to nobody"
    assert opened == []


def test_no_page_and_no_download_shows_a_word_of_another_school(house):
    ours, our_records, theirs, their_records = house
    assert MARK in text_of(sign_in(theirs).get("/school/people/")), "else the search below finds nothing anyway"
    client, shown = sign_in(ours), []
    for page, address in addresses(our_records):
        body = text_of(client.get(address))
        asked = [(form, form.with_numbers(theirs.pk)) for form in forms_of(body, address) if form.method == "get"]
        bodies = [body, *(text_of(client.get(address, query)) for form, query in asked if form.numbers)]
        shown += [page.name for each in bodies if MARK in each]
    assert shown == []


def test_a_form_that_names_records_of_another_school_changes_nothing_there_and_ties_nothing_to_it(house):
    ours, our_records, theirs, their_records = house
    before = rows_of(theirs.school)
    client, shown, asked = sign_in(ours), [], 0
    numbers = numbers_of(theirs.school)
    for page, address in addresses(our_records):
        for form in forms_of(text_of(client.get(address)), address):
            if form.method != "post" or not form.numbers:
                continue
            for number in numbers:
                asked += 1
                answer = client.post(form.action, form.with_numbers(number))
                shown += [page.name] if MARK in text_of(answer) else []
    assert asked > 15 * len(numbers)
    assert shown == []
    assert links_between_schools() == []
    after = rows_of(theirs.school)
    assert [label for label in before if before[label] != after[label]] == []


def test_the_walkers_find_a_row_that_names_one_of_another_school(house):
    ours, _, theirs, _ = house
    Person.objects.filter(pk=ours.pk).update(school_class=theirs.school.classes.first())
    assert links_between_schools() == [f"school.Person {ours.pk}: school_class"]
