"""A school and its people for tests of the web: real rows, real sign-in, plainly made-up names."""

from datetime import date

from allauth.mfa.models import Authenticator
from django.test import Client

from drystone.registers.school.models import AgeBand, Group, Person, Role, RoleHolding, School, User

LONG_AGO = date(2020, 9, 1)


def make_school(slug="fellside", name="Fellside School", **fields) -> School:
    school = School.objects.create(slug=slug, name=name, **fields)
    for band in AgeBand:
        Group.objects.create(school=school, slug=band.value, name=band.label, age_band=band)
    return school


def make_person(school: School, *roles: Role, given="Ada", family="Example", since=LONG_AGO, **fields) -> Person:
    person = Person.objects.create(school=school, given_names=given, family_name=family, **fields)
    for role in roles:
        RoleHolding.objects.create(person=person, role=role, starts=since)
    return person


def enrol(user: User, secret: str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP") -> None:
    """Gives a user the second step that many roles need: an authenticator app that holds this secret."""
    given = {"data": {"secret": secret}}
    Authenticator.objects.get_or_create(user=user, type=Authenticator.Type.TOTP, defaults=given)


def sign_in(person: Person, *, two_step: bool = True) -> Client:
    """A client signed in as this person, who has a second step unless not; makes the account where there is none."""
    if person.user is None:
        person.user = User.objects.create_user(f"{person.key}@school.example")
        person.save()
    if two_step:
        enrol(person.user)
    client = Client(HTTP_HOST="localhost")
    client.force_login(person.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def signed_in_as(school: School, *roles: Role, **fields) -> Client:
    return sign_in(make_person(school, *roles, **fields))
