"""The guide's table of who may what is the program's."""

from django.conf import settings

from drystone.registers.school.access import Reach
from drystone.registers.school.models import Role
from drystone.registers.school.who_may_what import table, within

PAGE = settings.REPOSITORY / "docs" / "guide" / "who-may-what.md"


def test_the_guide_prints_the_matrix_as_it_is():
    page = PAGE.read_text(encoding="utf-8")
    assert within(page) == page, "run `drystone manage who_may_what --write`"


def test_a_changed_matrix_changes_the_page():
    assert "| `school.x` | Head teacher |" in table({"school.x": {Role.HEAD: Reach.SCHOOL}})


def test_a_permission_that_goes_not_through_the_whole_school_says_how_far():
    roles = {Role.HEAD: Reach.SCHOOL, Role.TEACHER: Reach.CLASSES, Role.PARENT: Reach.CHILDREN}
    held = "Head teacher, Teacher (pupils of their classes), Parent or carer (their own children)"
    assert f"| `school.x` | {held} |" in table({"school.x": roles})
