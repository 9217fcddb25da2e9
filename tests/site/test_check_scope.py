"""The linter that holds every door to one school (tools/check_scope.py)."""

import importlib.util

import pytest
from django.conf import settings

PLACE = settings.REPOSITORY / "tools" / "check_scope.py"
spec = importlib.util.spec_from_file_location("check_scope", PLACE)
check_scope = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_scope)


def faults(body):
    source = "def view(request, school, pk):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    return [fault.split(": ")[0] for fault in check_scope.faults_of(source, "view.py")]


def test_every_door_of_the_house_names_a_school(capsys):
    assert check_scope.main() == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    "body",
    [
        "return Person.objects.all()",
        "return Person.objects.get(pk=pk)",
        "return Person.objects.filter(pk__in=[pk])",
        "return get_object_or_404(Person, pk=pk)",
        "return get_object_or_404(Person.objects.all(), pk=pk)",
        "return Person._base_manager.get(pk=pk)",
        "found = Person.objects.order_by('pk')\nreturn found.get(pk=pk)",
        "found = Person.objects.order_by('pk')\nshown = found.filter(school=school)\nreturn found",
        "manager = Person.objects\nreturn manager.get(pk=pk)",
        "return show(Person.objects)",
        "return [p for p in Person.objects.exclude(school=school)]",
    ],
)
def test_what_names_no_school_is_refused(body):
    assert faults(body), body


@pytest.mark.parametrize(
    "body",
    [
        "return Person.objects.filter(school=school).get(pk=pk)",
        "return get_object_or_404(Person, pk=pk, school=school)",
        "return get_object_or_404(Person.objects.select_related('user'), pk=pk, school=school)",
        "return RoleHolding.objects.filter(person__school=school)",
        "held = RoleHolding.objects.filter(role='head')\nreturn Person.objects.filter(school=school, pk__in=held)",
        "found = Person.objects.order_by('pk')\nreturn found.filter(school=school)",
        "return Person.objects.none()",
        "# unscoped: the number of schools is no secret\nreturn School.objects.count()",
    ],
)
def test_what_names_one_or_says_why_not_stands(body):
    assert faults(body) == []
