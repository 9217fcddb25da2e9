"""The audit trail holds, and shows where it does not."""

import pytest
from django.db import DatabaseError, connection, transaction

from drystone.registers.school.models import AuditEntry, ChainHead, School
from drystone.registers.school.services.audit import record, verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return School.objects.create(name="Fellside School", slug="fellside")


def write(school, count):
    return [
        record(school=school, by=None, verb="try", subject=school, summary=f"entry {n}", after={"n": n})
        for n in range(count)
    ]


def unguarded(statement):
    """As someone with the database file in hand: the triggers gone."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE school_auditentry DISABLE TRIGGER audit_append_only")
        else:
            cursor.execute("DROP TRIGGER audit_no_update")
            cursor.execute("DROP TRIGGER audit_no_delete")
        cursor.execute(statement)


def test_an_untouched_chain_verifies(school):
    write(school, 5)
    assert list(verify()) == []


@pytest.mark.parametrize("verb", ["UPDATE school_auditentry SET summary='x'", "DELETE FROM school_auditentry"])
def test_the_database_refuses_to_change_or_delete_an_entry(school, verb):
    write(school, 1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb)
    assert AuditEntry.objects.get().summary == "entry 0"


def test_an_entry_is_never_deleted_through_the_model(school):
    with pytest.raises(TypeError):
        write(school, 1)[0].delete()


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE school_auditentry SET summary='nothing happened' WHERE seq=3", 3),
        ("UPDATE school_auditentry SET after='{}' WHERE seq=2", 2),
        ("DELETE FROM school_auditentry WHERE seq=2", 2),
        ("DELETE FROM school_auditentry WHERE seq=5", 5),
        ("DELETE FROM school_auditentry", 1),
        ("DELETE FROM school_chainhead", 6),
    ],
)
def test_what_was_tampered_with_is_found_at_its_place(school, statement, seq):
    write(school, 5)
    unguarded(statement)
    faults = list(verify())
    assert seq in [fault.seq for fault in faults]
    assert {fault.chain for fault in faults} == {"fellside"}


def test_an_entry_lands_with_its_change_or_not_at_all(school):
    def fails_halfway():
        with transaction.atomic():
            write(school, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_halfway()
    assert not AuditEntry.objects.exists()
    assert not ChainHead.objects.exists()
