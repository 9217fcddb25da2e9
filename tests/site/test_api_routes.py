"""Every route of the API: a token opens its own school and its own scopes, and nothing else opens any."""

import pytest
from django.test import Client

from drystone.engine.home import Home
from drystone.registers.school.models import Role, Scope
from drystone.registers.school.services.integrations import add_integration
from drystone.site.keys import secret
from tests.people import make_person, make_school, sign_in
from tests.site.samples import SAMPLES
from tests.site.test_outsiders import MARK, mark
from tests.site.walk import api_routes, pages, text_of


@pytest.fixture
def home(settings, tmp_path):
    settings.HOME = Home(tmp_path / "home")
    for key in (settings.HOME.person_key, settings.HOME.check_key, settings.HOME.seal_key):
        secret(key)


@pytest.fixture
def schools(db, home):
    """Ours, and another that is marked; each with a record for each route that names one."""
    found = []
    for slug, name in (("fellside", "Fellside"), ("dale", MARK)):
        school = make_school(slug=slug, name=f"{name} School")
        make_person(school, Role.HEAD, Role.TEACHER, given="Ida", family=name)
        school.records = {page.name: SAMPLES[page.name](school) for page in pages() if page.name in SAMPLES}
        found.append(school)
    mark(found[1])
    return found


def routes():
    return [page for page in api_routes() if not page.is_public]


def scope_of(page):
    return next(scope for scope in Scope if scope.value in page.access)


def token(school, *scopes):
    """Numbers and contacts come with the roll, so a token for them has that too."""
    with_roll = {Scope.ROLL} if {Scope.NUMBERS, Scope.CONTACTS} & set(scopes) else set()
    given = sorted({*scopes, *with_roll})
    name = f"A test {school.integrations.count()}"
    return add_integration(school=school, by=None, name=name, scopes=given)[1]


def ask(client, page, given, bearer=None):
    """By GET, or by POST where it takes none."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    address = page.address(**given)
    answer = client.get(address, headers=headers)
    if answer.status_code == 405:
        answer = client.post(address, "{}", content_type="application/json", headers=headers)
    return answer


def statuses(school, bearer=None, client=None):
    client = client or Client(HTTP_HOST="localhost")
    return {page.name: ask(client, page, school.records.get(page.name, {}), bearer).status_code for page in routes()}


def test_the_walker_sees_the_api():
    assert routes()
    assert [page.name for page in routes() if page.arguments and page.name not in SAMPLES] == []


def test_nothing_but_a_token_opens_a_route(schools):
    ours, _ = schools
    withdrawn = token(ours, *Scope)
    ours.integrations.update(revoked_at="2026-01-01T00:00:00Z")
    head = sign_in(ours.people.get(given_names="Ida"))
    for answers in (statuses(ours), statuses(ours, "drystone-made-up"), statuses(ours, withdrawn),
                    statuses(ours, client=head)):  # fmt: skip
        assert {name: status for name, status in answers.items() if status != 401} == {}


def test_a_token_opens_its_scopes_alone(schools):
    ours, _ = schools
    wrong = []
    for scope in Scope:
        held = token(ours, scope)
        scopes = {scope} | ({Scope.ROLL} if scope in (Scope.NUMBERS, Scope.CONTACTS) else set())
        for page in routes():
            status = ask(Client(HTTP_HOST="localhost"), page, ours.records.get(page.name, {}), held).status_code
            if (status in (401, 403)) == (scope_of(page) in scopes):
                wrong.append(f"{page.name} by {scope}: {status}")
    assert wrong == []


def test_no_route_tells_of_another_school(schools):
    ours, theirs = schools
    client, held = Client(HTTP_HOST="localhost"), token(ours, *Scope)
    told, found = [], []
    for page in routes():
        told += [page.name] if MARK in text_of(ask(client, page, ours.records.get(page.name, {}), held)) else []
        if page.name in SAMPLES:
            status = ask(client, page, theirs.records[page.name], held).status_code
            found += [] if status == 404 else [f"{page.name}: {status}"]
    assert told == []
    assert found == []
